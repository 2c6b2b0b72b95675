"""From a plan's people tables to the solver's patterns, groups and agents."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from scenarios.demand import Demand
from scenarios.plan.schema import OFF
from solver.costs import shift_cost
from solver.problem import (
    Agent,
    Break,
    Contract,
    ContractKind,
    Group,
    Mode,
    OvertimeTier,
    Pattern,
    Premium,
    PriceStep,
    Rule,
    Wish,
)
from solver.rules import law_rules
from staffing.calendar import WEEKDAYS, DayKind
from staffing.shrinkage import attendance_series, mean_attendance
from staffing.timegrid import MINUTES_PER_DAY, TimeGrid

if TYPE_CHECKING:
    from scenarios.plan import Plan
    from scenarios.plan.schema import AgentRow, RateRow, ShiftRow

# What an hour on a public holiday costs where a law says so and the plan's rates do not.
_HOLIDAY_FACTOR = {"cn": 3.0}
_OVERTIME_FACTOR = 1.5


def clock(minute: int) -> str:
    """Minutes from midnight as 08:30."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def contracts(plan: Plan, grid: TimeGrid) -> dict[str, Contract]:
    """Contracts by name."""
    found = {}
    for row in plan.contracts:
        found[row.contract] = Contract(
            name=row.contract,
            kind=ContractKind(row.kind),
            people_min=row.people_min,
            people_max=row.people_max,
            week_hours_min=row.week_hours_min,
            week_hours_max=row.week_hours_max,
            week_shifts_min=row.week_shifts_min,
            week_shifts_max=row.week_shifts_max,
            wage_per_hour=row.wage_per_hour,
            month_salary=row.month_salary,
            month_hours_max=row.month_hours_max or np.inf,
            first_day=grid.day(row.from_) if row.from_ else -(10**6),
            last_day=grid.day(row.to) if row.to else 10**6,
            hire_cost=row.hire_cost,
            purchase_min_hours=row.purchase_min_hours,
            purchase_period=row.purchase_period,
            overtime_max_hours=row.overtime_max_hours,
            cost_centre=row.cost_centre,
        )
    return found


def patterns(plan: Plan, grid: TimeGrid) -> tuple[tuple[Pattern, ...], dict[str, tuple[int, ...]]]:
    """Every shift at every start, and the numbers of those that each contract may work."""
    kinds = {row.contract: row.kind for row in plan.contracts}
    found: list[Pattern] = []
    allowed: dict[str, list[int]] = {name: [] for name in kinds}
    taken: set[str] = set()
    for row in plan.shifts:
        holders = (
            [row.contract] if row.contract else [c for c, k in kinds.items() if k != "outsourced"]
        )
        for start in range(row.first_start, (row.last_start or row.first_start) + 1, row.step_min):
            pattern = _pattern(plan, grid, row, start)
            if pattern.code in taken:
                pattern = _pattern(plan, grid, row, start, suffix=f" {row.contract}")
            taken.add(pattern.code)
            for holder in holders:
                allowed[holder].append(len(found))
            found.append(pattern)
    return tuple(found), {name: tuple(numbers) for name, numbers in allowed.items()}


def _pattern(plan: Plan, grid: TimeGrid, row: ShiftRow, start: int, suffix: str = "") -> Pattern:
    per_hour = 60 / grid.interval_min
    rests = tuple(
        Break(
            b.name,
            b.minutes,
            b.paid,
            round(b.earliest_h * per_hour),
            round(b.latest_h * per_hour),
            b.leaves_post,
        )
        for b in plan.breaks
        if row.breaks and b.breaks == row.breaks
    )
    unpaid_h = sum(b.minutes for b in rests if not b.paid) / 60
    days = row.weekdays.replace(",", " ").split()
    return Pattern(
        code=f"{row.shift}@{clock(start)}{suffix}",
        shift=row.shift,
        start=start // grid.interval_min,
        length=round(row.length_h * per_hour),
        paid_h=row.paid_h if row.paid_h is not None else row.length_h - unpaid_h,
        breaks=rests,
        weekdays=frozenset(WEEKDAYS.index(d) for d in days) if days else frozenset(range(7)),
    )


