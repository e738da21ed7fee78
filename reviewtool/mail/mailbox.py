# SPDX-License-Identifier: GPL-2.0-only
"""An mbox, a single message or a bare text → the messages in it, one at a time.

    mbox  = *(From_ header body)
    From_ = "From " text date, or "From " 40 or 64 hex digits text (git), at the start or after a
            line, and followed by a header field

A body line "From here on" is no From_ line: it carries no date.  Nor is git's form of it in another
mailbox, in a message that has no diff above it: there somebody pasted a patch into a mail.  A ">" is taken off ">From " only
in an mboxrd, which is one where some line begins with two or more of them (">>From "); an mboxo
cannot be undone, and git writes neither.

Source: mbox(5) as qmail has it; RFC 4155; git-mailsplit(1), --mboxrd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from reviewtool.errors import InputError
from reviewtool.mail.body import split_lines

LINE_BYTES_MAX = 4 << 20
MAIL_BYTES_MAX = 64 << 20
_BLOCK_BYTES = 1 << 17
_TWO_LINES_BYTES = 1 << 16
_FROM = re.compile(
    rb"From (?:[0-9a-f]{40}(?:[0-9a-f]{24})? |.*\b\d{1,2}:\d\d(?::\d\d)?\b.*\b\d{4}\b)"
)
_GIT_FROM = re.compile(rb"From [0-9a-f]{40}(?:[0-9a-f]{24})? ")
_DIFF = re.compile(rb"\n(?:diff --git |@@ -\d)")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|>?From ")
_ESCAPED = re.compile(rb">+From ")


@dataclass(frozen=True, slots=True)
class RawMail:
    """A message's bytes, its input's name, its 1-based first line there, and its first byte."""

    source: str
    line: int
    data: bytes
    offset: int = 0


def split_mbox(stream: BinaryIO, name: str) -> Iterator[RawMail]:
    """Yield the messages in STREAM, which is called NAME; holds one message and a block at a time.

    Raises: InputError for binary data, and for a line or a message that is too large.
    """
    held = stream.read(_BLOCK_BYTES)
    is_mbox = _FROM.match(held) is not None
    is_git = _GIT_FROM.match(held) is not None
    line, offset = 1, 0
    start = 0  # of the message in held
    looked = 0  # up to here no message begins
    plain = 0  # up to here the message has no diff
    while start < len(held):
        found = held.find(b"\nFrom ", looked) if is_mbox else -1
        if found < 0 or held.count(b"\n", found + 1, found + 1 + _TWO_LINES_BYTES) < 2:
            # Not all of the From_ line and of the line below it is there yet, or nothing is.
            # Of a long message as much again, so that its bytes are not moved once for each block.
            size = len(held) - start
            block = stream.read(max(_BLOCK_BYTES, min(size, MAIL_BYTES_MAX - size)))
            looked = (max(len(held) - 5, start) if found < 0 else found) - start
            plain = max(plain - start, 0)
            held = held[start:] + block
            start = 0
            if block:
                _check_size(held, name, line)
                continue
        if found < 0:
            yield _checked(held, name, line, offset)
            return
        found = held.find(b"\nFrom ", looked)
        looked = found + 1
        below = held.find(b"\n", looked) + 1
        pasted = False
        if not is_git and _GIT_FROM.match(held, looked):
            # Each place is looked at once, however many such lines a message has.
            pasted = _DIFF.search(held, max(plain, start), looked) is None
            plain = looked - 1 if pasted else plain
        if below and not pasted and _FROM.match(held, looked) and _FIELD.match(held, below):
            raw = _checked(held[start:looked], name, line, offset)
            yield raw
            line += raw.data.count(b"\n")
            offset += len(raw.data)
            start = plain = looked


def _check_size(held: bytes, name: str, line: int) -> None:
    if len(held) > LINE_BYTES_MAX and held.find(b"\n", len(held) - LINE_BYTES_MAX) < 0:
        reason = f"a line of more than {LINE_BYTES_MAX >> 20} MiB"
        raise InputError(name, reason, line + held.count(b"\n"))
    if len(held) > MAIL_BYTES_MAX + _BLOCK_BYTES:
        raise InputError(name, f"a message of more than {MAIL_BYTES_MAX >> 20} MiB", line)


def _checked(data: bytes, name: str, line: int, offset: int) -> RawMail:
    raw = RawMail(name, line, data, offset)
    refuse_binary(raw)
    return raw


def refuse_binary(raw: RawMail) -> None:
    """Refuse what is no text.  Raises: InputError naming the line of the first NUL byte."""
    binary = raw.data.find(b"\0")
    if binary >= 0:
        where = raw.line + raw.data.count(b"\n", 0, binary)
        raise InputError(raw.source, "binary data (a NUL byte), not a mail or a patch", where)


def unescape(data: bytes) -> bytes:
    """Return the message DATA with an mboxrd's marks taken off its "From " lines."""
    if b"\n>>" not in data:
        return data
    lines = split_lines(data)
    if not any(line.startswith(b">>") and _ESCAPED.match(line) for line in lines):
        return data
    return b"".join(line[1:] if _ESCAPED.match(line) else line for line in lines)
