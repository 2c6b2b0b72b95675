"""An edited roster workbook taken over: legal changes pinned, the rest of the roster as it was."""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scenarios.overrides import apply_scenario
from scenarios.plan import load
from scenarios.plan.schema import OFF, AvailabilityRow
from scenarios.progress import Silent
from scenarios.restage import Staged, restage
from scenarios.rounds import Rounds
from scenarios.run import finished_run, schedule_frame
from scenarios.runs import Run, read_run
from scenarios.trial import Trial
from scenarios.workbook.reading import Edit, read_edits
from solver.activities import activities
from solver.breaks import place_breaks
from solver.check import check
from solver.check_facts import Terms
from solver.problem import Agent, Floats, Limits, Problem
from solver.result import Roster

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.plan import Plan

#: A rule, a person and a date.
_Breach = tuple[str, str, dt.date]
_CLOCK = "{:02d}:{:02d}"
_SMALL = 1e-6


@dataclass(frozen=True)
class Outcome:
    """An edit and why it was refused (empty: it was taken over), else what it was turned into."""

    edit: Edit
    refused: str = ""
    became: str = ""


@dataclass(frozen=True)
class Imported:
    """What an edited workbook came to.

    Parameters
    ----------
    outcomes
        Every changed cell, in the order of the workbook.
    run
        The roster with the changes, judged anew; None where no change was taken over.
    plan
        The run's plan with the changes as pins and days away in its table `availability`.
    """

    outcomes: tuple[Outcome, ...]
    run: Run | None = None
    plan: Plan | None = None

    @property
    def refused(self) -> int:
        """How many changes were refused."""
        return sum(bool(outcome.refused) for outcome in self.outcomes)


def import_roster(folder: str | Path, workbook: str | Path) -> Imported:
    """Take an edited roster workbook over into a new run.

    Nothing else moves: people without a change keep every shift and break. The roster is checked
    against law and hard rules by the independent checker, and a change that breaks one which held
    before is refused; what is left is simulated and judged like any run.

    Parameters
    ----------
    folder
        The run that the workbook was written from; it is only read.
    workbook
        The edited `roster.xlsx`.

    Raises
    ------
    PlannerError
        The folder is no run, or the workbook cannot be read back; with every fault.
    """
    began, wall = time.process_time(), time.monotonic()
    edits = read_edits(read_run(folder), workbook)
    if not edits:
        return Imported(())
    staged = restage(folder)
    base = load(Path(folder) / "plan")
    refused = _refused(staged, edits)
    named = {row.agent for row in base.agents}
    outcomes = tuple(
        Outcome(edit, refused[edit]) if edit in refused else Outcome(edit, "", _became(edit, named))
        for edit in edits
    )
    taken = [edit for edit in edits if edit not in refused]
    if not taken:
        return Imported(outcomes)
    plan = _with_pins(base, taken)
    run = _judged(staged, plan, taken)
    result = dict(run.result)
    result["cpu_s"] = round(time.process_time() - began, 2)
    result["seconds"] = round(time.monotonic() - wall, 2)
    text = f"{Path(workbook).name}: {len(taken)} of {len(edits)} changed cells taken over"
    result["notes"] = [*result["notes"], text]
    return Imported(outcomes, Run(result, run.tables), plan)


# What is legal -----------------------------------------------------------------------------------


def _refused(staged: Staged, edits: Sequence[Edit]) -> dict[Edit, str]:
    """Edits that cannot stand, each with its reason."""
    refused: dict[Edit, str] = {}
    for edit in edits:
        why = _impossible(staged, edit)
        if why:
            refused[edit] = why
    # Only people with a change can break a rule that they kept: the others' days are as they were.
    staged = _only(staged, {edit.agent for edit in edits})
    before = _breaches(staged, ())
    # A change that is taken back may itself break what it kept; there is an end, since one goes
    # each time.
    while left := [edit for edit in edits if edit not in refused]:
        now = _breaches(staged, left)
        new = sorted(key for key, amount in now.items() if amount > before.get(key, 0.0) + _SMALL)
        own = {key: [edit for edit in left if edit.agent == key[1]] for key in new}
        key = next((key for key in new if own[key]), None)
        if key is None:
            break
        refused[_culprit(staged, left, key, own[key])] = f"breaks {key[0]} on {key[2].isoformat()}"
    return refused


