"""How contacts behave, from a log of single ones: patience, abandonment, deflection, FCR, pace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .shrinkage import shrink_cells

ABANDONED = frozenset({"abandoned", "abandon", "hang", "hangup", "hung up"})
DEFLECTED = frozenset({"self_service", "self-service", "bot", "deflected"})
REPEAT_DAYS = 7.0
TENURE_MONTHS = (0, 1, 3, 6, 12)  # beginnings of the bands; the last one is experienced
FITTING_ROUNDS = 30
WEEKDAYS, HOURS = 7, 24


@dataclass(frozen=True)
class Behaviour:
    """What a log of contacts tells.

    Parameters
    ----------
    by_queue
        ``queue, contacts, aht_s, aht_cv, patience_s, abandoned_share, deflected_share, fcr``: one
        row a queue, over the whole log; NaN where the log does not tell.
    by_hour
        ``queue, weekday`` (0 Monday), ``hour, contacts`` and the same measures, each drawn to the
        mean of its contact type at that hour and weekday as far as it looks like noise.
    pace
        ``factor`` on handling time, ``low, high`` (95 %), ``contacts`` by ``kind`` (tenure,
        ai) and ``value`` (months from which the band begins; yes); empty where the log tells
        neither.
    """

    by_queue: pd.DataFrame
    by_hour: pd.DataFrame
    pace: pd.DataFrame


def estimate_behaviour(contacts: pd.DataFrame, repeat_days: float = REPEAT_DAYS) -> Behaviour:
    """Estimate behaviour from single contacts.

    Parameters
    ----------
    contacts
        ``queue, arrived`` and, as far as known, ``answered, ended, outcome`` (abandoned,
        self_service, bot; anything else was handled), ``customer``, ``contact_type``,
        ``tenure_months`` (of who handled it) and ``ai_assisted`` (yes or no).
    repeat_days
        A contact is resolved where its customer does not come to the same queue again within so
        many days. Contacts nearer than that to the end of the log are not judged.

    Returns
    -------
    Behaviour
        Patience is total waiting over abandonments (the maximum likelihood of exponential
        patience, censored by being answered), handling times are means over handled contacts.

    Raises
    ------
    ValueError
        When ``queue`` or ``arrived`` is missing, or no row has both.
    """
    cases = _cases(contacts, repeat_days)
    place = [cases["queue"], cases["weekday"], cases["hour"]]
    queues = sorted(cases["queue"].unique())
    types = cases.groupby("queue")["contact_type"].first().reindex(queues).to_numpy()
    measures = {
        "aht_s": ("handled_s", "handled"),
        "abandon_rate": ("abandoned", "waited_s"),
        "abandoned_share": ("abandoned", "offered"),
        "deflected_share": ("deflected", "contacts"),
        "fcr": ("resolved", "judged"),
    }
    sums = cases.groupby(place)[sorted({c for pair in measures.values() for c in pair})].sum()
    whole = sums.groupby(level=0).sum().reindex(queues)
    cv = _handling_cv(cases, queues)
    by_queue = pd.DataFrame({"contacts": whole["contacts"].astype(int)}, index=whole.index)
    index = pd.MultiIndex.from_product(
        [queues, range(WEEKDAYS), range(HOURS)], names=["queue", "weekday", "hour"]
    )
    grid = sums.reindex(index).fillna(0.0)
    by_hour = pd.DataFrame({"contacts": grid["contacts"].astype(int)}, index=index)
    for name, (top, bottom) in measures.items():
        event = grid[top].to_numpy().reshape(len(queues), WEEKDAYS, HOURS)
        base = grid[bottom].to_numpy().reshape(len(queues), WEEKDAYS, HOURS)
        by_queue[name] = whole[top] / whole[bottom].where(whole[bottom] > 0)
        kind = "mean" if name == "aht_s" else "rate" if name == "abandon_rate" else "share"
        by_hour[name] = _drawn(event, base, types, kind, cv).ravel()
    for table in (by_queue, by_hour):
        rate = table.pop("abandon_rate")
        table["patience_s"] = 1 / rate.where(rate > 0)
    by_queue["aht_cv"] = cv
    columns = ["contacts", "aht_s", "patience_s", "abandoned_share", "deflected_share", "fcr"]
    return Behaviour(
        by_queue[[*columns[:2], "aht_cv", *columns[2:]]].rename_axis("queue").reset_index(),
        by_hour[columns].reset_index(),
        _pace(cases),
    )


def _cases(contacts: pd.DataFrame, repeat_days: float) -> pd.DataFrame:
    """Numbers of every contact that sums are made of."""
    missing = [name for name in ("queue", "arrived") if name not in contacts.columns]
    if missing:
        message = f"the log of contacts lacks {', '.join(missing)}"
        raise ValueError(message)
    log = contacts.reset_index(drop=True)
    times = {
        name: pd.to_datetime(log[name], errors="coerce")
        if name in log
        else pd.Series(pd.NaT, log.index, dtype="datetime64[ns]")
        for name in ("arrived", "answered", "ended")
    }
    arrived, answered, ended = times.values()
    outcome = _text(log, "outcome").str.strip().str.casefold()
    deflected = outcome.isin(DEFLECTED)
    abandoned = outcome.isin(ABANDONED)
    if not outcome.ne("").any():
        abandoned = answered.isna() & bool(answered.notna().any())
    left = answered.fillna(ended.where(abandoned))
    waited_s = (left - arrived).dt.total_seconds().clip(lower=0)
    handled_s = (ended - answered).dt.total_seconds()
    handled = handled_s.ge(0) & ~abandoned & ~deflected
    again_days = _days_until_next(log, arrived)
    judged = (
        handled & again_days.notna() & (arrived <= arrived.max() - pd.Timedelta(days=repeat_days))
    )
    cases = pd.DataFrame(
        {
            "queue": log["queue"].astype(str),
            "contact_type": _text(log, "contact_type"),
            "weekday": arrived.dt.day_of_week,
            "hour": arrived.dt.hour,
            "contacts": 1.0,
            "deflected": deflected.astype(float),
            "offered": (~deflected).astype(float),
            "abandoned": (abandoned & waited_s.notna()).astype(float),
            "waited_s": waited_s.where(~deflected).fillna(0.0),
            "handled": handled.astype(float),
            "handled_s": handled_s.where(handled).fillna(0.0),
            "judged": judged.astype(float),
            "resolved": (judged & again_days.gt(repeat_days)).astype(float),
            "tenure_months": pd.to_numeric(log.get("tenure_months", np.nan), errors="coerce")
            if "tenure_months" in log
            else np.nan,
            "ai": _text(log, "ai_assisted").str.casefold().isin({"yes", "true", "1", "1.0"}),
            "ai_known": _text(log, "ai_assisted").ne(""),
        }
    )
    cases = cases[arrived.notna() & log["queue"].notna()]
    if cases.empty:
        message = "the log of contacts has no row with a queue and a time of arrival"
        raise ValueError(message)
    return cases.astype({"weekday": int, "hour": int})


def _text(log: pd.DataFrame, name: str) -> pd.Series:
    if name not in log:
        return pd.Series("", log.index)
    return log[name].astype(object).where(log[name].notna(), "").astype(str)


def _days_until_next(log: pd.DataFrame, arrived: pd.Series) -> pd.Series:
    """Days until the same customer comes to the same queue again; NaN without a customer."""
    customer = _text(log, "customer")
    order = arrived.sort_values(kind="stable").index
    keys = [log["queue"].reindex(order), customer.reindex(order)]
    following = arrived.reindex(order).groupby(keys).shift(-1).reindex(log.index)
    days = (following - arrived).dt.total_seconds() / 86400
    return days.fillna(np.inf).where(customer.ne("") & arrived.notna())


def _handling_cv(cases: pd.DataFrame, queues: list[str]) -> pd.Series:
    handled = cases[cases["handled"] > 0].groupby("queue")["handled_s"]
    return (handled.std(ddof=0) / handled.mean()).reindex(queues)


def _drawn(
    event: np.ndarray, base: np.ndarray, types: np.ndarray, kind: str, cv: pd.Series
) -> np.ndarray:
    """Events over base by queue, weekday and hour, each drawn to its type's mean there."""
    found = np.full(event.shape, np.nan)
    for one in np.unique(types):
        mine = np.flatnonzero(types == one)
        if not base[mine].sum() > 0:
            continue
        total, weight = event[mine].sum(axis=0), base[mine].sum(axis=0)
        overall = float(total.sum() / weight.sum())
        spread = np.nanmean(cv.to_numpy()[mine]) if cv.iloc[mine].notna().any() else 1.0
        noise = {
            "share": max(overall * (1 - overall), 1e-12),
            "rate": max(overall, 1e-12),
            "mean": (spread * max(overall, 1e-9)) ** 2,
        }[kind]
        hour = shrink_cells(total.sum(axis=0), weight.sum(axis=0), np.full(HOURS, overall), noise)
        of_type = shrink_cells(total, weight, np.tile(hour, (WEEKDAYS, 1)), noise)
        for q in mine:
            if not base[q].sum() > 0:
                continue
            level = float(event[q].sum() / base[q].sum()) / max(overall, 1e-12)
            centre = of_type * level
            found[q] = shrink_cells(event[q], base[q], centre, noise * max(level, 1e-9))
            if kind == "share":
                found[q] = np.clip(found[q], 0.0, 1.0)
    return found


