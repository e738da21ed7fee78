# SPDX-License-Identifier: GPL-2.0-only
"""The rule minimiser: whatever the set, its rules hold for exactly that set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtool.behaviour.rules import Rule, boxes_of, check_cover, find_rules, rules_for
from reviewtool.behaviour.table import Axis, Table, label_domain, reduce_labels, tabulate
from reviewtool.behaviour.wording import rule_words
from reviewtool.simulate.domain import Domain, lay_out

FLAGS = ("FOLL_WRITE", "FOLL_GET")
SMALL = lay_out(frozenset({"entry", "access", "prot"}), ())


def domain_of(words: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> Domain:
    return Domain(SMALL.factors, FLAGS, words)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    sizes = draw(st.lists(st.integers(2, 4), min_size=1, max_size=4))
    axes = tuple(Axis(f"FOLL_{n}", is_flag=True, values=size) for n, size in enumerate(sizes))
    grid = np.stack([g.ravel() for g in np.meshgrid(*map(np.arange, sizes), indexing="ij")], axis=1)
    kept = draw(st.lists(st.booleans(), min_size=len(grid), max_size=len(grid)))
    kept[0] = True  # a table has at least one point
    labels = draw(st.lists(st.integers(0, 2), min_size=len(grid), max_size=len(grid)))
    mask = np.array(kept)
    return Table(axes, grid.astype(np.uint8)[mask], np.array(labels, np.int16)[mask])


@given(tables())
@settings(max_examples=300, deadline=None)
def test_rules_cover_exactly_the_points_with_the_label(table: Table) -> None:
    for label in range(3):
        assert check_cover(table, label, find_rules(table, label))


def test_check_cover_sees_a_rule_that_covers_too_much_or_too_little() -> None:
    axis = Axis("FOLL_GET", is_flag=True, values=2)
    table = Table((axis,), np.array([[0], [1]], np.uint8), np.array([0, 1], np.int16))
    assert not check_cover(table, 1, (Rule(()),))
    assert not check_cover(table, 1, ())
    assert check_cover(table, 1, find_rules(table, 1))


@given(st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_rules_from_boxes_cover_exactly_what_rules_from_points_do(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 2, (3, 4)).astype(np.int16)
    which = random.integers(0, 3, 64).astype(np.int32)
    row_of = which[(np.arange(len(SMALL.words)) * 7919) % 64]
    labelling = reduce_labels(label_domain(domain_of(SMALL.words), rows, row_of).only(1))
    axes, boxes, labels = boxes_of(labelling)
    table = tabulate(labelling)
    order = [[a.name for a in axes].index(axis.name) for axis in table.axes]
    points = np.left_shift(np.uint32(1), table.codes.astype(np.uint32))
    inside = np.zeros(len(points), np.int64)
    for box, label in zip(boxes[:, order], labels, strict=True):
        holds = np.all(points & box, axis=1) if points.shape[1] else np.ones(len(points), bool)
        inside += holds
        assert (table.labels[holds] == label).all()
    assert (inside == 1).all()


@given(st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_reducing_drops_only_what_no_label_depends_on(seed: int) -> None:
    random = np.random.default_rng(seed)
    access = SMALL.columns["access"]
    rows = random.integers(0, 3, (3, 4)).astype(np.int16)
    labelling = label_domain(domain_of(SMALL.words), rows, access.astype(np.int32))
    reduced = reduce_labels(labelling)
    assert set(reduced.kept) <= {"access"}
    assert sum(labelling.count(label) for label in range(3)) == len(SMALL.words) * 4


def test_a_rule_says_only_values_that_occur_where_its_other_conditions_hold() -> None:
    domain = domain_of(SMALL.words)
    access, entry = SMALL.columns["access"], SMALL.columns["entry"]
    changed = ((access == 2) & (entry == 0)).astype(np.int32)
    rows = np.array([[0, 0, 0, 0], [1, 0, 1, 0]], np.int16)
    rules = rules_for(label_domain(domain, rows, changed), 1)
    assert [rule_words(rule, domain) for rule in rules] == [
        "the entry is PROT_NONE and maps a page, without FOLL_WRITE"
    ]


@pytest.mark.parametrize("label", [0, 1])
def test_a_set_that_is_everything_or_nothing_needs_no_condition(label: int) -> None:
    rows = np.array([[label] * 4], np.int16)
    labelling = label_domain(domain_of(SMALL.words), rows, np.zeros(len(SMALL.words), np.int32))
    assert len(rules_for(labelling, 1)) == label
    assert all(not rule.literals for rule in rules_for(labelling, 1))
