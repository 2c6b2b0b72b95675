"""The readable requirement: numbers of the formulas, words that explain them."""

import math

import numpy as np
import pandas as pd
import pytest

from staffing import erlang
from staffing.chat import chat_performance, required_chat_agents
from staffing.ranges import ModelRangeWarning
from staffing.requirement import requirement, service_prices

STARTS = pd.date_range("2026-12-07 08:00", periods=4, freq="30min")
PROMISE = {"interval_min": 30, "target_s": 20, "share": 0.8}


def test_numbers_are_those_of_the_formulas():
    """Fraction by Erlang A with both caps, whole by rounding up, gross before rounding."""
    offered, aht_s = np.array([40.0, 98.0, 0.0, 60.0]), 180.0
    caps = {"max_occupancy": 0.7, "max_abandonment": 0.02}
    table = requirement(
        "phone",
        STARTS,
        offered,
        aht_s,
        patience_s=180,
        shrinkage=[0, 0.08, 0.08, 0.2],
        time_varying=False,
        **PROMISE,
        **caps,
    )
    load = offered * aht_s / 1800
    wanted = erlang.required_agents(
        load, aht_s=180, target_s=20, service_level=0.8, patience_s=180, fractional=True, **caps
    )
    np.testing.assert_allclose(table.load_erlang, load)
    np.testing.assert_allclose(table.needed_fractional, wanted)
    assert table.needed.tolist() == [math.ceil(x - 1e-9) for x in wanted]
    np.testing.assert_allclose(table.gross, wanted / [1, 0.92, 0.92, 0.8])
    assert list(table.columns) == [
        "queue", "start", "offered", "aht_s", "load_erlang", "needed_fractional", "needed",
        "shrinkage", "gross", "reason", "notice",
    ]  # fmt: skip
    assert (table.queue == "phone").all()
    assert list(table.start) == list(STARTS)


def test_reason_tells_every_step():
    """9.8 Erlang, 80/20: the target, then the cap that binds, then the absence."""
    common = {"patience_s": 180, "shrinkage": 0.08, "time_varying": False} | PROMISE
    tight = requirement("q", STARTS[:1], [98.0], 180, max_occupancy=0.7, **common)
    a, b = tight.needed_fractional[0], tight.gross[0]
    plain = requirement("q", STARTS[:1], [98.0], 180, **common)
    c = plain.needed_fractional[0]
    assert tight.reason[0] == (
        f"9.8 Erlang; 80 % in 20 s needs {c:.1f}; "
        f"occupancy cap raises it to {a:.1f}; absence 8 % to {b:.1f}"
    )
    loose = requirement("q", STARTS[:1], [98.0], 180, max_occupancy=0.99, **common)
    assert "occupancy" not in loose.reason[0]
    lost = requirement("q", STARTS[:1], [98.0], 180, max_abandonment=0.01, **common)
    assert "abandonment cap raises it to" in lost.reason[0]
    assert requirement("q", STARTS[:1], [0.0], 180, **common).reason[0] == "no contacts"


def test_a_mean_wait_is_a_cap_and_may_stand_alone():
    """Half a minute of waiting at most, beside a share, alone, and for chats."""
    common = {"patience_s": 180, "time_varying": False} | PROMISE
    both = requirement("q", STARTS[:1], [98.0], 180, max_mean_wait_s=1.0, **common)
    wanted = erlang.required_agents(
        9.8, aht_s=180, target_s=20, service_level=0.8, patience_s=180, max_mean_wait_s=1.0,
        fractional=True,
    )  # fmt: skip
    assert both.needed_fractional[0] == pytest.approx(wanted)
    assert both.reason[0].endswith(f"mean wait of 1 s raises it to {wanted:.1f}")
    alone = requirement("q", STARTS[:1], [98.0], 180, max_mean_wait_s=30, **common | {"share": 0.0})
    waits = erlang.mean_wait_s(9.8, alone.needed_fractional[0], aht_s=180, patience_s=180)
    assert waits == pytest.approx(30)
    assert (
        alone.reason[0] == f"9.8 Erlang; mean wait of 30 s needs {alone.needed_fractional[0]:.1f}"
    )
    chat = {"at_once": 3, "max_mean_wait_s": 5.0}
    table = requirement("q", STARTS[:1], [98.0], 600, **common | {"share": 0.0} | chat)
    people = table.needed[0]
    found = chat_performance(196, [people - 1, people], aht_s=600, at_once=3, target_s=20,
                             patience_s=180).mean_wait_s  # fmt: skip
    assert found[0] > 5 >= found[1]


