"""Scenarios: what applies applies exactly, what does not is refused with its row and reason."""

import dataclasses
import datetime as dt
import subprocess
import sys
import unicodedata
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.errors import PlannerError
from scenarios.overrides import (
    apply_scenario,
    check_scenarios,
    describe_scenario,
    scenario_names,
)
from scenarios.overrides.cells import pair_text, pairs
from scenarios.plan import PlanFaults, check_plan, load, schema, write_folder, write_workbook
from scenarios.plan.values import columns, text_of
from tests.scenarios.conftest import TINY_PLAN, tiny_history

EXAMPLES = sorted(
    path.parent for path in (Path(__file__).resolve().parents[2] / "examples").glob("*/plan.toml")
)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    for name, text in {**TINY_PLAN, "history.csv": tiny_history()}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load(folder)


def row(table, where="", column="", operation="set", value="", *, scenario="s", based_on=""):
    return schema.ScenarioRow(
        scenario=scenario, based_on=based_on, table=table, where=where, column=column,
        operation=operation, value=value,
    )  # fmt: skip


def under(plan, *rows, name="s"):
    return apply_scenario(dataclasses.replace(plan, scenarios=rows), name)


def refused(plan, *rows, name="s"):
    """Faults as text; the row of the first one is 2."""
    with pytest.raises(PlanFaults) as caught:
        under(plan, *rows, name=name)
    return [str(fault) for fault in caught.value.faults]


def test_base_is_the_plan_itself(plan):
    assert apply_scenario(plan, "base") is plan
    assert describe_scenario(plan, "base") == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_every_scenario_of_the_examples_applies_and_changes_the_plan(folder):
    plan = load(folder)
    assert check_scenarios(plan) == ()
    assert scenario_names(plan)
    for name in scenario_names(plan):
        assert not apply_scenario(plan, name).same_as(plan)
        assert describe_scenario(plan, name)


@pytest.mark.parametrize(
    ("override", "read"),
    [
        (row("targets", "queue=chat", "share", "set", "80 %"), lambda p: p.targets[0].share == 0.8),
        (row("targets", "queue=chat", "share", "plus", "-5 %"),
         lambda p: p.targets[0].share == 0.85),
        (row("queues", "queue=chat", "aht_s", "times", "1.1"), lambda p: p.queues[0].aht_s == 792),
        (row("queues", "queue=chat", "aht_s", "times", "110%"), lambda p: p.queues[0].aht_s == 792),
        (row("queues", "queue=chat", "fcr", "times", "1.1"), lambda p: p.queues[0].fcr == 0.935),
        (row("queues", "queue=forum", "fcr", "times", "0.9"), lambda p: p.queues[2].fcr == 0.9),
        (row("queues", "queue=chat", "patience_s", "set", ""),
         lambda p: p.queues[0].patience_s is None),
        (row("contracts", "contract=community", "people_max", "plus", "2"),
         lambda p: p.contracts[2].people_max == 3),
        (row("shifts", "shift=P", "last_start", "plus", "-01:00"),
         lambda p: p.shifts[1].last_start == 13 * 60),
        (row("shifts", "shift=P", "last_start", "set", "１３：３０"),
         lambda p: p.shifts[1].last_start == 13 * 60 + 30),
        (row("availability", "agent=S1", "to", "plus", "3"),
         lambda p: p.availability[0].to == dt.date(2026, 12, 18)),
        (row("availability", "agent=S1 from=2026/12/14", "kind", "set", "Sick"),
         lambda p: p.availability[0].kind == "sick"),
        (row("breaks", "", "paid", "set", "是"), lambda p: p.breaks[0].paid is True),
        (row("agents", "agent=S3 name==Ben", "team", "set", "a=b"),
         lambda p: p.agents[2].team == "a=b"),
        (row("plan", "", "service.occupancy_max", "set", "85 %"),
         lambda p: p.settings.service.occupancy_max == 0.85),
        (row("plan", "", "forecast.growth", "plus", "0.1"),
         lambda p: p.settings.forecast.growth == 0.1),
        (row("plan", "", "weeks", "times", "2"), lambda p: p.settings.weeks == 8),
        (row("rules", "", "", "add_row", "rule=max_hours_day value=9 mode=hard"),
         lambda p: [one.value for one in p.rules] == [9.0]),
        (row("availability", "agent=S3", "", "drop"), lambda p: len(p.availability) == 2),
    ],
)  # fmt: skip
def test_an_override_reads_its_value_as_the_plans_cells_are_read(plan, override, read):
    changed = under(plan, override)
    assert read(changed)
    assert not read(plan)


