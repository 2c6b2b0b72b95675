"""The service side of the design: positions, contacts in time, deferred work, presence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from solver.deferred_rows import Worked, add_deferred
from solver.design import Cover, People
from solver.linear import LinearModel, Slack
from solver.problem import (
    Floats,
    Group,
    Ints,
    LiveQueue,
    Problem,
    ServiceGoal,
)
from staffing.curves import ServiceCurve, hull_segments

# A hull of more points would cost rows and hardly move the bound.
_HULL_POINTS = 8


@dataclass
class Service:
    """Columns of the service side, filled while the model is built; -1 where there are none.

    `in_time[queue]` (T,) contacts in time of the queue's pool and the queue's share of them,
    `pool_positions[k]` (T,) positions of a pool,
    `deferred` people's time on deferred work.
    """

    in_time: dict[int, tuple[Ints, Floats]] = field(default_factory=dict)
    pool_positions: list[Ints] = field(default_factory=list)
    deferred: list[Worked] = field(default_factory=list)
    slacks: list[Slack] = field(default_factory=list)


def add_service(model: LinearModel, problem: Problem, people: People) -> Service:
    """Add positions, goals, deadlines and presence to a model that has its people."""
    found = Service()
    speeds = np.array([g.speed for g in problem.groups]).reshape(-1, len(problem.queues))
    classes, of_group = np.unique(speeds, axis=0, return_inverse=True)
    covers = [
        Cover.join(
            [
                _attending(problem.groups[g], people.on_duty[g])
                for g in np.flatnonzero(of_group.ravel() == c)
            ]
        )
        for c in range(len(classes))
    ]
    duty = [_duty_columns(model, problem, cover) for cover in covers]
    live_positions = _add_pools(model, problem, classes, duty, found)
    spare = _spare_rows(model, problem, duty, live_positions)
    found.deferred, slacks = add_deferred(model, problem, classes, spare)
    found.slacks += slacks
    _add_occupancy(model, problem, classes, duty, found)
    _add_presence(model, problem, people, found)
    return found


def _attending(group: Group, cover: Cover) -> Cover:
    """People on duty, counted as far as they are really there."""
    if group.attended is None:
        return cover.scaled(group.attendance)
    return Cover(cover.t, cover.column, cover.value * group.attended.factor[cover.t])


def _duty_columns(model: LinearModel, problem: Problem, cover: Cover) -> Ints:
    """For a class, a column for its people on duty in each interval that anyone covers, (T,)."""
    columns = np.full(problem.grid.size, -1, dtype=np.int64)
    covered = np.unique(cover.t)
    columns[covered] = model.add_columns(len(covered), day=covered // problem.grid.per_day)
    rows = np.full(problem.grid.size, -1, dtype=np.int64)
    rows[covered] = model.add_rows(len(covered), lower=0, upper=0)
    model.put(rows[cover.t], cover.column, cover.value)
    model.put(rows[covered], columns[covered], -1.0)
    return columns


def _within_duty(model: LinearModel, duty: Ints) -> Ints:
    """Rows that hold what is put to them to the people on duty, (T,), -1 where there are none."""
    rows = np.full(len(duty), -1, dtype=np.int64)
    there = np.flatnonzero(duty >= 0)
    rows[there] = model.add_rows(len(there), upper=0)
    model.put(rows[there], duty[there], -1.0)
    return rows


def _add_pools(
    model: LinearModel, problem: Problem, classes: Floats, duty: list[Ints], found: Service
) -> Ints:
    """Positions of live pools. Returns live columns by class, (C, pools, T), -1 where none."""
    size = problem.grid.size
    live = np.full((len(classes), len(problem.pools), size), -1, dtype=np.int64)
    capacity = [_within_duty(model, columns) for columns in duty]
    for k, pool in enumerate(problem.pools):
        members = [q.queue for q in pool.queues]
        busy = (pool.load > 0) | (pool.floor > 0)
        position_rows = np.full(size, -1, dtype=np.int64)
        active = np.flatnonzero(busy)
        positions = np.full(size, -1, dtype=np.int64)
        positions[active] = model.add_columns(len(active), day=active // problem.grid.per_day)
        position_rows[active] = model.add_rows(len(active), lower=0, upper=0)
        model.put(position_rows[active], positions[active], -1.0)
        for c, speed in enumerate(classes):
            if not (speed[members] > 0).all():
                continue
            at = np.flatnonzero(busy & (capacity[c] >= 0))
            live[c, k, at] = model.add_columns(len(at), day=at // problem.grid.per_day)
            model.put(capacity[c][at], live[c, k, at], 1.0)
            model.put(position_rows[at], live[c, k, at], float(np.mean(speed[members])))
        found.pool_positions.append(positions)
        # Queues of one line that are timed alike share the line's columns.
        columns: dict[tuple[int, str], Ints] = {}
        for queue in pool.queues:
            for goal in queue.goals:
                values = _goodness(queue.curve, goal.measure)
                key = (id(queue.curve), goal.measure)
                if key not in columns:
                    columns[key] = _add_concave(model, values, positions, problem.grid.per_day)
                if goal.measure == "in_time":
                    found.in_time[queue.queue] = (columns[key], queue.share)
                _add_period_rows(model, problem, queue, goal, columns[key], values, found)
    return live


def _goodness(curve: ServiceCurve, measure: str) -> Floats:
    """What a goal counts, as it rises with positions, (T, N + 1)."""
    if measure == "in_time":
        return curve.in_time
    if measure == "abandoned":
        return curve.offered[:, None] - curve.abandoned
    # Waiting falls with positions; what is left of the worst wait rises concavely.
    return np.asarray(curve.wait_s.max(axis=1, keepdims=True) - curve.wait_s)


def _add_concave(model: LinearModel, values: Floats, positions: Ints, per_day: int) -> Ints:
    """Columns y <= hull(values) at the positions, (T,), -1 where nothing is offered."""
    active = np.flatnonzero((positions >= 0) & (values[:, -1] > 0))
    counted = np.full(len(positions), -1, dtype=np.int64)
    if not len(active):
        return counted
    slopes, intercepts = hull_segments(
        values[active], np.zeros(len(active), np.int64), points=_HULL_POINTS
    )
    counted[active] = model.add_columns(
        len(active), upper=values[active].max(axis=1), day=active // per_day
    )
    for s in range(slopes.shape[1]):
        # A level line is the column's own bound; a repeated one adds nothing.
        new = slopes[:, s] != slopes[:, s - 1] if s else np.ones(len(active), dtype=bool)
        used = np.flatnonzero(new & (slopes[:, s] > 1e-12))
        rows = model.add_rows(len(used), upper=intercepts[used, s])
        model.put(rows, counted[active[used]], 1.0)
        model.put(rows, positions[active[used]], -slopes[used, s])
    return counted


def _add_period_rows(
    model: LinearModel,
    problem: Problem,
    queue: LiveQueue,
    goal: ServiceGoal,
    counted: Ints,
    values: Floats,
    found: Service,
) -> None:
    periods = len(goal.level)
    total = np.bincount(goal.period_of, weights=queue.offered, minlength=periods)
    weight = queue.leaving if goal.measure == "abandoned" else queue.share
    unit, scale = ("seconds waited", 1.0 / 600) if goal.measure == "wait" else ("contacts", 1.0)
    if goal.measure == "in_time":
        least = goal.level * total
    else:
        worst = queue.curve.offered if goal.measure == "abandoned" else values.max(axis=1)
        worst = np.bincount(goal.period_of, weights=weight * worst, minlength=periods)
        least = worst - goal.level * total
    asked = np.flatnonzero(least > 1e-9)
    if not len(asked):
        return
    rows = np.full(periods, -1, dtype=np.int64)
    rows[asked] = model.add_rows(len(asked), lower=least[asked])
    at = np.flatnonzero((counted >= 0) & (rows[goal.period_of] >= 0) & (weight > 0))
    model.put(rows[goal.period_of[at]], counted[at], weight[at])
    missing = model.add_columns(len(asked), cost=goal.price * scale)
    model.put(rows[asked], missing, 1.0)
    places = tuple(problem.grid.period_label(goal.period, int(k)) for k in asked)
    found.slacks.append(Slack(goal.key, unit, missing, places))


def _spare_rows(model: LinearModel, problem: Problem, duty: list[Ints], live: Ints) -> Ints:
    """Rows that hold deferred work to what a class can give to it, (C, T), -1 where none.

    That is its people not on live queues, and the part of the time on live queues that waits for
    contacts, at an efficiency.
    """
    spare = np.full((len(duty), problem.grid.size), -1, dtype=np.int64)
    for c, columns in enumerate(duty):
        spare[c] = _within_duty(model, columns)
        for k, pool in enumerate(problem.pools):
            at = np.flatnonzero(live[c, k] >= 0)
            taken = 1 - problem.idle_efficiency * pool.idle_share[at]
            model.put(spare[c, at], live[c, k, at], taken)
    return spare


def _add_occupancy(
    model: LinearModel,
    problem: Problem,
    classes: Floats,
    duty: list[Ints],
    found: Service,
) -> None:
    """Work of all kinds within the occupancy cap, over each week, for those on live queues."""
    if problem.occupancy_max >= 1 or not problem.pools:
        return
    grid = problem.grid
    members = [q.queue for pool in problem.pools for q in pool.queues]
    on_live = [c for c in range(len(classes)) if (classes[c][members] > 0).any()]
    week_of = np.arange(grid.size) // (7 * grid.per_day)
    load = sum((pool.load for pool in problem.pools), np.zeros(grid.size))
    least = np.bincount(week_of, weights=load * grid.interval_h, minlength=grid.weeks)
    rows = model.add_rows(grid.weeks, lower=least)
    for c in on_live:
        there = np.flatnonzero(duty[c] >= 0)
        model.put(rows[week_of[there]], duty[c][there], problem.occupancy_max * grid.interval_h)
    for worked in found.deferred:
        for c in on_live:
            columns, first = worked.columns_of(c)
            model.put(rows[week_of[first]], columns, -grid.interval_h)
    missing = model.add_columns(grid.weeks, cost=problem.high_price)
    model.put(rows, missing, 1.0)
    places = tuple(grid.period_label("week", w) for w in range(grid.weeks))
    found.slacks.append(Slack("occupancy_max", "hours", missing, places))


def _add_presence(model: LinearModel, problem: Problem, people: People, found: Service) -> None:
    """People who must be there: floors of live pools, posts, people per requests of the day."""
    grid = problem.grid
    for pool in problem.pools:
        able = [people.on_duty[g] for g in _able(problem, [q.queue for q in pool.queues])]
        _presence_rows(model, problem, able, pool.floor, f"{pool.name} floor", pool.price, found)
    for post in problem.presence:
        able = [people.present[g] for g in _able(problem, [post.queue])]
        _presence_rows(model, problem, able, post.required, post.key, post.price, found)
    for day_heads in problem.day_heads:
        rows = model.add_rows(grid.days, lower=day_heads.required)
        for g in _able(problem, [day_heads.queue]):
            model.put(rows, people.day_total[g], 1.0)
        missing = model.add_columns(grid.days, cost=day_heads.price, day=np.arange(grid.days))
        model.put(rows, missing, 1.0)
        places = tuple(d.isoformat() for d in grid.dates())
        found.slacks.append(Slack(day_heads.key, "people", missing, places))


def _able(problem: Problem, queues: list[int]) -> list[int]:
    return [g for g, group in enumerate(problem.groups) if (group.speed[queues] > 0).all()]


def _presence_rows(
    model: LinearModel,
    problem: Problem,
    able: list[Cover],
    required: Ints,
    key: str,
    price: float,
    found: Service,
) -> None:
    asked = np.flatnonzero(required > 0)
    if not len(asked):
        return
    rows = np.full(problem.grid.size, -1, dtype=np.int64)
    rows[asked] = model.add_rows(len(asked), lower=required[asked])
    for cover in able:
        at = rows[cover.t] >= 0
        model.put(rows[cover.t[at]], cover.column[at], cover.value[at])
    missing = model.add_columns(
        len(asked),
        cost=price * problem.grid.interval_h,
        day=asked // problem.grid.per_day,
    )
    model.put(rows[asked], missing, 1.0)
    places = tuple(problem.grid.period_label("interval", int(t)) for t in asked)
    found.slacks.append(Slack(key, "person-intervals", missing, places))
