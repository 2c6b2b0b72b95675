"""Progress lines and the wish to stop."""

import io
import signal

import pytest
from rich.console import Console

from scenarios.progress import Stop, Terminal, state_text


def test_without_a_terminal_stages_are_plain_lines():
    out = io.StringIO()
    with Terminal(Console(file=out, width=80)) as reporter:
        reporter.stage("forecast")
        reporter.stage("design")
        reporter.update(best_cost=1000.0, bound=990.0, gap=0.01)
    lines = out.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["forecast", "design"]
    assert "\x1b" not in out.getvalue()


def test_a_state_says_what_is_known():
    assert state_text(1234.5, 1200.0, 0.028) == "cost 1,234 · bound 1,200 · gap 2.8 %"
    assert state_text(None, None, None, "dive 3") == "dive 3"


def test_the_first_ctrl_c_asks_to_stop_and_the_second_aborts():
    before = signal.getsignal(signal.SIGINT)
    with Stop() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
