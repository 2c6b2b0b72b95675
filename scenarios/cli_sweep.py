"""The command `staffing sweep`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.command import (
    PlanPath,
    console,
    load_plan,
    run_name,
    runs_root,
    say_error,
    with_scenarios,
)
from scenarios.errors import PlannerError

if TYPE_CHECKING:
    from rich.console import Console

    from scenarios.sweep import Sweep

SHORT = "Plan at many settings: what service costs, which mix, what if more comes."
HELP = """Plan at many settings: what service costs, which mix of contracts, what if more comes.

What varies is said as TABLE.KEY.COLUMN=VALUES, several times for a grid:

\b
  --vary targets.phone.share=0.7:0.95:0.05     what service costs
  --vary contracts.staff.people_min,people_max=2:6
                                               full-time heads; the rest is chosen
  --vary 'queues.*.aht_s*=0.9,1,1.1'           handle times by a factor (+= adds)
  --vary forecast.growth=-10%:20%:5%           volume; any key of plan.toml
  --vary 'targets[queue=phone measure=abandoned].share=3%,5%'
                                               rows by any of their columns
  --vary scenario=base,strike                  scenarios of the plan

Values are a list, or from:to:step with both ends. Each point is a whole run with bound, gap and
simulated service, in a folder below FOLDER/points; all but the first start from the roster of the
nearest that is done. Beside them: sweep.csv (a row a point) and sweep.svg. The same command again
goes on where it was stopped. Ctrl-C finishes what is being planned; a second one aborts.
"""


def sweep(
    plan: PlanPath,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="WHAT=VALUES", help="What varies; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder of the sweep; below runs/ if none."),
    ] = None,
    scenario: Annotated[
        str,
        typer.Option("--scenario", metavar="NAME", help="Scenario that all points are based on."),
    ] = "base",
    one_at_a_time: Annotated[
        bool,
        typer.Option("--one-at-a-time", help="The plan, then each thing alone; no grid."),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, help="Processes; all cores if left out."),
    ] = None,
    backend: Annotated[
        str,
        typer.Option("--backend", metavar="loky|dask://HOST:PORT", help="Processes or a cluster."),
    ] = "loky",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Seed, instead of the plan's.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="S", min=1, help="Processor seconds a point."),
    ] = None,
) -> None:
    """Plan a plan at many settings; `HELP` is what the command says of itself."""
    from scenarios.index import register
    from scenarios.progress import Stop
    from scenarios.runs import file_name
    from scenarios.sweep import sweep as sweep_plan

    loaded, names = with_scenarios(load_plan(plan), scenario)
    if names is not None and len(names) > 1:
        msg = "--scenario is one; --vary scenario=A,B plans several"
        raise PlannerError(msg)
    out = out or runs_root() / file_name(loaded.settings.name) / run_name("sweep")
    with Stop(console(stderr=True)) as stop:
        found = sweep_plan(
            loaded, vary or [], out, scenario=names[0] if names else "base",
            one_at_a_time=one_at_a_time, workers=workers, backend=backend, seed=seed,
            time_limit=time_limit, stop=stop, say=say_error,
            enter=lambda folder: register(folder, say_error),
        )  # fmt: skip
    _print(found, console())
    raise typer.Exit(found.exit_code)


def _print(found: Sweep, console: Console) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim"
    )
    # Columns alone are short enough for a narrow terminal, where they tell things apart.
    short = [one.name.rpartition(".")[2] for one in found.varied]
    is_clear = len(set(short)) == len(short)
    for one, name in zip(found.varied, short, strict=True):
        table.add_column(name if is_clear else one.name, overflow="fold")
    for head in ("Cost", "Bound", "Gap", "Per contact", "Heads", "Hours", "Occ.", "Margin"):
        table.add_column(head, justify="right", no_wrap=True)
    for point, row in zip(found.points, found.table.to_dict("records"), strict=True):
        cells = [Text(value or "as it is") for value in point.values]
        if point.number not in found.runs:
            table.add_row(*cells, Text(str(row["status"]), style="bold red"))
            continue
        margin = row["least_margin"]
        missed = row["exit_code"] != 0
        table.add_row(
            *cells,
            _number(row["cost"]),
            _number(row["bound"]),
            _percent(row["gap"]),
            _number(row["cost_per_contact"], 2),
            _number(row["heads"]),
            _number(row["hours"]),
            _percent(row["occupancy"]),
            Text(_percent(margin), style="bold red" if missed else ""),
        )
    console.print(table)
    console.print(
        "Margin: by how much the worst target is beaten in its worst period, at the unfavourable "
        "end of its 95 % interval; red where a target or a rule is not held.",
        style="dim",
    )
    for note in dict.fromkeys(found.table["note"]):
        if note:
            console.print(Text(f"· {note}"))
    for file in found.files:
        console.print(Text(f"· {file}"))


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None or value != value else f"{value:,.{digits}f}"


def _percent(value: float | None) -> str:
    return "" if value is None or value != value else f"{100 * value:.1f} %"
