"""Compiled kernels of the service curves: rows of a curve, remembered load, concave hulls."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from staffing._erlang_kernels import Floats, impatient_queue, patient_queue
from staffing.chat import chat_measures

Ints = npt.NDArray[np.int64]

# Loads at which a row is looked at to find the one that redials make, and the share of calls below
# which they are nothing.
_REDIAL_NODES = 17
_NO_REDIALS = 1e-4


@njit(cache=True)
def curve_rows(
    load: Floats,
    aht_s: Floats,
    most: int,
    stretch: Floats,
    target_s: float,
    patience_s: float,
    interval_s: float,
    redial_share: float,
    factors: Floats,
    weights: Floats,
) -> Floats:
    """Shares in time and abandoned, mean wait and busy positions; shape (4, rows, most + 1).

    Shares and wait are means over contacts (factors weigh by volume), busy is a mean over time.
    With redials they are means over calls.
    """
    out = np.zeros((4, load.size, most + 1))
    row = np.empty((4, most + 1))
    more = np.empty((_REDIAL_NODES, 4, most + 1))
    for i in range(load.size):
        if load[i] <= 0.0:
            continue
        for factor, weight in zip(factors, weights):  # noqa: B905 - numba knows no strict zip
            _row(load[i] * factor, aht_s[i], stretch, target_s, patience_s, row)
            if redial_share > 0.0:
                _redialed(load[i] * factor, aht_s[i], stretch, target_s, patience_s, redial_share,
                          row, more)  # fmt: skip
            for n in range(most + 1):
                volume = weight * factor
                out[0, i, n] += volume * row[0, n]
                out[1, i, n] += volume * row[1, n]
                wait = row[2, n] if patience_s < math.inf else min(row[2, n], interval_s)
                out[2, i, n] += volume * wait
                out[3, i, n] += weight * row[3, n]
    return out


@njit(cache=True)
def _row(
    load: float, aht_s: float, stretch: Floats, target_s: float, patience_s: float, row: Floats
) -> None:
    """Fill in time, abandoned, wait, busy for 0 .. N agents."""
    if stretch.size == 1:
        _erlang_row(load, aht_s, target_s, patience_s, row)
    else:
        _chat_row(load, aht_s, stretch, target_s, patience_s, row)


@njit(cache=True)
def _redialed(
    load: float,
    aht_s: float,
    stretch: Floats,
    target_s: float,
    patience_s: float,
    redial_share: float,
    row: Floats,
    more: Floats,
) -> None:
    """Put in place of a row what it is at the load that redials make of it.

    A load of m times the first calls comes if m (1 - redial_share P(ab)) = 1, P(ab) being that at m
    times the load. The left side rises with m; it is looked up between nodes that lie dense near 1.
    """
    few = 0
    while few < row.shape[1] and redial_share * row[1, few] > _NO_REDIALS:
        few += 1
    most = 1.0 / (1.0 - redial_share) - 1.0
    above = np.empty((_REDIAL_NODES, few))
    for k in range(_REDIAL_NODES):
        times = 1.0 + most * (k / (_REDIAL_NODES - 1)) ** 2
        part = more[k, :, :few]
        _row(load * times, aht_s, stretch, target_s, patience_s, part)
        for n in range(few):
            above[k, n] = times * (1.0 - redial_share * part[1, n]) - 1.0
    for n in range(few):
        k = 1
        while k < _REDIAL_NODES - 1 and above[k, n] < 0.0:
            k += 1
        low, high = above[k - 1, n], above[k, n]
        weight = min(1.0, max(0.0, -low / max(high - low, 1e-300)))
        for measure in range(4):
            row[measure, n] = (1.0 - weight) * more[k - 1, measure, n] + weight * more[
                k, measure, n
            ]


@njit(cache=True)
def _erlang_row(load: float, aht_s: float, target_s: float, patience_s: float, row: Floats) -> None:
    """Fill in time, abandoned, wait, busy for 0 .. N agents; 1/B climbs with the agents."""
    patient = math.isinf(patience_s)
    row[:, 0] = (0.0, 0.0 if patient else 1.0, patience_s, 0.0)
    scale = patience_s / aht_s
    inverse_blocking = 1.0
    for n in range(1, row.shape[1]):
        fewer = inverse_blocking
        inverse_blocking = 1.0 + n / load * fewer
        if patient:
            if n <= load:
                row[:, n] = (0.0, 0.0, math.inf, float(n))
                continue
            waits, _, _, late, _, wait = patient_queue(
                inverse_blocking, 0.0, load, n, aht_s, target_s
            )
            row[:, n] = (1.0 - late, 0.0, wait, load)
        else:
            waits, abandons, answered, late, _ = impatient_queue(
                fewer, 0.0, n * scale, load * scale, target_s / patience_s
            )
            row[:, n] = (answered - late, abandons, abandons * patience_s, load * answered)
        if waits < 1e-15:
            for more in range(n + 1, row.shape[1]):
                row[:, more] = (1.0, 0.0, 0.0, load)
            return


@njit(cache=True)
def _chat_row(
    load: float, aht_s: float, stretch: Floats, target_s: float, patience_s: float, row: Floats
) -> None:
    """Fill in time, abandoned, wait, busy for 0 .. N agents of the chat chain."""
    durations = aht_s * stretch
    for n in range(row.shape[1]):
        served, abandons, wait, busy, _ = chat_measures(
            load / aht_s, n, durations, target_s, patience_s
        )
        row[:, n] = (served, abandons, wait, busy)


@njit(cache=True)
def offered_load(
    offered: Floats, aht_s: Floats, is_open: npt.NDArray[np.bool_], interval_s: float, memory: float
) -> Floats:
    """Mean load of each interval; `memory` is the mean age of a contact in handling times."""
    out = np.zeros(offered.size)
    now = -1.0
    for t in range(offered.size):
        if not is_open[t]:
            now = -1.0
            continue
        steady = offered[t] * aht_s[t] / interval_s
        if now < 0.0:
            now = steady
        relaxation = memory * aht_s[t]
        decay = -math.expm1(-interval_s / relaxation)
        out[t] = steady + (now - steady) * decay * relaxation / interval_s
        now -= (now - steady) * decay
    return out


@njit(cache=True)
def hull(values: Floats, first: int, points: int) -> Ints:
    """Upper concave hull from `first` on, thinned by farthest points."""
    kept = np.empty(values.size - first, dtype=np.int64)
    size = 0
    for n in range(first, values.size):
        while size > 1:
            a, b = kept[size - 2], kept[size - 1]
            if (values[b] - values[a]) * (n - b) > (values[n] - values[b]) * (b - a):
                break
            size -= 1
        kept[size] = n
        size += 1
    if size <= points:
        return kept[:size].copy()
    chosen = np.empty(points, dtype=np.int64)
    chosen[0], chosen[1] = 0, size - 1
    count = 2
    while count < points:
        widest, best = 0.0, -1
        for c in range(count - 1):
            a, b = kept[chosen[c]], kept[chosen[c + 1]]
            slope = (values[b] - values[a]) / (b - a)
            for h in range(chosen[c] + 1, chosen[c + 1]):
                gap = values[kept[h]] - values[a] - slope * (kept[h] - a)
                if gap > widest:
                    widest, best = gap, h
        if best < 0:
            break
        place = count
        while chosen[place - 1] > best:
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = best
        count += 1
    return kept[chosen[:count]]


@njit(cache=True)
def hull_lines(values: Floats, first: Ints, points: int) -> tuple[Floats, Floats]:
    """Slopes and intercepts of every row's hull, short rows padded with their last line."""
    slopes = np.zeros((values.shape[0], points - 1))
    intercepts = np.zeros((values.shape[0], points - 1))
    for t in range(values.shape[0]):
        corners = hull(values[t], first[t], points)
        intercepts[t, :] = values[t, corners[0]]
        for c in range(points - 1):
            if c < corners.size - 1:
                a, b = corners[c], corners[c + 1]
                slopes[t, c] = (values[t, b] - values[t, a]) / (b - a)
                intercepts[t, c] = values[t, a] - slopes[t, c] * a
            elif c > 0:
                slopes[t, c] = slopes[t, c - 1]
                intercepts[t, c] = intercepts[t, c - 1]
    return slopes, intercepts
