"""Repair: the cheapest person who may come is called, nobody else moves, and rules stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solver.breaks import place_breaks
from solver.problem import Agent, Mode, Problem, Rule, Wish
from solver.repair import repair
from solver.result import Roster
from tests.solver.conftest import EARLY, LATE, NIGHT, PATTERNS, Make, contract
from tests.solver.test_roster import judged

OWN = contract(week_hours_min=0, week_shifts_min=0, overtime_max_hours=8, week_shifts_max=6)
REST = Rule("min_rest_h", 11, Mode.LAW)


def worked(problem: Problem, *rows: list[int]) -> Roster:
    """A roster of the problem's people, breaks placed."""
    seats = np.zeros((1, problem.grid.days, len(PATTERNS)), dtype=np.int64)
    roster = Roster(problem.agents, np.array(rows), seats)
    return place_breaks(problem, roster, np.zeros((1, problem.grid.size)))


def of(problem: Problem, roster: Roster) -> Problem:
    """The problem with the repaired roster's people."""
    return replace(problem, agents=roster.agents)


def test_who_is_off_and_costs_least_is_called(make: Make) -> None:
    """Ann is ill on Wednesday; Bob has 40 h and would do overtime, Cem has room: Cem."""
    people = [Agent(name, 0, "") for name in ("Ann", "Bob", "Cem")]
    problem = make(agents=people, contracts=[OWN], rules=[REST])
    roster = worked(
        problem,
        [0, 0, 0, 0, -1, -1, -1],
        [0, 0, -1, 0, 0, 0, -1],
        [0, 0, -1, 0, -1, -1, -1],
    )
    found = repair(problem, roster, {0: {2}}, change_price=5)
    assert found.roster.shifts[:, 2].tolist() == [-1, -1, EARLY]
    assert found.open_seats == 0
    assert found.called == 1
    assert [(c.agent, c.chosen, c.money) for c in found.candidates] == [
        (2, True, 80.0),
        (1, False, 120.0),
    ]
    rest = np.delete(found.roster.shifts, 2, axis=1)
    assert np.array_equal(rest, np.delete(roster.shifts, 2, axis=1))
    assert judged(of(problem, found.roster), found.roster).broken.empty


def test_overtime_is_paid_by_its_factor(make: Make) -> None:
    """Only Bob, who has his 40 h already: eight hours at 1.5 times 10 an hour."""
    people = [Agent("Ann", 0, ""), Agent("Bob", 0, "")]
    problem = make(agents=people, contracts=[OWN])
    roster = worked(problem, [-1, -1, 0, -1, -1, -1, -1], [0, 0, -1, 0, 0, 0, -1])
    before = judged(problem, roster).total_cost
    found = repair(problem, roster, {0: {2}})
    (bob,) = found.candidates
    assert (bob.money, bob.overtime_h, bob.chosen) == (120.0, 8.0, True)
    after = judged(of(problem, found.roster), found.roster).total_cost
    # Ann's eight hours become eight of paid leave.
    assert after - before == pytest.approx(bob.money)


def test_law_pins_and_leave_keep_people_away(make: Make) -> None:
    """A late shift the day before, a pinned day off, leave: nobody can come, the seat is told."""
    people = [
        Agent("Ann", 0, ""),
        Agent("Bob", 0, ""),
        Agent("Cem", 0, "", pins={2: ""}),
        Agent("Dan", 0, "", paid_away=frozenset({2})),
    ]
    problem = make(agents=people, contracts=[OWN], rules=[REST])
    roster = worked(
        problem,
        [-1, -1, EARLY, -1, -1, -1, -1],
        [-1, NIGHT, -1, -1, -1, -1, -1],
        [-1] * 7,
        [-1] * 7,
    )
    found = repair(problem, roster, {0: {2}})
    assert found.candidates == ()
    assert found.open_seats == 1
    assert found.roster.unfilled[0, 2, EARLY] == 1
    assert (found.roster.shifts[1:] == roster.shifts[1:]).all()


def test_wishes_rank_but_do_not_forbid(make: Make) -> None:
    """Bob wants the day off at 30, Cem does not mind: Cem first, Bob second at 30 more."""
    people = [
        Agent("Ann", 0, ""),
        Agent("Bob", 0, "", wishes=(Wish(2, "", 30),)),
        Agent("C", 0, ""),
    ]
    problem = make(agents=people, contracts=[OWN])
    roster = worked(problem, [-1, -1, LATE, -1, -1, -1, -1], [-1] * 7, [-1] * 7)
    found = repair(problem, roster, {0: {2}})
    assert [(c.agent, c.upset) for c in found.candidates] == [(2, 0.0), (1, 30.0)]


def test_one_person_takes_one_seat_a_day_and_days_add_up(make: Make) -> None:
    """Two are ill for two days, two can come, one of them once: three seats of four."""
    own = replace(OWN, week_shifts_max=5, overtime_max_hours=0)
    people = [Agent(name, 0, "") for name in ("Ann", "Bob", "Cem", "Dan")]
    problem = make(agents=people, contracts=[own])
    roster = worked(
        problem,
        [0, 0, -1, -1, -1, -1, -1],
        [0, 0, -1, -1, -1, -1, -1],
        [-1, -1, 0, 0, 0, 0, -1],
        [-1, -1, -1, -1, -1, -1, -1],
    )
    found = repair(problem, roster, {0: {0, 1}, 1: {0, 1}})
    assert (found.roster.shifts[2:, :2] >= 0).sum(axis=1).tolist() == [1, 2]
    assert found.open_seats == 1
    assert judged(of(problem, found.roster), found.roster).broken.empty


def test_other_breaks_stay(make: Make) -> None:
    """Lunches of people who do not move are the same minutes as before."""
    people = [Agent(name, 0, "") for name in ("Ann", "Bob", "Cem")]
    problem = make(agents=people, contracts=[OWN])
    roster = worked(problem, [0] + [-1] * 6, [0, 0] + [-1] * 5, [-1] * 7)
    found = repair(problem, roster, {0: {0}})
    kept = [b for b in roster.breaks if b.agent == 1]
    assert [b for b in found.roster.breaks if b.agent == 1] == kept
    assert [b.day for b in found.roster.breaks if b.agent == 2] == [0]
