# SPDX-License-Identifier: GPL-2.0-only
"""Pieces of patches and of C in quoted or archived text.

    text     = *(attribution / quoted log / fragment / function / remark)
    fragment = file header *(hunk header *candidate)
    function = [kernel-doc] signature "{" lines "}"          outside of a patch

A candidate is any line that follows a hunk header, up to the next header, function or signature:
what it is (context, a change, somebody's remark) is decided against the tree, where the fragment
is fitted.  Quote marks are taken off, and their number kept: a remark stands at another depth.

Source: the conventions of kernel lists; kernel-doc comments as in Documentation/doc-guide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewtool.mail.body import Text

_QUOTE = re.compile(r"(?:[>|] ?)+")
_GIT_HEADER = re.compile(r"diff --git a/(\S+) b/(\S+)\s*$")
_OLD_HEADER = re.compile(r"--- (?:a/)?(\S+)")
_NEW_HEADER = re.compile(r"\+\+\+ (?:b/)?(\S+)")
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@ ?(.*)")
_VERSION = re.compile(r"\d+\.\d+")
# "- a point of a list" is no change, "- return 0;" and "-\treturn" are.
_CHANGE = re.compile(r"\+|-(?! ?[A-Za-z][\w', ]*$)")
_SIGNATURE = re.compile(r"[A-Za-z_][\w\s*]*[\s*]([A-Za-z_]\w*)\s*\([^;{}]*\)\s*$", re.DOTALL)
_CONTROL = frozenset({"if", "for", "while", "switch", "return", "else", "do", "sizeof", "case"})
_ATTRIBUTION = re.compile(r"On .{4,120}\bwrote:\s*$")
_SIGNATURE_LINES_MAX = 12
_FUNCTION_LINES_MAX = 2_000


@dataclass(frozen=True)
class Candidate:
    """A line that may belong to a hunk: its text without quote marks, depth and input line."""

    text: str
    depth: int
    line: int


@dataclass(frozen=True)
class HunkFragment:
    """A hunk header, and the lines below it that may be the hunk's.

    depth: how many quote marks the header line has; line: its 1-based input line.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str
    depth: int
    line: int
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class PatchFragment:
    """The pieces of a patch to one file.  loose: remarks may stand between its lines."""

    path: str
    line: int
    hunks: tuple[HunkFragment, ...]
    loose: bool
    source: str


@dataclass(frozen=True)
class FunctionFragment:
    """A function definition in plain C.

    comment: its kernel-doc, from "/**" to "*/", empty without one; lines: from the first line of
    the signature to the closing brace.
    """

    name: str
    comment: tuple[Candidate, ...]
    lines: tuple[Candidate, ...]
    source: str

    @property
    def line(self) -> int:
        """The 1-based input line of the signature."""
        return self.lines[0].line


@dataclass(frozen=True)
class Fragments:
    """What was found in a text.

    log: the lines above the patch's "---", remarks and all, from the last attribution on.
    """

    patches: tuple[PatchFragment, ...]
    functions: tuple[FunctionFragment, ...]
    log: tuple[Candidate, ...]


def unquote_lines(text: Text) -> tuple[Candidate, ...]:
    """Return the lines of TEXT without their quote marks."""
    found = []
    for line, number in zip(text.lines, text.numbers, strict=True):
        match = _QUOTE.match(line)
        mark = match[0] if match else ""
        depth = sum(char in ">|" for char in mark)
        found.append(Candidate(line[len(mark) :], depth, number))
    return tuple(found)


def find_fragments(text: Text, source: str, *, loose: bool) -> Fragments:
    """Return the pieces of patches and the functions in TEXT.

    loose: remarks may stand inside the hunks, as in a reply or in an archived page of one.
    """
    lines = unquote_lines(text)
    functions: list[FunctionFragment] = []
    if loose:
        inside = _lines_of_hunks(lines)
        found = _find_functions(lines, source)
        functions = [one for one in found if not inside.intersection(c.line for c in one.lines)]
    taken = {candidate.line for function in functions for candidate in function.lines}
    taken |= {candidate.line for function in functions for candidate in function.comment}
    patches = _find_patches(lines, taken, source, loose=loose)
    return Fragments(tuple(patches), tuple(functions), _find_log(lines))


def _lines_of_hunks(lines: Sequence[Candidate]) -> set[int]:
    """Return the input lines from each hunk header to the last change below it.

    A function that stands there is part of the patch, and nobody's proposal.
    """
    inside: set[int] = set()
    open_lines: list[int] = []
    depth = -1
    for index, candidate in enumerate(lines):
        if _HUNK.match(candidate.text):
            depth, open_lines = candidate.depth, [candidate.line]
        elif depth < 0 or candidate.depth != depth:
            continue
        elif _ends_hunk(lines, index, set()):
            depth = -1
        else:
            open_lines.append(candidate.line)
            if _CHANGE.match(candidate.text):
                inside.update(open_lines)
                open_lines = []
    return inside


