"""Tables for other programs: text stays text, types stay types."""

import sys

import pandas as pd
import pytest

from scenarios.export import export_run
from scenarios.export.tables import safe_text
from scenarios.runs import read_run, write_run
from tests.scenarios.export.conftest import SHIFTS, leave, make_run

RISKY = ['=HYPERLINK("http://x")', "+cmd", "-2", "@x", "\t=1", "＝1"]


def test_names_that_look_like_formulas_stay_text_in_csv(tmp_path):
    agents = [f"p{k}" for k in range(len(RISKY))]
    shifts = [(agent, *SHIFTS[2][1:]) for agent in agents]
    folder = leave(make_run(shifts, dict(zip(agents, RISKY, strict=True))), tmp_path / "run")
    out = export_run(folder, tmp_path / "out")
    written = pd.read_csv(out / "tables" / "schedule.csv", dtype=str, keep_default_na=False)
    assert written["name"].tolist() == [f"'{name}" for name in RISKY]
    assert read_run(folder).tables["schedule"]["name"].tolist() == RISKY


def test_other_text_and_negative_numbers_stay_as_they_are(run, tmp_path):
    folder = write_run(run, tmp_path / "run")
    out = export_run(folder, tmp_path / "out")
    for name in ("coverage", "cost", "checks", "forecast", "service"):
        assert (out / "tables" / f"{name}.csv").read_text("utf-8-sig") == (
            folder / f"{name}.csv"
        ).read_text("utf-8")
    assert safe_text("王小明") == "王小明"
    assert safe_text("a=b") == "a=b"


def test_parquet_keeps_values_and_types(run, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    folder = write_run(run, tmp_path / "run")
    out = export_run(folder, tmp_path / "out", table_format="parquet")
    kept = read_run(folder).tables
    assert {p.stem for p in (out / "tables").iterdir()} == set(kept)
    for name, table in kept.items():
        back = pd.read_parquet(out / "tables" / f"{name}.parquet")
        assert list(back) == list(table)
        for column in table:
            values = pd.to_datetime(back[column]) if column == "date" else back[column]
            pd.testing.assert_series_equal(
                values.astype(table[column].dtype), table[column], check_exact=True
            )
    types = {f.name: str(f.type) for f in pq.read_schema(out / "tables" / "schedule.parquet")}
    assert (types["date"], types["start"]) == ("date32[day]", "timestamp[ms]")
    assert (types["paid_hours"], types["name"]) == ("double", "string")
    types = {f.name: str(f.type) for f in pq.read_schema(out / "tables" / "service.parquet")}
    assert types["met"] == "bool"
    types = {f.name: str(f.type) for f in pq.read_schema(out / "tables" / "outliers.parquet")}
    assert types["queue"] == "string"
    types = {f.name: str(f.type) for f in pq.read_schema(out / "tables" / "requirement.parquet")}
    assert types["needed"] == "int64"


def test_without_pyarrow_parquet_says_what_to_install(nights, called, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    code, _, err = called("export", nights, "--out", tmp_path / "out", "--format", "parquet")
    assert code == 2
    assert "pyarrow" in err
    assert not (tmp_path / "out").exists()
