"""What a sweep varies: `targets.phone.share=0.7:0.95:0.05` and its like.

::

    table.key.column=values        puts each value in the column of the rows with that key
    table.key.column*=values       multiplies what is there; += adds
    table[where].column=values     rows by any of their columns, as scenarios say it
    table.*.column=values          all rows
    section.setting=values         a key of plan.toml, such as forecast.growth
    scenario=a,b                   scenarios of the plan

Values are a list with commas, a range from:to:step with both ends, or from:to of whole numbers.
Two columns that move together are joined by a comma: `contracts.staff.people_min,people_max=1:4`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from scenarios.overrides.cells import label, pair_text, pairs, told_by, wanted
from scenarios.plan import Fault, Plan, PlanFaults, schema
from scenarios.plan.faults import suggestion
from scenarios.plan.rows import setting_keys
from scenarios.plan.schema import BASE_SCENARIO, ScenarioRow
from scenarios.plan.values import CellError, Column, columns, parse

SCENARIO = "scenario"
_OPERATIONS = {"=": "set", "*=": "times", "+=": "plus"}
_MOST_VALUES = 200
_NUMBERS = ("number", "share", "whole")
_PATH = re.compile(
    r"(?P<table>[^.\[\]=*+]+)(?:\[(?P<where>.*)\]|\.(?P<key>.+))?\.(?P<columns>[^.]+)"
)


@dataclass(frozen=True)
class Change:
    """Where a value goes: a table, rows of it, a column."""

    table: str
    where: str
    column: str


@dataclass(frozen=True)
class Vary:
    """One thing that a sweep varies.

    Parameters
    ----------
    text
        As it was asked for.
    name
        What is varied, with the operation unless it sets: `queues.*.aht_s *`.
    changes
        Where each value goes; none where scenarios are varied.
    operation
        set, times or plus.
    values
        Texts, as cells have them.
    home
        Place of the value that is nearest to what the plan has.
    """

    text: str
    name: str
    changes: tuple[Change, ...]
    operation: str
    values: tuple[str, ...]
    home: int = 0

    def rows(self, value: str, scenario: str, based_on: str) -> tuple[ScenarioRow, ...]:
        """Overrides that give it a value."""
        return tuple(
            ScenarioRow(
                scenario=scenario, based_on=based_on, table=one.table, where=one.where,
                column=one.column, operation=self.operation, value=value,
            )
            for one in self.changes
        )  # fmt: skip

    def setting(self, value: str) -> str:
        """What a point says of it: `targets.phone.share=0.8`."""
        name, _, sign = self.name.partition(" ")
        return f"{name}{sign}={value}"


def vary(plan: Plan, text: str) -> Vary:
    """Read what a sweep varies.

    Raises
    ------
    PlanFaults
        If it cannot be understood or names what the plan has not, with what would be right.
    """
    path, sign, values = _parts(text)
    if path == SCENARIO:
        return _scenarios(plan, text, sign, values)
    changes, kind = _changes(plan, text, path, _OPERATIONS[sign])
    name = path if sign == "=" else f"{path} {sign[0]}"
    found = _values(text, values, kind)
    home = _home(plan, changes[0], _OPERATIONS[sign], found, kind)
    return Vary(text, name, changes, _OPERATIONS[sign], found, home)


def _fault(text: str, wrong: str, right: str, column: str = "") -> PlanFaults:
    return PlanFaults([Fault("--vary", None, column, text, wrong, right)])


def _parts(text: str) -> tuple[str, str, str]:
    """Path, sign and values; an equals sign in square brackets or quotes belongs to the path."""
    depth, quoted = 0, False
    for at, sign in enumerate(text):
        quoted ^= sign == '"' and depth > 0
        depth += (sign == "[") - (sign == "]") if not quoted else 0
        if sign == "=" and depth <= 0:
            before = text[at - 1 : at]
            kind = f"{before}=" if before in ("*", "+") else "="
            path = text[: at - len(kind) + 1].strip()
            if path and text[at + 1 :].strip():
                return path, kind, text[at + 1 :].strip()
            break
    right = "table.key.column=values, as in targets.phone.share=0.7:0.95:0.05"
    raise _fault(text, "says no column and values", right)


def _scenarios(plan: Plan, text: str, sign: str, values: str) -> Vary:
    if sign != "=":
        raise _fault(text, "changes scenarios by arithmetic", "scenario=name,name")
    names = tuple(dict.fromkeys(filter(None, map(str.strip, values.split(",")))))
    known = [BASE_SCENARIO, *dict.fromkeys(row.scenario for row in plan.scenarios)]
    for name in names:
        if name not in known:
            raise _fault(text, f"names {name}, which is no scenario", suggestion(name, known))
    return Vary(text, SCENARIO, (), "set", names)


def _changes(plan: Plan, text: str, path: str, operation: str) -> tuple[tuple[Change, ...], Column]:
    settings = dict(setting_keys())
    setting = path.removeprefix("plan.")
    if setting in settings:
        return (Change("plan", "", setting),), settings[setting]
    tables = [name for name in schema.TABLES if name != "scenarios"]
    match = _PATH.fullmatch(path)
    if match is None or match["table"].strip() not in tables:
        first = re.split(r"[.\[]", path)[0]
        is_setting = any(one.startswith(f"{first}.") for one in settings)
        near = suggestion(setting, settings) if is_setting else suggestion(first, tables)
        if first in tables:
            key = _key(first) or "row"
            raise _fault(text, f"says no row and column of {first}", f"{first}.{key}.column=values")
        raise _fault(text, f"begins with {first}, which is no table and no setting", near)
    table = match["table"].strip()
    known = {column.name: column for column in columns(schema.TABLES[table])}
    names = [name.strip() for name in match["columns"].split(",")]
    for name in names:
        if name not in known:
            near = suggestion(name, known)
            raise _fault(text, f"names {name}, which is no column of {table}", near)
    where = match["where"]
    if where is None:
        key = (match["key"] or "*").strip()
        where = "" if key == "*" else pair_text(_key(table), key)
    changes = [change for name in names for change in _where(plan, text, table, where, known[name])]
    return tuple(changes), known[names[0]]


def _key(table: str) -> str:
    """Column that a key in a path is looked for in."""
    return told_by(table)[0]


def _where(plan: Plan, text: str, table: str, where: str, column: Column) -> list[Change]:
    """Rows that are asked for; of several only those that have a value in the column, if any has.

    So `queues.*.aht_s` leaves queues alone whose handle time comes from the history.
    """
    everything = [Change(table, where, column.name)]
    if table == "history":
        return everything
    rows = plan.table(table)
    known = columns(schema.TABLES[table])
    try:
        asked = [(one, wanted(one, value)) for one, value in pairs(where, known)]
    except CellError as error:
        raise _fault(text, f"{where!r}: {error.wrong}", error.right) from None
    hits = [row for row in rows if all(getattr(row, one.field) == v for one, v in asked)]
    if not hits:
        there = [str(getattr(row, asked[0][0].field)) for row in rows] if asked else []
        near = suggestion(str(asked[0][1]), list(dict.fromkeys(there))) if there else ""
        right = f"for {asked[0][0].name}: {near}" if near else "a row that is there"
        raise _fault(text, f"matches no row of {table}", right)
    filled = [row for row in hits if getattr(row, column.field) is not None]
    if not filled or len(filled) == len(hits):
        return everything
    return [Change(table, label(table, row, rows), column.name) for row in filled]


def _home(
    plan: Plan, change: Change, operation: str, values: tuple[str, ...], column: Column
) -> int:
    """Place of the value that is nearest to what the plan has; the middle where none is told."""
    now: Any = {"times": 1.0, "plus": 0.0}.get(operation)
    if operation == "set" and change.table == "plan":
        section, _, _ = change.column.rpartition(".")
        holder = getattr(plan.settings, section) if section else plan.settings
        now = getattr(holder, dict(setting_keys())[change.column].field)
    elif operation == "set" and change.table != "history":
        asked = pairs(change.where, columns(schema.TABLES[change.table]))
        wants = [(one, wanted(one, value)) for one, value in asked]
        rows = (
            r for r in plan.table(change.table) if all(getattr(r, c.field) == v for c, v in wants)
        )
        now = getattr(next(rows), column.field)
    try:
        known = [parse(column, value) for value in values]
    except CellError:
        known = []
    if now in known:
        return known.index(now)
    if known and column.kind in _NUMBERS and now is not None:
        return min(range(len(known)), key=lambda k: abs(known[k] - now))
    return (len(values) - 1) // 2


def _values(text: str, given: str, column: Column) -> tuple[str, ...]:
    """Values of a list and of its ranges, each once, in order."""
    found: dict[str, None] = {}
    for part in given.split(","):
        part = part.strip()
        if not part:
            raise _fault(text, "has an empty value", "values with commas between them", column.name)
        is_range = ":" in part and column.kind in _NUMBERS
        found |= dict.fromkeys(_range(text, part, column) if is_range else (part,))
        if len(found) > _MOST_VALUES:
            wrong = f"is more than {_MOST_VALUES} values"
            raise _fault(text, wrong, "a larger step", column.name)
    return tuple(found)


def _range(text: str, part: str, column: Column) -> list[str]:
    pieces = [piece.strip() for piece in part.split(":")]
    percent = all(piece.endswith("%") for piece in pieces)
    try:
        numbers = [
            Decimal(piece.removesuffix("%").strip() if percent else piece) for piece in pieces
        ]
    except InvalidOperation:
        numbers = []
    right = "from:to:step, as in 0.7:0.95:0.05"
    if len(numbers) not in (2, 3) or not all(number.is_finite() for number in numbers):
        raise _fault(text, f"{part} is no range", right, column.name)
    first, last, step = (*numbers, Decimal(1))[:3]
    if len(numbers) == 2 and (first != int(first) or last != int(last) or percent):
        raise _fault(text, f"{part} says no step", right, column.name)
    if step <= 0 or last < first:
        raise _fault(
            text, f"{part} goes nowhere", "from less than to, and a step above 0", column.name
        )
    count = int((last - first) / step) + 1
    if count > _MOST_VALUES:
        wrong = f"{part} is more than {_MOST_VALUES} values"
        raise _fault(text, wrong, "a larger step", column.name)
    values = [first + k * step for k in range(count)]
    return [_plain(value) + (" %" if percent else "") for value in values]


def _plain(value: Decimal) -> str:
    """A number without an exponent and without zeros that say nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
