"""A plan for one real week of a bank's call centre, from what was known before it.

    python benchmarks/anonymous_bank.py --data DATA --out FOLDER
    python benchmarks/anonymous_bank.py --data DATA --report RUN

The first writes a plan folder for 24 to 30 October 1999 and, beside it, the real calls of that
week. The second prints what a finished run promised, what its simulation said and what happened
when the real calls met its roster, day by day and queue by queue, beside the bank's own week.

The data are the call records of the "Anonymous Bank" (Mandelbaum, Sakov, Zeltyn 2000; Technion SEE
laboratory). README.md beside this file says what is counted.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

CALLS = "bank_il_1999_calls_jan_oct.csv.gz"
FIRST_DAY = pd.Timestamp("1999-10-24")
END = pd.Timestamp("1999-10-31")
#: Handle-time spread, patience and opening hours are those of the weeks just before.
RECENT = pd.Timestamp("1999-10-01")
INTERVAL = pd.Timedelta(minutes=30)
ANSWERED_WITHIN_S = 20
#: A half-hour of a weekday counts as open if it brought at least this many calls on average.
OPEN_FROM_CALLS = 4.0

QUEUES = {
    "PS": "regular services",
    "NE": "stock exchange",
    "NW": "new customers",
    "IN": "internet support",
    "PE": "regular services in English",
    "TT": "customers called back",
}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

PLAN = """\
name = "Anonymous Bank, 24-30 October 1999"
start = 1999-10-24
weeks = 1
interval_min = 30
currency = "ILS"
language = "en"
timezone = "Asia/Jerusalem"
country = "IL"
law = "none"
note = \"\"\"Calls, handle times, patience, opening hours and who serves what are the bank's own, \\
from its records of January and 1-23 October 1999 (Technion SEE laboratory). Wages, contracts, \\
shifts and targets are not in the records and are made up.\"\"\"

[service]
period = "week"
floor = 0.5
occupancy_max = 0.88
present_min = 1

[forecast]
history_counts = "all_contacts"

[solve]
seconds = 100
gap = 0.005
seed = 1
"""

# In the records nearly every agent serves the five regular queues, eight serve internet support and
# nothing else, and four regular agents help these out.
ROLES = {
    "generalist": {"PS": 1, "NE": 1, "NW": 1, "PE": 1, "TT": 1},
    "all-round": {"PS": 1, "NE": 1, "NW": 1, "PE": 1, "TT": 1, "IN": 2},
    "internet": {"IN": 1},
}
CONTRACTS = """\
contract,kind,role,people_min,people_max,week_hours_min,week_hours_max,week_shifts_min,week_shifts_max,wage_per_hour,purchase_min_hours
full time,full_time,generalist,0,16,36,42,4,6,30,
full time all-round,full_time,all-round,0,8,36,42,4,6,33,
part time,part_time,generalist,0,24,8,28,2,5,29,
part time internet,part_time,internet,0,10,8,32,2,6,32,
agency,outsourced,generalist,0,10,,30,0,6,36,40
"""
SHIFTS = """\
shift,contract,first_start,last_start,step_min,length_h,breaks,weekdays
D,,07:00,16:00,60,8,rest,sun mon tue wed thu
M,,07:00,18:00,60,6,,sun mon tue wed thu
S,,07:00,20:00,60,4,,sun mon tue wed thu
F,,07:00,,,7,,fri
G,,07:00,10:00,60,4,,fri
E,,19:00,,,5,,sat
H,,19:00,21:00,60,3,,sat
OM,agency,07:00,18:00,60,6,,sun mon tue wed thu
OS,agency,07:00,20:00,60,4,,sun mon tue wed thu
OG,agency,07:00,10:00,60,4,,fri
OE,agency,19:00,,,5,,sat
"""
BREAKS = """\
breaks,name,minutes,paid,earliest_h,latest_h,leaves_post
rest,rest,30,yes,2.5,5,yes
"""
RULES = """\
rule,scope,who,value,mode,price
min_rest_h,all,,10,hard,
max_consecutive_days,all,,6,hard,
"""
RATES = """\
name,kind,contract,weekday,from,to,factor
Saturday,premium,,sat,00:00,24:00,1.5
"""


def read_calls(data: Path) -> pd.DataFrame:
    """Calls that were offered to agents, by time of arrival at them.

    Calls that ended in the voice menu (hung up without having waited a second for an agent) and
    phantom calls (no person on the line) are not offered.

    Returns
    -------
    Columns queue, arrived (the call's entry and its time in the voice menu), entered, handle_s (NaN
    if abandoned), waited_s, outcome (served, abandoned), agent.
    """
    raw = pd.read_csv(data / CALLS, parse_dates=["ts_entry"])
    served = raw["outcome"] == "AGENT"
    abandoned = (raw["outcome"] == "HANG") & (raw["q_time"] > 0)
    raw = raw[(served | abandoned) & raw["type"].isin(list(QUEUES))]
    served = served[raw.index]
    calls = pd.DataFrame(
        {
            "queue": raw["type"],
            "arrived": raw["ts_entry"] + pd.to_timedelta(raw["vru_time"], unit="s"),
            "entered": raw["ts_entry"],
            "handle_s": raw["ser_time"].where(served).astype(float),
            "waited_s": raw["q_time"].astype(float),
            "outcome": np.where(served, "served", "abandoned"),
            "agent": raw["agent"],
        }
    )
    return calls.sort_values("arrived", kind="stable", ignore_index=True)


def opening_hours(calls: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """Opening and closing minute by weekday, from the first to the last busy half-hour."""
    calls = calls[calls["arrived"] >= RECENT]
    weekday = calls["arrived"].dt.day_of_week
    days = calls["arrived"].dt.normalize().groupby(weekday).nunique()
    minute = _minute(calls["arrived"])
    mean = calls.groupby([weekday, minute]).size().div(days, level=0)
    busy = mean[mean >= OPEN_FROM_CALLS]
    return {
        WEEKDAYS[day]: (int(of_day.index[0][1]), int(of_day.index[-1][1]) + 30)
        for day, of_day in busy.groupby(level=0)
    }


def while_open(calls: pd.DataFrame, hours: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Calls that arrived in opening hours."""
    windows = np.array([hours[day] for day in WEEKDAYS])[calls["arrived"].dt.day_of_week]
    minute = _minute(calls["arrived"])
    return calls[(minute >= windows[:, 0]) & (minute < windows[:, 1])]


