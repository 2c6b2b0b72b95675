"""Errors that a plan's forecast would have had from past days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from forecasts import backtest
from scenarios.demand import calendar_frame, drivers_frame
from scenarios.errors import PlannerError

if TYPE_CHECKING:
    from scenarios.plan import Plan


def backtest_table(plan: Plan, origins: int = 8) -> pd.DataFrame:
    """Errors in % by queue, week ahead and weekday, over the plan's own horizon.

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
        found = backtest(
            history,
            settings.weeks * 7,
            origins,
            settings.country or None,
            calendar_frame(plan),
            drivers_frame(plan),
        )
    except ValueError as error:
        raise PlannerError(str(error)) from error
    return found.errors.round(2)
