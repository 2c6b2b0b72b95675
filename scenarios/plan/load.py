"""From a path to a plan, or to the list of everything that is wrong with it."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from scenarios.plan import schema
from scenarios.plan.checks import check, is_timezone
from scenarios.plan.draft import Draft
from scenarios.plan.faults import Fault, Notice, PlanFaults
from scenarios.plan.history import HistoryReader, empty_history, open_windows
from scenarios.plan.model import Plan
from scenarios.plan.read import RawPlan, Unreadable, read
from scenarios.plan.rows import TableRows, read_rows, read_settings
from scenarios.plan.sources import KEYS, Misplaced, read_source

_ORDER = {table: place for place, table in enumerate(("plan", *schema.TABLES))}


def load(path: str | os.PathLike[str], *, confined: bool = False) -> Plan:
    """Load a plan from a folder (`plan.toml` and CSV tables) or from one .xlsx workbook.

    Parameters
    ----------
    path
        Folder, workbook, or the plan.toml of a folder.
    confined
        Whether `forecast.history` must lie in the plan's own folder and be no database, as for
        plans of strangers.

    Raises
    ------
    PlanFaults
        If anything is wrong; it carries every fault that was found.
    """
    path = Path(path)
    try:
        raw = read(path)
    except Unreadable as error:
        raise PlanFaults([error.fault]) from None
    except OSError as error:
        raise PlanFaults([Fault(path.name, wrong=f"cannot be read ({error.strerror})")]) from None
    return _Loader(raw, confined=confined).plan()


class _Loader:
    """Takes one raw plan through settings, rows, history and checks."""

    def __init__(self, raw: RawPlan, *, confined: bool) -> None:
        self.raw = raw
        self.confined = confined
        self.faults: list[Fault] = list(raw.faults)
        self.notices: list[Notice] = list(raw.notices)

    def plan(self) -> Plan:
        settings, setting_faults, defaults = read_settings(self.raw)
        if "plan" not in self.raw.unreadable:
            self.faults += setting_faults
        self._history_elsewhere(settings.forecast)
        self._missing_tables()
        tables = {
            name: read_rows(name, self.raw.tables[name])
            for name in schema.TABLES
            if name in self.raw.tables and name != "history"
        }
        for table in tables.values():
            self.faults += table.faults
            self.notices += table.notices
            defaults += table.defaults
        incomplete = {name for name, table in tables.items() if table.faults}
        incomplete |= self.raw.unreadable
        history = self._history(settings, tables)
        draft = Draft(
            settings=settings,
            rows={name: table.rows for name, table in tables.items()},
            names={
                name: None if name in self.raw.unreadable else _names(name, tables)
                for name in schema.NAMED_BY
            },
            where=lambda name: self.raw.settings_where if name == "plan" else self.raw.where(name),
            settings_lines={key: number for key, (_, number) in self.raw.settings.items()},
            incomplete=frozenset(incomplete),
            history=history,
        )
        faults, notices = check(draft)
        self.faults += faults
        self.notices += notices
        if self.faults:
            raise PlanFaults(sorted(self.faults, key=self._place), self.notices)
        rows: dict[str, Any] = {
            name: tuple(located.row for located in table.rows) for name, table in tables.items()
        }
        return Plan(
            settings=settings,
            history=empty_history() if history is None else history,
            notices=tuple(self.notices),
            defaults=tuple(defaults),
            source=self.raw.source,
            **rows,
        )

    def _missing_tables(self) -> None:
        for name in schema.REQUIRED:
            if name in self.raw.unreadable:
                continue
            raw = self.raw.tables.get(name)
            if raw is not None and raw.rows:
                continue
            wrong = "is missing" if raw is None else "has no row below its header"
            needed = ", ".join(
                field.alias or column
                for column, field in schema.TABLES[name].model_fields.items()
                if field.is_required()
            )
            right = f"a table with at least the columns {needed}"
            self.faults.append(Fault(self.raw.where(name), None, "", "", wrong, right))
            self.raw.unreadable.add(name)

    def _history_elsewhere(self, options: schema.ForecastOptions) -> None:
        """Read what `forecast.history` names as the table `history`."""
        said = {key: getattr(options, key) for key in KEYS}
        if not any(said.values()):
            return
        source = self.raw.source
        folder = source if source.is_dir() else source.parent
        try:
            if "history" in self.raw.tables:
                key = next(key for key in KEYS if said[key])
                raise Misplaced(key, "is given beside the table history", "one of the two")
            table, notices = read_source(options, folder, confined=self.confined)
        except Misplaced as error:
            key = f"forecast.{error.key}"
            line = self.raw.settings.get(key, (None, None))[1]
            self.faults.append(
                Fault(self.raw.settings_where, line, key, said[error.key], error.wrong, error.right)
            )
            self.raw.unreadable.add("history")
        except Unreadable as error:
            self.faults.append(error.fault)
            self.raw.unreadable.add("history")
        else:
            self.raw.tables["history"] = table
            self.notices += notices

    def _history(
        self, settings: schema.Settings, tables: dict[str, TableRows[Any]]
    ) -> pd.DataFrame | None:
        raw = self.raw.tables.get("history")
        if raw is None or "history" in self.raw.unreadable:
            return None
        if not is_timezone(settings.timezone):
            # A fault of its own; the history can be judged all the same.
            settings = settings.model_copy(update={"timezone": "UTC"})
        hours: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        if "hours" in tables:
            for located in tables["hours"].rows:
                row = located.row
                hours[row.hours, row.weekday].append((row.opens, row.closes))
        queues = {}
        if "queues" in tables:
            queues = {located.row.queue: located.row.hours for located in tables["queues"].rows}
        known = None if "queues" in self.raw.unreadable else _names("queues", tables)
        reader = HistoryReader(raw, settings, known, open_windows(queues, hours))
        frame = reader.read()
        self.faults += reader.faults
        self.notices += reader.notices
        return None if reader.faults else frame

    def _place(self, fault: Fault) -> tuple[int, str, int]:
        """Faults are told by table in the order of the reference, then by row."""
        name = fault.where.removeprefix("sheet ").partition(".")[0]
        return _ORDER.get(name, len(_ORDER)), fault.where, fault.row or 0


def _names(name: str, tables: dict[str, TableRows[Any]]) -> set[str]:
    return tables[name].names if name in tables else set()
