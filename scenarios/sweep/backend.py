"""Where points are planned: in this process, on processes here, on a Dask cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from scenarios.errors import PlannerError
from scenarios.sweep.work import Done, Task, leave_interrupts, plan_point

_PATIENCE_S = 10
_DASK = "dask://"
_INSTALL = "pip install 'staffing-optimizer[cluster]'"
# So often in a row the processes may be lost without a point done.
_MOST_LOSSES = 3


@dataclass(frozen=True)
class Backend:
    """Workers, threads of each, and how joblib reaches them."""

    workers: int
    threads: int
    options: dict[str, Any]


@contextmanager
def backend_of(url: str, workers: int | None, points: int) -> Iterator[Backend]:
    """Open the workers of a sweep.

    Parameters
    ----------
    url
        `loky` for processes of this machine, `dask://host:port` for a cluster's scheduler.
    workers
        How many; as many as there are cores, or workers of the cluster, if None.
    points
        How many points there are to plan.

    Raises
    ------
    PlannerError
        More workers than cores, or no such cluster.
    """
    if url == "loky":
        yield _here(workers, points)
    elif url.startswith(_DASK):
        with _cluster(url.removeprefix(_DASK), workers) as backend:
            yield backend
    else:
        msg = f"--backend is loky or dask://host:port, got {url}"
        raise PlannerError(msg)


def run_tasks(
    backend: Backend,
    tasks: Callable[[], Iterable[Task]],
    stop: Callable[[], bool],
) -> Iterator[Done]:
    """Plan the points that `tasks` still gives, as they are done.

    A lost process of this machine takes its point with it, which is then given again; a cluster's
    scheduler does the same by itself.
    """
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    if backend.workers == 1 and backend.options["backend"] == "loky":
        for task in tasks():
            yield plan_point(task, stop)
        return
    losses = 0
    while True:
        try:
            with parallel_config(**backend.options):
                for done in Parallel(
                    n_jobs=backend.workers,
                    return_as="generator_unordered",
                    batch_size=1,
                    pre_dispatch="n_jobs",
                )(delayed(plan_point)(task) for task in tasks()):
                    losses = 0
                    yield done
            return
        except TerminatedWorkerError as error:
            losses += 1
            if losses == _MOST_LOSSES:
                msg = (
                    "the processes that plan points were killed three times in a row, perhaps for "
                    "want of memory; fewer --workers need less. What is done is kept"
                )
                raise PlannerError(msg) from error


def _here(workers: int | None, points: int) -> Backend:
    from joblib import cpu_count

    cores = cpu_count()
    if workers is not None and workers > cores:
        msg = f"--workers {workers} is more than the {cores} cores of this machine"
        raise PlannerError(msg)
    number = max(1, min(workers or cores, points))
    threads = max(1, cores // number)
    options = {
        "backend": "loky",
        "inner_max_num_threads": threads,
        "initializer": leave_interrupts,
    }
    return Backend(number, threads, options)


@contextmanager
def _cluster(address: str, workers: int | None) -> Iterator[Backend]:
    try:
        from dask.distributed import Client
    except ImportError:
        msg = f"a Dask cluster needs dask and distributed: {_INSTALL}"
        raise PlannerError(msg) from None
    try:
        client = Client(f"tcp://{address}", timeout=_PATIENCE_S)
    except (OSError, ValueError) as error:
        msg = f"no Dask scheduler answers at {address}: {error}"
        raise PlannerError(msg) from error
    try:
        threads = client.nthreads()
        if not threads:
            msg = f"the Dask cluster at {address} has no workers: start some with --nthreads 1"
            raise PlannerError(msg)
        if max(threads.values()) > 1:
            msg = (
                "a point is planned by a process of its own, whose processor time counts: start "
                "the cluster's workers with --nthreads 1 --nworkers auto"
            )
            raise PlannerError(msg)
        number = min(workers or len(threads), len(threads))
        yield Backend(number, 1, {"backend": "dask", "client": client})
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=5)
