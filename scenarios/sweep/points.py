"""The points of a sweep: a grid, or one thing at a time around the plan; in the order of work."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.overrides import apply_scenario
from scenarios.plan import Fault, Plan, PlanFaults
from scenarios.plan.draft import file_or_sheet
from scenarios.plan.schema import BASE_SCENARIO, ScenarioRow
from scenarios.runs import file_name
from scenarios.sweep.vary import SCENARIO, Vary

_MOST_POINTS = 1000
# Letters of a folder's name before the fingerprint that tells alike ones apart.
_NAME_LETTERS = 60


@dataclass(frozen=True)
class Point:
    """One setting of all that is varied.

    Parameters
    ----------
    number
        From 1, in the order of the table.
    places
        Place of its value in each `Vary`, -1 where that is left as the plan has it.
    values
        Text of its value in each `Vary`, empty where it is left.
    name
        Scenario; base where nothing is varied.
    rows
        Overrides.
    """

    number: int
    places: tuple[int, ...]
    values: tuple[str, ...]
    name: str
    rows: tuple[ScenarioRow, ...]

    @property
    def folder(self) -> str:
        """Name of its run folder, told by its setting alone."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:6]
        return f"{file_name(self.name)[:_NAME_LETTERS].rstrip('-.')}-{digest}"

    def distance(self, other: Point) -> int:
        """Steps from one to the other."""
        return sum(abs(a - b) for a, b in zip(self.places, other.places, strict=True))

    def in_plan(self, plan: Plan) -> Plan:
        """Plan with the point among its scenarios."""
        return dataclasses.replace(plan, scenarios=(*plan.scenarios, *self.rows))


def points_of(
    varied: Sequence[Vary], *, scenario: str = BASE_SCENARIO, one_at_a_time: bool = False
) -> list[Point]:
    """All points of a sweep, in the order of its table.

    Parameters
    ----------
    scenario
        Scenario that the points are based on.
    one_at_a_time
        The plan as it is, then each thing varied alone; else every combination.

    Raises
    ------
    PlanFaults
        Something is varied twice, or there are too many.
    """
    faults = []
    names = [one.name for one in varied]
    for k, one in enumerate(varied):
        if one.name in names[:k]:
            faults.append(
                Fault("--vary", None, "", one.text, "is varied twice", "one --vary for it")
            )
    count = math.prod(len(one.values) for one in varied)
    if not one_at_a_time and count > _MOST_POINTS:
        wrong = f"makes {count:,} points with the others"
        right = f"{_MOST_POINTS:,} at most, or --one-at-a-time"
        faults.append(Fault("--vary", None, "", varied[-1].text, wrong, right))
    if faults:
        raise PlanFaults(faults)
    sizes = [range(len(one.values)) for one in varied]
    if one_at_a_time:
        none = [-1] * len(varied)
        at = [tuple(none)]
        for k, size in enumerate(sizes):
            at += [(*none[:k], place, *none[k + 1 :]) for place in size]
    else:
        at = list(itertools.product(*sizes))
    return [_point(number, varied, places, scenario) for number, places in enumerate(at, start=1)]


def check_points(plan: Plan, varied: Sequence[Vary], points: Sequence[Point]) -> list[Plan]:
    """Plan of each point as its scenario changes it.

    Raises
    ------
    PlanFaults
        A point cannot be applied; each fault with what was varied.
    """
    faults: dict[Fault, None] = {}
    plans = []
    for point in points:
        try:
            plans.append(apply_scenario(point.in_plan(plan), point.name))
        except PlanFaults as error:
            faults |= dict.fromkeys(_located(plan, varied, point, fault) for fault in error.faults)
    if faults:
        raise PlanFaults(list(faults))
    return plans


def home_of(varied: Sequence[Vary], points: Sequence[Point]) -> tuple[int, ...]:
    """Places of the point that is nearest to the plan as it is."""
    if any(set(point.places) == {-1} for point in points):
        return (-1,) * len(varied)
    return tuple(one.home for one in varied)


def in_order_of_work(varied: Sequence[Vary], points: Sequence[Point]) -> list[Point]:
    """What is nearest to the plan as it is comes first, then its neighbours and theirs.

    So each point has a neighbour that was done before it.
    """
    home = home_of(varied, points)
    return sorted(points, key=lambda point: (_steps(point.places, home), point.number))


def waits_for(point: Point, other: Point, home: tuple[int, ...]) -> bool:
    """Whether another is one step from a point, on its way to what is done first."""
    nearer = _steps(other.places, home) < _steps(point.places, home)
    return nearer and point.distance(other) == 1


def _steps(places: tuple[int, ...], home: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(places, home, strict=True))


def _point(number: int, varied: Sequence[Vary], at: tuple[int, ...], scenario: str) -> Point:
    values = tuple(
        one.values[place] if place >= 0 else "" for one, place in zip(varied, at, strict=True)
    )
    chosen = [(one, value) for one, value in zip(varied, values, strict=True) if value]
    base = next((value for one, value in chosen if one.name == SCENARIO), scenario)
    name = " ".join(one.setting(value) for one, value in chosen)
    rows = tuple(row for one, value in chosen for row in one.rows(value, name, base))
    if not rows:
        # Nothing but a scenario: its own name will do.
        name = base
    return Point(number, at, values, name, rows)


def _located(plan: Plan, varied: Sequence[Vary], point: Point, fault: Fault) -> Fault:
    """Tell a fault of an added row by what was varied."""
    first = len(plan.scenarios) + 2
    if fault.where != file_or_sheet(plan, "scenarios") or (fault.row or 0) < first:
        return fault
    sources = [
        one
        for one, value in zip(varied, point.values, strict=True)
        for _ in (one.changes if value else ())
    ]
    at = (fault.row or first) - first
    text = sources[at].text if at < len(sources) else point.name
    wrong = f"“{fault.read}” {fault.wrong}" if fault.read else fault.wrong
    column = "" if fault.column in ("column", "operation", "value", "where") else fault.column
    return Fault("--vary", None, column, text, wrong, fault.right)
