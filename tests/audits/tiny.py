"""Tiny plans for an exact answer: a week with two to four open days, two to four people."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

from scenarios.plan import Plan
from tests.audits.plans import DAYS, Rows, write_plan

START = dt.date(2026, 12, 7)
_SHORT = 7


def tiny_plan(folder: Path, seed: int) -> Plan:
    """A plan drawn by its seed: a line, a mailbox or a post, or two of them."""
    rng = random.Random(seed)
    kinds = rng.choice(
        (["phone"], ["post"], ["email"], ["phone", "post"], ["phone", "email"], ["email", "post"])
    )
    opens = rng.choice((8, 9))
    closes = opens + rng.choice((6, 7, 8))
    days = rng.choice((2, 3, 4))
    law = rng.choice(("none", "cn", "us-fair-workweek"))
    settings = f"""\
name = "Tiny {seed}"
start = {START}
weeks = 1
interval_min = 60
currency = "EUR"
law = "{law}"
synthetic = true

[service]
floor = {rng.choice((0.0, 0.5))}
present_min = {rng.choice((0, 1, 1))}
occupancy_max = {rng.choice((0.8, 0.9, 1.0))}
period = "{rng.choice(("day", "week"))}"

[solve]
seconds = 20
gap = 0.0
"""
    contracts = _contracts(rng, kinds)
    tables: dict[str, Rows] = {
        "queues": [_queue(rng, kind) for kind in kinds],
        "targets": [_target(rng, kind) for kind in kinds],
        "hours": [
            {"hours": "open", "weekday": d, "opens": f"{opens}:00", "closes": f"{closes}:00"}
            for d in DAYS[:days]
        ],
        "history": _history(rng, kinds, opens, closes, days),
        "roles": _roles(kinds),
        "contracts": contracts,
        "agents": (agents := _agents(rng, contracts)),
        "shifts": _shifts(rng, contracts, opens, closes),
        "breaks": [
            {"breaks": "lunch", "name": "lunch", "minutes": 60, "paid": rng.choice(("no", "yes"))}
            | {"earliest_h": 3, "latest_h": rng.choice((3, 4))}
            | {"leaves_post": rng.choice(("yes", "no"))},
        ],
        "availability": _availability(rng, agents, days),
        "rules": _rules(rng),
        "rates": _rates(rng, contracts),
    }
    if rng.random() < 0.25 and "post" in kinds and len(kinds) == 2:
        tables["targets"].append(
            {"queue": "post", "measure": "per_requests", "limit": 1, "per": rng.choice((6, 10))}
        )
    return write_plan(folder, settings, tables)


def _queue(rng: random.Random, kind: str) -> dict[str, object]:
    more = {
        "phone": {"aht_s": rng.choice((300, 600, 900)), "patience_s": rng.choice((120, 300))},
        "email": {"aht_s": rng.choice((600, 900))},
        "post": {},
    }
    return {"queue": kind, "channel": kind, "hours": "open"} | more[kind]


def _target(rng: random.Random, kind: str) -> dict[str, object]:
    if kind == "phone":
        share = rng.choice((0.6, 0.75, 0.85))
        return {"queue": kind, "measure": "answered_within", "limit": 30, "unit": "s"} | {
            "share": share
        }
    if kind == "email":
        return {"queue": kind, "measure": "replied_within", "limit": rng.choice((3, 5))} | {
            "unit": "open_h",
            "share": 0.9,
        }
    return {"queue": kind, "measure": "present", "limit": rng.choice((1, 1, 2))}


def _history(rng: random.Random, kinds: list[str], opens: int, closes: int, days: int) -> Rows:
    rows: Rows = []
    level = {kind: rng.choice((1, 2, 3)) for kind in kinds if kind != "post"}
    for back in range(28, 0, -1):
        day = START - dt.timedelta(days=back)
        if day.weekday() >= days:
            continue
        for kind, volume in level.items():
            for hour in range(opens, closes):
                more = 2 if hour == 11 else 0
                rows.append(
                    {"queue": kind, "start": f"{day}T{hour:02d}:00", "volume": volume + more}
                )
    if not rows:
        rows = [{"queue": kinds[0], "start": f"{START - dt.timedelta(days=7)}T10:00", "volume": 0}]
    return rows


def _roles(kinds: list[str]) -> Rows:
    """Callers answer, writers reply, both can stand at the post: nobody's time is split."""
    rows: Rows = [
        {"role": role, "queue": kind}
        for role, own in (("caller", "phone"), ("writer", "email"))
        for kind in (own, "post")
        if kind in kinds and own in kinds
    ]
    return rows or [{"role": "guard", "queue": "post"}]


