# SPDX-License-Identifier: GPL-2.0-only
"""The bundled model against Linux 6.1, scenario by scenario: the model's own test of truth.

The model has the behaviour of v6.5-rc3.  Each way in which 6.1 is otherwise is declared here, with the
function and the words of its code that cause it; whatever else differs is an error of the model, or
of a primitive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import FACTOR, Domain, lay_out_entry, unpack
from reviewtool.simulate.sweep import sweep
from reviewtool.slice.definitions import Definitions
from reviewtool.slice.taking import take_slice
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Difference:
    """Why 6.1 is otherwise: in words, where its code says so, and in which scenarios it may be.

    factors: values of a state, all of which it needs.  flag: the flag that it needs, or none.
    function, code: the line of 6.1 that causes it matches CODE, a pattern, in FUNCTION.
    """

    words: str
    function: str
    code: str
    factors: tuple[tuple[str, str], ...] = ()
    flag: str = ""


DIFFERENCES = (
    Difference("FOLL_PIN is refused without a WARN", "follow_page", r"if \(foll_flags & FOLL_PIN\)", flag="FOLL_PIN"),
    Difference("hugetlb is walked without a lock of the VMA that may sleep", "follow_page_pte",
               r"follow_huge_pmd_pte\(", (("level", "hugetlb"),)),
    Difference("PCI P2PDMA pages are given to everybody", "try_grab_page", r"\(flags & \(FOLL_GET \| FOLL_PIN\)\) ==",
               (("page", "p2pdma"),)),
    Difference("a page table cannot be freed under the mmap_lock", "follow_page_pte", r"ptep = pte_offset_map_lock\(",
               (("other_cpu", "frees_table"), ("level", "pte"))),
    # No difference of the code: a slice tells that an empty entry is walked through, the model does not.
    Difference("a PUD that another CPU took away is walked through", "follow_pud_mask", r"pud_bad\(\*pud\)",
               (("level", "pud"), ("other_cpu", "clears"))),
)  # fmt: skip


def swept(tree: Snapshot, entry: str, domain: Domain, cache: Cache) -> npt.NDArray[np.uint64]:
    """Return the outcome records of ENTRY over DOMAIN, shape (states, subsets)."""
    index = index_sources(tree)
    binding = bind(index.functions[entry])
    assert isinstance(binding, Binding)
    module = build(
        BuildRequest(tree, (binding,), (*domain.flags, *domain.also), index.constants), cache
    )
    assert isinstance(module, Module), module
    assert module.unmodelled == ()
    found = sweep(module, entry, domain)
    assert found.left == 0
    return found.records[found.rows[found.row_of]]


def applies(difference: Difference, domain: Domain) -> Rows:
    """Return where DIFFERENCE may show, shape (states, subsets)."""
    states = np.ones(len(domain.words), np.bool_)
    for factor, value in difference.factors:
        states &= domain.columns[factor] == FACTOR[factor].code_of(value)
    subsets = np.ones(1 << len(domain.flags), np.bool_)
    if difference.flag:
        bit = domain.flags.index(difference.flag)
        subsets = (np.arange(1 << len(domain.flags)) >> bit & 1).astype(np.bool_)
    return states[:, None] & subsets[None, :]


def shown(
    domain: Domain, model: npt.NDArray[np.uint64], tree: npt.NDArray[np.uint64], at: Rows
) -> str:
    """Return the first few scenarios marked in AT, in words."""
    lines = []
    for state, subset in list(zip(*np.nonzero(at), strict=True))[:5]:
        settings = {
            k: v
            for k, v in unpack(int(domain.words[state])).items()
            if v != FACTOR[k].values[0].name
        }
        flags = [flag for bit, flag in enumerate(domain.flags) if subset >> bit & 1]
        outcomes = [describe(read_outcome(int(side[state, subset]))) for side in (model, tree)]
        lines.append(f"{settings} {flags}: {outcomes[0]} -> {outcomes[1]}")
    return "\n".join(lines)


def test_the_model_and_6_1_agree_on_follow_page_but_for_what_is_declared(
    kernel: Callable[[str], Snapshot], objects: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    tree, entry = kernel("6.1"), "follow_page"
    taken = take_slice(tree.read, (entry,), cache=objects)
    assert not taken.errors
    indices = [index_sources(side) for side in (bundled_model(), taken.snapshot)]
    identifiers = frozenset[str]().union(*(i.identifiers(i.closure(entry)) for i in indices))
    flags = {
        word
        for word in identifiers
        if word.startswith("FOLL_") and all(word in index.constants for index in indices)
    }
    domain = lay_out_entry(identifiers, frozenset(flags), 1 << 20)
    model, real = (
        swept(side, entry, domain, objects) for side in (bundled_model(), taken.snapshot)
    )
    differs = model != real
    declared = [applies(difference, domain) for difference in DIFFERENCES]
    unexplained = differs & ~np.logical_or.reduce(declared)
    assert not unexplained.any(), shown(domain, model, real, unexplained)
    definitions = Definitions(tree.read)
    told = [f"follow_page(): {differs.size:,} scenarios, {int((~differs).sum()):,} of them alike"]
    for difference, where in zip(DIFFERENCES, declared, strict=True):
        others = [w for d, w in zip(DIFFERENCES, declared, strict=True) if d is not difference]
        own = differs & where & ~np.logical_or.reduce(others)
        assert own.any(), f"not there any more: {difference.words}"
        (chunk,) = definitions.in_code(difference.function) or list(
            definitions.names("mm/gup.c")[difference.function]
        )
        lines = tree.files[chunk.path].split("\n")
        line = next(
            n
            for n in range(chunk.first_line, chunk.last_line + 1)
            if re.search(difference.code, lines[n - 1])
        )
        told.append(f"  {int(own.sum()):>9,}  {chunk.path}:{line}: {difference.words}")
    with capsys.disabled():
        print("", *told, sep="\n")  # noqa: T201  (what the check is for)
