"""The two tables that people read: shifts by day, and what each person does when."""

from __future__ import annotations

import numpy as np
import pandas as pd

from solver.problem import Bools, Floats, Ints, Problem
from solver.result import Roster
from staffing.timegrid import MINUTES_PER_DAY

BREAK = "break"


def schedule(problem: Problem, roster: Roster) -> pd.DataFrame:
    """Shifts: agent, date, shift, start, end, paid_hours; times ISO, local."""
    step = problem.grid.interval_min
    rows = []
    for agent, day in np.argwhere(roster.shifts >= 0).tolist():
        pattern = problem.patterns[roster.shifts[agent, day]]
        rows.append(
            (
                roster.agents[agent].name,
                problem.grid.date(day).isoformat(),
                pattern.shift,
                _iso(problem, day * MINUTES_PER_DAY + pattern.start * step),
                _iso(problem, day * MINUTES_PER_DAY + pattern.end * step),
                pattern.paid_h,
            )
        )
    return pd.DataFrame(rows, columns=["agent", "date", "shift", "start", "end", "paid_hours"])


def activities(problem: Problem, roster: Roster, positions: Floats) -> pd.DataFrame:
    """What each person does: agent, start, end, activity (a queue, or `break`).

    In each interval the people on duty are shared out among the queues by the design's positions
    (largest remainder, within what their skills allow). A person stays on the queue of the interval
    before if it still needs somebody; who is not needed anywhere takes the first-choice queue of
    the role.

    Parameters
    ----------
    positions
        (Q, T) people's time planned on each queue.
    """
    queue_of = _queues(problem, roster, positions)
    step = problem.grid.interval_min
    breaks: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for b in roster.breaks:
        start = b.day * MINUTES_PER_DAY + b.start_min
        breaks.setdefault((b.agent, b.day), []).append((start, start + b.minutes))
    rows = []
    for agent, day in np.argwhere(roster.shifts >= 0).tolist():
        pattern = problem.patterns[roster.shifts[agent, day]]
        first = day * problem.grid.per_day + pattern.start
        work = [
            (t * step, (t + 1) * step, problem.queues[queue_of[agent, t]])
            for t in range(first, first + pattern.length)
        ]
        for start, end, activity in _merge(work, sorted(breaks.get((agent, day), []))):
            name = roster.agents[agent].name
            rows.append((name, _iso(problem, start), _iso(problem, end), activity))
    return pd.DataFrame(rows, columns=["agent", "start", "end", "activity"])


def _iso(problem: Problem, minute: int) -> str:
    day, rest = divmod(int(minute), MINUTES_PER_DAY)
    return f"{problem.grid.date(day).isoformat()}T{rest // 60:02d}:{rest % 60:02d}:00"


def _merge(
    work: list[tuple[int, int, str]], breaks: list[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """Work cut by breaks, neighbouring pieces of one activity joined."""
    pieces = [(start, end, BREAK) for start, end in breaks]
    for begin, finish, activity in work:
        start = begin
        for off, back in breaks:
            if off < finish and back > start:
                if off > start:
                    pieces.append((start, off, activity))
                start = max(start, back)
        if start < finish:
            pieces.append((start, finish, activity))
    joined: list[tuple[int, int, str]] = []
    for start, end, activity in sorted(pieces):
        if joined and joined[-1][1] == start and joined[-1][2] == activity and activity != BREAK:
            joined[-1] = (joined[-1][0], end, activity)
        else:
            joined.append((start, end, activity))
    return joined


def _queues(problem: Problem, roster: Roster, positions: Floats) -> Ints:
    """Queue of every agent in every interval of the horizon and the day after, (A, T + a day)."""
    grid = problem.grid
    speed = np.array([group.speed for group in problem.groups])
    order = np.array([group.order for group in problem.groups], dtype=float)
    group_of = np.array([agent.group for agent in roster.agents], dtype=np.int64)
    able = speed > 0
    choice = np.argmin(np.where(able, order, np.inf), axis=1)
    queue_of = np.repeat(choice[group_of][:, None], grid.size + grid.per_day, axis=1)
    on_duty = _on_duty(problem, roster)
    planned = np.concatenate([positions, np.zeros((len(positions), grid.per_day))], axis=1)
    before = np.full(len(group_of), -1, dtype=np.int64)
    for t in np.flatnonzero(on_duty.any(axis=0)):
        people = np.flatnonzero(on_duty[:, t])
        seats = largest_remainder(planned[:, t], len(people))
        taken = _share_out(able[group_of[people]], order[group_of[people]], before[people], seats)
        before[:] = -1
        before[people] = taken
        served = taken >= 0
        queue_of[people[served], t] = taken[served]
        before[people[~served]] = queue_of[people[~served], t]
    return queue_of


def _on_duty(problem: Problem, roster: Roster) -> Bools:
    """Whether a person is on shift and not on a break for the whole interval, (A, T + a day)."""
    grid = problem.grid
    here = np.zeros((len(roster.agents), grid.size + grid.per_day))
    for agent, day in np.argwhere(roster.shifts >= 0).tolist():
        pattern = problem.patterns[roster.shifts[agent, day]]
        first = day * grid.per_day + pattern.start
        here[agent, first : first + pattern.length] = grid.interval_min
    for b in roster.breaks:
        start = b.day * MINUTES_PER_DAY + b.start_min
        for t in range(start // grid.interval_min, -(-(start + b.minutes) // grid.interval_min)):
            low, high = t * grid.interval_min, (t + 1) * grid.interval_min
            here[b.agent, t] -= min(high, start + b.minutes) - max(low, start)
    return np.asarray(here > 0, dtype=bool)


def largest_remainder(positions: Floats, people: int) -> Ints:
    """Whole people by queue, (Q,), as near to the positions as people allow."""
    total = float(positions.sum())
    if total <= 0 or people == 0:
        return np.zeros(len(positions), dtype=np.int64)
    share = positions * min(1.0, people / total)
    count = min(people, round(total))
    seats = np.floor(share + 1e-9).astype(np.int64)
    rest = np.argsort(-(share - seats), kind="stable")[: max(0, count - int(seats.sum()))]
    seats[rest] += 1
    return seats


def _share_out(able: Bools, order: Floats, before: Ints, seats: Ints) -> Ints:
    """Queue of each person, (n,), -1 where none is left that they can serve.

    Those with fewer skills choose first. A queue left with seats and nobody free takes a person
    from a queue that somebody free can serve.
    """
    left = seats.copy()
    taken = np.full(len(able), -1, dtype=np.int64)
    people = np.argsort(able.sum(axis=1), kind="stable")
    for k in people:
        if before[k] >= 0 and left[before[k]] > 0 and able[k, before[k]]:
            taken[k] = before[k]
            left[before[k]] -= 1
    for k in people:
        if taken[k] < 0:
            open_queues = np.flatnonzero(able[k] & (left > 0))
            if len(open_queues):
                taken[k] = open_queues[np.argmin(order[k, open_queues])]
                left[taken[k]] -= 1
    for queue in np.flatnonzero(left > 0):
        for free in np.flatnonzero(taken < 0):
            if left[queue] == 0:
                break
            movers = [
                k for k in np.flatnonzero(taken >= 0) if able[k, queue] and able[free, taken[k]]
            ]
            if movers:
                taken[free] = taken[movers[0]]
                taken[movers[0]] = queue
                left[queue] -= 1
    return taken
