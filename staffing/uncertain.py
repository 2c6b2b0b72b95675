"""Service when neither the volume nor who comes to work is known: mixtures over both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from staffing import erlang
from staffing._erlang_kernels import Floats
from staffing.ranges import warn_outside

_LARGEST_RATE_CV = 0.4
_RATE_POINTS = 41
_FINE_RATE_POINTS = 4001


@dataclass(frozen=True)
class RandomDays:
    """A live queue on days of random volume, with people who may be absent.

    The load of a day is `load` times a gamma of mean 1; every one of the people planned is absent
    with chance `absence`, independently.

    Parameters
    ----------
    load
        Mean offered load in Erlang.
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

    load: float
    aht_s: float
    target_s: float
    patience_s: float = math.inf
    rate_cv: float = 0.0
    absence: float = 0.0

    def service_level(self, agents: int) -> float:
        """Share answered in time over all days, ``E[X SL(n | X)] / E[X]``, n of `agents` coming."""
        factors, weights = _volumes(self.rate_cv)
        present, chance = _present(agents, self.absence)
        level = self._level(self.load * factors[:, None], present[None, :])
        return float(weights * factors @ level @ chance / (weights @ factors))

    def chance(self, agents: int, service_level: float) -> float:
        """Chance that a day's expected share in time reaches `service_level`."""
        present, chance = _present(agents, self.absence)
        held = np.array([self._most_load(n, service_level) for n in present])
        if self.rate_cv == 0.0:
            return float(chance @ (held >= self.load * (1 - 1e-9)))
        points, weights = _volumes(self.rate_cv, _FINE_RATE_POINTS)
        below = np.concatenate([[0.0], np.cumsum(weights)])
        edges = np.concatenate([[0.0], 0.5 * (points[1:] + points[:-1]), [points[-1]]])
        return float(chance @ np.interp(held / self.load, edges, below))

    def required_agents(self, service_level: float, chance: float | None = None) -> int:
        """Fewest people for a service level; 0 without load.

        With `chance` the level must be reached with that probability on a day; without, on average
        over all contacts.

        Raises
        ------
        ValueError
            If a share is not in 0 .. <1: nothing is certain.
        """
        if self.load <= 0.0:
            return 0
        if not (0.0 <= service_level < 1.0 and (chance is None or 0.0 <= chance < 1.0)):
            message = f"service_level and chance must be in 0..<1; got {service_level} and {chance}"
            raise ValueError(message)

        def enough(agents: int) -> bool:
            if chance is None:
                return self.service_level(agents) >= service_level - 1e-12
            return self.chance(agents, service_level) >= chance - 1e-12

        low, high = 0, max(1, math.ceil(self.load))
        while not enough(high):
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(middle) else (middle, high)
        return high

    def _level(self, load: Floats | float, agents: Floats | float) -> Floats:
        return np.asarray(
            erlang.service_level(
                load,
                agents,
                aht_s=self.aht_s,
                target_s=self.target_s,
                patience_s=self.patience_s,
            )
        )

    def _most_load(self, agents: float, service_level: float) -> float:
        """Largest load at which so many people hold the level."""
        low, high = 0.0, max(1.0, 2.0 * agents)
        for _ in range(60):
            middle = 0.5 * (low + high)
            enough = self._level(middle, agents) >= service_level
            low, high = (middle, high) if enough else (low, middle)
        return low


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
