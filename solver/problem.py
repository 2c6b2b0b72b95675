"""What the solver is told: frozen data, no solver in it.

Sizes: Q queues, T = grid.size intervals, D = grid.days days, G groups, P patterns, A agents. Money
is in the plan's currency, time in intervals of the grid unless the name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from staffing.calendar import Calendar
from staffing.timegrid import TimeGrid

if TYPE_CHECKING:
    from staffing.curves import ServiceCurve
    from staffing.shrinkage import AttendanceSeries

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Mode(StrEnum):
    """How firmly a rule is meant."""

    LAW = "law"
    HARD = "hard"
    PRICED = "priced"


class ContractKind(StrEnum):
    """Kinds of employment."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"
    TEMPORARY = "temporary"
    OUTSOURCED = "outsourced"


@dataclass(frozen=True)
class Break:
    """A break of a shift; it starts between two offsets, in intervals from the shift's start."""

    name: str
    minutes: int
    paid: bool
    earliest: int
    latest: int
    leaves_post: bool = True


@dataclass(frozen=True)
class Pattern:
    """A shift at one start time.

    `code` is unique (D@08:00), `shift` the code people know (D), `start` the interval of the day,
    `length` in intervals; a pattern may run past midnight. `weekdays` are numbers, Monday 0.
    """

    code: str
    shift: str
    start: int
    length: int
    paid_h: float
    breaks: tuple[Break, ...] = ()
    weekdays: frozenset[int] = frozenset(range(7))

    @property
    def end(self) -> int:
        """Interval, counted from the start's midnight, at which the pattern ends."""
        return self.start + self.length


@dataclass(frozen=True)
class Contract:
    """A kind of employment, days as numbers of the grid (first_day <= day <= last_day).

    `purchase_min_hours` are bought, if any are, in each period of the kind `purchase_period`.
    """

    name: str
    kind: ContractKind
    people_min: int
    people_max: int
    week_hours_min: float
    week_hours_max: float
    week_shifts_min: int
    week_shifts_max: int
    wage_per_hour: float
    month_salary: float = 0.0
    month_hours_max: float = np.inf
    first_day: int = -(10**6)
    last_day: int = 10**6
    hire_cost: float = 0.0
    purchase_min_hours: float = 0.0
    purchase_period: str = "week"
    overtime_max_hours: float = 0.0
    cost_centre: str = ""

    @property
    def hourly_base(self) -> float:
        """Pay of an hour on which premiums and overtime are reckoned."""
        if self.wage_per_hour > 0:
            return self.wage_per_hour
        return self.month_salary * 12 / 52 / self.week_hours_max

    def employs(self, day: int) -> bool:
        """Whether the contract runs on a day."""
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True)
class Wish:
    """A person's wish for a day: to be off (`shift` empty) or to work a shift, and its price."""

    day: int
    shift: str
    weight: float


@dataclass(frozen=True)
class Agent:
    """A person of one group.

    Parameters
    ----------
    speed
        Pace beside the group's.
    paid_away
        Days of leave, sickness or training: not to be planned, but paid under a full-time contract,
        counting 8 hours (at most five days a week).
    unavailable
        Days not to be planned and not paid.
    pins
        Day -> pattern code (or shift code, or empty for a day off) that must be kept.
    named
        Whether the plan names the person; the others are numbered by the solver.
    """

    name: str
    group: int
    team: str
    speed: float = 1.0
    paid_away: frozenset[int] = frozenset()
    unavailable: frozenset[int] = frozenset()
    wishes: tuple[Wish, ...] = ()
    pins: dict[int, str] = field(default_factory=dict)
    carried_weekends: int = 0
    carried_nights: int = 0
    named: bool = True

    def available(self, day: int) -> bool:
        """Whether the person can be planned on a day."""
        return day not in self.paid_away and day not in self.unavailable


