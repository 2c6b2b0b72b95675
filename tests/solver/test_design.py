"""The people of the design: breaks, hours, runs, rests, months, leave, one rule at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solver.contract_rows import _whole_shifts
from solver.optimize import optimize
from solver.problem import (
    Agent,
    Break,
    Contract,
    ContractKind,
    Limits,
    Mode,
    Pattern,
    Presence,
    Problem,
    Rule,
)
from solver.result import ShiftPlan
from staffing.timegrid import TimeGrid
from tests.solver import designs
from tests.solver.conftest import MONDAY, Make, contract

EXACT = Limits(seconds=60, gap=0.0)
DAY = designs.shift("day", 8, 4)


def hourly(**changes: Any) -> Contract:
    """One person at most, paid by the hour, who is owed nothing."""
    usual = {
        "kind": ContractKind.PART_TIME,
        "people_max": 1,
        "week_hours_min": 0.0,
        "week_shifts_min": 0,
        "week_shifts_max": 7,
    }
    return contract(**(usual | changes))


def post(
    make: Make, days: int = 7, first: int = 8, last: int = 12, people: int = 1, **changes: Any
) -> Problem:
    """Somebody must be at a post in some hours of every day; a missing hour costs 1000."""
    wanted = Presence(
        0, "post", people * designs.hours(first, last, days).astype(np.int64), designs.PRICE
    )
    usual = {"days": days, "contracts": [hourly()], "patterns": [DAY], "presence": (wanted,)}
    return make(**(usual | changes))


def missing(problem: Problem) -> float:
    """Person-hours missing at the post in the best plan."""
    return designs.missing(optimize(problem, EXACT), "post")


def worked(plan: ShiftPlan) -> list[int]:
    """People at work by day."""
    return plan.counts.sum(axis=(0, 2)).tolist()


def with_break(
    *, leaves_post: bool, earliest: int = 2, latest: int = 3, minutes: int = 60
) -> Pattern:
    """8 to 13 with a break at ten or eleven."""
    rest = Break("rest", minutes, False, earliest, latest, leaves_post)
    return Pattern("day", "day", 8, 5, 4.0, (rest,))


@pytest.mark.parametrize(("people", "short"), [(1, 1.0), (2, 0.0)])
def test_breaks_keep_the_cover(make: Make, people: int, short: float) -> None:
    """One person's break leaves the post for an hour; two take theirs one after the other."""
    problem = post(
        make,
        days=1,
        last=13,
        contracts=[hourly(people_max=people, people_min=people)],
        patterns=[with_break(leaves_post=True)],
    )
    plan = optimize(problem, EXACT)
    assert designs.missing(plan, "post") == pytest.approx(short)
    assert plan.on_duty[0, 8:13].sum() == pytest.approx(4 * people)


def test_break_at_the_post_keeps_presence_but_takes_no_contacts(make: Make) -> None:
    """One person is enough for the post, and is still missing to the live queue's floor."""
    grid = TimeGrid(MONDAY, 1, 60)
    open_hours = designs.hours(8, 13, 1)
    problem = post(make, days=1, last=13, patterns=[with_break(leaves_post=False)])
    plan = optimize(problem, EXACT)
    assert designs.missing(plan, "post") == 0
    assert plan.on_duty[0, 8:13].sum() == pytest.approx(4)
    live = replace(problem, pools=(designs.pool(grid, open_hours, level=0.0, floor=open_hours),))
    plan = optimize(live, EXACT)
    assert designs.missing(plan, "post") == 0
    assert designs.missing(plan, "phone floor") == pytest.approx(1)


def test_paid_break_at_the_post_takes_no_contacts_either(make: Make) -> None:
    """Whether a break is paid says nothing about work."""
    rest = Break("rest", 60, True, 2, 2, leaves_post=False)
    problem = post(make, days=1, last=13, patterns=[Pattern("d", "d", 8, 5, 5.0, (rest,))])
    assert optimize(problem, EXACT).on_duty[0, 8:13].tolist() == [1, 1, 0, 1, 1]


def test_short_break_is_spread_over_its_window(make: Make) -> None:
    """Fifteen minutes somewhere in two hours: an eighth of a person in each."""
    problem = post(make, days=1, last=13, patterns=[with_break(leaves_post=True, minutes=15)])
    plan = optimize(problem, EXACT)
    assert plan.on_duty[0, 8:13].tolist() == pytest.approx([1, 1, 0.875, 0.875, 1])


