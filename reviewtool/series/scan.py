# SPDX-License-Identifier: GPL-2.0-only
r"""Where the diffs are in a text: files, headers and hunks, by git apply's own rules.

    text     = *(garbage / file)
    file     = git-file / traditional
    git-file = "diff --git " name " " name, 1*extended, [old new] (*hunk / binary)
    extended = "old mode " / "new mode " / "deleted file mode " / "new file mode " /
               "copy from " / "copy to " / "rename from " / "rename to " / "rename old " /
               "rename new " / "similarity index " / "dissimilarity index " / "index "
    old, new = "--- " name, "+++ " name
    traditional = old new hunk *hunk          only where the three lines follow each other
    hunk     = "@@ -" range " +" range " @@" text, lines to the counts, ["\ " marker]
    lines    = " " / "+" / "-" text, an empty line (an empty context line), "\ " marker

A hunk ends by its counts and by nothing else: that is why a removed "-- old" or a signature is
no header and no deletion.  What git apply would call corrupt is a Problem here.

Source: git's apply.c (find_header, parse_git_diff_header, parse_fragment), described in our own
words; GNU diffutils manual, "Detailed Description of Unified Format".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reviewtool.series import names

HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)", re.DOTALL)
HUNKS_MAX = 100_000
_COMBINED = re.compile(r"@@@+ -\d")
_MODE = re.compile(r"([0-7]+)(?=\s|$)")
_INDEX_MODE = re.compile(r"[0-9a-f]+\.\.[0-9a-f]+ (.*)", re.DOTALL)
_INDEX_IDS = re.compile(r"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: .*)?", re.DOTALL)
_EXTENDED = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|rename old|rename new|similarity index|dissimilarity index|index) "
)
_CONTEXT_MARKS = frozenset({" ", "", "\r"})
_NO_MARK = "wrapped, or its first blank is lost"
_LOST_MARK = {"\u00a0": "a no-break space stands for its first blank"}
_BINARY_DATA = re.compile(r"(?:literal|delta) \d+$")


@dataclass(frozen=True)
class Problem:
    """Why the text cannot be read as a diff.

    index: of the line to blame; hunk: index of the header of the hunk that it is about.
    """

    index: int
    code: str
    text: str
    hunk: int | None = None


@dataclass(frozen=True)
class HunkPlace:
    """A hunk's header line at START, its numbers, and the index after its last line."""

    start: int
    end: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str


@dataclass
class FileHeader:
    """What a file's header lines say; filled while they are read."""

    is_git: bool
    old_name: str | None = None
    new_name: str | None = None
    is_new: bool = False
    is_deleted: bool = False
    is_rename: bool = False
    is_copy: bool = False
    old_mode: str | None = None
    new_mode: str | None = None
    # "index a..b 100644" names the mode of a file that keeps it.
    index_mode: str | None = None
    # ... and the blobs before and after, mostly abbreviated.
    blobs: tuple[str, str] | None = None


@dataclass(frozen=True)
class FilePlace:
    """A file of the diff: lines [start, end) of the text."""

    start: int
    end: int
    header: FileHeader
    hunks: tuple[HunkPlace, ...]
    binary: bool


@dataclass
class Scan:
    """The files found, in order, and the first problem that stopped the scan."""

    files: list[FilePlace] = field(default_factory=list)
    problem: Problem | None = None


class _CorruptError(Exception):
    def __init__(self, index: int, code: str, text: str, hunk: int | None = None) -> None:
        super().__init__(text)
        self.problem = Problem(index, code, text, hunk)


def scan_diff(lines: Sequence[str], start: int = 0, *, open_ended: bool = False) -> Scan:
    """Find the diffs in LINES from index START on.

    open_ended: the last line has no line feed; as the last line of a hunk, it was cut.
    """
    scan = Scan()
    scanner = _Scanner(lines, open_ended=open_ended)
    try:
        index = start
        while True:
            place = scanner.next_file(index)
            if place is None:
                break
            scan.files.append(place)
            index = place.end
    except _CorruptError as corrupt:
        scan.problem = corrupt.problem
    return scan


