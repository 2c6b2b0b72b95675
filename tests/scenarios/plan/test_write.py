"""A plan that is written reads back as the same plan."""

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from scenarios.errors import PlannerError
from scenarios.plan import Plan, PlanFaults, load, schema, write_folder, write_workbook
from scenarios.plan.read import read_csv
from scenarios.plan.values import columns, parse, text_of
from scenarios.plan.write import _csv_text

HOSTILE = [
    "=1+1", "+cmd", "-2", "@sum", "'=quoted", "''-x", '王小明, "引号"', "#N/A", "007", "_x0041_",
    "a\nb", "NULL", "true", "08:30", "1e5", " 3", "；",
]  # fmt: skip


def rename(plan: Plan, names: list[str]) -> Plan:
    """Give the agents hostile names."""
    agents = tuple(
        row.model_copy(update={"name": name.strip()})
        for row, name in zip(plan.agents * 9, names, strict=False)
    )
    agents = tuple(
        row.model_copy(update={"agent": f"S{number}"}) for number, row in enumerate(agents, 1)
    )
    contracts = tuple(row.model_copy(update={"people_max": 30}) for row in plan.contracts)
    parts = {name: getattr(plan, name) for name in (*schema.TABLES, "settings")}
    return Plan(**{**parts, "agents": agents, "contracts": contracts})


def test_a_folder_reads_back_the_same(tiny_plan, tmp_path):
    plan = load(tiny_plan)
    again = load(write_folder(plan, tmp_path / "again"))
    assert again.same_as(plan)
    assert again.defaults == plan.defaults


def test_a_workbook_reads_back_the_same_and_as_a_folder(tiny_plan, tmp_path):
    plan = load(tiny_plan)
    book = load(write_workbook(plan, tmp_path / "again.xlsx"))
    assert book.same_as(plan)
    assert [str(one) for one in book.defaults] == [str(one) for one in plan.defaults]
    assert load(write_folder(book, tmp_path / "third")).same_as(plan)


def test_hostile_names_stay_text_in_both_forms(tiny_plan, tmp_path):
    plan = rename(load(tiny_plan), HOSTILE)
    assert load(write_folder(plan, tmp_path / "again")).same_as(plan)
    path = write_workbook(plan, tmp_path / "again.xlsx")
    assert load(path).same_as(plan)
    cells = [cell for row in load_workbook(path)["agents"] for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith("=1"))
    text = (tmp_path / "again" / "agents.csv").read_text(encoding="utf-8")
    assert ",=" not in text


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(
        st.characters(exclude_categories=("C",), exclude_characters="\u2028\u2029\x85"),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(bool)
)
def test_any_printable_name_survives_a_csv_file(tmp_path, name):
    column = next(one for one in columns(schema.AgentRow) if one.name == "agent")
    path = tmp_path / "one.csv"
    path.write_text(_csv_text([column], [[name]]), encoding="utf-8", newline="")
    table, _ = read_csv(path, "one.csv")
    assert parse(column, table.rows[0][1][0]) == name


@given(minute=st.integers(0, 2880))
def test_every_time_of_day_reads_back(minute):
    column = next(one for one in columns(schema.HoursRow) if one.name == "opens")
    assert parse(column, text_of(column, minute)) == minute


@given(st.floats(0, 1e9, allow_nan=False))
def test_every_number_reads_back_exactly_from_text(value):
    column = next(one for one in columns(schema.ContractRow) if one.name == "wage_per_hour")
    assert parse(column, text_of(column, value)) == value


