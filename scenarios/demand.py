"""From a plan to the contacts that reach people: calendar, queues, forecast, work."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasts import Forecast, NewQueue, forecast_detail, with_new_queues
from forecasts.effects import country_calendar
from scenarios.errors import PlannerError
from scenarios.replies import Known, in_order, known_contacts
from staffing.calendar import ALWAYS_OPEN, WEEKDAYS, Calendar, OpeningHours
from staffing.queues import Measure, Queue, QueueKind, Target
from staffing.timegrid import TimeGrid
from staffing.workload import Workload, workload

if TYPE_CHECKING:
    from scenarios.plan import Plan

_LIVE = {Measure.ANSWERED_WITHIN, Measure.MEAN_WAIT, Measure.ABANDONED}
_DEFERRED = {Measure.REPLIED_WITHIN, Measure.WEEKLY_HOURS}
# Channels whose contacts nobody handles: people who must be there, and what solves itself.
_NOBODYS_WORK = ("post", "self_service")
DEFAULT_AHT_S = 300.0


@dataclass(frozen=True)
class Demand:
    """What a plan's history and queues come to, Q queues over T intervals.

    `volume` counts contacts before deflection (Q, T), `work` what reaches people, `day_cv` (Q,) the
    day-to-day uncertainty of the forecast, `hold` the share of possible months in which targets
    shall hold, `known` what waits at the start and campaigns.
    """

    grid: TimeGrid
    calendar: Calendar
    queues: tuple[Queue, ...]
    hours: dict[str, OpeningHours]
    open_masks: np.ndarray
    volume: np.ndarray
    work: Workload
    day_cv: np.ndarray
    forecast: Forecast | None
    notices: tuple[str, ...]
    hold: float = 0.5
    known: tuple[Known, ...] = ()

    def hours_of(self, queue: Queue) -> OpeningHours:
        """Opening hours of a queue; a queue without any is always open."""
        return self.hours.get(queue.hours, ALWAYS_OPEN)


def plan_grid(plan: Plan) -> TimeGrid:
    """Horizon of a plan."""
    settings = plan.settings
    return TimeGrid(settings.start, settings.weeks * 7, settings.interval_min)


def plan_calendar(plan: Plan) -> Calendar:
    """Public holidays of the country, then what the plan's calendar says instead."""
    grid = plan_grid(plan)
    last = grid.date(grid.days + 31)
    country = country_calendar(plan.settings.country or None, grid.start.year - 1, last.year)
    holidays = {pd.Timestamp(d).date(): name for d, name in country.holidays.items()}
    working = {pd.Timestamp(d).date() for d in country.working_days}
    closed: set[dt.date] = set()
    for row, day in calendar_days(plan):
        if row.kind == "holiday":
            holidays[day] = row.name or "holiday"
            working.discard(day)
        elif row.kind == "working_day":
            working.add(day)
            holidays.pop(day, None)
        elif row.kind == "closed" and not row.queue:
            closed.add(day)
    return Calendar(holidays, frozenset(working), frozenset(closed), country.weekend)


def calendar_days(plan: Plan) -> list[tuple[object, dt.date]]:
    """Rows of the plan's calendar, one for each of their dates."""
    days = []
    for row in plan.calendar:
        first = row.date or row.from_
        last = row.date or row.to or first
        days += [(row, first + dt.timedelta(days=k)) for k in range((last - first).days + 1)]
    return days


def plan_hours(plan: Plan) -> dict[str, OpeningHours]:
    """Opening hours by name."""
    windows: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for row in plan.hours:
        day = windows.setdefault(row.hours, {}).setdefault(row.weekday, [])
        day.append((row.opens, row.closes))
    return {
        name: OpeningHours(name, {day: tuple(sorted(spans)) for day, spans in days.items()})
        for name, days in windows.items()
    }


