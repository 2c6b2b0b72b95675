"""budget.xlsx: live formulas that give the plan's own figures, text that stays text."""

import re
import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest

from scenarios.budget import tables
from scenarios.workbook.budget import write_workbook
from tests.scenarios.smallplan import changed, more_rows, with_settings
from tests.scenarios.test_budget import budget_of, hiring_terms

needs_soffice = pytest.mark.skipif(
    shutil.which("soffice") is None, reason="needs LibreOffice to recalculate"
)


@pytest.fixture(scope="module")
def plan(small_plan):
    """Every kind of line: a salary, premiums, somebody to come, temporary people, classes."""
    plan = hiring_terms(small_plan)
    plan = changed(plan, "contracts", {"contract": "chief"}, wage_per_hour=0.0,
                   month_salary=12000.0)  # fmt: skip
    plan = changed(plan, "contracts", {"contract": "staff"}, people_max=3)
    plan = changed(plan, "contracts", {"contract": "half"}, class_cost=25.0, hire_cost=10.0)
    plan = more_rows(plan, "rates", {"name": "late", "kind": "premium", "from": 900, "to": 1440,
                                     "factor": 1.2})  # fmt: skip
    plan = more_rows(plan, "budget", {"month": "2027-01", "amount": 20000},
                     {"month": "2027-01", "cost_centre": "care", "amount": 15000})  # fmt: skip
    plan = more_rows(plan, "agents", {"agent": "S9", "contract": "staff", "hired": "2027-01-11"})
    plan = more_rows(plan, "shifts", {"shift": "T", "contract": "temp", "first_start": 540,
                                      "length_h": 8})  # fmt: skip
    return more_rows(
        plan, "contracts",
        {"contract": "temp", "kind": "temporary", "role": "agent", "people_min": 1,
         "people_max": 2, "from": "2027-01-10", "to": "2027-02-20", "wage_per_hour": 55,
         "hire_cost": 100, "cost_centre": "care"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def budgets(plan):
    return {"base": budget_of(plan), "busier": budget_of(plan, scenario="busier")}


@pytest.fixture(scope="module")
def path(budgets, tmp_path_factory):
    path = tmp_path_factory.mktemp("budget") / "budget.xlsx"
    write_workbook(budgets, path, "en")
    return path


def recalculated(path, folder):
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless",
         "--convert-to", "xlsx", "--outdir", str(folder / "out"), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return openpyxl.load_workbook(folder / "out" / path.name, data_only=True)


def cells(book):
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row]


def variance(book) -> pd.DataFrame:
    sheet = book["Variance"]
    rows = [[sheet.cell(r, c).value for c in (1, 2, 3, 4, 5)] for r in range(5, sheet.max_row)]
    return pd.DataFrame(rows, columns=["month", "cost_centre", "amount", "budget", "difference"])


def total(book) -> float:
    return book["Summary"]["A5"].value


def test_sheets_lead_from_assumptions_to_the_summary(path):
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [
        "Summary", "Assumptions", "Workload", "People", "Cost", "Allocation", "Variance",
        "Scenarios", "Bridge", "About",
    ]  # fmt: skip
    for name in ("Workload", "People", "Cost"):
        formulas = [c for row in book[name].iter_rows(min_row=5) for c in row if c.data_type == "f"]
        assert len(formulas) > 20
    assert len(book["Summary"]._charts) == 3
    assert len(book["Scenarios"]._charts) == len(book["Bridge"]._charts) == 1


@needs_soffice
def test_recalculated_totals_are_those_of_the_tables(path, budgets, tmp_path):
    book = recalculated(path, tmp_path)
    assert not [cell.coordinate for cell in cells(book) if cell.data_type == "e"]
    told = tables.budget_table(budgets["base"])
    shown = variance(book)
    assert shown["month"].tolist() == told["month"].tolist()
    amounts = pd.to_numeric(shown["amount"]).round(2)
    pd.testing.assert_series_equal(amounts, told["amount"])
    known = told["budget"].notna()
    assert (
        shown.loc[known, "difference"].round(2).tolist() == told.loc[known, "difference"].tolist()
    )
    summary = book["Summary"]
    months = budgets["base"].months
    shown_months = [summary.cell(11 + m, 13).value for m in (0, 1)]
    assert shown_months == pytest.approx(months["difference"].iloc[:2].tolist(), abs=0.006)
    assert total(book) == pytest.approx(budgets["base"].cost, abs=0.001)
    people = book["People"]
    rows = {people.cell(r, 1).value: r for r in range(1, people.max_row + 1)}
    gross = [people.cell(rows["People needed (gross)"], 4 + m).value for m in range(3)]
    assert gross == pytest.approx(budgets["base"].months["people_gross"].tolist(), rel=1e-3)


@needs_soffice
def test_changed_assumptions_change_the_totals(path, budgets, tmp_path):
    base = budgets["base"]

    def changed_to(name: str, edit) -> float:
        book = openpyxl.load_workbook(path)
        edit(book["Assumptions"])
        book.save(tmp_path / f"{name}.xlsx")
        return book

    def row_of(sheet, text: str) -> int:
        return next(r for r in range(1, 80) if sheet.cell(r, 1).value == text)

    def wages(sheet):
        sheet.cell(row_of(sheet, "Change of wages and salaries"), 2).value = 0.1

    def growth(sheet):
        sheet.cell(row_of(sheet, "Growth of contacts beyond the forecast"), 2).value = 0.4

    def attrition(sheet):
        sheet.cell(row_of(sheet, "Leave in a month"), 3).value = 0.5

    for name, edit in (("wages", wages), ("growth", growth), ("attrition", attrition)):
        changed_to(name, edit)
    files = [str(tmp_path / f"{name}.xlsx") for name in ("wages", "growth", "attrition")]
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless",
         "--convert-to", "xlsx", "--outdir", str(tmp_path / "out"), *files],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    books = {
        name: openpyxl.load_workbook(tmp_path / "out" / f"{name}.xlsx", data_only=True)
        for name in ("wages", "growth", "attrition")
    }
    # Wages rise by a tenth, what is bought and hires do not.
    own = base.lines[base.lines["contract"] != "agency"]
    paid = own.loc[~own["kind"].isin(["hire", "class"]), "amount"].sum()
    assert {"salary", "premium", "hire", "class"} <= set(own["kind"])
    assert total(books["wages"]) == pytest.approx(base.cost + 0.1 * paid, abs=0.05)
    # More contacts than these people can work are counted on a line of their own, and priced.
    assert total(books["growth"]) > base.cost
    contacts = books["growth"]["Summary"].cell(14, 3).value
    assert contacts == pytest.approx(1.4 * base.months["contacts"].sum(), rel=1e-3)
    people = books["attrition"]["People"]
    roll = next(r for r in range(1, 60) if people.cell(r, 1).value == "On the roll")
    assert people.cell(roll, 4).value < base.outlook.hiring.people[0, 0]


