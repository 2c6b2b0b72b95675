"""The chat chain against Erlang, against a brute-force chain and against a simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staffing import erlang
from staffing.chat import chat_durations, chat_performance, required_chat_agents
from staffing.ranges import ModelRangeWarning


def answered_in_time(ahead, full, theta, target_s):
    """Chance that a chat with up to `ahead` before it is answered in time, by uniformisation.

    State l = chats ahead; the next step forward at rate full + l theta, own patience theta.
    """
    states = ahead + 1
    rate = full + (ahead + 1) * theta
    now = np.eye(states)
    in_time, weight, answered = np.zeros(states), math.exp(-rate * target_s), np.zeros(states)
    forward = (full + np.arange(states) * theta) / rate
    leave = theta / rate
    for k in range(1, 4000):
        answered = answered + now[:, 0] * forward[0]
        moved = now * (1 - forward - leave)
        moved[:, :-1] += now[:, 1:] * forward[1:]
        now = moved
        weight *= rate * target_s / k
        in_time += weight * answered
        if k > rate * target_s and weight < 1e-18:
            break
    return in_time


def brute_force(arrivals, agents, durations, target_s, patience_s, states=160):
    """Stationary law by solving the balance equations; waiting by the chain of one chat."""
    slots, theta = agents * len(durations), 1 / patience_s

    def finish(x):
        held = np.zeros(agents, dtype=int)
        for _ in range(min(x, slots)):
            held[np.argmin(held)] += 1
        return sum(k / durations[k - 1] for k in held if k > 0) + max(x - slots, 0) * theta

    generator = np.zeros((states, states))
    for x in range(states - 1):
        generator[x, x + 1], generator[x + 1, x] = arrivals, finish(x + 1)
    generator -= np.diag(generator.sum(axis=1))
    system = np.vstack([generator.T, np.ones(states)])
    law = np.linalg.lstsq(system, np.append(np.zeros(states), 1.0), rcond=None)[0]
    x = np.arange(states)
    answered = answered_in_time(states - slots - 1, finish(slots), theta, target_s)
    queue = np.maximum(x - slots, 0) @ law
    return {
        "service_level": law[:slots].sum() + law[slots:] @ answered,
        "abandonment": queue * theta / arrivals,
        "mean_wait_s": queue / arrivals,
        "busy_agents": np.minimum(x, agents) @ law,
        "load_per_slot": np.minimum(x, slots) @ law / slots,
    }


@pytest.mark.parametrize(
    ("arrivals_per_hour", "agents", "durations", "target_s", "patience_s"),
    [
        (60.0, 4, [400.0, 520.0, 700.0], 30.0, 240.0),
        (110.0, 5, [300.0, 420.0], 10.0, 60.0),
        (25.0, 1, [240.0, 300.0, 330.0], 60.0, 500.0),
        (40.0, 7, [600.0, 900.0], 0.0, 120.0),
        (12.0, 3, [900.0], 20.0, 90.0),
    ],
)
def test_chain_solved_by_brute_force(arrivals_per_hour, agents, durations, target_s, patience_s):
    """Balance equations with agents counted one by one, and the waiting chat's own chain."""
    wanted = brute_force(arrivals_per_hour / 3600, agents, durations, target_s, patience_s)
    found = chat_performance(
        arrivals_per_hour, agents, aht_s=durations, target_s=target_s, patience_s=patience_s
    )
    for name, value in wanted.items():
        assert getattr(found, name) == pytest.approx(value, rel=1e-9, abs=1e-10), name


