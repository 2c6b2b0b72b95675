"""Pricing: the cheapest schedules of people at given prices of cover, and the bound they prove."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.columns.automaton import Flags, automata
from solver.columns.kernel import DONE, LOST, NONE, TOO_LARGE, price_people
from solver.columns.problem import Ints, RosterProblem, Small
from solver.problem import Floats

# Largest number the sum of a schedule's scaled costs may reach: far from the kernel's infinity.
_ROOM = 1 << 27
_FINEST = 1 << 12
# States up to which a person's whole horizon is priced exactly.
_EXACT = 10_000_000
_ANY_WAY = np.array([-1, -1], dtype=np.int64)


@dataclass(frozen=True)
class Priced:
    """What pricing says of some people.

    Parameters
    ----------
    who
        (N,) position in the list of people of each schedule.
    schedules
        (N, D) shift numbers, OFF on days off; they keep every rule.
    values
        (N,) cost less prices, in scaled units.
    bounds
        (n,) proved least value of each person, in scaled units.
    status
        (n,) DONE, NONE (no schedule exists), TOO_LARGE or LOST (nothing is known).
    """

    who: Ints
    schedules: Small
    values: Ints
    bounds: Ints
    status: Ints

    @property
    def proved(self) -> bool:
        """Whether every person has a bound."""
        return bool((self.status == DONE).all())

    @property
    def impossible(self) -> bool:
        """Whether some person has no schedule at all."""
        return bool((self.status == NONE).any())


class Pricer:
    """The kernel with its memory, for one problem.

    Parameters
    ----------
    cells
        States that fit in memory (4 bytes each).
    counts_max
        Most combinations of shift counts in a person's state.
    """

    def __init__(
        self, problem: RosterProblem, *, cells: int = 24_000_000, counts_max: int = 36
    ) -> None:
        self.problem = problem
        rules = self._rules = automata(problem)
        cover = problem.cover
        price = int(problem.cell_values(np.maximum(cover.under, cover.over)).max(initial=0))
        largest = max(1, price + int(np.abs(problem.costs).max(initial=0)))
        # A power of two, so that scaled bounds are exact fractions.
        self.scale = _FINEST
        while self.scale > 1 and self.scale * largest * problem.days > _ROOM:
            self.scale //= 2
        if self.scale * largest * problem.days > 2 * _ROOM:
            message = "costs are too large for the horizon: scale them down"
            raise ValueError(message)
        self._costs = (problem.costs * self.scale).astype(np.int32)
        people, days, shifts = len(problem.people), problem.days, problem.shifts
        nodes = int((rules.sizes[:, 5] + rules.sizes[:, 0] * rules.sizes[:, 4]).max())
        self._counted = np.zeros((people, shifts), dtype=np.uint8)
        self._counts_max = np.full(people, counts_max, dtype=np.int64)
        self._cells = np.empty(cells, dtype=np.int32)
        self._place = np.zeros((days + 1, nodes), dtype=np.int64)
        self._box = np.zeros((days + 1, nodes, 4), dtype=np.int64)
        self._reach = np.zeros((days + 1, nodes, 3), dtype=np.int64)
        widest = max(0, int((rules.sizes[:, 7] - rules.sizes[:, 6]).max())) + 1
        self._ends = np.zeros((widest, 5), dtype=np.int64)
        self._free = np.zeros(people, dtype=np.int64)
        self.exact = self._states() <= _EXACT

    def _states(self) -> Floats:
        """(P,) about how many states an unrestricted person has."""
        rules, days = self._rules, self.problem.days
        nodes = rules.sizes[:, 5] + rules.sizes[:, 0] * rules.sizes[:, 4]
        longest = np.maximum(rules.units.max(axis=1), 0)
        on, rest = rules.sizes[:, 4], rules.sizes[:, 5]
        most_days = np.ceil(days * on / (on + rest)) + 1
        spare = np.minimum(most_days * longest, days * longest) - rules.sizes[:, 6]
        band = np.minimum(rules.sizes[:, 7], np.maximum(spare, 0)) + 1
        return np.asarray(days * nodes * (np.maximum(rules.weekends, 0) + 1.0) * band)

    @property
    def unit_min(self) -> Ints:
        """(P,) minutes of each person's unit."""
        return self._rules.unit_min

    @property
    def unit_limits(self) -> Ints:
        """(P, 2) least and most units of each person."""
        return self._rules.sizes[:, 6:8]

    @property
    def weekends_max(self) -> Ints:
        """(P,) most weekends, -1 where nothing limits them."""
        return self._rules.weekends

    def price(
        self,
        people: Ints,
        allowed: Flags,
        cell_price: Ints,
        *,
        top: int = 1,
        half_width: tuple[int, int] | None = None,
        unit_price: Ints | None = None,
        weekend_price: Ints | None = None,
    ) -> Priced:
        """Find the cheapest schedules of people.

        Parameters
        ----------
        people
            (n,) numbers.
        allowed
            (n, D, S + 1) uint8, choices left to each.
        cell_price
            (D, S) scaled whole numbers: what working a cell earns.
        top
            Most schedules a person, of different total minutes.
        half_width
            Keep running totals of units of minutes and of weekends this near to a straight line:
            schedules are feasible, bounds prove nothing.
        unit_price, weekend_price
            (P,) scaled prices that stand for the limits on minutes and weekends, which are then
            left out: bounds are those of this relaxation (its constant apart), schedules may break
            the limits.
        """
        number, days = len(people), self.problem.days
        schedules = np.empty((number, top, days), dtype=np.int16)
        values = np.empty((number, top), dtype=np.int64)
        bounds = np.empty(number, dtype=np.int64)
        numbers = np.empty(number, dtype=np.int64)
        status = np.empty(number, dtype=np.int64)
        rules = self._rules
        price_people(
            np.ascontiguousarray(people, dtype=np.int64),
            allowed,
            np.ascontiguousarray(cell_price, dtype=np.int32),
            self._costs,
            self._free if unit_price is None else unit_price,
            self._free if weekend_price is None else weekend_price,
            unit_price is not None or weekend_price is not None,
            _ANY_WAY if half_width is None else np.array(half_width, dtype=np.int64),
            self.problem.weekend,
            rules.shift_class,
            rules.before,
            rules.units,
            rules.group,
            rules.may_precede,
            rules.sizes,
            rules.weekends,
            rules.limit,
            self._counted,
            self._counts_max,
            self._cells,
            self._place,
            self._box,
            self._reach,
            self._ends,
            top,
            schedules,
            values,
            bounds,
            numbers,
            status,
        )
        kept = np.arange(top) < numbers[:, None]
        who = np.repeat(np.arange(number), numbers)
        return Priced(who, schedules[kept], values[kept], bounds, status)


__all__ = ["DONE", "LOST", "NONE", "TOO_LARGE", "Priced", "Pricer"]
