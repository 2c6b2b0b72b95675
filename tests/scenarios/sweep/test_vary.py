"""What a sweep varies: read as it is written, refused with what would be right, applied exactly."""

import pytest

from scenarios.overrides import apply_scenario
from scenarios.plan import PlanFaults
from scenarios.sweep.points import check_points, in_order_of_work, points_of
from scenarios.sweep.vary import vary
from tests.scenarios.smallplan import more_rows


def texts(error):
    return "\n".join(str(fault) for fault in error.value.faults)


class TestValues:
    """Lists and ranges."""

    @pytest.mark.parametrize(
        ("given", "values"),
        [
            ("0.7:0.95:0.05", ("0.7", "0.75", "0.8", "0.85", "0.9", "0.95")),
            ("70%:80%:5%", ("70 %", "75 %", "80 %")),
            ("0.8,0.9", ("0.8", "0.9")),
            ("0.8,0.8:0.9:0.05", ("0.8", "0.85", "0.9")),
            ("0.1:0.35:0.1", ("0.1", "0.2", "0.3")),
            ("0.5", ("0.5",)),
        ],
    )
    def test_shares(self, small_plan, given, values):
        assert vary(small_plan, f"targets.phone.share={given}").values == values

    def test_whole_numbers_need_no_step(self, small_plan):
        assert vary(small_plan, "contracts.half.people_max=0:3").values == ("0", "1", "2", "3")

    def test_a_time_holds_a_colon_and_is_no_range(self, small_plan):
        assert vary(small_plan, "shifts.D.first_start=08:00,09:00").values == ("08:00", "09:00")

    def test_below_zero(self, small_plan):
        assert vary(small_plan, "forecast.growth=-10%:10%:10%").values == ("-10 %", "0 %", "10 %")


class TestPlaces:
    """Tables, rows, columns."""

    def test_a_key_means_the_rows_that_have_a_value(self, small_plan):
        (change,) = vary(small_plan, "targets.phone.share=0.9").changes
        assert (change.table, change.where, change.column) == ("targets", "queue=phone", "share")
        # The post has no handle time and is left alone.
        found = vary(small_plan, "queues.*.aht_s*=0.9").changes
        assert [one.where for one in found] == ["queue=phone", "queue=email"]

    def test_rows_by_any_of_their_columns(self, small_plan):
        (change,) = vary(small_plan, "targets[measure=replied_within limit=8].share=0.9").changes
        assert change.where == "measure=replied_within limit=8"

    def test_two_columns_move_together(self, small_plan):
        found = vary(small_plan, "contracts.staff.people_min,people_max=2:3")
        assert [one.column for one in found.changes] == ["people_min", "people_max"]

    def test_a_setting_with_and_without_its_table(self, small_plan):
        for text in ("forecast.growth=0.1", "plan.forecast.growth=0.1"):
            (change,) = vary(small_plan, text).changes
            assert (change.table, change.column) == ("plan", "forecast.growth")

    def test_factors_and_sums(self, small_plan):
        assert vary(small_plan, "queues.*.aht_s*=0.9,1.1").operation == "times"
        assert vary(small_plan, "contracts.staff.wage_per_hour += 5").operation == "plus"

    def test_names_in_any_language_with_spaces_and_dots(self, small_plan):
        row = {
            "contract": "全职 v1.5", "kind": "full_time", "role": "agent", "people_min": 0,
            "people_max": 1,
        }  # fmt: skip
        plan = more_rows(small_plan, "contracts", row)
        (change,) = vary(plan, "contracts.全职 v1.5.wage_per_hour=50").changes
        assert change.where == "contract=全职 v1.5"

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (
                "targets.fone.share=0.5",
                "matches no row of targets; right: for queue: perhaps phone",
            ),
            ("targets.phone.shre=0.5", "names shre, which is no column of targets; right: perhaps"),
            ("tragets.phone.share=0.5", "begins with tragets, which is no table"),
            ("forecast.grwth=0.1", "right: perhaps forecast.growth"),
            ("targets=0.1", "says no row and column of targets"),
            ("targets.phone.share", "says no column and values"),
            ("=3", "says no column and values"),
            ("targets[queue=phone.share=0.5", "says no column and values"),
            ("targets[fone=1].share=0.5", "names fone, which is no column"),
            ("targets.phone.share=0.9:0.7:0.1", "goes nowhere"),
            ("targets.phone.share=0.7:0.9:0", "goes nowhere"),
            ("targets.phone.share=0.7:0.9", "says no step"),
            ("targets.phone.share=a:b:c", "is no range"),
            ("targets.phone.share=0:nan:1", "is no range"),
            ("targets.phone.share=0.7,,0.8", "has an empty value"),
            ("queues.phone.aht_s=1:1e9:1", "is more than 200 values"),
            ("scenario=strike", "names strike, which is no scenario"),
            ("scenario*=2", "changes scenarios by arithmetic"),
        ],
    )
    def test_what_cannot_be_understood_is_told_with_what_is_right(self, small_plan, text, told):
        with pytest.raises(PlanFaults) as error:
            vary(small_plan, text)
        assert told in texts(error)
        assert texts(error).startswith("--vary")


