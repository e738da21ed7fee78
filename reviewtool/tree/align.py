# SPDX-License-Identifier: GPL-2.0-only
"""The lines of a hunk found among candidates: which is context, which a change, which a remark.

Given the base lines that the hunk covers (from its header) and the candidates below the header,
every base line is context or removed, so only the order is to be found:

    candidate = context (equals the next base line, white space apart)
              / removed ("-", equals the next base line)
              / added ("+")
              / remark (anything else, skipped)
    base line = matched by a candidate, or supplied

The alignment with the highest score is taken: a match counts for much, a supplied line against
it, and a hunk's first and last change stand three lines from its ends, as diff -u writes it.
Where several alignments are as good and put a change at different places, the hunk is ambiguous.

Source: Needleman and Wunsch (1970) for the alignment; the costs are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewtool.mail.fragments import Candidate, HunkFragment

CONTEXT_LINES = 3
_MATCH, _MATCH_BLANK, _SUPPLY, _SUPPLY_BLANK = 20, 3, -6, -1
_FORBIDDEN = -(10**9)
_RELAXED = -30
_WRAP_COLUMN = 72
_QUOTE_WRAP_COLUMN = 66
# What people write for a part of a quote that they leave out.
_GAP = re.compile(r"\W*(?:\.\.\.|\u2026|snip|cut|trim)|[\[<]", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A line of the fitted hunk.

    mark:      " ", "-" or "+".
    base:      index into the hunk's base lines, None for an added line.
    candidate: the line of the fragment, None where the line was supplied from the tree.
    """

    mark: str
    base: int | None
    candidate: Candidate | None


@dataclass(frozen=True)
class Alignment:
    """The lines of the hunk in order, and how well they fit."""

    places: tuple[Place, ...]
    score: int


@dataclass(frozen=True)
class Ambiguity:
    """Why the hunk cannot be put together; line: 1-based input line."""

    line: int
    reason: str


def squeeze(text: str) -> str:
    """Return TEXT without any white space, no-break spaces included."""
    return "".join(text.split())


@dataclass(frozen=True)
class Window:
    """The base lines that a hunk covers, and whether the file begins or ends with them."""

    lines: Sequence[str]
    is_top: bool
    is_bottom: bool


def align(
    hunk: HunkFragment, candidates: Sequence[Candidate], window: Window
) -> Alignment | Ambiguity:
    """Align the CANDIDATES of HUNK with WINDOW, the old_count lines that it covers."""
    added = [c for c in candidates if mark_of(c, hunk) == "+"]
    removed = [c for c in candidates if mark_of(c, hunk) == "-"]
    if not added and not removed:
        return Ambiguity(hunk.line, "no change of this hunk is there")
    wanted = hunk.new_count - hunk.old_count + len(removed)
    if len(added) != wanted:
        line = added[-1].line if added else hunk.line
        counts = f"{len(added)} added and {len(removed)} removed lines"
        header = f"-{hunk.old_count} +{hunk.new_count}"
        return Ambiguity(line, f"the hunk header counts {header}, but {counts} are found")
    return _Table(hunk, candidates, window).best()


def mark_of(candidate: Candidate, hunk: HunkFragment) -> str:
    """Return the mark that the candidate carries: "+", "-" or " "."""
    if candidate.depth != hunk.depth:
        return " "
    first = candidate.text[:1]
    return first if first in ("+", "-") and first else " "


