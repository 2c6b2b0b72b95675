"""Hand-worked dates around China's National Day 2026.

Monday 21 September is day 0. Friday 25 is the Mid-Autumn holiday; 1-7 October are holidays; Sunday
20 September and Saturday 10 October are made-up working days.
"""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staffing.calendar import ALWAYS_OPEN, Calendar, DayKind, OpeningHours, deadline_s
from staffing.timegrid import TimeGrid

START = dt.date(2026, 9, 21)
GRID = TimeGrid(START, 28, 30)
CALENDAR = Calendar(
    holidays={
        dt.date(2026, 9, 25): "Mid-Autumn",
        **{dt.date(2026, 10, d): "National Day" for d in range(1, 8)},
    },
    working_days=frozenset({dt.date(2026, 9, 20), dt.date(2026, 10, 10)}),
    closed=frozenset({dt.date(2026, 10, 14)}),
)
WORKWEEK = ("mon", "tue", "wed", "thu", "fri")
OFFICE = OpeningHours("office", dict.fromkeys(WORKWEEK, ((9 * 60, 18 * 60),)))
SPLIT = OpeningHours(
    "split", {**dict.fromkeys(WORKWEEK, ((540, 720), (780, 1080))), "sun": ((600, 720),)}
)
NIGHT = OpeningHours("night", {"fri": ((20 * 60, 26 * 60),), "sun": ((0, 60),)})


def at(day, hour, minute=0):
    """Second of the grid of a day of September (October from 31 on) and a time."""
    return ((day - 21) * 24 + hour) * 3600.0 + minute * 60.0


def deadline(when, limit, unit, hours=OFFICE, calendar=CALENDAR):
    return float(deadline_s(np.array([when]), limit, unit, hours, calendar, GRID)[0])


@pytest.mark.parametrize(
    ("day", "kind", "business"),
    [
        (dt.date(2026, 9, 21), DayKind.WORKDAY, True),
        (dt.date(2026, 9, 25), DayKind.HOLIDAY, False),
        (dt.date(2026, 9, 26), DayKind.REST_DAY, False),
        (dt.date(2026, 10, 3), DayKind.HOLIDAY, False),
        (dt.date(2026, 10, 10), DayKind.WORKDAY, True),
        (dt.date(2026, 10, 14), DayKind.WORKDAY, False),
    ],
)
def test_kinds_of_day(day, kind, business):
    assert CALENDAR.kind(day) is kind
    assert CALENDAR.is_business_day(day) is business


def test_a_weekend_may_be_friday_and_saturday():
    israel = Calendar(weekend=frozenset({4, 5}))
    assert israel.is_business_day(dt.date(2026, 9, 27))
    assert not israel.is_business_day(dt.date(2026, 9, 25))


def test_a_holiday_without_hours_of_its_own_is_kept_as_a_sunday():
    assert SPLIT.day_windows(dt.date(2026, 9, 25), CALENDAR) == ((600, 720),)
    assert OFFICE.day_windows(dt.date(2026, 9, 25), CALENDAR) == ()


def test_a_holiday_with_hours_of_its_own_keeps_them():
    hours = OpeningHours("own", {**SPLIT.windows, "holiday": ((660, 690),)})
    assert hours.day_windows(dt.date(2026, 9, 25), CALENDAR) == ((660, 690),)


def test_a_made_up_working_saturday_is_open_as_on_a_monday():
    assert OFFICE.day_windows(dt.date(2026, 10, 10), CALENDAR) == ((540, 1080),)


def test_a_closed_day_is_closed_whatever_its_hours():
    assert not ALWAYS_OPEN.open_minutes(dt.date(2026, 10, 14), CALENDAR).any()


def test_hours_past_midnight_run_into_the_next_day():
    plain = Calendar()
    friday = NIGHT.open_minutes(dt.date(2026, 9, 25), plain)
    saturday = NIGHT.open_minutes(dt.date(2026, 9, 26), plain)
    assert np.flatnonzero(friday).tolist() == list(range(1200, 1440))
    assert np.flatnonzero(saturday).tolist() == list(range(120))
    # A holiday Friday has no late hours, so nothing runs over.
    assert not NIGHT.open_minutes(dt.date(2026, 9, 26), CALENDAR).any()


def test_hours_past_midnight_of_the_day_before_the_horizon_open_its_first_night():
    mask = NIGHT.open_mask(TimeGrid(dt.date(2026, 9, 26), 2, 60), Calendar())
    assert np.flatnonzero(mask).tolist() == [0, 1, 24]


