"""The integrated design as one linear model: people and shifts on one side, service on the other.

Source of the formulation: the set-covering model of Dantzig (1954) with breaks after Aykin (1996,
Management Science 42:591), and service as concave curves of positions so that targets are kept
over a day, a week or a month instead of by rounded head-counts per interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.contract_rows import add_contract, add_purchases, add_shares
from solver.costs import head_cost, paid_leave_cost
from solver.linear import INF, LinearModel, Slack
from solver.person import weekends_of
from solver.problem import Floats, Ints, Problem
from solver.rules.limits import group_limits, is_night


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
        Columns that must be whole beside those: purchases and price steps of a week.
    month_whole
        Columns that must be whole and concern a whole month: its purchases.
    on_duty
        People on duty by group, breaks taken off.
    present
        People at their post by group: only breaks that leave the post taken off.
    limits
        Rows `sum <= bound` that more shifts could break, whatever else is decided.
    rows
        How many rows the people's side has; they come first.
    slacks
        What contracts ask for beyond the shifts planned.
    constant
        Cost that no decision changes.
    """

    shifts: Ints
    day_total: Ints
    heads: Ints
    whole: Ints
    month_whole: Ints
    on_duty: tuple[Cover, ...]
    present: tuple[Cover, ...]
    limits: Ints
    rows: int
    slacks: tuple[Slack, ...]
    constant: float


def add_people(model: LinearModel, problem: Problem) -> People:
    """Add shifts, breaks, heads, contracts and their cost to a model."""
    grid = problem.grid
    shifts = np.full((len(problem.groups), grid.days, len(problem.patterns)), -1, dtype=np.int64)
    totals = np.zeros((len(problem.groups), grid.days), dtype=np.int64)
    heads = np.zeros(len(problem.groups), dtype=np.int64)
    limits: list[Ints] = []
    covers: list[tuple[Cover, Cover]] = []
    slacks: list[Slack] = []
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
        totals[g], at_most = _day_totals(model, problem, g, shifts[g], int(heads[g]))
        limits.append(at_most)
        covers.append(_on_duty(model, problem, shifts[g]))
        rows, short = add_contract(model, problem, g, shifts[g], int(heads[g]))
        limits.append(rows)
        slacks += short
        limits.append(_rest_and_runs(model, problem, g, shifts[g], totals[g], int(heads[g])))
    limits.append(add_shares(model, problem, shifts))
    whole, month_whole = add_purchases(model, problem, shifts)
    return People(
        shifts,
        totals,
        heads,
        whole=whole,
        month_whole=month_whole,
        on_duty=tuple(duty for duty, _ in covers),
        present=tuple(post for _, post in covers),
        limits=np.concatenate([np.zeros(0, np.int64), *limits]),
        rows=model.rows,
        slacks=tuple(slacks),
        constant=constant,
    )


def _shift_columns(model: LinearModel, problem: Problem, g: int) -> Ints:
    group = problem.groups[g]
    banned = group_limits(problem, g).banned
    columns = np.full((problem.grid.days, len(problem.patterns)), -1, dtype=np.int64)
    most = np.full(columns.shape, INF)
    for of_group, d, p, seats in problem.most_seats:
        if of_group == g:
            most[d, p] = seats
    for d, day in enumerate(problem.grid.dates()):
        if not group.contract.employs(d):
            continue
        allowed = [
            p
            for p in group.patterns
            if day.weekday() in problem.patterns[p].weekdays and not banned[p]
        ]
        columns[d, allowed] = model.add_columns(
            len(allowed),
            upper=most[d, allowed],
            cost=group.shift_cost[d, allowed],
            integer=True,
            day=d,
        )
    return columns


def _day_totals(
    model: LinearModel, problem: Problem, g: int, x: Ints, heads: int
) -> tuple[Ints, Ints]:
    """People at work on a day: no more than are employed and not away. Returns columns and rows.

    A day that is pinned off is one away.
    """
    people = [problem.agents[k] for k in problem.agents_of(g)]
    days = problem.grid.days
    away = np.array(
        [sum(not a.available(d) or a.pins.get(d) == "" for a in people) for d in range(days)]
    )
    totals = model.add_columns(days, integer=True, day=np.arange(days))
    sums = model.add_rows(days, lower=0, upper=0)
    d, p = np.nonzero(x >= 0)
    model.put(sums[d], x[d, p], 1.0)
    model.put(sums, totals, -1.0)
    at_most = model.add_rows(days, upper=-away)
    model.put(at_most, totals, 1.0)
    model.put(at_most, heads, -1.0)
    return totals, at_most


