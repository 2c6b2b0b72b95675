"""The programme of hiring: people, hours and purchases as columns, their terms as rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.hiring.problem import SMALL_H, HiringProblem, Staff, Work
from solver.linear import INF, LinearModel
from solver.problem import ContractKind, Floats, Ints


@dataclass
class Columns:
    """Numbers of columns and rows by meaning; -1 where there is none."""

    people: Ints
    hires: Ints
    classes: Ints
    regular: Ints
    bought: dict[int, Ints]  # staff -> (segments, M)
    weeks: Ints
    overtime: Ints
    productive: Ints
    worked: Ints
    short: Ints
    needs: Ints


def build(problem: HiringProblem) -> tuple[LinearModel, Columns]:
    """State a problem as a mixed integer programme; its columns and rows by meaning."""
    model, months = LinearModel(), problem.months
    staff, queues = len(problem.staff), len(problem.works)
    tiers = max((len(s.overtime) for s in problem.staff), default=0)

    def none(*shape: int) -> Ints:
        return np.full(shape, -1, dtype=np.int64)

    c = Columns(
        people=none(staff, months),
        hires=none(staff, months),
        classes=none(staff, months),
        regular=none(staff, months),
        bought={},
        weeks=none(staff, months),
        overtime=none(staff, tiers, months),
        productive=none(staff, months),
        worked=none(staff, queues, months),
        short=none(queues + len(problem.posts), months),
        needs=none(queues, months),
    )
    for s, one in enumerate(problem.staff):
        c.productive[s] = model.add_columns(months)
        if one.is_bought:
            _add_bought(model, c, s, one)
        else:
            _add_roll(model, c, s, one)
            _add_hours(model, c, s, one)
        for q in np.flatnonzero(one.speed > 0).tolist():
            c.worked[s, q] = model.add_columns(months)
        for m in range(months):
            time_rows(model, problem, one, c.worked[s, :, m], int(c.productive[s, m]), 1.0, m)
    for q, work in enumerate(problem.works):
        c.short[q] = model.add_columns(months, cost=problem.shortage_price)
        c.needs[q] = model.add_rows(months, lower=work.hours)
        model.put(c.needs[q], c.short[q], 1.0)
        for s in np.flatnonzero(c.worked[:, q, 0] >= 0).tolist():
            model.put(c.needs[q], c.worked[s, q], problem.staff[s].speed[q])
    for p, post in enumerate(problem.posts, start=queues):
        c.short[p] = model.add_columns(months, cost=problem.shortage_price)
        rows = model.add_rows(months, lower=post.hours)
        model.put(rows, c.short[p], 1.0)
        for s in post.staff:
            model.put(rows, c.productive[s], 1.0)
    return model, c


def _add_roll(model: LinearModel, c: Columns, s: int, one: Staff) -> None:
    """People on the roll, hires in classes."""
    months = len(one.price)
    temporary = one.kind is ContractKind.TEMPORARY
    most = most_people(one)
    c.people[s] = model.add_columns(
        months,
        lower=one.people_min if temporary else 0.0,
        upper=most,
        cost=one.salary,
        integer=temporary,
    )
    begin = np.arange(months) >= one.first_hire
    c.hires[s] = model.add_columns(
        months, upper=np.where(begin, np.ceil(most), 0.0), cost=one.hire_cost, integer=True
    )
    roll = model.add_rows(months, lower=-one.joins, upper=INF if temporary else -one.joins)
    stays = 1 - one.attrition
    # Temporary people may leave in any month; those who come are hires.
    model.put(roll, c.people[s], -1.0)
    model.put(roll, c.hires[s], 1.0)
    model.put(roll[1:], c.people[s, :-1], 1.0 if temporary else stays[1:])
    if one.people > 0:
        first = model.add_columns(1, lower=1.0, upper=1.0)[0]
        model.put(roll[0], first, one.people * (1.0 if temporary else stays[0]))
    if one.class_min > 1 or one.class_max > 0 or one.class_cost > 0:
        per = one.class_max or int(np.ceil(most.max(initial=0.0))) or 1
        c.classes[s] = model.add_columns(
            months, upper=np.ceil(most), cost=one.class_cost, integer=True
        )
        rows = model.add_rows(2 * months, lower=0.0)
        model.put(rows[:months], c.hires[s], 1.0)
        model.put(rows[:months], c.classes[s], -float(one.class_min))
        model.put(rows[months:], c.hires[s], -1.0)
        model.put(rows[months:], c.classes[s], float(per))


def time_rows(
    model: LinearModel,
    problem: HiringProblem,
    staff: Staff,
    worked: Ints,
    given: int,
    times: float,
    month: int,
) -> None:
    """Hours on duty hold the live queues; handling and deferred work fit into them."""
    live = [q for q in np.flatnonzero(worked >= 0) if problem.works[q].live]
    later = [q for q in np.flatnonzero(worked >= 0) if not problem.works[q].live]
    duty, busy = model.add_rows(2, lower=0.0)
    model.put([duty, busy], given, times)
    if live:
        model.put(duty, worked[live], -1.0)
        shares = [busy_share(problem.works[q], month) for q in live]
        model.put(busy, worked[live], -np.array(shares) / staff.occupancy)
    if later:
        model.put(busy, worked[later], -1.0 / staff.occupancy)


def busy_share(work: Work, month: int) -> float:
    """Share of the hours on duty of a month that is handling."""
    return float(work.busy[month] / work.hours[month]) if work.hours[month] > SMALL_H else 1.0


def most_people(one: Staff) -> Floats:
    """People that may be on the roll: those there at the start stay, whatever the most."""
    if one.kind is ContractKind.TEMPORARY:
        return one.people_max
    there, most = one.people, one.people_max.copy()
    for month in range(len(most)):
        there = there * (1 - one.attrition[month]) + one.joins[month]
        most[month] = max(most[month], there)
    return most


def _add_hours(model: LinearModel, c: Columns, s: int, one: Staff) -> None:
    """Paid hours within the contract, overtime, and what of them is productive."""
    months = len(one.price)
    c.regular[s] = model.add_columns(months, cost=one.price)
    low, high = model.add_rows(months, lower=0.0), model.add_rows(months, upper=0.0)
    model.put(low, c.regular[s], 1.0)
    model.put(low, c.people[s], -one.hours_min)
    model.put(high, c.regular[s], 1.0)
    model.put(high, c.people[s], -one.hours_max)
    lost_h = np.zeros(months)
    for begun in np.flatnonzero(one.joins).tolist():
        for month, hours in losses(one, begun):
            lost_h[month] += hours * one.joins[begun]
    gives = model.add_rows(months, upper=-one.productive * lost_h)
    model.put(gives, c.productive[s], 1.0)
    model.put(gives, c.regular[s], -one.productive)
    for number, tier in enumerate(one.overtime):
        c.overtime[s, number] = model.add_columns(months, cost=tier.price)
        within = model.add_rows(months, upper=0.0)
        model.put(within, c.overtime[s, number], 1.0)
        model.put(within, c.people[s], -tier.hours)
        model.put(gives, c.overtime[s, number], -one.productive)
    for begun in range(months):
        for month, hours in losses(one, begun):
            model.put(gives[month], c.hires[s, begun], one.productive[month] * hours)


def losses(one: Staff, hired: int) -> list[tuple[int, float]]:
    """Month and hours lost there by each person hired in a month."""
    months, found, stays = len(one.price), [], 1.0
    for later, share in enumerate(one.ramp):
        month = hired + later
        if month >= months:
            break
        if later:
            stays *= 1 - float(one.attrition[month])
        # Temporary people may have left by then; their ramp is a part of `productive`.
        if later and one.kind is ContractKind.TEMPORARY:
            break
        found.append((month, float(share * stays * one.hours_max[month])))
    return found


def _add_bought(model: LinearModel, c: Columns, s: int, one: Staff) -> None:
    """Outsourced hours: weeks in which they are bought, at least so many, the price by steps."""
    months = len(one.price)
    prices = [one.price, *(np.full(months, step.price) for step in one.steps)]
    cap = one.people_max * one.hours_max
    parts = np.array([model.add_columns(months, upper=cap, cost=price) for price in prices])
    c.bought[s] = parts
    c.weeks[s] = model.add_columns(months, upper=np.ceil(one.weeks - 1e-9), integer=True)
    total = model.add_rows(months, upper=cap)
    model.put(total, parts, 1.0)
    by_week = np.divide(cap, one.weeks, out=np.zeros(months), where=one.weeks > 0)
    within = model.add_rows(months, upper=0.0)
    model.put(within, parts, 1.0)
    model.put(within, c.weeks[s], -by_week)
    if one.purchase_min_h > 0:
        least = model.add_rows(months, lower=0.0)
        model.put(least, parts, 1.0)
        any_bought = c.weeks[s]
        if one.purchase_by_month:
            any_bought = model.add_columns(months, upper=1.0, integer=True)
            rows = model.add_rows(months, upper=0.0)
            model.put(rows, c.weeks[s], 1.0)
            model.put(rows, any_bought, -np.ceil(one.weeks - 1e-9))
        model.put(least, any_bought, -one.purchase_min_h)
    before = 0.0
    for number, step in enumerate(one.steps):
        # A part is at most its width in each week, and is full before the next begins.
        width, before = step.from_h - before, step.from_h
        most = model.add_rows(months, upper=0.0)
        model.put(most, parts[number], 1.0)
        model.put(most, c.weeks[s], -width)
        begun = model.add_columns(months, upper=1.0, integer=True)
        reach = width * np.ceil(one.weeks - 1e-9)
        full = model.add_rows(months, lower=-reach)
        model.put(full, parts[number], 1.0)
        model.put(full, c.weeks[s], -width)
        model.put(full, begun, -reach)
        opens = model.add_rows(months, upper=0.0)
        model.put(opens, parts[number + 1], 1.0)
        model.put(opens, begun, -cap)
    gives = model.add_rows(months, upper=0.0)
    model.put(gives, c.productive[s], 1.0)
    model.put(gives, parts, -one.productive)
