"""The way in: from interval history to a forecast with its distribution."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from .checks import check_grid
from .daily import DailyForecast
from .effects import CLOSED, HOLIDAY, Days, describe_days
from .handle_time import fit_handle_time
from .history import MINUTES_PER_DAY, QueueHistory, read_history
from .intervals import DEFAULT_DAY_CV, Spread, count_quantile
from .learning import LEAST_TRAINING_DAYS, expect, learn
from .shape import Shapes

DAYS_TOLD = 365
_DECIMALS = 9
OUTLIER = ("queue", "date", "volume", "expected", "ratio")
QUEUES_FOR_PROCESSES = 12


@dataclass(frozen=True)
class Forecast:
    """A forecast of several queues.

    Parameters
    ----------
    table
        ``queue, start, volume, aht_s`` and one column per quantile; a row per open interval.
    days
        ``queue, date, volume`` and quantiles of the day's total (which are narrower than sums of
        interval quantiles).
    day_cv
        Per queue, the coefficient of variation of the factor that moves all intervals of a day.
    notices
        Sentences for the planner.
    spread
        Per queue all that past errors taught.
    day_errors
        Per queue the log errors of day totals at past origins, indexed by days from the end of the
        history to the origin and to the day: the same pairs for all queues.
    last_day
        Last day of the history; None once the forecast was updated within a day.
    outliers
        ``queue, date, volume, expected, ratio``: every day of the history that was far from what
        the calendar and the level of its time let expect, and so counts less.
    """

    table: pd.DataFrame
    days: pd.DataFrame
    day_cv: dict[str, float]
    notices: tuple[str, ...]
    spread: dict[str, Spread] = field(default_factory=dict)
    day_errors: dict[str, pd.Series] = field(default_factory=dict)
    last_day: pd.Timestamp | None = None
    outliers: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(OUTLIER)))

    def summary(self) -> str:
        """One line per queue, then the notices."""
        lines = []
        for queue, part in self.table.groupby("queue", sort=False):
            lines.append(
                f"{queue}: {part['volume'].sum():.0f} contacts in {len(part)} open intervals, "
                f"day factor cv {self.day_cv[str(queue)]:.2f}"
            )
        return "\n".join([*lines, *self.notices])


def forecast(
    history: pd.DataFrame,
    days: int,
    country: str | None = None,
    calendar: pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    *,
    start: str | dt.date | None = None,
    open_hours: Mapping[str, pd.DatetimeIndex] | None = None,
) -> pd.DataFrame:
    """Forecast contacts and handling time per queue and interval.

    Parameters
    ----------
    history
        Interval counts: ``queue, start, volume`` and perhaps ``aht_s``. Intervals are inferred; an
        interval without a row was closed or unknown.
    days
        Number of days to forecast.
    country
        For public holidays: ISO code, or code and region (``US-NY``).
    calendar
        ``date, kind`` (holiday, working_day, closed, event) and perhaps ``name, queue`` (empty:
        all queues), ``factor, like``; covers history and future.
    drivers
        ``date, driver, value`` and perhaps ``queue``.
    quantiles
        Levels between 0 and 1; level 0.1 becomes the column ``q0.1``.
    start
        First day to forecast; by default the day after the last day of history.
    open_hours
        Per queue the starts of its open intervals; by default as the history shows them.

    Returns
    -------
    pandas.DataFrame
        ``queue, start, volume, aht_s`` (seconds, NaN where the history has none) and the
        quantiles; one row per open interval.

    Raises
    ------
    HistoryError
        When the history cannot be read.
    ValueError
        When `days`, `start`, `quantiles` or `country` make no sense.
    """
    return forecast_detail(
        history,
        days,
        country,
        calendar,
        drivers,
        quantiles,
        start=start,
        open_hours=open_hours,
    ).table


def forecast_detail(
    history: pd.DataFrame,
    days: int,
    country: str | None = None,
    calendar: pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    *,
    start: str | dt.date | None = None,
    open_hours: Mapping[str, pd.DatetimeIndex] | None = None,
) -> Forecast:
    """Forecast as :func:`forecast` does, with day totals, day factors and notices."""
    if days < 1:
        message = f"days is {days}; at least one day must be forecast"
        raise ValueError(message)
    if not all(0 < q < 1 for q in quantiles):
        message = f"quantiles {tuple(quantiles)} must lie between 0 and 1"
        raise ValueError(message)
    grids, findings = read_history(history)
    last_day = grids[0].first_day + (grids[0].n_days - 1)
    first = last_day + 1 if start is None else np.datetime64(pd.Timestamp(start).date(), "D")
    if first <= last_day:
        message = f"start {first} is not after the last day of history, {last_day}"
        raise ValueError(message)
    notices = [str(finding) for finding in findings]
    ahead = int((first - last_day).astype(int)) - 1

    def one_queue(grid: QueueHistory) -> Forecast:
        starts = None if open_hours is None else open_hours.get(grid.queue)
        return _forecast_grid(
            grid, ahead, days, country, calendar, drivers, tuple(quantiles), starts
        )

    parts = _each(one_queue, grids)
    day_cv = {queue: cv for part in parts for queue, cv in part.day_cv.items()}
    notices += [note for part in parts for note in part.notices]
    tables, totals = [part.table for part in parts], [part.days for part in parts]
    return Forecast(
        pd.concat(tables, ignore_index=True),
        pd.concat(totals, ignore_index=True),
        day_cv,
        tuple(dict.fromkeys(notices)),
        {queue: told for part in parts for queue, told in part.spread.items()},
        {queue: errors for part in parts for queue, errors in part.day_errors.items()},
        pd.Timestamp(last_day),
        pd.concat([part.outliers for part in parts], ignore_index=True),
    )


def _each(one_queue: Callable[[QueueHistory], Forecast], grids: list[QueueHistory]) -> list:
    """Forecast every queue; many of them on all cores (which costs seconds to start)."""
    if len(grids) < QUEUES_FOR_PROCESSES:
        return [one_queue(grid) for grid in grids]
    from joblib import Parallel, delayed  # slow to import

    return Parallel(n_jobs=-1)(delayed(one_queue)(grid) for grid in grids)


def _forecast_grid(
    grid: QueueHistory,
    ahead: int,
    days: int,
    country: str | None,
    calendar: pd.DataFrame | None,
    drivers: pd.DataFrame | None,
    quantiles: tuple[float, ...],
    open_starts: pd.DatetimeIndex | None,
) -> Forecast:
    """One queue: its days described, its history checked, its forecast made."""
    told = describe_days(
        grid.first_day, grid.n_days + ahead + days, grid.queue, country, calendar, drivers
    )
    off = np.isin(told.kind[: grid.n_days], (HOLIDAY, CLOSED))
    notices = []
    for finding in check_grid(grid, off):
        loud = "ERROR: " if finding.severity == "error" else ""
        notices.append(f"{loud}{finding}")
    horizon = grid.n_days + ahead + np.arange(days)
    prescribed = None if open_starts is None else _open_mask(grid, horizon, open_starts)
    one = _forecast_queue(grid, told, horizon, prescribed, quantiles)
    return replace(one, notices=(*notices, *one.notices))


def _forecast_queue(
    grid: QueueHistory,
    told: Days,
    horizon: np.ndarray,
    prescribed: np.ndarray | None,
    quantiles: Sequence[float],
) -> Forecast:
    lead_days = horizon - grid.n_days + 1
    learnt = learn(grid.volume, told, int(lead_days[-1]))
    expected = expect(grid.volume, told, horizon)
    daily, spread = expected.daily, learnt.spread
    mean, shapes = expected.mean(learnt)
    # Linear algebra on two threads adds up in another order than on one; what follows must not
    # depend on it.
    mean = np.round(mean, _DECIMALS)
    is_open = shapes.open if prescribed is None else prescribed
    is_open = is_open & (told.kind[horizon] != CLOSED)[:, None]
    by_weekday, _ = fit_handle_time(grid.volume, grid.aht_s, told.weekday[: grid.n_days])
    aht_s = np.round(by_weekday[told.weekday[horizon]], _DECIMALS)

    row, slot = np.nonzero(is_open)
    volume = mean[row, slot]
    table = pd.DataFrame(
        {
            "queue": grid.queue,
            "start": grid.start_at(horizon[row], slot),
            "volume": volume,
            "aht_s": aht_s[row, slot],
        }
    )
    day_open = np.flatnonzero(is_open.any(axis=1))
    day_volume = np.where(is_open, mean, 0.0).sum(axis=1)[day_open]
    dates = (grid.first_day + horizon[day_open]).astype("datetime64[s]")
    totals = pd.DataFrame({"queue": grid.queue, "date": dates, "volume": day_volume})
    for q in quantiles:
        of_interval = spread.interval_variance(volume, q, lead_days[row])
        of_day = spread.day_variance(day_volume, q, lead_days[day_open])
        table[f"q{q:g}"] = count_quantile(volume, of_interval, q)
        totals[f"q{q:g}"] = count_quantile(day_volume, of_day, q)
    notices = _notices(grid, told, horizon, daily, shapes, prescribed)
    name = grid.queue
    errors = {name: learnt.day_errors}
    day_cv = {name: round(float(spread.day_cv), _DECIMALS)}
    return Forecast(
        table, totals, day_cv, notices, {name: spread}, errors, outliers=_outliers(grid, daily)
    )


def _outliers(grid: QueueHistory, daily: DailyForecast) -> pd.DataFrame:
    """Every day whose weight was cut, in order of time."""
    days = np.array([day for day, _ in daily.outliers], int)
    ratio = np.array([ratio for _, ratio in daily.outliers], float)
    came = np.nansum(grid.volume[days], axis=1)
    dates = (grid.first_day + days).astype("datetime64[s]")
    return pd.DataFrame(
        {"queue": grid.queue, "date": dates, "volume": came, "expected": came / ratio,
         "ratio": ratio}
    )  # fmt: skip


def _open_mask(grid: QueueHistory, horizon: np.ndarray, starts: pd.DatetimeIndex) -> np.ndarray:
    """Prescribed opening as a mask over days × intervals of the grid."""
    mask = np.zeros((len(horizon), grid.volume.shape[1]), bool)
    starts = pd.DatetimeIndex(starts)
    day = (starts.normalize() - pd.Timestamp(grid.first_day)).days.to_numpy() - horizon[0]
    minute = starts.hour.to_numpy() * 60 + starts.minute.to_numpy() - grid.offset_min
    inside = (day >= 0) & (day < len(horizon))
    slot = np.mod(minute, MINUTES_PER_DAY) // grid.interval_min
    mask[day[inside], slot[inside]] = True
    return mask


def _notices(
    grid: QueueHistory,
    told: Days,
    horizon: np.ndarray,
    daily: DailyForecast,
    shapes: Shapes,
    prescribed: np.ndarray | None,
) -> tuple[str, ...]:
    """What a planner should know about this queue's forecast."""
    notes = list(told.notices)
    name = grid.queue
    odd = [(day, ratio) for day, ratio in daily.outliers if day >= grid.n_days - DAYS_TOLD]
    if odd:
        odd.sort(key=lambda pair: -abs(np.log(max(pair[1], 1e-3))))
        worst = ", ".join(f"{grid.first_day + day} ({ratio:.2g} times)" for day, ratio in odd[:3])
        notes.append(
            f"{name}: {len(odd)} days of the last year were far from what was expected and count "
            f"less: {worst}{', ...' if len(odd) > 3 else ''}"
        )
    if daily.weak:
        notes.append(
            f"{name}: too few contacts or days for a regression; means by weekday are used"
        )
    if grid.n_days < LEAST_TRAINING_DAYS + 7:
        notes.append(
            f"{name}: history too short to judge the forecast's error; "
            f"{100 * DEFAULT_DAY_CV:.0f} % a day assumed"
        )
    coming = told.kind[horizon] == HOLIDAY
    if prescribed is None and (coming & ~shapes.open.any(axis=1)).any():
        shut = grid.first_day + horizon[coming & ~shapes.open.any(axis=1)]
        notes.append(
            f"{name}: taken as closed on the public holidays {', '.join(map(str, shut))}, as the "
            "history shows for such days"
        )
    if coming.any() and not (told.kind[: grid.n_days] == HOLIDAY).any():
        notes.append(
            f"{name}: no public holiday in the history; the coming ones are treated like "
            "the weekly rest day"
        )
    if prescribed is not None:
        new = prescribed & ~shapes.open
        never = np.isnan(grid.volume).all(axis=0)
        if (new & never).any():
            notes.append(
                f"{name}: opening hours reach into times never seen open; their contacts are "
                "taken from the nearest times seen"
            )
    return tuple(notes)
