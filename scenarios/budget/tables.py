"""The tables of a budget, each a frame that is written as CSV."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scenarios.budget.actuals import CONTACTS, COST, PEOPLE
from scenarios.budget.staff import tiers_of

if TYPE_CHECKING:
    from scenarios.budget.plan import Budget, Outlook
    from scenarios.budget.staff import Crew

#: Kinds of cost lines in the order in which they are shown.
KINDS = ("wage", "salary", "premium", "overtime", "price_step", "paid_leave", "hire", "class",
         "actual")  # fmt: skip
LINE_COLUMNS = ["month", "cost_centre", "contract", "role", "kind", "tier", "hours", "amount",
                "source"]  # fmt: skip
#: Cost that no queue or post asks for: people paid in a month in which nothing needs them.
IDLE = "(idle)"
_SMALL = 5e-4


def cents(amount: float) -> float:
    """Round to cents as spreadsheets do: halves away from zero."""
    return math.copysign(math.floor(abs(amount) * 100 + 0.5 + 1e-9) / 100, amount)


def outlook_of(budget: Budget, month: int) -> tuple[Outlook, int]:
    """What tells of a month: the original plan for those that are over; its number there."""
    outlook = budget.outlook
    if month < outlook.first:
        assert budget.original is not None
        outlook = budget.original
    return outlook, month - outlook.first


def crew_lines(budget: Budget, outlook: Outlook, s: int, month: int) -> list[dict[str, Any]]:
    """Cost lines of a crew in a month (a number of the whole year)."""
    crew, hiring = outlook.crews[s], outlook.hiring
    row, m = crew.row, month - outlook.first
    wage = 0.0 if row.month_salary > 0 else row.wage_per_hour
    regular = float(hiring.regular_h[s, m])
    extra = hiring.overtime_h[s, :, m]
    lines = [("wage", "", regular, regular * wage)]
    lines.append(("salary", "", 0.0, float(hiring.costs["salary"][s, m])))
    worked = regular + float(extra.sum())
    premium = float(crew.premium[month])
    lines.append(("premium", "", 0.0, worked * crew.hourly_base * premium))
    for number, (width, factor) in enumerate(tiers_of(budget.plan, row)):
        hours = float(extra[number])
        tier = f"{factor:g} × ({width:g} h)"
        lines.append(("overtime", tier, hours, hours * crew.hourly_base * factor))
    steps = float(hiring.costs["price_step"][s, m])
    lines.append(("price_step", "", 0.0, steps))
    leave_h = float(crew.leave_h[month])
    lines.append(("paid_leave", "", leave_h, leave_h * row.wage_per_hour))
    lines.append(("hire", "", 0.0, float(hiring.hires[s, m]) * row.hire_cost))
    lines.append(("class", "", 0.0, float(hiring.classes[s, m]) * row.class_cost))
    return [
        {
            "contract": row.contract, "role": crew.role, "cost_centre": row.cost_centre,
            "kind": kind, "tier": tier, "hours": round(hours, 4), "amount": cents(amount),
        }
        for kind, tier, hours, amount in lines
    ]  # fmt: skip


def lines(budget: Budget) -> pd.DataFrame:
    """Cost by month, cost centre, contract, role, kind and tier of overtime.

    `source` is plan, or actual for cost centres of months whose cost was handed in: those have one
    line of the kind actual.
    """
    rows = []
    for month, label in enumerate(budget.year.months):
        outlook, _ = outlook_of(budget, month)
        actual = budget.actuals.of(COST, label)
        for centre, amount in actual.items():
            rows.append(
                {
                    "contract": "", "role": "", "cost_centre": centre, "kind": "actual",
                    "tier": "", "hours": np.nan, "amount": cents(amount), "month": label,
                    "source": "actual",
                }
            )  # fmt: skip
        for s in range(len(outlook.crews)):
            for line in crew_lines(budget, outlook, s, month):
                if line["cost_centre"] in actual:
                    continue
                if abs(line["amount"]) > _SMALL or abs(line["hours"]) > _SMALL:
                    rows.append(line | {"month": label, "source": "plan"})
    frame = pd.DataFrame(rows, columns=LINE_COLUMNS)
    at = frame["kind"].map({kind: k for k, kind in enumerate(KINDS)})
    return frame.assign(at=at).sort_values(
        ["month", "cost_centre", "contract", "role", "at", "tier"], kind="stable"
    )[LINE_COLUMNS].reset_index(drop=True)  # fmt: skip


def budget_table(budget: Budget) -> pd.DataFrame:
    """Month x cost centre: amount, budget, difference as in a run; original plan and actual.

    A budget that was given for all centres has a row of its own without a centre and an amount; its
    difference is to the centres that have none.
    """
    given = {(row.month, row.cost_centre): row.amount for row in budget.plan.budget}
    amounts = budget.lines.groupby(["month", "cost_centre"])["amount"].sum().round(2)
    own = {*amounts.index.get_level_values(1), *_centres(budget)}
    centres = sorted({*own, *(centre for _, centre in given if centre)})
    rows = []
    for month, label in enumerate(budget.year.months):
        actual = budget.actuals.of(COST, label)
        for_all = "" not in centres and (label, "") in given
        for centre in [*centres, ""] if for_all else centres:
            amount = spent = float(amounts.get((label, centre), 0.0))
            if for_all and not centre:
                amount = np.nan
                spent = sum(float(amounts.get((label, c), 0.0)) for c in centres
                            if (label, c) not in given)  # fmt: skip
            budgeted = given.get((label, centre))
            rows.append(
                {
                    "month": label,
                    "cost_centre": centre,
                    "amount": amount,
                    "budget": np.nan if budgeted is None else budgeted,
                    "difference": np.nan if budgeted is None else round(budgeted - spent, 2),
                    "original": _original_cost(budget, month, centre),
                    "actual": actual.get(centre, np.nan),
                    "state": budget.year.states[month],
                }
            )
    return pd.DataFrame(rows)


def _centres(budget: Budget) -> list[str]:
    return [row.cost_centre for row in budget.plan.contracts]


def _original_cost(budget: Budget, month: int, centre: str | None) -> float:
    """What the plan made before the first month says of a month; NaN where there is none."""
    if budget.original is None:
        return float("nan")
    return round(
        sum(
            line["amount"]
            for s in range(len(budget.original.crews))
            for line in crew_lines(budget, budget.original, s, month)
            if centre is None or line["cost_centre"] == centre
        ),
        2,
    )


def hiring(budget: Budget) -> pd.DataFrame:
    """People and hours by month, contract and role."""
    rows = []
    for month, label in enumerate(budget.year.months):
        outlook, m = outlook_of(budget, month)
        plan = outlook.hiring
        for s, crew in enumerate(outlook.crews):
            staff = outlook.problem.staff[s]
            productive = float(staff.productive[m])
            needed_h = float(plan.needed_h[s, m])
            paid_h = needed_h / productive + float(plan.ramp_h[s, m])
            full = fte_hours(budget, crew, month)
            on_roll = float(plan.people[s, m])
            rows.append(
                {
                    "month": label,
                    "contract": crew.row.contract,
                    "role": crew.role,
                    "kind": crew.row.kind,
                    "cost_centre": crew.row.cost_centre,
                    "opening": on_roll + plan.leavers[s, m] - plan.hires[s, m] - staff.joins[m],
                    "leavers": plan.leavers[s, m],
                    "joins": staff.joins[m],
                    "hires": plan.hires[s, m],
                    "classes": plan.classes[s, m],
                    "on_roll": 0.0 if staff.is_bought else on_roll,
                    "on_roll_full_time": 0.0
                    if staff.is_bought
                    else on_roll * crew.row.week_hours_max / fte_week_hours(budget),
                    "needed_hours": needed_h,
                    "needed_paid_hours": paid_h,
                    "people_net": needed_h / full if full else 0.0,
                    "people_gross": paid_h / full if full else 0.0,
                    "regular_hours": plan.regular_h[s, m],
                    "overtime_hours": plan.overtime_h[s, :, m].sum(),
                    "ramp_hours": plan.ramp_h[s, m],
                    "attendance": crew.attendance[month],
                    "pace": crew.pace[month],
                    "inefficiency": crew.inefficiency,
                    "hours_min": staff.hours_min[m],
                    "hours_max": staff.hours_max[m],
                    "weeks_bought": plan.weeks_bought[s, m],
                }
            )
            if staff.is_bought:
                rows[-1] |= {"opening": 0.0, "leavers": 0.0}
    return pd.DataFrame(rows).round(4)


def fte_week_hours(budget: Budget) -> float:
    """Hours a week of one person, where hours are shown as people: the fullest contract's."""
    full = [r.week_hours_max for r in budget.plan.contracts if r.kind == "full_time"]
    return max(full or [r.week_hours_max for r in budget.plan.contracts])


