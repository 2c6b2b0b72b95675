"""The solvers behind one door, against duals by hand and brute force over small integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines import Effort, Outcome, solve_integer, solve_linear
from solver.linear import LinearModel, Matrix

EXACT = Effort(gap=0.0)


def knapsack(*, integer: bool = True) -> Matrix:
    """Most of 5x + 4y with 6x + 4y <= 24 and x + 2y <= 6: 21 at (3, 1.5), 20 in whole numbers."""
    model = LinearModel()
    v = model.add_columns(2, upper=9, cost=[-5, -4], integer=integer)
    rows = model.add_rows(2, upper=[24, 6])
    model.put(rows[:, None], v[None, :], [[6, 4], [1, 2]])
    return model.freeze()


def test_linear_optimum_and_duals_by_hand() -> None:
    """The textbook's relaxation: 21 at (3, 1.5), duals 3/4 and 1/2 of its two rows."""
    solved = solve_linear(knapsack(), duals=True)
    assert solved.outcome is Outcome.OPTIMAL
    assert solved.objective == solved.bound == pytest.approx(-21)
    assert solved.values is not None
    assert solved.duals is not None
    assert solved.values.tolist() == pytest.approx([3, 1.5])
    assert solved.duals.tolist() == pytest.approx([-0.75, -0.5])


def test_linear_ignores_integrality_and_integer_does_not() -> None:
    """Whole numbers cost one unit here."""
    assert solve_integer(knapsack(), EXACT).objective == pytest.approx(-20)
    assert solve_integer(knapsack(integer=False), EXACT).objective == pytest.approx(-21)


def random_matrix(rng: np.random.Generator) -> tuple[Matrix, np.ndarray]:
    n, m = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    table = rng.integers(-3, 4, (m, n)).astype(float)
    model = LinearModel()
    v = model.add_columns(n, upper=3, cost=rng.integers(-4, 5, n), integer=True)
    rows = model.add_rows(m, lower=rng.integers(-6, 2, m), upper=rng.integers(2, 8, m))
    model.put(rows[:, None], v[None, :], table)
    return model.freeze(), table


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_integer_solutions_are_those_of_brute_force(seed: int) -> None:
    """Over all 4^n points: the same optimum, a bound that is not above it, and a feasible point."""
    matrix, table = random_matrix(np.random.default_rng(seed))
    points = np.array(list(itertools.product(range(4), repeat=len(matrix.lower))), dtype=float)
    sums = points @ table.T
    held = ((sums >= matrix.row_lower) & (sums <= matrix.row_upper)).all(axis=1)
    solved = solve_integer(matrix, EXACT)
    if not held.any():
        assert solved.outcome is Outcome.INFEASIBLE
        assert solved.values is None
        return
    best = float((points[held] @ matrix.cost).min())
    assert solved.outcome is Outcome.OPTIMAL
    assert solved.objective == pytest.approx(best)
    assert solved.bound <= best + 1e-6
    assert solved.values is not None
    sums = table @ solved.values
    assert (sums >= matrix.row_lower - 1e-6).all()
    assert (sums <= matrix.row_upper + 1e-6).all()


def test_infeasible_is_an_answer() -> None:
    """x <= 1 and x >= 2: told by both, without values."""
    model = LinearModel()
    x = model.add_columns(1, upper=1, integer=True)
    model.put(model.add_rows(1, lower=2), x, 1.0)
    for solved in (solve_linear(model.freeze()), solve_integer(model.freeze(), EXACT)):
        assert solved.outcome is Outcome.INFEASIBLE
        assert solved.values is None
        assert solved.objective == np.inf


def covering(seed: int) -> Matrix:
    """A covering problem with many equal optima."""
    rng = np.random.default_rng(seed)
    model = LinearModel()
    x = model.add_columns(40, upper=5, cost=rng.integers(2, 4, 40), integer=True)
    rows = model.add_rows(30, lower=rng.integers(2, 7, 30))
    model.put(rows[:, None], x[None, :], rng.random((30, 40)) < 0.2)
    return model.freeze()


def test_same_seed_same_answer() -> None:
    """Among many equal optima the same one, with the search cut short by nodes."""
    matrix = covering(3)
    effort = Effort(gap=0.0, nodes=20, seed=7)
    first, second = solve_integer(matrix, effort), solve_integer(matrix, effort)
    assert first.values is not None
    assert second.values is not None
    np.testing.assert_array_equal(first.values, second.values)
    assert first.bound == second.bound


def test_start_with_open_columns_is_taken() -> None:
    """A feasible start of which half is not said changes nothing about the optimum."""
    matrix = covering(5)
    whole = solve_integer(matrix, EXACT)
    assert whole.values is not None
    start = whole.values.copy()
    start[::2] = np.nan
    assert solve_integer(matrix, EXACT, [start]).objective == pytest.approx(whole.objective)


def test_absolute_gap_ends_the_search() -> None:
    """An answer within two units of the bound is enough if two units do not matter."""
    solved = solve_integer(covering(3), Effort(gap=0.0, absolute_gap=2.0))
    assert solved.objective - solved.bound <= 2.0 + 1e-6


def test_model_without_rows_or_columns() -> None:
    """Nothing to decide costs nothing."""
    empty = LinearModel().freeze()
    assert solve_linear(empty).objective == 0
    model = LinearModel()
    model.add_columns(2, lower=[1, 0], upper=4, cost=[1, -1], integer=True)
    assert solve_integer(model.freeze(), EXACT).objective == pytest.approx(1 - 4)
