"""From a problem to whole people on shifts at the least cost that can be found, with a bound.

The month's linear relaxation gives the bound; heads are made whole over the month; then weeks (or,
where a week is too large, days) are solved as integer programmes, everything outside them held at
its latest value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solver.design import People, add_people
from solver.engines import Effort, Outcome, solve_integer, solve_linear
from solver.linear import LinearModel, Matrix
from solver.problem import Bools, Floats, Ints, Limits, Problem
from solver.result import ShiftPlan, Unmet
from solver.service import Service, add_service

#: Called with cost, bound and what is being done; may be used to show progress.
Watch = Callable[[float, float, str], None]

# A week with more integer columns than this is solved day by day.
_WEEK_COLUMNS = 2_500
_ROUND = 1e-6


class InfeasibleDesignError(RuntimeError):
    """The people's side contradicts itself, whatever the service: says what to look at."""


@dataclass(frozen=True)
class Design:
    """A problem's model, built."""

    problem: Problem
    matrix: Matrix
    people: People
    service: Service


def build(problem: Problem) -> Design:
    """Build the model of a problem."""
    model = LinearModel()
    people = add_people(model, problem)
    service = add_service(model, problem, people)
    return Design(problem, model.freeze(), people, service)


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
        With a start: the only weeks that are designed anew; the others keep its shifts, and heads
        are kept.
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
    design = build(problem)
    matrix, people = design.matrix, design.people
    relaxed = solve_linear(matrix)
    if relaxed.values is None:
        msg = (
            "the contracts ask for what their people cannot work: compare the least hours and "
            "shifts a week with the days they are there and the shifts they may work"
        )
        raise InfeasibleDesignError(msg)
    bound = relaxed.objective
    watch(np.inf, bound + people.constant, "month relaxed")
    values = relaxed.values
    decided = np.zeros(len(matrix.lower), dtype=bool)
    if redo is not None and start is not None:
        values = _keep(design, values, decided, start, redo)
    else:
        values, bound = _whole_heads(design, values, decided, bound, limits)
        watch(np.inf, bound + people.constant, "heads")
    hint = None if start is None else _hint(design, start)
    windows = [
        days for days in _windows(design) if redo is None or any(d // 7 in redo for d in days)
    ]
    for number, days in enumerate(windows):
        effort = Effort(
            gap=limits.gap / 2,
            nodes=3_000 if not stop() else 1,
            stall_nodes=300,
            seconds=max(2.0, limits.seconds / len(windows)),
            seed=limits.seed,
        )
        values = _solve_window(design, values, decided, days, effort, hint)
        watch(
            float(matrix.cost @ values) + people.constant,
            bound + people.constant,
            f"part {number + 1} of {len(windows)}",
        )
    values = _settle(design, values)
    return _answer(design, values, bound)


def evaluate(problem: Problem, counts: Ints, heads: Ints) -> ShiftPlan:
    """Positions, predicted cost and what is missing for given shifts: the model with them fixed."""
    design = build(problem)
    values = np.zeros(len(design.matrix.lower))
    _set_counts(design, values, counts, heads)
    return _answer(design, _settle(design, values), -np.inf)


def _set_counts(design: Design, values: Floats, counts: Ints, heads: Ints) -> None:
    x = design.people.shifts
    values[x[x >= 0]] = counts[x >= 0]
    values[design.people.day_total] = counts.sum(axis=2)
    values[design.people.heads] = heads


def _hint(design: Design, start: ShiftPlan) -> Floats:
    values = np.zeros(len(design.matrix.lower))
    _set_counts(design, values, start.counts, start.heads)
    return values


def _keep(
    design: Design, values: Floats, decided: Bools, start: ShiftPlan, redo: frozenset[int]
) -> Floats:
    """Take heads and the shifts of all weeks but those to redo from a start."""
    kept = _hint(design, start)
    days = np.arange(design.problem.grid.days)
    old = days[~np.isin(days // 7, list(redo))]
    x = design.people.shifts[:, old]
    columns = np.concatenate(
        [x[x >= 0], design.people.day_total[:, old].ravel(), design.people.heads]
    )
    values = values.copy()
    values[columns] = kept[columns]
    decided[columns] = True
    return values


def _whole_heads(
    design: Design, values: Floats, decided: Bools, bound: float, limits: Limits
) -> tuple[Floats, float]:
    """Decide how many people to employ, over the month, with their shifts still divisible.

    People who cost nothing until they work are left for later: any number of them is as good.
    """
    matrix, heads = design.matrix, design.people.heads
    costly = np.array(
        [
            matrix.cost[column] > 0
            or group.contract.week_hours_min > 0
            or group.contract.week_shifts_min > 0
            for column, group in zip(heads, design.problem.groups, strict=True)
        ]
    )
    chosen = heads[costly]
    if (matrix.upper[chosen] > matrix.lower[chosen]).any():
        integer = np.zeros(len(matrix.lower), dtype=bool)
        integer[chosen] = True
        effort = Effort(
            gap=limits.gap / 4, nodes=60, seconds=max(5.0, limits.seconds / 4), seed=limits.seed
        )
        solved = solve_integer(replace(matrix, integer=integer), effort)
        if solved.values is not None:
            values, bound = solved.values, max(bound, solved.bound)
        else:
            values = values.copy()
            values[chosen] = np.ceil(values[chosen] - _ROUND)
    values = values.copy()
    values[chosen] = np.round(values[chosen])
    decided[chosen] = True
    return values, bound


def _windows(design: Design) -> list[range]:
    """Runs of days that are solved together."""
    days = design.problem.grid.days
    columns = int((design.people.shifts >= 0).sum()) * 7 / days
    if columns <= _WEEK_COLUMNS:
        return [range(d, min(d + 7, days)) for d in range(0, days, 7)]
    return [range(d, d + 1) for d in range(days)]


def _solve_window(
    design: Design,
    values: Floats,
    decided: Bools,
    days: range,
    effort: Effort,
    hint: Floats | None,
) -> Floats:
    """Solve the days of a window with everything else as it is; mark its shifts as decided."""
    matrix = design.matrix
    free = ((matrix.day >= days.start) & (matrix.day < days.stop)) | (matrix.day < 0)
    free &= ~decided
    part, columns = matrix.restrict(free, values)
    solved = solve_integer(part, effort, None if hint is None else hint[columns])
    values = values.copy()
    if solved.values is not None:
        values[columns] = solved.values
    x = design.people.shifts[:, days.start : days.stop]
    x = x[x >= 0]
    totals = design.people.day_total[:, days.start : days.stop].ravel()
    if solved.values is None:
        values[x] = np.ceil(values[x] - 0.5)
    values[x] = np.round(values[x])
    values[totals] = np.round(values[totals])
    decided[x] = True
    decided[totals] = True
    return values


def _settle(design: Design, values: Floats) -> Floats:
    """Choose everything else at its best for the shifts decided."""
    matrix = design.matrix
    x = design.people.shifts
    fixed = np.concatenate([x[x >= 0], design.people.day_total.ravel(), design.people.heads])
    free = np.ones(len(matrix.lower), dtype=bool)
    free[fixed] = False
    part, columns = matrix.restrict(free, values)
    # Rounding may leave rows of the people's side a little broken; they are checked elsewhere.
    solved = solve_integer(part, Effort(nodes=200, seconds=30.0))
    if solved.outcome in (Outcome.INFEASIBLE, Outcome.NOTHING) or solved.values is None:
        return values
    values = values.copy()
    values[columns] = solved.values
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
        for slack in design.service.slacks
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
    positions = np.zeros((len(problem.queues), problem.grid.size))
    for pool, columns in zip(problem.pools, service.pool_positions, strict=True):
        there = np.flatnonzero(columns >= 0)
        offered = np.array([q.offered[there] for q in pool.queues])
        share = offered / np.maximum(offered.sum(axis=0), 1e-12)
        for k, queue in enumerate(pool.queues):
            positions[queue.queue, there] = share[k] * values[columns[there]]
    for queues, columns in service.deferred:
        done = np.where(columns >= 0, values[np.maximum(columns, 0)], 0.0).sum(axis=0)
        work = np.array([q.work_h.sum() for q in queues])
        for queue, share in zip(queues, work / max(work.sum(), 1e-12), strict=True):
            positions[queue.queue] = share * done
    return positions
