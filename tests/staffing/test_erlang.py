"""Erlang B, C and A against mpmath, published values, brute force and their own laws."""

import csv
import math
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staffing import erlang

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
GOLDEN = SHARED / "data" / "erlang_golden.csv"

loads = st.floats(0.01, 400.0)
heads = st.floats(0.05, 500.0)
aht = st.floats(10.0, 3600.0)
patience = st.floats(1.0, 7 * 86400.0)


def exact(load, agents, aht_s, target_s, patience_s):
    """All measures of Erlang A from its textbook series, in 60 digits."""
    mp.mp.dps = 60
    a, n, h, target, pat = map(mp.mpf, (load, agents, aht_s, target_s, patience_s))
    theta, t = h / pat, target / h
    s, eta = n / theta, a / theta
    stay = mp.exp(-theta * t)

    def series(x):
        term = total = 1 / s
        k = 0
        while term > total * mp.mpf(10) ** -45 or s + k < x:
            k += 1
            term *= x / (s + k)
            total += term
        return total

    inverse_b = mp.gammainc(n + 1, a, mp.inf) * mp.exp(a) / a**n
    j0 = series(eta) / theta
    still = mp.exp(eta * (1 - stay) - n * t)
    j = still * series(eta * stay) / theta
    d = (inverse_b - 1) * a / n + a * j0
    abandons, virtual, late = (1 + (a - n) * j0) / d, a * j / d, (n * j - still) / d
    offered = 1 - abandons - late
    short = 1 - stay * virtual - offered
    return {
        "blocking": 1 / inverse_b,
        "waiting": a * j0 / d,
        "abandonment": abandons,
        "mean_wait_s": abandons * pat,
        "occupancy": a * (1 - abandons) / n,
        "offered": offered,
        "virtual": 1 - virtual,
        "answered": offered / (1 - abandons),
        "without_short_abandons": offered / (1 - short),
        "short_abandons_good": offered + short,
    }


def ours(load, agents, aht_s, target_s, patience_s):
    times = {"aht_s": aht_s, "patience_s": patience_s}
    levels = {
        name: erlang.service_level(load, agents, target_s=target_s, definition=name, **times)
        for name in erlang.DEFINITIONS
    }
    return levels | {
        "blocking": erlang.blocking(load, agents),
        "waiting": erlang.waiting_probability(load, agents, **times),
        "abandonment": erlang.abandonment(load, agents, **times),
        "mean_wait_s": erlang.mean_wait_s(load, agents, **times),
        "occupancy": erlang.occupancy(load, agents, **times),
    }


def assert_exact(*case):
    wanted, found = exact(*case), ours(*case)
    for name, value in wanted.items():
        scale = max(1.0, float(value)) if name == "mean_wait_s" else 1.0
        assert abs(found[name] - value) < 1e-12 * scale, (case, name, found[name], float(value))


def random_cases():
    rng = np.random.default_rng(7)
    cases = []
    while len(cases) < 48:
        load = 10 ** rng.uniform(-2, 2.7)
        agents = max(0.05, load * rng.choice([0.1, 0.5, 0.9, 1.0, 1.02, 1.1, 1.4, 3.0]))
        if rng.random() < 0.5:
            agents = max(1.0, np.ceil(agents))
        aht_s = 10 ** rng.uniform(1, 3.5)
        patience_s = rng.choice([1.0, 20.0, 180.0, 3600.0, 86400.0, 604800.0])
        target_s = rng.choice([0.0, 1.0, 20.0, 300.0, 3600.0, 86400.0])
        # The reference sums its series term by term.
        if load * patience_s / aht_s < 1e4:
            cases.append((load, agents, aht_s, target_s, patience_s))
    return cases


def test_random_cases_agree_with_sixty_digits():
    """Whole and fractional agents, n < load, patience 1 s to a week, targets 0 to a day."""
    for case in random_cases():
        assert_exact(*case)


