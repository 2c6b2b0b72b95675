"""The forecast as a distribution: a random factor a day, and noise beyond Poisson an interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

MAX_DAY_CV = 0.5
DEFAULT_DAY_CV = 0.1
LEAST_DAYS = 10
NORMAL_DECILE_RANGE = 2.563  # between the deciles of a standard normal
CALIBRATED_SHARES = (0.8, 0.95)  # central intervals whose coverage is set on past origins


@dataclass(frozen=True)
class Spread:
    """How far counts stray from their forecast.

    Parameters
    ----------
    day_cv
        Coefficient of variation of the day's random factor.
    interval_cv
        The same for what is added within a day, interval by interval.
    interval_scale, day_scale
        Factors on the variance, set so that central 80 and 95 % intervals covered 80 and 95 % in
        the past.
    origins
        Past origins that all this was learnt from: few leave the spread itself uncertain.
    shared_cv, half_cv
        What both halves of a day have in common, and what half a day has for itself beyond
        Poisson noise: how far a morning tells the afternoon.
    """

    day_cv: float
    interval_cv: float
    interval_scale: tuple[float, float] = (1.0, 1.0)
    day_scale: tuple[float, float] = (1.0, 1.0)
    origins: int = 0
    shared_cv: float = 0.0
    half_cv: float = 0.0

    def interval_variance(self, mean: np.ndarray, level: float = 0.9) -> np.ndarray:
        """Variance of an interval's count, as far as the quantile `level` is concerned."""
        scale = _between(self.interval_scale, level)
        return scale * (mean + (self.day_cv**2 + self.interval_cv**2) * mean**2)

    def day_variance(self, mean: np.ndarray, level: float = 0.9) -> np.ndarray:
        """Variance of a day's count, as far as the quantile `level` is concerned."""
        scale = _between(self.day_scale, level) * self._student(level)
        return scale * (mean + self.day_cv**2 * mean**2)

    def _student(self, level: float) -> float:
        """Square of Student's quantile over the normal's, two degrees of freedom per origin."""
        if not self.origins:
            return 1.0
        z = NormalDist().inv_cdf(level)
        # First term of the expansion of t in 1/df (Abramowitz and Stegun 26.7.5).
        return (1 + (z * z + 1) / (8 * max(self.origins, 2))) ** 2


def _between(scales: tuple[float, float], level: float) -> float:
    """Scale of a quantile: the first up to 10 and 90 %, the second beyond 2.5 and 97.5 %."""
    z = abs(NormalDist().inv_cdf(level))
    near, far = (NormalDist().inv_cdf(0.5 + share / 2) for share in CALIBRATED_SHARES)
    return float(np.interp(z, [near, far], scales))


def calibrate(actual: np.ndarray, predicted: np.ndarray, origins: int = 0) -> Spread:
    """Estimate the spread from forecasts made at past origins.

    Parameters
    ----------
    actual, predicted
        Counts and their forecasts, shape (days of all origins, intervals); NaN where closed.
    origins
        Origins that the forecasts were made at.

    Notes
    -----
    The day's factor is judged robustly (range between deciles of actual / predicted, beyond
    Poisson), the interval's by moments around the day's actual total. Both are then scaled together
    until the central 80 % (95 %) interval covers 80 % (95 %) of the past: counts are discrete,
    errors have heavy tails.
    """
    both = ~np.isnan(actual) & ~np.isnan(predicted) & (np.nan_to_num(predicted) > 0)
    y, mu = np.where(both, actual, 0.0), np.where(both, predicted, 0.0)
    day_y, day_mu = y.sum(axis=1), mu.sum(axis=1)
    some = day_mu > 0
    if some.sum() < LEAST_DAYS:
        return Spread(DEFAULT_DAY_CV, 0.0)
    ratio = day_y[some] / day_mu[some]
    low, high = np.quantile(ratio, [0.1, 0.9])
    variance = (float(high - low) / NORMAL_DECILE_RANGE) ** 2
    # Errors shared by all days of an origin widen the spread around 1, not around its own middle.
    variance += float(np.median(ratio) - 1.0) ** 2
    excess = variance - float(np.median(1.0 / day_mu[some]))
    day_cv = float(np.sqrt(np.clip(excess, 0.0, MAX_DAY_CV**2)))
    given_day = mu * np.where(some, day_y / np.where(some, day_mu, 1.0), 0.0)[:, None]
    moment = ((y - given_day) ** 2 - given_day).sum() / max((given_day**2).sum(), 1e-12)
    spread = Spread(day_cv, float(np.sqrt(np.clip(moment, 0.0, 1.0))))
    interval_scale = _cover(y[both], mu[both], spread.interval_variance(mu[both]))
    day_scale = _cover(day_y[some], day_mu[some], spread.day_variance(day_mu[some]))
    shared_cv, half_cv = _halves(y, mu)
    return Spread(
        spread.day_cv, spread.interval_cv, interval_scale, day_scale, origins, shared_cv, half_cv
    )


