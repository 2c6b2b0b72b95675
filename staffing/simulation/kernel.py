"""The event loop of the simulation, compiled.

Everything that happens is one of seven kinds of event, handled in order of time and then of kind.
Contacts, agents and queues are records; agents who could take more work stand in lists by what they
are doing (idle, on an interruptible deferred item, holding some chats) and by group (agents with
the same skills), so that routing looks at groups and not at a thousand agents.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from staffing.simulation.random import hashed_uniform

# Kinds of event in the order in which simultaneous ones happen: who leaves at 17:00 takes no
# contact at 17:00.
DUTY_END, COMPLETION, OPENING, DUTY_START, ARRIVAL, REDIAL, ABANDONMENT = range(7)

# States of a contact. Three of them bear the number of the event that ends them.
IN_HAND, CALLS_AGAIN, WAITING, FUTURE, DONE, GONE = COMPLETION, REDIAL, ABANDONMENT, 7, 8, 9

# What an agent who can take more work is doing; from CHATTING on: a chat queue and the number of
# its chats in hand.
UNAVAILABLE, IDLE, ON_DEFERRED, CHATTING = -1, 0, 1, 2

# What is counted.
OFFERED, IN_TIME, ANSWERED, ABANDONED, WAITED_S, BUSY_S, BACKLOG_CHANGE = range(7)

# Purposes of hashed random numbers in the loop.
_CALLS_AGAIN, _AFTER, _PATIENCE = np.uint64(0), np.uint64(1), np.uint64(2)
# Rounding of sums of seconds must not make a contact late.
_TOLERANCE_S = 1e-6


def _record(whole: str, real: str) -> np.dtype[Any]:
    """Record of 64-bit fields; one kind of whole number, so that nothing is compiled twice."""
    return np.dtype([(n, "i8") for n in whole.split()] + [(n, "f8") for n in real.split()])


# `work`: seconds of handling left at speed 1; `rank`: contacts wait in this order, by arrival if
# live and by deadline if deferred; `place`: in the heap; `before` and `after`: in the list of a
# queue.
CONTACT = _record(
    "queue agent state attempt before after place interruptible",
    "arrived work patience rank answered ended",
)
# `load`: live contacts in hand, all of `queue`; `item`: deferred contact in hand; `since`: number
# of the entry into the list of `slot` and `group`, in which `before` and `after` are the
# neighbours.
AGENT = _record(
    "group on slot before after load queue item since",
    "busy_from present_from",
)
QUEUE = _record(
    "deferred open at_once chat_slot head tail",
    "target_s patience_s redial_share",
)
ENTRY = _record("kind who", "time")
HEAP = _record("contact", "time")

# Without numba's reference counts: nothing is allocated in the loop, and counting the arrays of
# `World` at every call takes five times as long as the work.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
_compiled = numba.njit(**_OPTIONS)
_uniform = _compiled(hashed_uniform)


class World(NamedTuple):
    """All that changes while a replication runs, and the tallies it leaves.

    G groups of equally skilled agents, Q queues, T intervals.
    """

    contacts: npt.NDArray[Any]
    agents: npt.NDArray[Any]
    queues: npt.NDArray[Any]
    speed: npt.NDArray[np.float64]
    """(G, Q)"""
    servers: npt.NDArray[np.int64]
    """Groups that serve a queue, best first, -1 beyond the last, each with a rank that is equal
    where the longest idle agent decides, (Q, G, 2)."""
    served: npt.NDArray[np.int64]
    """Queues that a group serves, most urgent first, -1 beyond the last, each with a rank that is
    equal where the waiting contacts decide, (G, Q, 2)."""
    lists: npt.NDArray[np.int64]
    """First and last agent of each list, (slots, G, 2)."""
    counters: npt.NDArray[np.int64]
    """Length of the heap, and the number of list entries made so far."""
    heap: npt.NDArray[Any]
    tally: npt.NDArray[np.float32]
    """By what is counted, queue, and interval of arrival (of work for the last two), (7, Q, T)."""
    staffed_s: npt.NDArray[np.float32]
    """(T,)"""
    interval_s: float


@_compiled
def _spread(row: Any, start: float, end: float, interval_s: float) -> None:
    i = int(start / interval_s)
    while start < end and i < row.size:
        edge = min((i + 1) * interval_s, end)
        row[i] += edge - start
        start = edge
        i += 1


@_compiled
def _interval(w: World, time: float) -> int:
    return int(min(int(time / w.interval_s), w.staffed_s.size - 1))


# The heap holds at most one event per contact: the one that ends its state.


@_compiled
def _sooner(w: World, time: float, c: int, place: int) -> bool:
    other = w.heap[place].time
    if time != other:
        return bool(time < other)
    d = w.heap[place].contact
    if w.contacts[c].state != w.contacts[d].state:
        return bool(w.contacts[c].state < w.contacts[d].state)
    return bool(c < d)


@_compiled
def _settle(w: World, place: int, time: float, c: int) -> None:
    while place > 0 and _sooner(w, time, c, (place - 1) // 2):
        parent = (place - 1) // 2
        w.heap[place].time = w.heap[parent].time
        w.heap[place].contact = w.heap[parent].contact
        w.contacts[w.heap[place].contact].place = place
        place = parent
    size = w.counters[0]
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and _sooner(
            w, w.heap[child + 1].time, w.heap[child + 1].contact, child
        ):
            child += 1
        if _sooner(w, time, c, child):
            break
        w.heap[place].time = w.heap[child].time
        w.heap[place].contact = w.heap[child].contact
        w.contacts[w.heap[place].contact].place = place
        place = child
    w.heap[place].time = time
    w.heap[place].contact = c
    w.contacts[c].place = place


@_compiled
def _expect(w: World, c: int, time: float) -> None:
    """Set the time of the event that ends the contact's present state, never if infinite."""
    place = w.contacts[c].place
    if time < math.inf:
        if place < 0:
            place = w.counters[0]
            w.counters[0] += 1
        _settle(w, place, time, c)
    elif place >= 0:
        w.contacts[c].place = -1
        w.counters[0] -= 1
        last = w.counters[0]
        if place < last:
            _settle(w, place, w.heap[last].time, w.heap[last].contact)