@pytest.mark.parametrize(
    "case",
    [
        (9.0, 10.0, 240.0, 0.0, 604800.0),
        (9.0, 7.0, 240.0, 86400.0, 604800.0),
        (1.0, 5.0, 300.0, 20.0, 1.0),
        (500.0, 1.0, 3600.0, 86400.0, 1.0),
        (0.01, 0.3, 600.0, 20.0, 60.0),
        (80.0, 0.02, 60.0, 5.0, 300.0),
        # Once a share of -8: the target outlasts the patience by a factor of e^36.
        (0.8931, 0.0025602757, 377.0, 265083.0, 7291.3),
    ],
)
def test_extreme_cases_agree_with_sixty_digits(case):
    assert_exact(*case)


@pytest.mark.parametrize(
    ("load", "agents", "aht_s", "target_s", "patience_s"),
    [(1e5, 100500, 60, 20, 60), (1e5, 99000, 300, 0, 1), (2e4, 20020, 1800, 20, 600)],
)
def test_hundred_thousand_erlang(load, agents, aht_s, target_s, patience_s):
    """Huge queues neither overflow nor lose digits (reference: confluent hypergeometric)."""
    mp.mp.dps = 40
    a, n = mp.mpf(load), mp.mpf(agents)
    theta = mp.mpf(aht_s) / patience_s
    t = mp.mpf(target_s) / aht_s
    s, eta, stay = n / theta, a / theta, mp.exp(-theta * t)

    def m(x):
        return mp.hyp1f1(1, s + 1, x) / s

    below = (mp.gammainc(n + 1, a, mp.inf) * mp.exp(a - n * mp.log(a)) - 1) * a / n
    still = mp.exp(eta * (1 - stay) - n * t)
    d = below + eta * m(eta)
    abandons = (1 + (a - n) * m(eta) / theta) / d
    level = 1 - abandons - (s * m(eta * stay) - 1) * still / d
    times = {"aht_s": aht_s, "patience_s": patience_s}
    assert abs(erlang.abandonment(load, agents, **times) - abandons) < 1e-12
    assert abs(erlang.service_level(load, agents, target_s=target_s, **times) - level) < 1e-12


def test_patience_of_a_week_at_a_hundred_thousand_erlang():
    """Overloaded by 1 %: by flow balance exactly the excess leaves, and V solves A e^-(V/b) = n."""
    times = {"aht_s": 300.0, "patience_s": 604800.0}
    assert erlang.abandonment(1e5, 99000, **times) == pytest.approx(0.01, abs=1e-12)
    middle = 604800.0 * math.log(1e5 / 99000)
    half = erlang.service_level(1e5, 99000, target_s=middle, definition="virtual", **times)
    assert half == pytest.approx(0.5, abs=2e-4)


def birth_death(load, agents, aht_s, patience_s, states=900):
    """P(wait), P(abandon), mean wait of whole agents from the stationary law, state by state."""
    rates = [min(x, agents) / aht_s + max(x - agents, 0) / patience_s for x in range(1, states)]
    weights = np.concatenate([[0.0], np.cumsum(np.log(load / aht_s) - np.log(rates))])
    law = np.exp(weights - weights.max())
    law /= law.sum()
    queue = np.maximum(np.arange(states) - agents, 0) @ law
    return law[agents:].sum(), queue / patience_s / (load / aht_s), queue * aht_s / load


@pytest.mark.parametrize(("load", "agents"), [(3.0, 2), (10.0, 12), (60.0, 58), (200.0, 205)])
def test_erlang_a_is_the_birth_death_chain(load, agents):
    waits, abandons, wait = birth_death(load, agents, 300.0, 180.0)
    times = {"aht_s": 300.0, "patience_s": 180.0}
    assert erlang.waiting_probability(load, agents, **times) == pytest.approx(waits, abs=1e-11)
    assert erlang.abandonment(load, agents, **times) == pytest.approx(abandons, abs=1e-11)
    assert erlang.mean_wait_s(load, agents, **times) == pytest.approx(wait, abs=1e-8)


