"""What arrives: contacts and handling time per queue and interval, as a distribution."""

from .backtesting import Backtest, backtest
from .behaviour import Behaviour, estimate_behaviour
from .checks import check_history
from .history import Finding, HistoryError
from .intraday import update
from .new_queues import NewQueue, with_new_queues
from .paths import sample_paths
from .predict import Forecast, forecast, forecast_detail
from .weeks import week_totals

__all__ = [
    "Backtest",
    "Behaviour",
    "Finding",
    "Forecast",
    "HistoryError",
    "NewQueue",
    "backtest",
    "check_history",
    "estimate_behaviour",
    "forecast",
    "forecast_detail",
    "sample_paths",
    "update",
    "week_totals",
    "with_new_queues",
]
