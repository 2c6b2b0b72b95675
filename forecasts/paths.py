"""Joint paths of all queues: what a simulation or a plan under uncertainty draws from."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from .intervals import Spread
from .predict import Forecast
from .weeks import FADING_PER_DAY

SHRINK_DAYS = 14.0  # shared past days that no correlation at all counts for
MOST_CORRELATION = 0.95
MOST_COMMON = 0.98  # share of an interval's variance that may come from its day
BATCH = 500_000  # counts drawn at once: a year of half-hours would fill the memory
LEVEL = 0.9  # at which the variance of day totals is met
GRID = 64  # quantiles that tell the variance of an interval's count


def sample_paths(
    forecast: Forecast, paths: int = 1000, seed: int | None = 0
) -> dict[str, np.ndarray]:
    """Draw contacts of all intervals of all queues together.

    Each interval by itself is distributed as its quantiles in the forecast's table say (below
    five contacts: as counts of its mean and spread, at most one contact from them). The
    intervals of a day move together by the day's factor, as far as lets day totals vary as the
    table of days says. Days share what of past errors lasted, and far ahead the level that has
    walked on; queues move together by the correlation of their day errors at past origins (a
    Gaussian copula over the counts).

    Parameters
    ----------
    forecast
        As :func:`forecasts.forecast_detail` answered it, not updated since.
    paths
        Number of draws.
    seed
        Of the random numbers; None draws anew each time.

    Returns
    -------
    dict
        Per queue whole counts of shape (paths, intervals), int32; its columns are the queue's rows
        of ``forecast.table`` in their order.

    Raises
    ------
    ValueError
        When `paths` is below 1, or the forecast was updated with a day's actuals.
    """
    if paths < 1:
        message = f"paths is {paths}; at least one must be drawn"
        raise ValueError(message)
    if forecast.last_day is None:
        message = "paths are drawn from forecasts as made, not as updated within the day"
        raise ValueError(message)
    rng = np.random.default_rng(seed)
    queues = list(forecast.spread)
    root = np.linalg.cholesky(day_correlation(forecast))
    start = pd.DatetimeIndex(forecast.table["start"])
    lead = (start.normalize() - forecast.last_day).days.to_numpy()
    leads = np.unique(lead)
    # Two factors a day, queues correlated: the day's, and where the level has walked to.
    day = _day_factors(rng, forecast, root, leads, paths)
    reach = max((forecast.spread[queue].reach_days for queue in queues), default=0)
    walked = np.diff(np.maximum(leads - reach, 0), prepend=0).astype(float)
    steps = rng.standard_normal((paths, len(leads), len(queues))) @ root.T
    walk = np.cumsum(steps * np.sqrt(walked)[:, None], axis=1)
    walk /= np.sqrt(np.maximum(np.cumsum(walked), 1.0))[:, None]
    drawn = {}
    for number, queue in enumerate(queues):
        rows = (forecast.table["queue"] == queue).to_numpy()
        mean = forecast.table.loc[rows, "volume"].to_numpy()
        of_day = np.searchsorted(leads, lead[rows])
        spread = forecast.spread[queue]
        common, from_walk = _shares(spread, mean, of_day, leads)
        both = np.sqrt(from_walk) * walk[:, :, number] + np.sqrt(1 - from_walk) * day[:, :, number]
        counts = np.empty((paths, len(mean)), np.int32)
        at_once = max(BATCH // max(len(mean), 1), 1)
        for first in range(0, paths, at_once):
            part = both[first : first + at_once]
            own = rng.standard_normal((len(part), len(mean)))
            z = np.sqrt(common) * part[:, of_day] + np.sqrt(1 - common) * own
            counts[first : first + at_once] = spread.interval_counts(mean, z, lead[rows])
        drawn[queue] = counts
    return drawn


def _day_factors(
    rng: np.random.Generator, forecast: Forecast, root: np.ndarray, leads: np.ndarray, paths: int
) -> np.ndarray:
    """Standard normal factors of days, shape (paths, days, queues).

    Of each a part lasts over all days, one fades from day to day, and one is the day's own, as
    large as each queue's errors have them; `root` correlates the queues.
    """
    lasts = rng.standard_normal((paths, 1, len(root))) @ root.T
    fades = rng.standard_normal((paths, len(leads), len(root))) @ root.T
    for k in range(1, len(leads)):
        kept = FADING_PER_DAY ** float(leads[k] - leads[k - 1])
        fades[:, k] = kept * fades[:, k - 1] + np.sqrt(1 - kept**2) * fades[:, k]
    own = rng.standard_normal((paths, len(leads), len(root))) @ root.T
    share = np.array([(one.lasting, one.fading) for one in forecast.spread.values()]).T
    return (
        np.sqrt(share[0]) * lasts
        + np.sqrt(share[1]) * fades
        + np.sqrt(np.maximum(1 - share.sum(axis=0), 0.0)) * own
    )


def day_correlation(forecast: Forecast) -> np.ndarray:
    """Correlation of the queues' day factors, shape (queues, queues), positive definite.

    That of day errors on the same days from the same origins, shrunk towards none where such days
    are few; errors beyond three robust standard deviations are pulled in.
    """
    queues = list(forecast.spread)
    found = np.eye(len(queues))
    errors = pd.DataFrame({q: _pulled_in(forecast.day_errors.get(q)) for q in queues})
    for a in range(len(queues)):
        for b in range(a):
            pair = errors[[queues[a], queues[b]]].dropna().to_numpy()
            norm = np.sqrt((pair[:, 0] ** 2).sum() * (pair[:, 1] ** 2).sum())
            if not norm:
                continue
            days = len(pair)
            value = (pair[:, 0] * pair[:, 1]).sum() / norm * days / (days + SHRINK_DAYS)
            # Poisson noise of day totals is each queue's own: the factors are nearer than errors.
            value /= np.sqrt(
                _factor_share(forecast, queues[a]) * _factor_share(forecast, queues[b])
            )
            found[a, b] = found[b, a] = np.clip(value, -MOST_CORRELATION, MOST_CORRELATION)
    values, vectors = np.linalg.eigh(found)
    found = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(found))
    return found / np.outer(scale, scale)


def _pulled_in(errors: pd.Series | None) -> pd.Series:
    if errors is None or errors.empty:
        return pd.Series(dtype=float)
    most = 3 * max(1.4826 * float(errors.abs().median()), 1e-6)
    return errors.clip(-most, most)


def _factor_share(forecast: Forecast, queue: str) -> float:
    """Share of the variance of day totals that the day's factor has, against Poisson noise."""
    mine = forecast.days.loc[forecast.days["queue"] == queue, "volume"]
    factor = forecast.day_cv[queue] ** 2 * float(mine.mean()) if len(mine) else 0.0
    return max(factor / (1 + factor), 0.1)


