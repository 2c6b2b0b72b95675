"""Can this history be trusted? Gaps, odd days and a clock that drifts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .history import Finding, QueueHistory, read_history

# A profile that wanders by more than this over the weeks is a clock fault, not a habit.
DRIFT_ERROR_H = 1.25
# ... provided that it is this many standard errors of a smoothed week: over a year of sound weeks
# noise alone spans about five.
DRIFT_STANDARD_ERRORS = 10.0
MIN_WEEKS_FOR_DRIFT = 5


def check_history(history: pd.DataFrame) -> list[Finding]:
    """List everything that is wrong or odd in a history, without raising.

    Checked: missing columns, text in numbers, negative or repeated rows (errors); a clock that
    drifts (error); missing days and intervals, stretches without any contact (warnings).

    Parameters
    ----------
    history
        ``queue, start, volume`` and perhaps ``aht_s``.

    Returns
    -------
    list of Finding
        Errors first.
    """
    grids, findings = read_history(history, strict=False)
    for grid in grids:
        findings += check_grid(grid)
    rank = {"error": 0, "warning": 1, "notice": 2}
    return sorted(findings, key=lambda finding: rank[finding.severity])


def check_grid(grid: QueueHistory, off: np.ndarray | None = None) -> list[Finding]:
    """Check one queue's grid for gaps and for a drifting clock.

    Days marked in `off` (holidays, days closed by the plan; shape (days,)) are not missed.
    """
    return [*_gaps(grid, np.zeros(grid.n_days, bool) if off is None else off), *_drift(grid)]


def _gaps(grid: QueueHistory, off: np.ndarray) -> list[Finding]:
    """Days missing where the weekday is usually there, and intervals missing inside a day."""
    findings = []
    seen = ~np.isnan(grid.volume)
    day_seen = seen.any(axis=1)
    weekday = np.arange(grid.n_days) % 7
    missing: list[int] = []
    holes = 0
    for w in range(7):
        same = weekday == w
        if day_seen[same].sum() <= 0.5 * same.sum():
            continue
        missing += np.flatnonzero(same & ~day_seen & ~off).tolist()
        present = same & day_seen
        usual = seen[present].mean(axis=0) > 0.9
        holes += int((~seen[present])[:, usual].sum())
    if missing:
        dates = [str(grid.first_day + day) for day in sorted(missing)]
        text = (
            f"{len(dates)} days are missing on usually open weekdays "
            f"({', '.join(dates[:6])}{', ...' if len(dates) > 6 else ''}); read as closed"
        )
        findings.append(Finding("warning", "missing_days", text, grid.queue))
    if holes:
        text = f"{holes} intervals are missing inside days that were open; read as unknown"
        findings.append(Finding("warning", "missing_intervals", text, grid.queue))
    return findings


def clock_phases_h(grid: QueueHistory) -> tuple[np.ndarray, np.ndarray]:
    """Circular centre of each whole week's intraday profile, and its standard error, in hours.

    The centre is the argument of the profile's first daily harmonic over the intervals that are
    open in nearly every week; volumes are summed over the week so that weekdays weigh alike in
    each. Its error under Poisson noise is 1 / (R sqrt(2 N)) radians (Mardia and Jupp 2000, 4.2).
    """
    n_weeks = grid.n_days // 7
    volume = grid.volume[grid.n_days - 7 * n_weeks :].reshape(n_weeks, 7, -1)
    seen = ~np.isnan(volume)
    recorded = seen.any(axis=(1, 2))
    volume, seen = volume[recorded], seen[recorded]
    common = seen.mean(axis=0) >= 0.9
    whole = (seen | ~common).all(axis=2).mean(axis=1) > 0.7
    counts = np.where(common & seen, np.nan_to_num(volume), 0.0).sum(axis=1)[whole]
    angle = 2 * np.pi * np.arange(counts.shape[1]) / counts.shape[1]
    total = counts.sum(axis=1)
    harmonic = counts @ np.exp(1j * angle)
    length = np.abs(harmonic) / np.maximum(total, 1.0)
    hours = 24 / (2 * np.pi)
    error = hours / np.maximum(length * np.sqrt(2 * np.maximum(total, 1.0)), 1e-9)
    return np.angle(harmonic) * hours, error


def _drift(grid: QueueHistory) -> list[Finding]:
    if grid.volume.shape[1] < 12 or grid.n_days < 7 * MIN_WEEKS_FOR_DRIFT:
        return []
    phase, poisson_error = clock_phases_h(grid)
    if len(phase) < MIN_WEEKS_FOR_DRIFT:
        return []
    unwrapped = np.unwrap(phase, period=24.0)
    step = np.abs(np.diff(unwrapped))
    # Half-normal median, over the sqrt(2) that differencing adds; real weeks differ by more than
    # Poisson noise, and that is what a drift has to be measured against.
    week_error = max(float(np.median(step)) / 0.954, float(np.median(poisson_error)))
    smooth = np.convolve(unwrapped, np.full(3, 1 / 3), mode="valid")
    wander = float(np.ptp(smooth))
    if wander < DRIFT_ERROR_H or wander < DRIFT_STANDARD_ERRORS * week_error / np.sqrt(3):
        return []
    text = (
        f"the intraday profile wanders by {wander:.1f} h over the weeks: the clock of this history "
        "is wrong or the numbers were made up; mend the times before planning with it"
    )
    return [Finding("error", "clock_drift", text, grid.queue)]