def premiums(plan: Plan, demand: Demand) -> tuple[Premium, ...]:
    """Pay beyond the wage: the plan's rates, and the law's for public holidays.

    A time past midnight (22:00 to 30:00) belongs to the day on which it begins: what lies after
    midnight is a premium of its own on the day after.
    """
    rows = [
        Premium(row.name, row.contract, _day_mask(row.weekday, demand, after), *times, row.factor)
        for row in plan.rates
        if row.kind == "premium"
        for after in (0, 1)
        if (times := _on_day(row.from_, row.to, after)) is not None
    ]
    stated = {r.contract for r in plan.rates if r.kind == "premium" and r.weekday == "holiday"}
    factor = _HOLIDAY_FACTOR.get(plan.settings.law)
    if factor is not None and "" not in stated:
        mask = _day_mask("holiday", demand)
        own = [c.contract for c in plan.contracts if c.kind != "outsourced"]
        left = [name for name in own if name not in stated] if stated else [""]
        rows += [Premium("public holiday", name, mask, 0, MINUTES_PER_DAY, factor) for name in left]
    return tuple(rows)


def _on_day(from_min: int, to_min: int, after: int) -> tuple[int, int] | None:
    """Part of a window that lies on its own day (0) or on the next (1), None if there is none."""
    first = max(0, from_min - after * MINUTES_PER_DAY)
    last = min(MINUTES_PER_DAY, to_min - after * MINUTES_PER_DAY)
    return (first, last) if first < last else None


def _day_mask(weekday: str, demand: Demand, after: int = 0) -> np.ndarray:
    """Days on which a rate holds, with the two days after the horizon that shifts may reach.

    With `after`, the days that come so many days after those.
    """
    days = [demand.grid.date(d - after) for d in range(demand.grid.days + 2)]
    if not weekday:
        return np.ones(len(days), dtype=bool)
    if weekday in WEEKDAYS:
        return np.array([WEEKDAYS[d.weekday()] == weekday for d in days])
    return np.array([demand.calendar.kind(d) is DayKind(weekday) for d in days])


def overtime_factor(plan: Plan) -> float:
    """Pay of an hour of overtime over the wage."""
    stated: list[RateRow] = [row for row in plan.rates if row.kind == "overtime"]
    return stated[0].factor if stated else _OVERTIME_FACTOR


def overtime_tiers(plan: Plan) -> tuple[OvertimeTier, ...]:
    """Pay of overtime by contract and by how much of it a person has in a week."""
    return tuple(
        OvertimeTier(row.contract, row.from_hours, row.factor)
        for row in plan.rates
        if row.kind == "overtime"
    )


def price_steps(plan: Plan) -> tuple[PriceStep, ...]:
    """Prices of outsourced hours from a number of hours a week on."""
    return tuple(
        PriceStep(row.contract, row.from_hours, row.price_per_hour)
        for row in plan.rates
        if row.kind == "outsourced_step" and row.price_per_hour is not None
    )


def rules(plan: Plan) -> tuple[Rule, ...]:
    """Rules of the law and of the plan."""
    stated = tuple(
        Rule(row.rule, row.value, Mode(row.mode), row.scope, row.who, row.price)
        for row in plan.rules
    )
    return law_rules(plan.settings.law) + stated


def groups_and_agents(
    plan: Plan, demand: Demand
) -> tuple[tuple[Pattern, ...], tuple[Group, ...], tuple[Agent, ...]]:
    """Patterns, groups (contract x role) and the people that the plan names."""
    grid = demand.grid
    terms = contracts(plan, grid)
    shifts, allowed = patterns(plan, grid)
    roles_of_contract = {row.contract: row.role for row in plan.contracts}
    role_of = {row.agent: row.role or roles_of_contract[row.contract] for row in plan.agents}
    keys = Counter((row.contract, role_of[row.agent]) for row in plan.agents)
    for row in plan.contracts:
        keys.setdefault((row.contract, row.role), 0)
    premium = premiums(plan, demand)
    kinds = plan.shrinkage_kinds
    groups: list[Group] = []
    numbers: dict[tuple[str, str], int] = {}
    for row in plan.contracts:
        elsewhere = sum(n for (c, r), n in keys.items() if c == row.contract and r != row.role)
        for (contract, role), named in sorted(keys.items()):
            if contract != row.contract:
                continue
            main = role == row.role
            least = max(named, row.people_min - elsewhere) if main else named
            most = max(least, row.people_max - elsewhere) if main else named
            people = [a for a in plan.agents if (a.contract, role_of[a.agent]) == (contract, role)]
            new = 1.0 if row.hired is None else tenure_pace(plan, row.hired, role)
            speed, order = _skills(plan, demand, role, people, new)
            present = mean_attendance(kinds, role, grid.dates())
            varies = any(k.role in ("", role) and not k.is_always for k in kinds)
            numbers[contract, role] = len(groups)
            groups.append(
                Group(
                    name=contract if main else f"{contract} {role}",
                    contract=terms[contract],
                    role=role,
                    people_min=least,
                    people_max=most,
                    speed=speed,
                    order=order,
                    patterns=allowed[contract],
                    shift_cost=shift_cost(grid, shifts, terms[contract], premium),
                    attendance=present.factor,
                    absence=present.absence,
                    away_share=present.away_share,
                    attended=attendance_series(kinds, role, grid) if varies else None,
                )
            )
    agents = []
    for row in plan.agents:
        role = role_of[row.agent]
        alike = [a for a in plan.agents if (a.contract, role_of[a.agent]) == (row.contract, role)]
        pace = agent_speed(plan, row, role) / _mean_pace(plan, alike, role)
        codes = {_stated_code(shifts[p], grid): shifts[p].code for p in allowed[row.contract]}
        agents.append(_agent(plan, grid, row, numbers[row.contract, role], pace, codes))
    return shifts, tuple(groups), tuple(agents)


