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
from staffing.queues import Measure, QueueKind
from staffing.simulation import Scene, SimulationResult, simulate

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.plan import Plan

_ROUNDS = 5
_ROUND_REPLICATIONS = 80
# Where a verdict hangs on the width of its interval, so many times as many months are simulated:
# cheaper than another design.
_MORE_MONTHS = (1, 3, 8)
# A target that is beaten by more than this is lowered in the model: it may be bought too dearly.
_BEATEN = 0.02
_LOWERING_ROUNDS = 2
_MARGIN = 0.004
_LUCK = 0.25
_SHARES = (Measure.ANSWERED_WITHIN, Measure.REPLIED_WITHIN, Measure.ABANDONED)
# Where no more than this share of the cost depends on what is asked, rounds only mend, and the
# first one asks for this part of the way from each promised share to all.
_HARDLY_SAVED = 0.05
_FIRST_STEP = 0.3
_NAMING_TRIES = 4
_MUCH_CHEAPER = 0.97
# How far beyond a wish a missed level is aimed, as a share of the limit of a wait or a cap.
_OVERSHOOT = 0.05
_LEAST_RESERVE, _MOST_RESERVE = -0.1, 1.5
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
        short = (v.shortfall + _margin(v) for v in self.verdicts if is_firm(v))
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


def is_firm(verdict: Verdict) -> bool:
    """Whether a plan must keep the target: not for a price, and not a cost told only."""
    return verdict.target.hard and verdict.target.measure is not Measure.COST_PER_CONTACT


def _margin(verdict: Verdict) -> float:
    """What a round asks of a simulated share beyond its being held, against bad luck at the end.

    The last verdict is over other months: its interval may lie lower by half of this one.
    """
    if verdict.target.measure not in _SHARES:
        return -1e-9
    return max(_MARGIN, _LUCK * (verdict.high - verdict.low))


def _is_safe(verdict: Verdict) -> bool:
    return verdict.shortfall + _margin(verdict) <= 0


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
    corrections = _first(demand) if paid_anyway else Corrections()
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
        corrections, redo = _corrected(problem, candidate, corrections, may_lower)
        corrections, redo = _without_empty_seats(candidate, corrections, redo)
        if not redo:
            break
        per_round = replace(limits, seconds=limits.seconds / 4)
    return Rounds(best, number, bound, stop())


def _first(demand: Demand) -> Corrections:
    """What the first round asks for where people are paid anyway: a little more than promised."""
    level = {}
    for queue in demand.queues:
        for target in queue.targets:
            if target.measure is Measure.ANSWERED_WITHIN:
                periods = int(demand.grid.period_of_interval(target.period).max()) + 1
                step = _FIRST_STEP * (1 - target.share)
                level[target.key, target.period] = np.full(periods, step)
    return Corrections(level)


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


def _corrected(
    problem: Problem,
    candidate: Candidate,
    corrections: Corrections,
    may_lower: bool,
) -> tuple[Corrections, frozenset[int]]:
    """Shift levels and reserves by what was seen; say which weeks must be designed anew.

    Levels of what is beaten are lowered where that may be, and levels and reserves once all holds;
    else a round only mends.
    """
    level = {k: v.copy() for k, v in corrections.level.items()}
    reserve = {k: v.copy() for k, v in corrections.reserve.items()}
    goals = {
        (goal.key, goal.period): goal
        for pool in problem.pools
        for queue in pool.queues
        for goal in queue.goals
    }
    added: dict[tuple[str, int], float] = {}
    redo: set[int] = set()
    all_holds = candidate.missed <= 0
    may_lower |= all_holds
    for verdict in candidate.verdicts:
        target = verdict.target
        key = target.key, target.period
        if key in goals:
            goal = goals[key]
            change = _level_change(verdict, float(goal.level[verdict.period]), may_lower)
            if change:
                shift = level.setdefault(key, np.zeros(len(goal.level)))
                shift[verdict.period] += change
                redo |= _weeks(problem, target.period, verdict.period)
        elif target.measure in (Measure.REPLIED_WITHIN, Measure.WEEKLY_HOURS):
            period = "week" if target.measure is Measure.WEEKLY_HOURS else target.period
            change = _reserve_change(verdict, all_holds)
            for week in _weeks(problem, period, verdict.period):
                # Of several days of a week the worst decides.
                at = verdict.queue.name, week
                added[at] = max(added.get(at, -np.inf), change)
    for (name, week), change in added.items():
        own = next(q.reserve for q in problem.deferred if problem.queues[q.queue] == name)
        wanted = float(np.clip(own[week] + change, _LEAST_RESERVE, _MOST_RESERVE))
        if wanted != own[week]:
            reserve.setdefault(name, own.copy())[week] = wanted
            redo.add(week)
    return Corrections(level, reserve, corrections.seats), frozenset(redo)


