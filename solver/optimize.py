"""From a problem to whole people on shifts at the least cost that can be found, with a bound.

The month's linear relaxation gives the bound; heads are made whole over the month; then weeks (or,
where a week is too large, days) are solved as integer programmes, everything outside them held at
its latest value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solver.deferred_rows import deferred_positions
from solver.design import People, add_people
from solver.engines import Effort, Outcome, solve_integer, solve_linear
from solver.linear import LinearModel, Matrix
from solver.problem import Bools, Floats, Ints, Limits, Problem
from solver.result import ShiftPlan, Unmet
from solver.rounding import round_shifts
from solver.service import Service, add_service

#: Called with cost, bound and what is being done; may be used to show progress.
Watch = Callable[[float, float, str], None]

# A week with more integer columns than this is solved day by day.
_WEEK_COLUMNS = 2_500
_ROUND = 1e-6
# What a contact in time is worth beside the cost: breaks ties only.
_SERVED = 1e-3
# Branching is limited by nodes, so that a result is the same twice: fewer where each is larger.
_LEAST_SEARCH_S = 40.0
_LEAST_NODES = 10
_NODE_WORK = 2_000_000
# A month relaxed is worth waiting for: all else hangs on it.
_LEAST_LINEAR_S = 120.0
# Price of a broken limit of the people's side, in high prices.
_BREACH = 100.0


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
    relaxed = solve_linear(matrix, seconds=max(_LEAST_LINEAR_S, limits.seconds))
    if relaxed.outcome is Outcome.INFEASIBLE:
        msg = (
            "the contracts ask for what their people cannot work: compare the least hours and "
            "shifts a week with the days they are there and the shifts they may work"
        )
        raise InfeasibleDesignError(msg)
    bound = relaxed.bound
    watch(np.inf, bound + people.constant, "month relaxed")
    # Without an answer in time every part starts from nobody at work.
    values = matrix.lower.copy() if relaxed.values is None else relaxed.values
    decided = np.zeros(len(matrix.lower), dtype=bool)
    windows = _windows(design)
    again = redo is not None and start is not None
    if redo is not None and start is not None:
        windows = [days for days in windows if any(d // 7 in redo for d in days)]
        values = _keep(design, values, decided, start, redo)
    elif len(windows) > 1:
        values, bound = _whole_heads(design, values, decided, bound, limits)
        watch(np.inf, bound + people.constant, "heads")
    hint = None if start is None else _hint(design, start)
    money = max(0.0, float(matrix.cost @ values) + people.constant - _penalties(design, values))
    search = _Search(design, limits, windows, hint, until, watch, stop, bound, money)
    values = search.solve(values, decided)
    if not again and len(windows) > 1:
        values = search.more_heads(values)
    values = _least_heads(design, _settle(design, values))
    return _answer(design, values, search.bound)


@dataclass
class _Search:
    """The parts of a design solved one after the other, within the time there is.

    `money` is what the month relaxed costs without the prices of what is missing. Of it a part may
    lose its share: a share of the part's own cost would be too much where something is missing
    whatever is done, and too little where most is salaries.
    """

    design: Design
    limits: Limits
    windows: list[range]
    hint: Floats | None
    until: float
    watch: Watch
    stop: Callable[[], bool]
    bound: float
    money: float

    def solve(self, values: Floats, decided: Bools) -> Floats:
        """Whole shifts for all parts; what they decide is added to `decided`."""
        matrix, constant = self.design.matrix, self.design.people.constant
        count = len(self.windows)
        whole = count == 1 and not decided.any()
        for number, days in enumerate(self.windows):
            left_s = (self.until - time.process_time()) / (count - number)
            # Nodes end a search; the clock only where the planner has little time, and a part that
            # took more than its share must not leave the others without one.
            least_s = min(_LEAST_SEARCH_S, 2 * self.limits.seconds)
            effort = Effort(
                gap=0.0,
                absolute_gap=self.limits.gap / 2 * self.money / count,
                nodes=_NODE_WORK // len(_windows(self.design)),
                stall_nodes=300,
                seconds=0.0 if self.stop() else max(least_s, left_s),
                seed=self.limits.seed,
            )
            values, proved = _solve_window(self.design, values, decided, days, effort, self.hint)
            if whole:
                self.bound = max(self.bound, proved)
            self.watch(
                float(matrix.cost @ values) + constant,
                self.bound + constant,
                f"part {number + 1} of {count}",
            )
        return values

    def more_heads(self, values: Floats) -> Floats:
        """Employ one more where whole people fall short of what divisible ones could do.

        Heads are chosen with divisible shifts; for a small team that may be one too few.
        """
        matrix, people = self.design.matrix, self.design.people
        heads = people.heads[_costly_heads(self.design)]
        best, improved = float(matrix.cost @ values), True
        while improved:
            improved = False
            worth = self.limits.gap * self.money
            short = _penalties(self.design, values)
            for head in heads[values[heads] < matrix.upper[heads] - 0.5]:
                if short <= worth or self.stop() or time.process_time() > self.until:
                    return values
                decided = np.zeros(len(matrix.lower), dtype=bool)
                decided[heads] = True
                trial = values.copy()
                trial[head] += 1
                trial = _relaxed(self.design, trial, ~decided)
                if float(matrix.cost @ trial) > best - worth:
                    continue
                trial = self.solve(trial, decided)
                cost = float(matrix.cost @ trial)
                if cost < best:
                    best, values, improved = cost, trial, True
                    break
        return values


def _penalties(design: Design, values: Floats) -> float:
    """Price of all that is missing."""
    slacks = (*design.people.slacks, *design.service.slacks)
    return sum(float(design.matrix.cost[s.columns] @ values[s.columns]) for s in slacks)


def evaluate(problem: Problem, counts: Ints, heads: Ints) -> ShiftPlan:
    """Positions, predicted cost and what is missing for given shifts: the model with them fixed."""
    design = build(problem)
    values = np.zeros(len(design.matrix.lower))
    _set_counts(design, values, counts, heads)
    return _answer(design, _settle(design, values), -np.inf)


def least_cost(problem: Problem) -> tuple[float, float]:
    """Cost of the month relaxed, prices of what is missing included, and those prices alone.

    No design costs less. Infinite if no number of people can satisfy the contracts.
    """
    design = build(problem)
    solved = solve_linear(design.matrix, seconds=_LEAST_LINEAR_S)
    if solved.values is None:
        return np.inf, 0.0
    return solved.objective + design.people.constant, _penalties(design, solved.values)


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


def _set_counts(design: Design, values: Floats, counts: Ints, heads: Ints) -> None:
    x = design.people.shifts
    values[x[x >= 0]] = counts[x >= 0]
    values[design.people.day_total] = counts.sum(axis=2)
    values[design.people.heads] = heads


def _hint(design: Design, start: ShiftPlan) -> Floats:
    """Whole numbers of an earlier design; what it does not say is left open."""
    values = np.full(len(design.matrix.lower), np.nan)
    _set_counts(design, values, start.counts, start.heads)
    return values


def _keep(
    design: Design, values: Floats, decided: Bools, start: ShiftPlan, redo: frozenset[int]
) -> Floats:
    """Take heads and the shifts of all weeks but those to redo from a start.

    The rest is relaxed anew beside them.
    """
    kept = _hint(design, start)
    heads = design.people.heads[_costly_heads(design)]
    days = np.arange(design.problem.grid.days)
    old = days[~np.isin(days // 7, list(redo))]
    x = design.people.shifts[:, old]
    columns = np.concatenate([x[x >= 0], design.people.day_total[:, old].ravel(), heads])
    values = values.copy()
    values[columns] = kept[columns]
    decided[columns] = True
    return _relaxed(design, values, ~decided)


def _whole_heads(
    design: Design, values: Floats, decided: Bools, bound: float, limits: Limits
) -> tuple[Floats, float]:
    """Decide how many people to employ, over the month, with their shifts still divisible.

    People who cost nothing until they work are left for later: any number of them is as good.
    """
    matrix = design.matrix
    chosen = design.people.heads[_costly_heads(design)]
    if np.abs(values[chosen] - np.round(values[chosen])).max(initial=0.0) > _ROUND:
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


def _costly_heads(design: Design) -> Bools:
    """Groups whose people cost something or are owed work even if they have none, (G,)."""
    return np.array(
        [
            design.matrix.cost[column] > 0
            or group.contract.week_hours_min > 0
            or group.contract.week_shifts_min > 0
            for column, group in zip(design.people.heads, design.problem.groups, strict=True)
        ],
        dtype=bool,
    )


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
) -> tuple[Floats, float]:
    """Solve the days of a window with everything else as it is; mark its shifts as decided.

    Returns
    -------
    Values, and what the solver proved of the window's own part.
    """
    matrix, people = design.matrix, design.people
    free = ((matrix.day >= days.start) & (matrix.day < days.stop)) | (matrix.day < 0)
    free &= ~decided
    x = people.shifts[:, days.start : days.stop]
    totals = people.day_total[:, days.start : days.stop].ravel()
    own = np.concatenate([x[x >= 0], totals])
    rounded, holds = _rounded(design, values, free, days, own)
    proved, searched = -np.inf, None
    if effort.seconds > 0:
        part, columns = matrix.restrict(free, values)
        nodes = max(_LEAST_NODES, effort.nodes // max(1, len(part.values)))
        starts = [
            start[columns] for start in (rounded if holds else None, hint) if start is not None
        ]
        solved = solve_integer(part, replace(effort, nodes=nodes), starts)
        proved = solved.bound
        if solved.values is not None:
            searched = values.copy()
            searched[columns] = solved.values
            searched[own] = np.round(searched[own])
    decided[own] = True
    if searched is not None and (
        not holds or matrix.cost @ searched <= matrix.cost @ rounded + _ROUND
    ):
        return searched, proved
    # A search cut short may know less than plain rounding does.
    decided[people.heads[_costly_heads(design)]] = True
    return rounded, proved


def _rounded(
    design: Design, values: Floats, free: Bools, days: range, own: Ints
) -> tuple[Floats, bool]:
    """Days rounded without a search, with everything else that is free at its best for them.

    Returns
    -------
    Values, and whether they satisfy the model.
    """
    rounded = values.copy()
    heads = design.people.heads[free[design.people.heads]]
    rounded[heads] = np.ceil(rounded[heads] - _ROUND)
    rounded = round_shifts(design.matrix, design.people, design.problem.patterns, rounded, days)
    loose = free.copy()
    loose[own] = False
    loose[heads] = False
    part, columns = design.matrix.restrict(loose, rounded)
    found = _whole_by_rounding(part)
    if found is None:
        return rounded, False
    rounded[columns] = found
    return rounded, True


def _relaxed(design: Design, values: Floats, free: Bools) -> Floats:
    """Best values of some columns, divisible, with the others as they are."""
    part, columns = design.matrix.restrict(free, values)
    solved = solve_linear(part)
    if solved.values is None:
        return values
    values = values.copy()
    values[columns] = solved.values
    return values


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
    found = _whole_by_rounding(part)
    if found is None:
        # Shifts that were given may go beyond what contracts allow: what they are worth is asked
        # all the same, and the breach is the checker's to tell.
        loose = served.elastic(people.rows, _BREACH * design.problem.high_price)
        kept = np.concatenate([free, np.ones(len(loose.lower) - len(free), dtype=bool)])
        part, columns = loose.restrict(kept, np.concatenate([values, loose.lower[len(values) :]]))
        found = _whole_by_rounding(part)
    if found is None:
        return values
    values = values.copy()
    own = columns < len(values)
    values[columns[own]] = found[own]
    return values


def _whole_by_rounding(part: Matrix) -> Floats | None:
    """Solve a part whose few whole columns (purchases, price steps) are mostly clear.

    They are rounded up in the relaxation's answer; branch and bound only where that contradicts.
    """
    relaxed = solve_linear(part)
    if relaxed.values is None:
        return None
    whole = part.integer
    if np.abs(relaxed.values - np.round(relaxed.values))[whole].max(initial=0.0) < _ROUND:
        return relaxed.values
    up = np.ceil(relaxed.values - _ROUND)
    fixed = replace(
        part, lower=np.where(whole, up, part.lower), upper=np.where(whole, up, part.upper)
    )
    rounded = solve_linear(fixed)
    if rounded.values is not None:
        return rounded.values
    return solve_integer(part, Effort(nodes=200, seconds=30.0)).values


def _least_heads(design: Design, values: Floats) -> Floats:
    """Employ no more of those who cost nothing until they work than their shifts need."""
    matrix, people = design.matrix, design.people
    heads = people.heads[~_costly_heads(design)]
    free = (matrix.day < 0) & (matrix.cost == 0) & ~matrix.integer
    free[heads] = True
    cost = np.zeros(len(matrix.lower))
    cost[heads] = 1.0
    part, columns = replace(matrix, cost=cost).restrict(free, values)
    solved = solve_integer(part, Effort(gap=0.0, nodes=1_000, seconds=5.0))
    if solved.values is None:
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
