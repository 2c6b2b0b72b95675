"""From files to raw tables: a folder of plan.toml and CSV files, or one .xlsx.

Nothing is interpreted here; what cannot be opened becomes a fault. `scenarios.plan.load` turns raw
tables into rows.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import tomllib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from scenarios.plan.faults import Fault, Notice, suggestion
from scenarios.plan.schema import TABLES
from scenarios.plan.values import is_empty
from scenarios.plan.workbook_guard import WorkbookFacts, inspect_workbook

MAX_BYTES = 200 * 2**20
SETTINGS_FILE = "plan.toml"
_DELIMITERS = (",", ";", "\t")
_GUARDED = re.compile(r"'+[=+\-@]")
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its file, before anything is understood.

    Attributes
    ----------
    where
        File or sheet as faults name it.
    header
        Headings without surrounding blanks.
    rows
        (row number, cells) of every row that is not blank; as many cells as headings.
    formulas, errors
        (row number, column number from 0) of cells that hold a formula or show an error.
    decimal_comma
        Whether numbers may have a decimal comma.
    """

    where: str
    header: tuple[str, ...]
    rows: list[tuple[int, list[Any]]]
    formulas: frozenset[tuple[int, int]] = frozenset()
    errors: frozenset[tuple[int, int]] = frozenset()
    decimal_comma: bool = False


@dataclass
class RawPlan:
    """Everything that was read of a plan, with what went wrong while reading.

    Attributes
    ----------
    source
        Folder or workbook.
    settings
        Dotted key (`service.floor`): (value, row or line).
    settings_where
        File or sheet of the settings.
    tables
        Tables that could be read.
    unreadable
        Tables that are there but could not be read; a fault says why.
    """

    source: Path
    settings_where: str
    settings: dict[str, tuple[Any, int | None]] = field(default_factory=dict)
    tables: dict[str, RawTable] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def where(self, table: str) -> str:
        """File or sheet of a table, whether or not it is there."""
        if table in self.tables:
            return self.tables[table].where
        return f"{table}.csv" if self.settings_where == SETTINGS_FILE else f"sheet {table}"


