# SPDX-License-Identifier: GPL-2.0-only
"""Our words in 72 columns.

    text      = *(paragraph / kept / blank)
    paragraph = lines at the margin: filled; a list item ("- ", "1. ") hangs by its mark
    kept      = an indented line: as it is (a table, a command, C), unless it is too long

A line of ours never begins as something else: ">" (a quote), "From " (an mbox), "-- " alone (a
signature) or "---" (the end of a log) get a blank in front.

Source: Documentation/process/email-clients.rst of the kernel; RFC 3676, section 4.4 (stuffing).
"""

from __future__ import annotations

import re

COLUMNS = 72
_KEPT_COLUMNS = 78
_ITEM = re.compile(r"(?:[-*] |\d{1,3}[.)] )")
_TAKEN = re.compile(r">|From |---|-- ?$")


def wrap_text(text: str, columns: int = COLUMNS) -> list[str]:
    """Return the lines of TEXT, filled to COLUMNS; a word that is longer stays whole."""
    lines: list[str] = []
    paragraph: list[str] = []
    for raw in [*text.expandtabs(8).split("\n"), ""]:
        line = raw.rstrip()
        starts = not line or line[0] == " " or _ITEM.match(line) is not None
        if starts and paragraph:
            lines += _fill(paragraph, columns)
            paragraph = []
        if line and line[0] != " ":
            paragraph.append(line)
        elif len(line) > _KEPT_COLUMNS:
            white = line[: len(line) - len(line.lstrip())]
            lines += [white + part for part in _fill([line.lstrip()], columns - len(white))]
        else:
            lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return [f" {line}" if _TAKEN.match(line) else line for line in lines]


def _fill(paragraph: list[str], columns: int) -> list[str]:
    item = _ITEM.match(paragraph[0])
    hang = " " * len(item[0]) if item else ""
    lines: list[str] = []
    current = ""
    for word in " ".join(paragraph).split(" "):
        if not word:
            continue
        if current and len(current) + 1 + len(word) > columns:
            lines.append(current)
            current = hang + word
        else:
            current = f"{current} {word}" if current.strip() else current + word
    return [*lines, current]
