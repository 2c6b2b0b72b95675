"""Checks of queues, targets, opening hours, calendar and history."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from scenarios.plan.draft import Draft, Finding, find_loop
from scenarios.plan.faults import Fault
from scenarios.plan.model import DEFERRED_MEASURES, LIVE_MEASURES
from scenarios.plan.rows import Located
from scenarios.plan.values import clock_text

#: Channels to which nobody is assigned.
UNSTAFFED = "self_service"
_UNITS = {
    "answered_within": ("s", "min", "h"),
    "mean_wait": ("s", "min", "h"),
    "replied_within": ("s", "min", "h", "open_h", "business_day"),
    "weekly_hours": ("h", ""),
    "abandoned": ("",),
    "present": ("",),
    "per_requests": ("",),
    "cost_per_contact": ("",),
}
# Columns of a queue that send a share of its contacts to another.
_SENDS = {
    "vip_share": "vip_queue",
    "escalation_share": "escalates_to",
    "callback_share": "callback_queue",
}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_STALE_DAYS = 56
_SHORT_DAYS = 14


def follow_ups(draft: Draft) -> Iterator[Finding]:
    """VIP routes, escalations and call-backs have somewhere to go and never come back."""
    edges: dict[str, set[str]] = {}
    located_of: dict[str, Located[Any]] = {}
    for located, row in draft.of_table("queues"):
        edges[row.queue] = {row.vip_queue, row.escalates_to, row.callback_queue} - {""}
        located_of[row.queue] = located
        for share, to in _SENDS.items():
            if getattr(row, share) and not getattr(row, to):
                yield draft.fault(
                    "queues", located, to, f"is empty, but {share} is {getattr(row, share):g}",
                    "a queue, or no share",
                )  # fmt: skip
            elif getattr(row, to) and not getattr(row, share):
                yield draft.notice("queues", located, f"{to} is given, but {share} is 0")
    if loop := find_loop(edges):
        located = located_of[loop[0]]
        column = next(to for to in _SENDS.values() if getattr(located.row, to) == loop[1])
        yield draft.fault(
            "queues", located, column, f"goes round in a loop: {' > '.join(loop)}",
            "work that ends at some queue",
        )  # fmt: skip


def promises(draft: Draft) -> Iterator[Finding]:
    """Every queue promises something, in one way, and every limit has its measure's unit."""
    channels = {row.queue: row.channel for _, row in draft.of_table("queues")}
    measures: dict[str, dict[str, Located[Any]]] = defaultdict(dict)
    timed: dict[tuple[str, str], Located[Any]] = {}
    for located, row in draft.of_table("targets"):
        measures[row.queue].setdefault(row.measure, located)
        yield from _limit(draft, located, row)
        if row.measure == "answered_within":
            # A contact is timed against one limit; shares and periods may be several.
            first = timed.setdefault((row.queue, row.measure), located)
            if (row.limit, row.unit) != (first.row.limit, first.row.unit):
                yield draft.fault(
                    "targets", located, "limit",
                    f"is a second limit of {row.queue}, beside row {first.number}",
                    "one limit a queue, or two queues",
                )  # fmt: skip
        is_contact = row.measure in LIVE_MEASURES | {"replied_within"}
        if channels.get(row.queue) == "post" and is_contact:
            yield draft.fault(
                "targets", located, "measure", f"{row.queue} is a post and has no contacts",
                "present, per_requests or weekly_hours",
            )  # fmt: skip
    for queue, of_queue in measures.items():
        live = [of_queue[one] for one in LIVE_MEASURES & of_queue.keys()]
        deferred = [of_queue[one] for one in DEFERRED_MEASURES & of_queue.keys()]
        if live and deferred:
            later = max(live + deferred, key=lambda one: one.number)
            yield draft.fault(
                "targets", later, "measure",
                f"{queue} is answered at once (row {min(one.number for one in live)}) "
                f"and later (row {min(one.number for one in deferred)})",
                "two queues, one for each promise",
            )  # fmt: skip
    if not draft.is_whole("targets"):
        return
    for located, row in draft.of_table("queues"):
        if row.channel != UNSTAFFED and not measures.keys() & {row.queue}:
            yield draft.fault(
                "queues", located, "queue", "promises nothing", "a row in targets for it"
            )


def replies(draft: Draft) -> Iterator[Finding]:
    """Of several promises to reply, a longer one asks for a larger share."""
    stated: dict[tuple[str, str], list[Located[Any]]] = defaultdict(list)
    for located, row in draft.of_table("targets"):
        if row.measure == "replied_within":
            stated[row.queue, row.unit].append(located)
    for rows in stated.values():
        for located in rows:
            row = located.row
            for other in rows:
                if other.row.limit < row.limit and other.row.share >= row.share:
                    text = (
                        f"{row.share:.4g} within {row.limit:g} {row.unit} asks for nothing more "
                        f"than row {other.number}"
                    )
                    yield draft.notice("targets", located, text)


