# SPDX-License-Identifier: GPL-2.0-only
"""What the runs of a patch leave open: changed statements that never ran, conditions that came out one way only.

That no scenario differs says nothing of what no scenario did.  Code that only moved is left open on both
sides in the same way, and is not counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from reviewtool.entry import Compared
from reviewtool.picture import Ran, Version
from reviewtool.review import Finding, Severity
from reviewtool.simulate.decisions import Decision
from reviewtool.simulate.instrument import Counted, Line
from reviewtool.slice.names import inert_names
from reviewtool.tree.changed import Lines
from reviewtool.tree.source import SourceIndex


class Left(Enum):
    """How a statement or a condition was left open."""

    NEVER_RAN = "never ran"
    NEVER_TRUE = "was never true"
    NEVER_FALSE = "was never false"
    NEVER_ASKED = "was never asked"


@dataclass(frozen=True)
class Question:
    """A changed statement or condition that the runs leave open.

    line: 1-based, of the tree before the patch where `removed`, else after it.  text: in one line.
    """

    path: str
    line: int
    text: str
    left: Left
    removed: bool

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        where = "removed " if self.removed else ""
        return f"{where}`{self.text}` {self.left.value}"


def uncounted_calls(old: SourceIndex, new: SourceIndex, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the functions that do nothing in the model and that CHANGED code calls more or less often than before."""
    counts = [
        Counter(
            word
            for name in changed
            if name in index.functions
            for word in re.findall(r"[A-Za-z_]\w*", index.functions[name].tokens)
            if word in inert_names()
        )
        for index in (old, new)
    ]
    return tuple(sorted((counts[0] - counts[1]) + (counts[1] - counts[0])))


def open_questions(
    ran: Ran,
    compared: Iterable[Compared],
    lines: tuple[frozenset[Line], frozenset[Line]],
    changed: tuple[Lines, Lines],
) -> tuple[Question, ...]:
    """Return what the runs of LINES, before and after, leave open; none of it if it is so on both sides.

    lines: those that changed, and those that read like one of them; of several that are alike, one that
    CHANGED is told.
    """
    combined = [made.combined for made in compared if made.combined is not None]
    versions = (ran.before, ran.after)
    known = [
        frozenset(_without_names(_text(version, line)) for line in own)
        for version, own in zip(versions, lines, strict=True)
    ]
    sides = [
        _left_open(version, [one.met[number] for one in combined], (lines[number], known[1 - number]), removed=not number)
        for number, version in enumerate(versions)
    ]  # fmt: skip
    asked = [
        frozenset(_without_names(text) for text in _conditions(version)) for version in versions
    ]
    for number in (0, 1):
        # that it is not asked follows from another one, which is open itself
        sides[number] = [
            one
            for one in sides[number]
            if one.left is not Left.NEVER_ASKED or _without_names(one.text) not in asked[1 - number]
        ]
    shapes = [Counter(_shape(question) for question in side) for side in sides]
    found: list[Question] = []
    for own in (1, 0):
        excess = shapes[own] - shapes[1 - own]
        here = {(path, line) for path, line in changed[own]}
        for question in sorted(sides[own], key=lambda one: (one.path, one.line) not in here):
            if excess[_shape(question)] > 0:
                excess[_shape(question)] -= 1
                found.append(question)
    return tuple(found)


def question_finding(questions: Sequence[Question]) -> Finding:
    """Return that no scenario differs and that QUESTIONS, at least one, are open all the same."""
    first = questions[0]
    details = tuple(
        f"{question.path}:{question.line}{' before the patch' if question.removed else ''}: {question.words}"
        for question in questions
    )
    many = len(questions) > 1
    what = (
        f"{len(questions)} changed conditions or statements"
        if many
        else "a changed condition or statement"
    )
    title = f"no scenario tells what {what} would do"
    return Finding(
        "open-question",
        Severity.NOTE,
        title,
        details,
        first.path,
        0 if first.removed else first.line,
    )


