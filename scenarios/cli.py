"""The command `staffing`. Heavy libraries are imported inside the commands: --help answers at once.

Exit codes: 0 done, 1 targets or rules not met (the plan is written all the same), 2 bad input.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.errors import PlannerError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from scenarios.plan import Plan

DONE, NOT_MET, BAD_INPUT, ABORTED = 0, 1, 2, 130

app = typer.Typer(
    name="staffing",
    help="Staffing and shift scheduling: forecast, people needed, a costed and proven roster.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

PlanPath = Annotated[Path, typer.Argument(metavar="PLAN", help="Plan: a folder or an .xlsx file.")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="CSV file to write the table to.")
]


def main() -> None:
    """Run the command; what a planner can put right ends with a message, not a traceback."""
    try:
        app()
    except PlannerError as error:
        _say_error(str(error))
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        _say_error("Aborted; nothing was written.")
        sys.exit(ABORTED)


@app.command()
def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Folder to make.", show_default=False)
    ] = None,
    example: Annotated[
        str, typer.Option("--example", metavar="NAME", help="Example to start from.")
    ] = "",
) -> None:
    """Copy a bundled example; alone, list the examples."""
    from scenarios.examples import copy_example, example_names

    if folder is None and not example:
        for name, title in example_names().items():
            typer.echo(f"{name:<20} {title}")
        return
    if folder is None or not example:
        known = ", ".join(example_names())
        msg = f"Say both where and which: staffing init FOLDER --example NAME, one of {known}"
        raise PlannerError(msg)
    copy_example(example, folder)
    typer.echo(f"{folder} holds the example {example}. Next: staffing plan {folder}")


@app.command()
def check(
    plan: PlanPath,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="List every default that was used.")
    ] = False,
) -> None:
    """Read a plan and tell its faults and warnings."""
    import scenarios.plan
    from scenarios.overrides import check_scenarios

    loaded = scenarios.plan.load(plan)
    faults = check_scenarios(loaded)
    if faults:
        raise scenarios.plan.PlanFaults(faults)
    typer.echo(f"{plan}: {loaded.settings.name} can be planned.")
    _list("Warnings", scenarios.plan.hours_warnings(loaded))
    _list("Notices", loaded.notices)
    if defaults:
        _list("Defaults used", loaded.defaults)
    elif loaded.defaults:
        typer.echo(f"Defaults used: {len(loaded.defaults)} (--defaults lists them)")


@app.command()
def forecast(plan: PlanPath, out: OutFile = None) -> None:
    """Forecast contacts by queue and interval.

    --out NAME.csv writes the forecast and, where days of the history count less because they were
    far from what was expected, all of them into NAME-outliers.csv.
    """
    from scenarios.demand import demand
    from scenarios.glance import print_forecast
    from scenarios.run import forecast_table

    loaded = _load(plan)
    told = demand(loaded).forecast
    table = forecast_table(loaded) if told is None else told.table
    _hand_over(table, out)
    print_forecast(table, _console())
    if told is None:
        return
    _list("Notices", told.notices)
    if out is not None and len(told.outliers):
        _hand_over(told.outliers.round(3), out.with_name(f"{out.stem}-outliers.csv"))


@app.command()
def backtest(
    plan: PlanPath,
    out: OutFile = None,
    origins: Annotated[
        int, typer.Option("--origins", metavar="N", min=1, help="Past days to forecast from.")
    ] = 8,
) -> None:
    """Tell how good the forecast would have been: errors and coverage from past days.

    --out NAME.csv writes the errors; --out FOLDER all tables, and pictures by queue.
    """
    from scenarios.backtest import check_folder, plan_backtest, write_backtest
    from scenarios.glance import print_backtest

    folder = out if out is not None and not out.suffix else None
    if folder is not None:
        check_folder(folder)
    found = plan_backtest(_load(plan), origins)
    if folder is not None:
        write_backtest(found, folder)
        typer.echo(f"{folder}: errors, intervals, days and pictures", err=True)
    else:
        _hand_over(found.errors.round(2), out)
    print_backtest(found.errors, _console())


@app.command()
def estimate(
    log: Annotated[
        Path, typer.Argument(metavar="CALLS", help="One contact a row (CSV).", show_default=False)
    ],
    out: OutFile = None,
) -> None:
    """Estimate patience, abandonment, deflection, FCR and handle times from single contacts.

    Columns: queue, arrived, and as far as known answered, ended, outcome (abandoned, self_service,
    bot), customer, contact_type, tenure_months, ai_assisted. --out NAME.csv writes the table, and
    by weekday and hour NAME-hours.csv.
    """
    from scenarios.estimate import estimate_log
    from scenarios.glance import print_frame

    found = estimate_log(log)
    _hand_over(found.by_queue, out)
    if out is not None:
        _hand_over(found.by_hour, out.with_name(f"{out.stem}-hours.csv"))
    print_frame(found.by_queue, _console())
    if len(found.pace):
        typer.echo("Handle time against experienced people without AI:")
        print_frame(found.pace, _console())


@app.command()
def require(
    plan: PlanPath,
    out: OutFile = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Service against people, and the cost of a point.")
    ] = False,
) -> None:
    """Tell how many people each interval needs, and why; or what each point of service costs."""
    from scenarios.glance import print_frame, print_requirement
    from scenarios.run import requirement_table, service_price_table

    if curve:
        table = service_price_table(_load(plan))
        _hand_over(table, out)
        print_frame(table, _console())
        return
    table = requirement_table(_load(plan))
    _hand_over(table, out)
    print_requirement(table, _console())


@app.command("plan")
def plan_command(
    plan: PlanPath,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FOLDER", help="Run folder; runs/PLAN/SCENARIO-TIME if none."
        ),
    ] = None,
    scenario: Annotated[
        str,
        typer.Option("--scenario", metavar="NAME", help="Scenario of the plan, or a .toml file."),
    ] = "base",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Seed, instead of the plan's.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="S", min=1, help="Processor seconds to solve."),
    ] = None,
) -> None:
    """Plan: from history to a costed, simulated roster.

    Ctrl-C keeps the best plan so far; a second one aborts.
    """
    from scenarios.progress import Stop, Terminal
    from scenarios.runs import check_target, file_name, write_run
    from scenarios.summary import print_summary

    loaded, names = _with_scenarios(_load(plan), scenario)
    scenario = names[0] if names else "base"
    folder = out or Path("runs") / file_name(loaded.settings.name) / _run_name(scenario)
    check_target(folder)
    err = _console(stderr=True)
    with Stop(err) as stop, Terminal(err) as reporter:
        from scenarios.run import plan_run

        run = plan_run(
            loaded, scenario=scenario, seed=seed, time_limit=time_limit, reporter=reporter,
            stop=stop,
        )  # fmt: skip
        reporter.stage("write")
        write_run(run, folder, loaded)
    print_summary(run, _console(), folder)
    raise typer.Exit(run.exit_code)


@app.command()
def explain(
    plan: PlanPath,
    out: OutFile = None,
    confirm: Annotated[
        int,
        typer.Option("--confirm", metavar="N", min=0, help="So many are designed whole."),
    ] = 3,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="S", min=1, help="Processor seconds for designs."),
    ] = None,
) -> None:
    """Tell what each target, rule and contract term costs, and what would have to give."""
    from scenarios.glance import print_explanation
    from scenarios.progress import Stop, Terminal

    loaded = _load(plan)
    err = _console(stderr=True)
    with Stop(err) as stop, Terminal(err) as reporter:
        from scenarios.explain import explain as explain_plan

        told = explain_plan(
            loaded, confirm=confirm, time_limit=time_limit, reporter=reporter, stop=stop
        )
    _hand_over(told.table, out)
    print_explanation(told, loaded.settings.currency, _console())


@app.command()
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
    _hand_over(table, out)
    print_frame(table, _console())


@app.command()
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
    from scenarios.runs import check_target, read_run, write_run

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
    write_run(repaired, folder, plan)
    print_repair(repaired, _console(), folder)
    raise typer.Exit(repaired.exit_code)


@app.command()
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
        loaded, names = _with_scenarios(_load(paths[0]), scenarios)
        out = out or Path("runs") / file_name(loaded.settings.name) / _run_name("compare")
        err = _console(stderr=True)
        with Stop(err) as stop, Terminal(err) as reporter:
            comparison = compare_plan(
                loaded, out, names, seed=seed, time_limit=time_limit, reporter=reporter,
                stop=stop, say=reporter.title,
            )  # fmt: skip
    files = [] if out is None else write_tables(comparison, out)
    print_comparison(comparison, _console(), files)
    raise typer.Exit(comparison.exit_code)


@app.command()
def export(
    run: RunPath,
    xlsx: Annotated[Path, typer.Option("--xlsx", metavar="FILE", help="Workbook to write.")],
    lang: Annotated[
        str, typer.Option("--lang", metavar="en|zh", help="Language; the plan's if left out.")
    ] = "",
) -> None:
    """Write a roster as a workbook for team leads."""
    from scenarios.i18n import LANGUAGES
    from scenarios.runs import read_run
    from scenarios.workbook import write_roster

    kept = read_run(run)
    language = lang or str(kept.result.get("language") or "en")
    if language not in LANGUAGES:
        msg = f"--lang is one of {', '.join(LANGUAGES)}, got {lang}"
        raise PlannerError(msg)
    if xlsx.suffix.lower() != ".xlsx":
        msg = f"{xlsx}: a workbook's name ends in .xlsx"
        raise PlannerError(msg)
    _writing(xlsx, lambda path: write_roster(kept, path, language))
    typer.echo(str(xlsx))


@app.command("import-roster")
def import_roster_command(
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
    from scenarios.runs import check_target, file_name, read_run, write_run
    from scenarios.summary import print_summary

    name = file_name(str(read_run(run).result.get("name", "")))
    folder = out or Path("runs") / name / _run_name("edited")
    if folder.exists() and folder.resolve() == run.resolve():
        msg = f"{run} is the run that was edited; give --out another folder"
        raise PlannerError(msg)
    check_target(folder)
    imported = import_roster(run, workbook)
    print_edits(imported, _console())
    if imported.run is None or dry_run:
        raise typer.Exit(NOT_MET if imported.refused else DONE)
    write_run(imported.run, folder, imported.plan)
    print_summary(imported.run, _console(), folder)
    raise typer.Exit(NOT_MET if imported.refused else imported.run.exit_code)


def _with_scenarios(plan: Plan, text: str) -> tuple[Plan, list[str] | None]:
    """Names in a list with commas, those of TOML files added to the plan; None for no list."""
    from scenarios.overrides import is_scenario_file, with_scenario_file

    names = []
    for part in filter(None, map(str.strip, text.split(","))):
        name = part
        if is_scenario_file(part):
            plan, name = with_scenario_file(plan, part)
        names.append(name)
    return plan, names or None


def _load(path: Path) -> Plan:
    import scenarios.plan

    return scenarios.plan.load(path)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _say_error(text: str) -> None:
    typer.echo(text, err=True)


def _list(title: str, lines: Iterable[object]) -> None:
    lines = tuple(lines)
    if lines:
        typer.echo(f"{title}: {len(lines)}")
        for line in lines:
            typer.echo(f"  - {line}")


def _hand_over(table: pd.DataFrame, out: Path | None) -> None:
    """Write a table for those who asked for a file."""
    if out is None:
        return
    if out.suffix.lower() in (".xlsx", ".xls"):
        msg = f"{out}: the table is written as CSV; give a name that ends in .csv"
        raise PlannerError(msg)
    _writing(out, lambda path: table.to_csv(path, index=False))
    typer.echo(f"{out}: {len(table)} rows", err=True)


def _writing(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file whole or not at all; what the system refuses is said without a traceback."""
    partial = path.with_name(f".{path.name}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        partial.replace(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}"
        raise PlannerError(msg) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _run_name(scenario: str) -> str:
    from scenarios.runs import file_name

    return f"{file_name(scenario)}-{dt.datetime.now():%Y%m%d-%H%M%S}"


if __name__ == "__main__":
    main()
