"""A finished roster repaired: people who cannot come, and who takes their shifts.

The old run stays as it is. The new one has the same tables beside two of its own: `changes`, what
is different for whom, and `candidates`, all who could have taken each seat, ranked.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scenarios.plan import load
from scenarios.plan.faults import Fault, suggestion
from scenarios.plan.schema import AvailabilityRow
from scenarios.restage import Staged, restage
from scenarios.rows import read_rows, refuse
from scenarios.run import availability_table, schedule_frame
from scenarios.runs import Run
from solver.activities import activities
from solver.check import check
from solver.check_facts import Terms
from solver.problem import Problem
from solver.repair import Repair, repair

if TYPE_CHECKING:
    from scenarios.plan import Plan

_COLUMNS = ("agent", "from", "to", "kind")
_KINDS = ("sick", "leave", "training", "unavailable")
_CHANGE_H = 2.0
#: Rows of availability that a day of absence makes void.
_VOID = ("pin", "off_request", "shift_request")


def repair_run(
    folder: str | Path, absences: str | Path, *, change_price: float | None = None
) -> tuple[Run, Plan]:
    """Repair a run for people who cannot come.

    Parameters
    ----------
    folder
        A finished run; it is only read.
    absences
        CSV with `agent, from` and perhaps `to` (empty: the first day) and `kind` (sick, leave,
        training, unavailable; empty: sick).
    change_price
        Price of calling somebody; by default two hours of the dearest wage.

    Returns
    -------
    The repaired run and its plan, in which the absences stand.

    Raises
    ------
    PlannerError
        The file cannot be read or has faults, all of which are listed.
    """
    began, wall = time.process_time(), time.monotonic()
    staged = restage(folder)
    rows = read_absences(absences, staged)
    problem, roster = staged.problem, staged.roster
    number = {agent.name: a for a, agent in enumerate(roster.agents)}
    days: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        last = row.to or row.from_
        days[number[row.agent]] |= set(
            range(problem.grid.day(row.from_), problem.grid.day(last) + 1)
        )
    if change_price is None:
        change_price = default_change_price(problem)
    found = repair(problem, roster, days, change_price=change_price)
    plan = _with_absences(load(Path(folder) / "plan"), rows)
    run = _run(staged, found, plan, change_price)
    result = dict(run.result)
    result["cpu_s"] = round(time.process_time() - began, 2)
    result["seconds"] = round(time.monotonic() - wall, 2)
    return Run(result, run.tables), plan


def default_change_price(problem: Problem) -> float:
    """Two hours of the dearest wage: what changing a person's day is worth avoiding."""
    wages = (group.contract.hourly_base for group in problem.groups)
    return _CHANGE_H * max(wages, default=0.0)


def read_absences(path: str | Path, staged: Staged) -> list[AvailabilityRow]:
    """Read who cannot come when.

    Raises
    ------
    PlannerError
        With every fault of the file.
    """
    raw, faults = read_rows(path, _COLUMNS[:2], _COLUMNS[2:], thing="absence")
    where = Path(path).name
    faults += [
        Fault(where, None, str(column), wrong="is no column of absences", right=", ".join(_COLUMNS))
        for column in raw.columns
        if column not in _COLUMNS
    ]
    rows: list[AvailabilityRow] = []
    for k, cells in enumerate(raw[list(_COLUMNS)].itertuples(index=False, name=None)):
        row, wrong = _absence([str(cell) for cell in cells], where, k + 2, staged)
        faults += wrong
        rows += [row] if row is not None else []
    refuse(path, faults, "used")
    return rows


