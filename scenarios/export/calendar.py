"""A calendar for everybody (iCalendar, RFC 5545): one event a shift, with an id that stays.

A calendar program that has an event already takes a newer one over by its id and sequence number.
So what was handed out before is read first: an unchanged shift keeps its number, a changed one
gets the next, and one that fell away is cancelled rather than left out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from scenarios.export.shifts import parts_of_shifts
from scenarios.export.zones import timezone_component
from scenarios.i18n import translator
from scenarios.runs import RunError

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.runs import Run

_PRODUCT = "-//staffing//roster//EN"
#: What a reader of the calendar sees; a difference in any makes it another version of the event.
_CORE = ("DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS")
_MOST_LETTERS = 40


def calendar_files(
    run: Run,
    zone: str | None,
    stamp: dt.datetime,
    former: Mapping[str, Calendar] | None = None,
    language: str = "en",
) -> dict[str, bytes]:
    """Make the calendars of a run.

    Parameters
    ----------
    run
        A run.
    zone
        Its time zone, as in Asia/Shanghai. None: local times without one.
    stamp
        When the run was made (UTC); told of events that are new or changed.
    former
        Calendars handed out before, by file name. Their events outside the run's days stay.
    language
        en or zh.

    Returns
    -------
    dict
        Content by file name, one for each person with a shift now or before.
    """
    former = former or {}
    shifts = {calendar_name(agent): own for agent, own in _shifts(run, zone, language).items()}
    titles = {calendar_name(agent): name for agent, name in _names(run).items()}
    found = {}
    for name in sorted({*former, *shifts}):
        old = {str(event["UID"]): event for event in former[name].events} if name in former else {}
        events = _merged(run, shifts.get(name, []), old, stamp)
        title = titles.get(name) or str(former[name].get("X-WR-CALNAME", ""))
        found[name] = _calendar(title, events)
    return found


def read_calendars(folder: str | Path) -> dict[str, Calendar]:
    """Read the calendars of an earlier export.

    Raises
    ------
    RunError
        One of them is no calendar: its sequence numbers would be lost.
    """
    found = {}
    for path in sorted(Path(folder).glob("*.ics")):
        try:
            calendar = Calendar.from_ical(path.read_bytes())
            if not isinstance(calendar, Calendar) or any("UID" not in e for e in calendar.events):
                msg = "an event lacks its UID"
                raise ValueError(msg)
            for event in calendar.events:
                int(event.get("SEQUENCE", 0))
                _day(event)
                ZoneInfo(str(event["DTSTART"].params.get("TZID", "UTC")))
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            msg = (
                f"{path} was exported before and cannot be read as a calendar now ({error}); "
                "export to another folder, or remove the file and have its events numbered anew"
            )
            raise RunError(msg) from error
        found[path.name] = calendar
    return found


def calendar_name(agent: str) -> str:
    """Name a person's file: safe on every system, and never another person's.

    Letters of any language stay; the hash tells apart those whose letters are the same.
    """
    letters = unicodedata.normalize("NFKC", agent)
    letters = re.sub(r"[^\w-]+", "-", letters)[:_MOST_LETTERS].strip("-_")
    return f"{letters or 'agent'}-{_hash(agent)[:8]}.ics"


def event_uid(plan: str, agent: str, date: dt.date, number: int = 0) -> str:
    """Give a shift the id that it keeps in every run of the plan.

    `number` tells shifts apart that one person begins on one day.
    """
    again = [str(number)] if number else []
    return f"{_hash(plan, agent, date.isoformat(), *again)[:32]}@staffing"


def _shifts(run: Run, zone: str | None, language: str) -> dict[str, list[Event]]:
    """Make the events of each person, without number and stamp."""
    word = translator(language)
    service = run.tables["service"]
    labels = dict(zip(service["queue"], service["label"], strict=True))
    parts = parts_of_shifts(run)
    found: dict[str, list[Event]] = {}
    for agent, rows in run.tables["schedule"].groupby("agent", sort=True):
        ordered = rows.sort_values(["date", "start"], kind="stable")
        numbers = ordered.groupby("date").cumcount()
        for number, row in zip(numbers, ordered.itertuples(index=False), strict=True):
            date = row.date.date()
            event = Event()
            event.add("UID", event_uid(str(run.result["name"]), str(agent), date, int(number)))
            event.add("DTSTART", _moment(row.start, zone))
            event.add("DTEND", _moment(row.end, zone))
            event.add("SUMMARY", " · ".join(filter(None, [_plain(row.shift), _plain(row.team)])))
            lines = [f"{word('Role')}: {_plain(row.role)}"] if row.role else []
            for part in parts.get((row.agent, row.start), ()):
                what = labels.get(part.activity) or word(part.activity)
                lines.append(f"{part.start:%H:%M}–{part.end:%H:%M} {_plain(what)}")
            if lines:
                event.add("DESCRIPTION", "\n".join(lines))
            event.add("STATUS", "CONFIRMED")
            event.add("X-STAFFING-DATE", date.isoformat())
            found.setdefault(str(agent), []).append(event)
    return found


def _merged(
    run: Run, fresh: list[Event], old: Mapping[str, Event], stamp: dt.datetime
) -> list[Event]:
    """Number events by what was handed out before, and cancel what fell away."""
    events = []
    for event in fresh:
        before = old.get(str(event["UID"]))
        if before is None:
            _number(event, 0, stamp)
        elif _core(event) == _core(before):
            event["SEQUENCE"] = before.get("SEQUENCE", 0)
            for key in ("DTSTAMP", "LAST-MODIFIED"):
                event[key] = before.get(key) or _number(Event(), 0, stamp)[key]
        else:
            _follow(event, before, stamp)
        events.append(event)
    first, last = (dt.date.fromisoformat(day) for day in run.span)
    kept = {str(event["UID"]) for event in fresh}
    for uid, before in old.items():
        if uid in kept:
            continue
        fell_away = first <= _day(before) <= last and str(before.get("STATUS")) != "CANCELLED"
        if fell_away:
            _put(before, "STATUS", "CANCELLED")
            _follow(before, before, stamp)
        events.append(before)
    return sorted(events, key=lambda event: (event["DTSTART"].to_ical(), str(event["UID"])))


def _follow(event: Event, before: Event, stamp: dt.datetime) -> None:
    """Number an event after its former version; time never runs backwards."""
    since = [before[key].dt for key in ("DTSTAMP", "LAST-MODIFIED") if key in before]
    _number(event, int(before.get("SEQUENCE", 0)) + 1, max([stamp, *since]))


def _number(event: Event, sequence: int, stamp: dt.datetime) -> Event:
    _put(event, "SEQUENCE", sequence)
    _put(event, "DTSTAMP", stamp)
    _put(event, "LAST-MODIFIED", stamp)
    return event


def _put(event: Event, key: str, value: object) -> None:
    event.pop(key, None)
    event.add(key, value)


def _core(event: Event) -> list[tuple[str, bytes, str]]:
    parts = [(key, event[key]) for key in _CORE if key in event]
    return [(key, value.to_ical(), str(value.params.get("TZID", ""))) for key, value in parts]


def _day(event: Event) -> dt.date:
    """Day that a shift counts to."""
    return dt.date.fromisoformat(str(event["X-STAFFING-DATE"]))


def _calendar(title: str, events: list[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", _PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    if title:
        calendar.add("X-WR-CALNAME", title)
    zones = sorted({str(event["DTSTART"].params.get("TZID", "")) for event in events} - {""})
    for zone in zones:
        years = [event[key].dt.year for event in events for key in ("DTSTART", "DTEND")]
        calendar.add_component(timezone_component(ZoneInfo(zone), min(years), max(years)))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _names(run: Run) -> dict[str, str]:
    names: dict[str, str] = {}
    for table in ("schedule", "agents"):
        own = run.tables[table]
        names |= {a: _plain(n or a) for a, n in zip(own["agent"], own["name"], strict=True)}
    return names


def _moment(local: pd.Timestamp, zone: str | None) -> dt.datetime:
    moment = local.to_pydatetime()
    if zone is None:
        return moment
    return moment.replace(tzinfo=dt.UTC if zone == "UTC" else ZoneInfo(zone))


def _plain(text: object) -> str:
    """Leave out what no line of a calendar can hold."""
    kept = (" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in str(text))
    return "".join(kept)


def _hash(*parts: str) -> str:
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()
