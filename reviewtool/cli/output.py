# SPDX-License-Identifier: GPL-2.0-only
"""Where results go: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from reviewtool.errors import InputError, visible


def write_result(data: bytes, output: str | None) -> None:
    """Write DATA to file OUTPUT, or to standard output when it is None or "-".

    Raises: InputError when the file cannot be written; then it is as it was.
    """
    with open_result(output) as file:
        file.write(data)


@contextmanager
def open_result(output: str | None) -> Iterator[BinaryIO]:
    """Give a stream whose bytes go to file OUTPUT at the end of the block, all or none of them.

    None and "-" are standard output; to that and to what is no ordinary file (a device, a pipe) they go as they come.
    Raises: InputError when it cannot be written.
    """
    if output in (None, "-"):
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except OSError as error:
            if isinstance(error, BrokenPipeError) or error.filename is not None:
                raise
            give_up_output()
            raise InputError("standard output", f"cannot be written: {error.strerror}") from error
        return
    target = Path(output or "")
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                yield device
        else:
            with _replacing(target) as file:
                yield file
    except OSError as error:
        if error.filename not in (None, str(target)) and not error.filename.startswith(
            _new(target)
        ):
            raise
        raise InputError(str(target), f"cannot be written: {error.strerror}") from error


def _new(target: Path) -> str:
    """Return how the name begins of what is to take TARGET's place."""
    return str(target.parent / f".{target.name}.")


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).chmod(_mode(target))
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _mode(target: Path) -> int:
    """Return the permissions of TARGET, or those that a new file gets."""
    with suppress(FileNotFoundError):
        if not target.is_symlink():
            return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def give_up_output() -> None:
    """Let what is still to be written go nowhere: the interpreter would complain of it at its end."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


class Progress:
    """What is called as work goes on; this one says nothing."""

    def tell(self, line: str) -> None:
        """Say LINE at once."""

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show that DONE of OF steps of WHAT are done."""


class _Bars(Progress):
    """Progress bars on a terminal, and lines above them."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bars  # noqa: PLC0415

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.bars = Bars(*columns, console=console, transient=True)
        self._tasks: dict[str, int] = {}
        self._lock = Lock()

    def tell(self, line: str) -> None:
        """Print LINE above the bars."""
        self.bars.console.print(visible(line), markup=False, highlight=False)

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show that DONE of OF steps of WHAT are done."""
        from rich.markup import escape  # noqa: PLC0415
        from rich.progress import TaskID  # noqa: PLC0415

        with self._lock:
            if what not in self._tasks:
                self._tasks[what] = self.bars.add_task(escape(what), total=of)
            self.bars.update(TaskID(self._tasks[what]), completed=done, total=of, visible=done < of)


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Give something to call with (what, done, of), and to tell lines; on a terminal it draws bars."""
    if quiet or not sys.stderr.isatty():
        yield Progress()
        return
    progress = _Bars()
    with progress.bars:
        yield progress