class _Table:
    """Scores of all alignments: before[i][j] of the first i candidates with the first j lines."""

    def __init__(self, hunk: HunkFragment, candidates: Sequence[Candidate], window: Window) -> None:
        self.hunk = hunk
        self.candidates = candidates
        self.window = window
        self.base = base = window.lines
        self.marks = [mark_of(candidate, hunk) for candidate in candidates]
        self.texts = [
            squeeze(c.text[1:] if mark != " " else c.text)
            for c, mark in zip(candidates, self.marks, strict=True)
        ]
        self.lines = [squeeze(line) for line in base]
        changes = [index for index, mark in enumerate(self.marks) if mark != " "]
        self.first = changes[0] if changes else len(candidates)
        self.last = changes[-1] if changes else -1
        self.top = self.bottom = CONTEXT_LINES

    def best(self) -> Alignment | Ambiguity:
        """Return the best alignment.

        Fewer than three lines of context at an end cost something, except where the file ends.
        """
        full = min(CONTEXT_LINES, len(self.base))
        tops = (0,) if self.window.is_top else (full, 0)
        bottoms = (0,) if self.window.is_bottom else (full, 0)
        found: list[tuple[int, Alignment | Ambiguity]] = []
        for self.top in tops:
            for self.bottom in bottoms:
                before = self.forward()
                relaxed = (self.top < tops[0]) + (self.bottom < bottoms[0])
                score = before[-1][-1] + relaxed * _RELAXED
                if before[-1][-1] > _FORBIDDEN // 2:
                    found.append((score, self.walk(before, score)))
        if not found:
            change = self.candidates[self.first] if self.first < len(self.candidates) else None
            line = change.line if change else self.hunk.line
            return Ambiguity(line, "the removed lines are not in the tree in this order")
        return max(found, key=lambda item: item[0])[1]

    def allowed(self, index: int, j: int) -> bool:
        """Whether the change at candidate INDEX may stand before base line J."""
        if index == self.first and self.top and j != self.top:
            return False
        if index == self.last and self.bottom:
            return len(self.base) - j - (self.marks[index] == "-") == self.bottom
        return True

    def match(self, i: int, j: int) -> int:
        """Return the score of candidate I as base line J."""
        if self.texts[i] != self.lines[j]:
            return _FORBIDDEN
        if self.marks[i] == "-":
            return _MATCH if self.allowed(i, j) else _FORBIDDEN
        if self.marks[i] == "+":
            return _FORBIDDEN
        return _MATCH if self.lines[j] else _MATCH_BLANK

    def skip(self, i: int, j: int) -> int:
        """Return the score of candidate I as an added line or a remark before base line J."""
        if self.marks[i] == " ":
            return 0
        return 0 if self.marks[i] == "+" and self.allowed(i, j) else _FORBIDDEN

    def supply(self, i: int, j: int) -> int:
        """Return the score of base line J without a candidate, before candidate I."""
        if i > self.last or i <= self.first:
            return 0
        return _SUPPLY if self.lines[j] else _SUPPLY_BLANK

    def forward(self) -> list[list[int]]:
        rows, columns = len(self.candidates) + 1, len(self.base) + 1
        table = [[_FORBIDDEN] * columns for _ in range(rows)]
        table[0][0] = 0
        for i in range(rows):
            for j in range(columns):
                value = table[i][j]
                if i and j:
                    value = max(value, table[i - 1][j - 1] + self.match(i - 1, j - 1))
                if i:
                    value = max(value, table[i - 1][j] + self.skip(i - 1, j))
                if j:
                    value = max(value, table[i][j - 1] + self.supply(i, j - 1))
                table[i][j] = max(value, _FORBIDDEN)
        return table

    def walk(self, table: list[list[int]], score: int) -> Alignment | Ambiguity:
        """Follow the best path back; refuse where a change has several best places."""
        places: list[Place] = []
        i, j = len(self.candidates), len(self.base)
        unsure = self.unsure(table)
        if unsure is not None:
            return unsure
        while i or j:
            value = table[i][j]
            if i and j and value == table[i - 1][j - 1] + self.match(i - 1, j - 1):
                i, j = i - 1, j - 1
                places.append(Place(self.marks[i], j, self.candidates[i]))
            elif i and value == table[i - 1][j] + self.skip(i - 1, j):
                i -= 1
                if self.marks[i] == "+":
                    places.append(Place("+", None, self.candidates[i]))
            else:
                j -= 1
                places.append(Place(" ", j, None))
        places.reverse()
        return self.gap(places) or Alignment(tuple(places), score)

    def gap(self, places: Sequence[Place]) -> Ambiguity | None:
        """Refuse where lines are missing between changes: another change could be among them.

        At the ends it could not: three lines of context stand there, no more and no less.
        """
        changes = [index for index, place in enumerate(places) if place.mark != " "]
        if not changes:
            return None
        line = self.hunk.line
        for index, place in enumerate(places):
            if place.candidate is not None:
                line = place.candidate.line
            elif changes[0] < index < changes[-1] and self.lines[place.base or 0]:
                return Ambiguity(line, "lines of the hunk are missing below this one")
        far = [
            *range(changes[0] - CONTEXT_LINES),
            *range(changes[-1] + 1 + CONTEXT_LINES, len(places)),
        ]
        if any(places[at].candidate is None and self.lines[places[at].base or 0] for at in far):
            return Ambiguity(line, "lines of the hunk are missing, and a change may be among them")
        return None

    def unsure(self, table: list[list[int]]) -> Ambiguity | None:
        """Return the first change that equally good alignments put at different places."""
        best = table[-1][-1]
        after = self.backward()
        columns = range(len(self.base) + 1)
        for i, mark in enumerate(self.marks):
            if mark == " ":
                continue
            if mark == "+":
                places = [
                    j for j in columns if table[i][j] + self.skip(i, j) + after[i + 1][j] == best
                ]
            else:
                places = [
                    j
                    for j in columns[:-1]
                    if table[i][j] + self.match(i, j) + after[i + 1][j + 1] == best
                ]
            if len(places) > 1 and any(self.lines[places[0] : places[-1]]):
                line = self.candidates[i].line
                return Ambiguity(line, "several places in the tree fit this line equally well")
        return None

    def backward(self) -> list[list[int]]:
        rows, columns = len(self.candidates) + 1, len(self.base) + 1
        table = [[_FORBIDDEN] * columns for _ in range(rows)]
        table[-1][-1] = 0
        for i in reversed(range(rows)):
            for j in reversed(range(columns)):
                value = table[i][j]
                if i + 1 < rows and j + 1 < columns:
                    value = max(value, table[i + 1][j + 1] + self.match(i, j))
                if i + 1 < rows:
                    value = max(value, table[i + 1][j] + self.skip(i, j))
                if j + 1 < columns:
                    value = max(value, table[i][j + 1] + self.supply(i, j))
                table[i][j] = max(value, _FORBIDDEN)
        return table


