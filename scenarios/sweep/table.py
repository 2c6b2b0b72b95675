"""What a sweep found, a row a point: what it costs, who works, what service it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from scenarios.compare import measures_of
from scenarios.runs import Run
from scenarios.sweep.points import Point
from scenarios.sweep.vary import Vary
from scenarios.wording import promises

#: Measures of a comparison by their columns here.
_MEASURES = {
    "cost": ("cost", "cost"),
    "penalties": ("cost", "penalties"),
    "bound": ("cost", "lower bound"),
    "gap": ("cost", "gap"),
    "cost_per_contact": ("cost", "cost per contact"),
    "contacts": ("work", "contacts handled"),
    "occupancy": ("work", "occupancy"),
    "heads": ("people", "heads"),
    "hours": ("people", "hours"),
    "least_margin": ("risk", "least margin of a target"),
    "least_margin_of": ("risk", "target with the least margin"),
    "periods_missed": ("risk", "target periods missed"),
    "rules_broken": ("risk", "rules broken"),
}


def sweep_table(
    varied: Sequence[Vary],
    points: Sequence[Point],
    runs: Mapping[int, Run],
    why: Mapping[int, str],
    folders: Mapping[int, Path],
) -> pd.DataFrame:
    """One row a point.

    Columns: point; a column for each thing varied; status, exit_code; cost, penalties, bound, gap,
    cost_per_contact; contacts, occupancy; heads, hours; least_margin (of all targets, simulated, in
    points of a share or as a share of the promise) and whose it is, periods_missed, rules_broken;
    `heads C`, `hours C`, `cost C` by contract; for each promise its worst period, simulated, with
    the ends of its 95 % interval (`Q measure`, `Q measure low`, `Q measure high`); rounds, cpu_s,
    started_from (the nearest of the points it began with, if any); folder; note.
    """
    rows = []
    for point in points:
        row: dict[str, Any] = {"point": point.number}
        row |= dict(zip((one.name for one in varied), point.values, strict=True))
        run = runs.get(point.number)
        row["status"] = "not planned"
        if point.number in why:
            row["status"] = "impossible"
        if run is not None:
            row |= _of_run(run)
            row["folder"] = str(folders[point.number])
        row["note"] = why.get(point.number, "")
        rows.append(row)
    table = pd.DataFrame(rows)
    # Contracts and promises that only some points have stay with their like.
    last = [name for name in ("rounds", "cpu_s", "started_from", "folder", "note") if name in table]
    table = table[[name for name in table if name not in last] + last]
    for name in ("point", "exit_code", "heads", "periods_missed", "rounds"):
        if name in table:
            table[name] = table[name].astype("Int64")
    return table


def _of_run(run: Run) -> dict[str, Any]:
    result = run.result
    by = {key[:3]: value for key, value in measures_of(run, run)}
    row: dict[str, Any] = {"status": result["status"], "exit_code": run.exit_code}
    for name, (section, measure) in _MEASURES.items():
        row[name] = by.get((section, "", measure))
    for line in result.get("people") or []:
        for measure in ("heads", "hours", "cost"):
            row[f"{measure} {line['contract']}"] = line[measure]
    for promise in promises(run.tables["service"]):
        worst = promise.worst
        name = f"{promise.label} {promise.measure}"
        while name in row:
            name += " again"
        seen = worst["simulated"]
        row[name] = worst["predicted"] if pd.isna(seen) else seen
        row[f"{name} low"], row[f"{name} high"] = worst["low"], worst["high"]
    row["rounds"], row["cpu_s"] = result.get("rounds"), result.get("cpu_s")
    row["started_from"] = next(iter(result.get("started_from") or ()), None)
    return row
