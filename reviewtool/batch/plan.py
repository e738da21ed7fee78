# SPDX-License-Identifier: GPL-2.0-only
"""What is left to be done → jobs: units without a result, with their mails read again.

What may have to be compiled is a job by itself; the rest, which takes milliseconds, is handed out in
dozens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from reviewtool.batch.inbox import Epoch, open_epochs
from reviewtool.batch.reading import read_again
from reviewtool.batch.store import Store
from reviewtool.batch.work import Job, Options, Outcome, State, Unit
from reviewtool.errors import InputError
from reviewtool.gitplace import find_repository
from reviewtool.mail.mailbox import RawMail

_TOGETHER = 24
_TOGETHER_BYTES = 2 << 20
_MOST_UNIT_BYTES = 128 << 20
_LEFT = """
SELECT mail.unit, max(heavy), min(mail.id) FROM mail
WHERE mail.unit IS NOT NULL AND kind IN ('patch', 'cover letter', 'broken')
  AND NOT EXISTS (SELECT 1 FROM result WHERE result.unit = mail.unit)
GROUP BY mail.unit
HAVING sum(kind <> 'cover letter') > 0 AND sum(input IN ({inputs})) > 0
  AND NOT (max(total) > count(DISTINCT CASE WHEN number > 0 THEN number END) AND max(arrived) > ?)
ORDER BY min(input), min(position)
"""
_MAIL = "SELECT file, place, name, line, start, size, digest, broken FROM mail"


@dataclass(frozen=True)
class Left:
    """A unit that has no result; heavy: whether it may have to be compiled."""

    key: str
    heavy: bool


def find_left(store: Store, inputs: Sequence[str], complete_since: int | None = None) -> list[Left]:
    """Return what is to be done of INPUTS, in their order.

    complete_since: a series of which patches are missing is left alone if a mail of it came later than this.
    """
    later = complete_since if complete_since is not None else 1 << 62
    marks = ", ".join("?" * len(inputs))
    found = store.all(_LEFT.format(inputs=marks), (*inputs, later))
    return [Left(str(unit), bool(heavy)) for unit, heavy, _ in found]


class Planner:
    """Makes jobs; see jobs()."""

    def __init__(self, store: Store, options: Options, tool: str) -> None:
        self._store = store
        self._options = options
        self._tool = tool
        self._inboxes: dict[str, Epoch] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def jobs(self, left: Sequence[Left]) -> Iterator[Job | Outcome]:
        """Yield jobs for LEFT; an outcome for a unit that no worker has to see."""
        together: list[Unit] = []
        size = 0
        for one in left:
            made = self._unit(one.key)
            if isinstance(made, Outcome):
                yield made
            elif one.heavy:
                yield self.job([made])
            else:
                together.append(made)
                size += sum(len(raw.data) for raw in made.mails)
                if len(together) >= _TOGETHER or size > _TOGETHER_BYTES:
                    yield self.job(together)
                    together, size = [], 0
        # The last of them are spread over the workers.
        for part in (together[::2], together[1::2]):
            if part:
                yield self.job(part)

    def job(self, units: Sequence[Unit]) -> Job:
        """Return the job of UNITS."""
        return Job(tuple(units), self._options, self._tool)

    def _unit(self, key: str) -> Unit | Outcome:
        rows = self._store.all(f"{_MAIL} WHERE unit = ? ORDER BY input, position", (key,))
        earlier = self._earlier(key)
        own = ""
        if earlier:
            found = self._store.all(
                "SELECT message_id FROM mail WHERE unit = ? AND kind = 'patch' LIMIT 1", (key,)
            )
            own = str(found[0][0]) if found else ""
        rows = (earlier if own else []) + rows
        mails: dict[bytes, RawMail] = {}
        total = 0
        try:
            for file, place, name, line, start, size, digest, broken in rows:
                if broken:
                    return Outcome(key, State.REFUSED, str(broken))
                if digest in mails or not (isinstance(start, int) and isinstance(size, int)):
                    continue
                total += size
                if total > _MOST_UNIT_BYTES:
                    reason = f"{name}:{line}: the mails of the series have more than {_MOST_UNIT_BYTES >> 20} MiB"
                    return Outcome(key, State.REFUSED, reason)
                number = line if isinstance(line, int) else 1
                raw = self._read(str(file), str(place), start, size, str(name), number)
                if not isinstance(digest, bytes) or hashlib.sha256(raw.data).digest() != digest:
                    reason = f"{name}:{number}: changed while it was being read: start again"
                    return Outcome(key, State.REFUSED, reason)
                mails[digest] = raw
        except InputError as problem:
            return Outcome(key, State.REFUSED, str(problem))
        return Unit(key, tuple(mails.values()), own)

    def _earlier(self, key: str) -> list[tuple[object, ...]]:
        """Return the patches of earlier versions in the thread of a re-roll that is not whole."""
        return self._store.all(
            f"{_MAIL} WHERE kind = 'patch' AND unit <> ?1 AND (root, sender, total) IN"
            " (SELECT root, sender, total FROM mail WHERE unit = ?1 AND number IS NOT NULL AND root <> '')"
            " AND version < (SELECT max(version) FROM mail WHERE unit = ?1)"
            " AND (SELECT max(total) > count(DISTINCT CASE WHEN number > 0 THEN number END) FROM mail WHERE unit = ?1)"
            " ORDER BY input, position",
            (key,),
        )

    def _read(self, file: str, place: str, start: int, size: int, name: str, line: int) -> RawMail:
        path = Path(file)
        if path.is_file():
            return read_again(path, start, size, name, line)
        if file not in self._inboxes:
            if not path.is_dir() or find_repository(path) is None:
                raise InputError(name, "cannot be read again: it is gone", line)
            self._inboxes[file] = self._stack.enter_context(open_epochs(file))[0]
        return self._inboxes[file].read(place, name)
