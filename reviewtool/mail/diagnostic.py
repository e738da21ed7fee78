# SPDX-License-Identifier: GPL-2.0-only
"""What a reader has to say about its input, with the line that made it say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a diagnostic matters to the reading."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Diagnostic:
    """One remark of a reader about its input.

    code:   a short stable name ("charset", "hunk-count"), for tests and for JSON.
    source: the input's name as the user would know it.
    line:   1-based line in that input; for base64 text, the line that holds the first byte.
    """

    severity: Severity
    code: str
    source: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.severity.value}: {self.text}"


def note(code: str, source: str, line: int, text: str) -> Diagnostic:
    """Return a remark that changes nothing."""
    return Diagnostic(Severity.NOTE, code, source, line, text)


def warning(code: str, source: str, line: int, text: str) -> Diagnostic:
    """Return a remark on something that was read in one of several possible ways."""
    return Diagnostic(Severity.WARNING, code, source, line, text)


def error(code: str, source: str, line: int, text: str) -> Diagnostic:
    """Return a remark on something that cannot be read."""
    return Diagnostic(Severity.ERROR, code, source, line, text)
