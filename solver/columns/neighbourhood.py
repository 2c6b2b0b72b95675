"""Neighbourhoods: some people, some days, decided anew together while the rest stays.

Each is a small column generation with the present cost as a cut-off: most end there, by proof. The
others end in a choice among the columns whose reduced cost fits into the gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solver.columns.clock import Clock
from solver.columns.dive import dive
from solver.columns.generation import generate
from solver.columns.master import Master
from solver.columns.problem import Bools, Ints
from solver.columns.state import State

_CHOICE_S = 1.5
_PRICING_S = 1.5
_LONG_S = 2.0
_MOST_COLUMNS = 2500
_POOL_COLUMNS = 40
_SHORT_DAYS = 42
_SPAN_DAYS = (14, 35)
_WINDOW_DAYS = (5, 11)
_PEOPLE = 8
_MOST_PEOPLE = 60
_FADE = 0.97
# Cost that each kind is thought to have saved before anything is known.
_HOPE = {"window": 1.0, "people": 2.0}


@dataclass(frozen=True)
class Neighbourhood:
    """People (n,) and days (D,) that are decided anew."""

    people: Ints
    days: Bools
    kind: str
    diving: bool = False


class Chooser:
    """Chooses neighbourhoods; their size follows how long the last ones of a kind took."""

    def __init__(self, state: State) -> None:
        self.size = {"people": float(_PEOPLE), "window": 16.0}
        # Seconds spent and cost saved of late by each kind.
        self._spent = {"people": 0.0, "window": 0.0}
        self._saved = {"people": 0.0, "window": 0.0}
        self._state = state

    def _share(self, kind: str) -> float:
        """Share of the time that a kind has earned by what it saved a second."""
        earned = {k: (self._saved[k] + _HOPE[k]) / (self._spent[k] + 1.0) for k in _HOPE}
        return float(np.clip(earned[kind] / sum(earned.values()), 0.15, 0.85))

    def next(self) -> Neighbourhood:
        """Choose people at random, by regret or around a bad row of cover; days likewise."""
        state = self._state
        rng, count, days = state.rng, len(state.roster), state.problem.days
        kind = min(_HOPE, key=lambda k: self._spent[k] / self._share(k))
        diving = rng.random() < 0.3
        span = np.ones(days, dtype=bool)
        row, centre = self._bad_row()
        by_row = rng.random() < 0.5
        if kind == "window" or days > _SHORT_DAYS:
            low, high = _WINDOW_DAYS if kind == "window" else _SPAN_DAYS
            length = int(rng.integers(low, high + 1))
            middle = centre if by_row else int(rng.integers(0, days))
            first = int(np.clip(middle - rng.integers(0, length), 0, max(0, days - length)))
            span = (np.arange(days) >= first) & (np.arange(days) < first + length)
        size = int(min(count, max(2, round(self.size[kind] * (1.4 if diving else 1)))))
        weight = rng.random(count)
        way = rng.integers(0, 3)
        if way == 1 and state.person_bounds is not None:
            weight = self._regret() * weight
        elif way == 2 and row >= 0:
            weight = weight + self._able(row)
        people = np.sort(np.argsort(-weight, kind="stable")[:size])
        return Neighbourhood(people, span, kind, diving)

    def learn(self, kind: str, seconds: float, saved: float, *, proved: bool) -> None:
        """Make the next of a kind larger if this was soon over, smaller if it took long."""
        soon = 1.15 if seconds < 0.1 else 1.04 if proved and seconds < 0.6 else 1.0
        factor = 0.7 if seconds > _LONG_S else soon
        self.size[kind] = float(np.clip(self.size[kind] * factor, 3, _MOST_PEOPLE))
        for k in _HOPE:
            self._spent[k] *= _FADE
            self._saved[k] *= _FADE
        self._spent[kind] += seconds
        self._saved[kind] += saved

    def _bad_row(self) -> tuple[int, int]:
        """A cover row drawn by its cost, and its day."""
        state = self._state
        cover = state.problem.cover
        gap = cover.required - state.counted
        cost = np.maximum(gap, 0) * cover.under + np.maximum(-gap, 0) * cover.over
        if not cost.sum():
            return -1, int(state.rng.integers(0, state.problem.days))
        row = int(state.rng.choice(len(cost), p=np.sqrt(cost) / np.sqrt(cost).sum()))
        return row, int(cover.day[np.flatnonzero(cover.row == row)[0]])

    def _regret(self) -> np.ndarray:
        """(P,) reduced cost of present schedules at the root's duals."""
        state = self._state
        problem = state.problem
        people = np.arange(len(state.roster))
        starts, rows = problem.entries(state.roster)
        paid = np.concatenate([[0.0], np.cumsum(state.duals[rows])])
        own = problem.own_costs(people, state.roster) - (paid[starts[1:]] - paid[starts[:-1]])
        assert state.person_bounds is not None
        return np.asarray(np.maximum(own - state.person_bounds, 0) + 0.1)

    def _able(self, row: int) -> np.ndarray:
        """(P,) who may work the row."""
        state = self._state
        cover = state.problem.cover
        cells = cover.row == row
        return state.allowed[:, cover.day[cells], cover.shift[cells]].any(axis=1).astype(float)


