"""Workbooks for people: the roster that team leads keep open."""

from scenarios.workbook.roster import write_roster

__all__ = ["write_roster"]
