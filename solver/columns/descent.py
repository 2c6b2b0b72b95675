"""Descent: one person after the other is planned anew, exactly, against the others' cover."""

from __future__ import annotations

import numpy as np

from solver.columns.clock import Clock
from solver.columns.pricing import Pricer
from solver.columns.problem import OFF, Ints, RosterError, RosterProblem, Small
from solver.columns.state import State

# Half widths of the corridor for running totals (units of minutes, weekends), narrow first.
_CORRIDORS = ((12, 2), (24, 3), (48, 5), (120, 9), (400, 30))


def marginal(problem: RosterProblem, counted: Ints) -> Ints:
    """(D, S) what one more person in a cell saves, given the people (R,) in each row."""
    cover = problem.cover
    return problem.cell_values(np.where(counted < cover.required, cover.under, -cover.over))


def first_roster(problem: RosterProblem, pricer: Pricer, seed: int) -> Small:
    """Give everybody a schedule, one after the other, each the best beside those before.

    Raises
    ------
    RosterError
        Names the people whose rules no schedule keeps.
    """
    rng = np.random.default_rng(seed)
    roster = np.full((len(problem.people), problem.days), OFF, dtype=np.int16)
    counted = np.zeros(len(problem.cover.required), dtype=np.int64)
    allowed = problem.allowed.astype(np.uint8)
    faults = []
    for p in rng.permutation(len(roster)):
        prices = marginal(problem, counted) * pricer.scale
        schedule = best_schedule(pricer, int(p), allowed[p : p + 1], prices)
        if schedule is None:
            faults.append(f"{problem.people[p].name}: no schedule keeps all rules")
            continue
        roster[p] = schedule
        counted += problem.counted(roster[p : p + 1])
    if faults:
        raise RosterError("; ".join(faults))
    return roster


def best_schedule(pricer: Pricer, person: int, allowed: np.ndarray, prices: Ints) -> Small | None:
    """Best schedule of a person at scaled prices, or a good one where all do not fit in memory."""
    who = np.array([person])
    for width in (None, *_CORRIDORS):
        if width is None and not pricer.exact[person]:
            continue
        priced = pricer.price(who, allowed, prices, half_width=width)
        if len(priced.values):
            return np.asarray(priced.schedules[int(np.argmin(priced.values))])
        if width is None and priced.impossible:
            return None
    return None


def descend(state: State, clock: Clock) -> None:
    """Plan people anew in random order until nobody can do better alone."""
    problem, pricer = state.problem, state.pricer
    stale = 0
    while stale < len(state.roster):
        for p in state.rng.permutation(len(state.roster)):
            if not clock.left or stale >= len(state.roster):
                return
            others = state.counted - problem.counted(state.roster[p : p + 1])
            prices = marginal(problem, others) * pricer.scale
            schedule = best_schedule(pricer, int(p), state.allowed[p : p + 1], prices)
            better = schedule is not None and state.take(np.array([p]), schedule[None])
            stale = 0 if better else stale + 1
