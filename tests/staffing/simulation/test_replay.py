"""Replay of given contacts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from staffing.simulation import replay, simulate
from staffing.simulation.contacts import draw_contacts, gamma_quantiles
from tests.staffing.simulation.scenes import HOUR, random_scene, scene


def calls(*rows, columns=("queue", "arrived_s", "handle_s", "patience_s")):
    return pd.DataFrame(list(rows), columns=list(columns))


@pytest.mark.parametrize("seed", range(5))
def test_replaying_what_was_simulated_gives_the_same(seed):
    of = random_scene(seed)
    of = replace(of, redial_share=np.zeros(len(of.queues)), batches=(), later=())
    drawn = draw_contacts(of, np.array([gamma_quantiles(float(cv)) for cv in of.day_cv]), 1, 0)
    shuffled = pd.DataFrame(
        {
            "queue": [of.queues[q] for q in drawn.queue],
            "arrived_s": drawn.arrived_s,
            "handle_s": drawn.handle_s,
            "patience_s": drawn.patience_s,
        }
    ).sample(frac=1.0, random_state=seed)
    again, first = replay(of, shuffled), simulate(of, replications=1)
    for name in ("offered", "in_time", "answered", "abandoned", "waited_s", "busy_s"):
        np.testing.assert_allclose(getattr(again, name), getattr(first, name))


def test_order_of_rows_and_names_or_numbers_of_queues_do_not_matter():
    rows = [("q0", 60.0, 100.0, np.inf), ("q0", 0.0, 100.0, np.inf)]
    named = replay(scene(), calls(*rows))
    numbered = replay(scene(), calls(*[(0, *row[1:]) for row in rows]))
    assert named.waited_s.sum() == numbered.waited_s.sum() == 40.0


def test_abandonment_is_replayed_with_the_patience_on_record():
    result = replay(scene(), calls(("q0", 0, 100, np.inf), ("q0", 10, 100, 50), ("q0", 20, 9, 90)))
    assert result.abandoned.sum() == 1
    assert result.answered.sum() == 2


def test_who_was_served_waits_at_least_as_long_again():
    of = scene(duty=[], patience_s=np.array([30.0]))
    rows = [("q0", 100.0 * k, 60.0, 45.0) for k in range(400)]
    result = replay(of, calls(*rows, columns=("queue", "arrived_s", "handle_s", "waited_s")))
    assert result.abandoned.sum() == 400
    assert result.waited_s.sum() / 400 == pytest.approx(75.0, abs=4.0)


def test_missing_patience_is_infinite_where_nobody_leaves():
    rows = [("q0", 0.0, 3600.0), ("q0", 1.0, 60.0)]
    result = replay(scene(), calls(*rows, columns=("queue", "arrived_s", "handle_s")))
    assert result.abandoned.sum() == 0
    assert result.waited_s.sum() == pytest.approx(3599.0)


def test_missing_handle_times_are_drawn_from_the_queue():
    of = scene(agents=400, aht_cv=np.array([0.5]))
    rows = [("q0", 200.0 * k, np.nan, np.inf) for k in range(400)]
    result = replay(of, calls(*rows), replications=5)
    busy_s = result.busy_s.sum(axis=(1, 2))
    assert busy_s.mean() / 400 == pytest.approx(300.0, rel=0.03)
    assert busy_s.std() > 0.0


def test_complete_records_give_the_same_in_every_replication():
    rows = [("q0", 100.0 * k, 150.0, 500.0) for k in range(100)]
    result = replay(scene(), calls(*rows), replications=3)
    np.testing.assert_array_equal(result.waited_s[0], result.waited_s[2])


def test_nobody_calls_again_in_a_replay():
    of = scene(duty=[], redial_share=np.ones(1), patience_s=np.array([10.0]))
    assert replay(of, calls(("q0", 0.0, 60.0, 5.0))).offered.sum() == 1


def test_contacts_outside_opening_hours_are_left_out_and_told():
    of = scene(open_mask=np.arange(48)[None, :] >= 16)
    rows = calls(("q0", 1.0, 60, 9), ("q0", 9 * HOUR, 60, 9), ("q0", 25 * HOUR, 60, 9))
    with pytest.warns(UserWarning, match="2 of 3 contacts came outside"):
        result = replay(of, rows)
    assert result.offered.sum() == 1


def test_missing_column_is_told():
    with pytest.raises(ValueError, match="need the column arrived_s, handle_s"):
        replay(scene(), pd.DataFrame({"queue": ["q0"]}))


def test_unknown_queue_is_told():
    with pytest.raises(ValueError, match="no queue 'fax', only q0"):
        replay(scene(), calls(("fax", 0.0, 60.0, 9.0)))


def test_negative_handle_time_is_told():
    with pytest.raises(ValueError, match="row 1 of the contacts has a negative handle time"):
        replay(scene(), calls(("q0", 0.0, 60.0, 9.0), ("q0", 0.0, -1.0, 9.0)))


def test_empty_record_is_an_empty_result():
    assert replay(scene(), calls()).offered.sum() == 0
