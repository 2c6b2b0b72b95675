"""The service side of the design: deferred work, goals, occupancy, paces, by hand and by EDF."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.optimize import build, evaluate, optimize
from solver.problem import (
    ContractKind,
    Group,
    Limits,
    LivePool,
    Pattern,
    Problem,
    ServiceGoal,
)
from solver.result import ShiftPlan
from staffing.calendar import Calendar
from staffing.deferred import earliest_deadline_first
from staffing.timegrid import TimeGrid
from tests.solver import designs
from tests.solver.conftest import MONDAY, contract

EXACT = Limits(seconds=60, gap=0.0)
HOURS = tuple(designs.shift(f"h{h}", h, 1) for h in range(24))
FREE = contract(
    kind=ContractKind.PART_TIME,
    week_hours_min=0.0,
    week_hours_max=200.0,
    week_shifts_min=0,
    week_shifts_max=99,
)


def hourly(days: int, queues: int = 1, **changes: Any) -> Problem:
    """People by the hour on shifts of one hour, so that any cover can be given."""
    grid = TimeGrid(MONDAY, days, 60)
    group = Group(
        "staff",
        FREE,
        "agent",
        0,
        99,
        np.ones(queues),
        np.zeros(queues, dtype=np.int64),
        tuple(range(24)),
        np.full((days, 24), 10.0),
    )
    names = tuple(f"queue {k}" for k in range(queues))
    problem = Problem(grid, Calendar(), names, HOURS, (group,), (), (), ())
    return replace(problem, high_price=designs.PRICE, **changes)


def given_people(problem: Problem, people: np.ndarray) -> ShiftPlan:
    """The plan of so many people in each hour."""
    counts = people.reshape(1, problem.grid.days, 24).astype(np.int64)
    return evaluate(problem, counts, np.array([99]))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_backlog_rows_agree_with_earliest_deadline_first(seed: int) -> None:
    """A cover is on time for the model exactly if it is for earliest-deadline-first."""
    rng = np.random.default_rng(seed)
    days = int(rng.integers(1, 3))
    grid = TimeGrid(MONDAY, days, 60)
    work = rng.integers(0, 3, grid.size) * (rng.random(grid.size) < 0.3)
    own = np.arange(grid.size)
    due = np.maximum.accumulate(own + rng.integers(0, 9, grid.size))
    mask = rng.random(grid.size) < 0.8
    people = rng.integers(0, 3, grid.size)
    queue = designs.mail(grid, work.astype(float), due, open_mask=mask)
    plan = given_people(hourly(days, deferred=(queue,)), people)
    served = earliest_deadline_first(work.astype(float), due, people.astype(float), mask)
    on_time = served.late_h.sum() < 1e-6
    assert (len(plan.unmet) == 0) == on_time, plan.unmet
    if on_time:
        assert plan.positions[0].sum() <= min(work.sum(), (people * mask).sum()) + 1e-6
        done = np.cumsum(plan.positions[0])
        assert (done <= np.cumsum(work) + 1e-6).all()
        assert (plan.positions[0] <= people * mask + 1e-6).all()


def test_deferred_work_waits_for_its_cheapest_hour() -> None:
    """Three hours of mail from nine, due by the end of 16: three person-hours, none before nine."""
    grid = TimeGrid(MONDAY, 1, 60)
    work = np.zeros(24)
    work[9] = 3.0
    cost = np.full((1, 24), 10.0)
    cost[0, 14:17] = 7.0
    problem = hourly(1, deferred=(designs.mail(grid, work, np.full(24, 16)),))
    problem = replace(problem, groups=(replace(problem.groups[0], shift_cost=cost),))
    plan = optimize(problem, EXACT)
    assert plan.cost == pytest.approx(21)
    assert plan.bound == pytest.approx(21)
    assert plan.counts[0, 0, 14:17].sum() == 3


def test_what_is_late_is_said_by_the_hour() -> None:
    """Two hours of work due at ten, done at eleven: two hours late at the end of ten."""
    grid = TimeGrid(MONDAY, 1, 60)
    work = np.zeros(24)
    work[9] = 2.0
    problem = hourly(1, deferred=(designs.mail(grid, work, np.full(24, 10)),))
    people = np.zeros(24)
    people[11] = 2
    plan = given_people(problem, people)
    assert [(u.where, u.unit) for u in plan.unmet] == [("2026-12-07 10:00", "hours late")]
    assert designs.missing(plan, "mail") == pytest.approx(2)
    assert plan.cost == pytest.approx(20 + 2 * designs.PRICE)


def test_reserve_makes_room() -> None:
    """Half as much again is planned for; work due after the horizon is not."""
    grid = TimeGrid(MONDAY, 1, 60)
    work = np.zeros(24)
    work[9], work[20] = 2.0, 5.0
    due = np.where(np.arange(24) < 15, 12, 30)
    problem = hourly(1, deferred=(designs.mail(grid, work, due, reserve=0.5),))
    assert optimize(problem, EXACT).cost == pytest.approx(30)


def test_urgent_and_patient_work_are_apart() -> None:
    """Hours done early on patient work do not count for urgent work that comes later."""
    grid = TimeGrid(MONDAY, 4, 60)
    patient, urgent = np.zeros(96), np.zeros(96)
    patient[0], urgent[50] = 4.0, 2.0
    own = np.arange(96)
    both = (
        designs.mail(grid, patient, np.full(96, 95), queue=0, key="patient"),
        designs.mail(grid, urgent, np.minimum(own + 1, 95), queue=1, key="urgent"),
    )
    problem = hourly(4, queues=2, deferred=both)
    people = np.zeros(96)
    people[:6] = 1
    plan = given_people(problem, people)
    assert designs.missing(plan, "patient") == 0
    assert designs.missing(plan, "urgent") > 0
    people[51] = 2
    assert given_people(problem, people).unmet == ()


def test_idle_time_of_live_queues_does_deferred_work() -> None:
    """A line that waits half of its time, at an efficiency of 0.8, gives 0.4 hours an hour."""
    grid = TimeGrid(MONDAY, 1, 60)
    open_hours = designs.hours(8, 18, 1)
    pool = designs.pool(grid, open_hours * 5, (0, 1.0), level=1.0, idle=0.5)
    work = np.zeros(24)
    work[8] = 4.0
    mail = designs.mail(grid, work, np.full(24, 17), queue=1)
    problem = hourly(1, queues=2, pools=(pool,), deferred=(mail,), idle_efficiency=0.8)
    plan = optimize(problem, EXACT)
    assert plan.cost == pytest.approx(100)
    assert plan.positions[0].sum() == pytest.approx(10)
    # A little more mail needs a person more.
    more = replace(problem, deferred=(replace(mail, work_h=work * 1.05),))
    assert optimize(more, EXACT).cost == pytest.approx(110)


def test_occupancy_cap_asks_for_more_people() -> None:
    """Twelve hours of calls and mail at most 0.8 busy: fifteen person-hours."""
    grid = TimeGrid(MONDAY, 1, 60)
    open_hours = designs.hours(8, 18, 1)
    pool = designs.pool(grid, open_hours * 5, (0, 1.0), level=1.0)
    work = np.zeros(24)
    work[8] = 2.0
    mail = designs.mail(grid, work, np.full(24, 17), queue=1)
    problem = hourly(1, queues=2, pools=(pool,), deferred=(mail,))
    assert optimize(problem, EXACT).cost == pytest.approx(120)
    capped = replace(problem, occupancy_max=0.8)
    assert optimize(capped, EXACT).cost == pytest.approx(150)


def test_occupancy_cap_that_cannot_be_kept_is_said() -> None:
    """Ten hours of calls for ten person-hours at 0.8: two hours are over."""
    grid = TimeGrid(MONDAY, 1, 60)
    pool = designs.pool(grid, designs.hours(8, 18, 1) * 5, (0, 1.0), level=1.0)
    problem = hourly(1, pools=(pool,), occupancy_max=0.8)
    plan = given_people(problem, designs.hours(8, 18, 1))
    assert designs.missing(plan, "occupancy_max") == pytest.approx(2)


def with_goal(measure: str, level: float) -> Problem:
    """Ten calls an hour from 8 to 12; 0, 1, 2 positions lose 10, 4, 0 calls and 1000, 400, 0 s."""
    grid = TimeGrid(MONDAY, 1, 60)
    calls = designs.hours(8, 12, 1, 10.0)
    pool = designs.pool(grid, calls, (0.0, 0.6, 1.0))
    [queue] = pool.queues
    goal = ServiceGoal(
        0,
        "goal",
        measure,
        level,
        np.array([level]),
        "day",
        grid.period_of_interval("day"),
        True,
        designs.PRICE,
    )
    pool = replace(pool, queues=(replace(queue, goals=(goal,)),))
    return hourly(1, pools=(pool,))


@pytest.mark.parametrize(
    ("measure", "level", "hours"),
    [
        ("in_time", 0.6, 4),
        ("in_time", 0.7, 5),
        ("in_time", 1.0, 8),
        ("abandoned", 0.4, 4),
        ("abandoned", 0.3, 5),
        ("abandoned", 0.0, 8),
        ("wait", 40.0, 4),
        ("wait", 30.0, 5),
        ("wait", 100.0, 0),
    ],
)
def test_goals_of_each_kind_by_hand(measure: str, level: float, hours: int) -> None:
    """One position an hour loses four of ten calls, a second one the rest."""
    plan = optimize(with_goal(measure, level), EXACT)
    assert plan.cost == pytest.approx(10 * hours)
    assert plan.unmet == ()


def test_two_queues_of_a_line_share_its_curve() -> None:
    """A third of a line's calls: its own share in time is the line's."""
    problem = with_goal("in_time", 0.7)
    [pool] = problem.pools
    [queue] = pool.queues
    third = np.full(24, 1 / 3)
    parts = tuple(
        replace(
            queue,
            queue=k,
            share=share,
            leaving=share,
            goals=(replace(queue.goals[0], queue=k),),
        )
        for k, share in enumerate((third, 1 - third))
    )
    problem = replace(
        hourly(1, queues=2), pools=(replace(pool, queues=parts),), queues=("vip", "rest")
    )
    plan = optimize(problem, EXACT)
    assert plan.cost == pytest.approx(50)
    assert plan.in_time[0].sum() == pytest.approx(plan.in_time[1].sum() / 2)
    assert plan.in_time.sum() == pytest.approx(28)


def two_paces(pools: tuple[LivePool, ...], **changes: Any) -> Problem:
    """A quick and a slow group, the slow one at half the pace and a little more than half pay."""
    problem = hourly(1, pools=pools, **changes)
    [quick] = problem.groups
    slow = replace(quick, name="slow", speed=np.full(1, 0.5), shift_cost=np.full((1, 24), 6.0))
    return replace(problem, groups=(quick, slow))


def test_pace_counts_in_positions() -> None:
    """At half the pace two people are one position: dearer at 12 than one at 10."""
    grid = TimeGrid(MONDAY, 1, 60)
    pool = designs.pool(grid, designs.hours(8, 12, 1, 10.0), (0, 1.0), level=1.0)
    plan = optimize(two_paces((pool,)), EXACT)
    assert plan.cost == pytest.approx(40)
    assert plan.counts.sum(axis=(1, 2)).tolist() == [4, 0]
    # Where half of a position is enough the slow person is cheaper.
    pool = designs.pool(grid, designs.hours(8, 12, 1, 10.0), (0, 1.0), level=0.5)
    plan = optimize(two_paces((pool,)), EXACT)
    assert plan.cost < 40


def test_absence_takes_its_share_of_positions_but_not_of_posts() -> None:
    """At an attendance of a half one call-taker is half a position."""
    grid = TimeGrid(MONDAY, 1, 60)
    calls = designs.hours(8, 12, 1, 10.0)
    pool = designs.pool(grid, calls, (0, 1.0), level=0.5, floor=designs.hours(8, 12, 1))
    problem = hourly(1, pools=(pool,))
    sick = replace(problem, groups=(replace(problem.groups[0], attendance=0.5),))
    plan = given_people(sick, designs.hours(8, 12, 1))
    assert plan.unmet == ()
    assert plan.positions[0].sum() == pytest.approx(2)
    assert plan.in_time[0].sum() == pytest.approx(20)


def test_who_cannot_serve_does_not_count() -> None:
    """A group without the queue's skill fills neither floor nor line."""
    grid = TimeGrid(MONDAY, 1, 60)
    floor = designs.hours(8, 12, 1)
    pool = designs.pool(grid, floor * 10, (0, 1.0), level=1.0, floor=floor)
    problem = hourly(1, pools=(pool,))
    problem = replace(problem, groups=(replace(problem.groups[0], speed=np.zeros(1)),))
    plan = given_people(problem, floor)
    assert designs.missing(plan, "phone floor") == pytest.approx(4)
    assert designs.missing(plan, "phone in time") == pytest.approx(40)


def test_every_entry_of_the_model_has_a_place() -> None:
    """No coefficient points outside rows and columns, also where breaks and nights cross edges."""
    night = Pattern("night", "night", 22, 8, 8.0)
    grid = TimeGrid(MONDAY, 2, 60)
    pool = designs.pool(grid, np.ones(48), (0, 1.0))
    problem = hourly(2, pools=(pool,), deferred=(designs.mail(grid, np.ones(48), np.arange(48)),))
    group = replace(problem.groups[0], patterns=(0,), shift_cost=np.ones((2, 1)))
    matrix = build(replace(problem, patterns=(night,), groups=(group,))).matrix
    assert (matrix.rows >= 0).all()
    assert (matrix.cols >= 0).all()
    assert (matrix.rows < len(matrix.row_lower)).all()
    assert np.isfinite(matrix.values).all()
