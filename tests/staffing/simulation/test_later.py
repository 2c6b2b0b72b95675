"""Several promises on one queue and contacts known ahead: by hand, and by the readable twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from staffing.queues import Measure, Target
from staffing.simulation import (
    Batch,
    LaterPromise,
    replay,
    service_by_period,
    service_table,
    simulate,
)
from staffing.simulation.contacts import draw_contacts, gamma_quantiles
from staffing.simulation.duty import Duty
from staffing.simulation.engine import INTERRUPTIBLE_ABOVE_S
from staffing.simulation.random import replication_key
from tests.staffing.simulation.scenes import HOUR, random_scene, scene
from tests.staffing.simulation.twin import Twin

EDGES_S = np.arange(49) * 1800.0


def desk(*batches, later_h=6.0, **changes):
    """One person, work of one hour each, due in two hours and once more later."""
    return scene(
        deferred=np.array([True]),
        aht_s=np.full((1, 48), HOUR),
        due_s=(EDGES_S + 2 * HOUR)[None, :],
        batches=batches,
        later=(
            LaterPromise(
                0,
                "q0 later",
                EDGES_S + later_h * HOUR,
                np.array([b.released_s + later_h * HOUR for b in batches]),
            ),
        ),
        **changes,
    )


def test_a_backlog_of_five_hours_keeps_two_of_the_first_and_four_of_the_later_promise():
    """Five hours wait at midnight, due at 2 and at 4: done at 1, 2, 3, 4 and 5."""
    of = desk(Batch(0, 5, 0.0, 2 * HOUR, HOUR), later_h=4.0)
    result = simulate(of, replications=1)
    assert (result.offered.sum(), result.in_time.sum()) == (5, 2)
    assert (result.later_offered.sum(), result.later_in_time.sum()) == (5, 4)
    assert result.backlog[0, :11].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0]
    row = service_by_period(of, result, 0, "day", Measure.REPLIED_WITHIN, later=0).iloc[0]
    assert row["value"] == pytest.approx(0.8)


def test_what_is_late_already_goes_first_and_counts_for_nothing():
    """Three hours were due yesterday: two more that are due by 2 come too late for that."""
    old, new = Batch(0, 3, 0.0, -HOUR, HOUR), Batch(0, 2, 0.0, 2 * HOUR, HOUR)
    of = desk(new, old, later_h=4.5)
    of = replace(of, later=(replace(of.later[0], batch_due_s=np.array([4.5 * HOUR, 0.0])),))
    result = simulate(of, replications=1)
    assert (result.offered.sum(), result.in_time.sum(), result.answered.sum()) == (2, 0, 5)
    assert (result.later_offered.sum(), result.later_in_time.sum()) == (2, 1)


def test_a_campaign_is_begun_in_its_window_and_waits_for_what_is_urgent():
    """Released at 9 and due at 20; what waits since 8 and is due at 10 and 11 comes first."""
    of = desk(Batch(0, 2, 8 * HOUR, 11 * HOUR, HOUR), Batch(0, 3, 9 * HOUR, 20 * HOUR, HOUR))
    result = simulate(replace(of, duty_start_s=np.array([9 * HOUR])), replications=1)
    assert result.in_time.sum() == 5
    done = np.flatnonzero(np.diff(result.backlog[0]) < 0) + 1
    assert done.tolist() == [20, 22, 24, 26, 28]


def test_unfinished_work_counts_for_the_promises_that_have_passed():
    """Nobody works: due at 2 and at 26 of a day of 24 hours."""
    result = simulate(desk(Batch(0, 3, 0.0, 2 * HOUR, HOUR), later_h=26.0, duty=[]), replications=1)
    assert (result.offered.sum(), result.later_offered.sum()) == (3, 0)


@pytest.mark.parametrize("seed", range(20))
def test_random_scenes_count_as_the_twin_does(seed):
    of = random_scene(seed)
    key = replication_key(1, 0)
    quantiles = np.array([gamma_quantiles(float(cv)) for cv in of.day_cv])
    given = draw_contacts(of, quantiles, 1, 0)
    twin = Twin(of, given, Duty.of(of).draw(key), key, INTERRUPTIBLE_ABOVE_S).run()
    result = simulate(of, replications=1)
    for e, promise in enumerate(of.later):
        offered = in_time = 0
        for contact, batch in zip(twin.contacts, given.batch, strict=True):
            if contact.queue != promise.queue:
                continue
            due = np.interp(contact.arrived, EDGES_S, promise.due_s)
            if batch >= 0:
                due = promise.batch_due_s[batch]
            offered += contact.state == "done" or due <= 24 * HOUR
            in_time += contact.state == "done" and contact.ended <= due + 1e-6
        assert result.later_offered[0, e].sum() == offered
        assert result.later_in_time[0, e].sum() == in_time
    late = {b for b, batch in enumerate(of.batches) if batch.due_s <= batch.released_s}
    for q in np.flatnonzero(of.deferred):
        known = [b for c, b in zip(twin.contacts, given.batch, strict=True) if c.queue == q]
        gone = sum(b in late for b in known)
        assert result.offered[0, q].sum() == twin.count["offered"][q].sum() - gone


def test_the_table_of_targets_tells_each_promise():
    of = desk(Batch(0, 5, 0.0, 2 * HOUR, HOUR), later_h=4.0)
    of = replace(of, later=(replace(of.later[0], key="q0 replied_within 4 h"),))
    targets = [Target("q0", Measure.REPLIED_WITHIN, limit, "h", period="day") for limit in (2, 4)]
    table = service_table(of, simulate(of, replications=2), targets)
    assert table["value"].tolist() == pytest.approx([0.4, 0.8])


def test_a_replay_works_the_backlog_off_beside_what_is_recorded():
    of = desk(Batch(0, 2, 0.0, 2 * HOUR, HOUR))
    calls = pd.DataFrame({"queue": ["q0"], "arrived_s": [600.0], "handle_s": [60.0]})
    result = replay(of, calls)
    assert (result.offered.sum(), result.answered.sum(), result.in_time.sum()) == (3, 3, 3)


def test_batches_and_later_promises_of_live_queues_are_refused():
    with pytest.raises(ValueError, match="deferred queues only"):
        scene(batches=(Batch(0, 1, 0.0, 1.0, 60.0),))
    with pytest.raises(ValueError, match="within the horizon"):
        desk(Batch(0, 1, -1.0, 1.0, 60.0))
