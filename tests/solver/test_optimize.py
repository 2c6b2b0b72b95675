"""The way from a problem to shifts: brute force agrees, limits are kept, runs repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.engines import Outcome, Solved
from solver.optimize import build, evaluate, optimize
from solver.problem import (
    Agent,
    ContractKind,
    DayHeads,
    Limits,
    Mode,
    Presence,
    PriceStep,
    Problem,
    Rule,
)
from solver.result import ShiftPlan
from solver.rounding import round_shifts
from staffing.timegrid import TimeGrid
from tests.solver import designs
from tests.solver.conftest import MONDAY, Make, contract

EXACT = Limits(seconds=60, gap=0.0, seed=1)
QUICK = Limits(seconds=60, gap=0.02, seed=1)

FREE = {
    "kind": ContractKind.PART_TIME,
    "week_hours_min": 0.0,
    "week_shifts_min": 0,
    "week_hours_max": 40.0,
    "week_shifts_max": 7,
}


def free(**changes: object) -> object:
    """A contract that owes and is owed nothing until it works."""
    return contract(**(FREE | changes))


SHIFTS = (
    designs.shift("a", 8, 4),
    designs.shift("b", 10, 4),
    designs.shift("c", 12, 3),
)


def office(make: Make, days: int = 1, **changes: object) -> Problem:
    """Calls from 8 to 14 with a curve for up to three people, part-time people at 10 an hour."""
    usual = {"days": days, "contracts": [free(people_max=3)], "patterns": SHIFTS}
    grid = TimeGrid(MONDAY, days, 60)
    rng = np.random.default_rng(days)
    calls = designs.hours(8, 14, days) * rng.integers(5, 15, grid.size)
    usual["pools"] = (designs.pool(grid, calls.astype(float)),)
    return make(**(usual | changes))


def by_hand(problem: Problem, counts: np.ndarray) -> float:
    """Wages, and the price of contacts that are missing from each period's share."""
    on = designs.people_at_work(problem, counts).sum(axis=0)
    cost = designs.wages(problem, counts)
    for pool in problem.pools:
        cost += pool.price * np.maximum(0, pool.floor - on).sum()
        for queue in pool.queues:
            known = np.arange(queue.curve.in_time.shape[1])
            in_time = np.array(
                [np.interp(n, known, row) for n, row in zip(on, queue.curve.in_time, strict=True)]
            )
            for goal in queue.goals:
                size = len(goal.level)
                got = np.bincount(goal.period_of, in_time, size)
                asked = goal.level * np.bincount(goal.period_of, queue.offered, size)
                cost += goal.price * np.maximum(0, asked - got).sum()
    for post in problem.presence:
        cost += post.price * np.maximum(0, post.required - on).sum()
    working = counts.sum(axis=(0, 2))
    for heads in problem.day_heads:
        cost += heads.price * np.maximum(0, heads.required - working).sum()
    return cost


def allowed(problem: Problem, counts: np.ndarray) -> bool:
    """Whether each group's people suffice on each day."""
    return all(
        (counts[g].sum(axis=1) <= group.people_max).all() for g, group in enumerate(problem.groups)
    )


