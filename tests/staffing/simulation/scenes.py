"""Small scenes for the tests of the simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from staffing.simulation import Batch, LaterPromise, Scene
from staffing.simulation.contacts import Contacts
from staffing.simulation.engine import Stage
from staffing.simulation.kernel import World
from staffing.simulation.random import replication_key
from staffing.timegrid import TimeGrid

HOUR = 3600.0


def scene(
    *,
    queues: int = 1,
    agents: int = 1,
    days: int = 1,
    duty: list[tuple[int, float, float]] | None = None,
    **changes,
) -> Scene:
    """One day of 30 minutes without arrivals; everyone serves everything round the clock.

    `duty` lists stretches as (agent, start hour, end hour), each a shift of its own.
    """
    grid = TimeGrid(date(2026, 12, 7), days, 30)
    duty = [(a, 0.0, 24.0 * days) for a in range(agents)] if duty is None else duty
    plain = Scene(
        grid=grid,
        queues=tuple(f"q{q}" for q in range(queues)),
        arrivals=np.zeros((queues, grid.size)),
        aht_s=np.full((queues, grid.size), 300.0),
        aht_cv=np.zeros(queues),
        deferred=np.zeros(queues, dtype=bool),
        patience_s=np.full(queues, np.inf),
        redial_share=np.zeros(queues),
        at_once=np.ones(queues, dtype=np.int64),
        priority=np.ones(queues, dtype=np.int64),
        open_mask=np.ones((queues, grid.size), dtype=bool),
        target_s=np.full(queues, 20.0),
        due_s=np.full((queues, grid.size + 1), np.inf),
        speed=np.ones((agents, queues)),
        order=np.ones((agents, queues), dtype=np.int64),
        duty_agent=np.array([a for a, _, _ in duty], dtype=np.int64),
        duty_start_s=np.array([s * HOUR for _, s, _ in duty], dtype=float),
        duty_end_s=np.array([e * HOUR for _, _, e in duty], dtype=float),
        duty_shift=np.arange(len(duty)),
        absence=np.zeros(agents),
        away_share=np.zeros(agents),
        day_cv=np.zeros(queues),
    )
    return replace(plain, **changes)


def contacts(*rows: tuple[int, float, float, float, float]) -> Contacts:
    """Contacts given as (queue, arrived_s, handle_s, patience_s, due_s)."""
    table = np.array(rows, dtype=float).reshape(-1, 5)
    return Contacts(table[:, 0].astype(np.int64), *table[:, 1:].T)


def random_scene(seed: int) -> Scene:
    """A busy little centre: 1-4 queues, 1-5 agents, chats, deferred work, breaks, redials."""
    rng = np.random.default_rng(seed)
    queues, agents = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    plain = scene(queues=queues, agents=agents, days=1)
    size = plain.grid.size
    deferred = rng.random(queues) < 0.4
    duty = []
    for a in range(agents):
        edges = np.sort(rng.uniform(6.0, 20.0, 2 * int(rng.integers(1, 4))))
        if rng.random() < 0.5:
            edges = np.unique(np.round(edges))
            edges = edges[: len(edges) // 2 * 2]
        duty += [(a, *pair) for pair in edges.reshape(-1, 2)]
    window = (np.arange(size) >= 12) & (np.arange(size) < 40)
    open_mask = np.tile(window, (queues, 1)) & (rng.random((queues, size)) < 0.9)
    volume = rng.uniform(0.3, 4.0, (queues, 1)) * agents / queues
    arrivals = volume * np.where(deferred[:, None], rng.random(size) < 0.6, open_mask)
    limit_s = rng.choice([HOUR, 4 * HOUR, 30 * HOUR], queues)
    edges_s = np.arange(size + 1) * plain.grid.interval_s
    # Whole hours, so that many items share a deadline.
    due_s = np.ceil((edges_s + limit_s[:, None]) / HOUR) * HOUR
    return replace(
        plain,
        arrivals=arrivals,
        aht_s=np.tile(rng.choice([200.0, 600.0, 1500.0], (queues, 1)), (1, size)),
        aht_cv=rng.choice([0.0, 0.7, 1.5], queues),
        deferred=deferred,
        patience_s=np.where(rng.random(queues) < 0.3, np.inf, rng.choice([60.0, 400.0], queues)),
        redial_share=rng.choice([0.0, 0.8], queues),
        at_once=rng.integers(1, 4, queues),
        priority=rng.integers(1, 4, queues),
        open_mask=open_mask,
        target_s=rng.choice([20.0, 120.0], queues),
        due_s=np.where(deferred[:, None], due_s, np.inf),
        speed=rng.choice([0.0, 0.5, 1.0, 1.0, 1.4], (agents, queues)),
        order=rng.integers(1, 3, (agents, queues)),
        duty_agent=np.array([d[0] for d in duty], dtype=np.int64),
        duty_start_s=np.array([d[1] * HOUR for d in duty], dtype=float),
        duty_end_s=np.array([d[2] * HOUR for d in duty], dtype=float),
        duty_shift=np.arange(len(duty)) // 2,
        absence=rng.choice([0.0, 0.2], agents),
        away_share=rng.choice([0.0, 0.3], agents),
        day_cv=rng.choice([0.0, 0.5], queues),
        redial_after_s=float(rng.choice([100.0, 2000.0])),
        batches=tuple(
            Batch(int(q), int(rng.integers(1, 4)), released_s, released_s + rest_s, 900.0)
            for q in np.flatnonzero(deferred)
            for released_s, rest_s in ((0.0, 9 * HOUR), (0.0, -HOUR), (7.3 * HOUR, 4 * HOUR))
        ),
        later=tuple(
            LaterPromise(
                int(q), f"q{q} later", due_s[q] + 3 * HOUR, np.full(3 * deferred.sum(), 15 * HOUR)
            )
            for q in np.flatnonzero(deferred)
        ),
    )


def play(scene: Scene, given: Contacts, *, interruptible: bool = True, seed: int = 1) -> World:
    """Run contacts through the kernel once and return the world it leaves."""
    stage = Stage.of(scene, scene.redial_share, interruptible=interruptible)
    key = replication_key(seed, 0)
    tally = np.zeros((7, *scene.arrivals.shape), dtype=np.float32)
    world = stage.world(given, tally, np.zeros(scene.grid.size, dtype=np.float32))
    stage.run(world, stage.duty.draw(key), key)
    return world
