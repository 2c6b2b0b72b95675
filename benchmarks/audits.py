"""Audits of the whole chain on plans drawn by a seed, each against something independent.

    python benchmarks/audits.py plans --number 300
    python benchmarks/audits.py optima --number 60
    python benchmarks/audits.py impossible --number 40
    python benchmarks/audits.py prices --plan examples/cloud_crm

`plans`: small plans are designed, named and checked; the model's cost, the checker's and a third
reckoning from schedule and plan alone must agree to the cent, and no law or hard rule be broken.
`optima`: tiny plans must cost what a compact model, written apart, proves to be least.
`impossible`: plans that cannot be kept must be planned all the same, tell what is unmet, and offer
something first that, granted, makes them hold or saves what is said (within 5 %).
`prices`: what `staffing explain` tells of each target, rule and contract is solved anew without it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenarios.plan import load
from tests.audits.accounts import account
from tests.audits.compact import least_cost
from tests.audits.grants import first_offer_faults, price_faults
from tests.audits.impossible import impossible_plan
from tests.audits.plans import random_plan
from tests.audits.tiny import tiny_plan

CENT = 0.01


def plans(folder: Path, seed: int) -> list[str]:
    """What does not agree about a small plan."""
    return account(random_plan(folder, seed)).faults()


def optima(folder: Path, seed: int) -> list[str]:
    """How a tiny plan differs from its optimum."""
    plan = tiny_plan(folder, seed)
    ours = account(plan, seconds=20, gap=0.0, tries=8)
    best, cost = least_cost(plan, ours.problem), ours.checked + ours.missing
    found = ours.faults()
    if abs(cost - best) > CENT:
        found.append(f"cost {cost:.2f}, optimum {best:.2f}, bound {ours.design.bound:.2f}")
        found += ours.roster.notes
    return found


def impossible(folder: Path, seed: int) -> list[str]:
    """What is wrong with the run or the first offer of a plan that cannot be kept."""
    kind, plan = impossible_plan(folder, seed)
    return [f"{kind}: {fault}" for fault in first_offer_faults(plan)]


AUDITS: dict[str, Callable[[Path, int], list[str]]] = {
    "plans": plans,
    "optima": optima,
    "impossible": impossible,
}


def main() -> None:
    """Run an audit and print what does not hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("audit", choices=[*AUDITS, "prices"])
    parser.add_argument("--number", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--plan", type=Path, default=Path("examples/cloud_crm"))
    arguments = parser.parse_args()
    if arguments.audit == "prices":
        faults = price_faults(load(arguments.plan))
        print(*faults, sep="\n")
        print(f"prices: {len(faults)} not confirmed, cpu_s={time.process_time():.0f}")
        return
    hold = 0
    for seed in range(arguments.first, arguments.first + arguments.number):
        with tempfile.TemporaryDirectory() as folder:
            faults = AUDITS[arguments.audit](Path(folder) / "plan", seed)
        hold += not faults
        if faults:
            print(f"seed {seed}: " + "; ".join(faults), flush=True)
    print(f"{arguments.audit}: {hold} of {arguments.number} hold, cpu_s={time.process_time():.0f}")


if __name__ == "__main__":
    main()
