"""Corrections: what rises and what falls after a simulation."""

import numpy as np
import pytest

from scenarios.build import Corrections, build_problem
from scenarios.corrections import (
    _cap_change,
    _reserve_change,
    _share_change,
    corrected,
    margin,
    without_empty_seats,
)
from scenarios.demand import demand
from scenarios.judge import Verdict
from solver.optimize import optimize
from solver.problem import Limits
from staffing.queues import Measure, Target
from tests.scenarios.smallplan import changed, more_rows, with_settings


def verdict(measure, simulated, *, predicted=0.8, limit=60.0, share=0.8, half=0.005, **more):
    target = Target("phone", measure, limit, "s", share, **more)
    return Verdict(
        None, target, 0, "week", predicted, simulated, simulated - half, simulated + half
    )


class TestShares:
    """Levels of shares answered in time."""

    def test_what_is_missed_is_asked_for_on_top(self):
        """Four points short: 1.2 x 4 points and half a point more are asked for."""
        change = _share_change(verdict(Measure.ANSWERED_WITHIN, 0.76), 0.8, may_lower=True)
        assert change == pytest.approx(1.2 * 0.04 + 0.005)

    def test_from_what_the_model_believes_to_give_already(self):
        missed = verdict(Measure.ANSWERED_WITHIN, 0.76, predicted=0.85)
        change = _share_change(missed, 0.8, may_lower=True)
        assert 0.8 + change == pytest.approx(0.85 + 1.2 * 0.04 + 0.005)

    def test_what_is_beaten_is_lowered_in_the_first_rounds_only(self):
        beaten = verdict(Measure.ANSWERED_WITHIN, 0.9)
        assert -0.08 < _share_change(beaten, 0.8, may_lower=True) < -0.05
        assert _share_change(beaten, 0.8, may_lower=False) == 0

    def test_what_holds_barely_stays(self):
        assert _share_change(verdict(Measure.ANSWERED_WITHIN, 0.81), 0.8, may_lower=True) == 0

    def test_what_the_model_would_rather_pay_for_stays(self):
        dear = verdict(Measure.ANSWERED_WITHIN, 0.5, predicted=0.55, hard=False, price=1.0)
        assert _share_change(dear, 0.8, may_lower=True) == 0


class TestCaps:
    """Levels of waits and abandonment move by promise over simulation."""

    def test_a_wait_twice_as_long_halves_the_level(self):
        missed = verdict(Measure.MEAN_WAIT, 60, predicted=30, limit=30)
        assert 30 + _cap_change(missed, 30, may_lower=True) == pytest.approx(30 * 0.5 * 0.95)

    def test_a_level_that_did_not_bind_starts_from_what_the_model_saw(self):
        missed = verdict(Measure.MEAN_WAIT, 60, predicted=10, limit=30)
        assert 30 + _cap_change(missed, 30, may_lower=True) == pytest.approx(10 * 0.5 * 0.95)

    def test_a_cap_that_is_far_off_is_loosened_twofold_at_most(self):
        beaten = verdict(Measure.ABANDONED, 0.01, predicted=0.05, limit=0.05)
        assert 0.05 + _cap_change(beaten, 0.05, may_lower=True) == pytest.approx(0.05 * 2 * 0.95)
        assert _cap_change(beaten, 0.05, may_lower=False) == 0

    def test_nobody_waits_nothing_changes(self):
        assert _cap_change(verdict(Measure.MEAN_WAIT, 0.0, limit=30, half=0), 30, True) == 0


class TestReserve:
    """Room on top of deferred work."""

    def test_it_grows_with_what_is_late(self):
        missed = verdict(Measure.REPLIED_WITHIN, 0.8, share=0.9)
        assert _reserve_change(missed, may_lower=True) == pytest.approx(0.02 + 1.2 * 0.099)

    def test_it_falls_where_the_goal_has_slack(self):
        beaten = verdict(Measure.REPLIED_WITHIN, 0.99, share=0.9)
        assert -0.08 < _reserve_change(beaten, may_lower=True) < 0
        assert _reserve_change(beaten, may_lower=False) == 0

    def test_promised_hours_never_fall(self):
        """20 hours a week are promised: doing 26 is no reason to plan fewer than 20."""
        beaten = verdict(Measure.WEEKLY_HOURS, 26, limit=20)
        assert _reserve_change(beaten, may_lower=True) == 0
        missed = verdict(Measure.WEEKLY_HOURS, 15, limit=20)
        assert _reserve_change(missed, may_lower=True) == pytest.approx(0.02 + 1.2 * 0.24025)


