"""Names for a month of seats: how many are filled, what it costs in processor time, what is broken.

    python benchmarks/naming.py --people 850 --seed 1
    python benchmarks/naming.py --people 850 --seed 1 --absent 0.05

The instance is synthetic and made from the seed: people of four contracts in three roles with 2 %
of leave, wishes, pins, teams and weekends carried over; seats that follow a week's demand and ask
for all the shifts that the contracts owe after leave. Nothing guarantees that every seat can be
filled. The roster is judged by the independent checker. With `--absent` that share of the people at
work on the second Wednesday cannot come, everybody may work one shift of overtime a week, and the
repair is measured and judged.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

# One thread: processor seconds are what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenarios.run import schedule_frame
from solver.breaks import place_breaks
from solver.check import check
from solver.check_facts import Terms
from solver.problem import (
    Agent,
    Break,
    Contract,
    ContractKind,
    Group,
    Mode,
    Pattern,
    Problem,
    Rule,
    Wish,
)
from solver.repair import repair
from solver.result import Roster, ShiftPlan
from solver.roster import name_shifts, prove_names
from solver.rules import DEFAULT_RULES, law_rules
from solver.week_terms import week_terms
from staffing.calendar import Calendar
from staffing.timegrid import TimeGrid

START = dt.date(2026, 6, 1)
DAYS = 28
LEAVE = 0.02
#: Share of a week's shifts on each weekday.
WEEK = np.array([1.12, 1.06, 1.04, 1.02, 1.0, 0.72, 0.62])
_STEP_MIN = 30


@dataclass(frozen=True)
class _Kind:
    """A contract in a role: share of the people, its week, its shifts."""

    name: str
    role: str
    share: float
    kind: ContractKind
    hours: float
    shifts: int
    patterns: tuple[tuple[str, float, float, float], ...]
    """Shift code, length in hours, first and last start in hours."""


KINDS = (
    _Kind("full", "service", 0.60, ContractKind.FULL_TIME, 40, 5, (("D", 8.5, 7, 14.5),)),
    _Kind("part", "service", 0.22, ContractKind.PART_TIME, 20, 5,
          (("P", 4, 7, 18.5), ("Q", 6, 8, 16))),
    _Kind("mail", "back office", 0.10, ContractKind.FULL_TIME, 40, 5, (("M", 8.5, 7, 10),)),
    _Kind("round", "round the clock", 0.08, ContractKind.FULL_TIME, 40, 5,
          (("E", 8.5, 6, 7), ("L", 8.5, 13.5, 14.5), ("N", 8.5, 22, 22))),
)  # fmt: skip


def instance(people: int, seed: int) -> tuple[Problem, ShiftPlan]:
    """Make a problem without queues and a design of seats for it."""
    rng = np.random.default_rng(seed)
    grid = TimeGrid(START, DAYS, _STEP_MIN)
    lunch = Break("lunch", 30, paid=False, earliest=5, latest=10)
    patterns: list[Pattern] = []
    groups: list[Group] = []
    sizes = np.floor(np.array([kind.share for kind in KINDS]) * people).astype(int)
    sizes[0] += people - sizes.sum()
    for kind, size in zip(KINDS, sizes, strict=True):
        own = []
        for code, length, first, last in kind.patterns:
            for start in np.arange(first, last + 0.25, 0.5):
                own.append(len(patterns))
                rests = (lunch,) if length > 6 else ()
                name = f"{code}@{int(start):02d}:{int(start % 1 * 60):02d}"
                paid = length - 0.5 * len(rests)
                patterns.append(Pattern(name, code, int(2 * start), int(2 * length), paid, rests))
        contract = Contract(
            kind.name, kind.kind, int(size), int(size),
            kind.hours if kind.kind is ContractKind.FULL_TIME else 0.6 * kind.hours, kind.hours, 0,
            kind.shifts, 20.0,
        )  # fmt: skip
        groups.append(
            Group(kind.name, contract, kind.role, int(size), int(size), np.ones(1),
                  np.zeros(1, dtype=int), tuple(own), np.zeros((DAYS, 0)))
        )  # fmt: skip
    paid = np.array([p.paid_h for p in patterns])
    groups = [_priced(group, paid) for group in groups]
    agents = _people(rng, groups, patterns)
    rules = (*law_rules("eu"), *DEFAULT_RULES, Rule("max_consecutive_days", 6, Mode.HARD),
             Rule("min_free_weekends", 1, Mode.HARD), Rule("max_consecutive_nights", 4, Mode.HARD),
             Rule("max_hours_week", 48, Mode.LAW))  # fmt: skip
    problem = Problem(
        grid, Calendar(), ("work",), tuple(patterns), tuple(groups),
        tuple(agents), (), (), rules=rules,
    )  # fmt: skip
    return problem, _seats(rng, problem)


def _priced(group: Group, paid: np.ndarray) -> Group:
    cost = np.tile(paid * group.contract.wage_per_hour, (DAYS, 1))
    return replace(group, shift_cost=cost)


def _people(rng: np.random.Generator, groups: list[Group], patterns: list[Pattern]) -> list[Agent]:
    agents = []
    for g, group in enumerate(groups):
        for number in range(group.people_min):
            away: set[int] = set()
            if rng.random() < LEAVE * DAYS / 4:
                length = int(rng.integers(1, 8))
                first = int(rng.integers(0, DAYS - length + 1))
                away = set(range(first, first + length))
            free = [d for d in range(DAYS) if d not in away]
            wishes = tuple(
                Wish(int(d), "", float(rng.choice([5, 10, 20])))
                for d in rng.choice(free, size=2, replace=False)
            )
            pins = {}
            if rng.random() < 0.05:
                day = int(rng.choice(free))
                pins[day] = "" if rng.random() < 0.5 else patterns[group.patterns[0]].shift
            agents.append(
                Agent(
                    f"{group.name} {number + 1}", g, f"{group.name} team {number // 15 + 1}",
                    paid_away=frozenset(away), wishes=wishes, pins=pins,
                    carried_weekends=int(rng.integers(0, 3)),
                )
            )  # fmt: skip
    return agents


def _seats(rng: np.random.Generator, problem: Problem) -> ShiftPlan:
    """Seats of each group: the shifts that its contract owes, spread over days and starts."""
    grid, shape = problem.grid, (len(problem.groups), DAYS, len(problem.patterns))
    counts = np.zeros(shape, dtype=np.int64)
    for g, group in enumerate(problem.groups):
        members = [problem.agents[a] for a in problem.agents_of(g)]
        own = np.array(group.patterns)
        paid = np.array([problem.patterns[p].paid_h for p in own])
        shape_of_day = rng.dirichlet(np.full(len(own), 4.0))
        for week in range(grid.weeks):
            hours = sum(week_terms(problem, a, week).hours_max for a in members)
            shifts = int(hours / float(shape_of_day @ paid))
            shifts = min(shifts, sum(week_terms(problem, a, week).shifts_max for a in members))
            by_day = _shared(WEEK / WEEK.sum() * shifts)
            for k, number in enumerate(by_day.tolist()):
                day = 7 * week + k
                there = sum(a.available(day) for a in members)
                wave = shape_of_day * rng.uniform(0.85, 1.15, len(own))
                counts[g, day, own] = _shared(wave / wave.sum() * min(number, there))
    heads = np.array([len(problem.agents_of(g)) for g in range(len(problem.groups))])
    nothing = np.zeros((1, grid.size))
    return ShiftPlan(counts, heads, nothing, nothing, np.zeros((len(heads), grid.size)), 0.0, 0.0)


def _shared(amounts: np.ndarray) -> np.ndarray:
    """Whole numbers near amounts, with the same sum rounded."""
    whole = np.floor(amounts).astype(np.int64)
    left = round(float(amounts.sum())) - int(whole.sum())
    whole[np.argsort(whole - amounts, kind="stable")[:left]] += 1
    return whole


def judged(problem: Problem, roster: Roster) -> pd.DataFrame:
    """Findings of the independent checker."""
    roster = place_breaks(problem, roster, np.zeros((len(problem.groups), problem.grid.size)))
    schedule = schedule_frame(problem, roster, {})
    grid, rows = problem.grid, []
    for rest in roster.breaks:
        begin = pd.Timestamp(grid.start) + pd.Timedelta(days=rest.day, minutes=rest.start_min)
        end = begin + pd.Timedelta(minutes=rest.minutes)
        name = roster.agents[rest.agent].name
        rows.append((name, begin.isoformat(), end.isoformat(), "break"))
    done = pd.DataFrame(rows, columns=["agent", "start", "end", "activity"])
    return check(schedule, done, Terms.of(problem, roster)).findings


def main(arguments: list[str] | None = None) -> int:
    """Name an instance and print what came of it."""
    parser = argparse.ArgumentParser(description="Name a synthetic month of seats.")
    parser.add_argument("--people", type=int, default=850)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--absent", type=float, default=0.0)
    options = parser.parse_args(arguments)
    problem, design = instance(options.people, options.seed)
    began = time.process_time()
    roster = name_shifts(problem, design, seed=options.seed)
    seconds = time.process_time() - began
    findings = judged(problem, roster)
    began = time.process_time()
    proof = prove_names(problem, design, roster)
    proof_s = time.process_time() - began
    broken = findings[findings["mode"] != "priced"]
    priced = findings[findings["mode"] == "priced"].groupby("rule")["amount"].sum()
    seats, empty = int(design.counts.sum()), int(roster.unfilled.sum())
    print(f"people={options.people} seats={seats} empty={empty} filled={1 - empty / seats:.4%}")
    for note in roster.notes:
        print(" ", note)
    print("broken:", broken["rule"].value_counts().to_dict() or "nothing")
    print("priced:", {rule: round(float(amount), 1) for rule, amount in priced.items()})
    print(f"names cost={proof.cost:.0f} bound={proof.bound:.0f} proof_cpu_s={proof_s:.1f}")
    print(f"cpu_s={seconds:.1f} total_cpu_s={time.process_time():.1f}")
    if options.absent:
        broken = pd.concat([broken, repaired(problem, roster, options.absent, options.seed)])
    return int(len(broken) > 0)


def repaired(problem: Problem, roster: Roster, share: float, seed: int) -> pd.DataFrame:
    """Repair a day, print what came of it, and give the rules broken."""
    groups = tuple(
        replace(
            g,
            contract=replace(
                g.contract,
                overtime_max_hours=8.0,
                week_shifts_max=g.contract.week_shifts_max + 1,
            ),
        )
        for g in problem.groups
    )
    problem = replace(problem, groups=groups)
    none = np.zeros((len(groups), problem.grid.size))
    roster = place_breaks(problem, roster, none)
    day = 9
    on = np.flatnonzero(roster.shifts[:, day] >= 0)
    ill = np.random.default_rng(seed).choice(on, size=round(share * len(on)), replace=False)
    began = time.process_time()
    answer = repair(problem, roster, {int(a): {day} for a in ill}, change_price=20.0)
    seconds = time.process_time() - began
    changed = (answer.roster.shifts != roster.shifts).any(axis=1)
    changed[ill] = False
    findings = judged(problem, answer.roster)
    broken = findings[findings["mode"] != "priced"]
    print(
        f"absent={len(ill)} open={answer.open_seats} called={answer.called} "
        f"others changed={int(changed.sum()) - answer.called} candidates={len(answer.candidates)}"
    )
    print("broken after:", broken["rule"].value_counts().to_dict() or "nothing")
    print(f"repair_cpu_s={seconds:.1f}")
    return broken


if __name__ == "__main__":
    raise SystemExit(main())
