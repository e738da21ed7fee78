# SPDX-License-Identifier: GPL-2.0-only
"""Results of unchanged files, kept between runs.

The key is a digest of this package's own code, the job, the file's name and its bytes, so nothing
ever has to be marked as out of date.  Each carries a code that needs the user's secret (private.py), so
that what somebody else put there is not found.  A cache that cannot be used is as good as an empty one.

Source: Python's sqlite3; XDG Base Directory Specification for the place.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from dataclasses import astuple
from hashlib import blake2b
from pathlib import Path

from reviewtool.kerneldoc.batch import BYTES, Job, Result
from reviewtool.kerneldoc.document import Diagnostic
from reviewtool.kerneldoc.records import find_rule, severity_named
from reviewtool.private import (
    CacheWarning,
    NotPrivateError,
    cache_folder,
    make_private,
    seal,
    unseal,
    user_secret,
)

_TABLE = "CREATE TABLE IF NOT EXISTS result (key BLOB PRIMARY KEY, value TEXT) WITHOUT ROWID"


def cache_path() -> Path:
    """Return where the cache is by default."""
    return cache_folder() / "kerneldoc.sqlite"


class Cache:
    """A store of results for one job."""

    def __init__(self, path: Path, job: Job) -> None:
        self._salt = blake2b(repr((_code_digest(), job)).encode()).digest()
        self._secret = b""
        try:
            make_private(path.parent)
            self._secret = user_secret()
            if path.is_symlink():
                raise NotPrivateError(path, "it is a link")
            self._base: sqlite3.Connection | None = sqlite3.connect(path, isolation_level=None)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=OFF")
            self._base.execute(_TABLE)
            self._base.execute("BEGIN")
        except OSError as error:
            warnings.warn(
                CacheWarning(f"no cache is used: {error.filename}: {error.strerror}"), stacklevel=1
            )
            self._base = None
        except sqlite3.Error:
            self._base = None

    def key(self, name: str, text: str) -> bytes:
        """Return the key of a file's result."""
        data = text.encode(BYTES)
        return blake2b(name.encode() + b"\0" + data, key=self._salt, digest_size=32).digest()

    def find(self, key: bytes, name: str) -> Result | None:
        """Return what is stored, None if there is nothing that can be read."""
        if self._base is None:
            return None
        try:
            row = self._base.execute("SELECT value FROM result WHERE key = ?", (key,)).fetchone()
            if row is None or not isinstance(row[0], bytes):
                return None
            body = unseal(self._secret, key.hex(), row[0])
            return None if body is None else _decode(name, body.decode())
        except (sqlite3.Error, ValueError, TypeError):
            return None

    def store(self, key: bytes, result: Result) -> None:
        """Keep a result."""
        if self._base is None:
            return
        try:
            self._base.execute(
                "INSERT OR REPLACE INTO result VALUES (?, ?)",
                (key, seal(self._secret, key.hex(), _encode(result).encode())),
            )
        except sqlite3.Error:
            self._base = None

    def close(self) -> None:
        """Write what was stored."""
        if self._base is not None:
            try:
                self._base.execute("COMMIT")
            except sqlite3.Error:
                return
            finally:
                self._base.close()


def _code_digest() -> str:
    digest = blake2b()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _encode(result: Result) -> str:
    rows = [
        (found.rule.identifier, found.severity.value, *astuple(found)[2:])
        for found in result.diagnostics
    ]
    return json.dumps([result.text, rows])


def _decode(name: str, value: str) -> Result:
    text, rows = json.loads(value)
    diagnostics = []
    for identifier, severity, path, line, message, symbol in rows:
        rule = find_rule(identifier)
        if rule is None:
            raise ValueError(identifier)
        diagnostics.append(Diagnostic(rule, severity_named(severity), path, line, message, symbol))
    return Result(name, text, tuple(diagnostics))
