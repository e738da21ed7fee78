# SPDX-License-Identifier: GPL-2.0-only
"""How a patch stands, in the three values that other programs have.

fail: an error, that is a contradicted claim, a new hazard, a conflict, C that does not compile.
warn: a warning, such as a semantic change; or it could not be told what the patch does.
pass: no semantic change over what was run, or there is no code in the patch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reviewtool.behaviour.compare import Verdict
from reviewtool.review import PatchReview, Severity

_TEXT_SUFFIXES = (".rst", ".txt", ".md")


class Standing(Enum):
    """How a patch stands."""

    PASS = "pass"  # noqa: S105  (no password)
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Summary:
    """How a patch stands, and why in a sentence; the sentence is raw, as texts of a review are."""

    standing: Standing
    text: str


def summarize(patch: PatchReview) -> Summary:
    """Return how PATCH stands."""
    told = f"{patch.verdict}: {patch.verdict_why}" if patch.verdict_why else patch.verdict
    errors = [finding for finding in patch.findings if finding.severity is Severity.ERROR]
    warnings = [finding for finding in patch.findings if finding.severity is Severity.WARNING]
    if errors:
        return Summary(Standing.FAIL, _with_more(errors[0].title, len(errors) + len(warnings)))
    if warnings:
        return Summary(Standing.WARN, _with_more(warnings[0].title, len(warnings)))
    if patch.verdict == Verdict.UNKNOWN.value and has_code(patch):
        return Summary(Standing.WARN, told)
    if patch.verdict == Verdict.UNKNOWN.value:
        return Summary(Standing.PASS, "nothing to run: there is no code in the patch")
    if patch.verdict != Verdict.NO_CHANGE.value:
        return Summary(Standing.WARN, told)
    return Summary(Standing.PASS, f"{told} (on a model of mm, no test on a kernel)")


def worst(summaries: list[Summary]) -> Standing:
    """Return the worst of SUMMARIES; WARN without any, because then nothing was seen."""
    order = list(Standing)
    return max((one.standing for one in summaries), key=order.index, default=Standing.WARN)


def has_code(patch: PatchReview) -> bool:
    """Whether PATCH touches anything but documentation."""
    return not patch.files or any(
        not file.path.endswith(_TEXT_SUFFIXES) and not file.path.startswith("Documentation/")
        for file in patch.files
    )


def _with_more(title: str, count: int) -> str:
    return title if count == 1 else f"{title}; {count} findings in all"
