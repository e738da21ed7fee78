# SPDX-License-Identifier: GPL-2.0-only
"""What the harness can see: one-token mutants of the walk, each a semantic change.

The domain is reduced: every state of which at most four factors do not have their first value
(level and kind of entry count as one), with every subset of eight flags, for three entries.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from reviewtool.behaviour.compare import Side, Verdict, compare
from reviewtool.simulate.build import Module
from reviewtool.simulate.domain import Domain, column, factors_in_play, lay_out
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

Built = Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module]

ENTRIES = ("follow_page", "follow_page_mask", "get_user_pages")
FLAGS = tuple(
    f"FOLL_{name}"
    for name in ["WRITE", "GET", "FORCE", "DUMP", "PIN", "TOUCH", "SPLIT_PMD", "LONGTERM"]
)
MOST_UNUSUAL = 4
WORKERS = 2


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    old: str
    new: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.function}: {' '.join(self.old.split())} -> {' '.join(self.new.split())}"

    @property
    def tree(self) -> Snapshot:
        """The bundled model with this change."""
        model = bundled_model()
        function = index_sources(model).functions[self.function]
        assert function.path == self.file
        lines = model.files[self.file].split("\n")
        before, body, after = (
            "\n".join(part)
            for part in (
                lines[: function.first_line - 1],
                lines[function.first_line - 1 : function.last_line],
                lines[function.last_line :],
            )
        )
        assert body.count(self.old) == 1, f"{self}: occurs {body.count(self.old)} times"
        files = dict(model.files)
        files[self.file] = "\n".join((before, body.replace(self.old, self.new), after))
        return Snapshot(files)


MUTANTS = tuple(
    Mutant(**mutant)
    for mutant in tomllib.loads((Path(__file__).parent / "mutants.toml").read_text())["mutants"]
)


@dataclass(frozen=True)
class Bench:
    """The original's outcomes over a domain for each entry."""

    domains: Mapping[str, Domain]
    sides: Mapping[str, Side]


def small_domain(entry: str) -> Domain:
    """Return the reduced domain of ENTRY."""
    index = index_sources(bundled_model())
    names = factors_in_play(index.identifiers(index.closure(entry)))
    whole = lay_out(names, FLAGS)
    odd = {name: column(whole.words, name) != 0 for name in sorted(names)}
    where = odd.pop("level") | odd.pop("entry")
    unusual = sum((rows.astype(np.int16) for rows in odd.values()), where.astype(np.int16))
    return Domain(whole.factors, FLAGS, whole.words[unusual <= MOST_UNUSUAL])


@pytest.fixture(scope="module")
def verdicts(built: Built) -> Mapping[Mutant, Future[Verdict]]:
    """Return the verdict on every mutant; they are worked out two at a time."""
    domains = {entry: small_domain(entry) for entry in ENTRIES}
    module = built(bundled_model(), ENTRIES, FLAGS)
    sides = {
        entry: Side(sweep(module, entry, domains[entry], workers=WORKERS), module.unmodelled, "")
        for entry in ENTRIES
    }
    bench = Bench(domains, sides)
    pool = ThreadPoolExecutor(WORKERS)
    futures = {mutant: pool.submit(judge, mutant, bench, built) for mutant in MUTANTS}
    pool.shutdown(wait=False)
    return futures


def judge(mutant: Mutant, bench: Bench, built: Built) -> Verdict:
    """Compare MUTANT with the original at the first entry where they differ at all."""
    module = built(mutant.tree, ENTRIES, FLAGS)
    for entry in ENTRIES:
        before = bench.sides[entry]
        swept = sweep(module, entry, bench.domains[entry], workers=1)
        if differ(before.swept, swept):
            after = Side(swept, module.unmodelled, before.out)
            return compare(entry, bench.domains[entry], before, after).verdict
    return Verdict.NO_CHANGE


def differ(before: Swept, after: Swept) -> bool:
    """Return whether any scenario has another record; quicker than working out the rules."""
    if not np.array_equal(before.records, after.records):
        return True
    same = np.array_equal(before.rows[before.row_of], after.rows[after.row_of])
    return not same


def test_there_are_enough_mutants_of_every_part_of_the_walk() -> None:
    assert sum(not mutant.why for mutant in MUTANTS) >= 30
    mutated = {mutant.function for mutant in MUTANTS}
    assert mutated >= {
        "follow_page", "follow_page_mask", "follow_p4d_mask", "follow_pud_mask", "follow_pmd_mask",
        "follow_page_pte", "follow_pfn_pte", "follow_trans_huge_pmd", "follow_devmap_pmd",
        "can_follow_write_pte", "no_page_table", "gup_can_follow_protnone", "gup_must_unshare",
    }  # fmt: skip
    assert len(set(MUTANTS)) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_is_a_semantic_change_unless_its_reason_says_why_not(
    verdicts: Mapping[Mutant, Future[Verdict]], mutant: Mutant
) -> None:
    verdict = verdicts[mutant].result()
    if mutant.why:
        assert verdict is Verdict.NO_CHANGE, "it can be told from the original after all"
    else:
        assert verdict is Verdict.CHANGE
