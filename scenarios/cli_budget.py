"""The command `staffing budget`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.command import PlanPath, console, load_plan, run_name, with_scenarios
from scenarios.errors import PlannerError


def budget(
    plan: PlanPath,
    months: Annotated[
        int, typer.Option("--months", metavar="N", min=1, max=24, help="Months of the budget.")
    ] = 12,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="For tables and budget.xlsx."),
    ] = None,
    begins: Annotated[
        str, typer.Option("--from", metavar="MONTH", help="First month; that of the plan's start.")
    ] = "",
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="RUN", help="Roster to measure the inefficiency from."),
    ] = None,
    inefficiency: Annotated[
        float | None,
        typer.Option(
            "--inefficiency",
            metavar="X",
            min=0.2,
            max=5,
            help="Paid hours over needed hours, instead of measuring it.",
        ),
    ] = None,
    scenarios: Annotated[
        str, typer.Option("--scenarios", metavar="A,B", help="To set beside the base.")
    ] = "",
    actuals: Annotated[
        Path | None,
        typer.Option("--actuals", metavar="FILE", help="CSV: month, what, name, amount."),
    ] = None,
    lang: Annotated[
        str, typer.Option("--lang", metavar="en|zh", help="Of the workbook; the plan's if none.")
    ] = "",
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="S", min=1, help="Processor seconds for a roster."),
    ] = None,
    paths: Annotated[
        int, typer.Option("--paths", metavar="N", min=20, help="Possible years drawn.")
    ] = 400,
) -> None:
    """Plan a year's people, hires and money by month, against the given budget.

    Without --run or --inefficiency a roster of the plan's weeks is planned first, to measure what
    shifts and breaks cost. Months before the plan's start are over: what came replaces forecasts.
    """  # fmt: skip
    from scenarios.budget.actuals import Actuals, read_actuals
    from scenarios.budget.year import year_of
    from scenarios.i18n import LANGUAGES
    from scenarios.runs import file_name

    if lang and lang not in LANGUAGES:
        msg = f"--lang {lang} is not known; right: one of {', '.join(LANGUAGES)}"
        raise PlannerError(msg)
    if run is not None and inefficiency is not None:
        msg = "the inefficiency is either measured from --run or stated with --inefficiency"
        raise PlannerError(msg)
    loaded, names = with_scenarios(load_plan(plan), scenarios)
    out = out or Path("runs") / file_name(loaded.settings.name) / run_name("budget")
    year = year_of(loaded.settings.start, months, begins)
    known = read_actuals(actuals, loaded, year.months) if actuals is not None else Actuals()

    from scenarios.overrides import apply_scenario

    wanted = [name for name in dict.fromkeys(names or ()) if name != "base"]
    for name in wanted:
        apply_scenario(loaded, name)

    from scenarios.budget.measure import from_base_month, from_run, stated
    from scenarios.budget.plan import plan_budget
    from scenarios.budget.summary import print_budget
    from scenarios.budget.write import check_budget_target, write_budget
    from scenarios.progress import Stop, Terminal

    check_budget_target(out)
    err = console(stderr=True)
    with Stop(err) as stop, Terminal(err) as reporter:
        if run is not None:
            measured = from_run(loaded, run)
        elif inefficiency is not None:
            measured = stated(loaded, inefficiency)
        else:
            measured = from_base_month(loaded, time_limit, reporter, stop)
        budgets = {
            name: plan_budget(
                loaded, year, measured, scenario=name, actuals=known, paths=paths,
                cost_paths=max(20, paths // 4), reporter=reporter,
            )
            for name in ("base", *wanted)
        }  # fmt: skip
        reporter.stage("write")
        write_budget(budgets, out, lang)
    print_budget(budgets, console(), out)
    raise typer.Exit(max(one.exit_code for one in budgets.values()))
