"""A run on a terminal: what it costs, who works, what service it gives, and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.i18n import translator
from scenarios.runs import Run
from scenarios.wording import NOTHING, Promise, Word, promises, target_text, value_text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

_MOST_LINES = 8


def print_summary(run: Run, console: Console, folder: str | Path | None = None) -> None:
    """Print a run, in its plan's language; reads well in 80 columns and without colours.

    Parameters
    ----------
    run
        A run.
    console
        Where to print.
    folder
        Where its files are, if they are written.
    """
    word = translator(str(run.result.get("language") or "en"))
    _headline(run, console, word)
    _people(run, console, word)
    _service(run, console, word)
    _not_met(run, console, word)
    notes = [str(note) for note in run.result.get("notes") or []]
    if notes:
        _heading(console, word("Notes"))
        for note in notes:
            _item(console, note)
    if folder is not None:
        _heading(console, word("Files"))
        _item(console, f"{folder}/roster.xlsx")
        _item(console, str(folder))


def _headline(run: Run, console: Console, word: Word) -> None:
    from rich.text import Text

    result = run.result
    first, last = run.span
    title = Text(str(result.get("name", "")), style="bold")
    title.append(f"  {first} – {last}", style="dim")
    if result.get("scenario") not in (None, "", "base"):
        title.append(f"  {word('Scenario')}: {result['scenario']}")
    console.print()
    console.print(title)
    good = run.exit_code == 0
    line = Text(f"{word('Cost')} {_money(result.get('cost'))} {result.get('currency', '')}")
    line.stylize("bold green" if good else "bold yellow")
    if result.get("bound") is not None:
        line.append(f" · {word('Lower bound')} {_money(result['bound'])}")
    if result.get("gap") is not None:
        line.append(f" · {word('Gap')} {100 * result['gap']:.1f} %")
    line.append(f" · {word(str(result.get('status', '')))}")
    console.print(line)


def _people(run: Run, console: Console, word: Word) -> None:
    people = run.result.get("people") or []
    if not people:
        return
    _heading(console, word("People and hours"))
    table = _table(word("Contract"), word("Kind"))
    for text in ("Heads", "Hours", "Cost"):
        table.add_column(word(text), justify="right")
    for line in people:
        table.add_row(
            _plain(line.get("contract")),
            word(str(line.get("kind", ""))),
            str(line.get("heads")),
            _money(line.get("hours")),
            _money(line.get("cost")),
        )
    if len(people) > 1:
        sums = [sum(line.get(key) or 0 for line in people) for key in ("heads", "hours", "cost")]
        table.add_section()
        table.add_row(word("Total"), "", str(sums[0]), _money(sums[1]), _money(sums[2]))
    console.print(table)


def _service(run: Run, console: Console, word: Word) -> None:
    found = promises(run.tables["service"])
    if not found:
        return
    _heading(console, word("Service"))
    table = _table(word("Queue"), word("Target"))
    for text in ("Predicted", "Simulated"):
        table.add_column(word(text), justify="right", no_wrap=True)
    table.add_column(f"{word('Worst')} (95 %)", justify="right", no_wrap=True)
    table.add_column(word("Held"), justify="right", no_wrap=True)
    for p in found:
        table.add_row(
            _plain(p.label),
            target_text(p.measure, p.target, p.limit, p.unit, word),
            value_text(p.measure, p.predicted, word),
            value_text(p.measure, p.simulated, word),
            _worst(p, word),
            _held(p, word),
        )
    console.print(table)


def _worst(p: Promise, word: Word) -> str:
    low, high = p.worst["low"], p.worst["high"]
    simulated = value_text(p.measure, p.worst["simulated"], word, unit=False)
    if simulated == NOTHING or low != low or high != high:
        return simulated
    low, high = (value_text(p.measure, value, word, unit=False) for value in (low, high))
    return f"{simulated} ({low}–{high})"


def _held(p: Promise, word: Word) -> str:
    if not p.judged:
        return NOTHING
    mark = "[green]✓[/]" if p.met else "[bold red]✗[/]"
    share = word("{held} of {all}").format(held=p.held, all=p.judged) if p.judged > 1 else ""
    return f"{share} {mark}".strip()


def _not_met(run: Run, console: Console, word: Word) -> None:
    unmet, checks = run.tables["unmet"], run.tables["checks"]
    missed = [p for p in promises(run.tables["service"]) if p.judged and not p.met]
    breaches, wishes = checks[checks["mode"] != "priced"], checks[checks["mode"] == "priced"]
    if run.exit_code == 0:
        console.print()
        console.print(f"✓ {word('All targets and rules are met.')}", style="green")
    elif missed or len(unmet):
        _heading(console, word("Not met"))
        for p in missed:
            wanted = target_text(p.measure, p.target, p.limit, p.unit, word)
            got = value_text(p.measure, p.worst["simulated"], word)
            worst = f"{word('worst')} {word(p.worst['period'])}: {got}"
            _item(console, f"{p.label}: {wanted}; {worst}")
        ranked = unmet.sort_values("cost", ascending=False, kind="stable")
        for line in ranked.head(_MOST_LINES).itertuples(index=False):
            amount = f"{line.amount:,.2f}".rstrip("0").rstrip(".")
            price = f" ({_money(line.cost)})" if line.cost == line.cost and line.cost > 0 else ""
            _item(console, f"{line.key} · {line.where}: {amount} {word(line.unit)}{price}")
        if len(unmet) > _MOST_LINES:
            _item(console, f"+ {len(unmet) - _MOST_LINES} (unmet.csv)")
    _breaches(console, word("Rule breaches"), breaches, word)
    _breaches(console, word("Wishes not granted"), wishes, word)


def _breaches(console: Console, heading: str, checks: pd.DataFrame, word: Word) -> None:
    if checks.empty:
        return
    _heading(console, heading)
    for (rule, mode), rows in checks.groupby(["rule", "mode"], sort=True):
        first = rows.iloc[0]
        where = f"{first['agent']} {_date(first['date'])}".strip()
        _item(console, f"{rule} ({word(mode)}): {len(rows)} × · {where}".rstrip(" ·"))


def _table(*texts: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim"
    )
    for text in texts:
        table.add_column(text)
    return table


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(text, style="bold", highlight=False)


def _item(console: Console, text: str) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console.print(Padding(Text(f"· {text}"), (0, 0, 0, 1)))


def _plain(value: object) -> str:
    from rich.markup import escape

    return escape(str(value))


def _money(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def _date(value: object) -> str:
    return "" if value != value else f"{value:%Y-%m-%d}"
