"""The master: which schedules of people meet the cover at least cost, as a linear program.

One row a person (exactly one schedule) and one a cover row (people, plus those short, less those
beyond, as required). HiGHS' simplex keeps its basis while columns join: primal after new columns,
dual after columns are shut.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.columns.problem import Ints, RosterProblem, Small
from solver.problem import Floats

# A person without a schedule costs this many times the dearest thing that can happen.
_NOBODY = 4


def _silent() -> Any:
    import highspy

    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("parallel", "off")):
        solver.setOptionValue(option, value)
    return solver


class Master:
    """The restricted master of some people and some cover rows.

    Parameters
    ----------
    people
        (n,) numbers.
    rows
        (m,) cover rows that count; the others are left out.
    required
        (m,) what the people are to give to each of those rows; negative where others give more
        than is required.
    """

    def __init__(self, problem: RosterProblem, people: Ints, rows: Ints, required: Ints) -> None:
        self.problem = problem
        self.people = people
        self.rows = rows
        self.required = required
        cover = problem.cover
        self._row_at = np.full(len(cover.required), -1, dtype=np.int64)
        self._row_at[rows] = np.arange(len(rows)) + len(people)
        self.who = np.zeros(0, dtype=np.int64)
        self.schedules = np.zeros((0, problem.days), dtype=np.int16)
        self.costs = np.zeros(0, dtype=np.int64)
        self._seen: set[bytes] = set()
        n, m = len(people), len(rows)
        self._fixed = n + 2 * m
        dearest = 1 + int(cover.under.max(initial=0) + np.abs(problem.costs).max(initial=0))
        nobody = float(_NOBODY * dearest * problem.days)
        self._slack_cost = np.concatenate(
            [np.full(n, nobody), cover.under[rows], cover.over[rows]]
        ).astype(float)
        self._slack_value = np.concatenate([np.ones(n + m), -np.ones(m)])
        self._slack_row = np.concatenate([np.arange(n + m), np.arange(n, n + m)]).astype(np.int32)
        self._right = np.concatenate([np.ones(n), required.astype(float)])
        self._solver = self._empty()
        for option, value in (("presolve", "off"), ("solver", "simplex")):
            self._solver.setOptionValue(option, value)
        self.values = np.zeros(0)
        self.duals = np.zeros(n + m)
        self.objective = np.inf

    def _empty(self) -> Any:
        solver = _silent()
        count, columns = len(self._right), self._fixed
        none = np.zeros(0, dtype=np.int32)
        solver.addRows(
            count, self._right, self._right, 0, np.zeros(count, np.int32), none, np.zeros(0)
        )
        solver.addCols(
            columns,
            self._slack_cost,
            np.zeros(columns),
            np.full(columns, np.inf),
            columns,
            np.arange(columns, dtype=np.int32),
            self._slack_row,
            self._slack_value,
        )
        return solver

    def add(self, who: Ints, schedules: Small) -> int:
        """Add schedules (N, D) of people at positions (N,); those known are skipped."""
        fresh = []
        for k, (i, schedule) in enumerate(zip(who.tolist(), schedules, strict=True)):
            key = i.to_bytes(4, "little") + schedule.tobytes()
            if key not in self._seen:
                self._seen.add(key)
                fresh.append(k)
        if not fresh:
            return 0
        who, schedules = who[fresh], schedules[fresh]
        costs = self.problem.own_costs(self.people[who], schedules)
        self._append(self._solver, who, schedules, costs)
        self._solver.setOptionValue("simplex_strategy", 4)
        self.who = np.concatenate([self.who, who])
        self.schedules = np.concatenate([self.schedules, schedules])
        self.costs = np.concatenate([self.costs, costs])
        return len(fresh)

    def _append(self, solver: Any, who: Ints, schedules: Small, costs: Ints) -> None:
        starts, rows = self.problem.entries(schedules)
        at = self._row_at[rows]
        inside = at >= 0
        which = np.repeat(np.arange(len(who)), np.diff(starts))[inside]
        column = np.concatenate([np.arange(len(who)), which])
        row = np.concatenate([who, at[inside]])
        order = np.argsort(column, kind="stable")
        first = np.searchsorted(column[order], np.arange(len(who)))
        solver.addCols(
            len(who),
            costs.astype(float),
            np.zeros(len(who)),
            np.full(len(who), np.inf),
            len(row),
            first.astype(np.int32),
            row[order].astype(np.int32),
            np.ones(len(row)),
        )

    def shut(self, columns: Ints) -> None:
        """Forbid columns from now on."""
        if not len(columns):
            return
        number = len(columns)
        at = (self._fixed + columns).astype(np.int32)
        self._solver.changeColsBounds(number, at, np.zeros(number), np.zeros(number))
        self._solver.setOptionValue("simplex_strategy", 1)

    def solve(self) -> float:
        """Solve the linear program; fills values (columns), duals (n + m) and the objective."""
        self._solver.run()
        solution = self._solver.getSolution()
        self.values = np.asarray(solution.col_value)[self._fixed :]
        self.duals = np.asarray(solution.row_dual)
        self.objective = float(self._solver.getInfo().objective_function_value)
        return self.objective

    def reduced_costs(self, row_duals: Floats) -> Floats:
        """Cost of every column less row duals (m,), the duals of people apart."""
        return self.costs - self.earned(self.schedules, row_duals)

    def earned(self, schedules: Small, row_duals: Floats) -> Floats:
        """Row duals (m,) that schedules (N, D) earn, (N,)."""
        starts, rows = self.problem.entries(schedules)
        padded = np.append(row_duals, 0.0)
        at = self._row_at[rows]
        # Rows that are left out pay nothing: the last place holds a zero.
        paid = padded[np.where(at >= 0, at - len(self.people), -1)]
        total = np.concatenate([[0.0], np.cumsum(paid)])
        return np.asarray(total[starts[1:]] - total[starts[:-1]])

    def choose(self, columns: Ints, start: Ints, *, seconds: float, seed: int) -> Ints | None:
        """Choose one of the columns for each person, whole, by branch and bound.

        Parameters
        ----------
        columns
            Numbers of the columns that may be chosen; they hold `start`.
        start
            (n,) the columns of a known choice.

        Returns
        -------
        (n,) column of each person, or None where nothing was found in time.
        """
        import highspy

        solver = self._empty()
        n = len(self.people)
        solver.changeColsBounds(n, np.arange(n, dtype=np.int32), np.zeros(n), np.zeros(n))
        self._append(solver, self.who[columns], self.schedules[columns], self.costs[columns])
        numbers = np.arange(self._fixed, self._fixed + len(columns), dtype=np.int32)
        kinds = np.full(len(columns), highspy.HighsVarType.kInteger)
        solver.changeColsIntegrality(len(columns), numbers, kinds)
        solver.setOptionValue("time_limit", seconds)
        solver.setOptionValue("mip_rel_gap", 0.0)
        solver.setOptionValue("random_seed", seed)
        known = np.zeros(self._fixed + len(columns))
        known[self._fixed + np.flatnonzero(np.isin(columns, start))] = 1.0
        counted = np.zeros(len(self._right))
        at = self._row_at[self.problem.entries(self.schedules[start])[1]]
        np.add.at(counted, at[at >= 0], 1.0)
        gap = (self._right - counted)[n:]
        known[n : self._fixed] = np.concatenate([np.maximum(gap, 0), np.maximum(-gap, 0)])
        solution = highspy.HighsSolution()
        solution.col_value = known.tolist()
        solver.setSolution(solution)
        solver.run()
        if solver.getInfo().primal_solution_status != 2:
            return None
        values = np.asarray(solver.getSolution().col_value)[self._fixed :]
        taken = columns[values > 0.5]
        answer = np.full(n, -1, dtype=np.int64)
        answer[self.who[taken]] = taken
        return answer if (answer >= 0).all() else None
