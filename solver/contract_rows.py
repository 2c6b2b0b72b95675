"""What contracts ask of the counts: hours and shifts a week, overtime, purchases, price steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from solver.costs import overtime_cost
from solver.linear import LinearModel, Slack
from solver.problem import Agent, Contract, ContractKind, Floats, Ints, Problem
from solver.rules.limits import GroupLimits, group_limits
from solver.week_terms import WeekTerms, week_terms

# A month's hours are for the shortest month's days; of fewer days a share is allowed.
_MONTH_DAYS = 28


def add_contract(
    model: LinearModel, problem: Problem, g: int, x: Ints, heads: int
) -> tuple[Ints, list[Slack]]:
    """Add a group's hours and shifts a week, overtime and hours a month.

    Returns
    -------
    Rows that more shifts could break, and the slacks of what is short.
    """
    group = problem.groups[g]
    paid_h = np.array([p.paid_h for p in problem.patterns])
    agents = problem.agents_of(g)
    limits = group_limits(problem, g)
    rows: list[Ints] = []
    short: dict[tuple[str, str], list[tuple[Ints, str]]] = {}
    overtime: list[tuple[int, Ints]] = []
    for week in range(problem.grid.weeks):
        days = np.arange(week * 7, min(week * 7 + 7, problem.grid.days))
        d, p = np.nonzero(x[days] >= 0)
        if not len(d):
            continue
        columns, hours = x[days][d, p], paid_h[p]
        lengths = tuple(sorted({round(60 * h) for h in hours}))
        other = _held(week_terms(problem, Agent("", g, ""), week), limits, lengths)
        people = [
            _held(week_terms(problem, problem.agents[k], week), limits, lengths) for k in agents
        ]

        def bound(
            name: str, people: list[WeekTerms] = people, other: WeekTerms = other
        ) -> tuple[float, float]:
            each = float(getattr(other, name))
            return sum(getattr(w, name) for w in people) - each * len(people), each

        most, each = bound("hours_max")
        row = model.add_rows(1, upper=most)
        rows.append(row)
        model.put(row, columns, hours)
        model.put(row, heads, -each)
        most, each = bound("overtime_max_h")
        if most + each * group.people_max > 0:
            overtime += [
                (int(days[0]), extra)
                for extra in _overtime(model, problem, g, people, other, row, heads)
            ]
        most, each = bound("shifts_max")
        row = model.add_rows(1, upper=most)
        rows.append(row)
        model.put(row, columns, 1.0)
        model.put(row, heads, -each)
        for name, amount, unit in (("hours_min", hours, "hours"), ("shifts_min", 1.0, "shifts")):
            least, each = bound(name)
            if least + each * group.people_max <= 0:
                continue
            row = model.add_rows(1, lower=least)
            missing = model.add_columns(1, cost=problem.high_price)
            model.put(row, columns, amount)
            model.put(row, heads, -each)
            model.put(row, missing, 1.0)
            place = f"{group.name} {problem.grid.period_label('week', week)}"
            short.setdefault((f"contract_{unit}", unit), []).append((missing, place))
    rows += _month_hours(model, problem, g, x, heads)
    _month_overtime(model, problem, g, overtime, heads)
    slacks = [
        Slack(key, unit, np.concatenate([c for c, _ in found]), tuple(w for _, w in found))
        for (key, unit), found in short.items()
    ]
    return np.concatenate([np.zeros(0, np.int64), *rows]), slacks


def _overtime(
    model: LinearModel,
    problem: Problem,
    g: int,
    people: list[WeekTerms],
    other: WeekTerms,
    row: Ints,
    heads: int,
) -> Iterable[Ints]:
    """Hours beyond the contract's week, tier by tier: each is as wide as its people make it."""
    contract = problem.groups[g].contract
    steps = problem.overtime_steps(contract)
    ends = [*(start for start, _ in steps[1:]), np.inf]
    for (start, factor), end in zip(steps, ends, strict=True):
        each = max(0.0, min(other.overtime_max_h, end) - start)
        most = sum(max(0.0, min(w.overtime_max_h, end) - start) - each for w in people)
        extra = model.add_columns(1, cost=overtime_cost(contract, factor))
        model.put(row, extra, -1.0)
        cap = model.add_rows(1, upper=most)
        model.put(cap, extra, 1.0)
        model.put(cap, heads, -each)
        yield extra


def _held(terms: WeekTerms, limits: GroupLimits, lengths: tuple[int, ...]) -> WeekTerms:
    """Terms within the group's rules, hours down to what whole shifts can make."""
    shifts = min(terms.shifts_max, limits.max_days_week)
    hours = min(terms.hours_max, limits.max_week_hours)
    overtime = max(0.0, min(terms.overtime_max_h, limits.max_week_hours - terms.hours_max))
    if overtime <= 0:
        hours = _whole_shifts(lengths, round(60 * hours), shifts) / 60
    return replace(terms, hours_max=hours, overtime_max_h=overtime, shifts_max=shifts)


@lru_cache(maxsize=1024)
def _whole_shifts(lengths: tuple[int, ...], most: int, shifts: int) -> int:
    """Largest sum of at most so many shifts' minutes that is not above a limit."""
    reached = {0}
    for _ in range(shifts):
        reached |= {a + b for a in reached for b in lengths if a + b <= most}
    return max(reached)


