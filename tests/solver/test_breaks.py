"""Breaks: in their windows, least loss of cover, checked against every placement there is."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from solver.activities import activities, largest_remainder
from solver.breaks import place_breaks
from solver.problem import Agent, Break, Floats, Pattern, Presence, Problem
from solver.result import Roster
from staffing.timegrid import TimeGrid
from tests.solver.conftest import EARLY, Make, contract, pattern


def roster(problem: Problem, *shifts: int) -> Roster:
    """People who all work on the first day, one pattern each."""
    people = tuple(Agent(f"P{k}", 0, "") for k in range(len(shifts)))
    worked = np.full((len(shifts), problem.grid.days), -1)
    worked[:, 0] = shifts
    return Roster(people, worked, np.zeros((1, problem.grid.days, len(problem.patterns))))


def starts(placed: Roster) -> list[int]:
    """Minute of the day at which each break starts, in order of people."""
    return [b.start_min for b in placed.breaks]


def loss(wanted: Floats, on: Floats) -> float:
    """Squared missing people."""
    return float((np.maximum(0, wanted - on) ** 2).sum())


def test_break_goes_where_fewest_are_wanted(make: Make) -> None:
    """Two wanted at 11, one at 12: both at work at 11 and one left at 12."""
    problem = make(days=1)
    wanted = np.zeros((1, 24))
    wanted[0, 8:17] = 2
    wanted[0, 12] = 1
    placed = place_breaks(problem, roster(problem, EARLY), wanted)
    assert starts(placed) == [12 * 60]


def test_two_people_do_not_lunch_at_once(make: Make) -> None:
    """Even where one hour is hardly wanted, somebody stays."""
    problem = make(days=1)
    wanted = np.zeros((1, 24))
    wanted[0, 8:17] = 2
    wanted[0, 12] = 0.1
    placed = place_breaks(problem, roster(problem, EARLY, EARLY), wanted)
    assert sorted(starts(placed)) == [11 * 60, 12 * 60]


def test_breaks_spread_where_nobody_is_missed(make: Make) -> None:
    """Four people, two possible hours, nothing wanted: two and two."""
    problem = make(days=1)
    placed = place_breaks(problem, roster(problem, *[EARLY] * 4), np.zeros((1, 24)))
    assert sorted(starts(placed)) == [660, 660, 720, 720]


def test_a_post_is_not_left(make: Make) -> None:
    """The post needs two from 11 to 12: of two people, nobody leaves then."""
    required = np.zeros(24, dtype=np.int64)
    required[11] = 2
    problem = make(days=1, presence=(Presence(0, "post", required, 1.0),))
    wanted = np.zeros((1, 24))
    wanted[0, 12] = 2
    placed = place_breaks(problem, roster(problem, EARLY, EARLY), wanted)
    # One of the two must stay for the group at 12; the post comes second to that.
    assert sorted(starts(placed)) == [660, 720]
    wanted[0, 12] = 0
    placed = place_breaks(problem, roster(problem, EARLY, EARLY), wanted)
    assert starts(placed) == [720, 720]


def short(minutes: int, earliest: int, latest: int, name: str = "rest") -> Break:
    """A short paid break."""
    return Break(name, minutes, paid=True, earliest=earliest, latest=latest)


def test_quarter_hours_take_either_half_of_an_interval(make: Make) -> None:
    """Two people with 15-min breaks on a 30-min grid, few wanted from 9:30 to 10: one each half."""
    two = Pattern("d@08", "d", 16, 8, 4.0, (short(15, 2, 5),))
    problem = replace(make(days=1, patterns=[two]), grid=TimeGrid(make().grid.start, 1, 30))
    wanted = np.zeros((1, 48))
    wanted[0, 16:24] = 2
    wanted[0, 19] = 1
    placed = place_breaks(problem, roster(problem, 0, 0), wanted)
    assert sorted(starts(placed)) == [570, 585]


def test_a_placement_that_got_stuck_is_tried_again_from_the_ends(make: Make) -> None:
    """Two meals of an hour from 12:00 to 13:30, a post of two from 14:00: only 12 and 13 will do.

    The first to be placed prefers 12:30, after which the other cannot go without a loss.
    """
    day = Pattern("d@10", "d", 20, 18, 8.0, (replace(short(60, 4, 7), leaves_post=True),))
    required = np.zeros(48, dtype=np.int64)
    required[28:36] = 2
    problem = make(days=1, patterns=[day], presence=(Presence(0, "post", required, 1.0),))
    problem = replace(problem, grid=TimeGrid(problem.grid.start, 1, 30))
    wanted = np.zeros((1, 48))
    wanted[0, 20:38] = 2
    placed = place_breaks(problem, roster(problem, 0, 0), wanted)
    assert sorted(starts(placed)) == [12 * 60, 13 * 60]


@pytest.mark.parametrize("seed", range(6))
def test_one_person_is_placed_best_of_all(make: Make, seed: int) -> None:
    """Three breaks in overlapping windows: no placement in order loses less."""
    breaks = (short(60, 1, 4, "a"), short(60, 3, 6, "b"), short(60, 4, 8, "c"))
    problem = make(days=1, patterns=[pattern("x@08", 8, 10, 8.0, *breaks)])
    wanted = np.zeros((1, 24))
    wanted[0, 8:18] = np.random.default_rng(seed).random(10)
    placed = place_breaks(problem, roster(problem, 0), wanted)
    on = np.zeros(24)
    on[8:18] = 1

    def lost(hours: tuple[int, ...]) -> float:
        left = on.copy()
        left[list(hours)] -= 1
        return float((np.maximum(0, wanted[0] - left) ** 2).sum())

    every = itertools.product(range(9, 13), range(11, 15), range(12, 17))
    best = min(lost(h) for h in every if h[0] < h[1] < h[2])
    found = tuple(m // 60 for m in starts(placed))
    assert found[0] < found[1] < found[2]
    assert lost(found) == pytest.approx(best, abs=1e-2)


def test_four_people_are_placed_as_well_as_any(make: Make) -> None:
    """Descent finds the best of all 81 placements of four lunches in three hours."""
    lunch = short(60, 2, 4)
    problem = make(days=1, patterns=[pattern("x@08", 8, 8, 7.0, lunch)])
    wanted = np.zeros((1, 24))
    wanted[0, 8:16] = [4, 4, 4, 3, 2, 4, 4, 4]
    placed = place_breaks(problem, roster(problem, *[0] * 4), wanted)

    def lost(hours: tuple[int, ...]) -> float:
        on = np.zeros(24)
        on[8:16] = 4
        for hour in hours:
            on[hour] -= 1
        return loss(wanted[0], on)

    best = min(lost(h) for h in itertools.product((10, 11, 12), repeat=4))
    assert lost(tuple(m // 60 for m in starts(placed))) == best


def test_no_breaks_no_work(make: Make) -> None:
    """A roster without breaks stays as it is."""
    problem = make(days=1, patterns=[pattern("x@08", 8, 4, 4.0)])
    assert place_breaks(problem, roster(problem, 0), np.zeros((1, 24))).breaks == ()


def test_a_night_break_lies_on_the_next_morning(make: Make) -> None:
    """A break two hours into a shift from 23:00 starts at minute 1,500 of its day."""
    problem = make(days=2, patterns=[pattern("n@23", 23, 8, 7.0, short(60, 2, 2))])
    placed = place_breaks(problem, roster(problem, 0), np.zeros((1, 48)))
    assert starts(placed) == [25 * 60]
    work = activities(problem, placed, np.zeros((1, 48)))
    assert work["start"].tolist() == [
        "2026-12-07T23:00:00",
        "2026-12-08T01:00:00",
        "2026-12-08T02:00:00",
    ]
    assert work["activity"].tolist() == ["phone", "break", "phone"]


def test_positions_are_shared_out_by_largest_remainder() -> None:
    """1.5, 0.9 and 0.6 over three people: one each, for 0.9 and 0.6 have the larger remainders."""
    assert largest_remainder(np.array([1.5, 0.9, 0.6]), 3).tolist() == [1, 1, 1]
    assert largest_remainder(np.array([3.0, 1.0]), 2).tolist() == [2, 0]
    assert largest_remainder(np.array([0.6, 0.3]), 5).tolist() == [1, 0]
    assert largest_remainder(np.zeros(2), 5).tolist() == [0, 0]


def test_people_stay_on_their_queue(make: Make) -> None:
    """One position on each queue all morning: nobody changes between the hours."""
    problem = make(days=1, patterns=[pattern("x@08", 8, 4, 4.0)], queues=("phone", "mail"))
    positions = np.zeros((2, 24))
    positions[:, 8:12] = 1
    work = activities(problem, roster(problem, 0, 0), positions)
    assert len(work) == 2
    assert set(work["activity"]) == {"phone", "mail"}


def test_a_queue_only_some_can_serve_gets_them(make: Make) -> None:
    """Mail needs one; P0 of the mixed group must go, though the other group came first."""
    problem = make(
        days=1,
        patterns=[pattern("x@08", 8, 4, 4.0)],
        queues=("phone", "mail"),
        contracts=[contract(), contract(name="phone only")],
    )
    groups = (problem.groups[0], replace(problem.groups[1], speed=np.array([1.0, 0.0])))
    problem = replace(problem, groups=groups)
    worked = np.zeros((2, 1), dtype=np.int64)
    people = (Agent("Mixed", 0, ""), Agent("Phone", 1, ""))
    positions = np.zeros((2, 24))
    positions[:, 8:12] = 1
    work = activities(problem, Roster(people, worked, np.zeros((2, 1, 1))), positions)
    assert dict(zip(work["agent"], work["activity"], strict=True)) == {
        "Mixed": "mail",
        "Phone": "phone",
    }
