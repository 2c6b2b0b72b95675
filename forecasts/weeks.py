"""How long an error lasts: what the days of a forecast have in common, and totals of weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .intervals import Spread, count_quantile

if TYPE_CHECKING:
    from .predict import Forecast

FADING_PER_DAY = 0.7  # what neighbouring days share, from day to day
NEAR_DAYS, FAR_DAYS = (1, 2, 3), range(7, 21)
MOST_LASTING = 0.9
# Where past origins are few: about what histories of many kinds have.
DEFAULT_LASTING, DEFAULT_FADING = 0.1, 0.35
DEFAULT_WEIGHT_ORIGINS = 6.0
LEAST_FACTOR_SHARE = 0.1


def learn_persistence(errors: pd.Series, noise: np.ndarray) -> tuple[float, float]:
    """How much of a day's error other days of the same forecast share.

    The correlation of the factors of two days `k` apart is taken as lasting + fading 0.7^k: a
    level that is wrong for the whole forecast, and what passes within days.

    Parameters
    ----------
    errors
        Log errors of day totals, indexed by origin and day (numbers of days).
    noise
        Variance of each that Poisson noise alone has, shape of `errors`.

    Returns
    -------
    tuple
        lasting and fading, shares of the variance of the day's factor; drawn to a default as far
        as origins are few. Errors beyond three robust standard deviations are pulled in.
    """
    default_near = DEFAULT_LASTING + DEFAULT_FADING * _mean_fading(NEAR_DAYS)
    if errors.empty:
        return DEFAULT_LASTING, DEFAULT_FADING
    most = 3 * max(1.4826 * float(errors.abs().median()), 1e-6)
    origin, row = np.unique(errors.index.get_level_values("origin"), return_inverse=True)
    day = errors.index.get_level_values("day").to_numpy()
    day = day - day.min()
    pulled = np.full((len(origin), day.max() + 1), np.nan)
    pulled[row, day] = errors.clip(-most, most)
    squared = float(np.nanmean(pulled**2))
    variance = max(squared - float(np.mean(noise)), LEAST_FACTOR_SHARE * squared, 1e-12)
    trust = len(pulled) / (len(pulled) + DEFAULT_WEIGHT_ORIGINS)

    def correlation(lags: tuple[int, ...] | range, default: float) -> float:
        pairs = [pulled[:, lag:] * pulled[:, :-lag] for lag in lags if lag < pulled.shape[1]]
        products = np.concatenate([pair[~np.isnan(pair)] for pair in pairs] or [np.empty(0)])
        if not len(products):
            return default
        return trust * float(products.mean()) / variance + (1 - trust) * default

    far = correlation(FAR_DAYS, DEFAULT_LASTING)
    lasting = float(np.clip(far, 0.0, MOST_LASTING))
    near = (correlation(NEAR_DAYS, default_near) - lasting) / _mean_fading(NEAR_DAYS)
    return lasting, float(np.clip(near, 0.0, 1.0 - lasting))


def _mean_fading(lags: tuple[int, ...]) -> float:
    return float(np.mean(FADING_PER_DAY ** np.array(lags, float)))


def correlation_of_days(spread: Spread, lead_days: np.ndarray) -> np.ndarray:
    """Correlation of the factors of days `lead_days` ahead, shape (days, days)."""
    apart = np.abs(np.subtract.outer(lead_days, lead_days)).astype(float)
    shared = spread.lasting + spread.fading * FADING_PER_DAY**apart
    return np.where(apart == 0, 1.0, shared)


def week_totals(forecast: Forecast, first_weekday: int = 0) -> pd.DataFrame:
    """Totals of weeks with their quantiles: wider than if each day erred by itself.

    Parameters
    ----------
    forecast
        As :func:`forecasts.forecast_detail` answered it, not updated since.
    first_weekday
        Weekday that a week starts with, 0 Monday.

    Returns
    -------
    pandas.DataFrame
        ``queue, week`` (its first day)``, days`` (open ones of the forecast in it)``, volume`` and
        the quantiles of ``forecast.days``.

    Raises
    ------
    ValueError
        When the forecast was updated with a day's actuals.
    """
    if forecast.last_day is None:
        message = "weeks are told of forecasts as made, not as updated within the day"
        raise ValueError(message)
    levels = {name: float(str(name)[1:]) for name in forecast.days.columns[3:]}
    since = (forecast.days["date"].dt.day_of_week - first_weekday) % 7
    weeks = forecast.days["date"] - pd.to_timedelta(since, unit="D")
    found = []
    for (queue, week), part in forecast.days.groupby(["queue", weeks], sort=False):
        spread, mean = forecast.spread[str(queue)], part["volume"].to_numpy()
        lead = (part["date"] - forecast.last_day).dt.days.to_numpy()
        row = {"queue": queue, "week": week, "days": len(part), "volume": mean.sum()}
        for name, level in levels.items():
            variance = np.array([_week_variance(spread, mean, level, lead)])
            row[name] = count_quantile(mean.sum(keepdims=True), variance, level)[0]
        found.append(row)
    columns = ["queue", "week", "days", "volume", *levels]
    return pd.DataFrame(found, columns=columns).astype({"week": forecast.days["date"].dtype})


def _week_variance(spread: Spread, mean: np.ndarray, level: float, lead: np.ndarray) -> float:
    """Variance of the sum of days: Poisson's, their factors', and of where the level walked."""
    beyond = np.maximum(lead - spread.reach_days, 0.0)
    walked = spread.walk_cv**2 * np.minimum.outer(beyond, beyond)
    usual = spread.day_variance(mean, level, lead) - np.diag(walked) * mean**2
    factor = np.sqrt(np.maximum(usual - mean, 0.0))
    shared = factor @ correlation_of_days(spread, lead) @ factor
    return float(np.minimum(usual, mean).sum() + shared + mean @ walked @ mean)
