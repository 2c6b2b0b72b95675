"""Measure many queues at once: wall and processor seconds, and the peak of memory.

Usage: python benchmarks/forecast_many.py [--queues 500] [--days 365] [--ahead 28]

Made histories of half-hours, day and night, from a contact an hour to hundreds. Memory is the peak
of this process plus, for every worker, the peak of the largest one.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time

import numpy as np
import pandas as pd
from joblib.externals.loky import get_reusable_executor

# The next file over bears the name of the package that is measured: its folder comes last.
sys.path.append(sys.path.pop(0))
from forecasts import forecast

INTERVAL_MIN = 30
MIB = 1024  # ru_maxrss counts KiB


def many_queues(queues: int, days: int, seed: int = 0) -> pd.DataFrame:
    """Half-hours of `queues` queues, queue by queue."""
    rng = np.random.default_rng(seed)
    per_day = 1440 // INTERVAL_MIN
    dates = pd.date_range("2024-01-01", periods=days)
    starts = pd.date_range(dates[0], periods=days * per_day, freq=f"{INTERVAL_MIN}min")
    hour = np.arange(per_day) * INTERVAL_MIN / 60
    week = np.array([1.25, 1.1, 1.0, 1.0, 0.95, 0.55, 0.45])[dates.day_of_week]
    volume = np.empty((queues, days * per_day), np.int32)
    for k in range(queues):
        profile = 0.05 + np.exp(-((hour - rng.uniform(9, 15)) ** 2) / rng.uniform(6, 25))
        level = np.exp(rng.uniform(np.log(24), np.log(5000)) + 0.08 * rng.standard_normal(days))
        volume[k] = rng.poisson((level * week)[:, None] * profile / profile.sum()).ravel()
    names = pd.Categorical.from_codes(
        np.repeat(np.arange(queues), len(starts)), [f"queue {k:03d}" for k in range(queues)]
    )
    return pd.DataFrame(
        {"queue": names, "start": np.tile(starts, queues), "volume": volume.ravel()}
    )


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queues", type=int, default=500)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--ahead", type=int, default=28)
    arguments = parser.parse_args()
    history = many_queues(arguments.queues, arguments.days)
    began, cpu = time.perf_counter(), _cpu_s()
    table = forecast(history, arguments.ahead)
    wall = time.perf_counter() - began
    # Workers live on for the next call; only what has ended is counted.
    get_reusable_executor().shutdown(wait=True)
    own, child = (
        resource.getrusage(who).ru_maxrss / MIB
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    cores = len(os.sched_getaffinity(0))
    print(
        f"{arguments.queues} queues, {len(history)} rows in, {len(table)} out: wall {wall:.1f} s "
        f"on {cores} cores, cpu {_cpu_s() - cpu:.1f} s, "
        f"memory {own:.0f} MiB + {cores} x {child:.0f} MiB"
    )


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
