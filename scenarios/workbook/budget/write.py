"""budget.xlsx: a year's people and money as live formulas, against the budget that was given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.budget import tables
from scenarios.budget.bridges import bridges, side_by_side
from scenarios.i18n import translator
from scenarios.wording import Word
from scenarios.workbook import book as bk
from scenarios.workbook.budget.model import Model, add_model
from scenarios.workbook.compare import one_bridge, waterfall

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget

_HEAD = 10
_STATES = {"closed": "over", "part": "under way", "open": "open"}
_MONEY, _SIGNED = "#,##0.00", "+#,##0.00;-#,##0.00;0.00"


def write_workbook(budgets: Mapping[str, Budget], path: str | Path, language: str = "") -> None:
    """Write a budget's workbook.

    Parameters
    ----------
    budgets
        By scenario; the first is told in full, the others beside it.
    path
        The .xlsx file to write.
    language
        en or zh; the plan's if empty.
    """
    base = next(iter(budgets.values()))
    language = language or base.plan.settings.language
    word = translator(language)
    book = bk.Book(language)
    summary = book.sheet(word("Summary"), tab="5FA777")
    model = add_model(book, base, word)
    variance = _add_variance(book, base, model, word)
    _fill_summary(book, summary, base, model, variance, word)
    review = tables.review(base)
    if len(review):
        _add_review(book, base, review, word)
    if len(budgets) > 1:
        _add_scenarios(book, budgets, word)
        _add_bridges(book, budgets, word)
    _add_about(book, base, word)
    book.save(path)


def _fill_summary(
    book: bk.Book,
    sheet: Worksheet,
    budget: Budget,
    model: Model,
    variance: tuple[str, int, int],
    word: Word,
) -> None:
    """Months with what matters, all of it formulas on the sheets behind, and the charts."""
    settings, year = budget.plan.settings, budget.year
    months, told = year.count, budget.chances
    book.title(sheet, f"{settings.name} · {word('Budget')}",
               f"{year.months[0]} – {year.months[-1]} · {settings.currency}")  # fmt: skip
    last = _HEAD + months
    heads = [
        "Month", "State", "Contacts", "P10", "P90", "People needed (gross)",
        "On the roll, as full-time people", "Hires", "Cost", "P10", "P90", "Budget", "Difference",
        "Cost per contact",
    ]  # fmt: skip
    book.head(sheet, _HEAD, [word(h) for h in heads], 2)
    sheet.row_dimensions[_HEAD].height = 46
    name, first, rows = variance
    work, people, cost = model.workload, model.people, model.cost
    for m, label in enumerate(year.months):
        row = _HEAD + 1 + m
        span = [f"{name}!${c}${first}:${c}${rows}" for c in "AE"]
        budgeted = (
            f'=IF(COUNTIFS({name}!$A${first}:$A${rows},A{row},{name}!$D${first}:$D${rows},"<>")=0,'
            f'"",SUMIFS({name}!$D${first}:$D${rows},{name}!$A${first}:$A${rows},A{row}))'
        )
        cells: list[tuple[Any, str]] = [
            (label, ""),
            (word(_STATES[year.states[m]]), ""),
            (f"={work.at(('total contacts',), m)}", "#,##0"),
            (float(told.contacts[0, m]), "#,##0"),
            (float(told.contacts[2, m]), "#,##0"),
            (f"={people.at(('gross',), m)}", "0.0"),
            (f"={people.at(('fte',), m)}", "0.0"),
            (f"={people.at(('all hires',), m)}", "0"),
            (f"={cost.at(('total',), m)}", _MONEY),
            (float(told.cost[0, m]), "#,##0"),
            (float(told.cost[2, m]), "#,##0"),
            (budgeted, _MONEY),
            (f'=IF(L{row}="","",SUMIFS({span[1]},{span[0]},A{row}))', _SIGNED),
            (f"=IF({work.at(('total handled',), m)}>0,I{row}/{work.at(('total handled',), m)},0)",
             _MONEY),
        ]  # fmt: skip
        _row(book, sheet, row, cells, over=m < year.closed)
    row, begin = last + 1, _HEAD + 1
    span = {c: f"{c}{begin}:{c}{last}" for c in "CFGHILMN"}
    totals = work.name, get_column_letter(4 + months), work.rows["total handled",]
    handled = f"{totals[0]}!{totals[1]}{totals[2]}"
    cells = [
        (word("Total"), ""), ("", ""), (f"=SUM({span['C']})", "#,##0"),
        (float(told.contacts_year[0]), "#,##0"), (float(told.contacts_year[2]), "#,##0"),
        (f"=AVERAGE({span['F']})", "0.0"), (f"=AVERAGE({span['G']})", "0.0"),
        (f"=SUM({span['H']})", "0"), (f"=SUM({span['I']})", _MONEY),
        (float(told.cost_year[0]), "#,##0"), (float(told.cost_year[2]), "#,##0"),
        (f"=SUM({span['L']})", _MONEY), (f"=SUM({span['M']})", _SIGNED),
        (f"=IF({handled}>0,I{row}/{handled},0)", _MONEY),
    ]  # fmt: skip
    _row(book, sheet, row, cells, bold=True)
    _headline(book, sheet, budget, model, row, word)
    note = word("P10 and P90 are of the plan as optimised; they do not move with the assumptions. "
                "Hours follow the contacts there, hires stay.")  # fmt: skip
    book.put(sheet.cell(row + 1, 1), note, size=9, color=bk.MUTED)
    _signal(sheet, f"M{begin}:M{row}")
    bk.fit_columns(sheet, [11, 11, 11, 10, 10, 14, 16, 9, 16, 12, 12, 16, 16, 13])
    _charts(sheet, budget, word, begin, last, row + 3)
    sheet.freeze_panes = sheet.cell(begin, 2)
    bk.print_landscape(sheet)


def _row(
    book: bk.Book,
    sheet: Worksheet,
    row: int,
    cells: list[tuple[Any, str]],
    *,
    bold: bool = False,
    over: bool = False,
    texts: int = 2,
) -> None:
    """Write a row; what begins with = behind the first cells is a formula."""
    fill = "ECEFF3" if over else ""
    for c, (value, form) in enumerate(cells, start=1):
        cell = sheet.cell(row, c)
        is_formula = c > texts and isinstance(value, str) and value.startswith("=")
        book.put(cell, None if is_formula else value, number_format=form, box=True, bold=bold,
                 align="left" if c <= texts else "right", fill=fill)  # fmt: skip
        if is_formula:
            cell.value = value


def _headline(
    book: bk.Book, sheet: Worksheet, budget: Budget, model: Model, total: int, word: Word
) -> None:
    """Four figures above the table."""
    told, hiring = budget.chances, budget.outlook.hiring
    uncovered = f"{model.people.name}!{get_column_letter(4 + budget.year.count)}"
    uncovered += str(model.people.rows["all uncovered",])
    boxes = [
        (1, word("Cost of all months"), f"=I{total}", _MONEY),
        (4, word("P10 – P90 of the cost"), f"{told.cost_year[0]:,.0f} – {told.cost_year[2]:,.0f}",
         ""),
        (7, word("Budget less cost"), f"=M{total}", _SIGNED),
        (10, word("Hours that nobody works"), f"={uncovered}+{float(hiring.short_h.sum())!r}",
         "#,##0.0"),
        (12, word("Proved within"), float(hiring.gap), "0.00%"),
    ]  # fmt: skip
    for column, text, value, form in boxes:
        book.put(sheet.cell(4, column), text, size=9, color=bk.MUTED)
        cell = sheet.cell(5, column)
        book.put(cell, None, size=15, bold=True, number_format=form, align="left")
        if isinstance(value, str) and value.startswith("="):
            cell.value = value
        else:
            bk.write_value(cell, value)
        sheet.merge_cells(start_row=5, end_row=5, start_column=column,
                          end_column=column + (2 if column < 10 else 1))  # fmt: skip
    sheet.row_dimensions[5].height = 24
    text = word("Budget less cost: of months and cost centres for which a budget was given.")
    book.put(sheet.cell(6, 1), text, size=9, color=bk.MUTED)
    short = budget.months.loc[budget.months["short_hours"] > 0, "month"]
    if len(short):
        text = word("short of people in {months}: {hours} h that nobody works").format(
            months=", ".join(short), hours=f"{budget.short_hours:,.0f}"
        )
        book.put(sheet.cell(7, 1), text, bold=True, color="B42318")


def _charts(
    sheet: Worksheet, budget: Budget, word: Word, first: int, last: int, below: int
) -> None:
    labels = Reference(sheet, min_col=1, min_row=first, max_row=last)

    def line(columns: tuple[int, ...], title: str, colors: tuple[str, ...], form: str) -> LineChart:
        chart = LineChart()
        _dress(chart, title, form)
        for column, color in zip(columns, colors, strict=True):
            chart.add_data(Reference(sheet, min_col=column, min_row=first - 1, max_row=last),
                           titles_from_data=True)  # fmt: skip
            series = chart.series[-1]
            series.graphicalProperties.line.solidFill = color
            series.graphicalProperties.line.width = 22000
            series.smooth = False
            if color == _BAND:
                series.graphicalProperties.line.dashStyle = "dash"
        chart.set_categories(labels)
        return chart

    cost = BarChart()
    _dress(cost, word("Cost"), "#,##0")
    cost.gapWidth = 60
    for column, color in ((9, bk.HEAD), (12, "E0B252")):
        cost.add_data(Reference(sheet, min_col=column, min_row=first - 1, max_row=last),
                      titles_from_data=True)  # fmt: skip
        cost.series[-1].graphicalProperties.solidFill = color
    cost.set_categories(labels)
    sheet.add_chart(cost, f"A{below}")
    people = line((6, 7), word("People"), ("D9705F", bk.HEAD), "0")
    contacts = line((3, 4, 5), word("Contacts"), (bk.HEAD, _BAND, _BAND), "#,##0")
    sheet.add_chart(people, f"F{below}")
    sheet.add_chart(contacts, f"J{below}")


_BAND = "9AA5B1"


def _dress(chart: Any, title: str, form: str) -> None:
    chart.title = title
    chart.height, chart.width = 8.0, 13.0
    chart.legend.position = "b"
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.number_format = form
    chart.y_axis.majorGridlines = None


def _signal(sheet: Worksheet, cells: str) -> None:
    """Red below zero, green above."""
    for operator, fill in (("lessThan", bk.BAD), ("greaterThan", bk.GOOD)):
        rule = CellIsRule(operator=operator, formula=["0"], fill=bk.solid(fill))
        sheet.conditional_formatting.add(cells, rule)


def _add_variance(book: bk.Book, budget: Budget, model: Model, word: Word) -> tuple[str, int, int]:
    """Plan against the given budget by month and cost centre; its name, first and last row."""
    sheet = book.sheet(word("Variance"), tab="E0B252")
    note = "Amounts follow the sheet of cost; a difference below zero is over budget."
    book.title(sheet, word("Plan against budget"), word(note))
    heads = ["Month", "Cost centre", "Amount", "Budget", "Difference", "Difference %"]
    has_original = budget.original is not None
    if has_original:
        heads += ["Original plan", "Since then", "Actual"]
    book.head(sheet, 4, [word(h) for h in heads], 2)
    number = {label: m for m, label in enumerate(budget.year.months)}
    table = tables.budget_table(budget)
    row, last = 4, 4 + len(table)
    for line in table.to_dict("records"):
        row += 1
        m, centre = number[line["month"]], line["cost_centre"]
        key = ("centre", centre)
        amount = f"={model.cost.at(key, m)}" if key in model.cost.rows else line["amount"]
        given = line["budget"]
        known = given == given
        cells: list[tuple[Any, str]] = [
            (line["month"], ""), (centre or word("all"), ""),
            (None if amount != amount else amount, _MONEY), (given if known else None, _MONEY),
            (_difference(row, last, line) if known else None, _SIGNED),
            (f"=IF(D{row}=0,0,E{row}/D{row})" if known else None, "+0.0%;-0.0%;0.0%"),
        ]  # fmt: skip
        if has_original:
            actual = line["actual"]
            cells += [(line["original"], _MONEY), (f"=C{row}-G{row}", _SIGNED),
                      (actual if actual == actual else None, _MONEY)]  # fmt: skip
        _row(book, sheet, row, cells, over=m < budget.year.closed)
    cells = [(word("Total"), ""), ("", ""), *(
        (f"=SUM({c}5:{c}{last})", form) for c, form in (("C", _MONEY), ("D", _MONEY),
                                                        ("E", _SIGNED)))]  # fmt: skip
    _row(book, sheet, last + 1, cells, bold=True)
    _signal(sheet, f"E5:F{last + 1}")
    bk.fit_columns(sheet, [11, 20, 16, 16, 16, 13, 16, 16, 16])
    sheet.freeze_panes = "C5"
    sheet.auto_filter.ref = f"A4:{get_column_letter(len(heads))}{last}"
    bk.print_landscape(sheet, paper="A4", rows="4:4")
    return quote_sheetname(sheet.title), 5, last


def _difference(row: int, last: int, line: dict[str, Any]) -> str:
    """Budget less amount; of a budget for all, less what the centres without one come to."""
    if line["amount"] == line["amount"]:
        return f"=D{row}-C{row}"
    span = {c: f"{c}$5:{c}${last}" for c in "ACD"}
    return f'=D{row}-SUMIFS({span["C"]},{span["A"]},A{row},{span["D"]},"")'


def _add_review(book: bk.Book, budget: Budget, review: Any, word: Word) -> None:
    sheet = book.sheet(word("Review"), tab="E0B252")
    book.title(sheet, word("Forecast and plan against actual"), word(
        "Contacts against the forecast made before the first month; cost and people against the "
        "plan made then, cost against the budget given as well."))  # fmt: skip
    heads = ["Month", "What", "Name", "Planned", "Actual", "Difference", "Difference %"]
    book.head(sheet, 4, [word(h) for h in heads], 3)
    for row, line in enumerate(review.to_dict("records"), start=5):
        form = "#,##0" if line["what"] == "contacts" else _MONEY
        cells: list[tuple[Any, str]] = [
            (line["month"], ""), (word(str(line["what"]).capitalize()), ""), (line["name"], ""),
            (line["planned"], form), (line["actual"], form), (f"=E{row}-D{row}", _SIGNED),
            (f"=IF(D{row}=0,0,F{row}/D{row})", "+0.0%;-0.0%;0.0%"),
        ]  # fmt: skip
        _row(book, sheet, row, cells, texts=3)
    bk.fit_columns(sheet, [11, 16, 28, 15, 15, 15, 13])
    sheet.freeze_panes = "D5"
    bk.print_landscape(sheet, paper="A4", rows="4:4")


def _add_scenarios(book: bk.Book, budgets: Mapping[str, Budget], word: Word) -> None:
    sheet = book.sheet(word("Scenarios"), tab=bk.WORKING_DAY)
    names = list(budgets)
    base = budgets[names[0]]
    book.title(sheet, word("Scenarios side by side"), word(
        "Each optimised by itself: sums over all months, people as means."))  # fmt: skip
    heads = [word("Measure"), word("Unit"), *names, *(f"{n} − {names[0]}" for n in names[1:])]
    book.head(sheet, 4, heads, 2)
    sheet.row_dimensions[4].height = 32
    row = 4
    for line in side_by_side(budgets).to_dict("records"):
        row += 1
        money = line["unit"] == base.plan.settings.currency
        form = _MONEY if money or line["unit"] == "people" else "#,##0"
        values = [line[name] for name in names]
        cells: list[tuple[Any, str]] = [(word(line["measure"]), ""), (word(line["unit"]), "")]
        cells += [(value if value == value else None, form) for value in values]
        for k in range(1, len(names)):
            column = get_column_letter(3 + k)
            known = values[k] == values[k] and values[0] == values[0]
            cells.append((f"={column}{row}-$C{row}" if known else None, f"+{form};-{form};{form}"))
        _row(book, sheet, row, cells)
    row += 2
    book.head(sheet, row, [word("Month"), word("Cost"), *names], 2)
    for m, label in enumerate(base.year.months):
        row += 1
        cells = [(label, ""), ("", "")]
        cells += [(float(one.months["cost"].iloc[m]), _MONEY) for one in budgets.values()]
        _row(book, sheet, row, cells)
    chart = LineChart()
    _dress(chart, word("Cost"), "#,##0")
    chart.width = 20
    head = row - base.year.count
    for k in range(len(names)):
        chart.add_data(Reference(sheet, min_col=3 + k, min_row=head, max_row=row),
                       titles_from_data=True)  # fmt: skip
        chart.series[-1].smooth = False
    chart.set_categories(Reference(sheet, min_col=1, min_row=head + 1, max_row=row))
    sheet.add_chart(chart, f"{get_column_letter(len(heads) + 2)}4")
    widths = [30.0, 12.0, *([bk.wide_enough(heads[2:], 16, 28)] * (2 * len(names) - 1))]
    bk.fit_columns(sheet, widths)
    sheet.freeze_panes = "C5"
    bk.print_landscape(sheet)


def _add_bridges(book: bk.Book, budgets: Mapping[str, Budget], word: Word) -> None:
    sheet = book.sheet(word("Bridge"), tab=bk.WORKING_DAY)
    base = next(iter(budgets.values()))
    note = word("What leads from the base's cost to the scenario's; amounts add up to the cent. "
                "Hours: at the base's mean price; mix: at the base's prices by contract; rates: "
                "what is left.")  # fmt: skip
    book.title(sheet, f"{word('Bridge')} ({base.plan.settings.currency})", note)
    steps, names = bridges(budgets), list(budgets)
    row, charts = 4, []
    for name in names[1:]:
        begin = row
        row = one_bridge(book, sheet, row, name, steps[steps["scenario"] == name], names[0], word)
        charts.append((begin, row, name))
        row = max(row, begin + 16) + 2
    bk.fit_columns(sheet, [30, 12, 16, 16, 92])
    for begin, end, name in charts:
        waterfall(sheet, begin, end, name)
    bk.print_landscape(sheet)


def _add_about(book: bk.Book, budget: Budget, word: Word) -> None:
    sheet = book.sheet(word("About"))
    settings, hiring = budget.plan.settings, budget.outlook.hiring
    book.title(sheet, word("About this budget"))
    from scenarios.run import inputs_hash

    facts: list[tuple[str, Any]] = [
        ("Plan", settings.name),
        ("Scenario", budget.scenario),
        ("Contacts known until", (budget.year.start - dt.timedelta(days=1)).isoformat()),
        ("Cost of open months", round(hiring.cost, 2)),
        ("Lower bound", round(hiring.bound, 2)),
        ("Gap", f"{100 * hiring.gap:.3f} %"),
        ("Possible years drawn", budget.chances.paths),
        ("Scheduling inefficiency", budget.measured.source),
        ("Seed", settings.solve.seed),
        ("Hash of the inputs", inputs_hash(budget.plan)),
        ("Processor time", f"{budget.cpu_s:.0f} s"),
    ]
    row = 3
    for text, value in facts:
        book.put(sheet.cell(row, 1), word(text), bold=True)
        book.put(sheet.cell(row, 2), value, align="left", wrap=isinstance(value, str))
        row += 1
    row += 1
    book.head(sheet, row, [word(h) for h in ("Contract", "Inefficiency", "Note")], 1)
    for line in budget.measured.table.to_dict("records"):
        row += 1
        values = [f"{line['contract']} · {line['role']}", line["inefficiency"], line["note"]]
        for c, value in enumerate(values, start=1):
            book.put(sheet.cell(row, c), value, box=True, align="left",
                     number_format="0.000" if c == 2 else "")  # fmt: skip
    row += 2
    book.put(sheet.cell(row, 1), word("Notes"), bold=True)
    how = [
        word("People needed (gross): paid hours needed over the hours of a full week's contract."),
        word("When an assumption is changed, hours follow within contracts and overtime; what is "
             "left over is a line of its own. Then run the command anew to have hires chosen."),
    ]  # fmt: skip
    for note in (*how, settings.note, *budget.notices):
        if note:
            row += 1
            book.put(sheet.cell(row, 1), f"· {note}", size=9)
    bk.fit_columns(sheet, [34, 60, 60])
    bk.print_landscape(sheet, paper="A4")
