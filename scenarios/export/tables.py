"""A run's tables for other programs: CSV that a spreadsheet can open safely, or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scenarios.errors import PlannerError
from scenarios.runs import plain_times

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.runs import Run

FORMATS = ("csv", "parquet")
#: A spreadsheet reads text with one of these in front as a formula (a tab or line end hides it).
_RISK = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def check_format(name: str) -> None:
    """Refuse a format that cannot be written, before anything is.

    Raises
    ------
    PlannerError
        It is unknown, or needs a library that is not installed.
    """
    if name not in FORMATS:
        msg = f"--format is one of {', '.join(FORMATS)}, got {name}"
        raise PlannerError(msg)
    if name == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            msg = (
                "Parquet is written by pyarrow, which is not installed; "
                "pip install 'staffing-optimizer[parquet]', or take --format csv"
            )
            raise PlannerError(msg) from error


def write_tables(run: Run, folder: Path, name: str) -> None:
    """Write each table of a run into a folder, which is made."""
    folder.mkdir()
    for title, table in run.tables.items():
        path = folder / f"{title}.{name}"
        if name == "parquet":
            _parquet(table, path)
        else:
            _csv(plain_times(title, table), path)


def safe_text(text: str) -> str:
    """Mark text that a spreadsheet would take for a formula, so that it stays text."""
    return f"'{text}" if text.startswith(_RISK) else text


def _csv(table: pd.DataFrame, path: Path) -> None:
    safe = table.rename(columns=safe_text)
    for column in safe:
        if safe[column].dtype == object or str(safe[column].dtype) in ("str", "string"):
            safe[column] = safe[column].map(safe_text, na_action="ignore")
    # With its mark in front, spreadsheets know UTF-8 for what it is.
    safe.to_csv(path, index=False, lineterminator="\n", encoding="utf-8-sig")


def _parquet(table: pd.DataFrame, path: Path) -> None:
    """Write times to the millisecond (some readers know no nanoseconds), dates as dates."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = []
    for column in table:
        kind = table[column].dtype
        if pd.api.types.is_datetime64_any_dtype(kind):
            fields.append(pa.field(column, pa.date32() if column == "date" else pa.timestamp("ms")))
        elif pd.api.types.is_bool_dtype(kind):
            fields.append(pa.field(column, pa.bool_()))
        elif pd.api.types.is_integer_dtype(kind):
            fields.append(pa.field(column, pa.int64()))
        elif pd.api.types.is_float_dtype(kind):
            fields.append(pa.field(column, pa.float64()))
        else:
            fields.append(pa.field(column, pa.string()))
    arrow = pa.Table.from_pandas(table, schema=pa.schema(fields), preserve_index=False)
    pq.write_table(arrow.replace_schema_metadata(None), path)
