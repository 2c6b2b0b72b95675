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
import datetime as dt
import importlib.util
import os
import sys
import time
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

# One thread: processor seconds are what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from solver.optimize import optimize
from solver.problem import (
    Break,
    Contract,
    ContractKind,
    DeferredQueue,
    Group,
    HoursShare,
    Limits,
    LivePool,
    LiveQueue,
    Pattern,
    Presence,
    Problem,
    ServiceGoal,
)
from solver.result import ShiftPlan
from staffing.calendar import ALWAYS_OPEN, WEEKDAYS, Calendar, OpeningHours, deadline_s
from staffing.curves import floor_positions, service_curve
from staffing.deferred import due_interval, next_open, released
from staffing.erlang import required_agents
from staffing.simulation import Scene, occupancy, simulate
from staffing.timegrid import TimeGrid

QUEUES = ("phone", "chat", "email")
LIVE = 2
# A Monday on which a month of 28 days begins.
MONDAY = dt.date(2027, 2, 1)
SIZES = {"12": 30, "120": 30, "600": 30, "1100": 15}
FLOOR = 0.6
TOLERANCE = 0.006
_BIN_MIN = 5
_SLOT_MIN = 15
_ROUNDS = 4
_REPLICATIONS = 200
# Prices of what is missing: a contact out of time, an hour of a person, an hour of mail an hour
# late.
_CONTACT, _PERSON, _LATE, _COVER = 2_000.0, 600.0, 200.0, 6_000.0


@dataclass(frozen=True)
class Month:
    """An instance, read: arrivals by 5-minute bin of the horizon, (Q, 28 * 288)."""

    module: ModuleType
    people: str
    grid: TimeGrid
    fine: TimeGrid
    arrivals: np.ndarray
    workload_h: float

    @property
    def channels(self) -> list[dict[str, Any]]:
        """Facts of each queue."""
        return [self.module.CHANNELS[name] for name in QUEUES]

    @property
    def calendar(self) -> Calendar:
        """No holidays."""
        return Calendar(weekend=frozenset({6}))

    def hours(self) -> OpeningHours:
        """When mail is answered."""
        mail = self.module.CHANNELS["email"]
        opens, closes = (round(60 * h) for h in mail["business_h"])
        days = WEEKDAYS[: mail["business_days"]]
        return OpeningHours("mail", dict.fromkeys(days, ((opens, closes),)))

    def coarse(self, values: np.ndarray) -> np.ndarray:
        """Sums of 5-minute bins over the plan's intervals."""
        bins = self.grid.interval_min // _BIN_MIN
        return values.reshape(*values.shape[:-1], -1, bins).sum(axis=-1)

    def is_open(self, grid: TimeGrid) -> np.ndarray:
        """When live queues are open, (T,)."""
        bins = self.arrivals[:LIVE].sum(axis=0) > 0
        return bins.reshape(grid.size, -1).any(axis=1)


