"""From a plan to its budget: what is known, what will come, who is hired, what it costs."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.budget import tables
from scenarios.budget.actuals import CONTACTS, PEOPLE, Actuals
from scenarios.budget.chances import Chances, chances_of, path_factors, short_forecast
from scenarios.budget.measure import Measured
from scenarios.budget.needs import Needs, needs_of
from scenarios.budget.staff import Crew, crews_of, hiring_problem
from scenarios.budget.year import Year
from scenarios.demand import Demand, demand
from scenarios.errors import PlannerError
from scenarios.overrides import apply_scenario
from scenarios.progress import Reporter, Silent
from solver.hiring import HiringPlan, HiringProblem, plan_hiring

if TYPE_CHECKING:
    from forecasts import Forecast
    from scenarios.plan import Plan

PATHS, COST_PATHS = 400, 100


@dataclass(frozen=True)
class Outlook:
    """Needs of all months, and people and money of those from number `first` on."""

    needs: Needs
    crews: tuple[Crew, ...]
    problem: HiringProblem
    hiring: HiringPlan
    first: int


@dataclass(frozen=True)
class Budget:
    """A budget of one scenario.

    Parameters
    ----------
    outlook
        The plan for the months that are not over.
    original
        The plan as it would have been made before the first month; None where no month is over.
    forecast_contacts
        (Q, M) contacts forecast before the first month.
    """

    plan: Plan
    scenario: str
    year: Year
    outlook: Outlook
    original: Outlook | None
    forecast_contacts: np.ndarray
    measured: Measured
    actuals: Actuals
    chances: Chances
    notices: tuple[str, ...]
    cpu_s: float

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Cost by month, cost centre, contract and kind; see `tables.lines`."""
        return tables.lines(self)

    @cached_property
    def months(self) -> pd.DataFrame:
        """One row a month; see `tables.months`."""
        return tables.months(self)

    @property
    def cost(self) -> float:
        """Money of all months."""
        return round(float(self.lines["amount"].sum()), 2)

    @property
    def short_hours(self) -> float:
        """Hours that nobody works, over the months that are not over."""
        return float(self.outlook.hiring.short_h.sum())

    @property
    def exit_code(self) -> int:
        """0 when all work is covered, 1 when hours are short."""
        return 1 if self.short_hours > 0.5 else 0


def plan_budget(
    plan: Plan,
    year: Year,
    measured: Measured,
    *,
    scenario: str = "base",
    actuals: Actuals | None = None,
    paths: int = PATHS,
    cost_paths: int = COST_PATHS,
    reporter: Reporter | None = None,
) -> Budget:
    """Plan a year's people and money at minimum cost.

    Parameters
    ----------
    year
        From `scenarios.budget.year.year_of`.
    measured
        Scheduling inefficiency.
    actuals
        Of months that are over; they also close the months whose cost they name.
    paths, cost_paths
        Possible years drawn for the quantiles of contacts and people, and of cost.

    Raises
    ------
    PlanFaults
        The scenario is not known or cannot be applied.
    PlannerError
        The plan has no history to forecast from.
    """
    began = time.process_time()
    reporter, actuals = reporter or Silent(), actuals or Actuals()
    as_it_was, plan = plan, apply_scenario(plan, scenario)
    closed = max(year.closed, len(actuals.months))
    if closed >= year.count:
        msg = f"all {year.count} months are over; right: more --months"
        raise PlannerError(msg)
    year = dataclasses.replace(year, closed=closed)
    reporter.stage(f"forecast {scenario}")
    forecast = _forecast(plan, year.start, year)
    if forecast is None:
        msg = "the plan's history is empty: there is nothing to forecast a year from"
        raise PlannerError(msg)
    told = _demand(plan, year, forecast, actuals)
    needs = needs_of(plan, told, year.month_of_day())
    notices = [*told.notices, *measured.notices]
    reporter.stage(f"hiring {scenario}")
    people = actuals.of(PEOPLE, year.months[closed - 1]) if closed else {}
    crews = crews_of(plan, told, needs, year, measured.factors, people)
    outlook = _outlook(plan, needs, crews, year, closed)
    original, was = None, needs
    if closed:
        # A scenario is about what will come: months that are over are the base plan's.
        original, was, told_of = _original(as_it_was, year, measured, actuals)
        notices += told_of
    reporter.stage(f"chances {scenario}")
    known = _known(plan, year, needs)
    factors = path_factors(forecast, needs, year, known, paths, plan.settings.solve.seed)
    factors[:, :, :closed] = 1.0
    draft = Budget(
        plan, scenario, year, outlook, original, _by_queues(was, needs), measured, actuals,
        None, tuple(dict.fromkeys(map(str, notices))), 0.0,
    )  # type: ignore[arg-type]  # fmt: skip
    by_month = draft.lines.groupby("month")["amount"].sum().reindex(year.months, fill_value=0.0)
    chances = chances_of(
        needs, factors, year, outlook.problem, outlook.hiring,
        by_month.to_numpy(float), tables.paid_by_queue(draft), min(cost_paths, paths),
    )  # fmt: skip
    return dataclasses.replace(draft, chances=chances, cpu_s=round(time.process_time() - began, 2))


