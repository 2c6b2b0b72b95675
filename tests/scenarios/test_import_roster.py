"""An edited roster workbook: every change told, what is illegal refused, all else as it was."""

import shutil
import subprocess

import numpy as np
import openpyxl
import pytest

import scenarios.cli
from scenarios.errors import PlannerError
from scenarios.import_roster import import_roster
from scenarios.plan import load
from scenarios.restage import restage
from scenarios.runs import Run, read_run, write_run
from scenarios.workbook import write_roster
from scenarios.workbook.reading import read_edits

FIRST_ROW, FIRST_DAY = 6, 4


def saved_by_libreoffice(path):
    out = path.parent / "saved"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{path.parent}/profile", "--headless",
         "--convert-to", "xlsx", "--outdir", str(out), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return out / path.name


@pytest.fixture
def edited(run, tmp_path):
    """Write the run's workbook, change it and give its path."""

    def change(how=lambda book: None, language="en", of=run):
        path = tmp_path / "roster.xlsx"
        write_roster(of, path, language)
        book = openpyxl.load_workbook(path)
        how(book)
        book.save(path)
        return path

    return change


def twenty_cells(book) -> dict[str, str]:
    """Change 20 cells: shifts typed, taken away, days away; in both teams."""
    done = {}
    for title in ("North", "南方组"):
        sheet = book[title]
        codes = [sheet.cell(row, 1).value for row in range(15, 17)]
        for k in range(10):
            cell = sheet.cell(FIRST_ROW + k % 6, FIRST_DAY + 2 * k + 1)
            wanted = next(c for c in (*codes, None) if c != cell.value) if k % 3 else None
            if cell.value is None and wanted is None:
                wanted = codes[0]
            cell.value = wanted
            done[f"{title}!{cell.coordinate}"] = wanted or ""
    return done


def refused(run, path):
    with pytest.raises(PlannerError) as caught:
        read_edits(run, path)
    return str(caught.value)


