import datetime as dt

import pytest

from staffing.shrinkage import Attendance, Shrinkage, attendance, gross, mean_attendance

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