def test_break_of_an_interval_and_a_half(make: Make) -> None:
    """Ninety minutes from ten on: nobody at ten, half a person at eleven."""
    pattern = with_break(leaves_post=True, latest=2, minutes=90)
    plan = optimize(post(make, days=1, last=13, patterns=[pattern]), EXACT)
    assert plan.on_duty[0, 8:13].tolist() == pytest.approx([1, 1, 0, 0.5, 1])


def test_break_window_beyond_the_shift_is_cut(make: Make) -> None:
    """A window that runs on to the shift's end places the break inside the shift."""
    pattern = with_break(leaves_post=True, earliest=4, latest=9)
    plan = optimize(post(make, days=1, last=13, patterns=[pattern]), EXACT)
    assert plan.on_duty[0, 8:].tolist() == [1, 1, 1, 1, 0] + [0] * 11


def test_run_of_days_is_limited(make: Make) -> None:
    """At most four days in a row: a week of seven has six at best."""
    problem = post(make, rules=[Rule("max_consecutive_days", 4, Mode.LAW)])
    assert missing(problem) == pytest.approx(4)


def test_days_off_are_kept(make: Make) -> None:
    """Two days off a week leave five shifts."""
    assert missing(post(make, rules=[Rule("min_days_off_week", 2, Mode.HARD)])) == pytest.approx(8)


def test_priced_rules_do_not_bind_the_design(make: Make) -> None:
    """What may be broken at a price is left to the names."""
    assert missing(post(make, rules=[Rule("min_days_off_week", 2, Mode.PRICED)])) == 0


def test_nights_in_a_row_are_limited_apart_from_days(make: Make) -> None:
    """Two nights in a row at most, but days go on: of five nights three or four are filled."""
    night = designs.shift("night", 22, 2)
    problem = post(
        make,
        days=5,
        first=23,
        last=24,
        patterns=[night],
        rules=[Rule("max_consecutive_nights", 2, Mode.LAW)],
    )
    assert missing(problem) == pytest.approx(1)
    assert missing(replace(problem, rules=())) == 0


@pytest.mark.parametrize(("free", "worked_weekends"), [(0, 4), (1, 3), (3, 1)])
def test_weekends_off_are_kept(make: Make, free: int, worked_weekends: int) -> None:
    """Of four weekends so many are free; a weekend of one shift counts as one of two."""
    only_saturdays = replace(DAY, weekdays=frozenset({5}))
    problem = post(
        make,
        days=28,
        patterns=[only_saturdays],
        rules=[Rule("min_free_weekends", free, Mode.HARD)],
    )
    assert sum(worked(optimize(problem, EXACT))) == worked_weekends


def test_rest_between_shifts(make: Make) -> None:
    """After a late shift nobody comes early: two people where both are wanted every day."""
    early, late = designs.shift("early", 8, 4), designs.shift("late", 18, 4)
    wanted = designs.hours(8, 12, 3) + designs.hours(18, 22, 3)
    problem = make(
        days=3,
        contracts=[hourly(people_max=2)],
        patterns=[early, late],
        presence=(Presence(0, "post", wanted.astype(np.int64), designs.PRICE),),
        rules=[Rule("min_rest_h", 11, Mode.LAW)],
    )
    plan = optimize(problem, EXACT)
    assert plan.unmet == ()
    assert plan.heads.tolist() == [2]
    one = replace(problem, groups=(replace(problem.groups[0], people_max=1),))
    # One person: a shift a day, so that half of the 24 hours is missing.
    assert missing(one) == pytest.approx(12)


def test_week_hours_of_contract_and_rule(make: Make) -> None:
    """Twenty hours by contract are five shifts of four, twelve by rule three."""
    problem = post(make, contracts=[hourly(week_hours_max=20.0)])
    assert sum(worked(optimize(problem, EXACT))) == 5
    ruled = replace(problem, rules=(Rule("max_hours_week", 12, Mode.HARD),))
    assert sum(worked(optimize(ruled, EXACT))) == 3


def test_overtime_is_paid_and_ends_at_its_limit(make: Make) -> None:
    """Eight hours by contract and eight of overtime at half more: four shifts, 80 + 8 x 15."""
    terms = hourly(week_hours_max=8.0, overtime_max_hours=8.0)
    plan = optimize(post(make, contracts=[terms]), EXACT)
    assert sum(worked(plan)) == 4
    assert plan.cost - sum(u.cost for u in plan.unmet) == pytest.approx(80 + 8 * 15)


