"""The bundled examples are the six organisations, and their histories can be made again."""

from __future__ import annotations

import datetime as dt
import runpy
import sys
from functools import cache
from pathlib import Path

import pytest

from scenarios.plan import Plan
from scenarios.plan import load as load_plan

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

# What each organisation promises: queue, measure, limit, unit, share.
PROMISES = {
    "cloud_crm": [
        ("chat", "answered_within", 30, "s", 0.9),
        ("email", "replied_within", 5, "open_h", 0.9),
        ("knowledge base", "weekly_hours", 20, "h", None),
    ],
    "shop_outsourcer": [
        ("chat", "answered_within", 30, "s", 0.9),
        ("email", "replied_within", 4, "open_h", 0.9),
        ("representatives", "per_requests", 5, "", None),
        ("representatives", "cost_per_contact", 3, "", None),
        ("technical desk", "present", 2, "", None),
        ("supervision", "present", 1, "", None),
    ],
    "k12_online": [
        ("chat simple", "answered_within", 30, "s", 0.9),
        ("chat", "answered_within", 30, "s", 0.9),
        ("email simple", "replied_within", 4, "open_h", 0.9),
        ("email complex", "replied_within", 4, "open_h", 0.9),
        ("knowledge base", "weekly_hours", 40, "h", None),
    ],
    "youchuang": [
        ("phone inquiry", "answered_within", 60, "s", 0.9),
        ("phone VIP", "answered_within", 60, "s", 0.9),
        ("phone complaint urgent", "replied_within", 2, "open_h", 0.9),
        ("phone complaint", "replied_within", 4, "open_h", 0.9),
        ("email inquiry", "replied_within", 4, "open_h", 0.9),
        ("email complaint", "replied_within", 1, "business_day", 0.9),
        ("chat inquiry", "answered_within", 60, "s", 0.9),
        ("chat complaint", "answered_within", 10, "min", 0.9),
        ("social inquiry", "replied_within", 2, "open_h", 0.9),
        ("social complaint", "replied_within", 4, "open_h", 0.9),
        ("appointment", "answered_within", 300, "s", 0.9),
        ("appointment request", "replied_within", 2, "business_day", 0.9),
        ("appointment complaint", "replied_within", 2, "business_day", 0.9),
        ("escalation", "replied_within", 4, "open_h", 0.9),
        ("callback", "replied_within", 2, "business_day", 0.9),
    ],
    "future_bio": [
        ("phone", "answered_within", 60, "s", 0.95),
        ("chat", "answered_within", 90, "s", 0.95),
        ("email", "replied_within", 24, "h", 0.95),
        ("email follow-up", "replied_within", 48, "h", 0.95),
        ("social private", "replied_within", 12, "h", 0.95),
        ("social public", "replied_within", 24, "h", 0.95),
        ("appointment", "replied_within", 2, "business_day", 0.95),
        ("serious complaint", "replied_within", 24, "h", 0.95),
    ],
    "yuanfan": [
        ("phone", "answered_within", 30, "s", 0.9),
        ("phone", "mean_wait", 30, "s", None),
        ("phone research", "replied_within", 2, "business_day", 0.9),
        ("chat", "answered_within", 2, "min", 0.9),
        ("chat", "mean_wait", 120, "s", None),
        ("chat research", "replied_within", 24, "h", 0.9),
        ("email", "replied_within", 24, "h", 0.9),
        ("email solution", "replied_within", 48, "h", 0.9),
        ("email complex", "replied_within", 72, "h", 0.9),
        ("social", "replied_within", 4, "open_h", 0.9),
        ("social solution", "replied_within", 48, "h", 0.9),
        ("complaint", "replied_within", 24, "h", 0.98),
        ("complaint solution", "replied_within", 5, "business_day", 0.98),
    ],
}
CHANNELS = {
    "cloud_crm": {"self_service", "chat", "email", "phone", "forum", "outbound", "post"},
    "shop_outsourcer": {"self_service", "chat", "email", "social", "post"},
    "k12_online": {"self_service", "chat", "email", "phone", "forum", "post"},
    "youchuang": {
        "phone", "email", "chat", "social", "appointment", "self_service", "outbound",
    },
    "future_bio": {"phone", "email", "chat", "social", "appointment", "outbound"},
    "yuanfan": {"phone", "email", "chat", "social", "outbound"},
}  # fmt: skip
# Head-counts that an organisation names: contract, kind, role, people.
PEOPLE = {
    "cloud_crm": [
        ("specialist", "full_time", "support", 3),
        ("author", "outsourced", "author", 1),
        ("community", "part_time", "community", 1),
    ],
    "shop_outsourcer": [
        ("supervisor", "full_time", "supervisor", 1),
        ("content", "part_time", "content manager", 1),
    ],
    "k12_online": [
        ("junior full-time", "full_time", "junior", 8),
        ("senior full-time", "full_time", "senior", 4),
        ("technical", "full_time", "technical", 3),
        ("editor", "part_time", "editor", 2),
    ],
}
FCR = {"cloud_crm": 0.85, "shop_outsourcer": 0.85, "k12_online": 0.80, "youchuang": 0.85,
       "future_bio": 0.85, "yuanfan": 0.85}  # fmt: skip


@cache
def load(name: str) -> Plan:
    return load_plan(EXAMPLES / name)


