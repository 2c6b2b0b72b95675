import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staffing.calendar import ALWAYS_OPEN, Calendar, OpeningHours
from staffing.deferred import (
    cumulative,
    demand_bound_ok,
    due_interval,
    earliest_deadline_first,
    next_open,
    released,
    weekly_work,
)
from staffing.timegrid import TimeGrid

# Thursday to Wednesday by hours.
GRID = TimeGrid(dt.date(2026, 9, 17), 7, 60)
OFFICE = OpeningHours("office", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ((540, 1080),)))


def hour(day, of_day):
    return day * 24 + of_day


def test_due_is_the_last_interval_that_ends_by_the_deadline():
    due = due_interval(GRID, 4, "h", ALWAYS_OPEN, Calendar())
    assert due[10] == 13
    # 90 minutes from 10:00 end at 11:30, inside the interval of 11:00: done by the end of 10:00.
    assert due_interval(GRID, 90, "min", ALWAYS_OPEN, Calendar())[10] == 10


def test_due_is_at_least_the_interval_itself():
    due = due_interval(GRID, 5, "min", ALWAYS_OPEN, Calendar())
    np.testing.assert_array_equal(due, np.arange(GRID.size))


def test_due_on_the_clock_of_opening_hours_over_a_weekend():
    due = due_interval(GRID, 4, "open_h", OFFICE, Calendar())
    assert due[hour(1, 17)] == hour(4, 11)  # Friday 17:00: due Monday 12:00
    assert due[hour(2, 3)] == hour(4, 12)  # Saturday: due Monday 13:00


def test_due_beyond_the_horizon_is_its_size():
    due = due_interval(GRID, 2, "business_day", OFFICE, Calendar())
    assert due[hour(5, 10)] == GRID.size  # Tuesday: due Thursday
    assert due[hour(4, 10)] == hour(6, 17)  # Monday: due Wednesday 18:00
    shut = due_interval(GRID, 2, "open_h", OpeningHours("shut", {}), Calendar())
    assert (shut == GRID.size).all()


@pytest.mark.parametrize("unit", ["min", "h", "open_h", "business_day"])
def test_due_never_falls(unit):
    due = due_interval(GRID, 3, unit, OFFICE, Calendar())
    assert (np.diff(due) >= 0).all()
    assert (due >= np.arange(GRID.size)).all()


def test_closed_arrivals_are_released_at_the_next_opening():
    is_open = np.array([False, True, True, False, False, True, False])
    opening = next_open(is_open)
    np.testing.assert_array_equal(opening, [1, 1, 2, 5, 5, 5, 7])
    np.testing.assert_array_equal(released(np.arange(1.0, 8), opening), [0, 3, 3, 0, 0, 15, 0])


def test_earliest_deadline_goes_first_whoever_came_first():
    # 2 h arrive at 0 due by 3, then 1 h at 1 due by 1; one hour of capacity each.
    found = earliest_deadline_first(np.array([2.0, 1, 0, 0]), np.array([3, 1, 4, 4]), np.ones(4))
    np.testing.assert_allclose(found.served_h, [1, 1, 1, 0])
    np.testing.assert_allclose(found.late_h, 0)
    np.testing.assert_allclose(found.backlog_h, [1, 1, 0, 0])


def test_late_work_is_counted_where_it_arrived_and_is_done_all_the_same():
    found = earliest_deadline_first(np.array([3.0, 0, 0, 0]), np.array([1, 4, 4, 4]), np.ones(4))
    np.testing.assert_allclose(found.late_h, [1, 0, 0, 0])
    np.testing.assert_allclose(found.served_h, [1, 1, 1, 0])


def test_work_never_done_is_late_if_due_within_the_horizon_and_backlog_either_way():
    found = earliest_deadline_first(np.array([2.0, 2.0]), np.array([1, 2]), np.zeros(2))
    np.testing.assert_allclose(found.late_h, [2, 0])
    np.testing.assert_allclose(found.backlog_h, [2, 4])


def test_nothing_is_done_while_closed():
    found = earliest_deadline_first(
        np.array([1.0, 0]), np.array([1, 2]), np.ones(2), np.array([False, True])
    )
    np.testing.assert_allclose(found.served_h, [0, 1])


def test_cumulative_rows_by_hand():
    arrived, due = cumulative(np.array([2.0, 0, 1, 4]), np.array([1, 1, 3, 9]))
    np.testing.assert_allclose(arrived, [2, 2, 3, 7])
    np.testing.assert_allclose(due, [0, 2, 2, 3])


quarters = st.integers(0, 8).map(lambda q: q / 4)
cases = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        st.lists(quarters, min_size=size, max_size=size),
        st.lists(st.integers(0, 5), min_size=size, max_size=size),
        st.lists(quarters, min_size=size, max_size=size),
    )
)


def rows_can_be_met(work_h, due, capacity_h):
    """Whether hours served by t can stay between what is due and what has arrived, greedily."""
    arrived, must = cumulative(work_h, due)
    served = 0.0
    for t in range(len(work_h)):
        served = min(served + capacity_h[t], arrived[t])
        if served < must[t] - 1e-9:
            return False
    return True


@settings(max_examples=300, deadline=None)
@given(cases)
def test_demand_bound_holds_exactly_if_earliest_deadline_first_is_never_late(case):
    work_h, slack, capacity_h = (np.array(values) for values in case)
    due = np.arange(len(work_h)) + slack.astype(int)
    judged = earliest_deadline_first(work_h, due, capacity_h)
    assert demand_bound_ok(work_h, due, capacity_h) == (judged.late_h.sum() == 0)


@settings(max_examples=300, deadline=None)
@given(cases)
def test_cumulative_rows_can_be_met_exactly_if_deadlines_in_order_are_met(case):
    work_h, slack, capacity_h = (np.array(values) for values in case)
    due = np.maximum.accumulate(np.arange(len(work_h)) + slack.astype(int))
    judged = earliest_deadline_first(work_h, due, capacity_h)
    assert rows_can_be_met(work_h, due, capacity_h) == (judged.late_h.sum() == 0)


@settings(max_examples=100, deadline=None)
@given(cases)
def test_hours_are_conserved_and_capacity_is_never_exceeded(case):
    work_h, slack, capacity_h = (np.array(values) for values in case)
    judged = earliest_deadline_first(work_h, np.arange(len(work_h)) + slack, capacity_h)
    np.testing.assert_allclose(
        np.cumsum(work_h) - np.cumsum(judged.served_h), judged.backlog_h, atol=1e-9
    )
    assert (judged.served_h <= capacity_h + 1e-9).all()
    assert (judged.late_h <= work_h + 1e-9).all()


def test_weekly_hours_are_released_at_the_first_opening_and_due_by_the_weeks_end():
    grid = TimeGrid(dt.date(2026, 9, 19), 16, 60)  # a Saturday; two days in the last week
    work_h, due = weekly_work(grid, 21, OFFICE.open_mask(grid, Calendar()))
    released_at = {int(t): work_h[t] for t in np.flatnonzero(work_h)}
    # The last two days are a weekend: never open, so nothing is asked.
    assert released_at == {hour(2, 9): 21.0, hour(9, 9): 21.0}
    assert sorted(set(due.tolist())) == [167, 335, 383]
    always, _ = weekly_work(grid, 21, np.ones(grid.size, dtype=bool))
    assert always[[0, 168, 336]].tolist() == [21, 21, 6]
