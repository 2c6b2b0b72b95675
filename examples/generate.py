"""Make the synthetic history of every example plan: `python examples/generate.py`.

Each plan's `history.toml` says how busy its queues are; opening hours, handle times, holidays,
made-up working days and campaigns come from the plan's own tables. The numbers are drawn with
`random.random` alone, whose sequence Python guarantees, so that the same seeds give the same bytes
everywhere.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import random
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LIVE = ("answered_within", "mean_wait", "abandoned")
COLUMNS = ("queue", "start", "volume", "aht_s", "abandoned", "waited_s")


def main() -> None:
    """Write `history.csv` into every plan folder."""
    for spec in sorted(EXAMPLES.glob("*/history.toml")):
        text = history_csv(spec.parent)
        (spec.parent / "history.csv").write_text(text, encoding="utf-8", newline="")
        rows = text.count("\n") - 1
        sys.stdout.write(f"{spec.parent.name}: {rows} intervals, {len(text) / 1e6:.1f} MB\n")


def history_csv(folder: Path) -> str:
    """Return the history of a plan folder as the text of its `history.csv`."""
    spec = tomllib.loads((folder / "history.toml").read_text(encoding="utf-8"))
    settings = tomllib.loads((folder / "plan.toml").read_text(encoding="utf-8"))
    calendar = Calendar.read(folder)
    hours = _opening_hours(folder)
    queues = {row["queue"]: row for row in _rows(folder, "queues")}
    live = {row["queue"] for row in _rows(folder, "targets") if row["measure"] in LIVE}
    draw = Draw(spec["seed"])
    lines = [",".join(COLUMNS)]
    for day in _days(spec["from"], settings["start"]):
        common = day_level(spec, day) * draw.gamma(1.0, spec["day_cv"] * 0.8)
        for queue, stream in spec["queues"].items():
            row = queues[queue]
            opened = _open_hours(hours[row["hours"]], calendar, day)
            if not opened:
                continue
            level = common * draw.gamma(1.0, spec["day_cv"] * 0.6)
            level *= stream["day"] * calendar.factor(stream, spec, day, queue)
            step_h = settings["interval_min"] / 60
            weights = _weights(spec, stream["shape"], opened, step_h)
            for start_h, weight in weights:
                volume = draw.poisson(level * weight)
                moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(hours=start_h)
                cells = [_quoted(queue), moment.isoformat(" ", "minutes"), str(volume)]
                cells += _handled(draw, row, stream, volume, queue in live)
                lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def day_level(spec: dict, day: dt.date) -> float:
    """Return the season's and the trend's factor of a day: months joined by straight lines."""
    months = spec["months"]
    position = day.month - 1 + (day.day - 15.5) / 31
    low = math.floor(position)
    share = position - low
    season = months[low % 12] * (1 - share) + months[(low + 1) % 12] * share
    years = (day - spec["from"]).days / 365.25
    return season * (1 + spec["yearly_growth"]) ** years


@dataclass(frozen=True)
class Calendar:
    """Holidays, made-up working days and events of a plan."""

    holidays: frozenset[dt.date]
    working_days: frozenset[dt.date]
    closed: frozenset[dt.date]
    events: tuple[tuple[dt.date, dt.date, str, float], ...]

    @classmethod
    def read(cls, folder: Path) -> Calendar:
        """Read `calendar.csv`."""
        days: dict[str, set[dt.date]] = {"holiday": set(), "working_day": set(), "closed": set()}
        events = []
        for row in _rows(folder, "calendar"):
            first = dt.date.fromisoformat(row["date"] or row["from"])
            last = dt.date.fromisoformat(row["date"] or row["to"])
            if row["kind"] == "event":
                events.append((first, last, row["queue"], float(row["factor"])))
            else:
                days[row["kind"]].update(_days(first, last + dt.timedelta(days=1)))
        return cls(*(frozenset(days[kind]) for kind in days), tuple(events))

    def pattern(self, day: dt.date) -> str:
        """Return the weekday whose hours a day keeps; empty if it is closed."""
        if day in self.closed:
            return ""
        if day in self.working_days:
            return "mon"
        return "holiday" if day in self.holidays else WEEKDAYS[day.weekday()]

    def factor(self, stream: dict, spec: dict, day: dt.date, queue: str) -> float:
        """Return the factor of weekday, holiday, made-up working day and events."""
        if day in self.working_days:
            # People who work on a weekend day write a little less than on a Monday.
            factor = stream["weekday"][0] * 0.9
        elif day in self.holidays:
            factor = stream.get("holiday_factor", spec["holiday_factor"])
        else:
            factor = stream["weekday"][day.weekday()]
        for first, last, touched, size in self.events:
            if first <= day <= last and touched in ("", queue):
                factor *= size
        return factor


class Draw:
    """Random draws made from `random.random` only."""

    def __init__(self, seed: int) -> None:
        self._uniform = random.Random(seed).random

    def happens(self, share: float) -> bool:
        """Return True with a given probability."""
        return self._uniform() < share

    def normal(self) -> float:
        """Return a standard normal (Box and Muller 1958)."""
        radius = math.sqrt(-2 * math.log(1 - self._uniform()))
        return radius * math.cos(2 * math.pi * self._uniform())

    def gamma(self, mean: float, cv: float) -> float:
        """Return a gamma variate by its mean and coefficient of variation (Wilson, Hilferty 1931).

        The cube of a normal: close enough for a made-up history, and never negative.
        """
        k = 9 / cv**2
        return mean * max(0.02, 1 - 1 / k + self.normal() / math.sqrt(k)) ** 3

    def poisson(self, mean: float) -> int:
        """Return a Poisson count: products of uniforms, in steps that do not underflow (Knuth)."""
        count = 0
        while mean > 0:
            step = min(mean, 50.0)
            mean -= step
            floor, product = math.exp(-step), self._uniform()
            while product > floor:
                count += 1
                product *= self._uniform()
        return count


def _handled(draw: Draw, row: dict, stream: dict, volume: int, live: bool) -> list[str]:
    if volume == 0:
        return ["", "0" if live else "", "0" if live else ""]
    cv = float(row["aht_cv"] or 1.0) / math.sqrt(volume)
    aht_s = max(15, round(draw.gamma(float(row["aht_s"]), cv)))
    if not live:
        return [str(aht_s), "", ""]
    share = stream.get("abandoned_share", 0.0)
    patience_s = float(row["patience_s"] or 0)
    # Mean wait = abandoned share x patience, so that patience can be estimated from the history.
    abandoned = sum(draw.happens(share) for _ in range(volume))
    waited_s = round(draw.gamma(share * patience_s * volume, 0.8)) if share * patience_s else 0
    return [str(aht_s), str(abandoned), str(waited_s)]


def _weights(
    spec: dict, name: str, opened: list[tuple[float, float]], step_h: float
) -> list[tuple[float, float]]:
    """Return each open interval of a day with its share of the day's volume."""
    starts = [
        opens + k * step_h
        for opens, closes in opened
        for k in range(round((closes - opens) / step_h))
    ]
    raw = [_hour_level(spec, name, start_h + step_h / 2) for start_h in starts]
    total = sum(raw)
    return [(start_h, level / total) for start_h, level in zip(starts, raw, strict=True)]


