"""The contacts of a replication: when they come, how long they take, how long they wait."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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
    `batch` numbers the scene's batch that a contact belongs to, -1 for those that just come; None
    where there are no batches.
    """

    queue: Ints
    arrived_s: Floats
    handle_s: Floats
    patience_s: Floats
    due_s: Floats
    batch: Ints | None = None

    def ordered(self) -> Contacts:
        """Sort by arrival, first come first where it is the same; batches then by deadline."""
        if self.batch is None:
            return self.only(np.argsort(self.arrived_s, kind="stable"))
        urgency = np.where(self.batch >= 0, self.due_s, -np.inf)
        return self.only(np.lexsort((urgency, self.arrived_s)))

    def only(self, keep: Bools | Ints) -> Contacts:
        """Contacts for which `keep` (n,) holds, or those at its places."""
        return Contacts(
            self.queue[keep],
            self.arrived_s[keep],
            self.handle_s[keep],
            self.patience_s[keep],
            self.due_s[keep],
            None if self.batch is None else self.batch[keep],
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
        known = batch_numbers(scene, q)
        normals = stream(seed, replication, q, _HANDLE)
        if len(known):
            parts.append(batched(scene, q, normals.standard_normal(len(known))))
        normal = normals.standard_normal(len(arrived_s))
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
    whole = Contacts(*(np.concatenate([getattr(p, f) for p in parts]) for f in fields))
    if any(p.batch is not None for p in parts):
        batch = [np.full(len(p.queue), -1) if p.batch is None else p.batch for p in parts]
        whole = replace(whole, batch=np.concatenate(batch))
    return whole.ordered()


def batch_numbers(scene: Scene, queue: int) -> Ints:
    """Batch of each contact of a queue that is known ahead, (n,)."""
    own = [b for b, batch in enumerate(scene.batches) if batch.queue == queue]
    return np.repeat(own, [scene.batches[b].contacts for b in own]).astype(np.int64)


def batched(scene: Scene, queue: int, normal: Floats) -> Contacts:
    """Contacts of a queue that are known ahead, `normal` (n,) making their handle times."""
    number = batch_numbers(scene, queue)
    released_s, due_s, aht_s = np.array(
        [(b.released_s, b.due_s, b.aht_s) for b in scene.batches], dtype=float
    )[number].T
    return Contacts(
        np.full(len(number), queue),
        released_s,
        _log_normal(scene, queue, aht_s, normal),
        np.full(len(number), np.inf),
        due_s,
        number,
    )


def handle_times(scene: Scene, queue: int, arrived_s: Floats, normal: Floats) -> Floats:
    """Log-normal handle times by the mean of the interval of arrival, (n,)."""
    return _log_normal(scene, queue, scene.aht_s[queue, interval_of(scene, arrived_s)], normal)


def _log_normal(scene: Scene, queue: int, mean_s: Floats, normal: Floats) -> Floats:
    sigma = math.sqrt(math.log1p(float(scene.aht_cv[queue]) ** 2))
    return np.asarray(mean_s * np.exp(sigma * normal - sigma**2 / 2.0))


def deadlines(scene: Scene, queue: int, arrived_s: Floats, due_s: Floats | None = None) -> Floats:
    """Deadlines of contacts by straight line between those of the ends of the interval, (n,).

    `due_s` (T + 1,) in place of the queue's own.
    """
    if not scene.deferred[queue]:
        return np.full(len(arrived_s), np.inf)
    due_s = scene.due_s[queue] if due_s is None else due_s
    interval = interval_of(scene, arrived_s)
    share = arrived_s / scene.grid.interval_s - interval
    early, late = due_s[interval], due_s[interval + 1]
    finite = np.isfinite(early) & np.isfinite(late)
    between = np.where(finite, late, 0.0) - np.where(finite, early, 0.0)
    return np.where(finite, early + share * between, np.inf)


def interval_of(scene: Scene, arrived_s: Floats) -> Ints:
    """Interval of each moment of the horizon, (n,)."""
    return np.minimum((arrived_s / scene.grid.interval_s).astype(np.int64), scene.grid.size - 1)
