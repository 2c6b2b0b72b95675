"""The best roster so far, with what a search learns on the way."""

from __future__ import annotations

import numpy as np

from solver.columns.pricing import Pricer
from solver.columns.problem import Ints, RosterProblem, Small

_POOL = 400


class State:
    """A roster with its cover and cost, the proved bound, and schedules seen.

    Parameters
    ----------
    roster
        (P, D) shift numbers, OFF on days off; every rule is kept.
    """

    def __init__(self, problem: RosterProblem, pricer: Pricer, roster: Small, seed: int) -> None:
        self.problem = problem
        self.pricer = pricer
        self.rng = np.random.default_rng(seed)
        self.roster = roster
        self.counted = problem.counted(roster)
        self.objective = problem.objective(roster)
        self.bound = -np.inf
        self.duals = np.zeros(len(problem.cover.required))
        self.person_bounds: np.ndarray | None = None
        self.allowed = problem.allowed.astype(np.uint8)
        self._pool: list[dict[bytes, None]] = [{} for _ in problem.people]
        self.keep(np.arange(len(roster)), roster)

    @property
    def closed(self) -> bool:
        """Whether no roster can cost less (costs are whole numbers)."""
        return bool(self.objective <= np.ceil(self.bound - 1e-6))

    def raise_bound(self, bound: float) -> None:
        """Take a proved bound if it is higher."""
        self.bound = max(self.bound, bound)

    def take(self, people: Ints, schedules: Small) -> bool:
        """Put schedules (n, D) in place of people's present ones unless that costs more."""
        problem = self.problem
        old = self.roster[people]
        counted = self.counted - problem.counted(old) + problem.counted(schedules)
        change = int(problem.own_costs(people, schedules).sum())
        change -= int(problem.own_costs(people, old).sum())
        change += problem.cover_cost(counted) - problem.cover_cost(self.counted)
        if change > 0:
            return False
        self.roster[people] = schedules
        self.counted = counted
        self.objective += change
        self.keep(people, schedules)
        return change < 0

    def keep(self, people: Ints, schedules: Small) -> None:
        """Remember schedules; the oldest are forgotten."""
        for p, schedule in zip(people.tolist(), schedules, strict=True):
            pool = self._pool[p]
            pool[schedule.tobytes()] = None
            if len(pool) > _POOL:
                del pool[next(iter(pool))]

    def pool(self, person: int) -> Small:
        """(N, D) schedules of a person seen lately."""
        raw = b"".join(self._pool[person])
        return np.frombuffer(raw, dtype=np.int16).reshape(-1, self.problem.days)