def known_ahead(draft: Draft) -> Iterator[Finding]:
    """Backlogs and campaigns belong to queues that promise to reply; windows have open days."""
    replying = {
        row.queue for _, row in draft.of_table("targets") if row.measure == "replied_within"
    }
    queues = {row.queue: row for _, row in draft.of_table("queues")}
    open_on = defaultdict(set)
    for _, row in draft.of_table("hours"):
        open_on[row.hours].add(row.weekday)
    start, days = draft.settings.start, 7 * draft.settings.weeks
    for table in ("backlog", "campaigns"):
        for located, row in draft.of_table(table):
            if row.queue in queues and row.queue not in replying and draft.is_whole("targets"):
                yield draft.fault(
                    table, located, "queue", "promises no reply",
                    "a queue with a row replied_within in targets",
                )  # fmt: skip
    for located, row in draft.of_table("campaigns"):
        last = row.to or start + dt.timedelta(days=days - 1)
        if last < start or row.from_ >= start + dt.timedelta(days=days):
            yield draft.notice("campaigns", located, "lies outside the days planned")
            continue
        hours = queues[row.queue].hours if row.queue in queues else ""
        first = max(row.from_, start)
        if not hours or not draft.is_whole("hours") or not open_on[hours] or last < first:
            continue
        window = [first + dt.timedelta(days=d) for d in range(min(7, (last - first).days + 1))]
        if not any(_WEEKDAYS[day.weekday()] in open_on[hours] for day in window):
            yield draft.fault(
                "campaigns", located, "to" if row.to else "from",
                f"leaves no day on which {row.queue} is open ({hours})", "a longer window",
            )  # fmt: skip


def _limit(draft: Draft, located: Located[Any], row: Any) -> Iterator[Finding]:
    units = _UNITS[row.measure]
    if row.unit not in units:
        right = "one of " + ", ".join(units) if units != ("",) else "no unit"
        wrong = f"does not fit {row.measure}" if row.unit else f"is empty for {row.measure}"
        yield draft.fault("targets", located, "unit", wrong, right)
    if row.measure == "abandoned" and row.limit > 1:
        yield draft.fault(
            "targets", located, "limit", "is more than 1, a share of the contacts",
            f"{row.limit / 100:g} or {row.limit:g} %" if row.limit <= 100 else "a share",
        )  # fmt: skip
    if row.measure in ("answered_within", "replied_within") and row.share >= 1:
        yield draft.fault(
            "targets", located, "share", "is all contacts, which no staff can promise",
            "a share below 1, as 0.99",
        )  # fmt: skip
    # Nobody at a post, or no hours a week, is a wish that a scenario may have; no time is none.
    if row.limit == 0 and row.measure in ("replied_within", "mean_wait", "cost_per_contact"):
        yield draft.fault("targets", located, "limit", "is zero", "more than 0")


def opening_hours(draft: Draft) -> Iterator[Finding]:
    """Windows run forward, last a day at most, lie on the grid and do not overlap."""
    step = draft.settings.interval_min
    windows: dict[tuple[str, str], list[tuple[int, int, Located[Any]]]] = defaultdict(list)
    for located, row in draft.of_table("hours"):
        if row.opens >= 1440:
            yield draft.fault(
                "hours", located, "opens", "is not a time of its day", "a time before 24:00"
            )
        elif row.closes <= row.opens:
            past = f"past midnight it is {clock_text(row.closes + 1440)}"
            yield draft.fault(
                "hours", located, "closes", f"is not after it opens ({clock_text(row.opens)})",
                f"a later time; {past}",
            )  # fmt: skip
        elif row.closes - row.opens > 1440:
            yield draft.fault(
                "hours", located, "closes",
                f"makes a day of {(row.closes - row.opens) / 60:g} hours",
                f"{clock_text(row.opens + 1440)} at the latest",
            )  # fmt: skip
        else:
            windows[row.hours, row.weekday].append((row.opens, row.closes, located))
            for column in ("opens", "closes"):
                if getattr(row, column) % step:
                    yield draft.fault(
                        "hours", located, column, f"is not on the grid of {step} min",
                        f"a multiple of {step} min, or a smaller interval_min",
                    )  # fmt: skip
    for (name, weekday), of_day in windows.items():
        following = list(of_day)
        if weekday in _WEEKDAYS:
            tomorrow = _WEEKDAYS[(_WEEKDAYS.index(weekday) + 1) % 7]
            following += [
                (opens + 1440, closes + 1440, located)
                for opens, closes, located in windows.get((name, tomorrow), ())
            ]
        following.sort(key=lambda one: one[:2])
        for (_, closes, one), (opens, _, other) in pairwise(following):
            if opens < closes and one.row.weekday == weekday:
                yield draft.fault(
                    "hours", other, "opens", f"overlaps the window of row {one.number}",
                    f"{clock_text(closes % 1440)} or later",
                )  # fmt: skip


