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

The text is looked at as bytes, and by places in it: of a hunk whose lines are as many as its header
says, nothing but the number of lines of each kind is looked at, and no line is made.

A hunk ends by its counts and by nothing else: that is why a removed "-- old" or a signature is
no header and no deletion.  What git apply would call corrupt is a Problem here.

Source: git's apply.c (find_header, parse_git_diff_header, parse_fragment), described in our own
words; GNU diffutils manual, "Detailed Description of Unified Format".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from reviewtool.series import names

HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?([^\n]*)")
HUNKS_MAX = 100_000
_POINT = re.compile(rb"\n(?:diff --(?:git|cc|combined) |--- |@@ -|@@@)")
_COMBINED = re.compile(rb"@@@+ -\d")
_MODE = re.compile(r"([0-7]+)(?=\s|$)")
_INDEX_MODE = re.compile(r"[0-9a-f]+\.\.[0-9a-f]+ (.*)", re.DOTALL)
_INDEX_IDS = re.compile(r"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: .*)?", re.DOTALL)
_EXTENDED = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|rename old|rename new|similarity index|dissimilarity index|index) "
)
_CONTEXT_MARKS = frozenset({b" ", b"\n", b"\r"})
_WITHOUT_MARK = re.compile(rb"\n[^ +-]")
_FOLLOWING_MAX = 4
_TAIL_BYTES = 500
_NO_MARK = "wrapped, or its first blank is lost"
_NO_BREAK_SPACE = "\u00a0".encode()
_BINARY_DATA = re.compile(rb"(?:literal|delta) \d+$")
_VERSION = re.compile(rb"\d+\.\d+")


@dataclass(frozen=True)
class Problem:
    """Why the text cannot be read as a diff.

    index: of the line to blame; hunk: index of the header of the hunk that it is about.
    """

    index: int
    code: str
    text: str
    hunk: int | None = None


class HunkPlace(NamedTuple):
    """A hunk: where its header, its first line and what follows it are, and its numbers.

    start, body, end: places in the text; line: index of the header's line; length: how many lines follow it.
    added, removed: how many lines there are of each kind.
    """

    start: int
    body: int
    end: int
    line: int
    length: int
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    added: int
    removed: int
    heading: bytes

    @property
    def section(self) -> str:
        """What stands after the second @@."""
        return self.heading.rstrip(b"\r").decode("utf-8", "surrogateescape")


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
    """A file of the diff: the text from START to END, which are the lines of these indices."""

    start: int
    end: int
    line: int
    end_line: int
    header: FileHeader
    hunks: tuple[HunkPlace, ...]
    binary: bool


@dataclass
class Scan:
    """The files found, in order, and the first problem that stopped the scan."""

    files: list[FilePlace] = field(default_factory=list)
    problem: Problem | None = None


class _CorruptError(Exception):
    """Places in the text: of what is wrong, and of the hunk's header."""

    def __init__(self, at: int, code: str, text: str, hunk: int | None = None) -> None:
        super().__init__(text)
        self.at = at
        self.code = code
        self.text = text
        self.hunk = hunk


def scan_diff(raw: bytes, start: int = 0) -> Scan:
    """Find the diffs in RAW from the place START on.

    A last line without a line feed was cut where it is the last one of a hunk.
    """
    open_ended = raw != b"" and not raw.endswith(b"\n")
    text = raw + b"\n" if open_ended else raw
    scan = Scan()
    scanner = _Scanner(text, open_ended=open_ended)
    try:
        at = start
        while True:
            place = scanner.next_file(at)
            if place is None:
                break
            scan.files.append(place)
            at = place.end
    except _CorruptError as corrupt:
        hunk = None if corrupt.hunk is None else text.count(b"\n", 0, corrupt.hunk)
        index = text.count(b"\n", 0, corrupt.at)
        scan.problem = Problem(index, corrupt.code, corrupt.text, hunk)
    return scan


