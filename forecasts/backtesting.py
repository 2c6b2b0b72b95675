"""How good the forecast would have been: forecasts made at past days, judged by what came."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np
import pandas as pd

from .predict import Forecast, forecast_detail
from .weeks import week_totals

QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
LEAST_TRAINING_DAYS = 21
WEEKS_OF_BASELINE = 8
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Backtest:
    """Forecasts from past days beside what came.

    Parameters
    ----------
    rows
        ``queue, origin, start, actual, volume, baseline`` (mean of the last 8 same weekdays) and
        the quantiles; a row per interval that was open.
    days
        ``queue, origin, date, actual, volume`` and the quantiles of day totals.
    weeks
        ``queue, origin, week, actual, volume`` and the quantiles of totals of whole weeks from
        each origin on.
    errors
        The table that :func:`summarise` makes of them.
    """

    rows: pd.DataFrame
    days: pd.DataFrame
    weeks: pd.DataFrame
    errors: pd.DataFrame


def backtest(
    history: pd.DataFrame,
    days: int = 28,
    origins: int = 8,
    country: str | None = None,
    calendar: pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
) -> Backtest:
    """Forecast from past days, a week apart, each knowing only what came before.

    Parameters
    ----------
    history, country, calendar, drivers
        As for :func:`forecasts.forecast`.
    days
        Days ahead of each origin.
    origins
        Past days to forecast from, as far as the history reaches.

    Raises
    ------
    ValueError
        When the history is too short for a single origin.
    """
    starts = pd.to_datetime(history["start"])
    history = history.assign(start=starts, queue=history["queue"].astype(str))
    day = starts.dt.normalize()
    pieces, day_pieces, week_pieces = [], [], []
    for k in range(origins):
        first = day.max() - pd.Timedelta(days=days - 1 + 7 * k)
        past = history[day < first]
        if not len(past) or (first - day.min()).days < LEAST_TRAINING_DAYS:
            break
        future = history[(day >= first) & (day < first + pd.Timedelta(days=days))]
        detail = forecast_detail(
            past, days, country, calendar, drivers, QUANTILES, start=first.date()
        )
        told = detail.table.drop(columns="aht_s")
        actual = future[["queue", "start", "volume"]].rename(columns={"volume": "actual"})
        joined = actual.merge(told, "left", on=["queue", "start"])
        counts = ["volume", *(f"q{q:g}" for q in QUANTILES)]
        # An open interval that was not forecast is a forecast of nothing.
        joined[counts] = joined[counts].fillna(0.0)
        joined["baseline"] = _baseline(past, joined)
        pieces.append(joined.assign(origin=first))
        came = actual.groupby(["queue", actual["start"].dt.normalize().rename("date")])["actual"]
        of_day = came.sum().reset_index()
        day_pieces.append(detail.days.merge(of_day, on=["queue", "date"]).assign(origin=first))
        week_pieces.append(_weeks(detail, of_day, first, days).assign(origin=first))
    if not pieces:
        message = (
            f"the history has {(day.max() - day.min()).days + 1} days; {days} days ahead can be "
            f"judged from {days + LEAST_TRAINING_DAYS} days on"
        )
        raise ValueError(message)
    rows = pd.concat(pieces, ignore_index=True)
    day_rows = pd.concat(day_pieces, ignore_index=True)
    week_rows = pd.concat(week_pieces, ignore_index=True)
    return Backtest(rows, day_rows, week_rows, summarise(rows, day_rows, week_rows))


def _weeks(detail: Forecast, of_day: pd.DataFrame, first: pd.Timestamp, days: int) -> pd.DataFrame:
    """Totals of the whole weeks from `first` on of whose forecast every day is known."""
    told = week_totals(detail, first.day_of_week)
    week = first + (of_day["date"] - first) // pd.Timedelta("7D") * pd.Timedelta("7D")
    forecast_days = detail.days[["queue", "date"]]
    both = of_day.assign(week=week).merge(forecast_days, on=["queue", "date"])
    came = both.groupby(["queue", "week"])["actual"].agg(["sum", "size"]).reset_index()
    joined = told.merge(came.rename(columns={"sum": "actual"}), on=["queue", "week"])
    whole = joined["week"] + pd.Timedelta("6D") < first + pd.Timedelta(days=days)
    return joined[whole & (joined["days"] == joined["size"])].drop(columns="size")


def summarise(
    rows: pd.DataFrame, days: pd.DataFrame, weeks: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Errors in % by queue: over all, by week ahead, by weekday and by hour of the day.

    ``wape`` is the sum of absolute errors over the sum of contacts, by interval (``wape_day``: of
    day totals); ``baseline_wape`` that of the last 8 same weekdays' mean; ``poisson_floor`` what a
    perfect rate would still miss (its mean absolute deviation, taken at the forecast); ``bias``
    forecast over actual; ``cover_80, cover_95`` how much came inside the ranges of that name, by
    interval and (``.._day``, empty for hours) of day totals and (``.._week``, over all and by week
    ahead) of whole weeks.

    Parameters
    ----------
    rows, days, weeks
        As in :class:`Backtest`.
    """
    dates = days["date"]
    cuts = [
        ("all", pd.Series("", rows.index), pd.Series("", days.index)),
        ("week_ahead", _week_ahead(rows["start"], rows), _week_ahead(dates, days)),
        ("weekday", _weekday(rows["start"]), _weekday(dates)),
        ("hour", rows["start"].dt.strftime("%H:00"), pd.Series(None, days.index, object)),
    ]
    found = []
    of_week = {}
    if weeks is not None and len(weeks):
        ahead = _week_ahead(weeks["week"], weeks)
        of_week = {("week_ahead", *key): part for key, part in weeks.groupby(["queue", ahead])}
        of_week |= {("all", queue, ""): part for queue, part in weeks.groupby("queue")}
    for cut, group, of_day in cuts:
        totals = dict(list(days.groupby([days["queue"], of_day.rename("value")])))
        for key, part in rows.groupby([rows["queue"], group.rename("value")]):
            name = {"queue": key[0], "cut": cut, "value": key[1]}
            cover = _cover("day", totals.get(key)) | _cover("week", of_week.get((cut, *key)))
            found.append({**name, **_errors(part), **cover})
    return pd.DataFrame(found)


