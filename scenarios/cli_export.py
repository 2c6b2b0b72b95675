"""The command `staffing export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.command import RunPath, write_whole
from scenarios.errors import PlannerError


def export(
    run: RunPath,
    xlsx: Annotated[
        Path | None,
        typer.Option("--xlsx", metavar="FILE", help="The roster's workbook alone, to this file."),
    ] = None,
    lang: Annotated[
        str, typer.Option("--lang", metavar="en|zh", help="Language; the plan's if left out.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder to write; RUN-export if left out."),
    ] = None,
    table_format: Annotated[
        str, typer.Option("--format", metavar="csv|parquet", help="Format of the tables.")
    ] = "csv",
) -> None:
    """Hand a run on: a calendar for everybody, a report, tables; or the roster's workbook.

    An earlier export in the folder is brought up to date: changed shifts get the next sequence
    number in the calendars, shifts that fell away are cancelled.
    """
    from scenarios.i18n import LANGUAGES
    from scenarios.runs import read_run

    if lang and lang not in LANGUAGES:
        msg = f"--lang is one of {', '.join(LANGUAGES)}, got {lang}"
        raise PlannerError(msg)
    if xlsx is not None:
        from scenarios.workbook import write_roster

        kept = read_run(run)
        if xlsx.suffix.lower() != ".xlsx":
            msg = f"{xlsx}: a workbook's name ends in .xlsx"
            raise PlannerError(msg)
        language = lang or str(kept.result.get("language") or "en")
        write_whole(xlsx, lambda path: write_roster(kept, path, language))
        typer.echo(str(xlsx))
        if out is None:
            return
    from scenarios.export import export_run

    place = out or run.absolute().with_name(f"{run.absolute().name}-export")
    export_run(run, place, table_format=table_format, language=lang)
    typer.echo(str(place))
