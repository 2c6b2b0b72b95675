"""The requirement people can read: how many are needed in each interval, and why.

The optimiser works on `staffing.curves`; this table is for the planner's eyes, for the comparison
with other tools and for the arithmetic check of hours available against hours needed.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from staffing._erlang_kernels import Floats
from staffing.chat import MOST_MEASURED_AT_ONCE, required_chat_agents
from staffing.curves import modified_offered_load
from staffing.erlang import required_agents
from staffing.ranges import ModelRangeWarning, warn_outside

_IDLE = "no contacts"
# The modified offered load keeps single intervals within 1.5 points while handling takes up to a
# third of them, or the load hardly moves.
_LONGEST_HANDLING = 1 / 3
_MOVING = 0.05


def requirement(
    queue_name: str,
    starts: Any,
    offered: npt.ArrayLike,
    aht_s: npt.ArrayLike,
    *,
    interval_min: float,
    target_s: float,
    share: float,
    patience_s: float = np.inf,
    at_once: int = 1,
    stretch: Sequence[float] | None = None,
    max_occupancy: float = 1.0,
    max_abandonment: float = 1.0,
    max_mean_wait_s: float = np.inf,
    shrinkage: npt.ArrayLike = 0.0,
    shrinkage_words: Sequence[str] | None = None,
    aht_cv: float = 1.0,
    time_varying: bool = True,
) -> pd.DataFrame:
    """People needed on one queue, interval by interval, with the reason in words.

    Parameters
    ----------
    queue_name
        Written into every row.
    starts
        Start of each interval, ascending, shape (T,); a gap between two is closed time.
    offered, aht_s
        Expected contacts and mean handling time in seconds, shape (T,) or one `aht_s` for all.
    interval_min
        Length of an interval in minutes.
    target_s, share
        `share` of the offered contacts is to be answered within `target_s`; with a share of 0 the
        caps alone ask for people.
    patience_s
        Mean patience in seconds; infinite for Erlang C.
    at_once, stretch
        Contacts a person holds at once, and how durations grow with it (`staffing.chat`).
    max_occupancy, max_abandonment, max_mean_wait_s
        Caps; 1, 1 and infinity do not bind. For chat the occupancy is the share of slots in use.
    shrinkage
        Share of paid time away from the work, one number or one per interval.
    shrinkage_words
        What it is made of, for the reason, one text per interval.
    aht_cv, time_varying
        As in `staffing.curves.service_curve`: the load remembers the intervals before.

    Returns
    -------
    DataFrame
        Columns queue, start, offered, aht_s, load_erlang, needed_fractional, needed (whole people
        if this queue stood alone), shrinkage, gross (fractional: pool first, then round once),
        reason, notice (where a model leaves the range in which it was measured; else empty).

    Warns
    -----
    ModelRangeWarning
        Once, where there is any notice.

    Raises
    ------
    ValueError
        If an argument is out of range or lengths differ.
    """
    when = pd.DatetimeIndex(starts)
    volume = np.asarray(offered, dtype=np.float64)
    if volume.shape != (len(when),):
        message = f"{len(when)} starts but offered has shape {volume.shape}"
        raise ValueError(message)
    durations = np.broadcast_to(np.asarray(aht_s, dtype=np.float64), volume.shape)
    away = np.broadcast_to(np.asarray(shrinkage, dtype=np.float64), volume.shape)
    if not np.all((away >= 0) & (away < 1)):
        message = "shrinkage must be >= 0 and < 1"
        raise ValueError(message)

    arriving = volume * durations / (60.0 * interval_min)
    load = arriving
    if time_varying:
        load = _load_with_gaps(when, volume, durations, interval_min, aht_cv)

    def agents(
        occupancy_cap: float = 1.0, abandonment_cap: float = 1.0, wait_cap_s: float = np.inf
    ) -> Floats:
        common: dict[str, Any] = {
            "aht_s": durations,
            "target_s": target_s,
            "service_level": share,
            "patience_s": patience_s,
            "max_occupancy": occupancy_cap,
            "max_abandonment": abandonment_cap,
            "max_mean_wait_s": wait_cap_s,
            "fractional": True,
        }
        if at_once > 1:
            with warnings.catch_warnings():
                # Told once, with the rest.
                warnings.simplefilter("ignore", ModelRangeWarning)
                return np.asarray(
                    required_chat_agents(load, at_once=at_once, stretch=stretch, **common)
                )
        return np.asarray(required_agents(load, **common))

    # One cap after the other, so that each step of the reason is a number of its own.
    steps = {f"{_percent(share)} in {_duration(target_s)}": agents()} if share > 0 else {}
    caps: list[float] = []
    for name, cap, binds in (
        ("occupancy cap", max_occupancy, max_occupancy < 1),
        ("abandonment cap", max_abandonment, max_abandonment < 1),
        (f"mean wait of {_duration(max_mean_wait_s)}", max_mean_wait_s, max_mean_wait_s < np.inf),
    ):
        caps.append(cap)
        if binds:
            steps[name] = agents(*caps)
    needed = list(steps.values())[-1] if steps else np.zeros(volume.size)
    gross = needed / (1.0 - away)

    slots = f", {at_once} at once" if at_once > 1 else ""
    notices = _notices(arriving, load, durations, interval_min, at_once)
    if any(notices):
        warn_outside("requirement", f"{sum(map(bool, notices))} intervals (column notice)")
    kinds = [""] * volume.size if shrinkage_words is None else shrinkage_words
    reasons = [
        f"{_load_words(arriving[t], load[t])}{slots}; "
        + _steps({name: found[t] for name, found in steps.items()}, away[t], gross[t], kinds[t])
        if arriving[t] > 0
        else _IDLE
        for t in range(volume.size)
    ]
    return pd.DataFrame(
        {
            "queue": queue_name,
            "start": when,
            "offered": volume,
            "aht_s": durations,
            "load_erlang": load,
            "needed_fractional": needed,
            "needed": np.ceil(needed - 1e-9).astype(np.int64),
            "shrinkage": away,
            "gross": gross,
            "reason": reasons,
            "notice": notices,
        }
    )


def _notices(
    arriving: Floats, load: Floats, durations: Floats, interval_min: float, at_once: int
) -> list[str]:
    """What to say of intervals in which a model leaves its range."""
    many = at_once > MOST_MEASURED_AT_ONCE
    chat = f"more than {MOST_MEASURED_AT_ONCE} chats at once were not measured" if many else ""
    is_long = durations > _LONGEST_HANDLING * 60.0 * interval_min
    moves = np.abs(load - arriving) > _MOVING * np.maximum(load, arriving)
    found = []
    for minutes, off, comes in zip(durations / 60, is_long & moves, arriving, strict=True):
        slow = (
            f"handling of {minutes:.3g} min in an interval of {interval_min:g} min whose load "
            "moves: its share may be some points off, the day's is not"
        )
        words = [chat] * many + [slow] * bool(off)
        found.append("; ".join(words) if comes > 0 else "")
    return found


def service_prices(
    queue_name: str,
    starts: Any,
    offered: npt.ArrayLike,
    aht_s: npt.ArrayLike,
    *,
    shares: Sequence[float],
    cost_per_hour: float,
    interval_min: float,
    **case: Any,
) -> pd.DataFrame:
    """Service against people: what each share in time asks for, and what one more point costs.

    Parameters
    ----------
    queue_name, starts, offered, aht_s, interval_min
        As for `requirement`.
    shares
        Shares in time to be priced, ascending.
    cost_per_hour
        Money for a paid hour; NaN where it is not known.
    **case
        The other arguments of `requirement`, all but `share`.

    Returns
    -------
    DataFrame
        Columns queue, share, hours (paid, over all intervals, before whole people), peak_people
        (the most in any interval, at work), hours_per_point, cost_per_point: the step to the next
        share divided by its points, NaN in the last row. Where a cap binds everywhere a point is
        free.
    """
    rows = []
    for share in shares:
        table = requirement(
            queue_name, starts, offered, aht_s, share=share, interval_min=interval_min, **case
        )
        hours = float(table["gross"].sum()) * interval_min / 60.0
        rows.append((queue_name, share, hours, int(table["needed"].max()) if len(table) else 0))
    found = pd.DataFrame(rows, columns=["queue", "share", "hours", "peak_people"])
    points = 100.0 * -found["share"].diff(-1)
    found["hours_per_point"] = -found["hours"].diff(-1) / points
    found["cost_per_point"] = found["hours_per_point"] * cost_per_hour
    return found


def _load_with_gaps(
    when: pd.DatetimeIndex,
    volume: Floats,
    durations: Floats,
    interval_min: float,
    aht_cv: float,
) -> Floats:
    """Modified offered load, begun anew after every gap in the starts."""
    step = pd.Timedelta(minutes=interval_min)
    breaks = np.flatnonzero(np.asarray(when[1:] - when[:-1]) > step.to_timedelta64()) + 1
    parts = zip(np.split(volume, breaks), np.split(durations, breaks), strict=True)
    return np.concatenate(
        [modified_offered_load(v, d, interval_min, aht_cv=aht_cv) for v, d in parts]
    )


def _load_words(arriving: float, load: float) -> str:
    """The load at work, and what arrives where the two differ."""
    words = f"{load:.1f} Erlang"
    return words if words == f"{arriving:.1f} Erlang" else f"{words} ({arriving:.1f} arriving)"


def _steps(steps: dict[str, float], away: float, gross: float, kinds: str) -> str:
    """Each step that visibly raises the number, with the number it raises it to."""
    now, words = "", []
    for name, number in steps.items():
        if f"{number:.1f}" != now:
            verb = "raises it to" if now else "needs"
            now = f"{number:.1f}"
            words.append(f"{name} {verb} {now}")
    if away > 0:
        # One kind alone says nothing that the sum does not.
        made_of = f" ({kinds})" if "," in kinds else ""
        words.append(f"absence {_percent(away)}{made_of} to {gross:.1f}")
    return "; ".join(words) or "nothing is promised"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.4g} s"
    return f"{seconds / 60:.4g} min" if seconds < 7200 else f"{seconds / 3600:.4g} h"
