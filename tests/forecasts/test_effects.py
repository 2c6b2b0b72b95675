import numpy as np
import pandas as pd
import pytest

from forecasts.effects import CLOSED, HOLIDAY, ORDINARY, WORKING_DAY, describe_days


def at(days, date):
    return int((np.datetime64(date, "D") - days.first_day).astype(int))


def test_weekdays_count_from_monday():
    days = describe_days(np.datetime64("2025-01-06"), 7)
    assert days.weekday.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert days.rest.tolist() == [False] * 5 + [True] * 2


def test_chinas_made_up_working_days_are_worked():
    """2025: Spring Festival 28 January to 4 February, Sunday 26 January and Saturday 8 worked."""
    days = describe_days(np.datetime64("2025-01-01"), 60, country="CN")
    for date in ("2025-01-26", "2025-02-08"):
        assert days.kind[at(days, date)] == WORKING_DAY
        assert not days.rest[at(days, date)]
    assert (days.kind[at(days, "2025-01-28") : at(days, "2025-02-04") + 1] != ORDINARY).sum() >= 6
    assert days.kind[at(days, "2025-02-04")] == HOLIDAY
    assert days.columns["eve"][at(days, "2025-01-27")] == 1
    assert days.columns["after"][at(days, "2025-02-05")] == 1


def test_days_off_in_lieu_bear_the_name_of_their_holiday():
    days = describe_days(np.datetime64("2025-09-20"), 30, country="CN")
    names = [name for name in days.columns if name.startswith("holiday ")]
    assert all("substituted" not in name and "off" not in name for name in names)


def test_an_unpublished_chinese_year_is_told_loudly_unless_the_plan_has_it():
    first = np.datetime64("2031-12-01")
    assert any("2031" in note for note in describe_days(first, 20, country="CN").notices)
    own = pd.DataFrame({"date": ["2031-02-02"], "kind": ["working_day"], "name": [""]})
    assert describe_days(first, 20, country="CN", calendar=own).notices == ()


def test_feasts_whose_day_is_only_estimated_are_told_loudly_unless_the_plan_has_them():
    """Eid al-Fitr 2031 in the Emirates: by the moon, about 24 January."""
    first = np.datetime64("2031-01-15")
    (note,) = describe_days(first, 20, country="AE").notices
    assert note.startswith("WARNING")
    assert "Eid al-Fitr (2031-01-24)" in note
    announced = [f"2031-01-{day}" for day in range(20, 31)]
    own = pd.DataFrame({"date": announced, "kind": "holiday", "name": "Eid al-Fitr"})
    assert describe_days(first, 20, country="AE", calendar=own).notices == ()
    assert describe_days(np.datetime64("2025-03-20"), 30, country="AE").notices == ()


def test_the_plans_calendar_overrides_the_country():
    own = pd.DataFrame(
        {
            "date": ["2025-10-01", "2025-10-05", "2025-10-10"],
            "kind": ["working_day", "closed", "event"],
            "name": ["", "stocktaking", "sale"],
            "queue": ["", None, "chat"],
            "factor": [np.nan, np.nan, 1.5],
        }
    )
    first = np.datetime64("2025-10-01")
    chat = describe_days(first, 20, "chat", "CN", own)
    assert chat.kind[0] == WORKING_DAY
    assert chat.kind[4] == CLOSED
    assert chat.log_factor[9] == pytest.approx(np.log(1.5))
    assert describe_days(first, 20, "phone", "CN", own).log_factor.sum() == 0


def test_a_friday_after_a_thursday_holiday_is_a_bridge():
    own = pd.DataFrame({"date": ["2016-04-21"], "kind": ["holiday"], "name": ["Tiradentes"]})
    days = describe_days(np.datetime64("2016-04-18"), 14, calendar=own)
    assert np.flatnonzero(days.bridge).tolist() == [4]


def test_a_like_day_shares_one_effect_with_its_model():
    own = pd.DataFrame(
        {"date": ["2025-11-11"], "kind": ["event"], "name": ["sale"], "like": ["2025-06-18"]}
    )
    days = describe_days(np.datetime64("2025-06-01"), 200, calendar=own)
    column = days.columns["like 2025-06-18"]
    assert np.flatnonzero(column).tolist() == [at(days, "2025-06-18"), at(days, "2025-11-11")]
    assert days.like[at(days, "2025-11-11")] == at(days, "2025-06-18")


def test_a_like_day_outside_the_history_is_told():
    own = pd.DataFrame(
        {"date": ["2025-11-11"], "kind": ["event"], "name": ["sale"], "like": ["2020-06-18"]}
    )
    days = describe_days(np.datetime64("2025-11-01"), 20, calendar=own)
    assert "2020-06-18" in days.notices[0]


def test_an_unknown_country_is_refused():
    with pytest.raises(ValueError, match="XX"):
        describe_days(np.datetime64("2025-11-01"), 20, country="XX")
