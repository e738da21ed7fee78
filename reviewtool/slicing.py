# SPDX-License-Identifier: GPL-2.0-only
"""A patch on a kernel tree: sliced, then run as a patch on the model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reviewtool.behaviour.compare import Verdict
from reviewtool.behaviour.facts import find_facts
from reviewtool.combination import Bound
from reviewtool.execution import Draft, Run, documented_functions, simulate_patch, sweep_alone
from reviewtool.findings import compile_finding
from reviewtool.picture import Ran
from reviewtool.review import Origin
from reviewtool.series.patch import Patch
from reviewtool.simulate.record import ENDS, field
from reviewtool.slice.pair import SlicedPair, slice_pair
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources

_MOST_NEW = 4
# A review of one patch is to take some ten seconds: entries of a tree tell many behaviours apart.
_BOUND = Bound(leaves=150_000, entries=2)


def simulate_on_kernel(
    run: Run, patch: Patch, before: Snapshot, after: Snapshot, draft: Draft
) -> SlicedPair:
    """Run what PATCH changes of a kernel tree, and put what differs into DRAFT, with the verdict.

    "No semantic change" is said only where all that changes was in what ran.
    """
    run = replace(run, settings=replace(run.settings, bound=_BOUND))
    documented = documented_functions(patch, before, after)
    pair = slice_pair(before, after, patch.paths, run.settings.entries, documented, run.cache)
    draft.origin = Origin(
        taken=tuple(f"{path}:{line} {name}" for name, path, line in pair.after.taken),
        primitives=pair.after.primitives,
        stubs=pair.after.stubs,
    )
    if pair.after.errors or pair.before.errors:
        with_patch = bool(pair.after.errors)
        errors = pair.after.errors or pair.before.errors
        draft.changed = pair.changed
        draft.findings += [compile_finding(error, after_patch=with_patch) for error in errors[:8]]
        draft.why = (
            "what it changes does not compile with the model"
            if with_patch
            else "the tree's code does not compile with the model before the patch"
        )
        return pair
    simulate_patch(run, patch, pair.before.snapshot, pair.after.snapshot, draft)
    if not pair.changed:
        draft.verdict, draft.why = Verdict.UNKNOWN, "no C code of the tree changes"
        if pair.looked_at:
            draft.verdict = Verdict.NO_CHANGE
            draft.why = "only comments, white space, or the place of code change"
    elif draft.verdict is Verdict.NO_CHANGE:
        silent = _never_ran(patch, draft.ran, pair.changed) if draft.ran else ("what changes",)
        if silent:
            draft.verdict = Verdict.UNKNOWN
            names = ", ".join(silent[:4]) + (
                f" and {len(silent) - 4} more" if len(silent) > 4 else ""
            )
            draft.why = f"the entries that were run do not change, but {names} never ran"
    if pair.new or pair.gone:
        _tell_new(run, pair, draft)
    draft.changed = tuple(sorted({*draft.changed, *pair.changed}))
    draft.undriven += [item for item in pair.unseen if item not in draft.undriven]
    if pair.inert and draft.verdict is Verdict.NO_CHANGE:
        draft.verdict = Verdict.UNKNOWN
        names = ", ".join(f"{name}()" for name in pair.inert[:6])
        draft.why = (
            f"no outcome changes, but {names}, which does nothing in the model, is called otherwise"
        )
    if pair.unseen and draft.verdict is Verdict.NO_CHANGE:
        draft.verdict = Verdict.UNKNOWN
        names = ", ".join(name for name, _ in pair.unseen[:4])
        more = f" and {len(pair.unseen) - 4} more" if len(pair.unseen) > 4 else ""
        draft.why = (
            f"the entries that could be run do not change, but {names}{more} could not be looked at"
        )
    return pair


def _tell_new(run: Run, pair: SlicedPair, draft: Draft) -> None:
    """Say which functions come and go; the new ones are run by themselves, there is nothing to compare with."""
    said: list[str] = []
    tree = run.settings.configuration.built(pair.after.snapshot)
    index = index_sources(tree)
    for name in pair.new[:_MOST_NEW]:
        if name not in index.functions:
            continue
        alone = sweep_alone(run, tree, index, name)
        if isinstance(alone, str):
            draft.undriven.append((name, f"it is new, and {alone}"))
            continue
        draft.facts_after.setdefault(name, find_facts(name, alone.domain, alone.side))
        ends = np.unique(field(alone.side.swept.records, "end"))
        stubs = ", a stub reached" if ENDS.index("unmodelled") in ends else ", no stub reached"
        said.append(f"{name}() is new ({alone.domain.scenarios:,} scenarios{stubs})")
    said += [f"{name}() is gone" for name in pair.gone[:_MOST_NEW]]
    if said and draft.verdict is not Verdict.CHANGE:
        draft.verdict, draft.why = Verdict.CHANGE, "; ".join(said)


def _never_ran(patch: Patch, ran: Ran, changed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the changed statements and functions of which no entry ran anything, in words."""
    runs = (ran.before.runs(), ran.after.runs())
    found: list[str] = []
    for version, counts in zip((ran.before, ran.after), runs, strict=True):
        for name in changed:
            function = version.index.functions.get(name)
            if function is None or function.macro:
                continue
            lines = range(function.first_line, function.last_line + 1)
            if not any(counts.get((function.path, line)) for line in lines):
                found.append(f"{name}()")
    for file in patch.files:
        for line in (line for hunk in file.hunks for line in hunk.lines):
            if line.old_line is not None and line.new_line is None:
                key, counts, which = (file.path_before or "", line.old_line), runs[0], "removed"
            elif line.new_line is not None and line.old_line is None:
                key, counts, which = (file.path, line.new_line), runs[1], "added"
            else:
                continue
            if counts.get(key) == 0:
                found.append(f"the {which} line {key[0]}:{key[1]}")
    return tuple(dict.fromkeys(found))