def _pace(cases: pd.DataFrame) -> pd.DataFrame:
    """Factors of tenure and AI assistance on handling time, each freed of the other and the queue.

    Multiplicative effects on means, fitted by turns (the method of marginal totals, Bailey and
    Simon 1960); drawn to 1 by their noise.
    """
    handled = cases[cases["handled"] > 0]
    tenure = np.digitize(handled["tenure_months"].fillna(-1), TENURE_MONTHS) - 1
    factors: dict[tuple[str, str], np.ndarray] = {}
    if (tenure >= 0).any():
        for band, months in enumerate(TENURE_MONTHS[:-1]):
            factors["tenure", str(months)] = tenure == band
    if handled["ai_known"].any() and handled["ai"].any():
        factors["ai", "yes"] = handled["ai"].to_numpy()
    factors = {key: mask for key, mask in factors.items() if mask.any() and not mask.all()}
    columns = ["kind", "value", "factor", "low", "high", "contacts"]
    if not factors:
        return pd.DataFrame(columns=columns)
    seconds = handled["handled_s"].to_numpy()
    queue = pd.factorize(handled["queue"])[0]
    effect = dict.fromkeys(factors, 1.0)
    for _ in range(FITTING_ROUNDS):
        others = np.ones(len(seconds))
        for key, mask in factors.items():
            others[mask] *= effect[key]
        usual = np.bincount(queue, seconds) / np.maximum(np.bincount(queue, others), 1e-12)
        expected = usual[queue] * others
        for key, mask in factors.items():
            effect[key] *= seconds[mask].sum() / max(float(expected[mask].sum()), 1e-12)
    cv2 = float(np.mean((seconds / np.maximum(expected, 1e-12) - 1) ** 2))
    rows = []
    for (kind, value), mask in factors.items():
        error = effect[kind, value] * np.sqrt(cv2 / mask.sum())
        apart = effect[kind, value] - 1
        kept = apart**2 / (apart**2 + error**2) if apart else 0.0
        factor = 1 + kept * apart
        rows.append((kind, value, factor, factor - 1.96 * error, factor + 1.96 * error,
                     int(mask.sum())))  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
