import numpy as np
import pandas as pd
import pytest

from forecasts.daily import forecast_daily, weekday_means
from forecasts.effects import describe_days

from .conftest import WEEKDAY_LEVEL

FIRST = np.datetime64("2025-01-06")


def totals(n, rng=None, level=400.0):
    mean = level * WEEKDAY_LEVEL[np.arange(n) % 7]
    return mean if rng is None else rng.poisson(mean).astype(float)


def test_a_pure_weekday_pattern_is_continued():
    days = describe_days(FIRST, 154)
    found = forecast_daily(totals(140), days, np.arange(140, 154))
    assert found.total() == pytest.approx(totals(154)[140:], rel=0.01)
    assert not found.weak


def test_one_absurd_day_hardly_moves_the_forecast_and_is_told():
    rng = np.random.default_rng(3)
    series = totals(140, rng)
    days, horizon = describe_days(FIRST, 154), np.arange(140, 154)
    clean = forecast_daily(series, days, horizon).total()
    series[135] *= 10
    found = forecast_daily(series, days, horizon)
    assert found.total() == pytest.approx(clean, rel=0.04)
    assert 135 in [day for day, _ in found.outliers]


def test_a_stated_factor_leaves_the_history_and_enters_the_forecast():
    own = pd.DataFrame(
        {
            "date": [str(FIRST + 100), str(FIRST + 145)],
            "kind": "event",
            "name": "campaign",
            "factor": [2.0, 3.0],
        }
    )
    series = totals(140)
    series[100] *= 2
    days = describe_days(FIRST, 154, calendar=own)
    found = forecast_daily(series, days, np.arange(140, 154)).total()
    truth = totals(154)[140:]
    truth[5] *= 3
    assert found == pytest.approx(truth, rel=0.01)


def test_an_event_without_a_factor_is_learnt_from_its_name():
    dates = [str(FIRST + day) for day in (50, 80, 110, 145)]
    own = pd.DataFrame({"date": dates, "kind": "event", "name": "newsletter"})
    series = totals(140)
    series[[50, 80, 110]] *= 1.6
    days = describe_days(FIRST, 154, calendar=own)
    found = forecast_daily(series, days, np.arange(140, 154)).total()
    assert found[5] == pytest.approx(1.6 * totals(154)[145], rel=0.1)
    assert found[4] == pytest.approx(totals(154)[144], rel=0.02)


def test_an_unseen_holiday_is_like_the_rest_day():
    own = pd.DataFrame({"date": [str(FIRST + 142)], "kind": "holiday", "name": "first"})
    days = describe_days(FIRST, 154, calendar=own)
    found = forecast_daily(totals(140), days, np.arange(140, 154)).total()
    assert found[2] == pytest.approx(400 * WEEKDAY_LEVEL[6], rel=0.05)


def test_a_made_up_saturday_is_like_a_working_day():
    own = pd.DataFrame({"date": [str(FIRST + 145)], "kind": "working_day", "name": ""})
    days = describe_days(FIRST, 154, calendar=own)
    found = forecast_daily(totals(140), days, np.arange(140, 154)).total()
    assert found[5] == pytest.approx(400 * WEEKDAY_LEVEL[:5].mean(), rel=0.05)


def test_a_driver_known_ahead_is_used():
    rng = np.random.default_rng(5)
    visits = rng.normal(0, 1, 154)
    table = pd.DataFrame(
        {"date": [str(FIRST + d) for d in range(154)], "driver": "visits", "value": visits}
    )
    truth = totals(154) * np.exp(0.3 * visits)
    days = describe_days(FIRST, 154, drivers=table)
    plain = describe_days(FIRST, 154)
    horizon = np.arange(140, 154)

    def error(told):
        return np.abs(forecast_daily(truth[:140], told, horizon).total() / truth[140:] - 1).mean()

    assert error(days) < 0.6 * error(plain)


def test_a_weak_series_takes_weekday_means():
    rng = np.random.default_rng(2)
    series = rng.poisson(1.0, 140).astype(float)
    found = forecast_daily(series, describe_days(FIRST, 147), np.arange(140, 147))
    assert found.weak
    assert found.total() == pytest.approx(np.full(7, 1.0), abs=0.5)


def test_weekday_means_of_a_level_that_changed_over_a_gap_are_those_after_it():
    series = totals(300)
    series[30:270] = np.nan
    series[270:] *= 2
    means = weekday_means(series, describe_days(FIRST, 300))
    assert means == pytest.approx(800 * WEEKDAY_LEVEL, rel=0.05)


def test_a_steady_fall_is_followed_better_than_by_weekday_means_alone():
    """3 % a week, without noise: means of 8 weeks lie 15 % above the week to come."""
    fall = 0.97 ** (np.arange(77) / 7)
    series, truth = totals(70) * fall[:70], (totals(77) * fall)[70:]
    days = describe_days(FIRST, 77)
    found = forecast_daily(series, days, np.arange(70, 77)).total()
    means = weekday_means(series, days)[days.weekday[70:]]
    assert (means / truth).mean() > 1.14
    assert 1.0 < (found / truth).mean() < 1.11
