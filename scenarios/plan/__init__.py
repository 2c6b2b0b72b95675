"""Reading, checking and writing plans."""

from scenarios.plan.arithmetic import hours_balance, hours_warnings
from scenarios.plan.checks import check_plan
from scenarios.plan.faults import Default, Fault, Notice, PlanFaults, render_faults
from scenarios.plan.load import load
from scenarios.plan.model import Plan
from scenarios.plan.write import write_folder, write_workbook

__all__ = [
    "Default",
    "Fault",
    "Notice",
    "Plan",
    "PlanFaults",
    "check_plan",
    "hours_balance",
    "hours_warnings",
    "load",
    "render_faults",
    "write_folder",
    "write_workbook",
]
