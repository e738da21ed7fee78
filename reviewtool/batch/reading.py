# SPDX-License-Identifier: GPL-2.0-only
"""Inputs → raw mails with their places, one at a time, and the same mails read again by place.

A message that cannot be read (binary data, or too large) is a Broken, and what stands after it in its
mailbox is read nevertheless; so is a file of a directory that cannot be opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reviewtool.errors import InputError
from reviewtool.mail.inputs import list_files, list_quilt
from reviewtool.mail.mailbox import RawMail, split_mbox

_BLOCK_BYTES = 1 << 20
_NEXT = re.compile(rb"\nFrom .*\b\d{1,2}:\d\d(?::\d\d)?\b.*\b\d{4}\b.*\n[!-9;-~]+[ \t]*:")
_OVERLAP_BYTES = 1 << 10


@dataclass(frozen=True)
class Found:
    """A message."""

    raw: RawMail


@dataclass(frozen=True)
class Broken:
    """A message that cannot be read: where it begins, and why."""

    source: str
    line: int
    why: str


def find_files(name: str) -> Sequence[Path]:
    """Return the files of the input that the user calls NAME, in order.

    Raises: InputError where there are none.
    """
    path = Path(name)
    try:
        if path.is_dir():
            return list_files(path, name)
        if path.name == "series" and path.is_file():
            return list_quilt(path)
        if not path.is_file():
            reason = "no file and no directory" if path.exists() else "there is no such file"
            raise InputError(name, reason)
    except (OSError, ValueError) as problem:
        reason = str(problem.strerror if isinstance(problem, OSError) else problem)
        raise InputError(name, f"cannot be read: {reason}") from problem
    return (path,)


def read_file(path: Path) -> Iterator[Found | Broken]:
    """Yield the messages of the mailbox, message or patch at PATH."""
    start, line = 0, 1  # where the next message begins
    try:
        with path.open("rb") as stream:
            while True:
                stream.seek(start)
                first_byte, first_line = start, line
                try:
                    for raw in split_mbox(stream, str(path)):
                        begins, at = first_byte + raw.offset, first_line + raw.line - 1
                        yield Found(RawMail(raw.source, at, raw.data, begins))
                        start, line = begins + len(raw.data), at + raw.data.count(b"\n")
                except InputError as problem:
                    at = first_line + (problem.line or 1) - 1
                    yield Broken(str(path), at, problem.reason)
                else:
                    return
                following = _skip(stream, start, line)
                if following is None:
                    return
                start, line = following
    except OSError as problem:
        yield Broken(str(path), 1, f"cannot be read: {problem.strerror}")


def _skip(stream: BinaryIO, start: int, line: int) -> tuple[int, int] | None:
    """Return where the message behind the one at START of STREAM begins, and its line; None without one."""
    stream.seek(start)
    held = stream.read(_BLOCK_BYTES)
    if not held.startswith(b"From "):
        return None  # a message alone
    at, looked = start, 1
    while True:
        match = _NEXT.search(held, looked)
        if match is not None:
            return at + match.start() + 1, line + held.count(b"\n", 0, match.start() + 1)
        gone = max(len(held) - _OVERLAP_BYTES, 0)
        line += held.count(b"\n", 0, gone)
        at += gone
        block = stream.read(_BLOCK_BYTES)
        if not block:
            return None
        held, looked = held[gone:] + block, 0


def read_again(path: Path, start: int, size: int, name: str, line: int) -> RawMail:
    """Return the SIZE bytes from byte START of the file at PATH as the message NAME.

    Raises: InputError where they cannot be read.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            return RawMail(name, line, stream.read(size), start)
    except OSError as problem:
        raise InputError(name, f"cannot be read: {problem.strerror}", line) from problem
