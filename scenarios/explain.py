"""Why a plan costs what it costs, and what would have to give where it cannot hold.

Every target, rule, contract term and limit is taken away in turn and the month solved again. All
are priced by the month relaxed, the most promising few by whole designs; a price is what the
shifts save, before names and simulation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.build import build_problem
from scenarios.concessions import LAW, Concession, concessions
from scenarios.demand import Demand, demand
from scenarios.progress import Reporter, Silent
from solver.optimize import InfeasibleDesignError, least_cost, optimize
from solver.problem import Limits, Problem
from solver.result import ShiftPlan

if TYPE_CHECKING:
    from scenarios.plan import Plan

COLUMNS = (
    "rank", "kind", "key", "saves", "low", "high", "cost", "missing", "solved", "change",
)  # fmt: skip
# Smaller savings are rounding.
_TINY = 0.005


@dataclass(frozen=True)
class Explanation:
    """Prices of what may give.

    Attributes
    ----------
    base
        The plan's own shifts as the model designs them: cost, bound, and what is missing where.
        None if the contracts contradict themselves.
    table
        A row for each concession, the dearest first: `saves` money (prices of what is missing in),
        between `low` and `high` for certain; `cost` the money left to pay, `missing` the price of
        what is still missing; `solved`: whole (shifts designed anew), relaxed (month relaxed: about
        what divisible shifts save), none. `rank` counts what can be granted; a law's rule cannot.
    """

    base: ShiftPlan | None
    table: pd.DataFrame


@dataclass(frozen=True)
class _Priced:
    concession: Concession
    saves: float
    cost: float
    missing: float
    low: float = np.nan
    high: float = np.nan
    solved: str = "relaxed"


def explain(
    plan: Plan,
    *,
    confirm: int = 3,
    time_limit: float | None = None,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] | None = None,
) -> Explanation:
    """Price what a plan asks for.

    Parameters
    ----------
    confirm
        So many of the dearest that can be granted are designed whole.
    time_limit
        Processor seconds for all designs together; `solve.seconds` if None.
    stop
        Asked between solves; when it says yes what is known is returned.
    """
    reporter, stop = reporter or Silent(), stop or (lambda: False)
    solve = plan.settings.solve
    limits = Limits(time_limit or solve.seconds, solve.gap, solve.seed)
    reporter.stage("forecast")
    told = demand(plan)
    problem = build_problem(plan, told)
    reporter.stage("prices")
    base = least_cost(problem)
    priced = []
    offers = concessions(plan)
    for number, concession in enumerate(offers, start=1):
        if stop():
            break
        reporter.update(best_cost=np.inf, bound=base[0], text=f"{number} of {len(offers)}")
        priced.append(_relaxed(concession, _granted(concession, told), base))
    priced.sort(key=lambda one: (-one.saves, one.cost))
    each = replace(limits, seconds=limits.seconds / (1 + confirm))
    reporter.stage("shifts as the plan stands")
    own = _designed(problem, each, stop)
    chosen = [one for one in priced if one.concession.kind != LAW and one.saves > _TINY][:confirm]
    for one in chosen:
        if stop() or own is None:
            break
        reporter.stage(one.concession.key)
        design = _designed(_granted(one.concession, told), each, stop)
        if design is not None:
            priced[priced.index(one)] = _confirmed(one, own, design)
    return Explanation(own, _table(priced))


def _granted(concession: Concession, told: Demand) -> Problem:
    """The problem with a concession made; contacts are those forecast once."""
    problem = build_problem(concession.plan, demand(concession.plan, told.forecast))
    if concession.without_rule:
        rules = tuple(r for r in problem.rules if r.id != concession.without_rule)
        problem = replace(problem, rules=rules)
    return problem


def _relaxed(concession: Concession, problem: Problem, base: tuple[float, float]) -> _Priced:
    cost, missing = least_cost(problem)
    saves = base[0] - cost if np.isfinite(cost) else 0.0
    return _Priced(concession, saves, cost - missing, missing)


def _designed(problem: Problem, limits: Limits, stop: Callable[[], bool]) -> ShiftPlan | None:
    try:
        return optimize(problem, limits, stop=stop)
    except InfeasibleDesignError:
        return None


def _confirmed(one: _Priced, own: ShiftPlan, design: ShiftPlan) -> _Priced:
    """A price by two designs: the best of each lies between its bound and its cost."""
    missing = sum(u.cost for u in design.unmet)
    return replace(
        one,
        saves=own.cost - design.cost,
        cost=design.cost - missing,
        missing=missing,
        low=own.bound - design.cost,
        high=own.cost - design.bound,
        solved="whole",
    )


def _table(priced: list[_Priced]) -> pd.DataFrame:
    rows, rank = [], 0
    # What was designed whole goes first: its order is known, that of the others estimated.
    for one in sorted(priced, key=lambda p: (p.solved != "whole", -p.saves, p.cost)):
        offered = one.concession.kind != LAW and one.saves > _TINY
        rank += offered
        rows.append(
            {
                "rank": rank if offered else pd.NA,
                "kind": one.concession.kind,
                "key": one.concession.key,
                "saves": round(one.saves, 2) + 0.0,
                "low": round(one.low, 2),
                "high": round(one.high, 2),
                "cost": round(one.cost, 2),
                "missing": round(one.missing, 2),
                "solved": one.solved,
                "change": one.concession.change,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rank": "Int64"})
