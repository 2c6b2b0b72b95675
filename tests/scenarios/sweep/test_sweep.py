"""Sweeps: whole runs at every point, none lost, none planned twice, whoever is killed."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import joblib
import pandas as pd
import pytest

import scenarios.cli
from scenarios.errors import PlannerError
from scenarios.overrides import apply_scenario
from scenarios.plan import load, write_folder
from scenarios.run import plan_run
from scenarios.runs import read_run
from scenarios.sweep import points_of, sweep, vary
from scenarios.sweep.backend import backend_of
from scenarios.sweep.table import sweep_table
from scenarios.sweep.work import forecast_of
from tests.scenarios.smallplan import changed, with_settings

SHARES = "targets.phone.share=0.7,0.75,0.8"
LOW_SHARES = "targets.phone.share=0.5,0.55,0.6,0.65"


def written(folder: Path) -> dict[str, int]:
    """When each point was written."""
    return {one.parent.name: one.stat().st_mtime_ns for one in folder.glob("points/*/result.json")}


@pytest.fixture(scope="module")
def tiny(small_plan):
    """One queue and two people: half a second a point."""
    phone = small_plan.history[small_plan.history["queue"] == "phone"]
    return replace(
        small_plan, queues=small_plan.queues[:1], targets=small_plan.targets[:1],
        roles=small_plan.roles[:1], contracts=small_plan.contracts[:1],
        agents=small_plan.agents[:2], shifts=small_plan.shifts[:1], budget=(),
        history=phone.reset_index(drop=True),
    )  # fmt: skip


@pytest.fixture(scope="module")
def done(tiny, tmp_path_factory):
    """A sweep by the command: exit code, plan's folder, sweep's folder."""
    root = tmp_path_factory.mktemp("sweep")
    plan = root / "plan"
    write_folder(tiny, plan)
    arguments = ["sweep", plan, "--vary", SHARES, "--workers", "1", "--out", root / "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["staffing", *map(str, arguments)])
        patch.chdir(root)
        with pytest.raises(SystemExit) as ended:
            scenarios.cli.main()
    return int(ended.value.code or 0), plan, root / "out"


class TestResult:
    """What a sweep leaves."""

    def test_every_point_is_a_whole_run_with_bound_and_simulated_service(self, done):
        code, _, folder = done
        table = pd.read_csv(folder / "sweep.csv")
        assert code == 0
        assert table["targets.phone.share"].tolist() == [0.7, 0.75, 0.8]
        assert (table["bound"] <= table["cost"] + 0.01).all()
        assert (table["exit_code"] == 0).all()
        for row in table.to_dict("records"):
            run = read_run(row["folder"])
            service = run.tables["service"]
            phone = service[service["measure"] == "answered_within"].iloc[0]
            assert phone["target"] == row["targets.phone.share"]
            assert phone["low"] <= phone["simulated"] <= phone["high"]
            assert row["phone answered_within"] == pytest.approx(phone["simulated"], abs=1e-9)
            assert row["phone answered_within low"] >= phone["target"] - 0.01
            assert row["cost"] == pytest.approx(run.tables["cost"]["amount"].sum(), abs=0.01)
            assert row["hours"] == pytest.approx(run.tables["schedule"]["paid_hours"].sum())
            assert run.result["replications"] >= 200
            assert row["hours"] == row["hours staff"]

    def test_all_but_the_first_start_from_a_neighbour(self, done):
        table = pd.read_csv(done[2] / "sweep.csv")
        started = table.set_index("targets.phone.share")["started_from"]
        assert pd.isna(started[0.8])
        assert started[0.75] == "targets.phone.share=0.8"
        assert started[0.7] == "targets.phone.share=0.75"

    def test_a_point_can_be_simulated_anew_from_its_folder_alone(self, done):
        from scenarios.run import simulate_run

        folder = next(path for path in (done[2] / "points").iterdir())
        run = read_run(folder)
        again = simulate_run(folder, int(run.result["replications"]))
        assert again["simulated"].dropna().tolist() == pytest.approx(
            run.tables["service"]["simulated"].dropna().tolist(), abs=1e-9
        )

    def test_pictures_show_cost_bound_and_service(self, done):
        drawn = (done[2] / "sweep.svg").read_text(encoding="utf-8")
        assert drawn.startswith("<svg")
        assert "nan" not in drawn
        for text in ("Small desk", "bound", ">phone<", "Paid hours by contract"):
            assert text in drawn

    def test_again_nothing_is_planned_and_one_more_value_is_one_more_point(self, done):
        _, plan, folder = done
        before, said = written(folder), []
        found = sweep(load(plan), [SHARES], folder, say=said.append)
        assert said == ["3 of 3 points are there already"]
        assert written(folder) == before
        assert found.exit_code == 0
        more, said = [], []
        sweep(load(plan), [SHARES + ",0.72"], folder, workers=1, say=said.append, enter=more.append)
        assert len(more) == 1
        assert {name: when for name, when in written(folder).items() if name in before} == before


class TestSeveral:
    """Several things varied."""

    VARIED = ("targets.phone.share=0.5,0.6", "contracts.staff.wage_per_hour=60,66")

    def test_a_grid_has_all_combinations_and_a_line_for_each_of_the_second(self, tiny, tmp_path):
        found = sweep(tiny, self.VARIED, tmp_path / "out", workers=1)
        cost = found.table.set_index([one.name for one in found.varied])["cost"]
        assert cost["0.5", "66"] == pytest.approx(1.1 * cost["0.5", "60"])
        drawn = (tmp_path / "out" / "sweep.svg").read_text(encoding="utf-8")
        assert ">60<" in drawn
        assert ">66<" in drawn

    def test_one_at_a_time_holds_everything_else_as_the_plan_has_it(self, tiny, tmp_path):
        found = sweep(tiny, self.VARIED, tmp_path / "out", workers=1, one_at_a_time=True)
        table = found.table
        assert pd.isna(table.iloc[0]["started_from"])
        assert table[found.varied[0].name].tolist() == ["", "0.5", "0.6", "", ""]
        assert table["cost"].iloc[4] == pytest.approx(1.1 * table["cost"].iloc[3])
        drawn = (tmp_path / "out" / "sweep.svg").read_text(encoding="utf-8")
        assert drawn.count("proved to be the least") == 2


class TestFaults:
    """Told before anything is planned, nothing written."""

    @pytest.mark.parametrize(
        ("wanted", "options", "told"),
        [
            ([], {}, "say what varies"),
            (["targets.fone.share=1", "queues.phone.ath_s=1"], {}, "matches no row"),
            ([SHARES], {"workers": 10_000}, "is more than the"),
            ([SHARES], {"backend": "spark://x"}, "--backend is loky or dask"),
            ([SHARES], {"scenario": "strike"}, "is no scenario"),
        ],
    )
    def test_bad_wishes(self, small_plan, tmp_path, wanted, options, told):
        with pytest.raises(PlannerError, match=told):
            sweep(small_plan, wanted, tmp_path / "out", **options)
        assert not list(tmp_path.glob("out/*"))

    def test_a_folder_with_something_else_is_refused(self, small_plan, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(PlannerError, match="holds other files"):
            sweep(small_plan, [SHARES], tmp_path)

    def test_a_stopped_sweep_says_what_was_not_planned(self, small_plan, tmp_path):
        found = sweep(small_plan, [SHARES], tmp_path / "out", workers=1, stop=lambda: True)
        assert found.table["status"].tolist() == ["not planned"] * 3
        assert found.exit_code == 1
        assert [file.name for file in found.files] == ["sweep.csv"]

    def test_a_point_that_cannot_be_planned_has_its_reason(self, small_plan):
        varied = [vary(small_plan, SHARES)]
        table = sweep_table(varied, points_of(varied), {}, {2: "the contracts contradict"}, {})
        assert table["status"].tolist() == ["not planned", "impossible", "not planned"]
        assert table["note"].tolist() == ["", "the contracts contradict", ""]


class TestStart:
    """Beginning with a neighbour."""

    def test_growth_and_targets_need_no_other_forecast(self, small_plan):
        first = forecast_of(small_plan)
        grown = forecast_of(with_settings(small_plan, forecast={"growth": 0.5}))
        assert grown.table["volume"].tolist() == pytest.approx(
            (1.5 * first.table["volume"]).tolist()
        )
        longer = forecast_of(with_settings(small_plan, weeks=2))
        assert len(longer.table) == 2 * len(first.table)

    def test_a_run_that_does_not_fit_is_no_start_and_no_harm(self, tiny, done):
        """Another shift: the neighbour's roster is of shifts that there are no more."""
        other = changed(tiny, "shifts", {"shift": "D"}, length_h=7.0)
        start = read_run(next(iter((done[2] / "points").iterdir())))
        run = plan_run(other, starts=[start])
        # An hour's lunch is unpaid.
        assert (run.tables["schedule"]["paid_hours"] == 6).all()
        assert len(run.tables["schedule"])

    def test_the_same_plan_keeps_the_roster_it_starts_from(self, done):
        folder = next(iter(sorted((done[2] / "points").iterdir())))
        start = read_run(folder)
        plan = load(folder / "plan")
        run = plan_run(plan, scenario=start.result["scenario"], starts=[start])
        assert run.tables["schedule"].to_csv() == start.tables["schedule"].to_csv()
        assert run.result["cost"] == start.result["cost"]
        assert apply_scenario(plan, start.result["scenario"]).targets[0].share == 0.7


