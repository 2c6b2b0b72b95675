"""Approximate models: limits worked by hand, exact chains, and the engine as judge."""

import math

import numpy as np
import pytest

from staffing import erlang
from staffing.blending import blended
from staffing.curves import service_curve
from staffing.priority import first_class_service_level, priority_mean_wait_s
from staffing.ranges import ModelRangeWarning
from staffing.redials import load_with_redials
from staffing.simulation import simulate
from staffing.simulation.contacts import Contacts
from staffing.simulation.engine import run_replications
from staffing.transient import transient_queue
from staffing.uncertain import RandomDays
from tests.staffing.simulation.scenes import scene

TIMES = {"aht_s": 300.0, "patience_s": 180.0}


def simulated(of, erlangs, replications=20):
    """Exponential contacts of 300 s for each queue; measures from the second day on."""
    horizon_s = of.grid.size * 1800.0

    def draw(replication):
        rng = np.random.default_rng([3, replication])
        parts = []
        for q, load in enumerate(erlangs):
            count = rng.poisson(load / 300.0 * horizon_s)
            patience = np.full(count, np.inf)
            if np.isfinite(of.patience_s[q]):
                patience = rng.exponential(of.patience_s[q], count)
            parts.append(
                (
                    np.full(count, q),
                    rng.random(count) * horizon_s,
                    rng.exponential(300.0, count),
                    patience,
                )
            )
        columns = [np.concatenate(c) for c in zip(*parts, strict=True)]
        return Contacts(*columns, np.full(len(columns[0]), np.inf)).ordered()

    return run_replications(
        of,
        draw,
        redial_share=of.redial_share,
        replications=replications,
        seed=1,
        workers=None,
        interruptible=True,
    )


def share(result, name, queue=0):
    counted, offered = (
        getattr(result, n)[:, queue, 48:].sum(axis=1, dtype=float) for n in (name, "offered")
    )
    value = counted.sum() / offered.sum()
    error = (counted - value * offered).std(ddof=1) / math.sqrt(len(offered)) / offered.mean()
    return value, error


# Priorities


def test_one_class_waits_as_in_erlang_c():
    wait = priority_mean_wait_s([96], 10, aht_s=300)
    assert wait[0] == pytest.approx(erlang.mean_wait_s(8.0, 10, aht_s=300))
    level = first_class_service_level([96], 10, aht_s=300, target_s=20)
    assert level == pytest.approx(erlang.service_level(8.0, 10, aht_s=300, target_s=20))


def test_priorities_move_waiting_between_classes_but_keep_its_sum():
    """Conservation of work: the mean wait over all contacts is that of first come first served."""
    rate = np.array([30.0, 40.0, 26.0])
    waits = priority_mean_wait_s(rate, 10, aht_s=300)
    assert np.all(np.diff(waits) > 0)
    assert waits @ rate / rate.sum() == pytest.approx(erlang.mean_wait_s(8.0, 10, aht_s=300))


def test_one_person_two_classes_by_hand():
    """n = 1, loads .3 and .3: C = .6, so W1 = 60 x .6 / .7 and W2 = 60 x .6 / (.7 x .4)."""
    waits = priority_mean_wait_s([18, 18], 1, aht_s=60)
    assert waits == pytest.approx([36 / 0.7, 36 / 0.28])


def test_a_class_that_cannot_be_cleared_waits_for_ever_and_the_first_does_not():
    waits = priority_mean_wait_s([30, 120], 10, aht_s=300)
    assert np.isfinite(waits[0])
    assert waits[1] == math.inf


def test_priorities_agree_with_the_simulation():
    of = scene(queues=2, agents=10, days=6, priority=np.array([1, 2]))
    seen = simulated(of, [3.0, 5.0])
    wait, error = share(seen, "waited_s")
    assert abs(wait - priority_mean_wait_s([36, 60], 10, aht_s=300)[0]) < 3 * error
    level, error = share(seen, "in_time")
    found = first_class_service_level([36, 60], 10, aht_s=300, target_s=20)
    assert abs(level - found) < max(3 * error, 0.005)


