"""Run folders: whole or not at all, typed back, the same bytes twice."""

import datetime as dt
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.errors import PlannerError
from scenarios.runs import TABLES, Run, RunError, check_target, read_run, write_run


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_written_is_read_back_with_its_types(run, tmp_path):
    back = read_run(write_run(run, tmp_path / "run"))
    assert back.result == run.result
    for name, table in run.tables.items():
        pd.testing.assert_frame_equal(back.tables[name], table)
    assert back.tables["schedule"]["start"].dtype == "datetime64[ns]"
    assert back.tables["service"]["met"].dtype == "boolean"
    assert back.tables["requirement"]["needed"].dtype == "Int64"


def test_a_run_leaves_a_file_per_table_and_the_roster(run, tmp_path):
    folder = write_run(run, tmp_path / "a" / "run")
    expected = {f"{name}.csv" for name in TABLES} | {"result.json", "roster.xlsx", "report.html"}
    assert set(files_of(folder)) == expected
    assert list(tmp_path.joinpath("a").iterdir()) == [folder]


def test_the_columns_that_programs_read_stand_first(run, tmp_path):
    folder = write_run(run, tmp_path / "run")
    heads = {name: (folder / f"{name}.csv").read_text("utf-8").split("\n")[0] for name in TABLES}
    assert heads["schedule"].startswith("agent,date,shift,start,end,paid_hours")
    assert heads["service"].startswith("queue,period,target,predicted,simulated,low,high,met")
    assert heads["checks"] == "rule,mode,agent,date,amount"
    assert heads["activities"] == "agent,start,end,activity"


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first = files_of(write_run(run, tmp_path / "one"))
    second = files_of(write_run(run, tmp_path / "two"))
    assert first == second


def test_names_in_csv_stay_as_they_are(run, tmp_path):
    schedule = read_run(write_run(run, tmp_path / "run")).tables["schedule"]
    assert {"=SUM(A1)", "-2", "欧阳建国"} <= set(schedule["name"])


def test_agents_named_like_missing_values_keep_their_names(tmp_path):
    agents = pd.DataFrame({"agent": ["NA", "null", "007"]}).assign(
        name="", team="", contract="c", role="r"
    )
    run = Run({"start": "2026-12-07", "days": 7}, {"agents": agents})
    back = read_run(write_run(run, tmp_path / "run"))
    assert back.tables["agents"]["agent"].tolist() == ["NA", "null", "007"]


def test_result_holds_plain_json_without_nan(tmp_path):
    run = Run(
        {"start": pd.Timestamp(2026, 12, 7).date(), "days": np.int64(7), "gap": float("inf"),
         "people": [{"hours": np.float64(1.5)}]},
        {},
    )  # fmt: skip
    text = (write_run(run, tmp_path / "run") / "result.json").read_text("utf-8")
    assert json.loads(text) == {
        "start": "2026-12-07", "days": 7, "gap": None, "people": [{"hours": 1.5}]
    }  # fmt: skip


def test_dates_may_come_as_dates_times_or_text(tmp_path):
    moments = [dt.date(2026, 12, 7), "2026-12-08", "2026-12-09 00:00", pd.Timestamp(2026, 12, 10)]
    days = pd.DataFrame({"date": moments, "kind": "workday", "name": ""})
    run = Run({}, {"days": days})
    assert run.tables["days"]["date"].tolist() == list(pd.date_range("2026-12-07", periods=4))


def test_columns_beyond_the_declared_are_kept(tmp_path):
    days = pd.DataFrame(
        {"name": ["x"], "kind": ["workday"], "date": ["2026-12-07"], "factor": [1.5], "note": "n"}
    )
    back = read_run(
        write_run(Run({"start": "2026-12-07", "days": 1}, {"days": days}), tmp_path / "r")
    )
    assert list(back.tables["days"]) == ["date", "kind", "name", "factor", "note"]
    assert back.tables["days"]["factor"].tolist() == [1.5]


def test_the_plan_is_kept_with_the_run(run, tmp_path):
    import scenarios.plan
    from scenarios.examples import copy_example

    copy_example("cloud_crm", tmp_path / "plan")
    plan = scenarios.plan.load(tmp_path / "plan")
    kept = scenarios.plan.load(write_run(run, tmp_path / "run", plan) / "plan")
    assert kept.settings == plan.settings
    assert kept.queues == plan.queues
    assert kept.agents == plan.agents


def test_a_former_run_is_replaced(run, tmp_path):
    folder = write_run(run, tmp_path / "run")
    (folder / "left-over.txt").write_text("x")
    write_run(Run({**run.result, "cost": 1.0}, run.tables), folder)
    assert read_run(folder).result["cost"] == 1.0
    assert not (folder / "left-over.txt").exists()
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_with_other_files_is_refused_and_untouched(run, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="holds other files"):
        write_run(run, tmp_path)
    assert files_of(tmp_path) == {"thesis.txt": b"mine"}


def test_a_file_as_target_is_refused(tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(PlannerError, match="is a file"):
        check_target(tmp_path / "run")


def test_an_empty_folder_is_used(run, tmp_path):
    (tmp_path / "run").mkdir()
    assert (write_run(run, tmp_path / "run") / "result.json").is_file()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked copy of this process")
@pytest.mark.parametrize("former", [False, True])
@pytest.mark.parametrize(
    ("event", "nth"),
    [("tempfile.mkdtemp", 1), ("open", 2), ("open", 12), ("open", 40), ("os.rename", 1),
     ("os.rename", 2), ("shutil.rmtree", 1)],
)  # fmt: skip
def test_killed_at_any_moment_there_is_no_run_or_a_whole_one(run, tmp_path, event, nth, former):
    small = Run(run.result, {name: table.head(3) for name, table in run.tables.items()})
    target = tmp_path / "run"
    if former:
        write_run(small, target)
    child = os.fork()
    if child == 0:
        seen = 0

        def die_at_the_moment(name: str, _: object) -> None:
            nonlocal seen
            if name == event:
                seen += 1
            if name == event and seen == nth:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die_at_the_moment)
        write_run(small, target)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or (event, nth, former) == ("os.rename", 2, False)
    if target.exists():
        assert read_run(target).result == small.result
        assert set(files_of(target)) == {f"{n}.csv" for n in TABLES} | {
            "result.json",
            "roster.xlsx",
            "report.html",
        }
    write_run(small, target)
    assert read_run(target).result == small.result


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_a_broken_result_is_refused_with_its_file(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(RunError, match=r"result\.json"):
        read_run(tmp_path)


def test_a_table_without_a_column_is_refused_with_its_name(run, tmp_path):
    folder = write_run(run, tmp_path / "run")
    (folder / "days.csv").write_text("date,kind\n2026-12-07,workday\n")
    with pytest.raises(RunError, match="table days lacks name"):
        read_run(folder)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="not a run"):
        read_run(tmp_path)


def test_an_unknown_table_is_refused():
    with pytest.raises(ValueError, match="no table sales"):
        Run({}, {"sales": pd.DataFrame()})
