"""What a log of single contacts tells about the columns of `queues` and `tenure`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from forecasts import Behaviour, estimate_behaviour
from scenarios.errors import PlannerError


def estimate_log(path: Path) -> Behaviour:
    """Read a log (CSV, gzipped or not) and estimate how contacts behave.

    Raises
    ------
    PlannerError
        When the file cannot be read, or lacks a queue or a time of arrival.
    """
    try:
        log = pd.read_csv(path, low_memory=False)
        return estimate_behaviour(log)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        msg = f"{path} cannot be used as a log of contacts: {error}"
        raise PlannerError(msg) from error
