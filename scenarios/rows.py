"""Small tables that a planner hands to a command: read as text, every fault told at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from scenarios.errors import PlannerError
from scenarios.plan.faults import Fault


def read_rows(
    path: str | Path, required: Iterable[str], optional: Iterable[str] = (), *, thing: str
) -> tuple[pd.DataFrame, list[Fault]]:
    """Read a CSV as stripped text with the columns asked for, optional ones empty if missing.

    Parameters
    ----------
    thing
        What a row is, to say that there is none.

    Returns
    -------
    The rows, empty where a column is missing, and the faults of the file as a whole.

    Raises
    ------
    PlannerError
        The file cannot be read.
    """
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read as CSV: {error}"
        raise PlannerError(msg) from error
    raw.columns = raw.columns.str.strip()
    required, optional = tuple(required), tuple(optional)
    where = Path(path).name
    faults = [
        Fault(where, None, column, wrong="is missing", right=f"columns {', '.join(required)}")
        for column in required
        if column not in raw
    ]
    if faults:
        return raw.iloc[:0].reindex(columns=[*required, *optional]), faults
    for column in optional:
        if column not in raw:
            raw[column] = ""
    if raw.empty:
        faults.append(Fault(where, wrong=f"holds no {thing}"))
    return raw.apply(lambda column: column.str.strip()), faults


def refuse(path: str | Path, faults: Iterable[Fault], cannot: str) -> None:
    """Raise with all faults if there are any.

    Raises
    ------
    PlannerError
        `path cannot be ..`, then a line a fault.
    """
    lines = "\n".join(f"  - {fault}" for fault in faults)
    if lines:
        msg = f"{path} cannot be {cannot}:\n{lines}"
        raise PlannerError(msg)
