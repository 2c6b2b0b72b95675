"""Approximate models against the simulation, over the range in which they may be used.

python benchmarks/models.py [--out docs/models.md]

Writes a table: in every row the worst of several cases, as distance in points of service or in
per cent of the mean wait, beside half the width of the simulation's 95 % interval.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

# staffing.py beside this script is not the package.
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]

from staffing import erlang
from staffing.blending import blended
from staffing.chat import chat_performance
from staffing.curves import service_curve
from staffing.priority import first_class_service_level, priority_mean_wait_s
from staffing.redials import load_with_redials
from staffing.simulation import Scene
from staffing.simulation.contacts import Contacts
from staffing.simulation.engine import SimulationResult, run_replications
from staffing.timegrid import TimeGrid
from staffing.transient import transient_queue
from staffing.uncertain import RandomDays

AHT_S, TARGET_S = 300.0, 20.0
DAY_S = 86400.0
POINT, PER_CENT = "points of service", "% of the mean wait"
# What a case gives: the model's value, the simulation's, and half its 95 % interval.
Case = tuple[float, float, float]


def scene(agents: int, days: int, classes: int = 1, **changes: object) -> Scene:
    """People round the clock for queues of one handling time, the first the most urgent."""
    grid = TimeGrid(date(2026, 12, 7), days, 30)
    plain = {
        "grid": grid,
        "queues": tuple(f"class {k}" for k in range(classes)),
        "arrivals": np.zeros((classes, grid.size)),
        "aht_s": np.full((classes, grid.size), AHT_S),
        "aht_cv": np.ones(classes),
        "deferred": np.zeros(classes, dtype=bool),
        "patience_s": np.full(classes, np.inf),
        "redial_share": np.zeros(classes),
        "at_once": np.ones(classes, dtype=np.int64),
        "priority": np.arange(1, classes + 1),
        "open_mask": np.ones((classes, grid.size), dtype=bool),
        "target_s": np.full(classes, TARGET_S),
        "due_s": np.full((classes, grid.size + 1), np.inf),
        "speed": np.ones((agents, classes)),
        "order": np.ones((agents, classes), dtype=np.int64),
        "duty_agent": np.arange(agents),
        "duty_start_s": np.zeros(agents),
        "duty_end_s": np.full(agents, days * DAY_S),
        "duty_shift": np.arange(agents),
        "absence": np.zeros(agents),
        "away_share": np.zeros(agents),
        "day_cv": np.zeros(classes),
    }
    return Scene(**(plain | changes))


def simulated(
    of: Scene, per_interval: np.ndarray, *, seed: int, replications: int = 30, rate_cv: float = 0.0
) -> SimulationResult:
    """Poisson contacts (Q, T) with exponential handling and patience, a random rate a day."""

    def draw(replication: int) -> Contacts:
        rng = np.random.default_rng([seed, replication])
        parts = []
        for q, expected in enumerate(per_interval):
            factor = np.ones(of.grid.days)
            if rate_cv > 0:
                factor = rng.gamma(1 / rate_cv**2, rate_cv**2, of.grid.days)
            counts = rng.poisson(expected * np.repeat(factor, of.grid.per_day))
            at = np.repeat(np.arange(of.grid.size), counts)
            arrived_s = (at + rng.random(at.size)) * of.grid.interval_s
            patience = np.full(at.size, np.inf)
            if np.isfinite(of.patience_s[q]):
                patience = rng.exponential(of.patience_s[q], at.size)
            handle = rng.exponential(of.aht_s[q, 0], at.size)
            parts.append((np.full(at.size, q), arrived_s, handle, patience))
        queue, arrived, handle, patience = (np.concatenate(x) for x in zip(*parts, strict=True))
        by = np.argsort(arrived, kind="stable")
        return Contacts(queue[by], arrived[by], handle[by], patience[by], np.full(by.size, np.inf))

    return run_replications(
        of,
        draw,
        redial_share=of.redial_share,
        replications=replications,
        seed=seed,
        workers=1,
        interruptible=True,
    )


def ratio(counted: np.ndarray, offered: np.ndarray) -> tuple[float, float]:
    """Share over replications and half its 95 % interval."""
    counted, offered = counted.astype(float), offered.astype(float)
    value = counted.sum() / offered.sum()
    error = (counted - value * offered).std(ddof=1) / np.sqrt(len(counted)) / offered.mean()
    return float(value), float(2.0 * error)


def after_warm_up(result: SimulationResult, name: str, queue: int = 0) -> tuple[float, float]:
    """A measure of a queue from the second day on."""
    skip = 48
    return ratio(
        getattr(result, name)[:, queue, skip:].sum(axis=1),
        result.offered[:, queue, skip:].sum(axis=1),
    )


def chat() -> Iterator[Case]:
    """1-30 agents, two to eight chats whose durations do not stretch, 60-120 % of slots used."""
    for agents, held, used in (
        (1, 3, 0.6),
        (2, 2, 0.75),
        (2, 8, 0.9),
        (3, 3, 1.2),
        (5, 3, 0.85),
        (12, 2, 0.9),
        (30, 4, 0.95),
    ):
        rate = used * agents * held / AHT_S
        of = scene(agents, 6, at_once=np.array([held]), patience_s=np.array([240.0]))
        few = 30 if agents > 2 else 120
        seen = simulated(of, np.full((1, of.grid.size), rate * 1800), seed=1, replications=few)
        found = chat_performance(
            rate * 3600, agents, aht_s=AHT_S, at_once=held, target_s=TARGET_S, patience_s=240
        )
        yield float(found.service_level), *after_warm_up(seen, "in_time")


def stretched_chat() -> Iterator[Case]:
    """2-12 agents, chats that take up to 1.8 times as long when two to four are held."""
    for agents, stretch, used in (
        (2, (1.0, 1.3), 0.8),
        (5, (1.0, 1.2, 1.45), 0.9),
        (12, (1.0, 1.2, 1.45, 1.8), 0.95),
    ):
        durations = AHT_S * np.array(stretch)
        rate = used * agents * len(stretch) / durations[-1]
        found = chat_performance(
            rate * 3600, agents, aht_s=durations, target_s=TARGET_S, patience_s=240
        )
        yield float(found.service_level), *_chats(agents, durations, rate, seed=8)


def _chats(agents: int, durations: np.ndarray, rate: float, seed: int) -> tuple[float, float]:
    """Agent by agent, each with chats of their own: the engine's chats do not stretch."""
    good, offered = [], []
    pace = np.concatenate([[0.0], np.arange(1, len(durations) + 1) / durations])
    for run in range(24):
        rng = np.random.default_rng([seed, run])
        held = np.zeros(agents, dtype=np.int64)
        now, counted, reached = 0.0, 0, 0
        line: list[tuple[float, float]] = []
        while now < 2 * DAY_S:
            leaving = pace[held]
            total = rate + leaving.sum()
            now += rng.exponential(1 / total)
            late = now > DAY_S / 12
            line = [who for who in line if who[1] > now]
            if rng.random() * total < rate:
                counted += late
                a = int(held.argmin())
                if held[a] < len(durations):
                    held[a] += 1
                    reached += late
                else:
                    line.append((now, now + rng.exponential(240.0)))
            else:
                a = int(rng.choice(agents, p=leaving / leaving.sum()))
                held[a] -= 1
                if line:
                    came, _ = line.pop(0)
                    held[a] += 1
                    reached += now - came <= TARGET_S and came > DAY_S / 12
        good.append(reached)
        offered.append(counted)
    return ratio(np.array(good), np.array(offered))