def best_by_hand(problem: Problem, most: int) -> float:
    """Least cost over all counts."""
    return designs.cheapest(
        problem,
        most,
        lambda counts: by_hand(problem, counts) if allowed(problem, counts) else np.inf,
    )[0]


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("period", ["day", "interval"])
def test_one_day_equals_brute_force(make: Make, level: float, period: str) -> None:
    """The cheapest of all 64 tables of counts, proved, and evaluated to the same cost."""
    problem = office(make)
    pool = problem.pools[0]
    grid = problem.grid
    calls = pool.queues[0].curve.offered
    problem = replace(problem, pools=(designs.pool(grid, calls, level=level, period=period),))
    plan = optimize(problem, EXACT)
    best = best_by_hand(problem, 3)
    assert plan.cost == pytest.approx(best, abs=1e-3)
    assert plan.bound == pytest.approx(best, abs=1e-3)
    assert by_hand(problem, plan.counts) == pytest.approx(best, abs=1e-3)
    assert designs.checked(problem, plan).cost == pytest.approx(best, abs=1e-3)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_random_days_equal_brute_force(seed: int) -> None:
    """Two groups at different wages, a floor, a post, people per day: every kind of price."""
    rng = np.random.default_rng(seed)
    problem = random_problem(rng)
    plan = optimize(problem, EXACT)
    best = best_by_hand(problem, 2)
    assert plan.cost == pytest.approx(best, abs=1e-3)
    assert plan.bound <= best + 1e-3
    assert designs.checked(problem, plan).cost == pytest.approx(plan.cost, abs=1e-3)


def random_problem(rng: np.random.Generator) -> Problem:
    """One or two groups, one or two days, two or three shifts."""
    from solver.problem import Group
    from staffing.calendar import Calendar

    groups_n, days = [(1, 1), (2, 1), (1, 2)][rng.integers(3)]
    patterns = tuple(
        designs.shift(f"s{k}", int(rng.integers(7, 12)), int(rng.integers(2, 6)))
        for k in range(2 if groups_n * days > 1 else 3)
    )
    grid = TimeGrid(MONDAY, days, 60)
    paid = np.array([p.paid_h for p in patterns])
    groups = []
    for g in range(groups_n):
        terms = free(name=f"g{g}", people_max=2, wage_per_hour=float(rng.integers(8, 15)))
        groups.append(
            Group(
                terms.name,
                terms,
                "agent",
                0,
                2,
                np.ones(1),
                np.zeros(1, dtype=np.int64),
                tuple(range(len(patterns))),
                np.tile(paid * terms.wage_per_hour, (days, 1)),
            )
        )
    calls = designs.hours(8, 14, days) * rng.integers(0, 12, grid.size)
    floor = (calls > 0) * rng.integers(0, 3, grid.size)
    pool = designs.pool(
        grid,
        calls,
        (0.0, 0.5, 0.8, 0.95, 1.0),
        level=float(rng.choice([0.5, 0.8, 0.9])),
        period=str(rng.choice(["interval", "day", "week"])),
        floor=floor,
    )
    post = Presence(0, "post", designs.hours(9, 10, days).astype(np.int64), designs.PRICE)
    per_day = DayHeads(0, "people", rng.integers(0, 3, days), designs.PRICE)
    return Problem(
        grid,
        Calendar(),
        ("phone",),
        patterns,
        tuple(groups),
        (),
        (pool,),
        (),
        presence=(post,),
        day_heads=(per_day,),
        high_price=designs.PRICE,
    )


def test_full_time_heads_are_chosen_with_their_shifts(make: Make) -> None:
    """Salaried people owe five shifts: one more head is weighed against what misses."""
    week = TimeGrid(MONDAY, 7, 60)
    calls = designs.hours(8, 12, 7, 10.0)
    calls[5 * 24 :] = 0
    salaried = contract(
        wage_per_hour=0.0,
        month_salary=520.0,
        people_max=5,
        week_hours_min=20.0,
        week_hours_max=20.0,
    )
    problem = make(
        contracts=[salaried],
        patterns=SHIFTS[:1],
        pools=(designs.pool(week, calls, level=0.85, period="week"),),
    )
    plan = optimize(problem, EXACT)
    assert plan.heads.tolist() == [2]
    assert plan.counts.sum(axis=2).tolist() == [[2] * 5 + [0] * 2]
    assert plan.cost == pytest.approx(2 * 120)
    assert plan.bound == pytest.approx(2 * 120)


