"""Naming: seats filled, rules never broken, and the best of all rosters on tiny cases."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.activities import activities, schedule
from solver.breaks import place_breaks
from solver.check import Findings, Terms, check
from solver.problem import Agent, ContractKind, Mode, Problem, Rule, Wish
from solver.result import Roster, ShiftPlan
from solver.roster import name_shifts, prove_names, rename_shifts, staff
from solver.rules import law_rules
from tests.solver.conftest import EARLY, HALF, LATE, NIGHT, PATTERNS, Make, contract


def plan(problem: Problem, seats: dict[tuple[int, int], int], heads: Sequence[int]) -> ShiftPlan:
    """A design of given seats by (day, pattern) for the first group."""
    counts = np.zeros(
        (len(problem.groups), problem.grid.days, len(problem.patterns)), dtype=np.int64
    )
    for (day, number), people in seats.items():
        counts[0, day, number] = people
    nothing = np.zeros((1, problem.grid.size))
    return ShiftPlan(counts, np.array(heads), nothing, nothing, nothing, cost=0.0, bound=0.0)


def judged(problem: Problem, roster: Roster) -> Findings:
    """What the independent checker says of a roster."""
    size = problem.grid.size
    roster = place_breaks(problem, roster, np.zeros((len(problem.groups), size)))
    work = activities(problem, roster, np.zeros((len(problem.queues), size)))
    return check(schedule(problem, roster), work, Terms.of(problem, roster))


def week_of_seats(*daily: int, pattern: int = EARLY) -> dict[tuple[int, int], int]:
    """Seats of one pattern on consecutive days."""
    return {(day, pattern): people for day, people in enumerate(daily)}


def held(roster: Roster, patterns: int) -> np.ndarray:
    """People by day and pattern."""
    return np.array(
        [
            [(roster.shifts[:, d] == p).sum() for p in range(patterns)]
            for d in range(roster.shifts.shape[1])
        ]
    )


def test_numbered_people_follow_the_named(make: Make) -> None:
    """Ann is named, two more are numbered, and a name that is taken is passed over."""
    problem = make(agents=[Agent("Ann", 0, ""), Agent("staff 1", 0, "")])
    people = staff(problem, np.array([4]))
    assert [p.name for p in people] == ["Ann", "staff 1", "staff 2", "staff 3"]
    assert [p.named for p in people] == [True, True, False, False]


def test_every_seat_is_filled(make: Make) -> None:
    """Seven people, five each day: 35 seats, five shifts for each."""
    problem = make(rules=law_rules("cn"))
    roster = name_shifts(problem, plan(problem, week_of_seats(*[5] * 7), [7]))
    assert roster.unfilled.sum() == 0
    assert (roster.shifts >= 0).sum(axis=1).tolist() == [5] * 7
    assert judged(problem, roster).broken.empty
    assert roster.notes == ()


def test_same_seed_same_roster(make: Make) -> None:
    """Naming is repeatable."""
    problem = make(days=14, rules=law_rules("cn"))
    design = plan(problem, {(d, p): 2 for d in range(14) for p in (EARLY, LATE)}, [6])
    first, second = (name_shifts(problem, design, deterministic_seconds=2) for _ in range(2))
    assert np.array_equal(first.shifts, second.shifts)


def test_a_seat_that_breaks_rest_is_retimed(make: Make) -> None:
    """One person, late on Monday and early on Tuesday with 11 h of rest: a near start instead."""
    near = (*PATTERNS, PATTERNS[0].__class__("early@10", "early", 10, 9, 8.0, PATTERNS[0].breaks))
    own = contract(week_hours_min=0, week_shifts_min=0)
    problem = make(contracts=[own], patterns=near, rules=[Rule("min_rest_h", 11, Mode.LAW)])
    roster = name_shifts(problem, plan(problem, {(0, LATE): 1, (1, EARLY): 1}, [1]))
    assert roster.unfilled.sum() == 0
    assert (roster.shifts >= 0).sum() == 2
    assert roster.notes == ("staff: 1 shifts moved to a near start",)
    assert judged(problem, roster).broken.empty


def test_a_seat_nobody_can_take_is_left(make: Make) -> None:
    """Six days in a row asked of one person who may work five."""
    problem = make()
    roster = name_shifts(problem, plan(problem, week_of_seats(*[1] * 6), [1]))
    assert roster.unfilled.sum() == 1
    assert roster.notes == ("staff: 1 shifts (8 h) that nobody could take",)


def test_contract_hours_are_given_where_seats_are_short(make: Make) -> None:
    """Three seats for a person owed five shifts: two are added, on days of most value."""
    problem = make()
    value = np.zeros((1, 7, len(PATTERNS)))
    value[0, 5:, LATE] = 50.0
    roster = name_shifts(problem, plan(problem, week_of_seats(1, 1, 1), [1]), value=value)
    assert roster.shifts[0].tolist() == [EARLY, EARLY, EARLY, -1, -1, LATE, LATE]
    assert roster.notes == ("staff: 2 shifts added to give people their contract's hours",)


def test_overtime_only_where_the_seats_need_it(make: Make) -> None:
    """Six seats for one person with 8 h of overtime; five for two with room: none."""
    own = contract(week_shifts_max=6, overtime_max_hours=8)
    problem = make(contracts=[own])
    roster = name_shifts(problem, plan(problem, week_of_seats(*[1] * 6), [1]))
    assert roster.unfilled.sum() == 0
    assert roster.overtime_h is not None
    assert roster.overtime_h.tolist() == [[8.0]]
    problem = make(contracts=[own])
    roster = name_shifts(problem, plan(problem, week_of_seats(*[2] * 5), [2]))
    assert roster.overtime_h is not None
    assert roster.overtime_h.sum() == 0


def test_leave_pins_and_wishes(make: Make) -> None:
    """Ann is away on Monday and pinned late on Tuesday; Bob wants Friday off."""
    ann = Agent("Ann", 0, "", paid_away=frozenset({0}), pins={1: "late", 2: ""})
    bob = Agent("Bob", 0, "", wishes=(Wish(4, "", 5.0),))
    own = contract(week_hours_min=0, week_shifts_min=0)
    problem = make(agents=[ann, bob], contracts=[own])
    roster = name_shifts(problem, plan(problem, week_of_seats(1, 1, 1, 1, 1) | {(1, LATE): 1}, [2]))
    assert roster.unfilled.sum() == 0
    assert roster.shifts[0, :3].tolist() == [-1, LATE, -1]
    assert roster.shifts[1, 4] == -1
    assert roster.wishes_missed == 0
    assert judged(problem, roster).findings.empty


def test_a_wish_that_costs_a_seat_is_not_granted(make: Make) -> None:
    """Only Bob can work on Friday: his wish to be off is missed, at its weight."""
    bob = Agent("Bob", 0, "", wishes=(Wish(4, "", 5.0), Wish(3, "early", 2.0)))
    problem = make(agents=[bob])
    roster = name_shifts(problem, plan(problem, week_of_seats(1, 1, 1, 1, 1), [1]))
    assert roster.wishes_missed == 5.0


def test_law_stands_above_a_pin(make: Make) -> None:
    """A pin to ten hours where the law allows seven is not kept, and the checker says so."""
    ann = Agent("Ann", 0, "", pins={0: "early"})
    own = contract(week_hours_min=0, week_shifts_min=0)
    problem = make(agents=[ann], contracts=[own], rules=[Rule("max_hours_day", 7, Mode.LAW)])
    roster = name_shifts(problem, plan(problem, {(0, EARLY): 1}, [1]))
    assert judged(problem, roster).broken["rule"].tolist() == ["pin"]


def test_weekends_are_shared(make: Make) -> None:
    """Four weekend shifts, two people of whom one carries two over: 1 and 3 weekends."""
    people = [Agent("Ann", 0, "", carried_weekends=2), Agent("Bob", 0, "")]
    own = contract(week_hours_min=0, week_shifts_min=0)
    rule = Rule("fair_weekends", 0, Mode.PRICED, price=20)
    problem = make(days=28, agents=people, contracts=[own], rules=[rule])
    roster = name_shifts(problem, plan(problem, {(7 * w + 5, EARLY): 1 for w in range(4)}, [2]))
    assert (roster.shifts >= 0).sum(axis=1).tolist() == [1, 3]


def test_starts_stay_together(make: Make) -> None:
    """Early and late seats of a week, two people: each keeps one kind."""
    rule = Rule("same_start", 2, Mode.PRICED, price=2)
    problem = make(rules=[rule])
    seats = {(d, p): 1 for d in range(5) for p in (EARLY, LATE)}
    roster = name_shifts(problem, plan(problem, seats, [2]))
    assert judged(problem, roster).findings.empty


def test_best_of_all_rosters_on_a_tiny_case(make: Make) -> None:
    """Two people, three days: as many seats filled as in the best of all 6,561 rosters."""
    own = contract(
        kind=ContractKind.PART_TIME, week_hours_min=0, week_hours_max=12, week_shifts_min=0
    )
    rules = [Rule("min_rest_h", 12, Mode.LAW), Rule("max_consecutive_days", 2, Mode.HARD)]
    problem = make(days=3, contracts=[own], rules=rules, patterns=PATTERNS[:2] + PATTERNS[3:])
    seats = {(0, 1): 1, (0, 2): 1, (1, 0): 1, (1, 2): 1, (2, 1): 1, (2, 2): 2}
    design = plan(problem, seats, [2])
    roster = name_shifts(problem, design)
    wanted = design.counts[0]
    paid = np.array([p.paid_h for p in problem.patterns])

    def allowed(week: tuple[int, ...]) -> bool:
        shifts = np.array([week])
        one = Roster((Agent("x", 0, ""),), shifts, design.counts)
        return judged(problem, one).broken.empty

    weeks = [w for w in itertools.product((-1, 0, 1, 2), repeat=3) if allowed(w)]
    best = 0.0
    for pair in itertools.combinations_with_replacement(weeks, 2):
        both = held(Roster((), np.array(pair), design.counts), 3)
        if (both <= wanted).all():
            best = max(best, float((both * paid).sum()))
    found = float((wanted * paid).sum() - (roster.unfilled[0] * paid).sum())
    assert found >= best
    assert judged(problem, roster).broken.empty


@pytest.mark.parametrize("law", ["cn", "eu"])
def test_a_large_group_in_blocks(make: Make, law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty people taken in blocks of ten by the week: seats filled, no rule broken."""
    monkeypatch.setattr("solver.roster._BLOCK_CELLS", 100)
    monkeypatch.setattr("solver.roster._BLOCK_PEOPLE", 10)
    problem = make(days=14, rules=law_rules(law), patterns=PATTERNS[:2])
    seats = {(d, p): 14 if d % 7 < 5 else 13 + p for d in range(14) for p in (EARLY, LATE)}
    design = plan(problem, seats, [40])
    roster = name_shifts(problem, design, deterministic_seconds=8)
    found = judged(problem, roster).broken
    assert set(found["rule"]) <= {"contract_hours", "contract_shifts"}
    assert roster.unfilled.sum() <= 0.01 * design.counts.sum()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_random_plans_never_break_a_rule(make: Make, data: st.DataObject) -> None:
    """Random seats, leave and rule sets: no law or hard rule of the catalogue is broken."""
    rules = data.draw(
        st.lists(
            st.sampled_from(
                [
                    Rule("max_hours_week", 32, Mode.HARD),
                    Rule("max_average_week_hours", 30, Mode.HARD),
                    Rule("min_rest_h", 12, Mode.LAW),
                    Rule("max_consecutive_days", 3, Mode.LAW),
                    Rule("min_days_off_week", 2, Mode.LAW),
                    Rule("min_weekly_rest_h", 40, Mode.LAW),
                    Rule("min_weekly_rest_h", 60, Mode.HARD),
                    Rule("max_night_hours", 7, Mode.LAW),
                    Rule("max_consecutive_nights", 1, Mode.HARD),
                    Rule("min_free_weekends", 2, Mode.HARD),
                    Rule("max_overtime_hours_month", 4, Mode.LAW),
                    Rule("min_rest_h", 14, Mode.PRICED, price=3),
                    Rule("min_weekly_rest_h", 70, Mode.PRICED, price=3),
                ]
            ),
            max_size=5,
        )
    )
    away = data.draw(st.frozensets(st.integers(0, 13), max_size=4))
    people = [Agent("Ann", 0, "", paid_away=away), Agent("Bob", 0, "", unavailable=away)]
    own = contract(week_hours_min=0, week_shifts_min=0, week_shifts_max=7, overtime_max_hours=8)
    problem = make(days=14, agents=people, contracts=[own], rules=rules)
    seats = {
        (day, p): data.draw(st.integers(0, 1), label=f"{day} {p}")
        for day in range(14)
        for p in (EARLY, LATE, NIGHT, HALF)
    }
    roster = name_shifts(problem, plan(problem, seats, [3]), deterministic_seconds=1)
    assert judged(problem, roster).broken.empty


