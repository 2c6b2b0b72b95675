"""What an impossible plan is offered first, and what an explanation's prices are worth.

`benchmarks/audits.py` runs more of both.
"""

import pytest

from scenarios.concessions import LAW, concessions
from scenarios.overrides import differences
from tests.audits.grants import first_offer_faults, granted, price_faults
from tests.audits.impossible import KINDS, impossible_plan
from tests.scenarios.smallplan import load_small


# Nobody there on a day; rules against hours owed; a post for more than there are.
@pytest.mark.parametrize("seed", [3, 4, 6])
def test_an_impossible_plan_is_planned_and_its_first_offer_keeps_its_word(seed, tmp_path):
    _, plan = impossible_plan(tmp_path / "plan", seed)
    assert first_offer_faults(plan) == []


@pytest.mark.parametrize("seed", range(len(KINDS)))
def test_what_is_offered_can_be_granted_by_a_row_of_scenarios(seed, tmp_path):
    """A queue's last promise was said to be removed, which no plan may do."""
    _, plan = impossible_plan(tmp_path / "plan", seed)
    for offer in concessions(plan):
        if offer.kind != LAW:
            assert differences(granted(plan, offer.change), offer.plan) == []


def test_prices_are_confirmed_by_solving_without(tmp_path):
    assert price_faults(load_small(tmp_path / "plan"), confirm=1) == []
