"""The two passes over a person's days: what can still be reached, and the boxes of least costs.

Compiled, as all of the kernel; numba does not see that a function changed in another file: clear
its cache (`__pycache__`) after a change here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from solver.columns.automaton import Flags
from solver.columns.problem import Ints

INFINITE = 1 << 29
BANNED = 1 << 30
NEVER = -(1 << 40)


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
def corridor_of(days: int, size: Ints, weekends_max: int, half_width: Ints, corridor: Ints) -> None:
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


@njit(cache=True, nogil=True)
def backward(
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
def forward(
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
