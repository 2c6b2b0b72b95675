"""Chat: an agent holds several contacts at once, each the slower for it.

A birth-death chain over the number of chats in the house. A new chat goes to an agent who holds
the fewest, so ``x = k n + r`` chats mean ``r`` agents with ``k + 1`` and ``n - r`` with ``k``; they
are finished at rate ``(n - r) k / aht_s[k] + r (k + 1) / aht_s[k + 1]``. Beyond ``n K`` chats wait,
with exponential patience. The chain takes agents as level at all times, where in truth a finished
chat leaves them briefly uneven: a simulation agent by agent differs by a point of waiting or so.
The usual shortcut, "n K slots with the slowest handling time", overstates the waiting about
threefold at ordinary loads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from staffing._erlang_kernels import Floats, impatient_queue
from staffing.ranges import warn_outside

# As many chats at once, and as long beside a chat held alone, as were held against a simulation.
MOST_MEASURED_AT_ONCE = 8
_MOST_MEASURED_STRETCH = 1.8
# Met "to rounding": keeps dust of floats from adding a person.
_DUST = 1e-12


@dataclass(frozen=True)
class ChatPerformance:
    """What a chat queue achieves; floats, or arrays in the broadcast shape of the arguments.

    Attributes
    ----------
    service_level
        Share of offered chats answered within the target.
    abandonment
        Share of offered chats that give up waiting.
    mean_wait_s
        Mean wait for the first answer over all offered chats, in seconds.
    busy_agents
        Mean number of agents holding at least one chat.
    load_per_slot
        Share of the ``agents x at_once`` slots in use.
    """

    service_level: Any
    abandonment: Any
    mean_wait_s: Any
    busy_agents: Any
    load_per_slot: Any


def chat_performance(
    arrivals_per_hour: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike,
    at_once: int | None = None,
    target_s: float,
    patience_s: float = np.inf,
) -> ChatPerformance:
    """Service level, abandonment, wait and use of agents of a chat queue.

    Parameters
    ----------
    arrivals_per_hour, agents
        Chats offered per hour and whole number of agents; they broadcast.
    aht_s
        Mean duration of a chat by the number that its agent holds (length `at_once`, not
        decreasing); one number means that durations do not stretch.
    at_once
        Chats an agent may hold; by default the length of `aht_s`. It is capped where one more would
        slow the agent down altogether (`chat_durations`). `ModelRangeWarning` above 8, and where
        the last duration is more than 1.8 times the first.
    target_s, patience_s
        Target time for the first answer and mean patience in seconds.

    Returns
    -------
    ChatPerformance

    Raises
    ------
    ValueError
        If durations decrease, lengths disagree, agents are not whole or an argument is negative.
    """
    durations = chat_durations(aht_s, at_once)
    arrivals = np.asarray(arrivals_per_hour, dtype=np.float64)
    heads = np.asarray(agents, dtype=np.float64)
    if not (np.all(arrivals >= 0) and np.all(np.isfinite(arrivals))):
        message = "arrivals_per_hour must be >= 0 and finite"
        raise ValueError(message)
    if not (np.all(heads >= 0) and np.all(heads == np.floor(heads)) and np.all(heads < 1e9)):
        message = "agents must be whole numbers >= 0: a chat is held by one person"
        raise ValueError(message)
    if not (target_s >= 0 and patience_s > 0):
        message = f"target_s must be >= 0 and patience_s > 0; got {target_s} and {patience_s}"
        raise ValueError(message)
    _warn_outside(durations)
    arrivals, heads = np.broadcast_arrays(arrivals, heads)
    flat = _chat_all(
        arrivals.ravel() / 3600.0,
        heads.ravel().astype(np.int64),
        durations,
        float(target_s),
        float(patience_s),
    )
    return ChatPerformance(*(row.reshape(arrivals.shape)[()] for row in flat))


def chat_durations(aht_s: npt.ArrayLike, at_once: int | None = None) -> Floats:
    """Durations by concurrency level, checked, and cut where an agent's throughput would fall.

    Parameters
    ----------
    aht_s, at_once
        As in `chat_performance`.

    Returns
    -------
    ndarray
        Seconds for 1, 2 .. K chats held; its length is the useful number at once.
    """
    durations = np.array(aht_s, dtype=np.float64, ndmin=1)
    if durations.ndim != 1 or not np.all((durations > 0) & np.isfinite(durations)):
        message = "aht_s must be one positive number or one per concurrency level"
        raise ValueError(message)
    if at_once is not None:
        if at_once < 1 or int(at_once) != at_once:
            message = f"at_once must be a whole number >= 1; got {at_once}"
            raise ValueError(message)
        if durations.size == 1:
            durations = np.repeat(durations, int(at_once))
        if durations.size != at_once:
            message = f"aht_s has {durations.size} levels but at_once is {at_once}"
            raise ValueError(message)
    if np.any(np.diff(durations) < 0):
        message = "aht_s must not decrease: holding more chats cannot make each of them shorter"
        raise ValueError(message)
    throughput = np.arange(1, durations.size + 1) / durations
    falls = np.flatnonzero(np.diff(throughput) < 0)
    return durations[: falls[0] + 1] if falls.size else durations


def required_chat_agents(
    load: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike,
    target_s: float,
    service_level: float,
    patience_s: float = np.inf,
    at_once: int = 1,
    stretch: npt.ArrayLike | None = None,
    max_occupancy: float = 1.0,
    max_abandonment: float = 1.0,
    max_mean_wait_s: float = np.inf,
    fractional: bool = False,
) -> Any:
    """Fewest agents of a chat queue that hold the service level and the caps at once.

    Parameters
    ----------
    load, aht_s
        Offered load in Erlang (chats per second x duration of a chat held alone) and that duration
        in seconds; they broadcast.
    target_s, service_level, patience_s
        Target time, share of offered chats to be answered within it, mean patience.
    at_once, stretch
        Chats an agent may hold, and durations with 1, 2 .. `at_once` held as factors of `aht_s`
        (all 1 by default).
    max_occupancy
        Cap on the share of slots in use. An agent is busy with one chat of three already, so the
        share of busy agents would say little.
    max_abandonment
        Cap on the share of chats that give up.
    max_mean_wait_s
        Cap on the mean wait for the first answer over all chats, in seconds.
    fractional
        Interpolate between whole agents, for pooling and grossing up before rounding once.

    Returns
    -------
    float, int or ndarray
        Agents; 0 where there is no load.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    factors = chat_durations(1.0 if stretch is None else stretch, at_once)
    loads, durations = np.broadcast_arrays(
        np.asarray(load, dtype=np.float64), np.asarray(aht_s, dtype=np.float64)
    )
    if not (np.all(loads >= 0) and np.all(np.isfinite(loads)) and np.all(durations > 0)):
        message = "load must be >= 0 and finite, aht_s > 0"
        raise ValueError(message)
    if not (target_s >= 0 and patience_s > 0 and 0 <= service_level <= 1):
        message = "target_s must be >= 0, patience_s > 0 and service_level a share"
        raise ValueError(message)
    if not (0 < max_occupancy <= 1 and 0 <= max_abandonment <= 1 and max_mean_wait_s >= 0):
        message = (
            "max_occupancy must be > 0 and <= 1, max_abandonment a share, max_mean_wait_s >= 0"
        )
        raise ValueError(message)
    _warn_outside(factors)
    found = _chat_required(
        np.array(loads).ravel(),
        np.array(durations).ravel(),
        factors,
        float(target_s),
        float(patience_s),
        (
            float(service_level),
            float(max_occupancy),
            float(max_abandonment),
            float(max_mean_wait_s),
        ),
    )
    if not fractional:
        found = np.ceil(found - 1e-9).astype(np.int64)
    return found.reshape(loads.shape)[()]


