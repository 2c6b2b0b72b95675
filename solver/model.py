"""A problem's model, built: its matrix, and where in it people and service stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.design import People, add_people
from solver.engines import solve_linear
from solver.linear import LinearModel, Matrix
from solver.problem import Bools, Floats, Ints, Problem
from solver.result import ShiftPlan
from solver.service import Service, add_service


@dataclass(frozen=True)
class Design:
    """A problem's model, built."""

    problem: Problem
    matrix: Matrix
    people: People
    service: Service


def build(problem: Problem) -> Design:
    """Build the model of a problem."""
    model = LinearModel()
    people = add_people(model, problem)
    service = add_service(model, problem, people)
    return Design(problem, model.freeze(), people, service)


def penalties(design: Design, values: Floats) -> float:
    """Price of all that is missing."""
    slacks = (*design.people.slacks, *design.service.slacks)
    return sum(float(design.matrix.cost[s.columns] @ values[s.columns]) for s in slacks)


def costly_heads(design: Design) -> Bools:
    """Groups whose people cost something or are owed work even if they have none, (G,)."""
    return np.array(
        [
            design.matrix.cost[column] > 0
            or group.contract.week_hours_min > 0
            or group.contract.week_shifts_min > 0
            for column, group in zip(design.people.heads, design.problem.groups, strict=True)
        ],
        dtype=bool,
    )


def set_counts(design: Design, values: Floats, counts: Ints, heads: Ints) -> None:
    """Put shifts and heads into a model's values."""
    x = design.people.shifts
    values[x[x >= 0]] = counts[x >= 0]
    values[design.people.day_total] = counts.sum(axis=2)
    values[design.people.heads] = heads


def hinted(design: Design, start: ShiftPlan) -> Floats:
    """Whole numbers of an earlier design; what it does not say is left open."""
    values = np.full(len(design.matrix.lower), np.nan)
    set_counts(design, values, start.counts, start.heads)
    return values


def relaxed(design: Design, values: Floats, free: Bools) -> Floats:
    """Best values of some columns, divisible, with the others as they are."""
    part, columns = design.matrix.restrict(free, values)
    solved = solve_linear(part)
    if solved.values is None:
        return values
    values = values.copy()
    values[columns] = solved.values
    return values
