"""What a solved programme comes to: people, the fewest hours that give what is needed, money."""

from __future__ import annotations

import numpy as np

from solver.hiring.problem import COST_KINDS, SMALL_H, HiringPlan, HiringProblem, Staff
from solver.hiring.programme import Columns, busy_share, losses
from solver.problem import ContractKind, Floats, Ints

_EMPLOYED = (ContractKind.FULL_TIME, ContractKind.PART_TIME)


def plan_of(
    problem: HiringProblem, c: Columns, values: Floats, bound: float, *, exact: bool = True
) -> HiringPlan:
    """Read a plan off the values of a programme's columns.

    Parameters
    ----------
    exact
        Whether hours are reckoned anew from what is needed, free of a solver's tolerance; else they
        are as solved.
    """

    def of(numbers: Ints) -> Floats:
        return np.asarray(np.where(numbers >= 0, values[np.maximum(numbers, 0)], 0.0))

    months, tiers = problem.months, c.overtime.shape[1]
    people, hires = of(c.people), of(c.hires)
    classes = of(c.classes)
    if exact:
        hires, classes = np.round(hires), np.round(classes)
    regular, overtime = of(c.regular), np.maximum(of(c.overtime), 0.0)
    weeks = np.round(of(c.weeks), 9)
    given = given_hours(problem, np.maximum(of(c.worked), 0.0), np.maximum(of(c.productive), 0.0))
    leavers, ramp = np.zeros_like(people), np.zeros_like(people)
    costs = {kind: np.zeros_like(people) for kind in COST_KINDS}
    for s, one in enumerate(problem.staff):
        if one.is_bought:
            bought = np.array([of(part) for part in c.bought[s]])
            if exact:
                bought = _bought(one, given[s].sum(axis=0), weeks[s])
            regular[s] = bought.sum(axis=0)
            most = np.where(one.hours_max > 0, one.hours_max, 1.0)
            people[s] = regular[s] / most
            costs["wage"][s] = regular[s] * one.price
            for part, step in zip(bought[1:], one.steps, strict=True):
                costs["price_step"][s] += part * (step.price - one.price)
            continue
        was = np.concatenate([[one.people], people[s, :-1]])
        if exact and one.kind in _EMPLOYED:
            # Of the hires alone, so that nothing of a solver's tolerance is left in it.
            for m in range(months):
                was[m] = one.people if m == 0 else people[s, m - 1]
                people[s, m] = was[m] * (1 - one.attrition[m]) + hires[s, m] + one.joins[m]
        leavers[s] = was + hires[s] + one.joins - people[s]
        for begun in range(months):
            for month, lost_h in losses(one, begun):
                ramp[s, month] += lost_h * (hires[s, begun] + one.joins[begun])
        if exact:
            regular[s], overtime[s] = _hours(one, people[s], given[s].sum(axis=0), ramp[s], tiers)
        costs["wage"][s] = regular[s] * one.price
        costs["salary"][s] = people[s] * one.salary
        costs["hire"][s] = hires[s] * one.hire_cost
        costs["class"][s] = classes[s] * one.class_cost
        for number, tier in enumerate(one.overtime):
            costs["overtime"][s] += overtime[s, number] * tier.price
    short = np.maximum(of(c.short), 0.0)
    short[short < SMALL_H] = 0.0
    return HiringPlan(
        people=people,
        hires=hires,
        classes=classes,
        leavers=leavers,
        regular_h=regular,
        overtime_h=overtime,
        ramp_h=ramp,
        given_h=given,
        short_h=short,
        weeks_bought=weeks,
        costs=costs,
        bound=bound,
        shortage_cost=float(short.sum()) * problem.shortage_price,
    )


def _hours(
    one: Staff, people: Floats, needed: Floats, ramp: Floats, tiers: int
) -> tuple[Floats, Floats]:
    """Paid hours and overtime (tiers, M) that give the hours needed: the cheapest first.

    What the programme chose, but for idle hours within its tolerance.
    """
    paid = np.divide(needed, one.productive, out=np.zeros_like(needed), where=one.productive > 0)
    paid = paid + ramp
    regular = np.minimum(one.hours_max * people, np.maximum(one.hours_min * people, paid))
    overtime, left = np.zeros((tiers, len(paid))), np.maximum(0.0, paid - regular)
    for number, tier in enumerate(one.overtime):
        overtime[number] = np.minimum(tier.hours * people, left)
        left = left - overtime[number]
    overtime[overtime < SMALL_H] = 0.0
    return regular, overtime


def _bought(one: Staff, needed: Floats, weeks: Floats) -> Floats:
    """Outsourced hours (steps + 1, M) that give the hours needed, or the least of a purchase."""
    paid = np.divide(needed, one.productive, out=np.zeros_like(needed), where=one.productive > 0)
    lots = np.minimum(weeks, 1.0) if one.purchase_by_month else weeks
    cap = one.people_max * one.hours_max
    paid = np.maximum(one.purchase_min_h * lots, np.minimum(cap, paid))
    paid[paid < SMALL_H] = 0.0
    starts = np.array([0.0, *(step.from_h for step in one.steps)])[:, None] * weeks
    ends = np.concatenate([starts[1:], np.full((1, len(paid)), np.inf)])
    return np.asarray(np.clip(paid, starts, ends) - starts)


def given_hours(problem: HiringProblem, worked: Floats, able: Floats) -> Floats:
    """Productive hours that are needed, by staff, queue or post and month.

    Parameters
    ----------
    worked
        (S, Q, M) hours on queues.
    able
        (S, M) productive hours that there are.
    """
    staff, queues, months = worked.shape
    given = np.zeros((staff, queues + len(problem.posts), months))
    hours = np.array([w.hours for w in problem.works]).reshape(queues, months)
    speed = np.array([one.speed for one in problem.staff]).reshape(staff, queues, 1)
    done = (worked * speed).sum(axis=0)
    # Nobody works more than is asked for.
    worked = worked * np.minimum(
        1.0, np.divide(hours, done, out=np.ones_like(done), where=done > 0)
    )
    live = np.array([w.live for w in problem.works], bool)
    share = np.array([[busy_share(w, m) for m in range(months)] for w in problem.works]).reshape(
        queues, months
    )
    for s, one in enumerate(problem.staff):
        on_duty, later = worked[s][live], worked[s][~live]
        busy = on_duty * share[live]
        idle = on_duty.sum(axis=0) - busy.sum(axis=0)
        waits = np.maximum(0.0, idle - later.sum(axis=0))
        left = np.divide(waits, idle, out=np.zeros(months), where=idle > SMALL_H)
        given[s, np.flatnonzero(live)] = busy + (on_duty - busy) * left
        given[s, np.flatnonzero(~live)] = later
        handling = busy.sum(axis=0) + later.sum(axis=0)
        duty = np.maximum(on_duty.sum(axis=0), handling / one.occupancy)
        total = given[s].sum(axis=0)
        given[s] *= np.divide(duty, total, out=np.ones(months), where=total > SMALL_H)
    for p, post in enumerate(problem.posts):
        members = list(post.staff)
        there = given[members].sum(axis=(0, 1))
        missing = np.maximum(0.0, post.hours - there)
        spare = np.maximum(0.0, able[members] - given[members].sum(axis=1))
        room = spare.sum(axis=0)
        taken = np.divide(
            np.minimum(missing, room), room, out=np.zeros(months), where=room > SMALL_H
        )
        given[members, queues + p] += spare * taken
    return given