def _week_ahead(start: pd.Series, table: pd.DataFrame) -> pd.Series:
    return ((start.dt.normalize() - table["origin"]).dt.days // 7 + 1).astype(str)


def _weekday(start: pd.Series) -> pd.Series:
    return start.dt.day_of_week.map(dict(enumerate(WEEKDAYS)))


def _cover(unit: str, totals: pd.DataFrame | None) -> dict[str, float]:
    cover = {f"cover_80_{unit}": float("nan"), f"cover_95_{unit}": float("nan")}
    if totals is not None:
        for name, low, high in (("80", "q0.1", "q0.9"), ("95", "q0.025", "q0.975")):
            inside = totals["actual"].between(totals[low], totals[high])
            cover[f"cover_{name}_{unit}"] = 100 * float(inside.mean())
    return cover


def _errors(part: pd.DataFrame) -> dict[str, float]:
    total = float(part["actual"].sum())
    share = 100 / total if total > 0 else float("nan")
    by_day = part.groupby(["origin", part["start"].dt.normalize()])[["actual", "volume"]].sum()
    return {
        "intervals": len(part),
        "contacts": total,
        "wape": share * float((part["actual"] - part["volume"]).abs().sum()),
        "wape_day": share * float((by_day["actual"] - by_day["volume"]).abs().sum()),
        "baseline_wape": share * float((part["actual"] - part["baseline"]).abs().sum()),
        "poisson_floor": share * float(poisson_deviation(part["volume"].to_numpy()).sum()),
        "bias": share * float((part["volume"] - part["actual"]).sum()),
        "cover_80": 100 * float(part["actual"].between(part["q0.1"], part["q0.9"]).mean()),
        "cover_95": 100 * float(part["actual"].between(part["q0.025"], part["q0.975"]).mean()),
    }


def poisson_deviation(mean: np.ndarray) -> np.ndarray:
    """Mean absolute deviation of a Poisson count: 2 exp(-m) m^(floor(m)+1) / floor(m)!."""
    mean = np.maximum(np.asarray(mean, float), 1e-12)
    whole = np.floor(mean)
    log_factorial = np.array([lgamma(k + 1) for k in whole])
    return 2 * np.exp((whole + 1) * np.log(mean) - mean - log_factorial)


def _baseline(past: pd.DataFrame, wanted: pd.DataFrame) -> np.ndarray:
    """Mean of the last 8 same weekdays at the same time; 0 where there was none."""

    def clock(table: pd.DataFrame) -> pd.DataFrame:
        start = table["start"]
        minute = start.dt.hour * 60 + start.dt.minute
        return table.assign(weekday=start.dt.day_of_week, minute=minute)

    keys = ["queue", "weekday", "minute"]
    last = clock(past).sort_values("start").groupby(keys).tail(WEEKS_OF_BASELINE)
    mean = last.groupby(keys)["volume"].mean().rename("baseline").reset_index()
    return clock(wanted).merge(mean, "left", on=keys)["baseline"].fillna(0.0).to_numpy()
