"""From a cell to a value and back: times, dates, shares, numbers, yes and no.

A cell comes as text from a CSV file and as text, number, date or time from a workbook. Whatever it
is, `parse` answers the value of the column's kind or raises `CellError` with what would be right.
"""

from __future__ import annotations

import datetime as dt
import re
import types
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from scenarios.plan import schema
from scenarios.plan.faults import suggestion

# A workbook's cell holds no more.
MAX_TEXT = 32_000
FIRST_DATE, LAST_DATE = dt.date(1950, 1, 1), dt.date(2150, 12, 31)

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(:00)?")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_TRUE = {"yes", "y", "true", "1", "是"}
_FALSE = {"no", "n", "false", "0", "否"}
# Day 0 of a workbook's calendar, in which 24:00 formatted as a time reads as day 1.
_WORKBOOK_ZERO = dt.datetime(1899, 12, 31)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class CellError(ValueError):
    """A cell that is not a value of its column.

    Attributes
    ----------
    wrong, right
        What is wrong with it, and what would be right.
    """

    def __init__(self, wrong: str, right: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.right = right


@dataclass(frozen=True)
class Column:
    """What a column holds.

    Attributes
    ----------
    name
        Heading, as it stands in the file (`from`).
    field
        Attribute of the row (`from_`).
    kind
        text, choice, number, whole, share, clock, date, month, datetime or yes_no.
    choices
        What a choice may be.
    required
        Whether the cell must not be empty.
    default
        Value of an empty cell.
    text
        What the column means.
    bounds
        Limits of a number, as `ge` 0 and `le` 1.
    """

    name: str
    field: str
    kind: str
    choices: tuple[Any, ...]
    required: bool
    default: Any
    text: str
    bounds: tuple[tuple[str, float], ...]

    @property
    def default_text(self) -> str:
        """The default as the reference and the list of defaults show it."""
        if self.required:
            return ""
        if self.default in (None, ""):
            return self.text.partition("mpty: ")[2].partition(";")[0].strip() or "none"
        return text_of(self, self.default)


@cache
def columns(model: type[schema.Row]) -> tuple[Column, ...]:
    """Columns of a table (or keys of a section), in their order."""
    hints = get_type_hints(model, include_extras=True)
    return tuple(
        _column(name, info, hints[name])
        for name, info in model.model_fields.items()
        if not (isinstance(info.annotation, type) and issubclass(info.annotation, schema.Row))
    )


def parse(column: Column, cell: Any, *, decimal_comma: bool = False) -> Any:
    """Value of a cell that is not empty.

    Parameters
    ----------
    cell
        Text, number, truth value, date, time or duration.
    decimal_comma
        Whether `0,8` is a number, as in files that separate their columns by semicolons.

    Raises
    ------
    CellError
        If the cell does not hold a value of the column's kind.
    """
    if isinstance(cell, str) and column.kind not in ("text", "choice"):
        # Chinese input writes full-width digits, colons and percent signs.
        cell = unicodedata.normalize("NFKC", cell).strip()
        if decimal_comma and _DECIMAL_COMMA.fullmatch(cell.rstrip("% ")):
            cell = cell.replace(",", ".")
    if column.kind == "choice":
        return _choice(column, cell)
    return _PARSERS[column.kind](cell)


def is_empty(cell: Any) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def plain(cell: Any) -> str:
    """Text of any cell, as a planner would type it."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, float):
        return repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="minutes" if not cell.second else "seconds")
    if isinstance(cell, dt.time):
        return cell.isoformat(timespec="minutes")
    if isinstance(cell, dt.timedelta):
        return clock_text(round(cell.total_seconds() / 60))
    return str(cell).strip()


def text_of(column: Column, value: Any) -> str:
    """Text of a value as `parse` reads it; empty for None."""
    if value is None:
        return ""
    if column.kind == "clock":
        return clock_text(value)
    return plain(value)


def clock_text(minute: int) -> str:
    """Minutes from midnight as 08:30; 1560 is 26:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _column(name: str, info: FieldInfo, hint: Any) -> Column:
    base, metadata, choices = _unwrap(hint)
    bounds = {
        key: getattr(one, key)
        for one in (*metadata, *info.metadata)
        for key in ("ge", "gt", "le", "lt")
        if hasattr(one, key)
    }
    top = bounds.get("le", bounds.get("lt"))
    is_percent = (top is not None and top <= 1) or bool((info.json_schema_extra or {}).get("share"))
    kind = {
        bool: "yes_no",
        int: "whole",
        float: "share" if is_percent else "number",
        dt.date: "date",
        dt.datetime: "datetime",
        str: "text",
    }[base]
    if choices:
        kind = "choice"
    elif bounds.get("le") == schema.LAST_CLOCK_MINUTE and base is int:
        kind = "clock"
    elif any(getattr(one, "pattern", None) == schema.MONTH for one in (*metadata, *info.metadata)):
        kind = "month"
    default = info.get_default(call_default_factory=True)
    return Column(
        name=info.alias or name,
        field=name,
        kind=kind,
        choices=tuple(choice for choice in choices if choice != ""),
        required=info.is_required(),
        default=None if default is PydanticUndefined else default,
        text=info.description or "",
        bounds=tuple(bounds.items()),
    )


def _unwrap(hint: Any) -> tuple[type, list[Any], list[Any]]:
    """Base type, constraints and choices of a type hint."""
    metadata: list[Any] = []
    choices: list[Any] = []
    base: type = str

    def visit(one: Any) -> None:
        nonlocal base
        origin = get_origin(one)
        if origin is Annotated:
            inner, *extras = get_args(one)
            visit(inner)
            for extra in extras:
                metadata.extend(extra.metadata if isinstance(extra, FieldInfo) else [extra])
        elif origin is Literal:
            choices.extend(get_args(one))
            base = type(get_args(one)[0])
        elif origin in (Union, types.UnionType):
            for part in get_args(one):
                visit(part)
        elif one is not type(None):
            base = one

    visit(hint)
    return base, metadata, choices


def _choice(column: Column, cell: Any) -> Any:
    text = plain(cell).casefold()
    for choice in column.choices:
        if text == str(choice).casefold():
            return choice
    raise CellError(
        wrong="is not one of the choices", right=suggestion(text, [str(c) for c in column.choices])
    )


def _text(cell: Any) -> str:
    text = plain(cell).replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT:
        raise CellError(wrong="is too long a text", right=f"at most {MAX_TEXT} characters")
    if _CONTROL.search(text):
        raise CellError(
            wrong="has characters that cannot be printed", right="the same text without them"
        )
    return text


def _month(cell: Any) -> str:
    # A spreadsheet turns a typed 2026-12 into the first of that month.
    if isinstance(cell, dt.date):
        return f"{cell:%Y-%m}"
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})月?", str(cell))
    if not match or not 1 <= int(match[2]) <= 12:
        raise CellError(wrong="is not a month", right="a month such as 2026-12")
    return f"{match[1]}-{int(match[2]):02d}"


