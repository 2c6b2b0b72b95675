"""Faults known from another scheduler, kept out of this one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from solver.optimize import evaluate
from solver.rules import succession
from tests.solver.conftest import EARLY, NIGHT, Make
from tests.solver.designs import hours, missing, pool, shift


@pytest.mark.parametrize(("people", "missed"), [(5, 6.0), (7, 2.0), (8, 0.0)])
def test_flexible_people_are_not_counted_once_for_every_queue(
    make: Make, people: int, missed: float
) -> None:
    """Needs of 5 and 3 take 8 people who can do both, not 5: an hour is given to one queue.

    Ten contacts each, two a person on the phone and 10/3 at the desk: 5 people leave 6 unserved.
    """
    problem = make(days=1, patterns=(shift("hour", 9, 1),), queues=("phone", "desk"))
    offered = hours(9, 10, 1, 10.0)
    pools = tuple(
        pool(problem.grid, offered, np.minimum(np.arange(9) / need, 1.0), level=1.0, queue=k)
        for k, need in enumerate((5, 3))
    )
    plan = evaluate(replace(problem, pools=pools), np.full((1, 1, 1), people), np.array([people]))
    assert missing(plan, "phone in time") == pytest.approx(missed, abs=1e-6)


def test_night_after_night_is_allowed_where_morning_after_night_is_not(make: Make) -> None:
    """A ban on one succession says nothing about others that begin alike."""
    too_soon = succession(make(), 0, rest_h=11)
    assert too_soon[NIGHT, EARLY]
    assert not too_soon[NIGHT, NIGHT]