# Contacts that wait, in a list per queue.


@_compiled
def _precedes(w: World, c: int, d: int) -> bool:
    if w.contacts[c].rank != w.contacts[d].rank:
        return bool(w.contacts[c].rank < w.contacts[d].rank)
    return bool(c < d)


@_compiled
def _enqueue(w: World, c: int, from_front: bool) -> None:
    q = w.contacts[c].queue
    if from_front:
        after = w.queues[q].head
        while after >= 0 and _precedes(w, after, c):
            after = w.contacts[after].after
        before = w.queues[q].tail if after < 0 else w.contacts[after].before
    else:
        before = w.queues[q].tail
        while before >= 0 and _precedes(w, c, before):
            before = w.contacts[before].before
        after = w.queues[q].head if before < 0 else w.contacts[before].after
    w.contacts[c].before = before
    w.contacts[c].after = after
    if before < 0:
        w.queues[q].head = c
    else:
        w.contacts[before].after = c
    if after < 0:
        w.queues[q].tail = c
    else:
        w.contacts[after].before = c
    w.contacts[c].state = WAITING


@_compiled
def _dequeue(w: World, c: int) -> None:
    q, before, after = w.contacts[c].queue, w.contacts[c].before, w.contacts[c].after
    if before < 0:
        w.queues[q].head = after
    else:
        w.contacts[before].after = after
    if after < 0:
        w.queues[q].tail = before
    else:
        w.contacts[after].before = before


# Agents who could take more, in a list per slot and group.


