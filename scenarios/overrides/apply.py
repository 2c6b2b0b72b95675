"""From a plan and the name of a scenario to the changed plan, or to everything that is wrong."""

from __future__ import annotations

from scenarios.overrides.changes import Changes
from scenarios.overrides.describe import describe
from scenarios.plan import Fault, Plan, PlanFaults
from scenarios.plan.faults import suggestion
from scenarios.plan.schema import BASE_SCENARIO, ScenarioRow


def scenario_names(plan: Plan) -> tuple[str, ...]:
    """Scenarios of a plan in the order of their table, without `base`."""
    return tuple(dict.fromkeys(row.scenario for row in plan.scenarios))


def apply_scenario(plan: Plan, name: str) -> Plan:
    """Return the plan as a scenario changes it; the plan that is given stays as it is.

    Parameters
    ----------
    plan
        A checked plan.
    name
        Scenario of the plan's table `scenarios`, or `base` for the plan itself.

    Raises
    ------
    PlanFaults
        If there is no such scenario, or it cannot be applied: with every fault of its rows and of
        those it is based on; if there is none, with every fault that they make in the plan.
    """
    return plan if name == BASE_SCENARIO else _changes(plan, name).plan(name)


def describe_scenario(plan: Plan, name: str) -> list[str]:
    """What a scenario changes, a line for each row: `targets queue=phone: share 0.8 -> 0.9`.

    Raises
    ------
    PlanFaults
        As `apply_scenario`.
    """
    if name == BASE_SCENARIO:
        return []
    changes = _changes(plan, name)
    changed = changes.plan(name)
    return describe(plan, changed, changes.tables, changes.history.index)


def check_scenarios(plan: Plan) -> tuple[Fault, ...]:
    """Faults of all scenarios of a plan, each once, by row."""
    faults: dict[Fault, None] = {}
    for name in scenario_names(plan):
        try:
            apply_scenario(plan, name)
        except PlanFaults as error:
            faults.update(dict.fromkeys(error.faults))
    return tuple(sorted(faults, key=lambda fault: fault.row or 0))


def _changes(plan: Plan, name: str) -> Changes:
    changes = Changes(plan)
    for number, override in _in_order(plan, name, changes.where):
        changes.apply(number, override)
    return changes


def _in_order(plan: Plan, name: str, where: str) -> list[tuple[int, ScenarioRow]]:
    """Rows of a scenario with their numbers, after those of the scenarios it is based on."""
    rows: dict[str, list[tuple[int, ScenarioRow]]] = {}
    for number, row in enumerate(plan.scenarios, start=2):
        rows.setdefault(row.scenario, []).append((number, row))
    if name not in rows:
        right = suggestion(name, [BASE_SCENARIO, *rows])
        raise PlanFaults([Fault(where, None, "scenario", name, "is no scenario", right)])
    ordered: list[tuple[int, ScenarioRow]] = []
    done = {BASE_SCENARIO, ""}
    path = [name]
    while path:
        of_last = rows[path[-1]]
        waiting = [(number, row.based_on) for number, row in of_last if row.based_on not in done]
        if not waiting:
            ordered += of_last
            done.add(path.pop())
            continue
        number, base = waiting[0]
        if base in path:
            wrong = f"goes round in a loop: {' > '.join([*path[path.index(base) :], base])}"
            right = "a scenario that is not based on itself"
            raise PlanFaults([Fault(where, number, "based_on", base, wrong, right)])
        if base not in rows:
            right = suggestion(base, [BASE_SCENARIO, *rows])
            raise PlanFaults([Fault(where, number, "based_on", base, "is no scenario", right)])
        path.append(base)
    return ordered
