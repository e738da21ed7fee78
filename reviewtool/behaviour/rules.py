# SPDX-License-Identifier: GPL-2.0-only
"""The fewest, shortest conditions that cover a set of scenarios exactly.

A *cube* allows some values of each axis; a rule list is a set of cubes whose union is exactly the
wanted set.  Each cube is grown from one uncovered point: first every axis that can go altogether
goes, then the rest are widened value by value, as long as no unwanted point gets in.  Several orders
of axes are tried, and the cube that covers most of what is left is taken; at the end cubes that
others made superfluous go.  Every list is held against its set before it is given out; `check_cover`
does the same on single points, for the tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.boxes import Bits, cover_with_cubes, split_points
from reviewtool.behaviour.table import Axis, Labelling, Table, reduce_labels, tabulate
from reviewtool.simulate.domain import FACTOR, column


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


_EFFORT = 8_000
"""How many orders of axes are tried per rule, times the number of boxes."""

_MOST_POINTS = 20_000
"""From here on points are put together to boxes first: much faster, and the rules get little longer."""


def rules_for(labelling: Labelling, label: int, most_boxes: int | None = None) -> tuple[Rule, ...]:
    """Return rules for the scenarios of LABELLING with LABEL, most general first.

    LABELLING may be one that was reduced before.  With more than MOST_BOXES boxes to put together,
    none are given: a list that long would help nobody.
    """
    reduced = reduce_labels(labelling.only(label))
    if reduced.rows.shape[1] * len(reduced.words) <= _MOST_POINTS:
        return find_rules(tabulate(reduced), 1)
    axes, boxes, labels = boxes_of(reduced)
    if most_boxes is not None and len(boxes) > most_boxes:
        return ()
    return cover_boxes(axes, boxes, labels == 1)


def bounding_rule(axes: tuple[Axis, ...], boxes: Bits, wanted: npt.NDArray[np.bool_]) -> Rule:
    """Return the narrowest single condition that holds for all wanted boxes, and perhaps for others too."""
    cube = np.bitwise_or.reduce(boxes[wanted], axis=0)
    full = np.bitwise_or.reduce(boxes, axis=0)
    return Rule(
        tuple(
            Literal(axis, _codes(int(inside)), _codes(int(whole)))
            for axis, inside, whole in zip(axes, cube, full, strict=True)
            if inside != whole
        )
    )


def find_rules(table: Table, label: int) -> tuple[Rule, ...]:
    """Return rules whose union is exactly the points of TABLE with LABEL, most general first."""
    return cover_boxes(
        table.axes,
        np.left_shift(np.uint32(1), table.codes.astype(np.uint32)),
        table.labels == label,
    )


def cover_boxes(
    axes: tuple[Axis, ...], boxes: Bits, wanted: npt.NDArray[np.bool_]
) -> tuple[Rule, ...]:
    """Return rules that hold every wanted box whole and touch no other."""
    if not wanted.any():
        return ()
    full = np.bitwise_or.reduce(boxes, axis=0) if boxes.shape[1] else np.zeros(0, np.uint32)
    on, off = boxes[wanted], boxes[~wanted]
    # axes on which the plainest value is not in it
    plainness = (on & np.uint32(1) == 0).sum(axis=1)
    # A long list is read by nobody: what comes after the first rules is found with less effort.
    found = cover_with_cubes(on, off, full, _orders(boxes.shape[1]), plainness, _EFFORT)
    cubes = _irredundant(list(found), on)
    if not _union(cubes, on).all() or any(_touches(cube, off).any() for cube in cubes):
        raise AssertionError("a rule list must cover its set exactly")
    cubes.sort(key=lambda cube: -int(_holds(cube, on).sum()))
    return tuple(_rule(cube, full, boxes, axes) for cube in cubes)


def boxes_of(
    labelling: Labelling,
) -> tuple[tuple[Axis, ...], Bits, npt.NDArray[np.int16]]:
    """Return the axes of LABELLING, boxes that hold each of its scenarios in exactly one, and their labels.

    States are split by factors until all in a box have one row, rows by flags until all in a box
    have one label.  A box is no larger than what is in it, so boxes claim few invalid scenarios.
    """
    states = np.zeros((len(labelling.words), len(labelling.kept)), np.uint8)
    for at, name in enumerate(labelling.kept):
        states[:, at] = column(labelling.words, name)
    subsets = np.arange(labelling.rows.shape[1])
    bits = np.zeros((len(subsets), len(labelling.flags)), np.uint8)
    for at in range(len(labelling.flags)):
        bits[:, at] = subsets >> at & 1
    state_boxes, rows = split_points(states, labelling.row_of.astype(np.int64))
    by_row = {
        row: split_points(bits, labelling.rows[row].astype(np.int64)) for row in np.unique(rows)
    }
    boxes, labels = [], []
    for row, (flag_boxes, of) in by_row.items():
        mine = state_boxes[rows == row]
        boxes.append(
            np.concatenate(
                [
                    np.repeat(mine, len(flag_boxes), axis=0),
                    np.tile(flag_boxes, (len(mine), 1)),
                ],
                axis=1,
            )
        )
        labels.append(np.tile(of, len(mine)))
    axes = [Axis(name, is_flag=False, values=len(FACTOR[name].values)) for name in labelling.kept]
    axes += [Axis(flag, is_flag=True, values=2) for flag in labelling.flags]
    return tuple(axes), np.concatenate(boxes), np.concatenate(labels).astype(np.int16)


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


def _orders(axes: int) -> list[list[int]]:
    plain = list(range(axes))
    orders = [plain, plain[::-1]]
    for turn in range(1, min(axes, 7)):
        orders.append(plain[turn:] + plain[:turn])
        orders.append((plain[turn:] + plain[:turn])[::-1])
    return orders


def _irredundant(cubes: list[Bits], on: Bits) -> list[Bits]:
    holds = np.stack([_holds(cube, on) for cube in cubes])
    times = holds.sum(axis=0)
    kept = []
    for at in np.argsort(holds.sum(axis=1), kind="stable"):
        if (times[holds[at]] > 1).all():
            times = times - holds[at]
        else:
            kept.append(cubes[int(at)])
    return kept


def _rule(cube: Bits, full: Bits, boxes: Bits, axes: tuple[Axis, ...]) -> Rule:
    """Say CUBE with values that occur: where its other literals hold, others need no word."""
    misses = (boxes & cube) == 0
    missing = misses.sum(axis=1)
    literals = []
    for at, axis in enumerate(axes):
        if cube[at] == full[at]:
            continue
        near = missing == misses[:, at]  # in the cube but for this axis, or in it
        occurring = int(np.bitwise_or.reduce(boxes[near][:, at]))
        if int(cube[at]) & occurring != occurring:
            values = _codes(int(cube[at]) & occurring)
            literals.append(Literal(axis, values, _codes(occurring)))
    return Rule(tuple(literals))


def _codes(mask: int) -> tuple[int, ...]:
    return tuple(code for code in range(32) if mask >> code & 1)
