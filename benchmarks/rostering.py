"""Public rosters of named people: solve one instance within a limit of processor time.

    python benchmarks/rostering.py INSTANCE --cpu-seconds 120 --out roster.csv

INSTANCE is a file in the text format of the employee-rostering instances of Curtois and Qu (2014).
Writes `employee,day,shift`, one row per worked day, day 0 first, and prints `objective=.. bound=..
cpu_s=..` at the end. Ctrl-C and SIGTERM keep the best roster so far.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

# One thread: processor seconds are what is measured.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

_SECTIONS = {
    "SECTION_HORIZON",
    "SECTION_SHIFTS",
    "SECTION_STAFF",
    "SECTION_DAYS_OFF",
    "SECTION_SHIFT_ON_REQUESTS",
    "SECTION_SHIFT_OFF_REQUESTS",
    "SECTION_COVER",
}
_COVER_FIELDS = 5


class InstanceError(ValueError):
    """An instance that cannot be read; the message lists every fault with its line."""


@dataclass
class Employee:
    """A line of SECTION_STAFF and the days off, requests of that employee."""

    name: str
    shifts_max: dict[str, int]
    minutes_max: int
    minutes_min: int
    run_max: int
    run_min: int
    rest_min: int
    weekends_max: int
    days_off: set[int] = field(default_factory=set)
    on: dict[tuple[int, str], int] = field(default_factory=dict)
    off: dict[tuple[int, str], int] = field(default_factory=dict)


@dataclass
class Instance:
    """An instance as its file states it.

    `cover` is (day, shift) to (required, weight of one under, weight of one over).
    """

    days: int = 0
    minutes: dict[str, int] = field(default_factory=dict)
    forbidden: dict[str, set[str]] = field(default_factory=dict)
    employees: dict[str, Employee] = field(default_factory=dict)
    cover: dict[tuple[int, str], tuple[int, int, int]] = field(default_factory=dict)


def read_instance(path: Path) -> Instance:
    """Read an instance.

    Raises
    ------
    InstanceError
        Lines that do not follow the format.
    """
    instance, section, faults = Instance(), "", []
    for number, raw in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line in _SECTIONS:
            section = line
            continue
        try:
            _read_line(instance, section, line.split(","))
        except (KeyError, ValueError, IndexError) as fault:
            faults.append(f"line {number} ({section or 'no section'}): {line!r}: {fault!r}")
    if not faults and not (instance.days and instance.minutes and instance.employees):
        faults.append("a horizon, shifts and staff are needed")
    if faults:
        raise InstanceError(f"{path.name}: " + "\n".join(faults))
    return instance


def _read_line(instance: Instance, section: str, cells: list[str]) -> None:
    if section == "SECTION_HORIZON":
        instance.days = int(cells[0])
    elif section == "SECTION_SHIFTS":
        name = cells[0].strip()
        instance.minutes[name] = int(cells[1])
        instance.forbidden[name] = {s for s in cells[2].strip().split("|") if s}
    elif section == "SECTION_STAFF":
        limits = dict(part.split("=") for part in cells[1].split("|"))
        numbers = [int(cell) for cell in cells[2:8]]
        shifts_max = {shift: int(most) for shift, most in limits.items()}
        name = cells[0].strip()
        instance.employees[name] = Employee(name, shifts_max, *numbers)
    elif section == "SECTION_DAYS_OFF":
        days = {_day(instance, cell) for cell in cells[1:] if cell.strip()}
        instance.employees[cells[0].strip()].days_off |= days
    elif section in {"SECTION_SHIFT_ON_REQUESTS", "SECTION_SHIFT_OFF_REQUESTS"}:
        employee = instance.employees[cells[0].strip()]
        requests = employee.on if section == "SECTION_SHIFT_ON_REQUESTS" else employee.off
        key = _day(instance, cells[1]), _shift(instance, cells[2])
        requests[key] = requests.get(key, 0) + int(cells[3])
    elif section == "SECTION_COVER":
        required, under, over = (int(cell) for cell in cells[2:_COVER_FIELDS])
        instance.cover[_day(instance, cells[0]), _shift(instance, cells[1])] = required, under, over
    else:
        message = "a line outside any section"
        raise ValueError(message)


def _day(instance: Instance, text: str) -> int:
    day = int(text)
    if not 0 <= day < instance.days:
        message = f"day {day} is outside the horizon"
        raise ValueError(message)
    return day


def _shift(instance: Instance, text: str) -> str:
    if text.strip() not in instance.minutes:
        message = f"unknown shift {text.strip()}"
        raise ValueError(message)
    return text.strip()


def breaches(instance: Instance, roster: dict[str, dict[int, str]]) -> list[str]:
    """Hard rules that a roster breaks, checked from the instance alone."""
    found = []
    for name, employee in instance.employees.items():
        worked = roster.get(name, {})
        row = [worked.get(day, "") for day in range(instance.days)]
        found += [f"{name}: day {day} must be off" for day in employee.days_off if row[day]]
        for shift, most in employee.shifts_max.items():
            if row.count(shift) > most:
                found.append(f"{name}: {row.count(shift)} times {shift}, at most {most}")
        found += [
            f"{name}: {shift} is not among the employee's shifts"
            for shift in {*row} - {""} - employee.shifts_max.keys()
        ]
        minutes = sum(instance.minutes[shift] for shift in row if shift)
        if not employee.minutes_min <= minutes <= employee.minutes_max:
            found.append(f"{name}: {minutes} minutes in all")
        found += [
            f"{name}: {row[day + 1]} on day {day + 1} after {row[day]}"
            for day in range(instance.days - 1)
            if row[day] and row[day + 1] in instance.forbidden[row[day]]
        ]
        weekends = {day // 7 for day in range(instance.days) if row[day] and day % 7 > 4}
        if len(weekends) > employee.weekends_max:
            found.append(f"{name}: {len(weekends)} weekends")
        found += _broken_runs(employee, row)
    return found


def _broken_runs(employee: Employee, row: list[str]) -> list[str]:
    found, start = [], 0
    while start < len(row):
        stop = start
        while stop < len(row) and bool(row[stop]) == bool(row[start]):
            stop += 1
        inside, length = start > 0 and stop < len(row), stop - start
        if row[start]:
            if length > employee.run_max or (inside and length < employee.run_min):
                found.append(f"{employee.name}: {length} shifts in a row from day {start}")
        elif inside and length < employee.rest_min:
            found.append(f"{employee.name}: {length} days off in a row from day {start}")
        start = stop
    return found


def objective(instance: Instance, roster: dict[str, dict[int, str]]) -> int:
    """Requests missed and weighted under- and over-cover, from the instance alone."""
    cost = 0
    for name, employee in instance.employees.items():
        worked = roster.get(name, {})
        cost += sum(w for (day, shift), w in employee.on.items() if worked.get(day) != shift)
        cost += sum(w for (day, shift), w in employee.off.items() if worked.get(day) == shift)
    for (day, shift), (required, under, over) in instance.cover.items():
        present = sum(worked.get(day) == shift for worked in roster.values())
        cost += under * max(0, required - present) + over * max(0, present - required)
    return cost


def to_problem(instance: Instance):
    """State an instance as the engine takes it."""
    from solver.columns.problem import Cover, Person, RosterProblem

    names = list(instance.minutes)
    number = {name: s for s, name in enumerate(names)}
    days, shifts = instance.days, len(names)
    may_follow = np.ones((shifts, shifts), dtype=bool)
    for first, followers in instance.forbidden.items():
        for second in followers & number.keys():
            may_follow[number[first], number[second]] = False
    people = []
    for employee in instance.employees.values():
        allowed = np.ones((days, shifts + 1), dtype=bool)
        allowed[sorted(employee.days_off), :-1] = False
        cost = np.zeros((days, shifts + 1), dtype=np.int64)
        for (day, shift), weight in employee.on.items():
            cost[day] += weight
            cost[day, number[shift]] -= weight
        for (day, shift), weight in employee.off.items():
            cost[day, number[shift]] += weight
        limits = np.array([employee.shifts_max.get(name, 0) for name in names], dtype=np.int64)
        people.append(
            Person(
                employee.name,
                allowed,
                cost,
                employee.minutes_min,
                employee.minutes_max,
                employee.run_min,
                employee.run_max,
                employee.rest_min,
                employee.weekends_max,
                limits,
            )
        )
    rows = sorted((day, number[shift], *facts) for (day, shift), facts in instance.cover.items())
    table = np.array(rows, dtype=np.int64).reshape(-1, _COVER_FIELDS)
    weekend = np.zeros(days, dtype=np.int64)
    weekend[5::7], weekend[6::7] = 1, 2
    cover = Cover(
        *(table[:, k].copy() for k in (2, 3, 4)),
        np.arange(len(table)),
        table[:, 0].copy(),
        table[:, 1].copy(),
    )
    return RosterProblem(
        np.array(list(instance.minutes.values())), may_follow, weekend, people, cover
    )


def write_roster(path: Path, roster: dict[str, dict[int, str]]) -> None:
    """Write one row per worked day, day 0 first; the file is whole or not there."""
    lines = sorted((day, name, shift) for name, row in roster.items() for day, shift in row.items())
    text = "".join(f"{name},{day},{shift}\n" for day, name, shift in lines)
    draft = path.with_name(f".{path.name}.part")
    draft.write_text("employee,day,shift\n" + text, encoding="utf-8")
    draft.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Solve an instance and write the roster found."""
    parser = argparse.ArgumentParser(description="Roster an instance of Curtois and Qu (2014).")
    parser.add_argument("instance", type=Path)
    parser.add_argument("--cpu-seconds", type=float, default=120.0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbose", action="store_true", help="print each better roster and bound")
    options = parser.parse_args(arguments)
    try:
        instance = read_instance(options.instance)
    except (OSError, UnicodeDecodeError, InstanceError) as fault:
        print(fault, file=sys.stderr)
        return 2
    options.out.parent.mkdir(parents=True, exist_ok=True)
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _frame: stopped.append(caught))
    return _solve(instance, options, stopped)


