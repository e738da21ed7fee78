# SPDX-License-Identifier: GPL-2.0-only
"""How one entry behaves at two revisions, as a review of what lies between them."""

from __future__ import annotations

from reviewtool.behaviour.compare import Comparison, Verdict, compare
from reviewtool.behaviour.entries import compare_trees
from reviewtool.behaviour.facts import find_facts
from reviewtool.entry import Compared, entry_review
from reviewtool.execution import Progress, Settings
from reviewtool.findings import change_finding, hazard_findings
from reviewtool.history.versions import (
    Version,
    refuse_uncompiled,
    shared_domain,
    sweep_version,
)
from reviewtool.review import PatchReview, Review
from reviewtool.simulate.build import CompileError
from reviewtool.simulate.cache import Cache


def compare_versions(
    before: Version, after: Version, tree: str, settings: Settings, cache: Cache, progress: Progress
) -> Review:
    """Return the review of an entry from BEFORE to AFTER, two revisions of TREE.

    Raises: InputError when one of them does not compile.
    """
    domain = shared_domain((before, after), settings.budget)
    sides = []
    for version in (before, after):
        side = sweep_version(version, domain, cache, workers=settings.workers, progress=progress)
        if isinstance(side, CompileError):
            raise refuse_uncompiled(version, side)
        sides.append(side)
    comparison = compare(before.entry, domain, *sides)
    facts = [find_facts(before.entry, domain, side) for side in sides]
    entry = entry_review(Compared(comparison, facts[0], facts[1]), before.index, after.index)
    reached = before.index.closure(before.entry) | after.index.closure(before.entry)
    differing = compare_trees(before.index, after.index).functions & reached
    changed = tuple(sorted(name for name in differing if not _is_macro(name, before, after)))
    label = f"{before.name}..{after.name}"
    findings = [change_finding(entry, None)] if entry.differs else []
    findings += hazard_findings([entry], None)
    patch = PatchReview(
        label=label, subject=f"{entry.name}()", author="", source=label, applied="cleanly", repairs=(), files=(),
        changed_functions=changed, entries=(entry,), unchanged_entries=(), undriven=(), lines=(), claims=(),
        findings=tuple(findings), verdict=comparison.verdict.value, verdict_why=_why(comparison, changed),
    )  # fmt: skip
    return Review(
        title=f"{entry.name}() from {before.name} to {after.name}", version=1, source=label, base=tree, missing=(),
        diagnostics=(), patches=(patch,), proposals=(),
    )  # fmt: skip


def _is_macro(name: str, *versions: Version) -> bool:
    found = (version.index.functions.get(name) for version in versions)
    return any(function.macro for function in found if function is not None)


def _why(comparison: Comparison, changed: tuple[str, ...]) -> str:
    names = ", ".join(f"{name}()" for name in changed) or "no function that it reaches"
    if comparison.verdict is Verdict.UNKNOWN:
        return f"some scenarios could not be run to their end; what differs in its code: {names}"
    return f"over {comparison.domain.scenarios:,} scenarios; what differs in its code: {names}"
