"""From a finished run of nearly the same plan: its roster and what its simulations have taught.

Where a plan differs from a neighbour by a target, a price or a few contacts, the neighbour's roster
is often as good as a new one. It is judged in the new plan like any other; only where it costs
visibly more than must be, or does not fit, is the month designed anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.build import Corrections
from scenarios.restage import MisfitError, roster_of
from scenarios.runs import Run
from scenarios.trial import Candidate, Trial, roster_counts
from solver.optimize import evaluate, least_cost
from solver.problem import Problem

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


def allowed_gap(run: Run, gap: float) -> float:
    """How far from its bound a roster may be that began with a finished run."""
    return max(gap, float(run.result.get("gap") or 0.0)) + _FURTHER * gap


def is_near(candidate: Candidate, run: Run | None, gap: float) -> bool:
    """Whether a candidate is as near to its bound as the run was with which its rounds began."""
    if run is None:
        return False
    spent = candidate.cost + candidate.penalties
    return spent <= candidate.design.bound * (1 + allowed_gap(run, gap))


def first_candidate(trial: Trial, problem: Problem, run: Run, gap: float) -> Candidate | None:
    """A finished run's roster in another plan, judged by a round's months.

    Parameters
    ----------
    gap
        Gap that the plan asks for.

    Returns
    -------
    Candidate | None
        None where the roster does not fit the plan, breaks a rule, or is further from the bound
        than the run was.
    """
    try:
        roster = roster_of(run, problem)
    except MisfitError:
        return None
    heads = np.bincount([a.group for a in roster.agents], minlength=len(problem.groups))
    evaluated = evaluate(problem, roster_counts(problem, roster), heads)
    least, penalties = least_cost(problem)
    missing = sum(unmet.cost for unmet in evaluated.unmet)
    if evaluated.cost - missing > (least - penalties) * (1 + allowed_gap(run, gap)):
        return None
    design = replace(evaluated, bound=least)
    candidate = trial.judged(problem, design, roster, evaluated, is_final=False)
    return None if len(candidate.findings.broken) else candidate
