"""A scenario in a TOML file: the same as rows of the table, its faults told by the file's lines."""

import re
from pathlib import Path

import pytest

from scenarios.overrides import apply_scenario, describe_scenario, with_scenario_file
from scenarios.plan import PlanFaults, load
from tests.scenarios.smallplan import with_rows

HEAD = 'name = "strike"\n'
SHARE = """
[[change]]
table = "targets"
where = { queue = "phone", measure = "answered_within" }
column = "share"
operation = "set"
value = 0.7
"""


def added(plan, tmp_path, text, file="strike.toml"):
    (tmp_path / file).write_text(text, encoding="utf-8")
    return with_scenario_file(plan, tmp_path / file)


def refused(plan, tmp_path, text):
    with pytest.raises(PlanFaults) as caught:
        added(plan, tmp_path, text)
    return [str(fault) for fault in caught.value.faults]


def test_it_does_what_the_table_would(small_plan, tmp_path):
    before = small_plan.scenarios
    plan, name = added(small_plan, tmp_path, HEAD + SHARE)
    assert name == "strike"
    assert small_plan.scenarios == before
    assert describe_scenario(plan, name) == ["targets queue=phone: share 0.8 -> 0.7"]


def test_values_of_every_type_are_read_as_cells_are(small_plan, tmp_path):
    text = """
[[change]]
table = "agents"
operation = "add_row"
value = { agent = "S3", name = "Li 雷", contract = "staff", hired = 2026-01-05, speed = 0.9 }
[[change]]
table = "contracts"
where = "contract=staff"
column = "people_max"
operation = "plus"
value = 1
[[change]]
table = "breaks"
where = { breaks = "tea" }
column = "paid"
operation = "set"
value = false
[[change]]
table = "shifts"
where = { shift = "D" }
column = "first_start"
operation = "set"
value = 08:00:00
"""
    plan, name = added(small_plan, tmp_path, text, "more people.toml")
    assert name == "more people"
    assert describe_scenario(plan, name) == [
        "contracts contract=staff: people_max 2 -> 3",
        "agents: added agent=S3 name=Li 雷 contract=staff hired=2026-01-05 speed=0.9",
        "shifts shift=D: first_start 09:00 -> 08:00",
        "breaks breaks=tea: paid yes -> no",
    ]


def test_it_may_be_based_on_a_scenario_of_the_plan(small_plan, tmp_path):
    plan = with_rows(
        small_plan, "scenarios",
        {"scenario": "growth", "table": "plan", "column": "forecast.growth", "operation": "set",
         "value": "0.2"},
    )  # fmt: skip
    told, name = added(plan, tmp_path, HEAD + 'based_on = "growth"\n' + SHARE)
    changed = apply_scenario(told, name)
    assert changed.settings.forecast.growth == 0.2
    assert {t.share for t in changed.targets if t.queue == "phone"} == {0.7}


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        (HEAD + SHARE.replace("0.7", "1.7"), "strike.toml, line 3", "out of range"),
        (HEAD + SHARE.replace("phone", "fax"), "strike.toml, line 3", "matches no row"),
        (HEAD + SHARE.replace("share", "shre"), "strike.toml, line 3", "perhaps share"),
        (HEAD + SHARE.replace('"set"', '"sett"'), "strike.toml, line 3", "perhaps set"),
        (HEAD + SHARE.replace("0.7", "[0.7]"), "strike.toml, line 3", "cannot be used"),
        (HEAD + SHARE + "\ncolour = 1", "strike.toml, line 3", "no key of a change"),
        ("nam = 1\n" + SHARE, "strike.toml, key nam", "perhaps name"),
        ("name = 1\n" + SHARE, "strike.toml, key name", "text in quotes"),
        ('name = "base"\n' + SHARE, "strike.toml, key name", "another name"),
        (HEAD + 'based_on = "up"\n' + SHARE, "strike.toml, line 4", "is no scenario"),
        (HEAD, "strike.toml, key change", "is missing"),
        ("change = 1", "strike.toml, key change", "is missing"),
        ("name = ", "strike.toml", "is no TOML"),
    ],
)  # fmt: skip
def test_every_fault_names_file_line_and_what_is_right(small_plan, tmp_path, text, place, why):
    faults = refused(small_plan, tmp_path, text)
    assert any(fault.startswith(place) and why in fault for fault in faults), faults


def test_what_is_no_text_or_not_there_is_told(small_plan, tmp_path):
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("x.toml", "gone.toml"):
        with pytest.raises(PlanFaults, match=name):
            with_scenario_file(small_plan, tmp_path / name)


ROOT = Path(__file__).resolve().parents[2]


def test_the_file_shown_in_the_docs_applies_to_the_example_it_names(tmp_path):
    text = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    shown = re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1]
    plan, name = added(load(ROOT / "examples" / "cloud_crm"), tmp_path, shown)
    assert describe_scenario(plan, name) == [
        "plan: forecast.growth 0 -> 0.2",
        "targets queue=chat: share 0.9 -> 0.85",
        "contracts contract=specialist: wage_per_hour 60 -> 63",
    ]
