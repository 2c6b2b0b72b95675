"""P10, P50 and P90 of contacts, people and cost: from joint paths of all queues, month by month."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasts import Forecast
from forecasts.paths import sample_paths
from scenarios.budget.needs import Needs
from scenarios.budget.year import Year
from solver.hiring import HiringPlan, HiringProblem, recourse_costs

LEVELS = (0.1, 0.5, 0.9)
COLUMNS = ("p10", "p50", "p90")
# Paths are drawn in parts of the year's days, so that a year of half-hours fits into memory.
_AT_ONCE = 100


@dataclass(frozen=True)
class Chances:
    """Quantiles (3, M) of contacts, paid hours needed over those of the plan, and cost.

    `contacts_by_queue` is (3, Q, M); `*_year` (3,) are those of the sums over all months, which lie
    closer together than sums of the months' quantiles. `paths` is how many were drawn.
    """

    contacts: np.ndarray
    contacts_by_queue: np.ndarray
    contacts_year: np.ndarray
    hours_ratio: np.ndarray
    cost: np.ndarray
    cost_year: np.ndarray
    paths: int


def path_factors(
    forecast: Forecast | None, needs: Needs, year: Year, known: np.ndarray, paths: int, seed: int
) -> np.ndarray:
    """Contacts of each month on each path over their mean, (P, Q, M).

    Parameters
    ----------
    known
        (Q, M) contacts that have come already.

    Returns
    -------
    Factors; queues without a history of their own follow all others together.
    """
    count = len(needs.queues)
    factors = np.ones((paths, count, year.count))
    if forecast is None:
        return factors
    month_of = {m: k for k, m in enumerate(year.months)}
    totals = np.zeros((paths, count, year.count))
    means = np.zeros((count, year.count))
    drawn_for = {name: k for k, name in enumerate(needs.queues)}
    at_first = 0
    while at_first < paths:
        part = min(_AT_ONCE, paths - at_first)
        drawn = sample_paths(forecast, part, seed + at_first)
        for queue, counts in drawn.items():
            if queue not in drawn_for:
                continue
            k = drawn_for[queue]
            rows = forecast.table[forecast.table["queue"] == queue]
            labels = rows["start"].dt.strftime("%Y-%m").map(month_of)
            inside = labels.notna().to_numpy()
            month = labels[inside].to_numpy(int)
            for m in np.unique(month):
                totals[at_first : at_first + part, k, m] = counts[:, inside][:, month == m].sum(1)
            means[k] = np.bincount(
                month, weights=rows["volume"].to_numpy(float)[inside], minlength=year.count
            )
        at_first += part
    # Whole counts of small intervals are drawn with a mean of their own: only the spread is taken.
    centre = totals.mean(axis=0)
    moved = np.divide(totals, centre, out=np.ones_like(totals), where=centre > 0)
    own = means > 0
    sums = known + means
    share = np.divide(means, sums, out=np.zeros_like(means), where=sums > 0)
    factors = 1 + (moved - 1) * share
    together = (factors * sums * own).sum(axis=1) / np.maximum((sums * own).sum(axis=0), 1e-12)
    return np.where(own | (known > 0), factors, together[:, None, :])


def chances_of(
    needs: Needs,
    factors: np.ndarray,
    year: Year,
    problem: HiringProblem,
    hiring: HiringPlan,
    lines_by_month: np.ndarray,
    weights: np.ndarray,
    cost_paths: int,
) -> Chances:
    """Quantiles of what a plan may come to; hires stay as planned, hours follow the contacts.

    Parameters
    ----------
    lines_by_month
        (M,) cost of the plan.
    weights
        (Q, M) paid hours needed for each queue; the rest of a month's is for posts.
    cost_paths
        On how many of the paths the cost is reckoned.
    """
    first = year.closed
    hours = factors ** needs.elasticity[None, :, None]
    by_queue = np.quantile(needs.contacts[None] * factors, LEVELS, axis=0)
    contacts = (needs.contacts[None] * factors).sum(axis=1)
    queue_h, all_h = weights[:-1], weights.sum(axis=0)
    ratio = ((queue_h[None] * hours).sum(axis=1) + weights[-1]) / np.maximum(all_h, 1e-12)
    ratio = np.where(all_h > 0, ratio, 1.0)
    asked = (needs.duty_h[None] * hours)[:cost_paths, :, first:]
    plain = recourse_costs(problem, hiring, needs.duty_h[None, :, first:])[0, 0]
    moved = recourse_costs(problem, hiring, asked)[:, 0]
    cost = np.repeat(lines_by_month[None], len(moved), axis=0)
    cost[:, first:] += moved - plain
    cost = cost[np.isfinite(cost).all(axis=1)]
    return Chances(
        contacts=np.quantile(contacts, LEVELS, axis=0),
        contacts_by_queue=by_queue,
        contacts_year=np.quantile(contacts.sum(axis=1), LEVELS),
        hours_ratio=np.quantile(ratio, LEVELS, axis=0),
        cost=np.quantile(cost, LEVELS, axis=0),
        cost_year=np.quantile(cost.sum(axis=1), LEVELS),
        paths=len(factors),
    )


def short_forecast(forecast: Forecast, last: pd.Timestamp) -> Forecast:
    """A forecast without what lies beyond the budget's last month."""
    table = forecast.table[forecast.table["start"] < last]
    days = forecast.days[forecast.days["date"] < last]
    return dataclasses.replace(forecast, table=table.reset_index(drop=True), days=days)