def _on_duty(model: LinearModel, problem: Problem, x: Ints) -> tuple[Cover, Cover]:
    """Shifts less breaks: people at work, and people at their post.

    Each break is placed by columns over its window; one that does not leave the post stops the
    work all the same. A break shorter than an interval is spread evenly over its window: where in
    the interval it lies is decided for each person later.
    """
    grid = problem.grid
    shifts: list[Cover] = []
    breaks: list[Cover] = []
    at_post: list[Cover] = []

    def cover(at: Ints, column: Ints, amount: float) -> Cover:
        inside = at < grid.size
        return Cover(at[inside], column[inside], np.full(int(inside.sum()), amount))

    for p, pattern in enumerate(problem.patterns):
        days = np.flatnonzero(x[:, p] >= 0)
        if not len(days):
            continue
        begin = days * grid.per_day + pattern.start
        for offset in range(pattern.length):
            shifts.append(cover(begin + offset, x[days, p], 1.0))
        for rest in pattern.breaks:
            into = at_post if rest.leaves_post else breaks
            full, part = divmod(rest.minutes, grid.interval_min)
            taken = [1.0] * full + ([part / grid.interval_min] if part else [])
            last = max(0, min(rest.latest, pattern.length - len(taken)))
            starts = range(min(rest.earliest, last), last + 1)
            if not full:
                amount = taken[0] / len(starts)
                into += [cover(begin + k, x[days, p], -amount) for k in starts]
                continue
            if len(starts) == 1:
                placed = [x[days, p]]
            else:
                placed = [model.add_columns(len(days), day=days) for _ in starts]
                sums = model.add_rows(len(days), lower=0, upper=0)
                model.put(sums, x[days, p], -1.0)
                for columns in placed:
                    model.put(sums, columns, 1.0)
            into += [
                cover(begin + start + k, columns, -amount)
                for start, columns in zip(starts, placed, strict=True)
                for k, amount in enumerate(taken)
            ]
    return Cover.join(shifts + at_post + breaks), Cover.join(shifts + at_post)


def _rest_and_runs(
    model: LinearModel, problem: Problem, g: int, x: Ints, totals: Ints, heads: int
) -> Ints:
    """What rest between shifts and limits on runs of days ask of the counts; returns the rows."""
    limits = group_limits(problem, g)
    days = problem.grid.days
    minutes = problem.grid.interval_min
    at_night = np.array(
        [is_night(p.start * minutes, p.end * minutes) for p in problem.patterns], dtype=bool
    )
    found = [
        _runs(model, totals[:, None], heads, limits.max_consecutive_days),
        _runs(model, x[:, at_night], heads, limits.max_consecutive_nights),
        _free_weekends(model, problem, totals, heads, limits.min_free_weekends),
    ]
    if np.isfinite(limits.max_average_week_hours):
        row = model.add_rows(1, upper=0)
        paid_h = np.array([q.paid_h for q in problem.patterns])
        day, k = np.nonzero(x >= 0)
        model.put(row, x[day, k], paid_h[k])
        model.put(row, heads, -limits.max_average_week_hours * days / 7)
        found.append(row)
    # After pattern p the patterns in forbidden[p] may not follow. Whoever works a p whose list
    # contains a set and whoever starts in that set the day after are different people.
    forbidden = limits.forbidden_next
    for following in sorted({tuple(np.flatnonzero(row)) for row in forbidden if row.any()}):
        late = [k for k in problem.groups[g].patterns if forbidden[k, list(following)].all()]
        rows = model.add_rows(days - 1, upper=0)
        model.put(rows, heads, -1.0)
        for pattern in late:
            there = np.flatnonzero(x[:-1, pattern] >= 0)
            model.put(rows[there], x[there, pattern], 1.0)
        for early in following:
            there = np.flatnonzero(x[1:, early] >= 0)
            model.put(rows[there], x[1:][there, early], 1.0)
        found.append(rows)
    return np.concatenate(found)


def _runs(model: LinearModel, columns: Ints, heads: int, longest: int) -> Ints:
    """In any `longest` + 1 days nobody counts more than `longest` times; columns (D, any)."""
    windows = max(0, len(columns) - longest)
    rows = model.add_rows(windows, upper=0)
    for k in range(longest + 1 if windows else 0):
        there = columns[k : k + windows]
        row, column = np.nonzero(there >= 0)
        model.put(rows[row], there[row, column], 1.0)
    model.put(rows, heads, -float(longest))
    return rows


def _free_weekends(
    model: LinearModel, problem: Problem, totals: Ints, heads: int, free: int
) -> Ints:
    """Of each four weekends everybody has some wholly off; a weekend takes its busiest day."""
    found = [np.zeros(0, np.int64)]
    weekends = weekends_of(problem) if free > 0 else []
    for first in range(0, len(weekends), 4):
        block = weekends[first : first + 4]
        working = model.add_columns(len(block))
        for column, days in zip(working, block, strict=True):
            busiest = model.add_rows(len(days), upper=0)
            model.put(busiest, totals[days.start : days.stop], 1.0)
            model.put(busiest, column, -1.0)
            found.append(busiest)
        most = len(block) - int(free * len(block) / 4 + 1e-9)
        row = model.add_rows(1, upper=0)
        model.put(row, working, 1.0)
        model.put(row, heads, -float(most))
    return np.concatenate(found)
