# SPDX-License-Identifier: GPL-2.0-only
"""Mails that belong to one submission, in all its versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reviewtool.series.listing import Listed


def group_topics(mails: Sequence[Listed]) -> list[list[int]]:
    """Return the indices of MAILS by topic, in input order.

    Two mails are of one topic when one refers to the other or both to the same third message,
    when both have the same title, or when both are numbered, unthreaded, and have the same sender,
    version and count.
    """
    parents = list(range(len(mails)))

    def find(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    firsts: dict[tuple[str, ...], int] = {}
    for index, mail in enumerate(mails):
        for key in _keys(mail):
            other = firsts.setdefault(key, index)
            one, two = find(other), find(index)
            parents[max(one, two)] = min(one, two)
    groups: dict[int, list[int]] = {}
    for index in range(len(mails)):
        groups.setdefault(find(index), []).append(index)
    return list(groups.values())


def _keys(mail: Listed) -> Iterator[tuple[str, ...]]:
    """Yield what makes a mail belong to others: two mails with one key are of one topic."""
    for identity in {mail.message_id, *mail.parents} - {""}:
        yield ("id", identity)
    subject = mail.subject
    if subject.text and subject.number is not None:
        yield ("title", mail.sender.address.lower(), subject.text.casefold())
    if subject.number is not None and not mail.parents:
        count = f"v{subject.version}/{subject.total}"
        yield ("count", mail.sender.address.lower(), count)
