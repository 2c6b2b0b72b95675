"""What the budget workbook rests on: growth, wages, contracts' terms, and their months."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.budget.staff import tiers_of
from scenarios.wording import Word
from scenarios.workbook import book as bk
from scenarios.workbook.budget.pages import (
    FACTOR,
    FIXED,
    HOURS,
    INPUT,
    MONEY,
    PEOPLE,
    SHARE,
    Model,
    Page,
)

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget


def add_assumptions(model: Model, budget: Budget, word: Word) -> None:
    """Write what the other sheets refer to: all of it may be changed there."""
    page, year = model.assumptions, budget.year
    book, sheet = page.book, page.sheet
    page.row = 4

    def scalar(key: str, text: str, value: float, form: str) -> None:
        book.put(sheet.cell(page.row, 1), word(text), box=True)
        book.put(sheet.cell(page.row, 2), value, number_format=form, fill=INPUT, box=True)
        page.rows[key,] = page.row
        page.row += 1

    scalar("growth", "Growth of contacts beyond the forecast", 0.0, SHARE)
    scalar("wages", "Change of wages and salaries", 0.0, SHARE)
    dearest = max(_uncovered_price(budget, s) for s in range(len(budget.outlook.crews)))
    scalar("uncovered", "Price of an hour that these people cannot work", dearest, MONEY)
    _queue_terms(page, budget, word)
    _crew_terms(page, budget, word)
    page.row += 1
    heads = [word("By month"), word("Detail"), word("Unit"), *year.months]
    book.head(sheet, page.row, heads, FIXED)
    page.row += 1
    count = range(year.count)
    page.line(("month growth",), [word("Growth of contacts"), "", ""], [0.0 for _ in count],
              SHARE, total="", inputs=True)  # fmt: skip
    for s, crew in enumerate(budget.outlook.crews):
        for key, text, values, form in (
            ("weeks", "Weeks that can be worked", crew.weeks, PEOPLE),
            ("attendance", "Attendance (1 − shrinkage)", crew.attendance, SHARE),
            ("pace", "Pace of those there at the start", crew.pace, FACTOR),
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
        values = [(0.0, SHARE), (float(budget.outlook.needs.elasticity[q]), '0.000"%"')]
        for c, (value, form) in enumerate(values, start=3):
            page.book.put(page.sheet.cell(page.row, c), value, number_format=form, fill=INPUT,
                          box=True)  # fmt: skip
    page.row += 1


def _uncovered_price(budget: Budget, s: int) -> float:
    staff = budget.outlook.problem.staff[s]
    prices = [float(staff.price.max(initial=0.0)), budget.outlook.crews[s].hourly_base]
    return max(prices + [float(tier.price.max(initial=0.0)) for tier in staff.overtime])


def _crew_terms(page: Page, budget: Budget, word: Word) -> None:
    """One column a crew with its terms, a row each; empty where a term does not apply."""
    page.row += 1
    crews = budget.outlook.crews
    tiers = max((len(tiers_of(budget.plan, crew.row)) for crew in crews), default=0)
    steps = max((len(s.steps) for s in budget.outlook.problem.staff), default=0)
    ramps = max((len(s.ramp) for s in budget.outlook.problem.staff), default=0)
    terms = [
        ("wage", "Wage an hour", MONEY), ("salary", "Salary a month", MONEY),
        ("base", "Pay of an hour for premiums", MONEY), ("people", "People at the start", PEOPLE),
        ("attrition", "Leave in a month", SHARE), ("hire", "Cost of a hire", MONEY),
        ("class", "Cost of a class", MONEY), ("low", "Hours a week at least", HOURS),
        ("high", "Hours a week at most", HOURS), ("month high", "Hours a month at most", HOURS),
        ("inefficiency", "Scheduling inefficiency", FACTOR),
        ("most", "People at most", PEOPLE), ("purchase", "Least purchase, hours", HOURS),
    ]  # fmt: skip
    for k in range(tiers):
        terms += [(f"tier {k}", "Overtime a week, hours", HOURS),
                  (f"factor {k}", "Overtime pay", PEOPLE)]  # fmt: skip
    for k in range(steps):
        terms += [(f"from {k}", "Price step from hours a week", HOURS),
                  (f"price {k}", "Price from there on", MONEY)]  # fmt: skip
    terms += [(f"ramp {k}", "Ramp: hours lost", SHARE) for k in range(ramps)]
    names = [crew.name for crew in crews]
    page.book.head(page.sheet, page.row, [word("Contract"), word("Detail"), *names], 2)
    page.sheet.row_dimensions[page.row].height = 32
    values = [_terms(budget, s) for s in range(len(crews))]
    for s in range(len(crews)):
        page.rows["crew", s] = 3 + s
    for key, text, form in terms:
        if not any(key in one for one in values):
            continue
        page.row += 1
        page.rows["term", key] = page.row
        detail = ""
        if key.startswith("ramp"):
            detail = word("month {number} after hiring").format(number=int(key[5:]) + 1)
        for c, shown in enumerate((word(text), detail), start=1):
            page.book.put(page.sheet.cell(page.row, c), shown, box=True)
        for s, one in enumerate(values):
            known = one.get(key)
            page.book.put(page.sheet.cell(page.row, 3 + s), known, number_format=form, box=True,
                          fill="" if known is None else INPUT)  # fmt: skip
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
