"""Erlang B, C and A: queues whose contacts are answered at once.

All arguments broadcast against each other; loads are in Erlang, agents may be fractional. With
infinite patience the formulas are Erlang C, otherwise Erlang A (exponential patience) in closed
form. Errors stay below 1e-10 up to 100,000 Erlang.

Conventions at the borders: without load nobody waits (service level 1, waits and occupancy 0);
without agents, or in Erlang C with no more agents than load, the service level is 0 and the
occupancy 1. A queue that nobody abandons and nobody can clear has an infinite mean wait.

References
----------
Erlang (1917); Palm (1946); Garnett, Mandelbaum, Reiman (2002), "Designing a call center with
impatient customers"; Zeltyn, Mandelbaum (2005), "Call centers with impatient customers".
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from staffing import _erlang_kernels as kernels
from staffing._search_kernels import required

Definition = Literal[
    "offered", "virtual", "answered", "without_short_abandons", "short_abandons_good"
]
DEFINITIONS: tuple[str, ...] = get_args(Definition)


def blocking(load: npt.ArrayLike, agents: npt.ArrayLike) -> Any:
    """Erlang B: share of contacts that find all agents busy when none can wait.

    Parameters
    ----------
    load, agents
        Offered load in Erlang and number of agents, both >= 0; agents may be fractional.

    Returns
    -------
    float or ndarray
        Probability, in the broadcast shape of the arguments.
    """
    shape, (load_, agents_) = _flat(load=load, agents=agents)
    return _shaped(kernels.blocking_all(load_, agents_), shape)


def waiting_probability(
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike | None = None,
    patience_s: npt.ArrayLike = np.inf,
) -> Any:
    """Share of contacts that are not answered immediately.

    Parameters
    ----------
    load, agents
        Offered load in Erlang, number of agents.
    aht_s
        Mean handling time in seconds; needed when the patience is finite.
    patience_s
        Mean patience in seconds; infinite for Erlang C.

    Returns
    -------
    float or ndarray
        P(wait > 0), over all contacts.

    Raises
    ------
    ValueError
        If the patience is finite and `aht_s` is missing, or an argument is out of range.
    """
    return _measure(0, load, agents, aht_s, patience_s)


def service_level(
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike,
    target_s: npt.ArrayLike,
    patience_s: npt.ArrayLike = np.inf,
    definition: Definition = "offered",
) -> Any:
    """Share of contacts answered within the target time.

    Parameters
    ----------
    load, agents
        Offered load in Erlang, number of agents.
    aht_s, target_s, patience_s
        Mean handling time, target time and mean patience in seconds.
    definition
        What is divided by what, with ``T`` the target:

        - ``"offered"``: answered within T / all contacts;
        - ``"virtual"``: chance that a caller of endless patience is answered within T;
        - ``"answered"``: answered within T / answered;
        - ``"without_short_abandons"``: answered within T / all but those who left within T;
        - ``"short_abandons_good"``: (answered within T + left within T) / all contacts.

    Returns
    -------
    float or ndarray
        Share between 0 and 1. All definitions agree when nobody abandons.

    Raises
    ------
    ValueError
        If the definition is unknown or an argument is out of range.
    """
    shape, flat = _flat(
        load=load, agents=agents, aht_s=aht_s, target_s=target_s, patience_s=patience_s
    )
    return _shaped(kernels.levels(_code(definition), *flat), shape)


def mean_wait_s(
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike,
    patience_s: npt.ArrayLike = np.inf,
) -> Any:
    """Mean waiting time in seconds over all contacts, answered or abandoned.

    Parameters
    ----------
    load, agents
        Offered load in Erlang, number of agents.
    aht_s, patience_s
        Mean handling time and mean patience in seconds.

    Returns
    -------
    float or ndarray
        Seconds; infinite in Erlang C with no more agents than load.
    """
    return _measure(5, load, agents, aht_s, patience_s)


def abandonment(
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike,
    patience_s: npt.ArrayLike,
) -> Any:
    """Share of contacts that give up waiting.

    Parameters
    ----------
    load, agents
        Offered load in Erlang, number of agents.
    aht_s, patience_s
        Mean handling time and mean patience in seconds.

    Returns
    -------
    float or ndarray
        Probability; 0 for infinite patience.
    """
    return _measure(1, load, agents, aht_s, patience_s)


def occupancy(
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike | None = None,
    patience_s: npt.ArrayLike = np.inf,
) -> Any:
    """Share of the agents' time spent on contacts: load x P(answered) / agents, at most 1.

    Parameters
    ----------
    load, agents
        Offered load in Erlang, number of agents.
    aht_s, patience_s
        Mean handling time (needed when the patience is finite) and mean patience in seconds.

    Returns
    -------
    float or ndarray
        Share between 0 and 1.
    """
    return _measure(6, load, agents, aht_s, patience_s)


def required_agents(
    load: npt.ArrayLike,
    *,
    aht_s: npt.ArrayLike,
    target_s: npt.ArrayLike,
    service_level: npt.ArrayLike,
    patience_s: npt.ArrayLike = np.inf,
    max_occupancy: npt.ArrayLike = 1.0,
    max_abandonment: npt.ArrayLike = 1.0,
    max_mean_wait_s: npt.ArrayLike = np.inf,
    fractional: bool = False,
    definition: Definition = "offered",
) -> Any:
    """Fewest agents that hold the service level and every cap at once.

    With impatient callers a service level alone starves large queues (at 2,000 Erlang 80 % in 20 s
    is reached at full occupancy, because the others leave): state a cap on occupancy or
    abandonment too.

    Parameters
    ----------
    load
        Offered load in Erlang.
    aht_s, target_s, patience_s
        Mean handling time, target time and mean patience in seconds.
    service_level
        Share to be reached, by `definition` (see `service_level`).
    max_occupancy, max_abandonment, max_mean_wait_s
        Caps; 1, 1 and infinity do not bind.
    fractional
        Answer in fractions of an agent, to be pooled, grossed up for absence and then rounded once
        with ``ceil(x - 1e-9)``; otherwise whole agents.

    Returns
    -------
    float, int or ndarray
        Agents in the broadcast shape of the arguments; 0 where there is no load.

    Raises
    ------
    ValueError
        If an argument is out of range: shares outside 0..1, an occupancy cap of 0, negative times.
    """
    shape, flat = _flat(
        load=load,
        aht_s=aht_s,
        target_s=target_s,
        service_level=service_level,
        patience_s=patience_s,
        max_occupancy=max_occupancy,
        max_abandonment=max_abandonment,
        max_mean_wait_s=max_mean_wait_s,
    )
    found = required(_code(definition), fractional, _alike_together(flat), *flat)
    return _shaped(found if fractional else found.astype(np.int64), shape)


# Square roots of primes; and how many loads a queue has for it to be worth a group of its own.
_UNRELATED = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0])
_FEW = 16
# Numbers looked at to see whether they are few.
_SAMPLE = 1000

_POSITIVE = {"aht_s", "patience_s", "max_occupancy"}
_SHARES = {"service_level", "max_occupancy", "max_abandonment"}
_MAY_BE_INFINITE = {"target_s", "patience_s", "max_mean_wait_s"}


def _flat(**arguments: npt.ArrayLike) -> tuple[tuple[int, ...], list[kernels.Floats]]:
    """Check the arguments, broadcast them, and copy them flat (kernels take writable arrays)."""
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in arguments.items()}
    for name, array in arrays.items():
        good = array > 0 if name in _POSITIVE else array >= 0
        if name in _SHARES:
            good &= array <= 1
        if name not in _MAY_BE_INFINITE:
            good &= np.isfinite(array)
        if not np.all(good):
            wanted = "> 0" if name in _POSITIVE else ">= 0"
            wanted += " and <= 1" if name in _SHARES else ""
            wanted += "" if name in _MAY_BE_INFINITE | _SHARES else " and finite"
            message = f"{name} must be {wanted}; got {array[~good].flat[0]}"
            raise ValueError(message)
    broadcast = np.broadcast_arrays(*arrays.values())
    return broadcast[0].shape, [np.array(array).ravel() for array in broadcast]


def _alike_together(flat: list[kernels.Floats]) -> npt.NDArray[np.int64]:
    """Order of rising load (the first array), queue by queue where they share their numbers."""
    load = flat[0]
    by_load = np.argsort(load, kind="stable")
    varying = [a[by_load] for a in flat[1:] if a.size and np.any(a != a[0])]
    # Where most intervals have numbers of their own (handling times), the others tell queues apart.
    few = [a for a in varying if np.unique(a[:: a.size // _SAMPLE + 1]).size * _FEW <= _SAMPLE]
    for arrays in (varying, few):
        if not arrays:
            break
        by_queue, queues = _grouped(arrays)
        if queues * _FEW <= load.size:
            return by_load[by_queue]
    return by_load


def _grouped(varying: list[kernels.Floats]) -> tuple[npt.NDArray[np.int64], int]:
    """Stable order that brings equal numbers together, and how many different ones there are."""
    # Any number that tells queues apart will do: a chance collision costs time, not truth.
    key = sum(
        (np.nan_to_num(a, posinf=-1.0) * w for a, w in zip(varying, _UNRELATED, strict=False)),
        np.zeros(varying[0].size),
    )
    order = np.argsort(key, kind="stable")
    return order, 1 + int(np.count_nonzero(np.diff(key[order])))


def _shaped(flat: npt.NDArray[Any], shape: tuple[int, ...]) -> Any:
    return flat.reshape(shape)[()]


def _code(definition: str) -> int:
    if definition not in DEFINITIONS:
        message = f"definition must be one of {', '.join(DEFINITIONS)}; got {definition!r}"
        raise ValueError(message)
    return DEFINITIONS.index(definition)


def _measure(
    row: int,
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    aht_s: npt.ArrayLike | None,
    patience_s: npt.ArrayLike,
) -> Any:
    """One row of `kernels.evaluate`, broadcast."""
    if aht_s is None:
        if np.any(np.isfinite(np.asarray(patience_s, dtype=float))):
            message = "aht_s is needed when patience_s is finite"
            raise ValueError(message)
        aht_s = 1.0
    shape, flat = _flat(load=load, agents=agents, aht_s=aht_s, target_s=0.0, patience_s=patience_s)
    return _shaped(kernels.evaluate(*flat)[row], shape)