@pytest.fixture(params=sorted(PROMISES))
def example(request: pytest.FixtureRequest) -> Plan:
    return load(request.param)


def name_of(plan: Plan) -> str:
    assert plan.source is not None
    return plan.source.name


def test_every_folder_with_a_plan_is_known_here() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/plan.toml")} == set(PROMISES)


def test_loads_without_a_notice_and_says_that_it_is_synthetic(example: Plan) -> None:
    assert example.notices == ()
    assert example.settings.synthetic
    assert "synthetic" in example.settings.note
    assert example.settings.weeks == 4


def test_promises_are_the_organisation_s_own(example: Plan) -> None:
    found = {(t.queue, t.measure): t for t in example.targets}
    for queue, measure, limit, unit, share in PROMISES[name_of(example)]:
        target = found[queue, measure]
        assert (target.limit, target.unit, target.mode) == (limit, unit, "hard"), queue
        if share is not None:
            assert target.share == share, queue


def test_channels_are_the_organisation_s_own(example: Plan) -> None:
    assert {queue.channel for queue in example.queues} == CHANNELS[name_of(example)]


def test_head_counts_that_are_named_are_given(example: Plan) -> None:
    contracts = {row.contract: row for row in example.contracts}
    for contract, kind, role, people in PEOPLE.get(name_of(example), []):
        row = contracts[contract]
        assert (row.kind, row.role) == (kind, role)
        assert row.people_min == row.people_max == people


def test_five_representatives_per_two_hundred_requests() -> None:
    plan = load("shop_outsourcer")
    ratio = next(t for t in plan.targets if t.measure == "per_requests")
    assert (ratio.limit, ratio.per, ratio.period) == (5, 200, "day")
    served = {row.queue for row in plan.roles if row.role == "representative"}
    assert {"chat", "email", "social"} <= served
    assert plan.settings.currency == "USD"


def test_contacts_are_resolved_at_first_as_the_organisation_asks(example: Plan) -> None:
    inquiries = [q for q in example.queues if q.fcr < 1]
    assert inquiries
    assert all(q.fcr >= FCR[name_of(example)] for q in inquiries)


def test_self_service_and_the_chatbot_take_their_share() -> None:
    crm = {q.queue: q for q in load("cloud_crm").queues}
    assert crm["chat"].deflected_share == crm["email"].deflected_share == 0.4
    school = {q.queue: q for q in load("k12_online").queues}
    assert school["email simple"].deflected_share == 0.25
    # The bot takes half of the simple chats that self-service leaves over.
    assert 1 - school["chat simple"].deflected_share == (1 - 0.25) * 0.5


def test_vip_calls_go_to_the_senior_team_alone() -> None:
    for name in ("youchuang", "k12_online"):
        plan = load(name)
        assert {row.role for row in plan.roles if row.queue == "phone VIP"} == {"senior"}
        assert next(q for q in plan.queues if q.queue == "phone VIP").priority == 1


def test_history_is_long_recent_and_inside_opening_hours(example: Plan) -> None:
    starts = example.history["start"]
    assert (starts.max() - starts.min()).days >= 16 * 7 - 1
    assert (example.start - starts.max().date()).days <= 3
    assert starts.max().date() < example.start
    assert (EXAMPLES / name_of(example) / "history.csv").stat().st_size < 3_000_000


def test_history_is_remade_byte_for_byte(example: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    generator = runpy.run_path(str(EXAMPLES / "generate.py"))
    folder = EXAMPLES / name_of(example)
    assert generator["history_csv"](folder).encode() == (folder / "history.csv").read_bytes()


def test_history_shows_term_starts_holidays_and_made_up_working_days() -> None:
    school = load("k12_online").history
    chat = school[school["queue"] == "chat"].set_index("start")["volume"]
    assert chat["2026-03-02":"2026-03-08"].sum() > 1.4 * chat["2026-03-23":"2026-03-29"].sum()
    crm = load("cloud_crm").history
    days = crm[crm["queue"] == "chat"].groupby(crm["start"].dt.date)["volume"].sum()
    assert dt.date(2026, 10, 1) not in days.index
    assert dt.date(2026, 10, 4) not in days.index
    assert days[dt.date(2026, 10, 10)] > 0.6 * days[dt.date(2026, 10, 12)]


def test_days_are_more_uneven_than_chance_alone() -> None:
    """Counts of like weekdays vary by more than a Poisson count would."""
    history = load("shop_outsourcer").history
    chat = history[history["queue"] == "chat"]
    days = chat.groupby(chat["start"].dt.date)["volume"].sum()
    tuesdays = days[[day for day in days.index if day.weekday() == 1]]
    assert tuesdays.var() > 1.5 * tuesdays.mean()


def test_term_staff_are_hired_around_the_start_of_term() -> None:
    plan = load("k12_online")
    term = next(row for row in plan.contracts if row.kind == "temporary")
    first_of_term = dt.date(2026, 9, 1)
    assert term.from_ is not None
    assert term.to is not None
    assert plan.start < term.from_ < first_of_term < term.to < plan.end
    events = [r for r in plan.calendar if r.kind == "event" and r.name == "开学"]
    assert len(events) == 2
    assert any(r.from_ <= first_of_term <= r.to for r in events)
    assert any(r.kind == "working_day" and plan.start <= r.date <= plan.end for r in plan.calendar)
