"""From a plan to the solver's problem: goals, pools, floors, deadlines, presence, by hand."""

import datetime as dt

import numpy as np
import pytest

from scenarios.build import FIRST_RESERVE, Corrections, build_problem
from scenarios.demand import demand
from tests.scenarios.smallplan import changed, more_rows, with_rows, with_settings

VIP = {"queue": "vip", "channel": "phone", "hours": "office", "aht_s": 300, "patience_s": 60}
VIP_TARGET = {"queue": "vip", "measure": "answered_within", "limit": 30, "unit": "s", "share": 0.9}


def problem_of(plan, corrections=None):
    told = demand(plan)
    return build_problem(plan, told, corrections), told


def goals(problem):
    return [g for pool in problem.pools for queue in pool.queues for g in queue.goals]


@pytest.fixture(scope="module")
def problem(small_plan, small_demand):
    return build_problem(small_plan, small_demand)


class TestGoals:
    """Targets become goals with levels by period."""

    def test_a_share_a_week(self, problem):
        (goal,) = goals(problem)
        assert (goal.measure, goal.promised, goal.period, goal.hard) == (
            "in_time",
            0.8,
            "week",
            True,
        )
        assert goal.level.tolist() == [0.8]
        assert set(goal.period_of.tolist()) == {0}

    @pytest.mark.parametrize(
        ("measure", "row", "promised"),
        [
            ("wait", {"measure": "mean_wait", "limit": 0.5, "unit": "min"}, 30.0),
            ("abandoned", {"measure": "abandoned", "limit": 0.05}, 0.05),
        ],
    )
    def test_caps_are_in_seconds_and_shares(self, small_plan, measure, row, promised):
        """Half a minute of waiting is held as 30 seconds."""
        goal = goals(problem_of(more_rows(small_plan, "targets", {"queue": "phone", **row}))[0])[-1]
        assert (goal.measure, goal.promised) == (measure, promised)

    def test_a_month_across_two_calendar_months_has_two_periods(self, small_plan):
        """1 January 2027 lies in the fourth week: December and January are held apart."""
        plan = changed(
            with_settings(small_plan, weeks=4), "targets", {"queue": "phone"}, period="month"
        )
        problem, told = problem_of(plan)
        (goal,) = goals(problem)
        assert len(goal.level) == 2
        first = int(np.flatnonzero(goal.period_of == 1)[0])
        assert told.grid.start_of(first).date() == dt.date(2027, 1, 1)

    def test_interval_targets_have_a_level_for_each(self, small_plan):
        plan = changed(small_plan, "targets", {"queue": "phone"}, period="interval")
        assert goals(problem_of(plan)[0])[0].level.shape == (7 * 24,)

    def test_corrections_shift_a_level_and_stop_below_all(self, small_plan):
        key = "phone answered_within 60 s", "week"
        goal = goals(problem_of(small_plan, Corrections({key: np.array([0.05])}, {}))[0])[0]
        assert goal.level.tolist() == pytest.approx([0.85])
        assert goal.promised == 0.8
        goal = goals(problem_of(small_plan, Corrections({key: np.array([0.5])}, {}))[0])[0]
        assert goal.level.tolist() == [0.998]

    def test_one_promise_by_week_and_by_day_is_corrected_apart(self, small_plan):
        """The same limit over two periods: each has levels of its own number of periods."""
        plan = more_rows(
            small_plan,
            "targets",
            {
                "queue": "phone",
                "measure": "answered_within",
                "limit": 60,
                "unit": "s",
                "share": 0.6,
                "period": "day",
            },
        )
        key = "phone answered_within 60 s", "day"
        found = goals(problem_of(plan, Corrections({key: np.full(7, 0.1)}, {}))[0])
        assert [(g.period, g.level.tolist()) for g in found] == [
            ("week", [0.8]),
            ("day", pytest.approx([0.7] * 7)),
        ]

    def test_prices_of_priced_targets_are_the_plans(self, small_plan):
        plan = changed(small_plan, "targets", {"queue": "phone"}, mode="priced", price=7)
        (goal,) = goals(problem_of(plan)[0])
        assert (goal.hard, goal.price) == (False, 7)


