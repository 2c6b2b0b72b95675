"""Service of a roster held against its promises: predicted, simulated, met or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scenarios.build import promise
from scenarios.demand import Demand
from scenarios.replies import replied_in_model
from solver.problem import Problem
from solver.result import Roster, ShiftPlan
from staffing.queues import Measure, Queue, Target
from staffing.simulation import (
    Scene,
    SimulationResult,
    replication_service,
    service_by_period,
)

#: A target holds if the 95 % interval's unfavourable end is no further off than this: a point of
#: a share; of anything else (seconds, hours, people) a share of the limit.
TOLERANCE = 0.01

_LESS_IS_BETTER = {Measure.MEAN_WAIT, Measure.ABANDONED, Measure.COST_PER_CONTACT}
_SHARES = {Measure.ANSWERED_WITHIN, Measure.REPLIED_WITHIN, Measure.ABANDONED}
_SIMULATED = _SHARES | {Measure.MEAN_WAIT}


@dataclass(frozen=True)
class Verdict:
    """One target in one period.

    `low` and `high` are the 95 % interval of what is simulated; of what is counted (people
    present) they are the number itself.
    """

    queue: Queue
    target: Target
    period: int
    label: str
    predicted: float
    simulated: float
    low: float
    high: float

    @property
    def promised(self) -> float:
        """What the value is held against."""
        return promise(self.target) if self.target.measure in _SIMULATED else self.target.limit

    @property
    def scale(self) -> float:
        """Size of a whole: 1 for shares, else the limit."""
        return 1.0 if self.target.measure in _SHARES else max(self.promised, 1e-9)

    @property
    def shortfall(self) -> float:
        """What is missing, in points of a share or as a share of the limit; 0 or less: held."""
        if self.target.measure in _LESS_IS_BETTER:
            return (self.high - self.promised) / self.scale - TOLERANCE
        return (self.promised - self.low) / self.scale - TOLERANCE

    @property
    def slack(self) -> float:
        """By how much the interval's unfavourable end beats the promise, in the same terms."""
        return -(self.shortfall + TOLERANCE)

    @property
    def met(self) -> bool:
        """Whether the target holds."""
        return self.shortfall <= 1e-9

    @property
    def undecided(self) -> bool:
        """Whether more simulated months may turn the verdict."""
        width = (self.high - self.low) / self.scale
        return not self.met and self.shortfall < width


def judge(
    problem: Problem,
    demand: Demand,
    design: ShiftPlan,
    roster: Roster,
    scene: Scene,
    result: SimulationResult,
    contact_cost: dict[str, float],
) -> list[Verdict]:
    """Hold every target against the roster, period by period.

    Parameters
    ----------
    design
        The model evaluated with the roster's shifts: what it predicts.
    contact_cost
        Cost per handled contact by queue, for targets on cost.
    """
    verdicts = []
    for k, queue in enumerate(demand.queues):
        for target in queue.targets:
            if target.measure in _SIMULATED:
                verdicts += _simulated(problem, demand, design, scene, result, k, target)
            elif target.measure is Measure.WEEKLY_HOURS:
                verdicts += _weekly_hours(demand, design, result, k, target)
            elif target.measure is Measure.PRESENT:
                verdicts += _present(problem, demand, roster, scene, k, target)
            elif target.measure is Measure.PER_REQUESTS:
                verdicts += _per_requests(problem, demand, roster, k, target)
            else:
                verdicts.append(_cost(demand, k, target, contact_cost))
    return verdicts


def _simulated(
    problem: Problem,
    demand: Demand,
    design: ShiftPlan,
    scene: Scene,
    result: SimulationResult,
    k: int,
    target: Target,
) -> list[Verdict]:
    later = scene.later_number(target.key)
    table = service_by_period(scene, result, k, target.period, target.measure, later=later)
    if demand.hold > 0.5:
        table = _held_by_most(table, scene, result, k, target, demand.hold)
    predicted = predicted_by_period(problem, demand, design, k, target)
    queue = demand.queues[k]
    return [
        Verdict(
            queue,
            target,
            int(row.period),
            str(row.label),
            float(predicted[int(row.period)]),
            float(row.value),
            float(row.low),
            float(row.high),
        )
        for row in table.itertuples()
        if not math.isnan(row.value)
    ]