def test_a_workbook_made_by_hand_is_understood(tiny_plan, tmp_path):
    """Excel's own dates, times, durations, truth values and percentages."""
    write_workbook(load(tiny_plan), tmp_path / "hand.xlsx")
    book = load_workbook(tmp_path / "hand.xlsx")
    opens = {cell.value: cell.column for cell in book["hours"][1]}
    book["hours"].cell(2, opens["opens"]).value = dt.time(8, 30)
    book["hours"].cell(2, opens["closes"]).value = dt.timedelta(hours=26)
    midnight = book["hours"].cell(3, opens["closes"])
    midnight.value, midnight.number_format = 1, "h:mm"
    del book["shrinkage"]
    sheet = book.create_sheet("Shrinkage")
    sheet.append(["kind", "share", "planned", "from"])
    sheet.append(["meetings", 0.05, True, dt.date(2026, 12, 8)])
    sheet.append(["coaching", "3 %", 0, "2026/12/9"])
    sheet["B2"].number_format = "0%"
    sheet = book.create_sheet("budget")
    sheet.append(["month", "amount"])
    sheet.append([dt.date(2026, 12, 1), 1000])
    book.save(tmp_path / "hand.xlsx")
    plan = load(tmp_path / "hand.xlsx")
    assert (plan.hours[0].opens, plan.hours[0].closes, plan.hours[1].closes) == (510, 1560, 1440)
    assert [(row.share, row.planned, row.from_) for row in plan.shrinkage] == [
        (0.05, True, dt.date(2026, 12, 8)),
        (0.03, False, dt.date(2026, 12, 9)),
    ]
    assert plan.budget[0].month == "2026-12"


def test_text_in_a_workbook_may_be_a_number(tiny_plan, tmp_path):
    """Agent 1001 typed into a cell is a number there; as a name it is text."""
    write_workbook(load(tiny_plan), tmp_path / "hand.xlsx")
    book = load_workbook(tmp_path / "hand.xlsx")
    for name in ("agents", "availability"):
        book[name]["A2"].value = 1001
    book.save(tmp_path / "hand.xlsx")
    assert load(tmp_path / "hand.xlsx").agents[0].agent == "1001"


def test_a_folder_that_holds_something_is_left_alone(tiny_plan):
    before = sorted(path.name for path in tiny_plan.iterdir())
    with pytest.raises(PlannerError, match="not empty"):
        write_folder(load(tiny_plan), tiny_plan)
    assert sorted(path.name for path in tiny_plan.iterdir()) == before


def test_nothing_is_left_when_writing_fails(tiny_plan, tmp_path, monkeypatch):
    plan = load(tiny_plan)
    target = tmp_path / "out"
    target.mkdir()
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_folder(plan, target / "again")
    assert list(target.iterdir()) == []


def test_a_workbook_must_be_named_as_one(tiny_plan, tmp_path):
    with pytest.raises(PlannerError, match=r"must end with \.xlsx"):
        write_workbook(load(tiny_plan), tmp_path / "plan.xls")


def test_tables_become_frames(tiny_plan):
    plan = load(tiny_plan)
    frame = plan.to_frame("availability")
    assert list(frame)[:3] == ["agent", "from", "to"]
    assert plan.to_frame("history").equals(plan.history)
    with pytest.raises(KeyError):
        plan.table("nothing")


def test_history_kept_elsewhere_is_written_into_the_plan(tiny_plan, tmp_path):
    shutil.move(tiny_plan / "history.csv", tiny_plan / "calls.csv")
    with (tiny_plan / "plan.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[forecast]\nhistory = "calls.csv"\n')
    again = load(write_folder(load(tiny_plan), tmp_path / "again"))
    pd.testing.assert_frame_equal(again.history, load(tiny_plan).history)
    assert again.settings.forecast.history == ""


def test_empty_sheets_are_as_good_as_none(tiny_plan, tmp_path):
    write_workbook(load(tiny_plan), tmp_path / "hand.xlsx")
    book = load_workbook(tmp_path / "hand.xlsx")
    book.create_sheet("budget")
    book.save(tmp_path / "hand.xlsx")
    assert load(tmp_path / "hand.xlsx").budget == ()


def test_a_workbook_without_settings_is_a_fault(tmp_path):
    book = Workbook()
    book.active.title = "queues"
    book.save(tmp_path / "none.xlsx")
    with pytest.raises(PlanFaults) as caught:
        load(tmp_path / "none.xlsx")
    assert caught.value.faults[0].where == "sheet plan"