def _contracts(rng: random.Random, kinds: list[str]) -> Rows:
    roles = [
        role for role, kind in (("caller", "phone"), ("writer", "email")) if kind in kinds
    ] or ["guard"]
    rows: Rows = []
    for role in roles:
        most = rng.choice((1, 2)) if len(roles) > 1 else rng.choice((1, 2, 3))
        row: dict[str, object] = {
            "contract": f"full {role}", "kind": "full_time", "role": role,
            "people_min": rng.choice((0, 1)), "people_max": most,
            "week_hours_min": rng.choice((0, 0, 12)),
            "week_hours_max": rng.choice((14, 20, 24)), "week_shifts_max": rng.choice((3, 4, 5)),
            "overtime_max_hours": rng.choice((0, 0, 4)), "hire_cost": rng.choice((0, 0, 30)),
        }  # fmt: skip
        row |= {"month_salary": 1300} if rng.random() < 0.3 else {"wage_per_hour": 20}
        rows.append(row)
    role = roles[-1]
    if rng.random() < 0.6:
        rows.append(
            {"contract": "half", "kind": "part_time", "role": role, "people_min": 0}
            | {"people_max": 1, "week_hours_max": rng.choice((12, 16)), "wage_per_hour": 18}
        )
    if rng.random() < 0.4:
        rows.append(
            {"contract": "extern", "kind": "outsourced", "role": role, "people_min": 0}
            | {"people_max": 1, "week_hours_max": 30, "wage_per_hour": 26}
            | {"purchase_min_hours": rng.choice((0, 10)), "purchase_period": "week"}
        )
    return rows


def _agents(rng: random.Random, contracts: Rows) -> Rows:
    return [
        {"agent": f"{row['contract']} {number}", "contract": row["contract"]}
        for row in contracts
        if row["kind"] != "outsourced"
        for number in range(rng.randint(0, int(str(row["people_max"]))))
    ]


def _shifts(rng: random.Random, contracts: Rows, opens: int, closes: int) -> Rows:
    rows: Rows = [
        {"shift": "D", "first_start": f"{opens}:00", "last_start": f"{opens + 1}:00"}
        | {"length_h": min(_SHORT, closes - opens), "breaks": rng.choice(("", "lunch"))},
        {"shift": "S", "first_start": f"{opens}:00", "last_start": f"{closes - 4}:00"}
        | {"step_min": 120, "length_h": 4},
    ]
    if any(row["contract"] == "extern" for row in contracts):
        rows.append(
            {"shift": "X", "contract": "extern", "first_start": f"{opens}:00", "length_h": 5}
            | {"last_start": f"{closes - 5}:00"}
        )
    return rows


def _availability(rng: random.Random, agents: Rows, days: int) -> Rows:
    rows: Rows = []
    for row in agents:
        if rng.random() < 0.6:
            continue
        kind = rng.choice(("leave", "unavailable", "pin"))
        rows.append(
            {"agent": row["agent"], "from": START + dt.timedelta(days=rng.randrange(days))}
            | {"kind": kind, "shift": rng.choice(("off", "S")) if kind == "pin" else ""}
        )
    return rows


def _rules(rng: random.Random) -> Rows:
    known = (
        ("max_hours_day", 6), ("max_hours_week", 18), ("min_rest_h", 18),
        ("max_consecutive_days", 2), ("min_days_off_week", 4),
    )  # fmt: skip
    return [
        {"rule": rule, "value": value, "mode": "hard"}
        for rule, value in rng.sample(known, rng.choice((0, 1, 1, 2)))
    ]


def _rates(rng: random.Random, contracts: Rows) -> Rows:
    rows: Rows = []
    if rng.random() < 0.4:
        rows.append({"name": "late", "kind": "premium", "from": "14:00", "to": "20:00"})
        rows[-1] |= {"factor": 1.3}
    if rng.random() < 0.5:
        rows.append({"name": "overtime", "kind": "overtime", "factor": 1.5})
        rows.append({"name": "more", "kind": "overtime", "from_hours": 2, "factor": 2})
    if any(row["contract"] == "extern" for row in contracts) and rng.random() < 0.5:
        rows.append(
            {"name": "volume", "kind": "outsourced_step", "contract": "extern"}
            | {"from_hours": 10, "price_per_hour": 22}
        )
    return rows
