# SPDX-License-Identifier: GPL-2.0-only
"""What a re-roll changes, as text, Markdown and JSON."""

from __future__ import annotations

import json

from reviewtool.report.render import render
from reviewtool.report.summary import MOST_CHANGES, MOST_RULES, plain
from reviewtool.review import NOTICE, SCHEMA, RerollReview

_TEMPLATES = {"text": "reroll.txt.j2", "markdown": "reroll.md.j2"}


def render_reroll(reroll: RerollReview, form: str) -> str:
    """Return REROLL as "text", "markdown" or "json"."""
    if form == "json":
        body = {"schema": SCHEMA, "tool": "reviewtool", "notice": NOTICE, "reroll": plain(reroll)}
        return json.dumps(body, indent=2, ensure_ascii=True) + "\n"
    return render(
        _TEMPLATES[form],
        reroll=reroll,
        notice=NOTICE,
        most_changes=MOST_CHANGES,
        most_rules=MOST_RULES,
    )
