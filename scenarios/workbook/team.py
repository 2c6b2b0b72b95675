"""A team's sheet: people by days, codes in the cells, hours and head-counts that follow them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Border, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.wording import Word
from scenarios.workbook import book as bk
from scenarios.workbook.codes import AWAY, ShiftCode

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: Where people and days begin, and where the dates stand.
FIRST_ROW = 6
FIRST_DAY = 4
_MONTH_ROW, _WEEKDAY_ROW, DATE_ROW = 3, 4, 5
_MOST_WEEKS = 6


@dataclass(frozen=True)
class Team:
    """What a team's sheet shows.

    Parameters
    ----------
    people
        agent, name, contract, role; one row a person, in the order shown.
    cells
        (agent, date) -> code.
    codes
        Shifts that the team's contracts work.
    days
        date, kind, name; one row a day.
    """

    name: str
    people: pd.DataFrame
    cells: dict[tuple[str, pd.Timestamp], str]
    codes: list[ShiftCode]
    days: pd.DataFrame


def day_color(kind: str) -> str:
    """Fill of a day's heading; empty for a usual working day."""
    plain = {"workday": "", "rest_day": bk.WEEKEND, "holiday": bk.HOLIDAY, "closed": bk.HOLIDAY}
    return plain.get(kind, bk.WORKING_DAY)


def day_word(kind: str, word: Word) -> str:
    """Say a kind of day."""
    plain = {"rest_day": "weekend", "holiday": "holiday", "closed": "closed"}
    return word(plain.get(kind, "made-up working day"))


def add_team(book: bk.Book, team: Team, heading: str, word: Word) -> None:
    """Add a team's sheet to a book."""
    sheet = book.sheet(team.name, tab="4F81BD")
    shape = Shape(len(team.people), len(team.days), len(team.codes))
    book.title(
        sheet,
        f"{team.name} · {heading}",
        word("Type a code from the legend into a cell: hours, rest days and head-counts follow."),
    )
    _header(book, sheet, team, shape, word)
    _people(book, sheet, team, shape, word)
    _legend(book, sheet, team, shape, word)
    _colors(sheet, team, shape)
    sheet.freeze_panes = sheet.cell(FIRST_ROW, FIRST_DAY)
    sheet.auto_filter.ref = f"A{DATE_ROW}:C{shape.last_row}"
    sheet.sheet_view.zoomScale = 90
    texts = team.people
    bk.fit_columns(
        sheet,
        [
            bk.wide_enough([*texts["name"], *(c.code for c in team.codes)], 12, 26),
            bk.wide_enough([word(c) for c in texts["contract"]], 12, 18),
            bk.wide_enough(list(texts["role"]), 9, 16),
            *[_code_width(team)] * shape.days,
            *[6.5] * shape.weeks,
            *[7.5, 7.5, 9.5, 7.5, 7.5],
        ],
    )
    bk.print_landscape(sheet, rows=f"1:{DATE_ROW}", cols="A:A")


