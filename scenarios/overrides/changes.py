"""A plan under change: overrides applied row by row, every fault kept, every row's origin known."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from scenarios.overrides.cells import (
    check_operation,
    label,
    new_cell,
    operand,
    pairs,
    raw_cells,
    wanted,
)
from scenarios.overrides.history import COLUMNS as HISTORY_COLUMNS
from scenarios.overrides.history import changed_history, history_mask
from scenarios.plan import Default, Fault, Plan, PlanFaults, check_plan, schema
from scenarios.plan.draft import file_or_sheet
from scenarios.plan.faults import shorten, suggestion
from scenarios.plan.read import SETTINGS_FILE, RawPlan, RawTable
from scenarios.plan.rows import read_rows, read_settings, setting_keys
from scenarios.plan.schema import ScenarioRow
from scenarios.plan.values import CellError, Column, columns, text_of

# Settings that say how the history was read: a scenario starts from the history as it stands.
_FIXED = {
    "interval_min": "a plan of its own: the history is counted by this interval",
    "timezone": "a plan of its own: the history is kept in this time zone",
    **dict.fromkeys(
        ("forecast.history", "forecast.history_sheet", "forecast.history_query"),
        "a plan of its own, or changes of the table history",
    ),
    "end": "weeks",
}


@dataclass(frozen=True)
class Traced:
    """A row, the base plan's row that it was (None: added), and the override that made it."""

    row: schema.Row
    origin: schema.Row | None
    by: int | None = None


@dataclass
class _Teller:
    """Collects the faults of one row of the table `scenarios`."""

    where: str
    number: int
    override: ScenarioRow
    faults: list[Fault] = field(default_factory=list)

    def tell(self, cell: str, wrong: str, right: str = "") -> None:
        """Keep a fault of a cell of the row."""
        read = str(getattr(self.override, cell))
        self.faults.append(Fault(self.where, self.number, cell, read, wrong, right))

    @contextmanager
    def at(self, cell: str) -> Iterator[None]:
        """Keep what is raised inside as a fault of the cell."""
        try:
            yield
        except CellError as error:
            self.tell(cell, error.wrong, error.right)

    def must_be_empty(self, *cells: str) -> None:
        """Tell of cells that the operation has no use for."""
        for cell in cells:
            if getattr(self.override, cell):
                what = f"{self.override.operation} in the table {self.override.table}"
                self.tell(cell, f"is given, but {what} takes none", "an empty cell")


