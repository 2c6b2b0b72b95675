"""What the tables must say together: names that exist, nothing twice, money and scenarios.

Each check is a function of the draft that yields faults and notices. Demand is checked in
`scenarios.plan.checks_demand`, people and shifts in `scenarios.plan.checks_people`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo, available_timezones

from scenarios.plan import checks_demand, checks_people, schema
from scenarios.plan.draft import Draft, Finding, find_loop
from scenarios.plan.faults import Fault, Notice, suggestion
from scenarios.plan.model import Plan
from scenarios.plan.rows import setting_keys
from scenarios.plan.values import columns

Check = Callable[[Draft], Iterator[Finding]]


def check(draft: Draft) -> tuple[list[Fault], list[Notice]]:
    """Run every cross-table check."""
    faults: list[Fault] = []
    notices: list[Notice] = []
    for one in CHECKS:
        for finding in one(draft):
            if isinstance(finding, Fault):
                faults.append(finding)
            else:
                notices.append(finding)
    return faults, notices


def check_plan(plan: Plan) -> tuple[tuple[Fault, ...], tuple[Notice, ...]]:
    """Check a plan that was made or changed in memory (by a scenario, say)."""
    faults, notices = check(Draft.of(plan))
    return tuple(faults), tuple(notices)


def is_timezone(name: str) -> bool:
    """Whether a time zone is known."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def settings(draft: Draft) -> Iterator[Finding]:
    """The time zone and the country exist; the first day is one that can be planned."""
    chosen = draft.settings
    if not is_timezone(chosen.timezone):
        near = suggestion(chosen.timezone, available_timezones())
        yield draft.setting_fault("timezone", chosen.timezone, "is no known time zone", near)
    if chosen.country:
        # Imported here: plans without a country do not pay for it.
        import holidays

        known = holidays.list_supported_countries()
        if chosen.country not in known:
            yield draft.setting_fault(
                "country", chosen.country, "is a country whose holidays are not known",
                "two letters such as CN or US, or nothing",
            )  # fmt: skip


def references(draft: Draft) -> Iterator[Finding]:
    """Every name that a row gives of another table exists there."""
    for (table, column), target in schema.REFERENCES.items():
        known = draft.names.get(target)
        if table == "history" or known is None:
            continue
        if target == "scenarios":
            known = known | {schema.BASE_SCENARIO}
        for located, row in draft.of_table(table):
            name = getattr(row, column)
            if name and name not in known:
                yield draft.fault(
                    table, located, column, f"is not in the table {target}", suggestion(name, known)
                )


def duplicates(draft: Draft) -> Iterator[Finding]:
    """Nothing that must be there once is there twice."""
    for table, key in schema.KEYS.items():
        first: dict[tuple[object, ...], int] = {}
        for located, row in draft.of_table(table):
            values = tuple(getattr(row, column) for column in key)
            if values in first:
                yield draft.fault(
                    table, located, key[0], f"is the same as in row {first[values]}",
                    f"one row for each {', '.join(key)}",
                )  # fmt: skip
            else:
                first[values] = located.number


def scopes(draft: Draft) -> Iterator[Finding]:
    """Rules exist, and bind somebody who exists."""
    # Imported here: the catalogue of rules belongs to the solver.
    from solver.rules import CATALOGUE

    tables = {"contract": "contracts", "role": "roles", "agent": "agents"}
    teams = {row.team or row.contract for _, row in draft.of_table("agents")}
    for located, row in draft.of_table("rules"):
        if row.rule not in CATALOGUE:
            yield draft.fault(
                "rules", located, "rule", "is no rule of the catalogue",
                suggestion(row.rule, CATALOGUE),
            )  # fmt: skip
        if row.value < 0:
            yield draft.fault("rules", located, "value", "is negative", "0 or more")
        if row.scope == "all":
            if row.who:
                yield draft.fault(
                    "rules", located, "who", "is given, but the scope is all",
                    "a scope of contract, role, team or agent, or nothing here",
                )  # fmt: skip
            continue
        known = teams | (draft.names.get("contracts") or set())
        if row.scope != "team":
            named = draft.names.get(tables[row.scope])
            if named is None:
                continue
            known = named
        if row.who not in known:
            wrong = f"is no {row.scope} of this plan" if row.who else "is empty"
            yield draft.fault("rules", located, "who", wrong, suggestion(row.who, known))


