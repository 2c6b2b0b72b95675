"""Loading a plan: what is read, what is noticed, what defaults stand in."""

import datetime as dt
import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scenarios.plan import PlanFaults, check_plan, hours_balance, hours_warnings, load
from scenarios.plan.read import read
from staffing.queues import QueueKind

EXAMPLES = sorted(
    path.parent for path in (Path(__file__).resolve().parents[3] / "examples").glob("*/plan.toml")
)


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_small_plan_loads_with_its_values(tiny_plan):
    plan = load(tiny_plan)
    assert plan.settings.start == dt.date(2026, 12, 7)
    assert plan.end == dt.date(2027, 1, 3)
    assert plan.queues[0].deflected_share == 0.4
    assert plan.hours[0].opens == 540
    assert plan.breaks[0].paid is False
    assert plan.breaks[0].name == "午餐"
    assert plan.agents[2].name == "=Ben"
    assert plan.kinds == {
        "chat": QueueKind.LIVE,
        "email": QueueKind.DEFERRED,
        "forum": QueueKind.DEFERRED,
        "knowledge base": QueueKind.DEFERRED,
    }


def test_history_is_a_sorted_frame_of_known_types(tiny_plan):
    history = load(tiny_plan).history
    assert list(history) == ["queue", "start", "volume", "aht_s", "abandoned", "waited_s"]
    assert history["start"].dtype == "datetime64[ns]"
    assert history[["queue", "start"]].equals(
        history[["queue", "start"]].sort_values(["queue", "start"], ignore_index=True)
    )
    assert history.loc[history["queue"] == "forum", "aht_s"].isna().all()


def test_every_default_is_listed_with_its_rows(tiny_plan):
    told = {str(default) for default in load(tiny_plan).defaults}
    assert "queues.fcr = 1 (rows 4, 5)" in told
    assert "queues.priority = 5 (rows 2, 3, 4, 5)" in told
    assert "plan.service.occupancy_max = 0.88" in told
    assert not any(one.startswith("plan.service.floor") for one in told)


def test_rows_may_come_in_any_order_with_blank_ones_and_padded_headings(tiny_plan):
    plain = load(tiny_plan)
    text = (tiny_plan / "roles.csv").read_text(encoding="utf-8").splitlines()
    shuffled = [" role , queue,speed,order ", "", text[4], ",,,", text[2], text[1], text[3], ""]
    (tiny_plan / "roles.csv").write_text("\n".join(shuffled), encoding="utf-8")
    plan = load(tiny_plan)
    assert sorted(map(repr, plan.roles)) == sorted(map(repr, plain.roles))


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-8"), (",", "gb18030"), ("\t", "utf-16")],
)
def test_separators_and_encodings_are_recognised(tiny_plan, delimiter, encoding):
    path = tiny_plan / "agents.csv"
    text = path.read_text(encoding="utf-8").replace(",", delimiter)
    path.write_text(text, encoding=encoding)
    plan = load(tiny_plan)
    assert plan.agents[0].name == "王小明"
    told = [notice for notice in plan.notices if notice.where == "agents.csv"]
    assert len(told) == (encoding in ("gb18030", "utf-16"))


def test_semicolon_files_may_have_decimal_commas(tiny_plan):
    path = tiny_plan / "shrinkage.csv"
    path.write_text("kind;share;planned\nmeetings;0,05;是\nsick;2,5 %;否\n", encoding="utf-8")
    rows = load(tiny_plan).shrinkage
    assert [row.share for row in rows] == [0.05, 0.025]
    assert [row.planned for row in rows] == [True, False]


def test_extra_columns_and_files_are_left_out_with_a_notice(tiny_plan):
    edit(tiny_plan, "breaks.csv", "breaks,name,minutes", "breaks,name,colour,minutes")
    edit(tiny_plan, "breaks.csv", "lunch,午餐,", "lunch,午餐,red,")
    (tiny_plan / "qeues.csv").write_text("queue\nx\n", encoding="utf-8")
    told = [str(notice) for notice in load(tiny_plan).notices]
    assert any("column colour is not known" in one for one in told)
    assert any(one.startswith("qeues.csv") and "perhaps queues" in one for one in told)


