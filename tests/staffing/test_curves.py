"""Service curves against the formulas they tabulate, an exact transient chain, and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staffing import erlang
from staffing.chat import chat_performance
from staffing.curves import (
    ServiceCurve,
    concave_hull,
    floor_positions,
    hull_segments,
    modified_offered_load,
    service_curve,
)

OFFERED = np.array([0.0, 12.0, 60.0, 3.5, 60.0, 0.0, 41.0])
AHT_S = np.array([300.0, 300.0, 280.0, 310.0, 280.0, 300.0, 400.0])
STILL = {"interval_min": 30, "target_s": 20, "time_varying": False}


@pytest.mark.parametrize("patience_s", [7.0, 180.0, math.inf])
def test_columns_are_erlang(patience_s):
    """Every cell equals the formula at its interval's load; A, and C with waits capped."""
    curve = service_curve(OFFERED, AHT_S, patience_s=patience_s, **STILL)
    n = np.arange(curve.most_positions + 1)
    load = (OFFERED * AHT_S / 1800)[:, None]
    times = {"aht_s": AHT_S[:, None], "patience_s": patience_s}
    volume = OFFERED[:, None]
    level = erlang.service_level(load, n, target_s=20, **times)
    np.testing.assert_allclose(curve.in_time, volume * level, atol=1e-10)
    lost = erlang.abandonment(load, n, **times)
    np.testing.assert_allclose(curve.abandoned, volume * lost, atol=1e-10)
    wait = erlang.mean_wait_s(load, n, **times)
    if patience_s == math.inf:
        wait = np.minimum(wait, 1800.0)
    np.testing.assert_allclose(curve.wait_s, volume * wait, rtol=1e-9, atol=1e-9)
    busy = n * erlang.occupancy(load, n, **times)
    np.testing.assert_allclose(curve.busy, busy, atol=1e-10)
    assert curve.offered.tolist() == OFFERED.tolist()


def test_columns_are_the_chat_chain():
    stretch = [1.0, 1.2, 1.5]
    curve = service_curve(
        [40.0, 90.0], [400.0, 450.0], patience_s=120, at_once=3, stretch=stretch, **STILL
    )
    n = np.arange(curve.most_positions + 1)
    for t, (volume, aht_s) in enumerate([(40.0, 400.0), (90.0, 450.0)]):
        chat = chat_performance(
            2 * volume, n, aht_s=aht_s * np.array(stretch), target_s=20, patience_s=120
        )
        np.testing.assert_allclose(curve.in_time[t], volume * chat.service_level, atol=1e-10)
        np.testing.assert_allclose(curve.abandoned[t], volume * chat.abandonment, atol=1e-10)
        np.testing.assert_allclose(curve.wait_s[t], volume * chat.mean_wait_s, rtol=1e-10)
        np.testing.assert_allclose(curve.busy[t], chat.busy_agents, atol=1e-10)


def test_default_width_reaches_nearly_all_in_the_busiest_interval():
    curve = service_curve(OFFERED, AHT_S, patience_s=180, **STILL)
    share = curve.in_time[2] / 60.0
    assert share[-2] > 0.9995
    assert share[-3] <= 0.9995
    assert (
        service_curve(OFFERED, AHT_S, patience_s=180, max_positions=4, **STILL).most_positions == 4
    )
    assert service_curve(np.zeros(3), 300, patience_s=180, **STILL).most_positions == 2


def test_closed_intervals_are_rows_of_zeros():
    curve = service_curve(OFFERED, AHT_S, interval_min=30, target_s=20, patience_s=180)
    for table in (curve.in_time, curve.abandoned, curve.wait_s, curve.busy):
        assert not table[[0, 5]].any()
        assert np.isfinite(table).all()


def test_uncertain_rates_are_a_mean_over_days_weighted_by_volume():
    """Against a fine integral over the gamma density: E[X SL(X)] and E[busy(X)]."""
    cv, volume, aht_s = 0.15, 100.0, 300.0
    curve = service_curve([volume], aht_s, patience_s=180, rate_cv=cv, **STILL)
    x = np.linspace(0.3, 2.2, 4001)
    shape = 1 / cv**2
    density = np.exp((shape - 1) * np.log(x) - shape * x - (shape - 1) * math.log(1.0) + shape)
    density /= density.sum()
    load = volume * aht_s / 1800
    for n in (12, 17, 20, 24):
        times = {"aht_s": aht_s, "patience_s": 180}
        level = erlang.service_level(load * x, n, target_s=20, **times)
        assert curve.in_time[0, n] == pytest.approx(volume * density @ (x * level), rel=2e-4)
        lost = erlang.abandonment(load * x, n, **times)
        assert curve.abandoned[0, n] == pytest.approx(volume * density @ (x * lost), rel=2e-3)
        busy = n * erlang.occupancy(load * x, n, **times)
        assert curve.busy[0, n] == pytest.approx(density @ busy, rel=2e-4)


