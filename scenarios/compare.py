"""Scenarios side by side: what each costs, who works, what service it gives, and why it differs."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from scenarios.bridge import bridge, contacts
from scenarios.errors import PlannerError
from scenarios.i18n import translator
from scenarios.overrides import apply_scenario, describe_scenario, differences, scenario_names
from scenarios.progress import Reporter, Silent
from scenarios.runs import Run, check_target, file_name, read_run, write_run
from scenarios.wording import Promise, is_share, less_is_better, promises, target_text

if TYPE_CHECKING:
    from scenarios.plan import Plan

BASE = "base"
#: Columns of a comparison before those of the runs.
KEYS = ("section", "item", "measure", "unit")
_TABLES, _WORKBOOK = ("compare.csv", "bridge.csv", "inputs.csv"), "compare.xlsx"


@dataclass(frozen=True)
class Comparison:
    """Runs held against the first of them.

    Parameters
    ----------
    runs
        Runs by name, the one that others are compared with first.
    inputs
        For each of the others, what it was told differently, a line each; None where a run keeps
        no plan to tell.
    """

    runs: Mapping[str, Run]
    inputs: Mapping[str, list[str] | None]

    @property
    def names(self) -> list[str]:
        """Names of the runs, the base first."""
        return list(self.runs)

    @property
    def base(self) -> Run:
        """What the others are compared with."""
        return self.runs[self.names[0]]

    @property
    def exit_code(self) -> int:
        """0 when all targets and rules of all runs hold, else 1."""
        return max(run.exit_code for run in self.runs.values())

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Section, item, measure, unit, and a column for each run: numbers, texts or None.

        Sections: cost, work, people, service, risk. Shares are 0..1. Service is that of the worst
        period of the horizon, simulated, with its 95 % interval.
        """
        rows: dict[tuple[str, str, str, str], dict[str, Any]] = {}
        for name, run in self.runs.items():
            for key, value in measures_of(run, self.base):
                rows.setdefault(key, {})[name] = value
        # A row that only a later run has (a contract, a queue) belongs beside its like.
        at = {key: number for number, key in enumerate(_by_section(rows))}
        ordered = sorted(rows, key=lambda key: at[key])
        table = pd.DataFrame(
            [[*key, *(rows[key].get(name) for name in self.names)] for key in ordered],
            columns=[*KEYS, *self.names],
            dtype=object,
        )
        return table.where(table.notna(), None)

    @cached_property
    def bridges(self) -> pd.DataFrame:
        """Columns scenario, cause, hours, amount, total, why: from the base's cost to each."""
        parts = [
            bridge(self.base, self.runs[name]).assign(scenario=name) for name in self.names[1:]
        ]
        columns = ["scenario", "cause", "hours", "amount", "total", "why"]
        return pd.concat(parts, ignore_index=True)[columns] if parts else _empty(columns)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Columns scenario, change: what each was told differently from the base."""
        rows = [(name, line) for name, lines in self.inputs.items() for line in lines or ()]
        return pd.DataFrame(rows, columns=["scenario", "change"])

    def value(self, name: str, section: str, measure: str, item: str = "") -> Any:
        """One value of the table `measures`; None if there is none."""
        table = self.measures
        at = (table["section"] == section) & (table["item"] == item)
        found = table.loc[at & (table["measure"] == measure), name]
        return found.iloc[0] if len(found) else None


def compare_runs(folders: Sequence[str | Path]) -> Comparison:
    """Compare finished runs; the first is what the others are held against.

    Raises
    ------
    RunError
        A folder is no run.
    PlannerError
        Fewer than two runs, or runs in different currencies.
    """
    paths = [Path(folder) for folder in folders]
    runs = [read_run(path) for path in paths]
    names = _names(paths, runs)
    plans = [_kept_plan(path, run) for path, run in zip(paths, runs, strict=True)]
    inputs = {
        name: None if plan is None or plans[0] is None else differences(plans[0], plan)
        for name, plan in zip(names[1:], plans[1:], strict=True)
    }
    return compared(dict(zip(names, runs, strict=True)), inputs)


def compare_plan(
    plan: Plan,
    folder: str | Path,
    scenarios: Sequence[str] | None = None,
    *,
    seed: int | None = None,
    time_limit: float | None = None,
    reporter: Reporter | None = None,
    stop: Callable[[], bool] | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Plan the base and scenarios, each into a run folder of its own, and compare them.

    Parameters
    ----------
    folder
        A run folder for each scenario is written here at once when it is planned; one that is
        already there with the same inputs, seed and versions is not planned again.
    scenarios
        Names of the plan's table `scenarios`; all of them if None.
    seed, time_limit
        In place of `solve.seed` and `solve.seconds`, for each scenario.
    reporter, stop
        As `plan_run` takes them; after a stop the scenarios planned by then are compared.
    say
        Told which scenario is next.

    Raises
    ------
    PlanFaults
        A scenario is not known or cannot be applied; told before anything is planned.
    RunError
        The folder holds something else.
    PlannerError
        There is nothing to compare.
    """
    from scenarios.run import inputs_hash, plan_run, versions

    wanted = list(dict.fromkeys(scenario_names(plan) if scenarios is None else scenarios))
    names = [BASE, *(name for name in wanted if name != BASE)]
    if len(names) < 2:
        msg = "nothing to compare: name a scenario of the table scenarios beside base, or a file"
        raise PlannerError(msg)
    plan = solved_by(plan, seed, time_limit)
    inputs = {name: describe_scenario(plan, name) for name in names[1:]}
    hashes = {name: inputs_hash(apply_scenario(plan, name)) for name in names}
    targets = _targets(Path(folder), names)
    runs: dict[str, Run] = {}
    for name, target in targets.items():
        kept = kept_run(target, hashes[name], plan.settings.solve.seed, versions())
        if kept is None:
            if stop is not None and stop():
                break
            say(name)
            kept = plan_run(plan, scenario=name, reporter=reporter or Silent(), stop=stop)
            write_run(kept, target, plan)
        else:
            say(f"{name}: {target}")
        runs[name] = kept
    return compared(runs, {name: inputs[name] for name in runs if name != BASE})


