import numpy as np
import pandas as pd
import pytest

from forecasts import backtest
from forecasts.backtesting import poisson_deviation, summarise

from .conftest import make_history


def test_errors_worked_by_hand():
    start = pd.to_datetime(["2025-01-06 09:00", "2025-01-06 10:00", "2025-01-14 09:00"])
    rows = pd.DataFrame(
        {
            "queue": "phone", "origin": pd.Timestamp("2025-01-06"), "start": start,
            "actual": [10.0, 20.0, 30.0], "volume": [14.0, 18.0, 30.0],
            "baseline": [0.0, 20.0, 20.0],
            "q0.025": 0.0, "q0.1": [11.0, 11.0, 30.0], "q0.9": 25.0, "q0.975": 30.0,
        }
    )  # fmt: skip
    days = pd.DataFrame(
        {
            "queue": "phone", "origin": pd.Timestamp("2025-01-06"),
            "date": pd.to_datetime(["2025-01-06", "2025-01-14"]),
            "actual": [30.0, 30.0], "volume": [32.0, 30.0],
            "q0.025": 20.0, "q0.1": [31.0, 25.0], "q0.9": 40.0, "q0.975": [30.0, 40.0],
        }
    )  # fmt: skip
    errors = summarise(rows, days).set_index(["cut", "value"])
    whole = errors.loc[("all", "")]
    assert whole["wape"] == pytest.approx(100 * 6 / 60)
    assert whole["wape_day"] == pytest.approx(100 * 2 / 60)
    assert whole["baseline_wape"] == pytest.approx(100 * 20 / 60)
    assert whole["bias"] == pytest.approx(100 * 2 / 60)
    assert whole["cover_80"] == pytest.approx(100 / 3)
    assert whole["cover_95"] == pytest.approx(100)
    assert whole["cover_80_day"] == 50
    assert whole["cover_95_day"] == 100
    assert errors.loc[("weekday", "Mon"), "cover_80_day"] == 0
    assert errors.loc[("hour", "09:00"), "wape"] == pytest.approx(100 * 4 / 40)
    assert np.isnan(errors.loc[("hour", "09:00"), "cover_80_day"])
    assert errors.loc[("week_ahead", "1"), "contacts"] == 30
    assert errors.loc[("weekday", "Tue"), "contacts"] == 30


def test_the_poisson_deviation_is_that_of_its_distribution():
    counts = np.random.default_rng(1).poisson(2.5, 400_000)
    assert poisson_deviation(np.array([2.5]))[0] == pytest.approx(
        np.abs(counts - 2.5).mean(), rel=0.01
    )


def test_a_pure_poisson_history_is_forecast_near_its_floor_and_its_future_is_not_used():
    found = backtest(make_history(n_days=84), days=7, origins=3)
    whole = found.errors[found.errors["cut"] == "all"].iloc[0]
    assert whole["poisson_floor"] < whole["wape"] * 1.03
    assert whole["wape"] < whole["baseline_wape"]
    assert (found.rows["start"] >= found.rows["origin"]).all()
    assert found.rows["origin"].nunique() == 3
    of_days = found.rows.groupby(["origin", found.rows["start"].dt.normalize()])["actual"].sum()
    assert found.days["actual"].tolist() == of_days.loc[found.days["origin"].unique()].tolist()


def test_a_history_too_short_is_refused():
    with pytest.raises(ValueError, match="49 days on"):
        backtest(make_history(n_days=30))
