"""The terminal summary: complete, within 80 columns, without colours, in two languages."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from scenarios.runs import Run
from scenarios.summary import print_summary
from scenarios.wording import promises


def printed(run: Run, **kwargs) -> str:
    out = io.StringIO()
    print_summary(run, Console(file=out, width=80), **kwargs)
    return out.getvalue()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_80_columns_without_colours(run, language):
    text = printed(Run({**run.result, "language": language}, run.tables), folder="runs/x")
    assert max(map(cell_len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_headline_has_cost_bound_gap_and_status(run):
    text = printed(run)
    assert f"Cost {run.result['cost']:,.0f} CNY" in text
    assert f"Lower bound {run.result['bound']:,.0f}" in text
    assert "Gap 1.5 %" in text
    assert "unmet" in text


def test_people_are_summed_over_contracts(run):
    line = next(x for x in printed(run).splitlines() if x.startswith("Total"))
    assert line.split() == ["Total", "12", "1,584", "99,840"]


def test_several_periods_are_shown_as_mean_worst_and_how_many_held(run):
    line = next(x for x in printed(run).splitlines() if "90 % in 30 s" in x)
    assert "91.0 %" in line
    assert "89.5 (89.0–90.1)" in line
    assert "3 of 4 ✗" in line


def test_what_was_not_met_is_said_with_its_amount_and_price(run):
    text = printed(run)
    assert "在线聊天: 90 % in 30 s; worst 2026-12-28: 89.5 %" in text
    assert "chat answered_within · week 4: 12 contacts (240)" in text
    assert "min_rest_h (law): 1 × · a2 2026-12-15" in text


def test_when_all_is_met_it_says_so(run):
    service = run.tables["service"]
    good = {"service": service[service["met"].fillna(True)]}
    text = printed(Run({**run.result, "exit_code": 0}, good))
    assert "All targets and rules are met." in text
    assert "Not met" not in text


def test_names_with_brackets_are_not_read_as_markup(run):
    people = [{"contract": "[red]x[/]", "kind": "full_time", "heads": 1, "hours": 8.0, "cost": 1.0}]
    assert "[red]x[/]" in printed(Run({**run.result, "people": people}, {}))


def test_notes_and_files_are_told(run):
    text = printed(run, folder="runs/x")
    assert "Wages are synthetic." in text
    assert "runs/x/roster.xlsx" in text


def test_the_worst_of_a_wait_is_the_longest(run):
    service = run.tables["service"]
    wait = service[service["measure"] == "mean_wait"]
    longer = wait.assign(period="week 2", simulated=40.0, met=False)
    import pandas as pd

    (promise,) = promises(pd.concat([wait, longer], ignore_index=True))
    assert promise.worst["simulated"] == 40.0
    assert (promise.held, promise.judged, promise.met) == (1, 2, False)
