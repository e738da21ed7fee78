# SPDX-License-Identifier: GPL-2.0-only
"""A change that is undone is said once, with both places, for exactly the scenarios that it is undone in."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.history import Version, erase_loops, trace_history
from reviewtool.simulate.domain import Domain, lay_out
from reviewtool.simulate.record import ENDS, RETURNS, SHIFTS
from reviewtool.simulate.sweep import Swept

STATES = lay_out(frozenset({"entry", "access", "prot"}), ())
FLAGS = ("FOLL_WRITE", "FOLL_GET")
DOMAIN = Domain(STATES.factors, FLAGS, STATES.words)
PLAIN = sum(bias << SHIFTS[name] for name, bias in
            (("refs", 7), ("pins", 3), ("mmap_lock", 1), ("pgmap", 1)))  # fmt: skip
RECORDS = np.array(
    [PLAIN + (RETURNS.index(ret) << SHIFTS["ret"]) for ret in ("null", "page", "EFAULT")], np.uint64
)
UNMODELLED = np.uint64((ENDS.index("unmodelled") << SHIFTS["end"]) + (1 << SHIFTS["unmodelled"]))


def version(label: str, outcomes: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Version:
    """Make a version whose outcome in state S and subset F is record OUTCOMES[S, F]; 3 is unmodelled."""
    records = np.concatenate([RECORDS, [UNMODELLED]])
    rows, row_of = np.unique(outcomes, axis=0, return_inverse=True)
    swept = Swept(records, rows.astype(np.uint16), row_of.reshape(-1).astype(np.int32), (), 0)
    return Version(label, Side(swept, ("missing",), ""))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_every_step_that_changes_something_stays_or_is_in_one_loop(path: list[int]) -> None:
    loops, kept = erase_loops(path)
    steps = [n for n in range(1, len(path)) if path[n] != path[n - 1]]
    inside = [n for away, back in loops for n in range(away, back + 1) if n in steps]
    assert sorted([*inside, *kept]) == steps
    for away, back in loops:
        assert path[away - 1] == path[back]
        assert away < back
    assert (not kept) == (path[0] == path[-1])


def test_loops_are_told_by_where_they_leave_and_come_back() -> None:
    assert erase_loops([0, 1, 1, 0]) == (((1, 3),), ())
    assert erase_loops([0, 1, 2, 1]) == (((2, 3),), (1,))
    assert erase_loops([0, 1, 0, 2]) == (((1, 2),), (3,))
    assert erase_loops([0, 1, 0, 1]) == (((1, 2),), (3,))
    assert erase_loops([0, 0, 1, 2]) == ((), (2, 3))


@given(st.integers(0, 2**31), st.integers(2, 5))
@settings(max_examples=40)
def test_what_is_undone_is_exact_against_each_scenario_on_its_own(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    shape = (len(DOMAIN.words), 4)
    access = DOMAIN.columns["access"].astype(np.int64)
    # outcomes that depend on a factor and the flags, and now and then on nothing to be seen
    tables = [random.integers(0, 4 if random.random() < 0.3 else 3, (3, 4)) for _ in range(count)]
    versions = [version(str(n), table[access]) for n, table in enumerate(tables)]
    history = trace_history("entry", DOMAIN, versions)
    met: dict[tuple[str, str], int] = {}
    changed = [0] * count
    left = [0] * count
    unknown = 0
    for state in range(shape[0]):
        for subset in range(4):
            path = [int(table[access[state], subset]) for table in tables]
            if 3 in path:
                unknown += 1
                continue
            loops, kept = erase_loops(path)
            for n in range(1, count):
                changed[n] += path[n] != path[n - 1]
                left[n] += n in kept
            for away, back in loops:
                met[str(away), str(back)] = met.get((str(away), str(back)), 0) + 1
    assert {(u.changed_by, u.restored_by): u.count for u in history.undone} == met
    assert [number for _, number in history.steps] == changed[1:]
    assert history.unknown == unknown
    for undone in history.undone:
        assert (undone.of, undone.left) == (
            changed[int(undone.changed_by)],
            left[int(undone.changed_by)],
        )
        assert undone.before != undone.between


def test_a_record_number_that_differs_is_no_change() -> None:
    same = np.zeros((len(DOMAIN.words), 4), np.int64)
    first = version("base", same)
    again = Side(
        Swept(RECORDS[:1], np.zeros((1, 4), np.uint16), np.zeros(len(same), np.int32), (), 0),
        (),
        "",
    )
    history = trace_history("entry", DOMAIN, [first, Version("1/1", again)])
    assert (history.steps, history.undone) == ((("1/1", 0),), ())
