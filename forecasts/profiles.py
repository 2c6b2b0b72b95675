"""Mean intraday profiles, and how far each is to be believed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

# Twice the noise would be the universal price of a false frequency, once that of a known one.
PENALTY = 1.5
MOST_DISPERSION = 10.0
LEAST_CELLS = 50


def mean_profiles(
    volume: np.ndarray, total: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean shares of the day's total per interval, and the contacts behind each.

    Parameters
    ----------
    volume
        Counts, shape (days, intervals); NaN where closed.
    total
        Contacts of the whole day, shape (days,); days without one are left out.
    weights
        One row a profile, shape (profiles, days).

    Returns
    -------
    tuple
        Shares, shape (profiles, intervals), NaN where never seen; and the number of contacts whose
        plain mean would be as noisy (Kish's effective sample size).
    """
    weights = np.where(np.isnan(total), 0.0, weights)
    of_day = np.nan_to_num(total)
    seen = (~np.isnan(volume)).astype(float)
    base = (weights * of_day) @ seen
    squared = (weights**2 * of_day) @ seen
    count = weights @ np.nan_to_num(volume)
    some = base > 0
    share = np.where(some, count / np.where(some, base, 1.0), np.nan)
    return share, np.where(some, base**2 / np.maximum(squared, 1e-300), 0.0)


def dispersion(
    volume: np.ndarray, total: np.ndarray, expected_share: np.ndarray, freedom: float
) -> float:
    """Variance of counts around their share of the day's total, over Poisson's; at least 1.

    Pearson's statistic (McCullagh and Nelder 1989, 4.5.2); `freedom` is the share of the cells
    that fitting has left free.
    """
    mean = expected_share * total[:, None]
    known = ~np.isnan(volume) & (np.nan_to_num(mean) > 0)
    if known.sum() < LEAST_CELLS:
        return 1.0
    pearson = float(np.mean((volume[known] - mean[known]) ** 2 / mean[known]))
    return float(np.clip(pearson / max(freedom, 0.25), 1.0, MOST_DISPERSION))


def shrink_profile(
    own: np.ndarray, contacts: np.ndarray, centre: np.ndarray, over_poisson: float = 1.0
) -> np.ndarray:
    """Draw a profile to `centre` as far as their difference looks like noise.

    The difference of square roots (whose Poisson noise is alike everywhere) is taken apart into
    cosines; each octave of frequencies is shrunk by a James-Stein factor of its own, so that what
    is smooth and real stays and jitter goes (Efromovich and Pinsker 1984; Cavalier and Tsybakov
    2001). Intervals never seen take the centre's share.

    Parameters
    ----------
    own, contacts
        One row of :func:`mean_profiles`.
    centre
        What it is drawn to, known everywhere.
    over_poisson
        Variance of counts over Poisson's.
    """
    known = np.isfinite(own) & (contacts > 0)
    if not known.any() or not own[known].sum() > 0:
        return centre
    scaled = centre * (own[known].sum() / max(float(centre[known].sum()), 1e-12))
    root = np.sqrt(scaled[known])
    noise = 0.25 * over_poisson * float(np.mean(1 / contacts[known]))
    cosine = _cosines(int(known.sum()))
    wave = cosine @ (np.sqrt(np.maximum(own[known], 0.0)) - root)
    first, size = 0, 1
    while first < len(wave):
        octave = wave[first : first + size]
        energy = float((octave**2).sum())
        octave *= max(1 - PENALTY * len(octave) * noise / max(energy, 1e-300), 0.0)
        first, size = first + size, 2 * size
    kept = np.maximum(root + cosine.T @ wave, 0.0) ** 2
    scaled[known] = kept * own[known].sum() / max(float(kept.sum()), 1e-12)
    return scaled


def fill_profile(profile: np.ndarray) -> np.ndarray:
    """Give intervals never seen open the share of the nearest ones seen (wrapping midnight)."""
    known = np.flatnonzero(np.isfinite(profile))
    if len(known) == len(profile):
        return profile
    n = len(profile)
    wrapped = np.concatenate([known - n, known, known + n])
    return np.interp(np.arange(n), wrapped, np.tile(profile[known], 3))


@lru_cache(maxsize=32)
def _cosines(n: int) -> np.ndarray:
    """Orthonormal cosine transform, shape (frequencies, intervals)."""
    frequency, place = np.arange(n)[:, None], np.arange(n)[None, :] + 0.5
    waves = np.sqrt(2 / n) * np.cos(np.pi * frequency * place / n)
    waves[0] = np.sqrt(1 / n)
    return waves