@_compiled
def _stand(w: World, a: int) -> None:
    """Put an agent into the list of what it is doing now."""
    slot = UNAVAILABLE
    if w.agents[a].on:
        if w.agents[a].item >= 0:
            if w.contacts[w.agents[a].item].interruptible:
                slot = ON_DEFERRED
        elif w.agents[a].load == 0:
            slot = IDLE
        elif w.agents[a].load < w.queues[w.agents[a].queue].at_once:
            slot = w.queues[w.agents[a].queue].chat_slot + w.agents[a].load - 1
    old, group = w.agents[a].slot, w.agents[a].group
    before, after = w.agents[a].before, w.agents[a].after
    if old != UNAVAILABLE:
        if before < 0:
            w.lists[old, group, 0] = after
        else:
            w.agents[before].after = after
        if after < 0:
            w.lists[old, group, 1] = before
        else:
            w.agents[after].before = before
    w.agents[a].slot = slot
    if slot != UNAVAILABLE:
        tail = w.lists[slot, group, 1]
        w.agents[a].before = tail
        w.agents[a].after = -1
        if tail < 0:
            w.lists[slot, group, 0] = a
        else:
            w.agents[tail].after = a
        w.lists[slot, group, 1] = a
        w.agents[a].since = w.counters[1]
        w.counters[1] += 1


@_compiled
def _pick(w: World, q: int, slot: int) -> int:
    """Best agent of a slot for a queue: by order, speed, time in that slot; -1 if none."""
    best, rank = -1, -1
    for i in range(w.servers.shape[1]):
        group = w.servers[q, i, 0]
        if group < 0 or (best >= 0 and w.servers[q, i, 1] != rank):
            break
        a = w.lists[slot, group, 0]
        if a >= 0 and (best < 0 or w.agents[a].since < w.agents[best].since):
            best, rank = a, w.servers[q, i, 1]
    return int(best)


@_compiled
def _choose(w: World, group: int) -> int:
    """Contact a free agent takes: urgent live ones first, else by deadline; -1 if none."""
    best, rank = -1, -1
    for i in range(w.served.shape[1]):
        q = w.served[group, i, 0]
        if q < 0 or (best >= 0 and w.served[group, i, 1] != rank):
            break
        c = w.queues[q].head
        if c >= 0 and w.queues[q].open and (best < 0 or _precedes(w, c, best)):
            best, rank = c, w.served[group, i, 1]
    return int(best)


# What happens.


@_compiled
def _begin(w: World, c: int, a: int, time: float) -> None:
    q = w.contacts[c].queue
    if w.agents[a].load == 0:
        w.agents[a].busy_from = time
        w.agents[a].queue = q
    w.contacts[c].agent = a
    w.contacts[c].state = IN_HAND
    _expect(w, c, time + w.contacts[c].work / w.speed[w.agents[a].group, q])
    w.contacts[c].answered = time
    if w.queues[q].deferred:
        w.agents[a].item = c
        return
    w.agents[a].load += 1
    i = _interval(w, w.contacts[c].arrived)
    wait = time - w.contacts[c].arrived
    w.tally[ANSWERED, q, i] += 1
    w.tally[WAITED_S, q, i] += wait
    if wait <= w.queues[q].target_s + _TOLERANCE_S:
        w.tally[IN_TIME, q, i] += 1


@_compiled
def _work(w: World, a: int, time: float) -> None:
    """Let an agent on duty take what it can, and stand where that leaves it."""
    while w.agents[a].item < 0:
        c = -1
        if w.agents[a].load == 0:
            c = _choose(w, w.agents[a].group)
        elif w.agents[a].load < w.queues[w.agents[a].queue].at_once:
            c = w.queues[w.agents[a].queue].head
        if c < 0:
            break
        _dequeue(w, c)
        _begin(w, c, a, time)
    _stand(w, a)


@_compiled
def _lay_down(w: World, a: int, time: float) -> None:
    """Take note that an agent has nothing in hand any more."""
    _spread(w.tally[BUSY_S, w.agents[a].queue], w.agents[a].busy_from, time, w.interval_s)
    if not w.agents[a].on:
        _spread(w.staffed_s, w.agents[a].present_from, time, w.interval_s)
        w.agents[a].present_from = -1.0


@_compiled
def _put_aside(w: World, a: int, time: float) -> int:
    """Return an agent's deferred item to its queue with the work that is left."""
    c = w.agents[a].item
    left_s = w.heap[w.contacts[c].place].time - time
    w.contacts[c].work = left_s * w.speed[w.agents[a].group, w.agents[a].queue]
    _expect(w, c, math.inf)
    _enqueue(w, c, True)
    w.agents[a].item = -1
    _lay_down(w, a, time)
    return int(c)


