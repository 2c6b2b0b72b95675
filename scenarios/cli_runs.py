"""Commands on finished runs: simulate, repair, compare, take an edited roster over."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer

from scenarios.command import (
    DONE,
    NOT_MET,
    OutFile,
    RunPath,
    console,
    hand_over,
    keep,
    load_plan,
    run_folder,
    run_name,
    runs_root,
    say_error,
    with_scenarios,
)
from scenarios.errors import PlannerError


def simulate(
    run: RunPath,
    replay: Annotated[
        Path | None,
        typer.Option("--replay", metavar="CALLS", help="Real contacts, one row each (CSV)."),
    ] = None,
    replications: Annotated[
        int, typer.Option("--replications", metavar="N", min=2, help="Simulated months.")
    ] = 200,
    out: OutFile = None,
) -> None:
    """Simulate a roster anew, or replay real contacts."""
    from scenarios.glance import print_frame
    from scenarios.runs import read_run

    read_run(run)
    if replay is not None:
        from scenarios.replay import replay_run

        if not replay.is_file():
            msg = f"{replay} is not a file; --replay wants a CSV with one contact a row"
            raise PlannerError(msg)
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always", UserWarning)
            table = replay_run(run, replay)
        for note in noted:
            typer.echo(f"Note: {note.message}", err=True)
    else:
        from scenarios.run import simulate_run

        table = simulate_run(run, replications)
    hand_over(table, out)
    print_frame(table, console())


def repair(
    run: RunPath,
    absences: Annotated[
        Path | None,
        typer.Option("--absences", metavar="FILE", help="CSV: agent, from, to, kind (or sick)."),
    ] = None,
    forecast: Annotated[
        Path | None,
        typer.Option("--forecast", metavar="FILE", help="CSV: queue, start, volume, aht_s."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="New run's folder; RUN-repaired if none."),
    ] = None,
    change_price: Annotated[
        float | None,
        typer.Option("--change-price", metavar="MONEY", min=0, help="Price of each change."),
    ] = None,
) -> None:
    """Repair a roster: people cannot come, or another volume is expected.

    RUN is only read, and what is past stays. The new run lists every change, and for each seat of
    an absent person everybody who could take it.
    """
    from scenarios.glance import print_repair
    from scenarios.runs import check_target, read_run

    read_run(run)
    file = absences or forecast
    if file is None or (absences and forecast):
        msg = "Say what has changed: either --absences FILE or --forecast FILE"
        raise PlannerError(msg)
    if not file.is_file():
        msg = f"{file} is not a file; a repair wants a CSV of absences or of a forecast"
        raise PlannerError(msg)
    folder = out or run.absolute().with_name(f"{run.absolute().name}-repaired")
    check_target(folder)
    if folder.absolute() == run.absolute():
        msg = f"{folder} is the run itself, which a repair never changes; choose another folder"
        raise PlannerError(msg)
    if absences:
        from scenarios.repair import repair_run

        repaired, plan = repair_run(run, absences, change_price=change_price)
    else:
        from scenarios.reforecast import reforecast_run

        repaired, plan = reforecast_run(run, file, change_price=change_price)
    keep(repaired, folder, plan)
    print_repair(repaired, console(), folder)
    raise typer.Exit(repaired.exit_code)


def compare(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PLAN | RUN RUN...", help="A plan, or finished runs.")
    ],
    scenarios: Annotated[
        str,
        typer.Option("--scenarios", metavar="A,B", help="Names or .toml files; all if left out."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="For tables, workbook and a plan's runs."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Seed, instead of the plan's.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="S", min=1, help="Processor seconds a scenario."),
    ] = None,
) -> None:
    """Compare scenarios of a plan, or finished runs: cost, people, service, and why they differ.

    A plan's scenarios are planned first, each into a run folder; those that are there already are
    used. Of runs, the first is what the others are compared with.
    """
    from scenarios.compare import compare_plan, compare_runs, write_tables
    from scenarios.compare_summary import print_comparison
    from scenarios.index import register
    from scenarios.progress import Stop, Terminal
    from scenarios.runs import file_name

    if all((path / "result.json").is_file() for path in paths):
        if scenarios or seed is not None or time_limit is not None:
            msg = "--scenarios, --seed and --time-limit are for a plan; these are finished runs"
            raise PlannerError(msg)
        comparison = compare_runs(paths)
    elif len(paths) > 1:
        missing = next(path for path in paths if not (path / "result.json").is_file())
        msg = f"{missing} is no run; give one plan, or runs alone"
        raise PlannerError(msg)
    else:
        loaded, names = with_scenarios(load_plan(paths[0]), scenarios)
        out = out or runs_root() / file_name(loaded.settings.name) / run_name("compare")
        err = console(stderr=True)
        with Stop(err) as stop, Terminal(err) as reporter:
            comparison = compare_plan(
                loaded, out, names, seed=seed, time_limit=time_limit, reporter=reporter,
                stop=stop, say=reporter.title,
            )  # fmt: skip
        for file in out.glob("*/result.json"):
            register(file.parent, say_error)
    files = [] if out is None else write_tables(comparison, out)
    print_comparison(comparison, console(), files)
    raise typer.Exit(comparison.exit_code)


def import_edited(
    run: RunPath,
    workbook: Annotated[Path, typer.Argument(metavar="FILE", help="The edited roster.xlsx.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="New run; below runs/ if left out."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be taken over; write nothing.")
    ] = False,
) -> None:
    """Take an edited roster workbook over: legal changes are pinned, the rest is refused.

    Nothing else moves. The roster is simulated, checked and judged anew, and written as a new run.
    """
    from scenarios.glance import print_edits
    from scenarios.import_roster import import_roster
    from scenarios.runs import read_run
    from scenarios.summary import print_summary

    name = str(read_run(run).result.get("name", ""))
    if out is not None and out.exists() and out.resolve() == run.resolve():
        msg = f"{run} is the run that was edited; give --out another folder"
        raise PlannerError(msg)
    with run_folder(out, name, "edited") as folder:
        imported = import_roster(run, workbook)
        print_edits(imported, console())
        if imported.run is None or dry_run:
            raise typer.Exit(NOT_MET if imported.refused else DONE)
        keep(imported.run, folder, imported.plan)
        print_summary(imported.run, console(), folder)
    raise typer.Exit(NOT_MET if imported.refused else imported.run.exit_code)
