"""A small run made by hand (12 people in two teams over 28 days), and a small plan as text."""

import datetime as dt
import sys

import numpy as np
import pandas as pd
import pytest

import scenarios.cli
from scenarios.demand import demand
from scenarios.progress import Silent
from scenarios.rounds import correct
from scenarios.run import plan_run, schedule_frame
from scenarios.runs import Run
from scenarios.trial import Trial
from solver.problem import Limits
from tests.scenarios.smallplan import load_small

START = pd.Timestamp(2026, 12, 7)
PEOPLE = [
    ("a1", "Anna Kowalska", "North", "specialist", "support"),
    ("a2", "王小明", "North", "specialist", "support"),
    ("a3", "=SUM(A1)", "North", "specialist", "support"),
    ("a4", "Ben", "North", "half", "support"),
    ("a5", "欧阳建国", "North", "half", "support"),
    ("a6", "Cleo", "North", "specialist", "senior"),
    ("b1", "李雷", "南方组", "specialist", "support"),
    ("b2", "韩梅梅", "南方组", "specialist", "support"),
    ("b3", "Ben", "南方组", "half", "support"),
    ("b4", "Dora", "南方组", "half", "support"),
    ("b5", "Ben", "南方组", "agency", "support"),
    ("b6", "-2", "南方组", "agency", "support"),
]
PATTERNS = {
    "specialist": [("D", 480, 1020, 8.0), ("D", 600, 1140, 8.0), ("N", 1320, 1860, 8.0)],
    "half": [("H", 540, 780, 4.0)],
    "agency": [("D", 480, 1020, 8.0)],
}


