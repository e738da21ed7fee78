# SPDX-License-Identifier: GPL-2.0-only
"""The database: which mails there are, which series they make, and what became of each.

    setting   how all of it was reviewed; one database holds reviews of one kind
    inbox     the last commit that was seen of each repository of a public-inbox
    mail      every message, where its bytes are, and the series (unit) that it is of
    result    one row for each series that is finished

What is left to be done is what has a unit and no result: there is nothing else to lose when a run is
killed.  A result and all that goes with it is one transaction; so are the mails of a stretch of input
and the mark how far that was read.  Only one run writes at a time (a lock on the file, let go by the
system however it ends); anybody may read meanwhile (WAL).

Source: sqlite.org/wal.html, /pragma.html; flock(2), which SQLite's own locks do not meet on Linux.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from reviewtool.batch.work import Outcome, State
from reviewtool.errors import InputError, visible

SCHEMA = 1
_MOST_REVIEW_BYTES = 512 << 20
_APPLICATION = 0x52564231  # "RVB1"
_TABLES = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE inbox (path TEXT PRIMARY KEY, last TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mail (
  id INTEGER PRIMARY KEY, input TEXT NOT NULL, place TEXT NOT NULL, position INTEGER NOT NULL,
  pass INTEGER NOT NULL, file TEXT NOT NULL, name TEXT NOT NULL, line INTEGER NOT NULL, start INTEGER NOT NULL, size INTEGER NOT NULL,
  digest BLOB NOT NULL, kind TEXT NOT NULL, broken TEXT NOT NULL, heavy INTEGER NOT NULL, message_id TEXT NOT NULL,
  parent TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL, version INTEGER NOT NULL, number INTEGER,
  total INTEGER, sent INTEGER NOT NULL, arrived INTEGER NOT NULL, root TEXT NOT NULL, unit TEXT,
  UNIQUE (input, place)
);
CREATE INDEX mail_by_unit ON mail (unit) WHERE unit IS NOT NULL;
CREATE INDEX mail_by_message ON mail (message_id);
CREATE INDEX mail_by_root ON mail (root);
CREATE TABLE result (
  unit TEXT PRIMARY KEY, state TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL, title TEXT NOT NULL,
  sender TEXT NOT NULL, message_id TEXT NOT NULL, source TEXT NOT NULL, line INTEGER NOT NULL, patches INTEGER NOT NULL,
  errors INTEGER NOT NULL, warnings INTEGER NOT NULL, notes INTEGER NOT NULL, seconds REAL NOT NULL,
  memory_bytes INTEGER NOT NULL, finished TEXT NOT NULL, review BLOB NOT NULL
);
"""
_RESULT = (
    "unit, state, verdict, why, title, sender, message_id, source, line, patches, errors, warnings, notes, seconds, "
    "memory_bytes, finished"
)


@dataclass(frozen=True)
class Row:
    """A result without its review; texts are raw.  seconds and memory_bytes are of the run that made it."""

    unit: str
    state: State
    verdict: str
    why: str
    title: str
    sender: str
    message_id: str
    source: str
    line: int
    patches: int
    errors: int
    warnings: int
    notes: int
    seconds: float
    memory_bytes: int
    finished: str


@dataclass(frozen=True)
class Selection:
    """Which rows; every field that is empty lets all pass."""

    states: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()

    @property
    def where(self) -> tuple[str, list[str]]:
        """The condition in SQL and its values."""
        parts, values = ["1"], list[str]()
        for column, wanted in (("state", self.states), ("verdict", self.verdicts)):
            if wanted:
                parts.append(f"{column} IN ({_marks(wanted)})")
                values += wanted
        return " AND ".join(parts), values


