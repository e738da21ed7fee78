# SPDX-License-Identifier: GPL-2.0-only
"""A Review as checks of Patchwork: one per patch, a JSON object a line, in the order of the patches.

    {"state": "success" / "warning" / "fail", "context": "reviewtool", "description": text,
     "target_url": URL or null}

Source: Patchwork's REST API, "Create a check"; its models (a context is a slug).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from reviewtool.errors import visible
from reviewtool.report.standing import Standing, summarize
from reviewtool.review import PatchReview, Review

CONTEXT = "reviewtool"
_MOST_CHARACTERS = 250
_STATES = {Standing.PASS: "success", Standing.WARN: "warning", Standing.FAIL: "fail"}


@dataclass(frozen=True)
class Check:
    """A check as Patchwork takes it."""

    state: str
    context: str
    description: str
    target_url: str | None = None


def check_of(patch: PatchReview, target_url: str | None = None) -> Check:
    """Return the check of PATCH; TARGET_URL is where its report can be read."""
    summary = summarize(patch)
    text = " ".join(visible(summary.text).split())
    if len(text) > _MOST_CHARACTERS:
        text = text[: _MOST_CHARACTERS - 3] + "..."
    return Check(_STATES[summary.standing], CONTEXT, text, target_url)


def render_checks(review: Review) -> str:
    """Return the checks of REVIEW's patches, one a line."""
    return "".join(write_check(check_of(patch)) + "\n" for patch in review.patches)


def write_check(check: Check) -> str:
    """Return CHECK as the API takes it, on one line."""
    return json.dumps(asdict(check), ensure_ascii=True)