class _Scanner:
    """Holds the lines, git's one piece of state (how many directories to strip), and a count."""

    def __init__(self, lines: Sequence[str], *, open_ended: bool) -> None:
        self.lines = lines
        self.count = len(lines)
        self.open_ended = open_ended
        self.strip = 1
        self.strip_known = False
        self.hunks = 0

    def next_file(self, start: int) -> FilePlace | None:
        lines = self.lines
        # git keeps the name of a "diff --git" line without header lines for the header after it.
        stale: str | None = None
        for index in range(start, self.count):
            line = lines[index]
            # Most lines between files are none of these: look at one character first.
            if line[:1] not in "d-@":
                continue
            if line.startswith("@@ -") and HUNK.match(line):
                raise _CorruptError(index, "hunk-without-file", "a hunk without a file header")
            if _COMBINED.match(line):
                raise _CorruptError(index, "combined-diff", "a combined diff (diff --cc)")
            if line.startswith("diff --git "):
                header = FileHeader(is_git=True, old_name=stale, new_name=stale)
                after = self.git_header(index, header)
                if after > index + 1:
                    return self.contents(index, after, header)
                stale = header.old_name
            elif line.startswith(("diff --cc ", "diff --combined ")):
                if lines[index + 1 : index + 2] and lines[index + 1].startswith(
                    ("index ", "mode ")
                ):
                    word = line.split(" ", 2)[1]
                    raise _CorruptError(index, "combined-diff", f"a combined diff (diff {word})")
            elif (
                line.startswith("--- ")
                and index + 2 < self.count
                and lines[index + 1].startswith("+++ ")
                and lines[index + 2].startswith("@@ -")
            ):
                header = self.traditional_header(index)
                return self.contents(index, index + 2, header)
        return None

    def contents(self, start: int, index: int, header: FileHeader) -> FilePlace:
        """Read the hunks or the binary data from INDEX on."""
        hunks: list[HunkPlace] = []
        while index < self.count and self.lines[index].startswith("@@ -"):
            hunk = self.hunk(index, header)
            self.hunks += 1
            if self.hunks > HUNKS_MAX:
                raise _CorruptError(index, "hunk-limit", f"more than {HUNKS_MAX} hunks")
            hunks.append(hunk)
            index = hunk.end
        binary = False
        if not hunks and index < self.count:
            line = self.lines[index].rstrip("\r")
            if line == "GIT binary patch":
                binary = True
                index = self.binary(index + 1)
            elif line.endswith(" differ") and line.startswith(("Binary files ", "Files ")):
                binary = True
                index += 1
        return FilePlace(start, index, header, tuple(hunks), binary)

    def hunk(self, index: int, header: FileHeader) -> HunkPlace:
        match = HUNK.match(self.lines[index])
        if match is None:
            raise _CorruptError(index, "hunk-header", "a hunk header that cannot be read")
        old_count = int(match[2]) if match[2] is not None else 1
        new_count = int(match[4]) if match[4] is not None else 1
        end = self.hunk_end(index, old_count, new_count)
        if self.open_ended and end == self.count:
            raise _CorruptError(end - 1, "cut-short", "the last line of the diff has no line feed")
        self.check_signature(index, end)
        if header.is_new and old_count:
            raise _CorruptError(index, "new-file", "a new file with old lines")
        if header.is_deleted and new_count:
            raise _CorruptError(index, "deleted-file", "a deleted file that keeps lines")
        return HunkPlace(
            index, end, int(match[1]), old_count, int(match[3]), new_count, match[5].rstrip("\r")
        )

    def hunk_end(self, index: int, old: int, new: int) -> int:
        """Return the index after the hunk whose header is at INDEX, by its counts."""
        lines = self.lines
        at = index + 1
        changed = False
        while old > 0 or new > 0:
            if at >= self.count:
                missing = f"{max(old, 0)} old and {max(new, 0)} new lines are missing"
                raise _CorruptError(at - 1, "hunk-count", f"the hunk ends: {missing}", index)
            mark = lines[at][:1]
            if mark in _CONTEXT_MARKS:
                old -= 1
                new -= 1
            elif mark == "+":
                new -= 1
                changed = True
            elif mark == "-":
                old -= 1
                changed = True
            elif not (lines[at].startswith("\\ ") and len(lines[at]) >= 11):
                what = f"not a hunk line: {_LOST_MARK.get(mark, _NO_MARK)}"
                raise _CorruptError(at, "hunk-line", what, index)
            at += 1
        if old < 0 or new < 0:
            raise _CorruptError(at - 1, "hunk-count", "a line more than the hunk counts", index)
        if not changed:
            raise _CorruptError(index, "hunk-empty", "a hunk that changes nothing")
        if at < self.count and lines[at].startswith("\\ "):
            at += 1
        return at

    def check_signature(self, index: int, end: int) -> None:
        """Refuse a hunk whose count reaches into the signature "-- ", a line too far.

        Of real deletions of a line "- " a signature, another hunk or file follows.
        """
        for at in range(max(index + 1, end - 4), end):
            if self.lines[at] not in {"-- ", "--"}:
                continue
            after = [line for line in self.lines[at + 1 : at + 4] if line.strip()]
            if at + 1 < end and self.lines[at + 1][:1] in ("+", "-") and self.lines[at + 1]:
                continue
            if not after or re.match(r"\d+\.\d+", after[0]):
                raise _CorruptError(at, "hunk-count", "the hunk counts the signature in", index)

    def binary(self, index: int) -> int:
        """Return the index after a binary patch: one or two blocks, each ended by an empty line."""
        found = False
        while index < self.count and _BINARY_DATA.match(self.lines[index].rstrip("\r")):
            found = True
            index += 1
            while index < self.count and self.lines[index].strip():
                index += 1
            index += 1
        if not found:
            raise _CorruptError(index - 1, "binary-patch", "a binary patch without data")
        return min(index, self.count)

    def traditional_header(self, index: int) -> FileHeader:
        first, second = self.lines[index][4:], self.lines[index + 1][4:]
        header = FileHeader(is_git=False)
        if not self.strip_known:
            guesses = [names.guess_strip(first), names.guess_strip(second)]
            one = guesses[0] if guesses[0] is not None else guesses[1]
            if one is not None and one == guesses[1]:
                self.strip, self.strip_known = one, True
        if names.is_dev_null(first):
            header.is_new = True
            header.new_name = name = names.find_name_traditional(second, self.strip)
        elif names.is_dev_null(second):
            header.is_deleted = True
            header.old_name = name = names.find_name_traditional(first, self.strip)
        else:
            old = names.find_name_traditional(first, self.strip)
            name = names.find_name_traditional(second, self.strip, old)
            if names.has_epoch(first):
                header.is_new, header.new_name = True, name
            elif names.has_epoch(second):
                header.is_deleted, header.old_name = True, name
            else:
                header.old_name = header.new_name = name
        if name is None:
            raise _CorruptError(index, "file-name", "no file name is left after -p1")
        return header

    def git_header(self, start: int, header: FileHeader) -> int:
        """Read the extended header lines after "diff --git"; return the index after them."""
        default = names.header_name(self.lines[start][11:], self.strip)
        index = start + 1
        while index < self.count:
            line = self.lines[index]
            done = self.extended(index, line, header, default)
            if done:
                break
            index += 1
        if header.old_name is None and header.new_name is None:
            if default is None:
                raise _CorruptError(start, "file-name", "a git header that names no file")
            header.old_name = header.new_name = default
        lost = header.new_name is None and not header.is_deleted
        if lost or (header.old_name is None and not header.is_new):
            raise _CorruptError(start, "file-name", "a git header that names only one file")
        return index

    def extended(self, index: int, line: str, header: FileHeader, default: str | None) -> bool:
        """Take one header line into HEADER; return whether the header ended before it."""
        if line.startswith("--- "):
            header.old_name = self.verify(index, line, header.old_name, missing=header.is_new)
        elif line.startswith("+++ "):
            header.new_name = self.verify(index, line, header.new_name, missing=header.is_deleted)
        elif match := _EXTENDED.match(line):
            self.take(index, match[1], line[match.end() :], header, default)
        else:
            return True
        kinds = header.is_new + header.is_deleted + header.is_rename + header.is_copy
        if kinds > 1:
            raise _CorruptError(index, "file-header", "header lines that contradict each other")
        return False

    def take(
        self, index: int, word: str, rest: str, header: FileHeader, default: str | None
    ) -> None:
        """Take the extended header line WORD REST into HEADER."""
        if word == "index":
            mode = _INDEX_MODE.match(rest)
            header.index_mode = _mode(index, mode[1]) if mode else header.index_mode
            ids = _INDEX_IDS.fullmatch(rest)
            header.blobs = (ids[1], ids[2]) if ids else header.blobs
        elif word in {"old mode", "deleted file mode"}:
            header.old_mode = _mode(index, rest)
        elif word in {"new mode", "new file mode"}:
            header.new_mode = _mode(index, rest)
        if word == "deleted file mode":
            header.is_deleted, header.old_name = True, default
        elif word == "new file mode":
            header.is_new, header.new_name = True, default
        elif word in {"rename from", "rename old", "copy from"}:
            header.old_name = names.find_name(rest, max(self.strip - 1, 0))
        elif word in {"rename to", "rename new", "copy to"}:
            header.new_name = names.find_name(rest, max(self.strip - 1, 0))
        header.is_rename = header.is_rename or word.startswith("rename")
        header.is_copy = header.is_copy or word.startswith("copy")

    def verify(self, index: int, line: str, name: str | None, *, missing: bool) -> str | None:
        """Return the name that a "--- " or "+++ " line gives, which must be the one known."""
        rest = line[4:]
        if name is None and missing:
            if not names.is_dev_null(rest):
                raise _CorruptError(index, "file-name", "expected /dev/null")
            return None
        found = names.find_name(rest, self.strip)
        if name is not None and (missing or found != name):
            raise _CorruptError(index, "file-name", "another name than the header lines above")
        return found


def _mode(index: int, text: str) -> str:
    match = _MODE.match(text)
    if match is None:
        raise _CorruptError(index, "file-mode", "a file mode that cannot be read")
    return match[1]
