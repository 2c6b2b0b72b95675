"""Calendars: exact bytes over a clock change, numbers that follow what was handed out before."""

import datetime as dt
import io
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from scenarios.errors import PlannerError
from scenarios.export import export_run
from scenarios.export.calendar import calendar_name, event_uid
from scenarios.export.zones import clock_changes, timezone_component
from tests.scenarios.export.conftest import SHIFTS, WRITTEN, leave, make_run

NORA = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//staffing//roster//EN
CALSCALE:GREGORIAN
X-WR-CALNAME:Nora
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:20270101T000000
TZNAME:CET
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20270328T020000
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20271031T030000
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
SUMMARY:N · North
DTSTART;TZID=Europe/Berlin:20270326T220000
DTEND;TZID=Europe/Berlin:20270327T060000
DTSTAMP:20270326T120000Z
UID:UID0
SEQUENCE:0
DESCRIPTION:Role: support
LAST-MODIFIED:20270326T120000Z
STATUS:CONFIRMED
X-STAFFING-DATE:2027-03-26
END:VEVENT
BEGIN:VEVENT
SUMMARY:N · North
DTSTART;TZID=Europe/Berlin:20270327T220000
DTEND;TZID=Europe/Berlin:20270328T060000
DTSTAMP:20270326T120000Z
UID:UID1
SEQUENCE:0
DESCRIPTION:Role: support\\n22:00–01:00 Calls\\; all\\, \\\\ both\\n01:00–01
 :30 break\\n01:30–06:00 Calls\\; all\\, \\\\ both
