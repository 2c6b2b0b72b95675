"""The morning's actuals move the rest of the day, and a little the days after."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .intervals import count_quantile
from .predict import Forecast

# How much of a day's surprise the next day keeps, and each day after it.
CARRIED_PER_DAY = 0.6
CARRIED_SHARE = 0.35
WANDERING_H = 3.0  # time constant of the factor that wanders within a day
LEAST_FACTOR = 0.05
QUANTILE = re.compile(r"^q(0\.\d+)$")


def update(
    forecast: Forecast, actuals: pd.DataFrame, until: str | dt.datetime | None = None
) -> Forecast:
    """Update a forecast with what has come in so far.

    The surprise of the intervals that are over is regressed on (linear Bayes, Gaussian process): a
    factor of the whole day, as large as both halves of past days had it in common, one that
    wanders within the day (what half a day had for itself; the last hours tell the next ones
    most), and Poisson noise. Ranges shrink by as much; later days keep a fading share.

    Parameters
    ----------
    forecast
        As :func:`forecasts.forecast_detail` answered it, for the days in question.
    actuals
        ``queue, start, volume`` of intervals that are over; others than the forecast's are ignored.
    until
        Intervals that start before it are over; by default up to the last one in `actuals`.

    Returns
    -------
    Forecast
        The same rows; intervals that are over keep their forecast.

    Raises
    ------
    ValueError
        When `actuals` lacks a column or holds negative counts.
    """
    missing = [name for name in ("queue", "start", "volume") if name not in actuals.columns]
    if missing:
        message = f"actuals lack {', '.join(missing)}"
        raise ValueError(message)
    if (actuals["volume"] < 0).any():
        message = "actuals hold counts below zero"
        raise ValueError(message)
    seen = pd.DataFrame(
        {
            "queue": actuals["queue"].astype(str),
            "start": pd.to_datetime(actuals["start"]).astype("datetime64[s]"),
            "actual": actuals["volume"].astype(float),
        }
    )
    table, days = forecast.table.copy(), forecast.days.copy()
    joined = table.assign(start=table["start"].astype("datetime64[s]")).merge(
        seen, "left", on=["queue", "start"]
    )
    end = pd.Timestamp(until) if until is not None else seen["start"].max() + pd.Timedelta("1s")
    actual = joined["actual"].where(joined["start"] < end).to_numpy()
    day_of_row = table["start"].dt.normalize()
    levels = {name: float(found[1]) for name in table if (found := QUANTILE.match(str(name)))}
    for queue, cv in forecast.day_cv.items():
        told = forecast.spread.get(queue)
        shared2, own2 = (told.shared_cv**2, told.half_cv**2) if told else (cv**2, 0.0)
        interval2 = told.interval_cv**2 if told else 0.0
        carried = 0.0
        for day in day_of_row[table["queue"] == queue].drop_duplicates().sort_values():
            rows = ((table["queue"] == queue) & (day_of_row == day)).to_numpy()
            known = rows & ~np.isnan(actual)
            left = rows & (table["start"] >= end).to_numpy()
            factor, told_of, told_of_rest = np.full(left.sum(), np.exp(carried)), 0.0, 0.0
            if known.any() and shared2 > 0:
                hour = (table["start"] - day).dt.total_seconds().to_numpy() / 3600
                expected = table["volume"].to_numpy() * np.exp(carried)
                learnt = _surprise(
                    hour, expected, actual, known, left,
                    _parts(shared2, own2, float(np.ptp(hour[rows])) / 2), interval2,
                )  # fmt: skip
                factor = factor * learnt.factor
                told_of, told_of_rest = learnt.told_of, learnt.told_of_rest
            wide = cv**2 + interval2
            narrower = np.sqrt(np.clip(1 - told_of / wide, 0.0, 1.0)) if wide else 1.0
            _rescale(table, left, factor, narrower, wide, levels)
            shrunk = np.sqrt(max(cv**2 - told_of_rest, 0.0))
            _retotal(days, table, (queue, day), np.where(known, actual, 0.0), left, shrunk)
            carried *= CARRIED_PER_DAY
            if known.any() and len(factor):
                carried = CARRIED_SHARE * float(np.log(factor.mean()))
    return replace(forecast, table=table, days=days, last_day=None)


@dataclass(frozen=True)
class _Learnt:
    """Factors of the intervals left, and the squared cv that is known of each and of their sum."""

    factor: np.ndarray
    told_of: np.ndarray
    told_of_rest: float


def _parts(shared2: float, own2: float, half_h: float) -> tuple[float, float]:
    """Squared cv of the day's factor and of the one that wanders, from those of halves of days.

    Of a process whose correlation fades as exp(-t / tau) two neighbouring means over T share
    (tau/T)² (1 - exp(-T/tau))² of its variance, and each has 2 tau/T (1 - tau/T (1 - exp(-T/tau))).
    """
    if not own2 or not half_h:
        return shared2, 0.0
    tau = WANDERING_H / half_h
    gone = 1 - np.exp(-1 / tau)
    between, within = (tau * gone) ** 2, 2 * tau * (1 - tau * gone)
    wandering = min(own2 / (within - between), shared2 / between)
    return max(shared2 - between * wandering, 0.0), wandering


def _surprise(
    hour: np.ndarray,
    expected: np.ndarray,
    actual: np.ndarray,
    known: np.ndarray,
    left: np.ndarray,
    parts: tuple[float, float],
    interval2: float,
) -> _Learnt:
    """What the intervals `known` tell of those `left`."""
    some = known & (expected > 0)
    surprise = actual[some] / expected[some] - 1

    def covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return parts[0] + parts[1] * np.exp(-np.abs(np.subtract.outer(a, b)) / WANDERING_H)

    noise = 1 / expected[some] + max(interval2 - parts[1], 0.0)
    of_known = covariance(hour[some], hour[some]) + np.diag(noise)
    both = covariance(hour[left], hour[some])
    gain = np.linalg.solve(of_known, both.T).T
    # A mean may not fall to nothing, whatever the morning was.
    factor = np.maximum(1 + gain @ surprise, LEAST_FACTOR)
    mean = expected[left]
    share = mean / max(float(mean.sum()), 1e-12)
    return _Learnt(factor, (gain * both).sum(axis=1), float(share @ gain @ both.T @ share))


def _rescale(
    table: pd.DataFrame,
    rows: np.ndarray,
    factor: np.ndarray,
    narrower: np.ndarray | float,
    wide: float,
    levels: dict[str, float],
) -> None:
    """Move intervals to `factor` times their mean; their range loses what the day has told."""
    mean = table.loc[rows, "volume"].to_numpy()
    before = mean + wide * mean**2
    after = mean * factor + wide * (narrower * mean * factor) ** 2
    ratio = np.sqrt(np.divide(after, before, out=np.ones_like(mean), where=before > 0))
    for name in levels:
        apart = table.loc[rows, name].to_numpy() - mean
        table.loc[rows, name] = np.maximum(np.round(mean * factor + apart * ratio), 0.0)
    table.loc[rows, "volume"] = mean * factor


def _retotal(
    days: pd.DataFrame,
    table: pd.DataFrame,
    which: tuple[str, pd.Timestamp],
    actual: np.ndarray,
    left: np.ndarray,
    day_cv: float,
) -> None:
    """Total of a day: what came, and what is still expected."""
    row = (days["queue"] == which[0]) & (days["date"] == which[1])
    came, coming = actual.sum(), float(table.loc[left, "volume"].sum())
    if not row.any() or not left.any() or came == 0:
        if row.any() and came == 0 and left.any():
            scale = coming / max(float(days.loc[row, "volume"].iloc[0]), 1e-9)
            counts = [c for c in days if c == "volume" or QUANTILE.match(str(c))]
            days.loc[row, counts] = days.loc[row, counts] * scale
        return
    days.loc[row, "volume"] = came + coming
    variance = np.array([coming + (day_cv * coming) ** 2])
    for name in days:
        if found := QUANTILE.match(str(name)):
            rest = count_quantile(np.array([coming]), variance, float(found[1]))[0]
            days.loc[row, name] = came + rest
