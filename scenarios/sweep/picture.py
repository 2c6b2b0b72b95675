"""Pictures of a sweep: cost with its bound, service, hours by contract, against what was varied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from scenarios.pictures import Band, Line, document, panel
from scenarios.sweep.points import Point
from scenarios.sweep.vary import Vary

_COLOURS = ("#1f5fa8", "#b45309", "#047857", "#9333ea", "#be123c", "#0e7490", "#6b7280", "#a16207")
_PALE = "#dbe7f5"
# Lines of one chart that can be told apart.
_MOST_LINES = len(_COLOURS)
_MOST_TICKS = 14


def sweep_picture(
    table: pd.DataFrame, varied: Sequence[Vary], points: Sequence[Point], title: str
) -> str:
    """Draw a sweep as SVG.

    Of one thing varied: cost above its bound, the worst period of each promise, hours by contract.
    Of several: the first runs along the axis, a line for each combination of the others. Of things
    varied one at a time: the charts of each.
    """
    charts = []
    for k, one in enumerate(varied):
        alone = [p for p in points if all(at < 0 for n, at in enumerate(p.places) if n != k)]
        alone = [p for p in alone if p.places[k] >= 0]
        if len(varied) == 1 or (alone and len(alone) == len(one.values)):
            rows = table[table["point"].isin([p.number for p in alone])]
            charts += _of_one(rows, one, title)
    if not charts:
        charts = _of_several(table, varied, title)
    return document(charts, title)


def _of_one(rows: pd.DataFrame, one: Vary, title: str) -> list[list[str]]:
    ticks = _ticks([str(value) for value in rows[one.name]])
    cost, bound = _numbers(rows, "cost"), _numbers(rows, "bound")
    charts = [
        panel(
            f"{title}: cost, and what was proved to be the least, by {one.name}",
            [Line("cost", cost, _COLOURS[0], dots=True), Line("bound", bound, _COLOURS[6], True)],
            [Band("gap", bound, cost, _PALE)],
            ticks,
            from_zero=False,
        )
    ]
    promises = [name.removesuffix(" low") for name in rows if name.endswith(" low")]
    shares = [p for p in promises if p.endswith(("answered_within", "replied_within"))]
    if shares:
        labels = [name.rpartition(" ")[0] for name in shares]
        told = labels if len(set(labels)) == len(labels) else shares
        lines = [
            Line(label, _numbers(rows, name), colour, dots=True)
            for label, name, colour in zip(told, shares, _COLOURS, strict=False)
        ]
        heading = "Share in time, simulated, worst period (band: 95 % of the first)"
        low, high = (_numbers(rows, f"{shares[0]} {end}") for end in ("low", "high"))
        charts.append(
            panel(heading, lines, [Band("95 %", low, high, _PALE)], ticks, from_zero=False)
        )
    contracts = [name for name in rows if name.startswith("hours ")]
    lines = [_line(rows, name, k) for k, name in enumerate(contracts[:_MOST_LINES])]
    charts.append(panel("Paid hours by contract", lines, [], ticks))
    return charts


def _of_several(table: pd.DataFrame, varied: Sequence[Vary], title: str) -> list[list[str]]:
    first, others = varied[0], [one.name for one in varied[1:]]
    ticks = _ticks(list(first.values))
    charts = []
    for name, heading in (
        ("cost", "cost"),
        ("least_margin", "least margin of a target, simulated"),
        ("hours", "paid hours"),
    ):
        lines = []
        for key, rows in table.groupby(others, sort=False):
            by_value = rows.set_index(first.name).reindex(list(first.values))
            label = ", ".join(map(str, key if isinstance(key, tuple) else (key,)))
            colour = _COLOURS[len(lines) % _MOST_LINES]
            lines.append(Line(label, _numbers(by_value, name), colour, dots=True))
        text = f"{title}: {heading} by {first.name}; lines: {', '.join(others)}"
        charts.append(panel(text, lines[:_MOST_LINES], [], ticks, from_zero=False))
    return charts


def _line(rows: pd.DataFrame, name: str, k: int) -> Line:
    return Line(name.removeprefix("hours "), _numbers(rows, name), _COLOURS[k], dots=True)


def _numbers(rows: pd.DataFrame, name: str) -> np.ndarray:
    if name not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[name], errors="coerce").to_numpy(float, na_value=np.nan)


def _ticks(labels: list[str]) -> list[tuple[int, str]]:
    return list(enumerate(labels))[:: len(labels) // _MOST_TICKS + 1]
