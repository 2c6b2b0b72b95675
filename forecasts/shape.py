"""Intraday shape: how a day's contacts spread over its intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .daily import effective_weekdays, long_gaps
from .effects import CLOSED, HOLIDAY, ORDINARY, WORKING_DAY, Days

HALF_LIVES_DAYS = (18.0, 56.0, 180.0)  # forgetting of the profiles, averaged
RANK = 4
LOW_RANK_SHARE = 0.5
LOW_RANK_DAYS = 365
OPEN_WEEKS = 8
# A day of which less than this share of the usual volume was seen has no known total.
LEAST_COVERAGE = 0.5


@dataclass(frozen=True)
class Shapes:
    """Profiles of the days asked for.

    Parameters
    ----------
    profile
        Share of the day's contacts per interval, shape (days, intervals); sums to 1 over the
        intervals in `open`, and says something of the others too (for longer opening hours).
    open
        Whether the history shows that interval open on such a day, same shape.
    """

    profile: np.ndarray
    open: np.ndarray


def open_pattern(volume: np.ndarray, days: Days) -> tuple[np.ndarray, np.ndarray]:
    """Usual opening: by weekday, shape (7, intervals), and on holidays, shape (intervals,).

    An interval is open on a weekday if it was on at least half of the last 8 such days that the
    history shows, a weekday if the history shows a quarter of its last 8 days; long gaps of the
    whole history are left out. Holidays are open if most past holidays were; if there was none, as
    the rest day is.
    """
    n = len(volume)
    seen = ~np.isnan(volume)
    day_seen = seen.any(axis=1)
    ordinary = (days.kind[:n] == ORDINARY) & ~long_gaps(day_seen)
    by_weekday = np.zeros((7, volume.shape[1]), bool)
    for w in range(7):
        recent = np.flatnonzero(ordinary & (days.weekday[:n] == w))[-OPEN_WEEKS:]
        shown = recent[day_seen[recent]]
        if len(shown) and len(shown) >= 0.25 * len(recent):
            by_weekday[w] = seen[shown].mean(axis=0) >= 0.5
    past = np.flatnonzero(days.kind[:n] == HOLIDAY)
    if not len(past):
        return by_weekday, by_weekday[days.rest_weekday]
    shown = past[day_seen[past]]
    if len(shown) < 0.5 * len(past):
        return by_weekday, np.zeros(volume.shape[1], bool)
    return by_weekday, seen[shown].mean(axis=0) >= 0.5


def full_day_totals(volume: np.ndarray, days: Days) -> np.ndarray:
    """Totals of the days of history as if open as usual; NaN where closed or mostly unseen.

    A day with gaps is scaled up by the share of its weekday's volume that falls into them.
    """
    n = len(volume)
    seen = ~np.isnan(volume)
    total = np.where(seen.any(axis=1), np.nansum(volume, axis=1), np.nan)
    by_weekday, on_holiday = open_pattern(volume, days)
    for w in range(8):
        same = (days.kind[:n] == HOLIDAY) if w == 7 else (days.kind[:n] != HOLIDAY)
        same = same & ((w == 7) | (days.weekday[:n] == w)) & seen.any(axis=1)
        usual = on_holiday if w == 7 else by_weekday[w]
        if not same.any() or not usual.any():
            continue
        held = seen[same]
        mean = np.nansum(volume[same], axis=0) / np.maximum(held.sum(axis=0), 1)
        weight = np.where(usual, mean, 0.0)
        covered = held @ weight / max(weight.sum(), 1e-12)
        partial = covered < 0.999
        scaled = np.where(
            covered >= LEAST_COVERAGE, total[same] / np.maximum(covered, 1e-9), np.nan
        )
        total[same] = np.where(partial, scaled, total[same])
    return total


def forecast_shapes(
    volume: np.ndarray,
    total: np.ndarray,
    days: Days,
    horizon: np.ndarray,
    half_life_days: float = 56.0,
) -> Shapes:
    """Forecast the intraday profiles of the days `horizon`.

    Per weekday an exponentially weighted mean profile, shrunk towards the mean of its group
    (working days, or all) as far as its differences look like Poisson noise, blended with its
    projection on the leading directions in which days differ (Shen and Huang 2008). Holidays
    take the rest day's profile as far as they have none of their own; made-up working days that of
    Monday to Friday; a day `like` another that day's own.
    """
    n, n_slots = volume.shape
    by_weekday, on_holiday = open_pattern(volume, days)
    ordinary = (days.kind[:n] == ORDINARY) & ~np.isnan(total) & (np.nan_to_num(total) > 0)
    forget = 0.5 ** ((n - np.arange(n)) / half_life_days)
    overall, _ = _mean_profile(volume, total, forget * ordinary)
    if not np.isfinite(overall).any() or np.nansum(overall) <= 0:
        overall = np.full(n_slots, 1.0 / n_slots)
    overall = _smooth(_fill(overall), float(np.nansum(volume[ordinary])))
    profiles = np.tile(overall, (7, 1))
    working = [w for w in range(7) if not days.rest[(days.weekday == w)].all()]
    for group in (working, [w for w in range(7) if w not in working]):
        mine = ordinary & np.isin(days.weekday[:n], group)
        centre, weight = _mean_profile(volume, total, forget * mine)
        centre = _shrink(centre, weight, overall)
        for w in group:
            own, weight = _mean_profile(volume, total, forget * mine * (days.weekday[:n] == w))
            profiles[w] = _shrink(own, weight, centre)
    profiles = _blend_low_rank(profiles, volume, total, days, ordinary, forget)

    rows = effective_weekdays(days, by_weekday.any(axis=1))[horizon]
    profile = rows @ profiles
    is_open = by_weekday[days.weekday[horizon]]
    kind = days.kind[horizon]
    past = (days.kind[:n] == HOLIDAY) & ~np.isnan(total)
    rest_profile = effective_weekdays(days, by_weekday.any(axis=1))[horizon[kind == HOLIDAY]]
    if len(rest_profile):
        own, weight = _mean_profile(volume, total, past.astype(float))
        profile[kind == HOLIDAY] = _shrink(own, weight, rest_profile[0] @ profiles)
    is_open[kind == HOLIDAY] = on_holiday
    working_open = by_weekday[[w for w in working if by_weekday[w].any()]]
    if len(working_open):
        is_open[kind == WORKING_DAY] = working_open.mean(axis=0) >= 0.5
    for h, day in enumerate(horizon):
        twin = days.like[day]
        if 0 <= twin < n and np.nan_to_num(total[twin]) > 0:
            own, weight = _mean_profile(volume[[twin]], total[[twin]], np.ones(1))
            profile[h] = _shrink(own, weight, profile[h])
    is_open[kind == CLOSED] = False
    scale = np.where(is_open, profile, 0.0).sum(axis=1, keepdims=True)
    scale = np.where(scale > 0, scale, profile.sum(axis=1, keepdims=True))
    return Shapes(profile / np.maximum(scale, 1e-12), is_open)


def mean_shapes(shapes: list[Shapes], weights: np.ndarray) -> Shapes:
    """Mean of profiles with other forgetting but the same opening."""
    profile = sum(w * one.profile for w, one in zip(weights, shapes, strict=True))
    return Shapes(profile, shapes[0].open)


def shape_weights(past: list[tuple[np.ndarray, list[Shapes]]]) -> np.ndarray:
    """Weights of the forgettings from how their profiles fitted days past, totals known.

    Each weighs by the inverse square of its excess over Poisson noise (Pearson's chi squared per
    interval): where counts are few all look alike and weigh alike.

    Parameters
    ----------
    past
        Pairs (counts by day and interval, NaN where unknown; profiles by half-life).
    """
    chi2, count = np.zeros(len(HALF_LIVES_DAYS)), 0
    for volume, shapes in past:
        known = ~np.isnan(volume) & shapes[0].open
        count += int(known.sum())
        for k, one in enumerate(shapes):
            share = np.where(known, one.profile, 0.0)
            share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
            mean = share * np.where(known, volume, 0.0).sum(axis=1, keepdims=True)
            gap2 = (np.where(known, volume, 0.0) - mean) ** 2
            chi2[k] += (gap2 / np.maximum(mean, 0.2))[known].sum()
    if not count:
        return np.full(len(HALF_LIVES_DAYS), 1 / len(HALF_LIVES_DAYS))
    excess = np.maximum(chi2 / count - 1.0, 0.0) + 0.1
    weights = excess**-2.0
    return weights / weights.sum()


def _mean_profile(
    volume: np.ndarray, total: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean share per interval (NaN where never seen) and the contacts behind each."""
    use = (weight > 0) & ~np.isnan(total)
    block, w = volume[use], weight[use, None]
    seen = ~np.isnan(block)
    base = (w * seen * total[use, None]).sum(axis=0)
    count = (w * np.nan_to_num(block)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(base > 0, count / base, np.nan), base


def _fill(profile: np.ndarray) -> np.ndarray:
    """Give intervals never seen open the share of the nearest ones seen (wrapping midnight)."""
    known = np.flatnonzero(np.isfinite(profile))
    if len(known) == len(profile):
        return profile
    n = len(profile)
    wrapped = np.concatenate([known - n, known, known + n])
    return np.interp(np.arange(n), wrapped, np.tile(profile[known], 3))


def _smooth(profile: np.ndarray, contacts: float) -> np.ndarray:
    """Shrink a profile towards its three-interval moving mean as far as it looks like noise."""
    if len(profile) < 6:
        return profile
    padded = np.concatenate([profile[-1:], profile, profile[:1]])
    smooth = np.convolve(padded, [0.25, 0.5, 0.25], mode="valid")
    return _james_stein(profile, smooth, np.full(len(profile), contacts))


def _shrink(own: np.ndarray, weight: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Shrink a profile towards `centre`; intervals of its own never seen take the centre's."""
    known = np.isfinite(own)
    if not known.any() or not weight[known].sum() > 0:
        return centre
    result = centre.copy()
    scale = own[known].sum() / max(centre[known].sum(), 1e-12)
    result *= scale
    result[known] = _james_stein(own[known], result[known], weight[known])
    return result


def _james_stein(own: np.ndarray, centre: np.ndarray, contacts: np.ndarray) -> np.ndarray:
    """Positive-part James-Stein: own - B (own - centre), B = degrees of freedom / chi squared."""
    variance = np.maximum(centre, 1e-12) / np.maximum(contacts, 1e-12)
    chi2 = float(((own - centre) ** 2 / variance).sum())
    shrink = min(1.0, max(len(own) - 1, 1) / max(chi2, 1e-12))
    return own + shrink * (centre - own)


def _blend_low_rank(
    profiles: np.ndarray,
    volume: np.ndarray,
    total: np.ndarray,
    days: Days,
    ordinary: np.ndarray,
    forget: np.ndarray,
) -> np.ndarray:
    """Blend weekday profiles with their projection on the leading singular directions of days."""
    n_slots = volume.shape[1]
    recent = np.flatnonzero(ordinary)[-LOW_RANK_DAYS:]
    if n_slots <= RANK or len(recent) < 3 * RANK:
        return profiles
    typical = profiles[days.weekday[recent]]
    with np.errstate(invalid="ignore"):
        share = np.where(np.isnan(volume[recent]), typical, volume[recent] / total[recent, None])
    # Square roots even out the Poisson noise of large and small intervals.
    root = np.sqrt(np.maximum(share, 0.0))
    centre = np.average(root, axis=0, weights=forget[recent])
    apart = (root - centre) * np.sqrt(forget[recent])[:, None]
    # Eigenvectors of the small Gram matrix: the singular directions, several times faster.
    _, directions = np.linalg.eigh(apart.T @ apart)
    basis = directions[:, -RANK:].T
    score = (np.sqrt(profiles) - centre) @ basis.T
    low_rank = np.maximum(centre + score @ basis, 0.0) ** 2
    low_rank *= profiles.sum(axis=1, keepdims=True) / low_rank.sum(axis=1, keepdims=True)
    return (1 - LOW_RANK_SHARE) * profiles + LOW_RANK_SHARE * low_rank