def _warn_outside(durations: Floats) -> None:
    if durations[-1] > _MOST_MEASURED_STRETCH * durations[0] * (1 + 1e-9):
        warn_outside("chat", f"a stretch above {_MOST_MEASURED_STRETCH} was not measured")
    if durations.size > MOST_MEASURED_AT_ONCE:
        warn_outside("chat", f"more than {MOST_MEASURED_AT_ONCE} chats at once were not measured")


@njit(cache=True)
def chat_house(
    arrivals_per_s: float, agents: int, durations: Floats
) -> tuple[float, float, float, float]:
    """States with a free slot, and the rate of the full house.

    Returns their weight relative to the last of them, the mean number of agents without a chat and
    of free slots among them, and the rate at which a full house finishes chats, per second.
    """
    levels = durations.size
    slots = agents * levels
    weight, idle, free = 1.0, float(agents), float(slots)
    for x in range(1, slots):
        held, more = divmod(x, agents)
        rate = more * (held + 1) / durations[held]
        if held > 0:
            rate += (agents - more) * held / durations[held - 1]
        earlier = rate / arrivals_per_s * weight
        weight = 1.0 + earlier
        here = 1.0 / weight
        idle += here * (max(agents - x, 0) - idle)
        free += here * (slots - x - free)
    return weight, idle, free, slots / durations[levels - 1]


