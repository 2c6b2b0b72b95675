"""The tables of a plan, declared once: the reader, the writer and the reference are made from here.

A table is a pydantic model of one row. Its fields are the columns, in the order in which they are
written; a field's description is the column's text in the reference; a field with a default may be
left empty. Cross-table conditions (a target's queue exists) stand in `scenarios.plan.checks`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
# Minutes from midnight; written as 08:30, up to 48:00 for what runs past midnight.
LAST_CLOCK_MINUTE = 2880
ClockMinute = Annotated[int, Field(ge=0, le=LAST_CLOCK_MINUTE)]
MONTH = r"^\d{4}-\d{2}$"
# Marks numbers beyond 0 ... 1 that may be written as 80 % all the same.
_PERCENT = {"share": True}

Channel = Literal[
    "phone", "chat", "email", "social", "appointment", "forum", "outbound", "self_service", "post"
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "workday", "rest_day", "holiday"]
Period = Literal["interval", "day", "week", "month"]


class Row(BaseModel):
    """A row of any table: frozen, and strict about columns it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Service(Row):
    """How service is promised where a target says nothing else (`[service]` in plan.toml)."""

    period: Period = Field("week", description="Period over which a target is kept")
    floor: Share = Field(0.6, description="Least share in time in any open interval")
    occupancy_max: Annotated[float, Field(gt=0, le=1)] = Field(
        0.88, description="Highest occupancy of people on live queues, over a week"
    )
    present_min: Annotated[int, Field(ge=0)] = Field(
        1, description="People present whenever a live queue is open"
    )
    hold: Share = Field(
        0.5, description="Share of possible months in which targets shall hold; 0.5: on the mean"
    )


class ForecastOptions(Row):
    """How the history is read (`[forecast]`)."""

    history: str = Field(
        "",
        description="Where the history is if it is not the table `history`: path of a .csv,"
        " .csv.gz, .xlsx or .parquet, or URL of a database",
    )
    history_sheet: str = Field(
        "", description="Sheet of a .xlsx so named; empty: `history`, or the only one"
    )
    history_query: str = Field("", description="SQL query of a database so named")
    history_from: dt.date | None = Field(None, description="First day of history that is used")
    growth: Annotated[float, Field(gt=-1, lt=10)] = Field(
        0.0,
        description="Change of volume beyond what the history shows; 0.1 is 10 % more",
        json_schema_extra=_PERCENT,
    )
    history_counts: Literal["first_contacts", "all_contacts"] = Field(
        "first_contacts",
        description="Whether repeats and redials are still to be added or already counted",
    )


class Solve(Row):
    """When the solver stops (`[solve]`)."""

    seconds: Positive = Field(120, description="Processor seconds the solver may use")
    gap: NonNegative = Field(
        0.005,
        description="Stops when cost is proved within this share",
        json_schema_extra=_PERCENT,
    )
    seed: int = Field(1, description="Seed of every random choice")
    threads: Annotated[int, Field(ge=0)] = Field(0, description="Threads; 0 takes all cores")
    replications: Annotated[int, Field(ge=20)] = Field(
        200, description="Simulated months for the final judgement"
    )


class Settings(Row):
    """`plan.toml`."""

    name: Name = Field(description="Name of the plan")
    start: dt.date = Field(description="First day planned; weeks begin on its weekday")
    weeks: Annotated[int, Field(ge=1, le=53)] = Field(4, description="Weeks planned")
    end: dt.date | None = Field(
        None, description="Last day planned, instead of `weeks`; empty: as `weeks` says"
    )
    interval_min: Literal[15, 30, 60] = Field(30, description="Length of an interval in minutes")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field(
        "CNY", description="Currency of all money"
    )
    language: Literal["en", "zh"] = Field("en", description="Language of workbooks and reports")
    timezone: str = Field("UTC", description="Time zone of all times, as in Asia/Shanghai")
    country: Annotated[str, Field(pattern=r"^([A-Z]{2})?$")] = Field(
        "", description="Country whose public holidays apply (CN, US, ...); empty: none"
    )
    law: Literal["cn", "eu", "us-fair-workweek", "none"] = Field(
        "none", description="Set of legal rules"
    )
    synthetic: bool = Field(False, description="Whether the plan's figures are made up")
    note: str = Field("", description="Anything worth knowing about the plan")
    service: Service = Field(default_factory=Service, description="Defaults of the promises")
    forecast: ForecastOptions = Field(default_factory=ForecastOptions, description="The history")
    solve: Solve = Field(default_factory=Solve, description="Limits of the solver")