def test_values_by_hand():
    """One and two agents: B = A/(1+A), C = A, C(2) = A^2/(2+A)."""
    assert erlang.blocking(0.5, 1) == pytest.approx(1 / 3, abs=1e-15)
    assert erlang.blocking(1.0, 2) == pytest.approx(0.2, abs=1e-15)
    assert erlang.waiting_probability(0.5, 1) == pytest.approx(0.5, abs=1e-15)
    assert erlang.waiting_probability(1.0, 2) == pytest.approx(1 / 3, abs=1e-15)
    assert erlang.mean_wait_s(0.5, 1, aht_s=60) == pytest.approx(60.0)
    assert erlang.service_level(0.5, 1, aht_s=60, target_s=60) == pytest.approx(
        1 - 0.5 * math.exp(-0.5)
    )


@settings(max_examples=60, deadline=None)
@given(loads, heads)
def test_blocking_obeys_the_erlang_recursion_for_real_agents(load, agents):
    fewer, more = erlang.blocking(load, agents), erlang.blocking(load, agents + 1)
    assert more == pytest.approx(load * fewer / (agents + 1 + load * fewer), rel=1e-11)


@settings(max_examples=60, deadline=None)
@given(loads, heads, aht, patience, st.floats(0.0, 600.0))
def test_laws_between_measures(load, agents, aht_s, patience_s, target_s):
    """Bounds, order of the definitions, conservation, and more agents never hurt."""
    times = {"aht_s": aht_s, "patience_s": patience_s}
    levels = {
        name: erlang.service_level(load, agents, target_s=target_s, definition=name, **times)
        for name in erlang.DEFINITIONS
    }
    assert all(-1e-12 <= value <= 1 + 1e-12 for value in levels.values())
    for name in ("answered", "without_short_abandons", "short_abandons_good", "virtual"):
        assert levels["offered"] <= levels[name] + 1e-12
    abandons = erlang.abandonment(load, agents, **times)
    busy = agents * erlang.occupancy(load, agents, **times)
    assert busy == pytest.approx(load * (1 - abandons), rel=1e-9, abs=1e-12)
    assert erlang.mean_wait_s(load, agents, **times) == pytest.approx(abandons * patience_s)
    assert abandons <= erlang.waiting_probability(load, agents, **times) + 1e-12
    more = agents * 1.1 + 0.1
    assert erlang.abandonment(load, more, **times) <= abandons + 1e-12
    for name, value in levels.items():
        after = erlang.service_level(load, more, target_s=target_s, definition=name, **times)
        assert after >= value - 1e-12


def test_endless_patience_is_the_limit_of_erlang_a():
    for load, agents in [(8.0, 9.0), (95.0, 100.0), (20.0, 25.5)]:
        c = erlang.service_level(load, agents, aht_s=200, target_s=20)
        a = erlang.service_level(load, agents, aht_s=200, target_s=20, patience_s=1e12)
        assert a == pytest.approx(c, abs=1e-7)
        wait = erlang.mean_wait_s(load, agents, aht_s=200, patience_s=1e12)
        assert wait == pytest.approx(erlang.mean_wait_s(load, agents, aht_s=200), rel=1e-5)


def test_borders_without_load_agents_or_end():
    times = {"aht_s": 300.0, "patience_s": 180.0}
    assert erlang.service_level(0, 0, target_s=20, **times) == 1
    assert erlang.occupancy(0, 5, **times) == 0
    assert erlang.waiting_probability(0, 3) == 0
    assert erlang.abandonment(5, 0, **times) == 1
    assert erlang.mean_wait_s(5, 0, **times) == 180
    assert erlang.occupancy(5, 0, **times) == 1
    for name in ("offered", "virtual", "answered", "without_short_abandons"):
        assert erlang.service_level(5, 0, target_s=20, definition=name, **times) == 0
    assert erlang.blocking(5, 0) == pytest.approx(1, abs=1e-13)
    assert erlang.blocking(0, 0) == 1
    assert erlang.blocking(1e-3, 400) == 0
    assert erlang.waiting_probability(10, 10) == 1
    assert erlang.service_level(10, 9, aht_s=60, target_s=1e9) == 0
    assert erlang.mean_wait_s(10, 10, aht_s=60) == math.inf
    assert erlang.occupancy(10, 8) == 1
    assert erlang.service_level(10, 8, target_s=math.inf, **times) == pytest.approx(
        1 - erlang.abandonment(10, 8, **times), abs=1e-14
    )
    assert erlang.service_level(10, 11, aht_s=60, target_s=math.inf) == 1


