"""Commands on the runs that are kept: list, find, show, compare, remove, rebuild."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.command import DONE, OutFile, console, hand_over, load_plan, say_error
from scenarios.errors import PlannerError

if TYPE_CHECKING:
    from scenarios.index import RunIndex
    from scenarios.index_database import Entry

app = typer.Typer(
    name="runs",
    help=(
        "List, find, show, compare and remove the runs that are kept. RUN is the folder of a run "
        "or the first digits of its id."
    ),
    no_args_is_help=True,
    rich_markup_mode=None,
)

Folder = Annotated[
    Path,
    typer.Option("--runs", metavar="FOLDER", envvar="STAFFING_RUNS", help="Folder of runs."),
]
Url = Annotated[
    str,
    typer.Option(
        "--url", metavar="URL", envvar="STAFFING_RUNS_URL",
        help="A team's index, postgresql://host/base; beside the runs if left out.",
        show_default=False, show_envvar=True,
    ),
]  # fmt: skip
Names = Annotated[list[str], typer.Argument(metavar="RUN...", help="Folder or id of a run.")]
OfPlan = Annotated[str, typer.Option("--plan", metavar="TEXT", help="Part of the plan's name.")]
OfScenario = Annotated[str, typer.Option("--scenario", metavar="NAME", help="Scenario.")]
OfStatus = Annotated[
    str, typer.Option("--status", metavar="WORD", help="optimal, feasible, unmet or stopped.")
]
Since = Annotated[str, typer.Option("--since", metavar="DATE", help="Planned that day or later.")]
Before = Annotated[str, typer.Option("--before", metavar="DATE", help="Planned before that day.")]

_HERE = Path("runs")
_STATUSES = ("optimal", "feasible", "unmet", "stopped")


@app.command("list")
def list_runs(
    runs: Folder = _HERE,
    url: Url = "",
    plan: OfPlan = "",
    scenario: OfScenario = "",
    status: OfStatus = "",
    since: Since = "",
    before: Before = "",
    out: OutFile = None,
) -> None:
    """List runs, the latest first; --out writes all that is known of them."""
    index = _index(runs, url)
    found = _chosen(index, plan, scenario, status, since, before)
    _hand_over(found, out)
    _print(index, found)


@app.command()
def find(
    text: Annotated[
        str,
        typer.Argument(metavar="[TEXT]", help="In name, scenario, folder, id or inputs' hash."),
    ] = "",
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="PLAN", help="Made from exactly this plan as it is now."),
    ] = None,
    scenario: Annotated[
        str, typer.Option("--scenario", metavar="NAME", help="With --inputs: under it.")
    ] = "base",
    runs: Folder = _HERE,
    url: Url = "",
    out: OutFile = None,
) -> None:
    """Find runs by a word, or those of the very inputs that a plan has now."""
    if not text and inputs is None:
        msg = "say what to find: a word, or --inputs PLAN"
        raise PlannerError(msg)
    index = _index(runs, url)
    found = index.entries()
    if text:
        word = text.casefold()
        found = [
            one
            for one in found
            if any(
                word in value.casefold()
                for value in (one.plan, one.scenario, one.folder, one.machine, one.inputs_hash)
            )
            or one.id.startswith(word)
        ]
    if inputs is not None:
        from scenarios.overrides import apply_scenario
        from scenarios.run import inputs_hash

        wanted = inputs_hash(apply_scenario(load_plan(inputs), scenario))
        found = [one for one in found if one.inputs_hash == wanted]
    _hand_over(found, out)
    _print(index, found)


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Folder or id of a run.")],
    runs: Folder = _HERE,
    url: Url = "",
) -> None:
    """Show a run: its inputs' hash, seed and versions, then its summary."""
    from scenarios.runs import read_run
    from scenarios.summary import print_summary

    index = _index(runs, url)
    entry = index.find(run)
    place = f"{entry.machine}:{entry.folder}" if entry.machine else str(_path(index, entry))
    typer.echo(f"{entry.id}  {place}")
    typer.echo(f"planned {entry.planned}  seed {entry.seed}  inputs {entry.inputs_hash}")
    typer.echo(f"versions {entry.versions}")
    if index.is_here(entry):
        print_summary(read_run(index.path(entry)), console(), _path(index, entry))


@app.command()
def compare(names: Names, runs: Folder = _HERE, url: Url = "") -> None:
    """Compare kept runs; the first is what the others are held against."""
    from scenarios.compare import compare_runs
    from scenarios.compare_summary import print_comparison

    index = _index(runs, url)
    comparison = compare_runs([_folder(index, index.find(name)) for name in names])
    print_comparison(comparison, console())
    raise typer.Exit(comparison.exit_code)