def _find_patches(
    lines: Sequence[Candidate], taken: set[int], source: str, *, loose: bool
) -> list[PatchFragment]:
    found: list[PatchFragment] = []
    path: str | None = None
    path_line = 0
    hunks: list[HunkFragment] = []
    index = 0
    while index < len(lines):
        candidate = lines[index]
        name = _file_name(lines, index)
        hunk = _HUNK.match(candidate.text)
        if name is not None and name != path:
            if path is not None and hunks:
                found.append(PatchFragment(path, path_line, tuple(hunks), loose, source))
            path, path_line, hunks = name, candidate.line, []
        elif hunk is not None and path is not None:
            end = index + 1
            while end < len(lines) and not _ends_hunk(lines, end, taken):
                end += 1
            hunks.append(
                HunkFragment(
                    old_start=int(hunk[1]),
                    old_count=int(hunk[2]) if hunk[2] is not None else 1,
                    new_start=int(hunk[3]),
                    new_count=int(hunk[4]) if hunk[4] is not None else 1,
                    section=hunk[5],
                    depth=candidate.depth,
                    line=candidate.line,
                    candidates=tuple(lines[index + 1 : end]),
                )
            )
            index = end
            continue
        index += 1
    if path is not None and hunks:
        found.append(PatchFragment(path, path_line, tuple(hunks), loose, source))
    return found


def _file_name(lines: Sequence[Candidate], index: int) -> str | None:
    text = lines[index].text
    match = _GIT_HEADER.match(text)
    if match:
        return match[2]
    if _OLD_HEADER.match(text) and index + 1 < len(lines):
        match = _NEW_HEADER.match(lines[index + 1].text)
        if match and match[1] != "/dev/null":
            return match[1]
    return None


def _ends_hunk(lines: Sequence[Candidate], index: int, taken: set[int]) -> bool:
    text = lines[index].text
    if lines[index].line in taken or text == "-- ":
        return True
    if text == "--":
        # A signature whose blank is lost: below an empty line, or above git's version.
        above, below = lines[index - 1 : index], lines[index + 1 : index + 2]
        if not any(line.text.strip() for line in above) or any(
            _VERSION.match(line.text) for line in below
        ):
            return True
    return _HUNK.match(text) is not None or _file_name(lines, index) is not None


def _find_functions(lines: Sequence[Candidate], source: str) -> list[FunctionFragment]:
    """Find each line "{" that follows a signature, and the brace that closes it."""
    found: list[FunctionFragment] = []
    index = 0
    while index < len(lines):
        if lines[index].text.strip() != "{":
            index += 1
            continue
        start, name = _signature_above(lines, index)
        end = _closing_brace(lines, index) if name else None
        if end is None:
            index += 1
            continue
        comment = _comment_above(lines, start)
        found.append(FunctionFragment(name, comment, tuple(lines[start : end + 1]), source))
        index = end + 1
    return found


def _signature_above(lines: Sequence[Candidate], brace: int) -> tuple[int, str]:
    """Return where the signature above the brace starts, and the function's name ("" if none)."""
    depth = lines[brace].depth
    text = ""
    for start in range(brace - 1, max(brace - _SIGNATURE_LINES_MAX, -1), -1):
        line = lines[start]
        if not line.text.strip() or line.depth != depth or line.text[:1] in "+-*/#":
            break
        text = f"{line.text.strip()} {text}".strip()
        match = _SIGNATURE.match(text)
        if match and match[1] not in _CONTROL and text.count("(") == text.count(")"):
            return start, match[1]
    return brace, ""


def _closing_brace(lines: Sequence[Candidate], brace: int) -> int | None:
    level = 0
    for index in range(brace, min(brace + _FUNCTION_LINES_MAX, len(lines))):
        if lines[index].depth != lines[brace].depth:
            return None
        code = re.sub(
            r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|/\*.*?\*/|//.*", "", lines[index].text
        )
        level += code.count("{") - code.count("}")
        if level <= 0:
            return index
    return None


def _comment_above(lines: Sequence[Candidate], start: int) -> tuple[Candidate, ...]:
    if start == 0 or not lines[start - 1].text.rstrip().endswith("*/"):
        return ()
    for index in range(start - 1, -1, -1):
        text = lines[index].text.strip()
        if text.startswith("/**"):
            return tuple(lines[index:start])
        if not text.startswith("*"):
            return ()
    return ()


def _find_log(lines: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return what stands between the last attribution line and the "---" above the patch.

    Where there are quote marks, remarks have fewer of them than the log, and are left out.
    """
    end = next((i for i, line in enumerate(lines) if line.text.rstrip() == "---"), None)
    if end is None:
        return ()
    attributed = [i for i in range(end) if _ATTRIBUTION.match(lines[i].text)]
    start = attributed[-1] + 1 if attributed else 0
    depth = lines[end].depth
    return tuple(line for line in lines[start:end] if not depth or line.depth == depth)
