"""Where the history may come from besides the table `history`: a file, or a query of a database.

Each source ends as the raw table that a CSV file would have given, so that what is said of columns,
cells and intervals is said once, in `scenarios.plan.history`.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenarios.plan import schema
from scenarios.plan.faults import Notice, suggestion, without_secrets
from scenarios.plan.read import MAX_BYTES, RawTable, read_csv, read_sheet, table_of

#: Keys of `[forecast]` that say where the history is read.
KEYS = HISTORY, SHEET, QUERY = ("history", "history_sheet", "history_query")
#: Cells of a Parquet file or of a query's answer, about what a CSV file of `MAX_BYTES` holds.
MAX_CELLS = 30_000_000

_FILES = ".csv, .csv.gz, .xlsx or .parquet"
_INSTALL = "pip install 'staffing-optimizer[sources]'"
_VARIABLE = re.compile(r"\$\{(\w*)\}")


class Misplaced(Exception):  # noqa: N818 - becomes a fault where the line of the key is known
    """A key of `[forecast]` that leads to no history.

    Attributes
    ----------
    key
        One of `KEYS`.
    wrong, right
        What is wrong with it, and what would be right.
    """

    def __init__(self, key: str, wrong: str, right: str) -> None:
        super().__init__(wrong)
        self.key = key
        self.wrong = wrong
        self.right = right


def read_source(
    options: schema.ForecastOptions, folder: Path, *, confined: bool = False
) -> tuple[RawTable, list[Notice]]:
    """Read the history from where `[forecast]` says.

    Parameters
    ----------
    options
        Path or URL, sheet and query.
    folder
        Folder from which relative paths are seen.
    confined
        Whether the plan is a stranger's: it may name files in its own folder and no database.

    Raises
    ------
    Misplaced
        If a key is wrong: no such file, no such database, a query that is refused.
    Unreadable
        If the file is there and cannot be read.
    """
    given = options.history
    is_url = "://" in given or given.startswith("${")
    if options.history_query and not is_url:
        right = "forecast.history with the URL of the database, as in sqlite:///calls.db"
        raise Misplaced(QUERY, "is a query without a database", right)
    if options.history_sheet and not given.lower().endswith(".xlsx"):
        right = "forecast.history with the path of a .xlsx"
        raise Misplaced(SHEET, "is a sheet without a workbook", right)
    if is_url:
        return _read_query(options, folder, confined=confined)
    path = folder / given
    if confined and not path.resolve().is_relative_to(folder.resolve()):
        wrong = "lies outside the plan's folder"
        raise Misplaced(HISTORY, wrong, "a file in the folder of the plan")
    if not path.name.lower().endswith((".csv", ".csv.gz", ".xlsx", ".parquet")):
        right = f"a path to a {_FILES}, or the URL of a database"
        raise Misplaced(HISTORY, "is of no kind that is read", right)
    if not path.is_file():
        right = "a path seen from the folder of the plan"
        raise Misplaced(HISTORY, "does not exist", right)
    if path.suffix.lower() == ".xlsx":
        return _read_workbook(path, options.history_sheet)
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    return read_csv(path, path.name)


def _read_workbook(path: Path, wanted: str) -> tuple[RawTable, list[Notice]]:
    """Read the sheet that is named, else `history`, else the only one."""

    def choose(sheets: Sequence[str]) -> str:
        by_name = {sheet.strip().casefold(): sheet for sheet in sheets}
        if wanted:
            if wanted.casefold() not in by_name:
                wrong = f"is no sheet of {path.name}"
                raise Misplaced(SHEET, wrong, suggestion(wanted, sheets))
            return by_name[wanted.casefold()]
        if "history" in by_name or len(sheets) == 1:
            return by_name.get("history", sheets[0])
        right = f"a sheet named history, or forecast.history_sheet: {suggestion('', sheets)}"
        raise Misplaced(HISTORY, f"has {len(sheets)} sheets and none named history", right)

    return read_sheet(path, choose)


def _read_parquet(path: Path) -> tuple[RawTable, list[Notice]]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        wrong = "is a Parquet file, for which pyarrow is not installed"
        raise Misplaced(HISTORY, wrong, f"{_INSTALL}, or the history as CSV") from None
    # Like drivers of databases, its reader raises what it likes, down to unknown time zones.
    try:
        if path.stat().st_size > MAX_BYTES:
            wrong = f"is larger than {MAX_BYTES // 2**20} MB"
            raise Misplaced(HISTORY, wrong, "a smaller file, by interval")
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows * len(file.schema_arrow) > MAX_CELLS:
                raise Misplaced(HISTORY, *_too_many())
            table = file.read()
        columns = [column.to_pylist() for column in table.columns]
    except Misplaced:
        raise
    except Exception as error:
        wrong = f"cannot be read as Parquet ({_first_line(error)})"
        raise Misplaced(HISTORY, wrong, "a whole Parquet file") from None
    return _as_table(path.name, table.column_names, zip(*columns, strict=True))


def _read_query(
    options: schema.ForecastOptions, folder: Path, *, confined: bool
) -> tuple[RawTable, list[Notice]]:
    if confined:
        wrong = "is a database, which this plan may not ask"
        raise Misplaced(HISTORY, wrong, "a file in the folder of the plan")
    if not options.history_query:
        right = 'forecast.history_query = "SELECT queue, start, volume FROM calls"'
        raise Misplaced(HISTORY, "is a database without a query", right)
    try:
        import sqlalchemy
    except ImportError:
        wrong = "is a database, for which SQLAlchemy is not installed"
        raise Misplaced(HISTORY, wrong, f"{_INSTALL}, or the history as CSV") from None
    text, secrets = _with_variables(options.history)
    url = _database(text, folder)
    secrets.add(url.password or "")
    key = HISTORY
    # Drivers come from elsewhere and raise what they like; none of it may end in a traceback.
    try:
        engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            key = QUERY
            # Nothing is committed; % and : in the query are what they are.
            plainly = connection.execution_options(no_parameters=True)
            result = plainly.exec_driver_sql(options.history_query)
            if not result.returns_rows:
                raise Misplaced(key, "answers no rows", "a SELECT")
            names = list(map(str, result.keys()))
            most = MAX_CELLS // max(1, len(names))
            rows = result.fetchmany(most + 1)
    except Misplaced:
        raise
    except sqlalchemy.exc.NoSuchModuleError:
        wrong = f"names a kind of database that is not known ({url.drivername})"
        right = "as in sqlite:///calls.db, or the database's dialect installed"
        raise Misplaced(HISTORY, wrong, right) from None
    except ImportError as error:
        wrong = f"needs the driver {error.name}, which is not installed"
        right = f"the package of {error.name} installed beside this program"
        raise Misplaced(HISTORY, wrong, right) from None
    except Exception as error:
        told = _first_line(getattr(error, "orig", None) or error)
        for secret in secrets - {""}:
            told = told.replace(secret, "***")
        if key == HISTORY:
            right = "a URL, user and password that open the database"
            raise Misplaced(key, f"cannot be opened ({told})", right) from None
        right = "a query that the database answers"
        raise Misplaced(key, f"is refused by the database ({told})", right) from None
    if len(rows) > most:
        raise Misplaced(key, *_too_many())
    return _as_table("forecast.history_query", names, rows)


def _with_variables(url: str) -> tuple[str, set[str]]:
    """URL with each ${NAME} taken from the environment, and what was taken, which is secret.

    Within a URL a name stands for one part of it, so that no @ or % of a password is taken for the
    URL's own.
    """
    taken: set[str] = set()

    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if found is None:
            wrong = f"names the variable {match[1]}, which is not set"
            raise Misplaced(HISTORY, wrong, f"the environment variable {match[1]} set")
        taken.add(found)
        return found if match[0] == url else found.replace("%", "%25").replace("@", "%40")

    return _VARIABLE.sub(value, url), taken


def _database(text: str, folder: Path) -> Any:
    """URL as its parts; an SQLite file is seen from the plan's folder and opened for reading."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        right = "as in sqlite:///calls.db or postgresql+psycopg://host/base"
        raise Misplaced(HISTORY, "is not the URL of a database", right) from None
    name = url.database or ""
    if url.get_backend_name() != "sqlite" or name.startswith("file:"):
        return url
    path = folder / name
    if not name or not path.is_file():
        # SQLite would make an empty database in its place.
        right = "sqlite:/// and a path seen from the folder of the plan"
        raise Misplaced(HISTORY, "is an SQLite file that does not exist", right)
    read_only = {**url.query, "mode": "ro", "uri": "true"}
    return url.set(database=path.resolve().as_uri(), query=read_only)


def _as_table(
    where: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> tuple[RawTable, list[Notice]]:
    """Raw table of values; rows count from 2, as if the names stood in row 1 of a sheet."""
    return table_of(where, names, ([_cell(value) for value in row] for row in rows))


def _cell(value: Any) -> Any:
    """Value as the cell of a CSV file or a workbook would hold it."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return None if value != value else value
    # Moments go as text, as in a CSV file: an offset is then read as one, a fraction is kept.
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value)


def _too_many() -> tuple[str, str]:
    return f"has more than {MAX_CELLS:,} cells", "fewer columns, a later first day, or intervals"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return without_secrets(lines[0] if lines else type(error).__name__)
