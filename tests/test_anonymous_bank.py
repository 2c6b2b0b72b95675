"""The plan that is made from a bank's call records (benchmarks/anonymous_bank.py)."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from scenarios.plan import load

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the bank's records are not part of the project"
)


@pytest.fixture(scope="module")
def bank():
    path = ROOT / "benchmarks" / "anonymous_bank.py"
    spec = importlib.util.spec_from_file_location("anonymous_bank", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calls(bank):
    return bank.read_calls(DATA)


@pytest.fixture(scope="module")
def folder(bank, tmp_path_factory):
    path = tmp_path_factory.mktemp("bank")
    bank.write_plan(DATA, path)
    return path


def test_calls_counted_are_those_of_the_published_half_hour_table(calls):
    table = pd.read_csv(DATA / "bank_il_1999_jan_oct_30min_bytype.csv", parse_dates=["iv"])
    table = table.set_index(["iv", "type"])
    for outcome in ("served", "abandoned"):
        found = calls[calls["outcome"] == outcome]
        found = found.groupby([found["entered"].dt.floor("30min"), "queue"]).size().sort_index()
        published = table.loc[table[outcome] > 0, outcome].sort_index()
        pd.testing.assert_series_equal(found, published, check_names=False, check_dtype=False)
    assert calls["waited_s"].sum() == table["wait_s_sum"].sum()


def test_a_call_reaches_the_queue_after_the_voice_menu_and_within_the_hour(calls):
    late_s = (calls["arrived"] - calls["entered"]).dt.total_seconds()
    assert late_s.median() == pytest.approx(9, abs=3)
    assert late_s.between(-300, 3600).all()
    assert calls["arrived"].is_monotonic_increasing


def test_opening_hours_are_an_israeli_week(bank, calls):
    hours = bank.opening_hours(calls[calls["arrived"] < bank.FIRST_DAY])
    long_day = (7 * 60, 24 * 60)
    assert hours == {
        **dict.fromkeys(("sun", "mon", "tue", "wed", "thu"), long_day),
        "fri": (7 * 60, 14 * 60),
        "sat": (19 * 60, 24 * 60),
    }


def test_the_plan_loads_and_knows_nothing_of_the_week_it_plans(folder):
    plan = load(folder)
    assert len(plan.queues) == 6
    assert len(plan.targets) == 12
    assert plan.history["start"].max() < pd.Timestamp("1999-10-24")
    assert plan.settings.weeks == 1


def test_history_has_a_row_for_every_open_half_hour_on_record_and_queue(folder):
    history = pd.read_csv(folder / "history.csv", parse_dates=["start"])
    days = history["start"].dt.normalize().nunique()
    # 31 + 23 days, of which 11 and 12 January are not on record.
    assert days == 52
    rows = history.groupby("queue").size()
    assert rows.min() == rows.max() == len(history) / 6
    assert history.loc[history["volume"] == 0, ["abandoned", "waited_s"]].eq(0).all(axis=None)
    assert (history["abandoned"] <= history["volume"]).all()


def test_patience_is_waiting_over_abandonments_by_hand(bank, folder, calls):
    known = calls[(calls["arrived"] >= "1999-10-01") & (calls["arrived"] < bank.FIRST_DAY)]
    new = known[(known["queue"] == "NW") & (known["arrived"].dt.hour >= 7)]
    by_hand = new["waited_s"].sum() / (new["outcome"] == "abandoned").sum()
    queues = pd.read_csv(folder / "queues.csv").set_index("queue")
    assert queues.loc["NW", "patience_s"] == pytest.approx(by_hand, rel=0.03)
    # New customers are the least patient of the large queues.
    assert (
        queues.loc["NW", "patience_s"] == queues.loc[["PS", "NE", "NW", "IN"], "patience_s"].min()
    )


def test_the_calls_to_replay_are_those_of_the_planned_week(folder):
    replayed = pd.read_csv(folder / "replay" / "calls.csv", parse_dates=["arrived"])
    assert list(replayed) == ["queue", "arrived", "handle_s", "waited_s", "outcome"]
    assert replayed["arrived"].is_monotonic_increasing
    assert replayed["arrived"].min() >= pd.Timestamp("1999-10-24")
    assert replayed["arrived"].max() < pd.Timestamp("1999-10-31")
    assert len(replayed) == 6720
    served = replayed["outcome"] == "served"
    assert replayed.loc[served, "handle_s"].notna().all()
    assert replayed.loc[~served, "handle_s"].isna().all()


def test_the_report_has_each_day_and_the_bank_itself_beside_it(bank, tmp_path):
    days = ["1999-10-24", "1999-10-24", "1999-10-24 to 1999-10-30", "1999-10-24 to 1999-10-30"]
    replay = pd.DataFrame(
        {
            "queue": ["PS", "all", "all", "NW"],
            "period": days,
            "measure": ["answered_within", "answered_within", "answered_within", "abandoned"],
            "promised": [0.8, 0.8, 0.81, 0.04],
            "simulated": [0.9, 0.85, 0.82, 0.05],
            "low": 0.65,
            "high": 0.75,
            "replayed": [0.6, 0.675, 0.83, 0.06],
            "offered": [300, 400, 6720, 1016],
        }
    )
    replay.to_csv(tmp_path / "replay.csv", index=False)
    lines = bank.report(tmp_path, DATA).splitlines()
    assert lines[4].startswith("| 1999-10-24 | PS | 300 | 0.800 | 0.900 | 0.65-0.75 | 0.600 | 0.8")
    assert lines[6] == "| week | all | 6720 | 0.810 | 0.820 | 0.65-0.75 | 0.830 | 0.779 |"
    assert lines[-1] == "| week | NW | 1016 | 0.040 | 0.050 | 0.65-0.75 | 0.060 | 0.152 |"


def test_the_bank_itself_is_weighed_by_its_calls(bank):
    week = bank.own_week(DATA)
    assert week["offered"].sum() == 6720
    own = bank._own(week, {"1999-10-24 to 1999-10-30"})
    by_hand = (week["answered_within"] * week["offered"]).sum() / 6720
    assert own.loc[("all", "1999-10-24 to 1999-10-30"), "answered_within"] == by_hand
