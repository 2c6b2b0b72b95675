"""Generated override files, held against the same edits made by hand in the plan's files.

The slow way: every change is made in the text of a copy of the plan's CSV files and plan.toml,
which is then read like any plan. What a scenario gives must be that plan, and what it refuses must
be refused there too. 200 files by default; OVERRIDE_FILES=2000 takes so many.
"""

import csv
import hashlib
import json
import os
import random
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from scenarios.errors import PlannerError
from scenarios.overrides import apply_scenario, with_scenario_file
from scenarios.plan import PlanFaults, load, schema
from scenarios.plan.rows import setting_keys
from scenarios.plan.values import columns
from tests.scenarios.smallplan import write_small

FILES = int(os.environ.get("OVERRIDE_FILES", "200"))
BATCHES = 10

TABLES = [
    "queues", "targets", "hours", "roles", "contracts", "agents", "shifts", "breaks", "budget",
    "calendar", "shrinkage", "availability", "rules", "rates",
]  # fmt: skip
SETTINGS = {
    name: column
    for name, column in setting_keys()
    if name not in ("end", "name", "note", "forecast.history_from", "start")
}
# What a scenario may not touch: how the history was read.
FIXED = {
    "interval_min", "timezone", "end", "forecast.history", "forecast.history_sheet",
    "forecast.history_query",
}  # fmt: skip
NUMBERS = ("number", "share", "whole")
FITTING = {
    "number": ["300", "1.1", "0.9", "12", "0.25", "60"],
    "share": ["5 %", "0.9", "0.95", "100%", "0"],
    "whole": ["1", "2", "0", "3"],
    "clock": ["09:00", "17:00", "08:30"],
    "date": ["2026-12-15", "2026-12-07"],
    "yes_no": ["yes", "no"],
    "text": ["", "phone", "email", "staff", "agent", "office", "王小明", "=x"],
    "month": ["2026-12"],
}
NONSENSE = ["", "x", "-1", "1e9", "150 %", "08:61", "0", "3.5", "mon", "yes", "１.２"]
CHANGES = {
    "number": ["1.1", "0.5", "110 %", "2"], "share": ["0.9", "1.05", "50 %"], "whole": ["2", "1"],
    "clock": ["00:30", "-01:00"], "date": ["3", "-2"],
}  # fmt: skip


class Refused(Exception):  # noqa: N818
    """The edit cannot be made."""


class Folder:
    """A plan's files as text, edited cell by cell."""

    def __init__(self, folder: Path) -> None:
        self.settings = _flat(tomllib.loads((folder / "plan.toml").read_text(encoding="utf-8")))
        self.tables: dict[str, tuple[list[str], list[dict[str, str]]]] = {}
        for file in folder.glob("*.csv"):
            with file.open(encoding="utf-8", newline="") as lines:
                reader = csv.DictReader(lines)
                self.tables[file.stem] = list(reader.fieldnames or []), list(reader)

    def apply(self, change: dict[str, str]) -> None:
        table, operation = change["table"], change["operation"]
        if table == "plan":
            self._set_key(change)
        elif operation == "add_row":
            self._add(table, change["value"])
        else:
            rows = [row for row in self.tables.get(table, ([], []))[1] if _is_asked(change, row)]
            if not rows:
                raise Refused
            if operation == "drop":
                header, old = self.tables[table]
                gone = {id(row) for row in rows}
                self.tables[table] = header, [row for row in old if id(row) not in gone]
            else:
                self._change(table, rows, change)

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        lines = [f"{key} = {json.dumps(text)}" for key, text in self.settings.items()]
        (folder / "plan.toml").write_text("\n".join(lines), encoding="utf-8")
        for name, (header, rows) in self.tables.items():
            if rows or name in ("queues", "history", "contracts"):
                with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, header, restval="")
                    writer.writeheader()
                    writer.writerows(rows)
        return folder

    def _set_key(self, change: dict[str, str]) -> None:
        key = change["column"]
        if key in FIXED or change["operation"] in ("add_row", "drop") or change["where"]:
            raise Refused
        column = SETTINGS[key]
        now = self.settings.get(key, "")
        text = _result(column, change["operation"], now, change["value"])
        if text:
            self.settings[key] = text
        else:
            self.settings.pop(key, None)

    def _add(self, table: str, cells: dict[str, str]) -> None:
        header, rows = self.tables.setdefault(table, ([], []))
        header += [name for name in cells if name not in header]
        rows.append(dict(cells))

    def _change(self, table: str, rows: list[dict[str, str]], change: dict[str, str]) -> None:
        header = self.tables[table][0]
        name = change["column"]
        if table == "history" and name == "aht_s":
            raise Refused  # the queues say their handle times
        column = _column(table, name)
        if name not in header:
            header.append(name)
        for row in rows:
            row[name] = _result(column, change["operation"], row.get(name, ""), change["value"])


