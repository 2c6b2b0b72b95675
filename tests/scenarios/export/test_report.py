"""report.html: well-formed, alone, and with the numbers of the run's tables."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pandas as pd
import pytest

from scenarios.export.charts import heat_class
from scenarios.export.report import report_html
from scenarios.export.shifts import parts_of_shifts
from scenarios.i18n import LANGUAGES, translator
from scenarios.runs import Run, read_run, write_run
from tests.scenarios.export.conftest import NAMES, SHIFTS, make_run

HOSTILE = '<script>alert(1)</script>"\'&=HYPERLINK("http://x")]]>\x00\x0b'


def tree(page: str) -> ET.Element:
    """Read a page as XML: only a well-formed one can be."""
    return ET.fromstring(page.removeprefix("<!DOCTYPE html>\n"))


def table(page: str, name: str) -> list[list[str]]:
    """Give the text of a table's cells, row by row."""
    body = tree(page).find(f".//table[@id='{name}']/tbody")
    return [["".join(cell.itertext()) for cell in row] for row in body]


def number(text: str) -> float:
    return float(text.replace(",", ""))


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, run):
    return report_html(run, request.param)


def test_a_page_is_well_formed_and_refers_to_nothing_elsewhere(page):
    root = tree(page)
    links = [
        value
        for element in root.iter()
        for key, value in element.attrib.items()
        if key in ("src", "href", "srcset", "action", "data", "poster", "background", "xlink:href")
    ]
    assert links
    assert all(link.startswith("#") for link in links)
    assert not {e.tag for e in root.iter()} & {"script", "link", "img", "iframe", "object", "base"}
    assert not re.search(r"@import|url\(|https?://", page)
    names = [e.attrib["id"] for e in root.iter() if "id" in e.attrib]
    assert len(names) == len(set(names))
    assert {link[1:] for link in links} <= set(names)


def test_the_same_run_gives_the_same_page_and_so_does_one_read_back(run, tmp_path):
    folder = write_run(run, tmp_path / "run")
    kept = (folder / "report.html").read_text("utf-8")
    assert kept == report_html(run, "en") == report_html(read_run(folder), "en")


def test_the_headline_is_the_results(page, run):
    root = tree(page)
    shown = {key: root.find(f".//b[@id='{key}']").text for key in ("cost", "bound", "gap")}
    assert number(shown["cost"]) == round(run.result["cost"], 2)
    assert number(shown["bound"]) == round(run.result["bound"], 2)
    assert shown["gap"] == "1.50 %"
    people = table(page, "people")
    assert [(row[0], int(row[2]), number(row[3]), number(row[4])) for row in people] == [
        (p["contract"], p["heads"], p["hours"], p["cost"]) for p in run.result["people"]
    ]


def test_cost_and_budget_are_the_tables_to_the_cent(page, run):
    shown = sorted((row[2], number(row[4]), number(row[5])) for row in table(page, "cost-lines"))
    cost = run.tables["cost"]
    assert shown == sorted(zip(cost["contract"], cost["hours"], cost["amount"], strict=True))
    total = tree(page).find(".//table[@id='cost-lines']/tfoot/tr")[5].text
    assert number(total) == round(cost["amount"].sum(), 2)
    budget = run.tables["budget"]
    assert [number(row[2]) for row in table(page, "budget")] == list(budget["amount"].round(2))
    assert table(page, "budget")[1][3] == "–"


def test_service_shows_every_period_with_its_interval(page, run):
    service, shown = run.tables["service"], table(page, "services")
    assert len(shown) == len(service)
    for row, cells in zip(service.itertuples(index=False), shown, strict=True):
        assert cells[0] == (row.label or row.queue)
        if row.measure == "answered_within":
            assert cells[3:6] == [
                f"{100 * row.predicted:.1f} %", f"{100 * row.simulated:.1f} %",
                f"{100 * row.low:.1f}–{100 * row.high:.1f}",
            ]  # fmt: skip
        assert cells[7][0] == ("–" if pd.isna(row.met) else "✓" if row.met else "✗")
    assert [row[2][-10:] for row in shown[:2]] == ["2026-12-07", "2026-12-14"]


def test_the_heat_map_is_scheduled_less_required_by_hour(run):
    coverage = run.tables["coverage"]
    over = (coverage["scheduled"] - coverage["required"]).to_numpy()
    chat = coverage["queue"] == "chat"
    wanted = over[chat.to_numpy()].reshape(28, 14, 2).mean(axis=2)
    maps = tree(report_html(run)).findall(".//table[@class='heat']")
    assert len(maps) == 3
    shown = [
        [float(cell.text.replace("−", "-")) for cell in row[1:]] for row in maps[1].find("tbody")
    ]
    assert len(shown) == 28
    for row, values in zip(shown, wanted, strict=True):
        assert row == pytest.approx(values, abs=0.0501)


