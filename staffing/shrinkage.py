"""Paid time that is not spent on contacts, and how many people make up for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple


@dataclass(frozen=True)
class Shrinkage:
    """One kind of lost time: sickness, meetings, coaching.

    `share` is a share of paid time. Planned time (a meeting) is lost within a shift; unplanned time
    (sickness) takes whole shifts. An empty `role` means all roles; an open end is None.
    """

    kind: str
    share: float
    planned: bool = True
    paid: bool = True
    role: str = ""
    first: date | None = None
    last: date | None = None

    def applies(self, role: str, day: date) -> bool:
        """Whether people of a role lose this time on a day."""
        return (
            self.role in ("", role)
            and (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
        )


class Attendance(NamedTuple):
    """What is left of a person on duty.

    `absence` is the probability that a shift is missed, `away_share` the share of a worked shift
    spent elsewhere, `factor` = (1 - absence)(1 - away_share) the share that takes contacts.
    """

    absence: float
    away_share: float
    factor: float


def attendance(kinds: Iterable[Shrinkage], role: str, day: date) -> Attendance:
    """Attendance of a role on a day.

    Shares of one sort are shares of the same time and add up (5 % meetings and 3 % coaching are
    8 %); planned and unplanned time compound, since who is ill misses the meeting as well
    (Cleveland, Call Center Management on Fast Forward).

    Raises
    ------
    ValueError
        If planned or unplanned shares add up to all of the time.
    """
    kinds = [kind for kind in kinds if kind.applies(role, day)]
    absence = sum((kind.share for kind in kinds if not kind.planned), 0.0)
    away_share = sum((kind.share for kind in kinds if kind.planned), 0.0)
    for sort, share in (("unplanned", absence), ("planned", away_share)):
        if share >= 1:
            msg = f"{sort} shrinkage of {role or 'all roles'} on {day} is {share:.0%}: nobody works"
            raise ValueError(msg)
    return Attendance(absence, away_share, (1 - absence) * (1 - away_share))


def mean_attendance(kinds: Iterable[Shrinkage], role: str, days: Sequence[date]) -> Attendance:
    """Attendance of a role over several days, each counting alike.

    Raises
    ------
    ValueError
        If there is no day, or shares add up to all of the time on one of them.
    """
    if not days:
        msg = "attendance is asked for no day at all"
        raise ValueError(msg)
    kinds = list(kinds)
    by_day = [attendance(kinds, role, day) for day in days]
    absence = sum(a.absence for a in by_day) / len(by_day)
    factor = sum(a.factor for a in by_day) / len(by_day)
    # The away share of the days that are worked, so that the three still multiply.
    return Attendance(absence, 1 - factor / (1 - absence), factor)


def gross(net: float, present: Attendance) -> float:
    """People to be paid so that `net` are at work: net / ((1 - planned)(1 - unplanned))."""
    return net / present.factor
