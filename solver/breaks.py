"""Where breaks go: each shift's breaks in their windows, at the least loss of cover."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from solver.problem import Bools, Break, Floats, Ints, Problem
from solver.result import PlacedBreak, Roster
from staffing.timegrid import MINUTES_PER_DAY

_PRESENT = 1000.0
_POST = 200.0
_CROWD = 1e-3
_OFF_MIDDLE = 1e-5
"""Weights beside a squared missing person: nobody of a group left; a post below its people; people
away at once; and distance from the middle of the window."""
_SWEEPS = 50
# People move one at a time and may get stuck: where a post is short for it, breaks that would
# rather be elsewhere in their windows are tried so often.
_TRIES = 12
_SMALL = 1e-9
# What a slot off that place weighs at first in a try: more than a missing person, less than a post.
_PULL = 5.0


@dataclass(frozen=True)
class _Scene:
    """Breaks as arrays for the kernel, in fine slots; rows are groups, groups' presence, posts."""

    person: Ints
    """(N,) first break number of each agent-day, with the end appended, (N + 1,)."""
    first: Ints
    last: Ints
    slots: Ints
    member: Bools
    """(B, R) rows that lose a person during the break."""
    on: Floats
    wanted: Floats
    weight: Floats


def place_breaks(problem: Problem, roster: Roster, wanted: Floats) -> Roster:
    """Place every break of a roster.

    Breaks of a shift keep their order and do not overlap. Time is cut into slots of the greatest
    common divisor of the interval and the breaks' lengths: a break of 15 minutes on a grid of 30
    starts at either half and costs half an interval. Each agent-day's best breaks are exact given
    the others' (a dynamic program over its breaks), and agent-days are taken in turn until nothing
    improves.

    Parameters
    ----------
    wanted
        (G, T) people of each group whom the design wants at work after breaks.

    Returns
    -------
    The roster with its breaks, in order of agent, day and start.
    """
    keys, rules = _breaks_of(problem, roster)
    if not rules:
        return replace(roster, breaks=())
    slot_min = math.gcd(problem.grid.interval_min, *(rule.minutes for rule in rules))
    scene = _scene(problem, roster, wanted, keys, rules, slot_min)
    days = np.array([key[1] for key in keys], dtype=np.int64)
    starts = _least_missing(scene, days, MINUTES_PER_DAY // slot_min, len(problem.groups))
    placed = []
    for (agent, day), rule, start in zip(keys, rules, starts.tolist(), strict=True):
        minute = start * slot_min - day * MINUTES_PER_DAY
        placed.append(PlacedBreak(agent, day, rule.name, minute, rule.minutes, rule.paid))
    placed.sort(key=lambda b: (b.agent, b.day, b.start_min))
    return replace(roster, breaks=tuple(placed))


def _least_missing(scene: _Scene, day: Ints, slots_a_day: int, groups: int) -> Ints:
    """Start slot of every break, (B,): on each day those of the try that misses least.

    `day` (B,) is the day of each break's shift.
    """
    random = np.random.default_rng(0)
    best = np.zeros(len(day), dtype=np.int64)
    least = np.full(scene.on.shape[1] // slots_a_day, np.inf)
    is_short = np.ones(len(least), dtype=bool)
    for number in range(_TRIES):
        leaning = random.random(len(day)) if number else np.full(len(day), 0.5)
        on = scene.on.copy()
        starts = _place(
            scene.person,
            scene.first,
            scene.last,
            scene.slots,
            scene.member,
            on,
            scene.wanted,
            scene.weight,
            leaning,
            _PULL if number else _OFF_MIDDLE,
            _SWEEPS,
        )
        short = scene.weight[:, None] * np.maximum(0.0, scene.wanted - on) ** 2
        missed = short.sum(axis=0).reshape(-1, slots_a_day).sum(axis=1)
        posts = short[groups:].sum(axis=0).reshape(-1, slots_a_day).sum(axis=1)
        is_better = missed < least - _SMALL
        best = np.where(is_better[day], starts, best)
        least = np.minimum(least, missed)
        is_short = np.where(is_better, posts > 0, is_short)
        if not is_short.any():
            break
    return best


def _breaks_of(problem: Problem, roster: Roster) -> tuple[list[tuple[int, int]], list[Break]]:
    """Agent and day of every break, and the break, the breaks of a shift in their order."""
    keys, rules = [], []
    for agent, day in np.argwhere(roster.shifts >= 0).tolist():
        pattern = problem.patterns[roster.shifts[agent, day]]
        for rule in sorted(pattern.breaks, key=lambda b: (b.earliest, b.latest)):
            keys.append((agent, day))
            rules.append(rule)
    return keys, rules


def _scene(
    problem: Problem,
    roster: Roster,
    wanted: Floats,
    keys: list[tuple[int, int]],
    rules: list[Break],
    slot_min: int,
) -> _Scene:
    grid = problem.grid
    per = grid.interval_min // slot_min
    groups, posts = len(problem.groups), len(problem.presence)
    rows = 2 * groups + posts
    slots = (grid.days + 1) * MINUTES_PER_DAY // slot_min
    on = np.zeros((rows, slots))
    serves = np.array(
        [[g.speed[p.queue] > 0 for p in problem.presence] for g in problem.groups], dtype=bool
    ).reshape(groups, posts)
    for agent, day in np.argwhere(roster.shifts >= 0).tolist():
        pattern = problem.patterns[roster.shifts[agent, day]]
        group = roster.agents[agent].group
        start = (day * grid.per_day + pattern.start) * per
        span = slice(start, start + pattern.length * per)
        on[group, span] += 1
        on[groups + group, span] += 1
        on[2 * groups + np.flatnonzero(serves[group]), span] += 1
    need = np.zeros_like(on)
    size = grid.size * per
    fine = np.repeat(wanted, per, axis=1)
    need[:groups, :size] = fine
    need[groups : 2 * groups, :size] = fine > 0
    for k, post in enumerate(problem.presence):
        need[2 * groups + k, :size] = np.repeat(post.required, per)
    weight = np.concatenate([np.ones(groups), np.full(groups, _PRESENT), np.full(posts, _POST)])
    member = np.zeros((len(rules), rows), dtype=bool)
    first = np.zeros(len(rules), dtype=np.int64)
    last = np.zeros(len(rules), dtype=np.int64)
    for b, ((agent, day), rule) in enumerate(zip(keys, rules, strict=True)):
        pattern = problem.patterns[roster.shifts[agent, day]]
        group = roster.agents[agent].group
        member[b, [group, groups + group]] = True
        if rule.leaves_post:
            member[b, 2 * groups :] = serves[group]
        start = (day * grid.per_day + pattern.start) * per
        first[b] = start + rule.earliest * per
        end = start + pattern.length * per - rule.minutes // slot_min
        last[b] = max(first[b], min(start + rule.latest * per, end))
    changes = [b for b in range(len(keys)) if b == 0 or keys[b] != keys[b - 1]]
    return _Scene(
        person=np.array([*changes, len(keys)], dtype=np.int64),
        first=first,
        last=last,
        slots=np.array([rule.minutes // slot_min for rule in rules], dtype=np.int64),
        member=member,
        on=on,
        wanted=need,
        weight=weight,
    )


@njit(cache=True)
def _place(
    person: Ints,
    first: Ints,
    last: Ints,
    slots: Ints,
    member: Bools,
    on: Floats,
    wanted: Floats,
    weight: Floats,
    leaning: Floats,
    pull: float,
    sweeps: int,
) -> Ints:
    """Start slot of every break, (B,), by insertion and then descent over agent-days."""
    starts = np.full(len(first), -1, dtype=np.int64)
    away = np.zeros_like(on)
    widest = 0
    for b in range(len(first)):
        widest = max(widest, last[b] - first[b] + 1)
    for sweep in range(sweeps):
        moved = False
        for n in range(len(person) - 1):
            low, high = person[n], person[n + 1]
            before = starts[low:high].copy()
            for b in range(low, high):
                if starts[b] >= 0:
                    _shift(on, away, member[b], starts[b], slots[b], 1.0)
            _best(
                low, high, first, last, slots, member, on, away, wanted, weight, leaning,
                pull if sweep == 0 else _OFF_MIDDLE, starts, widest,
            )  # fmt: skip
            for b in range(low, high):
                _shift(on, away, member[b], starts[b], slots[b], -1.0)
                if starts[b] != before[b - low]:
                    moved = True
        if not moved:
            break
    return starts


@njit(cache=True)
def _shift(on: Floats, away: Floats, rows: Bools, start: int, length: int, sign: float) -> None:
    """Put a person back (1) or take them away (-1) during a break."""
    for r in range(len(rows)):
        if rows[r]:
            for t in range(start, start + length):
                on[r, t] += sign
                away[r, t] -= sign


@njit(cache=True)
def _best(
    low: int,
    high: int,
    first: Ints,
    last: Ints,
    slots: Ints,
    member: Bools,
    on: Floats,
    away: Floats,
    wanted: Floats,
    weight: Floats,
    leaning: Floats,
    pull: float,
    starts: Ints,
    widest: int,
) -> None:
    """Set the starts of one agent-day to the cheapest that keep order and do not overlap.

    Breaks that do not overlap lose in different slots, so that their losses add up. A start that is
    as good as the present one does not replace it.
    """
    count = high - low
    total = np.full((count, widest), np.inf)
    come_from = np.zeros((count, widest), dtype=np.int64)
    for k in range(count):
        b = low + k
        middle = first[b] + leaning[b] * (last[b] - first[b])
        for j in range(last[b] - first[b] + 1):
            start = first[b] + j
            base = 0.0
            if k > 0:
                base = np.inf
                for i in range(last[b - 1] - first[b - 1] + 1):
                    ends = first[b - 1] + i + slots[b - 1]
                    if ends <= start and total[k - 1, i] < base:
                        base = total[k - 1, i]
                        come_from[k, j] = i
            if base == np.inf:
                continue
            loss = pull * abs(start - middle)
            if start == starts[b]:
                loss -= 1e-9
            for r in range(member.shape[1]):
                if not member[b, r]:
                    continue
                for t in range(start, start + slots[b]):
                    short = max(0.0, wanted[r, t] - on[r, t])
                    worse = max(0.0, wanted[r, t] - on[r, t] + 1)
                    loss += weight[r] * (worse * worse - short * short)
                    # Where nobody is missed, breaks still spread instead of falling together.
                    loss += _CROWD * (2 * away[r, t] + 1)
            total[k, j] = base + loss
    best = 0
    for j in range(widest):
        if total[count - 1, j] < total[count - 1, best]:
            best = j
    if total[count - 1, best] == np.inf:
        # The windows leave no order without overlap: each break takes its earliest start.
        for k in range(count):
            starts[low + k] = first[low + k]
        return
    for k in range(count - 1, -1, -1):
        starts[low + k] = first[low + k] + best
        best = come_from[k, best]
