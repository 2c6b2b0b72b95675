"""Whole shifts part by part: weeks (or days, where a week is too large) by branch and bound.

Everything outside a part is held at its latest value, so that each part is solved against the exact
rest of the month: hours, service, backlog.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from solver.engines import Effort, solve_integer
from solver.model import Design, costly_heads, penalties, relaxed
from solver.polish import polish
from solver.problem import Bools, Floats, Ints, Limits
from solver.relaxation import Relaxation, solve_few_whole
from solver.rounding import round_shifts

#: Called with cost, bound and what is being done; may be used to show progress.
Watch = Callable[[float, float, str], None]

# A week with more integer columns than this is solved day by day.
_WEEK_COLUMNS = 2_500
_ROUND = 1e-6
# Branching is limited by nodes, so that a result is the same twice: fewer where each is larger.
_LEAST_SEARCH_S = 40.0
# A month of one part is searched for long; where parts follow each other, what one of them loses at
# its root is little beside what they lose to each other.
_MONTH_NODE_WORK = 8_000_000
_PART_NODE_WORK = 200_000
# Steps for improving rounded shifts, in those that the days took to relax; where that was easy (a
# plain cover), whole shifts may be hard all the same.
_POLISH_STEPS = 3
_LEAST_POLISH_STEPS = 8_000


@dataclass
class Search:
    """The parts of a design solved one after the other, within the time there is.

    `money` is what the month relaxed costs without the prices of what is missing. Of it a part may
    lose its share: a share of the part's own cost would be too much where something is missing
    whatever is done, and too little where most is salaries.
    """

    design: Design
    limits: Limits
    windows: list[range]
    hint: Floats | None
    until: float
    watch: Watch
    stop: Callable[[], bool]
    bound: float
    money: float

    def solve(self, values: Floats, decided: Bools) -> Floats:
        """Whole shifts for all parts; what they decide is added to `decided`."""
        matrix, constant = self.design.matrix, self.design.people.constant
        count = len(self.windows)
        whole = count == 1 and not decided.any()
        is_month = len(windows_of(self.design)) == 1
        for number, days in enumerate(self.windows):
            left_s = (self.until - time.process_time()) / (count - number)
            # Nodes end a search; the clock only where the planner has little time, and a part that
            # took more than its share must not leave the others without one.
            least_s = min(_LEAST_SEARCH_S, 2 * self.limits.seconds)
            effort = Effort(
                gap=0.0,
                absolute_gap=self.limits.gap / 2 * self.money / count,
                nodes=_MONTH_NODE_WORK if is_month else _PART_NODE_WORK,
                stall_nodes=300,
                seconds=0.0 if self.stop() else max(least_s, left_s),
                seed=self.limits.seed,
            )
            values, proved = _solve_window(self.design, values, decided, days, effort, self.hint)
            if whole:
                self.bound = max(self.bound, proved)
            self.watch(
                float(matrix.cost @ values) + constant,
                self.bound + constant,
                f"part {number + 1} of {count}",
            )
        return values

    def more_heads(self, values: Floats) -> Floats:
        """Employ one more where whole people fall short of what divisible ones could do.

        Heads are chosen with divisible shifts; for a small team that may be one too few.
        """
        matrix, people = self.design.matrix, self.design.people
        heads = people.heads[costly_heads(self.design)]
        best, improved = float(matrix.cost @ values), True
        while improved:
            improved = False
            worth = self.limits.gap * self.money
            short = penalties(self.design, values)
            for head in heads[values[heads] < matrix.upper[heads] - 0.5]:
                if short <= worth or self.stop() or time.process_time() > self.until:
                    return values
                decided = np.zeros(len(matrix.lower), dtype=bool)
                decided[heads] = True
                trial = values.copy()
                trial[head] += 1
                trial = relaxed(self.design, trial, ~decided)
                if float(matrix.cost @ trial) > best - worth:
                    continue
                trial = self.solve(trial, decided)
                cost = float(matrix.cost @ trial)
                if cost < best:
                    best, values, improved = cost, trial, True
                    break
        return values


def windows_of(design: Design) -> list[range]:
    """Runs of days that are solved together."""
    days = design.problem.grid.days
    columns = int((design.people.shifts >= 0).sum()) * 7 / days
    if columns <= _WEEK_COLUMNS:
        return [range(d, min(d + 7, days)) for d in range(0, days, 7)]
    return [range(d, d + 1) for d in range(days)]


def _solve_window(
    design: Design,
    values: Floats,
    decided: Bools,
    days: range,
    effort: Effort,
    hint: Floats | None,
) -> tuple[Floats, float]:
    """Solve the days of a window with everything else as it is; mark its shifts as decided.

    Returns
    -------
    Values, and what the solver proved of the window's own part.
    """
    matrix, people = design.matrix, design.people
    free = ((matrix.day >= days.start) & (matrix.day < days.stop)) | (matrix.day < 0)
    free &= ~decided
    x = people.shifts[:, days.start : days.stop]
    totals = people.day_total[:, days.start : days.stop].ravel()
    own = np.concatenate([x[x >= 0], totals])
    part, columns = matrix.restrict(free, values)
    relaxation = Relaxation(part)
    least, divisible = relaxation.solve()
    if divisible is not None:
        values = values.copy()
        values[columns] = divisible
    rounded, holds = _rounded(design, values, free, days, own)
    proved, searched = least, None
    if holds:
        rounded = _polished(
            design,
            relaxation,
            columns,
            rounded,
            days,
            least=least,
            goal=least + effort.absolute_gap,
            seed=effort.seed,
        )
    is_good = holds and part.cost @ rounded[columns] <= least + effort.absolute_gap
    if effort.seconds > 0 and not is_good:
        nodes = max(1, effort.nodes // max(1, len(part.values)))
        starts = [
            start[columns] for start in (rounded if holds else None, hint) if start is not None
        ]
        solved = solve_integer(part, replace(effort, nodes=nodes), starts)
        proved = max(least, solved.bound)
        if solved.values is not None:
            searched = values.copy()
            searched[columns] = solved.values
            searched[own] = np.round(searched[own])
    decided[own] = True
    if searched is not None and (
        not holds or matrix.cost @ searched <= matrix.cost @ rounded + _ROUND
    ):
        return searched, proved
    # A search cut short may know less than plain rounding does.
    decided[people.heads[costly_heads(design)]] = True
    return rounded, proved


def _polished(
    design: Design,
    relaxation: Relaxation,
    columns: Ints,
    rounded: Floats,
    days: range,
    *,
    least: float,
    goal: float,
    seed: int,
) -> Floats:
    """Rounded shifts made better move by move."""
    # Whoever costs nothing until they work may be called in any number.
    heads = np.isin(columns, design.people.heads[~costly_heads(design)])
    start = rounded[columns]
    start[heads] = relaxation.matrix.upper[heads]
    steps = max(_LEAST_POLISH_STEPS, _POLISH_STEPS * relaxation.steps)
    found = polish(
        design, relaxation, columns, start, days, least=least, goal=goal, steps=steps, seed=seed
    )
    if found is None:
        return rounded
    better = rounded.copy()
    better[columns] = found
    return better


def _rounded(
    design: Design, values: Floats, free: Bools, days: range, own: Ints
) -> tuple[Floats, bool]:
    """Days rounded without a search, with everything else that is free at its best for them.

    Returns
    -------
    Values, and whether they satisfy the model.
    """
    rounded = values.copy()
    heads = design.people.heads[free[design.people.heads]]
    rounded[heads] = np.ceil(rounded[heads] - _ROUND)
    rounded = round_shifts(design.matrix, design.people, design.problem.patterns, rounded, days)
    loose = free.copy()
    loose[own] = False
    loose[heads] = False
    part, columns = design.matrix.restrict(loose, rounded)
    found = solve_few_whole(part)
    if found is None:
        return rounded, False
    rounded[columns] = found
    return rounded, True