def rates(draft: Draft) -> Iterator[Finding]:
    """Times of premiums run forward; steps of an outsourced price have a price."""
    for located, row in draft.of_table("rates"):
        if row.to <= row.from_:
            late = f"{(row.to + 1440) // 60:02d}:{row.to % 60:02d}"
            yield draft.fault(
                "rates", located, "to", "is not after from",
                f"a later time; past midnight it is {late}",
            )  # fmt: skip
        if row.kind == "outsourced_step" and row.price_per_hour is None:
            yield draft.fault(
                "rates", located, "price_per_hour", "is empty", "the price of an hour from there on"
            )
        if row.kind == "outsourced_step" and not row.contract:
            yield draft.fault("rates", located, "contract", "is empty", "an outsourced contract")
    factors: dict[str, float] = {}
    overtime = [pair for pair in draft.of_table("rates") if pair[1].kind == "overtime"]
    for located, row in sorted(overtime, key=lambda pair: pair[1].from_hours):
        before = factors.get(row.contract, 0.0)
        if row.factor < before:
            yield draft.fault(
                "rates", located, "factor", "is less than the pay of fewer hours of overtime",
                f"at least {before:g}",
            )  # fmt: skip
        factors[row.contract] = row.factor


def budget(draft: Draft) -> Iterator[Finding]:
    """Cost centres of the budget are used somewhere."""
    known = {
        row.cost_centre for table in ("queues", "contracts") for _, row in draft.of_table(table)
    }
    for located, row in draft.of_table("budget"):
        if row.cost_centre not in {*known, ""}:
            text = f"cost centre {row.cost_centre} is not used by any queue or contract"
            yield draft.notice("budget", located, text)


def scenarios(draft: Draft) -> Iterator[Finding]:
    """Scenarios change tables and columns that exist, and are not based on themselves."""
    edges: dict[str, set[str]] = {}
    plan_keys = [key for key, _ in setting_keys()]
    for located, row in draft.of_table("scenarios"):
        if row.scenario == schema.BASE_SCENARIO:
            yield draft.fault(
                "scenarios", located, "scenario", "is the plan itself", "another name"
            )
        edges.setdefault(row.scenario, set()).update({row.based_on} - {""})
        tables = ["plan", *schema.TABLES]
        if row.table not in tables:
            near = suggestion(row.table, tables)
            yield draft.fault("scenarios", located, "table", "is no table of a plan", near)
            continue
        known = plan_keys
        if row.table != "plan":
            known = [column.name for column in columns(schema.TABLES[row.table])]
        needs_column = row.operation in ("set", "times", "plus")
        if row.column not in known and (needs_column or row.column):
            wrong = f"is no column of {row.table}" if row.column else "is empty"
            near = suggestion(row.column, known)
            yield draft.fault("scenarios", located, "column", wrong, near)
        if needs_column and not row.value and row.operation != "set":
            yield draft.fault("scenarios", located, "value", "is empty", "a number")
    if loop := find_loop(edges):
        located = next(one for one, row in draft.of_table("scenarios") if row.scenario == loop[0])
        yield draft.fault(
            "scenarios", located, "based_on", f"goes round in a loop: {' > '.join(loop)}",
            "a scenario that is not based on itself",
        )  # fmt: skip


def dates(draft: Draft) -> Iterator[Finding]:
    """First days are not after last days."""
    for table in ("campaigns", "calendar", "contracts", "availability", "shrinkage"):
        for located, row in draft.of_table(table):
            if row.from_ and row.to and row.to < row.from_:
                yield draft.fault(table, located, "to", f"is before from ({row.from_})",
                                  f"{row.from_} or later")  # fmt: skip
    last = draft.settings.start + dt.timedelta(days=7 * draft.settings.weeks - 1)
    for table in ("contracts", "availability"):
        for located, row in draft.of_table(table):
            ends = row.to or (row.from_ if table == "availability" else None)
            if (row.from_ and row.from_ > last) or (ends and ends < draft.settings.start):
                yield draft.notice(table, located, "lies outside the days planned")


#: Every check, in the order in which its findings are told.
CHECKS: tuple[Check, ...] = (
    settings,
    duplicates,
    references,
    dates,
    *checks_demand.CHECKS,
    *checks_people.CHECKS,
    scopes,
    rates,
    budget,
    scenarios,
)
