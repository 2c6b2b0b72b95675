"""The catalogue, the law files, and what rules mean for a plan without names."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from solver.check_rules import CHECKERS
from solver.problem import Agent, Mode, Rule
from solver.rules import (
    CATALOGUE,
    DEFAULT_RULES,
    LAWS,
    group_limits,
    law_rules,
    succession,
)
from solver.week_terms import week_terms
from tests.solver.conftest import EARLY, HALF, LATE, NIGHT, PATTERNS, Make, contract

DOCS = Path(__file__).resolve().parents[2] / "docs" / "rules.md"


def test_every_rule_is_named_in_two_languages_and_said_in_a_sentence() -> None:
    """What people see of a rule is there for each."""
    for rule_id, kind in CATALOGUE.items():
        assert kind.id == rule_id
        assert kind.name
        assert re.search("[一-鿿]", kind.name_zh)
        assert kind.says.endswith(".")
        assert (kind.mode is Mode.PRICED) == (kind.price > 0)


def test_every_rule_has_an_independent_checker() -> None:
    """No rule of the model goes unchecked, and the checker knows no other."""
    assert {*CHECKERS, "fair_weekends"} == set(CATALOGUE)


def test_the_docs_say_what_the_catalogue_says() -> None:
    """docs/rules.md has a heading for each id, with its names and its sentence."""
    text = DOCS.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\w+)\n\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(CATALOGUE)
    for rule_id, kind in CATALOGUE.items():
        assert f"**{kind.name}** ({kind.name_zh})" in sections[rule_id]
        assert " ".join(kind.says.split()) in sections[rule_id]


def test_law_files() -> None:
    """European rest is 11 hours by law; China allows 36 hours of overtime a month."""
    assert set(LAWS) >= {"none", "cn", "eu"}
    assert law_rules("none") == ()
    eu = {r.id: r for r in law_rules("eu")}
    assert (eu["min_rest_h"].value, eu["min_rest_h"].mode) == (11, Mode.LAW)
    cn = {r.id: r for r in law_rules("cn")}
    assert (cn["max_overtime_hours_month"].value, cn["min_rest_h"].mode) == (36, Mode.HARD)
    for law in LAWS:
        assert all(r.id in CATALOGUE for r in law_rules(law))


def test_unknown_law_is_refused() -> None:
    """The message says which there are."""
    with pytest.raises(ValueError, match="none, cn, eu"):
        law_rules("mars")


def test_default_rules_are_the_priced_ones() -> None:
    """Fairness of weekends and steady starts, each at a price."""
    assert {r.id for r in DEFAULT_RULES} == {"fair_weekends", "same_start"}
    assert all(r.mode is Mode.PRICED and r.price > 0 for r in DEFAULT_RULES)


def test_succession_by_hand(make: Make) -> None:
    """With 11 h of rest a late shift (to 22:00) bars early; a night (to 6:00) bars all but late."""
    problem = make(rules=[Rule("min_rest_h", 11, Mode.LAW)])
    too_soon = succession(problem, 0)
    expected = np.zeros((4, 4), dtype=bool)
    expected[LATE, [EARLY, HALF]] = True
    expected[NIGHT, [EARLY, LATE, HALF]] = True
    assert np.array_equal(too_soon, expected)
    # Without the rule shifts must only not overlap.
    assert not succession(make(), 0).any()


def test_group_limits(make: Make) -> None:
    """The tightest of law, rule and contract; rules of one person or with a price bind not all."""
    rules = [
        Rule("min_days_off_week", 1, Mode.LAW),
        Rule("min_days_off_week", 3, Mode.HARD),
        Rule("max_consecutive_days", 4, Mode.HARD),
        Rule("max_consecutive_days", 2, Mode.PRICED, price=1),
        Rule("max_consecutive_days", 1, Mode.HARD, "agent", "Ann"),
        Rule("max_hours_week", 44, Mode.HARD, "contract", "staff"),
        Rule("break_after_h", 6, Mode.LAW),
    ]
    own = contract(overtime_max_hours=8)
    limits = group_limits(make(rules=rules, contracts=[own], agents=[Agent("Ann", 0, "")]), 0)
    assert limits.max_days_week == 4
    assert limits.max_consecutive_days == 4
    assert limits.max_week_hours == 44
    assert limits.banned.tolist() == [False, False, True, False]
    assert limits.min_free_weekends == 0


@pytest.mark.parametrize(
    ("rule", "value", "banned"),
    [
        ("max_hours_day", 7.5, [True, True, True, False]),
        ("max_night_hours", 7.0, [False, False, True, False]),
        ("break_after_h", 3.0, [False, False, True, True]),
    ],
)
def test_rules_on_single_shifts_ban_patterns(
    make: Make, rule: str, value: float, banned: list[bool]
) -> None:
    """Early and late are 8 h with a break, the night 8 h without, the half 4 h without."""
    limits = group_limits(make(rules=[Rule(rule, value, Mode.LAW)]), 0)
    assert limits.banned.tolist() == banned


def test_week_terms(make: Make) -> None:
    """A whole week; two days of leave; only three days to plan; a last week of two days."""
    problem = make(days=9)
    ann = Agent("Ann", 0, "")
    whole = week_terms(problem, ann, 0)
    assert (whole.hours_min, whole.hours_max, whole.shifts_min, whole.shifts_max) == (40, 40, 5, 5)
    leave = week_terms(problem, replace(ann, paid_away=frozenset({0, 1})), 0)
    assert (leave.hours_min, leave.hours_max, leave.shifts_min, leave.shifts_max) == (24, 24, 3, 3)
    assert leave.credit_h == 16
    few = week_terms(problem, replace(ann, unavailable=frozenset({0, 1, 2, 3})), 0)
    assert (few.hours_min, few.hours_max, few.shifts_min, few.shifts_max) == (24, 40, 3, 3)
    weekend_off = week_terms(problem, replace(ann, unavailable=frozenset({5, 6})), 0)
    assert weekend_off == whole
    short = week_terms(problem, ann, 1)
    assert short.hours_min == pytest.approx(80 / 7)
    assert (short.shifts_min, short.shifts_max) == (0, 2)


def test_leave_of_a_whole_week_is_five_days(make: Make) -> None:
    """Seven days away are paid as five and leave nothing to work."""
    terms = week_terms(make(), Agent("Ann", 0, "", paid_away=frozenset(range(7))), 0)
    assert (terms.credit_h, terms.hours_min, terms.hours_max, terms.shifts_max) == (40, 0, 0, 0)


def test_patterns_of_the_tiny_office() -> None:
    """The shifts that the tests speak of."""
    assert [p.code for p in PATTERNS] == ["early@08", "late@13", "night@22", "half@08"]