LAST-MODIFIED:20270326T120000Z
STATUS:CONFIRMED
X-STAFFING-DATE:2027-03-27
END:VEVENT
END:VCALENDAR
"""


def calendars(folder):
    return {p.name: p.read_bytes() for p in (folder / "calendars").iterdir()}


def events(folder, agent):
    found = Calendar.from_ical((folder / "calendars" / calendar_name(agent)).read_bytes()).events
    return {
        event["X-STAFFING-DATE"]: (int(event["SEQUENCE"]), str(event["STATUS"])) for event in found
    }


def test_a_night_over_the_clock_change_to_the_byte(nights, tmp_path):
    export_run(nights, tmp_path / "out")
    wanted = NORA
    for k, day in enumerate((26, 27)):
        uid = event_uid("Nights", "n1", dt.date(2027, 3, day))
        assert len(uid) == 32 + len("@staffing")
        wanted = wanted.replace(f"UID{k}", uid)
    assert calendars(tmp_path / "out")[calendar_name("n1")].decode() == wanted.replace("\n", "\r\n")
    assert set(calendars(tmp_path / "out")) == {calendar_name("n1"), calendar_name("d1")}


def test_the_night_in_which_the_clock_jumps_is_an_hour_shorter(nights, tmp_path):
    export_run(nights, tmp_path / "out")
    found = Calendar.from_ical(calendars(tmp_path / "out")[calendar_name("n1")]).events
    lengths = [
        (e["DTEND"].dt.astimezone(dt.UTC) - e["DTSTART"].dt.astimezone(dt.UTC)).seconds // 3600
        for e in found
    ]
    assert lengths == [8, 7]


@pytest.mark.parametrize(
    ("zone", "moments"),
    [
        ("Europe/Berlin", ["2027-03-28T01:00", "2027-10-31T01:00"]),
        ("America/New_York", ["2027-03-14T07:00", "2027-11-07T06:00"]),
        ("Australia/Lord_Howe", ["2027-04-03T15:00", "2027-10-02T15:30"]),
        ("Asia/Shanghai", []),
        ("Asia/Kathmandu", []),
    ],
)
def test_clock_changes_of_a_year(zone, moments):
    start, end = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2027, 2028))
    found = clock_changes(ZoneInfo(zone), start, end)
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in found] == moments


def test_new_yorks_changes_are_told_by_the_clock_before_them():
    text = timezone_component(ZoneInfo("America/New_York"), 2027, 2027).to_ical().decode()
    lines = text.split("\r\n")
    assert [line for line in lines if line.startswith("DTSTART")] == [
        "DTSTART:20270101T000000", "DTSTART:20270314T020000", "DTSTART:20271107T020000"
    ]  # fmt: skip


def test_times_of_a_plan_in_utc_end_in_z_and_without_a_plan_float(tmp_path):
    export_run(leave(make_run(), tmp_path / "a", zone="UTC"), tmp_path / "utc")
    export_run(leave(make_run(), tmp_path / "b", zone=None), tmp_path / "floating")
    assert b"DTSTART:20270328T090000Z" in calendars(tmp_path / "utc")[calendar_name("d1")]
    assert b"DTSTART:20270328T090000\r" in calendars(tmp_path / "floating")[calendar_name("d1")]


def test_an_export_written_again_stays_as_it_is(nights, tmp_path):
    first = calendars(export_run(nights, tmp_path / "out"))
    other = leave(make_run(), tmp_path / "later", written=WRITTEN + 3600)
    assert calendars(export_run(other, tmp_path / "out")) == first


def test_a_changed_shift_gets_the_next_number_and_the_rest_keeps_its_own(nights, tmp_path):
    out = export_run(nights, tmp_path / "out")
    before = calendars(out)
    shifts = [SHIFTS[0], (*SHIFTS[1][:4], "2027-03-28 05:00"), SHIFTS[2]]
    changed = leave(make_run(shifts), tmp_path / "changed", written=WRITTEN + 3600)
    export_run(changed, out)
    assert events(out, "n1") == {"2027-03-26": (0, "CONFIRMED"), "2027-03-27": (1, "CONFIRMED")}
    assert calendars(out)[calendar_name("d1")] == before[calendar_name("d1")]
    text = calendars(out)[calendar_name("n1")].decode()
    assert text.count("LAST-MODIFIED:20270326T120000Z") == 1
    assert text.count("LAST-MODIFIED:20270326T130000Z") == 1


def test_an_older_run_exported_later_does_not_turn_time_back(nights, tmp_path):
    out = export_run(nights, tmp_path / "out")
    older = leave(make_run(SHIFTS[1:]), tmp_path / "older", written=WRITTEN - 3600)
    export_run(older, out)
    assert b"T110000Z" not in calendars(out)[calendar_name("n1")]


def test_shifts_that_fell_away_are_cancelled_once_and_come_back_with_a_higher_number(
    nights, tmp_path
):
    out = export_run(nights, tmp_path / "out")
    without = leave(make_run(SHIFTS[:1], {"n1": "Nora"}), tmp_path / "less")
    for _ in range(2):
        export_run(without, out)
        assert events(out, "n1") == {"2027-03-26": (0, "CONFIRMED"), "2027-03-27": (1, "CANCELLED")}
        assert events(out, "d1") == {"2027-03-28": (1, "CANCELLED")}
    assert "X-WR-CALNAME:李雷" in calendars(out)[calendar_name("d1")].decode()
    export_run(nights, out)
    assert events(out, "n1") == {"2027-03-26": (0, "CONFIRMED"), "2027-03-27": (2, "CONFIRMED")}


def test_the_next_months_run_leaves_the_former_months_shifts_alone(nights, tmp_path):
    out = export_run(nights, tmp_path / "out")
    april = [("n1", "2027-04-01", "D", "2027-04-01 09:00", "2027-04-01 13:00")]
    export_run(leave(make_run(april, start="2027-04-01"), tmp_path / "april"), out)
    assert set(events(out, "n1").values()) == {(0, "CONFIRMED")}
    assert list(events(out, "n1")) == ["2027-03-26", "2027-03-27", "2027-04-01"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n\xff"])
def test_a_calendar_that_cannot_be_read_is_not_numbered_anew(nights, tmp_path, content):
    out = export_run(nights, tmp_path / "out")
    broken = out / "calendars" / calendar_name("n1")
    broken.write_bytes(content)
    before = calendars(out)
    with pytest.raises(PlannerError, match="cannot be read as a calendar"):
        export_run(nights, out)
    assert calendars(out) == before


HOSTILE = ["../../etc/passwd", "..", "/", "C:\\x", "CON", "a", "A", "a/", "a\\", "a\x00b", "=1+1",
           "欧阳" * 60, "é", "e\u0301", ".hidden", "-rf", "a\nBEGIN:VEVENT", "\ud800"]  # fmt: skip


def test_hostile_names_have_files_of_their_own_inside_the_folder(tmp_path):
    names = [calendar_name(agent) for agent in HOSTILE]
    assert len({name.casefold() for name in names}) == len(HOSTILE)
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    assert all(not name.startswith((".", "-")) for name in names)


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_people_never_share_a_file(one, other):
    names = {calendar_name(one).casefold(), calendar_name(other).casefold()}
    assert len(names) == len({one, other})
    assert all(len(name.encode()) < 255 and "/" not in name for name in names)


def test_hostile_names_stay_text_in_a_calendar(tmp_path):
    agent, name = "../x", "Eve\r\nBEGIN:VALARM\x07;,\\ =HYPERLINK(1)"
    shifts = [(agent, *SHIFTS[2][1:])]
    out = export_run(leave(make_run(shifts, {agent: name}), tmp_path / "run"), tmp_path / "out")
    (content,) = calendars(out).values()
    lines = content.replace(b"\r\n ", b"").split(b"\r\n")
    assert b"BEGIN:VALARM" not in lines
    calendar = Calendar.from_ical(content)
    assert calendar["X-WR-CALNAME"] == "Eve  BEGIN:VALARM ;,\\ =HYPERLINK(1)"
    assert len(calendar.events) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "run"]


def test_ids_differ_by_plan_person_and_day_alone():
    day = dt.date(2027, 3, 26)
    ids = {
        event_uid("P", "a", day), event_uid("P", "b", day), event_uid("Q", "a", day),
        event_uid("P", "a", day + dt.timedelta(days=1)), event_uid("P", "a", day, 1),
        event_uid("Pa", "", day),
    }  # fmt: skip
    assert len(ids) == 6


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_another_reader_makes_the_same_clock_of_a_zone(zone):
    text = timezone_component(ZoneInfo(zone), 2026, 2027).to_ical().decode()
    read = tzical(io.StringIO(text)).get()
    moment = dt.datetime(2026, 1, 1)
    while moment < dt.datetime(2028, 1, 1):
        there = moment.replace(tzinfo=ZoneInfo(zone))
        exists = there.astimezone(dt.UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
        once = there.utcoffset() == there.replace(fold=1).utcoffset()
        if exists and once:
            assert moment.replace(tzinfo=read).utcoffset() == there.utcoffset(), moment
        moment += dt.timedelta(minutes=30)
