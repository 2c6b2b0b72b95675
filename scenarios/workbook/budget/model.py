"""The budget workbook's live model: assumptions, workload, people and cost, a column a month.

Every figure of a month that is not over is a formula that leads back to the sheet of assumptions.
As the workbook opens, the formulas give the plan that was optimised; hires, temporary people and
weeks of outsourcing stay as planned when an assumption is changed, hours follow. Hours that these
people cannot work are counted and priced on a line of their own: then the plan is to be made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.wording import Word
from scenarios.workbook import book as bk
from scenarios.workbook.budget.assumptions import add_assumptions
from scenarios.workbook.budget.cost import add_cost
from scenarios.workbook.budget.pages import FIRST_ROW, FIXED, Model, Page
from scenarios.workbook.budget.people import add_people
from scenarios.workbook.budget.workload import add_allocation, add_workload

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget


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
    add_assumptions(model, budget, word)
    for name, page in zip(tabs[1:], pages[1:], strict=True):
        _month_heads(page, budget, word, total=name != "Allocation")
    add_workload(model, budget, word)
    add_allocation(model, budget, word)
    add_people(model, budget, word)
    add_cost(model, budget, word)
    widths = [30.0, 30.0, 12.0, *([11.5] * budget.year.count), 13.0]
    for page in pages[1:]:
        bk.fit_columns(page.sheet, widths)
        page.sheet.freeze_panes = page.sheet.cell(FIRST_ROW, FIXED + 1)
        bk.print_landscape(page.sheet, rows="4:4", cols="A:C")
    return model


def _month_heads(page: Page, budget: Budget, word: Word, *, total: bool) -> None:
    heads = [word("Item"), word("Detail"), word("Unit"), *budget.year.months]
    page.book.head(page.sheet, FIRST_ROW - 1, [*heads, *([word("Total")] if total else [])], FIXED)
