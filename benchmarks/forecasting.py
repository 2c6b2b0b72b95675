"""Measure the forecasts on real contact histories: error and coverage from past origins.

Usage: python benchmarks/forecasting.py --data FOLDER

Twelve origins (nine for the short ticket set) at day ends, 28 days ahead at the set's own grain,
expanding window, calendar known. Printed per set: interval and day WAPE in %, beside the mean of
the last 8 same weekdays; coverage in % of the 80 and 95 % intervals, by interval and by day; CPU
seconds a forecast (with its own calibration on past origins).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd

from forecasts import forecast_detail

AHEAD_DAYS = 28
QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
# Days off known to the planners of these sets: the bank's holidays (Columbus Day was worked), and
# for the tickets Good Friday, Tiradentes and Corpus Christi (inferred from the set).
DAYS_OFF = {
    "US bank": ("2003-05-26", "2003-07-04", "2003-09-01"),
    "tickets": ("2016-03-25", "2016-04-21", "2016-05-26"),
}


def load(folder: Path) -> dict[str, tuple[pd.DataFrame, dict, int, int]]:
    """Each set's history, options for the forecast, number of origins and days between them."""
    bank = pd.read_csv(folder / "bank_us_2003_30min.csv", parse_dates=["ts"])
    calls = pd.read_csv(folder / "calls911_montgomery_2015_2016_hourly.csv", parse_dates=["ts"])
    tickets = pd.read_csv(folder / "tickets_uci_2016_hourly.csv", parse_dates=["ts"])
    off = {
        name: pd.DataFrame({"date": dates, "kind": "holiday", "name": "day off"})
        for name, dates in DAYS_OFF.items()
    }

    def history(table: pd.DataFrame, column: str) -> pd.DataFrame:
        return pd.DataFrame({"queue": column, "start": table["ts"], "volume": table[column]})

    sets = {"US bank": (history(bank, "calls"), {"calendar": off["US bank"]}, 12, 7)}
    for name in ("total", "EMS", "Fire", "Traffic"):
        sets[f"911 {name}"] = (history(calls, name), {"country": "US"}, 12, 7)
    sets["tickets"] = (history(tickets, "tickets"), {"calendar": off["tickets"]}, 9, 4)
    return sets


def measure(history: pd.DataFrame, options: dict, origins: int, step: int) -> dict[str, float]:
    """Errors and coverage over all origins of one set."""
    day = history["start"].dt.normalize()
    pieces, day_pieces, cpu = [], [], []
    for k in range(origins):
        last = day.max() - pd.Timedelta(days=AHEAD_DAYS + step * k)
        past, future = history[day <= last], history[day > last]
        began = time.process_time()
        detail = forecast_detail(past, AHEAD_DAYS, quantiles=QUANTILES, **options)
        cpu.append(time.process_time() - began)
        future = future[future["start"] < last + pd.Timedelta(days=AHEAD_DAYS + 1)]
        joined = future.merge(detail.table, "left", on=["queue", "start"], suffixes=("", "_hat"))
        # An open interval that was not forecast is a forecast of nothing.
        joined = joined.fillna(dict.fromkeys(joined.columns[3:], 0.0))
        joined["naive"] = _same_weekdays(past, joined["start"])
        pieces.append(joined)
        actual = joined.groupby(joined["start"].dt.normalize())["volume"].sum()
        day_pieces.append(
            detail.days.rename(columns={"volume": "volume_hat"}).merge(
                actual.rename_axis("date").reset_index(), on="date"
            )
        )
    rows, days = pd.concat(pieces), pd.concat(day_pieces)
    found = {
        "wape": _wape(rows["volume"], rows["volume_hat"]),
        "naive": _wape(rows["volume"], rows["naive"]),
        "day_wape": _wape(days["volume"], days["volume_hat"]),
    }
    for label, table in (("", rows), ("day_", days)):
        for name, low, high in (("cover80", "q0.1", "q0.9"), ("cover95", "q0.025", "q0.975")):
            inside = (table["volume"] >= table[low]) & (table["volume"] <= table[high])
            found[label + name] = 100 * inside.mean()
    bias = rows["volume_hat"].sum() / rows["volume"].sum() - 1
    return found | {"bias": 100 * bias, "cpu_s": float(np.mean(cpu))}


def _wape(actual: pd.Series, forecast: pd.Series) -> float:
    return 100 * float((actual - forecast).abs().sum() / actual.sum())


def _same_weekdays(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Mean of the last 8 same weekdays at the same time."""
    clock = [past["start"].dt.day_of_week, past["start"].dt.hour * 60 + past["start"].dt.minute]
    mean = past.groupby(clock)["volume"].agg(lambda values: values.tail(8).mean())
    wanted = zip(starts.dt.day_of_week, starts.dt.hour * 60 + starts.dt.minute, strict=True)
    return np.array([mean.get(key, np.nan) for key in wanted])


def main() -> None:
    """Print one line per set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the real sets")
    arguments = parser.parse_args()
    results = {name: measure(*given) for name, given in load(arguments.data).items()}
    print(pd.DataFrame(results).T.round(2).to_string())


if __name__ == "__main__":
    main()