def _outlook(plan: Plan, needs: Needs, crews: tuple[Crew, ...], year: Year, first: int) -> Outlook:
    problem = hiring_problem(plan, needs, crews, year, first)
    return Outlook(needs, crews, problem, plan_hiring(problem), first)


def _by_queues(was: Needs, needs: Needs) -> np.ndarray:
    """Contacts of the first by month for the queues of the second; 0 for those it has not."""
    number = {name: k for k, name in enumerate(was.queues)}
    none = np.zeros(was.contacts.shape[1])
    return np.array(
        [was.contacts[number[name]] if name in number else none for name in needs.queues]
    ).reshape(len(needs.queues), -1)


def _original(
    plan: Plan, year: Year, measured: Measured, actuals: Actuals
) -> tuple[Outlook, Needs, list[str]]:
    """The plan of all months, from what was known before the first."""
    notices = []
    before = dataclasses.replace(year, start=year.first, closed=0)
    history = plan.history
    try:
        forecast = None
        if (history["start"] < pd.Timestamp(year.first)).any():
            forecast = _forecast(plan, year.first, before)
        if forecast is None:
            msg = "the history begins later"
            raise ValueError(msg)
        told = _demand(plan, before, forecast, Actuals())
    except (ValueError, PlannerError) as error:
        notices.append(
            f"what was forecast before {year.first} cannot be told ({error}): months that are over "
            "are planned from their own contacts"
        )
        forecast = _forecast(plan, year.start, year)
        assert forecast is not None
        told = _demand(plan, year, forecast, actuals)
    was = needs_of(plan, told, year.month_of_day())
    crews = crews_of(plan, told, was, before, measured.factors)
    return _outlook(plan, was, crews, before, 0), was, notices


def _forecast(plan: Plan, start: object, year: Year) -> Forecast | None:
    """Forecast from a day to the end of the year."""
    days = (year.firsts[-1] - start).days  # type: ignore[operator]
    told = demand(_from(plan, start, days))
    if told.forecast is None:
        return None
    return short_forecast(told.forecast, pd.Timestamp(year.firsts[-1]))


def _demand(plan: Plan, year: Year, forecast: Forecast, actuals: Actuals) -> Demand:
    """All months: what came until the year's start, then the forecast."""
    first = pd.Timestamp(year.first)
    came = plan.history[
        (plan.history["start"] >= first) & (plan.history["start"] < pd.Timestamp(year.start))
    ]
    given = came[["queue", "start", "volume", "aht_s"]] if len(came) else None
    whole = _from(plan, year.first, year.days)
    told = demand(whole, told=forecast, given=given)
    # The grid of whole weeks is cut where the last month ends.
    told = _cut(told, year.days)
    return _with_actual_contacts(plan, told, year, actuals)


def _from(plan: Plan, start: object, days: int) -> Plan:
    """The plan over other days; what waits at its start belongs to its own."""
    update = {"start": start, "weeks": max(1, math.ceil(days / 7)), "end": None}
    settings = plan.settings.model_copy(update=update)
    return dataclasses.replace(plan, settings=settings, backlog=())


def _cut(told: Demand, days: int) -> Demand:
    grid = dataclasses.replace(told.grid, days=days)
    n = grid.size
    work = dataclasses.replace(
        told.work,
        **{f.name: getattr(told.work, f.name)[:, :n] for f in dataclasses.fields(told.work)},
    )
    return dataclasses.replace(
        told, grid=grid, open_masks=told.open_masks[:, :n], volume=told.volume[:, :n], work=work
    )


def _with_actual_contacts(plan: Plan, told: Demand, year: Year, actuals: Actuals) -> Demand:
    """Months whose contacts are handed in have as many, at the times at which they were known."""
    month = np.repeat(year.month_of_day(), told.grid.per_day)
    volume, arrivals = told.volume.copy(), told.work.arrivals.copy()
    for m, label in enumerate(year.months):
        for name, amount in actuals.of(CONTACTS, label).items():
            k = next(k for k, q in enumerate(told.queues) if q.name == name)
            at = month == m
            total = volume[k, at].sum()
            if total > 0:
                arrivals[k, at] *= amount / total
                volume[k, at] *= amount / total
    work = dataclasses.replace(told.work, arrivals=arrivals)
    return dataclasses.replace(told, volume=volume, work=work)


def _known(plan: Plan, year: Year, needs: Needs) -> np.ndarray:
    """Contacts that have come already, (Q, M)."""
    came = plan.history[plan.history["start"] >= pd.Timestamp(year.first)]
    came = came.assign(month=came["start"].dt.strftime("%Y-%m"))
    table = came.pivot_table("volume", "queue", "month", aggfunc="sum", fill_value=0.0)
    table = table.reindex(index=list(needs.queues), columns=list(year.months), fill_value=0.0)
    return table.to_numpy(float)