def calendar(draft: Draft) -> Iterator[Finding]:
    """Days are given, are of one kind, and follow days that are past."""
    kinds: dict[dt.date, Located[Any]] = {}
    for located, row in draft.of_table("calendar"):
        first, last = row.date or row.from_, row.date or row.to or row.from_
        if first is None:
            yield draft.fault("calendar", located, "date", "is empty", "a date, or from and to")
            continue
        if row.date and (row.from_ or row.to):
            yield draft.fault(
                "calendar", located, "date", "is given beside from or to", "one of the two"
            )
            continue
        if row.queue and row.kind in ("holiday", "working_day"):
            yield draft.fault(
                "calendar", located, "queue", f"is given for a {row.kind}",
                "nothing: only events and closures touch a single queue",
            )  # fmt: skip
        if row.like and row.like >= first:
            yield draft.fault(
                "calendar", located, "like", f"is not before {first}", "an earlier day"
            )
        if row.kind == "event" or last is None or (last - first).days > 366:
            continue
        for offset in range((last - first).days + 1):
            day = first + dt.timedelta(days=offset)
            other = kinds.setdefault(day, located)
            if other.row.kind != row.kind:
                yield draft.fault(
                    "calendar", located, "kind",
                    f"makes {day} a {row.kind}; row {other.number} makes it a {other.row.kind}",
                    "one kind a day",
                )  # fmt: skip
                break


def history(draft: Draft) -> Iterator[Finding]:
    """Queues with contacts have a history, it is recent and long enough, and gives handle times."""
    frame = draft.history
    if frame is None or not draft.is_whole("queues", "targets"):
        return
    where = draft.where("history")
    measured: dict[str, set[str]] = defaultdict(set)
    fed: set[str] = set()
    for _, row in draft.of_table("targets"):
        measured[row.queue].add(row.measure)
    for _, row in draft.of_table("queues"):
        fed |= {row.vip_queue, row.escalates_to, row.callback_queue}
    for table in ("backlog", "campaigns"):
        fed |= {row.queue for _, row in draft.of_table(table)}
    assumed = {row.queue: row.like for _, row in draft.of_table("new_queues")}
    seen = set(frame["queue"].unique())
    timed = set(frame.loc[frame["aht_s"].notna(), "queue"].unique())
    for located, row in draft.of_table("queues"):
        if row.channel in ("post", UNSTAFFED):
            if row.channel == "post" and row.queue in seen:
                text = f"{row.queue} is a post; its history is not used"
                yield draft.notice("queues", located, text)
            continue
        has_contacts = bool(measured[row.queue] & (LIVE_MEASURES | {"replied_within"}))
        if has_contacts and row.queue not in seen | fed | set(assumed):
            yield Fault(
                where, None, "queue", "", f"has no row for the queue {row.queue}",
                f"past volumes of {row.queue}, a campaign, a queue that sends contacts to it, or a "
                "row of new_queues",
            )  # fmt: skip
        like = assumed.get(row.queue)
        if has_contacts and row.aht_s is None and not {row.queue, like} & timed:
            yield draft.fault(
                "queues", located, "aht_s", "is empty, and the history has none either",
                "a mean handle time in seconds",
            )  # fmt: skip
    if frame.empty:
        return
    first, last = frame["start"].min(), frame["start"].max()
    start = np.datetime64(draft.settings.start)
    gap = int((start - last.to_datetime64()) / np.timedelta64(1, "D"))
    if gap > _STALE_DAYS:
        yield draft.notice("history", None, f"ends {gap} days before the first day planned")
    if (last - first).days < _SHORT_DAYS:
        text = f"covers {(last - first).days + 1} days; weekdays are told apart from 4 weeks on"
        yield draft.notice("history", None, text)


def new_queues(draft: Draft) -> Iterator[Finding]:
    """A new queue says how much will come, in one way, and is like a queue with a history."""
    frame = draft.history
    seen = set() if frame is None else set(frame["queue"].unique())
    for located, row in draft.of_table("new_queues"):
        by_customers = row.customers is not None and row.requests_per_customer is not None
        half = (row.customers is None) != (row.requests_per_customer is None)
        if half or (row.share is None) != by_customers:
            yield draft.fault(
                "new_queues", located, "share", "does not say in one way how much will come",
                "either share, or customers and requests_per_customer",
            )  # fmt: skip
        if row.like == row.queue or (frame is not None and row.like not in seen):
            yield draft.fault(
                "new_queues", located, "like", f"names {row.like}, which has no history",
                "another queue that has a history",
            )  # fmt: skip


CHECKS = (follow_ups, promises, replies, known_ahead, opening_hours, calendar, history, new_queues)
