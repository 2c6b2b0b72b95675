"""The cheapest people of a year, and what other hours would cost with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from solver.engines import Effort, solve_integer, solve_linear
from solver.hiring.chosen import plan_of
from solver.hiring.problem import HiringPlan, HiringProblem
from solver.hiring.programme import Columns, build
from solver.linear import Matrix
from solver.problem import ContractKind, Floats, Ints

# Of the dearest price: what an hour of a salary costs, so that none is worked without need, and
# what an hour of a queue costs a first choice, between plans that cost the same.
_LEAST_PRICE = 1e-4
_TIDY = 1e-6
# What a hire, or a month of a temporary person, costs beside its price, in hours of the dearest:
# of plans that cost the same the one with fewer is wanted. The bound is lowered by all of it.
_HIRE_H = 0.02


def plan_hiring(problem: HiringProblem, effort: Effort | None = None) -> HiringPlan:
    """Choose hires, temporary and outsourced hours and overtime at minimum cost.

    Parameters
    ----------
    effort
        When to stop; by default within a millionth of the optimum, 20,000 nodes at most, so that
        the same problem gives the same plan.

    Raises
    ------
    RuntimeError
        The solver found no plan, although every shortage can be bought.
    """
    model, columns = build(problem)
    matrix = model.freeze()
    extra = _fewest(problem, columns, len(matrix.cost))
    asked = replace(matrix, cost=matrix.cost + extra)
    found = solve_integer(asked, effort or Effort(gap=1e-6, nodes=20_000, seconds=120.0))
    if found.values is None:
        msg = f"the hiring model ended without a plan: {found.outcome}"
        raise RuntimeError(msg)
    # Whole numbers are made exactly whole, and the rest is optimal for them.
    fixed = _fixed(matrix, np.flatnonzero(matrix.integer), np.round(found.values))
    fixed = replace(fixed, cost=matrix.cost + _tidy(problem, columns, len(matrix.cost)))
    last = solve_linear(fixed)
    values = last.values if last.values is not None else found.values
    most = np.where(extra > 0, matrix.upper, 0.0)
    return plan_of(problem, columns, values, found.bound - float(extra @ most))


def recourse_costs(problem: HiringProblem, plan: HiringPlan, hours: Floats) -> Floats:
    """Cost by month when other hours are asked for and nobody is hired beyond the plan.

    Overtime, hours within the contracts and outsourced hours follow what is asked; people and
    hires stay. Least purchases and price steps are relaxed in the LP, alike for all.

    Parameters
    ----------
    hours
        (P, Q, M) hours asked of each queue on P paths.

    Returns
    -------
    Floats
        (P, M) money, shortages at their price left out, and second (P, M) hours short.
    """
    model, columns = build(problem)
    matrix = model.freeze()
    people = np.concatenate([columns.people[columns.people >= 0].ravel()])
    values = np.zeros(len(matrix.lower))
    for numbers, told in (
        (columns.people, plan.people),
        (columns.hires, plan.hires),
        (columns.classes, plan.classes),
    ):
        there = numbers >= 0
        values[numbers[there]] = told[there]
    decided = [people, columns.hires[columns.hires >= 0], columns.classes[columns.classes >= 0]]
    fixed = _fixed(matrix, np.concatenate(decided), values)
    result = np.full((len(hours), 2, problem.months), np.nan)
    for path, asked in enumerate(hours):
        lower = fixed.row_lower.copy()
        lower[columns.needs] = asked
        solved = solve_linear(replace(fixed, row_lower=lower))
        if solved.values is not None:
            one = plan_of(problem, columns, solved.values, 0.0, exact=False)
            result[path, 0] = sum(part.sum(axis=0) for part in one.costs.values())
            result[path, 1] = one.short_h.sum(axis=0)
    return result


def _fewest(problem: HiringProblem, c: Columns, count: int) -> Floats:
    """Costs that decide for fewer people between plans of equal cost."""
    extra = np.zeros(count)
    dearest = max((float(one.price.max(initial=0.0)) for one in problem.staff), default=0.0)
    for s, one in enumerate(problem.staff):
        if not one.is_bought:
            extra[c.hires[s]] = _HIRE_H * max(dearest, 1.0)
            if one.kind is ContractKind.TEMPORARY:
                extra[c.people[s]] = _HIRE_H * max(dearest, 1.0)
    return extra


def _tidy(problem: HiringProblem, c: Columns, count: int) -> Floats:
    """Costs that decide between plans of equal cost: first choices first, no idle hours."""
    extra = np.zeros(count)
    dearest = max((float(one.price.max(initial=0.0)) for one in problem.staff), default=0.0)
    for s, one in enumerate(problem.staff):
        if not one.is_bought:
            extra[c.regular[s]] = np.maximum(0.0, _LEAST_PRICE * max(dearest, 1.0) - one.price)
        for q in np.flatnonzero(one.speed > 0).tolist():
            extra[c.worked[s, q]] = _TIDY * max(dearest, 1.0) * one.order[q]
    return extra


def _fixed(matrix: Matrix, numbers: Ints, values: Floats) -> Matrix:
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[numbers] = upper[numbers] = values[numbers]
    return replace(matrix, lower=lower, upper=upper)
