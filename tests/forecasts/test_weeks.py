from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasts import backtest, forecast_detail, sample_paths, update, week_totals
from forecasts.intervals import Spread, count_quantile
from forecasts.predict import Forecast
from forecasts.weeks import correlation_of_days, learn_persistence

from .conftest import make_history

ORIGINS, DAYS = 12, 28


def errors_of(table):
    """Log errors, shape (origins, days), on days a week apart."""
    index = pd.MultiIndex.from_tuples(
        [(7 * o, 7 * o + d) for o in range(len(table)) for d in range(table.shape[1])],
        names=["origin", "day"],
    )
    return pd.Series(table.ravel(), index=index)


def test_errors_that_never_fade_are_shared_by_all_days():
    """Correlation 1 at every distance, from 12 origins against a default that counts for 6.

    Lasting: 2/3 x 1 + 1/3 x 0.1 = 0.7. Fading is what is left of the default: 0.35 / 3.
    """
    table = np.where(np.arange(ORIGINS) % 2, 0.1, -0.1)[:, None] * np.ones(DAYS)
    found = learn_persistence(errors_of(table), np.zeros(table.size))
    assert found == pytest.approx((0.7, 0.35 / 3))


def test_errors_that_fade_from_day_to_day_do_not_last():
    rng = np.random.default_rng(1)
    table = rng.standard_normal((60, DAYS)) * 0.1
    for d in range(1, DAYS):
        table[:, d] = 0.7 * table[:, d - 1] + np.sqrt(1 - 0.49) * table[:, d]
    lasting, fading = learn_persistence(errors_of(table), np.zeros(table.size))
    assert lasting < 0.1
    assert fading > 0.8


def test_poisson_noise_hides_no_correlation():
    """Half of the variance is noise of the day's own: the factors are twice as correlated."""
    rng = np.random.default_rng(2)
    lasting = 0.1 * rng.standard_normal((60, 1)) * np.ones(DAYS)
    table = lasting + 0.1 * rng.standard_normal((60, DAYS))
    assert learn_persistence(errors_of(table), np.full(table.size, 0.01))[0] > 0.75
    assert learn_persistence(errors_of(table), np.zeros(table.size))[0] < 0.6


def test_without_past_errors_the_default_stands():
    assert learn_persistence(pd.Series(dtype=float), np.empty(0)) == (0.1, 0.35)


def test_correlation_by_hand():
    found = correlation_of_days(Spread(0.1, 0.0, lasting=0.2, fading=0.5), np.array([1, 2, 4]))
    assert found[0] == pytest.approx([1.0, 0.2 + 0.5 * 0.7, 0.2 + 0.5 * 0.343])
    assert found == pytest.approx(found.T)


def a_week(spread):
    """Seven days of 1,000 from a Monday on, and one more."""
    dates = pd.date_range("2025-06-02", periods=8)
    days = pd.DataFrame({"queue": "phone", "date": dates, "volume": 1000.0, "q0.1": 0, "q0.9": 0})
    last = pd.Timestamp("2025-06-01")
    return Forecast(pd.DataFrame(), days, {"phone": 0.1}, (), {"phone": spread}, last_day=last)


@pytest.mark.parametrize(
    ("lasting", "variance"),
    [(0.0, 7 * 1000 + 7 * 100.0**2), (1.0, 7 * 1000 + (7 * 100.0) ** 2)],
)
def test_a_week_by_hand(lasting, variance):
    """Day factors of 10 %: apart their squares add up, together they themselves do."""
    found = week_totals(a_week(Spread(0.1, 0.0, lasting=lasting)))
    assert found["week"].tolist() == [pd.Timestamp("2025-06-02"), pd.Timestamp("2025-06-09")]
    assert found["days"].tolist() == [7, 1]
    assert found["volume"].tolist() == [7000, 1000]
    for level in (0.1, 0.9):
        whole = count_quantile(np.array([7000.0]), np.array([variance]), level)[0]
        assert found[f"q{level:g}"].iloc[0] == whole


