# SPDX-License-Identifier: GPL-2.0-only
"""An entry's whole sweep as a map: kinds of entry by flag subsets, before and after.

Every scenario of both sweeps is in it, by its count.  It is small because states that agree in the
axes (level, kind of entry, access, VMA, page) and in every outcome form one group, and because the
outcomes of a group over all flag subsets are a decision diagram: a node tests one flag, equal halves
are one node, and a flag on which nothing depends is tested nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.compare import Side, handed_words, headline
from reviewtool.behaviour.outcome import (
    Outcome,
    describe,
    hazard_words,
    out_words,
    read_outcomes,
    result_words,
)
from reviewtool.simulate.domain import FACTOR, PLACES, Domain, column

# What the map can be filtered by; everything else that varies is told by the witnesses.
AXES = ("level", "entry", "access", "vma", "page", "also")
MOST_SHOWN = 3

Setting = tuple[str, str, str]


class Kind(Enum):
    """What sort of result an outcome has, worst last."""

    PAGE = "page"
    ZERO = "zero"
    VALUE = "value"
    NOTHING = "nothing"
    ERROR = "error"
    UNKNOWN = "unknown"
    HAZARD = "hazard"


class Difference(Enum):
    """What becomes of a scenario, worst last."""

    SAME = "same"
    EFFECTS = "effects"
    RESULT = "result"
    UNKNOWN = "unknown"
    HAZARD = "hazard"


@dataclass(frozen=True)
class MapResult:
    """A result in words, and the one or two letters that stand for it in a cell."""

    words: str
    letters: str
    kind: Kind


@dataclass(frozen=True)
class MapOutcome:
    """An outcome in words; `result` is a number in EntryMap.results."""

    words: str
    result: int


@dataclass(frozen=True)
class Pair:
    """An outcome before and one after, as numbers in EntryMap.outcomes."""

    before: int
    after: int
    difference: Difference


@dataclass(frozen=True)
class MapAxis:
    """A factor by which the map can be filtered: its values' names and words, by code."""

    name: str
    subject: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Group:
    """States that agree in every axis and have equal outcomes for every flag subset.

    codes:  a value for each of EntryMap.axes.
    node:   their outcomes: n >= 0 is EntryMap.nodes[n], and -1 - p is EntryMap.pairs[p].
    states: how many; rest: what the plainest of them has beside the axes, in EntryMap.rests.
    word:   that state's word.
    traced: (subset, path before, path after), paths as numbers in EntryMap.paths_before and _after.
    """

    codes: tuple[int, ...]
    node: int
    states: int
    rest: int
    word: int
    traced: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True)
class EntryMap:
    """The map of one entry.

    flags: FOLL_* names, bit i of a subset; shown: those on which the change depends most.
    others: what a map shows first of the other flags: "off", or "any" where nothing that changes
           would be seen otherwise.
    also:  flags passed one at a time, the values of axis "also" from 1 on.
    idle:  flags on which no outcome depends.
    nodes: (bit, node where it is off, node where it is on).
    rests: settings beside the axes: (factor, value, both in words) each.
    paths_before, paths_after: statements in the order in which they first ran, as numbers in the
           patch's lists of lines; empty where nothing was traced.
    """

    entry: str
    flags: tuple[str, ...]
    also: tuple[str, ...]
    shown: tuple[str, ...]
    others: str
    idle: tuple[str, ...]
    axes: tuple[MapAxis, ...]
    results: tuple[MapResult, ...]
    outcomes: tuple[MapOutcome, ...]
    pairs: tuple[Pair, ...]
    nodes: tuple[tuple[int, int, int], ...]
    rests: tuple[tuple[Setting, ...], ...]
    groups: tuple[Group, ...]
    paths_before: tuple[tuple[int, ...], ...] = ()
    paths_after: tuple[tuple[int, ...], ...] = ()


