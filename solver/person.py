"""One person's part of the naming model, in the words that rules use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from ortools.sat.python import cp_model

from solver.problem import Agent, Group, Ints, Mode, Pattern, Problem, Rule
from solver.rules.limits import is_night
from solver.week_terms import week_terms

PRICE_SCALE = 600
"""Objective units of one unit of currency: prices stay whole numbers, also per minute."""

DAY_MIN = 1440
OWED_PRICE_H = 40.0
"""Price of an hour that a contract owes and the plan does not give, in hourly wages."""
PIN_PRICE = 1e5


@dataclass
class Sum:
    """A linear expression of the model's variables, and its largest value."""

    variables: list[cp_model.IntVar] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)
    constant: int = 0
    upper: int = 0

    def expression(self) -> cp_model.LinearExpr:
        """The sum as CP-SAT takes it."""
        return cp_model.LinearExpr.weighted_sum(self.variables, self.weights) + self.constant


@dataclass
class Penalty:
    """A priced amount in the objective."""

    key: str
    variable: cp_model.IntVar
    price: int


class Groundwork:
    """Data of a group that all its people share, indexed by pattern number."""

    def __init__(self, problem: Problem, group: int, even_weekends: int) -> None:
        minutes = problem.grid.interval_min
        patterns = problem.patterns
        self.problem = problem
        self.group: Group = problem.groups[group]
        self.patterns: Sequence[Pattern] = patterns
        self.start_min: Ints = np.array([p.start * minutes for p in patterns], dtype=np.int64)
        self.end_min: Ints = np.array([p.end * minutes for p in patterns], dtype=np.int64)
        self.span_min: Ints = self.end_min - self.start_min
        self.paid_min: Ints = np.array([round(p.paid_h * 60) for p in patterns], dtype=np.int64)
        self.is_night: Ints = np.array(
            [is_night(int(s), int(e)) for s, e in zip(self.start_min, self.end_min, strict=True)],
            dtype=np.int64,
        )
        self.even_weekends = even_weekends
        grid = problem.grid
        self.weekends = weekends_of(problem)
        self.weeks = [range(7 * w, min(7 * w + 7, grid.days)) for w in range(grid.weeks)]
        self.months = grid.period_of_day("month")
        self.weekdays = [when.weekday() for when in grid.dates()]

    def weeks_by_month(self) -> list[list[int]]:
        """Numbers of the plan weeks that begin in each calendar month."""
        months: dict[int, list[int]] = {}
        for number, week in enumerate(self.weeks):
            months.setdefault(int(self.months[week.start]), []).append(number)
        return list(months.values())


def weekends_of(problem: Problem) -> list[range]:
    """Runs of consecutive weekend days in the horizon."""
    runs: list[range] = []
    for day, when in enumerate(problem.grid.dates()):
        if when.weekday() not in problem.calendar.weekend:
            continue
        if runs and runs[-1].stop == day:
            runs[-1] = range(runs[-1].start, day + 1)
        else:
            runs.append(range(day, day + 1))
    return runs