def fte_hours(budget: Budget, crew: Crew, month: int) -> float:
    """Hours of a month of one person."""
    return fte_week_hours(budget) * float(crew.weeks[month])


def paid_by_queue(budget: Budget) -> np.ndarray:
    """Paid hours needed for each queue by month, and last those for posts, (Q + 1, M)."""
    queues = len(budget.outlook.needs.queues)
    found = np.zeros((queues + 1, budget.year.count))
    for month in range(budget.year.count):
        outlook, m = outlook_of(budget, month)
        # The queues of months that are over may be others: none of their hours will move.
        own = queues if outlook is budget.outlook else 0
        for s, staff in enumerate(outlook.problem.staff):
            if staff.productive[m] > 0:
                paid = outlook.hiring.given_h[s, :, m] / staff.productive[m]
                found[:own, month] += paid[:own]
                found[queues, month] += paid[own:].sum()
    return found


def queues(budget: Budget) -> pd.DataFrame:
    """Contacts, hours, people and cost by month and queue; amounts add up to those of the lines."""
    named = {row.queue: row for row in budget.plan.queues}
    rows = []
    shown = budget.lines.groupby(["month", "cost_centre"])["amount"].sum()
    for month, label in enumerate(budget.year.months):
        outlook, m = outlook_of(budget, month)
        needs, plan = budget.outlook.needs, outlook.hiring
        told = outlook.needs
        names = [*needs.queues, *told.queues, *needs.posts, *told.posts, IDLE]
        names = list(dict.fromkeys(names))
        number = {name: k for k, name in enumerate(names)}
        of_given = [number[name] for name in (*outlook.needs.queues, *outlook.needs.posts)]
        cost, paid = np.zeros(len(names)), np.zeros(len(names))
        for centre in dict.fromkeys(crew.row.cost_centre for crew in outlook.crews):
            part = np.zeros(len(names))
            for s, crew in enumerate(outlook.crews):
                if crew.row.cost_centre != centre:
                    continue
                amount = sum(one["amount"] for one in crew_lines(budget, outlook, s, month))
                given = plan.given_h[s, :, m]
                worked = float(plan.regular_h[s, m] + plan.overtime_h[s, :, m].sum())
                if given.sum() > 1e-6:
                    np.add.at(part, of_given, amount * given / given.sum())
                    np.add.at(paid, of_given, worked * given / given.sum())
                else:
                    part[number[IDLE]] += amount
                    paid[number[IDLE]] += worked
            whole = float(shown.get((label, centre), 0.0))
            if part.sum() > 0:
                cost += part * whole / part.sum()
            else:
                cost[number[IDLE]] += whole
        cost = _to_cents(cost)
        for name in names:
            k = needs.queues.index(name) if name in needs.queues else None
            row = named.get(name)
            handled = 0.0 if k is None else float(needs.handled[k, month])
            if name == IDLE and not cost[number[name]] and not paid[number[name]]:
                continue
            quantiles = {"p10": np.nan, "p50": np.nan, "p90": np.nan}
            if k is not None and budget.chances is not None:
                levels = budget.chances.contacts_by_queue[:, k, month]
                quantiles = dict(zip(("p10", "p50", "p90"), levels, strict=True))
            rows.append(
                {
                    "month": label,
                    "queue": name,
                    "label": name if row is None else row.label or name,
                    "channel": "" if row is None else row.channel,
                    "contacts": np.nan if k is None else needs.contacts[k, month],
                    **quantiles,
                    "forecast": np.nan if k is None else budget.forecast_contacts[k, month],
                    "handled": np.nan if k is None else handled,
                    "work_hours": np.nan if k is None else needs.work_h[k, month],
                    "duty_hours": needs.post_h[needs.posts.index(name), month]
                    if k is None and name in needs.posts
                    else np.nan if k is None else needs.duty_h[k, month],
                    "paid_hours": paid[number[name]],
                    "cost": cost[number[name]],
                    "cost_per_contact": cost[number[name]] / handled if handled > 0 else np.nan,
                }
            )  # fmt: skip
    counts = ["contacts", "p10", "p50", "p90", "forecast", "handled", "work_hours", "duty_hours",
              "paid_hours", "cost_per_contact"]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame[counts] = frame[counts].astype(float).round(4)
    return frame


