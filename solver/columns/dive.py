"""Dive: fix the surest entries (person, day, choice) of the linear program, price again, repeat."""

from __future__ import annotations

import numpy as np

from solver.columns.automaton import Flags
from solver.columns.clock import Clock
from solver.columns.generation import generate
from solver.columns.master import Master
from solver.columns.pricing import Pricer
from solver.columns.problem import Small
from solver.problem import Floats

_SHARE = 0.1
_EACH = 3
_ROUNDS = 3
_SURE = 1 - 1e-6


def dive(
    master: Master, pricer: Pricer, allowed: Flags, clock: Clock, cutoff: float
) -> Small | None:
    """Find a schedule (n, D) for each of a master's people near its linear program.

    `allowed` and the master are used up. None where the dive ends at nothing better than `cutoff`
    or in time.
    """
    problem, n = master.problem, len(master.people)
    for _ in range(n * problem.days):
        found = generate(master, pricer, allowed, clock, rounds=_ROUNDS, cutoff=cutoff)
        if found.impossible or not clock.left or found.bound >= cutoff:
            return None
        master.solve()
        # A person without a schedule in the linear program has none that the master knows.
        shares = _shares(master)
        done = shares.max(axis=2) > _SURE
        if done.all():
            return np.asarray(
                np.where(shares[:, :, -1] > 0.5, -1, shares.argmax(axis=2)), dtype=np.int16
            )
        fixed = _fix(shares, allowed)
        if not fixed:
            return None
        master.shut(_broken(master, allowed))
    return None


def _shares(master: Master) -> Floats:
    """(n, D, S + 1) how much of each choice the linear program takes."""
    problem = master.problem
    shares = np.zeros((len(master.people), problem.days, problem.shifts + 1))
    used = np.flatnonzero(master.values > 1e-9)
    days = np.arange(problem.days)
    np.add.at(
        shares, (master.who[used][:, None], days, master.schedules[used]), master.values[used, None]
    )
    return shares


def _fix(shares: Floats, allowed: Flags) -> int:
    """Allow nothing but the surest entries that are still open; gives how many."""
    n, days, choices = shares.shape
    best, value = shares.argmax(axis=2), shares.max(axis=2)
    open_ones = allowed.sum(axis=2) > 1
    # What the linear program is sure of is left open: it costs nothing to find again.
    value = np.where(open_ones & (value <= _SURE), value, -1.0)
    number = max(1, int(_SHARE * (value >= 0).sum()))
    fixed, each = 0, np.zeros(n, dtype=np.int64)
    for flat in np.argsort(-value, axis=None, kind="stable"):
        i, d = divmod(int(flat), days)
        if value[i, d] < 0 or fixed >= number:
            break
        if each[i] >= _EACH:
            continue
        allowed[i, d] = np.arange(choices) == best[i, d]
        each[i] += 1
        fixed += 1
    return fixed


def _broken(master: Master, allowed: Flags) -> np.ndarray:
    """Columns that need a choice which is not allowed any more."""
    days = np.arange(master.problem.days)
    kept = allowed[master.who[:, None], days, master.schedules].all(axis=1)
    return np.flatnonzero(~kept)
