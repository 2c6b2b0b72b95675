"""What a run leaves: a result and tables in memory, a folder of plain files on disk.

A folder appears whole or not at all: everything is written to a hidden sibling, forced to disk and
renamed. The same run gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import PlannerError

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.plan import Plan

#: Columns of each table of a run and what they hold: text, whole (numbers), number, flag, date or
#: time (local, to the minute). Shares are 0..1, hours and money as named.
TABLES: dict[str, dict[str, str]] = {
    "forecast": {
        "queue": "text", "start": "time", "volume": "number", "aht_s": "number",
        "q0.1": "number", "q0.5": "number", "q0.9": "number",
    },
    "outliers": {
        "queue": "text", "date": "date", "volume": "number", "expected": "number",
        "ratio": "number",
    },
    "workload": {
        "queue": "text", "start": "time", "first_contacts": "number", "deflected": "number",
        "repeats": "number", "escalated": "number", "callbacks": "number", "arrivals": "number",
    },
    "requirement": {
        "queue": "text", "start": "time", "offered": "number", "aht_s": "number",
        "load_erlang": "number", "needed_fractional": "number", "needed": "whole",
        "shrinkage": "number", "gross": "number", "reason": "text",
    },
    "schedule": {
        "agent": "text", "date": "date", "shift": "text", "start": "time", "end": "time",
        "paid_hours": "number", "name": "text", "team": "text", "contract": "text",
        "role": "text",
    },
    "agents": {
        "agent": "text", "name": "text", "team": "text", "contract": "text", "role": "text",
    },
    "activities": {"agent": "text", "start": "time", "end": "time", "activity": "text"},
    "coverage": {
        "queue": "text", "start": "time", "required": "number", "scheduled": "number",
        "predicted": "number", "simulated": "number",
    },
    "service": {
        "queue": "text", "period": "text", "target": "number", "predicted": "number",
        "simulated": "number", "low": "number", "high": "number", "met": "flag",
        "measure": "text", "limit": "number", "unit": "text", "label": "text",
    },
    "cost": {
        "name": "text", "kind": "text", "contract": "text", "cost_centre": "text",
        "hours": "number", "amount": "number",
    },
    "budget": {
        "month": "text", "cost_centre": "text", "amount": "number", "budget": "number",
        "difference": "number",
    },
    "checks": {
        "rule": "text", "mode": "text", "agent": "text", "date": "date", "amount": "number",
    },
    "unmet": {
        "key": "text", "where": "text", "amount": "number", "unit": "text", "cost": "number",
    },
    "days": {"date": "date", "kind": "text", "name": "text"},
    "availability": {"agent": "text", "date": "date", "kind": "text"},
}  # fmt: skip
#: Further tables of a repaired run.
REPAIR_TABLES: dict[str, dict[str, str]] = {
    "changes": {
        "agent": "text", "name": "text", "date": "date", "before": "text", "after": "text",
        "why": "text", "for_agent": "text", "money": "number", "overtime_h": "number",
    },
    "candidates": {
        "date": "date", "shift": "text", "absent": "text", "rank": "whole", "agent": "text",
        "name": "text", "team": "text", "works": "text", "money": "number", "upset": "number",
        "overtime_h": "number", "chosen": "flag",
    },
}  # fmt: skip
_ALL_TABLES = TABLES | REPAIR_TABLES

_RESULT = "result.json"
_TIME_FORMAT = {"date": "%Y-%m-%d", "time": "%Y-%m-%d %H:%M"}
_STALE_S = 3600.0


class RunError(PlannerError):
    """A run folder cannot be written or read; the message says why and what to do."""


@dataclass(frozen=True)
class Run:
    """A finished run.

    Parameters
    ----------
    result
        What `result.json` holds: name, scenario, status, cost, bound, gap, cpu_s, seconds, seed,
        versions, inputs_hash, currency, language, start, days, interval_min, people (a list of
        contract, kind, heads, hours, cost), notes, rounds, exit_code.
    tables
        Tables of `TABLES` by name, and perhaps of `REPAIR_TABLES`. Those of the first left out are
        empty; columns are brought to their types and order, columns beyond those declared are kept
        behind them.

    Raises
    ------
    ValueError
        A table that is not declared, or without one of its columns.
    """

    result: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        unknown = sorted(set(self.tables) - set(_ALL_TABLES))
        if unknown:
            msg = (
                f"a run has no table {', '.join(unknown)}; its tables are {', '.join(_ALL_TABLES)}"
            )
            raise ValueError(msg)
        names = [name for name in _ALL_TABLES if name in TABLES or name in self.tables]
        typed = {name: _typed(name, self.tables.get(name)) for name in names}
        object.__setattr__(self, "result", _plain(dict(self.result)))
        object.__setattr__(self, "tables", typed)

    @property
    def exit_code(self) -> int:
        """0 when all targets and rules hold, 1 when some do not."""
        return int(self.result.get("exit_code", 0))

    @property
    def span(self) -> tuple[str, str]:
        """First and last day planned, as in 2026-12-07."""
        first = dt.date.fromisoformat(str(self.result["start"])[:10])
        last = first + dt.timedelta(days=int(self.result["days"]) - 1)
        return first.isoformat(), last.isoformat()


def write_run(run: Run, folder: str | Path, plan: Plan | None = None) -> Path:
    """Write a run folder, whole or not at all.

    Parameters
    ----------
    run
        What is written: `result.json`, one CSV per table, `roster.xlsx` and `report.html`.
    folder
        Target. A former run there is replaced; an empty folder is used.
    plan
        Kept in the sub-folder `plan`, so that the run can be simulated and replayed from itself.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    RunError
        The target holds something that is not a run, or cannot be written.
    """
    target = Path(folder).absolute()
    check_target(target)
    return write_folder(target, lambda partial: _fill(run, partial, plan))


def write_folder(target: Path, fill: Callable[[Path], None]) -> Path:
    """Have a folder filled and put in place of the former one, whole or not at all.

    Raises
    ------
    RunError
        It cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep_stale(target)
        partial = Path(tempfile.mkdtemp(prefix=_hidden(target, "partial-"), dir=target.parent))
        try:
            partial.chmod(0o777 & ~_umask())
            fill(partial)
            _sync_tree(partial)
            _swap_in(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror or error}"
        raise RunError(msg) from error
    return target