class QueueRow(Row):
    """A stream of contacts: channel x contact type x priority."""

    queue: Name = Field(description="Name that other tables use")
    channel: Channel = Field(description="Channel")
    label: str = Field("", description="Name shown to people; empty: the queue's name")
    contact_type: str = Field("inquiry", description="inquiry, after-sales, complaint, ...")
    priority: Annotated[int, Field(ge=1, le=9)] = Field(5, description="1 is served first")
    hours: str = Field("", description="Opening hours by name; empty: day and night")
    aht_s: Positive | None = Field(
        None, description="Mean handle time; empty: from the history (posts need none)"
    )
    aht_cv: Annotated[float, Field(ge=0, le=5)] = Field(
        1.0, description="Standard deviation of a handle time over its mean"
    )
    patience_s: Positive | None = Field(None, description="Mean patience; empty: nobody hangs up")
    at_once: Annotated[int, Field(ge=1, le=10)] = Field(
        1, description="Contacts one person handles at a time"
    )
    vip_queue: str = Field("", description="Queue that receives the contacts of VIP customers")
    vip_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of the volume that goes there at once, past self-service and bot"
    )
    deflected_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of the volume that self-service or a bot solves"
    )
    bot_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Share of what self-service leaves that a bot answers first"
    )
    handover_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Share of the bot's contacts that it hands over to people"
    )
    fcr: Annotated[float, Field(gt=0, le=1)] = Field(
        1.0, description="First-contact resolution; the rest comes again"
    )
    repeat_after_h: NonNegative = Field(24, description="Hours after which the rest comes again")
    redial_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Share of those who hang up that try again within minutes"
    )
    escalates_to: str = Field("", description="Queue that receives escalated contacts")
    escalation_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Share of handled contacts that escalate"
    )
    callback_queue: str = Field("", description="Queue that receives call-backs")
    callback_share: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="Share of handled contacts that are called back"
    )
    callback_after_h: NonNegative = Field(
        4, description="Hours after which a call-back may be made; its promise is a target"
    )
    cost_centre: str = Field("", description="Cost centre of the queue's contacts")


class TargetRow(Row):
    """A promise of a queue."""

    queue: Name = Field(description="Queue")
    measure: Literal[
        "answered_within", "replied_within", "mean_wait", "abandoned", "present", "per_requests",
        "weekly_hours", "cost_per_contact",
    ] = Field(description="What is measured")  # fmt: skip
    limit: NonNegative = Field(
        description="Time, people, hours, money; for abandoned leave the share in `limit`",
        json_schema_extra=_PERCENT,
    )
    unit: Literal["", "s", "min", "h", "open_h", "business_day"] = Field(
        "", description="Unit of a time: wall clock, opening hours or business days"
    )
    share: Share = Field(0.9, description="Share of contacts for which the limit holds")
    per: Positive = Field(200, description="per_requests: `limit` people per this many a day")
    period: Period | Literal[""] = Field("", description="Empty: service.period")
    mode: Literal["hard", "priced"] = Field("hard", description="Held, or paid for when missed")
    price: NonNegative = Field(
        0, description="Money per contact (or person-hour) missed; 0: a price above any wage"
    )


