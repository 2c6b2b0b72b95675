import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staffing.queues import Queue, QueueKind
from staffing.timegrid import TimeGrid
from staffing.workload import workload

GRID = TimeGrid(dt.date(2026, 12, 7), 14, 60)
OPEN = np.tile((np.arange(24) >= 8) & (np.arange(24) < 20), GRID.days)
LIVE = Queue("phone", QueueKind.LIVE, "phone", "day", aht_s=300)
MAIL = Queue("mail", QueueKind.DEFERRED, "email", "day", aht_s=600)


def run(queues, volume, open_masks=None, aht_s=None, counts="first_contacts"):
    volume = np.array(volume, dtype=float)
    if open_masks is None:
        open_masks = np.ones(volume.shape, dtype=bool)
    if aht_s is None:
        aht_s = np.full(volume.shape, np.nan)
    return workload(queues, GRID, volume, aht_s, open_masks, history_counts=counts)


def constant(*levels):
    return np.repeat(np.array(levels, dtype=float)[:, None], GRID.size, axis=1)


def pulse(at, queues=1, size=10.0):
    """Contacts in one interval of the second week only, so that nothing comes from before."""
    volume = np.zeros((queues, GRID.size))
    volume[0, 168 + at] = size
    return volume


def at(row):
    """Non-zero intervals of the second week and their contacts."""
    return {int(t) - 168: pytest.approx(row[t]) for t in np.flatnonzero(row)}


def test_without_shares_what_is_forecast_reaches_people():
    volume = np.random.default_rng(1).poisson(5, (2, GRID.size)).astype(float)
    found = run([LIVE, MAIL], volume)
    np.testing.assert_array_equal(found.arrivals, volume)


def test_deflection_comes_off_before_anything_else():
    found = run([replace(LIVE, deflected_share=0.4, fcr=0.8)], constant(10))
    np.testing.assert_allclose(found.deflected, 4)
    np.testing.assert_allclose(found.arrivals, 6 / 0.8)


def test_a_bot_takes_from_what_self_service_leaves_and_hands_a_part_over():
    """Of 10, 4 solve themselves; a bot takes half of 6 and hands 1 of its 3 over: 4 for people."""
    found = run(
        [replace(LIVE, deflected_share=0.4, bot_share=0.5, handover_share=1 / 3)], constant(10)
    )
    np.testing.assert_allclose(found.arrivals, 4)
    np.testing.assert_allclose(found.deflected, 6)


def test_vip_customers_go_straight_to_their_own_queue():
    """Of 10, 2 are VIPs: neither deflected nor handled before; of the other 8, 4 are deflected."""
    first = replace(LIVE, vip_queue="vip", vip_share=0.2, deflected_share=0.5, fcr=0.8)
    vip = Queue("vip", QueueKind.LIVE, "phone", "day", escalates_to="mail", escalation_share=0.5)
    found = run([first, vip, MAIL], constant(10, 1, 0))
    np.testing.assert_allclose(found.vip[:, 0], [-2, 2, 0])
    np.testing.assert_allclose(found.deflected[:, 0], [4, 0, 0])
    np.testing.assert_allclose(found.arrivals[:, -1], [4 / 0.8, 3, 1.5])


def test_vip_customers_of_a_closed_queue_come_at_its_opening():
    """What comes at 5 waits for 8; a deferred queue takes it at once."""
    masks = np.array([np.ones(GRID.size, dtype=bool), OPEN])
    for kind, when in ((QueueKind.LIVE, 8), (QueueKind.DEFERRED, 5)):
        vip = Queue("vip", kind, "phone", "day")
        found = run([replace(LIVE, vip_queue="vip", vip_share=0.3), vip], pulse(5, 2), masks)
        assert at(found.arrivals[1]) == {when: 3.0}
        assert at(found.arrivals[0]) == {5: 7.0}


def test_repeats_follow_as_a_geometric_series_at_the_lag():
    found = run([replace(LIVE, fcr=0.8, repeat_after_h=24)], pulse(12))
    assert at(found.repeats[0]) == {36: 2, 60: 0.4, 84: 0.08, 108: 0.016, 132: 0.0032, 156: 0.00064}


def test_repeats_of_a_live_queue_wait_for_its_next_opening():
    queue = replace(LIVE, fcr=0.8, repeat_after_h=12)
    # 10:00 + 12 h is 22:00, closed: next day 8:00; 12 h after that is 20:00, closed: 8:00 again.
    found = run([queue], pulse(10), OPEN[None])
    assert list(at(found.repeats[0]))[:3] == [32, 56, 80]


def test_mail_that_arrives_while_closed_is_handled_and_comes_again_from_the_opening_on():
    queue = replace(MAIL, fcr=0.9, repeat_after_h=30)
    # Arrives 2:00, handled 8:00, comes again 14:00 of the next day.
    found = run([queue], pulse(2), OPEN[None])
    assert next(iter(at(found.repeats[0]))) == 38


@settings(max_examples=30, deadline=None)
@given(fcr=st.floats(0.5, 1), lag=st.integers(0, 72), seed=st.integers(0, 99))
def test_in_a_steady_week_repeats_are_first_contacts_times_the_odds_of_failing(fcr, lag, seed):
    week = np.random.default_rng(seed).poisson(6, 168).astype(float)
    found = run([replace(LIVE, fcr=fcr, repeat_after_h=lag)], np.tile(week, 2)[None])
    for days in (slice(0, 168), slice(168, 336)):
        assert found.repeats[0, days].sum() == pytest.approx(
            (1 - fcr) / fcr * week.sum(), rel=1e-6, abs=1e-9
        )


