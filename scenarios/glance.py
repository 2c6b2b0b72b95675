"""Tables of a plan at a glance: forecast and requirement by queue, any other as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from rich.console import Console
    from rich.table import Table

    from scenarios.explain import Explanation
    from scenarios.import_roster import Imported
    from scenarios.runs import Run

# Lines of what is missing; savings below this are none.
_MOST_MISSING = 8
_TOLD = 0.5
_MOST_CHANGES = 40
_QUEUES_IN_DETAIL = 3
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


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


def print_backtest(errors: pd.DataFrame, console: Console) -> None:
    """Print the errors in %: by queue and, of few queues, by week ahead and weekday.

    Parameters
    ----------
    errors
        As `forecasts.Backtest` has them.
    console
        Where to print.
    """
    shown = _table(
        "Queue", "", "Error", "By day", "Mean of 8", "Floor", "Bias", "In 80 %", "In 95 %"
    )
    queues = errors["queue"].unique()
    cuts = ("all", "week_ahead", "weekday") if len(queues) <= _QUEUES_IN_DETAIL else ("all",)
    for queue in queues:
        for cut in cuts:
            rows = errors[(errors["queue"] == queue) & (errors["cut"] == cut)]
            if cut == "weekday":
                rows = rows.sort_values("value", key=lambda names: names.map(_WEEKDAYS.index))
            for row in rows.itertuples():
                figures = (row.wape, row.wape_day, row.baseline_wape, row.poisson_floor,
                           row.bias, row.cover_80, row.cover_95)  # fmt: skip
                shown.add_row(
                    _text(queue) if cut == "all" else "",
                    f"week {row.value}" if cut == "week_ahead" else _text(row.value),
                    *("–" if figure != figure else f"{figure:.1f}" for figure in figures),
                )
            shown.add_section()
    console.print(shown)
    console.print(
        "All in %. Error: by interval, the sum of misses over the sum of contacts; mean of 8: that "
        "of the last 8 same weekdays; floor: what a perfect forecast would miss by chance alone; "
        "in 80 %: intervals inside the range of that name."
        + ("" if len(cuts) > 1 else " By week ahead, weekday and hour: --out FOLDER."),
        style="dim",
    )


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
            f"{top['gross']:,.1f}",
            _text(top["reason"]),
        )
    console.print(shown)
    if "notice" not in table:
        return
    told = table[table["notice"].fillna("") != ""]
    for (queue, notice), rows in told.groupby(["queue", "notice"], sort=False):
        console.print(f"{_text(queue)}, {len(rows)} intervals: {_text(notice)}", style="dim")


def print_explanation(told: Explanation, currency: str, console: Console) -> None:
    """Print what is missing in a plan as it stands, and what would have to give, dearest first."""
    if told.base is None:
        console.print("The contracts contradict themselves: no shifts can be designed.")
    else:
        console.print(
            f"Shifts as the plan stands: {told.base.cost:,.0f} {currency}, no less than "
            f"{told.base.bound:,.0f}"
        )
        missing = sorted(told.base.unmet, key=lambda unmet: -unmet.cost)
        for unmet in missing[:_MOST_MISSING]:
            console.print(_text(f" · missing: {unmet.key}, {unmet.where}: {unmet.amount:,.2f} "
                                f"{unmet.unit} (priced {unmet.cost:,.0f})"))  # fmt: skip
        if len(missing) > _MOST_MISSING:
            console.print(f" · and {len(missing) - _MOST_MISSING} more like this")
    shown = _table("What may give", "Saves", "For certain", "Still missing", "How")
    told_rows = told.table[told.table["saves"].abs() > _TOLD]
    for row in told_rows.itertuples(index=False):
        sure = "" if row.low != row.low else f"{row.low:,.0f} to {row.high:,.0f}"
        name = row.key if row.kind != "law" else f"{row.key} (law: may not give)"
        how = "designed anew" if row.solved == "whole" else "month relaxed"
        shown.add_row(_text(name), f"{row.saves:,.0f}", sure, f"{row.missing:,.0f}", how)
    console.print(shown)
    free = len(told.table) - len(told_rows)
    console.print(f"{free} others cost nothing this month.")


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


def print_repair(run: Run, console: Console, folder: Path) -> None:
    """Print what a repair changed: totals, then each call with the next best candidate beside it.

    Parameters
    ----------
    run
        A repaired run.
    folder
        Where it was written.
    """
    told, currency = run.result["repair"], run.result.get("currency", "")
    if told.get("forecast"):
        console.print(
            f"{told['people_changed']} people on {told['days_changed']} days changed from "
            f"{told['first_day']} on; cost {told['cost_change']:+,.2f} {_text(currency)}"
        )
        console.print(f"{_text(folder)}/changes.csv, service.csv, roster.xlsx")
        return
    console.print(
        f"{told['shifts_left']} shifts left, {told['people_called']} people called, "
        f"{told['seats_open']} seats open; cost {told['cost_change']:+,.2f} {_text(currency)}"
    )
    candidates = run.tables["candidates"]
    seats = candidates.groupby(["date", "absent"], sort=False)
    if len(candidates):
        shown = _table("Date", "Shift", "Absent", "Called", "Works", "Money", "Next best")
        for (date, absent), rows in list(seats)[:_MOST_CHANGES]:
            called, others = rows[rows["chosen"]], rows[~rows["chosen"]]
            first = called.iloc[0] if len(called) else None
            shown.add_row(
                _cell(date),
                _text(rows["shift"].iloc[0]),
                _text(absent),
                "–" if first is None else _text(first["name"]),
                "" if first is None else _text(first["works"]),
                "" if first is None else f"{first['money']:,.2f}",
                _text(", ".join(others["name"].head(2))),
            )
        console.print(shown)
    if len(seats) > _MOST_CHANGES:
        console.print(f"and {len(seats) - _MOST_CHANGES} more")
    broken = run.tables["checks"]
    broken = broken[broken["mode"] != "priced"]
    if len(broken):
        rules = ", ".join(f"{rule} {n}" for rule, n in broken["rule"].value_counts().items())
        console.print(f"Rules broken: {_text(rules)}")
    console.print(f"{_text(folder)}/changes.csv, candidates.csv, roster.xlsx")


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
