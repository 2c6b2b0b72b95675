"""A scenario in a file of its own: the rows of the table `scenarios` as TOML.

::

    name = "Strike"
    based_on = "growth"

    [[change]]
    table = "targets"
    where = { queue = "phone", measure = "answered_within" }
    column = "share"
    operation = "set"
    value = 0.7
    note = "said in the lobby"
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import Any

from scenarios.overrides.cells import pair_text
from scenarios.plan import Fault, Plan, PlanFaults
from scenarios.plan.draft import file_or_sheet
from scenarios.plan.faults import suggestion
from scenarios.plan.read import RawTable
from scenarios.plan.rows import read_rows
from scenarios.plan.schema import BASE_SCENARIO, ScenarioRow
from scenarios.plan.values import columns

_HEADING = re.compile(r"^\s*\[\[\s*change\s*\]\]")
_KEYS = ("name", "based_on", "change")
_MOST_BYTES = 1_000_000


def is_scenario_file(text: str) -> bool:
    """Whether what was asked for is a file and no name of the plan's table."""
    return text.lower().endswith(".toml")


def with_scenario_file(plan: Plan, file: str | Path) -> tuple[Plan, str]:
    """Add the scenario of a TOML file to a plan's table `scenarios`; the plan itself stays.

    Parameters
    ----------
    file
        `name` (the file's own if missing), `based_on` (a scenario of the plan) and a `[[change]]`
        for each change, with the columns of the table `scenarios`. `where`, and the `value` of an
        `add_row`, may be a table of columns and values in place of `column=value` pairs.

    Returns
    -------
    tuple
        The plan with the scenario, and the scenario's name.

    Raises
    ------
    PlanFaults
        With every fault of the file, each with its line; also of what cannot be applied.
    """
    from scenarios.overrides.apply import apply_scenario

    path = Path(file)
    raw, lines = _read(path)
    faults = [
        Fault(path.name, None, key, "", "is no key of a scenario", suggestion(key, _KEYS))
        for key in raw
        if key not in _KEYS
    ]
    name, base = raw.get("name", path.stem), raw.get("based_on", "")
    for key, value in (("name", name), ("based_on", base)):
        if not isinstance(value, str):
            faults.append(Fault(path.name, None, key, str(value), "is no text", "text in quotes"))
    rows, wrong = _rows(path, str(name), str(base), raw.get("change"), lines)
    faults += wrong
    if str(name) in {BASE_SCENARIO, *(row.scenario for row in plan.scenarios)}:
        told = f"is a scenario of {file_or_sheet(plan, 'scenarios')}"
        faults.append(Fault(path.name, None, "name", str(name), told, "another name"))
    if faults:
        raise PlanFaults(faults)
    told = dataclasses.replace(plan, scenarios=(*plan.scenarios, *rows))
    try:
        apply_scenario(told, name)
    except PlanFaults as error:
        raise PlanFaults(_located(error, plan, path, lines)) from None
    return told, name


def _read(path: Path) -> tuple[dict[str, Any], list[int]]:
    """Read a file as TOML, with the line of each change."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise PlanFaults([Fault(path.name, wrong="is larger than 1 MB", right="a scenario")])
        text = path.read_text(encoding="utf-8-sig")
        raw = tomllib.loads(text)
    except OSError as error:
        wrong = f"cannot be read: {error.strerror or error}"
        raise PlanFaults([Fault(str(path), wrong=wrong, right="a TOML file")]) from None
    except UnicodeDecodeError:
        raise PlanFaults([Fault(path.name, wrong="is no text in UTF-8")]) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlanFaults([Fault(path.name, wrong=f"is no TOML: {error}")]) from None
    lines = [n for n, line in enumerate(text.splitlines(), start=1) if _HEADING.match(line)]
    return raw, lines


def _rows(
    path: Path, name: str, base: str, changes: Any, lines: list[int]
) -> tuple[list[ScenarioRow], list[Fault]]:
    if not isinstance(changes, list) or not changes:
        return [], [Fault(path.name, None, "change", wrong="is missing", right="a [[change]]")]
    known = columns(ScenarioRow)
    own = [c.name for c in known if c.name not in ("scenario", "based_on")]
    faults: list[Fault] = []
    raw_rows: list[tuple[int, list[Any]]] = []
    for number, change in enumerate(changes):
        line = lines[number] if number < len(lines) else None
        if not isinstance(change, dict):
            faults.append(Fault(path.name, line, "change", str(change), "is no table"))
            continue
        for key in change:
            if key not in own:
                right = suggestion(key, own)
                faults.append(Fault(path.name, line, key, "", "is no key of a change", right))
        cells = {"scenario": name, "based_on": base}
        for key in own:
            if key in change:
                try:
                    cells[key] = _text(change[key])
                except TypeError:
                    right = "text, a number, a date, yes or no, or a table of these"
                    read = str(change[key])
                    faults.append(Fault(path.name, line, key, read, "cannot be used", right))
        raw_rows.append((line or 0, [cells.get(c.name) for c in known]))
    read = read_rows("scenarios", RawTable(path.name, tuple(c.name for c in known), raw_rows))
    return [one.row for one in read.rows], [*faults, *read.faults]


def _text(value: Any) -> str:
    """Write a TOML value as a cell of a table has it."""
    if isinstance(value, dict):
        return " ".join(pair_text(str(key), _scalar(one)) for key, one in value.items())
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    raise TypeError


def _located(error: PlanFaults, plan: Plan, path: Path, lines: list[int]) -> list[Fault]:
    """Tell faults of the added rows by the file's lines."""
    table, first = file_or_sheet(plan, "scenarios"), len(plan.scenarios) + 2
    found = []
    for fault in error.faults:
        if fault.where == table and (fault.row is None or fault.row >= first):
            at = None if fault.row is None else fault.row - first
            line = lines[at] if at is not None and at < len(lines) else None
            found.append(dataclasses.replace(fault, where=path.name, row=line))
        else:
            found.append(fault)
    return found