class BacklogRow(Row):
    """Contacts that wait for a reply when the plan begins, by age."""

    queue: Name = Field(description="Queue that promises `replied_within`")
    age_h: Annotated[float, Field(ge=0, le=8760)] = Field(
        description="Hours since they came, at midnight before the plan's first day"
    )
    contacts: Annotated[int, Field(ge=1)] = Field(description="How many")


class CampaignRow(Row):
    """Contacts that people begin themselves (outbound calls) in a window of days.

    They are made in the opening hours of their queue, when nothing more urgent waits.
    """

    campaign: Name = Field(description="Name of the campaign")
    queue: Name = Field(description="Queue that promises `replied_within`: the share to be made")
    contacts: Annotated[int, Field(ge=1)] = Field(description="How many are still to be made")
    from_: dt.date = Field(alias="from", description="First day on which they may be made")
    to: dt.date | None = Field(
        None, description="Last day; empty: the queue's own limit counts from the first"
    )


class HoursRow(Row):
    """Opening hours; several rows a day are allowed."""

    hours: Name = Field(description="Name of the opening hours")
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"] = Field(
        description="Day; without a row for holiday, a holiday is kept as a Sunday"
    )
    opens: ClockMinute = Field(description="Time")
    closes: ClockMinute = Field(description="Time; 24:00 is midnight, 26:00 is 2 in the night")


class CalendarRow(Row):
    """Days that are not like others."""

    date: dt.date | None = Field(None, description="Day; or give `from` and `to`")
    from_: dt.date | None = Field(None, alias="from", description="First day")
    to: dt.date | None = Field(None, description="Last day")
    kind: Literal["holiday", "working_day", "closed", "event"] = Field(description="Kind of day")
    name: str = Field("", description="Name; days of one name are learnt together")
    queue: str = Field("", description="Queue an event or a closure touches; empty: all")
    factor: Positive | None = Field(
        None,
        description="Volume against a usual day; empty: learnt",
        json_schema_extra=_PERCENT,
    )
    like: dt.date | None = Field(None, description="Earlier day whose pattern it follows")


class DriverRow(Row):
    """Something known ahead that moves the volume (bookings, mailings)."""

    date: dt.date = Field(description="Day")
    driver: Name = Field(description="Name of the driver")
    value: float = Field(description="Its value on the day")
    queue: str = Field("", description="Queue it moves; empty: all")


class NewQueueRow(Row):
    """A queue too new for a history; what is assumed gives way as days of its own come in.

    Give either `share`, or `customers` and `requests_per_customer`.
    """

    queue: Name = Field(description="The new queue")
    like: Name = Field(description="Queue whose weekdays, hours and handle times it takes")
    share: Positive | None = Field(
        None, description="Its volume against that queue's", json_schema_extra=_PERCENT
    )
    customers: Positive | None = Field(None, description="Customers that may ask")
    requests_per_customer: Positive | None = Field(
        None, description="How often each asks in a month"
    )
    half_known_days: Positive = Field(
        28, description="Days of its own history that weigh as much as the assumption"
    )


class HistoryRow(Row):
    """Past contacts by interval. Read as one frame; this row declares its columns."""

    queue: Name = Field(description="Queue")
    start: dt.datetime = Field(description="Start of the interval, local time")
    volume: NonNegative = Field(description="Contacts offered")
    aht_s: Positive | None = Field(None, description="Mean handle time")
    abandoned: NonNegative | None = Field(None, description="Contacts that hung up")
    waited_s: NonNegative | None = Field(None, description="Total waiting of all contacts")


class RoleRow(Row):
    """Which queues a role serves; several rows a role."""

    role: Name = Field(description="Role")
    queue: Name = Field(description="Queue")
    speed: Positive = Field(1.0, description="1: the queue's handle time; 0.5: twice as long")
    order: Annotated[int, Field(ge=1, le=9)] = Field(1, description="1: first choice")


