"""Measure the forecast and its peers on many sets in one run: error, coverage, CPU seconds.

Usage: python benchmarks/forecasts.py --data FOLDER [--peers all|none|NAME,...] [--sets WORD ...]

Origins lie at day ends, 28 days ahead at the set's own grain (forecast_sets.py names exceptions),
expanding window, calendar known. Printed per set: interval WAPE in % of our forecast and of each
peer, the best peer, the ratio to the mean of the last 8 same weekdays, coverage in % of the 80 and
95 % intervals by interval, by day and by week, bias in %, WAPE of the median (our column q0.5:
nearer in absolute error than the mean where counts are few, but too few to plan for), CPU seconds
of our forecast with its own calibration.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

# This file bears the name of the package that it measures: its folder comes last.
sys.path.append(sys.path.pop(0))
from forecast_peers import PEERS
from forecast_sets import ForecastSet, all_sets

from forecasts import forecast_detail, week_totals

WEEK = pd.Timedelta("7D")
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
NEEDS = {"AutoETS": "statsforecast", "AutoARIMA": "statsforecast", "MSTL": "statsforecast",
         "LightGBM": "lightgbm", "Prophet": "prophet"}  # fmt: skip


def measure(given: ForecastSet, peers: list[str]) -> dict[str, float | str]:
    """Errors and coverage over all origins of one set."""
    warnings.simplefilter("ignore")
    history, pieces, day_pieces, week_pieces, cpu = given.history, [], [], [], []
    day = history["start"].dt.normalize()
    for k in range(given.origins):
        last = day.max() - pd.Timedelta(days=given.ahead_days + given.step_days * k)
        end = last + pd.Timedelta(days=given.ahead_days)
        past, future = history[day <= last], history[(day > last) & (day <= end)]
        began = time.process_time()
        detail = forecast_detail(past, given.ahead_days, quantiles=QUANTILES, **given.options)
        cpu.append(time.process_time() - began)
        joined = future.merge(detail.table, "left", on=["queue", "start"], suffixes=("", "_hat"))
        # An open interval that was not forecast is a forecast of nothing.
        joined = joined.fillna(dict.fromkeys(joined.columns[3:], 0.0))
        for name in peers:
            joined[name] = PEERS[name](past, joined["start"])
        pieces.append(joined)
        actual = joined.groupby(joined["start"].dt.normalize())["volume"].sum()
        told = detail.days.rename(columns={"volume": "volume_hat"})
        day_pieces.append(told.merge(actual.rename_axis("date").reset_index(), on="date"))
        # Whole weeks from the origin on, as far as all of their forecast days are in the set.
        first = last + pd.Timedelta(days=1)
        weeks = week_totals(detail, first.day_of_week).rename(columns={"volume": "volume_hat"})
        came = day_pieces[-1].groupby(first + (day_pieces[-1]["date"] - first) // WEEK * WEEK)
        came = came["volume"].agg(["sum", "size"]).rename(columns={"sum": "volume"})
        weeks = weeks.merge(came.rename_axis("week").reset_index(), on="week")
        week_pieces.append(weeks[(weeks["days"] == weeks["size"]) & (weeks["week"] + WEEK <= first
                                 + pd.Timedelta(days=given.ahead_days))])  # fmt: skip
    rows, days, weeks = pd.concat(pieces), pd.concat(day_pieces), pd.concat(week_pieces)
    found: dict[str, float | str] = {"set": given.name, "ours": _wape(rows, "volume_hat")}
    found |= {name: _wape(rows, name) for name in peers}
    found["ratio"] = float(found["ours"]) / float(found["mean of 8"])
    found["over best"] = float(found["ours"]) - min(float(found[name]) for name in peers)
    for label, table in (("", rows), ("day ", days), ("week ", weeks)):
        for name, low, high in (("80", "q0.1", "q0.9"), ("95", "q0.025", "q0.975")):
            inside = (table["volume"] >= table[low]) & (table["volume"] <= table[high])
            found[label + name] = 100 * inside.mean()
    found["bias"] = 100 * float(rows["volume_hat"].sum() / rows["volume"].sum() - 1)
    found |= {"median": _wape(rows, "q0.5"), "day ours": _wape(days, "volume_hat")}
    return found | {"cpu_s": float(np.mean(cpu))}


def _wape(table: pd.DataFrame, column: str) -> float:
    return 100 * float((table["volume"] - table[column]).abs().sum() / table["volume"].sum())


def main() -> None:
    """Print one line per set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the real sets")
    parser.add_argument("--peers", default="all", help="all, none, or names with commas")
    parser.add_argument("--sets", nargs="*", default=[], help="words that a set's name holds")
    parser.add_argument("--origins", type=int, help="fewer origins a set, for all methods alike")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV file for the results")
    arguments = parser.parse_args()
    asked = list(PEERS) if arguments.peers == "all" else arguments.peers.split(",")
    peers = ["mean of 8"]
    for name in asked:
        if name in PEERS and name not in peers:
            if find_spec(NEEDS.get(name, "numpy")) is None:
                print(f"{name} is not measured: {NEEDS[name]} is not installed")
            else:
                peers.append(name)
    wanted = [
        one for one in all_sets(arguments.data)
        if not arguments.sets or any(word in one.name for word in arguments.sets)
    ]  # fmt: skip
    if arguments.origins:
        wanted = [replace(one, origins=min(one.origins, arguments.origins)) for one in wanted]
    work = (delayed(measure)(one, peers) for one in wanted)
    results = []
    for found in Parallel(arguments.jobs, return_as="generator")(work):
        results.append(found)
        table = pd.DataFrame(results).set_index("set")
        # A run with all peers takes hours: what is measured stands in the file at once.
        if arguments.out:
            table.to_csv(arguments.out)
    print(table.round(2).to_string())
    of_median = (table["median"] / table["mean of 8"]).mean()
    print(f"mean ratio to the mean of 8: {table['ratio'].mean():.3f} (median {of_median:.3f})")


if __name__ == "__main__":
    main()