def test_uncertain_rates_need_more_people():
    """100 Erlang, 80/20, patience 180 s: 100, 101, 104, 112 people for cv 1, 5, 10, 20 %."""
    least = []
    for cv in (0.01, 0.05, 0.10, 0.20):
        curve = service_curve([600.0], 300, patience_s=180, rate_cv=cv, **STILL)
        least.append(int(floor_positions(curve, 0.8, 0, [True])[0]))
    assert least == [100, 101, 104, 112]


def test_remembered_load_solves_its_equation():
    """Against small Euler steps of m' = rate h / r - m / r, started at the steady load."""
    offered, aht_s, cv = np.array([50.0, 90.0, 20.0, 70.0]), np.array([900.0, 900, 1500, 600]), 1.4
    r = aht_s * (1 + cv**2) / 2
    now, means = offered[0] * aht_s[0] / 1800, []
    for volume, h, memory in zip(offered, aht_s, r, strict=True):
        total = 0.0
        for _ in range(18_000):
            step = 0.1 * (volume / 1800 * h - now) / memory
            total += now + step / 2
            now += step
        means.append(total / 18_000)
    found = modified_offered_load(offered, aht_s, 30, aht_cv=cv)
    np.testing.assert_allclose(found, means, rtol=1e-4)


def test_remembered_load_forgets_over_closed_time_and_keeps_steady_flow():
    steady = modified_offered_load([30.0] * 6, 600, 15)
    np.testing.assert_allclose(steady, 30 * 600 / 900)
    gap = modified_offered_load([30.0, 80.0, 0.0, 30.0], 600, 15)
    assert gap[3] == pytest.approx(20.0)
    assert gap[2] == 0
    through = modified_offered_load([30.0, 80.0, 0.0, 30.0], 600, 15, [True] * 4)
    assert through[2] > 10


def answered_in_time(agents, aht_s, patience_s, target_s, states):
    """Chance of an answer in time by contacts found in the house, in small steps."""
    x = np.arange(states)
    forward = agents / aht_s + np.maximum(x - agents, 0) / patience_s
    found = np.where(x < agents, 1.0, 0.0)
    for _ in range(400):
        ahead = np.where(x == agents, 1.0, np.roll(found, 1))
        change = forward * (ahead - found) - found / patience_s
        found = np.where(x < agents, 1.0, found + target_s / 400 * change)
    return found


@pytest.mark.parametrize("aht_s", [600.0, 1800.0])
def test_staffing_by_remembered_load_holds_through_the_day(aht_s):
    """Exact transient chain of a sine-shaped day, 50 Erlang +- 80 %, staffed for 80 % in 20 s.

    No interval misses by over three points; by the stationary view 9 and 20 of them do.
    """
    patience_s, target_s, intervals, states, step = 300.0, 20.0, 48, 150, 2.0
    phase = 2 * np.pi * (np.arange(intervals) + 0.5) / intervals
    rate = 50.0 / aht_s * (1 + 0.8 * np.sin(phase))
    misses = []
    for time_varying in (True, False):
        curve = service_curve(
            rate * 1800,
            aht_s,
            interval_min=30,
            target_s=target_s,
            patience_s=patience_s,
            time_varying=time_varying,
        )
        staff = floor_positions(curve, 0.8, 1, np.ones(intervals, dtype=bool))
        x = np.arange(states)
        law = np.exp(-((x - rate[0] * aht_s) ** 2) / (2 * rate[0] * aht_s))
        law /= law.sum()
        shares = np.zeros(intervals)
        for t, agents in enumerate(staff):
            in_time = answered_in_time(agents, aht_s, patience_s, target_s, states)
            finish = np.minimum(x, agents) / aht_s + np.maximum(x - agents, 0) / patience_s
            for _ in range(900):
                up, down = rate[t] * law[:-1], finish[1:] * law[1:]
                law[:-1] += step * (down - up)
                law[1:] += step * (up - down)
                shares[t] += law @ in_time / 900
        misses.append(int((shares[4:] < 0.77).sum()))
    assert misses[0] == 0
    assert misses[1] >= 9


