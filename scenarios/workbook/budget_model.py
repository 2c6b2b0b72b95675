"""The budget workbook's live model: assumptions, workload, people and cost, a column a month.

Every figure of a month that is not over is a formula that leads back to the sheet of assumptions.
As the workbook opens, the formulas give the plan that was optimised; hires, temporary people and
weeks of outsourcing stay as planned when an assumption is changed, hours follow. Hours that these
people cannot work are counted and priced on a line of their own: then the plan is to be made anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.worksheet import Worksheet

from scenarios.budget import tables
from scenarios.budget.staff import tiers_of
from scenarios.wording import Word
from scenarios.workbook import book as bk

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget

INPUT, OVER = "FFF6D6", "ECEFF3"
FIRST_ROW, FIXED = 5, 3
_HOURS, _PEOPLE, _MONEY, _SHARE = "#,##0.0", "#,##0.00", "#,##0.00", "0.0%"
_FACTOR = "0.000"


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


def add_model(book: bk.Book, budget: Budget, word: Word) -> Model:
    """Add the sheets of the model; their cells refer to each other."""
    tabs = ("Assumptions", "Workload", "People", "Cost", "Allocation")
    pages = [
        Page(book, book.sheet(word(name), tab=tab), budget.year)
        for name, tab in zip(tabs, ("E0B252", bk.HEAD, bk.HEAD, bk.HEAD, ""), strict=True)
    ]
    model = Model(*pages)
    currency = budget.plan.settings.currency
    notes = {
        "Assumptions": "Change the yellow cells: everything else follows. Grey months are over.",
        "Workload": "Contacts of the forecast with the growth of the assumptions, and the hours on "
        "duty that the promises ask for.",
        "People": "Yellow: hires and weeks of outsourcing as optimised. Hours follow the need.",
        "Cost": "Hours times prices, rounded to cents; the same lines as lines.csv.",
        "Allocation": "Hours of each contract for an hour that a queue asks for, as optimised.",
    }
    for name, page in zip(tabs, pages, strict=True):
        title = f"{word(name)} ({currency})" if name == "Cost" else word(name)
        book.title(page.sheet, title, word(notes[name]))
    _assumptions(model, budget, word)
    for name, page in zip(tabs[1:], pages[1:], strict=True):
        _month_heads(page, budget, word, total=name != "Allocation")
    _workload(model, budget, word)
    _allocation(model, budget, word)
    _people(model, budget, word)
    _cost(model, budget, word)
    widths = [30.0, 30.0, 12.0, *([11.5] * budget.year.count), 13.0]
    for page in pages[1:]:
        bk.fit_columns(page.sheet, widths)
        page.sheet.freeze_panes = page.sheet.cell(FIRST_ROW, FIXED + 1)
        bk.print_landscape(page.sheet, rows="4:4", cols="A:C")
    return model


def _month_heads(page: Page, budget: Budget, word: Word, *, total: bool) -> None:
    heads = [word("Item"), word("Detail"), word("Unit"), *budget.year.months]
    page.book.head(page.sheet, FIRST_ROW - 1, [*heads, *([word("Total")] if total else [])], FIXED)


# Assumptions --------------------------------------------------------------------------------------


def _assumptions(model: Model, budget: Budget, word: Word) -> None:
    page, year = model.assumptions, budget.year
    book, sheet = page.book, page.sheet
    page.row = 4

    def scalar(key: str, text: str, value: float, form: str) -> None:
        book.put(sheet.cell(page.row, 1), word(text), box=True)
        book.put(sheet.cell(page.row, 2), value, number_format=form, fill=INPUT, box=True)
        page.rows[key,] = page.row
        page.row += 1

    scalar("growth", "Growth of contacts beyond the forecast", 0.0, _SHARE)
    scalar("wages", "Change of wages and salaries", 0.0, _SHARE)
    dearest = max(_uncovered_price(budget, s) for s in range(len(budget.outlook.crews)))
    scalar("uncovered", "Price of an hour that these people cannot work", dearest, _MONEY)
    _queue_terms(page, budget, word)
    _crew_terms(page, budget, word)
    page.row += 1
    heads = [word("By month"), word("Detail"), word("Unit"), *year.months]
    book.head(sheet, page.row, heads, FIXED)
    page.row += 1
    count = range(year.count)
    page.line(("month growth",), [word("Growth of contacts"), "", ""], [0.0 for _ in count],
              _SHARE, total="", inputs=True)  # fmt: skip
    for s, crew in enumerate(budget.outlook.crews):
        for key, text, values, form in (
            ("weeks", "Weeks that can be worked", crew.weeks, _PEOPLE),
            ("attendance", "Attendance (1 − shrinkage)", crew.attendance, _SHARE),
            ("pace", "Pace of those there at the start", crew.pace, _FACTOR),
            ("premium", "Premiums over the wage", crew.premium, "0.00%"),
        ):
            if key == "premium" and not crew.premium.any():
                continue
            cells = [float(values[m]) for m in count]
            page.line((key, s), [crew.name, word(text), ""], cells, form, total="", inputs=True)
    bk.fit_columns(sheet, [38.0, 30.0, *([12.5] * (year.count + 8))])
    sheet.freeze_panes = "B4"
    bk.print_landscape(sheet)


def _queue_terms(page: Page, budget: Budget, word: Word) -> None:
    page.row += 1
    heads = ["Queue", "Channel", "Growth", "Hours for 1 % more contacts"]
    page.book.head(page.sheet, page.row, [word(h) for h in heads], 2)
    page.sheet.row_dimensions[page.row].height = 32
    named = {row.queue: row for row in budget.plan.queues}
    for q, name in enumerate(budget.outlook.needs.queues):
        page.row += 1
        page.rows["queue", q] = page.row
        row = named[name]
        texts = [row.label or name, word(row.channel)]
        for c, text in enumerate(texts, start=1):
            page.book.put(page.sheet.cell(page.row, c), text, box=True)
        values = [(0.0, _SHARE), (float(budget.outlook.needs.elasticity[q]), '0.000"%"')]
        for c, (value, form) in enumerate(values, start=3):
            page.book.put(page.sheet.cell(page.row, c), value, number_format=form, fill=INPUT,
                          box=True)  # fmt: skip
    page.row += 1


def _uncovered_price(budget: Budget, s: int) -> float:
    staff = budget.outlook.problem.staff[s]
    prices = [float(staff.price.max(initial=0.0)), budget.outlook.crews[s].hourly_base]
    return max(prices + [float(tier.price.max(initial=0.0)) for tier in staff.overtime])


def _crew_terms(page: Page, budget: Budget, word: Word) -> None:
    """One row a crew with its terms, one column each; empty where a term does not apply."""
    page.row += 1
    crews = budget.outlook.crews
    tiers = max((len(tiers_of(budget.plan, crew.row)) for crew in crews), default=0)
    steps = max((len(s.steps) for s in budget.outlook.problem.staff), default=0)
    ramps = max((len(s.ramp) for s in budget.outlook.problem.staff), default=0)
    columns = [
        ("wage", "Wage an hour", _MONEY), ("salary", "Salary a month", _MONEY),
        ("base", "Pay of an hour for premiums", _MONEY), ("people", "People at the start", _PEOPLE),
        ("attrition", "Leave in a month", _SHARE), ("hire", "Cost of a hire", _MONEY),
        ("class", "Cost of a class", _MONEY), ("low", "Hours a week at least", _HOURS),
        ("high", "Hours a week at most", _HOURS), ("month high", "Hours a month at most", _HOURS),
        ("inefficiency", "Scheduling inefficiency", _FACTOR),
        ("most", "People at most", _PEOPLE), ("purchase", "Least purchase, hours", _HOURS),
    ]  # fmt: skip
    for k in range(tiers):
        columns += [(f"tier {k}", "Overtime a week, hours", _HOURS),
                    (f"factor {k}", "Overtime pay", _PEOPLE)]  # fmt: skip
    for k in range(steps):
        columns += [(f"from {k}", "Price step from hours a week", _HOURS),
                    (f"price {k}", "Price from there on", _MONEY)]  # fmt: skip
    columns += [(f"ramp {k}", f"Month {k + 1}", _SHARE) for k in range(ramps)]
    heads = ["Contract", "Kind", *(
        f"{word('Ramp: hours lost')} · {k + 1}" if (key.startswith("ramp") and (k := int(key[5:])) >= 0)  # noqa: E501
        else word(text) for key, text, _ in columns)]  # fmt: skip
    page.book.head(page.sheet, page.row, [word(heads[0]), word(heads[1]), *heads[2:]], 2)
    page.sheet.row_dimensions[page.row].height = 48
    for s, crew in enumerate(crews):
        page.row += 1
        values = _terms(budget, s)
        page.book.put(page.sheet.cell(page.row, 1), crew.name, box=True)
        page.book.put(page.sheet.cell(page.row, 2), word(crew.row.kind), box=True)
        for c, (key, _, form) in enumerate(columns, start=3):
            cell = page.sheet.cell(page.row, c)
            known = values.get(key)
            page.book.put(cell, known, number_format=form, fill=INPUT if known is not None else "",
                          box=True)  # fmt: skip
            page.rows["term", s, key] = page.row
            page.rows["column", key] = c
    page.row += 1


def _terms(budget: Budget, s: int) -> dict[str, float]:
    crew, staff = budget.outlook.crews[s], budget.outlook.problem.staff[s]
    row = crew.row
    found = {
        "wage": 0.0 if row.month_salary > 0 else row.wage_per_hour, "salary": row.month_salary,
        "base": crew.hourly_base, "low": row.week_hours_min, "high": row.week_hours_max,
        "inefficiency": crew.inefficiency,
    }  # fmt: skip
    if row.month_hours_max is not None:
        found["month high"] = row.month_hours_max
    if staff.is_bought:
        most = row.people_max if row.budget_people_max is None else row.budget_people_max
        found |= {"most": float(most), "purchase": row.purchase_min_hours}
        for k, step in enumerate(staff.steps):
            found |= {f"from {k}": step.from_h, f"price {k}": step.price}
        return found
    if row.kind != "temporary":
        found |= {"people": crew.people, "attrition": row.attrition_share}
    found |= {"hire": row.hire_cost, "class": row.class_cost}
    for k, (width, factor) in enumerate(tiers_of(budget.plan, row)):
        found |= {f"tier {k}": width, f"factor {k}": factor}
    return found | {f"ramp {k}": float(share) for k, share in enumerate(staff.ramp)}


# Workload and allocation --------------------------------------------------------------------------


def _workload(model: Model, budget: Budget, word: Word) -> None:
    page, told = model.workload, model.assumptions
    needs, year = budget.outlook.needs, budget.year
    named = {row.queue: row for row in budget.plan.queues}
    count = range(year.count)

    def factor(q: int, month: int) -> str:
        growth = f"{told.name}!$B${told.rows[('growth',)]}"
        own = f"{told.name}!$C${told.rows[('queue', q)]}"
        return f"(1+{growth})*(1+{told.at(('month growth',), month)})*(1+{own})"

    for key, text, unit, values, form in (
        ("contacts", "Contacts", "contacts", needs.contacts, "#,##0"),
        ("handled", "Contacts that people handle", "contacts", needs.handled, "#,##0"),
        ("work", "Handling", "h", needs.work_h, _HOURS),
        ("duty", "Hours on duty", "h", needs.duty_h, _HOURS),
    ):
        page.heading(word(text), FIXED + 1 + year.count)
        first = page.row
        for q, name in enumerate(needs.queues):
            elastic = f"{told.name}!$D${told.rows[('queue', q)]}"
            cells: list[Any] = []
            for m in count:
                value = float(values[q, m])
                if m < year.closed:
                    cells.append(value)
                elif key in ("contacts", "handled") or (key == "work" and needs.elasticity[q] > 0):
                    cells.append(f"={value!r}*{factor(q, m)}")
                else:
                    cells.append(f"={value!r}*({factor(q, m)})^{elastic}")
            label = named[name].label or name
            page.line((key, q), [label, word(named[name].channel), word(unit)], cells, form)
        if key == "duty":
            for p, name in enumerate(needs.posts):
                cells = [float(needs.post_h[p, m]) for m in count]
                row = named.get(name)
                label = name if row is None else row.label or name
                page.line(("post", p), [label, word("presence"), word("h")], cells, form)
        _sum_row(page, (f"total {key}",), word("Total"), word(unit), first, year.count, form,
                 rows=len(needs.queues))  # fmt: skip


def _sum_row(
    page: Page, key: tuple[Any, ...], text: str, unit: str, first: int, count: int, form: str,
    rows: int,
) -> None:  # fmt: skip
    cells = [
        f"=SUM({page.column(m)}{first}:{page.column(m)}{first + rows - 1})" for m in range(count)
    ]
    page.line(key, [text, "", unit], cells, form, bold=True)


def _allocation(model: Model, budget: Budget, word: Word) -> None:
    page, year = model.allocation, budget.year
    needs, queues = budget.outlook.needs, len(budget.outlook.needs.queues)
    for s, crew in enumerate(budget.outlook.crews):
        page.heading(crew.name, FIXED + year.count)
        for k, name in enumerate((*needs.queues, *needs.posts)):
            asked = needs.duty_h[k] if k < queues else needs.post_h[k - queues]
            cells = []
            for m in range(year.count):
                outlook, at = tables.outlook_of(budget, m)
                if m < year.closed or asked[m] <= 0:
                    cells.append(0.0)
                else:
                    cells.append(float(outlook.hiring.given_h[s, k, at]) / float(asked[m]))
            if any(cells):
                detail = word("presence") if k >= queues else ""
                page.line((s, k), [name, detail, ""], cells, "0.0000", total="")


# People -------------------------------------------------------------------------------------------


def _people(model: Model, budget: Budget, word: Word) -> None:
    for s, crew in enumerate(budget.outlook.crews):
        model.people.heading(f"{crew.name} · {word(crew.row.kind)}", FIXED + 1 + budget.year.count)
        if budget.outlook.problem.staff[s].is_bought:
            _bought_block(model, budget, word, s)
        else:
            _roll_block(model, budget, word, s)
    _people_totals(model, budget, word)


class _Cells:
    """Formulas of a crew's block, with the values of months that are over in their place."""

    def __init__(self, model: Model, budget: Budget, s: int) -> None:
        self.model, self.budget, self.s = model, budget, s
        self.crew = budget.outlook.crews[s]
        self.staff = budget.outlook.problem.staff[s]

    def term(self, key: str) -> str:
        page = self.model.assumptions
        column = get_column_letter(page.rows["column", key])
        return f"{page.name}!${column}${page.rows['term', self.s, key]}"

    def monthly(self, key: str, month: int) -> str:
        return self.model.assumptions.at((key, self.s), month)

    def own(self, key: str, month: int) -> str:
        page = self.model.people
        return f"{page.column(month)}{page.rows[key, self.s]}"

    def cells(self, formula: Any, over: Any) -> list[Any]:
        """A formula for each open month; `over` gives (outlook, number) its value elsewhere."""
        found = []
        for month in range(self.budget.year.count):
            outlook, at = tables.outlook_of(self.budget, month)
            closed = month < self.budget.year.closed
            found.append(float(over(outlook, at)) if closed else formula(month))
        return found

    def needed(self, month: int) -> str:
        """Productive hours needed: allocation times workload."""
        page, work = self.model.allocation, self.model.workload
        queues = len(self.budget.outlook.needs.queues)
        total = queues + len(self.budget.outlook.needs.posts)
        parts = []
        for k in range(total):
            if (self.s, k) in page.rows:
                row = ("duty", k) if k < queues else ("post", k - queues)
                parts.append(f"{page.at((self.s, k), month)}*{work.at(row, month)}")
        return "=" + ("+".join(parts) or "0")

    def most_hours(self, month: int) -> str:
        weeks = self.monthly("weeks", month)
        high = f"{self.term('high')}*{weeks}"
        if self.crew.row.month_hours_max is None:
            return high
        return f"MIN({high},{self.term('month high')})"