def compared(runs: Mapping[str, Run], inputs: Mapping[str, list[str] | None]) -> Comparison:
    """Hold runs against the first of them.

    Raises
    ------
    PlannerError
        Fewer than two runs, or runs in different currencies.
    """
    if len(runs) < 2:
        msg = "a comparison needs two runs at least"
        raise PlannerError(msg)
    currencies = {str(run.result.get("currency", "")) for run in runs.values()}
    if len(currencies) > 1:
        msg = f"runs in {' and '.join(sorted(currencies))} cannot be compared: one currency"
        raise PlannerError(msg)
    return Comparison(dict(runs), dict(inputs))


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds anything but a comparison and its runs.

    Raises
    ------
    PlannerError
        It does, or it is a file.
    """
    if not folder.exists():
        return
    is_ours = folder.is_dir() and all(
        one.name in (*_TABLES, _WORKBOOK)
        or one.name.startswith(".")
        or (one / "result.json").is_file()
        for one in folder.iterdir()
    )
    if not is_ours:
        msg = f"{folder} holds other files; choose a folder that is new or of a comparison"
        raise PlannerError(msg)


def write_tables(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Write compare.csv, bridge.csv, inputs.csv and compare.xlsx, each whole or not at all."""
    from scenarios.workbook.compare import write_comparison

    root = Path(folder)
    check_folder(root)
    tables = (comparison.measures, comparison.bridges, comparison.changes)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".compare-", dir=root) as partial:
            for name, table in zip(_TABLES, tables, strict=True):
                table.to_csv(
                    Path(partial) / name, index=False, lineterminator="\n", encoding="utf-8"
                )
            write_comparison(comparison, Path(partial) / _WORKBOOK)
            return [(Path(partial) / name).replace(root / name) for name in (*_TABLES, _WORKBOOK)]
    except OSError as error:
        msg = f"{root} cannot be written: {error.strerror or error}"
        raise PlannerError(msg) from error


