"""compare.xlsx: scenarios side by side with live differences, the bridge between costs, inputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl.chart import BarChart, Reference
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.i18n import translator
from scenarios.wording import Word
from scenarios.workbook import book as bk

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.compare import Comparison

_FORMATS = {"share": "0.0%", "people": "#,##0", "h": "#,##0.0"}
_FIRST = 4


def write_comparison(comparison: Comparison, path: str | Path, language: str = "") -> None:
    """Write a comparison's workbook.

    Differences and the bridge's running totals are formulas over the values beside them.

    Parameters
    ----------
    path
        The .xlsx file to write.
    language
        en or zh; that of the first run if empty.
    """
    language = language or str(comparison.base.result.get("language") or "en")
    word = translator(language)
    book = bk.Book(language)
    _add_measures(book, comparison, word)
    _add_bridge(book, comparison, word)
    _add_inputs(book, comparison, word)
    book.save(path)


def _add_measures(book: bk.Book, comparison: Comparison, word: Word) -> None:
    sheet = book.sheet(word("Comparison"), tab=bk.HEAD)
    result, names = comparison.base.result, comparison.names
    first, last = comparison.base.span
    book.title(sheet, word("Scenarios compared"), f"{result.get('name', '')} · {first} – {last}")
    fixed = [word("Section"), word("Item"), word("Measure"), word("Unit")]
    others = names[1:]
    heads = [*fixed, *names, *(f"{name} − {names[0]}" for name in others)]
    book.head(sheet, _FIRST, heads, left=len(fixed))
    sheet.row_dimensions[_FIRST].height = 32
    base_column = get_column_letter(len(fixed) + 1)
    row = _FIRST
    for line in comparison.measures.to_dict("records"):
        row += 1
        form = _FORMATS.get(line["unit"], "#,##0.00")
        texts = [line["section"], line["measure"], line["unit"]]
        section, measure, unit = map(word, texts)
        for k, text in enumerate([section, _item(line, word), measure, unit], start=1):
            book.put(sheet.cell(row, k), text, box=True)
        for k, name in enumerate(names):
            value = line[name]
            is_text = isinstance(value, str)
            text = word(value) if is_text else value
            cell = sheet.cell(row, len(fixed) + 1 + k)
            book.put(cell, text, number_format="" if is_text else form, align="right", box=True)
        is_number = all(isinstance(line[n], (int, float)) for n in names[:1])
        for k, name in enumerate(others):
            cell = sheet.cell(row, len(fixed) + 1 + len(names) + k)
            cell.border = bk.BOX
            if is_number and isinstance(line[name], (int, float)):
                column = get_column_letter(len(fixed) + 2 + k)
                book.style(cell, align="right")
                cell.value = f"={column}{row}-{base_column}{row}"
                cell.number_format = _signed(form)
    widths = [12.0, 30.0, 30.0, 14.0, *([bk.wide_enough(names, 16, 26)] * (2 * len(names) - 1))]
    bk.fit_columns(sheet, widths)
    sheet.freeze_panes = sheet.cell(_FIRST + 1, len(fixed) + 1)
    sheet.auto_filter.ref = f"A{_FIRST}:{get_column_letter(len(heads))}{row}"
    bk.print_landscape(sheet, rows=f"{_FIRST}:{_FIRST}", cols="A:D")


def _item(line: dict[str, Any], word: Word) -> str:
    """What a row is of: a contract, a queue, a promise, or all people."""
    label, dot, measure = str(line["item"]).rpartition(" · ")
    if not line["item"] and line["section"] == "people":
        return word("Total")
    return f"{label}{dot}{word(measure)}"


def _add_bridge(book: bk.Book, comparison: Comparison, word: Word) -> None:
    sheet = book.sheet(word("Bridge"), tab=bk.WORKING_DAY)
    currency = str(comparison.base.result.get("currency", ""))
    note = word(
        "What leads from the base's cost to the scenario's; amounts add up to the cent. Hours: at "
        "the base's mean price; mix: at the base's prices by contract; rates: what is left."
    )
    book.title(sheet, f"{word('Bridge')} ({currency})", note)
    row, charts = _FIRST, []
    for name in comparison.names[1:]:
        rows = comparison.bridges
        steps = rows[rows["scenario"] == name]
        begin = row
        row = one_bridge(book, sheet, row, name, steps, comparison.names[0], word)
        charts.append((begin, row, name))
        row = max(row, begin + 16) + 2
    bk.fit_columns(sheet, [30, 12, 16, 16, 62])
    for begin, end, name in charts:
        waterfall(sheet, begin, end, name)
    bk.print_landscape(sheet)


def one_bridge(
    book: bk.Book,
    sheet: Worksheet,
    row: int,
    name: str,
    steps: pd.DataFrame,
    base: str,
    word: Word,
) -> int:
    """Write a bridge from a row on; return the last row used."""
    book.put(sheet.cell(row, 1), f"{word('Scenario')}: {name}", size=12, bold=True)
    row += 1
    heads = [word(text) for text in ("Cause", "Hours", "Amount", "Total", "Why")]
    book.head(sheet, row, heads)
    first = row + 1
    for step in steps.to_dict("records"):
        row += 1
        is_base, is_end = step["cause"] == "base", step["cause"] == "end"
        label = base if is_base else name if is_end else word(step["cause"])
        bold = is_base or is_end
        book.put(sheet.cell(row, 1), label, bold=bold, box=True)
        hours = None if step["hours"] != step["hours"] else step["hours"]
        book.put(sheet.cell(row, 2), hours, number_format="+#,##0.0;-#,##0.0;0.0", box=True)
        amount = sheet.cell(row, 3)
        shown = None if bold else step["amount"]
        book.put(amount, shown, number_format=_signed("#,##0.00"), box=True)
        total = sheet.cell(row, 4)
        book.put(total, step["total"], number_format="#,##0.00", bold=bold, box=True)
        if is_end:
            total.value = f"=D{first}+SUM(C{first + 1}:C{row - 1})"
        elif not is_base:
            total.value = f"=D{row - 1}+C{row}"
        book.put(sheet.cell(row, 5), step["why"], wrap=True, box=True)
        # What the chart stacks: an invisible foot, and what stands on it.
        lines = {
            7: f"=IF(A{row}=A{first},0,MIN(D{row - 1},D{row}))" if not bold else 0,
            8: f"=D{row}" if bold else 0,
            9: 0 if bold else f"=MAX(C{row},0)",
            10: 0 if bold else f"=MAX(-C{row},0)",
        }
        for column, value in lines.items():
            cell = sheet.cell(row, column, value)
            book.style(cell, size=8, color=bk.MUTED)
            cell.number_format = "#,##0"
    for column, text in ((7, "foot"), (8, "Cost"), (9, "more"), (10, "less")):
        book.put(sheet.cell(first - 1, column), word(text), size=8, color=bk.MUTED)
    return row


def waterfall(sheet: Worksheet, begin: int, end: int, name: str) -> None:
    """Draw the bridge: stacked columns whose foot is not filled."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "col", "stacked", 100, 40
    chart.title, chart.legend = name, None
    chart.height, chart.width = 8.2, 20
    heads, first = begin + 1, begin + 2
    for column in (7, 8, 9, 10):
        data = Reference(sheet, min_col=column, min_row=heads, max_row=end)
        chart.add_data(data, titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first, max_row=end))
    fills = ("", bk.HEAD, "D9705F", "5FA777")
    for series, fill in zip(chart.series, fills, strict=True):
        if fill:
            series.graphicalProperties.solidFill = fill
        else:
            series.graphicalProperties.noFill = True
        series.graphicalProperties.line.noFill = True
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format = "#,##0"
    lowest = _lowest(sheet, first, end)
    chart.y_axis.scaling.min = lowest
    # It covers the cells it is drawn from.
    sheet.add_chart(chart, f"G{begin}")