@_compiled
def _hand_out(w: World, q: int, time: float) -> None:
    """Give a deferred queue's work to those who are idle."""
    while w.queues[q].open and w.queues[q].head >= 0:
        a = _pick(w, q, IDLE)
        if a < 0:
            break
        _work(w, a, time)


@_compiled
def _arrive(w: World, c: int, time: float) -> None:
    q = w.contacts[c].queue
    w.tally[OFFERED, q, _interval(w, time)] += 1
    if w.queues[q].deferred:
        w.tally[BACKLOG_CHANGE, q, _interval(w, time)] += 1
        _enqueue(w, c, False)
        _hand_out(w, q, time)
        return
    a = _pick(w, q, IDLE)
    for load in range(1, w.queues[q].at_once):
        if a < 0:
            a = _pick(w, q, w.queues[q].chat_slot + load - 1)
    aside = -1
    if a < 0:
        a = _pick(w, q, ON_DEFERRED)
        if a >= 0:
            aside = _put_aside(w, a, time)
    if a >= 0:
        _begin(w, c, a, time)
        _stand(w, a)
    else:
        _enqueue(w, c, False)
        _expect(w, c, time + w.contacts[c].patience)
    if aside >= 0:
        _hand_out(w, w.contacts[aside].queue, time)


@_compiled
def _complete(w: World, c: int, time: float) -> None:
    a, q = w.contacts[c].agent, w.contacts[c].queue
    _expect(w, c, math.inf)
    w.contacts[c].state = DONE
    w.contacts[c].ended = time
    if w.queues[q].deferred:
        w.agents[a].item = -1
        i = _interval(w, w.contacts[c].arrived)
        w.tally[ANSWERED, q, i] += 1
        w.tally[WAITED_S, q, i] += time - w.contacts[c].arrived
        w.tally[BACKLOG_CHANGE, q, _interval(w, time)] -= 1
        if time <= w.contacts[c].rank + _TOLERANCE_S:
            w.tally[IN_TIME, q, i] += 1
    else:
        w.agents[a].load -= 1
    if w.agents[a].load == 0:
        _lay_down(w, a, time)
    if w.agents[a].on:
        _work(w, a, time)


@_compiled
def _abandon(
    w: World,
    c: int,
    time: float,
    open_mask: Any,
    horizon_s: float,
    redial_after_s: float,
    key: Any,
) -> None:
    q = w.contacts[c].queue
    i = _interval(w, w.contacts[c].arrived)
    w.tally[ABANDONED, q, i] += 1
    w.tally[WAITED_S, q, i] += time - w.contacts[c].arrived
    _dequeue(w, c)
    _expect(w, c, math.inf)
    w.contacts[c].state = GONE
    w.contacts[c].ended = time
    who, attempt = np.uint64(c), np.uint64(w.contacts[c].attempt)
    if _uniform(key, who, attempt, _CALLS_AGAIN) >= w.queues[q].redial_share:
        return
    again = time - math.log1p(-_uniform(key, who, attempt, _AFTER)) * redial_after_s
    if again >= horizon_s or not open_mask[q, _interval(w, again)]:
        return
    patience = -math.log1p(-_uniform(key, who, attempt, _PATIENCE)) * w.queues[q].patience_s
    w.contacts[c].arrived = again
    w.contacts[c].rank = again
    w.contacts[c].patience = patience
    w.contacts[c].attempt += 1
    w.contacts[c].state = CALLS_AGAIN
    _expect(w, c, again)


@_compiled
def _start_duty(w: World, a: int, time: float) -> None:
    w.agents[a].on = 1
    if w.agents[a].present_from < 0.0:
        w.agents[a].present_from = time
    _work(w, a, time)


@_compiled
def _end_duty(w: World, a: int, time: float) -> None:
    c = w.agents[a].item
    aside = -1
    w.agents[a].on = 0
    if c < 0 and w.agents[a].load == 0:
        _spread(w.staffed_s, w.agents[a].present_from, time, w.interval_s)
        w.agents[a].present_from = -1.0
    elif (
        c >= 0
        and w.contacts[c].interruptible
        and w.heap[w.contacts[c].place].time > time + _TOLERANCE_S
    ):
        aside = _put_aside(w, a, time)
    _stand(w, a)
    if aside >= 0:
        _hand_out(w, w.contacts[aside].queue, time)


