"""Measure ranges of day totals far ahead: coverage of 80 and 95 % by days ahead.

Usage: python benchmarks/forecast_far.py --data FOLDER [--jobs N] [--out FILE]

Every set of forecast_sets.py with more than 200 days and without a long gap, as whole days; half of
the history ahead, a year at most, from six origins.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

# The next file over bears the name of the package that is measured: its folder comes last.
sys.path.append(sys.path.pop(0))
from forecast_sets import ForecastSet, all_sets, by_day

from forecasts import forecast_detail

ORIGINS = 6
LEAST_DAYS = 200
MOST_GAP_DAYS = 28
REACHES = ((1, 28), (29, 90), (91, 180), (181, 365))


def measure(given: ForecastSet) -> dict[str, float | str]:
    """Coverage in % by days ahead."""
    warnings.simplefilter("ignore")
    history = by_day(given.history)
    day = history["start"]
    n = (day.max() - day.min()).days + 1
    ahead = min(365, n // 2)
    pieces, walks, cpu = [], [], []
    for k in range(ORIGINS):
        last = day.max() - pd.Timedelta(days=ahead + k * max((n - 2 * ahead) // 8, 7))
        future = history[(day > last) & (day <= last + pd.Timedelta(days=ahead))]
        began = time.process_time()
        detail = forecast_detail(
            history[day <= last], ahead, quantiles=(0.025, 0.1, 0.9, 0.975), **given.options
        )
        cpu.append(time.process_time() - began)
        joined = future.merge(detail.table, on=["queue", "start"], suffixes=("", "_hat"))
        pieces.append(joined.assign(ahead=(joined["start"] - last).dt.days))
        walks += [spread.walk_cv for spread in detail.spread.values()]
    rows = pd.concat(pieces)
    found: dict[str, float | str] = {"set": given.name, "days": n, "ahead": ahead}
    for first, last_day in REACHES:
        part = rows[rows["ahead"].between(first, last_day)]
        for name, low, high in (("80", "q0.1", "q0.9"), ("95", "q0.025", "q0.975")):
            inside = (part["volume"] >= part[low]) & (part["volume"] <= part[high])
            found[f"{first}-{last_day}: {name}"] = 100 * float(inside.mean())
    return found | {"walk_cv": float(np.mean(walks)), "cpu_s": float(np.mean(cpu))}


def fits(given: ForecastSet) -> bool:
    """Whether the set is long enough and without a long gap."""
    days = given.history["start"].dt.normalize().drop_duplicates().sort_values()
    gap = days.diff().dt.days.max()
    return (days.max() - days.min()).days > LEAST_DAYS and gap <= MOST_GAP_DAYS


def main() -> None:
    """Print one line per set, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the real sets")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="CSV file for the results")
    arguments = parser.parse_args()
    # The same days in several grains count once: the last of them is by day.
    wanted = {
        round(float(one.history["volume"].sum())): one
        for one in all_sets(arguments.data)
        if fits(one) and not one.name.endswith("5 min")
    }
    results = Parallel(arguments.jobs)(delayed(measure)(one) for one in wanted.values())
    table = pd.DataFrame(results).set_index("set")
    print(table.round(3).to_string())
    print(table.mean().round(2).to_string())
    if arguments.out:
        table.to_csv(arguments.out)


if __name__ == "__main__":
    main()
