"""Several promises on one stream, and a backlog, against hand-worked days and each other."""

import numpy as np
import pytest

from staffing.deferred import earliest_deadline_first
from staffing.promises import Promise, bound_ok, late_slices, sliced


def test_two_promises_cut_the_work_once():
    """80 % at once and everything an interval later: 8 h and 2 h of each 10."""
    now, next_one = np.arange(3), np.arange(3) + 1
    found = sliced([10.0, 0.0, 10.0], [Promise(1.0, next_one), Promise(0.8, now)])
    np.testing.assert_allclose(found.work_h[:2], [[8, 0, 8], [2, 0, 2]])
    assert found.due[:2].tolist() == [[0, 1, 2], [1, 2, 3]]
    assert found.work_h[2].sum() == pytest.approx(0.0)


def test_a_later_promise_of_a_smaller_share_asks_for_nothing():
    found = sliced([10.0], [Promise(0.9, np.array([0])), Promise(0.5, np.array([1]))])
    assert found.work_h[:, 0].tolist() == pytest.approx([9, 0, 1])


def test_capacity_that_is_enough_for_shares_but_not_for_all():
    """Two hours in each: 80 % of 2.5 h at once and the rest in a quiet interval."""
    work = [2.5, 2.5, 0.0]
    some = sliced(work, [Promise(0.8, np.arange(3)), Promise(1.0, np.full(3, 2))])
    everything = sliced(work, [Promise(1.0, np.arange(3))])
    assert late_slices(some, [2.0, 2.0, 1.0]).sum() == 0
    assert bound_ok(some, [2.0, 2.0, 1.0])
    assert not bound_ok(everything, [2.0, 2.0, 1.0])
    # Half an hour of the first interval, done first in the second, and an hour of the second.
    assert late_slices(everything, [2.0, 2.0, 1.0]).sum() == pytest.approx(1.5)


def test_backlog_by_age_goes_first_and_what_was_late_stays_late():
    found = sliced([1.0, 0.0], [Promise(1.0, np.array([1, 1]))], backlog=[(1.0, 0), (0.5, -1)])
    late = late_slices(found, [2.0, 0.5])
    assert late[1, 0] == 0.5
    assert late.sum() == 0.5
    assert not bound_ok(found, [2.0, 0.5])


def test_one_promise_is_earliest_deadline_first():
    rng = np.random.default_rng(2)
    for _ in range(100):
        work, capacity = rng.uniform(0, 3, 12), rng.uniform(0, 4, 12)
        due = np.arange(12) + rng.integers(0, 4, 12)
        mask = rng.random(12) < 0.8
        one = late_slices(sliced(work, [Promise(1.0, due)]), capacity, mask)
        np.testing.assert_allclose(
            one.sum(axis=0), earliest_deadline_first(work, due, capacity, mask).late_h
        )


def test_the_bound_holds_exactly_where_nothing_is_late():
    rng = np.random.default_rng(4)
    seen = set()
    for _ in range(400):
        work, size = rng.uniform(0, 2, 10), 10
        promises = [
            Promise(share, np.arange(size) + rng.integers(0, 5, size)) for share in (0.6, 0.9, 1.0)
        ]
        found = sliced(work, promises, [(rng.uniform(0, 2), int(rng.integers(0, 5)))])
        capacity = rng.uniform(0.5, 3.5, size)
        fits = bound_ok(found, capacity)
        seen.add(fits)
        assert fits is bool(late_slices(found, capacity).sum() == 0)
    assert seen == {True, False}


def test_faults_are_refused():
    with pytest.raises(ValueError, match="promises"):
        sliced([1.0], [])
    with pytest.raises(ValueError, match="shares"):
        sliced([1.0], [Promise(1.2, np.array([0]))])
