"""Hours needed against hours available, before anything is solved.

The balance is a rough one on purpose: the work of the last weeks of history against what contracts
allow. It cannot prove that a plan works; it can tell early that it does not.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from scenarios.plan.model import Plan
from staffing.queues import QueueKind, people_share
from staffing.shrinkage import mean_attendance

#: Weeks of history, the last ones, whose mean stands for the weeks planned.
RECENT_WEEKS = 4
_DAY_HOURS_A_WEEK = 5
_MAX_ROLES = 10
_AWAY = frozenset({"leave", "sick", "training", "unavailable"})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Passes that bring every escalation and call-back to its queue: chains are short.
_PASSES = 9


@dataclass(frozen=True)
class _Group:
    """Roles that share queues, and the queues that only these roles serve."""

    roles: frozenset[str]
    queues: tuple[str, ...]

    @property
    def name(self) -> str:
        return " + ".join(sorted(self.roles))


def hours_balance(plan: Plan) -> pd.DataFrame:
    """Hours needed and available by week and group of roles.

    A group is a set of roles that work shares: a connected part of the graph of roles and queues,
    and within it each smaller set of roles whose own queues (those that nobody else serves) need
    more than the set has. Needed are last weeks' contacts, less the deflected, with repeats,
    escalations and call-backs, times their handle time over the contacts that one person handles
    at once, and project hours; or the hours that posts must be present, if these are more.
    Available are contracts' hours and overtime at the most people, less days away, shrinkage and,
    where live queues are served, idle time (`service.occupancy_max`).

    Returns
    -------
    pandas.DataFrame
        Columns week (from 1), group (roles joined by +), queues, needed_h, available_h, note (a
        sentence where needed is more than available, else empty).
    """
    needed, first_week = _weekly_work_h(plan)
    present = _weekly_present_h(plan)
    kinds = plan.kinds
    groups = _groups(plan)
    rows = []
    for week in range(plan.settings.weeks):
        available = {
            role: _available_h(plan, role, week) for group in groups for role in group.roles
        }
        for whole in groups:
            for group in (whole, *_parts(plan, whole)):
                need = sum(needed.get(queue, 0.0) for queue in group.queues)
                if week == 0:
                    need += sum(first_week.get(queue, 0.0) for queue in group.queues)
                need = max(need, sum(present.get(queue, 0.0) for queue in group.queues))
                have = sum(available[role] for role in group.roles)
                if any(kinds.get(queue) is QueueKind.LIVE for queue in group.queues):
                    have *= plan.settings.service.occupancy_max
                is_short = need > have + 1e-6
                if group is whole or is_short:
                    rows.append(
                        {
                            "week": week + 1,
                            "group": group.name,
                            "queues": ", ".join(group.queues),
                            "needed_h": round(need, 1),
                            "available_h": round(have, 1),
                            "note": _note(group, need, have) if is_short else "",
                        }
                    )
    columns = ["week", "group", "queues", "needed_h", "available_h", "note"]
    return pd.DataFrame(rows, columns=columns)


def hours_warnings(plan: Plan) -> tuple[str, ...]:
    """One sentence for each group of roles that has less hours than it needs, with its weeks."""
    balance = hours_balance(plan)
    short = balance[balance["note"] != ""]
    return tuple(
        f"{_weeks(list(weeks))}: {note}"
        for note, weeks in short.groupby("note", sort=False)["week"]
    )


def _weeks(weeks: list[int]) -> str:
    """Weeks in words: week 2; weeks 1-4; weeks 1, 3."""
    if len(weeks) == 1:
        return f"week {weeks[0]}"
    if weeks == list(range(weeks[0], weeks[-1] + 1)):
        return f"weeks {weeks[0]}-{weeks[-1]}"
    return "weeks " + ", ".join(map(str, weeks))


def _note(group: _Group, need: float, have: float) -> str:
    return (
        f"about {need:.0f} h a week of work for {', '.join(group.queues)}, and {group.name} can "
        f"give {have:.0f} h after leave, shrinkage and idle time: {need - have:.0f} h are missing"
    )


def _weekly_work_h(plan: Plan) -> tuple[dict[str, float], dict[str, float]]:
    """Person-hours a week by queue, from the last weeks of history; and of the opening backlog."""
    history = plan.history
    contacts: dict[str, float] = {}
    aht_s: dict[str, float] = {}
    if not history.empty:
        last = history["start"].max().normalize() + pd.Timedelta(days=1)
        recent = history[history["start"] >= last - pd.Timedelta(weeks=RECENT_WEEKS)]
        weeks = min(RECENT_WEEKS, (last - history["start"].min().normalize()).days / 7)
        contacts = (recent.groupby("queue")["volume"].sum() / weeks).to_dict()
        timed = recent[recent["aht_s"].notna() & (recent["volume"] > 0)]
        work_s = (timed["aht_s"] * timed["volume"]).groupby(timed["queue"]).sum()
        aht_s = (work_s / timed.groupby("queue")["volume"].sum()).to_dict()
    growth = 1 + plan.settings.forecast.growth
    counts_repeats = plan.settings.forecast.history_counts == "all_contacts"
    own = {row.queue: contacts.get(row.queue, 0.0) * growth for row in plan.queues}
    for _ in range(_PASSES):
        came = {row.queue: contacts.get(row.queue, 0.0) * growth for row in plan.queues}
        for row in plan.queues:
            if row.vip_queue in came:
                came[row.vip_queue] += own[row.queue] * row.vip_share
        own = came
    own = {
        row.queue: own[row.queue] * (1 - row.vip_share) * people_share(row) for row in plan.queues
    }
    handled = dict(own)
    for _ in range(_PASSES):
        arriving = dict(own)
        for row in plan.queues:
            for to, share in (
                (row.escalates_to, row.escalation_share),
                (row.callback_queue, row.callback_share),
            ):
                if to in arriving:
                    arriving[to] += handled[row.queue] * share
        handled = {
            row.queue: arriving[row.queue] / (1.0 if counts_repeats else row.fcr)
            for row in plan.queues
        }
    each_h = {
        row.queue: (row.aht_s or aht_s.get(row.queue, 0.0)) / 3600 / row.at_once
        for row in plan.queues
    }
    work = {queue: handled[queue] * hours for queue, hours in each_h.items()}
    for target in plan.targets:
        if target.measure == "weekly_hours":
            work[target.queue] = work.get(target.queue, 0.0) + target.limit
    waiting: dict[str, float] = defaultdict(float)
    for row in plan.backlog:
        waiting[row.queue] += row.contacts * each_h[row.queue]
    return work, waiting


def _weekly_present_h(plan: Plan) -> dict[str, float]:
    """Person-hours a week that posts must be present, by queue."""
    open_min: dict[str, int] = defaultdict(int)
    for row in plan.hours:
        if row.weekday in _DAYS:
            open_min[row.hours] += row.closes - row.opens
    hours_of = {row.queue: row.hours for row in plan.queues}
    present: dict[str, float] = defaultdict(float)
    for target in plan.targets:
        if target.measure == "present":
            name = hours_of.get(target.queue, "")
            present[target.queue] += target.limit * (open_min[name] / 60 if name else 168)
    return present


def _available_h(plan: Plan, role: str, week: int) -> float:
    """Hours that people of a role can spend on contacts in a week."""
    first = plan.start + dt.timedelta(weeks=week)
    days = [first + dt.timedelta(days=offset) for offset in range(7)]
    hours = 0.0
    for contract in plan.contracts:
        named = [agent for agent in plan.agents if agent.contract == contract.contract]
        heads = sum((agent.role or contract.role) == role for agent in named)
        if contract.role == role:
            heads += max(0, contract.people_max - len(named))
        if not heads:
            continue
        employed = _share_of(days, contract.from_, contract.to)
        each = contract.week_hours_max + contract.overtime_max_hours
        if contract.month_hours_max is not None:
            each = min(each, contract.month_hours_max * 12 / 52)
        hours += heads * each * employed
        people = {agent.agent for agent in named if (agent.role or contract.role) == role}
        away = _days_away(plan, people, days)
        hours -= away * contract.week_hours_max / _DAY_HOURS_A_WEEK
    return max(0.0, hours) * mean_attendance(plan.shrinkage_kinds, role, days).factor


def _share_of(days: Sequence[dt.date], first: dt.date | None, last: dt.date | None) -> float:
    inside = [day for day in days if (not first or first <= day) and (not last or day <= last)]
    return len(inside) / len(days)


def _days_away(plan: Plan, people: Iterable[str], days: Sequence[dt.date]) -> int:
    """Days away of some people in a week, at most five each."""
    away: dict[str, set[dt.date]] = {agent: set() for agent in people}
    for row in plan.availability:
        if row.kind in _AWAY and row.agent in away:
            last = row.to or row.from_
            away[row.agent] |= {day for day in days if row.from_ <= day <= last}
    return sum(min(_DAY_HOURS_A_WEEK, len(one)) for one in away.values())


def _groups(plan: Plan) -> list[_Group]:
    """Connected parts of the graph of roles and queues, in the order of the roles."""
    queues_of: dict[str, set[str]] = defaultdict(set)
    for row in plan.roles:
        queues_of[row.role].add(row.queue)
    groups: list[set[str]] = []
    for role, queues in queues_of.items():
        touching = [one for one in groups if any(queues_of[other] & queues for other in one)]
        merged = {role}.union(*touching)
        groups = [one for one in groups if one not in touching] + [merged]
    return [_group(plan, frozenset(roles)) for roles in groups]


def _group(plan: Plan, roles: frozenset[str]) -> _Group:
    """Group of roles with the queues that only they serve."""
    roles_of: dict[str, set[str]] = defaultdict(set)
    for row in plan.roles:
        roles_of[row.queue].add(row.role)
    own = tuple(q.queue for q in plan.queues if roles_of[q.queue] and roles_of[q.queue] <= roles)
    return _Group(roles, own)


def _parts(plan: Plan, group: _Group) -> list[_Group]:
    """Smaller sets of roles within a group that have queues of their own (Hall's condition)."""
    if not 2 <= len(group.roles) <= _MAX_ROLES:
        return []
    sets = (
        frozenset(roles)
        for size in range(1, len(group.roles))
        for roles in combinations(sorted(group.roles), size)
    )
    return [part for part in (_group(plan, roles) for roles in sets) if part.queues]