def read_month(path: Path, people: str) -> Month:
    """Read an instance of a size."""
    spec = importlib.util.spec_from_file_location("month_instance", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    stated = module.arrivals(people)
    first = round(module.OPEN_H * 60) // _BIN_MIN
    days = len(stated["email"])
    arrivals = np.zeros((len(QUEUES), days, 1440 // _BIN_MIN))
    for k, name in enumerate(QUEUES[:LIVE]):
        arrivals[k, :, first : first + stated[name].shape[1]] = stated[name]
    arrivals[LIVE] = stated["email"]
    return Month(
        module,
        people,
        TimeGrid(MONDAY, days, SIZES[people]),
        TimeGrid(MONDAY, days, _BIN_MIN),
        arrivals.reshape(len(QUEUES), -1),
        module.WORKLOAD_H_PER_WEEK[people],
    )


def our_problem(
    month: Month, level: np.ndarray, reserve: float, occupancy_max: float = 1.0
) -> Problem:
    """The integrated design: weekly service at `level` by live queue, a reserve for mail."""
    grid = month.grid
    offered = month.coarse(month.arrivals)
    is_open = month.is_open(grid)
    week_of = grid.period_of_interval("week")
    pools = []
    for k, channel in enumerate(month.channels[:LIVE]):
        curve = service_curve(
            offered[k],
            channel["aht_s"],
            interval_min=grid.interval_min,
            target_s=channel["target_s"],
            patience_s=channel["patience_s"],
            at_once=channel["at_once"],
            open_mask=is_open,
        )
        share = np.divide(
            curve.in_time,
            curve.offered[:, None],
            out=np.zeros_like(curve.in_time),
            where=is_open[:, None],
        )
        usual = np.maximum((share >= channel["target"]).argmax(axis=1), 1)
        busy = np.take_along_axis(curve.busy, usual[:, None], axis=1)[:, 0]
        levels = np.full(grid.weeks, min(0.998, level[k]))
        goal = ServiceGoal(
            k, QUEUES[k], "in_time", channel["target"], levels, "week", week_of, True, _CONTACT
        )
        everybody = np.ones(grid.size)
        pools.append(
            LivePool(
                name=QUEUES[k],
                queues=(LiveQueue(k, curve, everybody, everybody, (goal,)),),
                load=offered[k] * channel["aht_s"] / grid.interval_s / channel["at_once"],
                floor=floor_positions(curve, FLOOR, 1, is_open),
                idle_share=np.where(is_open, np.clip(1 - busy / usual, 0, 1), 1.0),
                price=_PERSON,
            )
        )
    mail, hours = month.channels[LIVE], month.hours()
    deferred = DeferredQueue(
        queue=LIVE,
        key="email",
        work_h=offered[LIVE] * mail["aht_s"] / 3600,
        due=due_interval(grid, mail["within_business_h"], "open_h", hours, month.calendar),
        open_mask=hours.open_mask(grid, month.calendar),
        reserve=np.full(grid.weeks, reserve),
        price=_LATE,
    )
    problem = _problem(month)
    return replace(problem, pools=tuple(pools), deferred=(deferred,), occupancy_max=occupancy_max)


def peer_problem(month: Month, required: np.ndarray) -> Problem:
    """A cover of people by interval, (T,)."""
    return replace(_problem(month), presence=(Presence(0, "cover", required, _COVER),))


def nominal_people(month: Month, level: np.ndarray, *, leave: bool) -> np.ndarray:
    """People by queue and interval, rounded up, (Q, T): Erlang C, or A where people leave.

    A chat takes one of the slots of a person. Mail is worked off evenly over the time in which it
    must be answered.
    """
    grid = month.grid
    offered = month.coarse(month.arrivals)
    people = np.zeros(offered.shape, dtype=np.int64)
    for k, channel in enumerate(month.channels[:LIVE]):
        there = offered[k] > 0
        slots = required_agents(
            offered[k, there] * channel["aht_s"] / grid.interval_s,
            aht_s=channel["aht_s"],
            target_s=channel["target_s"],
            service_level=level[k],
            patience_s=channel["patience_s"] if leave else np.inf,
        )
        people[k, there] = np.ceil(slots / channel["at_once"] - 1e-9)
    mail, hours = month.channels[LIVE], month.hours()
    mask = hours.open_mask(grid, month.calendar)
    work = released(offered[LIVE] * mail["aht_s"] / 3600, next_open(mask))[mask]
    window = round(mail["within_business_h"] / grid.interval_h)
    even = np.convolve(work, np.full(window, 1 / window))[: len(work)]
    people[LIVE, mask] = np.ceil(even / grid.interval_h - 1e-9)
    return people


def _problem(month: Month) -> Problem:
    """Shifts, contracts and people, without any service."""
    grid, module = month.grid, month.module
    shifts = module.shifts()
    slots = grid.interval_min // _SLOT_MIN
    opens = round(module.OPEN_H * 60) // grid.interval_min
    patterns = []
    for number, shift in enumerate(shifts):
        worked = np.flatnonzero(shift["at_work"])
        start, end = int(worked.min()), int(worked.max()) + 1
        patterns.append(
            Pattern(
                code=f"{shift['contract']}-{number}",
                shift=shift["contract"],
                start=opens + start // slots,
                length=(end - start) // slots,
                paid_h=shift["paid_h"],
                breaks=_breaks(shift["at_work"][start:end], slots),
            )
        )
    cap = 0.25 * month.workload_h
    terms = {
        "full_time": (ContractKind.FULL_TIME, 40.0, 40.0, 5, 5, 10**4),
        "part_time": (ContractKind.PART_TIME, 12.0, 24.0, 0, 6, 10**4),
        "outsourced": (ContractKind.OUTSOURCED, 0.0, 21.0, 0, 7, int(cap / 21)),
    }
    groups = []
    for name, (kind, least, most, shifts_min, shifts_max, people) in terms.items():
        own = tuple(k for k, s in enumerate(shifts) if s["contract"] == name)
        cost = np.zeros((grid.days, len(shifts)))
        for k in own:
            cost[:, k] = [module.shift_cost(shifts[k], d) for d in range(grid.days)]
        contract = Contract(
            name=name,
            kind=kind,
            people_min=0,
            people_max=people,
            week_hours_min=least,
            week_hours_max=most,
            week_shifts_min=shifts_min,
            week_shifts_max=shifts_max,
            wage_per_hour=module.PAY_PER_H[name],
            purchase_min_hours=0.01 * month.workload_h * grid.weeks if name == "outsourced" else 0,
            purchase_period="month",
        )
        groups.append(Group(name, contract, name, 0, people, np.ones(3), np.arange(3), own, cost))
    return Problem(
        grid=grid,
        calendar=month.calendar,
        queues=QUEUES,
        patterns=tuple(patterns),
        groups=tuple(groups),
        agents=(),
        pools=(),
        deferred=(),
        hours_shares=(HoursShare("part-time share", (1,), (0,), 0.3, "month"),),
        high_price=_PERSON,
    )


def _breaks(at_work: np.ndarray, slots: int) -> tuple[Break, ...]:
    """Slots of a shift that are not worked, as breaks with a fixed place."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], at_work, [1]])))
    found = []
    for begin, end in edges.reshape(-1, 2):
        # A run of slots is cut where an interval ends.
        cuts = sorted({begin, *range(-(-begin // slots) * slots, end, slots), end})
        for first, last in pairwise(cuts):
            place = int(first // slots)
            minutes = int(last - first) * _SLOT_MIN
            found.append(Break("break", minutes, True, place, place))
    return tuple(found)


@dataclass(frozen=True)
class Judged:
    """What a simulation says: share in time by queue with half its 95 % interval, occupancy."""

    service: np.ndarray
    half: np.ndarray
    occupancy: float


def judge(month: Month, agent: np.ndarray, speed: np.ndarray, stretches: np.ndarray) -> Judged:
    """Simulate stretches of duty, (P, 2) in quarter hours, of agents with their pace by queue."""
    grid, facts = month.fine, month.channels
    hours = month.hours()
    edges = np.arange(grid.size + 1) * float(grid.interval_s)
    due = np.full((len(QUEUES), grid.size + 1), np.inf)
    due[LIVE] = deadline_s(
        edges, facts[LIVE]["within_business_h"], "open_h", hours, month.calendar, grid
    )
    ones = np.ones(len(QUEUES))
    scene = Scene(
        grid=grid,
        queues=QUEUES,
        arrivals=month.arrivals,
        aht_s=np.repeat([[c["aht_s"]] for c in facts], grid.size, axis=1),
        aht_cv=ones,
        deferred=np.array([False, False, True]),
        patience_s=np.array([c.get("patience_s", np.inf) for c in facts]),
        redial_share=0 * ones,
        at_once=np.array([c.get("at_once", 1) for c in facts]),
        priority=np.array([1, 1, 2]),
        open_mask=np.array(
            [
                ALWAYS_OPEN.open_mask(grid, month.calendar),
                ALWAYS_OPEN.open_mask(grid, month.calendar),
                hours.open_mask(grid, month.calendar),
            ]
        ),
        target_s=np.array([c.get("target_s", 0.0) for c in facts]),
        due_s=due,
        speed=speed,
        order=np.ones(speed.shape, dtype=np.int64),
        duty_agent=agent,
        duty_start_s=stretches[:, 0] * _SLOT_MIN * 60.0,
        duty_end_s=stretches[:, 1] * _SLOT_MIN * 60.0,
        duty_shift=np.arange(len(agent)),
        absence=np.zeros(len(speed)),
        away_share=np.zeros(len(speed)),
        day_cv=0 * ones,
    )
    replications = max(20, _REPLICATIONS if month.people in ("12", "120") else _REPLICATIONS // 5)
    result = simulate(scene, replications=replications, seed=1)
    in_time = result.in_time.sum(axis=2, dtype=float)
    offered = result.offered.sum(axis=2, dtype=float)
    service = in_time.sum(axis=0) / offered.sum(axis=0)
    spread = (in_time - service * offered).std(axis=0, ddof=1) / offered.mean(axis=0)
    return Judged(service, 1.96 * spread / replications**0.5, occupancy(scene, result)[0])


def split_by_design(month: Month, plan: ShiftPlan) -> np.ndarray:
    """People on each queue by quarter hour, (Q, slots), as the design splits their time.

    Live queues have their share of an interval spread evenly over its quarters, in whole people;
    mail has the rest.
    """
    there = _there(month, plan)
    slots = month.grid.interval_min // _SLOT_MIN
    split = np.zeros((len(QUEUES), len(there)), dtype=np.int64)
    left = there.copy()
    for k in range(LIVE):
        wanted = np.repeat(plan.positions[k], slots)
        carried = 0.0
        for slot in np.flatnonzero(there):
            carried = max(-1.0, min(1.0, carried)) + wanted[slot]
            split[k, slot] = min(left[slot], max(0, round(carried)))
            carried -= split[k, slot]
        left -= split[k]
    split[LIVE] = left
    return split


def split_as_asked(month: Month, plan: ShiftPlan, people: np.ndarray) -> np.ndarray:
    """People on each queue by quarter hour, (Q, slots), in proportion to people asked for."""
    there = _there(month, plan)
    asked = np.repeat(people, month.grid.interval_min // _SLOT_MIN, axis=1).astype(float)
    ideal = asked * there / np.maximum(asked.sum(axis=0), 1)
    split = np.floor(ideal)
    # The largest remainders, live queues first among equals.
    order = np.argsort(-(ideal - split), axis=0, kind="stable").argsort(axis=0)
    split += order < (there - split.sum(axis=0))
    split[:, asked.sum(axis=0) == 0] = 0
    return split.astype(np.int64)


def _there(month: Month, plan: ShiftPlan) -> np.ndarray:
    """People at work by quarter hour, (slots,)."""
    at_work = np.array([s["at_work"] for s in month.module.shifts()])
    first = round(month.module.OPEN_H * 60) // _SLOT_MIN
    there = np.zeros((month.grid.days, 1440 // _SLOT_MIN), dtype=np.int64)
    there[:, first : first + at_work.shape[1]] = plan.counts.sum(axis=0) @ at_work
    return there.ravel()


def judge_split(month: Month, split: np.ndarray, skills: np.ndarray) -> Judged:
    """Simulate a split, (Q, slots): the k-th place on a queue is an agent with its `skills`."""
    agents, stretches, speed = [], [], []
    for k, row in enumerate(split):
        for position in range(int(row.max(initial=0))):
            edges = np.flatnonzero(np.diff(np.concatenate([[0], row > position, [0]]).astype(int)))
            agents += [len(speed)] * (len(edges) // 2)
            stretches.append(edges.reshape(-1, 2))
            speed.append(skills[k])
    return judge(month, np.array(agents), np.array(speed), np.concatenate(stretches))


# Whoever waits for live contacts answers mail meanwhile.
MAIL_IN_IDLE_TIME = np.array([[1.0, 0, 1], [0, 1, 1], [0, 0, 1]])
APART = np.eye(3)


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
