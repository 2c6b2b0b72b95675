"""The engine against every combination of schedules of tiny teams."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from solver.columns.clock import Clock
from solver.columns.pricing import Pricer
from solver.columns.problem import RosterError
from solver.columns.relaxation import raise_bound
from solver.columns.search import solve
from solver.columns.state import State
from tests.solver.columns.small import keeps_rules, schedules, small_problem

TEAMS = [seed for seed in range(40) if all(len(schedules(small_problem(seed, days=6, people=2), p))
                                           for p in range(2))][:12]  # fmt: skip


def _optimum(problem):
    teams = product(*(schedules(problem, p) for p in range(len(problem.people))))
    return min(problem.objective(np.stack(team)) for team in teams)


@pytest.mark.parametrize("seed", TEAMS)
def test_the_roster_is_the_best_of_all_and_the_bound_is_not_above_it(seed):
    problem = small_problem(seed, days=6, people=2)
    best = _optimum(problem)
    answer = solve(problem, cpu_seconds=Clock.now() + 3.0)
    assert answer.objective == best == problem.objective(answer.roster)
    assert answer.bound <= best
    assert all(keeps_rules(problem, p, tuple(row)) for p, row in enumerate(answer.roster.tolist()))


@pytest.mark.parametrize("seed", TEAMS[:6])
@pytest.mark.parametrize("exact", [True, False])
def test_prices_moved_along_a_subgradient_never_pass_the_optimum(seed, exact):
    problem = small_problem(seed, days=6, people=2)
    pricer = Pricer(problem, cells=100_000)
    pricer.exact[:] = exact
    roster = np.stack([schedules(problem, p)[0] for p in range(2)])
    state = State(problem, pricer, roster, seed=0)
    raise_bound(state, Clock(Clock.now() + 0.3))
    assert -np.inf < state.bound <= _optimum(problem) + 1e-9


def test_a_wish_to_stop_gives_a_whole_roster_at_once():
    problem = small_problem(TEAMS[0], days=6, people=2)
    answer = solve(problem, cpu_seconds=Clock.now() + 1000.0, stop=lambda: True)
    assert all(keeps_rules(problem, p, tuple(row)) for p, row in enumerate(answer.roster.tolist()))


def test_people_whose_rules_nothing_keeps_are_all_named():
    problem = small_problem(TEAMS[0], days=6, people=2)
    people = [replace(person, minutes_min=9000, minutes_max=9999) for person in problem.people]
    with pytest.raises(RosterError, match=r"p\d: no schedule.*; p\d: no schedule"):
        solve(replace(problem, people=people), cpu_seconds=Clock.now() + 1.0)


def test_data_that_contradict_themselves_are_refused_with_every_fault():
    problem = small_problem(0)
    broken = replace(problem.people[0], run_max=0, minutes_min=2, minutes_max=1)
    with pytest.raises(RosterError, match=r"at least a day; .*minutes_min is above"):
        replace(problem, people=[broken])
