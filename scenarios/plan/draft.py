"""A plan before it is known to be whole: what the cross-table checks look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scenarios.plan import schema
from scenarios.plan.faults import Fault, Notice
from scenarios.plan.model import Plan
from scenarios.plan.rows import Located
from scenarios.plan.values import columns, text_of

Finding = Fault | Notice


@dataclass(frozen=True)
class Draft:
    """Rows of every table with their numbers; rows with a fault of their own are left out.

    Attributes
    ----------
    names
        Names that exist in a table, by table; None where the table could not be read, so that
        nothing is said of names that may well be in it.
    where
        File or sheet of a table (`plan` for the settings).
    settings_lines
        Row or line of each key of the settings.
    incomplete
        Tables that lack rows which their file has, because of a fault: what is not in them may
        be in the file.
    history
        None if it could not be read.
    """

    settings: schema.Settings
    rows: dict[str, list[Located[Any]]]
    names: dict[str, set[str] | None]
    where: Callable[[str], str]
    settings_lines: dict[str, int | None]
    incomplete: frozenset[str]
    history: pd.DataFrame | None

    @classmethod
    def of(cls, plan: Plan) -> Draft:
        """Draft of a plan that was made or changed in memory; rows count from 2 as in a file."""
        rows: dict[str, list[Located[Any]]] = {
            table: [Located(number, row) for number, row in enumerate(plan.table(table), start=2)]
            for table in schema.TABLES
            if table != "history"
        }
        names: dict[str, set[str] | None] = {
            table: {getattr(one.row, column) for one in rows[table]}
            for table, column in schema.NAMED_BY.items()
        }
        return cls(
            plan.settings,
            rows,
            names,
            lambda table: file_or_sheet(plan, table),
            {},
            frozenset(),
            plan.history,
        )

    def of_table(self, table: str) -> Iterator[tuple[Located[Any], Any]]:
        """Each row of a table, located and bare."""
        for located in self.rows.get(table, ()):
            yield located, located.row

    def is_whole(self, *tables: str) -> bool:
        """Whether all rows of these tables are there to be judged."""
        return self.incomplete.isdisjoint(tables)

    def fault(
        self, table: str, located: Located[Any], column: str, wrong: str, right: str = ""
    ) -> Fault:
        """Fault at a cell; what was read is the value as it would be written."""
        known = {one.name: one for one in columns(schema.TABLES[table])}
        read = ""
        if column in known:
            read = text_of(known[column], getattr(located.row, known[column].field))
        return Fault(self.where(table), located.number, column, read, wrong, right)

    def notice(self, table: str, located: Located[Any] | None, text: str) -> Notice:
        """Notice about a row, or about a whole table."""
        return Notice(self.where(table), text, located.number if located else None)

    def setting_fault(self, key: str, read: Any, wrong: str, right: str = "") -> Fault:
        """Fault at a key of the settings."""
        return Fault(self.where("plan"), self.settings_lines.get(key), key, str(read), wrong, right)


def file_or_sheet(plan: Plan, table: str) -> str:
    """File or sheet of a table (`plan` for the settings), as faults name it."""
    if plan.source is not None and plan.source.suffix.lower() == ".xlsx":
        return f"sheet {table}"
    return "plan.toml" if table == "plan" else f"{table}.csv"


def find_loop(edges: Mapping[str, set[str]]) -> list[str]:
    """Names along the first loop of a directed graph, the first one again at the end; or none."""
    done: set[str] = set()
    for first in edges:
        path: list[str] = []
        stack: list[tuple[str, Iterator[str]]] = [(first, iter(sorted(edges[first])))]
        path.append(first)
        while stack:
            name, following = stack[-1]
            step = next((one for one in following if one not in done), None)
            if step is None:
                done.add(name)
                stack.pop()
                path.pop()
            elif step in path:
                return [*path[path.index(step) :], step]
            else:
                path.append(step)
                stack.append((step, iter(sorted(edges.get(step, set())))))
    return []
