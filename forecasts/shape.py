"""Intraday shape: how a day's contacts spread over its intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .daily import effective_weekdays, long_gaps
from .effects import CLOSED, HOLIDAY, ORDINARY, WORKING_DAY, Days
from .profiles import dispersion, fill_profile, mean_profiles, shrink_profile

HALF_LIVES_DAYS = (7.0, 18.0, 56.0, 180.0)  # forgetting of the profiles
MIDDLE_HALF_LIFE_DAYS = 56.0
DISPERSION_DAYS = 182
EVEN = 1.0
LEAST_SLOTS = 6  # fewer are not smoothed
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
    volume: np.ndarray, total: np.ndarray, days: Days, horizon: np.ndarray
) -> list[Shapes]:
    """Forecast the intraday profiles of the days `horizon`, by each of `HALF_LIVES_DAYS`.

    Per weekday an exponentially weighted mean profile, drawn to that of its group (working days,
    or all) as far as its differences look like noise, blended with its projection on the leading
    directions in which days differ (Shen and Huang 2008). Holidays take the rest day's profile as
    far as they have none of their own; made-up working days that of Monday to Friday; a day `like`
    another that day's own.
    """
    n = len(volume)
    by_weekday, on_holiday = open_pattern(volume, days)
    ordinary = (days.kind[:n] == ORDINARY) & ~np.isnan(total) & (np.nan_to_num(total) > 0)
    ordinary &= ~_compared(days)[:n]
    working = [w for w in range(7) if not days.rest[(days.weekday == w)].all()]
    groups = (working, [w for w in range(7) if w not in working])
    # Rows: all days, the two groups, the seven weekdays.
    weekday = days.weekday[:n]
    member = np.array([ordinary, *(ordinary & np.isin(weekday, group) for group in groups),
                       *(ordinary & (weekday == w) for w in range(7))])  # fmt: skip
    age = n - np.arange(n)
    over_poisson = 1.0
    found = []
    # The half-life in the middle first: its noise is known best.
    for half_life in sorted(HALF_LIVES_DAYS, key=lambda one: abs(one - MIDDLE_HALF_LIFE_DAYS)):
        forget = 0.5 ** (age / half_life)
        share, contacts = mean_profiles(volume, total, member * forget)
        if half_life == MIDDLE_HALF_LIFE_DAYS:
            over_poisson = _over_poisson(volume, total, share[3:], member[3:] * forget, weekday)
        profiles = _by_weekday(share, contacts, groups, over_poisson)
        found.append((half_life, _blend_low_rank(profiles, volume, total, days, ordinary, forget)))
    by_half_life = dict(found)

    rows = effective_weekdays(days, by_weekday.any(axis=1))[horizon]
    kind = days.kind[horizon]
    is_open = by_weekday[days.weekday[horizon]]
    is_open[kind == HOLIDAY] = on_holiday
    working_open = by_weekday[[w for w in working if by_weekday[w].any()]]
    if len(working_open):
        is_open[kind == WORKING_DAY] = working_open.mean(axis=0) >= 0.5
    is_open[kind == CLOSED] = False
    models = [rows @ by_half_life[one] for one in HALF_LIVES_DAYS]
    past = (days.kind[:n] == HOLIDAY) & ~np.isnan(total)
    twins = [(h, day) for h, day in enumerate(days.like[horizon])
             if 0 <= day < n and np.nan_to_num(total[day]) > 0]  # fmt: skip
    special = np.array([past, *(np.arange(n) == day for _, day in twins)], float)
    share, contacts = mean_profiles(volume, total, special)
    shapes = []
    for profile in models:
        if (kind == HOLIDAY).any():
            centre = profile[kind == HOLIDAY][0]
            profile[kind == HOLIDAY] = shrink_profile(share[0], contacts[0], centre, over_poisson)
        for k, (h, _) in enumerate(twins, start=1):
            profile[h] = shrink_profile(share[k], contacts[k], profile[h], over_poisson)
        scale = np.where(is_open, profile, 0.0).sum(axis=1, keepdims=True)
        scale = np.where(scale > 0, scale, profile.sum(axis=1, keepdims=True))
        shapes.append(Shapes(profile / np.maximum(scale, 1e-12), is_open))
    return shapes


def _compared(days: Days) -> np.ndarray:
    """Days that another one is like, or that are like another: their profiles are their own."""
    compared = days.like >= 0
    compared[days.like[compared]] = True
    return compared


def _by_weekday(
    share: np.ndarray,
    contacts: np.ndarray,
    groups: tuple[list[int], list[int]],
    over_poisson: float,
) -> np.ndarray:
    """Profiles of the weekdays, shape (7, intervals), each drawn to its group, that to all."""
    n_slots = share.shape[1]
    overall = share[0]
    if not np.isfinite(overall).any() or np.nansum(overall) <= 0:
        return np.full((7, n_slots), 1.0 / n_slots)
    flat = np.full(n_slots, float(np.nanmean(overall)))
    overall = fill_profile(overall)
    if n_slots >= LEAST_SLOTS:
        most = np.where(contacts[0] > 0, contacts[0], contacts[0].max())
        overall = shrink_profile(overall, most, flat, over_poisson)
    profiles = np.tile(overall, (7, 1))
    for k, group in enumerate(groups, start=1):
        centre = shrink_profile(share[k], contacts[k], overall, over_poisson)
        for w in group:
            profiles[w] = shrink_profile(share[3 + w], contacts[3 + w], centre, over_poisson)
    return profiles


def _over_poisson(
    volume: np.ndarray,
    total: np.ndarray,
    share: np.ndarray,
    weight: np.ndarray,
    weekday: np.ndarray,
) -> float:
    """Dispersion of the last half year around the weekdays' own profiles."""
    used = np.flatnonzero(weight.any(axis=0))[-DISPERSION_DAYS:]
    if not len(used):
        return 1.0
    size = weight.sum(axis=1) ** 2 / np.maximum((weight**2).sum(axis=1), 1e-300)
    free = 1 - np.mean(1 / np.maximum(size[size > 0], 1.0))
    return dispersion(volume[used], total[used], share[weekday[used]], float(free))


