"""The forecast as a distribution: a random factor a day, and noise beyond Poisson an interval."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

MAX_DAY_CV = 0.5
# Where past origins are few: the middle of what histories of one to three months were out by.
DEFAULT_DAY_CV = 0.15
DEFAULT_WEIGHT_ORIGINS = 0.5  # origins that the default counts for where there are hardly any
DEFAULT_WALK_CV = 0.005  # a day: 10 % in a year
WALK_WEIGHT_ORIGINS = 2.0
FULL_ORIGINS = 12  # so many speak for themselves
HALF_LIFE_ORIGINS = 3.0  # the forecast to come is more like the last ones: more history behind it
LEAST_DAY_CV = 0.01
LEAST_DAYS = 10
# Below a contact an interval, whole numbers cover far more than they should: 0 to 1 is the least
# range but 0 itself.
LEAST_SCALE, MOST_SCALE = 0.01, 8.0
FEW_CONTACTS = 5.0  # an interval: below it the exact distribution of counts is drawn from
MOST_FEW = 100
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
    walk_cv
        Standard deviation that each day past `reach_days` adds, as a share of the mean: the level
        walks on, further than past origins show.
    reach_days
        Days ahead that past origins show.
    lasting, fading
        Shares of the day factor's variance that all days of a forecast have in common, and that
        neighbouring days do (:func:`forecasts.weeks.learn_persistence`).
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
    walk_cv: float = 0.0
    reach_days: int = 0
    lasting: float = 0.0
    fading: float = 0.0

    def interval_variance(
        self, mean: np.ndarray, level: float = 0.9, lead_days: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Variance of a count of an interval `lead_days` ahead, for the quantile `level`."""
        scale = _between(self.interval_scale, level)
        within = scale * (mean + (self.day_cv**2 + self.interval_cv**2) * mean**2)
        return within + self.walked(lead_days) * mean**2

    def day_variance(
        self, mean: np.ndarray, level: float = 0.9, lead_days: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Variance of a day's count `lead_days` ahead, for the quantile `level`."""
        scale = _between(self.day_scale, level) * self._student(level)
        return scale * (mean + self.day_cv**2 * mean**2) + self.walked(lead_days) * mean**2

    def interval_counts(
        self, mean: np.ndarray, z: np.ndarray, lead_days: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Counts of intervals at standard normal deviates `z`, shape (draws, intervals).

        The quantiles of level Phi(z). Where few contacts are expected those of the negative
        binomial, so that the counts keep their mean: the scales make up there for whole numbers.
        """
        usual = self.day_cv**2 + self.interval_cv**2
        walked = self.walked(lead_days) * np.square(mean)
        scale = _scale_at(self.interval_scale, z)
        counts = _count_at(mean, scale * (mean + usual * mean**2) + walked, z)
        few = np.flatnonzero(mean < FEW_CONTACTS)
        if len(few):
            variance = mean + usual * mean**2 + walked
            counts[:, few] = _few_counts(
                mean[few],
                variance[few],
                z[..., few] if z.shape[-1] > 1 else np.broadcast_to(z, (len(z), len(few))),
            )
        return counts

    def walked(self, lead_days: np.ndarray | float) -> np.ndarray:
        """Squared cv of where the level has walked to since the last day that origins reach."""
        return self.walk_cv**2 * np.maximum(np.asarray(lead_days) - self.reach_days, 0.0)

    def _student(self, level: float) -> float:
        """Square of Student's quantile over the normal's, two degrees of freedom per origin."""
        if not self.origins:
            return 1.0
        z = NormalDist().inv_cdf(level)
        # First term of the expansion of t in 1/df (Abramowitz and Stegun 26.7.5).
        return (1 + (z * z + 1) / (8 * max(self.origins, 2))) ** 2


def _between(scales: tuple[float, float], level: float) -> float:
    """Scale of a quantile: the first up to 10 and 90 %, the second beyond 2.5 and 97.5 %."""
    return float(_scale_at(scales, np.array(NormalDist().inv_cdf(level))))


def _scale_at(scales: tuple[float, float], z: np.ndarray) -> np.ndarray:
    near, far = (NormalDist().inv_cdf(0.5 + share / 2) for share in CALIBRATED_SHARES)
    return np.interp(np.abs(z), [near, far], scales)


def calibrate(
    actual: np.ndarray,
    predicted: np.ndarray,
    origins: int = 0,
    weights: np.ndarray | None = None,
) -> Spread:
    """Estimate the spread from forecasts made at past origins.

    Parameters
    ----------
    actual, predicted
        Counts and their forecasts, shape (days of all origins, intervals); NaN where closed.
    origins
        Origins that the forecasts were made at; 0 where that does not matter.
    weights
        How much each day counts, shape (days of all origins,); by default all the same.

    Notes
    -----
    The day's factor is judged robustly (range between deciles of actual / predicted, beyond
    Poisson), the interval's by moments around the day's actual total. Both are then scaled together
    until the central 80 % (95 %) interval covers 80 % (95 %) of the past: counts are discrete,
    errors have heavy tails. With few origins the day's factor is drawn towards a default and the
    scales towards 1, in logs, as a normal prior of the log standard deviation does.
    """
    both = ~np.isnan(actual) & ~np.isnan(predicted) & (np.nan_to_num(predicted) > 0)
    y, mu = np.where(both, actual, 0.0), np.where(both, predicted, 0.0)
    day_y, day_mu = y.sum(axis=1), mu.sum(axis=1)
    some = day_mu > 0
    if some.sum() < LEAST_DAYS:
        return Spread(DEFAULT_DAY_CV, 0.0)
    weights = np.ones(len(y)) if weights is None else weights
    ratio, of_day = day_y[some] / day_mu[some], weights[some]
    low, middle, high = _weighted_quantiles(ratio, of_day, (0.1, 0.5, 0.9))
    variance = ((high - low) / NORMAL_DECILE_RANGE) ** 2
    # Errors shared by all days of an origin widen the spread around 1, not around its own middle.
    variance += (middle - 1.0) ** 2
    excess = variance - _weighted_quantiles(1.0 / day_mu[some], of_day, (0.5,))[0]
    day_cv = float(np.sqrt(np.clip(excess, 0.0, MAX_DAY_CV**2)))
    given_day = mu * np.where(some, day_y / np.where(some, day_mu, 1.0), 0.0)[:, None]
    moment = weights @ ((y - given_day) ** 2 - given_day).sum(axis=1)
    moment /= max(weights @ (given_day**2).sum(axis=1), 1e-12)
    spread = Spread(day_cv, float(np.sqrt(np.clip(moment, 0.0, 1.0))))
    of_interval = np.broadcast_to(weights[:, None], both.shape)[both]
    interval_scale = _cover(y[both], mu[both], spread.interval_variance(mu[both]), of_interval)
    day_scale = _cover(day_y[some], day_mu[some], spread.day_variance(day_mu[some]), of_day)
    trust = _trust(origins)
    if day_cv < DEFAULT_DAY_CV:
        day_cv = max(day_cv, LEAST_DAY_CV if trust < 1 else 0.0) ** trust
        day_cv *= DEFAULT_DAY_CV ** (1 - trust)
    shared_cv, half_cv = _halves(y, mu)
    return Spread(
        day_cv,
        spread.interval_cv,
        (interval_scale[0] ** trust, interval_scale[1] ** trust),
        (day_scale[0] ** trust, day_scale[1] ** trust),
        origins,
        shared_cv,
        half_cv,
    )


def origin_weights(ages: np.ndarray) -> np.ndarray:
    """Weights of past origins by how many origins came after each."""
    return 0.5 ** (np.asarray(ages, float) / HALF_LIFE_ORIGINS)


def walk_cv(gaps: list[np.ndarray], block_days: int) -> float:
    """How far the level walks a day beyond what the first block of a forecast shows.

    Parameters
    ----------
    gaps
        Per past origin the mean log error of each block of days ahead, NaN where unknown.
    block_days
        Days of a block.

    Returns
    -------
    float
        Standard deviation of a random walk's daily step. What far blocks were further out than
        first ones, squared, grows in proportion to the days between; a default of the weight of
        `WALK_WEIGHT_ORIGINS` origins stands beside it, for origins so far apart are few.
    """
    growth, days, origins = 0.0, 0.0, 0
    firsts = [float(gap[0]) ** 2 for gap in gaps if len(gap) and not np.isnan(gap[0])]
    for gap in gaps:
        later = np.arange(1, len(gap))[~np.isnan(gap[1:])]
        if not len(later):
            continue
        squared = np.minimum(gap[later] ** 2, MAX_DAY_CV**2) - np.mean(firsts or [0.0])
        growth, days = growth + float(squared.sum()), days + float(later.sum() * block_days)
        origins += 1
    seen = max(growth / days, 0.0) if days else 0.0
    default = WALK_WEIGHT_ORIGINS * DEFAULT_WALK_CV**2
    return float(np.sqrt((origins * seen + default) / (origins + WALK_WEIGHT_ORIGINS)))


def _trust(origins: int) -> float:
    """Share of what was measured against the default: all where unknown or with a full dozen."""
    if not origins:
        return 1.0
    default = DEFAULT_WEIGHT_ORIGINS * max(1 - origins / FULL_ORIGINS, 0.0)
    return origins / (origins + default)


def _weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, levels: tuple[float, ...]
) -> tuple[float, ...]:
    """Quantiles of weighted values; those of numpy where all weights are the same."""
    order = np.argsort(values)
    w = weights[order]
    middle = np.cumsum(w) - 0.5 * w
    place = (middle - middle[0]) / max(float(middle[-1] - middle[0]), 1e-12)
    return tuple(float(v) for v in np.interp(levels, place, values[order]))


def count_quantile(mean: np.ndarray, variance: np.ndarray, level: float) -> np.ndarray:
    """Quantile of a count with this mean and variance, in whole contacts.

    The count is taken as a gamma variable (cube-root transformation of Wilson and Hilferty 1931)
    rounded to the nearest whole number: within one contact of the negative binomial, and defined
    for variances below Poisson's too, which calibration needs because whole numbers over-cover.
    """
    return _count_at(np.asarray(mean, float), variance, NormalDist().inv_cdf(level))


def _count_at(mean: np.ndarray, variance: np.ndarray, z: np.ndarray | float) -> np.ndarray:
    some = mean > 1e-6
    shape_inverse = np.where(some, variance / np.where(some, mean, 1.0) ** 2, 0.0)
    root = 1 - shape_inverse / 9 + z * np.sqrt(shape_inverse / 9)
    return np.maximum(np.ceil(mean * np.maximum(root, 0.0) ** 3 - 0.5), 0.0)


def _few_counts(mean: np.ndarray, variance: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Negative binomial counts at normal deviates `z`, shape (draws, intervals); means are small.

    The recursion p(k+1) = p(k) (k + r)/(k + 1) q of Johnson, Kemp and Kotz (2005), 5.1.
    """
    over = np.maximum(variance - mean, 1e-9 * np.maximum(mean, 1e-9))
    size = mean**2 / over
    odds = over / np.maximum(variance, 1e-12)
    chance = np.exp(size * np.log1p(-odds))
    below, counts = chance.copy(), np.zeros(z.shape)
    inverse = NormalDist().inv_cdf
    for k in range(MOST_FEW):
        level = np.clip(below, 1e-12, 1 - 1e-12)
        reached = z > np.array([inverse(float(one)) for one in level])
        if not reached.any():
            break
        counts += reached
        chance = chance * (k + size) / (k + 1) * odds
        below = below + chance
    return counts


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


def _cover(
    actual: np.ndarray, mean: np.ndarray, variance: np.ndarray, weights: np.ndarray
) -> tuple[float, float]:
    """Factors on the variance with which central intervals cover their shares of `actual`."""
    scales = []
    for share in CALIBRATED_SHARES:
        tail = (1 - share) / 2
        wanted = share * weights.sum()
        low, high = LEAST_SCALE, MOST_SCALE
        for _ in range(15):
            middle = float(np.sqrt(low * high))
            inside = actual >= count_quantile(mean, middle * variance, tail)
            inside &= actual <= count_quantile(mean, middle * variance, 1 - tail)
            if weights[inside].sum() < wanted:
                low = middle
            else:
                high = middle
        scales.append(float(np.sqrt(low * high)))
    return scales[0], max(scales[1], 0.8 * scales[0])
