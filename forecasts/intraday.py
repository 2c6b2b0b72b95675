"""The morning's actuals move the rest of the day, and a little the days after."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pandas as pd

from .intervals import count_quantile
from .predict import Forecast

# How much of a day's surprise the next day keeps, and each day after it.
CARRIED_PER_DAY = 0.6
CARRIED_SHARE = 0.35
QUANTILE = re.compile(r"^q(0\.\d+)$")


def update(
    forecast: Forecast, actuals: pd.DataFrame, until: str | dt.datetime | None = None
) -> Forecast:
    """Update a forecast with what has come in so far.

    The surprise of the intervals that are over is regressed on: the rest of the day takes the share
    of it that both halves of past days had in common, against what half a day has for itself and
    Poisson noise (linear Bayes). Its range shrinks by as much; later days keep a fading share of
    the surprise.

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
        carried = 0.0
        for day in day_of_row[table["queue"] == queue].drop_duplicates().sort_values():
            rows = ((table["queue"] == queue) & (day_of_row == day)).to_numpy()
            known = rows & ~np.isnan(actual)
            expected = float(table.loc[known, "volume"].sum()) * np.exp(carried)
            left = rows & (table["start"] >= end).to_numpy()
            factor, kept = float(np.exp(carried)), 0.0
            if expected > 0:
                # Half a day has noise of its own; a shorter stretch has it in proportion.
                whole = expected + float(table.loc[left, "volume"].sum())
                noise2 = own2 * min(0.5 * whole / expected, 4.0) + 1 / expected
                kept = shared2 / (shared2 + noise2) if shared2 else 0.0
                surprise = float(np.nansum(actual[known])) / expected - 1
                factor *= 1 + kept * surprise
            shrunk = np.sqrt(max(cv**2 - kept * shared2, 0.0))
            _rescale(table, left, factor, shrunk / cv if cv else 1.0, cv, levels)
            _retotal(days, table, (queue, day), np.where(known, actual, 0.0), left, shrunk)
            carried *= CARRIED_PER_DAY
            if known.any():
                carried = CARRIED_SHARE * float(np.log(factor))
    return replace(forecast, table=table, days=days, last_day=None)


def _rescale(
    table: pd.DataFrame,
    rows: np.ndarray,
    factor: float,
    narrower: float,
    day_cv: float,
    levels: dict[str, float],
) -> None:
    """Move intervals to `factor` times their mean; their range loses what the day has told."""
    mean = table.loc[rows, "volume"].to_numpy()
    before = mean + (day_cv * mean) ** 2
    after = mean * factor + (day_cv * narrower * mean * factor) ** 2
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
