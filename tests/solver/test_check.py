"""The checker on a good week, on the same week spoiled in every way, and its money by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from solver.activities import activities, schedule
from solver.breaks import place_breaks
from solver.check import Findings, Terms, check
from solver.problem import (
    Agent,
    ContractKind,
    DayHeads,
    Mode,
    Premium,
    Presence,
    PriceStep,
    Problem,
    Rule,
    Wish,
)
from solver.result import Roster
from tests.solver.conftest import EARLY, HALF, LATE, NIGHT, PATTERNS, Make, contract, pattern

ANN = Agent("Ann", 0, "")


def finished(
    problem: Problem, weeks: dict[str, Sequence[int]]
) -> tuple[pd.DataFrame, pd.DataFrame, Terms]:
    """Tables of a roster given as pattern numbers by person and day (-1 is off)."""
    shifts = np.full((len(problem.agents), problem.grid.days), -1)
    for row, agent in enumerate(problem.agents):
        worked = weeks.get(agent.name, [])
        shifts[row, : len(worked)] = worked
    roster = Roster(problem.agents, shifts, np.zeros((1, problem.grid.days, len(problem.patterns))))
    size = (1, problem.grid.size)
    roster = place_breaks(problem, roster, np.zeros((len(problem.groups), problem.grid.size)))
    shown = activities(problem, roster, np.zeros((len(problem.queues), size[1])))
    return schedule(problem, roster), shown, Terms.of(problem, roster)


def judged(problem: Problem, weeks: dict[str, Sequence[int]]) -> Findings:
    """Findings of a roster given by hand."""
    return check(*finished(problem, weeks))


def breaches(found: Findings, rule: str) -> list[tuple[str, float]]:
    """Date's day of month and amount of each breach of a rule."""
    rows = found.findings[found.findings["rule"] == rule]
    return [(date[-2:], amount) for date, amount in zip(rows["date"], rows["amount"], strict=True)]


GOOD = [EARLY] * 5 + [-1, -1]


def test_good_week_has_no_finding(make: Make) -> None:
    """Five early shifts, two days off: nothing to find, 400 of wages."""
    found = judged(make(agents=[ANN]), {"Ann": GOOD})
    assert found.findings.empty
    assert found.total_cost == pytest.approx(400)


@pytest.mark.parametrize(
    ("rule", "value", "week", "expected"),
    [
        ("max_hours_day", 7, GOOD[:1], [("07", 1.0)]),
        ("max_hours_week", 30, GOOD, [("07", 10.0)]),
        ("max_average_week_hours", 36, GOOD, [("07", 4.0)]),
        ("min_rest_h", 11, [LATE, EARLY], [("08", 1.0)]),
        ("min_rest_h", 11, [NIGHT, LATE], [("08", 4.0)]),
        ("max_consecutive_days", 4, GOOD, [("11", 1.0)]),
        ("min_days_off_week", 3, GOOD, [("07", 1.0)]),
        # Off from Friday 17:00 to Sunday 24:00 is 55 h.
        ("min_weekly_rest_h", 60, GOOD, [("07", 5.0)]),
        ("max_night_hours", 7, [NIGHT], [("07", 1.0)]),
        ("max_consecutive_nights", 2, [NIGHT] * 4, [("09", 2.0)]),
        ("break_after_h", 6, [NIGHT], [("07", 2.0)]),
        ("same_start", 4, [EARLY, LATE], [("07", 1.0)]),
    ],
)
def test_rule_is_found_with_its_amount(
    make: Make, rule: str, value: float, week: list[int], expected: list[tuple[str, float]]
) -> None:
    """Each rule, broken once in a week worked out by hand."""
    problem = make(agents=[ANN], rules=[Rule(rule, value, Mode.HARD)])
    assert breaches(judged(problem, {"Ann": week}), rule) == expected


@pytest.mark.parametrize(
    ("rule", "value", "week"),
    [
        ("max_hours_day", 8, GOOD),
        ("max_hours_week", 40, GOOD),
        ("max_average_week_hours", 40, GOOD),
        ("min_rest_h", 10, [LATE, EARLY]),
        ("max_consecutive_days", 5, GOOD),
        ("min_days_off_week", 2, GOOD),
        ("min_weekly_rest_h", 55, GOOD),
        ("max_night_hours", 8, [NIGHT]),
        ("max_night_hours", 7, [EARLY]),
        ("max_consecutive_nights", 2, [NIGHT, NIGHT, -1, NIGHT]),
        ("break_after_h", 6, GOOD),
        ("break_after_h", 8, [NIGHT]),
        ("same_start", 5, [EARLY, LATE]),
    ],
)
def test_rule_kept_at_its_limit_is_no_finding(
    make: Make, rule: str, value: float, week: list[int]
) -> None:
    """The limit itself is allowed."""
    problem = make(agents=[ANN], rules=[Rule(rule, value, Mode.HARD)])
    assert breaches(judged(problem, {"Ann": week}), rule) == []


