"""What the calendar knows, from history to forecast: synthetic queues whose truth is known."""

import holidays
import numpy as np
import pandas as pd
import pytest

from forecasts import forecast, forecast_detail

from .conftest import WEEKDAY_LEVEL

HOURS = np.arange(9, 21, 3)
SHARE = np.array([0.4, 0.3, 0.2, 0.1])


def truth(first, last, factor=None, share=None, per_day=4000.0):
    """Expected contacts of four intervals a day; `factor` and `share` by date.

    Days of `factor` None are closed.
    """
    factor, share = factor or {}, share or {}
    parts = []
    for day in pd.date_range(first, last):
        date = f"{day:%Y-%m-%d}"
        times = factor.get(date, 1.0)
        if times is None:
            continue
        mean = per_day * WEEKDAY_LEVEL[day.day_of_week] * times * share.get(date, SHARE)
        starts = day + pd.to_timedelta(HOURS, unit="h")
        parts.append(pd.DataFrame({"queue": "phone", "start": starts, "volume": mean}))
    return pd.concat(parts, ignore_index=True)


def past_and_days(first, cut, days, factor, options=None, seed=0, share=None):
    """Forecast from what came before `cut`; expected and forecast totals of `days` days."""
    last = pd.Timestamp(cut) + pd.Timedelta(days=days - 1)
    mean = truth(first, last, factor, share)
    past = mean[mean["start"] < cut]
    past = past.assign(volume=np.random.default_rng(seed).poisson(past["volume"]))
    table = forecast(past, days, **(options or {}))
    both = mean.merge(table, on=["queue", "start"], suffixes=("_true", ""))
    by_day = both.groupby(both["start"].dt.strftime("%Y-%m-%d"))
    return by_day[["volume_true", "volume"]].sum().rename(columns={"volume_true": "true"})


def dates(first, last):
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(first, last)]


def test_school_terms_rise_when_they_start_and_only_then():
    """Three weeks of half as much again; the third start falls into the forecast."""
    terms = [*dates("2023-09-01", "2023-09-21"), *dates("2024-03-01", "2024-03-21"),
             *dates("2024-09-02", "2024-09-22")]  # fmt: skip
    own = pd.DataFrame({"date": terms, "kind": "event", "name": "start of term"})
    found = past_and_days("2023-06-05", "2024-08-26", 28, dict.fromkeys(terms, 1.5),
                          {"calendar": own})  # fmt: skip
    assert len(found) == 28
    assert found["volume"].to_numpy() == pytest.approx(found["true"].to_numpy(), rel=0.08)


def test_a_sale_day_is_learnt_by_its_name():
    """18 June and 11 November at three times a usual day."""
    sales = ["2023-06-18", "2023-11-11", "2024-06-18", "2024-11-11"]
    own = pd.DataFrame({"date": sales, "kind": "event", "name": "sale"})
    found = past_and_days("2023-05-01", "2024-11-04", 14, dict.fromkeys(sales, 3.0),
                          {"calendar": own})  # fmt: skip
    assert found.loc["2024-11-11", "volume"] == pytest.approx(
        found.loc["2024-11-11", "true"], rel=0.08
    )
    others = found.drop("2024-11-11")
    assert others["volume"].to_numpy() == pytest.approx(others["true"].to_numpy(), rel=0.04)


def test_a_moving_feast_moves():
    """Easter Monday: 2023-04-10, 2024-04-01, 2025-04-21. A fifth of a Monday comes on it."""
    easter = ["2023-04-10", "2024-04-01", "2025-04-21"]
    found = past_and_days("2022-10-03", "2025-03-31", 28, dict.fromkeys(easter, 0.2),
                          {"country": "DE"})  # fmt: skip
    monday = found.loc["2025-04-21"]
    assert monday["volume"] == pytest.approx(monday["true"], rel=0.3)
    # Neither the date nor the week of an earlier Easter keeps anything of it.
    for ordinary in ("2025-04-01", "2025-04-07", "2025-04-10", "2025-04-14"):
        assert found.loc[ordinary, "volume"] == pytest.approx(found.loc[ordinary, "true"], rel=0.05)