def test_reason_names_the_kinds_of_absence_where_there_are_several():
    common = {"patience_s": 180, "time_varying": False} | PROMISE
    table = requirement(
        "q",
        STARTS[:2],
        [98.0, 98.0],
        180,
        shrinkage=[0.12, 0.05],
        shrinkage_words=["sickness 4 %, training 8 %", "sickness 5 %"],
        **common,
    )
    net, gross = table.needed_fractional[0], table.gross
    assert gross.tolist() == pytest.approx([net / 0.88, net / 0.95])
    both = f"absence 12 % (sickness 4 %, training 8 %) to {gross[0]:.1f}"
    assert table.reason[0].endswith(both)
    assert table.reason[1].endswith(f"absence 5 % to {gross[1]:.1f}")


def test_remembered_load_stands_beside_the_arriving_one():
    table = requirement("q", STARTS, [40.0, 120.0, 120.0, 40.0], 600, patience_s=180, **PROMISE)
    assert table.load_erlang[1] < 40.0 < table.load_erlang[3] + 40.0
    assert "(40.0 arriving)" in table.reason[1]
    assert "arriving" not in table.reason[0]


def test_long_handling_in_a_moving_interval_is_noticed():
    """Calls of 20 min where the load rises from 10 to 40: told, and warned of once."""
    case = {"patience_s": 180} | PROMISE
    with pytest.warns(ModelRangeWarning, match="column notice"):
        table = requirement("q", STARTS, [15.0, 60.0, 60.0, 60.0], 1200, **case)
    assert "handling of 20 min in an interval of 30 min" in table.notice[1]
    assert table.notice[0] == ""
    short = requirement("q", STARTS, [60.0, 240.0, 240.0, 60.0], 300, **case)
    assert (short.notice == "").all()
    steady = requirement("q", STARTS, [60.0] * 4, 1200, **case)
    assert (steady.notice == "").all()


def test_more_chats_at_once_than_were_measured_are_noticed():
    with pytest.warns(ModelRangeWarning) as warned:
        table = requirement("q", STARTS[:2], [30.0, 0.0], 600, at_once=9, patience_s=90, **PROMISE)
    assert len(warned) == 1
    assert table.notice.tolist() == ["more than 8 chats at once were not measured", ""]


def test_a_gap_between_starts_is_closed_time():
    """The morning's load is not carried into the next day."""
    starts = STARTS[:2].append(STARTS[:2] + pd.Timedelta(days=1))
    table = requirement("q", starts, [120.0, 120.0, 30.0, 30.0], 600, patience_s=180, **PROMISE)
    np.testing.assert_allclose(table.load_erlang, [40, 40, 10, 10])


def test_chat_uses_the_chain():
    table = requirement(
        "chat", STARTS[:1], [60.0], 480, patience_s=240, at_once=3, stretch=[1, 1.2, 1.4], **PROMISE
    )
    wanted = required_chat_agents(
        16.0,
        aht_s=480,
        target_s=20,
        service_level=0.8,
        patience_s=240,
        at_once=3,
        stretch=[1, 1.2, 1.4],
        fractional=True,
    )
    assert table.needed_fractional[0] == pytest.approx(wanted)
    assert table.reason[0].startswith("16.0 Erlang, 3 at once; 80 % in 20 s needs")


def test_times_in_words():
    """Seconds to two minutes, minutes to two hours, then hours."""
    for target_s, words in [(90, "90 s"), (150, "2.5 min"), (14400, "4 h")]:
        table = requirement(
            "q", STARTS[:1], [9.0], 180, interval_min=30, target_s=target_s, share=0.925
        )
        assert f"92.5 % in {words} needs" in table.reason[0]


def test_no_intervals_no_rows():
    table = requirement("q", STARTS[:0], [], 180, patience_s=180, **PROMISE)
    assert table.empty
    assert "reason" in table


def test_faults_are_refused():
    with pytest.raises(ValueError, match="starts"):
        requirement("q", STARTS, [1.0], 180, **PROMISE)
    with pytest.raises(ValueError, match="shrinkage"):
        requirement("q", STARTS[:1], [1.0], 180, shrinkage=1.0, **PROMISE)


def test_service_prices_are_the_requirement_at_each_share():
    """Paid hours of two half-hours at 80, 85 and 90 %, and the steps between them as prices."""
    starts = pd.date_range("2026-12-07 09:00", periods=2, freq="30min")
    case = {"interval_min": 30, "target_s": 20, "patience_s": 180, "shrinkage": 0.2}
    found = service_prices(
        "phone", starts, [60, 90], 300.0, shares=[0.8, 0.85, 0.9], cost_per_hour=50, **case
    )
    for share, hours in zip(found["share"], found["hours"], strict=True):
        table = requirement("phone", starts, [60, 90], 300.0, share=share, **case)
        assert hours == pytest.approx(table["gross"].sum() / 2)
    assert (found["hours"].diff()[1:] > 0).all()
    assert found["hours_per_point"][0] == pytest.approx((found["hours"][1] - found["hours"][0]) / 5)
    assert found["cost_per_point"][1] == pytest.approx(50 * found["hours_per_point"][1])
    assert np.isnan(found["cost_per_point"][2])
