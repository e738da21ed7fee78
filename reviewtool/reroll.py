# SPDX-License-Identifier: GPL-2.0-only
"""Two versions of a series: which patch became which, and what the re-roll changes in behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from reviewtool.behaviour.compare import Verdict
from reviewtool.execution import Draft, Progress, Run, Settings, simulate_patch
from reviewtool.review import PairReview, RerollReview
from reviewtool.series.diff import FileDiff, LineKind
from reviewtool.series.patch import Patch
from reviewtool.series.series import Series
from reviewtool.simulate.cache import Cache
from reviewtool.slice.pair import is_kernel_tree
from reviewtool.slicing import simulate_on_kernel
from reviewtool.tree.recover import in_order, refit
from reviewtool.tree.repository import Conflict, open_repository
from reviewtool.tree.snapshot import Snapshot

SIMILAR = 0.5
"""From here on two patches with other subjects count as one: shared changed lines, 0 to 1."""


@dataclass(frozen=True)
class Applied:
    """A patch of one version; trouble: why it does not apply, "" if it does."""

    patch: Patch
    label: str
    after: Snapshot
    trouble: str


def apply_all(series: Series, base: Snapshot, settings: Settings) -> tuple[Applied, ...]:
    """Return the patches of SERIES with the tree after each; one that does not apply changes nothing."""
    made: list[Applied] = []
    with open_repository(base, settings.find_blob) as repository:
        for item in in_order(series):
            patch = item if isinstance(item, Patch) else refit(item, repository.snapshot.read)[0]
            if not isinstance(patch, Patch):
                continue
            done = repository.apply(patch)
            trouble = f"{done.path}: {done.reason}" if isinstance(done, Conflict) else ""
            label = f"v{series.version} {patch.number}/{patch.total}"
            made.append(Applied(patch, label, repository.snapshot, trouble))
    return tuple(made)


def _plain_subject(patch: Patch) -> str:
    return " ".join(patch.subject.lower().split())


def _changed_lines(patch: Patch) -> list[str]:
    return [
        f"{line.kind.value} {' '.join(line.text.split())}"
        for file in patch.files
        for hunk in file.hunks
        for line in hunk.lines
        if line.kind is not LineKind.CONTEXT and line.text.strip()
    ]


def similarity(old: Patch, new: Patch) -> float:
    """Return how much of their changed lines two patches share, 0 to 1."""
    before, after = _changed_lines(old), _changed_lines(new)
    if not before and not after:
        return 0.0
    return SequenceMatcher(None, before, after, autojunk=False).ratio()


def match_patches(old: Sequence[Patch], new: Sequence[Patch]) -> tuple[tuple[int, int, str], ...]:
    """Return which patch of OLD became which of NEW (indices, in NEW's order), and by what that is known.

    A subject that only one patch of either version has decides; then the most similar changes.
    """
    names_old, names_new = [_plain_subject(p) for p in old], [_plain_subject(p) for p in new]
    found: list[tuple[int, int, str]] = [
        (names_old.index(name), at, "same subject")
        for at, name in enumerate(names_new)
        if names_old.count(name) == 1 and names_new.count(name) == 1
    ]
    left_old = [n for n in range(len(old)) if n not in {a for a, _, _ in found}]
    left_new = [n for n in range(len(new)) if n not in {b for _, b, _ in found}]
    ranked = sorted(
        ((similarity(old[a], new[b]), -a, -b) for a in left_old for b in left_new), reverse=True
    )
    for share, a, b in ranked:
        if share >= SIMILAR and -a in left_old and -b in left_new:
            found.append((-a, -b, f"similar changes, {share:.0%}"))
            left_old.remove(-a)
            left_new.remove(-b)
    return tuple(sorted(found, key=lambda pair: pair[1]))


def compare_series(
    old: Series, new: Series, base: tuple[Snapshot, Snapshot], settings: Settings, cache: Cache, progress: Progress,
) -> RerollReview:  # fmt: skip
    """Return what NEW changes against OLD; BASE is what each of them is applied to.

    Raises: InputError for a version without patches; ToolError when git, the compiler or the sandbox fails.
    """
    run = Run(settings, cache, progress, base=base[0])
    first, second = (
        apply_all(series, snapshot, settings)
        for series, snapshot in zip((old, new), base, strict=True)
    )
    matched = match_patches([one.patch for one in first], [one.patch for one in second])
    pairs = [_compare(run, first[a], second[b], how) for a, b, how in matched]
    dropped = [one for n, one in enumerate(first) if n not in {a for a, _, _ in matched}]
    added = [one for n, one in enumerate(second) if n not in {b for _, b, _ in matched}]
    whole = _compare_whole(run, first, second, base)
    missing = [f"v{s.version} {n}/{s.total} is missing" for s in (old, new) for n in s.missing]
    if missing and whole.verdict == Verdict.NO_CHANGE.value:
        whole = replace(whole, verdict=Verdict.UNKNOWN.value, verdict_why="; ".join(missing))
    said = dict.fromkeys(str(item) for series in (old, new) for item in series.all_diagnostics)
    return RerollReview(
        title=_title(new), base=settings.base_name, old_version=old.version, new_version=new.version,
        pairs=tuple(pairs), dropped=tuple(_name(one) for one in dropped), added=tuple(_name(one) for one in added),
        whole=whole, diagnostics=(*said, *missing),
    )  # fmt: skip


def _title(series: Series) -> str:
    if series.cover is not None:
        return series.cover.subject.text
    return series.patches[0].subject if series.patches else ""


def _name(one: Applied) -> tuple[str, str]:
    return one.label, one.patch.subject


def _compare(run: Run, old: Applied, new: Applied, how: str) -> PairReview:
    """Compare the tree after OLD with the tree after NEW."""
    trouble = "; ".join(
        f"{one.label} does not apply: {one.trouble}" for one in (old, new) if one.trouble
    )
    return _pair(run, (old, new), how, trouble, (*old.patch.files, *new.patch.files))


def _compare_whole(
    run: Run, first: Sequence[Applied], second: Sequence[Applied], base: tuple[Snapshot, Snapshot]
) -> PairReview:
    trouble = "; ".join(
        f"{one.label} does not apply: {one.trouble}" for one in (*first, *second) if one.trouble
    )
    if not first or not second:
        which = "the first" if not first else "the second"
        return _untold("", "", "", f"{which} version has no patch")
    files = tuple(file for one in (*first, *second) for file in one.patch.files)
    made = _pair(run, (first[-1], second[-1]), "all patches", trouble, files)
    if base[0].files != base[1].files and made.verdict == Verdict.NO_CHANGE.value:
        return replace(
            made, verdict=Verdict.UNKNOWN.value, verdict_why="the versions stand on different trees"
        )
    return made


def _untold(old: str, new: str, how: str, why: str) -> PairReview:
    return PairReview(old, new, "", "", how, Verdict.UNKNOWN.value, why, (), (), ())


def _pair(
    run: Run, ends: tuple[Applied, Applied], how: str, trouble: str, files: tuple[FileDiff, ...]
) -> PairReview:
    old, new = ends
    draft = Draft()
    patch = replace(new.patch, files=files)
    if is_kernel_tree(old.after):
        simulate_on_kernel(run, patch, old.after, new.after, draft)
    else:
        simulate_patch(run, patch, old.after, new.after, draft)
    verdict, why = draft.verdict, draft.why
    if not draft.entries and verdict is Verdict.NO_CHANGE:
        why = "the code that is run is the same in both versions"
    if trouble:
        # What does not apply is not in the tree that was compared.
        verdict = Verdict.CHANGE if verdict is Verdict.CHANGE else Verdict.UNKNOWN
        why = trouble if verdict is Verdict.UNKNOWN else f"{why}; {trouble}"
    errors = tuple(
        f"{finding.path}:{finding.line}: {finding.title}"
        for finding in draft.findings
        if finding.id == "compile-error"
    )
    return PairReview(
        old.label, new.label, old.patch.subject, new.patch.subject, how, verdict.value, why, tuple(draft.entries),
        tuple(draft.undriven), errors,
    )  # fmt: skip
