"""The sets that the forecast benchmark measures: real histories, and made ones of other character.

Real sets come from files that are not part of the project (see benchmarks/README.md). Made ones are
drawn from a fixed seed; each has one trait that real sets of contact centres have and that a
method can get wrong. No set has been used to choose a constant of the forecast by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

# Days off known to the planners of these sets: the bank's holidays (Columbus Day was worked), and
# for the tickets Good Friday, Tiradentes and Corpus Christi (inferred from the set).
DAYS_OFF = {
    "US bank": ("2003-05-26", "2003-07-04", "2003-09-01"),
    "tickets": ("2016-03-25", "2016-04-21", "2016-05-26"),
}
WEEK = np.array([1.25, 1.1, 1.0, 1.0, 0.95, 0.55, 0.45])
OFFICE_WEEK = np.array([1.2, 1.05, 1.0, 0.95, 0.9, 0.0, 0.0])


@dataclass(frozen=True)
class ForecastSet:
    """One set and how it is measured.

    `step_days` lies between two origins, `ahead_days` after each; `options` are those of the
    forecast (country, calendar, drivers).
    """

    name: str
    history: pd.DataFrame
    options: dict = field(default_factory=dict)
    origins: int = 12
    step_days: int = 7
    ahead_days: int = 28


def all_sets(folder: Path | None) -> Iterator[ForecastSet]:
    """Real sets (where `folder` is given), then the made ones."""
    if folder is not None:
        yield from real_sets(folder)
    yield from made_sets()


# Real ---------------------------------------------------------------------------------------------


def real_sets(folder: Path) -> Iterator[ForecastSet]:
    """The bank in three grains, 911 calls and tickets in two, six skills of another bank."""
    off = {
        name: pd.DataFrame({"date": dates, "kind": "holiday", "name": "day off"})
        for name, dates in DAYS_OFF.items()
    }
    bank = {"calendar": off["US bank"]}
    half_hours = _table(folder / "bank_us_2003_30min.csv", "ts", "calls")
    yield ForecastSet("US bank", half_hours, bank)
    yield ForecastSet("US bank 5 min", _table(folder / "bank_us_2003_5min.csv.gz", "ts", "calls"),
                      bank)  # fmt: skip
    yield ForecastSet("US bank by day", by_day(half_hours), bank)
    for name in ("total", "EMS", "Fire", "Traffic"):
        calls = _table(folder / "calls911_montgomery_2015_2016_hourly.csv", "ts", name)
        yield ForecastSet(f"911 {name}", calls, {"country": "US"})
        yield ForecastSet(f"911 {name} by day", by_day(calls), {"country": "US"})
    tickets = _table(folder / "tickets_uci_2016_hourly.csv", "ts", "tickets")
    yield ForecastSet("tickets", tickets, {"calendar": off["tickets"]}, 9, 4)
    yield ForecastSet("tickets by day", by_day(tickets), {"calendar": off["tickets"]}, 9, 4)
    types = pd.read_csv(folder / "bank_il_1999_jan_oct_30min_bytype.csv", parse_dates=["iv"])
    for name in ("PS", "NE", "NW", "IN"):
        yield ForecastSet(f"IL bank {name}", _israeli(types, name), {}, 6, 2, 7)


def _table(path: Path, start: str, column: str) -> pd.DataFrame:
    table = pd.read_csv(path, parse_dates=[start])
    return pd.DataFrame({"queue": column, "start": table[start], "volume": table[column]})


def by_day(history: pd.DataFrame) -> pd.DataFrame:
    """Whole days of a history of intervals."""
    total = history.groupby(["queue", history["start"].dt.normalize()])["volume"].sum()
    return total.reset_index()


def _israeli(types: pd.DataFrame, name: str) -> pd.DataFrame:
    """One call type over the opening hours; no row means that nobody called."""
    seen = types.groupby(types["iv"].dt.normalize())["offered"].sum()
    starts = pd.DatetimeIndex(
        [
            day + pd.Timedelta(minutes=minute)
            for day in seen.index[seen > 50]
            for minute in range(*_open_minutes(day.day_of_week), 30)
        ]
    )
    mine = types[types["type"] == name].set_index("iv")["offered"]
    volume = mine.reindex(starts).fillna(0.0).to_numpy()
    return pd.DataFrame({"queue": name, "start": starts, "volume": volume})


def _open_minutes(weekday: int) -> tuple[int, int]:
    return {4: (420, 840), 5: (1140, 1440)}.get(weekday, (420, 1440))


# Made ---------------------------------------------------------------------------------------------


def made_sets() -> Iterator[ForecastSet]:
    """Histories drawn from known truths."""
    makers: list[Callable[[], ForecastSet]] = [
        _strong_growth, _decline, _yearly_season, _sparse, _intermittent_by_day, _china,
        _level_shifts, _wandering_level, _month_ends, _daily_mail, _five_minutes, _eight_weeks,
        _moving_shape, _campaigns, _outages, _school_terms, _no_week, _many_holidays,
    ]  # fmt: skip
    for maker in makers:
        yield maker()


def _made(
    name: str,
    seed: int,
    first: str,
    n_days: int,
    per_day: float,
    *,
    interval_min: int = 30,
    hours: tuple[float, float] = (8, 20),
    week: np.ndarray = WEEK,
    log_level: np.ndarray | float = 0.0,
    day_sd: float = 0.06,
    day_ar: float = 0.3,
    interval_sd: float = 0.03,
    shape_shift: np.ndarray | float = 0.0,
) -> pd.DataFrame:
    """Counts: level × weekday × autocorrelated day × profile, and Poisson noise."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range(first, periods=n_days)
    day_noise = np.zeros(n_days)
    for d in range(1, n_days):
        day_noise[d] = day_ar * day_noise[d - 1] + day_sd * rng.standard_normal()
    level = per_day * np.exp(log_level + day_noise) * week[dates.day_of_week]
    slots = np.arange(int(hours[0] * 60), int(hours[1] * 60), interval_min)
    middle = slots / 60 + interval_min / 120
    shift = np.broadcast_to(shape_shift, n_days)[:, None]
    weekend = (dates.day_of_week >= 5).astype(float)[:, None]
    profile = (
        np.exp(-((middle - 10.5 - shift - weekend) ** 2) / 7)
        + (0.8 - 0.3 * weekend) * np.exp(-((middle - 15.5 - shift) ** 2) / 9)
        + 0.06
    )
    profile /= profile.sum(axis=1, keepdims=True)
    mean = level[:, None] * profile
    mean = mean * np.exp(interval_sd * rng.standard_normal(mean.shape) - interval_sd**2 / 2)
    open_days = np.flatnonzero(mean.sum(axis=1) > 0)
    starts = np.add.outer(dates.to_numpy()[open_days], slots.astype("timedelta64[m]")).ravel()
    return pd.DataFrame(
        {"queue": name, "start": starts, "volume": rng.poisson(mean[open_days]).ravel()}
    )


