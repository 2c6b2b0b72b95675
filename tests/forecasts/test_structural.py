import numpy as np
import pytest

from forecasts.daily import model_weights
from forecasts.shape import Shapes, shape_weights
from forecasts.structural import forecast_structural

N, AHEAD = 280, 14


def weekly_design(n):
    return np.column_stack([np.ones(n), np.eye(7)[np.arange(n) % 7]]), np.array([10.0] + [1.0] * 7)


def test_a_level_that_steps_is_followed():
    design, prior = weekly_design(N + AHEAD)
    total = np.where(np.arange(N) < 200, 800.0, 1200.0)
    noisy = total * np.exp(0.02 * np.random.default_rng(1).standard_normal(N))
    found = forecast_structural(noisy, design, prior, np.arange(N, N + AHEAD))
    assert found == pytest.approx(1200.0, rel=0.03)


def test_a_steady_level_is_not_disturbed_by_its_last_week():
    design, prior = weekly_design(N + AHEAD)
    total = 1000 * np.exp(0.03 * np.random.default_rng(2).standard_normal(N))
    total[-7:] *= 1.1
    found = forecast_structural(total, design, prior, np.arange(N, N + AHEAD))
    assert found == pytest.approx(1000.0, rel=0.04)


def test_a_model_twice_as_wrong_hardly_counts():
    actual = np.full(20, 100.0)
    by_model = np.exp(np.array([0.1, 0.2, 0.2]))[:, None] * actual
    weights = model_weights([(actual, by_model)] * 4)
    assert weights == pytest.approx(np.array([64, 1, 1]) / 66)


def test_with_few_origins_all_models_count_alike():
    actual = np.full(20, 100.0)
    by_model = np.array([1.0, 2.0, 3.0])[:, None] * actual
    assert model_weights([(actual, by_model)]) == pytest.approx(1 / 3)


def test_the_profile_that_fits_best_weighs_most():
    right, wrong = np.array([[0.5, 0.3, 0.2]]), np.array([[0.2, 0.3, 0.5]])
    is_open = np.ones((1, 3), bool)
    shapes = [Shapes(one, is_open) for one in (wrong, right, wrong)]
    weights = shape_weights([(1000 * right, shapes)])
    assert weights.argmax() == 1
    assert weights[1] > 0.9
