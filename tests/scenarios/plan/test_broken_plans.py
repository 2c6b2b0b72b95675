"""Broken plans: each gives a list that names file or sheet, row and column, and no traceback."""

import contextlib
import datetime as dt
import gzip
import io
import random
import zipfile

import pytest
from openpyxl import load_workbook

from scenarios.plan import Fault, PlanFaults, load, render_faults, write_workbook


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def append(folder, name, text):
    with (folder / name).open("a", encoding="utf-8") as stream:
        stream.write(text)


def faults_of(path) -> tuple[Fault, ...]:
    with pytest.raises(PlanFaults) as caught:
        load(path)
    assert caught.value.faults
    assert "Traceback" not in str(caught.value)
    return caught.value.faults


def places(faults):
    return [(fault.where, fault.row, fault.column) for fault in faults]


# name: (file, old, new, (where, row, column), words of the fault)
EDITS = {
    "unknown queue in targets": (
        "targets.csv", "chat,answered", "chatt,answered", ("targets.csv", 2, "queue"), "chat"),
    "two limits of one promise": (
        "targets.csv", "email,replied_within,5,h,0.9,week\n",
        "email,replied_within,5,h,0.9,week\nchat,answered_within,60,s,0.99,week\n",
        ("targets.csv", 4, "limit"), "second limit of chat"),
    "unknown queue in roles": (
        "roles.csv", "support,email", "support,mail", ("roles.csv", 3, "queue"), "email"),
    "unknown role": (
        "contracts.csv", "author,outsourced,author", "author,outsourced,writer",
        ("contracts.csv", 3, "role"), "author"),
    "unknown contract of an agent": (
        "agents.csv", "客服一组,specialist,2025", "客服一组,specialists,2025",
        ("agents.csv", 3, "contract"), "perhaps specialist"),
    "unknown agent": (
        "availability.csv", "S3,", "S9,", ("availability.csv", 4, "agent"), "S3"),
    "unknown opening hours": (
        "queues.csv", "email,email,office", "email,email,offices", ("queues.csv", 3, "hours"),
        "perhaps office"),
    "unknown breaks": (
        "shifts.csv", "9,8,lunch", "9,8,launch", ("shifts.csv", 2, "breaks"), "perhaps lunch"),
    "unknown contract of a shift": (
        "shifts.csv", "K,author", "K,autor", ("shifts.csv", 4, "contract"), "perhaps author"),
    "unknown shift in a pin": (
        "availability.csv", "D@09:00", "E@09:00", ("availability.csv", 3, "shift"), "no shift of"),
    "pin at a start that the shift does not have": (
        "availability.csv", "D@09:00", "D@10:00", ("availability.csv", 3, "shift"), "cannot start"),
    "unknown channel": (
        "queues.csv", "email,email", "email,e-mail", ("queues.csv", 3, "channel"), "perhaps email"),
    "negative handle time": (
        "queues.csv", "720", "-720", ("queues.csv", 2, "aht_s"), "more than 0"),
    "text in a number": (
        "contracts.csv", "40,60", "40,sixty", ("contracts.csv", 2, "wage_per_hour"),
        "is not a number"),
    "number with thousands separator": (
        "contracts.csv", "40,60", '40,"1,200"', ("contracts.csv", 2, "wage_per_hour"), "1200"),
    "infinite number": (
        "contracts.csv", "40,60", "40,inf", ("contracts.csv", 2, "wage_per_hour"), "not a number"),
    "share above one": (
        "targets.csv", "0.9,week", "90,week", ("targets.csv", 2, "share"), "perhaps 90 % = 0.9"),
    "share of all contacts": (
        "targets.csv", "0.9,week", "100 %,week", ("targets.csv", 2, "share"), "no staff"),
    "fraction of a person": (
        "contracts.csv", "support,3,3", "support,2.5,3", ("contracts.csv", 2, "people_min"),
        "whole number"),
    "more people at least than at most": (
        "contracts.csv", "support,3,3", "support,4,3", ("contracts.csv", 2, "people_min"),
        "more than people_max"),
    "more agents by name than people": (
        "contracts.csv", "support,3,3", "support,2,2", ("contracts.csv", 2, "people_max"),
        "3 agents"),
    "required cell is empty": (
        "contracts.csv", "community,part_time", "community,", ("contracts.csv", 4, "kind"),
        "is empty"),
    "required column is missing": (
        "shifts.csv", "first_start", "begin", ("shifts.csv", 1, "first_start"),
        "the column is missing"),
    "heading twice": (
        "queues.csv", "patience_s", "aht_s", ("queues.csv", 1, "aht_s"), "twice"),
    "comma in a name without quotes": (
        "agents.csv", "S2,Ana,", "S2,Ana, Maria,", ("agents.csv", 3, ""), "6 cells under 5"),
    "duplicated agent": (
        "agents.csv", "S2,Ana", "S1,Ana", ("agents.csv", 3, "agent"), "same as in row 2"),
    "duplicated queue": (
        "queues.csv", "forum,forum", "email,forum", ("queues.csv", 4, "queue"), "same as in row 3"),
    "duplicated contract": (
        "contracts.csv", "author,outsourced", "specialist,outsourced",
        ("contracts.csv", 3, "contract"), "same as in row 2"),
    "opening window overlaps another": (
        "hours.csv", "office,tue,09:00,18:00", "office,mon,17:00,20:00",
        ("hours.csv", 3, "opens"), "overlaps the window of row 2"),
    "window past midnight overlaps the next day": (
        "hours.csv", "office,mon,09:00,18:00", "office,mon,12:00,34:00",
        ("hours.csv", 3, "opens"), None),
    "closes before it opens": (
        "hours.csv", "mon,09:00,18:00", "mon,18:00,09:00", ("hours.csv", 2, "closes"), "33:00"),
    "25-hour day": (
        "hours.csv", "mon,09:00,18:00", "mon,00:00,25:00", ("hours.csv", 2, "closes"),
        "a day of 25 hours"),
    "time that does not exist": (
        "hours.csv", "mon,09:00", "mon,09:75", ("hours.csv", 2, "opens"), "not a time of day"),
    "time as a bare hour": (
        "hours.csv", "mon,09:00", "mon,9", ("hours.csv", 2, "opens"), "not a time of day"),
    "opening off the grid": (
        "hours.csv", "mon,09:00", "mon,08:50", ("hours.csv", 2, "opens"), "grid of 30 min"),
    "shift off the grid": (
        "shifts.csv", "D,specialist,09:00", "D,specialist,09:10", ("shifts.csv", 2, "first_start"),
        "grid of 30 min"),
    "shift longer than a day": (
        "shifts.csv", ",9,8,lunch", ",25,8,lunch", ("shifts.csv", 2, "length_h"), "at most 24"),
    "last start before the first": (
        "shifts.csv", "09:00,14:00,60,4,,\nK", "14:00,09:00,60,4,,\nK",
        ("shifts.csv", 3, "last_start"), "before first_start"),
    "overlapping shifts of one code": (
        "shifts.csv", "K,author,09:00,14:00", "P,community,12:00,15:00", ("shifts.csv", 4, "shift"),
        "the same code in row 3"),
    "paid longer than it lasts": (
        "shifts.csv", "9,8,lunch", "9,10,lunch", ("shifts.csv", 2, "paid_h"), "more than its"),
    "day that is no weekday": (
        "shifts.csv", "paid_h,breaks\nD,specialist,09:00,,,9,8,lunch",
        "paid_h,breaks,weekdays\nD,specialist,09:00,,,9,8,lunch,mon tues",
        ("shifts.csv", 2, "weekdays"), "tues"),
    "break outside its shift": (
        "breaks.csv", "no,3,5", "no,3,8.5", ("shifts.csv", 2, "breaks"), "9.5 h into a shift"),
    "break window runs backwards": (
        "breaks.csv", "no,3,5", "no,5,3", ("breaks.csv", 2, "latest_h"), "before earliest_h"),
    "neither yes nor no": (
        "breaks.csv", "60,no", "60,maybe", ("breaks.csv", 2, "paid"), "neither yes nor no"),
    "contract without a shift": (
        "shifts.csv", "K,author", "K,community", ("contracts.csv", 3, "contract"), "has no shift"),
    "shift longer than the week": (
        "contracts.csv", "1,1,20,45", "1,1,2,45", ("contracts.csv", 4, "week_hours_max"),
        "shortest shift"),
    "leave and pin on one day": (
        "availability.csv", "S2,2026-12-21,,pin", "S1,2026-12-15,,pin",
        ("availability.csv", 3, "kind"), "row 2 has S1 away"),
    "leave that ends before it begins": (
        "availability.csv", "2026-12-14,2026-12-15", "2026-12-15,2026-12-14",
        ("availability.csv", 2, "to"), "before from"),
    "date in the year 1900": (
        "agents.csv", "2024-03-01", "1900-03-01", ("agents.csv", 2, "hired"), "out of range"),
    "date in the year 2200": (
        "availability.csv", "2026-12-14", "2200-12-14", ("availability.csv", 2, "from"),
        "out of range"),
    "day that no calendar has": (
        "agents.csv", "2024-03-01", "2023-02-29", ("agents.csv", 2, "hired"), "not a day"),
    "day before month": (
        "agents.csv", "2024-03-01", "01/03/2024", ("agents.csv", 2, "hired"), "year, month, day"),
    "unit that does not fit": (
        "targets.csv", "30,s", "30,business_day", ("targets.csv", 2, "unit"), "does not fit"),
    "limit without its unit": (
        "targets.csv", "30,s", "30,", ("targets.csv", 2, "unit"), "is empty for"),
    "live and deferred at once": (
        "targets.csv", "email,replied", "chat,replied", ("targets.csv", 3, "measure"),
        "two queues"),
    "queue without a promise": (
        "targets.csv", "forum,replied_within,1,business_day,0.9,week\n", "",
        ("queues.csv", 4, "queue"), "promises nothing"),
    "post that promises answers": (
        "targets.csv", "knowledge base,weekly_hours,20,h", "knowledge base,answered_within,20,s",
        ("targets.csv", 5, "measure"), "has no contacts"),
    "queue that nobody serves": (
        "roles.csv", "community,forum,,\n", "", ("queues.csv", 4, "queue"), "served by no role"),
    "role that nobody has": (
        "contracts.csv", "community,part_time,community", "community,part_time,support",
        ("queues.csv", 4, "queue"), "a role of no contract"),
    "escalation to an unknown queue": (
        "queues.csv", "fcr\nchat,chat,office,720,240,3,40 %,0.85",
        "fcr,escalates_to,escalation_share\nchat,chat,office,720,240,3,40 %,0.85,experts,0.1",
        ("queues.csv", 2, "escalates_to"), "not in the table queues"),
    "escalation in a loop": (
        "queues.csv",
        "fcr\nchat,chat,office,720,240,3,40 %,0.85\nemail,email,office,360,,,0.40,0.85",
        "fcr,escalates_to,escalation_share,callback_queue,callback_share\n"
        "chat,chat,office,720,240,3,40 %,0.85,email,0.1,,\n"
        "email,email,office,360,,,0.40,0.85,,,chat,0.1",
        ("queues.csv", 2, "escalates_to"), "chat > email > chat"),
    "shrinkage of all time": (
        "shrinkage.csv", "5 %", "100 %", ("shrinkage.csv", 2, "share"), "less than 1"),
    "key that no plan has": (
        "plan.toml", "weeks = 4", "weks = 4", ("plan.toml", 3, "weks"), "perhaps weeks"),
    "no first day": (
        "plan.toml", "start = 2026-12-07\n", "", ("plan.toml", None, "start"), "is missing"),
    "interval of 20 minutes": (
        "plan.toml", "interval_min = 30", "interval_min = 20", ("plan.toml", 4, "interval_min"),
        "15"),
    "unknown time zone": (
        "plan.toml", "Asia/Shanghai", "Asia/Peking", ("plan.toml", 6, "timezone"), "time zone"),
    "unknown country": (
        "plan.toml", '"CN"', '"XX"', ("plan.toml", 7, "country"), "holidays are not known"),
    "key of a section out of range": (
        "plan.toml", "floor = 0.6", "floor = 6", ("plan.toml", 12, "service.floor"), "at most 1"),
    "settings that are not TOML": (
        "plan.toml", 'currency = "CNY"', "currency = CNY", ("plan.toml", 5, ""), "not TOML"),
    "days that are no whole weeks": (
        "plan.toml", "weeks = 4", "end = 2026-12-22", ("plan.toml", 3, "end"), "whole weeks"),
    "history before which the plan starts": (
        "plan.toml", "2026-12-07", "2026-01-05", ("history.csv", None, "start"), "all of the"),
    "negative volume": (
        "history.csv", "chat,2026-11-11 09:00,", "chat,2026-11-11 09:00,-",
        ("history.csv", 2, "volume"), "is negative"),
    "text for a volume": (
        "history.csv", "chat,2026-11-11 09:00,", "chat,2026-11-11 09:00,x",
        ("history.csv", 2, "volume"), "is not a number"),
    "time that cannot be read": (
        "history.csv", "email,2026-11-11 09:00", "email,11.11.2026 09:00",
        ("history.csv", 3, "start"), "not a date and time"),
    "history of the year 1900": (
        "history.csv", "chat,2026-11-11 09:00", "chat,1900-11-11 09:00",
        ("history.csv", 2, "start"), "out of range"),
    "shrinkage that ends before it begins": (
        "shrinkage.csv", "planned\nmeetings,5 %,yes", "from_time,to_time\nx,5 %,14:00,09:00",
        ("shrinkage.csv", 2, "to_time"), "after 14:00"),
    "shrinkage of all of a role's time": (
        "shrinkage.csv", "meetings,5 %,yes\n", "meetings,60 %,yes\ncoaching,40 %,yes\n",
        ("shrinkage.csv", 3, "share"), "nobody works"),
    "history row twice": (
        "history.csv", "chat,2026-11-11 09:30", "chat,2026-11-11 09:00",
        ("history.csv", 5, "start"), "twice"),
    "history of an unknown queue": (
        "history.csv", "chat,2026-11-11 09:00", "chta,2026-11-11 09:00",
        ("history.csv", 2, "queue"), "perhaps chat"),
    "history that gives no handle time": (
        "queues.csv", "forum,forum,office,300", "forum,forum,office,", ("queues.csv", 4, "aht_s"),
        "history has none either"),
}  # fmt: skip


