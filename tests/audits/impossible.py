"""Plans that cannot be kept: each asks for something that its people, shifts or rules deny."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

from scenarios.plan import Plan
from tests.audits.plans import DAYS, Rows, write_plan

START = dt.date(2026, 12, 7)
Tables = dict[str, Rows]


def impossible_plan(folder: Path, seed: int) -> tuple[str, Plan]:
    """What is wrong with it in a word, and the plan; kinds take turns with the seed."""
    kind, spoil = list(KINDS.items())[seed % len(KINDS)]
    rng = random.Random(seed)
    tables = _possible(rng)
    spoil(tables, rng)
    settings = f"""\
name = "Impossible {seed}"
start = {START}
weeks = 1
interval_min = 60
currency = "EUR"
law = "{rng.choice(("none", "cn", "eu"))}"
synthetic = true

[solve]
seconds = 6
gap = 0.002
replications = 20
"""
    return kind, write_plan(folder, settings, tables)


def _possible(rng: random.Random) -> Tables:
    """A desk of 4 to 5 agents, a lead and some helpers, that can keep its promises."""
    opens, closes = 9, rng.choice((17, 18))
    agents = rng.choice((4, 5))
    return {
        "queues": [
            {"queue": "phone", "channel": "phone", "hours": "open"}
            | {"aht_s": rng.choice((240, 300)), "patience_s": 180},
            {"queue": "email", "channel": "email", "hours": "open", "aht_s": 600},
            {"queue": "lead", "channel": "post", "hours": "open"},
        ],
        "targets": [
            {"queue": "phone", "measure": "answered_within", "limit": 60, "unit": "s"}
            | {"share": 0.8},
            {"queue": "email", "measure": "replied_within", "limit": 8, "unit": "open_h"}
            | {"share": 0.9},
            {"queue": "lead", "measure": "present", "limit": 1},
        ],
        "hours": [
            {"hours": "open", "weekday": d, "opens": f"{opens}:00", "closes": f"{closes}:00"}
            for d in DAYS[:5]
        ],
        "history": [
            {"queue": queue, "start": f"{day}T{hour:02d}:00", "volume": volume}
            for back in range(28, 0, -1)
            if (day := START - dt.timedelta(days=back)).weekday() < 5
            for hour in range(opens, closes)
            for queue, volume in (("phone", 4), ("email", 2))
        ],
        "roles": [
            {"role": "agent", "queue": "phone"},
            {"role": "agent", "queue": "email", "order": 2},
            {"role": "chief", "queue": "lead"},
        ],
        "contracts": [
            {"contract": "staff", "kind": "full_time", "role": "agent", "people_min": agents}
            | {"people_max": agents, "week_hours_max": 40, "wage_per_hour": 20},
            {"contract": "half", "kind": "part_time", "role": "agent", "people_min": 0}
            | {"people_max": 1, "week_hours_max": 20, "wage_per_hour": 17},
            {"contract": "chief", "kind": "full_time", "role": "chief", "people_min": 2}
            | {"people_max": 2, "week_hours_max": 40, "wage_per_hour": 30},
        ],
        "agents": [
            *({"agent": f"S{k + 1}", "contract": "staff"} for k in range(agents)),
            *({"agent": f"C{k + 1}", "contract": "chief"} for k in range(2)),
        ],
        "shifts": [
            {"shift": "D", "first_start": "09:00", "last_start": f"{closes - 8}:00"}
            | {"length_h": 8, "breaks": "lunch"},
            {"shift": "H", "contract": "half", "first_start": "09:00"}
            | {"last_start": f"{closes - 4}:00", "length_h": 4},
        ],
        "breaks": [
            {"breaks": "lunch", "name": "lunch", "minutes": 60, "paid": "no"}
            | {"earliest_h": 3, "latest_h": 4, "leaves_post": "no"}
        ],
        "availability": [],
        "rules": [],
    }


def _row(tables: Tables, table: str, **where: object) -> dict[str, object]:
    return next(
        row for row in tables[table] if all(row.get(key) == value for key, value in where.items())
    )


def _too_many_calls(tables: Tables, rng: random.Random) -> None:
    for row in tables["history"]:
        if row["queue"] == "phone":
            row["volume"] = rng.choice((60, 80))


def _too_much_mail(tables: Tables, rng: random.Random) -> None:
    for row in tables["history"]:
        if row["queue"] == "email":
            row["volume"] = rng.choice((60, 80))


def _no_shift_over_an_open_hour(tables: Tables, rng: random.Random) -> None:
    for row in tables["hours"]:
        row["closes"] = rng.choice(("19:00", "20:00"))


def _everybody_on_leave(tables: Tables, rng: random.Random) -> None:
    day = START + dt.timedelta(days=rng.randrange(4))
    tables["availability"] = [
        {"agent": row["agent"], "from": day, "kind": rng.choice(("leave", "unavailable"))}
        for row in tables["agents"]
        if row["contract"] == "staff"
    ]
    _row(tables, "contracts", contract="half")["people_max"] = 0


def _rules_against_least_hours(tables: Tables, rng: random.Random) -> None:
    _row(tables, "contracts", contract="staff")["week_hours_min"] = 35
    tables["rules"].append(
        {"rule": "max_hours_week", "value": rng.choice((21, 28)), "mode": "hard"}
    )


def _days_off_against_least_shifts(tables: Tables, rng: random.Random) -> None:
    _row(tables, "contracts", contract="staff")["week_shifts_min"] = 5
    tables["rules"].append(
        {"rule": "min_days_off_week", "value": rng.choice((3, 4)), "mode": "hard"}
    )


def _a_post_for_more_than_there_are(tables: Tables, rng: random.Random) -> None:
    _row(tables, "targets", queue="lead")["limit"] = rng.choice((3, 4))


def _an_answer_at_once(tables: Tables, rng: random.Random) -> None:
    _row(tables, "targets", queue="phone").update(limit=1, share=rng.choice((0.99, 0.995)))
    _row(tables, "targets", queue="phone")["period"] = "interval"
    for row in tables["history"]:
        if row["queue"] == "phone":
            row["volume"] = 20


def _a_cap_nobody_can_keep(tables: Tables, rng: random.Random) -> None:
    tables["targets"].append(
        {"queue": "phone", "measure": "abandoned", "limit": 0.002, "period": "day"}
    )
    for row in tables["history"]:
        if row["queue"] == "phone":
            row["volume"] = rng.choice((20, 24))


def _pinned_off(tables: Tables, rng: random.Random) -> None:
    day = START + dt.timedelta(days=rng.randrange(4))
    tables["availability"] = [
        {"agent": row["agent"], "from": day, "kind": "pin", "shift": "off"}
        for row in tables["agents"]
    ]


KINDS: dict[str, Callable[[Tables, random.Random], None]] = {
    spoil.__name__.strip("_").replace("_", " "): spoil
    for spoil in (
        _too_many_calls,
        _too_much_mail,
        _no_shift_over_an_open_hour,
        _everybody_on_leave,
        _rules_against_least_hours,
        _days_off_against_least_shifts,
        _a_post_for_more_than_there_are,
        _an_answer_at_once,
        _a_cap_nobody_can_keep,
        _pinned_off,
    )
}
