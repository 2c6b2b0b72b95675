"""What is known about each day: weekday, holidays, made-up working days, events, drivers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

ORDINARY, HOLIDAY, WORKING_DAY, CLOSED = range(4)
KINDS = {"holiday": HOLIDAY, "working_day": WORKING_DAY, "closed": CLOSED}
SUNDAY = 6

# Prior standard deviations of effects on log volume: how large such an effect usually is.
PRIOR_SD = {
    "holiday": 0.5,
    "holiday name": 0.3,
    "working day": 0.2,
    "eve": 0.15,
    "after": 0.15,
    "bridge": 0.5,
    "event": 0.7,
    "like": 1.0,
    "driver": 0.2,
}


@dataclass(frozen=True)
class Days:
    """Everything known beforehand about a run of days, for one queue.

    Parameters
    ----------
    first_day
        Date of element 0.
    weekday
        0 Monday ... 6 Sunday.
    kind
        ``ORDINARY``, ``HOLIDAY``, ``WORKING_DAY`` (made-up) or ``CLOSED``.
    rest
        Whether people are off: weekend or holiday, and not a made-up working day.
    bridge
        Whether the day is a working day between a holiday and a weekend.
    log_factor
        Log of the planner's own factors: taken off the history, put on the forecast.
    columns, prior_sd
        Explanatory columns (name to one value a day) and the prior standard deviation of each
        one's effect on log volume.
    like
        Element whose day this one is like, -1 where none.
    notices
        Sentences for the planner.
    """

    first_day: np.datetime64
    weekday: np.ndarray
    kind: np.ndarray
    rest: np.ndarray
    bridge: np.ndarray
    log_factor: np.ndarray
    columns: dict[str, np.ndarray]
    prior_sd: dict[str, float]
    like: np.ndarray
    notices: tuple[str, ...] = ()

    @property
    def rest_weekday(self) -> int:
        """The weekday that a holiday resembles: Sunday, or the weekend's last day elsewhere."""
        weekend = np.unique(self.weekday[self.rest & (self.kind == ORDINARY)])
        return SUNDAY if SUNDAY in weekend or not len(weekend) else int(weekend[-1])

    @property
    def plain(self) -> np.ndarray:
        """Days on which nothing but the weekday is known to matter."""
        special = np.zeros(len(self.weekday), bool)
        for name, column in self.columns.items():
            if not name.startswith("driver"):
                special |= column != 0
        return (self.kind == ORDINARY) & ~special & ~self.bridge


@dataclass(frozen=True)
class _Country:
    """One country's public calendar over some years."""

    holidays: dict[np.datetime64, str]
    working_days: frozenset[np.datetime64]
    weekend: frozenset[int]
    unpublished: tuple[int, ...] = ()  # years whose days off in lieu are not known
    estimated: frozenset[np.datetime64] = frozenset()  # feasts whose day is announced late


@lru_cache(maxsize=64)
def country_calendar(country: str | None, first_year: int, last_year: int) -> _Country:
    """Public holidays and made-up working days of a country, from the ``holidays`` library.

    Parameters
    ----------
    country
        ISO code (``CN``) or country and region (``US-NY``); None: weekends only.

    Raises
    ------
    ValueError
        When the library does not know the country.
    """
    if not country:
        return _Country({}, frozenset(), frozenset({5, 6}))
    import holidays  # heavy

    code, _, region = country.partition("-")
    years = range(first_year - 1, last_year + 2)
    try:
        known = holidays.country_holidays(
            code, subdiv=region or None, years=years, language="en_US"
        )
    except NotImplementedError as error:
        message = f"country {country!r} is not known to the holidays library"
        raise ValueError(message) from error
    names = {np.datetime64(day, "D"): _holiday_name(name) for day, name in known.items()}
    # A day off in exchange for a worked weekend belongs to the holiday beside it.
    for day in sorted(names):
        if names[day] == "":
            near = [d for d in names if names[d] and abs((d - day).astype(int)) <= 7]
            closest = min(near, key=lambda d: abs((d - day).astype(int)), default=None)
            names[day] = names[closest] if closest is not None else "day off"
    working = {np.datetime64(day, "D") for day in known.weekend_workdays}
    unpublished: tuple[int, ...] = ()
    if code == "CN":
        published = {_year(day) for day in working}
        unpublished = tuple(y for y in range(first_year, last_year + 1) if y not in published)
    estimated = {np.datetime64(day, "D") for day, name in known.items() if "estimated)" in name}
    return _Country(
        names, frozenset(working), frozenset(known.weekend), unpublished, frozenset(estimated)
    )


