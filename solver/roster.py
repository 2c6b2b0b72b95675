"""From shift counts to named people: who works which seat of the design.

Groups are independent of each other. An instant assignment is the start; then each person's month
is planned anew, exactly, beside the others' (`solver.months`), wishes and priced rules included,
until nobody can do better alone. In a group of few people CP-SAT then decides neighbourhoods, some
people and a week, first where seats are empty or people short of their hours, then with wishes and
priced rules anywhere. Every answer on the way keeps law and hard rules:
stopping early costs wishes and seats, never a rule. One worker and deterministic time make a run
repeatable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from solver.months import Months
from solver.naming_model import Block, BlockModel, Prices, allowed_days
from solver.naming_start import first_assignment
from solver.person import Groundwork, even_weekends
from solver.problem import Agent, Bools, Floats, Ints, Problem
from solver.result import Roster, ShiftPlan
from solver.rules.limits import group_limits
from solver.week_terms import WeekTerms, week_terms

_BLOCK_CELLS = 15_000
_BLOCK_PEOPLE = 30
_ALONE_SECONDS = 0.5
_NEIGHBOURHOOD_PEOPLE = 10
_NEIGHBOURHOOD_SECONDS = 1.0
_STALE = 20
_BUILD_SECONDS = 0.1
_FIRST_SHARE = 0.6
_DESCENT_SHARE = 0.5
# Least and most times that everybody is planned anew.
_SWEEPS = (5, 40)
_LAST_SWEEPS = 3
_RENAME_SWEEPS = 12
_PROOF_S = 6.0
_PROOF_ROUNDS = (12, 300)


def staff(problem: Problem, heads: Ints) -> tuple[Agent, ...]:
    """People of a roster: those the plan names, then numbered ones up to each group's heads."""
    agents = list(problem.agents)
    taken = {agent.name for agent in agents}
    numbers: dict[str, int] = {}
    for g, group in enumerate(problem.groups):
        for _ in range(int(heads[g]) - len(problem.agents_of(g))):
            contract = group.contract.name
            while True:
                numbers[contract] = numbers.get(contract, 0) + 1
                name = f"{contract} {numbers[contract]}"
                if name not in taken:
                    break
            agents.append(Agent(name, g, "", named=False))
    return tuple(agents)


def name_shifts(
    problem: Problem,
    plan: ShiftPlan,
    *,
    seed: int = 1,
    deterministic_seconds: float = 60.0,
    value: Floats | None = None,
) -> Roster:
    """Give the seats of a design to people.

    Law and hard rules and the contracts' upper limits always hold. A seat that nobody can take is
    moved to a near pattern of the same group and day, or left in `unfilled`. A person whom the
    seats leave below the contract's hours gets extra shifts, said in `notes`.

    Parameters
    ----------
    value
        (G, D, P) what one more shift is worth to the design; chooses the extra shifts.

    Returns
    -------
    Roster without breaks.
    """
    agents = staff(problem, plan.heads)
    shifts = np.full((len(agents), problem.grid.days), -1, dtype=np.int64)
    unfilled = np.zeros_like(plan.counts)
    notes: list[str] = []
    total = max(1, int(plan.counts.sum()))
    for g, group in enumerate(problem.groups):
        rows = [k for k, agent in enumerate(agents) if agent.group == g]
        if not rows:
            unfilled[g] = plan.counts[g]
            continue
        naming = _GroupNaming.of(
            problem,
            g,
            [agents[k] for k in rows],
            plan.counts[g],
            None if value is None else value[g],
        )
        share = float(plan.counts[g].sum()) / total
        shifts[rows], unfilled[g] = naming.run(seed, deterministic_seconds * share)
        notes += _notes(problem, group.name, shifts[rows], plan.counts[g], unfilled[g])
    overtime = _overtime(problem, agents, shifts)
    missed = _wishes_missed(problem, agents, shifts)
    return Roster(agents, shifts, unfilled, (), overtime, missed, tuple(notes))


