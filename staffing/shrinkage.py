"""Paid time that is not spent on contacts, and how many people make up for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from staffing.timegrid import MINUTES_PER_DAY, TimeGrid

Floats = npt.NDArray[np.float64]

# A kind that is lost at some times of the day only weighs in the day by this many paid hours.
_PAID_H_A_DAY = 8.0


@dataclass(frozen=True)
class Shrinkage:
    """One kind of lost time: sickness, meetings, coaching.

    `share` is a share of paid time. Planned time (a meeting) is lost within a shift; unplanned time
    (sickness) takes whole shifts. An empty `role` means all roles; an open end is None. A kind may
    be confined to `weekdays` (Monday 0; empty: every day) and to the minutes `from_min` to `to_min`
    of the day: `share` is then a share of the paid time within.
    """

    kind: str
    share: float
    planned: bool = True
    paid: bool = True
    role: str = ""
    first: date | None = None
    last: date | None = None
    weekdays: frozenset[int] = frozenset()
    from_min: int = 0
    to_min: int = MINUTES_PER_DAY

    @property
    def is_always(self) -> bool:
        """Whether it is the same at all times of the horizon."""
        days = (self.first, self.last, self.weekdays or None)
        return days == (None,) * 3 and not self.is_timed

    @property
    def is_timed(self) -> bool:
        """Whether it is lost at some times of the day only."""
        return (self.from_min, self.to_min) != (0, MINUTES_PER_DAY)

    def applies(self, role: str, day: date) -> bool:
        """Whether people of a role lose this time on a day."""
        return (
            self.role in ("", role)
            and (self.first is None or self.first <= day)
            and (self.last is None or day <= self.last)
            and (not self.weekdays or day.weekday() in self.weekdays)
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
    absence = _day_share([kind for kind in kinds if not kind.planned])
    away_share = _day_share([kind for kind in kinds if kind.planned])
    for sort, share in (("unplanned", absence), ("planned", away_share)):
        if share >= 1:
            msg = f"{sort} shrinkage of {role or 'all roles'} on {day} is {share:.0%}: nobody works"
            raise ValueError(msg)
    return Attendance(absence, away_share, (1 - absence) * (1 - away_share))


def _day_share(kinds: Sequence[Shrinkage]) -> float:
    """Share of the paid time of a day; kinds of certain times lose it of eight hours."""
    timed = [kind for kind in kinds if kind.is_timed]
    at_times = sum(k.share * (k.to_min - k.from_min) / 60 / _PAID_H_A_DAY for k in timed)
    at_most = max((kind.share for kind in timed), default=0.0)
    return sum((k.share for k in kinds if not k.is_timed), 0.0) + min(at_times, at_most)


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
    return Attendance(absence, max(0.0, 1 - factor / (1 - absence)), factor)


class AttendanceSeries(NamedTuple):
    """Attendance by interval, (T,) each: see `Attendance`."""

    absence: Floats
    away_share: Floats
    factor: Floats


def attendance_series(kinds: Iterable[Shrinkage], role: str, grid: TimeGrid) -> AttendanceSeries:
    """Attendance of a role in each interval of a grid.

    Raises
    ------
    ValueError
        If planned or unplanned shares add up to all of the time of an interval.
    """
    lost = np.zeros((2, grid.days, grid.per_day))
    begins = np.arange(grid.per_day) * grid.interval_min
    for kind in kinds:
        # The part of each interval that lies within the kind's times.
        ends = np.minimum(begins + grid.interval_min, kind.to_min)
        part = np.maximum(0, ends - np.maximum(begins, kind.from_min)) / grid.interval_min
        days = [kind.applies(role, day) for day in grid.dates()]
        lost[int(kind.planned), days] += kind.share * part
    absence, away_share = lost.reshape(2, -1)
    for sort, share in (("unplanned", absence), ("planned", away_share)):
        if share.max() >= 1:
            at = int(share.argmax())
            msg = (
                f"{sort} shrinkage of {role or 'all roles'} at {grid.start_of(at):%Y-%m-%d %H:%M} "
                f"is {share[at]:.0%}: nobody works"
            )
            raise ValueError(msg)
    return AttendanceSeries(absence, away_share, (1 - absence) * (1 - away_share))


def shrinkage_words(kinds: Iterable[Shrinkage], role: str, grid: TimeGrid) -> list[str]:
    """Kinds lost in each interval with their shares, as in `sickness 3 %, meetings 5 %`, (T,)."""
    kinds = [kind for kind in kinds if kind.share > 0]
    words = np.full((grid.days, grid.per_day), "", dtype=object)
    begins = np.arange(grid.per_day) * grid.interval_min
    for kind in kinds:
        times = (begins < kind.to_min) & (begins + grid.interval_min > kind.from_min)
        days = np.array([kind.applies(role, day) for day in grid.dates()])
        at = days[:, None] & times
        said = f"{kind.kind} {100 * kind.share:.4g} %"
        words[at] = [f"{before}, {said}" if before else said for before in words[at]]
    return list(words.ravel())


def gross(net: float, present: Attendance) -> float:
    """People to be paid so that `net` are at work: net / ((1 - planned)(1 - unplanned))."""
    return net / present.factor
