"""What people do during each of their shifts."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from scenarios.runs import Run


class Part(NamedTuple):
    """A stretch of a shift: a queue served, a break, a meeting."""

    start: pd.Timestamp
    end: pd.Timestamp
    activity: str


def parts_of_shifts(run: Run) -> dict[tuple[str, pd.Timestamp], list[Part]]:
    """Gather a run's activities by person and start of the shift in which they begin, in order."""
    begun = run.tables["schedule"][["agent", "start", "end"]].sort_values("start", kind="stable")
    begun = begun.rename(columns={"end": "shift_end"}).assign(shift_start=begun["start"])
    activities = run.tables["activities"].sort_values(["start", "end"], kind="stable")
    found: dict[tuple[str, pd.Timestamp], list[Part]] = defaultdict(list)
    if begun.empty or activities.empty:
        return found
    both = pd.merge_asof(activities, begun, on="start", by="agent")
    both = both[both["start"] < both["shift_end"]]
    for row in both.itertuples(index=False):
        found[row.agent, row.shift_start].append(Part(row.start, row.end, row.activity))
    return found
