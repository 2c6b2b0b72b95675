"""The way in: a roster of named people, better and better until time or bound is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from solver.columns.clock import Clock
from solver.columns.descent import descend, first_roster
from solver.columns.dive import dive
from solver.columns.generation import generate
from solver.columns.master import Master
from solver.columns.neighbourhood import Chooser, improve
from solver.columns.pricing import Pricer
from solver.columns.problem import RosterProblem, Small
from solver.columns.relaxation import raise_bound
from solver.columns.state import State

_DESCENT_SHARE = 0.2
_ROOT_SHARE = 0.35
_DIVE_SHARE = 0.15
_BOUND_SHARE = 0.06
_BEFORE_SHARE = 0.5
# Rows times people up to which the linear program over whole horizons is tried.
_ROOT_SIZE = 100_000
# Up to here it is solved from scratch; beyond, neighbourhoods fill the pool first.
_SMALL_ROOT = 20_000
_ROOT_COLUMNS = 20


@dataclass(frozen=True)
class Answer:
    """A roster (P, D) of shift numbers (OFF on days off), its cost and a proved bound."""

    roster: Small
    objective: int
    bound: float
    cpu_s: float

    @property
    def gap(self) -> float:
        """Share of the objective that the bound leaves open."""
        return (self.objective - self.bound) / max(1, abs(self.objective))


def solve(
    problem: RosterProblem,
    *,
    cpu_seconds: float,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
    on_better: Callable[[Small, int, float], None] | None = None,
) -> Answer:
    """Find a roster of low cost and a bound that proves how low it could be.

    Parameters
    ----------
    cpu_seconds
        Processor seconds of the whole process at which to end.
    stop
        Asked often; true ends the search with the best so far.
    on_better
        Called with roster, objective and bound whenever one of them is better.

    Raises
    ------
    RosterError
        People whose rules no schedule keeps.
    """
    clock = Clock(cpu_seconds, stop)
    pricer = Pricer(problem)
    search = _Search(State(problem, pricer, first_roster(problem, pricer, seed), seed), on_better)
    search.tell()
    search.run(clock)
    state = search.state
    # Plus zero: no bound of minus nought.
    bound = float(np.ceil(state.bound - 1e-6)) + 0.0
    return Answer(state.roster, state.objective, bound, clock.now())


class _Search:
    def __init__(self, state: State, on_better: Callable[[Small, int, float], None] | None) -> None:
        self.state = state
        self._on_better = on_better
        self._told = (np.inf, -np.inf)

    def tell(self) -> None:
        """Report what is better than what was reported last."""
        state = self.state
        if self._on_better and (state.objective, -state.bound) != (self._told[0], -self._told[1]):
            self._told = state.objective, state.bound
            self._on_better(state.roster, state.objective, state.bound)

    def run(self, clock: Clock) -> None:
        """Descent, bound, dives, neighbourhoods."""
        state, total = self.state, clock.left
        state.raise_bound(float(_trivial_bound(state)))
        descend(state, clock.until(_DESCENT_SHARE * total))
        self.tell()
        size = len(state.problem.cover.required) * len(state.roster)
        chooser = Chooser(state)
        if size > _SMALL_ROOT:
            # Schedules of good rosters make a large master's first columns.
            self._improve(chooser, clock.until(_BEFORE_SHARE * total))
        solved = False
        if state.pricer.exact.all() and size <= _ROOT_SIZE and clock.left:
            solved = self._root(clock, total)
            self.tell()
        if not solved and not state.closed:
            raise_bound(state, clock.until(_BOUND_SHARE * total))
            self.tell()
        self._improve(chooser, clock)

    def _improve(self, chooser: Chooser, clock: Clock) -> None:
        """Decide neighbourhoods anew while time is left."""
        state = self.state
        while clock.left and not state.closed:
            chosen = chooser.next()
            began, before = clock.now(), state.objective
            proved = improve(state, chosen, clock)
            seconds, saved = clock.now() - began, before - state.objective
            chooser.learn(chosen.kind, seconds, saved, proved=proved)
            if proved and len(chosen.people) == len(state.roster) and chosen.days.all():
                # Nothing better anywhere: whole costs make this the optimum.
                state.raise_bound(float(state.objective))
            self.tell()

    def _root(self, clock: Clock, total: float) -> bool:
        """Solve the linear program over everything and dive from it; true if it was solved."""
        state = self.state
        problem, pricer = state.problem, state.pricer
        people = np.arange(len(state.roster))
        rows = np.arange(len(problem.cover.required))
        master = Master(problem, people, rows, problem.cover.required)
        for p in people:
            pool = state.pool(int(p))[-_ROOT_COLUMNS:]
            master.add(np.array([p]), state.roster[p : p + 1])
            master.add(np.full(len(pool), p), pool)
        until = clock.until(_ROOT_SHARE * total)
        cutoff = state.objective - 1 + 1e-6
        found = generate(master, pricer, state.allowed, until, cutoff=cutoff)
        if found.bound > state.bound:
            state.raise_bound(found.bound)
            state.duals, state.person_bounds = found.duals, found.person_bounds
        self.tell()
        kept = np.flatnonzero(master.values > 1e-6)
        state.keep(people[master.who[kept]], master.schedules[kept])
        if clock.left and not state.closed:
            until = clock.until(_DIVE_SHARE * total)
            cutoff = state.objective - 1 + 1e-6
            answer = dive(master, pricer, state.allowed.copy(), until, cutoff)
            if answer is not None:
                state.take(people, answer)
                descend(state, until)
        return found.converged or state.closed


def _trivial_bound(state: State) -> int:
    """Everybody's cheapest choice on every day, cover for nothing."""
    costs = np.where(state.problem.allowed, state.problem.costs, np.iinfo(np.int64).max)
    return int(costs.min(axis=2).sum())
