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

Bits = npt.NDArray[np.uint32]


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


_LARGE = 30_000  # points: from here on fewer orders are tried, at the price of a longer list


def find_rules(table: Table, label: int) -> tuple[Rule, ...]:
    """Return rules whose union is exactly the points of TABLE with LABEL, most general first."""
    points = np.left_shift(np.uint32(1), table.codes.astype(np.uint32))
    wanted = table.labels == label
    if not wanted.any():
        return ()
    full = np.bitwise_or.reduce(points, axis=0) if points.shape[1] else np.zeros(0, np.uint32)
    off = points[~wanted]
    orders = _orders(points.shape[1])[: 14 if len(points) <= _LARGE else 3]
    cubes: list[Bits] = []
    covered = np.zeros(len(points), np.bool_)
    plainness = table.codes.astype(np.int64).astype(bool).sum(axis=1)
    while (wanted & ~covered).any():
        left = np.flatnonzero(wanted & ~covered)
        seed = left[int(np.argmin(plainness[left]))]
        best = max(
            (_grow(points[seed], full, off, order) for order in orders),
            key=lambda cube: (int((_inside(points, cube) & wanted & ~covered).sum()), -_literals(cube, full), _width(cube)),
        )
        cubes.append(best)
        covered |= _inside(points, best)
    cubes = _irredundant(cubes, points, wanted)
    if not np.array_equal(_union(cubes, points), wanted):
        raise AssertionError("a rule list must cover its set exactly")
    cubes.sort(key=lambda cube: -int((_inside(points, cube) & wanted).sum()))
    return tuple(_rule(cube, full, points, table.axes) for cube in cubes)


def rules_for(labelling: Labelling, label: int) -> tuple[Rule, ...]:
    """Return rules for the scenarios of LABELLING with LABEL.  It may be one that was reduced before."""
    return find_rules(tabulate(reduce_labels(labelling.only(label))), 1)


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


def _inside(points: Bits, cube: Bits) -> npt.NDArray[np.bool_]:
    return np.all(points & cube, axis=1) if points.shape[1] else np.ones(len(points), np.bool_)


def _union(cubes: list[Bits], points: Bits) -> npt.NDArray[np.bool_]:
    covered = np.zeros(len(points), np.bool_)
    for cube in cubes:
        covered |= _inside(points, cube)
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
    """Return a maximal cube around SEED that holds no point of OFF."""
    cube = seed.copy()
    misses = (off & cube) == 0  # per axis: does the point miss the cube there?
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


def _irredundant(cubes: list[Bits], points: Bits, wanted: npt.NDArray[np.bool_]) -> list[Bits]:
    kept = sorted(cubes, key=lambda cube: int((_inside(points, cube) & wanted).sum()))
    for cube in list(kept):
        others = [other for other in kept if other is not cube]
        if others and np.array_equal(_union(others, points), wanted):
            kept = others
    return kept


def _rule(cube: Bits, full: Bits, points: Bits, axes: tuple[Axis, ...]) -> Rule:
    """Say CUBE with values that occur: where its other literals hold, others need no word."""
    literals = []
    for at, axis in enumerate(axes):
        if cube[at] == full[at]:
            continue
        freed = cube.copy()
        freed[at] = full[at]
        occurring = int(np.bitwise_or.reduce(points[_inside(points, freed)][:, at]))
        if int(cube[at]) & occurring != occurring:
            literals.append(Literal(axis, _codes(int(cube[at]) & occurring), _codes(occurring)))
    return Rule(tuple(literals))


def _codes(mask: int) -> tuple[int, ...]:
    return tuple(code for code in range(32) if mask >> code & 1)
