# SPDX-License-Identifier: GPL-2.0-only
"""C as the preprocessor's directives see it: lines spliced, comments blank.

Source: C17 5.1.1.2 (translation phases: splices before comments before directives).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

# A quote that is not closed on its line ends there, as it does for the preprocessor: whatever
# looks like the beginning of a comment behind it is none.
TOKEN = re.compile(
    r"""
    (?P<comment> /\*.*?\*/ | //[^\n]* | /\*.*\Z )
  | (?P<string> "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'? )
    """,
    re.VERBOSE | re.DOTALL,
)
_SPLICE = re.compile(r"\\[ \t\f\v]*(?:\r\n|\n|\r)")


@dataclass(frozen=True)
class Code:
    """A file as the preprocessor's directives see it: lines spliced, comments blank.

    splices: where in `text` lines were joined, ascending.
    """

    text: str
    splices: tuple[int, ...]

    def line(self, at: int) -> int:
        """Return the 1-based line of the file that holds offset AT of the text."""
        return 1 + self.text.count("\n", 0, at) + bisect_right(self.splices, at)


def read_code(text: str) -> Code:
    """Return TEXT with its lines spliced and its comments blank."""
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

    return Code(TOKEN.sub(blank, "".join(pieces)), tuple(splices))


def _newlines(text: str) -> str:
    """Return TEXT with one kind of line end: to clang a carriage return alone is one, too."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_strings(text: str) -> str:
    """Return TEXT with what is in comments, strings and character constants blank; offsets stay."""
    return TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
