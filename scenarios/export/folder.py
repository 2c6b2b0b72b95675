"""The folder of an export: it appears whole, and what was exported there before is read first."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path

import pandas as pd

from scenarios.errors import PlannerError
from scenarios.export.tables import check_format, write_tables
from scenarios.i18n import LANGUAGES
from scenarios.runs import Run, RunError, check_target, read_run, write_folder

MARKER, REPORT = "export.json", "report.html"
_CALENDARS, _TABLES = "calendars", "tables"
#: Tables without which there is no roster to hand on.
_NEEDED = (
    "schedule", "agents", "activities", "coverage", "service", "cost", "forecast", "checks", "unmet"
)  # fmt: skip


def export_run(
    folder: str | Path, target: str | Path, *, table_format: str = "csv", language: str = ""
) -> Path:
    """Export a finished run: calendars, report.html, tables, and a manifest.

    Parameters
    ----------
    folder
        Folder of a run, which is only read.
    target
        Folder to write. A former export there is replaced, after its calendars were read: shifts
        that changed get the next sequence number, shifts that fell away are cancelled.
    table_format
        csv or parquet.
    language
        en or zh; the plan's if empty.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    PlannerError
        The run is none or is damaged, the target holds something else, or cannot be written.
    """
    from scenarios.export.calendar import calendar_files, read_calendars
    from scenarios.export.report import report_html

    check_format(table_format)
    run = finished_run(folder)
    language = language or str(run.result.get("language") or "en")
    if language not in LANGUAGES:
        msg = f"--lang is one of {', '.join(LANGUAGES)}, got {language}"
        raise PlannerError(msg)
    place = Path(target).absolute()
    check_target(place, MARKER, "export")
    former = read_calendars(place / _CALENDARS)
    calendars = calendar_files(run, _zone(folder), _written(folder), former, language)
    page = report_html(run, language)
    about = {
        key: run.result.get(key)
        for key in ("name", "scenario", "start", "days", "seed", "versions", "inputs_hash")
    }

    def fill(partial: Path) -> None:
        (partial / _CALENDARS).mkdir()
        for name, content in calendars.items():
            (partial / _CALENDARS / name).write_bytes(content)
        (partial / REPORT).write_text(page, encoding="utf-8", newline="\n")
        write_tables(run, partial / _TABLES, table_format)
        text = json.dumps(about | {"language": language}, ensure_ascii=False, indent=2)
        (partial / MARKER).write_text(text + "\n", encoding="utf-8")

    return write_folder(place, fill)


def finished_run(folder: str | Path) -> Run:
    """Read a run that is to be handed on, and refuse one that is damaged.

    Raises
    ------
    RunError
        It is no run, or something that every run has is missing or makes no sense.
    """
    run = read_run(folder)
    faults = [
        f"{name}.csv is missing" for name in _NEEDED if not (Path(folder) / f"{name}.csv").is_file()
    ]
    try:
        first, last = map(pd.Timestamp, run.span)
    except (KeyError, TypeError, ValueError, OverflowError):
        faults.append("result.json: start and days do not tell the days planned")
        first, last = pd.Timestamp.min, pd.Timestamp.max
    if not str(run.result.get("name") or ""):
        faults.append("result.json has no name of a plan")
    for key in ("cost", "bound", "gap"):
        value = run.result.get(key)
        if value is not None and not isinstance(value, (int, float)):
            faults.append(f"result.json: {key} is no number, but {value!r}")
    for name in ("schedule", "activities"):
        table = run.tables[name]
        said = "no person, or no end after start"
        odd = table[~(table["start"] < table["end"]) | (table["agent"] == "")]
        faults += [f"{name}.csv row {row + 2}: {said}" for row in odd.index]
    dates = run.tables["schedule"]["date"]
    outside = dates[~dates.between(first, last)]
    faults += [f"schedule.csv row {row + 2}: not a day of the plan" for row in outside.index]
    if faults:
        shown = "".join(f"\n  - {fault}" for fault in faults[:20])
        more = f"\n  - and {len(faults) - 20} more" if len(faults) > 20 else ""
        msg = f"{folder} is damaged, nothing was exported:{shown}{more}"
        raise RunError(msg)
    return run


def _zone(folder: str | Path) -> str | None:
    """Time zone of the plan kept in a run; None where none is kept.

    Raises
    ------
    RunError
        The plan's settings cannot be read, or name no time zone.
    """
    from scenarios.plan.checks import is_timezone

    file = Path(folder) / "plan" / "plan.toml"
    if not file.is_file():
        return None
    try:
        zone = str(tomllib.loads(file.read_text(encoding="utf-8")).get("timezone", "UTC"))
    except (OSError, ValueError) as error:
        msg = f"{file} cannot be read: {error}"
        raise RunError(msg) from error
    if not is_timezone(zone):
        msg = f"{file}: timezone {zone} is no known time zone"
        raise RunError(msg)
    return zone


def _written(folder: str | Path) -> dt.datetime:
    """When a run was written (UTC, whole seconds)."""
    seconds = int((Path(folder) / "result.json").stat().st_mtime)
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
