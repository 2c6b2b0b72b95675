"""A time zone as iCalendar tells it: the clock changes of some years, each with its offsets."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard


def timezone_component(zone: ZoneInfo, first_year: int, last_year: int) -> Timezone:
    """Describe a time zone over whole years (VTIMEZONE; RFC 5545, 3.6.5).

    The onset of each change is told by the clock that ran until then: 02:00, where it jumps from
    02:00 to 03:00.
    """
    start = dt.datetime(first_year, 1, 1, tzinfo=zone).astimezone(dt.UTC)
    end = dt.datetime(last_year + 1, 1, 1, tzinfo=zone).astimezone(dt.UTC)
    component = Timezone()
    component.add("TZID", zone.key)
    before = _offset(start, zone)
    component.add_component(_observance(start, before, zone))
    for moment in clock_changes(zone, start, end):
        component.add_component(_observance(moment, before, zone))
        before = _offset(moment, zone)
    return component


def clock_changes(zone: ZoneInfo, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    """Find the moments (UTC, to the minute) after start and before end at which the offset jumps.

    Two changes within a day would be missed; no zone has had them since 1970.
    """
    found = []
    day = dt.timedelta(days=1)
    left = start
    while left < end:
        right = min(left + day, end)
        if _offset(left, zone) != _offset(right, zone):
            low, high = left, right
            while high - low > dt.timedelta(minutes=1):
                middle = low + dt.timedelta(minutes=(high - low) // dt.timedelta(minutes=2))
                if _offset(middle, zone) == _offset(left, zone):
                    low = middle
                else:
                    high = middle
            found.append(high)
        left = right
    return found


def _observance(
    onset: dt.datetime, before: dt.timedelta, zone: ZoneInfo
) -> TimezoneStandard | TimezoneDaylight:
    """Tell what holds from a moment on."""
    local = onset.astimezone(zone)
    part = TimezoneDaylight() if local.dst() else TimezoneStandard()
    part.add("DTSTART", (onset + before).replace(tzinfo=None))
    part.add("TZOFFSETFROM", before)
    part.add("TZOFFSETTO", _offset(onset, zone))
    part.add("TZNAME", local.tzname() or zone.key)
    return part


def _offset(moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    return moment.astimezone(zone).utcoffset() or dt.timedelta(0)
