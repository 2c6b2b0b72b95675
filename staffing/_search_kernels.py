"""Compiled search for the fewest agents that meet all targets of an Erlang queue.

The margin by which the worst target is over-fulfilled rises with the agents; where it crosses zero
is looked for from a guess, whole numbers first.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

from staffing._erlang_kernels import (
    Floats,
    busy_share,
    inverse_blocking,
    level,
    patient_queue,
    performance,
)

# Met "to rounding": keeps dust of floats from adding a person.
_DUST = 1e-12


@njit(cache=True)
def _margin(
    agents: float,
    load: float,
    aht_s: float,
    target_s: float,
    share: float,
    patience_s: float,
    caps: tuple[float, float, float],
    definition: int,
) -> float:
    """How far the worst of the targets is over-fulfilled; rises with the agents."""
    _, abandons, answered, late, virtual, wait = performance(
        load, agents, aht_s, target_s, patience_s
    )
    found = level(definition, answered, late, virtual, target_s, patience_s) - share
    if caps[0] < 1.0:
        found = min(found, caps[0] - busy_share(load, agents, answered))
    if caps[1] < 1.0:
        found = min(found, caps[1] - abandons)
    if not math.isinf(caps[2]):
        found = min(found, max(caps[2] - wait, -1e6))
    return found


# More people from the guess than this are looked for by halves.
_MOST_STEPS = 64


@njit(cache=True)
def _patient_margin(
    inverse: float,
    agents: float,
    load: float,
    aht_s: float,
    target_s: float,
    share: float,
    caps: tuple[float, float, float],
) -> float:
    """`_margin` of Erlang C for agents > load, from 1/B(agents)."""
    _, _, _, late, _, wait = patient_queue(inverse, 0.0, load, agents, aht_s, target_s)
    found = 1.0 - late - share
    if caps[0] < 1.0:
        found = min(found, caps[0] - load / agents)
    found = min(found, caps[1])
    if not math.isinf(caps[2]):
        found = min(found, max(caps[2] - wait, -1e6))
    return found


@njit(cache=True)
def _patient_required(
    guess: float,
    load: float,
    aht_s: float,
    target_s: float,
    share: float,
    caps: tuple[float, float, float],
) -> float:
    """Fewest agents of Erlang C, step by step from a guess; -1 if they are far from it.

    1/B goes up by Erlang's recursion, and down by its reverse, which loses nothing above the load.
    """
    n = max(guess, math.floor(load) + 1.0)
    value, exponent = inverse_blocking(n, load)
    if exponent > 600.0:
        return -1.0
    inverse = value * math.exp(exponent)
    if _patient_margin(inverse, n, load, aht_s, target_s, share, caps) >= -_DUST:
        for _ in range(_MOST_STEPS):
            if n - 1.0 <= load:
                return n
            inverse = (inverse - 1.0) * load / n
            n -= 1.0
            if _patient_margin(inverse, n, load, aht_s, target_s, share, caps) < -_DUST:
                return n + 1.0
        return -1.0
    for _ in range(_MOST_STEPS):
        n += 1.0
        inverse = 1.0 + n / load * inverse
        if _patient_margin(inverse, n, load, aht_s, target_s, share, caps) >= -_DUST:
            return n
    return -1.0


@njit(cache=True)
def required(
    definition: int,
    fractional: bool,
    order: npt.NDArray[np.int64],
    load: Floats,
    aht_s: Floats,
    target_s: Floats,
    share: Floats,
    patience_s: Floats,
    max_occupancy: Floats,
    max_abandonment: Floats,
    max_mean_wait_s: Floats,
) -> Floats:
    """Fewest agents that meet all targets, for flat arrays visited in `order`.

    Neighbours are best alike, with rising load: the last answer is the first guess, and one agent
    less than what a lighter load of the same queue needs is known to be too few.
    """
    out = np.zeros(load.size)
    last_load, last = 0.0, 0.0
    # Agents, in square roots of the load, that a margin of 1 is worth.
    worth = 1.0
    last_case, last_caps = (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0)
    for i in order:
        a = load[i]
        if a <= 0.0:
            continue
        case = (a, aht_s[i], target_s[i], share[i], patience_s[i])
        caps = (max_occupancy[i], max_abandonment[i], max_mean_wait_s[i])
        alike = case[1:] == last_case and caps == last_caps and a >= last_load
        if alike:
            guess = max(1.0, last)
        else:
            spare = (last - last_load) / math.sqrt(last_load) if last_load > 0.0 else 1.0
            guess = max(1.0, math.floor(a + spare * math.sqrt(a) + 0.5))
        # Without patience nobody is in time unless there are more people than load.
        if math.isinf(patience_s[i]) and share[i] > _DUST and not fractional:
            stepped = _patient_required(guess, a, aht_s[i], target_s[i], share[i], caps)
            if stepped >= 0.0:
                last_load, last, last_case, last_caps = a, stepped, case[1:], caps
                out[i] = stepped
                continue
        too_few = last - 1.0 if alike and not fractional else -1.0
        high = low = guess
        f_high = f_low = _margin(guess, *case, caps, definition)
        step = 1.0
        if not alike:
            step = math.ceil(min(abs(f_low) * worth * math.sqrt(a), 0.1 * a) + 1e-9)
        while f_low >= -_DUST and low > max(too_few + 1.0, 0.0):
            high, f_high = low, f_low
            low = max(too_few + 1.0, high - step, 0.0)
            f_low = _margin(low, *case, caps, definition)
            step *= 2.0
        while f_high < -_DUST:
            low, f_low = high, f_high
            high = low + step
            f_high = _margin(high, *case, caps, definition)
            step *= 2.0
        halve = False
        while high - low > 1.0:
            # Margins are level where no number of people changes anything (a share of 0).
            part = 0.5 if halve or f_low == f_high else f_low / (f_low - f_high)
            middle = min(max(math.floor(low + part * (high - low)), low + 1.0), high - 1.0)
            halve = not halve
            f_middle = _margin(middle, *case, caps, definition)
            if f_middle >= -_DUST:
                high, f_high = middle, f_middle
            else:
                low, f_low = middle, f_middle
        last_load, last, last_case, last_caps = a, high, case[1:], caps
        if high - low == 1.0 and 0.0 < f_high - f_low < 1.0:
            worth = 1.0 / ((f_high - f_low) * math.sqrt(a))
        if f_low >= -_DUST:
            high = low
        elif fractional:
            high = _crossing(low, f_low, high, f_high, case, caps, definition)
        out[i] = high
    return out


@njit(cache=True)
def _crossing(
    low: float,
    f_low: float,
    high: float,
    f_high: float,
    case: tuple[float, float, float, float, float],
    caps: tuple[float, float, float],
    definition: int,
) -> float:
    """Real number of agents in (low, high] where the margin becomes zero (Illinois method)."""
    last_side = 0
    while high - low > 1e-11 * high and f_high > _DUST:
        middle = (low * f_high - high * f_low) / (f_high - f_low)
        if not low < middle < high:
            middle = 0.5 * (low + high)
        f_middle = _margin(middle, *case, caps, definition)
        if f_middle >= -_DUST:
            high, f_high = middle, f_middle
            if last_side == 1:
                f_low *= 0.5
            last_side = 1
        else:
            low, f_low = middle, f_middle
            if last_side == -1:
                f_high *= 0.5
            last_side = -1
    return high
