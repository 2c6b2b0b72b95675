"""What a finished schedule costs, reckoned line by line from its rows."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from solver.check_facts import DAY_MIN, LEAVE_DAY_H, Person, Shift
from solver.problem import Contract, ContractKind, Premium, PriceStep, Problem

COLUMNS = ["name", "kind", "contract", "cost_centre", "hours", "amount"]
WEEKS_A_MONTH = 52 / 12


class _Ledger:
    """Hours and money by name, kind and contract."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def book(self, name: str, kind: str, contract: Contract, hours: float, amount: float) -> None:
        line = self._lines[name, kind, contract.name, contract.cost_centre]
        line[0] += hours
        line[1] += amount

    def to_frame(self) -> pd.DataFrame:
        rows = [(*key, *line) for key, line in sorted(self._lines.items()) if any(line)]
        return pd.DataFrame(rows, columns=COLUMNS)


def cost_lines(problem: Problem, people: list[Person]) -> pd.DataFrame:
    """Cost of a schedule: name, kind, contract, cost_centre, hours, amount.

    Kinds: wage, salary, premium, overtime, purchase_min, hire, paid_leave, price_step. A contract
    with a month's salary pays no wage by the hour.
    """
    ledger = _Ledger()
    for person in people:
        _book_person(ledger, problem, person)
    for number, group in enumerate(problem.groups):
        members = [p for p in people if p.agent.group == number]
        beyond = max(0, len(members) - group.people_min)
        ledger.book("hire", "hire", group.contract, 0.0, beyond * group.contract.hire_cost)
    contracts = {group.contract.name: group.contract for group in problem.groups}
    for contract in contracts.values():
        staff = [p for p in people if p.contract.name == contract.name]
        if contract.kind is ContractKind.OUTSOURCED:
            _book_purchase(ledger, problem, contract, staff)
    return ledger.to_frame()


def _book_person(ledger: _Ledger, problem: Problem, person: Person) -> None:
    contract = person.contract
    salaried = contract.month_salary > 0
    for _, days in person.weeks():
        employed = sum(contract.first_day <= d <= contract.last_day for d in days)
        if salaried:
            amount = contract.month_salary / WEEKS_A_MONTH * employed / 7
            ledger.book("salary", "salary", contract, 0.0, amount)
        hours, extra = person.hours(days), person.overtime(days)
        if not salaried:
            ledger.book(
                "wage", "wage", contract, hours - extra, (hours - extra) * contract.wage_per_hour
            )
        base = _hourly_base(contract)
        for name, part, factor in _overtime_parts(problem, contract, extra):
            ledger.book(name, "overtime", contract, part, part * base * factor)
        if not salaried:
            leave_h = LEAVE_DAY_H * person.leave_days(days)
            ledger.book(
                "paid leave", "paid_leave", contract, leave_h, leave_h * contract.wage_per_hour
            )
    for premium in problem.premiums:
        if premium.contract:
            due = premium.contract == contract.name
        else:
            due = contract.kind is not ContractKind.OUTSOURCED
        if not due:
            continue
        for shift in person.shifts:
            hours = shift.paid_h * premium_share(premium, shift)
            amount = hours * _hourly_base(contract) * (premium.factor - 1)
            ledger.book(premium.name, "premium", contract, hours, amount)


def _overtime_parts(
    problem: Problem, contract: Contract, extra: float
) -> list[tuple[str, float, float]]:
    """A person's overtime of a week by tier: name, hours, factor."""
    tiers = [t for t in problem.overtime_tiers if t.contract == contract.name] or [
        t for t in problem.overtime_tiers if not t.contract
    ]
    starts = {0.0: problem.overtime_factor} | {t.from_hours: t.factor for t in tiers}
    parts = []
    for start in sorted(starts):
        later = min((s for s in starts if s > start), default=extra)
        hours = min(extra, later) - start
        if hours > 0:
            name = f"overtime from {start:g} h" if start else "overtime"
            parts.append((name, hours, starts[start]))
    return parts


def premium_share(premium: Premium, shift: Shift) -> float:
    """Share of a shift's span inside a premium's window; after midnight the next date counts."""
    inside = 0
    for day in range(shift.start // DAY_MIN, -(-shift.end // DAY_MIN)):
        if 0 <= day < len(premium.day_mask) and premium.day_mask[day]:
            opens = day * DAY_MIN + max(0, premium.from_min)
            closes = day * DAY_MIN + min(DAY_MIN, premium.to_min)
            inside += max(0, min(shift.end, closes) - max(shift.start, opens))
    return inside / (shift.end - shift.start)


def _book_purchase(
    ledger: _Ledger, problem: Problem, contract: Contract, staff: list[Person]
) -> None:
    steps = sorted(
        (s for s in problem.price_steps if s.contract == contract.name), key=lambda s: s.from_hours
    )
    periods: dict[int, list[int]] = defaultdict(list)
    for day, period in enumerate(problem.grid.period_of_day(contract.purchase_period)):
        periods[int(period)].append(day)
    for days in periods.values():
        hours = sum(p.hours(days) for p in staff)
        if 0 < hours < contract.purchase_min_hours:
            short = contract.purchase_min_hours - hours
            amount = short * contract.wage_per_hour
            ledger.book("minimum purchase", "purchase_min", contract, short, amount)
    for first in range(0, problem.grid.days, 7):
        days = list(range(first, min(first + 7, problem.grid.days)))
        _book_steps(ledger, contract, steps, sum(p.hours(days) for p in staff))


def _book_steps(ledger: _Ledger, contract: Contract, steps: list[PriceStep], hours: float) -> None:
    """Move a week's hours beyond each step from the wage to the step's price."""
    for k, step in enumerate(steps):
        until = steps[k + 1].from_hours if k + 1 < len(steps) else hours
        part = max(0.0, min(hours, until) - step.from_hours)
        if part > 0:
            ledger.book("wage", "wage", contract, -part, -part * contract.wage_per_hour)
            name = f"from {step.from_hours:g} h"
            ledger.book(name, "price_step", contract, part, part * step.price_per_hour)


def _hourly_base(contract: Contract) -> float:
    if contract.wage_per_hour > 0:
        return contract.wage_per_hour
    return contract.month_salary / WEEKS_A_MONTH / contract.week_hours_max
