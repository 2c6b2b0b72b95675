"""A linear model as growing arrays: columns and rows are added by the thousand, in numpy.

OR-Tools' modelling objects cost a Python call for each coefficient; this holds the model as sparse
triples and hands it over once, as a MathOpt protocol buffer (`solver.engines`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from solver.problem import Bools, Floats, Ints

INF = np.inf
ArrayLike = npt.ArrayLike


@dataclass
class LinearModel:
    """Minimise cost . v subject to row bounds and column bounds, some columns integer."""

    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _cost: list[Floats] = field(default_factory=list)
    _integer: list[Bools] = field(default_factory=list)
    _day: list[Ints] = field(default_factory=list)
    _row_lower: list[Floats] = field(default_factory=list)
    _row_upper: list[Floats] = field(default_factory=list)
    _rows: list[Ints] = field(default_factory=list)
    _columns: list[Ints] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def add_columns(
        self,
        count: int,
        *,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = INF,
        cost: ArrayLike = 0.0,
        integer: bool = False,
        day: ArrayLike = -1,
    ) -> Ints:
        """Add columns; scalars or (count,) arrays. Returns their numbers, (count,).

        `day` says to which day a decision belongs, -1 to none, so that days can be solved apart.
        """
        self._lower.append(np.broadcast_to(np.asarray(lower, float), count).copy())
        self._upper.append(np.broadcast_to(np.asarray(upper, float), count).copy())
        self._cost.append(np.broadcast_to(np.asarray(cost, float), count).copy())
        self._integer.append(np.full(count, integer))
        self._day.append(np.broadcast_to(np.asarray(day, np.int64), count).copy())
        first = self.columns
        self.columns += count
        return np.arange(first, self.columns)

    def add_rows(self, count: int, *, lower: ArrayLike = -INF, upper: ArrayLike = INF) -> Ints:
        """Add empty rows; scalars or (count,) arrays. Returns their numbers, (count,)."""
        self._row_lower.append(np.broadcast_to(np.asarray(lower, float), count).copy())
        self._row_upper.append(np.broadcast_to(np.asarray(upper, float), count).copy())
        first = self.rows
        self.rows += count
        return np.arange(first, self.rows)

    def put(self, rows: ArrayLike, columns: ArrayLike, values: ArrayLike) -> None:
        """Add coefficients; the three are broadcast. Entries of one place add up."""
        r, c, v = np.broadcast_arrays(
            np.asarray(rows, np.int64), np.asarray(columns, np.int64), np.asarray(values, float)
        )
        self._rows.append(r.ravel())
        self._columns.append(c.ravel())
        self._values.append(v.ravel())

    def freeze(self) -> Matrix:
        """The model as plain arrays, coefficients sorted by row and column, doubles summed."""
        none_i, none_f = np.zeros(0, np.int64), np.zeros(0)
        rows = np.concatenate([none_i, *self._rows])
        columns = np.concatenate([none_i, *self._columns])
        values = np.concatenate([none_f, *self._values])
        keys, inverse = np.unique(rows * max(self.columns, 1) + columns, return_inverse=True)
        summed = np.bincount(inverse, weights=values, minlength=len(keys))
        kept = summed != 0
        keys, summed = keys[kept], summed[kept]
        return Matrix(
            lower=np.concatenate([none_f, *self._lower]),
            upper=np.concatenate([none_f, *self._upper]),
            cost=np.concatenate([none_f, *self._cost]),
            integer=np.concatenate([np.zeros(0, bool), *self._integer]),
            day=np.concatenate([none_i, *self._day]),
            row_lower=np.concatenate([none_f, *self._row_lower]),
            row_upper=np.concatenate([none_f, *self._row_upper]),
            rows=keys // max(self.columns, 1),
            cols=keys % max(self.columns, 1),
            values=summed,
        )


@dataclass(frozen=True)
class Slack:
    """Columns that count what is missing, with what they mean: unit, where and price."""

    key: str
    unit: str
    columns: Ints
    places: tuple[str, ...]


@dataclass(frozen=True)
class Matrix:
    """A linear model in arrays: columns (n,), rows (m,), coefficients (k,) sorted by row.

    `day` (n,) is the day that a column decides, -1 if none in particular.
    """

    lower: Floats
    upper: Floats
    cost: Floats
    integer: Bools
    day: Ints
    row_lower: Floats
    row_upper: Floats
    rows: Ints
    cols: Ints
    values: Floats

    def times(self, v: Floats) -> Floats:
        """Row activities at column values, (m,)."""
        return np.asarray(
            np.bincount(
                self.rows, weights=self.values * v[self.cols], minlength=len(self.row_lower)
            ),
            dtype=np.float64,
        )

    def elastic(self, rows: int, price: float) -> Matrix:
        """The model with columns at its end that let the first rows be broken at a price."""
        above = np.flatnonzero(np.isfinite(self.row_upper[:rows]))
        below = np.flatnonzero(np.isfinite(self.row_lower[:rows]))
        more = len(above) + len(below)
        new = len(self.lower) + np.arange(more)
        r = np.concatenate([self.rows, above, below])
        c = np.concatenate([self.cols, new])
        v = np.concatenate([self.values, -np.ones(len(above)), np.ones(len(below))])
        by_row = np.lexsort((c, r))
        return Matrix(
            lower=np.concatenate([self.lower, np.zeros(more)]),
            upper=np.concatenate([self.upper, np.full(more, INF)]),
            cost=np.concatenate([self.cost, np.full(more, price)]),
            integer=np.concatenate([self.integer, np.zeros(more, dtype=bool)]),
            day=np.concatenate([self.day, np.full(more, -1, dtype=np.int64)]),
            row_lower=self.row_lower,
            row_upper=self.row_upper,
            rows=r[by_row],
            cols=c[by_row],
            values=v[by_row],
        )

    def restrict(self, free: Bools, v: Floats) -> tuple[Matrix, Ints]:
        """The model with all columns but `free` fixed at `v`, those and their rows taken out.

        Returns
        -------
        The smaller model and the numbers of its columns in this one.
        """
        keep = np.flatnonzero(free)
        new_column = np.full(len(self.lower), -1, dtype=np.int64)
        new_column[keep] = np.arange(len(keep))
        inside = free[self.cols]
        fixed = np.bincount(
            self.rows[~inside],
            weights=self.values[~inside] * v[self.cols[~inside]],
            minlength=len(self.row_lower),
        )
        touched = np.zeros(len(self.row_lower), dtype=bool)
        touched[self.rows[inside]] = True
        new_row = np.cumsum(touched) - 1
        return (
            Matrix(
                lower=self.lower[keep],
                upper=self.upper[keep],
                cost=self.cost[keep],
                integer=self.integer[keep],
                day=self.day[keep],
                row_lower=(self.row_lower - fixed)[touched],
                row_upper=(self.row_upper - fixed)[touched],
                rows=new_row[self.rows[inside]].astype(np.int64),
                cols=new_column[self.cols[inside]],
                values=self.values[inside],
            ),
            keep,
        )
