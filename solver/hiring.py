"""Who is hired, bought and worked over a year of months at minimum cost, with a proved bound.

A month knows hours, not shifts: each queue asks for hours of an experienced person, each group of
people (a contract in a role) gives paid hours, of which a share is productive. The model is that
of hierarchical workforce planning with attrition and learning (Gans and Zhou 2002; Fukunaga et al.
2002 for the pools), written as a mixed integer programme:

- people on the roll: what stayed of last month's and whole hires, who come in classes;
- hours lost to training and ramp are taken off, by months since each class began;
- hours on live queues leave waiting time, which deferred work of the same people may fill;
- overtime by tier, outsourced hours with a least purchase and price steps, temporary people.

What cannot be covered is bought at a price above any other, so that there is always an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from solver.engines import Effort, Outcome, solve_integer, solve_linear
from solver.linear import INF, LinearModel, Matrix
from solver.problem import ContractKind, Floats, Ints

#: Hours below this are what floats leave over.
SMALL_H = 1e-6
# Of the dearest price: what an hour of a salary costs, so that none is worked without need, and
# what an hour of a queue costs a first choice, between plans that cost the same.
_LEAST_PRICE = 1e-4
_TIDY = 1e-6
# What a hire, or a month of a temporary person, costs beside its price, in hours of the dearest:
# of plans that cost the same the one with fewer is wanted. The bound is lowered by all of it.
_HIRE_H = 0.02
_EMPLOYED = (ContractKind.FULL_TIME, ContractKind.PART_TIME)


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


@dataclass
class _Columns:
    """Numbers of columns and rows by meaning; -1 where there is none."""

    people: Ints
    hires: Ints
    classes: Ints
    regular: Ints
    bought: dict[int, Ints]  # staff -> (segments, M)
    weeks: Ints
    overtime: Ints
    productive: Ints
    worked: Ints
    short: Ints
    needs: Ints
    decisions: list[Ints] = field(default_factory=list)


def plan_hiring(problem: HiringProblem, effort: Effort | None = None) -> HiringPlan:
    """Choose hires, temporary and outsourced hours and overtime at minimum cost.

    Parameters
    ----------
    effort
        When to stop; by default within a millionth of the optimum, 20,000 nodes at most, so that
        the same problem gives the same plan.

    Raises
    ------
    RuntimeError
        The solver found no plan, although every shortage can be bought.
    """
    model, columns = _build(problem)
    matrix = model.freeze()
    extra = _fewest(problem, columns, len(matrix.cost))
    asked = replace(matrix, cost=matrix.cost + extra)
    found = solve_integer(asked, effort or Effort(gap=1e-6, nodes=20_000, seconds=120.0))
    if found.values is None:
        msg = f"the hiring model ended without a plan: {found.outcome}"
        raise RuntimeError(msg)
    # Whole numbers are made exactly whole, and the rest is optimal for them.
    fixed = _fixed(matrix, np.flatnonzero(matrix.integer), np.round(found.values))
    fixed = replace(fixed, cost=matrix.cost + _tidy(problem, columns, len(matrix.cost)))
    last = solve_linear(fixed)
    values = last.values if last.values is not None else found.values
    most = np.where(extra > 0, matrix.upper, 0.0)
    return _plan(problem, columns, values, found.bound - float(extra @ most))


def recourse_costs(problem: HiringProblem, plan: HiringPlan, hours: Floats) -> Floats:
    """Cost by month when other hours are asked for and nobody is hired beyond the plan.

    Overtime, hours within the contracts and outsourced hours follow what is asked; people and
    hires stay. Least purchases and price steps are relaxed in the LP, alike for all.

    Parameters
    ----------
    hours
        (P, Q, M) hours asked of each queue on P paths.

    Returns
    -------
    Floats
        (P, M) money, shortages at their price left out, and second (P, M) hours short.
    """
    model, columns = _build(problem)
    matrix = model.freeze()
    people = np.concatenate([columns.people[columns.people >= 0].ravel()])
    values = np.zeros(len(matrix.lower))
    for numbers, told in (
        (columns.people, plan.people),
        (columns.hires, plan.hires),
        (columns.classes, plan.classes),
    ):
        there = numbers >= 0
        values[numbers[there]] = told[there]
    decided = [people, columns.hires[columns.hires >= 0], columns.classes[columns.classes >= 0]]
    fixed = _fixed(matrix, np.concatenate(decided), values)
    result = np.full((len(hours), 2, problem.months), np.nan)
    for path, asked in enumerate(hours):
        lower = fixed.row_lower.copy()
        lower[columns.needs] = asked
        solved = solve_linear(replace(fixed, row_lower=lower))
        if solved.values is not None:
            one = _plan(problem, columns, solved.values, 0.0, exact=False)
            result[path, 0] = sum(part.sum(axis=0) for part in one.costs.values())
            result[path, 1] = one.short_h.sum(axis=0)
    return result


def scheduling_inefficiency(problem: HiringProblem, paid_h: Floats) -> Floats:
    """Paid hours of a roster over the hours that its queues ask for, by staff, (S,).

    Staff that share queues or posts form a pool with one figure: the largest share of its paid
    hours that the work could be done without, turned round. `productive` is to be the attendance
    alone. NaN for a pool that works no hours, or is asked for none.

    Parameters
    ----------
    paid_h
        (S,) hours that the roster pays in the problem's single month.
    """
    found = np.full(len(problem.staff), np.nan)
    for pool in _pools(problem):
        if not paid_h[pool].sum() > SMALL_H:
            continue
        model = LinearModel()
        scale = model.add_columns(1, cost=1.0)[0]
        able = set(pool)
        worked = np.full((len(problem.staff), len(problem.works)), -1, dtype=np.int64)
        for s in pool:
            serves = np.flatnonzero(problem.staff[s].speed > 0)
            worked[s, serves] = model.add_columns(len(serves))
        asked = False
        for q, work in enumerate(problem.works):
            there = [s for s in pool if worked[s, q] >= 0]
            if there and work.hours[0] > SMALL_H:
                asked = True
                row = model.add_rows(1, lower=work.hours[0])[0]
                model.put(row, worked[there, q], [problem.staff[s].speed[q] for s in there])
        for post in problem.posts:
            there = [s for s in post.staff if s in able]
            if there and post.hours[0] > SMALL_H:
                asked = True
                row = model.add_rows(1, lower=post.hours[0])[0]
                given = sum(paid_h[s] * problem.staff[s].productive[0] for s in there)
                model.put(row, scale, given)
        for s in pool:
            one = problem.staff[s]
            given = float(paid_h[s] * one.productive[0])
            _time_rows(model, problem, one, worked[s], scale, given, month=0)
        solved = solve_linear(model.freeze())
        if asked and solved.outcome is Outcome.OPTIMAL and solved.objective > SMALL_H:
            found[pool] = 1.0 / solved.objective
    return found


def _pools(problem: HiringProblem) -> list[list[int]]:
    """Staff that share queues or posts, directly or through others."""
    groups = [set(np.flatnonzero([s.speed[q] > 0 for s in problem.staff]).tolist())
              for q in range(len(problem.works))]  # fmt: skip
    groups += [set(post.staff) for post in problem.posts]
    pools: list[set[int]] = [{s} for s in range(len(problem.staff))]
    for group in groups:
        joined = [pool for pool in pools if pool & group]
        if joined:
            pools = [pool for pool in pools if not pool & group]
            pools.append(set().union(*joined))
    return sorted(sorted(pool) for pool in pools)


def _time_rows(
    model: LinearModel,
    problem: HiringProblem,
    staff: Staff,
    worked: Ints,
    given: int,
    times: float,
    month: int,
) -> None:
    """Hours on duty hold the live queues; handling and deferred work fit into them."""
    live = [q for q in np.flatnonzero(worked >= 0) if problem.works[q].live]
    later = [q for q in np.flatnonzero(worked >= 0) if not problem.works[q].live]
    duty, busy = model.add_rows(2, lower=0.0)
    model.put([duty, busy], given, times)
    if live:
        model.put(duty, worked[live], -1.0)
        shares = [_busy_share(problem.works[q], month) for q in live]
        model.put(busy, worked[live], -np.array(shares) / staff.occupancy)
    if later:
        model.put(busy, worked[later], -1.0 / staff.occupancy)


def _busy_share(work: Work, month: int) -> float:
    return float(work.busy[month] / work.hours[month]) if work.hours[month] > SMALL_H else 1.0


# The programme -----------------------------------------------------------------------------------


def _build(problem: HiringProblem) -> tuple[LinearModel, _Columns]:
    model, months = LinearModel(), problem.months
    staff, queues = len(problem.staff), len(problem.works)
    tiers = max((len(s.overtime) for s in problem.staff), default=0)

    def none(*shape: int) -> Ints:
        return np.full(shape, -1, dtype=np.int64)

    c = _Columns(
        people=none(staff, months),
        hires=none(staff, months),
        classes=none(staff, months),
        regular=none(staff, months),
        bought={},
        weeks=none(staff, months),
        overtime=none(staff, tiers, months),
        productive=none(staff, months),
        worked=none(staff, queues, months),
        short=none(queues + len(problem.posts), months),
        needs=none(queues, months),
    )
    for s, one in enumerate(problem.staff):
        c.productive[s] = model.add_columns(months)
        if one.is_bought:
            _add_bought(model, c, s, one)
        else:
            _add_roll(model, c, s, one)
            _add_hours(model, c, s, one)
        for q in np.flatnonzero(one.speed > 0).tolist():
            c.worked[s, q] = model.add_columns(months)
        for m in range(months):
            _time_rows(model, problem, one, c.worked[s, :, m], int(c.productive[s, m]), 1.0, m)
    for q, work in enumerate(problem.works):
        c.short[q] = model.add_columns(months, cost=problem.shortage_price)
        c.needs[q] = model.add_rows(months, lower=work.hours)
        model.put(c.needs[q], c.short[q], 1.0)
        for s in np.flatnonzero(c.worked[:, q, 0] >= 0).tolist():
            model.put(c.needs[q], c.worked[s, q], problem.staff[s].speed[q])
    for p, post in enumerate(problem.posts, start=queues):
        c.short[p] = model.add_columns(months, cost=problem.shortage_price)
        rows = model.add_rows(months, lower=post.hours)
        model.put(rows, c.short[p], 1.0)
        for s in post.staff:
            model.put(rows, c.productive[s], 1.0)
    return model, c


def _add_roll(model: LinearModel, c: _Columns, s: int, one: Staff) -> None:
    """People on the roll, hires in classes."""
    months = len(one.price)
    temporary = one.kind is ContractKind.TEMPORARY
    most = _most_people(one)
    c.people[s] = model.add_columns(
        months,
        lower=one.people_min if temporary else 0.0,
        upper=most,
        cost=one.salary,
        integer=temporary,
    )
    begin = np.arange(months) >= one.first_hire
    c.hires[s] = model.add_columns(
        months, upper=np.where(begin, np.ceil(most), 0.0), cost=one.hire_cost, integer=True
    )
    roll = model.add_rows(months, lower=-one.joins, upper=INF if temporary else -one.joins)
    stays = 1 - one.attrition
    # Temporary people may leave in any month; those who come are hires.
    model.put(roll, c.people[s], -1.0)
    model.put(roll, c.hires[s], 1.0)
    model.put(roll[1:], c.people[s, :-1], 1.0 if temporary else stays[1:])
    if one.people > 0:
        first = model.add_columns(1, lower=1.0, upper=1.0)[0]
        model.put(roll[0], first, one.people * (1.0 if temporary else stays[0]))
    if one.class_min > 1 or one.class_max > 0 or one.class_cost > 0:
        per = one.class_max or int(np.ceil(most.max(initial=0.0))) or 1
        c.classes[s] = model.add_columns(
            months, upper=np.ceil(most), cost=one.class_cost, integer=True
        )
        rows = model.add_rows(2 * months, lower=0.0)
        model.put(rows[:months], c.hires[s], 1.0)
        model.put(rows[:months], c.classes[s], -float(one.class_min))
        model.put(rows[months:], c.hires[s], -1.0)
        model.put(rows[months:], c.classes[s], float(per))


def _fewest(problem: HiringProblem, c: _Columns, count: int) -> Floats:
    """Costs that decide for fewer people between plans of equal cost."""
    extra = np.zeros(count)
    dearest = max((float(one.price.max(initial=0.0)) for one in problem.staff), default=0.0)
    for s, one in enumerate(problem.staff):
        if not one.is_bought:
            extra[c.hires[s]] = _HIRE_H * max(dearest, 1.0)
            if one.kind is ContractKind.TEMPORARY:
                extra[c.people[s]] = _HIRE_H * max(dearest, 1.0)
    return extra


def _tidy(problem: HiringProblem, c: _Columns, count: int) -> Floats:
    """Costs that decide between plans of equal cost: first choices first, no idle hours."""
    extra = np.zeros(count)
    dearest = max((float(one.price.max(initial=0.0)) for one in problem.staff), default=0.0)
    for s, one in enumerate(problem.staff):
        if not one.is_bought:
            extra[c.regular[s]] = np.maximum(0.0, _LEAST_PRICE * max(dearest, 1.0) - one.price)
        for q in np.flatnonzero(one.speed > 0).tolist():
            extra[c.worked[s, q]] = _TIDY * max(dearest, 1.0) * one.order[q]
    return extra


def _most_people(one: Staff) -> Floats:
    """People that may be on the roll: those there at the start stay, whatever the most."""
    if one.kind is ContractKind.TEMPORARY:
        return one.people_max
    there, most = one.people, one.people_max.copy()
    for month in range(len(most)):
        there = there * (1 - one.attrition[month]) + one.joins[month]
        most[month] = max(most[month], there)
    return most


def _add_hours(model: LinearModel, c: _Columns, s: int, one: Staff) -> None:
    """Paid hours within the contract, overtime, and what of them is productive."""
    months = len(one.price)
    c.regular[s] = model.add_columns(months, cost=one.price)
    low, high = model.add_rows(months, lower=0.0), model.add_rows(months, upper=0.0)
    model.put(low, c.regular[s], 1.0)
    model.put(low, c.people[s], -one.hours_min)
    model.put(high, c.regular[s], 1.0)
    model.put(high, c.people[s], -one.hours_max)
    lost_h = np.zeros(months)
    for begun in np.flatnonzero(one.joins).tolist():
        for month, hours in _losses(one, begun):
            lost_h[month] += hours * one.joins[begun]
    gives = model.add_rows(months, upper=-one.productive * lost_h)
    model.put(gives, c.productive[s], 1.0)
    model.put(gives, c.regular[s], -one.productive)
    for number, tier in enumerate(one.overtime):
        c.overtime[s, number] = model.add_columns(months, cost=tier.price)
        within = model.add_rows(months, upper=0.0)
        model.put(within, c.overtime[s, number], 1.0)
        model.put(within, c.people[s], -tier.hours)
        model.put(gives, c.overtime[s, number], -one.productive)
    for begun in range(months):
        for month, hours in _losses(one, begun):
            model.put(gives[month], c.hires[s, begun], one.productive[month] * hours)


def _losses(one: Staff, hired: int) -> list[tuple[int, float]]:
    """Month and hours lost there by each person hired in a month."""
    months, found, stays = len(one.price), [], 1.0
    for later, share in enumerate(one.ramp):
        month = hired + later
        if month >= months:
            break
        if later:
            stays *= 1 - float(one.attrition[month])
        # Temporary people may have left by then; their ramp is a part of `productive`.
        if later and one.kind is ContractKind.TEMPORARY:
            break
        found.append((month, float(share * stays * one.hours_max[month])))
    return found


def _add_bought(model: LinearModel, c: _Columns, s: int, one: Staff) -> None:
    """Outsourced hours: weeks in which they are bought, at least so many, the price by steps."""
    months = len(one.price)
    prices = [one.price, *(np.full(months, step.price) for step in one.steps)]
    cap = one.people_max * one.hours_max
    parts = np.array([model.add_columns(months, upper=cap, cost=price) for price in prices])
    c.bought[s] = parts
    c.weeks[s] = model.add_columns(months, upper=np.ceil(one.weeks - 1e-9), integer=True)
    total = model.add_rows(months, upper=cap)
    model.put(total, parts, 1.0)
    by_week = np.divide(cap, one.weeks, out=np.zeros(months), where=one.weeks > 0)
    within = model.add_rows(months, upper=0.0)
    model.put(within, parts, 1.0)
    model.put(within, c.weeks[s], -by_week)
    if one.purchase_min_h > 0:
        least = model.add_rows(months, lower=0.0)
        model.put(least, parts, 1.0)
        any_bought = c.weeks[s]
        if one.purchase_by_month:
            any_bought = model.add_columns(months, upper=1.0, integer=True)
            rows = model.add_rows(months, upper=0.0)
            model.put(rows, c.weeks[s], 1.0)
            model.put(rows, any_bought, -np.ceil(one.weeks - 1e-9))
        model.put(least, any_bought, -one.purchase_min_h)
    before = 0.0
    for number, step in enumerate(one.steps):
        # A part is at most its width in each week, and is full before the next begins.
        width, before = step.from_h - before, step.from_h
        most = model.add_rows(months, upper=0.0)
        model.put(most, parts[number], 1.0)
        model.put(most, c.weeks[s], -width)
        begun = model.add_columns(months, upper=1.0, integer=True)
        reach = width * np.ceil(one.weeks - 1e-9)
        full = model.add_rows(months, lower=-reach)
        model.put(full, parts[number], 1.0)
        model.put(full, c.weeks[s], -width)
        model.put(full, begun, -reach)
        opens = model.add_rows(months, upper=0.0)
        model.put(opens, parts[number + 1], 1.0)
        model.put(opens, begun, -cap)
    gives = model.add_rows(months, upper=0.0)
    model.put(gives, c.productive[s], 1.0)
    model.put(gives, parts, -one.productive)


def _fixed(matrix: Matrix, numbers: Ints, values: Floats) -> Matrix:
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    lower[numbers] = upper[numbers] = values[numbers]
    return replace(matrix, lower=lower, upper=upper)


# What was chosen ---------------------------------------------------------------------------------


def _plan(
    problem: HiringProblem, c: _Columns, values: Floats, bound: float, *, exact: bool = True
) -> HiringPlan:
    def of(numbers: Ints) -> Floats:
        return np.asarray(np.where(numbers >= 0, values[np.maximum(numbers, 0)], 0.0))

    months, tiers = problem.months, c.overtime.shape[1]
    people, hires = of(c.people), of(c.hires)
    classes = of(c.classes)
    if exact:
        hires, classes = np.round(hires), np.round(classes)
    regular, overtime = of(c.regular), np.maximum(of(c.overtime), 0.0)
    weeks = np.round(of(c.weeks), 9)
    given = _given(problem, np.maximum(of(c.worked), 0.0), np.maximum(of(c.productive), 0.0))
    leavers, ramp = np.zeros_like(people), np.zeros_like(people)
    costs = {kind: np.zeros_like(people) for kind in COST_KINDS}
    for s, one in enumerate(problem.staff):
        if one.is_bought:
            bought = np.array([of(part) for part in c.bought[s]])
            if exact:
                bought = _bought(one, given[s].sum(axis=0), weeks[s])
            regular[s] = bought.sum(axis=0)
            most = np.where(one.hours_max > 0, one.hours_max, 1.0)
            people[s] = regular[s] / most
            costs["wage"][s] = regular[s] * one.price
            for part, step in zip(bought[1:], one.steps, strict=True):
                costs["price_step"][s] += part * (step.price - one.price)
            continue
        was = np.concatenate([[one.people], people[s, :-1]])
        if exact and one.kind in _EMPLOYED:
            # Of the hires alone, so that nothing of a solver's tolerance is left in it.
            for m in range(months):
                was[m] = one.people if m == 0 else people[s, m - 1]
                people[s, m] = was[m] * (1 - one.attrition[m]) + hires[s, m] + one.joins[m]
        leavers[s] = was + hires[s] + one.joins - people[s]
        for begun in range(months):
            for month, lost_h in _losses(one, begun):
                ramp[s, month] += lost_h * (hires[s, begun] + one.joins[begun])
        if exact:
            regular[s], overtime[s] = _hours(one, people[s], given[s].sum(axis=0), ramp[s], tiers)
        costs["wage"][s] = regular[s] * one.price
        costs["salary"][s] = people[s] * one.salary
        costs["hire"][s] = hires[s] * one.hire_cost
        costs["class"][s] = classes[s] * one.class_cost
        for number, tier in enumerate(one.overtime):
            costs["overtime"][s] += overtime[s, number] * tier.price
    short = np.maximum(of(c.short), 0.0)
    short[short < SMALL_H] = 0.0
    return HiringPlan(
        people=people,
        hires=hires,
        classes=classes,
        leavers=leavers,
        regular_h=regular,
        overtime_h=overtime,
        ramp_h=ramp,
        given_h=given,
        short_h=short,
        weeks_bought=weeks,
        costs=costs,
        bound=bound,
        shortage_cost=float(short.sum()) * problem.shortage_price,
    )


def _hours(
    one: Staff, people: Floats, needed: Floats, ramp: Floats, tiers: int
) -> tuple[Floats, Floats]:
    """Paid hours and overtime (tiers, M) that give the hours needed: the cheapest first.

    What the programme chose, but for idle hours within its tolerance.
    """
    paid = np.divide(needed, one.productive, out=np.zeros_like(needed), where=one.productive > 0)
    paid = paid + ramp
    regular = np.minimum(one.hours_max * people, np.maximum(one.hours_min * people, paid))
    overtime, left = np.zeros((tiers, len(paid))), np.maximum(0.0, paid - regular)
    for number, tier in enumerate(one.overtime):
        overtime[number] = np.minimum(tier.hours * people, left)
        left = left - overtime[number]
    overtime[overtime < SMALL_H] = 0.0
    return regular, overtime


def _bought(one: Staff, needed: Floats, weeks: Floats) -> Floats:
    """Outsourced hours (steps + 1, M) that give the hours needed, or the least of a purchase."""
    paid = np.divide(needed, one.productive, out=np.zeros_like(needed), where=one.productive > 0)
    lots = np.minimum(weeks, 1.0) if one.purchase_by_month else weeks
    cap = one.people_max * one.hours_max
    paid = np.maximum(one.purchase_min_h * lots, np.minimum(cap, paid))
    paid[paid < SMALL_H] = 0.0
    starts = np.array([0.0, *(step.from_h for step in one.steps)])[:, None] * weeks
    ends = np.concatenate([starts[1:], np.full((1, len(paid)), np.inf)])
    return np.asarray(np.clip(paid, starts, ends) - starts)


def _given(problem: HiringProblem, worked: Floats, able: Floats) -> Floats:
    """Productive hours that are needed, by staff, queue or post and month.

    Parameters
    ----------
    worked
        (S, Q, M) hours on queues.
    able
        (S, M) productive hours that there are.
    """
    staff, queues, months = worked.shape
    given = np.zeros((staff, queues + len(problem.posts), months))
    hours = np.array([w.hours for w in problem.works]).reshape(queues, months)
    speed = np.array([one.speed for one in problem.staff]).reshape(staff, queues, 1)
    done = (worked * speed).sum(axis=0)
    # Nobody works more than is asked for.
    worked = worked * np.minimum(
        1.0, np.divide(hours, done, out=np.ones_like(done), where=done > 0)
    )
    live = np.array([w.live for w in problem.works], bool)
    share = np.array([[_busy_share(w, m) for m in range(months)] for w in problem.works]).reshape(
        queues, months
    )
    for s, one in enumerate(problem.staff):
        on_duty, later = worked[s][live], worked[s][~live]
        busy = on_duty * share[live]
        idle = on_duty.sum(axis=0) - busy.sum(axis=0)
        waits = np.maximum(0.0, idle - later.sum(axis=0))
        left = np.divide(waits, idle, out=np.zeros(months), where=idle > SMALL_H)
        given[s, np.flatnonzero(live)] = busy + (on_duty - busy) * left
        given[s, np.flatnonzero(~live)] = later
        handling = busy.sum(axis=0) + later.sum(axis=0)
        duty = np.maximum(on_duty.sum(axis=0), handling / one.occupancy)
        total = given[s].sum(axis=0)
        given[s] *= np.divide(duty, total, out=np.ones(months), where=total > SMALL_H)
    for p, post in enumerate(problem.posts):
        members = list(post.staff)
        there = given[members].sum(axis=(0, 1))
        missing = np.maximum(0.0, post.hours - there)
        spare = np.maximum(0.0, able[members] - given[members].sum(axis=1))
        room = spare.sum(axis=0)
        taken = np.divide(
            np.minimum(missing, room), room, out=np.zeros(months), where=room > SMALL_H
        )
        given[members, queues + p] += spare * taken
    return given


COST_KINDS = ("wage", "salary", "overtime", "hire", "class", "price_step")
