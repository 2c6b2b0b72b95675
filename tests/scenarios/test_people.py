"""Patterns, groups, agents, premiums and rates from a plan's rows, by hand."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

from scenarios.demand import demand
from scenarios.people import (
    agent_speed,
    contracts,
    groups_and_agents,
    overtime_factor,
    patterns,
    premiums,
    price_steps,
    rules,
)
from scenarios.plan import check_plan
from staffing.timegrid import TimeGrid
from tests.scenarios.smallplan import (
    changed,
    history,
    more_rows,
    with_rows,
    with_settings,
)

NEVER = dt.date(2026, 12, 7)


@pytest.fixture
def october(small_plan):
    """The week of Monday 28 September 2026: Thursday to Saturday are National Day holidays."""
    start = dt.date(2026, 9, 28)
    plan = with_settings(replace(small_plan, history=history(start=start)), start=start)
    return plan, demand(plan)


def people(plan, told):
    shifts, groups, agents = groups_and_agents(plan, told)
    return shifts, {g.name: g for g in groups}, {a.name: a for a in agents}


class TestPatterns:
    """Every shift at every start."""

    def test_codes_starts_and_who_may_work_them(self, small_plan, small_demand):
        found, allowed = patterns(small_plan, small_demand.grid)
        codes = [p.code for p in found]
        assert codes == [
            "D@09:00",
            "P@09:00",
            "P@10:00",
            "P@11:00",
            "P@12:00",
            "P@13:00",
            "C@09:00",
        ]
        assert [codes[k] for k in allowed["half"]] == codes[1:6]
        assert [codes[k] for k in allowed["chief"]] == ["C@09:00"]
        assert (found[2].start, found[2].length, found[2].end) == (10, 4, 14)

    def test_paid_hours_are_the_length_less_unpaid_breaks(self, small_plan, small_demand):
        """8 h with an unpaid hour pays 7; paid breaks take nothing; stated hours are kept."""
        found, _ = patterns(small_plan, small_demand.grid)
        assert {p.shift: p.paid_h for p in found} == {"D": 7.0, "P": 4.0, "C": 8.0}
        assert (found[0].breaks[0].earliest, found[0].breaks[0].latest) == (2, 5)
        assert not found[-1].breaks[0].leaves_post

    def test_breaks_are_counted_in_quarter_hours_on_a_grid_of_quarters(self, small_plan):
        plan = with_settings(small_plan, interval_min=15)
        found, _ = patterns(plan, TimeGrid(NEVER, 7, 15))
        assert (found[0].start, found[0].length) == (36, 32)
        assert (found[0].breaks[0].earliest, found[0].breaks[0].latest) == (8, 20)

    def test_a_shift_without_a_contract_is_for_all_but_outsourced(self, small_plan, small_demand):
        plan = more_rows(
            small_plan,
            "contracts",
            {
                "contract": "agency",
                "kind": "outsourced",
                "role": "agent",
                "people_min": 0,
                "people_max": 2,
            },
        )
        plan = more_rows(plan, "shifts", {"shift": "X", "first_start": 600, "length_h": 6})
        found, allowed = patterns(plan, small_demand.grid)
        assert found[-1].code == "X@10:00"
        holders = {name for name, numbers in allowed.items() if len(found) - 1 in numbers}
        assert holders == {"staff", "half", "chief"}

    def test_weekdays_are_numbers(self, small_plan, small_demand):
        plan = changed(small_plan, "shifts", {"shift": "C"}, weekdays="mon sat")
        assert patterns(plan, small_demand.grid)[0][-1].weekdays == {0, 5}

    def test_one_code_of_two_contracts_makes_two_patterns(self, small_plan, small_demand):
        plan = more_rows(
            small_plan,
            "shifts",
            {"shift": "D", "contract": "chief", "first_start": 540, "length_h": 9},
        )
        found, allowed = patterns(plan, small_demand.grid)
        twice = [p for p in found if p.shift == "D"]
        assert len({p.code for p in twice}) == 2
        assert [found[k].length for k in allowed["staff"]] == [8]
        assert [found[k].length for k in allowed["chief"]] == [8, 9]


class TestGroups:
    """Contract x role, with its range of heads."""

    def test_one_group_a_contract_with_its_range(self, small_plan, small_demand):
        _, groups, _ = people(small_plan, small_demand)
        ranges = {name: (g.people_min, g.people_max) for name, g in groups.items()}
        assert ranges == {"staff": (2, 2), "half": (0, 1), "chief": (1, 1)}
        assert groups["staff"].speed.tolist() == [1, 1, 0]
        assert groups["chief"].speed.tolist() == [0, 0, 1]
        assert groups["staff"].order.tolist()[:2] == [1, 2]

    def test_agents_of_another_role_make_a_group_and_leave_the_contracts_range(
        self, small_plan, small_demand
    ):
        """Staff 2-5 with one named lead among them: 1-4 are left for agents, 1 lead is given."""
        plan = changed(small_plan, "contracts", {"contract": "staff"}, people_max=5)
        plan = changed(plan, "agents", {"agent": "S2"}, role="lead")
        _, groups, agents = people(plan, small_demand)
        assert (groups["staff"].people_min, groups["staff"].people_max) == (1, 4)
        assert (groups["staff lead"].people_min, groups["staff lead"].people_max) == (1, 1)
        names = list(groups)
        assert names[agents["S1"].group] == "staff"
        assert names[agents["S2"].group] == "staff lead"
        assert groups["staff lead"].patterns == groups["staff"].patterns

    def test_shrinkage_is_split_into_absence_and_time_away(self, small_plan, small_demand):
        plan = with_rows(
            small_plan,
            "shrinkage",
            {"kind": "sickness", "share": 0.1, "planned": False},
            {"kind": "meetings", "share": 0.05, "role": "agent"},
        )
        _, groups, _ = people(plan, small_demand)
        assert groups["staff"].absence == pytest.approx(0.1)
        assert groups["staff"].away_share == pytest.approx(0.05)
        assert groups["staff"].attendance == pytest.approx(0.9 * 0.95)
        assert groups["chief"].attendance == pytest.approx(0.9)

    def test_contracts_run_in_days_of_the_horizon(self, small_plan, small_demand):
        plan = changed(
            small_plan,
            "contracts",
            {"contract": "half"},
            from_=dt.date(2026, 12, 9),
            to=dt.date(2026, 12, 10),
        )
        half = contracts(plan, small_demand.grid)["half"]
        assert [half.employs(d) for d in range(5)] == [False, False, True, True, False]


class TestAgents:
    """Days, wishes, pins and pace of named people."""

    def agent(self, plan, told, name="S1"):
        return people(plan, told)[2][name]

    def test_kinds_of_availability(self, small_plan, small_demand):
        def row(kind, first, last=None, **more):
            days = {"from_": NEVER + dt.timedelta(days=first)}
            if last is not None:
                days["to"] = NEVER + dt.timedelta(days=last)
            return {"agent": "S1", "kind": kind, **days, **more}

        plan = with_rows(
            small_plan,
            "availability",
            row("leave", -2, 0),
            row("sick", 1),
            row("training", 2),
            row("unavailable", 3),
            row("off_request", 4, weight=30),
            row("shift_request", 5, shift="D", weight=20),
            row("pin", 6, shift="D@9:00"),
        )
        agent = self.agent(plan, small_demand)
        assert agent.paid_away == {0, 1, 2}
        assert agent.unavailable == {3}
        assert [(w.day, w.shift, w.weight) for w in agent.wishes] == [(4, "", 30), (5, "D", 20)]
        assert agent.pins == {6: "D@09:00"}

    def test_a_pin_means_the_contracts_own_pattern(self, small_plan, small_demand):
        """Two contracts share the code D: a pin as D@09:00 is that of the agent's contract."""
        plan = more_rows(
            small_plan,
            "shifts",
            {"shift": "D", "contract": "chief", "first_start": 540, "length_h": 9},
        )
        plan = with_rows(
            plan,
            "availability",
            {"agent": "C1", "from_": NEVER, "kind": "pin", "shift": "D@09:00"},
        )
        shifts, groups, agents = people(plan, small_demand)
        pinned = agents["C1"].pins[0]
        assert pinned in [shifts[k].code for k in groups["chief"].patterns]

    def test_a_pin_may_keep_a_day_off_unless_a_shift_is_called_so(self, small_plan, small_demand):
        pin = {"agent": "S1", "from_": NEVER, "kind": "pin", "shift": "off"}
        plan = with_rows(small_plan, "availability", pin)
        assert check_plan(plan)[0] == ()
        assert self.agent(plan, small_demand).pins == {0: ""}
        named = changed(plan, "shifts", {"shift": "D"}, shift="off")
        assert self.agent(named, small_demand).pins == {0: "off"}

    def test_who_is_hired_later_cannot_be_planned_before(self, small_plan, small_demand):
        plan = changed(small_plan, "agents", {"agent": "S1"}, hired=dt.date(2026, 12, 9))
        assert self.agent(plan, small_demand).unavailable == {0, 1}

    def test_pace_grows_with_tenure(self, small_plan, small_demand):
        """S1 is new (0.7), S2 experienced: the group's pace is the mean 0.85, theirs beside it."""
        plan = with_rows(
            small_plan,
            "tenure",
            {"from_months": 0, "speed": 0.7},
            {"from_months": 3, "speed": 1.0},
        )
        plan = changed(plan, "agents", {"agent": "S1"}, hired=dt.date(2026, 11, 1))
        _, groups, agents = people(plan, small_demand)
        assert groups["staff"].speed[0] == pytest.approx(0.85)
        assert agents["S1"].speed * 0.85 == pytest.approx(0.7)
        assert agents["S2"].speed * 0.85 == pytest.approx(1.0)

    def test_a_roles_own_tenure_goes_before_everyones(self, small_plan):
        plan = with_rows(
            small_plan,
            "tenure",
            {"from_months": 0, "speed": 0.5, "role": "agent"},
            {"from_months": 0, "speed": 0.9},
            {"from_months": 6, "speed": 1.2},
        )
        assert agent_speed(plan, plan.agents[0], "agent") == 0.5
        assert agent_speed(plan, plan.agents[0], "lead") == 1.2

    def test_a_day_before_hiring_the_pace_is_that_of_a_beginner(self, small_plan):
        plan = with_rows(small_plan, "tenure", {"from_months": 0, "speed": 0.6})
        plan = changed(plan, "agents", {"agent": "S1"}, hired=dt.date(2026, 12, 20), speed=1.1)
        assert agent_speed(plan, plan.agents[0], "agent") == pytest.approx(0.66)

    def test_a_contract_of_nobody_by_name_has_the_pace_of_its_hiring(
        self, small_plan, small_demand
    ):
        """Half-time people hired six weeks ago are at 0.7; those with names are not touched."""
        plan = with_rows(
            small_plan,
            "tenure",
            {"from_months": 0, "speed": 0.7},
            {"from_months": 3, "speed": 1.0},
        )
        plan = changed(plan, "contracts", {}, hired=dt.date(2026, 10, 26))
        _, groups, _ = people(plan, small_demand)
        assert groups["half"].speed[:2].tolist() == pytest.approx([0.7, 0.7])
        assert groups["staff"].speed[0] == pytest.approx(1.0)


