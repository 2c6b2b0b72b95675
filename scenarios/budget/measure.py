"""Scheduling inefficiency, measured from a roster: paid hours over the hours that are needed.

What shifts, breaks and whole people cost on top of the hours that the promises ask for, and what
pooling of queues saves. It is one figure for people who share queues, directly or through others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.budget.needs import needs_of
from scenarios.budget.staff import Crew, crews_of, hiring_problem
from scenarios.budget.year import Year
from scenarios.demand import demand, plan_grid
from scenarios.errors import PlannerError
from solver.hiring import scheduling_inefficiency

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.plan import Plan
    from scenarios.progress import Reporter
    from scenarios.runs import Run

#: Columns of the table `inefficiency`.
COLUMNS = ["contract", "role", "needed_hours", "paid_hours", "inefficiency", "source", "note"]
_AT_MINIMUM = 1.02


@dataclass(frozen=True)
class Measured:
    """Inefficiency by contract and role, where it comes from, and the table that shows it.

    `run` and `plan` are the roster that was planned for it, if one was.
    """

    factors: dict[tuple[str, str], float]
    table: pd.DataFrame
    source: str
    notices: tuple[str, ...] = ()
    run: Run | None = field(default=None, compare=False)
    plan: Plan | None = field(default=None, compare=False)


def stated(plan: Plan, factor: float) -> Measured:
    """Take one figure for all: it was not measured, and the table says so."""
    roles = _keys(plan)
    source = "stated with --inefficiency, not measured"
    rows = [(c, r, np.nan, np.nan, factor, source, "") for c, r in roles]
    notice = f"scheduling inefficiency {factor:g} is {source}"
    return Measured(
        dict.fromkeys(roles, factor), pd.DataFrame(rows, columns=COLUMNS), source, (notice,)
    )


def from_run(plan: Plan, folder: Path) -> Measured:
    """Measure a finished run.

    Raises
    ------
    PlannerError
        The folder is no run, keeps no plan, or is a run of other contracts.
    """
    from scenarios.overrides import apply_scenario
    from scenarios.plan import load
    from scenarios.runs import read_run

    run = read_run(folder)
    if not (folder / "plan").is_dir():
        msg = f"{folder} keeps no plan; its hours needed cannot be told: give another run"
        raise PlannerError(msg)
    kept = apply_scenario(load(folder / "plan"), str(run.result.get("scenario") or "base"))
    missing = sorted({c for c, _ in _keys(plan)} - {c for c, _ in _keys(kept)})
    if len(missing) == len({c for c, _ in _keys(plan)}):
        msg = f"{folder} is a run of other contracts than {', '.join(missing)}: give another run"
        raise PlannerError(msg)
    return _measured(plan, kept, run, f"run {folder}")


def from_base_month(
    plan: Plan,
    time_limit: float | None,
    reporter: Reporter,
    stop: Callable[[], bool] | None = None,
) -> Measured:
    """Plan the base weeks first, with nobody's hours at least, and measure that roster."""
    from scenarios.run import plan_run

    free = measuring_plan(plan)
    run = plan_run(free, time_limit=time_limit, reporter=reporter, stop=stop)
    weeks = plan.settings.weeks
    source = (
        f"roster of {weeks} weeks from {plan.settings.start}, planned for this budget without "
        f"hours at least ({run.result['cpu_s']:.0f} processor seconds)"
    )
    return dataclasses.replace(_measured(plan, free, run, source), run=run, plan=free)


def measuring_plan(plan: Plan) -> Plan:
    """The plan with no hours at least, and every hour paid, so that it pays what the work needs."""
    rows = []
    for row in plan.contracts:
        wage = row.wage_per_hour or row.month_salary * 12 / 52 / row.week_hours_max
        update = {"week_hours_min": 0.0, "week_shifts_min": 0, "month_salary": 0.0}
        rows.append(row.model_copy(update=update | {"wage_per_hour": wage}))
    return dataclasses.replace(plan, contracts=tuple(rows))


def _keys(plan: Plan) -> list[tuple[str, str]]:
    keys = [(row.contract, row.role) for row in plan.contracts]
    roles = {row.contract: row.role for row in plan.contracts}
    keys += [(a.contract, a.role or roles[a.contract]) for a in plan.agents]
    return list(dict.fromkeys(keys))


def _measured(plan: Plan, of: Plan, run: Run, source: str) -> Measured:
    """Measure a run of the plan `of` for a budget of `plan`."""
    told = demand(of)
    grid = plan_grid(of)
    span = Year((grid.start, grid.date(grid.days)), grid.start)
    needs = needs_of(of, told, span.month_of_day())
    crews = crews_of(of, told, needs, span)
    problem = hiring_problem(of, needs, crews, span)
    schedule = run.tables["schedule"]
    worked = schedule.groupby(["contract", "role"])["paid_hours"].sum()
    paid = np.array([float(worked.get(crew.key, 0.0)) for crew in crews])
    found = scheduling_inefficiency(problem, paid)
    rows, factors, notices = [], {}, []
    known = np.isfinite(found)
    overall = float(np.average(found[known], weights=paid[known])) if known.any() else 1.0
    for s, crew in enumerate(crews):
        factor, note = float(found[s]), ""
        if not np.isfinite(factor):
            factor = overall
            note = "worked no hours that are asked for: the mean of the others"
        elif _at_minimum(crew, paid[s], run):
            note = "its people are paid their hours at least: may hold hours that nobody needs"
            notices.append(f"{crew.name}: {note}; leave --run out to have it measured without")
        factors[crew.key] = factor
        rows.append((*crew.key, paid[s] / factor, paid[s], round(factor, 6), source, note))
    for key in _keys(plan):
        if key not in factors:
            factors[key] = overall
            rows.append((*key, 0.0, 0.0, round(overall, 6), source, "not in that run: the mean"))
    return Measured(factors, pd.DataFrame(rows, columns=COLUMNS), source, tuple(notices))


def _at_minimum(crew: Crew, paid: float, run: Run) -> bool:
    row = crew.row
    weeks = float(run.result["days"]) / 7
    least = row.week_hours_min * weeks * crew.people - crew.leave_h.sum()
    return bool(row.kind in ("full_time", "part_time") and 0 < paid <= _AT_MINIMUM * least)
