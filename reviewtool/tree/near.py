# SPDX-License-Identifier: GPL-2.0-only
"""A removed line that the tree has in other words: found by the lines around it.

A patch made on one version meets another that differs in that very line.  It is the same place only
where the lines before and behind it are the patch's, no other place of the file is like it, and the
line itself is mostly the same; otherwise the hunk stays refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from reviewtool.mail.fragments import Candidate, HunkFragment
from reviewtool.series.patch import Repair
from reviewtool.tree.align import mark_of, squeeze

_ALIKE = 0.6  # share of the characters of both lines that are the same, in order


def settle_removed(
    hunk: HunkFragment, lines: Sequence[str]
) -> tuple[HunkFragment, tuple[Repair, ...]]:
    """Return HUNK with removed lines as the tree with LINES has them, and what was put in their place."""
    known = {squeeze(line) for line in lines}
    candidates = list(hunk.candidates)
    repairs: list[Repair] = []
    for index, candidate in enumerate(candidates):
        if mark_of(candidate, hunk) != "-" or squeeze(candidate.text[1:]) in known:
            continue
        places = _places(hunk, index, lines)
        if len(places) != 1:
            continue
        found = lines[places[0]]
        candidates[index] = replace(candidate, text=f"-{found}")
        what = (
            f"the tree has another line where this one is removed, which is removed in its place "
            f"(line {places[0] + 1}): {found.strip()}"
        )
        repairs.append(Repair(candidate.line, what))
    return replace(hunk, candidates=tuple(candidates)), tuple(repairs)


def _places(hunk: HunkFragment, index: int, lines: Sequence[str]) -> list[int]:
    """Return the indices of LINES that stand where the removed candidate INDEX should."""
    removed = squeeze(hunk.candidates[index].text[1:])
    before = _neighbour(hunk, range(index - 1, -1, -1))
    behind = _neighbour(hunk, range(index + 1, len(hunk.candidates)))
    if before is None or behind is None:
        return []
    full = [(number, squeeze(line)) for number, line in enumerate(lines) if line.strip()]
    return [
        full[at][0]
        for at in range(1, len(full) - 1)
        if full[at - 1][1] == before
        and full[at + 1][1] == behind
        and SequenceMatcher(None, full[at][1], removed, autojunk=False).ratio() >= _ALIKE
    ]


def _neighbour(hunk: HunkFragment, indices: range) -> str | None:
    """Return the nearest line of the old version among the candidates INDICES, without white space."""
    for at in indices:
        candidate: Candidate = hunk.candidates[at]
        mark = mark_of(candidate, hunk)
        if mark == "+" or not candidate.text.strip():
            continue
        return squeeze(candidate.text[1:] if mark == "-" else candidate.text)
    return None
