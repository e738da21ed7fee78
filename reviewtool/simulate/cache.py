# SPDX-License-Identifier: GPL-2.0-only
"""Objects and modules that need not be compiled again, under the user's cache directory.

What is kept is WebAssembly, which runs in the sandbox like any other: a file that somebody planted
here can give wrong outcomes but cannot do anything.  Even so the folder is private to the user, and
one that is not is left alone.  A cache that cannot be used is no error; it only saves nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_DIGEST = 32


def cache_folder() -> Path:
    """Return where this user's cache is: $XDG_CACHE_HOME or ~/.cache.  Source: XDG base directories."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not base.startswith("/"):
        base = str(Path("~").expanduser() / ".cache")
    return Path(base) / "reviewtool"


@dataclass(frozen=True)
class Cache:
    """Keyed bytes in FOLDER, each with a digest so that a torn file is not taken for a whole one."""

    folder: Path | None

    def get(self, key: str) -> bytes | None:
        """Return what was kept under KEY, or None."""
        if self.folder is None:
            return None
        with suppress(OSError):
            kept = (self.folder / key).read_bytes()
            body = kept[_DIGEST:]
            if hashlib.sha256(body).digest() == kept[:_DIGEST]:
                return body
        return None

    def put(self, key: str, body: bytes) -> None:
        """Keep BODY under KEY; nobody ever sees half of it."""
        if self.folder is None:
            return
        with suppress(OSError):
            handle, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(name).replace(self.folder / key)


def open_cache(folder: Path | None = None) -> Cache:
    """Return the cache in FOLDER (default: the user's), or one that keeps nothing if it is not private."""
    folder = folder or cache_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return Cache(None)
    private = (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & 0o022
    )
    return Cache(folder if private else None)


def key_of(parts: Iterable[str]) -> str:
    """Return a file name that stands for PARTS, in order."""
    digest = hashlib.sha256()
    for part in parts:
        body = part.encode("utf-8", "surrogateescape")
        digest.update(len(body).to_bytes(8, "little"))
        digest.update(body)
    return digest.hexdigest()
