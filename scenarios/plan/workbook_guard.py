"""A look at a workbook before it is opened: what it weighs, its formulas and its error cells.

A small .xlsx can unpack to gigabytes, and one cell in the far corner of a sheet makes a reader
reserve room for all cells before it. Both are found by streaming through the sheets' XML.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from scenarios.plan.faults import Fault

MAX_UNPACKED_BYTES = 600 * 2**20
MAX_CELLS = 20_000_000

_CELL = rb"<(?:\w+:)?c\b[^<>]*?\br=\"([A-Z]{1,3})(\d{1,7})\"[^<>]*"
_FORMULA = re.compile(_CELL + rb">\s*<(?:\w+:)?f\b")
_ERROR = re.compile(_CELL + rb">")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\br=\"(\d{1,9})\"")
_REFERENCE = re.compile(rb" r=\"([A-Z]{1,7})(?=\d)")
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
    # Reads all of it once: sizes that lie and damaged parts fail their checksum here.
    if (damaged := archive.testzip()) is not None:
        return Fault(name, wrong=f"is damaged ({damaged})", right="a workbook saved once more")
    sheets: dict[str, SheetFacts] = {}
    for title, member in _worksheets(archive):
        data = archive.read(member)
        last_row = max((int(row) for row in _ROW.findall(data)), default=0)
        last_column = max(
            (_number_of(letters) for letters in set(_REFERENCE.findall(data))), default=0
        )
        if last_row * (last_column + 1) > MAX_CELLS:
            return Fault(
                f"sheet {title}",
                wrong=f"reaches to row {last_row} and column {last_column + 1}",
                right="a sheet without cells far below or right of its table",
            )
        errors = (
            frozenset(_place(match) for match in _ERROR.finditer(data) if b't="e"' in match[0])
            if b't="e"' in data
            else frozenset()
        )
        sheets[title] = SheetFacts(frozenset(map(_place, _FORMULA.finditer(data))), errors)
    return WorkbookFacts(sheets)


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


def _place(match: re.Match[bytes]) -> tuple[int, int]:
    return int(match[2]), _number_of(match[1])


def _number_of(letters: bytes) -> int:
    """Column number from 0 of its letters: AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
