"""The linear model as arrays: doubles add up, fixed columns leave nothing behind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines import solve_linear
from solver.linear import LinearModel, Matrix

SEEDS = st.integers(0, 10**6)


def dense(matrix: Matrix) -> np.ndarray:
    """Coefficients as a full table, (rows, columns)."""
    table = np.zeros((len(matrix.row_lower), len(matrix.lower)))
    table[matrix.rows, matrix.cols] = matrix.values
    return table


def random_model(rng: np.random.Generator) -> tuple[LinearModel, np.ndarray]:
    """A bounded model and its coefficients reckoned apart."""
    n, m = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    model = LinearModel()
    model.add_columns(n, lower=0, upper=rng.integers(1, 9, n), cost=rng.integers(-5, 6, n))
    model.add_rows(m, lower=-20, upper=rng.integers(5, 30, m))
    table = np.zeros((m, n))
    for _ in range(int(rng.integers(0, 20))):
        i, j, v = rng.integers(m), rng.integers(n), float(rng.integers(-3, 4))
        model.put(i, j, v)
        table[i, j] += v
    return model, table


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_entries_of_one_place_add_up(seed: int) -> None:
    """The frozen coefficients are the sums of what was put, sorted, without zeros."""
    model, table = random_model(np.random.default_rng(seed))
    matrix = model.freeze()
    np.testing.assert_allclose(dense(matrix), table)
    keys = matrix.rows * len(matrix.lower) + matrix.cols
    assert (np.diff(keys) > 0).all()
    assert (matrix.values != 0).all()


def test_put_broadcasts_its_three() -> None:
    """One row takes many columns, one value serves all."""
    model = LinearModel()
    x = model.add_columns(3)
    model.put(model.add_rows(1), x, 2.0)
    model.put(0, x[:2], [1.0, -2.0])
    assert dense(model.freeze()).tolist() == [[3.0, 0.0, 2.0]]


def test_empty_model_freezes() -> None:
    """No columns and no rows: nothing, not an error."""
    matrix = LinearModel().freeze()
    assert len(matrix.lower) == len(matrix.row_lower) == len(matrix.values) == 0
    assert matrix.times(np.zeros(0)).shape == (0,)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_times_is_the_matrix_product(seed: int) -> None:
    """Row activities agree with the full table."""
    rng = np.random.default_rng(seed)
    model, table = random_model(rng)
    v = rng.normal(size=table.shape[1])
    np.testing.assert_allclose(model.freeze().times(v), table @ v)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_restricting_is_fixing_by_bounds(seed: int) -> None:
    """The smaller model's optimum is that of the whole with the other columns' bounds closed."""
    rng = np.random.default_rng(seed)
    model, table = random_model(rng)
    matrix = model.freeze()
    fixed_at = np.floor(rng.uniform(0, 2, len(matrix.lower)))
    free = rng.random(len(matrix.lower)) < 0.5
    part, columns = matrix.restrict(free, fixed_at)
    assert columns.tolist() == np.flatnonzero(free).tolist()
    closed = LinearModel()
    closed.add_columns(
        len(free),
        lower=np.where(free, matrix.lower, fixed_at),
        upper=np.where(free, matrix.upper, fixed_at),
        cost=matrix.cost,
    )
    # Rows that no free column is in are taken out: they say nothing that could be changed.
    touched = (table[:, free] != 0).any(axis=1)
    closed.add_rows(
        len(table),
        lower=np.where(touched, matrix.row_lower, -np.inf),
        upper=np.where(touched, matrix.row_upper, np.inf),
    )
    i, j = np.nonzero(table)
    closed.put(i, j, table[i, j])
    whole, small = solve_linear(closed.freeze()), solve_linear(part)
    assert small.outcome == whole.outcome
    if whole.values is not None:
        rest = float(matrix.cost[~free] @ fixed_at[~free])
        assert small.objective + rest == pytest.approx(whole.objective, abs=1e-6)


def test_elastic_rows_are_broken_at_their_price() -> None:
    """x <= 1 in a row but x >= 3 by its bound: two units over, paid; a later row stays firm."""
    model = LinearModel()
    x = model.add_columns(1, lower=3, cost=1.0)
    model.put(model.add_rows(1, upper=1), x, 1.0)
    model.put(model.add_rows(1, lower=4), x, 1.0)
    matrix = model.freeze()
    assert solve_linear(matrix).values is None
    solved = solve_linear(matrix.elastic(1, 10.0))
    assert solved.values is not None
    assert solved.values.tolist() == pytest.approx([4.0, 3.0])
    assert solved.objective == pytest.approx(4 + 30)