class Store:
    """An open database; see open_store() and open_results()."""

    def __init__(self, name: str, connection: sqlite3.Connection) -> None:
        self.name = name
        self._connection = connection

    # All that other modules do with it

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do what is inside whole or not at all.  Raises: InputError when it cannot be written."""
        with self._told("cannot be written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has ended the transaction already
                    self._connection.execute("ROLLBACK")
                raise

    def run(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Execute SQL.  Raises: InputError when the database cannot be used."""
        with self._told("cannot be used"):
            return self._connection.execute(sql, values)

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute SQL for each of ROWS."""
        with self._told("cannot be used"):
            self._connection.executemany(sql, rows)

    def all(self, sql: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Return all that SQL selects."""
        with self._told("cannot be read"):
            return self._connection.execute(sql, values).fetchall()

    def number(self, sql: str, values: Sequence[object] = ()) -> int:
        """Return the one number that SQL selects; 0 for none."""
        rows = self.all(sql, values)
        found = rows[0][0] if rows else 0
        return found if isinstance(found, int) else 0

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as problem:
            raise InputError(self.name, f"{what}: {problem}") from problem

    # Results

    def finish(self, outcomes: Sequence[Outcome], now: str) -> None:
        """Keep OUTCOMES, in one transaction; NOW is the time to tell.  Raises: InputError."""
        with self.transaction():
            for one in outcomes:
                first = self.all(
                    "SELECT sender, message_id, name, line, subject FROM mail WHERE unit = ?"
                    " ORDER BY number IS NULL, number, input, position LIMIT 1",
                    (one.key,),
                )
                if not first:
                    continue  # its mails were taken out of the input meanwhile
                sender, message_id, source, line, subject = first[0]
                self.run(
                    f"INSERT OR REPLACE INTO result ({_RESULT}, review) VALUES ({', '.join('?' * 17)})",
                    (
                        *(one.key, one.state.value, one.verdict, one.why, one.title or subject, sender, message_id),
                        *(source, line, one.patches, one.errors, one.warnings, one.notes, one.seconds),
                        *(one.memory_bytes, now, one.review),
                    ),
                )  # fmt: skip

    def rows(self, selection: Selection) -> Iterator[Row]:
        """Yield the results that SELECTION lets pass, in the order of their first mails' places."""
        where, values = selection.where
        with self._told("cannot be read"):
            found = self._connection.execute(
                f"SELECT {_RESULT} FROM result WHERE {where} ORDER BY source, line, unit", values
            )
            for unit, state, *rest in found:
                yield Row(unit, State(state), *rest)

    def review(self, beginning: str) -> tuple[Row, bytes]:
        """Return the one result whose unit begins so, and its review as it is stored.

        Raises: InputError where there is none, or several.
        """
        if not beginning or not set(beginning) <= set("0123456789abcdef"):
            raise InputError(visible(beginning) or '""', "not the id of a row")
        found = self.all(
            f"SELECT {_RESULT}, review FROM result WHERE substr(unit, 1, ?) = ? LIMIT 2",
            (len(beginning), beginning),
        )
        if len(found) != 1:
            what = "no row has this id" if not found else "several rows' ids begin so"
            raise InputError(f"{self.name}: {beginning}", what)
        unit, state, *rest, body = found[0]
        row = Row(str(unit), State(state), *rest)  # type: ignore[arg-type]  # the columns' types
        return row, body if isinstance(body, bytes) else b""

    def rows_of(self, units: Sequence[str]) -> Iterator[Row]:
        """Yield the results of UNITS, in their order."""
        for key in units:
            for unit, state, *rest in self.all(
                f"SELECT {_RESULT} FROM result WHERE unit = ?", (key,)
            ):
                yield Row(str(unit), State(state), *rest)  # type: ignore[arg-type]  # the columns' types

    def mail_counts(self, inputs: Sequence[str]) -> Mapping[str, int]:
        """Return how many mails there are of INPUTS, by what they are to a series."""
        found = self.all(
            f"SELECT kind, count(*) FROM mail WHERE input IN ({_marks(inputs)}) GROUP BY 1 ORDER BY 2 DESC, 1",
            inputs,
        )
        return {str(kind): count for kind, count in found if isinstance(count, int)}

    def counts(self, inputs: Sequence[str]) -> Mapping[tuple[State, str], int]:
        """Return how many results there are of INPUTS, by state and verdict."""
        found = self.all(
            f"SELECT state, verdict, count(*) FROM result WHERE {_of(inputs)} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
            inputs,
        )
        return {
            (State(state), str(verdict)): count
            for state, verdict, count in found
            if isinstance(count, int)
        }

    def severities(self, inputs: Sequence[str]) -> tuple[int, int]:
        """Return how many errors and how many warnings there are in the results of INPUTS."""
        of = f"FROM result WHERE {_of(inputs)}"
        return (
            self.number(f"SELECT sum(errors) {of}", inputs),
            self.number(f"SELECT sum(warnings) {of}", inputs),
        )

    def forget(self, states: Sequence[State]) -> int:
        """Drop the results of STATES, so that those series are done again; return how many."""
        with self.transaction():
            wanted = [state.value for state in states]
            return self.run(
                f"DELETE FROM result WHERE state IN ({_marks(wanted)})", wanted
            ).rowcount

    def agree(self, settings: Mapping[str, str]) -> None:
        """Hold SETTINGS against those that the database was made with, or keep them as those.

        Raises: InputError naming the first that differs.
        """
        known = {
            str(name): str(value) for name, value in self.all("SELECT name, value FROM setting")
        }
        if not known:
            with self.transaction():
                self.run_many("INSERT INTO setting VALUES (?, ?)", settings.items())
            return
        for name, value in settings.items():
            if known.get(name) != value:
                was = known.get(name) or "none"
                reason = f"its rows were made with {name} {was}, and not {value or 'none'}: take another --db"
                raise InputError(self.name, reason)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _of(inputs: Sequence[str]) -> str:
    return f"unit IN (SELECT unit FROM mail WHERE input IN ({_marks(inputs)}))"