def test_arguments_broadcast():
    level = erlang.service_level(
        np.array([5.0, 50.0])[:, None], [6, 55, 60], aht_s=300, target_s=20, patience_s=180
    )
    assert level.shape == (2, 3)
    assert level[1, 2] == erlang.service_level(50, 60, aht_s=300, target_s=20, patience_s=180)
    assert erlang.occupancy([[5.0], [50.0]], [6, 55, 60]).shape == (2, 3)
    assert erlang.required_agents(
        [5, 6], aht_s=[[60], [90]], target_s=9, service_level=0.8
    ).shape == (
        2,
        2,
    )
    assert isinstance(erlang.service_level(5, 6, aht_s=60, target_s=20), float)


@pytest.mark.parametrize(
    "fault", [{"load": -1}, {"load": math.nan}, {"aht_s": 0}, {"target_s": -1}]
)
def test_arguments_out_of_range_are_refused_by_name(fault):
    arguments = {"load": 5, "agents": 6, "aht_s": 60, "target_s": 20} | fault
    with pytest.raises(ValueError, match=next(iter(fault))):
        erlang.service_level(**arguments)


def test_other_faults_are_refused():
    with pytest.raises(ValueError, match="definition"):
        erlang.service_level(5, 6, aht_s=60, target_s=20, definition="best")
    with pytest.raises(ValueError, match="aht_s is needed"):
        erlang.waiting_probability(5, 6, patience_s=60)
    with pytest.raises(ValueError, match="max_occupancy"):
        erlang.required_agents(5, aht_s=60, target_s=20, service_level=0.8, max_occupancy=0)


@pytest.mark.parametrize("definition", erlang.DEFINITIONS)
@pytest.mark.parametrize("patience_s", [60.0, 600.0, math.inf])
def test_required_agents_is_the_first_that_holds(definition, patience_s):
    """Scan of whole agents, for every definition and all caps together."""
    caps = {"max_occupancy": 0.9, "max_abandonment": 0.03, "max_mean_wait_s": 12.0}
    for load in (0.2, 3.0, 17.3, 64.0):
        n = np.arange(0, 200)
        times = {"aht_s": 240.0, "patience_s": patience_s}
        good = erlang.service_level(load, n, target_s=15, definition=definition, **times) >= 0.85
        good &= erlang.occupancy(load, n, **times) <= 0.9
        good &= erlang.abandonment(load, n, **times) <= 0.03
        good &= erlang.mean_wait_s(load, n, **times) <= 12.0
        found = erlang.required_agents(
            load, target_s=15, service_level=0.85, definition=definition, **times, **caps
        )
        assert found == n[good][0]


@settings(max_examples=40, deadline=None)
@given(loads, aht, patience, st.floats(0.0, 300.0), st.floats(0.3, 0.99), st.floats(0.5, 1.0))
def test_fractional_agents_meet_the_targets_exactly(load, aht_s, pat, target_s, share, cap):
    """At the crossing the tighter of both targets is met to rounding; whole is its ceiling."""
    arguments = {"aht_s": aht_s, "target_s": target_s, "service_level": share, "patience_s": pat}
    n = erlang.required_agents(load, max_occupancy=cap, fractional=True, **arguments)
    times = {"aht_s": aht_s, "patience_s": pat}
    spare = [erlang.service_level(load, n, target_s=target_s, **times) - share]
    if cap < 1:
        spare.append(cap - erlang.occupancy(load, n, **times))
    assert min(spare) == pytest.approx(0.0, abs=1e-8)
    assert erlang.required_agents(load, max_occupancy=cap, **arguments) == math.ceil(n - 1e-9)