@app.command()
def remove(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Folder or id of a run.")
    ] = None,
    runs: Folder = _HERE,
    url: Url = "",
    plan: OfPlan = "",
    scenario: OfScenario = "",
    status: OfStatus = "",
    since: Since = "",
    before: Before = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove runs, folders and all: those named, or all that the options choose."""
    index = _index(runs, url)
    is_chosen = any((plan, scenario, status, since, before))
    if bool(names) == is_chosen:
        msg = "say which: runs by folder or id, or options that choose them, not both"
        raise PlannerError(msg)
    if names:
        found = list(dict.fromkeys(index.find(name) for name in names))
    else:
        found = [
            one
            for one in _chosen(index, plan, scenario, status, since, before)
            if index.is_here(one)
        ]
    _print(index, found)
    if not found:
        return
    if not yes and not typer.confirm(f"Remove {len(found)} with all that is in their folders?"):
        typer.echo("Nothing was removed.")
        return
    for entry in found:
        index.remove(entry)
    typer.echo(f"Removed: {len(found)}")


@app.command()
def rebuild(runs: Folder = _HERE, url: Url = "") -> None:
    """Make the index anew from the folders of runs."""
    index = _index(runs, url)
    number = index.rebuild()
    _tell_unreadable(index)
    typer.echo(f"{index.where}: {number} runs")


def _index(runs: Path, url: str) -> RunIndex:
    from scenarios.index import RunIndex

    if not url and not runs.is_dir():
        msg = f"{runs} is no folder of runs; `staffing plan PLAN` makes the first, --runs names one"
        raise PlannerError(msg)
    return RunIndex(runs, url)


def _chosen(
    index: RunIndex, plan: str, scenario: str, status: str, since: str, before: str
) -> list[Entry]:
    if status and status not in _STATUSES:
        msg = f"--status is one of {', '.join(_STATUSES)}, got {status}"
        raise PlannerError(msg)
    first, last = _day("--since", since), _day("--before", before)
    return [
        one
        for one in index.entries()
        if plan.casefold() in one.plan.casefold()
        and (not scenario or one.scenario == scenario)
        and (not status or one.status == status)
        and (not first or one.planned >= first)
        and (not last or one.planned < last)
    ]


def _day(option: str, text: str) -> str:
    """Midnight here of a day, as the index writes times."""
    import datetime as dt

    if not text:
        return ""
    try:
        midnight = dt.datetime.combine(dt.date.fromisoformat(text), dt.time()).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        msg = f"{option} is a date such as 2026-12-07, got {text}"
        raise PlannerError(msg) from error
    return f"{midnight:%Y-%m-%dT%H:%M:%SZ}"


def _path(index: RunIndex, entry: Entry) -> Path:
    """Folder of a run as it is seen from here."""
    path = index.path(entry)
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _folder(index: RunIndex, entry: Entry) -> Path:
    if not index.is_here(entry):
        msg = f"{entry.id} lies on {entry.machine} in {entry.folder}: compare it there"
        raise PlannerError(msg)
    return _path(index, entry)


def _hand_over(found: list[Entry], out: Path | None) -> None:
    if out is None:
        return
    import dataclasses

    import pandas as pd

    from scenarios.index_database import Entry

    columns = [one.name for one in dataclasses.fields(Entry)]
    hand_over(pd.DataFrame([dataclasses.asdict(one) for one in found], columns=columns), out)


def _tell_unreadable(index: RunIndex) -> None:
    for text in index.unreadable:
        say_error(text)


def _print(index: RunIndex, found: Iterable[Entry]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    found = list(found)
    _tell_unreadable(index)
    if not found:
        typer.echo(f"No such run in {index.where}")
        raise typer.Exit(DONE)
    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim"
    )
    for head in ("Run", "Planned", "Scenario", "Status", "Cost", "Gap", "Heads", "Hours"):
        is_number = head in ("Cost", "Gap", "Heads", "Hours")
        table.add_column(head, justify="right" if is_number else "left", no_wrap=is_number)
    table.add_column("Folder", overflow="fold", ratio=1)
    for one in found:
        table.add_row(
            one.id[:8],
            _local(one.planned),
            Text(one.scenario),
            Text(one.status, style="" if one.held else "bold red"),
            "" if one.cost is None else f"{one.cost:,.0f}",
            "" if one.gap is None else f"{100 * one.gap:.1f} %",
            "" if one.heads is None else str(one.heads),
            "" if one.hours is None else f"{one.hours:,.0f}",
            Text(f"{one.machine}:{one.folder}" if one.machine else one.folder),
        )
    console().print(table)


def _local(planned: str) -> str:
    """Time of an entry on the clock here."""
    import datetime as dt

    try:
        return f"{dt.datetime.fromisoformat(planned).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return planned