_ASSERTION = re.compile(r"(VM_|MMU_)?(BUG|WARN)\w*\s*\(")
_ASKING = re.compile(r"(\}\s*)?(else\s+)?(if|while|for)\s*\(|(return|\w+ =) .*[<>=!&|?]")
_CASE = re.compile(r"(case\b.*|default\s*):")


def _left_open(
    version: Version,
    met: Sequence[frozenset[Counted]],
    lines: tuple[frozenset[Line], frozenset[str]],
    *,
    removed: bool,
) -> list[Question]:
    """Return what VERSION leaves open of LINES; MET: what other runs met.

    lines: and what the other version's look like.  A statement that is there, too, is reached under
    other conditions, and those are asked themselves; what a case leads to is not.  An assertion that is not
    reached does not fail.
    """
    counts: dict[Counted, int] = {}
    for side in version.sides:
        for counted, count in side.swept.lines:
            counts[counted] = counts.get(counted, 0) + count
    for counted in (one for some in met for one in some):
        counts[counted] = counts.get(counted, 0) + 1
    asking = {(one.path, one.number) for one in counts if isinstance(one, Decision)}
    silent = {one for one in counts if isinstance(one, Line) and not counts[one]}
    found: list[Question] = []
    for line in sorted(silent & lines[0], key=lambda line: (line.path, line.number)):
        text = _text(version, line)
        if _ASSERTION.match(text) or ((line.path, line.number) in asking and _ASKING.match(text)):
            continue
        if _without_names(text) in lines[1] and not _follows_case(version, line):
            continue
        found.append(Question(line.path, line.number, text, Left.NEVER_RAN, removed))
    return found + list(_one_way(counts, removed=removed))


def _conditions(version: Version) -> frozenset[str]:
    """Return the conditions that are counted in VERSION."""
    counted = (one for side in version.sides for one, _ in side.swept.lines)
    return frozenset(one.text for one in counted if isinstance(one, Decision))


def _text(version: Version, line: Line) -> str:
    """Return LINE of VERSION without white space around and within."""
    rows = (version.tree.read(line.path) or "").split("\n")
    return " ".join(rows[line.number - 1].split()) if line.number <= len(rows) else ""


def _follows_case(version: Version, line: Line) -> bool:
    """Whether LINE is what a case of a switch leads to."""
    above = (_text(version, Line(line.path, number)) for number in range(line.number - 1, 0, -1))
    before = next((text for text in above if text and not text.startswith(("/*", "*", "//"))), "")
    return any(_CASE.match(text) for text in (_text(version, line), before))


def _one_way(counts: Mapping[Counted, int], *, removed: bool) -> Iterable[Question]:
    """Yield the conditions that did not give both answers."""
    asked: dict[tuple[str, int, int, str], dict[bool, int]] = {}
    for one, count in counts.items():
        if isinstance(one, Decision):
            key = (one.path, one.number, one.column, one.text)
            asked.setdefault(key, {})[one.answer] = count
    for (path, line, _, text), answers in sorted(asked.items()):
        yes, no = answers.get(True, 0), answers.get(False, 0)
        if not (yes and no):
            left = Left.NEVER_TRUE if no else Left.NEVER_FALSE if yes else Left.NEVER_ASKED
            yield Question(path, line, text, left, removed)


_WORD = re.compile(
    r"(?P<member>(?:->|\.)\s*\w+)|(?P<word>[A-Za-z_]\w*)(?P<call>\s*\()?|[0-9]\w*|\S"
)


def _shape(question: Question) -> tuple[Left, str]:
    """Return QUESTION without its place and the names of variables: what moved or was renamed keeps its shape."""
    return question.left, _without_names(question.text)


def _without_names(text: str) -> str:
    """Return TEXT with its variables numbered."""
    parts: list[str] = []
    names: dict[str, str] = {}
    for match in _WORD.finditer(text):
        word = match["word"]
        if match[0] == "*":
            continue  # a helper gets a value where its caller has the pointer
        if word is None or match["call"] or word.isupper():
            parts.append(re.sub(r"\s+", "", match[0]))
        else:
            parts.append(names.setdefault(word, f"v{len(names)}"))
    return " ".join(parts)