def test_the_first_day_is_not_short_of_repeats():
    found = run([replace(LIVE, fcr=0.8, repeat_after_h=24)], constant(8))
    np.testing.assert_allclose(found.arrivals, 10)


def test_history_of_all_contacts_gets_no_repeats_added():
    queue = replace(LIVE, fcr=0.8, deflected_share=0.5)
    found = run([queue], constant(8), counts="all_contacts")
    np.testing.assert_allclose(found.arrivals, 4)
    np.testing.assert_array_equal(found.repeats, 0)


def test_escalations_chain_and_carry_the_repeats_of_each_queue():
    queues = [
        replace(LIVE, name="a", fcr=0.8, escalates_to="b", escalation_share=0.1),
        replace(LIVE, name="c"),
        replace(LIVE, name="b", fcr=0.5, escalates_to="c", escalation_share=0.2),
    ]
    found = run(queues, constant(8, 1, 0))
    a, c, b = found.arrivals[:, 0]
    assert (a, b, c) == pytest.approx((10, 1 / 0.5, 1 + 0.4))
    np.testing.assert_allclose(found.escalated[:, 5], [0, 0.4, 1])


def test_escalations_go_at_once_to_the_next_opening_of_a_live_queue_and_to_deferred_work_as_it_is():
    front = replace(MAIL, name="front", escalates_to="team", escalation_share=0.5)
    masks = np.stack([np.ones_like(OPEN), OPEN])
    live = run([front, replace(LIVE, name="team")], pulse(22, queues=2), masks)
    assert at(live.escalated[1]) == {32: 5}
    deferred = run([front, replace(MAIL, name="team")], pulse(22, queues=2), masks)
    assert at(deferred.escalated[1]) == {22: 5}


def test_call_backs_come_after_their_delay():
    queues = [
        replace(LIVE, callback_queue="back", callback_share=0.3, callback_after_h=4),
        replace(MAIL, name="back"),
    ]
    found = run(queues, pulse(10, queues=2))
    assert at(found.callbacks[1]) == {14: 3}
    np.testing.assert_allclose(found.arrivals[1], found.callbacks[1])


def test_the_parts_add_up_and_contacts_are_conserved_along_a_steady_chain():
    queues = [
        replace(LIVE, deflected_share=0.3, fcr=0.85, escalates_to="mail", escalation_share=0.1),
        replace(MAIL, fcr=0.9, callback_queue="back", callback_share=0.05, callback_after_h=8),
        replace(MAIL, name="back"),
    ]
    week = np.random.default_rng(3).poisson(9, (3, 168)) * np.tile(OPEN[:24], 7)
    volume = np.tile(week, 2).astype(float)
    volume[2] = 0
    found = run(queues, volume, np.tile(OPEN, (3, 1)))
    np.testing.assert_allclose(
        found.arrivals,
        found.first_contacts - found.deflected + found.repeats + found.escalated + found.callbacks,
    )
    phone = volume[0].sum() * 0.7 / 0.85
    mail = (volume[1].sum() + 0.1 * phone) / 0.9
    assert found.arrivals.sum(axis=1) == pytest.approx([phone, mail, 0.05 * mail])
    assert not found.arrivals[0][~OPEN].any()


def test_a_horizon_shorter_than_a_week_is_repeated_backwards():
    grid = TimeGrid(GRID.start, 2, 60)
    ones = np.ones((1, grid.size))
    queue = replace(LIVE, fcr=0.8, repeat_after_h=24)
    found = workload([queue], grid, ones * 8, ones, ones > 0, history_counts="first_contacts")
    np.testing.assert_allclose(found.arrivals, 10)


def test_handle_times_the_forecast_does_not_know_are_the_queues_own():
    aht_s = constant(240, 0)
    aht_s[0, 3] = np.nan
    found = run([LIVE, MAIL], constant(6, 6), aht_s=aht_s)
    assert found.aht_s[0, :5].tolist() == [240, 240, 240, 300, 240]
    assert (found.aht_s[1] == 600).all()
    np.testing.assert_allclose(found.work_h[1], 1)


def test_the_table_has_a_row_where_something_arrives():
    found = run([LIVE, MAIL], pulse(5, queues=2)).to_frame(GRID, [LIVE, MAIL])
    assert found["queue"].tolist() == ["phone"]
    assert found["start"].iloc[0].isoformat() == "2026-12-14T05:00:00"
    assert found["work_h"].iloc[0] == pytest.approx(10 * 300 / 3600)


def test_a_circle_of_escalations_is_refused_by_name():
    queues = [
        replace(LIVE, name="a", escalates_to="b", escalation_share=0.1),
        replace(LIVE, name="b", callback_queue="a", callback_share=0.1),
    ]
    with pytest.raises(ValueError, match=r"circle: .*a.*b"):
        run(queues, constant(1, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"queues": [replace(LIVE, escalates_to="nobody")]}, "nobody"),
        ({"volume": np.ones((1, 3))}, "volume has shape"),
        ({"history_counts": "some"}, "some"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    ones = np.ones((1, GRID.size))
    told = {
        "queues": [LIVE],
        "grid": GRID,
        "volume": ones,
        "aht_s": ones,
        "open_masks": ones > 0,
        "history_counts": "first_contacts",
    }
    with pytest.raises(ValueError, match=message):
        workload(**{**told, **change})
