"""Queueing formulas and simulation: errors, speed, and pyworkforce side by side.

python benchmarks/staffing.py [--cases 2000] [--parts exact,speed,peer,simulation,stationary]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

# This file bears the package's name, and Python looks for the package beside the script first.
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != Path(__file__).resolve().parent]
sys.modules.pop("staffing", None)

from staffing import erlang
from staffing.simulation import Scene, simulate
from staffing.simulation.contacts import Contacts, draw_contacts, gamma_quantiles
from staffing.simulation.engine import Stage, run_replications
from staffing.simulation.random import replication_key
from staffing.timegrid import TimeGrid

YEAR_OF_FIVE_QUEUES = 365 * 48 * 5
# Student's t of 29 degrees of freedom: for one interval, and for 50 that hold together.
_T_95, _T_95_TOGETHER = 2.045, 3.659
PARTS = ("exact", "speed", "peer", "simulation", "stationary")


def cpu_s(work: Callable[[], object], times: int = 3) -> float:
    """Least processor seconds of a few runs, the first (compilation) left out."""
    work()
    best = np.inf
    for _ in range(times):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return float(best)


def exact(cases: int) -> None:
    """Largest error of every measure against mpmath's confluent hypergeometric function."""
    import mpmath as mp

    mp.mp.dps = 50
    rng = np.random.default_rng(0)
    worst, done, unknown = 0.0, 0, 0
    while done < cases:
        load = 10 ** rng.uniform(-3, 5)
        agents = max(0.01, load * rng.choice([0.05, 0.5, 0.9, 0.99, 1, 1.01, 1.1, 1.5, 4]))
        agents = max(1.0, np.ceil(agents)) if rng.random() < 0.6 else agents
        aht_s = 10 ** rng.uniform(0.3, 5.4)
        patience_s = rng.choice([1, 10, 60, 180, 3600, 86400, 604800])
        target_s = rng.choice([0, 1, 20, 300, 3600, 86400])
        try:
            wanted = _reference(load, agents, aht_s, target_s, patience_s)
        except (mp.libmp.NoConvergence, OverflowError, ValueError, ZeroDivisionError):
            unknown += 1
            continue
        if wanted[1] < -1e-20:
            unknown += 1
            continue
        times = {"aht_s": aht_s, "patience_s": patience_s}
        found = [
            erlang.blocking(load, agents),
            erlang.abandonment(load, agents, **times),
            erlang.waiting_probability(load, agents, **times),
            *(
                erlang.service_level(load, agents, target_s=target_s, definition=name, **times)
                for name in erlang.DEFINITIONS
            ),
        ]
        errors = [abs(float(a - b)) for a, b in zip(found, wanted, strict=True)]
        worst, done = max(worst, *errors), done + 1
    print(
        f"exact: {done} cases up to 100,000 Erlang, largest error {worst:.1e} "
        f"({unknown} more where the reference failed)"
    )


def _reference(load, agents, aht_s, target_s, patience_s):
    import mpmath as mp

    a, n, h, target, patience = map(mp.mpf, (load, agents, aht_s, target_s, patience_s))
    theta, t = h / patience, target / h
    s, eta, stay = n / theta, a / theta, mp.exp(-theta * t)
    below = (mp.gammainc(n + 1, a, mp.inf) * mp.exp(a - n * mp.log(a)) - 1) * a / n
    still = mp.exp(eta * (1 - stay) - n * t)
    now, later = mp.hyp1f1(1, s + 1, eta) / s, mp.hyp1f1(1, s + 1, eta * stay) / s
    total = below + eta * now
    abandons = (1 + (a - n) * now / theta) / total
    virtual = a * still * later / theta / total
    offered = 1 - abandons - (s * later - 1) * still / total
    short = 1 - stay * virtual - offered
    return (
        1 / (below * n / a + 1),
        abandons,
        eta * now / total,
        offered,
        1 - virtual,
        offered / (1 - abandons),
        offered / (1 - short),
        offered + short,
    )


