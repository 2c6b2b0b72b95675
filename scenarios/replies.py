"""Promises to reply: several on one queue, what waits when the plan begins, and campaigns.

A queue may promise "90 % in 4 h and 99 % in 24 h". People work such contacts off by the first of
these deadlines; each share is planned for, simulated and judged by itself. Contacts known ahead
come on top of the forecast: a backlog by age, and campaigns with a window of days. They are
contacts of the queue like others, but nothing follows from them (no repeats, escalations or
call-backs).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenarios.errors import PlannerError
from solver.problem import DeferredQueue
from staffing.calendar import deadline_s
from staffing.deferred import due_interval, earliest_deadline_first
from staffing.promises import Promise, Slices, late_slices, sliced
from staffing.queues import SECONDS, Measure, Queue, Target
from staffing.simulation import Batch, LaterPromise
from staffing.timegrid import TimeGrid

if TYPE_CHECKING:
    from scenarios.demand import Demand
    from scenarios.plan import Plan

# Tells whether a queue, by number, opens on a date.
OpenDays = Callable[[int, dt.date], bool]
_DAY_S = 86400.0
# Rough lengths of units that run on a business clock, to tell the earlier of two promises.
_ROUGH_S = SECONDS | {"open_h": 3 * 3600.0, "business_day": 1.4 * _DAY_S}


@dataclass(frozen=True)
class Known:
    """Contacts of a queue that are known ahead.

    `arrived_s` is the moment from which the queue's limits count (before 0: they came before the
    plan's first midnight), `released` the interval from which they may be worked on, `due_s` the
    end of a campaign's window; None where the limits of the queue's promises hold.
    """

    queue: int
    contacts: int
    arrived_s: float
    released: int = 0
    due_s: float | None = None


def in_order(targets: Sequence[Target]) -> tuple[Target, ...]:
    """Targets as they stand, but the promises to reply among them the earliest first."""
    replies = [t for t in targets if t.measure is Measure.REPLIED_WITHIN]
    by_limit = iter(sorted(replies, key=lambda t: t.limit * _ROUGH_S.get(t.unit, 1.0)))
    return tuple(next(by_limit) if t.measure is Measure.REPLIED_WITHIN else t for t in targets)


def reply_targets(queue: Queue) -> tuple[Target, ...]:
    """Promises to reply of a queue, one for each limit, the earliest first.

    Of several shares within one limit (by day and by week) the largest is planned for.
    """
    found: dict[str, Target] = {}
    for target in queue.targets:
        if target.measure is Measure.REPLIED_WITHIN:
            known = found.get(target.key)
            found[target.key] = target if known is None or target.share > known.share else known
    return tuple(found.values())


def known_contacts(
    plan: Plan, grid: TimeGrid, queues: Sequence[Queue], masks: np.ndarray, opens: OpenDays
) -> tuple[tuple[Known, ...], tuple[str, ...]]:
    """Contacts of the plan's tables `backlog` and `campaigns`, and what to say of them.

    Parameters
    ----------
    masks
        When each queue is open, (Q, T).
    opens
        Tells whether a queue (by number) opens on a date.

    Raises
    ------
    PlannerError
        If a campaign's queue is never open in its window.
    """
    number = {queue.name: k for k, queue in enumerate(queues)}
    found, notices = [], []
    for row in plan.backlog:
        found.append(Known(number[row.queue], row.contacts, -3600.0 * row.age_h))
    for row in plan.campaigns:
        k = number[row.queue]
        first = max(row.from_, grid.start)
        last = row.to or grid.date(grid.days - 1)
        if first > grid.date(grid.days - 1) or last < grid.start:
            notices.append(f"campaign {row.campaign} lies outside the days planned")
            continue
        window = [grid.day(first), min(grid.day(last), grid.days - 1) + 1]
        at = np.flatnonzero(masks[k, window[0] * grid.per_day : window[1] * grid.per_day])
        if not len(at):
            msg = f"campaign {row.campaign}: {row.queue} is never open from {first} to {last}"
            raise PlannerError(msg)
        at += window[0] * grid.per_day
        contacts, due_s = row.contacts, None
        if row.to is not None:
            due_s = float((at[-1] + 1) * grid.interval_s)
            days = [first + dt.timedelta(days=d) for d in range((last - first).days + 1)]
            inside = sum(opens(k, day) for day in days if grid.day(day) < grid.days)
            beyond = sum(opens(k, day) for day in days) - inside
            if beyond:
                # Days beyond the plan's do their part.
                contacts = max(1, round(row.contacts * inside / (inside + beyond)))
                notices.append(
                    f"campaign {row.campaign} runs beyond the days planned: {contacts} of its "
                    f"{row.contacts} contacts are to be made within them"
                )
        found.append(Known(k, contacts, float(at[0] * grid.interval_s), int(at[0]), due_s))
    return tuple(found), tuple(notices)


def deferred_queues(
    demand: Demand,
    k: int,
    work_h: np.ndarray,
    reserve: np.ndarray,
    price: Callable[[Target], float],
) -> Iterator[DeferredQueue]:
    """State a queue that promises to reply for the solver: a part of the work for each promise.

    The last promise takes all that the others leave: whatever its share, nothing is left undone.
    """
    grid, targets = demand.grid, reply_targets(demand.queues[k])
    due = np.array([_due(demand, k, target) for target in targets])
    shares = [*(target.share for target in targets[:-1]), 1.0]
    parts = sliced(work_h, [Promise(s, d) for s, d in zip(shares, due, strict=True)])
    own = [known for known in demand.known if known.queue == k]
    opening: list[list[tuple[float, int]]] = [[] for _ in targets]
    for known in own:
        if known.released == 0 and known.due_s is None:
            for place, hours, by in _parts_of(demand, known, targets, shares, due):
                opening[place].append((hours, by))
    for place, target in enumerate(targets):
        yield DeferredQueue(
            queue=k,
            key=target.key,
            work_h=parts.work_h[place],
            due=parts.due[place],
            open_mask=demand.open_masks[k],
            reserve=reserve,
            price=price(target),
            hard=target.hard,
            opening=tuple(opening[place]),
        )
    for known in own:
        if known.released == 0 and known.due_s is None:
            continue
        by = _interval_due(grid, due_s_of(demand, known, targets[-1]))
        campaign_h = np.zeros(grid.size)
        campaign_h[known.released] = known.contacts * mean_aht_s(demand, k) / 3600
        yield DeferredQueue(
            queue=k,
            key=targets[-1].key,
            work_h=campaign_h,
            due=np.maximum(by, np.arange(grid.size)),
            open_mask=demand.open_masks[k],
            reserve=reserve,
            price=price(targets[-1]),
            hard=targets[-1].hard,
            given_h=(by + 1 - known.released) * grid.interval_h,
        )


def _parts_of(
    demand: Demand,
    known: Known,
    targets: Sequence[Target],
    shares: Sequence[float],
    due: np.ndarray,
) -> Iterator[tuple[int, float, int]]:
    """Split a backlog by its promises: which, hours, and the interval by which they are due.

    What is late for one promise is due by the next; what is late for all is given the last one's
    time anew.
    """
    hours = known.contacts * mean_aht_s(demand, known.queue) / 3600
    carried, promised = 0.0, 0.0
    for place, target in enumerate(targets):
        carried += max(0.0, shares[place] - promised) * hours
        promised = max(promised, shares[place])
        due_s = due_s_of(demand, known, target)
        is_last = place == len(targets) - 1
        if due_s > 0 or is_last:
            if carried > 0:
                by = _interval_due(demand.grid, due_s) if due_s > 0 else int(due[place, 0])
                yield place, carried, min(by, int(due[place, 0]))
            carried = 0.0


def _due(demand: Demand, k: int, target: Target) -> np.ndarray:
    hours = demand.hours_of(demand.queues[k])
    return due_interval(demand.grid, target.limit, target.unit, hours, demand.calendar)


def _interval_due(grid: TimeGrid, due_s: float) -> int:
    """Last interval that ends by a moment, the first one at least, T where it lies beyond."""
    return int(np.clip(np.floor(due_s / grid.interval_s + 1e-9) - 1, 0, grid.size))


def due_s_of(demand: Demand, known: Known, target: Target) -> float:
    """Deadline of contacts known ahead, in seconds from the plan's first midnight."""
    if known.due_s is not None:
        return known.due_s
    grid = demand.grid
    # The clock may have begun to run before the horizon does.
    before = max(0, -int(known.arrived_s // _DAY_S))
    longer = TimeGrid(grid.date(-before), grid.days + before, grid.interval_min)
    arrived_s = np.array([known.arrived_s + before * _DAY_S])
    hours = demand.hours_of(demand.queues[known.queue])
    due_s = deadline_s(arrived_s, target.limit, target.unit, hours, demand.calendar, longer)
    return float(due_s[0]) - before * _DAY_S


def mean_aht_s(demand: Demand, k: int) -> float:
    """Handle time of a queue over all that arrives, for contacts without an interval."""
    arrivals, aht_s = demand.work.arrivals[k], demand.work.aht_s[k]
    total = float(arrivals.sum())
    return float((arrivals * aht_s).sum()) / total if total > 0 else demand.queues[k].aht_s


def batches(demand: Demand) -> tuple[Batch, ...]:
    """Contacts known ahead, as the simulation takes them."""
    return tuple(
        Batch(
            known.queue,
            known.contacts,
            float(known.released * demand.grid.interval_s),
            due_s_of(demand, known, reply_targets(demand.queues[known.queue])[0]),
            mean_aht_s(demand, known.queue),
        )
        for known in demand.known
    )


def later_promises(demand: Demand) -> tuple[LaterPromise, ...]:
    """Every promise to reply but the first of each queue, as the simulation takes them."""
    grid = demand.grid
    edges = np.arange(grid.size + 1) * float(grid.interval_s)
    found = []
    for k, queue in enumerate(demand.queues):
        hours = demand.hours_of(queue)
        for target in reply_targets(queue)[1:]:
            own = [
                due_s_of(demand, known, target) if known.queue == k else np.inf
                for known in demand.known
            ]
            due_s = deadline_s(edges, target.limit, target.unit, hours, demand.calendar, grid)
            found.append(LaterPromise(k, target.key, due_s, np.array(own)))
    return tuple(found)


def replied_in_model(
    demand: Demand, k: int, target: Target, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Hours late for a promise, and hours in all, by interval of arrival or release, (T,) each.

    What is late before it may be begun is worked off and counts for neither.

    Parameters
    ----------
    positions
        People's time on the queue, (T,).
    """
    grid = demand.grid
    work_h = demand.work.arrivals[k] * demand.work.aht_s[k] / 3600
    due, capacity_h = _due(demand, k, target), positions * grid.interval_h
    own = [known for known in demand.known if known.queue == k]
    if not own:
        served = earliest_deadline_first(work_h, due, capacity_h, demand.open_masks[k])
        return served.late_h, work_h
    known_h = np.zeros((len(own), grid.size))
    known_due = np.full(known_h.shape, grid.size)
    hopeless = np.zeros(len(own) + 1, dtype=bool)
    for place, known in enumerate(own):
        due_s = due_s_of(demand, known, target)
        hopeless[place] = due_s <= known.released * grid.interval_s
        known_h[place, known.released] = known.contacts * mean_aht_s(demand, k) / 3600
        known_due[place] = -1 if hopeless[place] else _interval_due(grid, due_s)
    slices = Slices(np.vstack([known_h, work_h]), np.vstack([known_due, due]))
    late = late_slices(slices, capacity_h, demand.open_masks[k])
    return late[~hopeless].sum(axis=0), slices.work_h[~hopeless].sum(axis=0)
