"""A PostgreSQL server of the tests' own: made, started and thrown away; no port is opened."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def _binary(name: str) -> str:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


def _somebody() -> str | None:
    """A user whom the server accepts: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("PostgreSQL does not run as root, and there is no other user")
    return None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server; its URL."""
    pytest.importorskip("psycopg")
    initdb, pg_ctl = _binary("initdb"), _binary("pg_ctl")
    user = _somebody()
    # Short: the path of a socket has 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    data = folder / "data"
    if user is not None:
        shutil.chown(folder, user)

    def call(*command: object) -> None:
        done = subprocess.run(
            [str(part) for part in command], user=user, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"{command[0]}: {done.stdout}")

    try:
        call(initdb, "-D", data, "-U", "planner", "-A", "trust", "--no-sync", "--no-locale")
        options = f"-c listen_addresses= -c fsync=off -c unix_socket_directories={folder}"
        call(pg_ctl, "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            folder.chmod(0o755)
            yield f"postgresql://planner@/postgres?host={folder}"
        finally:
            call(pg_ctl, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
