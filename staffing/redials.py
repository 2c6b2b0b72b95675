"""Load with those who call again: after giving up, or because nothing was solved."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from staffing import erlang
from staffing.ranges import warn_outside

_SOONEST_REDIAL_IN_AHT = 2.0


def load_with_redials(
    load: npt.ArrayLike,
    agents: npt.ArrayLike,
    *,
    aht_s: float,
    patience_s: float,
    redial_share: float = 0.0,
    repeat_share: float = 0.0,
    redial_after_s: float = np.inf,
) -> Any:
    """Offered load once redials and repeats are in it.

    Solves ``load' = load + redial_share P(ab) load' + repeat_share (1 - P(ab)) load'`` by steps of
    half the way, P(ab) being Erlang A's at load'. Give it unique contacts: a history that counts
    every call has the redials in it.

    Parameters
    ----------
    load, agents
        First contacts in Erlang, and people; they broadcast.
    aht_s, patience_s
        Handling time and mean patience in seconds.
    redial_share
        Share of those who give up that call again.
    repeat_share
        Share of those served that come again (1 - first-contact resolution).
    redial_after_s
        Mean time until they call again. Redials are taken as fresh arrivals; soon after they meet
        the same crowd, so `ModelRangeWarning` is given below two handling times.

    Returns
    -------
    float or ndarray
        Erlang.

    Raises
    ------
    ValueError
        If a share is not in 0 .. 1, or 1 for repeats, with which nothing ever ends.

    References
    ----------
    Koole (2013), Call Center Optimization, on redials; checked by simulation (docs/models.md).
    """
    if not (0.0 <= redial_share <= 1.0 and 0.0 <= repeat_share < 1.0):
        message = (
            f"redial_share in 0..1 and repeat_share in 0..<1; got {redial_share} and {repeat_share}"
        )
        raise ValueError(message)
    if redial_share > 0.0 and redial_after_s < _SOONEST_REDIAL_IN_AHT * aht_s:
        warn_outside("redials", "they come within two handling times and meet the same crowd")
    first, heads = np.broadcast_arrays(
        np.asarray(load, dtype=np.float64), np.asarray(agents, dtype=np.float64)
    )
    now = first.copy()
    # With every impatient caller coming back an overload grows without end; nobody dials for ever.
    most = 1e3 * np.maximum(first, 1.0)
    for _ in range(500):
        leave = erlang.abandonment(now, heads, aht_s=aht_s, patience_s=patience_s)
        again = redial_share * leave + repeat_share * (1.0 - leave)
        following = np.minimum(0.5 * (now + first + again * now), most)
        if np.all(np.abs(following - now) <= 1e-12 * np.maximum(now, 1e-300)):
            break
        now = following
    return now[()]
