"""What is told of a plan: faults, notices and the defaults that were used."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from scenarios.errors import PlannerError

_LISTED = 6
# user:password@ of a URL (a password may hold an @ that should have been escaped), and what a query
# string calls a password.
_USER = re.compile(r"(?<=://)[^\s\"']*@")
_PASSWORD = re.compile(r"(?i)((?:password|passwd|pwd|secret|token)\s*=\s*)[^\s&;\"']+")


@dataclass(frozen=True)
class Fault:
    """One thing in a plan that must be put right before it can be used.

    Attributes
    ----------
    where
        File (`queues.csv`) or sheet (`sheet queues`).
    row
        Row as a spreadsheet numbers it, the header being row 1; in plan.toml the line; None where
        the whole file or table is meant.
    column
        Column or key; empty where the whole row is meant.
    read
        What was read.
    wrong
        What is wrong with it.
    right
        What would be right; may be empty where `wrong` says it all.
    """

    where: str
    row: int | None = None
    column: str = ""
    read: str = ""
    wrong: str = ""
    right: str = ""

    def __post_init__(self) -> None:
        # Whatever part of a plan a fault quotes, it quotes no password.
        for name in ("read", "wrong", "right"):
            object.__setattr__(self, name, without_secrets(getattr(self, name)))

    @property
    def place(self) -> str:
        """Where to look: `targets.csv, row 4, column queue`."""
        parts = [self.where]
        if self.row is not None:
            parts.append(f"{'line' if self.where.endswith('.toml') else 'row'} {self.row}")
        if self.column:
            parts.append(f"{'key' if self.where.endswith('.toml') else 'column'} {self.column}")
        return ", ".join(parts)

    def __str__(self) -> str:
        read = f"read “{shorten(self.read)}”: " if self.read else ""
        right = f"; right: {self.right}" if self.right else ""
        return f"{self.place}: {read}{self.wrong}{right}"


@dataclass(frozen=True)
class Notice:
    """Something worth knowing about how a plan was read; nothing has to be put right."""

    where: str
    text: str
    row: int | None = None

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row is not None else ""
        return f"{self.where}{row}: {self.text}"


@dataclass(frozen=True)
class Default:
    """A default that stood in for empty cells of a column.

    Attributes
    ----------
    table, column
        Where the cells are; table `plan` is plan.toml.
    value
        The default as it would be written, or what an empty cell means.
    rows
        Rows that had nothing there; empty where the whole column is left out.
    """

    table: str
    column: str
    value: str
    rows: tuple[int, ...] = ()

    def __str__(self) -> str:
        rows = ""
        if self.rows:
            listed = ", ".join(str(row) for row in self.rows[:_LISTED])
            rows = f" (rows {listed}{', ...' if len(self.rows) > _LISTED else ''})"
        return f"{self.table}.{self.column} = {self.value}{rows}"


class PlanFaults(PlannerError):  # noqa: N818 - what it carries is called a fault
    """A plan that cannot be used, with every fault that was found.

    Attributes
    ----------
    faults
        Every fault, by file and row.
    notices
        What else was noticed while reading.
    """

    def __init__(self, faults: Iterable[Fault], notices: Iterable[Notice] = ()) -> None:
        self.faults = tuple(faults)
        self.notices = tuple(notices)
        super().__init__(render_faults(self.faults))


def render_faults(faults: Iterable[Fault]) -> str:
    """Write faults as a plain list for a terminal or a log, grouped by file or sheet."""
    faults = tuple(faults)
    lines = [f"{len(faults)} fault{'' if len(faults) == 1 else 's'} in the plan"]
    for where, group in groupby(faults, key=lambda fault: fault.where):
        lines += ["", where]
        for fault in group:
            place = fault.place.removeprefix(where).removeprefix(", ")
            text = str(fault).removeprefix(fault.place).removeprefix(": ")
            lines.append(f"  - {place}: {text}" if place else f"  - {text}")
    return "\n".join(lines)


def without_secrets(text: str) -> str:
    """Text in which user and password of a URL are masked."""
    return _PASSWORD.sub(r"\1***", _USER.sub("***@", text))


def shorten(text: object, width: int = 60) -> str:
    """Text of anything on one line of at most `width` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def suggestion(name: str, known: Iterable[str]) -> str:
    """What was probably meant by an unknown name: the nearest known ones, or a list of them."""
    by_folded = {one.casefold(): one for one in known if one}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=2, cutoff=0.6)
    if near:
        return "perhaps " + " or ".join(by_folded[one] for one in near)
    listed = list(by_folded.values())
    if not listed:
        return "there is none yet"
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return "one of " + ", ".join(listed[:_LISTED]) + more