def history(calls: pd.DataFrame, hours: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Offered calls by queue and open half-hour of the days on record, zeros included."""
    served = calls["outcome"] == "served"
    rows = calls.assign(
        start=calls["arrived"].dt.floor(INTERVAL),
        served=served,
        abandoned=~served,
        handle_s=calls["handle_s"].fillna(0),
    )
    table = rows.groupby(["queue", "start"]).agg(
        volume=("served", "size"),
        served=("served", "sum"),
        abandoned=("abandoned", "sum"),
        handle_s=("handle_s", "sum"),
        waited_s=("waited_s", "sum"),
    )
    starts = [
        day + pd.Timedelta(minutes=minute)
        for day in sorted(calls["arrived"].dt.normalize().unique())
        for minute in range(*hours[WEEKDAYS[day.weekday()]], 30)
    ]
    every = pd.MultiIndex.from_product([list(QUEUES), starts], names=["queue", "start"])
    table = table.reindex(every, fill_value=0)
    aht_s = (table["handle_s"] / table["served"].where(table["served"] > 0)).round(1)
    table["aht_s"] = aht_s.where(aht_s > 0)
    return table[["volume", "aht_s", "abandoned", "waited_s"]].reset_index()


def queue_table(calls: pd.DataFrame) -> pd.DataFrame:
    """Spread of handle times and patience by queue, from recent calls.

    Patience is total waiting over abandonments (the maximum-likelihood estimate for exponential
    patience; Mandelbaum and Zeltyn 2007). Mean handle times are left to the history.
    """
    recent = calls[calls["arrived"] >= RECENT].groupby("queue")
    spread = recent["handle_s"].std() / recent["handle_s"].mean()
    abandoned = recent["outcome"].agg(lambda outcome: (outcome == "abandoned").sum())
    table = pd.DataFrame(
        {
            "queue": list(QUEUES),
            "label": list(QUEUES.values()),
            "channel": "phone",
            "hours": "bank",
            "aht_cv": spread.reindex(QUEUES).round(2).to_numpy(),
            "patience_s": (recent["waited_s"].sum() / abandoned).reindex(QUEUES).round(0),
        }
    )
    return table.reset_index(drop=True)


def write_plan(data: Path, folder: Path) -> None:
    """Write the plan folder and the calls to replay, and say what was left out."""
    calls = read_calls(data)
    known = calls[calls["arrived"] < FIRST_DAY]
    hours = opening_hours(known)
    past = while_open(known, hours)
    week = calls[(calls["arrived"] >= FIRST_DAY) & (calls["arrived"] < END)]
    replayed = while_open(week, hours)

    (folder / "replay").mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    queue_table(past).to_csv(folder / "queues.csv", index=False)
    history(past, hours).to_csv(folder / "history.csv", index=False)
    _write(
        folder / "targets.csv", ["queue", "measure", "limit", "unit", "share", "period"], _targets()
    )
    _write(folder / "hours.csv", ["hours", "weekday", "opens", "closes"], _hours(hours))
    _write(
        folder / "roles.csv",
        ["role", "queue", "order"],
        ((role, queue, order) for role, ranks in ROLES.items() for queue, order in ranks.items()),
    )
    for name, text in {
        "contracts": CONTRACTS,
        "shifts": SHIFTS,
        "breaks": BREAKS,
        "rules": RULES,
        "rates": RATES,
    }.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    columns = ["queue", "arrived", "handle_s", "waited_s", "outcome"]
    replayed[columns].to_csv(
        folder / "replay" / "calls.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S"
    )
    for name, kept, all_calls in (("history", past, known), ("replay", replayed, week)):
        left_out = len(all_calls) - len(kept)
        print(f"{name}: {len(kept):,} calls; {left_out} outside opening hours are left out")


def _targets() -> Iterable[Sequence[object]]:
    for queue in QUEUES:
        yield queue, "answered_within", ANSWERED_WITHIN_S, "s", 0.8, "day"
        yield queue, "abandoned", 0.05, "", "", "week"


def _hours(hours: dict[str, tuple[int, int]]) -> Iterable[Sequence[object]]:
    # A public holiday is kept as a Saturday here, not as a Sunday, which is a working day.
    for day, (opens, closes) in {**hours, "holiday": hours["sat"]}.items():
        yield "bank", day, _clock(opens), _clock(closes)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _minute(moments: pd.Series) -> pd.Series:
    """Minute of the day at which the half-hour of each moment starts."""
    return moments.dt.hour * 60 + moments.dt.minute // 30 * 30


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def own_week(data: Path) -> pd.DataFrame:
    """What the bank itself gave in the planned week.

    Returns
    -------
    Columns queue, period (date), answered_within, abandoned, offered.
    """
    calls = read_calls(data)
    hours = opening_hours(calls[calls["arrived"] < FIRST_DAY])
    calls = calls[(calls["arrived"] >= FIRST_DAY) & (calls["arrived"] < END)]
    calls = while_open(calls, hours)
    served = calls["outcome"] == "served"
    calls = calls.assign(
        period=calls["arrived"].dt.strftime("%Y-%m-%d"),
        answered_within=served & (calls["waited_s"] <= ANSWERED_WITHIN_S),
        abandoned=~served,
        offered=1,
    )
    by = calls.groupby(["queue", "period"])
    shares = by[["answered_within", "abandoned"]].mean()
    return pd.concat([shares, by["offered"].sum()], axis=1).reset_index()


def report(run: Path, data: Path | None) -> str:
    """Two tables in Markdown: calls in time by day and queue, and abandonment over the week."""
    table = pd.read_csv(run / "replay.csv", dtype={"queue": str, "period": str})
    own = None if data is None else _own(own_week(data), set(table["period"]))
    daily = table["period"].str.len() == 10
    in_time = table[table["measure"] == "answered_within"]
    lost = table[(table["measure"] == "abandoned") & ~daily]
    order = [daily & (table["queue"] != "all"), daily & (table["queue"] == "all"), ~daily]
    rows = pd.concat([in_time[mask[in_time.index]].sort_values("period", kind="stable")
                      for mask in order])  # fmt: skip
    return "\n\n".join(
        [
            "Answered within 20 s:\n\n" + _markdown(rows, own, "answered_within"),
            "Abandoned:\n\n" + _markdown(lost, own, "abandoned"),
        ]
    )


def _own(days: pd.DataFrame, periods: set[str]) -> pd.DataFrame:
    """The bank's own shares with the sums that a replay's table has, by queue and period."""
    week = next(period for period in periods if len(period) > 10)
    parts = [days, days.assign(queue="all"), days.assign(period=week)]
    parts.append(days.assign(queue="all", period=week))
    rows = pd.concat(parts)
    measures = ["answered_within", "abandoned"]
    rows[measures] = rows[measures].mul(rows["offered"], axis=0)
    sums = rows.groupby(["queue", "period"]).sum()
    return sums[measures].div(sums["offered"], axis=0)


def _markdown(rows: pd.DataFrame, own: pd.DataFrame | None, measure: str) -> str:
    header = ["day", "queue", "calls", "promised", "simulated", "95 of 100", "replayed"]
    lines = [header + ([] if own is None else ["the bank itself"])]
    for row in rows.to_dict("records"):
        day = row["period"] if len(row["period"]) == 10 else "week"
        band = f"{row['low']:.2f}-{row['high']:.2f}"
        cells = [day, row["queue"], f"{row['offered']:.0f}"]
        cells += [_share(row["promised"]), _share(row["simulated"]), band, _share(row["replayed"])]
        if own is not None:
            cells.append(_share(own.loc[(row["queue"], row["period"]), measure]))
        lines.append(cells)
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with the bank's files")
    parser.add_argument("--out", type=Path, help="plan folder to write")
    parser.add_argument("--report", type=Path, metavar="RUN", help="finished run to report on")
    told = parser.parse_args()
    if told.report:
        print(report(told.report, told.data))
    elif told.data and told.out:
        write_plan(told.data, told.out)
        run = f"{told.out}-run"
        print("now:")
        print(f"  staffing plan {told.out} --out {run}")
        print(f"  staffing simulate {run} --replay {told.out / 'replay' / 'calls.csv'}")
    else:
        parser.error("give --data and --out to write a plan, or --report to report on a run")


if __name__ == "__main__":
    main()
