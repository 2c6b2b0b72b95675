"""From boxes of least costs back to schedules: the best ends, and the shifts that led there."""

from __future__ import annotations

from typing import Any

from numba import njit

from solver.columns.automaton import Flags
from solver.columns.passes import BANNED, INFINITE
from solver.columns.problem import Ints, Small


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
def trace(
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
def best_ends(
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
