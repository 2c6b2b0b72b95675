"""A finished roster planned anew for a new forecast: the past stays, each change has a price."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.build import build_problem
from scenarios.demand import Demand, demand
from scenarios.errors import PlannerError
from scenarios.overrides import apply_scenario
from scenarios.plan import load
from scenarios.plan.faults import Fault, suggestion
from scenarios.progress import Reporter, Silent
from scenarios.repair import CHANGES, default_change_price
from scenarios.restage import Staged, restage
from scenarios.rounds import Rounds
from scenarios.rows import read_rows, refuse
from scenarios.run import finished_run, schedule_frame
from scenarios.runs import Run
from scenarios.trial import Trial, roster_counts
from solver.optimize import evaluate, optimize
from solver.problem import Limits, Problem
from solver.repair import with_breaks
from solver.result import Roster
from solver.roster import rename_shifts
from staffing.queues import QueueKind

if TYPE_CHECKING:
    from scenarios.plan import Plan

_COLUMNS = ("queue", "start", "volume")
_SAME = 1e-6


def reforecast_run(
    folder: str | Path,
    forecast: str | Path,
    *,
    change_price: float | None = None,
    reporter: Reporter | None = None,
) -> tuple[Run, Plan]:
    """Plan a run anew for a new forecast.

    Weeks whose forecast changes are designed anew, from the first day that changes on; what is
    before it stays. People keep their shifts unless a change is worth its price.

    Parameters
    ----------
    folder
        A finished run; it is only read.
    forecast
        CSV with `queue, start, volume` and perhaps `aht_s`, as the run's `forecast.csv`; intervals
        that it leaves out stay as they were forecast.
    change_price
        Price of changing a person's day; by default two hours of the dearest wage.

    Raises
    ------
    PlannerError
        The file cannot be read or has faults, all of which are listed, or it changes nothing.
    """
    began, wall = time.process_time(), time.monotonic()
    reporter = reporter or Silent()
    staged = restage(folder)
    given = read_forecast(forecast, staged)
    kept = load(Path(folder) / "plan")
    plan = apply_scenario(kept, str(staged.run.result.get("scenario", "base")))
    table = _merged(staged.run.tables["forecast"], given)
    told = demand(plan, given=table)
    first_day, weeks = _changed(staged.demand, told)
    if first_day is None:
        msg = f"{forecast} says what the run's forecast says; there is nothing to repair"
        raise PlannerError(msg)
    if change_price is None:
        change_price = default_change_price(staged.problem)
    solve = plan.settings.solve
    seed = int(staged.run.result["seed"])
    limits = Limits(solve.seconds / 2, solve.gap, seed, solve.threads or 2)
    problem = build_problem(plan, told)
    start = replace(staged.expected, counts=roster_counts(staged.problem, staged.roster))
    reporter.stage("shifts")
    design = optimize(problem, limits, start=start, redo=frozenset(weeks))
    design.counts[:, :first_day] = start.counts[:, :first_day]
    reporter.stage("names")
    roster = rename_shifts(
        problem,
        design,
        staged.roster,
        first_day=first_day,
        change_price=change_price,
        seed=seed,
    )
    roster = with_breaks(problem, staged.roster, roster)
    names: dict[str, str] = dict(
        staged.run.tables["agents"][["agent", "name"]].itertuples(index=False, name=None)
    )

    def frames(problem: Problem, roster: Roster) -> pd.DataFrame:
        return schedule_frame(problem, roster, names)

    evaluated = evaluate(problem, roster_counts(problem, roster), design.heads)
    trial = Trial(told, seed, solve.replications, reporter, frames)
    final = trial.judged(problem, design, roster, evaluated, is_final=True)
    changes = _changes(staged, roster, names)
    rounds = Rounds(final, 1, design.bound, stopped=False)
    scenario = str(staged.run.result["scenario"])
    run = finished_run(plan, told, rounds, scenario, limits, names)
    result, tables = run.result, run.tables | {"forecast": table, "changes": changes}
    result["repair"] = {
        "forecast": True,
        "first_day": problem.grid.date(first_day).isoformat(),
        "days_changed": len(changes),
        "people_changed": int(changes["agent"].nunique()),
        "cost_change": round(final.cost - float(staged.run.result["cost"]), 2),
        "change_price": round(change_price, 2),
    }
    result["cpu_s"] = round(time.process_time() - began, 2)
    result["seconds"] = round(time.monotonic() - wall, 2)
    return Run(result, tables), kept


def read_forecast(path: str | Path, staged: Staged) -> pd.DataFrame:
    """Read a new forecast: queue, start, volume, aht_s.

    Raises
    ------
    PlannerError
        With every fault of the file.
    """
    raw, faults = read_rows(path, _COLUMNS, ("aht_s",), thing="interval")
    refuse(path, faults or _faults(raw, Path(path).name, staged), "used")
    return pd.DataFrame(
        {
            "queue": raw["queue"],
            "start": pd.to_datetime(raw["start"], format="ISO8601").astype("datetime64[ns]"),
            "volume": pd.to_numeric(raw["volume"]),
            "aht_s": pd.to_numeric(raw["aht_s"]),
        }
    )


def _faults(raw: pd.DataFrame, where: str, staged: Staged) -> list[Fault]:
    told = staged.demand
    queues = [q.name for q in told.queues if q.kind is not QueueKind.POST]
    grid = told.grid
    moments = pd.to_datetime(raw["start"], format="ISO8601", errors="coerce")
    at = grid.index(pd.DatetimeIndex(moments.fillna(pd.Timestamp(grid.start))))
    exact = moments.isin(grid.starts()).to_numpy()
    inside = (at >= 0) & (at < grid.size) & exact
    volume = pd.to_numeric(raw["volume"], errors="coerce")
    aht = pd.to_numeric(raw["aht_s"], errors="coerce")
    twice = raw.duplicated(["queue", "start"])
    faults = []
    for k, row in enumerate(raw.itertuples(index=False)):
        line = k + 2
        if row.queue not in queues:
            wrong = "is no queue of the plan with contacts"
            faults.append(
                Fault(where, line, "queue", row.queue, wrong, suggestion(row.queue, queues))
            )
        if not inside[k]:
            right = f"the start of an interval of {grid.interval_min} min in the plan's days"
            faults.append(Fault(where, line, "start", row.start, "is not in the plan", right))
        if not volume[k] >= 0 or not np.isfinite(volume[k]):
            faults.append(Fault(where, line, "volume", row.volume, "is no volume", "0 or more"))
        if row.aht_s and not (aht[k] > 0 and np.isfinite(aht[k])):
            right = "seconds above 0, or an empty cell"
            faults.append(Fault(where, line, "aht_s", row.aht_s, "is no handle time", right))
        if twice[k]:
            faults.append(Fault(where, line, "start", row.start, "is there twice", "one row each"))
    return faults


def _merged(table: pd.DataFrame, given: pd.DataFrame) -> pd.DataFrame:
    """The run's forecast with the new intervals in it, whose ranges nobody has told."""
    keys = ["queue", "start"]
    new = given.merge(table[[*keys, "aht_s"]], on=keys, how="left", suffixes=("", "_old"))
    new["aht_s"] = new["aht_s"].fillna(new.pop("aht_s_old"))
    same = table.merge(given[[*keys, "volume"]], on=keys, how="left", suffixes=("", "_new"))
    # What is told again as it was keeps its ranges.
    stays = same["volume_new"].isna() | ((same["volume_new"] - same["volume"]).abs() <= _SAME)
    old = table[stays.to_numpy()]
    known = pd.MultiIndex.from_frame(old[keys])
    fresh = new[~pd.MultiIndex.from_frame(new[keys]).isin(known)]
    order = {queue: k for k, queue in enumerate(dict.fromkeys(table["queue"]))}
    both = pd.concat([old, fresh], ignore_index=True)
    both["_order"] = both["queue"].map(order)
    return both.sort_values(["_order", "start"], ignore_index=True).drop(columns="_order")


