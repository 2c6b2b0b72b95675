"""Compiled kernels of the Erlang and chat formulas.

Every measure of a queue with exponential patience comes from two log-concave integrals, so each is
evaluated by Gauss-Legendre panels placed around the integrand's peak: a constant number of
operations for any load, any whole or fractional number of agents, and no overflow.

Symbols, with time counted in mean patience: ``s`` = service rate of the full house, ``x`` = arrival
rate, ``y`` = target time. ``M(s, x) = sum_k x^k / (s (s+1) .. (s+k))`` is the weight of "all busy"
relative to the last state with a free place, ``K(s, x) = sum_k k x^k / (s .. (s+k))`` that of the
abandonments (building blocks after Zeltyn and Mandelbaum, 2005).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]

# Terms below e^-37 of the peak cannot be seen in a double.
_CUT = 37.0
# From here on 32 nodes integrate M to full precision; smaller s is shifted up by its recurrence.
_SMALL_S = 16.0
_SMALL_LOAD = 5.0
# A smaller fraction of an agent is rounding of a zero.
_NOBODY = 1e-12
_RESCALE = 1e200
_LOG_RESCALE = math.log(_RESCALE)

_nodes, _weights = np.polynomial.legendre.leggauss(24)
_NODES: Floats = 0.5 * (_nodes + 1.0)
_WEIGHTS: Floats = 0.5 * _weights

# Service-level definitions, in the order of `staffing.erlang.DEFINITIONS`.
OFFERED, VIRTUAL, ANSWERED, WITHOUT_SHORT_ABANDONS, SHORT_ABANDONS_GOOD = range(5)


@njit(cache=True)
def _exp_gap(y: float) -> float:
    """``y - 1 + exp(-y)`` without cancellation."""
    if abs(y) < 0.03:
        inner = 1 / 120 - y * (1 / 720 - y * (1 / 5040 - y / 40320))
        return y * y * (1 / 2 - y * (1 / 6 - y * (1 / 24 - y * inner)))
    return y + math.expm1(-y)


@njit(cache=True)
def _log_gap(z: float) -> float:
    """``z - log(1 + z)`` without cancellation."""
    if abs(z) < 0.01:
        inner = 1 / 5 - z * (1 / 6 - z * (1 / 7 - z * (1 / 8 - z / 9)))
        return z * z * (1 / 2 - z * (1 / 3 - z * (1 / 4 - z * inner)))
    return z - math.log1p(z)


@njit(cache=True)
def _log_reach(slope: float, bend: float) -> float:
    """Where ``slope v + bend (v - log(1 + v))`` has surely passed the cut.

    Solves the quadratic that follows from ``v - log(1 + v) >= 3 v^2 / (6 + 4 v)``.
    """
    linear = 6.0 * slope - 4.0 * _CUT
    root = math.sqrt(linear * linear + 24.0 * _CUT * (4.0 * slope + 3.0 * bend))
    return 12.0 * _CUT / (linear + root)


@njit(cache=True)
def inverse_blocking(agents: float, load: float) -> tuple[float, float]:
    """1 / Erlang B for real ``agents`` > -1 and ``load`` > 0, as ``value * exp(exponent)``.

    ``1/B = load * integral_0^inf exp(-load v) (1+v)^agents dv`` (Fortet; Jagerman 1974).
    """
    m, a = agents, load
    if a < (_SMALL_LOAD if m < a else 4.0 * _SMALL_LOAD):
        return _inverse_blocking_small(m, a)
    if m <= a:
        slope, bend = a - m, m
        width = _log_reach(min(slope, a), max(m, 0.0))
        total = 0.0
        for i in range(_NODES.size):
            v = width * _NODES[i]
            total += _WEIGHTS[i] * math.exp(-slope * v - bend * _log_gap(v))
        return a * width * total, 0.0
    low = (a - m) / m
    right = _log_reach(0.0, m)
    left = min(-low, math.sqrt(2.0 * _CUT / m))
    total = 0.0
    for i in range(_NODES.size):
        total += _WEIGHTS[i] * (
            right * math.exp(-m * _log_gap(right * _NODES[i]))
            + left * math.exp(-m * _log_gap(-left * _NODES[i]))
        )
    return m * total, m * _log_gap(low)


@njit(cache=True)
def _inverse_blocking_small(agents: float, load: float) -> tuple[float, float]:
    """1 / Erlang B at small loads: complement of the lower series where it does not cancel."""
    steps = 0
    m = agents
    while m < load:
        m += 1.0
        steps += 1
    below, term, k = 0.0, 1.0, 0.0
    while term > 1e-17 * below:
        k += 1.0
        term *= load / (m + k)
        below += term
    exponent = math.lgamma(m + 1.0) + load - m * math.log(load)
    if exponent > 600.0:
        return 1.0, exponent
    value = math.exp(exponent) - below
    for _ in range(steps):
        value = (value - 1.0) * load / m
        m -= 1.0
    return value, 0.0


@njit(cache=True)
def _waiting_integrals(s: float, x: float) -> tuple[float, float, float]:
    """M(s, x) and K(s, x) divided by e^peak, and the peak; for s >= 16.

    ``M = integral exp(x (1 - e^-y) - s y) dy``, and K the same with ``x (1 - e^-y)`` as a factor.
    """
    slope = max(s - x, 0.0)
    bend = min(s, x)
    # Solves slope y + bend y^2 / (2 + y) = cut, a bound from below on the exponent.
    linear = 2.0 * slope - _CUT
    right = 4.0 * _CUT / (linear + math.sqrt(linear * linear + 8.0 * _CUT * (slope + bend)))
    excess = max(x - s, 0.0)
    weight, impatient = 0.0, 0.0
    for i in range(_NODES.size):
        y = right * _NODES[i]
        part = _WEIGHTS[i] * math.exp(-slope * y - bend * _exp_gap(y))
        weight += part
        impatient += part * (excess - bend * math.expm1(-y))
    weight *= right
    impatient *= right
    if x <= s:
        return weight, impatient, 0.0
    above = excess / s
    left = min(math.log1p(above), math.sqrt(2.0 * _CUT / s))
    for i in range(_NODES.size):
        y = -left * _NODES[i]
        part = left * _WEIGHTS[i] * math.exp(-s * _exp_gap(y))
        weight += part
        impatient += part * (excess - s * math.expm1(-y))
    return weight, impatient, s * _log_gap(above)


@njit(cache=True)
def _waiting_sums(s: float, shift: int, x: float) -> tuple[float, float, float, float, float]:
    """M(s, x), K(s, x), M(s + 1, x), all divided by e^(peak + lift); the peak; the lift.

    The integrals are taken at ``s + shift`` (shift >= 1) and carried down by recurrences whose
    terms are all positive, hence stable.
    """
    weight, impatient, peak = _waiting_integrals(s + shift, x)
    lift = 0.0
    one = math.exp(-peak)
    following = weight
    for j in range(shift - 1, -1, -1):
        following = weight
        ratio = x / (s + j)
        impatient = ratio * (impatient + weight)
        weight = one / (s + j) + ratio * weight
        if weight > _RESCALE:
            weight /= _RESCALE
            impatient /= _RESCALE
            following /= _RESCALE
            one /= _RESCALE
            lift += _LOG_RESCALE
    return weight, impatient, following, peak, lift


@njit(cache=True)
def impatient_queue(
    below: float, below_exponent: float, s: float, x: float, y: float
) -> tuple[float, float, float, float, float]:
    """Measures of a queue with exponential patience, above any birth-death house.

    Parameters
    ----------
    below, below_exponent
        Weight of all states with a free place, relative to the last of them, as
        ``below * exp(below_exponent)``; may be infinite.
    s, x, y
        Service rate of the full house, arrival rate and target time, in mean patience.

    Returns
    -------
    tuple
        P(wait), P(abandon), P(answered), P(answered after the target),
        P(a caller of endless patience waits longer than the target).
    """
    if s <= 0.0:
        return 1.0, 1.0, 0.0, 0.0, 1.0
    shift = max(1, math.ceil(_SMALL_S - s))
    weight, impatient, following, peak, lift = _waiting_sums(s, shift, x)
    exponent = below_exponent - peak - lift
    free = below * math.exp(exponent) if exponent < 700.0 else math.inf
    total = free + x * weight
    if math.isinf(total):
        return 0.0, 0.0, 1.0, 0.0, 0.0
    waits, abandons = x * weight / total, impatient / total
    answered = (free + x * following) / total
    if y == 0.0:
        return waits, abandons, answered, x * following / total, waits
    if math.isinf(y):
        return waits, abandons, answered, 0.0, 0.0
    later = x * math.exp(-y)
    weight, _, following, _, later_lift = _waiting_sums(s, shift, later)
    # Exponent of "still waiting after y" relative to the peak taken out of `total`; all cases
    # are one expression, each written so that large terms do not cancel.
    high = s + shift
    if later > high:
        exponent = shift * y
    elif x > high:
        if later > 0.5 * high:
            exponent = shift * y - high * _log_gap((later - high) / high)
        else:
            exponent = high * (1.0 + math.log(x / high)) - later - s * y
    elif y > 0.5:
        exponent = -x * math.expm1(-y) - s * y
    else:
        exponent = (x - s) * y - x * _exp_gap(y)
    scale = math.exp(exponent + later_lift - lift) / total
    return waits, abandons, answered, scale * later * following, scale * x * weight


@njit(cache=True)
def performance(
    load: float, agents: float, aht_s: float, target_s: float, patience_s: float
) -> tuple[float, float, float, float, float, float]:
    """Erlang A, or C for infinite patience.

    Returns P(wait), P(abandon), P(answered), P(answered late), P(virtual wait is late) and the mean
    wait in seconds over all contacts.
    """
    if load <= 0.0:
        return 0.0, 0.0, 1.0, 0.0, 0.0, 0.0
    if math.isinf(patience_s):
        if agents <= load:
            return 1.0, 0.0, 1.0, 1.0, 1.0, math.inf
        value, exponent = inverse_blocking(agents, load)
        return patient_queue(value, exponent, load, agents, aht_s, target_s)
    if agents <= _NOBODY:
        return 1.0, 1.0, 0.0, 0.0, 1.0, patience_s
    value, exponent = inverse_blocking(agents - 1.0, load)
    scale = patience_s / aht_s
    waits, abandons, answered, late, virtual = impatient_queue(
        value, exponent, agents * scale, load * scale, target_s / patience_s
    )
    return waits, abandons, answered, late, virtual, abandons * patience_s


@njit(cache=True)
def patient_queue(
    value: float, exponent: float, load: float, agents: float, aht_s: float, target_s: float
) -> tuple[float, float, float, float, float, float]:
    """Erlang C of `performance` for agents > load, from 1/B(agents) = value e^exponent."""
    spare = agents - load
    inverse = value * math.exp(exponent) if exponent < 700.0 else math.inf
    waits = agents / (spare * inverse + load)
    late = waits * math.exp(-spare * target_s / aht_s)
    return waits, 0.0, 1.0, late, late, waits * aht_s / spare


@njit(cache=True)
def level(
    definition: int,
    answered: float,
    late: float,
    virtual: float,
    target_s: float,
    patience_s: float,
) -> float:
    """Service level by one of the five definitions, from the shares of `performance`."""
    if definition == OFFERED:
        return max(0.0, answered - late)
    if definition == VIRTUAL:
        return max(0.0, 1.0 - virtual)
    if definition == ANSWERED:
        return max(0.0, 1.0 - late / answered) if answered > 0.0 else 0.0
    # Who never gives up outlasts any target, an endless one too.
    stay = 1.0 if math.isinf(patience_s) else math.exp(-target_s / patience_s)
    outlasting = virtual * stay
    if definition == SHORT_ABANDONS_GOOD:
        return 1.0 - outlasting
    in_time = answered - late
    return in_time / (in_time + outlasting) if in_time > 0.0 else 0.0


@njit(cache=True)
def busy_share(load: float, agents: float, answered: float) -> float:
    """Share of the agents' time spent on contacts."""
    if load <= 0.0:
        return 0.0
    return min(1.0, load * answered / agents) if agents > _NOBODY else 1.0