def build_run(people=PEOPLE, days=28, name="Cloud CRM", language="en") -> Run:
    """Make the run; everyone works five days of seven, in turn."""
    dates = [START + pd.Timedelta(days=d) for d in range(days)]
    schedule, availability = [], [("a2", dates[2], "leave"), ("b2", dates[9], "sick")]
    away = {(agent, date) for agent, date, _ in availability}
    for k, (agent, shown, team, contract, role) in enumerate(people):
        for d, date in enumerate(dates):
            if (d + k) % 7 >= 5 or (agent, date) in away:
                continue
            kinds = PATTERNS[contract]
            shift, start, end, paid = kinds[(k + d // 7) % len(kinds)]
            times = [date + pd.Timedelta(minutes=m) for m in (start, end)]
            schedule.append((agent, date, shift, *times, paid, shown, team, contract, role))
    schedule = pd.DataFrame(
        schedule,
        columns=[
            "agent", "date", "shift", "start", "end", "paid_hours", "name", "team", "contract",
            "role",
        ],
    )  # fmt: skip
    agents = pd.DataFrame(people, columns=["agent", "name", "team", "contract", "role"])
    kinds = ["rest_day" if d.weekday() >= 5 else "workday" for d in dates]
    names = [""] * days
    if days > 25:
        kinds[25], names[25] = "holiday", "元旦 New Year"
        kinds[13], names[13] = "working_day", "补班"
    hours = schedule.groupby("contract")["paid_hours"].sum()
    wages = {"specialist": 60.0, "half": 45.0, "agency": 90.0}
    kind_of = {"specialist": "full_time", "half": "part_time", "agency": "outsourced"}
    lines = [
        {
            "contract": c,
            "kind": kind_of[c],
            "heads": int((agents["contract"] == c).sum()),
            "hours": float(h),
            "cost": float(h * wages[c]),
        }
        for c, h in hours.items()
    ]
    cost = pd.DataFrame(
        [(f"wage {p['contract']}", "wage", p["contract"], "CC1", p["hours"], p["cost"])
         for p in lines] + [("night premium", "premium", "specialist", "CC1", 80.0, 1440.0)],
        columns=["name", "kind", "contract", "cost_centre", "hours", "amount"],
    )  # fmt: skip
    total = float(cost["amount"].sum())
    result = {
        "name": name,
        "scenario": "base",
        "status": "unmet",
        "cost": total,
        "bound": total * 0.985,
        "gap": 0.015,
        "cpu_s": 41.25,
        "seconds": 30.5,
        "seed": 1,
        "versions": {"staffing": "0.1.0"},
        "inputs_hash": "0123abcd",
        "currency": "CNY",
        "language": language,
        "start": START.date(),
        "days": days,
        "interval_min": 30,
        "people": lines,
        "notes": ["Wages are synthetic.", "forecast: 元旦 is learnt from 2 earlier ones"],
        "rounds": 2,
        "exit_code": 1,
    }
    starts = [d + pd.Timedelta(minutes=m) for d in dates for m in range(480, 1320, 30)]
    waves = np.sin(np.arange(len(starts)) / 5)
    coverage = pd.concat(
        pd.DataFrame({
            "queue": queue, "start": starts, "required": np.round(3 + 2 * waves),
            "scheduled": np.round(3.2 + 2 * np.roll(waves, k + 1)), "predicted": 0.9 + 0.05 * waves,
            "simulated": 0.89 + 0.05 * waves,
        }) for k, queue in enumerate(["chat", "vip phone"])
    )  # fmt: skip
    service = pd.DataFrame(
        [
            ("chat", f"2026-12-{7 + 7 * w:02d}", 0.9, 0.93 - w / 100, 0.925 - w / 100,
             0.92 - w / 100, 0.931 - w / 100, w < 3, "answered_within", 30.0, "s", "在线聊天")
            for w in range(4)
        ] + [
            ("vip phone", "month", 30.0, 21.0, 22.4, 20.1, 24.9, True, "mean_wait", 30.0, "s", ""),
            ("email", "month", 0.9, 0.97, 0.96, 0.95, 0.97, True, "replied_within", 5.0, "h", ""),
            ("forum", "month", 0.9, 1.0, 0.99, 0.98, 1.0, True, "replied_within", 1.0,
             "business_day", ""),
            ("supervisor", "month", 1.0, 1.0, np.nan, np.nan, np.nan, True, "present", 1.0, "", ""),
            ("chat", "month", 3.0, 2.71, np.nan, np.nan, np.nan, None, "cost_per_contact", 3.0, "",
             "在线聊天"),
        ],
        columns=["queue", "period", "target", "predicted", "simulated", "low", "high", "met",
                 "measure", "limit", "unit", "label"],
    )  # fmt: skip
    tables = {
        "schedule": schedule,
        "agents": agents,
        "availability": pd.DataFrame(availability, columns=["agent", "date", "kind"]),
        "days": pd.DataFrame({"date": dates, "kind": kinds, "name": names}),
        "coverage": coverage,
        "service": service,
        "cost": cost,
        "budget": pd.DataFrame(
            [("2026-12", "CC1", total * 0.9, total, total * 0.1), ("2027-01", "", 9.0, None, None)],
            columns=["month", "cost_centre", "amount", "budget", "difference"],
        ),
        "checks": pd.DataFrame(
            [("min_rest_h", "law", "a2", dates[8], 1.5), ("people", "hard", "", pd.NaT, 1.0)],
            columns=["rule", "mode", "agent", "date", "amount"],
        ),
        "unmet": pd.DataFrame(
            [("chat answered_within", "week 4", 12.0, "contacts", 240.0)],
            columns=["key", "where", "amount", "unit", "cost"],
        ),
        "activities": pd.DataFrame(
            [("a1", START + dt.timedelta(hours=8), START + dt.timedelta(hours=12), "chat")],
            columns=["agent", "start", "end", "activity"],
        ),
        "requirement": pd.DataFrame(
            [("chat", START, 11.0, 720.0, 4.4, 2.3, 3, 0.1, 4, "在 30 s 内")],
            columns=["queue", "start", "offered", "aht_s", "load_erlang", "needed_fractional",
                     "needed", "shrinkage", "gross", "reason"],
        ),
        "forecast": pd.DataFrame(
            [("chat", START, 11.0, 720.0, 8.0, 11.0, 14.5)],
            columns=["queue", "start", "volume", "aht_s", "q0.1", "q0.5", "q0.9"],
        ),
    }  # fmt: skip
    return Run(result, tables)


@pytest.fixture(scope="session")
def run() -> Run:
    return build_run()


TINY_PLAN = {
    "plan.toml": """\
name = "Cloud CRM"
start = 2026-12-07
weeks = 4
interval_min = 30
currency = "CNY"
timezone = "Asia/Shanghai"
country = "CN"
law = "cn"
synthetic = true

[service]
floor = 0.6
""",
    "queues.csv": """\
queue,channel,hours,aht_s,patience_s,at_once,deflected_share,fcr
chat,chat,office,720,240,3,40 %,0.85
email,email,office,360,,,0.40,0.85
forum,forum,office,300,,,,
knowledge base,post,office,,,,,
""",
    "targets.csv": """\
queue,measure,limit,unit,share,period
chat,answered_within,30,s,0.9,week
email,replied_within,5,h,0.9,week
forum,replied_within,1,business_day,0.9,week
knowledge base,weekly_hours,20,h,,week
""",
    "hours.csv": """\
hours,weekday,opens,closes
office,mon,09:00,18:00
office,tue,09:00,18:00
office,wed,09:00,18:00
office,thu,09:00,18:00
office,fri,09:00,18:00
""",
    "roles.csv": """\
role,queue,speed,order
support,chat,1,1
support,email,1,2
author,knowledge base,,
community,forum,,
""",
    "contracts.csv": """\
contract,kind,role,people_min,people_max,week_hours_max,wage_per_hour
specialist,full_time,support,3,3,40,60
author,outsourced,author,1,1,20,90
community,part_time,community,1,1,20,45
""",
    "agents.csv": """\
agent,name,team,contract,hired
S1,王小明,客服一组,specialist,2024-03-01
S2,Ana,客服一组,specialist,2025-07-14
S3,=Ben,客服一组,specialist,2026-10-08
""",
    "shifts.csv": """\
shift,contract,first_start,last_start,step_min,length_h,paid_h,breaks
D,specialist,09:00,,,9,8,lunch
P,community,09:00,14:00,60,4,,
K,author,09:00,14:00,60,4,,
""",
    "breaks.csv": """\
breaks,name,minutes,paid,earliest_h,latest_h
lunch,午餐,60,no,3,5
""",
    "availability.csv": """\
agent,from,to,kind,shift,weight
S1,2026-12-14,2026-12-15,leave,,
S2,2026-12-21,,pin,D@09:00,
S3,2026-12-24,,off_request,,40
""",
    "shrinkage.csv": """\
kind,share,planned
meetings,5 %,yes
""",
}


def tiny_history(days: int = 26) -> str:
    """Working days before the plan's first day, 09:00-18:00 by 30 min; volumes by a fixed rule."""
    lines = ["queue,start,volume,aht_s,abandoned,waited_s"]
    first = START - pd.Timedelta(days=days)
    for day in pd.date_range(first, START - pd.Timedelta(days=1)):
        if day.weekday() >= 5:
            continue
        for slot in range(18):
            start = day + pd.Timedelta(minutes=540 + 30 * slot)
            wave = (slot * 7 + day.day_of_year * 3) % 5
            peak = 2 if 2 <= slot <= 5 or 11 <= slot <= 13 else 0
            lines.append(f"chat,{start:%Y-%m-%d %H:%M},{2 + peak + wave},{700 + 10 * wave},0,5")
            lines.append(f"email,{start:%Y-%m-%d %H:%M},{1 + wave % 3},{350 + 10 * wave},,")
            lines.append(f"forum,{start:%Y-%m-%d %H:%M},{wave % 2},,,")
    return "\n".join(lines) + "\n"


@pytest.fixture
def tiny_plan(tmp_path):
    """Folder of a small valid plan, the Cloud CRM start-up, fresh for each test."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name, text in {**TINY_PLAN, "history.csv": tiny_history()}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def small_plan(tmp_path_factory):
    """One week, four people, phone, e-mail and a post: loaded."""
    return load_small(tmp_path_factory.mktemp("small") / "plan")


@pytest.fixture(scope="session")
def small_demand(small_plan):
    """The small plan's forecast and work."""
    return demand(small_plan)


@pytest.fixture(scope="session")
def small_rounds(small_plan, small_demand):
    """The small plan, designed, named and judged, one round."""
    names = {row.agent: row.name for row in small_plan.agents}
    return correct(
        small_plan,
        Trial(small_demand, 1, 200, Silent(), lambda p, r: schedule_frame(p, r, names)),
        Limits(seconds=10, gap=0.01),
        lambda: True,
    )


@pytest.fixture(scope="session")
def small_run(small_plan):
    """The small plan's run, whole."""
    return plan_run(small_plan)


@pytest.fixture
def called(monkeypatch, capsys):
    """Run the command in this process: exit code, output, errors."""

    def call(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["staffing", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            scenarios.cli.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call
