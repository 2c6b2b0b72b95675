"""Scenarios side by side: figures of the runs, differences of the inputs, folders that go on."""

import io
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

import scenarios.cli
from scenarios.compare import compare_plan, compare_runs, compared, write_tables
from scenarios.compare_summary import print_comparison
from scenarios.errors import PlannerError
from scenarios.overrides import apply_scenario, describe_scenario, differences
from scenarios.plan import PlanFaults, load
from scenarios.runs import Run, read_run, write_run
from tests.scenarios.smallplan import changed, with_rows, write_small

RAISE = """\
name = "raise"

[[change]]
table = "contracts"
where = { contract = "staff" }
column = "wage_per_hour"
operation = "set"
value = 66
note = "talks of spring"
"""


@pytest.fixture(scope="module")
def small_comparison(tmp_path_factory):
    """The small plan's base and a raise, by the command: exit code, what it printed, its folder."""
    root = tmp_path_factory.mktemp("compare")
    plan = write_small(root / "plan")
    (root / "raise.toml").write_text(RAISE, encoding="utf-8")
    arguments = ["compare", plan, "--scenarios", root / "raise.toml", "--out", root / "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["staffing", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            scenarios.cli.main()
    return ended.value.code, plan, root / "out"


@pytest.fixture
def dearer(run):
    """The run made by hand with one more specialist hour and a wage of 66 in place of 60."""
    people = [dict(line) for line in run.result["people"]]
    line = next(one for one in people if one["contract"] == "specialist")
    line["hours"] += 1
    line["cost"] = line["hours"] * 66.0
    cost = run.tables["cost"].copy()
    at = (cost["contract"] == "specialist") & (cost["kind"] == "wage")
    cost.loc[at, ["hours", "amount"]] = [line["hours"], line["cost"]]
    total = float(cost["amount"].sum())
    result = {**run.result, "scenario": "dearer", "people": people, "cost": total, "exit_code": 0}
    return Run({**result, "bound": total * 0.99}, {**run.tables, "cost": cost})


def test_the_figures_are_those_of_the_runs(run, dearer):
    both = compared({"base": run, "dearer": dearer}, {"dearer": []})
    for name, one in both.runs.items():
        assert both.value(name, "cost", "cost") == pytest.approx(one.result["cost"])
        assert both.value(name, "cost", "lower bound") == pytest.approx(one.result["bound"], abs=1)
        for line in one.result["people"]:
            for measure in ("heads", "hours", "cost"):
                assert both.value(name, "people", measure, line["contract"]) == line[measure]
    assert both.value("base", "people", "hours") == sum(p["hours"] for p in run.result["people"])
    risen = dearer.result["cost"] - run.result["cost"]
    assert both.value("dearer", "cost", "difference") == pytest.approx(risen, abs=0.005)
    assert both.exit_code == 1


def test_the_least_costs_differ_by_what_the_bounds_prove(run, dearer):
    both = compared({"base": run, "dearer": dearer}, {"dearer": []})
    low = dearer.result["bound"] - run.result["cost"]
    high = dearer.result["cost"] - run.result["bound"]
    found = [both.value("dearer", "cost", f"difference of the optima at {e}") for e in
             ("least", "most")]  # fmt: skip
    assert found == pytest.approx([low, high], abs=0.01)


def test_service_is_that_of_the_worst_period_with_its_interval(run, dearer):
    both = compared({"base": run, "dearer": dearer}, {"dearer": []})
    item = "在线聊天 · answered_within"
    worst = run.tables["service"].iloc[3]
    assert worst["simulated"] == run.tables["service"].iloc[:4]["simulated"].min()
    for measure, column in (("worst", "simulated"), ("95 % from", "low"), ("95 % to", "high")):
        assert both.value("base", "service", measure, item) == worst[column]
    assert both.value("base", "service", "periods held", item) == "3/4"
    assert both.value("base", "service", "worst period", item) == worst["period"]


def test_cost_per_contact_is_cost_over_all_contacts(small_run):
    both = compared({"base": small_run, "again": small_run}, {})
    handled = small_run.tables["workload"]["arrivals"].sum()
    expected = round(small_run.result["cost"] / handled, 2)
    assert both.value("again", "cost", "cost per contact") == expected


def test_a_contract_of_one_run_alone_stands_beside_the_others(run, dearer):
    line = {"contract": "temps", "kind": "temporary", "heads": 2, "hours": 8.0, "cost": 9.0}
    more = Run({**dearer.result, "people": [*dearer.result["people"], line]}, dearer.tables)
    table = compared({"base": run, "more": more}, {}).measures
    hours = table[(table["section"] == "people") & (table["measure"] == "hours")]
    assert set(hours["item"]) == {"specialist", "half", "agency", "temps", ""}
    assert hours.index.tolist() == list(range(hours.index[0], hours.index[0] + len(hours)))
    assert hours.set_index("item").loc["temps", ["base", "more"]].tolist() == [None, 8.0]


def test_runs_in_two_currencies_are_refused(run, dearer):
    other = Run({**dearer.result, "currency": "EUR"}, dearer.tables)
    with pytest.raises(PlannerError, match="CNY and EUR"):
        compared({"base": run, "other": other}, {})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_prints_within_80_columns(run, dearer, language):
    base = Run({**run.result, "language": language}, run.tables)
    out = io.StringIO()
    both = compared({"base": base, "dearer": dearer}, {"dearer": ["contracts: [b]x[/b] 1 -> 2"]})
    print_comparison(both, Console(file=out, width=80))
    text = out.getvalue()
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "contracts: [b]x[/b] 1 -> 2" in text
    assert f"{dearer.result['cost'] - run.result['cost']:+,.0f}" in text


def test_a_name_that_looks_like_a_formula_stays_text(run, dearer, tmp_path):
    both = compared({"base": run, "=HYPERLINK(1)": dearer}, {"=HYPERLINK(1)": ["=1+1"]})
    write_tables(both, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "compare.xlsx")
    texts = [c for sheet in book for row in sheet.iter_rows() for c in row
             if isinstance(c.value, str) and c.value.startswith(("=H", "=1+1"))]  # fmt: skip
    assert len(texts) >= 3
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in texts)