def year() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Load, handling time and patience of a year of half-hours of five queues."""
    rng = np.random.default_rng(1)
    queue = np.arange(YEAR_OF_FIVE_QUEUES) % 5
    aht_s = np.array([180.0, 240.0, 300.0, 400.0, 600.0])[queue]
    patience_s = np.array([60.0, 120.0, 180.0, 240.0, 300.0])[queue]
    return rng.uniform(5, 500, queue.size), aht_s, patience_s


def speed() -> None:
    """People for a year of half-hours of five queues, and for 100,000 Erlang."""
    load, aht_s, patience_s = year()
    goal = {"target_s": 20, "service_level": 0.8}
    print(f"speed, {load.size} intervals of 5-500 Erlang, processor seconds:")
    for name, patience in (("C", np.inf), ("A", patience_s)):
        print(
            f"  {name}: {cpu_s(lambda p=patience: _people(load, aht_s, p)):.3f}; with a handling "
            f"time of its own in every interval "
            f"{cpu_s(lambda p=patience: _people(load, _varied(aht_s), p)):.3f}"
        )
    for case in ({"aht_s": 300, "patience_s": 180}, {"aht_s": 180, "patience_s": 120}):
        took = cpu_s(lambda c=case: erlang.required_agents(1e5, **c, **goal))
        found = erlang.required_agents(1e5, **case, **goal)
        print(f"  100,000 Erlang, {case}, 80 % in 20 s: {found} in {1e3 * took:.2f} ms")


def _people(load: np.ndarray, aht_s: np.ndarray, patience_s: float | np.ndarray) -> np.ndarray:
    return erlang.required_agents(
        load, aht_s=aht_s, target_s=20, service_level=0.8, patience_s=patience_s
    )


def _varied(aht_s: np.ndarray) -> np.ndarray:
    return aht_s * np.random.default_rng(2).uniform(0.8, 1.25, aht_s.size)


def peer() -> None:
    """pyworkforce, interval by interval, against ours; and a plain series for Erlang A."""
    load, aht_s, patience_s = year()
    some = np.arange(0, load.size, 44)
    ours = cpu_s(lambda: _people(load, aht_s, np.inf)) / load.size
    try:
        from pyworkforce.queuing import ErlangC
    except ImportError:
        print("peer: pyworkforce is not installed (extra `benchmark`)")
        return

    def theirs() -> list[int]:
        return [
            ErlangC(
                transactions=load[i] * 1800 / aht_s[i], aht=aht_s[i] / 60, asa=1 / 3, interval=30
            ).required_positions(0.8)["raw_positions"]
            for i in some
        ]

    took = cpu_s(theirs, 1) / some.size
    same = np.mean(np.array(theirs()) == _people(load[some], aht_s[some], np.inf))
    print(
        f"peer, Erlang C: pyworkforce {1e6 * took:.1f} µs an interval, ours {1e6 * ours:.2f} µs: "
        f"{took / ours:.0f} times; {same:.1%} the same number"
    )
    few = some[:: len(some) // 40]
    ours = cpu_s(lambda: _people(load, aht_s, patience_s)) / load.size
    plain = cpu_s(
        lambda: [_plain_erlang_a(load[i], aht_s[i], patience_s[i]) for i in few], 1
    ) / len(few)
    print(
        f"peer, Erlang A (pyworkforce has none; the chain summed in Python, agent by agent): "
        f"{1e6 * plain:.0f} µs an interval, ours {1e6 * ours:.2f} µs: {plain / ours:.0f} times"
    )


def _plain_erlang_a(load: float, aht_s: float, patience_s: float) -> int:
    """Fewest agents with 80 % not waiting at all by the birth-death chain, as a beginner would."""
    agents = 1
    while True:
        weight, total, waiting, states = 1.0, 1.0, 0.0, 0
        while weight > 1e-12 * total or states < load:
            states += 1
            leaving = min(states, agents) + max(states - agents, 0) * aht_s / patience_s
            weight *= load / leaving
            total += weight
            waiting += weight if states >= agents else 0.0
        if waiting / total <= 0.2:
            return agents
        agents += 1


def centre(days: int, agents: int, contacts: float) -> Scene:
    """A centre of three queues (phone, chat, phone), four groups of skills, breaks, absences."""
    grid = TimeGrid(date(2026, 12, 7), days, 30)
    profile = np.exp(-(((np.arange(48) - 26) / 9.0) ** 2))
    profile[:14] = profile[44:] = 0.0
    arrivals = np.tile(profile / profile.sum(), days) * contacts * np.array([[0.5], [0.3], [0.2]])
    speed = np.ones((agents, 3))
    for group, queue in enumerate((1, 2, 0)):
        speed[np.arange(agents) % 4 == group, queue] = 0.0
    duty = [
        (a, 24 * d + 7 + a % 9 * 0.75 + begin, 24 * d + 7 + a % 9 * 0.75 + end)
        for d in range(days)
        for a in range(agents)
        if days == 1 or (a + d) % 7 < 5
        for begin, end in ((0, 2), (2.25, 4), (4.75, 8.5))
    ]
    return Scene(
        grid=grid,
        queues=("phone", "chat", "service"),
        arrivals=arrivals,
        aht_s=np.full(arrivals.shape, 200.0),
        aht_cv=np.ones(3),
        deferred=np.zeros(3, dtype=bool),
        patience_s=np.array([180.0, 300.0, 240.0]),
        redial_share=np.zeros(3),
        at_once=np.array([1, 3, 1]),
        priority=np.ones(3, dtype=np.int64),
        open_mask=arrivals > 0,
        target_s=np.full(3, 20.0),
        due_s=np.full((3, grid.size + 1), np.inf),
        speed=speed,
        order=np.ones((agents, 3), dtype=np.int64),
        duty_agent=np.array([a for a, _, _ in duty]),
        duty_start_s=np.array([3600.0 * s for _, s, _ in duty]),
        duty_end_s=np.array([3600.0 * e for _, _, e in duty]),
        duty_shift=np.arange(len(duty)) // 3,
        absence=np.full(agents, 0.05 if days > 1 else 0.0),
        away_share=np.zeros(agents),
        day_cv=np.full(3, 0.1),
    )


def simulation() -> None:
    """Events a second of the loop, and processor seconds of 200 simulated months."""
    day = centre(1, 500, 55_000)
    stage = Stage.of(day, day.redial_share, interruptible=True)
    quantiles = np.array([gamma_quantiles(float(cv)) for cv in day.day_cv])
    events, contacts, took = 0, 0, 0.0
    for r in range(-1, 20):
        key = replication_key(1, max(r, 0))
        given = draw_contacts(day, quantiles, 1, max(r, 0))
        duty = stage.duty.draw(key)
        world = stage.world(
            given,
            np.zeros((7, *day.arrivals.shape), np.float32),
            np.zeros(day.grid.size, np.float32),
        )
        began = time.process_time()
        stage.run(world, duty, key)
        if r >= 0:
            took += time.process_time() - began
            # An arrival and an end each, and starts and ends of duty.
            events += 2 * len(given.queue) + 2 * len(duty.agent)
            contacts += len(given.queue)
    print(
        f"simulation, a day of 3 queues, 500 agents, {contacts / 20:.0f} contacts: "
        f"{events / took / 1e6:.1f} M events a second"
    )
    month = centre(28, 120, 10_000)
    few = 20
    took = cpu_s(lambda: simulate(month, replications=few, workers=1), 1)
    print(f"simulation, 28 days, 120 people, 280,000 contacts: {200 / few * took:.0f} s for 200")


def stationary(cases: int = 50) -> None:
    """Random stationary queues: how often the exact value lies in the simulation's interval.

    Of honest 95 % intervals one in twenty misses by chance. Whether a miss is chance is told by the
    interval that all cases hold together with 95 % (Bonferroni), by fresh and longer simulations of
    what missed, and by the mean of all distances in units of their errors: a bias, from too short a
    warm-up say, would move it away from 0.
    """
    rng = np.random.default_rng(11)
    inside, together, apart, distances, missed = 0, 0, [], [], []
    for case in range(cases):
        load = rng.uniform(2, 40)
        agents = max(1, round(load * rng.uniform(0.8, 1.25)))
        aht_s, patience_s = rng.uniform(60, 600), rng.uniform(30, 900)
        level = erlang.service_level(load, agents, aht_s=aht_s, target_s=20, patience_s=patience_s)
        value, error = _stationary(load, agents, aht_s, patience_s, case)
        distance = (value - level) / error
        inside += abs(distance) <= _T_95
        together += abs(distance) <= _T_95_TOGETHER
        apart.append(abs(value - level))
        distances.append(distance)
        if abs(distance) > _T_95:
            missed.append((case, load, agents, aht_s, patience_s, float(level), distance))
    print(
        f"stationary: {inside} of {cases} Erlang A values inside the 95 % interval of the "
        f"simulation, {together} inside the intervals that hold together with 95 %; mean distance "
        f"{100 * np.mean(apart):.2f} points, {np.mean(distances):+.2f} errors "
        f"(chance: ±{1.96 / np.sqrt(cases):.2f})"
    )
    for case, load, agents, aht_s, patience_s, level, distance in missed:
        value, error = _stationary(load, agents, aht_s, patience_s, case, fresh=1, replications=300)
        print(
            f"  missed by {distance:+.2f} errors: {load:.1f} Erlang, {agents} agents; ten times as "
            f"many fresh replications: {value:.4f} ± {1.96 * error:.4f}, exact {level:.4f} "
            f"({(value - level) / error:+.2f} errors)"
        )


def _stationary(
    load: float,
    agents: int,
    aht_s: float,
    patience_s: float,
    case: int,
    *,
    fresh: int = 0,
    replications: int = 30,
) -> tuple[float, float]:
    """Service level of simulated stretches of four days after a day, and its standard error."""
    plain = centre(5, agents, 1.0)
    scene = replace(
        plain,
        queues=("phone",),
        arrivals=np.zeros((1, plain.grid.size)),
        aht_s=np.full((1, plain.grid.size), aht_s),
        open_mask=np.ones((1, plain.grid.size), dtype=bool),
        due_s=np.full((1, plain.grid.size + 1), np.inf),
        speed=np.ones((agents, 1)),
        order=np.ones((agents, 1), dtype=np.int64),
        duty_agent=np.arange(agents),
        duty_start_s=np.zeros(agents),
        duty_end_s=np.full(agents, 5 * 86400.0),
        duty_shift=np.arange(agents),
        absence=np.zeros(agents),
        **{
            name: getattr(plain, name)[:1]
            for name in ("aht_cv", "deferred", "redial_share", "priority", "target_s", "day_cv")
        },
        at_once=np.ones(1, dtype=np.int64),
        patience_s=np.array([patience_s]),
    )

    def draw(replication: int) -> Contacts:
        rng = np.random.default_rng([13 + fresh, case, replication])
        count = rng.poisson(load / aht_s * 5 * 86400)
        arrived_s = np.sort(rng.random(count)) * 5 * 86400
        return Contacts(
            np.zeros(count, np.int64),
            arrived_s,
            rng.exponential(aht_s, count),
            rng.exponential(patience_s, count),
            np.full(count, np.inf),
        )

    result = run_replications(
        scene,
        draw,
        redial_share=np.zeros(1),
        replications=replications,
        seed=1,
        workers=1,
        interruptible=True,
    )
    offered, good = (
        a[:, 0, plain.grid.per_day :].sum(axis=1, dtype=float)
        for a in (result.offered, result.in_time)
    )
    value = good.sum() / offered.sum()
    error = (good - value * offered).std(ddof=1) / np.sqrt(replications) / offered.mean()
    return value, error


def main() -> None:
    """Measure the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--parts", default=",".join(PARTS))
    arguments = parser.parse_args()
    for part in arguments.parts.split(","):
        {
            "exact": lambda: exact(arguments.cases),
            "speed": speed,
            "peer": peer,
            "simulation": simulation,
            "stationary": stationary,
        }[part]()


if __name__ == "__main__":
    main()
