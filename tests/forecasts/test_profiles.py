import numpy as np
import pytest

from forecasts.profiles import dispersion, fill_profile, mean_profiles, shrink_profile

FLAT = np.full(16, 1 / 16)


def test_means_weigh_days_and_leave_closed_intervals_out():
    volume = np.array([[2.0, 8.0], [6.0, np.nan], [5.0, 5.0]])
    total = np.array([10.0, 10.0, np.nan])
    share, contacts = mean_profiles(volume, total, np.array([[1.0, 0.5, 1.0]]))
    assert share[0] == pytest.approx([(2 + 3) / 15, 0.8])
    assert contacts[0] == pytest.approx([15**2 / (10 + 2.5), 10.0])


def test_an_interval_never_seen_has_no_share():
    share, contacts = mean_profiles(np.array([[1.0, np.nan]]), np.array([1.0]), np.ones((1, 1)))
    assert np.isnan(share[0, 1])
    assert contacts[0, 1] == 0


def test_poisson_counts_have_dispersion_one_and_doubled_ones_two():
    rng = np.random.default_rng(0)
    total = np.full(4000, 160.0)
    counts = rng.poisson(total[:, None] * FLAT).astype(float)
    assert dispersion(counts, total, np.tile(FLAT, (4000, 1)), 1.0) == pytest.approx(1, abs=0.02)
    twice = 2 * rng.poisson(total[:, None] * FLAT / 2)
    assert dispersion(twice, total, np.tile(FLAT, (4000, 1)), 1.0) == pytest.approx(2, abs=0.04)


def test_noise_is_taken_off_and_a_real_hump_kept():
    """On average over draws the shrunk profile is far nearer to the truth than the counts are."""
    rng = np.random.default_rng(1)
    place = np.arange(48)
    hump = 1 + 0.6 * np.exp(-((place - 20) ** 2) / 30)
    hump /= hump.sum()
    centre = np.full(48, 1 / 48)
    raw, kept = [], []
    for _ in range(50):
        own = rng.poisson(2000 * hump) / 2000
        raw.append(((own - hump) ** 2).sum())
        shrunk = shrink_profile(own, np.full(48, 2000.0), centre)
        kept.append(((shrunk - hump) ** 2).sum())
    assert np.mean(kept) < 0.6 * np.mean(raw)


def test_many_contacts_speak_for_themselves():
    own = np.array([0.1, 0.4, 0.3, 0.2])
    shrunk = shrink_profile(own, np.full(4, 1e9), np.full(4, 0.25))
    assert shrunk == pytest.approx(own, abs=1e-4)


def test_few_contacts_say_nothing():
    own = np.array([0.2, 0.3, 0.3, 0.2])
    shrunk = shrink_profile(own, np.full(4, 3.0), np.full(4, 0.25))
    assert shrunk == pytest.approx(np.full(4, 0.25), abs=1e-9)


def test_intervals_never_seen_take_the_share_of_the_centre():
    own = np.array([0.3, 0.3, np.nan, np.nan])
    shrunk = shrink_profile(own, np.array([1e6, 1e6, 0, 0]), np.array([0.2, 0.2, 0.1, 0.5]))
    assert shrunk == pytest.approx([0.3, 0.3, 0.15, 0.75])


def test_gaps_wrap_around_midnight():
    assert fill_profile(np.array([np.nan, 0.2, 0.4, np.nan])) == pytest.approx(
        [0.2667, 0.2, 0.4, 0.3333], abs=1e-4
    )