def _absence(
    cells: list[str], where: str, number: int, staged: Staged
) -> tuple[AvailabilityRow | None, list[Fault]]:
    """One row of absences, or what is wrong with it."""
    agent, first_text, last_text, kind = cells
    faults = []
    names = [a.name for a in staged.roster.agents]
    if agent not in names:
        wrong = "is nobody of the roster"
        faults.append(Fault(where, number, "agent", agent, wrong, suggestion(agent, names)))
    grid = staged.problem.grid
    span = f"a day from {grid.date(0)} to {grid.date(grid.days - 1)}"
    dates = []
    for column, text in (("from", first_text), ("to", last_text or first_text)):
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            faults.append(Fault(where, number, column, text, "is no date", span))
            continue
        dates.append(day)
        if not 0 <= grid.day(day) < grid.days:
            faults.append(Fault(where, number, column, text, "is not in the plan's days", span))
    if len(dates) == len(("from", "to")) and dates[1] < dates[0]:
        wrong = f"is before the first day, {first_text}"
        faults.append(Fault(where, number, "to", last_text, wrong, "the last day away"))
    kind = kind or _KINDS[0]
    if kind not in _KINDS:
        wrong = "is no kind of absence"
        faults.append(Fault(where, number, "kind", kind, wrong, ", ".join(_KINDS)))
    if faults:
        return None, faults
    said = {"agent": agent, "from": dates[0], "to": dates[1], "kind": kind}
    return AvailabilityRow.model_validate(said), []


def _with_absences(plan: Plan, rows: list[AvailabilityRow]) -> Plan:
    """The plan with absences; pins and wishes on those days are void."""
    away = {
        (row.agent, row.from_ + dt.timedelta(days=k))
        for row in rows
        for k in range(((row.to or row.from_) - row.from_).days + 1)
    }
    named = {row.agent for row in plan.agents}
    kept: list[AvailabilityRow] = []
    for row in plan.availability:
        days = [
            row.from_ + dt.timedelta(days=k)
            for k in range(((row.to or row.from_) - row.from_).days + 1)
        ]
        if not any((row.agent, day) in away for day in days):
            kept.append(row)
            continue
        if row.kind in _VOID or any((row.agent, day) not in away for day in days):
            single = [day for day in days if (row.agent, day) not in away]
            kept += [row.model_copy(update={"from_": day, "to": day}) for day in single]
    return replace(plan, availability=(*kept, *(row for row in rows if row.agent in named)))


def _run(staged: Staged, found: Repair, plan: Plan, change_price: float) -> Run:
    """The repaired run: tables of the roster anew, those of the demand as they were."""
    former, roster = staged.run, found.roster
    own = {agent.name: agent for agent in roster.agents}
    problem = replace(
        staged.problem, agents=tuple(own[agent.name] for agent in staged.problem.agents)
    )
    names: dict[str, str] = dict(
        former.tables["agents"][["agent", "name"]].itertuples(index=False, name=None)
    )
    schedule = schedule_frame(problem, roster, names)
    done = activities(problem, roster, staged.expected.positions)
    findings = check(schedule, done, Terms.of(problem, roster))
    tables = dict(former.tables)
    tables |= {
        "schedule": schedule,
        "activities": done,
        "cost": findings.cost,
        "checks": findings.findings,
        "budget": _budget(former, findings.cost),
        "unmet": _unmet(former, staged, found),
        "availability": availability_table(plan, staged.demand),
        "changes": _changes(staged, found, names),
        "candidates": _candidates(staged, found, names),
    }
    broken = len(findings.broken)
    met = bool(former.tables["service"]["met"].fillna(value=True).all())
    held = not broken and not found.open_seats
    return Run(_result(former, found, findings.total_cost, change_price, held, met), tables)


def _result(
    former: Run, found: Repair, cost: float, change_price: float, held: bool, met: bool
) -> dict[str, Any]:
    before = float(former.result["cost"])
    result = dict(former.result)
    notes = [
        f"repaired: {len(found.vacancies)} shifts of absent people, "
        f"{found.called} people called, {found.open_seats} seats left open",
        "service and coverage are those of the roster before the repair; "
        "`staffing simulate` tells them anew",
    ]
    bound = float(result.get("bound") or 0.0)
    return result | {
        "cost": round(cost, 2),
        "gap": round(max(0.0, cost / bound - 1), 6) if bound > 0 else None,
        "status": result["status"] if held else "unmet",
        "exit_code": 0 if held and (met or former.exit_code == 0) else 1,
        "repair": {
            "shifts_left": len(found.vacancies),
            "people_called": found.called,
            "seats_open": found.open_seats,
            "cost_change": round(cost - before, 2),
            "change_price": round(change_price, 2),
        },
        "notes": [*(result.get("notes") or []), *notes],
    }


