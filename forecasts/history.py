"""The history contract: a long table of interval counts, read into one grid per queue.

A row says that a queue was open in that interval and how many contacts came. An interval without
a row was closed, or its count is missing: either way it is unknown, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

MINUTES_PER_DAY = 1440
# Starts that fit no grid of at least this many minutes are time stamps of single contacts.
FINEST_INTERVAL_MIN = 5
# A day of zeros is a closed day where at least this many contacts were to be expected.
BUSY_DAY_CONTACTS = 20.0
ROWS_NAMED_PER_FAULT = 5


@dataclass(frozen=True)
class Finding:
    """One thing that a check of the history found.

    Parameters
    ----------
    severity
        ``error`` (the numbers cannot be trusted), ``warning`` or ``notice``.
    code
        Short name of the check, for programs.
    message
        A sentence for a planner: what is wrong, where, what to do.
    queue
        The queue concerned; empty where it is the whole table.
    """

    severity: str
    code: str
    message: str
    queue: str = ""

    def __str__(self) -> str:
        return f"{self.queue}: {self.message}" if self.queue else self.message


class HistoryError(ValueError):
    """The history cannot be read; ``findings`` has every reason."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("; ".join(str(finding) for finding in findings))


@dataclass(frozen=True)
class QueueHistory:
    """Counts of one queue on a grid of days × intervals of the day (local clock).

    Parameters
    ----------
    queue
        Name of the queue.
    first_day
        Date of row 0 (``datetime64[D]``).
    interval_min, offset_min
        Length of an interval, and minutes from midnight to the start of column 0.
    volume
        Contacts, shape (days, intervals); NaN where closed or missing.
    aht_s
        Mean handling time in seconds, same shape; NaN where unknown.
    """

    queue: str
    first_day: np.datetime64
    interval_min: int
    offset_min: int
    volume: np.ndarray
    aht_s: np.ndarray

    @property
    def n_days(self) -> int:
        """Number of days on the grid."""
        return self.volume.shape[0]

    def until(self, day: int) -> QueueHistory:
        """Give the history as it was known before row `day`."""
        return replace(self, volume=self.volume[:day], aht_s=self.aht_s[:day])

    def start_at(self, day: np.ndarray, slot: np.ndarray) -> pd.DatetimeIndex:
        """Start times of the intervals `slot` of the days `day` (rows may lie in the future)."""
        minutes = self.offset_min + slot.astype(np.int64) * self.interval_min
        days = self.first_day.astype("datetime64[m]") + day.astype(np.int64) * MINUTES_PER_DAY
        return pd.DatetimeIndex((days + minutes.astype("timedelta64[m]")).astype("datetime64[s]"))


def read_history(
    history: pd.DataFrame, *, strict: bool = True
) -> tuple[list[QueueHistory], list[Finding]]:
    """Read a long table of interval counts into one grid per queue.

    Parameters
    ----------
    history
        ``queue, start, volume`` and perhaps ``aht_s``, in any order of rows. Starts are local
        times; where they carry a time zone the local clock is kept. The hour that repeats when
        clocks go back is averaged.
    strict
        Whether to raise at faulty rows. Otherwise they are left out (repeated ones averaged), and
        nothing is read where no row is left.

    Returns
    -------
    tuple
        The grids, ordered as queues first appear, all ending on the table's last day; and what
        was noticed on the way.

    Raises
    ------
    HistoryError
        When columns are missing or values unreadable, negative or repeated; all reasons at once.
    """
    rows, findings = _clean_rows(history)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors and strict:
        raise HistoryError(errors)
    if rows.empty or "volume" not in rows.columns:
        return [], findings
    last_day = rows["start"].max().normalize()
    days_seen = rows["start"].dt.normalize().unique()
    grids: list[QueueHistory] = []
    for queue, part in rows.groupby("queue", sort=False, observed=True):
        interval, offset = infer_interval(part["start"])
        if interval < FINEST_INTERVAL_MIN:
            text = (
                "the starts lie on no grid of intervals; count the contacts per interval "
                "(15, 30 or 60 minutes) first"
            )
            findings.append(Finding("error", "grid", text, queue))
            if strict:
                raise HistoryError([findings[-1]])
            continue
        grid = _to_grid(part, queue, interval, offset, last_day)
        first = pd.Timestamp(grid.first_day)
        recorded = np.isin(np.arange(grid.n_days), (days_seen - first).days)
        grid, more = _settle_zeros(grid, recorded)
        grids.append(grid)
        findings.extend(more)
    return grids, findings


