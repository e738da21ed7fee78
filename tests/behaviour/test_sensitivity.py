# SPDX-License-Identifier: GPL-2.0-only
"""Which mutants a review would report: a sample of all of them, the same one each time.

The whole figure comes from benchmarks/mutation.py; benchmarks/survivors.toml has the reason of each
mutant that is not reported.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from reviewtool.behaviour.compare import Side, Verdict, compare
from reviewtool.behaviour.entries import entry_domain
from reviewtool.behaviour.sensitivity import (
    Bench,
    Fate,
    Trial,
    choose,
    count_changed,
    score,
    try_mutants,
)
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.mutants import find_mutants
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

SURVIVORS = Path(__file__).parents[2] / "benchmarks" / "survivors.toml"
WALK = frozenset(
    {"follow_page", "follow_page_mask", "follow_pud_mask", "follow_pmd_mask", "follow_page_pte", "follow_pfn_pte",
     "no_page_table", "can_follow_write_pte", "follow_trans_huge_pmd", "follow_devmap_pmd", "try_grab_page",
     "gup_must_unshare", "check_vma_flags", "faultin_page", "__get_user_pages"}
)  # fmt: skip
SAMPLE = 16


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trial, ...]:
    tree = bundled_model()
    mutants = choose(find_mutants(tree, index_sources(tree), WALK), SAMPLE)
    bench = Bench(tree, open_cache(tmp_path_factory.mktemp("mutants")))
    return tuple(try_mutants(bench, mutants))


def test_a_mutant_is_reported_unless_its_reason_is_known(trials: tuple[Trial, ...]) -> None:
    known = {item["name"] for item in tomllib.loads(SURVIVORS.read_text())["survivors"]}
    dead = (Fate.REPORTED, Fate.SAME_CODE, Fate.NOT_COMPILED)
    missed = {trial.mutant.name for trial in trials if trial.fate not in dead}
    assert missed <= known
    assert sum(trial.fate is Fate.REPORTED for trial in trials) >= SAMPLE * 3 // 4


def test_a_score_leaves_out_what_is_no_other_program(trials: tuple[Trial, ...]) -> None:
    for name in {trial.mutant.function for trial in trials}:
        found = score(name, trials)
        assert found.reported <= found.different <= found.compiled <= found.mutants
    assert sum(score(name, trials).mutants for name in WALK) == SAMPLE


def test_a_choice_is_the_same_each_time_and_spread() -> None:
    tree = bundled_model()
    every = find_mutants(tree, index_sources(tree), WALK)
    some = choose(every, SAMPLE)
    assert some == choose(every, SAMPLE)
    assert len({mutant.function for mutant in some}) > 6
    assert choose(some, 1000) == some


def test_changed_scenarios_are_counted_as_the_comparison_of_a_review_counts_them() -> None:
    tree = bundled_model()
    index = index_sources(tree)
    binding = bind(index.functions["follow_page"])
    assert isinstance(binding, Binding)
    domain = entry_domain("follow_page", index, index, [binding], 1 << 20)
    sides = []
    path, old, new = (
        "mm/gup.c",
        "if (WARN_ON_ONCE(foll_flags & FOLL_PIN))",
        "if (foll_flags & FOLL_GET)",
    )
    for text in (tree.files[path], tree.files[path].replace(old, new)):
        made = build(
            BuildRequest(
                Snapshot({**tree.files, path: text}),
                (binding,),
                (*domain.flags, *domain.also),
                index.constants,
            ),
            Cache(None),
        )
        assert isinstance(made, Module)
        sides.append(Side(sweep(made, "follow_page", domain), made.unmodelled, binding.out))
    compared = compare("follow_page", domain, sides[0], sides[1])
    changed, unknown = count_changed(sides[0].swept, sides[1].swept)
    assert (compared.verdict, unknown) == (Verdict.CHANGE, 0)
    assert compared.changed == changed > 0
    assert count_changed(sides[0].swept, sides[0].swept) == (0, 0)
