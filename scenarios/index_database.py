"""The database of the index of runs: an SQLite file, or PostgreSQL; one table, a row a run."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scenarios.errors import PlannerError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

# Another layout of the table takes another number: an older one is left alone and filled anew.
_TABLE = "staffing_runs_1"
# What a writer waits for another one, and for a server to answer.
_BUSY_S, _ANSWER_S = 60, 10
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


class Database:
    """Entries of runs in a database.

    Parameters
    ----------
    file
        SQLite file, where no URL is given; made when it is first used.
    url
        SQLAlchemy URL of PostgreSQL or SQLite.
    """

    def __init__(self, file: Path, url: str = "") -> None:
        self.file = file
        self.url = url
        self._open: Engine | None = None

    @property
    def where(self) -> str:
        """The index, for messages; without a password."""
        if not self.url:
            return str(self.file)
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            return make_url(self.url).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):
            return "the database of runs"

    def rows(self) -> list[Entry]:
        """All entries."""
        from sqlalchemy import select

        def read(connection: Connection) -> list[Entry]:
            return [Entry(**row) for row in connection.execute(select(_table())).mappings()]

        return self._do(read)

    def write(self, entries: Sequence[Entry], gone: Sequence[str] = ()) -> None:
        """Enter entries, in place of those with the same id, and drop those whose ids are gone."""
        self._do(lambda connection: _write(connection, entries, gone))

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

        if self._open is not None:
            return self._open
        if self.url:
            url = make_url(self.url)
            if url.get_backend_name() not in ("postgresql", "sqlite"):
                msg = "postgresql or sqlite"
                raise ValueError(msg)
            if url.drivername == "postgresql":
                url = url.set(drivername="postgresql+psycopg")
        else:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            url = URL.create("sqlite", database=str(self.file))
        # A server whose databases know no encoding would answer bytes.
        options: dict[str, Any] = {"connect_timeout": _ANSWER_S, "client_encoding": "utf8"}
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
        self._open = engine
        return engine

    def _set_aside(self, error: Exception) -> bool:
        """Move a file that is no database out of the way; whether it was one."""
        if self.url or type(getattr(error, "orig", None)) is not sqlite3.DatabaseError:
            return False
        self._open = None
        with contextlib.suppress(FileNotFoundError):
            self.file.replace(self.file.with_name(f"{self.file.name}.damaged"))
        return True


def typed(name: str, value: Any) -> Any:
    """Value of a column of the table; what is none, by another hand in a result, is left out."""
    if name in _NUMBER:
        return number(value)
    if name in _WHOLE:
        found = number(value)
        return None if found is None or abs(found) >= 2**31 else int(found)
    return "" if value is None else str(value).replace("\x00", "")


def number(value: Any) -> float | None:
    """A number, where it is one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _write(connection: Connection, entries: Sequence[Entry], gone: Sequence[str]) -> None:
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


def _table() -> Any:
    """The table of runs, columns as an entry has them."""
    from sqlalchemy import Column, Float, Integer, MetaData, Table, Text

    kinds: dict[str, Any] = dict.fromkeys(_WHOLE, Integer) | dict.fromkeys(_NUMBER, Float)
    columns = [
        Column(one.name, kinds.get(one.name, Text), primary_key=one.name == "id")
        for one in fields(Entry)
    ]
    return Table(_TABLE, MetaData(), *columns)


def _reason(error: Exception, url: str) -> str:
    """First line of what a driver says, without the password."""
    from scenarios.plan.faults import without_secrets

    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    told = lines[0] if lines else type(error).__name__
    return without_secrets(told.replace(url, "***") if url else told)