def priorities_wait() -> Iterator[Case]:
    """Two classes at 5-40 agents, 75-92 % occupied, nobody leaves: mean waits."""
    for agents, used, urgent in ((5, 0.75, 0.3), (12, 0.85, 0.5), (40, 0.92, 0.2)):
        rate = used * agents / AHT_S * np.array([urgent, 1 - urgent])
        of = scene(agents, 8, 2)
        seen = simulated(of, rate[:, None] * 1800 * np.ones(of.grid.size), seed=2, replications=60)
        found = priority_mean_wait_s(rate * 3600, agents, aht_s=AHT_S)
        for k in (0, 1):
            yield float(found[k]), *after_warm_up(seen, "waited_s", k)


def priorities_level() -> Iterator[Case]:
    """Two classes at 5-40 agents, 75-92 % occupied, nobody leaves: the first class in time."""
    for agents, used, urgent in ((5, 0.75, 0.3), (12, 0.85, 0.5), (40, 0.92, 0.2)):
        rate = used * agents / AHT_S * np.array([urgent, 1 - urgent])
        of = scene(agents, 8, 2)
        seen = simulated(of, rate[:, None] * 1800 * np.ones(of.grid.size), seed=3)
        found = first_class_service_level(rate * 3600, agents, aht_s=AHT_S, target_s=TARGET_S)
        yield found, *after_warm_up(seen, "in_time")


