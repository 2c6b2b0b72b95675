"""The folder of an export: whole or not at all, never over something else."""

import json

import pytest

from scenarios.export import export_run
from scenarios.export import folder as export_folder
from scenarios.runs import RunError, write_run
from tests.scenarios.export.conftest import leave, make_run


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_export_says_what_it_is_of(nights, tmp_path):
    about = json.loads((export_run(nights, tmp_path / "out") / "export.json").read_text("utf-8"))
    assert (about["name"], about["seed"], about["inputs_hash"]) == ("Nights", 7, "0123abcd")


def test_the_same_run_gives_the_same_bytes_and_is_only_read(nights, tmp_path):
    before = files_of(nights)
    one, two = (files_of(export_run(nights, tmp_path / name)) for name in ("one", "two"))
    assert one == two
    assert files_of(nights) == before


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda run: (run / "result.json").unlink(), "not a run"),
        (lambda run: (run / "result.json").write_text("{"), "cannot be read"),
        (lambda run: (run / "result.json").write_text('{"name": "x"}'), "days planned"),
        (lambda run: (run / "schedule.csv").unlink(), "schedule.csv is missing"),
        (lambda run: (run / "schedule.csv").write_text("agent\nn1\n"), "lacks date"),
        (lambda run: swap(run / "schedule.csv", "2027-03-28 13:00", ""), "row 4: no person"),
        (lambda run: swap(run / "schedule.csv", "n1,2027-03-26", "n1,2026-03-26"), "not a day"),
        (lambda run: swap(run / "result.json", '"cost": 1.0', '"cost": "x"'), "cost is no number"),
        (lambda run: swap(run / "plan" / "plan.toml", "Berlin", "Nowhere"), "no known time zone"),
        (lambda run: (run / "plan" / "plan.toml").write_text("="), "cannot be read"),
    ],
)
def test_a_damaged_run_is_refused_and_nothing_written(nights, called, tmp_path, spoil, said):
    spoil(nights)
    code, _, err = called("export", nights, "--out", tmp_path / "out")
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def swap(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("target", ["run", "other"])
def test_a_folder_with_other_files_is_left_alone(nights, called, tmp_path, target):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "report.html").write_text("mine")
    before = files_of(tmp_path)
    code, _, err = called("export", nights, "--out", tmp_path / target)
    assert code == 2
    assert "holds other files" in err
    assert files_of(tmp_path) == before


def test_a_failure_while_writing_leaves_the_former_export(nights, tmp_path, monkeypatch):
    out = export_run(nights, tmp_path / "out")
    before = files_of(out)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_folder, "write_tables", fail)
    other = leave(make_run(plan="Other"), tmp_path / "other")
    with pytest.raises(RunError, match="No space left"):
        export_run(other, out)
    assert files_of(out) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other", "out", "run"]


def test_the_command_writes_beside_the_run_and_says_where(run, called, tmp_path):
    folder = write_run(run, tmp_path / "run")
    code, out, _ = called("export", folder)
    assert code == 0
    assert "run-export" in out
    assert {p.name for p in (tmp_path / "run-export").iterdir()} >= {
        "calendars", "tables", "export.json"
    }  # fmt: skip


def test_an_unknown_language_or_format_is_refused(nights, called, tmp_path):
    for option, value, said in (("--lang", "fr", "en, zh"), ("--format", "xls", "csv, parquet")):
        code, _, err = called("export", nights, option, value)
        assert code == 2
        assert said in err
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
