# SPDX-License-Identifier: GPL-2.0-only
"""What a diff says: files, hunks and lines.

All texts are as the diff has them, without line feeds; bytes that are not UTF-8 are kept as lone
surrogates (PEP 383), so that `text.encode("utf-8", "surrogateescape")` gives the diff's bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from reviewtool.mail.body import Text, split_text
from reviewtool.series.lines import HunkLine, LineKind, read_hunk_lines
from reviewtool.series.scan import HunkPlace

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
    raw:         the bytes of its lines, without the header.
    added, removed: the numbers of lines of each kind.
    source_line: 1-based line of the header in the input; source_lines those of body.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    raw: bytes
    added: int
    removed: int
    source_line: int
    source_lines: Sequence[int]

    @property
    def header(self) -> str:
        """The hunk's header line, in its long form."""
        where = f"@@ -{self.old_start},{self.old_count} +{self.new_start},{self.new_count} @@"
        return f"{where} {self.section}" if self.section else where

    @cached_property
    def body(self) -> tuple[str, ...]:
        """The lines as the diff has them, marks included, line feeds not."""
        return tuple(split_text(self.raw))

    @cached_property
    def lines(self) -> tuple[HunkLine, ...]:
        """The lines with their kinds and numbers, as unidiff reads them."""
        return read_hunk_lines(self)


@dataclass(frozen=True)
class FileDiff:
    """What a diff does to one file.

    path_before: None for a new file; path_after: None for a deleted one.
    mode_before, mode_after: octal as git writes it ("100644"), None where the diff does not say.
    binary:      the diff tells that the contents change, and not in lines.
    source_line: 1-based line of the first header line in the input.
    blob_before: the beginning of the blob's id before, as the "index" line has it; zeros for a new file.
    text, places: what the hunks are cut out of when somebody looks at them.
    """

    path_before: str | None
    path_after: str | None
    change: Change
    mode_before: str | None
    mode_after: str | None
    binary: bool
    source_line: int
    text: Text
    places: tuple[HunkPlace, ...]
    blob_before: str | None = None

    @cached_property
    def hunks(self) -> tuple[Hunk, ...]:
        """The hunks, in order."""
        numbers = self.text.numbers
        return tuple(
            Hunk(
                old_start=place.old_start,
                old_count=place.old_count,
                new_start=place.new_start,
                new_count=place.new_count,
                section=place.section,
                raw=self.text.raw[place.body : place.end],
                added=place.added,
                removed=place.removed,
                source_line=numbers[place.line],
                source_lines=numbers[place.line + 1 : place.line + 1 + place.length],
            )
            for place in self.places
        )

    @property
    def path(self) -> str:
        """The path after the change, or the one before where the file goes."""
        return self.path_after or self.path_before or ""

    @property
    def added(self) -> int:
        """The number of added lines."""
        return sum(place.added for place in self.places)

    @property
    def removed(self) -> int:
        """The number of removed lines."""
        return sum(place.removed for place in self.places)

    @property
    def mode_changed(self) -> bool:
        """Whether a file that stays gets another mode."""
        both = self.mode_before is not None and self.mode_after is not None
        return both and self.mode_before != self.mode_after
