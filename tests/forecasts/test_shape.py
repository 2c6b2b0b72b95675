import numpy as np
import pandas as pd
import pytest

from forecasts.effects import describe_days
from forecasts.history import read_history
from forecasts.shape import forecast_shapes, full_day_totals, open_pattern

from .conftest import make_history, office_profile


def shapes_of(history, n_ahead=7, calendar=None):
    (grid,), _ = read_history(history)
    days = describe_days(grid.first_day, grid.n_days + n_ahead, calendar=calendar)
    total = full_day_totals(grid.volume, days)
    horizon = grid.n_days + np.arange(n_ahead)
    return forecast_shapes(grid.volume, total, days, horizon)[2]


def test_profiles_sum_to_one_over_open_intervals():
    shapes = shapes_of(make_history())
    assert np.where(shapes.open, shapes.profile, 0).sum(axis=1) == pytest.approx(np.ones(7))
    assert shapes.open.sum(axis=1).tolist() == [24] * 7


def test_the_true_profile_is_found_within_its_noise():
    shapes = shapes_of(make_history())
    truth = office_profile(np.arange(8, 20, 0.5))
    truth /= truth.sum()
    assert np.abs(shapes.profile[0, 16:40] - truth).max() < 0.004


def test_weekdays_that_were_closed_stay_closed():
    """The history ends on Friday 23 May."""
    shapes = shapes_of(make_history(weekdays=range(5)))
    assert shapes.open.any(axis=1).tolist() == [False] * 2 + [True] * 5


def test_a_made_up_saturday_opens_like_monday_to_friday():
    own = pd.DataFrame({"date": ["2025-05-31"], "kind": ["working_day"], "name": [""]})
    shapes = shapes_of(make_history(weekdays=range(5)), 9, own)
    assert shapes.open[7].sum() == 24


def test_a_closed_day_has_no_open_interval():
    own = pd.DataFrame({"date": ["2025-05-28"], "kind": ["closed"], "name": [""]})
    assert not shapes_of(make_history(), calendar=own).open[2].any()


def test_shorter_hours_of_late_are_followed():
    history = make_history(n_days=140)
    late = history["start"] >= "2025-03-20"
    history = history[~late | (history["start"].dt.hour < 18)]
    assert shapes_of(history).open.sum(axis=1).tolist() == [20] * 7


def test_a_day_with_a_hole_is_scaled_to_the_whole_day():
    history = make_history(noise=False, n_days=28)
    hole = (history["start"] >= "2025-01-20 14:00") & (history["start"] < "2025-01-20 16:00")
    (grid,), _ = read_history(history[~hole])
    total = full_day_totals(grid.volume, describe_days(grid.first_day, 28))
    assert total[14] == pytest.approx(total[7], rel=1e-6)


def test_holidays_open_as_past_holidays_did():
    dates = ["2025-02-03", "2025-03-03", "2025-05-26"]
    own = pd.DataFrame({"date": dates, "kind": "holiday", "name": "day off"})
    history = make_history()
    shut = history["start"].dt.strftime("%Y-%m-%d").isin(dates)
    (grid,), _ = read_history(history[~shut])
    days = describe_days(grid.first_day, 150, calendar=own)
    assert not open_pattern(grid.volume, days)[1].any()
    (grid,), _ = read_history(history)
    assert open_pattern(grid.volume, days)[1].sum() == 24


def test_a_long_gap_does_not_close_the_weekdays_after_it():
    """Nine days after eight months without a record nearly all last weekdays lie in the gap."""
    whole = make_history(n_days=280)
    day = (whole["start"] - whole["start"].min()).dt.days
    shapes = shapes_of(whole[(day < 30) | (day >= 271)])
    assert shapes.open.sum(axis=1).tolist() == [24] * 7
