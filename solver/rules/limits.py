"""What the rules mean for a plan without names: limits that keep it nameable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.problem import Agent, Bools, Group, Mode, Pattern, Problem, Rule

NIGHT = (23 * 60, 30 * 60)
"""The night in minutes of the day on which it begins."""


def is_night(start_min: int, end_min: int) -> bool:
    """Whether a shift touches the night, 23:00 to 06:00, of its own day or the one before."""
    return start_min < 6 * 60 or (start_min < NIGHT[1] and end_min > NIGHT[0])


@dataclass(frozen=True)
class GroupLimits:
    """Limits that hold for everybody of a group, over and above its contract.

    Parameters
    ----------
    banned
        (P,) patterns that nobody of the group may work.
    forbidden_next
        (P, P) whether pattern p' on the next day follows pattern p too soon.
    max_days_week
        Days worked in a plan week.
    max_consecutive_days
        Days worked in a row.
    max_week_hours
        Paid hours in a plan week, with overtime.
    max_average_week_hours
        Paid hours for each seven days of the horizon.
    max_consecutive_nights
        Night shifts in a row.
    min_free_weekends
        Weekends wholly off of each four.
    """

    banned: Bools
    forbidden_next: Bools
    max_days_week: int
    max_consecutive_days: int
    max_week_hours: float
    max_average_week_hours: float
    max_consecutive_nights: int
    min_free_weekends: int


def _value(problem: Problem, rule_id: str, group: Group, member: Agent, default: float) -> float:
    value = problem.rule_value(rule_id, group, member)
    return default if value is None else value


def _member(problem: Problem, group: int) -> Agent:
    # A person nobody knows: only rules for all, for the contract or for the role bind them.
    return Agent("", group, "")


def succession(problem: Problem, group: int, *, rest_h: float | None = None) -> Bools:
    """Whether a pattern on the next day follows a pattern too soon.

    Parameters
    ----------
    rest_h
        Hours of rest; by default the tightest law or hard rule of the whole group, or none (shifts
        must still not overlap).

    Returns
    -------
    (P, P), [p, q] true where q on the day after p is forbidden.
    """
    member = problem.groups[group]
    if rest_h is None:
        rest_h = _value(problem, "min_rest_h", member, _member(problem, group), 0.0)
    minutes = problem.grid.interval_min
    starts = np.array([p.start * minutes for p in problem.patterns], dtype=float)
    ends = np.array([p.end * minutes for p in problem.patterns], dtype=float)
    return np.asarray(starts[None, :] + 1440 - ends[:, None] < rest_h * 60 - 1e-9, dtype=bool)


def banned_patterns(problem: Problem, group: Group, member: Agent) -> Bools:
    """Patterns that a law or hard rule on single shifts forbids a person, (P,)."""
    rules = [r for r in problem.rules if r.mode is not Mode.PRICED and r.binds(group, member)]
    minutes = problem.grid.interval_min
    return np.array(
        [any(_forbids(rule, pattern, minutes) for rule in rules) for pattern in problem.patterns],
        dtype=bool,
    )


def _forbids(rule: Rule, pattern: Pattern, interval_min: int) -> bool:
    if rule.id == "max_hours_day":
        return pattern.paid_h > rule.value + 1e-9
    if rule.id == "max_night_hours":
        night = is_night(pattern.start * interval_min, pattern.end * interval_min)
        return night and pattern.paid_h > rule.value + 1e-9
    if rule.id == "break_after_h":
        return not pattern.breaks and pattern.length * interval_min > rule.value * 60 + 1e-9
    return False


def group_limits(problem: Problem, group: int) -> GroupLimits:
    """Limits of law and hard rules that bind a whole group."""
    data = problem.groups[group]
    member = _member(problem, group)

    def value(rule_id: str, default: float) -> float:
        return _value(problem, rule_id, data, member, default)

    contract = data.contract
    return GroupLimits(
        banned=banned_patterns(problem, data, member),
        forbidden_next=succession(problem, group),
        max_days_week=int(min(contract.week_shifts_max, 7 - value("min_days_off_week", 0))),
        max_consecutive_days=int(value("max_consecutive_days", problem.grid.days)),
        max_week_hours=min(
            contract.week_hours_max + contract.overtime_max_hours,
            value("max_hours_week", np.inf),
        ),
        max_average_week_hours=value("max_average_week_hours", np.inf),
        max_consecutive_nights=int(value("max_consecutive_nights", problem.grid.days)),
        min_free_weekends=int(value("min_free_weekends", 0)),
    )
