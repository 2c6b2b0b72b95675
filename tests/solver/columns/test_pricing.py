"""The compiled pricing against a list of every schedule."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from solver.columns.pricing import DONE, NONE, Pricer
from tests.solver.columns.small import keeps_rules, schedules, small_problem


def _values(problem, pricer, every, cells):
    own = problem.own_costs(np.zeros(len(every), dtype=np.int64), every) * pricer.scale
    earned = np.where(every >= 0, cells[np.arange(problem.days), every], 0).sum(axis=1)
    return own - earned


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
# No schedule at all, which only the limit on a counted shift shows.
@example(seed=110229)
def test_the_cheapest_schedule_is_that_of_a_full_list(seed):
    problem = small_problem(seed, days=7)
    pricer = Pricer(problem, cells=100_000)
    cells = np.random.default_rng(seed).integers(-5, 9, size=(7, 2)) * pricer.scale
    every = schedules(problem, 0)
    priced = pricer.price(np.array([0]), problem.allowed.astype(np.uint8), cells, top=3)
    if not len(every):
        assert priced.status[0] == NONE
        assert not len(priced.schedules)
        return
    assert priced.status[0] == DONE
    least = _values(problem, pricer, every, cells).min()
    assert priced.bounds[0] == least
    assert priced.values.min() == least
    assert (priced.values == _values(problem, pricer, priced.schedules, cells)).all()
    assert all(keeps_rules(problem, 0, tuple(row)) for row in priced.schedules.tolist())


@pytest.mark.parametrize("seed", range(12))
def test_where_counts_find_no_room_schedules_are_whole_and_the_bound_is_below(seed):
    problem = small_problem(seed, days=7)
    pricer = Pricer(problem, cells=100_000, counts_max=1)
    cells = np.full((7, 2), 4 * pricer.scale)
    every = schedules(problem, 0)
    priced = pricer.price(np.array([0]), problem.allowed.astype(np.uint8), cells, top=3)
    assert all(keeps_rules(problem, 0, tuple(row)) for row in priced.schedules.tolist())
    if len(every):
        assert priced.bounds[0] <= _values(problem, pricer, every, cells).min()


@pytest.mark.parametrize("seed", range(12))
def test_multipliers_in_place_of_limits_prove_a_bound(seed):
    problem = small_problem(seed, days=7)
    pricer = Pricer(problem, cells=100_000)
    cells = np.full((7, 2), 2 * pricer.scale)
    every = schedules(problem, 0)
    unit, weekend = (np.array([3 * pricer.scale]) for _ in range(2))
    priced = pricer.price(
        np.array([0]),
        problem.allowed.astype(np.uint8),
        cells,
        unit_price=unit,
        weekend_price=weekend,
    )
    if len(every):
        most = pricer.unit_limits[0, 1]
        bound = priced.bounds[0] - unit[0] * most - weekend[0] * max(0, pricer.weekends_max[0])
        assert bound <= _values(problem, pricer, every, cells).min()


def test_a_corridor_gives_schedules_that_keep_every_rule():
    problem = small_problem(5, days=8)
    pricer = Pricer(problem, cells=100_000)
    priced = pricer.price(
        np.array([0]),
        problem.allowed.astype(np.uint8),
        np.zeros((8, 2), dtype=np.int64),
        half_width=(3, 1),
    )
    assert all(keeps_rules(problem, 0, tuple(row)) for row in priced.schedules.tolist())


def test_memory_that_does_not_hold_the_states_is_told():
    problem = small_problem(1, days=8)
    pricer = Pricer(problem, cells=6)
    cells = np.zeros((8, 2), dtype=np.int64)
    priced = pricer.price(np.array([0]), problem.allowed.astype(np.uint8), cells)
    assert not priced.proved
    assert not len(priced.schedules)