class Changes:
    """Applies overrides to copies of a plan's tables.

    Attributes
    ----------
    where
        File or sheet of the table `scenarios`, as faults name it.
    tables
        Rows as they stand by now; `settings` and `history` beside them. The history keeps the
        index of the base plan's, which tells its rows apart.
    faults
        Why overrides could not be applied.
    """

    def __init__(self, plan: Plan) -> None:
        self.base = plan
        self.where = file_or_sheet(plan, "scenarios")
        self.settings = plan.settings
        self.history = plan.history
        self.tables: dict[str, list[Traced]] = {
            name: [Traced(row, row) for row in plan.table(name)]
            for name in schema.TABLES
            if name not in ("history", "scenarios")
        }
        self.faults: list[Fault] = []
        self._setting_by: dict[str, int] = {}
        # Tables that lack a change because it was faulty: what is missing there is no new fault.
        self._incomplete: set[str] = set()

    def apply(self, number: int, override: ScenarioRow) -> None:
        """Apply one row of the table `scenarios`, or keep its faults and change nothing."""
        teller = _Teller(self.where, number, override)
        if override.table == "plan":
            self._change_setting(override, teller)
        elif override.table == "history":
            self._change_history(override, teller)
        elif override.table not in self.tables:
            near = suggestion(override.table, ["plan", "history", *self.tables])
            teller.tell("table", "is no table that a scenario can change", near)
        else:
            change = {"add_row": self._add_row, "drop": self._drop}
            change.get(override.operation, self._change_rows)(override, teller)
        if teller.faults:
            self.faults += teller.faults
            self._incomplete.add(override.table)

    def plan(self, name: str) -> Plan:
        """Return the changed plan, checked.

        Raises
        ------
        PlanFaults
            With the faults of the overrides, or else with those that they make in the plan.
        """
        if self.faults:
            raise PlanFaults(self.faults)
        history = self._cut_history()
        rows: dict[str, Any] = {
            table: tuple(traced.row for traced in traced_rows)
            for table, traced_rows in self.tables.items()
        }
        plan = dataclasses.replace(
            self.base,
            settings=self.settings,
            history=history,
            defaults=tuple(self._defaults()),
            **rows,
        )
        found, notices = check_plan(plan)
        faults = [self._blame(name, fault) for fault in (*_gone(plan), *found)]
        if faults:
            raise PlanFaults(sorted(faults, key=lambda fault: fault.row or math.inf))
        rechecked = {notice.text for notice in check_plan(self.base)[1]}
        kept = tuple(one for one in self.base.notices if one.text not in rechecked)
        return dataclasses.replace(plan, notices=kept + notices)

    # Rows of tables ------------------------------------------------------------------------------

    def _change_rows(self, override: ScenarioRow, teller: _Teller) -> None:
        table, known = override.table, columns(schema.TABLES[override.table])
        column, change = _what({one.name: one for one in known}, override, teller)
        hits = self._hits(override, teller)
        if teller.faults or column is None:
            return
        at = known.index(column)
        raw_rows: list[tuple[int, list[Any]]] = []
        for hit in hits:
            row = self.tables[table][hit].row
            cells: list[Any] = raw_cells(known, row)
            with teller.at("operation"):
                cells[at] = new_cell(column, getattr(row, column.field), override.operation, change)
            raw_rows.append((hit, cells))
        read = read_rows(table, RawTable("", tuple(one.name for one in known), raw_rows))
        for fault in read.faults:
            rows = [traced.row for traced in self.tables[table]]
            _tell_result(fault, f"{table} {label(table, rows[fault.row or 0], rows)}", teller)
        if teller.faults:
            # The first row tells what is wrong; the others would say the same.
            del teller.faults[1:]
            return
        for located in read.rows:
            origin = self.tables[table][located.number].origin
            self.tables[table][located.number] = Traced(located.row, origin, teller.number)

    def _add_row(self, override: ScenarioRow, teller: _Teller) -> None:
        teller.must_be_empty("where", "column")
        table, known = override.table, columns(schema.TABLES[override.table])
        with teller.at("value"):
            given = {column.name: text for column, text in pairs(override.value, known)}
            cells = [given.get(column.name) for column in known]
            header = tuple(column.name for column in known)
            read = read_rows(table, RawTable("", header, [(0, cells)]))
            for fault in read.faults:
                shown = f"“{shorten(fault.read)}” " if fault.read else ""
                teller.tell("value", f"{table}.{fault.column} {shown}{fault.wrong}", fault.right)
            if not teller.faults:
                self.tables[table].append(Traced(read.rows[0].row, None, teller.number))

    def _drop(self, override: ScenarioRow, teller: _Teller) -> None:
        teller.must_be_empty("column", "value")
        hits = set(self._hits(override, teller))
        if not teller.faults:
            rows = self.tables[override.table]
            self.tables[override.table] = [one for at, one in enumerate(rows) if at not in hits]

    def _hits(self, override: ScenarioRow, teller: _Teller) -> list[int]:
        """Places of the rows that `where` asks for; none is a fault."""
        table, known = override.table, columns(schema.TABLES[override.table])
        rows = [traced.row for traced in self.tables[table]]
        with teller.at("where"):
            asked = [(one, wanted(one, text)) for one, text in pairs(override.where, known)]
            hits = [
                at
                for at, row in enumerate(rows)
                if all(getattr(row, column.field) == value for column, value in asked)
            ]
            if hits or table in self._incomplete:
                return hits
            raise CellError(wrong=f"matches no row of {table}", right=_what_is_there(rows, asked))
        return []

    # Settings and history ------------------------------------------------------------------------

    def _change_setting(self, override: ScenarioRow, teller: _Teller) -> None:
        keys = dict(setting_keys())
        if override.operation in ("add_row", "drop"):
            teller.tell("operation", "does not fit the table plan", "set, times or plus")
            return
        teller.must_be_empty("where")
        key = override.column
        column, change = _what(keys, override, teller)
        if key in _FIXED:
            teller.tell("column", "cannot be changed by a scenario", _FIXED[key])
        if teller.faults or column is None:
            return
        given: dict[str, tuple[Any, int | None]] = {}
        for one, known in keys.items():
            holder = self._holder(one)
            if known.field in holder.model_fields_set:
                given[one] = (text_of(known, getattr(holder, known.field)), None)
        with teller.at("operation"):
            old = getattr(self._holder(key), column.field)
            given[key] = (new_cell(column, old, override.operation, change), None)
        raw = RawPlan(self.base.source or Path(SETTINGS_FILE), SETTINGS_FILE, given)
        settings, faults, _ = read_settings(raw)
        for fault in faults:
            _tell_result(fault, "plan", teller)
        first, was = settings.forecast.history_from, self.base.settings.forecast.history_from
        if was is not None and (first is None or first < was):
            wrong = f"asks for history before {was}, which was left out when the plan was read"
            teller.tell("value", wrong, f"{was} or later")
        if not teller.faults:
            self.settings = settings
            self._setting_by[key] = teller.number

    def _holder(self, key: str) -> schema.Row:
        """Section of the settings that holds a dotted key."""
        section, _, _ = key.rpartition(".")
        holder: schema.Row = getattr(self.settings, section) if section else self.settings
        return holder

    def _change_history(self, override: ScenarioRow, teller: _Teller) -> None:
        if override.operation == "add_row":
            teller.tell("operation", "does not fit the history", "set, times, plus or drop")
            return
        column, change = None, None
        if override.operation == "drop":
            teller.must_be_empty("column", "value")
        else:
            column, change = _what(HISTORY_COLUMNS, override, teller)
        with teller.at("where"):
            mask = history_mask(self.history, override.where)
            if column is not None and column.name == "aht_s":
                self._check_use_of_aht(self.history.loc[mask, "queue"].unique(), teller)
        if teller.faults:
            return
        if column is None:
            self.history = self.history[~mask]
            return
        with teller.at("value"):
            self.history = changed_history(self.history, mask, column, override.operation, change)

    def _check_use_of_aht(self, queues: Iterable[str], teller: _Teller) -> None:
        given = {
            row.queue
            for row in (traced.row for traced in self.tables["queues"])
            if isinstance(row, schema.QueueRow) and row.aht_s is not None
        }
        if given.issuperset(queues):
            wrong = "changes nothing: aht_s in the table queues goes before the history's"
            teller.tell("column", wrong, "a row that changes aht_s in the table queues")

    def _cut_history(self) -> pd.DataFrame:
        """History before the first day planned and from the first day used, as a reader cuts it."""
        starts = self.history["start"]
        is_used = starts < pd.Timestamp(self.settings.start)
        if self.settings.forecast.history_from is not None:
            is_used &= starts >= pd.Timestamp(self.settings.forecast.history_from)
        self.history = self.history if is_used.all() else self.history[is_used]
        return self.history.reset_index(drop=True)

    # What is told of the result ------------------------------------------------------------------

    def _defaults(self) -> Iterator[Default]:
        """Defaults that stand in for empty cells; tables that nothing touched keep theirs."""
        touched = {
            name
            for name, rows in self.tables.items()
            if [one.row for one in rows] != list(self.base.table(name))
        }
        if self._setting_by:
            for key, column in setting_keys():
                if not column.required and column.field not in self._holder(key).model_fields_set:
                    yield Default("plan", key, column.default_text)
            touched.add("plan")
        yield from (one for one in self.base.defaults if one.table not in touched)
        for table in sorted(touched - {"plan"}):
            for column in columns(schema.TABLES[table]):
                numbers = tuple(
                    number
                    for number, one in enumerate(self.tables[table], start=2)
                    if column.field not in one.row.model_fields_set
                )
                if numbers:
                    yield Default(table, column.name, column.default_text, numbers)

    def _blame(self, name: str, fault: Fault) -> Fault:
        """Tell a fault of the changed plan as one of the override that touched the row last."""
        table = fault.where.removeprefix("sheet ").partition(".")[0]
        place, number = fault.place, None
        if table == "plan":
            number = self._setting_by.get(fault.column)
        elif fault.row is not None and table in self.tables:
            traced = self.tables[table][fault.row - 2]
            rows = [one.row for one in self.tables[table]]
            place = f"{table} {label(table, traced.row, rows)}: {fault.column}"
            number = traced.by
        wrong = f"under the scenario {name}, {place} {fault.wrong}"
        return Fault(self.where, number, "", fault.read, wrong, fault.right)


