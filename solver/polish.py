"""Whole shifts made better one move at a time, each judged exactly by a warm linear programme.

With the shifts of some days fixed, the best of everything else is a linear programme whose value is
convex in the shifts: its reduced costs tell at least what adding, taking away or exchanging a shift
would cost. Moves that promise most are tried until none promises anything. Effort is counted in
simplex steps, so that a result is the same twice.
"""

from __future__ import annotations

import numpy as np

from solver.model import Design
from solver.problem import Floats, Ints
from solver.relaxation import Relaxation
from solver.rounding import Rooms

_NEARLY = 1e-6
# Moves tried at one place before the search goes on with a worse one.
_TRIES = 300
# Shifts of a group's day that are considered for an exchange.
_BEST = 8
# For so many steps a shift that came may not go, nor one that went come.
_TABU = 6
# At first a place may cost more than the best by this share of what the best lost to roundness.
_SLACK = 0.5
# So often in vain, and so many steps each time.
_KICKS = 8
_KICK = 5


def polish(
    design: Design,
    relaxation: Relaxation,
    columns: Ints,
    start: Floats,
    days: range,
    *,
    least: float,
    goal: float,
    steps: int,
    seed: int,
) -> Floats | None:
    """Improve whole shifts of some days.

    Parameters
    ----------
    relaxation, columns
        The model of those days and the numbers of its columns in the design's.
    start
        Values of its columns, those that are to be whole so; the rest is found.
    least
        What the part costs with divisible shifts.
    goal
        Cost of the part that is good enough.
    steps
        Simplex steps after which the best so far is returned.

    Returns
    -------
    Values of the part's columns, or None where the shifts break a limit.
    """
    place = np.full(len(design.matrix.lower), -1, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    people = design.people
    cells = [
        (place[x[x >= 0]], int(place[total]))
        for g in range(len(people.heads))
        for x, total in zip(
            people.shifts[g, days.start : days.stop],
            people.day_total[g, days.start : days.stop],
            strict=True,
        )
    ]
    return _Search(relaxation, cells, start, seed).run(least, goal, steps)


class _Search:
    """Shifts as they are, the programme around them, and what it says of moves.

    A reduced cost may promise too much: at a kink it holds for the smallest of changes only. What a
    move cost beyond its promise is therefore held against both shifts until better is known.
    """

    def __init__(
        self, relaxation: Relaxation, cells: list[tuple[Ints, int]], start: Floats, seed: int
    ) -> None:
        self._relaxation = relaxation
        self._part = part = relaxation.matrix
        self._cells = [(columns, total) for columns, total in cells if len(columns)]
        self._rooms = Rooms(part)
        # What else is whole beside shifts and their sums stays as rounding left it.
        self._fixed = np.flatnonzero(part.integer)
        self._values = start.copy()
        self._random = np.random.default_rng(seed)
        self._doubt = np.zeros((2, len(start)))
        self._moved = np.full((2, len(start)), -_TABU)
        self._accepted = 0

    def run(self, least: float, goal: float, steps: int) -> Floats | None:
        begin = self._relaxation.steps
        self._cost, found = self._solve(self._values)
        if found is None:
            return None
        self._settle(found)
        best, best_values = self._cost, self._values
        kicks = 0
        end = begin + steps if self._cells else 0
        while best > goal and kicks < _KICKS and self._relaxation.steps < end:
            if self._step(self._cost, 0.0):
                if self._cost < best - _NEARLY:
                    best, best_values, kicks = self._cost, self._values, 0
                continue
            # A valley's floor: on from the best by a few steps that may cost something.
            if self._cost > best:
                self._values = best_values
                self._cost, found = self._solve(best_values)
                if found is None:
                    break
                self._settle(found)
            kicks += 1
            slack = _SLACK * (best - least)
            for _ in range(_KICK):
                self._step(best + slack, slack)
        return best_values

    def _solve(self, trial: Floats) -> tuple[float, Floats | None]:
        lower, upper = self._part.lower.copy(), self._part.upper.copy()
        lower[self._fixed] = upper[self._fixed] = trial[self._fixed]
        return self._relaxation.solve(lower, upper)

    def _settle(self, found: Floats) -> None:
        whole = self._values[self._fixed]
        self._values = found
        self._values[self._fixed] = whole
        self._slope = self._relaxation.reduced_costs()

    def _step(self, most: float, slack: float) -> bool:
        """Go to a neighbour that costs less than `most`; the most promising are tried first.

        With a slack the order is partly left to chance, and what has just moved stays.
        """
        column, total, by, slope = self._ends()
        side = (by < 0).astype(np.int64)
        if slack > 0:
            recent = self._moved[1 - side, column] > self._accepted - _TABU
            slope = np.where(recent, np.inf, slope)
        adds, takes = np.flatnonzero(by > 0), np.flatnonzero(by < 0)
        single = np.arange(len(by))
        one = np.concatenate([np.repeat(adds, len(takes)), single])
        other = np.concatenate([np.tile(takes, len(adds)), np.full(len(single), -1)])
        second = np.where(other >= 0, slope[other], 0.0)
        promise = self._cost + slope[one] + second
        kept = promise < most - _NEARLY
        one, other, promise = one[kept], other[kept], promise[kept]
        noise = self._random.exponential(max(slack, 1e-9), len(one))
        room = self._rooms.left(self._values)
        doubt = self._doubt[side, column]
        open_ = np.ones(len(one), dtype=bool)
        tries = 0
        while tries < _TRIES:
            rated = promise + noise + doubt[one] + np.where(other >= 0, doubt[other], 0.0)
            rated[~open_] = np.inf
            k = int(np.argmin(rated)) if len(rated) else -1
            if k < 0 or not np.isfinite(rated[k]):
                return False
            open_[k] = False
            ends = [one[k]] + ([other[k]] if other[k] >= 0 else [])
            move: dict[int, float] = {}
            for end in ends:
                for c in (int(column[end]), int(total[end])):
                    move[c] = move.get(c, 0.0) + float(by[end])
            if not self._rooms.hold(move, room, self._values):
                continue
            tries += 1
            trial = self._values.copy()
            for c, amount in move.items():
                trial[c] += amount
            cost, found = self._solve(trial)
            if found is None or cost >= most - _NEARLY:
                excess = min(cost, most + 10 * abs(most - promise[k])) - promise[k]
                doubt[ends] += excess / 2
                continue
            self._doubt[side, column] = doubt
            self._doubt *= 0.7
            self._accepted += 1
            for end in ends:
                self._moved[side[end], column[end]] = self._accepted
            self._cost, self._values = cost, trial
            self._settle(found)
            return True
        self._doubt[side, column] = doubt
        return False

    def _ends(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Shifts best added or taken away: column, its day's total, +1 or -1, promised change."""
        parts = []
        for columns, total in self._cells:
            for by in (1, -1):
                there = columns if by > 0 else columns[self._values[columns] > 0.5]
                slope = by * (self._slope[there] + self._slope[total])
                best = np.argsort(slope + self._doubt[int(by < 0), there], kind="stable")[:_BEST]
                full = np.full(len(best), total)
                parts.append((there[best], full, np.full(len(best), by), slope[best]))
        return (
            np.concatenate([part[0] for part in parts]),
            np.concatenate([part[1] for part in parts]),
            np.concatenate([part[2] for part in parts]),
            np.concatenate([part[3] for part in parts]),
        )
