"""The catalogue of rules: one function a rule, under one id that every table uses.

A rule's function states the rule for one person; a `RulePerson` turns what it states into a limit
that holds (law, hard) or into a slack with a price (priced). Time before the first and after the
last day of the horizon counts for nothing: rules about rest and runs hold within the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from solver.problem import Mode, Rule
from solver.rules.words import RulePerson

Apply = Callable[[RulePerson, Rule], None]

DAY_MIN = 1440


@dataclass(frozen=True)
class RuleKind:
    """A rule as planners know it.

    `mode`, `value` and `price` are what is meant where a plan does not say; a price is per unit of
    breach.
    """

    id: str
    name: str
    name_zh: str
    unit: str
    mode: Mode
    value: float
    price: float
    apply: Apply

    @property
    def says(self) -> str:
        """The rule in one sentence."""
        return (self.apply.__doc__ or "").split("\n\n")[0].strip()


CATALOGUE: dict[str, RuleKind] = {}


def _rule(
    name: str,
    name_zh: str,
    unit: str,
    *,
    value: float,
    price: float = 0.0,
    mode: Mode = Mode.HARD,
) -> Callable[[Apply], Apply]:
    def register(apply: Apply) -> Apply:
        rule_id = apply.__name__
        CATALOGUE[rule_id] = RuleKind(rule_id, name, name_zh, unit, mode, value, price, apply)
        return apply

    return register


@_rule("Hours a day, at most", "每日最长工时", "h", value=10)
def max_hours_day(model: RulePerson, rule: Rule) -> None:
    """No shift has more paid hours than this."""
    over = [max(0, int(m) - round(rule.value * 60)) for m in model.paid_min]
    for day in model.days:
        model.at_most(rule, model.total([day], over), 0, per_unit=60)


@_rule("Hours a week, at most", "每周最长工时", "h", value=48)
def max_hours_week(model: RulePerson, rule: Rule) -> None:
    """The paid hours of a plan week are at most this."""
    for week in model.weeks:
        model.at_most(rule, model.minutes(week), round(rule.value * 60), per_unit=60)


@_rule("Average hours a week, at most", "平均每周最长工时", "h", value=44)
def max_average_week_hours(model: RulePerson, rule: Rule) -> None:
    """The paid hours of the horizon are at most this for each seven days of it."""
    limit = math.floor(rule.value * 60 * len(model.days) / 7 + 1e-9)
    model.at_most(rule, model.minutes(model.days), limit, per_unit=60)


@_rule("Rest between shifts, at least", "班次间最短休息", "h", value=11)
def min_rest_h(model: RulePerson, rule: Rule) -> None:
    """From the end of a shift to the start of the next at least these hours pass."""
    model.rest_between(rule, round(rule.value * 60))


@_rule("Days worked in a row, at most", "最多连续工作天数", "days", value=6)
def max_consecutive_days(model: RulePerson, rule: Rule) -> None:
    """At most this number of days are worked without a day off between."""
    run = int(rule.value)
    for first in range(len(model.days) - run):
        model.at_most(rule, model.worked(range(first, first + run + 1)), run)


@_rule("Days off a week, at least", "每周最少休息天数", "days", value=1)
def min_days_off_week(model: RulePerson, rule: Rule) -> None:
    """Each plan week has at least this number of days without a shift.

    In a week that the horizon cuts short, the days outside it count as off.
    """
    for week in model.weeks:
        model.at_most(rule, model.worked(week), 7 - int(rule.value))


@_rule("Longest rest of a week, at least", "每周最长连续休息下限", "h", value=35)
def min_weekly_rest_h(model: RulePerson, rule: Rule) -> None:
    """Each whole plan week is touched by a rest of at least these hours."""
    for week in model.weeks:
        if len(week) == 7:
            model.rest_touching(rule, week, round(rule.value * 60))


@_rule("Hours of a night shift, at most", "夜班最长工时", "h", value=8)
def max_night_hours(model: RulePerson, rule: Rule) -> None:
    """A shift that touches the night (23:00 to 06:00) has at most these paid hours."""
    over = [
        max(0, int(m) - round(rule.value * 60)) if night else 0
        for m, night in zip(model.paid_min, model.is_night, strict=True)
    ]
    for day in model.days:
        model.at_most(rule, model.total([day], over), 0, per_unit=60)


@_rule("Nights worked in a row, at most", "最多连续夜班数", "nights", value=4)
def max_consecutive_nights(model: RulePerson, rule: Rule) -> None:
    """At most this number of night shifts follow each other on consecutive days."""
    run = int(rule.value)
    for first in range(len(model.days) - run):
        window = range(first, first + run + 1)
        model.at_most(rule, model.total(window, model.is_night), run)


@_rule("Free weekends in four weeks, at least", "四周内最少完整周末休息数", "weekends", value=1)
def min_free_weekends(model: RulePerson, rule: Rule) -> None:
    """Of each four weekends, in order, at least this number are wholly off.

    Of fewer than four at the end of the horizon, the same share rounded down.
    """
    for first in range(0, len(model.weekends), 4):
        block = model.weekends[first : first + 4]
        free = math.floor(rule.value * len(block) / 4 + 1e-9)
        model.at_most(rule, model.any_worked(block), len(block) - free)


@_rule("A break in shifts longer than", "超过该时长的班次须有休息", "h", value=6)
def break_after_h(model: RulePerson, rule: Rule) -> None:
    """A shift longer than these hours from start to end has a break."""
    bare = [
        int(not pattern.breaks and length > rule.value * 60)
        for pattern, length in zip(model.patterns, model.span_min, strict=True)
    ]
    for day in model.days:
        model.at_most(rule, model.total([day], bare), 0)


@_rule("Overtime hours a month, at most", "每月最长加班工时", "h", value=36)
def max_overtime_hours_month(model: RulePerson, rule: Rule) -> None:
    """The overtime of the plan weeks that begin in a calendar month is at most this."""
    for weeks in model.weeks_by_month():
        model.at_most(rule, model.overtime(weeks), round(rule.value * 60), per_unit=60)


@_rule(
    "Weekends beyond the fair share",
    "周末班公平性",
    "weekends",
    value=0,
    price=20,
    mode=Mode.PRICED,
)
def fair_weekends(model: RulePerson, rule: Rule) -> None:
    """Weekends worked, with those carried over, exceed the group's even share by at most this.

    The even share is (for each weekend the larger of its days' people, summed, plus all that was
    carried over) divided by the people of the group, rounded up.
    """
    limit = model.even_weekends + int(rule.value) - model.agent.carried_weekends
    model.at_most(rule, model.any_worked(model.weekends), max(0, limit))


@_rule(
    "Start times of a week apart by at most",
    "同周上班时间稳定",
    "h",
    value=2,
    price=2,
    mode=Mode.PRICED,
)
def same_start(model: RulePerson, rule: Rule) -> None:
    """The earliest and the latest start of a person's plan week are at most these hours apart."""
    for week in model.weeks:
        model.start_spread(rule, week, round(rule.value * 60))
