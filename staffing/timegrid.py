"""The horizon of a plan as equal intervals of local wall-clock time.

Every array with a time axis in this project is indexed by these intervals. The grid has 24 hours on
every day: on the two days a year when clocks change, the hour that does not exist is simply without
contacts and the hour that comes twice is planned as one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

MINUTES_PER_DAY = 1440
PERIODS = ("interval", "day", "week", "month")


@dataclass(frozen=True)
class TimeGrid:
    """Consecutive days cut into equal intervals.

    Parameters
    ----------
    start
        First day. Weeks begin on this day's weekday.
    days
        Number of days.
    interval_min
        Length of an interval in minutes; divides a day.

    Raises
    ------
    ValueError
        If there is no day or the interval does not divide a day.
    """

    start: dt.date
    days: int
    interval_min: int = 30

    def __post_init__(self) -> None:
        if self.days < 1:
            msg = f"a plan needs at least one day, got {self.days}"
            raise ValueError(msg)
        if self.interval_min < 1 or MINUTES_PER_DAY % self.interval_min:
            msg = f"an interval of {self.interval_min} min does not divide a day"
            raise ValueError(msg)

    @property
    def per_day(self) -> int:
        """Intervals in a day."""
        return MINUTES_PER_DAY // self.interval_min

    @property
    def size(self) -> int:
        """Intervals in the horizon."""
        return self.days * self.per_day

    @property
    def interval_h(self) -> float:
        """Length of an interval in hours."""
        return self.interval_min / 60

    @property
    def interval_s(self) -> int:
        """Length of an interval in seconds."""
        return self.interval_min * 60

    @property
    def weeks(self) -> int:
        """Weeks touched by the horizon, the last perhaps short."""
        return -(-self.days // 7)

    def date(self, day: int) -> dt.date:
        """Date of a day number, which may lie outside the horizon."""
        return self.start + dt.timedelta(days=int(day))

    def dates(self) -> list[dt.date]:
        """All dates of the horizon."""
        return [self.date(d) for d in range(self.days)]

    def day(self, when: dt.date) -> int:
        """Day number of a date, negative before the start."""
        return (when - self.start).days

    def starts(self) -> pd.DatetimeIndex:
        """Start of every interval, (size,), local time without a zone."""
        return pd.date_range(self.start, periods=self.size, freq=f"{self.interval_min}min")

    def start_of(self, interval: int) -> dt.datetime:
        """Local time at which an interval starts; also outside the horizon."""
        midnight = dt.datetime.combine(self.start, dt.time())
        return midnight + dt.timedelta(minutes=int(interval) * self.interval_min)

    def index(self, starts: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
        """Interval number of each time, outside 0..size-1 where it lies outside the horizon."""
        minutes = (starts - pd.Timestamp(self.start)) / pd.Timedelta(minutes=1)
        return np.floor(np.asarray(minutes) / self.interval_min).astype(np.int64)

    def period_of_day(self, period: str) -> npt.NDArray[np.int64]:
        """Number of the day, week or month that each day belongs to, (days,)."""
        days = np.arange(self.days)
        if period == "day":
            return days
        if period == "week":
            return days // 7
        if period == "month":
            months = [d.year * 12 + d.month for d in self.dates()]
            return np.asarray(months) - months[0]
        msg = f"period is one of day, week, month, got {period!r}"
        raise ValueError(msg)

    def period_of_interval(self, period: str) -> npt.NDArray[np.int64]:
        """Number of the interval, day, week or month that each interval belongs to, (size,)."""
        if period == "interval":
            return np.arange(self.size)
        return np.repeat(self.period_of_day(period), self.per_day)

    def period_label(self, period: str, number: int) -> str:
        """Name of a period as a planner reads it: 2026-12-07, week of 2026-12-07, 2026-12."""
        if period == "interval":
            return self.start_of(number).strftime("%Y-%m-%d %H:%M")
        if period == "day":
            return self.date(number).isoformat()
        if period == "week":
            return f"week of {self.date(7 * number).isoformat()}"
        month = self.start.year * 12 + self.start.month - 1 + number
        return f"{month // 12}-{month % 12 + 1:02d}"