# What is measured of a run ---------------------------------------------------------------------


def measures_of(run: Run, base: Run) -> Iterator[tuple[tuple[str, str, str, str], Any]]:
    """Measures of a run, key (section, item, measure, unit) and value, as a comparison has them."""
    result = run.result
    currency = str(result.get("currency", ""))
    cost, penalties = float(result["cost"]), float(result.get("penalties") or 0.0)
    handled = float(contacts(run).sum())

    def money(measure: str, value: float | None) -> tuple[tuple[str, str, str, str], Any]:
        return ("cost", "", measure, currency), None if value is None else round(value, 2)

    yield money("cost", cost)
    yield money("penalties", penalties)
    yield money("difference", cost + penalties - _spent(base))
    yield money("lower bound", result.get("bound"))
    yield ("cost", "", "gap", "share"), result.get("gap")
    low, high = _proved(run, base)
    yield money("difference of the optima at least", low)
    yield money("difference of the optima at most", high)
    yield money("cost per contact", cost / handled if handled else None)
    yield ("cost", "", "status", ""), str(result.get("status", ""))
    yield ("work", "", "contacts handled", "contacts"), round(handled, 1)
    for queue, count in contacts(run).items():
        if count > 0:
            key = ("work", _label(run, str(queue)), "contacts handled", "contacts")
            yield key, round(float(count), 1)
    yield ("work", "", "occupancy", "share"), result.get("occupancy")
    yield from _people(result.get("people") or [], currency)
    yield from _service(run)
    yield from _risk(run)


def _people(
    people: list[dict[str, Any]], currency: str
) -> Iterator[tuple[tuple[str, str, str, str], Any]]:
    for measure, unit in (("heads", "people"), ("hours", "h"), ("cost", currency)):
        for line in people:
            yield ("people", str(line["contract"]), measure, unit), line[measure]
        total = sum(line[measure] or 0 for line in people)
        yield ("people", "", measure, unit), round(total, 2)


def _service(run: Run) -> Iterator[tuple[tuple[str, str, str, str], Any]]:
    word = translator(str(run.result.get("language") or "en"))
    seen: dict[tuple[str, str], int] = {}
    for p in promises(run.tables["service"]):
        number = seen[p.queue, p.measure] = seen.get((p.queue, p.measure), 0) + 1
        item = f"{p.label} · {p.measure}" + (f" {number}" if number > 1 else "")
        unit = "share" if is_share(p.measure) else p.measure
        yield (
            ("service", item, "promise", ""),
            target_text(p.measure, p.target, p.limit, p.unit, word),
        )
        yield ("service", item, "worst", unit), _known(p.worst["simulated"], p.worst["predicted"])
        yield ("service", item, "95 % from", unit), _known(p.worst["low"])
        yield ("service", item, "95 % to", unit), _known(p.worst["high"])
        yield ("service", item, "worst period", ""), str(p.worst["period"])
        if p.judged:
            yield ("service", item, "periods held", ""), f"{p.held}/{p.judged}"


def _risk(run: Run) -> Iterator[tuple[tuple[str, str, str, str], Any]]:
    """How near the roster comes to what it must not miss."""
    found = [p for p in promises(run.tables["service"]) if p.judged]
    checks, unmet = run.tables["checks"], run.tables["unmet"]
    yield ("risk", "", "target periods missed", "periods"), sum(p.judged - p.held for p in found)
    margins = sorted((_margin(p), f"{p.label} · {p.measure}") for p in found)
    if margins:
        yield ("risk", "", "least margin of a target", "share"), round(margins[0][0], 4)
        yield ("risk", "", "target with the least margin", ""), margins[0][1]
    yield ("risk", "", "rules broken", "breaches"), int((checks["mode"] != "priced").sum())
    yield ("risk", "", "wishes not granted", "wishes"), int((checks["mode"] == "priced").sum())
    yield ("risk", "", "shortfalls", ""), len(unmet)


