"""The history from a workbook, a Parquet file or a database: the same plan, and clear faults."""

import datetime as dt
import sqlite3
import sys
from contextlib import closing
from decimal import Decimal

import pandas as pd
import pytest
from openpyxl import load_workbook

from scenarios.cli import main
from scenarios.plan import PlanFaults, load, schema, write_folder, write_workbook
from scenarios.plan.sources import _with_variables

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
sqlalchemy = pytest.importorskip("sqlalchemy")

CONTACTS = pd.DataFrame(
    [
        ("chat", "2026-12-01 09:01:00", "2026-12-01 09:01:10", "2026-12-01 09:05:10", "done"),
        # 200 ms before the half hour: rounded to the second it would be counted in the next one.
        ("chat", "2026-12-01 09:29:59.800", None, "2026-12-01 09:31:59.800", "abandoned"),
        ("email", "2026-12-01 10:00:00", "2026-12-01 11:00:00", "2026-12-01 11:06:00", None),
        ("forum", "2026-12-02 17:30:00", "2026-12-02 17:40:00", "2026-12-02 17:46:00", None),
    ],
    columns=["queue", "arrived", "answered", "ended", "outcome"],
)
MOMENTS = ("start", "arrived", "answered", "ended")


def from_source(folder, **keys):
    """Take the history of a plan's folder from the source that these keys name."""
    (folder / "history.csv").unlink(missing_ok=True)
    path = folder / "plan.toml"
    text = path.read_text(encoding="utf-8").partition("\n[forecast]")[0]
    lines = [f"{key} = '{value}'" for key, value in keys.items()]
    path.write_text("\n".join([text, "[forecast]", *lines, ""]), encoding="utf-8")


def typed(frame):
    """Frame with its moments as moments, as a Parquet file or a workbook has them."""
    return frame.assign(
        **{one: pd.to_datetime(frame[one], format="ISO8601") for one in MOMENTS if one in frame}
    )


def in_csv(folder, frame):
    frame.to_csv(folder / "calls.csv", index=False)
    from_source(folder, history="calls.csv")


def in_workbook(folder, frame):
    typed(frame).to_excel(folder / "calls.xlsx", index=False, sheet_name="通话")
    from_source(folder, history="calls.xlsx")


def in_parquet(folder, frame):
    typed(frame).to_parquet(folder / "calls.parquet", index=False)
    from_source(folder, history="calls.parquet")


def in_sqlite(folder, frame):
    engine = sqlalchemy.create_engine(f"sqlite:///{folder / 'calls.db'}")
    typed(frame).to_sql("calls", engine, index=False)
    engine.dispose()
    from_source(folder, history="sqlite:///calls.db", history_query="SELECT * FROM calls")


def in_sqlite_as_text(folder, frame):
    with closing(sqlite3.connect(folder / "calls.db")) as connection:
        frame.to_sql("calls", connection, index=False)
    from_source(folder, history="sqlite:///calls.db", history_query="SELECT * FROM calls")


STORES = [in_csv, in_workbook, in_parquet, in_sqlite, in_sqlite_as_text]
SOURCE_KEYS = {"history", "history_sheet", "history_query"}


def assert_same(plan, plain):
    pd.testing.assert_frame_equal(plan.history, plain.history, check_exact=True)
    for name in schema.TABLES:
        if name != "history":
            assert plan.table(name) == plain.table(name)
    without = {"forecast": SOURCE_KEYS}
    assert plan.settings.model_dump(exclude=without) == plain.settings.model_dump(exclude=without)


