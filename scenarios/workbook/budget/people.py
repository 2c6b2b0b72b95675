"""The budget workbook's people: roll, ramp, hours and overtime of each contract, as formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl.utils import get_column_letter

from scenarios.budget import tables
from scenarios.budget.staff import tiers_of
from scenarios.wording import Word
from scenarios.workbook.budget.pages import FIXED, HOURS, PEOPLE, Model

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget, Outlook


def add_people(model: Model, budget: Budget, word: Word) -> None:
    """Write a block for each contract in a role, and what all come to."""
    for s, crew in enumerate(budget.outlook.crews):
        model.people.heading(f"{crew.name} · {word(crew.row.kind)}", FIXED + 1 + budget.year.count)
        if budget.outlook.problem.staff[s].is_bought:
            _bought_block(model, budget, word, s)
        else:
            _roll_block(model, budget, word, s)
    _people_totals(model, budget, word)


class Cells:
    """Formulas of a crew's block, with the values of months that are over in their place."""

    def __init__(self, model: Model, budget: Budget, s: int) -> None:
        self.model, self.budget, self.s = model, budget, s
        self.crew = budget.outlook.crews[s]
        self.staff = budget.outlook.problem.staff[s]

    def term(self, key: str) -> str:
        """Cell of a term of the contract."""
        page = self.model.assumptions
        column = get_column_letter(page.rows["crew", self.s])
        return f"{page.name}!${column}${page.rows['term', key]}"

    def monthly(self, key: str, month: int) -> str:
        """Cell of an assumption of a month."""
        return self.model.assumptions.at((key, self.s), month)

    def own(self, key: str, month: int) -> str:
        """Cell of the crew's own block."""
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

    def new(self, month: int) -> str:
        """People who come in a month: hires, and those who are hired already."""
        hires = self.own("hires", month)
        return f"{hires}+{self.own('joins', month)}" if self.crew.joins.any() else hires

    def paid_before(self, outlook: Outlook, month: int) -> float:
        """Paid hours needed in a month that is over."""
        needed = outlook.hiring.needed_h[self.s, month]
        productive = outlook.problem.staff[self.s].productive[month]
        return float(needed / productive + outlook.hiring.ramp_h[self.s, month])

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
        """Hours of a person in a month at most."""
        weeks = self.monthly("weeks", month)
        high = f"{self.term('high')}*{weeks}"
        if self.crew.row.month_hours_max is None:
            return high
        return f"MIN({high},{self.term('month high')})"


def _need_rows(c: Cells, word: Word) -> None:
    page, s = c.model.people, c.s
    unit = word("h")
    page.line(
        ("needed", s), [word("Productive hours needed"), "", unit],
        c.cells(c.needed, lambda o, m: o.hiring.needed_h[s, m]), HOURS,
    )  # fmt: skip


def _paid_formula(c: Cells, month: int, ramp: str) -> str:
    share = (
        f"({c.monthly('attendance', month)}*{c.monthly('pace', month)}/{c.term('inefficiency')})"
    )
    return f"={c.own('needed', month)}/{share}{ramp}"


def _roll_block(model: Model, budget: Budget, word: Word, s: int) -> None:
    c, page, year = Cells(model, budget, s), model.people, budget.year
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
        comes = bool(c.crew.joins.any())
        page.rows["roll", s] = page.row + 3 + comes
        page.line(
            ("opening", s), [word("People at the beginning"), "", people],
            c.cells(opening, lambda o, m: o.hiring.people[s, m] + o.hiring.leavers[s, m]
                    - o.hiring.hires[s, m] - o.problem.staff[s].joins[m]), PEOPLE, total="",
        )  # fmt: skip
        page.line(
            ("leavers", s), [word("Leavers"), "", people],
            c.cells(lambda m: f"={c.own('opening', m)}*{c.term('attrition')}"
                    + (f"*{share}" if m == first else ""),
                    lambda o, m: o.hiring.leavers[s, m]), PEOPLE,
        )  # fmt: skip
        if comes:
            page.line(("joins", s), [word("Hired already, to come"), "", people],
                      [float(c.crew.joins[m]) for m in count], "#,##0", inputs=True)  # fmt: skip
    page.line(("hires", s), [word("Hires"), word("planned"), people],
              [planned("hires", m) for m in count], "#,##0", inputs=True)  # fmt: skip
    if temporary:
        page.line(("roll", s), [word("On the roll"), word("planned"), people],
                  [planned("people", m) for m in count], PEOPLE, total="mean",
                  inputs=True)  # fmt: skip
    else:
        page.line(
            ("roll", s), [word("On the roll"), word("at the end"), people],
            c.cells(lambda m: f"={c.own('opening', m)}-{c.own('leavers', m)}+{c.new(m)}",
                    lambda o, m: o.hiring.people[s, m]), PEOPLE, total="mean", bold=True,
        )  # fmt: skip
    if hiring.classes[s].any():
        page.line(("classes", s), [word("Classes"), word("planned"), ""],
                  [planned("classes", m) for m in count], "#,##0", inputs=True)  # fmt: skip
    page.line(("most", s), [word("Hours a person at most"), "", unit],
              c.cells(lambda m: f"={c.most_hours(m)}",
                      lambda o, m: o.problem.staff[s].hours_max[m]), HOURS, total="")  # fmt: skip
    page.line(("ramp", s), [word("Hours lost to training and ramp"), "", unit],
              c.cells(lambda m: _ramp_formula(c, m, first), lambda o, m: o.hiring.ramp_h[s, m]),
              HOURS)  # fmt: skip
    page.line(
        ("paid", s), [word("Paid hours needed"), "", unit],
        c.cells(lambda m: _paid_formula(c, m, f"+{c.own('ramp', m)}"),
                c.paid_before), HOURS,
    )  # fmt: skip

    def regular(m: int) -> str:
        roll = c.own("roll", m)
        low = f"MIN({c.term('low')}*{c.monthly('weeks', m)},{c.own('most', m)})"
        return f"=MIN({c.own('most', m)}*{roll},MAX({low}*{roll},{c.own('paid', m)}))"

    hours = c.cells(regular, lambda o, m: o.hiring.regular_h[s, m])
    page.line(("regular", s), [word("Regular hours"), word("paid"), unit], hours, HOURS, bold=True)
    tiers = tiers_of(budget.plan, c.crew.row)
    for k in range(len(tiers)):

        def overtime(m: int, k: int = k) -> str:
            before = "".join(f"-{c.own(f'overtime {j}', m)}" for j in range(k))
            left = f"MAX(0,{c.own('paid', m)}-{c.own('regular', m)}{before})"
            most = f"{c.term(f'tier {k}')}*{c.monthly('weeks', m)}*{c.own('roll', m)}"
            return f"=ROUND(MIN({most},{left}),6)"

        page.line((f"overtime {k}", s), [word("Overtime"), f"× {tiers[k][1]:g}", unit],
                  c.cells(overtime, lambda o, m, k=k: o.hiring.overtime_h[s, k, m]),
                  HOURS)  # fmt: skip
    extra = [f"overtime {k}" for k in range(len(tiers))]
    _uncovered_row(c, word, extra)


