"""The bridge between two costs: steps worked by hand, sums to the cent for any runs."""

import numpy as np
import pandas as pd
import pytest

from scenarios.bridge import bridge
from scenarios.runs import Run

START = pd.Timestamp(2026, 12, 7, 9)


def a_run(lines, arrivals=None, positions=None, activities=(), penalties=0.0) -> Run:
    """A run of cost lines (kind, contract, hours, amount), contacts and hours by queue."""
    arrivals, positions = arrivals or {"chat": 100.0}, positions or {"chat": 10.0}
    cost = pd.DataFrame(
        [(kind, kind, contract, "cc", hours, amount) for kind, contract, hours, amount in lines],
        columns=["name", "kind", "contract", "cost_centre", "hours", "amount"],
    )
    zeros = dict.fromkeys(["first_contacts", "deflected", "repeats", "escalated", "callbacks"], 0.0)
    work = [{"queue": q, "start": START, **zeros, "arrivals": n} for q, n in arrivals.items()]
    cover = [
        {"queue": q, "start": START, "required": 1, "scheduled": n, "predicted": 1, "simulated": 1}
        for q, n in positions.items()
    ]
    done = pd.DataFrame(
        [("a", START, START + pd.Timedelta(hours=h), what) for what, h in activities],
        columns=["agent", "start", "end", "activity"],
    )
    result = {
        "cost": round(sum(line[3] for line in lines), 2), "penalties": penalties,
        "interval_min": 60, "start": "2026-12-07", "days": 7,
    }  # fmt: skip
    tables = {"cost": cost, "workload": pd.DataFrame(work), "coverage": pd.DataFrame(cover)}
    return Run(result, {**tables, **({"activities": done} if len(done) else {})})


def steps(base: Run, other: Run) -> dict[str, float]:
    return dict(zip(*[bridge(base, other)[c] for c in ("cause", "amount")], strict=True))


def test_volume_mix_and_rates_are_those_of_the_textbook():
    # 100 h at 60 and 50 h at 30: 50 an hour. Then 90 h at 66 and 90 h at 30.
    base = a_run([("wage", "full", 100, 6000), ("wage", "part", 50, 1500)])
    other = a_run([("wage", "full", 90, 5940), ("wage", "part", 90, 2700)])
    assert steps(base, other) == {
        "base": 0.0,
        "hours per contact": 30 * 50.0,
        "mix of contracts": 90 * 60 + 90 * 30 - 180 * 50.0,
        "hourly rates": 90 * 6.0,
        "end": 0.0,
    }


def test_contacts_ask_for_the_hours_that_the_base_spends_on_them():
    # Half of the planned time is chat's, which doubles; a tenth more is worked, at 10 an hour.
    queues = {"chat": 50.0, "mail": 30.0}
    base = a_run(
        [("wage", "full", 100, 1000)], queues, {"chat": 40.0, "mail": 20.0},
        activities=[("lead", 20), ("chat", 40), ("break", 9)],
    )  # fmt: skip
    other = a_run([("wage", "full", 110, 1100)], queues | {"chat": 100.0}, {"chat": 1.0})
    table = bridge(base, other).set_index("cause")
    assert table.loc["volume of contacts", ["hours", "amount"]].tolist() == [50.0, 500.0]
    assert table.loc["volume of contacts", "why"] == "chat 50 → 100, 10.00/h"
    assert table.loc["hours per contact", ["hours", "amount"]].tolist() == [-40.0, -400.0]
    assert table.loc["end", "total"] == 1100.0


def test_a_contract_that_the_base_lacks_has_its_own_price_in_the_mix():
    base = a_run([("wage", "full", 100, 6000)])
    other = a_run([("wage", "full", 80, 4800), ("wage", "agency", 20, 1800)])
    assert steps(base, other) == {"base": 0.0, "mix of contracts": 600.0, "end": 0.0}


def test_price_steps_are_part_of_an_outsourcers_hourly_rate():
    base = a_run([("wage", "agency", 10, 900)])
    other = a_run([("wage", "agency", 6, 540), ("price_step", "agency", 4, 280)])
    assert steps(base, other) == {"base": 0.0, "hourly rates": -80.0, "end": 0.0}


def test_salaries_overtime_and_penalties_are_steps_of_their_own():
    base = a_run([("salary", "full", 0, 5000), ("overtime", "full", 2, 100)])
    other = a_run([("salary", "full", 0, 7500), ("hire", "full", 0, 400)], penalties=12.345)
    table = bridge(base, other).set_index("cause")
    assert table["amount"].to_dict() == {
        "base": 0.0, "salary": 2500.0, "overtime": -100.0, "hire": 400.0, "penalties": 12.35,
        "end": 0.0,
    }  # fmt: skip
    assert table.loc["overtime", ["hours", "why"]].tolist() == [-2.0, "full -100.00"]


def test_equal_runs_have_a_bridge_without_steps(run):
    assert bridge(run, run)["cause"].tolist() == ["base", "end"]


@pytest.mark.parametrize("seed", range(20))
def test_every_bridge_adds_up_to_the_cent(seed):
    draw = np.random.default_rng(seed)
    kinds = ["wage", "price_step", "salary", "overtime", "premium", "towels"]

    def any_run() -> Run:
        lines = [
            (draw.choice(kinds), draw.choice(["full", "part", "agency"]), *amounts)
            for amounts in draw.uniform(0, 5000, (draw.integers(1, 8), 2)).round(draw.integers(5))
        ]
        counts = {q: draw.uniform(0, 900) for q in draw.permutation(["chat", "mail", "vip"])[:2]}
        return a_run(lines, counts, counts, penalties=draw.uniform(0, 99))

    base, other = any_run(), any_run()
    table = bridge(base, other)
    cents = (table["amount"] * 100).round()
    assert (table["amount"] * 100 - cents).abs().max() < 1e-6
    first, last = (round(100 * table["total"].iloc[at]) for at in (0, -1))
    assert first + int(cents.sum()) == last
    assert last == round(100 * (other.result["cost"] + other.result["penalties"]))
    assert table["total"].diff().iloc[1:].to_numpy() == pytest.approx(table["amount"].iloc[1:])


@pytest.mark.parametrize("hours", [0.0, 1e-9])
def test_a_base_without_hours_by_the_hour_has_no_mean_price(hours):
    base = a_run([("salary", "full", 0, 5000), ("wage", "part", hours, 0)])
    other = a_run([("salary", "full", 0, 5000), ("wage", "part", 10, 450)])
    assert steps(base, other)["mix of contracts"] == 450.0
