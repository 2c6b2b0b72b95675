"""Scenarios: a plan with some of its cells, rows or history changed, the plan itself untouched."""

from scenarios.overrides.apply import (
    apply_scenario,
    check_scenarios,
    describe_scenario,
    scenario_names,
)
from scenarios.overrides.describe import differences
from scenarios.overrides.file import is_scenario_file, with_scenario_file

__all__ = [
    "apply_scenario",
    "check_scenarios",
    "describe_scenario",
    "differences",
    "is_scenario_file",
    "scenario_names",
    "with_scenario_file",
]
