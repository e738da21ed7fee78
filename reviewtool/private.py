# SPDX-License-Identifier: GPL-2.0-only
"""Folders and files that are this user's alone, and a secret that shows what this user has written.

What is kept between runs is believed by the next run.  So it lies in a folder that nobody else can
enter, is opened without following links, and carries a code that only who knows the user's secret
can have made: over its name as well as its content, so that one entry cannot stand in for another.
The secret lies elsewhere, because a cache is what people copy, share and unpack.

Source: XDG Base Directory Specification; RFC 7693 (BLAKE2, keyed).
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path

SECRET_BYTES = 32
_CODE_BYTES = 32


class CacheWarning(UserWarning):
    """Something kept from an earlier run is not used, or nothing can be kept: the work goes on."""


class NotPrivateError(OSError):
    """A file or folder is there, but others could have written it; strerror says what is wrong."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(0, why, str(path))


def user_folder(variable: str, otherwise: str) -> Path:
    """Return this program's folder below $VARIABLE, or below ~/OTHERWISE where that is not absolute."""
    base = os.environ.get(variable, "")
    return (
        Path(base) if base.startswith("/") else Path("~").expanduser() / otherwise
    ) / "reviewtool"


def cache_folder() -> Path:
    """Return where this user's cache is."""
    return user_folder("XDG_CACHE_HOME", ".cache")


def make_private(folder: Path) -> None:
    """Make FOLDER, or see that it is a folder that nobody else can write or enter.

    Raises: NotPrivateError; OSError when it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except NotADirectoryError as error:
        raise NotPrivateError(folder, "it is a link or a file, not a folder") from error
    try:
        status = os.fstat(opened)
        if status.st_uid != os.geteuid():
            raise NotPrivateError(folder, "it is somebody else's")
        if status.st_mode & 0o022:
            raise NotPrivateError(folder, "others can write there")
        if status.st_mode & 0o077:
            os.fchmod(opened, 0o700)
    finally:
        os.close(opened)


def read_private(path: Path) -> bytes:
    """Return what is in the file at PATH.

    Raises: NotPrivateError when it is a link, no ordinary file, or somebody else's, or when others
    can read or write it; FileNotFoundError; OSError.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.is_symlink():
            raise NotPrivateError(path, "it is a link") from error
        raise
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            raise NotPrivateError(path, "it is no ordinary file")
        if status.st_uid != os.geteuid():
            raise NotPrivateError(path, "it is somebody else's")
        if status.st_mode & 0o077:
            raise NotPrivateError(path, "others can get at it")
        return file.read()


def write_private(path: Path, data: bytes) -> None:
    """Put DATA into PATH, whole or not at all, for nobody else to read.  Raises: OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def user_secret() -> bytes:
    """Return the secret of this user, made at the first call.

    Raises: NotPrivateError when others could know it; OSError when it cannot be kept.
    """
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    make_private(folder)
    path = folder / "cache.key"
    try:
        found = read_private(path)
    except FileNotFoundError:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(SECRET_BYTES))
            with suppress(FileExistsError):  # another run was first: its secret is the secret
                os.link(name, path)
        finally:
            Path(name).unlink()
        found = read_private(path)
    if len(found) != SECRET_BYTES:
        raise NotPrivateError(path, "it is no secret of ours")
    return found


def seal(secret: bytes, name: str, body: bytes) -> bytes:
    """Return BODY with a code that says that it was kept under NAME by who knows SECRET."""
    return _code(secret, name, body) + body


def unseal(secret: bytes, name: str, sealed: bytes) -> bytes | None:
    """Return the body of SEALED, or None when it was not kept under NAME, or was changed."""
    body = sealed[_CODE_BYTES:]
    return body if compare_digest(_code(secret, name, body), sealed[:_CODE_BYTES]) else None


def _code(secret: bytes, name: str, body: bytes) -> bytes:
    code = blake2b(key=secret, digest_size=_CODE_BYTES)
    title = name.encode("utf-8", "surrogateescape")
    code.update(len(title).to_bytes(8, "little") + title)
    code.update(body)
    return code.digest()
