"""The instance of `benchmarks/month.py` as problems for the solver: ours and the peers'."""

from __future__ import annotations

import datetime as dt
import importlib.util
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from solver.problem import (
    Break,
    Contract,
    ContractKind,
    DeferredQueue,
    Group,
    HoursShare,
    LivePool,
    LiveQueue,
    Pattern,
    Presence,
    Problem,
    ServiceGoal,
)
from staffing.calendar import WEEKDAYS, Calendar, OpeningHours
from staffing.curves import floor_positions, service_curve
from staffing.deferred import due_interval, next_open, released
from staffing.erlang import required_agents
from staffing.timegrid import TimeGrid

QUEUES = ("phone", "chat", "email")
LIVE = 2
# A Monday on which a month of 28 days begins.
MONDAY = dt.date(2027, 2, 1)
SIZES = {"12": 30, "120": 30, "600": 30, "1100": 15}
FLOOR = 0.6
_BIN_MIN = 5
SLOT_MIN = 15
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
    slots = grid.interval_min // SLOT_MIN
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
            minutes = int(last - first) * SLOT_MIN
            found.append(Break("break", minutes, True, place, place))
    return tuple(found)