def _margin(p: Promise) -> float:
    """By how much the unfavourable end of the worst period's interval beats the promise.

    In points of a share, or as a share of the promise; below zero: missed, or within tolerance.
    """
    row = p.worst
    low = _known(row["low"], row["simulated"], row["predicted"])
    high = _known(row["high"], row["simulated"], row["predicted"])
    if low is None or high is None:
        return math.inf
    beaten = p.target - high if less_is_better(p.measure) else low - p.target
    return beaten / (1.0 if is_share(p.measure) else max(p.target, 1e-9))


def _proved(run: Run, base: Run) -> tuple[float | None, float | None]:
    """Between what the difference of the two least possible costs lies: by bounds and costs."""
    if run is base:
        return 0.0, 0.0
    bounds = [one.result.get("bound") for one in (base, run)]
    if bounds[0] is None or bounds[1] is None:
        return None, None
    return bounds[1] - _spent(base), _spent(run) - bounds[0]


def _spent(run: Run) -> float:
    return float(run.result["cost"]) + float(run.result.get("penalties") or 0.0)


def _label(run: Run, queue: str) -> str:
    service = run.tables["service"]
    named = service.loc[service["queue"] == queue, "label"]
    return str(named.iloc[0] or queue) if len(named) else queue


def _known(*values: Any) -> float | None:
    """First number that is known."""
    return next((float(v) for v in values if v is not None and not pd.isna(v)), None)


def _by_section(rows: Mapping[tuple[str, str, str, str], Any]) -> list[tuple[str, str, str, str]]:
    """Keys with sections together, and in each the rows of a measure or a promise together."""
    sections = list(dict.fromkeys(key[0] for key in rows))
    blocks = list(dict.fromkeys(_block(key) for key in rows))
    return sorted(rows, key=lambda key: (sections.index(key[0]), blocks.index(_block(key))))


def _block(key: tuple[str, str, str, str]) -> tuple[str, str]:
    section, item, measure, _ = key
    return section, item if section == "service" else measure


def _empty(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


# Runs and their folders --------------------------------------------------------------------------


def solved_by(plan: Plan, seed: int | None, time_limit: float | None) -> Plan:
    """Put seed and time into the plan, so that they count among a run's inputs."""
    update: dict[str, Any] = {}
    if seed is not None:
        update["seed"] = seed
    if time_limit is not None:
        update["seconds"] = time_limit
    solve = plan.settings.solve.model_copy(update=update)
    settings = plan.settings.model_copy(update={"solve": solve})
    return dataclasses.replace(plan, settings=settings)


def _targets(folder: Path, names: list[str]) -> dict[str, Path]:
    """Run folder of each scenario, each its own."""
    check_folder(folder)
    targets: dict[str, Path] = {}
    for name in names:
        base, number = file_name(name), 2
        target = folder / base
        while target in targets.values():
            target = folder / f"{base}-{number}"
            number += 1
        check_target(target)
        targets[name] = target
    return targets


def kept_run(target: Path, inputs_hash: str, seed: int, versions: Mapping[str, str]) -> Run | None:
    """Run that is there already, if it is what planning would give."""
    if not (target / "result.json").is_file():
        return None
    run = read_run(target)
    result = run.result
    is_same = (
        result.get("inputs_hash") == inputs_hash
        and result.get("seed") == seed
        and result.get("versions") == versions
        and result.get("status") != "stopped"
    )
    return run if is_same else None


def _names(paths: list[Path], runs: list[Run]) -> list[str]:
    """Call runs by their scenarios; by their folders where two would be called the same."""
    names = [str(run.result.get("scenario") or BASE) for run in runs]
    if len(set(names)) < len(names):
        names = [path.resolve().name for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    if len(set(names)) < len(names):
        msg = "a run is given twice"
        raise PlannerError(msg)
    return names


def _kept_plan(path: Path, run: Run) -> Plan | None:
    """Plan that a run keeps, under its scenario."""
    if not (path / "plan").is_dir():
        return None
    from scenarios.plan import load

    return apply_scenario(load(path / "plan"), str(run.result.get("scenario") or BASE))
