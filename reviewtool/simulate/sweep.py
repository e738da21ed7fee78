# SPDX-License-Identifier: GPL-2.0-only
"""Run an entry over its whole domain."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.errors import ToolError
from reviewtool.simulate.build import Module
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.instrument import MOST_LINES, Counted
from reviewtool.simulate.record import ENDS, FIELD, SHIFTS
from reviewtool.simulate.sandbox import Sandbox, TrapError

_CHUNK = 1 << 21  # HARNESS_OUTCOMES
_MOST_STATES = 65536  # HARNESS_STATES
_MOST_RECORDS = 65535  # HARNESS_RECORDS
MOST_TRAPS = 2000
MOST_STALLS = 3

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Swept:
    """The outcomes of an entry.

    Most states behave alike, so each distinct row of outcomes (one per subset of the flags) is kept
    once.

    records: distinct outcome records (see record.py), ascending.
    rows:    shape (distinct rows, subsets), indices into records.
    row_of:  shape (states,): which row each state of the domain has.
    lines:   how often each instrumented line ran, in the order of Module.lines.
    left:    scenarios that were not run because too many before them trapped; they are recorded as
             traps and counted here.
    asides:  a sum over all scenarios of what they told parts of the kernel that are not modelled (slices only).
    """

    records: npt.NDArray[np.uint64]
    rows: npt.NDArray[np.uint16]
    row_of: npt.NDArray[np.int32]
    lines: tuple[tuple[Counted, int], ...]
    left: int
    asides: int = 0


_TRAP = ENDS.index("trap") << SHIFTS["end"]
_STEPS = ENDS.index("steps") << SHIFTS["end"]
assert SHIFTS["end"] == 0 and FIELD["end"].width == 3  # noqa: S101, PT018  (the harness packs them so)


@dataclass
class _Part:
    """What one worker made of a run of states; rows hold the worker's own record numbers."""

    rows: npt.NDArray[np.uint16]
    row_of: npt.NDArray[np.int32]
    records: npt.NDArray[np.uint64]
    lines: npt.NDArray[np.uint64]
    left: int
    asides: int


class _Rows:
    """Collects distinct rows as they come."""

    def __init__(self, subsets: int) -> None:
        self._subsets = subsets
        self._known: dict[bytes, int] = {}

    def add(
        self, ids: npt.NDArray[np.uint16], equal: npt.NDArray[np.uint32]
    ) -> npt.NDArray[np.int32]:
        """Return the row numbers of IDS, shape (states, subsets); EQUAL has each state's first like."""
        first, which = np.unique(equal, return_inverse=True)
        numbers = [self._known.setdefault(ids[row].tobytes(), len(self._known)) for row in first]
        return np.array(numbers, np.int32)[which.reshape(-1)]

    def add_all(self, ids: npt.NDArray[np.uint16]) -> npt.NDArray[np.int32]:
        """Return the row numbers of IDS, of which nothing is known."""
        return self.add(ids, np.arange(len(ids), dtype=np.uint32))

    def table(self) -> npt.NDArray[np.uint16]:
        """Return the distinct rows by number, shape (rows, subsets)."""
        return np.frombuffer(b"".join(self._known), np.uint16).reshape(-1, self._subsets)


def _sweep_part(
    module: Module,
    entry: int,
    words: npt.NDArray[np.uint64],
    flag_bits: int,
    chosen: tuple[int, ...],
    progress: Progress,
) -> _Part:
    sandbox = Sandbox(module.wasm)
    for bit, value in enumerate(chosen):
        sandbox.call("harness_choose_flag", bit, value)
    subsets = 1 << flag_bits
    per_call = max(1, min(_CHUNK >> flag_bits, _MOST_STATES, max(1024, (1 << 19) >> flag_bits)))
    states = sandbox.array("harness_states", _MOST_STATES, np.uint64)
    outcomes = sandbox.array("harness_outcomes", _CHUNK, np.uint16)
    equal = sandbox.array("harness_equal", _MOST_STATES, np.uint32)
    counted = sandbox.array("harness_lines", MOST_LINES, np.uint32)
    lines = np.zeros(MOST_LINES, np.uint64)
    rows = _Rows(subsets)
    row_of = np.empty(len(words), np.int32)
    left = traps = stalls = 0
    for first in range(0, len(words), per_call):
        some = words[first : first + per_call]
        count = len(some) << flag_bits
        states[: len(some)] = some
        done = 0
        while done < count:
            try:
                sandbox.call("harness_sweep", entry, 0, len(some), flag_bits, done)
                done = count
            except TrapError as trap:
                at = sandbox.call("harness_progress")
                traps += 1
                stalls += trap.stalled
                outcomes[at] = sandbox.call("harness_number", _STEPS if trap.stalled else _TRAP)
                done = at + 1
                if traps >= MOST_TRAPS or stalls >= MOST_STALLS:
                    outcomes[done:count] = outcomes[at]
                    left += count - done
                    break
        sandbox.call("harness_find_equal", len(some), flag_bits)
        ids = outcomes[:count].reshape(len(some), subsets)
        row_of[first : first + len(some)] = rows.add(ids, equal[: len(some)])
        lines += counted
        counted[:] = 0
        progress(count)
        if left:
            done_states = first + len(some)
            row_of[done_states:] = rows.add_all(
                np.full((1, subsets), outcomes[count - 1], np.uint16)
            )
            left += (len(words) - done_states) << flag_bits
            break
    distinct = int(sandbox.array("harness_record_count", 1, np.uint64)[0])
    records = np.array(sandbox.array("harness_records", distinct, np.uint64), np.uint64)
    asides = int(sandbox.array("harness_asides", 1, np.uint64)[0])
    return _Part(rows.table(), row_of, records, lines, left, asides)


def _nothing(_: int) -> None:
    pass


def sweep(
    module: Module, entry: str, domain: Domain, *, workers: int = 2, progress: Progress = _nothing
) -> Swept:
    """Run ENTRY of MODULE over DOMAIN.

    The result does not depend on WORKERS.  PROGRESS is called with the number of scenarios done
    since the last call, from worker threads.  Raises: ValueError if the module has no such entry or flag.
    """
    names = [binding.function.name for binding in module.entries]
    number = names.index(entry)
    flag_bits = len(domain.flags)
    chosen = tuple(module.flags.index(flag) for flag in (*domain.flags, *domain.also))
    parts = np.array_split(domain.words, max(1, min(workers, len(domain.words))))
    with ThreadPoolExecutor(max(1, workers)) as pool:
        made = list(
            pool.map(
                lambda words: _sweep_part(module, number, words, flag_bits, chosen, progress), parts
            )
        )
    records = np.unique(np.concatenate([part.records for part in made]))
    if len(records) >= _MOST_RECORDS:
        raise ToolError("the sweep", f"more than {_MOST_RECORDS} distinct outcomes")
    rows = _Rows(1 << flag_bits)
    row_of = [
        rows.add_all(np.searchsorted(records, part.records)[part.rows].astype(np.uint16))[
            part.row_of
        ]
        for part in made
    ]
    counts = sum((part.lines for part in made), np.zeros(MOST_LINES, np.uint64))
    lines = tuple((line, int(counts[index])) for index, line in enumerate(module.lines))
    return Swept(
        records, rows.table(), np.concatenate(row_of), lines, sum(part.left for part in made),
        sum(part.asides for part in made) % (1 << 64),
    )  # fmt: skip
