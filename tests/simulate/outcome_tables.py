# SPDX-License-Identifier: GPL-2.0-only
"""Every outcome of an entry as arrays, and the steps of the story; shared by tests of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.simulate.domain import FACTOR, Domain
from reviewtool.simulate.record import RETURNS, event, field
from reviewtool.simulate.sweep import Swept
from reviewtool.tree.snapshot import Snapshot

Patched = Callable[[str, int], Snapshot]
Ran = Callable[[Snapshot, str, Domain], Swept]
WalkDomain = Callable[[tuple[str, ...]], Domain]
Mask = npt.NDArray[np.bool_]

# step -> the sample that leads there, how many of its patches, the flag that asks for NUMA faults
STEPS = {
    "A": ("factor-out-protnone.patch", 1, "FOLL_NUMA"),
    "B": ("factor-out-protnone.patch", 0, "FOLL_NUMA"),
    "C": ("follow-page-v1.mbox", 2, "FOLL_NUMA"),
    "D": ("honor-numa-fault.mbox", 2, "FOLL_HONOR_NUMA_FAULT"),
}


@dataclass(frozen=True)
class Table:
    """Every outcome of an entry; `ret` and the like have shape (states, subsets)."""

    domain: Domain
    swept: Swept

    def states(self, **values: str) -> Mask:
        """Return which states have factors at one of the values, shape (states, 1)."""
        mask = np.ones(len(self.domain.words), np.bool_)
        for name, wanted in values.items():
            mask &= np.isin(
                self.domain.columns[name], [FACTOR[name].code_of(value) for value in wanted.split()]
            )
        return mask[:, None]

    def has(self, flag: str) -> Mask:
        """Return which subsets hold FLAG, shape (1, subsets)."""
        subsets = np.arange(1 << len(self.domain.flags))
        held: Mask = (subsets >> self.domain.flags.index(flag) & 1 == 1)[None, :]
        return held

    @property
    def numbers(self) -> npt.NDArray[np.uint16]:
        return self.swept.rows[self.swept.row_of]

    def field(self, name: str) -> npt.NDArray[np.int16]:
        return field(self.swept.records, name)[self.numbers]

    def event(self, name: str) -> Mask:
        return event(self.swept.records, name)[self.numbers]

    def returned(self, states: Mask, subset: int) -> set[str]:
        """Return the kinds of value that STATES give with the flags of SUBSET."""
        numbers = self.numbers[states[:, 0], subset]
        assert numbers.size, "no such state"
        assert not field(self.swept.records, "end")[numbers].any(), "not every run returned"
        return {RETURNS[code] for code in np.unique(field(self.swept.records, "ret")[numbers])}

    def subset(self, flags: str) -> int:
        """Return the subset with FLAGS, written as in tables: "GET|DUMP", "0"."""
        names = [] if flags == "0" else [f"FOLL_{name}" for name in flags.split("|")]
        return sum(1 << self.domain.flags.index(name) for name in names)


def forced(table: Table) -> Mask:
    """Where FOLL_FORCE makes up for a missing write bit: note (2) of the table."""
    return (
        table.states(
            vma="anon private_file nofault hugetlb",
            prot="r x none",
            maywrite="yes",
            page="anon_exclusive",
        )
        & ~(table.states(tracking="on") & table.states(soft_dirty="no"))
        & ~table.states(uffd_wp="yes")
    )
