"""Checks of roles, contracts, agents, shifts, breaks and availability."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from scenarios.plan.checks_demand import UNSTAFFED
from scenarios.plan.draft import Draft, Finding
from scenarios.plan.faults import suggestion
from scenarios.plan.model import shrinkage_kind
from scenarios.plan.rows import Located
from scenarios.plan.schema import OFF
from scenarios.plan.values import clock_text
from staffing.shrinkage import attendance_series
from staffing.timegrid import TimeGrid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HIRING = ("attrition_share", "lead_time_weeks", "training_weeks", "class_min", "class_max",
           "class_cost")  # fmt: skip
_AWAY = frozenset({"leave", "sick", "training", "unavailable"})


def served(draft: Draft) -> Iterator[Finding]:
    """Every queue is served by a role that somebody has."""
    if not draft.is_whole("roles", "contracts", "agents"):
        return
    manned = {row.role for _, row in draft.of_table("contracts") if row.people_max > 0}
    manned |= {row.role for _, row in draft.of_table("agents") if row.role}
    roles_of: dict[str, set[str]] = defaultdict(set)
    for _, row in draft.of_table("roles"):
        roles_of[row.queue].add(row.role)
    for located, row in draft.of_table("queues"):
        roles = roles_of[row.queue]
        if row.channel == UNSTAFFED:
            continue
        if not roles:
            yield draft.fault(
                "queues", located, "queue", "is served by no role", "a row in roles for it"
            )
        elif not roles & manned:
            yield draft.fault(
                "queues", located, "queue",
                f"is served by {', '.join(sorted(roles))} only, a role of no contract",
                "a contract with that role",
            )  # fmt: skip


def contracts(draft: Draft) -> Iterator[Finding]:
    """Ranges run upwards, and the contract's shifts can give its hours."""
    shifts = [row for _, row in draft.of_table("shifts")]
    counts = Counter(row.contract for _, row in draft.of_table("agents"))
    for located, row in draft.of_table("contracts"):
        for low, high in (("people_min", "people_max"), ("week_hours_min", "week_hours_max"),
                          ("week_shifts_min", "week_shifts_max"),
                          ("class_min", "class_max"),
                          ("people_min", "budget_people_max")):  # fmt: skip
            if getattr(row, high) is not None and getattr(row, low) > getattr(row, high):
                yield draft.fault(
                    "contracts", located, low, f"is more than {high} ({getattr(row, high):g})",
                    f"{getattr(row, high):g} or less",
                )  # fmt: skip
        if counts[row.contract] > row.people_max:
            yield draft.fault(
                "contracts", located, "people_max",
                f"is less than its {counts[row.contract]} agents by name",
                f"{counts[row.contract]} or more",
            )  # fmt: skip
        hiring = [c for c in _HIRING if getattr(row, c) != type(row).model_fields[c].default]
        if row.kind == "outsourced" and hiring:
            text = f"{row.contract} buys hours and hires nobody: {', '.join(hiring)} means nothing"
            yield draft.notice("contracts", located, text)
        if not row.wage_per_hour and not row.month_salary and row.kind != "outsourced":
            yield draft.notice("contracts", located, f"{row.contract} costs nothing")
        if draft.is_whole("shifts") and row.people_max > 0:
            yield from _shifts_of_contract(draft, located, row, shifts)


def _shifts_of_contract(
    draft: Draft, located: Located[Any], row: Any, shifts: list[Any]
) -> Iterator[Finding]:
    own = [shift for shift in shifts if _may_work(row, shift)]
    if not own:
        yield draft.fault(
            "contracts", located, "contract", "has no shift",
            "a row in shifts for it (rows without a contract are for all but outsourced)",
        )  # fmt: skip
        return
    paid = [shift.paid_h or shift.length_h for shift in own]
    # Without paid_h the unpaid breaks are taken off; at most an hour here or there.
    shortest = min(shift.paid_h or shift.length_h - 1 for shift in own)
    if shortest > row.week_hours_max + row.overtime_max_hours:
        yield draft.fault(
            "contracts", located, "week_hours_max",
            f"is less than the shortest shift ({min(paid):g} h)", "more hours, or a shorter shift",
        )  # fmt: skip
    if max(paid) * row.week_shifts_max < row.week_hours_min:
        yield draft.fault(
            "contracts", located, "week_hours_min",
            f"is more than {row.week_shifts_max} shifts of at most {max(paid):g} h give",
            f"{max(paid) * row.week_shifts_max:g} or less",
        )  # fmt: skip


