"""Scenarios' budgets side by side, and what leads from the base's cost to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from scenarios.bridge import bridge
from scenarios.budget import tables
from scenarios.runs import Run

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget

_MEASURES = (
    ("contacts", "contacts"), ("handled", "contacts handled"), ("paid_hours", "hours"),
    ("temporary_hours", "temporary hours"), ("outsourced_hours", "outsourced hours"),
    ("overtime_hours", "overtime hours"), ("short_hours", "hours short"), ("hires", "hires"),
)  # fmt: skip


def side_by_side(budgets: Mapping[str, Budget]) -> pd.DataFrame:
    """Measure, unit, and a column for each scenario: sums over all months, people as means."""
    columns: dict[str, dict[tuple[str, str], float]] = {}
    for name, one in budgets.items():
        months = one.months
        found = {("cost", one.plan.settings.currency): one.cost}
        found["budget", one.plan.settings.currency] = float(months["budget"].sum(min_count=1))
        for level, value in zip(("P10", "P50", "P90"), one.chances.cost_year, strict=True):
            found[f"cost {level}", one.plan.settings.currency] = round(float(value), 2)
        handled = float(months["handled"].sum())
        found["cost per contact", one.plan.settings.currency] = (
            one.cost / handled if handled else float("nan")
        )
        found["people needed (gross)", "people"] = float(months["people_gross"].mean())
        found["people on the roll", "people"] = float(months["on_roll"].mean())
        for column, measure in _MEASURES:
            unit = "h" if "hours" in column else "people" if column == "hires" else "contacts"
            found[measure, unit] = float(months[column].sum())
        columns[name] = found
    keys = list(next(iter(columns.values())))
    rows = [[*key, *(round(columns[n][key], 4) for n in columns)] for key in keys]
    return pd.DataFrame(rows, columns=["measure", "unit", *columns])


def bridges(budgets: Mapping[str, Budget]) -> pd.DataFrame:
    """Scenario, cause, hours, amount, total, why: parts that add up to the cent."""
    names = list(budgets)
    base = as_run(budgets[names[0]])
    parts = [bridge(base, as_run(budgets[n])).assign(scenario=n) for n in names[1:]]
    columns = ["scenario", "cause", "hours", "amount", "total", "why"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def as_run(budget: Budget) -> Run:
    """A budget with what the bridge reads of a run: cost lines, contacts and hours by queue."""
    lines = budget.lines.assign(name=budget.lines["kind"], hours=budget.lines["hours"].fillna(0.0))
    by_queue = tables.queues(budget)
    start = pd.to_datetime(by_queue["month"] + "-01")
    number = by_queue["handled"].fillna(0.0)
    zero = pd.Series(0.0, index=by_queue.index)
    work = pd.DataFrame(
        {
            "queue": by_queue["queue"], "start": start, "first_contacts": by_queue["contacts"],
            "deflected": zero, "repeats": zero, "escalated": zero, "callbacks": zero,
            "arrivals": number,
        }
    )  # fmt: skip
    hours = by_queue["paid_hours"]
    coverage = pd.DataFrame(
        {
            "queue": by_queue["queue"], "start": start, "required": hours, "scheduled": hours,
            "predicted": zero, "simulated": zero,
        }
    )  # fmt: skip
    settings = budget.plan.settings
    result = {
        "name": settings.name, "scenario": budget.scenario, "cost": budget.cost, "penalties": 0.0,
        "currency": settings.currency, "language": settings.language, "interval_min": 60,
        "start": budget.year.first, "days": budget.year.days,
    }  # fmt: skip
    return Run(result, {"cost": lines[["name", "kind", "contract", "cost_centre", "hours",
                                       "amount"]],
                        "workload": work, "coverage": coverage})  # fmt: skip
