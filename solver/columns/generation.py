"""Column generation: price people at the master's duals until no schedule would help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.columns.automaton import Flags
from solver.columns.clock import Clock
from solver.columns.master import Master
from solver.columns.pricing import Priced, Pricer
from solver.columns.problem import Ints
from solver.problem import Floats

_TOP = 3
_NEAR = 0.6


@dataclass
class Generated:
    """Where column generation ended.

    Parameters
    ----------
    bound
        Proved least cost of the master's people and rows.
    duals
        (m,) of the rows, at which the bound was found, in units of cost.
    person_bounds
        (n,) least cost less duals of each person there.
    converged
        Whether the linear program is solved (nearly).
    """

    bound: float
    duals: Floats
    person_bounds: Floats
    converged: bool
    impossible: bool = False


def generate(
    master: Master,
    pricer: Pricer,
    allowed: Flags,
    clock: Clock,
    *,
    cutoff: float = np.inf,
    rounds: int = 1000,
    tolerance: float = 1e-4,
    centre: Floats | None = None,
) -> Generated:
    """Add schedules to a master until its linear program is solved.

    Parameters
    ----------
    allowed
        (n, D, S + 1) uint8, choices left to the master's people.
    cutoff
        Stop once the proved bound reaches this.
    tolerance
        Stop once bound and linear program differ by this share and 0.05.
    centre
        (m,) duals known to give a good bound: prices then lie between these (moving to the best
        found) and the linear program's, which swing less (Wentges 1997).
    """
    n = len(master.people)
    best = Generated(-np.inf, np.zeros(len(master.rows)), np.zeros(n), converged=False)
    swung = False
    for _ in range(rounds):
        master.solve()
        duals = master.duals[n:]
        if centre is not None and not swung:
            duals = _NEAR * centre + (1 - _NEAR) * duals
        prices = whole_duals(master, pricer, duals)
        priced = price(master, pricer, allowed, prices)
        if priced.impossible:
            best.impossible, best.bound = True, np.inf
            return best
        if priced.proved:
            bound = (int(prices @ master.required) + int(priced.bounds.sum())) / pricer.scale
            if bound > best.bound:
                best.bound = bound
                best.duals = prices / pricer.scale
                best.person_bounds = priced.bounds / pricer.scale
                centre = None if centre is None else best.duals
        reduced = _reduced(master, priced)
        helps = reduced < -1e-6
        added = master.add(priced.who[helps], priced.schedules[helps])
        if not added and centre is not None and not swung:
            # Nothing helps at prices near the centre: those of the linear program decide.
            swung = True
            continue
        swung = False
        if best.bound >= cutoff:
            return best
        if not added or master.objective - best.bound < 0.05 + tolerance * abs(master.objective):
            best.converged = True
            return best
        if not clock.left:
            return best
    return best


def _reduced(master: Master, priced: Priced) -> Floats:
    """(N,) reduced costs of schedules in the linear program, duals of people included."""
    n = len(master.people)
    own = master.problem.own_costs(master.people[priced.who], priced.schedules)
    paid = master.earned(priced.schedules, master.duals[n:])
    return np.asarray(own - paid - master.duals[priced.who])


def whole_duals(master: Master, pricer: Pricer, duals: Floats) -> Ints:
    """Duals (m,) as scaled whole numbers that keep to the costs of cover."""
    cover, scale = master.problem.cover, pricer.scale
    under, over = cover.under[master.rows], cover.over[master.rows]
    whole = np.rint(duals * scale).astype(np.int64)
    return np.clip(whole, -over * scale, under * scale)


def price(master: Master, pricer: Pricer, allowed: Flags, prices: Ints) -> Priced:
    """Price a master's people at scaled prices (m,) of its rows."""
    problem = master.problem
    values = np.zeros(len(problem.cover.required), dtype=np.int64)
    values[master.rows] = prices
    return pricer.price(master.people, allowed, problem.cell_values(values), top=_TOP)
