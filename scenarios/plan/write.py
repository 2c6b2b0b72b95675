"""Writing a plan as a folder or as a workbook that reads back as the same plan.

Only what was said is written: a cell that was empty stays empty, so that its default is still
listed as one. Names that begin with = + - @ stay text in both forms.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from scenarios.errors import PlannerError
from scenarios.plan import schema
from scenarios.plan.history import as_raw_cells
from scenarios.plan.model import Plan
from scenarios.plan.read import SETTINGS_FILE
from scenarios.plan.rows import cell_name, setting_keys
from scenarios.plan.sources import KEYS
from scenarios.plan.values import Column, columns, text_of

#: Rows of a sheet below its header.
MAX_SHEET_ROWS = 1_048_575
# The history is written as a table wherever it came from.
_OF_SOURCE = {f"forecast.{key}" for key in KEYS}
# What a spreadsheet would take for a formula; an apostrophe before it keeps it text.
_FORMULA_START = re.compile(r"'*[=+\-@]")
# A workbook's writer takes these for formulas and errors unless it is told that they are text.
_NOT_PLAIN = re.compile(r"['=+\-@#]")
# In a workbook _x0041_ stands for a character by its code; the underscore is written as one.
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def write_folder(plan: Plan, folder: str | os.PathLike[str]) -> Path:
    """Write a plan as plan.toml and CSV tables; the folder appears when it is whole.

    Raises
    ------
    PlannerError
        If the folder exists and is not empty.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} exists and is not empty: choose another folder, or empty it"
        raise PlannerError(message)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        (unfinished / SETTINGS_FILE).write_text(_toml(plan), encoding="utf-8", newline="\n")
        for table in schema.TABLES:
            header, rows = _table(plan, table)
            if rows:
                text = _csv_text(header, rows)
                (unfinished / f"{table}.csv").write_text(text, encoding="utf-8", newline="")
        unfinished.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder


def write_workbook(plan: Plan, path: str | os.PathLike[str]) -> Path:
    """Write a plan as one .xlsx, the settings first; a file that is there is replaced when whole.

    A workbook keeps 16 digits of a number and at most 1,048,575 rows of a table.

    Raises
    ------
    PlannerError
        If the path is no .xlsx, or a table has too many rows for a sheet.
    """
    # Imported here: commands that write no workbook start faster.
    from openpyxl import Workbook

    path = Path(path)
    if path.suffix.lower() != ".xlsx":
        message = f"{path.name} is not a workbook: its name must end with .xlsx"
        raise PlannerError(message)
    book = Workbook(write_only=True)
    key = Column("key", "key", "text", (), True, None, "", ())
    said = [[(key, name), (column, value)] for name, column, value in _said(plan.settings)]
    _fill(book.create_sheet("plan"), ["key", "value"], said)
    for table in schema.TABLES:
        header, rows = _table(plan, table)
        if len(rows) > MAX_SHEET_ROWS:
            message = f"{table} has {len(rows)} rows, too many for a sheet: write a folder instead"
            raise PlannerError(message)
        if rows:
            pairs = (zip(header, row, strict=True) for row in rows)
            _fill(book.create_sheet(table), [column.name for column in header], pairs)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".xlsx", dir=path.parent)
    os.close(handle)
    try:
        book.save(unfinished)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return path


def _said(settings: schema.Settings) -> Iterator[tuple[str, Column, Any]]:
    """Dotted keys that were given; the history is written as a table wherever it came from."""
    for key, column in setting_keys():
        section, _, _ = key.rpartition(".")
        holder = getattr(settings, section) if section else settings
        is_given = column.required or column.field in holder.model_fields_set
        value = getattr(holder, column.field)
        if is_given and value is not None and key not in _OF_SOURCE:
            yield key, column, value


def _table(plan: Plan, table: str) -> tuple[list[Column], list[list[Any]]]:
    """Columns that are needed or were given, and their values; None where a cell was empty."""
    known = columns(schema.TABLES[table])
    if table == "history":
        return list(known), as_raw_cells(plan.history)
    rows = plan.table(table)
    given = {name for row in rows for name in row.model_fields_set}
    header = [column for column in known if column.required or column.field in given]
    return header, [
        [
            getattr(row, column.field) if column.field in row.model_fields_set else None
            for column in header
        ]
        for row in rows
    ]


def _toml(plan: Plan) -> str:
    lines: list[str] = []
    open_section = ""
    for key, column, value in _said(plan.settings):
        section, _, name = key.rpartition(".")
        if section != open_section:
            lines += ["", f"[{section}]"]
            open_section = section
        lines.append(f"{name} = {_toml_value(column, value)}")
    return "\n".join(lines) + "\n"


def _toml_value(column: Column, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return text_of(column, value)


def _csv_text(header: list[Column], rows: list[list[Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([column.name for column in header])
    for row in rows:
        writer.writerow(
            [_csv_cell(column, value) for column, value in zip(header, row, strict=True)]
        )
    return stream.getvalue()


def _csv_cell(column: Column, value: Any) -> str:
    text = text_of(column, value)
    return f"'{text}" if column.kind == "text" and _FORMULA_START.match(text) else text


def _fill(sheet: Any, header: list[str], rows: Iterable[Iterable[tuple[Column, Any]]]) -> None:
    """Write a header and rows of (column, value) into a sheet."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    sheet.freeze_panes = "A2"
    for number, heading in enumerate(header):
        letters = cell_name(1, number).rstrip("1")
        sheet.column_dimensions[letters].width = max(12, len(heading) + 2)
    bold = Font(bold=True)
    top = []
    for heading in header:
        cell = WriteOnlyCell(sheet, heading)
        cell.font = bold
        top.append(cell)
    sheet.append(top)
    # One cell serves all dates of a column: it is written as soon as its row is.
    date_cells: dict[str, Any] = {}
    for row in rows:
        sheet.append([_sheet_cell(sheet, column, value, date_cells) for column, value in row])


def _sheet_cell(sheet: Any, column: Column, value: Any, date_cells: dict[str, Any]) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if value is None:
        return None
    if isinstance(value, dt.date):
        cell = date_cells.get(column.name)
        if cell is None:
            cell = date_cells[column.name] = WriteOnlyCell(sheet, value)
            is_moment = isinstance(value, dt.datetime)
            cell.number_format = "yyyy-mm-dd hh:mm" if is_moment else "yyyy-mm-dd"
        cell.value = value
        return cell
    if isinstance(value, int | float) and column.kind not in ("clock", "yes_no"):
        return value
    text = _ESCAPE_LIKE.sub("_x005F_", text_of(column, value))
    if not _NOT_PLAIN.match(text):
        return text
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    cell.quotePrefix = True
    return cell