@njit(cache=True)
def evaluate(
    load: Floats, agents: Floats, aht_s: Floats, target_s: Floats, patience_s: Floats
) -> Floats:
    """`performance` for flat arrays, one row per measure, and the occupancy as the last row."""
    out = np.empty((7, load.size))
    for i in range(load.size):
        found = performance(load[i], agents[i], aht_s[i], target_s[i], patience_s[i])
        out[:6, i] = found
        out[6, i] = busy_share(load[i], agents[i], found[2])
    return out


@njit(cache=True)
def levels(
    definition: int,
    load: Floats,
    agents: Floats,
    aht_s: Floats,
    target_s: Floats,
    patience_s: Floats,
) -> Floats:
    """Service level for flat arrays."""
    out = np.empty(load.size)
    for i in range(load.size):
        _, _, answered, late, virtual, _ = performance(
            load[i], agents[i], aht_s[i], target_s[i], patience_s[i]
        )
        out[i] = level(definition, answered, late, virtual, target_s[i], patience_s[i])
    return out


@njit(cache=True)
def blocking_all(load: Floats, agents: Floats) -> Floats:
    """Erlang B for flat arrays."""
    out = np.empty(load.size)
    for i in range(load.size):
        if load[i] <= 0.0:
            out[i] = 1.0 if agents[i] <= 0.0 else 0.0
        else:
            value, exponent = inverse_blocking(agents[i], load[i])
            out[i] = math.exp(-exponent) / value if agents[i] > 0.0 else 1.0
    return out
