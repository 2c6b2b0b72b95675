"""Peers of the forecast: what products and libraries would answer on the same history.

Each takes the past (``start, volume``), the starts to forecast and the days off, and answers one
number a start. Daily methods are spread over the day by the mean profile of the last 8 same
weekdays. Libraries are imported where they are used: a peer that is not installed is left out, and
that is said.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

WEEKS = 8
RANK = 4


def mean_of_8(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Mean of the last 8 same weekdays at the same time."""
    clock = [past["start"].dt.day_of_week, past["start"].dt.hour * 60 + past["start"].dt.minute]
    mean = past.groupby(clock)["volume"].agg(lambda values: values.tail(WEEKS).mean())
    wanted = zip(starts.dt.day_of_week, starts.dt.hour * 60 + starts.dt.minute, strict=True)
    return np.array([mean.get(key, 0.0) for key in wanted])


def auto_ets(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Daily AutoETS of statsforecast times the profile."""
    from statsforecast.models import AutoETS

    return _daily_times_profile(AutoETS(season_length=_season(past)), past, starts)


def auto_arima(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Daily AutoARIMA of statsforecast times the profile."""
    from statsforecast.models import AutoARIMA

    return _daily_times_profile(AutoARIMA(season_length=_season(past)), past, starts)


def svd(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Rank-4 profile with scores averaged by weekday (Shen and Huang 2008)."""
    wide = past.pivot_table(
        index=past["start"].dt.normalize(), columns=_minute(past["start"]), values="volume"
    ).fillna(0.0)
    root = np.sqrt(wide.to_numpy() + 0.25)
    left, size, right = np.linalg.svd(root, full_matrices=False)
    rank = min(RANK, len(size))
    score = pd.DataFrame(left[:, :rank] * size[:rank], index=wide.index)
    by_weekday = score.groupby(wide.index.day_of_week).agg(lambda v: v.tail(WEEKS).mean())
    place = {minute: k for k, minute in enumerate(wide.columns)}
    answer = []
    for start, minute in zip(starts, _minute(starts), strict=True):
        if start.day_of_week not in by_weekday.index or minute not in place:
            answer.append(0.0)
            continue
        value = by_weekday.loc[start.day_of_week].to_numpy() @ right[:rank, place[minute]]
        answer.append(max(value, 0.0) ** 2 - 0.25)
    return np.maximum(answer, 0.0)


def lightgbm(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Gradient boosting of the ratio to the mean of 8, on calendar and lagged weekly means."""
    import lightgbm as lgb

    days = past["start"].dt.normalize()
    known, target = [], []
    for back in range(28, min(28 * 8, (days.max() - days.min()).days - 56), 28):
        cut = days.max() - pd.Timedelta(days=back)
        block = past[(days > cut) & (days <= cut + pd.Timedelta(days=28))]
        base = mean_of_8(past[days <= cut], block["start"])
        known.append(_features(block["start"], cut, base))
        target.append((block["volume"].to_numpy() + 0.5) / (base + 0.5))
    base = mean_of_8(past, starts)
    if not known:
        return base
    model = lgb.LGBMRegressor(
        n_estimators=150, num_leaves=15, learning_rate=0.05, verbose=-1, n_jobs=1
    )
    model.fit(np.vstack(known), np.concatenate(target))
    ratio = model.predict(_features(starts, days.max(), base))
    return np.maximum(ratio * (base + 0.5) - 0.5, 0.0)


def prophet(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Prophet on daily totals times the profile."""
    import logging

    from prophet import Prophet

    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    daily = _daily(past).dropna()
    model = Prophet(weekly_seasonality=True, daily_seasonality=False)
    model.fit(pd.DataFrame({"ds": daily.index, "y": daily.to_numpy()}))
    days = pd.DatetimeIndex(starts.dt.normalize().unique())
    total = model.predict(pd.DataFrame({"ds": days}))["yhat"].clip(lower=0).to_numpy()
    return _spread(pd.Series(total, index=days), past, starts)


def mstl(past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """MSTL with ETS on the intervals, day and week."""
    from statsforecast.models import MSTL, AutoETS

    wide = past.pivot_table(
        index=past["start"].dt.normalize(), columns=_minute(past["start"]), values="volume"
    )
    wide = wide.fillna(wide.mean())
    slots = wide.shape[1]
    open_days = wide.index.day_of_week.nunique()
    periods = [slots, slots * open_days] if slots > 1 else [open_days]
    model = MSTL(season_length=periods, trend_forecaster=AutoETS(model="ZZN"))
    days = pd.DatetimeIndex(starts.dt.normalize().unique())
    answer = model.forecast(wide.to_numpy(float).ravel(), len(days) * slots)["mean"]
    table = pd.DataFrame(answer.reshape(len(days), slots), index=days, columns=wide.columns)
    pairs = zip(starts.dt.normalize(), _minute(starts), strict=True)
    return np.array([max(float(table.loc[d, m]), 0.0) if m in table else 0.0 for d, m in pairs])


PEERS = {
    "mean of 8": mean_of_8,
    "AutoETS": auto_ets,
    "AutoARIMA": auto_arima,
    "SVD": svd,
    "LightGBM": lightgbm,
    "Prophet": prophet,
    "MSTL": mstl,
}


def _minute(starts: pd.Series) -> np.ndarray:
    return (starts.dt.hour * 60 + starts.dt.minute).to_numpy()


def _daily(past: pd.DataFrame) -> pd.Series:
    """Totals of the weekdays that are usually open; NaN on days without rows."""
    total = past.groupby(past["start"].dt.normalize())["volume"].sum()
    every = pd.date_range(total.index.min(), total.index.max())
    return total.reindex(every[np.isin(every.day_of_week, total.index.day_of_week.unique())])


def _season(past: pd.DataFrame) -> int:
    return int(past["start"].dt.day_of_week.nunique())


def _daily_times_profile(model, past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    daily = _daily(past)
    usual = daily.groupby(daily.index.day_of_week).transform("mean")
    days = pd.date_range(daily.index.max() + pd.Timedelta(days=1), starts.max().normalize())
    days = days[np.isin(days.day_of_week, daily.index.day_of_week.unique())]
    values = daily.fillna(usual).to_numpy(float)
    total = np.maximum(model.forecast(values, len(days))["mean"], 0.0)
    return _spread(pd.Series(total, index=days), past, starts)


def _spread(total: pd.Series, past: pd.DataFrame, starts: pd.Series) -> np.ndarray:
    """Day totals over the profile of the last 8 same weekdays."""
    profile = mean_of_8(past, starts)
    day = starts.dt.normalize().to_numpy()
    whole = pd.Series(profile).groupby(day).transform("sum").to_numpy()
    # A day partly in the set keeps the share of it that the profile gives to its intervals.
    return total.reindex(day).fillna(0.0).to_numpy() * profile / np.maximum(whole, 1e-9)


def _features(starts: pd.Series, cut: pd.Timestamp, base: np.ndarray) -> np.ndarray:
    return np.column_stack(
        [
            starts.dt.day_of_week, _minute(starts), starts.dt.day, starts.dt.month,
            (starts.dt.normalize() - cut).dt.days, base,
        ]
    )  # fmt: skip
