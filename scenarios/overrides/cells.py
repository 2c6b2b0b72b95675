"""What the cells `where`, `operation` and `value` of a scenario's row mean.

Values are read as the cells of the plan's own tables are: shares as `80 %`, times as `08:30`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from scenarios.plan.faults import Fault, suggestion
from scenarios.plan.rows import bounds_fault
from scenarios.plan.schema import KEYS, TABLES, Row
from scenarios.plan.values import (
    CellError,
    Column,
    clock_text,
    columns,
    is_empty,
    parse,
    plain,
    text_of,
)

# A quoted value is passed over; else a word followed by an equals sign begins a pair.
_PAIR = re.compile(r'(?<=[=＝])\s?"(?:[^"]|"")*"(?=\s|$)|(?:(?<=\s)|^)([^\s=＝]+)\s?[=＝]')
_NEEDS_QUOTES = re.compile(r'\s[^\s=＝]+\s?[=＝]|^"')
# Cells that tell the rows of a table apart, where the table has no key.
_TOLD_BY: dict[str, tuple[str, ...]] = {
    "hours": ("hours", "weekday", "opens"),
    "calendar": ("name", "kind", "date", "from", "queue"),
    "shifts": ("shift", "contract", "first_start"),
    "breaks": ("breaks", "name", "earliest_h"),
    "availability": ("agent", "from", "kind"),
    "shrinkage": ("kind", "role", "from"),
    "rules": ("rule", "scope", "who"),
    "rates": ("name", "kind", "contract", "weekday", "from", "from_hours"),
}
_KINDS = {
    "times": ("number", "share", "whole"),
    "plus": ("number", "share", "whole", "clock", "date"),
}
_FACTOR = Column("value", "value", "share", (), True, None, "", (("ge", 0),))
_DAYS = Column("value", "value", "whole", (), True, None, "", (("ge", -36_600), ("le", 36_600)))


def pairs(text: str, known: Sequence[Column]) -> list[tuple[Column, str]]:
    """Read `queue=chat simple measure=abandoned`: a value ends where the next column begins.

    A value in double quotes may hold anything; a double quote in it is doubled.

    Raises
    ------
    CellError
        If the text is no such list, or names a column that is not known, or one twice.
    """
    by_name = {column.name: column for column in known}
    text = text.strip()
    starts = [match for match in _PAIR.finditer(text) if match[1]]
    if text and (not starts or starts[0].start() > 0):
        right = f"column=value pairs; a column is {suggestion('', by_name)}"
        raise CellError(wrong="does not begin with column=value", right=right)
    result: list[tuple[Column, str]] = []
    for number, match in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(text)
        if match[1] not in by_name:
            near = suggestion(match[1], by_name)
            right = f"{near}; in a value that holds an equals sign, double quotes around it"
            raise CellError(wrong=f"names {match[1]}, which is no column of the table", right=right)
        if any(column.name == match[1] for column, _ in result):
            raise CellError(wrong=f"names {match[1]} twice", right="each column once")
        result.append((by_name[match[1]], _unquoted(text[match.end() : end].strip())))
    return result


def pair_text(column: str, value: str) -> str:
    """Write one pair as `pairs` reads it."""
    if _NEEDS_QUOTES.search(value):
        doubled = value.replace('"', '""')
        return f'{column}="{doubled}"'
    return f"{column}={value}"


def wanted(column: Column, text: str) -> Any:
    """Value that a row must have in a column; for an empty text, what an empty cell stands for.

    Raises
    ------
    CellError
        If the text is not a value of the column.
    """
    if is_empty(text):
        if column.required:
            raise CellError(wrong=f"asks for an empty {column.name}", right=column.text)
        return column.default
    try:
        return parse(column, text)
    except CellError as error:
        raise CellError(
            wrong=f"“{text}” for {column.name} {error.wrong}", right=error.right
        ) from None


def operand(column: Column, operation: str, text: str) -> Any:
    """What an operation works with: the text itself to set, a factor or a difference else.

    Raises
    ------
    CellError
        If it is not a value that the operation can use on the column.
    """
    if operation == "set":
        if column.kind == "date":
            # A date typed into a workbook's text column comes with its midnight.
            text = text.removesuffix(" 00:00")
        if not is_empty(text):
            checked(column, text)
        elif column.required:
            raise CellError(wrong="is empty", right=column.text)
        return text
    if is_empty(text):
        raise CellError(
            wrong="is empty", right="a factor such as 1.1" if operation == "times" else "a number"
        )
    text = unicodedata.normalize("NFKC", text).strip()
    sign = text[0] if text[0] in "+-" else ""
    if operation == "times":
        if sign:
            right = "a factor: 1.1 or 110 % for a tenth more, 0.9 for a tenth less"
            raise CellError(wrong="is a change, not a factor", right=right)
        return checked(_FACTOR, text)
    if column.kind == "clock":
        minutes: int = parse(column, text.removeprefix(sign))
        return -minutes if sign == "-" else minutes
    if column.kind == "date":
        return checked(_DAYS, text)
    return parse(Column("value", "value", column.kind, (), True, None, "", ()), text)


def check_operation(column: Column, operation: str) -> None:
    """Refuse arithmetic on what is not a number.

    Raises
    ------
    CellError
        If the operation does not fit the column.
    """
    if operation in _KINDS and column.kind not in _KINDS[operation]:
        kind = {"yes_no": "yes or no", "choice": "one of given words"}.get(column.kind, column.kind)
        raise CellError(wrong=f"does not fit {column.name}, which is {kind}", right="set")


def new_cell(column: Column, old: Any, operation: str, change: Any) -> str:
    """Text of a cell after an operation; products and sums are exact in decimals.

    Raises
    ------
    CellError
        If the cell is empty, so that there is nothing to multiply or add to.
    """
    if operation == "set":
        return str(change)
    if old is None:
        raise CellError(
            wrong=f"finds {column.name} empty: nothing to start from", right="set, with a value"
        )
    if column.kind == "date":
        return str(old + dt.timedelta(days=change))
    if column.kind == "clock":
        if old + change < 0:
            raise CellError(
                wrong=f"puts {column.name} before midnight", right="a time from 00:00 to 48:00"
            )
        return clock_text(old + change)
    before, by = Decimal(repr(old)), Decimal(repr(change))
    return plain(float(before * by if operation == "times" else before + by))


def checked(column: Column, text: str) -> Any:
    """Value of a cell within its column's bounds.

    Raises
    ------
    CellError
        If it is none.
    """
    value = parse(column, text)
    fault: Fault | None = bounds_fault("", None, column, text, value)
    if fault is not None:
        raise CellError(fault.wrong, fault.right)
    return value


def raw_cells(known: Sequence[Column], row: Any) -> list[str | None]:
    """Cells of a row as its file has them; None where nothing was given."""
    return [
        text_of(column, getattr(row, column.field))
        if column.field in row.model_fields_set
        else None
        for column in known
    ]


def told_by(table: str) -> tuple[str, ...]:
    """Columns that tell the rows of a table apart."""
    return _TOLD_BY.get(table) or KEYS[table]


def label(table: str, row: Row, rows: Sequence[Row]) -> str:
    """Tell a row by as few of its cells as set it apart: `queue=phone measure=abandoned`."""
    known = {column.name: column for column in columns(TABLES[table])}
    parts: list[str] = []
    alike = [one for one in rows if one is not row]
    for name in told_by(table):
        column = known[name]
        value = getattr(row, column.field)
        if value in (None, ""):
            continue
        rest = [one for one in alike if getattr(one, column.field) == value]
        if not parts or len(rest) < len(alike):
            parts.append(pair_text(name, text_of(column, value)))
        alike = rest
    return " ".join(parts)


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text
