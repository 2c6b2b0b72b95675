"""Work that waits for a deadline instead of a person who waits: e-mail, tickets, project hours.

Such work is never a head-count by interval. It is released, it falls due, and it is done at any
open time between: a capacity is enough if the work done by each moment is at least what is due by
then and at most what has arrived (the demand bound of earliest-deadline-first; Baruah, Mok, Rosier
1990).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from staffing.calendar import Calendar, OpeningHours, deadline_s
from staffing.timegrid import TimeGrid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Hours of work below this are rounding of floats, not work.
_NOTHING_H = 1e-9


@dataclass(frozen=True)
class Served:
    """How a capacity works off deferred work, in hours by interval, each (T,).

    `served_h` is done in the interval, `late_h` is the part of the work that arrived in the
    interval and was not done by its deadline, `backlog_h` waits at the interval's end.
    """

    served_h: Floats
    late_h: Floats
    backlog_h: Floats


def due_interval(
    grid: TimeGrid, target_limit: float, unit: str, hours: OpeningHours, calendar: Calendar
) -> Ints:
    """Interval by whose end the contacts of each interval must be done.

    The deadline is that of a contact arriving at the interval's start (the strictest), and the
    interval is the last one that ends by it: at least the contact's own, `grid.size` where the
    deadline lies beyond the horizon.

    Parameters
    ----------
    target_limit, unit
        The promise, as for `staffing.calendar.deadline_s`.

    Returns
    -------
    (grid.size,), never falling.
    """
    own = np.arange(grid.size)
    starts_s = own.astype(np.float64) * grid.interval_s
    deadlines = deadline_s(starts_s, target_limit, unit, hours, calendar, grid)
    last = np.floor(np.minimum(deadlines / grid.interval_s, grid.size + 1) + 1e-9) - 1
    return np.maximum(last.astype(np.int64), own)


def next_open(open_mask: Bools) -> Ints:
    """First open interval at or after each, (T,); T where none follows."""
    size = len(open_mask)
    at = np.where(open_mask, np.arange(size), size)
    return np.minimum.accumulate(at[::-1])[::-1].astype(np.int64)


def released(arrivals: Floats, opening: Ints) -> Floats:
    """Arrivals moved to the intervals at which they are let in, (T,).

    `opening` is that interval for each, as `next_open` gives it; what would be let in beyond the
    horizon is left out.
    """
    size = len(arrivals)
    moved: Floats = np.bincount(opening, arrivals, size + 1)[:size].astype(np.float64)
    return moved


def cumulative(work_h: Floats, due: Ints) -> tuple[Floats, Floats]:
    """Hours that have arrived, and that are due, by the end of each interval, (T,) each.

    With deadlines in the order of arrival, work can be done on time exactly if the hours served by
    the end of each interval lie between the two.
    """
    size = len(work_h)
    due_h = np.bincount(np.minimum(due, size), weights=work_h, minlength=size + 1)[:size]
    return np.cumsum(work_h), np.cumsum(due_h)


def demand_bound_ok(work_h: Floats, due: Ints, capacity_h: Floats) -> bool:
    """Whether a capacity can do all work by its deadline.

    For every stretch of intervals, the work that both arrives and falls due within must not exceed
    the capacity within. O(T^2); deadlines in any order.
    """
    size = len(work_h)
    capacity = np.concatenate([[0.0], np.cumsum(capacity_h)])
    demand = np.zeros(size + 1)
    for first in range(size - 1, -1, -1):
        if due[first] < size:
            demand[due[first] + 1 :] += work_h[first]
        room = capacity[first + 1 :] - capacity[first]
        if (demand[first + 1 :] > room + _NOTHING_H).any():
            return False
    return True


def earliest_deadline_first(
    work_h: Floats, due: Ints, capacity_h: Floats, open_mask: Bools | None = None
) -> Served:
    """Work off deferred work, the earliest deadline first, the older first among equals.

    No other order is on time where this one is late (Liu and Layland 1973), so it judges a
    capacity. Late work is still done.

    Parameters
    ----------
    work_h
        Hours of work arriving in each interval, (T,); it may be done in the same interval.
    due
        Interval by whose end it must be done, (T,); T or more if beyond the horizon.
    capacity_h
        Hours of capacity in each interval, (T,).
    open_mask
        Intervals in which work may be done, (T,); all if None.
    """
    size = len(work_h)
    capacity = np.asarray(capacity_h, dtype=float)
    if open_mask is not None:
        capacity = np.where(open_mask, capacity, 0.0)
    left = np.array(work_h, dtype=float)
    served, late, backlog = np.zeros(size), np.zeros(size), np.zeros(size)
    waiting: list[tuple[int, int]] = []
    total = 0.0
    for now in range(size):
        if left[now] > 0:
            heapq.heappush(waiting, (int(due[now]), now))
            total += left[now]
        room = capacity[now]
        while waiting and room > 0:
            deadline, arrived = waiting[0]
            done = min(room, left[arrived])
            left[arrived] -= done
            room -= done
            served[now] += done
            if now > deadline:
                late[arrived] += done
            if left[arrived] <= 0:
                heapq.heappop(waiting)
        total -= served[now]
        backlog[now] = max(total, 0.0)
    never = np.asarray(due) < size
    late[never] += left[never]
    late[late < _NOTHING_H] = 0.0
    return Served(served, late, backlog)


def weekly_work(grid: TimeGrid, hours_per_week: float, open_mask: Bools) -> tuple[Floats, Ints]:
    """Work of so many hours a week (a knowledge base to be kept), due by the week's end.

    The hours are released at the first open interval of each week of the grid; a last week cut
    short has its share by days; a week that is never open has none.

    Returns
    -------
    work_h, due
        (T,) each, as `earliest_deadline_first` takes them.
    """
    week = grid.period_of_interval("week")
    last = np.minimum((np.arange(grid.weeks) + 1) * 7 * grid.per_day, grid.size) - 1
    work_h = np.zeros(grid.size)
    for number in range(grid.weeks):
        inside = np.flatnonzero((week == number) & open_mask)
        if inside.size:
            days = (week == number).sum() / grid.per_day
            work_h[inside[0]] = hours_per_week * days / 7
    return work_h, last[week].astype(np.int64)
