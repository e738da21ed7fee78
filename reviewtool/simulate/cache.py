# SPDX-License-Identifier: GPL-2.0-only
"""Objects and modules that need not be compiled again, under the user's cache directory.

What is kept decides what a review says, so only what this user kept is believed (private.py): an
entry that somebody planted, cut, changed or put under another's name is as good as none, and said.
A cache that cannot be used is no error; it only saves nothing.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reviewtool.private import (
    CacheWarning,
    NotPrivateError,
    cache_folder,
    make_private,
    read_private,
    seal,
    unseal,
    user_secret,
    write_private,
)

_SUFFIX = ".kept"


@dataclass(frozen=True)
class Cache:
    """Bytes by key in FOLDER, each with a code that needs SECRET; a folder that is None keeps nothing."""

    folder: Path | None
    secret: bytes = field(default=b"", repr=False)

    def get(self, key: str) -> bytes | None:
        """Return what was kept under KEY, or None."""
        if self.folder is None:
            return None
        try:
            body = unseal(self.secret, key, read_private(self.folder / (key + _SUFFIX)))
        except FileNotFoundError:
            return None
        except NotPrivateError as error:
            _tell(f"an entry of the cache in {self.folder} is not used: {error.strerror}")
        except OSError as error:
            _tell(f"the cache in {self.folder} cannot be read: {error.strerror}")
        else:
            if body is None:
                _tell(
                    f"an entry of the cache in {self.folder} is not used: it is not as we kept it"
                )
            return body
        return None

    def put(self, key: str, body: bytes) -> None:
        """Keep BODY under KEY; nobody ever sees half of it."""
        if self.folder is None:
            return
        try:
            write_private(self.folder / (key + _SUFFIX), seal(self.secret, key, body))
        except OSError as error:
            _tell(f"the cache in {self.folder} cannot be written: {error.strerror}")


def _tell(what: str) -> None:
    warnings.warn(CacheWarning(what), stacklevel=1)


def open_cache(folder: Path | None = None) -> Cache:
    """Return the cache in FOLDER (default: the user's), or one that keeps nothing if it is not private."""
    folder = folder or cache_folder()
    try:
        make_private(folder)
        return Cache(folder, user_secret())
    except OSError as error:
        _tell(f"no cache is used: {error.filename}: {error.strerror}")
        return Cache(None)


def key_of(parts: Iterable[str]) -> str:
    """Return a file name that stands for PARTS, in order."""
    digest = hashlib.sha256()
    for part in parts:
        body = part.encode("utf-8", "surrogateescape")
        digest.update(len(body).to_bytes(8, "little"))
        digest.update(body)
    return digest.hexdigest()
