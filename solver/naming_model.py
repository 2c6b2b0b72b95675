"""The naming model of one block: some people of a group over some days, seats to be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from solver.person import PRICE_SCALE, Groundwork, PersonModel
from solver.problem import Agent, Bools, Floats, Ints, Mode, Problem, Rule
from solver.rules.catalogue import CATALOGUE
from solver.rules.limits import banned_patterns

_UNFILLED_H = 20.0
_RETIMED_H = 2.0
_RETIMED = 0.2
_EXTRA_H = 0.25
"""Prices in hourly wages: an hour of an empty seat; an hour of coverage moved, and each move; an
hour of a shift that is worked only because the contract owes it."""
_NEIGHBOURS = 3
_MOVED_MAX_H = 3.0
_LOST_MAX = 0.25
_OVERLAP = Rule("one_shift_a_day", 0.0, Mode.LAW)


@dataclass(frozen=True)
class Block:
    """What one block of people has to take, and where the others and other days stand.

    Parameters
    ----------
    people
        Rows of `shifts` in the block.
    days
        Days to be decided; all others stay as they are in `shifts`.
    seats
        (D, P) seats that the others leave; negative where they work more than there are seats.
    """

    people: Sequence[int]
    days: range
    seats: Ints


@dataclass(frozen=True)
class Prices:
    """What seats of a group are worth.

    Parameters
    ----------
    unfilled
        (P,) price of an empty seat.
    extra
        (D, P) price of a shift beyond the seats.
    moved
        (P, P) price of a seat taken in another pattern, infinite where that is too far: coverage
        moved, and paid hours lost at the price of empty seats.
    """

    unfilled: Floats
    extra: Floats
    moved: Floats

    @staticmethod
    def of(problem: Problem, group: int, value: Floats | None) -> Prices:
        """Prices of a group; `value` (D, P) is what one more shift brings to the design."""
        data = problem.groups[group]
        wage = max(data.contract.hourly_base, 1.0)
        paid = np.array([p.paid_h for p in problem.patterns])
        extra = data.shift_cost + _EXTRA_H * wage * paid
        if value is not None:
            extra = extra - value
        hours = moved_hours(problem)
        lost = np.maximum(0.0, paid[:, None] - paid[None, :])
        moved = wage * (_RETIMED + _RETIMED_H * hours + _UNFILLED_H * lost)
        far = (hours > _MOVED_MAX_H) | (lost > _LOST_MAX * paid[:, None])
        return Prices(
            unfilled=_UNFILLED_H * wage * np.maximum(paid, 1.0),
            extra=np.maximum(extra, 0.05 * wage),
            moved=np.where(far, np.inf, moved),
        )


def moved_hours(problem: Problem) -> Floats:
    """Hours of coverage that move when a seat changes its pattern, (P, P)."""
    start = np.array([p.start for p in problem.patterns], dtype=float)
    end = np.array([p.end for p in problem.patterns], dtype=float)
    common = np.minimum(end[:, None], end[None, :]) - np.maximum(start[:, None], start[None, :])
    length = end - start
    half = (length[:, None] + length[None, :]) / 2 - np.maximum(common, 0)
    return np.asarray(half * problem.grid.interval_h, dtype=np.float64)


class BlockModel:
    """CP-SAT model of one block.

    Parameters
    ----------
    base, prices
        Data of the group.
    agents
        All people of the group.
    shifts
        (A, D) what is worked so far, -1 where nothing.
    hint
        (A, D) what a start suggests for the block.
    short_of_seats
        Whether people may need shifts beyond the seats to get their contract's hours.
    preferences
        Whether wishes and priced rules count.
    """

    def __init__(
        self,
        base: Groundwork,
        prices: Prices,
        agents: Sequence[Agent],
        block: Block,
        shifts: Ints,
        hint: Ints,
        *,
        short_of_seats: bool,
        preferences: bool,
    ) -> None:
        self.base = base
        self.prices = prices
        self.block = block
        self.preferences = preferences
        self.model = cp_model.CpModel()
        self._terms: list[cp_model.IntVar] = []
        self._prices: list[int] = []
        self._choices = {d: self._choice(d, short_of_seats=short_of_seats) for d in block.days}
        self._cells: dict[int, list[dict[int, cp_model.IntVar | int]]] = {}
        self._extra_patterns: dict[int, set[int]] = {d: set() for d in block.days}
        for row in block.people:
            self._add_person(row, agents[row], shifts[row], hint[row])
        for day in block.days:
            self._cover(day)
        self.model.minimize(cp_model.LinearExpr.weighted_sum(self._terms, self._prices))

    def _choice(self, day: int, *, short_of_seats: bool) -> list[int]:
        """Patterns worth considering on a day: those with seats and the nearest beside them."""
        problem = self.base.problem
        seats = self.block.seats[day]
        weekday = problem.grid.date(day).weekday()
        open_today = [
            p for p in self.base.group.patterns if weekday in problem.patterns[p].weekdays
        ]
        chosen: set[int] = set(np.flatnonzero(seats).tolist())
        moved = self.prices.moved
        for p in np.flatnonzero(seats > 0).tolist():
            near = [q for q in open_today if q != p and np.isfinite(moved[p, q])]
            chosen.update(sorted(near, key=lambda q, p=p: (moved[p, q], q))[:_NEIGHBOURS])  # type: ignore[misc]
        if short_of_seats:
            best = sorted(open_today, key=lambda q: (self.prices.extra[day, q], q))
            chosen.update(best[:_NEIGHBOURS])
        return sorted(chosen)

    def _add_person(self, row: int, agent: Agent, fixed: Ints, hint: Ints) -> None:
        group = self.base.group
        banned = banned_patterns(self.base.problem, group, agent)
        cells: list[dict[int, cp_model.IntVar | int]] = []
        for day, worked in enumerate(fixed.tolist()):
            if day not in self.block.days:
                cells.append({worked: 1} if worked >= 0 else {})
                continue
            cell: dict[int, cp_model.IntVar | int] = {}
            if agent.available(day) and group.contract.employs(day):
                for pattern in self._patterns_of(agent, day):
                    if not banned[pattern]:
                        literal = self.model.new_bool_var("")
                        self.model.add_hint(literal, bool(hint[day] == pattern))
                        cell[pattern] = literal
            if len(cell) > 1:
                self.model.add_at_most_one(cell.values())
            cells.append(cell)
        self._cells[row] = cells
        person = PersonModel(self.model, self.base, agent, cells)
        person.keep_contract()
        person.keep_pins()
        if self.preferences:
            person.keep_wishes()
        person.rest_between(_OVERLAP, 0)
        for rule in self.base.problem.rules:
            if rule.binds(group, agent) and (self.preferences or rule.mode is not Mode.PRICED):
                CATALOGUE[rule.id].apply(person, rule)
        for penalty in person.penalties:
            self._pay(penalty.variable, penalty.price)

    def _patterns_of(self, agent: Agent, day: int) -> list[int]:
        """Patterns that a person may get on a day: the pinned ones, or the day's choice."""
        if day not in agent.pins:
            return self._choices[day]
        code = agent.pins[day]
        patterns = self.base.patterns
        pinned = [
            p for p in self.base.group.patterns if code in (patterns[p].code, patterns[p].shift)
        ]
        self._extra_patterns[day].update(pinned)
        return pinned

    def _cover(self, day: int) -> None:
        """Balance seats and people of a day: a seat is taken, moved to a near pattern, or empty."""
        seats = self.block.seats[day]
        patterns = sorted({*self._choices[day], *self._extra_patterns[day]})
        taken: dict[int, list[cp_model.IntVar]] = {p: [] for p in patterns}
        for cells in self._cells.values():
            for p, literal in cells[day].items():
                taken[p].append(literal)  # type: ignore[arg-type]
        into: dict[int, list[cp_model.IntVar]] = {p: [] for p in patterns}
        out: dict[int, list[cp_model.IntVar]] = {p: [] for p in patterns}
        for p in patterns:
            if seats[p] <= 0:
                continue
            for q in patterns:
                price = float(self.prices.moved[p, q])
                if q == p or not np.isfinite(price):
                    continue
                moved = self.model.new_int_var(0, int(seats[p]), "")
                out[p].append(moved)
                into[q].append(moved)
                cost = self.base.group.shift_cost[day]
                self._pay(moved, _units(price + max(0.0, cost[q] - cost[p])))
        for p in patterns:
            extra = self.model.new_int_var(0, len(self._cells) + max(0, -int(seats[p])), "")
            self._pay(extra, _units(float(self.prices.extra[day, p])))
            left = [*taken[p], *out[p]]
            minus = [*into[p], extra]
            if seats[p] > 0:
                empty = self.model.new_int_var(0, int(seats[p]), "")
                self._pay(empty, _units(float(self.prices.unfilled[p])))
                left.append(empty)
            self.model.add(
                cp_model.LinearExpr.weighted_sum(
                    [*left, *minus], [1] * len(left) + [-1] * len(minus)
                )
                == int(seats[p])
            )

    def _pay(self, variable: cp_model.IntVar, price: int) -> None:
        self._terms.append(variable)
        self._prices.append(price)

    def solve(
        self, shifts: Ints, *, seed: int, deterministic_seconds: float
    ) -> tuple[Ints | None, float]:
        """Solve and give all shifts, (A, D), with the block's own decided, and the time it took.

        The shifts are None where no schedule was found in the time.
        """
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed
        # Not repair_hint: it now and then aborts the process (google/or-tools, issue 5025).
        solver.parameters.max_deterministic_time = deterministic_seconds
        status = solver.solve(self.model)
        spent = float(solver.response_proto.deterministic_time)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, spent
        answer = shifts.copy()
        for row, cells in self._cells.items():
            for day in self.block.days:
                answer[row, day] = next(
                    (p for p, literal in cells[day].items() if solver.boolean_value(literal)), -1
                )
        return answer, spent


def _units(price: float) -> int:
    return max(1, round(price * PRICE_SCALE))


def allowed_days(problem: Problem, group: int, agents: Sequence[Agent]) -> Bools:
    """Days on which people can be planned, (A, D)."""
    contract = problem.groups[group].contract
    return np.array(
        [
            [a.available(d) and contract.employs(d) for d in range(problem.grid.days)]
            for a in agents
        ],
        dtype=bool,
    ).reshape(len(agents), problem.grid.days)
