"""report.html: a run on one page that needs no network, in English or Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scenarios.export.charts import (
    OTHER,
    PALETTE,
    REST,
    Bar,
    day_picture,
    forecast_chart,
    heat_class,
    whisker,
)
from scenarios.export.shifts import parts_of_shifts
from scenarios.i18n import translator
from scenarios.wording import NOTHING, Word, is_share, target_text, value_text

if TYPE_CHECKING:
    from scenarios.runs import Run

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: A person more or less is not painted as if it were a crowd.
_LEAST_SPAN = 3.0
#: What of a result is shown; an older run may lack some.
_FACTS = (
    "name", "scenario", "status", "cost", "bound", "gap", "occupancy", "seed", "inputs_hash",
    "versions", "replications", "notes",
)  # fmt: skip
_PEOPLE = ("contract", "kind", "heads", "hours", "cost")
#: What neither HTML nor XML may hold.
_ILLEGAL = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")


def report_html(run: Run, language: str = "en") -> str:
    """Make the report of a run.

    Parameters
    ----------
    run
        A run.
    language
        en or zh.

    Returns
    -------
    str
        A whole HTML page: style and pictures are in it, scripts and references to elsewhere are
        not. The same run gives the same page.
    """
    import jinja2

    word = translator(language)
    services = service_rows(run, word)
    people = [dict.fromkeys(_PEOPLE) | line for line in run.result.get("people") or []]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("scenarios.export", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"money": money, "shown": _shown}
    page = environment.get_template("report.html.j2").render(
        language={"zh": "zh-CN"}.get(language, language),
        word=word,
        run=run,
        result=dict.fromkeys(_FACTS) | dict(run.result),
        span=run.span,
        currency=str(run.result.get("currency") or ""),
        people=people,
        heads=sum(line["heads"] or 0 for line in people),
        hours=sum(line["hours"] or 0 for line in people),
        services=services,
        missed=[row for row in services if row.met is False],
        heat_maps=_heat_maps(run, word),
        days=_days(run, word),
        legend=_legend(run, word),
        forecasts=_forecasts(run, word),
        costs=cost_rows(run, word),
        budget=list(run.tables["budget"].itertuples(index=False)),
        unmet=list(
            run.tables["unmet"]
            .sort_values("cost", ascending=False, kind="stable")
            .itertuples(index=False)
        ),
        **_broken(run),
    )
    return _ILLEGAL.sub(" ", page)


def money(value: object) -> str:
    """Say an amount to the cent; a dash where there is none."""
    return NOTHING if value is None or pd.isna(value) else f"{value:,.2f}"


@dataclass(frozen=True)
class ServiceRow:
    """A line of the table of service, as shown."""

    queue: str
    target: str
    period: str
    predicted: str
    simulated: str
    interval: str
    met: bool | None
    picture: str
    new: bool


def service_rows(run: Run, word: Word) -> list[ServiceRow]:
    """Say each promise in each period as the report shows it, in the order of service.csv."""
    rows, former = [], None
    service = run.tables["service"]
    numbers = ["target", "predicted", "simulated", "low", "high"]
    spans = {
        key: _reach(own[numbers].to_numpy(float))
        for key, own in service.groupby("measure", sort=False)
    }
    for row in service.itertuples(index=False):
        key = (row.queue, row.measure, row.limit, row.unit, row.target)
        known = not (math.isnan(row.low) or math.isnan(row.high))
        low, high = (value_text(row.measure, v, word, unit=False) for v in (row.low, row.high))
        rows.append(
            ServiceRow(
                queue=row.label or row.queue,
                target=target_text(row.measure, row.target, row.limit, row.unit, word),
                period=_period(row.period, word),
                predicted=value_text(row.measure, row.predicted, word),
                simulated=value_text(row.measure, row.simulated, word),
                interval=f"{low}–{high}" if known else NOTHING,
                met=None if pd.isna(row.met) else bool(row.met),
                picture=whisker(row.simulated, row.low, row.high, row.target, spans[row.measure])
                if is_share(row.measure)
                else "",
                new=key != former,
            )
        )
        former = key
    return rows


@dataclass(frozen=True)
class CostRow:
    """A line of the cost breakdown; `share` of the greatest amount draws its bar."""

    item: str
    kind: str
    contract: str
    cost_centre: str
    hours: float
    amount: float
    share: float


def cost_rows(run: Run, word: Word) -> list[CostRow]:
    """Give the lines of cost.csv, greatest amount first."""
    cost = run.tables["cost"].sort_values("amount", ascending=False, kind="stable")
    greatest = max(float(cost["amount"].abs().max()) if len(cost) else 0.0, 1e-9)
    return [
        CostRow(
            word(row.name), word(row.kind), row.contract, row.cost_centre, row.hours, row.amount,
            max(row.amount, 0.0) / greatest,
        )
        for row in cost.itertuples(index=False)
    ]  # fmt: skip


@dataclass(frozen=True)
class HeatMap:
    """People scheduled less people required, by day and hour; the mean of an hour's intervals."""

    name: str
    hours: Sequence[int]
    rows: Sequence[tuple[str, Sequence[tuple[str, str]]]]