def _year(day: np.datetime64) -> int:
    return int(day.astype("datetime64[Y]").astype(int)) + 1970


def _holiday_name(name: str) -> str:
    """One name for all days of a holiday; empty for a day off that is made up elsewhere."""
    first = name.split(";")[0]
    if re.match(r"day off", first, re.IGNORECASE):
        return ""
    first = re.sub(r"\s*\(.*?\)", "", first).strip()
    return re.sub(r"'s eve$", "", first, flags=re.IGNORECASE)


def describe_days(
    first_day: np.datetime64,
    n_days: int,
    queue: str = "",
    country: str | None = None,
    calendar: pd.DataFrame | None = None,
    drivers: pd.DataFrame | None = None,
) -> Days:
    """Describe `n_days` days from `first_day` on, as one queue sees them.

    Parameters
    ----------
    country
        For public holidays; see :func:`country_calendar`.
    calendar
        ``date, kind`` and perhaps ``name, queue, factor, like``; overrides the country.
    drivers
        ``date, driver, value`` and perhaps ``queue``; a missing value counts as the driver's mean.
    """
    dates = first_day + np.arange(n_days)
    weekday = (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
    public = country_calendar(country, _year(dates[0]), _year(dates[-1]))
    own = _rows_for(calendar, queue)

    kind = np.zeros(n_days, np.int8)
    names = np.full(n_days, "", object)
    position = {date: i for i, date in enumerate(dates)}
    for date, name in public.holidays.items():
        if date in position:
            kind[position[date]], names[position[date]] = HOLIDAY, name
    for date in public.working_days:
        if date in position:
            kind[position[date]] = WORKING_DAY

    log_factor = np.zeros(n_days)
    like = np.full(n_days, -1)
    columns: dict[str, np.ndarray] = {}
    prior_sd: dict[str, float] = {}

    def mark(name: str, prior: str, index: int) -> None:
        columns.setdefault(name, np.zeros(n_days))[index] = 1.0
        prior_sd[name] = PRIOR_SD[prior]

    for row in own:
        i = position.get(row["date"])
        if i is None:
            continue
        has_factor = row["factor"] is not None
        if row["kind"] in KINDS:
            kind[i], names[i] = KINDS[row["kind"]], row["name"]
        elif not has_factor and row["like"] is None:
            mark(f"event {row['name']}", "event", i)
        if has_factor:
            log_factor[i] += np.log(row["factor"])
        if row["like"] in position:
            like[i] = position[row["like"]]
            mark(f"like {row['like']}", "like", i)
            mark(f"like {row['like']}", "like", like[i])

    rest = (np.isin(weekday, list(public.weekend)) | (kind == HOLIDAY)) & (kind != WORKING_DAY)
    holiday = kind == HOLIDAY
    for i in np.flatnonzero(holiday):
        mark("holiday", "holiday", i)
        mark(f"holiday {names[i]}", "holiday name", i)
    for i in np.flatnonzero(kind == WORKING_DAY):
        mark("working day", "working day", i)
    bridge = _bridges(rest, holiday)
    for i in np.flatnonzero(bridge):
        mark("bridge", "bridge", i)
    for i in np.flatnonzero(~rest & (kind != CLOSED) & ~bridge):
        # The last working day before a holiday break, and the first one after it.
        if _break_holds_holiday(rest, holiday, i, +1):
            mark("eve", "eve", i)
        if _break_holds_holiday(rest, holiday, i, -1):
            mark("after", "after", i)
    _add_drivers(columns, prior_sd, drivers, queue, position, n_days)
    notices = _notices(public, own, position)
    return Days(
        first_day, weekday, kind, rest, bridge, log_factor, columns, prior_sd, like, notices
    )


def _rows_for(calendar: pd.DataFrame | None, queue: str) -> list[dict]:
    """The calendar rows of one queue, empty cells as None."""
    if calendar is None or calendar.empty:
        return []
    rows = []
    for record in calendar.to_dict("records"):
        cells = {k: (None if v is None or pd.isna(v) or v == "" else v) for k, v in record.items()}
        if cells.get("queue") not in (None, queue):
            continue
        factor, like = cells.get("factor"), cells.get("like")
        rows.append(
            {
                "date": np.datetime64(pd.Timestamp(cells["date"]).date(), "D"),
                "kind": cells.get("kind"),
                "name": str(cells.get("name") or ""),
                "factor": None if factor is None else max(float(factor), 1e-6),
                "like": None if like is None else np.datetime64(pd.Timestamp(like).date(), "D"),
            }
        )
    return rows


def _bridges(rest: np.ndarray, holiday: np.ndarray) -> np.ndarray:
    """Single working days between two rest days of which at least one is a holiday."""
    bridge = np.zeros(len(rest), bool)
    inner = ~rest[1:-1] & rest[:-2] & rest[2:] & (holiday[:-2] | holiday[2:])
    bridge[1:-1] = inner
    return bridge


def _break_holds_holiday(rest: np.ndarray, holiday: np.ndarray, i: int, step: int) -> bool:
    """Whether the rest days that follow (or precede) day `i` without a gap hold a holiday."""
    j = i + step
    while 0 <= j < len(rest) and rest[j]:
        if holiday[j]:
            return True
        j += step
    return False


def _add_drivers(
    columns: dict[str, np.ndarray],
    prior_sd: dict[str, float],
    drivers: pd.DataFrame | None,
    queue: str,
    position: dict[np.datetime64, int],
    n_days: int,
) -> None:
    """One standardised column per driver."""
    if drivers is None or drivers.empty:
        return
    table = drivers
    if "queue" in table.columns:
        table = table[table["queue"].isna() | table["queue"].isin(["", queue])]
    for name, part in table.groupby("driver", sort=True):
        values = np.full(n_days, np.nan)
        for date, value in zip(pd.to_datetime(part["date"]), part["value"], strict=True):
            i = position.get(np.datetime64(date.date(), "D"))
            if i is not None:
                values[i] = float(value)
        if np.isnan(values).all() or np.nanstd(values) == 0:
            continue
        column = (values - np.nanmean(values)) / np.nanstd(values)
        columns[f"driver {name}"] = np.nan_to_num(column)
        prior_sd[f"driver {name}"] = PRIOR_SD["driver"]


def _notices(
    public: _Country, own: list[dict], position: dict[np.datetime64, int]
) -> tuple[str, ...]:
    """What the calendar lacks: years not yet published, model days outside the history."""
    planned = {_year(row["date"]) for row in own if row["kind"] in ("holiday", "working_day")}
    notices = [
        f"WARNING: China's holiday arrangement for {year} is not known to the holidays library: "
        "days off in lieu and made-up working days are missing; put them into the plan's calendar "
        "(kinds holiday and working_day)"
        for year in public.unpublished
        if year not in planned
    ]
    told = {row["date"] for row in own}
    unsure = sorted(public.estimated & position.keys() - told)
    if unsure:
        notices.append(
            f"WARNING: the dates of {', '.join(f'{public.holidays[d]} ({d})' for d in unsure)} are "
            "estimated by the holidays library; put the announced ones into the plan's calendar"
        )
    notices += [
        f"calendar: {row['date']} should be like {row['like']}, which lies outside the history"
        for row in own
        if row["like"] is not None and row["date"] in position and row["like"] not in position
    ]
    return tuple(notices)
