"""Rules and contracts of a group as numbers for the compiled program over months.

What the numbers leave out (averages, overtime of a month, weekly rest, priced rules on several
days) only makes more months possible: the program's cost is then a bound, and its months are judged
by the rules themselves before anybody gets one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solver.months.kernel import BANNED
from solver.person import OWED_PRICE_H, PIN_PRICE, Groundwork
from solver.problem import Agent, Floats, Ints, Mode, Rule
from solver.rules.limits import banned_patterns, succession
from solver.week_terms import WeekTerms

_COMBOS_MAX = 400


@dataclass(frozen=True)
class Succession:
    """What may follow what: places of shifts (slots) and nodes, as the kernel takes them."""

    slot_of: Ints
    kind_of: Ints
    follow: Ints
    fresh: Ints
    run_max: int


@dataclass(frozen=True)
class WeekStates:
    """Shifts and units of paid time of a plan week: (C, 2), and where a shift leads, (C, K)."""

    states: Ints
    onward: Ints
    unit_min: int


@dataclass(frozen=True)
class MonthTerms:
    """One person's numbers; shapes as in `best_month`."""

    cost: Floats
    off_cost: Floats
    succession: Succession
    week_cost: Floats
    weekend: Ints
    weekends_max: Ints
    weekend_cost: Floats
    rules: tuple[Rule, ...]
    start_price: float
    start_spread_min: float


def week_states(base: Groundwork, own: Ints, hours_max: float) -> WeekStates | None:
    """Every sum of shifts and paid time that a week may reach; None where there are too many."""
    paid = base.paid_min[own]
    unit = int(np.gcd.reduce(paid[paid > 0])) if (paid > 0).any() else 1
    kinds = np.unique(paid) // unit
    most = math.floor(hours_max * 60 / unit + 1e-6)
    reached = {(0, 0)}
    for _ in range(7):
        reached |= {
            (n + 1, u + k) for n, u in reached for k in kinds.tolist() if n < 7 and u + k <= most
        }
        if len(reached) > _COMBOS_MAX:
            return None
    ordered = sorted(reached)
    number = {state: k for k, state in enumerate(ordered)}
    onward = [[number.get((n + 1, u + k), -1) for k in kinds.tolist()] for n, u in ordered]
    return WeekStates(np.array(ordered), np.array(onward, dtype=np.int64), unit)