def _need_rows(c: _Cells, word: Word) -> None:
    page, s = c.model.people, c.s
    unit = word("h")
    page.line(
        ("needed", s), [word("Productive hours needed"), "", unit],
        c.cells(c.needed, lambda o, m: o.hiring.needed_h[s, m]), _HOURS,
    )  # fmt: skip


def _paid_formula(c: _Cells, month: int, ramp: str) -> str:
    share = (
        f"({c.monthly('attendance', month)}*{c.monthly('pace', month)}/{c.term('inefficiency')})"
    )
    return f"={c.own('needed', month)}/{share}{ramp}"


def _roll_block(model: Model, budget: Budget, word: Word, s: int) -> None:
    c, page, year = _Cells(model, budget, s), model.people, budget.year
    unit, people = word("h"), word("people")
    temporary = c.crew.row.kind == "temporary"
    hiring = budget.outlook.hiring
    _need_rows(c, word)
    first = year.closed

    def planned(values: Any, month: int) -> float:
        outlook, at = tables.outlook_of(budget, month)
        return float(getattr(outlook.hiring, values)[s, at])

    def opening(month: int) -> str:
        return f"={c.term('people')}" if month == first else f"={c.own('roll', month - 1)}"

    count = range(year.count)
    if not temporary:
        part = float(budget.outlook.problem.staff[s].attrition[0])
        whole = c.crew.row.attrition_share
        share = repr(part / whole) if whole else "1"
        # The roll stands below its parts: its row is known beforehand.
        page.rows["roll", s] = page.row + 3
        page.line(
            ("opening", s), [word("People at the beginning"), "", people],
            c.cells(opening, lambda o, m: o.hiring.people[s, m] + o.hiring.leavers[s, m]
                    - o.hiring.hires[s, m]), _PEOPLE, total="",
        )  # fmt: skip
        page.line(
            ("leavers", s), [word("Leavers"), "", people],
            c.cells(lambda m: f"={c.own('opening', m)}*{c.term('attrition')}"
                    + (f"*{share}" if m == first else ""),
                    lambda o, m: o.hiring.leavers[s, m]), _PEOPLE,
        )  # fmt: skip
    page.line(("hires", s), [word("Hires"), word("planned"), people],
              [planned("hires", m) for m in count], "#,##0", inputs=True)  # fmt: skip
    if temporary:
        page.line(("roll", s), [word("On the roll"), word("planned"), people],
                  [planned("people", m) for m in count], _PEOPLE, total="mean",
                  inputs=True)  # fmt: skip
    else:
        page.line(
            ("roll", s), [word("On the roll"), word("at the end"), people],
            c.cells(lambda m: f"={c.own('opening', m)}-{c.own('leavers', m)}+{c.own('hires', m)}",
                    lambda o, m: o.hiring.people[s, m]), _PEOPLE, total="mean", bold=True,
        )  # fmt: skip
    if hiring.classes[s].any():
        page.line(("classes", s), [word("Classes"), word("planned"), ""],
                  [planned("classes", m) for m in count], "#,##0", inputs=True)  # fmt: skip
    page.line(("most", s), [word("Hours a person at most"), "", unit],
              c.cells(lambda m: f"={c.most_hours(m)}", lambda o, m: o.problem.staff[s].hours_max[m]),
              _HOURS)  # fmt: skip
    page.line(("ramp", s), [word("Hours lost to training and ramp"), "", unit],
              c.cells(lambda m: _ramp_formula(c, m, first), lambda o, m: o.hiring.ramp_h[s, m]),
              _HOURS)  # fmt: skip
    page.line(
        ("paid", s), [word("Paid hours needed"), "", unit],
        c.cells(lambda m: _paid_formula(c, m, f"+{c.own('ramp', m)}"),
                lambda o, m: o.hiring.regular_h[s, m] + o.hiring.overtime_h[s, :, m].sum()),
        _HOURS,
    )  # fmt: skip

    def regular(m: int) -> str:
        roll = c.own("roll", m)
        low = f"MIN({c.term('low')}*{c.monthly('weeks', m)},{c.own('most', m)})"
        return f"=MIN({c.own('most', m)}*{roll},MAX({low}*{roll},{c.own('paid', m)}))"

    page.line(("regular", s), [word("Regular hours"), word("paid"), unit],
              c.cells(regular, lambda o, m: o.hiring.regular_h[s, m]), _HOURS, bold=True)  # fmt: skip
    tiers = tiers_of(budget.plan, c.crew.row)
    for k in range(len(tiers)):

        def overtime(m: int, k: int = k) -> str:
            before = "".join(f"-{c.own(f'overtime {j}', m)}" for j in range(k))
            left = f"MAX(0,{c.own('paid', m)}-{c.own('regular', m)}{before})"
            most = f"{c.term(f'tier {k}')}*{c.monthly('weeks', m)}*{c.own('roll', m)}"
            return f"=ROUND(MIN({most},{left}),6)"

        page.line((f"overtime {k}", s), [word("Overtime"), f"× {tiers[k][1]:g}", unit],
                  c.cells(overtime, lambda o, m, k=k: o.hiring.overtime_h[s, k, m]),
                  _HOURS)  # fmt: skip
    extra = [f"overtime {k}" for k in range(len(tiers))]
    _uncovered_row(c, word, extra)