def drop_false_removals(
    hunk: HunkFragment, candidates: Sequence[Candidate], base: Sequence[str]
) -> list[Candidate]:
    """Return CANDIDATES without the lines that only look removed: the items of a list in a remark.

    A removed line stands in the base; where one that does not was a real one, the counts of the
    header do not come out, and the hunk is refused.
    """
    lines = {squeeze(line) for line in base}
    return [
        candidate
        for candidate in candidates
        if mark_of(candidate, hunk) != "-" or squeeze(candidate.text[1:]) in lines
    ]


def join_wrapped(
    hunk: HunkFragment, base: Sequence[str], *, loose: bool
) -> tuple[Candidate, ...] | Ambiguity:
    """Return the candidates with wrapped lines joined.

    In a patch (not LOOSE) a line without a mark that the base does not have is the rest of the
    line above.  In a reply it is so only below a line that reaches so far to the right that the
    next word would not have fitted: with the hunk's quote marks it is that line's rest; without
    them it may be a remark as well, and below a change that is refused, as is a line with the
    hunk's quote marks that is neither.
    """
    known = {squeeze(line) for line in base}
    joined: list[Candidate] = []
    for index, candidate in enumerate(hunk.candidates):
        plain = bool(candidate.text.strip()) and not candidate.text.startswith(("+", "-", "\\ "))
        above = hunk.candidates[index - 1] if index else None
        if not plain or above is None or not joined or squeeze(candidate.text) in known:
            joined.append(candidate)
            continue
        quoted = candidate.depth == hunk.depth == above.depth
        rest = quoted and not candidate.text.startswith(" ") and not _GAP.match(candidate.text)
        if rest and (
            not loose or (hunk.depth and _reaches_far(above, candidate, _QUOTE_WRAP_COLUMN))
        ):
            last = joined.pop()
            joined.append(Candidate(f"{last.text} {candidate.text}", last.depth, last.line))
            continue
        unsure = _reaches_far(above, candidate, _WRAP_COLUMN) or (rest and hunk.depth)
        if loose and mark_of(above, hunk) != " " and unsure:
            return Ambiguity(candidate.line, "a remark, or the rest of the line above")
        joined.append(candidate)
    return tuple(joined)


def _reaches_far(above: Candidate, below: Candidate, column: int) -> bool:
    """Whether the first word BELOW would not have fitted on the line ABOVE."""
    marks = 2 * above.depth
    word = below.text.split()[0]
    return marks + len(above.text.expandtabs(8)) + 1 + len(word) > column