def _hour_level(spec: dict, name: str, hour: float) -> float:
    """Level of a shape at a time of day; a mixture adds the shape of each time zone."""
    shape = spec["shapes"][name]
    if isinstance(shape, dict):
        zones = shape["zones"]
        return sum(
            z["share"] * _hour_level(spec, shape["local"], hour + z["ahead_h"]) for z in zones
        )
    return shape[int(hour % 24)]


def _opening_hours(folder: Path) -> dict[str, dict[str, list[tuple[float, float]]]]:
    hours: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for row in _rows(folder, "hours"):
        opened = (_hour(row["opens"]), _hour(row["closes"]))
        hours.setdefault(row["hours"], {}).setdefault(row["weekday"], []).append(opened)
    return hours


def _open_hours(
    hours: dict[str, list[tuple[float, float]]], calendar: Calendar, day: dt.date
) -> list[tuple[float, float]]:
    pattern = calendar.pattern(day)
    if pattern == "holiday" and "holiday" not in hours:
        pattern = "sun"
    return hours.get(pattern, [])


def _hour(clock: str) -> float:
    hour, minute = clock.split(":")
    return int(hour) + int(minute) / 60


def _days(first: dt.date, end: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=k) for k in range((end - first).days)]


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


if __name__ == "__main__":
    main()
