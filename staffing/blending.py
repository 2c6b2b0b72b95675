"""Deferred items in the idle time of live queues, with some people kept free."""

from __future__ import annotations

import math
from typing import NamedTuple

from staffing._erlang_kernels import impatient_queue
from staffing.ranges import warn_outside

_LONGEST_ITEM_IN_AHT = 1.1


class Blend(NamedTuple):
    """What a reserve leaves: live service, and the people who are on deferred items on average."""

    service_level: float
    waiting_probability: float
    deferred_agents: float


def blended(
    load: float,
    agents: int,
    reserve: int,
    *,
    aht_s: float,
    target_s: float,
    patience_s: float = math.inf,
    item_s: float | None = None,
) -> Blend:
    """Live service if a deferred item is begun only while more than `reserve` people are idle.

    There is always an item to begin, items are not interrupted and last as long as contacts: the
    number at work is then a birth-death chain that never falls below ``agents - reserve``.

    Parameters
    ----------
    load, agents
        Live load in Erlang, people.
    reserve
        People kept idle for live contacts, 0 .. agents.
    aht_s, target_s, patience_s
        Seconds.
    item_s
        Handling time of a deferred item. Longer items block for longer than the model knows
        (waiting 0.52 becomes 0.68 at twice the handling time): `ModelRangeWarning` beyond 1.1 AHT.

    Raises
    ------
    ValueError
        If the reserve is not in 0 .. agents, or another argument is out of range.

    References
    ----------
    Bhulai and Koole (2003), "A queueing model for call blending in call centers".
    """
    if not (agents > 0 and 0 <= reserve <= agents and load >= 0.0 and aht_s > 0.0):
        message = (
            f"needs agents > 0, 0 <= reserve <= agents, load >= 0; got {agents}, {reserve}, {load}"
        )
        raise ValueError(message)
    if item_s is not None and item_s > _LONGEST_ITEM_IN_AHT * aht_s:
        warn_outside("blending", "items longer than a contact hold people back for longer")
    if load == 0.0:
        return Blend(1.0, 0.0, float(agents - reserve))
    # Weights of n - reserve .. n - 1 at work, relative to the last; and mean number at work.
    weight, below, busy = 1.0, 0.0, 0.0
    for x in range(agents - 1, agents - reserve - 1, -1):
        below += weight
        busy += weight * x
        weight *= x / load
    if math.isinf(patience_s):
        if load >= agents:
            return Blend(0.0, 1.0, 0.0)
        full = load / agents / (1.0 - load / agents) if reserve else 0.0
        waits = full / (below + full) if reserve else 1.0
        late = waits * math.exp(-(agents - load) * target_s / aht_s)
        served = 1.0
    else:
        waits, _, served, late, _ = impatient_queue(
            below,
            0.0,
            agents * patience_s / aht_s,
            load * patience_s / aht_s,
            target_s / patience_s,
        )
    at_work = waits * agents + ((1.0 - waits) * busy / below if below else 0.0)
    return Blend(max(0.0, served - late), waits, max(0.0, at_work - load * served))
