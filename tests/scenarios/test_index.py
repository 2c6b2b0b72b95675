"""The index of runs: true to the folders, whoever writes, whatever happened to it."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from scenarios.command import run_folder
from scenarios.errors import PlannerError
from scenarios.index import INDEX_FILE, RunIndex, index_of_here, register
from scenarios.index_database import IndexUnavailableError
from scenarios.runs import write_run
from tests.scenarios.postgres import server

RESULT = {
    "name": "Desk", "scenario": "base", "status": "optimal", "cost": 100.5, "penalties": 0.0,
    "bound": 100.0, "gap": 0.005, "currency": "CNY", "start": "2026-12-07", "days": 28, "seed": 1,
    "replications": 600, "occupancy": 0.8, "cpu_s": 2.5, "inputs_hash": "0123abcd",
    "versions": {"numpy": "2.0"}, "exit_code": 0,
    "people": [
        {"contract": "a", "heads": 2, "hours": 80.0, "cost": 60.0},
        {"contract": "b", "heads": 1, "hours": 20.25, "cost": 40.5},
    ],
}  # fmt: skip


def make(root: Path, place: str, /, **values: object) -> Path:
    """A folder that looks like a run to the index."""
    folder = root / place
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({**RESULT, **values}), encoding="utf-8")
    return folder


def rows(index: RunIndex) -> dict[str, str]:
    """What is in the database, without a look at the folders: scenario by folder."""
    return {one.folder: one.scenario for one in index._database.rows()}


@pytest.fixture(scope="module")
def postgres():
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def index(request, tmp_path):
    """An index beside the runs, and one in a database of its own on a real server."""
    root = tmp_path / "runs"
    root.mkdir()
    if request.param == "sqlite":
        return RunIndex(root)
    sqlalchemy = pytest.importorskip("sqlalchemy")
    url = sqlalchemy.make_url(request.getfixturevalue("postgres"))
    name = f"team{abs(hash(str(tmp_path)))}"
    engine = sqlalchemy.create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT",
        connect_args={"client_encoding": "utf8"},
    )  # fmt: skip
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return RunIndex(root, url.set(database=name).render_as_string(hide_password=False))


@pytest.fixture
def called(called, monkeypatch, tmp_path):
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return called


class TestEntries:
    """What is known of a run."""

    def test_an_entry_says_what_its_result_says(self, index):
        folder = make(index.root, "desk/base-1")
        entry = index.add(folder)
        told = asdict(entry)
        for key in ("scenario", "status", "cost", "bound", "gap", "seed", "cpu_s", "inputs_hash"):
            assert told[key] == RESULT[key]
        assert (entry.plan, entry.heads, entry.hours) == ("Desk", 3, 100.25)
        assert json.loads(entry.versions) == RESULT["versions"]
        assert entry.held
        assert index.entries() == [entry]

    def test_the_latest_comes_first(self, index):
        for name, when in (("old", 1e9), ("new", 1.2e9), ("middle", 1.1e9)):
            os.utime(make(index.root, name, scenario=name) / "result.json", (when, when))
        assert [one.scenario for one in index.entries()] == ["new", "middle", "old"]

    def test_a_run_is_found_by_the_digits_of_its_id_and_by_its_folder(self, index):
        one, _ = (index.add(make(index.root, f"r{k}")) for k in range(2))
        assert index.find(one.id[:8]) == one
        assert index.find(str(index.root / "r0")) == one
        for wrong in ("", "zzzz", one.id[:3], str(index.root)):
            with pytest.raises(PlannerError, match="is no run of"):
                index.find(wrong)

    def test_what_another_hand_wrote_into_a_result_does_no_harm(self, index):
        odd = {"cost": "much", "seed": 1e300, "gap": float("nan"), "people": 7, "status": None}
        entry = index.add(make(index.root, "odd", **odd, scenario="a\x00b'; DROP TABLE x; --"))
        assert (entry.cost, entry.seed, entry.gap, entry.status) == (None, None, None, "")
        assert index.entries() == [entry]


class TestFoldersAreTheTruth:
    """The index follows the folders."""

    def test_runs_that_were_never_entered_are_listed(self, index):
        make(index.root, "desk/a")
        make(index.root, "深/er/b", scenario="增长两成")
        make(index.root, ".hidden.partial-1/c")
        (index.root / "empty").mkdir()
        assert {one.folder.rsplit("/", 1)[1] for one in index.entries()} == {"a", "b"}

    def test_a_folder_that_is_gone_is_listed_no_more_and_a_changed_one_is_read_anew(self, index):
        make(index.root, "a")
        make(index.root, "b")
        index.entries()
        (index.root / "a" / "result.json").unlink()
        (index.root / "b" / "result.json").write_text(json.dumps({**RESULT, "scenario": "other"}))
        assert [one.scenario for one in index.entries()] == ["other"]
        assert list(rows(index).values()) == ["other"]

    def test_a_result_that_cannot_be_read_is_told_and_the_others_are_listed(self, index):
        make(index.root, "good")
        (make(index.root, "bad") / "result.json").write_text("{")
        (make(index.root, "list") / "result.json").write_text("[]")
        assert len(index.entries()) == 1
        assert len(index.unreadable) == 2
        assert "result.json cannot be read" in index.unreadable[0]

    def test_rebuilding_gives_the_same(self, index):
        for k in range(3):
            make(index.root, f"r{k}")
        before = index.entries()
        assert index.rebuild() == 3
        assert index.entries() == before

    @pytest.mark.parametrize("rubbish", [b"", b"no database " * 500, None])
    def test_a_damaged_or_missing_file_is_made_anew(self, tmp_path, rubbish):
        make(tmp_path, "a")
        assert len(RunIndex(tmp_path).entries()) == 1
        file = tmp_path / INDEX_FILE
        if rubbish is None:
            file.unlink()
        else:
            file.write_bytes(rubbish)
        make(tmp_path, "b")
        assert len(RunIndex(tmp_path).entries()) == 2

    def test_a_file_with_pages_overwritten_is_made_anew(self, tmp_path):
        for k in range(60):
            make(tmp_path, f"r{k}")
        RunIndex(tmp_path).entries()
        file = tmp_path / INDEX_FILE
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
        assert len(RunIndex(tmp_path).entries()) == 60

    def test_a_folder_that_is_not_there_makes_nobody_forget(self, index):
        index.add(make(index.root, "a"))
        away = index.root.rename(index.root.with_name("unmounted"))
        index.refresh()
        away.rename(index.root)
        assert len(rows(index)) == 1

    def test_other_folders_and_machines_of_a_team_are_left_alone(self, tmp_path, postgres):
        mine, theirs = RunIndex(tmp_path / "m", postgres), RunIndex(tmp_path / "t", postgres)
        mine.add(make(mine.root, "a", scenario="mine"))
        theirs._machine = "elsewhere"
        far = theirs.add(make(theirs.root, "a", scenario="theirs"))
        mine.rebuild()
        assert {one.scenario for one in mine.entries()} == {"mine", "theirs"}
        with pytest.raises(PlannerError, match="lies on elsewhere"):
            mine.remove(far)
        theirs.remove(far)


class TestRemoving:
    """A removed run is gone, folder and row; nothing else is."""

    def test_folder_and_row_go(self, index):
        kept, gone = (index.add(make(index.root, f"desk/{k}")) for k in "ab")
        index.remove(gone)
        assert index.entries() == [kept]
        assert [path.name for path in (index.root / "desk").iterdir()] == ["a"]

    def test_a_folder_that_is_gone_already_takes_its_row_with_it(self, index):
        entry = index.add(make(index.root, "a"))
        (index.root / "a" / "result.json").unlink()
        (index.root / "a").rmdir()
        index.remove(entry)
        assert rows(index) == {}


WRITER = """
import sys
from pathlib import Path
from scenarios.index import RunIndex
from tests.scenarios.test_index import make
root, url, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
for k in range(25):
    RunIndex(root, url).add(make(Path(root), f"{name}-{k}"))
