# SPDX-License-Identifier: GPL-2.0-only
"""The fewest, shortest conditions that cover a set of scenarios exactly.

A *cube* allows some values of each axis; a rule list is a set of cubes whose union is exactly the
wanted set.  Each cube is grown from one uncovered point: first every axis that can go altogether
goes, then the rest are widened value by value, as long as no unwanted point gets in.  Several orders
of axes are tried, and the cube that covers most of what is left is taken; at the end cubes that
others made superfluous go.  `check_cover` proves the result; nothing is emitted without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.table import Axis, Labelling, Table, reduce_labels, tabulate
from reviewtool.simulate.domain import FACTOR, column

Bits = npt.NDArray[np.uint32]
"""Boxes, shape (boxes, axes): bit V of an axis' mask says that the box holds value V there."""


@dataclass(frozen=True)
class Literal:
    """An axis and the values that it may have; `values` are codes, ascending."""

    axis: Axis
    values: tuple[int, ...]
    of: tuple[int, ...]
    """All codes that occur on this axis."""


@dataclass(frozen=True)
class Rule:
    """A conjunction of literals; no literal means always."""

    literals: tuple[Literal, ...]


_MOST_POINTS = 20_000
"""From here on points are put together to boxes first: much faster, and the rules get little longer."""


def rules_for(labelling: Labelling, label: int) -> tuple[Rule, ...]:
    """Return rules for the scenarios of LABELLING with LABEL, most general first.

    LABELLING may be one that was reduced before.
    """
    reduced = reduce_labels(labelling.only(label))
    if reduced.rows.shape[1] * len(reduced.words) <= _MOST_POINTS:
        return find_rules(tabulate(reduced), 1)
    axes, boxes, labels = boxes_of(reduced)
    return _cover(axes, boxes, labels == 1)


def find_rules(table: Table, label: int) -> tuple[Rule, ...]:
    """Return rules whose union is exactly the points of TABLE with LABEL, most general first."""
    return _cover(
        table.axes,
        np.left_shift(np.uint32(1), table.codes.astype(np.uint32)),
        table.labels == label,
    )


def _cover(axes: tuple[Axis, ...], boxes: Bits, wanted: npt.NDArray[np.bool_]) -> tuple[Rule, ...]:
    """Return rules that hold every wanted box whole and touch no other."""
    if not wanted.any():
        return ()
    full = np.bitwise_or.reduce(boxes, axis=0) if boxes.shape[1] else np.zeros(0, np.uint32)
    on, off = boxes[wanted], boxes[~wanted]
    orders = _orders(boxes.shape[1])
    plainness = (on & np.uint32(1) == 0).sum(
        axis=1
    )  # axes on which the plainest value is not in it
    cubes: list[Bits] = []
    covered = np.zeros(len(on), np.bool_)
    while not covered.all():
        left = np.flatnonzero(~covered)
        seed = on[left[int(np.argmin(plainness[left]))]]
        best = max(
            (_grow(seed, full, off, order) for order in orders),
            key=lambda cube: (
                int((_holds(cube, on) & ~covered).sum()),
                -_literals(cube, full),
                _width(cube),
            ),
        )
        cubes.append(best)
        covered |= _holds(best, on)
    cubes = _irredundant(cubes, on)
    if not _union(cubes, on).all() or any(_touches(cube, off).any() for cube in cubes):
        raise AssertionError("a rule list must cover its set exactly")
    cubes.sort(key=lambda cube: -int(_holds(cube, on).sum()))
    return tuple(_rule(cube, full, boxes, axes) for cube in cubes)


def boxes_of(labelling: Labelling) -> tuple[tuple[Axis, ...], Bits, npt.NDArray[np.int16]]:
    """Return the axes of LABELLING, boxes that hold each of its scenarios in exactly one, and their labels.

    States are split by factors until all in a box have one row, rows by flags until all in a box
    have one label.  A box is no larger than what is in it, so boxes claim few invalid scenarios.
    """
    columns = np.stack([column(labelling.words, name) for name in labelling.kept], axis=1) if labelling.kept else np.zeros(
        (len(labelling.words), 0), np.uint8)  # fmt: skip
    state_boxes = _split(np.left_shift(np.uint32(1), columns.astype(np.uint32)), labelling.row_of)
    subsets = np.arange(labelling.rows.shape[1])
    bits = np.stack([(subsets >> bit & 1) for bit in range(len(labelling.flags))], axis=1) if labelling.flags else np.zeros(
        (1, 0), np.int64)  # fmt: skip
    flag_points = np.left_shift(np.uint32(1), bits.astype(np.uint32))
    flag_boxes = [_split(flag_points, row.astype(np.int32)) for row in labelling.rows]
    boxes, labels = [], []
    for state_box, row in state_boxes:
        for flag_box, label in flag_boxes[row]:
            boxes.append(np.concatenate([state_box, flag_box]))
            labels.append(label)
    axes = [Axis(name, is_flag=False, values=len(FACTOR[name].values)) for name in labelling.kept]
    axes += [Axis(flag, is_flag=True, values=2) for flag in labelling.flags]
    return tuple(axes), np.stack(boxes), np.array(labels, np.int16)