@pytest.mark.parametrize("case", EDITS.values(), ids=EDITS.keys())
def test_a_single_fault_is_told_where_it_is(tiny_plan, case):
    name, old, new, place, words = case
    edit(tiny_plan, name, old, new)
    faults = faults_of(tiny_plan)
    assert place in places(faults)
    if words is not None:
        fault = faults[places(faults).index(place)]
        assert words in f"{fault.wrong}; {fault.right}"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("date,from,to,kind,name,queue\n,,,holiday,x,\n", (2, "date"), "is empty"),
        ("date,kind\n2026-12-25,holiday\n2026-12-25,working_day\n", (3, "kind"), "row 2"),
        ("date,kind,like\n2026-12-25,event,2027-12-25\n", (2, "like"), "not before"),
        ("date,kind,queue\n2026-12-25,holiday,chat\n", (2, "queue"), "only events"),
    ],
)  # fmt: skip
def test_faults_of_the_calendar(tiny_plan, text, place, words):
    append(tiny_plan, "calendar.csv", text)
    fault = faults_of(tiny_plan)[0]
    assert (fault.where, fault.row, fault.column) == ("calendar.csv", *place)
    assert words in f"{fault.wrong} {fault.right}"


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        ("rules", "rule,value\nmin_rest,11\n", (2, "rule"), "min_rest_h"),
        ("rules", "rule,scope,who,value\nmin_rest_h,agent,S8,11\n", (2, "who"), "no agent"),
        ("rules", "rule,value\nmin_rest_h,-1\n", (2, "value"), "negative"),
        ("rates", "name,kind,from,to\nnight,premium,22:00,06:00\n", (2, "to"), "30:00"),
        ("rates", "name,kind,contract\nstep,outsourced_step,author\n", (2, "price_per_hour"), ""),
        (
            "rates",
            "name,kind,from_hours,factor\nfirst,overtime,0,2\nthen,overtime,4,1.5\n",
            (3, "factor"),
            "at least 2",
        ),
        ("budget", "month,amount\n2026-13,5\n", (2, "month"), "2026-12"),
        ("scenarios", "scenario,table,column,operation,value\nx,queue,aht_s,times,2\n",
         (2, "table"), "perhaps queues"),
        ("scenarios", "scenario,table,column,operation,value\nx,queues,aht,times,2\n",
         (2, "column"), "perhaps aht_s"),
        ("scenarios", "scenario,based_on,table,column,operation,value\nx,y,queues,aht_s,times,2\n"
         "y,x,queues,aht_s,times,2\n", (2, "based_on"), "x > y > x"),
        ("drivers", "date,driver,value\n2026-12-08,mail,1\n2026-12-08,mail,2\n", (3, "date"),
         "same as in row 2"),
        ("tenure", "from_months,speed\n0,0\n", (2, "speed"), "more than 0"),
        ("backlog", "queue,age_h,contacts\nmail,2,5\n", (2, "queue"), "perhaps email"),
        ("backlog", "queue,age_h,contacts\nchat,2,5\n", (2, "queue"), "promises no reply"),
        ("backlog", "queue,age_h,contacts\nemail,-2,5\n", (2, "age_h"), "is negative"),
        ("backlog", "queue,age_h,contacts\nemail,2,0\n", (2, "contacts"), "at least 1"),
        ("backlog", "queue,age_h,contacts\nemail,2,5\nemail,2,7\n", (3, "queue"),
         "same as in row 2"),
        ("campaigns", "campaign,queue,contacts,from\nx,chat,9,2026-12-07\n", (2, "queue"),
         "promises no reply"),
        ("campaigns", "campaign,queue,contacts,from,to\nx,email,9,2026-12-09,2026-12-08\n",
         (2, "to"), "is before from"),
        ("campaigns", "campaign,queue,contacts,from,to\nx,email,9,2026-12-12,2026-12-13\n",
         (2, "to"), "no day on which email is open"),
        ("campaigns", "campaign,queue,contacts,from\nx,email,1.5,2026-12-12\n",
         (2, "contacts"), "whole number"),
    ],
)  # fmt: skip
def test_faults_of_tables_that_may_be_left_out(tiny_plan, name, text, place, words):
    append(tiny_plan, f"{name}.csv", text)
    fault = faults_of(tiny_plan)[0]
    assert (fault.where, fault.row, fault.column) == (f"{name}.csv", *place)
    assert words in f"{fault.wrong} {fault.right}"


