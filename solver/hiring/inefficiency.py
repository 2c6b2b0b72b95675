"""Scheduling inefficiency: what a roster pays over what its queues ask for."""

from __future__ import annotations

import numpy as np

from solver.engines import Outcome, solve_linear
from solver.hiring.problem import SMALL_H, HiringProblem
from solver.hiring.programme import time_rows
from solver.linear import LinearModel
from solver.problem import Floats


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
            time_rows(model, problem, one, worked[s], scale, given, month=0)
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
