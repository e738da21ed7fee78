# SPDX-License-Identifier: GPL-2.0-only
"""The result of a review: a plain value, of which every output is a rendering.

Nothing in here computes; whatever a report says was put here by the pipeline.  Texts that came from
mails or trees are raw; the renderers make them safe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from reviewtool.picture import PatchPicture

SCHEMA = 1

NOTICE = (
    "This is a run of the code on a model of mm, not a test on a kernel: what another CPU does is modelled at "
    "the listed points only, and whatever the model leaves out was not seen."
)


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """Something that a reviewer should know.

    id:          stable name of the kind ("semantic-change", "lock-imbalance", "conflict" ...).
    path, line:  place in the tree after the patch, where there is one ("" and 0 otherwise).
    source_line: 1-based line of the input that it concerns, 0 where there is none.
    details:     further lines, in order.
    """

    id: str
    severity: Severity
    title: str
    details: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    source_line: int = 0


@dataclass(frozen=True)
class ChangeReview:
    """A group of scenarios whose outcome changes in the same way; see behaviour.compare.Change."""

    before: tuple[tuple[str, int], ...]
    after: str
    effects: tuple[str, ...]
    hazards: tuple[str, ...]
    rules: tuple[str, ...]
    count: int
    share: float
    witness: str
    witness_options: str
    witness_before: str
    witness_after: str


@dataclass(frozen=True)
class FactReview:
    """A property of an entry before and after ("" where it did not exist)."""

    id: str
    subject: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the property differs."""
        return self.before != self.after


@dataclass(frozen=True)
class CallerReview:
    """Who calls an entry, with which flags ("" if they are no constants), and what of the change reaches it.

    reached: changed scenarios with exactly these flags; -1 where that cannot be told.
    """

    name: str
    path: str
    flags: str
    reached: int


@dataclass(frozen=True)
class EntryReview:
    """One entry function before and after.

    scenarios: how many were run on each side; states: of how many states; factors, flags: what varied.
    also:      flags passed one at a time; cut: flags that were never passed.
    """

    name: str
    path: str
    line: int
    signature_before: str
    signature_after: str
    verdict: str
    scenarios: int
    states: int
    factors: tuple[str, ...]
    flags: tuple[str, ...]
    also: tuple[str, ...]
    cut: tuple[str, ...]
    changed: int
    overall: tuple[str, ...]
    changes: tuple[ChangeReview, ...]
    facts: tuple[FactReview, ...]
    callers: tuple[CallerReview, ...]
    unmodelled: tuple[tuple[str, int], ...]
    left: int


@dataclass(frozen=True)
class ClaimReview:
    """A sentence of the log or of a kernel-doc comment, and what the sweep says to it."""

    where: str
    sentence: str
    source_line: int
    judgement: str
    why: str


@dataclass(frozen=True)
class LineReview:
    """An added or changed line of a function, and how often the sweep ran it."""

    path: str
    line: int
    runs: int


@dataclass(frozen=True)
class FileReview:
    """A file of a patch; `simulated` if the model runs it, else why not."""

    path: str
    added: int
    removed: int
    simulated: bool
    why: str


@dataclass(frozen=True)
class PatchReview:
    """One patch, or one proposal made in a reply.

    label: "2/4", or "proposal".  applied: "cleanly", "by three-way merge", or "no".
    repairs: (input line, what was repaired).  undriven: (function, why it was not run).
    picture: what a page shows beside this, where it was asked for.
    """

    label: str
    subject: str
    author: str
    source: str
    applied: str
    repairs: tuple[tuple[int, str], ...]
    files: tuple[FileReview, ...]
    changed_functions: tuple[str, ...]
    entries: tuple[EntryReview, ...]
    unchanged_entries: tuple[str, ...]
    undriven: tuple[tuple[str, str], ...]
    lines: tuple[LineReview, ...]
    claims: tuple[ClaimReview, ...]
    findings: tuple[Finding, ...]
    verdict: str
    verdict_why: str
    picture: PatchPicture | None = None


@dataclass(frozen=True)
class Review:
    """A series, reviewed.

    base:        what the patches were applied to.
    diagnostics: what was wrong with the input, with its place.
    """

    title: str
    version: int
    source: str
    base: str
    missing: tuple[int, ...]
    diagnostics: tuple[str, ...]
    patches: tuple[PatchReview, ...]
    proposals: tuple[PatchReview, ...]

    @property
    def findings(self) -> int:
        """How many errors and warnings there are; decides the exit status."""
        return sum(
            finding.severity is not Severity.NOTE
            for patch in (*self.patches, *self.proposals)
            for finding in patch.findings
        )


def without_pictures(review: Review) -> Review:
    """Return REVIEW without what only a page shows."""
    bare = tuple(
        tuple(replace(patch, picture=None) for patch in patches)
        for patches in (review.patches, review.proposals)
    )
    return replace(review, patches=bare[0], proposals=bare[1])
