"""A run repaired from its folder: a new folder, every change told, the old one untouched."""

import pandas as pd
import pytest
from typer.testing import CliRunner

import scenarios.cli
from scenarios.errors import PlannerError
from scenarios.repair import read_absences, repair_run
from scenarios.restage import restage
from scenarios.runs import read_run, write_run


@pytest.fixture(scope="module")
def folder(small_run, small_plan, tmp_path_factory):
    return write_run(small_run, tmp_path_factory.mktemp("repair") / "run", small_plan)


@pytest.fixture
def absences(tmp_path):
    """Write a file of absences."""

    def write(*lines, header="agent,from,to,kind"):
        path = tmp_path / "absences.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def first_shift(run, agent):
    rows = run.tables["schedule"]
    return rows[rows["agent"] == agent].iloc[0]


def tree(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_absent_person_works_no_more_and_the_rest_stays(small_run, folder, absences):
    shift = first_shift(small_run, "S1")
    before = tree(folder)
    run, plan = repair_run(folder, absences(f"S1,{shift['date']:%Y-%m-%d}"))
    assert tree(folder) == before
    rows = run.tables["schedule"]
    assert not ((rows["agent"] == "S1") & (rows["date"] == shift["date"])).any()
    changed = run.tables["changes"]
    absent = changed[changed["why"] == "absent"]
    assert absent[["agent", "after"]].values.tolist() == [["S1", ""]]
    kept = ["agent", "date", "shift", "start", "end"]
    moved = {(r.agent, r.date) for r in changed.itertuples()}
    for old, new in ((small_run.tables["schedule"], rows), (rows, small_run.tables["schedule"])):
        had = {tuple(r) for r in old[kept].itertuples(index=False)}
        has = {tuple(r) for r in new[kept].itertuples(index=False)}
        assert {(r[0], r[1]) for r in had - has} <= moved
    told = run.result["repair"]
    assert told["people_called"] + told["seats_open"] == told["shifts_left"] == 1
    assert run.result["cost"] == pytest.approx(run.tables["cost"]["amount"].sum(), abs=0.01)
    assert [(row.agent, row.kind) for row in plan.availability] == [("S1", "sick")]


def test_the_repaired_run_can_be_staged_and_repaired_again(small_run, folder, absences, tmp_path):
    shift = first_shift(small_run, "S2")
    run, plan = repair_run(folder, absences(f"S2,{shift['date']:%Y-%m-%d},,leave"))
    again = restage(write_run(run, tmp_path / "again", plan))
    assert {"changes.csv", "candidates.csv"} <= {p.name for p in (tmp_path / "again").iterdir()}
    s2 = next(agent for agent in again.problem.agents if agent.name == "S2")
    assert s2.paid_away == {again.problem.grid.day(shift["date"].date())}
    assert not (folder / "changes.csv").exists()


def test_every_fault_of_the_file_is_told_at_once(folder, absences):
    path = absences(
        "S9,2026-12-07", "S1,yesterday", "S1,2027-01-01", "S1,2026-12-09,2026-12-08",
        "S1,2026-12-07,,holiday",
    )  # fmt: skip
    with pytest.raises(PlannerError) as caught:
        read_absences(path, restage(folder))
    text = str(caught.value)
    for row, read in enumerate(("S9", "yesterday", "2027-01-01", "2026-12-08", "holiday"), 2):
        assert any(f"row {row}" in line and read in line for line in text.splitlines()), text


@pytest.mark.parametrize(
    ("header", "said"), [("agent,day", "from"), ("agent,from,reason", "reason")]
)
def test_columns_are_told(folder, absences, header, said):
    with pytest.raises(PlannerError, match=said):
        read_absences(absences("S1,2026-12-07", header=header), restage(folder))


def test_a_file_without_rows_is_refused(folder, absences):
    with pytest.raises(PlannerError, match="no absence"):
        read_absences(absences(), restage(folder))


def test_the_command_writes_a_new_folder_and_says_who_is_called(small_run, folder, absences):
    shift = first_shift(small_run, "C1")
    path = absences(f"C1,{shift['date']:%Y-%m-%d}")
    told = CliRunner().invoke(scenarios.cli.app, ["repair", str(folder), "--absences", str(path)])
    assert "1 shifts left, 0 people called, 1 seats open" in told.output
    assert told.exit_code == 1
    run = read_run(folder.with_name("run-repaired"))
    assert run.result["repair"]["seats_open"] == 1
    assert pd.isna(run.tables["changes"]["after"].iloc[0]) or not run.tables["changes"]["after"][0]


def test_the_run_itself_is_no_place_for_the_repair(folder, absences):
    path = absences("S1,2026-12-07")
    told = CliRunner().invoke(
        scenarios.cli.app, ["repair", str(folder), "--absences", str(path), "--out", str(folder)]
    )
    assert isinstance(told.exception, PlannerError)
    assert "the run itself" in str(told.exception)
