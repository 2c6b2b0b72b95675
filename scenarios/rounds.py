"""Design, name, place breaks, simulate; then correct the model by what the simulation saw.

The model's service is a fluid view: it splits people between queues that in truth share them, and
places deferred work without queueing. Its targets are therefore shifted, period by period, by the
difference between promise and simulation until the simulated service holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scenarios.build import Corrections, build_problem
from scenarios.corrections import corrected, first_corrections, without_empty_seats
from scenarios.runs import Run
from scenarios.start import corrections_of, first_candidate, is_near
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
    """The best candidate, judged for good, and how it was reached.

    `corrections` are those of the best candidate's round: a plan that is nearly the same may begin
    with them.
    """

    best: Candidate
    rounds: int
    bound: float
    stopped: bool
    corrections: Corrections = field(default_factory=Corrections)


def correct(
    plan: Plan,
    trial: Trial,
    limits: Limits,
    stop: Callable[[], bool],
    starts: Sequence[Run] = (),
) -> Rounds:
    """Run rounds until every target holds in simulation and no target is bought too dearly.

    `starts` are finished runs of nearly the same plan, the nearest first: where the best of their
    rosters will do, rounds begin with it, and the first that holds and is near to its bound is the
    last.
    """
    demand, reporter = trial.demand, trial.reporter
    paid_anyway = least_cost_share(build_problem(plan, demand)) > 1 - _HARDLY_SAVED
    corrections = first_corrections(demand) if paid_anyway else Corrections()
    taken = _taken(plan, trial, starts, limits.gap)
    if taken is None:
        starts = ()
    else:
        corrections = taken[1]
    # The best so far, and the best of those whose verdict is the last: the others' have a margin.
    best: Candidate | None = None
    sound: Candidate | None = None
    design: ShiftPlan | None = None
    made: list[tuple[ShiftPlan, Corrections]] = []
    redo: frozenset[int] | None = None
    number = 0
    # A roster taken over as it is was no design of this plan.
    lowering = _LOWERING_ROUNDS + bool(starts)
    per_round = replace(limits, seconds=limits.seconds / 2)
    while number < _ROUNDS:
        number += 1
        reporter.stage(f"shifts, round {number}")

        def watch(cost: float, bound: float, text: str) -> None:
            reporter.update(best_cost=cost, bound=bound, text=text)

        if taken is not None and number == 1:
            candidate, problem = taken[0], taken[0].problem
        else:
            problem = build_problem(plan, demand, corrections)
            design = optimize(problem, per_round, start=design, redo=redo, watch=watch, stop=stop)
            candidate = trial.candidate(problem, design)
        design = candidate.design
        made.append((design, corrections))
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
        is_late = best.holds and number > lowering and not is_cheap
        if stop() or is_vain or is_late:
            break
        if best.holds and (paid_anyway or is_near(best, starts, limits.gap)):
            break
        may_lower = not paid_anyway and number <= lowering
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
    taught = next(of for one, of in made if one is best.design)
    return Rounds(best, number, _bound(best), stop(), taught)


def _bound(best: Candidate) -> float:
    """Bound on the cost of any roster: other designs may fill the seats that this one left out."""
    if not best.problem.most_seats:
        return best.design.bound
    return min(best.design.bound, least_cost(replace(best.problem, most_seats=()))[0])


def _told(candidate: Candidate) -> str:
    missed = sum(not v.met for v in candidate.verdicts)
    return f"{missed} of {len(candidate.verdicts)} targets missed in simulation"


def _taken(
    plan: Plan, trial: Trial, starts: Sequence[Run], gap: float
) -> tuple[Candidate, Corrections] | None:
    """The roster of a run of nearly the same plan, with its corrections, where it will do."""
    if not starts:
        return None
    grid = trial.demand.grid
    names = ("interval", "day", "week", "month")
    periods = {name: int(grid.period_of_interval(name).max()) + 1 for name in names}
    corrections = corrections_of(starts[0], periods)
    problem = build_problem(plan, trial.demand, corrections)
    candidate = first_candidate(trial, problem, starts, gap)
    return None if candidate is None else (candidate, corrections)
