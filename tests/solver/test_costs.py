"""What shifts cost: premiums by hand, and to the cent what the independent checker reckons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.activities import schedule
from solver.check import check
from solver.check_facts import Terms
from solver.costs import head_cost, overtime_cost, paid_leave_cost, premium_applies, shift_cost
from solver.optimize import evaluate
from solver.problem import (
    Agent,
    Contract,
    ContractKind,
    Group,
    OvertimeTier,
    Premium,
    PriceStep,
    Problem,
)
from solver.result import Roster
from staffing.calendar import Calendar
from staffing.timegrid import TimeGrid
from tests.solver.conftest import (
    EARLY,
    HALF,
    MONDAY,
    NIGHT,
    PATTERNS,
    Make,
    contract,
)

WEEK = TimeGrid(MONDAY, 7, 60)
SATURDAY = 5


def on(*days: int, days_in_all: int = 7) -> np.ndarray:
    """Mask of days, with the two after the horizon."""
    mask = np.zeros(days_in_all + 2, dtype=bool)
    mask[list(days)] = True
    return mask


EVERY_DAY = on(*range(9))


def costs(*premiums: Premium, **changes: object) -> np.ndarray:
    """Cost of the office's patterns over the week, (7, P)."""
    return shift_cost(WEEK, PATTERNS, contract(**changes), premiums)


def test_wage_alone_is_paid_hours_times_wage() -> None:
    """Nine hours with an unpaid lunch are eight paid ones, on every day."""
    assert costs()[:, [EARLY, HALF]].tolist() == [[80.0, 40.0]] * 7


def test_night_premium_on_the_share_of_the_shift_inside() -> None:
    """22:00 to 06:00 lies in 22:00-24:00 and, the next day, 00:00-06:00: all of it at 1.25."""
    late = Premium("night", "", EVERY_DAY, 22 * 60, 24 * 60, 1.25)
    small_hours = Premium("night", "", EVERY_DAY, 0, 6 * 60, 1.25)
    assert costs(late)[0, NIGHT] == pytest.approx(80 + 2 * 10 * 0.25)
    assert costs(late, small_hours)[0, NIGHT] == pytest.approx(80 * 1.25)
    assert costs(late, small_hours)[0, EARLY] == pytest.approx(80)


def test_weekend_premium_begins_at_midnight() -> None:
    """Friday's night is in the weekend from midnight on; Sunday's only until then."""
    weekend = Premium("weekend", "", on(5, 6), 0, 24 * 60, 2.0)
    paid = costs(weekend)
    assert paid[:, EARLY].tolist() == [80.0] * 5 + [160.0] * 2
    assert paid[4, NIGHT] == pytest.approx(80 + 60)
    assert paid[5, NIGHT] == pytest.approx(160)
    assert paid[6, NIGHT] == pytest.approx(80 + 20)


def test_public_holiday_at_300_percent_after_the_horizon_counts_too() -> None:
    """The last night ends on a holiday of which only the mask beyond the horizon knows."""
    holiday = Premium("holiday", "", on(7), 0, 24 * 60, 3.0)
    paid = costs(holiday)
    assert paid[6, NIGHT] == pytest.approx(80 + 6 * 20)
    assert paid[6, EARLY] == pytest.approx(80)


def test_two_premiums_add_up() -> None:
    """A half day on a Saturday that is a holiday: half more and twice more on one wage."""
    saturday = Premium("saturday", "", on(SATURDAY), 0, 24 * 60, 1.5)
    holiday = Premium("holiday", "", on(SATURDAY), 0, 24 * 60, 3.0)
    assert costs(saturday, holiday)[SATURDAY, HALF] == pytest.approx(40 * (1 + 0.5 + 2.0))


def test_premium_falls_on_the_span_with_its_unpaid_break() -> None:
    """Two of nine hours inside: two ninths of the eight paid ones."""
    evening = Premium("evening", "", EVERY_DAY, 15 * 60, 24 * 60, 1.5)
    assert costs(evening)[0, EARLY] == pytest.approx(80 + 8 * 2 / 9 * 5)


def test_premium_without_contract_is_for_all_but_outsourced() -> None:
    """An agency's price has its nights in it unless the plan says otherwise."""
    outsourced = contract(name="agency", kind=ContractKind.OUTSOURCED)
    assert premium_applies(Premium("p", "", EVERY_DAY, 0, 60, 2), contract())
    assert not premium_applies(Premium("p", "", EVERY_DAY, 0, 60, 2), outsourced)
    assert premium_applies(Premium("p", "agency", EVERY_DAY, 0, 60, 2), outsourced)
    assert not premium_applies(Premium("p", "agency", EVERY_DAY, 0, 60, 2), contract())


def test_salary_is_paid_by_the_head_and_premiums_on_its_hour() -> None:
    """5200 a month is 1200 a week, 30 an hour: shifts cost nothing, holidays thrice the base."""
    salaried = {"wage_per_hour": 0.0, "month_salary": 5200.0}
    assert head_cost(WEEK, contract(**salaried)) == pytest.approx(1200)
    holiday = Premium("holiday", "", on(0), 0, 24 * 60, 3.0)
    assert costs(holiday, **salaried)[:2, EARLY].tolist() == pytest.approx([8 * 30 * 2, 0])


