"""What the commands share: their arguments, exit codes, and how tables are handed over."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scenarios.errors import PlannerError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from scenarios.plan import Plan
    from scenarios.runs import Run

DONE, NOT_MET, BAD_INPUT, ABORTED = 0, 1, 2, 130

PlanPath = Annotated[Path, typer.Argument(metavar="PLAN", help="Plan: a folder or an .xlsx file.")]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")]
OutFile = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="CSV file to write the table to.")
]


def load_plan(path: Path) -> Plan:
    """Read a plan, with all its faults told."""
    import scenarios.plan

    return scenarios.plan.load(path)


def console(*, stderr: bool = False) -> Console:
    """Where to print."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def say_error(text: str) -> None:
    """Print on standard error."""
    typer.echo(text, err=True)


def list_lines(title: str, lines: Iterable[object]) -> None:
    """Print a list with its title, if there is anything in it."""
    lines = tuple(lines)
    if lines:
        typer.echo(f"{title}: {len(lines)}")
        for line in lines:
            typer.echo(f"  - {line}")


def hand_over(table: pd.DataFrame, out: Path | None) -> None:
    """Write a table for those who asked for a file."""
    if out is None:
        return
    if out.suffix.lower() in (".xlsx", ".xls"):
        msg = f"{out}: the table is written as CSV; give a name that ends in .csv"
        raise PlannerError(msg)
    write_whole(out, lambda path: table.to_csv(path, index=False))
    typer.echo(f"{out}: {len(table)} rows", err=True)


def write_whole(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file whole or not at all; what the system refuses is said without a traceback."""
    partial = path.with_name(f".{path.name}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        partial.replace(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror or error}"
        raise PlannerError(msg) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def run_name(scenario: str) -> str:
    """Folder name of a run that nobody named."""
    from scenarios.runs import file_name

    return f"{file_name(scenario)}-{dt.datetime.now():%Y%m%d-%H%M%S}"


def runs_root() -> Path:
    """Folder of runs as it is seen from here, so that what is said of it can be typed."""
    from scenarios.index import index_of_here

    root = index_of_here().root
    return root.relative_to(Path.cwd()) if root.is_relative_to(Path.cwd()) else root


@contextlib.contextmanager
def run_folder(out: Path | None, plan: str, scenario: str) -> Iterator[Path]:
    """Folder for a run: the one that was asked for, else a new one below the folder of runs.

    A new one is made at once: two commands of the same second never write into the same. When
    nothing was written into it, it goes again.
    """
    from scenarios.runs import RunError, check_target, file_name

    if out is not None:
        check_target(out)
        yield out
        return
    first = runs_root() / file_name(plan) / run_name(scenario)
    folder, number = first, 1
    while True:
        try:
            folder.mkdir(parents=True)
            break
        except FileExistsError:
            if not folder.is_dir():
                msg = f"{folder} is a file"
                raise RunError(msg) from None
            number += 1
            folder = first.with_name(f"{first.name}-{number}")
        except OSError as error:
            msg = f"{folder} cannot be made: {error.strerror or error}"
            raise RunError(msg) from error
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()


def keep(run: Run, folder: Path, plan: Plan | None) -> None:
    """Write a run into its folder and enter it in the index of runs."""
    from scenarios.index import register
    from scenarios.runs import write_run

    write_run(run, folder, plan)
    register(folder, say_error)


def with_scenarios(plan: Plan, text: str) -> tuple[Plan, list[str] | None]:
    """Names in a list with commas, those of TOML files added to the plan; None for no list."""
    from scenarios.overrides import is_scenario_file, with_scenario_file

    names = []
    for part in filter(None, map(str.strip, text.split(","))):
        name = part
        if is_scenario_file(part):
            plan, name = with_scenario_file(plan, part)
        names.append(name)
    return plan, names or None