_LETTERS = {
    "the page": "P", "the head page": "H", "the zero page": "Z", "the huge zero page": "HZ", "the device page": "D",
    "the page that a fault brought in": "FP", "another page": "OP", "a wild pointer": "!!", "NULL": "N", "0": "0", "1": "1",
    "true": "T", "false": "F", "returns": "·", "a pointer": "Q", "a positive number": "+", "BUG()": "!B",
    "a negative number that is no errno": "-", "a null pointer dereference": "!0", "an invalid memory access": "!A",
    "no end (step bound reached)": "!∞", "-EFAULT": "EF", "-EEXIST": "EX", "-ENOMEM": "EM", "-EINVAL": "EI", "-EMLINK": "EL",
    "-EBUSY": "EB", "-EAGAIN": "EA", "-EHWPOISON": "EH", "-ENOENT": "EN", "-EINTR": "ES", "-EPERM": "EP", "-EACCES": "EC",
    "-EREMOTEIO": "ER", "-EIO": "EO", "-EOPNOTSUPP": "EU", "another errno": "E?", "unmodelled": "?",
}  # fmt: skip
_ACCOUNTED = {
    "resident": "r", "anonymous": "a", "anonymous_thp": "t", "referenced": "f", "dirty": "d", "swap": "s",
}  # fmt: skip
_PAGES = ("page", "head_page", "device_page", "fresh_page", "other_page", "pointer", "1", "positive", "true")  # fmt: skip
_ZEROS = ("zero_page", "huge_zero_page")
_NOTHING = ("null", "0", "false", "void")


def _headline(outcome: Outcome, side: Side) -> str:
    """Say result, hazards and what is handed out: what one cell of the map can tell."""
    said = headline(outcome, side.unmodelled, side.out)
    # changes are not grouped by what was accounted, but a cell shows it
    accounted = handed_words(outcome, side.out) if side.out == "stats" else ""
    return f"{said}, {accounted}" if accounted else said


def _kind(outcome: Outcome, side: Side) -> Kind:
    if outcome.end == "unmodelled":
        return Kind.UNKNOWN
    if outcome.end != "returned" or hazard_words(outcome) or outcome.ret == "garbage":
        return Kind.HAZARD
    handed = out_words(outcome, side.out)
    if side.out == "stats" and outcome.ret in _NOTHING:
        return Kind.PAGE if outcome.out else Kind.NOTHING
    if side.out == "status" and outcome.ret in _NOTHING:
        return Kind.ERROR if " -E" in handed else Kind.VALUE
    if outcome.ret in _PAGES and handed == "pages[0] is NULL":
        return Kind.VALUE
    if outcome.ret in _PAGES and "zero page" in handed_words(outcome, side.out):
        return Kind.ZERO
    if outcome.ret in _PAGES:
        return Kind.PAGE
    if outcome.ret in _ZEROS:
        return Kind.ZERO
    return Kind.NOTHING if outcome.ret in _NOTHING else Kind.ERROR


def _letters(outcome: Outcome, side: Side, taken: set[str]) -> str:
    """Return a few characters for the result of OUTCOME that are not TAKEN."""
    handed = handed_words(outcome, side.out)
    said = handed.removeprefix("status ").removeprefix("pages[0] is ")
    if said in ("", "NULL"):
        said = result_words(outcome)  # no page was handed out: the number says more
    if outcome.end == "unmodelled":
        letters = "?"
    elif side.out == "stats" and handed:
        names = handed.removeprefix("accounts ").split(", ")
        letters = "".join(_ACCOUNTED.get(name, "") for name in names) or "0"
    else:
        letters = _LETTERS.get(said, said.removeprefix("-")[:3])
    letters += "!" if outcome.end == "returned" and hazard_words(outcome) else ""
    others = (f"{letters}{n}" for n in range(2, 10_000))
    return letters if letters not in taken else next(name for name in others if name not in taken)


