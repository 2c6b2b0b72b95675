"""What an explanation offers, granted as a planner would: by a row of the table `scenarios`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from scenarios.build import build_problem
from scenarios.concessions import LAW
from scenarios.demand import demand
from scenarios.explain import explain
from scenarios.overrides import apply_scenario
from scenarios.plan import Plan
from scenarios.plan.schema import ScenarioRow
from scenarios.run import plan_run
from scenarios.runs import Run
from solver.optimize import least_cost

WITHIN = 0.05
CENT = 0.01
# What a linear programme's answer may differ by from that of the same one stated anew.
PER_MILLION = 1e-6
_CHANGE = re.compile(r"^(\w+) (?:(.*): )?(?:removed|([\w.]+) (\S+) -> (\S+))$")


def granted(plan: Plan, change: str) -> Plan:
    """The plan with a change that an explanation tells, read from its words alone."""
    table, where, column, _, value = _CHANGE.fullmatch(change).groups()
    row = ScenarioRow(
        scenario="granted",
        table=table,
        where=where or "",
        column=column or "",
        operation="set" if column else "drop",
        value=value or "",
    )
    return apply_scenario(replace(plan, scenarios=(row,)), "granted")


def first_offer_faults(plan: Plan, *, run: Callable[[Plan], Run] = plan_run) -> list[str]:
    """What is wrong with the run of an impossible plan, or with the first thing it is offered."""
    before = run(plan)
    found = []
    if before.result["exit_code"] != 1:
        found.append(f"exit code {before.result['exit_code']}")
    if not len(before.tables["schedule"]):
        found.append("no plan was made")
    if not len(before.tables["unmet"]):
        found.append("nothing is said to be unmet")
    table = explain(plan).table
    offers = table[table["rank"] == 1]
    if not len(offers):
        return [*found, "nothing is offered"]
    offer = offers.iloc[0]
    after = run(granted(plan, offer["change"]))
    fall = _paid(before) - _paid(after)
    if after.result["exit_code"] and abs(fall - offer["saves"]) > WITHIN * offer["saves"]:
        found.append(f"{offer['change']} saves {fall:.2f}, not {offer['saves']:.2f}")
    return found


def _paid(run: Run) -> float:
    return float(run.result["cost"] + run.result["penalties"])


def price_faults(plan: Plan, *, confirm: int = 3) -> list[str]:
    """Prices that a fresh solve of the changed plan does not confirm.

    A relaxed price must be that of the month relaxed anew, from the history on; one of a whole
    design must lie, solved anew, between the ends that are told.
    """
    told = explain(plan, confirm=confirm)
    base = least_cost(build_problem(plan, demand(plan)))[0]
    found = []
    for row in told.table[told.table["kind"] != LAW].itertuples(index=False):
        changed = granted(plan, row.change)
        if row.solved == "relaxed":
            fresh = base - least_cost(build_problem(changed, demand(changed)))[0]
            if abs(fresh - row.saves) > max(CENT, PER_MILLION * base):
                found.append(f"{row.change}: {row.saves:.2f} told, {fresh:.2f} found")
        else:
            design = explain(changed, confirm=0).base
            fresh = told.base.cost - design.cost
            # Cost and bound of the new design are both its own: the ends may not cross the truth.
            if not row.low - CENT <= fresh <= row.high + CENT:
                found.append(f"{row.change}: {row.low:.2f} to {row.high:.2f} told, {fresh:.2f}")
    return found