class TestPools:
    """Live queues that the same people serve wait in one line."""

    def plan(self, small_plan, **speed):
        plan = more_rows(small_plan, "queues", VIP)
        plan = more_rows(plan, "targets", VIP_TARGET)
        return more_rows(plan, "roles", {"role": "agent", "queue": "vip", **speed})

    def test_the_same_people_at_the_same_pace_pool(self, small_plan):
        problem, _ = problem_of(self.plan(small_plan))
        assert [pool.name for pool in problem.pools] == ["phone + vip"]

    def test_another_pace_people_or_number_at_once_do_not(self, small_plan):
        assert len(problem_of(self.plan(small_plan, speed=0.5))[0].pools) == 2
        others = more_rows(self.plan(small_plan), "roles", {"role": "lead", "queue": "vip"})
        assert len(problem_of(others)[0].pools) == 2
        chats = changed(self.plan(small_plan), "queues", {"queue": "vip"}, at_once=2)
        assert len(problem_of(chats)[0].pools) == 2

    def test_load_is_contacts_times_handle_time_over_those_at_once(self, small_plan):
        """6 calls of 300 s in an hour are half an Erlang; two at once, a quarter of an agent."""
        problem, told = problem_of(small_plan)
        busiest = told.work.arrivals[0].max()
        assert problem.pools[0].load.max() == pytest.approx(busiest * 300 / 3600)
        double = changed(small_plan, "queues", {"queue": "phone"}, at_once=2)
        assert problem_of(double)[0].pools[0].load.max() == pytest.approx(busiest * 300 / 7200)

    def test_the_floor_keeps_people_present_when_open_only(self, small_plan):
        plan = with_settings(small_plan, service={"floor": 0.0, "present_min": 2})
        problem, told = problem_of(plan)
        np.testing.assert_array_equal(problem.pools[0].floor, 2 * told.open_masks[0])

    def test_a_higher_floor_asks_for_more(self, small_plan):
        def floor(share):
            plan = with_settings(small_plan, service={"floor": share})
            return problem_of(plan)[0].pools[0].floor.max()

        assert floor(0.6) == 1
        assert floor(0.9) == 2


class TestDeferred:
    """Work with deadlines."""

    def test_work_is_contacts_times_handle_time_with_a_first_reserve(self, problem, small_demand):
        (email,) = problem.deferred
        arrivals = small_demand.work.arrivals[1]
        np.testing.assert_allclose(email.work_h, arrivals * 600 / 3600)
        assert email.reserve.tolist() == [FIRST_RESERVE]

    def test_due_after_eight_open_hours_is_the_same_hour_of_the_next_day(self, problem):
        """A mail of Monday 10:00 is due on Tuesday 10:00: in the interval that ends by then."""
        assert problem.deferred[0].due[10] == 24 + 9

    def test_due_on_the_next_business_day_runs_over_the_weekend(self, small_plan):
        """Friday's mail is due by Monday 17:00, beyond a horizon of one week."""
        plan = changed(small_plan, "targets", {"queue": "email"}, limit=1, unit="business_day")
        due = problem_of(plan)[0].deferred[0].due
        assert due[9] == 24 + 16
        assert due[4 * 24 + 10] >= 7 * 24

    def test_reserve_is_what_simulations_taught(self, small_plan):
        corrected = Corrections({}, {"email": np.array([0.3])})
        assert problem_of(small_plan, corrected)[0].deferred[0].reserve.tolist() == [0.3]

    def test_weekly_hours_are_work_of_the_week_without_reserve(self, small_plan):
        plan = with_rows(
            small_plan,
            "targets",
            *[t.model_dump() for t in small_plan.targets if t.queue != "lead"],
            {"queue": "lead", "measure": "weekly_hours", "limit": 20, "unit": "h"},
        )
        problem, told = problem_of(with_settings(plan, weeks=2))
        lead = problem.deferred[-1]
        assert lead.work_h.reshape(2, -1).sum(axis=1).tolist() == [20, 20]
        assert lead.reserve.tolist() == [0, 0]
        assert told.queues[lead.queue].name == "lead"


class TestPosts:
    """People who must be there."""

    def test_presence_in_every_open_interval(self, problem, small_demand):
        (lead,) = problem.presence
        np.testing.assert_array_equal(lead.required, small_demand.open_masks[2].astype(int))

    def test_five_people_for_each_200_requests_of_the_day(self, small_plan, small_demand):
        """48 calls and 24 mails a day are 72 requests: 5 for each 200 are 1.8, so 2 people."""
        plan = more_rows(
            small_plan,
            "targets",
            {"queue": "lead", "measure": "per_requests", "limit": 5, "per": 200},
        )
        plan = more_rows(
            plan, "roles", {"role": "lead", "queue": "phone"}, {"role": "lead", "queue": "email"}
        )
        problem, told = problem_of(plan)
        (heads,) = problem.day_heads
        day = told.work.arrivals[:2].sum(axis=0).reshape(7, 24).sum(axis=1)
        assert day[0] == pytest.approx(72, rel=0.05)
        assert heads.required.tolist() == [2] * 5 + [0, 0]

    def test_requests_of_other_peoples_queues_do_not_count(self, small_plan):
        """The lead serves nothing else: no requests, nobody asked for."""
        plan = more_rows(
            small_plan,
            "targets",
            {"queue": "lead", "measure": "per_requests", "limit": 5, "per": 200},
        )
        assert problem_of(plan)[0].day_heads[0].required.sum() == 0


def test_self_service_asks_for_nobody(small_plan):
    plan = more_rows(small_plan, "queues", {"queue": "help pages", "channel": "self_service"})
    problem, _ = problem_of(plan)
    assert [problem.queues[d.queue] for d in problem.deferred] == ["email"]


def test_a_plan_of_quarter_hours_has_the_same_work(small_plan, small_demand):
    told = demand(with_settings(small_plan, interval_min=15))
    assert told.grid.size == 4 * small_demand.grid.size
    assert told.open_masks.sum() == 4 * small_demand.open_masks.sum()