def rename_shifts(
    problem: Problem,
    plan: ShiftPlan,
    before: Roster,
    *,
    first_day: int,
    change_price: float,
    seed: int = 1,
) -> Roster:
    """Give the seats of a new design to the people of a roster, changing as little as pays.

    Days before `first_day` stay as they are; each later day of a person that changes has a price.
    People whom the design adds are numbered. The roster is without breaks.
    """
    agents = staff(problem, plan.heads)
    known = {agent.name: k for k, agent in enumerate(before.agents)}
    shifts = np.full((len(agents), problem.grid.days), -1, dtype=np.int64)
    for k, agent in enumerate(agents):
        if agent.name in known:
            shifts[k] = before.shifts[known[agent.name]]
    unfilled = np.zeros_like(plan.counts)
    for g in range(len(problem.groups)):
        rows = [k for k, agent in enumerate(agents) if agent.group == g]
        if not rows:
            unfilled[g] = plan.counts[g]
            continue
        members = [agents[k] for k in rows]
        naming = _GroupNaming.of(problem, g, members, plan.counts[g], None)
        months = naming.months(seed)
        if months.possible:
            months.start(shifts[rows])
            months.hold(first_day, change_price)
            months.descend(_RENAME_SWEEPS)
            shifts[rows] = months.shifts()
        unfilled[g] = naming.unfilled(shifts[rows])
    overtime = _overtime(problem, agents, shifts)
    missed = _wishes_missed(problem, agents, shifts)
    return Roster(agents, shifts, unfilled, (), overtime, missed)


@dataclass(frozen=True)
class NamesProof:
    """What a roster's names cost, and what the names of any roster for the same seats would.

    Empty, moved and extra shifts, hours owed, overtime, wishes and priced rules at their prices.
    The bound is None where a group's weeks have too many states for months.
    """

    cost: float
    bound: float | None


def prove_names(
    problem: Problem, plan: ShiftPlan, roster: Roster, *, value: Floats | None = None
) -> NamesProof:
    """Reckon the cost of a roster's names for a design's seats, and a proved bound on it."""
    cost, bound = 0.0, 0.0
    for g in range(len(problem.groups)):
        rows = [k for k, agent in enumerate(roster.agents) if agent.group == g]
        if not rows:
            continue
        members = [roster.agents[k] for k in rows]
        own = None if value is None else value[g]
        naming = _GroupNaming.of(problem, g, members, plan.counts[g], own)
        months = naming.months(seed=1)
        if not months.possible:
            return NamesProof(np.nan, None)
        months.start(roster.shifts[rows])
        cost += months.cost()
        bound += months.bound(int(np.clip(_PROOF_S / months.price_s, *_PROOF_ROUNDS)))
    return NamesProof(cost, bound)