def test_salary_beside_a_wage_pays_no_hour_twice() -> None:
    """A wage stated beside a salary is the base of premiums and overtime, not a second pay."""
    both = contract(wage_per_hour=20.0, month_salary=5200.0)
    assert shift_cost(WEEK, PATTERNS, both, ()).sum() == 0
    assert overtime_cost(both, 1.5) == pytest.approx(30)
    assert overtime_cost(contract(), 1.5) == pytest.approx(5)


def test_salary_of_part_of_the_horizon() -> None:
    """Who is employed on three of the seven days costs three sevenths of a week."""
    late = contract(wage_per_hour=0.0, month_salary=5200.0, first_day=4)
    assert head_cost(WEEK, late) == pytest.approx(1200 * 3 / 7)


def test_paid_leave_of_hourly_full_timers_only(make: Make) -> None:
    """Two days of leave are sixteen hours of wages; a salary pays them already."""
    away = Agent("Ann", 0, "", paid_away=frozenset({1, 2}))
    assert paid_leave_cost(make(agents=[away]), 0) == pytest.approx(160)
    salaried = contract(month_salary=5200.0)
    assert paid_leave_cost(make(agents=[away], contracts=[salaried]), 0) == 0
    part = contract(kind=ContractKind.PART_TIME)
    assert paid_leave_cost(make(agents=[away], contracts=[part]), 0) == 0


def roster(problem: Problem, shifts: np.ndarray) -> Roster:
    """A roster of shifts by person and day."""
    shape = (len(problem.groups), problem.grid.days, len(problem.patterns))
    return Roster(problem.agents, shifts, np.zeros(shape, dtype=np.int64))


def both_costs(problem: Problem, shifts: np.ndarray) -> tuple[float, pd.DataFrame]:
    """The model's cost of a roster without penalties, and the checker's lines."""
    named = roster(problem, shifts)
    counts = named.unfilled.copy()
    for agent, day in np.argwhere(shifts >= 0):
        counts[problem.agents[agent].group, day, shifts[agent, day]] += 1
    heads = np.bincount([a.group for a in problem.agents], minlength=len(problem.groups))
    plan = evaluate(problem, counts, heads)
    nothing = pd.DataFrame({"agent": [], "start": [], "end": [], "activity": []})
    found = check(schedule(problem, named), nothing, Terms.of(problem, named))
    return plan.cost - sum(u.cost for u in plan.unmet), found.cost


def priced(problem: Problem, premiums: tuple[Premium, ...]) -> Problem:
    """The problem with its premiums in the shifts' cost."""
    groups: list[Group] = [
        replace(g, shift_cost=shift_cost(problem.grid, problem.patterns, g.contract, premiums))
        for g in problem.groups
    ]
    return replace(problem, groups=tuple(groups), premiums=premiums)


