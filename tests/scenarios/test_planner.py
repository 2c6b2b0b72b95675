"""The planner's walkthrough: its commands run as written, and fit the example they name."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scenarios.cli import app
from scenarios.overrides import apply_scenario
from scenarios.plan import load
from scenarios.sweep.points import check_points, points_of
from scenarios.sweep.vary import vary
from tests.scenarios.smallplan import TABLES_TEXT, history

ROOT = Path(__file__).resolve().parents[2]
WALKTHROUGH = ROOT / "docs" / "planner.md"

SCENARIOS = """\
scenario,table,where,column,operation,value
增长两成,plan,,forecast.growth,set,0.2
不用外包,contracts,contract=chat desk,people_max,set,0
"""


def commands() -> list[list[str]]:
    """Arguments of every command in the walkthrough's shell blocks, in order."""
    text = WALKTHROUGH.read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line) for block in blocks for line in block.splitlines() if line.strip()]
    assert all(line[0] == "staffing" for line in lines)
    return [line[1:] for line in lines]


# Of the small plan only phone calls and those who take them stay: a second a plan.
LEFT_OUT = re.compile(r"^(email|lead|agent,email|chief|C1|C),.*\n", re.MULTILINE)


def write_stand_in(folder: Path) -> None:
    """A small plan with the names that the walkthrough uses."""
    folder.mkdir()
    for name, text in TABLES_TEXT.items():
        text = re.sub(r"\bphone,phone\b", "chat,phone", LEFT_OUT.sub("", text))
        text = re.sub(r"^phone,answered", "chat,answered", text, flags=re.MULTILINE)
        text = text.replace("agent,phone", "agent,chat").replace("half", "chat desk")
        (folder / name).write_text(text.replace("Small desk", "CRM"), encoding="utf-8")
    (folder / "scenarios.csv").write_text(SCENARIOS, encoding="utf-8")
    calls = history().query("queue == 'phone'").assign(queue="chat")
    calls.to_csv(folder / "history.csv", index=False)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """What each command printed, and the folder in which they ran."""
    folder = tmp_path_factory.mktemp("walk")
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "200")
        for line in commands():
            if line[0] == "init":
                # The example takes minutes; a plan of the same names stands in for it.
                write_stand_in(folder / line[1])
                continue
            # One process: starting others takes longer than these plans.
            few = ["--workers", "1"] if line[0] == "sweep" else []
            done = CliRunner().invoke(app, [*line, *few])
            told.append((line, done.exit_code, done.output))
    return folder, told


def output_of(told, *start: str) -> str:
    return next(output for line, _, output in told if line[: len(start)] == list(start))


def test_every_command_does_what_it_says(walked):
    _, told = walked
    for line, code, output in told:
        # 1: some scenario of the stand-in misses a target, and says which.
        allowed = (0, 1) if line[0] in ("compare", "sweep") or line[1] == "compare" else (0,)
        assert code in allowed, f"{line}\n{output}"


def test_the_base_run_is_kept_and_listed(walked):
    assert "crm/base-" in output_of(walked[1], "runs", "list")


def test_scenarios_are_compared_found_and_compared_again(walked):
    folder, told = walked
    compared = output_of(told, "compare")
    assert "增长两成" in compared
    assert (folder / "runs" / "whatif" / "compare.xlsx").is_file()
    assert "whatif/增长两成" in output_of(told, "runs", "find")
    assert "增长两成" in output_of(told, "runs", "compare")


def test_sweeps_leave_tables_and_pictures(walked):
    folder, _ = walked
    for name in ("service", "mix"):
        lines = (folder / "runs" / name / "sweep.csv").read_text(encoding="utf-8").splitlines()
        assert len(lines) == 3
        assert (folder / "runs" / name / "sweep.svg").is_file()


def test_what_is_removed_is_gone(walked):
    folder, told = walked
    assert not (folder / "runs" / "whatif" / "不用外包").exists()
    assert "whatif/base" in told[-1][2]


def test_the_names_are_those_of_the_example():
    """Scenarios and what is varied, in the example that the walkthrough copies."""
    lines = commands()
    (example,) = [line[line.index("--example") + 1] for line in lines if line[0] == "init"]
    plan = load(ROOT / "examples" / example)
    for line in lines:
        if "--scenarios" in line:
            for name in line[line.index("--scenarios") + 1].split(","):
                apply_scenario(plan, name)
        if line[0] == "sweep":
            varied = [vary(plan, line[line.index("--vary") + 1])]
            assert len(check_points(plan, varied, points_of(varied))) == 2