def read_run(folder: str | Path) -> Run:
    """Read a run folder back, with the types it was written with.

    Raises
    ------
    RunError
        The folder is no run, or one of its files cannot be read.
    """
    import pandas as pd

    source = Path(folder)
    if not (source / _RESULT).is_file():
        msg = f"{source} is not a run: it has no {_RESULT}"
        raise RunError(msg)
    file = source / _RESULT
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(result, dict):
            msg = f"{file} holds no result"
            raise RunError(msg)
        tables = {}
        for name in _ALL_TABLES:
            file = source / f"{name}.csv"
            if file.is_file():
                tables[name] = pd.read_csv(file, dtype=str, keep_default_na=False)
        return Run(result, tables)
    except (OSError, ValueError) as error:
        msg = f"{file} cannot be read: {error}"
        raise RunError(msg) from error


def check_target(folder: str | Path, marker: str = _RESULT, thing: str = "run") -> None:
    """Refuse a target that holds anything but a former run; worth asking before a long solve.

    Parameters
    ----------
    marker, thing
        File by which a former one is known, and what it is called.

    Raises
    ------
    RunError
        The target is a file, or a folder with something else in it.
    """
    target = Path(folder)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not target.is_dir():
        msg = f"{target} is a file; choose a folder that is new, empty or a former {thing}"
        raise RunError(msg)
    if not (target / marker).is_file():
        msg = f"{target} holds other files; choose a folder that is new, empty or a former {thing}"
        raise RunError(msg)