def plan_queues(plan: Plan) -> tuple[Queue, ...]:
    """Queues with their targets; what a queue promises decides how it is planned."""
    default = plan.settings.service.period
    targets: dict[str, list[Target]] = {}
    for row in plan.targets:
        targets.setdefault(row.queue, []).append(
            Target(
                row.queue,
                Measure(row.measure),
                row.limit,
                row.unit,
                row.share,
                row.period or default,
                row.mode == "hard",
                row.price,
                row.per,
            )
        )
    queues = []
    for row in plan.queues:
        own = in_order(targets.get(row.queue, ()))
        measures = {t.measure for t in own}
        if measures & _LIVE:
            kind = QueueKind.LIVE
        elif measures & _DEFERRED or row.channel not in _NOBODYS_WORK:
            kind = QueueKind.DEFERRED
        else:
            kind = QueueKind.POST
        queues.append(
            Queue(
                name=row.queue,
                kind=kind,
                channel=row.channel,
                hours=row.hours,
                label=row.label or row.queue,
                contact_type=row.contact_type,
                priority=row.priority,
                aht_s=row.aht_s or DEFAULT_AHT_S,
                aht_cv=row.aht_cv,
                patience_s=row.patience_s or math.inf,
                at_once=row.at_once,
                vip_queue=row.vip_queue,
                vip_share=row.vip_share,
                deflected_share=row.deflected_share,
                bot_share=row.bot_share,
                handover_share=row.handover_share,
                fcr=row.fcr,
                repeat_after_h=row.repeat_after_h,
                redial_share=row.redial_share,
                escalates_to=row.escalates_to,
                escalation_share=row.escalation_share,
                callback_queue=row.callback_queue,
                callback_share=row.callback_share,
                callback_after_h=row.callback_after_h,
                cost_centre=row.cost_centre,
                targets=own,
            )
        )
    return tuple(queues)


def demand(plan: Plan, told: Forecast | None = None, given: pd.DataFrame | None = None) -> Demand:
    """Forecast a plan's contacts and turn them into work.

    `told` is a forecast already made of the same history, queues and hours. `given` has `queue,
    start, volume` and perhaps `aht_s` of intervals known better by now; they stand in place of the
    forecast's.
    """
    grid, calendar, queues, hours = (
        plan_grid(plan),
        plan_calendar(plan),
        plan_queues(plan),
        plan_hours(plan),
    )
    open_masks = np.array(
        [
            _open(plan, queue.name, hours.get(queue.hours, ALWAYS_OPEN), grid, calendar)
            for queue in queues
        ]
    )
    if told is None:
        told = _forecast(plan, grid, queues, open_masks)
    volume = np.zeros((len(queues), grid.size))
    aht_s = np.full((len(queues), grid.size), np.nan)
    day_cv = np.zeros(len(queues))
    if told is not None:
        for number, queue in enumerate(queues):
            rows = told.table[told.table["queue"] == queue.name]
            at = grid.index(pd.DatetimeIndex(rows["start"]))
            inside = (at >= 0) & (at < grid.size)
            volume[number, at[inside]] = rows["volume"].to_numpy(float)[inside]
            aht_s[number, at[inside]] = rows["aht_s"].to_numpy(float)[inside]
            day_cv[number] = told.day_cv.get(queue.name, 0.0)
    for number, queue in enumerate(queues if given is not None else ()):
        assert given is not None
        rows = given[given["queue"] == queue.name]
        at = grid.index(pd.DatetimeIndex(rows["start"]))
        inside = (at >= 0) & (at < grid.size)
        volume[number, at[inside]] = rows["volume"].to_numpy(float)[inside]
        if "aht_s" in rows:
            known = inside & rows["aht_s"].notna().to_numpy()
            aht_s[number, at[known]] = rows["aht_s"].to_numpy(float)[known]
    # A handle time that the planner states goes before the history's.
    for number, row in enumerate(plan.queues):
        if row.aht_s is not None:
            aht_s[number] = row.aht_s
    work = workload(
        queues,
        grid,
        volume,
        aht_s,
        open_masks,
        history_counts=plan.settings.forecast.history_counts,
    )
    _inherit_uncertainty(queues, day_cv)

    def opens(number: int, day: dt.date) -> bool:
        named = hours.get(queues[number].hours, ALWAYS_OPEN)
        return bool(named.day_windows(day, calendar))

    known, notices = known_contacts(plan, grid, queues, open_masks, opens)
    return Demand(
        grid,
        calendar,
        queues,
        hours,
        open_masks,
        volume,
        work,
        day_cv,
        told,
        (*(told.notices if told is not None else ()), *notices),
        plan.settings.service.hold,
        known,
    )


