"""Design, name, place breaks, simulate; then correct the model by what the simulation saw.

The model's service is a fluid view: it splits people between queues that in truth share them, and
places deferred work without queueing. Its targets are therefore shifted, period by period, by the
difference between promise and simulation until the simulated service holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scenarios.build import Corrections, build_problem
from scenarios.corrections import corrected, first_corrections, without_empty_seats
from scenarios.trial import Candidate, Trial
from solver.optimize import least_cost, least_cost_share, optimize
from solver.problem import Limits
from solver.result import ShiftPlan

if TYPE_CHECKING:
    from scenarios.plan import Plan

_ROUNDS = 7
_LOWERING_ROUNDS = 2
# Where no more than this share of the cost depends on what is asked, rounds only mend.
_HARDLY_SAVED = 0.05
_MUCH_CHEAPER = 0.97


@dataclass(frozen=True)
class Rounds:
    """The best candidate, judged for good, and how it was reached."""

    best: Candidate
    rounds: int
    bound: float
    stopped: bool


def correct(plan: Plan, trial: Trial, limits: Limits, stop: Callable[[], bool]) -> Rounds:
    """Run rounds until every target holds in simulation and no target is bought too dearly."""
    demand, reporter = trial.demand, trial.reporter
    paid_anyway = least_cost_share(build_problem(plan, demand)) > 1 - _HARDLY_SAVED
    corrections = first_corrections(demand) if paid_anyway else Corrections()
    # The best so far, and the best of those whose verdict is the last: the others' have a margin.
    best: Candidate | None = None
    sound: Candidate | None = None
    design: ShiftPlan | None = None
    redo: frozenset[int] | None = None
    number = 0
    per_round = replace(limits, seconds=limits.seconds / 2)
    while number < _ROUNDS:
        number += 1
        problem = build_problem(plan, demand, corrections)
        reporter.stage(f"shifts, round {number}")

        def watch(cost: float, bound: float, text: str) -> None:
            reporter.update(best_cost=cost, bound=bound, text=text)

        design = optimize(problem, per_round, start=design, redo=redo, watch=watch, stop=stop)
        candidate = trial.candidate(problem, design)
        if candidate.is_promising:
            candidate = trial.final(candidate)
        if candidate.is_final and (sound is None or candidate.rank < sound.rank):
            sound = candidate
        # Once all holds, a round that saves nothing is the last; and later rounds only mend.
        is_vain = best is not None and best.holds and candidate.cost >= best.cost
        if best is None or candidate.rank < best.rank:
            best = candidate
        reporter.update(best_cost=best.cost, bound=best.design.bound, text=_told(candidate))
        # One that nearly holds for much less money is worth mending.
        is_cheap = not candidate.holds and candidate.cost < _MUCH_CHEAPER * best.cost
        is_late = best.holds and number > _LOWERING_ROUNDS and not is_cheap
        if stop() or is_vain or is_late:
            break
        if best.holds and paid_anyway:
            break
        may_lower = not paid_anyway and number <= _LOWERING_ROUNDS
        corrections, redo = corrected(
            problem,
            candidate.verdicts,
            corrections,
            all_holds=candidate.missed <= 0,
            may_lower=may_lower,
        )
        corrections, redo = without_empty_seats(
            candidate.design.counts, candidate.roster.unfilled, corrections, redo
        )
        if not redo:
            break
        per_round = replace(limits, seconds=limits.seconds / 4)
    best = min((trial.final(c) for c in (best, sound) if c is not None), key=lambda c: c.rank)
    return Rounds(best, number, _bound(best), stop())


def _bound(best: Candidate) -> float:
    """Bound on the cost of any roster: other designs may fill the seats that this one left out."""
    if not best.problem.most_seats:
        return best.design.bound
    return min(best.design.bound, least_cost(replace(best.problem, most_seats=()))[0])


def _told(candidate: Candidate) -> str:
    missed = sum(not v.met for v in candidate.verdicts)
    return f"{missed} of {len(candidate.verdicts)} targets missed in simulation"
