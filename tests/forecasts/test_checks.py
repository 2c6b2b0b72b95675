import numpy as np
import pandas as pd
import pytest

from forecasts import check_history

from .conftest import make_history


def errors(history):
    return [finding.code for finding in check_history(history) if finding.severity == "error"]


def test_a_sound_history_has_no_findings():
    assert check_history(make_history()) == []


def test_missing_days_are_named():
    history = make_history()
    history = history[history["start"].dt.date != pd.Timestamp("2025-03-05").date()]
    (finding,) = check_history(history)
    assert finding.code == "missing_days"
    assert "2025-03-05" in finding.message


def test_a_clock_that_slips_by_minutes_a_day_is_an_error():
    rng = np.random.default_rng(0)
    starts = pd.date_range("2025-01-06", periods=24 * 140, freq="h")
    slipped_h = np.arange(len(starts)) * 2 / 60 / 24
    for slip, expected in ((0.0, []), (1.0, ["clock_drift"])):
        angle = 2 * np.pi * (starts.hour - 13 - slip * slipped_h) / 24
        volume = rng.poisson(40 * (1 + 0.8 * np.cos(angle)))
        history = pd.DataFrame({"queue": "q", "start": starts, "volume": volume})
        assert errors(history) == expected


def test_faults_in_rows_do_not_hide_a_drifting_clock(real_data):
    table = pd.read_csv(real_data / "broken_clock_2017_15min.csv")
    history = pd.DataFrame({"queue": "q", "start": table["ts"], "volume": table["calls"]})
    assert errors(history) == ["clock_drift"]
    history.loc[0, "volume"] = -1
    assert errors(history) == ["negative", "clock_drift"]


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("bank_us_2003_30min.csv", "calls"),
        ("calls911_montgomery_2015_2016_hourly.csv", "total"),
        ("calls911_montgomery_2015_2016_hourly.csv", "EMS"),
        ("calls911_montgomery_2015_2016_hourly.csv", "Fire"),
        ("calls911_montgomery_2015_2016_hourly.csv", "Traffic"),
        ("tickets_uci_2016_hourly.csv", "tickets"),
    ],
)
def test_real_clocks_pass(real_data, file, column):
    table = pd.read_csv(real_data / file)
    history = pd.DataFrame({"queue": "q", "start": table["ts"], "volume": table[column]})
    assert errors(history) == []


def test_the_israeli_bank_passes_with_its_eight_month_gap(real_data):
    table = pd.read_csv(real_data / "bank_il_1999_jan_oct_30min_bytype.csv")
    history = pd.DataFrame(
        {"queue": table["type"], "start": table["iv"], "volume": table["offered"]}
    )
    assert errors(history) == []
    total = history.groupby("start", as_index=False)["volume"].sum()
    assert errors(total.assign(queue="all")) == []


def test_random_weeks_are_not_called_a_drift():
    rng = np.random.default_rng(1)
    starts = pd.date_range("2025-01-06", periods=24 * 200, freq="h")
    history = pd.DataFrame({"queue": "q", "start": starts, "volume": rng.poisson(2, len(starts))})
    assert errors(history) == []
