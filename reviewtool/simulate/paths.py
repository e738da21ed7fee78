# SPDX-License-Identifier: GPL-2.0-only
"""Which statements ran, and in which order, for many single scenarios of one traced module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np

from reviewtool.simulate.build import Module
from reviewtool.simulate.sandbox import Sandbox, TrapError
from reviewtool.simulate.sweep import MOST_STALLS, MOST_TRAPS
from reviewtool.simulate.trace import MOST_EVENTS

_MOST_LINES = 1 << 18  # HARNESS_PATHS in harness/trace.c
_BATCH = 4096

Trail = tuple[int, ...]
NOT_RUN = -1


class Paths:
    """Runs scenarios of MODULE, which was built with `trace`, and numbers the paths that they take.

    time_s: how long a call may take before it counts as one that does not end.
    """

    def __init__(self, module: Module, time_s: float = 20.0) -> None:
        self._time_s = time_s
        self._traps = self._stalls = 0
        self._module = module
        self._sandbox = Sandbox(module.wasm)
        self._states = self._sandbox.array("harness_states", _BATCH, np.uint64)
        self._lines = self._sandbox.array("harness_paths", _MOST_LINES, np.int32)
        self._done = self._sandbox.array("harness_paths_done", 1, np.uint64)
        self._count = self._sandbox.array("harness_trace_count", 1, np.uint64)
        self._events = self._sandbox.array("harness_trace", 2 * MOST_EVENTS, np.int64)
        self.numbers: dict[Trail, int] = {}

    def run(
        self,
        entry: str,
        flags: tuple[str, ...],
        scenarios: Sequence[tuple[int, int]],
        progress: Callable[[int], None],
    ) -> list[int]:
        """Return the number of the path of each of SCENARIOS: (state word, subset of FLAGS).

        A path is the lines (numbers in Module.lines) in the order in which they first ran; where the
        run trapped, those until then.  NOT_RUN where too many before it trapped.  PROGRESS is called
        with how many are done.
        """
        names = [binding.function.name for binding in self._module.entries]
        number = names.index(entry)
        values = [self._module.flags.index(flag) for flag in flags]
        found = [0] * len(scenarios)
        done = 0
        # Calls cost more than runs, so all scenarios of one subset are run together.
        order = sorted(range(len(scenarios)), key=lambda at: scenarios[at][1])
        for subset, group in groupby(order, key=lambda at: scenarios[at][1]):
            given = [value for bit, value in enumerate(values) if subset >> bit & 1]
            for bit, value in enumerate(given):
                self._sandbox.call("harness_choose_flag", bit, value)
            members = list(group)
            words = np.array([scenarios[at][0] for at in members], np.uint64)
            for at, trail in zip(members, self._trails(number, words, len(given)), strict=True):
                found[at] = (
                    NOT_RUN if trail is None else self.numbers.setdefault(trail, len(self.numbers))
                )
            done += len(members)
            progress(done)
        return found

    def _trails(
        self, entry: int, words: np.ndarray[tuple[int], np.dtype[np.uint64]], bits: int
    ) -> Iterator[Trail | None]:
        """Give the path of each state of WORDS, in order, with all BITS flags that are chosen."""
        first = 0
        while first < len(words):
            if self._traps >= MOST_TRAPS or self._stalls >= MOST_STALLS:
                yield None
                first += 1
                continue
            some = words[first : first + _BATCH]
            self._states[: len(some)] = some
            trapped = False
            try:
                self._sandbox.call(
                    "harness_trace_paths", entry, len(some), bits, time_s=self._time_s
                )
            except TrapError as trap:
                trapped = True  # the lines until then are what there is to show
                self._traps += 1
                self._stalls += trap.stalled
            finished = int(self._done[0])
            yield from self._finished(finished)
            if trapped:
                yield self._partial()
            first += finished + trapped

    def _finished(self, count: int) -> Iterator[Trail]:
        ends = np.flatnonzero(self._lines < 0)[:count]
        start = 0
        for end in ends.tolist():
            yield self._known(self._lines[start:end].tolist())
            start = end + 1

    def _partial(self) -> Trail:
        count = min(int(self._count[0]), MOST_EVENTS)
        events = self._events[: 2 * count].reshape(-1, 2)
        return self._known(dict.fromkeys(events[events[:, 0] == 0, 1].tolist()))

    def _known(self, lines: Iterable[int]) -> Trail:
        """Return LINES without the number that stands for all lines for which there was no number."""
        return tuple(line for line in lines if line < len(self._module.lines))
