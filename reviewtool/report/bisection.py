# SPDX-License-Identifier: GPL-2.0-only
"""A Bisection as text and as JSON."""

from __future__ import annotations

import json

from reviewtool.history.bisection import Bisection
from reviewtool.report.render import render
from reviewtool.report.summary import plain
from reviewtool.review import NOTICE, SCHEMA


def render_bisection(bisection: Bisection, form: str) -> str:
    """Return BISECTION as "text" or "json"."""
    if form == "text":
        return render("bisection.txt.j2", bisection=bisection, notice=NOTICE)
    body = {"schema": SCHEMA, "tool": "reviewtool", "notice": NOTICE, "bisection": plain(bisection)}
    return json.dumps(body, indent=2, ensure_ascii=True) + "\n"
