"""What forecasts made at past days teach: which models to trust, and how far they strayed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .daily import DailyForecast, forecast_daily, long_gaps, model_weights
from .effects import Days
from .intervals import DEFAULT_DAY_CV, Spread, calibrate, origin_weights, walk_cv
from .shape import (
    Shapes,
    forecast_shapes,
    full_day_totals,
    mean_shapes,
    shape_weights,
)
from .weeks import learn_persistence

ORIGINS = 12
MOST_STEP_DAYS, LEAST_STEP_DAYS = 14, 4  # between past origins
ORIGIN_HORIZON_DAYS = 28
FAR_ORIGINS = 4  # for horizons beyond that: how far the level walks
LEAST_BLOCK_DAYS = 7  # known ones of a block of ORIGIN_HORIZON_DAYS
LEAST_HORIZON_DAYS = 7  # a dozen single days would not tell a spread
LEAST_TRAINING_DAYS = 14
LEAST_RECENT_DAYS = 10  # of the four weeks before an origin: less would judge a cold start


@dataclass(frozen=True)
class Expected:
    """What each model expects of some days."""

    daily: DailyForecast
    shapes: list[Shapes]

    def mean(self, learnt: Learnt) -> tuple[np.ndarray, Shapes]:
        """Expected counts, shape (days, intervals), also where closed; and the mean profile."""
        shapes = mean_shapes(self.shapes, learnt.shape_weights)
        return self.daily.total(learnt.day_weights)[:, None] * shapes.profile, shapes


@dataclass(frozen=True)
class Learnt:
    """What past origins teach: which models to trust, and how far they strayed."""

    day_weights: np.ndarray
    shape_weights: np.ndarray
    spread: Spread
    day_errors: pd.Series


def expect(volume: np.ndarray, told: Days, horizon: np.ndarray) -> Expected:
    """Day totals and profiles of the days `horizon` from the rows of `volume` alone."""
    total = full_day_totals(volume, told)
    daily = forecast_daily(total, told, horizon)
    return Expected(daily, forecast_shapes(volume, total, told, horizon))


def learn(volume: np.ndarray, told: Days, n_ahead: int) -> Learnt:
    """Weights and spread from forecasts made at past origins, each knowing only its past.

    Parameters
    ----------
    volume
        Counts, shape (days, intervals); NaN where closed.
    told
        Description of history and future.
    n_ahead
        Days from the end of the history to the last day that is to be forecast.
    """
    n = len(volume)
    ahead = min(max(n_ahead, LEAST_HORIZON_DAYS), ORIGIN_HORIZON_DAYS)
    total = full_day_totals(volume, told)
    # Long gaps are stepped over: what came before them tells more of errors than nothing does.
    lived = np.flatnonzero(~long_gaps((~np.isnan(volume)).any(axis=1)))
    # Forecasts from less than half of the history were worse than the coming one will be.
    room = len(lived) // (2 * ORIGINS)
    step = min(max(room, LEAST_STEP_DAYS), MOST_STEP_DAYS)
    past: list[tuple[np.ndarray, Expected]] = []
    ages: list[int] = []
    for k in range(1, ORIGINS + 1):
        if k * step > len(lived) or lived[-k * step] < LEAST_TRAINING_DAYS:
            break
        origin = int(lived[-k * step])
        recent = volume[max(origin - ORIGIN_HORIZON_DAYS, 0) : origin]
        if (~np.isnan(recent)).any(axis=1).sum() < LEAST_RECENT_DAYS:
            continue
        horizon = np.arange(origin, min(origin + ahead, n))
        past.append((horizon, expect(volume[:origin], told, horizon)))
        ages.append(k - 1)
    day_weights = model_weights([(total[h], e.daily.by_model) for h, e in past])
    by_shape = shape_weights([(volume[h], e.shapes) for h, e in past])
    walk = _learn_walk(total, told, n_ahead, day_weights) if n_ahead > ahead else 0.0
    none = pd.Series(dtype=float)
    lasting, fading = learn_persistence(none, np.empty(0))
    spread = Spread(
        DEFAULT_DAY_CV, 0.0, walk_cv=walk, reach_days=ahead, lasting=lasting, fading=fading
    )
    learnt = Learnt(day_weights, by_shape, spread, none)
    if not past:
        return learnt
    means = [(h, *e.mean(learnt)) for h, e in past]
    predicted = np.vstack([np.where(shapes.open, mean, np.nan) for _, mean, shapes in means])
    actual = np.vstack([volume[h] for h, _, _ in means])
    weights = np.repeat(origin_weights(np.array(ages)), [len(h) for h, _ in past])
    spread = calibrate(actual, predicted, len(past), weights)
    days = [(h[0] - n, day - n) for h, _ in past for day in h]
    errors, noise = _day_errors(actual, predicted, days)
    lasting, fading = learn_persistence(errors, noise)
    spread = replace(spread, walk_cv=walk, reach_days=ahead, lasting=lasting, fading=fading)
    return replace(learnt, spread=spread, day_errors=errors)


def _day_errors(
    actual: np.ndarray, predicted: np.ndarray, days: list[tuple[int, int]]
) -> tuple[pd.Series, np.ndarray]:
    """Log errors of day totals and their Poisson variance, where both are forecast and seen."""
    both = ~np.isnan(actual) & ~np.isnan(predicted)
    came, expected = (np.where(both, of, 0.0).sum(axis=1) for of in (actual, predicted))
    some = expected > 0.5
    gap = np.log(np.maximum(came[some], 0.5) / expected[some])
    index = pd.MultiIndex.from_tuples(days, names=["origin", "day"])[some]
    return pd.Series(gap, index=index), 1 / np.maximum(expected[some], 1.0)


def _learn_walk(total: np.ndarray, told: Days, n_ahead: int, weights: np.ndarray) -> float:
    """How far the level walks, from day totals forecast far ahead in the past."""
    n, block = len(total), ORIGIN_HORIZON_DAYS
    far = min(n_ahead, n // 2)
    gaps = []
    for back in np.unique(np.linspace(min(2 * far, n // 2), 2 * block, FAR_ORIGINS).astype(int)):
        origin, end = n - back, min(n - back + far, n)
        if far < 2 * block or (~np.isnan(total[:origin])).sum() < LEAST_TRAINING_DAYS:
            continue
        horizon = np.arange(origin, end)
        expected = forecast_daily(total[:origin], told, horizon).total(weights)
        some = (total[horizon] > 0) & (expected > 0)
        gap = np.log(total[horizon[some]] / expected[some])
        number = (horizon[some] - origin) // block
        held = np.bincount(number, minlength=far // block)
        mean = np.bincount(number, gap, minlength=far // block) / np.maximum(held, 1)
        gaps.append(np.where(held >= LEAST_BLOCK_DAYS, mean, np.nan))
    return walk_cv(gaps, block)
