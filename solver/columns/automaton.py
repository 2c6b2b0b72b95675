"""A person's rules as numbers for the compiled kernel.

Nodes of the dynamic program are days off in a row, and (class, days worked in a row). Shifts that
forbid the same followers share a class: what may come next does not depend on which of them was
worked. A limit that nothing can break leaves no trace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solver.columns.problem import Bools, Ints, Person, RosterProblem

Flags = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Automata:
    """Rules of all people; shifts that a person never works have class -1.

    Parameters
    ----------
    shift_class, before, units, group
        (P, S) class of a shift; number of the set of classes that may come before it; length in
        the person's unit of minutes; shifts of one group differ in cost alone.
    may_precede
        (P, B, C) which classes a set holds.
    sizes
        (P, 8) columns: classes, sets, groups, run_min, run_max, rest_min, least and most units.
    weekends
        (P,) most weekends, or -1 where no schedule has more.
    unit_min
        (P,) minutes of a unit.
    limit
        (P, S) most shifts of a kind, at most D.
    """

    shift_class: Ints
    before: Ints
    units: Ints
    group: Ints
    may_precede: Flags
    sizes: Ints
    weekends: Ints
    unit_min: Ints
    limit: Ints


def automata(problem: RosterProblem) -> Automata:
    """Translate the rules of a problem's people."""
    people, shifts = len(problem.people), problem.shifts
    table = np.full((4, people, shifts), -1, dtype=np.int64)
    may_precede = np.zeros((people, shifts, shifts), dtype=np.uint8)
    sizes = np.zeros((people, 8), dtype=np.int64)
    weekends = np.zeros(people, dtype=np.int64)
    unit_min = np.ones(people, dtype=np.int64)
    known: dict[bytes, tuple[Ints, Bools, Ints]] = {}
    for p, person in enumerate(problem.people):
        works: Bools = np.asarray(problem.allowed[p, :, :-1].any(axis=0))
        least, most, unit = _minutes(problem, person, works)
        key = works.tobytes() + bytes([most >= 0])
        if key not in known:
            known[key] = _classes(problem, works, unit, timed=most >= 0)
        table[:, p], precedes, counts = known[key]
        may_precede[p, : precedes.shape[0], : precedes.shape[1]] = precedes
        sizes[p] = [*counts, person.run_min, person.run_max, person.rest_min, least, max(most, 0)]
        unit_min[p] = unit
        weekends[p] = _weekends(problem, person)
    limit = np.minimum(np.stack([person.count_max for person in problem.people]), problem.days)
    return Automata(
        table[0], table[1], table[2], table[3], may_precede, sizes, weekends, unit_min, limit
    )


def _minutes(problem: RosterProblem, person: Person, works: Bools) -> tuple[int, int, int]:
    """Least and most units and minutes of a unit; (0, -1, 1) where no schedule breaks a limit.

    Least is above most where no schedule keeps them.
    """
    if not works.any():
        return (0, -1, 1) if person.minutes_min <= 0 else (1, 0, 1)
    lengths = problem.minutes[works]
    unit = int(np.gcd.reduce(lengths))
    least, most = -(-person.minutes_min // unit), person.minutes_max // unit
    longest = problem.days * int(lengths.max()) // unit
    if least <= 0 and most >= longest:
        return 0, -1, 1
    return max(least, 0), min(most, longest), unit


def _classes(
    problem: RosterProblem, works: Bools, unit: int, *, timed: bool
) -> tuple[Ints, Bools, Ints]:
    """Class, set before, units and group of each shift; sets by class; numbers of each."""
    table = np.full((4, problem.shifts), -1, dtype=np.int64)
    shifts = np.flatnonzero(works)
    if not len(shifts):
        return table, np.zeros((0, 0), dtype=bool), np.zeros(3, dtype=np.int64)
    follow = problem.may_follow[np.ix_(shifts, shifts)]
    rows, shift_class = np.unique(follow, axis=0, return_inverse=True)
    columns, before = np.unique(rows, axis=1, return_inverse=True)
    units = problem.minutes[shifts] // unit if timed else np.zeros(len(shifts), dtype=np.int64)
    alike = np.stack([shift_class.ravel(), before.ravel(), units], axis=1)
    groups, group = np.unique(alike, axis=0, return_inverse=True)
    table[:, shifts] = shift_class.ravel(), before.ravel(), units, group.ravel()
    counts = np.array([rows.shape[0], columns.shape[1], len(groups)], dtype=np.int64)
    return table, columns.T, counts


def _weekends(problem: RosterProblem, person: Person) -> int:
    number = int((problem.weekend == 1).sum()) + int(problem.weekend[0] == 2)
    return -1 if person.weekends_max >= number else person.weekends_max
