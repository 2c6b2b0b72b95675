"""From shift counts to named people: who works which seat of the design.

Groups are independent of each other. Of a group of up to about forty people the whole horizon is
one CP-SAT model; a larger one is taken week by week in blocks of people, with the weeks before as
history. Each block starts from an instant assignment, and every block's answer keeps law and hard
rules, so that stopping early costs wishes and seats, never a rule. One worker and deterministic
time make a run repeatable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from solver.naming_model import Block, BlockModel, Prices, allowed_days
from solver.naming_start import first_assignment
from solver.person import Groundwork, weekends_of
from solver.problem import Agent, Floats, Ints, Problem
from solver.result import Roster, ShiftPlan
from solver.rules.limits import group_limits
from solver.week_terms import WeekTerms, week_terms

_WHOLE_CELLS = 25_000
_BLOCK_PEOPLE = 30
_ALONE_SECONDS = 0.5
_SECOND_ROUNDS = 2


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
    return Roster(agents, shifts, unfilled, (), overtime, 0.0, tuple(notes))


@dataclass(frozen=True)
class _GroupNaming:
    base: Groundwork
    prices: Prices
    agents: Sequence[Agent]
    seats: Ints
    start: Ints
    short_of_seats: bool

    @staticmethod
    def of(
        problem: Problem, group: int, agents: Sequence[Agent], seats: Ints, value: Floats | None
    ) -> _GroupNaming:
        base = Groundwork(problem, group, _even_weekends(problem, agents, seats))
        weeks = [[week_terms(problem, a, w) for w in range(problem.grid.weeks)] for a in agents]
        may = allowed_days(problem, group, agents)
        start = first_assignment(base, group_limits(problem, group), agents, weeks, seats, may)
        prices = Prices.of(problem, group, value)
        return _GroupNaming(base, prices, agents, seats, start, _short(base, weeks, seats))

    def run(self, seed: int, deterministic_seconds: float) -> tuple[Ints, Ints]:
        """Shifts (A, D) and unfilled seats (D, P)."""
        shifts = np.full_like(self.start, -1)
        pool = self.seats - _held(self.start, self.seats.shape[1])
        parts = list(self._blocks())
        for people, days in parts:
            held = _held(self.start[people], self.seats.shape[1])
            shifts, pool = self._improve(
                people, days, held, pool, shifts, seed, deterministic_seconds / len(parts)
            )
        if len(parts) > 1:
            for turn in range(_SECOND_ROUNDS):
                shifts, pool = self._second_round(
                    shifts, pool, seed + turn, deterministic_seconds / len(parts)
                )
        return shifts, pool

    def _blocks(self) -> Iterator[tuple[list[int], range]]:
        """People and days that are decided together, in order."""
        count, days = self.start.shape
        cells = count * int((self.seats > 0).sum()) * 2
        if cells <= _WHOLE_CELLS:
            yield list(range(count)), range(days)
            return
        pieces = -(-count // _BLOCK_PEOPLE)
        for week in self.base.weeks:
            for piece in range(pieces):
                yield list(range(piece, count, pieces)), week

    def _second_round(
        self, shifts: Ints, pool: Ints, seed: int, deterministic_seconds: float
    ) -> tuple[Ints, Ints]:
        """Try seats left empty again, week by week, with the people who have room, mixed anew."""
        order = np.random.default_rng(seed).permutation(len(shifts))
        for week in self.base.weeks:
            span = slice(week.start, week.stop)
            if not pool[span].any():
                continue
            worked = (shifts[:, span] >= 0).sum(axis=1)
            people = sorted(
                order[np.argsort(worked[order], kind="stable")][:_BLOCK_PEOPLE].tolist()
            )
            held = _held(shifts[people], self.seats.shape[1])
            shifts, pool = self._improve(
                people, week, held, pool, shifts, seed, deterministic_seconds, hint=shifts
            )
        return shifts, pool

    def _improve(
        self,
        people: list[int],
        days: range,
        held: Ints,
        pool: Ints,
        shifts: Ints,
        seed: int,
        deterministic_seconds: float,
        *,
        hint: Ints | None = None,
    ) -> tuple[Ints, Ints]:
        """Decide a block anew: it is offered what it holds in the start and what is left over."""
        span = slice(days.start, days.stop)
        offered = np.zeros_like(pool)
        offered[span] = pool[span] + held[span]
        answer = self._solve(people, days, offered, shifts, hint, seed, deterministic_seconds)
        if answer is None:
            # One person at a time is small enough to be solved in any time.
            for person in people:
                alone = self._solve([person], days, offered, shifts, hint, seed, _ALONE_SECONDS)
                if alone is not None:
                    shifts, offered = alone
            answer = shifts, offered
        shifts, empty = answer
        pool = pool.copy()
        pool[span] = empty[span]
        return shifts, pool

    def _solve(
        self,
        people: list[int],
        days: range,
        offered: Ints,
        shifts: Ints,
        hint: Ints | None,
        seed: int,
        deterministic_seconds: float,
    ) -> tuple[Ints, Ints] | None:
        model = BlockModel(
            self.base,
            self.prices,
            self.agents,
            Block(people, days, offered),
            shifts,
            self.start if hint is None else hint,
            short_of_seats=self.short_of_seats,
        )
        return model.solve(shifts, seed=seed, deterministic_seconds=deterministic_seconds)


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


def _even_weekends(problem: Problem, agents: Sequence[Agent], seats: Ints) -> int:
    """Weekends each person would work, with those carried over, if they were shared evenly."""
    people = seats.sum(axis=1)
    worked = sum(int(people[run.start : run.stop].max()) for run in weekends_of(problem))
    carried = sum(agent.carried_weekends for agent in agents)
    return -(-(worked + carried) // max(1, len(agents)))


def _overtime(problem: Problem, agents: Sequence[Agent], shifts: Ints) -> Floats:
    """Paid hours beyond the contract's week, (A, weeks)."""
    paid = np.append([p.paid_h for p in problem.patterns], 0.0)[shifts]
    answer = np.zeros((len(agents), problem.grid.weeks))
    for a, agent in enumerate(agents):
        for week in range(problem.grid.weeks):
            hours = float(paid[a, 7 * week : 7 * week + 7].sum())
            answer[a, week] = max(0.0, hours - week_terms(problem, agent, week).hours_max)
    return answer


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