class _Outcomes:
    """Numbers the outcomes and results of both sides."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, str], int] = {}
        self.results: dict[str, MapResult] = {}

    def add(self, outcome: Outcome, side: Side) -> int:
        said = _headline(outcome, side)
        if said not in self.results:
            taken = {result.letters for result in self.results.values()}
            self.results[said] = MapResult(
                said, _letters(outcome, side, taken), _kind(outcome, side)
            )
        key = (describe(outcome, side.unmodelled, side.out), said)
        return self.outcomes.setdefault(key, len(self.outcomes))

    def listed(self) -> tuple[MapOutcome, ...]:
        numbers = {said: number for number, said in enumerate(self.results)}
        return tuple(MapOutcome(words, numbers[said]) for words, said in self.outcomes)


def _difference(old: Outcome, new: Outcome, sides: tuple[Side, Side]) -> Difference:
    if "unmodelled" in (old.end, new.end):
        return Difference.UNKNOWN
    if old == new:
        return Difference.SAME
    if any(word not in hazard_words(old) for word in hazard_words(new)):
        return Difference.HAZARD
    if new.end not in ("returned", old.end):
        return Difference.HAZARD
    if _headline(old, sides[0]) == _headline(new, sides[1]):
        return Difference.EFFECTS
    return Difference.RESULT


class _Diagram:
    """Builds shared decision diagrams, highest flag first."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[int, int, int], int] = {}

    def add(self, leaves: list[int]) -> int:
        """Return the node of LEAVES, pair numbers by flag subset."""
        if len(leaves) == 1:
            return -1 - leaves[0]
        half = len(leaves) // 2
        if leaves[:half] == leaves[half:]:
            return self.add(leaves[:half])
        key = (half.bit_length() - 1, self.add(leaves[:half]), self.add(leaves[half:]))
        return self.nodes.setdefault(key, len(self.nodes))


