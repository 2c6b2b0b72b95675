"""Deferred work in the design: work with deadlines, done in the time that live queues leave.

Patient work (a day or more to answer) is placed by blocks of two hours instead of interval by
interval: for a deadline a day away it does not matter in which half-hour it is done, and the model
is a third of the size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.linear import LinearModel, Slack
from solver.problem import Bools, DeferredQueue, Floats, Ints, Problem

# Work given up costs as much as if it were late for this long.
_GIVEN_UP_H = 48.0
# Deferred queues with about the same time to answer are worked off as one: edges in hours.
_BANDS_H = (3.0, 6.0, 12.0, 30.0, 60.0)
# Share of a queue's work whose time to answer may be shorter than the queue's.
_HASTY_SHARE = 0.1
# From this time to answer on, work is patient and placed by blocks of this length.
_PATIENT_H = 20.0
_BLOCK_H = 2.0


@dataclass(frozen=True)
class Worked:
    """People's time on deferred queues that are worked off together.

    Parameters
    ----------
    columns
        (C, T) column of a class's time, in people for one interval; -1 where it gives none. All
        intervals of a block share the block's column.
    shared
        For patient work, (C, T) columns of the class's people on all patient work in an interval.
    """

    queues: tuple[DeferredQueue, ...]
    columns: Ints
    shared: Ints | None

    def columns_of(self, c: int) -> tuple[Ints, Ints]:
        """A class's columns, each once, and the first interval of each."""
        at = np.flatnonzero(self.columns[c] >= 0)
        columns, first = np.unique(self.columns[c, at], return_index=True)
        return columns, at[first]


