"""The people of a budget: each contract in each role, month by month, as the solver takes them."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenarios.budget.needs import Needs, workable_weeks
from scenarios.budget.year import Year
from scenarios.demand import Demand
from scenarios.people import (
    contracts,
    overtime_factor,
    overtime_tiers,
    pace_after,
    premiums,
)
from solver.costs import premium_applies
from solver.hiring import HiringProblem, Post, Staff, Step, Tier, Work
from solver.problem import Contract, ContractKind, Premium
from staffing.shrinkage import mean_attendance
from staffing.timegrid import MINUTES_PER_DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenarios.plan import Plan
    from scenarios.plan.schema import AgentRow, ContractRow

_DAYS_A_MONTH = 365.25 / 12
_WEEKS_A_MONTH = _DAYS_A_MONTH / 7
_LEAVE_DAY_H = 8.0
_LEAVE = ("leave", "sick", "training")
# Price of an hour that nobody works, in hours of the dearest: high enough that missing work never
# pays, low enough to stay in a solver's sight.
_SHORTAGE_HOURS = 100.0


@dataclass(frozen=True)
class Crew:
    """One contract in one role and what its figures by month are made of, (M,) each.

    `joins` people who are hired already and come later, `employed` share of the month's days in
    which the contract runs, `attendance` share of paid time that is present, `pace` of those there
    at the start, `inefficiency` paid hours over needed hours, `premium` share of the wage on top,
    `leave_h` paid hours of leave that the plan knows of.
    """

    name: str
    row: ContractRow
    role: str
    people: float
    joins: np.ndarray
    attendance: np.ndarray
    pace: np.ndarray
    inefficiency: float
    premium: np.ndarray
    weeks: np.ndarray
    employed: np.ndarray
    leave_h: np.ndarray
    hourly_base: float
    hireable: bool

    @property
    def key(self) -> tuple[str, str]:
        """Contract and role."""
        return self.row.contract, self.role


def crews_of(
    plan: Plan,
    told: Demand,
    needs: Needs,
    year: Year,
    inefficiency: Mapping[tuple[str, str], float] | None = None,
    people: Mapping[str, float] | None = None,
) -> tuple[Crew, ...]:
    """Everybody who can be on the roll.

    Parameters
    ----------
    inefficiency
        By contract and role; 1 where there is none.
    people
        On the roll when the first open month begins, by contract, where it is known better than
        from the plan's agents.
    """
    terms = contracts(plan, told.grid)
    premium = premiums(plan, told)
    month_of_day = year.month_of_day()
    roles_of = {row.contract: row.role for row in plan.contracts}
    begins = max(year.start, year.firsts[year.closed])
    crews = []
    for row in plan.contracts:
        own = [a for a in plan.agents if a.contract == row.contract]
        roles = [row.role, *sorted({a.role for a in own if a.role} - {row.role})]
        elsewhere = sum(1 for a in own if (a.role or row.role) != row.role)
        for role in roles:
            main = role == row.role
            mine = [a for a in own if (a.role or roles_of[a.contract]) == role]
            named = [a for a in mine if a.hired is None or a.hired <= begins]
            joins = _joins([a.hired for a in mine if a not in named], year)
            least = row.people_min - elsewhere - (len(mine) - len(named))
            count = max(len(named), least) if main else len(named)
            if people is not None and row.contract in people:
                count = people[row.contract] - elsewhere if main else len(named)
            if row.kind in ("temporary", "outsourced"):
                count, joins = 0, np.zeros(year.count)
            served = _served(plan, needs, role)
            open_days = needs.open_days[served].any(axis=0) & _employed(row, year)
            weeks = workable_weeks(needs.open_days[served].any(axis=0), month_of_day)
            days = np.bincount(month_of_day)
            share = np.bincount(month_of_day, weights=open_days) / np.maximum(
                np.bincount(month_of_day, weights=needs.open_days[served].any(axis=0)), 1e-9
            )
            crews.append(
                Crew(
                    name=row.contract if main else f"{row.contract} · {role}",
                    row=row,
                    role=role,
                    people=float(count),
                    joins=joins,
                    attendance=_attendance(plan, role, year),
                    pace=_pace(plan, row, role, named, count, year),
                    inefficiency=(inefficiency or {}).get((row.contract, role), 1.0),
                    premium=_premium(told, needs, served, terms[row.contract], premium, year),
                    weeks=weeks * np.where(row.from_ or row.to, share, 1.0),
                    employed=np.bincount(month_of_day, weights=_employed(row, year)) / days,
                    leave_h=_leave_h(plan, row, named, year),
                    hourly_base=terms[row.contract].hourly_base,
                    hireable=main,
                )
            )
    return tuple(crews)


def hiring_problem(
    plan: Plan, needs: Needs, crews: tuple[Crew, ...], year: Year, first: int = 0
) -> HiringProblem:
    """State the months from number `first` on for the solver."""
    months = slice(first, None)
    works = tuple(
        Work(name, needs.duty_h[q, months], needs.busy_h[q, months], bool(needs.live[q]))
        for q, name in enumerate(needs.queues)
    )
    posts = tuple(
        Post(
            name,
            needs.post_h[p, months],
            tuple(s for s, crew in enumerate(crews) if crew.role in needs.post_roles[p]),
        )
        for p, name in enumerate(needs.posts)
    )
    staff = tuple(_staff(plan, needs, crew, year, first) for crew in crews)
    dearest = max(
        [float(s.price.max(initial=0.0)) for s in staff]
        + [float(t.price.max(initial=0.0)) for s in staff for t in s.overtime]
        + [crew.hourly_base for crew in crews]
        + [1.0]
    )
    return HiringProblem(year.count - first, works, posts, staff, _SHORTAGE_HOURS * dearest)


def _staff(plan: Plan, needs: Needs, crew: Crew, year: Year, first: int) -> Staff:
    row, months = crew.row, slice(first, None)
    kind = ContractKind(row.kind)
    weeks = crew.weeks[months]
    speeds = {r.queue: r.speed for r in plan.roles if r.role == crew.role}
    orders = {r.queue: r.order for r in plan.roles if r.role == crew.role}
    speed = np.array([speeds.get(queue, 0.0) for queue in needs.queues])
    hours_max = row.week_hours_max * weeks
    if row.month_hours_max is not None:
        hours_max = np.minimum(hours_max, row.month_hours_max)
    most = row.people_max if row.budget_people_max is None else row.budget_people_max
    most = float(most) if crew.hireable else crew.people
    employed = weeks > 1e-9
    attrition = np.full(len(weeks), row.attrition_share)
    if year.states[first] == "part":
        # Who has left by the plan's first day is not counted any more.
        length = (year.firsts[first + 1] - year.firsts[first]).days
        attrition[0] *= (year.firsts[first + 1] - year.start).days / length
    salaried = row.month_salary > 0
    wage = 0.0 if salaried else row.wage_per_hour
    price = wage + crew.hourly_base * crew.premium[months]
    extra = crew.hourly_base * crew.premium[months]
    lead_days = round(7 * row.lead_time_weeks)
    begins = max(year.start, year.firsts[first]) + dt.timedelta(days=lead_days)
    late = [k for k, day in enumerate(year.firsts[first:-1]) if day >= begins.replace(day=1)]
    # Classes begin with a month: the first that begins no earlier than the lead time allows.
    first_hire = next((k for k in late if year.firsts[first + k] >= begins or k == 0 == lead_days),
                      len(weeks))  # fmt: skip
    return Staff(
        name=crew.name,
        kind=kind,
        speed=speed,
        order=np.array([float(orders.get(queue, 9)) for queue in needs.queues]),
        people=crew.people,
        joins=crew.joins[months],
        people_min=np.where(employed, float(row.people_min), 0.0),
        people_max=np.where(employed, most, 0.0),
        attrition=attrition,
        hours_min=np.minimum(row.week_hours_min * weeks, hours_max),
        hours_max=hours_max,
        productive=crew.attendance[months] * crew.pace[months] / crew.inefficiency,
        ramp=_ramp(plan, row, crew.role),
        price=price,
        weeks=weeks,
        salary=row.month_salary * crew.employed[months],
        hire_cost=row.hire_cost,
        class_cost=row.class_cost,
        class_min=row.class_min,
        class_max=row.class_max or 0,
        first_hire=first_hire if crew.hireable else len(weeks),
        occupancy=plan.settings.service.occupancy_max if (needs.live & (speed > 0)).any() else 1.0,
        overtime=tuple(
            Tier(width * weeks, crew.hourly_base * factor + extra, factor)
            for width, factor in tiers_of(plan, row)
        ),
        purchase_min_h=row.purchase_min_hours,
        purchase_by_month=row.purchase_period == "month",
        steps=tuple(
            Step(r.from_hours, r.price_per_hour)
            for r in sorted(plan.rates, key=lambda r: r.from_hours)
            if r.kind == "outsourced_step"
            and r.contract == row.contract
            and r.price_per_hour is not None
        ),
    )


def tiers_of(plan: Plan, row: ContractRow) -> list[tuple[float, float]]:
    """Overtime tiers of a contract: hours a person and week, and pay over the wage."""
    if row.overtime_max_hours <= 0 or row.kind == "outsourced":
        return []
    stated = overtime_tiers(plan)
    tiers = [t for t in stated if t.contract == row.contract] or [
        t for t in stated if not t.contract
    ]
    starts = {0.0: overtime_factor(plan)} | {t.from_hours: t.factor for t in tiers}
    found = []
    for begin in sorted(starts):
        end = min((b for b in starts if b > begin), default=math.inf)
        width = min(end, row.overtime_max_hours) - begin
        if width > 0:
            found.append((width, starts[begin]))
    return found


def _served(plan: Plan, needs: Needs, role: str) -> np.ndarray:
    """Queues and posts of a role, (Q + P,): those of which it is the first choice, or else all."""
    orders: dict[str, int] = {}
    for row in plan.roles:
        orders[row.queue] = min(row.order, orders.get(row.queue, 9))
    mine = {row.queue: row.order for row in plan.roles if row.role == role}
    queues = [name in mine for name in needs.queues]
    first = [name in mine and mine[name] <= orders[name] for name in needs.queues]
    posts = [role in roles for roles in needs.post_roles]
    return np.array([*(first if any(first) else queues), *posts], bool)


def _joins(days: list[dt.date | None], year: Year) -> np.ndarray:
    """People by the month in which they come; who comes later than the last month is left out."""
    found = np.zeros(year.count)
    for day in days:
        for k, (begin, end) in enumerate(zip(year.firsts[:-1], year.firsts[1:], strict=True)):
            if day is not None and begin <= day < end:
                found[k] += 1
    return found


def _employed(row: ContractRow, year: Year) -> np.ndarray:
    days = [year.first + dt.timedelta(days=k) for k in range(year.days)]
    return np.array(
        [
            (row.from_ is None or row.from_ <= day) and (row.to is None or day <= row.to)
            for day in days
        ]
    )


def _attendance(plan: Plan, role: str, year: Year) -> np.ndarray:
    found = []
    for begin, end in zip(year.firsts[:-1], year.firsts[1:], strict=True):
        days = [begin + dt.timedelta(days=k) for k in range((end - begin).days)]
        found.append(mean_attendance(plan.shrinkage_kinds, role, days).factor)
    return np.array(found)


def _pace(
    plan: Plan, row: ContractRow, role: str, named: list[AgentRow], count: float, year: Year
) -> np.ndarray:
    """Mean pace of those on the roll at the start, by month; of temporary people that of new."""
    spans = zip(year.firsts[:-1], year.firsts[1:], strict=True)
    middles = [begin + (end - begin) / 2 for begin, end in spans]
    if row.kind == "temporary":
        return np.full(year.count, pace_after(plan, 0.5, role))

    def pace(speed: float, hired: dt.date | None, day: dt.date) -> float:
        if hired is None:
            return speed
        return speed * pace_after(plan, (day - hired).days / _DAYS_A_MONTH, role)

    unnamed = max(0.0, count - len(named))
    found = []
    for day in middles:
        paces = [pace(a.speed, a.hired, day) for a in named]
        whole = sum(paces) + unnamed * pace(1.0, row.hired, day)
        people = len(named) + unnamed
        found.append(whole / people if people else pace(1.0, row.hired, day))
    return np.array(found)


def _ramp(plan: Plan, row: ContractRow, role: str) -> np.ndarray:
    """Share of a month's hours that a new person loses, by months since hiring."""
    if row.kind == "outsourced":
        return np.zeros(0)
    months = 1
    if row.kind != "temporary":
        known = [t.from_months for t in plan.tenure if t.role in ("", role)]
        months = math.ceil(max([row.training_weeks / _WEEKS_A_MONTH, *known, 1.0]))
    found = []
    for k in range(months):
        training = min(1.0, max(0.0, row.training_weeks / _WEEKS_A_MONTH - k))
        pace = 1.0 if row.kind == "temporary" else pace_after(plan, k + 0.5, role)
        found.append(1 - (1 - training) * pace)
    return np.array(found)


