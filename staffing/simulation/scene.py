"""What a simulation is told: arrivals, promises and the people on duty, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from staffing.timegrid import TimeGrid

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


_BY_QUEUE = (
    "aht_cv", "deferred", "patience_s", "redial_share", "at_once", "priority", "target_s", "day_cv"
)  # fmt: skip
# What is no number fails these as well.
_FINITE = float(np.finfo(np.float64).max)
_LIMITS = {
    "arrivals": (0.0, _FINITE),
    "aht_s": (0.0, _FINITE),
    "aht_cv": (0.0, _FINITE),
    "patience_s": (0.0, np.inf),
    "redial_share": (0.0, 1.0),
    "target_s": (0.0, np.inf),
    "speed": (0.0, _FINITE),
    "absence": (0.0, 1.0),
    "away_share": (0.0, 1.0),
    "day_cv": (0.0, _FINITE),
}


@dataclass(frozen=True)
class Batch:
    """Deferred contacts known ahead: what waits at the start, or a campaign.

    Parameters
    ----------
    queue
        Number of a deferred queue.
    contacts
        How many.
    released_s, due_s
        When they may be begun, within the horizon, and when they are due. What is due by its
        release is late already: it is worked off first and counts for no promise.
    aht_s
        Mean handle time of an experienced person.
    """

    queue: int
    contacts: int
    released_s: float
    due_s: float
    aht_s: float


@dataclass(frozen=True)
class LaterPromise:
    """A further promise of a deferred queue, counted beside the one by which work is ordered.

    Parameters
    ----------
    queue, key
        Number of the queue, and the name by which results are asked for.
    due_s
        Deadlines as in `Scene.due_s`, (T + 1,).
    batch_due_s
        Deadline of each of the scene's batches, of whatever queue, (B,).
    """

    queue: int
    key: str
    due_s: Floats
    batch_due_s: Floats


@dataclass(frozen=True)
class Scene:
    """A roster on duty and the work that meets it.

    Q queues, T = grid.size intervals, A agents, P stretches of duty. Times in seconds from the
    start of the grid.

    Parameters
    ----------
    grid
        Horizon.
    queues
        Names, (Q,).
    arrivals
        Expected contacts that reach people, (Q, T).
    aht_s
        Mean handle time of an experienced person, (Q, T).
    aht_cv
        Coefficient of variation of a single handle time, (Q,).
    deferred
        Whether the queue's work waits for a deadline instead of a person waiting, (Q,).
    patience_s
        Mean patience, infinite where nobody leaves, (Q,).
    redial_share
        Share of those who abandon that call again, (Q,), after about `redial_after_s`.
    at_once
        Contacts one person handles at a time, (Q,). An agent holds several only of one queue.
    priority
        1 is served first, (Q,).
    open_mask
        Whether contacts of the queue may be started in the interval, (Q, T).
    target_s
        A live contact is in time if it is answered within these seconds, (Q,).
    due_s
        Deadline of a deferred contact that arrives at the start of an interval, (Q, T + 1); one
        that arrives within an interval has its deadline between the two by straight line. Infinite
        for live queues.
    speed
        Pace of each agent on each queue (1: the queue's handle time; 0: cannot serve it), (A, Q).
    order
        Preference of each agent, 1 first, (A, Q).
    duty_agent, duty_start_s, duty_end_s
        Stretches during which an agent takes contacts, breaks cut out, by agent and time, (P,). A
        contact in hand when a stretch ends is finished and delays what follows.
    duty_shift
        Number of the shift each stretch belongs to, (P,): an absence takes whole shifts.
    absence
        Probability that a shift is not worked, by agent, (A,), or by the day on which the shift
        begins too, (A, days).
    away_share
        Share of the duty of a shift lost to things the plan does not fix (meetings, coaching), by
        agent, (A,) or (A, days).
    day_cv
        Coefficient of variation of the day's random factor on the arrivals, (Q,).
    shared_day_factor
        Share of the variance of the day's factor that all queues have in common, 0 to 1.
    batches
        Deferred contacts known ahead.
    later
        Further promises of deferred queues.
    """

    grid: TimeGrid
    queues: tuple[str, ...]
    arrivals: Floats
    aht_s: Floats
    aht_cv: Floats
    deferred: Bools
    patience_s: Floats
    redial_share: Floats
    at_once: Ints
    priority: Ints
    open_mask: Bools
    target_s: Floats
    due_s: Floats
    speed: Floats
    order: Ints
    duty_agent: Ints
    duty_start_s: Floats
    duty_end_s: Floats
    duty_shift: Ints
    absence: Floats
    away_share: Floats
    day_cv: Floats
    shared_day_factor: float = 0.5
    redial_after_s: float = 600.0
    batches: tuple[Batch, ...] = ()
    later: tuple[LaterPromise, ...] = ()

    def __post_init__(self) -> None:
        queues, size = len(self.queues), self.grid.size
        for name, shape in {
            "arrivals": (queues, size),
            "aht_s": (queues, size),
            "open_mask": (queues, size),
            "due_s": (queues, size + 1),
            **dict.fromkeys(_BY_QUEUE, (queues,)),
        }.items():
            found = getattr(self, name).shape
            if found != shape:
                msg = f"{name} has shape {found}, needs {shape}"
                raise ValueError(msg)
        for name, (least, most) in _LIMITS.items():
            values = getattr(self, name)
            wrong = ~((values >= least) & (values <= most))
            if wrong.any():
                msg = f"{name} must be between {least:g} and {most:g}; got {values[wrong][0]}"
                raise ValueError(msg)
        agents = len(self.speed)
        if not ((self.duty_agent >= 0) & (self.duty_agent < agents)).all():
            msg = f"duty_agent numbers {agents} agents from 0; got {self.duty_agent.max()}"
            raise ValueError(msg)
        if (self.duty_end_s < self.duty_start_s).any():
            at = int(np.argmax(self.duty_end_s < self.duty_start_s))
            msg = f"stretch {at} of duty ends before it starts, at {self.duty_end_s[at]:.0f} s"
            raise ValueError(msg)
        for name in ("absence", "away_share"):
            shape = getattr(self, name).shape
            if shape not in ((agents,), (agents, self.grid.days)):
                msg = f"{name} has shape {shape}, needs {(agents,)} or {(agents, self.grid.days)}"
                raise ValueError(msg)
        if self.speed.shape[1:] != (queues,) or self.order.shape != self.speed.shape:
            msg = f"speed and order need shape (agents, {queues})"
            raise ValueError(msg)
        served_later = [b.queue for b in self.batches] + [p.queue for p in self.later]
        if not self.deferred[served_later].all():
            msg = "batches and later promises are for deferred queues only"
            raise ValueError(msg)
        if not all(0 <= batch.released_s < size * self.grid.interval_s for batch in self.batches):
            msg = "batches are released within the horizon"
            raise ValueError(msg)

    def later_number(self, key: str) -> int | None:
        """Number of a further promise by its key; None for what is counted in any case."""
        return next((e for e, promise in enumerate(self.later) if promise.key == key), None)
