# SPDX-License-Identifier: GPL-2.0-only
"""Labels over a whole domain, reduced to the factors and flags that decide them.

A labelling gives every scenario a small number (0: unchanged, N: group N).  Scenarios are states
times flag subsets; because most states behave alike a labelling is stored by row (see Swept).
`reduce_labels` drops every factor and flag on which no label depends.  That is exact: a factor goes
only if all valid states that differ in nothing else have equal labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.simulate.domain import FACTOR, PLACES, Domain, column

Labels = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Labelling:
    """A label for each scenario.

    words:   shape (states,): state words; only the factors `kept` tell them apart.
    rows:    shape (distinct rows, subsets of `flags`): labels.
    row_of:  shape (states,): each state's row.
    kept:    names of the factors that labels may depend on; flags: likewise, bit 0 first.
    """

    words: npt.NDArray[np.uint64]
    rows: Labels
    row_of: npt.NDArray[np.int32]
    kept: tuple[str, ...]
    flags: tuple[str, ...]

    def count(self, label: int) -> int:
        """Return how many of its scenarios have LABEL."""
        states = np.bincount(self.row_of, minlength=len(self.rows))
        return int(((self.rows == label).sum(axis=1) * states).sum())

    def only(self, label: int) -> Labelling:
        """Return the labelling that tells LABEL (1) from everything else (0)."""
        return Labelling(
            self.words, (self.rows == label).astype(np.int16), self.row_of, self.kept, self.flags
        )


def label_domain(domain: Domain, rows: Labels, row_of: npt.NDArray[np.int32]) -> Labelling:
    """Return the labelling of all of DOMAIN with ROWS, shape (distinct rows, subsets)."""
    return Labelling(
        domain.words, rows, row_of, tuple(factor.name for factor in domain.factors), domain.flags
    )


@dataclass(frozen=True)
class Axis:
    """A column of a reduced table: a factor, or a flag (then `values` is off, on)."""

    name: str
    is_flag: bool
    values: int


@dataclass(frozen=True)
class Table:
    """Every distinct point of a labelling over the axes that matter.

    codes:  shape (points, axes): the value of each axis.
    labels: shape (points,).
    A point that is missing is no valid scenario, so nothing is said about it.
    """

    axes: tuple[Axis, ...]
    codes: npt.NDArray[np.uint8]
    labels: Labels


# Which factors a sentence can best do without, first to go first.
_DROP_ORDER = (
    "also", "pinnable", "leaf", "range", "waiting", "lockless", "young", "page_dirty", "node", "signal", "fault", "pages", "argument",
    "mergeable", "folio", "refcount", "pgmap", "dirty", "soft_dirty", "uffd_wp", "tracking", "uffd", "maywrite", "mayread",
    "other_cpu", "page", "prot", "vma", "level", "entry", "write_bit", "access",
)  # fmt: skip


def reduce_labels(labelling: Labelling) -> Labelling:
    """Return LABELLING over only the factors and flags that its labels depend on."""
    rows, flags = _relevant_flags(labelling)
    rows, row_class = np.unique(rows, axis=0, return_inverse=True)
    classes = row_class.reshape(-1)[labelling.row_of].astype(np.int32)
    words = labelling.words
    kept = list(labelling.kept)
    for name in sorted(kept, key=_DROP_ORDER.index):
        shift, width = PLACES[name]
        if _matters_somewhere(words, classes, name):
            continue
        without = words & ~np.uint64(((1 << width) - 1) << shift)
        distinct, first, which = np.unique(without, return_index=True, return_inverse=True)
        if np.array_equal(classes[first][which], classes):
            words, classes = distinct, classes[first]
            kept.remove(name)
    return Labelling(words, rows, classes, tuple(kept), flags)


_SAMPLE = 2_000


def _matters_somewhere(
    words: npt.NDArray[np.uint64], classes: npt.NDArray[np.int32], name: str
) -> bool:
    """Return whether changing factor NAME alone changes the class of one of some states.

    Saves the sort of all of them where the answer is easy to find; WORDS are ascending.
    """
    if len(words) <= 4 * _SAMPLE:
        return False
    shift, width = PLACES[name]
    some = np.arange(0, len(words), len(words) // _SAMPLE)
    bare = words[some] & ~np.uint64(((1 << width) - 1) << shift)
    for code in range(len(FACTOR[name].values)):
        sibling = bare | np.uint64(code << shift)
        at = np.minimum(np.searchsorted(words, sibling), len(words) - 1)
        if ((words[at] == sibling) & (classes[at] != classes[some])).any():
            return True
    return False


def tabulate(labelling: Labelling) -> Table:
    """Return every point of LABELLING over its own factors and flags, each once."""
    labels = labelling.rows[labelling.row_of]  # (states, subsets)
    subsets = np.arange(labels.shape[1])
    columns = [np.repeat(column(labelling.words, name), labels.shape[1]) for name in labelling.kept]
    columns += [
        np.tile((subsets >> bit & 1).astype(np.uint8), len(labelling.words))
        for bit in range(len(labelling.flags))
    ]
    axes = [Axis(name, is_flag=False, values=len(FACTOR[name].values)) for name in labelling.kept]
    axes += [Axis(flag, is_flag=True, values=2) for flag in labelling.flags]
    codes = np.stack(columns, axis=1) if columns else np.zeros((labels.size, 0), np.uint8)
    return Table(tuple(axes), codes, labels.reshape(-1))


def _relevant_flags(labelling: Labelling) -> tuple[Labels, tuple[str, ...]]:
    """Return the rows over only the flags that matter, and those flags, bit 0 first."""
    rows = labelling.rows
    flags = list(labelling.flags)
    for flag in list(flags):
        bit = flags.index(flag)
        halves = rows.reshape(len(rows), -1, 2, 1 << bit)
        if np.array_equal(halves[:, :, 0], halves[:, :, 1]):
            rows = halves[:, :, 0].reshape(len(rows), -1)
            flags.remove(flag)
    return np.ascontiguousarray(rows), tuple(flags)
