"""The commands of docs/budget.md run as they stand, on two months instead of twelve."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.plan import load

DOCS = Path(__file__).resolve().parents[2] / "docs" / "budget.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def walked(tmp_path, monkeypatch):
    """All commands in their order, in an empty folder; the long solve is spared."""
    monkeypatch.chdir(tmp_path)
    Path("december.csv").write_text(blocks("csv")[0], encoding="utf-8")
    outputs = []
    for line in "".join(blocks("sh")).splitlines():
        words = shlex.split(line.replace("--months 12", "--months 2 --paths 20"))
        assert words[0] == "staffing"
        if words[1] == "budget" and "--run" not in words:
            words += ["--inefficiency", "1.1"]
        elif "--run" in words:
            # A roster is measured where the walkthrough measures one: this stands for it.
            at = words.index("--run")
            words[at : at + 2] = ["--inefficiency", "1.1"]
        outputs.append(CliRunner().invoke(app, words[1:], catch_exceptions=False))
    return outputs


def test_every_command_of_the_walkthrough_works(walked):
    assert len(walked) == 4
    assert [done.exit_code for done in walked] == [0, 0, 0, 0], [d.output for d in walked]
    table = pd.read_csv("runs/budget/budget.csv")
    december = table[table["month"] == "2026-12"]
    assert (december["difference"] - (december["budget"] - december["amount"])).abs().max() < 0.006
    assert "2026-12" in walked[1].output
    scenario = pd.read_csv("runs/budget-growth/scenarios.csv").set_index("measure")
    assert scenario.loc["contacts", "增长两成"] > scenario.loc["contacts", "base"]
    actual = pd.read_csv("runs/budget-january/budget.csv").set_index(["month", "cost_centre"])
    assert actual.loc[("2026-12", "support"), "amount"] == 27310.40
    review = pd.read_csv("runs/budget-january/review.csv")
    assert set(review["what"]) == {"contacts", "cost", "budget", "people"}


def test_the_walkthroughs_actuals_fit_its_plan(tmp_path, monkeypatch):
    from scenarios.budget.actuals import read_actuals

    monkeypatch.chdir(tmp_path)
    Path("december.csv").write_text(blocks("csv")[0], encoding="utf-8")
    assert CliRunner().invoke(app, ["init", "crm", "--example", "cloud_crm"]).exit_code == 0
    known = read_actuals("december.csv", load("crm"), ("2026-12", "2027-01"))
    assert known.months == ["2026-12"]