def _ramp_formula(c: Cells, month: int, first: int) -> str:
    parts = []
    for k in range(len(c.staff.ramp)):
        hired = month - k
        if hired < first or (k and c.crew.row.kind == "temporary"):
            continue
        stays = f"*(1-{c.term('attrition')})^{k}" if k else ""
        parts.append(f"({c.new(hired)})*{c.term(f'ramp {k}')}{stays}*{c.own('most', month)}")
    return "=" + ("+".join(parts) or "0")


def _uncovered_row(c: Cells, word: Word, extra: list[str]) -> None:
    def uncovered(m: int) -> str:
        given = "".join(f"-{c.own(key, m)}" for key in ("regular", *extra))
        return f"=ROUND(MAX(0,{c.own('paid', m)}{given}),4)"

    c.model.people.line(("uncovered", c.s), [word("Hours that nobody works"), "", word("h")],
                        c.cells(uncovered, lambda o, m: 0.0), HOURS)  # fmt: skip


def _bought_block(model: Model, budget: Budget, word: Word, s: int) -> None:
    c, page, year = Cells(model, budget, s), model.people, budget.year
    unit = word("h")
    _need_rows(c, word)

    def weeks(month: int) -> float:
        outlook, at = tables.outlook_of(budget, month)
        return float(outlook.hiring.weeks_bought[s, at])

    page.line(("weeks", s), [word("Weeks bought"), word("planned"), ""],
              [weeks(m) for m in range(year.count)], "#,##0", inputs=True)  # fmt: skip
    page.line(
        ("paid", s), [word("Paid hours needed"), "", unit],
        c.cells(lambda m: _paid_formula(c, m, ""), c.paid_before), HOURS,
    )  # fmt: skip

    def bought(m: int) -> str:
        lots = c.own("weeks", m)
        if c.staff.purchase_by_month:
            lots = f"MIN(1,{lots})"
        cap = f"{c.term('most')}*{c.most_hours(m)}"
        return f"=ROUND(MAX({c.term('purchase')}*{lots},MIN({cap},{c.own('paid', m)})),6)"

    page.line(("regular", s), [word("Hours bought"), word("paid"), unit],
              c.cells(bought, lambda o, m: o.hiring.regular_h[s, m]), HOURS, bold=True)  # fmt: skip
    for k in range(len(c.staff.steps)):

        def beyond(m: int, k: int = k) -> str:
            low = f"{c.term(f'from {k}')}*{c.own('weeks', m)}"
            after = k + 1 < len(c.staff.steps)
            high = f"{c.term(f'from {k + 1}')}*{c.own('weeks', m)}" if after else ""
            hours = f"MIN({c.own('regular', m)},{high})" if after else c.own("regular", m)
            return f"=MAX(0,{hours}-{low})"

        page.line((f"step {k}", s), [word("Hours beyond a price step"), "", unit],
                  c.cells(beyond, lambda o, m: 0.0), HOURS)  # fmt: skip
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

    def full_time(m: int) -> str:
        parts = []
        for s, crew in enumerate(budget.outlook.crews):
            if ("roll", s) in page.rows:
                share = crew.row.week_hours_max / week_hours
                parts.append(f"{page.column(m)}{page.rows['roll', s]}*{share!r}")
        return "=" + ("+".join(parts) or "0")

    people = word("people")
    texts = [word("On the roll, as full-time people"), f"{week_hours:g} h", people]
    page.line(("fte",), texts, [full_time(m) for m in range(year.count)], PEOPLE, total="mean",
              bold=True)  # fmt: skip
    page.line(("gross",), [word("People needed (gross)"), f"{week_hours:g} h", people],
              [gross(m) for m in range(year.count)], PEOPLE, total="mean", bold=True)  # fmt: skip
    for key, text, form, how in (
        ("roll", "On the roll", PEOPLE, "mean"), ("hires", "Hires", "#,##0", "sum"),
        ("regular", "Regular and bought hours", HOURS, "sum"),
        ("uncovered", "Hours that nobody works", HOURS, "sum"),
    ):  # fmt: skip
        unit = people if key in ("roll", "hires") else word("h")
        page.line((f"all {key}",), [word(text), "", unit], total(key), form, total=how, bold=True)
