"""What the simulation is told: duty, deadlines, tasks, by hand."""

import numpy as np
import pytest

from scenarios.build import build_problem
from scenarios.demand import demand
from scenarios.scene import build_scene, duty
from solver.result import PlacedBreak, Roster
from solver.roster import staff
from tests.scenarios.smallplan import changed, with_rows

HOUR = 3600.0


@pytest.fixture(scope="module")
def problem(small_plan, small_demand):
    return build_problem(small_plan, small_demand)


def roster_of(problem, *shifts, breaks=(), heads=(2, 0, 1)):
    """Give (agent, day, code) shifts to people."""
    people = staff(problem, np.array(heads))
    table = np.full((len(people), problem.grid.days), -1, dtype=np.int64)
    codes = [p.code for p in problem.patterns]
    names = [a.name for a in people]
    for agent, day, code in shifts:
        table[names.index(agent), day] = codes.index(code)
    placed = tuple(PlacedBreak(names.index(a), *rest) for a, *rest in breaks)
    unfilled = np.zeros((len(problem.groups), problem.grid.days, len(codes)), dtype=np.int64)
    return Roster(people, table, unfilled, placed)


def test_breaks_are_cut_out_of_duty(problem):
    """9-17 with lunch at 12 on day 1: 9-12 and 13-17 of that day, one shift."""
    roster = roster_of(
        problem, ("S1", 1, "D@09:00"), breaks=[("S1", 1, "lunch", 12 * 60, 60, False)]
    )
    agent, start, end, shift = duty(problem, roster)
    assert agent.tolist() == [0, 0]
    assert ((start - 24 * HOUR) / HOUR).tolist() == [9, 13]
    assert ((end - 24 * HOUR) / HOUR).tolist() == [12, 17]
    assert shift.tolist() == [0, 0]


def test_a_break_at_the_edge_leaves_no_empty_stretch(problem):
    roster = roster_of(
        problem,
        ("S1", 0, "D@09:00"),
        breaks=[
            ("S1", 0, "lunch", 9 * 60, 60, False),
            ("S1", 0, "late", 16 * 60, 60, False),
        ],
    )
    _, start, end, _ = duty(problem, roster)
    assert (start / HOUR).tolist() == [10]
    assert (end / HOUR).tolist() == [16]


def test_two_breaks_that_touch_make_one_gap(problem):
    roster = roster_of(
        problem,
        ("S1", 0, "D@09:00"),
        breaks=[("S1", 0, "b", 780, 30, True), ("S1", 0, "a", 720, 60, False)],
    )
    _, start, end, _ = duty(problem, roster)
    assert (start / HOUR).tolist() == [9, 13.5]
    assert (end / HOUR).tolist() == [12, 17]


def test_an_empty_roster_is_an_empty_scene(problem, small_demand):
    scene = build_scene(problem, small_demand, roster_of(problem))
    assert [len(a) for a in (scene.duty_agent, scene.duty_start_s, scene.duty_shift)] == [0, 0, 0]
    assert scene.speed.shape == (3, 3)


def test_arrays_by_queue_and_agent(small_plan, small_demand):
    plan = with_rows(
        small_plan,
        "shrinkage",
        {"kind": "sickness", "share": 0.1, "planned": False, "role": "agent"},
    )
    problem = build_problem(plan, small_demand)
    scene = build_scene(problem, small_demand, roster_of(problem))
    assert scene.queues == ("phone", "email", "lead")
    assert scene.deferred.tolist() == [False, True, True]
    assert scene.target_s[0] == 60
    assert scene.patience_s.tolist() == [180, np.inf, np.inf]
    assert scene.priority.tolist() == [1, 5, 5]
    assert scene.speed.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert scene.absence.tolist() == pytest.approx([0.1, 0.1, 0.0])
    assert scene.arrivals[2].sum() == 0


def test_deadlines_stand_at_the_edges_of_intervals(problem, small_demand):
    """8 open hours after Monday 10:00 is Tuesday 10:00; before the opening, 17:00."""
    due = build_scene(problem, small_demand, roster_of(problem)).due_s
    assert due.shape == (3, small_demand.grid.size + 1)
    assert np.isinf(due[0]).all()
    assert due[1, 10] == (24 + 10) * HOUR
    assert due[1, 5] == 17 * HOUR
    assert due[2, 0] == 7 * 24 * HOUR
    assert (np.diff(due[1]) >= 0).all()


def test_weekly_hours_are_tasks_of_half_an_hour_with_half_as_many_again(small_plan):
    """20 h are 40 tasks; 60 are on offer when the week opens, due by its end."""
    plan = with_rows(
        small_plan,
        "targets",
        *[t.model_dump() for t in small_plan.targets if t.queue != "lead"],
        {"queue": "lead", "measure": "weekly_hours", "limit": 20, "unit": "h"},
    )
    told = demand(plan)
    problem = build_problem(plan, told)
    scene = build_scene(problem, told, roster_of(problem))
    assert scene.arrivals[2].sum() == pytest.approx(60)
    assert scene.arrivals[2, 9] == pytest.approx(60)
    assert (scene.aht_s[2] == 1800).all()
    assert scene.due_s[2, 9] == 7 * 24 * HOUR


def test_an_agents_pace_is_the_groups_times_their_own(small_plan, small_demand):
    plan = changed(small_plan, "agents", {"agent": "S1"}, speed=0.5)
    problem = build_problem(plan, small_demand)
    speed = build_scene(problem, small_demand, roster_of(problem)).speed
    assert speed[:2, 0].tolist() == pytest.approx([0.5, 1.0])


def test_time_lost_on_some_days_or_hours_is_lost_by_their_shifts_and_their_model(
    small_plan, small_demand
):
    """Half of Tuesday 9-11 is training: 1 h of the 8 of a shift; on Wednesday a tenth is ill."""
    plan = with_rows(
        small_plan,
        "shrinkage",
        {
            "kind": "training", "share": 0.5, "role": "agent", "weekday": "tue",
            "from_time": 540, "to_time": 660,
        },
        {
            "kind": "flu", "share": 0.1, "planned": False, "role": "agent",
            "from": "2026-12-09", "to": "2026-12-09",
        },
    )  # fmt: skip
    problem = build_problem(plan, small_demand)
    roster = roster_of(problem, *[("S1", day, "D@09:00") for day in range(3)])
    scene = build_scene(problem, small_demand, roster)
    assert scene.away_share[0, :3].tolist() == pytest.approx([0, 0.125, 0])
    assert scene.absence[0, :3].tolist() == pytest.approx([0, 0, 0.1])
    factor = problem.groups[0].attended.factor.reshape(7, 24)
    assert factor[1, 8:12].tolist() == [1, 0.5, 0.5, 1]
    assert (factor[2] == 0.9).all()
    assert problem.groups[2].attended is None
