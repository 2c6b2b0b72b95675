"""The command: quick help, verbs that work, messages instead of tracebacks."""

import subprocess
import sys

import openpyxl
import pytest

from scenarios.examples import example_names
from scenarios.runs import write_run

EXAMPLES = list(example_names())


def staffing(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scenarios.cli", *map(str, args)],
        capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip


def test_help_loads_no_heavy_library():
    code = (
        "import sys, scenarios.cli\n"
        "heavy = {'numpy', 'pandas', 'ortools', 'numba', 'openpyxl', 'holidays', 'pydantic',"
        " 'rich.console'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_lists_the_verbs(called):
    code, out, _ = called("--help")
    assert code == 0
    verbs = "init check forecast require plan compare simulate export import-roster"
    for verb in verbs.split():
        assert f"  {verb} " in out


@pytest.mark.skipif(not EXAMPLES, reason="no examples in this tree")
def test_init_lists_and_copies_examples(called, tmp_path):
    code, out, _ = called("init")
    assert code == 0
    assert all(name in out for name in EXAMPLES)
    code, _, _ = called("init", tmp_path / "mine", "--example", EXAMPLES[0])
    assert code == 0
    assert (tmp_path / "mine" / "plan.toml").is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.skipif(not EXAMPLES, reason="no examples in this tree")
def test_init_refuses_a_folder_that_holds_something(called, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    code, _, err = called("init", tmp_path, "--example", EXAMPLES[0])
    assert code == 2
    assert "not empty" in err
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_init_of_an_unknown_example_names_the_known_ones(called, tmp_path):
    code, _, err = called("init", tmp_path / "x", "--example", "nope")
    assert code == 2
    assert all(name in err for name in EXAMPLES)
    assert not (tmp_path / "x").exists()


def test_export_writes_a_workbook_in_either_language(run, called, tmp_path):
    folder = write_run(run, tmp_path / "run")
    code, out, _ = called("export", folder, "--xlsx", tmp_path / "team.xlsx", "--lang", "zh")
    assert code == 0
    assert str(tmp_path / "team.xlsx") in out
    assert openpyxl.load_workbook(tmp_path / "team.xlsx").sheetnames[0] == "摘要"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--xlsx", "team.csv"), "ends in .xlsx"),
        (("--xlsx", "team.xlsx", "--lang", "fr"), "one of en, zh"),
        (("--xlsx", "plan.toml/team.xlsx"), "cannot be written"),
    ],
)
def test_export_says_what_it_cannot_do(run, called, tmp_path, monkeypatch, args, said):
    folder = write_run(run, tmp_path / "run")
    (tmp_path / "plan.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    code, _, err = called("export", folder, *args)
    assert code == 2
    assert said in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.toml", "run"]


@pytest.mark.parametrize("verb", [("export", "--xlsx", "x.xlsx"), ("simulate",)])
def test_a_folder_that_is_no_run_is_refused(called, tmp_path, verb):
    code, _, err = called(verb[0], tmp_path, *verb[1:])
    assert code == 2
    assert "not a run" in err


def test_bad_usage_ends_with_2(called):
    assert called("plan")[0] == 2
    assert called("nonsense")[0] == 2


def test_check_counts_the_defaults_and_lists_them_when_asked(called, tmp_path):
    called("init", tmp_path / "plan", "--example", "cloud_crm")
    code, out, _ = called("check", tmp_path / "plan")
    assert code == 0
    assert "can be planned" in out
    assert "(--defaults lists them)" in out
    assert len(called("check", tmp_path / "plan", "--defaults")[1]) > len(out)


def test_check_tells_every_fault_of_a_plan_with_its_place(called, tmp_path):
    called("init", tmp_path / "plan", "--example", "cloud_crm")
    queues = tmp_path / "plan" / "queues.csv"
    head, first, *rest = queues.read_text("utf-8").splitlines()
    cells = first.split(",")
    cells[head.split(",").index("aht_s")] = "-5"
    cells[head.split(",").index("channel")] = "pigeon"
    queues.write_text("\n".join([head, ",".join(cells), *rest]), "utf-8")
    code, _, err = called("check", tmp_path / "plan")
    assert code == 2
    assert "queues.csv" in err
    assert "row 2" in err
    assert "-5" in err
    assert "pigeon" in err


def test_a_missing_plan_is_a_message_not_a_traceback(tmp_path):
    done = staffing("check", tmp_path / "none")
    assert done.returncode == 2
    assert "none" in done.stderr
    assert "Traceback" not in done.stderr


def test_estimate_reads_a_log_and_writes_two_tables(called, tmp_path):
    (tmp_path / "calls.csv").write_text(
        "queue,arrived,answered,ended,outcome\n"
        "phone,2025-01-06 09:00:00,2025-01-06 09:00:20,2025-01-06 09:03:20,handled\n"
        "phone,2025-01-06 09:05:00,,2025-01-06 09:05:40,abandoned\n"
    )
    code, out, _ = called("estimate", tmp_path / "calls.csv", "--out", tmp_path / "found.csv")
    assert code == 0
    assert "phone" in out
    assert (tmp_path / "found.csv").read_text().splitlines()[1].startswith("phone,2,180.0,0.0,60.0")
    assert len((tmp_path / "found-hours.csv").read_text().splitlines()) == 1 + 7 * 24


@pytest.mark.parametrize("text", ["", "queue,when\nphone,now\n", "queue,arrived\nphone,soon\n"])
def test_estimate_refuses_a_log_that_tells_nothing(called, tmp_path, text):
    (tmp_path / "calls.csv").write_text(text)
    code, _, err = called("estimate", tmp_path / "calls.csv")
    assert code == 2
    assert "cannot be used as a log" in err