def test_a_killed_sweep_goes_on_where_it_was(tiny, tmp_path):
    out = tmp_path / "out"
    write_folder(tiny, tmp_path / "plan")
    command = [
        sys.executable, "-m", "scenarios.cli", "sweep", str(tmp_path / "plan"), "--vary",
        LOW_SHARES, "--workers", "1", "--out", str(out),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        for line in process.stderr:
            if line.startswith("1/4"):
                process.kill()
    before = written(out)
    assert 1 <= len(before) < 4
    said = []
    plan = load(tmp_path / "plan")
    found = sweep(plan, [LOW_SHARES], out, workers=1, say=said.append)
    assert said[0] == f"{len(before)} of 4 points are there already"
    assert found.exit_code == 0
    after = written(out)
    assert len(after) == 4
    assert {name: after[name] for name in before} == before


def children(of: int) -> list[int]:
    """Processes that a process has started and that plan points."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(re.sub(r".*\)", "", file.read_text()).split()[1])
            is_worker = "popen_loky" in (file.parent / "cmdline").read_text()
        except (OSError, IndexError):
            continue
        if parent == of and is_worker:
            found.append(int(file.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to find processes")
@pytest.mark.skipif(joblib.cpu_count() < 2, reason="needs two cores")
def test_a_killed_process_loses_no_point(tiny, tmp_path):
    entered, killed = [], []

    def kill(text):
        if text.startswith("1/4"):
            for pid in children(os.getpid()):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    found = sweep(tiny, [LOW_SHARES], tmp_path / "out", workers=2, say=kill, enter=entered.append)
    assert killed
    assert len(found.runs) == 4
    assert len(entered) == len(set(entered)) == 4


class TestCluster:
    """A Dask cluster of two worker processes on this machine."""

    @pytest.fixture
    def cluster(self):
        distributed = pytest.importorskip("dask.distributed")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster:
            yield cluster

    def test_a_worker_killed_midway_loses_no_point_and_none_is_kept_twice(
        self, cluster, tiny, tmp_path
    ):
        from dask.distributed import Client

        entered, killed = [], []
        with Client(cluster) as client:

            def kill(text):
                """Kill the worker that is planning a point while another is done."""
                if text.startswith("2/4"):
                    pids = client.run(os.getpid)
                    busy = [one for one, keys in client.processing().items() if keys]
                    os.kill(pids[busy[0] if busy else next(iter(pids))], signal.SIGKILL)
                    killed.append(busy)

            found = sweep(
                tiny,
                [LOW_SHARES],
                tmp_path / "out",
                backend=f"dask://{cluster.scheduler_address.removeprefix('tcp://')}",
                say=kill,
                enter=entered.append,
            )
        assert killed
        assert len(found.runs) == 4
        assert len(entered) == len(set(entered)) == 4
        assert set(found.table["status"]) <= {"optimal", "feasible"}

    def test_workers_with_several_threads_are_refused(self, tmp_path):
        distributed = pytest.importorskip("dask.distributed")
        with distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None,
            scheduler_port=0, protocol="tcp",
        ) as cluster:  # fmt: skip
            address = cluster.scheduler_address.removeprefix("tcp://")
            with (
                pytest.raises(PlannerError, match="--nthreads 1"),
                backend_of(f"dask://{address}", None, 3),
            ):
                pass

    def test_a_cluster_that_is_not_there_is_told(self):
        pytest.importorskip("dask.distributed")
        with (
            pytest.raises(PlannerError, match="no Dask scheduler answers"),
            backend_of("dask://127.0.0.1:9", None, 3),
        ):
            pass


def test_workers_times_threads_are_never_more_than_the_cores():
    cores = joblib.cpu_count()
    for workers in range(1, cores + 1):
        for points in (1, 2, 50):
            with backend_of("loky", workers, points) as where:
                assert where.workers * where.threads <= cores
                assert where.workers <= points
