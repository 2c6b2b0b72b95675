"""The compiled dynamic program over days: a person's cheapest schedules at given prices.

Forward over days, each node (see `automaton`) holds a dense box over weekends worked, shifts
counted and units of minutes, units innermost, so that every step is a minimum over contiguous
memory. A pass backward beforehand finds what each node can still reach; boxes are cut to it, so
that fixed days cost nearly nothing. Costs are int32 (scaled by the caller) and sums are exact.

Limits on how often a shift is worked join the state of a person only once a cheapest schedule
breaks them (decremental state space relaxation: Righini and Salani 2008); until then the value is
a relaxation's, hence still a lower bound, and broken schedules are not handed out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from solver.columns.automaton import Flags
from solver.columns.passes import BANNED, INFINITE, backward, corridor_of, forward
from solver.columns.problem import Ints, Small
from solver.columns.traces import best_ends, trace

HALF = 1 << 28
DONE, NONE, TOO_LARGE, LOST = 0, 1, 2, 3
_ATTEMPTS = 12


@njit(cache=True, nogil=True)
def price_people(
    people: Ints,
    allowed: Flags,
    cell_price: Any,
    costs: Any,
    unit_price: Ints,
    weekend_price: Ints,
    relaxed: bool,
    half_width: Ints,
    weekend: Ints,
    shift_class: Ints,
    before: Ints,
    units: Ints,
    group: Ints,
    may_precede: Flags,
    sizes: Ints,
    weekends_max: Ints,
    limit: Ints,
    counted: Flags,
    counts_max: Ints,
    cells: Any,
    place: Ints,
    box: Ints,
    reach: Ints,
    ends: Ints,
    top: int,
    schedules: Small,
    values: Ints,
    bounds: Ints,
    numbers: Ints,
    status: Ints,
) -> None:
    """Price people one after the other.

    Parameters
    ----------
    people
        (n,) who.
    allowed
        (n, D, S + 1) choices left to them.
    cell_price
        (D, S) int32 what a cell earns; costs (P, D, S + 1) int32 less this is what is minimised.
    unit_price, weekend_price
        (P,) price of a unit of minutes and of a weekend, on top; zero unless relaxed.
    relaxed
        Leave out the limits on minutes and weekends: a bound, not a schedule.
    half_width
        (2,) how far running totals of units and weekends may leave a straight line; -1: any way.
    counted
        (P, S) which limits are in a person's state; grows.
    schedules, values, bounds, numbers, status
        Outputs (n, top, D), (n, top), (n,), (n,), (n,): schedules that keep every rule and their
        values, the proved least value, how many schedules, and what came of it.
    """
    days, shifts = cell_price.shape
    off_cost = np.empty(days, dtype=np.int64)
    slot_facts = np.empty((shifts, 5), dtype=np.int64)
    slot_cost = np.empty((days, shifts), dtype=np.int64)
    slot_shift = np.empty((days, shifts), dtype=np.int64)
    slot_of = np.empty(shifts, dtype=np.int64)
    group_slot = np.empty(shifts, dtype=np.int64)
    corridor = np.empty((days + 1, 4), dtype=np.int64)
    worked = np.empty(shifts, dtype=np.int64)
    narrowed = np.empty((days, shifts), dtype=np.uint8)
    for i in range(len(people)):
        p = people[i]
        size = sizes[p].copy()
        weekends_limit = weekends_max[p]
        if relaxed:
            size[6] = 0
            size[7] = 0
            weekends_limit = -1
        corridor_of(days, size, weekends_limit, half_width, corridor)
        numbers[i] = 0
        bounds[i] = -INFINITE
        status[i] = TOO_LARGE
        narrowed[:, :] = 0
        proves, added = True, -1
        for _attempt in range(_ATTEMPTS):
            # Slots: counted shifts alone, the others by group.
            slots, counts = 0, 1
            group_slot[:] = -1
            for s in range(shifts):
                slot_of[s] = -1
                if shift_class[p, s] < 0:
                    continue
                if counted[p, s]:
                    j = slots
                    slots += 1
                    slot_facts[j, 3] = counts
                    slot_facts[j, 4] = limit[p, s] + 1
                    counts *= limit[p, s] + 1
                else:
                    j = group_slot[group[p, s]]
                    if j < 0:
                        j = slots
                        slots += 1
                        group_slot[group[p, s]] = j
                    slot_facts[j, 3] = 0
                    slot_facts[j, 4] = 1
                slot_of[s] = j
                slot_facts[j, 0] = shift_class[p, s]
                slot_facts[j, 1] = before[p, s]
                slot_facts[j, 2] = 0 if relaxed else units[p, s]
            slot_cost[:, :slots] = BANNED
            for d in range(days):
                off_cost[d] = costs[p, d, shifts] if allowed[i, d, shifts] else BANNED
                for s in range(shifts):
                    j = slot_of[s]
                    if j < 0 or not allowed[i, d, s] or narrowed[d, s]:
                        continue
                    cost = costs[p, d, s] - cell_price[d, s] + unit_price[p] * units[p, s]
                    if cost < slot_cost[d, j]:
                        slot_cost[d, j] = cost
                        slot_shift[d, j] = s
            backward(
                days, size, weekend, off_cost, slots, slot_facts, slot_cost, may_precede[p], reach
            )
            fits = forward(
                days, size, weekends_limit, weekend, weekend_price[p], corridor, off_cost,
                slots, slot_facts, slot_cost, may_precede[p], reach, counts, cells, place, box,
            )  # fmt: skip
            if not fits:
                if added < 0:
                    break
                # The limit that joined last has no room: go on without it.
                counted[p, added] = 0
                counts_max[p] = counts // (limit[p, added] + 1)
                added = -1
                continue
            found = best_ends(days, size, counts, cells, place, box, ends)
            broken = -1
            for rank in range(min(top, found)):
                e = np.argmin(ends[:found, 0])
                value = ends[e, 0]
                if value >= HALF:
                    break
                if rank == 0 and proves:
                    bounds[i] = value
                    status[i] = DONE
                out = schedules[i, numbers[i]]
                whole = trace(
                    days, size, weekends_limit, weekend, weekend_price[p], off_cost, slots,
                    slot_facts, slot_cost, slot_shift, may_precede[p], counts, cells, place, box,
                    ends[e, 1], ends[e, 2], ends[e, 3], ends[e, 4], out,
                )  # fmt: skip
                ends[e, 0] = INFINITE
                if not whole:
                    status[i] = LOST
                    break
                worked[:] = 0
                for d in range(days):
                    if out[d] >= 0:
                        worked[out[d]] += 1
                over = -1
                for s in range(shifts):
                    if shift_class[p, s] >= 0 and worked[s] > limit[p, s]:
                        over = s
                        break
                if over < 0:
                    values[i, numbers[i]] = value
                    numbers[i] += 1
                    continue
                if rank > 0:
                    continue
                broken = over
                if counts * (limit[p, over] + 1) <= counts_max[p]:
                    counted[p, over] = 1
                    added = over
                    break
                # No room in the state: keep some of the days on which it was worked.
                proves = False
                left = limit[p, over]
                for d in range(days):
                    if out[d] == over and left > 0:
                        left -= 1
                    else:
                        narrowed[d, over] = 1
                break
            if proves and status[i] != LOST and numbers[i] == 0 and broken < 0:
                status[i] = NONE
            if broken < 0 or (relaxed and not proves):
                break