@pytest.mark.parametrize("store", STORES)
def test_intervals_are_the_same_from_every_source(tiny_plan, store, tmp_path):
    plain = load(tiny_plan)
    store(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    plan = load(tiny_plan)
    assert_same(plan, plain)
    # Written out, the plan holds its history and names its source no more.
    assert load(write_folder(plan, tmp_path / "again")).same_as(plain)


@pytest.mark.parametrize("store", [one for one in STORES if one is not in_workbook])
def test_single_contacts_are_the_same_from_every_source(tiny_plan, store):
    CONTACTS.to_csv(tiny_plan / "history.csv", index=False)
    plain = load(tiny_plan)
    first = plain.history.query("queue == 'chat'").iloc[0]
    assert (first["volume"], first["abandoned"], first["waited_s"]) == (2, 1, 10 + 120)
    store(tiny_plan, CONTACTS)
    assert_same(load(tiny_plan), plain)


def test_single_contacts_of_a_workbook_are_told_by_the_second(tiny_plan):
    frame = CONTACTS.replace(r"\.800$", "", regex=True)
    frame.to_csv(tiny_plan / "history.csv", index=False)
    plain = load(tiny_plan)
    in_workbook(tiny_plan, frame)
    assert_same(load(tiny_plan), plain)


def test_times_with_a_zone_become_local_times_of_the_plan(tiny_plan):
    plain = load(tiny_plan)
    frame = typed(pd.read_csv(tiny_plan / "history.csv"))
    frame["start"] = frame["start"].dt.tz_localize("Asia/Shanghai").dt.tz_convert("UTC")
    in_parquet(tiny_plan, frame)
    assert_same(load(tiny_plan), plain)


def test_decimals_categories_and_missing_numbers_of_a_parquet_file(tiny_plan):
    start = dt.datetime(2026, 12, 1, 9)
    table = pa.table(
        {
            "queue": pa.array(["chat", "email", "forum"]).dictionary_encode(),
            "start": [start] * 3,
            "volume": [Decimal("2.50"), Decimal("3.00"), Decimal("0.00")],
            "aht_s": [float("nan"), 300.5, None],
        }
    )
    pq.write_table(table, tiny_plan / "calls.parquet")
    from_source(tiny_plan, history="calls.parquet")
    history = load(tiny_plan).history
    assert history["volume"].tolist() == [2.5, 3.0, 0.0]
    assert history["aht_s"].isna().tolist() == [True, False, True]
    assert history["aht_s"][1] == 300.5


def test_a_sheet_is_named_or_called_history_or_the_only_one(tiny_plan):
    plain = load(tiny_plan)
    frame = pd.read_csv(tiny_plan / "history.csv")
    with pd.ExcelWriter(tiny_plan / "calls.xlsx") as book:
        pd.DataFrame({"note": ["nothing"]}).to_excel(book, sheet_name="Notes", index=False)
        frame.to_excel(book, sheet_name="Calls", index=False)
    from_source(tiny_plan, history="calls.xlsx", history_sheet="calls")
    assert_same(load(tiny_plan), plain)
    from_source(tiny_plan, history="calls.xlsx")
    assert_fault(tiny_plan, "forecast.history", "none named history", "Notes, Calls")
    from_source(tiny_plan, history="calls.xlsx", history_sheet="Call")
    assert_fault(tiny_plan, "forecast.history_sheet", "is no sheet of calls.xlsx", "perhaps Calls")


def test_the_query_is_sent_as_it_stands_and_the_file_is_only_read(tiny_plan):
    plain = load(tiny_plan)
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    # Neither % nor : is a placeholder.
    query = 'SELECT * FROM calls WHERE queue LIKE "%%" AND queue <> ":queue"'
    from_source(tiny_plan, history="sqlite:///calls.db", history_query=query)
    assert_same(load(tiny_plan), plain)
    from_source(tiny_plan, history="sqlite:///calls.db", history_query="DELETE FROM calls")
    assert_fault(tiny_plan, "forecast.history_query", "refused by the database", "readonly")
    with closing(sqlite3.connect(tiny_plan / "calls.db")) as connection:
        rows = connection.execute("SELECT count(*) FROM calls").fetchone()[0]
    assert rows == len(plain.history)


def test_the_url_may_take_parts_from_the_environment(tiny_plan, monkeypatch):
    plain = load(tiny_plan)
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    query = "SELECT * FROM calls"
    monkeypatch.setenv("CALLS_URL", "sqlite:///calls.db")
    from_source(tiny_plan, history="${CALLS_URL}", history_query=query)
    assert_same(load(tiny_plan), plain)
    monkeypatch.delenv("CALLS_URL")
    assert_fault(tiny_plan, "forecast.history", "the variable CALLS_URL, which is not set")


def test_a_password_of_the_environment_may_hold_any_sign(monkeypatch):
    monkeypatch.setenv("CALLS_WORD", "p@s%41:/?")
    text, secrets = _with_variables("postgresql://ann:${CALLS_WORD}@host:5432/base")
    url = sqlalchemy.make_url(text)
    assert (url.username, url.password, url.host) == ("ann", "p@s%41:/?", "host")
    assert secrets == {"p@s%41:/?"}


@pytest.mark.parametrize("name", ["with blank", "100% #1", "资料"])
def test_an_sqlite_file_may_lie_in_a_folder_of_any_name(tiny_plan, name):
    plain = load(tiny_plan)
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    (tiny_plan / name).mkdir()
    (tiny_plan / "calls.db").rename(tiny_plan / name / "calls.db")
    url = f"sqlite:///{name}/calls.db"
    from_source(tiny_plan, history=url, history_query="SELECT * FROM calls")
    assert_same(load(tiny_plan), plain)


def test_a_workbook_may_name_a_source_as_well(tiny_plan, tmp_path):
    plain = load(tiny_plan)
    path = write_workbook(plain, tmp_path / "plan.xlsx")
    book = load_workbook(path)
    del book["history"]
    book["plan"].append(["forecast.history", "tiny/calls.parquet"])
    book.save(path)
    in_parquet(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    assert_same(load(path), plain)
    (tiny_plan / "calls.parquet").unlink()
    (fault,) = faults_of(path)
    assert (fault.where, fault.wrong) == ("sheet plan", "does not exist")


def faults_of(folder):
    with pytest.raises(PlanFaults) as caught:
        load(folder)
    return caught.value.faults


def assert_fault(folder, key, *words):
    """One fault only, at a key of plan.toml with its line."""
    (fault,) = faults_of(folder)
    lines = (folder / "plan.toml").read_text(encoding="utf-8").splitlines()
    assert (fault.where, fault.column) == ("plan.toml", key)
    assert fault.row is not None
    assert lines[fault.row - 1].startswith(key.partition(".")[2])
    for word in words:
        assert word in str(fault)


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"history": "calls.parquet"}, "history", "does not exist"),
        ({"history": "calls.xlsx"}, "history", "does not exist"),
        ({"history": "calls.txt"}, "history", "is of no kind that is read"),
        ({"history": "sqlite:///calls.db"}, "history", "is a database without a query"),
        ({"history_query": "SELECT 1"}, "history_query", "is a query without a database"),
        ({"history_sheet": "Calls"}, "history_sheet", "is a sheet without a workbook"),
        (
            {"history": "calls.csv", "history_query": "SELECT 1"},
            "history_query",
            "is a query without a database",
        ),
        (
            {"history": "sqlite:///no.db", "history_query": "SELECT 1"},
            "history",
            "is an SQLite file that does not exist",
        ),
        (
            {"history": "sqlite://", "history_query": "SELECT 1"},
            "history",
            "is an SQLite file that does not exist",
        ),
        (
            {"history": "postgres://a:b:c:d", "history_query": "SELECT 1"},
            "history",
            "is not the URL of a database",
        ),
        (
            {"history": "nothing://host/base", "history_query": "SELECT 1"},
            "history",
            "is not known (nothing)",
        ),
        (
            {"history": "postgresql+pg8000://host/base", "history_query": "SELECT 1"},
            "history",
            "needs the driver pg8000, which is not installed",
        ),
    ],
)
def test_a_source_that_leads_nowhere_is_one_fault_at_its_key(tiny_plan, keys, key, words):
    from_source(tiny_plan, **keys)
    assert_fault(tiny_plan, f"forecast.{key}", words)
    assert not list(tiny_plan.glob("*.db"))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT * FROM cals", "no such table: cals"),
        ("SELEC * FROM calls", "syntax error"),
        ("PRAGMA user_version = 3", "refused by the database"),
    ],
)
def test_a_query_that_is_refused_is_told_in_the_words_of_the_database(tiny_plan, query, words):
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    from_source(tiny_plan, history="sqlite:///calls.db", history_query=query)
    assert_fault(tiny_plan, "forecast.history_query", words)


