"""What a simulation says about promises: service by period with its interval, occupancy."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from staffing.queues import SECONDS, Measure, Target
from staffing.simulation.contacts import BATCH
from staffing.simulation.engine import SimulationResult
from staffing.simulation.scene import Floats, Scene

MEASURES = (
    Measure.ANSWERED_WITHIN,
    Measure.REPLIED_WITHIN,
    Measure.MEAN_WAIT,
    Measure.ABANDONED,
)
"""What a simulation can judge."""
# With fewer batches Student's quantile costs more than the strata bring.
_LEAST_BATCHES = 5
_PERIOD_COLUMNS = ("period", "label", "offered", "value", "low", "high")


def service_by_period(
    scene: Scene,
    result: SimulationResult,
    queue_index: int,
    period: str,
    measure: Measure,
    *,
    later: int | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Service of a queue in each interval, day, week or month.

    Parameters
    ----------
    measure
        `answered_within`, `replied_within`: share of the offered contacts in time; `mean_wait`:
        seconds a contact; `abandoned`: share of the offered contacts.
    later
        Number of a later promise of the scene (`Scene.later_number`) to count in place of the
        queue's first.
    confidence
        Of the interval `low` to `high`.

    Returns
    -------
    Frame with `period` (its number), `label`, `offered` (mean of the replications), `value`, `low`,
    `high`. Periods in which nothing was offered are left out.

    Notes
    -----
    The value is a ratio of sums over the replications. Its variance is that of the ratio estimator
    (delta method; Law, Simulation Modeling and Analysis, 9.3): sum (y - value x)^2 / (R - 1) / R /
    mean(x)^2, with Student's quantile. One replication has no interval: `low` and `high` are NaN.

    Replications of a batch share out the strata of the days' factors (`contacts.day_factors`), so
    that sums of whole batches scatter less: from 5 batches on they take the place of replications.
    With fewer the interval is that of independent replications, too wide if anything.

    Raises
    ------
    ValueError
        If a simulation does not judge the measure.
    """
    counted, offered = _sums(scene, result, queue_index, period, measure, later)
    kept = np.flatnonzero(offered.sum(axis=0) > 0.0)
    counted, offered = counted[:, kept], offered[:, kept]
    value, half = _ratio(counted, offered, confidence)
    largest = np.inf if measure == Measure.MEAN_WAIT else 1.0
    return pd.DataFrame(
        {
            "period": kept,
            "label": [scene.grid.period_label(period, int(number)) for number in kept],
            "offered": offered.mean(axis=0),
            "value": value,
            "low": np.maximum(value - half, 0.0),
            "high": np.minimum(value + half, largest),
        }
    )


def replication_service(
    scene: Scene,
    result: SimulationResult,
    queue_index: int,
    period: str,
    measure: Measure,
    *,
    later: int | None = None,
) -> Floats:
    """Service of a queue in each period of each replication, (R, periods), NaN without contacts.

    The share of replications that keep a target is the chance that a month to come will keep it.
    `later` as for `service_by_period`.
    """
    counted, offered = _sums(scene, result, queue_index, period, measure, later)
    return _share(counted, offered)