@dataclass(frozen=True)
class _GroupNaming:
    base: Groundwork
    prices: Prices
    agents: Sequence[Agent]
    seats: Ints
    start: Ints
    weeks: Sequence[Sequence[WeekTerms]]
    short_of_seats: bool

    @staticmethod
    def of(
        problem: Problem, group: int, agents: Sequence[Agent], seats: Ints, value: Floats | None
    ) -> _GroupNaming:
        base = Groundwork(problem, group, even_weekends(problem, agents, seats.sum(axis=1)))
        weeks = [[week_terms(problem, a, w) for w in range(problem.grid.weeks)] for a in agents]
        may = allowed_days(problem, group, agents)
        start = first_assignment(base, group_limits(problem, group), agents, weeks, seats, may)
        prices = Prices.of(problem, group, value)
        return _GroupNaming(base, prices, agents, seats, start, weeks, _short(base, weeks, seats))

    def run(self, seed: int, deterministic_seconds: float) -> tuple[Ints, Ints]:
        """Shifts (A, D) and unfilled seats (D, P)."""
        months = self.months(seed)
        if not months.possible:
            return self._in_blocks(seed, deterministic_seconds)
        months.start(self.start)
        months.descend(_sweeps(months, deterministic_seconds))
        if len(self.agents) > _BLOCK_PEOPLE:
            return months.shifts(), self.unfilled(months.shifts())
        shifts, left = months.shifts(), deterministic_seconds
        shifts, left = self._improve(shifts, seed, left, preferences=False)
        shifts, left = self._improve(shifts, seed, left, preferences=True)
        again = self.months(seed)
        again.start(shifts)
        again.descend(_LAST_SWEEPS)
        best = min((months, again), key=lambda found: found.cost())
        return best.shifts(), self.unfilled(best.shifts())

    def months(self, seed: int) -> Months:
        """People's months, nobody planned yet."""
        return Months(self.base, self.prices, self.agents, self.weeks, self.seats, seed=seed)

    def _in_blocks(self, seed: int, deterministic_seconds: float) -> tuple[Ints, Ints]:
        """Build by CP-SAT alone, where a person's week has too many states for months."""
        shifts = np.full_like(self.start, -1)
        blocks = list(self._blocks())
        left = deterministic_seconds
        for k, (people, days) in enumerate(blocks):
            # Those who are not decided yet are thought to take their seats of the start.
            planned = shifts.copy()
            for later, span in blocks[k + 1 :]:
                planned[np.ix_(later, span)] = self.start[np.ix_(later, span)]
            limit = left / (len(blocks) - k) * _FIRST_SHARE
            shifts, spent = self._decide(
                people, days, shifts, planned, self.start, seed, limit, preferences=False
            )
            left -= spent
        shifts, left = self._improve(shifts, seed, left, preferences=False)
        shifts, left = self._improve(shifts, seed, left, preferences=True)
        return shifts, self.unfilled(shifts)

    def _blocks(self) -> Iterator[tuple[list[int], range]]:
        """People and days that are decided together, in order."""
        count, days = self.start.shape
        if count * int((self.seats > 0).sum()) <= _BLOCK_CELLS:
            yield list(range(count)), range(days)
            return
        pieces = -(-count // _BLOCK_PEOPLE)
        for week in self.base.weeks:
            for piece in range(pieces):
                yield list(range(piece, count, pieces)), week

    def _improve(
        self, shifts: Ints, seed: int, left: float, *, preferences: bool
    ) -> tuple[Ints, float]:
        """Decide neighbourhoods anew while it helps; without preferences, while seats are missing.

        Gives shifts and the time that is left.
        """
        rng = np.random.default_rng(seed)
        until = 0.0 if preferences else left * (1 - _FIRST_SHARE)
        stale = 0
        while left > until and stale < _STALE:
            trouble = self._trouble(shifts)
            if not preferences and not trouble.any():
                break
            people, days = self._neighbourhood(shifts, trouble, rng)
            limit = min(left, _NEIGHBOURHOOD_SECONDS)
            better, spent = self._decide(
                people, days, shifts, shifts, shifts, seed, limit, preferences=preferences
            )
            left -= spent + _BUILD_SECONDS
            stale = stale + 1 if np.array_equal(better, shifts) else 0
            shifts = better
        return shifts, left

    def _trouble(self, shifts: Ints) -> Floats:
        """Seats empty and people short of their hours in each week, (weeks,)."""
        empty = self.unfilled(shifts).sum(axis=1)
        seats = [int(empty[week.start : week.stop].sum()) for week in self.base.weeks]
        return np.asarray(seats + self._short_weeks(shifts).sum(axis=0), dtype=np.float64)

    def _neighbourhood(
        self, shifts: Ints, trouble: Floats, rng: np.random.Generator
    ) -> tuple[list[int], range]:
        """People and about a week of days, around what is missing if anything is."""
        weight = trouble + 0.05
        number = int(rng.choice(len(weight), p=weight / weight.sum()))
        week = self.base.weeks[number]
        reach = int(rng.integers(0, 4))
        days = range(max(0, week.start - reach), min(shifts.shape[1], week.stop + reach))
        first = np.flatnonzero(self._short_weeks(shifts)[:, number])
        first = rng.permutation(first)[: _NEIGHBOURHOOD_PEOPLE // 2]
        others = rng.permutation(np.setdiff1d(np.arange(len(shifts)), first))
        people = np.concatenate([first, others])[:_NEIGHBOURHOOD_PEOPLE]
        return sorted(people.tolist()), days

    def _short_weeks(self, shifts: Ints) -> Bools:
        """People below their contract's week, (A, weeks)."""
        paid = np.append(self.base.paid_min, 0)[shifts] / 60
        short = np.zeros((len(shifts), len(self.base.weeks)), dtype=bool)
        for number, week in enumerate(self.base.weeks):
            span = slice(week.start, week.stop)
            worked, hours = (shifts[:, span] >= 0).sum(axis=1), paid[:, span].sum(axis=1)
            for a, person in enumerate(self.weeks):
                terms = person[number]
                short[a, number] = worked[a] < terms.shifts_min or hours[a] < terms.hours_min - 1e-6
        return short

    def unfilled(self, shifts: Ints) -> Ints:
        """Seats that nobody took, nor a shift near to them, (D, P)."""
        gap = self.seats - _held(shifts, self.seats.shape[1])
        empty = np.maximum(0, gap)
        spare = np.maximum(0, -gap)
        for day, p in zip(*np.nonzero(empty), strict=True):
            near = np.argsort(self.prices.moved[p], kind="stable")
            for q in near:
                if not np.isfinite(self.prices.moved[p, q]):
                    break
                moved = min(empty[day, p], spare[day, q])
                empty[day, p] -= moved
                spare[day, q] -= moved
        return np.asarray(empty, dtype=np.int64)

    def _decide(
        self,
        people: list[int],
        days: range,
        shifts: Ints,
        planned: Ints,
        hint: Ints,
        seed: int,
        deterministic_seconds: float,
        *,
        preferences: bool,
    ) -> tuple[Ints, float]:
        """Decide a block anew; the others count as `planned`. Gives shifts and time spent."""

        def solve(members: list[int], seconds: float) -> tuple[Ints | None, float]:
            model = BlockModel(
                self.base,
                self.prices,
                self.agents,
                self._block(members, days, planned),
                shifts,
                hint,
                short_of_seats=self.short_of_seats,
                preferences=preferences,
            )
            return model.solve(shifts, seed=seed, deterministic_seconds=seconds)

        answer, spent = solve(people, deterministic_seconds)
        if answer is not None:
            return answer, spent
        # One person at a time is small enough to be decided in any time.
        planned = planned.copy()
        planned[np.ix_(people, days)] = -1
        for person in people:
            answer, _ = solve([person], _ALONE_SECONDS)
            if answer is not None:
                shifts = answer
                planned[person] = answer[person]
        return shifts, spent

    def _block(self, people: list[int], days: range, planned: Ints) -> Block:
        """A block that is offered the seats which the others, as planned, leave."""
        others = planned.copy()
        others[people] = -1
        return Block(people, days, self.seats - _held(others, self.seats.shape[1]))


def _sweeps(months: Months, deterministic_seconds: float) -> int:
    """Times that everybody is planned anew in some time."""
    return int(np.clip(_DESCENT_SHARE * deterministic_seconds / months.sweep_s, *_SWEEPS))


def _held(shifts: Ints, patterns: int) -> Ints:
    """People by day and pattern, (D, P)."""
    count = np.zeros((shifts.shape[1], patterns), dtype=np.int64)
    _, days = np.nonzero(shifts >= 0)
    np.add.at(count, (days, shifts[shifts >= 0]), 1)
    return count


def _short(base: Groundwork, weeks: Sequence[Sequence[WeekTerms]], seats: Ints) -> bool:
    """Whether some week has fewer seats or hours than its people are owed."""
    for number, week in enumerate(base.weeks):
        offered = seats[week.start : week.stop]
        hours = float((offered * base.paid_min).sum()) / 60
        owed_h = sum(person[number].hours_min for person in weeks)
        owed = sum(person[number].shifts_min for person in weeks)
        if hours < owed_h - 1e-6 or int(offered.sum()) < owed:
            return True
    return False


def _overtime(problem: Problem, agents: Sequence[Agent], shifts: Ints) -> Floats:
    """Paid hours beyond the contract's week, (A, weeks)."""
    paid = np.append([p.paid_h for p in problem.patterns], 0.0)[shifts]
    answer = np.zeros((len(agents), problem.grid.weeks))
    for a, agent in enumerate(agents):
        for week in range(problem.grid.weeks):
            hours = float(paid[a, 7 * week : 7 * week + 7].sum())
            answer[a, week] = max(0.0, hours - week_terms(problem, agent, week).hours_max)
    return answer


def _wishes_missed(problem: Problem, agents: Sequence[Agent], shifts: Ints) -> float:
    """Weights of the wishes that are not granted, summed."""
    missed = 0.0
    for row, agent in zip(shifts.tolist(), agents, strict=True):
        for wish in agent.wishes:
            if not 0 <= wish.day < len(row):
                continue
            pattern = problem.patterns[row[wish.day]] if row[wish.day] >= 0 else None
            codes = {pattern.code, pattern.shift} if pattern else {""}
            missed += 0.0 if wish.shift in codes else wish.weight
    return missed


def _notes(problem: Problem, group: str, shifts: Ints, seats: Ints, unfilled: Ints) -> list[str]:
    """What naming had to change: shifts moved, shifts added, seats left empty."""
    held = _held(shifts, seats.shape[1])
    added = int(np.maximum(0, held.sum(axis=1) - seats.sum(axis=1)).sum())
    over = int(np.maximum(0, held - seats).sum())
    empty = int(unfilled.sum())
    paid = np.array([p.paid_h for p in problem.patterns])
    notes = []
    if empty:
        hours = float((unfilled * paid).sum())
        notes.append(f"{group}: {empty} shifts ({hours:g} h) that nobody could take")
    if added:
        notes.append(f"{group}: {added} shifts added to give people their contract's hours")
    if over > added:
        notes.append(f"{group}: {over - added} shifts moved to a near start")
    return notes
