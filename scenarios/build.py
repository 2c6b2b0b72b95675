"""From a plan and its demand to the solver's problem and the simulation's scene."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scenarios.demand import Demand
from scenarios.people import (
    groups_and_agents,
    overtime_factor,
    overtime_tiers,
    premiums,
    price_steps,
    rules,
)
from scenarios.replies import deferred_queues
from solver.problem import (
    DayHeads,
    DeferredQueue,
    Group,
    LivePool,
    LiveQueue,
    Presence,
    Problem,
    ServiceGoal,
)
from staffing.curves import ServiceCurve, floor_positions, service_curve
from staffing.deferred import due_interval, weekly_work
from staffing.queues import Measure, Queue, QueueKind, Target
from staffing.simulation import Scene

if TYPE_CHECKING:
    from scenarios.plan import Plan

DEFAULT_TARGET_S = 20.0
# Prices of what is missing, in hours of the dearest wage: a contact not in time, an hour of a
# person under a floor or at a post, an hour of work late by an hour. High enough that missing a
# firm promise never pays, low enough to stay in a solver's sight.
_CONTACT_PRICE_H = 100.0
_PERSON_PRICE_H = 30.0
_LATE_PRICE_H = 10.0
FIRST_RESERVE = 0.05


@dataclass(frozen=True)
class Corrections:
    """What simulations have taught: by goal the change of its level, by queue the reserve.

    `level` maps a goal's key and period to (periods,) differences to the promise, `reserve` a
    deferred queue's name to (weeks,) shares of work on top, `seats` a group's pattern on a day to
    the number of its seats that found a name where one stayed empty.
    """

    level: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    reserve: dict[str, np.ndarray] = field(default_factory=dict)
    seats: dict[tuple[int, int, int], int] = field(default_factory=dict)


def build_problem(plan: Plan, demand: Demand, corrections: Corrections | None = None) -> Problem:
    """State a plan for the solver."""
    corrections = corrections or Corrections()
    shifts, groups, agents = groups_and_agents(plan, demand)
    wage = max((g.contract.hourly_base for g in groups), default=1.0) or 1.0
    return Problem(
        grid=demand.grid,
        calendar=demand.calendar,
        queues=tuple(q.name for q in demand.queues),
        patterns=shifts,
        groups=groups,
        agents=agents,
        pools=_pools(plan, demand, groups, corrections, wage),
        deferred=_deferred(demand, corrections, wage),
        presence=_presence(demand, wage),
        day_heads=_day_heads(plan, demand, wage),
        rules=rules(plan),
        premiums=premiums(plan, demand),
        price_steps=price_steps(plan),
        overtime_factor=overtime_factor(plan),
        overtime_tiers=overtime_tiers(plan),
        occupancy_max=plan.settings.service.occupancy_max,
        high_price=_PERSON_PRICE_H * wage,
        most_seats=tuple((*seat, most) for seat, most in corrections.seats.items()),
    )


def _pools(
    plan: Plan,
    demand: Demand,
    groups: tuple[Group, ...],
    corrections: Corrections,
    wage: float,
) -> tuple[LivePool, ...]:
    """Live queues that the same people serve at the same pace and as many at once."""
    members: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for k, queue in enumerate(demand.queues):
        if queue.kind is QueueKind.LIVE:
            paces = tuple(round(float(g.speed[k]), 6) for g in groups)
            members[queue.at_once, paces].append(k)
    return tuple(_pool(plan, demand, numbers, corrections, wage) for numbers in members.values())


def _pool(
    plan: Plan, demand: Demand, numbers: list[int], corrections: Corrections, wage: float
) -> LivePool:
    grid, service = demand.grid, plan.settings.service
    arrivals = demand.work.arrivals[numbers]
    offered = arrivals.sum(axis=0)
    work_s = (arrivals * demand.work.aht_s[numbers]).sum(axis=0)
    usual = float(work_s.sum() / max(offered.sum(), 1e-12)) or 300.0
    aht_s = np.where(offered > 0, work_s / np.maximum(offered, 1e-12), usual)
    weights = arrivals.sum(axis=1) / max(arrivals.sum(), 1e-12)
    # Impatience adds up by rate: the mean rate at which one waiting contact leaves.
    patience_s = np.array([demand.queues[k].patience_s for k in numbers])
    leaving = float((weights / patience_s).sum())
    redials = np.array([demand.queues[k].redial_share for k in numbers])
    redial_share = float((weights / patience_s * redials).sum() / leaving) if leaving > 0 else 0.0
    open_mask = demand.open_masks[numbers].any(axis=0)
    at_once = demand.queues[numbers[0]].at_once
    curves = {
        seconds: service_curve(
            offered,
            aht_s,
            interval_min=grid.interval_min,
            target_s=seconds,
            patience_s=1 / leaving if leaving > 0 else np.inf,
            at_once=at_once,
            aht_cv=_mixed_aht_cv(demand, numbers),
            rate_cv=_mixed_rate_cv(demand.day_cv[numbers], weights),
            redial_share=redial_share,
            open_mask=open_mask,
        )
        for seconds in {target_s(demand.queues[k]) for k in numbers}
    }
    shares = np.divide(arrivals, offered, out=np.zeros_like(arrivals), where=offered > 0)
    # All wait in one line for about the same time: who gives up goes by contacts over patience.
    hasty = shares / patience_s[:, None]
    gone = hasty.sum(axis=0)
    leaves = np.divide(hasty, gone, out=np.zeros_like(hasty), where=gone > 0)
    queues, floor = [], np.zeros(grid.size, dtype=np.int64)
    idle = np.zeros(grid.size)
    for k, share, leave in zip(numbers, shares, leaves, strict=True):
        queue = demand.queues[k]
        curve = curves[target_s(queue)]
        floor = np.maximum(
            floor,
            floor_positions(curve, service.floor, service.present_min, demand.open_masks[k]),
        )
        idle = np.maximum(idle, _idle_share(curve))
        goals = _goals(demand, queue, k, corrections, wage)
        queues.append(LiveQueue(k, curve, share, leave, goals))
    return LivePool(
        name=" + ".join(demand.queues[k].name for k in numbers),
        queues=tuple(queues),
        load=work_s / grid.interval_s / at_once,
        floor=floor,
        idle_share=idle,
        price=_PERSON_PRICE_H * wage,
    )


def target_s(queue: Queue) -> float:
    """Seconds within which a live contact is in time."""
    target = queue.target(Measure.ANSWERED_WITHIN)
    return target.limit_s if target is not None else DEFAULT_TARGET_S


def _mixed_aht_cv(demand: Demand, numbers: list[int]) -> float:
    """Coefficient of variation of the handle times of a line's mix of contacts."""
    contacts = demand.work.arrivals[numbers]
    weight = contacts / max(contacts.sum(), 1e-12)
    aht_s = demand.work.aht_s[numbers]
    own_cv = np.array([[demand.queues[k].aht_cv] for k in numbers])
    mean = float((weight * aht_s).sum())
    square = float((weight * aht_s**2 * (1 + own_cv**2)).sum())
    return float(np.sqrt(max(0.0, square / mean**2 - 1))) if mean > 0 else 1.0