@pytest.mark.parametrize("table", ["queues", "targets", "history", "roles", "contracts", "shifts"])
def test_a_missing_table_is_one_fault_and_drags_no_others_along(tiny_plan, table):
    (tiny_plan / f"{table}.csv").unlink()
    assert places(faults_of(tiny_plan)) == [(f"{table}.csv", None, "")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n\n", "is empty"),
        (b"queue,channel\n", "no row below its header"),
        (b"\x00\x01\x02\x03", "not a text file"),
        (b"\xff\xff\xff,\xff\n", "not a text file"),
        (b"PK\x03\x04rest", "is a workbook, not text"),
        (b'queue,channel\n"' + b"x" * 200_000, "field larger"),
    ],
)
def test_files_that_are_no_tables(tiny_plan, content, words):
    (tiny_plan / "queues.csv").write_bytes(content)
    faults = faults_of(tiny_plan)
    assert faults[0].where == "queues.csv"
    assert words in faults[0].wrong


def test_a_fault_in_a_row_drags_no_others_along(tiny_plan):
    """A queue with a bad handle time still exists for those who name it."""
    edit(tiny_plan, "queues.csv", "720", "much")
    assert places(faults_of(tiny_plan)) == [("queues.csv", 2, "aht_s")]


def test_all_faults_are_told_at_once_in_the_order_of_the_tables(tiny_plan):
    edit(tiny_plan, "agents.csv", "2024-03-01", "soon")
    edit(tiny_plan, "queues.csv", "720", "-1")
    edit(tiny_plan, "queues.csv", "email,email", "email,mail")
    edit(tiny_plan, "plan.toml", "weeks = 4", "weeks = 99")
    faults = faults_of(tiny_plan)
    assert places(faults) == [
        ("plan.toml", 3, "weeks"),
        ("queues.csv", 2, "aht_s"),
        ("queues.csv", 3, "channel"),
        ("agents.csv", 2, "hired"),
    ]
    text = render_faults(faults)
    assert text.startswith("4 faults in the plan")
    assert "\nqueues.csv\n  - row 2, column aht_s: read “-1”: " in text


