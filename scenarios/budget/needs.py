"""What each month asks for: contacts, handling, and hours on duty by queue and post."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.demand import Demand
from scenarios.people import patterns
from scenarios.requirement import requirement_of
from staffing.queues import Measure, QueueKind

if TYPE_CHECKING:
    from scenarios.plan import Plan

# How hours on duty follow the volume is measured between these shares of it, over so many days.
_LESS, _MORE, _SAMPLE_DAYS = 0.8, 1.25, 28


@dataclass(frozen=True)
class Needs:
    """What M months ask for of Q queues and P posts.

    Parameters
    ----------
    queues
        Names of the queues that are contacts or hours of work, Q of them.
    live
        (Q,) whether a person waits.
    contacts, handled
        (Q, M) contacts before self-service, and those that reach people.
    work_h
        (Q, M) hours of handling by an experienced person without concurrency.
    duty_h, busy_h
        (Q, M) hours on duty that the promises ask for, and those of them that are handling.
    elasticity
        (Q,) by how many % hours on duty rise for 1 % more contacts.
    posts, post_h
        Names of posts, (P, M) hours of presence; `post_roles` who counts.
    open_days
        (Q + P, D) days on which each is open.
    profile
        (Q + P, T) people asked for by interval, for premiums by time of day.
    """

    queues: tuple[str, ...]
    live: np.ndarray
    contacts: np.ndarray
    handled: np.ndarray
    work_h: np.ndarray
    duty_h: np.ndarray
    busy_h: np.ndarray
    elasticity: np.ndarray
    posts: tuple[str, ...]
    post_h: np.ndarray
    post_roles: tuple[frozenset[str], ...]
    open_days: np.ndarray
    profile: np.ndarray


def needs_of(plan: Plan, told: Demand, month_of_day: np.ndarray) -> Needs:
    """Sum a plan's demand up by month.

    Hours on duty are those of the table `requirement` (interval by interval, each live queue by
    itself) and the handling of all deferred work. What a roster pays beyond them, or saves by
    pooling, is the scheduling inefficiency (`scenarios.budget.measure`).

    Parameters
    ----------
    month_of_day
        Number of the month of each day of the demand's grid, (D,).
    """
    grid = told.grid
    count = int(month_of_day.max()) + 1
    month = np.repeat(month_of_day, grid.per_day)

    def by_month(series: np.ndarray) -> np.ndarray:
        return np.bincount(month, weights=series, minlength=count)

    needed = requirement_of(plan, told)
    elastic = _elasticity(plan, told)
    rows: list[dict] = []
    posts: list[tuple[str, np.ndarray, frozenset[str], np.ndarray]] = []
    for k, queue in enumerate(told.queues):
        roles = frozenset(row.role for row in plan.roles if row.queue == queue.name)
        if not roles:
            continue
        is_open = told.open_masks[k]
        if queue.kind is QueueKind.POST:
            posts += _posts(plan, told, k, roles)
            continue
        handled = told.work.arrivals[k]
        work = told.work.work_h[k]
        if queue.kind is QueueKind.LIVE:
            mine = needed[needed["queue"] == queue.name]
            at = grid.index(pd.DatetimeIndex(mine["start"]))
            people, load = np.zeros(grid.size), np.zeros(grid.size)
            people[at] = mine["needed_fractional"].to_numpy(float)
            load[at] = mine["load_erlang"].to_numpy(float) / queue.at_once
            duty = people * grid.interval_h
            busy = np.minimum(load * grid.interval_h, duty)
            least = plan.settings.service.present_min
            if least:
                people_there = least * is_open
                posts.append((queue.name, people_there * grid.interval_h, roles, people_there))
        else:
            weekly = queue.target(Measure.WEEKLY_HOURS)
            if weekly is not None:
                # A week's hours, on the days on which they can be worked.
                days = is_open.reshape(grid.days, -1).any(axis=1)
                usual = _usual_days(days)
                a_day = np.where(days, weekly.limit / max(usual, 1), 0.0)
                work = np.zeros((grid.days, grid.per_day))
                work[:, 0] = a_day
                work = work.ravel()
            work = work + _campaigns(plan, told, queue.name, queue.aht_s)
            duty = busy = work
            total = by_month(work)
            hours_open = np.maximum(by_month(is_open * grid.interval_h), 1e-9)
            people = is_open * (total / hours_open)[month]
        rows.append(
            {
                "queue": queue.name,
                "live": queue.kind is QueueKind.LIVE,
                "contacts": by_month(told.volume[k]),
                "handled": by_month(handled),
                "work": by_month(work),
                "duty": by_month(duty),
                "busy": by_month(busy),
                "elastic": elastic.get(queue.name, _flat(queue)),
                "days": _open_days(is_open, grid.days),
                "people": people,
            }
        )

    def stacked(key: str, *shape: int) -> np.ndarray:
        return np.array([row[key] for row in rows]).reshape(len(rows), *shape)

    post_days = np.array([_open_days(p[3] > 0, grid.days) for p in posts]).reshape(-1, grid.days)
    post_people = np.array([p[3] for p in posts], float).reshape(-1, grid.size)
    return Needs(
        queues=tuple(row["queue"] for row in rows),
        live=stacked("live").astype(bool),
        contacts=stacked("contacts", count),
        handled=stacked("handled", count),
        work_h=stacked("work", count),
        duty_h=stacked("duty", count),
        busy_h=stacked("busy", count),
        elasticity=stacked("elastic"),
        posts=tuple(p[0] for p in posts),
        post_h=np.array([by_month(p[1]) for p in posts]).reshape(-1, count),
        post_roles=tuple(p[2] for p in posts),
        open_days=np.concatenate([stacked("days", grid.days), post_days]),
        profile=np.concatenate([stacked("people", grid.size), post_people]),
    )


def _flat(queue: object) -> float:
    """Deferred work grows with its contacts; hours by the week do not."""
    return 0.0 if queue.target(Measure.WEEKLY_HOURS) is not None else 1.0  # type: ignore[attr-defined]


def _posts(
    plan: Plan, told: Demand, k: int, roles: frozenset[str]
) -> list[tuple[str, np.ndarray, frozenset[str], np.ndarray]]:
    """Presence that a post asks for: hours by interval, who counts, people by interval."""
    grid, queue, is_open = told.grid, told.queues[k], told.open_masks[k]
    found = []
    present = queue.target(Measure.PRESENT)
    if present is not None:
        people = np.ceil(present.limit) * is_open
        found.append((queue.name, people * grid.interval_h, roles, people))
    ratio = queue.target(Measure.PER_REQUESTS)
    if ratio is not None:
        served = {row.queue for row in plan.roles if row.role in roles}
        numbers = [
            j
            for j, q in enumerate(told.queues)
            if q.name in served and q.kind is not QueueKind.POST
        ]
        requests = told.work.arrivals[numbers].sum(axis=0).reshape(grid.days, -1).sum(axis=1)
        opens = is_open.reshape(grid.days, -1).any(axis=1)
        heads = np.where(opens, np.ceil(requests * ratio.limit / ratio.per - 1e-9), 0.0)
        shift_h = _shortest_shift_h(plan, told, roles)
        share = is_open / np.maximum(
            np.repeat(is_open.reshape(grid.days, -1).sum(axis=1), grid.per_day), 1
        )
        hours = np.repeat(heads, grid.per_day) * shift_h * share
        found.append((queue.name, hours, roles, hours / grid.interval_h))
    return found


def _shortest_shift_h(plan: Plan, told: Demand, roles: frozenset[str]) -> float:
    """Paid hours of the shortest shift of anybody who counts: a head a day asks for no more."""
    shifts, allowed = patterns(plan, told.grid)
    names = [c.contract for c in plan.contracts if c.role in roles]
    return min((shifts[p].paid_h for name in names for p in allowed[name]), default=0.0)


def _campaigns(plan: Plan, told: Demand, queue: str, aht_s: float) -> np.ndarray:
    """Handling of campaigns by interval, spread over the days of their windows."""
    grid = told.grid
    work = np.zeros((grid.days, grid.per_day))
    for row in plan.campaigns:
        if row.queue == queue:
            last = row.to or row.from_ + dt.timedelta(days=6)
            days = [grid.day(row.from_) + k for k in range((last - row.from_).days + 1)]
            inside = [d for d in days if 0 <= d < grid.days]
            work[inside, 0] += row.contacts * aht_s / 3600 / len(days)
    return work.ravel()


def _open_days(is_open: np.ndarray, days: int) -> np.ndarray:
    return is_open.reshape(days, -1).any(axis=1)


def _usual_days(open_days: np.ndarray) -> float:
    """Days a week on which something is open, in most weeks."""
    weeks = len(open_days) // 7
    if not weeks:
        return float(open_days.sum()) or 7.0
    return float(np.median(open_days[: 7 * weeks].reshape(weeks, 7).sum(axis=1)))


def workable_weeks(open_days: np.ndarray, month_of_day: np.ndarray) -> np.ndarray:
    """Weeks of each month that can be worked, (M,): open days over those of a usual week."""
    usual = _usual_days(open_days)
    count = np.bincount(month_of_day, weights=open_days.astype(float))
    return count / usual if usual else count


def _elasticity(plan: Plan, told: Demand) -> dict[str, float]:
    """By how many % hours on duty of live queues rise for 1 % more contacts.

    Measured on the first weeks: big queues need less than in proportion.
    """
    grid = told.grid
    masks = told.open_masks.copy()
    masks[:, min(grid.days, _SAMPLE_DAYS) * grid.per_day :] = False
    hours = []
    for scale in (_LESS, _MORE):
        work = dataclasses.replace(told.work, arrivals=told.work.arrivals * scale)
        table = requirement_of(plan, dataclasses.replace(told, work=work, open_masks=masks))
        hours.append(table.groupby("queue")["needed_fractional"].sum())
    found = {}
    for queue, less in hours[0].items():
        more = float(hours[1][queue])
        known = less > 0 and more > 0
        found[str(queue)] = float(np.log(more / less) / np.log(_MORE / _LESS)) if known else 1.0
    return found