def _ramp_formula(c: _Cells, month: int, first: int) -> str:
    parts = []
    for k in range(len(c.staff.ramp)):
        hired = month - k
        if hired < first or (k and c.crew.row.kind == "temporary"):
            continue
        stays = f"*(1-{c.term('attrition')})^{k}" if k else ""
        parts.append(f"{c.own('hires', hired)}*{c.term(f'ramp {k}')}{stays}*{c.own('most', month)}")
    return "=" + ("+".join(parts) or "0")


def _uncovered_row(c: _Cells, word: Word, extra: list[str]) -> None:
    def uncovered(m: int) -> str:
        given = "".join(f"-{c.own(key, m)}" for key in ("regular", *extra))
        return f"=ROUND(MAX(0,{c.own('paid', m)}{given}),4)"

    c.model.people.line(("uncovered", c.s), [word("Hours that nobody works"), "", word("h")],
                        c.cells(uncovered, lambda o, m: 0.0), _HOURS)  # fmt: skip


def _bought_block(model: Model, budget: Budget, word: Word, s: int) -> None:
    c, page, year = _Cells(model, budget, s), model.people, budget.year
    unit = word("h")
    _need_rows(c, word)

    def weeks(month: int) -> float:
        outlook, at = tables.outlook_of(budget, month)
        return float(outlook.hiring.weeks_bought[s, at])

    page.line(("weeks", s), [word("Weeks bought"), word("planned"), ""],
              [weeks(m) for m in range(year.count)], "#,##0", inputs=True)  # fmt: skip
    page.line(
        ("paid", s), [word("Paid hours needed"), "", unit],
        c.cells(lambda m: _paid_formula(c, m, ""), lambda o, m: o.hiring.regular_h[s, m]), _HOURS,
    )  # fmt: skip

    def bought(m: int) -> str:
        lots = c.own("weeks", m)
        if c.staff.purchase_by_month:
            lots = f"MIN(1,{lots})"
        cap = f"{c.term('most')}*{c.most_hours(m)}"
        return f"=ROUND(MAX({c.term('purchase')}*{lots},MIN({cap},{c.own('paid', m)})),6)"

    page.line(("regular", s), [word("Hours bought"), word("paid"), unit],
              c.cells(bought, lambda o, m: o.hiring.regular_h[s, m]), _HOURS, bold=True)  # fmt: skip
    for k in range(len(c.staff.steps)):

        def beyond(m: int, k: int = k) -> str:
            low = f"{c.term(f'from {k}')}*{c.own('weeks', m)}"
            after = k + 1 < len(c.staff.steps)
            high = f"{c.term(f'from {k + 1}')}*{c.own('weeks', m)}" if after else ""
            hours = f"MIN({c.own('regular', m)},{high})" if after else c.own("regular", m)
            return f"=MAX(0,{hours}-{low})"

        page.line((f"step {k}", s), [word("Hours beyond a price step"), "", unit],
                  c.cells(beyond, lambda o, m: 0.0), _HOURS)  # fmt: skip
    _uncovered_row(c, word, [])