@dataclass(frozen=True)
class Group:
    """People who are alike to the design: one contract, one role.

    Parameters
    ----------
    speed, order
        Pace (0: cannot) and preference by queue, (Q,).
    patterns
        Numbers of the patterns that its people may work.
    shift_cost
        Cost of a pattern on a day with premiums in, (D, P); what a salary already pays is not in
        it.
    attendance
        Share of a person on duty that is really there (after sickness and meetings).
    absence, away_share
        The two parts of 1 - attendance: whole shifts missed, and time away within a shift.
    attended
        The same by interval where it is not alike at all times, and goes before them.
    """

    name: str
    contract: Contract
    role: str
    people_min: int
    people_max: int
    speed: Floats
    order: Ints
    patterns: tuple[int, ...]
    shift_cost: Floats
    attendance: float = 1.0
    absence: float = 0.0
    away_share: float = 0.0
    attended: AttendanceSeries | None = None


@dataclass(frozen=True)
class ServiceGoal:
    """A share (or cap) that a live queue promises in each period.

    `measure`: `in_time` (share answered in time at least `level`), `abandoned` (share at most) or
    `wait` (mean seconds at most). `level` is by period, (periods,), because corrections after a
    simulation raise or lower it; `promised` is what the plan says. `period_of` maps intervals.
    """

    queue: int
    key: str
    measure: str
    promised: float
    level: Floats
    period: str
    period_of: Ints
    hard: bool
    price: float


@dataclass(frozen=True)
class LiveQueue:
    """A queue answered at once, as a part of its pool's line.

    `curve` is the whole line's (the same object for queues that are timed against the same number
    of seconds), `share` (T,) the part of the line's contacts that is the queue's own, `leaving`
    (T,) its part of those who give up.
    """

    queue: int
    curve: ServiceCurve
    share: Floats
    leaving: Floats
    goals: tuple[ServiceGoal, ...]

    @property
    def offered(self) -> Floats:
        """Contacts offered to the queue, (T,)."""
        return self.curve.offered * self.share


@dataclass(frozen=True)
class LivePool:
    """Live queues that the same people serve in one line.

    One position serves all queues of a pool, so its curves count what the whole pool offers, of
    which each queue has its share. Small queues apart would each ask for people of their own.

    Parameters
    ----------
    name
        The queues' names.
    queues
        The queues.
    load
        (T,) offered load of the pool in agents.
    floor
        (T,) least people on duty who can serve the pool, whole people.
    idle_share
        (T,) share of a position's time that waits for contacts at the usual staffing.
    price
        Of an hour of a missing person under the floor.
    """

    name: str
    queues: tuple[LiveQueue, ...]
    load: Floats
    floor: Ints
    idle_share: Floats
    price: float


@dataclass(frozen=True)
class DeferredQueue:
    """Work with deadlines: a queue, or the part of its work that one of its promises is about.

    `work_h` (T,) hours of work of pace 1 that arrive in an interval; `due` (T,) the interval by the
    end of which work of that interval must be done, T or more when beyond the horizon; `open_mask`
    (T,) when it may be done. `reserve` by week, (weeks,): the plan makes room for (1 + reserve)
    times the work. `price` of an hour of work done late. `opening` lists what waits at the start:
    hours and the interval by the end of which they are due, none later than what arrives first.
    `given_h` is the usual time to answer where arrivals do not tell it (a campaign).
    """

    queue: int
    key: str
    work_h: Floats
    due: Ints
    open_mask: Bools
    reserve: Floats
    price: float
    hard: bool = True
    opening: tuple[tuple[float, int], ...] = ()
    given_h: float | None = None

    @property
    def total_h(self) -> float:
        """Hours of work over the horizon, with what waits at the start."""
        return float(self.work_h.sum()) + sum(hours for hours, _ in self.opening)


@dataclass(frozen=True)
class Presence:
    """People with a queue among their skills who must be on duty, by interval, (T,)."""

    queue: int
    key: str
    required: Ints
    price: float


@dataclass(frozen=True)
class DayHeads:
    """People with a queue among their skills who must work on a day, (D,)."""

    queue: int
    key: str
    required: Ints
    price: float