def test_a_rest_after_a_night_into_the_next_week_does_not_count_for_this_one(make: Make) -> None:
    """Nights on Monday, Wednesday, Friday and Sunday leave no 60 h; Sunday's ends on Monday."""
    own = contract(week_hours_min=0, week_shifts_min=0, week_shifts_max=7)
    rest = Rule("min_weekly_rest_h", 60, Mode.HARD)
    problem = make(days=14, agents=[Agent("Ann", 0, "")], contracts=[own], rules=[rest])
    seats = {(day, NIGHT): 1 for day in (0, 2, 4, 6)}
    roster = name_shifts(problem, plan(problem, seats, [1]), deterministic_seconds=1)
    assert judged(problem, roster).broken.empty
    assert roster.unfilled.sum() == 1


def test_new_seats_change_few_people_and_nothing_past(make: Make) -> None:
    """One early seat of Thursday becomes late: one person's day changes, or none if it is dear."""
    own = contract(week_hours_min=0, week_shifts_min=0)
    problem = make(agents=[Agent("Ann", 0, ""), Agent("Bob", 0, "")], contracts=[own])
    before = name_shifts(problem, plan(problem, week_of_seats(2, 2, 2, 2), [2]))
    seats = week_of_seats(2, 0, 2, 1) | {(3, LATE): 1}
    design = plan(problem, seats, [2])
    after = rename_shifts(problem, design, before, first_day=2, change_price=30)
    assert np.argwhere(after.shifts != before.shifts)[:, 1].tolist() == [3]
    assert sorted(after.shifts[:, 3].tolist()) == [EARLY, LATE]
    dear = rename_shifts(problem, design, before, first_day=2, change_price=1e5)
    assert np.array_equal(dear.shifts, before.shifts)
    assert dear.unfilled[0, 3, LATE] == 1


def test_the_cost_of_names_is_proved_where_nothing_is_left_undone(make: Make) -> None:
    """Seven people and 35 seats cost nothing; a seat that nobody can take is in the bound."""
    problem = make(rules=law_rules("cn"))
    design = plan(problem, week_of_seats(*[5] * 7), [7])
    proof = prove_names(problem, design, name_shifts(problem, design))
    assert (proof.cost, proof.bound) == (pytest.approx(0.0), pytest.approx(0.0, abs=1e-6))
    problem = make()
    design = plan(problem, week_of_seats(*[1] * 6), [1])
    proof = prove_names(problem, design, name_shifts(problem, design))
    assert proof.cost == pytest.approx(20 * 8 * 10)
    assert proof.bound == pytest.approx(proof.cost, rel=0.02)
