"""A dive: make a relaxed model whole by fixing a few columns at a time and solving again.

Each solve starts from the last basis, so that it costs a fraction of the first. Columns are only
pushed up to the next whole number (people are added, never taken away), most certain first; where
that costs too much, the surest single column is tried both ways. On staffing weeks with much
slack in where shifts begin this ends at or near the relaxation's cost, where branch and bound
spends its time on symmetric choices. Repeatable: no clock decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from solver.linear import Matrix
from solver.problem import Floats, Ints

_WHOLE = 1e-6
# Shares of the fractional columns that are pushed up together; the last is a single one.
_STEPS = (0.25, 0.05, 0.0)
_MOST_STEPS = 80
# After so many steps whatever is possible is taken, so that a dive ends.
_PATIENT_STEPS = 10
# A solve from a kept basis needs a few hundred iterations; GLOP can lose its way in some.
_MOST_ITERATIONS = 20_000


@dataclass(frozen=True)
class Dived:
    """Where a dive ended: values with whole integer columns, objective, and the relaxation's."""

    values: Floats
    objective: float
    relaxed: float


def dive(matrix: Matrix, tolerance: float) -> Dived | None:
    """Find a whole solution near the relaxation.

    Parameters
    ----------
    tolerance
        What the objective may rise in one step before the step is made smaller.

    Returns
    -------
    None where the relaxation has no solution, or the dive ends at none.
    """
    line = _Relaxation(matrix)
    values, objective = line.solve()
    if values is None:
        return None
    relaxed = objective
    integers = np.flatnonzero(matrix.integer)
    for number in range(_MOST_STEPS):
        if number == _PATIENT_STEPS:
            tolerance = np.inf
        ranked = _fractional(values, integers)
        if not len(ranked):
            whole = values.copy()
            whole[integers] = np.round(whole[integers])
            return Dived(whole, objective, relaxed)
        for share in _STEPS:
            step = ranked[: max(1, round(len(ranked) * share))]
            tried, cost = line.raised(step, values)
            if tried is not None and cost <= objective + tolerance:
                break
        if tried is None or cost > objective + tolerance:
            other, other_cost = line.lowered(int(ranked[0]), values)
            if other is not None and (tried is None or other_cost < cost):
                tolerance = max(tolerance, other_cost - objective)
                line.keep_lowered(int(ranked[0]), values)
                values, objective = other, other_cost
                continue
        if tried is None:
            return None
        # What one step had to cost, the next may cost too: else each would be made singly.
        tolerance = max(tolerance, cost - objective)
        line.keep_raised(step, values)
        values, objective = tried, cost
    return None


def _fractional(values: Floats, integers: Ints) -> Ints:
    """Fractional integer columns, those nearest below a whole number first."""
    part = values[integers] - np.floor(values[integers])
    open_ones = (part > _WHOLE) & (part < 1 - _WHOLE)
    candidates = integers[open_ones]
    return candidates[np.argsort(-part[open_ones], kind="stable")]


class _Relaxation:
    """The relaxation in a solver that keeps its basis between solves."""

    def __init__(self, matrix: Matrix) -> None:
        from ortools.math_opt.python import mathopt

        from solver.engines import to_model

        self._mathopt = mathopt
        self._model = to_model(matrix, relax=True)
        self._columns = list(self._model.variables())
        self._solver = mathopt.IncrementalSolver(self._model, mathopt.SolverType.GLOP)
        self._parameters = mathopt.SolveParameters(
            lp_algorithm=mathopt.LPAlgorithm.DUAL_SIMPLEX, iteration_limit=_MOST_ITERATIONS
        )
        self._lower = matrix.lower.copy()
        self._upper = matrix.upper.copy()

    def solve(self) -> tuple[Floats | None, float]:
        """Values and objective, or None and infinity."""
        try:
            result: Any = self._solver.solve(params=self._parameters)
        except (RuntimeError, AttributeError):
            # GLOP gave up for numerical reasons (which MathOpt 9.15 fails to word): the step counts
            # as impossible, and the next one starts from scratch.
            self._solver = self._mathopt.IncrementalSolver(
                self._model, self._mathopt.SolverType.GLOP
            )
            return None, np.inf
        if result.termination.reason is not self._mathopt.TerminationReason.OPTIMAL:
            return None, np.inf
        values = np.asarray(result.variable_values(self._columns), dtype=float)
        return values, float(result.objective_value())

    def raised(self, columns: Ints, values: Floats) -> tuple[Floats | None, float]:
        """Solve with columns at least their next whole number, then take that back."""
        for j in columns:
            self._columns[j].lower_bound = float(np.ceil(values[j] - _WHOLE))
        answer = self.solve()
        for j in columns:
            self._columns[j].lower_bound = float(self._lower[j])
        return answer

    def keep_raised(self, columns: Ints, values: Floats) -> None:
        """Hold columns at their next whole number or above."""
        for j in columns:
            self._lower[j] = np.ceil(values[j] - _WHOLE)
            self._columns[j].lower_bound = float(self._lower[j])

    def lowered(self, column: int, values: Floats) -> tuple[Floats | None, float]:
        """Solve with a column at most the whole number below, then take that back."""
        self._columns[column].upper_bound = float(np.floor(values[column] + _WHOLE))
        answer = self.solve()
        self._columns[column].upper_bound = float(self._upper[column])
        return answer

    def keep_lowered(self, column: int, values: Floats) -> None:
        """Hold a column at the whole number below or less."""
        self._upper[column] = np.floor(values[column] + _WHOLE)
        self._columns[column].upper_bound = float(self._upper[column])
