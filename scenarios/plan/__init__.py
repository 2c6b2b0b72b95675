"""Reading, checking and writing plans."""

from scenarios.plan.checks import check_plan
from scenarios.plan.faults import Default, Fault, Notice, PlanFaults, render_faults
from scenarios.plan.load import load
from scenarios.plan.model import Plan

__all__ = [
    "Default",
    "Fault",
    "Notice",
    "Plan",
    "PlanFaults",
    "check_plan",
    "load",
    "render_faults",
]
