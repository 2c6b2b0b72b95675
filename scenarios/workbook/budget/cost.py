"""The budget workbook's cost lines: hours times prices, rounded to cents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenarios.budget import tables
from scenarios.budget.actuals import COST
from scenarios.budget.staff import tiers_of
from scenarios.wording import Word
from scenarios.workbook.budget.pages import FIXED, MONEY, Model
from scenarios.workbook.budget.people import Cells

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget


def add_cost(model: Model, budget: Budget, word: Word) -> None:
    """Write a line for each kind of cost of each contract, sums by cost centre and of all."""
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
                      [value or 0.0 for value in actual], MONEY)  # fmt: skip
        cells = [f"=SUM({page.column(m)}{first}:{page.column(m)}{page.row - 1})"
                 for m in range(year.count)]  # fmt: skip
        page.line(("centre", centre), [word("Total"), centre, ""], cells, MONEY, bold=True)
    page.heading(word("All"), FIXED + 1 + year.count)
    rows = [page.rows["centre", centre] for centre in centres]
    cells = ["=" + "+".join(f"{page.column(m)}{r}" for r in rows) for m in range(year.count)]
    page.line(("total",), [word("Total cost"), "", ""], cells, MONEY, bold=True)


def _actual(budget: Budget, month: int, centre: str) -> float | None:
    told = budget.actuals.of(COST, budget.year.months[month])
    return tables.cents(told[centre]) if centre in told else None


def _crew_cost(model: Model, budget: Budget, word: Word, s: int) -> None:
    c, page = Cells(model, budget, s), model.cost
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
        leave = [repr(float(hours)) for hours in crew.leave_h]
        lines.append(("paid_leave", "", "paid_leave",
                      lambda m: f"{leave[m]}*{c.term('wage')}*{wages}"))  # fmt: skip
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
        page.line((kind, s, tier), [crew.name, name, ""], cells, MONEY)


def _shown_lines(budget: Budget, s: int) -> dict[tuple[str, str, str], float]:
    """Amounts of a crew's lines as they stand in the table, by month, kind and tier."""
    crew = budget.outlook.crews[s]
    mine = budget.lines
    mine = mine[(mine["contract"] == crew.row.contract) & (mine["role"] == crew.role)]
    return {
        (str(r["month"]), str(r["kind"]), str(r["tier"])): float(r["amount"])
        for r in mine.to_dict("records")
    }