def add_deferred(
    model: LinearModel, problem: Problem, classes: Floats, spare: Ints
) -> tuple[list[Worked], list[Slack]]:
    """Add deferred work to a model.

    Parameters
    ----------
    classes
        (C, Q) pace of each class of people on each queue, 0 where it may not serve.
    spare
        (C, T) rows that hold a class to the time it can give, -1 where it is never there.
    """
    groups = _alike(problem, classes)
    patient = [queues for queues in groups if _given_h(problem, queues[0]) >= _PATIENT_H]
    blocks = _blocks(problem, patient)
    # What a class gives to patient work of any kind in an interval, and in all of a block.
    shared = np.full(spare.shape, -1, dtype=np.int64)
    block_rows = np.full(spare.shape, -1, dtype=np.int64)
    for c in range(len(classes)):
        able = [queues for queues in patient if classes[c, queues[0].queue] > 0]
        if not able:
            continue
        is_open = np.logical_or.reduce([queues[0].open_mask for queues in able])
        at = np.flatnonzero(is_open & (spare[c] >= 0))
        shared[c, at] = model.add_columns(len(at), day=at // problem.grid.per_day)
        model.put(spare[c, at], shared[c, at], 1.0)
        numbers, of_interval = np.unique(blocks[at], return_inverse=True)
        rows = model.add_rows(len(numbers), lower=0, upper=0)
        block_rows[c, at] = rows[of_interval]
        model.put(block_rows[c, at], shared[c, at], -1.0)
    worked, slacks = [], []
    for queues in groups:
        is_patient = _given_h(problem, queues[0]) >= _PATIENT_H
        chain, slack = _backlog(
            model, problem, queues, blocks if is_patient else np.arange(problem.grid.size)
        )
        slacks += slack
        columns = np.full(spare.shape, -1, dtype=np.int64)
        for c, pace in enumerate(classes[:, queues[0].queue]):
            limit = block_rows[c] if is_patient else spare[c]
            at = np.flatnonzero(queues[0].open_mask & (limit >= 0))
            if pace <= 0 or not len(at):
                continue
            _, first, of_interval = np.unique(limit[at], return_index=True, return_inverse=True)
            own = model.add_columns(len(first), day=at[first] // problem.grid.per_day)
            columns[c, at] = own[of_interval]
            model.put(limit[at[first]], own, 1.0)
            model.put(chain[at[first]], own, pace * problem.grid.interval_h)
        worked.append(Worked(queues, columns, shared if is_patient else None))
    return worked, slacks


def deferred_positions(problem: Problem, worked: list[Worked], values: Floats) -> Floats:
    """People's time on each deferred queue, (Q, T), at the values of a model's columns."""

    def at(columns: Ints) -> Floats:
        return np.where(columns >= 0, values[np.maximum(columns, 0)], 0.0)

    positions = np.zeros((len(problem.queues), problem.grid.size))
    in_block = np.zeros(worked[0].columns.shape) if worked else np.zeros((0, 0))
    for work in worked:
        if work.shared is not None:
            in_block += at(work.columns)
    for work in worked:
        given = at(work.columns)
        if work.shared is not None:
            # A block's patient work is shared out as its hours are.
            given = given * at(work.shared) / np.maximum(in_block, 1e-12)
        done = given.sum(axis=0)
        load = np.array([q.total_h for q in work.queues])
        for queue, part in zip(work.queues, load / max(load.sum(), 1e-12), strict=True):
            positions[queue.queue] += part * done
    return positions


def _given_h(problem: Problem, queue: DeferredQueue) -> float:
    """Hours until it is due that nearly all work of a queue has."""
    if queue.given_h is not None:
        return queue.given_h
    size = problem.grid.size
    came = np.flatnonzero((queue.work_h > 0) & (queue.due < size))
    if not len(came):
        return float(size * problem.grid.interval_h)
    given = queue.due[came] - came + 1
    order = np.argsort(given, kind="stable")
    share = np.cumsum(queue.work_h[came][order]) / queue.work_h[came].sum()
    # Its shortest tenth decides: what may be done hours late on average is late all the same.
    at = int(np.searchsorted(share, _HASTY_SHARE))
    return float(given[order][at]) * problem.grid.interval_h


def _alike(problem: Problem, classes: Floats) -> list[tuple[DeferredQueue, ...]]:
    """Deferred queues that may be worked off as one: same people, hours, and about the same time.

    Work of different urgency must stay apart: hours done early on patient work would count for
    urgent work that has not come yet.
    """
    together: dict[tuple[object, ...], list[DeferredQueue]] = {}
    for queue in problem.deferred:
        band = int(np.searchsorted(_BANDS_H, _given_h(problem, queue)))
        paces = tuple(np.round(classes[:, queue.queue], 6))
        # A campaign's own time to answer says nothing of when others' work comes.
        key = (paces, queue.open_mask.tobytes(), band, queue.hard, queue.given_h)
        together.setdefault(key, []).append(queue)
    return [tuple(queues) for queues in together.values()]


def _blocks(problem: Problem, patient: list[tuple[DeferredQueue, ...]]) -> Ints:
    """Number of each interval's block, (T,): two hours, cut where any queue opens or closes."""
    grid = problem.grid
    length = max(1, round(_BLOCK_H / grid.interval_h))
    begins = np.arange(grid.size) % grid.per_day % length == 0
    for queues in patient:
        mask = queues[0].open_mask
        begins[1:] |= mask[1:] != mask[:-1]
    return np.asarray(np.cumsum(begins) - 1, dtype=np.int64)


def _backlog(
    model: LinearModel, problem: Problem, queues: tuple[DeferredQueue, ...], blocks: Ints
) -> tuple[Ints, list[Slack]]:
    """Backlog from block to block; returns the rows to which work done is put, (T,), and slacks.

    backlog(t) = backlog(t-1) + arrived(t) - done(t), and no more may be open at the end of t than
    has arrived without being due: the demand-bound test of earliest-deadline-first.
    """
    grid = problem.grid
    size = grid.size
    week = np.arange(size) // (7 * grid.per_day)
    work, due = np.zeros(size), np.zeros(size)
    for queue in queues:
        own = queue.work_h * (1 + queue.reserve[week])
        work += own
        due += np.bincount(np.minimum(queue.due, size), weights=own, minlength=size + 1)[:size]
        for hours, by in queue.opening:
            hours *= 1 + queue.reserve[0]
            work[0] += hours
            if by < size:
                due[by] += hours
    allowed = np.maximum(np.cumsum(work) - np.cumsum(due), 0.0)
    price, key = max(q.price for q in queues), " + ".join(q.key for q in queues)
    # The chain breaks only where work may be done or falls due; between, arrivals just add up.
    marked = _ends(queues[0].open_mask, due > 0, blocks)
    ends = np.flatnonzero(marked)
    arrived = np.diff(np.concatenate([[0.0], np.cumsum(work)[ends]]))
    day = ends // grid.per_day
    backlog = model.add_columns(len(ends), day=day)
    # Late by a block is late by all its intervals.
    long_h = np.bincount(blocks)[blocks[ends]] * grid.interval_h
    late = model.add_columns(len(ends), cost=price * long_h, day=day)
    # What no deadline can save is given up at a price, so that a part of the horizon can always be
    # solved against the rest.
    given_up = model.add_columns(len(ends), cost=price * _GIVEN_UP_H, day=day)
    rows = model.add_rows(len(ends), lower=arrived, upper=arrived)
    model.put(rows, given_up, 1.0)
    model.put(rows, backlog, 1.0)
    model.put(rows[1:], backlog[:-1], -1.0)
    cap = model.add_rows(len(ends), upper=allowed[ends])
    model.put(cap, backlog, 1.0)
    model.put(cap, late, -1.0)
    places = tuple(grid.period_label("interval", int(t)) for t in ends)
    chain = np.full(size, -1, dtype=np.int64)
    chain[ends] = rows
    # All of a block is put to the row at its end.
    chain = chain[
        size - 1 - np.maximum.accumulate(np.where(marked[::-1], np.arange(size), -1))[::-1]
    ]
    return chain, [
        Slack(key, "hours late", late, places),
        Slack(key, "hours not done", given_up, places),
    ]


def _ends(is_open: Bools, falls_due: Bools, blocks: Ints) -> Bools:
    """Intervals at whose end the backlog is looked at, (T,): last of a block, if open or due."""
    size = len(blocks)
    counts = np.bincount(blocks, weights=(is_open | falls_due).astype(float))[blocks] > 0
    last = np.ones(size, dtype=bool)
    last[:-1] = blocks[1:] != blocks[:-1]
    marked = counts & last
    marked[-1] = True
    return marked