def test_many_faults_of_a_kind_are_counted_not_listed(tiny_plan):
    path = tiny_plan / "history.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",5\n", ",-5\n"), encoding="utf-8")
    faults = faults_of(tiny_plan)
    assert len(faults) == 21
    assert any("more rows" in fault.wrong for fault in faults)


def test_hourly_history_does_not_fit_half_hours(tiny_plan):
    path = tiny_plan / "history.csv"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if ":30," not in line]
    path.write_text("\n".join(lines), encoding="utf-8")
    faults = faults_of(tiny_plan)
    assert {(fault.where, fault.column) for fault in faults} == {("history.csv", "start")}
    assert "interval_min = 60" in faults[0].right


def test_single_contacts_answered_before_they_came(tiny_plan):
    (tiny_plan / "history.csv").write_text(
        "queue,arrived,answered,ended\nchat,2026-12-01 09:01,2026-12-01 09:00,2026-12-01 09:05\n",
        encoding="utf-8",
    )
    assert ("history.csv", 2, "answered") in places(faults_of(tiny_plan))


def test_a_history_file_that_is_not_there(tiny_plan):
    (tiny_plan / "history.csv").unlink()
    append(tiny_plan, "plan.toml", '\n[forecast]\nhistory = "calls.csv"\n')
    assert places(faults_of(tiny_plan)) == [("plan.toml", 15, "forecast.history")]


