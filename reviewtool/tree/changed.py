# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of two versions of a tree differ."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from reviewtool.tree.snapshot import Snapshot

Lines = frozenset[tuple[str, int]]
"""Paths and 1-based numbers."""


def changed_lines(before: Snapshot, after: Snapshot) -> tuple[Lines, Lines]:
    """Return the lines of C that only BEFORE has, and those that only AFTER has.

    A line that moved is among both.  A file that only one of them has is so as a whole.
    """
    removed: set[tuple[str, int]] = set()
    added: set[tuple[str, int]] = set()
    for path in before.files.keys() | after.files.keys():
        old, new = before.files.get(path, ""), after.files.get(path, "")
        if old != new and path.endswith((".c", ".h")):
            gone, come = _differing(old.split("\n"), new.split("\n"))
            removed |= {(path, number) for number in gone}
            added |= {(path, number) for number in come}
    return frozenset(removed), frozenset(added)


def alike_lines(
    before: Snapshot, after: Snapshot, changed: tuple[Lines, Lines]
) -> tuple[Lines, Lines]:
    """Return the lines of both versions that read as one of those that CHANGED, in the files that differ.

    Which of two equal lines is the new one is a matter of taste; among all of them there is one more.
    """
    paths = {path for lines in changed for path, _ in lines}
    texts = {
        (path, tree.files.get(path, "")): tree.files.get(path, "").split("\n")
        for tree in (before, after)
        for path in paths
    }

    def line(tree: Snapshot, path: str, number: int) -> str:
        return texts[path, tree.files.get(path, "")][number - 1].strip()

    wanted = {
        line(tree, path, number)
        for tree, lines in zip((before, after), changed, strict=True)
        for path, number in lines
    }
    old, new = (
        frozenset(
            (path, number)
            for path in paths & tree.files.keys()
            for number, text in enumerate(texts[path, tree.files[path]], 1)
            if text.strip() in wanted
        )
        for tree in (before, after)
    )
    return old, new


def _differing(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the 1-based numbers of the lines of OLD and of NEW that have no partner in the other."""
    first, shorter = 0, min(len(old), len(new))
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    gone: list[int] = []
    come: list[int] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            gone += range(first + a + 1, first + b + 1)
            come += range(first + c + 1, first + d + 1)
    return gone, come