def _heat_maps(run: Run, word: Word) -> list[HeatMap]:
    coverage = run.tables["coverage"].dropna(subset=["required", "scheduled"])
    if coverage.empty:
        return []
    labels = _labels(run)
    coverage = coverage.assign(
        date=coverage["start"].dt.normalize(),
        hour=coverage["start"].dt.hour,
        over=coverage["scheduled"] - coverage["required"],
    )
    blocks = [(labels.get(q, q), rows) for q, rows in coverage.groupby("queue", sort=False)]
    if len(blocks) > 1:
        together = coverage.groupby(["date", "hour", "start"], as_index=False)["over"].sum()
        blocks.insert(0, (word("All queues"), together))
    hours = range(int(coverage["hour"].min()), int(coverage["hour"].max()) + 1)
    maps = []
    for name, rows in blocks:
        grid = rows.pivot_table(index="date", columns="hour", values="over", aggfunc="mean")
        grid = grid.reindex(columns=list(hours))
        span = max(_LEAST_SPAN, float(np.nanquantile(grid.abs().to_numpy(), 0.98)))
        cells = [
            (_day_name(date, word), [(heat_class(v, span), _signed(v)) for v in values])
            for date, values in zip(grid.index, grid.to_numpy(float), strict=True)
        ]
        maps.append(HeatMap(name, hours, cells))
    return maps


def _days(run: Run, word: Word) -> list[dict[str, Any]]:
    """Draw every day's shifts."""
    schedule, parts, labels = run.tables["schedule"], parts_of_shifts(run), _labels(run)
    columns = ["agent", "name", "team", "contract", "role"]
    people = pd.concat([run.tables["agents"][columns], schedule[columns]])
    people = people.drop_duplicates("agent").reset_index(drop=True)
    people["name"] = people["name"].where(people["name"] != "", people["agent"])
    twice = people["name"].duplicated(keep=False) & (people["name"] != people["agent"])
    people.loc[twice, "name"] = people["name"] + " (" + people["agent"] + ")"
    begin = (schedule["start"] - schedule["date"]).dt.total_seconds() / 60
    end = (schedule["end"] - schedule["date"]).dt.total_seconds() / 60
    if schedule.empty:
        return []
    hours = (math.floor(begin.min() / 60), math.ceil(end.max() / 60))
    worked: dict[tuple[str, pd.Timestamp], list[Any]] = {}
    for row, first, last in zip(schedule.itertuples(index=False), begin, end, strict=True):
        worked.setdefault((row.agent, row.date), []).append((row, first, last))
    away = {
        (row.agent, row.date): word(row.kind)
        for row in run.tables["availability"].itertuples(index=False)
    }
    colours = _colours(run)
    teams = [(str(team), list(own.itertuples(index=False))) for team, own in people.groupby("team")]
    kinds = {row.date: (row.kind, row.name) for row in run.tables["days"].itertuples(index=False)}
    found = []
    for date in pd.date_range(*run.span):
        drawn, on_duty = [], 0
        for team, own in teams:
            bars = []
            for person in own:
                name = person.name
                shifts = worked.get((person.agent, date), ())
                on_duty += bool(shifts)
                if not shifts:
                    note = away.get((person.agent, date), "")
                    bars.append(Bar(name, " · ".join(filter(None, [name, note])), note=note))
                for row, first, last in shifts:
                    inside = parts.get((row.agent, row.start), [])
                    told = "\n".join(
                        [f"{name} · {row.shift} {row.start:%H:%M}–{row.end:%H:%M}"]
                        + [
                            f"{p.start:%H:%M}–{p.end:%H:%M} "
                            f"{labels.get(p.activity) or word(p.activity)}"
                            for p in inside
                        ]
                    )
                    bars.append(Bar(name, told, first, last, inside))
            drawn.append((team, bars))
        title = f"{date.year}-{_day_name(date, word)}"
        kind, special = kinds.get(date, ("workday", ""))
        found.append({
            "name": title, "short": f"{date:%m-%d}", "weekday": word(_WEEKDAYS[date.weekday()]),
            "special": special, "free": kind in ("rest_day", "holiday"), "on_duty": on_duty,
            "picture": day_picture(date, drawn, colours, hours, title),
        })  # fmt: skip
    return found