def _people_totals(model: Model, budget: Budget, word: Word) -> None:
    page, year = model.people, budget.year
    page.heading(word("All"), FIXED + 1 + year.count)
    week_hours = tables.fte_week_hours(budget)
    crews = range(len(budget.outlook.crews))

    def gross(m: int) -> str:
        parts = []
        for s in crews:
            weeks = model.assumptions.at(("weeks", s), m)
            paid = f"{page.column(m)}{page.rows['paid', s]}"
            parts.append(f"IF({weeks}>0,{paid}/({week_hours!r}*{weeks}),0)")
        return "=" + "+".join(parts)

    def total(key: str) -> list[str]:
        rows = [page.rows[key, s] for s in crews if (key, s) in page.rows]
        return ["=" + ("+".join(f"{page.column(m)}{r}" for r in rows) or "0")
                for m in range(year.count)]  # fmt: skip

    people = word("people")
    page.line(("gross",), [word("People needed (gross)"), f"{week_hours:g} h", people],
              [gross(m) for m in range(year.count)], _PEOPLE, total="mean", bold=True)  # fmt: skip
    for key, text, form, how in (
        ("roll", "On the roll", _PEOPLE, "mean"), ("hires", "Hires", "#,##0", "sum"),
        ("regular", "Regular and bought hours", _HOURS, "sum"),
        ("uncovered", "Hours that nobody works", _HOURS, "sum"),
    ):  # fmt: skip
        unit = people if key in ("roll", "hires") else word("h")
        page.line((f"all {key}",), [word(text), "", unit], total(key), form, total=how, bold=True)