def _mixed_rate_cv(day_cv: np.ndarray, weights: np.ndarray) -> float:
    """Day-to-day uncertainty of a line's volume, whose queues move together in part."""
    spread = day_cv * weights
    common = Scene.shared_day_factor
    return float(np.sqrt(common * spread.sum() ** 2 + (1 - common) * (spread**2).sum()))


def _idle_share(curve: ServiceCurve) -> np.ndarray:
    """Share of a position's time that waits, where nine in ten are answered in time."""
    share = curve.in_time / np.maximum(curve.offered[:, None], 1e-12)
    usual = np.argmax(share >= min(0.9, float(share.max(initial=0.0))), axis=1)
    usual = np.maximum(usual, 1)
    busy = np.take_along_axis(curve.busy, usual[:, None], axis=1)[:, 0]
    return np.where(curve.offered > 0, np.clip(1 - busy / usual, 0.0, 1.0), 1.0)


def _goals(
    demand: Demand, queue: Queue, number: int, corrections: Corrections, wage: float
) -> tuple[ServiceGoal, ...]:
    kinds = {
        Measure.ANSWERED_WITHIN: "in_time",
        Measure.ABANDONED: "abandoned",
        Measure.MEAN_WAIT: "wait",
    }
    goals = []
    for target in queue.targets:
        if target.measure not in kinds:
            continue
        period_of = demand.grid.period_of_interval(target.period)
        periods = int(period_of.max()) + 1
        promised = promise(target)
        change = corrections.level.get((target.key, target.period), np.zeros(periods))
        ceiling = 0.998 if target.measure is Measure.ANSWERED_WITHIN else np.inf
        goals.append(
            ServiceGoal(
                queue=number,
                key=target.key,
                measure=kinds[target.measure],
                promised=promised,
                level=np.clip(promised + change, 0.0, ceiling),
                period=target.period,
                period_of=period_of,
                hard=target.hard,
                price=_price(target, _CONTACT_PRICE_H * wage),
            )
        )
    return tuple(goals)


