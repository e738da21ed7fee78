# SPDX-License-Identifier: GPL-2.0-only
"""A Review as SARIF 2.1.0, one run: findings are results, verdicts and input troubles notifications.

Texts are plain text messages.  In these, braces mark places for arguments and "[...](...)" a link,
so that such characters of a stranger's text are written as the standard has it: doubled, escaped.

Source: SARIF 2.1.0 plus errata 01 (OASIS), 3.11.5, 3.11.6, 3.14, 3.27, 3.28.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

from reviewtool import __version__
from reviewtool.behaviour.compare import Verdict
from reviewtool.errors import visible
from reviewtool.report.catalogue import kind_of
from reviewtool.report.standing import has_code
from reviewtool.review import NOTICE, Finding, PatchReview, Review, Severity

SCHEMA_URI = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "reviewtool/v1"
_ROOT = "SRCROOT"

Json = dict[str, object]

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render_sarif(review: Review) -> str:
    """Return REVIEW as a SARIF log, keys in a fixed order."""
    found = list(_findings(review))
    rules = sorted({finding.id for _, finding in found})
    counted: Counter[str] = Counter()
    run: Json = {
        "tool": {
            "driver": {
                "name": "reviewtool",
                "version": __version__,
                "semanticVersion": __version__,
                "fullDescription": {"text": plain_message(NOTICE)},
                "rules": [_rule(identifier) for identifier in rules],
            }
        },
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": _notifications(review)}
        ],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "the tree that the patches are applied to"}}
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(patch, finding, rules.index(finding.id), counted) for patch, finding in found
        ],
        "properties": {"title": visible(review.title), "base": visible(review.base)},
    }
    log = {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def plain_message(text: str) -> str:
    """Return TEXT as a plain text message of SARIF shows it: no placeholder, no link in it."""
    shown = visible(text).replace("{", "{{").replace("}", "}}")
    if "](" in shown:
        shown = re.sub(r"([\\\[\]])", r"\\\1", shown)
    return shown


def tree_uri(path: str) -> str:
    """Return PATH as a relative URI reference that cannot leave the tree; "" if it would.

    Source: RFC 3986, sections 4.2 (a colon in the first segment) and 5.2.4.
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or path.startswith("/"):
        return ""
    return "/".join(quote(part, safe="", errors="replace") for part in parts)


def _findings(review: Review) -> Iterator[tuple[PatchReview, Finding]]:
    for patch in (*review.patches, *review.proposals):
        for finding in patch.findings:
            yield patch, finding


def _rule(identifier: str) -> Json:
    kind = kind_of(identifier)
    return {
        "id": identifier,
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", identifier)),
        "shortDescription": {"text": plain_message(kind.name)},
        "fullDescription": {"text": plain_message(kind.help)},
        "help": {"text": plain_message(kind.help)},
    }


def _result(patch: PatchReview, finding: Finding, rule: int, counted: Counter[str]) -> Json:
    text = "\n".join((finding.title, *finding.details))
    result: Json = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": plain_message(text)},
    }
    location = _location(patch, finding)
    if location:
        result["locations"] = [location]
    result["partialFingerprints"] = {FINGERPRINT: _fingerprint(patch, finding, counted)}
    result["properties"] = {
        "patch": visible(patch.label),
        "subject": visible(patch.subject),
        "input": visible(patch.source),
        "inputLine": finding.source_line,
    }
    return result


def _location(patch: PatchReview, finding: Finding) -> Json | None:
    """Return where FINDING is; without a place of its own, the first file of PATCH."""
    path, line = finding.path, finding.line
    if not path and patch.files:
        path, line = patch.files[0].path, 0
    uri = tree_uri(path)
    if not uri:
        return None
    place: Json = {"artifactLocation": {"uri": uri, "uriBaseId": _ROOT}}
    if line > 0:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


def _fingerprint(patch: PatchReview, finding: Finding, counted: Counter[str]) -> str:
    """Return what stays the same as long as it is the same finding: no lines, no counts in it."""
    words = re.sub(r"\d[\d,.]*", "#", finding.title)
    parts = (finding.id, finding.path, patch.subject, words)
    key = "\0".join(parts)
    counted[key] += 1
    text = f"{key}\0{counted[key]}"
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _notifications(review: Review) -> list[Json]:
    """Return the verdicts, and what was wrong with the input: an empty list of results is no praise."""
    told: list[tuple[str, str]] = [("note", NOTICE)]
    for patch in (*review.patches, *review.proposals):
        unknown = patch.verdict == Verdict.UNKNOWN.value and has_code(patch)
        why = f": {patch.verdict_why}" if patch.verdict_why else ""
        level = "warning" if unknown else "note"
        told.append((level, f"{patch.label} {patch.subject}: {patch.verdict}{why}"))
        if patch.origin:
            told.append(("note", f"{patch.label}: {patch.origin_words}"))
    if review.whole:
        why = f": {review.whole.verdict_why}" if review.whole.verdict_why else ""
        level = "warning" if review.whole.verdict == Verdict.UNKNOWN.value else "note"
        told.append((level, f"the series as a whole: {review.whole.verdict}{why}"))
    told += [("note", f"input: {diagnostic}") for diagnostic in review.diagnostics]
    return [{"level": level, "message": {"text": plain_message(text)}} for level, text in told]
