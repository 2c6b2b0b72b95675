"""What is known of a year of months, and what is chosen: frozen data, no solver."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.problem import ContractKind, Floats

#: Hours below this are what floats leave over.
SMALL_H = 1e-6
#: Kinds of cost, the keys of `HiringPlan.costs`.
COST_KINDS = ("wage", "salary", "overtime", "hire", "class", "price_step")


@dataclass(frozen=True)
class Work:
    """What a queue asks for, by month.

    `hours` (M,) of an experienced person on duty; `busy` (M,) of them are handling, the rest waits
    for contacts (live queues only: for deferred work both are equal).
    """

    name: str
    hours: Floats
    busy: Floats
    live: bool


@dataclass(frozen=True)
class Post:
    """People who must be there: `hours` (M,) of presence, given by any of the `staff` (numbers)."""

    name: str
    hours: Floats
    staff: tuple[int, ...]


@dataclass(frozen=True)
class Tier:
    """Overtime from its own price on: at most `hours` (M,) a person and month, `price` an hour."""

    hours: Floats
    price: Floats
    factor: float


@dataclass(frozen=True)
class Step:
    """Price of outsourced hours beyond `from_h` in a week."""

    from_h: float
    price: float


@dataclass(frozen=True)
class Staff:
    """People of one contract in one role, by month (M,) where not said otherwise.

    Parameters
    ----------
    speed
        (Q,) against an experienced person's, 0 where a queue is not served.
    order
        (Q,) 1 where they are the first choice, more where others are; decides between equal costs.
    people
        On the roll when the first month begins; none for outsourced.
    joins
        People known to come in a month, hired already: they ramp as others do, and cost no hire.
    people_min, people_max
        On the roll in a month; the least holds for temporary people alone.
    attrition
        Share of the roll that leaves in a month.
    hours_min, hours_max
        Paid hours of a person, without overtime.
    productive
        Productive hours of a paid hour: attendance times the pace of those there at the start, over
        the scheduling inefficiency.
    ramp
        (K,) share of a month's hours that a person loses in the k-th month after hiring (training
        and slower work).
    price
        Of a paid hour, premiums in. `salary` (M,) is paid a person and month whatever the hours.
    hire_cost, class_cost, class_min, class_max, first_hire
        Money for each person and each class hired, people in a class, first month in which one can
        begin.
    occupancy
        Highest share of hours on duty that may be handling.
    overtime
        Tiers, the cheapest first.
    weeks
        Weeks in which the contract runs.
    purchase_min_h, purchase_by_month
        Outsourced: hours paid at least in a week (or month) in which any are bought.
    steps
        Outsourced: prices from a number of hours a week on, after `price`.
    """

    name: str
    kind: ContractKind
    speed: Floats
    order: Floats
    people: float
    joins: Floats
    people_min: Floats
    people_max: Floats
    attrition: Floats
    hours_min: Floats
    hours_max: Floats
    productive: Floats
    ramp: Floats
    price: Floats
    salary: Floats
    weeks: Floats
    hire_cost: float = 0.0
    class_cost: float = 0.0
    class_min: int = 1
    class_max: int = 0
    first_hire: int = 0
    occupancy: float = 1.0
    overtime: tuple[Tier, ...] = ()
    purchase_min_h: float = 0.0
    purchase_by_month: bool = False
    steps: tuple[Step, ...] = ()

    @property
    def is_bought(self) -> bool:
        """Whether hours are bought instead of people hired."""
        return self.kind is ContractKind.OUTSOURCED


@dataclass(frozen=True)
class HiringProblem:
    """Queues, posts and staff over `months`; `shortage_price` of an hour that nobody works."""

    months: int
    works: tuple[Work, ...]
    posts: tuple[Post, ...]
    staff: tuple[Staff, ...]
    shortage_price: float


@dataclass(frozen=True)
class HiringPlan:
    """People, hours and money by staff (S) and month (M).

    `people` on the roll (for outsourced: hours over a person's most), `hires`, `classes`,
    `leavers`, `regular_h` paid hours without overtime (for outsourced: bought), `overtime_h`
    (S, tiers, M), `ramp_h` lost to training and ramp, `given_h` (S, Q + posts, M) productive hours
    that are needed, by queue and post (waiting time that deferred work fills counts there),
    `short_h` (Q + posts, M) that nobody works, `weeks_bought` of outsourced hours.
    `costs` by kind (wage, salary, overtime, hire, class, price_step, purchase_min), (S, M) each;
    `cost` their sum, `bound` below the cost of any plan, shortages counted at their price.
    """

    people: Floats
    hires: Floats
    classes: Floats
    leavers: Floats
    regular_h: Floats
    overtime_h: Floats
    ramp_h: Floats
    given_h: Floats
    short_h: Floats
    weeks_bought: Floats
    costs: dict[str, Floats]
    bound: float
    shortage_cost: float = 0.0

    @property
    def cost(self) -> float:
        """Money in all, shortages not counted."""
        return float(sum(part.sum() for part in self.costs.values()))

    @property
    def needed_h(self) -> Floats:
        """Productive hours that are needed of each staff, (S, M)."""
        return np.asarray(self.given_h.sum(axis=1))

    @property
    def gap(self) -> float:
        """How far cost and shortages may be above the least possible, as a share."""
        whole = self.cost + self.shortage_cost
        return max(0.0, 1 - self.bound / whole) if whole > 0 else 0.0
