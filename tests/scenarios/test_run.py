"""A run, whole: tables, result, repeatability, stops, kills, and plans of every kind."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.progress import Silent
from scenarios.run import (
    forecast_table,
    inputs_hash,
    plan_run,
    requirement_table,
)
from scenarios.runs import TABLES, read_run, write_run
from tests.scenarios.smallplan import (
    changed,
    history,
    more_rows,
    with_rows,
    with_settings,
    write_small,
)

NOT_REPEATED = ("seconds", "cpu_s")
FILES = {f"{name}.csv" for name in TABLES} | {"result.json", "roster.xlsx", "report.html"}


def repeatable(run):
    return {k: v for k, v in run.result.items() if k not in NOT_REPEATED}


def assert_same(one, other):
    assert repeatable(one) == repeatable(other)
    for name in TABLES:
        assert one.tables[name].to_csv() == other.tables[name].to_csv(), name


class TestTables:
    """What a run leaves."""

    def test_the_result_has_its_keys(self, small_run):
        wanted = {
            "name", "scenario", "status", "cost", "penalties", "bound", "gap", "currency",
            "language", "start", "days", "interval_min", "seed", "rounds", "replications",
            "occupancy", "versions", "inputs_hash", "people", "notes", "exit_code", "cpu_s",
            "seconds", "defaults",
        }  # fmt: skip
        assert wanted <= set(small_run.result)
        assert small_run.result["status"] in ("optimal", "feasible")
        assert small_run.exit_code == 0
        assert small_run.result["replications"] >= 200
        json.dumps(small_run.result)

    def test_cost_bound_and_gap_agree(self, small_run):
        result = small_run.result
        assert result["cost"] == pytest.approx(small_run.tables["cost"]["amount"].sum())
        assert result["cost"] == pytest.approx(sum(p["cost"] for p in result["people"]))
        assert result["bound"] <= result["cost"]
        assert result["gap"] == pytest.approx(result["cost"] / result["bound"] - 1, abs=1e-4)

    def test_hours_by_contract_are_those_of_the_schedule(self, small_run):
        paid = small_run.tables["schedule"].groupby("contract")["paid_hours"].sum()
        for line in small_run.result["people"]:
            assert line["hours"] == pytest.approx(paid.get(line["contract"], 0.0))
            assert (
                line["heads"]
                >= (small_run.tables["schedule"]["contract"] == line["contract"]).any()
            )

    def test_coverage_has_every_open_interval_of_queues_with_contacts(self, small_run):
        coverage = small_run.tables["coverage"]
        assert coverage.groupby("queue").size().to_dict() == {"phone": 40, "email": 40}
        phone = coverage[coverage["queue"] == "phone"]
        assert phone["predicted"].between(0, 1).all()
        assert phone["simulated"].between(0, 1).all()
        assert (phone["required"] >= 1).all()
        assert not coverage["required"].isna().any()

    def test_service_has_a_row_for_each_target(self, small_run):
        service = small_run.tables["service"].set_index("queue")
        assert service["met"].all()
        assert service.loc["phone", "target"] == 0.8
        assert service.loc["phone", "low"] <= service.loc["phone", "simulated"]
        assert np.isnan(service.loc["lead", "simulated"])

    def test_activities_fill_the_shifts(self, small_run):
        work, shifts = small_run.tables["activities"], small_run.tables["schedule"]
        hours = (work["end"] - work["start"]).dt.total_seconds().sum() / 3600
        spans = (shifts["end"] - shifts["start"]).dt.total_seconds().sum() / 3600
        assert hours == pytest.approx(spans)
        assert set(work["activity"]) <= {"phone", "email", "lead", "lunch", "tea", "idle", "break"}

    def test_the_budget_beside_the_cost_by_cost_centre(self, small_run):
        budget = small_run.tables["budget"].set_index("cost_centre")
        assert budget["amount"].sum() == pytest.approx(small_run.result["cost"])
        care = budget.loc["care"]
        assert care["budget"] == 9000
        assert care["difference"] == pytest.approx(9000 - care["amount"])
        assert np.isnan(budget.loc["heads", "budget"])

    def test_defaults_that_were_used_are_told(self, small_run):
        assert any(line.startswith("queues.") for line in small_run.result["defaults"])

    def test_forecast_and_requirement_alone_are_those_of_the_run(self, small_plan, small_run):
        told = forecast_table(small_plan)
        assert told["volume"].sum() == pytest.approx(small_run.tables["forecast"]["volume"].sum())
        needed = requirement_table(small_plan)
        assert len(needed) == len(small_run.tables["requirement"]) == 40

    def test_a_run_is_written_and_read_back(self, small_run, small_plan, tmp_path):
        folder = write_run(small_run, tmp_path / "run", small_plan)
        assert {p.name for p in folder.iterdir()} == FILES | {"plan"}
        assert_same(read_run(folder), small_run)


class TestRepeatable:
    """The same plan, seed and limits give the same run."""

    def test_twice_the_same(self, small_plan, small_run):
        assert_same(plan_run(small_plan), small_run)

    def test_the_seed_is_kept_and_counts(self, small_plan, small_run):
        other = plan_run(small_plan, seed=7, stop=lambda: True)
        assert other.result["seed"] == 7
        simulated = [run.tables["service"]["simulated"].iloc[0] for run in (small_run, other)]
        assert simulated[0] != simulated[1]
        assert other.result["inputs_hash"] == small_run.result["inputs_hash"]

    def test_the_hash_tells_plans_apart(self, small_plan):
        plans = [
            small_plan,
            changed(small_plan, "contracts", {"contract": "half"}, wage_per_hour=51.0),
            with_settings(small_plan, service={"floor": 0.5}),
            replace(small_plan, history=small_plan.history.iloc[1:]),
        ]
        assert len({inputs_hash(plan) for plan in plans}) == 4


class AfterFirstRound(Silent):
    """Asks to stop when the second round is announced or a number of stages has gone by."""

    def __init__(self):
        self.stages = []

    def stage(self, name):
        self.stages.append(name)

    def __call__(self):
        return "simulation" in self.stages


def test_a_stop_keeps_the_best_so_far(small_plan):
    """Asked to stop while the first round is simulated: a whole run of one round."""
    watcher = AfterFirstRound()
    run = plan_run(small_plan, reporter=watcher, stop=watcher)
    assert run.result["status"] == "stopped"
    assert run.result["rounds"] == 1
    assert len(run.tables["schedule"])
    assert len(run.tables["service"]) == 3


def test_a_stop_from_the_start_still_gives_a_run(small_plan):
    run = plan_run(small_plan, stop=lambda: True)
    assert run.result["status"] == "stopped"
    assert len(run.tables["schedule"])


def test_an_impossible_target_ends_with_what_is_missing(small_plan):
    """99.5 % in 5 s with one person who takes 20 h: exit code 1, and lines that say how much."""
    plan = changed(small_plan, "targets", {"queue": "phone"}, limit=5, share=0.995)
    plan = changed(plan, "contracts", {"contract": "staff"}, people_min=1, people_max=1)
    plan = replace(plan, agents=(plan.agents[0], plan.agents[2]))
    run = plan_run(plan)
    assert run.exit_code == 1
    assert run.result["status"] == "unmet"
    unmet = run.tables["unmet"]
    missing = unmet[unmet["key"] == "phone answered_within 5 s"]
    assert missing["amount"].sum() > 1
    assert (missing["unit"] == "contacts").all()
    service = run.tables["service"].set_index("queue")
    assert not service.loc["phone", "met"]
    assert service.loc["email", "met"]
    assert run.result["penalties"] > 0


def one_round(plan, **options):
    """A run that is stopped at once: one round, quickly solved."""
    return plan_run(plan, stop=lambda: True, **options)


class TestPlansOfManyKinds:
    """Plans that a planner may well have."""

    def test_a_closed_week_costs_nothing(self, small_plan):
        week = {"from_": dt.date(2026, 12, 7), "to": dt.date(2026, 12, 13), "kind": "closed"}
        run = plan_run(with_rows(small_plan, "calendar", week))
        assert run.exit_code == 0
        assert run.result["cost"] == 0
        assert len(run.tables["schedule"]) == len(run.tables["coverage"]) == 0

    def test_a_holiday_costs_three_wages_in_the_right_month_or_is_off(self, small_plan):
        """National Day on Thursday to Saturday: kept as a Sunday, so nobody works."""
        start = dt.date(2026, 9, 28)
        plan = with_settings(replace(small_plan, history=history(start=start)), start=start)
        run = one_round(plan)
        days = pd.to_datetime(run.tables["schedule"]["date"]).dt.day.unique()
        assert set(days) == {28, 29, 30}

    def test_quarter_hours(self, small_plan):
        hourly = history()
        quarters = [
            hourly.assign(
                start=hourly["start"] + pd.Timedelta(minutes=15 * k), volume=hourly["volume"] / 4
            )
            for k in range(4)
        ]
        plan = replace(small_plan, history=pd.concat(quarters).sort_values(["queue", "start"]))
        run = one_round(with_settings(plan, interval_min=15))
        assert run.result["interval_min"] == 15
        assert run.tables["coverage"].groupby("queue").size()["phone"] == 160
        assert run.tables["checks"].query("mode != 'priced'").empty
        assert run.tables["service"].set_index("queue").loc["phone", "simulated"] > 0.7

    def test_temporary_people_work_while_they_are_employed(self, small_plan):
        """The second of staff is replaced by a temp from Wednesday to Thursday."""
        plan = changed(small_plan, "contracts", {"contract": "half"}, people_max=0)
        plan = more_rows(
            plan,
            "contracts",
            {
                "contract": "temp",
                "kind": "temporary",
                "role": "agent",
                "people_min": 1,
                "people_max": 1,
                "from_": dt.date(2026, 12, 9),
                "to": dt.date(2026, 12, 10),
                "wage_per_hour": 20,
                "week_hours_max": 40,
            },
        )
        plan = more_rows(
            plan, "shifts", {"shift": "T", "contract": "temp", "first_start": 540, "length_h": 8}
        )
        run = one_round(plan)
        days = run.tables["schedule"].query("contract == 'temp'")["date"].dt.day
        assert set(days) <= {9, 10}
        assert len(days)
        assert not (run.tables["checks"]["rule"] == "employed").any()

    def test_who_is_hired_on_wednesday_works_from_wednesday(self, small_plan):
        plan = changed(small_plan, "agents", {"agent": "S2"}, hired=dt.date(2026, 12, 9))
        run = one_round(plan)
        days = run.tables["schedule"].query("agent == 'S2'")["date"].dt.day
        assert (days >= 9).all()
        checks = run.tables["checks"]
        assert checks[checks["mode"] != "priced"].empty

    def test_outsourced_hours_are_bought_by_the_block_or_not_at_all(self, small_plan):
        """At least 12 hours a week if any: dear ones, so they are bought only where needed."""
        plan = changed(small_plan, "contracts", {"contract": "half"}, people_max=0)
        plan = more_rows(
            plan,
            "contracts",
            {
                "contract": "agency",
                "kind": "outsourced",
                "role": "agent",
                "people_min": 0,
                "people_max": 2,
                "wage_per_hour": 90,
                "purchase_min_hours": 12,
            },
        )
        plan = more_rows(
            plan,
            "shifts",
            {
                "shift": "A",
                "contract": "agency",
                "first_start": 540,
                "last_start": 780,
                "length_h": 4,
            },
        )
        plan = changed(plan, "targets", {"queue": "phone"}, share=0.93)
        run = one_round(plan)
        hours = next(p for p in run.result["people"] if p["contract"] == "agency")["hours"]
        cost = run.tables["cost"].query("contract == 'agency'")["amount"].sum()
        assert cost == pytest.approx(90 * max(hours, 12)) if hours else cost == 0

    def test_a_person_of_another_role_in_the_contract(self, small_plan):
        """S2 of staff is a lead: the post is theirs as well."""
        plan = changed(small_plan, "agents", {"agent": "S2"}, role="lead")
        run = one_round(plan)
        roles = run.tables["agents"].set_index("agent")["role"]
        assert roles["S2"] == "lead"
        work = run.tables["activities"].query("agent == 'S2'")["activity"]
        assert not {"phone", "email"} & set(work)

    def test_interval_targets_are_judged_one_by_one(self, small_plan):
        plan = changed(small_plan, "targets", {"queue": "phone"}, period="interval", share=0.6)
        run = one_round(plan)
        phone = run.tables["service"].query("queue == 'phone'")
        assert len(phone) == 40
        assert phone["period"].iloc[0] == "2026-12-07 09:00"

    def test_a_priced_target_is_missed_when_it_is_cheaper(self, small_plan):
        """A contact missed costs a cent, people cost more: the run is still in order."""
        plan = with_settings(small_plan, service={"floor": 0.0, "occupancy_max": 1.0})
        plan = changed(plan, "targets", {"queue": "phone"}, share=0.95, mode="priced", price=0.01)
        run = plan_run(plan)
        phone = run.tables["service"].set_index("queue").loc["phone"]
        assert not phone["met"]
        assert run.exit_code == 0
        assert run.result["penalties"] > 0

    def test_growth_raises_the_bound(self, small_plan, small_run):
        run = one_round(with_settings(small_plan, forecast={"growth": 0.5}))
        assert run.tables["forecast"]["volume"].sum() == pytest.approx(
            1.5 * small_run.tables["forecast"]["volume"].sum()
        )
        assert run.result["bound"] > small_run.result["bound"]

    def test_weekly_hours_hold_despite_sickness(self, small_plan):
        """A fifth of the chief's shifts fall out: more than 20 h are planned until 20 get done."""
        plan = changed(
            small_plan, "targets", {"queue": "lead"}, measure="weekly_hours", limit=20, unit="h"
        )
        plan = with_rows(
            plan, "shrinkage", {"kind": "sick", "share": 0.2, "planned": False, "role": "lead"}
        )
        run = plan_run(plan)
        lead = run.tables["service"].set_index("queue").loc["lead"]
        assert lead["simulated"] >= 19.8
        assert run.exit_code == 0