def _solve(instance: Instance, options: argparse.Namespace, stopped: list[int]) -> int:
    from solver.columns.problem import RosterError
    from solver.columns.search import solve

    names, shifts = list(instance.employees), list(instance.minutes)
    last_written = [-np.inf]

    def named(roster: np.ndarray) -> dict[str, dict[int, str]]:
        return {
            name: {int(d): shifts[row[d]] for d in np.flatnonzero(row >= 0)}
            for name, row in zip(names, roster, strict=True)
        }

    def better(roster: np.ndarray, value: int, bound: float) -> None:
        now = time.process_time()
        if options.verbose:
            print(f"{now:8.1f} s  {value}  bound {bound:.2f}", flush=True)
        # Whoever kills the process later than this finds a roster.
        if now > last_written[0] + 0.02 * options.cpu_seconds:
            last_written[0] = now
            write_roster(options.out, named(roster))

    # What is left is for the last steps: the search asks its clock between steps.
    limit = options.cpu_seconds - max(0.5, 0.01 * options.cpu_seconds)
    try:
        answer = solve(
            to_problem(instance),
            cpu_seconds=limit,
            seed=options.seed,
            stop=lambda: bool(stopped),
            on_better=better,
        )
    except RosterError as fault:
        print(fault, file=sys.stderr)
        return 2
    roster = named(answer.roster)
    write_roster(options.out, roster)
    faults, value = breaches(instance, roster), objective(instance, roster)
    for fault in faults:
        print(f"broken: {fault}", file=sys.stderr)
    if value != answer.objective:
        print(f"the engine counted {answer.objective}", file=sys.stderr)
    print(f"objective={value} bound={answer.bound:g} cpu_s={time.process_time():.1f}")
    return 1 if faults or value != answer.objective else 0


if __name__ == "__main__":
    raise SystemExit(main())