def _yearly(first: str, n_days: int, *terms: tuple[int, float, float]) -> np.ndarray:
    day = pd.date_range(first, periods=n_days).day_of_year.to_numpy()
    return sum(size * np.cos(2 * np.pi * k * day / 365.25 + phase) for k, size, phase in terms)


def _strong_growth() -> ForecastSet:
    grown = np.log(1.7) * np.arange(500) / 365
    return ForecastSet("growth", _made("growth", 1, "2023-01-02", 500, 700, log_level=grown))


def _decline() -> ForecastSet:
    fallen = -0.9 * np.arange(300) / 365
    made = _made("decline", 2, "2023-01-02", 300, 900, interval_min=60, log_level=fallen)
    return ForecastSet("decline", made)


def _yearly_season() -> ForecastSet:
    n = 365 * 4
    season = _yearly("2020-01-01", n, (1, 0.3, 0.4), (2, 0.12, 1.0)) + 0.08 * np.arange(n) / 365
    made = _made("season", 3, "2020-01-01", n, 1500, interval_min=60, hours=(0, 24),
                 log_level=season)  # fmt: skip
    return ForecastSet("yearly season", made, {}, 12, 30)


def _sparse() -> ForecastSet:
    made = _made("sparse", 4, "2023-01-02", 365, 24, interval_min=60, hours=(0, 24), day_sd=0.1)
    return ForecastSet("sparse", made)


def _intermittent_by_day() -> ForecastSet:
    made = _made("intermittent", 5, "2022-01-03", 700, 1.2, interval_min=60, day_sd=0.2)
    return ForecastSet("intermittent by day", by_day(made))


def _china() -> ForecastSet:
    from forecasts.effects import HOLIDAY, WORKING_DAY, describe_days

    n = 365 * 3 + 120
    days = describe_days(np.datetime64("2021-01-01"), n, country="CN")
    rng = np.random.default_rng(6)
    drop = np.where(days.kind == HOLIDAY, -0.9 + 0.15 * rng.standard_normal(n), 0.0)
    weekday = days.weekday
    # A made-up Saturday is worked nearly like a Thursday.
    drop += np.where(days.kind == WORKING_DAY, np.log(0.95 / WEEK[weekday]), 0.0)
    after = np.roll(days.kind == HOLIDAY, 1) & (days.kind != HOLIDAY)
    made = _made("china", 7, "2021-01-01", n, 2500, log_level=drop + 0.2 * after)
    return ForecastSet("China", made, {"country": "CN"}, 12, 28)


