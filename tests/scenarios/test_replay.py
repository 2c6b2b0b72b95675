"""A finished run on stage again: the same people, the same figures, and real contacts by hand."""

import shutil

import numpy as np
import pandas as pd
import pytest

import scenarios.cli
from scenarios.errors import PlannerError
from scenarios.replay import COLUMNS, REPLAY_FILE, replay_run
from scenarios.restage import restage
from scenarios.run import schedule_frame, simulate_run
from scenarios.runs import RunError, read_run, write_run

HEADER = "queue,arrived,handle_s,waited_s,outcome"


@pytest.fixture(scope="module")
def folder(small_run, small_plan, tmp_path_factory):
    return write_run(small_run, tmp_path_factory.mktemp("replay") / "run", small_plan)


@pytest.fixture
def calls(tmp_path):
    """Write a file of contacts."""

    def write(*lines, header=HEADER):
        path = tmp_path / "calls.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def on_duty(run, moment):
    """People of the phone on shift at a moment outside any break."""
    rows = run.tables["schedule"]
    return int(
        ((rows["role"] == "agent") & (rows["start"] <= moment) & (rows["end"] > moment)).sum()
    )


def one(table, queue, period):
    rows = table[(table["queue"] == queue) & (table["period"] == period)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_roster_comes_back_with_its_people_shifts_and_breaks(small_run, folder):
    staged = restage(folder)
    names = dict(small_run.tables["agents"][["agent", "name"]].itertuples(index=False))
    again = schedule_frame(staged.problem, staged.roster, names)
    kept = small_run.tables["schedule"]
    assert again["agent"].tolist() == kept["agent"].tolist()
    assert pd.to_datetime(again["start"]).tolist() == kept["start"].tolist()
    rests = small_run.tables["activities"].query("activity == 'break'")
    assert len(staged.roster.breaks) == len(rests)
    assert {rest.name for rest in staged.roster.breaks} == {"lunch", "tea"}
    duty_h = (staged.scene.duty_end_s - staged.scene.duty_start_s).sum() / 3600
    shift_h = (kept["end"] - kept["start"]).dt.total_seconds().sum() / 3600
    rest_h = (rests["end"] - rests["start"]).dt.total_seconds().sum() / 3600
    assert duty_h == pytest.approx(shift_h - rest_h)


def test_as_many_replications_give_the_service_table_again(small_run, folder):
    again = simulate_run(folder, int(small_run.result["replications"]))
    kept = small_run.tables["service"]
    assert again["queue"].tolist() == kept["queue"].tolist()
    for column in ("target", "simulated", "low", "high"):
        np.testing.assert_allclose(again[column], kept[column].astype(float), atol=1e-9)
    np.testing.assert_allclose(again["predicted"], kept["predicted"], atol=2e-3)
    assert again["met"].tolist() == kept["met"].tolist()


def test_more_calls_at_once_than_people_by_hand(small_run, folder, calls):
    """Each takes one for ten minutes; the last caller hangs up after half a minute."""
    people = on_duty(small_run, pd.Timestamp("2026-12-08 09:30"))
    served = ["phone,2026-12-08T09:30:00,600,0,served"] * people
    table = replay_run(folder, calls(*served, "phone,2026-12-08 09:30:01,,30,abandoned"))
    day = one(table, "phone", "2026-12-08")
    assert day["offered"] == people + 1
    assert day["replayed"] == pytest.approx(people / (people + 1), abs=1e-4)
    assert day["target"] == pytest.approx(0.8)
    assert 0 <= day["low"] <= day["simulated"] <= day["high"] <= 1
    assert set(table["period"]) == {"2026-12-08", "2026-12-07 to 2026-12-13"}


def test_sums_weigh_days_by_their_real_contacts(folder, calls):
    tuesday = [f"phone,2026-12-08T09:{m:02d}:00,60,0,served" for m in range(0, 60, 20)]
    friday = ["phone,2026-12-11T10:00:00,60,,served"]
    mails = ["email,2026-12-08T09:00:00,300,,served"]
    table = replay_run(folder, calls(*tuesday, *friday, *mails))
    assert tuple(table) == COLUMNS
    whole = "2026-12-07 to 2026-12-13"
    days = [one(table, "phone", day) for day in ("2026-12-08", "2026-12-11")]
    week = one(table, "phone", whole)
    for column in ("promised", "simulated", "replayed"):
        by_hand = (3 * days[0][column] + days[1][column]) / 4
        assert week[column] == pytest.approx(by_hand, abs=1e-4)
    everyone = table[(table["queue"] == "all") & (table["period"] == whole)].set_index("measure")
    assert everyone.loc["answered_within", "offered"] == 4
    assert everyone.loc["replied_within", "offered"] == 1
    assert everyone["replayed"].tolist() == [1.0, 1.0]


def test_the_table_is_kept_beside_the_others(folder, calls):
    before = read_run(folder)
    table = replay_run(folder, calls("phone,2026-12-08T09:30:00,60,0,served"))
    kept = pd.read_csv(folder / REPLAY_FILE)
    pd.testing.assert_frame_equal(kept, table, check_dtype=False)
    assert read_run(folder).result == before.result
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


BAD = {
    "an unknown queue": ("fax,2026-12-08T09:30:00,60,0,served", "row 2, column queue", "fax"),
    "a post": ("lead,2026-12-08T09:30:00,60,0,served", "column queue", "lead"),
    "no time": ("phone,soon,60,0,served", "row 2, column arrived", "soon"),
    "a time with a zone": ("phone,2026-12-08T09:30:00Z,60,0,served", "arrived", "local time"),
    "text for a number": ("phone,2026-12-08T09:30:00,long,0,served", "handle_s", "long"),
    "a negative wait": ("phone,2026-12-08T09:30:00,60,-3,served", "waited_s", "-3"),
    "an endless call": ("phone,2026-12-08T09:30:00,inf,0,served", "handle_s", "inf"),
    "an outcome unheard of": ("phone,2026-12-08T09:30:00,60,0,lost", "outcome", "lost"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_fault_is_told_with_its_place(folder, calls, name):
    line, *said = BAD[name]
    with pytest.raises(PlannerError) as told:
        replay_run(folder, calls(line))
    assert all(text in str(told.value) for text in said)


def test_all_faults_are_told_at_once_but_not_a_thousand_of_a_kind(folder, calls):
    lines = [line for line, *_ in BAD.values()] + ["fax,2026-12-08T09:30:00,60,0,served"] * 1000
    with pytest.raises(PlannerError) as told:
        replay_run(folder, calls(*lines))
    text = str(told.value)
    assert all(f"column {c}" in text for c in ("queue", "arrived", "handle_s", "outcome"))
    assert "and 992 more rows like this" in text
    assert len(text.splitlines()) < 30


@pytest.mark.filterwarnings("ignore:.* contacts came outside")
@pytest.mark.parametrize(
    ("lines", "header", "said"),
    [
        ([], HEADER, "holds no contact"),
        (["phone,60"], "queue,handle_s", "arrived: is missing"),
        (["phone,2026-12-08T03:30:00,60,0,served"], HEADER, "no contact came while"),
        (["phone,2027-12-08T09:30:00,60,0,served"], HEADER, "no contact came while"),
    ],
)
def test_a_file_that_says_nothing_is_refused(folder, calls, lines, header, said):
    with pytest.raises(PlannerError, match=said):
        replay_run(folder, calls(*lines, header=header))


def test_the_command_ends_with_2_on_a_bad_file(folder, calls, monkeypatch, capsys):
    path = calls("fax,never,60,0,served")
    monkeypatch.setattr("sys.argv", ["staffing", "simulate", str(folder), "--replay", str(path)])
    with pytest.raises(SystemExit) as ended:
        scenarios.cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "fax" in said
    assert "never" in said


def test_a_run_without_its_plan_is_refused(small_run, tmp_path):
    bare = write_run(small_run, tmp_path / "bare")
    with pytest.raises(RunError, match="keeps no plan"):
        restage(bare)


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("schedule.csv", ",D,", ",X,", "shift X"),
        ("agents.csv", ",staff,", ",sailor,", "sailor"),
        ("activities.csv", "S1,", "S9,", "S9"),
    ],
)
def test_tables_of_another_plan_are_refused(folder, tmp_path, table, old, new, said):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    file = other / table
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(RunError, match=said):
        restage(other)


def test_contacts_outside_the_plan_are_left_out_and_told(folder, calls, monkeypatch, capsys):
    inside = "phone,2026-12-08T09:30:00,60,0,served"
    path = calls(inside, "phone,2026-12-08T03:30:00,60,0,served")
    monkeypatch.setattr("sys.argv", ["staffing", "simulate", str(folder), "--replay", str(path)])
    scenarios.cli.app(standalone_mode=False)
    assert "Note: 1 of 2 contacts came outside" in capsys.readouterr().err
