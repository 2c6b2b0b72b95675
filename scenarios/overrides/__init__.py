"""Scenarios: a plan with some of its cells, rows or history changed, the plan itself untouched."""

from scenarios.overrides.apply import (
    apply_scenario,
    check_scenarios,
    describe_scenario,
    scenario_names,
)

__all__ = ["apply_scenario", "check_scenarios", "describe_scenario", "scenario_names"]