class ContractRow(Row):
    """A kind of employment."""

    contract: Name = Field(description="Contract")
    kind: Literal["full_time", "part_time", "temporary", "outsourced"] = Field(description="Kind")
    role: Name = Field(description="Role of its people (an agent's own role goes before)")
    people_min: Annotated[int, Field(ge=0)] = Field(description="People at least")
    people_max: Annotated[int, Field(ge=0)] = Field(description="People at most")
    week_hours_min: NonNegative = Field(0, description="Paid hours a week at least")
    week_hours_max: Positive = Field(40, description="Paid hours a week at most")
    month_hours_max: Positive | None = Field(None, description="Paid hours a month at most")
    week_shifts_min: Annotated[int, Field(ge=0, le=7)] = Field(0, description="Shifts at least")
    week_shifts_max: Annotated[int, Field(ge=0, le=7)] = Field(5, description="Shifts at most")
    from_: dt.date | None = Field(None, alias="from", description="First day of employment")
    to: dt.date | None = Field(None, description="Last day of employment")
    wage_per_hour: NonNegative = Field(0, description="Pay of a paid hour")
    month_salary: NonNegative = Field(
        0, description="Pay a month whatever the hours; counts 12/52 a week"
    )
    hired: dt.date | None = Field(
        None,
        description="First day of its people, with `tenure` their pace, where none has a name",
    )
    hire_cost: NonNegative = Field(
        0, description="Paid once for each person above people_min; in a budget for each one hired"
    )
    attrition_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="Budget: share of its people who leave in a month"
    )
    lead_time_weeks: NonNegative = Field(
        0, description="Budget: weeks from the decision to hire to the first day"
    )
    training_weeks: NonNegative = Field(
        0, description="Budget: first weeks of new people, paid and off the queues; then `tenure`"
    )
    class_min: Annotated[int, Field(ge=1)] = Field(
        1, description="Budget: people hired together at least (a class)"
    )
    class_max: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Budget: people in a class at most; empty: any number"
    )
    class_cost: NonNegative = Field(
        0, description="Budget: money for each class (a trainer, a room)"
    )
    budget_people_max: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Budget: people at most in any month; empty: people_max"
    )
    purchase_min_hours: NonNegative = Field(
        0, description="Hours paid at least in a period in which any are bought (outsourced)"
    )
    purchase_period: Literal["week", "month"] = Field(
        "week", description="Period of purchase_min_hours"
    )
    overtime_max_hours: NonNegative = Field(
        0, description="Hours a week beyond week_hours_max, paid as overtime"
    )
    cost_centre: str = Field("", description="Cost centre")


class AgentRow(Row):
    """A person with a name. People beyond the named ones are numbered."""

    agent: Name = Field(description="Name or number, unique")
    name: str = Field("", description="Name shown; empty: as `agent`")
    team: str = Field("", description="Team; empty: the contract")
    contract: Name = Field(description="Contract")
    role: str = Field("", description="Role; empty: the contract's")
    hired: dt.date | None = Field(None, description="First day; with `tenure` gives the pace")
    speed: Positive = Field(1.0, description="Pace beside the role's and tenure's")
    carried_weekends: Annotated[int, Field(ge=0)] = Field(
        0, description="Weekends worked lately, for fairness"
    )
    carried_nights: Annotated[int, Field(ge=0)] = Field(0, description="Nights worked lately")


class TenureRow(Row):
    """Pace by months since hiring (a new agent is slower)."""

    from_months: NonNegative = Field(description="Months since hiring")
    speed: Positive = Field(description="Pace from then on; 1 is an experienced agent")
    role: str = Field("", description="Role; empty: all")


class ShiftRow(Row):
    """A shift that a contract allows."""

    shift: Name = Field(description="Code, shown in rosters")
    contract: str = Field("", description="Contract; empty: all but outsourced")
    first_start: ClockMinute = Field(description="Earliest start")
    last_start: ClockMinute | None = Field(None, description="Latest start; empty: the earliest")
    step_min: Annotated[int, Field(ge=15, le=1440)] = Field(
        60, description="Minutes between possible starts"
    )
    length_h: Annotated[float, Field(gt=0, le=24)] = Field(
        description="Hours from start to end, breaks in"
    )
    paid_h: Annotated[float, Field(gt=0, le=24)] | None = Field(
        None, description="Paid hours; empty: the length less unpaid breaks"
    )
    breaks: str = Field("", description="Breaks by name; empty: none")
    weekdays: str = Field(
        "", description="Days it may be worked, as in mon tue wed; empty: every day"
    )