class _Scanner:
    """Holds the text, git's one piece of state (how many directories to strip), and counts."""

    def __init__(self, text: bytes, *, open_ended: bool) -> None:
        self.text = text
        self.size = len(text)
        self.open_ended = open_ended
        self.strip = 1
        self.strip_known = False
        self.hunks = 0
        self.counted = (0, 0)  # a place, and the index of its line

    def index(self, at: int) -> int:
        """Return the index of the line that begins at AT, which is never before the last asked."""
        place, index = self.counted
        index += self.text.count(b"\n", place, at)
        self.counted = (at, index)
        return index

    def line(self, at: int) -> bytes:
        """Return the line that begins at AT, without its line feed."""
        return self.text[at : self.text.find(b"\n", at)] if at < self.size else b""

    def after(self, at: int) -> int:
        """Return where the line below the one at AT begins."""
        return self.text.find(b"\n", at) + 1 if at < self.size else at

    def next_file(self, start: int) -> FilePlace | None:
        text = self.text
        # git keeps the name of a "diff --git" line without header lines for the header after it.
        stale: str | None = None
        begins = start
        at = start - 1
        while True:
            if begins == 0:
                # The first line has no line feed before it.
                begins = -1
                at = 0
                if not _POINT.match(b"\n" + text[:20]):
                    continue
            else:
                match = _POINT.search(text, max(at, 0))
                if match is None:
                    return None
                at = match.start() + 1
            if text.startswith(b"@@ -", at) and HUNK.match(text, at):
                raise _CorruptError(at, "hunk-without-file", "a hunk without a file header")
            if _COMBINED.match(text, at):
                raise _CorruptError(at, "combined-diff", "a combined diff (diff --cc)")
            below = self.after(at)
            if text.startswith(b"diff --git ", at):
                header = FileHeader(is_git=True, old_name=stale, new_name=stale)
                after = self.git_header(at, header)
                if after > below:
                    return self.contents(at, after, header)
                stale = header.old_name
            elif text.startswith(b"diff --", at):
                if text.startswith((b"index ", b"mode "), below):
                    word = self.line(at).split(b" ", 2)[1].decode("ascii")
                    raise _CorruptError(at, "combined-diff", f"a combined diff (diff {word})")
            elif text.startswith(b"--- ", at) and text.startswith(b"+++ ", below):
                after = self.after(below)
                if text.startswith(b"@@ -", after):
                    return self.contents(at, after, self.traditional_header(at))

    def contents(self, start: int, at: int, header: FileHeader) -> FilePlace:
        """Read the hunks or the binary data from AT on."""
        text = self.text
        line = self.index(start)
        hunks: list[HunkPlace] = []
        while text.startswith(b"@@ -", at):
            hunk = self.hunk(at, header)
            self.hunks += 1
            if self.hunks > HUNKS_MAX:
                raise _CorruptError(at, "hunk-limit", f"more than {HUNKS_MAX} hunks")
            hunks.append(hunk)
            at = hunk.end
        binary = False
        if not hunks and at < self.size:
            first = self.line(at).rstrip(b"\r")
            if first == b"GIT binary patch":
                binary = True
                at = self.binary(self.after(at))
            elif first.endswith(b" differ") and first.startswith((b"Binary files ", b"Files ")):
                binary = True
                at = self.after(at)
        end_line = hunks[-1].line + 1 + hunks[-1].length if hunks else self.index(at)
        return FilePlace(start, at, line, end_line, header, tuple(hunks), binary)

    def hunk(self, at: int, header: FileHeader) -> HunkPlace:
        match = HUNK.match(self.text, at)
        if match is None:
            raise _CorruptError(at, "hunk-header", "a hunk header that cannot be read")
        old_start, old, new_start, new, section = match.groups()
        old_count = int(old) if old is not None else 1
        new_count = int(new) if new is not None else 1
        body = match.end() + 1
        end, count, added, removed = self.whole(body, old_count, new_count) or self.lines(
            at, body, old_count, new_count
        )
        if self.open_ended and end == self.size:
            last = self.text.rfind(b"\n", 0, end - 1) + 1
            raise _CorruptError(last, "cut-short", "the last line of the diff has no line feed")
        if removed:
            self.check_signature(at, body, end)
        if header.is_new and old_count:
            raise _CorruptError(at, "new-file", "a new file with old lines")
        if header.is_deleted and new_count:
            raise _CorruptError(at, "deleted-file", "a deleted file that keeps lines")
        place, line = self.counted
        if place != at:
            line = self.index(at)
        self.counted = (end, line + 1 + count)
        return HunkPlace(
            at,
            body,
            end,
            line,
            count,
            int(old_start),
            old_count,
            int(new_start),
            new_count,
            added,
            removed,
            section,
        )

    def whole(self, body: int, old: int, new: int) -> tuple[int, int, int, int] | None:
        """Return end, lines, added and removed lines of the hunk whose lines begin at BODY.

        Only the lines up to the first one without a mark are counted, and a few at their end taken
        off, which may be a signature or the next file's header.  None where that does not come to
        the numbers of the hunk's header: then the lines have to be looked at one by one.
        """
        text = self.text
        odd = _WITHOUT_MARK.search(text, body - 1)
        end = odd.start() + 1 if odd is not None else self.size
        length = text.count(b"\n", body, end)
        added = text.count(b"\n+", body - 1, end)
        removed = text.count(b"\n-", body - 1, end)
        for _ in range(_FOLLOWING_MAX):
            context = length - added - removed
            if context + removed <= old and context + added <= new:
                break
            end = text.rfind(b"\n", body - 1, end - 1) + 1
            length -= 1
            added -= text.startswith(b"+", end)
            removed -= text.startswith(b"-", end)
        # Each line counts for one side or both: where both numbers are reached, that is the end.
        if length - added != old or length - removed != new or not added + removed:
            return None
        if text.startswith(b"\\", end):
            return None
        return end, length, added, removed

    def lines(self, start: int, body: int, old: int, new: int) -> tuple[int, int, int, int]:
        """Return what whole() does, by looking at each line up to where the counts are reached."""
        text = self.text
        at = body
        count = added = removed = 0
        while old > 0 or new > 0:
            if at >= self.size:
                missing = f"{max(old, 0)} old and {max(new, 0)} new lines are missing"
                last = text.rfind(b"\n", 0, at - 1) + 1
                raise _CorruptError(last, "hunk-count", f"the hunk ends: {missing}", start)
            mark = text[at : at + 1]
            if mark in _CONTEXT_MARKS:
                old -= 1
                new -= 1
            elif mark == b"+":
                new -= 1
                added += 1
            elif mark == b"-":
                old -= 1
                removed += 1
            elif not text.startswith(b"\\ ", at) or len(self.line(at)) < 11:
                lost = "a no-break space stands for its first blank"
                what = lost if text.startswith(_NO_BREAK_SPACE, at) else _NO_MARK
                raise _CorruptError(at, "hunk-line", f"not a hunk line: {what}", start)
            count += 1
            at = text.find(b"\n", at) + 1
        if old < 0 or new < 0:
            last = text.rfind(b"\n", 0, at - 1) + 1
            raise _CorruptError(last, "hunk-count", "a line more than the hunk counts", start)
        if not added + removed:
            raise _CorruptError(start, "hunk-empty", "a hunk that changes nothing")
        if text.startswith(b"\\ ", at):
            count += 1
            at = self.after(at)
        return at, count, added, removed

    def check_signature(self, start: int, body: int, end: int) -> None:
        """Refuse a hunk whose count reaches into the signature "-- ", a line too far.

        Of real deletions of a line "- " a signature, another hunk or file follows.
        """
        text = self.text
        tail = text[max(body - 1, end - _TAIL_BYTES) : end]
        if b"\n--" not in tail and tail.count(b"\n") > 4:
            return
        at = end
        for _ in range(4):
            at = text.rfind(b"\n", body - 1, at - 1) + 1
            if at < body or at >= end:
                return
            if not text.startswith((b"-- \n", b"--\n"), at):
                continue
            below = self.after(at)
            if text.startswith((b"+", b"-"), below):
                continue
            after = [
                line for line in text[below : below + 4096].split(b"\n", 3)[:3] if line.strip()
            ]
            if not after or _VERSION.match(after[0]):
                raise _CorruptError(at, "hunk-count", "the hunk counts the signature in", start)

    def binary(self, at: int) -> int:
        """Return the place after a binary patch: one or two blocks, each ended by an empty line."""
        found = False
        start = at
        while at < self.size and _BINARY_DATA.match(self.line(at).rstrip(b"\r")):
            found = True
            at = self.after(at)
            while at < self.size and self.line(at).strip():
                at = self.after(at)
            at = self.after(at)
        if not found:
            last = self.text.rfind(b"\n", 0, start - 1) + 1
            raise _CorruptError(last, "binary-patch", "a binary patch without data")
        return at

    def words(self, at: int) -> str:
        """Return the line at AT as text."""
        return self.line(at).decode("utf-8", "surrogateescape")

    def traditional_header(self, at: int) -> FileHeader:
        first, second = self.words(at)[4:], self.words(self.after(at))[4:]
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
            raise _CorruptError(at, "file-name", "no file name is left after -p1")
        return header

    def git_header(self, start: int, header: FileHeader) -> int:
        """Read the extended header lines after "diff --git"; return the place after them."""
        default = names.header_name(self.words(start)[11:], self.strip)
        at = self.after(start)
        while at < self.size and not self.extended(at, self.words(at), header, default):
            at = self.after(at)
        if header.old_name is None and header.new_name is None:
            if default is None:
                raise _CorruptError(start, "file-name", "a git header that names no file")
            header.old_name = header.new_name = default
        lost = header.new_name is None and not header.is_deleted
        if lost or (header.old_name is None and not header.is_new):
            raise _CorruptError(start, "file-name", "a git header that names only one file")
        return at

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