def test_priorities_say_where_impatience_spoils_them():
    with pytest.warns(ModelRangeWarning, match="would leave"):
        priority_mean_wait_s([36, 72], 10, aht_s=300, patience_s=120)


# Redials


def test_without_those_who_come_again_the_load_is_the_load():
    assert load_with_redials(10.0, 11, **TIMES) == 10.0


def test_repeats_of_a_well_staffed_queue_are_a_geometric_series():
    assert load_with_redials(10.0, 80, repeat_share=0.2, **TIMES) == pytest.approx(12.5)


def test_the_fixed_point_solves_its_equation():
    total = load_with_redials(
        np.array([9.0, 12.0]), 10, redial_share=0.6, repeat_share=0.1, redial_after_s=1800, **TIMES
    )
    leave = erlang.abandonment(total, 10, **TIMES)
    np.testing.assert_allclose(
        [9.0, 12.0], total * (1 - 0.6 * leave - 0.1 * (1 - leave)), rtol=1e-9
    )


def test_redials_agree_with_the_simulation():
    of = scene(
        agents=12,
        days=6,
        patience_s=np.array([180.0]),
        redial_share=np.array([0.6]),
        redial_after_s=1800.0,
    )
    level, error = share(simulated(of, [12.0]), "in_time")
    total = load_with_redials(12.0, 12, redial_share=0.6, redial_after_s=1800, **TIMES)
    found = erlang.service_level(total, 12, target_s=20, **TIMES)
    assert abs(level - found) < max(3 * error, 0.015)


@pytest.mark.parametrize("load", [0.7, 8.0, 40.0])
def test_curves_with_redials_are_those_of_the_load_that_redials_make(load):
    """At every number of people, from nobody to nobody waiting."""
    share = 0.5
    curve = service_curve(
        [load * 6], 300.0, interval_min=30, target_s=20, patience_s=180, redial_share=share,
        time_varying=False,
    )  # fmt: skip
    people = np.arange(1, curve.most_positions + 1)
    total = load_with_redials(np.full(people.size, load), people, redial_share=share, **TIMES)
    level = erlang.service_level(total, people, target_s=20, **TIMES)
    np.testing.assert_allclose(curve.in_time[0, 1:] / (6 * load), level, atol=2e-3)
    leave = erlang.abandonment(total, people, **TIMES)
    np.testing.assert_allclose(curve.abandoned[0, 1:] / (6 * load), leave, atol=2e-3)
    wait = erlang.mean_wait_s(total, people, **TIMES)
    np.testing.assert_allclose(curve.wait_s[0, 1:] / (6 * load), wait, atol=0.5)
    assert curve.busy[0, 1:].max() <= load * (1 + 1e-9)


def test_curves_without_redials_or_without_giving_up_are_not_touched():
    for patience_s, share in ((180, 0.0), (math.inf, 0.9)):
        case = {"interval_min": 30, "target_s": 20, "patience_s": patience_s}
        one, two = (
            service_curve([40.0, 90.0], 300.0, redial_share=r, **case) for r in (0.0, share)
        )
        np.testing.assert_array_equal(one.in_time, two.in_time)


def test_redials_within_minutes_are_out_of_range():
    with pytest.warns(ModelRangeWarning, match="same crowd"):
        load_with_redials(10.0, 10, redial_share=0.5, redial_after_s=120, **TIMES)


# Uncertain rates and absence


@pytest.mark.parametrize(("cv", "agents"), [(0.01, 100), (0.05, 101), (0.1, 104), (0.2, 112)])
def test_people_for_an_uncertain_hundred_erlang(cv, agents):
    assert RandomDays(100, target_s=20, rate_cv=cv, **TIMES).required_agents(0.8) == agents


