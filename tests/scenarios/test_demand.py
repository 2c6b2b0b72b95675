"""What reaches people: calendar, kinds of queue, growth, work, by hand."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from scenarios.demand import day_kinds, demand, plan_calendar, plan_queues
from scenarios.errors import PlannerError
from staffing.calendar import DayKind
from staffing.queues import QueueKind
from tests.scenarios.smallplan import (
    CALLS,
    MAILS,
    changed,
    history,
    more_rows,
    with_rows,
    with_settings,
)

OPEN = 5 * 8


def of(told, name):
    return next(k for k, q in enumerate(told.queues) if q.name == name)


def test_an_even_past_forecasts_itself(small_demand):
    phone = small_demand.volume[of(small_demand, "phone")]
    assert small_demand.open_masks[of(small_demand, "phone")].sum() == OPEN
    np.testing.assert_allclose(phone[phone > 0], CALLS, rtol=0.03)
    assert (phone > 0).sum() == OPEN


def test_growth_is_in_the_work_and_in_the_table_that_planners_read(small_plan, small_demand):
    """A forecast of 20 % more shows in forecast.csv as well, quantiles and all."""
    grown = demand(with_settings(small_plan, forecast={"growth": 0.2}))
    np.testing.assert_allclose(grown.volume, 1.2 * small_demand.volume)
    for column in ("volume", "q0.1", "q0.9"):
        np.testing.assert_allclose(
            grown.forecast.table[column], 1.2 * small_demand.forecast.table[column]
        )


def test_a_history_that_begins_too_late_is_told_as_a_fault_of_the_plan(small_plan):
    plan = with_settings(small_plan, forecast={"history_from": dt.date(2027, 1, 1)})
    with pytest.raises(PlannerError, match="leaves no history"):
        demand(plan)


def test_a_post_and_self_service_are_nobodys_contacts(small_plan):
    plan = more_rows(small_plan, "queues", {"queue": "help pages", "channel": "self_service"})
    kinds = {q.name: q.kind for q in plan_queues(plan)}
    assert kinds == {
        "phone": QueueKind.LIVE,
        "email": QueueKind.DEFERRED,
        "lead": QueueKind.POST,
        "help pages": QueueKind.POST,
    }


def test_a_target_without_period_takes_the_plans(small_plan):
    plan = with_settings(small_plan, service={"period": "day"})
    plan = changed(plan, "targets", {"queue": "phone"}, period="")
    phone = plan_queues(plan)[0]
    assert phone.targets[0].period == "day"
    assert phone.targets[0].limit_s == 60


def test_a_stated_handle_time_goes_before_the_historys(small_plan):
    plan = changed(small_plan, "queues", {"queue": "email"}, aht_s=None)
    plan = replace(plan, history=history().assign(aht_s=999.0))
    work = demand(plan).work
    assert work.aht_s[0].max() == 300
    assert np.isclose(work.aht_s[1][work.arrivals[1] > 0], 999).all()


def test_escalated_work_has_the_uncertainty_of_its_sender(small_plan):
    """A queue without a history that another feeds gets volume and spread from it."""
    plan = changed(
        small_plan, "queues", {"queue": "phone"}, escalates_to="experts", escalation_share=0.25
    )
    plan = more_rows(
        plan, "queues", {"queue": "experts", "channel": "email", "hours": "office", "aht_s": 900}
    )
    plan = more_rows(
        plan,
        "targets",
        {"queue": "experts", "measure": "replied_within", "limit": 1, "unit": "business_day"},
    )
    told = demand(plan)
    sent = told.work.arrivals[of(told, "experts")].sum()
    assert sent == pytest.approx(0.25 * told.work.arrivals[of(told, "phone")].sum())
    assert told.day_cv[of(told, "experts")] == told.day_cv[of(told, "phone")]


def test_deflection_and_repeats_by_hand(small_plan, small_demand):
    """Of 100 contacts 20 are deflected; of the rest 10 % come again, and again: 80 / 0.9."""
    plan = changed(
        small_plan, "queues", {"queue": "email"}, deflected_share=0.2, fcr=0.9, repeat_after_h=1
    )
    work = demand(plan).work
    email = of(small_demand, "email")
    first = small_demand.work.arrivals[email].sum()
    assert work.arrivals[email].sum() == pytest.approx(first * 0.8 / 0.9, rel=1e-3)


class TestCalendar:
    """National Day 2026: 1-7 October off in China."""

    @pytest.fixture
    def october(self, small_plan):
        start = dt.date(2026, 9, 28)
        plan = replace(small_plan, history=history(start=start))
        return with_settings(plan, start=start)

    def test_the_countrys_holidays_are_known(self, october):
        calendar = plan_calendar(october)
        assert calendar.kind(dt.date(2026, 10, 1)) is DayKind.HOLIDAY
        assert calendar.kind(dt.date(2026, 9, 29)) is DayKind.WORKDAY

    def test_the_plans_rows_go_before_the_countrys(self, october):
        plan = with_rows(
            october,
            "calendar",
            {"date": dt.date(2026, 10, 2), "kind": "working_day"},
            {"date": dt.date(2026, 9, 29), "kind": "holiday", "name": "Founder's day"},
            {"from_": dt.date(2026, 9, 30), "to": dt.date(2026, 10, 1), "kind": "closed"},
        )
        calendar = plan_calendar(plan)
        assert calendar.kind(dt.date(2026, 10, 2)) is DayKind.WORKDAY
        assert calendar.holidays[dt.date(2026, 9, 29)] == "Founder's day"
        assert not calendar.is_business_day(dt.date(2026, 9, 30))
        kinds = day_kinds(plan, demand(plan)).set_index("date")["kind"]
        assert kinds[dt.date(2026, 10, 3)] == "holiday"
        assert kinds[dt.date(2026, 9, 28)] == "workday"

    def test_a_made_up_saturday_is_open_as_a_monday(self, small_plan):
        plan = with_rows(
            small_plan, "calendar", {"date": dt.date(2026, 12, 12), "kind": "working_day"}
        )
        told = demand(plan)
        saturday = told.open_masks[of(told, "phone")].reshape(7, 24)[5]
        np.testing.assert_array_equal(np.flatnonzero(saturday), np.arange(9, 17))
        assert told.volume[of(told, "phone")].reshape(7, 24)[5].sum() > 0
        kinds = day_kinds(plan, told).set_index("date")["kind"]
        assert kinds[dt.date(2026, 12, 12)] == "working_day"

    def test_a_closure_of_one_queue_leaves_the_others_open(self, small_plan):
        plan = with_rows(
            small_plan,
            "calendar",
            {"date": dt.date(2026, 12, 8), "kind": "closed", "queue": "phone"},
        )
        told = demand(plan)
        open_hours = told.open_masks.reshape(3, 7, 24).sum(axis=2)
        assert open_hours[of(told, "phone")].tolist() == [8, 0, 8, 8, 8, 0, 0]
        assert open_hours[of(told, "email")].tolist() == [8, 8, 8, 8, 8, 0, 0]
        assert told.volume[of(told, "phone")].reshape(7, 24)[1].sum() == 0

    def test_a_closed_week_has_no_work_at_all(self, small_plan):
        plan = with_rows(
            small_plan,
            "calendar",
            {"from_": dt.date(2026, 12, 7), "to": dt.date(2026, 12, 13), "kind": "closed"},
        )
        told = demand(plan)
        assert not told.open_masks.any()
        assert told.work.arrivals.sum() == 0


def test_mails_are_as_many_as_the_past_says(small_demand):
    email = small_demand.work.arrivals[of(small_demand, "email")]
    assert email.sum() == pytest.approx(OPEN * MAILS, rel=0.03)
