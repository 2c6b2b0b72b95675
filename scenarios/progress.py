"""What a long run says while it works, and how it is asked to stop.

The pipeline knows two small things: a reporter that it tells about stages and the best plan so far,
and a stop that it asks now and then.
"""

from __future__ import annotations

import signal
import time
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

_PLAIN_EVERY_S = 5.0


class Reporter(Protocol):
    """Whoever wants to hear how a run goes on."""

    def stage(self, name: str) -> None:
        """Say that a stage begins; the one before is done."""

    def update(
        self,
        best_cost: float | None = None,
        bound: float | None = None,
        gap: float | None = None,
        text: str = "",
    ) -> None:
        """Say what is known now: best cost, lower bound, gap as a share, anything else."""


class Silent:
    """Says nothing: for programs."""

    def stage(self, name: str) -> None:
        """Ignore a stage."""

    def update(
        self,
        best_cost: float | None = None,
        bound: float | None = None,
        gap: float | None = None,
        text: str = "",
    ) -> None:
        """Ignore an update."""


class Terminal:
    """Says it on a terminal: a live line where there is one, else plain lines now and then.

    Parameters
    ----------
    console
        Where to write; standard error leaves standard output to results.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Status | None = None
        self._name = ""
        self._since = 0.0
        self._said = 0.0

    def __enter__(self) -> Terminal:
        if self._console.is_terminal:
            self._live = self._console.status("", refresh_per_second=4)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._finish()
        if self._live is not None:
            self._live.stop()

    def stage(self, name: str) -> None:
        """Close the line of the stage before and open a new one."""
        self._finish()
        self._name, self._since, self._said = name, time.monotonic(), time.monotonic()
        if self._live is not None:
            self._live.update(name)

    def update(
        self,
        best_cost: float | None = None,
        bound: float | None = None,
        gap: float | None = None,
        text: str = "",
    ) -> None:
        """Show the state beside the stage's name."""
        line = f"{self._name}: {state_text(best_cost, bound, gap, text)}"
        now = time.monotonic()
        if self._live is not None:
            self._live.update(f"{line}  [dim]{now - self._since:.0f} s")
        elif now - self._said >= _PLAIN_EVERY_S:
            self._said = now
            self._console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)

    def title(self, text: str) -> None:
        """Close the line of the stage before and say what the next ones are for."""
        self._finish()
        self._console.print(text, markup=False, highlight=False)

    def _finish(self) -> None:
        if self._name:
            took = time.monotonic() - self._since
            self._console.print(f"  {self._name}  {took:.1f} s", style="dim", highlight=False)
            self._name = ""


def state_text(
    best_cost: float | None, bound: float | None, gap: float | None, text: str = ""
) -> str:
    """Say a solver's state in a line."""
    parts = [text] if text else []
    if best_cost is not None:
        parts.append(f"cost {best_cost:,.0f}")
    if bound is not None:
        parts.append(f"bound {bound:,.0f}")
    if gap is not None:
        parts.append(f"gap {100 * gap:.1f} %")
    return " · ".join(parts)


class Stop:
    """A wish to stop early, that the pipeline asks for: `if stop(): ...` keeps the best so far.

    As a context it listens to Ctrl-C: the first asks to stop, the second aborts for good. Child
    processes that shall live on after the first must ignore the signal themselves.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console
        self._before: Any = None
        self.requested = False

    def __call__(self) -> bool:
        """Whether somebody asked to stop."""
        return self.requested

    def request(self) -> None:
        """Ask to stop."""
        self.requested = True

    def __enter__(self) -> Stop:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        if self._console is not None:
            self._console.print("Stopping: the best plan so far is kept (Ctrl-C again to abort).")
