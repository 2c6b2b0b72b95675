"""The least cost of a tiny plan by one compact model, person by person.

Written from the words of `docs/plan.md` and `docs/rules.md`; of the product it takes the work to
be done (curves, deadlines, posts, prices), and nothing of how the product plans for it. Everybody
is a row of yes-or-no choices: a shift with its break on a day, or none. SCIP proves the answer.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ortools.linear_solver import pywraplp

from scenarios.plan import Plan
from scenarios.plan.schema import ContractRow, ShiftRow
from solver.problem import Problem
from tests.audits.ledger import _base, _dates, _leave, _premiums

HOURS = 24


@dataclass(frozen=True)
class _Choice:
    """A shift at a start with its break at a place: hours of the day at work, and at the post."""

    row: ShiftRow
    start: int
    end: int
    paid: float
    at_work: frozenset[int]
    at_post: frozenset[int]


def least_cost(plan: Plan, problem: Problem) -> float:
    """Least cost of a plan of one week and whole hours, prices of what is missing included."""
    return _Compact(plan, problem).solve()


class _Compact:
    def __init__(self, plan: Plan, problem: Problem) -> None:
        self.plan, self.problem = plan, problem
        self.solver = pywraplp.Solver.CreateSolver("SCIP")
        self.dates = _dates(plan)
        self.cost: list = []
        # What people of a role give in an hour of the week: at work, and at their post.
        self.work: dict[tuple[str, int], list] = defaultdict(list)
        self.post: dict[tuple[str, int], list] = defaultdict(list)
        self.heads: dict[tuple[str, int], list] = defaultdict(list)
        for row in plan.contracts:
            self._people(row)
        self._service()

    def _people(self, row: ContractRow) -> None:
        named = [agent.agent for agent in self.plan.agents if agent.contract == row.contract]
        given = max(row.people_min, len(named))
        names = named + [""] * (row.people_max - len(named))
        hours = []
        for number, name in enumerate(names):
            employed = self.solver.BoolVar("")
            if number < given:
                self.solver.Add(employed == 1)
            else:
                self.cost.append(row.hire_cost * employed)
            if row.month_salary:
                self.cost.append(row.month_salary * 12 / 52 * employed)
            hours.append(self._person(row, name, employed))
        if row.kind == "outsourced" and hours:
            self._purchase(row, sum(hours))

    def _choices(self, row: ContractRow) -> list[_Choice]:
        found = []
        for shift in self.plan.shifts:
            if shift.contract != row.contract and (shift.contract or row.kind == "outsourced"):
                continue
            rests = [b for b in self.plan.breaks if shift.breaks and b.breaks == shift.breaks]
            unpaid = sum(b.minutes for b in rests if not b.paid) / 60
            last = shift.first_start if shift.last_start is None else shift.last_start
            for start in range(shift.first_start // 60, last // 60 + 1, shift.step_min // 60):
                end = start + int(shift.length_h)
                paid = shift.paid_h or shift.length_h - unpaid
                spans = [range(int(b.earliest_h), int(b.latest_h) + 1) for b in rests]
                for places in itertools.product(*spans):
                    rest = {start + place for place in places}
                    left = {
                        start + place
                        for place, b in zip(places, rests, strict=True)
                        if b.leaves_post
                    }
                    span = frozenset(range(start, end))
                    found.append(_Choice(shift, start, end, paid, span - rest, span - left))
        return found

    def _person(self, row: ContractRow, name: str, employed: pywraplp.Variable) -> object:
        """Add a person; gives the week's hours as an expression."""
        solver, choices = self.solver, self._choices(row)
        x = {
            (d, k): solver.BoolVar("") for d in range(len(self.dates)) for k in range(len(choices))
        }
        worked = [sum(x[d, k] for k in range(len(choices))) for d in range(len(self.dates))]
        for d, on in enumerate(worked):
            solver.Add(on <= employed)
            self.heads[row.role, d].append(on)
        for (d, k), chosen in x.items():
            choice, date = choices[k], self.dates[d]
            base = 0.0 if row.month_salary else row.wage_per_hour
            start = pd.Timestamp(date) + pd.Timedelta(hours=choice.start)
            end = pd.Timestamp(date) + pd.Timedelta(hours=choice.end)
            shift = (name, date, start, end, choice.paid)
            extra = _premiums(self.plan, row, shift, defaultdict(str))
            self.cost.append((choice.paid * base + extra) * chosen)
            for hour in choice.at_work:
                self.work[row.role, d * HOURS + hour].append(chosen)
            for hour in choice.at_post:
                self.post[row.role, d * HOURS + hour].append(chosen)
        hours = sum(choices[k].paid * chosen for (_, k), chosen in x.items())
        self._week(row, name, employed, hours, sum(worked))
        self._days_known(row, name, x, worked, choices)
        self._rules(x, worked, choices, hours)
        return hours

    def _week(
        self,
        row: ContractRow,
        name: str,
        employed: pywraplp.Variable,
        hours: object,
        shifts: object,
    ) -> None:
        leave = _leave(self.plan, row, name, self.dates) if name else 0
        away = {
            day
            for entry in self.plan.availability
            if entry.agent == name and entry.kind in ("leave", "sick", "training", "unavailable")
            for day in self.dates
            if entry.from_ <= day <= (entry.to or entry.from_)
        }
        owed = min(
            row.week_hours_min - 8 * leave,
            row.week_hours_min * min(1.0, (len(self.dates) - len(away)) / 5),
        )
        if owed > 0:
            short = self.solver.NumVar(0, 1000, "")
            self.cost.append(self.problem.high_price * short)
            self.solver.Add(hours + short >= owed * employed)
        if not row.month_salary:
            self.cost.append(8 * leave * row.wage_per_hour * employed)
        rates = [r for r in self.plan.rates if r.kind == "overtime"]
        tiers = sorted(({0.0: 1.5} | {r.from_hours: r.factor for r in rates}).items())
        ends = [*(start for start, _ in tiers[1:]), 1000.0]
        overtime = []
        for (start, factor), end in zip(tiers, ends, strict=True):
            part = self.solver.NumVar(0, end - start, "")
            wage = 0.0 if row.month_salary else row.wage_per_hour
            self.cost.append((factor * _base(row) - wage) * part)
            overtime.append(part)
        self.solver.Add(sum(overtime) <= row.overtime_max_hours)
        self.solver.Add(hours <= max(0.0, row.week_hours_max - 8 * leave) + sum(overtime))
        self.solver.Add(shifts <= max(0, row.week_shifts_max - leave))

    def _days_known(
        self, row: ContractRow, name: str, x: dict, worked: list, choices: list[_Choice]
    ) -> None:
        for entry in self.plan.availability:
            if entry.agent != name or not name:
                continue
            for d, day in enumerate(self.dates):
                if not entry.from_ <= day <= (entry.to or entry.from_):
                    continue
                if entry.kind == "pin" and entry.shift != "off":
                    own = [k for k, c in enumerate(choices) if c.row.shift == entry.shift]
                    self.solver.Add(sum(x[d, k] for k in own) == 1)
                else:
                    self.solver.Add(worked[d] == 0)

    def _rules(self, x: dict, worked: list, choices: list[_Choice], hours: object) -> None:
        values: dict[str, list[float]] = defaultdict(list)
        for rule in self.plan.rules:
            values[rule.rule].append(rule.value)
        # The three files as they stand in docs/rules.md.
        if self.plan.settings.law == "cn":
            values["max_hours_day"].append(11)
            values["min_days_off_week"].append(1)
            values["max_consecutive_days"].append(6)
            values["min_rest_h"].append(11)
        elif self.plan.settings.law == "us-fair-workweek":
            values["min_rest_h"].append(10)
        days = len(worked)
        for value in values["max_hours_day"]:
            for (_, k), chosen in x.items():
                if choices[k].paid > value:
                    self.solver.Add(chosen == 0)
        for value in values["max_hours_week"]:
            self.solver.Add(hours <= value)
        for value in values["min_days_off_week"]:
            self.solver.Add(sum(worked) <= days - value)
        for value in values["max_consecutive_days"]:
            for first in range(days - int(value)):
                self.solver.Add(sum(worked[first : first + int(value) + 1]) <= value)
        for value in values["min_rest_h"]:
            for d in range(days - 1):
                for k, one in enumerate(choices):
                    for j, other in enumerate(choices):
                        if other.start + 24 - one.end < value:
                            self.solver.Add(x[d, k] + x[d + 1, j] <= 1)

    def _purchase(self, row: ContractRow, hours: object) -> None:
        if row.purchase_min_hours:
            bought, short = self.solver.BoolVar(""), self.solver.NumVar(0, 1000, "")
            self.solver.Add(hours <= 1000 * bought)
            self.solver.Add(hours + short >= row.purchase_min_hours * bought)
            self.cost.append(row.wage_per_hour * short)
        for rate in self.plan.rates:
            if rate.kind == "outsourced_step":
                beyond, there = self.solver.NumVar(0, 1000, ""), self.solver.BoolVar("")
                self.solver.Add(beyond <= 1000 * there)
                self.solver.Add(beyond + rate.from_hours * there <= hours)
                self.cost.append((rate.price_per_hour - row.wage_per_hour) * beyond)

    def _able(self, queue: int, given: dict[tuple[str, int], list], at: int) -> object:
        name = self.problem.queues[queue]
        roles = {row.role for row in self.plan.roles if row.queue == name}
        return sum(v for role in roles for v in given[role, at])

    def _missing(self, price: float) -> pywraplp.Variable:
        short = self.solver.NumVar(0, self.solver.infinity(), "")
        self.cost.append(price * short)
        return short

    def _service(self) -> None:
        problem, solver = self.problem, self.solver
        for pool in problem.pools:
            self._line(pool)
        for post in problem.presence:
            for t in np.flatnonzero(post.required):
                there = self._able(post.queue, self.post, int(t))
                solver.Add(there + self._missing(post.price) >= int(post.required[t]))
        for row in problem.day_heads:
            for d, required in enumerate(row.required.tolist()):
                if required:
                    there = self._able(row.queue, self.heads, d)
                    solver.Add(there + self._missing(row.price) >= required)
        for queue in problem.deferred:
            self._mail(queue)

    def _line(self, pool: object) -> None:
        (queue,) = pool.queues
        solver, size = self.solver, self.problem.grid.size
        there = [self._able(queue.queue, self.work, t) for t in range(size)]
        for t in np.flatnonzero(pool.floor):
            solver.Add(there[t] + self._missing(pool.price) >= int(pool.floor[t]))
        (goal,) = queue.goals
        answered: dict[int, list] = defaultdict(list)
        for t in np.flatnonzero(queue.offered):
            values = queue.curve.in_time[t]
            y = solver.NumVar(0, float(values.max()), "")
            for slope, height in _upper_lines(values):
                solver.Add(y <= slope * there[t] + height)
            answered[int(goal.period_of[t])].append(y)
        for period, counted in answered.items():
            offered = float(queue.offered[goal.period_of == period].sum())
            asked = float(goal.level[period]) * offered
            solver.Add(sum(counted) + self._missing(goal.price) >= asked)
        if self.problem.occupancy_max < 1:
            worked = self.problem.occupancy_max * sum(there)
            short = self._missing(self.problem.high_price)
            solver.Add(worked + short >= float(pool.load.sum()))

    def _mail(self, queue: object) -> None:
        """Replies as they fall due; late they cost by the open hour, given up as two days of it."""
        solver, size = self.solver, self.problem.grid.size
        done = given_up = arrived = due = 0.0
        more = 1 + float(queue.reserve[0])
        for t in range(size):
            arrived += float(queue.work_h[t]) * more
            due += float(queue.work_h[queue.due == t].sum()) * more
            if queue.open_mask[t]:
                now = solver.NumVar(0, solver.infinity(), "")
                solver.Add(now <= self._able(queue.queue, self.work, t))
                done += now
            given_up += self._missing(48 * queue.price)
            solver.Add(done + given_up <= arrived)
            # Where nobody may reply and nothing falls due, lateness is not counted.
            if due > 0 and (queue.open_mask[t] or (queue.due == t).any() or t == size - 1):
                solver.Add(done + given_up + self._missing(queue.price) >= due)

    def solve(self) -> float:
        self.solver.SetSolverSpecificParametersAsString("limits/gap = 0\nlimits/absgap = 0\n")
        self.solver.SetTimeLimit(120_000)
        self.solver.Minimize(sum(self.cost))
        status = self.solver.Solve()
        if status == pywraplp.Solver.INFEASIBLE:
            return float("inf")
        if status != pywraplp.Solver.OPTIMAL:
            raise RuntimeError(f"the compact model was not proved: {status}")
        return float(self.solver.Objective().Value())


def _upper_lines(values: np.ndarray) -> list[tuple[float, float]]:
    """Lines of the upper concave envelope of the points (n, values[n]): slope and height at 0."""
    lines, at = [], 0
    while at < len(values) - 1:
        slopes = (values[at + 1 :] - values[at]) / np.arange(1, len(values) - at)
        step = len(slopes) - 1 - int(np.argmax(slopes[::-1]))
        lines.append((float(slopes[step]), float(values[at] - slopes[step] * at)))
        at += step + 1
    return lines