# Cost ---------------------------------------------------------------------------------------------


def _cost(model: Model, budget: Budget, word: Word) -> None:
    page, year = model.cost, budget.year
    centres = list(dict.fromkeys(crew.row.cost_centre for crew in budget.outlook.crews))
    for centre in centres:
        page.heading(centre or word("no cost centre"), FIXED + 1 + year.count)
        first = page.row
        for s, crew in enumerate(budget.outlook.crews):
            if crew.row.cost_centre == centre:
                _crew_cost(model, budget, word, s)
        actual = [_actual(budget, m, centre) for m in range(year.count)]
        if any(value is not None for value in actual):
            page.line(("actual", centre), [word("Actual"), "", ""],
                      [value or 0.0 for value in actual], _MONEY)  # fmt: skip
        cells = [f"=SUM({page.column(m)}{first}:{page.column(m)}{page.row - 1})"
                 for m in range(year.count)]  # fmt: skip
        page.line(("centre", centre), [word("Total"), centre, ""], cells, _MONEY, bold=True)
    page.heading(word("All"), FIXED + 1 + year.count)
    rows = [page.rows["centre", centre] for centre in centres]
    cells = ["=" + "+".join(f"{page.column(m)}{r}" for r in rows) for m in range(year.count)]
    page.line(("total",), [word("Total cost"), "", ""], cells, _MONEY, bold=True)