class TestPoints:
    """Grids, their order, their plans."""

    def test_a_grid_is_every_combination_the_last_thing_fastest(self, small_plan):
        varied = [vary(small_plan, t) for t in ("targets.phone.share=0.7,0.8", "solve.seed=1:3")]
        points = points_of(varied)
        assert [point.values for point in points] == [
            ("0.7", "1"), ("0.7", "2"), ("0.7", "3"), ("0.8", "1"), ("0.8", "2"), ("0.8", "3"),
        ]  # fmt: skip
        assert points[0].name == "targets.phone.share=0.7 solve.seed=1"
        assert len({point.folder for point in points}) == 6

    def test_one_at_a_time_begins_with_the_plan_as_it_is(self, small_plan):
        varied = [vary(small_plan, t) for t in ("targets.phone.share=0.7,0.9", "solve.seed=2,3")]
        points = points_of(varied, one_at_a_time=True)
        assert [point.values for point in points] == [
            ("", ""), ("0.7", ""), ("0.9", ""), ("", "2"), ("", "3"),
        ]  # fmt: skip
        assert points[0].name == "base"
        assert in_order_of_work(varied, points)[0] is points[0]

    def test_each_point_but_the_first_has_a_neighbour_done_before_it(self, small_plan):
        varied = [
            vary(small_plan, t) for t in ("solve.seed=1:5", "targets.phone.share=0.5,0.6,0.7")
        ]
        order = in_order_of_work(varied, points_of(varied))
        assert order[0].values == ("1", "0.7")
        for k, point in enumerate(order[1:], start=1):
            assert min(point.distance(other) for other in order[:k]) == 1

    def test_the_plans_of_points_are_changed_there_and_nowhere_else(self, small_plan):
        varied = [
            vary(small_plan, "targets.*.share=0.7,0.9"),
            vary(small_plan, "queues.phone.aht_s*=1.1"),
        ]
        for point, plan in zip(
            (points := points_of(varied)), check_points(small_plan, varied, points), strict=True
        ):
            assert [t.share for t in plan.targets[:2]] == [float(point.values[0])] * 2
            assert [q.aht_s for q in plan.queues[:2]] == [330.0, 600.0]
            assert (plan.contracts, plan.settings) == (small_plan.contracts, small_plan.settings)
            assert apply_scenario(point.in_plan(small_plan), point.name).targets == plan.targets
        assert [t.share for t in small_plan.targets[:2]] == [0.8, 0.9]

    def test_scenarios_may_be_varied_and_be_the_base_of_all(self, small_plan):
        plan = more_rows(
            small_plan, "scenarios",
            {"scenario": "raise", "table": "contracts", "where": "contract=staff",
             "column": "wage_per_hour", "operation": "set", "value": "66"},
        )  # fmt: skip
        varied = [vary(plan, "scenario=base,raise"), vary(plan, "targets.phone.share=0.7")]
        wages = [
            p.contracts[0].wage_per_hour for p in check_points(plan, varied, points_of(varied))
        ]
        assert wages == [60.0, 66.0]
        alone = [vary(plan, "scenario=base,raise")]
        assert [point.name for point in points_of(alone)] == ["base", "raise"]
        under = points_of([vary(plan, "targets.phone.share=0.7")], scenario="raise")
        (changed,) = check_points(plan, varied[1:], under)
        assert (changed.contracts[0].wage_per_hour, changed.targets[0].share) == (66.0, 0.7)

    def test_faults_that_a_value_makes_are_told_by_what_was_varied(self, small_plan):
        varied = [
            vary(small_plan, "targets.phone.share=0.7,1.4"),
            vary(small_plan, "contracts.staff.people_max=1"),
        ]
        with pytest.raises(PlanFaults) as error:
            check_points(small_plan, varied, points_of(varied))
        told = texts(error)
        assert "read “targets.phone.share=0.7,1.4”: “1.4” is out of range" in told
        assert "read “contracts.staff.people_max=1”" in told
        assert "scenarios.csv" not in told

    def test_the_same_thing_twice_and_too_many_points_are_refused(self, small_plan):
        one = vary(small_plan, "solve.seed=1:100")
        other = vary(small_plan, "targets.phone.share=0.5:0.9:0.01")
        with pytest.raises(PlanFaults, match="is varied twice"):
            points_of([one, one])
        with pytest.raises(PlanFaults, match="makes 4,100 points"):
            points_of([one, other])
        assert len(points_of([one, other], one_at_a_time=True)) == 142
