import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from forecasts import forecast, forecast_detail

from .conftest import WEEKDAY_LEVEL, make_history


def wape(actual, predicted):
    return float(np.abs(actual - predicted).sum() / actual.sum())


def test_the_table_has_a_row_per_open_interval_and_a_column_per_quantile():
    table = forecast(make_history(weekdays=range(6)), 14, quantiles=(0.05, 0.5, 0.95))
    assert list(table.columns) == ["queue", "start", "volume", "aht_s", "q0.05", "q0.5", "q0.95"]
    assert len(table) == 12 * 24
    assert table["start"].min() == pd.Timestamp("2025-05-26 08:00")
    assert not table.duplicated(["queue", "start"]).any()
    assert (table["q0.05"] <= table["q0.5"]).all()
    assert (table["q0.5"] <= table["q0.95"]).all()


def test_a_known_truth_is_forecast_within_its_noise():
    history = make_history(n_days=168, day_cv=0.05)
    past = history[history["start"] < "2025-05-26"]
    future = history[history["start"] >= "2025-05-26"]
    joined = future.merge(forecast(past, 28), on=["queue", "start"])
    assert len(joined) == len(future)
    truth = make_history(n_days=168, noise=False).merge(joined, on=["queue", "start"])
    assert wape(truth["volume"], truth["volume_y"]) < 0.04
    inside = (joined["volume_x"] >= joined["q0.1"]) & (joined["volume_x"] <= joined["q0.9"])
    assert inside.mean() == pytest.approx(0.8, abs=0.06)


def test_the_day_factor_and_day_totals_are_told():
    detail = forecast_detail(make_history(n_days=210, day_cv=0.12), 28)
    assert detail.day_cv["phone"] == pytest.approx(0.12, abs=0.05)
    total = detail.table.groupby(detail.table["start"].dt.normalize())["volume"].sum()
    assert detail.days["volume"].to_numpy() == pytest.approx(total.to_numpy())
    assert "phone" in detail.summary()


def test_the_future_is_not_peeked_at():
    """Cutting the history at a day gives the forecast that was made on that day."""
    history = make_history(n_days=100)
    past = history[history["start"] < "2025-03-03"]
    early = forecast(past, 7)
    again = forecast(past.sample(frac=1, random_state=1), 7)
    pd.testing.assert_frame_equal(early, again)


def test_queues_do_not_touch_each_other():
    phone, mail = make_history(queue="电话"), make_history(queue="邮件", per_day=100, seed=1)
    both = forecast(pd.concat([phone, mail]), 7)
    alone = forecast(mail, 7)
    found = both[both["queue"] == "邮件"].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, alone)


def test_start_may_lie_later():
    table = forecast(make_history(), 7, start="2025-06-09")
    assert table["start"].min() == pd.Timestamp("2025-06-09 08:00")
    with pytest.raises(ValueError, match="not after the last day"):
        forecast(make_history(), 7, start="2025-01-09")


def test_prescribed_opening_hours_are_kept_exactly():
    starts = pd.DatetimeIndex(["2025-05-26 07:30", "2025-05-26 10:00", "2025-06-01 21:00"])
    detail = forecast_detail(make_history(), 7, open_hours={"phone": starts})
    assert detail.table["start"].tolist() == starts.tolist()
    assert (detail.table["volume"] > 0).all()
    assert any("never seen open" in note for note in detail.notices)


def test_fewer_hours_do_not_squeeze_the_day_into_them():
    usual = forecast(make_history(), 1)
    starts = pd.DatetimeIndex(usual["start"][:10])
    fewer = forecast(make_history(), 1, open_hours={"phone": starts})
    assert fewer["volume"].to_numpy() == pytest.approx(usual["volume"][:10].to_numpy())


def test_three_weeks_of_history_are_enough():
    table = forecast(make_history(n_days=21), 7)
    daily = table.groupby(table["start"].dt.day_of_week)["volume"].sum().to_numpy()
    assert daily == pytest.approx(600 * WEEKDAY_LEVEL, rel=0.1)


def test_one_day_of_history_gives_something_and_says_so():
    detail = forecast_detail(make_history(n_days=1), 7)
    assert len(detail.table) == 24
    assert any("too short" in note for note in detail.notices)


def test_one_interval_a_day():
    starts = pd.date_range("2025-01-06 09:00", periods=84)
    history = pd.DataFrame({"queue": "post", "start": starts, "volume": 40.0})
    table = forecast(history, 7)
    assert (table["start"].dt.hour == 9).all()
    assert table["volume"].to_numpy() == pytest.approx(np.full(7, 40.0), rel=0.02)


