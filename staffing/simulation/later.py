"""Promises beside the first: what a replication kept of a queue's later deadlines.

The event loop orders deferred work by one deadline and counts that one. Further deadlines of the
same contacts are counted afterwards, from the record of what was done when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from staffing.simulation.contacts import Contacts, deadlines, interval_of
from staffing.simulation.scene import Bools, Floats, Scene

if TYPE_CHECKING:
    from staffing.simulation.kernel import World

# As in the event loop: rounding of sums of seconds must not make a contact late.
_TOLERANCE_S = 1e-6


def count_promises(
    scene: Scene,
    contacts: Contacts,
    world: World,
    offered: npt.NDArray[np.float32],
    in_time: npt.NDArray[np.float32],
) -> None:
    """Fill `offered` and `in_time` of the later promises, (E, T), from a finished replication.

    What is late before it may be begun is taken out of the first promise's `offered` too.
    """
    from staffing.simulation import kernel

    horizon_s = float(scene.grid.size * scene.grid.interval_s)
    hopeless = _hopeless(contacts, contacts.due_s)
    for q in {batch.queue for batch in scene.batches}:
        world.tally[kernel.OFFERED, q] -= _count(scene, contacts, hopeless & (contacts.queue == q))
    is_done = world.contacts["state"] == kernel.DONE
    ended_s = np.where(is_done, world.contacts["ended"], np.inf)
    for e, promise in enumerate(scene.later):
        due_s = deadlines(scene, promise.queue, contacts.arrived_s, promise.due_s)
        if contacts.batch is not None:
            known = contacts.batch >= 0
            due_s[known] = promise.batch_due_s[contacts.batch[known]]
        own = (contacts.queue == promise.queue) & ~_hopeless(contacts, due_s)
        offered[e] = _count(scene, contacts, own & (is_done | (due_s <= horizon_s)))
        in_time[e] = _count(scene, contacts, own & (ended_s <= due_s + _TOLERANCE_S) & is_done)


def _hopeless(contacts: Contacts, due_s: Floats) -> Bools:
    """Contacts known ahead that are late before they may be begun, (n,)."""
    if contacts.batch is None:
        return np.zeros(len(due_s), dtype=bool)
    return np.asarray((contacts.batch >= 0) & (due_s <= contacts.arrived_s))


def _count(scene: Scene, contacts: Contacts, chosen: Bools) -> Floats:
    at = interval_of(scene, contacts.arrived_s[chosen])
    return np.bincount(at, minlength=scene.grid.size).astype(np.float64)
