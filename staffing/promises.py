"""Several promises on one stream of deferred work, and what already waits at the start.

"80 % of the e-mails within 4 h and all within 2 days" is not two streams: a share of each
interval's work is due early, the rest later. Cut into such slices, with the opening backlog as more
of them, the work is judged earliest deadline first over all slices.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_NOTHING_H = 1e-9


@dataclass(frozen=True)
class Promise:
    """A share of the work, and the interval by whose end it is due, (T,); T or more: beyond."""

    share: float
    due: Ints


@dataclass(frozen=True)
class Slices:
    """Work cut by deadline: K slices over T intervals, hours and interval due, (K, T) each."""

    work_h: Floats
    due: Ints


def sliced(
    work_h: npt.ArrayLike, promises: Sequence[Promise], backlog: Iterable[tuple[float, int]] = ()
) -> Slices:
    """Cut work by its promises, the earliest first.

    Parameters
    ----------
    work_h
        Hours of work arriving in each interval, (T,).
    promises
        At least one. A promise to a smaller share with a later deadline than another's asks for
        nothing more. What no promise covers is due beyond the horizon.
    backlog
        Hours that wait at the start and the interval each amount is due in, by age for example;
        -1 where the deadline has passed already. They are released in interval 0.

    Raises
    ------
    ValueError
        If there is no promise, a share is outside 0 .. 1, or a shape differs.
    """
    work = np.asarray(work_h, dtype=np.float64)
    size = work.size
    if not promises or any(not 0 <= p.share <= 1 or p.due.shape != work.shape for p in promises):
        message = "needs promises with shares in 0..1 and one due interval per interval of work"
        raise ValueError(message)
    due = np.array([*(p.due for p in promises), np.full(size, size)])
    share = np.array([*(p.share for p in promises), 1.0])
    by = np.argsort(due, axis=0, kind="stable")
    ordered = np.take_along_axis(due, by, axis=0)
    # By each deadline the largest share promised by then must be done.
    promised = np.maximum.accumulate(share[by], axis=0)
    parts = np.diff(promised, axis=0, prepend=0.0) * work
    waiting = list(backlog)
    old_h, old_due = np.zeros((len(waiting), size)), np.full((len(waiting), size), size)
    for k, (hours, when) in enumerate(waiting):
        old_h[k, 0], old_due[k, 0] = hours, when
    return Slices(np.concatenate([old_h, parts]), np.concatenate([old_due, ordered]))


def late_slices(
    slices: Slices, capacity_h: npt.ArrayLike, open_mask: Bools | None = None
) -> Floats:
    """Hours of each slice not done by their deadline, (K, T), the earliest deadline first.

    Parameters
    ----------
    capacity_h, open_mask
        Hours of capacity by interval and intervals in which work may be done, (T,).

    Notes
    -----
    No other order is on time where this one is late (Liu and Layland 1973). Late work is still done
    and takes its time from what follows.
    """
    capacity = np.asarray(capacity_h, dtype=np.float64)
    if open_mask is not None:
        capacity = np.where(open_mask, capacity, 0.0)
    left, late = slices.work_h.copy(), np.zeros_like(slices.work_h)
    waiting: list[tuple[int, int, int]] = []
    for now in range(capacity.size):
        room = float(capacity[now])
        for row in np.flatnonzero(left[:, now] > 0):
            heapq.heappush(waiting, (int(slices.due[row, now]), now, int(row)))
        while waiting and room > 0:
            deadline, arrived, k = waiting[0]
            done = min(room, left[k, arrived])
            left[k, arrived] -= done
            room -= done
            if now > deadline:
                late[k, arrived] += done
            if left[k, arrived] <= 0:
                heapq.heappop(waiting)
    never = slices.due < capacity.size
    late[never] += left[never]
    late[late < _NOTHING_H] = 0.0
    return late


def bound_ok(slices: Slices, capacity_h: npt.ArrayLike) -> bool:
    """Whether a capacity does all slices in time: the demand bound over every stretch of intervals.

    What both arrives and falls due within a stretch must not exceed the capacity within (Baruah,
    Mok, Rosier 1990).
    """
    capacity = np.asarray(capacity_h, dtype=np.float64)
    size = capacity.size
    total = np.concatenate([[0.0], np.cumsum(capacity)])
    demand = np.zeros(size + 1)
    for first in range(size - 1, -1, -1):
        for hours, due in zip(slices.work_h[:, first], slices.due[:, first], strict=True):
            if hours > 0 and due < size:
                demand[max(int(due), first - 1) + 1 :] += hours
        # Work that was due before it came (an old backlog) can never be in time.
        if (demand[first:] > total[first:] - total[first] + _NOTHING_H).any():
            return False
    return True
