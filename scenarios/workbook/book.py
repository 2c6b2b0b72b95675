"""What every sheet is made with: text that stays text, styles, print set-up, equal bytes."""

from __future__ import annotations

import datetime as dt
import io
import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

INK = "1F2A37"
MUTED = "6B7280"
HEAD = "2F4B66"
LINE = "D5DAE1"
WEEKEND, HOLIDAY, WORKING_DAY = "D9DEE5", "F6B9B0", "FBD38D"
GOOD, BAD = "D5F0DC", "F9CFCB"

_FONTS = {"en": "Calibri", "zh": "Microsoft YaHei"}
_thin = Side(style="thin", color=LINE)
BOX = Border(left=_thin, right=_thin, top=_thin, bottom=_thin)
UNDER = Border(bottom=_thin)
#: A mark in a file of spreadsheet times, since nothing in a run says when it was saved.
_EPOCH = dt.datetime(2000, 1, 1)
_TEXT_RISK = ("=", "+", "-", "@")


class Book:
    """A workbook in one language, with the house's styles."""

    def __init__(self, language: str) -> None:
        self.workbook = Workbook()
        self.workbook.remove(self.workbook.active)
        self.workbook.calculation.fullCalcOnLoad = True
        self.font_name = _FONTS.get(language, _FONTS["en"])
        self._titles: set[str] = set()

    def sheet(self, title: str, *, tab: str = "") -> Worksheet:
        """Add a sheet, its title brought to what spreadsheets allow and made unique."""
        name = re.sub(r"[\[\]:*?/\\]", "·", ILLEGAL_CHARACTERS_RE.sub("", title)).strip("' ")[:31]
        name = name or "Sheet"
        base, number = name, 2
        while name.casefold() in self._titles or name.casefold() == "history":
            name = f"{base[:27]} {number}"
            number += 1
        self._titles.add(name.casefold())
        sheet = self.workbook.create_sheet(name)
        sheet.sheet_view.showGridLines = False
        if tab:
            sheet.sheet_properties.tabColor = tab
        return sheet

    def font(self, size: float = 10, *, bold: bool = False, color: str = INK) -> Font:
        """Give the book's font."""
        return Font(name=self.font_name, size=size, bold=bold, color=color)

    def put(
        self,
        cell: Cell,
        value: Any,
        *,
        size: float = 10,
        bold: bool = False,
        color: str = INK,
        fill: str = "",
        align: str = "",
        number_format: str = "",
        box: bool = False,
        wrap: bool = False,
    ) -> None:
        """Write a value: text is never a formula, whatever it begins with."""
        write_value(cell, value)
        self.style(cell, size=size, bold=bold, color=color, fill=fill, align=align, wrap=wrap)
        if number_format:
            cell.number_format = number_format
        if box:
            cell.border = BOX

    def style(
        self,
        cell: Cell,
        *,
        size: float = 10,
        bold: bool = False,
        color: str = INK,
        fill: str = "",
        align: str = "",
        wrap: bool = False,
    ) -> None:
        """Dress a cell."""
        cell.font = self.font(size, bold=bold, color=color)
        cell.alignment = Alignment(
            horizontal=align or None, vertical="top" if wrap else "center", wrap_text=wrap or None
        )
        if fill:
            cell.fill = solid(fill)

    def head(self, sheet: Worksheet, row: int, texts: list[str], left: int = 1) -> None:
        """Write a row of column headings; the first `left` of them stand over text."""
        sheet.row_dimensions[row].height = 18
        for k, text in enumerate(texts):
            align = "left" if k < left else "center"
            cell = sheet.cell(row, 1 + k)
            self.put(cell, text, bold=True, color="FFFFFF", fill=HEAD, align=align)
            cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)

    def title(self, sheet: Worksheet, text: str, note: str = "") -> None:
        """Write a sheet's title and the line below it."""
        self.put(sheet.cell(1, 1), text, size=15, bold=True)
        sheet.row_dimensions[1].height = 24
        self.put(sheet.cell(2, 1), note, size=9, color=MUTED)

    def save(self, path: str | Path) -> None:
        """Write the file; the same content gives the same bytes."""
        self.workbook.properties.creator = "staffing"
        self.workbook.properties.created = _EPOCH
        raw = io.BytesIO()
        self.workbook.save(raw)
        stamp = _EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
        with (
            zipfile.ZipFile(raw) as source,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for name in source.namelist():
                data = source.read(name)
                if name == "docProps/core.xml":
                    data = re.sub(
                        rb"(<dcterms:modified[^>]*>)[^<]*", lambda m: m.group(1) + stamp, data
                    )
                entry = zipfile.ZipInfo(name, date_time=_EPOCH.timetuple()[:6])
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                target.writestr(entry, data)


def write_value(cell: Cell, value: Any) -> None:
    """Write a plain value; text keeps its first character and never becomes a formula."""
    if isinstance(value, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.value = text
        cell.data_type = "s"
        if text.startswith(_TEXT_RISK):
            cell.quotePrefix = True
        return
    if value is None or value != value:
        return
    cell.value = value.item() if hasattr(value, "item") else value


def solid(color: str) -> PatternFill:
    """Give a plain fill."""
    return PatternFill("solid", start_color=color, end_color=color)


def text_width(text: str) -> int:
    """Count a text's columns on a screen: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def fit_columns(sheet: Worksheet, widths: list[float], column: int = 1) -> None:
    """Set the widths of columns, from one on."""
    for k, width in enumerate(widths):
        sheet.column_dimensions[get_column_letter(column + k)].width = width


def wide_enough(texts: list[str], least: float = 8, most: float = 40) -> float:
    """Give a column width that shows all of the texts, between two limits."""
    return max(least, min(most, max(map(text_width, texts), default=0) * 1.05 + 2))


def print_landscape(sheet: Worksheet, *, paper: str = "A3", rows: str = "", cols: str = "") -> None:
    """Set a sheet up for print: landscape, as wide as the paper, titles on every page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = {"A3": 8, "A4": 9}[paper]
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom = 0.45, 0.7
    sheet.page_margins.header = sheet.page_margins.footer = 0.3
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "&P / &N"
    if rows:
        sheet.print_title_rows = rows
    if cols:
        sheet.print_title_cols = cols
