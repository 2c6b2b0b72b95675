import pytest

from scenarios.demand import demand
from scenarios.plan import PlanFaults, load
from tests.scenarios.smallplan import more_rows, write_small

CHAT = "chat,chat,office,120,240,2,care\n"


def with_chat(folder, row):
    write_small(folder)
    with (folder / "queues.csv").open("a", encoding="utf-8") as file:
        file.write(CHAT)
    with (folder / "targets.csv").open("a", encoding="utf-8") as file:
        file.write("chat,answered_within,60,s,0.8,week\n")
    with (folder / "roles.csv").open("a", encoding="utf-8") as file:
        file.write("agent,chat,1,3\n")
    heading = "queue,like,share,customers,requests_per_customer\n"
    (folder / "new_queues.csv").write_text(heading + row, encoding="utf-8")
    return folder


def test_a_new_queue_is_planned_after_another(tmp_path):
    """Six calls an hour, and half as many chats as calls."""
    told = demand(load(with_chat(tmp_path, "chat,phone,50 %,,\n")))
    chat = [queue.name for queue in told.queues].index("chat")
    open_now = told.open_masks[chat]
    assert told.volume[chat][open_now] == pytest.approx(3, rel=0.05)
    assert told.day_cv[chat] > 0.3
    assert any("assumed" in note for note in told.notices)


@pytest.mark.parametrize(
    ("row", "column"),
    [("chat,phone,,,\n", "share"), ("chat,phone,0.5,100,0.2\n", "share"),
     ("chat,phone,0.5,100,\n", "share"), ("chat,chat,0.5,,\n", "like"),
     ("chat,lead,0.5,,\n", "like")],
)  # fmt: skip
def test_a_row_that_does_not_say_how_much_is_a_fault(tmp_path, row, column):
    with pytest.raises(PlanFaults, match=column):
        load(with_chat(tmp_path, row))


def test_without_a_row_a_queue_without_history_is_a_fault(tmp_path):
    folder = with_chat(tmp_path, "chat,phone,0.5,,\n")
    (folder / "new_queues.csv").unlink()
    with pytest.raises(PlanFaults, match="new_queues"):
        load(folder)


def test_half_own_half_assumed(tmp_path):
    """The mails' own 35 days weigh against 28: 5/9 of their 3 an hour, 4/9 of the calls' 6."""
    plan = load(write_small(tmp_path))
    plan = more_rows(plan, "new_queues", {"queue": "email", "like": "phone", "share": 1.0})
    told = demand(plan)
    mail = [queue.name for queue in told.queues].index("email")
    mean = told.volume[mail][told.open_masks[mail]].mean()
    known = 25
    assert mean == pytest.approx((3 * known + 6 * 28) / (known + 28), rel=0.03)
