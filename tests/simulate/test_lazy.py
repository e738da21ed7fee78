# SPDX-License-Identifier: GPL-2.0-only
"""The lazy run against the sweep, scenario by scenario."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reviewtool.behaviour.entries import entry_domain
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import open_cache
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.lazy import FIRST_FLAG, GaveUp, Tree, run_lazily, word_mask
from reviewtool.simulate.record import ENDS, SHIFTS
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

MOST_LEAVES = 1 << 20


def _built(snapshot: Snapshot, entry: str, *, lazy: bool) -> tuple[Module, Domain]:
    index = index_sources(snapshot)
    binding = bind(index.functions[entry])
    assert isinstance(binding, Binding)
    domain = entry_domain(entry, index, index, [binding], 1 << 22)
    domain = replace(
        domain, words=domain.words[domain.columns.get("also", domain.words * 0) == 0], also=()
    )
    module = build(
        BuildRequest(
            snapshot, (binding,), domain.flags, index.constants, lazy=entry if lazy else ""
        ),
        open_cache(),
    )
    assert isinstance(module, Module), module
    return module, domain


def _lazy(snapshot: Snapshot, entry: str, other: Tree | None = None) -> tuple[Tree, Domain]:
    module, domain = _built(snapshot, entry, lazy=True)
    tree = run_lazily(
        module, entry, domain.words, domain.flags, most_leaves=MOST_LEAVES, other=other
    )
    assert isinstance(tree, Tree), tree
    return tree, domain


def _expand(tree: Tree, domain: Domain) -> np.ndarray:
    """Return the outcome of every scenario as the tree has it; each must lie in exactly one leaf."""
    subsets = np.arange(1 << len(domain.flags))
    made = np.zeros((len(domain.words), len(subsets)), np.uint64)
    times = np.zeros(made.shape, np.uint8)
    masks = word_mask(tree.leaves["fixed"])
    for leaf, mask in zip(tree.leaves, masks, strict=True):
        flags = int(leaf["fixed"]) >> FIRST_FLAG
        states = np.flatnonzero((domain.words & mask) == (leaf["state"] & mask))
        assert len(states) == leaf["count"]
        inside = np.ix_(states, np.flatnonzero((subsets & flags) == (int(leaf["subset"]) & flags)))
        made[inside] = leaf["outcome"]
        times[inside] += 1
    assert (times == 1).all()
    return made


def _swept(snapshot: Snapshot, entry: str) -> np.ndarray:
    module, domain = _built(snapshot, entry, lazy=False)
    swept = sweep(module, entry, domain)
    return swept.records[swept.rows][swept.row_of]


@pytest.mark.parametrize(
    "entry", ["follow_page", "can_follow_write_pte", "vm_normal_page", "gup_can_follow_protnone"]
)
def test_the_leaves_of_the_tree_say_what_the_sweep_says_of_every_scenario(entry: str) -> None:
    tree, domain = _lazy(bundled_model(), entry)
    assert np.array_equal(_expand(tree, domain), _swept(bundled_model(), entry))
    assert len(tree.leaves) < domain.scenarios / 8
    assert tree.scenarios.sum() == domain.scenarios


def _patched(snapshot: Snapshot, path: str, old: str, new: str) -> Snapshot:
    texts = dict(snapshot.sources())
    assert old in texts[path]
    return Snapshot({**texts, path: texts[path].replace(old, new)})


def test_the_leaves_of_two_versions_find_the_changes_that_two_sweeps_find() -> None:
    before = bundled_model()
    after = _patched(before, "mm/gup.c", "if (pte_write(pte))\n\t\treturn true;", "")
    first, domain = _lazy(before, "follow_page")
    joint, _ = _lazy(after, "follow_page", first)
    was = first.leaves["outcome"][joint.leaves["other"]]
    changed = was != joint.leaves["outcome"]
    found = Tree(joint.leaves, joint.flags)
    found.leaves["outcome"] = changed
    swept = _swept(before, "follow_page") != _swept(after, "follow_page")
    assert swept.any()
    assert np.array_equal(_expand(found, domain) != 0, swept)


def test_a_loop_that_does_not_end_is_an_outcome_and_no_failure() -> None:
    after = _patched(
        bundled_model(), "mm/gup.c", "if (pte_write(pte))\n\t\treturn true;",
        "while (pte_write(pte))\n\t\tcond_resched();",
    )  # fmt: skip
    tree, _ = _lazy(after, "can_follow_write_pte")
    ends = tree.leaves["outcome"] >> np.uint64(SHIFTS["end"]) & np.uint64(7)
    assert (ends == ENDS.index("steps")).any()


def test_more_behaviours_than_allowed_are_a_reason_to_give_up() -> None:
    module, domain = _built(bundled_model(), "follow_page", lazy=True)
    given_up = run_lazily(module, "follow_page", domain.words, domain.flags, most_leaves=100)
    assert isinstance(given_up, GaveUp) or len(given_up.leaves) < 1 << 14
