"""A plan that was read and found whole."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

import pandas as pd

from scenarios.plan import schema
from scenarios.plan.faults import Default, Notice
from scenarios.plan.history import empty_history
from scenarios.plan.values import columns
from staffing.calendar import WEEKDAYS
from staffing.queues import QueueKind
from staffing.shrinkage import Shrinkage

LIVE_MEASURES = frozenset({"answered_within", "mean_wait", "abandoned"})
DEFERRED_MEASURES = frozenset({"replied_within", "weekly_hours"})


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a planner says: settings, one tuple of rows per table, and the history.

    Attributes
    ----------
    settings
        plan.toml.
    history
        Frame with `queue` (text), `start` (datetime64[ns], local), `volume`, `aht_s`, `abandoned`,
        `waited_s` (floats, NaN where unknown), sorted by queue and start, one row an interval of
        `settings.interval_min`, all before `settings.start`. Volumes count contacts before
        deflection.
    queues, targets, backlog, campaigns, hours, calendar, drivers, new_queues, roles, contracts, \
agents, tenure, shifts, breaks, availability, shrinkage, rules, rates, budget, scenarios
        Rows of the tables of `scenarios.plan.schema`, in the order of their files.
    notices
        What is worth knowing of how the plan was read.
    defaults
        Every default that stood in for an empty cell.
    source
        Folder or workbook that the plan was read from.
    """

    settings: schema.Settings
    history: pd.DataFrame = field(default_factory=empty_history)
    queues: tuple[schema.QueueRow, ...] = ()
    targets: tuple[schema.TargetRow, ...] = ()
    backlog: tuple[schema.BacklogRow, ...] = ()
    campaigns: tuple[schema.CampaignRow, ...] = ()
    hours: tuple[schema.HoursRow, ...] = ()
    calendar: tuple[schema.CalendarRow, ...] = ()
    drivers: tuple[schema.DriverRow, ...] = ()
    new_queues: tuple[schema.NewQueueRow, ...] = ()
    roles: tuple[schema.RoleRow, ...] = ()
    contracts: tuple[schema.ContractRow, ...] = ()
    agents: tuple[schema.AgentRow, ...] = ()
    tenure: tuple[schema.TenureRow, ...] = ()
    shifts: tuple[schema.ShiftRow, ...] = ()
    breaks: tuple[schema.BreakRow, ...] = ()
    availability: tuple[schema.AvailabilityRow, ...] = ()
    shrinkage: tuple[schema.ShrinkageRow, ...] = ()
    rules: tuple[schema.RuleRow, ...] = ()
    rates: tuple[schema.RateRow, ...] = ()
    budget: tuple[schema.BudgetRow, ...] = ()
    scenarios: tuple[schema.ScenarioRow, ...] = ()
    notices: tuple[Notice, ...] = ()
    defaults: tuple[Default, ...] = ()
    source: Path | None = None

    @property
    def start(self) -> dt.date:
        """First day planned."""
        return self.settings.start

    @property
    def end(self) -> dt.date:
        """Last day planned."""
        return self.start + dt.timedelta(days=7 * self.settings.weeks - 1)

    @cached_property
    def kinds(self) -> dict[str, QueueKind]:
        """How each queue's work is planned, told by what it promises."""
        return {queue.queue: queue_kind(queue.queue, self.targets) for queue in self.queues}

    @cached_property
    def shrinkage_kinds(self) -> tuple[Shrinkage, ...]:
        """The table `shrinkage` as `staffing.shrinkage` takes it."""
        return tuple(map(shrinkage_kind, self.shrinkage))

    def table(self, name: str) -> tuple[schema.Row, ...]:
        """Rows of a table by its name; the history is a frame and not among them.

        Raises
        ------
        KeyError
            If there is no such table of rows.
        """
        if name not in schema.TABLES or name == "history":
            raise KeyError(name)
        rows: tuple[schema.Row, ...] = getattr(self, name)
        return rows

    def to_frame(self, name: str) -> pd.DataFrame:
        """Return a table as a frame whose columns bear their headings in the file (`from`)."""
        if name == "history":
            return self.history.copy()
        known = columns(schema.TABLES[name])
        return pd.DataFrame(
            {c.name: [getattr(row, c.field) for row in self.table(name)] for c in known}
        )

    def same_as(self, other: Plan) -> bool:
        """Whether two plans say the same; where they were read from does not matter."""
        return all(
            getattr(self, one.name) == getattr(other, one.name)
            for one in fields(self)
            if (one.name in schema.TABLES and one.name != "history") or one.name == "settings"
        ) and self.history.equals(other.history)


def shrinkage_kind(row: schema.ShrinkageRow) -> Shrinkage:
    """A row of the table `shrinkage` as `staffing.shrinkage` takes it."""
    weekdays = frozenset({WEEKDAYS.index(row.weekday)} if row.weekday else ())
    return Shrinkage(
        row.kind,
        row.share,
        row.planned,
        row.paid,
        row.role,
        row.from_,
        row.to,
        weekdays,
        row.from_time,
        row.to_time,
    )


def queue_kind(queue: str, targets: tuple[schema.TargetRow, ...]) -> QueueKind:
    """Kind of a queue: live if a person waits, deferred if work waits, else a post."""
    measures = {target.measure for target in targets if target.queue == queue}
    if measures & LIVE_MEASURES:
        return QueueKind.LIVE
    return QueueKind.DEFERRED if measures & DEFERRED_MEASURES else QueueKind.POST
