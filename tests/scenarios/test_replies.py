"""Several promises to reply, a backlog by age and campaigns, from the tables to the verdicts."""

import datetime as dt

import numpy as np
import pytest

from scenarios.build import build_problem
from scenarios.demand import demand
from scenarios.errors import PlannerError
from scenarios.judge import service_table
from scenarios.plan.arithmetic import hours_balance
from scenarios.plan.checks import check_plan
from scenarios.replies import due_s_of, in_order, reply_targets
from scenarios.run import plan_run, simulate_run
from scenarios.runs import write_run
from scenarios.scene import build_scene
from staffing.queues import Measure, Target
from tests.scenarios.smallplan import changed, more_rows, with_rows, with_settings
from tests.scenarios.test_judge import CHIEF, STAFF, judged
from tests.scenarios.test_scene import roster_of

HOUR = 3600.0
REPLY = {"queue": "email", "measure": "replied_within", "unit": "open_h"}


def with_promises(plan, *promises):
    """E-mail with these (limit in open hours, share); e-mail is open 9-17 on weekdays."""
    kept = [t.model_dump() for t in plan.targets if t.queue != "email"]
    rows = [REPLY | {"limit": limit, "share": share} for limit, share in promises]
    return with_rows(plan, "targets", *kept, *rows)


def entries(plan):
    told = demand(plan)
    return build_problem(plan, told).deferred, told


@pytest.fixture(scope="module")
def plan(small_plan):
    return with_promises(small_plan, (16, 0.99), (4, 0.9))


class TestPromises:
    """90 % within 4 hours and 99 % within 16, written in any order."""

    def test_nine_tenths_are_due_early_and_the_rest_late(self, plan):
        (soon, late), told = entries(plan)
        work_h = told.work.arrivals[1] * 600 / 3600
        np.testing.assert_allclose(soon.work_h, 0.9 * work_h)
        np.testing.assert_allclose(late.work_h, 0.1 * work_h)
        assert (soon.key, late.key) == (
            "email replied_within 4 open_h",
            "email replied_within 16 open_h",
        )
        # A mail of Monday 10:00: by 14:00, and by Wednesday 10:00.
        assert (soon.due[10], late.due[10]) == (13, 2 * 24 + 9)

    def test_the_simulation_counts_both_and_works_by_the_first(self, plan):
        problem, told = build_problem(plan, demand(plan)), demand(plan)
        scene = build_scene(problem, told, roster_of(problem))
        assert scene.due_s[1, 10] == 14 * HOUR
        (later,) = scene.later
        assert later.due_s[10] == (48 + 10) * HOUR
        assert scene.later_number("email replied_within 16 open_h") == 0
        assert scene.later_number("email replied_within 4 open_h") is None

    def test_one_limit_over_two_periods_is_one_deadline(self, small_plan):
        plan = more_rows(small_plan, "targets", REPLY | {"limit": 8, "share": 0.8, "period": "day"})
        (email,), told = entries(plan)
        assert [t.share for t in reply_targets(told.queues[1])] == [0.9]
        assert email.key == "email replied_within 8 open_h"

    def test_each_promise_has_its_verdict(self, plan):
        """Nobody works on Monday: what came then keeps the later promise only."""
        replies = with_shifts(plan, *[s for s in STAFF if s[1] > 0])
        assert [(v.target.limit, v.promised) for v in replies] == [(4, 0.9), (16, 0.99)]
        soon, late = replies
        assert not soon.met
        assert late.met
        assert 0.6 < soon.simulated < 0.9 < late.simulated
        assert soon.predicted < 0.9
        assert late.predicted == pytest.approx(1.0)
        assert service_table(replies)["limit"].tolist() == [4, 16]

    def test_a_longer_limit_for_fewer_is_noticed(self, small_plan):
        plan = with_promises(small_plan, (4, 0.9), (16, 0.8))
        assert any("asks for nothing more" in str(notice) for notice in check_plan(plan)[1])


def with_shifts(plan, *shifts):
    """Verdicts on the promises to reply of a roster made by hand."""
    verdicts = judged(plan, *shifts, *CHIEF)
    return [v for v in verdicts if v.target.measure is Measure.REPLIED_WITHIN]


class TestBacklog:
    """Contacts that wait when the plan begins, on Monday at midnight."""

    def backlog(self, plan, *rows):
        return with_rows(
            plan,
            "backlog",
            *({"queue": "email", "age_h": age_h, "contacts": n} for age_h, n in rows),
        )

    def test_the_business_clock_ran_before_the_plan(self, small_plan):
        """Friday 15:00 is 57 hours old; two of its eight hours are gone: due Monday at 15:00."""
        (email,), told = entries(self.backlog(small_plan, (57, 12)))
        assert due_s_of(told, told.known[0], told.queues[1].targets[0]) == 15 * HOUR
        assert email.opening == ((pytest.approx(12 * 600 / 3600), 14),)
        assert email.total_h == pytest.approx(email.work_h.sum() + 2)

    def test_what_is_late_has_the_last_promise_anew(self, small_plan):
        """Two weeks old: as though it came at midnight, eight open hours: Monday 17:00."""
        (email,), _ = entries(self.backlog(small_plan, (14 * 24, 6)))
        assert email.opening == ((pytest.approx(1.0), 16),)

    def test_shares_that_are_late_fall_to_the_next_promise(self, small_plan):
        """Of Friday 10:00 (62 h old) the 4 hours are over; 16 hours end on Tuesday at 10:00."""
        plan = with_promises(small_plan, (4, 0.9), (16, 0.99))
        (soon, late), _ = entries(self.backlog(plan, (62, 6)))
        assert soon.opening == ()
        assert late.opening == ((pytest.approx(1.0), 24 + 9),)
        (soon, late), _ = entries(self.backlog(plan, (57, 6)))
        # Two of four hours are left for nine tenths of it.
        assert soon.opening == ((pytest.approx(0.9), 10),)
        assert late.opening == ((pytest.approx(0.1), 24 + 14),)

    def test_it_is_simulated_and_predicted_with_its_own_deadline(self, small_plan):
        """Forty mails of ten minutes that are late already, and six that are due at noon."""
        plan = self.backlog(small_plan, (14 * 24, 40), (60, 6))
        (email,), (before,) = with_shifts(plan, *STAFF), with_shifts(small_plan, *STAFF)
        assert [known.contacts for known in demand(plan).known] == [40, 6]
        assert email.simulated < before.simulated
        assert email.predicted <= before.predicted + 1e-9

    def test_hours_of_the_backlog_are_in_the_first_weeks_balance(self, small_plan):
        plan = with_settings(self.backlog(small_plan, (10, 30)), weeks=2)
        needed = hours_balance(plan).groupby("week")["needed_h"].sum()
        assert needed[1] - needed[2] == pytest.approx(5.0, abs=0.11)


