import io
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from scenarios.backtest import _file_name, backtest_table, plan_backtest, write_backtest
from scenarios.errors import PlannerError
from scenarios.glance import print_backtest
from scenarios.pictures import hours_picture
from tests.scenarios.smallplan import load_small


def test_a_plan_without_history_has_nothing_to_judge(tmp_path):
    plan = load_small(tmp_path)
    with pytest.raises(PlannerError, match="no history"):
        backtest_table(replace(plan, history=plan.history.head(0)))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return plan_backtest(load_small(tmp_path_factory.mktemp("plan")), origins=2)


def test_a_folder_holds_tables_and_two_pictures_a_queue(found, tmp_path):
    folder = write_backtest(found, tmp_path / "judged")
    pictures = sorted(path.name for path in folder.glob("*.svg"))
    queues = found.errors["queue"].nunique()
    assert len(pictures) == 2 * queues
    for name in pictures:
        ElementTree.fromstring((folder / name).read_text(encoding="utf-8"))
    errors = pd.read_csv(folder / "errors.csv", keep_default_na=False)
    assert set(errors["cut"]) == {"all", "week_ahead", "weekday", "hour"}
    weeks = pd.read_csv(folder / "weeks.csv", parse_dates=["week", "origin"])
    assert ((weeks["week"] - weeks["origin"]).dt.days % 7 == 0).all()
    assert (weeks["q0.1"] <= weeks["volume"]).all()
    rows = pd.read_csv(folder / "intervals.csv")
    queue = errors.iloc[0]["queue"]
    mine = rows[rows["queue"] == queue]
    wape = 100 * (mine["actual"] - mine["volume"]).abs().sum() / mine["actual"].sum()
    assert float(errors.iloc[0]["wape"]) == pytest.approx(wape, abs=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["judged"]


def test_a_former_back_test_is_replaced_and_other_files_are_not(found, tmp_path):
    folder = write_backtest(found, tmp_path / "judged")
    (folder / "old.svg").write_text("")
    write_backtest(found, folder)
    assert not (folder / "old.svg").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(PlannerError, match="other files"):
        write_backtest(found, tmp_path / "mine")


def test_the_table_in_a_narrow_terminal_cuts_no_figure(found):
    out = io.StringIO()
    print_backtest(found.errors, Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in out.getvalue()
    whole = found.errors[found.errors["cut"] == "all"].iloc[0]
    assert f"{whole['wape']:.1f}" in out.getvalue()


def test_queues_of_odd_names_get_files_of_their_own():
    taken: set[str] = set()
    assert [_file_name(name, taken) for name in ("a/b", "a b", "电话", "/")] == [
        "a-b", "a-b-2", "电话", "queue",
    ]  # fmt: skip


def test_a_picture_has_a_line_for_each_figure_and_breaks_at_gaps():
    hours = pd.DataFrame({"value": ["08:00", "09:00", "10:00"], "wape": [10.0, 20.0, 15.0],
                          "baseline_wape": [12.0, np.nan, 16.0], "poisson_floor": 5.0})  # fmt: skip
    drawn = ElementTree.fromstring(hours_picture(hours, "<phone> & mail"))
    assert drawn.find("{*}title").text == "<phone> & mail"
    assert len(drawn.findall(".//{*}polyline")) == 4
    low, high, _ = (
        float(point.split(",")[1]) for point in drawn.find(".//{*}polyline").get("points").split()
    )
    assert high < low