def _culprit(staged: Staged, edits: list[Edit], breach: _Breach, own: list[Edit]) -> Edit:
    """The edit of a person without which a breach is least; of equals the nearest, then latest."""

    def rank(edit: Edit) -> tuple[float, int, float]:
        without = _breaches(staged, [other for other in edits if other is not edit])
        away = abs((edit.date.date() - breach[2]).days)
        return round(without.get(breach, 0.0), 6), away, -edit.date.timestamp()

    return own[0] if len(own) == 1 else min(own, key=rank)


def _only(staged: Staged, names: set[str]) -> Staged:
    """The same with no people but some."""
    roster = staged.roster
    at = [number for number, agent in enumerate(roster.agents) if agent.name in names]
    new = {number: k for k, number in enumerate(at)}
    part = dataclasses.replace(
        roster,
        agents=tuple(roster.agents[number] for number in at),
        shifts=roster.shifts[at],
        breaks=tuple(
            dataclasses.replace(rest, agent=new[rest.agent])
            for rest in roster.breaks
            if rest.agent in new
        ),
    )
    return dataclasses.replace(staged, roster=part)


def _impossible(staged: Staged, edit: Edit) -> str:
    """Why an edit cannot even be tried; empty if it can."""
    number = _numbers(staged.roster)
    if edit.agent not in number:
        return "is nobody of the roster"
    agent = staged.roster.agents[number[edit.agent]]
    if edit.was_away:
        return f"{edit.was_away} stands in the plan's table availability: change it there"
    if edit.away:
        return "" if agent.named else "a day away needs a person that the plan names"
    if edit.shift is not None and _pattern(staged.problem, agent.group, edit) is None:
        group = staged.problem.groups[agent.group]
        return f"is no shift of {group.contract.name}"
    return ""


def _breaches(staged: Staged, edits: Sequence[Edit]) -> dict[_Breach, float]:
    """How far law and hard rules are broken by rule, person and date, under some edits."""
    problem, roster = _edited(staged, edits) if edits else (staged.problem, staged.roster)
    schedule = schedule_frame(problem, roster, {})
    done = activities(problem, roster, staged.expected.positions)
    broken = check(schedule, done, Terms.of(problem, roster)).broken
    found: dict[_Breach, float] = defaultdict(float)
    for row in broken.itertuples(index=False):
        date = dt.date.fromisoformat(str(row.date)[:10])
        found[str(row.rule), str(row.agent), date] += abs(float(row.amount))
    return found


# The roster with the changes ---------------------------------------------------------------------


def _edited(staged: Staged, edits: Iterable[Edit]) -> tuple[Problem, Roster]:
    """The problem with pins and days away, and the roster with the edits; other days keep all."""
    problem, roster = staged.problem, staged.roster
    number = _numbers(roster)
    agents, shifts = list(roster.agents), roster.shifts.copy()
    touched: set[tuple[int, int]] = set()
    for edit in edits:
        at, day = number[edit.agent], problem.grid.day(edit.date.date())
        pattern = _pattern(problem, agents[at].group, edit)
        shifts[at, day] = -1 if pattern is None else pattern
        agents[at] = _told(agents[at], edit, day, problem, pattern)
        touched.add((at, day))
    own = {agent.name: agent for agent in agents}
    problem = dataclasses.replace(
        problem, agents=tuple(own.get(agent.name, agent) for agent in problem.agents)
    )
    bare = dataclasses.replace(roster, agents=tuple(agents), shifts=shifts, breaks=())
    placed = place_breaks(problem, bare, _at_work(staged))
    breaks = [rest for rest in roster.breaks if (rest.agent, rest.day) not in touched]
    breaks += [rest for rest in placed.breaks if (rest.agent, rest.day) in touched]
    breaks.sort(key=lambda rest: (rest.agent, rest.day, rest.start_min))
    return problem, dataclasses.replace(bare, breaks=tuple(breaks))


def _told(agent: Agent, edit: Edit, day: int, problem: Problem, pattern: int | None) -> Agent:
    """A person with the day pinned, or away."""
    pins = {d: code for d, code in agent.pins.items() if d != day}
    if edit.away == "unavailable":
        return dataclasses.replace(agent, pins=pins, unavailable=agent.unavailable | {day})
    if edit.away:
        return dataclasses.replace(agent, pins=pins, paid_away=agent.paid_away | {day})
    pins[day] = "" if pattern is None else problem.patterns[pattern].code
    return dataclasses.replace(agent, pins=pins)


