# SPDX-License-Identifier: GPL-2.0-only
"""The lazy run against brute force: the same changed sets, and what each costs.

    python benchmarks/lazy.py [--entry NAME] [--scenarios N] [--runs N]

Two versions of an entry (the bundled model, and the model with one condition of the walk taken out) are
run both ways over a domain of at least N scenarios, 2**27 if nothing is said.  The changed scenarios
must be the same, bit for bit; otherwise this ends with status 1.  Then a factor that the code never
reads is put into play, and the whole domain of the entry, all flags combined, is run lazily.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.combined import combined_domain
from reviewtool.behaviour.entries import entry_domain
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import open_cache
from reviewtool.simulate.domain import Domain, lay_out
from reviewtool.simulate.lazy import FIRST_FLAG, Tree, run_lazily, word_mask
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

MOST_LEAVES = 20_000_000
CONDITION = "\tif (pte_write(pte))\n\t\treturn true;\n"


def changed_model() -> Snapshot:
    """Return the bundled model with one condition of the walk taken out."""
    texts = dict(bundled_model().sources())
    if texts["mm/gup.c"].count(CONDITION) != 1:
        raise SystemExit("the model has changed: no such condition in mm/gup.c")
    return Snapshot({**texts, "mm/gup.c": texts["mm/gup.c"].replace(CONDITION, "")})


def built(snapshot: Snapshot, entry: str, flags: tuple[str, ...], *, lazy: bool) -> Module:
    """Return SNAPSHOT, built for ENTRY."""
    index = index_sources(snapshot)
    binding = bind(index.functions[entry])
    assert isinstance(binding, Binding)
    request = BuildRequest(snapshot, (binding,), flags, index.constants, lazy=entry if lazy else "")
    module = build(request, open_cache())
    assert isinstance(module, Module), module
    return module


def full_domain(entry: str) -> Domain:
    """Return the domain of ENTRY with all its flags combined."""
    index = index_sources(bundled_model())
    binding = bind(index.functions[entry])
    assert isinstance(binding, Binding)
    return combined_domain(entry_domain(entry, index, index, [binding], 1 << 25))


def leaves_changed(
    joint: Tree, was: npt.NDArray[np.uint64], domain: Domain
) -> npt.NDArray[np.bool_]:
    """Return which scenarios the leaves say change, shape (states, subsets)."""
    found = np.zeros((len(domain.words), 1 << len(domain.flags)), np.bool_)
    inside = joint.leaves[was != joint.leaves["outcome"]]
    subsets = np.arange(1 << len(domain.flags))
    masks = word_mask(inside["fixed"])
    for fixed in np.unique(inside["fixed"]):
        here = inside["fixed"] == fixed
        mask = masks[here][0]
        flags = int(fixed) >> FIRST_FLAG
        order = np.argsort(domain.words & mask, kind="stable")
        keys = (domain.words & mask)[order]
        for leaf in inside[here]:
            key = leaf["state"] & mask
            states = order[np.searchsorted(keys, key) : np.searchsorted(keys, key, "right")]
            chosen = subsets[(subsets & flags) == (int(leaf["subset"]) & flags)]
            found[np.ix_(states, chosen)] = True
    return found


def swept_changed(before: Swept, after: Swept) -> npt.NDArray[np.bool_]:
    """Return which scenarios differ between two sweeps, shape (states, subsets)."""
    pairs, row_of = np.unique(
        np.stack([before.row_of, after.row_of], axis=1), axis=0, return_inverse=True
    )
    rows = before.records[before.rows[pairs[:, 0]]] != after.records[after.rows[pairs[:, 1]]]
    changed: npt.NDArray[np.bool_] = rows[row_of.reshape(-1)]
    return changed


def timed(what: Callable[[], object]) -> tuple[object, float]:
    """Return what WHAT gives, and its CPU seconds."""
    start = time.process_time()
    made = what()
    return made, time.process_time() - start


def lazily(module: Module, entry: str, domain: Domain, other: Tree | None = None) -> Tree:
    """Return the tree of ENTRY over DOMAIN."""
    tree = run_lazily(
        module, entry, domain.words, domain.flags, most_leaves=MOST_LEAVES, other=other
    )
    assert isinstance(tree, Tree), tree
    return tree


def prove(entry: str, domain: Domain) -> bool:
    """Run both versions both ways over DOMAIN, print what each cost; return whether they agree."""
    versions = (bundled_model(), changed_model())
    lazy = [built(snapshot, entry, domain.flags, lazy=True) for snapshot in versions]
    fast = [built(snapshot, entry, domain.flags, lazy=False) for snapshot in versions]

    def both_lazily() -> tuple[Tree, Tree]:
        first = lazily(lazy[0], entry, domain)
        return first, lazily(lazy[1], entry, domain, first)

    start = time.process_time()
    first, joint = both_lazily()
    lazy_s = time.process_time() - start
    start = time.process_time()
    swept = [sweep(module, entry, domain) for module in fast]
    brute_s = time.process_time() - start
    was = first.leaves["outcome"][joint.leaves["other"]]
    found, expected = leaves_changed(joint, was, domain), swept_changed(swept[0], swept[1])
    same = bool(np.array_equal(found, expected))
    print(
        f"{entry}: {domain.scenarios:,} scenarios, {len(joint.leaves):,} leaves of both versions; "
        f"{int(expected.sum()):,} change by brute force, {int(found.sum()):,} by the leaves: "
        f"{'the same' if same else 'NOT the same'}"
    )
    print(
        f"  CPU: lazily {lazy_s:.2f} s, brute force {brute_s:.2f} s, ratio {lazy_s / brute_s:.2f}"
    )
    return same


def unread_factor(entry: str, runs: int) -> None:
    """Print how much longer the lazy run takes with a factor in play that the code never reads."""
    domain = full_domain(entry)
    names = frozenset(factor.name for factor in domain.factors)
    wider = replace(domain, words=lay_out(names | {"node"}, ()).words)
    assert len(wider.words) > len(domain.words)
    module = built(bundled_model(), entry, domain.flags, lazy=True)
    lazily(module, entry, domain)
    ratios = []
    for _ in range(runs):
        _, narrow = timed(lambda: lazily(module, entry, domain))
        _, wide = timed(lambda: lazily(module, entry, wider))
        ratios.append(wide / narrow)
    print(
        f"a factor that {entry}() never reads: time {statistics.median(ratios):.3f} of what it was"
    )


def whole(entry: str) -> None:
    """Print what all flags combined cost."""
    domain = full_domain(entry)
    module = built(bundled_model(), entry, domain.flags, lazy=True)
    tree, seconds = timed(lambda: lazily(module, entry, domain))
    assert isinstance(tree, Tree)
    print(
        f"{entry}(), all {len(domain.flags)} flags combined: {domain.scenarios:,} scenarios, "
        f"{len(tree.leaves):,} runs, {seconds:.2f} s of CPU"
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--entry", default="get_user_pages")
    parser.add_argument("--scenarios", type=int, default=1 << 27, help="at least (default 2**27)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default 5)")
    arguments = parser.parse_args()
    domain = full_domain(arguments.entry)
    flags = domain.flags
    while len(domain.words) << (len(flags) - 1) >= arguments.scenarios:
        flags = flags[:-1]
    same = prove(arguments.entry, replace(domain, flags=flags))
    unread_factor(arguments.entry, arguments.runs)
    whole(arguments.entry)
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