def command(*args, cwd):
    """Start the command as a user would."""
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "100", "PYTHONPATH": root}
    return subprocess.Popen(
        [sys.executable, "-m", "scenarios.cli", *args],
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process, text):
    """Read standard error until a line has the text."""
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return
    pytest.fail(f"{text!r} was never said: {''.join(seen)}")


class TestInterrupted:
    """Ctrl-C and kills while the command works."""

    @pytest.fixture
    def folder(self, tmp_path):
        write_small(tmp_path / "plan")
        return tmp_path

    def test_ctrl_c_leaves_a_whole_run(self, folder):
        process = command("plan", "plan", "--out", "run", cwd=folder)
        wait_for(process, "forecast")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert process.returncode in (0, 1), err
        run = read_run(folder / "run")
        assert run.result["status"] == "stopped"
        assert {p.name for p in (folder / "run").iterdir()} >= FILES

    @pytest.mark.parametrize("moment", ["forecast", "simulation"])
    def test_a_kill_leaves_no_run_or_a_whole_one(self, folder, moment):
        process = command("plan", "plan", "--out", "run", cwd=folder)
        wait_for(process, moment)
        process.kill()
        process.communicate()
        target = folder / "run"
        if target.exists():
            assert {p.name for p in target.iterdir()} >= FILES
            read_run(target)

    def test_a_kill_while_the_folder_is_written_leaves_none(self, folder):
        """What is half written lies in a hidden folder beside; the run's own name is free."""
        process = command("plan", "plan", "--out", "run", cwd=folder)
        wait_for(process, "names")
        process.send_signal(signal.SIGINT)
        while process.poll() is None and not list(folder.glob(".run.partial-*")):
            pass
        process.kill()
        process.communicate()
        target = folder / "run"
        assert not target.exists() or {p.name for p in target.iterdir()} >= FILES
