"""The simulation in plain Python: what the kernel must agree with, event by event.

Written to be read. It scans all agents and all waiting contacts where the kernel keeps lists.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import dataclass

import numpy as np

from staffing.simulation.contacts import Contacts
from staffing.simulation.duty import Stretches
from staffing.simulation.random import hashed_uniform
from staffing.simulation.scene import Scene

DUTY_END, COMPLETION, OPENING, DUTY_START, ARRIVAL, REDIAL, ABANDONMENT = range(7)
EPSILON_S = 1e-6


@dataclass
class Contact:
    number: int
    queue: int
    arrived: float
    work: float
    patience: float
    due: float
    interruptible: bool
    state: str = "to come"
    attempt: int = 0
    agent: int = -1
    answered: float = math.nan
    ended: float = math.nan
    finish: float = math.inf


@dataclass
class Agent:
    number: int
    speed: np.ndarray
    order: np.ndarray
    on: bool = False
    since: int = -1
    busy_from: float = 0.0
    present_from: float | None = None
    hand: list[Contact] = None

    def __post_init__(self):
        self.hand = []


def uniform(key, contact: Contact, purpose: int) -> float:
    counters = (np.array([n], dtype=np.uint64) for n in (contact.number, contact.attempt, purpose))
    return float(hashed_uniform(key, *counters)[0])


class Twin:
    def __init__(
        self, scene: Scene, contacts: Contacts, stretches: Stretches, key, above_s: float
    ) -> None:
        self.scene, self.key = scene, key
        self.length = float(scene.grid.interval_s)
        self.horizon = scene.grid.size * self.length
        self.contacts = [
            Contact(
                n,
                int(contacts.queue[n]),
                float(contacts.arrived_s[n]),
                float(contacts.handle_s[n]),
                float(contacts.patience_s[n]),
                float(contacts.due_s[n]),
                bool(scene.deferred[contacts.queue[n]] and contacts.handle_s[n] > above_s),
            )
            for n in range(len(contacts.queue))
        ]
        self.agents = [Agent(a, scene.speed[a], scene.order[a]) for a in range(len(scene.speed))]
        self.clock = itertools.count()
        self.open = ~scene.deferred
        self.events: list[tuple[float, int, int]] = []
        self.count = {
            name: np.zeros(scene.arrivals.shape)
            for name in (
                "offered",
                "in_time",
                "answered",
                "abandoned",
                "waited_s",
                "busy_s",
                "change",
            )
        }
        self.staffed_s = np.zeros(scene.grid.size)
        for contact in self.contacts:
            self.expect(contact.arrived, ARRIVAL, contact.number)
        for agent, start, end in zip(
            stretches.agent, stretches.start_s, stretches.end_s, strict=True
        ):
            self.expect(start, DUTY_START, int(agent))
            self.expect(end, DUTY_END, int(agent))
        for interval in range(scene.grid.size):
            self.expect(interval * self.length, OPENING, interval)

    # Events

    def expect(self, time, kind, who):
        heapq.heappush(self.events, (time, kind, who))

    def run(self) -> Twin:
        happens = {
            ARRIVAL: self.arrival,
            REDIAL: self.arrival,
            COMPLETION: self.completion,
            ABANDONMENT: self.abandonment,
            DUTY_START: self.duty_start,
            DUTY_END: self.duty_end,
            OPENING: self.opening,
        }
        while self.events and self.events[0] < (self.horizon, OPENING):
            time, kind, who = heapq.heappop(self.events)
            happens[kind](who, time)
        for contact in self.contacts:
            deferred = self.deferred(contact)
            if contact.state == "waiting" or (contact.state == "in hand" and deferred):
                if deferred and contact.due > self.horizon:
                    self.tally("offered", contact, -1)
                else:
                    self.tally("waited_s", contact, self.horizon - contact.arrived)
        for agent in self.agents:
            if agent.hand:
                queue = agent.hand[0].queue
                self.spread(self.count["busy_s"][queue], agent.busy_from, self.horizon)
            if agent.present_from is not None:
                self.spread(self.staffed_s, agent.present_from, self.horizon)
        return self

    def arrival(self, who, time):
        contact = self.contacts[who]
        queue = contact.queue
        self.tally("offered", contact)
        contact.state = "waiting"
        if self.deferred(contact):
            self.tally("change", contact)
            self.hand_out(queue, time)
            return
        able = [a for a in self.agents if a.on and a.speed[queue] > 0]
        idle = [a for a in able if not a.hand]
        chatting = [a for a in able if self.has_room(a, queue)]
        on_deferred = [a for a in able if a.hand and a.hand[0].interruptible]
        aside = None
        if idle:
            agent = min(idle, key=lambda a: self.preference(a, queue))
        elif chatting:
            agent = min(chatting, key=lambda a: (len(a.hand), *self.preference(a, queue)))
        elif on_deferred:
            agent = min(on_deferred, key=lambda a: self.preference(a, queue))
            aside = self.put_aside(agent, time)
        else:
            self.expect(time + contact.patience, ABANDONMENT, who)
            return
        self.begin(contact, agent, time)
        agent.since = next(self.clock)
        if aside:
            self.hand_out(aside.queue, time)

    def completion(self, who, time):
        contact = self.contacts[who]
        if contact.state != "in hand" or contact.finish != time:
            return
        agent = self.agents[contact.agent]
        contact.state, contact.ended = "done", time
        agent.hand.remove(contact)
        if self.deferred(contact):
            self.tally("answered", contact)
            self.tally("waited_s", contact, time - contact.arrived)
            self.count["change"][contact.queue, self.interval(time)] -= 1
            if time <= contact.due + EPSILON_S:
                self.tally("in_time", contact)
        if not agent.hand:
            self.lay_down(agent, contact.queue, time)
        if agent.on:
            self.work(agent, time)

    def abandonment(self, who, time):
        contact = self.contacts[who]
        if contact.state != "waiting" or contact.arrived + contact.patience != time:
            return
        scene, queue = self.scene, contact.queue
        contact.state, contact.ended = "gone", time
        self.tally("abandoned", contact)
        self.tally("waited_s", contact, time - contact.arrived)
        if uniform(self.key, contact, 0) >= scene.redial_share[queue]:
            return
        again = time - math.log1p(-uniform(self.key, contact, 1)) * scene.redial_after_s
        if again >= self.horizon or not scene.open_mask[queue, self.interval(again)]:
            return
        patience = -math.log1p(-uniform(self.key, contact, 2)) * scene.patience_s[queue]
        contact.arrived, contact.patience = again, patience
        contact.attempt += 1
        contact.state = "calls again"
        self.expect(again, REDIAL, who)

    def duty_start(self, who, time):
        agent = self.agents[who]
        agent.on = True
        if agent.present_from is None:
            agent.present_from = time
        self.work(agent, time)

    def duty_end(self, who, time):
        agent = self.agents[who]
        agent.on = False
        if not agent.hand:
            self.leave(agent, time)
        elif agent.hand[0].interruptible and agent.hand[0].finish > time + EPSILON_S:
            aside = self.put_aside(agent, time)
            self.hand_out(aside.queue, time)

    def opening(self, interval, time):
        deferred = self.scene.deferred
        self.open = self.scene.open_mask[:, interval] | ~deferred
        for queue in np.flatnonzero(deferred):
            self.hand_out(queue, time)

    # What people do

    def work(self, agent, time):
        while not (agent.hand and self.deferred(agent.hand[0])):
            contact = self.choose(agent)
            if contact is None:
                break
            self.begin(contact, agent, time)
        agent.since = next(self.clock)

    def choose(self, agent):
        scene = self.scene
        waiting = [c for c in self.contacts if c.state == "waiting" and agent.speed[c.queue] > 0]
        if agent.hand:
            queue = agent.hand[0].queue
            return min(
                (c for c in waiting if c.queue == queue and self.has_room(agent, queue)),
                key=lambda c: (c.arrived, c.number),
                default=None,
            )
        live = [c for c in waiting if not self.deferred(c)]
        if live:
            return min(
                live,
                key=lambda c: (
                    scene.priority[c.queue],
                    agent.order[c.queue],
                    c.arrived,
                    c.number,
                ),
            )
        return min(
            (c for c in waiting if self.open[c.queue]),
            key=lambda c: (c.due, c.number),
            default=None,
        )

    def begin(self, contact, agent, time):
        if not agent.hand:
            agent.busy_from = time
        agent.hand.append(contact)
        contact.agent, contact.state, contact.answered = agent.number, "in hand", time
        contact.finish = time + contact.work / agent.speed[contact.queue]
        self.expect(contact.finish, COMPLETION, contact.number)
        if not self.deferred(contact):
            wait = time - contact.arrived
            self.tally("answered", contact)
            self.tally("waited_s", contact, wait)
            if wait <= self.scene.target_s[contact.queue] + EPSILON_S:
                self.tally("in_time", contact)

    def put_aside(self, agent, time):
        contact = agent.hand.pop()
        contact.work = (contact.finish - time) * agent.speed[contact.queue]
        contact.state, contact.finish = "waiting", math.inf
        self.lay_down(agent, contact.queue, time)
        return contact

    def hand_out(self, queue, time):
        while self.open[queue]:
            idle = [a for a in self.agents if a.on and not a.hand and a.speed[queue] > 0]
            if not idle or not any(
                c.queue == queue and c.state == "waiting" for c in self.contacts
            ):
                break
            self.work(min(idle, key=lambda a: self.preference(a, queue)), time)

    def lay_down(self, agent, queue, time):
        self.spread(self.count["busy_s"][queue], agent.busy_from, time)
        if not agent.on:
            self.leave(agent, time)

    def leave(self, agent, time):
        self.spread(self.staffed_s, agent.present_from, time)
        agent.present_from = None

    # Small things

    def deferred(self, contact):
        return bool(self.scene.deferred[contact.queue])

    def has_room(self, agent, queue):
        live = not self.scene.deferred[queue]
        held = agent.hand and agent.hand[0].queue == queue
        return live and held and len(agent.hand) < self.scene.at_once[queue]

    def preference(self, agent, queue):
        return agent.order[queue], -agent.speed[queue], agent.since

    def interval(self, time):
        return min(int(time / self.length), self.scene.grid.size - 1)

    def tally(self, name, contact, amount=1.0):
        self.count[name][contact.queue, self.interval(contact.arrived)] += amount

    def spread(self, row, start, end):
        edges = np.arange(self.scene.grid.size + 1) * self.length
        row += np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0.0, None)
