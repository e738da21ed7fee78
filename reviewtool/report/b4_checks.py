# SPDX-License-Identifier: GPL-2.0-only
"""What `b4` is told by a check command: rows for `b4 review`, lines for `b4 am` and `b4 prep`.

    rows  = [{"tool", "status": "pass" / "warn" / "fail", "summary", "details"}], one JSON list
    lines = a finding a line, "ERROR: ..." or "WARNING: ..."; nothing at all where all is well

b4 takes a line for a failure if "ERROR:" is anywhere in it, so that no other text may have that.

Source: b4 0.16, "review-perpatch-check-cmd" and "am-perpatch-check-cmd"; the tests run b4 itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from reviewtool.errors import visible
from reviewtool.report.standing import Standing, Summary, summarize, worst
from reviewtool.review import NOTICE, Finding, PatchReview, Review, Severity

TOOL = "reviewtool"
# b4 keeps one row per message and tool; without a cover letter both checks are about one message.
SERIES_TOOL = "reviewtool-series"

_MOST_SUMMARY = 200
_MOST_DETAILS = 20_000
_NEEDS_OTHERS = frozenset({"conflict", "compile-error"})
_WORDS = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING"}


@dataclass(frozen=True)
class CheckResult:
    """What is told of a patch or a series; all texts are raw.

    findings: what `b4 am` gets line by line; without any, a summary that does not pass is a line.
    details:  lines.
    """

    tool: str
    summary: Summary
    findings: tuple[Finding, ...] = ()
    details: tuple[str, ...] = ()


def check_patch(patch: PatchReview, *, alone: int = 0, notes: Sequence[str] = ()) -> CheckResult:
    """Return what is told of PATCH.

    alone: how many patches come before it that were not at hand; then it is no fault of its own if
    it does not fit.  notes: on how it came to the review.
    """
    summary, findings = summarize(patch), patch.findings
    if alone and any(finding.id in _NEEDS_OTHERS for finding in findings):
        text = f"could not tell: {patch.verdict_why}; it needs the {alone} before it, which are not at hand"
        summary, findings = Summary(Standing.WARN, text), ()
    elif alone:
        notes = (*notes, f"Checked without the {alone} before it, which are not at hand.")
    told = tuple(finding for finding in findings if finding.severity in _WORDS)
    details = (*_patch_details(patch), *notes, NOTICE)
    return CheckResult(TOOL, summary, told, details)


def check_series(review: Review) -> CheckResult:
    """Return what is told of the whole of REVIEW."""
    summaries = [summarize(patch) for patch in review.patches]
    standing = worst(summaries)
    counts = [
        f"{sum(one.standing is kind for one in summaries)} {kind.value}"
        for kind in Standing
        if any(one.standing is kind for one in summaries)
    ]
    text = f"{len(summaries)} patches: {', '.join(counts)}" if counts else "there are no patches"
    details: list[str] = []
    if review.whole:
        why = f": {review.whole.verdict_why}" if review.whole.verdict_why else ""
        text = f"{text}; as a whole: {review.whole.verdict}"
        details.append(f"The series as a whole: {review.whole.verdict}{why}")
    details += [line for patch in review.patches for line in _patch_details(patch)]
    if review.missing:
        missing = ", ".join(map(str, review.missing))
        standing = Standing.FAIL if standing is Standing.FAIL else Standing.WARN
        text = f"{text}; not there: {missing}"
    findings = tuple(
        finding
        for patch in review.patches
        for finding in patch.findings
        if finding.severity in _WORDS
    )
    return CheckResult(SERIES_TOOL, Summary(standing, text), findings, (*details, NOTICE))


def not_told(tool: str, why: str) -> CheckResult:
    """Return what is told where the check itself came to no end: WHY, and never that all is well."""
    return CheckResult(tool, Summary(Standing.WARN, f"could not tell: {why}"))


def refused(tool: str, why: str) -> CheckResult:
    """Return what is told of input that cannot be used."""
    return CheckResult(tool, Summary(Standing.FAIL, why))


def render_rows(results: Sequence[CheckResult]) -> str:
    """Return RESULTS as b4 review reads them."""
    rows = [
        {
            "tool": result.tool,
            "status": result.summary.standing.value,
            "summary": _cut(_line(result.summary.text), _MOST_SUMMARY),
            "details": _cut("\n".join(map(_line, result.details)), _MOST_DETAILS),
        }
        for result in results
    ]
    return json.dumps(rows, ensure_ascii=True) + "\n"


def render_lines(results: Sequence[CheckResult]) -> str:
    """Return RESULTS as b4 am and b4 prep read them."""
    lines: list[str] = []
    for result in results:
        for finding in result.findings:
            place = f"{finding.path}:{finding.line}" if finding.line else finding.path
            text = f"{finding.title} [{place}]" if place else finding.title
            lines.append(f"{_WORDS[finding.severity]}: {_no_mark(text)}")
        if not result.findings and result.summary.standing is not Standing.PASS:
            word = "ERROR" if result.summary.standing is Standing.FAIL else "WARNING"
            lines.append(f"{word}: {_no_mark(result.summary.text)}")
    return "".join(f"{line}\n" for line in lines)


def _patch_details(patch: PatchReview) -> tuple[str, ...]:
    why = f": {patch.verdict_why}" if patch.verdict_why else ""
    lines = [f"{patch.label} {patch.subject}: {patch.verdict}{why}"]
    for finding in patch.findings:
        place = f" [{finding.path}:{finding.line}]" if finding.path else ""
        lines.append(f"{finding.severity.value}: {finding.title}{place}")
        lines += [f"  {detail}" for detail in finding.details]
    lines += [f"not run: {name}(): {reason}" for name, reason in patch.undriven]
    return tuple(lines)


def _line(text: str) -> str:
    kept = text[: len(text) - len(text.lstrip(" "))]
    return kept + " ".join(visible(text).split())


def _no_mark(text: str) -> str:
    return _cut(_line(text), _MOST_SUMMARY * 2).replace("ERROR:", "ERROR :")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."
