# SPDX-License-Identifier: GPL-2.0-only
"""How far a run is: counts, a rate, and an estimate of the time left, on standard error.

On a terminal one line is written anew; elsewhere a line comes every so often.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from reviewtool.batch.plan import Left
from reviewtool.batch.work import Outcome, State
from reviewtool.errors import visible

_TERMINAL_S = 0.2
_LINES_S = 10.0
# What a series takes of which kind none has come back yet: a light one, a heavy one.
_UNKNOWN_S = {False: 0.01, True: 10.0}


@dataclass
class _Kind:
    """Units that may have to be compiled, or those that have not."""

    left: int = 0
    done: int = 0
    seconds: float = 0.0


@dataclass
class Estimate:
    """How long what is left will take, by what the series of either kind took so far.

    left: what there was to do; start: when it began, on a clock that counts seconds.
    """

    left: Sequence[Left]
    start: float
    _kinds: dict[bool, _Kind] = field(default_factory=lambda: {False: _Kind(), True: _Kind()})
    _heavy: set[str] = field(default_factory=set)
    done: int = 0

    def __post_init__(self) -> None:
        self._heavy.update(one.key for one in self.left if one.heavy)
        for one in self.left:
            self._kinds[one.heavy].left += 1

    def add(self, outcome: Outcome) -> None:
        """Take OUTCOME into account."""
        kind = self._kinds[outcome.key in self._heavy]
        kind.left -= 1
        kind.done += 1
        kind.seconds += outcome.seconds
        self.done += 1

    def rate(self, now: float) -> float:
        """Return how many a second were finished."""
        return self.done / max(now - self.start, 1e-6)

    def seconds_left(self, now: float) -> float | None:
        """Return how many seconds are left; None as long as nothing can be said."""
        worked = sum(kind.seconds for kind in self._kinds.values())
        if not self.done or worked <= 0:
            return None
        # How much work an hour by the clock does: more workers, and what handing out costs.
        pace = worked / max(now - self.start, 1e-6)
        left = sum(
            kind.left * (kind.seconds / kind.done if kind.done else _UNKNOWN_S[heavy])
            for heavy, kind in self._kinds.items()
        )
        return left / pace


class Reporter:
    """Writes to STREAM, a terminal or not; nothing if it is QUIET."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._terminal = stream.isatty()
        self._last = time.monotonic()
        self._drawn = False

    def tell(self, line: str) -> None:
        """Write LINE, for good."""
        if not self._quiet:
            self.clear()
            self._stream.write(f"{visible(line)}\n")
            self._stream.flush()

    def reading(self, mails: int) -> None:
        """Tell that MAILS of the inputs are read."""
        if self._is_due():
            self._show(f"reading: {mails:,} mails")

    def working(self, estimate: Estimate, found: int, poor: int, workers: int) -> None:
        """Tell how far it is; FOUND: series with findings, POOR: series that could not be reviewed."""
        if not self._is_due():
            return
        now = time.monotonic()
        parts = [f"{estimate.done:,} of {len(estimate.left):,} series"]
        if not workers:
            parts.append("no worker is there")
        elif estimate.done:
            parts.append(_rate(estimate.rate(now)))
            seconds = estimate.seconds_left(now)
            if seconds is not None:
                parts.append(f"about {_duration(seconds)} left")
        parts.append(f"{found:,} with findings")
        if poor:
            parts.append(f"{poor:,} not reviewed")
        self._show(", ".join(parts))

    def _is_due(self) -> bool:
        now = time.monotonic()
        if self._quiet or now - self._last < (_TERMINAL_S if self._terminal else _LINES_S):
            return False
        self._last = now
        return True

    def _show(self, line: str) -> None:
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line[:118]}")
            self._drawn = True
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line of a terminal away."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False


def _rate(a_second: float) -> str:
    if a_second >= 1:
        return f"{a_second:,.1f}/s"
    return f"{a_second * 60:.1f}/min"


def _duration(seconds: float) -> str:
    """Return SECONDS as people say it: two units at most."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" if whole >= 600 else f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


POOR = frozenset({State.REFUSED, State.FAILED, State.DIED})