def test_what_cannot_be_met_is_said_with_its_amount(make: Make) -> None:
    """48 of 60 calls in time are promised; one person for four of six hours gives 24."""
    problem = office(make, contracts=[free(people_max=1)], patterns=SHIFTS[:1])
    calls = designs.hours(8, 14, 1, 10.0)
    problem = replace(problem, pools=(designs.pool(problem.grid, calls),))
    plan = optimize(problem, EXACT)
    assert designs.missing(plan, "phone in time") == pytest.approx(0.8 * 60 - 24)
    [unmet] = plan.unmet
    assert (unmet.where, unmet.unit) == ("2026-12-07", "contacts")
    assert unmet.cost == pytest.approx(24 * designs.PRICE)
    assert plan.cost == pytest.approx(40 + 24 * designs.PRICE)


def test_hours_owed_beyond_what_can_be_worked_are_said(make: Make) -> None:
    """40 hours owed, 20 possible: the contract's shortfall stands among what is unmet."""
    one = contract(people_min=1, people_max=1, week_shifts_min=0)
    problem = make(contracts=[one], agents=[Agent("Ann", 0, "")], patterns=SHIFTS[:1])
    plan = optimize(problem, EXACT)
    assert plan.counts.sum() == 5
    assert designs.missing(plan, "contract_hours") == pytest.approx(20)
    assert plan.unmet[0].where == "staff week of 2026-12-07"


def test_free_heads_are_the_least_that_the_shifts_need(make: Make) -> None:
    """Two at once and 20 hours each: four hours twice a day on five days are two people."""
    calls = designs.hours(8, 12, 7, 10.0)
    calls[5 * 24 :] = 0
    problem = make(
        contracts=[free(people_max=50, week_hours_max=20.0)],
        patterns=SHIFTS[:1],
        pools=(designs.pool(TimeGrid(MONDAY, 7, 60), calls, level=0.9),),
    )
    plan = optimize(problem, EXACT)
    assert plan.counts.sum() == 10
    assert plan.heads.tolist() == [2]
    narrow = replace(problem.groups[0], contract=free(people_max=50, week_hours_max=10.0))
    plan = optimize(replace(problem, groups=(narrow,)), EXACT)
    # Ten hours hold two shifts of four.
    assert plan.heads.tolist() == [5]


def test_nobody_is_employed_without_demand(make: Make) -> None:
    """No calls, no work: no shifts, no heads, no cost."""
    grid = TimeGrid(MONDAY, 7, 60)
    problem = make(
        contracts=[free()],
        pools=(designs.pool(grid, np.zeros(grid.size)),),
        deferred=(designs.mail(grid, np.zeros(grid.size), np.arange(grid.size)),),
    )
    plan = optimize(problem, EXACT)
    assert plan.cost == pytest.approx(0)
    assert plan.bound == pytest.approx(0)
    assert plan.counts.sum() == plan.heads.sum() == 0
    assert plan.unmet == ()


def test_neither_live_nor_deferred_queues(make: Make) -> None:
    """A plan of posts only."""
    post = Presence(0, "post", designs.hours(8, 12, 1).astype(np.int64) * 2, designs.PRICE)
    plan = optimize(make(days=1, contracts=[free()], patterns=SHIFTS, presence=(post,)), EXACT)
    assert plan.counts[0, 0].tolist() == [2, 0, 0]
    assert plan.cost == pytest.approx(80)


def test_a_group_without_patterns_works_nothing(make: Make) -> None:
    """A contract that no shift is for stays idle; the other does the work."""
    problem = office(make, contracts=[free(people_max=3), free(name="idle", wage_per_hour=1.0)])
    alone = replace(problem, groups=problem.groups[:1])
    idle = replace(problem.groups[1], patterns=())
    plan = optimize(replace(problem, groups=(problem.groups[0], idle)), EXACT)
    assert plan.counts[1].sum() == plan.heads[1] == 0
    assert plan.cost == pytest.approx(optimize(alone, EXACT).cost)


