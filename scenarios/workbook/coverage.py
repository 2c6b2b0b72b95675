"""The coverage heat map: people scheduled less people required, by day and time of day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Alignment
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.wording import Word
from scenarios.workbook import book as bk
from scenarios.workbook.team import WEEKDAYS, day_color

if TYPE_CHECKING:
    from scenarios.runs import Run

_SHORT, _EVEN, _OVER = "D6604D", "FFFFFF", "4393C3"
_FIRST_TIME = 3
#: A person more or less is not painted as if it were a crowd.
_LEAST_SPAN = 3.0


def add_coverage(book: bk.Book, run: Run, labels: dict[str, str], word: Word) -> None:
    """Add the heat map: all queues together, then one block a queue; nothing if none has a need."""
    coverage = run.tables["coverage"].dropna(subset=["required", "scheduled"])
    if coverage.empty:
        return
    coverage = coverage.assign(
        date=coverage["start"].dt.normalize(),
        minute=coverage["start"].dt.hour * 60 + coverage["start"].dt.minute,
        over=coverage["scheduled"] - coverage["required"],
    )
    minutes = _axis(coverage["minute"], int(run.result.get("interval_min") or 30))
    sheet = book.sheet(word("Coverage"), tab="4393C3")
    book.title(
        sheet,
        word("People scheduled minus people required, by day and time of day"),
        word("below zero: short of people; above zero: more than required; blank: closed"),
    )
    blocks = [(labels.get(q, q), rows) for q, rows in coverage.groupby("queue", sort=False)]
    if len(blocks) > 1:
        blocks.insert(0, (word("All queues"), coverage))
    row = 4
    for name, rows in blocks:
        if row > 4:
            sheet.row_breaks.append(Break(row - 1))
        row = _block(book, sheet, row, name, rows, minutes, run.tables["days"], word) + 2
    bk.fit_columns(sheet, [11, 6, *[max(4.2, 110 / len(minutes))] * len(minutes)])
    sheet.freeze_panes = sheet.cell(4, _FIRST_TIME)
    sheet.sheet_view.zoomScale = 85
    bk.print_landscape(sheet, rows="1:2", cols="A:B")


def _block(
    book: bk.Book,
    sheet: Worksheet,
    row: int,
    name: str,
    rows: pd.DataFrame,
    minutes: list[int],
    days: pd.DataFrame,
    word: Word,
) -> int:
    """Write one heat map from a row on and give the row behind it."""
    book.put(sheet.cell(row, 1), name, size=12, bold=True)
    row += 1
    book.head(sheet, row, [word("Date"), ""])
    for k, minute in enumerate(minutes):
        cell = sheet.cell(row, _FIRST_TIME + k)
        text = f"{minute // 60:02d}:{minute % 60:02d}"
        book.put(cell, text, size=8, bold=True, color="FFFFFF", fill=bk.HEAD)
        cell.alignment = Alignment(horizontal="center", vertical="center", text_rotation=90)
    sheet.row_dimensions[row].height = 32
    grid = rows.pivot_table(index="date", columns="minute", values="over", aggfunc="sum")
    kinds = dict(zip(days["date"], days["kind"], strict=True))
    whole = bool(((grid - grid.round()).abs().fillna(0) < 1e-6).all().all())
    form = "+0;-0;0" if whole else "+0.0;-0.0;0"
    first = row + 1
    for date, values in grid.iterrows():
        row += 1
        fill = day_color(kinds.get(date, "workday"))
        book.put(sheet.cell(row, 1), date.to_pydatetime().date(), size=9, fill=fill, box=True)
        sheet.cell(row, 1).number_format = "yyyy-mm-dd"
        weekday = word(WEEKDAYS[date.weekday()])
        book.put(sheet.cell(row, 2), weekday, size=9, fill=fill, align="center", box=True)
        for k, minute in enumerate(minutes):
            value = values.get(minute, math.nan)
            if not math.isnan(value):
                cell = sheet.cell(row, _FIRST_TIME + k)
                rounded = round(float(value), 2) + 0.0
                book.put(cell, rounded, size=8, align="center", number_format=form)
    span = max(_LEAST_SPAN, float(np.nanquantile(grid.abs().to_numpy(), 0.98)))
    area = (
        f"{sheet.cell(first, _FIRST_TIME).coordinate}:"
        f"{sheet.cell(row, _FIRST_TIME + len(minutes) - 1).coordinate}"
    )
    sheet.conditional_formatting.add(
        area,
        ColorScaleRule(
            start_type="num", start_value=-span, start_color=_SHORT,
            mid_type="num", mid_value=0, mid_color=_EVEN,
            end_type="num", end_value=span, end_color=_OVER,
        ),
    )  # fmt: skip
    return row


def _axis(minutes: pd.Series, interval_min: int) -> list[int]:
    """Give every interval of the day from the first to the last in which something is open."""
    return list(range(int(minutes.min()), int(minutes.max()) + 1, interval_min))