class BreakRow(Row):
    """A break; several rows share a name when a shift has several."""

    breaks: Name = Field(description="Name that shifts use")
    name: str = Field("break", description="lunch, rest, ...")
    minutes: Annotated[int, Field(ge=5, le=240)] = Field(description="Length")
    paid: bool = Field(False, description="Whether it is paid")
    earliest_h: NonNegative = Field(description="Starts at the earliest, hours into the shift")
    latest_h: NonNegative = Field(description="Starts at the latest, hours into the shift")
    leaves_post: bool = Field(True, description="Whether a post counts as left meanwhile")


class AvailabilityRow(Row):
    """What is known of a person's days."""

    agent: Name = Field(description="Agent")
    from_: dt.date = Field(alias="from", description="First day")
    to: dt.date | None = Field(None, description="Last day; empty: the first")
    kind: Literal[
        "leave", "sick", "training", "off_request", "shift_request", "unavailable", "pin"
    ] = Field(
        description="leave, sick, training: paid and away; requests are wishes; a pin is kept"
    )
    shift: str = Field(
        "", description="Shift of a request or a pin, as D or D@08:00; of a pin also off"
    )
    weight: NonNegative = Field(10, description="Price of a wish that is not granted")


class ShrinkageRow(Row):
    """Paid time that is not spent on contacts."""

    kind: Name = Field(description="sickness, meetings, coaching, ...")
    share: Annotated[float, Field(ge=0, lt=1)] = Field(description="Share of paid time")
    planned: bool = Field(True, description="Planned time, or unplanned absence of whole shifts")
    paid: bool = Field(True, description="Whether it is paid")
    role: str = Field("", description="Role; empty: all")
    from_: dt.date | None = Field(None, alias="from", description="First day; empty: always")
    to: dt.date | None = Field(None, description="Last day")
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", ""] = Field(
        "", description="Day of the week; empty: every day"
    )
    from_time: ClockMinute = Field(
        0, description="Lost from this time of day on; `share` is one of the time within"
    )
    to_time: ClockMinute = Field(1440, description="Lost until this time of day")


class RuleRow(Row):
    """A rule on top of the law's; the catalogue is `docs/rules.md`."""

    rule: Name = Field(description="Rule by its id")
    scope: Literal["all", "contract", "role", "team", "agent"] = Field(
        "all", description="Whom it binds"
    )
    who: str = Field("", description="The contract, role, team or agent by name")
    value: float = Field(description="The rule's number")
    mode: Literal["law", "hard", "priced"] = Field("hard", description="Never broken, or priced")
    price: NonNegative = Field(0, description="Money per breach, or per unit of breach")


class RateRow(Row):
    """What an hour costs beside the wage."""

    name: Name = Field(description="Name shown in the cost table")
    kind: Literal["premium", "overtime", "outsourced_step"] = Field(description="Kind")
    contract: str = Field("", description="Contract; empty: all but outsourced")
    weekday: Weekday | Literal[""] = Field("", description="Day; empty: every day")
    from_: ClockMinute = Field(0, alias="from", description="From this time of day")
    to: ClockMinute = Field(1440, description="To this time of day")
    from_hours: NonNegative = Field(
        0,
        description="outsourced_step: from this many hours a week of the contract; overtime: of a"
        " person",
    )
    factor: NonNegative = Field(
        1.0,
        description="Pay over the wage: 1.5 is one and a half times; premiums add up",
        json_schema_extra=_PERCENT,
    )
    price_per_hour: NonNegative | None = Field(
        None, description="outsourced_step: price of an hour from there on"
    )


