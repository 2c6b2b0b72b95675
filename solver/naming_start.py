"""An instant first assignment of seats to people by minimum-cost flows: days, then patterns.

It looks at days off, hours and rest between shifts, not at every rule: the naming model takes it as
a hint and repairs what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from ortools.graph.python import min_cost_flow

from solver.person import Groundwork
from solver.problem import Agent, Bools, Ints
from solver.rules.limits import GroupLimits
from solver.week_terms import WeekTerms

_BEYOND_OWED = 1000
_LONG_RUN = 60
_WEEKEND_AGAIN = 40
_WISH = 20


def first_assignment(
    base: Groundwork,
    limits: GroupLimits,
    people: Sequence[Agent],
    weeks: Sequence[Sequence[WeekTerms]],
    seats: Ints,
    may: Bools,
) -> Ints:
    """Patterns of people by day, (A, D), -1 where none.

    Parameters
    ----------
    weeks
        Terms of each person (outer) in each plan week.
    seats
        (D, P) seats to be taken.
    may
        (A, D) whether a person can be planned on a day.
    """
    shifts = np.full(may.shape, -1, dtype=np.int64)
    weekends = np.array([agent.carried_weekends for agent in people], dtype=np.int64)
    weekend_days = {d for run in base.weekends for d in run}
    off_wishes = np.zeros(may.shape, dtype=np.int64)
    for a, agent in enumerate(people):
        for wish in agent.wishes:
            if 0 <= wish.day < may.shape[1] and not wish.shift:
                off_wishes[a, wish.day] = _WISH
    for number, week in enumerate(base.weeks):
        cost = off_wishes[:, week.start : week.stop].copy()
        run = _run_before(shifts, week.start)
        for k, day in enumerate(week):
            cost[:, k] += _LONG_RUN * (run + k >= limits.max_consecutive_days)
            if day in weekend_days:
                cost[:, k] += _WEEKEND_AGAIN * weekends
        terms = [person[number] for person in weeks]
        span = slice(week.start, week.stop)
        works = _days_worked(terms, base, seats[span], may[:, span], cost)
        left = np.array([t.hours_max for t in terms])
        for k, day in enumerate(week):
            _patterns_worked(base, limits, shifts, seats, day, np.flatnonzero(works[:, k]), left)
        rest_days = [d for d in week if d in weekend_days]
        weekends += (shifts[:, rest_days] >= 0).any(axis=1)
    return shifts


def _run_before(shifts: Ints, day: int) -> Ints:
    """Days worked in a row up to the day before, (A,)."""
    run = np.zeros(len(shifts), dtype=np.int64)
    going = np.ones(len(shifts), dtype=bool)
    for earlier in range(day - 1, -1, -1):
        going &= shifts[:, earlier] >= 0
        if not going.any():
            break
        run += going
    return run


def _days_worked(
    terms: Sequence[WeekTerms], base: Groundwork, seats: Ints, may: Bools, cost: Ints
) -> Bools:
    """Who works on which day of a week, (A, days), as many seats taken as days allow."""
    a, days = may.shape
    wanted = seats.sum(axis=1)
    mean_h = float((seats * base.paid_min / 60).sum() / max(1, wanted.sum()))
    owed = np.array([max(t.shifts_min, round(t.hours_min / max(mean_h, 0.5))) for t in terms])
    most = np.array([t.shifts_max for t in terms])
    owed = np.minimum(owed, most)
    source, sink = a + days, a + days + 1
    person = np.arange(a)
    who, when = np.nonzero(may)
    ends = a + np.arange(days)
    flow = cheapest_flow(
        tails=np.concatenate([np.full(2 * a, source), who, ends]),
        heads=np.concatenate([person, person, a + when, np.full(days, sink)]),
        room=np.concatenate([owed, most - owed, np.ones(len(who), dtype=np.int64), wanted]),
        cost=np.concatenate(
            [np.zeros(a), np.full(a, _BEYOND_OWED), cost[who, when], np.zeros(days)]
        ),
        source=source,
        sink=sink,
    )
    works = np.zeros(may.shape, dtype=bool)
    works[who, when] = flow[2 * a : 2 * a + len(who)] > 0
    return works


def _patterns_worked(
    base: Groundwork,
    limits: GroupLimits,
    shifts: Ints,
    seats: Ints,
    day: int,
    workers: Ints,
    left: npt.NDArray[np.float64],
) -> None:
    """Seat the workers of a day, in place: rest kept, starts close to those of the day before."""
    offered = np.flatnonzero((seats[day] > 0) & ~limits.banned)
    if not len(workers) or not len(offered):
        return
    before = shifts[workers, day - 1] if day else np.full(len(workers), -1)
    fits = base.paid_min[offered][None, :] / 60 <= left[workers][:, None] + 1e-6
    fits &= ~(limits.forbidden_next[before][:, offered] & (before >= 0)[:, None])
    usual = np.where(before >= 0, base.start_min[before], -1)
    apart = np.abs(base.start_min[offered][None, :] - usual[:, None]) // 15
    apart[usual < 0] = 0
    who, what = np.nonzero(fits)
    w, p = len(workers), len(offered)
    source, sink = w + p, w + p + 1
    flow = cheapest_flow(
        tails=np.concatenate([np.full(w, source), who, w + np.arange(p)]),
        heads=np.concatenate([np.arange(w), w + what, np.full(p, sink)]),
        room=np.concatenate([np.ones(w + len(who), dtype=np.int64), seats[day, offered]]),
        cost=np.concatenate([np.zeros(w), apart[who, what], np.zeros(p)]),
        source=source,
        sink=sink,
    )
    taken = np.flatnonzero(flow[w : w + len(who)] > 0)
    shifts[workers[who[taken]], day] = offered[what[taken]]
    left[workers[who[taken]]] -= base.paid_min[offered[what[taken]]] / 60


def cheapest_flow(
    *,
    tails: Ints,
    heads: Ints,
    room: Ints,
    cost: npt.NDArray[np.float64],
    source: int,
    sink: int,
) -> Ints:
    """Flow on each arc of the cheapest among the largest flows; costs are whole numbers."""
    graph = min_cost_flow.SimpleMinCostFlow()
    arcs = graph.add_arcs_with_capacity_and_unit_cost(tails, heads, room, cost.astype(np.int64))
    supply = int(room[tails == source].sum())
    graph.set_nodes_supplies(np.array([source, sink]), np.array([supply, -supply]))
    status = graph.solve_max_flow_with_min_cost()
    if status != graph.OPTIMAL:
        return np.zeros(len(tails), dtype=np.int64)
    return np.asarray(graph.flows(arcs), dtype=np.int64)
