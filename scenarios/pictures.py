"""Charts as SVG; those of a back-test: what came against the forecast, and the error by hour."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 34
BLUE, GREY, ORANGE = "#1f5fa8", "#6b7280", "#b45309"
BANDS = (("q0.025", "q0.975", "95 %", "#dbe7f5"), ("q0.1", "q0.9", "80 %", "#b3cdea"))
DAYS_IN_CLOSE_UP = 7


@dataclass(frozen=True)
class Line:
    """A line of a chart; a missing value breaks it."""

    name: str
    values: np.ndarray
    colour: str
    dashed: bool = False
    dots: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two lines."""

    name: str
    low: np.ndarray
    high: np.ndarray
    colour: str


def forecast_picture(rows: pd.DataFrame, days: pd.DataFrame, title: str) -> str:
    """Draw what came against the forecast with its ranges: all days, then a week of intervals.

    Parameters
    ----------
    rows, days
        Intervals and days of one queue from one origin, as `forecasts.Backtest` has them.
    title
        Heading.

    Returns
    -------
    str
        An SVG document.
    """
    dates = days["date"]
    first_week = rows[rows["start"] < rows["start"].min().normalize() + _days(DAYS_IN_CLOSE_UP)]
    starts = first_week["start"]
    new_day = starts.dt.normalize().ne(starts.dt.normalize().shift())
    charts = [
        panel(f"{title}: contacts a day", *_against(days), _dates(dates, len(dates) // 10 + 1)),
        panel(
            f"The first {DAYS_IN_CLOSE_UP} days by interval",
            *_against(first_week),
            [(k, f"{start:%a %d}") for k, start in enumerate(starts) if new_day.iloc[k]],
        ),
    ]
    return document(charts, title)


def hours_picture(errors: pd.DataFrame, title: str) -> str:
    """Draw the error by hour of the day beside the weekday mean's and the Poisson floor.

    Parameters
    ----------
    errors
        Rows of one queue with the cut ``hour``, as `forecasts.Backtest` has them.
    title
        Heading.
    """
    lines = [
        Line("forecast", errors["wape"].to_numpy(float), BLUE),
        Line("mean of the last 8 same weekdays", errors["baseline_wape"].to_numpy(float), ORANGE),
        Line("Poisson floor", errors["poisson_floor"].to_numpy(float), GREY, dashed=True),
    ]
    ticks = list(enumerate(errors["value"]))[:: len(errors) // 12 + 1]
    return document([panel(f"{title}: error in % by hour of the day", lines, [], ticks)], title)


def _against(table: pd.DataFrame) -> tuple[list[Line], list[Band]]:
    lines = [
        Line("forecast", table["volume"].to_numpy(float), BLUE),
        Line("came", table["actual"].to_numpy(float), ORANGE),
    ]
    bands = [
        Band(name, table[low].to_numpy(float), table[high].to_numpy(float), colour)
        for low, high, name, colour in BANDS
    ]
    return lines, bands


def _days(number: int) -> pd.Timedelta:
    import pandas as pd

    return pd.Timedelta(days=number)


def _dates(dates: pd.Series, step: int) -> list[tuple[int, str]]:
    return [(k, f"{date:%d %b}") for k, date in enumerate(dates)][::step]


def panel(
    title: str,
    lines: Sequence[Line],
    bands: Sequence[Band],
    ticks: Sequence[tuple[int, str]],
    *,
    from_zero: bool = True,
) -> list[str]:
    """Draw lines and bands over numbered places, from the panel's own upper left corner.

    Parameters
    ----------
    title
        Heading.
    lines, bands
        What is drawn; a missing value breaks it.
    ticks
        Places that are named below the axis, and their names.
    from_zero
        Whether the scale begins at zero, or as the values need it.

    Returns
    -------
    list of str
        Elements for an SVG of `WIDTH` by `HEIGHT`.
    """
    everything = [line.values for line in lines] + [side for b in bands for side in (b.low, b.high)]
    finite = np.concatenate([values[np.isfinite(values)] for values in everything] or [[0.0]])
    most = float(finite.max(initial=0.0 if from_zero else -np.inf))
    least = 0.0 if from_zero else float(finite.min(initial=most))
    if not math.isfinite(most):
        least = most = 0.0
    step = _round_step(most - least)
    bottom = step * math.floor(least / step)
    top = bottom + step * max(math.ceil((most - bottom) / step), 1)
    count = max((len(line.values) for line in lines), default=0)

    def x(k: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (k + 0.5) / max(count, 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - bottom) / (top - bottom)

    parts = [f'<text x="{LEFT}" y="16" class="title">{escape(title)}</text>']
    for k in range(round((top - bottom) / step) + 1):
        value = bottom + k * step
        height = y(value)
        parts.append(f'<path d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{height + 4:.1f}" class="end">{value:,.10g}</text>')
    for k, label in ticks:
        parts.append(
            f'<text x="{x(k):.1f}" y="{HEIGHT - BOTTOM + 18}" class="middle">{escape(label)}</text>'
        )
    for band in bands:
        for run in _runs(np.isfinite(band.low) & np.isfinite(band.high)):
            there = " ".join(f"{x(k):.1f},{y(band.high[k]):.1f}" for k in run)
            back = " ".join(f"{x(k):.1f},{y(band.low[k]):.1f}" for k in reversed(run))
            parts.append(f'<polygon points="{there} {back}" fill="{band.colour}"/>')
    for line in lines:
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        for run in _runs(np.isfinite(line.values)):
            if line.dots:
                parts += [
                    f'<circle cx="{x(k):.1f}" cy="{y(line.values[k]):.1f}" r="3" '
                    f'fill="{line.colour}"/>'
                    for k in run
                ]
            points = " ".join(f"{x(k):.1f},{y(line.values[k]):.1f}" for k in run)
            parts.append(f'<polyline points="{points}" stroke="{line.colour}"{dash}/>')
    return [*parts, *_legend(lines, bands)]


def _legend(lines: Sequence[Line], bands: Sequence[Band]) -> list[str]:
    parts, left = [], float(LEFT)
    for line in lines:
        dash = ' stroke-dasharray="5 4"' if line.dashed else ""
        parts.append(f'<path d="M{left:.0f} 30h22" stroke="{line.colour}"{dash}/>')
        parts.append(f'<text x="{left + 28:.0f}" y="34">{escape(line.name)}</text>')
        left += 48 + _width(line.name)
    for band in bands:
        parts.append(
            f'<rect x="{left:.0f}" y="24" width="22" height="12" fill="{band.colour}"/>'
            f'<text x="{left + 28:.0f}" y="34">{escape(band.name)}</text>'
        )
        left += 48 + _width(band.name)
    return parts


def _width(text: str) -> int:
    """Pixels that a text may take, Chinese characters being twice as wide as others."""
    return sum(13 if unicodedata.east_asian_width(letter) in "WF" else 7 for letter in text)


def _runs(known: np.ndarray) -> list[list[int]]:
    """Stretches of neighbouring known places."""
    places = np.flatnonzero(known)
    breaks = np.flatnonzero(np.diff(places) > 1) + 1
    return [run.tolist() for run in np.split(places, breaks) if len(run)]


def _round_step(highest: float) -> float:
    """Distance of grid lines: 1, 2 or 5 times a power of ten, about five lines in all."""
    rough = max(highest, 1e-9) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)


def document(charts: Sequence[list[str]], title: str) -> str:
    """Charts below each other as one SVG."""
    height = HEIGHT * len(charts)
    body = [
        f'<g transform="translate(0 {HEIGHT * k})">{"".join(chart)}</g>'
        for k, chart in enumerate(charts)
    ]
    style = (
        "text{font:12px sans-serif;fill:#1f2937}.title{font-weight:bold;font-size:13px}"
        ".end{text-anchor:end}.middle{text-anchor:middle}"
        ".grid{stroke:#e5e7eb;stroke-width:1}"
        "path,polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img"><title>{escape(title)}</title>'
        f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>'
        + "\n".join(body)
        + "</svg>\n"
    )
