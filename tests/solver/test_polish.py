"""Moves never make a plan dearer or break a limit, and they find what rounding misses."""

from __future__ import annotations

import numpy as np
import pytest

from solver.model import build
from solver.optimize import optimize
from solver.polish import polish
from solver.problem import ContractKind, HoursShare, Limits, Problem
from solver.relaxation import Relaxation
from staffing.timegrid import TimeGrid
from tests.solver import designs
from tests.solver.conftest import MONDAY, Make, contract
from tests.solver.test_optimize import EXACT, best_by_hand, free, office

DAYS = 2


def polished(problem: Problem, start: float = 0.0) -> tuple[float, np.ndarray]:
    """Cost and counts after moves from the same number of people on every shift."""
    design = build(problem)
    matrix, people = design.matrix, design.people
    values = np.zeros(len(matrix.lower))
    values[people.shifts[people.shifts >= 0]] = start
    values[people.day_total] = start * (people.shifts >= 0).sum(axis=2)
    values[people.heads] = matrix.upper[people.heads]
    relaxation = Relaxation(matrix)
    least, _ = relaxation.solve()
    found = polish(
        design,
        relaxation,
        np.arange(len(values)),
        values,
        range(problem.grid.days),
        least=least,
        goal=least,
        steps=3_000,
        seed=1,
    )
    assert found is not None
    activity = matrix.times(found)
    assert (activity <= matrix.row_upper + 1e-6).all()
    assert (activity >= matrix.row_lower - 1e-6).all()
    counts = np.where(people.shifts >= 0, found[np.maximum(people.shifts, 0)], 0.0)
    assert counts == pytest.approx(np.round(counts))
    return float(matrix.cost @ found), np.round(counts).astype(np.int64)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_moves_reach_the_best_of_all_plans(make: Make, start: float) -> None:
    """From nobody and from somebody on every shift, two days of calls."""
    problem = office(make, days=DAYS)
    cost, _ = polished(problem, start)
    assert cost == pytest.approx(best_by_hand(problem, 2), abs=1e-3)


def test_shifts_that_break_a_limit_are_refused(make: Make) -> None:
    """Six on every shift are more than the three who are employed."""
    problem = office(make)
    design = build(problem)
    values = np.zeros(len(design.matrix.lower))
    values[design.people.shifts[design.people.shifts >= 0]] = 6
    values[design.people.day_total] = 18
    values[design.people.heads] = 3
    relaxation = Relaxation(design.matrix)
    refused = polish(
        design,
        relaxation,
        np.arange(len(values)),
        values,
        range(1),
        least=0.0,
        goal=0.0,
        steps=100,
        seed=1,
    )
    assert refused is None


def test_cheap_people_work_no_more_than_their_share_of_hours(make: Make) -> None:
    """Helpers at 5 an hour for at most half of the hours of staff at 10."""
    problem = make(
        days=7,
        contracts=[
            free(people_max=4),
            contract(
                name="helpers",
                kind=ContractKind.PART_TIME,
                people_max=4,
                week_hours_min=0.0,
                week_shifts_min=0,
                week_shifts_max=7,
                wage_per_hour=5.0,
            ),
        ],
        patterns=[designs.shift("a", 8, 4)],
        pools=(designs.pool(TimeGrid(MONDAY, 7, 60), designs.hours(8, 12, 7, 9.0), level=0.9),),
        hours_shares=(HoursShare("helpers", (1,), (0,), 0.5, "week"),),
    )
    plan = optimize(problem, EXACT)
    hours = 4.0 * plan.counts.sum(axis=(1, 2))
    assert hours[1] <= 0.5 * hours[0]
    # Fourteen shifts are needed, two a day: nine of staff and four of helpers are too few.
    assert hours.tolist() == [40.0, 16.0] or hours.sum() == 56.0
    assert plan.cost == pytest.approx(40 * 10 + 16 * 5)


def test_a_plan_without_a_search_is_polished(make: Make) -> None:
    """With no time at all two weeks are still served, close to the bound."""
    problem = office(make, days=14)
    plan = optimize(problem, Limits(seconds=0.0, gap=0.02, seed=1))
    exact = optimize(problem, EXACT)
    assert plan.unmet == ()
    assert exact.cost - 1e-6 <= plan.cost <= 1.1 * exact.cost