values = st.lists(st.floats(0, 1000), min_size=2, max_size=40)


@settings(max_examples=80, deadline=None)
@given(values, st.integers(0, 5), st.integers(2, 12))
def test_hull_is_concave_from_end_to_end(row, first, points):
    first = min(first, len(row) - 1)
    corners = concave_hull(row, first, points)
    assert corners[0] == first
    assert corners[-1] == len(row) - 1
    assert len(corners) <= points
    slopes = np.diff(np.array(row)[corners]) / np.diff(corners)
    assert np.all(np.diff(slopes) < 1e-9)
    if len(corners) < points:
        over = np.interp(np.arange(first, len(row)), corners, np.array(row)[corners])
        assert np.all(over >= np.array(row)[first:] - 1e-9)


def test_hull_by_hand():
    """The S-shape's foot is bridged; the point farthest above the chord is kept first."""
    row = [0.0, 0.0, 1.0, 5.0, 8.0, 9.0, 9.5]
    assert concave_hull(row).tolist() == [0, 4, 5, 6]
    assert concave_hull(row, first=2).tolist() == [2, 3, 4, 5, 6]
    assert concave_hull(row, points=3).tolist() == [0, 4, 6]
    assert concave_hull(row, first=6).tolist() == [6]


def test_segments_hold_the_hull_at_every_whole_position():
    """The least of a row's lines is its hull between floor and N; padding repeats the last line."""
    curve = service_curve(OFFERED, AHT_S, patience_s=180, **STILL)
    floor = floor_positions(curve, 0.6, 1, OFFERED > 0)
    slopes, intercepts = hull_segments(curve.in_time, floor)
    assert slopes.shape == intercepts.shape == (len(OFFERED), 11)
    assert np.all(np.diff(slopes, axis=1) <= 1e-12)
    n = np.arange(curve.most_positions + 1)
    for t, row in enumerate(curve.in_time):
        lowest = (slopes[t][:, None] * n + intercepts[t][:, None]).min(axis=0)
        corners = concave_hull(row, int(floor[t]))
        np.testing.assert_allclose(
            lowest[floor[t] :], np.interp(n, corners, row[corners])[floor[t] :]
        )
        assert np.all(lowest[floor[t] :] <= OFFERED[t] + 1e-9)
    level, height = hull_segments(curve.in_time, np.full(len(OFFERED), 10_000))
    assert not level.any()
    np.testing.assert_array_equal(height[:, 0], curve.in_time[:, -1])


def test_floor_is_the_least_whole_number_that_holds_the_share():
    curve = ServiceCurve(
        in_time=np.array([[0, 2, 6, 9.0], [0, 0, 0, 0], [0, 1, 2, 3], [0, 9, 10, 10]]),
        abandoned=np.zeros((4, 4)),
        wait_s=np.zeros((4, 4)),
        busy=np.zeros((4, 4)),
        offered=np.array([10.0, 0.0, 10.0, 10.0]),
    )
    is_open = [True, True, True, False]
    assert floor_positions(curve, 0.6, 1, is_open).tolist() == [2, 1, 3, 0]
    assert floor_positions(curve, 0.6, [3, 0, 0, 1], is_open).tolist() == [3, 0, 3, 0]


def test_table_of_a_curve():
    curve = service_curve([0.0, 30.0], 300, patience_s=180, **STILL)
    table = curve.to_frame()
    assert len(table) == 2 * (curve.most_positions + 1)
    row = table[(table.interval == 1) & (table.positions == 4)].iloc[0]
    assert row.in_time == curve.in_time[1, 4]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"offered": [-1.0]}, "offered"),
        ({"aht_s": 0}, "aht_s"),
        ({"patience_s": 0}, "patience_s"),
        ({"rate_cv": -0.1}, "rate_cv"),
        ({"open_mask": [True, False], "time_varying": True}, "open_mask"),
    ],
)
def test_faults_are_refused_by_name(change, words):
    arguments = {"offered": [10.0], "aht_s": 300, "patience_s": 180} | STILL | change
    with pytest.raises(ValueError, match=words):
        service_curve(**arguments)
