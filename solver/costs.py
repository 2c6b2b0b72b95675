"""What shifts, heads and hours cost: the prices that the model works with.

The independent checker reckons the same money from the finished schedule by its own code.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from solver.problem import Contract, ContractKind, Floats, Pattern, Premium, Problem
from solver.week_terms import week_terms
from staffing.timegrid import MINUTES_PER_DAY, TimeGrid

WEEKS_PER_MONTH = 52 / 12


def premium_applies(premium: Premium, contract: Contract) -> bool:
    """Whether a premium is paid under a contract; an empty one means all but outsourced."""
    if premium.contract:
        return premium.contract == contract.name
    return contract.kind is not ContractKind.OUTSOURCED


def shift_cost(
    grid: TimeGrid,
    patterns: Sequence[Pattern],
    contract: Contract,
    premiums: Sequence[Premium],
) -> Floats:
    """Cost of each pattern on each day, (D, P): hourly wage and premiums.

    A premium is paid on the share of the shift's span that lies inside its window; what runs past
    midnight belongs to the next day. Who has a salary is paid by the head and has only premiums
    here.
    """
    cost = np.zeros((grid.days, len(patterns)))
    paid = np.array([p.paid_h for p in patterns])
    cost += paid * _hourly_wage(contract)
    for premium in premiums:
        if not premium_applies(premium, contract):
            continue
        extra = contract.hourly_base * (premium.factor - 1)
        for k, pattern in enumerate(patterns):
            start = pattern.start * grid.interval_min
            end = pattern.end * grid.interval_min
            for later in (0, 1):
                shift = later * MINUTES_PER_DAY
                inside = min(end, premium.to_min + shift) - max(
                    start, premium.from_min + shift, shift
                )
                if inside > 0:
                    share = inside / (end - start)
                    days = premium.day_mask[later : later + grid.days]
                    cost[:, k] += np.where(days, extra * pattern.paid_h * share, 0.0)
    return cost


def _hourly_wage(contract: Contract) -> float:
    """Wage of a planned hour: none under a salary, even if one is stated as a base of premiums."""
    return 0.0 if contract.month_salary > 0 else contract.wage_per_hour


def employed_weeks(grid: TimeGrid, contract: Contract) -> float:
    """Weeks of the horizon in which a contract runs, by days over seven."""
    return sum(contract.employs(d) for d in range(grid.days)) / 7


def head_cost(grid: TimeGrid, contract: Contract) -> float:
    """Salary of one person over the horizon."""
    return contract.month_salary / WEEKS_PER_MONTH * employed_weeks(grid, contract)


def overtime_cost(contract: Contract, factor: float) -> float:
    """What an hour of overtime costs beyond what its shift already costs."""
    return contract.hourly_base * factor - _hourly_wage(contract)


def paid_leave_cost(problem: Problem, number: int) -> float:
    """Wages of the days away that a full-time hourly contract pays, over a group's people."""
    hours = sum(
        week_terms(problem, problem.agents[k], week).credit_h
        for k in problem.agents_of(number)
        for week in range(problem.grid.weeks)
    )
    return hours * _hourly_wage(problem.groups[number].contract)
