# SPDX-License-Identifier: GPL-2.0-only
"""One series under several kernel configurations, and in which of them a change shows."""

from __future__ import annotations

from dataclasses import replace

from reviewtool.behaviour.compare import Verdict
from reviewtool.execution import Progress, Settings
from reviewtool.pipeline import review_series
from reviewtool.review import ConfigurationReview, Finding, PatchReview, Review, Severity
from reviewtool.series.series import Series
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import Configuration
from reviewtool.tree.snapshot import Snapshot


def review_configurations(
    series: Series,
    base: Snapshot,
    settings: Settings,
    cache: Cache,
    progress: Progress,
    configurations: tuple[Configuration, ...],
) -> tuple[Review, Series]:
    """Return the review under the first of CONFIGURATIONS, with what the others show of each patch.

    Raises: as review_series().
    """
    first, *others = configurations
    review, read = review_series(
        series, base, replace(settings, configuration=first), cache, progress
    )
    if not others:
        return review, read
    made = [(first, review)]
    for configuration in others:
        plain = replace(settings, configuration=configuration, pictures=False)
        made.append((configuration, review_series(series, base, plain, cache, progress)[0]))
    patches = _with_others(review.patches, [(c, r.patches) for c, r in made])
    proposals = _with_others(review.proposals, [(c, r.proposals) for c, r in made])
    return replace(review, patches=patches, proposals=proposals), read


def _with_others(
    patches: tuple[PatchReview, ...],
    made: list[tuple[Configuration, tuple[PatchReview, ...]]],
) -> tuple[PatchReview, ...]:
    return tuple(
        _with_configurations(
            patch, tuple((configuration, reviewed[at]) for configuration, reviewed in made)
        )
        for at, patch in enumerate(patches)
    )


def _with_configurations(
    patch: PatchReview, made: tuple[tuple[Configuration, PatchReview], ...]
) -> PatchReview:
    shown = tuple(
        ConfigurationReview(
            configuration.words,
            reviewed.verdict,
            reviewed.verdict_why,
            sum(entry.changed for entry in reviewed.entries),
        )
        for configuration, reviewed in made
    )
    findings = patch.findings
    changes = Verdict.CHANGE.value
    elsewhere = [one for one in shown if one.verdict == changes]
    if elsewhere and patch.verdict != changes:
        names = "; ".join(one.name for one in elsewhere)
        title = f"changes what code does, but not in configuration {shown[0].name}: in {names}"
        details = tuple(f"{one.name}: semantic change {one.why}" for one in elsewhere)
        path = next((file.path for file in patch.files if file.simulated), "")
        finding = Finding("change-in-configuration", Severity.WARNING, title, details, path, 0, 0)
        findings = (*findings, finding)
    return replace(patch, configurations=shown, findings=findings)
