"""The pictures of a report: a day of shifts, the forecast with its band, an interval on a line.

Drawn as SVG for a page whose style sheet dresses them; everything from the plan is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from markupsafe import Markup

from scenarios.export.shifts import Part
from scenarios.pictures import BLUE, HEIGHT, WIDTH, Band, Line, panel
from scenarios.wording import Word

_ROW, _LABEL, _AXIS = 20, 170, 22
_DAY_WIDTH = 960
_WHISKER_WIDTH, _WHISKER_HEIGHT = 120, 16
#: Colours of activities, told apart by people who see red and green alike as well.
PALETTE = (
    "#4477aa", "#ee8866", "#44aa77", "#aa3377", "#ccbb44", "#66ccee", "#997700", "#9d7bd8",
    "#ee6677", "#2a7f8f", "#bbcc33", "#7a5c50",
)  # fmt: skip
REST, OTHER = "#d5dae1", "#9aa3af"


@dataclass(frozen=True)
class Bar:
    """A person's day: a shift with its parts, or why there is none."""

    label: str
    told: str
    start_min: float = 0.0
    end_min: float = 0.0
    parts: Sequence[Part] = ()
    note: str = ""


def day_picture(
    date: pd.Timestamp,
    bars: Sequence[tuple[str, Sequence[Bar]]],
    colours: dict[str, str],
    hours: tuple[int, int],
    title: str,
) -> Markup:
    """Draw a day's shifts (Gantt): people below one another by team, time to the right."""
    first, last = hours
    scale = (_DAY_WIDTH - _LABEL - 8) / max(last - first, 1) / 60

    def x(minutes: float) -> float:
        return _LABEL + (minutes - 60 * first) * scale

    rows = sum(len(people) + 1 for _, people in bars)
    height = _AXIS + rows * _ROW + 4
    out = [
        f'<svg class="gantt" viewBox="0 0 {_DAY_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
    ]
    step = 1 if last - first <= 14 else 2
    for hour in range(first, last + 1, step):
        out.append(f'<path class="grid" d="M{x(60 * hour):.1f} {_AXIS}V{height - 4}"/>')
        out.append(f'<text class="middle" x="{x(60 * hour):.1f}" y="14">{hour % 24:02d}</text>')
    top = _AXIS
    for team, people in bars:
        out.append(f'<text class="team" x="4" y="{top + 15}">{escape(_short(team, 26))}</text>')
        top += _ROW
        for bar in people:
            out.append(f"<g><title>{escape(bar.told)}</title>")
            out.append(f'<text x="12" y="{top + 14}">{escape(_short(bar.label, 22))}</text>')
            if bar.note:
                out.append(
                    f'<text class="note" x="{_LABEL + 4}" y="{top + 14}">{escape(bar.note)}</text>'
                )
            if bar.end_min > bar.start_min:
                width = (bar.end_min - bar.start_min) * scale
                out.append(
                    f'<rect class="shift" x="{x(bar.start_min):.1f}" y="{top + 2}" '
                    f'width="{width:.1f}" height="16" rx="2"/>'
                )
            for part in bar.parts:
                begin, end = ((t - date).total_seconds() / 60 for t in (part.start, part.end))
                out.append(
                    f'<rect x="{x(begin):.1f}" y="{top + 4}" width="{(end - begin) * scale:.1f}" '
                    f'height="12" fill="{colours.get(part.activity, OTHER)}"/>'
                )
            out.append("</g>")
            top += _ROW
    return Markup("".join([*out, "</svg>"]))


def forecast_chart(rows: pd.DataFrame, title: str, word: Word) -> Markup:
    """Draw a queue's forecast by interval with its 80 % band; nights break the line."""
    day = rows["start"].dt.normalize()
    places = np.arange(len(rows)) + (day != day.shift()).cumsum().to_numpy() - 1
    size = int(places[-1]) + 1

    def spread(column: str) -> np.ndarray:
        values = np.full(size, math.nan)
        values[places] = rows[column].to_numpy(float)
        return values

    new = np.flatnonzero((day != day.shift()).to_numpy())
    every = len(new) // 14 + 1
    ticks = [(int(places[k]), f"{day.iloc[k]:%m-%d}") for k in new[::every]]
    lines = [Line(word("expected"), spread("volume"), BLUE)]
    bands = [Band("80 %", spread("q0.1"), spread("q0.9"), "#b3cdea")]
    body = "".join(panel(title, lines, bands, ticks))
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>{body}</svg>"
    )


def whisker(value: float, low: float, high: float, target: float, span: tuple[float, float]) -> str:
    """Draw a value with its interval beside the target that it is held against."""
    known = [v for v in (value, low, high, target) if not math.isnan(v)]
    if math.isnan(value) or math.isnan(target) or len(known) < 2:
        return ""
    first, last = span
    scale = (_WHISKER_WIDTH - 12) / max(last - first, 1e-12)

    def x(point: float) -> float:
        return 6 + (min(max(point, first), last) - first) * scale

    out = [
        f'<svg class="whisker" viewBox="0 0 {_WHISKER_WIDTH} {_WHISKER_HEIGHT}" aria-hidden="true">'
        f'<path class="grid" d="M6 8H{_WHISKER_WIDTH - 6}"/>'
        f'<path class="target" d="M{x(target):.1f} 1V15"/>'
    ]
    if not math.isnan(low) and not math.isnan(high):
        out.append(f'<path class="spread" d="M{x(low):.1f} 8H{x(high):.1f}"/>')
    out.append(f'<circle cx="{x(value):.1f}" cy="8" r="3.2"/></svg>')
    return Markup("".join(out))


def heat_class(value: float, span: float) -> str:
    """Name the colour of a cell: h0 far below zero, h5 at zero, h10 far above."""
    if math.isnan(value):
        return "none"
    share = min(max(value / span, -1.0), 1.0)
    # Only what rounds to zero is white.
    step = math.ceil(abs(share) * 5 - 1e-9) if abs(value) >= 0.05 else 0
    return f"h{5 + int(math.copysign(step, value)) if step else 5}"


def _short(text: str, most: int) -> str:
    """Cut text to what a label has room for; letters of Chinese take two places."""
    taken = 0
    for k, letter in enumerate(text):
        taken += 2 if ord(letter) > 0x2E7F else 1
        if taken > most:
            return text[: max(k - 1, 1)] + "…"
    return text
