"""What a contract asks of one person in one plan week, after leave and at the horizon's edges."""

from __future__ import annotations

from dataclasses import dataclass

from solver.problem import Agent, Contract, ContractKind, Problem

PAID_DAY_H = 8.0
PAID_DAYS_A_WEEK = 5


@dataclass(frozen=True)
class WeekTerms:
    """Hours and shifts of one person in one plan week.

    Parameters
    ----------
    hours_min, hours_max
        Paid hours to be planned, without those credited for paid days away.
    shifts_min, shifts_max
        Shifts to be planned.
    credit_h
        Hours credited for paid days away.
    overtime_max_h
        Hours that may be planned beyond `hours_max`.
    """

    hours_min: float
    hours_max: float
    shifts_min: int
    shifts_max: int
    credit_h: float
    overtime_max_h: float


def paid_days_away(contract: Contract, agent: Agent, days: range) -> int:
    """Days of a plan week that are away and paid: full-time contracts only, at most five."""
    if contract.kind is not ContractKind.FULL_TIME:
        return 0
    away = sum(d in agent.paid_away and contract.employs(d) for d in days)
    return min(PAID_DAYS_A_WEEK, away)


def week_terms(problem: Problem, agent: Agent, week: int) -> WeekTerms:
    """Terms of a person's plan week.

    Paid days away count 8 hours and one shift each. Who can be planned on fewer than five days owes
    a fifth of the week's hours for each of them. Of a week cut short by the horizon or by the
    contract's first or last day hours are owed in proportion to its days and shifts not at all;
    what is allowed is not cut.
    """
    contract = problem.groups[agent.group].contract
    days = range(7 * week, min(7 * week + 7, problem.grid.days))
    employed = [d for d in days if contract.employs(d)]
    working = sum(agent.available(d) for d in employed)
    paid = paid_days_away(contract, agent, days)
    credit = PAID_DAY_H * paid
    owed = min(
        contract.week_hours_min * len(employed) / 7 - credit,
        contract.week_hours_min * min(1.0, working / 5),
    )
    shifts_max = max(0, min(contract.week_shifts_max - paid, working))
    shifts_owed = contract.week_shifts_min - paid if len(employed) == 7 else 0
    return WeekTerms(
        hours_min=max(0.0, owed),
        hours_max=max(0.0, contract.week_hours_max - credit) if employed else 0.0,
        shifts_min=max(0, min(shifts_owed, shifts_max)),
        shifts_max=shifts_max,
        credit_h=credit,
        overtime_max_h=contract.overtime_max_hours if employed else 0.0,
    )
