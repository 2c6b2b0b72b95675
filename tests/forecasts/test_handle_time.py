import numpy as np
import pytest

from forecasts.handle_time import fit_handle_time


def noisy(mean_s, contacts, rng):
    """Interval means of exponential-like times, as wide as real calls."""
    return rng.gamma(contacts / 1.69, mean_s * 1.69 / contacts)


def test_noise_around_one_mean_is_shrunk_away():
    rng = np.random.default_rng(0)
    volume = np.full((70, 24), 4.0)
    aht_s = noisy(300.0, volume, rng)
    by_weekday, overall = fit_handle_time(volume, aht_s, np.arange(70) % 7)
    assert overall == pytest.approx(300, rel=0.03)
    assert by_weekday == pytest.approx(np.full((7, 24), overall), rel=0.06)


def test_a_true_difference_by_time_of_day_survives():
    rng = np.random.default_rng(0)
    volume = np.full((140, 24), 40.0)
    truth = np.where(np.arange(24) < 12, 200.0, 400.0)
    aht_s = noisy(truth[None, :], volume, rng)
    by_weekday, _ = fit_handle_time(volume, aht_s, np.arange(140) % 7)
    assert np.abs(by_weekday / truth - 1).max() < 0.1


def test_means_weigh_contacts_not_intervals():
    volume = np.array([[1.0, 99.0]])
    aht_s = np.array([[1000.0, 100.0]])
    _, overall = fit_handle_time(volume, aht_s, np.array([0]))
    assert overall == pytest.approx(109.0)


def test_without_handle_times_nothing_is_invented():
    by_weekday, overall = fit_handle_time(np.ones((7, 4)), np.full((7, 4), np.nan), np.arange(7))
    assert np.isnan(overall)
    assert np.isnan(by_weekday).all()