def test_a_last_day_may_stand_for_the_weeks(tiny_plan):
    edit(tiny_plan, "plan.toml", "weeks = 4", "end = 2026-12-20")
    plan = load(tiny_plan)
    assert plan.settings.weeks == 2
    assert plan.end == dt.date(2026, 12, 20)


def test_history_from_the_first_day_planned_on_is_cut_with_a_notice(tiny_plan):
    plain = load(tiny_plan)
    with (tiny_plan / "history.csv").open("a", encoding="utf-8") as stream:
        stream.write("chat,2026-12-07 09:00,5,700,0,0\n")
    plan = load(tiny_plan)
    assert plan.history.equals(plain.history)
    assert any("1 rows from 2026-12-07" in notice.text for notice in plan.notices)


def test_finer_history_is_added_up_with_handle_time_by_volume(tiny_plan):
    edit(
        tiny_plan,
        "history.csv",
        "chat,2026-11-11 09:00,",
        "chat,2026-11-11 09:15,6,400,2,30\nchat,2026-11-11 09:00,",
    )
    first = load(tiny_plan).history.query("queue == 'chat'").iloc[0]
    before = pd.read_csv(tiny_plan / "history.csv").query("start == '2026-11-11 09:00'").iloc[0]
    assert first["volume"] == 6 + before["volume"]
    work = 6 * 400 + before["volume"] * before["aht_s"]
    assert first["aht_s"] == pytest.approx(work / first["volume"], abs=1e-3)
    assert (first["abandoned"], first["waited_s"]) == (2, 35)


def test_single_contacts_are_counted_by_interval(tiny_plan):
    edit(tiny_plan, "queues.csv", "forum,forum,office,300", "forum,forum,office,300")
    (tiny_plan / "history.csv").write_text(
        "queue,arrived,answered,ended\n"
        "chat,2026-12-01 09:01:00,2026-12-01 09:01:10,2026-12-01 09:05:10\n"
        "chat,2026-12-01 09:20:00,2026-12-01 09:20:20,2026-12-01 09:22:20\n"
        "chat,2026-12-01 09:29:59,,2026-12-01 09:31:59\n"
        "email,2026-12-01 10:00:00,2026-12-01 11:00:00,2026-12-01 11:06:00\n"
        "forum,2026-12-01 17:30:00,2026-12-01 17:40:00,2026-12-01 17:46:00\n",
        encoding="utf-8",
    )
    plan = load(tiny_plan)
    chat = plan.history[plan.history["queue"] == "chat"]
    # 09:00-18:00 is open: 18 intervals, all but the first without a contact.
    assert len(chat) == 18
    first = chat.iloc[0]
    assert (first["volume"], first["abandoned"], first["waited_s"]) == (3, 1, 10 + 20 + 120)
    assert first["aht_s"] == (240 + 120) / 2
    assert chat["volume"].iloc[1:].eq(0).all()
    assert any("5 single contacts" in notice.text for notice in plan.notices)