def _to_cents(amounts: np.ndarray) -> np.ndarray:
    """Round so that the sum stays: on the running total."""
    running = np.array([cents(x) for x in np.cumsum(amounts)])
    return np.diff(running, prepend=0.0).round(2)


def channels(by_queue: pd.DataFrame) -> pd.DataFrame:
    """Contacts and cost by month and channel."""
    table = by_queue.assign(channel=by_queue["channel"].replace("", IDLE))
    sums = table.groupby(["month", "channel"], sort=False)[
        ["contacts", "handled", "paid_hours", "cost"]
    ].sum()
    per = sums["cost"] / sums["handled"].where(sums["handled"] > 0)
    return sums.assign(cost_per_contact=per.round(4), cost=sums["cost"].round(2)).reset_index()


def months(budget: Budget) -> pd.DataFrame:
    """One row a month: contacts, people, hours, cost, each with its chances, against the budget."""
    people = hiring(budget)
    spent = budget_table(budget)
    cost = budget.lines.groupby("month")["amount"].sum().round(2)
    rows = []
    for month, label in enumerate(budget.year.months):
        mine = people[people["month"] == label]
        needs = budget.outlook.needs
        outlook, m = outlook_of(budget, month)
        of_kind = mine.groupby("kind")
        hours = of_kind["regular_hours"].sum()
        amount = float(cost.get(label, 0.0))
        given = spent[spent["month"] == label]
        budgeted = given["budget"].sum(min_count=1)
        actual = budget.actuals.of(COST, label)
        gross = float(mine["people_gross"].sum())
        row = {
            "month": label,
            "state": budget.year.states[month],
            "contacts": needs.contacts[:, month].sum(),
            "forecast": budget.forecast_contacts[:, month].sum(),
            "handled": needs.handled[:, month].sum(),
            "work_hours": needs.work_h[:, month].sum(),
            "duty_hours": needs.duty_h[:, month].sum(),
            "people_net": mine["people_net"].sum(),
            "people_gross": gross,
            "on_roll": mine["on_roll"].sum(),
            "on_roll_full_time": mine["on_roll_full_time"].sum(),
            "hires": mine["hires"].sum(),
            "leavers": mine.loc[mine["kind"] != "temporary", "leavers"].sum(),
            "paid_hours": mine["regular_hours"].sum() + mine["overtime_hours"].sum(),
            "temporary_hours": hours.get("temporary", 0.0),
            "outsourced_hours": hours.get("outsourced", 0.0),
            "overtime_hours": mine["overtime_hours"].sum(),
            "short_hours": outlook.hiring.short_h[:, m].sum(),
            "cost": amount,
            "budget": budgeted,
            # Like with like: cost of centres without a budget is in none of the differences.
            "difference": given["difference"].sum(min_count=1),
            "original": _original_cost(budget, month, None),
            "actual": round(sum(actual.values()), 2) if actual else np.nan,
            "cost_per_contact": amount / max(needs.handled[:, month].sum(), 1e-9),
        }
        if budget.chances is not None:
            told = budget.chances
            for name, levels in (
                ("contacts", told.contacts[:, month]),
                ("people_gross", told.hours_ratio[:, month] * gross),
                ("cost", told.cost[:, month]),
            ):
                for level, value in zip(("p10", "p50", "p90"), levels, strict=True):
                    row[f"{name}_{level}"] = value
        rows.append(row)
    frame = pd.DataFrame(rows)
    numbers = frame.columns.difference(["month", "state"])
    frame[numbers] = frame[numbers].astype(float).round(4)
    return frame


