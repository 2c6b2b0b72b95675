"""Simulation of a roster: how long contacts wait, who gives up, what is late, how busy people are.

Rules of the simulated centre
-----------------------------
* Live contacts go to an idle agent with the lowest `order` for the queue, then the highest speed,
  then the longest idle. If nobody is idle a chat goes to the agent who holds the fewest chats of
  its queue and has room; failing that an agent is called away from an interruptible deferred item.
* An agent who becomes free takes the waiting live contact of the lowest priority number, then of
  its own order, then the one that waits longest; if none waits, the deferred item with the earliest
  deadline whose queue is open.
* An agent who holds chats takes only more of the same queue until all are done.
* Deferred items of more than `INTERRUPTIBLE_ABOVE_S` are put aside when a live contact needs the
  agent or a stretch of duty ends, and resumed later, perhaps by someone else, with the work that is
  left. Shorter ones are finished.
* Contacts known ahead (a backlog, a campaign) come at their release with a deadline of their own.
* At the end of a stretch live contacts in hand are finished; the next stretch begins late if need
  be.
* Of those who give up `redial_share` call again after an exponential time, with the same work and a
  new patience, unless the queue is closed then; each call counts as offered.
* A live contact in the queue when it closes is still served by whoever is there. What waits at the
  end of the horizon is not in time. Deferred items unfinished at the end count as late if their
  deadline has passed; otherwise they are not counted.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from staffing.simulation.contacts import Contacts, draw_contacts, gamma_quantiles
from staffing.simulation.duty import Duty, Stretches
from staffing.simulation.later import count_promises
from staffing.simulation.random import replication_key
from staffing.simulation.scene import Bools, Floats, Ints, Scene

if TYPE_CHECKING:
    from staffing.simulation.kernel import World

INTERRUPTIBLE_ABOVE_S = 300.0
"""Deferred items longer than this are put aside for a live contact."""

_BY_REPLICATION = (
    "offered",
    "in_time",
    "answered",
    "abandoned",
    "waited_s",
    "busy_s",
    "staffed_s",
    "later_offered",
    "later_in_time",
)

Draw = Callable[[int], Contacts]
"""Contacts of a replication."""


@dataclass(frozen=True)
class SimulationResult:
    """What a simulation saw: R replications, Q queues, T intervals.

    Counts are by queue and interval of arrival, (R, Q, T). A contact that calls again counts anew.

    Parameters
    ----------
    queues
        Names, (Q,).
    offered
        Contacts that count: all but deferred ones that are unfinished at the end and not yet due.
    in_time
        Live: answered within the queue's target. Deferred: completed by the deadline.
    answered
        Live: taken by an agent. Deferred: completed.
    abandoned
        Live contacts that gave up.
    waited_s
        Live: time until answer, abandonment or the end. Deferred: time until completion or the end.
    busy_s
        Agents' time with at least one contact of the queue in hand, by interval of work, (R, Q, T).
    staffed_s
        Agents' time on duty or finishing a contact, (R, T).
    backlog
        Mean number of deferred contacts not completed at the end of each interval, (Q, T).
    later_offered, later_in_time
        `offered` and `in_time` for each of the scene's E later promises, (R, E, T).
    """

    queues: tuple[str, ...]
    offered: npt.NDArray[np.float32]
    in_time: npt.NDArray[np.float32]
    answered: npt.NDArray[np.float32]
    abandoned: npt.NDArray[np.float32]
    waited_s: npt.NDArray[np.float32]
    busy_s: npt.NDArray[np.float32]
    staffed_s: npt.NDArray[np.float32]
    backlog: Floats
    later_offered: npt.NDArray[np.float32]
    later_in_time: npt.NDArray[np.float32]

    @property
    def replications(self) -> int:
        """Number of replications."""
        return len(self.offered)

    def joined(self, other: SimulationResult) -> SimulationResult:
        """Both results' replications, this one's first."""
        whole = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in _BY_REPLICATION
        }
        share = self.replications / (self.replications + other.replications)
        backlog = share * self.backlog + (1.0 - share) * other.backlog
        return SimulationResult(self.queues, backlog=backlog, **whole)

    def summary(self) -> str:
        """One line a queue: contacts a replication, share in time, share abandoned, mean wait."""
        lines = [f"{self.replications} replications"]
        for q, name in enumerate(self.queues):
            offered = float(self.offered[:, q].sum(dtype=float))
            if offered == 0.0:
                lines.append(f"{name}: no contacts")
                continue
            in_time, abandoned, waited_s = (
                float(a[:, q].sum(dtype=float)) / offered
                for a in (self.in_time, self.abandoned, self.waited_s)
            )
            lines.append(
                f"{name}: {offered / self.replications:.0f} contacts, {in_time:.1%} in time, "
                f"{abandoned:.1%} abandoned, mean wait {waited_s:.0f} s"
            )
        return "\n".join(lines)


def simulate(
    scene: Scene,
    *,
    replications: int = 200,
    seed: int = 1,
    workers: int | None = None,
    interruptible: bool = True,
    begun: SimulationResult | None = None,
) -> SimulationResult:
    """Simulate a scene many times.

    Parameters
    ----------
    scene
        Arrivals, promises and people.
    replications
        Independent repetitions of the horizon.
    seed
        The same seed gives the same contacts whatever the roster, and the same result whatever the
        workers.
    workers
        Threads; as many as there are cores if None.
    interruptible
        Whether deferred items longer than `INTERRUPTIBLE_ABOVE_S` are put aside for live contacts.
    begun
        The first replications of the same scene, seed and rules, which are not run again.

    Raises
    ------
    ValueError
        If there is no replication or two stretches of an agent overlap.
    """
    quantiles = np.array([gamma_quantiles(float(cv)) for cv in scene.day_cv])

    def draw(replication: int) -> Contacts:
        return draw_contacts(scene, quantiles, seed, replication)

    return run_replications(
        scene,
        draw,
        redial_share=scene.redial_share,
        replications=replications,
        seed=seed,
        workers=workers,
        interruptible=interruptible,
        begun=begun,
    )


def run_replications(
    scene: Scene,
    draw: Draw,
    *,
    redial_share: Floats,
    replications: int,
    seed: int,
    workers: int | None,
    interruptible: bool,
    begun: SimulationResult | None = None,
) -> SimulationResult:
    """Run given or drawn contacts through the event loop; see `simulate`."""
    first = 0 if begun is None else begun.replications
    replications -= first
    if replications < 1:
        msg = f"a simulation needs at least one replication, got {replications}"
        raise ValueError(msg)
    shape = scene.arrivals.shape
    tally = np.zeros((replications, 7, *shape), dtype=np.float32)
    staffed_s = np.zeros((replications, scene.grid.size), dtype=np.float32)
    later = np.zeros((2, replications, len(scene.later), scene.grid.size), dtype=np.float32)
    stage = Stage.of(scene, redial_share, interruptible=interruptible)

    def replicate(r: int) -> None:
        key = replication_key(seed, first + r)
        contacts = draw(first + r)
        world = stage.world(contacts, tally[r], staffed_s[r])
        stage.run(world, stage.duty.draw(key), key)
        if scene.later or scene.batches:
            count_promises(scene, contacts, world, later[0, r], later[1, r])

    threads = min(workers or os.cpu_count() or 1, replications)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(replicate, range(replications)))
    offered, in_time, answered, abandoned, waited_s, busy_s, change = tally.swapaxes(0, 1)
    backlog = np.cumsum(change.sum(axis=0, dtype=float), axis=1) / replications
    result = SimulationResult(
        scene.queues,
        offered,
        in_time,
        answered,
        abandoned,
        waited_s,
        busy_s,
        staffed_s,
        backlog,
        *later,
    )
    return result if begun is None else begun.joined(result)


@dataclass(frozen=True)
class Stage:
    """A scene made ready for the event loop, shared by all replications."""

    scene: Scene
    duty: Duty
    speed: Floats
    servers: Ints
    served: Ints
    agents: npt.NDArray[Any]
    queues: npt.NDArray[Any]
    slots: int
    openings: npt.NDArray[Any]
    open_mask: Bools
    interruptible_above_s: float

    @classmethod
    def of(cls, scene: Scene, redial_share: Floats, *, interruptible: bool) -> Stage:
        """Prepare a scene."""
        # numba takes half a second to import: whoever only builds scenes does not pay for it.
        from staffing.simulation.kernel import AGENT, CHATTING, ENTRY, OPENING, QUEUE, UNAVAILABLE

        speed, servers, served, group = _routing(scene)
        agents = np.zeros(len(group), AGENT)
        agents["group"] = group
        agents["slot"] = UNAVAILABLE
        agents["item"] = -1
        agents["present_from"] = -1.0
        queues = np.zeros(len(scene.queues), QUEUE)
        at_once = np.where(scene.deferred, 1, np.maximum(scene.at_once, 1))
        queues["deferred"] = scene.deferred
        queues["open"] = ~scene.deferred
        queues["at_once"] = at_once
        queues["chat_slot"] = CHATTING + np.cumsum(at_once - 1) - (at_once - 1)
        queues["head"] = queues["tail"] = -1
        queues["target_s"] = scene.target_s
        queues["patience_s"] = scene.patience_s
        queues["redial_share"] = redial_share
        mask = scene.open_mask & scene.deferred[:, None]
        before = np.column_stack([np.zeros(len(mask), dtype=bool), mask[:, :-1]])
        changes = np.flatnonzero((mask != before).any(axis=0))
        openings = np.zeros(len(changes), ENTRY)
        openings["time"] = changes * float(scene.grid.interval_s)
        openings["kind"] = OPENING
        openings["who"] = changes
        return cls(
            scene,
            Duty.of(scene),
            speed,
            servers,
            served,
            agents,
            queues,
            CHATTING + int((at_once - 1).sum()),
            openings,
            # Another memory order would be compiled anew.
            np.array(scene.open_mask, dtype=bool, order="C"),
            INTERRUPTIBLE_ABOVE_S if interruptible else np.inf,
        )

    def world(
        self,
        contacts: Contacts,
        tally: npt.NDArray[np.float32],
        staffed_s: npt.NDArray[np.float32],
    ) -> World:
        """State of a replication before its first event; `tally` and `staffed_s` will be filled."""
        from staffing.simulation.kernel import CONTACT, FUTURE, HEAP, World

        count, groups = len(contacts.queue), len(self.speed)
        deferred = self.scene.deferred[contacts.queue]
        records = np.zeros(count, CONTACT)
        records["queue"] = contacts.queue
        records["agent"] = records["place"] = -1
        records["state"] = FUTURE
        records["interruptible"] = deferred & (contacts.handle_s > self.interruptible_above_s)
        records["arrived"] = contacts.arrived_s
        records["work"] = contacts.handle_s
        records["patience"] = contacts.patience_s
        records["rank"] = np.where(deferred, contacts.due_s, contacts.arrived_s)
        records["answered"] = records["ended"] = np.nan
        return World(
            records,
            self.agents.copy(),
            self.queues.copy(),
            self.speed,
            self.servers,
            self.served,
            np.full((self.slots, groups, 2), -1),
            np.zeros(2, dtype=np.int64),
            np.zeros(count, HEAP),
            tally,
            staffed_s,
            float(self.scene.grid.interval_s),
        )

    def run(self, world: World, stretches: Stretches, key: np.uint64) -> None:
        """Play one replication."""
        from staffing.simulation.kernel import run

        scene = self.scene
        run(
            world,
            self.timetable(stretches),
            self.open_mask,
            float(scene.grid.size * scene.grid.interval_s),
            float(scene.redial_after_s),
            key,
        )

    def timetable(self, stretches: Stretches) -> npt.NDArray[Any]:
        """Ends and starts of duty and openings in the order in which they happen."""
        from staffing.simulation.kernel import DUTY_END, DUTY_START, ENTRY

        count = len(stretches.agent)
        entries = np.zeros(2 * count, ENTRY)
        entries["time"] = np.concatenate([stretches.end_s, stretches.start_s])
        entries["kind"] = np.repeat([DUTY_END, DUTY_START], count)
        entries["who"] = np.tile(stretches.agent, 2)
        entries = np.concatenate([entries, self.openings])
        return entries[np.lexsort((entries["who"], entries["kind"], entries["time"]))]


def _routing(scene: Scene) -> tuple[Floats, Ints, Ints, Ints]:
    """Group the equally skilled: speed, servers, served of `kernel.World`; group of each agent."""
    queues = len(scene.queues)
    able = scene.speed > 0.0
    skills = np.column_stack([np.where(able, scene.speed, 0.0), np.where(able, scene.order, 0)])
    kinds, group = np.unique(skills, axis=0, return_inverse=True)
    speed, order = np.ascontiguousarray(kinds[:, :queues]), kinds[:, queues:]
    # All deferred work comes after all live work, and its deadlines decide.
    urgency = np.where(scene.deferred, np.inf, scene.priority.astype(float))
    preference = np.where(scene.deferred, 0.0, order)
    servers = _ranked([(order[:, q], -speed[:, q]) for q in range(queues)], speed.T > 0.0)
    served = _ranked([(urgency, preferred) for preferred in preference], speed > 0.0)
    return speed, servers, served, group.reshape(-1)


def _ranked(keys: list[tuple[Floats, Floats]], able: npt.NDArray[np.bool_]) -> Ints:
    """Sort each row's able members by two keys, with a rank that is equal where both keys are."""
    ranked = np.full((*able.shape, 2), -1)
    for row, (first, second) in enumerate(keys):
        members = np.lexsort((second, first))
        members = members[able[row][members]]
        one, two = first[members], second[members]
        differs = (one[1:] != one[:-1]) | (two[1:] != two[:-1])
        ranked[row, : len(members), 0] = members
        ranked[row, 1 : len(members), 1] = np.cumsum(differs)
        ranked[row, : min(1, len(members)), 1] = 0
    return ranked
