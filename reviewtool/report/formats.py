# SPDX-License-Identifier: GPL-2.0-only
"""The formats that a Review can be rendered in, by the names of `--format`."""

from __future__ import annotations

from importlib import import_module

from reviewtool.review import Review

# Modules are imported when they are asked for: a start should not cost what is not used.
_RENDERERS = {
    "text": ("reviewtool.report.summary", "render_text"),
    "markdown": ("reviewtool.report.summary", "render_markdown"),
    "json": ("reviewtool.report.summary", "render_json"),
    "sarif": ("reviewtool.report.sarif", "render_sarif"),
    "junit": ("reviewtool.report.junit", "render_junit"),
    "patchwork-check": ("reviewtool.report.patchwork", "render_checks"),
}
FORMATS = tuple(_RENDERERS)


def render_review(review: Review, form: str) -> str:
    """Return REVIEW in the format FORM, one of FORMATS."""
    module, name = _RENDERERS[form]
    text = getattr(import_module(module), name)(review)
    if not isinstance(text, str):
        raise TypeError(f"{name}() gives no text")
    return text
