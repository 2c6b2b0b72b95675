"""Daily totals by a structural model: calendar effects, a wandering level, and the course of weeks.

Log totals are the calendar's regression plus a level that walks from week to week plus what weeks
do beside it: each differs by itself, or an effect fades over several, or the level has a slope that
fades (Harvey 1989, chapter 2). All of it is linear with normal priors, so one matrix serves every
size of them; sizes, and beliefs about the calendar, are averaged by their marginal likelihood.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from .design import Design

STEP_DAYS = 7
SPAN_DAYS = 364  # the level walks over this long; before it stays as it was
FIT_DAYS = 1500
WALK_SD_PER_DAY = (0.001, 0.003, 0.007, 0.016, 0.04)
FADING_PER_WEEK, SLOPE_PER_WEEK = 0.7, 0.9  # shares kept from one week to the next
# What weeks do, its standard deviation (of a slope: a week), and log odds before anything is seen.
COURSES = (("apart", 1e-4, 0.0), ("apart", 0.025, 0.0), ("apart", 0.07, 0.0),
           ("fading", 0.05, 0.0), ("fading", 0.12, 0.0),
           ("slope", 0.01, -2.0), ("slope", 0.03, -2.0))  # fmt: skip
NOISE_FACTORS = (1.0, 2.0)
# Sizes less likely than the best by more than this are not tried with other noise, other beliefs.
LOG_ODDS_TRIED, LOG_ODDS_KEPT = 4.0, 2.5
HUBER_SD = 2.0
MAX_SMEAR = 1.25


@dataclass(frozen=True)
class _Sizes:
    """Sizes of everything that is drawn from a prior."""

    belief: int
    walk_sd: float
    course: str
    course_sd: float
    log_odds: float
    noise: float


class _Posterior:
    """Marginal likelihood and effects of one regression under priors of any size."""

    def __init__(self, design: Design, used: np.ndarray, n_walk: int) -> None:
        self.design, self.used, self.n_walk = design, used, n_walk
        self.moments: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.squares, self.count = 0.0, 0

    def precision(self, sizes: _Sizes) -> np.ndarray:
        """Prior precision of every effect."""
        calendar = 1 / self.design.prior_sd[sizes.belief, self.used] ** 2
        steps = np.full(self.n_walk, 1 / (sizes.walk_sd**2 * STEP_DAYS))
        n_weeks = len(self.moments[sizes.course][1]) - len(calendar) - len(steps)
        return np.concatenate([calendar, steps, np.full(n_weeks, 1 / sizes.course_sd**2)])

    def log_evidence(self, sizes: _Sizes) -> float:
        """Log marginal likelihood and prior odds, up to a constant."""
        gram, moment = self.moments[sizes.course]
        prior, noise = self.precision(sizes), sizes.noise
        # One factor tells determinant and fit: its last row is what solving would need it for.
        size = len(prior) + 1
        bordered = np.empty((size, size))
        np.divide(gram, noise, out=bordered[:-1, :-1])
        bordered.ravel()[: -1 : size + 1] += prior
        bordered[-1, :-1] = bordered[:-1, -1] = moment / noise
        bordered[-1, -1] = 2 * self.squares / noise + 1.0
        root = np.linalg.cholesky(bordered)
        return float(
            0.5 * np.log(prior).sum()
            - np.log(np.diag(root)[:-1]).sum()
            + 0.5 * (root[-1, :-1] ** 2).sum()
            - 0.5 * self.squares / noise
            - 0.5 * self.count * np.log(noise)
            + np.log(self.design.odds[sizes.belief])
            + sizes.log_odds
        )

    def effects(self, sizes: _Sizes) -> np.ndarray:
        """Posterior mean of every effect."""
        gram, moment = self.moments[sizes.course]
        precision = gram / sizes.noise + np.diag(self.precision(sizes))
        return np.linalg.solve(precision, moment / sizes.noise)


def forecast_structural(
    total: np.ndarray, design: Design, horizon: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Forecast daily totals.

    Parameters
    ----------
    total
        Contacts of each day of history, shape (n,); NaN where unknown.
    design
        Calendar regression over history and future.
    horizon
        Rows of `design` to forecast.

    Returns
    -------
    tuple
        Expected totals, shape of `horizon`; and the posterior share of each belief of `design`.
    """
    n = len(total)
    known = np.flatnonzero(~np.isnan(total))
    known = known[known >= n - FIT_DAYS]
    logs = np.log(np.maximum(total[known], 0.5))
    centre = float(np.median(logs[-60:]))
    y = logs - centre
    used = np.abs(design.columns[known]).max(axis=0) > 0
    knots = np.arange(n - STEP_DAYS, max(n - SPAN_DAYS, 0), -STEP_DAYS)
    t = np.arange(len(design.columns))[:, None]
    walk = _seen((t < knots).astype(float), known)  # what a past level lacks to the present one
    columns = {
        course: np.hstack([design.columns[:, used], walk, _seen(weeks, known)])
        for course, weeks in _courses(t, knots).items()
    }

    posterior = _Posterior(design, used, walk.shape[1])
    poisson = 1 / np.maximum(total[known], 1.0)
    sigma2 = max(float(np.var(y)) * 0.1, 1e-5)
    huber = np.ones(len(known))
    x = columns["apart"][known]
    middle = _Sizes(0, WALK_SD_PER_DAY[2], *COURSES[1], 1.0)
    for _ in range(4):
        weight = huber / (sigma2 + poisson)
        posterior.moments["apart"] = _moments(x, y, weight)
        residual = y - x @ posterior.effects(middle)
        typical = 1.4826 * float(np.median(np.abs(residual)))
        sigma2 = max(typical**2 - float(np.median(poisson)), 0.1 * typical**2, 1e-6)
        scale = np.sqrt(sigma2 + poisson)
        huber = np.minimum(1.0, HUBER_SD * scale / np.maximum(np.abs(residual), 1e-9))
    inside = np.abs(residual) < 3 * scale
    smear = float(np.clip(np.exp(residual[inside]).mean(), 1.0, MAX_SMEAR))
    posterior.moments = {one: _moments(columns[one][known], y, weight) for one in columns}
    posterior.squares, posterior.count = float((weight * y * y).sum()), len(y)

    evidence = _weigh(posterior, len(design.odds))
    best = max(evidence.values())
    likely = [sizes for sizes, one in evidence.items() if one > best - LOG_ODDS_KEPT]
    share = {sizes: np.exp(evidence[sizes] - best) for sizes in likely}
    whole = sum(share.values())
    mean, believed = np.zeros(len(horizon)), np.zeros(len(design.odds))
    for sizes, one in share.items():
        mean += one / whole * (columns[sizes.course][horizon] @ posterior.effects(sizes))
        believed[sizes.belief] += one / whole
    return np.exp(centre + mean) * smear, believed


