"""The exact chance of every queue length through a day: the judge of approximations.

M(t)/M(t)/n(t) + M by uniformisation, interval by interval, without noise. Slow beside the formulas
(a day of 50 Erlang takes some tens of milliseconds), so it judges rather than plans.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from staffing._erlang_kernels import Floats

_STEPS = 8
_LOST = 1e-13


class Transient(NamedTuple):
    """What each interval sees, (T,) each.

    Share in time of the contacts that arrive, chance to wait, mean number waiting, and contacts
    that give up.
    """

    service_level: Floats
    waiting_probability: Floats
    waiting: Floats
    abandoned: Floats


def transient_queue(
    offered: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: float,
    patience_s: float,
    interval_min: float,
    target_s: float,
) -> Transient:
    """Exact service of a queue with changing arrivals and people, beginning empty.

    Parameters
    ----------
    offered, agents
        Contacts, evenly spread, and whole people in each interval, (T,).
    aht_s, patience_s, target_s
        Mean handling time and mean patience (both exponential) and target, in seconds.
    interval_min
        Length of an interval in minutes.

    Returns
    -------
    Transient
        Each interval is read at nine equally spaced moments (trapezoid). The share in time of who
        arrives shortly before a change of people is that of the people at arrival; contacts in
        hand of people who leave go back to the head of the queue.

    Raises
    ------
    ValueError
        If lengths differ, agents are not whole, or a time is not positive and finite.

    References
    ----------
    Jensen (1953); Ingolfsson, Akhmetshina, Budge, Li, Wu (2007), INFORMS Journal on Computing 19.
    """
    volume = np.array(offered, dtype=np.float64)
    heads = np.array(agents, dtype=np.float64)
    if volume.ndim != 1 or heads.shape != volume.shape:
        message = f"offered and agents need one shape (T,); got {volume.shape} and {heads.shape}"
        raise ValueError(message)
    if np.any(volume < 0) or np.any(heads < 0) or np.any(heads != np.floor(heads)):
        message = "offered must be >= 0, agents whole numbers >= 0"
        raise ValueError(message)
    times = (aht_s, patience_s, interval_min)
    if not all(0.0 < t < math.inf for t in times) or not 0.0 <= target_s < math.inf:
        message = "aht_s, patience_s, interval_min and target_s must be positive and finite"
        raise ValueError(message)
    rate = volume / (60.0 * interval_min)
    # With the fewest people in the system, at the busiest: nine spreads above the mean is enough.
    worst = float(np.max(rate)) * max(aht_s, patience_s) + float(np.max(heads))
    states = int(worst + 9.0 * math.sqrt(worst) + 20.0)
    out = _transient(
        rate, heads, 1.0 / aht_s, 1.0 / patience_s, 60.0 * interval_min, target_s, states
    )
    return Transient(*out)


@njit(cache=True)
def _in_time(n: float, mu: float, theta: float, target_s: float, waiting: int) -> Floats:
    """Chance to be answered in time with k others waiting before one, by k."""
    chance, found = np.zeros(waiting), np.zeros(waiting)
    top = n * mu + waiting * theta
    if n == 0.0:
        return found
    weight = math.exp(-top * target_s) if top * target_s < 700.0 else 0.0
    log_weight, m, total = -top * target_s, 0, 0.0
    while total < 1.0 - _LOST and m < top * target_s + 12.0 * math.sqrt(top * target_s) + 40.0:
        found += weight * chance
        total += weight
        # The first in the line moves to an agent: in time for good.
        last = 1.0
        for k in range(waiting):
            here = chance[k]
            forward = n * mu + k * theta
            chance[k] = (forward * last + (top - forward - theta) * here) / top
            last = here
        m += 1
        log_weight += math.log(top * target_s / m) if target_s > 0.0 else -1e9
        weight = math.exp(log_weight) if log_weight > -745.0 else 0.0
    return found


@njit(cache=True)
def _transient(
    rate: Floats,
    agents: Floats,
    mu: float,
    theta: float,
    interval_s: float,
    target_s: float,
    states: int,
) -> Floats:
    out = np.zeros((4, rate.size))
    law, step, mean = np.zeros(states), np.zeros(states), np.zeros(states)
    law[0] = 1.0
    before = -1.0
    in_time = np.zeros(states)
    length = interval_s / _STEPS
    for t in range(rate.size):
        n = agents[t]
        if n != before:
            in_time = _in_time(n, mu, theta, target_s, states)
            before = n
        top = rate[t] + n * mu + max(states - n, 0.0) * theta
        for part in range(_STEPS + 1):
            if part > 0:
                mean[:] = 0.0
                log_weight, total, m = -top * length, 0.0, 0
                limit = top * length + 12.0 * math.sqrt(top * length) + 40.0
                while total < 1.0 - _LOST and m < limit:
                    weight = math.exp(log_weight) if log_weight > -745.0 else 0.0
                    mean += weight * law
                    total += weight
                    step[:] = 0.0
                    for x in range(states):
                        up = rate[t] if x < states - 1 else 0.0
                        down = min(float(x), n) * mu + max(x - n, 0.0) * theta
                        step[x] += law[x] * (1.0 - (up + down) / top)
                        if x < states - 1:
                            step[x + 1] += law[x] * up / top
                        if x > 0:
                            step[x - 1] += law[x] * down / top
                    law, step = step, law
                    m += 1
                    log_weight += math.log(top * length / m)
                law[:] = mean / mean.sum()
            share = (0.5 if part in (0, _STEPS) else 1.0) / _STEPS
            for x in range(states):
                if x < n:
                    out[0, t] += share * law[x]
                else:
                    queue = x - int(n)
                    out[0, t] += share * law[x] * in_time[queue]
                    out[1, t] += share * law[x]
                    out[2, t] += share * law[x] * queue
        out[3, t] = out[2, t] * theta * interval_s
    return out