def _held_by_most(
    table: pd.DataFrame,
    scene: Scene,
    result: SimulationResult,
    k: int,
    target: Target,
    hold: float,
) -> pd.DataFrame:
    """Put the value that a share `hold` of the months keeps in place of the mean.

    Its interval is that of a quantile by order statistics (Conover 1999, 3.2).
    """
    later = scene.later_number(target.key)
    months = replication_service(scene, result, k, target.period, target.measure, later=later)
    months = months[:, table["period"].to_numpy()]
    at = hold if target.measure in _LESS_IS_BETTER else 1 - hold
    half = 1.96 * math.sqrt(at * (1 - at) / len(months))
    levels = np.clip([at, at - half, at + half], 0.0, 1.0)
    value, low, high = np.nanquantile(months, levels, axis=0)
    return table.assign(value=value, low=low, high=high)


def predicted_by_period(
    problem: Problem, demand: Demand, design: ShiftPlan, k: int, target: Target
) -> np.ndarray:
    """What the model expects of a target in each of its periods, (periods,); NaN if nothing."""
    period_of = demand.grid.period_of_interval(target.period)
    periods = int(period_of.max()) + 1
    offered = demand.work.arrivals[k]
    if target.measure is Measure.ANSWERED_WITHIN:
        good = np.bincount(period_of, weights=design.in_time[k], minlength=periods)
        total = np.bincount(period_of, weights=offered, minlength=periods)
        return np.divide(good, total, out=np.full(periods, np.nan), where=total > 0)
    if target.measure is Measure.REPLIED_WITHIN:
        late_h, work_h = replied_in_model(demand, k, target, design.positions[k])
        late = np.bincount(period_of, weights=late_h, minlength=periods)
        total = np.bincount(period_of, weights=work_h, minlength=periods)
        return 1 - np.divide(late, total, out=np.full(periods, np.nan), where=total > 0)
    lost = np.bincount(
        period_of, weights=_lost(problem, design, k, target.measure), minlength=periods
    )
    total = np.bincount(period_of, weights=offered, minlength=periods)
    return np.divide(lost, total, out=np.full(periods, np.nan), where=total > 0)


def _lost(problem: Problem, design: ShiftPlan, k: int, measure: Measure) -> np.ndarray:
    """Contacts that give up, or seconds waited, by interval: the curve at the line's positions."""
    pool = next(p for p in problem.pools if k in [q.queue for q in p.queues])
    own = next(q for q in pool.queues if q.queue == k)
    if measure is Measure.ABANDONED:
        values, share = own.curve.abandoned, own.leaving
    else:
        values, share = own.curve.wait_s, own.share
    at = design.positions[[q.queue for q in pool.queues]].sum(axis=0)
    at = np.clip(at, 0, values.shape[1] - 1)
    below = np.minimum(at.astype(np.int64), values.shape[1] - 2)
    rows = np.arange(len(at))
    part = at - below
    return share * ((1 - part) * values[rows, below] + part * values[rows, below + 1])


def _weekly_hours(
    demand: Demand, design: ShiftPlan, result: SimulationResult, k: int, target: Target
) -> list[Verdict]:
    grid = demand.grid
    week = grid.period_of_interval("week")
    planned = np.bincount(week, weights=design.positions[k] * grid.interval_h)
    done = np.array([result.busy_s[:, k, week == w].sum(axis=1) / 3600 for w in range(grid.weeks)])
    spread = 1.96 * done.std(axis=1, ddof=1) / math.sqrt(done.shape[1])
    verdicts = []
    for w in range(grid.weeks):
        if not demand.open_masks[k, week == w].any():
            continue
        mean = float(done[w].mean())
        # What counts is that the hours are in the plan; the simulation says how many survive
        # absences and urgent work.
        verdicts.append(
            Verdict(
                demand.queues[k],
                target,
                w,
                grid.period_label("week", w),
                float(planned[w]),
                mean,
                mean - float(spread[w]),
                mean + float(spread[w]),
            )
        )
    return verdicts


