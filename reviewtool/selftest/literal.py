# SPDX-License-Identifier: GPL-2.0-only
"""Texts of a review as they may stand in a C program: data, whatever they hold.

Only printable ASCII gets through, on one line, of bounded length, with no trigraph and nothing that ends
a string or a comment.
"""

from __future__ import annotations

import textwrap

_MOST_CHARACTERS = 300


def plain(text: str) -> str:
    """Return TEXT on one line of printable ASCII, what is not that as an escape, cut where it is long."""
    line = " ".join(text.split())
    shown = line.encode("ascii", "backslashreplace").decode()
    shown = "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in shown)
    return shown if len(shown) <= _MOST_CHARACTERS else shown[: _MOST_CHARACTERS - 3] + "..."


def c_string(text: str) -> str:
    """Return TEXT as a C string literal, of which the compiler makes plain(TEXT).

    Source: C11 6.4.5, and 5.2.1.1 for trigraphs.
    """
    body = plain(text).replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return f'"{body}"'


def c_comment(text: str, width: int = 76) -> tuple[str, ...]:
    """Return TEXT as lines inside of a block comment, none of which ends or opens one."""
    body = plain(text).replace("\\", "/").replace("?", ".")
    while "*/" in body or "/*" in body:
        body = body.replace("*/", "* /").replace("/*", "/ *")
    return tuple(textwrap.wrap(body, width, break_on_hyphens=False)) or ("",)