def _what(
    known: Mapping[str, Column], override: ScenarioRow, teller: _Teller
) -> tuple[Column | None, Any]:
    """Column that is changed and what the operation does it with."""
    column = known.get(override.column)
    if column is None:
        wrong = f"is no column of {override.table} to change" if override.column else "is empty"
        teller.tell("column", wrong, suggestion(override.column, known))
        return None, None
    with teller.at("operation"):
        check_operation(column, override.operation)
        try:
            return column, operand(column, override.operation, override.value)
        except CellError as error:
            wrong = f"{error.wrong} ({override.table}: {column.name})"
            teller.tell("value", wrong, error.right)
    return column, None


def _tell_result(fault: Fault, place: str, teller: _Teller) -> None:
    """Tell what is wrong with a cell that an operation made."""
    made = "" if teller.override.operation == "set" else f"makes {fault.read}, which "
    teller.tell("value", f"{made}{fault.wrong} ({place}: {fault.column})", fault.right)


def _what_is_there(rows: list[schema.Row], asked: list[tuple[Column, Any]]) -> str:
    """What `where` could have asked for."""
    if not rows:
        return "a row that is there; the table has none"
    for column, value in asked:
        there = [getattr(row, column.field) for row in rows]
        if value not in there:
            near = suggestion(text_of(column, value), [text_of(column, one) for one in there])
            return f"for {column.name}: {near}"
    return "a row that is there: each of these is, but none has them all"


def _gone(plan: Plan) -> Iterator[Fault]:
    """What a reader tells of a plan's files: tables without a row, history of unknown queues."""
    for table in schema.REQUIRED:
        if not len(plan.history if table == "history" else plan.table(table)):
            yield Fault(file_or_sheet(plan, table), wrong="has no row left", right="a row at least")
    known = {row.queue for row in plan.queues}
    for queue in plan.history["queue"].unique():
        if queue not in known:
            right = f"a row that drops the history where queue={queue}"
            where = file_or_sheet(plan, "history")
            yield Fault(where, None, "queue", queue, "is no queue of this plan", right)
