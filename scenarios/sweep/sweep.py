"""A sweep from its first point to its table: what is done is kept, what is not is planned."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from scenarios.command import write_whole
from scenarios.compare import kept_run, solved_by
from scenarios.errors import PlannerError
from scenarios.plan import PlanFaults
from scenarios.plan.schema import BASE_SCENARIO
from scenarios.runs import Run, check_target, write_run
from scenarios.sweep.backend import backend_of, run_tasks
from scenarios.sweep.picture import sweep_picture
from scenarios.sweep.points import (
    Point,
    check_points,
    home_of,
    in_order_of_work,
    points_of,
    waits_for,
)
from scenarios.sweep.table import sweep_table
from scenarios.sweep.vary import Vary, vary
from scenarios.sweep.work import Done, Task, as_start

if TYPE_CHECKING:
    from scenarios.plan import Plan

TABLE, PICTURE, POINTS = "sweep.csv", "sweep.svg", "points"
_NEIGHBOURS = 4


@dataclass(frozen=True)
class Sweep:
    """A sweep, as far as it came.

    Parameters
    ----------
    varied, points
        What was varied, and all points.
    runs
        By number of the point, those that are done.
    table
        `sweep_table`'s.
    files
        What was written beside the runs.
    """

    varied: tuple[Vary, ...]
    points: tuple[Point, ...]
    runs: dict[int, Run]
    table: pd.DataFrame
    files: tuple[Path, ...]

    @property
    def exit_code(self) -> int:
        """0 when every point was planned and holds, else 1."""
        codes = [self.runs[p.number].exit_code if p.number in self.runs else 1 for p in self.points]
        return max(codes, default=0)


def sweep(
    plan: Plan,
    wanted: Sequence[str],
    folder: str | Path,
    *,
    scenario: str = BASE_SCENARIO,
    one_at_a_time: bool = False,
    workers: int | None = None,
    backend: str = "loky",
    seed: int | None = None,
    time_limit: float | None = None,
    stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda text: None,
    enter: Callable[[Path], None] = lambda folder: None,
) -> Sweep:
    """Plan a plan at many settings, each into a run folder of its own.

    Every point but the first starts from the roster of the nearest that is done; each has its own
    bound, and is simulated and checked as any run is.

    Parameters
    ----------
    wanted
        What is varied, as `vary` reads it.
    folder
        A run folder for each point is written below its sub-folder `points` as soon as it is
        planned; one that is there already with the same inputs, seed and versions is not planned
        again. Beside it come sweep.csv and sweep.svg.
    scenario
        Scenario of the plan that all points are based on.
    one_at_a_time
        The plan as it is, then each thing varied alone; else every combination.
    workers, backend
        How many processes (all cores if None), and where: `loky` or `dask://host:port`.
    seed, time_limit
        In place of `solve.seed` and `solve.seconds`, for each point.
    stop
        Asked before each point; after a yes what is being planned is finished.
    say
        Told of each point that is done.
    enter
        Told of the folder of each point that is written.

    Raises
    ------
    PlanFaults
        What is varied cannot be understood or applied; told before anything is planned.
    PlannerError
        The folder holds something else, or there are no workers.
    """
    from scenarios.run import inputs_hash, versions

    root = Path(folder)
    check_folder(root)
    plan = solved_by(plan, seed, time_limit)
    varied = read_all(plan, wanted)
    points = points_of(varied, scenario=scenario, one_at_a_time=one_at_a_time)
    hashes = [inputs_hash(changed) for changed in check_points(plan, varied, points)]
    folders = {point.number: root / POINTS / point.folder for point in points}
    runs: dict[int, Run] = {}
    for point, inputs in zip(points, hashes, strict=True):
        check_target(folders[point.number])
        kept = kept_run(folders[point.number], inputs, plan.settings.solve.seed, versions())
        if kept is not None:
            runs[point.number] = kept
    if runs:
        say(f"{len(runs)} of {len(points)} points are there already")
    why: dict[int, str] = {}
    work = _Work(plan, varied, points, runs, why, stop)
    if work.left:
        # The first alone: all others have somebody to start from.
        batches = (None,) if runs else (1, None)
        with backend_of(backend, workers, len(work.left)) as where:
            for most in batches:
                tasks = partial(work.tasks, where.threads, most)
                for done in run_tasks(where, tasks, stop):
                    _keep(done, work, folders, say, enter)
    table = sweep_table(varied, points, runs, why, folders)
    files = _write(root, table, varied, points, runs)
    return Sweep(varied, tuple(points), runs, table, files)


def read_all(plan: Plan, wanted: Sequence[str]) -> tuple[Vary, ...]:
    """Read all that is varied, faults told together."""
    varied, faults = [], []
    for text in wanted:
        try:
            varied.append(vary(plan, text))
        except PlanFaults as error:
            faults += error.faults
    if faults:
        raise PlanFaults(faults)
    if not varied:
        msg = "say what varies, as in --vary targets.phone.share=0.7:0.95:0.05"
        raise PlannerError(msg)
    return tuple(varied)


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds anything but a sweep.

    Raises
    ------
    PlannerError
        It does, or it is a file.
    """
    if not folder.exists():
        return
    ours = (TABLE, PICTURE, POINTS)
    if not folder.is_dir() or any(
        one.name not in ours and not one.name.startswith(".") for one in folder.iterdir()
    ):
        msg = f"{folder} holds other files; choose a folder that is new or of a sweep"
        raise PlannerError(msg)


