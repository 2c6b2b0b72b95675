"""What moves daily totals by the calendar: columns of a regression, and beliefs about them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from .effects import ORDINARY, Days

TREND_SD_PER_YEAR = 0.15
TREND_DAMPING_DAYS = 60.0  # the trend fades with this time constant past the last day
MONTH_SD = 0.1
YEAR_SD = 0.15
QUIET_YEAR = 0.25  # of that, where years are alike and the level wanders instead
LEVEL_SHIFT_SD = 0.5
DAYS_FOR_MONTH = 40
DAYS_FOR_YEAR = 400
DAYS_FOR_TREND = 28
# Pay days and bills: single days of the month, by the calendar or by working days.
MONTH_DAY_SD = 0.12
FIRST_DAYS, LAST_DAYS, MIDDLE_DAYS = (1, 2, 3), (1, 2, 3), (15, 16)
NO_EFFECT_SD = 1e-3
MONTH_DAY_ODDS = {"none": 0.6, "calendar": 0.2, "working": 0.2}


@dataclass(frozen=True)
class Design:
    """Columns of a regression of log totals, and rival beliefs about their effects.

    Parameters
    ----------
    columns
        Shape (days of history and future, columns).
    prior_sd
        Prior standard deviation of each column's effect, one row a belief, shape (beliefs,
        columns). They differ in how much the seasons matter, and whether single days of the month
        do.
    odds
        Prior probability of each belief, shape (beliefs,).
    """

    columns: np.ndarray
    prior_sd: np.ndarray
    odds: np.ndarray

    def believed(self, shares: np.ndarray) -> np.ndarray:
        """Prior standard deviations of a mixture of the beliefs, shape (columns,)."""
        return np.sqrt(shares @ self.prior_sd**2)


def make_design(
    days: Days, rows: np.ndarray, n_history: int, n_known: int, gap_ends: list[int]
) -> Design:
    """Columns of all days of history and future.

    Parameters
    ----------
    rows
        Which weekday each day resembles, shape (days, 7).
    n_history, n_known
        Days of history, and how many of them have a total.
    gap_ends
        Days on which the history resumes after a long gap: the level before may be another.
    """
    t = np.arange(len(days.weekday), dtype=float) - n_history
    blocks: list[np.ndarray] = [np.ones((len(t), 1)), rows]
    prior = [10.0] + [1.0] * 7
    if n_known >= DAYS_FOR_TREND:
        past_end = np.maximum(t, 0.0)
        damped = np.where(
            t <= 0, t, TREND_DAMPING_DAYS * (1 - np.exp(-past_end / TREND_DAMPING_DAYS))
        )
        blocks.append(damped[:, None] / 365.25)
        prior.append(TREND_SD_PER_YEAR)
    dates = days.first_day + np.arange(len(t))
    month_days: dict[str, slice] = {}
    if n_known >= DAYS_FOR_MONTH:
        day, length = _day_of_month(dates)
        blocks += _waves(2 * np.pi * day / length, 3)
        prior += [MONTH_SD] * 6
        for name, block in (
            ("calendar", _calendar_days(dates)),
            ("working", _working_days(dates, days)),
        ):
            month_days[name] = slice(len(prior), len(prior) + block.shape[1])
            blocks.append(block)
            prior += [MONTH_DAY_SD] * block.shape[1]
    year = slice(len(prior), len(prior))
    if n_history >= DAYS_FOR_YEAR:
        blocks += _waves(2 * np.pi * dates.astype(np.int64) / 365.25, 4)
        prior += np.repeat(YEAR_SD / np.arange(1, 5), 2).tolist()
        year = slice(year.start, len(prior))
    for name, column in days.columns.items():
        blocks.append(column[:, None])
        prior.append(days.prior_sd[name])
    for end in gap_ends:
        blocks.append((t + n_history < end).astype(float)[:, None])
        prior.append(LEVEL_SHIFT_SD)
    return Design(np.hstack(blocks), *_beliefs(np.array(prior), year, month_days))


def _beliefs(
    prior: np.ndarray, year: slice, month_days: dict[str, slice]
) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of a belief about the year and one about the days of the month, and its odds."""
    rows, odds = [], []
    for quiet, which in product((False, True), MONTH_DAY_ODDS):
        if (quiet and year.start == year.stop) or (which != "none" and not month_days):
            continue
        row = prior.copy()
        if quiet:
            row[year] *= QUIET_YEAR
        for name, columns in month_days.items():
            if name != which:
                row[columns] = NO_EFFECT_SD
        rows.append(row)
        odds.append(MONTH_DAY_ODDS[which])
    return np.array(rows), np.array(odds) / sum(odds)


def _waves(angle: np.ndarray, harmonics: int) -> list[np.ndarray]:
    """Cosine and sine columns of the first harmonics."""
    return [wave(k * angle)[:, None] for k in range(1, harmonics + 1) for wave in (np.cos, np.sin)]


def _day_of_month(dates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Days since the first of the month, and the days that the month has."""
    months = dates.astype("datetime64[M]")
    length = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    return (dates - months.astype("datetime64[D]")).astype(int), length.astype(int)


def _calendar_days(dates: np.ndarray) -> np.ndarray:
    """A column for each of the first, last and middle days of the month."""
    day, length = _day_of_month(dates)
    columns = [day == k - 1 for k in (*FIRST_DAYS, *MIDDLE_DAYS)]
    columns += [day == length - k for k in LAST_DAYS]
    return np.column_stack(columns).astype(float)


def _working_days(dates: np.ndarray, days: Days) -> np.ndarray:
    """A column for each of the first and last working days of the month."""
    # Months that the first or the last day cuts off are made whole from weekdays alone.
    n, month = len(dates), 31
    every = dates[0] + np.arange(-month, n + month)
    ordinary = days.kind == ORDINARY
    rest = np.array([days.rest[ordinary & (days.weekday == w)].any() for w in range(7)])
    working = ~rest[(days.weekday[0] + np.arange(-month, n + month)) % 7]
    working[month : month + n] = ~days.rest
    columns = np.zeros((len(every), len(FIRST_DAYS) + len(LAST_DAYS)))
    number = every.astype("datetime64[M]").astype(int)
    for one in np.unique(number):
        mine = np.flatnonzero((number == one) & working)
        for k, place in enumerate(mine[: len(FIRST_DAYS)]):
            columns[place, k] = 1.0
        for k, place in enumerate(mine[::-1][: len(LAST_DAYS)], start=len(FIRST_DAYS)):
            columns[place, k] = 1.0
    return columns[month : month + n]
