"""Waits of several classes that share their people, the more urgent first, nobody interrupted."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from staffing import erlang
from staffing._erlang_kernels import Floats
from staffing.ranges import warn_outside


def priority_mean_wait_s(
    arrivals_per_hour: npt.ArrayLike, agents: float, *, aht_s: float, patience_s: float = math.inf
) -> Floats:
    """Mean wait of each class, the most urgent first.

    ``W_k = C aht / n / ((1 - s_{k-1}) (1 - s_k))`` with s_k the load of the classes up to k by
    agent, and C Erlang's waiting probability of all of them.

    Parameters
    ----------
    arrivals_per_hour
        Contacts an hour of each class, the most urgent first, shape (K,).
    agents
        People who serve all classes.
    aht_s
        Handling time, the same for all classes.
    patience_s
        Mean patience; the formula has none. With finite patience `ModelRangeWarning` is given where
        more than 1 % would leave.

    Returns
    -------
    ndarray
        Seconds, shape (K,); infinite for classes that cannot be cleared.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Davis (1966), Operations Research 14; Kella and Yechiali (1985), Naval Research Logistics 32.
    """
    rate = _rates(arrivals_per_hour, agents, aht_s)
    share = np.concatenate([[0.0], np.cumsum(rate) * aht_s / agents])
    load = float(rate.sum()) * aht_s
    if math.isfinite(patience_s):
        leave = erlang.abandonment(load, agents, aht_s=aht_s, patience_s=patience_s)
        if leave > 0.01:
            warn_outside("priorities", f"{leave:.1%} would leave, and the formula lets nobody")
    waits = float(erlang.waiting_probability(load, agents))
    room = 1.0 - share
    with np.errstate(divide="ignore"):
        found = waits * aht_s / agents / (room[:-1] * room[1:])
    return np.where(room[1:] > 0.0, found, np.inf)


def first_class_service_level(
    arrivals_per_hour: npt.ArrayLike, agents: float, *, aht_s: float, target_s: float
) -> float:
    """Share of the most urgent class answered within the target.

    ``1 - C exp(-(n / aht - rate_1) T)`` (Kella and Yechiali 1985): only its own contacts stand
    before it.

    Parameters
    ----------
    arrivals_per_hour, agents, aht_s
        As for `priority_mean_wait_s`.
    target_s
        Target time in seconds.
    """
    rate = _rates(arrivals_per_hour, agents, aht_s)
    waits = float(erlang.waiting_probability(float(rate.sum()) * aht_s, agents))
    spare = agents / aht_s - float(rate[0])
    return 1.0 - waits * math.exp(-spare * target_s) if spare > 0.0 else 0.0


def _rates(arrivals_per_hour: npt.ArrayLike, agents: float, aht_s: float) -> Floats:
    rate = np.array(arrivals_per_hour, dtype=np.float64, ndmin=1) / 3600.0
    if rate.ndim != 1 or not np.all((rate >= 0.0) & np.isfinite(rate)):
        message = "arrivals_per_hour must be one finite number >= 0 per class"
        raise ValueError(message)
    if not (agents > 0.0 and aht_s > 0.0):
        message = f"agents and aht_s must be > 0; got {agents} and {aht_s}"
        raise ValueError(message)
    return rate
