"""Real contacts, one by one, against the roster of a finished run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from scenarios.build import promise
from scenarios.errors import PlannerError
from scenarios.judge import predicted_by_period
from scenarios.plan.faults import Fault, suggestion
from scenarios.restage import Staged, restage
from scenarios.rows import read_rows, refuse
from staffing.queues import Measure, QueueKind
from staffing.simulation import SimulationResult, replay, simulate
from staffing.simulation.service import MEASURES

REPLAY_FILE = "replay.csv"
ALL_QUEUES = "all"
_REPLICATIONS = 200
#: Columns of the table of a replay.
COLUMNS = (
    "queue", "period", "measure", "target", "promised", "simulated", "low", "high", "replayed",
    "offered",
)  # fmt: skip
_COLUMNS = ("queue", "arrived", "handle_s", "waited_s", "outcome")
_OUTCOMES = ("served", "abandoned")
#: Faults of one kind that are listed; the rest are counted.
_LISTED = 10
_RANGE = (0.025, 0.975)


def replay_run(folder: str | Path, calls: str | Path) -> pd.DataFrame:
    """Replay real contacts against a run's roster, beside what was promised and simulated.

    What the record does not say (patience of those who were served, who was absent) is drawn anew
    in each of several replications, of which the mean is given.

    Parameters
    ----------
    folder
        A finished run. The table is written there as `replay.csv`.
    calls
        CSV with one contact a row: `queue`, `arrived` (local time), `handle_s` (empty if nobody
        handled it), `waited_s` (until it was taken or gave up; may be empty), `outcome` (served or
        abandoned).

    Returns
    -------
    DataFrame
        `queue, period, measure, target, promised, simulated, low, high, replayed, offered`: a row
        for each queue and day, then all queues of a measure together for each day, and for the
        whole horizon each queue and all of them. `promised` is what the plan's model expected of
        its roster, `simulated` the mean of simulated months, `low` to `high` where 95 of 100 of
        them lie, `offered` the real contacts. Sums over queues and days weigh all three by the
        real contacts. `target` is empty where queues promise different things.

    Warns
    -----
    UserWarning
        Some contacts came outside the planned days or the opening hours; they are left out.

    Raises
    ------
    PlannerError
        The file cannot be read or has faults, all of which are listed, or none of its contacts
        falls into the planned days.
    """
    staged = restage(folder)
    contacts = read_calls(calls, staged)
    replayed = replay(staged.scene, contacts, replications=_REPLICATIONS, seed=staged.seed)
    if not replayed.offered.any():
        msg = f"{calls}: no contact came while the plan of {folder} is open"
        raise PlannerError(msg)
    simulated = simulate(staged.scene, replications=_REPLICATIONS, seed=staged.seed)
    table = _table(staged, simulated, replayed)
    path = Path(folder) / REPLAY_FILE
    partial = path.with_name(f".{path.name}.partial")
    table.to_csv(partial, index=False, lineterminator="\n", encoding="utf-8")
    partial.replace(path)
    return table


def read_calls(path: str | Path, staged: Staged) -> pd.DataFrame:
    """Read real contacts as `staffing.simulation.replay` takes them.

    Raises
    ------
    PlannerError
        With every fault of the file.
    """
    raw, faults = read_rows(path, _COLUMNS, thing="contact")
    refuse(path, faults or _faults(raw, Path(path).name, staged), "replayed")
    arrived = _moments(raw["arrived"])
    gave_up = raw["outcome"] == "abandoned"
    waited_s = pd.to_numeric(raw["waited_s"])
    return pd.DataFrame(
        {
            "queue": raw["queue"],
            "arrived_s": (arrived - pd.Timestamp(staged.demand.grid.start)).dt.total_seconds(),
            "handle_s": pd.to_numeric(raw["handle_s"]).mask(gave_up),
            "patience_s": waited_s.where(gave_up),
            "waited_s": waited_s.mask(gave_up),
        }
    )


def _moments(texts: pd.Series) -> pd.Series:
    moments = pd.to_datetime(texts, format="ISO8601", errors="coerce")
    return moments.astype("datetime64[ns]")


def _faults(raw: pd.DataFrame, where: str, staged: Staged) -> list[Fault]:
    """Every fault of the file, at most some of a kind."""
    queues = [q.name for q in staged.demand.queues if q.kind is not QueueKind.POST]
    faults: list[Fault] = []

    def tell(column: str, bad: pd.Series, wrong: str, right: str = "") -> None:
        rows = np.flatnonzero(bad.to_numpy())
        for row in rows[:_LISTED]:
            read = raw[column].iloc[row]
            said = right or suggestion(read, queues)
            faults.append(Fault(where, int(row) + 2, column, read, wrong, said))
        if len(rows) > _LISTED:
            more = f"and {len(rows) - _LISTED} more rows like this: {wrong}"
            faults.append(Fault(where, None, column, wrong=more))

    tell("queue", ~raw["queue"].isin(queues), "is no queue of the plan with contacts")
    zoned = raw["arrived"].str.contains(r"(?:[+-]\d{2}:?\d{2}|Z)$", regex=True)
    moment = "a local date and time as in 2026-12-07T08:30:15"
    tell("arrived", _moments(raw["arrived"].mask(zoned)).isna(), "is not a local time", moment)
    for column in ("handle_s", "waited_s"):
        numbers = pd.to_numeric(raw[column], errors="coerce")
        odd = (raw[column] != "") & ~np.isfinite(numbers)
        tell(column, odd, "is not a number", "seconds, or an empty cell")
        tell(column, numbers < 0, "is negative", "0 or more")
    tell("outcome", ~raw["outcome"].isin(_OUTCOMES), "is no outcome", " or ".join(_OUTCOMES))
    return faults


@dataclass(frozen=True)
class _Counts:
    """What happened to some contacts, by replication, row and day, (R, n, D).

    `good` is what the measure counts: contacts in time or lost, or seconds waited.
    """

    offered: np.ndarray
    good: np.ndarray

    @staticmethod
    def of(staged: Staged, result: SimulationResult, rows: pd.DataFrame) -> _Counts:
        """Count for each queue and measure of `rows`."""
        grid = staged.demand.grid
        of_measure = {
            Measure.ANSWERED_WITHIN: result.in_time,
            Measure.REPLIED_WITHIN: result.in_time,
            Measure.ABANDONED: result.abandoned,
            Measure.MEAN_WAIT: result.waited_s,
        }
        by_day = (result.replications, len(rows), grid.days, grid.per_day)
        good = [of_measure[m][:, k] for k, m in zip(rows["number"], rows["measure"], strict=True)]
        return _Counts(
            result.offered[:, rows["number"]].reshape(by_day).sum(axis=3, dtype=float),
            np.stack(good, axis=1).reshape(by_day).sum(axis=3, dtype=float),
        )

    def mean(self) -> np.ndarray:
        """Measure by row and day over all replications, (n, D), NaN without contacts."""
        return _ratio(self.good.sum(axis=0), self.offered.sum(axis=0))

    def span(self, cells: np.ndarray) -> tuple[float, float]:
        """Where 95 of 100 replications lie, all contacts of some cells taken together."""
        shares = _ratio(self.good[:, cells].sum(axis=1), self.offered[:, cells].sum(axis=1))
        shares = shares[~np.isnan(shares)]
        if not len(shares):
            return math.nan, math.nan
        low, high = np.quantile(shares, _RANGE)
        return float(low), float(high)


def _table(staged: Staged, simulated: SimulationResult, replayed: SimulationResult) -> pd.DataFrame:
    rows = _rows(staged)
    told, real = (_Counts.of(staged, result, rows) for result in (simulated, replayed))
    promised = np.stack([_promised(staged, row) for row in rows.itertuples(index=False)])
    values = {"promised": promised, "simulated": told.mean(), "replayed": real.mean()}
    offered = real.offered.mean(axis=0)

    def line(chosen: np.ndarray, queue: str, days: list[int], period: str) -> dict[str, object]:
        cells = np.zeros(offered.shape, dtype=bool)
        cells[np.ix_(chosen, days)] = True
        kinds = rows["measure"].to_numpy()[chosen]
        targets = rows["target"].to_numpy(float)[chosen]
        low, high = told.span(cells)
        return {
            "queue": queue,
            "period": period,
            "measure": str(kinds[0]),
            "target": targets[0] if (targets == targets[0]).all() else math.nan,
            **{name: _weighted(value[cells], offered[cells]) for name, value in values.items()},
            "low": low,
            "high": high,
            "offered": round(float(offered[cells].sum()), 1),
        }

    grid = staged.demand.grid
    names = rows["queue"].to_numpy()
    dates = [date.isoformat() for date in grid.dates()]
    whole = f"{dates[0]} to {dates[-1]}"
    every = list(range(grid.days))
    alike = [
        np.flatnonzero(rows["measure"].to_numpy() == m) for m in dict.fromkeys(rows["measure"])
    ]
    single = [np.array([n]) for n in range(len(rows))]
    lines = [line(n, names[n[0]], [d], dates[d]) for n in single for d in every]
    lines += [line(n, ALL_QUEUES, [d], dates[d]) for n in alike for d in every]
    lines += [line(n, names[n[0]], every, whole) for n in single]
    lines += [line(n, ALL_QUEUES, every, whole) for n in alike]
    table = pd.DataFrame([told for told in lines if told["offered"]])
    return table[list(COLUMNS)].round(dict.fromkeys(COLUMNS[3:9], 4))


def _rows(staged: Staged) -> pd.DataFrame:
    """What is told of each queue: its number and what its target promises, by measure."""
    return pd.DataFrame(
        [
            {"queue": queue.name, "number": k, "measure": t.measure, "target": promise(t), "own": t}
            for k, queue in enumerate(staged.demand.queues)
            for t in queue.targets
            if t.measure in MEASURES
        ]
    ).drop_duplicates(["queue", "measure"], ignore_index=True)


def _promised(staged: Staged, row: object) -> np.ndarray:
    daily = replace(row.own, period="day")
    return predicted_by_period(staged.problem, staged.demand, staged.expected, row.number, daily)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), math.nan), where=whole > 0)


def _weighted(values: np.ndarray, weight: np.ndarray) -> float:
    """Mean by real contacts; what has none of them does not count."""
    used = weight > 0
    if not used.any():
        return math.nan
    return float(np.average(values[used], weights=weight[used]))