def _may_work(contract: Any, shift: Any) -> bool:
    if shift.contract:
        return bool(shift.contract == contract.contract)
    return bool(contract.kind != "outsourced")


def shifts(draft: Draft) -> Iterator[Finding]:
    """Shifts lie on the grid, hold their breaks, and one code means one thing."""
    step = draft.settings.interval_min
    breaks: dict[str, list[Any]] = defaultdict(list)
    for _, row in draft.of_table("breaks"):
        breaks[row.breaks].append(row)
    by_code: dict[str, list[Located[Any]]] = defaultdict(list)
    for located, row in draft.of_table("shifts"):
        for column, minutes in (("first_start", row.first_start), ("last_start", row.last_start),
                                ("step_min", row.step_min),
                                ("length_h", row.length_h * 60)):  # fmt: skip
            if minutes is not None and minutes % step:
                yield draft.fault(
                    "shifts", located, column, f"is not on the grid of {step} min",
                    f"a multiple of {step} min, or a smaller interval_min",
                )  # fmt: skip
        if row.first_start >= 1440:
            yield draft.fault(
                "shifts", located, "first_start", "is not a time of its day", "a time before 24:00"
            )
        if row.last_start is not None and row.last_start < row.first_start:
            yield draft.fault(
                "shifts", located, "last_start",
                f"is before first_start ({clock_text(row.first_start)})",
                f"{clock_text(row.first_start)} or later",
            )  # fmt: skip
        if row.last_start is not None and row.last_start >= 1440:
            yield draft.fault(
                "shifts", located, "last_start", "is not a time of its day", "a time before 24:00"
            )
        unknown = [word for word in row.weekdays.split() if word not in WEEKDAYS]
        if unknown:
            yield draft.fault(
                "shifts", located, "weekdays", f"{unknown[0]} is no weekday",
                "words among " + " ".join(WEEKDAYS),
            )  # fmt: skip
        yield from _breaks_of_shift(draft, located, row, breaks[row.breaks])
        for other in by_code[row.shift]:
            if _overlap(row, other.row):
                yield draft.fault(
                    "shifts", located, "shift", f"can start as the same code in row {other.number}",
                    "another code, or starts or weekdays that differ",
                )  # fmt: skip
                break
        by_code[row.shift].append(located)


def _breaks_of_shift(
    draft: Draft, located: Located[Any], row: Any, breaks: list[Any]
) -> Iterator[Finding]:
    if row.paid_h is not None and row.paid_h > row.length_h:
        yield draft.fault(
            "shifts", located, "paid_h", f"is more than its length ({row.length_h:g} h)",
            f"{row.length_h:g} or less",
        )  # fmt: skip
    if sum(one.minutes for one in breaks) >= row.length_h * 60:
        yield draft.fault("shifts", located, "breaks", "are as long as the shift", "shorter breaks")
        return
    for one in breaks:
        ends_h = one.latest_h + one.minutes / 60
        if ends_h > row.length_h + 1e-9:
            yield draft.fault(
                "shifts", located, "breaks",
                f"{one.name} may end {ends_h:g} h into a shift of {row.length_h:g} h",
                f"latest_h of {row.length_h - one.minutes / 60:g} or less",
            )  # fmt: skip


def _overlap(one: Any, other: Any) -> bool:
    """Whether two rows of one code give one person the same start on the same day."""
    if one.contract and other.contract and one.contract != other.contract:
        return False
    days = [set(row.weekdays.split()) or set(WEEKDAYS) for row in (one, other)]
    starts = [set(possible_starts(row)) for row in (one, other)]
    return bool(days[0] & days[1]) and bool(starts[0] & starts[1])


def possible_starts(shift: Any) -> range:
    """Minutes from midnight at which a shift may start."""
    last = shift.first_start if shift.last_start is None else shift.last_start
    return range(shift.first_start, last + 1, shift.step_min)


def breaks(draft: Draft) -> Iterator[Finding]:
    """Windows of breaks run forward and lie on the grid."""
    step = draft.settings.interval_min
    for located, row in draft.of_table("breaks"):
        if row.latest_h < row.earliest_h:
            yield draft.fault(
                "breaks", located, "latest_h", f"is before earliest_h ({row.earliest_h:g})",
                f"{row.earliest_h:g} or more",
            )  # fmt: skip
        for column in ("earliest_h", "latest_h"):
            off = getattr(row, column) * 60 % step
            if min(off, step - off) > 1e-6:
                yield draft.fault(
                    "breaks", located, column, f"is not on the grid of {step} min",
                    f"a multiple of {step / 60:g} h, or a smaller interval_min",
                )  # fmt: skip


