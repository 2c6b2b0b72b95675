"""The OR-Tools solvers behind one door: a matrix in, values, bound and duals out.

Limits are counted in nodes and iterations where a result must be the same twice; the seconds are
only the emergency brake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from solver.linear import Matrix
from solver.problem import Floats


class Outcome(StrEnum):
    """What a solver says of a model."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Solved:
    """A solver's answer: values (n,) or None, proved lower bound, duals of rows (m,) of an LP."""

    outcome: Outcome
    values: Floats | None
    objective: float
    bound: float
    duals: Floats | None = None


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    Parameters
    ----------
    gap, absolute_gap
        The search ends within this share of the objective, or within this much of it.
    nodes, stall_nodes
        Most nodes in all, and without a better solution (-1: any number).
    seconds
        Processor time: the emergency brake, because where it acts a result may differ next time.
    """

    gap: float = 1e-4
    absolute_gap: float = 0.0
    nodes: int = 100_000
    stall_nodes: int = -1
    seconds: float = 60.0
    seed: int = 1


def solve_linear(matrix: Matrix, *, seconds: float = 120.0, duals: bool = False) -> Solved:
    """Solve the continuous relaxation (by HiGHS, dual simplex: fastest of those measured)."""
    from ortools.math_opt.python import mathopt

    parameters = mathopt.SolveParameters(
        time_limit=dt.timedelta(seconds=seconds),
        lp_algorithm=mathopt.LPAlgorithm.DUAL_SIMPLEX,
    )
    return _solve(matrix, mathopt.SolverType.HIGHS, parameters, relax=True, duals=duals)


def solve_integer(matrix: Matrix, effort: Effort, starts: Sequence[Floats] = ()) -> Solved:
    """Solve with the integer columns whole (by SCIP), from starts if some are given, each (n,).

    A start may leave columns open (not a number).
    """
    from ortools.math_opt.python import mathopt

    parameters = mathopt.SolveParameters(
        time_limit=dt.timedelta(seconds=effort.seconds),
        relative_gap_tolerance=effort.gap,
        absolute_gap_tolerance=effort.absolute_gap,
        node_limit=effort.nodes,
        random_seed=effort.seed,
        threads=1,
    )
    scip = parameters.gscip
    # Ctrl-C belongs to the caller, who keeps the best plan so far.
    scip.bool_params["misc/catchctrlc"] = False
    # Processor time, so that a busy machine does not cut a solve short.
    scip.int_params["timing/clocktype"] = 1
    # A node's work must be foreseeable, because nodes are the limit: on weeks of two plans strong
    # branching and long rounds of cuts at the root took a third to a half of the time; solutions
    # without them were better as often as worse.
    scip.int_params["branching/pscost/priority"] = 100_000
    scip.int_params["separating/maxroundsroot"] = 5
    # With 500 nodes, as by default, RENS took half of a week's root and found nothing better.
    scip.long_params["heuristics/rens/nodesofs"] = 100
    if effort.stall_nodes >= 0:
        scip.long_params["limits/stallnodes"] = effort.stall_nodes
    return _solve(matrix, mathopt.SolverType.GSCIP, parameters, relax=False, starts=starts)


def _solve(
    matrix: Matrix,
    solver: object,
    parameters: object,
    *,
    relax: bool,
    duals: bool = False,
    starts: Sequence[Floats] = (),
) -> Solved:
    from ortools.math_opt.python import mathopt

    model = to_model(matrix, relax=relax)
    variables = list(model.variables())
    hints = [
        mathopt.SolutionHint(
            variable_values={
                variables[i]: float(start[i]) for i in np.flatnonzero(~np.isnan(start))
            }
        )
        for start in starts
    ]
    result = mathopt.solve(
        model,
        solver,
        params=parameters,
        model_params=mathopt.ModelSolveParameters(solution_hints=hints),
    )
    reason = result.termination.reason
    bound = result.termination.objective_bounds.dual_bound
    if not result.has_primal_feasible_solution():
        infeasible = reason in (
            mathopt.TerminationReason.INFEASIBLE,
            mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED,
        )
        outcome = Outcome.INFEASIBLE if infeasible else Outcome.NOTHING
        return Solved(outcome, None, np.inf, -np.inf if not infeasible else np.inf)
    values = np.asarray(result.variable_values(variables), dtype=float)
    row_duals = None
    if duals and result.has_dual_feasible_solution():
        rows = list(model.linear_constraints())
        row_duals = np.asarray(result.dual_values(rows), dtype=float)
    outcome = Outcome.OPTIMAL if reason is mathopt.TerminationReason.OPTIMAL else Outcome.FEASIBLE
    return Solved(outcome, values, float(result.objective_value()), float(bound), row_duals)


def to_model(matrix: Matrix, *, relax: bool) -> Any:
    """Hand a matrix to MathOpt as a model, its columns and rows in the same order."""
    from ortools.math_opt import model_pb2
    from ortools.math_opt.python import mathopt

    columns, rows = len(matrix.lower), len(matrix.row_lower)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend(matrix.lower.tolist())
    proto.variables.upper_bounds.extend(matrix.upper.tolist())
    integers = np.zeros(columns, bool) if relax else matrix.integer
    proto.variables.integers.extend(integers.tolist())
    priced = np.flatnonzero(matrix.cost)
    proto.objective.linear_coefficients.ids.extend(priced.tolist())
    proto.objective.linear_coefficients.values.extend(matrix.cost[priced].tolist())
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(matrix.row_lower.tolist())
    proto.linear_constraints.upper_bounds.extend(matrix.row_upper.tolist())
    proto.linear_constraint_matrix.row_ids.extend(matrix.rows.tolist())
    proto.linear_constraint_matrix.column_ids.extend(matrix.cols.tolist())
    proto.linear_constraint_matrix.coefficients.extend(matrix.values.tolist())
    return mathopt.Model.from_model_proto(proto)
