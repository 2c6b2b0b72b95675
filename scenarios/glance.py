"""Tables of a plan at a glance: forecast and requirement by queue, any other as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from scenarios.import_roster import Imported


def print_forecast(table: pd.DataFrame, console: Console) -> None:
    """Print a forecast by queue: contacts a week, the busiest day, the busiest interval's range.

    Parameters
    ----------
    table
        queue, start, volume, aht_s and quantiles, as `forecasts.forecast` answers.
    console
        Where to print.
    """
    shown = _table(
        "Queue", "Contacts a week", "Busiest day", "Busiest interval", "80 % range", "AHT"
    )
    for queue, rows in table.groupby("queue", sort=False):
        days = rows.groupby(rows["start"].dt.normalize())["volume"].sum()
        weeks = ((days.index.max() - days.index.min()).days + 1) / 7
        top = rows.loc[rows["volume"].idxmax()]
        low, high = top.get("q0.1"), top.get("q0.9")
        shown.add_row(
            _text(queue),
            f"{rows['volume'].sum() / weeks:,.0f}",
            f"{days.idxmax():%Y-%m-%d}: {days.max():,.0f}",
            f"{top['start']:%m-%d %H:%M}: {top['volume']:,.1f}",
            "" if low is None or high is None else f"{low:,.0f}–{high:,.0f}",
            "" if top["aht_s"] != top["aht_s"] else f"{_mean_aht(rows):,.0f} s",
        )
    console.print(shown)


def print_requirement(table: pd.DataFrame, console: Console) -> None:
    """Print the people needed by queue: hours a week, the busiest interval and its reason.

    Parameters
    ----------
    table
        The requirement table of a run.
    console
        Where to print.
    """
    shown = _table("Queue", "Hours a week", "Peak", "Offered", "Needed", "Gross", "Why")
    for queue, rows in table.groupby("queue", sort=False):
        starts = rows["start"]
        steps = starts.drop_duplicates().sort_values().diff().dropna()
        hours = steps.min().total_seconds() / 3600 if len(steps) else 1.0
        weeks = ((starts.max().normalize() - starts.min().normalize()).days + 1) / 7
        known = rows["gross"].dropna()
        if known.empty:
            continue
        top = rows.loc[known.astype(float).idxmax()]
        shown.add_row(
            _text(queue),
            f"{known.sum() * hours / weeks:,.0f}",
            f"{top['start']:%m-%d %H:%M}",
            f"{top['offered']:,.1f}",
            f"{top['needed']:,}",
            f"{top['gross']:,}",
            _text(top["reason"]),
        )
    console.print(shown)


def print_edits(imported: Imported, console: Console) -> None:
    """Print every changed cell of a workbook and what became of it."""
    if not imported.outcomes:
        console.print("No cell of a person's day was changed.")
        return
    shown = _table("Cell", "Who", "Date", "Before", "After", "Result")
    for outcome in imported.outcomes:
        edit = outcome.edit
        why = _text(outcome.became)
        if outcome.refused:
            why = f"[bold red]refused:[/] {_text(outcome.refused)}"
        cells = (edit.place, edit.name, f"{edit.date:%Y-%m-%d}", edit.before, edit.after)
        shown.add_row(*(_text(cell or "–") for cell in cells), why)
    console.print(shown)
    taken = len(imported.outcomes) - imported.refused
    console.print(
        f"{len(imported.outcomes)} changes: {taken} taken over, {imported.refused} refused"
    )


def print_frame(table: pd.DataFrame, console: Console) -> None:
    """Print a table as it is: shares and figures with three digits, times to the minute."""
    from pandas.api.types import is_numeric_dtype

    shown = _table()
    for column in table.columns:
        right = is_numeric_dtype(table[column].dtype)
        shown.add_column(_text(column), justify="right" if right else "left")
    for row in table.itertuples(index=False, name=None):
        shown.add_row(*(_cell(value) for value in row))
    console.print(shown)


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim"
    )
    for k, column in enumerate(columns):
        left = k == 0 or column in ("Why", "Who", "Result")
        table.add_column(column, justify="left" if left else "right")
    return table


def _mean_aht(rows: pd.DataFrame) -> float:
    volume = rows["volume"].sum()
    return float((rows["aht_s"] * rows["volume"]).sum() / volume) if volume else 0.0


def _cell(value: object) -> str:
    import pandas as pd

    if pd.isna(value):
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value == value.normalize() else f"{value:%Y-%m-%d %H:%M}"
    return _text(value)


def _text(value: object) -> str:
    from rich.markup import escape

    return escape(str(value))