def promise(target: Target) -> float:
    """The number that a target holds a period to: a share, or seconds of waiting."""
    if target.measure is Measure.MEAN_WAIT:
        return target.limit_s
    if target.measure is Measure.ABANDONED:
        return target.limit
    return target.share


def _price(target: Target, firm: float) -> float:
    return firm if target.hard or target.price == 0 else target.price


def _deferred(demand: Demand, corrections: Corrections, wage: float) -> tuple[DeferredQueue, ...]:
    grid = demand.grid
    found = []
    for k, queue in enumerate(demand.queues):
        if queue.kind is not QueueKind.DEFERRED:
            continue
        work_h = demand.work.arrivals[k] * demand.work.aht_s[k] / 3600
        hours = demand.hours_of(queue)
        reserve = np.full(grid.weeks, FIRST_RESERVE)
        weekly = queue.target(Measure.WEEKLY_HOURS)
        if weekly is None and queue.target(Measure.REPLIED_WITHIN) is not None:
            reserve = corrections.reserve.get(queue.name, reserve)
            found += deferred_queues(
                demand, k, work_h, reserve, lambda t: _price(t, _LATE_PRICE_H * wage)
            )
            continue
        if weekly is not None:
            work_h, due = weekly_work(grid, weekly.limit, demand.open_masks[k])
            reserve = np.zeros(grid.weeks)
            target = weekly
        else:
            # Nothing is promised: done within the week.
            due = due_interval(grid, 5, "business_day", hours, demand.calendar)
            target = Target(queue.name, Measure.REPLIED_WITHIN, 5, "business_day", hard=False)
        found.append(
            DeferredQueue(
                queue=k,
                key=target.key,
                work_h=work_h,
                due=due,
                open_mask=demand.open_masks[k],
                reserve=corrections.reserve.get(queue.name, reserve),
                price=_price(target, _LATE_PRICE_H * wage),
                hard=target.hard,
            )
        )
    return tuple(found)


def _presence(demand: Demand, wage: float) -> tuple[Presence, ...]:
    found = []
    for k, queue in enumerate(demand.queues):
        target = queue.target(Measure.PRESENT)
        if target is not None:
            required = np.where(demand.open_masks[k], int(np.ceil(target.limit)), 0)
            found.append(Presence(k, target.key, required, _price(target, _PERSON_PRICE_H * wage)))
    return tuple(found)


def _day_heads(plan: Plan, demand: Demand, wage: float) -> tuple[DayHeads, ...]:
    """People in proportion to the day's requests on the queues that their roles also serve."""
    grid = demand.grid
    number = {q.name: k for k, q in enumerate(demand.queues)}
    found = []
    for k, queue in enumerate(demand.queues):
        target = queue.target(Measure.PER_REQUESTS)
        if target is None:
            continue
        roles = {row.role for row in plan.roles if row.queue == queue.name}
        served = {number[row.queue] for row in plan.roles if row.role in roles}
        served = [j for j in served if demand.queues[j].kind is not QueueKind.POST]
        requests = demand.work.arrivals[served].sum(axis=0).reshape(grid.days, -1).sum(axis=1)
        required = np.ceil(requests * target.limit / target.per - 1e-9).astype(np.int64)
        # Nobody is asked for on days when the post is closed.
        is_open = demand.open_masks[k].reshape(grid.days, -1).any(axis=1)
        found.append(
            DayHeads(
                k,
                target.key,
                np.where(is_open, required, 0),
                _price(target, 8 * _PERSON_PRICE_H * wage),
            )
        )
    return tuple(found)