@njit(cache=True)
def chat_measures(
    arrivals_per_s: float, agents: int, durations: Floats, target_s: float, patience_s: float
) -> tuple[float, float, float, float, float]:
    """Measures of `ChatPerformance`, in its order."""
    if arrivals_per_s <= 0.0:
        return 1.0, 0.0, 0.0, 0.0, 0.0
    patient = math.isinf(patience_s)
    if agents == 0:
        return 0.0, 0.0 if patient else 1.0, patience_s, 0.0, 1.0
    weight, idle, free, full = chat_house(arrivals_per_s, agents, durations)
    slots = agents * durations.size
    if patient:
        spare = full - arrivals_per_s
        if spare <= 0.0:
            return 0.0, 0.0, math.inf, float(agents), 1.0
        queue = arrivals_per_s / spare
        waits = queue / (weight + queue)
        served = 1.0 - waits * math.exp(-spare * target_s)
        abandons, wait = 0.0, waits / spare
    else:
        waits, abandons, answered, late, _ = impatient_queue(
            weight, 0.0, full * patience_s, arrivals_per_s * patience_s, target_s / patience_s
        )
        served, wait = answered - late, abandons * patience_s
    busy = agents - (1.0 - waits) * idle
    return served, abandons, wait, busy, 1.0 - (1.0 - waits) * free / slots


@njit(cache=True)
def _chat_all(
    arrivals_per_s: Floats,
    agents: npt.NDArray[np.int64],
    durations: Floats,
    target_s: float,
    patience_s: float,
) -> Floats:
    out = np.empty((5, arrivals_per_s.size))
    for i in range(arrivals_per_s.size):
        out[:, i] = chat_measures(arrivals_per_s[i], agents[i], durations, target_s, patience_s)
    return out


@njit(cache=True)
def _chat_margin(
    arrivals_per_s: float,
    agents: int,
    durations: Floats,
    target_s: float,
    patience_s: float,
    wanted: tuple[float, float, float, float],
) -> float:
    """How far the worst target is over-fulfilled: share in time, occupancy, abandonment, wait."""
    served, abandons, wait, _, used = chat_measures(
        arrivals_per_s, agents, durations, target_s, patience_s
    )
    found = served - wanted[0]
    if wanted[1] < 1.0:
        found = min(found, wanted[1] - used)
    if not math.isinf(wanted[3]):
        found = min(found, max(wanted[3] - wait, -1e6))
    return min(found, wanted[2] - abandons)


@njit(cache=True)
def _chat_required(
    load: Floats,
    aht_s: Floats,
    factors: Floats,
    target_s: float,
    patience_s: float,
    wanted: tuple[float, float, float, float],
) -> Floats:
    """Fewest agents, interpolated between the whole numbers on both sides of the crossing."""
    out = np.zeros(load.size)
    for i in range(load.size):
        if load[i] <= 0.0:
            continue
        rate, durations = load[i] / aht_s[i], aht_s[i] * factors
        low, high = 0, max(1, int(1.2 * load[i] * factors[-1] / factors.size))
        f_low = _chat_margin(rate, low, durations, target_s, patience_s, wanted)
        f_high = _chat_margin(rate, high, durations, target_s, patience_s, wanted)
        if f_low >= -_DUST:
            continue
        while f_high < -_DUST:
            low, f_low = high, f_high
            high *= 2
            f_high = _chat_margin(rate, high, durations, target_s, patience_s, wanted)
        while high - low > 1:
            middle = (low + high) // 2
            f_middle = _chat_margin(rate, middle, durations, target_s, patience_s, wanted)
            if f_middle >= -_DUST:
                high, f_high = middle, f_middle
            else:
                low, f_low = middle, f_middle
        out[i] = low + min(1.0, f_low / (f_low - f_high))
    return out
