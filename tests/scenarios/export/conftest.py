"""A run of two nights in Berlin, made by hand: the clock jumps in the second."""

import os

import pandas as pd
import pytest

from scenarios.runs import Run, write_run

#: 2027-03-26 12:00 UTC: when the run was written.
WRITTEN = 1806062400
SHIFTS = [
    ("n1", "2027-03-26", "N", "2027-03-26 22:00", "2027-03-27 06:00"),
    ("n1", "2027-03-27", "N", "2027-03-27 22:00", "2027-03-28 06:00"),
    ("d1", "2027-03-28", "D", "2027-03-28 09:00", "2027-03-28 13:00"),
]
NAMES = {"n1": "Nora", "d1": "李雷"}


def make_run(shifts=SHIFTS, names=NAMES, *, plan="Nights", start="2027-03-26", days=3) -> Run:
    schedule = pd.DataFrame(shifts, columns=["agent", "date", "shift", "start", "end"])
    schedule["paid_hours"] = 4.0
    schedule["name"] = schedule["agent"].map(names).fillna("")
    schedule = schedule.assign(team="North", contract="full", role="support")
    agents = pd.DataFrame({"agent": list(names), "name": list(names.values())})
    agents = agents.assign(team="North", contract="full", role="support")
    activities = pd.DataFrame(
        [
            ("n1", "2027-03-27 22:00", "2027-03-28 01:00", "phone"),
            ("n1", "2027-03-28 01:00", "2027-03-28 01:30", "break"),
            ("n1", "2027-03-28 01:30", "2027-03-28 06:00", "phone"),
        ],
        columns=["agent", "start", "end", "activity"],
    )
    service = pd.DataFrame(
        [("phone", "month", 0.8, 0.85, 0.82, 0.81, 0.83, True, "answered_within", 20.0, "s",
          "Calls; all, \\ both")],
        columns=["queue", "period", "target", "predicted", "simulated", "low", "high", "met",
                 "measure", "limit", "unit", "label"],
    )  # fmt: skip
    result = {
        "name": plan, "start": start, "days": days, "interval_min": 30, "language": "en",
        "status": "optimal", "cost": 1.0, "bound": 1.0, "gap": 0.0, "seed": 7,
        "inputs_hash": "0123abcd",
    }  # fmt: skip
    dates = pd.DataFrame({"date": pd.date_range(start, periods=days), "kind": "workday"})
    tables = {
        "schedule": schedule, "agents": agents, "activities": activities, "service": service,
        "days": dates.assign(name=""),
    }  # fmt: skip
    return Run(result, tables)


def leave(run: Run, folder, zone="Europe/Berlin", written=WRITTEN):
    """Write a run with a plan's settings, at a known time."""
    write_run(run, folder)
    if zone:
        (folder / "plan").mkdir()
        (folder / "plan" / "plan.toml").write_text(f'timezone = "{zone}"\n', encoding="utf-8")
    os.utime(folder / "result.json", (written, written))
    return folder


@pytest.fixture
def nights(tmp_path):
    return leave(make_run(), tmp_path / "run")