def _number(cell: Any) -> float:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise CellError(wrong="is not a number", right="a number such as 12 or 0.5")
    if isinstance(cell, str):
        if not _NUMBER.fullmatch(cell):
            bare = cell.replace(",", "").replace(" ", "").replace("'", "")
            right = "a number such as 12 or 0.5"
            if _NUMBER.fullmatch(bare) and bare != cell:
                right = f"{bare}, without separators (a decimal point for a fraction)"
            raise CellError(wrong="is not a number", right=right)
        cell = float(cell)
    if not abs(cell) < 1e15:
        raise CellError(wrong="is too large a number", right="a number below 10^15")
    return float(cell)


def _share(cell: Any) -> float:
    if isinstance(cell, str) and cell.endswith("%"):
        return float(f"{_number(cell[:-1].strip()) / 100:.12g}")
    return _number(cell)


def _whole(cell: Any) -> int:
    number = _number(cell)
    if not number.is_integer():
        raise CellError(wrong="is not a whole number", right=f"{round(number)}")
    return int(number)


def _yes_no(cell: Any) -> bool:
    text = plain(cell).casefold()
    if text not in _TRUE | _FALSE:
        raise CellError(
            wrong="is neither yes nor no", right="yes or no (true, false, 1, 0, 是, 否)"
        )
    return text in _TRUE


def _clock(cell: Any) -> int:
    """Minutes from midnight of 08:30, of a time, or of a workbook's fraction of a day."""
    minutes: float
    if isinstance(cell, str):
        match = _CLOCK.fullmatch(cell)
        if not match or int(match[2]) > 59:
            right = "a time such as 08:30; 24:00 is midnight, 26:00 is 2 in the night after"
            raise CellError(wrong="is not a time of day", right=right)
        minutes = int(match[1]) * 60 + int(match[2])
    elif isinstance(cell, dt.time):
        minutes = cell.hour * 60 + cell.minute + cell.second / 60
    elif isinstance(cell, dt.timedelta):
        minutes = cell.total_seconds() / 60
    elif isinstance(cell, dt.date):
        moment = cell if isinstance(cell, dt.datetime) else dt.datetime(*cell.timetuple()[:3])
        minutes = (moment - _WORKBOOK_ZERO).total_seconds() / 60
    elif isinstance(cell, float) and 0 < cell < 1:
        minutes = cell * 1440
    else:
        right = f"{int(cell):02d}:00" if isinstance(cell, int | float) and 0 <= cell <= 48 else ""
        raise CellError(wrong="is not a time of day", right=right or "a time such as 08:30")
    if abs(minutes - round(minutes)) > 1e-3:
        raise CellError(wrong="is not a whole minute", right=clock_text(round(minutes)))
    if not 0 <= round(minutes) <= schema.LAST_CLOCK_MINUTE:
        raise CellError(wrong="is not a time of day", right="a time from 00:00 to 48:00")
    return round(minutes)


def _date(cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        if cell.time() != dt.time(0):
            raise CellError(wrong="has a time of day", right=f"{cell.date()}")
        day = cell.date()
    elif isinstance(cell, dt.date):
        day = cell
    else:
        day = _date_of_text(cell)
    if not FIRST_DATE <= day <= LAST_DATE:
        raise CellError(
            wrong="is out of range", right=f"a day between {FIRST_DATE.year} and {LAST_DATE.year}"
        )
    return day


def _date_of_text(cell: Any) -> dt.date:
    right = "a date such as 2026-12-07"
    if isinstance(cell, float | int) and 20_000 < cell < 90_000:
        day = dt.date(1899, 12, 30) + dt.timedelta(days=int(cell))
        raise CellError(
            wrong="is a number, not a date", right=f"{day}, or the cell formatted as a date"
        )
    match = _DATE.fullmatch(cell.removesuffix(" 00:00:00")) if isinstance(cell, str) else None
    if not match:
        raise CellError(wrong="is not a date", right=right + " (year, month, day)")
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise CellError(wrong="is not a day of the calendar", right=right) from None


def _datetime(cell: Any) -> dt.datetime:
    if isinstance(cell, dt.datetime):
        return cell
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day)
    try:
        return dt.datetime.fromisoformat(str(cell).replace("/", "-"))
    except ValueError:
        raise CellError(wrong="is not a date and time", right="as in 2026-12-07 08:30") from None


_PARSERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "share": _share,
    "whole": _whole,
    "yes_no": _yes_no,
    "clock": _clock,
    "date": _date,
    "month": _month,
    "datetime": _datetime,
}