def test_no_people_at_all(make: Make) -> None:
    """Without any group everything is unmet, and nothing breaks."""
    problem = replace(office(make), groups=())
    plan = optimize(problem, EXACT)
    assert plan.counts.shape == (0, 1, 3)
    calls = problem.pools[0].queues[0].curve.offered.sum()
    assert designs.missing(plan, "phone in time") == pytest.approx(0.8 * calls)


@pytest.mark.parametrize("bought", [True, False])
def test_least_purchase_is_bought_or_left(make: Make, bought: bool) -> None:
    """Cheap agency hours with a least purchase of 30: worth it for a week of calls, not for one."""
    grid = TimeGrid(MONDAY, 7, 60)
    calls = designs.hours(8, 12, 7, 10.0)
    calls[(5 if bought else 1) * 24 :] = 0
    own = free(wage_per_hour=30.0)
    agency = free(
        name="agency", kind=ContractKind.OUTSOURCED, wage_per_hour=10.0, purchase_min_hours=30.0
    )
    problem = make(
        contracts=[own, agency],
        patterns=SHIFTS[:1],
        pools=(designs.pool(grid, calls, level=0.6),),
    )
    plan = optimize(problem, EXACT)
    own_shifts, agency_shifts = plan.counts.sum(axis=(1, 2)).tolist()
    # Between five and seven shifts of four hours the least purchase costs the same.
    assert own_shifts == (0 if bought else 1)
    assert agency_shifts in ((5, 6, 7) if bought else (0,))
    assert plan.cost == pytest.approx(300 if bought else 120)
    assert plan.bound == pytest.approx(300 if bought else 120)


@pytest.mark.parametrize(
    ("price", "own_shifts", "cost"), [(5.0, 0, 8 * 12 + 12 * 5), (20.0, 3, 8 * 12 + 12 * 15)]
)
def test_price_steps_steer_who_works(
    make: Make, price: float, own_shifts: int, cost: float
) -> None:
    """From the eighth hour on the agency is cheaper than own people at 15, or dearer."""
    grid = TimeGrid(MONDAY, 7, 60)
    calls = designs.hours(8, 12, 7, 10.0)
    calls[5 * 24 :] = 0
    problem = make(
        contracts=[
            free(wage_per_hour=15.0),
            free(name="agency", kind=ContractKind.OUTSOURCED, wage_per_hour=12.0),
        ],
        patterns=SHIFTS[:1],
        pools=(designs.pool(grid, calls, level=0.6),),
        price_steps=(PriceStep("agency", 8.0, price),),
    )
    plan = optimize(problem, EXACT)
    assert plan.counts[0].sum() == own_shifts
    assert plan.cost == pytest.approx(cost)
    assert plan.bound == pytest.approx(cost)


def month(make: Make, weeks: int = 2, second: float = 0.8) -> Problem:
    """Weeks of calls from 8 to 15 for two kinds of people; the second may promise more."""
    days = 7 * weeks
    grid = TimeGrid(MONDAY, days, 60)
    rng = np.random.default_rng(4)
    calls = designs.hours(8, 15, days) * rng.integers(4, 20, grid.size)
    level = np.full(weeks, 0.8)
    level[1] = second
    staff = contract(
        wage_per_hour=0.0,
        month_salary=900.0,
        people_max=4,
        week_hours_min=16.0,
        week_hours_max=20.0,
    )
    return make(
        days=days,
        contracts=[staff, free(name="half", people_max=6, week_hours_max=16.0)],
        patterns=SHIFTS,
        pools=(
            designs.pool(grid, calls, (0, 0.4, 0.7, 0.85, 0.95, 1.0), level=level, period="week"),
        ),
        rules=[Rule("max_consecutive_days", 4, Mode.HARD), Rule("min_rest_h", 21, Mode.LAW)],
    )


