import numpy as np
import pandas as pd
import pytest

from forecasts.history import HistoryError, infer_interval, read_history

from .conftest import make_history


def frame(starts, volumes, queue="a"):
    return pd.DataFrame({"queue": queue, "start": starts, "volume": volumes})


def test_interval_is_inferred_from_times_of_day():
    starts = pd.Series(pd.to_datetime(["2025-01-01 08:15", "2025-01-01 09:15", "2025-01-02 08:45"]))
    assert infer_interval(starts) == (30, 15)


def test_one_start_a_day_is_a_daily_interval():
    starts = pd.Series(pd.to_datetime(["2025-01-01 09:00", "2025-01-02 09:00"]))
    assert infer_interval(starts) == (1440, 540)


def test_missing_intervals_stay_unknown_when_zeros_are_listed():
    history = frame(["2025-01-01 08:00", "2025-01-01 09:00", "2025-01-02 08:00"], [5, 0, 7])
    (grid,), _ = read_history(history)
    assert grid.volume[0, 8] == 5
    assert grid.volume[0, 9] == 0
    assert np.isnan(grid.volume[1, 9])


def test_all_faults_are_told_at_once_with_their_rows():
    history = frame(["2025-01-01 08:00", "never", "2025-01-01 10:00"], ["five", "1", "-2"])
    with pytest.raises(HistoryError) as caught:
        read_history(history)
    told = {finding.code: finding.message for finding in caught.value.findings}
    assert set(told) == {"start", "volume", "negative"}
    assert "rows 3" in told["start"]
    assert "rows 2" in told["volume"]
    assert "rows 4" in told["negative"]


@pytest.mark.parametrize(
    ("history", "code"),
    [
        (pd.DataFrame({"queue": ["a"], "volume": [1]}), "columns"),
        (pd.DataFrame({"queue": [], "start": [], "volume": []}), "empty"),
        (frame(["2025-01-01 08:00"] * 2, [1, 2]), "duplicate"),
        (frame(["2025-01-01 08:00", "2025-01-01 08:01"], [1, 2]), "grid"),
    ],
)
def test_unreadable_histories_are_refused(history, code):
    with pytest.raises(HistoryError) as caught:
        read_history(history)
    assert [finding.code for finding in caught.value.findings] == [code]


def test_the_hour_that_comes_twice_in_autumn_is_averaged():
    starts = pd.date_range("2024-11-03 00:00", "2024-11-03 06:00", freq="h", tz="America/New_York")
    (grid,), findings = read_history(frame(starts, np.arange(len(starts)) * 10))
    assert grid.volume[0, 1] == 15
    assert [finding.code for finding in findings] == ["clock_change"]


def test_a_quiet_queue_without_zero_rows_had_zeros_in_opening_hours():
    history = make_history(per_day=20, n_days=70)
    listed = history[history["volume"] > 0]
    (grid,), findings = read_history(listed)
    assert findings[0].code == "zeros_filled"
    assert np.nansum(grid.volume == 0) == pytest.approx((history["volume"] == 0).sum(), rel=0.05)
    assert np.isnan(grid.volume[:, :16]).all()


def test_a_day_of_zeros_in_a_busy_queue_was_closed():
    history = make_history(n_days=28)
    history.loc[history["start"].dt.date == pd.Timestamp("2025-01-15").date(), "volume"] = 0
    (grid,), findings = read_history(history)
    assert np.isnan(grid.volume[9]).all()
    assert "2025-01-15" in findings[0].message


def test_all_queues_end_on_the_last_day_of_the_table():
    early = make_history(n_days=20, queue="邮件")
    late = make_history(n_days=28, queue="电话")
    grids, _ = read_history(pd.concat([early, late]))
    assert [grid.queue for grid in grids] == ["邮件", "电话"]
    assert [grid.n_days for grid in grids] == [28, 28]


def test_zeros_before_the_first_contact_are_a_queue_not_yet_open():
    history = make_history(n_days=60)
    history.loc[history["start"] < "2025-02-03", "volume"] = 0
    (grid,), findings = read_history(history)
    assert np.isnan(grid.volume[:28]).all()
    assert not np.isnan(grid.volume[28:, 16:40]).any()
    assert [finding.code for finding in findings] == ["not_yet_open"]


def test_zeros_at_the_start_of_a_quiet_queue_are_counts():
    history = make_history(n_days=60, per_day=1.5)
    history.loc[history["start"] < "2025-01-11", "volume"] = 0
    (grid,), _ = read_history(history)
    assert np.nansum(grid.volume[:5] == 0) == 5 * 24
