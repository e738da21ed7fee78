# SPDX-License-Identifier: GPL-2.0-only
"""Every flag combined with every other: what two lazy runs of an entry say where a sweep was cut.

A sweep combines up to nine flags and passes the others one at a time.  The leaves of a lazy run cover
all subsets of all flags, so where the sweep saw no change, they tell whether there is one beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.boxes import Bits
from reviewtool.behaviour.compare import Change, headline
from reviewtool.behaviour.conditions import measure_rules
from reviewtool.behaviour.outcome import describe, hazard_words, read_outcomes
from reviewtool.behaviour.rules import bounding_rule, cover_boxes
from reviewtool.behaviour.table import Axis
from reviewtool.behaviour.wording import rule_words, scenario_at
from reviewtool.simulate.build import Module
from reviewtool.simulate.domain import FACTORS, PLACES, Domain, column
from reviewtool.simulate.instrument import Counted
from reviewtool.simulate.lazy import FIRST_FLAG, GaveUp, Tree, run_lazily
from reviewtool.simulate.record import ENDS, field

MOST_LEAVES = 1_500_000
_MOST_BOXES = 40_000


@dataclass(frozen=True)
class Combined:
    """What both versions do with all flags combined.

    scenarios:  how many there are; behaviours: runs that told them apart, of both versions together.
    unknown:    scenarios that met an unmodelled function.
    change:     what changes, if anything; its count is of all these scenarios.
    gave_up:    why there is no answer ("" where there is one).
    met:        the counted lines and answers of conditions that some run met, before and after.
    """

    scenarios: int
    behaviours: int
    unknown: int = 0
    change: Change | None = None
    gave_up: str = ""
    met: tuple[frozenset[Counted], frozenset[Counted]] = (frozenset(), frozenset())


def combined_domain(domain: Domain) -> Domain:
    """Return DOMAIN with all its flags in its subsets, those that were passed one at a time or never too."""
    words = domain.words
    if domain.also:
        words = words[domain.columns["also"] == 0]
    factors = tuple(factor for factor in domain.factors if factor.name != "also")
    return Domain(factors, (*domain.flags, *domain.also, *domain.cut), words)


Between = Callable[[], None]


def compare_combined(
    entry: str,
    domain: Domain,
    before: Module,
    after: Module,
    outs: tuple[str, str],
    between: Between = lambda: None,
    *,
    most_leaves: int = MOST_LEAVES,
    differing: bool = False,
) -> Combined:
    """Run ENTRY of both modules, built to be run lazily, over DOMAIN; BETWEEN is called half way.

    outs: Binding.out of both.  most_leaves: where it gives up, counted in behaviours.
    differing: nothing differs between them outside of the functions that tell when they are entered, so
    that runs that enter none of those need not be told apart.
    """
    first = run_lazily(
        before, entry, domain.words, domain.flags, most_leaves=most_leaves, differing=differing
    )
    between()
    if isinstance(first, GaveUp):
        return Combined(domain.scenarios, 0, gave_up=first.reason)
    joint = run_lazily(
        after, entry, domain.words, domain.flags, most_leaves=most_leaves, other=first,
        differing=differing,
    )  # fmt: skip
    if isinstance(joint, GaveUp):
        return Combined(domain.scenarios, 0, gave_up=joint.reason)
    was = first.leaves["outcome"][joint.leaves["other"]]
    now = joint.leaves["outcome"]
    unknown = np.isin(
        np.stack([field(was, "end"), field(now, "end")]), ENDS.index("unmodelled")
    ).any(axis=0)
    changed = (was != now) & ~unknown
    made = Combined(
        domain.scenarios,
        len(joint.leaves),
        int(joint.scenarios[unknown].sum()),
        met=(first.met, joint.met),
    )
    if not changed.any():
        return made
    modules = (before, after)
    return replace(made, change=_change(domain, joint, was, changed, modules, outs))


def _change(
    domain: Domain,
    joint: Tree,
    was: npt.NDArray[np.uint64],
    changed: npt.NDArray[np.bool_],
    modules: tuple[Module, Module],
    outs: tuple[str, str],
) -> Change:
    scenarios = joint.scenarios
    pairs = np.stack([was[changed], joint.leaves["outcome"][changed]], axis=1)
    distinct, which = np.unique(pairs, axis=0, return_inverse=True)
    counts = np.bincount(which.reshape(-1), scenarios[changed])
    results: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for pair, count in zip(distinct, counts, strict=True):
        for side in (0, 1):
            (outcome,) = read_outcomes(pair[side : side + 1])
            words = headline(outcome, modules[side].unmodelled, outs[side])
            results[side][words] = results[side].get(words, 0) + int(count)
    leaf = _plainest(joint, changed)
    (old,), (new,) = (
        read_outcomes(records[leaf : leaf + 1]) for records in (was, joint.leaves["outcome"])
    )
    total = int(scenarios[changed].sum())
    axes, boxes = boxes_of_leaves(domain, joint)
    rules = cover_boxes(axes, boxes, changed) if len(boxes) <= _MOST_BOXES else ()
    only = rule_words(bounding_rule(axes, boxes, changed), domain)
    after = list(results[1])
    return Change(
        before=tuple(sorted(results[0].items(), key=lambda item: (-item[1], item[0]))),
        after=after[0] if len(after) == 1 else "one of several outcomes",
        effects=() if rules else (f"only where {only}",),
        hazards=tuple(word for word in hazard_words(new) if word not in hazard_words(old)),
        conditions=measure_rules(rules, domain),
        by_flags=(),
        count=total,
        share=total / max(1, domain.scenarios),
        witness=scenario_at(
            domain, int(joint.leaves["state"][leaf]), int(joint.leaves["subset"][leaf])
        ),
        witness_before=describe(old, modules[0].unmodelled, outs[0]),
        witness_after=describe(new, modules[1].unmodelled, outs[1]),
    )


def _plainest(joint: Tree, changed: npt.NDArray[np.bool_]) -> int:
    """Return the changed leaf with the fewest flags and the fewest values that are not the plainest."""
    inside = np.flatnonzero(changed)
    states = joint.leaves["state"][inside]
    unusual = np.bitwise_count(joint.leaves["subset"][inside]).astype(np.int64)
    for factor in FACTORS:
        unusual += column(states, factor.name) != 0
    return int(inside[np.lexsort((states, unusual))[0]])


def boxes_of_leaves(domain: Domain, tree: Tree) -> tuple[tuple[Axis, ...], Bits]:
    """Return the axes that any leaf fixes, and each leaf as a box over them.  Boxes of two leaves never meet."""
    fixed = tree.leaves["fixed"]
    anywhere = int(np.bitwise_or.reduce(fixed)) if len(fixed) else 0
    axes: list[Axis] = []
    columns: list[npt.NDArray[np.uint32]] = []
    for number, factor in enumerate(FACTORS):
        if not anywhere >> number & 1 or factor not in domain.factors:
            continue
        shift, width = PLACES[factor.name]
        codes = (tree.leaves["state"] >> np.uint64(shift)) & np.uint64((1 << width) - 1)
        here = (fixed >> np.uint64(number) & np.uint64(1)) != 0
        every = np.uint32((1 << len(factor.values)) - 1)
        axes.append(Axis(factor.name, is_flag=False, values=len(factor.values)))
        columns.append(np.where(here, np.left_shift(np.uint32(1), codes.astype(np.uint32)), every))
    for bit, flag in enumerate(tree.flags):
        if not anywhere >> (FIRST_FLAG + bit) & 1:
            continue
        here = (fixed >> np.uint64(FIRST_FLAG + bit) & np.uint64(1)) != 0
        on = tree.leaves["subset"] >> np.uint32(bit) & np.uint32(1)
        axes.append(Axis(flag, is_flag=True, values=2))
        columns.append(np.where(here, np.left_shift(np.uint32(1), on), np.uint32(3)))
    boxes = np.stack(columns, axis=1) if columns else np.zeros((len(fixed), 0), np.uint32)
    return tuple(axes), boxes.astype(np.uint32)
