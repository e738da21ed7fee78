# SPDX-License-Identifier: GPL-2.0-only
"""The series as a whole: each entry from the base to the last patch, and what is undone on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewtool.behaviour.compare import Side, Verdict
from reviewtool.behaviour.entries import domain_of_versions
from reviewtool.behaviour.history import Undone, Version, trace_history
from reviewtool.entry import condition_reviews, entry_review
from reviewtool.execution import (
    Key,
    Run,
    code_key,
    compare_sides,
    is_simulated,
)
from reviewtool.review import PatchReview, StepReview, UndoneReview, WholeEntryReview, WholeReview
from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.sweep import sweep
from reviewtool.slice.pair import is_kernel_tree, slice_stages
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import SourceIndex, index_sources

_NO_COMPILE = "does not compile, so what it changes is told with the next one"


@dataclass(frozen=True)
class Stage:
    """The tree after a patch; label: of the patch, "base" before the first."""

    label: str
    snapshot: Snapshot


@dataclass(frozen=True)
class _Tree:
    label: str
    snapshot: Snapshot
    index: SourceIndex


@dataclass(frozen=True)
class _Followed:
    """An entry in every version of the tree, over one domain."""

    name: str
    domain: Domain
    bindings: tuple[Binding, ...]
    keys: tuple[Key, ...]


def review_whole(
    run: Run, stages: Sequence[Stage], patches: Sequence[PatchReview], missing: tuple[int, ...]
) -> WholeReview | None:
    """Return the review of all STAGES together, the base first; None for fewer than two patches.

    Entries are those that some patch was reviewed by.
    """
    if len(patches) < 2 or len(stages) < 2:
        return None
    base = stages[0].snapshot
    names = dict.fromkeys(entry.name for patch in patches for entry in patch.entries)
    snapshots = [stage.snapshot for stage in stages]
    if is_kernel_tree(base):
        paths = {file.path for patch in patches for file in patch.files}
        kept = slice_stages(snapshots, tuple(names), paths, run.cache)
    else:
        built = run.settings.configuration.built
        kept = tuple(built(_simulated(snapshot, base)) for snapshot in snapshots)
    trees = [
        _Tree(stage.label, snapshot, index_sources(snapshot))
        for stage, snapshot in zip(stages, kept, strict=True)
    ]
    apart: list[tuple[str, str]] = []
    followed: list[_Followed] = []
    for name in names:
        made = _follow(run, name, trees)
        if isinstance(made, str):
            apart.append((name, made))
        else:
            followed.append(made)
    broken = _sweep_missing(run, trees, followed)
    left = [at for at in range(len(trees)) if at not in broken]
    apart += [(f"the tree after {trees[at].label}", _NO_COMPILE) for at in broken]
    entries = []
    if left[:1] == [0] and left[-1:] == [len(trees) - 1]:
        entries = [_whole_entry(run, one, trees, left) for one in followed]
    verdict, why = _decide(entries, apart, patches, missing)
    return WholeReview(stages[-1].label, tuple(entries), tuple(apart), verdict.value, why)


def _simulated(snapshot: Snapshot, base: Snapshot) -> Snapshot:
    return Snapshot(
        {
            path: text
            for path, text in snapshot.files.items()
            if path in base.files or is_simulated(path, base)
        }
    )


def _follow(run: Run, name: str, trees: Sequence[_Tree]) -> _Followed | str:
    """Return entry NAME through TREES, or why it cannot be followed."""
    bindings: list[Binding] = []
    for tree in trees:
        function = tree.index.functions.get(name)
        if function is None:
            return f"not there at {tree.label}"
        bound = bind(function)
        if isinstance(bound, Unbound):
            return f"cannot be run at {tree.label}: {bound.reason}"
        bindings.append(bound)
    # The domain of two versions is that of all: each adds what its code can tell apart.
    indices = [tree.index for tree in trees]
    settings = run.settings
    domain = domain_of_versions(name, indices, bindings, settings.budget, settings.configuration)
    keys = tuple(code_key(tree.index, name, domain) for tree in trees)
    return _Followed(name, domain, tuple(bindings), keys)


def _sweep_missing(
    run: Run, trees: Sequence[_Tree], followed: Sequence[_Followed]
) -> tuple[int, ...]:
    """Sweep what the patches' own reviews did not; return which of TREES do not compile."""
    broken: list[int] = []
    for at, tree in enumerate(trees):
        wanted = [one for one in followed if one.keys[at] not in run.sides]
        if not wanted:
            continue
        flags = {flag for one in wanted for flag in (*one.domain.flags, *one.domain.also)}
        bindings = tuple(one.bindings[at] for one in wanted)
        request = BuildRequest(
            tree.snapshot, bindings, tuple(sorted(flags)), tree.index.constants,
            configuration=run.settings.configuration,
        )  # fmt: skip
        module = build(request, run.cache)
        if not isinstance(module, Module):
            broken.append(at)
            continue
        for one in wanted:
            swept = sweep(module, one.name, one.domain, workers=run.settings.workers)
            side = Side(swept, module.unmodelled, one.bindings[at].out)
            run.sides[one.keys[at]] = side
    return tuple(broken)