def test_open_mask_by_half_hours():
    mask = OFFICE.open_mask(GRID, CALENDAR).reshape(28, 48)
    assert np.flatnonzero(mask[0]).tolist() == list(range(18, 36))
    open_days = np.flatnonzero(mask.any(axis=1)).tolist()
    assert open_days == [0, 1, 2, 3, 7, 8, 9, 17, 18, 19, 21, 22, 24, 25]


@pytest.mark.parametrize(("unit", "seconds"), [("s", 90), ("min", 5400), ("h", 324000)])
def test_wall_clock_units_run_day_and_night(unit, seconds):
    assert deadline(at(26, 3), 90, unit) == at(26, 3) + seconds


def test_open_hours_stop_over_a_long_weekend():
    # Thursday 17:00, Friday is a holiday: one hour on Thursday, three from Monday 9:00.
    assert deadline(at(24, 17), 4, "open_h") == at(28, 12)


def test_open_hours_that_end_at_closing_time_end_there_and_not_at_the_next_opening():
    assert deadline(at(24, 17), 1, "open_h") == at(24, 18)


@pytest.mark.parametrize("arrival", [at(24, 20), at(25, 11), at(27, 23), at(28, 7)])
def test_mail_in_closed_hours_counts_from_the_next_opening(arrival):
    assert deadline(arrival, 2, "open_h") == at(28, 11)


def test_open_hours_pause_over_lunch_and_count_minutes():
    assert deadline(at(21, 11, 30), 1, "open_h", SPLIT) == at(21, 13, 30)
    assert deadline(at(21, 9, 10), 0.5, "open_h", SPLIT) == at(21, 9, 40)


def test_a_limit_of_zero_open_hours_is_due_at_once_and_never_before_the_arrival():
    assert deadline(at(25, 11), 0, "open_h") == at(25, 11)


@pytest.mark.parametrize(
    ("arrival", "limit", "due"),
    [
        (at(22, 17), 1, at(23, 18)),
        (at(24, 17), 1, at(28, 18)),  # before the holiday Friday and the weekend
        (at(25, 11), 1, at(28, 18)),  # on the holiday
        (at(26, 11), 1, at(28, 18)),  # on Saturday
        (at(26, 11), 2, at(29, 18)),
        (at(30, 11), 1, at(30 + 8, 18)),  # 1-7 October off, Thursday 8 works
        (at(30, 11), 3, at(30 + 10, 18)),  # Saturday 10 October is worked
        (at(30 + 13, 12), 1, at(30 + 15, 18)),  # Wednesday 14 is closed
        (at(22, 20), 1, at(23, 18)),  # after closing still counts as that day
        (at(22, 11), 0, at(22, 18)),
        (at(22, 20), 0, at(22, 20)),
        (at(22, 11), 0.5, at(23, 18)),  # half a business day is rounded up
    ],
)
def test_business_days_end_at_closing_time(arrival, limit, due):
    assert deadline(arrival, limit, "business_day") == due


def test_a_queue_without_hours_on_a_business_day_has_until_midnight():
    tuesdays = OpeningHours("tuesdays", {"tue": ((540, 720),)})
    assert deadline(at(22, 10), 1, "business_day", tuesdays) == at(24, 0)
    assert deadline(at(21, 10), 1, "business_day", tuesdays) == at(22, 12)


def test_a_clock_that_never_runs_gives_an_infinite_deadline():
    never = Calendar(weekend=frozenset(range(7)))
    assert deadline(at(22, 10), 1, "business_day", calendar=never) == np.inf
    assert deadline(at(22, 10), 1, "open_h", OpeningHours("shut", {})) == np.inf


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="fortnight"):
        deadline(0.0, 1, "fortnight")


minutes = st.integers(0, 2400)
windows = st.tuples(minutes, st.integers(1, 479)).map(lambda w: ((w[0], w[0] + w[1]),))


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.lists(st.floats(0, 28 * 86400), min_size=2, max_size=40),
    limit=st.floats(0, 60),
    unit=st.sampled_from(["s", "min", "h", "open_h", "business_day"]),
    hours=st.dictionaries(st.sampled_from([*WORKWEEK, "sat", "sun", "holiday"]), windows),
)
def test_deadlines_never_fall_with_the_arrival_and_never_precede_it(arrivals, limit, unit, hours):
    moments = np.sort(arrivals)
    found = deadline_s(moments, limit, unit, OpeningHours("any", hours), CALENDAR, GRID)
    assert (found >= moments).all()
    assert (found[1:] >= found[:-1]).all()
