"""What a plan could give way on: each a change of one thing, as a planner would make it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scenarios.i18n import translator
from scenarios.overrides.cells import label, pair_text
from scenarios.plan.model import queue_kind
from scenarios.wording import target_text
from solver.rules import law_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.plan import Plan
    from scenarios.plan.schema import ContractRow, TargetRow

_MORE_OVERTIME_H = 4.0
# A time that is the last thing a queue promises becomes so many times as long.
_LONGER = 10.0
# Nobody can grant what the law forbids: its price is told, it is no offer.
LAW = "law"


@dataclass(frozen=True)
class Concession:
    """One thing given up or added.

    Parameters
    ----------
    kind
        target, rule, law, people, contract, service.
    key
        What it is about: a queue and its target, a rule, a contract.
    change
        The change as the table `scenarios` says it.
    plan
        The plan with it; of a law's rule the plan as it stands.
    without_rule
        Id of the law's rule that is taken out of the problem, else empty.
    """

    kind: str
    key: str
    change: str
    plan: Plan
    without_rule: str = ""


def concessions(plan: Plan) -> tuple[Concession, ...]:
    """Everything that may give, in the order of the plan's tables."""
    found = [*_targets(plan), *_rules(plan)]
    for row in plan.contracts:
        found += _contract(plan, row)
    return (*found, *_service(plan))


def _targets(plan: Plan) -> Iterator[Concession]:
    word = translator("en")
    for number, row in enumerate(plan.targets):
        share = row.share if row.measure in ("answered_within", "replied_within") else row.limit
        text = target_text(row.measure, share, row.limit, row.unit, word)
        if row.measure == "cost_per_contact":
            continue  # told, never planned by
        where = label("targets", row, plan.targets)
        if "measure=" not in where:
            where += f" measure={row.measure}"
        kept = plan.targets[:number] + plan.targets[number + 1 :]
        change = "removed"
        if not _is_same_work(plan, row.queue, kept):
            # What a queue promises tells what its work is: its last promise stays and asks nothing.
            cell, value = _asking_nothing(row)
            asking = row.model_copy(update={cell: value})
            kept = (*plan.targets[:number], asking, *plan.targets[number + 1 :])
            change = f"{cell} {getattr(row, cell):g} -> {value:g}"
        change = f"targets {where}: {change}"
        yield Concession("target", f"{row.queue}: {text}", change, replace(plan, targets=kept))


def _is_same_work(plan: Plan, queue: str, targets: tuple[TargetRow, ...]) -> bool:
    """Whether a queue still promises something with these targets, of the same kind."""
    return any(t.queue == queue for t in targets) and (
        queue_kind(queue, targets) is plan.kinds[queue]
    )


def _asking_nothing(row: TargetRow) -> tuple[str, float]:
    """Cell of a target, and the value with which it asks for nothing that costs."""
    if row.measure == "answered_within":
        return "share", 0.0
    if row.measure == "abandoned":
        return "limit", 1.0
    if row.measure in ("replied_within", "mean_wait"):
        return "limit", row.limit * _LONGER
    return "limit", 0.0


def _rules(plan: Plan) -> Iterator[Concession]:
    for number, row in enumerate(plan.rules):
        kept = plan.rules[:number] + plan.rules[number + 1 :]
        who = "" if row.scope == "all" else f" {row.scope}={row.who}"
        change = f"rules {label('rules', row, plan.rules)}: removed"
        key = f"{row.rule} {row.value:g}{who}"
        yield Concession("rule", key, change, replace(plan, rules=kept))
    for rule in law_rules(plan.settings.law):
        key = f"{rule.id} {rule.value:g}"
        yield Concession(LAW, key, f"law {plan.settings.law}", plan, without_rule=rule.id)


def _contract(plan: Plan, row: ContractRow) -> Iterator[Concession]:
    def changed(**cells: object) -> Plan:
        rows = tuple(
            other.model_copy(update=cells) if other is row else other for other in plan.contracts
        )
        return replace(plan, contracts=rows)

    where = f"contracts {pair_text('contract', row.contract)}:"
    most = row.people_max + 1
    yield Concession(
        "people",
        f"{row.contract}: one more",
        f"{where} people_max {row.people_max} -> {most}",
        changed(people_max=most),
    )
    for cell, kind in (
        ("people_min", "people"),
        ("week_hours_min", "contract"),
        ("week_shifts_min", "contract"),
        ("purchase_min_hours", "contract"),
    ):
        value = getattr(row, cell)
        # People with names are there: fewer of them is no change of a number.
        if value and not (cell == "people_min" and _named(plan, row) >= value):
            yield Concession(
                kind,
                f"{row.contract}: {cell} {value:g}",
                f"{where} {cell} {value:g} -> 0",
                changed(**{cell: type(value)(0)}),
            )
    if row.kind != "outsourced":
        more = row.overtime_max_hours + _MORE_OVERTIME_H
        yield Concession(
            "contract",
            f"{row.contract}: {_MORE_OVERTIME_H:g} h more overtime a week",
            f"{where} overtime_max_hours {row.overtime_max_hours:g} -> {more:g}",
            changed(overtime_max_hours=more),
        )


def _named(plan: Plan, row: ContractRow) -> int:
    return sum(agent.contract == row.contract for agent in plan.agents)


def _service(plan: Plan) -> Iterator[Concession]:
    service = plan.settings.service
    for cell, off in (("floor", 0.0), ("occupancy_max", 1.0), ("present_min", 0)):
        value = getattr(service, cell)
        if value != off:
            settings = plan.settings.model_copy(
                update={"service": service.model_copy(update={cell: off})}
            )
            yield Concession(
                "service",
                f"service.{cell} {value:g}",
                f"plan service.{cell} {value:g} -> {off:g}",
                replace(plan, settings=settings),
            )
