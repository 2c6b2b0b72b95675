import datetime as dt

import numpy as np
import pytest

from staffing.shrinkage import (
    Attendance,
    Shrinkage,
    attendance,
    attendance_series,
    gross,
    mean_attendance,
    shrinkage_words,
)
from staffing.timegrid import TimeGrid

MONDAY = dt.date(2026, 12, 7)
KINDS = (
    Shrinkage("meetings", 0.05),
    Shrinkage("coaching", 0.03),
    Shrinkage("sickness", 0.04, planned=False),
    Shrinkage("flu", 0.06, planned=False, first=dt.date(2026, 12, 8), last=dt.date(2026, 12, 9)),
    Shrinkage("training", 0.5, role="senior"),
)


def test_shares_of_one_sort_add_up_and_the_two_sorts_compound():
    found = attendance(KINDS, "junior", MONDAY)
    assert found == pytest.approx((0.04, 0.08, 0.96 * 0.92))


def test_kinds_bind_their_role_and_their_days_only():
    assert attendance(KINDS, "senior", MONDAY).away_share == pytest.approx(0.58)
    absences = [attendance(KINDS, "junior", dt.date(2026, 12, d)).absence for d in (7, 8, 9, 10)]
    assert absences == pytest.approx([0.04, 0.10, 0.10, 0.04])


def test_without_shrinkage_everybody_is_there():
    assert attendance((), "junior", MONDAY) == Attendance(0.0, 0.0, 1.0)


def test_gross_is_net_over_what_both_sorts_leave():
    assert gross(10, attendance(KINDS, "junior", MONDAY)) == pytest.approx(10 / (0.96 * 0.92))


def test_a_mean_over_days_still_multiplies():
    days = [dt.date(2026, 12, d) for d in (7, 8, 9, 10)]
    found = mean_attendance(KINDS, "junior", days)
    assert found == pytest.approx((0.07, 0.08, 0.93 * 0.92))
    assert found.factor == pytest.approx((1 - found.absence) * (1 - found.away_share))


@pytest.mark.parametrize("planned", [True, False])
def test_a_role_of_which_nobody_is_left_is_refused(planned):
    kinds = [Shrinkage("a", 0.6, planned=planned), Shrinkage("b", 0.4, planned=planned)]
    with pytest.raises(ValueError, match="nobody works"):
        attendance(kinds, "junior", MONDAY)


def test_a_mean_over_no_day_is_refused():
    with pytest.raises(ValueError, match="no day"):
        mean_attendance(KINDS, "junior", [])


TRAINING = Shrinkage(
    "training", 0.5, role="junior", weekdays=frozenset({1}), from_min=14 * 60, to_min=15 * 60 + 30
)


def test_by_interval_each_kind_is_lost_at_its_times():
    """Tuesday 14:00 to 15:30 half are in training: all of 14:00, half of the hour from 15:00."""
    grid = TimeGrid(MONDAY, 3, 60)
    found = attendance_series((*KINDS, TRAINING), "junior", grid)
    away = found.away_share.reshape(3, 24)
    assert away[1, 13:17].tolist() == pytest.approx([0.08, 0.58, 0.33, 0.08])
    assert away[[0, 2]].tolist() == [pytest.approx([0.08] * 24)] * 2
    assert found.absence.reshape(3, 24)[:, 0].tolist() == pytest.approx([0.04, 0.10, 0.10])
    np.testing.assert_allclose(found.factor, (1 - found.absence) * (1 - found.away_share))


def test_kinds_of_all_times_make_every_interval_the_day():
    grid = TimeGrid(MONDAY, 4, 30)
    found = attendance_series(KINDS, "junior", grid)
    for day, date in enumerate(grid.dates()):
        np.testing.assert_allclose(
            [row[day * 48 : day * 48 + 48] for row in found],
            np.tile(attendance(KINDS, "junior", date), (48, 1)).T,
        )


def test_words_name_the_kinds_of_an_interval():
    words = shrinkage_words((*KINDS, TRAINING), "junior", TimeGrid(MONDAY, 2, 60))
    assert words[0] == "meetings 5 %, coaching 3 %, sickness 4 %"
    assert words[24 + 15] == "meetings 5 %, coaching 3 %, sickness 4 %, flu 6 %, training 50 %"


def test_a_day_loses_to_timed_kinds_what_eight_hours_would():
    """An hour and a half of half the people is 9.4 % of eight hours; two halves never lose all."""
    tuesday = dt.date(2026, 12, 8)
    assert attendance((TRAINING,), "junior", tuesday).away_share == pytest.approx(0.75 / 8)
    assert attendance((TRAINING,), "junior", MONDAY).away_share == 0
    halves = [
        Shrinkage("a", 0.6, from_min=0, to_min=720),
        Shrinkage("b", 0.6, from_min=720, to_min=1440),
    ]
    assert attendance(halves, "junior", MONDAY).away_share == pytest.approx(0.6)


def test_an_interval_of_which_nobody_is_left_is_refused():
    with pytest.raises(ValueError, match="2026-12-08 14:00 is 100%: nobody works"):
        attendance_series((TRAINING, TRAINING), "junior", TimeGrid(MONDAY, 2, 30))
