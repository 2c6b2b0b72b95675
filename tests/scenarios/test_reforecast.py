"""A run planned anew for a new forecast: past and price of change, and a folder that says so."""

import numpy as np
import pytest

from scenarios.errors import PlannerError
from scenarios.reforecast import read_forecast, reforecast_run
from scenarios.restage import restage
from scenarios.runs import write_run

HEADER = "queue,start,volume"


@pytest.fixture(scope="module")
def folder(small_run, small_plan, tmp_path_factory):
    return write_run(small_run, tmp_path_factory.mktemp("reforecast") / "run", small_plan)


@pytest.fixture
def file(tmp_path):
    """Write a forecast."""

    def write(*lines, header=HEADER):
        path = tmp_path / "forecast.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def test_twice_the_calls_on_friday_change_nothing_before_it(small_run, folder, file, tmp_path):
    lines = [f"phone,2026-12-11T{hour:02d}:00,24" for hour in range(9, 17)]
    run, plan = reforecast_run(folder, file(*lines))
    told = run.result["repair"]
    assert told["first_day"] == "2026-12-11"
    assert (run.tables["changes"]["date"] >= "2026-12-11").all()
    keys = ["agent", "date", "shift", "start", "end"]
    old, new = (t[t["date"] < "2026-12-11"][keys] for t in (
        small_run.tables["schedule"], run.tables["schedule"]))  # fmt: skip
    assert {*old.itertuples(index=False, name=None)} == {*new.itertuples(index=False, name=None)}
    table = run.tables["forecast"].set_index(["queue", "start"])["volume"]
    assert table.loc[("phone", "2026-12-11 09:00")] == 24
    broken = run.tables["checks"]
    assert not len(broken[broken["mode"] == "law"])
    again = restage(write_run(run, tmp_path / "again", plan))
    number = [q.name for q in again.demand.queues].index("phone")
    friday = again.demand.volume[number].reshape(-1, 24)[4, 9:17]
    assert np.allclose(friday, 24)


def test_the_same_forecast_is_nothing_to_repair(folder):
    with pytest.raises(PlannerError, match="nothing to repair"):
        reforecast_run(folder, folder / "forecast.csv")


def test_every_fault_of_the_file_is_told_at_once(folder, file):
    path = file(
        "fone,2026-12-11T09:00,5", "phone,2026-12-11T09:10,5", "phone,2026-12-11T10:00,-1",
        "phone,2026-12-11T11:00,many", "lead,2026-12-11T09:00,1",
    )  # fmt: skip
    with pytest.raises(PlannerError) as caught:
        read_forecast(path, restage(folder))
    text = str(caught.value)
    for row, read in enumerate(("fone", "09:10", "-1", "many", "lead"), 2):
        assert any(f"row {row}" in line and read in line for line in text.splitlines()), text


def test_columns_are_told(folder, file):
    with pytest.raises(PlannerError, match="volume"):
        read_forecast(file("phone,2026-12-11T09:00", header="queue,start"), restage(folder))
