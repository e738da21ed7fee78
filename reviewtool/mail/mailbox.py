# SPDX-License-Identifier: GPL-2.0-only
"""Inputs → the messages in them, one at a time.

    mbox     = *(From_ header body)
    From_    = "From " text date, or "From " 40 or 64 hex digits text (git), at the start or after
               a line, and followed by a header field

A body line "From here on" is no From_ line: it carries no date.  A ">" is taken off ">From " only
in an mboxrd, which is one where some line begins with two or more of them (">>From "); an mboxo
cannot be undone, and git writes neither.

Source: mbox(5) as qmail has it; RFC 4155; git-mailsplit(1), --mboxrd.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reviewtool.errors import InputError

LINE_BYTES_MAX = 4 << 20
MAIL_BYTES_MAX = 64 << 20
_FROM = re.compile(
    rb"From (?:[0-9a-f]{40}(?:[0-9a-f]{24})? |.*\b\d{1,2}:\d\d(?::\d\d)?\b.*\b\d{4}\b)"
)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:|>?From ")
_ESCAPED = re.compile(rb">+From ")


@dataclass(frozen=True)
class InputSource:
    """One input: its name as the user knows it, and a path or the bytes themselves."""

    name: str
    path: Path | None = None
    data: bytes | None = None

    @classmethod
    def named(cls, argument: str) -> InputSource:
        """Return the source that a command-line ARGUMENT names; "-" is standard input."""
        if argument == "-":
            return cls("standard input")
        return cls(argument, Path(argument))


@dataclass(frozen=True)
class RawMail:
    """A message's bytes, its input's name and its 1-based first line there."""

    source: str
    line: int
    data: bytes


def read_mails(source: InputSource) -> Iterator[RawMail]:
    """Yield the messages of SOURCE, a file or the bytes of one.

    Raises: InputError where it cannot be read, is binary, or a line or message is too large.
    """
    if source.data is not None:
        from io import BytesIO  # noqa: PLC0415

        yield from split_mbox(BytesIO(source.data), source.name)
    elif source.path is None:
        yield from split_mbox(sys.stdin.buffer, source.name)
    else:
        try:
            with source.path.open("rb") as stream:
                yield from split_mbox(stream, source.name)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise InputError(source.name, f"cannot be read: {reason}") from problem


def split_mbox(stream: BinaryIO, name: str) -> Iterator[RawMail]:
    """Yield the messages of the mbox, the single message or the bare text in STREAM."""
    lines: list[bytes] = []
    start = 1
    size = 0
    number = 0
    mbox = False
    while line := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(line) > LINE_BYTES_MAX:
            raise InputError(name, f"a line of more than {LINE_BYTES_MAX >> 20} MiB", number)
        if b"\0" in line:
            raise InputError(name, "binary data (a NUL byte), not a mail or a patch", number)
        begins = line.startswith(b"From ") and _FROM.match(line) is not None
        if begins and number > 1 and mbox:
            following = stream.readline(LINE_BYTES_MAX + 1)
            if _FIELD.match(following):
                yield _mail(name, start, lines)
                lines, start, size = [line], number, len(line)
            else:
                lines.append(line)
                size += len(line)
            if following:
                number += 1
                lines.append(following)
                size += len(following)
            continue
        mbox = mbox or (begins and number == 1)
        lines.append(line)
        size += len(line)
        if size > MAIL_BYTES_MAX:
            reason = f"a message of more than {MAIL_BYTES_MAX >> 20} MiB"
            raise InputError(name, reason, start)
    if lines:
        yield _mail(name, start, lines)


def _mail(name: str, start: int, lines: list[bytes]) -> RawMail:
    if any(line.startswith(b">>") and _ESCAPED.match(line) for line in lines):
        lines = [line[1:] if _ESCAPED.match(line) else line for line in lines]
    return RawMail(name, start, b"".join(lines))
