"""Rounds of correction: what rises, what falls, when they end."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scenarios.demand import demand
from scenarios.progress import Silent
from scenarios.rounds import correct
from scenarios.run import schedule_frame
from scenarios.trial import Trial, roster_counts
from solver.problem import Limits
from staffing.queues import Measure
from tests.scenarios.smallplan import changed


def test_the_bests_cost_is_the_checkers(small_rounds):
    best = small_rounds.best
    assert (small_rounds.rounds, small_rounds.stopped) == (1, True)
    assert best.cost == pytest.approx(best.findings.cost["amount"].sum())
    assert best.cost >= small_rounds.bound - 1e-6
    np.testing.assert_array_equal(
        roster_counts(best.problem, best.roster).sum(), (best.roster.shifts >= 0).sum()
    )


def test_what_is_held_for_a_price_does_not_rank_as_missed(small_plan, small_rounds):
    """A priced target that is missed costs its price and is no breach."""
    best = small_rounds.best
    cheap = [
        replace(v, target=replace(v.target, hard=False), low=0.1)
        for v in best.verdicts
        if v.target.measure is Measure.ANSWERED_WITHIN
    ]
    assert replace(best, verdicts=tuple(cheap)).missed == 0
    firm = [replace(v, target=replace(v.target, hard=True)) for v in cheap]
    assert replace(best, verdicts=tuple(firm)).missed > 0.5


def test_a_roster_that_breaks_a_rule_ranks_behind_a_dearer_one_that_does_not(small_rounds):
    best = small_rounds.best
    rule = {"rule": "min_rest_h", "mode": "hard", "agent": "S1", "date": "", "amount": 1.0}
    broken = replace(best.findings, findings=pd.DataFrame([rule]))
    dear = best.findings.cost.assign(amount=best.findings.cost["amount"] * 2)
    sound = replace(best, findings=replace(best.findings, cost=dear))
    assert sound.rank < replace(best, findings=broken).rank


def run_rounds(plan):
    return correct(
        plan,
        Trial(demand(plan), 1, 200, Silent(), lambda p, r: schedule_frame(p, r, {})),
        Limits(seconds=10, gap=0.01),
        lambda: False,
    )


def test_a_mean_wait_holds_in_simulation_after_some_rounds(small_plan):
    """As the only promise of the phone it is held, and not beaten by much."""
    plan = changed(small_plan, "targets", {"queue": "phone"}, measure="mean_wait", limit=25)
    best = run_rounds(plan).best
    (wait,) = [v for v in best.verdicts if v.queue.name == "phone"]
    assert wait.met
    assert wait.simulated > 0.3 * 25
