"""Daily totals by a structural model: calendar effects, a wandering level, and weeks of their own.

Log totals are the calendar's regression plus a level that walks from week to week plus an effect of
each week that does not last (Harvey 1989, chapter 2). All of it is linear with normal priors, so
one matrix serves every size of the walk; sizes are averaged by their marginal likelihood.
"""

from __future__ import annotations

import numpy as np

STEP_DAYS = 7
SPAN_DAYS = 546  # the level walks over this long; before it stays as it was
FIT_DAYS = 1500
WALK_SD_PER_DAY = (0.001, 0.003, 0.007, 0.016, 0.04)
WEEK_SD = (1e-4, 0.025, 0.07)
NOISE_FACTORS = (1.0, 2.0)
HUBER_SD = 2.0
MAX_SMEAR = 1.25


def forecast_structural(
    total: np.ndarray, design: np.ndarray, prior_sd: np.ndarray, horizon: np.ndarray
) -> np.ndarray:
    """Forecast daily totals.

    Parameters
    ----------
    total
        Contacts of each day of history, shape (n,); NaN where unknown.
    design, prior_sd
        Calendar regression over history and future, and the prior of each column's effect.
    horizon
        Rows of `design` to forecast.
    """
    n = len(total)
    known = np.flatnonzero(~np.isnan(total))
    known = known[known >= n - FIT_DAYS]
    logs = np.log(np.maximum(total[known], 0.5))
    centre = float(np.median(logs[-60:]))
    y = logs - centre
    used = np.abs(design[known]).max(axis=0) > 0
    base, base_precision = design[:, used], 1 / prior_sd[used] ** 2
    t = np.arange(len(design))[:, None]
    knots = np.arange(n - STEP_DAYS, max(n - SPAN_DAYS, 0), -STEP_DAYS)[None, :]
    walk = (t < knots).astype(float)  # a past level differs from the present by the steps since
    walk = walk[:, walk[known].any(axis=0)]
    week = ((t >= knots) & (t < knots + STEP_DAYS)).astype(float)
    week = week[:, week[known].any(axis=0)]
    x = np.hstack([base, walk, week])[known]
    ahead = np.hstack([base, walk, week])[horizon]

    def precision(walk_sd: float, week_sd: float) -> np.ndarray:
        steps = np.full(walk.shape[1], 1 / (walk_sd**2 * STEP_DAYS))
        return np.concatenate([base_precision, steps, np.full(week.shape[1], 1 / week_sd**2)])

    poisson = 1 / np.maximum(total[known], 1.0)
    sigma2 = max(float(np.var(y)) * 0.1, 1e-5)
    huber = np.ones(len(known))
    middle = np.diag(precision(WALK_SD_PER_DAY[2], WEEK_SD[1]))
    for _ in range(4):
        weight = huber / (sigma2 + poisson)
        gram, moment = (x * weight[:, None]).T @ x, x.T @ (weight * y)
        residual = y - x @ np.linalg.solve(gram + middle, moment)
        typical = 1.4826 * float(np.median(np.abs(residual)))
        sigma2 = max(typical**2 - float(np.median(poisson)), 0.1 * typical**2, 1e-6)
        scale = np.sqrt(sigma2 + poisson)
        huber = np.minimum(1.0, HUBER_SD * scale / np.maximum(np.abs(residual), 1e-9))
    inside = np.abs(residual) < 3 * scale
    smear = float(np.clip(np.exp(residual[inside]).mean(), 1.0, MAX_SMEAR))

    logs_ahead, evidence = [], []
    for walk_sd in WALK_SD_PER_DAY:
        for week_sd in WEEK_SD:
            prior = precision(walk_sd, week_sd)
            for factor in NOISE_FACTORS:
                posterior = gram / factor + np.diag(prior)
                effects = np.linalg.solve(posterior, moment / factor)
                logs_ahead.append(ahead @ effects)
                evidence.append(
                    0.5 * np.log(prior).sum()
                    - np.log(np.diag(np.linalg.cholesky(posterior))).sum()
                    + 0.5 * effects @ moment / factor
                    - 0.5 * (weight * y * y).sum() / factor
                    - 0.5 * len(y) * np.log(factor)
                )
    share = np.exp(np.array(evidence) - max(evidence))
    mean = (share / share.sum()) @ np.array(logs_ahead)
    return np.exp(centre + mean) * smear