def even_weekends(problem: Problem, agents: Sequence[Agent], people: Ints) -> int:
    """Weekends that each person of a group has if they are shared evenly, those carried over too.

    `people` (D,) are at work on each day.
    """
    worked = sum(int(people[run.start : run.stop].max()) for run in weekends_of(problem))
    carried = sum(agent.carried_weekends for agent in agents)
    return -(-(worked + carried) // max(1, len(agents)))


class PersonModel:
    """Variables of one person and the limits that rules put on them.

    Parameters
    ----------
    model
        The CP-SAT model that the person is part of.
    base
        What the person's group shares.
    agent
        The person.
    cells
        For each day the pattern numbers and their literals; days that are fixed have the pattern
        worked with the constant 1, or nothing.
    """

    def __init__(
        self,
        model: cp_model.CpModel,
        base: Groundwork,
        agent: Agent,
        cells: Sequence[dict[int, cp_model.IntVar | int]],
    ) -> None:
        self.model = model
        self.base = base
        self.agent = agent
        self.cells = cells
        self.days = range(len(cells))
        self.weeks = base.weeks
        self.weekends = base.weekends
        self.even_weekends = base.even_weekends
        self.patterns = base.patterns
        self.paid_min = base.paid_min
        self.span_min = base.span_min
        self.is_night = base.is_night
        self.penalties: list[Penalty] = []
        self._ones = np.ones(len(base.patterns), dtype=np.int64)
        self._weekend_worked: dict[range, cp_model.IntVar | int] = {}
        self._overtime: dict[int, tuple[cp_model.IntVar | int, int]] = {}

    def total(self, days: Iterable[int], weights: Sequence[int] | Ints) -> Sum:
        """Sum over days of the weight of the pattern worked."""
        answer = Sum()
        for day in days:
            largest = 0
            for pattern, cell in self.cells[day].items():
                weight = int(weights[pattern])
                if not weight:
                    continue
                if isinstance(cell, int):
                    answer.constant += weight * cell
                    answer.upper += weight * cell
                else:
                    answer.variables.append(cell)
                    answer.weights.append(weight)
                    largest = max(largest, weight)
            answer.upper += largest
        return answer

    def worked(self, days: Iterable[int]) -> Sum:
        """Number of days worked."""
        return self.total(days, self._ones)

    def minutes(self, days: Iterable[int]) -> Sum:
        """Paid minutes."""
        return self.total(days, self.paid_min)

    def any_worked(self, spans: Iterable[range]) -> Sum:
        """Number of spans of days in which a day is worked."""
        answer = Sum()
        for span in spans:
            known = self._weekend_worked.get(span)
            if known is None:
                known = self._weekend_worked[span] = self._any(span)
            self._add(answer, known, 1)
        return answer

    def _any(self, span: range) -> cp_model.IntVar | int:
        worked = self.worked(span)
        if worked.constant or not worked.variables:
            return min(1, worked.constant)
        literal = self.model.new_bool_var("")
        for day in span:
            one = self.worked([day])
            if one.variables:
                self.model.add(one.expression() <= literal)
        return literal

    def overtime(self, weeks: Iterable[int]) -> Sum:
        """Minutes beyond the contract's week; `keep_contract` makes them."""
        answer = Sum()
        for week in weeks:
            minutes, most = self._overtime.get(week, (0, 0))
            self._add(answer, minutes, most)
        return answer

    @staticmethod
    def _add(total: Sum, part: cp_model.IntVar | int, most: int) -> None:
        if isinstance(part, int):
            total.constant += part
            total.upper += part
        else:
            total.variables.append(part)
            total.weights.append(1)
            total.upper += most

    def weeks_by_month(self) -> list[list[int]]:
        """Numbers of the plan weeks that begin in each calendar month."""
        return self.base.weeks_by_month()

    def at_most(self, rule: Rule, total: Sum, limit: int, *, per_unit: int = 1) -> None:
        """State that a sum is at most a limit; a priced rule pays for each `per_unit` above it."""
        if total.upper <= limit or not total.variables:
            return
        if rule.mode is Mode.PRICED:
            slack = self.slack(rule.id, total.upper - limit, rule.price / per_unit)
            self.model.add(total.expression() - slack <= limit)
        else:
            # What is fixed already may be over the limit; the rest must then add nothing.
            self.model.add(total.expression() <= max(limit, total.constant))

    def slack(self, key: str, upper: int, price: float) -> cp_model.IntVar:
        """Amount from 0 to `upper` that costs `price` a unit under a key."""
        variable = self.model.new_int_var(0, upper, "")
        self.penalties.append(Penalty(key, variable, max(1, round(price * PRICE_SCALE))))
        return variable

    @cached_property
    def _free(self) -> list[bool]:
        return [any(not isinstance(c, int) for c in day.values()) for day in self.cells]

    def rest_between(self, rule: Rule, rest_min: int) -> None:
        """State the rest between the shifts of two days, up to two days apart."""
        for gap in (1, 2):
            for day in range(len(self.days) - gap):
                if self._free[day] or self._free[day + gap]:
                    self._rest(rule, rest_min, day, gap)

    def _rest(self, rule: Rule, rest_min: int, day: int, gap: int) -> None:
        start, end = self.base.start_min, self.base.end_min
        first, second = self.cells[day], self.cells[day + gap]
        if not first or not second:
            return
        short = rest_min - gap * DAY_MIN
        if max(end[p] for p in first) + short <= min(start[q] for q in second):
            return
        if rule.mode is Mode.PRICED:
            ends, starts = self.total([day], end), self.total([day + gap], start)
            both = self.worked([day, day + gap])
            big = int(max(end)) + rest_min
            slack = self.slack(rule.id, big, rule.price / 60)
            self.model.add(
                slack
                >= short + ends.expression() - starts.expression() - big * (2 - both.expression())
            )
            return
        for moment in sorted({int(end[p]) for p in first}):
            late = [c for p, c in first.items() if end[p] >= moment]
            soon = [c for q, c in second.items() if start[q] < moment + short]
            fixed = sum(c for c in (*late, *soon) if isinstance(c, int))
            free = [c for c in (*late, *soon) if not isinstance(c, int)]
            if soon and free and fixed < 2:
                self.model.add_at_most_one([*free, *([1] * fixed)])

    def rest_touching(self, rule: Rule, week: range, rest_min: int) -> None:
        """State that some rest of at least `rest_min` minutes touches a week.

        A rest is from the end of a shift to the next start; it is found around each run of days off
        of the length that the rest takes, also around none.
        """
        if not any(
            self._free[d] for d in range(max(0, week.start - 2), min(week.stop + 2, len(self.days)))
        ):
            return
        choices = []
        slack = Sum()
        if rule.mode is Mode.PRICED:
            self._add(slack, self.slack(rule.id, rest_min, rule.price / 60), rest_min)
        given = slack.expression()
        for off in range(-(-rest_min // DAY_MIN)):
            for first in range(week.start - off, week.stop + 1):
                after = first + off
                if first < 0 or after > len(self.days):
                    continue
                chosen = self.model.new_bool_var("")
                for day in range(first, after):
                    self.model.add(self.worked([day]).expression() == 0).only_enforce_if(chosen)
                room = off * DAY_MIN + self._opening(after) - self._closing(first - 1)
                self.model.add(room + given >= rest_min).only_enforce_if(chosen)
                if first == week.stop:
                    # A night that runs into the next week begins its rest there, not in this one.
                    self.model.add(self._closing(first - 1) <= 0).only_enforce_if(chosen)
                choices.append(chosen)
        self.model.add_bool_or(choices)

    def _opening(self, day: int) -> cp_model.LinearExpr:
        """Minutes of a day that pass before the shift, all of them on a day off."""
        if day >= len(self.days):
            return Sum().expression()
        starts = self.total([day], self.base.start_min - DAY_MIN)
        return starts.expression() + DAY_MIN

    def _closing(self, day: int) -> cp_model.LinearExpr:
        """Minutes after a day's midnight at which the work up to it ends, less a day."""
        if day < 0:
            return Sum().expression()
        ends = self.total([day], self.base.end_min)
        # A shift of the evening before that ends on this day.
        over = self.total(range(max(0, day - 1), day), np.maximum(0, self.base.end_min - DAY_MIN))
        return ends.expression() + over.expression() - DAY_MIN

    def start_spread(self, rule: Rule, week: range, spread_min: int) -> None:
        """State how far apart the starts of a week are; meant for priced rules."""
        if not any(self._free[d] for d in week):
            return
        start = self.base.start_min
        low = self.model.new_int_var(0, DAY_MIN, "")
        high = self.model.new_int_var(0, DAY_MIN, "")
        for day in week:
            if self.cells[day]:
                self.model.add(high >= self.total([day], start).expression())
                self.model.add(low <= self.total([day], start - DAY_MIN).expression() + DAY_MIN)
        excess = Sum([high, low], [1, -1], 0, DAY_MIN)
        self.at_most(rule, excess, spread_min, per_unit=60)

    def keep_contract(self) -> None:
        """State the contract's hours and shifts a week and hours a month, with overtime."""
        contract = self.base.group.contract
        base_price = max(contract.hourly_base, 1.0)
        for number, week in enumerate(self.weeks):
            terms = week_terms(self.base.problem, self.agent, number)
            worked, minutes = self.worked(week), self.minutes(week)
            limit = round(terms.hours_max * 60)
            if not worked.variables:
                beyond = max(0, minutes.constant - limit)
                self._overtime[number] = beyond, beyond
                continue
            self.model.add(worked.expression() <= max(terms.shifts_max, worked.constant))
            self._owed(worked, terms.shifts_min, base_price * 8)
            self._owed(minutes, round(terms.hours_min * 60), base_price / 60)
            most = min(round(terms.overtime_max_h * 60), minutes.upper - limit)
            most = max(0, most, minutes.constant - limit)
            if most:
                (_, factor), *tiers = self.base.problem.overtime_steps(contract)
                extra = self.slack("overtime", most, factor * base_price / 60)
                for from_h, dearer in tiers:
                    more = self.slack("overtime", most, (dearer - factor) * base_price / 60)
                    self.model.add(extra - more <= round(from_h * 60))
                    factor = dearer
                self._overtime[number] = extra, most
                self.model.add(minutes.expression() - extra <= limit)
            else:
                self.model.add(minutes.expression() <= limit)
        if np.isfinite(contract.month_hours_max):
            for month in np.unique(self.base.months):
                total = self.minutes(np.flatnonzero(self.base.months == month))
                if total.variables:
                    limit = max(total.constant, round(contract.month_hours_max * 60))
                    self.model.add(total.expression() <= limit)

    def _owed(self, total: Sum, least: int, price: float) -> None:
        if least <= total.constant:
            return
        missing = self.slack("contract_hours", least, OWED_PRICE_H * price)
        self.model.add(total.expression() + missing >= least)

    def keep_pins(self) -> None:
        """State pins, at a price above all others."""
        for day, code in self.agent.pins.items():
            if 0 <= day < len(self.days) and self._free[day]:
                self._miss("pin", day, code, PIN_PRICE)

    def keep_wishes(self) -> None:
        """State wishes at their prices."""
        for wish in self.agent.wishes:
            if 0 <= wish.day < len(self.days) and wish.weight > 0 and self._free[wish.day]:
                self._miss("wish", wish.day, wish.shift, wish.weight)

    def _miss(self, key: str, day: int, code: str, price: float) -> None:
        """Pay if a day is not as wanted: off (empty code) or a shift or pattern code."""
        missed = self.slack(key, 1, price)
        if not code:
            self.model.add(self.worked([day]).expression() <= missed)
            return
        wanted = [int(code in (p.code, p.shift)) for p in self.patterns]
        self.model.add(self.total([day], wanted).expression() + missed >= 1)
