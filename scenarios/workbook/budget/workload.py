"""The budget workbook's workload by queue, and which contract takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenarios.budget import tables
from scenarios.wording import Word
from scenarios.workbook.budget.pages import FIXED, HOURS, Model, Page

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget


def add_workload(model: Model, budget: Budget, word: Word) -> None:
    """Write contacts, handling and hours on duty by queue, each with the growth assumed."""
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
        ("work", "Handling", "h", needs.work_h, HOURS),
        ("duty", "Hours on duty", "h", needs.duty_h, HOURS),
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


def add_allocation(model: Model, budget: Budget, word: Word) -> None:
    """Write how many productive hours each contract gives for an hour that a queue asks for."""
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