def test_a_file_that_is_no_database(tiny_plan):
    (tiny_plan / "calls.db").write_text("not a database" * 100, encoding="utf-8")
    from_source(tiny_plan, history="sqlite:///calls.db", history_query="SELECT * FROM calls")
    assert_fault(tiny_plan, "forecast.history_query", "file is not a database")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 and nothing more PAR1"])
def test_a_parquet_file_that_cannot_be_read(tiny_plan, content):
    (tiny_plan / "calls.parquet").write_bytes(content)
    from_source(tiny_plan, history="calls.parquet")
    assert_fault(tiny_plan, "forecast.history", "cannot be read as Parquet")


def test_a_parquet_file_that_is_cut_or_has_a_bad_byte(tiny_plan):
    in_parquet(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    path = tiny_plan / "calls.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_fault(tiny_plan, "forecast.history", "cannot be read as Parquet")
    path.write_bytes(whole[:200] + bytes(400) + whole[600:])
    assert_fault(tiny_plan, "forecast.history", "cannot be read as Parquet")


def test_a_workbook_that_is_none(tiny_plan):
    (tiny_plan / "calls.xlsx").write_bytes(b"PK\x03\x04 no zip")
    from_source(tiny_plan, history="calls.xlsx")
    (fault,) = faults_of(tiny_plan)
    assert (fault.where, fault.wrong) == ("calls.xlsx", "is truncated or damaged")


@pytest.mark.parametrize("store", STORES)
def test_faults_of_cells_and_columns_name_source_row_and_column(tiny_plan, store):
    frame = pd.read_csv(tiny_plan / "history.csv")
    where = {
        in_csv: "calls.csv",
        in_workbook: "calls.xlsx, sheet 通话",
        in_parquet: "calls.parquet",
    }.get(store, "forecast.history_query")
    store(tiny_plan, frame.assign(aht_s=[-1.0, *frame["aht_s"][1:]]))
    told = [(one.where, one.row, one.column, one.wrong) for one in faults_of(tiny_plan)]
    assert told == [(where, 2, "aht_s", "is negative")]


@pytest.mark.parametrize("store", STORES)
def test_a_column_that_is_missing(tiny_plan, store):
    store(tiny_plan, pd.read_csv(tiny_plan / "history.csv").rename(columns={"volume": "volumes"}))
    (fault,) = faults_of(tiny_plan)
    assert (fault.column, fault.wrong) == ("volume", "the column is missing")
    assert "perhaps volumes" in fault.right


@pytest.mark.parametrize("store", STORES)
def test_a_source_without_a_row(tiny_plan, store):
    store(tiny_plan, pd.read_csv(tiny_plan / "history.csv").head(0))
    (fault,) = faults_of(tiny_plan)
    assert fault.wrong == "has no row below its header"


@pytest.mark.parametrize("store", [in_csv, in_parquet, in_sqlite, in_sqlite_as_text])
def test_an_end_of_time_is_out_of_range(tiny_plan, store):
    """Databases write 9999-12-31 for what never ended; it cannot be held by the nanosecond."""
    store(tiny_plan, CONTACTS.assign(ended=["9999-12-31 00:00:00", *CONTACTS["ended"][1:]]))
    (fault,) = faults_of(tiny_plan)
    assert (fault.row, fault.column, fault.wrong) == (2, "ended", "is out of range")


def test_two_columns_of_one_name_and_cells_that_hold_lists(tiny_plan):
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    query = "SELECT queue, start, volume, volume FROM calls"
    from_source(tiny_plan, history="sqlite:///calls.db", history_query=query)
    (fault,) = faults_of(tiny_plan)
    assert (fault.column, fault.wrong) == ("volume", "the heading is there twice")
    table = pa.table({"queue": [["chat"]], "start": ["2026-12-01 09:00"], "volume": [[1, 2]]})
    pq.write_table(table, tiny_plan / "calls.parquet")
    from_source(tiny_plan, history="calls.parquet")
    assert {fault.column for fault in faults_of(tiny_plan)} == {"queue", "volume"}


@pytest.mark.parametrize("module", ["sqlalchemy", "pyarrow"])
def test_an_extra_that_is_not_installed_is_told(tiny_plan, monkeypatch, module):
    store = in_sqlite if module == "sqlalchemy" else in_parquet
    store(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    monkeypatch.setitem(sys.modules, module, None)
    assert_fault(
        tiny_plan,
        "forecast.history",
        "is not installed",
        "pip install 'staffing-optimizer[sources]'",
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+pg8000://ann:s3cret@host/base",
        "postgresql+pg8000://ann:p@s3cret@host/base",
        "postgresql+pg8000://host/base?user=ann&password=s3cret",
        "nothing://ann:s3cret@host/base",
        "postgres://ann:s3cret:x@:y",
    ],
)
def test_no_password_is_printed(tiny_plan, monkeypatch, capsys, url):
    from_source(tiny_plan, history=url, history_query="SELECT 1")
    monkeypatch.setattr(sys, "argv", ["staffing", "check", str(tiny_plan)])
    with pytest.raises(SystemExit) as ended:
        main()
    told = "".join(capsys.readouterr())
    assert ended.value.code == 2
    assert "1 fault in the plan" in told
    assert "Traceback" not in told
    assert "s3cret" not in told + repr(faults_of(tiny_plan))


def test_no_password_is_printed_of_a_plan_that_is_no_toml(tiny_plan):
    url = "postgresql://ann:s3cret@host/base"
    with (tiny_plan / "plan.toml").open("a", encoding="utf-8") as stream:
        stream.write(f'\n[forecast]\nhistory = "{url}\n')
    assert "s3cret" not in repr(faults_of(tiny_plan))


def test_a_strangers_plan_asks_no_database_and_reads_no_variable(tiny_plan, monkeypatch):
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    load(tiny_plan)
    with pytest.raises(PlanFaults, match="which this plan may not ask"):
        load(tiny_plan, confined=True)
    monkeypatch.setenv("S3CRET", "sqlite:///calls.db")
    from_source(tiny_plan, history="${S3CRET}", history_query="SELECT 1")
    with pytest.raises(PlanFaults, match="which this plan may not ask"):
        load(tiny_plan, confined=True)


def test_a_source_beside_the_table_is_one_too_many(tiny_plan):
    text = (tiny_plan / "history.csv").read_bytes()
    in_sqlite(tiny_plan, pd.read_csv(tiny_plan / "history.csv"))
    (tiny_plan / "history.csv").write_bytes(text)
    assert_fault(tiny_plan, "forecast.history", "is given beside the table history")
