import numpy as np
import pytest

from forecasts.daily import model_weights
from forecasts.design import Design, make_design
from forecasts.effects import describe_days
from forecasts.shape import Shapes, shape_weights
from forecasts.structural import forecast_structural

N, AHEAD = 280, 14


def weekly_design(n):
    columns = np.column_stack([np.ones(n), np.eye(7)[np.arange(n) % 7]])
    return Design(columns, np.array([[10.0] + [1.0] * 7]), np.ones(1))


def test_a_level_that_steps_is_followed():
    total = np.where(np.arange(N) < 200, 800.0, 1200.0)
    noisy = total * np.exp(0.02 * np.random.default_rng(1).standard_normal(N))
    found = forecast_structural(noisy, weekly_design(N + AHEAD), np.arange(N, N + AHEAD))[0]
    assert found == pytest.approx(1200.0, rel=0.03)


def test_a_steady_level_is_not_disturbed_by_its_last_week():
    total = 1000 * np.exp(0.03 * np.random.default_rng(2).standard_normal(N))
    total[-7:] *= 1.1
    found = forecast_structural(total, weekly_design(N + AHEAD), np.arange(N, N + AHEAD))[0]
    assert found == pytest.approx(1000.0, rel=0.04)


def test_a_passing_rise_is_not_taken_for_the_level_to_come():
    """Weeks that fade by 0.7 a week; the last stands at 0.12, so 0.084 and 0.029 are to come."""
    n, found = 560, []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        week = np.zeros(n // 7)
        for w in range(1, len(week) - 1):
            week[w] = 0.7 * week[w - 1] + 0.04 * rng.standard_normal()
        week[-1] = 0.12
        total = 1000 * np.exp(np.repeat(week, 7) + 0.02 * rng.standard_normal(n))
        ahead = forecast_structural(total, weekly_design(n + 28), np.arange(n, n + 28))[0]
        found.append(np.log(ahead.reshape(4, 7).mean(axis=1) / 1000))
    by_week = np.mean(found, axis=0)
    assert by_week[0] == pytest.approx(0.084, abs=0.015)
    assert by_week[3] < 0.65 * by_week[0]


def test_a_level_that_falls_week_by_week_goes_on_falling_for_a_while():
    """3 % a week for the last ten weeks: flat, the fourth week would be 13 % too high."""
    rng = np.random.default_rng(6)
    fall = -0.03 / 7 * np.maximum(np.arange(N + 28) - (N - 70), 0)
    total = 1000 * np.exp(fall[:N] + 0.02 * rng.standard_normal(N))
    found = forecast_structural(total, weekly_design(N + 28), np.arange(N, N + 28))[0]
    off = np.log(found / 1000).reshape(4, 7).mean(axis=1) - fall[N:].reshape(4, 7).mean(axis=1)
    assert (off > -0.01).all()
    assert off[0] < 0.02
    assert off[3] < 0.07


def month_design(total, days):
    rows = np.eye(7)[days.weekday]
    return make_design(days, rows, len(total), int((~np.isnan(total)).sum()), [])


def test_pay_days_are_found_and_believed_by_the_calendar_or_by_working_days():
    first = np.datetime64("2024-01-01")
    days = describe_days(first, N + 35)
    dates = first + np.arange(N + 35)
    noise = np.exp(0.04 * np.random.default_rng(4).standard_normal(N))
    by_calendar = (dates - dates.astype("datetime64[M]")).astype(int) < 3
    months = dates.astype("datetime64[M]")
    working = ~days.rest
    # The first working day of the month: no earlier working day in the same month.
    by_work = np.array([working[i] and not working[:i][months[:i] == months[i]].any()
                        for i in range(len(dates))])  # fmt: skip
    horizon = np.arange(N, N + 35)
    for marked, belief in ((by_calendar, "calendar"), (by_work, "working")):
        truth = 1000 * np.exp(0.4 * marked)
        total = truth[:N] * noise
        found, shares = forecast_structural(total, month_design(total, days), horizon)
        assert shares.argmax() == ["none", "calendar", "working"].index(belief)
        assert found == pytest.approx(truth[N:], rel=0.12)


def test_where_no_day_of_the_month_matters_none_is_believed():
    days = describe_days(np.datetime64("2024-01-01"), N + 35)
    total = 1000 * np.exp(0.05 * np.random.default_rng(5).standard_normal(N))
    found, shares = forecast_structural(total, month_design(total, days), np.arange(N, N + 35))
    assert shares[0] > 0.95
    assert found == pytest.approx(1000, rel=0.04)


def test_the_last_working_day_is_known_although_the_horizon_ends_before_the_month():
    first = np.datetime64("2024-01-01")
    long, short = (
        describe_days(first, n) for n in (160, 150)
    )  # 150 days end on 29 May, a Wednesday
    columns = [
        make_design(one, np.eye(7)[one.weekday], 140, 140, []).columns for one in (long, short)
    ]
    assert columns[0][:150] == pytest.approx(columns[1])


def test_a_model_twice_as_wrong_hardly_counts():
    actual = np.full(20, 100.0)
    by_model = np.exp(np.array([0.1, 0.2, 0.2]))[:, None] * actual
    weights = model_weights([(actual, by_model)] * 4)
    assert weights == pytest.approx(np.array([1024, 1, 1]) / 1026)


def test_with_few_origins_all_models_count_alike():
    actual = np.full(20, 100.0)
    by_model = np.array([1.0, 2.0, 3.0])[:, None] * actual
    assert model_weights([(actual, by_model)]) == pytest.approx(1 / 3)


def test_the_profile_that_fits_best_weighs_most():
    right, wrong = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.3, 0.5]])
    is_open = np.ones((1, 3), bool)
    shapes = [Shapes(one, is_open) for one in (wrong, right, wrong)]
    weights = shape_weights([(1000 * right, shapes)])
    assert weights.argmax() == 1
    assert weights[1] > 0.9
