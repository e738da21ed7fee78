# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler must not be shown: C that would read a file outside the tree.

Two looks are taken.  Before the preprocessor runs, every directive of every file is checked: it may
include only by a literal name that stays inside the tree.  After it ran, the expanded text is
checked for assembly, which no token pasting can hide any more: an assembler has its own ways to
read files (.incbin, .include), so only empty templates (compiler barriers) pass.

Source: C17 5.1.1.2 (translation phases: splices before comments before directives); 6.10.2, 6.10.3.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Container
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """Why a file does not go to the compiler: its path, 1-based line, and the reason."""

    path: str
    line: int
    reason: str


# A quote that is not closed on its line ends there, as it does for the preprocessor: whatever
# looks like the beginning of a comment behind it is none.
_TOKEN = re.compile(
    r"""
    (?P<comment> /\*.*?\*/ | //[^\n]* | /\*.*\Z )
  | (?P<string> "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'? )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPLICE = re.compile(r"\\[ \t\f\v]*(?:\r\n|\n|\r)")
_RAW = re.compile(r"(?:\b(?:u8|[uUL])|\b)R\"")
_DIRECTIVE = re.compile(
    r"^[ \t\f\v]*(?:\#|%:|\?\?=)[ \t\f\v]*(include|include_next|import|embed)\b[ \t]*(.*)$",
    re.MULTILINE,
)
_HAS = re.compile(r"\b__has_(?:include|include_next|embed)\b")
_PRAGMA = re.compile(
    r"^[ \t]*(?:\#|%:)[ \t]*pragma[ \t]+(?!once\b|GCC diagnostic\b|clang diagnostic\b)(.*)$|\b_Pragma\b",
    re.MULTILINE,
)
_ASM = re.compile(r"\b(?:asm|__asm|__asm__)\b")
_EMPTY_ASM = re.compile(
    r"\b(?:asm|__asm|__asm__)\b\s*(?:(?:volatile|__volatile__|__volatile)\s*)?\(\s*\"\"\s*[:)]"
)
_MARKER = re.compile(r'^# (\d+) "((?:[^"\\]|\\.)*)"', re.MULTILINE)


@dataclass(frozen=True)
class _Code:
    """A file as the preprocessor's directives see it: lines spliced, comments blank.

    splices: where in `text` lines were joined, ascending.
    """

    text: str
    splices: tuple[int, ...]

    def line(self, at: int) -> int:
        """Return the 1-based line of the file that holds offset AT of the text."""
        return 1 + self.text.count("\n", 0, at) + bisect_right(self.splices, at)


def _read(text: str) -> _Code:
    pieces: list[str] = []
    splices: list[int] = []
    last = length = 0
    for match in _SPLICE.finditer(text):
        piece = _newlines(text[last : match.start()])
        pieces.append(piece)
        length += len(piece)
        splices.append(length)
        last = match.end()
    pieces.append(_newlines(text[last:]))

    def blank(match: re.Match[str]) -> str:
        return match[0] if match["comment"] is None else re.sub(r"[^\n]", " ", match[0])

    return _Code(_TOKEN.sub(blank, "".join(pieces)), tuple(splices))


def _newlines(text: str) -> str:
    """Return TEXT with one kind of line end: to clang a carriage return alone is one, too."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def vet_source(path: str, text: str, files: Container[str] = ()) -> tuple[Refusal, ...]:
    """Return what keeps the file at PATH from the preprocessor, in line order.

    files: paths of the tree's C files.  A name with ".." must lead to one of them from the folder
    of PATH: only then is it found before the compiler tries it from its include folders, too.
    """
    code = _read(text)
    refusals: list[Refusal] = []
    for match in _DIRECTIVE.finditer(code.text):
        what, operand = match[1], match[2].strip()
        at = code.line(match.start(1))
        if what in ("embed", "import"):
            refusals.append(Refusal(path, at, f"#{what} is not allowed in a patch"))
            continue
        literal = re.fullmatch(r"<([^>\n]+)>|\"([^\"\n]+)\"", operand)
        if literal is None:
            refusals.append(
                Refusal(path, at, f"#{what} of something other than a literal file name")
            )
            continue
        name = literal[1] or literal[2]
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        climbs = ".." in name.split("/")
        straight = re.fullmatch(r"(?:\.\./)+(?!.*\.\.).+", name) is not None
        found = what == "include" and literal[2] is not None and straight and inside in files
        if (
            name.startswith(("/", "~", "\\"))
            or ":" in name
            or "\0" in name
            or (climbs and not found)
        ):
            refusals.append(Refusal(path, at, f'#{what} "{name}" leaves the tree'))
    for pattern, reason in (
        (_HAS, "__has_include and __has_embed can look outside the tree"),
        (_PRAGMA, "this #pragma is not allowed in a patch"),
        (_RAW, "a raw string literal is not allowed in a patch"),
    ):
        refusals += [
            Refusal(path, code.line(m.start()), reason) for m in pattern.finditer(code.text)
        ]
    return tuple(sorted(refusals, key=lambda refusal: refusal.line))


def vet_expanded(path: str, expanded: str) -> tuple[Refusal, ...]:
    """Return what keeps EXPANDED, the preprocessed text of PATH, from the compiler."""
    refusals: list[Refusal] = []
    refusals += [
        Refusal(path, 1, f"reads {name}, which is outside of the tree")
        for name in sorted({marker[2] for marker in _MARKER.finditer(expanded)})
        if name.startswith("/") or posixpath.normpath(name).startswith("..")
    ]
    code = _TOKEN.sub(lambda m: m[0] if m["string"] is None or m[0] == '""' else '"s"', expanded)
    for match in _ASM.finditer(code):
        if not _EMPTY_ASM.match(code, match.start()):
            where, line = path, 1
            for marker in _MARKER.finditer(expanded, 0, len(expanded)):
                if marker.start() > match.start():
                    break
                where, line = path, int(marker[1])
            refusals.append(Refusal(where, line, "inline assembly is not simulated"))
    return tuple(refusals)