def _pattern(problem: Problem, group: int, edit: Edit) -> int | None:
    """Number of the pattern that the code of an edit is in a group."""
    if edit.shift is None:
        return None
    step = problem.grid.interval_min
    for number in problem.groups[group].patterns:
        pattern = problem.patterns[number]
        if (pattern.shift, pattern.start * step, pattern.end * step) == edit.shift:
            return int(number)
    return None


def _at_work(staged: Staged) -> Floats:
    """People of each group at work after breaks in the roster as it was, (G, T)."""
    problem, roster = staged.problem, staged.roster
    grid = problem.grid
    at_work = np.zeros((len(problem.groups), grid.size))
    for agent, day in np.argwhere(roster.shifts >= 0):
        pattern = problem.patterns[roster.shifts[agent, day]]
        first = int(day) * grid.per_day + pattern.start
        at_work[roster.agents[agent].group, first : first + pattern.length] += 1
    for rest in roster.breaks:
        first = (rest.day * 1440 + rest.start_min) // grid.interval_min
        last = -(-(rest.day * 1440 + rest.start_min + rest.minutes) // grid.interval_min)
        share = rest.minutes / grid.interval_min / max(1, last - first)
        at_work[roster.agents[rest.agent].group, first:last] -= share
    return np.maximum(at_work, 0.0)


def _numbers(roster: Roster) -> dict[str, int]:
    return {agent.name: number for number, agent in enumerate(roster.agents)}


# The run and its plan ----------------------------------------------------------------------------


def _judged(staged: Staged, plan: Plan, edits: Sequence[Edit]) -> Run:
    former = staged.run
    names: dict[str, str] = dict(
        former.tables["agents"][["agent", "name"]].itertuples(index=False, name=None)
    )
    scenario = str(former.result.get("scenario") or "base")
    under = apply_scenario(plan, scenario)
    solve = under.settings.solve
    limits = Limits(
        seconds=solve.seconds, gap=solve.gap, seed=int(former.result["seed"]),
        threads=solve.threads or 2,
    )  # fmt: skip

    def frames(problem: Problem, roster: Roster) -> pd.DataFrame:
        return schedule_frame(problem, roster, names)

    trial = Trial(staged.demand, limits.seed, solve.replications, Silent(), frames)
    problem, roster = _edited(staged, edits)
    # Pins and days away only take rosters away: the bound of the plan without them still holds.
    rounds = Rounds(trial.as_it_is(problem, roster), 0, float(former.result["bound"]), False)
    return finished_run(under, staged.demand, rounds, scenario, limits, names)


def _with_pins(plan: Plan, edits: Sequence[Edit]) -> Plan:
    """The plan with a row of availability for each edit of a person whom it names."""
    named = {row.agent for row in plan.agents}
    edited = {(edit.agent, edit.date.date()) for edit in edits}
    kept: list[AvailabilityRow] = []
    for row in plan.availability:
        last = row.to or row.from_
        days = [row.from_ + dt.timedelta(days=k) for k in range((last - row.from_).days + 1)]
        free = [day for day in days if (row.agent, day) not in edited]
        if row.kind != "pin" or len(free) == len(days):
            kept.append(row)
        else:
            kept += [row.model_copy(update={"from_": day, "to": day}) for day in free]
    rows = [_row(edit) for edit in edits if edit.agent in named]
    return dataclasses.replace(plan, availability=(*kept, *rows))


def _became(edit: Edit, named: set[str]) -> str:
    if edit.agent not in named:
        return "taken over; no pin, since the plan does not name the person"
    return edit.away or "pin"


def _row(edit: Edit) -> AvailabilityRow:
    said = {"agent": edit.agent, "from": edit.date.date(), "kind": edit.away or "pin"}
    if edit.shift is None and not edit.away:
        said["shift"] = OFF
    elif edit.shift is not None:
        shift, start, _ = edit.shift
        said["shift"] = f"{shift}@{_CLOCK.format(start // 60, start % 60)}"
    return AvailabilityRow.model_validate(said)
