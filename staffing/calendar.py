"""Opening hours, kinds of day, and the business clocks on which deadlines run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from staffing.timegrid import MINUTES_PER_DAY, TimeGrid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
# A deadline is looked for at most this far beyond the horizon.
_CLOCK_SLACK_DAYS = 21


class DayKind(StrEnum):
    """What a day is to labour law and to a business clock."""

    WORKDAY = "workday"
    REST_DAY = "rest_day"
    HOLIDAY = "holiday"


@dataclass(frozen=True)
class Calendar:
    """Which days are public holidays, made-up working days or closed.

    Parameters
    ----------
    holidays
        Public holidays and their names.
    working_days
        Days that are worked although they fall on a weekend (China's made-up working days).
    closed
        Days on which nothing is open.
    weekend
        Weekday numbers (Monday 0) of the weekly rest days.
    """

    holidays: Mapping[date, str] = field(default_factory=dict)
    working_days: frozenset[date] = frozenset()
    closed: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})

    def kind(self, day: date) -> DayKind:
        """Kind of a day: a made-up working day is a workday, a holiday is one on any weekday."""
        if day in self.working_days:
            return DayKind.WORKDAY
        if day in self.holidays:
            return DayKind.HOLIDAY
        return DayKind.REST_DAY if day.weekday() in self.weekend else DayKind.WORKDAY

    def is_business_day(self, day: date) -> bool:
        """Whether a deadline counted in business days counts this day."""
        return day not in self.closed and self.kind(day) is DayKind.WORKDAY


@dataclass(frozen=True)
class OpeningHours:
    """Weekly opening windows of a queue.

    A public holiday without windows of its own is kept as a Sunday; a made-up working day as a
    Monday.

    Parameters
    ----------
    name
        Name that queues refer to.
    windows
        For each of mon .. sun and holiday, the windows as (opens, closes) in minutes from midnight;
        a window that runs past midnight closes after minute 1440.
    """

    name: str
    windows: Mapping[str, tuple[tuple[int, int], ...]]

    def day_windows(self, day: date, calendar: Calendar) -> tuple[tuple[int, int], ...]:
        """Windows that open on a date."""
        if day in calendar.closed:
            return ()
        if day in calendar.working_days:
            return self.windows.get("mon", ())
        if day in calendar.holidays:
            return self.windows.get(HOLIDAY, self.windows.get("sun", ()))
        return self.windows.get(WEEKDAYS[day.weekday()], ())

    def open_minutes(self, day: date, calendar: Calendar) -> npt.NDArray[np.bool_]:
        """Open minutes of a date, (1440,), with what runs over from the day before."""
        is_open = np.zeros(MINUTES_PER_DAY, dtype=bool)
        for opens, closes in self.day_windows(day, calendar):
            is_open[opens : min(closes, MINUTES_PER_DAY)] = True
        for opens, closes in self.day_windows(day - timedelta(days=1), calendar):
            if closes > MINUTES_PER_DAY:
                is_open[max(0, opens - MINUTES_PER_DAY) : closes - MINUTES_PER_DAY] = True
        return is_open

    def open_mask(self, grid: TimeGrid, calendar: Calendar) -> npt.NDArray[np.bool_]:
        """Whether the queue is open at the start of each interval, (grid.size,)."""
        days = [self.open_minutes(day, calendar)[:: grid.interval_min] for day in grid.dates()]
        return np.concatenate(days)


ALWAYS_OPEN = OpeningHours("24x7", dict.fromkeys((*WEEKDAYS, HOLIDAY), ((0, MINUTES_PER_DAY),)))


def deadline_s(
    arrivals_s: npt.NDArray[np.float64],
    limit: float,
    unit: str,
    hours: OpeningHours,
    calendar: Calendar,
    grid: TimeGrid,
) -> npt.NDArray[np.float64]:
    """Moment by which contacts that arrive at given moments must be answered.

    Parameters
    ----------
    arrivals_s
        Seconds from the start of the grid, any shape, inside the horizon.
    limit
        Length of the promise in `unit`.
    unit
        `s`, `min` and `h` run on the wall clock, day and night; `open_h` runs while `hours` are
        open; `business_day` ends at the close of the limit-th business day after the day of arrival
        (for a contact that arrives on a day off, the next business day is the first).

    Returns
    -------
    Seconds from the start of the grid, the shape of `arrivals_s`: never before the arrival, never
    falling with it; infinite where the clock stops for good or runs three weeks past the horizon.

    Raises
    ------
    ValueError
        If the unit is unknown.
    """
    arrivals_s = np.asarray(arrivals_s, dtype=float)
    wall = {"s": 1.0, "min": 60.0, "h": 3600.0}
    if unit in wall:
        return arrivals_s + limit * wall[unit]
    if unit == "open_h":
        deadlines = _after_open_time(arrivals_s, limit * 3600.0, hours, calendar, grid)
        return np.maximum(deadlines, arrivals_s)
    if unit == "business_day":
        deadlines = _after_business_days(arrivals_s, int(np.ceil(limit)), hours, calendar, grid)
        return np.maximum(deadlines, arrivals_s)
    msg = f"unit is one of s, min, h, open_h, business_day, got {unit!r}"
    raise ValueError(msg)


def _after_open_time(
    arrivals_s: npt.NDArray[np.float64],
    open_s: float,
    hours: OpeningHours,
    calendar: Calendar,
    grid: TimeGrid,
) -> npt.NDArray[np.float64]:
    days = grid.days + _CLOCK_SLACK_DAYS
    minutes = np.concatenate([hours.open_minutes(grid.date(d), calendar) for d in range(days)])
    elapsed = np.concatenate([[0.0], np.cumsum(minutes) * 60.0])
    edges = np.arange(len(elapsed)) * 60.0
    wanted = np.interp(arrivals_s, edges, elapsed) + open_s
    # The first moment at which that much open time has passed; the flat stretches are closed hours.
    at = np.searchsorted(elapsed, wanted - 1e-9, side="left")
    inside = at < len(elapsed)
    at = np.minimum(at, len(elapsed) - 1)
    return np.where(inside, edges[at] - (elapsed[at] - wanted), np.inf)


def _after_business_days(
    arrivals_s: npt.NDArray[np.float64],
    count: int,
    hours: OpeningHours,
    calendar: Calendar,
    grid: TimeGrid,
) -> npt.NDArray[np.float64]:
    days = grid.days + _CLOCK_SLACK_DAYS
    business = [d for d in range(days) if calendar.is_business_day(grid.date(d))]
    if not business:
        return np.full(arrivals_s.shape, np.inf)
    close = np.full(len(business), float(MINUTES_PER_DAY))
    for k, d in enumerate(business):
        windows = hours.day_windows(grid.date(d), calendar)
        if windows:
            close[k] = max(c for _, c in windows)
    numbers = np.asarray(business)
    arrived = np.floor(arrivals_s / 86400.0).astype(int)
    # The day of arrival, or the next business day if it is none, is day zero of the count.
    zero = np.searchsorted(numbers, arrived, side="left")
    late = numbers[np.minimum(zero, len(numbers) - 1)] != arrived
    at = zero + count - np.where(late & (count > 0), 1, 0)
    inside = at < len(numbers)
    at = np.minimum(at, len(numbers) - 1)
    # A window that runs past midnight may close after the next day's has.
    closes_s = np.maximum.accumulate(numbers * 86400.0 + close * 60.0)
    return np.where(inside, closes_s[at], np.inf)
