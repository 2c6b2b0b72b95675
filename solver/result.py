"""What the solver answers: complete without a solver."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from solver.problem import Agent, Floats, Ints


class Status(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    """Cost equals the bound within the gap asked for."""
    FEASIBLE = "feasible"
    """A plan that meets all; the gap says how much a better one could save."""
    UNMET = "unmet"
    """A plan that misses some target or rule; what and by how much is listed."""
    STOPPED = "stopped"
    """The user stopped it; the best plan so far."""


@dataclass(frozen=True)
class Unmet:
    """Something asked for that the plan does not give: where, how much, and its price."""

    key: str
    where: str
    amount: float
    unit: str
    cost: float


@dataclass(frozen=True)
class ShiftPlan:
    """The design: how many people of each group work each pattern on each day.

    Parameters
    ----------
    counts
        (G, D, P) whole people.
    heads
        (G,) people employed.
    positions
        (Q, T) people's time planned on each queue, in positions.
    in_time
        (Q, T) contacts of live queues expected to be answered in time.
    on_duty
        (G, T) people on duty, breaks taken off.
    cost, bound
        Cost of the design and proved lower bound on the cost of any.
    """

    counts: Ints
    heads: Ints
    positions: Floats
    in_time: Floats
    on_duty: Floats
    cost: float
    bound: float
    unmet: tuple[Unmet, ...] = ()


@dataclass(frozen=True)
class PlacedBreak:
    """A break at its place: day and minutes from the midnight at which that day begins."""

    agent: int
    day: int
    name: str
    start_min: int
    minutes: int
    paid: bool


@dataclass(frozen=True)
class Roster:
    """Who works when.

    Parameters
    ----------
    agents
        All people of the roster, named and numbered ones, (A,).
    shifts
        (A, D) number of the pattern worked, -1 where none.
    unfilled
        (G, D, P) seats of the design that nobody could take.
    breaks
        Breaks, once they are placed.
    overtime_h
        (A, weeks) paid hours beyond the contract's week.
    wishes_missed
        Cost of wishes and priced rules not granted.
    """

    agents: tuple[Agent, ...]
    shifts: Ints
    unfilled: Ints
    breaks: tuple[PlacedBreak, ...] = ()
    overtime_h: Floats | None = None
    wishes_missed: float = 0.0
    notes: tuple[str, ...] = field(default=())