def test_where_asks_for_empty_cells_and_for_what_they_stand_for(plan):
    changed = under(plan, row("queues", "fcr= patience_s=", "priority", "set", "7"))
    assert [queue.priority for queue in changed.queues] == [5, 5, 7, 7]


def test_an_empty_where_means_all_rows(plan):
    changed = under(plan, row("contracts", "", "wage_per_hour", "times", "1.05"))
    assert [one.wage_per_hour for one in changed.contracts] == [63, 94.5, 47.25]


def test_names_with_blanks_need_no_quotes_and_names_with_equals_signs_do():
    known = columns(schema.QueueRow)
    read = pairs("queue=knowledge base channel = post", known)
    assert [(one.name, text) for one, text in read] == [
        ("queue", "knowledge base"), ("channel", "post"),
    ]  # fmt: skip
    assert pairs('queue="a ""b"" c=1" fcr=1', known)[0][1] == 'a "b" c=1'


@given(
    st.text(st.characters(blacklist_categories=("C", "Z"))),
    st.sampled_from(["", " x=1", " y ＝ 2"]),
)
@settings(max_examples=100)
def test_a_written_pair_reads_back(start, end):
    known = columns(schema.QueueRow)
    text = f'fcr=1 {pair_text("queue", start + end)} label="x"'
    assert [value for _, value in pairs(text, known)] == ["1", start + end, "x"]


def test_changes_of_the_scenarios_below_come_first_and_once(plan):
    rows = (
        row("queues", "queue=chat", "aht_s", "times", "2", scenario="slow"),
        row("queues", "queue=chat", "aht_s", "plus", "10", scenario="a", based_on="slow"),
        row("queues", "queue=chat", "aht_s", "plus", "5", scenario="b", based_on="slow"),
        row("queues", "queue=chat", "aht_s", "times", "10", based_on="a"),
        row("queues", "queue=chat", "fcr", "set", "1", based_on="b"),
        row("queues", "queue=email", "fcr", "set", "1", based_on="base"),
    )
    assert under(plan, *rows).queues[0].aht_s == (720 * 2 + 10 + 5) * 10
    assert under(plan, *rows, name="a").queues[0].aht_s == 1450


def test_a_thousand_scenarios_on_top_of_each_other_apply(plan):
    rows = [row("queues", "queue=chat", "aht_s", "plus", "1", scenario="0")]
    rows += [
        row("queues", "queue=chat", "aht_s", "plus", "1", scenario=f"{n}", based_on=f"{n - 1}")
        for n in range(1, 1100)
    ]
    assert under(plan, *rows, name="1099").queues[0].aht_s == 720 + 1100


def test_scenarios_in_a_circle_are_refused(plan):
    rows = (
        row("queues", "", "fcr", "set", "1", scenario="a", based_on="b"),
        row("queues", "", "fcr", "set", "1", scenario="b", based_on="a"),
    )
    assert refused(plan, *rows, name="a") == [
        "scenarios.csv, row 3, column based_on: read “a”: goes round in a loop: a > b > a; "
        "right: a scenario that is not based on itself"
    ]


def test_an_unknown_scenario_is_told_with_those_that_exist(plan):
    told = refused(plan, row("queues", "", "fcr", "set", "1", scenario="chatbot"), name="chat bot")
    assert told == [
        "scenarios.csv, column scenario: read “chat bot”: is no scenario; right: perhaps chatbot"
    ]


def test_base_cannot_be_defined_but_built_upon(plan):
    made = dataclasses.replace(plan, scenarios=(row("queues", "", "fcr", scenario="base"),))
    assert any("is the plan itself" in str(fault) for fault in check_plan(made)[0])
    made = dataclasses.replace(
        plan, scenarios=(row("queues", "", "fcr", value="1", based_on="base"),)
    )
    assert check_plan(made)[0] == ()


