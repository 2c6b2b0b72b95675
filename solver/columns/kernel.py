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
from solver.columns.problem import Ints, Small

INFINITE = 1 << 29
HALF = 1 << 28
BANNED = 1 << 30
NEVER = -(1 << 40)
DONE, NONE, TOO_LARGE, LOST = 0, 1, 2, 3
_ATTEMPTS = 12


@njit(cache=True, nogil=True)
def _relax(
    cells: Any,
    source: int,
    source_box: Ints,
    target: int,
    target_box: Ints,
    counts: int,
    units: int,
    weekends: int,
    cost: int,
    stride: int,
    radix: int,
) -> None:
    """Lower a target's box by a source's box moved by units, weekends and a counted shift."""
    first = max(source_box[0], target_box[0] - units)
    last = min(source_box[1], target_box[1] - units)
    length = last - first + 1
    if length <= 0:
        return
    source_row = source_box[1] - source_box[0] + 1
    target_row = target_box[1] - target_box[0] + 1
    step = np.int32(cost)
    whole = stride == 0 and length == source_row and length == target_row
    for w in range(source_box[2], source_box[3] + 1):
        v = w + weekends
        if v < target_box[2] or v > target_box[3]:
            continue
        from_row = source + (w - source_box[2]) * counts * source_row + first - source_box[0]
        to_row = target + (v - target_box[2]) * counts * target_row + first + units - target_box[0]
        if whole:
            total = counts * length
            a = cells[from_row : from_row + total]
            b = cells[to_row : to_row + total]
            for i in range(total):
                value = np.int32(a[i] + step)
                b[i] = value if value < b[i] else b[i]
            continue
        for k in range(counts):
            if stride > 0 and (k // stride) % radix == radix - 1:
                continue
            at = from_row + k * source_row
            to = to_row + (k + stride) * target_row
            a = cells[at : at + length]
            b = cells[to : to + length]
            for i in range(length):
                value = np.int32(a[i] + step)
                b[i] = value if value < b[i] else b[i]


@njit(cache=True, nogil=True)
def _extend(box: Ints, other: Ints, units: int, weekends: int) -> None:
    """Make a box hold another one that is moved by units and weekends."""
    if other[1] < other[0]:
        return
    box[0] = min(box[0], other[0] + units)
    box[1] = max(box[1], other[1] + units)
    box[2] = min(box[2], other[2] + weekends)
    box[3] = max(box[3], other[3] + weekends)


@njit(cache=True, nogil=True)
def _backward(
    days: int,
    sizes: Ints,
    weekend: Ints,
    off_cost: Any,
    slots: int,
    slot_facts: Ints,
    slot_cost: Any,
    may_precede: Flags,
    reach: Ints,
) -> None:
    """Fill reach[d, node]: most units, least units and least weekends that days d.. can add.

    Most units are NEVER where no way leads to the end.
    """
    classes, sets = sizes[0], sizes[1]
    run_min, run_max, rest_min = sizes[3], sizes[4], sizes[5]
    nodes = rest_min + classes * run_max
    reach[days, :nodes] = 0
    best = np.empty((sets, 3), dtype=np.int64)
    for d in range(days - 1, -1, -1):
        for node in range(nodes):
            reach[d, node, 0] = NEVER
            reach[d, node, 1] = -NEVER
            reach[d, node, 2] = -NEVER
        rests = off_cost[d] < BANNED
        if rests:
            for k in range(rest_min):
                follower = min(k + 1, rest_min - 1)
                reach[d, k] = reach[d + 1, follower]
        for r in range(run_max):
            # r days worked so far; r = 0 is a start from rest.
            ends = r > 0 and (r >= run_min or r == d) and rests
            if ends:
                for c in range(classes):
                    reach[d, rest_min + c * run_max + r - 1] = reach[d + 1, 0]
            best[:, 0] = NEVER
            best[:, 1:] = -NEVER
            adds = 1 if weekend[d] == 1 or (weekend[d] == 2 and r == 0) else 0
            for j in range(slots):
                if slot_cost[d, j] >= BANNED:
                    continue
                onward = reach[d + 1, rest_min + slot_facts[j, 0] * run_max + r]
                if onward[0] <= NEVER:
                    continue
                b, u = slot_facts[j, 1], slot_facts[j, 2]
                best[b, 0] = max(best[b, 0], onward[0] + u)
                best[b, 1] = min(best[b, 1], onward[1] + u)
                best[b, 2] = min(best[b, 2], onward[2] + adds)
            for b in range(sets):
                if best[b, 0] <= NEVER:
                    continue
                if r == 0:
                    here = reach[d, rest_min - 1]
                    here[0] = max(here[0], best[b, 0])
                    here[1] = min(here[1], best[b, 1])
                    here[2] = min(here[2], best[b, 2])
                    continue
                for c in range(classes):
                    if may_precede[b, c]:
                        here = reach[d, rest_min + c * run_max + r - 1]
                        here[0] = max(here[0], best[b, 0])
                        here[1] = min(here[1], best[b, 1])
                        here[2] = min(here[2], best[b, 2])
        for c in range(classes):
            # A full run can only end.
            if rests and (run_max >= run_min or run_max == d):
                reach[d, rest_min + c * run_max + run_max - 1] = reach[d + 1, 0]


@njit(cache=True, nogil=True)
def _forward(
    days: int,
    sizes: Ints,
    weekends_max: int,
    weekend: Ints,
    weekend_price: int,
    corridor: Ints,
    off_cost: Any,
    slots: int,
    slot_facts: Ints,
    slot_cost: Any,
    may_precede: Flags,
    reach: Ints,
    counts: int,
    cells: Any,
    place: Ints,
    box: Ints,
) -> bool:
    """Fill the boxes of all nodes and days; false where the memory does not hold them."""
    classes, sets = sizes[0], sizes[1]
    run_min, run_max, rest_min = sizes[3], sizes[4], sizes[5]
    least, most = sizes[6], sizes[7]
    nodes = rest_min + classes * run_max
    for node in range(nodes):
        box[0, node, 0] = 1
        box[0, node, 1] = 0
    start = rest_min - 1
    if reach[0, start, 0] <= NEVER:
        box[days, :nodes, 0] = 1
        box[days, :nodes, 1] = 0
        return True
    box[0, start] = 0
    place[0, start] = 0
    cells[:counts] = INFINITE
    cells[0] = 0
    used = counts
    joined = np.empty((sets, run_max + 1, 4), dtype=np.int64)
    for d in range(days):
        for node in range(nodes):
            box[d + 1, node, 0] = 1 << 40
            box[d + 1, node, 1] = -1
            box[d + 1, node, 2] = 1 << 40
            box[d + 1, node, 3] = -1
        rests = off_cost[d] < BANNED
        # Boxes first: what the sources of each target hold together.
        for b in range(sets):
            for r in range(1, run_max):
                joined[b, r, 0] = 1 << 40
                joined[b, r, 1] = -1
                joined[b, r, 2] = 1 << 40
                joined[b, r, 3] = -1
                for c in range(classes):
                    if may_precede[b, c]:
                        _extend(joined[b, r], box[d, rest_min + c * run_max + r - 1], 0, 0)
        rested = box[d, rest_min - 1]
        if rests:
            for k in range(rest_min):
                _extend(box[d + 1, min(k + 1, rest_min - 1)], box[d, k], 0, 0)
            for r in range(1, run_max + 1):
                if r >= run_min or r == d:
                    for c in range(classes):
                        _extend(box[d + 1, 0], box[d, rest_min + c * run_max + r - 1], 0, 0)
        saturday = 1 if weekend[d] == 1 else 0
        fresh = 1 if weekend[d] > 0 else 0
        if weekends_max < 0:
            saturday = 0
            fresh = 0
        for j in range(slots):
            if slot_cost[d, j] >= BANNED:
                continue
            first = rest_min + slot_facts[j, 0] * run_max
            _extend(box[d + 1, first], rested, slot_facts[j, 2], fresh)
            for r in range(1, run_max):
                _extend(
                    box[d + 1, first + r], joined[slot_facts[j, 1], r], slot_facts[j, 2], saturday
                )
        for node in range(nodes):
            here = box[d + 1, node]
            if here[1] < here[0]:
                here[0] = 1
                here[1] = 0
                continue
            ahead = reach[d + 1, node]
            here[0] = max(here[0], least - ahead[0], corridor[d + 1, 0])
            here[1] = min(here[1], most - ahead[1], corridor[d + 1, 1])
            if weekends_max >= 0:
                here[2] = max(here[2], corridor[d + 1, 2])
                here[3] = min(here[3], weekends_max - ahead[2], corridor[d + 1, 3])
            if ahead[0] <= NEVER or here[1] < here[0] or here[3] < here[2]:
                here[0] = 1
                here[1] = 0
                continue
            size = (here[1] - here[0] + 1) * (here[3] - here[2] + 1) * counts
            if used + size > len(cells):
                return False
            place[d + 1, node] = used
            cells[used : used + size] = INFINITE
            used += size
        if rests:
            for k in range(rest_min):
                node = min(k + 1, rest_min - 1)
                if box[d, k, 1] >= box[d, k, 0] and box[d + 1, node, 1] >= box[d + 1, node, 0]:
                    _relax(
                        cells, place[d, k], box[d, k], place[d + 1, node], box[d + 1, node],
                        counts, 0, 0, off_cost[d], 0, 1,
                    )  # fmt: skip
            if box[d + 1, 0, 1] >= box[d + 1, 0, 0]:
                for r in range(1, run_max + 1):
                    if r >= run_min or r == d:
                        for c in range(classes):
                            node = rest_min + c * run_max + r - 1
                            if box[d, node, 1] >= box[d, node, 0]:
                                _relax(
                                    cells, place[d, node], box[d, node], place[d + 1, 0],
                                    box[d + 1, 0], counts, 0, 0, off_cost[d], 0, 1,
                                )  # fmt: skip
        if rested[1] >= rested[0]:
            extra = weekend_price if weekend[d] > 0 else 0
            for j in range(slots):
                node = rest_min + slot_facts[j, 0] * run_max
                if slot_cost[d, j] < BANNED and box[d + 1, node, 1] >= box[d + 1, node, 0]:
                    _relax(
                        cells, place[d, rest_min - 1], rested, place[d + 1, node],
                        box[d + 1, node], counts, slot_facts[j, 2], fresh,
                        slot_cost[d, j] + extra, slot_facts[j, 3], slot_facts[j, 4],
                    )  # fmt: skip
        extra = weekend_price if weekend[d] == 1 else 0
        for b in range(sets):
            for r in range(1, run_max):
                bound = joined[b, r]
                if bound[1] < bound[0]:
                    continue
                wanted = False
                for j in range(slots):
                    if slot_facts[j, 1] == b and slot_cost[d, j] < BANNED:
                        node = rest_min + slot_facts[j, 0] * run_max + r
                        if box[d + 1, node, 1] >= box[d + 1, node, 0]:
                            wanted = True
                            break
                if not wanted:
                    continue
                number = 0
                only = -1
                for c in range(classes):
                    node = rest_min + c * run_max + r - 1
                    if may_precede[b, c] and box[d, node, 1] >= box[d, node, 0]:
                        number += 1
                        only = node
                if number == 1:
                    source = place[d, only]
                else:
                    source = used
                    size = (bound[1] - bound[0] + 1) * (bound[3] - bound[2] + 1) * counts
                    if used + size > len(cells):
                        return False
                    cells[used : used + size] = INFINITE
                    for c in range(classes):
                        node = rest_min + c * run_max + r - 1
                        if may_precede[b, c] and box[d, node, 1] >= box[d, node, 0]:
                            _relax(
                                cells, place[d, node], box[d, node], source, bound,
                                counts, 0, 0, 0, 0, 1,
                            )  # fmt: skip
                for j in range(slots):
                    node = rest_min + slot_facts[j, 0] * run_max + r
                    if (
                        slot_facts[j, 1] == b
                        and slot_cost[d, j] < BANNED
                        and box[d + 1, node, 1] >= box[d + 1, node, 0]
                    ):
                        _relax(
                            cells, source, bound, place[d + 1, node], box[d + 1, node],
                            counts, slot_facts[j, 2], saturday, slot_cost[d, j] + extra,
                            slot_facts[j, 3], slot_facts[j, 4],
                        )  # fmt: skip
    return True


@njit(cache=True, nogil=True)
def _value(
    cells: Any, place: Ints, box: Ints, d: int, node: int, counts: int, w: int, k: int, m: int
) -> int:
    """Value of one state, INFINITE where there is none."""
    here = box[d, node]
    if m < here[0] or m > here[1] or w < here[2] or w > here[3] or k < 0:
        return INFINITE
    row = here[1] - here[0] + 1
    return int(cells[place[d, node] + ((w - here[2]) * counts + k) * row + m - here[0]])


@njit(cache=True, nogil=True)
def _trace(
    days: int,
    sizes: Ints,
    weekends_max: int,
    weekend: Ints,
    weekend_price: int,
    off_cost: Any,
    slots: int,
    slot_facts: Ints,
    slot_cost: Any,
    slot_shift: Any,
    may_precede: Flags,
    counts: int,
    cells: Any,
    place: Ints,
    box: Ints,
    node: int,
    w: int,
    k: int,
    m: int,
    schedule: Small,
) -> bool:
    """Walk back from a last state, writing the shifts worked."""
    classes = sizes[0]
    run_min, run_max, rest_min = sizes[3], sizes[4], sizes[5]
    value = _value(cells, place, box, days, node, counts, w, k, m)
    for d in range(days - 1, -1, -1):
        found = False
        if node < rest_min:
            schedule[d] = -1
            value -= off_cost[d]
            first = max(node - 1, 0)
            for before in range(first, node + 1):
                follows = min(before + 1, rest_min - 1) == node
                if follows and _value(cells, place, box, d, before, counts, w, k, m) == value:
                    node = before
                    found = True
                    break
            if not found and node == 0:
                for r in range(1, run_max + 1):
                    if found or not (r >= run_min or r == d):
                        continue
                    for c in range(classes):
                        before = rest_min + c * run_max + r - 1
                        if _value(cells, place, box, d, before, counts, w, k, m) == value:
                            node = before
                            found = True
                            break
        else:
            c, r = (node - rest_min) // run_max, (node - rest_min) % run_max
            adds = 1 if weekend[d] == 1 or (weekend[d] == 2 and r == 0) else 0
            extra = weekend_price * adds
            if weekends_max < 0:
                adds = 0
            for j in range(slots):
                if found or slot_facts[j, 0] != c or slot_cost[d, j] >= BANNED:
                    continue
                stride, radix = slot_facts[j, 3], slot_facts[j, 4]
                if stride > 0 and (k // stride) % radix == 0:
                    continue
                wanted = value - slot_cost[d, j] - extra
                v, i, n = w - adds, k - stride, m - slot_facts[j, 2]
                if r == 0:
                    before = rest_min - 1
                    found = _value(cells, place, box, d, before, counts, v, i, n) == wanted
                    if found:
                        node = before
                else:
                    for e in range(classes):
                        before = rest_min + e * run_max + r - 1
                        if (
                            may_precede[slot_facts[j, 1], e]
                            and _value(cells, place, box, d, before, counts, v, i, n) == wanted
                        ):
                            node = before
                            found = True
                            break
                if found:
                    schedule[d] = slot_shift[d, j]
                    value = wanted
                    w, k, m = v, i, n
        if not found:
            return False
    return True


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
        _corridor(days, size, weekends_limit, half_width, corridor)
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
            _backward(
                days, size, weekend, off_cost, slots, slot_facts, slot_cost, may_precede[p], reach
            )
            fits = _forward(
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
            found = _best_ends(days, size, counts, cells, place, box, ends)
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
                whole = _trace(
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


@njit(cache=True, nogil=True)
def _best_ends(
    days: int, size: Ints, counts: int, cells: Any, place: Ints, box: Ints, ends: Ints
) -> int:
    """Fill ends with value, node, weekends, count and units of the best end of each total."""
    least, most = size[6], size[7]
    if most < least:
        return 0
    ends[: most - least + 1, 0] = INFINITE
    for node in range(size[5] + size[0] * size[4]):
        here = box[days, node]
        row = here[1] - here[0] + 1
        if row <= 0:
            continue
        for w in range(here[2], here[3] + 1):
            for k in range(counts):
                at = place[days, node] + ((w - here[2]) * counts + k) * row - here[0]
                for m in range(max(here[0], least), min(here[1], most) + 1):
                    end = ends[m - least]
                    if cells[at + m] < end[0]:
                        end[0] = cells[at + m]
                        end[1] = node
                        end[2] = w
                        end[3] = k
                        end[4] = m
    return int(most - least + 1)


@njit(cache=True, nogil=True)
def _corridor(days: int, size: Ints, weekends_max: int, half_width: Ints, corridor: Ints) -> None:
    """Least and most units and weekends after each day, (D + 1, 4)."""
    for d in range(days + 1):
        corridor[d, 0] = -(1 << 40)
        corridor[d, 1] = 1 << 40
        corridor[d, 2] = 0
        corridor[d, 3] = 1 << 40
        if half_width[0] >= 0:
            middle = (size[6] + size[7]) * d // (2 * days)
            corridor[d, 0] = middle - half_width[0]
            corridor[d, 1] = middle + half_width[0]
        if half_width[1] >= 0 and weekends_max >= 0:
            corridor[d, 3] = weekends_max * d // days + half_width[1]
