"""A proved bound without a master: prices of cover moved along a subgradient.

Used where the linear program over whole schedules is too large to be solved. People whose state
does not fit are priced with multipliers for their minutes and weekends instead of limits. Every
value is a bound (Lagrange); the best one counts.
"""

from __future__ import annotations

import numpy as np

from solver.columns.clock import Clock
from solver.columns.state import State

_STEP = 1.0
_STALE = 8


def raise_bound(state: State, clock: Clock) -> None:
    """Move prices from the state's duals, and keep the best bound and its prices."""
    problem, pricer = state.problem, state.pricer
    cover, scale = problem.cover, pricer.scale
    people = np.arange(len(state.roster))
    exact = people[pricer.exact]
    vague = people[~pricer.exact]
    duals = state.duals.copy()
    unit = np.zeros(len(people))
    weekend = np.zeros(len(people))
    limits, most_weekends = pricer.unit_limits, pricer.weekends_max
    best, step, stale = -np.inf, _STEP, 0
    best_at = duals, unit, weekend
    lengths = np.zeros((len(people), problem.shifts))
    lengths[:] = problem.minutes / pricer.unit_min[:, None]
    while clock.left:
        prices = np.clip(np.rint(duals * scale).astype(np.int64), -cover.over * scale,
                         cover.under * scale)  # fmt: skip
        cells = problem.cell_values(prices)
        units = np.rint(unit * scale).astype(np.int64)
        weekends = np.rint(weekend * scale).astype(np.int64)
        total = int(prices @ cover.required)
        schedules = np.full((len(people), problem.days), -1, dtype=np.int16)
        bounds = np.zeros(len(people))
        for group, relaxed in ((exact, False), (vague, True)):
            # Whole groups at once where that is short, one by one where a stop should be quick.
            size = max(1, len(group)) if not relaxed else 8
            for k in range(0, len(group), size):
                if not clock.left:
                    return
                part = group[k : k + size]
                priced = pricer.price(
                    part,
                    state.allowed[part],
                    cells,
                    unit_price=units if relaxed else None,
                    weekend_price=weekends if relaxed else None,
                )
                if not priced.proved:
                    return
                bounds[part] = priced.bounds / scale
                total += int(priced.bounds.sum())
                schedules[part[priced.who]] = priced.schedules
                if relaxed:
                    edge = np.where(units[part] > 0, limits[part, 1], limits[part, 0])
                    total -= int(units[part] @ edge)
                    total -= int(weekends[part] @ np.maximum(0, most_weekends[part]))
                else:
                    state.keep(part[priced.who], priced.schedules)
        value = total / scale
        if value > best:
            best, stale = value, 0
            best_at = duals.copy(), unit.copy(), weekend.copy()
            if value > state.bound:
                state.raise_bound(value)
                state.duals = prices / scale
                state.person_bounds = bounds if not len(vague) else None
        else:
            stale += 1
            if stale >= _STALE:
                step, stale = step / 2, 0
                duals, unit, weekend = (a.copy() for a in best_at)
                if step < 0.005:
                    return
                continue
        if state.closed:
            return
        slope = (cover.required - problem.counted(schedules)).astype(float)
        unit_slope, weekend_slope = np.zeros(len(people)), np.zeros(len(people))
        for p in vague:
            worked = schedules[p][schedules[p] >= 0]
            amount = float(lengths[p, worked].sum())
            unit_slope[p] = amount - np.clip(amount, limits[p, 0], limits[p, 1])
            if unit[p] and not unit_slope[p]:
                unit_slope[p] = amount - (limits[p, 1] if unit[p] > 0 else limits[p, 0])
            if most_weekends[p] >= 0:
                days = np.flatnonzero((schedules[p] >= 0) & (problem.weekend > 0))
                number = len(np.unique(days - (problem.weekend[days] == 2)))
                weekend_slope[p] = number - most_weekends[p]
                if weekend[p] <= 0 and weekend_slope[p] < 0:
                    weekend_slope[p] = 0.0
        length = float((slope**2).sum() + (unit_slope**2).sum() + (weekend_slope**2).sum())
        if length == 0:
            return
        pace = step * max(state.objective - value, 1.0) / length
        duals = np.clip(duals + pace * slope, -cover.over, cover.under)
        unit = unit + pace * unit_slope
        weekend = np.maximum(0.0, weekend + pace * weekend_slope)
