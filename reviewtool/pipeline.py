# SPDX-License-Identifier: GPL-2.0-only
"""The stages one after another: a series and a base tree in, a Review out."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from reviewtool.errors import InputError
from reviewtool.execution import Draft, Progress, Run, Settings, is_simulated, simulate_patch
from reviewtool.findings import (
    change_finding,
    claim_findings,
    conflict_finding,
    hazard_findings,
    input_line,
    kernel_doc_findings,
)
from reviewtool.history.fixes import fixes_findings
from reviewtool.mail.diagnostic import Diagnostic
from reviewtool.picture import picture_patch
from reviewtool.promises import judge_claims
from reviewtool.review import FileReview, PatchReview, Review
from reviewtool.series.patch import Patch
from reviewtool.series.series import Series
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.vetting import vet_source
from reviewtool.slice.pair import is_kernel_tree
from reviewtool.slicing import simulate_on_kernel
from reviewtool.tree.recover import in_order, recover_proposals, recovery_of, refit
from reviewtool.tree.repository import Applied, Conflict, Repository, open_repository
from reviewtool.tree.snapshot import Snapshot
from reviewtool.vouching import find_coverage, measure_sensitivity
from reviewtool.whole import Stage, review_whole

__all__ = ["Progress", "Settings", "review_series"]


def _silent(_what: str, _done: int, _of: int) -> None:
    pass


def review_series(
    series: Series, base: Snapshot, settings: Settings, cache: Cache, progress: Progress = _silent
) -> tuple[Review, Series]:
    """Return the review of SERIES on top of BASE, and the series with what was recovered.

    PROGRESS(what, done, of) may be called from several threads.
    Raises: InputError for a patch that would have the compiler read outside of the tree; ToolError
    when git, the compiler or the sandbox fails.
    """
    run = Run(settings, cache, progress, base=base)
    patches: list[PatchReview] = []
    proposals: list[PatchReview] = []
    read: list[Patch] = []
    refused: list[Diagnostic] = []
    stages = [Stage("base", base)]
    with open_repository(base, settings.find_blob) as repository:
        for item in in_order(series):
            before = repository.snapshot
            made = item if isinstance(item, Patch) else refit(item, before.read)[0]
            if not isinstance(made, Patch):
                refused += made
                continue
            patch, applied = _apply(repository, made, repair=series.repair)
            read.append(patch)
            label = f"{patch.number}/{patch.total}"
            patches.append(_review_patch(run, patch, label, before, applied))
            if isinstance(applied, Applied):
                stages.append(Stage(label, applied.snapshot))
    found, _, unfit = recover_proposals(series, base.read, sorted(base.files))
    series = replace(
        series, patches=tuple(read), recoveries=(), proposals=(*series.proposals, *found),
        diagnostics=(*series.diagnostics, *refused, *unfit),
    )  # fmt: skip
    for proposal in series.proposals:
        # A proposal stands on the base: what it replaces is the tree's function, not the patch's.
        with open_repository(base) as repository:
            applied = repository.apply(proposal.patch)
            proposals.append(_review_patch(run, proposal.patch, "proposal", base, applied))
    said = [str(item) for item in series.diagnostics]
    said += [str(item) for patch in series.patches for item in patch.diagnostics]
    title = (
        series.cover.subject.text
        if series.cover
        else (series.patches[0].subject if series.patches else "")
    )
    if not title and proposals:
        title = proposals[0].subject
    source = (
        series.patches[0].source if series.patches else (proposals[0].source if proposals else "")
    )
    review = Review(
        title=title, version=series.version, source=source, base=settings.base_name, missing=series.missing,
        diagnostics=tuple(dict.fromkeys(said)), patches=tuple(patches), proposals=tuple(proposals),
        whole=review_whole(run, stages, patches, series.missing),
        configuration=settings.configuration.words,
    )  # fmt: skip
    return review, series


def _apply(
    repository: Repository, patch: Patch, *, repair: bool
) -> tuple[Patch, Applied | Conflict]:
    """Apply PATCH; where it does not apply and REPAIR allows it, what can be fitted in its place."""
    applied = repository.apply(patch)
    pieces = recovery_of(patch) if isinstance(applied, Conflict) and repair else None
    if pieces is None:
        return patch, applied
    fitted, _ = refit(pieces, repository.snapshot.read)
    if not isinstance(fitted, Patch):
        return patch, applied
    return fitted, repository.apply(fitted)


def _review_patch(
    run: Run, patch: Patch, label: str, before: Snapshot, applied: Applied | Conflict
) -> PatchReview:
    draft = Draft()
    simulated: Container[str] = before.files
    repairs = [(repair.source_line, repair.what) for repair in patch.repairs]
    repairs += [(item.line, item.text) for item in patch.diagnostics if item.code == "fit-note"]
    if isinstance(applied, Conflict):
        draft.findings.append(conflict_finding(applied))
        draft.why = "the patch does not apply"
    else:
        _refuse_hostile(patch, label, before, applied.snapshot)
        if is_kernel_tree(before):
            pair = simulate_on_kernel(run, patch, before, applied.snapshot, draft)
            judge_claims(
                patch, pair.before.snapshot, pair.after.snapshot, draft, run.settings.vocabulary
            )
            simulated = pair.looked_at
        else:
            simulate_patch(
                run, patch, before, applied.snapshot, draft, proposal=label == "proposal"
            )
            judge_claims(patch, before, applied.snapshot, draft, run.settings.vocabulary)
        draft.findings += kernel_doc_findings(patch, before, applied.snapshot)
    draft.findings += [change_finding(entry, patch) for entry in draft.entries if entry.differs]
    draft.findings += hazard_findings(draft.entries, patch)
    draft.findings += claim_findings(draft.claims)
    picture = (
        picture_patch(patch, draft.ran, run.cache, run.progress) if run.settings.pictures else None
    )
    ran, settings = draft.ran, run.settings
    fixes = settings.check_fixes(patch, ran)
    draft.findings += fixes_findings(fixes)
    return PatchReview(
        label=label,
        subject=patch.subject,
        author=str(patch.author),
        source=patch.source,
        applied=applied.how if isinstance(applied, Applied) else "no",
        repairs=tuple(repairs),
        files=tuple(
            _file_review(file.path, file.added, file.removed, simulated) for file in patch.files
        ),
        changed_functions=draft.changed,
        entries=tuple(draft.entries),
        unchanged_entries=tuple(draft.unchanged),
        undriven=tuple(draft.undriven),
        lines=tuple(draft.lines),
        claims=tuple(draft.claims),
        findings=tuple(draft.findings),
        verdict=draft.verdict.value,
        verdict_why=draft.why,
        picture=picture,
        coverage=find_coverage(ran, draft.changed) if ran else (),
        sensitivity=measure_sensitivity(ran, draft.changed, settings) if ran else (),
        origin=draft.origin,
        fixes=fixes,
    )


def _refuse_hostile(patch: Patch, label: str, before: Snapshot, after: Snapshot) -> None:
    """Stop at a patch that would make the compiler read what is not of the tree.

    Raises: InputError naming the input, its line, the file and the reason.
    """
    for file in patch.files:
        text = after.read(file.path) if file.path.endswith((".c", ".h")) else None
        if text is None or text == before.files.get(file.path):
            continue
        if not is_simulated(file.path, before):
            continue  # no compiler will see it
        for refusal in vet_source(file.path, text, after.files):
            at = input_line(file, refusal.line)
            where = f"patch {label}: {file.path}:{refusal.line}: {refusal.reason}"
            raise InputError(patch.source, where, at)


def _file_review(path: str, added: int, removed: int, simulated: Container[str]) -> FileReview:
    if not path.endswith((".c", ".h")):
        return FileReview(path, added, removed, simulated=False, why="no C source")
    if path not in simulated:
        return FileReview(
            path, added, removed, simulated=False, why="not a file of the tree that is simulated"
        )
    return FileReview(path, added, removed, simulated=True, why="")