def test_service_level_alone_starves_large_queues():
    """80/20, handling 300 s, patience 180 s: 475 agents for 500 Erlang, 1,850 for 2,000."""
    target = {"aht_s": 300, "target_s": 20, "service_level": 0.8, "patience_s": 180}
    assert erlang.required_agents([500, 2000], **target).tolist() == [475, 1850]
    assert erlang.occupancy(500, 475, aht_s=300, patience_s=180) == pytest.approx(0.995, abs=5e-4)
    assert erlang.abandonment(2000, 1850, aht_s=300, patience_s=180) == pytest.approx(
        0.075, abs=5e-4
    )
    huge = target | {"aht_s": [300, 180], "patience_s": [180, 120]}
    assert erlang.required_agents(1e5, **huge).tolist() == [89956, 85199]
    capped = erlang.required_agents(2000, max_abandonment=0.03, **target)
    assert capped > 1900


@pytest.mark.parametrize("patience_s", [60.0, math.inf])
def test_a_share_of_nothing_asks_for_nobody_or_for_what_the_caps_do(patience_s):
    """A margin that no number of people changes was divided by."""
    wanted = {"aht_s": 300, "target_s": 20, "service_level": 0.0, "patience_s": patience_s}
    assert erlang.required_agents(10.0, **wanted) == 0
    assert erlang.required_agents(10.0, max_occupancy=0.5, **wanted) == 20


@pytest.mark.parametrize("definition", erlang.DEFINITIONS)
def test_an_endless_target_counts_all_who_are_served(definition):
    """It was NaN for endless patience by the definitions that look at short abandons."""
    served = {"aht_s": 300, "target_s": math.inf, "definition": definition}
    assert erlang.service_level(10.0, 12, **served) == 1.0
    assert erlang.service_level(10.0, 9, **served) == 0.0
    found = erlang.required_agents(
        [10.0, 10.0], service_level=0.8, max_occupancy=[1.0, 0.5], **served
    )
    assert found.tolist() == [11, 20]


def test_nobody_blocks_everybody():
    assert erlang.blocking([5.0, 0.0, 1e5], 0).tolist() == [1.0, 1.0, 1.0]


def test_steps_from_a_guess_find_what_halving_finds():
    """Whole agents of Erlang C are the fractional ones rounded up, near a guess and far from it."""
    rng = np.random.default_rng(8)
    load = 10 ** rng.uniform(-2, 4, 3000)
    case = {
        "aht_s": rng.uniform(10, 2000, 3000),
        "target_s": rng.choice([0, 20, 600, 90_000], 3000),
        "service_level": rng.choice([0.0, 0.2, 0.8, 0.999], 3000),
        "max_occupancy": rng.choice([1.0, 0.9, 0.3], 3000),
        "max_mean_wait_s": rng.choice([math.inf, 1.0], 3000),
    }
    whole = erlang.required_agents(load, **case)
    part = erlang.required_agents(load, fractional=True, **case)
    np.testing.assert_array_equal(whole, np.ceil(part - 1e-8))


def test_dust_of_floats_adds_nobody():
    """8.5 Erlang at 85 % are 10 agents, though 8.5 / 0.85 may be 10.000000000000002."""
    easy = {"aht_s": 60, "target_s": 3600, "service_level": 0.1}
    assert erlang.required_agents(8.5, max_occupancy=0.85, **easy) == 10
    assert erlang.required_agents(0.07 * 300, max_occupancy=0.7, **easy) == 30


