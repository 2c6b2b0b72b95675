"""One point of a sweep, as a worker plans it: here, in another process, on another machine."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scenarios.errors import PlannerError
from scenarios.runs import Run

if TYPE_CHECKING:
    from forecasts import Forecast
    from scenarios.plan import Plan

# Tables that a forecast is made of, beside settings and the history.
_FORECAST_TABLES = ("hours", "calendar", "drivers", "new_queues")
_FORECAST_SETTINGS = ("start", "weeks", "interval_min", "country", "timezone")
# Tables of a run that a neighbour starts from.
_START_TABLES = ("agents", "schedule", "activities")
_forecasts: dict[str, Forecast | None] = {}


@dataclass(frozen=True)
class Done:
    """What came of a point: a run, or why there is none."""

    number: int
    run: Run | None
    why: str = ""


@dataclass(frozen=True)
class Task:
    """A point with all that a worker must know.

    Parameters
    ----------
    number, name
        Of the point; its scenario is in the plan.
    starts
        Runs of neighbours that are done, the nearest first.
    threads
        Threads that the worker may use.
    owner
        Process that gave it out, whose settings are not to be touched.
    """

    number: int
    plan: Plan
    name: str
    starts: tuple[Run, ...]
    threads: int
    owner: int


def leave_interrupts() -> None:
    """Leave Ctrl-C to the sweep, which lets what is being planned be finished."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def plan_point(task: Task, stop: Callable[[], bool] | None = None) -> Done:
    """Plan a point."""
    from scenarios.overrides import apply_scenario
    from scenarios.run import plan_run
    from solver.optimize import InfeasibleDesignError

    if os.getpid() != task.owner:
        os.environ["LOKY_MAX_CPU_COUNT"] = str(task.threads)
    try:
        run = plan_run(
            task.plan,
            scenario=task.name,
            told=forecast_of(apply_scenario(task.plan, task.name)),
            starts=task.starts,
            threads=task.threads,
            stop=stop,
        )
    except (PlannerError, InfeasibleDesignError) as error:
        return Done(task.number, None, str(error))
    return Done(task.number, run)


def as_start(run: Run) -> Run:
    """What a neighbour needs of a run."""
    return Run(run.result, {name: run.tables[name] for name in _START_TABLES})


def forecast_of(plan: Plan) -> Forecast | None:
    """Forecast of a plan, made once by each process for all plans that it is the same for.

    Growth multiplies a forecast and is no reason for another.
    """
    from scenarios.demand import demand, grown

    key = _fingerprint(plan)
    if key not in _forecasts:
        level = plan.settings.forecast.model_copy(update={"growth": 0.0})
        settings = plan.settings.model_copy(update={"forecast": level})
        if len(_forecasts) > 8:
            _forecasts.clear()
        _forecasts[key] = demand(replace(plan, settings=settings)).forecast
    told = _forecasts[key]
    return None if told is None else grown(told, 1 + plan.settings.forecast.growth)


def _fingerprint(plan: Plan) -> str:
    """All that a forecast hangs on, but growth."""
    from pandas.util import hash_pandas_object

    settings = plan.settings.model_dump(mode="json")
    settings["forecast"].pop("growth", None)
    parts = [repr([settings[name] for name in (*_FORECAST_SETTINGS, "forecast")])]
    for table in _FORECAST_TABLES:
        parts += [row.model_dump_json() for row in plan.table(table)]
    # Which queues there are, when they are open, and how long a contact takes without a history.
    parts += [f"{row.queue}|{row.hours}" for row in plan.queues]
    digest = hashlib.sha256("\n".join(parts).encode())
    if plan.history is not None:
        digest.update(hash_pandas_object(plan.history, index=False).to_numpy().tobytes())
    return digest.hexdigest()
