"""Measure many queues at once: wall and processor seconds, and the peak of memory.

Usage: python benchmarks/forecast_many.py [--queues 500] [--days 365] [--ahead 28]

Made histories of half-hours, day and night, from a contact an hour to hundreds. Memory is the sum
of the peaks of this process and its workers (Linux).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from joblib.externals.loky import get_reusable_executor

# The next file over bears the name of the package that is measured: its folder comes last.
sys.path.append(sys.path.pop(0))
from forecasts import forecast

INTERVAL_MIN = 30


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
    own, *children = (_peak_mib(pid) for pid in ("self", *_children()))
    # Workers live on for the next call; only the seconds of those that ended are counted.
    get_reusable_executor().shutdown(wait=True)
    cores = len(os.sched_getaffinity(0))
    print(
        f"{arguments.queues} queues, {len(history)} rows in, {len(table)} out: wall {wall:.1f} s "
        f"on {cores} cores, cpu {_cpu_s() - cpu:.1f} s, "
        f"peak memory {own + sum(children):.0f} MiB: own {own:.0f}, workers "
        + ", ".join(f"{one:.0f}" for one in children)
    )


def _children() -> list[str]:
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


def _peak_mib(pid: int | str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