def _whole_entry(
    run: Run, one: _Followed, trees: Sequence[_Tree], kept: Sequence[int]
) -> WholeEntryReview:
    """Return entry ONE through those of TREES that compile, KEPT."""
    sides = [run.sides[one.keys[at]] for at in kept]
    versions = [Version(_label(trees, kept, n), side) for n, side in enumerate(sides)]
    keys = (one.keys[0], one.keys[-1])
    made = compare_sides(run, one.name, one.domain, keys, (sides[0], sides[-1]))
    # What no patch touches has no history, and most patches touch little.
    moved = [n for n in range(1, len(kept)) if one.keys[kept[n]] != one.keys[kept[n - 1]]]
    history = trace_history(one.name, one.domain, [versions[0], *(versions[n] for n in moved)])
    counts = dict(zip(moved, (count for _, count in history.steps), strict=True))
    steps = tuple(StepReview(versions[n].label, counts.get(n, -1)) for n in range(1, len(versions)))
    changing = [step.label for step in steps if step.changed > 0]
    return WholeEntryReview(
        entry_review(made, trees[0].index, trees[-1].index),
        steps,
        changing[0] if len(changing) == 1 else "",
        tuple(_undone(item) for item in history.undone),
        history.unknown,
    )


def _label(trees: Sequence[_Tree], kept: Sequence[int], n: int) -> str:
    """Return the label of version N of KEPT; patches that do not compile count with the next."""
    first = kept[n - 1] + 1 if n else kept[n]
    return " and ".join(trees[at].label for at in range(first, kept[n] + 1))


def _undone(item: Undone) -> UndoneReview:
    return UndoneReview(
        item.changed_by, item.restored_by, item.count, item.of, item.left, item.share,
        condition_reviews(item.conditions),
        item.witness.words, item.witness.options, item.before, item.between,
    )  # fmt: skip


def _decide(
    entries: Sequence[WholeEntryReview],
    apart: Sequence[tuple[str, str]],
    patches: Sequence[PatchReview],
    missing: tuple[int, ...],
) -> tuple[Verdict, str]:
    changed = [one.entry for one in entries if one.entry.changed]
    if changed:
        return Verdict.CHANGE, "in " + ", ".join(f"{entry.name}()" for entry in changed)
    unsure = [
        f"{patch.label}: {patch.verdict_why}"
        for patch in patches
        if patch.verdict == Verdict.UNKNOWN.value
    ]
    # Only the flags that a patch combines were followed; what more flags together do was not.
    unsure += [
        f"{patch.label}: {entry.name}() changes where more flags are combined, and that was not followed"
        for patch in patches
        for entry in patch.entries
        if entry.combined_changed
    ]
    unsure += [f"{name}: {why}" for name, why in apart]
    unsure += [f"{number} is missing" for number in missing]
    unsure += [
        f"{one.entry.name}(): some scenarios could not be run to their end"
        for one in entries
        if one.entry.verdict == Verdict.UNKNOWN.value
    ]
    if unsure:
        return Verdict.UNKNOWN, "; ".join(unsure)
    if not entries:
        return Verdict.NO_CHANGE, "no patch changes code that is run"
    scenarios = sum(one.entry.scenarios for one in entries)
    undone = " (what the patches change is undone)" if any(one.undone for one in entries) else ""
    names = ", ".join(f"{one.entry.name}()" for one in entries)
    return Verdict.NO_CHANGE, f"over {scenarios:,} scenarios of {names}{undone}"
