"""An edited roster.xlsx read back: which cells say something else than they were written with.

The workbook is held against the one that its run would write now. Cells of people's days may differ
and are edits; whatever tells rows, days and codes apart (sheet names, names, dates, the legend)
must stand as it was, or the edits could not be told for sure.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import openpyxl
import pandas as pd
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.errors import PlannerError
from scenarios.i18n import LANGUAGES, translator
from scenarios.plan.faults import Fault, suggestion
from scenarios.plan.workbook_guard import inspect_workbook
from scenarios.workbook.codes import AWAY
from scenarios.workbook.roster import roster_book, teams
from scenarios.workbook.team import DATE_ROW, FIRST_DAY, FIRST_ROW, Shape, Team

if TYPE_CHECKING:
    from scenarios.runs import Run

_MOST_BYTES = 50_000_000
#: Rows of the summary that say which run it is.
_FACTS = range(4, 12)
_LISTED = 30


@dataclass(frozen=True)
class Edit:
    """One cell that was changed.

    Parameters
    ----------
    sheet, cell
        Where, as in `North` and `F7`.
    agent, name, date
        Whose day.
    before, after
        Codes; empty for a day without a shift.
    shift
        Shift, start and end in minutes of the day, of the code typed; None if it is no shift.
    away
        Kind of the table availability (leave, sick, ...), if the code typed is such a sign.
    was_away
        The same of the code that stood there.
    """

    sheet: str
    cell: str
    agent: str
    name: str
    date: pd.Timestamp
    before: str
    after: str
    shift: tuple[str, int, int] | None = None
    away: str = ""
    was_away: str = ""

    @property
    def place(self) -> str:
        """Where the cell is, as in North!F7."""
        return f"{self.sheet}!{self.cell}"


def read_edits(run: Run, path: str | Path) -> list[Edit]:
    """Read which days an edited workbook gives another code.

    Parameters
    ----------
    run
        The run that the workbook was written from, in any language.
    path
        The workbook, saved by any spreadsheet program.

    Raises
    ------
    PlannerError
        The file cannot be read, is of another run, or was changed in more than people's days:
        sheets renamed or moved, rows missing, merged cells, codes that the legend lacks. All
        faults are listed, each with its cell.
    """
    book = _opened(Path(path))
    language = _language(book)
    if language is None:
        _refuse(path, [Fault("workbook", wrong="has no sheet of a team")], book.sheetnames)
    word = translator(language)
    expected = roster_book(run, language).workbook
    found = teams(run, word)
    titles = expected.sheetnames[1 : 1 + len(found)]
    faults = _sheet_faults(titles, book.sheetnames)
    summary = expected.sheetnames[0]
    if summary in book.sheetnames:
        faults += _other_run(expected[summary], book[summary])
    signs = {word(sign).casefold(): kind for kind, (sign, _) in AWAY.items()}
    edits: list[Edit] = []
    for title, team in zip(titles, found, strict=True):
        if title in book.sheetnames:
            wrong = _fixed_faults(expected[title], book[title], team)
            faults += wrong
            if not wrong:
                new, wrong = _edits(expected[title], book[title], team, signs)
                edits += new
                faults += wrong
    if faults:
        _refuse(path, faults, book.sheetnames)
    return edits


def _opened(path: Path) -> openpyxl.Workbook:
    if not path.is_file():
        msg = f"{path} is not a file"
        raise PlannerError(msg)
    facts = inspect_workbook(path, _MOST_BYTES)
    if isinstance(facts, Fault):
        raise PlannerError(str(facts))
    try:
        return openpyxl.load_workbook(path)
    except Exception as error:  # the parser fails in many ways on what is no workbook
        msg = f"{path} cannot be read as a workbook: {error}"
        raise PlannerError(msg) from error


def _language(book: openpyxl.Workbook) -> str | None:
    """Language of a workbook, by the heading over the names; None if no sheet has it."""
    heads = {sheet.cell(DATE_ROW, 1).value for sheet in book.worksheets}
    return next((one for one in LANGUAGES if translator(one)("Name") in heads), None)


def _refuse(path: str | Path, faults: list[Fault], sheets: list[str]) -> NoReturn:
    lines = [f"  - {fault}" for fault in faults[:_LISTED]]
    if len(faults) > _LISTED:
        lines.append(f"  - and {len(faults) - _LISTED} more")
    msg = (
        f"{path} cannot be read back ({len(faults)} fault{'s' if len(faults) > 1 else ''}); its "
        f"sheets are {', '.join(sheets)}\n" + "\n".join(lines)
    )
    raise PlannerError(msg)


def _sheet_faults(titles: list[str], there: list[str]) -> list[Fault]:
    faults = [
        Fault(f"sheet {title}", wrong="is missing or renamed", right="the name it was written with")
        for title in titles
        if title not in there
    ]
    kept = [title for title in titles if title in there]
    moved = sorted(kept, key=there.index)
    faults += [
        Fault(f"sheet {now}", wrong="was moved", right=f"{was} in its place")
        for was, now in zip(kept, moved, strict=True)
        if was != now
    ]
    return faults


def _other_run(expected: Worksheet, found: Worksheet) -> list[Fault]:
    """Tell a workbook of another run by what its summary says of run and inputs."""
    faults = []
    for row in _FACTS:
        was, now = expected.cell(row, 2).value, found.cell(row, 2).value
        if _plain(was) != _plain(now):
            place = f"sheet {found.title}, cell B{row}"
            wrong = "is of another run, or was changed"
            faults.append(Fault(place, read=str(now), wrong=wrong, right=str(was)))
    return faults


def _fixed_faults(expected: Worksheet, found: Worksheet, team: Team) -> list[Fault]:
    """Cells that tell people, days and codes apart and do not say what they said."""
    shape = Shape(len(team.people), len(team.days), len(team.codes))
    days = range(FIRST_DAY, shape.last_day + 1)
    people = range(FIRST_ROW, shape.last_row + 1)
    fixed = [(1, 1), *((DATE_ROW, column) for column in days), *((row, 1) for row in people)]
    fixed += [
        (row, column)
        for row in range(shape.first_code, shape.last_away + 1)
        for column in (1, 2, 3)
    ]
    faults = [
        Fault(
            f"sheet {found.title}, merged cells {merged.coord}",
            wrong="lie over people's days",
            right="a cell of its own for each day",
        )
        for merged in found.merged_cells.ranges
        if merged.max_row >= FIRST_ROW
        and merged.min_row <= shape.last_row
        and merged.max_col >= FIRST_DAY
        and merged.min_col <= shape.last_day
    ]
    for row, column in fixed:
        was, now = expected.cell(row, column).value, found.cell(row, column).value
        if _plain(was) != _plain(now):
            place = f"sheet {found.title}, cell {get_column_letter(column)}{row}"
            wrong = "is not what was written there" if now is not None else "is empty"
            read = "" if now is None else _plain(now)
            faults.append(Fault(place, read=read, wrong=wrong, right=_plain(was)))
    return faults


def _edits(
    expected: Worksheet, found: Worksheet, team: Team, signs: dict[str, str]
) -> tuple[list[Edit], list[Fault]]:
    codes = {code.code.casefold(): code for code in team.codes}
    edits: list[Edit] = []
    faults: list[Fault] = []
    for k, person in enumerate(team.people.itertuples(index=False)):
        for d, date in enumerate(team.days["date"]):
            row, column = FIRST_ROW + k, FIRST_DAY + d
            cell = found.cell(row, column)
            before, after = _plain(expected.cell(row, column).value), _plain(cell.value)
            key = after.casefold()
            if key == before.casefold():
                continue
            if cell.data_type == "f" or (after and key not in codes and key not in signs):
                right = suggestion(after, [c.code for c in team.codes])
                place = f"sheet {found.title}, cell {cell.coordinate}"
                wrong = "is no code of the legend"
                faults.append(Fault(place, read=after, wrong=wrong, right=right))
                continue
            code = codes.get(key)
            edits.append(
                Edit(
                    sheet=found.title,
                    cell=cell.coordinate,
                    agent=person.agent,
                    name=person.name,
                    date=date,
                    before=before,
                    after=code.code if code else after.upper(),
                    shift=(code.shift, code.start_min, code.end_min) if code else None,
                    away=signs.get(key, ""),
                    was_away=signs.get(before.casefold(), ""),
                )
            )
    return edits, faults


def _plain(value: Any) -> str:
    """Text of a cell as people see it: dates without midnight, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value:.9g}"
    return " ".join(str(value).split())
