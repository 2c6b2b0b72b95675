"""The engine: against its readable twin, against queueing theory, and by hand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from staffing import erlang
from staffing.simulation import simulate
from staffing.simulation.contacts import Contacts, draw_contacts, gamma_quantiles
from staffing.simulation.duty import Duty
from staffing.simulation.engine import INTERRUPTIBLE_ABOVE_S, run_replications
from staffing.simulation.kernel import (
    ABANDONED,
    ANSWERED,
    BACKLOG_CHANGE,
    BUSY_S,
    IN_TIME,
    OFFERED,
    WAITED_S,
)
from staffing.simulation.random import replication_key
from tests.staffing.simulation.scenes import HOUR, contacts, play, random_scene, scene
from tests.staffing.simulation.twin import Twin

COUNTED = {
    "offered": OFFERED,
    "in_time": IN_TIME,
    "answered": ANSWERED,
    "abandoned": ABANDONED,
    "waited_s": WAITED_S,
    "busy_s": BUSY_S,
    "change": BACKLOG_CHANGE,
}
INF = np.inf


def drawn(of, seed=1):
    quantiles = np.array([gamma_quantiles(float(cv)) for cv in of.day_cv])
    return draw_contacts(of, quantiles, seed, 0)


@pytest.mark.parametrize("first", range(0, 200, 40))
def test_kernel_agrees_with_the_readable_twin_on_every_contact(first):
    for seed in range(first, first + 40):
        of, interruptible = random_scene(seed), seed % 4 != 0
        given, key = drawn(of), replication_key(1, 0)
        world = play(of, given, interruptible=interruptible)
        above_s = INTERRUPTIBLE_ABOVE_S if interruptible else INF
        twin = Twin(of, given, Duty.of(of).draw(key), key, above_s).run()
        for name in ("answered", "ended"):
            expected = [getattr(c, name) for c in twin.contacts]
            np.testing.assert_allclose(world.contacts[name], expected, atol=1e-6)
        for name in ("agent", "attempt"):
            assert world.contacts[name].tolist() == [getattr(c, name) for c in twin.contacts]
        for name, row in COUNTED.items():
            np.testing.assert_allclose(world.tally[row], twin.count[name], rtol=1e-5, atol=0.05)
        np.testing.assert_allclose(world.staffed_s, twin.staffed_s, rtol=1e-5, atol=0.05)


def test_random_scenes_exercise_every_rule():
    """The comparison with the twin would say little if nobody called again or was interrupted."""
    worlds = [(of, play(of, drawn(of))) for of in map(random_scene, range(40))]
    assert sum(world.contacts["attempt"].sum() for _, world in worlds) > 100
    assert sum(world.tally[ABANDONED].sum() for _, world in worlds) > 100
    # Put aside: begun anew after its first beginning, so it took longer than its handle time.
    aside = 0
    for of, world in worlds:
        record = world.contacts
        speed = of.speed[record["agent"], record["queue"]]
        with np.errstate(divide="ignore", invalid="ignore"):
            aside += int(
                (record["ended"] - record["answered"] < drawn(of).handle_s / speed - 1).sum()
            )
    assert aside > 20


# Queueing theory


def stationary(*, load, servers, at_once=1, aht_s=300.0, patience_s=INF, days=20, replications=20):
    """Poisson arrivals, exponential handling: service after a warm-up day, with its error."""
    agents = servers // at_once
    of = scene(
        agents=agents,
        days=days,
        patience_s=np.array([patience_s]),
        at_once=np.array([at_once]),
    )
    horizon_s = of.grid.size * of.grid.interval_s

    def draw(replication):
        rng = np.random.default_rng([7, replication])
        count = rng.poisson(load / aht_s * horizon_s)
        arrived_s = np.sort(rng.random(count)) * horizon_s
        handle_s = rng.exponential(aht_s, count)
        patience = np.full(count, INF)
        if np.isfinite(patience_s):
            patience = rng.exponential(patience_s, count)
        return Contacts(
            np.zeros(count, np.int64), arrived_s, handle_s, patience, np.full(count, INF)
        )

    result = run_replications(
        of,
        draw,
        redial_share=np.zeros(1),
        replications=replications,
        seed=1,
        workers=None,
        interruptible=True,
    )
    offered = result.offered[:, 0, of.grid.per_day :].sum(axis=1, dtype=float)
    seen = {}
    for name in ("in_time", "abandoned", "waited_s"):
        part = getattr(result, name)[:, 0, of.grid.per_day :].sum(axis=1, dtype=float)
        value = part.sum() / offered.sum()
        error = (part - value * offered).std(ddof=1) / np.sqrt(replications) / offered.mean()
        seen[name] = (value, error)
    return seen


def assert_near(seen, expected, largest_error):
    value, error = seen
    assert error < largest_error
    assert abs(value - expected) < 2.1 * error


@pytest.mark.parametrize(
    ("load", "agents", "patience_s"),
    [(5.0, 5, 120.0), (10.0, 12, 300.0), (20.0, 18, 60.0), (30.0, 36, 600.0)],
)
def test_stationary_queue_with_patience_is_erlang_a(load, agents, patience_s):
    seen = stationary(load=load, servers=agents, patience_s=patience_s)
    given = {"aht_s": 300.0, "patience_s": patience_s}
    level = erlang.service_level(load, agents, target_s=20.0, **given)
    assert_near(seen["in_time"], float(level), 0.01)
    assert_near(seen["abandoned"], float(erlang.abandonment(load, agents, **given)), 0.01)
    assert_near(seen["waited_s"], float(erlang.mean_wait_s(load, agents, **given)), 1.0)


def test_stationary_queue_without_patience_is_erlang_c():
    seen = stationary(load=8.0, servers=11)
    level = erlang.service_level(8.0, 11, aht_s=300.0, target_s=20.0)
    assert_near(seen["in_time"], float(level), 0.01)
    assert seen["abandoned"] == (0.0, 0.0)


def test_chats_follow_the_birth_death_chain_of_all_slots():
    """Without stretching, 4 agents with 3 chats each serve x chats at rate x / AHT: 12 slots."""
    load, slots, patience_s = 11.0, 12, 200.0
    ratio = [load / min(x, slots) for x in range(1, slots + 1)]
    weights = np.cumprod([1.0, *ratio])
    beyond = np.cumprod(
        [load / (slots + (x - slots) * 300.0 / patience_s) for x in range(slots + 1, 400)]
    )
    law = np.concatenate([weights, weights[-1] * beyond])
    law /= law.sum()
    waiting = np.maximum(np.arange(len(law)) - slots, 0) @ law
    seen = stationary(load=load, servers=slots, at_once=3, patience_s=patience_s)
    assert_near(seen["waited_s"], waiting * 300.0 / load, 2.0)
    assert_near(seen["abandoned"], waiting * 300.0 / patience_s / load, 0.01)


# By hand


def test_wait_is_the_rest_of_the_call_before():
    world = play(scene(), contacts((0, 0, 100, INF, INF), (0, 60, 100, INF, INF)))
    assert world.contacts["answered"].tolist() == [0.0, 100.0]
    assert world.contacts["ended"].tolist() == [100.0, 200.0]
    assert world.tally[IN_TIME].sum() == 1
    assert world.tally[WAITED_S].sum() == 40.0


def test_impatient_contact_leaves_when_its_patience_ends():
    world = play(scene(), contacts((0, 0, 100, INF, INF), (0, 60, 100, 30, INF)))
    assert world.contacts["ended"].tolist() == [100.0, 90.0]
    assert world.tally[ABANDONED].sum() == 1
    assert world.tally[ANSWERED].sum() == 1


def test_lowest_order_then_speed_then_longest_idle_is_chosen():
    of = scene(
        agents=4,
        order=np.array([[2], [1], [1], [1]]),
        speed=np.array([[2.0], [1.0], [1.5], [1.5]]),
    )
    calls = contacts(*[(0, float(t), 1000.0, INF, INF) for t in range(4)])
    assert play(of, calls).contacts["agent"].tolist() == [2, 3, 1, 0]


def test_longest_idle_takes_turns():
    calls = contacts(*[(0, 100.0 * t, 50.0, INF, INF) for t in range(4)])
    assert play(scene(agents=2), calls).contacts["agent"].tolist() == [0, 1, 0, 1]


def test_freed_agent_takes_priority_then_own_order_then_longest_waiting():
    of = scene(queues=4, priority=np.array([2, 1, 1, 1]), order=np.array([[1, 2, 1, 1]]))
    calls = contacts(
        (0, 0, 100, INF, INF),
        (0, 1, 100, INF, INF),
        (1, 2, 100, INF, INF),
        (3, 3, 100, INF, INF),
        (2, 4, 100, INF, INF),
    )
    assert play(of, calls).contacts["answered"].tolist() == [0, 400, 300, 100, 200]


def test_chats_go_to_the_idle_then_to_the_least_loaded():
    of = scene(agents=2, at_once=np.array([3]))
    chats = contacts(*[(0, float(t), 1000.0, INF, INF) for t in range(7)])
    record = play(of, chats).contacts
    assert record["agent"][:6].tolist() == [0, 1, 0, 1, 0, 1]
    assert record["answered"][6] == 1000.0


def test_agent_who_holds_a_chat_takes_no_call():
    of = scene(queues=2, at_once=np.array([2, 1]))
    given = contacts((0, 0, 500, INF, INF), (1, 10, 60, INF, INF), (0, 20, 500, INF, INF))
    assert play(of, given).contacts["answered"].tolist() == [0.0, 520.0, 20.0]


def test_chats_in_hand_count_once_as_busy_time():
    of = scene(at_once=np.array([2]))
    world = play(of, contacts((0, 0, 500, INF, INF), (0, 100, 600, INF, INF)))
    assert world.tally[BUSY_S].sum() == 700.0


def deferred_scene(**changes):
    """Queue 0 live, queues 1 and 2 deferred."""
    return scene(queues=3, deferred=np.array([False, True, True]), **changes)


def test_deferred_work_is_done_by_earliest_deadline():
    given = contacts(
        (1, 0, 600, INF, 9e3), (1, 1, 600, INF, 8e3), (2, 2, 600, INF, 1900), (1, 3, 600, INF, 1000)
    )
    world = play(deferred_scene(), given)
    assert world.contacts["ended"].tolist() == [600.0, 2400.0, 1800.0, 1200.0]
    assert world.tally[IN_TIME].sum(axis=1).tolist() == [0, 2, 1]
    assert world.tally[WAITED_S].sum(axis=1).tolist() == [0, 600 + 2399 + 1197, 1798]


def test_live_contact_interrupts_a_long_item_which_resumes_with_what_is_left():
    given = contacts((1, 0, 600, INF, 9e3), (1, 1, 600, INF, 9e3), (0, 200, 100, INF, INF))
    world = play(deferred_scene(), given)
    assert world.contacts["answered"][2] == 200.0
    assert world.contacts["ended"].tolist() == [700.0, 1300.0, 300.0]
    assert world.tally[BUSY_S].sum(axis=1).tolist() == [100.0, 1200.0, 0.0]


def test_short_items_and_uninterruptible_ones_are_finished_first():
    short = contacts((1, 0, 300, INF, 9e3), (0, 200, 100, INF, INF))
    assert play(deferred_scene(), short).contacts["answered"][1] == 300.0
    long = contacts((1, 0, 600, INF, 9e3), (0, 200, 100, INF, INF))
    assert play(deferred_scene(), long, interruptible=False).contacts["answered"][1] == 600.0


def test_interrupted_item_goes_to_a_colleague_who_cannot_take_the_call():
    of = deferred_scene(agents=2, speed=np.array([[1.0, 1.0, 0.0], [0.0, 0.5, 0.0]]))
    of = replace(of, order=np.array([[1, 1, 1], [1, 2, 1]]))
    world = play(of, contacts((1, 0, 600, INF, 9e3), (0, 200, 100, INF, INF)))
    assert world.contacts["agent"].tolist() == [1, 0]
    assert world.contacts["ended"].tolist() == [200.0 + 400.0 / 0.5, 300.0]


def test_idle_colleague_is_preferred_to_an_interruption():
    given = contacts((1, 0, 600, INF, 9e3), (0, 200, 100, INF, INF))
    assert play(deferred_scene(agents=2), given).contacts["ended"].tolist() == [600.0, 300.0]


def test_deferred_work_waits_until_its_queue_opens():
    open_mask = np.ones((3, 48), dtype=bool)
    open_mask[1, :2] = False
    world = play(deferred_scene(open_mask=open_mask), contacts((1, 0, 600, INF, 9e3)))
    assert world.contacts["answered"].tolist() == [HOUR]


def test_unfinished_items_count_as_late_only_if_they_were_due():
    end_s = 24 * HOUR
    of = deferred_scene(duty=[])
    world = play(of, contacts((1, 0, 600, INF, end_s), (1, 0, 600, INF, end_s + 1)))
    assert world.tally[OFFERED].sum() == 1
    assert world.tally[IN_TIME].sum() == 0
    assert world.tally[BACKLOG_CHANGE].sum() == 2


def test_call_in_hand_delays_the_break_and_the_item_is_put_aside():
    of = deferred_scene(duty=[(0, 0.0, 1.0), (0, 2.0, 24.0)])
    call = play(of, contacts((0, HOUR - 60, 4000, INF, INF), (0, HOUR, 60, INF, INF)))
    assert call.contacts["answered"].tolist() == [HOUR - 60, HOUR + 3940]
    assert call.staffed_s.sum() == 24 * HOUR
    item = play(of, contacts((1, HOUR - 60, 4000, INF, 9e4)))
    assert item.contacts["ended"].tolist() == [2 * HOUR + 3940]
    assert item.staffed_s.sum() == 23 * HOUR


def test_work_beyond_the_end_of_duty_counts_as_staffed():
    world = play(scene(duty=[(0, 0.0, 1.0)]), contacts((0, HOUR - 60, 600, INF, INF)))
    assert world.staffed_s[:3].tolist() == [1800.0, 1800.0, 540.0]
    assert world.tally[BUSY_S].sum() == 600.0


def test_who_leaves_at_five_takes_no_contact_at_five():
    world = play(scene(duty=[(0, 0.0, 1.0)]), contacts((0, HOUR, 60, INF, INF)))
    assert world.tally[ANSWERED].sum() == 0


def test_contact_waiting_when_the_queue_closes_is_still_served():
    open_mask = np.arange(48)[None, :] < 2
    of = scene(open_mask=open_mask, duty=[(0, 2.0, 3.0)])
    world = play(of, contacts((0, HOUR - 1, 60, INF, INF)))
    assert world.contacts["answered"].tolist() == [2 * HOUR]
    assert world.tally[IN_TIME].sum() == 0


# Properties


@pytest.mark.parametrize("seed", range(8))
def test_offered_is_answered_and_abandoned_and_left(seed):
    of = random_scene(seed)
    result = simulate(of, replications=20, seed=seed)
    live = ~of.deferred
    left = (result.offered - result.answered - result.abandoned)[:, live]
    assert left.min(initial=0.0) >= 0.0
    assert result.in_time.sum() <= result.answered.sum()
    if np.isfinite(of.patience_s[live]).all():
        assert left[:, :, : of.grid.size // 2].sum() == 0.0
    assert result.backlog[live].max(initial=0.0) == 0.0
    assert result.backlog.min() >= -1e-9
    assert (result.busy_s.sum(axis=1) <= result.staffed_s + 0.1).all()


def test_same_seed_gives_the_same_result_whatever_the_workers():
    of = random_scene(3)
    one, two, other = (
        simulate(of, replications=9, seed=seed, workers=workers)
        for seed, workers in ((5, 1), (5, 2), (6, 2))
    )
    for name in ("offered", "in_time", "waited_s", "busy_s", "staffed_s", "backlog"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert not np.array_equal(one.offered, other.offered)


def test_fewer_replications_are_the_first_of_more():
    of = random_scene(3)
    few, many = simulate(of, replications=3), simulate(of, replications=6)
    np.testing.assert_array_equal(few.waited_s, many.waited_s[:3])


@pytest.mark.parametrize("done", [1, 7, 10])
def test_a_simulation_goes_on_where_it_stopped(done):
    of = random_scene(3)
    whole, begun = simulate(of, replications=12), simulate(of, replications=done)
    continued = simulate(of, replications=12, begun=begun)
    for name in ("offered", "in_time", "waited_s", "busy_s", "staffed_s", "later_in_time"):
        np.testing.assert_array_equal(getattr(continued, name), getattr(whole, name))
    np.testing.assert_allclose(continued.backlog, whole.backlog, atol=1e-9)


def test_rosters_meet_the_same_contacts():
    """Common random numbers: a shorter day changes waits and absences, but not who comes when."""
    of = scene(agents=4, arrivals=np.full((1, 48), 18.0), aht_cv=np.ones(1), day_cv=np.full(1, 0.2))
    shorter = replace(of, duty_end_s=of.duty_end_s - 2 * HOUR, absence=np.full(4, 0.1))
    one, two = simulate(of, replications=5), simulate(shorter, replications=5)
    np.testing.assert_array_equal(one.offered, two.offered)
    assert not np.array_equal(one.waited_s, two.waited_s)


def test_one_more_agent_never_hurts_a_single_queue():
    of = scene(agents=4, arrivals=np.full((1, 48), 18.0), patience_s=np.array([120.0]))
    more = scene(agents=5, arrivals=of.arrivals, patience_s=of.patience_s)
    few, many = simulate(of, replications=10), simulate(more, replications=10)
    in_time = [r.in_time.sum(axis=(1, 2)) for r in (few, many)]
    assert (in_time[1] > in_time[0]).all()


def test_redials_are_offered_again():
    """With nobody there all give up: 1 / (1 - 0.5) attempts a caller when redials come at once."""
    of = scene(
        duty=[],
        arrivals=np.full((1, 48), 50.0),
        patience_s=np.array([10.0]),
        redial_share=np.array([0.5]),
        redial_after_s=20.0,
    )
    result = simulate(of, replications=50)
    assert result.offered.sum() / 50 / (48 * 50) == pytest.approx(2.0, abs=0.02)


def test_scene_without_people_or_contacts_is_simulated():
    nobody = simulate(scene(agents=0, arrivals=np.full((1, 48), 2.0)), replications=2)
    assert nobody.answered.sum() == 0.0
    assert nobody.offered.sum() > 0.0
    silence = simulate(scene(), replications=2)
    assert silence.staffed_s.sum() == 2 * 24 * HOUR
    assert "no contacts" in silence.summary()


def test_without_patience_the_queue_is_erlang_b():
    of = scene(agents=10, arrivals=np.full((1, 48), 60.0), patience_s=np.zeros(1))
    result = simulate(of, replications=40)
    lost = result.abandoned.sum() / result.offered.sum()
    assert lost == pytest.approx(float(erlang.blocking(10.0, 10)), abs=0.006)
    assert result.waited_s.sum() == 0


def test_a_night_shift_runs_over_midnight_and_is_cut_at_the_horizon():
    night = scene(agents=1, days=2, duty=[(0, 22.0, 30.0)])
    assert simulate(night, replications=1).staffed_s.sum() == 8 * HOUR
    last = scene(agents=1, duty=[(0, 22.0, 30.0)])
    assert simulate(last, replications=1).staffed_s.sum() == 2 * HOUR
    first = scene(agents=1, duty=[(0, -4.0, 3.0)])
    assert simulate(first, replications=1).staffed_s.sum() == 3 * HOUR


def test_nobody_with_the_skill_or_nobody_present_answers_nothing():
    arrivals = np.full((1, 48), 6.0)
    for nobody in ({"speed": np.zeros((1, 1))}, {"absence": np.ones(1)}, {"duty": []}):
        result = simulate(scene(arrivals=arrivals, **nobody), replications=2)
        assert result.answered.sum() == 0 < result.offered.sum()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"arrivals": np.full((1, 48), np.nan)}, "arrivals must be between 0"),
        ({"arrivals": np.full((1, 48), -1.0)}, "got -1"),
        ({"aht_s": np.full((1, 48), -5.0)}, "aht_s must be"),
        ({"patience_s": np.array([np.nan])}, "patience_s must be between 0 and inf; got nan"),
        ({"redial_share": np.array([1.2])}, "redial_share must be between 0 and 1"),
        ({"redial_share": np.zeros(3)}, r"redial_share has shape \(3,\), needs \(1,\)"),
        ({"absence": np.zeros(2)}, "absence has shape"),
        ({"duty": [(3, 1.0, 2.0)]}, "duty_agent numbers 1 agents from 0; got 3"),
        ({"duty": [(0, 5.0, 4.0)]}, "ends before it starts"),
    ],
)
def test_scenes_that_cannot_be_are_refused_by_name(change, words):
    with pytest.raises(ValueError, match=words):
        scene(**change)


def test_summary_reads_as_a_line_a_queue():
    of = scene(agents=3, arrivals=np.full((1, 48), 4.0))
    text = simulate(of, replications=2).summary()
    assert text.startswith("2 replications\nq0: ")
    assert "in time" in text


def test_importing_the_package_does_not_import_numba():
    root = Path(__file__).resolve().parents[3]
    code = "import sys, staffing.simulation; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_no_replication_is_refused():
    with pytest.raises(ValueError, match="at least one replication, got 0"):
        simulate(scene(), replications=0)
