# SPDX-License-Identifier: GPL-2.0-only
"""The same scenario before and after a patch, side by side, aligned by statement."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reviewtool.errors import visible
from reviewtool.simulate.trace import Step

DIVERGENCE = "first divergence"
_NARROWEST = 40


@dataclass(frozen=True)
class Row:
    """A statement of the run before, of the run after, or of both; numbers of steps, None where there is none."""

    before: int | None
    after: int | None


def align(before: Sequence[Step], after: Sequence[Step]) -> tuple[Row, ...]:
    """Return the steps of both runs in order, those with the same text and file together."""
    left, right = ([(step.path, step.text) for step in steps] for steps in (before, after))
    rows: list[Row] = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += [Row(a + n, c + n) for n in range(b - a)]
        else:
            rows += [Row(n, None) for n in range(a, b)] + [Row(None, n) for n in range(c, d)]
    return tuple(rows)


def first_divergence(rows: Sequence[Row]) -> int | None:
    """Return the number of the first row that only one run has, None where the runs are alike."""
    return next((n for n, row in enumerate(rows) if row.before is None or row.after is None), None)


Cells = Sequence[tuple[str, ...]]
"""What is said of each step: the statement, then what decided it."""


def render_rows(
    before: Cells, after: Cells, rows: Sequence[Row], width: int | None
) -> Iterator[str]:
    """Yield the lines: two columns for WIDTH columns of a terminal, or a list with - and + for None."""
    mark = first_divergence(rows)
    if width is None or width < _NARROWEST:
        for n, row in enumerate(rows):
            if n == mark:
                yield f"--- {DIVERGENCE}"
            yield from (visible(line) for line in _listed(row, before, after))
        return
    half = (width - 3) // 2
    yield f"{'before':<{half}} | after"
    for n, row in enumerate(rows):
        if n == mark:
            yield f" {DIVERGENCE} ".center(width, "-")
        left = _fill(before[row.before] if row.before is not None else (), half)
        right = _fill(after[row.after] if row.after is not None else (), half)
        for at in range(max(len(left), len(right))):
            one = left[at] if at < len(left) else ""
            two = right[at] if at < len(right) else ""
            yield f"{one:<{half}} | {two}".rstrip()


def _listed(row: Row, before: Cells, after: Cells) -> Iterator[str]:
    left = before[row.before] if row.before is not None else ()
    right = after[row.after] if row.after is not None else ()
    if left and right:
        moved = "" if left[0] == right[0] else f"  [after: {right[0].split('  ', 1)[0]}]"
        yield f"  {left[0]}{moved}"
        same = left[1:] == right[1:]
        yield from (f"{' ' if same else '-'}     {line}" for line in left[1:])
        yield from (f"+     {line}" for line in right[1:] if not same)
        return
    sign, cell = ("-", left) if left else ("+", right)
    yield from (f"{sign} {'    ' if at else ''}{line}" for at, line in enumerate(cell))


def _fill(cell: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    for at, line in enumerate(cell):
        indent = "    " if at else ""
        lines += textwrap.wrap(
            visible(line).expandtabs(8), width, initial_indent=indent, subsequent_indent=indent + "  ",
        ) or [""]  # fmt: skip
    return lines
