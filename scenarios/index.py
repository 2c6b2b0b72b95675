"""Which runs there are: an index in SQLite beside them, or in a database that a team shares.

The run folders are the truth, the index a cache of what their `result.json` says. It is brought up
to date by the folders whenever it is read, so that nothing hangs on its having been written: a run
that could not be entered, a folder moved in or taken away, a damaged file all mend themselves.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import os
import platform
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scenarios.errors import PlannerError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: Where runs lie, and the URL of a team's index, when nothing else is said.
RUNS = Path("runs")
RUNS_VARIABLE, URL_VARIABLE = "STAFFING_RUNS", "STAFFING_RUNS_URL"
INDEX_FILE = "index.sqlite"
_RESULT = "result.json"
# Another layout of the table takes another number: an older one is left alone and filled anew.
_TABLE = "staffing_runs_1"
_ID_DIGITS, _LEAST_DIGITS = 12, 4
_BUSY_S = 60
_STALE_S = 3600.0
_T = TypeVar("_T")


class IndexUnavailableError(PlannerError):
    """The index cannot be read or written; the message says why. Runs are whole all the same."""


@dataclass(frozen=True)
class Entry:
    """One run, as the index has it.

    `id` is made of machine and folder; `machine` is empty and `folder` relative in an index beside
    the runs. `planned` is UTC, of the time when `result.json` was written, and `stamp` tells one
    state of that file from another.
    """

    id: str
    machine: str
    folder: str
    stamp: str
    planned: str
    plan: str
    scenario: str
    status: str
    exit_code: int | None
    cost: float | None
    penalties: float | None
    bound: float | None
    gap: float | None
    currency: str
    start: str
    days: int | None
    seed: int | None
    replications: int | None
    occupancy: float | None
    heads: int | None
    hours: float | None
    cpu_s: float | None
    inputs_hash: str
    versions: str

    @property
    def held(self) -> bool:
        """Whether all targets and rules hold."""
        return self.exit_code == 0


_WHOLE = {"exit_code", "days", "seed", "replications", "heads"}
_NUMBER = {"cost", "penalties", "bound", "gap", "occupancy", "hours", "cpu_s"}


class RunIndex:
    """Index of the runs below a folder.

    Parameters
    ----------
    root
        Folder of runs. Without a URL the index is `index.sqlite` in it.
    url
        SQLAlchemy URL of a PostgreSQL database (or another SQLite file) that several people use:
        runs of every machine and folder are entered side by side.
    """

    def __init__(self, root: str | Path = RUNS, url: str = "") -> None:
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - links are kept as they are named
        self.url = url
        self._machine = platform.node() if url else ""
        self._database: Engine | None = None
        #: What could not be read when the index was last brought up to date.
        self.unreadable: list[str] = []

    @property
    def where(self) -> str:
        """The index, for messages; without a password."""
        if not self.url:
            return str(self.root / INDEX_FILE)
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            return make_url(self.url).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return "the database of runs"

    def covers(self, folder: str | Path) -> bool:
        """Whether a run in a folder has its place in this index."""
        return bool(self.url) or Path(os.path.abspath(folder)).is_relative_to(self.root)  # noqa: PTH100

    def path(self, entry: Entry) -> Path:
        """Folder of a run."""
        return self.root / entry.folder

    def is_here(self, entry: Entry) -> bool:
        """Whether a run's folder is on this machine."""
        return entry.machine == self._machine

    def add(self, folder: str | Path) -> Entry:
        """Enter a run, or enter it anew.

        Raises
        ------
        PlannerError
            The folder is no run.
        IndexUnavailableError
            The index cannot be written.
        """
        entry = self._entry(Path(os.path.abspath(folder)))  # noqa: PTH100
        self._do(lambda connection: self._write(connection, [entry]))
        return entry

    def entries(self) -> list[Entry]:
        """All runs, the latest first; the index is brought up to date by the folders before."""
        self.refresh()
        rows = self._do(lambda connection: _rows(connection))
        return sorted(rows, key=lambda one: (one.planned, one.folder), reverse=True)

    def refresh(self) -> tuple[int, int]:
        """Enter what is new or changed below the folder, drop what is gone.

        Returns
        -------
        How many were entered, and how many dropped.
        """
        if not self.root.is_dir():
            # A disk that is not mounted is no reason to forget its runs.
            return 0, 0
        known = {row.folder: row for row in self._do(_rows) if row.machine == self._machine}
        self.unreadable = []
        seen: set[str] = set()
        new: list[Entry] = []
        for path in _run_folders(self.root):
            folder = self._name(path)
            seen.add(folder)
            try:
                if folder not in known or known[folder].stamp != _stamp(path / _RESULT):
                    new.append(self._entry(path))
            except FileNotFoundError:
                seen.discard(folder)
            except PlannerError as error:
                self.unreadable.append(str(error))
                seen.discard(folder)
        gone = [
            row.id
            for folder, row in known.items()
            if folder not in seen and (self.root / folder).is_relative_to(self.root)
        ]
        if new or gone:
            self._do(lambda connection: self._write(connection, new, gone))
        return len(new), len(gone)

    def rebuild(self) -> int:
        """Forget all that is known of this folder's runs and read them anew; how many there are."""
        from sqlalchemy import delete

        def forget(connection: Connection) -> None:
            table = _table()
            mine = [
                row.id
                for row in _rows(connection)
                if row.machine == self._machine
                and (
                    (self.root / row.folder).is_relative_to(self.root)
                    or not (Path(row.folder) / _RESULT).is_file()
                )
            ]
            for key in mine:
                connection.execute(delete(table).where(table.c.id == key))

        self._do(forget)
        return self.refresh()[0]

    def find(self, text: str) -> Entry:
        """Return the run that is meant by the first digits of its id, or by its folder.

        Raises
        ------
        PlannerError
            There is none, or more than one.
        """
        entries = self.entries()
        place = Path(os.path.abspath(text))  # noqa: PTH100
        by_folder = [one for one in entries if self.is_here(one) and self.path(one) == place]
        by_folder = by_folder or [one for one in entries if one.folder == text.strip("/")]
        if by_folder:
            return by_folder[0]
        found = [one for one in entries if one.id.startswith(text.lower())]
        if len(text) < _LEAST_DIGITS or not found:
            msg = f"{text} is no run of {self.where}; `staffing runs list` shows their ids"
            raise PlannerError(msg)
        if len(found) > 1:
            msg = f"{text} may be {', '.join(one.id for one in found)}: give more digits"
            raise PlannerError(msg)
        return found[0]

    def remove(self, entry: Entry) -> None:
        """Remove a run, folder and row; the folder is renamed first, so that no half of it stays.

        Raises
        ------
        PlannerError
            The run lies on another machine, or its folder cannot be removed.
        """
        if not self.is_here(entry):
            msg = f"{entry.folder} lies on {entry.machine}: remove it there"
            raise PlannerError(msg)
        path, away = self.path(entry), None
        try:
            if path.is_dir():
                away = Path(tempfile.mkdtemp(prefix=f".{path.name}.removed-", dir=path.parent))
                path.replace(away / path.name)
        except OSError as error:
            if away is not None:
                shutil.rmtree(away, ignore_errors=True)
            msg = f"{path} cannot be removed: {error.strerror or error}"
            raise PlannerError(msg) from error
        self._do(lambda connection: self._write(connection, [], [entry.id]))
        if away is not None:
            shutil.rmtree(away, ignore_errors=True)

    # What the database is asked --------------------------------------------------------------

    def _do(self, work: Callable[[Connection], _T]) -> _T:
        """Do something in a transaction; a damaged file is set aside and made anew."""
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

        try:
            try:
                return self._in_transaction(work)
            except SQLAlchemyError as error:
                if not self._set_aside(error):
                    raise
            return self._in_transaction(work)
        except (ArgumentError, NoSuchModuleError, ValueError) as error:
            msg = f"{self.where} is no URL that is understood; as in postgresql://host/base"
            raise IndexUnavailableError(msg) from error
        except ImportError as error:
            msg = (
                f"{self.where} needs the driver {error.name}: "
                "pip install 'staffing-optimizer[postgresql]'"
            )
            raise IndexUnavailableError(msg) from error
        except (SQLAlchemyError, OSError) as error:
            msg = f"{self.where} cannot be used: {_reason(error, self.url)}"
            raise IndexUnavailableError(msg) from error

    def _in_transaction(self, work: Callable[[Connection], _T]) -> _T:
        with self._engine().begin() as connection:
            return work(connection)

    def _engine(self) -> Engine:
        from sqlalchemy import NullPool, create_engine
        from sqlalchemy.engine import URL, make_url
        from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
        from sqlalchemy.schema import CreateTable

        if self._database is not None:
            return self._database
        if self.url:
            url = make_url(self.url)
            if url.get_backend_name() not in ("postgresql", "sqlite"):
                msg = "postgresql or sqlite"
                raise ValueError(msg)
            if url.drivername == "postgresql":
                url = url.set(drivername="postgresql+psycopg")
        else:
            self.root.mkdir(parents=True, exist_ok=True)
            url = URL.create("sqlite", database=str(self.root / INDEX_FILE))
        # A server whose databases know no encoding would answer bytes.
        options: dict[str, Any] = {"connect_timeout": _BUSY_S, "client_encoding": "utf8"}
        if url.get_backend_name() == "sqlite":
            options = {"timeout": _BUSY_S}
        engine = create_engine(url, poolclass=NullPool, connect_args=options)
        for last in (False, True):
            try:
                with engine.begin() as connection:
                    connection.execute(CreateTable(_table(), if_not_exists=True))
                break
            except (IntegrityError, OperationalError, ProgrammingError):
                # Two that begin at once may both find no table: the second finds the first's.
                if last:
                    raise
        self._database = engine
        return engine

    def _set_aside(self, error: Exception) -> bool:
        """Move a file that is no database out of the way; whether it was one."""
        if self.url or type(getattr(error, "orig", None)) is not sqlite3.DatabaseError:
            return False
        self._database = None
        file = self.root / INDEX_FILE
        file.replace(file.with_name(f"{INDEX_FILE}.damaged"))
        return True

    def _write(self, connection: Connection, entries: list[Entry], gone: list[str] = []) -> None:  # noqa: B006
        from sqlalchemy import delete
        from sqlalchemy.dialects import postgresql, sqlite

        table = _table()
        insert = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name]
        # Always in the same order: two writers never wait for each other crosswise.
        for key in sorted(gone):
            connection.execute(delete(table).where(table.c.id == key))
        for entry in sorted(entries, key=lambda one: one.id):
            values = {one.name: getattr(entry, one.name) for one in fields(Entry)}
            statement = insert(table).values(values)
            connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    # What the folders say --------------------------------------------------------------------

    def _name(self, path: Path) -> str:
        """Folder as the index has it."""
        return str(path) if self.url else path.relative_to(self.root).as_posix()

    def _entry(self, path: Path) -> Entry:
        file = path / _RESULT
        if not self.covers(path):
            msg = f"{path} lies outside {self.root}, whose runs {self.where} lists"
            raise PlannerError(msg)
        try:
            stamp, written = _stamp(file), file.stat().st_mtime
            result = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(result, dict):
                msg = "it holds no result"
                raise ValueError(msg)
        except FileNotFoundError:
            if path.is_dir():
                msg = f"{path} is no run: it has no {_RESULT}"
                raise PlannerError(msg) from None
            raise
        except (OSError, ValueError, RecursionError) as error:
            msg = f"{file} cannot be read: {error}"
            raise PlannerError(msg) from error
        people = result.get("people")
        people = (
            [one for one in people if isinstance(one, dict)] if isinstance(people, list) else []
        )
        folder = self._name(path)
        told: dict[str, Any] = {
            **result,
            "id": hashlib.sha256(f"{self._machine}\n{folder}".encode()).hexdigest()[:_ID_DIGITS],
            "machine": self._machine,
            "folder": folder,
            "stamp": stamp,
            "planned": f"{dt.datetime.fromtimestamp(written, dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "plan": result.get("name"),
            "scenario": result.get("scenario") or "base",
            "heads": sum(_number(one.get("heads")) or 0 for one in people),
            "hours": round(sum(_number(one.get("hours")) or 0 for one in people), 2),
            "versions": json.dumps(result.get("versions"), ensure_ascii=False, sort_keys=True),
        }
        return Entry(**{one.name: _typed(one.name, told.get(one.name)) for one in fields(Entry)})


