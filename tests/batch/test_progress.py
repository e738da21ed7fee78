# SPDX-License-Identifier: GPL-2.0-only
"""How far a run is: rates and estimates that hold, on one line of a terminal or on lines of a log."""

from __future__ import annotations

from io import StringIO

import pytest

from reviewtool.batch.plan import Left
from reviewtool.batch.progress import Estimate, Reporter
from reviewtool.batch.work import Outcome, State


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def estimate(light: int, heavy: int) -> Estimate:
    left = [Left(f"l{number}", heavy=False) for number in range(light)]
    return Estimate([*left, *(Left(f"h{number}", heavy=True) for number in range(heavy))], start=0)


def test_light_and_heavy_series_are_told_apart() -> None:
    made = estimate(100, 10)
    assert made.seconds_left(1) is None
    for number in range(5):
        made.add(Outcome(f"h{number}", State.REVIEWED, seconds=20))
    # Two workers: a hundred seconds of work in fifty; a hundred more, and what light ones may take.
    assert made.seconds_left(50) == pytest.approx(50, abs=1)
    for number in range(100):
        made.add(Outcome(f"l{number}", State.NOT_ABOUT, seconds=0.001))
    assert made.seconds_left(50) == pytest.approx(50, abs=1)
    for number in range(5, 10):
        made.add(Outcome(f"h{number}", State.REVIEWED, seconds=20))
    assert (made.seconds_left(100), made.rate(100)) == (0, 1.1)


@pytest.mark.parametrize(("kind", "between"), [(Terminal, "\r"), (StringIO, "\n")])
def test_a_terminal_has_one_line_and_a_log_many(
    kind: type[StringIO], between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000, 10_000, 60))
    monkeypatch.setattr("reviewtool.batch.progress.time.monotonic", lambda: next(clock))
    stream = kind()
    reporter = Reporter(stream)
    made = estimate(10, 0)
    made.start = 1000
    for number in range(3):
        made.add(Outcome(f"l{number}", State.DIED, seconds=1))
        reporter.working(made, found=1, poor=number, workers=2)
    reporter.clear()
    reporter.tell("\x1b[2Jdone")
    written = stream.getvalue()
    assert "3 of 10 series, " in written
    assert " left, 1 with findings, 2 not reviewed" in written
    assert written.endswith("\\x1b[2Jdone\n")
    assert written.count(between) >= 3
    assert written.count("\n") == (1 if between == "\r" else 4)


def test_quiet_is_silent_and_no_worker_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    quiet = Reporter(stream, quiet=True)
    quiet.tell("x")
    quiet.reading(50)
    assert stream.getvalue() == ""
    terminal = Terminal()
    monkeypatch.setattr("reviewtool.batch.progress.time.monotonic", lambda: 1e6)
    loud = Reporter(terminal)
    monkeypatch.setattr("reviewtool.batch.progress.time.monotonic", lambda: 2e6)
    loud.working(estimate(1, 0), 0, 0, workers=0)
    assert "no worker is there" in terminal.getvalue()
