"""A design put to the test: names, breaks, simulation, independent check, verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenarios.corrections import is_firm, margin
from scenarios.demand import Demand
from scenarios.judge import Verdict, judge
from scenarios.progress import Reporter
from scenarios.scene import build_scene
from solver.activities import activities
from solver.breaks import place_breaks
from solver.check import Findings, check
from solver.check_facts import Terms
from solver.optimize import evaluate
from solver.problem import Problem
from solver.result import Roster, ShiftPlan
from solver.roster import name_shifts
from staffing.queues import QueueKind
from staffing.simulation import Scene, SimulationResult, simulate

if TYPE_CHECKING:
    import pandas as pd

_ROUND_REPLICATIONS = 80
_LEAST_REPLICATIONS = 200
# Where a verdict hangs on the width of its interval, so many times as many months are simulated,
# as long as no more contacts come in all: cheaper than another design.
_MORE_MONTHS = (3, 8)
_MOST_CONTACTS = 20_000_000
_NAMING_TRIES = 4
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
    is_final: bool

    @property
    def missed(self) -> float:
        """Sum of what its firm targets are short of; before the last verdict, with a margin."""
        spared = (0.0 if self.is_final else margin(v) for v in self.verdicts)
        short = (v.shortfall + m for v, m in zip(self.verdicts, spared, strict=True) if is_firm(v))
        return sum(amount for amount in short if amount > 1e-9)

    @property
    def is_promising(self) -> bool:
        """Whether it holds as it was simulated, be it by a hair: worth fresh months."""
        firm = [v for v in self.verdicts if is_firm(v)]
        return all(v.met for v in firm) and not len(self.findings.broken)

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
class Trial:
    """What is the same for all candidates of a plan.

    `replications` is the number of months of the last verdict, at least 200; `frames` makes the
    table of shifts; `threads` simulate, all cores if None.
    """

    demand: Demand
    seed: int
    replications: int
    reporter: Reporter
    frames: Callable[[Problem, Roster], pd.DataFrame]
    threads: int | None = None

    def candidate(self, problem: Problem, design: ShiftPlan) -> Candidate:
        """Name a design's shifts, place breaks, simulate, check and judge."""
        self.reporter.stage("names")
        roster = _named(problem, design, self.seed)
        roster = place_breaks(problem, roster, design.on_duty)
        counts = roster_counts(problem, roster)
        # Where every seat found somebody the design has said it all.
        is_whole = np.array_equal(counts, design.counts)
        evaluated = design if is_whole else evaluate(problem, counts, design.heads)
        return self.judged(problem, design, roster, evaluated, is_final=False)

    def final(self, candidate: Candidate) -> Candidate:
        """Judge a roster by fresh months: those it was chosen by speak for it."""
        if candidate.is_final:
            return candidate
        return self.judged(
            candidate.problem,
            candidate.design,
            candidate.roster,
            candidate.evaluated,
            is_final=True,
        )

    def as_it_is(self, problem: Problem, roster: Roster) -> Candidate:
        """Judge a roster that was made elsewhere, breaks and all, by fresh months."""
        heads = np.bincount([a.group for a in roster.agents], minlength=len(problem.groups))
        evaluated = evaluate(problem, roster_counts(problem, roster), heads)
        return self.judged(problem, evaluated, roster, evaluated, is_final=True)

    def judged(
        self,
        problem: Problem,
        design: ShiftPlan,
        roster: Roster,
        evaluated: ShiftPlan,
        *,
        is_final: bool,
    ) -> Candidate:
        """Simulate, check and judge a finished roster, by more months where that may decide."""
        demand = self.demand
        seed = self.seed + 1 if is_final else self.seed
        schedule = self.frames(problem, roster)
        done = activities(problem, roster, evaluated.positions)
        findings = check(schedule, done, Terms.of(problem, roster))
        costs = contact_costs(demand, findings.total_cost, evaluated)
        scene = build_scene(problem, demand, roster)
        begun: SimulationResult | None = None
        for months in self._months(is_final=is_final):
            self.reporter.stage("simulation")
            begun = result = simulate(
                scene, replications=months, seed=seed, workers=self.threads, begun=begun
            )
            verdicts = judge(problem, demand, evaluated, roster, scene, result, costs)
            if not any(v.undecided for v in verdicts):
                break
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
            is_final,
        )

    def _months(self, *, is_final: bool) -> list[int]:
        """Numbers of months to simulate, one after the other, until the verdicts are clear."""
        least = max(self.replications, _LEAST_REPLICATIONS) if is_final else _ROUND_REPLICATIONS
        most = _MOST_CONTACTS / max(1.0, float(self.demand.work.arrivals.sum()))
        return [least, *(least * more for more in _MORE_MONTHS if least * more <= most)]


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