def people_hold(problem: Problem, plan: ShiftPlan) -> bool:
    """Whether day totals, hours, shifts, runs and rests of the counts fit the heads, by hand."""
    paid = np.array([p.paid_h for p in problem.patterns])
    hold = True
    for g, group in enumerate(problem.groups):
        heads, terms = plan.heads[g], group.contract
        per_day = plan.counts[g].sum(axis=1)
        hold &= bool(group.people_min <= heads <= group.people_max)
        hold &= bool((per_day <= heads).all())
        for first in range(0, problem.grid.days, 7):
            week = plan.counts[g, first : first + 7]
            hold &= bool((week * paid).sum() <= terms.week_hours_max * heads + 1e-6)
            hold &= bool(week.sum() <= terms.week_shifts_max * heads)
        for first in range(problem.grid.days - 4):
            hold &= bool(per_day[first : first + 5].sum() <= 4 * heads)
        # 21 hours of rest: after b (to 14:00) not a (8:00), after c (to 15:00) not a or b.
        a, b, c = plan.counts[g].T
        hold &= bool((b[:-1] + c[:-1] + a[1:] <= heads).all())
        hold &= bool((c[:-1] + a[1:] + b[1:] <= heads).all())
    return hold


def test_two_weeks_hold_every_limit_within_the_bound(make: Make) -> None:
    """Several parts after one another still give a plan between bound and a small gap."""
    problem = month(make)
    plan = optimize(problem, QUICK)
    assert people_hold(problem, plan)
    assert plan.bound <= plan.cost <= 1.04 * plan.bound


def test_same_seed_same_plan(make: Make) -> None:
    """Twice the same answer, to the last count."""
    first, second = (optimize(month(make), QUICK) for _ in range(2))
    np.testing.assert_array_equal(first.counts, second.counts)
    np.testing.assert_array_equal(first.heads, second.heads)
    assert first.cost == second.cost


def test_stopped_at_once_the_plan_still_holds_every_limit(make: Make) -> None:
    """Without a search shifts are rounded, and no limit on people is broken."""
    problem = month(make)
    plan = optimize(problem, EXACT, stop=lambda: True)
    assert people_hold(problem, plan)
    assert plan.bound <= plan.cost
    searched = optimize(problem, EXACT)
    assert searched.cost <= plan.cost + 1e-6


def test_no_seconds_left_still_searches_a_little(make: Make) -> None:
    """Out of time a plan holds every limit and is no worse than one rounded at once."""
    problem = month(make)
    stopped = optimize(problem, EXACT, stop=lambda: True)
    out_of_time = optimize(problem, replace(QUICK, seconds=0.0))
    assert people_hold(problem, out_of_time)
    assert out_of_time.cost <= stopped.cost + 1e-6


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_rounding_keeps_every_limit(seed: int) -> None:
    """From any divisible plan of random rules to whole shifts that break no limit."""
    rng = np.random.default_rng(seed)
    problem = replace(
        random_problem(rng),
        rules=(Rule("min_rest_h", float(rng.choice([12, 16, 20])), Mode.LAW),),
    )
    from solver.engines import solve_linear

    design = build(problem)
    relaxed: Solved = solve_linear(design.matrix)
    assert relaxed.outcome is Outcome.OPTIMAL
    assert relaxed.values is not None
    values = relaxed.values.copy()
    heads = design.people.heads
    values[heads] = np.ceil(values[heads] - 1e-6)
    days = range(problem.grid.days)
    whole = round_shifts(design.matrix, design.people, problem.patterns, values, days)
    x = design.people.shifts
    assert (whole[x[x >= 0]] == np.round(whole[x[x >= 0]])).all()
    sums = np.where(x >= 0, whole[np.maximum(x, 0)], 0).sum(axis=2)
    np.testing.assert_array_equal(sums, whole[design.people.day_total])
    over = design.matrix.times(whole) - design.matrix.row_upper
    assert (over[design.people.limits] <= 1e-6).all()


