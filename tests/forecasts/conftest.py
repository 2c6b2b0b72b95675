"""Small synthetic histories whose truth is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SHARED_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
WEEKDAY_LEVEL = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.6, 0.5])


def office_profile(hours: np.ndarray) -> np.ndarray:
    """Two humps, at 10:00 and 15:00; sums to about 1 over 08:00-20:00."""
    return 0.12 * np.exp(-((hours - 10) ** 2) / 8) + 0.1 * np.exp(-((hours - 15) ** 2) / 8)


def make_history(
    first="2025-01-06",
    n_days=140,
    per_day=600.0,
    queue="phone",
    day_cv=0.0,
    seed=0,
    weekdays=range(7),
    interval_min=30,
    noise=True,
):
    """Half-hours from 08:00 to 20:00 with a weekday level, and perhaps Poisson and day noise."""
    rng = np.random.default_rng(seed)
    rows = []
    slots = np.arange(8 * 60, 20 * 60, interval_min)
    share = office_profile(slots / 60)
    share = share / share.sum()
    for day in pd.date_range(first, periods=n_days):
        if day.day_of_week not in weekdays:
            continue
        factor = rng.gamma(1 / day_cv**2, day_cv**2) if day_cv else 1.0
        mean = per_day * WEEKDAY_LEVEL[day.day_of_week] * factor * share
        count = rng.poisson(mean) if noise else mean
        starts = day + pd.to_timedelta(slots, unit="min")
        rows.append(pd.DataFrame({"queue": queue, "start": starts, "volume": count}))
    return pd.concat(rows, ignore_index=True)


@pytest.fixture
def real_data():
    if not SHARED_DATA.is_dir():
        pytest.skip("the real data sets are not beside this checkout")
    return SHARED_DATA
