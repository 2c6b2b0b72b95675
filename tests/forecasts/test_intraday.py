import numpy as np
import pandas as pd
import pytest

from forecasts import forecast_detail, update

from .conftest import make_history


@pytest.fixture(scope="module")
def morning():
    return forecast_detail(make_history(n_days=210, day_cv=0.15), 3)


def half_day(detail, factor):
    first = detail.table.head(12)
    return pd.DataFrame(
        {"queue": "phone", "start": first["start"], "volume": first["volume"] * factor}
    )


def test_a_busy_morning_lifts_the_afternoon_and_tomorrow_a_little(morning):
    later = update(morning, half_day(morning, 1.3))
    ratio = (later.table["volume"] / morning.table["volume"]).to_numpy()
    assert ratio[:12] == pytest.approx(1.0)
    assert (ratio[12:24] > 1.15).all()
    assert (ratio[12:24] < 1.3).all()
    assert (ratio[24:48] > 1.0).all()
    assert (ratio[24:48] < ratio[12]).all()


def test_a_morning_as_expected_changes_no_mean_but_narrows_the_rest_of_the_day(morning):
    later = update(morning, half_day(morning, 1.0))
    assert later.table["volume"].to_numpy() == pytest.approx(morning.table["volume"].to_numpy())
    wide = (morning.table["q0.9"] - morning.table["q0.1"])[12:24].sum()
    narrow = (later.table["q0.9"] - later.table["q0.1"])[12:24].sum()
    assert narrow < wide


def test_the_day_total_is_what_came_and_what_is_to_come(morning):
    actual = half_day(morning, 1.3)
    later = update(morning, actual)
    assert later.days["volume"][0] == pytest.approx(
        actual["volume"].sum() + later.table["volume"][12:24].sum()
    )


def test_nothing_seen_changes_nothing(morning):
    nothing = half_day(morning, 1.0).head(0)
    later = update(morning, nothing, until=morning.table["start"].min())
    assert later.table["volume"].to_numpy() == pytest.approx(morning.table["volume"].to_numpy())


def test_actuals_below_zero_are_refused(morning):
    with pytest.raises(ValueError, match="below zero"):
        update(morning, half_day(morning, -1.0))


def test_counts_after_the_cut_are_not_peeked_at(morning):
    early = update(morning, half_day(morning, 1.3))
    late = morning.table.iloc[12:24].assign(volume=0.0)
    both = pd.concat([half_day(morning, 1.3), late[["queue", "start", "volume"]]])
    cut = update(morning, both, until=morning.table["start"][12])
    np.testing.assert_allclose(cut.table["volume"], early.table["volume"])


def test_the_last_hours_tell_the_next_ones_most():
    """Days with a factor that wanders: a busy hour before noon lifts the next hour, not evening."""
    rng = np.random.default_rng(4)
    history = make_history(n_days=210, per_day=6000, noise=False)
    wander = np.zeros(len(history))
    for k in range(1, len(wander)):
        wander[k] = 0.85 * wander[k - 1] + 0.08 * rng.standard_normal()
    history["volume"] = rng.poisson(history["volume"] * np.exp(wander))
    morning = forecast_detail(history, 1)
    as_told = half_day(morning, 1.0)
    early, late = as_told.copy(), as_told.copy()
    early.loc[:3, "volume"] *= 1.3
    late.loc[8:, "volume"] *= 1.3
    ratio = [
        (update(morning, seen).table["volume"] / morning.table["volume"]).to_numpy()[12:24]
        for seen in (early, late)
    ]
    assert ratio[1][0] > ratio[0][0] + 0.03
    assert ratio[1][0] > ratio[1][-1] + 0.03


def test_a_morning_without_any_contact_leaves_a_rest():
    morning = forecast_detail(make_history(n_days=90, day_cv=0.3), 1)
    later = update(morning, half_day(morning, 0.0))
    assert (later.table["volume"][12:24] > 0).all()
    assert (later.table["q0.1"] <= later.table["q0.9"]).all()
