"""What a schedule costs, from the plan's rows and the schedule's rows alone.

A third reckoning beside the model's and the checker's: the words of `docs/plan.md` and of
`docs/rules.md`, minute by minute and person by person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf

import pandas as pd

from scenarios.plan import Plan
from scenarios.plan.schema import ContractRow

MINUTE = dt.timedelta(minutes=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def money(
    plan: Plan, schedule: pd.DataFrame, people: Mapping[str, str], kinds: Mapping[dt.date, str]
) -> float:
    """Cost of a schedule.

    Parameters
    ----------
    people
        Everybody employed: name and contract.
    kinds
        Kind of each date: workday, rest_day, holiday.
    """
    contracts = {row.contract: row for row in plan.contracts}
    horizon = _dates(plan)
    shifts = [
        (str(row.agent), row.date, pd.Timestamp(row.start), pd.Timestamp(row.end), row.paid_hours)
        for row in schedule.assign(date=pd.to_datetime(schedule["date"]).dt.date).itertuples()
    ]
    total = 0.0
    for name, contract in people.items():
        own = [shift for shift in shifts if shift[0] == name]
        total += _person(plan, contracts[contract], name, own, horizon)
        total += sum(_premiums(plan, contracts[contract], shift, kinds) for shift in own)
    for row in plan.contracts:
        members = [name for name, contract in people.items() if contract == row.contract]
        total += row.hire_cost * max(0, len(members) - max(row.people_min, _named(plan, row)))
        if row.kind == "outsourced":
            hours: dict[dt.date, float] = defaultdict(float)
            for agent, date, _, _, paid in shifts:
                if agent in members:
                    hours[date] += paid
            total += _bought(plan, row, hours, horizon)
    return total


def overtime_hidden_by_pooling(
    plan: Plan, schedule: pd.DataFrame, people: Mapping[str, str]
) -> float:
    """Overtime pay of the people beyond that of their hours thrown together, by contract and week.

    A design without names knows only the latter.
    """
    hidden = 0.0
    dates = pd.to_datetime(schedule["date"]).dt.date
    for row in plan.contracts:
        members = [name for name, contract in people.items() if contract == row.contract]
        for week in _weeks(_dates(plan)):
            mine = schedule[dates.isin(week)]
            worked = mine.groupby("agent")["paid_hours"].sum()
            extra = [_overtime_h(plan, row, m, float(worked.get(m, 0.0)), week) for m in members]
            room = [max(0.0, row.week_hours_max - 8 * _leave(plan, row, m, week)) for m in members]
            total = sum(float(worked.get(m, 0.0)) for m in members)
            pooled = max(0.0, total - sum(room))
            each = pooled / len(members) if members else 0.0
            apart = sum(_overtime_pay(plan, row, hours) for hours in extra)
            hidden += apart - len(members) * _overtime_pay(plan, row, each)
            hidden -= row.wage_per_hour * (sum(extra) - pooled) * (row.month_salary == 0)
    return hidden


def _dates(plan: Plan) -> list[dt.date]:
    last = plan.settings.end or plan.start + dt.timedelta(days=7 * plan.settings.weeks - 1)
    return [plan.start + dt.timedelta(days=k) for k in range((last - plan.start).days + 1)]


def _weeks(dates: Sequence[dt.date]) -> list[Sequence[dt.date]]:
    return [dates[k : k + 7] for k in range(0, len(dates), 7)]


def _named(plan: Plan, row: ContractRow) -> int:
    return sum(agent.contract == row.contract for agent in plan.agents)


def _base(row: ContractRow) -> float:
    return row.wage_per_hour or row.month_salary * 12 / 52 / row.week_hours_max


def _leave(plan: Plan, row: ContractRow, name: str, week: Sequence[dt.date]) -> int:
    if row.kind != "full_time":
        return 0
    away = {
        day
        for entry in plan.availability
        if entry.agent == name and entry.kind in ("leave", "sick", "training")
        for day in week
        if entry.from_ <= day <= (entry.to or entry.from_)
    }
    return min(5, len(away))


def _overtime_h(
    plan: Plan, row: ContractRow, name: str, hours: float, week: Sequence[dt.date]
) -> float:
    beyond = hours + 8 * _leave(plan, row, name, week) - row.week_hours_max
    return max(0.0, min(hours, beyond))


def _overtime_pay(plan: Plan, row: ContractRow, hours: float) -> float:
    """Each hour of a week's overtime at the factor of the last tier that has begun."""
    rates = [r for r in plan.rates if r.kind == "overtime" and r.contract == row.contract]
    rates = rates or [r for r in plan.rates if r.kind == "overtime" and not r.contract]
    tiers = {0.0: 1.5} | {r.from_hours: r.factor for r in rates}
    starts = sorted(tiers)
    pay = 0.0
    for start, end in zip(starts, [*starts[1:], inf], strict=True):
        pay += max(0.0, min(hours, end) - start) * tiers[start]
    return pay * _base(row)


