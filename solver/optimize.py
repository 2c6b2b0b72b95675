"""From a problem to whole people on shifts at the least cost that can be found, with a bound.

The month's linear relaxation gives the bound; heads are made whole over the month
(`solver.heads`); then weeks (or, where a week is too large, days) are solved as integer programmes
(`solver.search`), everything outside them held at its latest value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from solver.deferred_rows import deferred_positions
from solver.design import add_people
from solver.engines import solve_linear
from solver.heads import least_heads, whole_heads
from solver.linear import LinearModel
from solver.model import Design, build, costly_heads, hinted, penalties, relaxed, set_counts
from solver.problem import Bools, Floats, Ints, Limits, Problem
from solver.relaxation import Relaxation, solve_few_whole
from solver.result import ShiftPlan, Unmet
from solver.search import Search, Watch, windows_of
from solver.service import Service

# What a contact in time is worth beside the cost: breaks ties only.
_SERVED = 1e-3
# A month relaxed is worth waiting for: all else hangs on it. On the wall, which may be a busy one.
_LEAST_LINEAR_S = 900.0
# Choices of heads that differ by less of the cost are alike.
_HEADS_GAP = 1e-4
# Price of a broken limit of the people's side, in high prices.
_BREACH = 100.0


class InfeasibleDesignError(RuntimeError):
    """The people's side contradicts itself, whatever the service: says what to look at."""


