"""Errors that a plan's forecast would have had from past days: tables and pictures."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from forecasts import Backtest, backtest
from scenarios.demand import calendar_frame, drivers_frame
from scenarios.errors import PlannerError
from scenarios.pictures import forecast_picture, hours_picture

if TYPE_CHECKING:
    from scenarios.plan import Plan

#: What a back-test folder holds besides its pictures.
ERRORS, INTERVALS = "errors.csv", "intervals.csv"
DAYS, WEEKS = "days.csv", "weeks.csv"
FORMAT = "%.6g"


def plan_backtest(plan: Plan, origins: int = 8) -> Backtest:
    """Forecasts of the plan's own horizon made at past days, beside what came.

    Raises
    ------
    PlannerError
        When the plan has no history, or too short a one.
    """
    settings, history = plan.settings, plan.history
    if settings.forecast.history_from is not None:
        history = history[history["start"] >= pd.Timestamp(settings.forecast.history_from)]
    history = history[history["start"] < pd.Timestamp(settings.start)]
    if not len(history):
        msg = "the plan has no history before its first day; there is nothing to judge"
        raise PlannerError(msg)
    try:
        return backtest(
            history,
            settings.weeks * 7,
            origins,
            settings.country or None,
            calendar_frame(plan),
            drivers_frame(plan),
        )
    except ValueError as error:
        raise PlannerError(str(error)) from error


def backtest_table(plan: Plan, origins: int = 8) -> pd.DataFrame:
    """Errors in % by queue, week ahead, weekday and hour, as `plan_backtest` finds them."""
    return plan_backtest(plan, origins).errors.round(2)


def write_backtest(found: Backtest, folder: Path) -> Path:
    """Write tables and pictures into `folder`, whole or not at all.

    ``errors.csv``, ``intervals.csv``, ``days.csv``, ``weeks.csv``, and per queue
    ``QUEUE-forecast.svg`` (what came against the last forecast with its ranges) and
    ``QUEUE-hours.svg`` (error by hour of the day). A former back-test there is replaced.

    Raises
    ------
    PlannerError
        When the target holds something else, or cannot be written.
    """
    target = folder.absolute()
    check_folder(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-partial-", dir=target.parent))
        try:
            _fill(found, partial)
            partial.chmod(0o755)
            if target.exists():
                shutil.rmtree(target)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.strerror or error}"
        raise PlannerError(msg) from error
    return target


def check_folder(folder: Path) -> None:
    """Refuse a target that holds anything but a former back-test; worth asking before the work."""
    if folder.is_file():
        msg = f"{folder} is a file; choose a folder that is new, or a name that ends in .csv"
        raise PlannerError(msg)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / ERRORS).is_file():
        msg = f"{folder} holds other files; choose a folder that is new, empty or a back-test's"
        raise PlannerError(msg)


def _fill(found: Backtest, folder: Path) -> None:
    found.errors.round(2).to_csv(folder / ERRORS, index=False)
    found.rows.to_csv(folder / INTERVALS, index=False, float_format=FORMAT)
    found.days.to_csv(folder / DAYS, index=False, float_format=FORMAT)
    found.weeks.to_csv(folder / WEEKS, index=False, float_format=FORMAT)
    names: set[str] = set()
    for queue in found.errors["queue"].unique():
        rows = found.rows[found.rows["queue"] == queue]
        origin = rows["origin"].max()
        rows = rows[rows["origin"] == origin].sort_values("start")
        days = found.days[(found.days["queue"] == queue) & (found.days["origin"] == origin)]
        name = _file_name(str(queue), names)
        title = f"{queue}, forecast from {origin:%Y-%m-%d}"
        picture = forecast_picture(rows, days.sort_values("date"), title)
        (folder / f"{name}-forecast.svg").write_text(picture, encoding="utf-8")
        hours = found.errors.query("queue == @queue and cut == 'hour'").sort_values("value")
        picture = hours_picture(hours, str(queue))
        (folder / f"{name}-hours.svg").write_text(picture, encoding="utf-8")


def _file_name(queue: str, taken: set[str]) -> str:
    """Make a file's name of a queue's, letters of any language stay; no two the same."""
    plain = re.sub(r"[^\w.-]+", "-", queue).strip("-.").lower() or "queue"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}-{number}", number + 1
    taken.add(name)
    return name
