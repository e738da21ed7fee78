# SPDX-License-Identifier: GPL-2.0-only
"""The one tree of exceptions; every other expected outcome is a value.

ReviewtoolError              a stage cannot go on; the CLI prints it as one line and exits 2
├── InputError               what the user gave cannot be used: names the input, line and reason
└── ToolError                a program or library that we stand on failed in a way we did not expect
    └── LimitError           it was stopped: it took more than it may
"""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)


def visible(text: str) -> str:
    """Return TEXT with control and direction-changing characters written as escapes.

    Line feeds and tabs stay.  Everything that came from a mail or a tree goes through here before
    it reaches a terminal: an escape sequence in a Subject must not move anybody's cursor.
    """
    return _UNPRINTABLE.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


class ReviewtoolError(Exception):
    """A stage cannot go on."""


class InputError(ReviewtoolError):
    """What the user gave cannot be used.

    source: the input's name as the user would know it (a path, or "standard input").
    line:   1-based line in that input, where one line is to blame.
    """

    def __init__(self, source: str, reason: str, line: int | None = None) -> None:
        self.source = source
        self.reason = reason
        self.line = line
        where = source if line is None else f"{source}:{line}"
        super().__init__(f"{where}: {reason}")


class ToolError(ReviewtoolError):
    """A program or library that the review stands on failed unexpectedly."""

    def __init__(self, tool: str, reason: str) -> None:
        self.tool = tool
        self.reason = reason
        super().__init__(f"{tool}: {reason}")


class LimitError(ToolError):
    """A program was stopped because it took more time, or said more, than it may."""