def _lowest(sheet: Worksheet, first: int, end: int) -> float:
    """Where the axis begins: low enough for the smallest total, high enough to see the steps."""
    totals = [float(sheet.cell(first, 4).value)]
    for row in range(first + 1, end):
        totals.append(totals[-1] + float(sheet.cell(row, 3).value or 0.0))
    span = max(totals) - min(totals)
    step = 10 ** max(0, len(str(int(max(span, 1.0)))) - 1)
    return max(0.0, (min(totals) - 2 * span) // step * step)


def _add_inputs(book: bk.Book, comparison: Comparison, word: Word) -> None:
    sheet = book.sheet(word("Inputs"))
    book.title(sheet, word("What was changed"), word("Each line: table, rows, column, old → new"))
    book.head(sheet, _FIRST, [word("Scenario"), word("Change")], left=2)
    row = _FIRST
    for name in comparison.names[1:]:
        lines = comparison.inputs.get(name)
        if lines is None:
            lines = [word("the run keeps no plan to tell what was changed")]
        for line in lines:
            row += 1
            book.put(sheet.cell(row, 1), name, box=True)
            book.put(sheet.cell(row, 2), line, wrap=True, box=True)
    row += 2
    heads = ["Run", "Seed", "Hash of the inputs", "Gap", "Status"]
    book.head(sheet, row, [word(text) for text in heads], left=5)
    for name, run in comparison.runs.items():
        row += 1
        result = run.result
        status = word(str(result.get("status", "")))
        values = [name, result.get("seed"), result.get("inputs_hash"), result.get("gap"), status]
        for k, value in enumerate(values, start=1):
            form = "0.0%" if k == 4 else ""
            book.put(sheet.cell(row, k), value, number_format=form, align="left", box=True)
    bk.fit_columns(sheet, [bk.wide_enough(comparison.names, 16, 30), 90, 20, 10, 14])
    bk.print_landscape(sheet)


def _signed(form: str) -> str:
    return f"+{form};-{form};{form}"
