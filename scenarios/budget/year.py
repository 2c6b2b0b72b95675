"""The months of a budget, and which of them are closed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from scenarios.errors import PlannerError
from staffing.timegrid import TimeGrid

CLOSED, PART, OPEN = "closed", "part", "open"


@dataclass(frozen=True)
class Year:
    """Months (or any spans of days) of a budget; contacts are known before `start`.

    Parameters
    ----------
    firsts
        First day of each month and of the one after the last, (M + 1,).
    start
        First day that is not known yet.
    closed
        Months that are over: what happened in them is known and not planned any more.
    """

    firsts: tuple[dt.date, ...]
    start: dt.date
    closed: int = 0

    @property
    def first(self) -> dt.date:
        """First day."""
        return self.firsts[0]

    @property
    def count(self) -> int:
        """How many months, M."""
        return len(self.firsts) - 1

    @property
    def months(self) -> tuple[str, ...]:
        """Months as in 2026-12."""
        return tuple(f"{d:%Y-%m}" for d in self.firsts[:-1])

    @property
    def days(self) -> int:
        """Days of all months."""
        return (self.firsts[-1] - self.first).days

    @property
    def states(self) -> tuple[str, ...]:
        """Closed, part (some of its days are over) or open, by month."""
        return tuple(
            CLOSED if k < self.closed else PART if first < self.start else OPEN
            for k, first in enumerate(self.firsts[:-1])
        )

    def month_of_day(self) -> np.ndarray:
        """Number of the month of each day, (D,)."""
        lengths = [(b - a).days for a, b in zip(self.firsts[:-1], self.firsts[1:], strict=True)]
        return np.repeat(np.arange(self.count), lengths)

    def grid(self, interval_min: int) -> TimeGrid:
        """The months as intervals."""
        return TimeGrid(self.first, self.days, interval_min)


def year_of(start: dt.date, months: int, begins: str = "") -> Year:
    """Months of a budget.

    Parameters
    ----------
    start
        First day that is not known yet: the plan's.
    months
        How many.
    begins
        First month, as in 2026-12; by default that of `start`.

    Raises
    ------
    PlannerError
        `begins` is no month, or lies after the plan's first day.
    """
    first = start.replace(day=1)
    if begins:
        try:
            first = dt.datetime.strptime(begins, "%Y-%m").date()
        except ValueError as error:
            msg = f"--from {begins} is no month; right: as in {start:%Y-%m}"
            raise PlannerError(msg) from error
        if first > start:
            msg = (
                f"--from {begins} is after the plan's first day, {start}: the months between are "
                f"wanted as well; right: {start:%Y-%m} or earlier"
            )
            raise PlannerError(msg)
    closed = sum(_plus_months(first, k + 1) <= start for k in range(months))
    if closed == months:
        msg = f"all {months} months from {first:%Y-%m} are over on {start}; right: more --months"
        raise PlannerError(msg)
    firsts = tuple(_plus_months(first, k) for k in range(months + 1))
    return Year(firsts, start, closed)


def _plus_months(first: dt.date, months: int) -> dt.date:
    years, month = divmod(first.month - 1 + months, 12)
    return dt.date(first.year + years, month + 1, 1)