def service_table(
    scene: Scene,
    result: SimulationResult,
    targets: Iterable[Target],
    *,
    period: str | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Service against targets, one row a target and period.

    Parameters
    ----------
    targets
        Those that a simulation cannot judge (people present, hours, cost) are passed over.
    period
        Judge by this period instead of each target's own.

    Returns
    -------
    Frame with `queue`, `target` (its key), `measure`, `limit`, `unit`, `share`, and the columns of
    `service_by_period`. The value is NaN for a target on another number of seconds than the one the
    scene's contacts were timed against.

    Raises
    ------
    ValueError
        If a target names a queue that the scene does not have.
    """
    columns = ["queue", "target", "measure", "limit", "unit", "share"]
    parts = []
    for target in targets:
        if target.measure not in MEASURES:
            continue
        if target.queue not in scene.queues:
            msg = f"target {target.key!r}: the scene has no queue {target.queue!r}"
            raise ValueError(msg)
        q = scene.queues.index(target.queue)
        rows = service_by_period(
            scene,
            result,
            q,
            period or target.period,
            target.measure,
            later=scene.later_number(target.key),
            confidence=confidence,
        )
        if not _timed(scene, q, target):
            rows[["value", "low", "high"]] = np.nan
        told = (target.queue, target.key, str(target.measure), target.limit, target.unit)
        rows[columns] = [(*told, target.share)] * len(rows)
        rows = rows[[*columns, *_PERIOD_COLUMNS]]
        parts.append(rows)
    if not parts:
        return pd.DataFrame(
            columns=[*columns, "period", "label", "offered", "value", "low", "high"]
        )
    return pd.concat(parts, ignore_index=True)


def occupancy(scene: Scene, result: SimulationResult) -> tuple[float, Floats]:
    """Share of people's time on duty that they spend on contacts.

    Returns
    -------
    Over all, and by interval (T,), NaN where nobody is there.
    """
    busy_s = result.busy_s.sum(axis=(0, 1), dtype=float)
    staffed_s = result.staffed_s.sum(axis=0, dtype=float)
    overall = float(busy_s.sum() / staffed_s.sum()) if staffed_s.any() else 0.0
    return overall, _share(busy_s, staffed_s)


def interval_service(result: SimulationResult) -> Floats:
    """Mean share in time by interval of arrival, (Q, T), NaN where nothing was offered."""
    return _share(result.in_time.sum(axis=0, dtype=float), result.offered.sum(axis=0, dtype=float))


def _sums(
    scene: Scene,
    result: SimulationResult,
    queue_index: int,
    period: str,
    measure: Measure,
    later: int | None,
) -> tuple[Floats, Floats]:
    counts = {
        Measure.ANSWERED_WITHIN: result.in_time,
        Measure.REPLIED_WITHIN: result.in_time,
        Measure.MEAN_WAIT: result.waited_s,
        Measure.ABANDONED: result.abandoned,
    }
    if measure not in counts:
        msg = f"a simulation judges {', '.join(MEASURES)}, not {measure}"
        raise ValueError(msg)
    of_interval = scene.grid.period_of_interval(period)
    starts = np.flatnonzero(np.diff(of_interval, prepend=-1))
    of_queue = counts[measure][:, queue_index], result.offered[:, queue_index]
    if later is not None:
        of_queue = result.later_in_time[:, later], result.later_offered[:, later]
    counted, offered = (np.add.reduceat(a, starts, axis=1, dtype=float) for a in of_queue)
    return np.asarray(counted), np.asarray(offered)


def _timed(scene: Scene, queue_index: int, target: Target) -> bool:
    """Whether the scene's contacts were timed against this target."""
    if target.measure != Measure.ANSWERED_WITHIN or target.unit not in SECONDS:
        return True
    return bool(np.isclose(target.limit_s, scene.target_s[queue_index]))


def _share(part: npt.NDArray[np.floating], whole: npt.NDArray[np.floating]) -> Floats:
    return np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), np.nan)


def _ratio(counted: Floats, offered: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Ratio of sums over replications and half the width of its interval."""
    value = counted.sum(axis=0) / offered.sum(axis=0)
    if len(counted) >= _LEAST_BATCHES * BATCH:
        # What is left over goes with the last whole batch.
        first = np.arange(0, len(counted) - BATCH + 1, BATCH)
        counted, offered = np.add.reduceat(counted, first), np.add.reduceat(offered, first)
    count = len(counted)
    if count < 2:
        return value, np.full(value.shape, np.nan)
    scatter = ((counted - value * offered) ** 2).sum(axis=0) / (count - 1)
    error = np.sqrt(scatter / count) / offered.mean(axis=0)
    return value, _student_quantile(0.5 + confidence / 2.0, count - 1) * error


def _student_quantile(probability: float, freedom: int) -> float:
    """Quantile of Student's t, by expansion about the normal one (Abramowitz and Stegun 26.7.5).

    Exact for one and two degrees of freedom, within 0.3 % from three on at 95 %.
    """
    if freedom == 1:
        return float(np.tan(np.pi * (probability - 0.5)))
    if freedom == 2:
        tail = 2.0 * probability - 1.0
        return float(tail * np.sqrt(2.0 / (1.0 - tail**2)))
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4.0,
        (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0,
        (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0,
        (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92160.0,
    )
    return z + float(sum(term / freedom**n for n, term in enumerate(terms, start=1)))