def unpack_review(stored: bytes, name: str) -> bytes:
    """Return the JSON of a stored review, which is called NAME.  Raises: InputError where it is damaged."""
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(stored, _MOST_REVIEW_BYTES)
    except zlib.error as problem:
        raise InputError(name, f"its stored review is damaged: {problem}") from problem
    if not unpacker.eof:
        raise InputError(name, "its stored review is damaged, or larger than any")
    return body


@contextmanager
def open_store(path: Path) -> Iterator[Store]:
    """Give the database at PATH for writing, made where there is none.

    Raises: InputError where it cannot be opened or written, is none of ours or of another version, or
    another run is writing it.
    """
    name = str(path)
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as problem:
        raise InputError(name, f"cannot be written: {problem.strerror}") from problem
    # Closed after SQLite has closed the file: closing it before would let go of SQLite's own locks.
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            reason = "another run is writing it: wait for its end, or take another --db"
            raise InputError(name, reason) from problem
        connection = _connect(name, f"{path.absolute().as_uri()}?mode=rw")
        try:
            _prepare(name, connection)
            yield Store(name, connection)
        finally:
            with suppress(sqlite3.Error):
                connection.close()
    finally:
        os.close(lock)


@contextmanager
def open_results(path: Path) -> Iterator[Store]:
    """Give the database at PATH for reading, also while a run is writing it.

    Raises: InputError where there is none, or it is none of ours or of another version.
    """
    name = str(path)
    if not path.is_file():
        raise InputError(name, "there is no such database")
    uri = path.absolute().as_uri()
    # Who may write leaves no empty write-ahead log behind; nothing else is written.
    may_write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    connection = _connect(name, f"{uri}?mode={'rw' if may_write else 'ro'}")
    try:
        _check(name, connection)
        connection.execute("PRAGMA query_only = 1")
    except InputError:
        connection.close()
        if path.with_name(f"{path.name}-wal").exists() or os.access(path.parent, os.W_OK):
            raise
        # Where nothing can be written there is no place for the index of a write-ahead log; it has none.
        connection = _connect(name, f"{uri}?immutable=1")
        _check(name, connection)
    try:
        yield Store(name, connection)
    finally:
        connection.close()


def _connect(name: str, uri: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=30)
    except sqlite3.Error as problem:
        raise InputError(name, f"cannot be opened: {problem}") from problem


def _prepare(name: str, connection: sqlite3.Connection) -> None:
    try:
        empty = not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if empty and not connection.execute("PRAGMA application_id").fetchone()[0]:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as problem:
        raise InputError(name, f"cannot be written: {problem}") from problem
    _check(name, connection)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # A crash of the program loses nothing; a crash of the machine at most the last rows, which are made again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 500")
        connection.execute("PRAGMA cache_size = -8192")
    except sqlite3.Error as problem:
        raise InputError(name, f"cannot be written: {problem}") from problem


def _check(name: str, connection: sqlite3.Connection) -> None:
    """Refuse what is no database of ours, or one of another version.  Raises: InputError."""
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as problem:
        raise InputError(name, f"cannot be opened: {problem}") from problem
    if application != _APPLICATION:
        raise InputError(name, "a database of something else: take another --db")
    if version != SCHEMA:
        reason = f"its schema version is {version}, this reviewtool has {SCHEMA}: take another --db"
        raise InputError(name, reason)
