"""Whole shifts from divisible ones without a search: the answer when a solver has none."""

from __future__ import annotations

import numpy as np

from solver.design import People
from solver.linear import Matrix
from solver.problem import Floats, Ints, Pattern

_NEARLY = 1e-6


def round_shifts(
    matrix: Matrix, people: People, patterns: tuple[Pattern, ...], values: Floats, days: range
) -> Floats:
    """Round the shifts of some days so that every limit on people still holds.

    Over a group's day, patterns in order of start, running sums are rounded, which keeps the shape
    of the cover. Shifts above the divisible ones are then added, the largest part first, as far as
    hours, days off, rests and all other limits allow; shifts only left out break none.

    Parameters
    ----------
    values
        A solution of the model with divisible shifts on those days.

    Returns
    -------
    The values with shifts and people per day of those days whole; the others unchanged.
    """
    order = np.array(
        sorted(range(len(patterns)), key=lambda k: (patterns[k].start, patterns[k].end)),
        dtype=np.int64,
    )
    x = people.shifts[:, days.start : days.stop][:, :, order]
    now = np.where(x >= 0, values[np.maximum(x, 0)], 0.0)
    running = np.floor(np.cumsum(now, axis=2) + 0.5)
    wanted = np.diff(running, axis=2, prepend=0.0)
    sure = np.minimum(wanted, np.floor(now + _NEARLY))
    values = values.copy()
    there = x >= 0
    values[x[there]] = sure[there]
    totals = people.day_total[:, days.start : days.stop]
    values[totals] = sure.sum(axis=2)
    room = matrix.row_upper - matrix.times(values)
    limits = _Limits(matrix, people.limits)
    missing = np.argwhere(there & (wanted > sure))
    for g, d, p in missing[np.argsort((sure - now)[tuple(missing.T)], kind="stable")]:
        rows_x, use_x = limits.of(int(x[g, d, p]))
        rows_t, use_t = limits.of(int(totals[g, d]))
        rows, use = np.concatenate([rows_x, rows_t]), np.concatenate([use_x, use_t])
        for _ in range(int(wanted[g, d, p] - sure[g, d, p])):
            full = values[x[g, d, p]] + 1 > matrix.upper[x[g, d, p]]
            # A row of shares that is short already does not forbid what makes it better.
            if full or ((room[rows] < use - _NEARLY) & (use > 0)).any():
                break
            room[rows] -= use
            values[x[g, d, p]] += 1
            values[totals[g, d]] += 1
    return values


class _Limits:
    """Rows of the limits that a column is in, and how much it takes of each."""

    def __init__(self, matrix: Matrix, limits: Ints) -> None:
        chosen = np.isin(matrix.rows, limits)
        by_column = np.argsort(matrix.cols[chosen], kind="stable")
        self._cols = matrix.cols[chosen][by_column]
        self._rows = matrix.rows[chosen][by_column]
        self._values = matrix.values[chosen][by_column]

    def of(self, column: int) -> tuple[Ints, Floats]:
        first, last = np.searchsorted(self._cols, [column, column + 1])
        return self._rows[first:last], self._values[first:last]


class Rooms:
    """Room under the rows of a matrix that only whole columns fill, as moves change it."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        # A row with a divisible column may still make room.
        loose = np.bincount(
            matrix.rows, weights=~matrix.integer[matrix.cols], minlength=len(matrix.row_lower)
        )
        kept = (loose == 0)[matrix.rows]
        order = np.argsort(matrix.cols[kept], kind="stable")
        self._cols = matrix.cols[kept][order]
        self._rows = matrix.rows[kept][order]
        self._values = matrix.values[kept][order]

    def left(self, values: Floats) -> tuple[Floats, Floats]:
        """Room above and below the rows' activities, (m,) each."""
        now = self._matrix.times(values)
        return self._matrix.row_upper - now, now - self._matrix.row_lower

    def hold(self, move: dict[int, float], room: tuple[Floats, Floats], values: Floats) -> bool:
        """Whether all rows and bounds still hold after a move."""
        change: dict[int, float] = {}
        for column, by in move.items():
            if not self._matrix.lower[column] <= values[column] + by <= self._matrix.upper[column]:
                return False
            first, last = np.searchsorted(self._cols, [column, column + 1])
            for row, value in zip(self._rows[first:last], self._values[first:last], strict=True):
                change[row] = change.get(row, 0.0) + by * value
        above, below = room
        return all(
            by <= max(0.0, above[row]) + _NEARLY and -by <= max(0.0, below[row]) + _NEARLY
            for row, by in change.items()
        )