def _changed(before: Demand, after: Demand) -> tuple[int | None, set[int]]:
    """First day on which contacts or their handling differ, and the weeks in which some do."""
    grid = before.grid
    differs = np.abs(before.volume - after.volume) > _SAME
    differs |= np.abs(before.work.aht_s - after.work.aht_s) > _SAME
    days = np.flatnonzero(differs.any(axis=0).reshape(grid.days, grid.per_day).any(axis=1))
    if not len(days):
        return None, set()
    return int(days[0]), {int(day) // 7 for day in days}


def _changes(staged: Staged, roster: Roster, names: dict[str, str]) -> pd.DataFrame:
    """One row for each person and day that is different."""
    problem = staged.problem
    former = {agent.name: a for a, agent in enumerate(staged.roster.agents)}
    code = np.array([*(p.code for p in problem.patterns), ""], dtype=object)
    rows = []
    for a, agent in enumerate(roster.agents):
        old = np.full(problem.grid.days, -1)
        if agent.name in former:
            old = staged.roster.shifts[former[agent.name]]
        rows += [
            {
                "agent": agent.name,
                "name": names.get(agent.name, agent.name),
                "date": problem.grid.date(int(day)).isoformat(),
                "before": code[old[day]],
                "after": code[roster.shifts[a, day]],
                "why": "forecast",
                "for_agent": "",
                "money": np.nan,
                "overtime_h": np.nan,
            }
            for day in np.flatnonzero(old != roster.shifts[a])
        ]
    return pd.DataFrame(rows, columns=CHANGES)