def test_required_agents_does_not_depend_on_the_company_it_keeps():
    """Neighbours serve as first guesses only: any order and mix of parameters, the same answer."""
    rng = np.random.default_rng(3)
    load, pat = rng.uniform(0, 120, 50), rng.choice([5.0, 100.0, np.inf], 50)
    common = {"aht_s": 200, "target_s": 30, "service_level": 0.9}
    together = erlang.required_agents(load, patience_s=pat, **common)
    alone = [
        erlang.required_agents(a, patience_s=p, **common) for a, p in zip(load, pat, strict=True)
    ]
    assert together.tolist() == alone


def golden_rows():
    if not GOLDEN.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason="reference data not beside us"))]
    with GOLDEN.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        pytest.param(row, id=f"{i + 2}-{row['model']}-{row['metric']}")
        for i, row in enumerate(rows)
    ]


def largest_load(measure, limit):
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if measure(middle) <= limit else (low, middle)
    return low


def published(row):
    """The published quantity of one row, computed from our functions."""
    number = {key: float(row[key]) for key in ("lambda_per_hour", "aht_s", "agents") if row[key]}
    rate, aht_s = number.get("lambda_per_hour", 0.0) / 3600, number.get("aht_s", math.nan)
    load, agents = rate * aht_s, number.get("agents", math.nan)
    patience_s = float(row["patience_s"]) if row["patience_s"] else math.inf
    target_s = float(row["target_s"]) if row["target_s"] else math.nan
    times = {"aht_s": aht_s, "patience_s": patience_s}
    metric = row["metric"]
    if metric.startswith("max_load_erlang_b"):
        limit = float("0." + metric[-2:])
        return largest_load(lambda a: erlang.blocking(a, agents), limit)
    if metric == "max_load_erlang_pwait15":
        return largest_load(lambda a: erlang.waiting_probability(a, agents), 0.15)
    if metric == "required_agents_pwait15":
        n = np.arange(math.ceil(load), 3 * math.ceil(load))
        return n[erlang.waiting_probability(load, n) <= 0.15][0]
    if metric.startswith("required_agents_sl"):
        share, _, cap = metric.removeprefix("required_agents_sl").partition("_occ")
        return erlang.required_agents(
            load,
            target_s=target_s,
            service_level=float(share) / 100,
            max_occupancy=float(cap or 100) / 100,
            **times,
        )
    if metric == "required_lines_b03_recall50":
        for lines in range(1, 100):
            extended = load
            for _ in range(200):
                extended = load + 0.5 * extended * erlang.blocking(extended, lines)
            if erlang.blocking(extended, lines) <= 0.03:
                return lines
    wait = erlang.mean_wait_s(load, agents, **times)
    waits = erlang.waiting_probability(load, agents, **times)
    simple = {
        "blocking": lambda: erlang.blocking(load, agents),
        "p_wait": lambda: waits,
        "p_abandon": lambda: erlang.abandonment(load, agents, **times),
        "service_level": lambda: erlang.service_level(load, agents, target_s=target_s, **times),
        "mean_wait_all_s": lambda: wait,
        "asa_s": lambda: wait,
        "occupancy": lambda: erlang.occupancy(load, agents, **times),
        "mean_queue": lambda: wait * rate,
        "mean_sojourn_s": lambda: wait + aht_s,
        "mean_in_system": lambda: (wait + aht_s) * rate,
        # P(wait) = P(0) A^n / n! x n / (n - A)
        "p_empty": lambda: waits * math.factorial(int(agents)) / load**agents * (1 - load / agents),
        "wait_p90_s": lambda: math.log(waits / 0.1) * aht_s / (agents - load),
    }
    return simple[metric.removesuffix("_offered")]()


@pytest.mark.parametrize("row", golden_rows())
def test_published_values(row):
    """Rows that agree are met; rows known to be misprints are not."""
    found = published(row)
    close = abs(found - float(row["value"])) <= float(row["tolerance"])
    assert bool(close) is (row["agrees"] == "yes")
    assert found == pytest.approx(float(row["mpmath_check"]), rel=1e-7)
