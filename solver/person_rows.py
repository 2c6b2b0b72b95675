"""What months of one person break and cost, many at once, in the words that rules use.

The naming model states rules for literals; here the same functions of the catalogue count breaches
in finished rows of shifts, thousands a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from solver.person import DAY_MIN, OWED_PRICE_H, PIN_PRICE, Groundwork
from solver.problem import Agent, Bools, Floats, Ints, Mode, Rule
from solver.rules.catalogue import CATALOGUE
from solver.week_terms import WeekTerms

_OVERLAP = Rule("one_shift_a_day", 0.0, Mode.LAW)


@dataclass(frozen=True)
class Verdicts:
    """What is said of rows of shifts.

    Parameters
    ----------
    broken
        (N, K) breaches of law and hard rules and of the contract's upper limits, by rule.
    price
        (N,) money: hours owed and not given, overtime, wishes and priced rules; pins above all.
    overtime_min
        (N,) paid minutes beyond the contract's weeks.
    """

    broken: Floats
    price: Floats
    overtime_min: Ints


def verdicts(
    base: Groundwork, agent: Agent, terms: Sequence[WeekTerms], rules: Sequence[Rule], rows: Ints
) -> Verdicts:
    """Judge rows (N, D) of pattern numbers, -1 on days off, as months of a person.

    `rules` are those that bind the person, `terms` the person's plan weeks.
    """
    person = PersonRows(base, agent, terms, rows)
    person.keep_availability()
    person.keep_contract()
    person.keep_wishes()
    person.rest_between(_OVERLAP, 0)
    for rule in rules:
        CATALOGUE[rule.id].apply(person, rule)
    overtime = person.overtime(range(len(terms)))
    return Verdicts(np.stack(person.broken, axis=1), person.price, overtime)


class PersonRows:
    """Rows of shifts of one person; sums are arrays (N,)."""

    def __init__(
        self, base: Groundwork, agent: Agent, terms: Sequence[WeekTerms], rows: Ints
    ) -> None:
        self.base = base
        self.agent = agent
        self.terms = terms
        self.rows = rows
        self.days = range(rows.shape[1])
        self.weeks = base.weeks
        self.weekends = base.weekends
        self.even_weekends = base.even_weekends
        self.patterns = base.patterns
        self.paid_min = base.paid_min
        self.span_min = base.span_min
        self.is_night = base.is_night
        self.broken: list[Floats] = []
        self.price: Floats = np.zeros(len(rows))
        self._works: Bools = rows >= 0
        self._overtime = np.zeros((len(rows), len(base.weeks)), dtype=np.int64)

    def _values(self, weights: Sequence[int] | Ints) -> Ints:
        """Weight of each day's pattern, (N, D), nothing on days off."""
        return np.append(np.asarray(weights, dtype=np.int64), 0)[self.rows]

    def total(self, days: Iterable[int], weights: Sequence[int] | Ints) -> Ints:
        """Sum over days of the weight of the pattern worked."""
        return np.asarray(self._values(weights)[:, list(days)].sum(axis=1))

    def worked(self, days: Iterable[int]) -> Ints:
        """Number of days worked."""
        return np.asarray(self._works[:, list(days)].sum(axis=1))

    def minutes(self, days: Iterable[int]) -> Ints:
        """Paid minutes."""
        return self.total(days, self.paid_min)

    def any_worked(self, spans: Iterable[range]) -> Ints:
        """Number of spans of days in which a day is worked."""
        count = np.zeros(len(self.rows), dtype=np.int64)
        for span in spans:
            count += self._works[:, span.start : span.stop].any(axis=1)
        return count

    def overtime(self, weeks: Iterable[int]) -> Ints:
        """Minutes beyond the contract's week."""
        return np.asarray(self._overtime[:, list(weeks)].sum(axis=1))

    def weeks_by_month(self) -> list[list[int]]:
        """Numbers of the plan weeks that begin in each calendar month."""
        return self.base.weeks_by_month()

    def at_most(self, rule: Rule, total: Ints, limit: int, *, per_unit: int = 1) -> None:
        """Count what a sum has beyond a limit."""
        self._breach(rule, np.maximum(0, total - limit), per_unit)

    def _breach(self, rule: Rule, amount: Ints | Floats, per_unit: int) -> None:
        if rule.mode is Mode.PRICED:
            self.price += rule.price / per_unit * amount
        else:
            self.broken.append(np.asarray(amount, dtype=np.float64))

    def rest_between(self, rule: Rule, rest_min: int) -> None:
        """Count the minutes of rest that shifts up to two days apart are short of."""
        start, end = self._values(self.base.start_min), self._values(self.base.end_min)
        short = np.zeros(len(self.rows))
        for gap in (1, 2):
            both = self._works[:, :-gap] & self._works[:, gap:]
            rest = gap * DAY_MIN + start[:, gap:] - end[:, :-gap]
            short += np.where(both, np.maximum(0, rest_min - rest), 0).sum(axis=1)
        self._breach(rule, short, 60)

    def rest_touching(self, rule: Rule, week: range, rest_min: int) -> None:
        """Count the minutes that the longest rest touching a week is short of."""
        count, days = self.rows.shape
        # Minutes before each day's shift and after it, with a day more at either end.
        opening = np.zeros((count, days + 1), dtype=np.int64)
        opening[:, :days] = self._values(self.base.start_min - DAY_MIN) + DAY_MIN
        end = self._values(self.base.end_min)
        closing = np.zeros((count, days + 1), dtype=np.int64)
        closing[:, 1:] = end - DAY_MIN
        closing[:, 2:] += np.maximum(0, end - DAY_MIN)[:, :-1]
        longest = np.full(count, -DAY_MIN, dtype=np.int64)
        for off in range(-(-rest_min // DAY_MIN)):
            for first in range(max(0, week.start - off), min(week.stop, days - off) + 1):
                free = ~self._works[:, first : first + off].any(axis=1)
                if first == week.stop:
                    free &= closing[:, first] <= 0
                room = off * DAY_MIN + opening[:, first + off] - closing[:, first]
                longest = np.where(free, np.maximum(longest, room), longest)
        self._breach(rule, np.maximum(0, rest_min - longest), 60)

    def start_spread(self, rule: Rule, week: range, spread_min: int) -> None:
        """Count the minutes by which the starts of a week are too far apart."""
        span = slice(week.start, week.stop)
        works, start = self._works[:, span], self._values(self.base.start_min)[:, span]
        high = np.where(works, start, 0).max(axis=1)
        low = np.where(works, start, DAY_MIN).min(axis=1)
        self.at_most(rule, np.maximum(0, high - low), spread_min, per_unit=60)

    def keep_availability(self) -> None:
        """Count shifts on days away, outside the contract or not among the group's."""
        group = self.base.group
        outside = np.array(
            [not (self.agent.available(d) and group.contract.employs(d)) for d in self.days]
        )
        known = np.zeros((len(self.days), len(self.patterns) + 1), dtype=bool)
        known[:, -1] = True
        for pattern in group.patterns:
            weekdays = self.patterns[pattern].weekdays
            known[:, pattern] = [d in weekdays for d in self.base.weekdays]
        strange = ~known[np.arange(len(self.days)), self.rows]
        self.broken.append(((self._works & outside) | strange).sum(axis=1).astype(float))

    def keep_contract(self) -> None:
        """Count shifts and hours beyond the contract's; price what it owes, and overtime."""
        contract = self.base.group.contract
        wage_min = max(contract.hourly_base, 1.0) / 60
        factor = self.base.problem.overtime_factor
        beyond = np.zeros(len(self.rows))
        for number, (week, terms) in enumerate(zip(self.weeks, self.terms, strict=True)):
            worked, minutes = self.worked(week), self.minutes(week)
            over = np.maximum(0, minutes - round(terms.hours_max * 60))
            most = round(terms.overtime_max_h * 60)
            self._overtime[:, number] = over
            beyond += np.maximum(0, worked - terms.shifts_max) + np.maximum(0, over - most)
            self.price += factor * wage_min * np.minimum(over, most)
            owed = np.maximum(0, round(terms.hours_min * 60) - minutes)
            owed_shifts = np.maximum(0, terms.shifts_min - worked)
            self.price += OWED_PRICE_H * wage_min * (owed + 480 * owed_shifts)
        self.broken.append(beyond)
        if np.isfinite(contract.month_hours_max):
            for month in np.unique(self.base.months):
                total = self.minutes(np.flatnonzero(self.base.months == month).tolist())
                limit = round(contract.month_hours_max * 60)
                self.broken.append(np.maximum(0, total - limit).astype(float))

    def keep_wishes(self) -> None:
        """Price pins and wishes that are missed."""
        for day, code in self.agent.pins.items():
            if day in self.days:
                self.price += PIN_PRICE * self._missed(day, code)
        for wish in self.agent.wishes:
            if wish.day in self.days:
                self.price += wish.weight * self._missed(wish.day, wish.shift)

    def _missed(self, day: int, code: str) -> Bools:
        if not code:
            return np.asarray(self._works[:, day])
        wanted = [code in (p.code, p.shift) for p in self.patterns]
        return ~np.append(wanted, False)[self.rows[:, day]]
