"""The compiled dynamic program over a person's days: the month of least cost at given prices.

A state is (days worked in a row and what may follow the last shift; shifts and hours of the plan
week so far; weekends worked). What a week costs by its shifts and hours is added at its end, where
the week's part of the state begins anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

BANNED = 1e15
_LIMIT = 1e14


@njit(cache=True, nogil=True)
def best_month(
    cost: Any,
    off_cost: Any,
    slot_of: Any,
    kind_of: Any,
    follow: Any,
    fresh: Any,
    run_max: int,
    onward: Any,
    week_of: Any,
    week_cost: Any,
    weekend: Any,
    weekends_max: Any,
    weekend_cost: Any,
    row: Any,
) -> float:
    """Find the cheapest month and write its shifts to `row` (D,), -1 on days off.

    Parameters
    ----------
    cost, off_cost
        (D, S) and (D,) cost of each choice, BANNED where it is none.
    slot_of, kind_of
        (S,) shifts of one slot have the same place in the state; (J,) number of a slot's paid time.
    follow, fresh
        (E, J) node after a slot that follows a node, -1 where it must not; (J,) node after rest.
    run_max
        Days worked in a row; 0 where nothing limits them.
    onward
        (C, K) state of a week after a shift of some paid time, -1 beyond what anybody may work.
    week_of, week_cost
        (D,) plan week; (weeks, C) cost of ending a week in a state.
    weekend, weekends_max, weekend_cost
        (D,) 1 on first days of weekends, 2 on second ones; (D,) most weekends up to a day; (W,)
        cost of a number of weekends.

    Returns
    -------
    The month's cost, BANNED or more where there is none (`row` is left alone then).
    """
    days, shifts = cost.shape
    nodes, slots = follow.shape
    combos, most = onward.shape[0], len(weekend_cost)
    runs = max(1, run_max)
    width = combos * most
    size = (1 + runs * nodes) * width
    value = np.full((days + 1, size), BANNED)
    source = np.empty((days + 1, size), dtype=np.int32)
    choice = np.empty((days + 1, size), dtype=np.int16)
    value[0, 0] = 0.0
    slot_cost = np.empty(slots)
    slot_shift = np.empty(slots, dtype=np.int16)
    for d in range(days):
        slot_cost[:] = BANNED
        for s in range(shifts):
            j = slot_of[s]
            if cost[d, s] < slot_cost[j]:
                slot_cost[j] = cost[d, s]
                slot_shift[j] = s
        ends = d + 1 == days or week_of[d + 1] != week_of[d]
        here, there = value[d], value[d + 1]
        for node in range(1 + runs * nodes):
            run = 0 if node == 0 else (node - 1) // nodes + 1
            kind = 0 if node == 0 else (node - 1) % nodes
            base = node * width
            adds = 1 if weekend[d] == 1 or (weekend[d] == 2 and node == 0) else 0
            for at in range(base, base + width):
                now = here[at]
                if now >= _LIMIT:
                    continue
                combo, done = (at - base) // most, (at - base) % most
                if off_cost[d] < _LIMIT:
                    total = now + off_cost[d]
                    c = combo
                    if ends:
                        total += week_cost[week_of[d], combo]
                        c = 0
                    to = c * most + done
                    if total < there[to]:
                        there[to] = total
                        source[d + 1, to] = at
                        choice[d + 1, to] = -1
                if run_max > 0 and run >= run_max:
                    continue
                w = done + adds
                if w >= most or w > weekends_max[d]:
                    continue
                for j in range(slots):
                    if slot_cost[j] >= _LIMIT:
                        continue
                    e = fresh[j] if node == 0 else follow[kind, j]
                    if e < 0:
                        continue
                    c = onward[combo, kind_of[j]]
                    if c < 0:
                        continue
                    total = now + slot_cost[j]
                    if ends:
                        total += week_cost[week_of[d], c]
                        c = 0
                    r = run if run_max > 0 else 0
                    to = (1 + r * nodes + e) * width + c * most + w
                    if total < there[to]:
                        there[to] = total
                        source[d + 1, to] = at
                        choice[d + 1, to] = slot_shift[j]
    best, last = BANNED, -1
    for at in range(size):
        total = value[days, at] + weekend_cost[at % most]
        if total < best:
            best, last = total, at
    if best >= _LIMIT:
        return best
    for d in range(days, 0, -1):
        row[d - 1] = choice[d, last]
        last = source[d, last]
    return best


@njit(cache=True, nogil=True)
def seat_worth(margin: Any, moved: Any, cost: Any, beyond: Any, worth: Any, seat: Any) -> None:
    """Fill what a shift is worth on a day, (D, S), and the seat that it would take, -1 for none.

    `margin` (D, S) is what a seat pays, -BANNED where there is none to be taken; `moved` (S, S) the
    price of taking a seat (first) in another shift (second), to which a dearer shift's cost (D, S)
    is added; `beyond` (D, S) the price of a shift without a seat.
    """
    days, shifts = margin.shape
    for d in range(days):
        for q in range(shifts):
            best, which = -beyond[d, q], -1
            for p in range(shifts):
                if margin[d, p] > -_LIMIT and moved[p, q] < _LIMIT:
                    pays = margin[d, p] - moved[p, q] - max(0.0, cost[d, q] - cost[d, p])
                    if pays > best:
                        best, which = pays, p
            worth[d, q] = best
            seat[d, q] = which