class TermsMaker:
    """Makes the numbers of a group's people; what people share is made once."""

    def __init__(self, base: Groundwork, own: Ints, states: WeekStates) -> None:
        self._base = base
        self._own = own
        self._states = states
        self._known: dict[tuple[float | None, int, int], Succession] = {}

    def of(self, agent: Agent, weeks: Sequence[WeekTerms]) -> MonthTerms:
        """Numbers of a person."""
        base = self._base
        problem, group = base.problem, base.group

        def value(rule: str) -> float | None:
            return problem.rule_value(rule, group, agent)

        rules = tuple(r for r in problem.rules if r.binds(group, agent))
        nights = value("max_consecutive_nights")
        runs = value("max_consecutive_days")
        key = (
            value("min_rest_h"),
            0 if runs is None or runs >= problem.grid.days else int(runs),
            0 if nights is None or nights >= problem.grid.days else int(nights),
        )
        if key not in self._known:
            self._known[key] = self._succession(agent, *key)
        cost, off_cost = self._day_costs(agent)
        weekend, weekends_max, weekend_cost = self._weekends(agent, rules, value)
        same = [r for r in rules if r.id == "same_start" and r.mode is Mode.PRICED]
        return MonthTerms(
            cost,
            off_cost,
            self._known[key],
            self._week_cost(weeks, value("max_hours_week"), value("min_days_off_week")),
            weekend,
            weekends_max,
            weekend_cost,
            rules,
            sum(r.price for r in same),
            min((60 * r.value for r in same), default=0.0),
        )

    def _succession(self, agent: Agent, rest_h: float | None, runs: int, nights: int) -> Succession:
        base, own = self._base, self._own
        forbidden = succession(base.problem, agent.group, rest_h=rest_h or 0.0)[np.ix_(own, own)]
        night = base.is_night[own].astype(bool) if nights else np.zeros(len(own), dtype=bool)
        paid = np.unique(base.paid_min[own], return_inverse=True)[1].ravel()
        rows, after = np.unique(np.column_stack([forbidden, night]), axis=0, return_inverse=True)
        after = after.ravel()
        # A node: what the last shift forbids and, of nights, how many there were in a row.
        nodes = [
            (c, k)
            for c in range(len(rows))
            for k in (range(1, nights + 1) if rows[c, -1] else (0,))
        ]
        number = {node: e for e, node in enumerate(nodes)}
        forbids = rows[[c for c, _ in nodes], :-1].astype(bool)
        alike = np.column_stack([forbids.T, after, night, paid])
        slots, slot_of = np.unique(alike, axis=0, return_inverse=True)
        slot_of = slot_of.ravel()
        first = np.array([int(np.argmax(slot_of == j)) for j in range(len(slots))])
        follow = np.full((len(nodes), len(slots)), -1, dtype=np.int64)
        fresh = np.zeros(len(slots), dtype=np.int64)
        for j, s in enumerate(first.tolist()):
            fresh[j] = number[int(after[s]), 1 if night[s] else 0]
            for e, (_, count) in enumerate(nodes):
                if not forbids[e, s] and (not night[s] or count < nights):
                    follow[e, j] = number[int(after[s]), count + 1 if night[s] else 0]
        return Succession(
            slot_of.astype(np.int64), paid[first].astype(np.int64), follow, fresh, runs
        )

    def _day_costs(self, agent: Agent) -> tuple[Floats, Floats]:
        base, own = self._base, self._own
        problem, contract = base.problem, base.group.contract
        patterns = [base.patterns[p] for p in own]
        days = problem.grid.days
        cost, off_cost = np.zeros((days, len(own))), np.zeros(days)
        wanted = [(day, code, PIN_PRICE) for day, code in agent.pins.items()]
        wanted += [(w.day, w.shift, w.weight) for w in agent.wishes if w.weight > 0]
        for day, code, price in wanted:
            if not 0 <= day < days:
                continue
            missed = np.array([code not in (p.code, p.shift) for p in patterns])
            cost[day] += price * missed
            off_cost[day] += price if code else 0.0
        cost[:, banned_patterns(problem, base.group, agent)[own]] = BANNED
        for day, weekday in enumerate(base.weekdays):
            if not (agent.available(day) and contract.employs(day)):
                cost[day] = BANNED
            cost[day, [weekday not in p.weekdays for p in patterns]] = BANNED
        return cost, off_cost

    def _week_cost(
        self, weeks: Sequence[WeekTerms], hours_max: float | None, days_off: float | None
    ) -> Floats:
        """(weeks, C) what the contract makes of a week's shifts and hours."""
        base = self._base
        wage_min = max(base.group.contract.hourly_base, 1.0) / 60
        shifts = self._states.states[:, 0]
        minutes = self._states.states[:, 1] * self._states.unit_min
        table = np.empty((len(weeks), len(shifts)))
        for number, terms in enumerate(weeks):
            over = np.maximum(0, minutes - round(terms.hours_max * 60))
            owed = np.maximum(0, round(terms.hours_min * 60) - minutes)
            owed = owed + 480 * np.maximum(0, terms.shifts_min - shifts)
            most = min(terms.shifts_max, 7 - int(days_off or 0))
            table[number] = wage_min * (base.problem.overtime_factor * over + OWED_PRICE_H * owed)
            too_much = (shifts > most) | (over > round(terms.overtime_max_h * 60))
            if hours_max is not None:
                too_much |= minutes > round(hours_max * 60)
            table[number, too_much] = BANNED
        return table

    def _weekends(
        self, agent: Agent, rules: Sequence[Rule], value: object
    ) -> tuple[Ints, Ints, Floats]:
        """Weekend days, most weekends up to each day, and what a number of weekends costs."""
        base = self._base
        days = base.problem.grid.days
        number = len(base.weekends)
        free = base.problem.rule_value("min_free_weekends", base.group, agent)
        fair = [r for r in rules if r.id == "fair_weekends" and r.mode is Mode.PRICED]
        weekend = np.zeros(days, dtype=np.int64)
        most = np.full(days, number, dtype=np.int64)
        if not (free or fair) or any(len(run) > 2 for run in base.weekends):
            return weekend, most, np.zeros(1)
        allowed = 0
        for first in range(0, number, 4):
            block = base.weekends[first : first + 4]
            allowed += len(block) - math.floor((free or 0.0) * len(block) / 4 + 1e-9)
            most[block[0].start :] = allowed
        for run in base.weekends:
            weekend[run.start] = 1
            weekend[run.start + 1 : run.stop] = 2
        cost = np.zeros(number + 1)
        for rule in fair:
            limit = max(0, base.even_weekends + int(rule.value) - agent.carried_weekends)
            cost += rule.price * np.maximum(0, np.arange(number + 1) - limit)
        return weekend, most, cost
