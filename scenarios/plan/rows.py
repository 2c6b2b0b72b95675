"""From raw tables to rows: every cell read as its column says, every fault kept."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from scenarios.plan import schema
from scenarios.plan.faults import Default, Fault, Notice, suggestion
from scenarios.plan.read import RawPlan, RawTable
from scenarios.plan.values import CellError, Column, columns, is_empty, parse, plain

R = TypeVar("R", bound=schema.Row)

_BOUND_TEXT = {
    "ge": "at least {}",
    "gt": "more than {}",
    "le": "at most {}",
    "lt": "less than {}",
}
# Stands in for a first day that is missing or wrong: nothing in a history lies after it.
_NO_START = dt.date(2150, 1, 1)
_SECTIONS = {"service": schema.Service, "forecast": schema.ForecastOptions, "solve": schema.Solve}


@dataclass(frozen=True)
class Located(Generic[R]):
    """A row and its number in its file."""

    number: int
    row: R


@dataclass
class TableRows(Generic[R]):
    """What a raw table gave.

    Attributes
    ----------
    rows
        Rows without a fault.
    names
        Whatever stands in the column by which other tables name its rows, faults or not: a row
        with a fault elsewhere still exists.
    """

    rows: list[Located[R]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    defaults: list[Default] = field(default_factory=list)


def read_rows(table: str, raw: RawTable) -> TableRows[Any]:
    """Read a raw table as rows of its model."""
    model = schema.TABLES[table]
    result: TableRows[Any] = TableRows()
    places = place_columns(raw, columns(model), result.faults, result.notices)
    missing: dict[str, list[int]] = {column.name: [] for column in columns(model)}
    named_by = schema.NAMED_BY.get(table)
    for number, cells in raw.rows:
        values: dict[str, Any] = {}
        is_sound = True
        for column in columns(model):
            at = places.get(column.name)
            cell = None if at is None else cells[at]
            fault = None if at is None else cell_fault(raw, column, number, at, cell)
            if fault is None and is_empty(cell):
                if not column.required:
                    missing[column.name].append(number)
                    continue
                if at is not None:
                    fault = Fault(raw.where, number, column.name, "", "is empty", column.text)
                is_sound = False
            elif fault is None:
                try:
                    value = parse(column, cell, decimal_comma=raw.decimal_comma)
                    values[column.name] = value
                    if column.name == named_by:
                        result.names.add(value)
                    fault = bounds_fault(raw.where, number, column, cell, value)
                except CellError as error:
                    fault = Fault(
                        raw.where, number, column.name, plain(cell), error.wrong, error.right
                    )
            if fault is not None:
                result.faults.append(fault)
                is_sound = False
        if is_sound:
            row = _build(model, values, raw.where, number, result.faults)
            if row is not None:
                result.rows.append(Located(number, row))
    result.defaults = [
        Default(table, column.name, column.default_text, tuple(missing[column.name]))
        for column in columns(model)
        if missing[column.name]
    ]
    return result


def place_columns(
    raw: RawTable,
    known: tuple[Column, ...],
    faults: list[Fault],
    notices: list[Notice],
) -> dict[str, int]:
    """Where each known column stands; missing ones are faults, unknown ones notices."""
    by_name = {heading.casefold(): at for at, heading in enumerate(raw.header) if heading}
    places = {
        column.name: by_name.pop(column.name.casefold())
        for column in known
        if column.name.casefold() in by_name
    }
    absent = [column.name for column in known if column.name not in places]
    for column in known:
        if column.required and column.name not in places:
            near = suggestion(column.name, by_name)
            right = f"a column {column.name}: {column.text}"
            if near.startswith("perhaps"):
                right += f"; {near} was meant to be it"
            faults.append(Fault(raw.where, 1, column.name, "", "the column is missing", right))
    for heading in by_name:
        near = suggestion(heading, absent)
        hint = f"; {near}?" if near.startswith("perhaps") else ""
        notices.append(Notice(raw.where, f"column {heading} is not known and is ignored{hint}"))
    return places


def cell_fault(raw: RawTable, column: Column, number: int, at: int, cell: Any) -> Fault | None:
    """Fault of a cell for what it is in its workbook: an error, or a formula where text belongs."""
    if (number, at) in raw.errors:
        wrong = f"cell {cell_name(number, at)} shows an error"
        return Fault(raw.where, number, column.name, plain(cell), wrong, "a value")
    if (number, at) not in raw.formulas:
        return None
    if column.kind == "text":
        wrong = f"cell {cell_name(number, at)} is a formula where a name belongs"
        return Fault(raw.where, number, column.name, plain(cell), wrong, "the name itself, as text")
    if is_empty(cell):
        wrong = f"cell {cell_name(number, at)} is a formula without a stored value"
        right = "a plain value, or the workbook saved once by a spreadsheet program"
        return Fault(raw.where, number, column.name, "", wrong, right)
    return None


def cell_name(number: int, at: int) -> str:
    """Name of a cell as a spreadsheet shows it: B5."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{number}"


