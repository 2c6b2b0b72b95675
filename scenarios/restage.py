"""A finished run put back on stage: its problem, roster and scene from its folder alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios.build import build_problem
from scenarios.demand import Demand, demand
from scenarios.errors import PlannerError
from scenarios.overrides import apply_scenario
from scenarios.plan import load
from scenarios.runs import Run, RunError, read_run
from scenarios.scene import build_scene
from solver.problem import Agent, Break, Pattern, Problem
from solver.result import PlacedBreak, Roster, ShiftPlan
from staffing.queues import QueueKind
from staffing.simulation import Scene
from staffing.timegrid import TimeGrid


@dataclass(frozen=True)
class Staged:
    """A run with all that a simulation or a replay of it needs.

    `expected` holds what the run's model predicted: positions and contacts in time, from the run's
    table `coverage` (its other fields are of the roster, without cost or bound).
    """

    run: Run
    demand: Demand
    problem: Problem
    roster: Roster
    scene: Scene
    expected: ShiftPlan

    @property
    def seed(self) -> int:
        """Seed of the months by which the run was judged."""
        return int(self.run.result["seed"]) + 1


def restage(folder: str | Path) -> Staged:
    """Rebuild a run's roster and scene from its folder.

    The plan kept in the run's sub-folder `plan` is read and forecast again; shifts, breaks and
    people come from the run's tables.

    Raises
    ------
    RunError
        The folder is no run, keeps no plan, or its tables do not fit its plan.
    PlanFaults
        The plan kept in it was changed and has faults.
    """
    run = read_run(folder)
    kept = Path(folder) / "plan"
    if not kept.is_dir():
        msg = f"{folder} keeps no plan (sub-folder plan), so it cannot be simulated anew"
        raise RunError(msg)
    plan = apply_scenario(load(kept), str(run.result.get("scenario", "base")))
    # A run repaired for another forecast keeps that one in its table.
    known = bool((run.result.get("repair") or {}).get("forecast"))
    told = demand(plan, given=run.tables["forecast"] if known else None)
    problem = build_problem(plan, told)
    try:
        roster = roster_of(run, problem)
    except MisfitError as error:
        msg = f"{folder}: {error}; the run's tables and its plan belong to different runs"
        raise RunError(msg) from error
    scene = build_scene(problem, told, roster)
    return Staged(run, told, problem, roster, scene, _expected(run, told, problem, roster))


class MisfitError(PlannerError):
    """A row of a run's tables that its plan does not know."""


def roster_of(run: Run, problem: Problem) -> Roster:
    """Roster of a run's tables, in the terms of a problem.

    Raises
    ------
    MisfitError
        A row of the tables is of a contract, a shift, a person or a day that the problem has not.
    """
    agents = _agents(run.tables["agents"], problem)
    number = {agent.name: k for k, agent in enumerate(agents)}
    grid = problem.grid
    shifts = np.full((len(agents), grid.days), -1, dtype=np.int64)
    for row in run.tables["schedule"].itertuples(index=False):
        agent, day = _number(number, "agent", row.agent), grid.day(row.date.date())
        if not 0 <= day < grid.days:
            msg = f"schedule.csv has a shift on {row.date:%Y-%m-%d}, outside the plan's days"
            raise MisfitError(msg)
        shifts[agent, day] = _pattern(problem, agents[agent].group, day, row)
    rests = run.tables["activities"]
    rests = rests[rests["activity"] == "break"]
    breaks = _breaks(problem, number, shifts, rests)
    unfilled = np.zeros((len(problem.groups), grid.days, len(problem.patterns)), dtype=np.int64)
    return Roster(agents, shifts, unfilled, breaks)


def _number(known: dict[str, int], what: str, name: str) -> int:
    if name not in known:
        msg = f"{what} {name} is in one table and not in another"
        raise MisfitError(msg)
    return known[name]


def _agents(table: pd.DataFrame, problem: Problem) -> tuple[Agent, ...]:
    """People in the run's order: on it hangs which chance meets whom in a simulation."""
    named = {agent.name: agent for agent in problem.agents}
    group_of = {(g.contract.name, g.role): k for k, g in enumerate(problem.groups)}
    agents = []
    for row in table.itertuples(index=False):
        group = group_of.get((row.contract, row.role))
        if group is None:
            msg = f"agents.csv has contract {row.contract} in role {row.role}, the plan does not"
            raise MisfitError(msg)
        agents.append(named.get(row.agent) or Agent(row.agent, group, row.team, named=False))
    return tuple(agents)


