"""The bundled examples: plans to start from."""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from pathlib import Path

from scenarios.errors import PlannerError

_HERE = Path(__file__).resolve().parent
#: Installed beside the package, or in the source tree.
_HOMES = (_HERE / "bundled_examples", _HERE.parent / "examples")


def example_names() -> dict[str, str]:
    """Give every example by name, with the plan's own name."""
    return {folder.name: _title(folder) for folder in _folders()}


def copy_example(name: str, folder: str | Path) -> None:
    """Copy an example into a folder that is new or empty; whole or not at all.

    Raises
    ------
    PlannerError
        There is no such example, or the folder holds something.
    """
    source = next((path for path in _folders() if path.name == name), None)
    if source is None:
        known = ", ".join(path.name for path in _folders())
        msg = f"There is no example {name!r}; choose one of {known}"
        raise PlannerError(msg)
    target = Path(folder).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        msg = f"{folder} is not empty; choose a folder that is new or empty"
        raise PlannerError(msg)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            whole = partial / target.name
            shutil.copytree(source, whole, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            if target.exists():
                target.rmdir()
            whole.replace(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        msg = f"{folder} cannot be made: {error.strerror or error}"
        raise PlannerError(msg) from error


def _folders() -> list[Path]:
    home = next((path for path in _HOMES if path.is_dir()), None)
    if home is None:
        return []
    return sorted(path for path in home.iterdir() if (path / "plan.toml").is_file())


def _title(folder: Path) -> str:
    with (folder / "plan.toml").open("rb") as file:
        return str(tomllib.load(file).get("name", ""))