def _weigh(posterior: _Posterior, n_beliefs: int) -> dict[_Sizes, float]:
    """Log evidence of all sizes under the first belief, and of the likely ones under the others."""
    evidence: dict[_Sizes, float] = {}

    def try_all(found: Iterable[_Sizes]) -> None:
        evidence.update({sizes: posterior.log_evidence(sizes) for sizes in found})

    def likely(log_odds: float) -> list[_Sizes]:
        enough = max(evidence.values()) - log_odds
        return [sizes for sizes, one in evidence.items() if one > enough]

    first, *others = NOISE_FACTORS
    every = product(WALK_SD_PER_DAY, COURSES)
    try_all(_Sizes(0, walk_sd, *course, first) for walk_sd, course in every)
    try_all(replace(one, noise=noise) for one in likely(LOG_ODDS_TRIED) for noise in others)
    rivals = product(likely(LOG_ODDS_KEPT), range(1, n_beliefs))
    try_all(replace(one, belief=belief) for one, belief in rivals)
    return evidence


def _moments(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return (x * weight[:, None]).T @ x, x.T @ (weight * y)


def _seen(columns: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Columns that some day of the history has."""
    return columns[:, (columns[known] != 0).any(axis=0)]


def _courses(t: np.ndarray, knots: np.ndarray) -> dict[str, np.ndarray]:
    """What starts in the week of each knot, by what weeks do; columns of unit stationary variance.

    The first week of all has that variance whole, each later one adds what fading has taken.
    """
    weeks = (t - knots) // STEP_DAYS
    since = np.maximum(weeks, 0)
    every = np.arange(int(since.max()) + 1, dtype=float)
    found = {}
    for course, kept, after in (
        ("apart", 0.0, np.where(every > 0, 0.0, 1.0)),
        ("fading", FADING_PER_WEEK, FADING_PER_WEEK**every),
        # The sum of a slope that fades.
        ("slope", SLOPE_PER_WEEK, (1 - SLOPE_PER_WEEK ** (every + 1)) / (1 - SLOPE_PER_WEEK)),
    ):
        columns = np.where(weeks >= 0, after[since], 0.0)
        columns[:, :-1] *= np.sqrt(1 - kept**2)
        found[course] = columns
    return found
