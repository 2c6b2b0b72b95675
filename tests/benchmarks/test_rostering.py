"""The benchmark's reader, rule checker and command, on instances made up here."""

import csv

import pytest

from benchmarks.rostering import (
    InstanceError,
    breaches,
    main,
    objective,
    read_instance,
    to_problem,
)
from tests.benchmarks.synthetic_rosters import synthetic

TEXT = """# made up
SECTION_HORIZON
7

SECTION_SHIFTS
E,480,
L,480,E

SECTION_STAFF
A,E=7|L=2,1920,960,3,2,2,1

SECTION_DAYS_OFF
A,0

SECTION_SHIFT_ON_REQUESTS
A,1,E,3

SECTION_SHIFT_OFF_REQUESTS
A,2,L,2

SECTION_COVER
1,E,1,100,1
2,L,0,100,7
"""


@pytest.fixture
def instance(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text(TEXT)
    return read_instance(path)


@pytest.mark.parametrize(
    ("worked", "cost"),
    [
        ({}, 3 + 100),
        ({1: "E", 2: "E"}, 0),
        ({1: "E", 2: "L"}, 2 + 7),
        ({1: "L", 2: "L"}, 3 + 2 + 100 + 7),
    ],
)
def test_the_objective_is_requests_and_cover_by_hand(instance, worked, cost):
    assert objective(instance, {"A": worked}) == cost


@pytest.mark.parametrize(
    ("worked", "words"),
    [
        ({0: "E", 1: "E"}, "must be off"),
        ({1: "E"}, "480 minutes"),
        ({1: "L", 2: "E"}, "E on day 2 after L"),
        ({1: "L", 2: "L", 5: "L", 6: "L"}, "4 times L"),
        ({1: "E", 2: "E", 3: "E", 4: "E"}, "4 shifts in a row"),
        ({2: "E", 4: "E", 5: "E"}, "1 shifts in a row"),
        ({2: "E", 3: "E", 5: "E", 6: "E"}, "1 days off in a row"),
    ],
)
def test_each_rule_is_found_broken(instance, worked, words):
    assert any(words in found for found in breaches(instance, {"A": worked}))


def test_runs_that_touch_the_end_may_be_short(instance):
    assert breaches(instance, {"A": {1: "E", 2: "E", 6: "E"}}) == []


def test_engine_and_checker_count_alike(instance):
    problem = to_problem(instance)
    row = [[-1, 0, 1, -1, -1, -1, -1]]
    assert problem.objective(problem.allowed[:, :, 0].astype("int16") * 0 + row) == 9


def test_the_command_writes_a_roster_that_the_checker_accepts(tmp_path, capsys):
    path, out = tmp_path / "made_up.txt", tmp_path / "out.csv"
    path.write_text(synthetic(6, 2, 2, seed=3))
    import time

    limit = time.process_time() + 1.5
    assert main([str(path), "--cpu-seconds", str(limit), "--out", str(out)]) == 0
    told = dict(part.split("=") for part in capsys.readouterr().out.splitlines()[-1].split())
    roster = {}
    with out.open(newline="") as file:
        for line in csv.DictReader(file):
            roster.setdefault(line["employee"], {})[int(line["day"])] = line["shift"]
    instance = read_instance(path)
    assert breaches(instance, roster) == []
    assert objective(instance, roster) == int(told["objective"]) >= float(told["bound"])


def test_every_fault_of_a_file_is_told_at_once_and_nothing_is_written(tmp_path, capsys):
    path, out = tmp_path / "bad.txt", tmp_path / "out.csv"
    path.write_text(TEXT.replace("1,E,1,100,1", "9,E,1,100,1").replace("A,2,L,2", "B,2,L,2"))
    with pytest.raises(InstanceError, match=r"(?s)line 19.*line 22"):
        read_instance(path)
    assert main([str(path), "--out", str(out)]) == 2
    assert "line 22" in capsys.readouterr().err
    assert not out.exists()
