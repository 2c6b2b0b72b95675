"""A look at a workbook before it is opened: what it weighs, its formulas and its error cells.

A small .xlsx can unpack to gigabytes, and one cell in the far corner of a sheet makes a reader
reserve room for all cells before it. Both are found by streaming through the XML first.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from scenarios.plan.faults import Fault

MAX_UNPACKED_BYTES = 600 * 2**20
#: Cells of a workbook, empty ones between others included.
MAX_CELLS = 12_000_000

# How spreadsheet programs write cells and rows. A part in which every cell and row looks like this
# is measured by these patterns; any other goes through an XML parser, which takes its time.
_ANY = re.compile(rb"<(?:[^\s<>/:]*:)?(?:c|row)[\s/>]")
_PLAIN_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="[0-9]+")?(?: t="([A-Za-z]+)")? ?/?>(<f[ />])?'
)
_PLAIN_ROW = re.compile(rb'<row r="[0-9]{1,7}"(?:(?! r=)[^<>])*>')
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_RELATIONS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class SheetFacts:
    """Cells (row number, column number from 0) of a sheet that need a word.

    Attributes
    ----------
    formulas
        Cells that hold a formula.
    errors
        Cells that show an error such as #N/A.
    """

    formulas: frozenset[tuple[int, int]]
    errors: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class WorkbookFacts:
    """Worksheets of a workbook, by name."""

    sheets: dict[str, SheetFacts]


def inspect_workbook(path: Path, max_bytes: int) -> WorkbookFacts | Fault:
    """Look into a workbook, or say in a fault why it is refused."""
    right = "a workbook saved as .xlsx, whole and without a password"
    try:
        with path.open("rb") as stream:
            magic = stream.read(8)
        if not magic:
            return Fault(path.name, wrong="is empty", right=right)
        if magic.startswith(b"\xd0\xcf\x11\xe0"):
            return Fault(path.name, wrong="is protected by a password, or an old .xls", right=right)
        if not magic.startswith(b"PK"):
            return Fault(path.name, wrong="is not a workbook", right=right)
        if path.stat().st_size > max_bytes:
            wrong = f"is larger than {max_bytes // 2**20} MB"
            return Fault(path.name, wrong=wrong, right="the history as CSV beside plan.toml")
        with zipfile.ZipFile(path) as archive:
            return _inspect(path.name, archive)
    except zipfile.BadZipFile:
        return Fault(path.name, wrong="is truncated or damaged", right=right)
    except (OSError, EOFError, KeyError, ValueError, RuntimeError, NotImplementedError,
            zlib.error, ElementTree.ParseError) as error:  # fmt: skip
        return Fault(path.name, wrong=f"cannot be read ({error})", right=right)


def _inspect(name: str, archive: zipfile.ZipFile) -> WorkbookFacts | Fault:
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        return Fault(
            name, wrong=f"unpacks to {unpacked // 2**20} MB", right="the history as CSV instead"
        )
    # Every part is looked at, since a reader may take any of them for a sheet. Reading them also
    # checks their sums, which finds damage and sizes that lie.
    parts: dict[str, _Part] = {}
    for member in archive.namelist():
        parts[member] = _look_into(archive.read(member))
    titles = {member: title for title, member in _worksheets(archive)}
    if sum(part.cells for part in parts.values()) > MAX_CELLS:
        member, widest = max(parts.items(), key=lambda item: item[1].cells)
        return Fault(
            f"sheet {titles.get(member, member)}",
            wrong=f"reaches to row {widest.last_row} and column {widest.last_column + 1}",
            right="a sheet without cells far below or right of its table",
        )
    return WorkbookFacts(
        {
            title: SheetFacts(frozenset(parts[member].formulas), frozenset(parts[member].errors))
            for member, title in titles.items()
        }
    )


@dataclass
class _Part:
    """What a part of the archive would be as a sheet."""

    last_row: int = 0
    last_column: int = -1
    formulas: set[tuple[int, int]] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)

    @property
    def cells(self) -> int:
        return self.last_row * (self.last_column + 1)

    def reach(self, row: int, column: int) -> None:
        self.last_row = max(self.last_row, row)
        self.last_column = max(self.last_column, column)


def _look_into(data: bytes) -> _Part:
    if b"<!DOCTYPE" in data:
        message = "a part declares a document type"
        raise ValueError(message)
    part = _Part()
    count = len(_ANY.findall(data))
    if not count:
        return part
    letters: dict[bytes, int] = {}
    # Rows count for nothing where every cell says its own.
    last_row, plain = 0, len(_PLAIN_ROW.findall(data))
    for match in _PLAIN_CELL.finditer(data):
        column_letters, row, kind, formula = match.groups()
        plain += 1
        column = letters.get(column_letters)
        if column is None:
            column = letters[column_letters] = _number_of(column_letters.decode())
        if kind == b"e":
            part.errors.add((int(row), column))
        if formula:
            part.formulas.add((int(row), column))
        last_row = max(last_row, int(row))
    if plain != count:
        return _parse(data)
    part.reach(last_row, max(letters.values(), default=-1))
    return part


def _parse(data: bytes) -> _Part:
    """Look into a part with an XML parser; positions that are left out count on from the last."""
    part = _Part()
    row, column = 0, -1
    for event, element in ElementTree.iterparse(io.BytesIO(data), events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "end":
            element.clear()
        elif tag == "row":
            row, column = int(element.get("r", row + 1)), -1
            part.reach(row, column)
        elif tag == "c":
            reference = element.get("r")
            match = _REFERENCE.fullmatch(reference or "")
            if reference is not None and match is None:
                message = f"a cell is named {reference[:20]}"
                raise ValueError(message)
            column = _number_of(match[1].upper()) if match else column + 1
            row = int(match[2]) if match else row
            part.reach(row, column)
            if element.get("t") == "e":
                part.errors.add((row, column))
        elif tag == "f":
            part.formulas.add((row, column))
    return part


def _worksheets(archive: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Name and archive member of every worksheet."""
    root = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target_of = {
        relation.get("Id"): relation.get("Target", "")
        for relation in relations
        if relation.get("Type", "").endswith("/worksheet")
    }
    found = []
    for element in root.iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        target = target_of.get(element.get(_RELATIONS))
        if target:
            member = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
            )
            found.append((element.get("name", ""), member))
    return found


def _number_of(letters: str) -> int:
    """Column number from 0 of its letters: AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
