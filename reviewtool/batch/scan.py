# SPDX-License-Identifier: GPL-2.0-only
"""Inputs → the mails of the database: what is new is added, what is gone is taken out.

A stretch of mails, and how far an inbox was read, is one transaction.  A mail that is known is not
looked at again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewtool.batch.inbox import Epoch, Step, open_epochs
from reviewtool.batch.index import Indexer, Part
from reviewtool.batch.reading import Broken, Found, find_files, read_file
from reviewtool.batch.store import Store
from reviewtool.errors import InputError
from reviewtool.mail.inputs import is_inbox
from reviewtool.mail.mailbox import RawMail

_STRETCH = 400
_STRETCH_BYTES = 8 << 20
_COLUMNS = (
    "input, place, position, pass, file, name, line, start, size, digest, kind, broken, heavy, message_id, parent, sender,"
    " subject, version, number, total, sent, arrived, root"
)
_ADD = f"INSERT INTO mail ({_COLUMNS}) VALUES ({', '.join('?' * 23)})"
_FORGET = "DELETE FROM result WHERE unit IN (SELECT unit FROM mail WHERE input = ? AND place = ?)"

Tell = Callable[[str], None]
Look = Callable[[int], None]


@dataclass(frozen=True)
class _Spot:
    """Where a mail stands: its input, its position there, and the file that it is read again from.

    place: its name among the mails of the input; "" for the digest of its bytes, by which what comes twice is one.
    """

    input: str
    place: str
    position: int
    file: str


class Scanner:
    """Reads inputs into STORE.

    tell gets a line about what a reader should know; look gets the number of mails that were read so far;
    on_tree as an Indexer has it.
    """

    def __init__(self, store: Store, tell: Tell, look: Look, *, on_tree: bool = False) -> None:
        self._store = store
        self._tell = tell
        self._look = look
        self._indexer = Indexer(on_tree=on_tree)
        self._pass = store.number("SELECT max(pass) FROM mail") + 1
        self._positions: dict[str, int] = {}
        self._read = 0

    def scan(self, name: str) -> str:
        """Read the input that the user calls NAME; return what it is called in the database.

        Raises: InputError where it cannot be read at all, or the database cannot be written.
        """
        if name == "-":
            raise InputError("-", "standard input cannot be read again after a stop: name a file")
        key = str(Path(name).absolute())
        if Path(name).is_dir() and is_inbox(Path(name)):
            self.scan_inbox(name)
        else:
            self._scan_files(name, key)
        return key

    # Mailboxes and folders

    def _scan_files(self, name: str, key: str) -> None:
        files = find_files(name)
        position = 0
        for stretch in _stretches(_messages(files)):
            with self._store.transaction():
                for file, one in stretch:
                    spot = _Spot(key, "", position, str(file.absolute()))
                    self._keep(spot, one)
                    position += 1
        with self._store.transaction():
            gone = "FROM mail WHERE input = ? AND pass <> ?"
            values = (key, self._pass)
            self._store.run(f"DELETE FROM result WHERE unit IN (SELECT unit {gone})", values)
            self._store.run(f"DELETE {gone}", values)
        if not position:
            raise InputError(name, "empty: there is no mail and no patch in it")

    def _keep(self, spot: _Spot, one: Found | Broken) -> None:
        if isinstance(one, Found):
            self._add(spot, one.raw, int(time.time()))
            return
        text = f"{one.source}:{one.line}: {one.why}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        self._count()
        if not self._is_known(spot, digest, RawMail(one.source, one.line, b"")):
            place = spot.place or digest.hex()
            self._store.run(
                _ADD,
                (*(spot.input, place, spot.position, self._pass, spot.file, one.source, one.line, 0, 0, digest),
                 *(Part.BROKEN.value, text, 0, "", "", "", "", 1, None, None, 0, int(time.time()), "")),
            )  # fmt: skip

    def _is_known(self, spot: _Spot, digest: bytes, raw: RawMail) -> bool:
        """Whether this very mail is there already; then it is noted where it stands now."""
        place = spot.place or digest.hex()
        return (
            self._store.run(
                "UPDATE mail SET pass = ?, position = ?, file = ?, name = ?, line = ?, start = ?"
                " WHERE input = ? AND place = ?",
                (
                    self._pass,
                    spot.position,
                    spot.file,
                    raw.source,
                    raw.line,
                    raw.offset,
                    spot.input,
                    place,
                ),
            ).rowcount
            > 0
        )

    def _add(self, spot: _Spot, raw: RawMail, arrived: int) -> None:
        self._count()
        digest = hashlib.sha256(raw.data).digest()
        if self._is_known(spot, digest, raw):
            return
        told = self._indexer.index(raw)
        place = spot.place or digest.hex()
        values = (
            *(
                spot.input,
                place,
                spot.position,
                self._pass,
                spot.file,
                raw.source,
                raw.line,
                raw.offset,
            ),
            *(
                len(raw.data),
                digest,
                told.part.value,
                "",
                int(told.heavy),
                told.message_id,
                told.parent,
            ),
            *(
                told.sender,
                told.subject,
                told.version,
                told.number,
                told.total,
                told.sent,
                arrived,
                told.root,
            ),
        )
        self._store.run(_ADD, [_storable(value) for value in values])

    def _count(self) -> None:
        self._read += 1
        if self._read % 50 == 0:
            self._look(self._read)

    # public-inbox

    def scan_inbox(self, name: str) -> int:
        """Read what is new in the public-inbox that the user calls NAME; return how many mails came.

        Raises: InputError where it is none, or cannot be read.
        """
        before = self._read
        with open_epochs(name) as epochs:
            for epoch in epochs:
                self._scan_epoch(str(Path(name).absolute()), epoch)
        return self._read - before

    def _scan_epoch(self, key: str, epoch: Epoch) -> None:
        path = str(epoch.path.absolute())
        known = self._store.all("SELECT last FROM inbox WHERE path = ?", (path,))
        last = str(known[0][0]) if known else None
        news = epoch.news(last)
        if news is None:
            return
        if news.whole and last is not None:
            self._tell(
                f"{epoch.name}: the last commit that was seen, {last[:12]}, is not in its history any more: all of it "
                "is read again, and no mail is reviewed twice"
            )
        # Of a history written anew, mails that are not in it are known only at its end: no mark before that.
        marks = not (news.whole and self._has(path))
        for steps in epoch.steps(news.commits):
            with self._store.transaction():
                for step in steps:
                    self._take(key, path, epoch, step)
                if marks and steps:
                    self._mark(path, steps[-1].commit)
        with self._store.transaction():
            if not marks:
                self._drop_gone(path)
            self._mark(path, news.head)

    def _has(self, path: str) -> bool:
        return self._store.number("SELECT EXISTS (SELECT 1 FROM mail WHERE file = ?)", (path,)) > 0

    def _mark(self, path: str, commit: str) -> None:
        self._store.run("INSERT OR REPLACE INTO inbox VALUES (?, ?)", (path, commit))

    def _drop_gone(self, path: str) -> None:
        gone, values = "FROM mail WHERE file = ? AND pass <> ?", (path, self._pass)
        self._store.run(f"DELETE FROM result WHERE unit IN (SELECT unit {gone})", values)
        self._store.run(f"DELETE {gone}", values)

    def _take(self, key: str, path: str, epoch: Epoch, step: Step) -> None:
        if not step.added:
            self._store.run(_FORGET, (key, step.blob))
            self._store.run("DELETE FROM mail WHERE input = ? AND place = ?", (key, step.blob))
            return
        if self._store.run(
            "UPDATE mail SET pass = ? WHERE input = ? AND place = ?", (self._pass, key, step.blob)
        ).rowcount:
            return  # the blob's name is its content's
        if key not in self._positions:
            last = self._store.number("SELECT max(position) FROM mail WHERE input = ?", (key,))
            self._positions[key] = last
        self._positions[key] += 1
        spot = _Spot(key, step.blob, self._positions[key], path)
        name = f"{epoch.name}:{step.commit[:12]}"
        try:
            raw = epoch.read(step.blob, name)
        except InputError as problem:
            self._keep(spot, Broken(name, 1, problem.reason))
        else:
            self._add(spot, raw, min(step.time, int(time.time())))


def _messages(files: Sequence[Path]) -> Iterator[tuple[Path, Found | Broken]]:
    for file in files:
        for one in read_file(file):
            yield file, one


def _storable(value: object) -> object:
    """Return VALUE without what is no Unicode: a mail's own bytes may stand in its texts."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _stretches(
    found: Iterator[tuple[Path, Found | Broken]],
) -> Iterator[list[tuple[Path, Found | Broken]]]:
    """Yield what FOUND has in lists that are bounded in number and in bytes."""
    held: list[tuple[Path, Found | Broken]] = []
    size = 0
    for pair in found:
        held.append(pair)
        size += len(pair[1].raw.data) if isinstance(pair[1], Found) else 0
        if len(held) >= _STRETCH or size > _STRETCH_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held