@needs_soffice
def test_names_that_look_like_formulas_stay_text(plan, tmp_path):
    risky = with_settings(plan, name="=1+1")
    risky = changed(risky, "queues", {"queue": "phone"}, label='=HYPERLINK("http://x","y")')
    risky = changed(risky, "queues", {"queue": "email"}, label="+cmd")
    risky = changed(risky, "contracts", {"contract": "staff"}, cost_centre="@x")
    write_workbook({"base": budget_of(risky, 1)}, tmp_path / "b.xlsx", "zh")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    for text in ('=HYPERLINK("http://x","y")', "+cmd", "@x"):
        found = [cell for cell in cells(book) if cell.value == text]
        assert found, text
        assert all(cell.data_type == "s" and cell.quotePrefix for cell in found)
    again = recalculated(tmp_path / "b.xlsx", tmp_path)
    assert not [cell.coordinate for cell in cells(again) if cell.data_type == "e"]
    assert [cell for cell in cells(again) if cell.value == '=HYPERLINK("http://x","y")']


def test_chinese_headings_hold_no_english(plan, tmp_path):
    budgets = {"base": budget_of(plan, 2, "2026-11"), "busier": budget_of(plan, 2, "2026-11",
                                                                         "busier")}  # fmt: skip
    write_workbook(budgets, tmp_path / "b.xlsx", "zh")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    heads = [
        cell.value
        for cell in cells(book)
        if isinstance(cell.value, str) and cell.fill.start_color.rgb == "002F4B66"
    ]
    ours = {"CNY", "P10", "P90", "base", "busier", "staff", "half", "chief", "agency", "temp"}
    assert len(heads) > 60
    english = [h for h in heads if re.search("[A-Za-z]", h) and not set(re.findall(
        "[A-Za-z0-9]+", h)) & ours]  # fmt: skip
    assert english == []
    assert not [name for name in book.sheetnames if re.search("[a-z]", name)]


def test_months_that_are_over_are_values(plan, tmp_path):
    found = budget_of(plan, 3, "2026-11")
    write_workbook({"base": found}, tmp_path / "b.xlsx", "en")
    cost = openpyxl.load_workbook(tmp_path / "b.xlsx")["Cost"]
    row = next(r for r in range(1, 30) if cost.cell(r, 2).value == "wage")
    assert isinstance(cost.cell(row, 4).value, float)
    assert str(cost.cell(row, 5).value).startswith("=ROUND(")


def test_the_same_budget_gives_the_same_bytes(budgets, path, tmp_path):
    write_workbook(budgets, tmp_path / "again.xlsx", "en")
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()
