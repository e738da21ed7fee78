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
from dataclasses import dataclass, field

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")


@dataclass(frozen=True)
class Text:
    """Lines without their line feeds, and the 1-based input line of each.

    open_ended: the last line has no line feed in the mail.
    """

    lines: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    open_ended: bool = field(default=False)

    def __add__(self, other: Text) -> Text:
        if not other.lines:
            return self
        return Text(self.lines + other.lines, self.numbers + other.numbers, other.open_ended)

    def part(self, start: int, end: int) -> Text:
        """Return the lines of the half-open index range."""
        return Text(self.lines[start:end], self.numbers[start:end])

    def number(self, index: int) -> int:
        """Return the input line of the line at INDEX; past the end, that of the last line."""
        if not self.numbers:
            return 1
        return self.numbers[min(index, len(self.numbers) - 1)]


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
