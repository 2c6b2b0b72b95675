"""Processor time that a search may spend, and the wish to stop."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Limit on the processor seconds of the whole process.

    Parameters
    ----------
    cpu_s
        Seconds since the process began at which the search ends.
    stop
        Asked often; true ends the search.
    """

    def __init__(self, cpu_s: float, stop: Callable[[], bool] | None = None) -> None:
        self.cpu_s = cpu_s
        self._stop = stop

    @staticmethod
    def now() -> float:
        """Processor seconds of this process."""
        return time.process_time()

    @property
    def left(self) -> float:
        """Seconds that are left; none once a stop is wished."""
        if self._stop is not None and self._stop():
            return 0.0
        return max(0.0, self.cpu_s - self.now())

    def until(self, seconds: float) -> Clock:
        """A clock that ends after some seconds, or when this one does."""
        return Clock(min(self.cpu_s, self.now() + seconds), self._stop)