def test_a_packed_file_that_is_cut_off(tiny_plan):
    path = tiny_plan / "history.csv"
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    (tiny_plan / "history.csv.gz").write_bytes(packed[: len(packed) // 2])
    fault = faults_of(tiny_plan)[0]
    assert fault.where == "history.csv.gz"
    assert "cannot be read" in fault.wrong


def test_paths_that_are_no_plan(tmp_path):
    assert "does not exist" in faults_of(tmp_path / "nothing")[0].wrong
    (tmp_path / "plan.pdf").write_bytes(b"%PDF")
    assert "is not a plan" in faults_of(tmp_path / "plan.pdf")[0].wrong
    (tmp_path / "empty").mkdir()
    assert ("plan.toml", None, "") in places(faults_of(tmp_path / "empty"))


# Workbooks ---------------------------------------------------------------------------------------


@pytest.fixture
def book(tiny_plan, tmp_path):
    return write_workbook(load(tiny_plan), tmp_path / "plan.xlsx")


def change(path, sheet, cell, value):
    workbook = load_workbook(path)
    workbook[sheet][cell].value = value
    if isinstance(value, int | float):
        workbook[sheet][cell].number_format = "General"
    workbook.save(path)


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "place", "words"),
    [
        ("agents", "A2", '="S"&1', ("sheet agents", 2, "agent"), "cell A2 is a formula"),
        ("queues", "A3", "=A2", ("sheet queues", 3, "queue"), "cell A3 is a formula"),
        ("contracts", "D2", "=1+2", ("sheet contracts", 2, "people_min"), "stored value"),
        ("contracts", "D2", "#N/A", ("sheet contracts", 2, "people_min"), "shows an error"),
        ("contracts", "D2", "three", ("sheet contracts", 2, "people_min"), "not a number"),
        ("queues", "D2", -720, ("sheet queues", 2, "aht_s"), "is negative"),
        ("hours", "C2", 9, ("sheet hours", 2, "opens"), "not a time"),
        ("availability", "B2", 46370, ("sheet availability", 2, "from"), "is a number"),
        ("availability", "B2", dt.datetime(2026, 12, 14, 8), ("sheet availability", 2, "from"),
         "time of day"),
        ("history", "A2", "=A3", ("sheet history", 2, "queue"), "cell A2 is a formula"),
        ("history", "C2", "lots", ("sheet history", 2, "volume"), "not a number"),
        ("history", "B2", 46370.5, ("sheet history", 2, "start"), "not a date and time"),
        ("plan", "B3", "soon", ("sheet plan", 3, "start"), "is not a date"),
        ("plan", "A3", "begin", ("sheet plan", 3, "begin"), "no key"),
        ("plan", "A1", "name", ("sheet plan", 1, ""), "lacks a heading"),
    ],
)  # fmt: skip
def test_faults_in_a_workbook_name_sheet_row_and_column(book, sheet, cell, value, place, words):
    change(book, sheet, cell, value)
    faults = faults_of(book)
    assert place in places(faults)
    assert words in faults[places(faults).index(place)].wrong