def test_free_weekends_count_in_fours(make: Make) -> None:
    """Three of four weekends worked where two must be free: one too few."""
    problem = make(days=28, agents=[ANN], rules=[Rule("min_free_weekends", 2, Mode.HARD)])
    weekend = [-1] * 5 + [EARLY, -1]
    found = judged(problem, {"Ann": weekend * 3})
    assert breaches(found, "min_free_weekends") == [("12", 1.0)]


def test_fair_weekends_compare_the_group(make: Make) -> None:
    """Two weekends to share, one each: who works both has one too many."""
    bob = Agent("Bob", 0, "")
    problem = make(days=14, agents=[ANN, bob], rules=[Rule("fair_weekends", 0, Mode.PRICED)])
    weekend = [-1] * 5 + [EARLY, -1]
    found = judged(problem, {"Ann": weekend * 2})
    assert breaches(found, "fair_weekends") == [("07", 1.0)]
    assert found.broken.query("rule == 'fair_weekends'").empty
    assert (
        breaches(judged(problem, {"Ann": weekend, "Bob": [-1] * 7 + weekend}), "fair_weekends")
        == []
    )


def test_carried_weekends_count(make: Make) -> None:
    """Bob worked two weekends last month and the one of this week: one more than an even share."""
    bob = Agent("Bob", 0, "", carried_weekends=2)
    problem = make(agents=[ANN, bob], rules=[Rule("fair_weekends", 0, Mode.PRICED)])
    found = judged(problem, {"Bob": [-1] * 5 + [EARLY, -1]})
    assert breaches(found, "fair_weekends") == [("07", 1.0)]


def test_overtime_of_the_month(make: Make) -> None:
    """Two weeks of 48 hours are 16 hours of overtime, 6 more than a month allows."""
    own = contract(week_shifts_max=6, overtime_max_hours=8)
    problem = make(
        days=14,
        agents=[ANN],
        contracts=[own],
        rules=[Rule("max_overtime_hours_month", 10, Mode.LAW)],
    )
    found = judged(problem, {"Ann": ([EARLY] * 6 + [-1]) * 2})
    assert breaches(found, "max_overtime_hours_month") == [("07", 6.0)]
    assert found.broken["rule"].tolist() == ["max_overtime_hours_month"]


def test_contract_hours_and_shifts(make: Make) -> None:
    """Four shifts are one and 8 hours too few; six are one too many."""
    problem = make(agents=[ANN])
    few = judged(problem, {"Ann": [EARLY] * 4})
    assert breaches(few, "contract_hours") == [("07", -8.0)]
    assert breaches(few, "contract_shifts") == [("07", -1.0)]
    many = judged(problem, {"Ann": [EARLY] * 6})
    assert breaches(many, "contract_hours") == [("07", 8.0)]
    assert breaches(many, "contract_shifts") == [("07", 1.0)]


def test_paid_leave_counts_towards_the_week(make: Make) -> None:
    """Two days of leave leave three shifts to work, and are paid 8 hours each."""
    ann = replace(ANN, paid_away=frozenset({0, 1}))
    found = judged(make(agents=[ann]), {"Ann": [-1, -1, EARLY, EARLY, EARLY]})
    assert found.findings.empty
    leave = found.cost[found.cost["kind"] == "paid_leave"].iloc[0]
    assert (leave["hours"], leave["amount"]) == (16.0, 160.0)


def test_a_short_last_week_owes_in_proportion(make: Make) -> None:
    """Of a week of two days 2/7 of 40 hours are owed: 11.4, two shifts of 8 give them."""
    problem = make(days=9, agents=[ANN])
    assert judged(problem, {"Ann": [*GOOD, EARLY, EARLY]}).findings.empty
    assert breaches(judged(problem, {"Ann": [*GOOD, EARLY]}), "contract_hours") == [
        ("14", pytest.approx(8 - 80 / 7, abs=1e-5))
    ]


