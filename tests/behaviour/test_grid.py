# SPDX-License-Identifier: GPL-2.0-only
"""The behaviour map: whatever the sweeps gave, its cells add up to exactly that."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.grid import Difference, EntryMap, draw_map
from reviewtool.behaviour.outcome import describe, read_outcomes
from reviewtool.report.map import Column, Row, columns_of, count_cells, rows_of
from reviewtool.simulate.domain import Domain, column, lay_out, pack
from reviewtool.simulate.record import ENDS, FIELD, RETURNS, SHIFTS
from reviewtool.simulate.sweep import Swept

FLAGS = ("FOLL_WRITE", "FOLL_GET", "FOLL_FORCE")
STATES = lay_out(frozenset({"entry", "access", "prot", "dirty"}), ())
DOMAIN = Domain(STATES.factors, FLAGS, STATES.words)


def record(ret: str, *, end: str = "returned", events: int = 0) -> int:
    if end != "returned":
        return ENDS.index(end) << SHIFTS["end"] | int(end == "unmodelled") << SHIFTS["unmodelled"]
    biased = sum(
        FIELD[name].bias << SHIFTS[name] for name in ("refs", "pins", "mmap_lock", "pgmap")
    )
    return biased | RETURNS.index(ret) << SHIFTS["ret"] | events << SHIFTS["events"]


RECORDS = np.sort(
    np.array(
        [
            record("page"), record("null"), record("EFAULT"), record("null", events=1), record("page", events=4),
            record("void", end="bug"), record("void", end="unmodelled"),
        ],
        np.uint64,
    )
)  # fmt: skip


@st.composite
def sides(draw: st.DrawFn) -> Side:
    number = draw(st.integers(1, 4))
    subsets = 1 << len(FLAGS)
    cells = draw(st.lists(st.integers(0, len(RECORDS) - 1), min_size=number * subsets, max_size=number * subsets))  # fmt: skip
    seed = draw(st.integers(0, 1 << 16))
    row_of = np.random.default_rng(seed).integers(0, number, len(DOMAIN.words)).astype(np.int32)
    rows = np.array(cells, np.uint16).reshape(number, subsets)
    return Side(Swept(RECORDS, rows, row_of, (), 0), ("hidden",), "")


Said = Counter[tuple[str, str]]


def count_directly(before: Side, after: Side, row: Row, one: Column) -> Said:
    words = [[describe(o, side.unmodelled, side.out) for o in read_outcomes(RECORDS)] for side in (before, after)]  # fmt: skip
    chosen = column(DOMAIN.words, "entry") == row.entry
    if row.access is not None:
        chosen &= column(DOMAIN.words, "access") == row.access
    found: Said = Counter()
    for state in np.flatnonzero(chosen):
        for subset in range(1 << len(FLAGS)):
            if all(subset >> bit & 1 == on for bit, on in one.settled):
                b, a = (side.swept.rows[side.swept.row_of[state], subset] for side in (before, after))  # fmt: skip
                found[words[0][b], words[1][a]] += 1
    return found


def said(drawn: EntryMap, counts: dict[int, int]) -> Said:
    found: Said = Counter()
    for pair, count in counts.items():
        made = drawn.pairs[pair]
        found[drawn.outcomes[made.before].words, drawn.outcomes[made.after].words] += count
    return found


@given(sides(), sides())
@settings(max_examples=25)
def test_every_cell_counts_the_scenarios_that_the_sweeps_have(before: Side, after: Side) -> None:
    drawn = draw_map("f", DOMAIN, before, after)
    rows = rows_of(drawn)
    columns = (*columns_of(drawn), Column((), ()), Column(((1, 1),), ("FOLL_GET",)))
    cells = count_cells(drawn, rows, columns)
    for row, line in zip(rows, cells, strict=True):
        for one, counts in zip(columns, line, strict=True):
            assert said(drawn, counts) == count_directly(before, after, row, one)
    assert sum(group.states for group in drawn.groups) == len(DOMAIN.words)


@given(sides())
@settings(max_examples=25)
def test_a_sweep_against_itself_shows_no_difference_but_what_is_not_modelled(side: Side) -> None:
    drawn = draw_map("f", DOMAIN, side, side)
    assert {pair.difference for pair in drawn.pairs} <= {Difference.SAME, Difference.UNKNOWN}
    assert len({result.letters for result in drawn.results}) == len(drawn.results)


def test_a_flag_on_which_nothing_depends_is_named_and_tested_nowhere() -> None:
    rows = np.array([[0, 0, 1, 1, 0, 0, 1, 1]], np.uint16)
    swept = Swept(RECORDS, rows, np.zeros(len(DOMAIN.words), np.int32), (), 0)
    drawn = draw_map("f", DOMAIN, Side(swept, (), ""), Side(swept, (), ""))
    assert (drawn.idle, len(drawn.nodes)) == (("FOLL_WRITE", "FOLL_FORCE"), 1)
    assert drawn.shown == ("FOLL_GET",)


def test_a_change_that_needs_a_flag_which_is_not_a_column_is_not_hidden() -> None:
    flags = ("FOLL_A", "FOLL_B", "FOLL_C", "FOLL_D")
    domain = Domain(STATES.factors, flags, STATES.words)
    before = np.zeros((1, 16), np.uint16)
    after = before.copy()
    after[0, 15] = 1  # changes only with all four
    row_of = np.zeros(len(domain.words), np.int32)
    drawn = draw_map(
        "f", domain, Side(Swept(RECORDS, before, row_of, (), 0), (), ""), Side(Swept(RECORDS, after, row_of, (), 0), (), "")
    )  # fmt: skip
    assert drawn.others == "any"
    shown = count_cells(drawn, rows_of(drawn), columns_of(drawn))
    changed = [pair for pair, made in enumerate(drawn.pairs) if made.difference is not Difference.SAME]  # fmt: skip
    assert sum(counts.get(pair, 0) for line in shown for counts in line for pair in changed) == len(
        domain.words
    )


def test_the_plainest_state_of_a_group_is_its_witness() -> None:
    swept = Swept(RECORDS, np.zeros((1, 8), np.uint16), np.zeros(len(DOMAIN.words), np.int32), (), 0)  # fmt: skip
    drawn = draw_map("f", DOMAIN, Side(swept, (), ""), Side(swept, (), ""))
    first = next(group for group in drawn.groups if not any(group.codes))
    assert (first.word, drawn.rests[first.rest]) == (pack({}), ())
