"""Changes of the history, which is a frame and not rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from scenarios.overrides.cells import pairs, wanted
from scenarios.plan import schema
from scenarios.plan.faults import suggestion
from scenarios.plan.values import CellError, Column, columns, parse

#: Columns that a scenario may change.
COLUMNS = {one.name: one for one in columns(schema.HistoryRow) if one.name in ("volume", "aht_s")}
_WHERE = (
    columns(schema.HistoryRow)[0],
    Column("from", "from", "date", (), True, None, "First day", ()),
    Column("to", "to", "date", (), True, None, "Last day", ()),
)


def history_mask(history: pd.DataFrame, where: str) -> pd.Series:
    """Which rows `queue=phone from=2026-10-01 to=2026-10-07` asks for; both days are in.

    Raises
    ------
    CellError
        If the text cannot be read, or no row is asked for.
    """
    mask = pd.Series(True, index=history.index)
    starts = history["start"]
    for column, text in pairs(where, _WHERE):
        value = wanted(column, text)
        if column.name == "queue":
            mask &= history["queue"] == value
            if not mask.any():
                near = suggestion(value, history["queue"].unique())
                raise CellError(wrong="matches no row of history", right=f"for queue: {near}")
        elif column.name == "from":
            mask &= starts >= pd.Timestamp(value)
        else:
            mask &= starts < pd.Timestamp(value) + pd.Timedelta(days=1)
    if not mask.any():
        right = "no row is left"
        if len(history):
            right = f"days from {starts.min():%Y-%m-%d} to {starts.max():%Y-%m-%d}"
        raise CellError(wrong="matches no row of history", right=right)
    return mask


def changed_history(
    history: pd.DataFrame, mask: pd.Series, column: Column, operation: str, change: Any
) -> pd.DataFrame:
    """Copy of the history with one column changed where `mask` says.

    With the volume, who hung up and what all waited change in proportion.

    Parameters
    ----------
    change
        Factor or difference; to set, the value as text.

    Raises
    ------
    CellError
        If there is nothing to start from, or the result is none that a history may have.
    """
    old = history.loc[mask, column.name]
    if operation == "set":
        new = pd.Series(float(parse(column, change)) if change else np.nan, index=old.index)
    else:
        new = old * change if operation == "times" else old + change
        if new.isna().all():
            wrong = f"finds history.{column.name} empty: nothing to start from"
            raise CellError(wrong=wrong, right="set")
    lowest = new.min()
    if lowest < 0 or (lowest == 0 and column.name == "aht_s"):
        right = "more than 0" if column.name == "aht_s" else "0 or more"
        raise CellError(wrong=f"makes history.{column.name} {lowest:g}", right=right)
    frame = history.copy()
    frame.loc[mask, column.name] = new
    if column.name == "volume":
        ratio = (new / old.where(old > 0)).fillna(1.0)
        for counted in ("abandoned", "waited_s"):
            frame.loc[mask, counted] = history.loc[mask, counted] * ratio
        # Rounding must not let more hang up than came.
        frame.loc[mask, "abandoned"] = frame.loc[mask, "abandoned"].clip(upper=new)
    return frame