def test_month_hours_are_capped(make: Make) -> None:
    """40 hours where a month allows 30."""
    own = contract(month_hours_max=30)
    assert breaches(
        judged(make(agents=[ANN], contracts=[own]), {"Ann": GOOD}), "contract_hours"
    ) == [("07", 10.0)]


def test_people_pins_wishes_and_days_away(make: Make) -> None:
    """A pin, a wish, a day off and a contract's end, each missed once."""
    ann = replace(
        ANN,
        unavailable=frozenset({1}),
        pins={2: "late", 5: ""},
        wishes=(Wish(3, "", 7.0), Wish(4, "early", 5.0)),
    )
    own = contract(last_day=3, people_min=2)
    found = judged(make(agents=[ann], contracts=[own]), {"Ann": GOOD})
    assert breaches(found, "availability") == [("08", 1.0)]
    assert breaches(found, "pin") == [("09", 1.0)]
    assert breaches(found, "wish") == [("10", 7.0)]
    assert breaches(found, "employed") == [("11", 1.0)]
    assert breaches(found, "people") == [("07", -1.0)]


def test_spoiled_tables_are_found(make: Make) -> None:
    """Change one cell of a good week at a time: the checker names what is wrong."""
    problem = make(agents=[ANN], queues=("phone", "mail"), speed=[1.0, 0.0])
    good, acts, terms = finished(problem, {"Ann": GOOD})

    def rules(shifts: pd.DataFrame = good, work: pd.DataFrame = acts) -> set[str]:
        return set(check(shifts, work, terms).findings["rule"])

    assert rules() == set()
    assert "shift_known" in rules(good.assign(shift="dawn"))
    assert "shift_known" in rules(good.assign(paid_hours=7.5))
    assert "employed" in rules(good.assign(agent=["Zoe", *good["agent"][1:]]))
    assert "one_shift_a_day" in rules(pd.concat([good, good.iloc[:1]]))
    assert "skill" in rules(work=acts.assign(activity=acts["activity"].replace("phone", "mail")))
    assert "skill" in rules(work=acts.assign(activity=acts["activity"].replace("phone", "tea")))
    assert "break_window" in rules(work=acts[acts["activity"] != "break"])
    moved = acts.copy()
    lunch = moved.index[moved["activity"] == "break"][0]
    moved.loc[lunch, ["start", "end"]] = ["2026-12-07T09:00:00", "2026-12-07T10:00:00"]
    assert {"break_window", "activity"} <= rules(work=moved)
    assert "activity" in rules(good.iloc[1:])


def test_presence_counts_people_at_their_post(make: Make) -> None:
    """One person all day where one is asked for: the lunch hour is missing, unless it stays."""
    required = np.zeros(7 * 24, dtype=np.int64)
    required[8:17] = 1
    row = Presence(0, "phone present", required, 100.0)
    problem = make(agents=[ANN], presence=(row,))
    found = judged(problem, {"Ann": GOOD})
    assert breaches(found, "presence") == [("07", -1.0)]
    assert found.presence["present"].tolist().count(0) == 1
    lunch = replace(PATTERNS[0].breaks[0], leaves_post=False)
    stays = make(agents=[ANN], presence=(row,), patterns=[pattern("early@08", 8, 9, 8.0, lunch)])
    assert judged(stays, {"Ann": GOOD}).findings.empty


def test_heads_by_day(make: Make) -> None:
    """Two people are asked for on Monday, one works."""
    row = DayHeads(0, "phone per_requests", np.array([2, 1, 1, 1, 1, 0, 0]), 100.0)
    found = judged(make(agents=[ANN], day_heads=(row,)), {"Ann": GOOD})
    assert breaches(found, "per_requests") == [("07", -1.0)]


def cost(found: Findings) -> dict[str, float]:
    """Amount by kind of cost."""
    return found.cost.groupby("kind")["amount"].sum().to_dict()


def test_salary_is_paid_by_the_day_employed(make: Make) -> None:
    """2,600 a month is 600 a week; nine days of the horizon are 9/7 of it, whatever the hours."""
    own = contract(wage_per_hour=0.0, month_salary=2600.0)
    found = judged(make(days=9, agents=[ANN], contracts=[own]), {"Ann": GOOD})
    assert cost(found) == {"salary": pytest.approx(600 * 9 / 7)}


