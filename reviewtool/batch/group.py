# SPDX-License-Identifier: GPL-2.0-only
"""The mails of the database → series: each patch and cover letter is given its unit.

1. a patch without a number is a unit by itself, by its message-id, or by its bytes where it has none:
   what came twice is one;
2. numbered ones of a thread, of one sender, version and count are one: each version is a unit;
3. numbered ones that stand in no thread are one with those before them of the same sender, version and
   count, until a number comes again or half a day lies between.

Which of the mails of a unit are taken, and what is missing, is then said by series.choose.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from reviewtool.batch.index import Part
from reviewtool.batch.store import Store

_APART_S = 12 * 3600
_MOST_JUMPS = 24
_KEY_DIGITS = 20
_GROUPED = (
    "SELECT id, kind, digest, message_id, parent, root, sender, version, number, total, sent, unit, parent = ''"
    " AND NOT EXISTS (SELECT 1 FROM mail AS below WHERE below.root = mail.message_id AND below.id <> mail.id"
    " AND below.number IS NOT NULL AND below.kind = 'patch' AND mail.message_id <> '')"
    " FROM mail WHERE kind IN ('patch', 'cover letter', 'broken') ORDER BY input, position"
)


@dataclass
class _Chain:
    """Numbered mails that stand in no thread, so far."""

    key: str
    numbers: set[int]
    last: int


def group_mails(store: Store) -> None:
    """Give every mail its unit; a series to which a mail was added or taken has no result any more.

    Raises: InputError when the database cannot be written.
    """
    with store.transaction():
        _find_roots(store)
        changed = list(_changed(store))
        touched = {unit for _, old, new in changed for unit in (old, new) if unit is not None}
        store.run_many(
            "UPDATE mail SET unit = ? WHERE id = ?", ((new, row) for row, _, new in changed)
        )
        store.run_many("DELETE FROM result WHERE unit = ?", ((unit,) for unit in touched))


def _find_roots(store: Store) -> None:
    """Follow replies to the thread's first mail, where a mail names only the one that it answers."""
    for _ in range(_MOST_JUMPS):  # a circle, which only somebody's hand makes, has no end
        jumped = store.run(
            "UPDATE mail SET root = above.root FROM mail AS above"
            " WHERE above.message_id = mail.root AND mail.root <> '' AND above.root <> mail.root AND above.root <> ''"
        )
        if not jumped.rowcount:
            return


def _changed(store: Store) -> Iterator[tuple[int, str | None, str]]:
    """Yield id, unit before and unit now of each mail that is of another unit than before."""
    chains: dict[tuple[str, int, int], _Chain] = {}
    for row in store.run(_GROUPED):
        (
            ident,
            kind,
            digest,
            message_id,
            _,
            root,
            sender,
            version,
            number,
            total,
            sent,
            unit,
            loose,
        ) = row
        if kind == Part.BROKEN.value or number is None or not total:
            new = _key("single", message_id or digest.hex())
        elif loose and total > 1:
            new = _chained(
                chains, (sender, version, total), number, sent, message_id or digest.hex()
            )
        else:
            new = _key(
                "series", root or message_id or digest.hex(), sender, str(version), str(total)
            )
        if new != unit:
            yield ident, unit, new


def _chained(
    chains: dict[tuple[str, int, int], _Chain],
    who: tuple[str, int, int],
    number: int,
    sent: int,
    own: str,
) -> str:
    chain = chains.get(who)
    apart = chain is not None and bool(chain.last and sent) and abs(sent - chain.last) > _APART_S
    if chain is None or apart or number in chain.numbers:
        sender, version, total = who
        chain = chains[who] = _Chain(
            _key("loose", own, sender, str(version), str(total)), set(), sent
        )
    chain.numbers.add(number)
    chain.last = sent or chain.last
    return chain.key


def _key(*parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_KEY_DIGITS]