class Shape:
    """Where things stand on the sheet."""

    def __init__(self, people: int, days: int, codes: int) -> None:
        self.days = days
        self.last_row = FIRST_ROW + people - 1
        self.on_duty = self.last_row + 1
        self.legend = self.on_duty + 2
        self.first_code = self.legend + 1
        self.last_code = self.legend + codes
        self.first_away = self.last_code + 1
        self.last_away = self.last_code + len(AWAY)
        self.last_day = FIRST_DAY + days - 1
        weeks = -(-days // 7)
        self.weeks = weeks if weeks <= _MOST_WEEKS else 0
        self.hours = self.last_day + self.weeks + 1
        self.shifts, self.weekends = self.hours + 1, self.hours + 2
        self.rest, self.away = self.hours + 3, self.hours + 4
        self.codes = f"$A${self.first_code}:$A${self.last_code}"
        self.paid = f"$C${self.first_code}:$C${self.last_code}"
        self.aways = f"$A${self.first_away}:$A${self.last_away}"
        self.all_codes = f"$A${self.first_code}:$A${self.last_away}"

    def days_of(self, row: int, first: int | None = None, last: int | None = None) -> str:
        """Range of a person's days."""
        a = get_column_letter(FIRST_DAY if first is None else first)
        b = get_column_letter(self.last_day if last is None else last)
        return f"${a}{row}:${b}{row}"

    def column_of(self, column: int) -> str:
        """Range of a day's people."""
        letter = get_column_letter(column)
        return f"{letter}${FIRST_ROW}:{letter}${self.last_row}"


def _header(book: bk.Book, sheet: Worksheet, team: Team, shape: Shape, word: Word) -> None:
    for row in (_MONTH_ROW, _WEEKDAY_ROW, DATE_ROW):
        for column in range(1, shape.away + 1):
            book.put(sheet.cell(row, column), None, bold=True, color="FFFFFF", fill=bk.HEAD)
    for column, text in enumerate(("Name", "Contract", "Role"), start=1):
        sheet.cell(DATE_ROW, column).value = word(text)
    month_from = FIRST_DAY
    dates = list(team.days["date"])
    for k, (date, kind) in enumerate(zip(dates, team.days["kind"], strict=True)):
        column = FIRST_DAY + k
        if k == 0 or date.month != dates[k - 1].month:
            month_from = column
            cell = sheet.cell(_MONTH_ROW, column)
            book.put(cell, date.to_pydatetime().date(), bold=True, color="FFFFFF", fill=bk.HEAD)
            cell.number_format = "yyyy-mm"
        if k == len(dates) - 1 or dates[k + 1].month != date.month:
            sheet.merge_cells(
                start_row=_MONTH_ROW, end_row=_MONTH_ROW, start_column=month_from, end_column=column
            )
            sheet.cell(_MONTH_ROW, month_from).alignment = Alignment(horizontal="left")
        fill = day_color(kind) or "EDF1F6"
        weekday = word(WEEKDAYS[date.weekday()])
        book.put(sheet.cell(_WEEKDAY_ROW, column), weekday, size=8, fill=fill, align="center")
        cell = sheet.cell(DATE_ROW, column)
        book.put(cell, date.to_pydatetime().date(), bold=True, fill=fill, align="center")
        cell.number_format = "d"
    for week in range(shape.weeks):
        book.put(
            sheet.cell(DATE_ROW, shape.last_day + 1 + week),
            f"{word('Week')} {week + 1}" if word("Week") != "Week" else f"W{week + 1}",
            size=9, bold=True, color="FFFFFF", fill=bk.HEAD, align="center",
        )  # fmt: skip
    for column, text in (
        (shape.hours, "Hours"), (shape.shifts, "Shifts"), (shape.weekends, "Weekends"),
        (shape.rest, "Rest"), (shape.away, "Away"),
    ):  # fmt: skip
        cell = sheet.cell(DATE_ROW, column)
        book.put(cell, word(text), size=9, bold=True, color="FFFFFF", fill=bk.HEAD, align="center")


def _people(book: bk.Book, sheet: Worksheet, team: Team, shape: Shape, word: Word) -> None:
    dates = list(team.days["date"])
    fills = [day_color(kind) for kind in team.days["kind"]]
    weekends = _weekends(dates)
    pale = {bk.WEEKEND: "F3F4F6", bk.HOLIDAY: "FDEDEB", bk.WORKING_DAY: "FEF6E7"}
    for k, person in enumerate(team.people.itertuples(index=False)):
        row = FIRST_ROW + k
        sheet.row_dimensions[row].height = 16.5
        book.put(sheet.cell(row, 1), person.name, bold=True, box=True)
        book.put(sheet.cell(row, 2), word(person.contract), size=9, color=bk.MUTED, box=True)
        book.put(sheet.cell(row, 3), person.role, size=9, color=bk.MUTED, box=True)
        for d, date in enumerate(dates):
            cell = sheet.cell(row, FIRST_DAY + d)
            code = team.cells.get((person.agent, date))
            book.put(cell, code, size=9, align="center", fill=pale.get(fills[d], ""), box=True)
            cell.number_format = "@"
            cell.alignment = Alignment(horizontal="center", vertical="center", shrink_to_fit=True)
        for column, formula, form in _totals(shape, row, weekends):
            cell = sheet.cell(row, column)
            book.style(cell, size=9, bold=column == shape.hours, align="center")
            cell.border = bk.BOX
            cell.value, cell.number_format = formula, form
    heavy = Side(style="medium", color=bk.MUTED)
    row = shape.on_duty
    book.put(sheet.cell(row, 1), word("On duty"), bold=True)
    for column in range(FIRST_DAY, shape.last_day + 1):
        cell = sheet.cell(row, column)
        book.style(cell, size=9, bold=True, align="center")
        letter = get_column_letter(column)
        cell.value = f"=SUM({letter}{shape.first_code}:{letter}{shape.last_code})"
    for column in range(shape.last_day + 1, shape.away + 1):
        cell = sheet.cell(row, column)
        book.style(cell, size=9, bold=True, align="center")
        cell.value = f"=SUM({shape.column_of(column)})"
        cell.number_format = "#,##0.#" if column <= shape.hours else "#,##0"
    for column in range(1, shape.away + 1):
        sheet.cell(row, column).border = Border(top=heavy)
        sheet.cell(row, column).fill = bk.solid("EDF1F6")


def _weekends(dates: list[pd.Timestamp]) -> list[tuple[int, int]]:
    """First and last column of each weekend; one that the plan cuts has one day."""
    columns: dict[pd.Timestamp, list[int]] = {}
    for k, date in enumerate(dates):
        if date.weekday() >= 5:
            monday = date - pd.Timedelta(days=date.weekday())
            columns.setdefault(monday, []).append(FIRST_DAY + k)
    return [(found[0], found[-1]) for found in columns.values()]


def _totals(shape: Shape, row: int, weekends: list[tuple[int, int]]) -> list[tuple[int, str, str]]:
    """Formulas behind a person's days: hours by week and in all, shifts, weekends, rest, away."""
    cells = shape.days_of(row)
    totals = []
    for week in range(shape.weeks):
        first = FIRST_DAY + 7 * week
        span = shape.days_of(row, first, min(first + 6, shape.last_day))
        totals.append((shape.last_day + 1 + week, _hours(span, shape), "0.##;-0.##;·"))
    return [
        *totals,
        (shape.hours, _hours(cells, shape), "0.##"),
        (shape.shifts, _count(cells, shape.codes), "0"),
        (shape.weekends, _worked(weekends, row, shape), "0;-0;·"),
        (shape.rest, f"=COUNTBLANK({cells})", "0"),
        (shape.away, _count(cells, shape.aways), "0;-0;·"),
    ]


def _hours(cells: str, shape: Shape) -> str:
    # Compared with `=` and not by COUNTIF, to which * and ? are wildcards and "1" is a number.
    return f"=SUMPRODUCT(({cells}={shape.codes})*{shape.paid})"


def _count(cells: str, codes: str) -> str:
    return f"=SUMPRODUCT(--({cells}={codes}))"


def _worked(weekends: list[tuple[int, int]], row: int, shape: Shape) -> str:
    """Weekends with a shift on one of their days."""
    parts = [
        f"(SUMPRODUCT(--({shape.days_of(row, first, last)}={shape.codes}))>0)"
        for first, last in weekends
    ]
    return f"={'+'.join(parts)}+0" if parts else "=0"


def _legend(book: bk.Book, sheet: Worksheet, team: Team, shape: Shape, word: Word) -> None:
    book.head(sheet, shape.legend, [word("Code"), word("Time"), word("Paid hours")], left=2)
    rows = [(c.code, c.time, c.paid_h, c.color) for c in team.codes]
    rows += [(word(sign), word(kind), 0.0, color) for kind, (sign, color) in AWAY.items()]
    for k, (code, time, paid, color) in enumerate(rows):
        row = shape.first_code + k
        book.put(sheet.cell(row, 1), code, bold=True, fill=color, align="center", box=True)
        sheet.cell(row, 1).number_format = "@"
        book.put(sheet.cell(row, 2), time, size=9, box=True)
        book.put(sheet.cell(row, 3), paid, size=9, align="center", number_format="0.##", box=True)
        for column in range(FIRST_DAY, shape.last_day + 1):
            cell = sheet.cell(row, column)
            book.style(cell, size=8, color=bk.MUTED, align="center")
            cell.border = bk.UNDER
            cell.value = f"=SUMPRODUCT(--({shape.column_of(column)}=$A{row}))"
            cell.number_format = "0;-0;·"
    row = shape.last_away + 2
    for kind, rows_of in team.days[team.days["kind"] != "workday"].groupby("kind", sort=False):
        names = _named_days(rows_of)
        book.put(sheet.cell(row, 1), day_word(kind, word), fill=day_color(kind), size=9, box=True)
        book.put(sheet.cell(row, 2), names, size=9, color=bk.MUTED)
        row += 1


def _named_days(days: pd.DataFrame) -> str:
    """List days that have a name, as in 01-01 New Year; weekends need no list."""
    named = days[days["name"] != ""]
    return " · ".join(f"{d:%m-%d} {n}" for d, n in zip(named["date"], named["name"], strict=True))


def _colors(sheet: Worksheet, team: Team, shape: Shape) -> None:
    """Colour cells by the legend's code, so that a code typed in later is coloured too."""
    first = sheet.cell(FIRST_ROW, FIRST_DAY).coordinate
    area = f"{first}:{sheet.cell(shape.last_row, shape.last_day).coordinate}"
    colors = [c.color for c in team.codes] + [color for _, color in AWAY.values()]
    for k, color in enumerate(colors):
        formula = f"{first}=$A${shape.first_code + k}"
        sheet.conditional_formatting.add(
            area, FormulaRule([formula], fill=bk.solid(color), stopIfTrue=True)
        )
    listed = DataValidation("list", formula1=f"={shape.all_codes}", allow_blank=True)
    listed.errorStyle = "warning"
    listed.add(area)
    sheet.add_data_validation(listed)


def _code_width(team: Team) -> float:
    longest = max((bk.text_width(c.code) for c in team.codes), default=2)
    return min(9.0, max(4.3, 1.0 * longest + 1.5))