def random_contracts(rng: np.random.Generator) -> tuple[Contract, ...]:
    """An hourly or salaried one with overtime, a part-time one, an agency with its price list."""
    days = {"first_day": int(rng.choice([-9, 3])), "last_day": int(rng.choice([99, 11]))}
    pay = [{"wage_per_hour": 12.5}, {"wage_per_hour": 0.0, "month_salary": 3100.0}]
    return (
        contract(**pay[rng.integers(2)], **days, overtime_max_hours=60.0, hire_cost=77.0),
        contract(
            name="half",
            kind=ContractKind.PART_TIME,
            week_hours_min=0,
            week_hours_max=60,
            week_shifts_min=0,
            week_shifts_max=7,
            wage_per_hour=9.75,
        ),
        contract(
            name="agency",
            kind=ContractKind.OUTSOURCED,
            week_hours_min=0,
            week_hours_max=60,
            week_shifts_min=0,
            week_shifts_max=7,
            wage_per_hour=20.0,
            purchase_min_hours=float(rng.choice([0, 30])),
            purchase_period=str(rng.choice(["week", "month"])),
        ),
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_model_costs_what_the_checker_reckons(seed: int) -> None:
    """Wages, salaries, premiums, overtime, leave, hiring, purchases and steps of any roster."""
    rng = np.random.default_rng(seed)
    grid = TimeGrid(MONDAY, int(rng.choice([7, 10, 14])), 60)
    contracts = random_contracts(rng)
    premiums = tuple(
        Premium(
            f"p{k}",
            str(rng.choice(["", "agency", "half"])),
            rng.random(grid.days + 2) < 0.4,
            *sorted(rng.choice(1441, 2, replace=False).tolist()),
            float(rng.choice([1.25, 1.5, 3.0])),
        )
        for k in range(3)
    )
    steps = (
        PriceStep("agency", float(rng.choice([8, 20])), float(rng.choice([15, 25]))),
        PriceStep("agency", 40.0, float(rng.choice([10, 30]))),
    )
    tiers = (
        OvertimeTier("", 0.0, 1.5),
        OvertimeTier(str(rng.choice(["", "staff"])), float(rng.choice([3, 5])), 2.0),
    )
    leave = frozenset(rng.choice(grid.days, 2, replace=False).tolist())
    # One person in each group with overtime: the model counts a group's hours together.
    agents = (
        Agent("Ann", 0, "", paid_away=leave),
        *(Agent(f"half {k}", 1, "") for k in range(2)),
        *(Agent(f"agency {k}", 2, "") for k in range(2)),
    )
    groups = tuple(
        Group(
            c.name,
            c,
            "agent",
            0,
            9,
            np.ones(1),
            np.zeros(1, dtype=np.int64),
            tuple(range(len(PATTERNS))),
            np.zeros((grid.days, len(PATTERNS))),
        )
        for c in contracts
    )
    problem = Problem(
        grid,
        Calendar(),
        ("phone",),
        PATTERNS,
        groups,
        agents,
        (),
        (),
        price_steps=steps,
        overtime_tiers=tiers,
    )
    problem = priced(problem, premiums)
    shifts = rng.integers(-2, len(PATTERNS), (len(agents), grid.days))
    shifts[shifts < 0] = -1
    for a, agent in enumerate(agents):
        for d in range(grid.days):
            if not agent.available(d) or not contracts[agent.group].employs(d):
                shifts[a, d] = -1
    cost, lines = both_costs(problem, shifts)
    assert cost == pytest.approx(lines["amount"].sum(), abs=0.005), lines.to_string()


@pytest.fixture
def agency(make: Make) -> Callable[..., Problem]:
    """An agency at 20 an hour for up to five people, without least hours."""

    def build(people: int = 1, days: int = 7, **changes: object) -> Problem:
        terms = contract(
            name="agency",
            kind=ContractKind.OUTSOURCED,
            people_max=5,
            week_hours_min=0,
            week_shifts_min=0,
            wage_per_hour=20.0,
            **changes,
        )
        return make(
            days=days,
            agents=[Agent(f"agency {k}", 0, "") for k in range(people)],
            contracts=[terms],
        )

    return build


def test_least_purchase_is_paid_only_where_something_is_bought(
    agency: Callable[..., Problem],
) -> None:
    """Eight hours of at least thirty: thirty are paid; a week without any costs nothing."""
    problem = agency(purchase_min_hours=30.0)
    off = np.full((1, 7), -1)
    assert both_costs(problem, off)[0] == pytest.approx(0)
    one = off.copy()
    one[0, 0] = EARLY
    assert both_costs(problem, one)[0] == pytest.approx(30 * 20)


def test_a_month_s_purchase_is_counted_over_its_weeks(agency: Callable[..., Problem]) -> None:
    """Eight hours in each of two weeks meet a month's sixteen."""
    problem = agency(purchase_min_hours=16.0, purchase_period="month", days=14)
    shifts = np.full((1, 14), -1)
    shifts[0, [0, 7]] = EARLY
    assert both_costs(problem, shifts)[0] == pytest.approx(16 * 20)
    shifts[0, 7] = -1
    assert both_costs(problem, shifts)[0] == pytest.approx(16 * 20)


def test_overtime_is_paid_by_tiers(make: Make) -> None:
    """Eight hours over: two of them at half as much again, six double."""
    tiers = (OvertimeTier("", 0.0, 1.5), OvertimeTier("", 2.0, 2.0))
    problem = make(
        agents=[Agent("Ann", 0, "")],
        contracts=[contract(week_shifts_max=6, overtime_max_hours=8.0)],
        overtime_tiers=tiers,
    )
    shifts = np.full((1, 7), -1)
    shifts[0, :6] = EARLY
    cost, lines = both_costs(problem, shifts)
    assert cost == pytest.approx(40 * 10 + 2 * 15 + 6 * 20)
    assert lines["amount"].sum() == pytest.approx(cost)


@pytest.mark.parametrize(("price", "expected"), [(10.0, 10 * 20 + 22 * 10), (30.0, 860.0)])
def test_price_steps_fall_and_rise(
    agency: Callable[..., Problem], price: float, expected: float
) -> None:
    """32 hours with another price from the tenth hour on, cheaper or dearer."""
    problem = replace(agency(), price_steps=(PriceStep("agency", 10.0, price),))
    shifts = np.full((1, 7), -1)
    shifts[0, :4] = EARLY
    assert both_costs(problem, shifts)[0] == pytest.approx(expected)


def test_a_contract_in_two_roles_buys_once(agency: Callable[..., Problem]) -> None:
    """Two roles of one agency with 16 hours each meet its least purchase of 30 together."""
    problem = agency(people=2, purchase_min_hours=30.0)
    group = problem.groups[0]
    agents = (problem.agents[0], replace(problem.agents[1], group=1))
    problem = replace(
        problem, groups=(group, replace(group, name="agency chat", role="chat")), agents=agents
    )
    shifts = np.full((2, 7), -1)
    shifts[:, :2] = EARLY
    cost, lines = both_costs(problem, shifts)
    assert cost == pytest.approx(32 * 20)
    assert cost == pytest.approx(lines["amount"].sum())