class BudgetRow(Row):
    """The budget that was given."""

    month: Annotated[str, Field(pattern=MONTH)] = Field(description="As in 2026-12")
    cost_centre: str = Field("", description="Cost centre; empty: all")
    amount: NonNegative = Field(description="Money")


class ScenarioRow(Row):
    """One change of a scenario."""

    scenario: Name = Field(description="Scenario")
    based_on: str = Field("", description="Scenario whose changes come first")
    table: Name = Field(description="Table, or `plan` for plan.toml")
    where: str = Field("", description="Rows, as in queue=phone measure=abandoned; empty: all")
    column: str = Field("", description="Column")
    operation: Literal["set", "times", "plus", "add_row", "drop"] = Field(description="Operation")
    value: str = Field("", description="Value; for add_row column=value pairs")
    note: str = Field("", description="Why")


#: Every table of a plan by name, in the order of the reference.
TABLES: dict[str, type[Row]] = {
    "queues": QueueRow,
    "targets": TargetRow,
    "backlog": BacklogRow,
    "campaigns": CampaignRow,
    "hours": HoursRow,
    "calendar": CalendarRow,
    "history": HistoryRow,
    "drivers": DriverRow,
    "new_queues": NewQueueRow,
    "roles": RoleRow,
    "contracts": ContractRow,
    "agents": AgentRow,
    "tenure": TenureRow,
    "shifts": ShiftRow,
    "breaks": BreakRow,
    "availability": AvailabilityRow,
    "shrinkage": ShrinkageRow,
    "rules": RuleRow,
    "rates": RateRow,
    "budget": BudgetRow,
    "scenarios": ScenarioRow,
}
#: Stands for a shift in a pin that keeps a day off, unless a shift is called so.
OFF = "off"
#: The plan as it stands, where a scenario's name is asked for.
BASE_SCENARIO = "base"
#: Tables without which nothing can be planned.
REQUIRED = ("queues", "targets", "history", "roles", "contracts", "shifts")
#: Columns that name a row of another table; an empty cell names none.
REFERENCES: dict[tuple[str, str], str] = {
    ("queues", "hours"): "hours",
    ("queues", "vip_queue"): "queues",
    ("queues", "escalates_to"): "queues",
    ("queues", "callback_queue"): "queues",
    ("targets", "queue"): "queues",
    ("backlog", "queue"): "queues",
    ("campaigns", "queue"): "queues",
    ("calendar", "queue"): "queues",
    ("history", "queue"): "queues",
    ("drivers", "queue"): "queues",
    ("new_queues", "queue"): "queues",
    ("new_queues", "like"): "queues",
    ("roles", "queue"): "queues",
    ("contracts", "role"): "roles",
    ("agents", "contract"): "contracts",
    ("agents", "role"): "roles",
    ("tenure", "role"): "roles",
    ("shifts", "contract"): "contracts",
    ("shifts", "breaks"): "breaks",
    ("availability", "agent"): "agents",
    ("shrinkage", "role"): "roles",
    ("rates", "contract"): "contracts",
    ("scenarios", "based_on"): "scenarios",
}
#: Column by which other tables name the rows of a table.
NAMED_BY: dict[str, str] = {
    "queues": "queue",
    "hours": "hours",
    "roles": "role",
    "contracts": "contract",
    "agents": "agent",
    "breaks": "breaks",
    "scenarios": "scenario",
}
#: Columns that together must not occur twice in a table.
KEYS: dict[str, tuple[str, ...]] = {
    "queues": ("queue",),
    "targets": ("queue", "measure", "limit", "unit", "period"),
    "backlog": ("queue", "age_h"),
    "campaigns": ("campaign",),
    "history": ("queue", "start"),
    "drivers": ("date", "driver", "queue"),
    "new_queues": ("queue",),
    "roles": ("role", "queue"),
    "contracts": ("contract",),
    "agents": ("agent",),
    "tenure": ("from_months", "role"),
    "budget": ("month", "cost_centre"),
}
