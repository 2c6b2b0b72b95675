"""Daily totals: three models that fail differently, combined by how they did before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .design import make_design
from .effects import CLOSED, HOLIDAY, ORDINARY, WORKING_DAY, Days
from .structural import forecast_structural

HALF_LIFE_DAYS = 120.0  # forgetting of the regression
LEVEL_HALF_LIFE_DAYS = 14.0  # forgetting of the level that recent residuals add
LEVEL_PRIOR_DAYS = 7.0  # days of residuals that the level has to outweigh
WEEKDAYS_AVERAGED = 8
# What came before a gap this long may lie on another level, and is too old for a weekday mean.
LONG_GAP_DAYS = 28
# Fewer contacts a day, or fewer days, than this carry no regression.
WEAK_CONTACTS = 5.0
WEAK_DAYS = 21
OUTLIER_SD = 4.0
HUBER_SD = 2.0
WEIGHT_POWER = 10.0  # of the inverse past error, which a model's weight is proportional to
LEAST_ORIGINS = 3
LEAST_ORIGIN_DAYS = 30


MODELS = ("weekday means", "regression", "structural")


@dataclass(frozen=True)
class DailyForecast:
    """Expected totals of the days asked for, by model, and what was noticed.

    Parameters
    ----------
    by_model
        Expected contacts by model of `MODELS` and day, were it open as usual; shape (3, days).
    outliers
        Pairs (day, ratio to what was expected) whose weight was cut.
    weak
        Whether only weekday means could be used.
    """

    by_model: np.ndarray
    outliers: tuple[tuple[int, float], ...]
    weak: bool

    def total(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Combined forecast, shape (days,); equal weights where none are given."""
        if weights is None:
            return self.by_model.mean(axis=0)
        return weights @ self.by_model


def forecast_daily(total: np.ndarray, days: Days, horizon: np.ndarray) -> DailyForecast:
    """Forecast daily totals by each of three models that fail differently.

    The robust mean of the last weekdays at the level of the last weeks (on ordinary days; it
    follows fast and knows no calendar), the regression with forgetting (it knows the calendar and
    returns to its mean), and the structural model (its level walks as far as the history's did).
    Weak series take the weekday means alone.

    Parameters
    ----------
    total
        Contacts of each day of history, from element 0 of `days`; NaN where closed or unknown.
    days
        Description of history and future.
    horizon
        Elements of `days` to forecast, at or after ``len(total)``.
    """
    n = len(total)
    adjusted = total / np.exp(days.log_factor[:n])
    adjusted = np.where(days.kind[:n] == CLOSED, np.nan, adjusted)
    known = np.flatnonzero(~np.isnan(adjusted))
    factor = np.exp(days.log_factor[horizon])
    if not len(known):
        return DailyForecast(np.zeros((len(MODELS), len(horizon))), (), True)
    by_weekday = weekday_means(adjusted, days)
    rows = effective_weekdays(days, ~np.isnan(by_weekday))
    usual = rows @ np.nan_to_num(by_weekday, nan=float(np.nanmean(adjusted)))
    recent = adjusted[known[-56:]]
    if len(known) < WEAK_DAYS or recent.mean() < WEAK_CONTACTS:
        return DailyForecast(np.tile(usual[horizon] * factor, (len(MODELS), 1)), (), True)
    simple = usual[horizon] * np.exp(_level_of_means(adjusted, usual[:n], days.plain[:n]))
    design = make_design(days, rows, n, len(known), _gap_ends(~np.isnan(adjusted)))
    structural, believed = forecast_structural(adjusted, design, horizon)
    prior_sd = design.believed(believed)
    regression, outliers = _regress(adjusted, design.columns, prior_sd, known, horizon)
    known_to_all = np.where(days.plain[horizon], simple, 0.5 * (regression + structural))
    by_model = np.array([known_to_all, regression, structural]) * factor
    return DailyForecast(by_model, outliers, False)