def _actual(budget: Budget, month: int, centre: str) -> float | None:
    from scenarios.budget.actuals import COST

    told = budget.actuals.of(COST, budget.year.months[month])
    return tables.cents(told[centre]) if centre in told else None


def _crew_cost(model: Model, budget: Budget, word: Word, s: int) -> None:
    c, page = _Cells(model, budget, s), model.cost
    people, told = model.people, model.assumptions
    crew, row = c.crew, c.crew.row
    tiers = tiers_of(budget.plan, row)
    wages = f"(1+{told.name}!$B${told.rows[('wages',)]})"

    def hours(key: str, m: int) -> str:
        return people.at((key, s), m)

    lines: list[tuple[str, str, str, Any]] = []
    if row.month_salary > 0 and not c.staff.is_bought:
        share = crew.employed
        lines.append(("salary", "", "salary", lambda m: f"{hours('roll', m)}*{c.term('salary')}"
                      f"*{float(share[m])!r}*{wages}"))  # fmt: skip
    elif row.wage_per_hour > 0:
        price = "" if c.staff.is_bought else f"*{wages}"
        lines.append(
            ("wage", "", "wage", lambda m: f"{hours('regular', m)}*{c.term('wage')}{price}")
        )
    extra = [f"overtime {k}" for k in range(len(tiers))]
    if crew.premium.any():

        def premium(m: int) -> str:
            worked = "+".join(hours(key, m) for key in ("regular", *extra))
            return f"({worked})*{c.term('base')}*{c.monthly('premium', m)}*{wages}"

        lines.append(("premium", "", "premium", premium))
    for k, (width, factor) in enumerate(tiers):
        tier = f"{factor:g} × ({width:g} h)"
        lines.append(("overtime", tier, "overtime",
                      lambda m, k=k: f"{hours(f'overtime {k}', m)}*{c.term('base')}"
                      f"*{c.term(f'factor {k}')}*{wages}"))  # fmt: skip
    if c.staff.steps:

        def steps(m: int) -> str:
            full = f"{c.term('wage')}"
            if crew.premium.any():
                full += f"*(1+{c.monthly('premium', m)})"
            return "+".join(f"{hours(f'step {k}', m)}*({c.term(f'price {k}')}-{full})"
                            for k in range(len(c.staff.steps)))  # fmt: skip

        lines.append(("price_step", "", "price_step", steps))
    if crew.leave_h.any():
        lines.append(("paid_leave", "", "paid_leave",
                      lambda m: f"{float(crew.leave_h[m])!r}*{c.term('wage')}*{wages}"))  # fmt: skip
    if row.hire_cost > 0 and not c.staff.is_bought:
        lines.append(("hire", "", "hire", lambda m: f"{hours('hires', m)}*{c.term('hire')}"))
    if budget.outlook.hiring.classes[s].any():
        lines.append(("class", "", "class", lambda m: f"{hours('classes', m)}*{c.term('class')}"))
    uncovered = f"{told.name}!$B${told.rows[('uncovered',)]}"
    lines.append(("uncovered", "", "Hours that nobody works",
                  lambda m: f"{hours('uncovered', m)}*{uncovered}"))  # fmt: skip
    shown = _shown_lines(budget, s)
    for kind, tier, text, formula in lines:
        cells: list[Any] = []
        for m, label in enumerate(budget.year.months):
            if m < budget.year.closed:
                cells.append(shown.get((label, kind, tier), 0.0))
            else:
                cells.append(f"=ROUND({formula(m)},2)")
        name = f"{word(text)} {tier}".strip()
        page.line((kind, s, tier), [crew.name, name, ""], cells, _MONEY)


def _shown_lines(budget: Budget, s: int) -> dict[tuple[str, str, str], float]:
    """Amounts of a crew's lines as they stand in the table, by month, kind and tier."""
    crew = budget.outlook.crews[s]
    mine = budget.lines
    mine = mine[(mine["contract"] == crew.row.contract) & (mine["role"] == crew.role)]
    return {
        (str(r["month"]), str(r["kind"]), str(r["tier"])): float(r["amount"])
        for r in mine.to_dict("records")
    }
