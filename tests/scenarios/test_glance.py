"""Forecast and requirement at a glance: totals a week and the busiest interval by queue."""

import io

import pandas as pd
from rich.console import Console

from scenarios.glance import print_forecast, print_frame, print_requirement

STARTS = pd.date_range("2026-12-07", periods=14 * 48, freq="30min")


def printed(show, table: pd.DataFrame) -> list[str]:
    out = io.StringIO()
    show(table, Console(file=out, width=100))
    return out.getvalue().splitlines()


def test_a_forecast_shows_contacts_a_week_and_the_busiest_interval():
    volume = [1.0] * len(STARTS)
    volume[50] = 9.0
    table = pd.DataFrame(
        {"queue": "chat", "start": STARTS, "volume": volume, "aht_s": 300.0,
         "q0.1": 5.2, "q0.5": 9.0, "q0.9": 13.8}
    )  # fmt: skip
    line = printed(print_forecast, table)[-1]
    # 672 intervals of 1 and 8 more, over two weeks.
    assert line.split() == ["chat", "340", "2026-12-08:", "56", "12-08", "01:00:", "9.0", "5–14",
                            "300", "s"]  # fmt: skip


def test_a_requirement_shows_hours_a_week_and_the_peak_with_its_reason():
    gross = [2] * len(STARTS)
    gross[3] = 5
    table = pd.DataFrame(
        {"queue": "chat", "start": STARTS, "offered": 4.0, "aht_s": 300.0, "load_erlang": 0.7,
         "needed_fractional": 1.5, "needed": 2, "shrinkage": 0.1, "gross": gross, "reason": "80/20",
         "notice": [""] * 600 + ["long calls"] * 72}
    )  # fmt: skip
    # 672 half-hours of 2 people and 3 more are 673.5 h, half of them a week.
    lines = printed(print_requirement, table)
    assert lines[-2].split() == [
        "chat", "337", "12-07", "01:30", "4.0", "2", "5.0", "80/20",
    ]  # fmt: skip
    assert lines[-1] == "chat, 72 intervals: long calls"


def test_any_table_is_printed_with_gaps_and_marks():
    table = pd.DataFrame(
        {"queue": ["[b]", "chat"], "share": [0.91234, None], "met": [True, False],
         "day": [pd.Timestamp("2026-12-07"), pd.Timestamp("2026-12-07 08:30")]}
    )  # fmt: skip
    lines = printed(print_frame, table)
    assert lines[-2].split() == ["[b]", "0.912", "✓", "2026-12-07"]
    assert lines[-1].split() == ["chat", "–", "✗", "2026-12-07", "08:30"]
