"""A plan of one week and four people that runs in seconds: phone, e-mail and a post.

All hourly volumes are 6 calls and 3 e-mails, so that expected numbers can be reckoned by hand.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd

from scenarios.plan import Plan, load
from scenarios.plan.schema import TABLES

START = dt.date(2026, 12, 7)
CALLS, MAILS = 6, 3
TABLES_TEXT = {
    "plan.toml": """\
name = "Small desk"
start = 2026-12-07
weeks = 1
interval_min = 60
currency = "CNY"
timezone = "Asia/Shanghai"
country = "CN"
law = "cn"
synthetic = true

[solve]
seconds = 10
gap = 0.01
""",
    "queues.csv": """\
queue,channel,hours,aht_s,patience_s,priority,cost_centre
phone,phone,office,300,180,1,care
email,email,office,600,,5,care
lead,post,office,,,,
""",
    "targets.csv": """\
queue,measure,limit,unit,share,period
phone,answered_within,60,s,0.8,week
email,replied_within,8,open_h,0.9,week
lead,present,1,,,
""",
    "hours.csv": "hours,weekday,opens,closes\n"
    + "".join(f"office,{day},09:00,17:00\n" for day in ("mon", "tue", "wed", "thu", "fri")),
    "roles.csv": """\
role,queue,speed,order
agent,phone,1,1
agent,email,1,2
lead,lead,1,1
""",
    "contracts.csv": """\
contract,kind,role,people_min,people_max,week_hours_max,wage_per_hour,cost_centre
staff,full_time,agent,2,2,40,60,care
half,part_time,agent,0,1,20,50,care
chief,full_time,lead,1,1,40,100,heads
""",
    "agents.csv": """\
agent,name,team,contract,hired
S1,王小明,Front,staff,2024-03-01
S2,Ana,Front,staff,2024-03-01
C1,Eve,Heads,chief,2020-01-01
""",
    "shifts.csv": """\
shift,contract,first_start,last_start,step_min,length_h,paid_h,breaks
D,staff,09:00,,,8,,lunch
P,half,09:00,13:00,60,4,,
C,chief,09:00,,,8,8,tea
""",
    "breaks.csv": """\
breaks,name,minutes,paid,earliest_h,latest_h,leaves_post
lunch,lunch,60,no,2,5,yes
tea,tea,30,yes,3,4,no
""",
    "budget.csv": "month,cost_centre,amount\n2026-12,care,9000\n",
}


def history(days: int = 35, start: dt.date = START) -> pd.DataFrame:
    """Equal volumes in every office hour of the working days before the start."""
    rows = []
    for back in range(days, 0, -1):
        day = pd.Timestamp(start) - pd.Timedelta(days=back)
        if day.weekday() < 5:
            for hour in range(9, 17):
                at = day + pd.Timedelta(hours=hour)
                rows += [("phone", at, CALLS), ("email", at, MAILS)]
    return pd.DataFrame(rows, columns=["queue", "start", "volume"])


def write_small(folder: Path) -> Path:
    """Write the plan's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in TABLES_TEXT.items():
        (folder / name).write_text(text, encoding="utf-8")
    history().to_csv(folder / "history.csv", index=False)
    return folder


def load_small(folder: Path) -> Plan:
    """Write the plan and load it."""
    return load(write_small(folder))


def with_rows(plan: Plan, table: str, *rows: dict) -> Plan:
    """Put rows in place of a table's."""
    return replace(plan, **{table: tuple(TABLES[table](**row) for row in rows)})


def more_rows(plan: Plan, table: str, *rows: dict) -> Plan:
    """Add rows to a table."""
    found = getattr(plan, table) + tuple(TABLES[table](**row) for row in rows)
    return replace(plan, **{table: found})


def changed(plan: Plan, table: str, where: dict, **values: object) -> Plan:
    """Change columns of the rows that have the values of `where`."""
    rows = tuple(
        row.model_copy(update=values)
        if all(getattr(row, column) == value for column, value in where.items())
        else row
        for row in getattr(plan, table)
    )
    return replace(plan, **{table: rows})


def with_settings(plan: Plan, **values: object) -> Plan:
    """Change settings; sections as dictionaries of their keys."""
    settings = plan.settings
    for key, value in values.items():
        if isinstance(value, dict):
            value = getattr(settings, key).model_copy(update=value)
        settings = settings.model_copy(update={key: value})
    return replace(plan, settings=settings)