def _split(points: Bits, classes: npt.NDArray[np.int32]) -> list[tuple[Bits, int]]:
    """Return boxes of POINTS (one bit per axis each) that are pure in CLASSES, with their class."""
    found: list[tuple[Bits, int]] = []
    todo = [np.arange(len(points))]
    while todo:
        members = todo.pop()
        of = classes[members]
        if (of == of[0]).all():
            found.append((np.bitwise_or.reduce(points[members], axis=0), int(of[0])))
            continue
        inside = points[members]
        axis = min(range(points.shape[1]), key=lambda axis: _impurity(inside[:, axis], of))
        todo += [members[inside[:, axis] == value] for value in np.unique(inside[:, axis])]
    return found


def _impurity(values: npt.NDArray[np.uint32], of: npt.NDArray[np.int32]) -> float:
    """Return how many pairs of members with different classes a split by VALUES leaves together."""
    if (values == values[0]).all():
        return float("inf")
    pairs, counts = np.unique(
        values.astype(np.int64) * (int(of.max()) + 1) + of, return_counts=True
    )
    groups, sizes = np.unique(values, return_counts=True)
    where = np.searchsorted(groups, pairs // (int(of.max()) + 1))
    same = np.zeros(len(groups))
    np.add.at(same, where, counts.astype(np.float64) ** 2)
    return float((sizes.astype(np.float64) ** 2 - same).sum())


def check_cover(table: Table, label: int, rules: tuple[Rule, ...]) -> bool:
    """Return whether RULES cover exactly the points of TABLE with LABEL."""
    covered = np.zeros(len(table.labels), np.bool_)
    names = [axis.name for axis in table.axes]
    for rule in rules:
        inside = np.ones(len(table.labels), np.bool_)
        for literal in rule.literals:
            inside &= np.isin(table.codes[:, names.index(literal.axis.name)], literal.values)
        covered |= inside
    return bool(np.array_equal(covered, table.labels == label))


def _holds(cube: Bits, boxes: Bits) -> npt.NDArray[np.bool_]:
    """Return which of BOXES lie in CUBE whole."""
    return ~np.any(boxes & ~cube, axis=1) if boxes.shape[1] else np.ones(len(boxes), np.bool_)


def _touches(cube: Bits, boxes: Bits) -> npt.NDArray[np.bool_]:
    """Return which of BOXES have anything in CUBE."""
    return np.all(boxes & cube, axis=1) if boxes.shape[1] else np.ones(len(boxes), np.bool_)


def _union(cubes: list[Bits], boxes: Bits) -> npt.NDArray[np.bool_]:
    covered = np.zeros(len(boxes), np.bool_)
    for cube in cubes:
        covered |= _holds(cube, boxes)
    return covered


def _literals(cube: Bits, full: Bits) -> int:
    return int((cube != full).sum())


def _width(cube: Bits) -> int:
    return int(np.bitwise_count(cube).sum())


def _orders(axes: int) -> list[list[int]]:
    plain = list(range(axes))
    orders = [plain, plain[::-1]]
    for turn in range(1, min(axes, 7)):
        orders.append(plain[turn:] + plain[:turn])
        orders.append((plain[turn:] + plain[:turn])[::-1])
    return orders


def _grow(seed: Bits, full: Bits, off: Bits, order: list[int]) -> Bits:
    """Return a maximal cube around SEED that touches no box of OFF."""
    cube = seed.copy()
    misses = (off & cube) == 0  # per axis: does the box miss the cube there?
    missing = misses.sum(axis=1)

    def widen(axis: int, to: np.uint32) -> bool:
        nonlocal missing
        gains = misses[:, axis] & ((off[:, axis] & to) != 0)
        if np.any(missing[gains] == 1):
            return False
        cube[axis] = to
        misses[:, axis] &= ~gains
        missing = missing - gains
        return True

    narrowed = [axis for axis in order if not widen(axis, full[axis])]
    for axis in narrowed:
        rest = int(full[axis] & ~cube[axis])
        while rest:
            value = rest & -rest
            rest &= ~value
            widen(axis, cube[axis] | np.uint32(value))
    return cube


def _irredundant(cubes: list[Bits], on: Bits) -> list[Bits]:
    kept = sorted(cubes, key=lambda cube: int(_holds(cube, on).sum()))
    for cube in list(kept):
        others = [other for other in kept if other is not cube]
        if others and _union(others, on).all():
            kept = others
    return kept


def _rule(cube: Bits, full: Bits, boxes: Bits, axes: tuple[Axis, ...]) -> Rule:
    """Say CUBE with values that occur: where its other literals hold, others need no word."""
    literals = []
    for at, axis in enumerate(axes):
        if cube[at] == full[at]:
            continue
        freed = cube.copy()
        freed[at] = full[at]
        occurring = int(np.bitwise_or.reduce(boxes[_touches(freed, boxes)][:, at]))
        if int(cube[at]) & occurring != occurring:
            literals.append(Literal(axis, _codes(int(cube[at]) & occurring), _codes(occurring)))
    return Rule(tuple(literals))


def _codes(mask: int) -> tuple[int, ...]:
    return tuple(code for code in range(32) if mask >> code & 1)
