"""What can go wrong in a way that the planner can put right."""

from __future__ import annotations


class PlannerError(Exception):
    """Something that the planner can put right; the message says what it is and what to do.

    A program that meets one shows its text and no traceback, and ends with exit code 2.
    """