@_compiled
def _close(w: World, horizon_s: float) -> None:
    """Count what is left when the horizon ends."""
    for c in range(w.contacts.size):
        q, state = w.contacts[c].queue, w.contacts[c].state
        if state == WAITING or (state == IN_HAND and w.queues[q].deferred):
            i = _interval(w, w.contacts[c].arrived)
            if w.queues[q].deferred and w.contacts[c].rank > horizon_s:
                w.tally[OFFERED, q, i] -= 1
            else:
                w.tally[WAITED_S, q, i] += horizon_s - w.contacts[c].arrived
    for a in range(w.agents.size):
        if w.agents[a].load > 0 or w.agents[a].item >= 0:
            _spread(
                w.tally[BUSY_S, w.agents[a].queue], w.agents[a].busy_from, horizon_s, w.interval_s
            )
        if w.agents[a].present_from >= 0.0:
            _spread(w.staffed_s, w.agents[a].present_from, horizon_s, w.interval_s)


def run(
    world: World,
    timetable: npt.NDArray[Any],
    open_mask: npt.NDArray[np.bool_],
    horizon_s: float,
    redial_after_s: float,
    key: np.uint64,
) -> None:
    """Simulate one replication.

    `world` is changed in place. `timetable` (ENTRY records) holds duty and openings sorted by time
    and kind, `open_mask` (Q, T) when queues are open, `key` the replication's random key.
    """
    _run(*world, timetable, open_mask, horizon_s, redial_after_s, key)


# numba's cache names the classes of the arguments, and cannot be read any more once one of them is
# renamed; so plain arrays come in and `World` is made inside.
@numba.njit(cache=True, **_OPTIONS)
def _run(
    contacts: Any,
    agents: Any,
    queues: Any,
    speed: Any,
    servers: Any,
    served: Any,
    lists: Any,
    counters: Any,
    heap: Any,
    tally: Any,
    staffed_s: Any,
    interval_s: float,
    timetable: Any,
    open_mask: Any,
    horizon_s: float,
    redial_after_s: float,
    key: Any,
) -> None:
    w = World(
        contacts,
        agents,
        queues,
        speed,
        servers,
        served,
        lists,
        counters,
        heap,
        tally,
        staffed_s,
        interval_s,
    )
    next_entry, next_contact = 0, 0
    while True:
        # What comes later than this is beyond the horizon.
        time, kind, who = horizon_s, OPENING, -1
        if next_entry < timetable.size:
            entry = timetable[next_entry]
            if entry.time < time or (entry.time == time and entry.kind < kind):
                time, kind, who = entry.time, entry.kind, entry.who
        if next_contact < w.contacts.size:
            arrived = w.contacts[next_contact].arrived
            if arrived < time or (arrived == time and kind > ARRIVAL):
                time, kind, who = arrived, ARRIVAL, next_contact
        if w.counters[0] > 0:
            event, c = w.heap[0].time, w.heap[0].contact
            state = w.contacts[c].state
            if event < time or (event == time and state < kind):
                time, kind, who = event, state, c
        if who < 0:
            break
        if kind == ARRIVAL:
            next_contact += 1
            _arrive(w, who, time)
        elif kind == COMPLETION:
            _complete(w, who, time)
        elif kind == ABANDONMENT:
            _abandon(w, who, time, open_mask, horizon_s, redial_after_s, key)
        elif kind == REDIAL:
            _expect(w, who, math.inf)
            _arrive(w, who, time)
        else:
            next_entry += 1
            if kind == DUTY_START:
                _start_duty(w, who, time)
            elif kind == DUTY_END:
                _end_duty(w, who, time)
            else:
                for q in range(w.queues.size):
                    if w.queues[q].deferred:
                        w.queues[q].open = open_mask[q, who]
                for q in range(w.queues.size):
                    if w.queues[q].deferred:
                        _hand_out(w, q, time)
    _close(w, horizon_s)
