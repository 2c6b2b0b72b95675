"""What leads from one run's cost to another's: an analysis of volume, mix and rates, to the cent.

Hours paid by the hour are taken apart as controllers do it (Horngren, Datar and Rajan, Cost
Accounting, chapter 14): first the hours at the base's mean price of an hour, then their mix of
contracts at the base's prices, then the prices. The hours themselves are taken apart once more:
what the contacts ask for at the base's hours per contact, and the rest. All else that costs money
(salaries, overtime, premiums, ...) is its own step, and so are penalties.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scenarios.runs import Run

#: Kinds of cost lines whose amount is hours times a price.
_HOURLY = ("wage", "price_step")
#: Steps in their order; other kinds of cost lines follow before the penalties.
CONTACTS, INTENSITY = "volume of contacts", "hours per contact"
MIX, RATES, PENALTIES = "mix of contracts", "hourly rates", "penalties"
_KINDS = ("salary", "overtime", "premium", "paid_leave", "purchase_min", "hire")
_LISTED = 4
#: Hours and money below this are what floats leave over.
_SMALL = 5e-3
COLUMNS = ["cause", "hours", "amount", "total", "why"]


@dataclass(frozen=True)
class _Step:
    cause: str
    amount: float
    hours: float = float("nan")
    why: str = ""


def bridge(base: Run, other: Run) -> pd.DataFrame:
    """Lead from one run's cost to another's.

    Parameters
    ----------
    base, other
        Runs in the same currency.

    Returns
    -------
    pandas.DataFrame
        cause, hours, amount, total, why. First the row `base` and last the row `end`, with no
        amount of their own; `total` is cost with penalties after each step. Amounts are whole
        cents and add up exactly.
    """
    steps = [*_hours_steps(base, other), *_line_steps(base, other)]
    start, end = (_spent(run) for run in (base, other))
    rows: list[tuple[str, float, float, float, str]] = [("base", float("nan"), 0.0, start, "")]
    exact, shown = start, round(100 * start)
    for number, step in enumerate(steps, start=1):
        exact += step.amount
        # Cents are rounded on the way's running total, so that they lead where they must.
        total = round(100 * (end if number == len(steps) else exact))
        if total != shown or abs(step.hours) > _SMALL:
            rows.append((step.cause, step.hours, (total - shown) / 100, total / 100, step.why))
        shown = total
    rows.append(("end", float("nan"), 0.0, end, ""))
    return pd.DataFrame(rows, columns=COLUMNS)


def contacts(run: Run) -> pd.Series:
    """Contacts that people handle, by queue."""
    return run.tables["workload"].groupby("queue", sort=False)["arrivals"].sum()


def _spent(run: Run) -> float:
    return round(float(run.result["cost"]) + float(run.result.get("penalties") or 0.0), 2)


def _hours_steps(base: Run, other: Run) -> list[_Step]:
    """Contacts, hours per contact, mix and rates of what is paid by the hour."""
    was, now = (_by_contract(run, _HOURLY) for run in (base, other))
    names = [*was.index, *(name for name in now.index if name not in was.index)]
    was, now = (frame.reindex(names, fill_value=0.0) for frame in (was, now))
    before, after = float(was["hours"].sum()), float(now["hours"].sum())
    rate_was, rate_now = _rates(was), _rates(now)
    # A contract that the base does not use has no price there but its own.
    rate_was = rate_was.fillna(rate_now)
    mean = float(was["amount"].sum()) / before if before > _SMALL else 0.0
    asked, asked_why = _asked_hours(base, other, before)
    volume = mean * (after - before)
    at_base_rates = float((now["hours"] * rate_was.fillna(0.0)).sum())
    change = float(now["amount"].sum() - was["amount"].sum())
    mix = at_base_rates - mean * after if before > _SMALL else at_base_rates
    price = f"{mean:,.2f}/h"
    return [
        _Step(CONTACTS, asked * mean, asked, _joined([*asked_why, price]) if asked_why else ""),
        _Step(INTENSITY, volume - asked * mean, after - before - asked, price),
        _Step(MIX, mix, why=_changes(was["hours"], now["hours"], lambda h: f"{h:+,.1f} h")),
        _Step(
            RATES,
            change - volume - mix,
            why=_joined(
                f"{name} {rate_was[name]:,.2f} → {rate_now[name]:,.2f}/h"
                for name in names
                if abs(rate_now[name] - rate_was[name]) > _SMALL
            ),
        ),
    ]


def _asked_hours(base: Run, other: Run, hours: float) -> tuple[float, list[str]]:
    """Hours that more or fewer contacts ask for at the base's hours per contact, and of which."""
    time_on = _time_on(base)
    share = time_on / time_on.sum() if time_on.sum() > 0 else time_on
    was, now = contacts(base), contacts(other)
    asked, why = 0.0, []
    for queue in was.index:
        count = float(now.get(queue, 0.0))
        if was[queue] > 0 and queue in share.index:
            more = hours * float(share[queue]) * (count / float(was[queue]) - 1)
            asked += more
            if abs(more) > _SMALL:
                why.append((abs(more), f"{queue} {was[queue]:,.0f} → {count:,.0f}"))
    return asked, [text for _, text in sorted(why, reverse=True)]


def _time_on(run: Run) -> pd.Series:
    """Hours planned on each queue: positions, and for what has none the time spent there."""
    coverage, done = run.tables["coverage"], run.tables["activities"]
    interval_h = float(run.result["interval_min"]) / 60
    planned = coverage.groupby("queue")["scheduled"].sum() * interval_h
    spans = (done["end"] - done["start"]).dt.total_seconds() / 3600
    spent = spans.groupby(done["activity"]).sum()
    extra = spent[~spent.index.isin([*planned.index, "break"])]
    return pd.concat([planned, extra])


def _line_steps(base: Run, other: Run) -> list[_Step]:
    """One step for each other kind of cost line, and the penalties."""
    seen = pd.concat([run.tables["cost"]["kind"] for run in (base, other)]).unique()
    more = sorted(set(seen) - {*_HOURLY, *_KINDS})
    steps = []
    for kind in (*_KINDS, *more):
        was, now = (_by_contract(run, (kind,)) for run in (base, other))
        amount = float(now["amount"].sum() - was["amount"].sum())
        hours = float(now["hours"].sum() - was["hours"].sum())
        why = _changes(was["amount"], now["amount"], lambda m: f"{m:+,.2f}")
        steps.append(_Step(kind, amount, hours, why))
    penalty = [float(run.result.get("penalties") or 0.0) for run in (base, other)]
    steps.append(_Step(PENALTIES, penalty[1] - penalty[0]))
    return steps


def _by_contract(run: Run, kinds: tuple[str, ...]) -> pd.DataFrame:
    lines = run.tables["cost"]
    return lines[lines["kind"].isin(kinds)].groupby("contract", sort=False)[
        ["hours", "amount"]
    ].sum()  # fmt: skip


def _rates(lines: pd.DataFrame) -> pd.Series:
    """Price of an hour; unknown where none was worked."""
    hours = lines["hours"].where(lines["hours"].abs() > _SMALL)
    return lines["amount"] / hours


def _changes(was: pd.Series, now: pd.Series, say: Callable[[float], str]) -> str:
    names = [*was.index, *(name for name in now.index if name not in was.index)]
    moved = [(name, float(now.get(name, 0.0)) - float(was.get(name, 0.0))) for name in names]
    return _joined(f"{name} {say(by)}" for name, by in moved if abs(by) > _SMALL)


def _joined(texts: Iterable[str]) -> str:
    listed = list(texts)
    more = f" (+{len(listed) - _LISTED})" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more
