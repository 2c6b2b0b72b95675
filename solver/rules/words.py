"""The words in which rules speak of a person: the naming model and finished rows both know them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from solver.problem import Agent, Ints, Pattern, Rule


class RulePerson(Protocol):
    """One person, as literals of a model or as rows of shifts; what a sum is, is theirs."""

    agent: Agent
    days: range
    weeks: list[range]
    weekends: list[range]
    even_weekends: int
    patterns: Sequence[Pattern]
    paid_min: Ints
    span_min: Ints
    is_night: Ints

    def total(self, days: Iterable[int], weights: Sequence[int] | Ints) -> Any:
        """Sum over days of the weight of the pattern worked."""

    def worked(self, days: Iterable[int]) -> Any:
        """Number of days worked."""

    def minutes(self, days: Iterable[int]) -> Any:
        """Paid minutes."""

    def any_worked(self, spans: Iterable[range]) -> Any:
        """Number of spans of days in which a day is worked."""

    def overtime(self, weeks: Iterable[int]) -> Any:
        """Minutes beyond the contract's week."""

    def weeks_by_month(self) -> list[list[int]]:
        """Numbers of the plan weeks that begin in each calendar month."""

    def at_most(self, rule: Rule, total: Any, limit: int, *, per_unit: int = 1) -> None:
        """State that a sum is at most a limit."""

    def rest_between(self, rule: Rule, rest_min: int) -> None:
        """State the rest between shifts, up to two days apart."""

    def rest_touching(self, rule: Rule, week: range, rest_min: int) -> None:
        """State that some rest of at least `rest_min` minutes touches a week."""

    def start_spread(self, rule: Rule, week: range, spread_min: int) -> None:
        """State how far apart the starts of a week are."""