def test_certain_days_are_plain_erlang_a():
    plain = erlang.service_level(20.0, 21, target_s=20, **TIMES)
    assert RandomDays(20.0, target_s=20, **TIMES).service_level(21) == pytest.approx(plain)


def test_absence_of_two_people_by_hand():
    """Both, one or none come with .64, .32 and .04."""
    level = [erlang.service_level(1.0, n, target_s=20, **TIMES) for n in (0, 1, 2)]
    found = RandomDays(1.0, target_s=20, absence=0.2, **TIMES).service_level(2)
    assert found == pytest.approx(0.04 * level[0] + 0.32 * level[1] + 0.64 * level[2])


def test_chance_against_drawn_days():
    rng = np.random.default_rng(1)
    load = 50 * rng.gamma(100, 0.01, 4000)
    there = rng.binomial(55, 0.95, 4000)
    drawn = np.mean(erlang.service_level(load, there, target_s=20, **TIMES) >= 0.8)
    days = RandomDays(50, target_s=20, rate_cv=0.1, absence=0.05, **TIMES)
    assert days.chance(55, 0.8) == pytest.approx(drawn, abs=0.025)


def test_people_for_a_chance_hold_it_and_one_fewer_does_not():
    days = RandomDays(12, target_s=20, rate_cv=0.1, absence=0.05, **TIMES)
    people = days.required_agents(0.8, chance=0.9)
    assert days.chance(people, 0.8) >= 0.9 > days.chance(people - 1, 0.8)
    assert RandomDays(0.0, target_s=20, **TIMES).required_agents(0.8) == 0
    with pytest.raises(ValueError, match="in 0"):
        days.required_agents(1.0)


def test_uncertain_days_agree_with_the_simulation():
    """The engine draws the day's volume and who is absent by itself."""
    of = scene(
        agents=13,
        arrivals=np.full((1, 48), 60.0),
        aht_cv=np.ones(1),
        patience_s=np.array([180.0]),
        absence=np.full(13, 0.08),
        day_cv=np.array([0.2]),
    )
    result = simulate(of, replications=600)
    in_time, offered = (
        a[:, 0, 12:].sum(axis=1, dtype=float) for a in (result.in_time, result.offered)
    )
    level = in_time.sum() / offered.sum()
    error = (in_time - level * offered).std(ddof=1) / np.sqrt(600) / offered.mean()
    found = RandomDays(10.0, target_s=20, rate_cv=0.2, absence=0.08, **TIMES).service_level(13)
    assert abs(level - found) < max(3 * error, 0.015)


def test_wild_rates_are_out_of_range():
    with pytest.warns(ModelRangeWarning, match="rate_cv"):
        RandomDays(20.0, target_s=20, rate_cv=0.6, **TIMES).service_level(25)


# Blending


@pytest.mark.parametrize("patience_s", [180.0, math.inf])
def test_everyone_reserved_is_a_queue_without_items(patience_s):
    found = blended(8.0, 11, 11, aht_s=300, target_s=20, patience_s=patience_s)
    level = erlang.service_level(8.0, 11, aht_s=300, target_s=20, patience_s=patience_s)
    assert found.service_level == pytest.approx(level)
    assert found.deferred_agents == pytest.approx(0.0, abs=1e-9)


def test_nobody_reserved_leaves_no_time_unused():
    found = blended(8.0, 12, 0, aht_s=300, target_s=20)
    assert found.waiting_probability == 1.0
    assert found.deferred_agents == pytest.approx(4.0)


def test_blending_by_hand():
    """n = 2, R = 1, load 1, patience for ever: states 1, 2, 3 .. weigh 1, 1/2, 1/4 ..:
    half wait."""
    assert blended(1.0, 2, 1, aht_s=300, target_s=20).waiting_probability == pytest.approx(0.5)


