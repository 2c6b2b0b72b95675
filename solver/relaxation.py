"""A linear model that is solved again and again with other bounds: HiGHS, from where it stands.

Solving anew costs seconds; after a bound is moved the dual simplex needs few steps. Counted in
steps, a search over such bounds gives the same result twice.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.linear import Matrix
from solver.problem import Floats, Ints

_WHOLE = 1e-6
# A few whole columns: to the cent, and no longer than this.
_CENT = 0.01
_FEW_STEPS = 100_000


class Relaxation:
    """The continuous relaxation of a matrix, kept warm between solves."""

    def __init__(self, matrix: Matrix) -> None:
        import highspy

        self.matrix = matrix
        self.steps = 0
        self._lower, self._upper = matrix.lower.copy(), matrix.upper.copy()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(matrix.lower), len(matrix.row_lower)
        lp.col_cost_ = matrix.cost
        lp.col_lower_, lp.col_upper_ = matrix.lower, matrix.upper
        lp.row_lower_, lp.row_upper_ = matrix.row_lower, matrix.row_upper
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        counts = np.bincount(matrix.rows, minlength=lp.num_row_)
        lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        lp.a_matrix_.index_ = matrix.cols.astype(np.int32)
        lp.a_matrix_.value_ = matrix.values
        self._solver: Any = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("parallel", "off")):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(lp)

    def solve(
        self, lower: Floats | None = None, upper: Floats | None = None, *, seconds: float = 1e4
    ) -> tuple[float, Floats | None]:
        """Least cost and values (n,) within bounds, the matrix's own unless said.

        Returns
        -------
        Infinite and None where there is no solution; where time ran out, minus infinity and None.
        """
        import highspy

        lower = self.matrix.lower if lower is None else lower
        upper = self.matrix.upper if upper is None else upper
        moved = np.flatnonzero((lower != self._lower) | (upper != self._upper)).astype(np.int32)
        if len(moved):
            self._solver.changeColsBounds(len(moved), moved, lower[moved], upper[moved])
            self._lower, self._upper = lower.copy(), upper.copy()
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + seconds)
        self._solver.run()
        status = self._solver.getModelStatus()
        # A solve without a step is work too: a search that counts steps must come to an end.
        self.steps += max(1, self._solver.getInfo().simplex_iteration_count)
        if status == highspy.HighsModelStatus.kOptimal:
            values = np.array(self._solver.getSolution().col_value)
            return float(self._solver.getInfo().objective_function_value), values
        infeasible = (
            highspy.HighsModelStatus.kInfeasible,
            highspy.HighsModelStatus.kUnboundedOrInfeasible,
        )
        return (np.inf if status in infeasible else -np.inf), None

    def reduced_costs(self) -> Floats:
        """Cost of one more of each column at the last solution, (n,)."""
        return np.array(self._solver.getSolution().col_dual)

    def duals(self) -> Floats:
        """Prices of the rows at the last solution, (m,)."""
        return np.array(self._solver.getSolution().row_dual)


@dataclass(frozen=True)
class Chosen:
    """Values (n,) or None, their cost, and what the search proved of any choice."""

    values: Floats | None
    cost: float
    bound: float


def choose_whole(relaxation: Relaxation, columns: Ints, *, tolerance: float, steps: int) -> Chosen:
    """Make a few columns whole, all others divisible, by branch and bound from a warm basis.

    Parameters
    ----------
    columns
        Numbers of the columns to be whole.
    tolerance
        The search ends when no choice can be cheaper by more.
    steps
        Simplex steps after which it ends with the best found.
    """
    matrix = relaxation.matrix
    best, best_values, left_out = np.inf, None, np.inf
    cost, values = relaxation.solve()
    if values is None:
        return Chosen(None, np.inf, cost)
    end = relaxation.steps + steps
    number = 0
    # Cheapest first; where nothing whole is known yet the deepest, to have something soon.
    nodes: list[tuple[float, int, Floats, Floats, Floats]] = []

    def branch(cost: float, values: Floats, lower: Floats, upper: Floats) -> None:
        nonlocal best, best_values, number, left_out
        if cost >= best - tolerance:
            left_out = min(left_out, cost)
            return
        if np.abs(values[columns] - np.round(values[columns])).max(initial=0.0) <= _WHOLE:
            best, best_values = cost, values
            return
        number += 1
        heapq.heappush(nodes, (cost, -number, values, lower, upper))

    branch(cost, values, matrix.lower, matrix.upper)
    if nodes:
        up = np.ceil(values[columns] - _WHOLE)
        lower, upper = matrix.lower.copy(), matrix.upper.copy()
        lower[columns] = upper[columns] = np.clip(up, lower[columns], upper[columns])
        cost, found = relaxation.solve(lower, upper)
        if found is not None:
            best, best_values = cost, found
    while nodes and nodes[0][0] < best - tolerance and relaxation.steps < end:
        _, _, values, lower, upper = heapq.heappop(nodes)
        part = values[columns] - np.floor(values[columns])
        at = columns[int(np.argmin(np.abs(part - 0.5)))]
        for is_up in (values[at] % 1 >= 0.5, values[at] % 1 < 0.5):
            low, high = lower.copy(), upper.copy()
            if is_up:
                low[at] = np.ceil(values[at])
            else:
                high[at] = np.floor(values[at])
            cost, found = relaxation.solve(low, high)
            if found is not None:
                branch(cost, found, low, high)
    bound = min([best, left_out, *(node[0] for node in nodes)])
    return Chosen(best_values, best, bound)


def solve_few_whole(matrix: Matrix) -> Floats | None:
    """Solve a matrix with a few whole columns (purchases, price steps); None if it cannot be."""
    columns = np.flatnonzero(matrix.integer)
    chosen = choose_whole(Relaxation(matrix), columns, tolerance=_CENT, steps=_FEW_STEPS)
    return chosen.values
