"""How promises and measured values read: one place for the terminal and the workbooks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Word = Callable[[str], str]

_SHARES = ("answered_within", "replied_within", "abandoned")
#: Measures of which less is better.
_AT_MOST = ("mean_wait", "abandoned", "cost_per_contact")
_UNITS = {"mean_wait": "s", "present": "", "per_requests": "", "weekly_hours": "h"}
_NAMES = {
    "mean_wait": "mean wait",
    "abandoned": "abandoned",
    "present": "people present",
    "per_requests": "people for requests",
    "weekly_hours": "hours a week",
    "cost_per_contact": "cost per contact",
}
_SHORT = {
    "present": "people",
    "per_requests": "people",
    "weekly_hours": "hours",
    "cost_per_contact": "cost",
}
NOTHING = "–"


@dataclass(frozen=True)
class Promise:
    """A target over all its periods.

    `worst` is the row of the period with the worst simulated value (predicted, where nothing was
    simulated), `predicted` and `simulated` are means over the periods, `held` of `judged` periods
    met the target.
    """

    queue: str
    label: str
    measure: str
    limit: float
    unit: str
    target: float
    predicted: float
    simulated: float
    worst: pd.Series
    held: int
    judged: int
    periods: int

    @property
    def met(self) -> bool:
        """Whether every period that was judged held."""
        return self.held == self.judged


def is_share(measure: str) -> bool:
    """Whether a measure is a share of contacts."""
    return measure in _SHARES


def less_is_better(measure: str) -> bool:
    """Whether a promise says how much a measure may be at most."""
    return measure in _AT_MOST


def promises(service: pd.DataFrame) -> list[Promise]:
    """Gather the rows of a run's service table by target, in the table's order."""
    found = []
    keys = ["queue", "measure", "limit", "unit", "label"]
    for _, rows in service.groupby(keys, sort=False, dropna=False):
        first = rows.iloc[0]
        seen = rows["simulated"].fillna(rows["predicted"])
        known = seen.dropna()
        if known.empty:
            worst = first
        else:
            at_most = first["measure"] in _AT_MOST
            worst = rows.loc[known.idxmax() if at_most else known.idxmin()]
        found.append(
            Promise(
                queue=first["queue"],
                label=first["label"] or first["queue"],
                measure=first["measure"],
                limit=first["limit"],
                unit=first["unit"],
                target=first["target"],
                predicted=rows["predicted"].mean(),
                simulated=rows["simulated"].mean(),
                worst=worst,
                held=int(rows["met"].fillna(False).sum()),
                judged=int(rows["met"].notna().sum()),
                periods=len(rows),
            )
        )
    return found


def promise_text(measure: str, limit: float, unit: str, word: Word) -> str:
    """Say what is promised without its share, as in "answered within 60 s"."""
    if measure in ("answered_within", "replied_within"):
        verb = measure.partition("_")[0]
        return word(verb + " within {limit}").format(limit=_quantity(limit, unit, word))
    name = word(_NAMES.get(measure, measure))
    return f"{name} ({word('s')})" if measure == "mean_wait" else name


def target_text(measure: str, target: float, limit: float, unit: str, word: Word) -> str:
    """Say a target in a few characters, as in "90 % in 60 s" or "abandoned ≤ 5 %"."""
    value = _trim(100 * target, 1) + " %" if measure in _SHARES else _trim(target, 2)
    if measure in ("answered_within", "replied_within"):
        text = word("{share} in {limit}")
        return text.format(share=value, limit=_quantity(limit, unit, word))
    sign = "≤" if measure in _AT_MOST else "≥"
    own = word(_UNITS.get(measure, ""))
    name = word(_SHORT.get(measure) or _NAMES.get(measure, measure))
    return f"{name} {sign} {value} {own}".rstrip()


def value_text(measure: str, value: float, word: Word, *, unit: bool = True) -> str:
    """Say a measured value with its unit: shares in per cent, waits in seconds."""
    if value is None or math.isnan(value):
        return NOTHING
    if measure in _SHARES:
        return f"{100 * value:.1f} %" if unit else f"{100 * value:.1f}"
    if measure == "cost_per_contact":
        return f"{value:,.2f}"
    name = _UNITS.get(measure, "")
    text = f"{value:,.1f}" if measure == "mean_wait" else _trim(value, 1)
    return f"{text} {word(name)}" if unit and name else text


def number_format(measure: str) -> str:
    """Format of a workbook's cell for a value of the measure."""
    if measure in _SHARES:
        return "0.0%"
    return {"cost_per_contact": "0.00", "mean_wait": "0.0"}.get(measure, "0.##")


def _quantity(value: float, unit: str, word: Word) -> str:
    """Say a limit with its unit, as in 60 s."""
    return f"{_trim(value, 2)} {word(unit)}".strip()


def _trim(value: float, digits: int) -> str:
    """Format with so many decimals at most, no zeros behind the point when whole."""
    if math.isclose(value, round(value), abs_tol=1e-9):
        return f"{round(value):,}"
    return f"{value:,.{digits}f}"