def count_quantile(mean: np.ndarray, variance: np.ndarray, level: float) -> np.ndarray:
    """Quantile of a count with this mean and variance, in whole contacts.

    The count is taken as a gamma variable (cube-root transformation of Wilson and Hilferty 1931)
    rounded to the nearest whole number: within one contact of the negative binomial, and defined
    for variances below Poisson's too, which calibration needs because whole numbers over-cover.
    """
    mean = np.asarray(mean, float)
    some = mean > 1e-6
    shape_inverse = np.divide(variance, mean**2, out=np.zeros_like(mean), where=some)
    z = NormalDist().inv_cdf(level)
    root = 1 - shape_inverse / 9 + z * np.sqrt(shape_inverse / 9)
    return np.maximum(np.ceil(mean * np.maximum(root, 0.0) ** 3 - 0.5), 0.0)


def _halves(y: np.ndarray, mu: np.ndarray) -> tuple[float, float]:
    """Covariance of the two halves of a day, and what a half has for itself, as cv."""
    middle = int(np.searchsorted(np.cumsum(mu.sum(axis=0)), mu.sum() / 2)) + 1
    halves = [(part[0].sum(axis=1), part[1].sum(axis=1)) for part in
              ((y[:, :middle], mu[:, :middle]), (y[:, middle:], mu[:, middle:]))]  # fmt: skip
    some = (halves[0][1] > 0) & (halves[1][1] > 0)
    if some.sum() < LEAST_DAYS:
        return 0.0, 0.0
    # Far days would set both; they count as at most three robust standard deviations.
    gaps = []
    for count, mean in halves:
        gap = count[some] / mean[some] - 1
        most = 3 * max(1.4826 * float(np.median(np.abs(gap))), 1e-6)
        gaps.append(np.clip(gap, -most, most))
    shared = max(float(np.mean(gaps[0] * gaps[1])), 0.0)
    poisson = np.mean([float(np.mean(1 / mean[some])) for _, mean in halves])
    own = float(np.mean([np.mean(gap**2) for gap in gaps])) - shared - float(poisson)
    return float(np.sqrt(shared)), float(np.sqrt(max(own, 0.0)))


def _cover(actual: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Factors on the variance with which central intervals cover their shares of `actual`."""
    scales = []
    for share in CALIBRATED_SHARES:
        tail = (1 - share) / 2
        low, high = 0.2, 8.0
        for _ in range(12):
            middle = float(np.sqrt(low * high))
            inside = actual >= count_quantile(mean, middle * variance, tail)
            inside &= actual <= count_quantile(mean, middle * variance, 1 - tail)
            if inside.mean() < share:
                low = middle
            else:
                high = middle
        scales.append(float(np.sqrt(low * high)))
    return scales[0], max(scales[1], 0.8 * scales[0])
