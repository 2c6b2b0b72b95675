"""What really happened in months that are over, as finance hands it in."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.plan.faults import Fault, suggestion
from scenarios.rows import read_rows, refuse

if TYPE_CHECKING:
    from scenarios.plan import Plan

CONTACTS, COST, PEOPLE = "contacts", "cost", "people"
_WHAT = (CONTACTS, COST, PEOPLE)


@dataclass(frozen=True)
class Actuals:
    """Amounts by what, month and name: contacts of a queue, cost of a centre, people of a contract.

    Contacts are counted before self-service, people at the end of the month.
    """

    amounts: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def of(self, what: str, month: str) -> dict[str, float]:
        """Amounts of a month by name."""
        return {n: a for (w, m, n), a in self.amounts.items() if (w, m) == (what, month)}

    @property
    def months(self) -> list[str]:
        """Months of which the cost is known."""
        return sorted({month for what, month, _ in self.amounts if what == COST})


def read_actuals(path: str | Path, plan: Plan, months: tuple[str, ...]) -> Actuals:
    """Read a CSV with `month, what, name, amount`.

    Parameters
    ----------
    months
        Months of the budget.

    Raises
    ------
    PlannerError
        With every fault of the file: unknown months, names and numbers, rows that stand twice,
        months that leave one out before them.
    """
    table, faults = read_rows(path, ("month", "what", "name", "amount"), thing="amount")
    where = Path(path).name
    known = {
        CONTACTS: {row.queue for row in plan.queues},
        COST: {row.cost_centre for row in plan.contracts},
        PEOPLE: {row.contract for row in plan.contracts},
    }
    found: dict[tuple[str, str, str], float] = {}
    rows: dict[str, int] = defaultdict(int)
    for number, row in enumerate(table.to_dict("records"), start=2):

        def fault(column: str, wrong: str, right: str, at: int = number, of: dict = row) -> Fault:
            return Fault(where, at, column, str(of[column]), wrong, right)

        bad = []
        if row["month"] not in months:
            near = f"one of {months[0]} to {months[-1]}"
            bad.append(fault("month", "is no month of this budget", near))
        if row["what"] not in _WHAT:
            bad.append(fault("what", "is nothing that is known", suggestion(row["what"], _WHAT)))
        elif row["name"] not in known[row["what"]]:
            thing = {CONTACTS: "queue", COST: "cost centre", PEOPLE: "contract"}[row["what"]]
            near = suggestion(row["name"], known[row["what"]])
            bad.append(fault("name", f"is no {thing} of the plan", near))
        amount = _number(row["amount"])
        if amount is None:
            bad.append(fault("amount", "is no number from 0 on", "a number such as 1250.5"))
        key = (row["what"], row["month"], row["name"])
        if not bad and key in found:
            bad.append(fault("name", f"is the same as in row {rows[str(key)]}", "one row for each"))
        faults += bad
        if not bad and amount is not None:
            found[key], rows[str(key)] = amount, number
    closed = Actuals(found).months
    if closed and list(months[: len(closed)]) != closed and not faults:
        gap = next(m for m in months if m not in closed)
        faults.append(
            Fault(where, None, "month", wrong=f"has no cost of {gap}, but of later months",
                  right="costs of all months from the budget's first on")
        )  # fmt: skip
    refuse(path, faults, "read as actuals")
    return Actuals(found)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e15 else None