class TestRuns:
    """Finished runs by their folders."""

    def test_names_are_scenarios_or_folders(self, run, dearer, tmp_path):
        one, two = (write_run(run, tmp_path / name) for name in ("a", "b"))
        other = write_run(dearer, tmp_path / "c")
        assert compare_runs([one, other]).names == ["base", "dearer"]
        assert compare_runs([one, two]).names == ["a", "b"]
        with pytest.raises(PlannerError, match="twice"):
            compare_runs([one, one])

    def test_inputs_differ_by_what_the_kept_plans_say(self, small_plan, small_run, tmp_path):
        other = changed(small_plan, "contracts", {"contract": "half"}, people_max=2)
        one = write_run(small_run, tmp_path / "a", small_plan)
        two = write_run(small_run, tmp_path / "b", other)
        bare = write_run(small_run, tmp_path / "c")
        found = compare_runs([one, two, bare])
        assert found.inputs == {"b": ["contracts contract=half: people_max 1 -> 2"], "c": None}


class TestDifferences:
    """Two plans that no table of scenarios connects."""

    def test_they_agree_with_what_a_scenario_says_of_itself(self, small_plan):
        row = {"scenario": "s", "where": "", "column": "", "value": ""}
        plan = with_rows(
            small_plan, "scenarios",
            {**row, "table": "plan", "column": "forecast.growth", "operation": "set",
             "value": "0.1"},
            {**row, "table": "targets", "where": "queue=phone", "column": "limit",
             "operation": "times", "value": "0.5"},
            {**row, "table": "agents", "where": "agent=S2", "operation": "drop"},
            {**row, "table": "history", "where": "queue=email", "column": "volume",
             "operation": "times", "value": "2"},
        )  # fmt: skip
        told = describe_scenario(plan, "s")
        assert len(told) == 4
        assert differences(plan, apply_scenario(plan, "s")) == told
        assert differences(plan, plan) == []

    def test_intervals_that_only_one_history_has_are_counted(self, small_plan):
        shorter = replace(small_plan, history=small_plan.history.iloc[10:].reset_index(drop=True))
        assert differences(shorter, small_plan) == ["history queue=email: 10 intervals added"]
        (line,) = differences(small_plan, shorter)
        assert "10 of 200 intervals dropped" in line


