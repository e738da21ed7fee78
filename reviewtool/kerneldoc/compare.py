# SPDX-License-Identifier: GPL-2.0-only
"""What a change does to the diagnostics of a file: which it adds, which it removes.

Two diagnostics are the same if rule, name and message are; lines move with every edit and do not
count, neither those at the front nor those named in a message.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from reviewtool.kerneldoc.check import check_code
from reviewtool.kerneldoc.document import Diagnostic
from reviewtool.kerneldoc.options import Options
from reviewtool.kerneldoc.parse import parse_source

_LINE = re.compile(r"\bline \d+", re.ASCII)
ALL_WARNINGS = Options(returns=True, purposes=True, unterminated=True)


@dataclass(frozen=True, slots=True)
class DiagnosticChange:
    """What a change adds (lines of the new text) and removes (lines of the old)."""

    added: tuple[Diagnostic, ...]
    removed: tuple[Diagnostic, ...]


def diagnose(
    text: str, path: str, options: Options = ALL_WARNINGS, *, code: bool = True
) -> tuple[Diagnostic, ...]:
    """Return all that is wrong with the kernel-doc of TEXT.

    code: also hold the comments against the code.
    """
    document = parse_source(text, path, options)
    found = document.diagnostics
    return found + check_code(document, text) if code else found


def compare_diagnostics(
    before: tuple[Diagnostic, ...], after: tuple[Diagnostic, ...]
) -> DiagnosticChange:
    """Tell what is in one and not in the other; each counts as often as it occurs."""
    return DiagnosticChange(_beyond(after, before), _beyond(before, after))


def _beyond(these: tuple[Diagnostic, ...], those: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    known = Counter(_identity(found) for found in those)
    left = []
    for found in these:
        identity = _identity(found)
        if known[identity]:
            known[identity] -= 1
        else:
            left.append(found)
    return tuple(left)


def _identity(found: Diagnostic) -> tuple[str, str, str]:
    return found.rule.identifier, found.name, _LINE.sub("line", found.message)
