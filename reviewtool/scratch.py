# SPDX-License-Identifier: GPL-2.0-only
"""Folders for the time of some work, which do not pile up when a run is killed.

A folder is locked while its run lives.  One that nobody locks and that is a day old was left by a
run that could not remove it (SIGKILL, a power cut); the next run does.

Source: flock(2), which a directory can have, and which ends with the process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

_PREFIX = "reviewtool-"
_STALE_S = 24 * 3600.0


@contextmanager
def scratch_folder(what: str) -> Iterator[Path]:
    """Give a new empty folder for WHAT, for this user only, and remove it with all that is in it.

    Raises: OSError when there is no room for one.
    """
    _remove_once()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{what}-") as name:
        lock = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # a file system without locks: age alone has to do
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Path(name)
        finally:
            os.close(lock)


@cache
def _remove_once() -> None:
    remove_stale(Path(tempfile.gettempdir()))


def remove_stale(below: Path, now: float | None = None) -> None:
    """Remove what runs of this user that are no more left BELOW a day or longer ago."""
    oldest = (time.time() if now is None else now) - _STALE_S
    with suppress(OSError), os.scandir(below) as entries:
        for entry in entries:
            if not entry.name.startswith(_PREFIX):
                continue
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                if status.st_uid == os.geteuid() and status.st_mtime < oldest:
                    _remove_unlocked(Path(entry.path))


def _remove_unlocked(folder: Path) -> None:
    """Remove FOLDER if nobody holds it.  Raises: OSError when somebody does, or it is no folder."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(opened)
