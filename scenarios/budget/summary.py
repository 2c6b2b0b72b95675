"""A budget on a terminal: months, people, money against the budget, and what to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.budget import tables
from scenarios.i18n import translator
from scenarios.wording import Word

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from scenarios.budget.plan import Budget

_MOST_NOTES = 8
_MARKS = {"closed": "*", "part": "+", "open": ""}


def print_budget(budgets: Mapping[str, Budget], console: Console, folder: Path) -> None:
    """Print a budget in its plan's language; reads well without colours."""
    from rich.text import Text

    base = next(iter(budgets.values()))
    settings = base.plan.settings
    word = translator(settings.language)
    hiring, told = base.outlook.hiring, base.chances
    title = Text(f"{settings.name}  {base.year.months[0]} – {base.year.months[-1]}", style="bold")
    if base.scenario != "base":
        title.append(f"  {word('Scenario')}: {base.scenario}")
    console.print()
    console.print(title)
    low, middle, high = told.cost_year
    line = Text(f"{word('Cost')} {base.cost:,.2f} {settings.currency}")
    line.stylize("bold green" if base.exit_code == 0 else "bold yellow")
    line.append(f" · P10 {low:,.0f} · P50 {middle:,.0f} · P90 {high:,.0f}")
    line.append(f" · {word('Gap')} {100 * hiring.gap:.2f} %")
    console.print(line)
    console.print(_months(base, word))
    if base.year.states[0] != "open":
        text = word("* over   + under way: days that have come count as they came")
        console.print(Text(text, style="dim"))
    console.print()
    console.print(_contracts(base, word))
    if base.year.closed:
        found = tables.review(base)
        if len(found):
            console.print()
            console.print(Text(word("Plan against actual"), style="bold"))
            console.print(_review(found, word))
    if len(budgets) > 1:
        console.print()
        console.print(Text(word("Scenarios side by side"), style="bold"))
        for name, one in budgets.items():
            change = "" if one is base else f"  {one.cost - base.cost:+,.2f}"
            console.print(f"  {name}: {one.cost:,.2f}{change}", markup=False)
    source = base.measured.source
    notes = [f"{word('Scheduling inefficiency')}: {source}",
             *(note for note in base.notices if source not in note)]  # fmt: skip
    if base.short_hours > 0:
        worst = base.months.loc[base.months["short_hours"] > 0, "month"]
        notes.insert(0, word("short of people in {months}: {hours} h that nobody works").format(
            months=", ".join(worst), hours=f"{base.short_hours:,.0f}"))  # fmt: skip
    console.print()
    for note in notes[:_MOST_NOTES]:
        console.print(f"  - {note}", markup=False)
    if len(notes) > _MOST_NOTES:
        console.print(f"  - … {len(notes) - _MOST_NOTES} (budget.json)", markup=False)
    console.print(f"\n{folder}/budget.xlsx\n{folder}", markup=False)


def _table(*heads: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="bold")
    for k, head in enumerate(heads):
        table.add_column(head, justify="left" if k == 0 else "right", no_wrap=True)
    return table


def _months(base: Budget, word: Word) -> Table:
    heads = ["Month", "Contacts", "Need", "Roll", "Hires", "Cost", "P10–P90", "Budget",
             "Difference"]  # fmt: skip
    table = _table(*map(word, heads))
    for row in base.months.to_dict("records"):
        budget = row["budget"]
        known = budget == budget
        table.add_row(
            row["month"] + _MARKS[row["state"]],
            f"{row['contacts']:,.0f}",
            f"{row['people_gross']:.1f}",
            f"{row['on_roll_full_time']:.1f}",
            f"{row['hires']:.0f}",
            f"{row['cost']:,.0f}",
            f"{_short(row['cost_p10'])}–{_short(row['cost_p90'])}",
            f"{budget:,.0f}" if known else "",
            f"{row['difference']:+,.0f}" if known else "",
        )
    return table


def _short(amount: float) -> str:
    """An amount in few letters: 122.4k, 3.45M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(amount) >= 10 * size or (size == 1e6 and abs(amount) >= size):
            return f"{amount / size:,.1f}{letter}"
    return f"{amount:,.0f}"


def _contracts(base: Budget, word: Word) -> Table:
    people = tables.hiring(base)
    cost = base.lines.groupby("contract")["amount"].sum()
    table = _table(*map(word, ["Contract", "Kind", "At the end", "Hires", "Hours", "Overtime h",
                               "Cost"]))  # fmt: skip
    last = base.year.months[-1]
    for contract, mine in people.groupby("contract", sort=False):
        table.add_row(
            str(contract),
            word(str(mine["kind"].iloc[0])),
            f"{mine.loc[mine['month'] == last, 'on_roll'].sum():.1f}",
            f"{mine['hires'].sum():.0f}",
            f"{mine['regular_hours'].sum():,.0f}",
            f"{mine['overtime_hours'].sum():,.0f}",
            f"{cost.get(contract, 0.0):,.2f}",
        )
    return table


def _review(found: pd.DataFrame, word: Word) -> Table:
    heads = ["Month", "What", "Planned", "Actual", "Difference"]
    table = _table(*map(word, heads))
    by = found.groupby(["month", "what"], sort=False)[["planned", "actual"]].sum().reset_index()
    for row in by.to_dict("records"):
        what = word(str(row["what"]).capitalize())
        planned, actual = float(row["planned"]), float(row["actual"])
        change = f"{actual - planned:+,.1f}"
        table.add_row(row["month"], what, f"{planned:,.1f}", f"{actual:,.1f}", change)
    return table