def _level_shifts() -> ForecastSet:
    level = np.zeros(420)
    for day, size in ((150, 0.35), (270, -0.45), (330, 0.25)):
        level[day:] += size
    return ForecastSet("level shifts", _made("shifts", 8, "2022-06-06", 420, 500, log_level=level))


def _wandering_level() -> ForecastSet:
    walk = np.cumsum(0.025 * np.random.default_rng(9).standard_normal(400))
    return ForecastSet("wandering level", _made("walk", 9, "2022-06-06", 400, 400, log_level=walk))


def _month_ends() -> ForecastSet:
    dates = pd.date_range("2022-01-03", periods=540)
    paid = 0.35 * (dates.day <= 3) + 0.25 * (dates.days_in_month - dates.day < 2)
    made = _made("month ends", 10, "2022-01-03", 540, 1200, week=OFFICE_WEEK, log_level=paid)
    return ForecastSet("month ends", made)


def _daily_mail() -> ForecastSet:
    import holidays

    n = 365 * 2 + 90
    dates = pd.date_range("2022-01-01", periods=n)
    off = np.array([d in holidays.country_holidays("US", years=range(2021, 2026)) for d in dates])
    level = _yearly("2022-01-01", n, (1, 0.15, 2.0)) - 0.8 * off + 0.2 * np.roll(off, 1)
    made = _made("mail", 11, "2022-01-01", n, 300, log_level=level, day_sd=0.1)
    return ForecastSet("mail by day", by_day(made), {"country": "US"}, 12, 14)


def _five_minutes() -> ForecastSet:
    made = _made("five", 12, "2024-01-01", 120, 3000, interval_min=5)
    return ForecastSet("five minutes", made, {}, 6)


def _eight_weeks() -> ForecastSet:
    made = _made("eight weeks", 13, "2024-01-01", 56 + 28 + 5 * 3, 400, interval_min=15, day_sd=0.1)
    return ForecastSet("eight weeks", made, {}, 6, 3)


def _moving_shape() -> ForecastSet:
    shift = 2.0 * np.sin(2 * np.pi * np.arange(365) / 365)
    return ForecastSet("moving shape",
                       _made("shape", 14, "2023-01-02", 365, 1500, shape_shift=shift))  # fmt: skip


def _campaigns() -> ForecastSet:
    rng = np.random.default_rng(15)
    mailed = np.where(rng.random(365) < 0.12, rng.uniform(1, 5, 365), 0.0)
    felt = 0.08 * mailed + 0.05 * np.roll(mailed, 1)
    made = _made("campaigns", 15, "2023-01-02", 365, 800, log_level=felt)
    sent = pd.date_range("2023-01-02", periods=365)
    drivers = pd.DataFrame({"date": sent, "driver": "letters", "value": mailed})
    return ForecastSet("campaigns", made, {"drivers": drivers})


def _outages() -> ForecastSet:
    rng = np.random.default_rng(16)
    jumps = np.where(rng.random(365) < 0.04, rng.choice([-0.9, 0.8, 1.2], 365), 0.0)
    return ForecastSet("outages", _made("outages", 16, "2023-01-02", 365, 600, log_level=jumps))


def _school_terms() -> ForecastSet:
    n = 365 * 2 + 200
    dates = pd.date_range("2021-09-01", periods=n)
    term = dates.month.isin([3, 9])
    made = _made("terms", 17, "2021-09-01", n, 700, hours=(8, 22), log_level=0.45 * term)
    calendar = pd.DataFrame({"date": dates[term], "kind": "event", "name": "start of term"})
    return ForecastSet("school terms", made, {"calendar": calendar}, 12, 21)


def _no_week() -> ForecastSet:
    made = _made("no week", 18, "2023-01-02", 300, 250, interval_min=60, hours=(0, 24),
                 week=np.ones(7), day_ar=0.85)  # fmt: skip
    return ForecastSet("no weekly rhythm", made)


def _many_holidays() -> ForecastSet:
    import holidays

    n = 365 * 3
    dates = pd.date_range("2021-01-01", periods=n)
    germany = holidays.country_holidays("DE", subdiv="BY", years=range(2020, 2026))
    off = np.array([d in germany for d in dates])
    bridge = np.roll(off, 1) & (dates.day_of_week == 4) & ~off
    level = -1.5 * off - 0.4 * bridge + 0.15 * (np.roll(off, 1) & ~bridge & ~off)
    made = _made("holidays", 19, "2021-01-01", n, 900, log_level=level, day_sd=0.05)
    return ForecastSet("many holidays", made, {"country": "DE-BY"}, 12, 28)
