# SPDX-License-Identifier: GPL-2.0-only
"""Logical lines of a source file: continuations joined, tabs expanded, numbers kept.

Nine lines of ten are code that no comment documents, so opening marks are searched in the whole
text, and only from there on is it cut into lines.

Source: scripts/kernel-doc of Linux 6.12, process_file(); white space is ASCII's there.
"""

from __future__ import annotations

import re

SPACE = " \t\n\r\f\v"
_OPENING = re.compile(r"^/\*\*[ \t\r\f\v]*$", re.MULTILINE | re.ASCII)
_CONTINUED = re.compile(r"\\[ \t\r\f\v]*\Z", re.ASCII)
_TABS = re.compile(r"\t+")


class Reader:
    """Reads logical lines forward from a position that moves only through this class.

    number: 1-based number of the last physical line that was read.
    _mark:  where the next "*/" is, or the end; only right if it is not before the position.
    _hard:  up to there, lines are read one by one.
    """

    __slots__ = ("_hard", "_length", "_mark", "number", "position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.number = 0
        self._length = len(text)
        self._mark = -1
        self._hard = False

    def seek_comment(self) -> bool:
        """Go behind the next line that opens a documentation comment; False if there is none."""
        text = self.text
        position = self.position
        while True:
            at = text.find("/**", position)
            if at < 0:
                return False
            match = _OPENING.match(text, at)
            if match and (at == 0 or text[at - 1] == "\n") and not self._swallowed(at):
                self.number += text.count("\n", self.position, at) + 1
                self.position = match.end() + 1
                return True
            position = at + 3

    def _swallowed(self, at: int) -> bool:
        """Tell whether the line at AT is the continuation of one that ends in a backslash."""
        text = self.text
        start = at
        while start > self.position:
            previous = text.rfind("\n", self.position, start - 1) + 1 or self.position
            if not _CONTINUED.search(text, previous, start - 1):
                break
            start = previous
        probe = Reader(text)
        probe.position = start
        line: str | None = ""
        while line is not None and probe.position < at:
            line = probe.read()
        return probe.position > at and not _OPENING.fullmatch(line or "")

    def read(self) -> str | None:
        """Return the next logical line without its line feed, None at the end."""
        position = self.position
        if position >= self._length:
            return None
        end = self.text.find("\n", position)
        if end < 0:
            end = self._length
        line = self.text[position:end]
        self.position = end + 1
        self.number += 1
        if "\\" in line and line[:2] != " *":
            line = self._join(line)
        if "\t" in line:
            line = expand_tabs(line)
        return line

    def read_to_mark(self) -> list[str]:
        """Return the next lines up to one that holds "*/"; [] at the end of the file.

        The caller adds one to `number` before it looks at each of them.  Where continuations or
        carriage returns make that hard, a single line is returned.
        """
        start = self.position
        if self._mark < start:
            mark = self.text.find("*/", start)
            self._mark = self._length if mark < 0 else mark
            self._hard = mark < 0
        if not self._hard:
            end = self.text.find("\n", self._mark)
            if end < 0:
                end = self._length
            chunk = self.text[start:end]
            if "\\" not in chunk and "\r" not in chunk:
                self.position = end + 1
                return (chunk.expandtabs(8) if "\t" in chunk else chunk).split("\n")
            self._hard = True
        line = self.read()
        self.number -= 1
        return [] if line is None else [line]

    def _join(self, line: str) -> str:
        """Append the following physical lines while the last one ends in a backslash."""
        parts: list[str] = []
        head = ""
        while (head + line[:2])[:2] != " *":
            match = _CONTINUED.search(line)
            if not match:
                break
            parts.append(line[: match.start()])
            head = (head + parts[-1][:2])[:2]
            if self.position >= self._length:
                line = ""
                break
            end = self.text.find("\n", self.position)
            end = self._length if end < 0 else end
            line = self.text[self.position : end]
            self.position = end + 1
            self.number += 1
        return "".join(parts) + line

    def feed(self) -> str:
        """Return the line feed that ends the line just read, "" where the file ends without."""
        return "\n" if self.position <= self._length else ""


def expand_tabs(line: str) -> str:
    """Replace tabs by spaces up to the next multiple of eight columns."""
    if "\r" not in line:
        return line.expandtabs(8)
    parts: list[str] = []
    column = last = 0
    for match in _TABS.finditer(line):
        column += match.start() - last
        width = 8 * len(match[0]) - column % 8
        parts += (line[last : match.start()], " " * width)
        column += width
        last = match.end()
    return "".join(parts) + line[last:]
