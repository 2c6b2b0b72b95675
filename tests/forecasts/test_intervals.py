import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.intervals import (
    DEFAULT_DAY_CV,
    DEFAULT_WALK_CV,
    Spread,
    calibrate,
    count_quantile,
    origin_weights,
    walk_cv,
)


def poisson_quantile(mean, level):
    term, total, k = math.exp(-mean), math.exp(-mean), 0
    while total < level:
        k += 1
        term *= mean / k
        total += term
    return k


@pytest.mark.parametrize("mean", [0.05, 0.4, 1.0, 2.0, 5.0, 20.0, 80.0])
@pytest.mark.parametrize("level", [0.025, 0.1, 0.5, 0.9, 0.975])
def test_quantiles_are_poissons_within_one_contact(mean, level):
    found = count_quantile(np.array([mean]), np.array([mean]), level)[0]
    assert abs(found - poisson_quantile(mean, level)) <= 1


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 5000), st.floats(0, 1))
def test_quantiles_rise_with_their_level(mean, cv):
    means = np.array([mean])
    variance = means + (cv * means) ** 2
    found = [count_quantile(means, variance, q)[0] for q in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert found == sorted(found)
    assert found[0] >= 0


def test_the_day_factor_is_recovered_from_past_errors():
    rng = np.random.default_rng(4)
    mean = np.tile(np.full(24, 30.0), (400, 1))
    day = rng.gamma(1 / 0.15**2, 0.15**2, (400, 1))
    spread = calibrate(rng.poisson(mean * day).astype(float), mean)
    assert spread.day_cv == pytest.approx(0.15, abs=0.025)
    assert spread.interval_cv < 0.06


def test_pure_poisson_counts_have_hardly_a_day_factor():
    rng = np.random.default_rng(4)
    mean = np.tile(np.full(24, 30.0), (200, 1))
    assert calibrate(rng.poisson(mean).astype(float), mean).day_cv < 0.03


def test_a_wild_day_factor_is_capped():
    rng = np.random.default_rng(4)
    mean = np.tile(np.full(24, 30.0), (100, 1))
    day = rng.gamma(0.5, 2.0, (100, 1))
    assert calibrate(rng.poisson(mean * day).astype(float), mean).day_cv == 0.5


def test_calibrated_intervals_cover_heavy_tailed_errors():
    rng = np.random.default_rng(4)
    mean = np.tile(np.full(24, 100.0), (300, 1))
    actual = rng.poisson(mean * np.exp(0.1 * rng.standard_t(3, mean.shape))).astype(float)
    spread = calibrate(actual, mean)
    variance = spread.interval_variance(mean)
    inside = (actual >= count_quantile(mean, variance, 0.1)) & (
        actual <= count_quantile(mean, variance, 0.9)
    )
    assert inside.mean() == pytest.approx(0.8, abs=0.02)


def test_too_few_days_take_the_default():
    assert calibrate(np.ones((3, 4)), np.ones((3, 4))) == Spread(DEFAULT_DAY_CV, 0.0)


def errors_at_origins(cvs, days=28, per_interval=400.0, seed=4):
    """Actual counts and forecasts of one origin after another, each with its own day factor."""
    rng = np.random.default_rng(seed)
    day = np.concatenate([rng.gamma(1 / cv**2, cv**2, (days, 1)) for cv in cvs])
    mean = np.full((len(day), 12), per_interval)
    return rng.poisson(mean * day).astype(float), mean


def test_few_origins_widen_a_narrow_spread_and_a_dozen_speak_for_themselves():
    actual, mean = errors_at_origins([0.04] * 12)
    found = [calibrate(actual, mean, origins).day_cv for origins in (1, 2, 4, 8, 12)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.25 * found[-1]
    assert found[-1] == calibrate(actual, mean).day_cv == pytest.approx(0.04, abs=0.006)
    assert max(found) < DEFAULT_DAY_CV


def test_few_origins_do_not_narrow_a_wide_spread():
    actual, mean = errors_at_origins([0.3] * 12)
    assert calibrate(actual, mean, 1).day_cv == calibrate(actual, mean, 12).day_cv > 0.2


def test_the_last_origins_count_most():
    """Errors that were 20 % once and are 5 % now: nearer the present than all alike are."""
    cvs = [0.05] * 4 + [0.2] * 8  # the newest first
    actual, mean = errors_at_origins(cvs)
    weights = np.repeat(origin_weights(np.arange(12)), 28)
    weighted, alike = calibrate(actual, mean, 12, weights), calibrate(actual, mean, 12)
    assert 0.05 < weighted.day_cv < 0.75 * alike.day_cv


def test_equal_weights_are_no_weights():
    actual, mean = errors_at_origins([0.1] * 6)
    again = calibrate(actual, mean, 6, np.full(len(actual), 0.25))
    plain = calibrate(actual, mean, 6)
    assert again.day_cv == pytest.approx(plain.day_cv)
    assert again.day_scale == pytest.approx(plain.day_scale)


def test_the_spread_is_as_measured_up_to_the_reach_and_walks_on_from_there():
    spread = Spread(0.1, 0.0, walk_cv=0.01, reach_days=28)
    mean = np.array([1000.0])
    near = 1000 + 0.01 * 1000**2
    assert spread.day_variance(mean, 0.9, 1) == pytest.approx(near)
    assert spread.day_variance(mean, 0.9, 28) == pytest.approx(near)
    assert spread.day_variance(mean, 0.9, 128) == pytest.approx(near + 0.0001 * 100 * 1000**2)
    assert spread.interval_variance(mean, 0.9, 128) == pytest.approx(near + 0.01 * 1000**2)


def test_a_walk_is_recovered_from_far_forecasts():
    rng = np.random.default_rng(4)
    steps = 0.02 * np.sqrt(28) * rng.standard_normal((400, 12))
    steps[:, 0] = 0.0
    gaps = list(np.cumsum(steps, axis=1))
    assert walk_cv(gaps, 28) == pytest.approx(0.02, rel=0.1)


def test_without_far_forecasts_the_walk_is_the_default():
    assert walk_cv([], 28) == pytest.approx(DEFAULT_WALK_CV)
    assert walk_cv([np.array([0.1, np.nan, np.nan])], 28) == pytest.approx(DEFAULT_WALK_CV)


def test_far_forecasts_that_stay_on_their_level_halve_the_default_at_least():
    """Two origins of no growth weigh as much as the default."""
    still = [np.full(6, 0.05)] * 2
    assert walk_cv(still, 28) == pytest.approx(DEFAULT_WALK_CV / np.sqrt(2))
