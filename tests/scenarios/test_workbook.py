"""roster.xlsx: live formulas over codes that mean one shift each, text that stays text."""

import re
import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest

from scenarios.workbook import write_roster
from scenarios.workbook.codes import ShiftCode, coded

DAY = pd.Timestamp(2026, 12, 7)


@pytest.fixture(scope="module")
def book(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "roster.xlsx"
    write_roster(run, path)
    return openpyxl.load_workbook(path)


def schedule_of(*shifts: tuple[str, int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(s, DAY, DAY + pd.Timedelta(minutes=a), DAY + pd.Timedelta(minutes=b), p)
         for s, a, b, p in shifts],
        columns=["shift", "date", "start", "end", "paid_hours"],
    )  # fmt: skip


def codes_of(*shifts, taken=()) -> list[str]:
    return [c.code for c in coded(schedule_of(*shifts), set(taken))]


def test_a_shift_at_one_time_keeps_its_code():
    assert codes_of(("D", 480, 1020, 8.0), ("N", 1320, 1800, 8.0)) == ["D", "N"]


def test_start_times_tell_shifts_of_one_code_apart():
    assert codes_of(("D@08:00", 480, 1020, 8.0), ("D@09:30", 570, 1110, 8.0)) == ["D8", "D9:30"]


def test_end_and_paid_hours_tell_the_rest_apart():
    codes = codes_of(("D", 480, 960, 8.0), ("D", 480, 1020, 8.0), ("D", 480, 1020, 7.5))
    assert codes == ["D8-16", "D8-17 8h", "D8-17 7.5h"]


def test_codes_differ_by_more_than_case_and_from_days_away():
    codes = codes_of(("d", 480, 960, 8.0), ("D", 540, 960, 7.0), ("L", 600, 960, 6.0), taken="L")
    assert len({c.casefold() for c in codes}) == 3
    assert codes[2] == "L10"


def test_every_start_has_a_readable_colour():
    for minute in range(0, 1440, 15):
        color = ShiftCode("D", minute, minute + 480, 8.0).color
        red, green, blue = (int(color[k : k + 2], 16) for k in (0, 2, 4))
        assert 0.299 * red + 0.587 * green + 0.114 * blue > 150


def test_there_is_a_sheet_per_team_between_summary_and_coverage(book):
    assert book.sheetnames == [
        "Summary", "North", "南方组", "Coverage", "Service", "Cost", "Not met"
    ]  # fmt: skip


def legend_of(sheet) -> dict[str, tuple[str, float]]:
    top = next(r for r in range(1, sheet.max_row) if sheet.cell(r, 1).value == "Code")
    legend = {}
    for row in range(top + 1, sheet.max_row + 1):
        if sheet.cell(row, 1).value is None:
            break
        legend[sheet.cell(row, 1).value] = (sheet.cell(row, 2).value, sheet.cell(row, 3).value)
    return legend


def test_cells_and_legend_give_every_persons_paid_hours(run, book):
    schedule = run.tables["schedule"]
    for team, rows in schedule.groupby("team"):
        sheet, legend = book[team], legend_of(book[team])
        hours = 0.0
        for row in range(6, 6 + rows["agent"].nunique()):
            hours += sum(
                legend[code][1] for c in range(4, 32) if (code := sheet.cell(row, c).value)
            )
        assert hours == rows["paid_hours"].sum()


def test_a_day_of_leave_is_shown(book):
    sheet = book["North"]
    row = next(r for r in range(6, 12) if sheet.cell(r, 1).value == "王小明")
    assert sheet.cell(row, 4 + 2).value == "L"


def test_names_that_look_like_formulas_stay_text(book):
    texts = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value == "=SUM(A1)"]
    assert texts
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in texts)
    minus = [c for row in book["南方组"].iter_rows() for c in row if c.value == "-2"]
    assert [c.data_type for c in minus] == ["s"]


def test_people_of_one_name_are_told_apart(book):
    names = [book["南方组"].cell(r, 1).value for r in range(6, 12)]
    assert {"Ben (b3)", "Ben (b5)"} <= set(names)


