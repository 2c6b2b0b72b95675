"""Small problems for the design: hand-made curves, deferred work, and answers by brute force."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from solver.optimize import evaluate
from solver.problem import DeferredQueue, LivePool, LiveQueue, Pattern, Problem, ServiceGoal
from solver.result import ShiftPlan
from staffing.curves import ServiceCurve
from staffing.timegrid import TimeGrid

PRICE = 1000.0
"""Of a contact not in time, an hour late, a missing person's hour."""


def hours(first: int, last: int, days: int, amount: float = 1.0) -> np.ndarray:
    """An amount in each hour from `first` to before `last` of each day, on an hourly grid."""
    one = np.zeros(24)
    one[first:last] = amount
    return np.tile(one, days)


def shift(code: str, start: int, length: int) -> Pattern:
    """A short shift without a break, all of it paid."""
    return Pattern(code, code, start, length, float(length))


def pool(
    grid: TimeGrid,
    offered: np.ndarray,
    served: Sequence[float] = (0.0, 0.6, 0.9, 1.0),
    *,
    level: float | np.ndarray = 0.8,
    period: str = "day",
    floor: np.ndarray | None = None,
    idle: float = 0.0,
    queue: int = 0,
) -> LivePool:
    """One live queue of which a share is answered in time by 0, 1, 2 .. positions (concave)."""
    share = np.asarray(served, dtype=float)
    in_time = offered[:, None] * share
    curve = ServiceCurve(
        in_time=in_time,
        abandoned=offered[:, None] * (1 - share),
        wait_s=offered[:, None] * (1 - share) * 100,
        busy=np.minimum(np.arange(len(share)), 1.0) * np.ones_like(in_time),
        offered=offered,
    )
    period_of = grid.period_of_interval(period)
    levels = np.full(int(period_of.max()) + 1, level, dtype=float)
    goal = ServiceGoal(
        queue, "phone in time", "in_time", float(levels[0]), levels, period, period_of, True, PRICE
    )
    everybody = np.ones(grid.size)
    return LivePool(
        name="phone",
        queues=(LiveQueue(queue, curve, everybody, everybody, (goal,)),),
        load=np.minimum(offered, 1.0),
        floor=np.zeros(grid.size, np.int64) if floor is None else floor.astype(np.int64),
        idle_share=np.full(grid.size, idle),
        price=PRICE,
    )


def mail(
    grid: TimeGrid,
    work_h: np.ndarray,
    due: np.ndarray,
    *,
    open_mask: np.ndarray | None = None,
    reserve: float = 0.0,
    queue: int = 0,
    key: str = "mail",
) -> DeferredQueue:
    """Work with deadlines, open at all hours unless said."""
    mask = np.ones(grid.size, dtype=bool) if open_mask is None else open_mask.astype(bool)
    return DeferredQueue(
        queue, key, work_h, due.astype(np.int64), mask, np.full(grid.weeks, reserve), PRICE
    )


def all_counts(problem: Problem, most: int) -> Iterator[np.ndarray]:
    """Every table of shift counts with 0 to `most` people on each pattern."""
    cells = [
        (g, d, p)
        for g, group in enumerate(problem.groups)
        for d in range(problem.grid.days)
        for p in group.patterns
    ]
    shape = (len(problem.groups), problem.grid.days, len(problem.patterns))
    for chosen in itertools.product(range(most + 1), repeat=len(cells)):
        counts = np.zeros(shape, dtype=np.int64)
        counts[tuple(np.array(cells).T)] = chosen
        yield counts


def cheapest(
    problem: Problem, most: int, cost: Callable[[np.ndarray], float]
) -> tuple[float, np.ndarray]:
    """Least cost over every table of counts, and the table."""
    best, table = np.inf, np.zeros(0)
    for counts in all_counts(problem, most):
        amount = cost(counts)
        if amount < best - 1e-9:
            best, table = amount, counts
    return best, table


def people_at_work(problem: Problem, counts: np.ndarray) -> np.ndarray:
    """People on duty by group and interval, (G, T), of patterns without breaks."""
    grid = problem.grid
    on = np.zeros((len(problem.groups), grid.size + 2 * grid.per_day))
    for g, d, p in np.argwhere(counts > 0):
        pattern = problem.patterns[p]
        start = d * grid.per_day + pattern.start
        on[g, start : start + pattern.length] += counts[g, d, p]
    return on[:, : grid.size]


def wages(problem: Problem, counts: np.ndarray) -> float:
    """Hourly wages of shift counts without premiums."""
    total = 0.0
    for g, group in enumerate(problem.groups):
        paid = np.array([p.paid_h for p in problem.patterns])
        total += group.contract.wage_per_hour * float((counts[g] * paid).sum())
    return total


def missing(plan: ShiftPlan, key: str) -> float:
    """Amount of what is unmet under a key."""
    return sum(u.amount for u in plan.unmet if u.key == key)


def checked(problem: Problem, plan: ShiftPlan) -> ShiftPlan:
    """The plan's counts evaluated again, which must cost the same."""
    return evaluate(problem, plan.counts, plan.heads)