def test_chinas_holidays_and_their_made_up_working_days():
    """The Spring Festival moves with the moon; a made-up Saturday is a working day like others."""
    china = holidays.country_holidays("CN", years=range(2021, 2026))
    worked = {f"{day:%Y-%m-%d}": day.weekday() for day in china.weekend_workdays}
    factor = dict.fromkeys((f"{day:%Y-%m-%d}" for day in china), 0.3)
    factor |= {date: 1.04 / WEEKDAY_LEVEL[weekday] for date, weekday in worked.items()}
    found = past_and_days("2022-06-06", "2025-01-20", 28, factor, {"country": "CN"})
    made_up = found.loc[["2025-01-26", "2025-02-08"]]
    assert made_up["true"].to_numpy() == pytest.approx(4160)  # twice a usual Sunday
    assert made_up["volume"].to_numpy() == pytest.approx(4160, rel=0.08)
    festival = found.loc[dates("2025-01-28", "2025-02-04")]
    assert festival["volume"].to_numpy() == pytest.approx(festival["true"].to_numpy(), rel=0.25)
    usual = found.drop([*made_up.index, *festival.index])
    assert usual["volume"].to_numpy() == pytest.approx(usual["true"].to_numpy(), rel=0.06)


def test_a_driver_known_ahead_moves_its_days():
    """Letters sent: each thousand brings a tenth more on its day."""
    every = dates("2024-01-01", "2024-12-28")
    sent = np.where(np.random.default_rng(3).random(len(every)) < 0.2, 4.0, 0.0)
    drivers = pd.DataFrame({"date": every, "driver": "letters", "value": sent})
    factor = dict(zip(every, np.exp(0.1 * sent), strict=True))
    found = past_and_days("2024-01-01", "2024-12-01", 28, factor, {"drivers": drivers})
    assert (sent[-28:] > 0).sum() >= 3
    assert found["volume"].to_numpy() == pytest.approx(found["true"].to_numpy(), rel=0.06)
    blind = past_and_days("2024-01-01", "2024-12-01", 28, factor)
    sent_days = sent[-28:] > 0
    assert (blind["volume"] < 0.85 * blind["true"])[sent_days].all()


def test_like_that_day_takes_its_total_and_its_shape():
    """A launch brought two and a half times a Wednesday, most of it in the evening."""
    launch, again = "2025-03-12", "2025-06-18"
    evening = np.array([0.1, 0.1, 0.2, 0.6])
    own = pd.DataFrame({"date": [again], "kind": "event", "name": "launch", "like": launch})
    mean = truth("2024-11-04", "2025-06-22", {launch: 2.5, again: 2.5},
                 {launch: evening, again: evening})  # fmt: skip
    past = mean[mean["start"] < "2025-06-09"]
    past = past.assign(volume=np.random.default_rng(1).poisson(past["volume"]))
    table = forecast(past, 14, calendar=own)
    joined = mean.merge(table, on=["queue", "start"], suffixes=("_true", ""))
    assert len(joined) == 14 * 4
    of_day = joined["start"].dt.strftime("%Y-%m-%d") == again
    day = joined[of_day]
    assert day["volume"].sum() == pytest.approx(day["volume_true"].sum(), rel=0.1)
    assert (day["volume"] / day["volume"].sum()).to_numpy() == pytest.approx(evening, abs=0.03)
    others = joined[~of_day]
    assert others["volume"].to_numpy() == pytest.approx(others["volume_true"].to_numpy(), rel=0.08)


def test_an_outlier_is_listed_and_hardly_moves_the_forecast():
    """Ten times a usual day by a fault of the phone system, a week before the forecast."""
    mean = truth("2025-01-06", "2025-06-01")
    past = mean.assign(volume=np.random.default_rng(2).poisson(mean["volume"]))
    odd = past["start"].dt.strftime("%Y-%m-%d") == "2025-05-27"
    wrong = past.assign(volume=np.where(odd, 10 * past["volume"], past["volume"]))
    clean, found = forecast_detail(past, 14), forecast_detail(wrong, 14)
    assert clean.outliers.empty
    assert found.outliers["date"].dt.strftime("%Y-%m-%d").tolist() == ["2025-05-27"]
    assert found.outliers["ratio"].iloc[0] == pytest.approx(10, rel=0.1)
    assert found.table["volume"].to_numpy() == pytest.approx(
        clean.table["volume"].to_numpy(), rel=0.03
    )
    assert any("2025-05-27 (10 times)" in note for note in found.notices)


def test_an_unpublished_year_is_said_loudly_in_the_forecast():
    history = truth("2031-09-01", "2031-12-14")
    notices = forecast_detail(history, 28, "CN").notices
    loud = [note for note in notices if note.startswith("WARNING")]
    assert any("2032" in note and "calendar" in note for note in loud)
    own = pd.DataFrame(
        {
            "date": ["2031-10-01", "2032-01-01"],
            "kind": "holiday",
            "name": ["National Day", "New Year"],
        }
    )
    settled = forecast_detail(history, 28, "CN", own).notices
    assert not any(note.startswith("WARNING") for note in settled)
