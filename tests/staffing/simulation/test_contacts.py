"""Drawn contacts have the moments that the scene asks for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from staffing.simulation import Batch
from staffing.simulation.contacts import (
    BATCH,
    day_factors,
    deadlines,
    draw_contacts,
    gamma_quantiles,
    handle_times,
)
from tests.staffing.simulation.scenes import scene

NORMAL = np.linspace(-6.0, 6.0, 1201)


@pytest.mark.parametrize("cv", [0.05, 0.1, 0.3, 1.0])
def test_gamma_quantiles_have_mean_one_and_the_cv(cv):
    weight = np.exp(-(NORMAL**2) / 2.0)
    weight /= weight.sum()
    values = gamma_quantiles(cv)
    mean = weight @ values
    assert mean == pytest.approx(1.0, abs=2e-4)
    assert np.sqrt(weight @ (values - mean) ** 2) == pytest.approx(cv, rel=2e-3)


def test_gamma_of_cv_one_is_the_exponential():
    median = gamma_quantiles(1.0)[600]
    assert median == pytest.approx(np.log(2.0), rel=1e-4)


def test_day_factors_share_the_asked_part_of_their_variance():
    of = scene(queues=3, days=28, day_cv=np.array([0.2, 0.2, 0.0]), shared_day_factor=0.7)
    quantiles = np.array([gamma_quantiles(cv) for cv in of.day_cv])
    factors = np.concatenate([day_factors(of, quantiles, 1, r) for r in range(100)], axis=1)
    assert factors[0].mean() == pytest.approx(1.0, abs=0.012)
    assert factors[0].std() == pytest.approx(0.2, abs=0.01)
    assert np.corrcoef(factors[0], factors[1])[0, 1] == pytest.approx(0.7, abs=0.03)
    assert (factors[2] == 1.0).all()


def test_each_batch_meets_every_tenth_of_the_days_once():
    of = scene(queues=1, days=3, day_cv=np.array([0.3]), shared_day_factor=1.0)
    quantiles = gamma_quantiles(0.3)[None]
    edges = np.interp(
        np.arange(1, 10) / 10, [0.5 * math.erfc(-z / 2**0.5) for z in NORMAL], quantiles[0]
    )
    for batch in range(3):
        drawn = [day_factors(of, quantiles, 1, BATCH * batch + r)[0] for r in range(BATCH)]
        stratum = np.searchsorted(edges, drawn)
        np.testing.assert_array_equal(
            np.sort(stratum, axis=0), np.arange(10)[:, None] + 0 * stratum
        )
        assert (stratum[:, 0] != stratum[:, 1]).any()


def test_arrivals_are_poisson_inside_open_intervals_only():
    open_mask = np.arange(48)[None, :] % 2 == 0
    of = scene(arrivals=np.full((1, 48), 30.0), open_mask=open_mask)
    counts = np.array(
        [
            np.bincount((drawn.arrived_s // 1800).astype(int), minlength=48)
            for drawn in (draw_contacts(of, gamma_quantiles(0.0)[None], 1, r) for r in range(100))
        ]
    )
    assert counts[:, 1::2].sum() == 0
    assert counts[:, ::2].mean() == pytest.approx(30.0, abs=0.4)
    assert counts[:, ::2].var() == pytest.approx(30.0, rel=0.1)


def test_contacts_come_in_order_with_backlog_first():
    of = scene(
        queues=2,
        deferred=np.array([False, True]),
        arrivals=np.full((2, 48), 5.0),
        batches=(Batch(1, 4, 0.0, 3600.0, 200.0), Batch(1, 2, 7200.0, 9000.0, 200.0)),
    )
    drawn = draw_contacts(of, np.ones((2, 1201)), 1, 0)
    assert (np.diff(drawn.arrived_s) >= 0.0).all()
    assert drawn.arrived_s[:5].astype(bool).tolist() == [False] * 4 + [True]
    assert (drawn.queue[:4] == 1).all()
    assert drawn.due_s[:4].tolist() == [3600.0] * 4
    campaign = drawn.batch == 1
    assert drawn.arrived_s[campaign].tolist() == [7200.0] * 2
    assert drawn.due_s[campaign].tolist() == [9000.0] * 2
    assert (drawn.batch == -1).sum() == len(drawn.queue) - 6


def test_handle_times_have_the_mean_of_their_interval_and_the_cv():
    aht_s = np.full((1, 48), 200.0)
    aht_s[0, 10] = 400.0
    of = scene(aht_s=aht_s, aht_cv=np.array([0.8]))
    normal = np.random.default_rng(1).standard_normal(200_000)
    early = handle_times(of, 0, np.zeros(200_000), normal)
    assert early.mean() == pytest.approx(200.0, rel=0.01)
    assert early.std() / early.mean() == pytest.approx(0.8, rel=0.03)
    late = handle_times(of, 0, np.full(200_000, 10.5 * 1800), normal)
    np.testing.assert_allclose(late, 2.0 * early)


def test_deadlines_lie_on_the_line_between_interval_ends():
    due_s = np.arange(49.0)[None, :] * 1800.0 + 3600.0
    due_s[0, 3:] = np.inf
    of = replace(scene(), deferred=np.array([True]), due_s=due_s)
    found = deadlines(of, 0, np.array([0.0, 900.0, 1800.0, 2 * 1800.0 + 1]))
    assert found.tolist() == [3600.0, 4500.0, 5400.0, np.inf]
