"""The integrated design as one linear model: people and shifts on one side, service on the other.

Source of the formulation: the set-covering model of Dantzig (1954) with breaks after Aykin (1996,
Management Science 42:591), and service as concave curves of positions so that targets are kept
over a day, a week or a month instead of by rounded head-counts per interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.costs import head_cost, overtime_cost, paid_leave_cost
from solver.linear import LinearModel
from solver.problem import Agent, Floats, Group, Ints, Problem
from solver.rules.limits import group_limits
from solver.week_terms import WeekTerms, week_terms


@dataclass(frozen=True)
class Cover:
    """People on duty as sparse sums of columns: value x column counts in interval t."""

    t: Ints
    column: Ints
    value: Floats

    @staticmethod
    def join(parts: list[Cover]) -> Cover:
        """Put several together."""
        return Cover(
            np.concatenate([np.zeros(0, np.int64), *[p.t for p in parts]]),
            np.concatenate([np.zeros(0, np.int64), *[p.column for p in parts]]),
            np.concatenate([np.zeros(0), *[p.value for p in parts]]),
        )

    def scaled(self, factor: float) -> Cover:
        """Every person counted `factor` times."""
        return Cover(self.t, self.column, self.value * factor)


@dataclass(frozen=True)
class People:
    """Columns of the people's side.

    Parameters
    ----------
    shifts
        (G, D, P) column of the number of people on a pattern, -1 where not allowed.
    day_total
        (G, D) column of the number of people working on a day.
    heads
        (G,) column of people employed.
    whole
        Columns that must be whole beside those: purchases and price steps.
    on_duty
        People on duty by group, breaks taken off.
    constant
        Cost that no decision changes.
    """

    shifts: Ints
    day_total: Ints
    heads: Ints
    whole: Ints
    on_duty: tuple[Cover, ...]
    constant: float


def add_people(model: LinearModel, problem: Problem) -> People:
    """Add shifts, breaks, heads, contracts and their cost to a model."""
    grid = problem.grid
    shifts = np.full((len(problem.groups), grid.days, len(problem.patterns)), -1, dtype=np.int64)
    totals = np.zeros((len(problem.groups), grid.days), dtype=np.int64)
    heads = np.zeros(len(problem.groups), dtype=np.int64)
    whole: list[Ints] = []
    covers: list[Cover] = []
    constant = 0.0
    for g, group in enumerate(problem.groups):
        salary = head_cost(grid, group.contract)
        heads[g] = model.add_columns(
            1,
            lower=group.people_min,
            upper=group.people_max,
            cost=salary + group.contract.hire_cost,
            integer=True,
        )[0]
        constant += paid_leave_cost(problem, g)
        constant -= group.contract.hire_cost * group.people_min
        shifts[g] = _shift_columns(model, problem, g)
        totals[g] = _day_totals(model, problem, g, shifts[g], heads[g])
        covers.append(_on_duty(model, problem, shifts[g]))
        whole.append(_contract_weeks(model, problem, g, shifts[g], heads[g]))
        _rest_and_runs(model, problem, g, shifts[g], totals[g], heads[g])
    return People(
        shifts,
        totals,
        heads,
        np.concatenate([np.zeros(0, np.int64), *whole]),
        tuple(covers),
        constant,
    )


def _shift_columns(model: LinearModel, problem: Problem, g: int) -> Ints:
    group = problem.groups[g]
    banned = group_limits(problem, g).banned
    columns = np.full((problem.grid.days, len(problem.patterns)), -1, dtype=np.int64)
    for d, day in enumerate(problem.grid.dates()):
        if not group.contract.employs(d):
            continue
        allowed = [
            p
            for p in group.patterns
            if day.weekday() in problem.patterns[p].weekdays and not banned[p]
        ]
        columns[d, allowed] = model.add_columns(
            len(allowed), cost=group.shift_cost[d, allowed], integer=True, day=d
        )
    return columns


def _day_totals(model: LinearModel, problem: Problem, g: int, x: Ints, heads: int) -> Ints:
    """People at work on a day: no more than are employed and not away."""
    people = [problem.agents[k] for k in problem.agents_of(g)]
    days = problem.grid.days
    away = np.array([sum(not a.available(d) for a in people) for d in range(days)])
    totals = model.add_columns(days, integer=True, day=np.arange(days))
    sums = model.add_rows(days, lower=0, upper=0)
    d, p = np.nonzero(x >= 0)
    model.put(sums[d], x[d, p], 1.0)
    model.put(sums, totals, -1.0)
    at_most = model.add_rows(days, upper=-away)
    model.put(at_most, totals, 1.0)
    model.put(at_most, heads, -1.0)
    return totals


def _on_duty(model: LinearModel, problem: Problem, x: Ints) -> Cover:
    """Coverage of shifts less breaks; each break is placed by columns over its window.

    A break shorter than an interval is spread evenly over its window: where in the interval it
    lies is decided for each person later.
    """
    grid = problem.grid
    t, column, value = [], [], []

    def cover(at: Ints, col: Ints, amount: float) -> None:
        inside = at < grid.size
        t.append(at[inside])
        column.append(col[inside])
        value.append(np.full(int(inside.sum()), amount))

    for p, pattern in enumerate(problem.patterns):
        days = np.flatnonzero(x[:, p] >= 0)
        if not len(days):
            continue
        begin = days * grid.per_day + pattern.start
        for offset in range(pattern.length):
            cover(begin + offset, x[days, p], 1.0)
        for rest in pattern.breaks:
            if not rest.leaves_post and rest.paid:
                continue
            starts = np.arange(rest.earliest, rest.latest + 1)
            if rest.minutes < grid.interval_min:
                amount = rest.minutes / grid.interval_min / len(starts)
                for offset in starts:
                    cover(begin + offset, x[days, p], -amount)
                continue
            full, part = divmod(rest.minutes, grid.interval_min)
            taken = [1.0] * full + ([part / grid.interval_min] if part else [])
            if len(starts) == 1:
                for k, amount in enumerate(taken):
                    cover(begin + starts[0] + k, x[days, p], -amount)
                continue
            sums = model.add_rows(len(days), lower=0, upper=0)
            model.put(sums, x[days, p], -1.0)
            for offset in starts:
                placed = model.add_columns(len(days), day=days)
                model.put(sums, placed, 1.0)
                for k, amount in enumerate(taken):
                    cover(begin + offset + k, placed, -amount)
    if not t:
        return Cover(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    return Cover(np.concatenate(t), np.concatenate(column), np.concatenate(value))


def _contract_weeks(model: LinearModel, problem: Problem, g: int, x: Ints, heads: int) -> Ints:
    """Hours and shifts a week, overtime, minimum purchases and price steps."""
    group = problem.groups[g]
    contract = group.contract
    paid_h = np.array([p.paid_h for p in problem.patterns])
    agents = problem.agents_of(g)
    named = len(agents)
    limits = group_limits(problem, g)
    overtime = min(contract.overtime_max_hours, limits.max_week_hours - contract.week_hours_max)
    whole: list[Ints] = []
    for week in range(problem.grid.weeks):
        days = np.arange(week * 7, min(week * 7 + 7, problem.grid.days))
        d, p = np.nonzero(x[days] >= 0)
        if not len(d):
            continue
        columns, hours = x[days][d, p], paid_h[p]
        people = [week_terms(problem, problem.agents[k], week) for k in agents]
        other = week_terms(problem, Agent("", g, ""), week)

        def bound(
            name: str, people: list[WeekTerms] = people, other: WeekTerms = other
        ) -> tuple[float, float]:
            each = float(getattr(other, name))
            return sum(getattr(w, name) for w in people) - each * named, each

        most, each = bound("hours_max")
        row = model.add_rows(1, upper=most)
        model.put(row, columns, hours)
        model.put(row, heads, -each)
        if overtime > 0:
            price = overtime_cost(contract, problem.overtime_factor)
            extra = model.add_columns(1, cost=price)
            model.put(row, extra, -1.0)
            cap = model.add_rows(1, upper=0)
            model.put(cap, extra, 1.0)
            model.put(cap, heads, -overtime)
        least, each = bound("hours_min")
        if least + each * group.people_max > 0:
            row = model.add_rows(1, lower=least)
            model.put(row, columns, hours)
            model.put(row, heads, -each)
            model.put(row, model.add_columns(1, cost=problem.high_price), 1.0)
        for name, sense in (("shifts_max", 1.0), ("shifts_min", -1.0)):
            limit, each = bound(name)
            if sense > 0:
                each = min(each, float(limits.max_days_week))
                limit = sum(min(w.shifts_max, limits.max_days_week) for w in people)
                limit -= each * named
            if sense < 0 and limit + each * group.people_max <= 0:
                continue
            row = model.add_rows(1, upper=sense * limit)
            model.put(row, columns, sense)
            model.put(row, heads, -sense * each)
            if sense < 0:
                model.put(row, model.add_columns(1, cost=problem.high_price), -1.0)
        whole += _purchases(model, problem, group, columns, hours)
    if np.isfinite(contract.month_hours_max):
        months = problem.grid.period_of_day("month")
        for month in np.unique(months):
            d, p = np.nonzero((x >= 0) & (months == month)[:, None])
            share = float((months == month).mean() * problem.grid.days / 30.4)
            row = model.add_rows(1, upper=0)
            model.put(row, x[d, p], paid_h[p])
            model.put(row, heads, -contract.month_hours_max * min(1.0, share))
    return np.concatenate([np.zeros(0, np.int64), *whole])


def _purchases(
    model: LinearModel, problem: Problem, group: Group, columns: Ints, hours: Floats
) -> list[Ints]:
    """Least purchase of a week, and prices that change with the hours bought."""
    contract = group.contract
    most = max(contract.week_hours_max * group.people_max, contract.purchase_min_hours)
    whole: list[Ints] = []
    if contract.purchase_min_hours > 0:
        any_bought = model.add_columns(1, upper=1, integer=True)
        top_up = model.add_columns(1, cost=contract.wage_per_hour)
        row = model.add_rows(1, upper=0)
        model.put(row, columns, hours)
        model.put(row, any_bought, -most)
        row = model.add_rows(1, lower=0)
        model.put(row, columns, hours)
        model.put(row, top_up, 1.0)
        model.put(row, any_bought, -contract.purchase_min_hours)
        whole.append(any_bought)
    steps = sorted(
        (s for s in problem.price_steps if s.contract == contract.name),
        key=lambda s: s.from_hours,
    )
    if steps:
        edges = [s.from_hours for s in steps] + [max(most, steps[-1].from_hours) + 1]
        widths = np.diff(edges)
        bought = model.add_columns(
            len(steps),
            upper=widths,
            cost=[s.price_per_hour - contract.wage_per_hour for s in steps],
        )
        first = model.add_columns(1, upper=steps[0].from_hours)
        row = model.add_rows(1, lower=0, upper=0)
        model.put(row, columns, hours)
        model.put(row, np.concatenate([first, bought]), -1.0)
        # A step opens only when the hours before it are used up: needed where prices fall.
        opened = model.add_columns(len(steps), upper=1, integer=True)
        before = np.concatenate([first, bought[:-1]])
        width_before = np.concatenate([[steps[0].from_hours], widths[:-1]])
        rows = model.add_rows(len(steps), upper=0)
        model.put(rows, bought, 1.0)
        model.put(rows, opened, -widths)
        rows = model.add_rows(len(steps), lower=0)
        model.put(rows, before, 1.0)
        model.put(rows, opened, -width_before)
        whole.append(opened)
    return whole


def _rest_and_runs(
    model: LinearModel, problem: Problem, g: int, x: Ints, totals: Ints, heads: int
) -> None:
    """What rest between shifts and limits on runs of days ask of the counts."""
    limits = group_limits(problem, g)
    days = problem.grid.days
    run = limits.max_consecutive_days
    windows = days - run
    if windows > 0:
        rows = model.add_rows(windows, upper=0)
        for k in range(run + 1):
            model.put(rows, totals[k : k + windows], 1.0)
        model.put(rows, heads, -float(run))
    if np.isfinite(limits.max_average_week_hours):
        row = model.add_rows(1, upper=0)
        d, p = np.nonzero(x >= 0)
        model.put(row, x[d, p], np.array([q.paid_h for q in problem.patterns])[p])
        model.put(row, heads, -limits.max_average_week_hours * days / 7)
    # After pattern p the patterns in forbidden[p] may not follow. Whoever works a p whose list
    # contains a set and whoever starts in that set the day after are different people.
    forbidden = limits.forbidden_next
    for following in {tuple(np.flatnonzero(row)) for row in forbidden if row.any()}:
        late = [p for p in problem.groups[g].patterns if forbidden[p, list(following)].all()]
        rows = model.add_rows(days - 1, upper=0)
        model.put(rows, heads, -1.0)
        for p in late:
            there = np.flatnonzero(x[:-1, p] >= 0)
            model.put(rows[there], x[there, p], 1.0)
        for p in following:
            there = np.flatnonzero(x[1:, p] >= 0)
            model.put(rows[there], x[1:][there, p], 1.0)