"""


def test_two_processes_that_write_at_once_lose_nothing(index):
    """Each run is in the database by the writers' own doing: the folders are not looked at."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(index.root), index.url, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    assert len(rows(index)) == 50


class TestUnavailable:
    """An index that cannot be used never costs a run."""

    def test_it_is_said_loudly_and_the_run_is_kept(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        folder = make(tmp_path / "runs", "a")
        (tmp_path / "runs" / INDEX_FILE).mkdir()
        said = []
        register(folder, said.append)
        assert len(said) == 1
        assert said[0].startswith("NOT INDEXED: the run is whole in")
        assert "index.sqlite cannot be used" in said[0]

    def test_the_runs_beside_it_are_listed_all_the_same(self, tmp_path):
        make(tmp_path, "a")
        (tmp_path / INDEX_FILE).mkdir()
        index = RunIndex(tmp_path)
        assert [one.folder for one in index.entries()] == ["a"]
        assert "the folders were read one by one" in index.unreadable[0]

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("postgresql://u:secret@/x?host=/nowhere", "cannot be used"),
            ("mysql://u:secret@host/x", "is no URL that is understood"),
            ("not a url secret", "is no URL that is understood"),
        ],
    )
    def test_a_database_that_cannot_be_reached_is_told_without_its_password(
        self, tmp_path, url, why
    ):
        pytest.importorskip("psycopg")
        with pytest.raises(IndexUnavailableError, match=why) as caught:
            RunIndex(tmp_path, url).add(make(tmp_path, "a"))
        assert "secret" not in str(caught.value)

    def test_a_run_outside_the_folder_of_runs_is_not_entered_beside_them(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        said = []
        register(make(tmp_path, "elsewhere"), said.append)
        assert said == []
        assert not (tmp_path / "runs").exists()
        with pytest.raises(PlannerError, match="lies outside"):
            index_of_here().add(tmp_path / "elsewhere")


class TestFolder:
    """Folders of runs that nobody named."""

    def test_two_of_the_same_second_are_two_and_one_without_a_run_goes_again(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        with run_folder(None, "Desk", "base") as one, run_folder(None, "Desk", "base") as other:
            assert one != other
            assert one.parent == other.parent == Path("runs/desk")
            (one / "result.json").write_text("{}")
        assert one.is_dir()
        assert not other.exists()

    def test_the_variable_names_another_folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("STAFFING_RUNS", str(tmp_path / "kept"))
        with run_folder(None, "Desk", "base") as folder:
            assert folder.parent == Path("kept/desk")


class TestCommand:
    """`staffing runs`."""

    @pytest.fixture
    def three(self, tmp_path, run):
        root = tmp_path / "runs"
        write_run(run, root / "cloud" / "base-1")
        make(root, "desk/plus", name="Desk", scenario="plus", inputs_hash="ffff")
        make(root, "desk/late", name="Desk", scenario="late", status="unmet", exit_code=1)
        return root

    @pytest.mark.usefixtures("three")
    def test_list_and_find_choose(self, called):
        def scenarios_of(*args):
            code, _, _ = called("runs", *args, "--out", "found.csv")
            assert code == 0
            lines = Path("found.csv").read_text(encoding="utf-8").splitlines()
            column = lines[0].split(",").index("scenario")
            return {line.split(",")[column] for line in lines[1:]}

        assert scenarios_of("list") == {"base", "plus", "late"}
        assert scenarios_of("list", "--plan", "desk") == {"plus", "late"}
        assert scenarios_of("list", "--status", "unmet", "--plan", "desk") == {"late"}
        assert scenarios_of("list", "--scenario", "plus") == {"plus"}
        assert scenarios_of("list", "--before", "2020-01-01") == set()
        assert scenarios_of("list", "--since", "2020-01-01") == {"base", "plus", "late"}
        assert scenarios_of("find", "ffff") == {"plus"}
        assert scenarios_of("find", "CLOUD") == {"base"}

    @pytest.mark.usefixtures("three")
    def test_list_show_and_compare_print(self, called):
        code, out, _ = called("runs", "list")
        assert code == 0
        assert "desk/plus" in out
        code, out, _ = called("runs", "show", "runs/cloud/base-1")
        assert code == 0
        assert "0123abcd" in out
        assert "Anna" not in out
        code, _, err = called("runs", "compare", "runs/cloud/base-1")
        assert code == 2
        assert "two runs" in err

    def test_remove_asks_and_removes(self, called, three):
        code, out, _ = called("runs", "remove", "--plan", "desk", "--yes")
        assert (code, sorted(path.name for path in (three / "desk").iterdir())) == (0, [])
        assert "Removed: 2" in out
        code, _, err = called("runs", "remove")
        assert code == 2
        assert "say which" in err
        code, _, _ = called("runs", "remove", "runs/cloud/base-1", "--yes")
        assert code == 0
        assert not (three / "cloud" / "base-1").exists()

    @pytest.mark.usefixtures("three")
    def test_rebuild_counts(self, called):
        Path("runs", INDEX_FILE).write_bytes(b"rubbish" * 999)
        code, out, _ = called("runs", "rebuild")
        assert code == 0
        assert "3 runs" in out

    @pytest.mark.parametrize(
        ("args", "told"),
        [
            (("list",), "is no folder of runs"),
            (("list", "--runs", ".", "--status", "fine"), "--status is one of"),
            (("list", "--runs", ".", "--since", "yesterday"), "--since is a date"),
            (("find", "--runs", "."), "say what to find"),
            (("show", "nope", "--runs", "."), "is no run of"),
        ],
    )
    def test_faults_are_told(self, called, args, told):
        code, _, err = called("runs", *args)
        assert code == 2
        assert told in err

    def test_plan_keeps_its_run_below_runs_and_enters_it(self, called, tmp_path):
        from tests.scenarios.smallplan import write_small

        write_small(tmp_path / "plan")
        code, out, err = called("plan", "plan")
        assert code == 0, err
        (entry,) = RunIndex("runs")._database.rows()
        assert entry.folder.startswith("small-desk/base-")
        assert f"runs/{entry.folder}" in out.replace("\n", "")
        code, out, _ = called("runs", "find", "--inputs", "plan")
        assert code == 0
        assert entry.id[:8] in out