def file_name(text: str) -> str:
    """Make a folder's name of a plan's or a scenario's: letters of any language stay."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.").lower() or "plan"


def plain_times(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give a run's table with its dates and times as the text of its file."""
    frame = table.copy()
    for column, kind in _ALL_TABLES[name].items():
        if kind in _TIME_FORMAT:
            frame[column] = frame[column].dt.strftime(_TIME_FORMAT[kind])
    return frame


def _typed(name: str, table: pd.DataFrame | None) -> pd.DataFrame:
    """Give a table its columns, in order and of their types."""
    import pandas as pd

    columns = _ALL_TABLES[name]
    if table is None:
        table = pd.DataFrame({column: [] for column in columns})
    missing = [column for column in columns if column not in table]
    if missing:
        msg = f"table {name} lacks {', '.join(missing)}"
        raise ValueError(msg)
    extra = [column for column in table if column not in columns]
    typed = {column: _column(table[column], kind) for column, kind in columns.items()}
    typed |= {column: _column(table[column], _kind_of(table[column])) for column in extra}
    return pd.DataFrame(typed).reset_index(drop=True)


def _column(values: pd.Series, kind: str) -> pd.Series:
    import pandas as pd

    text = pd.api.types.is_string_dtype(values.dtype) or values.dtype == object
    if kind == "text":
        return values.astype(object).where(values.notna(), "").astype(str)
    if text:
        values = values.astype(object).where(values.notna(), None).replace({"": None})
    if kind in _TIME_FORMAT:
        times = pd.to_datetime(values, format="ISO8601" if text else None)
        times = times.astype("datetime64[ns]")
        return times.dt.normalize() if kind == "date" else times.dt.round("min")
    if kind == "flag":
        names = {"True": True, "False": False, True: True, False: False}
        return values.map(names).astype("boolean")
    numbers = pd.to_numeric(values).astype("float64")
    return numbers.round().astype("Int64") if kind == "whole" else numbers


def _kind_of(values: pd.Series) -> str:
    """Guess what a column that is not declared holds."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "time"
    filled = values[values.notna() & (values.astype(str) != "")]
    try:
        pd.to_numeric(filled)
    except (ValueError, TypeError):
        return "text"
    return "number" if len(filled) else "text"


def _plain(value: Any) -> Any:
    """Make a value what JSON can hold: numpy and date types as plain ones, no NaN."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)
    return value


def _fill(run: Run, folder: Path, plan: Plan | None) -> None:
    from scenarios.export.report import report_html
    from scenarios.workbook import write_roster

    language = str(run.result.get("language") or "en")
    for name, table in run.tables.items():
        frame = plain_times(name, table)
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    write_roster(run, folder / "roster.xlsx", language)
    report = report_html(run, language)
    (folder / "report.html").write_text(report, encoding="utf-8", newline="\n")
    if plan is not None:
        from scenarios.plan import write_folder

        write_folder(plan, folder / "plan")
    text = json.dumps(run.result, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / _RESULT).write_text(text + "\n", encoding="utf-8")


def _hidden(target: Path, part: str) -> str:
    return f".{target.name}.{part}"


def _sweep_stale(target: Path) -> None:
    """Remove what a killed run left behind; a younger one may still be at work."""
    leftovers = [
        path
        for path in target.parent.iterdir()
        if path.name.startswith((_hidden(target, "partial-"), _hidden(target, "former-")))
    ]
    for leftover in leftovers:
        if time.time() - leftover.stat().st_mtime > _STALE_S:
            shutil.rmtree(leftover, ignore_errors=True)


def _swap_in(partial: Path, target: Path) -> None:
    """Rename the finished folder into place; a former run steps aside first and is then removed."""
    if target.exists():
        if any(target.iterdir()):
            former = Path(tempfile.mkdtemp(prefix=_hidden(target, "former-"), dir=target.parent))
            target.replace(former / target.name)
            partial.replace(target)
            shutil.rmtree(former, ignore_errors=True)
            _sync(target.parent)
            return
        target.rmdir()
    partial.replace(target)
    _sync(target.parent)


def _sync_tree(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        _sync(path)


def _sync(path: Path) -> None:
    """Force a file or folder to disk, where the system lets folders be opened."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
