"""The plain sheets: summary, service, cost, and what was not met."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.wording import (
    NOTHING,
    Promise,
    Word,
    number_format,
    promise_text,
    promises,
)
from scenarios.workbook import book as bk

if TYPE_CHECKING:
    from scenarios.runs import Run

_MONEY = "#,##0;-#,##0"


def add_summary(book: bk.Book, run: Run, word: Word) -> None:
    """Add the first sheet: the run in figures, people, service in short, notes."""
    result = run.result
    sheet = book.sheet(word("Summary"), tab=bk.HEAD)
    currency = str(result.get("currency", ""))
    first, last = run.span
    book.title(sheet, f"{word('Staffing plan')} · {result.get('name', '')}", f"{first} – {last}")
    facts = [
        ("Scenario", result.get("scenario"), ""),
        ("Status", word(str(result.get("status", ""))), ""),
        (f"{word('Cost')} ({currency})", result.get("cost"), _MONEY),
        (f"{word('Lower bound')} ({currency})", result.get("bound"), _MONEY),
        ("Gap", result.get("gap"), "0.0%"),
        ("Seed", result.get("seed"), "0"),
        ("Hash of the inputs", result.get("inputs_hash"), "@"),
        (f"{word('Processor time')} ({word('s')})", result.get("cpu_s"), "0.0"),
    ]
    row = 4
    for name, value, form in facts:
        book.put(sheet.cell(row, 1), word(name), color=bk.MUTED)
        shown = NOTHING if value is None else value
        book.put(sheet.cell(row, 2), shown, bold=True, align="left", number_format=form)
        row += 1
    row = _people(book, sheet, row + 1, run, currency, word)
    row = _promises(book, sheet, row + 1, run, word)
    notes = [str(note) for note in result.get("notes") or []]
    if notes:
        row += 1
        book.put(sheet.cell(row, 1), word("Notes"), size=12, bold=True)
        for note in notes:
            row += 1
            sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=8)
            book.put(sheet.cell(row, 1), note, wrap=True)
            lines = -(-bk.text_width(note) // 120)
            sheet.row_dimensions[row].height = 15 * lines
    labels = [p.label for p in promises(run.tables["service"])]
    contracts = [str(line.get("contract", "")) for line in result.get("people") or []]
    heads = [f"{word('Lower bound')} ({currency})", f"{word('Processor time')} ({word('s')})"]
    texts = [*labels, *contracts, *heads]
    bk.fit_columns(sheet, [bk.wide_enough(texts, 20, 34), 26, 13, 13, 13, 13, 13, 13])
    bk.print_landscape(sheet, paper="A4")


def _people(book: bk.Book, sheet: Worksheet, row: int, run: Run, currency: str, word: Word) -> int:
    people = run.result.get("people") or []
    book.put(sheet.cell(row, 1), word("People and hours"), size=12, bold=True)
    row += 1
    money = f"{word('Cost')} ({currency})"
    heads = [word("Contract"), word("Kind"), word("Heads"), word("Hours"), money]
    book.head(sheet, row, heads, left=2)
    first = row + 1
    for line in people:
        row += 1
        cells = [
            (word(str(line.get("contract", ""))), ""),
            (word(str(line.get("kind", ""))), ""),
            (line.get("heads"), "#,##0"),
            (line.get("hours"), "#,##0.#"),
            (line.get("cost"), _MONEY),
        ]
        for k, (value, form) in enumerate(cells, start=1):
            align = "right" if form else "left"
            book.put(sheet.cell(row, k), value, number_format=form, align=align, box=True)
    if people:
        row += 1
        _total(book, sheet, row, first, word, {3: "#,##0", 4: "#,##0.#", 5: _MONEY}, 5)
    return row + 1


def _promises(book: bk.Book, sheet: Worksheet, row: int, run: Run, word: Word) -> int:
    found = promises(run.tables["service"])
    book.put(sheet.cell(row, 1), word("Service"), size=12, bold=True)
    row += 1
    heads = ["Queue", "Promise", "Target", "Predicted", "Simulated", "Worst", "Held"]
    book.head(sheet, row, [word(text) for text in heads], left=2)
    for p in found:
        row += 1
        form = number_format(p.measure)
        book.put(sheet.cell(row, 1), p.label, box=True)
        text = promise_text(p.measure, p.limit, p.unit, word)
        book.put(sheet.cell(row, 2), text, box=True)
        for k, value in enumerate((p.target, p.predicted, p.simulated, p.worst["simulated"])):
            _measure(book, sheet, row, 3 + k, value, form)
        _held(book, sheet, row, 7, p, word)
    return row + 1


def _held(book: bk.Book, sheet: Worksheet, row: int, column: int, p: Promise, word: Word) -> None:
    text = word("{held} of {all}").format(held=p.held, all=p.judged) if p.judged else NOTHING
    fill = (bk.GOOD if p.met else bk.BAD) if p.judged else ""
    book.put(sheet.cell(row, column), text, align="center", fill=fill, box=True)


def _measure(
    book: bk.Book, sheet: Worksheet, row: int, column: int, value: float, form: str
) -> None:
    missing = value is None or math.isnan(value)
    book.put(
        sheet.cell(row, column),
        NOTHING if missing else float(value),
        align="center",
        number_format="" if missing else form,
        box=True,
    )


def add_service(book: bk.Book, run: Run, word: Word) -> None:
    """Add every target in every period: promised, predicted, simulated with its interval."""
    service = run.tables["service"]
    sheet = book.sheet(word("Service"), tab="5AA469")
    book.title(sheet, word("Service"), f"{word('Simulated')} · {word('95 % interval')}")
    heads = [
        "Queue", "Promise", "Period", "Target", "Predicted", "Simulated", "from", "to", "Held",
    ]  # fmt: skip
    book.head(sheet, 4, [word(text) for text in heads], left=2)
    row = 4
    for line in service.itertuples(index=False):
        row += 1
        form = number_format(line.measure)
        book.put(sheet.cell(row, 1), line.label or line.queue, box=True)
        text = promise_text(line.measure, line.limit, line.unit, word)
        book.put(sheet.cell(row, 2), text, box=True)
        book.put(sheet.cell(row, 3), word(line.period), align="center", box=True)
        values = (line.target, line.predicted, line.simulated, line.low, line.high)
        for k, value in enumerate(values):
            _measure(book, sheet, row, 4 + k, value, form)
        judged = not pd.isna(line.met)
        mark = word("yes" if line.met else "no") if judged else NOTHING
        fill = (bk.GOOD if line.met else bk.BAD) if judged else ""
        book.put(sheet.cell(row, 9), mark, align="center", fill=fill, box=True)
    labels = [a or b for a, b in zip(service["label"], service["queue"], strict=True)]
    bk.fit_columns(sheet, [bk.wide_enough(labels, 16, 34), 26, 14, 11, 11, 11, 11, 11, 9])
    sheet.freeze_panes = "A5"
    sheet.auto_filter.ref = f"A4:I{row}"
    bk.print_landscape(sheet, paper="A4", rows="1:4")


def add_cost(book: bk.Book, run: Run, word: Word) -> None:
    """Add every cost line with a total, and the months against their budgets."""
    sheet = book.sheet(word("Cost"), tab="C28E0E")
    currency = str(run.result.get("currency", ""))
    book.title(sheet, f"{word('Cost')} ({currency})")
    heads = ["Item", "Kind", "Contract", "Cost centre", "Hours", "Amount", "Share"]
    book.head(sheet, 4, [word(text) for text in heads], left=4)
    cost = run.tables["cost"]
    first, row = 5, 4
    total = first + len(cost)
    for line in cost.itertuples(index=False):
        row += 1
        texts = (line.name, word(line.kind), word(line.contract), line.cost_centre)
        for k, text in enumerate(texts, start=1):
            book.put(sheet.cell(row, k), text, box=True)
        book.put(sheet.cell(row, 5), line.hours, number_format="#,##0.#;-#,##0.#;–", box=True)
        book.put(sheet.cell(row, 6), line.amount, number_format=_MONEY, box=True)
        share = sheet.cell(row, 7)
        book.put(share, None, number_format="0.0%", color=bk.MUTED, box=True)
        share.value = f"=IF(F${total}=0,0,F{row}/F${total})"
    if len(cost):
        row += 1
        _total(book, sheet, row, first, word, {5: "#,##0.#", 6: _MONEY}, 7)
    row = _budget(book, sheet, row + 2, run, word)
    texts = [*cost["name"], *run.tables["budget"]["cost_centre"]]
    bk.fit_columns(sheet, [bk.wide_enough(texts, 22, 44), 16, 20, 18, 13, 15, 10])
    sheet.freeze_panes = "A5"
    bk.print_landscape(sheet, paper="A4", rows="1:4")


def _budget(book: bk.Book, sheet: Worksheet, row: int, run: Run, word: Word) -> int:
    budget = run.tables["budget"]
    if budget.empty:
        return row
    book.put(sheet.cell(row, 1), word("Budget"), size=12, bold=True)
    row += 1
    heads = ["Cost centre", "Month", "Cost", "Budget", "Difference"]
    book.head(sheet, row, [word(text) for text in heads])
    first = row + 1
    for line in budget.itertuples(index=False):
        row += 1
        book.put(sheet.cell(row, 1), line.cost_centre, box=True)
        book.put(sheet.cell(row, 2), line.month, align="center", box=True)
        given = not math.isnan(line.budget)
        book.put(sheet.cell(row, 3), line.amount, number_format=_MONEY, box=True)
        shown = line.budget if given else NOTHING
        book.put(sheet.cell(row, 4), shown, number_format=_MONEY, align="right", box=True)
        cell = sheet.cell(row, 5)
        book.put(cell, None, number_format="+#,##0;-#,##0;0", box=True)
        if given:
            cell.value = f"=D{row}-C{row}"
    row += 1
    _total(book, sheet, row, first, word, {3: _MONEY, 4: _MONEY, 5: "+#,##0;-#,##0;0"}, 5)
    return row


def add_not_met(book: bk.Book, run: Run, word: Word) -> None:
    """Add what was asked for and not given, and rules broken; no sheet if there is nothing."""
    unmet, checks = run.tables["unmet"], run.tables["checks"]
    if unmet.empty and checks.empty:
        return
    sheet = book.sheet(word("Not met"), tab="C0392B")
    book.title(sheet, word("Not met"))
    row = 4
    currency = str(run.result.get("currency", ""))
    if len(unmet):
        heads = [word(t) for t in ("What", "Where", "Quantity", "Unit")]
        book.head(sheet, row, [*heads, f"{word('Cost')} ({currency})"], left=2)
        for line in unmet.itertuples(index=False):
            row += 1
            book.put(sheet.cell(row, 1), line.key, box=True)
            book.put(sheet.cell(row, 2), line.where, box=True)
            book.put(sheet.cell(row, 3), line.amount, number_format="#,##0.##", box=True)
            book.put(sheet.cell(row, 4), word(line.unit), align="center", box=True)
            book.put(sheet.cell(row, 5), line.cost, number_format=_MONEY, box=True)
        row += 2
    if len(checks):
        book.put(sheet.cell(row, 1), word("Rule breaches"), size=12, bold=True)
        row += 1
        heads = ["Rule", "Agent", "Quantity", "Mode", "Date"]
        book.head(sheet, row, [word(text) for text in heads], left=2)
        for line in checks.itertuples(index=False):
            row += 1
            book.put(sheet.cell(row, 1), line.rule, box=True)
            book.put(sheet.cell(row, 2), line.agent, box=True)
            book.put(sheet.cell(row, 3), line.amount, number_format="#,##0.##", box=True)
            book.put(sheet.cell(row, 4), word(line.mode), align="center", box=True)
            date = None if line.date != line.date else line.date.to_pydatetime().date()
            book.put(sheet.cell(row, 5), date, number_format="yyyy-mm-dd", box=True)
    texts = [*unmet["where"], *checks["agent"]]
    bk.fit_columns(sheet, [30, bk.wide_enough(texts, 20, 60), 12, 12, 14])
    bk.print_landscape(sheet, paper="A4")


def _total(
    book: bk.Book,
    sheet: Worksheet,
    row: int,
    first: int,
    word: Word,
    sums: dict[int, str],
    last: int,
) -> None:
    """Write a total row with live sums over the rows above it."""
    for column in range(1, last + 1):
        book.put(sheet.cell(row, column), None, bold=True, fill="EDF1F6", box=True)
    book.put(sheet.cell(row, 1), word("Total"), bold=True, fill="EDF1F6", box=True)
    for column, form in sums.items():
        cell = sheet.cell(row, column)
        letter = cell.column_letter
        cell.value = f"=SUM({letter}{first}:{letter}{row - 1})"
        cell.number_format = form