def _shares(
    spread: Spread, mean: np.ndarray, of_day: np.ndarray, leads: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Share of each interval's variance that its day has in common, and the walk's share of that.

    What is common moves all intervals of a day in proportion. Its size c solves
    var(day) = sum var(interval) + c² ((sum mean)² - sum mean²).
    """
    n = len(leads)
    total = np.bincount(of_day, mean, n)
    # Of the whole counts that are drawn: rounding adds to the variance of small ones.
    levels = ((k + 0.5) / GRID for k in range(GRID))
    z = np.array([NormalDist().inv_cdf(level) for level in levels])[:, None]
    of_interval = spread.interval_counts(mean, z, leads[of_day]).var(axis=0)
    apart = spread.day_variance(total, LEVEL, leads) - np.bincount(of_day, of_interval, n)
    pairs = total**2 - np.bincount(of_day, mean**2, n)
    usual = spread.day_cv**2 + spread.walked(leads)
    many = pairs > 1e-9 * np.maximum(total, 1.0) ** 2
    squared = np.where(many, np.maximum(apart, 0.0) / np.where(many, pairs, 1.0), usual)
    common = squared[of_day] * mean**2 / np.maximum(of_interval, 1e-12)
    from_walk = np.clip(spread.walked(leads) / np.maximum(squared, 1e-12), 0.0, 1.0)
    return np.minimum(common, MOST_COMMON), from_walk