def redials() -> Iterator[Case]:
    """10-40 agents, 95-105 % loaded, half or more call again after 30 min."""
    for agents, used, share in ((10, 0.95, 0.5), (20, 1.0, 0.7), (40, 1.05, 0.5)):
        load = used * agents
        of = scene(
            agents,
            6,
            patience_s=np.array([180.0]),
            redial_share=np.array([share]),
            redial_after_s=1800.0,
        )
        seen = simulated(of, np.full((1, of.grid.size), load / AHT_S * 1800), seed=4)
        case = {"aht_s": AHT_S, "patience_s": 180}
        total = load_with_redials(load, agents, redial_share=share, redial_after_s=1800, **case)
        level = erlang.service_level(total, agents, target_s=TARGET_S, **case)
        yield float(level), *after_warm_up(seen, "in_time")


def uncertain() -> Iterator[Case]:
    """20 and 100 Erlang, the day's volume with a cv of 0.05-0.3, up to 8 % absent."""
    for load, agents, cv, absence in (
        (20, 22, 0.1, 0.08),
        (100, 106, 0.05, 0.0),
        (100, 115, 0.3, 0.05),
    ):
        of = scene(agents, 1, patience_s=np.array([180.0]), absence=np.full(agents, absence))
        # A day each; the first eight hours are for filling the house.
        seen = simulated(
            of, np.full((1, 48), load / AHT_S * 1800), seed=5, replications=1200, rate_cv=cv
        )
        days = RandomDays(load, AHT_S, TARGET_S, 180, rate_cv=cv, absence=absence)
        level = days.service_level(agents)
        value = ratio(seen.in_time[:, 0, 16:].sum(axis=1), seen.offered[:, 0, 16:].sum(axis=1))
        yield level, *value


def reserve() -> Iterator[Case]:
    """8-20 Erlang, one to four people kept free, items as long as contacts."""
    for load, agents, kept in ((8.0, 12, 2), (8.0, 12, 4), (20.0, 26, 1), (20.0, 26, 3)):
        found = blended(load, agents, kept, aht_s=AHT_S, target_s=TARGET_S, patience_s=180)
        yield found.service_level, *_blend(load, agents, kept, seed=6)


def _blend(load: float, agents: int, kept: int, seed: int) -> tuple[float, float]:
    """A simulation of its own: the engine begins deferred work with whoever is idle."""
    good, offered = [], []
    for run in range(20):
        rng = np.random.default_rng([seed, run])
        now, next_call, busy, line = 0.0, 0.0, [], []
        counted, reached = 0, 0
        while now < 3 * DAY_S:
            # Deferred items fill all but the reserve.
            while len(busy) < agents - kept:
                heapq.heappush(busy, now + rng.exponential(AHT_S))
            if busy and busy[0] <= next_call:
                now = heapq.heappop(busy)
                while line and line[0][1] < now:
                    line.pop(0)
                if line:
                    came, _ = line.pop(0)
                    reached += now - came <= TARGET_S and came > DAY_S / 4
                    heapq.heappush(busy, now + rng.exponential(AHT_S))
                continue
            now = next_call
            next_call = now + rng.exponential(AHT_S / load)
            late = now > DAY_S / 4
            counted += late
            if len(busy) < agents:
                heapq.heappush(busy, now + rng.exponential(AHT_S))
                reached += late
            else:
                line.append((now, now + rng.exponential(180.0)))
                # Those who left stand first in line until someone is free; drop them here too.
                line = [who for who in line if who[1] > now]
        good.append(reached)
        offered.append(counted)
    return ratio(np.array(good), np.array(offered))


def _profile(volume_erlang: float) -> np.ndarray:
    """A day that swings by 60 % around its mean."""
    hours = np.arange(48) / 2
    return volume_erlang * (1 + 0.6 * np.sin(2 * np.pi * (hours - 9) / 24))