class TestCampaigns:
    """Contacts begun by people, in a window of days and the queue's hours."""

    def campaign(self, plan, first, last, contacts=60):
        row = {"campaign": "spring", "queue": "email", "contacts": contacts, "from": first}
        return with_rows(plan, "campaigns", row | ({"to": last} if last else {}))

    def test_due_at_the_close_of_its_last_day(self, small_plan):
        """Tuesday to Thursday, 60 of ten minutes: 10 hours between Tuesday 9 and Thursday 17."""
        plan = self.campaign(small_plan, dt.date(2026, 12, 8), dt.date(2026, 12, 10))
        (email, spring), told = entries(plan)
        assert email.opening == ()
        assert spring.work_h[24 + 9] == pytest.approx(10.0) == spring.work_h.sum()
        assert spring.due[24 + 9] == 3 * 24 + 16
        assert spring.given_h == 2 * 24 + 8
        problem = build_problem(plan, told)
        (batch,) = build_scene(problem, told, roster_of(problem)).batches
        assert (batch.released_s, batch.due_s) == ((24 + 9) * HOUR, (3 * 24 + 17) * HOUR)

    def test_without_a_last_day_the_queues_own_limit_counts(self, small_plan):
        (_, spring), _ = entries(self.campaign(small_plan, dt.date(2026, 12, 8), None))
        assert spring.due[24 + 9] == 24 + 16

    def test_days_beyond_the_plan_do_their_part(self, small_plan):
        """Ten working days from Monday, five of them planned: 30 of 60."""
        plan = self.campaign(small_plan, dt.date(2026, 12, 1), dt.date(2026, 12, 18))
        _, told = entries(plan)
        assert told.known[0].contacts == 30
        assert told.known[0].due_s == (4 * 24 + 17) * HOUR
        assert any("30 of its 60" in notice for notice in told.notices)

    def test_a_window_without_an_open_day_is_told(self, small_plan):
        plan = self.campaign(small_plan, dt.date(2026, 12, 12), dt.date(2026, 12, 13))
        with pytest.raises(PlannerError, match="never open"):
            demand(plan)
        outside = self.campaign(small_plan, dt.date(2027, 3, 1), dt.date(2027, 3, 2))
        assert demand(outside).known == ()

    def test_it_fills_quiet_hours_and_holds(self, small_plan):
        plan = self.campaign(small_plan, dt.date(2026, 12, 7), dt.date(2026, 12, 11), contacts=20)
        (email,) = with_shifts(plan, *STAFF)
        assert email.met


def test_targets_keep_their_places_but_replies_are_sorted_among_themselves():
    rows = [
        Target("q", Measure.REPLIED_WITHIN, 1, "business_day"),
        Target("q", Measure.COST_PER_CONTACT, 3),
        Target("q", Measure.REPLIED_WITHIN, 4, "h"),
    ]
    assert [(t.measure.value[:4], t.limit) for t in in_order(rows)] == [
        ("repl", 4),
        ("cost", 3),
        ("repl", 1),
    ]


def test_a_small_plan_changes_in_nothing_without_the_new_tables(small_plan):
    (email,), told = entries(small_plan)
    assert told.known == ()
    assert (email.opening, email.given_h) == ((), None)
    plain = changed(small_plan, "targets", {"queue": "email"}, share=0.5)
    np.testing.assert_array_equal(entries(plain)[0][0].work_h, email.work_h)


def test_a_run_with_all_of_it_holds_and_comes_back_from_its_folder(small_plan, tmp_path):
    """Two promises, a backlog of two hours and a campaign of five: from tables to service.csv."""
    plan = with_promises(small_plan, (3, 0.8), (16, 0.97))
    plan = with_rows(plan, "backlog", {"queue": "email", "age_h": 57, "contacts": 12})
    plan = with_rows(
        plan,
        "campaigns",
        {
            "campaign": "spring", "queue": "email", "contacts": 30,
            "from": dt.date(2026, 12, 8), "to": dt.date(2026, 12, 11),
        },
    )  # fmt: skip
    run = plan_run(plan)
    service = run.tables["service"].query("measure == 'replied_within'")
    assert service["limit"].tolist() == [3, 16]
    assert service["met"].all()
    assert run.exit_code == 0
    folder = write_run(run, tmp_path / "run", plan)
    again = simulate_run(folder, int(run.result["replications"]))
    np.testing.assert_allclose(
        again["simulated"].astype(float), run.tables["service"]["simulated"].astype(float)
    )