def seen(demanded, *verdicts):
    """What a simulation saw: queue, target, period and simulated value of each."""
    told = []
    for queue, target, period, simulated in verdicts:
        number = next(k for k, q in enumerate(demanded.queues) if q.name == queue)
        told.append(
            Verdict(
                demanded.queues[number],
                target,
                period,
                "",
                target.share,
                simulated,
                simulated,
                simulated,
            )
        )
    return told


def test_of_several_late_days_the_worst_decides_the_weeks_reserve(small_plan):
    """Days at 80 % and 70 % of 90 % in one week: one change of 2 + 1.2 x 19.4 points, not two."""
    plan = changed(small_plan, "targets", {"queue": "email"}, period="day")
    told = demand(plan)
    problem = build_problem(plan, told)
    (target,) = told.queues[1].targets
    late = seen(told, ("email", target, 0, 0.8), ("email", target, 3, 0.7))
    corrections, redo = corrected(problem, late, Corrections(), all_holds=False, may_lower=True)
    assert corrections.reserve["email"].tolist() == pytest.approx([0.07 + 1.2 * 0.194])
    assert redo == {0}


def test_only_the_weeks_of_missed_periods_are_designed_anew(small_plan):
    plan = with_settings(small_plan, weeks=4)
    told = demand(plan)
    problem = build_problem(plan, told)
    (target,) = told.queues[0].targets
    missed = seen(told, ("phone", target, 1, 0.8), ("phone", target, 2, 0.7))
    corrections, redo = corrected(problem, missed, Corrections(), all_holds=False, may_lower=True)
    assert redo == {2}
    level = corrections.level["phone answered_within 60 s", "week"]
    assert np.flatnonzero(level).tolist() == [2]


def test_a_month_that_ends_in_the_fourth_week_touches_its_weeks(small_plan):
    """January begins on Friday of the fourth week."""
    plan = changed(
        with_settings(small_plan, weeks=4), "targets", {"queue": "phone"}, period="month"
    )
    told = demand(plan)
    problem = build_problem(plan, told)
    (target,) = told.queues[0].targets
    _, redo = corrected(
        problem,
        seen(told, ("phone", target, 1, 0.5)),
        Corrections(),
        all_holds=False,
        may_lower=True,
    )
    assert redo == {3}


def test_one_promise_by_week_and_by_day_is_corrected_apart(small_plan):
    """The same limit over two periods: Thursday's level rises, the week's stays."""
    row = {"queue": "phone", "measure": "answered_within", "limit": 60, "unit": "s", "share": 0.7}
    plan = more_rows(small_plan, "targets", {**row, "period": "day"})
    told = demand(plan)
    problem = build_problem(plan, told)
    week, day = told.queues[0].targets
    missed = seen(told, ("phone", week, 0, 0.81), ("phone", day, 3, 0.5))
    corrections, _ = corrected(problem, missed, Corrections(), all_holds=False, may_lower=True)
    assert list(corrections.level) == [("phone answered_within 60 s", "day")]
    assert np.flatnonzero(corrections.level["phone answered_within 60 s", "day"]).tolist() == [3]
    build_problem(plan, told, corrections)


def test_a_seat_that_nobody_took_is_not_planned_again(small_plan, small_rounds):
    """One of a shift's seats stays empty: its week is designed anew with one seat fewer of it."""
    best = small_rounds.best
    g, day, pattern = (int(i) for i in np.argwhere(best.design.counts > 0)[0])
    unfilled = np.zeros_like(best.roster.unfilled)
    unfilled[g, day, pattern] = 1
    corrections, redo = without_empty_seats(
        best.design.counts, unfilled, Corrections(), frozenset()
    )
    left = int(best.design.counts[g, day, pattern]) - 1
    assert corrections.seats == {(g, day, pattern): left}
    assert redo == {day // 7}
    problem = build_problem(small_plan, demand(small_plan), corrections)
    design = optimize(problem, Limits(seconds=20, gap=0.01))
    assert design.counts[g, day, pattern] <= left


def test_a_wide_interval_asks_for_room_against_luck():
    """Half of a half-width: an interval from 0.88 to 0.94 asks for 1.5 points beyond holding."""
    wide = verdict(Measure.REPLIED_WITHIN, 0.91, share=0.9, half=0.03)
    assert margin(wide) == pytest.approx(0.015)
    assert margin(verdict(Measure.REPLIED_WITHIN, 0.91, share=0.9, half=0.001)) == 0.004
