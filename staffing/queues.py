"""Queues and what they promise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


class Measure(StrEnum):
    """What a target measures."""

    ANSWERED_WITHIN = "answered_within"
    REPLIED_WITHIN = "replied_within"
    MEAN_WAIT = "mean_wait"
    ABANDONED = "abandoned"
    PRESENT = "present"
    PER_REQUESTS = "per_requests"
    WEEKLY_HOURS = "weekly_hours"
    COST_PER_CONTACT = "cost_per_contact"


class QueueKind(StrEnum):
    """How a queue's work is planned."""

    LIVE = "live"
    """Answered at once: a person waits on the line, in the chat or at the desk."""
    DEFERRED = "deferred"
    """Done by a deadline: e-mail, social media, tickets, call-backs, outbound, project hours."""
    POST = "post"
    """Not contacts but people who must be there."""


@dataclass(frozen=True)
class Target:
    """One promise of one queue.

    `limit` is in `unit` (s, min, h, open_h, business_day; people for present; hours for
    weekly_hours; people per `per` requests for per_requests; money for cost_per_contact), `share`
    the part of the contacts for which it holds, kept over each `period` (interval, day, week,
    month).
    """

    queue: str
    measure: Measure
    limit: float
    unit: str = ""
    share: float = 0.9
    period: str = "week"
    hard: bool = True
    price: float = 0.0
    per: float = 200.0

    @property
    def limit_s(self) -> float:
        """Limit in seconds for the units of the wall clock.

        Raises
        ------
        KeyError
            If the unit runs on a business clock.
        """
        return self.limit * SECONDS[self.unit]

    @property
    def key(self) -> str:
        """Short name used in tables: `phone answered_within 20 s`."""
        return f"{self.queue} {self.measure} {self.limit:g} {self.unit}".strip()


@dataclass(frozen=True)
class Queue:
    """A stream of contacts: channel x contact type x priority.

    Shares are between 0 and 1, durations in the unit of their name. `aht_s` is the handle time of
    an experienced person without concurrency; `at_once` the number of chats one person holds;
    `patience_s` infinite where nobody hangs up.
    """

    name: str
    kind: QueueKind
    channel: str
    hours: str
    label: str = ""
    contact_type: str = "inquiry"
    priority: int = 5
    aht_s: float = 300.0
    aht_cv: float = 1.0
    patience_s: float = math.inf
    at_once: int = 1
    vip_queue: str = ""
    vip_share: float = 0.0
    deflected_share: float = 0.0
    bot_share: float = 0.0
    handover_share: float = 0.0
    fcr: float = 1.0
    repeat_after_h: float = 24.0
    redial_share: float = 0.0
    escalates_to: str = ""
    escalation_share: float = 0.0
    callback_queue: str = ""
    callback_share: float = 0.0
    callback_after_h: float = 4.0
    cost_centre: str = ""
    targets: tuple[Target, ...] = ()

    def target(self, measure: Measure) -> Target | None:
        """Return the first target of a measure, or None."""
        return next((t for t in self.targets if t.measure == measure), None)

    @property
    def receivers(self) -> tuple[str, ...]:
        """Queues to which it sends contacts."""
        named = (self.vip_queue, self.escalates_to, self.callback_queue)
        return tuple(name for name in named if name)


class Solving(Protocol):
    """Whatever says how much is solved without people: a queue, or a row of a plan."""

    @property
    def deflected_share(self) -> float:
        """Share solved by self-service before anything else."""

    @property
    def bot_share(self) -> float:
        """Share of the rest that a bot answers first."""

    @property
    def handover_share(self) -> float:
        """Share of the bot's contacts that it hands over to people."""


def people_share(queue: Solving) -> float:
    """Share of a queue's contacts that reach people: past self-service and past the bot."""
    return (1 - queue.deflected_share) * (1 - queue.bot_share * (1 - queue.handover_share))
