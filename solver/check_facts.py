"""The finished schedule as the checker reads it: people, shifts, minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from solver.problem import Agent, Contract, ContractKind, Group, Pattern, Problem
from solver.result import Roster

DAY_MIN = 1440
BREAK = "break"
LEAVE_DAY_H = 8.0
LEAVE_DAYS_A_WEEK = 5
SMALL = 1e-6


@dataclass(frozen=True)
class Terms:
    """What a schedule is held against: the plan's data and all its people."""

    problem: Problem
    agents: tuple[Agent, ...]

    @classmethod
    def of(cls, problem: Problem, roster: Roster) -> Terms:
        """Terms of a roster, whose people include the numbered ones."""
        return cls(problem, roster.agents)


@dataclass
class Shift:
    """One row of the schedule; minutes from the midnight before the horizon's first day."""

    code: str
    day: int
    start: int
    end: int
    paid_h: float
    pattern: Pattern | None
    breaks: list[tuple[int, int]] = field(default_factory=list)

    @property
    def night(self) -> bool:
        """Whether it touches a night, 23:00 to 06:00."""
        first, last = self.start - 7 * 60, self.end - 7 * 60
        # With the clock seven hours back a night is 16:00 to 23:00 of one day.
        return any(
            min(last, DAY_MIN * k + 23 * 60) > max(first, DAY_MIN * k + 16 * 60)
            for k in range(first // DAY_MIN, last // DAY_MIN + 1)
        )


@dataclass
class Person:
    """A person with all shifts, in order of start."""

    agent: Agent
    group: Group
    problem: Problem
    shifts: list[Shift] = field(default_factory=list)
    activities: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def contract(self) -> Contract:
        """The person's contract."""
        return self.group.contract

    @property
    def days(self) -> int:
        """Days of the horizon."""
        return self.problem.grid.days

    def weeks(self) -> Iterator[tuple[int, list[int]]]:
        """Number and days of each plan week."""
        for first in range(0, self.days, 7):
            yield first // 7, [d for d in range(first, first + 7) if d < self.days]

    def hours(self, days: list[int]) -> float:
        """Paid hours of shifts that begin on some days."""
        return sum(s.paid_h for s in self.shifts if s.day in days)

    def worked_days(self) -> set[int]:
        """Days on which a shift begins."""
        return {s.day for s in self.shifts}

    def leave_days(self, days: list[int]) -> int:
        """Days of a week that are paid although away."""
        if self.contract.kind is not ContractKind.FULL_TIME:
            return 0
        away = [
            d
            for d in days
            if d in self.agent.paid_away and self.contract.first_day <= d <= self.contract.last_day
        ]
        return min(LEAVE_DAYS_A_WEEK, len(away))

    def overtime(self, days: list[int]) -> float:
        """Hours of a plan week beyond the contract's, leave counted."""
        hours = self.hours(days)
        beyond = hours + LEAVE_DAY_H * self.leave_days(days) - self.contract.week_hours_max
        return max(0.0, min(hours, beyond))

    def weekends(self) -> list[list[int]]:
        """Weekends of the horizon, each a list of neighbouring days."""
        weekend = self.problem.calendar.weekend
        found: list[list[int]] = []
        for day in range(self.days):
            if self.date(day).weekday() in weekend:
                if found and found[-1][-1] == day - 1:
                    found[-1].append(day)
                else:
                    found.append([day])
        return found

    def weekends_worked(self) -> int:
        """Weekends with a shift."""
        worked = self.worked_days()
        return sum(bool(worked & set(weekend)) for weekend in self.weekends())

    def date(self, day: int) -> dt.date:
        """Date of a day number."""
        return self.problem.grid.start + dt.timedelta(days=day)


def minutes_of(column: pd.Series, first: dt.date) -> list[int]:
    """Times as minutes from the midnight that begins a date."""
    when = pd.to_datetime(column, format="ISO8601")
    return [round(m) for m in (when - pd.Timestamp(first)) / pd.Timedelta(minutes=1)]


def read_people(
    schedule: pd.DataFrame, activities: pd.DataFrame, terms: Terms
) -> tuple[list[Person], list[tuple[str, int]]]:
    """People with their shifts and activities, and rows of people whom nobody knows.

    Returns
    -------
    People, and (name, day) of the rows that belong to none.
    """
    problem = terms.problem
    people = [Person(agent, problem.groups[agent.group], problem) for agent in terms.agents]
    by_name = {person.agent.name: person for person in people}
    strangers: list[tuple[str, int]] = []
    first = problem.grid.start
    for name, date, code, start, end, paid_h in zip(
        schedule["agent"].astype(str),
        pd.to_datetime(schedule["date"]),
        schedule["shift"].astype(str),
        minutes_of(schedule["start"], first),
        minutes_of(schedule["end"], first),
        schedule["paid_hours"].astype(float),
        strict=True,
    ):
        day = (date.date() - first).days
        owner = by_name.get(name)
        if owner is None:
            strangers.append((name, day))
            continue
        pattern = _pattern(owner, code, start - DAY_MIN * day, end - start, paid_h)
        owner.shifts.append(Shift(code, day, start, end, paid_h, pattern))
    for name, start, end, activity in zip(
        activities["agent"].astype(str),
        minutes_of(activities["start"], first),
        minutes_of(activities["end"], first),
        activities["activity"].astype(str),
        strict=True,
    ):
        owner = by_name.get(name)
        if owner is None:
            strangers.append((name, start // DAY_MIN))
            continue
        owner.activities.append((start, end, activity))
    for person in people:
        person.shifts.sort(key=lambda s: s.start)
        person.activities.sort()
        for shift in person.shifts:
            shift.breaks = [
                (start, end)
                for start, end, activity in person.activities
                if activity == BREAK and shift.start <= start < shift.end
            ]
    return people, strangers


def _pattern(person: Person, code: str, start: int, length: int, paid_h: float) -> Pattern | None:
    """Pattern of the person's group that a row of the schedule is, or None."""
    step = person.problem.grid.interval_min
    for number in person.group.patterns:
        pattern = person.problem.patterns[number]
        if (
            code in (pattern.shift, pattern.code)
            and start == pattern.start * step
            and length == pattern.length * step
            and abs(paid_h - pattern.paid_h) < SMALL
        ):
            return pattern
    return None