def infer_interval(starts: pd.Series) -> tuple[int, int]:
    """Infer interval length and offset from midnight, in minutes, from interval starts.

    The length is the greatest common divisor of the differences between times of day (a whole day
    where there is only one time of day), brought down to a divisor of 24 h.
    """
    minutes = np.unique((starts.dt.hour * 60 + starts.dt.minute).to_numpy())
    if len(minutes) == 1:
        return MINUTES_PER_DAY, int(minutes[0])
    interval = int(np.gcd.reduce(np.diff(minutes)))
    interval = int(np.gcd(interval, MINUTES_PER_DAY))
    return interval, int(minutes[0] % interval)


def _clean_rows(history: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Typed rows, and every fault found on the way (with the numbers of the first few rows)."""
    missing = [name for name in ("queue", "start", "volume") if name not in history.columns]
    if missing:
        text = f"history lacks the column{'s'[: len(missing) > 1]} {', '.join(missing)}"
        return history, [Finding("error", "columns", text)]
    if history.empty:
        return history, [Finding("error", "empty", "history has no rows")]
    findings: list[Finding] = []
    # A category: hundreds of queues have millions of rows.
    codes, names = pd.factorize(history["queue"], use_na_sentinel=False)
    told, place = np.unique([str(name) for name in names], return_inverse=True)
    rows = pd.DataFrame({"queue": pd.Categorical.from_codes(place[codes], told)})
    start = _local_starts(history["start"])
    rows["start"] = start.to_numpy()
    rows["volume"] = pd.to_numeric(history["volume"], errors="coerce").to_numpy(float)
    given = history["aht_s"] if "aht_s" in history.columns else pd.Series(np.nan, history.index)
    rows["aht_s"] = pd.to_numeric(given, errors="coerce").to_numpy(float)

    def fault(bad: np.ndarray, code: str, text: str) -> None:
        if bad.any():
            # Row 1 is the header in the file a planner sees.
            where = ", ".join(str(i + 2) for i in np.flatnonzero(bad)[:ROWS_NAMED_PER_FAULT])
            more = ", ..." if bad.sum() > ROWS_NAMED_PER_FAULT else ""
            findings.append(Finding("error", code, f"{text} (rows {where}{more})"))

    empty = history["volume"].isna().to_numpy()
    fault(rows["start"].isna().to_numpy(), "start", "start is not a date and time")
    fault(~empty & ~np.isfinite(rows["volume"].to_numpy()), "volume", "volume is not a number")
    fault((rows["volume"] < 0).to_numpy(), "negative", "volume is below zero")
    odd_aht = given.notna().to_numpy() & ~(rows["aht_s"] >= 0).to_numpy()
    fault(odd_aht, "aht", "aht_s is not a number of seconds, zero or more")
    rows = rows[(rows["volume"] >= 0) & np.isfinite(rows["volume"]) & rows["start"].notna()]
    repeated = rows.duplicated(["queue", "start"], keep="first")
    if repeated.any():
        text = "the same queue and start stand in more than one row"
        if _clocks_went_back(rows.loc[repeated, "start"]):
            text = "the hour that repeats when clocks go back is averaged"
            findings.append(Finding("notice", "clock_change", text))
        else:
            again = np.isin(np.arange(len(history)), rows.index[repeated])
            fault(again, "duplicate", text)
        rows = rows.groupby(["queue", "start"], sort=False, as_index=False, observed=True).mean()
    if rows.empty and not findings:
        findings.append(Finding("error", "empty", "history has no row with a volume"))
    return rows, findings


def _local_starts(start: pd.Series) -> pd.Series:
    """Starts on the local clock, without a time zone; NaT where unreadable."""
    if not pd.api.types.is_datetime64_any_dtype(start):
        start = pd.to_datetime(start, errors="coerce")
    return start.dt.tz_localize(None).astype("datetime64[s]")


def _clocks_went_back(repeated: pd.Series) -> bool:
    """Whether repeated starts are the night hours that come twice, an hour a year on a Sunday."""
    day = repeated.dt.normalize()
    span = repeated.groupby(day).agg(lambda times: times.max() - times.min())
    return bool(
        (repeated.dt.day_of_week == 6).all()
        and (repeated.dt.hour < 4).all()
        and (span < pd.Timedelta(hours=1)).all()
        and day.drop_duplicates().dt.year.is_unique
    )


def _to_grid(
    part: pd.DataFrame, queue: str, interval: int, offset: int, last_day: pd.Timestamp
) -> QueueHistory:
    first_day = part["start"].min().normalize()
    n_days = (last_day - first_day).days + 1
    shape = (n_days, MINUTES_PER_DAY // interval)
    day = (part["start"].dt.normalize() - first_day).dt.days.to_numpy()
    minute = (part["start"].dt.hour * 60 + part["start"].dt.minute).to_numpy()
    slot = (minute - offset) // interval
    volume, aht_s = np.full(shape, np.nan), np.full(shape, np.nan)
    volume[day, slot] = part["volume"].to_numpy()
    aht_s[day, slot] = part["aht_s"].to_numpy()
    first = np.datetime64(first_day.date(), "D")
    return QueueHistory(queue, first, interval, offset, volume, aht_s)


def _settle_zeros(grid: QueueHistory, recorded: np.ndarray) -> tuple[QueueHistory, list[Finding]]:
    """Tell zeros that mean closed from closed intervals that mean zero.

    An export that lists only intervals with contacts has no zeros at all: in a quiet queue its
    empty intervals inside opening hours were zeros. And a day of zeros in a busy queue was a
    closed day. Days on which no queue at all has a row (not `recorded`) stay unknown.
    """
    volume, findings = grid.volume.copy(), []
    seen = ~np.isnan(volume)
    weekday = np.arange(grid.n_days) % 7
    if not (volume[seen] == 0).any():
        for w in range(7):
            same = (weekday == w) & recorded
            days_seen = seen[same].any(axis=1)
            if not days_seen.any():
                continue
            open_slots = np.flatnonzero(seen[same].sum(axis=0) >= 0.1 * days_seen.sum())
            mean = np.nansum(volume[same], axis=0) / same.sum()
            span = np.arange(open_slots.min(), open_slots.max() + 1) if len(open_slots) else []
            if not len(span) or np.exp(-mean[span]).mean() < 0.02:
                continue
            # A whole day without a row was open only where such a day is no surprise.
            quiet = np.exp(-mean.sum()) > 0.01
            days = np.flatnonzero(same)[days_seen | quiet]
            block = volume[np.ix_(days, span)]
            volume[np.ix_(days, span)] = np.where(np.isnan(block), 0.0, block)
        filled = int((~np.isnan(volume)).sum() - seen.sum())
        if filled:
            text = (
                f"the history lists no interval without contacts: {filled} missing intervals "
                "inside opening hours are read as zero"
            )
            findings.append(Finding("notice", "zeros_filled", text, grid.queue))
    total = np.nansum(volume, axis=1)
    observed = ~np.isnan(volume).all(axis=1)
    first = int(np.argmax(total > 0))
    before, after = observed[:first].sum(), max(int(observed[first:].sum()), 1)
    if before * total.sum() / after >= BUSY_DAY_CONTACTS:
        volume[:first] = np.nan
        observed[:first] = False
        text = (
            f"{before} days of zeros before the first contact on {grid.first_day + first} are "
            "read as not yet open"
        )
        findings.append(Finding("notice", "not_yet_open", text, grid.queue))
    for w in range(7):
        same = observed & (weekday == w)
        if same.any() and np.median(total[same]) >= BUSY_DAY_CONTACTS:
            idle = np.flatnonzero(same & (total == 0))
            if len(idle):
                volume[idle] = np.nan
                dates = ", ".join(str(grid.first_day + int(i)) for i in idle[:3])
                text = f"{len(idle)} days of zeros in a busy queue are read as closed ({dates})"
                findings.append(Finding("notice", "zero_day", text, grid.queue))
    return replace(grid, volume=volume), findings
