# SPDX-License-Identifier: GPL-2.0-only
"""What the user names → messages: files, directories, standard input, git and public-inbox.

    input = file (mbox, message, .patch, .diff) / "-" / quilt series file
          / directory: maildir (cur, new) / with a series file / public-inbox / of patch files
          / revision range of a git tree

Source: maildir(5); quilt(1), "The series file"; public-inbox-v2-format(5); git-format-patch(1).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from reviewtool.errors import InputError
from reviewtool.mail.mailbox import LINE_BYTES_MAX, RawMail, split_mbox

STDIN_NAME = "standard input"
_SPOOL_BYTES = 32 << 20
_SPOOL_BYTES_MAX = 16 << 30
_PATCH_NAMES = (".patch", ".diff", ".eml", ".mbox", ".mbx", ".mail")


@dataclass(frozen=True)
class InputSource:
    """One input: its name as the user knows it, and a path, the bytes, or a range of a tree.

    message_id: which thread of a public-inbox is meant.
    revisions:  "A..B" of the git tree at path.
    """

    name: str
    path: Path | None = None
    data: bytes | None = None
    message_id: str | None = None
    revisions: str | None = None

    @classmethod
    def named(cls, argument: str, message_id: str | None = None) -> InputSource:
        """Return the source that a command-line ARGUMENT names; "-" is standard input."""
        if argument == "-":
            return cls(STDIN_NAME)
        return cls(argument, Path(argument), message_id=message_id)

    @classmethod
    def range_of(cls, tree: Path, revisions: str) -> InputSource:
        """Return the source for the commits REVISIONS ("A..B") of the git tree at TREE."""
        return cls(revisions, tree, revisions=revisions)


@dataclass(frozen=True)
class Message:
    """A message of an input, and a way to read it again when its bytes were let go."""

    raw: RawMail
    reread: Callable[[], RawMail]


def read_messages(source: InputSource) -> Iterator[Message]:
    """Yield the messages of SOURCE in its order.

    Raises: InputError where it cannot be read, is binary, or a line or message is too large.
    """
    if source.data is not None:
        for raw in split_mbox(BytesIO(source.data), source.name):
            yield _kept(raw)
    elif source.path is None:
        yield from _of_stream(_spool(sys.stdin.buffer, source.name), source.name)
    elif source.revisions is not None:
        from reviewtool.mail.gitlog import read_range  # noqa: PLC0415

        for raw in read_range(source.path, source.revisions):
            yield _kept(raw)
    else:
        yield from _of_path(source, source.path)


def _spool(stream: BinaryIO, name: str) -> BinaryIO:
    """Return what STREAM holds as a stream that can be read again, on disk where it is long.

    Raises: InputError for what is no mailbox of any size: a line without end, or too much of all.
    """
    start = stream.read(_SPOOL_BYTES)
    if len(start) < _SPOOL_BYTES:
        return BytesIO(start)
    import atexit  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    spool = tempfile.TemporaryFile()  # noqa: SIM115  (messages are read from it again, to the end)
    atexit.register(spool.close)
    block, line, size, unbroken = start, 1, 0, 0
    while block:
        last = block.rfind(b"\n")
        unbroken = len(block) - last - 1 if last >= 0 else unbroken + len(block)
        line += block.count(b"\n")
        size += len(block)
        if unbroken > LINE_BYTES_MAX:
            raise InputError(name, f"a line of more than {LINE_BYTES_MAX >> 20} MiB", line)
        if size > _SPOOL_BYTES_MAX:
            raise InputError(name, f"more than {_SPOOL_BYTES_MAX >> 30} GiB", line)
        spool.write(block)
        block = stream.read(1 << 20)
    spool.seek(0)
    return spool


def _kept(raw: RawMail) -> Message:
    return Message(raw, lambda: raw)


def _of_path(source: InputSource, path: Path) -> Iterator[Message]:
    try:
        if path.is_dir():
            yield from _of_directory(source, path)
        elif path.name == "series" and path.is_file():
            for one in list_quilt(path):
                yield from _of_file(one, str(one))
        else:
            yield from _of_file(path, source.name)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise InputError(source.name, f"cannot be read: {reason or problem}") from problem


def _of_file(path: Path, name: str) -> Iterator[Message]:
    with path.open("rb") as stream:
        if not stream.seekable():  # a pipe or a terminal, named as a file
            yield from _of_stream(_spool(stream, name), name)
            return
    with path.open("rb") as stream:
        for raw in split_mbox(stream, name):
            yield Message(raw, _again(lambda: path.open("rb"), raw))


def _of_stream(stream: BinaryIO, name: str) -> Iterator[Message]:
    """Yield the messages of a stream that stays open and can be read again."""
    for raw in split_mbox(stream, name):
        yield Message(raw, _again(lambda: nullcontext(stream), raw))


def _again(
    opened: Callable[[], AbstractContextManager[BinaryIO]], raw: RawMail
) -> Callable[[], RawMail]:
    name, line, offset, size = raw.source, raw.line, raw.offset, len(raw.data)

    def reread() -> RawMail:
        with opened() as stream:
            stream.seek(offset)
            return RawMail(name, line, stream.read(size), offset)

    return reread


def _of_directory(source: InputSource, path: Path) -> Iterator[Message]:
    if is_inbox(path):
        from reviewtool.mail.gitlog import read_inbox  # noqa: PLC0415

        if source.message_id is None:
            raise InputError(source.name, "a git repository: name a message-id or a range")
        for raw in read_inbox(path, source.message_id):
            yield _kept(raw)
        return
    for one in list_files(path, source.name):
        yield from _of_file(one, str(one))


def list_files(path: Path, name: str) -> Sequence[Path]:
    """Return the files with the messages of the directory PATH, which the user calls NAME, in order.

    Raises: InputError where there are none, or a series file names what is not there.
    """
    if _is_maildir(path):
        found = [one for below in ("cur", "new") for one in (path / below).iterdir()]
        files = sorted((one for one in found if one.is_file()), key=lambda one: one.name)
    elif (path / "series").is_file():
        return list_quilt(path / "series")
    else:
        files = sorted(one for one in path.iterdir() if one.name.endswith(_PATCH_NAMES))
        files = [one for one in files if one.is_file()]
    if not files:
        raise InputError(name, "a directory without mails and patches")
    return files


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def is_inbox(path: Path) -> bool:
    """Whether the directory PATH is read as a git repository or a public-inbox."""
    if _is_maildir(path) or (path / "series").is_file():
        return False
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    return bare or (path / ".git").exists() or (path / "git").is_dir()


def list_quilt(path: Path) -> Sequence[Path]:
    """Return the patches that the quilt series file PATH names, in its order.  Raises: InputError."""
    text = path.read_bytes().decode("utf-8", "replace")
    names: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            continue
        if any(word.startswith("-") and word != "-p1" for word in words[1:]):
            raise InputError(str(path), f"only -p1 is read: {line.strip()}", number)
        names.append((number, words[0]))
    files = []
    for number, name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise InputError(str(path), f"a patch outside of the directory: {name}", number)
        one = path.parent / name
        if not one.is_file():
            raise InputError(str(path), f"there is no such patch: {name}", number)
        files.append(one)
    if not names:
        raise InputError(str(path), "a series file that names no patch")
    return files