def availability(draft: Draft) -> Iterator[Finding]:
    """Pins and requests name shifts that the agent may work, and nothing contradicts itself."""
    contract_of = {row.agent: row.contract for _, row in draft.of_table("agents")}
    contract_rows = {row.contract: row for _, row in draft.of_table("contracts")}
    known_shifts = [row for _, row in draft.of_table("shifts")]
    days: dict[tuple[str, dt.date], dict[str, Located[Any]]] = defaultdict(dict)
    for located, row in draft.of_table("availability"):
        if row.kind in ("pin", "shift_request") and draft.is_whole("shifts", "contracts"):
            contract = contract_rows.get(contract_of.get(row.agent, ""))
            own = [one for one in known_shifts if contract is None or _may_work(contract, one)]
            yield from _named_shift(draft, located, row, own)
        elif row.shift and row.kind not in ("pin", "shift_request"):
            yield draft.fault(
                "availability", located, "shift", f"is given for {row.kind}",
                "nothing, or the kind pin or shift_request",
            )  # fmt: skip
        last = row.to or row.from_
        if (last - row.from_).days > 3660:
            continue
        is_told = False
        for offset in range((last - row.from_).days + 1):
            day = row.from_ + dt.timedelta(days=offset)
            of_day = days[row.agent, day]
            findings = [] if is_told else list(_contradictions(draft, located, row, day, of_day))
            yield from findings
            is_told = is_told or bool(findings)
            of_day.setdefault(row.kind, located)


def _contradictions(
    draft: Draft, located: Located[Any], row: Any, day: dt.date, of_day: dict[str, Located[Any]]
) -> Iterator[Finding]:
    away = next((of_day[kind] for kind in _AWAY if kind in of_day), None)
    pinned = of_day.get("pin")
    if row.kind == "pin" and away is not None:
        wrong = f"pins {day}, on which row {away.number} has {row.agent} away"
        yield draft.fault("availability", located, "kind", wrong, "one of the two")
    elif row.kind in _AWAY and pinned is not None:
        wrong = f"has {row.agent} away on {day}, which row {pinned.number} pins"
        yield draft.fault("availability", located, "kind", wrong, "one of the two")
    elif row.kind == "pin" and pinned is not None:
        wrong = f"pins {day}, which row {pinned.number} pins as well"
        yield draft.fault("availability", located, "kind", wrong, "one pin a day")
    elif {row.kind, *of_day} >= {"off_request", "shift_request"} and row.kind not in of_day:
        text = f"{row.agent} asks for {day} off and for a shift on it"
        yield draft.notice("availability", located, text)


def _named_shift(
    draft: Draft, located: Located[Any], row: Any, own: list[Any]
) -> Iterator[Finding]:
    code, _, start = row.shift.partition("@")
    codes = sorted({one.shift for one in own})
    if row.kind == "pin" and row.shift == OFF and OFF not in codes:
        return
    if not code:
        if row.kind == "pin":
            right = "the shift to keep, as D@08:00, or off"
            yield draft.fault("availability", located, "shift", "is empty", right)
        return
    rows = [one for one in own if one.shift == code]
    if not rows:
        wrong = f"is no shift of {row.agent}'s contract"
        yield draft.fault("availability", located, "shift", wrong, suggestion(code, codes))
        return
    starts = sorted({clock_text(minute) for one in rows for minute in possible_starts(one)})
    if start and start.rjust(5, "0") not in starts:
        yield draft.fault(
            "availability", located, "shift", f"{code} cannot start at {start}",
            suggestion(start, starts),
        )  # fmt: skip


def shrinkage(draft: Draft) -> Iterator[Finding]:
    """Times of day run forward, and somebody of each role is left to work."""
    rows = list(draft.of_table("shrinkage"))
    for located, row in rows:
        if row.to_time > 1440 or row.to_time <= row.from_time:
            yield draft.fault(
                "shrinkage", located, "to_time", f"is not a time after {clock_text(row.from_time)}",
                "a later time, 24:00 at the latest; what runs past midnight is two rows",
            )  # fmt: skip
            return
    grid = TimeGrid(draft.settings.start, 7 * draft.settings.weeks, draft.settings.interval_min)
    for role in dict.fromkeys(row.role for _, row in draft.of_table("roles")):
        kinds = []
        for located, row in rows:
            kinds.append(shrinkage_kind(row))
            try:
                attendance_series(kinds, role, grid)
            except ValueError as error:
                yield draft.fault(
                    "shrinkage", located, "share", f"leaves nobody: {error}", "a smaller share"
                )
                break


CHECKS = (served, contracts, shifts, breaks, availability, shrinkage)