def test_redo_keeps_the_other_weeks_and_heads(make: Make) -> None:
    """With more promised for the second week only its shifts move."""
    problem = month(make)
    first = optimize(problem, QUICK)
    busier = month(make, second=0.9)
    again = optimize(busier, QUICK, start=first, redo=frozenset({1}))
    np.testing.assert_array_equal(again.counts[:, :7], first.counts[:, :7])
    assert (again.counts[:, 7:] != first.counts[:, 7:]).any()
    assert again.heads[0] == first.heads[0]
    assert people_hold(busier, again)
    stale = evaluate(busier, first.counts, first.heads)
    assert again.cost <= stale.cost + 1e-6
    assert again.bound <= again.cost


def test_redo_without_a_start_designs_everything(make: Make) -> None:
    """There is nothing to keep, so every week is solved."""
    problem = month(make)
    limits = QUICK
    assert optimize(problem, limits, redo=frozenset({1})).cost == pytest.approx(
        optimize(problem, limits).cost
    )


def test_a_start_is_a_hint_not_a_fetter(make: Make) -> None:
    """From the worst plan the same optimum is found."""
    problem = office(make)
    nobody = evaluate(problem, np.zeros((1, 1, 3), dtype=np.int64), np.zeros(1, dtype=np.int64))
    assert optimize(problem, EXACT, start=nobody).cost == pytest.approx(
        optimize(problem, EXACT).cost
    )


def test_given_counts_beyond_the_contract_are_valued_all_the_same(make: Make) -> None:
    """Sixty hours for one person with four of overtime: service is counted, nothing crashes."""
    terms = contract(
        people_max=1, week_hours_min=0, week_shifts_min=0, week_hours_max=8, overtime_max_hours=4
    )
    problem = office(make, days=7, contracts=[terms])
    counts = np.ones((1, 7, 3), dtype=np.int64)
    plan = evaluate(problem, counts, np.ones(1, dtype=np.int64))
    np.testing.assert_array_equal(plan.counts, counts)
    assert plan.in_time.sum() > 0
    assert (plan.in_time.sum(axis=0) <= problem.pools[0].queues[0].curve.offered + 1e-6).all()


def test_watch_is_told_and_sees_a_bound_that_holds(make: Make) -> None:
    """Every bound shown on the way is at most the final cost."""
    told: list[tuple[float, float, str]] = []
    plan = optimize(
        month(make), EXACT, watch=lambda cost, bound, text: told.append((cost, bound, text))
    )
    assert [text for _, _, text in told][:2] == ["month relaxed", "heads"]
    assert told[-1][2] == "part 2 of 2"
    assert all(bound <= plan.cost + 1e-6 for _, bound, _ in told)


def test_redo_may_call_more_of_those_who_cost_nothing(make: Make) -> None:
    """The first design needs one part-timer; the week redone promises more and calls a second."""
    grid = TimeGrid(MONDAY, 14, 60)
    calls = designs.hours(8, 12, 14, 10.0)

    def promising(second: float) -> Problem:
        level = np.repeat([0.6, second], 7)
        return make(
            days=14,
            contracts=[free(people_max=5)],
            patterns=SHIFTS[:1],
            pools=(designs.pool(grid, calls, level=level),),
        )

    first = optimize(promising(0.6), EXACT)
    assert first.heads.tolist() == [1]
    again = optimize(promising(0.9), EXACT, start=first, redo=frozenset({1}))
    assert again.heads.tolist() == [2]
    assert again.unmet == ()
    np.testing.assert_array_equal(again.counts[:, :7], first.counts[:, :7])


def test_what_misses_anyway_does_not_blur_the_money(make: Make) -> None:
    """A gap is a share of money: beside a hundred missing people shifts are still chosen well."""
    problem = office(make)
    crowd = DayHeads(0, "crowd", np.array([100]), designs.PRICE)
    seen = optimize(replace(problem, day_heads=(crowd,)), QUICK)
    best = best_by_hand(replace(problem, day_heads=(crowd,)), 3)
    assert seen.cost <= best + QUICK.gap * 120 + 1e-3
