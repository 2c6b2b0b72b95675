"""From forecast contacts to the contacts that reach people.

VIP customers go straight to a queue of their own. Of the others self-service takes its share off
first, then a bot what it does not hand over. Of what remains, unresolved contacts come again, some
escalate to another queue, some are called back later. All of these are means and may be fractions.

Redials of callers who hang up are not here: they depend on how many hang up, hence on the people on
duty, and belong to the service curves and the simulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
import numpy.typing as npt
import pandas as pd

from staffing.deferred import next_open, released
from staffing.queues import Queue, QueueKind, people_share
from staffing.timegrid import TimeGrid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FIRST_CONTACTS = "first_contacts"
ALL_CONTACTS = "all_contacts"
# What happened in the weeks before the horizon comes again within it.
_WARMUP_WEEKS = 12
# Repeats of repeats are followed until a generation has less than this share of the contacts.
_LAST_GENERATION = 1e-9


@dataclass(frozen=True)
class Workload:
    """Contacts that reach people and where they come from, (Q, T) each.

    arrivals = first_contacts + vip - deflected + repeats + escalated + callbacks, where `escalated`
    and `callbacks` are what a queue receives and `vip` what it receives less what it sends.
    `aht_s` is the handle time, the queue's own where the forecast has none.
    """

    arrivals: Floats
    aht_s: Floats
    first_contacts: Floats
    deflected: Floats
    repeats: Floats
    escalated: Floats
    callbacks: Floats
    vip: Floats

    @property
    def work_h(self) -> Floats:
        """Hours of handling by an experienced person without concurrency, (Q, T)."""
        return self.arrivals * self.aht_s / 3600

    def to_frame(self, grid: TimeGrid, queues: Sequence[Queue]) -> pd.DataFrame:
        """One row per queue and interval in which something arrives, with every part."""
        parts = (
            "first_contacts", "vip", "deflected", "repeats", "escalated", "callbacks", "arrivals"
        )  # fmt: skip
        row, at = np.nonzero((self.arrivals > 0) | (self.first_contacts > 0))
        columns = {name: getattr(self, name)[row, at] for name in (*parts, "aht_s", "work_h")}
        names = np.asarray([queue.name for queue in queues], dtype=object)
        return pd.DataFrame({"queue": names[row], "start": grid.starts()[at], **columns})


def workload(
    queues: Sequence[Queue],
    grid: TimeGrid,
    volume: Floats,
    aht_s: Floats,
    open_masks: Bools,
    *,
    history_counts: str,
) -> Workload:
    """Turn forecast contacts into the contacts that reach people.

    Of what comes to a queue `vip_share` goes to `vip_queue` at once, before self-service.
    Contacts are handled when they arrive, or at the next opening of a queue that is closed then.
    From there, 1 - fcr of them come to the same queue again after `repeat_after_h` (and so do
    repeats), `escalation_share` go to `escalates_to` at once, and `callback_share` to
    `callback_queue` after `callback_after_h`. What would come to a live queue while it is closed
    comes at its next opening. Nobody is taken to hang up.

    The weeks before the horizon, whose repeats and call-backs fall into it, are taken to be like
    its first week (a horizon shorter than a week is repeated backwards as it is).

    Parameters
    ----------
    queues
        Q queues.
    volume
        Contacts before deflection, (Q, T).
    aht_s
        Forecast handle time, (Q, T); NaN or 0 where unknown.
    open_masks
        Whether each queue is open, (Q, T).
    history_counts
        What `volume` counts: `first_contacts`, or `all_contacts` with repeats already in it, so
        that none are added. Escalations and call-backs are added either way.

    Raises
    ------
    ValueError
        If a shape does not fit, `history_counts` is unknown, a queue that receives contacts does
        not exist, or escalations and call-backs run in a circle.
    """
    shape = (len(queues), grid.size)
    for name, array in (("volume", volume), ("aht_s", aht_s), ("open_masks", open_masks)):
        if array.shape != shape:
            msg = f"{name} has shape {array.shape}, needs {shape}"
            raise ValueError(msg)
    if history_counts not in (FIRST_CONTACTS, ALL_CONTACTS):
        msg = f"history_counts is {FIRST_CONTACTS} or {ALL_CONTACTS}, got {history_counts!r}"
        raise ValueError(msg)

    before = _warmup(grid)
    first = np.concatenate([volume[:, before], volume], axis=1)
    openings = [next_open(np.concatenate([row[before], row])) for row in open_masks]
    deflected, repeats, escalated, callbacks, vip = (np.zeros_like(first) for _ in range(5))
    number = {queue.name: k for k, queue in enumerate(queues)}

    for k in _upstream_first(queues, number):
        queue = queues[k]
        came = first[k] + vip[k]
        if queue.vip_queue and queue.vip_share > 0:
            to, sent = number[queue.vip_queue], came * queue.vip_share
            vip[k] -= sent
            vip[to] += released(sent, openings[to]) if _is_live(queues[to]) else sent
            came = came - sent
        deflected[k] = came * (1 - people_share(queue))
        base = came - deflected[k] + escalated[k] + callbacks[k]
        if history_counts == FIRST_CONTACTS:
            lag = _lag(queue.repeat_after_h, grid)
            repeats[k] = _repeats(base, 1 - queue.fcr, lag, openings[k], _is_live(queue))
        handled = released(base + repeats[k], openings[k])
        for receiver, share, lag, received in (
            (queue.escalates_to, queue.escalation_share, 0, escalated),
            (
                queue.callback_queue,
                queue.callback_share,
                _lag(queue.callback_after_h, grid),
                callbacks,
            ),
        ):
            if receiver and share > 0:
                to = number[receiver]
                arriving = _later(handled * share, lag)
                received[to] += (
                    released(arriving, openings[to]) if _is_live(queues[to]) else arriving
                )

    known = np.isfinite(aht_s) & (aht_s > 0)
    own_aht = np.array([queue.aht_s for queue in queues])[:, None]
    every = (first, deflected, repeats, escalated, callbacks, vip)
    parts = [p[:, before.size :] for p in every]
    arrivals = parts[0] - parts[1] + parts[2] + parts[3] + parts[4] + parts[5]
    return Workload(arrivals, np.where(known, aht_s, own_aht), *parts)


def _warmup(grid: TimeGrid) -> Ints:
    """Intervals of the horizon that stand for those before it, the latest last."""
    pattern = min(grid.days, 7) * grid.per_day
    length = _WARMUP_WEEKS * 7 * grid.per_day
    return (np.arange(-length, 0) % pattern).astype(np.int64)


def _is_live(queue: Queue) -> bool:
    return queue.kind is QueueKind.LIVE


def _lag(hours: float, grid: TimeGrid) -> int:
    return round(hours / grid.interval_h)


def _later(arrivals: Floats, lag: int) -> Floats:
    """Arrivals `lag` intervals later; what falls beyond the horizon is left out."""
    return np.concatenate([np.zeros(lag), arrivals])[: len(arrivals)]


def _repeats(base: Floats, share: float, lag: int, opening: Ints, live: bool) -> Floats:
    """All generations of repeats of `base` and of themselves."""
    total = np.zeros_like(base)
    generation = base
    while share > 0 and generation.sum() > _LAST_GENERATION * max(base.sum(), 1e-300):
        generation = _later(released(generation, opening) * share, lag)
        if live:
            generation = released(generation, opening)
        total += generation
    return total


def _upstream_first(queues: Sequence[Queue], number: dict[str, int]) -> list[int]:
    """Order in which every queue comes after those that send it contacts."""
    senders: TopologicalSorter[int] = TopologicalSorter()
    for k, queue in enumerate(queues):
        senders.add(k)
        for receiver in queue.receivers:
            if receiver not in number:
                msg = f"queue {queue.name} sends contacts to {receiver}, which is not a queue"
                raise ValueError(msg)
            senders.add(number[receiver], k)
    try:
        return list(senders.static_order())
    except CycleError as error:
        circle = " -> ".join(queues[k].name for k in error.args[1])
        msg = f"VIP routes, escalations and call-backs run in a circle: {circle}"
        raise ValueError(msg) from error
