"""A month in a contact centre: our design beside two peers, all judged by simulation.

    python benchmarks/month.py INSTANCE.py --people 120

INSTANCE.py is a module with the month's arrivals in 5-minute bins, its channels, shifts in quarter
hours and what a shift costs (`arrivals(size)`, `CHANNELS`, `shifts()`, `shift_cost(shift, day)`,
`WORKLOAD_H_PER_WEEK`). Three plans are made from it:

* ours: service over each week, queues pooled, e-mail in idle time, corrected by simulation;
* the nominal peer: people by interval from Erlang C, rounded up, covered, queues apart;
* the tuned peer: Erlang A, and targets lowered until the simulation just keeps them.

Peers are covered by the same integer programme of the same shifts under the same contracts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

# One thread: processor seconds are what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.month_judge import (
    APART,
    MAIL_IN_IDLE_TIME,
    Judged,
    judge_split,
    split_as_asked,
    split_by_design,
)
from benchmarks.month_problem import (
    LIVE,
    QUEUES,
    SIZES,
    Month,
    nominal_people,
    our_problem,
    peer_problem,
    read_month,
)
from solver.optimize import optimize
from solver.problem import Limits
from solver.result import ShiftPlan

# A channel within this of its target keeps it just so.
TOLERANCE = 0.006
_ROUNDS = 5


def our_plan(
    month: Month, limits: Limits, occupancy_max: float = 1.0
) -> tuple[ShiftPlan, Judged, float]:
    """Our design, corrected by simulation. Returns it with the seconds of its last solve."""
    channels = month.channels
    target = np.array([c["target"] for c in channels])
    level, reserve = target[:LIVE].copy(), 0.05
    for _ in range(_ROUNDS):
        began = time.process_time()
        plan = optimize(our_problem(month, level, reserve, occupancy_max), limits)
        seconds = time.process_time() - began
        judged = judge_split(month, split_by_design(month, plan), MAIL_IN_IDLE_TIME)
        off = judged.service - target
        _tell("  round", plan.cost, plan.bound, judged, seconds)
        if (np.abs(off[:LIVE]) < TOLERANCE).all() and off[LIVE] > -TOLERANCE:
            break
        level = level - off[:LIVE]
        reserve = max(0.0, reserve - 2 * off[LIVE])
    return plan, judged, seconds


def peer_plan(month: Month, limits: Limits, *, tuned: bool) -> tuple[ShiftPlan, Judged, float]:
    """A peer's cover; tuned: its targets are lowered until the simulation just keeps them."""
    target = np.array([c["target"] for c in month.channels[:LIVE]])
    level = target.copy()
    for _ in range(_ROUNDS if tuned else 1):
        began = time.process_time()
        people = nominal_people(month, level, leave=tuned)
        plan = optimize(peer_problem(month, people.sum(axis=0)), limits)
        seconds = time.process_time() - began
        judged = judge_split(month, split_as_asked(month, plan, people), APART)
        off = judged.service[:LIVE] - target
        if tuned:
            _tell("  round", plan.cost, plan.bound, judged, seconds)
        if (np.abs(off) < TOLERANCE).all():
            break
        level = np.clip(level - off, 0.02, 0.99)
    return plan, judged, seconds


def _tell(name: str, cost: float, bound: float, judged: Judged, seconds: float) -> None:
    service = " ".join(
        f"{queue} {share:.3f}±{half:.3f}"
        for queue, share, half in zip(QUEUES, judged.service, judged.half, strict=True)
    )
    gap = (cost - bound) / cost
    print(
        f"{name:24} cost {cost:10.0f} bound {bound:10.0f} gap {gap:6.2%} {service} "
        f"occupancy {judged.occupancy:.3f} cpu_s {seconds:6.1f}",
        flush=True,
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the plans asked for and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("instance", type=Path)
    parser.add_argument("--people", choices=list(SIZES), default="120")
    parser.add_argument("--cpu-seconds", type=float, default=120.0)
    parser.add_argument("--occupancy-max", type=float, default=1.0)
    parser.add_argument("--only", choices=["ours", "nominal", "tuned"], nargs="*", default=None)
    options = parser.parse_args(arguments)
    month = read_month(options.instance, options.people)
    limits = Limits(seconds=options.cpu_seconds, gap=0.001, threads=2)
    asked = options.only or ["ours", "nominal", "tuned"]
    costs = {}
    for name in asked:
        if name == "ours":
            plan, judged, seconds = our_plan(month, limits, options.occupancy_max)
        else:
            plan, judged, seconds = peer_plan(month, limits, tuned=name == "tuned")
        costs[name] = plan.cost
        _tell(name, plan.cost, plan.bound, judged, seconds)
        for missed in plan.unmet[:5]:
            print(f"    missing: {missed.key} {missed.where}: {missed.amount:.2f} {missed.unit}")
    for name in asked:
        if name != "ours" and "ours" in costs:
            print(f"ours costs {1 - costs['ours'] / costs[name]:.1%} less than {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