def test_team_sheets_are_frozen_and_print_on_one_a3_width(book):
    for team in ("North", "南方组"):
        sheet = book[team]
        assert sheet.freeze_panes == "D6"
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth) == (8, 1)
        assert sheet.print_title_rows == "$1:$5"


def test_weekends_holidays_and_made_up_working_days_are_marked(book):
    fills = [book["North"].cell(5, 4 + d).fill.start_color.rgb[2:] for d in range(28)]
    assert fills[5] == "D9DEE5"
    assert fills[13] == "FBD38D"
    assert fills[25] == "F6B9B0"
    assert fills[0] not in {fills[5], fills[13], fills[25]}


def test_the_heat_map_is_scheduled_minus_required_centred_on_zero(run, book):
    sheet = book["Coverage"]
    coverage = run.tables["coverage"]
    first = coverage[coverage["start"] == coverage["start"].min()]
    assert sheet["C6"].value == (first["scheduled"] - first["required"]).sum()
    rule = next(iter(sheet.conditional_formatting)).rules[0].colorScale
    low, middle, high = (float(c.val) for c in rule.cfvo)
    assert middle == 0
    assert low == -high


def test_service_is_marked_held_or_not(book):
    held = [book["Service"].cell(r, 9).value for r in range(5, 14)]
    assert held == ["yes", "yes", "yes", "no", "yes", "yes", "yes", "yes", "–"]


def test_not_met_is_left_out_when_all_is_met(run, tmp_path):
    from scenarios.runs import Run

    tables = {k: t for k, t in run.tables.items() if k not in ("unmet", "checks")}
    write_roster(Run(run.result, tables), tmp_path / "r.xlsx")
    assert "Not met" not in openpyxl.load_workbook(tmp_path / "r.xlsx").sheetnames


def test_an_empty_run_still_gives_a_workbook(tmp_path):
    from scenarios.runs import Run

    write_roster(Run({"start": "2026-12-07", "days": 7}, {}), tmp_path / "r.xlsx")
    assert openpyxl.load_workbook(tmp_path / "r.xlsx").sheetnames == ["Summary", "Service", "Cost"]


def test_team_names_become_sheet_names_that_spreadsheets_allow(run, tmp_path):
    from scenarios.runs import Run

    names = {"North": "Team [A]/B: very long name, longer than allowed", "南方组": "History"}
    tables = dict(run.tables)
    for table in ("schedule", "agents"):
        tables[table] = tables[table].assign(team=tables[table]["team"].map(names))
    write_roster(Run(run.result, tables), tmp_path / "r.xlsx")
    sheets = openpyxl.load_workbook(tmp_path / "r.xlsx").sheetnames
    assert "History 2" in sheets
    assert "Team ·A··B· very long name, lon" in sheets


def test_chinese_headings_hold_no_english(run, tmp_path):
    write_roster(run, tmp_path / "r.xlsx", "zh")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    heads = [
        cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.fill.start_color.rgb == "002F4B66"
    ]
    assert len(heads) > 40
    assert not [h for h in heads if re.search("[A-Za-z]", h.replace("CNY", ""))]
    assert not [name for name in book.sheetnames if re.search("[a-z]", name) and name != "North"]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice to recalculate")
def test_recalculated_formulas_agree_with_the_schedule(run, tmp_path):
    write_roster(run, tmp_path / "r.xlsx")
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), str(tmp_path / "r.xlsx")],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    book = openpyxl.load_workbook(tmp_path / "out" / "r.xlsx", data_only=True)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "e"]
    schedule = run.tables["schedule"]
    for team, rows in schedule.groupby("team"):
        sheet = book[team]
        heads = [sheet.cell(5, c).value for c in range(1, sheet.max_column + 1)]
        hours, shifts = heads.index("Hours") + 1, heads.index("Shifts") + 1
        total = 6 + rows["agent"].nunique()
        assert sheet.cell(total, 1).value == "On duty"
        assert sheet.cell(total, hours).value == rows["paid_hours"].sum()
        assert sheet.cell(total, shifts).value == len(rows)
        assert sheet.cell(total, 4).value == (rows["date"] == DAY).sum()
    assert book["Cost"]["F9"].value == pytest.approx(run.result["cost"])
