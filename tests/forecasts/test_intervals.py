import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.intervals import Spread, calibrate, count_quantile


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
    assert calibrate(np.ones((3, 4)), np.ones((3, 4))) == Spread(0.1, 0.0)
