"""Real contacts, call by call, against a roster."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from staffing.simulation.contacts import (
    Contacts,
    batch_numbers,
    batched,
    deadlines,
    handle_times,
    interval_of,
    joined,
)
from staffing.simulation.engine import SimulationResult, run_replications
from staffing.simulation.random import stream
from staffing.simulation.scene import Bools, Floats, Scene

# Purposes of random streams, apart from those of drawn contacts.
_HANDLE, _PATIENCE, _BATCH = 32, 33, 34


def replay(
    scene: Scene,
    calls: pd.DataFrame,
    *,
    replications: int = 1,
    seed: int = 1,
    workers: int | None = None,
    interruptible: bool = True,
) -> SimulationResult:
    """Replay given contacts against the roster of a scene; the scene's arrivals are not used.

    What a record does not say is drawn, so several replications make sense where patience or handle
    times are missing or the roster has absences. Nobody calls again: whoever did is in the record.
    The scene's batches, which no record has, are worked off beside.

    Parameters
    ----------
    calls
        One row a contact, in any order: `queue` (name, or number in the scene), `arrived_s` (from
        the start of the grid), `handle_s` (at the pace of an experienced person; NaN, of one who
        gave up: drawn as the queue's), perhaps `patience_s` (how long one who gave up had waited)
        and `waited_s` (wait of one who was served, whose patience was longer: drawn as that and an
        exponential time of the queue's mean patience, or infinite where the queue's patience is).
        Missing columns and cells are drawn in full.

    Returns
    -------
    Result with R = `replications`.

    Warns
    -----
    UserWarning
        If contacts lie outside the horizon, or came to a live queue while the plan has it closed:
        these are left out.

    Raises
    ------
    ValueError
        If a column is missing, a queue is unknown, or a handle time is negative.
    """
    known = _known(scene, calls)

    def draw(replication: int) -> Contacts:
        queues = range(len(scene.queues))
        recorded = [_completed(scene, known, q, seed, replication) for q in queues]
        ahead = [
            batched(scene, q, stream(seed, replication, q, _BATCH).standard_normal(count))
            for q in queues
            if (count := len(batch_numbers(scene, q)))
        ]
        return joined([*ahead, *recorded])

    return run_replications(
        scene,
        draw,
        redial_share=np.zeros(len(scene.queues)),
        replications=replications,
        seed=seed,
        workers=workers,
        interruptible=interruptible,
    )


def _known(scene: Scene, calls: pd.DataFrame) -> pd.DataFrame:
    """Clean records: queue numbers, the four columns as floats, only those that can be replayed."""
    missing = [name for name in ("queue", "arrived_s", "handle_s") if name not in calls]
    if missing:
        msg = f"contacts to replay need the column {', '.join(missing)}"
        raise ValueError(msg)
    numbers = {name: q for q, name in enumerate(scene.queues)} | {
        q: q for q in range(len(scene.queues))
    }
    queue = calls["queue"].map(numbers)
    if queue.isna().any():
        unknown = calls["queue"][queue.isna()].iloc[0]
        msg = f"the scene has no queue {unknown!r}, only {', '.join(scene.queues)}"
        raise ValueError(msg)
    known = pd.DataFrame({"queue": queue.to_numpy(dtype=np.int64)})
    for name in ("arrived_s", "handle_s", "patience_s", "waited_s"):
        known[name] = calls[name].to_numpy(dtype=float) if name in calls else np.nan
    if (known["handle_s"] < 0.0).any():
        row = int(np.argmax(known["handle_s"].to_numpy() < 0.0))
        msg = f"row {row} of the contacts has a negative handle time"
        raise ValueError(msg)
    replayed = _replayed(scene, known)
    if not replayed.all():
        left_out = int((~replayed).sum())
        warnings.warn(
            f"{left_out} of {len(known)} contacts came outside the horizon or the opening hours "
            "and are left out",
            UserWarning,
            stacklevel=3,
        )
    return known[replayed]


def _replayed(scene: Scene, known: pd.DataFrame) -> Bools:
    arrived_s, queue = known["arrived_s"].to_numpy(), known["queue"].to_numpy()
    horizon_s = scene.grid.size * scene.grid.interval_s
    inside = (arrived_s >= 0.0) & (arrived_s < horizon_s)
    interval = interval_of(scene, np.where(inside, arrived_s, 0.0))
    return np.asarray(inside & (scene.deferred[queue] | scene.open_mask[queue, interval]))


def _completed(
    scene: Scene, known: pd.DataFrame, queue: int, seed: int, replication: int
) -> Contacts:
    """Contacts of a queue with what the record does not say drawn."""
    own = known[known["queue"] == queue].sort_values("arrived_s", kind="stable")
    arrived_s, handle_s, patience_s, waited_s = (
        own[name].to_numpy(dtype=float)
        for name in ("arrived_s", "handle_s", "patience_s", "waited_s")
    )
    normal = stream(seed, replication, queue, _HANDLE).standard_normal(len(own))
    drawn_s = handle_times(scene, queue, arrived_s, normal)
    return Contacts(
        np.full(len(own), queue),
        arrived_s,
        np.where(np.isnan(handle_s), drawn_s, handle_s),
        np.where(
            np.isnan(patience_s),
            _patience(scene, queue, waited_s, seed, replication),
            patience_s,
        ),
        deadlines(scene, queue, arrived_s),
    )


def _patience(scene: Scene, queue: int, waited_s: Floats, seed: int, replication: int) -> Floats:
    """Patience of those who were served, at least their wait: the exponential does not remember."""
    if scene.deferred[queue] or np.isinf(scene.patience_s[queue]):
        return np.full(len(waited_s), np.inf)
    exponential = stream(seed, replication, queue, _PATIENCE).standard_exponential(len(waited_s))
    return np.asarray(np.nan_to_num(waited_s, nan=0.0) + scene.patience_s[queue] * exponential)
