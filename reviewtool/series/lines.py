# SPDX-License-Identifier: GPL-2.0-only
"""The lines of a hunk: the one adapter to unidiff.

The scan (reviewtool.series.scan) decides as git does where a hunk begins and ends; unidiff reads
what is inside.  They count independently, and a hunk on which they differ is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewtool.series.diff import Hunk


class LineKind(Enum):
    """What a hunk line does."""

    CONTEXT = " "
    ADDED = "+"
    REMOVED = "-"


@dataclass(frozen=True, slots=True)
class HunkLine:
    """One line of a hunk.

    text:        without the mark and the line feed.
    old_line:    1-based line in the file before, None for an added line.
    new_line:    1-based line in the file after, None for a removed line.
    source_line: 1-based line in the input.
    no_newline:  the file ends with this line, without a line feed.
    """

    kind: LineKind
    text: str
    old_line: int | None
    new_line: int | None
    source_line: int
    no_newline: bool = False


class HunkMismatchError(ValueError):
    """unidiff reads a hunk otherwise than the scan did; cannot happen with a scanned hunk."""


_NO_NEWLINE = "\\ No newline at end of file\n"
_KINDS = {" ": LineKind.CONTEXT, "+": LineKind.ADDED, "-": LineKind.REMOVED}


def read_hunk_lines(hunk: Hunk) -> tuple[HunkLine, ...]:
    """Return the lines of HUNK.

    Raises: HunkMismatchError where unidiff and the scan do not agree.
    """
    from unidiff.errors import UnidiffParseError  # noqa: PLC0415
    from unidiff.patch import PatchSet  # noqa: PLC0415  (slow to import)

    # Feeding lines, and not a text, keeps every character that some reader takes for a line end.
    # diff says in the user's language that there is no newline; unidiff knows the English only.
    body = (_NO_NEWLINE if line.startswith("\\") else f"{line}\n" for line in hunk.body)
    feed = ["--- a/f\n", "+++ b/f\n", f"{hunk.header}\n", *body]
    try:
        read = PatchSet(feed)
    except UnidiffParseError as problem:
        raise HunkMismatchError(str(problem)) from problem
    if len(read) != 1 or len(read[0]) != 1 or len(read[0][0]) != len(hunk.body):
        raise HunkMismatchError(f"hunk at line {hunk.source_line}: another number of lines")
    lines: list[HunkLine] = []
    for line, number in zip(read[0][0], hunk.source_lines, strict=True):
        if line.line_type == "\\":
            if lines:
                lines[-1] = replace(lines[-1], no_newline=True)
            continue
        old, new = line.source_line_no, line.target_line_no
        lines.append(HunkLine(_KINDS[line.line_type], line.value[:-1], old, new, number))
    kinds = [line.kind for line in lines]
    counts = (kinds.count(LineKind.ADDED), kinds.count(LineKind.REMOVED))
    if counts != (hunk.added, hunk.removed):
        raise HunkMismatchError(f"hunk at line {hunk.source_line}: other numbers of changed lines")
    return tuple(lines)