class TestReading:
    """What differs between the workbook and its run."""

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_an_untouched_workbook_holds_no_change(self, run, edited, language):
        assert read_edits(run, edited(language=language)) == []

    def test_twenty_changed_cells_are_twenty_edits(self, run, edited):
        done = {}
        path = edited(lambda book: done.update(twenty_cells(book)))
        found = read_edits(run, path)
        assert {edit.place: edit.after for edit in found} == done
        assert len(done) == 20

    @pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice to save")
    def test_a_file_saved_by_libreoffice_reads_the_same(self, run, edited):
        path = edited(twenty_cells)
        saved = saved_by_libreoffice(path)
        assert read_edits(run, saved) == read_edits(run, path)
        # Recalculated, hours, shifts and weekends are those of the codes that stand there now.
        sheet = openpyxl.load_workbook(saved, data_only=True)["North"]
        heads = {sheet.cell(5, c).value: c for c in range(1, sheet.max_column + 1)}
        paid = {"D8": 8, "D10": 8, "N": 8, "H": 4}
        for row in range(FIRST_ROW, FIRST_ROW + 6):
            codes = [sheet.cell(row, FIRST_DAY + d).value for d in range(28)]
            worked = [code in paid for code in codes]
            assert sheet.cell(row, heads["Hours"]).value == sum(paid.get(c, 0) for c in codes)
            assert sheet.cell(row, heads["Shifts"]).value == sum(worked)
            weekends = sum(any(worked[d : d + 2]) for d in range(5, 28, 7))
            assert sheet.cell(row, heads["Weekends"]).value == weekends

    def test_an_edit_knows_person_day_and_shift(self, run, edited):
        def change(book):
            book["North"]["D6"] = " n "
            book["North"]["E6"] = "s"

        shift, sick = read_edits(run, edited(change))
        first = run.tables["days"]["date"].iloc[0]
        assert (shift.agent, shift.date, shift.after) == ("a6", first, "N")
        assert shift.shift == ("N", 1320, 1860)
        assert (sick.after, sick.away, sick.shift) == ("S", "sick", None)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda b: setattr(b["North"], "title", "Nord"), "sheet North: is missing or renamed"),
            (lambda b: b.remove(b["North"]), "sheet North: is missing or renamed"),
            (lambda b: b.move_sheet("North", 1), "was moved"),
            (lambda b: b["North"].delete_rows(8), "sheet North, cell A8"),
            (lambda b: b["North"].insert_cols(4), "sheet North, cell D5: is empty"),
            (lambda b: b["North"].merge_cells("D6:E6"), "merged cells D6:E6"),
            (lambda b: b["North"].__setitem__("A7", "Bob"), "cell A7: read “Bob”"),
            (lambda b: b["North"].__setitem__("C15", 6), "cell C15: read “6”"),
            (lambda b: b["North"].__setitem__("D6", "Q7"), "cell D6: read “Q7”: is no code"),
            (lambda b: b["North"].__setitem__("D6", "=E6"), "cell D6: read “=E6”: is no code"),
            (lambda b: b["Summary"].__setitem__("B11", "ffff"), "is of another run"),
        ],
    )
    def test_what_makes_it_ambiguous_is_told_by_cell(self, run, edited, change, told):
        assert told in refused(run, edited(change))

    def test_all_faults_are_told_at_once(self, run, edited):
        def change(book):
            book["North"]["D6"], book["南方组"]["E7"] = "Q7", "Q8"

        text = refused(run, edited(change))
        assert "2 faults" in text
        assert "Q7" in text
        assert "Q8" in text

    def test_another_file_is_refused(self, run, tmp_path):
        (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 no workbook")
        openpyxl.Workbook().save(tmp_path / "y.xlsx")
        for name in ("x.xlsx", "y.xlsx", "gone.xlsx"):
            with pytest.raises(PlannerError):
                read_edits(run, tmp_path / name)


@pytest.fixture(scope="module")
def imported(small_run, small_plan, tmp_path_factory):
    """Who works more has leave and a day off in place of shifts; the other one works all seven
    days, two too many. Which of the two people alike works more is left to the solver.
    """
    root = tmp_path_factory.mktemp("import")
    write_run(small_run, root / "run", small_plan)
    book = openpyxl.load_workbook(root / "run" / "roster.xlsx")
    sheet = book["Front"]
    agent_of = {"王小明": "S1", "Ana": "S2"}
    weeks = {
        agent_of[sheet.cell(row, 1).value]: [sheet.cell(row, FIRST_DAY + d) for d in range(7)]
        for row in (6, 7)
    }
    more, less = sorted(weeks, key=lambda agent: -sum(bool(c.value) for c in weeks[agent]))
    leave, off = [cell for cell in weeks[more] if cell.value][:2]
    leave.value, off.value = "L", None
    for cell in weeks[less]:
        cell.value = "D"
    book.save(root / "edited.xlsx")
    arguments = ["import-roster", root / "run", root / "edited.xlsx", "--out", root / "new"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["staffing", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            scenarios.cli.main()
    return root, ended.value.code, (more, less)


class TestTakingOver:
    """Changes of the small plan's roster, whatever days its people work: shifts of 7 paid hours."""

    def test_what_breaks_a_rule_is_refused_and_the_rest_taken_over(self, imported):
        root, code, (more, less) = imported
        assert code == 1
        outcomes = import_roster(root / "run", root / "edited.xlsx").outcomes
        assert [o.became for o in outcomes if o.edit.agent == more] == ["leave", "pin"]
        refused = [o for o in outcomes if o.refused]
        assert len(refused) == 2
        assert {(o.edit.agent, o.edit.after) for o in refused} == {(less, "D")}
        assert all(o.refused.startswith("breaks contract_") for o in refused)
        worked = read_run(root / "new").tables["schedule"]
        assert (worked["agent"] == less).sum() == 5

    def test_nothing_else_moves(self, imported):
        root, _, _ = imported
        old, new = restage(root / "run").roster, restage(root / "new").roster
        taken = [o.edit for o in import_roster(root / "run", root / "edited.xlsx").outcomes
                 if not o.refused]  # fmt: skip
        number = {agent.name: k for k, agent in enumerate(old.agents)}
        changed = np.argwhere(old.shifts != new.shifts).tolist()
        assert changed == sorted([number[e.agent], e.date.weekday()] for e in taken)
        kept = {b for b in old.breaks if [b.agent, b.day] not in changed}
        assert kept == {b for b in new.breaks if [b.agent, b.day] not in changed}

    def test_the_new_runs_plan_holds_the_pins(self, imported):
        root, _, (more, _) = imported
        outcomes = import_roster(root / "run", root / "edited.xlsx").outcomes
        wanted = {
            (e.agent, e.date.date(), e.away or "pin", {"D": "D@09:00", "": "off"}.get(e.after, ""))
            for e in (o.edit for o in outcomes if not o.refused)
        }
        found = load(root / "new" / "plan").availability
        assert {(r.agent, r.from_, r.kind, r.shift) for r in found} == wanted
        assert {r.kind for r in found} == {"pin", "leave"}
        assert {r.shift for r in found} == {"", "off", "D@09:00"}
        agents = restage(root / "new").roster.agents
        assert "" in next(a for a in agents if a.name == more).pins.values()

    def test_the_new_run_is_judged_and_costed_anew(self, imported, small_run):
        root, _, _ = imported
        run = read_run(root / "new")
        amounts = {"new": run, "old": small_run}
        cost = {key: one.tables["cost"]["amount"].sum() for key, one in amounts.items()}
        worked = {key: (one.tables["schedule"]["contract"] == "staff").sum() for key, one in
                  amounts.items()}  # fmt: skip
        # Shifts of 7 paid hours at 60, and a day of leave that is paid as 8.
        expected = 7 * 60 * (worked["new"] - worked["old"]) + 8 * 60
        assert cost["new"] - cost["old"] == pytest.approx(expected)
        assert run.result["bound"] == small_run.result["bound"]
        assert not (run.tables["service"].equals(small_run.tables["service"]))
        assert "changed cells taken over" in run.result["notes"][-1]

    def test_its_own_workbook_comes_back_without_a_change(self, imported):
        root, _, _ = imported
        assert import_roster(root / "new", root / "new" / "roster.xlsx").outcomes == ()

    def test_the_edited_run_is_not_written_over(self, imported, monkeypatch, capsys):
        root, _, _ = imported
        arguments = ["import-roster", root / "run", root / "edited.xlsx", "--out", root / "run"]
        monkeypatch.setattr("sys.argv", ["staffing", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            scenarios.cli.main()
        assert ended.value.code == 2
        assert "another folder" in capsys.readouterr().err


def test_a_hand_made_run_without_facts_is_read_too(run, edited):
    bare = Run({k: v for k, v in run.result.items() if k != "inputs_hash"}, run.tables)
    assert read_edits(bare, edited(of=bare)) == []