def improve(state: State, chosen: Neighbourhood, clock: Clock) -> bool:
    """Decide a neighbourhood anew; true if it was proved that nothing better is in it."""
    problem, pricer = state.problem, state.pricer
    people, span = chosen.people, chosen.days
    present = state.roster[people]
    others = state.counted - problem.counted(present)
    cover = problem.cover
    rows = np.unique(cover.row[span[cover.day]])
    master = Master(problem, people, rows, (cover.required - others)[rows])
    allowed = state.allowed[people].copy()
    outside = ~span
    allowed[:, outside] = 0
    allowed[np.arange(len(people))[:, None], np.flatnonzero(outside), present[:, outside]] = 1
    master.add(np.arange(len(people)), present)
    whole = bool(span.all())
    for i, p in enumerate(people):
        pool = state.pool(int(p))
        if not whole:
            pool = pool[(pool[:, outside] == present[i, outside]).all(axis=1)]
        pool = pool[-_POOL_COLUMNS:]
        if len(pool):
            master.add(np.full(len(pool), i), pool)
    cutoff = _local_cost(state, master)
    found = generate(master, pricer, allowed, clock.until(_PRICING_S), cutoff=cutoff - 1 + 1e-6)
    if found.bound > cutoff - 1 + 1e-6:
        return True
    if not clock.left or not np.isfinite(found.bound):
        return False
    _choose(state, master, found.bound, found.duals, cutoff, clock)
    if chosen.diving and clock.left:
        cutoff = _local_cost(state, master)
        answer = dive(master, pricer, allowed, clock, cutoff - 1 + 1e-6)
        if answer is not None:
            state.take(people, answer)
    return False


def _local_cost(state: State, master: Master) -> float:
    """Cost of the present schedules of a master's people, and of its rows."""
    problem, people = state.problem, master.people
    counted = problem.counted(state.roster[people])[master.rows]
    gap = master.required - counted
    cover = problem.cover
    cost = np.maximum(gap, 0) * cover.under[master.rows]
    cost += np.maximum(-gap, 0) * cover.over[master.rows]
    return float(cost.sum() + problem.own_costs(people, state.roster[people]).sum())


def _choose(
    state: State, master: Master, bound: float, duals: np.ndarray, cutoff: float, clock: Clock
) -> None:
    """Take the best whole choice among the columns that fit into the gap."""
    reduced = master.reduced_costs(duals)
    least = np.full(len(master.people), np.inf)
    np.minimum.at(least, master.who, reduced)
    excess = reduced - least[master.who]
    start = np.arange(len(master.people))
    fits = excess <= cutoff - bound + 1e-6
    fits[start] = False
    columns = np.flatnonzero(fits)
    columns = columns[np.argsort(excess[columns], kind="stable")[:_MOST_COLUMNS]]
    columns = np.sort(np.concatenate([start, columns]))
    seconds = max(0.1, min(_CHOICE_S, clock.left))
    answer = master.choose(columns, start, seconds=seconds, seed=int(state.rng.integers(1 << 30)))
    if answer is not None:
        state.take(master.people, master.schedules[answer])
    used = np.flatnonzero(master.values > 1e-6)
    used = used[used < len(master.who)]
    state.keep(master.people[master.who[used]], master.schedules[used])
