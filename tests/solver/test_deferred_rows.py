"""Patient work is placed by blocks: never harsher than by intervals, shared out as it is done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.optimize import build, optimize
from solver.problem import Limits
from staffing.deferred import earliest_deadline_first
from staffing.timegrid import TimeGrid
from tests.solver import designs
from tests.solver.conftest import MONDAY
from tests.solver.test_service import given_people, hourly


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_what_is_on_time_hour_by_hour_is_on_time_by_blocks(seed: int) -> None:
    """Every cover that serves all by earliest-deadline-first misses nothing in the model."""
    rng = np.random.default_rng(seed)
    grid = TimeGrid(MONDAY, 4, 60)
    work = rng.integers(0, 3, grid.size) * (rng.random(grid.size) < 0.3)
    due = np.maximum.accumulate(np.arange(grid.size) + rng.integers(24, 40, grid.size))
    mask = np.tile((np.arange(24) >= 7) & (np.arange(24) < 20), grid.days)
    people = rng.integers(0, 3, grid.size)
    plan = given_people(
        hourly(4, deferred=(designs.mail(grid, work.astype(float), due, open_mask=mask),)), people
    )
    served = earliest_deadline_first(work.astype(float), due, people.astype(float), mask)
    if served.late_h.sum() < 1e-6:
        assert not plan.unmet
    # Time on it is the time of people who are there while it is open.
    assert (plan.positions[0] <= people * mask + 1e-6).all()


def test_three_people_hours_too_few_are_missing_by_blocks_too() -> None:
    """Ten hours of work due on the second day at noon; seven person-hours come before."""
    grid = TimeGrid(MONDAY, 3, 60)
    work = np.zeros(grid.size)
    work[8] = 10.0
    due = np.minimum(np.arange(grid.size) + 27, grid.size - 1)
    people = np.zeros(grid.size)
    people[9:13], people[33:36] = 1, 1
    plan = given_people(hourly(3, deferred=(designs.mail(grid, work, due),)), people)
    missing = sum(u.amount for u in plan.unmet if u.unit == "hours not done")
    late = max(u.amount for u in plan.unmet if u.unit == "hours late")
    assert missing == pytest.approx(3) or late == pytest.approx(3)


def test_two_patient_queues_share_the_people_who_are_there() -> None:
    """Mail and letters of different people's urgency: together never more than are on duty."""
    grid = TimeGrid(MONDAY, 3, 60)
    work = np.zeros(grid.size)
    work[8:12] = 1.0
    queues = tuple(
        replace(designs.mail(grid, work, np.arange(grid.size) + hours), queue=k)
        for k, hours in enumerate((26, 44))
    )
    people = np.zeros(grid.size)
    people[9:18] = 1
    plan = given_people(hourly(3, queues=2, deferred=queues), people)
    assert not plan.unmet
    assert plan.positions.sum(axis=1) == pytest.approx([4, 4])
    assert (plan.positions.sum(axis=0) <= people + 1e-6).all()


def test_blocks_end_where_a_queue_closes() -> None:
    """Two hours each from midnight, cut at seven and at eight when the mail opens and closes."""
    grid = TimeGrid(MONDAY, 1, 60)
    mask = np.zeros(24, dtype=bool)
    mask[7:9] = True
    work = np.zeros(24)
    queue = designs.mail(grid, work, np.arange(24) + 30, open_mask=mask)
    worked = build(hourly(1, deferred=(queue,))).service.deferred[0]
    # 7 and 8 lie in different two-hour blocks (6-8, 8-10), each cut to what is open.
    columns, first = worked.columns_of(0)
    assert len(columns) == 2
    assert first.tolist() == [7, 8]


def test_rushed_work_is_placed_hour_by_hour() -> None:
    """Work due within the hour cannot be done in the hour before, though one block holds both."""
    grid = TimeGrid(MONDAY, 1, 60)
    work = np.zeros(24)
    work[9] = 1.0
    problem = hourly(1, deferred=(designs.mail(grid, work, np.arange(24)),))
    plan = optimize(problem, Limits(seconds=60, gap=0.0))
    assert np.flatnonzero(plan.counts[0, 0]).tolist() == [9]


def plainly_late(items, capacity) -> float:
    """Hours late, one item after the other: (hours, released, due), the earliest due first."""
    left = [list(item) for item in items]
    late = 0.0
    for now, room in enumerate(capacity):
        for item in sorted((i for i in left if i[1] <= now), key=lambda i: i[2]):
            done = min(room, item[0])
            item[0] -= done
            room -= done
            late += done if now > item[2] else 0.0
    return late + sum(hours for hours, _, due in left if due < len(capacity))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_several_promises_and_a_backlog_hold_exactly_where_earliest_deadline_first_does(seed):
    """Four in five hours within two hours and all within nine; half as many wait at the start."""
    rng = np.random.default_rng(seed)
    grid = TimeGrid(MONDAY, 1, 60)
    work = rng.integers(0, 4, 24) * (rng.random(24) < 0.4) * 1.0
    people = rng.integers(0, 4, 24)
    soon, later = np.arange(24) + 1, np.arange(24) + 8
    waiting = [(float(rng.integers(0, 3)), int(due)) for due in rng.integers(0, 2, 2)]
    old = [(float(rng.integers(0, 3)), int(due)) for due in rng.integers(2, 9, 2)]
    queues = (
        replace(designs.mail(grid, 0.8 * work, soon), opening=tuple(waiting)),
        replace(designs.mail(grid, 0.2 * work, later), opening=tuple(old)),
    )
    plan = given_people(hourly(1, deferred=queues), people)
    items = [(0.8 * h, t, t + 1) for t, h in enumerate(work)]
    items += [(0.2 * h, t, t + 8) for t, h in enumerate(work)]
    items += [(hours, 0, due) for hours, due in (*waiting, *old)]
    assert bool(plan.unmet) == (plainly_late(items, people) > 1e-6)
    if not plan.unmet:
        due_h = sum(hours for hours, _, due in items if due < 24)
        assert plan.positions[0].sum() >= due_h - 1e-6


def test_a_campaign_stands_apart_from_work_as_patient_as_it() -> None:
    """Ten hours released at 8 with nine to go; mail of two hours a day before must not count."""
    grid = TimeGrid(MONDAY, 2, 60)
    campaign, mail = np.zeros(48), np.zeros(48)
    campaign[8], mail[30] = 10.0, 2.0
    queues = (
        designs.mail(grid, mail, np.arange(48) + 70),
        replace(designs.mail(grid, campaign, np.full(48, 47)), given_h=70.0),
    )
    worked = build(hourly(2, deferred=queues)).service.deferred
    assert [len(w.queues) for w in worked] == [1, 1]
    people = np.zeros(48)
    people[8:18] = 1
    plan = given_people(hourly(2, deferred=queues), people)
    assert not plan.unmet
    assert plan.positions[0].sum() >= 10 - 1e-6
