"""Service against positions: what the optimiser eats.

A `ServiceCurve` tells, for every interval of one queue and every whole number of people working on
it, how many contacts are answered in time, how many leave, how long all wait and how many people
are busy. `hull_segments` turns a curve into the concave pieces that a linear model can hold, and
`floor_positions` into the least people allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from staffing import _curve_kernels as kernels
from staffing._curve_kernels import Ints
from staffing._erlang_kernels import Floats
from staffing.chat import chat_durations

_NEARLY_ALL = 0.9995
_RATE_NODES = 7


@dataclass(frozen=True)
class ServiceCurve:
    """Expected outcome of each interval by the number of positions on the queue.

    Attributes
    ----------
    in_time
        Contacts answered within the target, shape (T, N + 1) for 0 .. N positions.
    abandoned
        Contacts that give up, same shape.
    wait_s
        Seconds waited by all offered contacts together, same shape.
    busy
        Mean number of positions at work (for chat: holding at least one chat), same shape.
    offered
        Contacts offered, shape (T,).
    """

    in_time: Floats
    abandoned: Floats
    wait_s: Floats
    busy: Floats
    offered: Floats

    @property
    def most_positions(self) -> int:
        """N, the largest number of positions the curve knows."""
        return int(self.in_time.shape[1]) - 1

    def to_frame(self) -> pd.DataFrame:
        """Long table: interval, positions, offered and the four measures."""
        intervals, columns = self.in_time.shape
        return pd.DataFrame(
            {
                "interval": np.repeat(np.arange(intervals), columns),
                "positions": np.tile(np.arange(columns), intervals),
                "offered": np.repeat(self.offered, columns),
                "in_time": self.in_time.ravel(),
                "abandoned": self.abandoned.ravel(),
                "wait_s": self.wait_s.ravel(),
                "busy": self.busy.ravel(),
            }
        )


def service_curve(
    offered: npt.ArrayLike,
    aht_s: npt.ArrayLike,
    *,
    interval_min: float,
    target_s: float,
    patience_s: float = np.inf,
    at_once: int = 1,
    stretch: Sequence[float] | None = None,
    aht_cv: float = 1.0,
    rate_cv: float = 0.0,
    redial_share: float = 0.0,
    max_positions: int | None = None,
    time_varying: bool = True,
    open_mask: npt.ArrayLike | None = None,
) -> ServiceCurve:
    """Expected service of one queue by interval and whole number of positions.

    Parameters
    ----------
    offered, aht_s
        Expected contacts and mean handling time in seconds by interval, shape (T,).
    interval_min
        Length of an interval in minutes.
    target_s, patience_s
        Target time and mean patience in seconds. With infinite patience (Erlang C) a queue that its
        people cannot clear has no one in time, and the mean wait is capped at the interval's length
        so that nothing is infinite.
    at_once, stretch
        Contacts a person holds at once, and how durations grow with 1, 2 .. `at_once` held, as
        factors of `aht_s` (all 1 by default). See `staffing.chat`.
    aht_cv
        Coefficient of variation of handling times. It shifts how long a burst of work lasts
        (`modified_offered_load`); the queue itself is taken with exponential handling.
    rate_cv
        Coefficient of variation of the day's true volume around `offered`: contacts x
        Gamma(mean 1). Curves are then means over days, busy days counting by their volume.
    redial_share
        Share of those who give up that call again, at a time that is not much busier than others
        (`staffing.redials`). `offered` counts first calls; shares and waits are those of a call,
        first or not.
    max_positions
        Upper limit of N. By default N is one more than answers 99.95 % in time in the busiest
        interval, and at least 2.
    time_varying
        Use the modified offered load, which remembers the intervals before; otherwise each interval
        stands alone (pointwise stationary).
    open_mask
        Intervals in which the queue is open, shape (T,); by default those with contacts.

    Returns
    -------
    ServiceCurve
        Intervals without contacts have rows of zeros.

    Raises
    ------
    ValueError
        If shapes differ or an argument is out of range.
    """
    volume, durations = _checked_series(offered, aht_s)
    scalars = {"target_s": target_s, "aht_cv": aht_cv, "rate_cv": rate_cv}
    for name, value in scalars.items():
        if not value >= 0:
            message = f"{name} must be >= 0; got {value}"
            raise ValueError(message)
    if not (interval_min > 0 and patience_s > 0):
        message = f"interval_min and patience_s must be > 0; got {interval_min} and {patience_s}"
        raise ValueError(message)
    if not 0 <= redial_share < 1:
        message = f"redial_share must be >= 0 and < 1; got {redial_share}"
        raise ValueError(message)
    interval_s = 60.0 * interval_min
    if time_varying:
        load = modified_offered_load(volume, durations, interval_min, open_mask, aht_cv=aht_cv)
    else:
        load = volume * durations / interval_s
    load = np.where(volume > 0, load, 0.0)
    factors = np.ones(at_once) if stretch is None else np.asarray(stretch, dtype=np.float64)
    queue = (
        chat_durations(factors, at_once),
        float(target_s),
        float(patience_s),
        interval_s,
        # Who never gives up never calls again.
        float(redial_share) if np.isfinite(patience_s) else 0.0,
        *_rate_factors(rate_cv),
    )
    busiest = int(np.argmax(load)) if load.size else 0
    most = _most_positions(load[busiest : busiest + 1], durations[busiest : busiest + 1], queue)
    if max_positions is not None:
        most = min(most, max_positions)
    cases, place = np.unique(np.column_stack([load, durations]), axis=0, return_inverse=True)
    shares = kernels.curve_rows(
        np.ascontiguousarray(cases[:, 0]), np.ascontiguousarray(cases[:, 1]), most, *queue
    )[:, place.ravel(), :]
    column = volume[:, None]
    return ServiceCurve(
        in_time=column * shares[0],
        abandoned=column * shares[1],
        wait_s=column * shares[2],
        busy=shares[3],
        offered=volume,
    )


def modified_offered_load(
    offered: npt.ArrayLike,
    aht_s: npt.ArrayLike,
    interval_min: float,
    open_mask: npt.ArrayLike | None = None,
    *,
    aht_cv: float = 1.0,
) -> Floats:
    """Mean offered load of each interval, in Erlang, remembering the work begun before it.

    ``m' = rate x AHT / r - m / r`` with ``r = AHT (1 + cv^2) / 2``, the mean age of a contact in
    progress: a short-lived peak of long contacts is flattened and comes later. A queue is taken to
    open with its steady load, because callers wait for the opening.

    Parameters
    ----------
    offered, aht_s
        Contacts and mean handling time in seconds by interval, shape (T,).
    interval_min
        Length of an interval in minutes.
    open_mask
        Intervals in which the queue is open; by default those with contacts. Memory ends with a
        closed interval.
    aht_cv
        Coefficient of variation of handling times.

    Returns
    -------
    ndarray
        Erlang, shape (T,); 0 in closed intervals.

    References
    ----------
    Jennings, Mandelbaum, Massey, Whitt (1996); Eick, Massey, Whitt (1993) for the mean age.
    """
    volume, durations = _checked_series(offered, aht_s)
    is_open = volume > 0 if open_mask is None else np.asarray(open_mask, dtype=np.bool_)
    if is_open.shape != volume.shape:
        message = f"open_mask has shape {is_open.shape}, offered has {volume.shape}"
        raise ValueError(message)
    memory = 0.5 * (1.0 + aht_cv * aht_cv)
    return kernels.offered_load(volume, durations, np.array(is_open), 60.0 * interval_min, memory)


def floor_positions(
    curve: ServiceCurve,
    floor_share: float,
    present_min: int | npt.ArrayLike,
    open_mask: npt.ArrayLike,
) -> Ints:
    """Least whole positions of each interval.

    Parameters
    ----------
    curve
        The queue's curve, T intervals.
    floor_share
        Least expected share in time in any interval with contacts.
    present_min
        People present whenever the queue is open: one number or one per interval.
    open_mask
        Open intervals, shape (T,).

    Returns
    -------
    ndarray
        Whole numbers, shape (T,); 0 when closed, and N where even N positions miss the share.
    """
    wanted = floor_share * curve.offered - 1e-9
    reached = curve.in_time >= wanted[:, None]
    least = np.where(reached.any(axis=1), reached.argmax(axis=1), curve.most_positions)
    least = np.maximum(least, np.asarray(present_min))
    return np.where(np.asarray(open_mask, dtype=np.bool_), least, 0).astype(np.int64)


def concave_hull(values: npt.ArrayLike, first: int = 0, points: int = 12) -> Ints:
    """Upper concave hull of the points ``(n, values[n])`` with n >= first, thinned.

    Parameters
    ----------
    values
        One row of a curve, shape (N + 1,).
    first
        Least n that counts.
    points
        Most points kept. The ends stay; between them the point farthest above the chords is added
        until the limit, so the thinned hull lies on or under the full one and remains concave.

    Returns
    -------
    ndarray
        Indices n, ascending.
    """
    row = np.array(values, dtype=np.float64)
    if points < 2 or not 0 <= first < row.size:
        message = f"needs points >= 2 and 0 <= first < {row.size}; got {points} and {first}"
        raise ValueError(message)
    return kernels.hull(row, first, points)


def hull_segments(
    values: npt.NDArray[np.float64], floor: npt.ArrayLike, points: int = 12
) -> tuple[Floats, Floats]:
    """Lines of the concave hulls of all rows, for ``y <= slope x positions + intercept``.

    Parameters
    ----------
    values
        Curve rows, shape (T, N + 1).
    floor
        Least positions of each row, shape (T,); a floor above N counts as N.
    points
        Most hull points of a row.

    Returns
    -------
    slopes, intercepts : ndarray
        Shape (T, points - 1), slopes not increasing along a row; short rows repeat their last line.
        A row with one point is a level line. Lines hold for positions from the floor to N.
    """
    rows = np.array(values, dtype=np.float64, order="C")
    first = np.clip(np.asarray(floor, dtype=np.int64), 0, rows.shape[1] - 1)
    if points < 2 or first.shape != rows.shape[:1]:
        message = "needs points >= 2 and one floor per row"
        raise ValueError(message)
    return kernels.hull_lines(rows, first, points)


def _checked_series(offered: npt.ArrayLike, aht_s: npt.ArrayLike) -> tuple[Floats, Floats]:
    # Copies: kernels take writable, contiguous arrays.
    volume = np.array(offered, dtype=np.float64)
    durations = np.array(np.broadcast_to(np.asarray(aht_s, dtype=np.float64), volume.shape))
    if volume.ndim != 1 or not np.all((volume >= 0) & np.isfinite(volume)):
        message = "offered must be one finite number >= 0 per interval"
        raise ValueError(message)
    if not np.all((durations > 0) & np.isfinite(durations)):
        message = "aht_s must be > 0 and finite in every interval"
        raise ValueError(message)
    return volume, durations


def _rate_factors(rate_cv: float) -> tuple[Floats, Floats]:
    """Gauss-Laguerre nodes and weights of Gamma(mean 1, cv), by Golub and Welsch (1969)."""
    if rate_cv == 0:
        return np.ones(1), np.ones(1)
    shape = 1.0 / rate_cv**2
    order = np.arange(_RATE_NODES)
    beside = np.sqrt(order[1:] * (order[1:] + shape - 1.0))
    jacobi = np.diag(2.0 * order + shape) + np.diag(beside, 1) + np.diag(beside, -1)
    nodes, vectors = np.linalg.eigh(jacobi)
    return nodes / shape, np.ascontiguousarray(vectors[0] ** 2)


_Queue = tuple[Floats, float, float, float, float, Floats, Floats]


def _most_positions(load: Floats, aht_s: Floats, queue: _Queue) -> int:
    """One more than the fewest positions that answer nearly all in time, at least 2."""
    if load.size == 0 or load[0] <= 0:
        return 2
    most = 8 + int(load[0] / queue[0].size)
    while True:
        in_time = kernels.curve_rows(load, aht_s, most, *queue)[0, 0]
        if in_time[-1] > _NEARLY_ALL:
            return max(2, int(np.argmax(in_time > _NEARLY_ALL)) + 1)
        most *= 2