def test_weeks_start_where_they_are_asked_to():
    found = week_totals(a_week(Spread(0.1, 0.0)), first_weekday=3)
    assert found["week"].tolist() == [pd.Timestamp("2025-05-29"), pd.Timestamp("2025-06-05")]
    assert found["days"].tolist() == [3, 5]


@pytest.fixture(scope="module")
def detail():
    return forecast_detail(make_history(n_days=210, day_cv=0.12), 28)


def test_a_week_of_one_day_is_that_day(detail):
    one = replace(detail, days=detail.days.head(1))
    found = week_totals(one)
    for column in ("volume", "q0.1", "q0.5", "q0.9"):
        assert found[column].tolist() == one.days[column].tolist()


@pytest.mark.parametrize(("lasting", "fading"), [(0.0, 0.0), (0.3, 0.4)])
def test_paths_of_weeks_are_as_wide_as_the_table_of_weeks(detail, lasting, fading):
    spread = replace(detail.spread["phone"], lasting=lasting, fading=fading)
    asked = replace(detail, spread={"phone": spread})
    start = asked.table["start"].dt.normalize()
    week = ((start - start.min()).dt.days // 7).to_numpy()
    paths = pd.DataFrame(sample_paths(asked, 4000)["phone"].T).groupby(week).sum().to_numpy()
    weeks = week_totals(asked, asked.table["start"].iloc[0].day_of_week)
    for level in (0.1, 0.5, 0.9):
        below = (paths <= weeks[f"q{level:g}"].to_numpy()[:, None]).mean()
        assert below == pytest.approx(level, abs=0.025)


def test_a_forecast_without_open_days_has_no_weeks(detail):
    found = week_totals(replace(detail, days=detail.days.head(0)))
    assert found.empty
    assert list(found.columns) == ["queue", "week", "days", "volume", "q0.1", "q0.5", "q0.9"]
    short = backtest(make_history(n_days=40), 5, 1)
    assert short.weeks.empty
    assert short.errors["cover_80_week"].isna().all()


def test_an_updated_forecast_has_no_weeks(detail):
    morning = detail.table.head(5)[["queue", "start", "volume"]]
    with pytest.raises(ValueError, match="updated"):
        week_totals(update(detail, morning))


def test_where_levels_wander_weeks_are_wider_than_days_apart_would_be():
    """A level that keeps 0.8 of its way from day to day."""
    rng, days = np.random.default_rng(0), 250
    wander = np.zeros(days)
    for d in range(1, days):
        wander[d] = 0.8 * wander[d - 1] + 0.06 * rng.standard_normal()
    starts = pd.date_range("2024-01-01 09:00", periods=days)
    history = pd.DataFrame(
        {"queue": "x", "start": starts, "volume": rng.poisson(2000 * np.exp(wander))}
    )
    found = backtest(history, 16, 3)
    weeks = found.weeks
    assert len(weeks) == 3 * 2  # the two days that are left of the third week are none
    assert (weeks["days"] == 7).all()
    came = history.set_index("start")["volume"].rolling("7D").sum()
    ends = weeks["week"] + pd.Timedelta("6D 9h")
    assert weeks["actual"].tolist() == came[ends].tolist()
    day_width = (found.days["q0.9"] - found.days["q0.1"]).mean()
    assert (weeks["q0.9"] - weeks["q0.1"]).mean() > 1.2 * np.sqrt(7) * day_width
    inside = weeks["actual"].between(weeks["q0.1"], weeks["q0.9"])
    told = found.errors.set_index(["cut", "value"])["cover_80_week"]
    assert told["all", ""] == pytest.approx(100 * inside.mean())
    assert told["week_ahead", "2"] == pytest.approx(100 * inside[1::2].mean())
    assert np.isnan(told["weekday", "Mon"])