def _person(
    plan: Plan, row: ContractRow, name: str, shifts: Sequence[tuple], horizon: Sequence[dt.date]
) -> float:
    total = 0.0
    for week in _weeks(horizon):
        hours = sum(shift[4] for shift in shifts if shift[1] in week)
        extra = _overtime_h(plan, row, name, hours, week)
        if row.month_salary:
            total += row.month_salary * 12 / 52 * len(week) / 7
        else:
            total += (hours - extra + 8 * _leave(plan, row, name, week)) * row.wage_per_hour
        total += _overtime_pay(plan, row, extra)
    return total


def _premiums(plan: Plan, row: ContractRow, shift: tuple, kinds: Mapping[dt.date, str]) -> float:
    """Each rate on the minutes of the shift inside its window, paid hours spread over the span."""
    _, _, start, end, paid = shift
    span = (end - start) / MINUTE
    rates = [
        (r.contract, r.weekday, r.from_, r.to, r.factor) for r in plan.rates if r.kind == "premium"
    ]
    stated = {r[0] for r in rates if r[1] == "holiday"}
    if plan.settings.law == "cn" and not stated & {"", row.contract}:
        rates.append(("", "holiday", 0, 1440, 3.0))
    total = 0.0
    for contract, weekday, opens, closes, factor in rates:
        if contract not in ("", row.contract) or (not contract and row.kind == "outsourced"):
            continue
        inside = 0.0
        for back in (-1, 0, 1):
            day = start.normalize() + pd.Timedelta(days=back)
            date = day.date()
            if weekday and weekday not in (WEEKDAYS[date.weekday()], kinds[date]):
                continue
            first = max(start, day + opens * MINUTE)
            inside += max(0.0, (min(end, day + closes * MINUTE) - first) / MINUTE)
        total += inside / span * paid * _base(row) * (factor - 1)
    return total


def _bought(
    plan: Plan, row: ContractRow, hours: Mapping[dt.date, float], horizon: Sequence[dt.date]
) -> float:
    """What an outsourced contract costs beyond its wages: least purchase and cheaper hours."""
    total = 0.0
    months: dict[str, list[dt.date]] = defaultdict(list)
    for day in horizon:
        months[f"{day:%Y-%m}"].append(day)
    periods = _weeks(horizon) if row.purchase_period == "week" else list(months.values())
    for period in periods:
        used = sum(hours.get(day, 0.0) for day in period)
        if used > 0:
            total += max(0.0, row.purchase_min_hours - used) * row.wage_per_hour
    steps = sorted(
        (r.from_hours, r.price_per_hour or 0.0)
        for r in plan.rates
        if r.kind == "outsourced_step" and r.contract == row.contract
    )
    ends = [*(start for start, _ in steps), inf][1:]
    for week in _weeks(horizon):
        used = sum(hours.get(day, 0.0) for day in week)
        for (start, price), end in zip(steps, ends, strict=False):
            total += max(0.0, min(used, end) - start) * (price - row.wage_per_hour)
    return total
