"""Where an approximate model may be trusted, and the warning when a call leaves that range."""

from __future__ import annotations

import warnings


class ModelRangeWarning(UserWarning):
    """A model is used outside the range in which it was held against the simulation.

    The ranges and the distances measured within them are in docs/models.md.
    """


def warn_outside(model: str, reason: str) -> None:
    """Say that a call leaves a model's range, and why the number may be off."""
    warnings.warn(outside(model, reason), ModelRangeWarning, stacklevel=3)


def outside(model: str, reason: str) -> str:
    """Words for a call that leaves a model's range."""
    return f"{model}: {reason}; simulate instead (docs/models.md)"