class _Work:
    """What is left of a sweep, given out point by point with the nearest neighbour done so far."""

    def __init__(
        self,
        plan: Plan,
        varied: Sequence[Vary],
        points: Sequence[Point],
        runs: dict[int, Run],
        why: dict[int, str],
        stop: Callable[[], bool],
    ) -> None:
        self.plan = plan
        self.points = {point.number: point for point in points}
        self.home = home_of(varied, points)
        self.order = in_order_of_work(varied, points)
        self.runs = runs
        self.why = why
        self.stop = stop

    @property
    def left(self) -> list[Point]:
        """Points without an answer, in the order of work."""
        return [p for p in self.order if p.number not in self.runs and p.number not in self.why]

    def tasks(self, threads: int, most: int | None) -> Iterator[Task]:
        """Points to plan; each is given out when a worker is free for it."""
        waiting = self.left[:most]
        while waiting and not self.stop():
            # Rather one whose neighbours are done than one whose neighbours are being planned.
            point = next((one for one in waiting if self._is_ready(one)), waiting[0])
            waiting.remove(point)
            starts = self._nearest(point)
            plan = point.in_plan(self.plan)
            yield Task(point.number, plan, point.name, starts, threads, os.getpid())

    def _is_ready(self, point: Point) -> bool:
        return not any(waits_for(point, other, self.home) for other in self.left)

    def _nearest(self, point: Point) -> tuple[Run, ...]:
        """Neighbours that are done, the nearest first; a few, of which one may fit."""
        done = [n for n, run in self.runs.items() if run.result.get("status") != "stopped"]
        done.sort(key=lambda number: (point.distance(self.points[number]), number))
        return tuple(as_start(self.runs[number]) for number in done[:_NEIGHBOURS])


def _keep(
    done: Done,
    work: _Work,
    folders: dict[int, Path],
    say: Callable[[str], None],
    enter: Callable[[Path], None],
) -> None:
    point = work.points[done.number]
    if done.run is None:
        work.why[done.number] = done.why
        told = done.why
    else:
        folder = folders[done.number]
        write_run(done.run, folder, point.in_plan(work.plan))
        enter(folder)
        work.runs[done.number] = done.run
        result = done.run.result
        gap = result.get("gap")
        told = f"cost {result['cost']:,.0f}" + ("" if gap is None else f", gap {100 * gap:.1f} %")
        told += f", {result['cpu_s']:.0f} CPU-s" + ("" if done.run.exit_code == 0 else ", missed")
    count = len(work.runs) + len(work.why)
    say(f"{count}/{len(work.points)} {point.name}: {told}")


def _write(
    root: Path,
    table: pd.DataFrame,
    varied: Sequence[Vary],
    points: Sequence[Point],
    runs: dict[int, Run],
) -> tuple[Path, ...]:
    write_whole(root / TABLE, lambda path: table.to_csv(path, index=False))
    if not runs:
        return (root / TABLE,)
    run = next(iter(runs.values()))
    title = f"{run.result.get('name', '')} ({run.result.get('currency', '')})"
    drawn = sweep_picture(table, varied, points, title)
    write_whole(root / PICTURE, lambda path: path.write_text(drawn, encoding="utf-8"))
    return root / TABLE, root / PICTURE
