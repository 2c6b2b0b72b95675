"""The contacts of a replication: when they come, how long they take, how long they wait."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from staffing.simulation.random import stream
from staffing.simulation.scene import Bools, Floats, Ints, Scene

_ARRIVALS, _HANDLE, _PATIENCE, _DAY, _SHARED_DAY = range(5)
# Added to a purpose: its order of strata.
_RANKS = 16
_PHI_POINTS = np.linspace(-6.0, 6.0, 1201)
_PHI = np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in _PHI_POINTS])

BATCH = 10
"""Replications that share out the strata of the days' factors among them; see `day_factors`."""


@dataclass(frozen=True)
class Contacts:
    """Contacts in order of arrival, arrays of shape (n,).

    `handle_s` is at the pace of an experienced person; `patience_s` is infinite for those who stay
    and for deferred work; `due_s` is the deadline of deferred work, infinite for live contacts.
    """

    queue: Ints
    arrived_s: Floats
    handle_s: Floats
    patience_s: Floats
    due_s: Floats

    def ordered(self) -> Contacts:
        """Sort by arrival, first come first where it is the same."""
        by = np.argsort(self.arrived_s, kind="stable")
        return Contacts(
            self.queue[by],
            self.arrived_s[by],
            self.handle_s[by],
            self.patience_s[by],
            self.due_s[by],
        )

    def only(self, keep: Bools) -> Contacts:
        """Contacts for which `keep` (n,) holds."""
        return Contacts(
            self.queue[keep],
            self.arrived_s[keep],
            self.handle_s[keep],
            self.patience_s[keep],
            self.due_s[keep],
        )


def gamma_quantiles(cv: float) -> Floats:
    """Quantiles of a gamma of mean 1 at the standard normal points -6, -5.99 .. 6, (1201,).

    Integrates the density of its logarithm, which is smooth for every shape: exp(k (y - exp(y))), k
    = 1 / cv^2.
    """
    if cv <= 0.0:
        return np.ones_like(_PHI_POINTS)
    shape = 1.0 / cv**2
    y = np.linspace(-8.0 * cv - 36.0 * cv**2, math.log1p(8.0 * cv + 36.0 * cv**2), 20_001)
    density = np.exp(shape * (y - np.exp(y) + 1.0))
    mass = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return np.asarray(np.exp(np.interp(_PHI, mass / mass[-1], y)))


def day_factors(scene: Scene, quantiles: Floats, seed: int, replication: int) -> Floats:
    """Random factor on the arrivals of each queue and day, mean 1, (Q, days).

    Gamma by day and queue, tied together by a Gaussian copula in which `shared_day_factor` of the
    variance is common.

    Whether a day is quiet or busy decides most of its service, and days are few. Of each `BATCH`
    replications in turn every one therefore draws a day from another of as many equally likely
    strata, at random for each day: a Latin hypercube (McKay, Beckman, Conover 1979). A replication
    by itself is distributed as before; means over batches scatter less.

    Parameters
    ----------
    quantiles
        `gamma_quantiles` of each queue, (Q, 1201).
    """
    days, share = scene.grid.days, scene.shared_day_factor
    shared = _stratified_normal(seed, replication, 0, _SHARED_DAY, days)
    factors = np.ones((len(scene.queues), days))
    for q in np.flatnonzero(scene.day_cv > 0.0):
        own = _stratified_normal(seed, replication, int(q), _DAY, days)
        normal = math.sqrt(share) * shared + math.sqrt(1.0 - share) * own
        factors[q] = np.interp(normal, _PHI_POINTS, quantiles[q])
    return factors


def _stratified_normal(seed: int, replication: int, queue: int, purpose: int, days: int) -> Floats:
    """Standard normal numbers of one replication, (days,), from its strata of its batch."""
    batch, place = divmod(replication, BATCH)
    ranks = stream(seed, batch, queue, purpose + _RANKS).permuted(
        np.tile(np.arange(BATCH), (days, 1)), axis=1
    )
    inside = stream(seed, replication, queue, purpose).random(days)
    return np.interp((ranks[:, place] + inside) / BATCH, _PHI, _PHI_POINTS)


def draw_contacts(scene: Scene, quantiles: Floats, seed: int, replication: int) -> Contacts:
    """Draw the contacts of one replication.

    Poisson in every interval given the day's factor, spread evenly over the interval; log-normal
    handle times; exponential patience. A live queue has no arrivals while it is closed.
    """
    grid = scene.grid
    expected = scene.arrivals * np.repeat(
        day_factors(scene, quantiles, seed, replication), grid.per_day, axis=1
    )
    expected = np.where(scene.open_mask | scene.deferred[:, None], expected, 0.0)
    parts = []
    for q in range(len(scene.queues)):
        arrivals = stream(seed, replication, q, _ARRIVALS)
        interval = np.repeat(np.arange(grid.size), arrivals.poisson(expected[q]))
        arrived_s = np.sort((interval + arrivals.random(len(interval))) * grid.interval_s)
        if scene.deferred[q] and scene.opening_backlog is not None:
            backlog = round(float(scene.opening_backlog[q]))
            arrived_s = np.concatenate([np.zeros(backlog), arrived_s])
        normal = stream(seed, replication, q, _HANDLE).standard_normal(len(arrived_s))
        patience_s = np.full(len(arrived_s), np.inf)
        if not scene.deferred[q] and np.isfinite(scene.patience_s[q]):
            exponential = stream(seed, replication, q, _PATIENCE).standard_exponential
            patience_s = scene.patience_s[q] * exponential(len(arrived_s))
        parts.append(
            Contacts(
                np.full(len(arrived_s), q),
                arrived_s,
                handle_times(scene, q, arrived_s, normal),
                patience_s,
                deadlines(scene, q, arrived_s),
            )
        )
    return joined(parts)


def joined(parts: list[Contacts]) -> Contacts:
    """One list of contacts from several, in order of arrival."""
    fields = ("queue", "arrived_s", "handle_s", "patience_s", "due_s")
    return Contacts(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields)).ordered()


def handle_times(scene: Scene, queue: int, arrived_s: Floats, normal: Floats) -> Floats:
    """Log-normal handle times by the mean of the interval of arrival, (n,)."""
    sigma = math.sqrt(math.log1p(float(scene.aht_cv[queue]) ** 2))
    mean_s = scene.aht_s[queue, interval_of(scene, arrived_s)]
    return np.asarray(mean_s * np.exp(sigma * normal - sigma**2 / 2.0))


def deadlines(scene: Scene, queue: int, arrived_s: Floats) -> Floats:
    """Deadlines of contacts by straight line between those of the ends of the interval, (n,)."""
    if not scene.deferred[queue]:
        return np.full(len(arrived_s), np.inf)
    interval = interval_of(scene, arrived_s)
    share = arrived_s / scene.grid.interval_s - interval
    early, late = scene.due_s[queue, interval], scene.due_s[queue, interval + 1]
    finite = np.isfinite(early) & np.isfinite(late)
    between = np.where(finite, late, 0.0) - np.where(finite, early, 0.0)
    return np.where(finite, early + share * between, np.inf)


def interval_of(scene: Scene, arrived_s: Floats) -> Ints:
    """Interval of each moment of the horizon, (n,)."""
    return np.minimum((arrived_s / scene.grid.interval_s).astype(np.int64), scene.grid.size - 1)
