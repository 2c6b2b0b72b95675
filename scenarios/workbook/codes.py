"""Shift codes: the few characters that stand for a shift in a roster's cell, and their colours."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import pandas as pd

_MINUTES = 1440
#: Background by hour of the start: the warm colours of a morning to the violet of a night.
_SKY = [
    (0, (0xC3, 0xB1, 0xE1)), (5, (0xFF, 0xE0, 0x8A)), (8, (0xCF, 0xE8, 0xA9)),
    (11, (0xA6, 0xDF, 0xCC)), (14, (0x9F, 0xCF, 0xF3)), (18, (0xAF, 0xB6, 0xF0)),
    (22, (0xC3, 0xA6, 0xE0)), (24, (0xC3, 0xB1, 0xE1)),
]  # fmt: skip
#: Days away: sign on the roster and colour, by kind of the availability table.
AWAY = {
    "leave": ("L", "D4D4D8"),
    "sick": ("S", "F3B4B4"),
    "training": ("T", "E5D3B3"),
    "unavailable": ("U", "ECECEE"),
}


@dataclass(frozen=True)
class ShiftCode:
    """A shift as rosters show it; minutes from midnight, an end past midnight beyond 1440.

    `shift` is its name in the schedule, `code` what stands in the cells.
    """

    code: str
    start_min: int
    end_min: int
    paid_h: float
    shift: str = ""

    @property
    def time(self) -> str:
        """The shift's hours, as in 08:00–16:30."""
        return f"{_clock(self.start_min)}–{_clock(self.end_min % _MINUTES)}"

    @property
    def color(self) -> str:
        """Background: by start, paler for short shifts."""
        hour = self.start_min % _MINUTES / 60
        (h0, c0), (h1, c1) = next(
            (a, b) for a, b in itertools.pairwise(_SKY) if a[0] <= hour < b[0]
        )
        share = (hour - h0) / (h1 - h0)
        pale = min(0.6, max(0.0, 1 - (self.end_min - self.start_min) / 480))
        mixed = [a + (b - a) * share for a, b in zip(c0, c1, strict=True)]
        return "".join(f"{round(c + (255 - c) * pale):02X}" for c in mixed)


def coded(schedule: pd.DataFrame, taken: set[str]) -> pd.Series:
    """Give each row of a schedule its `ShiftCode`.

    A shift that is always worked at the same time keeps its own code; one with several start times
    gets the start appended (D8, D9:30), then the end, then the paid hours, until codes differ. Case
    is not enough to tell two codes apart, since spreadsheets compare without it.

    Parameters
    ----------
    schedule
        Schedule of a run.
    taken
        Codes that already mean something else.
    """
    start = _minutes(schedule["start"], schedule["date"])
    end = _minutes(schedule["end"], schedule["date"])
    keys = list(
        zip(schedule["shift"], start, end, schedule["paid_hours"].round(4), strict=True),
    )
    kinds = sorted(set(keys), key=lambda k: (k[1], k[2], k[0], k[3]))
    codes = _distinct(kinds, {text.casefold() for text in taken})
    return pd.Series([codes[key] for key in keys], index=schedule.index, dtype=object)


def _distinct(
    kinds: list[tuple[str, int, int, float]], used: set[str]
) -> dict[tuple[str, int, int, float], ShiftCode]:
    bases = [re.sub(r"\s+", " ", shift.partition("@")[0]).strip() or "?" for shift, *_ in kinds]
    labels: list[str] = [""] * len(kinds)
    open_ = list(range(len(kinds)))
    for attempt in range(4):
        for k in open_:
            labels[k] = _label(bases[k], kinds[k], attempt)
        seen = [label.casefold() for label in labels]
        open_ = [k for k in open_ if seen.count(seen[k]) > 1 or seen[k] in used]
    for k in open_:
        labels[k] = f"{labels[k]} #{k + 1}"
    return {
        kind: ShiftCode(label, kind[1], kind[2], kind[3], kind[0])
        for kind, label in zip(kinds, labels, strict=True)
    }


def _label(base: str, kind: tuple[str, int, int, float], attempt: int) -> str:
    _, start, end, paid = kind
    gap = " " if base[-1].isdigit() else ""
    parts = [base, gap + _short(start), f"-{_short(end % _MINUTES)}", f" {paid:g}h"]
    return "".join(parts[: attempt + 1])


def _minutes(times: pd.Series, dates: pd.Series) -> list[int]:
    return [round(m) for m in (times - dates).dt.total_seconds() / 60]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _short(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02d}" if minute % 60 else str(minute // 60)
