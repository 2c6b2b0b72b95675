"""The history of a plan: checked column by column, summed to the plan's intervals.

Hundreds of thousands of rows are usual here, so nothing walks over single rows: a column is read at
once, and at most `MAX_LISTED` faults of a kind are listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from scenarios.plan import schema
from scenarios.plan.faults import Fault, Notice, suggestion
from scenarios.plan.read import RawTable
from scenarios.plan.rows import cell_fault, place_columns
from scenarios.plan.values import FIRST_DATE, LAST_DATE, CellError, Column, columns, is_empty, parse

#: Faults of one kind in one column that are listed; the rest are counted.
MAX_LISTED = 20
#: Columns of `Plan.history`.
COLUMNS = ("queue", "start", "volume", "aht_s", "abandoned", "waited_s")

_CONTACT_COLUMNS = (
    Column("queue", "queue", "text", (), True, None, "Queue", ()),
    Column("arrived", "arrived", "datetime", (), True, None, "When the contact came", ()),
    Column("answered", "answered", "datetime", (), False, None, "When a person took it", ()),
    Column("ended", "ended", "datetime", (), False, None, "When it was done", ()),
    Column("outcome", "outcome", "text", (), False, None, "abandoned if it hung up", ()),
)
_ABANDONED = {"abandoned", "abandon", "hang", "hung up", "放弃", "挂断"}
# Below this many rows a queue's interval cannot be told from its starts.
_ROWS_TO_TELL = 12
_DAY = r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
_OFFSET = r"(?:[+-]\d{2}:?\d{2}|Z)$"


def empty_history() -> pd.DataFrame:
    """History without a row."""
    frame = pd.DataFrame({column: pd.Series(dtype="float64") for column in COLUMNS})
    frame["queue"] = frame["queue"].astype(str)
    frame["start"] = pd.to_datetime(frame["start"]).astype("datetime64[ns]")
    return frame


class HistoryReader:
    """Reads one raw table as history; faults and notices are collected on the way.

    Parameters
    ----------
    raw
        The table as it stands in its file.
    settings
        Interval, time zone, first day planned and first day used.
    queues
        Names of queues that exist; None if the table of queues could not be read.
    windows
        Opening windows (opens, closes) in minutes by queue and weekday (Monday 0); used for
        histories of single contacts, where an open interval without a contact counts as none.
    """

    def __init__(
        self,
        raw: RawTable,
        settings: schema.Settings,
        queues: set[str] | None,
        windows: Mapping[str, Mapping[int, tuple[tuple[int, int], ...]]],
    ) -> None:
        self.raw = raw
        self.settings = settings
        self.queues = queues
        self.windows = windows
        self.faults: list[Fault] = []
        self.notices: list[Notice] = []

    def read(self) -> pd.DataFrame:
        """History by interval, sorted by queue and start: columns of `COLUMNS`."""
        headings = {heading.casefold() for heading in self.raw.header}
        if "arrived" in headings and "volume" not in headings:
            frame = self._contacts()
        else:
            frame = self._intervals()
        if frame.empty:
            return empty_history()
        frame = self._cut(frame)
        frame["queue"] = frame["queue"].astype(str)
        frame["start"] = frame["start"].astype("datetime64[ns]")
        return frame.sort_values(["queue", "start"], ignore_index=True)[list(COLUMNS)]

    # Columns -------------------------------------------------------------------------------------

    def _frame(self, known: tuple[Column, ...]) -> pd.DataFrame | None:
        """Columns as values, indexed by row number; None if one that is needed is missing."""
        before = len(self.faults)
        places = place_columns(self.raw, known, self.faults, self.notices)
        if len(self.faults) > before:
            return None
        numbers = pd.Index([number for number, _ in self.raw.rows], name="row")
        frame = pd.DataFrame(index=numbers)
        for column in known:
            at = places.get(column.name)
            if at is None:
                frame[column.name] = pd.NaT if column.kind == "datetime" else np.nan
                continue
            cells = pd.Series([row[at] for _, row in self.raw.rows], index=numbers, dtype=object)
            self._marked(column, at, cells)
            frame[column.name] = {
                "text": self._texts, "datetime": self._moments, "number": self._numbers,
            }[column.kind](column, cells)  # fmt: skip
        return frame

    def _marked(self, column: Column, at: int, cells: pd.Series) -> None:
        marked = {row for row, place in self.raw.formulas | self.raw.errors if place == at}
        for row in sorted(marked.intersection(cells.index))[:MAX_LISTED]:
            fault = cell_fault(self.raw, column, row, at, cells[row])
            if fault is not None:
                self.faults.append(fault)

    def _texts(self, column: Column, cells: pd.Series) -> pd.Series:
        values = {}
        for cell in pd.unique(cells):
            try:
                values[cell] = None if is_empty(cell) else parse(column, cell)
            except CellError as error:
                self._tell(column, cells, cells == cell, error.wrong, error.right)
                values[cell] = None
        texts = cells.map(values).astype(object).where(lambda s: s.notna(), None)
        if column.required:
            self._tell(column, cells, cells.map(is_empty), "is empty", column.text)
        return texts

    def _numbers(self, column: Column, cells: pd.Series) -> pd.Series:
        blank = cells.map(is_empty)
        numbers = pd.to_numeric(cells.where(~blank, None), errors="coerce").astype("float64")
        numbers[cells.map(lambda cell: isinstance(cell, bool))] = np.nan
        odd = numbers.isna() & ~blank
        # What the quick way does not take: decimal commas, full-width digits, text.
        for cell in pd.unique(cells[odd])[: MAX_LISTED * 5]:
            try:
                numbers[cells == cell] = parse(column, cell, decimal_comma=self.raw.decimal_comma)
            except CellError as error:
                self._tell(column, cells, cells == cell, error.wrong, error.right)
        if column.required:
            self._tell(column, cells, blank, "is empty", column.text)
        low = dict(column.bounds)
        self._tell(column, cells, numbers < 0, "is negative", "0 or more")
        if "gt" in low:
            self._tell(column, cells, numbers == 0, "is zero", "more than 0, or an empty cell")
        self._tell(column, cells, numbers.abs() > 1e9, "is too large", "a number below 10^9")
        return numbers

    def _moments(self, column: Column, cells: pd.Series) -> pd.Series:
        blank = cells.map(is_empty)
        is_text = cells.map(lambda cell: isinstance(cell, str)) & ~blank
        moments = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[ns]")
        if is_text.any():
            moments[is_text] = self._moments_of_text(cells[is_text].astype(str).str.strip())
        stamped = ~is_text & ~blank & cells.map(lambda cell: hasattr(cell, "year"))
        if stamped.any():
            read = pd.to_datetime(cells[stamped], errors="coerce")
            moments[stamped] = _in_nanoseconds(read).dt.round("s")
        bad = moments.isna() & ~blank
        self._tell(column, cells, bad, "is not a date and time", "as in 2026-12-07 08:30")
        if column.required:
            self._tell(column, cells, blank, "is empty", column.text)
        far = (moments < pd.Timestamp(FIRST_DATE)) | (moments > pd.Timestamp(LAST_DATE))
        right = f"a day between {FIRST_DATE.year} and {LAST_DATE.year}"
        self._tell(column, cells, far, "is out of range", right)
        return moments.mask(far)

    def _moments_of_text(self, texts: pd.Series) -> pd.Series:
        offset = texts.str.contains(_OFFSET, regex=True) & texts.str.contains(":", regex=False)
        moments = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
        plain = texts[~offset].str.replace(_DAY, r"\1-\2-\3", regex=True)
        for style in ("ISO8601", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
            todo = moments[~offset].isna()
            todo = todo.index[todo]
            if todo.empty:
                break
            read = pd.to_datetime(plain[todo], format=style, errors="coerce")
            moments[todo] = _in_nanoseconds(read)
        if offset.any():
            aware = pd.to_datetime(texts[offset], format="ISO8601", errors="coerce", utc=True)
            local = aware.dt.tz_convert(self.settings.timezone).dt.tz_localize(None)
            moments[offset] = _in_nanoseconds(local)
        return moments

    def _tell(
        self, column: Column, cells: pd.Series, is_bad: pd.Series, wrong: str, right: str
    ) -> None:
        """List the faults of a column, the first ones by row and the rest by their number."""
        rows = is_bad.index[is_bad.to_numpy(dtype=bool)]
        for row in rows[:MAX_LISTED]:
            self.faults.append(
                Fault(self.raw.where, int(row), column.name, str(cells[row]), wrong, right)
            )
        if len(rows) > MAX_LISTED:
            more = f"{wrong} in {len(rows) - MAX_LISTED} more rows"
            self.faults.append(Fault(self.raw.where, None, column.name, "", more, right))

    # Intervals -----------------------------------------------------------------------------------

    def _intervals(self) -> pd.DataFrame:
        known = columns(schema.HistoryRow)
        frame = self._frame(known)
        if frame is None:
            return empty_history()
        self._known_queues(frame)
        over = frame["abandoned"] > frame["volume"]
        self._tell(known[4], frame["abandoned"], over, "is more than volume", "at most volume")
        frame = frame.dropna(subset=["queue", "start", "volume"])
        frame = self._without_duplicates(frame)
        return self._to_grid(frame)

    def _known_queues(self, frame: pd.DataFrame) -> None:
        if self.queues is None:
            return
        first = frame["queue"].reset_index().dropna().drop_duplicates("queue")
        for row, queue in zip(first["row"], first["queue"], strict=True):
            if queue not in self.queues:
                rows = int((frame["queue"] == queue).sum())
                self.faults.append(
                    Fault(self.raw.where, int(row), "queue", queue,
                          f"is no queue of this plan ({rows} rows)",
                          suggestion(queue, self.queues))
                )  # fmt: skip

    def _without_duplicates(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Tell of rows that are there twice; the hour that clocks repeat in autumn is no fault."""
        twice = frame.duplicated(["queue", "start"])
        if not twice.any():
            return frame
        starts = pd.Series(frame.loc[twice, "start"].unique())
        repeated = set(starts[starts.map(self._is_repeated_hour)])
        is_clock_change = twice & frame["start"].isin(repeated)
        if is_clock_change.any():
            text = (
                f"{int(is_clock_change.sum())} rows of an hour that the clock repeats are added up"
            )
            self.notices.append(Notice(self.raw.where, text))
        is_fault = twice & ~is_clock_change
        self._tell(
            columns(schema.HistoryRow)[1], frame["start"], is_fault,
            "is there twice for its queue", "one row a queue and start",
        )  # fmt: skip
        return frame[~is_fault]

    def _is_repeated_hour(self, start: pd.Timestamp) -> bool:
        moment = start.to_pydatetime(warn=False).replace(tzinfo=ZoneInfo(self.settings.timezone))
        first, second = moment.utcoffset(), moment.replace(fold=1).utcoffset()
        return first is not None and second is not None and first > second

    def _to_grid(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Sum finer rows to the plan's intervals; a coarser grid, or a crossed one, is a fault."""
        wanted_s = self.settings.interval_min * 60
        seconds = (frame["start"] - frame["start"].dt.normalize()).dt.total_seconds().astype(int)
        is_finer = False
        for queue, of_queue in seconds.groupby(frame["queue"], sort=False):
            step_s = math.gcd(86_400, *(int(second) for second in of_queue.unique()))
            if wanted_s % step_s == 0:
                is_finer |= step_s < wanted_s
            elif step_s % wanted_s or len(of_queue) >= _ROWS_TO_TELL:
                off = of_queue[of_queue % wanted_s != 0]
                row = int((off if len(off) else of_queue).index[0])
                self.faults.append(
                    Fault(
                        self.raw.where, row, "start", f"{frame['start'][row]:%Y-%m-%d %H:%M}",
                        f"{queue} comes by {_minutes(step_s)}, which does not add up to the "
                        f"plan's {self.settings.interval_min} min",
                        _right_interval(step_s),
                    )
                )  # fmt: skip
        floored = frame["start"].dt.floor(f"{wanted_s}s")
        if not is_finer and not frame.duplicated(["queue", "start"]).any():
            return frame
        if is_finer:
            text = f"starts are finer than {self.settings.interval_min} min and were added up"
            self.notices.append(Notice(self.raw.where, text))
        return _summed(frame.assign(start=floored))

    # Single contacts -----------------------------------------------------------------------------

    def _contacts(self) -> pd.DataFrame:
        """Sum single contacts to intervals."""
        frame = self._frame(_CONTACT_COLUMNS)
        if frame is None:
            return empty_history()
        self._known_queues(frame)
        early = frame["answered"] < frame["arrived"]
        self._tell(
            _CONTACT_COLUMNS[2], frame["answered"], early, "is before arrived", "arrived or later"
        )
        begun = frame["answered"].fillna(frame["arrived"])
        self._tell(
            _CONTACT_COLUMNS[3], frame["ended"], frame["ended"] < begun, "is before it began",
            "answered or later",
        )  # fmt: skip
        frame = frame.dropna(subset=["queue", "arrived"])
        outcome = frame["outcome"].astype(object)
        if outcome.notna().any():
            hung_up = outcome.astype(str).str.casefold().isin(_ABANDONED)
        else:
            hung_up = frame["answered"].isna()
        handled_s = (frame["ended"] - frame["answered"]).dt.total_seconds().where(~hung_up)
        left = frame["answered"].fillna(frame["ended"].where(hung_up))
        waited_s = (left - frame["arrived"]).dt.total_seconds().clip(lower=0)
        single = pd.DataFrame(
            {
                "queue": frame["queue"],
                "start": frame["arrived"].dt.floor(f"{self.settings.interval_min}min"),
                "volume": 1.0,
                "handled": handled_s.notna().astype(float),
                "handled_s": handled_s.fillna(0.0),
                "abandoned": hung_up.astype(float),
                "waited_s": waited_s.fillna(0.0),
            }
        )
        summed = single.groupby(["queue", "start"], as_index=False, sort=True).sum()
        handled = summed["handled"].where(summed["handled"] > 0)
        summed["aht_s"] = (summed["handled_s"] / handled).round(3)
        summed.loc[summed["aht_s"] <= 0, "aht_s"] = np.nan
        text = f"{len(frame)} single contacts were counted by {self.settings.interval_min} min"
        self.notices.append(Notice(self.raw.where, text))
        return self._with_idle_intervals(summed[list(COLUMNS)])

    def _with_idle_intervals(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Add open intervals without a contact, on days on which the queue had any."""
        step = self.settings.interval_min
        idle = []
        for queue, of_queue in frame.groupby("queue", sort=False):
            windows = self.windows.get(str(queue), {})
            for day in of_queue["start"].dt.normalize().unique():
                for opens, closes in windows.get(day.weekday(), ()):
                    minutes = np.arange(-(-opens // step) * step, min(closes, 1440), step)
                    idle.append(
                        pd.DataFrame(
                            {"queue": queue, "start": day + pd.to_timedelta(minutes, unit="min")}
                        )
                    )
        if not idle:
            return frame
        whole = pd.concat(idle).merge(frame, how="outer", on=["queue", "start"])
        counts = ["volume", "abandoned", "waited_s"]
        whole[counts] = whole[counts].fillna(0.0)
        return whole

    # Days ----------------------------------------------------------------------------------------

    def _cut(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out what is not before the first day planned, or before the first day used."""
        start = pd.Timestamp(self.settings.start)
        late = frame["start"] >= start
        if late.all():
            self.faults.append(
                Fault(self.raw.where, None, "start", f"{frame['start'].min():%Y-%m-%d}",
                      "all of the history is after the first day planned",
                      f"days before {start:%Y-%m-%d}, or a later start")
            )  # fmt: skip
        elif late.any():
            text = (
                f"{int(late.sum())} rows from {start:%Y-%m-%d} on, which is planned, are left out"
            )
            self.notices.append(Notice(self.raw.where, text))
        first = self.settings.forecast.history_from
        early = frame["start"] < pd.Timestamp(first) if first else late & ~late
        if early.any():
            text = f"{int(early.sum())} rows before forecast.history_from are left out"
            self.notices.append(Notice(self.raw.where, text))
        return frame[~late & ~early]


def _in_nanoseconds(moments: pd.Series) -> pd.Series:
    """Moments by the nanosecond; what cannot be held (9999-12-31) stays out of range, not wrong."""
    lowest, highest = pd.Timestamp(1900, 1, 1), pd.Timestamp(2200, 1, 1)
    return moments.clip(lowest, highest).astype("datetime64[ns]")


def _summed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of one queue and start added up; handle time by volume."""
    weight = frame["volume"].where(frame["aht_s"].notna(), 0.0)
    work = frame.assign(handled=weight, handled_s=(frame["aht_s"] * weight).fillna(0.0))
    groups = work.groupby(["queue", "start"], sort=True)
    total = groups[["volume", "handled", "handled_s"]].sum()
    # min_count keeps a column that nobody counts empty instead of zero.
    total[["abandoned", "waited_s"]] = groups[["abandoned", "waited_s"]].sum(min_count=1)
    total["aht_s"] = (total["handled_s"] / total["handled"].where(total["handled"] > 0)).round(3)
    return total.reset_index()[list(COLUMNS)]


def _minutes(step_s: int) -> str:
    return f"{step_s / 60:g} min" if step_s < 86_400 else "day"


def _right_interval(step_s: int) -> str:
    fitting = [minutes for minutes in (15, 30, 60) if (minutes * 60) % step_s == 0]
    if fitting:
        return f"interval_min = {fitting[0]} in the plan, or a finer history"
    return "a history by 15, 30 or 60 min (or finer), or one row a contact"


def open_windows(
    queues: Mapping[str, str], hours: Mapping[tuple[str, str], list[tuple[int, int]]]
) -> dict[str, dict[int, tuple[tuple[int, int], ...]]]:
    """Opening windows by queue and weekday (Monday 0).

    Parameters
    ----------
    queues
        Name of the opening hours by queue; empty: day and night.
    hours
        Windows by name of the hours and weekday (`mon`).
    """
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    result: dict[str, dict[int, tuple[tuple[int, int], ...]]] = {}
    for queue, name in queues.items():
        result[queue] = {
            number: tuple(hours.get((name, day), [])) if name else ((0, 1440),)
            for number, day in enumerate(names)
        }
    return result


def as_raw_cells(frame: pd.DataFrame) -> list[list[Any]]:
    """History as cells for a writer: None where nothing is known."""
    cells = frame[list(COLUMNS)].astype(object).where(frame[list(COLUMNS)].notna(), None)
    return cells.to_numpy().tolist()