class Unreadable(Exception):  # noqa: N818 - carries a fault
    """A file or sheet that cannot be read at all."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read(path: Path) -> RawPlan:
    """Read a plan's folder or workbook.

    Raises
    ------
    Unreadable
        If there is nothing at the path that could be a plan.
    """
    if path.is_dir():
        return _read_folder(path)
    if not path.exists():
        raise Unreadable(
            Fault(path.name, wrong="does not exist", right="a folder with plan.toml, or a .xlsx")
        )
    if path.suffix.lower() == ".xlsx":
        return _read_workbook(path)
    if path.name == SETTINGS_FILE:
        return _read_folder(path.parent)
    raise Unreadable(
        Fault(
            path.name, wrong="is not a plan", right="a folder with plan.toml, or a .xlsx workbook"
        )
    )


def read_csv(path: Path, name: str) -> tuple[RawTable, list[Notice]]:
    """Read a CSV file, plain or .gz, in whatever of the usual encodings and separators it has.

    Raises
    ------
    Unreadable
        If it is not a text file with a header row.
    """
    data = _bytes_of(path, name)
    if not data.strip(b"\xef\xbb\xbf \r\n\t"):
        raise Unreadable(Fault(name, wrong="is empty", right="a header row and one row or more"))
    text, notices = _decode(data, name)
    first_line = re.sub(r'"[^"]*"', "", text.lstrip("\r\n").partition("\n")[0])
    delimiter = max(_DELIMITERS, key=first_line.count)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(
            Fault(name, wrong=f"cannot be read as CSV ({error})", right="a CSV file in UTF-8")
        ) from None
    if "'" in text:
        records = [[_without_guard(cell) for cell in record] for record in records]
    table, more = _table(name, enumerate(records, start=1), decimal_comma=delimiter == ";")
    return table, notices + more


def read_sheet(path: Path, choose: Callable[[list[str]], str]) -> tuple[RawTable, list[Notice]]:
    """Read one sheet of a workbook.

    Parameters
    ----------
    choose
        Answers one of the names of the sheets that are not empty.

    Raises
    ------
    Unreadable
        If the file is no workbook, or the sheet has no header row.
    """
    sheets, facts = _sheets_of(path)
    full = [name for name, cells in sheets.items() if not _all_empty(cells)]
    if not full:
        raise Unreadable(Fault(path.name, wrong="is empty", right="a sheet with a header row"))
    name = choose(full)
    return _table(
        f"{path.name}, sheet {name}",
        enumerate(sheets[name], start=1),
        formulas=facts.sheets[name].formulas,
        errors=facts.sheets[name].errors,
    )


def table_of(
    where: str, names: Iterable[str], rows: Iterable[Iterable[Any]]
) -> tuple[RawTable, list[Notice]]:
    """Raw table of values that come from no text; names are row 1, as in a file.

    Raises
    ------
    Unreadable
        If a name is there twice.
    """
    records = chain([list(names)], map(list, rows))
    return _table(where, enumerate(records, start=1))


def _without_guard(cell: str) -> str:
    """Text without the apostrophe that keeps a spreadsheet from reading it as a formula."""
    return cell[1:] if _GUARDED.match(cell) else cell


def _read_folder(folder: Path) -> RawPlan:
    raw = RawPlan(folder, SETTINGS_FILE)
    try:
        raw.settings = _read_toml(folder / SETTINGS_FILE)
    except Unreadable as error:
        raw.faults.append(error.fault)
        raw.unreadable.add("plan")
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        if not name.endswith((".csv", ".csv.gz")):
            continue
        table = name.partition(".")[0]
        if table not in TABLES:
            text = f"is not a table of a plan and is ignored; {suggestion(table, TABLES)}"
            raw.notices.append(Notice(path.name, text))
            continue
        if table in raw.tables or table in raw.unreadable:
            raw.faults.append(
                Fault(path.name, wrong=f"table {table} is there twice", right="one file a table")
            )
            continue
        try:
            raw.tables[table], notices = read_csv(path, path.name)
            raw.notices += notices
        except Unreadable as error:
            raw.faults.append(error.fault)
            raw.unreadable.add(table)
    return raw


def _read_toml(path: Path) -> dict[str, tuple[Any, int | None]]:
    if not path.exists():
        raise Unreadable(
            Fault(SETTINGS_FILE, wrong="is missing", right="a file with at least name and start")
        )
    text, _ = _decode(_bytes_of(path, SETTINGS_FILE), SETTINGS_FILE)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _TOML_PLACE.search(str(error))
        line = int(match[1]) if match else None
        lines = text.splitlines()
        read_line = lines[line - 1] if line is not None and line <= len(lines) else ""
        right = 'key = value lines such as name = "Cloud CRM"; text stands between quotes'
        wrong = f"is not TOML ({_TOML_PLACE.sub('', str(error))})"
        raise Unreadable(
            Fault(SETTINGS_FILE, line, read=read_line, wrong=wrong, right=right)
        ) from None
    except RecursionError:
        raise Unreadable(Fault(SETTINGS_FILE, wrong="is nested too deeply")) from None
    lines_of = _toml_lines(text)
    return {key: (value, lines_of.get(key)) for key, value in _flat(content)}


def _flat(content: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def _toml_lines(text: str) -> dict[str, int]:
    """Line of each dotted key, as far as plain lines tell it."""
    lines: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if match := re.match(r"\[\s*([\w.\- ]+?)\s*\]", bare):
            section = match[1] + "."
        elif match := re.match(r"([\w.\-]+)\s*=", bare):
            lines.setdefault(section + match[1], number)
    return lines


def _read_workbook(path: Path) -> RawPlan:
    raw = RawPlan(path, "sheet plan")
    sheets, facts = _sheets_of(path)
    for name, cells in sheets.items():
        table = name.strip().lower()
        sheet = facts.sheets[name]
        if table != "plan" and table not in TABLES:
            text = f"is not a table of a plan and is ignored; {suggestion(table, TABLES)}"
            raw.notices.append(Notice(f"sheet {name}", text))
            continue
        try:
            raw_table, notices = _table(
                f"sheet {table}",
                enumerate(cells, start=1),
                formulas=sheet.formulas,
                errors=sheet.errors,
            )
        except Unreadable as error:
            # An empty sheet is what a spreadsheet program leaves behind: only `plan` must be full.
            if table == "plan" or not _all_empty(cells):
                raw.faults.append(error.fault)
                raw.unreadable.add(table)
            continue
        raw.notices += notices
        if table == "plan":
            _take_settings(raw, raw_table)
        else:
            raw.tables[table] = raw_table
    if not raw.settings and "plan" not in raw.unreadable:
        raw.faults.append(
            Fault("sheet plan", wrong="is missing", right="a sheet `plan` with columns key, value")
        )
        raw.unreadable.add("plan")
    return raw


def _sheets_of(path: Path) -> tuple[dict[str, list[list[Any]]], WorkbookFacts]:
    """Cells of every sheet of a workbook, and what is to be said of them."""
    facts = inspect_workbook(path, MAX_BYTES)
    if isinstance(facts, Fault):
        raise Unreadable(facts)
    # Imported here: commands that read no workbook start faster.
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in facts.sheets
        }
    except BaseException as error:
        # A panic of the reader's compiled part is no Exception; whatever else is not ours goes on.
        is_panic = type(error).__name__ == "PanicException"
        if not is_panic and not isinstance(error, CalamineError | OSError | ValueError):
            raise
        raise Unreadable(
            Fault(path.name, wrong=f"cannot be read ({error})", right="a workbook saved as .xlsx")
        ) from None
    return sheets, facts


def _all_empty(cells: list[list[Any]]) -> bool:
    return all(is_empty(cell) for row in cells for cell in row)


def _take_settings(raw: RawPlan, table: RawTable) -> None:
    """Settings of the sheet `plan`, whose columns are key and value."""
    folded = [heading.casefold() for heading in table.header]
    if "key" not in folded or "value" not in folded:
        raw.faults.append(
            Fault(
                table.where, 1, read=", ".join(table.header), wrong="lacks a heading",
                right="the headings key and value",
            )
        )  # fmt: skip
        raw.unreadable.add("plan")
        return
    key_at, value_at = folded.index("key"), folded.index("value")
    for number, cells in table.rows:
        key = str(cells[key_at]).strip()
        if (number, value_at) in table.errors:
            raw.faults.append(
                Fault(table.where, number, key, wrong="the cell shows an error", right="a value")
            )
        elif not key:
            raw.faults.append(
                Fault(table.where, number, "key", wrong="is empty", right="a key such as name")
            )
        elif key in raw.settings:
            raw.faults.append(
                Fault(table.where, number, "key", key, "is there twice", "one row a key")
            )
        elif (number, value_at) in table.formulas and is_empty(cells[value_at]):
            raw.faults.append(
                Fault(table.where, number, key, wrong="is a formula without a value",
                      right="a plain value")
            )  # fmt: skip
        elif not is_empty(cells[value_at]):
            raw.settings[key] = (cells[value_at], number)


def _table(
    where: str,
    records: Iterator[tuple[int, list[Any]]],
    *,
    formulas: frozenset[tuple[int, int]] = frozenset(),
    errors: frozenset[tuple[int, int]] = frozenset(),
    decimal_comma: bool = False,
) -> tuple[RawTable, list[Notice]]:
    """Raw table of numbered records, the first that is not blank being the header."""
    header: tuple[str, ...] | None = None
    rows: list[tuple[int, list[Any]]] = []
    notices: list[Notice] = []
    marked_rows = {row for row, _ in formulas | errors}
    for number, cells in records:
        is_blank = not any(cells) or all(is_empty(cell) for cell in cells)
        if is_blank and number not in marked_rows:
            continue
        if header is None:
            header = tuple("" if is_empty(cell) else str(cell).strip() for cell in cells)
            while header and not header[-1]:
                header = header[:-1]
            _check_header(where, number, header)
            continue
        width = len(header)
        if len(cells) > width:
            extra = next((cell for cell in cells[width:] if not is_empty(cell)), None)
            if extra is not None:
                wrong = f"has {len(cells)} cells under {width} headings"
                right = f"{width} cells; text that holds a comma stands between quotes"
                raise Unreadable(Fault(where, number, read=str(extra), wrong=wrong, right=right))
        rows.append((number, [*cells[:width], *[""] * (width - len(cells))]))
    if header is None:
        raise Unreadable(Fault(where, wrong="is empty", right="a header row and one row or more"))
    if "" in header:
        notices.append(Notice(where, f"column {header.index('') + 1} has no heading: ignored"))
    return RawTable(where, header, rows, formulas, errors, decimal_comma), notices


def _check_header(where: str, number: int, header: tuple[str, ...]) -> None:
    named = [heading.casefold() for heading in header if heading]
    twice = next((heading for heading in named if named.count(heading) > 1), None)
    if twice is not None:
        raise Unreadable(
            Fault(where, number, twice, twice, "the heading is there twice", "each heading once")
        )


def _bytes_of(path: Path, name: str) -> bytes:
    """Content of a file, unpacked if it is a .gz, refused if it is too large or of another kind."""
    too_large = Fault(
        name, wrong=f"is larger than {MAX_BYTES // 2**20} MB", right="a smaller file, by interval"
    )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Unreadable(too_large)
        if path.suffix.lower() == ".gz":
            with gzip.open(path) as stream:
                data = stream.read(MAX_BYTES + 1)
        else:
            data = path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(
            Fault(name, wrong=f"cannot be read ({error.__class__.__name__}: {error})",
                  right="a whole, readable file")
        ) from None  # fmt: skip
    if len(data) > MAX_BYTES:
        raise Unreadable(too_large)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise Unreadable(
            Fault(name, wrong="is a workbook, not text", right="the table saved as CSV (UTF-8)")
        )
    return data


def _decode(data: bytes, name: str) -> tuple[str, list[Notice]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        if encoding == "utf-8-sig":
            return text, []
        return text, [Notice(name, f"is not UTF-8; it was read as {encoding.upper()}")]
    raise Unreadable(Fault(name, wrong="is not a text file", right="a text file in UTF-8"))