def test_overtime_replaces_the_wage_of_its_hours(make: Make) -> None:
    """Of 48 hours 40 are paid at 10 and 8 at 15; a salary pays the 8 in addition."""
    own = contract(week_shifts_max=6, overtime_max_hours=8)
    found = judged(make(agents=[ANN], contracts=[own]), {"Ann": [EARLY] * 6})
    assert cost(found) == {"wage": 400.0, "overtime": 120.0}
    paid = replace(own, wage_per_hour=0.0, month_salary=2600.0)
    found = judged(make(agents=[ANN], contracts=[paid]), {"Ann": [EARLY] * 6})
    assert cost(found) == {"salary": pytest.approx(600.0), "overtime": pytest.approx(8 * 15 * 1.5)}


def test_premiums_follow_the_clock_over_midnight(make: Make) -> None:
    """A night from Saturday 22:00 to Sunday 6:00: six of eight hours on Sunday, at half more."""
    sunday = np.array([0, 0, 0, 0, 0, 0, 1, 0, 0], dtype=bool)
    premiums = (
        Premium("Sunday", "", sunday, 0, 1440, 1.5),
        Premium("night", "", np.ones(9, dtype=bool), 23 * 60, 1440, 1.2),
    )
    found = judged(make(agents=[ANN], premiums=premiums), {"Ann": [-1] * 5 + [NIGHT]})
    lines = found.cost.set_index("name")["amount"]
    assert lines["Sunday"] == pytest.approx(6 * 10 * 0.5)
    assert lines["night"] == pytest.approx(1 * 10 * 0.2)


def test_outsourced_blocks(make: Make) -> None:
    """24 hours of a minimum of 32; then 40 hours of which those beyond 30 cost 8 instead of 10."""
    own = contract(
        kind=ContractKind.OUTSOURCED, week_hours_min=0, week_shifts_min=0, purchase_min_hours=32
    )
    steps = (PriceStep("staff", 30, 8.0),)
    problem = make(agents=[ANN], contracts=[own], price_steps=steps)
    few = judged(problem, {"Ann": [EARLY] * 3})
    assert cost(few) == {"wage": 240.0, "purchase_min": 80.0}
    assert breaches(few, "purchase_min") == [("07", -8.0)]
    assert cost(judged(problem, {"Ann": GOOD})) == {"wage": 300.0, "price_step": 80.0}
    assert cost(judged(problem, {})) == {}


def test_a_purchase_of_a_month_is_held_to_its_month(make: Make) -> None:
    """32 hours in two weeks of 16 are what a month's purchase of 32 asks for: nothing is found."""
    own = contract(
        kind=ContractKind.OUTSOURCED,
        week_hours_min=0,
        week_shifts_min=0,
        purchase_min_hours=32,
        purchase_period="month",
    )
    problem = make(agents=[ANN], contracts=[own], days=14)
    two_days = [EARLY] * 2 + [-1] * 5
    assert breaches(judged(problem, {"Ann": two_days * 2}), "purchase_min") == []
    assert breaches(judged(problem, {"Ann": two_days}), "purchase_min") == [("07", -16.0)]


def test_hiring_costs_each_head_beyond_those_given(make: Make) -> None:
    """Two people where one is there already: one is hired."""
    own = contract(people_min=1, hire_cost=500.0)
    found = judged(make(agents=[ANN, Agent("Bob", 0, "")], contracts=[own]), {})
    assert cost(found) == {"hire": 500.0}


def test_part_time_half_shifts(make: Make) -> None:
    """Five half shifts of four hours are a part-timer's week of 20."""
    own = contract(
        kind=ContractKind.PART_TIME, week_hours_min=16, week_hours_max=20, week_shifts_min=3
    )
    found = judged(make(agents=[ANN], contracts=[own]), {"Ann": [HALF] * 5})
    assert found.findings.empty
    assert found.total_cost == 200.0


def test_team_rule_binds_only_the_team(make: Make) -> None:
    """A rule of team A says nothing about team B."""
    people = [Agent("Ann", 0, "A"), Agent("Bob", 0, "B")]
    rule = Rule("max_hours_day", 7, Mode.HARD, "team", "A")
    found = judged(make(agents=people, rules=[rule]), {"Ann": GOOD, "Bob": GOOD})
    assert set(found.broken["agent"]) == {"Ann"}


def test_summary_says_cost_and_rules(make: Make) -> None:
    """One line a person can read."""
    problem = make(agents=[ANN], start=dt.date(2026, 12, 7))
    assert judged(problem, {"Ann": GOOD}).summary() == "cost 400.00; no rule broken"
    assert "contract_shifts 1" in judged(problem, {"Ann": GOOD[:4]}).summary()