def _month_hours(
    model: LinearModel, problem: Problem, g: int, x: Ints, heads: int
) -> Iterable[Ints]:
    """Hours of a calendar month; of a month that the horizon cuts short in proportion."""
    cap = problem.groups[g].contract.month_hours_max
    if not np.isfinite(cap):
        return
    paid_h = np.array([p.paid_h for p in problem.patterns])
    months = problem.grid.period_of_day("month")
    for month in np.unique(months):
        d, p = np.nonzero((x >= 0) & (months == month)[:, None])
        row = model.add_rows(1, upper=0)
        model.put(row, x[d, p], paid_h[p])
        model.put(row, heads, -cap * min(1.0, (months == month).sum() / _MONTH_DAYS))
        yield row


def _month_overtime(
    model: LinearModel, problem: Problem, g: int, overtime: list[tuple[int, Ints]], heads: int
) -> None:
    """Overtime of the weeks that begin in a calendar month within its rule."""
    cap = problem.rule_value("max_overtime_hours_month", problem.groups[g], Agent("", g, ""))
    if cap is None:
        return
    months = problem.grid.period_of_day("month")
    for month in np.unique(months):
        extra = [column for day, column in overtime if months[day] == month]
        if extra:
            row = model.add_rows(1, upper=0)
            model.put(row, np.concatenate(extra), 1.0)
            model.put(row, heads, -cap)


def add_shares(model: LinearModel, problem: Problem, shifts: Ints) -> Ints:
    """Hold hours of some groups to a share of others' in each period; returns the rows."""
    paid_h = np.array([p.paid_h for p in problem.patterns])
    found = [np.zeros(0, np.int64)]
    for limit in problem.hours_shares:
        period_of = problem.grid.period_of_day(limit.period)
        rows = model.add_rows(int(period_of.max()) + 1, upper=0)
        for groups, factor in ((limit.of, 1.0), (limit.base, -limit.share)):
            for g in groups:
                d, p = np.nonzero(shifts[g] >= 0)
                model.put(rows[period_of[d]], shifts[g, d, p], factor * paid_h[p])
        found.append(rows)
    return np.concatenate(found)


def add_purchases(model: LinearModel, problem: Problem, shifts: Ints) -> tuple[Ints, Ints]:
    """Add least purchases, by each contract's period, and price steps, week by week.

    Hours of a contract are bought together, whatever the roles they are for.

    Returns
    -------
    Columns that must be whole: those of a week, and those of a month.
    """
    whole = [np.zeros(0, np.int64)]
    of_month = [np.zeros(0, np.int64)]
    paid_h = np.array([p.paid_h for p in problem.patterns])
    groups_of: dict[str, list[int]] = {}
    for g, group in enumerate(problem.groups):
        if group.contract.kind is ContractKind.OUTSOURCED:
            groups_of.setdefault(group.contract.name, []).append(g)
    for own in groups_of.values():
        contract = problem.groups[own[0]].contract
        people = sum(problem.groups[g].people_max for g in own)
        most = people * (contract.week_hours_max + contract.overtime_max_hours)
        periods = problem.grid.period_of_day(contract.purchase_period)
        for period in np.unique(periods):
            x = shifts[own][:, periods == period]
            k, d, p = np.nonzero(x >= 0)
            if len(k):
                into = of_month if contract.purchase_period == "month" else whole
                limit = most * x.shape[1] / 7
                into += _least_purchase(model, contract, x[k, d, p], paid_h[p], limit)
        for first in range(0, problem.grid.days, 7):
            x = shifts[own, first : first + 7]
            k, d, p = np.nonzero(x >= 0)
            if len(k):
                whole += _price_steps(model, problem, contract, x[k, d, p], paid_h[p], most)
    return np.concatenate(whole), np.concatenate(of_month)


def _least_purchase(
    model: LinearModel, contract: Contract, columns: Ints, hours: Floats, most: float
) -> Sequence[Ints]:
    """Either nothing is bought in a week or the least purchase is paid."""
    if contract.purchase_min_hours <= 0:
        return []
    any_bought = model.add_columns(1, upper=1, integer=True)
    top_up = model.add_columns(1, cost=contract.wage_per_hour)
    row = model.add_rows(1, upper=0)
    model.put(row, columns, hours)
    model.put(row, any_bought, -most)
    row = model.add_rows(1, lower=0)
    model.put(row, columns, hours)
    model.put(row, top_up, 1.0)
    model.put(row, any_bought, -contract.purchase_min_hours)
    return [any_bought]


def _price_steps(
    model: LinearModel,
    problem: Problem,
    contract: Contract,
    columns: Ints,
    hours: Floats,
    most: float,
) -> Sequence[Ints]:
    """Hours beyond each step at the step's price instead of the wage."""
    steps = sorted(
        (s for s in problem.price_steps if s.contract == contract.name and s.from_hours < most),
        key=lambda s: s.from_hours,
    )
    if not steps:
        return []
    widths = np.diff([s.from_hours for s in steps] + [most])
    bought = model.add_columns(
        len(steps),
        upper=widths,
        cost=[s.price_per_hour - contract.wage_per_hour for s in steps],
    )
    first = model.add_columns(1, upper=steps[0].from_hours)
    row = model.add_rows(1, lower=0, upper=0)
    model.put(row, columns, hours)
    model.put(row, np.concatenate([first, bought]), -1.0)
    # A step opens only when the hours before it are used up: needed where prices fall.
    opened = model.add_columns(len(steps), upper=1, integer=True)
    rows = model.add_rows(len(steps), upper=0)
    model.put(rows, bought, 1.0)
    model.put(rows, opened, -widths)
    rows = model.add_rows(len(steps), lower=0)
    model.put(rows, np.concatenate([first, bought[:-1]]), 1.0)
    model.put(rows, opened, -np.concatenate([[steps[0].from_hours], widths[:-1]]))
    return [opened]
