"""Tiny planning problems: one small office, built by hand, that every solver test can read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from solver.problem import (
    Agent,
    Break,
    Contract,
    ContractKind,
    Group,
    Pattern,
    Problem,
    Rule,
)
from staffing.calendar import Calendar
from staffing.timegrid import TimeGrid

MONDAY = dt.date(2026, 12, 7)
LUNCH = Break("lunch", 60, paid=False, earliest=3, latest=4)

Make = Callable[..., Problem]


def contract(**changes: Any) -> Contract:
    """Full-time: five shifts and 40 hours a week at 10 an hour."""
    usual: dict[str, Any] = {
        "name": "staff",
        "kind": ContractKind.FULL_TIME,
        "people_min": 0,
        "people_max": 99,
        "week_hours_min": 40.0,
        "week_hours_max": 40.0,
        "week_shifts_min": 5,
        "week_shifts_max": 5,
        "wage_per_hour": 10.0,
    }
    return Contract(**(usual | changes))


def pattern(code: str, start: int, length: int, paid_h: float, *breaks: Break) -> Pattern:
    """Shift of whole hours, known by the letters before the @."""
    return Pattern(code, code.split("@")[0], start, length, paid_h, breaks)


PATTERNS = (
    pattern("early@08", 8, 9, 8.0, LUNCH),
    pattern("late@13", 13, 9, 8.0, LUNCH),
    pattern("night@22", 22, 8, 8.0),
    pattern("half@08", 8, 4, 4.0),
)
EARLY, LATE, NIGHT, HALF = range(4)


@pytest.fixture
def make() -> Make:
    """A problem of one group (or of several contracts) on an hourly grid from a Monday on."""

    def build(
        *,
        days: int = 7,
        agents: Sequence[Agent] = (),
        contracts: Sequence[Contract] = (contract(),),
        patterns: Sequence[Pattern] = PATTERNS,
        rules: Sequence[Rule] = (),
        queues: Sequence[str] = ("phone",),
        speed: Sequence[float] | None = None,
        start: dt.date = MONDAY,
        **changes: Any,
    ) -> Problem:
        paid = np.array([p.paid_h for p in patterns])
        groups = tuple(
            Group(
                name=c.name,
                contract=c,
                role="agent",
                people_min=c.people_min,
                people_max=c.people_max,
                speed=np.array(speed or [1.0] * len(queues)),
                order=np.arange(len(queues)),
                patterns=tuple(range(len(patterns))),
                shift_cost=np.tile(paid * c.wage_per_hour, (days, 1)),
            )
            for c in contracts
        )
        problem = Problem(
            grid=TimeGrid(start, days, 60),
            calendar=Calendar(),
            queues=tuple(queues),
            patterns=tuple(patterns),
            groups=groups,
            agents=tuple(agents),
            pools=(),
            deferred=(),
            rules=tuple(rules),
        )
        return replace(problem, **changes)

    return build
