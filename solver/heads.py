"""How many people to employ: decided over the whole month, their shifts still divisible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.engines import Effort, solve_integer
from solver.model import Design, costly_heads
from solver.problem import Bools, Floats
from solver.relaxation import Relaxation, choose_whole

_NODE_STEPS = 12
_LEAST_STEPS = 20_000


def whole_heads(
    design: Design,
    relaxation: Relaxation,
    values: Floats,
    decided: Bools,
    tolerance: float,
) -> tuple[Floats, float]:
    """Decide how many people to employ and what is bought by the month; mark it as decided.

    People who cost nothing until they work are left for later: any number of them is as good.

    Parameters
    ----------
    relaxation
        Of the design's matrix, solved to `values`.
    tolerance
        The search ends when no other choice can be cheaper by more.

    Returns
    -------
    Values with those decisions whole, and a bound on the cost of any.
    """
    chosen = np.concatenate([design.people.heads[costly_heads(design)], design.people.month_whole])
    steps = max(_LEAST_STEPS, _NODE_STEPS * relaxation.steps)
    found = choose_whole(relaxation, chosen, tolerance=tolerance, steps=steps)
    values = values.copy() if found.values is None else found.values
    values[chosen] = np.round(values[chosen])
    decided[chosen] = True
    return values, found.bound


def least_heads(design: Design, values: Floats) -> Floats:
    """Employ no more of those who cost nothing until they work than their shifts need."""
    matrix, people = design.matrix, design.people
    heads = people.heads[~costly_heads(design)]
    free = (matrix.day < 0) & (matrix.cost == 0) & ~matrix.integer
    free[heads] = True
    cost = np.zeros(len(matrix.lower))
    cost[heads] = 1.0
    part, columns = replace(matrix, cost=cost).restrict(free, values)
    solved = solve_integer(part, Effort(gap=0.0, nodes=1_000, seconds=5.0))
    if solved.values is None:
        return values
    values = values.copy()
    values[columns] = solved.values
    return values
