# SPDX-License-Identifier: GPL-2.0-only
"""An mbox, a single message or a bare text → the messages in it, one at a time.

    mbox  = *(From_ header body)
    From_ = "From " text date, or "From " 40 or 64 hex digits text (git), at the start or after a
            line, and followed by a header field

A body line "From here on" is no From_ line: it carries no date.  A ">" is taken off ">From " only
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
_FROM = re.compile(
    rb"From (?:[0-9a-f]{40}(?:[0-9a-f]{24})? |.*\b\d{1,2}:\d\d(?::\d\d)?\b.*\b\d{4}\b)"
)
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
    """Yield the messages in STREAM, which is called NAME; holds one message at a time.

    Raises: InputError for binary data, and for a line or a message that is too large.
    """
    lines: list[bytes] = []
    start, number, offset, size = 1, 0, 0, 0
    mbox = False
    pending: list[bytes] = []
    while line := pending.pop() if pending else stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX:
            raise InputError(name, f"a line of more than {LINE_BYTES_MAX >> 20} MiB", number)
        if b"\0" in line:
            raise InputError(name, "binary data (a NUL byte), not a mail or a patch", number)
        if line.startswith(b"From ") and _FROM.match(line):
            mbox = mbox or number == 1
            pending = [stream.readline(LINE_BYTES_MAX + 1)]
            if mbox and lines and _FIELD.match(pending[0]):
                yield RawMail(name, start, b"".join(lines), offset)
                offset += size
                lines, start, size = [], number, 0
        lines.append(line)
        size += len(line)
        if size > MAIL_BYTES_MAX:
            reason = f"a message of more than {MAIL_BYTES_MAX >> 20} MiB"
            raise InputError(name, reason, start)
    if lines:
        yield RawMail(name, start, b"".join(lines), offset)


def unescape(data: bytes) -> bytes:
    """Return the message DATA with an mboxrd's marks taken off its "From " lines."""
    if b"\n>>" not in data:
        return data
    lines = split_lines(data)
    if not any(line.startswith(b">>") and _ESCAPED.match(line) for line in lines):
        return data
    return b"".join(line[1:] if _ESCAPED.match(line) else line for line in lines)