def _present(
    problem: Problem, demand: Demand, roster: Roster, scene: Scene, k: int, target: Target
) -> list[Verdict]:
    """People with the queue among their skills on duty: the fewest in any open interval."""
    grid = demand.grid
    present = people_present(problem, roster, scene, k)
    week = grid.period_of_interval("week")
    verdicts = []
    for w in range(grid.weeks):
        asked = demand.open_masks[k] & (week == w)
        if asked.any():
            fewest = float(present[asked].min())
            verdicts.append(
                Verdict(
                    demand.queues[k],
                    target,
                    w,
                    grid.period_label("week", w),
                    fewest,
                    math.nan,
                    fewest,
                    fewest,
                )
            )
    return verdicts


def people_present(problem: Problem, roster: Roster, scene: Scene, k: int) -> np.ndarray:
    """Fewest people able to serve a queue who are there in each interval, (T,).

    Breaks count as absence unless they do not leave the post.
    """
    grid = problem.grid
    minutes = np.zeros(grid.days * 1440 + 2880, dtype=np.int64)
    able = [problem.groups[a.group].speed[k] > 0 for a in roster.agents]
    for agent, day in np.argwhere(roster.shifts >= 0):
        if able[agent]:
            pattern = problem.patterns[roster.shifts[agent, day]]
            begin = day * 1440 + pattern.start * grid.interval_min
            minutes[begin : begin + pattern.length * grid.interval_min] += 1
    for rest in roster.breaks:
        pattern = problem.patterns[roster.shifts[rest.agent, rest.day]]
        stays = [
            not b.leaves_post
            for b in pattern.breaks
            if (b.name, b.minutes, b.paid) == (rest.name, rest.minutes, rest.paid)
        ]
        if able[rest.agent] and not any(stays):
            begin = rest.day * 1440 + rest.start_min
            minutes[begin : begin + rest.minutes] -= 1
    return minutes[: grid.days * 1440].reshape(grid.size, grid.interval_min).min(axis=1)


def _per_requests(
    problem: Problem, demand: Demand, roster: Roster, k: int, target: Target
) -> list[Verdict]:
    """People at work on each day over people asked for, the worst day of the week."""
    grid = demand.grid
    asked = next(d for d in problem.day_heads if d.queue == k).required
    able = np.array([problem.groups[a.group].speed[k] > 0 for a in roster.agents])
    there = (roster.shifts[able] >= 0).sum(axis=0)
    verdicts = []
    for w in range(grid.weeks):
        days = [d for d in range(7 * w, min(7 * w + 7, grid.days)) if asked[d] > 0]
        if not days:
            continue
        # In people per `per` requests, so that it reads as the promise does.
        ratio = min(there[d] / asked[d] for d in days) * target.limit
        verdicts.append(
            Verdict(
                demand.queues[k],
                target,
                w,
                grid.period_label("week", w),
                ratio,
                math.nan,
                ratio,
                ratio,
            )
        )
    return verdicts


def _cost(demand: Demand, k: int, target: Target, contact_cost: dict[str, float]) -> Verdict:
    cost = contact_cost[demand.queues[k].name]
    label = f"{demand.grid.start.isoformat()} + {demand.grid.days} d"
    return Verdict(demand.queues[k], target, 0, label, cost, math.nan, cost, cost)


def service_table(verdicts: list[Verdict]) -> pd.DataFrame:
    """The run's table `service`."""
    rows = [
        {
            "queue": v.queue.name,
            "period": v.label,
            "target": v.promised,
            "predicted": v.predicted,
            "simulated": v.simulated,
            "low": v.low if not math.isnan(v.simulated) else math.nan,
            "high": v.high if not math.isnan(v.simulated) else math.nan,
            "met": v.met if v.target.measure is not Measure.COST_PER_CONTACT else None,
            "measure": str(v.target.measure),
            "limit": v.target.limit,
            "unit": v.target.unit,
            "label": v.queue.label,
        }
        for v in verdicts
    ]
    columns = [
        "queue",
        "period",
        "target",
        "predicted",
        "simulated",
        "low",
        "high",
        "met",
        "measure",
        "limit",
        "unit",
        "label",
    ]
    return pd.DataFrame(rows, columns=columns)
