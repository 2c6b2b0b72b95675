"""What is different between a plan and the same plan under a scenario, in lines to read."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scenarios.overrides.cells import label, pair_text, told_by
from scenarios.overrides.changes import Traced
from scenarios.plan import Plan, schema
from scenarios.plan.rows import setting_keys
from scenarios.plan.values import columns, text_of


def describe(
    plan: Plan, changed: Plan, tables: dict[str, list[Traced]], kept: pd.Index
) -> list[str]:
    """A line for each setting, row or queue's history that is different.

    Parameters
    ----------
    tables
        Rows of the changed plan with the rows that they were.
    kept
        For each row of the changed history, its place in the plan's.
    """
    lines = list(_settings(plan, changed))
    for table in schema.TABLES:
        if table == "history":
            lines += _history(plan.history, changed.history.set_axis(kept))
        elif table in tables:
            lines += _rows(table, plan.table(table), tables[table])
    return lines


def differences(plan: Plan, other: Plan) -> list[str]:
    """What is different between any two plans, in the same lines.

    Rows are matched where they are equal, else by the columns that tell a table's rows apart; what
    finds no match was dropped or added. The tables `scenarios` are left out.
    """
    tables = {
        name: _matched(name, plan.table(name), other.table(name))
        for name in schema.TABLES
        if name not in ("history", "scenarios") and plan.table(name) != other.table(name)
    }
    was, now = (pd.MultiIndex.from_frame(p.history[["queue", "start"]]) for p in (plan, other))
    at = was.get_indexer(now)
    # Intervals that only the other plan has get numbers that the plan's history does not use.
    kept = pd.Index([place if place >= 0 else -1 - k for k, place in enumerate(at)], dtype="int64")
    return [
        *describe(plan, other, tables, kept),
        *(
            f"history {pair_text('queue', str(queue))}: {len(rows)} intervals added"
            for queue, rows in other.history[at < 0].groupby("queue", sort=False)
        ),
    ]


def _matched(
    table: str, before: tuple[schema.Row, ...], after: tuple[schema.Row, ...]
) -> list[Traced]:
    """Rows of a table with the rows that they probably were."""
    known = {column.name: column.field for column in columns(schema.TABLES[table])}
    fields = [known[name] for name in told_by(table)]
    left = list(before)
    origins: list[schema.Row | None] = [None] * len(after)
    # All columns, then those that tell rows apart, then two of them: a limit or a first day may
    # be what was changed.
    for looked_at in (list(known.values()), fields, fields[:2]):
        for at, row in enumerate(after):
            if origins[at] is None:
                alike = (
                    one
                    for one in left
                    if all(getattr(one, name) == getattr(row, name) for name in looked_at)
                )
                origins[at] = next(alike, None)
                left = [one for one in left if one is not origins[at]]
    return [Traced(row, origin) for row, origin in zip(after, origins, strict=True)]


def _settings(plan: Plan, changed: Plan) -> Iterator[str]:
    for key, column in setting_keys():
        section, _, _ = key.rpartition(".")
        old, new = (
            getattr(getattr(one.settings, section) if section else one.settings, column.field)
            for one in (plan, changed)
        )
        if old != new:
            yield f"plan: {key} {_shown(text_of(column, old))} -> {_shown(text_of(column, new))}"


def _rows(table: str, before: tuple[schema.Row, ...], after: list[Traced]) -> Iterator[str]:
    known = columns(schema.TABLES[table])
    for traced in after:
        if traced.origin is None:
            cells = " ".join(
                pair_text(column.name, text_of(column, getattr(traced.row, column.field)))
                for column in known
                if column.field in traced.row.model_fields_set
            )
            yield f"{table}: added {cells}"
            continue
        differences = [
            f"{column.name} {_shown(text_of(column, old))} -> {_shown(text_of(column, new))}"
            for column in known
            if (old := getattr(traced.origin, column.field))
            != (new := getattr(traced.row, column.field))
        ]
        if differences:
            yield f"{table} {label(table, traced.origin, before)}: {', '.join(differences)}"
    kept = {id(traced.origin) for traced in after}
    for row in before:
        if id(row) not in kept:
            yield f"{table}: dropped {label(table, row, before)}"


def _history(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[str]:
    for queue, old in before.groupby("queue", sort=False):
        place = f"history {pair_text('queue', str(queue))}"
        new = after.loc[after.index.intersection(old.index)]
        if len(new) < len(old):
            yield f"{place}: {len(old) - len(new)} of {len(old)} intervals dropped"
        was = old.loc[new.index]
        for column, how in (("volume", "sum"), ("aht_s", "mean")):
            is_other = ~((was[column] == new[column]) | (was[column].isna() & new[column].isna()))
            if is_other.any():
                totals = [
                    _shown("" if frame[column].isna().all() else f"{frame[column].agg(how):.6g}")
                    for frame in (was[is_other], new[is_other])
                ]
                yield (
                    f"{place}: {how} of {column} {' -> '.join(totals)} "
                    f"in {int(is_other.sum())} intervals"
                )


def _shown(text: str) -> str:
    return text or "empty"