def draw_map(entry: str, domain: Domain, before: Side, after: Side) -> EntryMap:
    """Return the map of ENTRY over DOMAIN from its two sweeps; nothing in it is traced yet."""
    sides = (before, after)
    outcomes = read_outcomes(before.swept.records), read_outcomes(after.swept.records)
    both = before.swept.row_of.astype(np.int64) * len(after.swept.rows) + after.swept.row_of
    distinct, row_of, weights = np.unique(both, return_inverse=True, return_counts=True)
    rows_b, rows_a = np.divmod(distinct, len(after.swept.rows))
    codes = before.swept.rows[rows_b].astype(np.int64) * len(outcomes[1])
    codes += after.swept.rows[rows_a]
    met, rows = np.unique(codes, return_inverse=True)
    rows = rows.reshape(codes.shape)

    numbers = _Outcomes()
    pairs = []
    for code in met:
        old, new = outcomes[0][int(code) // len(outcomes[1])], outcomes[1][int(code) % len(outcomes[1])]  # fmt: skip
        pairs.append(
            Pair(numbers.add(old, before), numbers.add(new, after), _difference(old, new, sides))
        )
    listed = numbers.listed()
    diagram = _Diagram()
    roots = [diagram.add(row.tolist()) for row in rows]
    axes = tuple(_axis(name, domain) for name in AXES if _in_play(name, domain))
    groups, rests = _groups(domain, row_of.reshape(-1), roots, tuple(axis.name for axis in axes))
    idle = {bit for bit, _, _ in diagram.nodes} ^ set(range(len(domain.flags)))
    shown = _shown(domain.flags, rows, weights, pairs, listed)
    return EntryMap(
        entry=entry, flags=domain.flags, also=domain.also, shown=shown,
        others=_others(domain.flags, shown, rows, pairs),
        idle=tuple(flag for bit, flag in enumerate(domain.flags) if bit in idle), axes=axes,
        results=tuple(numbers.results.values()), outcomes=listed, pairs=tuple(pairs), nodes=tuple(diagram.nodes),
        rests=rests, groups=groups,
    )  # fmt: skip


def _in_play(name: str, domain: Domain) -> bool:
    return any(factor.name == name for factor in domain.factors)


def _axis(name: str, domain: Domain) -> MapAxis:
    factor = FACTOR[name]
    values = tuple((value.name, value.words) for value in factor.values)
    if name == "also":
        values = (values[0], *((flag, f"hold {flag}") for flag in domain.also))
    return MapAxis(name, factor.subject, values)


def _groups(
    domain: Domain, row_of: npt.NDArray[np.int64], roots: list[int], axes: tuple[str, ...]
) -> tuple[tuple[Group, ...], tuple[tuple[Setting, ...], ...]]:
    """Return the groups in the order of their axes, and the settings that `rest` numbers."""
    mask = np.uint64(sum(((1 << PLACES[name][1]) - 1) << PLACES[name][0] for name in axes))
    points, point_of = np.unique(domain.words & mask, return_inverse=True)
    nodes = np.array(roots, np.int64)[row_of]
    distinct_nodes, node_of = np.unique(nodes, return_inverse=True)
    keys = point_of.reshape(-1).astype(np.int64) * len(distinct_nodes) + node_of.reshape(-1)
    order = np.lexsort((domain.unusual, keys))
    met, first, counts = np.unique(keys[order], return_index=True, return_counts=True)
    plainest = domain.words[order[first]]
    others = [factor for factor in domain.factors if factor.name not in axes]
    rests: dict[tuple[Setting, ...], int] = {}
    columns = {name: column(points, name) for name in axes}
    settings = [column(plainest, factor.name).tolist() for factor in others]
    groups = []
    for at, (key, count, word) in enumerate(zip(met, counts, plainest, strict=True)):
        point, node = divmod(int(key), len(distinct_nodes))
        rest = tuple(
            (factor.name, factor.values[code].name, f"{factor.subject} {factor.values[code].words}")
            for factor, codes in zip(others, settings, strict=True)
            if (code := codes[at])
        )
        groups.append(
            Group(
                codes=tuple(int(columns[name][point]) for name in axes),
                node=int(distinct_nodes[node]),
                states=int(count),
                rest=rests.setdefault(rest, len(rests)),
                word=int(word),
            )
        )
    groups.sort(key=lambda group: group.codes)
    return tuple(groups), tuple(rests)


def _shown(
    flags: tuple[str, ...],
    rows: npt.NDArray[np.intp],
    weights: npt.NDArray[np.intp],
    pairs: list[Pair],
    outcomes: tuple[MapOutcome, ...],
) -> tuple[str, ...]:
    """Return the flags that decide most scenarios' results, those that change above all."""
    results = [(outcomes[p.before].result, outcomes[p.after].result, p.difference.value) for p in pairs]  # fmt: skip
    numbers = {result: number for number, result in enumerate(dict.fromkeys(results))}
    label = np.array([numbers[result] for result in results])[rows]
    changed = np.array([pair.difference is not Difference.SAME for pair in pairs])[rows]
    if not changed.any():
        changed[:] = True
    scores = []
    for bit in range(len(flags)):
        halves = label.reshape(len(rows), -1, 2, 1 << bit)
        counts = changed.reshape(len(rows), -1, 2, 1 << bit)
        differs = (halves[:, :, 0] != halves[:, :, 1]) & (counts[:, :, 0] | counts[:, :, 1])
        scores.append(int((differs.sum(axis=(1, 2)) * weights).sum()))
    best = sorted((bit for bit in range(len(flags)) if scores[bit]), key=lambda bit: -scores[bit])
    chosen = sorted(best[:MOST_SHOWN])
    return tuple(flags[bit] for bit in chosen)


def _others(
    flags: tuple[str, ...],
    shown: tuple[str, ...],
    rows: npt.NDArray[np.intp],
    pairs: list[Pair],
) -> str:
    """Return "off" if something of what changes is seen with no flag but the SHOWN ones."""
    hidden = sum(1 << bit for bit, flag in enumerate(flags) if flag not in shown)
    changed = np.array([pair.difference is not Difference.SAME for pair in pairs])[rows]
    plain = changed[:, (np.arange(rows.shape[1]) & hidden) == 0]
    return "off" if plain.any() or not changed.any() else "any"
