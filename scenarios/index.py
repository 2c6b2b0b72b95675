"""Which runs there are: an index in SQLite beside them, or in a database that a team shares.

The run folders are the truth, the index a cache of what their `result.json` says. It is brought up
to date by the folders whenever it is read, so that nothing hangs on its having been written: a run
that could not be entered, a folder moved in or taken away, a damaged file all mend themselves.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from scenarios.errors import PlannerError
from scenarios.index_database import Database, Entry, IndexUnavailableError, number, typed

#: Where runs lie, and the URL of a team's index, when nothing else is said.
RUNS = Path("runs")
RUNS_VARIABLE, URL_VARIABLE = "STAFFING_RUNS", "STAFFING_RUNS_URL"
INDEX_FILE = "index.sqlite"
_RESULT = "result.json"
_ID_DIGITS, _LEAST_DIGITS = 12, 4


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
        self._database = Database(self.root / INDEX_FILE, url)
        #: What could not be read when the index was last brought up to date.
        self.unreadable: list[str] = []

    @property
    def where(self) -> str:
        """The index, for messages; without a password."""
        return self._database.where

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
        self._database.write([entry])
        return entry

    def entries(self) -> list[Entry]:
        """All runs, the latest first; the index is brought up to date by the folders before.

        Where the file beside the runs cannot be used, the folders alone are read.
        """
        try:
            self.refresh()
            rows = self._database.rows()
        except IndexUnavailableError as error:
            if self.url:
                raise
            rows = list(self._read({}, set()))
            self.unreadable.append(f"{error}; the folders were read one by one")
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
        known = {row.folder: row for row in self._database.rows() if row.machine == self._machine}
        seen: set[str] = set()
        new = list(self._read(known, seen))
        gone = [
            row.id
            for folder, row in known.items()
            if folder not in seen and (self.root / folder).is_relative_to(self.root)
        ]
        if new or gone:
            self._database.write(new, gone)
        return len(new), len(gone)

    def rebuild(self) -> int:
        """Forget all that is known of this folder's runs and read them anew; how many there are."""
        mine = [
            row.id
            for row in self._database.rows()
            if row.machine == self._machine
            and (
                (self.root / row.folder).is_relative_to(self.root)
                or not (Path(row.folder) / _RESULT).is_file()
            )
        ]
        self._database.write([], mine)
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
        self._database.write([], [entry.id])
        if away is not None:
            shutil.rmtree(away, ignore_errors=True)

    def _read(self, known: Mapping[str, Entry], seen: set[str]) -> Iterator[Entry]:
        """Entries of the runs below the folder, but those that are known as they are.

        `seen` is given the folders that hold a run which can be read.
        """
        self.unreadable = []
        for path in _run_folders(self.root):
            folder = self._name(path)
            try:
                if folder not in known or known[folder].stamp != _stamp(path / _RESULT):
                    yield self._entry(path)
                seen.add(folder)
            except FileNotFoundError:
                continue
            except PlannerError as error:
                self.unreadable.append(str(error))

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
            "heads": sum(number(one.get("heads")) or 0 for one in people),
            "hours": round(sum(number(one.get("hours")) or 0 for one in people), 2),
            "versions": json.dumps(result.get("versions"), ensure_ascii=False, sort_keys=True),
        }
        return Entry(**{one.name: typed(one.name, told.get(one.name)) for one in fields(Entry)})


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
