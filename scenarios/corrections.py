"""What a simulation teaches the model: levels, reserves and seats of the next round.

The model's service is a fluid view: it splits people between queues that in truth share them, and
places deferred work without queueing. Its targets are therefore shifted, period by period, by the
difference between promise and simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scenarios.build import Corrections
from scenarios.demand import Demand
from scenarios.judge import Verdict
from solver.problem import Problem
from staffing.queues import Measure

# A target that is beaten by more than this is lowered in the model: it may be bought too dearly.
_BEATEN = 0.02
# What a round asks of a simulated share beyond its being held, and of its interval's width.
_MARGIN = 0.004
_LUCK = 0.25
_SHARES = (Measure.ANSWERED_WITHIN, Measure.REPLIED_WITHIN, Measure.ABANDONED)
# How far beyond a wish a missed level is aimed, as a share of the limit of a wait or a cap.
_OVERSHOOT = 0.05
_LEAST_RESERVE, _MOST_RESERVE = -0.1, 1.5
# The first round of a plan whose people are paid anyway asks for this part of the way from each
# promised share to all.
_FIRST_STEP = 0.3


def is_firm(verdict: Verdict) -> bool:
    """Whether a plan must keep the target: not for a price, and not a cost told only."""
    return verdict.target.hard and verdict.target.measure is not Measure.COST_PER_CONTACT


def margin(verdict: Verdict) -> float:
    """What a round asks of a simulated share beyond its being held, against bad luck at the end.

    The last verdict is over other months: its interval may lie lower by half of this one.
    """
    if verdict.target.measure not in _SHARES:
        return -1e-9
    return max(_MARGIN, _LUCK * (verdict.high - verdict.low))


def is_safe(verdict: Verdict) -> bool:
    """Whether it holds with the margin that a round asks for."""
    return verdict.shortfall + margin(verdict) <= 0


def first_corrections(demand: Demand) -> Corrections:
    """What the first round asks for where people are paid anyway: a little more than promised."""
    level = {}
    for queue in demand.queues:
        for target in queue.targets:
            if target.measure is Measure.ANSWERED_WITHIN:
                periods = int(demand.grid.period_of_interval(target.period).max()) + 1
                step = _FIRST_STEP * (1 - target.share)
                level[target.key, target.period] = np.full(periods, step)
    return Corrections(level)


def corrected(
    problem: Problem,
    verdicts: Sequence[Verdict],
    corrections: Corrections,
    *,
    all_holds: bool,
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
    may_lower |= all_holds
    for verdict in verdicts:
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


def without_empty_seats(
    counts: np.ndarray, empty: np.ndarray, corrections: Corrections, redo: frozenset[int]
) -> tuple[Corrections, frozenset[int]]:
    """Plan a seat that nobody could take no more: somebody else's shift must do its work."""
    most = dict(corrections.seats)
    for g, day, pattern in np.argwhere(empty > 0).tolist():
        taken = counts[g, day, pattern] - empty[g, day, pattern]
        most[g, day, pattern] = int(taken)
        redo |= {day // 7}
    return replace(corrections, seats=most), redo


def _level_change(verdict: Verdict, level: float, may_lower: bool) -> float:
    if verdict.target.measure is Measure.ANSWERED_WITHIN:
        return _share_change(verdict, level, may_lower)
    return _cap_change(verdict, level, may_lower)


def _share_change(verdict: Verdict, level: float, may_lower: bool) -> float:
    """Change of a share's level: what the simulation misses is asked for on top."""
    if not is_safe(verdict):
        if not verdict.target.hard and verdict.predicted < level - 0.001:
            return 0.0  # the model prefers to pay
        # From what the model thinks the roster gives, which may be more than was asked for.
        asked = max(level, min(verdict.predicted, 0.995))
        more = 1.2 * (verdict.promised - verdict.simulated) + max(0.005, margin(verdict))
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
    if not is_safe(verdict):
        return 0.02 + 1.2 * (verdict.shortfall + margin(verdict))
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
