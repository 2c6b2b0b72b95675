"""Measure what a morning tells of the rest of the day: error before and after, and coverage.

Usage: python benchmarks/forecast_intraday.py --data FOLDER [--days N] [--sets WORD ...]

Every set of forecast_sets.py with at least six intervals a day. Each of the last N days is forecast
the evening before; after half of its intervals `forecasts.update` forecasts the other half again.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import pandas as pd

# The next file over bears the name of the package that is measured: its folder comes last.
sys.path.append(sys.path.pop(0))
from forecast_sets import ForecastSet, all_sets

from forecasts import forecast_detail, update

LEAST_INTERVALS = 6


def measure(given: ForecastSet, days: int) -> dict[str, float | str]:
    """Errors of the second halves of days, as forecast in the evening and at half-time."""
    warnings.simplefilter("ignore")
    history = given.history
    day = history["start"].dt.normalize()
    pieces = []
    for date in day.drop_duplicates().sort_values().tail(days):
        today = history[day == date].sort_values("start")
        evening = forecast_detail(history[day < date], 1, start=date.date(), **given.options)
        half = today["start"].iloc[len(today) // 2]
        at_noon = update(evening, today[today["start"] < half], until=half)
        rest = today[today["start"] >= half]
        for name, told in (("evening", evening), ("noon", at_noon)):
            rest = rest.merge(
                told.table.drop(columns="aht_s").rename(columns={"volume": name}),
                "left", on=["queue", "start"], suffixes=("", f" {name}"),
            )  # fmt: skip
        pieces.append(rest)
    rows = pd.concat(pieces).fillna(0.0)
    total = rows["volume"].sum()
    before, after = (
        100 * float((rows["volume"] - rows[name]).abs().sum() / total)
        for name in ("evening", "noon")
    )
    inside = rows["volume"].between(rows["q0.1 noon"], rows["q0.9 noon"])
    return {
        "set": given.name, "evening": before, "half-time": after,
        "change in %": 100 * (after / before - 1), "80 % covers": 100 * float(inside.mean()),
    }  # fmt: skip


def main() -> None:
    """Print one line per set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the real sets")
    parser.add_argument("--days", type=int, default=50)
    parser.add_argument("--sets", nargs="*", default=[], help="words that a set's name holds")
    arguments = parser.parse_args()
    for one in all_sets(arguments.data):
        if arguments.sets and not any(word in one.name for word in arguments.sets):
            continue
        if one.history.groupby(one.history["start"].dt.normalize()).size().max() < LEAST_INTERVALS:
            continue
        found = measure(one, arguments.days)
        print(" ".join(f"{k} {v:.2f}" if k != "set" else f"{v}:" for k, v in found.items()))


if __name__ == "__main__":
    main()