def _flat(values: dict, prefix: str = "") -> dict[str, str]:
    found = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            is_flag = isinstance(value, bool)
            found[prefix + key] = ("no", "yes")[value] if is_flag else str(value)
    return found


def _column(table, name):
    return next(one for one in columns(schema.TABLES[table]) if one.name == name)


def _is_asked(change: dict, row: dict[str, str]) -> bool:
    where = change["where"]
    if change["table"] == "history":
        day = row["start"][:10]
        return row["queue"] == where.get("queue", row["queue"]) and where.get(
            "from", "0"
        ) <= day <= where.get("to", "9")
    return all(
        _value(_column(change["table"], name), row.get(name) or "")
        == _value(_column(change["table"], name), text)
        for name, text in where.items()
    )


def _value(column, text: str):
    """What a cell means; an empty one its default."""
    if not text.strip():
        return column.default
    if column.kind in NUMBERS:
        return float(_decimal(text))
    if column.kind == "clock":
        return _minutes(text)
    if column.kind == "yes_no":
        return text in ("yes", "true", "1")
    if column.kind == "date":
        return date.fromisoformat(text)
    return text


def _decimal(text: str) -> Decimal:
    try:
        if text.endswith("%"):
            return Decimal(text[:-1].strip()) / 100
        return Decimal(text)
    except ArithmeticError:
        raise Refused from None


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    try:
        return int(hours) * 60 + int(minutes)
    except ValueError:
        raise Refused from None


def _result(column, operation: str, now: str, text: str) -> str:
    """Text of a cell after an operation; whether it is one that may stand there, reading tells."""
    if operation == "set":
        if not text and column.required:
            raise Refused
        return text
    if column.kind not in (NUMBERS if operation == "times" else (*NUMBERS, "clock", "date")):
        raise Refused
    old = _value(column, now)
    if old is None or not text:
        raise Refused
    if column.kind == "clock":
        sign = -1 if text.startswith("-") else 1
        minutes = old + sign * _minutes(text.removeprefix("-"))
        if minutes < 0:
            raise Refused
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    by = _decimal(text)
    if column.kind == "date":
        return str(old + timedelta(days=int(by)))
    if operation == "times" and text[0] in "+-":
        raise Refused
    if operation == "plus":
        # A difference is read as the column's own cells are.
        if column.kind != "share" and "%" in text:
            raise Refused
        if column.kind == "whole" and by != int(by):
            raise Refused
    new = Decimal(repr(old)) * by if operation == "times" else Decimal(repr(old)) + by
    return f"{float(new):.15g}" if abs(new) < 10**14 else str(new)


# The generator -----------------------------------------------------------------------------------


