"""Queues too new for a history of their own: assumed after another queue, until data come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .intervals import Spread, count_quantile
from .predict import Forecast

DAYS_PER_MONTH = 365.25 / 12
# How far an assumed level is usually out; as wide as day-to-day spreads may get at all.
ASSUMED_CV = 0.3
HALF_KNOWN_DAYS = 28.0


@dataclass(frozen=True)
class NewQueue:
    """What is assumed of a queue without a history, or with a short one.

    Parameters
    ----------
    queue
        Its name.
    like
        Queue whose weekdays, hours of the day and handling times it takes; it has a history.
    share
        Contacts against that queue's (0.1: a tenth, 1: as many).
    customers, requests_per_customer
        Instead of `share`: how many customers it has, and how often each asks in a month.
    half_known_days
        Days of its own history that weigh as much as the assumption.
    """

    queue: str
    like: str
    share: float | None = None
    customers: float | None = None
    requests_per_customer: float | None = None
    half_known_days: float = HALF_KNOWN_DAYS

    def __post_init__(self) -> None:
        by_customers = self.customers is not None and self.requests_per_customer is not None
        if (self.share is None) != by_customers:
            message = f"{self.queue}: give either share, or customers and requests_per_customer"
            raise ValueError(message)


def with_new_queues(
    told: Forecast,
    new: Sequence[NewQueue],
    known_days: Mapping[str, int],
    open_hours: Mapping[str, pd.DatetimeIndex] | None = None,
) -> Forecast:
    """Add assumed queues to a forecast, or blend them with what their own days tell.

    A queue with `n` days of its own keeps ``n / (n + half_known_days)`` of its own forecast. The
    assumption's own uncertainty (30 %) widens the day's factor as far as it still counts.

    Parameters
    ----------
    told
        Forecast of the queues with a history.
    new
        The assumptions.
    known_days
        Days of history by queue; a queue left out has none.
    open_hours
        Per new queue the starts of its open intervals; by default its own forecast's, or those of
        the queue it is like.

    Raises
    ------
    ValueError
        When the queue that one is like has no forecast.
    """
    for one in new:
        told = _with(told, one, known_days.get(one.queue, 0), (open_hours or {}).get(one.queue))
    return told


def _with(told: Forecast, new: NewQueue, known: int, opens: pd.DatetimeIndex | None) -> Forecast:
    table, days = told.table, told.days
    model = table[table["queue"] == new.like]
    if model.empty:
        message = f"{new.queue} is to be like {new.like}, which has no forecast"
        raise ValueError(message)
    own = table[table["queue"] == new.queue].set_index("start")
    weight = known / (known + new.half_known_days) if len(own) else 0.0
    if opens is None:
        opens = pd.DatetimeIndex(own.index if len(own) else model["start"])
    factor = new.share
    if factor is None:
        a_day = (new.customers or 0.0) * (new.requests_per_customer or 0.0) / DAYS_PER_MONTH
        span = (model["start"].max().normalize() - model["start"].min().normalize()).days + 1
        factor = a_day / max(float(model["volume"].sum()) / span, 1e-9)
    assumed = factor * _at(model, opens, "volume")
    mine = own["volume"].reindex(opens).fillna(0.0).to_numpy() if len(own) else 0.0
    volume = weight * mine + (1 - weight) * assumed
    aht_s = _at(model, opens, "aht_s")
    if len(own):
        seen = own["aht_s"].reindex(opens).to_numpy()
        aht_s = np.where(np.isnan(seen), aht_s, seen)
    spread = _spread(told, new, weight)

    lead = (opens.normalize() - told.last_day).days.to_numpy() if told.last_day is not None else 0
    rows = pd.DataFrame({"queue": new.queue, "start": opens, "volume": volume, "aht_s": aht_s})
    of_day = rows.groupby(rows["start"].dt.normalize())["volume"].sum()
    totals = pd.DataFrame({"queue": new.queue, "date": of_day.index, "volume": of_day.to_numpy()})
    day_lead = np.unique(lead) if told.last_day is not None else 0
    for name in (column for column in table if str(column).startswith("q0.")):
        level = float(str(name)[1:])
        variance = spread.interval_variance(volume, level, lead)
        rows[name] = count_quantile(volume, variance, level)
        variance = spread.day_variance(of_day.to_numpy(), level, day_lead)
        totals[name] = count_quantile(of_day.to_numpy(), variance, level)
    note = (
        f"{new.queue}: {100 * (1 - weight):.0f} % assumed, as {factor:.3g} times {new.like}; "
        f"{known} days of its own history"
    )
    return replace(
        told,
        table=pd.concat([table[table["queue"] != new.queue], rows], ignore_index=True),
        days=pd.concat([days[days["queue"] != new.queue], totals], ignore_index=True),
        day_cv={**told.day_cv, new.queue: spread.day_cv},
        spread={**told.spread, new.queue: spread},
        notices=(*told.notices, note),
    )


def _at(model: pd.DataFrame, starts: pd.DatetimeIndex, column: str) -> np.ndarray:
    """Values of the model queue at `starts`; where it is closed those of the time of day."""
    values = model.set_index("start")[column].reindex(starts).to_numpy(float, copy=True)
    missing = np.isnan(values)
    minute = model["start"].dt.hour * 60 + model["start"].dt.minute
    usual = model.groupby(minute)[column].mean().dropna()
    if missing.any() and len(usual):
        wanted = starts.hour.to_numpy() * 60 + starts.minute.to_numpy()
        values[missing] = np.interp(wanted[missing], usual.index, usual.to_numpy())
    return values


def _spread(told: Forecast, new: NewQueue, weight: float) -> Spread:
    model = told.spread[new.like]
    own = told.spread.get(new.queue)
    assumed2 = model.day_cv**2 + ASSUMED_CV**2
    day_cv2 = (1 - weight) ** 2 * assumed2 + weight**2 * (own.day_cv**2 if own else 0.0)
    return Spread(
        float(np.sqrt(day_cv2)),
        model.interval_cv,
        walk_cv=model.walk_cv,
        reach_days=model.reach_days,
    )
