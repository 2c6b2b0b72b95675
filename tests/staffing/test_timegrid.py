import datetime as dt

import numpy as np
import pandas as pd
import pytest

from staffing.timegrid import TimeGrid

# A Monday; the third week is cut short after two days, and a month ends on the way.
GRID = TimeGrid(dt.date(2026, 9, 21), 16, 30)


def test_sizes_of_sixteen_days_of_half_hours():
    assert (GRID.per_day, GRID.size, GRID.weeks) == (48, 768, 3)
    assert (GRID.interval_h, GRID.interval_s) == (0.5, 1800)


def test_days_and_dates_are_each_others_inverse_also_outside_the_horizon():
    assert GRID.date(-1) == dt.date(2026, 9, 20)
    assert GRID.day(dt.date(2026, 9, 20)) == -1
    assert GRID.dates()[-1] == dt.date(2026, 10, 6)
    assert [GRID.day(d) for d in GRID.dates()] == list(range(16))


def test_starts_and_index_are_each_others_inverse():
    assert GRID.starts()[49] == pd.Timestamp("2026-09-22 00:30")
    assert GRID.start_of(49) == dt.datetime(2026, 9, 22, 0, 30)
    np.testing.assert_array_equal(GRID.index(GRID.starts()), np.arange(GRID.size))


def test_index_is_of_the_interval_that_holds_a_moment_and_outside_beyond_the_horizon():
    moments = pd.DatetimeIndex(["2026-09-20 23:59:59", "2026-09-21 00:29:59", "2026-10-07"])
    np.testing.assert_array_equal(GRID.index(moments), [-1, 0, 768])


def test_the_night_of_a_clock_change_has_24_hours_like_any_other():
    assert TimeGrid(dt.date(2026, 10, 25), 1, 60).size == 24


def test_periods_of_days_weeks_and_months():
    np.testing.assert_array_equal(GRID.period_of_day("day"), np.arange(16))
    np.testing.assert_array_equal(GRID.period_of_day("week"), [0] * 7 + [1] * 7 + [2] * 2)
    np.testing.assert_array_equal(GRID.period_of_day("month"), [0] * 10 + [1] * 6)
    np.testing.assert_array_equal(GRID.period_of_interval("interval"), np.arange(768))
    assert GRID.period_of_interval("week")[[335, 336, 671, 672]].tolist() == [0, 1, 1, 2]


def test_months_count_on_over_the_new_year():
    grid = TimeGrid(dt.date(2026, 12, 28), 7)
    np.testing.assert_array_equal(grid.period_of_day("month"), [0, 0, 0, 0, 1, 1, 1])
    assert [grid.period_label("month", n) for n in (0, 1)] == ["2026-12", "2027-01"]


def test_labels_read_as_a_planner_reads_them():
    assert GRID.period_label("interval", 49) == "2026-09-22 00:30"
    assert GRID.period_label("day", 10) == "2026-10-01"
    assert GRID.period_label("week", 1) == "week of 2026-09-28"
    assert GRID.period_label("month", 1) == "2026-10"


@pytest.mark.parametrize(("days", "interval_min"), [(0, 30), (7, 0), (7, 7), (7, 2880)])
def test_a_grid_without_days_or_with_intervals_that_do_not_fit_is_refused(days, interval_min):
    with pytest.raises(ValueError, match="day"):
        TimeGrid(dt.date(2026, 9, 21), days, interval_min)


def test_an_unknown_period_is_refused():
    with pytest.raises(ValueError, match="quarter"):
        GRID.period_of_day("quarter")
