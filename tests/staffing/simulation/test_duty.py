"""Absences take whole shifts, time away a block of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from staffing.simulation.duty import Duty
from staffing.simulation.random import replication_key
from tests.staffing.simulation.scenes import HOUR, scene

TWO_SHIFTS = [(0, 8.0, 10.0), (0, 10.25, 12.0), (0, 20.0, 23.0), (1, 8.0, 12.0)]


def two_people(absence=0.0, away=0.0):
    of = scene(agents=2, duty=TWO_SHIFTS)
    return replace(
        of,
        duty_shift=np.array([0, 0, 1, 2]),
        absence=np.full(2, absence),
        away_share=np.full(2, away),
    )


def worked_s(stretches, agent):
    own = stretches.agent == agent
    return (stretches.end_s - stretches.start_s)[own].sum()


def test_without_absence_the_plan_is_worked():
    stretches = Duty.of(two_people()).draw(replication_key(1, 0))
    assert stretches.start_s.tolist() == [8 * HOUR, 10.25 * HOUR, 20 * HOUR, 8 * HOUR]
    assert worked_s(stretches, 0) == 6.75 * HOUR


def test_absence_takes_whole_shifts_with_its_probability():
    duty = Duty.of(two_people(absence=0.3))
    draws = [duty.draw(replication_key(1, r)) for r in range(2000)]
    first = [worked_s(d, 0) / HOUR for d in draws]
    assert set(first) == {0.0, 3.0, 3.75, 6.75}
    assert np.mean([worked_s(d, 1) == 0.0 for d in draws]) == pytest.approx(0.3, abs=0.03)
    # Shifts are absent independently of each other.
    assert np.mean(np.array(first) == 0.0) == pytest.approx(0.09, abs=0.02)


def test_away_takes_its_share_of_every_shift_at_a_uniform_place():
    duty = Duty.of(two_people(away=0.2))
    gaps = []
    for r in range(500):
        stretches = duty.draw(replication_key(1, r))
        assert worked_s(stretches, 0) == pytest.approx(0.8 * 6.75 * HOUR)
        own = stretches.agent == 1
        start_s, end_s = np.sort(stretches.start_s[own]), np.sort(stretches.end_s[own])
        assert (end_s - start_s).sum() == pytest.approx(0.8 * 4 * HOUR)
        gaps.append(end_s[0] if start_s[0] == 8 * HOUR and len(end_s) > 1 else np.nan)
    assert np.nanmean(gaps) / HOUR == pytest.approx(8.0 + 3.2 / 2, abs=0.1)


def test_block_that_spans_a_break_cuts_both_stretches():
    duty = Duty.of(replace(two_people(), away_share=np.array([0.9, 0.0])))
    stretches = duty.draw(replication_key(1, 3))
    own = (stretches.agent == 0) & (stretches.start_s < 15 * HOUR)
    worked = (stretches.end_s - stretches.start_s)[own]
    assert worked.sum() == pytest.approx(0.375 * HOUR)
    assert (worked > 0.0).all()


def test_absences_do_not_depend_on_the_others_rosters():
    absent = [
        worked_s(Duty.of(replace(two_people(0.5), duty_end_s=end)).draw(replication_key(1, 4)), 1)
        > 0
        for end in (two_people().duty_end_s, two_people().duty_end_s - [60.0, 60.0, 60.0, 0.0])
    ]
    assert absent[0] == absent[1]


def test_duty_outside_the_horizon_is_cut():
    stretches = Duty.of(scene(duty=[(0, -2.0, 1.0), (0, 23.0, 30.0), (0, 31.0, 32.0)])).planned
    assert stretches.start_s.tolist() == [0.0, 23 * HOUR]
    assert stretches.end_s.tolist() == [HOUR, 24 * HOUR]


def test_overlapping_stretches_are_refused():
    with pytest.raises(ValueError, match="stretches of agent 0 overlap at 32400 s"):
        Duty.of(scene(duty=[(0, 8.0, 10.0), (0, 9.0, 12.0)]))


def test_a_day_of_flu_takes_the_shifts_that_begin_on_it():
    """Of two days only the second is ill, and only the first has a meeting of a quarter."""
    of = scene(agents=1, days=2, duty=[(0, 8.0, 12.0), (0, 32.0, 36.0)])
    of = replace(of, absence=np.array([[0.0, 1.0]]), away_share=np.array([[0.25, 0.0]]))
    stretches = Duty.of(of).draw(replication_key(1, 0))
    assert worked_s(stretches, 0) == pytest.approx(3 * HOUR)
    assert stretches.end_s.max() <= 12 * HOUR
