"""Measure the forecast against the truth itself, on random histories of which the truth is known.

Usage: python benchmarks/forecast_truth.py [--sets 24] [--out FILE]

Everything about a set is drawn from its number: length, grain, volume, week, trend, year, a level
that walks, holidays, pay days, a profile that moves, noise of days (correlated) and of intervals.
The truth knows the level of every day to come and the size of all noise, but not the noise: no mean
is nearer over many days. Printed beside each other are errors, and the coverage in % of our 80 %
ranges and of the truth's own on the same days: what the truth itself misses is the chance of few
days, which no method can cover better.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

# The next file over bears the name of the package that is measured: its folder comes last.
sys.path.append(sys.path.pop(0))
from forecast_peers import mean_of_8

from forecasts import forecast_detail, week_totals

ORIGINS, AHEAD_DAYS, DRAWS = 6, 28, 400
LEVELS = (0.1, 0.9)


@dataclass(frozen=True)
class Known:
    """A set whose truth is known.

    `mean` has shape (days, intervals); `day_sd` and `interval_sd` are log standard deviations,
    `day_kept` is what a day's noise keeps of the day's before. `history` is drawn from all that.
    """

    name: str
    history: pd.DataFrame
    country: str | None
    dates: pd.DatetimeIndex
    slots_min: np.ndarray
    mean: np.ndarray
    day_sd: float
    day_kept: float
    interval_sd: float

    def draw(self, rng: np.random.Generator, days: slice, draws: int) -> np.ndarray:
        """Counts of these days, shape (draws, days, intervals); noise before them is unknown."""
        mean = self.mean[days]
        noise = self.day_sd * _correlated(rng, (draws, len(mean)), self.day_kept)
        inside = self.interval_sd * rng.standard_normal((draws, *mean.shape))
        level = np.exp(noise - self.day_sd**2 / 2)[..., None]
        return rng.poisson(mean * level * np.exp(inside - self.interval_sd**2 / 2))


def _correlated(rng: np.random.Generator, shape: tuple[int, int], kept: float) -> np.ndarray:
    """Standard normal rows that keep the share `kept` from element to element."""
    z = rng.standard_normal(shape)
    for d in range(1, shape[1]):
        z[:, d] = kept * z[:, d - 1] + np.sqrt(1 - kept**2) * z[:, d]
    return z


def random_set(number: int) -> Known:
    """One history, all of it drawn from its number."""
    rng = np.random.default_rng(1000 + number)

    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    n = int(between(120, 900))
    interval_min = int(rng.choice([30, 60, 1440]))
    dates = pd.date_range("2021-03-01", periods=n) + pd.Timedelta(days=int(rng.integers(0, 700)))
    t = np.arange(n)
    week = 0.12 * rng.standard_normal(7) + np.log(rng.uniform(0.3, 1.0)) * (np.arange(7) >= 5)
    log = np.log(between(20, 4000)) + week[dates.day_of_week]
    if rng.random() < 0.4:
        log = log + rng.uniform(-0.4, 0.5) * t / 365
    if rng.random() < 0.5:
        year = 2 * np.pi * dates.day_of_year.to_numpy() / 365.25
        log = log + rng.uniform(0.05, 0.3) * np.cos(year + rng.uniform(0, 6))
    if rng.random() < 0.5:
        log = log + np.cumsum(between(0.002, 0.02) * rng.standard_normal(n))
    if rng.random() < 0.3:
        log = log + rng.uniform(0.1, 0.4) * (dates.day <= 3)
    country = None
    if rng.random() < 0.4:
        import holidays

        country = str(rng.choice(["US", "DE", "FR"]))
        known = holidays.country_holidays(country, years=range(2020, 2027))
        log = log + np.log(rng.uniform(0.2, 0.8)) * np.array([day in known for day in dates])
    first, last = (0, 24) if rng.random() < 0.4 else (8, int(rng.integers(16, 23)))
    slots = np.arange(first * 60, last * 60, min(interval_min, 60))
    moved = np.cumsum(rng.standard_normal(n)) * between(0.003, 0.04) * (rng.random() < 0.5)
    hour = slots / 60 - moved[:, None]
    peaks = rng.uniform(first + 1, last - 1, 2)
    profile = 0.1 + sum(np.exp(-((hour - peak) ** 2) / between(2, 20)) for peak in peaks)
    mean = np.exp(np.asarray(log))[:, None] * profile / profile.sum(axis=1, keepdims=True)
    if interval_min == 1440:
        mean, slots = mean.sum(axis=1, keepdims=True), np.zeros(1, int)
    made = Known(f"{number:02d}: {n} days by {interval_min} min", pd.DataFrame(), country, dates,
                 slots, mean, between(0.02, 0.2), rng.uniform(0, 0.8),
                 between(0.01, 0.2) * (interval_min < 1440))  # fmt: skip
    starts = np.add.outer(dates.to_numpy(), slots.astype("timedelta64[m]")).ravel()
    counts = made.draw(rng, slice(None), 1)[0].ravel()
    history = pd.DataFrame({"queue": "made", "start": starts, "volume": counts})
    return Known(**{**vars(made), "history": history})


def measure(known: Known) -> dict[str, float | str]:
    """Errors and coverage over the origins of one set."""
    rng = np.random.default_rng(0)
    n, slots = known.mean.shape
    step = int(np.clip((n - AHEAD_DAYS - 60) // ORIGINS, 3, 14))
    counts = known.history["volume"].to_numpy().reshape(n, slots)
    error = dict.fromkeys(("ours", "truth", "mean of 8"), 0.0)
    came, inside = 0.0, {}
    for k in range(ORIGINS):
        first = n - AHEAD_DAYS - k * step
        days = slice(first, first + AHEAD_DAYS)
        past = known.history.iloc[: first * slots]
        detail = forecast_detail(past, AHEAD_DAYS, known.country, quantiles=LEVELS)
        future = known.history.iloc[first * slots : (first + AHEAD_DAYS) * slots]
        table = future[["start"]].merge(detail.table, "left", on="start").fillna({"volume": 0.0})
        actual = counts[days]
        for name, told in (
            ("ours", table["volume"].to_numpy()),
            ("truth", known.mean[days].ravel()),
            ("mean of 8", mean_of_8(past, future["start"])),
        ):
            error[name] += float(np.abs(told - actual.ravel()).sum())
        came += float(actual.sum())
        drawn = known.draw(rng, days, DRAWS)
        by_week = (DRAWS, AHEAD_DAYS // 7, 7 * slots)
        weeks = week_totals(detail, detail.days["date"].iloc[0].day_of_week)
        for unit, ours, real, true in (
            ("interval", table, actual.ravel(), drawn.reshape(DRAWS, -1)),
            ("day", detail.days, actual.sum(axis=1), drawn.sum(axis=2)),
            ("week", weeks, actual.reshape(by_week[1:]).sum(axis=1),
             drawn.reshape(by_week).sum(axis=2)),
        ):  # fmt: skip
            low, high = np.quantile(true, LEVELS, axis=0)
            hit = (real >= ours["q0.1"].to_numpy()) & (real <= ours["q0.9"].to_numpy())
            inside.setdefault(unit, []).append(hit)
            inside.setdefault(f"{unit} truth", []).append((real >= low) & (real <= high))
    found = {name: 100 * one / came for name, one in error.items()}
    found |= {name: 100 * float(np.concatenate(hits).mean()) for name, hits in inside.items()}
    return {"set": known.name, **found}


def main() -> None:
    """Print one line per set, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=24)
    parser.add_argument("--out", type=Path, help="CSV file for the results")
    arguments = parser.parse_args()
    rows = [measure(random_set(number)) for number in range(arguments.sets)]
    table = pd.DataFrame(rows).set_index("set")
    if arguments.out:
        table.to_csv(arguments.out)
    print(table.round(1).to_string())
    ratio = table[["ours", "truth"]].div(table["mean of 8"], axis=0).mean()
    print(f"error over that of the mean of 8: ours {ratio['ours']:.3f}, truth {ratio['truth']:.3f}")
    for unit, most in (("interval", 3), ("day", 5), ("week", 5)):
        told = [
            f"{who} {table[name].mean():.1f} %, {(abs(table[name] - 80) <= most).sum()} sets within"
            for who, name in (("ours", unit), ("truth", f"{unit} truth"))
        ]
        print(f"80 % by {unit}: {'; '.join(told)} {most} points, of {len(table)}")


if __name__ == "__main__":
    main()