def test_simulated_agents_one_by_one():
    """Agents with their own chats, new chats to the least loaded, chats that give up.

    The chain keeps agents level at all times, so it counts slightly more of them as busy.
    """
    rate, agents, durations, patience_s, target_s = 90 / 3600, 4, [300.0, 390.0, 480.0], 120.0, 30.0
    rng = np.random.default_rng(11)
    held, queue, now = [0] * agents, [], 0.0
    offered = in_time = left = 0
    busy = 0.0
    while offered < 30_000:
        finish = [k / durations[k - 1] if k else 0.0 for k in held]
        total = rate + sum(finish) + len(queue) / patience_s
        step = rng.exponential(1 / total)
        now += step
        busy += step * sum(k > 0 for k in held)
        pick = rng.random() * total
        if pick < rate:
            offered += 1
            if min(held) < len(durations):
                held[held.index(min(held))] += 1
                in_time += 1
            else:
                queue.append(now)
            continue
        pick -= rate
        if pick >= sum(finish):
            queue.pop(rng.integers(len(queue)))
            left += 1
            continue
        agent = int(np.searchsorted(np.cumsum(finish), pick, side="right"))
        if queue:
            in_time += now - queue.pop(0) <= target_s
        else:
            held[agent] -= 1
    found = chat_performance(90, agents, aht_s=durations, target_s=target_s, patience_s=patience_s)
    assert in_time / offered == pytest.approx(found.service_level, abs=0.015)
    assert left / offered == pytest.approx(found.abandonment, abs=0.01)
    assert busy / now == pytest.approx(found.busy_agents, rel=0.02)


@pytest.mark.parametrize("patience_s", [5.0, 150.0, math.inf])
def test_one_at_a_time_is_erlang(patience_s):
    agents = np.arange(1, 40)
    found = chat_performance(120, agents, aht_s=600, target_s=30, patience_s=patience_s)
    times = {"aht_s": 600, "patience_s": patience_s}
    level = erlang.service_level(20, agents, target_s=30, **times)
    np.testing.assert_allclose(found.service_level, level, atol=1e-12)
    wait = erlang.mean_wait_s(20, agents, **times)
    np.testing.assert_allclose(found.mean_wait_s, wait, rtol=1e-10)
    busy = agents * erlang.occupancy(20, agents, **times)
    np.testing.assert_allclose(found.busy_agents, busy, rtol=1e-10)


def test_durations_that_do_not_stretch_are_erlang_with_slots():
    """3 agents x 4 equal slots wait like 12 agents, but 3 people are busy."""
    found = chat_performance(60, 3, aht_s=600, at_once=4, target_s=20, patience_s=100)
    level = erlang.service_level(10, 12, aht_s=600, target_s=20, patience_s=100)
    assert found.service_level == pytest.approx(level, abs=1e-13)
    assert found.busy_agents < 3
    used = erlang.occupancy(10, 12, aht_s=600, patience_s=100)
    assert found.load_per_slot == pytest.approx(used, abs=1e-13)


def test_slots_at_the_slowest_time_overstate_waiting():
    """The usual shortcut makes waiting about three times what the chain says."""
    durations, chats, agents = [480.0, 600.0, 780.0], 100.0, 10
    found = chat_performance(chats, agents, aht_s=durations, target_s=0, patience_s=180)
    load = chats / 3600 * durations[-1]
    shortcut = erlang.waiting_probability(load, 3 * agents, aht_s=durations[-1], patience_s=180)
    assert shortcut > 2 * (1 - found.service_level)


def test_borders():
    nobody = chat_performance(30, 0, aht_s=[300, 400], target_s=20, patience_s=60)
    assert (nobody.service_level, nobody.abandonment, nobody.mean_wait_s) == (0, 1, 60)
    quiet = chat_performance(0, 2, aht_s=[300, 400], target_s=20, patience_s=60)
    assert (quiet.service_level, quiet.abandonment, quiet.busy_agents) == (1, 0, 0)
    stuck = chat_performance(100, 1, aht_s=[300, 400], target_s=20)
    assert (stuck.service_level, stuck.mean_wait_s, stuck.busy_agents) == (0, math.inf, 1)
    idle = chat_performance(1e-6, 400, aht_s=[300, 400, 450], target_s=0, patience_s=60)
    assert idle.service_level == 1
    assert idle.busy_agents == pytest.approx(1e-6 / 3600 * 300)


