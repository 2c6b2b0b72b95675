"""Repair: some people cannot come; who takes their shifts, at the least change.

What is past, what is pinned and everybody who need not move stay as they are. Each seat left open
goes to one person who is off that day and whose month still keeps every law and hard rule with it;
calling somebody has a price, so that nobody is called for nothing. All who could take a seat are
ranked for a planner who wants to choose herself.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace

import numpy as np

from solver.breaks import place_breaks
from solver.naming_model import Prices
from solver.naming_start import cheapest_flow
from solver.person import PIN_PRICE, Groundwork, even_weekends
from solver.person_rows import verdicts
from solver.problem import Agent, Floats, Ints, Problem
from solver.result import Roster
from solver.week_terms import week_terms

_CENT = 100


@dataclass(frozen=True)
class Vacancy:
    """A shift that its person cannot work: the numbers of agent, day and pattern."""

    agent: int
    day: int
    pattern: int


@dataclass(frozen=True)
class Candidate:
    """Somebody who could take a seat.

    Parameters
    ----------
    vacancy
        Number of the seat.
    agent, pattern
        Who, and the shift that would be worked: the seat's own or one near to it.
    money
        What it adds to the plan's cost: wage, premiums and overtime.
    upset
        Price of all else: wishes and priced rules, hours owed, cover that moves.
    overtime_h
        Hours of overtime it makes.
    chosen
        Whether the repaired roster has it.
    """

    vacancy: int
    agent: int
    pattern: int
    money: float
    upset: float
    overtime_h: float
    chosen: bool = False

    @property
    def price(self) -> float:
        """What candidates are ranked by."""
        return self.money + self.upset


@dataclass(frozen=True)
class Repair:
    """A repaired roster, the seats that were left open, and who could take each.

    `candidates` are in order of seat and rank. `roster.unfilled` has the seats that nobody takes.
    """

    roster: Roster
    vacancies: tuple[Vacancy, ...]
    candidates: tuple[Candidate, ...]

    @property
    def called(self) -> int:
        """People who work a shift they did not have."""
        return len({c.agent for c in self.candidates if c.chosen})

    @property
    def open_seats(self) -> int:
        """Seats that nobody takes."""
        return len(self.vacancies) - sum(c.chosen for c in self.candidates)


def repair(
    problem: Problem,
    roster: Roster,
    absences: Mapping[int, Set[int]],
    *,
    change_price: float = 0.0,
) -> Repair:
    """Give the shifts of absent people to others.

    Parameters
    ----------
    absences
        Days on which agents (numbers of the roster) cannot come; they are paid as sick.
    change_price
        Of calling somebody. A seat stays open if nobody can take it for less than it is worth.

    Returns
    -------
    Repair, its roster with breaks for the new shifts; all other breaks stay.
    """
    agents = tuple(
        _away(agent, absences.get(a, frozenset())) for a, agent in enumerate(roster.agents)
    )
    vacancies = [
        Vacancy(a, day, int(roster.shifts[a, day]))
        for a, days in absences.items()
        for day in sorted(days)
        if roster.shifts[a, day] >= 0
    ]
    vacancies.sort(key=lambda v: (v.day, v.pattern, v.agent))
    shifts = roster.shifts.copy()
    for vacancy in vacancies:
        shifts[vacancy.agent, vacancy.day] = -1
    desk = _Desk(problem, agents, shifts)
    unfilled = roster.unfilled.copy()
    found: list[Candidate] = []
    for day in sorted({v.day for v in vacancies}):
        numbers = [k for k, v in enumerate(vacancies) if v.day == day]
        offers = desk.offers(day, {k: vacancies[k] for k in numbers})
        taken = desk.choose(numbers, vacancies, offers, change_price)
        for k in numbers:
            ranked = sorted(offers[k], key=lambda c: (c.price, c.agent))
            found += [replace(c, chosen=taken.get(k) == c.agent) for c in ranked]
            if k not in taken:
                group = agents[vacancies[k].agent].group
                unfilled[group, day, vacancies[k].pattern] += 1
        for candidate in found:
            if candidate.chosen and vacancies[candidate.vacancy].day == day:
                shifts[candidate.agent, day] = candidate.pattern
    repaired = replace(roster, agents=agents, shifts=shifts, unfilled=unfilled)
    return Repair(with_breaks(problem, roster, repaired), tuple(vacancies), tuple(found))


def _away(agent: Agent, days: Set[int]) -> Agent:
    """Somebody who cannot come on some days, whatever was pinned or wished there."""
    return replace(
        agent,
        paid_away=agent.paid_away | days,
        pins={day: code for day, code in agent.pins.items() if day not in days},
        wishes=tuple(wish for wish in agent.wishes if wish.day not in days),
    )


class _Desk:
    """Everybody's month, and what one more shift would do to it."""

    def __init__(self, problem: Problem, agents: tuple[Agent, ...], shifts: Ints) -> None:
        self._problem = problem
        self._agents = agents
        self._shifts = shifts
        groups = range(len(problem.groups))
        self._bases = [self._base(g) for g in groups]
        self._prices = [Prices.of(problem, g, None) for g in groups]

    def _base(self, group: int) -> Groundwork:
        members = [a for a, agent in enumerate(self._agents) if agent.group == group]
        people = (self._shifts[members] >= 0).sum(axis=0)
        share = even_weekends(self._problem, [self._agents[a] for a in members], people)
        return Groundwork(self._problem, group, share)

    def offers(self, day: int, vacancies: Mapping[int, Vacancy]) -> dict[int, list[Candidate]]:
        """Who could take each of a day's seats, in the pattern that suits best."""
        problem = self._problem
        offers: dict[int, list[Candidate]] = {k: [] for k in vacancies}
        roles = {problem.groups[self._agents[v.agent].group].role for v in vacancies.values()}
        weekday = problem.grid.date(day).weekday()
        for a, agent in enumerate(self._agents):
            group = problem.groups[agent.group]
            idle = self._shifts[a, day] < 0 and agent.available(day)
            if not idle or group.role not in roles or not group.contract.employs(day):
                continue
            wanted = [
                k
                for k, v in vacancies.items()
                if problem.groups[self._agents[v.agent].group].role == group.role
            ]
            moved = np.stack([self._moved(vacancies[k]) for k in wanted])
            patterns = [
                p
                for p in group.patterns
                if weekday in problem.patterns[p].weekdays and np.isfinite(moved[:, p]).any()
            ]
            self._offer(a, day, patterns, wanted, moved, offers)
        return offers

    def _moved(self, vacancy: Vacancy) -> Floats:
        """(P,) price of taking a seat in each pattern."""
        price = self._prices[self._agents[vacancy.agent].group].moved[vacancy.pattern].copy()
        price[vacancy.pattern] = 0.0
        return np.asarray(price)

    def _offer(
        self,
        a: int,
        day: int,
        patterns: list[int],
        wanted: list[int],
        moved: Floats,
        offers: dict[int, list[Candidate]],
    ) -> None:
        """Add a person's best pattern for each seat, if a rule allows one."""
        if not patterns:
            return
        problem, agent = self._problem, self._agents[a]
        base, group = self._bases[agent.group], problem.groups[agent.group]
        rows = np.repeat(self._shifts[a][None, :], len(patterns) + 1, axis=0)
        rows[1:, day] = patterns
        terms = [week_terms(problem, agent, w) for w in range(problem.grid.weeks)]
        rules = [rule for rule in problem.rules if rule.binds(group, agent)]
        said = verdicts(base, agent, terms, rules, rows)
        # What was broken before is not this seat's doing.
        holds = (said.broken[1:] <= said.broken[0] + 1e-9).all(axis=1)
        wage = max(group.contract.hourly_base, 1.0)
        factor = problem.overtime_factor
        overtime_h = (said.overtime_min[1:] - said.overtime_min[0]) / 60
        upset = said.price[1:] - said.price[0] - factor * wage * overtime_h
        salaried = group.contract.month_salary > 0
        money = group.shift_cost[day, patterns] + overtime_h * wage * (factor - (not salaried))
        holds &= upset < PIN_PRICE / 2
        for row, k in enumerate(wanted):
            price = np.where(holds, money + upset + moved[row, patterns], np.inf)
            best = int(np.argmin(price))
            if np.isfinite(price[best]):
                offers[k].append(
                    Candidate(
                        k,
                        a,
                        patterns[best],
                        float(money[best]),
                        float(upset[best] + moved[row, patterns[best]]),
                        float(overtime_h[best]),
                    )
                )

    def choose(
        self,
        numbers: list[int],
        vacancies: list[Vacancy],
        offers: Mapping[int, list[Candidate]],
        change_price: float,
    ) -> dict[int, int]:
        """Who takes which of a day's seats, one each, at the least price: seat to agent."""
        pairs = [c for k in numbers for c in offers[k]]
        people = sorted({c.agent for c in pairs})
        n, m = len(numbers), len(people)
        seat_at = {k: i for i, k in enumerate(numbers)}
        person_at = {a: n + i for i, a in enumerate(people)}
        source, sink = n + m, n + m + 1
        empty = [
            self._prices[self._agents[v.agent].group].unfilled[v.pattern]
            for v in (vacancies[k] for k in numbers)
        ]
        price = np.concatenate(
            [np.zeros(n), [c.price + change_price for c in pairs], empty, np.zeros(m)]
        )
        tails = [source] * n + [seat_at[c.vacancy] for c in pairs] + list(range(n))
        heads = list(range(n)) + [person_at[c.agent] for c in pairs] + [sink] * n
        flow = cheapest_flow(
            tails=np.array(tails + [person_at[a] for a in people]),
            heads=np.array(heads + [sink] * m),
            room=np.ones(len(price), dtype=np.int64),
            cost=np.round(_CENT * price),
            source=source,
            sink=sink,
        )
        used = np.flatnonzero(flow[n : n + len(pairs)] > 0)
        return {pairs[i].vacancy: pairs[i].agent for i in used}


def with_breaks(problem: Problem, before: Roster, after: Roster) -> Roster:
    """Breaks of the shifts that stay as they were, and new ones for new shifts.

    The people of `after` are those of `before`, in any order, and perhaps more.
    """
    wanted = np.zeros((len(problem.groups), problem.grid.size))
    number = {agent.name: a for a, agent in enumerate(after.agents)}
    now = np.array([number[agent.name] for agent in before.agents], dtype=np.int64)
    kept = np.zeros(after.shifts.shape, dtype=bool)
    kept[now] = before.shifts == after.shifts[now]
    placed = place_breaks(problem, after, wanted).breaks
    old = [replace(b, agent=int(now[b.agent])) for b in before.breaks]
    breaks = [b for b in old if kept[b.agent, b.day]]
    breaks += [b for b in placed if not kept[b.agent, b.day]]
    breaks.sort(key=lambda b: (b.agent, b.day, b.start_min))
    return replace(after, breaks=tuple(breaks))