def _without_empty_seats(
    candidate: Candidate, corrections: Corrections, redo: frozenset[int]
) -> tuple[Corrections, frozenset[int]]:
    """Plan a seat that nobody could take no more: somebody else's shift must do its work."""
    empty = candidate.roster.unfilled
    most = dict(corrections.seats)
    for g, day, pattern in np.argwhere(empty > 0).tolist():
        taken = candidate.design.counts[g, day, pattern] - empty[g, day, pattern]
        most[g, day, pattern] = int(taken)
        redo |= {day // 7}
    return replace(corrections, seats=most), redo


def _level_change(verdict: Verdict, level: float, may_lower: bool) -> float:
    if verdict.target.measure is Measure.ANSWERED_WITHIN:
        return _share_change(verdict, level, may_lower)
    return _cap_change(verdict, level, may_lower)


def _share_change(verdict: Verdict, level: float, may_lower: bool) -> float:
    """Change of a share's level: what the simulation misses is asked for on top."""
    if not _is_safe(verdict):
        if not verdict.target.hard and verdict.predicted < level - 0.001:
            return 0.0  # the model prefers to pay
        # From what the model thinks the roster gives, which may be more than was asked for.
        asked = max(level, min(verdict.predicted, 0.995))
        more = 1.2 * (verdict.promised - verdict.simulated) + 0.005
        return max(0.005, asked - level + more)
    if may_lower and verdict.slack > _BEATEN and verdict.predicted < level + 0.01:
        return -0.8 * (verdict.slack - _BEATEN / 2)
    return 0.0


def _cap_change(verdict: Verdict, level: float, may_lower: bool) -> float:
    """Change of a cap's level (a mean wait, a share that gives up).

    Simulation and model differ by a factor, nearly the same at the next level: the level that
    keeps the promise is the model's value times promise over simulation.
    """
    if verdict.simulated <= 0:
        return 0.0
    factor = verdict.promised / verdict.simulated
    if not verdict.met:
        if not verdict.target.hard and verdict.predicted > level * 1.001:
            return 0.0
        return min(level, verdict.predicted) * factor * (1 - _OVERSHOOT) - level
    binds = verdict.predicted > 0.95 * level
    if may_lower and binds and verdict.slack * verdict.scale > 2 * _OVERSHOOT * verdict.promised:
        return level * (min(factor, 2.0) * (1 - _OVERSHOOT) - 1)
    return 0.0


def _reserve_change(verdict: Verdict, may_lower: bool) -> float:
    if not _is_safe(verdict):
        return 0.02 + 1.2 * verdict.shortfall
    # A target over a month is left alone: lowering it would design every week anew.
    is_weekly = verdict.target.measure is Measure.REPLIED_WITHIN and (
        verdict.target.period != "month"
    )
    if may_lower and is_weekly and verdict.slack > _BEATEN:
        return -0.8 * (verdict.slack - _BEATEN / 2)
    return 0.0


def _weeks(problem: Problem, period: str, number: int) -> frozenset[int]:
    days = np.arange(problem.grid.days)
    if period == "interval":
        return frozenset({int(number // (7 * problem.grid.per_day))})
    return frozenset((days[problem.grid.period_of_day(period) == number] // 7).tolist())
