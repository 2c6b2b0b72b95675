import pytest

from staffing.queues import Measure, Queue, QueueKind, Target

PHONE = Queue(
    name="phone",
    kind=QueueKind.LIVE,
    channel="phone",
    hours="office",
    targets=(
        Target("phone", Measure.ANSWERED_WITHIN, 20, "s", 0.8, period="day"),
        Target("phone", Measure.ABANDONED, 0.05),
    ),
)


def test_a_queue_finds_its_target_by_measure():
    assert PHONE.target(Measure.ABANDONED).limit == 0.05
    assert PHONE.target(Measure.REPLIED_WITHIN) is None


@pytest.mark.parametrize(
    ("limit", "unit", "seconds"), [(20, "s", 20), (2, "min", 120), (4, "h", 14400)]
)
def test_limits_on_the_wall_clock_in_seconds(limit, unit, seconds):
    assert Target("q", Measure.ANSWERED_WITHIN, limit, unit).limit_s == seconds


def test_a_limit_on_a_business_clock_has_no_seconds():
    with pytest.raises(KeyError):
        _ = Target("q", Measure.REPLIED_WITHIN, 1, "business_day").limit_s


def test_keys_read_as_a_planner_says_them():
    assert [t.key for t in PHONE.targets] == ["phone answered_within 20 s", "phone abandoned 0.05"]
