"""Simulation of the plans of `benchmarks/month.py`: who is on which queue, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.month_problem import LIVE, QUEUES, SLOT_MIN, Month
from solver.result import ShiftPlan
from staffing.calendar import ALWAYS_OPEN, deadline_s
from staffing.simulation import Scene, occupancy, simulate

# Smaller teams have noisier months.
_REPLICATIONS = {"12": 400, "120": 200, "600": 20, "1100": 20}


@dataclass(frozen=True)
class Judged:
    """What a simulation says: share in time by queue with half its 95 % interval, occupancy."""

    service: np.ndarray
    half: np.ndarray
    occupancy: float


def judge(month: Month, agent: np.ndarray, speed: np.ndarray, stretches: np.ndarray) -> Judged:
    """Simulate stretches of duty, (P, 2) in quarter hours, of agents with their pace by queue."""
    grid, facts = month.fine, month.channels
    hours = month.hours()
    edges = np.arange(grid.size + 1) * float(grid.interval_s)
    due = np.full((len(QUEUES), grid.size + 1), np.inf)
    due[LIVE] = deadline_s(
        edges, facts[LIVE]["within_business_h"], "open_h", hours, month.calendar, grid
    )
    ones = np.ones(len(QUEUES))
    scene = Scene(
        grid=grid,
        queues=QUEUES,
        arrivals=month.arrivals,
        aht_s=np.repeat([[c["aht_s"]] for c in facts], grid.size, axis=1),
        aht_cv=ones,
        deferred=np.array([False, False, True]),
        patience_s=np.array([c.get("patience_s", np.inf) for c in facts]),
        redial_share=0 * ones,
        at_once=np.array([c.get("at_once", 1) for c in facts]),
        priority=np.array([1, 1, 2]),
        open_mask=np.array(
            [
                ALWAYS_OPEN.open_mask(grid, month.calendar),
                ALWAYS_OPEN.open_mask(grid, month.calendar),
                hours.open_mask(grid, month.calendar),
            ]
        ),
        target_s=np.array([c.get("target_s", 0.0) for c in facts]),
        due_s=due,
        speed=speed,
        order=np.ones(speed.shape, dtype=np.int64),
        duty_agent=agent,
        duty_start_s=stretches[:, 0] * SLOT_MIN * 60.0,
        duty_end_s=stretches[:, 1] * SLOT_MIN * 60.0,
        duty_shift=np.arange(len(agent)),
        absence=np.zeros(len(speed)),
        away_share=np.zeros(len(speed)),
        day_cv=0 * ones,
    )
    replications = _REPLICATIONS[month.people]
    result = simulate(scene, replications=replications, seed=1)
    in_time = result.in_time.sum(axis=2, dtype=float)
    offered = result.offered.sum(axis=2, dtype=float)
    service = in_time.sum(axis=0) / offered.sum(axis=0)
    spread = (in_time - service * offered).std(axis=0, ddof=1) / offered.mean(axis=0)
    return Judged(service, 1.96 * spread / replications**0.5, occupancy(scene, result)[0])


def split_by_design(month: Month, plan: ShiftPlan) -> np.ndarray:
    """People on each queue by quarter hour, (Q, slots), as the design splits their time.

    Live queues have their share of an interval spread evenly over its quarters, in whole people;
    mail has the rest.
    """
    there = _there(month, plan)
    slots = month.grid.interval_min // SLOT_MIN
    split = np.zeros((len(QUEUES), len(there)), dtype=np.int64)
    left = there.copy()
    for k in range(LIVE):
        wanted = np.repeat(plan.positions[k], slots)
        carried = 0.0
        for slot in np.flatnonzero(there):
            carried = max(-1.0, min(1.0, carried)) + wanted[slot]
            split[k, slot] = min(left[slot], max(0, round(carried)))
            carried -= split[k, slot]
        left -= split[k]
    split[LIVE] = left
    return split


def split_as_asked(month: Month, plan: ShiftPlan, people: np.ndarray) -> np.ndarray:
    """People on each queue by quarter hour, (Q, slots), in proportion to people asked for."""
    there = _there(month, plan)
    asked = np.repeat(people, month.grid.interval_min // SLOT_MIN, axis=1).astype(float)
    ideal = asked * there / np.maximum(asked.sum(axis=0), 1)
    split = np.floor(ideal)
    # The largest remainders, live queues first among equals.
    order = np.argsort(-(ideal - split), axis=0, kind="stable").argsort(axis=0)
    split += order < (there - split.sum(axis=0))
    split[:, asked.sum(axis=0) == 0] = 0
    return split.astype(np.int64)


def _there(month: Month, plan: ShiftPlan) -> np.ndarray:
    """People at work by quarter hour, (slots,)."""
    at_work = np.array([s["at_work"] for s in month.module.shifts()])
    first = round(month.module.OPEN_H * 60) // SLOT_MIN
    there = np.zeros((month.grid.days, 1440 // SLOT_MIN), dtype=np.int64)
    there[:, first : first + at_work.shape[1]] = plan.counts.sum(axis=0) @ at_work
    return there.ravel()


def judge_split(month: Month, split: np.ndarray, skills: np.ndarray) -> Judged:
    """Simulate a split, (Q, slots): the k-th place on a queue is an agent with its `skills`."""
    agents, stretches, speed = [], [], []
    for k, row in enumerate(split):
        for position in range(int(row.max(initial=0))):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], row > position, [0]]).astype(int)))
            agents += [len(speed)] * (len(edges) // 2)
            stretches.append(edges.reshape(-1, 2))
            speed.append(skills[k])
    return judge(month, np.array(agents), np.array(speed), np.concatenate(stretches))


# Whoever waits for live contacts answers mail meanwhile.
MAIL_IN_IDLE_TIME = np.array([[1.0, 0, 1], [0, 1, 1], [0, 0, 1]])
APART = np.eye(3)
