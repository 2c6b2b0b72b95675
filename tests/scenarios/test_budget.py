"""The year's budget of a small desk, by hand and recomputed from its own tables."""

import dataclasses
import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from scenarios.budget import tables
from scenarios.budget.actuals import Actuals, read_actuals
from scenarios.budget.bridges import bridges, side_by_side
from scenarios.budget.measure import from_run, measuring_plan, stated
from scenarios.budget.plan import plan_budget
from scenarios.budget.staff import tiers_of
from scenarios.budget.write import frames, write_budget
from scenarios.budget.year import year_of
from scenarios.cli import app
from scenarios.errors import PlannerError
from scenarios.plan import PlanFaults, load
from scenarios.runs import RunError, write_run
from tests.scenarios.smallplan import changed, more_rows, with_rows, write_small

START = dt.date(2026, 12, 7)
FACTOR = 1.25


def hiring_terms(plan):
    """The small desk with people who leave and can be hired, overtime and an agency."""
    plan = changed(
        plan, "contracts", {"contract": "staff"}, attrition_share=0.1, hire_cost=500.0,
        budget_people_max=4, training_weeks=1.0, week_hours_min=16.0, overtime_max_hours=4.0,
    )  # fmt: skip
    plan = with_rows(
        plan, "tenure", {"from_months": 0, "speed": 0.8, "role": "agent"},
        {"from_months": 2, "speed": 1.0, "role": "agent"},
    )  # fmt: skip
    plan = more_rows(
        plan, "contracts",
        {"contract": "agency", "kind": "outsourced", "role": "agent", "people_min": 0,
         "people_max": 1, "week_hours_max": 40, "wage_per_hour": 80, "purchase_min_hours": 6,
         "cost_centre": "care"},
    )  # fmt: skip
    plan = more_rows(plan, "shifts", {"shift": "A", "contract": "agency", "first_start": 540,
                                      "length_h": 4})  # fmt: skip
    plan = more_rows(plan, "rates", {"name": "steps", "kind": "outsourced_step",
                                     "contract": "agency", "from_hours": 12,
                                     "price_per_hour": 70})  # fmt: skip
    return with_rows(
        plan, "scenarios",
        {"scenario": "busier", "table": "plan", "column": "forecast.growth", "operation": "set",
         "value": "0.4"},
        {"scenario": "dearer", "table": "contracts", "where": "contract=staff",
         "column": "wage_per_hour", "operation": "times", "value": "1.1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def plan(small_plan):
    return hiring_terms(small_plan)


def budget_of(plan, months=3, begins="", scenario="base", **more):
    year = year_of(plan.settings.start, months, begins)
    return plan_budget(plan, year, stated(plan, FACTOR), scenario=scenario, paths=40,
                       cost_paths=20, **more)  # fmt: skip


@pytest.fixture(scope="module")
def budget(plan):
    return budget_of(plan)


@pytest.fixture(scope="module")
def both(plan, budget):
    return {"base": budget, "busier": budget_of(plan, scenario="busier")}


def test_a_month_counts_what_came_and_what_will_come(budget):
    contacts = tables.queues(budget).set_index(["month", "queue"])["contacts"]
    # December 2026 has 23 workdays of eight hours: four are over, the others are like them.
    assert contacts["2026-12", "phone"] == pytest.approx(23 * 8 * 6, rel=0.01)
    assert contacts["2026-12", "email"] == pytest.approx(23 * 8 * 3, rel=0.01)
    # New Year's Day is a holiday: 20 workdays in January 2027.
    assert contacts["2027-01", "phone"] == pytest.approx(20 * 8 * 6, rel=0.02)
    assert budget.year.states == ("part", "open", "open")


def test_hours_of_deferred_work_and_of_posts_are_plain_sums(budget):
    queues = tables.queues(budget).set_index(["month", "queue"])
    mails = queues.loc[("2026-12", "email")]
    assert mails["duty_hours"] == pytest.approx(mails["contacts"] * 600 / 3600, rel=1e-3)
    assert queues.loc[("2026-12", "lead"), "duty_hours"] == pytest.approx(23 * 8)


def test_the_lead_is_paid_the_hours_of_her_post(budget):
    lines = budget.lines.set_index(["month", "contract", "kind"])["amount"]
    assert lines["2026-12", "chief", "wage"] == pytest.approx(23 * 8 * FACTOR * 100, abs=0.01) or (
        lines["2026-12", "chief", "wage"] <= 23 / 5 * 40 * 100 + 0.01
    )


def test_people_are_conserved_from_month_to_month(budget):
    people = tables.hiring(budget)
    for (contract, _), mine in people.groupby(["contract", "role"]):
        kind = mine["kind"].iloc[0]
        if kind == "outsourced":
            continue
        end = mine["opening"] - mine["leavers"] + mine["hires"] + mine["joins"]
        assert end.to_numpy() == pytest.approx(mine["on_roll"].to_numpy(), abs=2e-4)
        assert mine["opening"].iloc[1:].to_numpy() == pytest.approx(
            mine["on_roll"].iloc[:-1].to_numpy(), abs=2e-4
        )
        if contract == "staff":
            # Six of December's 31 days are over: 25/31 of a month's leavers are still to come.
            assert mine["leavers"].iloc[0] == pytest.approx(2 * 0.1 * 25 / 31, abs=1e-4)
            assert mine["leavers"].iloc[1] == pytest.approx(mine["opening"].iloc[1] * 0.1, abs=1e-4)


def test_paid_hours_follow_from_needed_hours(budget):
    people = tables.hiring(budget)
    share = people["attendance"] * people["pace"] / people["inefficiency"]
    paid = people["needed_hours"] / share + people["ramp_hours"]
    assert people["needed_paid_hours"].to_numpy() == pytest.approx(paid.to_numpy(), rel=1e-3)
    own = people[people["kind"] != "outsourced"]
    low = (own["hours_min"] * own["on_roll"]).to_numpy()
    high = (own["hours_max"] * own["on_roll"]).to_numpy()
    needed = own["needed_paid_hours"].to_numpy()
    regular = np.minimum(high, np.maximum(low, needed))
    assert own["regular_hours"].to_numpy() == pytest.approx(regular, rel=1e-3, abs=1e-2)
    assert (own["regular_hours"] + own["overtime_hours"] >= needed - 0.01).all()


def test_cost_recomputed_from_hours_people_and_the_plans_rates(plan, budget):
    people = tables.hiring(budget)
    terms = {row.contract: row for row in plan.contracts}
    total = 0.0
    for row in people.to_dict("records"):
        term = terms[row["contract"]]
        hours = row["regular_hours"]
        beyond = 0.0
        if term.kind == "outsourced":
            beyond = max(0.0, hours - 12 * row["weeks_bought"])
            assert hours == 0 or hours >= 6 * row["weeks_bought"] - 1e-3
        total += (hours - beyond) * term.wage_per_hour + beyond * 70
        total += row["overtime_hours"] * term.wage_per_hour * 1.5
        total += row["hires"] * term.hire_cost
    # No queue is open on a public holiday: no premium of the law is due.
    assert "premium" not in set(budget.lines["kind"])
    assert budget.cost == pytest.approx(total, abs=0.05)


def test_the_budget_table_holds_all_lines_and_the_given_amounts(budget):
    table = tables.budget_table(budget)
    assert list(table.columns[:5]) == ["month", "cost_centre", "amount", "budget", "difference"]
    assert table["amount"].sum() == pytest.approx(budget.cost, abs=1e-6)
    given = table[table["budget"].notna()]
    assert given[["month", "cost_centre", "budget"]].to_numpy().tolist() == [
        ["2026-12", "care", 9000.0]
    ]
    assert given["difference"].iloc[0] == pytest.approx(9000 - given["amount"].iloc[0])


def test_a_budget_for_all_is_held_against_centres_without_one(plan, budget):
    rows = ({"month": "2027-01", "amount": 20000}, {"month": "2027-01", "cost_centre": "care",
                                                    "amount": 15000})  # fmt: skip
    other = dataclasses.replace(budget, plan=with_rows(plan, "budget", *rows))
    table = tables.budget_table(other).set_index(["month", "cost_centre"])
    heads, care = (table.loc[("2027-01", c), "amount"] for c in ("heads", "care"))
    assert np.isnan(table.loc[("2027-01", ""), "amount"])
    assert table.loc[("2027-01", ""), "difference"] == pytest.approx(20000 - heads)
    month = tables.months(other).set_index("month").loc["2027-01"]
    assert month["budget"] == 35000
    assert month["difference"] == pytest.approx(35000 - heads - care)


def test_queues_and_channels_share_the_cost_out_to_the_cent(budget):
    by_queue = tables.queues(budget)
    by_month = budget.lines.groupby("month")["amount"].sum()
    assert by_queue.groupby("month")["cost"].sum().to_numpy() == pytest.approx(
        by_month.to_numpy(), abs=1e-6
    )
    per = by_queue.dropna(subset=["cost_per_contact"])
    assert (per["cost_per_contact"] * per["handled"]).to_numpy() == pytest.approx(
        per["cost"].to_numpy(), rel=1e-3
    )
    assert tables.channels(by_queue)["cost"].sum() == pytest.approx(budget.cost, abs=1e-6)


def test_quantiles_are_ordered_and_years_are_narrower_than_their_months(budget):
    told = budget.chances
    for levels in (told.contacts, told.cost, told.hours_ratio):
        assert (np.diff(levels, axis=0) >= -1e-6).all()
    months = (told.contacts[2] - told.contacts[0]).sum()
    assert 0 < told.contacts_year[2] - told.contacts_year[0] <= months + 1e-6
    assert told.contacts[0, 0] <= budget.months["contacts"].iloc[0] * 1.02


def test_the_same_budget_comes_out_twice(plan, budget):
    again = budget_of(plan)
    for name, table in frames({"base": budget}).items():
        pd.testing.assert_frame_equal(table, frames({"base": again})[name])


def test_more_contacts_cost_more_and_the_bridge_adds_up_to_the_cent(both):
    base, busier = both["base"], both["busier"]
    assert busier.cost > base.cost
    steps = bridges(both)
    amounts = round(100 * steps["amount"].sum())
    assert amounts == round(100 * busier.cost) - round(100 * base.cost)
    side = side_by_side(both).set_index("measure")
    assert side.loc["cost", "busier"] == busier.cost
    assert side.loc["contacts", "busier"] > 1.2 * side.loc["contacts", "base"]


def test_dearer_people_cost_more_at_the_same_need(plan, budget):
    dearer = budget_of(plan, scenario="dearer")
    assert dearer.cost > budget.cost
    assert dearer.months["contacts"].tolist() == budget.months["contacts"].tolist()


def test_somebody_hired_already_comes_when_she_comes(plan):
    coming = more_rows(plan, "agents", {"agent": "S9", "contract": "staff",
                                        "hired": "2027-01-11"})  # fmt: skip
    coming = changed(coming, "contracts", {"contract": "staff"}, people_max=3)
    people = tables.hiring(budget_of(coming)).set_index(["contract", "month"]).loc["staff"]
    assert people["joins"].tolist() == [0, 1, 0]
    assert people["opening"].iloc[0] == 2
    assert people["on_roll"].iloc[1] == pytest.approx(
        people["on_roll"].iloc[0] * 0.9 + 1 + people["hires"].iloc[1], abs=1e-3
    )
    # A week of training in a month of about 4.3, and the rest at 80 %: 38 % of her hours.
    assert people["ramp_hours"].iloc[1] >= 0.38 * people["hours_max"].iloc[1] - 1


# Months that are over -----------------------------------------------------------------------------


def test_contacts_that_came_replace_the_forecast(plan):
    found = budget_of(plan, 3, "2026-11")
    assert found.year.states == ("closed", "part", "open")
    came = plan.history
    of_month = came[came["start"].dt.strftime("%Y-%m") == "2026-11"]
    november = of_month.groupby("queue")["volume"].sum()
    queues = tables.queues(found).set_index(["month", "queue"])["contacts"]
    for queue, volume in november.items():
        assert queues["2026-11", queue] == pytest.approx(volume)
    # The history begins within November: there is nothing to have forecast it from.
    assert any("cannot be told" in note for note in found.notices)


def test_actual_costs_and_people_replace_the_plan_and_correct_the_rest(plan):
    actuals = Actuals(
        {("cost", "2026-12", "care"): 7000.5, ("cost", "2026-12", "heads"): 15000.0,
         ("people", "2026-12", "staff"): 1.0, ("contacts", "2026-12", "phone"): 2000.0}
    )  # fmt: skip
    found = budget_of(plan, 3, actuals=actuals)
    assert found.year.closed == 1
    table = tables.budget_table(found).set_index(["month", "cost_centre"])
    assert table.loc[("2026-12", "care"), "amount"] == 7000.5
    assert table.loc[("2026-12", "care"), "actual"] == 7000.5
    assert table.loc[("2026-12", "care"), "original"] > 0
    assert found.cost == pytest.approx(table["amount"].sum(), abs=1e-6)
    queues = tables.queues(found).set_index(["month", "queue"])
    assert queues.loc[("2026-12", "phone"), "contacts"] == pytest.approx(2000)
    # One left instead of two: January begins with one.
    people = tables.hiring(found).set_index(["month", "contract"])
    assert people.loc[("2027-01", "staff"), "opening"] == pytest.approx(1.0)
    review = tables.review(found).set_index(["what", "name"])
    assert review.loc[("people", "staff"), "actual"] == 1
    assert review.loc[("budget", "care"), "difference"] == pytest.approx(7000.5 - 9000)
    assert review.loc[("contacts", "phone"), "planned"] == pytest.approx(23 * 48, rel=0.02)


def test_a_scenario_leaves_months_that_are_over_as_they_are(plan, tmp_path):
    plan = more_rows(
        plan, "scenarios",
        {"scenario": "no mail", "table": "targets", "where": "queue=email", "operation": "drop"},
        {"scenario": "no mail", "table": "roles", "where": "queue=email", "operation": "drop"},
        {"scenario": "no mail", "table": "queues", "where": "queue=email", "operation": "drop"},
        {"scenario": "no mail", "table": "history", "where": "queue=email", "operation": "drop"},
    )  # fmt: skip
    base = budget_of(plan, 3, "2026-11")
    other = budget_of(plan, 3, "2026-11", "no mail")
    assert other.months["cost"].iloc[0] == base.months["cost"].iloc[0]
    assert other.months["contacts"].iloc[2] < base.months["contacts"].iloc[2]
    assert other.months["work_hours"].iloc[2] < base.months["work_hours"].iloc[2]
    assert other.months["people_net"].iloc[0] == base.months["people_net"].iloc[0]
    written = frames({"base": base, "no mail": other})
    assert written["queues"]["cost"].sum() == pytest.approx(base.cost, abs=1e-6)
    assert frames({"no mail": other})["queues"]["cost"].sum() == pytest.approx(other.cost, abs=1e-6)
    write_budget({"no mail": other, "base": base}, tmp_path / "out", "en")


# Scheduling inefficiency --------------------------------------------------------------------------


def test_inefficiency_is_measured_from_the_roster(small_run, small_plan, tmp_path):
    folder = write_run(small_run, tmp_path / "run", small_plan)
    found = from_run(small_plan, folder)
    lead = found.table.set_index("contract").loc["chief"]
    worked = small_run.tables["schedule"].groupby("contract")["paid_hours"].sum()
    assert lead["paid_hours"] == worked["chief"] == 40
    assert lead["inefficiency"] == pytest.approx(1.0)  # 40 hours of presence, 40 paid
    agents = found.table.set_index("contract").loc["staff"]
    assert agents["inefficiency"] * agents["needed_hours"] == pytest.approx(agents["paid_hours"])
    assert agents["inefficiency"] > 1
    budget = plan_budget(small_plan, year_of(START, 1), found, paths=20, cost_paths=20)
    spent = budget.lines.groupby("contract")["amount"].sum()
    # A month of 23 workdays costs about what 23 fifths of the rostered week do.
    week = small_run.tables["cost"].groupby("contract")["amount"].sum()
    assert spent.sum() == pytest.approx(week.sum() * 23 / 5, rel=0.08)


def test_measuring_pays_every_hour_and_asks_for_none(plan):
    salaried = changed(plan, "contracts", {"contract": "staff"}, wage_per_hour=0.0,
                       month_salary=5200.0)  # fmt: skip
    row = next(r for r in measuring_plan(salaried).contracts if r.contract == "staff")
    assert (row.week_hours_min, row.month_salary) == (0, 0)
    assert row.wage_per_hour == pytest.approx(5200 * 12 / 52 / 40)


def test_overtime_tiers_end_at_the_most_hours(plan):
    plan = more_rows(
        plan, "rates", {"name": "a", "kind": "overtime", "contract": "staff", "factor": 1.5},
        {"name": "b", "kind": "overtime", "contract": "staff", "from_hours": 3, "factor": 2.0},
    )  # fmt: skip
    row = next(r for r in plan.contracts if r.contract == "staff")
    assert tiers_of(plan, row) == [(3, 1.5), (1, 2.0)]


# The command --------------------------------------------------------------------------------------

QUICK = ["--months", "2", "--inefficiency", "1", "--paths", "20"]


@pytest.fixture
def folder(tmp_path):
    return write_small(tmp_path / "desk")


def command(*arguments):
    return CliRunner().invoke(app, ["budget", *map(str, arguments)])


def test_the_command_leaves_tables_that_agree(folder, tmp_path):
    out = tmp_path / "out"
    done = command(folder, "--out", out, *QUICK)
    assert done.exit_code == 0, done.output
    assert "2026-12" in done.output
    assert "not measured" in done.output
    result = json.loads((out / "budget.json").read_text(encoding="utf-8"))
    table = pd.read_csv(out / "budget.csv")
    lines = pd.read_csv(out / "lines.csv")
    assert table["amount"].sum() == pytest.approx(result["cost"], abs=0.005)
    assert lines["amount"].sum() == pytest.approx(result["cost"], abs=0.005)
    assert result["open_months"]["bound"] <= result["open_months"]["cost"] + 0.01
    assert load(out / "plan").settings.name == "Small desk"
    assert {path.name for path in out.iterdir()} >= {
        "budget.xlsx", "months.csv", "hiring.csv", "queues.csv", "channels.csv",
        "inefficiency.csv", "review.csv",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--from", "2026-13"], "is no month"),
        (["--from", "2027-02"], "after the plan's first day"),
        (["--from", "2026-10", "--months", "2"], "over"),
        (["--scenarios", "nobody"], "is no scenario"),
        (["--run", "nowhere"], "is not a run"),
        (["--lang", "fr"], "--lang fr"),
        (["--run", "x", "--inefficiency", "1.1"], "either"),
    ],
)
def test_bad_options_are_told_and_nothing_is_written(folder, tmp_path, options, says):
    out = tmp_path / "out"
    rest = [] if "--run" in options else QUICK[2:]
    months = [] if "--months" in options else ["--months", "2"]
    done = command(folder, "--out", out, *rest, *months, *options)
    assert isinstance(done.exception, PlannerError)
    assert says in str(done.exception)
    assert not out.exists()


def test_every_fault_of_actuals_is_told_with_its_row(plan, tmp_path):
    file = tmp_path / "actuals.csv"
    file.write_text(
        "month,what,name,amount\n2026-12,cost,care,100\n2026-12,cost,care,100\n2025-01,cost,care,1\n"
        "2026-12,costs,care,1\n2026-12,contacts,fax,1\n2026-12,people,staff,-2\n"
        "2026-12,people,staff,many\n",
        encoding="utf-8",
    )
    with pytest.raises(PlannerError) as told:
        read_actuals(file, plan, ("2026-12", "2027-01"))
    text = str(told.value)
    for row, word in ((3, "same as in row 2"), (4, "no month"), (5, "nothing that is known"),
                      (6, "no queue"), (7, "no number"), (8, "no number")):  # fmt: skip
        mine = [line for line in text.splitlines() if f"row {row}," in line]
        assert any(word in line for line in mine), (row, text)


def test_actual_costs_leave_no_month_out(plan, tmp_path):
    file = tmp_path / "actuals.csv"
    file.write_text("month,what,name,amount\n2027-01,cost,care,1\n", encoding="utf-8")
    with pytest.raises(PlannerError, match="no cost of 2026-12"):
        read_actuals(file, plan, ("2026-12", "2027-01"))


def test_a_folder_of_other_things_is_left_alone(both, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="former budget"):
        write_budget(both, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_terms_of_hiring_are_checked(folder):
    text = (folder / "contracts.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    lines[0] += ",class_min,class_max,attrition_share,budget_people_max"
    lines[1] += ",5,3,1.2,1"
    (folder / "contracts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(PlanFaults) as told:
        load(folder)
    assert "attrition_share" in str(told.value)
    lines[1] = lines[1].replace(",1.2,", ",0.02,")
    (folder / "contracts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(PlanFaults) as told:
        load(folder)
    columns = {fault.column for fault in told.value.faults}
    assert columns == {"class_min", "people_min"}


def test_short_months_are_told(plan):
    nobody = changed(plan, "contracts", {"contract": "staff"}, budget_people_max=None,
                     attrition_share=0.5)  # fmt: skip
    nobody = dataclasses.replace(
        nobody, contracts=tuple(c for c in nobody.contracts if c.kind in ("full_time",)),
        rates=(),
    )  # fmt: skip
    nobody = changed(nobody, "contracts", {"contract": "staff"}, lead_time_weeks=104.0)
    found = budget_of(nobody)
    assert found.exit_code == 1
    assert found.months["short_hours"].iloc[-1] > 0
