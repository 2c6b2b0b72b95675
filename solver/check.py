"""The independent checker: every rule and every cost again, from the finished schedule alone.

It reads the two tables that a run leaves, the plan's own data, and nothing that the model made: no
code is shared with model, rules or costs, so that a mistake there shows here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from solver import check_rules
from solver.check_cost import cost_lines
from solver.check_facts import BREAK, DAY_MIN, SMALL, Person, Shift, Terms, read_people
from solver.problem import Floats, Ints, Mode

__all__ = ["Findings", "Terms", "check"]

_HARD = Mode.HARD.value
_PRICED = Mode.PRICED.value
_COLUMNS = ["rule", "mode", "agent", "date", "amount"]


@dataclass(frozen=True)
class Findings:
    """What the checker found.

    Parameters
    ----------
    findings
        rule, mode, agent, date, amount: one row for each breach, the amount in the rule's unit
        (negative where there is too little of something).
    cost
        name, kind, contract, cost_centre, hours, amount.
    presence
        key, start, required, present: one row for each interval in which somebody must be there.
    """

    findings: pd.DataFrame
    cost: pd.DataFrame
    presence: pd.DataFrame

    @property
    def total_cost(self) -> float:
        """Sum of all cost lines."""
        return float(self.cost["amount"].sum())

    @property
    def broken(self) -> pd.DataFrame:
        """Breaches of law and hard rules."""
        return self.findings[self.findings["mode"] != _PRICED]

    def summary(self) -> str:
        """One line: cost and breaches by rule."""
        counts = self.broken["rule"].value_counts(sort=False).to_dict()
        said = ", ".join(f"{rule} {n}" for rule, n in counts.items()) or "no rule broken"
        return f"cost {self.total_cost:,.2f}; {said}"


class _Book:
    def __init__(self, terms: Terms) -> None:
        self._first = terms.problem.grid
        self._rows: list[tuple[str, str, str, str, float]] = []

    def note(self, rule: str, mode: str, agent: str, day: int, amount: float) -> None:
        date = self._first.date(day).isoformat()
        self._rows.append((rule, mode, agent, date, round(float(amount), 6)))

    def to_frame(self) -> pd.DataFrame:
        return pd.DataFrame(self._rows, columns=_COLUMNS)


def check(schedule: pd.DataFrame, activities: pd.DataFrame, terms: Terms) -> Findings:
    """Hold a finished schedule against the plan.

    Parameters
    ----------
    schedule
        agent, date, shift, start, end, paid_hours; ISO local times, the end of a shift past
        midnight on the next date.
    activities
        agent, start, end, activity: a queue's name, or `break`.
    terms
        The plan's data and all people of the roster.
    """
    book = _Book(terms)
    people, strangers = read_people(schedule, activities, terms)
    for name, day in strangers:
        book.note("employed", _HARD, name, day, 1)
    for person in people:
        _check_person(book, person)
    _check_rules(book, terms, people)
    _check_people(book, terms, people)
    presence = _check_presence(book, terms, people)
    _check_day_heads(book, terms, people)
    _check_weekly_hours(book, terms, people)
    _check_purchase(book, terms, people)
    return Findings(book.to_frame(), cost_lines(terms.problem, people), presence)


def _check_person(book: _Book, person: Person) -> None:
    agent, contract = person.agent, person.contract
    for shift in person.shifts:
        weekday = person.date(shift.day).weekday()
        if shift.pattern is None or weekday not in shift.pattern.weekdays:
            book.note("shift_known", _HARD, agent.name, shift.day, 1)
        if shift.day in agent.paid_away or shift.day in agent.unavailable:
            book.note("availability", _HARD, agent.name, shift.day, 1)
        inside = 0 <= shift.day < person.days
        if not inside or not contract.first_day <= shift.day <= contract.last_day:
            book.note("employed", _HARD, agent.name, shift.day, 1)
        _check_breaks(book, person, shift)
    for before, after in pairwise(person.shifts):
        if after.start < before.end or after.day == before.day:
            book.note("one_shift_a_day", _HARD, agent.name, after.day, 1)
    for day, amount in check_rules.contract_hours(person):
        book.note("contract_hours", _HARD, agent.name, day, amount)
    for day, amount in check_rules.contract_shifts(person):
        book.note("contract_shifts", _HARD, agent.name, day, amount)
    _check_pins(book, person)
    _check_wishes(book, person)
    _check_activities(book, person)


def _codes(person: Person, day: int) -> set[str]:
    """Shift and pattern codes that a person works on a day."""
    codes: set[str] = set()
    for shift in person.shifts:
        if shift.day == day:
            codes.add(shift.code)
            if shift.pattern is not None:
                codes |= {shift.pattern.shift, shift.pattern.code}
    return codes


def _check_pins(book: _Book, person: Person) -> None:
    for day, code in person.agent.pins.items():
        worked = _codes(person, day)
        if 0 <= day < person.days and (code not in worked if code else bool(worked)):
            book.note("pin", _HARD, person.agent.name, day, 1)


def _check_wishes(book: _Book, person: Person) -> None:
    for wish in person.agent.wishes:
        worked = _codes(person, wish.day)
        missed = wish.shift not in worked if wish.shift else bool(worked)
        if 0 <= wish.day < person.days and missed:
            book.note("wish", _PRICED, person.agent.name, wish.day, wish.weight)


def _check_breaks(book: _Book, person: Person, shift: Shift) -> None:
    """Each break of the shift has its length and lies in its window, one after the other."""
    if shift.pattern is None:
        return
    step = person.problem.grid.interval_min
    wanted = sorted(shift.pattern.breaks, key=lambda b: (b.earliest, b.latest))
    if len(shift.breaks) != len(wanted):
        amount = len(shift.breaks) - len(wanted)
        book.note("break_window", _HARD, person.agent.name, shift.day, amount)
        return
    before = shift.start
    for (start, end), rule in zip(shift.breaks, wanted, strict=True):
        early = shift.start + rule.earliest * step - start
        late = start - shift.start - rule.latest * step
        wrong = max(early, late, abs(end - start - rule.minutes), before - start, end - shift.end)
        if wrong > 0:
            book.note("break_window", _HARD, person.agent.name, shift.day, wrong)
        before = end


def _check_activities(book: _Book, person: Person) -> None:
    """Work is on queues the person can serve, inside the shifts, one thing at a time."""
    problem = person.problem
    until = -(10**9)
    for start, end, activity in person.activities:
        day = start // DAY_MIN
        held = any(s.start <= start and end <= s.end for s in person.shifts)
        if not held or start < until:
            book.note("activity", _HARD, person.agent.name, day, (end - start) / 60)
        until = max(until, end)
        if activity in problem.queues:
            if person.group.speed[problem.queues.index(activity)] <= 0:
                book.note("skill", _HARD, person.agent.name, day, (end - start) / 60)
        elif activity != BREAK:
            book.note("skill", _HARD, person.agent.name, day, (end - start) / 60)


def _check_rules(book: _Book, terms: Terms, people: list[Person]) -> None:
    for rule in terms.problem.rules:
        bound = [p for p in people if rule.binds(p.group, p.agent)]
        if rule.id == "fair_weekends":
            for number in range(len(terms.problem.groups)):
                group = [p for p in people if p.agent.group == number]
                own = [p for p in bound if p.agent.group == number]
                for person, amount in check_rules.fair_weekends(group, rule.value, own):
                    book.note(rule.id, rule.mode.value, person.agent.name, 0, amount)
            continue
        checker = check_rules.CHECKERS[rule.id]
        for person in bound:
            for day, amount in checker(person, rule.value):
                book.note(rule.id, rule.mode.value, person.agent.name, day, amount)


def _check_people(book: _Book, terms: Terms, people: list[Person]) -> None:
    for number, group in enumerate(terms.problem.groups):
        count = sum(p.agent.group == number for p in people)
        if count < group.people_min:
            book.note("people", _HARD, group.name, 0, count - group.people_min)
        if count > group.people_max:
            book.note("people", _HARD, group.name, 0, count - group.people_max)


def _on_post(terms: Terms, people: list[Person], queue: int) -> Ints:
    """People by minute who can serve a queue, on duty and not on a break away from their post."""
    days = terms.problem.grid.days
    change = np.zeros((days + 2) * DAY_MIN, dtype=np.int64)
    for person in people:
        if person.group.speed[queue] <= 0:
            continue
        for shift in person.shifts:
            if not 0 <= shift.day < days:
                continue
            change[shift.start] += 1
            change[min(shift.end, len(change) - 1)] -= 1
            rules = sorted(
                shift.pattern.breaks if shift.pattern else (), key=lambda b: (b.earliest, b.latest)
            )
            for k, (start, end) in enumerate(shift.breaks):
                if k >= len(rules) or rules[k].leaves_post:
                    change[start] -= 1
                    change[min(end, len(change) - 1)] += 1
    return np.cumsum(change)[: days * DAY_MIN]


def _check_presence(book: _Book, terms: Terms, people: list[Person]) -> pd.DataFrame:
    problem = terms.problem
    grid = problem.grid
    tables = []
    for row in problem.presence:
        minutes = _on_post(terms, people, row.queue).reshape(grid.size, grid.interval_min)
        missing = np.maximum(0, row.required[:, None] - minutes).sum(axis=1) / 60
        for day, hours in enumerate(missing.reshape(grid.days, grid.per_day).sum(axis=1)):
            if hours > SMALL:
                book.note("presence", _HARD, row.key, day, -hours)
        asked = np.flatnonzero(row.required > 0)
        tables.append(
            pd.DataFrame(
                {
                    "key": row.key,
                    "start": grid.starts()[asked],
                    "required": row.required[asked],
                    "present": minutes.min(axis=1)[asked],
                }
            )
        )
    if not tables:
        return pd.DataFrame({"key": [], "start": [], "required": [], "present": []})
    return pd.concat(tables, ignore_index=True)


def _check_day_heads(book: _Book, terms: Terms, people: list[Person]) -> None:
    for row in terms.problem.day_heads:
        able = [p for p in people if p.group.speed[row.queue] > 0]
        for day, required in enumerate(row.required.tolist()):
            working = sum(day in p.worked_days() for p in able)
            if working < required:
                book.note("per_requests", _HARD, row.key, day, working - required)


def _check_weekly_hours(book: _Book, terms: Terms, people: list[Person]) -> None:
    """Hours promised to a queue each week: planned on it, or left idle by live queues."""
    problem = terms.problem
    for row in problem.deferred:
        if "weekly_hours" not in row.key:
            continue
        for first in range(0, problem.grid.days, 7):
            span = (first * DAY_MIN, min(first + 7, problem.grid.days) * DAY_MIN)
            per_day = problem.grid.per_day
            promised = float(row.work_h[first * per_day : (first + 7) * per_day].sum())
            done = sum(_given(p, row.queue, span) for p in people)
            if done < promised - 0.01:
                book.note("weekly_hours", _HARD, row.key, first, done - promised)


def _given(person: Person, queue: int, span: tuple[int, int]) -> float:
    """Hours of pace 1 that a person can give a deferred queue in some minutes."""
    problem = person.problem
    pace = float(person.group.speed[queue])
    if pace <= 0:
        return 0.0
    hours = 0.0
    for start, end, activity in person.activities:
        if not span[0] <= start < span[1] or activity not in problem.queues:
            continue
        number = problem.queues.index(activity)
        idle = 1.0 if number == queue else _idle_share(person, number, start)
        hours += (end - start) / 60 * idle
    return hours * pace


def _idle_share(person: Person, queue: int, minute: int) -> float:
    problem = person.problem
    for pool in problem.pools:
        if any(live.queue == queue for live in pool.queues):
            shares: Floats = pool.idle_share
            at = min(minute // problem.grid.interval_min, len(shares) - 1)
            return problem.idle_efficiency * float(shares[at])
    return 0.0


def _check_purchase(book: _Book, terms: Terms, people: list[Person]) -> None:
    contracts = {g.contract.name: g.contract for g in terms.problem.groups}
    for contract in contracts.values():
        if contract.purchase_min_hours <= 0:
            continue
        periods = terms.problem.grid.period_of_day(contract.purchase_period)
        for period in np.unique(periods):
            days = np.flatnonzero(periods == period).tolist()
            hours = sum(p.hours(days) for p in people if p.contract.name == contract.name)
            if 0 < hours < contract.purchase_min_hours - SMALL:
                short = hours - contract.purchase_min_hours
                book.note("purchase_min", _PRICED, contract.name, days[0], short)
