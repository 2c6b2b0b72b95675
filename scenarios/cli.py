"""The command `staffing`. Heavy libraries are imported inside the commands: --help answers at once.

Exit codes: 0 done, 1 targets or rules not met (the plan is written all the same), 2 bad input.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from scenarios import cli_budget, cli_export, cli_index, cli_runs, cli_sweep
from scenarios.command import (
    ABORTED,
    BAD_INPUT,
    OutFile,
    PlanPath,
    console,
    hand_over,
    keep,
    list_lines,
    load_plan,
    run_folder,
    say_error,
    with_scenarios,
)
from scenarios.errors import PlannerError

app = typer.Typer(
    name="staffing",
    help="Staffing and shift scheduling: forecast, people needed, a costed and proven roster.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command; what a planner can put right ends with a message, not a traceback."""
    try:
        app()
    except PlannerError as error:
        say_error(str(error))
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        say_error("Aborted; nothing was written.")
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
    list_lines("Warnings", scenarios.plan.hours_warnings(loaded))
    list_lines("Notices", loaded.notices)
    if defaults:
        list_lines("Defaults used", loaded.defaults)
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

    loaded = load_plan(plan)
    told = demand(loaded).forecast
    table = forecast_table(loaded) if told is None else told.table
    hand_over(table, out)
    print_forecast(table, console())
    if told is None:
        return
    list_lines("Notices", told.notices)
    if out is not None and len(told.outliers):
        hand_over(told.outliers.round(3), out.with_name(f"{out.stem}-outliers.csv"))


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
    found = plan_backtest(load_plan(plan), origins)
    if folder is not None:
        write_backtest(found, folder)
        typer.echo(f"{folder}: errors, intervals, days and pictures", err=True)
    else:
        hand_over(found.errors.round(2), out)
    print_backtest(found.errors, console())


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
    hand_over(found.by_queue, out)
    if out is not None:
        hand_over(found.by_hour, out.with_name(f"{out.stem}-hours.csv"))
    print_frame(found.by_queue, console())
    if len(found.pace):
        typer.echo("Handle time against experienced people without AI:")
        print_frame(found.pace, console())


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
        table = service_price_table(load_plan(plan))
        hand_over(table, out)
        print_frame(table, console())
        return
    table = requirement_table(load_plan(plan))
    hand_over(table, out)
    print_requirement(table, console())


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
    from scenarios.summary import print_summary

    loaded, names = with_scenarios(load_plan(plan), scenario)
    scenario = names[0] if names else "base"
    err = console(stderr=True)
    with (
        run_folder(out, loaded.settings.name, scenario) as folder,
        Stop(err) as stop,
        Terminal(err) as reporter,
    ):
        from scenarios.run import plan_run

        run = plan_run(
            loaded, scenario=scenario, seed=seed, time_limit=time_limit, reporter=reporter,
            stop=stop,
        )  # fmt: skip
        reporter.stage("write")
        keep(run, folder, loaded)
    print_summary(run, console(), folder)
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

    loaded = load_plan(plan)
    err = console(stderr=True)
    with Stop(err) as stop, Terminal(err) as reporter:
        from scenarios.explain import explain as explain_plan

        told = explain_plan(
            loaded, confirm=confirm, time_limit=time_limit, reporter=reporter, stop=stop
        )
    hand_over(told.table, out)
    print_explanation(told, loaded.settings.currency, console())


app.command()(cli_runs.simulate)
app.command()(cli_runs.repair)
app.command()(cli_runs.compare)
app.command()(cli_budget.budget)
app.command(help=cli_sweep.HELP, short_help=cli_sweep.SHORT)(cli_sweep.sweep)
app.command()(cli_export.export)
app.command("import-roster")(cli_runs.import_edited)
app.add_typer(cli_index.app)


if __name__ == "__main__":
    main()