def optimize(
    problem: Problem,
    limits: Limits,
    *,
    start: ShiftPlan | None = None,
    redo: frozenset[int] | None = None,
    watch: Watch | None = None,
    stop: Callable[[], bool] | None = None,
) -> ShiftPlan:
    """Design the shifts of a problem.

    Parameters
    ----------
    start
        An earlier design of nearly the same problem, from which the search starts.
    redo
        With a start: the only weeks that are designed anew; the others keep its shifts. Heads are
        kept, but more may be called of those who cost nothing until they work.
    watch
        Told of progress.
    stop
        Asked between parts; when it says yes the rest is rounded quickly.

    Raises
    ------
    InfeasibleDesignError
        If no number of people can satisfy the contracts (service never makes a model infeasible:
        what is missing is paid for).
    """
    watch = watch or (lambda cost, bound, text: None)
    stop = stop or (lambda: False)
    until = time.process_time() + limits.seconds
    design = build(problem)
    matrix, people = design.matrix, design.people
    relaxation = Relaxation(matrix)
    bound, divisible = relaxation.solve(seconds=max(_LEAST_LINEAR_S, limits.seconds))
    if bound == np.inf:
        msg = (
            "the contracts ask for what their people cannot work: compare the least hours and "
            "shifts a week with the days they are there and the shifts they may work"
        )
        raise InfeasibleDesignError(msg)
    watch(np.inf, bound + people.constant, "month relaxed")
    # Without an answer in time every part starts from nobody at work.
    values = matrix.lower.copy() if divisible is None else divisible
    decided = np.zeros(len(matrix.lower), dtype=bool)
    windows = windows_of(design)
    again = redo is not None and start is not None
    if redo is not None and start is not None:
        windows = [days for days in windows if any(d // 7 in redo for d in days)]
        values = _keep(design, values, decided, start, redo)
    elif len(windows) > 1 and divisible is not None:
        values, bound = whole_heads(design, relaxation, values, decided, _HEADS_GAP * abs(bound))
        watch(np.inf, bound + people.constant, "heads")
    hint = None if start is None else hinted(design, start)
    money = max(0.0, float(matrix.cost @ values) + people.constant - penalties(design, values))
    search = Search(design, limits, windows, hint, until, watch, stop, bound, money)
    values = search.solve(values, decided)
    if not again and len(windows) > 1:
        values = search.more_heads(values)
    values = least_heads(design, _settle(design, values))
    return _answer(design, values, search.bound)


def evaluate(problem: Problem, counts: Ints, heads: Ints) -> ShiftPlan:
    """Positions, predicted cost and what is missing for given shifts: the model with them fixed."""
    design = build(problem)
    values = np.zeros(len(design.matrix.lower))
    set_counts(design, values, counts, heads)
    return _answer(design, _settle(design, values), -np.inf)


def least_cost(problem: Problem) -> tuple[float, float]:
    """Cost of the month relaxed, prices of what is missing included, and those prices alone.

    No design costs less. Infinite if no number of people can satisfy the contracts.
    """
    design = build(problem)
    solved = solve_linear(design.matrix, seconds=_LEAST_LINEAR_S)
    if solved.values is None:
        return np.inf, 0.0
    return solved.objective + design.people.constant, penalties(design, solved.values)


def least_cost_share(problem: Problem) -> float:
    """Share of the relaxed plan's cost that is paid whatever service is asked for, 0 to 1."""
    model = LinearModel()
    people = add_people(model, problem)
    least = solve_linear(model.freeze())
    whole = build(problem)
    relaxed = solve_linear(whole.matrix)
    if least.values is None or relaxed.values is None:
        return 0.0
    cost = relaxed.objective + whole.people.constant
    return (least.objective + people.constant) / cost if cost > 0 else 1.0


def _keep(
    design: Design, values: Floats, decided: Bools, start: ShiftPlan, redo: frozenset[int]
) -> Floats:
    """Take heads and the shifts of all weeks but those to redo from a start.

    The rest is relaxed anew beside them.
    """
    kept = hinted(design, start)
    heads = design.people.heads[costly_heads(design)]
    days = np.arange(design.problem.grid.days)
    old = days[~np.isin(days // 7, list(redo))]
    x = design.people.shifts[:, old]
    columns = np.concatenate([x[x >= 0], design.people.day_total[:, old].ravel(), heads])
    values = values.copy()
    values[columns] = kept[columns]
    decided[columns] = True
    return relaxed(design, values, ~decided)


def _settle(design: Design, values: Floats) -> Floats:
    """Choose everything else at its best for the shifts decided.

    People who are paid anyway serve: beside the cost a little is made of contacts in time, so that
    what is predicted is what the shifts can give and not the least that the targets ask for.
    """
    matrix, people = design.matrix, design.people
    x = people.shifts
    free = np.ones(len(matrix.lower), dtype=bool)
    free[np.concatenate([x[x >= 0], people.day_total.ravel(), people.heads])] = False
    cost = matrix.cost.copy()
    for columns, _ in design.service.in_time.values():
        cost[columns[columns >= 0]] -= _SERVED
    served = replace(matrix, cost=cost)
    part, columns = served.restrict(free, values)
    found = solve_few_whole(part)
    if found is None:
        # Shifts that were given may go beyond what contracts allow: what they are worth is asked
        # all the same, and the breach is the checker's to tell.
        loose = served.elastic(people.rows, _BREACH * design.problem.high_price)
        kept = np.concatenate([free, np.ones(len(loose.lower) - len(free), dtype=bool)])
        part, columns = loose.restrict(kept, np.concatenate([values, loose.lower[len(values) :]]))
        found = solve_few_whole(part)
    if found is None:
        return values
    values = values.copy()
    own = columns < len(values)
    values[columns[own]] = found[own]
    return values


def _answer(design: Design, values: Floats, bound: float) -> ShiftPlan:
    problem, people = design.problem, design.people
    counts = np.zeros(people.shifts.shape, dtype=np.int64)
    allowed = people.shifts >= 0
    counts[allowed] = np.round(values[people.shifts[allowed]]).astype(np.int64)
    heads = np.round(values[people.heads]).astype(np.int64)
    unmet = [
        Unmet(
            slack.key,
            slack.places[k],
            float(values[column]),
            slack.unit,
            float(values[column] * design.matrix.cost[column]),
        )
        for slack in (*people.slacks, *design.service.slacks)
        for k, column in enumerate(slack.columns)
        if values[column] > 1e-4
    ]
    on_duty = np.zeros((len(problem.groups), problem.grid.size))
    for g, cover in enumerate(people.on_duty):
        np.add.at(on_duty[g], cover.t, cover.value * values[cover.column])
    in_time = np.zeros((len(problem.queues), problem.grid.size))
    for queue, (columns, share) in design.service.in_time.items():
        in_time[queue] = share * np.where(columns >= 0, values[np.maximum(columns, 0)], 0.0)
    return ShiftPlan(
        counts=counts,
        heads=heads,
        in_time=in_time,
        on_duty=on_duty,
        positions=_positions(problem, design.service, values),
        cost=float(design.matrix.cost @ values) + people.constant,
        bound=bound + people.constant,
        unmet=tuple(unmet),
    )


def _positions(problem: Problem, service: Service, values: Floats) -> Floats:
    """People's time by queue: a pool's positions are shared out by its queues' load."""
    positions = deferred_positions(problem, service.deferred, values)
    for pool, columns in zip(problem.pools, service.pool_positions, strict=True):
        there = np.flatnonzero(columns >= 0)
        offered = np.array([q.offered[there] for q in pool.queues])
        share = offered / np.maximum(offered.sum(axis=0), 1e-12)
        for k, queue in enumerate(pool.queues):
            positions[queue.queue, there] = share[k] * values[columns[there]]
    return positions
