"""A budget's folder: tables, workbook, the plan, and the roster that was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.budget import tables
from scenarios.budget.bridges import bridges, side_by_side
from scenarios.runs import check_target, write_folder, write_run

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.budget.plan import Budget

RESULT, WORKBOOK = "budget.json", "budget.xlsx"


def check_budget_target(folder: str | Path) -> None:
    """Refuse a folder that holds anything but a former budget.

    Raises
    ------
    RunError
        It does.
    """
    check_target(folder, RESULT, "budget")


def frames(budgets: Mapping[str, Budget]) -> dict[str, pd.DataFrame]:
    """Every table of a budget by the name of its file; the first scenario is told in full."""
    base = next(iter(budgets.values()))
    by_queue = tables.queues(base)
    found = {
        "budget": tables.budget_table(base),
        "months": base.months,
        "lines": base.lines,
        "hiring": tables.hiring(base),
        "queues": by_queue,
        "channels": tables.channels(by_queue),
        "inefficiency": base.measured.table,
        "review": tables.review(base),
    }
    if len(budgets) > 1:
        found["scenarios"] = side_by_side(budgets)
        found["bridge"] = bridges(budgets)
    return found


def result(budgets: Mapping[str, Budget]) -> dict[str, Any]:
    """What `budget.json` says."""
    from scenarios.run import inputs_hash, versions

    base = next(iter(budgets.values()))
    settings, hiring = base.plan.settings, base.outlook.hiring
    leave = float(base.lines.loc[base.lines["kind"] == "paid_leave", "amount"].sum())
    return {
        "name": settings.name,
        "currency": settings.currency,
        "language": settings.language,
        "months": list(base.year.months),
        "states": list(base.year.states),
        "cost": base.cost,
        "open_months": {
            "cost": round(hiring.cost, 2),
            "bound": round(hiring.bound, 2),
            "gap": round(hiring.gap, 6),
            "shortage_cost": round(hiring.shortage_cost, 2),
        },
        "paid_leave": round(leave, 2),
        "cost_p10_p50_p90": [round(float(x), 2) for x in base.chances.cost_year],
        "contacts_p10_p50_p90": [round(float(x), 1) for x in base.chances.contacts_year],
        "paths": base.chances.paths,
        "short_hours": round(base.short_hours, 2),
        "inefficiency": base.measured.source,
        "scenarios": {name: one.cost for name, one in budgets.items()},
        "seed": settings.solve.seed,
        "cpu_s": round(sum(one.cpu_s for one in budgets.values()), 2),
        "inputs_hash": inputs_hash(base.plan),
        "versions": versions(),
        "notes": list(base.notices),
        "exit_code": max(one.exit_code for one in budgets.values()),
    }


def write_budget(budgets: Mapping[str, Budget], folder: str | Path, language: str = "") -> Path:
    """Write a budget's folder, whole or not at all.

    Parameters
    ----------
    budgets
        By scenario, the one that is told in full first.
    folder
        A former budget there is replaced.
    language
        Of the workbook; the plan's if empty.

    Raises
    ------
    RunError
        The folder holds something else, or cannot be written.
    """
    from scenarios.plan import write_folder as write_plan
    from scenarios.workbook.budget import write_workbook

    target = Path(folder).absolute()
    check_budget_target(target)
    base = next(iter(budgets.values()))

    def fill(partial: Path) -> None:
        for name, table in frames(budgets).items():
            table.to_csv(
                partial / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8"
            )
        write_workbook(budgets, partial / WORKBOOK, language)
        write_plan(base.plan, partial / "plan")
        if base.measured.run is not None:
            write_run(base.measured.run, partial / "roster", base.measured.plan)
        text = json.dumps(_plain(result(budgets)), ensure_ascii=False, indent=2, allow_nan=False)
        (partial / RESULT).write_text(text + "\n", encoding="utf-8")

    return write_folder(target, fill)


def _plain(value: Any) -> Any:
    """Make a value what JSON can hold."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return None if isinstance(value, float) and value != value else value
