"""Rosters of named people as data: who may work what, what cover is wanted, what all of it costs.

Costs are whole numbers (a caller with money scales it), so that a bound can be proved in integer
arithmetic. Nothing here knows a solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int16]
Bools = npt.NDArray[np.bool_]

OFF = -1


class RosterError(ValueError):
    """Data that contradict themselves; the message lists every fault found."""


@dataclass(frozen=True)
class Person:
    """One person's rules, wishes and fixed days.

    Parameters
    ----------
    allowed
        (D, S + 1) what may be done on each day; the last column is a day off.
    cost
        (D, S + 1) whole numbers: what each choice costs, wages or wishes missed.
    minutes_min, minutes_max
        Total minutes over the horizon.
    run_min, run_max
        Days worked in a row. A run that touches an end of the horizon is not held to the minimum.
    rest_min
        Days off in a row, between two runs of work.
    weekends_max
        Weekends with a worked day.
    count_max
        (S,) most shifts of each kind.
    """

    name: str
    allowed: Bools
    cost: Ints
    minutes_min: int
    minutes_max: int
    run_min: int
    run_max: int
    rest_min: int
    weekends_max: int
    count_max: Ints


@dataclass(frozen=True)
class Cover:
    """What the shifts worked should add up to.

    A row counts the people in some cells (day, shift) of one day. Each person short of `required`
    costs `under`, each one beyond it costs `over`.

    Parameters
    ----------
    required, under, over
        (R,) whole numbers, costs not negative.
    row, day, shift
        (K,) incidence: cell (`day[k]`, `shift[k]`) counts in `row[k]`.
    """

    required: Ints
    under: Ints
    over: Ints
    row: Ints
    day: Ints
    shift: Ints


@dataclass(frozen=True)
class RosterProblem:
    """People, shifts and cover over a horizon of days.

    Parameters
    ----------
    minutes
        (S,) length of each shift.
    may_follow
        (S, S) whether the second shift may be worked on the day after the first.
    weekend
        (D,) 1 on the first day of a weekend, 2 on the second, 0 else.

    Raises
    ------
    RosterError
        Shapes or values that contradict each other.
    """

    minutes: Ints
    may_follow: Bools
    weekend: Ints
    people: Sequence[Person]
    cover: Cover

    def __post_init__(self) -> None:
        faults = list(self._faults())
        if faults:
            raise RosterError("; ".join(faults))

    @property
    def days(self) -> int:
        """Days of the horizon."""
        return len(self.weekend)

    @property
    def shifts(self) -> int:
        """Number of kinds of shift."""
        return len(self.minutes)

    def _faults(self) -> list[str]:
        days, shifts = len(self.weekend), len(self.minutes)
        faults = []
        if not self.people:
            faults.append("a roster needs at least one person")
        if self.may_follow.shape != (shifts, shifts):
            faults.append(f"may_follow has shape {self.may_follow.shape}, not {(shifts, shifts)}")
        if (self.minutes <= 0).any():
            faults.append("a shift needs a positive length in minutes")
        second = np.flatnonzero(self.weekend[1:] == 2)
        if not (self.weekend[second] == 1).all():
            faults.append("the second day of a weekend must follow its first")
        for person in self.people:
            shape = (days, shifts + 1)
            if person.allowed.shape != shape or person.cost.shape != shape:
                faults.append(f"{person.name}: allowed and cost must have shape {shape}")
            elif not person.allowed.any(axis=1).all():
                faults.append(f"{person.name}: a day on which nothing is allowed")
            if len(person.count_max) != shifts:
                faults.append(f"{person.name}: count_max must have {shifts} values")
            if person.run_max < 1 or person.rest_min < 1 or person.run_min < 1:
                faults.append(f"{person.name}: runs of work and rest last at least a day")
            if person.minutes_min > person.minutes_max:
                faults.append(f"{person.name}: minutes_min is above minutes_max")
        cover = self.cover
        if (cover.under < 0).any() or (cover.over < 0).any():
            faults.append("costs of cover must not be negative")
        inside = (cover.day >= 0) & (cover.day < days) & (cover.shift >= 0) & (cover.shift < shifts)
        if not inside.all() or (len(cover.row) and cover.row.max() >= len(cover.required)):
            faults.append("cover counts a cell or a row that does not exist")
        return faults

    @cached_property
    def rows_of_cell(self) -> tuple[Ints, Ints]:
        """Rows that cell day * S + shift counts in: (starts (D * S + 1,), rows (K,))."""
        cell = self.cover.day * self.shifts + self.cover.shift
        order = np.argsort(cell, kind="stable")
        starts = np.searchsorted(cell[order], np.arange(self.days * self.shifts + 1))
        return starts.astype(np.int64), self.cover.row[order]

    @cached_property
    def costs(self) -> Ints:
        """(P, D, S + 1) cost of each choice of each person."""
        return np.stack([person.cost for person in self.people]).astype(np.int64)

    @cached_property
    def allowed(self) -> Bools:
        """(P, D, S + 1) choices of each person; a shift with a limit of zero is none."""
        allowed = np.stack([person.allowed for person in self.people])
        limits = np.stack([person.count_max for person in self.people])
        allowed[:, :, :-1] &= (limits > 0)[:, None, :]
        return allowed

    def own_costs(self, people: Ints, schedules: Small) -> Ints:
        """Cost of schedules (N, D) of people (N,), cover apart."""
        days = np.arange(self.days)
        return np.asarray(self.costs[people[:, None], days, schedules].sum(axis=1))

    def entries(self, schedules: Small) -> tuple[Ints, Ints]:
        """Rows that schedules (N, D) count in: (starts (N + 1,), rows)."""
        worked = schedules >= 0
        which, day = np.nonzero(worked)
        cell = day * self.shifts + schedules[worked]
        starts, rows = self.rows_of_cell
        first, number = starts[cell], starts[cell + 1] - starts[cell]
        before = np.concatenate([[0], np.cumsum(number)])
        spread = np.arange(before[-1]) - np.repeat(before[:-1] - first, number)
        edge = before[np.searchsorted(which, np.arange(len(schedules) + 1))]
        return edge.astype(np.int64), rows[spread]

    def counted(self, schedules: Small) -> Ints:
        """(R,) people that schedules (N, D) put in each row."""
        rows = self.entries(schedules)[1]
        return np.asarray(np.bincount(rows, minlength=len(self.cover.required)), dtype=np.int64)

    def cell_values(self, row_values: Ints) -> Ints:
        """(D, S) sum of the values (R,) of the rows that a cell counts in."""
        cover = self.cover
        cells = np.zeros((self.days, self.shifts), dtype=np.int64)
        np.add.at(cells, (cover.day, cover.shift), row_values[cover.row])
        return cells

    def cover_cost(self, counted: Ints) -> int:
        """Cost of people (R,) short of and beyond what each row requires."""
        gap = self.cover.required - counted
        short, beyond = np.maximum(gap, 0), np.maximum(-gap, 0)
        return int((short * self.cover.under + beyond * self.cover.over).sum())

    def objective(self, roster: Small) -> int:
        """Cost of a roster (P, D) of shift numbers, OFF on days off."""
        own = self.own_costs(np.arange(len(roster)), roster).sum()
        return int(own) + self.cover_cost(self.counted(roster))
