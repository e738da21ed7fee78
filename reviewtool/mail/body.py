# SPDX-License-Identifier: GPL-2.0-only
"""Text of a mail as numbered lines, and its transfer encodings.

Every line keeps the number of the input line that it came from, through base64 and
quoted-printable, so that a remark on a patch can say where the patch says it.

Source: RFC 2045, section 6 (encodings); RFC 3676 (format=flowed).
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")


class Text:
    """Lines without their line feeds, and the 1-based input line of each; a value.

    What came as bytes stays bytes until somebody asks for the lines: of a large diff the scan looks
    at few of them.  Bytes that are not UTF-8 are lone surrogates in the lines (PEP 383).

    open_ended: the last line has no line feed in the mail.
    """

    __slots__ = ("_count", "_first", "_lines", "_numbers", "_raw", "open_ended")

    def __init__(
        self, lines: Sequence[str] = (), numbers: Sequence[int] = (), *, open_ended: bool = False
    ) -> None:
        self._lines: tuple[str, ...] | None = tuple(lines)
        self._numbers: Sequence[int] | None = numbers
        self._raw: bytes | None = None
        self._first = 0
        self._count = len(self._lines)
        self.open_ended = open_ended

    @classmethod
    def of_bytes(cls, raw: bytes, first_number: int) -> Text:
        """Return the text RAW, in UTF-8, whose first line is input line FIRST_NUMBER."""
        text = cls(open_ended=raw != b"" and not raw.endswith(b"\n"))
        text._lines = text._numbers = None
        text._raw = raw
        text._first = first_number
        text._count = -1
        return text

    def __len__(self) -> int:
        if self._count < 0:
            raw = self._raw or b""
            self._count = raw.count(b"\n") + self.open_ended
        return self._count

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines."""
        if self._lines is None:
            self._lines = tuple(split_text(self._raw or b""))
        return self._lines

    @property
    def numbers(self) -> Sequence[int]:
        """The 1-based input line of each line."""
        if self._numbers is None:
            self._numbers = range(self._first, self._first + len(self))
        return self._numbers

    @property
    def raw(self) -> bytes:
        """The lines as bytes, each with a line feed but for the last of an open-ended text."""
        if self._raw is None:
            whole = "\n".join(self._lines or ())
            end = "\n" if self._lines and not self.open_ended else ""
            self._raw = f"{whole}{end}".encode("utf-8", "surrogateescape")
        return self._raw

    def __add__(self, other: Text) -> Text:
        if not other.lines:
            return self
        numbers = (*self.numbers, *other.numbers)
        return Text(self.lines + other.lines, numbers, open_ended=other.open_ended)

    def part(self, start: int, end: int) -> Text:
        """Return the lines of the half-open index range."""
        return Text(self.lines[start:end], self.numbers[start:end])

    def head(self, size: int) -> Text:
        """Return the lines within the first SIZE bytes of raw, which end between two lines."""
        if self._numbers is None:
            return Text.of_bytes(self.raw[:size], self._first)
        head = Text.of_bytes(self.raw[:size], 0)
        head._numbers = self._numbers[: len(head)]
        return head

    def number(self, index: int) -> int:
        """Return the input line of the line at INDEX; past the end, that of the last line."""
        if not len(self):
            return 1
        return self.numbers[min(index, len(self) - 1)]


def split_text(raw: bytes) -> list[str]:
    """Return the lines of RAW, in UTF-8; bytes that are not are kept as lone surrogates."""
    lines = raw.decode("utf-8", "surrogateescape").split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


@dataclass(frozen=True)
class Decoded:
    """Bytes after a transfer decoding: lines with their ends, and where each came from."""

    lines: list[bytes]
    numbers: list[int]
    problem: str | None = None
    problem_line: int = 0


def decode_transfer(lines: list[bytes], first_line: int, encoding: str) -> Decoded:
    """Undo the transfer ENCODING ("base64", "quoted-printable", else none) of LINES.

    LINES keep their ends; the first is input line FIRST_LINE.
    """
    if encoding == "base64":
        return _decode_base64(lines, first_line)
    if encoding == "quoted-printable":
        return _decode_quoted_printable(lines, first_line)
    known = {"", "7bit", "8bit", "binary"}
    problem = None if encoding in known else f"transfer encoding {encoding!r} is not known"
    return Decoded(lines, list(range(first_line, first_line + len(lines))), problem, first_line)


def _decode_base64(lines: list[bytes], first_line: int) -> Decoded:
    """Decode across line ends; after padding that is not at the end a new run begins."""
    problem, problem_line = None, 0
    out = bytearray()
    starts: list[int] = []
    pending = b""
    for index, line in enumerate(lines):
        starts.append(len(out))
        text = line.strip()
        if not text:
            continue
        if _NOT_BASE64.search(text):
            if problem is None:
                problem, problem_line = "not base64", first_line + index
            text = _NOT_BASE64.sub(b"", text)
        pending += text
        while pending:
            stop = pending.find(b"=")
            usable = len(pending) - len(pending) % 4 if stop < 0 else -(-(stop + 1) // 4) * 4
            if not usable or usable > len(pending):
                break
            out += _base64(pending[:usable])
            pending = pending[usable:]
    if pending.strip(b"="):
        out += _base64(pending + b"=" * (-len(pending) % 4))
        problem = problem or "base64 text that is cut short"
        problem_line = problem_line or first_line + max(len(lines) - 1, 0)
    decoded = split_lines(bytes(out))
    numbers = []
    offset = 0
    for piece in decoded:
        numbers.append(first_line + max(bisect_right(starts, offset) - 1, 0))
        offset += len(piece)
    return Decoded(decoded, numbers, problem, problem_line)


def _base64(text: bytes) -> bytes:
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        return b""


def _decode_quoted_printable(lines: list[bytes], first_line: int) -> Decoded:
    decoded: list[bytes] = []
    numbers: list[int] = []
    open_line = False
    for index, line in enumerate(lines):
        end = b"\r\n" if line.endswith(b"\r\n") else b"\n" if line.endswith(b"\n") else b""
        text = line[: len(line) - len(end)].rstrip(b" \t")
        soft = text.endswith(b"=")
        raw = binascii.a2b_qp(text[:-1] if soft else text)
        raw = raw if soft else raw + end
        # An encoded line feed (=0A) makes more lines out of one.
        for piece in split_lines(raw) or [b""]:
            if open_line and decoded:
                decoded[-1] += piece
            elif piece:
                decoded.append(piece)
                numbers.append(first_line + index)
            else:
                continue
            open_line = not decoded[-1].endswith(b"\n")
    return Decoded(decoded, numbers)


def split_lines(raw: bytes) -> list[bytes]:
    """Split at line feeds only, keeping them: bytes.splitlines also splits at carriage returns."""
    pieces = raw.split(b"\n")
    last = pieces.pop()
    lines = [piece + b"\n" for piece in pieces]
    if last:
        lines.append(last)
    return lines
