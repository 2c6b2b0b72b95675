"""A comparison on a terminal: what each scenario costs and gives, what was changed, what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.i18n import translator
from scenarios.wording import NOTHING, Word, promises, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from scenarios.compare import Comparison


def print_comparison(
    comparison: Comparison, console: Console, files: Sequence[str | Path] = ()
) -> None:
    """Print a comparison in its plan's language.

    Parameters
    ----------
    console
        Where to print.
    files
        What was written.
    """
    word = translator(str(comparison.base.result.get("language") or "en"))
    first, last = comparison.base.span
    currency = comparison.base.result.get("currency", "")
    _heading(console, f"{comparison.base.result.get('name', '')}  {first} – {last}  ({currency})")
    console.print(_overview(comparison, word))
    _heading(console, word("Hours by contract"))
    console.print(_hours(comparison, word))
    service = _service(comparison, word)
    if service.row_count:
        _heading(console, word("Service of the worst period, simulated (95 %)"))
        console.print(service)
    for name in comparison.names[1:]:
        _heading(console, f"{word('Scenario')}: {name}")
        lines = comparison.inputs.get(name)
        if lines is None:
            _item(console, word("the run keeps no plan to tell what was changed"))
        for line in lines or ():
            _item(console, line)
        console.print()
        console.print(_bridge(comparison, name, word))
        low, high = (
            comparison.value(name, "cost", f"difference of the optima at {end}")
            for end in ("least", "most")
        )
        if low is not None:
            text = word("Difference of the least possible costs: proved between {low} and {high}")
            console.print(text.format(low=f"{low:+,.0f}", high=f"{high:+,.0f}"), style="dim")
    if files:
        _heading(console, word("Files"))
        for file in files:
            _item(console, str(file))


def _overview(comparison: Comparison, word: Word) -> Table:
    heads = [
        "Cost", "Difference", "Gap", "Heads", "Hours", "Occupancy", "Cost per contact", "Held"
    ]  # fmt: skip
    table = _table(word("Scenario"), *(word(head) for head in heads))
    for name, run in comparison.runs.items():

        def of(section: str, measure: str, name: str = name) -> Any:
            return comparison.value(name, section, measure)

        judged = [p for p in promises(run.tables["service"]) if p.judged]
        held = f"{sum(p.held for p in judged)}/{sum(p.judged for p in judged)}"
        mark = "[green]✓[/]" if run.exit_code == 0 else "[bold red]✗[/]"
        is_base = run is comparison.base
        table.add_row(
            _plain(name),
            _number(of("cost", "cost")),
            "" if is_base else _number(of("cost", "difference"), sign=True),
            _percent(of("cost", "gap")),
            _number(of("people", "heads")),
            _number(of("people", "hours")),
            _percent(of("work", "occupancy")),
            _number(of("cost", "cost per contact"), digits=2),
            f"{held} {mark}",
        )
    return table


def _hours(comparison: Comparison, word: Word) -> Table:
    table = _table(word("Contract"), *map(_plain, comparison.names))
    rows = comparison.measures
    rows = rows[(rows["section"] == "people") & (rows["measure"] == "hours")]
    for row in rows.to_dict("records"):
        last = not row["item"]
        if last:
            table.add_section()
        shown = (_number(row[name]) for name in comparison.names)
        table.add_row(word("Total") if last else _plain(row["item"]), *shown)
    return table


def _service(comparison: Comparison, word: Word) -> Table:
    table = _table(word("Queue"), *map(_plain, comparison.names))
    by_run = []
    for run in comparison.runs.values():
        found: dict[tuple[str, str, int], Any] = {}
        for p in promises(run.tables["service"]):
            number = sum(key[:2] == (p.queue, p.measure) for key in found)
            found[p.queue, p.measure, number] = p
        by_run.append(found)
    for key in dict.fromkeys(key for found in by_run for key in found):
        cells, label = [], ""
        for found in by_run:
            p = found.get(key)
            if p is None:
                cells.append(NOTHING)
                continue
            label = label or p.label
            low, high = p.worst["low"], p.worst["high"]
            seen = p.worst["simulated"]
            text = value_text(p.measure, p.worst["predicted"] if seen != seen else seen, word)
            if low == low and high == high:
                ends = [value_text(p.measure, value, word, unit=False) for value in (low, high)]
                text += f" ({'–'.join(ends)})"
            missed = p.judged and not p.met
            cells.append(f"{text} [bold red]✗[/]" if missed else text)
        table.add_row(_plain(label), *cells)
    return table


def _bridge(comparison: Comparison, name: str, word: Word) -> Table:
    table = _table(word("From base to scenario"), word("Hours"), word("Amount"), word("Total"))
    table.add_column(word("Why"), ratio=1)
    rows = comparison.bridges
    for row in rows[rows["scenario"] == name].to_dict("records"):
        is_end = row["cause"] in ("base", "end")
        if row["cause"] == "end":
            table.add_section()
        cause = {"base": comparison.names[0], "end": name}.get(row["cause"])
        table.add_row(
            _plain(cause) if cause else word(row["cause"]),
            _number(row["hours"], digits=1, sign=True),
            "" if is_end else _number(row["amount"], digits=2, sign=True),
            _number(row["total"], digits=2),
            _plain(row["why"]),
        )
    return table


def _table(first: str, *numbers: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim"
    )
    table.add_column(first)
    for text in numbers:
        table.add_column(text, justify="right")
    return table


def _heading(console: Console, text: str) -> None:
    from rich.text import Text

    console.print()
    console.print(Text(text, style="bold"))


def _item(console: Console, text: str) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(f"· {text}"), (0, 0, 0, 1)))


def _plain(value: object) -> str:
    from rich.markup import escape

    return escape(str(value))


def _number(value: float | None, *, digits: int = 0, sign: bool = False) -> str:
    if value is None or value != value:
        return "" if sign else NOTHING
    return f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f} %"
