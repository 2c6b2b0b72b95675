"""Months of a group's people against its seats: descent from person to person, and a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from solver.months.kernel import BANNED, best_month, seat_worth
from solver.months.terms import MonthTerms, TermsMaker, week_states
from solver.naming_model import Prices
from solver.person import Groundwork
from solver.person_rows import verdicts
from solver.problem import Agent, Floats, Ints
from solver.week_terms import WeekTerms

_HARDLY = 1e-6
_TRIES = 8
# Costs are blurred by up to this many hourly wages.
_BLUR_H = 0.5
_STALE = 3
# Of the subgradient: first and least step, rounds without a better bound before it is halved.
_FIRST_STEP = 0.2
_LEAST_STEP = 1e-4
_PATIENCE = 12
_JUDGED_S = 1e-3
_PRICED_S = 5e-5
_STATE_S = 1e-9


class Months:
    """A group's people with their months and the seats that they take; nobody works yet.

    Parameters
    ----------
    base, prices
        Data of the group.
    agents, weeks
        People of the group, and each one's terms by plan week.
    seats
        (D, P) seats to be taken.
    seed
        Of the orders in which people are planned, and of what blurs costs.
    """

    def __init__(
        self,
        base: Groundwork,
        prices: Prices,
        agents: Sequence[Agent],
        weeks: Sequence[Sequence[WeekTerms]],
        seats: Ints,
        *,
        seed: int = 1,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._base = base
        self._agents = agents
        self._weeks = weeks
        self._own = np.array(base.group.patterns, dtype=np.int64)
        own = self._own
        days = base.problem.grid.days
        self._seats = seats[:, own]
        self._unfilled = prices.unfilled[own]
        self._beyond = np.ascontiguousarray(prices.extra[:, own])
        self._moved = np.where(np.isfinite(prices.moved), prices.moved, BANNED)[np.ix_(own, own)]
        np.fill_diagonal(self._moved, 0.0)
        self._shift_cost = np.ascontiguousarray(base.group.shift_cost[:, own])
        hours = max(
            (t.hours_max + t.overtime_max_h for person in weeks for t in person), default=0.0
        )
        states = week_states(base, own, hours)
        self.possible = states is not None and len(own) > 0
        if states is None or not self.possible:
            return
        self._states = states
        maker = TermsMaker(base, own, states)
        self.terms: list[MonthTerms] = [
            maker.of(agent, person) for agent, person in zip(agents, weeks, strict=True)
        ]
        self._start_min = base.start_min[own]
        self._week_of = np.arange(days) // 7
        self.rows = np.full((len(agents), days), -1, dtype=np.int64)
        self.taken = np.full((len(agents), days), -1, dtype=np.int64)
        self.count = np.zeros_like(self._seats)
        self.price = np.zeros(len(agents))
        self._kept: Ints | None = None
        self._change_price = 0.0
        self._worth = np.zeros(self._seats.shape)
        self._seat = np.zeros(self._seats.shape, dtype=np.int64)

    def start(self, shifts: Ints) -> None:
        """Take months (A, D) of pattern numbers; those that break a rule are planned anew."""
        number = np.full(len(self._base.patterns) + 1, -1, dtype=np.int64)
        number[self._own] = np.arange(len(self._own))
        rows = number[shifts]
        left = []
        for a in range(len(rows)):
            broken, price = self._judge(a, rows[a])
            if broken.any():
                left.append(a)
                broken, price = self._judge(a, np.full(rows.shape[1], -1))
                self.price[a] = price
                continue
            self._value(a)
            self._take(a, rows[a], price)
        for a in left:
            self.plan(a)

    def hold(self, first_day: int, change_price: float) -> None:
        """Keep the present months before a day, and pay for each later day that changes."""
        self._kept, self._change_price = self.rows.copy(), change_price
        for a, terms in enumerate(self.terms):
            row = self.rows[a]
            works = np.flatnonzero(row >= 0)
            cost, off_cost = terms.cost + change_price, terms.off_cost.copy()
            cost[works, row[works]] -= change_price
            off_cost[works] += change_price
            past = works[works < first_day]
            kept = cost[past, row[past]].copy()
            cost[:first_day] = BANNED
            cost[past, row[past]] = kept
            off_cost[past] = BANNED
            self.terms[a] = replace(terms, cost=cost, off_cost=off_cost)

    @property
    def sweep_s(self) -> float:
        """About how long it takes to plan everybody once: by size, so that a run is repeatable."""
        return self.price_s + _JUDGED_S * len(self.rows)

    @property
    def price_s(self) -> float:
        """About how long everybody's best months take at given prices."""
        chain, days = self.terms[0].succession, len(self._week_of)
        nodes = 1 + max(1, chain.run_max) * chain.follow.shape[0]
        states = days * nodes * len(self._states.states) * len(self.terms[0].weekend_cost)
        return float(len(self.rows) * (_PRICED_S + _STATE_S * states * chain.follow.shape[1]))

    def empty(self) -> int:
        """Seats that nobody takes."""
        return int(np.maximum(0, self._seats - self.count).sum())

    def cost(self) -> float:
        """Price of empty seats, moved and extra shifts, and of people's months."""
        return self._cover_cost() + float(self.price.sum())

    def _cover_cost(self) -> float:
        short = np.maximum(0, self._seats - self.count)
        total = float((short * self._unfilled).sum())
        who, day = np.nonzero(self.rows >= 0)
        worked, seat = self.rows[who, day], self.taken[who, day]
        none = seat < 0
        total += float(self._beyond[day[none], worked[none]].sum())
        d, p, q = day[~none], seat[~none], worked[~none]
        dearer = np.maximum(0.0, self._shift_cost[d, q] - self._shift_cost[d, p])
        return total + float((self._moved[p, q] + np.where(p == q, 0.0, dearer)).sum())

    def shifts(self) -> Ints:
        """Everybody's pattern numbers, (A, D)."""
        return np.asarray(np.append(self._own, -1)[self.rows])

    def plan(self, a: int, noise: Floats | None = None) -> bool:
        """Plan a person anew beside the others; true if the month has changed."""
        self._leave(a)
        self._value(a)
        terms = self.terms[a]
        old = self.rows[a]
        before = self.price[a] - self._pay(old)
        cost = terms.cost - self._worth
        if noise is not None:
            cost = cost + noise
        cost = cost + self._unsteady(terms, old)
        row = np.full(len(old), -1, dtype=np.int64)
        for attempt in range(_TRIES):
            if self._best(terms, cost, row) >= BANNED / 10 or np.array_equal(row, old):
                break
            broken, price = self._judge(a, row)
            if not broken.any():
                if price - self._pay(row) > before + _HARDLY:
                    break
                self._take(a, row, price)
                return True
            # A rule that the program does not know: a new shift, or its day, is done without.
            new = np.flatnonzero((row != old) & (row >= 0))
            if not len(new):
                break
            day = int(self._rng.choice(new))
            cost[day, row[day] if attempt < _TRIES // 2 else slice(None)] = BANNED
        self._take(a, old, float(self.price[a]))
        return False

    def _best(self, terms: MonthTerms, cost: Floats, row: Ints) -> float:
        chain = terms.succession
        return float(
            best_month(
                cost,
                terms.off_cost,
                chain.slot_of,
                chain.kind_of,
                chain.follow,
                chain.fresh,
                chain.run_max,
                self._states.onward,
                self._week_of,
                terms.week_cost,
                terms.weekend,
                terms.weekends_max,
                terms.weekend_cost,
                row,
            )
        )

    def _unsteady(self, terms: MonthTerms, row: Ints) -> Floats:
        """Price of starting far from where the person's week has its middle, (D, S)."""
        cost = np.zeros(self._worth.shape)
        if not terms.start_price:
            return cost
        for week in self._base.weeks:
            worked = row[week.start : week.stop]
            starts = self._start_min[worked[worked >= 0]]
            if len(starts):
                apart = np.abs(self._start_min - np.median(starts)) - terms.start_spread_min / 2
                cost[week.start : week.stop] = terms.start_price / 60 * np.maximum(0.0, apart)
        return cost

    def _judge(self, a: int, row: Ints) -> tuple[Floats, float]:
        numbers, row = row, np.append(self._own, -1)[row]
        said = verdicts(
            self._base, self._agents[a], self._weeks[a], self.terms[a].rules, row[None, :]
        )
        changed = 0 if self._kept is None else int((numbers != self._kept[a]).sum())
        return said.broken[0], float(said.price[0]) + self._change_price * changed

    def _value(self, a: int) -> None:
        """Find what shifts are worth beside the people who have taken seats."""
        margin = np.where(self.count < self._seats, self._unfilled, -BANNED)
        seat_worth(margin, self._moved, self._shift_cost, self._beyond, self._worth, self._seat)

    def _pay(self, row: Ints) -> float:
        works = np.flatnonzero(row >= 0)
        return float(self._worth[works, row[works]].sum())

    def _leave(self, a: int) -> None:
        days = np.flatnonzero(self.taken[a] >= 0)
        self.count[days, self.taken[a, days]] -= 1

    def _take(self, a: int, row: Ints, price: float) -> None:
        works = np.flatnonzero(row >= 0)
        self.rows[a] = row
        self.taken[a] = -1
        self.taken[a, works] = self._seat[works, row[works]]
        days = np.flatnonzero(self.taken[a] >= 0)
        self.count[days, self.taken[a, days]] += 1
        self.price[a] = price

    def descend(self, sweeps: int) -> None:
        """Plan everybody anew, in random orders, up to a number of times.

        Costs are blurred a little, less and less, so that months of equal worth take turns: the
        way to an empty seat is often through people for whom nothing changes.
        """
        wage = max(self._base.group.contract.hourly_base, 1.0)
        last, stale = self.cost(), 0
        for sweep in range(sweeps):
            blur = _BLUR_H * wage * (1 - sweep / sweeps)
            changed = 0
            for a in self._rng.permutation(len(self.rows)):
                changed += self.plan(int(a), blur * self._rng.random(self._worth.shape))
            cost = self.cost()
            stale = stale + 1 if cost > last - _HARDLY else 0
            last = cost
            if not changed or stale > _STALE:
                break

    def bound(self, rounds: int) -> float:
        """Prove a least cost for any months: prices of seats moved along a subgradient (Lagrange).

        At prices of seats everybody's best month is found apart; what all of these cost, and the
        seats at their prices, is no more than any roster costs. Rules that the program leaves out
        would only raise it.
        """
        seats, wanted = self._seats, self._seats > 0
        prices = np.where(wanted, 0.0, -BANNED)
        best, step, stale = -np.inf, _FIRST_STEP, 0
        target = self.cost()
        for _ in range(rounds):
            total, taken = self._apart(prices)
            if total > best:
                best, stale = total, 0
            else:
                stale += 1
                if stale >= _PATIENCE:
                    step, stale = step / 2, 0
            slope = np.where(wanted, seats - taken, 0.0)
            length = float((slope**2).sum())
            if not length or step < _LEAST_STEP or best >= target - _HARDLY:
                break
            pace = step * max(target - total, 1.0) / length
            raised = np.minimum(prices + pace * slope, self._unfilled)
            prices = np.where(wanted, raised, -BANNED)
        return min(best, target)

    def _apart(self, prices: Floats) -> tuple[float, Ints]:
        """Cost of everybody's best months at prices of seats (D, S), and the seats they take."""
        seat_worth(prices, self._moved, self._shift_cost, self._beyond, self._worth, self._seat)
        total = float((prices * self._seats)[self._seats > 0].sum())
        taken = np.zeros_like(self._seats)
        row = np.full(len(self._week_of), -1, dtype=np.int64)
        for terms in self.terms:
            total += self._best(terms, terms.cost - self._worth, row)
            works = np.flatnonzero(row >= 0)
            seat = self._seat[works, row[works]]
            np.add.at(taken, (works[seat >= 0], seat[seat >= 0]), 1)
        return total, taken
