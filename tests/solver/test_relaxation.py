"""A warm linear programme says what a cold one says, and few whole columns are chosen exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from solver.engines import solve_linear
from solver.linear import LinearModel, Matrix
from solver.relaxation import Relaxation, choose_whole, solve_few_whole


def covering(seed: int, *, columns: int = 5, rows: int = 4) -> Matrix:
    """Random covering: positive costs, bounds 0 to 3."""
    rng = np.random.default_rng(seed)
    model = LinearModel()
    x = model.add_columns(columns, upper=3, cost=rng.uniform(1, 5, columns))
    r = model.add_rows(rows, lower=rng.uniform(1, 6, rows))
    model.put(r[:, None], x, rng.integers(0, 4, (rows, columns)) + np.eye(rows, columns))
    return model.freeze()


@pytest.mark.parametrize("seed", range(6))
def test_warm_solves_agree_with_cold_ones(seed: int) -> None:
    matrix = covering(seed)
    warm = Relaxation(matrix)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        upper = rng.uniform(1, 4, len(matrix.lower))
        cost, values = warm.solve(matrix.lower, upper)
        cold = solve_linear(
            Matrix(**{**vars(matrix), "upper": upper}),
        )
        if cold.values is None:
            assert values is None
            assert cost == np.inf
        else:
            assert cost == pytest.approx(cold.objective)
            assert values is not None
            assert (matrix.times(values) >= matrix.row_lower - 1e-6).all()


@pytest.mark.parametrize("seed", range(8))
def test_choosing_whole_columns_finds_the_best_of_all(seed: int) -> None:
    """Two whole columns against every pair of whole numbers, the others at their best."""
    matrix = covering(seed)
    chosen = np.array([1, 3])
    costs = []
    for pair in itertools.product(range(4), repeat=2):
        lower, upper = matrix.lower.copy(), matrix.upper.copy()
        lower[chosen] = upper[chosen] = pair
        costs.append(Relaxation(matrix).solve(lower, upper)[0])
    found = choose_whole(Relaxation(matrix), chosen, tolerance=1e-9, steps=10_000)
    if np.isinf(min(costs)):
        assert found.values is None
        return
    assert found.cost == pytest.approx(min(costs))
    assert found.bound == pytest.approx(min(costs))
    assert found.values is not None
    assert found.values[chosen] == pytest.approx(np.round(found.values[chosen]))


@pytest.mark.parametrize("seed", range(8))
def test_what_a_tolerance_leaves_out_lowers_the_bound(seed: int) -> None:
    matrix = covering(seed, columns=7)
    chosen = np.arange(7)
    exact = choose_whole(Relaxation(matrix), chosen, tolerance=1e-9, steps=100_000)
    rough = choose_whole(Relaxation(matrix), chosen, tolerance=2.0, steps=100_000)
    assert rough.bound <= exact.cost + 1e-9 <= rough.cost + 2e-9
    assert rough.cost - rough.bound <= 2.0 + 1e-9


def test_a_search_cut_short_still_has_a_valid_bound() -> None:
    matrix = covering(3, columns=9, rows=6)
    chosen = np.arange(9)
    exact = choose_whole(Relaxation(matrix), chosen, tolerance=1e-9, steps=100_000)
    short = choose_whole(Relaxation(matrix), chosen, tolerance=1e-9, steps=1)
    assert exact.bound == pytest.approx(exact.cost)
    assert short.bound <= exact.cost + 1e-9
    assert short.cost >= exact.cost - 1e-9


def test_a_price_step_that_is_not_reached_stays_closed() -> None:
    """Five hours at 10, from the tenth hour on at 4: rounded up the step could not be open."""
    model = LinearModel()
    first = model.add_columns(1, upper=10, cost=10)
    beyond = model.add_columns(1, upper=20, cost=4)
    opened = model.add_columns(1, upper=1, integer=True)
    row = model.add_rows(1, lower=5, upper=5)
    model.put(row, np.concatenate([first, beyond]), 1.0)
    row = model.add_rows(1, upper=0)
    model.put(row, beyond, 1.0)
    model.put(row, opened, -20.0)
    row = model.add_rows(1, lower=0)
    model.put(row, first, 1.0)
    model.put(row, opened, -10.0)
    found = solve_few_whole(model.freeze())
    assert found is not None
    assert found == pytest.approx([5.0, 0.0, 0.0])


@pytest.mark.parametrize("seed", range(4))
def test_without_whole_columns_few_whole_is_the_linear_answer(seed: int) -> None:
    matrix = covering(seed)
    cost, values = Relaxation(matrix).solve()
    found = solve_few_whole(matrix)
    if values is None:
        assert found is None
    else:
        assert found is not None
        assert matrix.cost @ found == pytest.approx(cost)