def random_change(chance: random.Random, plan) -> dict:
    """A change that mostly fits; one in six has a value of any kind."""
    table = chance.choice([*TABLES, "plan", "history"])
    if table == "plan":
        key = chance.choice(list(SETTINGS))
        operation = chance.choice(["set", "set", "times", "plus"])
        value = _a_value(chance, SETTINGS[key], operation)
        return {"table": "plan", "where": {}, "column": key, "operation": operation, "value": value}
    if table == "history":
        where = {"queue": chance.choice(["phone", "email", "email", "lead"])}
        if chance.random() < 0.5:
            where |= {"from": "2026-11-16", "to": chance.choice(["2026-11-20", "2026-11-14"])}
        operation = chance.choice(["times", "plus", "set", "drop"])
        column = chance.choice(["volume", "volume", "volume", "aht_s"])
        value = chance.choice(["1.1", "2", "0.5"])
        if operation == "drop":
            column = value = ""
        return {
            "table": table, "where": where, "column": column, "operation": operation,
            "value": value,
        }  # fmt: skip
    known = columns(schema.TABLES[table])
    rows = plan.table(table)
    if not rows or chance.random() < 0.15:
        cells = {
            one.name: _a_value(chance, one, "set")
            for one in known
            if one.required or chance.random() < 0.2
        }
        return {
            "table": table, "where": {}, "column": "", "operation": "add_row",
            "value": {name: text for name, text in cells.items() if text},
        }  # fmt: skip
    row = chance.choice(rows)
    simple = [c for c in known if c.kind in ("text", "choice", "whole") and _plain(row, c)]
    asked = chance.sample(simple, min(len(simple), chance.choice([0, 1, 1, 2])))
    where = {one.name: _plain(row, one) for one in asked}
    if chance.random() < 0.1:
        return {"table": table, "where": where, "column": "", "operation": "drop", "value": ""}
    column = chance.choice(known)
    operation = "set"
    if column.kind in CHANGES and chance.random() < 0.5:
        operation = "plus" if column.kind in ("clock", "date") else chance.choice(["times", "plus"])
    value = _a_value(chance, column, operation)
    return {
        "table": table, "where": where, "column": column.name, "operation": operation,
        "value": value,
    }  # fmt: skip


def _plain(row, column) -> str:
    value = getattr(row, column.field)
    return "" if value is None else str(value)


def _a_value(chance: random.Random, column, operation: str) -> str:
    if chance.random() < 1 / 6:
        return chance.choice(NONSENSE)
    if operation != "set":
        return chance.choice(CHANGES.get(column.kind, ["1"]))
    return str(chance.choice(list(column.choices) or FITTING.get(column.kind, ["x"])))


def as_toml(changes: list[dict]) -> str:
    lines = ['name = "made"']
    for change in changes:
        lines.append("[[change]]")
        for key, value in change.items():
            if isinstance(value, dict):
                cells = ", ".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
                if cells:
                    lines.append(f"{key} = {{ {cells} }}")
            elif value:
                lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def prints(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = write_small(tmp_path_factory.mktemp("base") / "plan")
    return folder, load(folder)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_file_applies_exactly_or_is_refused_and_the_plans_files_stay(base, tmp_path, batch):
    folder, plan = base
    before = prints(folder)
    outcomes = {"applied": 0, "refused": 0}
    for number in range(batch, FILES, BATCHES):
        chance = random.Random(number)
        changes = [random_change(chance, plan) for _ in range(chance.choice([1, 1, 2, 3]))]
        file = tmp_path / f"{number}.toml"
        file.write_text(as_toml(changes), encoding="utf-8")
        context = file.read_text(encoding="utf-8")
        try:
            given, name = with_scenario_file(plan, file)
            changed, why = apply_scenario(given, name), ()
        except PlannerError as error:
            changed, why = None, error.faults
            assert why, context
            assert all(fault.wrong for fault in why), context
        expected, told = by_hand(folder, changes, tmp_path / str(number))
        both = f"{context}\n{[*map(str, why)]}\nby hand: {told}"
        assert (changed is None) == (expected is None), both
        outcomes["refused" if changed is None else "applied"] += 1
        if changed is not None:
            assert_same(changed, expected, context)
    assert prints(folder) == before
    assert min(outcomes.values()) >= FILES // BATCHES // 10, outcomes


def by_hand(folder: Path, changes: list[dict], target: Path):
    """The plan as reading the edited files gives it, or why that cannot be done."""
    edited = Folder(folder)
    try:
        for change in changes:
            edited.apply(change)
        return load(edited.write(target)), ""
    except Refused:
        return None, "the edit cannot be made"
    except PlanFaults as error:
        return None, str(error)


def assert_same(changed, expected, context: str) -> None:
    for table in TABLES:
        ours, theirs = ([r.model_dump() for r in p.table(table)] for p in (changed, expected))
        assert ours == theirs, f"{context}\n{table}"
    assert changed.settings.model_dump() == expected.settings.model_dump(), context
    pd.testing.assert_frame_equal(
        changed.history.reset_index(drop=True), expected.history.reset_index(drop=True),
        rtol=1e-12, check_dtype=False,
    )  # fmt: skip