def test_a_sparse_queue_keeps_its_mean():
    rng = np.random.default_rng(7)
    starts = pd.date_range("2025-01-06", periods=24 * 140, freq="h")
    history = pd.DataFrame({"queue": "vip", "start": starts, "volume": rng.poisson(0.1, 24 * 140)})
    table = forecast(history, 28)
    assert table["volume"].sum() == pytest.approx(0.1 * 24 * 28, rel=0.25)
    assert (table["q0.1"] == 0).all()


def test_a_queue_closed_in_the_whole_horizon_has_no_row():
    """The history ends on a Friday; Saturday was never open."""
    friday = make_history(weekdays=range(5), n_days=138)
    assert forecast(friday, 1).empty
    assert len(forecast(friday, 3)) == 24


def test_handle_times_are_forecast():
    history = make_history().assign(aht_s=240.0)
    assert forecast(history, 7)["aht_s"].to_numpy() == pytest.approx(240.0)


def test_a_level_shift_after_a_long_gap_is_followed():
    old = make_history("2024-01-01", 31, per_day=900)
    new = make_history("2024-10-07", 28, per_day=600, seed=3)
    table = forecast(pd.concat([old, new]), 7)
    assert table["volume"].sum() == pytest.approx(600 * WEEKDAY_LEVEL.sum(), rel=0.05)


@pytest.mark.parametrize(
    "options", [{"days": 0}, {"days": 7, "quantiles": (0.0,)}, {"days": 7, "country": "XX"}]
)
def test_senseless_options_are_refused(options):
    with pytest.raises(ValueError, match=r"days|quantiles|XX"):
        forecast(make_history(n_days=28), **options)


def test_the_us_bank_is_forecast_better_than_by_its_last_weekdays(real_data):
    """One origin: below the 6.8 % that the mean of 8 same weekdays reaches over twelve."""
    table = pd.read_csv(real_data / "bank_us_2003_30min.csv", parse_dates=["ts"])
    history = pd.DataFrame({"queue": "calls", "start": table["ts"], "volume": table["calls"]})
    cut = pd.Timestamp("2003-08-16")
    future = history[(history["start"] >= cut) & (history["start"] < cut + pd.Timedelta(days=28))]
    joined = future.merge(forecast(history[history["start"] < cut], 28), on=["queue", "start"])
    assert wape(joined["volume_x"], joined["volume_y"]) < 0.065


def test_ranges_widen_over_a_year_ahead():
    days = forecast_detail(make_history(n_days=400), 365).days
    width = ((days["q0.9"] - days["q0.1"]) / days["volume"]).to_numpy()
    months = [width[first : first + 28].mean() for first in (0, 28, 168, 336)]
    assert months == sorted(months)
    assert months[-1] > 1.5 * months[0]


def test_a_later_start_is_as_uncertain_as_the_same_days_of_a_long_horizon():
    history = make_history(n_days=200)
    whole, late = forecast(history, 90), forecast(history, 7, start="2025-10-16")
    same = whole[whole["start"] >= "2025-10-16"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, late)


def test_after_a_long_gap_errors_from_before_it_are_learnt_from():
    old = make_history("2024-01-01", 60, day_cv=0.3)
    new = make_history("2024-10-07", 14, seed=3, day_cv=0.3)
    wide = forecast_detail(pd.concat([old, new]), 7)
    assert wide.spread["phone"].origins >= 4
    assert wide.day_cv["phone"] > 0.2


def test_days_off_that_the_plan_knows_are_not_called_missing():
    history = make_history()
    history = history[history["start"].dt.strftime("%Y-%m-%d") != "2025-03-05"]
    own = pd.DataFrame({"date": ["2025-03-05"], "kind": ["closed"], "name": ["stocktaking"]})
    assert any("2025-03-05" in note for note in forecast_detail(history, 7).notices)
    assert forecast_detail(history, 7, calendar=own).notices == ()


def test_every_outlier_is_listed_with_what_was_expected():
    history = make_history(n_days=140)
    odd = history["start"].dt.strftime("%Y-%m-%d").isin(["2025-03-04", "2025-04-09"])
    history.loc[odd, "volume"] *= 4
    found = forecast_detail(history, 7).outliers
    assert found["date"].dt.strftime("%Y-%m-%d").tolist() == ["2025-03-04", "2025-04-09"]
    assert found["ratio"].to_numpy() == pytest.approx(4, rel=0.25)
    assert found["expected"].to_numpy() == pytest.approx(found["volume"] / found["ratio"])


_SCRIPT = """
import numpy as np, pandas as pd, forecasts
start = pd.date_range("2025-01-06", periods=200 * 48, freq="30min")
rate = 20 + 15 * np.sin(np.arange(len(start)) * 2 * np.pi / 48)
volume = np.random.default_rng(3).poisson(rate)
history = pd.DataFrame({"queue": "phone", "start": start, "volume": volume})
print(forecasts.forecast(history, 14)["volume"].map(float.hex).str.cat())
"""


def test_threads_of_the_linear_algebra_do_not_show():
    told = {
        subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(told) == 1
