"""People needed on each live queue, why, and what a point of service costs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scenarios.build import target_s
from scenarios.demand import Demand, demand
from scenarios.people import groups_and_agents
from staffing.queues import Measure, QueueKind
from staffing.ranges import ModelRangeWarning
from staffing.requirement import requirement, service_prices
from staffing.shrinkage import attendance_series, shrinkage_words

if TYPE_CHECKING:
    from scenarios.plan import Plan


def requirement_table(plan: Plan) -> pd.DataFrame:
    """People needed by live queue and interval, with the reason."""
    return requirement_of(plan, demand(plan))


def requirement_of(plan: Plan, told: Demand) -> pd.DataFrame:
    """People needed by live queue and interval: what each queue alone would ask for."""
    with warnings.catch_warnings():
        # The table says it, interval by interval.
        warnings.simplefilter("ignore", ModelRangeWarning)
        parts = [requirement(*series, **case) for _, series, case in _asked(plan, told)]
    if not parts:
        columns = (
            "queue start offered aht_s load_erlang needed_fractional needed shrinkage gross reason "
            "notice"
        )
        return pd.DataFrame(columns=columns.split(" "))
    return pd.concat(parts, ignore_index=True)


def service_price_table(plan: Plan) -> pd.DataFrame:
    """Service against people by live queue, ten points to both sides of the promise.

    The cost of an hour is the least hourly wage among contracts that may serve the queue.
    """
    told = demand(plan)
    groups = groups_and_agents(plan, told)[1]
    parts = []
    for k, series, case in _asked(plan, told):
        promised = case.pop("share")
        if promised == 0:
            continue
        shares = sorted({round(promised + step / 100, 4) for step in range(-10, 12, 2)})
        wages = [g.contract.hourly_base for g in groups if g.speed[k] > 0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ModelRangeWarning)
            parts.append(
                service_prices(
                    *series,
                    shares=[s for s in shares if 0 < s < 1],
                    cost_per_hour=min((w for w in wages if w > 0), default=math.nan),
                    **case,
                )
            )
    if not parts:
        columns = "queue share hours peak_people hours_per_point cost_per_point"
        return pd.DataFrame(columns=columns.split(" "))
    return pd.concat(parts, ignore_index=True)


def _asked(plan: Plan, told: Demand) -> Iterator[tuple[int, tuple, dict]]:
    """Number, series and promises of each live queue, as `staffing.requirement` takes them.

    Shrinkage is that of the role for which the queue is the first choice.
    """
    kinds = plan.shrinkage_kinds
    starts = told.grid.starts()
    for k, queue in enumerate(told.queues):
        if queue.kind is not QueueKind.LIVE:
            continue
        target, wait = queue.target(Measure.ANSWERED_WITHIN), queue.target(Measure.MEAN_WAIT)
        serving = sorted((r for r in plan.roles if r.queue == queue.name), key=lambda r: r.order)
        role = serving[0].role if serving else ""
        present = attendance_series(kinds, role, told.grid)
        words = shrinkage_words(kinds, role, told.grid)
        capped = queue.target(Measure.ABANDONED)
        at = np.flatnonzero(told.open_masks[k])
        series = (queue.name, starts[at], told.work.arrivals[k, at], told.work.aht_s[k, at])
        yield (
            k,
            series,
            {
                "interval_min": told.grid.interval_min,
                "target_s": target_s(queue),
                "share": target.share if target is not None else 0.0,
                "patience_s": queue.patience_s,
                "at_once": queue.at_once,
                "max_occupancy": plan.settings.service.occupancy_max,
                "max_abandonment": capped.limit if capped is not None else 1.0,
                "max_mean_wait_s": wait.limit_s if wait is not None else math.inf,
                "shrinkage": 1 - present.factor[at],
                "shrinkage_words": [words[t] for t in at],
            },
        )