def _skills(
    plan: Plan, demand: Demand, role: str, people: list[AgentRow], pace_of_new: float
) -> tuple[np.ndarray, np.ndarray]:
    speed = np.zeros(len(demand.queues))
    order = np.full(len(demand.queues), 9)
    names = {queue.name: k for k, queue in enumerate(demand.queues)}
    pace = _mean_pace(plan, people, role) if people else pace_of_new
    for row in plan.roles:
        if row.role == role:
            speed[names[row.queue]] = row.speed * pace
            order[names[row.queue]] = row.order
    return speed, order


def _mean_pace(plan: Plan, people: list[AgentRow], role: str) -> float:
    return float(np.mean([agent_speed(plan, row, role) for row in people])) if people else 1.0


def agent_speed(plan: Plan, row: AgentRow, role: str) -> float:
    """Pace of a person: their own, times what their months in the job make of it."""
    return row.speed * (1.0 if row.hired is None else tenure_pace(plan, row.hired, role))


def tenure_pace(plan: Plan, hired: dt.date, role: str) -> float:
    """Pace of somebody hired on a day, by the months in the job on the plan's first."""
    return pace_after(plan, (plan.settings.start - hired).days / 30.44, role)


def pace_after(plan: Plan, months: float, role: str) -> float:
    """Pace so many months after hiring, by the plan's table `tenure`."""
    # What is said of a role goes before what is said of all.
    said = [t for t in plan.tenure if t.role == role] or [t for t in plan.tenure if not t.role]
    steps = [t for t in said if t.from_months <= max(0.0, months)]
    return max(steps, key=lambda t: t.from_months).speed if steps else 1.0


def _stated_code(pattern: Pattern, grid: TimeGrid) -> str:
    """How planners write a pattern, whichever contract it belongs to: D@08:30."""
    return f"{pattern.shift}@{clock(pattern.start * grid.interval_min)}"


def _agent(
    plan: Plan, grid: TimeGrid, row: AgentRow, group: int, pace: float, codes: dict[str, str]
) -> Agent:
    paid_away: set[int] = set()
    unavailable: set[int] = set()
    wishes: list[Wish] = []
    pins: dict[int, str] = {}
    for entry in plan.availability:
        if entry.agent != row.agent:
            continue
        last = entry.to or entry.from_
        code, at, start = entry.shift.partition("@")
        named = codes.get(f"{code}@{start.rjust(5, '0')}", entry.shift) if at else entry.shift
        for k in range((last - entry.from_).days + 1):
            day = grid.day(entry.from_ + dt.timedelta(days=k))
            if not 0 <= day < grid.days:
                continue
            if entry.kind in ("leave", "sick", "training"):
                paid_away.add(day)
            elif entry.kind == "unavailable":
                unavailable.add(day)
            elif entry.kind == "pin":
                is_off = entry.shift == OFF and not any(c.startswith(f"{OFF}@") for c in codes)
                pins[day] = "" if is_off else named
            else:
                shift = named if entry.kind == "shift_request" else ""
                wishes.append(Wish(day, shift, entry.weight))
    if row.hired is not None:
        unavailable |= {d for d in range(grid.days) if grid.date(d) < row.hired}
    return Agent(
        name=row.agent,
        group=group,
        team=row.team or row.contract,
        speed=pace,
        paid_away=frozenset(paid_away),
        unavailable=frozenset(unavailable),
        wishes=tuple(wishes),
        pins=pins,
        carried_weekends=row.carried_weekends,
        carried_nights=row.carried_nights,
    )
