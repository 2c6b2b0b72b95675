from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasts import forecast_detail, sample_paths, update
from forecasts.intervals import FEW_CONTACTS
from forecasts.paths import day_correlation

from .conftest import WEEKDAY_LEVEL, make_history

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


@pytest.fixture(scope="module")
def one():
    return forecast_detail(make_history(n_days=210, day_cv=0.12), 14, quantiles=LEVELS)


@pytest.fixture(scope="module")
def drawn(one):
    return sample_paths(one, 4000)["phone"]


def two_queues(together: bool, n_days=210):
    """Two queues of twelve intervals whose day factors are the same, or apart."""
    rng = np.random.default_rng(6)
    factor = rng.gamma(1 / 0.15**2, 0.15**2, (2, n_days))
    dates = pd.date_range("2025-01-06", periods=n_days)
    parts = []
    for k, queue in enumerate(("a", "b")):
        mine = factor[0 if together else k] * 60 * WEEKDAY_LEVEL[dates.day_of_week]
        starts = np.add.outer(dates.to_numpy(), np.arange(9, 21).astype("timedelta64[h]"))
        counts = rng.poisson(np.repeat(mine, 12))
        parts.append(pd.DataFrame({"queue": queue, "start": starts.ravel(), "volume": counts}))
    return pd.concat(parts)


def test_paths_are_whole_counts_in_the_tables_order(one, drawn):
    assert drawn.shape == (4000, len(one.table))
    assert (drawn >= 0).all()
    assert (drawn == np.round(drawn)).all()
    assert drawn.mean(axis=0) == pytest.approx(one.table["volume"].to_numpy(), rel=0.05, abs=0.3)


@pytest.mark.parametrize("level", LEVELS)
def test_quantiles_of_intervals_are_the_tables(one, drawn, level):
    """The share of paths up to the table's quantile is its level, as far as whole counts allow.

    Of few contacts paths keep the mean instead, and are at most one contact off.
    """
    off = one.table["volume"].to_numpy() < FEW_CONTACTS
    quantile = one.table[f"q{level:g}"].to_numpy()
    slack = 4 * np.sqrt(level * (1 - level) / len(drawn))
    assert ((drawn <= quantile + off).mean(axis=0) >= level - slack).all()
    assert ((drawn < quantile - off).mean(axis=0) <= level + slack).all()


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_quantiles_of_day_totals_are_about_the_tables(one, drawn, level):
    day = one.table["start"].dt.normalize()
    totals = pd.DataFrame(drawn.T).groupby(day.to_numpy()).sum().to_numpy()
    below = (totals <= one.days[f"q{level:g}"].to_numpy()[:, None]).mean()
    assert below == pytest.approx(level, abs=0.02)


def test_day_totals_of_a_sparse_queue_are_about_the_tables():
    """About one contact an interval: rounding is much of an interval's variance."""
    detail = forecast_detail(make_history(per_day=24, n_days=210, day_cv=0.1), 14)
    day = detail.table["start"].dt.normalize().to_numpy()
    totals = pd.DataFrame(sample_paths(detail, 3000)["phone"].T).groupby(day).sum().to_numpy()
    for level in (0.1, 0.9):
        quantile = detail.days[f"q{level:g}"].to_numpy()[:, None]
        assert (totals <= quantile).mean() > level - 0.02
        assert (totals < quantile).mean() < level + 0.02


def test_intervals_move_together_within_a_day_and_less_across_days(drawn):
    """24 intervals a day."""
    found = np.corrcoef(drawn.T)
    same = found[8:16, 8:16][~np.eye(8, dtype=bool)]
    next_day, next_week = found[8:16, 32:40], found[8:16, 8 + 7 * 24 : 16 + 7 * 24]
    assert same.mean() > 0.1
    assert same.mean() > next_day.mean() > next_week.mean() - 0.01


@pytest.mark.parametrize(("lasting", "fading"), [(0.0, 0.0), (0.0, 1.0), (0.4, 0.3)])
def test_days_move_together_as_far_as_errors_lasted(one, lasting, fading):
    """Correlation of totals: that of the factors, times the factor's share of the variance."""
    spread = replace(one.spread["phone"], lasting=lasting, fading=fading)
    drawn = sample_paths(replace(one, spread={"phone": spread}), 6000)["phone"]
    day = one.table["start"].dt.normalize().to_numpy()
    totals = pd.DataFrame(drawn.T).groupby(day).sum().to_numpy()
    share = 1 - totals.mean() / totals.var(axis=1).mean()
    found = np.corrcoef(totals)
    for apart in (1, 3, 7):
        wanted = share * (lasting + fading * 0.7**apart)
        assert np.diag(found, apart).mean() == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize("together", [True, False])
def test_queues_move_together_as_their_past_errors_did(together):
    detail = forecast_detail(two_queues(together), 7)
    paths = sample_paths(detail, 3000)
    days = [paths[q].reshape(3000, 7, 12).sum(axis=2) for q in ("a", "b")]
    found = np.mean([np.corrcoef(days[0][:, d], days[1][:, d])[0, 1] for d in range(7)])
    if together:
        assert found > 0.6
    else:
        assert abs(found) < 0.25
    assert (np.linalg.eigvalsh(day_correlation(detail)) > 0).all()


def test_days_far_ahead_share_the_level():
    """One interval a day; its neighbours a year ahead, and in the first weeks."""
    starts = pd.date_range("2024-01-01 09:00", periods=400)
    volume = np.random.default_rng(1).poisson(4000, 400)
    detail = forecast_detail(pd.DataFrame({"queue": "x", "start": starts, "volume": volume}), 365)
    found = np.corrcoef(sample_paths(detail, 2000)["x"].T)
    assert abs(found[np.arange(20), np.arange(1, 21)].mean()) < 0.1
    assert found[np.arange(330, 364), np.arange(331, 365)].mean() > 0.5


def test_a_seed_repeats_and_another_differs(one, drawn):
    again = sample_paths(one, 4000, seed=0)["phone"]
    assert (again == drawn).all()
    assert (sample_paths(one, 4000, seed=1)["phone"] != drawn).any()


def test_senseless_calls_are_refused(one):
    with pytest.raises(ValueError, match="paths is 0"):
        sample_paths(one, 0)
    actuals = one.table.head(5)[["queue", "start", "volume"]]
    with pytest.raises(ValueError, match="updated"):
        sample_paths(update(one, actuals), 10)


def test_paths_of_a_quiet_queue_keep_its_mean():
    """A contact in eight hours: whole numbers near the middle of the range would all be zero."""
    told = forecast_detail(make_history(n_days=90, per_day=3), 28)
    drawn = sample_paths(told, 4000)["phone"]
    assert drawn.mean() == pytest.approx(told.table["volume"].mean(), rel=0.05)
    poisson = np.exp(-told.table["volume"].to_numpy()).mean()
    assert (drawn == 0).mean() == pytest.approx(poisson, abs=0.02)