def bounds_fault(
    where: str, number: int | None, column: Column, cell: Any, value: Any
) -> Fault | None:
    """Fault of a number outside its column's bounds."""
    if not isinstance(value, int | float) or column.kind in ("clock", "yes_no"):
        return None
    bounds = dict(column.bounds)
    is_inside = (
        value >= bounds.get("ge", value)
        and value <= bounds.get("le", value)
        and ("gt" not in bounds or value > bounds["gt"])
        and ("lt" not in bounds or value < bounds["lt"])
    )
    if is_inside:
        return None
    right = " and ".join(_BOUND_TEXT[key].format(f"{limit:g}") for key, limit in bounds.items())
    top = bounds.get("le", bounds.get("lt"))
    if column.kind == "share" and top == 1 and 1 < value <= 100:
        right += f"; perhaps {value:g} % = {value / 100:g}"
    wrong = (
        "is negative"
        if value < 0 and 0 in (bounds.get("ge"), bounds.get("gt"))
        else "is out of range"
    )
    return Fault(where, number, column.name, plain(cell), wrong, right)


def read_settings(raw: RawPlan) -> tuple[schema.Settings, list[Fault], list[Default]]:
    """Read plan.toml or the sheet `plan`.

    What is faulty is left at its default, so that the tables can be judged all the same.
    """
    faults: list[Fault] = []
    missing: list[Default] = []
    rest = dict(raw.settings)
    values: dict[str, Any] = {}
    for prefix, model in (("", schema.Settings), *((f"{k}.", m) for k, m in _SECTIONS.items())):
        section = values if not prefix else values.setdefault(prefix[:-1], {})
        for column in columns(model):
            key = prefix + column.name
            value, number = rest.pop(key, (None, None))
            if is_empty(value):
                if column.required:
                    faults.append(
                        Fault(raw.settings_where, None, key, "", "is missing", column.text)
                    )
                else:
                    missing.append(Default("plan", key, column.default_text))
                continue
            if isinstance(value, list | tuple):
                faults.append(
                    Fault(raw.settings_where, number, key, plain(value), "is a list", "one value")
                )
                continue
            try:
                section[column.name] = parse(column, value)
                fault = bounds_fault(
                    raw.settings_where, number, column, value, section[column.name]
                )
            except CellError as error:
                fault = Fault(
                    raw.settings_where, number, key, plain(value), error.wrong, error.right
                )
            if fault is not None:
                section.pop(column.name, None)
                faults.append(Fault(fault.where, number, key, fault.read, fault.wrong, fault.right))
    known = [key for key, _ in setting_keys()]
    faults += [
        Fault(raw.settings_where, number, key, plain(value), "is no key of a plan",
              suggestion(key, known))
        for key, (value, number) in rest.items()
    ]  # fmt: skip
    _weeks_of_end(raw, values, faults)
    stand_in = schema.Settings(name="plan", start=_NO_START)
    values = {"name": stand_in.name, "start": stand_in.start, **values}
    settings = _build(schema.Settings, values, raw.settings_where, None, faults)
    return settings or stand_in, faults, missing


def setting_keys() -> list[tuple[str, Column]]:
    """Every key of plan.toml, dotted, with what it holds."""
    keys = [(column.name, column) for column in columns(schema.Settings)]
    for section, model in _SECTIONS.items():
        keys += [(f"{section}.{column.name}", column) for column in columns(model)]
    return keys


def _weeks_of_end(raw: RawPlan, values: dict[str, Any], faults: list[Fault]) -> None:
    """Turn a last day into weeks, which is what everything else counts in."""
    if "end" not in values or "start" not in values:
        return
    end, start = values.pop("end"), values["start"]
    number = raw.settings["end"][1]
    days = (end - start).days + 1
    if days < 7 or days % 7:
        whole = max(1, round(days / 7))
        right = f"whole weeks from {start}: weeks = {whole}"
        faults.append(
            Fault(raw.settings_where, number, "end", f"{end}", f"is day {days} of the plan", right)
        )
    elif values.setdefault("weeks", days // 7) != days // 7:
        faults.append(
            Fault(
                raw.settings_where, number, "end", f"{end}", "contradicts weeks", "one of the two"
            )
        )


def _build(
    model: type[R], values: dict[str, Any], where: str, number: int | None, faults: list[Fault]
) -> R | None:
    """Row of checked values; what the model alone can tell (lengths, patterns) is a fault here."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        for one in error.errors():
            column = ".".join(str(part) for part in one["loc"])
            wrong = {
                "string_too_long": "is too long",
                "string_pattern_mismatch": "does not have the right form",
            }.get(one["type"], one["msg"])
            known = {c.name: c for c in columns(model)}
            right = known[column].text if column in known else ""
            if "max_length" in one.get("ctx", {}):
                right = f"at most {one['ctx']['max_length']} characters"
            faults.append(Fault(where, number, column, plain(one["input"]), wrong, right))
        return None