def test_blending_agrees_with_the_simulation():
    """Without a reserve the engine begins deferred work whenever somebody is idle."""
    of = scene(
        queues=2,
        agents=12,
        days=6,
        deferred=np.array([False, True]),
        patience_s=np.array([180.0, np.inf]),
        arrivals=np.stack([np.full(288, 48.0), np.full(288, 60.0)]),
        aht_cv=np.ones(2),
        day_cv=np.zeros(2),
    )

    def draw(replication):
        rng = np.random.default_rng([5, replication])
        horizon_s = of.grid.size * 1800.0
        calls = rng.poisson(8 / 300 * horizon_s)
        # More items than can be done: there is always one to begin.
        items = rng.poisson(6 / 300 * horizon_s) + 200
        queue = np.repeat([0, 1], [calls, items])
        arrived_s = rng.random(len(queue)) * horizon_s
        arrived_s[calls : calls + 200] = 0.0
        patience = np.where(queue == 0, rng.exponential(180.0, len(queue)), np.inf)
        return Contacts(
            queue, arrived_s, rng.exponential(300.0, len(queue)), patience,
            np.where(queue == 1, 1e9 + arrived_s, np.inf),
        ).ordered()  # fmt: skip

    result = run_replications(
        of,
        draw,
        redial_share=np.zeros(2),
        replications=30,
        seed=1,
        workers=None,
        interruptible=False,
    )
    level, error = share(result, "in_time")
    found = blended(8.0, 12, 0, aht_s=300, target_s=20, patience_s=180)
    assert abs(level - found.service_level) < max(3 * error, 0.01)
    on_items = result.busy_s[:, 1, 48:].mean() / 1800
    assert on_items == pytest.approx(found.deferred_agents, abs=0.15)


def test_long_items_are_out_of_range():
    with pytest.warns(ModelRangeWarning, match="longer"):
        blended(8.0, 12, 2, aht_s=300, target_s=20, item_s=600)


# The transient judge, and what it says of the modified offered load


@pytest.mark.parametrize(("load", "agents"), [(10, 10), (20, 22), (30, 27)])
def test_the_chain_settles_at_erlang_a(load, agents):
    found = transient_queue(
        np.full(24, load * 6.0), np.full(24, agents), interval_min=30, target_s=20, **TIMES
    )
    level = erlang.service_level(load, agents, target_s=20, **TIMES)
    assert found.service_level[-1] == pytest.approx(level, abs=1e-9)
    leave = erlang.abandonment(load, agents, **TIMES)
    assert found.abandoned[-1] / (6 * load) == pytest.approx(leave, abs=1e-9)


def test_an_empty_house_fills_as_without_limits():
    """Far more people than work: the mean at work is Poisson, and nobody waits."""
    found = transient_queue([60.0], [60], interval_min=30, target_s=0, **TIMES)
    assert found.waiting_probability[0] < 1e-12
    assert found.service_level[0] == pytest.approx(1.0)


def test_modified_offered_load_stays_near_the_exact_chain_where_each_alone_does_not():
    """Calls of 20 min in a day that swings by 60 %: MOL within a point and a half, SIPP far off."""
    erlangs = 30 * (1 + 0.6 * np.sin(2 * np.pi * (np.arange(96) / 2 - 9) / 24))
    offered, agents = erlangs * 1.5, np.ceil(erlangs + 0.5 * np.sqrt(erlangs))
    judged = transient_queue(
        offered, agents, aht_s=1200, patience_s=180, interval_min=30, target_s=20
    ).service_level[48:]
    worst = {}
    for varying in (True, False):
        curve = service_curve(
            offered,
            1200.0,
            interval_min=30,
            target_s=20,
            patience_s=180,
            time_varying=varying,
            max_positions=int(agents.max()) + 1,
        )
        rows = np.arange(48, 96)
        found = curve.in_time[rows, agents[rows].astype(int)] / offered[rows]
        worst[varying] = np.average(found - judged, weights=offered[rows])
        worst[varying, "interval"] = np.abs(found - judged).max()
    assert abs(worst[True]) < 0.015
    assert worst[True, "interval"] < 0.5 * worst[False, "interval"]
