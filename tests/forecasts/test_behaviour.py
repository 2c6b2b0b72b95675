import numpy as np
import pandas as pd
import pytest

from forecasts import estimate_behaviour
from forecasts.shrinkage import shrink_cells


def log(**columns):
    return pd.DataFrame({"queue": "phone", **columns})


def made(n=6000, patience_s=120.0, aht_s=240.0, seed=0, **more):
    """Calls whose wait is exponential of mean 60 s; who hangs up first is counted."""
    rng = np.random.default_rng(seed)
    arrived = pd.Timestamp("2025-01-06 09:00") + pd.to_timedelta(
        np.sort(rng.uniform(0, 60 * 86400, n)), unit="s"
    )
    waits, patience = rng.exponential(60, n), rng.exponential(patience_s, n)
    gone = patience < waits
    answered = arrived + pd.to_timedelta(np.minimum(waits, patience), unit="s")
    ended = answered + pd.to_timedelta(np.where(gone, 0, rng.exponential(aht_s, n)), unit="s")
    return log(
        arrived=arrived, answered=answered.where(~gone), ended=ended,
        outcome=np.where(gone, "abandoned", "handled"), **more,
    )  # fmt: skip


def test_figures_worked_by_hand():
    """Four calls: 10 s and 50 s waited and served (100 s, 300 s), 30 s and hung up, and a bot's."""
    at = pd.to_datetime(["2025-01-06 09:00:00"] * 4)
    told = log(
        arrived=at,
        answered=[at[0] + pd.Timedelta("10s"), at[0] + pd.Timedelta("50s"), None, None],
        ended=[at[0] + pd.Timedelta(s, "s") for s in (110, 350, 30, 5)],
        outcome=["handled", "handled", "Abandoned", "bot"],
    )
    row = estimate_behaviour(told).by_queue.iloc[0]
    assert row["contacts"] == 4
    assert row["patience_s"] == pytest.approx(90)
    assert row["abandoned_share"] == pytest.approx(1 / 3)
    assert row["deflected_share"] == pytest.approx(1 / 4)
    assert row["aht_s"] == pytest.approx(200)
    assert row["aht_cv"] == pytest.approx(0.5)
    assert np.isnan(row["fcr"])


def test_patience_censored_by_answers_is_found():
    row = estimate_behaviour(made()).by_queue.iloc[0]
    assert row["patience_s"] == pytest.approx(120, rel=0.06)
    assert row["abandoned_share"] == pytest.approx(1 / 3, abs=0.02)


def test_a_customer_who_comes_again_within_a_week_was_not_served():
    """Anna asks again after three days, then no more; the last week of the log is not judged."""
    days = ["2025-01-06", "2025-01-09", "2025-01-06", "2025-01-30", "2025-01-31"]
    at = pd.to_datetime(days) + pd.Timedelta(hours=9)
    told = log(arrived=at, answered=at, ended=at + pd.Timedelta("60s"),
               customer=["anna", "anna", "ben", "ben", "eve"])  # fmt: skip
    assert estimate_behaviour(told).by_queue["fcr"][0] == pytest.approx(2 / 3)


def test_cells_are_drawn_to_the_type_and_empty_ones_take_it():
    big = made(20_000, patience_s=120).assign(queue="big", contact_type="inquiry")
    small = made(60, patience_s=120, seed=3).assign(queue="small", contact_type="inquiry")
    found = estimate_behaviour(pd.concat([big, small])).by_hour
    share = found.pivot_table(index=["weekday", "hour"], columns="queue", values="abandoned_share")
    assert len(share.dropna()) == 7 * 24
    assert share["small"].std() < 0.05
    level = (small["outcome"] == "abandoned").mean()
    assert share["small"].mean() == pytest.approx(level, abs=0.05)


def test_the_pace_of_beginners_and_of_ai_is_found_apart():
    """Beginners take half as long again, AI saves a fifth, and beginners have it more often."""
    rng = np.random.default_rng(5)
    n = 30_000
    new = rng.random(n) < 0.3
    helped = rng.random(n) < np.where(new, 0.8, 0.3)
    at = pd.Timestamp("2025-01-06") + pd.to_timedelta(np.sort(rng.uniform(0, 40, n)), unit="D")
    mean = 200 * np.where(new, 1.5, 1.0) * np.where(helped, 0.8, 1.0)
    told = log(
        arrived=at, answered=at, ended=at + pd.to_timedelta(rng.exponential(mean), unit="s"),
        tenure_months=np.where(new, 0.5, 24), ai_assisted=np.where(helped, "yes", "no"),
    )  # fmt: skip
    pace = estimate_behaviour(told).pace.set_index(["kind", "value"])
    assert pace.loc[("tenure", "0"), "factor"] == pytest.approx(1.5, abs=0.06)
    assert pace.loc[("ai", "yes"), "factor"] == pytest.approx(0.8, abs=0.03)
    assert (pace["low"] < pace["factor"]).all()


def test_a_log_that_tells_little_gives_what_it_can():
    found = estimate_behaviour(log(arrived=["2025-01-06 09:00", "nonsense"]))
    assert found.by_queue["contacts"].tolist() == [1]
    assert found.by_queue["patience_s"].isna().all()
    assert found.pace.empty


def test_a_log_without_queues_is_refused():
    with pytest.raises(ValueError, match="lacks queue"):
        estimate_behaviour(pd.DataFrame({"arrived": []}))
    with pytest.raises(ValueError, match="no row"):
        estimate_behaviour(log(arrived=["nonsense"]))


def test_noise_is_shrunk_away_and_truth_is_not():
    rng = np.random.default_rng(2)
    weight = np.full(168, 50.0)
    same = rng.binomial(50, 0.3, 168).astype(float)
    centre = np.full(168, 0.3)
    assert np.abs(shrink_cells(same, weight, centre, 0.21) - 0.3).max() < 0.06
    truth = np.where(np.arange(168) < 84, 0.1, 0.5)
    apart = shrink_cells(rng.binomial(50, truth) * 1.0, weight, centre, 0.21)
    assert np.corrcoef(apart, truth)[0, 1] > 0.9