def _colours(run: Run) -> dict[str, str]:
    """Give each activity of the run a colour; breaks stay pale."""
    activities = run.tables["activities"]["activity"]
    order = [name for name in activities.value_counts(sort=True).index if name != "break"]
    order = sorted(order, key=lambda name: (-int((activities == name).sum()), name))
    known = {name: PALETTE[k] if k < len(PALETTE) else OTHER for k, name in enumerate(order)}
    return known | {"break": REST}


def _legend(run: Run, word: Word) -> list[tuple[str, str]]:
    labels, present = _labels(run), set(run.tables["activities"]["activity"])
    return [
        (colour, labels.get(name) or word(name))
        for name, colour in _colours(run).items()
        if name in present
    ]


def _forecasts(run: Run, word: Word) -> list[dict[str, Any]]:
    labels = _labels(run)
    found = []
    for queue, rows in run.tables["forecast"].groupby("queue", sort=False):
        known = rows.dropna(subset=["volume"]).sort_values("start", kind="stable")
        if known.empty:
            continue
        name = labels.get(queue, str(queue))
        found.append({
            "name": name,
            "total": f"{known['volume'].sum():,.1f}",
            "picture": forecast_chart(known, name, word),
        })  # fmt: skip
    return found


def _broken(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Split what the checker found into rules broken and wishes not granted."""
    checks = run.tables["checks"]
    names = dict(zip(run.tables["agents"]["agent"], run.tables["agents"]["name"], strict=True))
    rows = [
        {
            "rule": row.rule, "mode": row.mode, "agent": names.get(row.agent) or row.agent,
            "date": _day(row.date), "amount": f"{row.amount:,.2f}",
        }
        for row in checks.itertuples(index=False)
    ]  # fmt: skip
    return {
        "broken": [row for row in rows if row["mode"] != "priced"],
        "wishes": [row for row in rows if row["mode"] == "priced"],
    }


def _labels(run: Run) -> dict[str, str]:
    service = run.tables["service"]
    return {q: label for q, label in zip(service["queue"], service["label"], strict=True) if label}


def _reach(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)


def _period(period: str, word: Word) -> str:
    """Say a period: its kind in the language, dates as they are."""
    kind, _, date = period.partition(" of ")
    return f"{word(kind)} {date}".strip()


def _day_name(date: pd.Timestamp, word: Word) -> str:
    return f"{date:%m-%d} {word(_WEEKDAYS[date.weekday()])}"


def _shown(value: object) -> str:
    return NOTHING if value is None else str(value)


def _day(date: object) -> str:
    return "" if pd.isna(date) else f"{date:%Y-%m-%d}"


def _signed(value: float) -> str:
    if math.isnan(value):
        return ""
    text = f"{value:+.1f}"
    return "0" if text in ("+0.0", "-0.0") else text.replace("-", "−")
