# SPDX-License-Identifier: GPL-2.0-only
"""What a diff says: files, hunks and lines.

All texts are as the diff has them, without line feeds; bytes that are not UTF-8 are kept as lone
surrogates (PEP 383), so that `text.encode("utf-8", "surrogateescape")` gives the diff's bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from reviewtool.series.lines import HunkLine, LineKind, read_hunk_lines

__all__ = ["Change", "FileDiff", "Hunk", "HunkLine", "LineKind"]


class Change(Enum):
    """What happens to a file as a whole."""

    MODIFIED = "modified"
    ADDED = "added"
    DELETED = "deleted"
    RENAMED = "renamed"
    COPIED = "copied"


@dataclass(frozen=True)
class Hunk:
    """One hunk.

    old_start, new_start: 1-based first lines (0 where the count is 0 at the file's start).
    section:     what stands after the second @@, usually the function's first line.
    body:        the hunk's lines as the diff has them, marks included, line feeds not.
    source_line: 1-based line of the header in the input; source_lines those of body.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    body: tuple[str, ...]
    source_line: int
    source_lines: tuple[int, ...]

    @property
    def header(self) -> str:
        """The hunk's header line, in its long form."""
        where = f"@@ -{self.old_start},{self.old_count} +{self.new_start},{self.new_count} @@"
        return f"{where} {self.section}" if self.section else where

    @cached_property
    def lines(self) -> tuple[HunkLine, ...]:
        """The lines with their kinds and numbers, as unidiff reads them."""
        return read_hunk_lines(self)

    @cached_property
    def added(self) -> int:
        """The number of added lines."""
        return sum(text.startswith("+") for text in self.body)

    @cached_property
    def removed(self) -> int:
        """The number of removed lines."""
        return sum(text.startswith("-") for text in self.body)


@dataclass(frozen=True)
class FileDiff:
    """What a diff does to one file.

    path_before: None for a new file; path_after: None for a deleted one.
    mode_before, mode_after: octal as git writes it ("100644"), None where the diff does not say.
    binary:      the diff tells that the contents change, and not in lines.
    source_line: 1-based line of the first header line in the input.
    blob_before: the beginning of the blob's id before, as the "index" line has it; zeros for a new file.
    """

    path_before: str | None
    path_after: str | None
    change: Change
    mode_before: str | None
    mode_after: str | None
    binary: bool
    hunks: tuple[Hunk, ...]
    source_line: int
    blob_before: str | None = None

    @property
    def path(self) -> str:
        """The path after the change, or the one before where the file goes."""
        return self.path_after or self.path_before or ""

    @property
    def added(self) -> int:
        """The number of added lines."""
        return sum(hunk.added for hunk in self.hunks)

    @property
    def removed(self) -> int:
        """The number of removed lines."""
        return sum(hunk.removed for hunk in self.hunks)

    @property
    def mode_changed(self) -> bool:
        """Whether a file that stays gets another mode."""
        both = self.mode_before is not None and self.mode_after is not None
        return both and self.mode_before != self.mode_after