def _budget(former: Run, cost: pd.DataFrame) -> pd.DataFrame:
    """The former table with each cost centre's amount in the same proportions of months."""
    table = former.tables["budget"].copy()
    new = cost.groupby("cost_centre")["amount"].sum()
    old = table.groupby("cost_centre")["amount"].transform("sum")
    share = np.divide(
        table["amount"].to_numpy(float), old.to_numpy(float), out=np.zeros(len(table)),
        where=old.to_numpy(float) > 0,
    )  # fmt: skip
    amount = share * table["cost_centre"].map(new).fillna(0.0).to_numpy(float)
    table["amount"] = amount.round(2)
    table["difference"] = table["budget"] - table["amount"]
    return table


def _unmet(former: Run, staged: Staged, found: Repair) -> pd.DataFrame:
    problem = staged.problem
    rows = [
        {
            "key": f"seat {problem.patterns[p].code}",
            "where": f"{problem.groups[g].name} {problem.grid.date(int(day)).isoformat()}",
            "amount": float(found.roster.unfilled[g, day, p]),
            "unit": "people",
            "cost": 0.0,
        }
        for g, day, p in np.argwhere(found.roster.unfilled > 0)
    ]
    if not rows:
        return former.tables["unmet"]
    return pd.concat([former.tables["unmet"], pd.DataFrame(rows)], ignore_index=True)


def _changes(staged: Staged, found: Repair, names: Mapping[str, str]) -> pd.DataFrame:
    """One row for each person and day that is different: what was worked and what is now."""
    problem, grid = staged.problem, staged.problem.grid
    chosen = {(c.agent, found.vacancies[c.vacancy].day): c for c in found.candidates if c.chosen}
    absent = {(v.agent, v.day) for v in found.vacancies}
    rows = []
    for a, day in np.argwhere(staged.roster.shifts != found.roster.shifts).tolist():
        name = found.roster.agents[a].name
        candidate = chosen.get((a, day))
        before, after = (
            problem.patterns[r.shifts[a, day]].code if r.shifts[a, day] >= 0 else ""
            for r in (staged.roster, found.roster)
        )
        rows.append(
            {
                "agent": name,
                "name": names.get(name, name),
                "date": grid.date(day).isoformat(),
                "before": before,
                "after": after,
                "why": "absent" if (a, day) in absent else "called",
                "for_agent": ""
                if candidate is None
                else found.roster.agents[found.vacancies[candidate.vacancy].agent].name,
                "money": 0.0 if candidate is None else round(candidate.money, 2),
                "overtime_h": 0.0 if candidate is None else round(candidate.overtime_h, 2),
            }
        )
    return pd.DataFrame(rows, columns=CHANGES)


def _candidates(staged: Staged, found: Repair, names: Mapping[str, str]) -> pd.DataFrame:
    """Everybody who could take each seat, best first; seats that nobody can take have no row."""
    problem, grid = staged.problem, staged.problem.grid
    rows, rank = [], defaultdict(int)
    for candidate in found.candidates:
        vacancy = found.vacancies[candidate.vacancy]
        rank[candidate.vacancy] += 1
        agent = found.roster.agents[candidate.agent]
        rows.append(
            {
                "date": grid.date(vacancy.day).isoformat(),
                "shift": problem.patterns[vacancy.pattern].code,
                "absent": found.roster.agents[vacancy.agent].name,
                "rank": rank[candidate.vacancy],
                "agent": agent.name,
                "name": names.get(agent.name, agent.name),
                "team": agent.team,
                "works": problem.patterns[candidate.pattern].code,
                "money": round(candidate.money, 2),
                "upset": round(candidate.upset, 2),
                "overtime_h": round(candidate.overtime_h, 2),
                "chosen": candidate.chosen,
            }
        )
    return pd.DataFrame(rows, columns=CANDIDATES)


CHANGES = ["agent", "name", "date", "before", "after", "why", "for_agent", "money", "overtime_h"]
CANDIDATES = [
    "date", "shift", "absent", "rank", "agent", "name", "team", "works", "money", "upset",
    "overtime_h", "chosen",
]  # fmt: skip
