"""The reference of the plan, made from the schema: `python -m scenarios.plan.reference`."""

from __future__ import annotations

import sys

from scenarios.plan import schema
from scenarios.plan.rows import setting_keys
from scenarios.plan.values import Column, columns

_INTRODUCTION = """\
# The plan, table by table

A plan is a folder with `plan.toml` and one CSV file per table, or one .xlsx workbook with a sheet
per table and a sheet `plan` with the columns `key` and `value` (`service.floor` is a key). Both say
the same, and each can be written as the other.

- One header row, then one row each. The order of rows and columns is free; blank rows are skipped.
- Dates are written 2026-12-07, times 08:30; 24:00 is midnight and 26:00 is 2 in the night after.
  A workbook's own dates and times are read as well.
- Shares are written 0.8 or 80 %; yes and no as yes, no, true, false, 1, 0, 是, 否.
- An empty cell means the default. Every default that was used is listed.
- Columns that are not in this reference are ignored with a notice.
- CSV files are UTF-8 (GB18030 is read with a notice), separated by commas, semicolons or tabs; with
  semicolons, a number may have a decimal comma.
- Names may be in any language. One that begins with = + - or @ stays text: in a CSV file an
  apostrophe may stand before it, in a workbook a formula in place of a name is a fault.
- Tables that a plan does not need are left out. These are needed: {required}.

This page is made from the schema by `python -m scenarios.plan.reference > docs/plan.md`.
"""
_CONTACTS = """\
Instead of intervals, the history may have one row per contact, with the columns `queue`, `arrived`,
`answered`, `ended` and `outcome` (the last three may be missing). A contact counts as abandoned if
its outcome is `abandoned`, or, where no outcome is given at all, if `answered` is empty. On days on
which a queue had contacts, its open intervals without any count as zero.

The history may also come from elsewhere, by interval or by contact, with the same columns:
`forecast.history` in plan.toml gives the path of a .csv, .csv.gz, .xlsx or .parquet, seen from the
plan's folder, or the URL of a database (as SQLAlchemy writes it), which `forecast.history_query`
asks. `${NAME}` in the URL (one part of it, or the whole) is the environment variable of that name,
so that no password need stand in the plan:

```toml
[forecast]
history = "postgresql+psycopg://planner:${CALLS_PASSWORD}@calls.example/centre"
history_query = "SELECT queue, arrived, answered, ended, outcome FROM calls"
```

Such a query is never committed, and an SQLite file (`sqlite:///calls.db`, seen from the plan's
folder) is opened for reading only. Faults number its rows from 2, as in a file with a header.
Parquet files and databases need `pip install 'staffing-optimizer[sources]'`, and a database its own
driver. Times with an offset or a time zone become local times of the plan.

Finer intervals than the plan's are added up; coarser ones are a fault. What lies on or after the
plan's `start` is left out with a notice.
"""
_KINDS = {
    "text": "text",
    "number": "number",
    "whole": "whole number",
    "share": "share",
    "clock": "time",
    "date": "date",
    "month": "month",
    "datetime": "date and time",
    "yes_no": "yes or no",
}
_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def reference() -> str:
    """Text of the reference (Markdown)."""
    needed = ", ".join(f"`{table}`" for table in schema.REQUIRED)
    parts = [_INTRODUCTION.format(required=needed), "## plan.toml\n"]
    parts.append(_table([(key, column) for key, column in setting_keys()], "key"))
    for name, model in schema.TABLES.items():
        parts.append(f"## {name}\n")
        parts.append(" ".join((model.__doc__ or "").split()) + "\n")
        described = [(column.name, column) for column in columns(model)]
        parts.append(_table(described, "column", name))
        if name in schema.KEYS:
            key = ", ".join(f"`{column}`" for column in schema.KEYS[name])
            parts.append(f"Once each: {key}.\n")
        if name == "history":
            parts.append(_CONTACTS)
    return "\n".join(parts)


def _table(described: list[tuple[str, Column]], heading: str, table: str = "") -> str:
    lines = [f"| {heading} | meaning | what may stand there | empty |", "|---|---|---|---|"]
    for name, column in described:
        empty = "must not be" if column.required else column.default_text
        meaning = column.text
        if target := schema.REFERENCES.get((table, column.field)):
            meaning += f" (→ `{target}`)"
        lines.append(f"| `{name}` | {meaning} | {_allowed(column)} | {empty} |")
    return "\n".join(lines) + "\n"


def _allowed(column: Column) -> str:
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    text = _KINDS[column.kind]
    if column.bounds and column.kind in ("number", "whole", "share"):
        limits = ", ".join(f"{_SIGNS[key]} {limit:g}" for key, limit in column.bounds)
        text += f" {limits}"
    return text


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(reference())