def mean_shapes(shapes: list[Shapes], weights: np.ndarray) -> Shapes:
    """Mean of profiles with other forgetting but the same opening."""
    profile = sum(w * one.profile for w, one in zip(weights, shapes, strict=True))
    return Shapes(profile, shapes[0].open)


def shape_weights(past: list[tuple[np.ndarray, list[Shapes]]]) -> np.ndarray:
    """Weights of the profiles whose mix fitted days past best, totals known.

    The mix of least squared error in Poisson's units (Pearson's chi squared), weights not below
    zero and summing to 1; `EVEN` standard deviations of that statistic stand against uneven ones:
    where counts are few all look alike and weigh alike.

    Parameters
    ----------
    past
        Pairs (counts by day and interval, NaN where unknown; profiles by model).
    """
    n_models = len(past[0][1]) if past else len(HALF_LIVES_DAYS)
    cross, count = np.zeros((n_models, n_models)), 0
    for volume, shapes in past:
        known = ~np.isnan(volume) & shapes[0].open
        count += int(known.sum())
        counts = np.where(known, volume, 0.0)
        total = counts.sum(axis=1, keepdims=True)
        share = np.array([np.where(known, one.profile, 0.0) for one in shapes])
        mean = total * share / np.maximum(share.sum(axis=2, keepdims=True), 1e-12)
        gap = (counts - mean) / np.sqrt(np.maximum(mean.mean(axis=0), 0.2))
        gap = gap[:, known]
        cross += gap @ gap.T
    if not count:
        return np.full(n_models, 1 / n_models)
    return least_squares_mix(cross + EVEN * np.sqrt(2.0 * count) * np.eye(n_models))


def least_squares_mix(cross: np.ndarray) -> np.ndarray:
    """Weights w >= 0 of sum 1 that make w' `cross` w small (Bates and Granger 1969).

    Models that would weigh less than nothing are dropped one by one.
    """
    weights = np.zeros(len(cross))
    used = np.arange(len(cross))
    while True:
        part = np.linalg.solve(cross[np.ix_(used, used)], np.ones(len(used)))
        if part.min() >= 0 or len(used) == 1:
            weights[used] = part / part.sum()
            return weights
        used = np.delete(used, part.argmin())


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