def _premium(
    told: Demand,
    needs: Needs,
    served: np.ndarray,
    contract: Contract,
    premium: tuple[Premium, ...],
    year: Year,
) -> np.ndarray:
    """Premiums as a share of the wage, by month: at the times when people are asked for."""
    grid = told.grid
    asked = needs.profile[served].sum(axis=0).reshape(grid.days, grid.per_day)
    begins = np.arange(grid.per_day) * grid.interval_min
    extra = np.zeros_like(asked)
    for one in premium:
        if not premium_applies(one, contract):
            continue
        ends = np.minimum(begins + grid.interval_min, min(one.to_min, MINUTES_PER_DAY))
        part = np.maximum(0, ends - np.maximum(begins, one.from_min)) / grid.interval_min
        extra += np.where(one.day_mask[: grid.days, None], part * (one.factor - 1), 0.0)
    month = year.month_of_day()
    paid = np.bincount(month, weights=(asked * extra).sum(axis=1))
    hours = np.bincount(month, weights=asked.sum(axis=1))
    return np.divide(paid, hours, out=np.zeros(len(paid)), where=hours > 0)


def _leave_h(plan: Plan, row: ContractRow, named: list[AgentRow], year: Year) -> np.ndarray:
    """Paid hours of days away that the table `availability` names, as a run pays them."""
    hours = np.zeros(year.count)
    if row.kind != "full_time" or row.month_salary > 0:
        return hours
    names = {a.agent for a in named}
    month = year.month_of_day()
    for entry in plan.availability:
        if entry.agent in names and entry.kind in _LEAVE:
            last = entry.to or entry.from_
            for k in range((last - entry.from_).days + 1):
                day = (entry.from_ + dt.timedelta(days=k) - year.first).days
                if 0 <= day < year.days:
                    hours[month[day]] += _LEAVE_DAY_H
    return hours
