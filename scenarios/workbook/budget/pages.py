"""A sheet of the budget workbook with a column a month, and the sheets of its model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.workbook import book as bk

INPUT, OVER = "FFF6D6", "ECEFF3"
FIRST_ROW, FIXED = 5, 3
HOURS, PEOPLE, MONEY, SHARE = "#,##0.0", "#,##0.00", "#,##0.00", "0.0%"
FACTOR = "0.000"


@dataclass
class Page:
    """A sheet with a column a month, written from top to bottom."""

    book: bk.Book
    sheet: Worksheet
    year: Any
    row: int = FIRST_ROW
    rows: dict[tuple[Any, ...], int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The sheet's name as formulas write it."""
        return quote_sheetname(self.sheet.title)

    def column(self, month: int) -> str:
        """Letter of a month's column."""
        return get_column_letter(FIXED + 1 + month)

    def at(self, key: tuple[Any, ...], month: int) -> str:
        """Reference to a month's cell of a row, as other sheets write it."""
        return f"{self.name}!{self.column(month)}{self.rows[key]}"

    def heading(self, text: str, columns: int) -> None:
        """Begin a block."""
        self.row += 1
        for c in range(1, columns + 1):
            self.book.put(self.sheet.cell(self.row, c), text if c == 1 else None, bold=True,
                          fill="DFE6EE")  # fmt: skip
        self.row += 1

    def line(
        self,
        key: tuple[Any, ...],
        texts: list[str],
        cells: list[Any],
        form: str,
        *,
        total: str = "sum",
        inputs: bool = False,
        bold: bool = False,
    ) -> None:
        """Write a row: fixed texts, a value or formula a month, and a total."""
        self.rows[key] = self.row
        for c, text in enumerate(texts, start=1):
            self.book.put(self.sheet.cell(self.row, c), text, bold=bold, box=True)
        for month, value in enumerate(cells):
            cell = self.sheet.cell(self.row, FIXED + 1 + month)
            over = month < self.year.closed
            self.book.put(cell, None, number_format=form, box=True, bold=bold, align="right",
                          fill=OVER if over else INPUT if inputs else "")  # fmt: skip
            cell.value = value
        if total:
            first, last = self.column(0), self.column(len(cells) - 1)
            cell = self.sheet.cell(self.row, FIXED + 1 + len(cells))
            self.book.put(cell, None, number_format=form, box=True, bold=True, align="right")
            how = {"sum": "SUM", "mean": "AVERAGE", "last": ""}[total]
            cell.value = (
                f"={how}({first}{self.row}:{last}{self.row})" if how else (f"={last}{self.row}")
            )
        self.row += 1


@dataclass
class Model:
    """The sheets of the model, by what they hold."""

    assumptions: Page
    workload: Page
    people: Page
    cost: Page
    allocation: Page