def _open(
    plan: Plan, queue: str, hours: OpeningHours, grid: TimeGrid, calendar: Calendar
) -> np.ndarray:
    mask = hours.open_mask(grid, calendar)
    for row, day in calendar_days(plan):
        number = grid.day(day)
        if row.kind == "closed" and row.queue == queue and 0 <= number < grid.days:
            mask[number * grid.per_day : (number + 1) * grid.per_day] = False
    return mask


def _forecast(
    plan: Plan, grid: TimeGrid, queues: tuple[Queue, ...], open_masks: np.ndarray
) -> Forecast | None:
    history = plan.history
    if history is None or not len(history):
        return None
    if plan.settings.forecast.history_from is not None:
        history = history[history["start"] >= pd.Timestamp(plan.settings.forecast.history_from)]
    history = history[history["start"] < pd.Timestamp(grid.start)]
    if not len(history):
        msg = (
            f"forecast.history_from {plan.settings.forecast.history_from} leaves no history before "
            f"{grid.start}: choose an earlier day"
        )
        raise PlannerError(msg)
    starts = grid.starts()
    opens = {q.name: starts[open_masks[k]] for k, q in enumerate(queues)}
    told = forecast_detail(
        history,
        grid.days,
        country=plan.settings.country or None,
        calendar=calendar_frame(plan),
        drivers=drivers_frame(plan),
        start=grid.start,
        open_hours=opens,
    )
    known_days = history.groupby("queue")["start"].agg(lambda s: s.dt.normalize().nunique())
    new = [NewQueue(**row.model_dump()) for row in plan.new_queues]
    told = with_new_queues(told, new, known_days.to_dict(), opens)
    return grown(told, 1 + plan.settings.forecast.growth)


def grown(told: Forecast, factor: float) -> Forecast:
    """Multiply a forecast, quantiles and all."""

    def times(table: pd.DataFrame) -> pd.DataFrame:
        counts = [c for c in table if c == "volume" or str(c).startswith("q0.")]
        return table.assign(**{c: table[c] * factor for c in counts})

    return replace(told, table=times(told.table), days=times(told.days))


def calendar_frame(plan: Plan) -> pd.DataFrame | None:
    """The plan's calendar, a row for each date."""
    rows = [
        {
            "date": pd.Timestamp(day),
            "kind": row.kind,
            "name": row.name,
            "queue": row.queue,
            "factor": np.nan if row.factor is None else row.factor,
            "like": pd.NaT if row.like is None else pd.Timestamp(row.like),
        }
        for row, day in calendar_days(plan)
    ]
    return pd.DataFrame(rows) if rows else None


def drivers_frame(plan: Plan) -> pd.DataFrame | None:
    """The plan's drivers, a row for each date."""
    if not plan.drivers:
        return None
    return pd.DataFrame([row.model_dump() for row in plan.drivers])


def _inherit_uncertainty(queues: tuple[Queue, ...], day_cv: np.ndarray) -> None:
    """Queues fed only by others are as uncertain as those that feed them."""
    number = {q.name: k for k, q in enumerate(queues)}
    for _ in queues:
        for k, queue in enumerate(queues):
            for fed in queue.receivers:
                if fed in number and day_cv[number[fed]] == 0:
                    day_cv[number[fed]] = day_cv[k]


def day_kinds(plan: Plan, demanded: Demand) -> pd.DataFrame:
    """Dates of the horizon with their kind, as calendars in rosters show them."""
    calendar, grid = demanded.calendar, demanded.grid
    rows = []
    for day in grid.dates():
        made_up = day in calendar.working_days and WEEKDAYS[day.weekday()] in ("sat", "sun")
        kind = "working_day" if made_up else str(calendar.kind(day))
        rows.append({"date": day, "kind": kind, "name": calendar.holidays.get(day, "")})
    return pd.DataFrame(rows)
