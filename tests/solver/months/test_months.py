"""Months: the best of all by brute force, rules as the independent checker sees them, a bound."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.months import Months
from solver.naming_model import Prices
from solver.person import Groundwork
from solver.person_rows import verdicts
from solver.problem import Agent, Mode, Problem, Rule, Wish
from solver.result import Roster
from solver.week_terms import week_terms
from tests.solver.conftest import EARLY, HALF, LATE, NIGHT, PATTERNS, Make, contract
from tests.solver.test_roster import judged

RULES = [
    Rule("max_hours_week", 24, Mode.HARD),
    Rule("max_average_week_hours", 20, Mode.HARD),
    Rule("min_rest_h", 12, Mode.LAW),
    Rule("max_consecutive_days", 2, Mode.LAW),
    Rule("min_days_off_week", 3, Mode.LAW),
    Rule("min_weekly_rest_h", 60, Mode.HARD),
    Rule("max_hours_day", 7, Mode.LAW),
    Rule("max_night_hours", 7, Mode.LAW),
    Rule("max_consecutive_nights", 1, Mode.HARD),
    Rule("min_free_weekends", 4, Mode.HARD),
    Rule("max_overtime_hours_month", 4, Mode.LAW),
]
PRICED = [
    Rule("min_rest_h", 14, Mode.PRICED, price=3),
    Rule("min_weekly_rest_h", 70, Mode.PRICED, price=3),
    Rule("fair_weekends", 0, Mode.PRICED, price=7),
    Rule("same_start", 2, Mode.PRICED, price=2),
]


def months(problem: Problem, seats: np.ndarray) -> Months:
    """Months of the first group, nobody planned yet."""
    agents = problem.agents
    weeks = [[week_terms(problem, a, w) for w in range(problem.grid.weeks)] for a in agents]
    base = Groundwork(problem, 0, 1)
    found = Months(base, Prices.of(problem, 0, None), agents, weeks, seats)
    found.start(np.full((len(agents), problem.grid.days), -1, dtype=np.int64))
    return found


def said(problem: Problem, agent: Agent, rows: np.ndarray, rules: Sequence[Rule]):
    """Verdicts on rows of one person."""
    terms = [week_terms(problem, agent, w) for w in range(problem.grid.weeks)]
    return verdicts(Groundwork(problem, 0, 1), agent, terms, rules, rows)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_rows_break_what_the_checker_finds(make: Make, data: st.DataObject) -> None:
    """A random fortnight breaks a rule just where the independent checker says so."""
    rules = data.draw(st.lists(st.sampled_from(RULES), max_size=4, unique=True))
    away = data.draw(st.frozensets(st.integers(0, 13), max_size=3))
    agent = Agent("Ann", 0, "", unavailable=away)
    own = contract(week_hours_min=0, week_shifts_min=0, week_shifts_max=6, overtime_max_hours=8)
    problem = make(days=14, agents=[agent], contracts=[own], rules=rules)
    row = np.array([data.draw(st.lists(st.integers(-1, 3), min_size=14, max_size=14))])
    seats = np.zeros((1, 14, len(PATTERNS)), dtype=np.int64)
    broken = judged(problem, Roster((agent,), row, seats)).broken
    found = said(problem, agent, row, rules).broken
    assert found.any() == (len(broken) > 0), broken


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_month_alone_is_the_best_of_all(make: Make, data: st.DataObject) -> None:
    """One person, four days from a Thursday: no row of the 625 is better than the one planned."""
    known = [r for r in RULES if r.id not in ("min_weekly_rest_h", "max_average_week_hours")]
    rules = data.draw(st.lists(st.sampled_from(known + PRICED[2:3]), max_size=4, unique=True))
    wish = Wish(data.draw(st.integers(0, 3)), data.draw(st.sampled_from(["", "early"])), 30.0)
    pins = data.draw(st.dictionaries(st.integers(0, 3), st.sampled_from(["", "late"]), max_size=1))
    agent = Agent("Ann", 0, "", wishes=(wish,), pins=pins)
    own = contract(week_hours_min=16, week_hours_max=24, week_shifts_min=0, overtime_max_hours=4)
    start = make().grid.date(3)
    problem = make(days=4, agents=[agent], contracts=[own], rules=rules, start=start)
    cells = data.draw(st.lists(st.integers(0, 1), min_size=16, max_size=16))
    seats = np.array(cells).reshape(4, 4)
    found = months(problem, seats)
    found.descend(3)
    rows = np.array(list(itertools.product((-1, EARLY, LATE, NIGHT, HALF), repeat=4)))
    verdict = said(problem, agent, rows, rules)
    prices = Prices.of(problem, 0, None)

    def cover(row: np.ndarray) -> float:
        """Empty, moved and extra shifts: one person takes one seat a day at most."""
        total = 0.0
        for day in range(4):
            open_seats = np.flatnonzero(seats[day])
            empty = float(prices.unfilled[open_seats].sum())
            worked = int(row[day])
            if worked >= 0:
                dearer = problem.groups[0].shift_cost[day]
                ways = [prices.extra[day, worked]]
                ways += [
                    (prices.moved[p, worked] if p != worked else 0.0)
                    + max(0.0, dearer[worked] - dearer[p])
                    - prices.unfilled[p]
                    for p in open_seats
                ]
                empty += min(ways)
            total += empty
        return total

    legal = np.flatnonzero(~verdict.broken.any(axis=1))
    best = min(verdict.price[k] + cover(rows[k]) for k in legal)
    assert found.cost() == pytest.approx(best)
    assert found.bound(40) <= best + 1e-6


def test_seats_of_a_fortnight_are_filled_and_the_bound_says_so(make: Make) -> None:
    """Seven people, five early seats a day: 70 seats, nothing missing, nothing cheaper."""
    people = [Agent(name, 0, "") for name in "ABCDEFG"]
    problem = make(days=14, agents=people, rules=[Rule("max_consecutive_days", 6, Mode.HARD)])
    seats = np.zeros((14, len(PATTERNS)), dtype=np.int64)
    seats[:, EARLY] = 5
    found = months(problem, seats)
    found.descend(10)
    assert found.empty() == 0
    assert found.cost() == pytest.approx(0.0)
    assert found.bound(20) == pytest.approx(0.0, abs=1e-6)


def test_a_rule_that_the_program_does_not_know_is_kept(make: Make) -> None:
    """Sixty hours of rest a week where seven seats ask for every day: the rule stands."""
    rules = [Rule("min_weekly_rest_h", 60, Mode.HARD)]
    own = contract(week_hours_max=56, week_shifts_max=7, week_hours_min=0, week_shifts_min=0)
    agent = Agent("Ann", 0, "")
    problem = make(agents=[agent], contracts=[own], rules=rules)
    seats = np.zeros((7, len(PATTERNS)), dtype=np.int64)
    seats[:, EARLY] = 1
    found = months(problem, seats)
    found.descend(5)
    row = found.shifts()
    assert not said(problem, agent, row, rules).broken.any()
    assert (row >= 0).sum() == 5


@pytest.mark.parametrize("rule", [PRICED[0], PRICED[1], PRICED[3]], ids=lambda r: r.id)
def test_priced_rules_are_paid_by_what_the_checker_counts(make: Make, rule: Rule) -> None:
    """Late before early, a night in between, few rests: price times the checker's amount."""
    agent = Agent("Ann", 0, "")
    own = contract(week_hours_min=0, week_shifts_min=0, week_hours_max=80, week_shifts_max=7)
    problem = make(days=14, agents=[agent], contracts=[own], rules=[rule])
    row = np.full((1, 14), -1)
    row[0, :7] = [LATE, EARLY, LATE, NIGHT, -1, EARLY, LATE]
    row[0, 8::2] = EARLY
    seats = np.zeros((1, 14, len(PATTERNS)), dtype=np.int64)
    found = judged(problem, Roster((agent,), row, seats)).findings
    amount = found.loc[found["rule"] == rule.id, "amount"].abs().sum()
    assert amount > 0
    price = said(problem, agent, row, [rule]).price[0]
    assert price == pytest.approx(rule.price * amount)
