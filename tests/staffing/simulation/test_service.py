"""Service tables: ratios and their intervals by hand, and their coverage by simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from staffing.queues import Measure, Target
from staffing.simulation import (
    SimulationResult,
    interval_service,
    occupancy,
    replication_service,
    service_by_period,
    service_table,
    simulate,
)
from staffing.simulation.service import _student_quantile
from tests.staffing.simulation.scenes import scene


def result_of(offered, in_time, waited_s=None, abandoned=None):
    """Result of one queue from tables (R, T)."""
    offered, in_time = (np.asarray(a, dtype=np.float32)[:, None, :] for a in (offered, in_time))
    zero = np.zeros_like(offered)
    return SimulationResult(
        queues=("q0",),
        offered=offered,
        in_time=in_time,
        answered=in_time,
        abandoned=zero if abandoned is None else np.float32(abandoned)[:, None, :],
        waited_s=zero if waited_s is None else np.float32(waited_s)[:, None, :],
        busy_s=zero + 900.0,
        staffed_s=np.full((len(offered), offered.shape[2]), 1800.0, dtype=np.float32),
        backlog=np.zeros((1, offered.shape[2])),
        later_offered=offered[:, :0],
        later_in_time=offered[:, :0],
    )


def day_tables(first, second, size=48):
    """Two replications with contacts in the first interval of the day only."""
    table = np.zeros((2, size))
    table[:, 0] = first, second
    return table


def test_value_is_a_ratio_of_sums_and_its_interval_the_delta_method():
    result = result_of(day_tables(10, 30), day_tables(9, 21))
    row = service_by_period(scene(), result, 0, "day", Measure.ANSWERED_WITHIN).iloc[0]
    assert row["value"] == pytest.approx(0.75)
    assert row["offered"] == 20.0
    assert row["label"] == "2026-12-07"
    # Residuals 9 - 7.5 and 21 - 22.5: variance 4.5, error sqrt(4.5 / 2) / 20; t of one: 12.706.
    half = 12.7062 * 1.5 / 20.0
    assert row["low"] == pytest.approx(max(0.0, 0.75 - half))
    assert row["high"] == 1.0


def test_waits_and_abandonment_are_per_offered_contact():
    result = result_of(
        day_tables(10, 30),
        day_tables(9, 21),
        waited_s=day_tables(100, 500),
        abandoned=day_tables(1, 1),
    )
    waits = service_by_period(scene(), result, 0, "week", Measure.MEAN_WAIT)
    gone = service_by_period(scene(), result, 0, "month", Measure.ABANDONED)
    assert waits["value"].tolist() == [15.0]
    assert waits["label"].tolist() == ["week of 2026-12-07"]
    assert gone["value"].tolist() == [0.05]
    assert gone["label"].tolist() == ["2026-12"]


def test_periods_without_contacts_are_left_out():
    result = result_of(day_tables(10, 30), day_tables(9, 21))
    rows = service_by_period(scene(), result, 0, "interval", Measure.ANSWERED_WITHIN)
    assert rows["period"].tolist() == [0]
    two_days = scene(days=2)
    result = result_of(day_tables(10, 30, 96), day_tables(9, 21, 96))
    assert service_by_period(two_days, result, 0, "day", Measure.ABANDONED)["period"].tolist() == [
        0
    ]
    by_replication = replication_service(two_days, result, 0, "day", Measure.ANSWERED_WITHIN)
    np.testing.assert_allclose(by_replication, [[0.9, np.nan], [0.7, np.nan]])


def test_one_replication_has_no_interval():
    result = result_of(day_tables(10, 30)[:1], day_tables(9, 21)[:1])
    row = service_by_period(scene(), result, 0, "day", Measure.ANSWERED_WITHIN).iloc[0]
    assert row["value"] == pytest.approx(0.9)
    assert np.isnan(row["low"])
    assert np.isnan(row["high"])


def test_unjudged_measure_is_refused():
    result = result_of(day_tables(1, 1), day_tables(1, 1))
    with pytest.raises(ValueError, match=r"judges answered_within.*, not present"):
        service_by_period(scene(), result, 0, "day", Measure.PRESENT)


@pytest.mark.parametrize(
    ("freedom", "table"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (29, 2.045), (199, 1.972)],
)
def test_student_quantiles_are_those_of_the_tables(freedom, table):
    assert _student_quantile(0.975, freedom) == pytest.approx(table, rel=3e-3)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """Intervals from 10 replications each, 200 times, around the mean of all 2,000."""
    of = scene(agents=5, arrivals=np.full((1, 48), 24.0), patience_s=np.full(1, 200.0))
    whole = simulate(of, replications=2000)

    def told(part):
        few = replace(whole, offered=whole.offered[part], in_time=whole.in_time[part])
        return service_by_period(of, few, 0, "day", Measure.ANSWERED_WITHIN).iloc[0]

    truth = told(slice(None))["value"]
    rows = [told(slice(k, k + 10)) for k in range(0, 2000, 10)]
    covered = np.mean([row["low"] <= truth <= row["high"] for row in rows])
    assert 0.91 <= covered <= 0.985


def test_intervals_of_whole_batches_cover_too_and_are_narrower():
    """60 replications in 6 batches, 60 times: days of a wide spread, few contacts a day."""
    of = scene(agents=5, arrivals=np.full((1, 48), 24.0), patience_s=np.full(1, 200.0))
    of = replace(of, day_cv=np.array([0.3]))
    whole = simulate(of, replications=3600)

    def told(part):
        few = replace(whole, offered=whole.offered[part], in_time=whole.in_time[part])
        return service_by_period(of, few, 0, "day", Measure.ANSWERED_WITHIN).iloc[0]

    truth = told(slice(None))["value"]
    rows = [told(slice(k, k + 60)) for k in range(0, 3600, 60)]
    covered = np.mean([row["low"] <= truth <= row["high"] for row in rows])
    assert 0.88 <= covered <= 1.0
    # The same replications in another order make no batches: their scatter is that of single days.
    order = np.random.default_rng(1).permutation(3600)[:600]
    loose = told(order)
    tight = told(slice(0, 600))
    assert tight["high"] - tight["low"] < 0.7 * (loose["high"] - loose["low"])


def test_service_table_has_a_row_a_target_and_period():
    result = result_of(day_tables(10, 30, 96), day_tables(9, 21, 96))
    targets = [
        Target("q0", Measure.ANSWERED_WITHIN, 20.0, "s", 0.8, "day"),
        Target("q0", Measure.ABANDONED, 0.05, "", 1.0, "month"),
        Target("q0", Measure.PRESENT, 2.0),
    ]
    table = service_table(scene(days=2), result, targets)
    assert table["target"].tolist() == ["q0 answered_within 20 s", "q0 abandoned 0.05"]
    assert table["measure"].tolist() == ["answered_within", "abandoned"]
    assert table["value"].tolist() == [0.75, 0.0]
    weekly = service_table(scene(days=2), result, targets, period="week")
    assert weekly["label"].tolist() == ["week of 2026-12-07"] * 2


def test_service_table_does_not_judge_a_limit_that_was_not_timed():
    result = result_of(day_tables(10, 30), day_tables(9, 21))
    other = Target("q0", Measure.ANSWERED_WITHIN, 1.0, "min", 0.8, "day")
    table = service_table(scene(), result, [other])
    assert table["offered"].tolist() == [20.0]
    assert table[["value", "low", "high"]].isna().all(axis=None)


def test_service_table_without_targets_keeps_its_columns():
    result = result_of(day_tables(1, 1), day_tables(1, 1))
    table = service_table(scene(), result, [])
    assert table.empty
    assert table.columns[0] == "queue"
    assert table.columns[-1] == "high"


def test_service_table_refuses_an_unknown_queue():
    result = result_of(day_tables(1, 1), day_tables(1, 1))
    with pytest.raises(ValueError, match="the scene has no queue 'fax'"):
        service_table(scene(), result, [Target("fax", Measure.ABANDONED, 0.05)])


def test_occupancy_is_busy_over_staffed_time():
    overall, by_interval = occupancy(scene(), result_of(day_tables(1, 1), day_tables(1, 1)))
    assert overall == 0.5
    assert (by_interval == 0.5).all()


def test_occupancy_of_an_empty_roster_is_zero():
    of = scene(duty=[])
    overall, by_interval = occupancy(of, simulate(of, replications=2))
    assert overall == 0.0
    assert np.isnan(by_interval).all()


def test_interval_service_is_nan_where_nothing_comes():
    found = interval_service(result_of(day_tables(10, 30), day_tables(9, 21)))
    assert found.shape == (1, 48)
    assert found[0, 0] == pytest.approx(0.75)
    assert np.isnan(found[0, 1:]).all()
