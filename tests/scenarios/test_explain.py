"""Prices of what may give: worked by hand, and confirmed by solving without it."""

from dataclasses import replace

import numpy as np
import pytest

from scenarios.concessions import concessions
from scenarios.demand import demand
from scenarios.explain import explain
from tests.scenarios.smallplan import changed


@pytest.fixture(scope="module")
def told(small_plan):
    return explain(small_plan)


def test_the_post_costs_its_chiefs_week(told):
    """Nobody but the chief serves the post, and the chief nothing else: 5 days of 8 h at 100."""
    row = told.table.iloc[0]
    assert row["key"] == "lead: people ≥ 1"
    assert row["change"] == "targets queue=lead measure=present: limit 1 -> 0"
    assert row["saves"] == pytest.approx(4000)
    assert row["solved"] == "whole"
    assert row["low"] - 1e-6 <= 4000 <= row["high"] + 1e-6


def test_what_is_said_to_be_saved_is_saved_by_the_changed_plan(small_plan, told):
    """Each concession designed whole is a plan of its own: its cost is what the table says."""
    changes = {c.change: c.plan for c in concessions(small_plan)}
    whole = told.table[told.table["solved"] == "whole"]
    assert len(whole)
    for row in whole.itertuples(index=False):
        fresh = explain(changes[row.change], confirm=0).base
        assert fresh.cost == pytest.approx(row.cost + row.missing)
        assert told.base.cost - fresh.cost == pytest.approx(row.saves)


def test_prices_are_never_below_nothing_and_between_their_limits(told):
    assert (told.table["saves"] > -0.01).all()
    whole = told.table[told.table["solved"] == "whole"]
    assert (whole["low"] <= whole["saves"] + 0.01).all()
    assert (whole["saves"] <= whole["high"] + 0.01).all()


def test_where_too_few_people_are_there_more_people_or_less_service_come_first(small_plan):
    """Twice the calls for two people: what is missing is listed, and the first offer mends most."""
    plan = replace(small_plan, history=small_plan.history.assign(
        volume=small_plan.history["volume"] * np.where(small_plan.history["queue"] == "phone", 4, 1)
    ))  # fmt: skip
    told = explain(plan)
    assert sum(u.cost for u in told.base.unmet) > 0
    first = told.table.iloc[0]
    assert first["rank"] == 1
    granted = next(c.plan for c in concessions(plan) if c.change == first["change"])
    again = explain(granted, confirm=0).base
    assert again.cost == pytest.approx(told.base.cost - first["saves"], rel=0.05)
    assert sum(u.cost for u in again.unmet) < sum(u.cost for u in told.base.unmet)


def test_a_laws_rule_has_a_price_and_no_rank(small_plan):
    plan = changed(small_plan, "contracts", {"contract": "staff"}, week_shifts_max=6)
    table = explain(plan, confirm=0).table
    laws = table[table["kind"] == "law"]
    assert set(laws["key"]) >= {"min_rest_h 11", "max_consecutive_days 6"}
    assert laws["rank"].isna().all()


def test_every_offer_is_a_plan_that_can_be_demanded(small_plan):
    for offer in concessions(small_plan):
        assert demand(offer.plan).queues
