# SPDX-License-Identifier: GPL-2.0-only
"""Which statements ran, and in which order, for many single scenarios of one traced module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from reviewtool.simulate.build import Module
from reviewtool.simulate.sandbox import Sandbox, TrapError
from reviewtool.simulate.trace import MOST_EVENTS

Trail = tuple[int, ...]


class Paths:
    """Runs scenarios of MODULE, which was built with `trace`, and numbers the paths that they take."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._sandbox = Sandbox(module.wasm)
        self._states = self._sandbox.array("harness_states", 1, np.uint64)
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
        run trapped, those until then.  PROGRESS is called with how many are done.
        """
        names = [binding.function.name for binding in self._module.entries]
        number = names.index(entry)
        values = [self._module.flags.index(flag) for flag in flags]
        found = [0] * len(scenarios)
        chosen = -1
        bits = 0
        # Choosing flags costs calls, so all scenarios of one subset are run together.
        order = sorted(range(len(scenarios)), key=lambda at: (scenarios[at][1], scenarios[at][0]))
        for done, at in enumerate(order):
            word, subset = scenarios[at]
            if subset != chosen:
                given = [value for bit, value in enumerate(values) if subset >> bit & 1]
                for bit, value in enumerate(given):
                    self._sandbox.call("harness_choose_flag", bit, value)
                chosen, bits = subset, len(given)
            found[at] = self.numbers.setdefault(self._run(number, word, bits), len(self.numbers))
            if done % 256 == 255:
                progress(done + 1)
        progress(len(scenarios))
        return found

    def _run(self, entry: int, word: int, bits: int) -> Trail:
        self._states[0] = word
        self._count[0] = 0
        with suppress(TrapError):  # the lines until then are what there is to show
            # skipping all subsets but the last leaves the one that has all flags
            self._sandbox.call("harness_sweep", entry, 0, 1, bits, (1 << bits) - 1)
        count = min(int(self._count[0]), MOST_EVENTS)
        events = self._events[: 2 * count].reshape(-1, 2)
        lines = events[events[:, 0] == 0, 1]
        return tuple(dict.fromkeys(lines.tolist()))
