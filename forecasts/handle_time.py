"""Handle time per weekday and interval, shrunk as far as it is sampling noise."""

from __future__ import annotations

import numpy as np

from .shrinkage import shrink_cells

HALF_LIFE_DAYS = 60.0
# Coefficient of variation of one contact's handling time where intervals do not tell it: the
# spread of an exponential time, somewhat exceeded by real calls (1.36 at an Israeli bank).
CONTACT_CV = 1.3


def fit_handle_time(
    volume: np.ndarray, aht_s: np.ndarray, weekday: np.ndarray
) -> tuple[np.ndarray, float]:
    """Estimate mean handling time by weekday and interval of the day.

    Interval means rest on a handful of contacts each: most of their variation is noise. The mean
    of all recent contacts is refined by interval, then by weekday × interval, each step shrunk by
    the variance between cells that exceeds what contacts alone produce (`shrink_cells`).

    Parameters
    ----------
    volume, aht_s
        Contacts and mean handling seconds, shape (days, intervals); NaN where unknown.
    weekday
        Weekday of each day, shape (days,).

    Returns
    -------
    tuple
        Seconds, shape (7, intervals), and the overall mean; NaN where nothing is known.
    """
    n, n_slots = volume.shape
    age = n - np.arange(n)[:, None]
    known = ~np.isnan(aht_s) & (np.nan_to_num(volume) > 0)
    weight = np.where(known, 0.5 ** (age / HALF_LIFE_DAYS) * np.nan_to_num(volume), 0.0)
    seconds = np.where(known, aht_s, 0.0)
    contacts = weight.sum()
    if contacts <= 0:
        return np.full((7, n_slots), np.nan), float("nan")
    overall = float((weight * seconds).sum() / contacts)
    # A single wild interval (a call left open overnight) must not set the level.
    seconds = np.minimum(seconds, np.where(weight < 5, 20, 5) * max(overall, 1e-9))
    overall = float((weight * seconds).sum() / contacts)
    slot_weight = weight.sum(axis=0)
    slot_sum = (weight * seconds).sum(axis=0)
    noise = (CONTACT_CV * max(overall, 1e-9)) ** 2
    by_slot = shrink_cells(slot_sum, slot_weight, np.full(n_slots, overall), noise)
    cell_weight = np.zeros((7, n_slots))
    cell_sum = np.zeros((7, n_slots))
    np.add.at(cell_weight, weekday, weight)
    np.add.at(cell_sum, weekday, weight * seconds)
    return shrink_cells(cell_sum, cell_weight, np.tile(by_slot, (7, 1)), noise), overall