@dataclass(frozen=True)
class Rule:
    """A rule of the catalogue in force for some people.

    `scope` is all, contract, role, team or agent and `who` the name in that scope.
    """

    id: str
    value: float
    mode: Mode
    scope: str = "all"
    who: str = ""
    price: float = 0.0

    def binds(self, group: Group, agent: Agent) -> bool:
        """Whether the rule binds a person."""
        return self.scope == "all" or self.who == {
            "contract": group.contract.name,
            "role": group.role,
            "team": agent.team,
            "agent": agent.name,
        }.get(self.scope)


@dataclass(frozen=True)
class Premium:
    """Pay beyond the wage in a window of some days: factor 1.5 adds half of the hourly base.

    `day_mask` (D + 2,) says on which days of the horizon (and the two after) it holds, `from_min`
    and `to_min` the minutes of those days. `contract` empty: all but outsourced.
    """

    name: str
    contract: str
    day_mask: Bools
    from_min: int
    to_min: int
    factor: float


@dataclass(frozen=True)
class PriceStep:
    """An outsourced contract's price per hour from a number of hours a week on."""

    contract: str
    from_hours: float
    price_per_hour: float


@dataclass(frozen=True)
class OvertimeTier:
    """Pay of overtime over the hourly base from a person's `from_hours` of it in a week on.

    `contract` empty: of all contracts that have no tiers of their own.
    """

    contract: str
    from_hours: float
    factor: float


@dataclass(frozen=True)
class HoursShare:
    """Planned hours of some groups, at most a share of those of others in each period."""

    key: str
    of: tuple[int, ...]
    base: tuple[int, ...]
    share: float
    period: str


@dataclass(frozen=True)
class Limits:
    """When to stop: processor seconds, gap; and what makes a run repeatable."""

    seconds: float = 120.0
    gap: float = 0.005
    seed: int = 1
    threads: int = 2


@dataclass(frozen=True)
class Problem:
    """A planning problem, whole.

    `most_seats` holds (group, day, pattern, seats): no more of that shift is planned then.
    """

    grid: TimeGrid
    calendar: Calendar
    queues: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    groups: tuple[Group, ...]
    agents: tuple[Agent, ...]
    pools: tuple[LivePool, ...]
    deferred: tuple[DeferredQueue, ...]
    presence: tuple[Presence, ...] = ()
    day_heads: tuple[DayHeads, ...] = ()
    rules: tuple[Rule, ...] = ()
    premiums: tuple[Premium, ...] = ()
    price_steps: tuple[PriceStep, ...] = ()
    overtime_tiers: tuple[OvertimeTier, ...] = ()
    hours_shares: tuple[HoursShare, ...] = ()
    overtime_factor: float = 1.5
    most_seats: tuple[tuple[int, int, int, int], ...] = ()
    occupancy_max: float = 1.0
    idle_efficiency: float = 0.8
    high_price: float = 1000.0

    def agents_of(self, group: int) -> tuple[int, ...]:
        """Numbers of the agents of a group."""
        return tuple(k for k, agent in enumerate(self.agents) if agent.group == group)

    def overtime_steps(self, contract: Contract) -> list[tuple[float, float]]:
        """Tiers of a contract's overtime, each from which hours and at which factor, rising."""
        own = [t for t in self.overtime_tiers if t.contract == contract.name]
        stated = own or [t for t in self.overtime_tiers if not t.contract]
        steps = sorted((t.from_hours, t.factor) for t in stated)
        if not steps or steps[0][0] > 0:
            steps.insert(0, (0.0, self.overtime_factor))
        return steps

    def rule_value(self, rule_id: str, group: Group, agent: Agent) -> float | None:
        """Tightest value of a law or hard rule for a person, or None if none is in force."""
        values = [
            r.value
            for r in self.rules
            if r.id == rule_id and r.mode is not Mode.PRICED and r.binds(group, agent)
        ]
        if not values:
            return None
        return max(values) if rule_id.startswith("min_") else min(values)