class TestPlan:
    """A plan's scenarios, from its command on."""

    def test_the_command_leaves_runs_tables_and_a_workbook(self, small_comparison):
        code, _, out = small_comparison
        assert code == 0
        names = {"base", "raise", "compare.csv", "bridge.csv", "inputs.csv", "compare.xlsx"}
        assert {path.name for path in out.iterdir()} == names
        table = pd.read_csv(out / "compare.csv").set_index(["section", "measure"])
        for name in ("base", "raise"):
            cost = float(table.loc[("cost", "cost"), name])
            assert cost == read_run(out / name).result["cost"]
        inputs = pd.read_csv(out / "inputs.csv")
        assert inputs["change"].tolist() == ["contracts contract=staff: wage_per_hour 60 -> 66"]

    def test_a_raise_is_a_step_of_the_rates(self, small_comparison):
        _, _, out = small_comparison
        steps = pd.read_csv(out / "bridge.csv").set_index("cause")
        costs = read_run(out / "raise").tables["cost"]
        hours = costs.loc[(costs["contract"] == "staff") & (costs["kind"] == "wage"), "hours"].sum()
        assert hours > 0
        assert steps.loc["hourly rates", "amount"] == pytest.approx(6 * hours)
        assert "staff 60.00 → 66.00/h" in steps.loc["hourly rates", "why"]

    def test_formulas_of_the_workbook_hold_what_the_tables_say(self, small_comparison):
        _, _, out = small_comparison
        sheet = openpyxl.load_workbook(out / "compare.xlsx")["Comparison"]
        row = next(r for r in sheet.iter_rows(min_row=5) if r[2].value == "cost")
        assert row[6].value == f"=F{row[0].row}-E{row[0].row}"

    def test_runs_that_are_there_are_not_planned_again(self, small_comparison):
        _, plan, out = small_comparison
        before = {path: path.stat().st_mtime_ns for path in out.glob("*/result.json")}
        from scenarios.overrides import with_scenario_file

        loaded, name = with_scenario_file(load(plan), out.parent / "raise.toml")
        said = []
        again = compare_plan(loaded, out, [name], say=said.append)
        assert said == [f"base: {out / 'base'}", f"raise: {out / 'raise'}"]
        assert before == {path: path.stat().st_mtime_ns for path in out.glob("*/result.json")}
        assert again.names == ["base", "raise"]

    def test_a_stop_before_the_second_scenario_keeps_the_first(self, small_plan, tmp_path):
        with pytest.raises(PlannerError, match="two runs"):
            compare_plan(_with_raise(small_plan), tmp_path, stop=lambda: True)

    def test_an_unknown_scenario_is_told_before_anything_is_planned(self, small_plan, tmp_path):
        with pytest.raises(PlanFaults, match="rise"):
            compare_plan(_with_raise(small_plan), tmp_path / "out", ["rise"])
        assert not (tmp_path / "out").exists()

    def test_a_folder_with_other_files_is_refused(self, small_plan, tmp_path):
        (tmp_path / "thesis.txt").write_text("mine")
        with pytest.raises(PlannerError, match="other files"):
            compare_plan(_with_raise(small_plan), tmp_path)

    def test_a_plan_without_scenarios_has_nothing_to_compare(self, small_plan, tmp_path):
        with pytest.raises(PlannerError, match="nothing to compare"):
            compare_plan(small_plan, tmp_path)


def _with_raise(plan):
    return with_rows(
        plan, "scenarios",
        {"scenario": "raise", "table": "contracts", "where": "contract=staff",
         "column": "wage_per_hour", "operation": "set", "value": "66"},
    )  # fmt: skip
