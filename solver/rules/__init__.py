"""Rules of work: one function each, law files as data, and what they mean for a nameless plan."""

from solver.rules.catalogue import CATALOGUE, RuleKind
from solver.rules.law import DEFAULT_RULES, LAWS, law_rules
from solver.rules.limits import GroupLimits, group_limits, succession

__all__ = [
    "CATALOGUE",
    "DEFAULT_RULES",
    "LAWS",
    "GroupLimits",
    "RuleKind",
    "group_limits",
    "law_rules",
    "succession",
]
