"""From a finished run of nearly the same plan: its roster and what its simulations have taught.

Where a plan differs from a neighbour by a target, a price or a few contacts, the neighbour's roster
is often as good as a new one. It is judged in the new plan like any other; only where it costs
visibly more than must be, misses much, or does not fit, is the month designed as if there were no
neighbour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.build import Corrections
from scenarios.restage import MisfitError, roster_of
from scenarios.runs import Run
from scenarios.trial import Candidate, Trial, roster_counts
from solver.optimize import evaluate, least_cost
from solver.problem import Problem
from solver.result import Roster, ShiftPlan

# A neighbour's roster may be so much further from the bound than the neighbour was, as a share of
# the gap that a plan asks for.
_FURTHER = 0.5


def corrections_table(corrections: Corrections) -> list[dict[str, Any]]:
    """What a run's simulations have taught its model, as `result.json` keeps it."""
    levels = [
        {"key": key, "period": period, "change": np.round(change, 6).tolist()}
        for (key, period), change in corrections.level.items()
    ]
    reserves = [
        {"queue": queue, "reserve": np.round(share, 6).tolist()}
        for queue, share in corrections.reserve.items()
    ]
    return [*levels, *reserves]


def corrections_of(run: Run, periods: Mapping[str, int]) -> Corrections:
    """Corrections that a run keeps, as far as they fit a plan's periods.

    Parameters
    ----------
    periods
        Number of each period (interval, day, week, month) in the plan.
    """
    level, reserve = {}, {}
    for row in run.result.get("corrections") or []:
        if "key" in row and len(row["change"]) == periods.get(row["period"]):
            level[row["key"], row["period"]] = np.array(row["change"], dtype=float)
        elif "queue" in row and len(row["reserve"]) == periods["week"]:
            reserve[row["queue"]] = np.array(row["reserve"], dtype=float)
    return Corrections(level, reserve)


def allowed_gap(gap: float, own: float | None, starts: Sequence[Run] = ()) -> float:
    """How far from its bound a roster may be that begins with a run of this gap.

    Of runs that have themselves begun with another it is what that one allowed, so that it does not
    grow from neighbour to neighbour.
    """
    if starts:
        return min(float(run.result.get("gap_allowed") or 0.0) for run in starts)
    return max(gap, own or 0.0) + _FURTHER * gap


def is_near(candidate: Candidate, starts: Sequence[Run], gap: float) -> bool:
    """Whether a candidate is near enough to its bound to be the last of the rounds."""
    if not starts:
        return False
    spent = candidate.cost + candidate.penalties
    return spent <= candidate.design.bound * (1 + allowed_gap(gap, None, starts))


def first_candidate(
    trial: Trial, problem: Problem, starts: Sequence[Run], gap: float
) -> Candidate | None:
    """A finished run's roster in another plan, judged by a round's months.

    Of several the one is taken that the model likes best in this plan: money, and what it sees
    missing.

    Parameters
    ----------
    gap
        Gap that the plan asks for.

    Returns
    -------
    Candidate | None
        None where no roster fits the plan, or the best breaks a rule or is, with what the model
        sees missing, visibly further from the bound than must be: a design from the start then
        costs no more than mending and ends better.
    """
    found: list[tuple[float, Roster, ShiftPlan]] = []
    for run in starts:
        try:
            roster = roster_of(run, problem)
        except MisfitError:
            continue
        heads = np.bincount([a.group for a in roster.agents], minlength=len(problem.groups))
        evaluated = evaluate(problem, roster_counts(problem, roster), heads)
        found.append((evaluated.cost, roster, evaluated))
    if not found:
        return None
    _, roster, evaluated = min(found, key=lambda one: one[0])
    least, _ = least_cost(problem)
    if evaluated.cost > least * (1 + allowed_gap(gap, None, starts)):
        return None
    design = replace(evaluated, bound=least)
    candidate = trial.judged(problem, design, roster, evaluated, is_final=False)
    return None if len(candidate.findings.broken) else candidate