@pytest.mark.parametrize(
    ("override", "cell", "told"),
    [
        (row("queue", "", "fcr", value="1"), "table", "perhaps queues"),
        (row("scenarios", "", "note", value="1"), "table", "no table that a scenario can change"),
        (row("queues", "", "ahts", value="1"), "column", "perhaps aht_s"),
        (row("queues", "", "", value="1"), "column", "is empty"),
        (row("plan", "", "service.flor", value="1"), "column", "perhaps service.floor"),
        (row("plan", "", "interval_min", value="15"), "column", "a plan of its own"),
        (row("plan", "", "start", value="soon"), "value", "is not a date"),
        (row("plan", "queue=chat", "weeks", value="2"), "where", "is given, but set in the table"),
        (row("plan", "", "weeks", "drop"), "operation", "does not fit the table plan"),
        (row("plan", "", "currency", value="yuan"), "value", "does not have the right form"),
        (row("queues", "queue=chatt", "fcr", value="1"), "where", "for queue: perhaps chat"),
        (row("queues", "queue=chat channel=email", "fcr", value="1"), "where", "none has them all"),
        (row("queues", "chat", "fcr", value="1"), "where", "does not begin with column=value"),
        (row("queues", "que=chat", "fcr", value="1"), "where", "perhaps queue"),
        (row("queues", "queue=a queue=b", "fcr", value="1"), "where", "names queue twice"),
        (row("queues", "fcr=high", "fcr", value="1"), "where", "“high” for fcr is not a number"),
        (row("queues", "queue=", "fcr", value="1"), "where", "asks for an empty queue"),
        (row("queues", "", "fcr", value="good"), "value", "is not a number (queues: fcr)"),
        (row("queues", "", "fcr", value="80"), "value", "perhaps 80 % = 0.8"),
        (row("queues", "", "aht_s", value="-3"), "value", "is negative"),
        (row("queues", "", "channel", value=""), "value", "is empty (queues: channel)"),
        (row("queues", "", "channel", value="fax"), "value", "is not one of the choices"),
        (row("queues", "", "label", "times", "2"), "operation", "fit label, which is text"),
        (row("breaks", "", "paid", "plus", "1"), "operation", "which is yes or no"),
        (row("shifts", "", "first_start", "times", "2"), "operation", "which is clock"),
        (row("queues", "", "aht_s", "times", "+10 %"), "value", "1.1 or 110 % for a tenth more"),
        (row("queues", "", "aht_s", "times", ""), "value", "is empty"),
        (row("queues", "queue=knowledge base", "aht_s", "times", "2"), "operation",
         "finds aht_s empty"),
        (row("contracts", "", "people_max", "times", "1.5"), "value", "makes 4.5, which is not a "
         "whole number (contracts contract=specialist: people_max)"),
        (row("queues", "queue=chat", "fcr", "times", "2"), "value", "makes 1.7, which is out of"),
        (row("shifts", "shift=D", "first_start", "plus", "-10:00"), "operation", "before midnight"),
        (row("shifts", "shift=D", "first_start", "plus", "60"), "value", "is not a time of day"),
        (row("targets", "", "", "add_row", "queue=chat"), "value", "targets.measure is empty"),
        (row("targets", "", "", "add_row", "queue=chat measure=x limit=1"), "value",
         "targets.measure “x” is not one of the choices"),
        (row("targets", "a=b", "share", "add_row", "queue=chat"), "where", "is given, but add_row"),
        (row("targets", "", "share", "drop"), "column", "is given, but drop"),
        (row("history", "", "queue", value="chat"), "column", "no column of history to change"),
        (row("history", "queue=fax", "volume", value="1"), "where", "for queue: one of chat"),
        (row("history", "from=2027-01-01", "volume", value="1"), "where", "days from 2026-11-1"),
        (row("history", "", "volume", "plus", "-100"), "value", "makes history.volume -100"),
        (row("history", "queue=chat", "aht_s", "times", "2"), "column", "changes nothing"),
        (row("history", "", "", "add_row", "queue=chat"), "operation", "does not fit the history"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_told_with_row_column_and_what_is_right(
    plan, override, cell, told
):
    faults = refused(plan, override)
    assert any(
        fault.startswith(f"scenarios.csv, row 2, column {cell}: ") and told in fault
        for fault in faults
    ), faults


def test_all_faults_are_told_at_once(plan):
    faults = refused(
        plan,
        row("queues", "queue=chatt", "fcr", value="many"),
        row("queues", "queue=chat", "fcr", value="1"),
        row("agents", "", "", "add_row", "agent=S9 contract=specialist tenure=3 speed=1"),
        row("agents", "agent=S9", "speed", value="2"),
        row("shift", "", "length_h", value="9"),
    )
    assert [fault.split(":")[0] for fault in faults] == [
        "scenarios.csv, row 2, column value",
        "scenarios.csv, row 2, column where",
        "scenarios.csv, row 4, column value",
        "scenarios.csv, row 6, column table",
    ]


def test_what_a_scenario_makes_wrong_elsewhere_names_the_scenario_and_its_row(plan):
    faults = refused(
        plan,
        row("queues", "queue=chat", "fcr", value="1"),
        row("contracts", "contract=community", "people_max", value="0"),
        row("plan", "", "timezone", value="Mars", scenario="other"),
        row("plan", "", "country", value="XX"),
    )
    assert faults[0].startswith(
        "scenarios.csv, row 3: read “1”: under the scenario s, contracts contract=community: "
        "people_min is more than people_max"
    )
    assert "row 5: read “XX”: under the scenario s, plan.toml, key country is a country" in "".join(
        faults
    )
    assert any("under the scenario s, queues queue=forum: queue is served by" in f for f in faults)
    dangling = refused(plan, row("queues", "queue=forum", "", "drop"))
    assert any("targets queue=forum: queue is not in the table queues" in one for one in dangling)
    assert any("history where queue=forum" in one for one in dangling)
    assert "has no row left" in refused(plan, row("shifts", "", "", "drop"))[0]


def test_a_queue_with_all_that_hangs_on_it_can_be_dropped(plan):
    changed = under(
        plan,
        *(row(table, "queue=forum", "", "drop") for table in ("queues", "targets", "history")),
        row("roles", "role=community", "queue", value="email"),
    )
    assert "forum" not in changed.kinds
    assert set(changed.history["queue"]) == {"chat", "email"}
    assert changed.history.index.equals(pd.RangeIndex(len(changed.history)))


def test_history_changes_by_queue_and_days_and_hang_ups_keep_their_share(plan):
    with_hang_ups = plan.history.assign(abandoned=plan.history["volume"] / 2, waited_s=60.0)
    base = dataclasses.replace(plan, history=with_hang_ups)
    override = row("history", "queue=chat from=2026-11-16 to=2026-11-20", "volume", "times", "1.5")
    changed = under(base, override).history
    days = with_hang_ups["start"].dt.normalize()
    mask = (with_hang_ups["queue"] == "chat") & (days >= "2026-11-16") & (days <= "2026-11-20")
    assert mask.sum() == 5 * 18
    for column in ("volume", "abandoned", "waited_s"):
        expected = np.where(mask, with_hang_ups[column] * 1.5, with_hang_ups[column])
        np.testing.assert_allclose(changed[column], expected, rtol=1e-12)
    assert (changed["abandoned"] <= changed["volume"]).all()


def test_handle_times_of_the_history_count_where_the_queue_has_none(plan):
    changed = under(
        plan,
        row("queues", "queue=chat", "aht_s", "set", ""),
        row("history", "queue=chat from=2026-12-01", "aht_s", "set", "500"),
    )
    late = changed.history["start"] >= "2026-12-01"
    chat = changed.history["queue"] == "chat"
    assert (changed.history.loc[late & chat, "aht_s"] == 500).all()
    assert changed.history.loc[~late].equals(plan.history.loc[~late])


def test_an_earlier_first_day_leaves_out_the_history_from_there_on(plan):
    changed = under(plan, row("plan", "", "start", "plus", "-7"))
    assert changed.start == dt.date(2026, 11, 30)
    assert changed.history["start"].max() < pd.Timestamp(changed.start)
    used = under(plan, row("plan", "", "forecast.history_from", value="2026-11-20"))
    assert used.history["start"].min() == pd.Timestamp("2026-11-20 09:00")
    earlier = dataclasses.replace(used, scenarios=plan.scenarios)
    told = refused(earlier, row("plan", "", "forecast.history_from", value="2026-11-01"))
    assert "was left out when the plan was read; right: 2026-11-20 or later" in told[0]


def test_defaults_and_notices_are_those_of_the_changed_plan(plan):
    changed = under(plan, row("queues", "queue=forum", "fcr", value="0.9"))
    told = {str(default) for default in changed.defaults}
    assert "queues.fcr = 1 (rows 5)" in told
    assert {one for one in plan.defaults if one.table != "queues"} <= set(changed.defaults)
    stale = under(plan, row("plan", "", "start", "plus", "700"))
    assert any("days before the first day planned" in notice.text for notice in stale.notices)
    assert len({notice.text for notice in changed.notices}) == len(plan.notices)


def test_a_changed_plan_can_be_written_and_read_back(plan, tmp_path):
    changed = under(
        plan,
        row("targets", "queue=chat", "share", "set", "80 %"),
        row("agents", "", "", "add_row", 'agent=S4 name="甲 x=1" contract=specialist'),
        row("contracts", "contract=specialist", "people_max", value="4"),
        row("plan", "", "service.hold", value="0.8"),
        row("history", "", "volume", "times", "2"),
    )
    assert load(write_folder(changed, tmp_path / "plan")).same_as(changed)


def test_the_difference_is_told_line_by_line(plan):
    rows = (
        row("targets", "queue=chat", "share", value="80 %"),
        row("targets", "queue=chat", "limit", "times", "2"),
        row("queues", "queue=chat", "patience_s", value=""),
        row("shifts", "shift=P", "last_start", "plus", "01:00"),
        row("availability", "agent=S3", "", "drop"),
        row("rules", "", "", "add_row", "rule=max_hours_day value=9"),
        row("plan", "", "forecast.growth", value="10 %"),
        row("history", "queue=email to=2026-11-13", "volume", "times", "2"),
        row("history", "queue=forum to=2026-11-13", "", "drop"),
        row("queues", "queue=email", "fcr", value="0.85"),
    )
    email = plan.history[
        (plan.history["queue"] == "email") & (plan.history["start"] < "2026-11-14")
    ]
    total = email["volume"].sum()
    assert describe_scenario(dataclasses.replace(plan, scenarios=rows), "s") == [
        "plan: forecast.growth 0 -> 0.1",
        "queues queue=chat: patience_s 240 -> empty",
        "targets queue=chat: limit 30 -> 60, share 0.9 -> 0.8",
        f"history queue=email: sum of volume {total:g} -> {2 * total:g} in {len(email)} intervals",
        f"history queue=forum: {len(email)} of {18 * 18} intervals dropped",
        "shifts shift=P: last_start 14:00 -> 15:00",
        "availability: dropped agent=S3",
        "rules: added rule=max_hours_day value=9",
    ]


def test_dates_and_shares_typed_into_a_workbook_are_read(plan, tmp_path):
    rows = (
        row("availability", "agent=S1", "to", value="typed"),
        row("targets", "queue=chat", "share", value="typed too"),
    )
    path = write_workbook(dataclasses.replace(plan, scenarios=rows), tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book["scenarios"]
    for line, typed in ((2, dt.datetime(2026, 12, 17)), (3, 0.8)):
        cell = next(one for one in sheet[line] if str(one.value).startswith("typed"))
        cell.value = typed
    book.save(path)
    changed = apply_scenario(load(path), "s")
    assert changed.availability[0].to == dt.date(2026, 12, 17)
    assert changed.targets[0].share == 0.8


def test_faults_of_a_workbooks_scenario_name_its_sheet(plan):
    book = dataclasses.replace(plan, source=Path("plan.xlsx"))
    assert refused(book, row("queues", "", "fcr", value="x"))[0].startswith(
        "sheet scenarios, row 2"
    )


def test_the_command_tells_a_wrong_scenario_and_ends_with_2(tiny_plan):
    (tiny_plan / "scenarios.csv").write_text(
        "scenario,table,where,column,operation,value\nmore,queues,queue=chatt,fcr,set,1\n",
        encoding="utf-8",
    )
    told = subprocess.run(
        [sys.executable, "-m", "scenarios.cli", "plan", str(tiny_plan), "--scenario", "more",
         "--out", str(tiny_plan.parent / "run")],
        capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert told.returncode == 2
    assert "row 2, column where" in told.stderr
    assert "Traceback" not in told.stderr


# Random overrides --------------------------------------------------------------------------------

TABLES = [name for name in schema.TABLES if name not in ("history", "scenarios")]
VALUES = st.sampled_from(
    ["", "0", "1", "2", "0.5", "80 %", "1.5", "-1", "12", "30", "08:30", "01:00", "-00:30", "yes",
     "2026-12-14", "mon", "email", "chat", "specialist", "priced", "x", "1e9", "１.2"]
)  # fmt: skip


FITTING = {
    "number": ["1.1", "0.9", "12", "0.25"],
    "share": ["5 %", "0.9", "0.95", "１００%"],
    "whole": ["1", "2", "0"],
    "clock": ["00:30", "-01:00", "09:00"],
    "date": ["3", "-2", "2026-12-15"],
    "yes_no": ["yes", "否"],
    "text": ["", "chat", "specialist", "=x"],
}


ARITHMETIC = {
    "number": ["set", "times", "plus"],
    "share": ["set", "times", "plus"],
    "whole": ["set", "times", "plus"],
    "clock": ["set", "plus"],
    "date": ["set", "plus"],
}


def fitting(column):
    """Values that a column might take."""
    return st.sampled_from([str(one) for one in column.choices or FITTING.get(column.kind, ["x"])])


@st.composite
def overrides(draw):
    """An override of one cell of one row, chosen from the whole plan; one in four is nonsense."""
    table = draw(st.sampled_from([name for name in TABLES if f"{name}.csv" in TINY_PLAN]))
    column = draw(st.sampled_from(columns(schema.TABLES[table])))
    if draw(st.integers(0, 3)):
        operation = draw(st.sampled_from(ARITHMETIC.get(column.kind, ["set"])))
        value = draw(fitting(column))
    else:
        operation, value = draw(st.sampled_from(["set", "times", "plus"])), draw(VALUES)
    return table, column, operation, value, draw(st.integers(0, 3))


@given(overrides())
@settings(max_examples=400, deadline=None)
def test_a_random_override_applies_exactly_or_is_refused_with_a_reason(plan, override):
    table, column, operation, value, at = override
    rows = plan.table(table)
    at %= len(rows)
    where = " ".join(
        pair_text(one.name, text) for one, text in _cells(table, rows[at]) if text is not None
    )
    scenario = (row(table, where, column.name, operation, value),)
    before = plan.history.copy()
    kept = {name: plan.table(name) for name in TABLES}
    try:
        changed = under(plan, *scenario)
    except PlannerError as error:
        faults = error.faults
    else:
        faults = ()
        for name in TABLES:
            for number, (old, new) in enumerate(
                zip(plan.table(name), changed.table(name), strict=True)
            ):
                if name != table or number != at:
                    assert old == new
        old, new = (getattr(one.table(table)[at], column.field) for one in (plan, changed))
        others = {one.field for one in columns(schema.TABLES[table])} - {column.field}
        assert all(
            getattr(rows[at], field) == getattr(changed.table(table)[at], field) for field in others
        )
        if operation != "set" and column.kind in ("number", "share", "whole"):
            text = unicodedata.normalize("NFKC", value)
            by = Decimal(text.rstrip("% ")) / (100 if "%" in text else 1)
            exact = Decimal(repr(old)) * by if operation == "times" else Decimal(repr(old)) + by
            assert new == float(exact)
        assert check_plan(changed)[0] == ()
    assert all(fault.row == 2 or "under the scenario s" in fault.wrong for fault in faults)
    assert {name: plan.table(name) for name in TABLES} == kept
    assert plan.history.equals(before)


@st.composite
def any_rows(draw):
    """A row of the table `scenarios` of any kind, with a filter that may match something."""
    table = draw(st.sampled_from(["plan", "history", *TABLES]))
    known = columns(schema.TABLES.get(table, schema.Settings))
    column = draw(st.sampled_from(known))
    operation = draw(st.sampled_from(["set", "times", "plus", "add_row", "drop"]))
    if operation == "add_row":
        cells = [f"{one.name}={draw(fitting(one))}" for one in known if one.required]
        return row(table, "", "", operation, " ".join(cells))
    asked = draw(st.lists(st.sampled_from(known), max_size=1)) if table != "plan" else []
    where = " ".join(f"{one.name}={draw(fitting(one))}" for one in asked)
    if operation == "drop":
        return row(table, where, "", operation)
    return row(table, where, column.name, operation, draw(fitting(column)))


@given(st.lists(any_rows(), min_size=1, max_size=2))
@settings(max_examples=300, deadline=None)
def test_random_scenarios_leave_a_sound_plan_or_reasons_and_never_touch_the_base(plan, rows):
    made = dataclasses.replace(plan, scenarios=tuple(rows))
    before, kept = plan.history.copy(), {name: plan.table(name) for name in TABLES}
    try:
        changed = apply_scenario(made, "s")
    except PlanFaults as error:
        faults = error.faults
    else:
        faults = ()
        assert check_plan(changed)[0] == ()
        assert bool(describe_scenario(made, "s")) == (not changed.same_as(made))
    assert all(fault.wrong and fault.where == "scenarios.csv" for fault in faults)
    assert {name: plan.table(name) for name in TABLES} == kept
    assert plan.history.equals(before)


def _cells(table, one):
    for column in columns(schema.TABLES[table]):
        value = getattr(one, column.field)
        yield column, None if value is None else text_of(column, value)