def index_of_here() -> RunIndex:
    """Index of the runs of the folder where the command is given, or the one the variables name."""
    root = os.environ.get(RUNS_VARIABLE) or RUNS
    return RunIndex(root, os.environ.get(URL_VARIABLE, ""))


def register(folder: str | Path, say: Callable[[str], None]) -> None:
    """Enter a finished run in the index of here; what goes wrong is said, the run is kept.

    A run outside the folder of runs is entered in a team's database only: the index beside the
    runs lists what lies beside it.
    """
    index = index_of_here()
    if not index.covers(folder):
        return
    try:
        index.add(folder)
    except PlannerError as error:
        say(
            f"NOT INDEXED: the run is whole in {folder}, but {error}. "
            "`staffing runs list` enters it when the index can be used again."
        )


def _run_folders(root: Path) -> Iterator[Path]:
    """Folders with a result, but hidden ones (which are being written or removed)."""
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        if _RESULT in files:
            names.clear()
            yield Path(folder)


def _stamp(file: Path) -> str:
    state = file.stat()
    return f"{state.st_mtime_ns}-{state.st_size}"


def _table() -> Any:
    """The table of runs, columns as an entry has them."""
    from sqlalchemy import Column, Float, Integer, MetaData, Table, Text

    kinds: dict[str, Any] = dict.fromkeys(_WHOLE, Integer) | dict.fromkeys(_NUMBER, Float)
    columns = [
        Column(one.name, kinds.get(one.name, Text), primary_key=one.name == "id")
        for one in fields(Entry)
    ]
    return Table(_TABLE, MetaData(), *columns)


def _rows(connection: Connection) -> list[Entry]:
    from sqlalchemy import select

    return [Entry(**row) for row in connection.execute(select(_table())).mappings()]


def _typed(name: str, value: Any) -> Any:
    """Value of a column; what another hand wrote into a result and is none is left out."""
    if name in _WHOLE or name in _NUMBER:
        number = _number(value)
        if number is None or name in _NUMBER:
            return number
        return int(number) if abs(number) < 2**31 else None
    return "" if value is None else str(value).replace("\x00", "")


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _reason(error: Exception, url: str) -> str:
    """First line of what a driver says, without the password."""
    from scenarios.plan.faults import without_secrets

    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    told = lines[0] if lines else type(error).__name__
    return without_secrets(told.replace(url, "***") if url else told)
