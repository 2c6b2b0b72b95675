"""Service when neither the volume nor who comes to work is known: mixtures over both."""

from __future__ import annotations

import math

import numpy as np

from staffing import erlang
from staffing._erlang_kernels import Floats
from staffing.ranges import warn_outside

_LARGEST_RATE_CV = 0.4
_RATE_POINTS = 41


def mixed_service_level(
    load: float,
    agents: int,
    *,
    aht_s: float,
    target_s: float,
    patience_s: float = math.inf,
    rate_cv: float = 0.0,
    absence: float = 0.0,
) -> float:
    """Share answered in time over days of random volume and random absences.

    ``E[X SL(n | X)] / E[X]`` with the load times X, a gamma of mean 1, and n binomial: every one of
    `agents` people is absent with chance `absence`, independently.

    Parameters
    ----------
    load, agents
        Mean offered load in Erlang, people planned.
    aht_s, target_s, patience_s
        Seconds, as for `staffing.erlang.service_level`.
    rate_cv
        Coefficient of variation of the day's volume. `ModelRangeWarning` above 0.4.
    absence
        Chance that a person is absent.

    References
    ----------
    Jongbloed and Koole (2001), "Managing uncertainty in call centres using Poisson mixtures".
    """
    factors, weights = _volumes(rate_cv)
    present, chance = _present(agents, absence)
    level = erlang.service_level(
        load * factors[:, None],
        present[None, :],
        aht_s=aht_s,
        target_s=target_s,
        patience_s=patience_s,
    )
    return float(weights * factors @ level @ chance / (weights @ factors))


def chance_of_service_level(
    load: float,
    agents: int,
    *,
    aht_s: float,
    target_s: float,
    service_level: float,
    patience_s: float = math.inf,
    rate_cv: float = 0.0,
    absence: float = 0.0,
) -> float:
    """Chance that a day's expected share in time reaches `service_level`; see above."""
    present, chance = _present(agents, absence)
    held = np.array(
        [_most_load(int(n), aht_s, target_s, service_level, patience_s) for n in present]
    )
    if rate_cv == 0.0:
        return float(chance @ (held >= load * (1 - 1e-9)))
    points, weights = _volumes(rate_cv, 4001)
    below = np.concatenate([[0.0], np.cumsum(weights)])
    edges = np.concatenate([[0.0], 0.5 * (points[1:] + points[:-1]), [points[-1]]])
    return float(chance @ np.interp(held / load, edges, below))


def required_agents_uncertain(
    load: float,
    *,
    aht_s: float,
    target_s: float,
    service_level: float,
    patience_s: float = math.inf,
    rate_cv: float = 0.0,
    absence: float = 0.0,
    chance: float | None = None,
) -> int:
    """Fewest people for a service level over random days.

    With `chance` the level must be reached with that probability on a day; without, on average over
    all contacts. Other parameters as for `mixed_service_level`; 0 without load.
    """
    if load <= 0.0:
        return 0
    if not (0.0 <= service_level < 1.0 and (chance is None or 0.0 <= chance < 1.0)):
        message = f"service_level and chance must be in 0..<1; got {service_level} and {chance}"
        raise ValueError(message)
    case = {"aht_s": aht_s, "target_s": target_s, "patience_s": patience_s}

    def enough(agents: int) -> bool:
        spread = {"rate_cv": rate_cv, "absence": absence}
        if chance is None:
            return mixed_service_level(load, agents, **case, **spread) >= service_level - 1e-12
        found = chance_of_service_level(load, agents, service_level=service_level, **case, **spread)
        return found >= chance - 1e-12

    low, high = 0, max(1, math.ceil(load))
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _volumes(rate_cv: float, points: int = _RATE_POINTS) -> tuple[Floats, Floats]:
    """Volumes and their chances, equally far apart on the scale of the logarithm."""
    if rate_cv == 0.0:
        return np.ones(1), np.ones(1)
    if not rate_cv > 0.0:
        message = f"rate_cv must be >= 0; got {rate_cv}"
        raise ValueError(message)
    if rate_cv > _LARGEST_RATE_CV:
        warn_outside("uncertain rates", f"rate_cv {rate_cv:g} is above {_LARGEST_RATE_CV}")
    shape = 1.0 / rate_cv**2
    y = np.linspace(-7.0 * rate_cv - 10.0 * rate_cv**2, 7.0 * rate_cv, points)
    weights = np.exp(shape * (y - np.exp(y) + 1.0))
    return np.exp(y), weights / weights.sum()


def _present(agents: int, absence: float) -> tuple[Floats, Floats]:
    """Numbers of people present, and their chances."""
    if not (agents >= 0 and 0.0 <= absence < 1.0):
        message = f"agents must be >= 0 and absence in 0..<1; got {agents} and {absence}"
        raise ValueError(message)
    if absence == 0.0:
        return np.array([float(agents)]), np.ones(1)
    n = np.arange(agents + 1)
    log = np.array(
        [math.lgamma(agents + 1) - math.lgamma(k + 1) - math.lgamma(agents - k + 1) for k in n]
    )
    chance = np.exp(log + n * math.log1p(-absence) + (agents - n) * math.log(absence))
    return n.astype(np.float64), chance / chance.sum()


def _most_load(
    agents: int, aht_s: float, target_s: float, service_level: float, patience_s: float
) -> float:
    """Largest load at which so many people hold the level."""
    low, high = 0.0, max(1.0, 2.0 * agents)
    for _ in range(60):
        middle = 0.5 * (low + high)
        held = erlang.service_level(
            middle, agents, aht_s=aht_s, target_s=target_s, patience_s=patience_s
        )
        low, high = (middle, high) if held >= service_level else (low, middle)
    return low