def test_overtime_of_a_month_is_limited(make: Make) -> None:
    """Four hours of overtime in the month leave three shifts in one of two weeks, two in both."""
    terms = hourly(week_hours_max=8.0, overtime_max_hours=8.0)
    rule = Rule("max_overtime_hours_month", 4, Mode.LAW)
    plan = optimize(post(make, days=14, contracts=[terms], rules=[rule]), EXACT)
    assert sum(worked(plan)) == 5


def test_average_hours_over_the_horizon(make: Make) -> None:
    """Ten hours a week on average: twenty in two weeks, in whichever."""
    rule = Rule("max_average_week_hours", 10, Mode.LAW)
    assert sum(worked(optimize(post(make, days=14, rules=[rule]), EXACT))) == 5


@pytest.mark.parametrize(("days", "shifts"), [(28, 10), (14, 5), (7, 2)])
def test_hours_of_a_month_in_proportion(make: Make, days: int, shifts: int) -> None:
    """Forty hours a month: all of them in four weeks of it, a half in two, a quarter in one."""
    start = MONDAY.replace(month=3, day=1)
    problem = post(make, days=days, start=start, contracts=[hourly(month_hours_max=40.0)])
    assert sum(worked(optimize(problem, EXACT))) == shifts


def test_leave_takes_people_away(make: Make) -> None:
    """On a day of leave nobody is there; the week's hours are owed all the same days less."""
    away = Agent("Ann", 0, "", unavailable=frozenset({1, 2}))
    problem = post(make, contracts=[hourly(people_min=1)], agents=[away])
    assert worked(optimize(problem, EXACT)) == [1, 0, 0, 1, 1, 1, 1]


def test_full_time_weeks_are_owed(make: Make) -> None:
    """Five shifts of a full-timer are planned though nobody asks for them; leave counts as one."""
    terms = contract(people_min=1, people_max=1, week_hours_min=20.0, week_hours_max=20.0)
    problem = make(contracts=[terms], patterns=[DAY], agents=[Agent("Ann", 0, "")])
    plan = optimize(problem, EXACT)
    assert sum(worked(plan)) == 5
    assert plan.cost == pytest.approx(200)


def test_horizon_of_ten_days(make: Make) -> None:
    """The second week is cut short: owed in proportion, allowed in full."""
    terms = contract(
        people_min=1, people_max=1, week_hours_min=20.0, week_hours_max=20.0, week_shifts_min=0
    )
    problem = make(days=10, contracts=[terms], patterns=[DAY], agents=[Agent("Ann", 0, "")])
    plan = optimize(problem, EXACT)
    # 20 x 3 / 7 = 8.6 hours are three shifts.
    assert sum(worked(plan)[:7]) == 5
    assert sum(worked(plan)[7:]) == 3
    assert plan.unmet == ()


def test_night_at_the_end_of_the_horizon(make: Make) -> None:
    """The last night covers what is left of the horizon, and only there."""
    night = Pattern("night", "night", 22, 8, 8.0, (Break("rest", 60, True, 3, 5),))
    problem = post(make, days=2, first=22, last=24, patterns=[night])
    plan = optimize(problem, EXACT)
    assert worked(plan) == [1, 1]
    assert plan.unmet == ()
    assert plan.on_duty[0, 46:].tolist() == [1, 1]
    assert plan.on_duty[0, 24:30].sum() == pytest.approx(5)


def test_contract_days_bound_the_shifts(make: Make) -> None:
    """Before the first and after the last day nobody works."""
    problem = post(make, contracts=[hourly(first_day=2, last_day=4)])
    assert worked(optimize(problem, EXACT)) == [0, 0, 1, 1, 1, 0, 0]


def test_weekdays_and_banned_shifts(make: Make) -> None:
    """A shift of some weekdays is planned on those; one that a rule on length bans never."""
    problem = post(make, patterns=[replace(DAY, weekdays=frozenset({0, 3}))])
    assert worked(optimize(problem, EXACT)) == [1, 0, 0, 1, 0, 0, 0]
    banned = replace(problem, rules=(Rule("max_hours_day", 3, Mode.LAW),))
    assert sum(worked(optimize(banned, EXACT))) == 0


@pytest.mark.parametrize(
    ("lengths", "most", "shifts", "sum_min"),
    [((480,), 1200, 5, 960), ((240, 360), 1200, 5, 1200), ((360,), 1200, 2, 720), ((), 600, 5, 0)],
)
def test_hours_that_whole_shifts_can_make(
    lengths: tuple[int, ...], most: int, shifts: int, sum_min: int
) -> None:
    """Twenty hours hold two shifts of eight; four and six fill them."""
    assert _whole_shifts(lengths, most, shifts) == sum_min
