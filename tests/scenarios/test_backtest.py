from dataclasses import replace

import pytest

from scenarios.backtest import backtest_table
from scenarios.errors import PlannerError
from tests.scenarios.smallplan import load_small


def test_a_plan_without_history_has_nothing_to_judge(tmp_path):
    plan = load_small(tmp_path)
    with pytest.raises(PlannerError, match="no history"):
        backtest_table(replace(plan, history=plan.history.head(0)))