def test_history_may_lie_elsewhere_packed(tiny_plan):
    plain = load(tiny_plan)
    (tiny_plan / "data").mkdir()
    text = (tiny_plan / "history.csv").read_bytes()
    (tiny_plan / "history.csv").unlink()
    (tiny_plan / "data" / "calls.csv.gz").write_bytes(gzip.compress(text))
    with (tiny_plan / "plan.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[forecast]\nhistory = "data/calls.csv.gz"\n')
    assert load(tiny_plan).history.equals(plain.history)


def test_a_strangers_plan_may_not_reach_outside_its_folder(tiny_plan):
    (tiny_plan / "history.csv").rename(tiny_plan.parent / "history.csv")
    with (tiny_plan / "plan.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[forecast]\nhistory = "../history.csv"\n')
    assert not load(tiny_plan).history.empty
    with pytest.raises(PlanFaults, match="outside the plan's folder"):
        load(tiny_plan, confined=True)


def test_times_with_an_offset_become_local_times(tiny_plan):
    edit(tiny_plan, "history.csv", "chat,2026-11-11 09:00,", "chat,2026-11-11T01:00:00Z,")
    assert load(tiny_plan).history["start"].min() == pd.Timestamp("2026-11-11 09:00")


@pytest.mark.parametrize("text", ["2026/11/11 9:00", "2026.11.11 09:00:00", "2026年11月11日 09:00"])
def test_days_of_a_history_may_be_written_in_the_usual_ways(tiny_plan, text):
    plain = load(tiny_plan)
    edit(tiny_plan, "history.csv", "chat,2026-11-11 09:00,", f"chat,{text},")
    assert load(tiny_plan).history.equals(plain.history)


def test_the_hour_that_clocks_repeat_is_added_up(tiny_plan):
    edit(tiny_plan, "plan.toml", "Asia/Shanghai", "Europe/Berlin")
    with (tiny_plan / "history.csv").open("a", encoding="utf-8") as stream:
        stream.write("chat,2026-10-25 02:00,5,700,0,0\nchat,2026-10-25 02:00,3,700,0,0\n")
    plan = load(tiny_plan)
    assert plan.history.query("queue == 'chat'")["volume"].iloc[0] == 8
    assert any("the clock repeats" in notice.text for notice in plan.notices)


def test_a_large_history_is_read_whole(tiny_plan):
    starts = pd.date_range("2021-01-01", periods=50_000, freq="30min")
    frame = pd.DataFrame(
        {"queue": np.repeat(["chat", "email"], 50_000), "start": starts.append(starts), "volume": 3}
    )
    frame.loc[len(frame)] = ["forum", starts[0], 1]
    frame.to_csv(tiny_plan / "history.csv", index=False)
    assert len(load(tiny_plan).history) == 100_001


def test_where_tells_file_or_sheet(tiny_plan):
    assert read(tiny_plan).where("budget") == "budget.csv"


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_bundled_examples_load_and_have_hours_enough(folder):
    plan = load(folder)
    assert check_plan(plan)[0] == ()
    assert hours_warnings(plan) == ()


def test_hours_needed_and_available_by_hand(tiny_plan):
    """Week 2: three specialists at 40 h, two days of leave, 5 % meetings, occupancy 0.88."""
    balance = hours_balance(load(tiny_plan)).set_index(["week", "group"])
    assert balance.loc[(1, "support"), "available_h"] == round(120 * 0.95 * 0.88, 1)
    assert balance.loc[(2, "support"), "available_h"] == round((120 - 16) * 0.95 * 0.88, 1)
    assert balance.loc[(1, "author"), "needed_h"] == 20
    assert balance.loc[(1, "author"), "available_h"] == 19


def test_too_few_hours_are_told_in_a_sentence(tiny_plan):
    warnings = hours_warnings(load(tiny_plan))
    assert len(warnings) == 1
    assert warnings[0].startswith("weeks 1-4: about 20 h a week of work for knowledge base")


def test_roles_that_share_a_queue_are_judged_together_and_apart(tiny_plan):
    """Community also serves e-mail: enough together, but the forum alone is too much for it."""
    edit(tiny_plan, "roles.csv", "community,forum,,\n", "community,forum,,\ncommunity,email,,2\n")
    edit(tiny_plan, "targets.csv", "chat,answered", "forum,weekly_hours,30,h,,week\nchat,answered")
    balance = hours_balance(load(tiny_plan))
    short = balance[(balance["week"] == 1) & (balance["note"] != "")]
    assert set(short["group"]) == {"author", "community"}
    assert "community + support" in set(balance["group"])