def model_weights(past: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Weights of the models from their errors at past origins (Bates and Granger 1969).

    Parameters
    ----------
    past
        Pairs (actual totals, NaN where unknown; forecasts by model, shape (models, days)).
    """
    error, count, origins = np.zeros(len(MODELS)), 0, 0
    for actual, by_model in past:
        some = ~np.isnan(actual) & (actual > 0)
        ratio = np.maximum(by_model[:, some], 0.5) / np.maximum(actual[some], 0.5)
        error += np.abs(np.log(ratio)).sum(axis=1)
        count += int(some.sum())
        origins += bool(some.any())
    if origins < LEAST_ORIGINS or count < LEAST_ORIGIN_DAYS:
        return np.full(len(MODELS), 1 / len(MODELS))
    weights = np.maximum(error / count, 1e-6) ** -WEIGHT_POWER
    return weights / weights.sum()


def weekday_means(total: np.ndarray, days: Days) -> np.ndarray:
    """Robust mean of the last plain days of each weekday, shape (7,); NaN where none was seen.

    Values beyond 3 robust standard deviations of the weekday's median are pulled in to there. Few
    contacts say little: means are shrunk to the overall mean by the James-Stein factor of their
    spread against Poisson noise.
    """
    n = len(total)
    usable = ~np.isnan(total) & days.plain[:n]
    usable[: max(_gap_ends(~np.isnan(total)), default=0)] = False
    means, counts = np.full(7, np.nan), np.zeros(7)
    for w in range(7):
        values = total[usable & (days.weekday[:n] == w)][-WEEKDAYS_AVERAGED:]
        if not len(values):
            continue
        middle = np.median(values)
        spread = 3 * max(1.4826 * np.median(np.abs(values - middle)), np.sqrt(middle), 1.0)
        means[w] = np.clip(values, middle - spread, middle + spread).mean()
        counts[w] = len(values)
    seen = counts > 0
    if seen.sum() < 3:
        return means
    overall = np.average(means[seen], weights=counts[seen])
    noise = max(overall, 1e-9) / counts[seen]
    chi2 = float(((means[seen] - overall) ** 2 / noise).sum())
    shrink = min(1.0, (seen.sum() - 1) / max(chi2, 1e-9))
    means[seen] += shrink * (overall - means[seen])
    return means


def _level_of_means(total: np.ndarray, usual: np.ndarray, plain: np.ndarray) -> float:
    """How far the last weeks lie from the weekday means, in logs; the means lag behind a trend."""
    since_gap = max(_gap_ends(~np.isnan(total)), default=0)
    mine = np.flatnonzero(~np.isnan(total) & plain & (np.arange(len(total)) >= since_gap))
    residual = np.log(np.maximum(total[mine], 0.5) / np.maximum(usual[mine], 0.5))
    if not len(mine):
        return 0.0
    typical = 1.4826 * float(np.median(np.abs(residual)))
    return _level(residual, HUBER_SD * typical, len(total) - mine)


def _level(residual: np.ndarray, most: np.ndarray | float, age: np.ndarray) -> float:
    """Mean of recent residuals, each cut at `most`, shrunk towards none: simple smoothing."""
    recent = 0.5 ** (age / LEVEL_HALF_LIFE_DAYS)
    clipped = np.clip(residual, -most, most)
    return float((recent * clipped).sum() / (recent.sum() + LEVEL_PRIOR_DAYS))


def long_gaps(known: np.ndarray) -> np.ndarray:
    """Days inside a gap of the history so long that it says nothing of what was open."""
    inside = np.zeros(len(known), dtype=bool)
    days = np.flatnonzero(known)
    for end in _gap_ends(known):
        inside[days[days < end][-1] + 1 : end] = True
    return inside


def _gap_ends(known: np.ndarray) -> list[int]:
    """Days on which the history resumes after a long gap."""
    days = np.flatnonzero(known)
    return days[1:][np.diff(days) > LONG_GAP_DAYS].tolist()


def effective_weekdays(days: Days, weekday_seen: np.ndarray) -> np.ndarray:
    """Which weekday each day resembles, shape (days, 7), rows summing to 1.

    A holiday is like the rest day, a made-up working day like the mean working day, a bridge day
    half and half; where no such day was ever open a day stays itself.
    """
    rows = np.eye(7)[days.weekday]
    working = np.array(
        [
            weekday_seen[w] and not days.rest[(days.weekday == w) & (days.kind == ORDINARY)].any()
            for w in range(7)
        ]
    )
    if working.any():
        rows[days.kind == WORKING_DAY] = working / working.sum()
    rest = days.rest_weekday
    if weekday_seen[rest]:
        rows[days.kind == HOLIDAY] = np.eye(7)[rest]
        rows[days.bridge] = 0.5 * rows[days.bridge] + 0.5 * np.eye(7)[rest]
    return rows


def _regress(
    total: np.ndarray,
    design: np.ndarray,
    prior_sd: np.ndarray,
    known: np.ndarray,
    horizon: np.ndarray,
) -> tuple[np.ndarray, tuple[tuple[int, float], ...]]:
    """Bayesian ridge regression of log totals with forgetting and Huber weights.

    Each effect has a normal prior around 0; the noise variance is re-estimated from the residuals
    so that noisy queues are shrunk harder (Hoerl and Kennard 1970; Lindley and Smith 1972).
    """
    n = len(total)
    used = np.abs(design[known]).max(axis=0) > 0
    design, prior_sd = design[:, used], prior_sd[used]
    target = np.log(np.maximum(total[known], 0.5))
    centre = float(np.median(target))
    x, y = design[known], target - centre
    forget = 0.5 ** ((n - known) / HALF_LIFE_DAYS)
    poisson = 1.0 / np.maximum(total[known], 1.0)
    sigma2 = float(np.var(y)) * 0.1 + 1e-6
    huber = np.ones(len(known))
    for _ in range(4):
        weight = forget * huber * sigma2 / (sigma2 + poisson)
        gram = (x * weight[:, None]).T @ x + np.diag(sigma2 / prior_sd**2)
        beta = np.linalg.solve(gram, x.T @ (weight * y))
        residual = y - x @ beta
        scale = np.sqrt(sigma2 + poisson)
        typical = 1.4826 * float(np.median(np.abs(residual)))
        sigma2 = max(typical**2 - float(np.median(poisson)), 0.1 * typical**2, 1e-6)
        scale = np.sqrt(sigma2 + poisson)
        huber = np.minimum(1.0, HUBER_SD * scale / np.maximum(np.abs(residual), 1e-9))
    # exp of a mean log underestimates a mean: Duan's (1983) smearing over the central residuals.
    inside = np.abs(residual) < 3 * scale
    smear = float(np.average(np.exp(residual[inside]), weights=forget[inside]))
    smear = min(max(smear, 1.0), 1.25)
    forecast = np.exp(centre + design[horizon] @ beta) * smear
    odd = np.flatnonzero(np.abs(residual) > OUTLIER_SD * scale)
    outliers = tuple((int(known[i]), float(np.exp(residual[i]))) for i in odd)
    return forecast, outliers
