"""Random small plans, written as a planner would write them and read as any plan is read."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Sequence
from pathlib import Path

from scenarios.plan import Plan, load

Rows = list[dict[str, object]]
# A common week, one with China's National Day in it, and one that does not begin on a Monday.
STARTS = (dt.date(2026, 12, 7), dt.date(2026, 9, 28), dt.date(2026, 11, 19))
COUNTRY = {"cn": "CN", "eu": "DE", "us-fair-workweek": "US", "none": ""}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def write_plan(folder: Path, settings: str, tables: dict[str, Rows]) -> Plan:
    """Write a plan's folder from rows of cells and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(settings, encoding="utf-8")
    for name, rows in tables.items():
        if not rows:
            continue
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return load(folder)


def random_plan(folder: Path, seed: int) -> Plan:
    """A plan of 1 to 3 queues and 3 to 8 people for a week or two, drawn by its seed."""
    draw = _Draw(random.Random(seed))
    return write_plan(folder, draw.settings(seed), draw.tables())


class _Draw:
    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.law = rng.choice(("none", "cn", "eu", "us-fair-workweek"))
        self.start = rng.choice(STARTS)
        self.weeks = rng.choice((1, 1, 2))
        self.minutes = rng.choice((60, 60, 60, 30))
        self.night = rng.random() < 0.12
        self.weekend = self.night or rng.random() < 0.35
        self.opens, self.closes = rng.choice(((9, 17), (8, 18), (10, 20)))
        kinds = rng.sample(("phone", "chat", "email", "post"), rng.choice((1, 2, 2, 3)))
        self.queues = [kind for kind in ("phone", "chat", "email", "post") if kind in kinds]

    def settings(self, seed: int) -> str:
        floor = self.rng.choice((0.6, 0.3, 0.0))
        cap = self.rng.choice((0.88, 1.0))
        return f"""\
name = "Small {seed}"
start = {self.start}
weeks = {self.weeks}
interval_min = {self.minutes}
currency = "EUR"
country = "{COUNTRY[self.law]}"
law = "{self.law}"
synthetic = true

[service]
floor = {floor}
occupancy_max = {cap}
period = "{self.rng.choice(("week", "day", "month"))}"

[solve]
seconds = 2
gap = 0.01
replications = 20
"""

    def tables(self) -> dict[str, Rows]:
        rng = self.rng
        contracts = self._contracts()
        agents = self._agents(contracts)
        return {
            "queues": self._queues(),
            "targets": self._targets(),
            "hours": self._hours(),
            "history": self._history(),
            "roles": self._roles(),
            "contracts": contracts,
            "agents": agents,
            "shifts": self._shifts(contracts),
            "breaks": self._breaks(),
            "availability": self._availability(agents),
            "shrinkage": [{"kind": "sickness", "share": 0.05, "planned": "no"}]
            if rng.random() < 0.3
            else [],
            "rules": self._rules(contracts, agents),
            "rates": self._rates(contracts),
        }

    def _queues(self) -> Rows:
        rng = self.rng
        known = {
            "phone": {"aht_s": rng.choice((240, 300, 480)), "patience_s": rng.choice((120, 240))},
            "chat": {"aht_s": 600, "patience_s": 240, "at_once": rng.choice((1, 2, 3))},
            "email": {"aht_s": rng.choice((300, 600, 900))},
            "post": {},
        }
        return [
            {"queue": kind, "channel": kind, "hours": "open"} | known[kind] for kind in self.queues
        ]

    def _targets(self) -> Rows:
        rng = self.rng
        rows: Rows = []
        for kind in self.queues:
            mode = {"mode": "priced", "price": 6} if rng.random() < 0.15 else {}
            if kind in ("phone", "chat"):
                share = rng.choice((0.7, 0.8, 0.9))
                rows.append(
                    {"queue": kind, "measure": "answered_within", "limit": rng.choice((20, 60))}
                    | {"unit": "s", "share": share}
                    | mode
                )
                if rng.random() < 0.2:
                    rows.append({"queue": kind, "measure": "abandoned", "limit": 0.1})
            elif kind == "email":
                limit, unit = rng.choice(((4, "open_h"), (8, "open_h"), (24, "h")))
                rows.append(
                    {"queue": kind, "measure": "replied_within", "limit": limit, "unit": unit}
                    | {"share": 0.9}
                )
            else:
                rows.append({"queue": kind, "measure": "present", "limit": 1} | mode)
        return rows

    def _hours(self) -> Rows:
        if self.night:
            return [
                {"hours": "open", "weekday": d, "opens": "00:00", "closes": "24:00"} for d in DAYS
            ]
        rows: Rows = [
            {"hours": "open", "weekday": d, "opens": f"{self.opens}:00", "closes": f"{c}:00"}
            for d in DAYS[: 7 if self.weekend else 5]
            for c in [min(self.closes, 15) if d in ("sat", "sun") else self.closes]
        ]
        if self.rng.random() < 0.5:
            rows.append(
                {"hours": "open", "weekday": "holiday", "opens": "10:00", "closes": "15:00"}
            )
        return rows

    def _history(self) -> Rows:
        """Five weeks of equal hours, a little livelier at noon."""
        rng = self.rng
        level = {kind: rng.choice((1, 2, 4)) for kind in self.queues if kind != "post"}
        if self.night:
            level = dict.fromkeys(level, 2)
        rows: Rows = []
        for back in range(35, 0, -1):
            day = self.start - dt.timedelta(days=back)
            if day.weekday() >= 5 and not self.weekend:
                continue
            opens, closes = (0, 24) if self.night else (self.opens, self.closes)
            if day.weekday() >= 5 and not self.night:
                closes = min(closes, 15)
            for kind, volume in level.items():
                for hour in range(opens, closes):
                    much = volume + (2 if 11 <= hour < 13 else 0)
                    for part in range(60 // self.minutes):
                        at = f"{day}T{hour:02d}:{part * self.minutes:02d}"
                        share = much * self.minutes / 60
                        rows.append({"queue": kind, "start": at, "volume": share})
        if not level:
            # A post has no contacts; the plan asks for a history all the same.
            rows = [{"queue": "post", "start": f"{self.start - dt.timedelta(days=7)}T10:00"}]
            rows[0]["volume"] = 0
        return rows

    def _roles(self) -> Rows:
        rows: Rows = [
            {"role": "agent", "queue": kind, "order": k + 1} for k, kind in enumerate(self.queues)
        ]
        # A second role knows the last queue only, a little slower.
        rows.append({"role": "helper", "queue": self.queues[-1], "speed": 0.8})
        return rows

    def _contracts(self) -> Rows:
        rng = self.rng
        need = 5 if self.night else rng.choice((2, 3, 3))
        full: dict[str, object] = {
            "contract": "full", "kind": "full_time", "role": "agent",
            "people_min": need, "people_max": need + rng.choice((0, 0, 1, 2)),
            "week_hours_min": rng.choice((0, 0, 24, 32)), "week_hours_max": rng.choice((32, 40)),
            "overtime_max_hours": rng.choice((0, 4, 8)), "hire_cost": rng.choice((0, 200)),
            "cost_centre": "care",
        }  # fmt: skip
        full |= {"month_salary": 3467} if rng.random() < 0.3 else {"wage_per_hour": 20}
        half: dict[str, object] = {
            "contract": "half", "kind": rng.choice(("part_time", "temporary")),
            "role": rng.choice(("agent", "helper")), "people_min": 0,
            "people_max": rng.choice((1, 2, 3)), "week_hours_max": 20,
            "week_shifts_max": rng.choice((4, 5, 6)), "wage_per_hour": 17,
            "month_hours_max": rng.choice(("", 60)), "cost_centre": "care",
        }  # fmt: skip
        out: dict[str, object] = {
            "contract": "extern", "kind": "outsourced", "role": "agent", "people_min": 0,
            "people_max": 2, "week_hours_max": 40, "week_shifts_max": 6,
            "wage_per_hour": rng.choice((16, 19, 27)),
            "purchase_min_hours": rng.choice((0, 8, 24)),
            "purchase_period": rng.choice(("week", "month")), "cost_centre": "out",
        }  # fmt: skip
        return [full, half, out][: rng.choice((1, 2, 2, 3, 3))]

    def _agents(self, contracts: Rows) -> Rows:
        rng = self.rng
        rows: Rows = []
        for row in contracts:
            if row["kind"] == "outsourced":
                continue
            for number in range(rng.randint(0, int(str(row["people_max"])))):
                name = f"{str(row['contract'])[0].upper()}{number + 1}"
                rows.append(
                    {"agent": name, "contract": row["contract"], "hired": "2024-01-01"}
                    | {"team": rng.choice(("red", "blue"))}
                    | {"carried_weekends": rng.choice((0, 0, 1, 2))}
                )
        return rows

    def _shifts(self, contracts: Rows) -> Rows:
        rng = self.rng
        opens, closes = (0, 24) if self.night else (self.opens, self.closes)
        names = [str(row["contract"]) for row in contracts]
        rows: Rows = []
        if self.night:
            rows += [
                {"shift": "E", "first_start": "06:00", "length_h": 8, "breaks": "lunch"},
                {"shift": "L", "first_start": "14:00", "length_h": 8, "breaks": "lunch"},
                {"shift": "N", "first_start": "22:00", "length_h": 8, "breaks": "tea"},
            ]
        else:
            length = rng.choice((8, 9))
            last = max(opens, closes - length)
            rows.append(
                {"shift": "D", "first_start": f"{opens}:00", "last_start": f"{last}:00"}
                | {"length_h": min(length, closes - opens + 1), "breaks": "lunch"}
            )
        if "half" in names:
            rows.append(
                {"shift": "P", "contract": "half", "first_start": f"{opens + 1}:00"}
                | {"last_start": f"{min(closes, 22) - 4}:00", "step_min": rng.choice((60, 120))}
                | {"length_h": 4}
            )
        if "extern" in names:
            rows.append(
                {"shift": "X", "contract": "extern", "first_start": f"{opens}:00"}
                | {"last_start": f"{min(closes, 22) - 6}:00", "step_min": 120, "length_h": 6}
                | {"breaks": "tea", "paid_h": 6}
            )
        return rows

    def _breaks(self) -> Rows:
        half_hour = self.rng.random() < 0.5
        return [
            {"breaks": "lunch", "name": "lunch", "minutes": 30 if half_hour else 60, "paid": "no"}
            | {"earliest_h": 3, "latest_h": 5, "leaves_post": self.rng.choice(("yes", "no"))},
            {"breaks": "tea", "name": "tea", "minutes": 15, "paid": "yes"}
            | {"earliest_h": 2, "latest_h": 4, "leaves_post": "no"},
        ]

    def _availability(self, agents: Rows) -> Rows:
        rng = self.rng
        rows: Rows = []
        days = 7 * self.weeks
        for row in agents:
            if rng.random() < 0.5:
                continue
            first = rng.randrange(days)
            last = min(days - 1, first + rng.choice((0, 0, 1, 2)))
            kind = rng.choice(
                ("leave", "sick", "training", "unavailable", "off_request", "shift_request", "pin")
            )
            if kind in ("pin", "shift_request"):
                last = first
            shift = {"pin": "off", "shift_request": "P" if row["contract"] == "half" else ""}
            if kind == "shift_request" and not shift[kind]:
                shift[kind] = "E" if self.night else "D"
            rows.append(
                {"agent": row["agent"], "from": self.start + dt.timedelta(days=first)}
                | {"to": self.start + dt.timedelta(days=last), "kind": kind}
                | {"shift": shift.get(kind, "")}
            )
        return rows

    def _rules(self, contracts: Rows, agents: Rows) -> Rows:
        rng = self.rng
        catalogue: Sequence[tuple[str, Sequence[float], float]] = (
            ("max_hours_day", (8, 10), 10), ("max_hours_week", (40, 44), 5),
            ("max_average_week_hours", (36, 40), 5), ("min_rest_h", (11, 12, 14), 5),
            ("max_consecutive_days", (4, 5, 6), 30), ("min_days_off_week", (1, 2), 30),
            ("min_weekly_rest_h", (35, 48), 3), ("max_consecutive_nights", (3, 4), 20),
            ("min_free_weekends", (1, 2), 30), ("max_overtime_hours_month", (4, 10), 5),
            ("fair_weekends", (0, 1), 20), ("same_start", (0, 2), 2), ("break_after_h", (6, 8), 5),
        )  # fmt: skip
        rows: Rows = []
        for rule, values, price in rng.sample(catalogue, rng.choice((0, 1, 2, 3))):
            scope, who = "all", ""
            if rng.random() < 0.4:
                scope, who = "contract", str(rng.choice(contracts)["contract"])
            if agents and rng.random() < 0.25:
                scope, who = "agent", str(rng.choice(agents)["agent"])
            mode = "priced" if rule in ("fair_weekends", "same_start") else rng.choice(
                ("hard", "hard", "priced")
            )  # fmt: skip
            rows.append(
                {"rule": rule, "scope": scope, "who": who, "value": rng.choice(values)}
                | {"mode": mode, "price": price if mode == "priced" else ""}
            )
        return rows

    def _rates(self, contracts: Rows) -> Rows:
        rng = self.rng
        rows: Rows = []
        if rng.random() < 0.4:
            rows.append({"name": "Sunday", "kind": "premium", "weekday": "sun", "factor": 1.5})
        if rng.random() < 0.4:
            rows.append(
                {"name": "evening", "kind": "premium", "from": "17:00", "to": "21:30"}
                | {"factor": 1.2}
            )
        if self.night:
            rows.append(
                {"name": "night", "kind": "premium", "from": "23:00", "to": "30:00", "factor": 1.25}
            )
        if rng.random() < 0.3:
            rows.append(
                {"name": "holiday", "kind": "premium", "weekday": "holiday", "factor": 2.5}
                | {"contract": rng.choice(("", "full"))}
            )
        if rng.random() < 0.5:
            rows.append({"name": "overtime", "kind": "overtime", "factor": 1.5})
            if rng.random() < 0.5:
                rows.append(
                    {"name": "long overtime", "kind": "overtime", "from_hours": 2, "factor": 2}
                )
        if any(row["contract"] == "extern" for row in contracts) and rng.random() < 0.5:
            rows.append(
                {"name": "volume", "kind": "outsourced_step", "contract": "extern"}
                | {"from_hours": 12, "price_per_hour": 15}
            )
        return rows
