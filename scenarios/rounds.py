"""Design, name, place breaks, simulate; then correct the model by what the simulation saw.

The model's service is a fluid view: it splits people between queues that in truth share them, and
places deferred work without queueing. Its targets are therefore shifted, period by period, by the
difference between promise and simulation until the simulated service holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scenarios.build import Corrections, build_problem
from scenarios.corrections import (
    corrected,
    first_corrections,
    is_firm,
    margin,
    without_empty_seats,
)
from scenarios.demand import Demand
from scenarios.judge import Verdict, judge
from scenarios.progress import Reporter
from scenarios.scene import build_scene
from solver.activities import activities
from solver.breaks import place_breaks
from solver.check import Findings, check
from solver.check_facts import Terms
from solver.optimize import evaluate, least_cost_share, optimize
from solver.problem import Limits, Problem
from solver.result import Roster, ShiftPlan
from solver.roster import name_shifts
from staffing.queues import QueueKind
from staffing.simulation import Scene, SimulationResult, simulate

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.plan import Plan

_ROUNDS = 7
_ROUND_REPLICATIONS = 80
# Where a verdict hangs on the width of its interval, so many times as many months are simulated:
# cheaper than another design.
_MORE_MONTHS = (1, 3, 8)
_LOWERING_ROUNDS = 2
# Where no more than this share of the cost depends on what is asked, rounds only mend.
_HARDLY_SAVED = 0.05
_NAMING_TRIES = 4
_MUCH_CHEAPER = 0.97
_NAMING_SECONDS = 2.0


@dataclass(frozen=True)
class Candidate:
    """A roster with all that is known of it."""

    problem: Problem
    design: ShiftPlan
    roster: Roster
    evaluated: ShiftPlan
    scene: Scene
    result: SimulationResult
    verdicts: tuple[Verdict, ...]
    schedule: pd.DataFrame
    activities: pd.DataFrame
    findings: Findings

    @property
    def missed(self) -> float:
        """Sum of what its firm targets are short of."""
        short = (v.shortfall + margin(v) for v in self.verdicts if is_firm(v))
        return sum(amount for amount in short if amount > 0)

    @property
    def holds(self) -> bool:
        """Whether it keeps every firm target and breaks no law or hard rule."""
        return self.missed <= 0 and not len(self.findings.broken)

    @property
    def cost(self) -> float:
        """Money, as the independent checker counts it."""
        return self.findings.total_cost

    @property
    def penalties(self) -> float:
        """Price of what its priced targets are short of, as the model foresees it."""
        priced = {v.target.key for v in self.verdicts if not v.target.hard}
        return sum(u.cost for u in self.evaluated.unmet if priced & set(u.key.split(" + ")))

    @property
    def rank(self) -> tuple[int, float, float]:
        """Smaller is better: broken rules, what is missed (in tenths of a point), money."""
        return len(self.findings.broken), round(self.missed, 3), self.cost + self.penalties


@dataclass(frozen=True)
class Rounds:
    """The best candidate and how it was reached."""

    best: Candidate
    rounds: int
    bound: float
    stopped: bool


def correct(
    plan: Plan,
    demand: Demand,
    limits: Limits,
    reporter: Reporter,
    stop: Callable[[], bool],
    frames: Callable[[Problem, Roster], pd.DataFrame],
) -> Rounds:
    """Run rounds until every target holds in simulation and no target is bought too dearly."""
    paid_anyway = least_cost_share(build_problem(plan, demand)) > 1 - _HARDLY_SAVED
    corrections = first_corrections(demand) if paid_anyway else Corrections()
    best: Candidate | None = None
    design: ShiftPlan | None = None
    redo: frozenset[int] | None = None
    bound, number = -np.inf, 0
    per_round = replace(limits, seconds=limits.seconds / 2)
    while number < _ROUNDS:
        number += 1
        problem = build_problem(plan, demand, corrections)
        reporter.stage(f"shifts, round {number}")

        def watch(cost: float, bound: float, text: str) -> None:
            reporter.update(best_cost=cost, bound=bound, text=text)

        design = optimize(problem, per_round, start=design, redo=redo, watch=watch, stop=stop)
        candidate = staff_and_judge(
            demand, problem, design, limits.seed, _ROUND_REPLICATIONS, reporter, frames
        )
        # Once all holds, a round that saves nothing is the last; and later rounds only mend.
        is_vain = best is not None and best.holds and candidate.cost >= best.cost
        if best is None or candidate.rank < best.rank:
            best, bound = candidate, design.bound
        reporter.update(best_cost=best.cost, bound=bound, text=_told(candidate))
        # One that nearly holds for much less money is worth mending.
        is_promising = not candidate.holds and candidate.cost < _MUCH_CHEAPER * best.cost
        is_late = best.holds and number > _LOWERING_ROUNDS and not is_promising
        if stop() or is_vain or is_late:
            break
        if best.holds and paid_anyway:
            break
        may_lower = not paid_anyway and number <= _LOWERING_ROUNDS
        corrections, redo = corrected(
            problem,
            candidate.verdicts,
            corrections,
            all_holds=candidate.missed <= 0,
            may_lower=may_lower,
        )
        corrections, redo = without_empty_seats(
            candidate.design.counts, candidate.roster.unfilled, corrections, redo
        )
        if not redo:
            break
        per_round = replace(limits, seconds=limits.seconds / 4)
    return Rounds(best, number, bound, stop())


def _told(candidate: Candidate) -> str:
    missed = sum(not v.met for v in candidate.verdicts)
    return f"{missed} of {len(candidate.verdicts)} targets missed in simulation"


def staff_and_judge(
    demand: Demand,
    problem: Problem,
    design: ShiftPlan,
    seed: int,
    replications: int,
    reporter: Reporter,
    frames: Callable[[Problem, Roster], pd.DataFrame],
) -> Candidate:
    """Name a design's shifts, place breaks, simulate, check and judge."""
    reporter.stage("names")
    roster = _named(problem, design, seed)
    roster = place_breaks(problem, roster, design.on_duty)
    evaluated = evaluate(problem, roster_counts(problem, roster), design.heads)
    for more in _MORE_MONTHS:
        candidate = judge_roster(
            demand, problem, design, roster, evaluated, seed, more * replications, reporter, frames
        )
        if not any(v.undecided for v in candidate.verdicts):
            break
    return candidate


