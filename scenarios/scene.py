"""A roster on duty: what the simulation is told of a plan."""

from __future__ import annotations

import numpy as np

from scenarios.build import target_s
from scenarios.demand import Demand
from scenarios.replies import batches, later_promises
from solver.problem import Problem
from solver.result import Roster
from staffing.calendar import deadline_s
from staffing.deferred import weekly_work
from staffing.queues import Measure, Queue, QueueKind
from staffing.simulation import Scene
from staffing.timegrid import MINUTES_PER_DAY

# Project work of so many hours a week is simulated as tasks of half an hour, with more on offer
# than is asked for: what counts is the hours that get done.
_TASK_S = 1800.0
_TASKS_ON_OFFER = 1.5


def build_scene(problem: Problem, demand: Demand, roster: Roster) -> Scene:
    """Put a roster and a plan's demand on the simulation's stage."""
    grid, queues = demand.grid, demand.queues
    arrivals, aht_s = _arrivals(demand)
    speed = np.array([problem.groups[a.group].speed * a.speed for a in roster.agents]).reshape(
        -1, len(queues)
    )
    order = np.array([problem.groups[a.group].order for a in roster.agents], dtype=np.int64)
    agent, start_s, end_s, shift = duty(problem, roster)
    lost = _lost(problem, roster)
    return Scene(
        grid=grid,
        queues=tuple(q.name for q in queues),
        arrivals=arrivals,
        aht_s=aht_s,
        aht_cv=np.array([q.aht_cv for q in queues]),
        deferred=np.array([q.kind is not QueueKind.LIVE for q in queues]),
        patience_s=np.array([q.patience_s for q in queues]),
        redial_share=np.array([q.redial_share for q in queues]),
        at_once=np.array([q.at_once for q in queues], dtype=np.int64),
        priority=np.array([q.priority for q in queues], dtype=np.int64),
        open_mask=demand.open_masks,
        target_s=np.array([target_s(q) for q in queues]),
        due_s=np.array([_due_s(demand, q) for q in queues]),
        speed=speed,
        order=order.reshape(speed.shape),
        duty_agent=agent,
        duty_start_s=start_s,
        duty_end_s=end_s,
        duty_shift=shift,
        absence=lost[0],
        away_share=lost[1],
        day_cv=demand.day_cv,
        batches=batches(demand),
        later=later_promises(demand),
    )


def _arrivals(demand: Demand) -> tuple[np.ndarray, np.ndarray]:
    arrivals = demand.work.arrivals.copy()
    aht_s = demand.work.aht_s.copy()
    for k, queue in enumerate(demand.queues):
        weekly = queue.target(Measure.WEEKLY_HOURS)
        if weekly is not None:
            work_h, _ = weekly_work(demand.grid, weekly.limit, demand.open_masks[k])
            arrivals[k] = work_h * 3600 / _TASK_S * _TASKS_ON_OFFER
            aht_s[k] = _TASK_S
        if queue.kind is QueueKind.POST:
            arrivals[k] = 0.0
        aht_s[k] = np.where(np.isfinite(aht_s[k]) & (aht_s[k] > 0), aht_s[k], queue.aht_s)
    return arrivals, aht_s


def _due_s(demand: Demand, queue: Queue) -> np.ndarray:
    """Deadline of what arrives at each interval's edge, (T + 1,)."""
    grid = demand.grid
    edges = np.arange(grid.size + 1) * float(grid.interval_s)
    replied = queue.target(Measure.REPLIED_WITHIN)
    if queue.kind is QueueKind.LIVE:
        return np.full(grid.size + 1, np.inf)
    if replied is not None:
        hours = demand.hours_of(queue)
        return deadline_s(edges, replied.limit, replied.unit, hours, demand.calendar, grid)
    week_s = 7 * 86400.0
    return (np.floor(edges / week_s) + 1) * week_s


def _lost(problem: Problem, roster: Roster) -> np.ndarray:
    """Absence and time away by agent, (2, A), and by the day of the shift where it varies.

    Of a kind that is lost at certain times, a shift loses what falls into it.
    """
    groups = [problem.groups[agent.group] for agent in roster.agents]
    fixed = np.array([(group.absence, group.away_share) for group in groups]).reshape(-1, 2).T
    if all(group.attended is None for group in groups):
        return fixed
    lost = np.repeat(fixed[:, :, None], problem.grid.days, axis=2)
    for agent, day in np.argwhere(roster.shifts >= 0):
        series = groups[agent].attended
        if series is not None:
            pattern = problem.patterns[roster.shifts[agent, day]]
            first = int(day) * problem.grid.per_day + pattern.start
            within = slice(first, first + pattern.length)
            absence = float(series.absence[within].mean())
            factor = float(series.factor[within].mean())
            lost[:, agent, day] = absence, max(0.0, 1 - factor / (1 - absence))
    return lost


def duty(problem: Problem, roster: Roster) -> tuple[np.ndarray, ...]:
    """Stretches on contacts: shifts with their breaks cut out.

    Returns
    -------
    agent, start_s, end_s, shift : arrays (P,) in order of agent and time; shift numbers the shifts.
    """
    minutes = problem.grid.interval_min
    breaks: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for rest in roster.breaks:
        breaks.setdefault((rest.agent, rest.day), []).append(
            (rest.start_min, rest.start_min + rest.minutes)
        )
    rows = []
    for shift, (agent, day) in enumerate(np.argwhere(roster.shifts >= 0)):
        pattern = problem.patterns[roster.shifts[agent, day]]
        at, end = pattern.start * minutes, pattern.end * minutes
        midnight = int(day) * MINUTES_PER_DAY
        for rest_from, rest_to in [*sorted(breaks.get((agent, day), [])), (end, end)]:
            if rest_from > at:
                rows.append((agent, (midnight + at) * 60.0, (midnight + rest_from) * 60.0, shift))
            at = max(at, rest_to)
    table = np.array(rows, dtype=float).reshape(-1, 4)
    return (
        table[:, 0].astype(np.int64),
        table[:, 1],
        table[:, 2],
        table[:, 3].astype(np.int64),
    )
