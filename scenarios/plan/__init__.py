"""Reading, checking and writing plans."""

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
    "load",
    "render_faults",
    "write_folder",
    "write_workbook",
]