def fast_profiles() -> Iterator[Case]:
    """10-50 Erlang that swing by 60 %, calls of 5 to 60 min: the day's share in time."""
    for load, aht_s in ((10.0, 300.0), (50.0, 300.0), (50.0, 1200.0), (10.0, 3600.0)):
        found, judged, offered = _profiled(load, aht_s)
        yield float(found @ offered / offered.sum()), float(judged @ offered / offered.sum()), 0.0


def fast_intervals() -> Iterator[Case]:
    """The same in single half-hours, calls of 5 and 10 min: the worst half-hour."""
    for load in (10.0, 50.0):
        for aht_s in (300.0, 600.0):
            found, judged, _ = _profiled(load, aht_s)
            k = int(np.abs(found - judged).argmax())
            yield float(found[k]), float(judged[k]), 0.0


def _profiled(load: float, aht_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share in time of each half-hour of a second day by model and by chain, and contacts."""
    erlangs = _profile(load)
    offered = np.tile(erlangs * 1800 / aht_s, 2)
    agents = np.tile(np.ceil(erlangs + 0.5 * np.sqrt(erlangs)), 2)
    judged = transient_queue(
        offered, agents, aht_s=aht_s, patience_s=180, interval_min=30, target_s=TARGET_S
    )
    curve = service_curve(
        offered,
        aht_s,
        interval_min=30,
        target_s=TARGET_S,
        patience_s=180,
        max_positions=int(agents.max()) + 1,
    )
    rows = np.arange(48, 96)
    at = np.minimum(agents[rows].astype(int), curve.most_positions)
    return curve.in_time[rows, at] / offered[rows], judged.service_level[rows], offered[rows]


ROWS = (
    ("Chat (level-dependent chain)", chat, POINT),
    ("Chat whose durations stretch", stretched_chat, POINT),
    ("Priorities: mean wait", priorities_wait, PER_CENT),
    ("Priorities: first class", priorities_level, POINT),
    ("Redials (fixed point)", redials, POINT),
    ("Uncertain rates and absence", uncertain, POINT),
    ("Blending with a reserve", reserve, POINT),
    ("Modified offered load: a day", fast_profiles, POINT),
    ("Modified offered load: a half-hour", fast_intervals, POINT),
)

OUTSIDE = """
## Outside the range

`ModelRangeWarning` (a `UserWarning`) tells where a call leaves it:

- chat: more than eight at once, or durations that stretch to more than 1.8 times;
- modified offered load (`staffing require`, column `notice`): single intervals whose load moves,
  with handling of more than a third of an interval. With calls of 20 min the worst half-hour was
  3.2 points off at 10 Erlang that swing by 60 %, with calls of an hour 8.8; the day's share stays
  within 0.3;
- priorities: with finite patience of which more than 1 % would make use;
- redials: when people call again within two handling times (0.077 abandon by the model and 0.087
  in simulation when they redial after 2 min);
- uncertain rates: a coefficient of variation above 0.4;
- blending: deferred items more than a tenth longer than a contact (waiting 0.52 becomes 0.68 at
  twice the length).

Erlang B, C and A and the transient chain are exact for their assumptions (Poisson arrivals,
exponential handling and patience); `python benchmarks/staffing.py` measures the errors of their
numerics.
"""


def main() -> None:
    """Measure all models and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    out = parser.parse_args().out
    lines = [
        "# Queueing models held against simulation",
        "",
        "Made by `python benchmarks/models.py --out docs/models.md`. Contacts of 300 s, target",
        "20 s; in each row the case in which model and simulation are farthest apart. The last",
        "two rows' judge is the exact transient chain instead.",
        "",
        "| model | range | cases | worst distance | model | simulation (± 95 %) |",
        "|---|---|---|---|---|---|",
    ]
    for name, cases, unit in ROWS:
        found = list(cases())
        apart = [100 * abs(m - s) / (1.0 if unit == POINT else max(s, 1e-9)) for m, s, _ in found]
        k = int(np.argmax(apart))
        model, seen, half = found[k]
        digits = 3 if unit == POINT else 1
        lines.append(
            f"| {name} | {' '.join((cases.__doc__ or '').split()).rstrip('.')} | {len(found)} | "
            f"{apart[k]:.2f} {unit} | {model:.{digits}f} | {seen:.{digits}f} ± {half:.{digits}f} |"
        )
        print(lines[-1], flush=True)
    if out:
        out.write_text("\n".join(lines) + "\n" + OUTSIDE, encoding="utf-8")


if __name__ == "__main__":
    main()
