"""Who is really there: duty after absences and after time lost to what the plan does not fix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from staffing.simulation.random import hashed_uniform
from staffing.simulation.scene import Floats, Ints, Scene

# Purposes of hashed random numbers, apart from those of the event loop.
_ABSENT, _AWAY = np.uint64(16), np.uint64(17)


@dataclass(frozen=True)
class Stretches:
    """Stretches of duty, arrays of shape (n,), seconds from the start of the horizon."""

    agent: Ints
    start_s: Floats
    end_s: Floats


@dataclass(frozen=True)
class Duty:
    """Planned duty and what it takes to draw absences, by agent and time, arrays of shape (n,)."""

    planned: Stretches
    offset_s: Floats
    """Duty of the shift before the stretch begins."""
    shift_s: Floats
    """Duty of the whole shift."""
    shift_start_s: Floats
    absence: Floats
    away_share: Floats

    @classmethod
    def of(cls, scene: Scene) -> Duty:
        """Take the duty of a scene, cut to the horizon.

        Raises
        ------
        ValueError
            If two stretches of an agent overlap.
        """
        horizon_s = float(scene.grid.size * scene.grid.interval_s)
        start_s, end_s = (
            np.maximum(scene.duty_start_s, 0.0),
            np.minimum(scene.duty_end_s, horizon_s),
        )
        by = np.lexsort((start_s, scene.duty_agent))
        by = by[(end_s > start_s)[by]]
        agent, start_s, end_s = scene.duty_agent[by], start_s[by], end_s[by]
        same = agent[1:] == agent[:-1]
        if np.any(same & (start_s[1:] < end_s[:-1])):
            worst = int(np.argmax(same & (start_s[1:] < end_s[:-1])))
            msg = f"stretches of agent {agent[worst]} overlap at {start_s[worst + 1]:.0f} s"
            raise ValueError(msg)
        numbers = np.column_stack([agent, scene.duty_shift[by]])
        _, first, shift = np.unique(numbers, axis=0, return_index=True, return_inverse=True)
        shift = shift.reshape(-1)
        worked_s = end_s - start_s
        shift_s = np.asarray(np.bincount(shift, worked_s, minlength=1)[shift], dtype=float)
        shift_start_s = start_s[first][shift]
        days = scene.grid.days
        day = np.minimum((shift_start_s // 86400).astype(np.int64), days - 1)
        absence, away_share = (
            np.broadcast_to(a if a.ndim == 2 else a[:, None], (len(a), days))[agent, day]
            for a in (scene.absence, scene.away_share)
        )
        before_s = np.cumsum(worked_s) - worked_s
        return cls(
            Stretches(agent, start_s, end_s),
            before_s - before_s[first][shift],
            shift_s,
            shift_start_s,
            absence,
            away_share,
        )

    def draw(self, key: np.uint64) -> Stretches:
        """Duty of one replication.

        A shift is absent as a whole with its agent's probability; of each other shift a block of
        `away_share` of its duty is lost at a place that is uniform over the shift's duty.
        """
        planned = self.planned
        if not (self.absence.any() or self.away_share.any()):
            return planned
        who, when = planned.agent.astype(np.uint64), self.shift_start_s.astype(np.uint64)
        present = hashed_uniform(key, who, when, _ABSENT) >= self.absence
        away_s = self.away_share * self.shift_s
        away_from = hashed_uniform(key, who, when, _AWAY) * (self.shift_s - away_s)
        # On the clock of the shift's own duty the stretch is offset .. offset + worked.
        worked_s = planned.end_s - planned.start_s
        head_s = np.clip(away_from - self.offset_s, 0.0, worked_s)
        tail_s = np.clip(away_from + away_s - self.offset_s, 0.0, worked_s)
        agent = np.concatenate([planned.agent, planned.agent])
        start_s = np.concatenate([planned.start_s, planned.start_s + tail_s])
        end_s = np.concatenate([planned.start_s + head_s, planned.end_s])
        # Without a block inside it the stretch stays whole: its head is all of it or its tail is.
        whole = (head_s == tail_s) & (head_s > 0.0) & (head_s < worked_s)
        end_s[: len(whole)][whole] = planned.end_s[whole]
        keep = np.concatenate([present, present & ~whole]) & (end_s > start_s)
        return Stretches(agent[keep], start_s[keep], end_s[keep])