def _pattern(problem: Problem, group: int, day: int, row: object) -> int:
    """Number of the pattern that a row of the schedule is."""
    start, end = (_minute(problem.grid, moment) - day * 1440 for moment in (row.start, row.end))
    step = problem.grid.interval_min
    for number in problem.groups[group].patterns:
        pattern = problem.patterns[number]
        times = (pattern.start * step, pattern.end * step)
        if pattern.shift == row.shift and times == (start, end):
            return number
    msg = f"schedule.csv has shift {row.shift} at {row.start:%Y-%m-%d %H:%M}, the plan does not"
    raise MisfitError(msg)


def _breaks(
    problem: Problem, number: dict[str, int], shifts: np.ndarray, rests: pd.DataFrame
) -> tuple[PlacedBreak, ...]:
    """Breaks with the names that their shifts give them, in the order of their windows."""
    step = problem.grid.interval_min
    taken: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for row in rests.itertuples(index=False):
        agent = _number(number, "agent", row.agent)
        start, end = _minute(problem.grid, row.start), _minute(problem.grid, row.end)
        for day in (start // 1440, start // 1440 - 1):
            if 0 <= day < problem.grid.days and shifts[agent, day] >= 0:
                pattern = problem.patterns[shifts[agent, day]]
                begin = start - day * 1440
                if pattern.start * step <= begin < pattern.end * step:
                    taken[agent, day].append((begin, end - start))
                    break
        else:
            msg = f"activities.csv has a break of {row.agent} at {row.start} outside any shift"
            raise MisfitError(msg)
    placed = []
    for (agent, day), spans in sorted(taken.items()):
        rules = _matched(problem.patterns[shifts[agent, day]], sorted(spans))
        placed += [
            PlacedBreak(agent, day, rule.name, begin, minutes, rule.paid)
            for rule, (begin, minutes) in zip(rules, sorted(spans), strict=True)
        ]
    return tuple(placed)


def _matched(pattern: Pattern, spans: list[tuple[int, int]]) -> list[Break]:
    """Which of a shift's breaks each span is: by length, then in the order of their windows."""
    left = sorted(pattern.breaks, key=lambda rest: (rest.earliest, rest.latest))
    found = []
    for _, minutes in spans:
        rule = next((rest for rest in left if rest.minutes == minutes), None)
        if rule is None:
            msg = f"activities.csv has a break of {minutes} min, shift {pattern.shift} does not"
            raise MisfitError(msg)
        left.remove(rule)
        found.append(rule)
    return found


def _expected(run: Run, told: Demand, problem: Problem, roster: Roster) -> ShiftPlan:
    """What the run's model made of its roster, by interval."""
    coverage = run.tables["coverage"]
    positions = np.zeros((len(told.queues), told.grid.size))
    in_time = np.zeros_like(positions)
    for k, queue in enumerate(told.queues):
        own = coverage[coverage["queue"] == queue.name]
        at = told.grid.index(pd.DatetimeIndex(own["start"]))
        own, at = own[(at >= 0) & (at < told.grid.size)], at[(at >= 0) & (at < told.grid.size)]
        positions[k, at] = own["scheduled"].fillna(0.0)
        if queue.kind is QueueKind.LIVE:
            in_time[k, at] = own["predicted"].fillna(0.0) * told.work.arrivals[k, at]
    groups = len(problem.groups)
    return ShiftPlan(
        counts=roster.unfilled,
        heads=np.bincount([a.group for a in roster.agents], minlength=groups),
        positions=positions,
        in_time=in_time,
        on_duty=np.zeros((groups, told.grid.size)),
        cost=float(run.result["cost"]),
        bound=float(run.result["bound"]),
    )


def _minute(grid: TimeGrid, moment: pd.Timestamp) -> int:
    """Minutes of a local time from the start of the plan."""
    return round((moment - pd.Timestamp(grid.start)) / pd.Timedelta(minutes=1))