def _named(problem: Problem, design: ShiftPlan, seed: int) -> Roster:
    """Name the shifts; where seats stay empty, look again from another start and longer."""
    best: Roster | None = None
    for number in range(_NAMING_TRIES):
        roster = name_shifts(
            problem,
            design,
            seed=seed + number,
            deterministic_seconds=_NAMING_SECONDS * (number + 1),
        )
        if best is None or roster.unfilled.sum() < best.unfilled.sum():
            best = roster
        if not best.unfilled.any():
            break
    return best


def judge_roster(
    demand: Demand,
    problem: Problem,
    design: ShiftPlan,
    roster: Roster,
    evaluated: ShiftPlan,
    seed: int,
    replications: int,
    reporter: Reporter,
    frames: Callable[[Problem, Roster], pd.DataFrame],
) -> Candidate:
    """Simulate, check and judge a finished roster."""
    scene = build_scene(problem, demand, roster)
    reporter.stage("simulation")
    result = simulate(scene, replications=replications, seed=seed)
    schedule = frames(problem, roster)
    done = activities(problem, roster, evaluated.positions)
    findings = check(schedule, done, Terms.of(problem, roster))
    costs = contact_costs(demand, findings.total_cost, evaluated)
    verdicts = judge(problem, demand, evaluated, roster, scene, result, costs)
    return Candidate(
        problem,
        design,
        roster,
        evaluated,
        scene,
        result,
        tuple(verdicts),
        schedule,
        done,
        findings,
    )


def roster_counts(problem: Problem, roster: Roster) -> np.ndarray:
    """People of each group on each pattern on each day, (G, D, P)."""
    counts = np.zeros(
        (len(problem.groups), problem.grid.days, len(problem.patterns)), dtype=np.int64
    )
    for agent, day in np.argwhere(roster.shifts >= 0):
        counts[roster.agents[agent].group, day, roster.shifts[agent, day]] += 1
    return counts


def contact_costs(demand: Demand, total: float, design: ShiftPlan) -> dict[str, float]:
    """Cost per contact of each queue: the whole plan's cost over the contacts that people handle.

    A queue of posts has no contacts of its own; it is given the cost per contact of all queues.
    """
    posts = np.array([q.kind is QueueKind.POST for q in demand.queues])
    contacts = np.where(posts, 0.0, demand.work.arrivals.sum(axis=1))
    handled = float(contacts.sum())
    time_on = design.positions.sum(axis=1)
    everyone = total / max(handled, 1e-9)
    costs = {}
    for k, queue in enumerate(demand.queues):
        share = time_on[k] / max(float(time_on.sum()), 1e-9)
        costs[queue.name] = total * share / contacts[k] if contacts[k] > 0 else everyone
    return costs