@pytest.mark.parametrize("part", [0.05, 0.5, 0.95, 0.999])
def test_a_truncated_workbook(book, part):
    data = book.read_bytes()
    book.write_bytes(data[: int(len(data) * part)])
    assert places(faults_of(book)) == [("plan.xlsx", None, "")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (b"queue,channel\n", "is not a workbook"),
        (b"PK\x05\x06" + b"\0" * 18, "cannot be read"),
    ],
)
def test_files_that_are_no_workbooks(book, content, words):
    book.write_bytes(content)
    assert words in faults_of(book)[0].wrong


def test_a_workbook_without_a_table(book):
    workbook = load_workbook(book)
    del workbook["roles"]
    workbook.save(book)
    assert places(faults_of(book)) == [("sheet roles", None, "")]


def rewrite(path, member, change):
    """Replace one member of an archive."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[member] = change(parts[member])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="XFD1048576"><v>1</v></c>',
        b"<c  s = '1' r='XFD1048576' ><v>1</v></c>",
        b'<c s="1" r="xfd1048576"><v>1</v></c>',
    ],
)
def test_a_cell_in_the_far_corner_is_refused_before_room_is_made_for_it(book, cell):
    """However it is written: the reader makes room for all cells before it, and dies."""
    far = b'<row r="1048576">' + cell + b"</row></sheetData>"
    rewrite(book, "xl/worksheets/sheet2.xml", lambda data: data.replace(b"</sheetData>", far))
    fault = faults_of(book)[0]
    assert fault.where == "sheet queues"
    assert "row 1048576" in fault.wrong


def test_a_zip_bomb_is_refused(book, monkeypatch):
    monkeypatch.setattr("scenarios.plan.workbook_guard.MAX_UNPACKED_BYTES", 2**20)
    rewrite(book, "xl/worksheets/sheet2.xml", lambda data: data + b" " * 2**20)
    assert "unpacks to" in faults_of(book)[0].wrong


def test_a_part_with_a_document_type_is_refused(book):
    doctype = b'<!DOCTYPE worksheet [<!ENTITY a "aaaa">]><worksheet'
    rewrite(book, "xl/worksheets/sheet2.xml", lambda data: data.replace(b"<worksheet", doctype, 1))
    assert "document type" in faults_of(book)[0].wrong


def test_damaged_workbooks_never_end_in_a_traceback(book):
    """Bytes changed at random, in the archive and within its XML."""
    data = book.read_bytes()
    draw = random.Random(5)
    for _ in range(25):
        broken = bytearray(data)
        for _ in range(draw.randrange(1, 40)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        book.write_bytes(broken)
        with contextlib.suppress(PlanFaults):
            load(book)
    for _ in range(25):
        book.write_bytes(data)
        member = f"xl/worksheets/sheet{draw.randrange(1, 5)}.xml"
        at, cut = draw.randrange(4000), draw.randrange(1, 30)
        rewrite(book, member, lambda part, at=at, cut=cut: part[:at] + part[at + cut :])
        with contextlib.suppress(PlanFaults):
            load(book)


def test_damaged_tables_never_end_in_a_traceback(tiny_plan):
    """Cells of a folder replaced at random by what people and programs leave behind."""
    junk = ["", "=1+1", "-1", "1e999", "nan", "99:99", "2026-02-30", "yes", "王", "'", '"', "\x00",
            ",", "0", "24:00", "1" * 400, "80 %", "٣", "½"]  # fmt: skip
    draw = random.Random(7)
    originals = {path: path.read_text(encoding="utf-8") for path in tiny_plan.iterdir()}
    for _ in range(60):
        path = draw.choice(sorted(originals))
        lines = originals[path].splitlines()
        at = draw.randrange(min(len(lines), 6))
        cells = lines[at].split(",")
        cells[draw.randrange(len(cells))] = draw.choice(junk)
        lines[at] = ",".join(cells)
        path.write_text("\n".join(lines), encoding="utf-8")
        with contextlib.suppress(PlanFaults):
            load(tiny_plan)
        path.write_text(originals[path], encoding="utf-8")
