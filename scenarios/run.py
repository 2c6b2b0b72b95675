"""The main job: from a plan to a run."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scenarios.corrections import is_firm
from scenarios.demand import Demand, day_kinds, demand
from scenarios.judge import judge, service_table
from scenarios.overrides import apply_scenario
from scenarios.progress import Reporter, Silent
from scenarios.requirement import requirement_of, requirement_table, service_price_table
from scenarios.restage import restage
from scenarios.rounds import Rounds, correct
from scenarios.runs import Run
from scenarios.start import allowed_gap, corrections_table
from scenarios.trial import Candidate, Trial, contact_costs
from solver.problem import Limits, Problem
from solver.result import Roster, Status
from solver.roster import prove_names
from staffing.queues import QueueKind
from staffing.simulation import interval_service, occupancy, simulate

if TYPE_CHECKING:
    from forecasts import Forecast
    from scenarios.plan import Plan

_PACKAGES = ("numpy", "pandas", "ortools", "numba")


def plan_run(
    plan: Plan,
    *,
    scenario: str = "base",
    seed: int | None = None,
    time_limit: float | None = None,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] | None = None,
    told: Forecast | None = None,
    starts: Sequence[Run] = (),
    threads: int | None = None,
) -> Run:
    """Forecast, design, name, simulate and check a plan.

    Parameters
    ----------
    scenario
        Name in the plan's table `scenarios`, or `base`.
    seed, time_limit
        In place of `solve.seed` and `solve.seconds`.
    reporter
        Told of progress.
    stop
        Asked now and then; when it says yes the best so far is finished and returned.
    told
        The forecast, where it is known.
    starts
        Finished runs of nearly the same plan, the nearest first, whose rosters and corrections are
        where the search begins.
    threads
        In place of `solve.threads`, and for simulation, which else takes all cores.

    Returns
    -------
    Run
        With `result["exit_code"]` 0 when all held and 1 when a target or a rule is not met.
    """
    began, wall = time.process_time(), time.monotonic()
    reporter, stop = reporter or Silent(), stop or (lambda: False)
    plan = apply_scenario(plan, scenario)
    solve = plan.settings.solve
    limits = Limits(
        seconds=time_limit or solve.seconds,
        gap=solve.gap,
        seed=solve.seed if seed is None else seed,
        threads=threads or solve.threads or 2,
    )
    reporter.stage("forecast")
    told = demand(plan, told)
    names = {row.agent: row.name or row.agent for row in plan.agents}

    def frames(problem: Problem, roster: Roster) -> pd.DataFrame:
        return schedule_frame(problem, roster, names)

    trial = Trial(told, limits.seed, solve.replications, reporter, frames, threads)
    rounds = correct(plan, trial, limits, stop, starts)
    run = finished_run(plan, told, rounds, scenario, limits, names)
    run.result["gap_allowed"] = round(allowed_gap(limits.gap, run.result["gap"], starts), 6)
    if starts:
        run.result["started_from"] = [str(one.result["scenario"]) for one in starts]
    run.result["cpu_s"] = round(time.process_time() - began, 2)
    run.result["seconds"] = round(time.monotonic() - wall, 2)
    return run


def finished_run(
    plan: Plan, told: Demand, rounds: Rounds, scenario: str, limits: Limits, names: dict[str, str]
) -> Run:
    """Make a run of a roster that is judged for good; without processor time and seconds."""
    tables = _tables(plan, told, rounds.best, names)
    return Run(_result(plan, told, rounds.best, rounds, scenario, limits), tables)


def schedule_frame(problem: Problem, roster: Roster, names: dict[str, str]) -> pd.DataFrame:
    """The run's table `schedule`: one row a shift."""
    grid = problem.grid
    rows = []
    for agent, day in np.argwhere(roster.shifts >= 0):
        person, pattern = roster.agents[agent], problem.patterns[roster.shifts[agent, day]]
        group = problem.groups[person.group]
        first = int(day) * grid.per_day + pattern.start
        rows.append(
            (
                person.name,
                grid.date(int(day)).isoformat(),
                pattern.shift,
                grid.start_of(first).isoformat(timespec="minutes"),
                grid.start_of(first + pattern.length).isoformat(timespec="minutes"),
                pattern.paid_h,
                names.get(person.name, person.name),
                person.team or group.contract.name,
                group.contract.name,
                group.role,
            )
        )
    columns = [
        "agent", "date", "shift", "start", "end", "paid_hours", "name", "team", "contract", "role"
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _tables(
    plan: Plan, told: Demand, final: Candidate, names: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Every table of a run whose roster is final."""
    needed = requirement_of(plan, told)
    agents = pd.DataFrame(
        [
            {
                "agent": a.name,
                "name": names.get(a.name, a.name),
                "team": a.team or final.problem.groups[a.group].contract.name,
                "contract": final.problem.groups[a.group].contract.name,
                "role": final.problem.groups[a.group].role,
            }
            for a in final.roster.agents
        ],
        columns=["agent", "name", "team", "contract", "role"],
    )
    tables = {
        "workload": told.work.to_frame(told.grid, told.queues),
        "requirement": needed,
        "schedule": final.schedule,
        "activities": final.activities,
        "coverage": _coverage(told, final, needed),
        "service": service_table(list(final.verdicts)),
        "cost": final.findings.cost,
        "budget": _budget(plan, told, final),
        "checks": final.findings.findings,
        "unmet": _unmet(final),
        "days": day_kinds(plan, told),
        "availability": availability_table(plan, told),
        "agents": agents,
    }
    if told.forecast is not None:
        tables["forecast"] = told.forecast.table
        tables["outliers"] = told.forecast.outliers
    return tables


def _coverage(told: Demand, final: Candidate, needed: pd.DataFrame) -> pd.DataFrame:
    """Required, scheduled, predicted and simulated service by live or deferred queue."""
    simulated = interval_service(final.result)
    starts = told.grid.starts()
    parts = []
    for k, queue in enumerate(told.queues):
        at = np.flatnonzero(told.open_masks[k])
        if queue.kind is QueueKind.POST or not len(at):
            continue
        offered = told.work.arrivals[k, at]
        live = queue.kind is QueueKind.LIVE
        predicted = np.divide(
            final.evaluated.in_time[k, at],
            offered,
            out=np.full(len(at), np.nan),
            where=(offered > 0) & live,
        )
        parts.append(
            pd.DataFrame(
                {
                    "queue": queue.name,
                    "start": starts[at],
                    "scheduled": final.evaluated.positions[k, at].round(3),
                    "predicted": np.minimum(predicted, 1.0).round(4),
                    "simulated": simulated[k, at].round(4),
                }
            )
        )
    if not parts:
        columns = ["queue", "start", "required", "scheduled", "predicted", "simulated"]
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    wanted = needed[["queue", "start", "needed"]].rename(columns={"needed": "required"})
    table = table.merge(wanted, on=["queue", "start"], how="left")
    # Deferred work asks for no people in an interval: the time planned on it is what it needs.
    table["required"] = table["required"].fillna(table["scheduled"])
    return table[["queue", "start", "required", "scheduled", "predicted", "simulated"]]


def _budget(plan: Plan, told: Demand, final: Candidate) -> pd.DataFrame:
    """Cost of the horizon by month and cost centre, shared out by days, beside the budget given."""
    months = pd.Series([d.strftime("%Y-%m") for d in told.grid.dates()])
    share = months.value_counts(normalize=True, sort=False).sort_index()
    centres = final.findings.cost.groupby("cost_centre")["amount"].sum()
    given = {(row.month, row.cost_centre): row.amount for row in plan.budget}
    rows = []
    for month, part in share.items():
        for centre, amount in centres.items():
            budget = given.get((str(month), str(centre)))
            cost = round(float(amount) * float(part), 2)
            rows.append(
                {
                    "month": month,
                    "cost_centre": centre,
                    "amount": cost,
                    "budget": np.nan if budget is None else budget,
                    "difference": np.nan if budget is None else budget - cost,
                }
            )
    columns = ["month", "cost_centre", "amount", "budget", "difference"]
    return pd.DataFrame(rows, columns=columns)


def _unmet(final: Candidate) -> pd.DataFrame:
    rows = [
        {"key": u.key, "where": u.where, "amount": u.amount, "unit": u.unit, "cost": u.cost}
        for u in final.evaluated.unmet
    ]
    problem = final.problem
    for g, day, pattern in np.argwhere(final.roster.unfilled > 0):
        rows.append(
            {
                "key": f"seat {problem.patterns[pattern].code}",
                "where": f"{problem.groups[g].name} {problem.grid.date(int(day)).isoformat()}",
                "amount": float(final.roster.unfilled[g, day, pattern]),
                "unit": "people",
                "cost": 0.0,
            }
        )
    return pd.DataFrame(rows, columns=["key", "where", "amount", "unit", "cost"])


def availability_table(plan: Plan, told: Demand) -> pd.DataFrame:
    """Who is away or wishes what, a row a person and day of the plan."""
    days = {told.grid.date(d) for d in range(told.grid.days)}
    rows = [
        {"agent": row.agent, "date": day.date(), "kind": row.kind}
        for row in plan.availability
        for day in pd.date_range(row.from_, row.to or row.from_)
        if day.date() in days
    ]
    return pd.DataFrame(rows, columns=["agent", "date", "kind"])


def _result(
    plan: Plan,
    told: Demand,
    final: Candidate,
    rounds: Rounds,
    scenario: str,
    limits: Limits,
) -> dict[str, Any]:
    """What `result.json` says of a run, but for the time it took."""
    broken = final.findings.findings
    broken = broken[broken["mode"] != "priced"] if len(broken) else broken
    held = all(v.met for v in final.verdicts if is_firm(v)) and not len(broken)
    held = held and not _is_beyond_limits(final)
    cost = final.cost
    penalties = sum(u.cost for u in final.evaluated.unmet)
    gap = (cost + penalties) / rounds.bound - 1 if rounds.bound > 0 else None
    status = Status.FEASIBLE
    if rounds.stopped:
        status = Status.STOPPED
    elif not held:
        status = Status.UNMET
    elif gap is not None and gap <= max(limits.gap, 1e-6):
        status = Status.OPTIMAL
    settings = plan.settings
    return {
        "name": settings.name,
        "scenario": scenario,
        "status": str(status),
        "cost": round(cost, 2),
        "penalties": round(penalties, 2),
        "bound": round(rounds.bound, 2),
        "gap": None if gap is None else round(max(0.0, gap), 6),
        "currency": settings.currency,
        "language": settings.language,
        "start": settings.start.isoformat(),
        "days": told.grid.days,
        "interval_min": settings.interval_min,
        "seed": limits.seed,
        "rounds": rounds.rounds,
        "corrections": corrections_table(rounds.corrections),
        "names": _names(final),
        "replications": final.result.replications,
        "occupancy": round(float(occupancy(final.scene, final.result)[0]), 4),
        "versions": versions(),
        "inputs_hash": inputs_hash(plan),
        "people": _people(final),
        "defaults": [str(default) for default in plan.defaults],
        "notes": [*map(str, plan.notices), *told.notices, *final.roster.notes],
        "exit_code": 0 if held else 1,
    }


def _is_beyond_limits(final: Candidate) -> bool:
    """Whether somebody is missing under a floor, or hours under the cap on occupancy.

    The table `service` does not tell: a week's share may be kept although nobody answers for a day.
    A part of a person is not missed: a short break may lie anywhere in its window.
    """
    floors = {f"{pool.name} floor" for pool in final.problem.pools}
    return any(
        (u.key in floors or u.key == "occupancy_max") and u.amount >= 1 - 1e-6
        for u in final.evaluated.unmet
    )


def _names(final: Candidate) -> dict[str, float | None]:
    """Price of what the names leave undone, and the least that any names for these seats would."""
    proof = prove_names(final.problem, final.design, final.roster)
    if proof.bound is None:
        return {"cost": None, "bound": None}
    return {"cost": round(proof.cost, 2), "bound": round(proof.bound, 2)}


def _people(final: Candidate) -> list[dict[str, Any]]:
    """People, hours and cost by contract."""
    by_contract = final.findings.cost.groupby("contract")["amount"].sum()
    rows = []
    for contract in dict.fromkeys(g.contract.name for g in final.problem.groups):
        mine = final.schedule[final.schedule["contract"] == contract]
        group = next(g for g in final.problem.groups if g.contract.name == contract)
        rows.append(
            {
                "contract": contract,
                "kind": str(group.contract.kind),
                "heads": int(
                    sum(
                        final.problem.groups[a.group].contract.name == contract
                        for a in final.roster.agents
                    )
                ),
                "hours": round(float(mine["paid_hours"].sum()), 2),
                "cost": round(float(by_contract.get(contract, 0.0)), 2),
            }
        )
    return rows


def versions() -> dict[str, str]:
    """Versions of what a run's figures hang on."""
    found = {package: metadata.version(package) for package in _PACKAGES}
    return found | {"python": platform.python_version()}


def inputs_hash(plan: Plan) -> str:
    """Fingerprint of all that a plan says."""
    digest = hashlib.sha256(plan.settings.model_dump_json().encode())
    from scenarios.plan.schema import TABLES

    for name in TABLES:
        rows = getattr(plan, name)
        if name == "history":
            digest.update(rows.to_csv(index=False).encode())
        else:
            digest.update("\n".join(row.model_dump_json() for row in rows).encode())
    return digest.hexdigest()[:16]


def forecast_table(plan: Plan) -> pd.DataFrame:
    """The forecast by queue and interval, with quantiles."""
    told = demand(plan)
    if told.forecast is None:
        return pd.DataFrame(columns=["queue", "start", "volume", "aht_s", "q0.1", "q0.5", "q0.9"])
    return told.forecast.table


def simulate_run(folder: str | Path, replications: int = 200) -> pd.DataFrame:
    """Simulate a finished run anew, from its folder alone: its table `service`.

    As many replications as the run had give the very figures that it was judged by.
    """
    staged = restage(folder)
    result = simulate(staged.scene, replications=replications, seed=staged.seed)
    total = float(staged.run.tables["cost"]["amount"].sum())
    costs = contact_costs(staged.demand, total, staged.expected)
    return service_table(
        judge(
            staged.problem,
            staged.demand,
            staged.expected,
            staged.roster,
            staged.scene,
            result,
            costs,
        )
    )


__all__ = [
    "forecast_table",
    "plan_run",
    "requirement_table",
    "service_price_table",
    "simulate_run",
]