def review(budget: Budget) -> pd.DataFrame:
    """Forecast and plan against what happened, for months of which anything is known.

    Contacts by queue against the forecast made before the first month, cost by cost centre and
    people by contract against the original plan and, for cost, the budget that was given.
    """
    given = {(row.month, row.cost_centre): row.amount for row in budget.plan.budget}
    rows = []
    for month, label in enumerate(budget.year.months):
        is_over = month < budget.year.closed
        told = budget.actuals.of(CONTACTS, label)
        for k, queue in enumerate(budget.outlook.needs.queues):
            if (is_over or queue in told) and budget.forecast_contacts[k, month] > 0:
                came = float(budget.outlook.needs.contacts[k, month])
                rows.append((label, CONTACTS, queue, budget.forecast_contacts[k, month], came))
        for centre, amount in budget.actuals.of(COST, label).items():
            if budget.original is not None:
                planned = _original_cost(budget, month, centre)
                rows.append((label, COST, centre, planned, amount))
            if (label, centre) in given:
                rows.append((label, "budget", centre, given[label, centre], amount))
        if budget.original is None:
            continue
        for contract, people in budget.actuals.of(PEOPLE, label).items():
            planned = sum(
                float(budget.original.hiring.people[s, month])
                for s, crew in enumerate(budget.original.crews)
                if crew.row.contract == contract
            )
            rows.append((label, PEOPLE, contract, planned, people))
    frame = pd.DataFrame(rows, columns=["month", "what", "name", "planned", "actual"])
    frame["difference"] = frame["actual"] - frame["planned"]
    share = frame["difference"] / frame["planned"].where(frame["planned"] != 0)
    return frame.assign(share=share).round(4)
