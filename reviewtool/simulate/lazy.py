# SPDX-License-Identifier: GPL-2.0-only
"""Run an entry once per behaviour, not once per scenario.

A run tells which factors and flags it read (shadow.py, harness/lazy.c).  All scenarios that agree on
those come out the same, so the runs are the leaves of a decision tree over the domain: what it costs
depends on what the code tells apart, and flags that a sweep could not combine are combined here.

The idea is that of Korat (Boyapati, Khurshid, Marinov, 2002) and of Lazy SmallCheck.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.simulate.build import LAZY_MEMORY_BYTES, Module
from reviewtool.simulate.domain import FACTORS, PLACES
from reviewtool.simulate.instrument import MOST_LINES, Counted
from reviewtool.simulate.sandbox import Sandbox, TrapError

FIRST_FLAG = 40  # SHADOW_FLAGS in harness/shadow.h
UNTOUCHED = (1 << 64) - 1  # in harness/lazy.c
MOST_FLAGS = 22  # bits 62 and 63 of a shadow are taken
_BATCH = 1 << 14

_LEAF = np.dtype(
    [
        ("outcome", np.uint64),
        ("state", np.uint64),
        ("fixed", np.uint64),
        ("subset", np.uint32),
        ("count", np.uint32),
        ("other", np.uint32),
        ("nr_read", np.uint32),
        ("read", np.uint8, (64,)),
    ]
)  # fmt: skip  (struct leaf in harness/lazy.c)


@dataclass(frozen=True)
class Tree:
    """The leaves of an entry's decision tree.

    leaves: one record per leaf, with fields outcome (record.py); state, one of its state words; fixed,
            the labels on which all its scenarios agree with that state and with subset (bit i:
            FACTORS[i], bit FIRST_FLAG + j: flags[j]); subset, the flags set among those; count, of
            states; other, the number of the other tree's leaf that it lies in.
    flags:  FOLL_* names, bit 0 first.
    met:    which of the module's counted lines and answers some run met.
    """

    leaves: npt.NDArray[np.void]
    flags: tuple[str, ...]
    met: frozenset[Counted] = frozenset()

    @property
    def scenarios(self) -> npt.NDArray[np.float64]:
        """How many scenarios each leaf stands for, shape (leaves,); exact up to 2**53."""
        free = len(self.flags) - np.bitwise_count(self.leaves["fixed"] >> np.uint64(FIRST_FLAG))
        made: npt.NDArray[np.float64] = self.leaves["count"] * np.exp2(free.astype(np.float64))
        return made


@dataclass(frozen=True)
class GaveUp:
    """Why an entry could not be run lazily."""

    reason: str


def word_mask(fixed: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the bits of state words that the factors among the labels FIXED take, shape kept."""
    mask = np.zeros(fixed.shape, np.uint64)
    for number, factor in enumerate(FACTORS):
        shift, width = PLACES[factor.name]
        bits = np.uint64(((1 << width) - 1) << shift)
        mask |= np.where(fixed >> np.uint64(number) & np.uint64(1), bits, np.uint64(0))
    return mask


def run_lazily(
    module: Module,
    entry: str,
    words: npt.NDArray[np.uint64],
    flags: tuple[str, ...],
    *,
    most_leaves: int,
    other: Tree | None = None,
    differing: bool = False,
) -> Tree | GaveUp:
    """Run ENTRY of MODULE, built to be run lazily, over all states WORDS (ascending) and all subsets of FLAGS.

    With OTHER, the tree of another version over the same domain, leaves are those of both: each lies
    in one leaf of OTHER.  DIFFERING: runs that enter none of the functions that differ between the
    versions (Module.touched) need not be told apart; their outcome is UNTOUCHED.
    Raises: ValueError if the module has no such entry or flag.
    """
    if len(flags) > MOST_FLAGS:
        return GaveUp(f"it knows more than {MOST_FLAGS} flags")
    names = [binding.function.name for binding in module.entries]
    sandbox = Sandbox(module.wasm, LAZY_MEMORY_BYTES)
    for bit, flag in enumerate(flags):
        sandbox.call("lazy_choose_flag", bit, module.flags.index(flag))
    others = other.leaves if other is not None else np.zeros(0, _LEAF)
    at = sandbox.call(
        "lazy_begin",
        names.index(entry),
        len(words),
        len(flags),
        _BATCH,
        len(others),
        int(differing),
    )
    if not at:
        return GaveUp("its states do not fit into the sandbox")
    sandbox.array("states", len(words), np.uint64, at)[:] = words
    if len(others):
        raw = sandbox.array("leaves", others.nbytes, np.uint8, sandbox.call("lazy_others"))
        raw[:] = others.view(np.uint8)
    made: list[npt.NDArray[np.void]] = []
    total = 0
    while True:
        try:
            count = sandbox.call("lazy_run")
        except TrapError as trap:
            line = int(sandbox.array("shadow_troubled", 1, np.uint32)[0])
            return GaveUp(
                f"limit at line {line} of the lazy run" if line else f"a run trapped: {trap.reason}"
            )
        raw = sandbox.array("leaves", count * _LEAF.itemsize, np.uint8, sandbox.call("lazy_leaves"))
        made.append(raw.copy().view(_LEAF))
        total += count
        if count < _BATCH:
            marks = sandbox.array("lazy_marks", MOST_LINES, np.uint8)
            met = (one for one, mark in zip(module.lines, marks, strict=False) if mark)
            return Tree(np.concatenate(made), flags, frozenset(met))
        if total >= most_leaves:
            return GaveUp(f"it tells more than {most_leaves:,} behaviours apart")