def test_concurrency_is_capped_where_an_agent_would_get_slower():
    """2 chats in 500 s beat 1 in 300 s; 3 in 800 s are slower than 2 in 500 s."""
    assert chat_durations([300, 500, 800]).tolist() == [300, 500]
    assert chat_durations(300, 3).tolist() == [300, 300, 300]
    capped = chat_performance(20, 3, aht_s=[300, 500, 800], target_s=20, patience_s=90)
    assert capped == chat_performance(20, 3, aht_s=[300, 500], target_s=20, patience_s=90)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aht_s": [300, 200]}, "must not decrease"),
        ({"aht_s": [300, 400], "at_once": 3}, "2 levels but at_once is 3"),
        ({"aht_s": -1}, "positive"),
        ({"at_once": 0}, "at_once"),
        ({"agents": 2.5}, "whole"),
        ({"arrivals_per_hour": -1}, "arrivals_per_hour"),
        ({"patience_s": 0}, "patience_s"),
    ],
)
def test_faults_are_refused_by_name(change, words):
    arguments = {"arrivals_per_hour": 9, "agents": 2, "aht_s": 300, "target_s": 9, "patience_s": 9}
    with pytest.raises(ValueError, match=words):
        chat_performance(**(arguments | change))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0.1, 600.0),
    st.integers(0, 40),
    st.lists(st.floats(1.0, 1.4), max_size=3),
    st.floats(2.0, 5000.0),
)
@pytest.mark.filterwarnings("ignore::staffing.ranges.ModelRangeWarning")
def test_bounds_and_conservation(arrivals_per_hour, agents, growth, patience_s):
    """Shares are shares, more agents never hurt, and wait = abandonment x patience."""
    durations = 300 * np.cumprod([1.0, *growth])
    both = chat_performance(
        arrivals_per_hour, [agents, agents + 1], aht_s=durations, target_s=20, patience_s=patience_s
    )
    assert np.all((both.service_level > -1e-12) & (both.service_level <= 1 + 1e-12))
    assert np.all(np.diff(both.service_level) > -1e-12)
    assert np.all(np.diff(both.abandonment) < 1e-12)
    assert np.all(both.busy_agents <= [agents + 1e-9, agents + 1 + 1e-9])
    np.testing.assert_allclose(both.mean_wait_s, both.abandonment * patience_s, rtol=1e-9)


@pytest.mark.parametrize("patience_s", [90.0, math.inf])
def test_required_chat_agents_is_the_first_that_holds(patience_s):
    factors = [1.0, 1.2, 1.5]
    for load in (0.3, 4.0, 22.0):
        n = np.arange(1, 60)
        found = chat_performance(
            load / 400 * 3600,
            n,
            aht_s=400 * np.array(factors),
            target_s=30,
            patience_s=patience_s,
        )
        good = (found.service_level >= 0.9) & (found.load_per_slot <= 0.7)
        good &= found.abandonment <= 0.02
        wanted = {
            "aht_s": 400,
            "target_s": 30,
            "service_level": 0.9,
            "patience_s": patience_s,
            "at_once": 3,
            "stretch": factors,
            "max_occupancy": 0.7,
            "max_abandonment": 0.02,
        }
        whole = required_chat_agents(load, **wanted)
        assert whole == n[good][0]
        part = required_chat_agents(load, fractional=True, **wanted)
        assert whole - 1 < part <= whole
    assert required_chat_agents(0.0, **wanted) == 0


@pytest.mark.parametrize("durations", [[300.0] * 9, [300.0, 500.0, 560.0]])
def test_chats_beyond_what_was_measured_are_out_of_range(durations):
    """Nine at once; two that take 1.87 times as long."""
    with pytest.warns(ModelRangeWarning, match="not measured"):
        chat_performance(20, 3, aht_s=durations, target_s=20, patience_s=90)
