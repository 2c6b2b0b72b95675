"""The rules of the catalogue and the contract, read off one person's finished shifts.

Written from the rules' words, not from the model: each function gives (day, amount) for each
breach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from solver.check_facts import DAY_MIN, LEAVE_DAY_H, SMALL, Person, Shift

Breach = tuple[int, float]
Checker = Callable[[Person, float], Iterator[Breach]]


def max_hours_day(person: Person, value: float) -> Iterator[Breach]:
    """Shifts with more paid hours than allowed."""
    for shift in person.shifts:
        if shift.paid_h > value + SMALL:
            yield shift.day, shift.paid_h - value


def max_hours_week(person: Person, value: float) -> Iterator[Breach]:
    """Plan weeks with more paid hours than allowed."""
    for _, days in person.weeks():
        hours = person.hours(days)
        if hours > value + SMALL:
            yield days[0], hours - value


def max_average_week_hours(person: Person, value: float) -> Iterator[Breach]:
    """Paid hours a week, on average over the horizon, above the allowed."""
    hours = sum(shift.paid_h for shift in person.shifts)
    allowed = value * person.days / 7
    if hours > allowed + SMALL:
        yield 0, (hours - allowed) * 7 / person.days


def min_rest_h(person: Person, value: float) -> Iterator[Breach]:
    """Rests between two shifts that are too short."""
    for before, after in _neighbours(person.shifts):
        rest = (after.start - before.end) / 60
        if rest < value - SMALL:
            yield after.day, value - rest


def max_consecutive_days(person: Person, value: float) -> Iterator[Breach]:
    """Days worked in a row beyond the allowed."""
    yield from _too_long_runs(person.worked_days(), int(value))


def min_days_off_week(person: Person, value: float) -> Iterator[Breach]:
    """Plan weeks with too few days off; days outside the horizon are off."""
    worked = person.worked_days()
    for _, days in person.weeks():
        off = 7 - sum(d in worked for d in days)
        if off < int(value):
            yield days[0], int(value) - off


def min_weekly_rest_h(person: Person, value: float) -> Iterator[Breach]:
    """Whole plan weeks whose longest rest is too short; the horizon bounds rests."""
    end_of_all = person.days * DAY_MIN
    edges = [0]
    for shift in person.shifts:
        edges += [shift.start, shift.end]
    edges.append(end_of_all)
    rests = [(edges[k], edges[k + 1]) for k in range(0, len(edges), 2)]
    for _, days in person.weeks():
        if len(days) < 7:
            continue
        first, last = days[0] * DAY_MIN, (days[-1] + 1) * DAY_MIN
        longest = max((b - a for a, b in rests if a <= last and b >= first), default=0)
        if longest < value * 60 - SMALL:
            yield days[0], value - longest / 60


def max_night_hours(person: Person, value: float) -> Iterator[Breach]:
    """Shifts that touch the night and are too long."""
    for shift in person.shifts:
        if shift.night and shift.paid_h > value + SMALL:
            yield shift.day, shift.paid_h - value


def max_consecutive_nights(person: Person, value: float) -> Iterator[Breach]:
    """Night shifts in a row beyond the allowed."""
    yield from _too_long_runs({s.day for s in person.shifts if s.night}, int(value))


def min_free_weekends(person: Person, value: float) -> Iterator[Breach]:
    """Fours of weekends with too few wholly off."""
    weekends = person.weekends()
    worked = person.worked_days()
    for k in range(0, len(weekends), 4):
        block = weekends[k : k + 4]
        free = sum(not worked & set(weekend) for weekend in block)
        asked = int(value * len(block) / 4 + SMALL)
        if free < asked:
            yield block[0][0], asked - free


def break_after_h(person: Person, value: float) -> Iterator[Breach]:
    """Long shifts without a break."""
    for shift in person.shifts:
        hours = (shift.end - shift.start) / 60
        if hours > value + SMALL and not shift.breaks:
            yield shift.day, hours - value


def max_overtime_hours_month(person: Person, value: float) -> Iterator[Breach]:
    """Overtime of the weeks that begin in a month beyond the allowed."""
    by_month: dict[tuple[int, int], list[list[int]]] = {}
    for _, days in person.weeks():
        first = person.date(days[0])
        by_month.setdefault((first.year, first.month), []).append(days)
    for weeks in by_month.values():
        hours = sum(person.overtime(days) for days in weeks)
        if hours > value + SMALL:
            yield weeks[0][0], hours - value


def same_start(person: Person, value: float) -> Iterator[Breach]:
    """Weeks whose earliest and latest start are too far apart."""
    for _, days in person.weeks():
        starts = [s.start - DAY_MIN * s.day for s in person.shifts if s.day in days]
        if starts and (max(starts) - min(starts)) / 60 > value + SMALL:
            yield days[0], (max(starts) - min(starts)) / 60 - value


CHECKERS: dict[str, Checker] = {
    checker.__name__: checker
    for checker in (
        max_hours_day,
        max_hours_week,
        max_average_week_hours,
        min_rest_h,
        max_consecutive_days,
        min_days_off_week,
        min_weekly_rest_h,
        max_night_hours,
        max_consecutive_nights,
        min_free_weekends,
        break_after_h,
        max_overtime_hours_month,
        same_start,
    )
}
"""A checker for each rule of one person; `fair_weekends` compares people and stands below."""


def fair_weekends(
    people: list[Person], value: float, bound: list[Person]
) -> Iterator[tuple[Person, float]]:
    """Weekends of the bound people beyond the even share of their whole group.

    The even share: for each weekend the larger number of people on one of its days, summed, plus
    what was carried over, divided by the people, rounded up.
    """
    if not people:
        return
    worked = 0
    for weekend in people[0].weekends():
        worked += max(sum(d in p.worked_days() for p in people) for d in weekend)
    carried = sum(p.agent.carried_weekends for p in people)
    even = -((worked + carried) // -len(people))
    for person in bound:
        limit = max(0, even + int(value) - person.agent.carried_weekends)
        over = person.weekends_worked() - limit
        if over > 0:
            yield person, float(over)


def contract_hours(person: Person) -> Iterator[Breach]:
    """Hours short of what a plan week owes, or beyond what contract and overtime allow."""
    contract = person.contract
    for _, days in person.weeks():
        employed = [d for d in days if contract.first_day <= d <= contract.last_day]
        present = [
            d for d in employed if d not in person.agent.paid_away | person.agent.unavailable
        ]
        leave_h = LEAVE_DAY_H * person.leave_days(days)
        hours = person.hours(days)
        owed = contract.week_hours_min * len(employed) / 7 - leave_h
        owed = min(owed, contract.week_hours_min * min(1.0, len(present) / 5))
        if hours < owed - 0.01:
            yield days[0], hours - owed
        most = max(0.0, contract.week_hours_max - leave_h) + contract.overtime_max_hours
        if hours > most + 0.01:
            yield days[0], hours - most
    months: dict[tuple[int, int], list[int]] = {}
    for day in range(person.days):
        months.setdefault((person.date(day).year, person.date(day).month), []).append(day)
    for days in months.values():
        hours = person.hours(days)
        if hours > contract.month_hours_max + 0.01:
            yield days[0], hours - contract.month_hours_max


def contract_shifts(person: Person) -> Iterator[Breach]:
    """Shifts fewer or more than a whole plan week's contract says, less its days of leave."""
    contract = person.contract
    worked = person.worked_days()
    for _, days in person.weeks():
        leave = person.leave_days(days)
        employed = [d for d in days if contract.first_day <= d <= contract.last_day]
        present = [
            d for d in employed if d not in person.agent.paid_away | person.agent.unavailable
        ]
        shifts = sum(d in worked for d in days)
        most = max(0, contract.week_shifts_max - leave)
        least = contract.week_shifts_min - leave if len(employed) == 7 else 0
        least = min(least, most, len(present))
        if shifts > most:
            yield days[0], shifts - most
        elif shifts < least:
            yield days[0], shifts - least


def _neighbours(shifts: list[Shift]) -> Iterator[tuple[Shift, Shift]]:
    yield from pairwise(shifts)


def _too_long_runs(days: set[int], longest: int) -> Iterator[Breach]:
    """The first day over the limit of each run of consecutive days, and by how many it is over."""
    for first in sorted(days):
        if first - 1 in days:
            continue
        length = 1
        while first + length in days:
            length += 1
        if length > longest:
            yield first + longest, length - longest