@pytest.mark.parametrize(
    ("value", "name"),
    [(0, "h5"), (0.04, "h5"), (-0.06, "h4"), (3, "h10"), (-9, "h0"), (1.5, "h8"), (-1.5, "h2")],
)
def test_colours_are_centred_on_zero(value, name):
    assert heat_class(value, 3.0) == name


def test_every_person_is_on_every_day_with_the_shifts_there_are(run):
    root = tree(report_html(run))
    days = root.findall(".//svg[@class='gantt']")
    schedule = run.tables["schedule"]
    for date, picture in zip(pd.date_range(*run.span), days, strict=True):
        assert len(picture.findall("g")) == len(run.tables["agents"])
        bars = picture.findall(".//rect[@class='shift']")
        assert len(bars) == int((schedule["date"] == date).sum())
    first = ["".join(title.itertext()) for title in days[0].findall("g/title")]
    assert "Anna Kowalska · D 08:00–17:00\n08:00–12:00 在线聊天" in first
    assert sum(told.startswith("Ben (b3)") for told in first) == 1
    away = ["".join(text.itertext()) for text in days[2].findall(".//text[@class='note']")]
    assert away == ["leave"]


def test_parts_belong_to_the_shift_that_they_begin_in():
    night = parts_of_shifts(make_run())["n1", pd.Timestamp("2027-03-27 22:00")]
    assert [part.activity for part in night] == ["phone", "break", "phone"]


def test_what_is_missed_and_broken_is_said(page, run):
    assert [row[2] for row in table(page, "unmet-lines")] == ["12.00"]
    missed = ["".join(item.itertext()) for item in tree(page).find(".//ul[@id='missed']")]
    assert len(missed) == 1
    assert missed[0].endswith("2026-12-28: 89.5 % (89.0–90.1)")
    rows = tree(page).findall(".//table[@class='checks']/tbody/tr")
    assert len(rows) == len(run.tables["checks"])
    about = "".join(tree(page).find(".//section[@id='about']").itertext())
    assert "0123abcd" in about
    assert "staffing 0.1.0" in about
    assert "Wages are synthetic." in about


def test_text_of_the_plan_stays_text():
    shifts = [("n1", *SHIFTS[0][1:])]
    hostile = make_run(shifts, NAMES | {"n1": HOSTILE}, plan=HOSTILE)
    tables = {
        name: own.map(lambda v: HOSTILE if isinstance(v, str) and v in ("phone", "North") else v)
        for name, own in hostile.tables.items()
    }
    tables["service"]["label"] = HOSTILE
    forecast = pd.DataFrame({"queue": [HOSTILE] * 2, "start": pd.date_range("2027-03-26", periods=2,
                             freq="30min"), "volume": 1.0, "aht_s": 60.0, "q0.1": 0.0, "q0.5": 1.0,
                             "q0.9": 2.0})  # fmt: skip
    result = dict(hostile.result) | {"notes": [HOSTILE], "currency": HOSTILE, "status": HOSTILE,
                                     "people": [{"contract": HOSTILE}]}  # fmt: skip
    page = report_html(Run(result, tables | {"forecast": forecast}))
    text = "".join(tree(page).itertext())
    assert text.count("<script>alert(1)</script>") > 8
    assert "<script" not in page

    class Tags(HTMLParser):
        seen: set = set()  # noqa: RUF012

        def handle_starttag(self, tag, attrs):
            self.seen.add(tag)
            assert not any(key.startswith("on") for key, _ in attrs)

    Tags().feed(page)
    assert "script" not in Tags.seen


def test_a_run_of_almost_nothing_has_a_page_all_the_same():
    page = report_html(Run({"start": "2027-03-26", "days": 1}, {}))
    assert "NaN" not in page
    assert tree(page).find(".//b[@id='cost']").text == "–"


def test_the_words_of_the_page_are_translated(run):
    from pathlib import Path

    import scenarios.export

    source = Path(scenarios.export.__file__).with_name("report.html.j2").read_text("utf-8")
    words = set(re.findall(r'word\("([^"]+)"\)', source))
    chinese = translator("zh")
    assert len(words) > 40
    assert {word for word in words if chinese(word) == word} == set()