class TestRates:
    """Premiums, overtime, price steps, rules."""

    def test_the_law_triples_holidays_unless_the_plan_says_otherwise(self, october):
        plan, told = october
        (law,) = premiums(plan, told)
        assert (law.contract, law.factor, law.from_min, law.to_min) == ("", 3.0, 0, 1440)
        assert law.day_mask.tolist() == [False] * 3 + [True] * 3 + [False] + [True] * 2
        stated = with_rows(
            plan,
            "rates",
            {"name": "feast", "kind": "premium", "weekday": "holiday", "factor": 2.0},
        )
        assert [(p.name, p.factor) for p in premiums(stated, told)] == [("feast", 2.0)]
        assert premiums(with_settings(plan, law="eu"), told) == ()

    def test_a_holiday_rate_of_one_contract_leaves_the_law_to_the_others(self, october):
        plan, told = october
        plan = with_rows(
            plan,
            "rates",
            {
                "name": "feast",
                "kind": "premium",
                "contract": "half",
                "weekday": "holiday",
                "factor": 2,
            },
        )
        found = {(p.contract, p.factor) for p in premiums(plan, told)}
        assert found == {("half", 2.0), ("staff", 3.0), ("chief", 3.0)}

    @pytest.mark.parametrize(
        ("weekday", "days"),
        [("", range(9)), ("sat", [5]), ("rest_day", [6]), ("workday", [0, 1, 2]), ("tue", [1, 8])],
    )
    def test_days_of_a_premium(self, october, weekday, days):
        """28 Sep to 4 Oct 2026 and two days more; the 4th is a Sunday, the 5th a holiday again."""
        plan, told = october
        plan = with_rows(
            plan,
            "rates",
            {
                "name": "x",
                "kind": "premium",
                "weekday": weekday,
                "factor": 1.5,
                "from_": 1320,
                "to": 1440,
            },
        )
        found = premiums(plan, told)[0]
        assert np.flatnonzero(found.day_mask).tolist() == list(days)
        assert (found.from_min, found.to_min) == (1320, 1440)

    def test_a_premium_past_midnight_goes_on_the_day_after(self, october):
        """Saturdays 22:00 to 30:00: two hours of the Saturday, six of the Sunday, one name."""
        plan, told = october
        night = {"name": "night", "kind": "premium", "weekday": "sat", "factor": 1.5}
        plan = with_rows(plan, "rates", night | {"from_": 1320, "to": 1800})
        evening, morning = (p for p in premiums(plan, told) if p.name == "night")
        assert (evening.from_min, evening.to_min) == (1320, 1440)
        assert (morning.from_min, morning.to_min) == (0, 360)
        assert np.flatnonzero(evening.day_mask).tolist() == [5]
        assert np.flatnonzero(morning.day_mask).tolist() == [6]

    def test_a_premium_wholly_after_midnight_is_one_of_the_day_after(self, october):
        """Sundays 24:00 to 30:00 begin with the Sunday before the plan."""
        plan, told = october
        late = {"name": "late", "kind": "premium", "weekday": "sun", "factor": 1.5}
        plan = with_rows(plan, "rates", late | {"from_": 1440, "to": 1800})
        (found,) = (p for p in premiums(plan, told) if p.name == "late")
        assert (found.from_min, found.to_min) == (0, 360)
        assert np.flatnonzero(found.day_mask).tolist() == [0, 7]

    def test_a_holiday_shift_costs_three_times_the_wage(self, october):
        plan, told = october
        shifts, groups, _ = people(plan, told)
        staff = groups["staff"]
        assert shifts[0].code == "D@09:00"
        assert staff.shift_cost[0, 0] == pytest.approx(7 * 60)
        assert staff.shift_cost[3, 0] == pytest.approx(3 * 7 * 60)

    def test_overtime_and_price_steps(self, small_plan):
        assert overtime_factor(small_plan) == 1.5
        plan = with_rows(
            small_plan,
            "rates",
            {"name": "late", "kind": "overtime", "factor": 1.7},
            {
                "name": "bulk",
                "kind": "outsourced_step",
                "contract": "agency",
                "from_hours": 100,
                "price_per_hour": 80,
            },
        )
        assert overtime_factor(plan) == 1.7
        (step,) = price_steps(plan)
        assert (step.contract, step.from_hours, step.price_per_hour) == ("agency", 100, 80)

    def test_the_plans_rules_come_beside_the_laws(self, small_plan):
        plan = with_rows(
            small_plan,
            "rules",
            {"rule": "min_rest_h", "scope": "role", "who": "agent", "value": 14},
        )
        stated = [r for r in rules(plan) if r.scope == "role"]
        assert [(r.id, r.value, r.who) for r in stated] == [("min_rest_h", 14, "agent")]
        assert len(rules(plan)) == len(rules(small_plan)) + 1

    def test_a_month_without_a_cap_on_hours_is_endless(self, small_plan, small_demand):
        assert math.isinf(contracts(small_plan, small_demand.grid)["staff"].month_hours_max)
