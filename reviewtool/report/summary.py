# SPDX-License-Identifier: GPL-2.0-only
"""A Review as text for a terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum

from reviewtool.report.render import render
from reviewtool.review import NOTICE, SCHEMA, Review

MOST_CHANGES = 8
MOST_RULES = 4


def render_text(review: Review) -> str:
    """Return the report in plain text, lines of at most 78 columns but for what cannot be broken."""
    return render(
        "review.txt.j2",
        review=review,
        notice=NOTICE,
        most_changes=MOST_CHANGES,
        most_rules=MOST_RULES,
    )


def render_markdown(review: Review) -> str:
    """Return the report in Markdown (CommonMark with tables)."""
    return render(
        "review.md.j2",
        review=review,
        notice=NOTICE,
        most_changes=MOST_CHANGES,
        most_rules=MOST_RULES,
    )


def render_json(review: Review) -> str:
    """Return everything in REVIEW as JSON, keys in a fixed order; `schema` tells the version."""
    body = {"schema": SCHEMA, "tool": "reviewtool", "notice": NOTICE, "review": plain(review)}
    return json.dumps(body, indent=2, ensure_ascii=True) + "\n"


def plain(value: object) -> object:
    """Return VALUE, made of dataclasses, tuples and enums, as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value
