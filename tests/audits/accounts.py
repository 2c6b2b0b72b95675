"""A plan designed, named and checked, and its cost by three reckonings side by side."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from scenarios.build import build_problem
from scenarios.corrections import Corrections, without_empty_seats
from scenarios.demand import demand
from scenarios.plan import Plan
from scenarios.run import schedule_frame
from scenarios.trial import roster_counts
from solver.activities import activities
from solver.breaks import place_breaks
from solver.check import Terms, check
from solver.optimize import evaluate, optimize
from solver.problem import Limits, Problem
from solver.result import Roster, ShiftPlan
from solver.roster import name_shifts
from tests.audits.ledger import money, overtime_hidden_by_pooling

CENT = 0.005
_RULES_OF_SERVICE = {"presence", "per_requests", "weekly_hours"}


@dataclass(frozen=True)
class Account:
    """A plan's cost as three reckonings see it, and its breaches of law and hard rules.

    `missing` is the price of what the named roster's service is short of.
    """

    problem: Problem
    design: ShiftPlan
    roster: Roster
    modelled: float
    checked: float
    recounted: float
    missing: float
    broken: pd.DataFrame

    @property
    def is_said_to_hold(self) -> bool:
        """Whether the design misses nothing and every seat found a name."""
        return not self.design.unmet and not self.roster.unfilled.any()

    def faults(self) -> list[str]:
        """What does not agree, in words; empty if all is well."""
        found = []
        if abs(self.modelled - self.checked) > CENT:
            found.append(f"model {self.modelled:.4f}, checker {self.checked:.4f}")
        if abs(self.recounted - self.checked) > CENT:
            found.append(f"recount {self.recounted:.4f}, checker {self.checked:.4f}")
        broken = self.broken
        if not self.is_said_to_hold:
            # Where something is missing, and said to be, it may be service or hours owed.
            owed = broken["rule"].isin(("contract_hours", "contract_shifts"))
            said = broken["rule"].isin(_RULES_OF_SERVICE) | (owed & (broken["amount"] < 0))
            broken = broken[~said]
        found += [f"broken: {row}" for row in broken.itertuples(index=False)]
        return found


def account(plan: Plan, *, seconds: float = 2.0, gap: float = 0.01, tries: int = 1) -> Account:
    """Design a plan, name its shifts, place breaks, and reckon its cost three times.

    Parameters
    ----------
    tries
        So often seats that nobody can take are left out and the plan designed anew.
    """
    told = demand(plan)
    corrections = Corrections()
    for _ in range(tries):
        problem = build_problem(plan, told, corrections)
        design = optimize(problem, Limits(seconds, gap, 1))
        roster = name_shifts(problem, design, deterministic_seconds=2.0)
        if not roster.unfilled.any():
            break
        corrections, _ = without_empty_seats(
            design.counts, roster.unfilled, corrections, frozenset()
        )
    roster = place_breaks(problem, roster, design.on_duty)
    evaluated = evaluate(problem, roster_counts(problem, roster), design.heads)
    schedule = schedule_frame(problem, roster, {})
    done = activities(problem, roster, evaluated.positions)
    found = check(schedule, done, Terms.of(problem, roster))
    people = {a.name: problem.groups[a.group].contract.name for a in roster.agents}
    days = [told.grid.start + dt.timedelta(days=k) for k in range(-1, told.grid.days + 3)]
    kinds = {day: str(told.calendar.kind(day)) for day in days}
    missing = sum(u.cost for u in evaluated.unmet)
    modelled = evaluated.cost - missing
    modelled += overtime_hidden_by_pooling(plan, schedule, people)
    return Account(
        problem,
        design,
        roster,
        modelled,
        found.total_cost,
        money(plan, schedule, people, kinds),
        missing,
        found.broken,
    )
