"""Processor seconds of a sweep against those of a single plan.

    python benchmarks/sweeps.py --example cloud_crm --vary targets.chat.share=0.7:0.92:0.02

The plan as it is comes first, alone, in a process of its own like the points of the sweep. Prints
every point's cost, bound, gap, rounds and processor seconds, and the ratio last.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from joblib import Parallel, delayed

from scenarios.plan import load
from scenarios.run import plan_run
from scenarios.sweep import sweep

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def main() -> None:
    """Plan once, sweep, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--example", default="cloud_crm")
    parser.add_argument("--vary", action="append", required=True)
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    plan = load(EXAMPLES / options.example)
    (alone,) = Parallel(n_jobs=2)([delayed(plan_run)(plan)])
    single = float(alone.result["cpu_s"])
    print(f"single plan: {single:.1f} CPU-s, cost {alone.result['cost']:,.0f}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        found = sweep(plan, options.vary, folder, workers=options.workers, say=print)
    shown = [one.name for one in found.varied]
    shown += ["status", "cost", "bound", "gap", "least_margin", "rounds", "cpu_s"]
    print(found.table[shown].to_string(index=False))
    spent = float(found.table["cpu_s"].sum())
    print(f"points={len(found.points)} cpu_s={spent:.1f} single_plans={spent / single:.2f}")


if __name__ == "__main__":
    main()
