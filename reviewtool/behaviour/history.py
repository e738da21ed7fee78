# SPDX-License-Identifier: GPL-2.0-only
"""One entry through the patches of a series: what each changes, and what a later one undoes.

A scenario has one outcome per version: o0 (the base), o1 ... on.  Its history is read with loops
erased: from o0 go to the last version that has the same outcome; what lies between was changed by
the first patch in between that differs, and restored by the last.  Then the next step is one that
stays, and so on.  So every change of a scenario is either in a loop, and said once with both
places, or stays.  A scenario that some version could not run to its end belongs to neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.compare import Side, find_witness
from reviewtool.behaviour.conditions import Condition, measure_rules
from reviewtool.behaviour.outcome import Outcome, describe, read_outcomes
from reviewtool.behaviour.rules import rules_for
from reviewtool.behaviour.table import label_domain
from reviewtool.behaviour.wording import Scenario, scenario_at
from reviewtool.simulate.domain import Domain

_MOST_BOXES = 10_000
_UNKNOWN = -1


@dataclass(frozen=True)
class Version:
    """One state of the tree; label: of the patch that made it."""

    label: str
    side: Side


@dataclass(frozen=True)
class Undone:
    """Scenarios that one patch changes and a later one gives back the outcome that they had.

    of:    scenarios that `changed_by` changes; left: those of them that no later patch restores.
    share: of all scenarios, 0 to 1.
    conditions: rules that together hold for exactly these scenarios, most general first.
    before, between: the witness's outcome before and after again, and while it was changed.
    """

    changed_by: str
    restored_by: str
    count: int
    of: int
    left: int
    share: float
    conditions: tuple[Condition, ...]
    witness: Scenario
    before: str
    between: str


@dataclass(frozen=True)
class History:
    """An entry through a series, over one domain.

    steps:   (patch, how many scenarios it changes), in order.
    undone:  by place in the series.
    unknown: scenarios that some version could not run to their end.
    """

    entry: str
    domain: Domain
    steps: tuple[tuple[str, int], ...]
    undone: tuple[Undone, ...]
    unknown: int


def erase_loops(path: Sequence[int]) -> tuple[tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Return the loops of PATH as (step that leaves, step that comes back), and the steps that stay.

    Step N goes from PATH[N - 1] to PATH[N].
    """
    loops: list[tuple[int, int]] = []
    kept: list[int] = []
    at = 0
    while at < len(path) - 1:
        last = max(n for n in range(at, len(path)) if path[n] == path[at])
        away = [n for n in range(at, last) if path[n] != path[at]]
        if away:
            back = max(n for n in range(at + 1, last + 1) if path[n - 1] != path[at])
            loops.append((away[0], back))
        if last == len(path) - 1:
            break
        kept.append(last + 1)
        at = last + 1
    return tuple(loops), tuple(kept)


@dataclass(frozen=True)
class _Paths:
    """The outcomes of every scenario, version by version.

    rows:   shape (distinct rows, subsets): the number of a path; row_of: each state's row.
    paths:  outcomes by version, each as an index into the outcomes of all versions.
    weight: scenarios of each path.
    """

    rows: npt.NDArray[np.int64]
    row_of: npt.NDArray[np.int32]
    paths: tuple[tuple[int, ...], ...]
    weight: tuple[int, ...]


def _join(
    versions: Sequence[Version], outcomes: list[tuple[Outcome, ...]], numbers: dict[Outcome, int]
) -> _Paths:
    row_of = np.zeros(len(versions[0].side.swept.row_of), np.int64)
    chosen = np.zeros((1, 0), np.int64)
    for version in versions:
        swept = version.side.swept
        pair = row_of * len(swept.rows) + swept.row_of
        distinct, inverse = np.unique(pair, return_inverse=True)
        row_of = inverse.reshape(-1)
        before, here = np.divmod(distinct, len(swept.rows))
        chosen = np.column_stack([chosen[before], here])
    states = np.bincount(row_of, minlength=len(chosen))
    paths: list[tuple[int, ...]] = [()]
    rows = np.zeros((len(chosen), versions[0].side.swept.rows.shape[1]), np.int64)
    for at, (version, known) in enumerate(zip(versions, outcomes, strict=True)):
        number = np.array(
            [_UNKNOWN if one.end == "unmodelled" else numbers[one] for one in known], np.int64
        )
        here = number[version.side.swept.rows[chosen[:, at]]] + 1
        distinct, inverse = np.unique(rows * (len(numbers) + 1) + here, return_inverse=True)
        paths = [
            (*paths[int(key) // (len(numbers) + 1)], int(key) % (len(numbers) + 1) - 1)
            for key in distinct
        ]
        rows = inverse.reshape(rows.shape)
    weight = np.bincount(rows.ravel(), np.repeat(states, rows.shape[1]), len(paths))
    return _Paths(
        rows, row_of.astype(np.int32), tuple(paths), tuple(int(number) for number in weight)
    )


def trace_history(entry: str, domain: Domain, versions: Sequence[Version]) -> History:
    """Return what each of VERSIONS, the base first, changes in ENTRY, and what is undone later."""
    outcomes = [read_outcomes(version.side.swept.records) for version in versions]
    numbers: dict[Outcome, int] = {}
    for known in outcomes:
        for outcome in known:
            numbers.setdefault(outcome, len(numbers))
    joint = _join(versions, outcomes, numbers)
    labels = [version.label for version in versions]
    changed = [0] * len(versions)
    stay = [0] * len(versions)
    unknown = 0
    loops: dict[tuple[int, int], list[int]] = {}
    for number, (path, weight) in enumerate(zip(joint.paths, joint.weight, strict=True)):
        if _UNKNOWN in path:
            unknown += weight
            continue
        for step in range(1, len(path)):
            changed[step] += weight * (path[step] != path[step - 1])
        found, kept = erase_loops(path)
        for step in kept:
            stay[step] += weight
        for loop in found:
            loops.setdefault(loop, []).append(number)
    undone = []
    for (away, back), members in sorted(loops.items()):
        labelling = label_domain(
            domain, np.isin(joint.rows, members).astype(np.int16), joint.row_of
        )
        word, subset, row = find_witness(domain, labelling, 1)
        path = joint.paths[int(joint.rows[row, subset])]
        said = [_say(versions[at], outcomes[at], path[at], numbers) for at in (away - 1, away)]
        count = sum(joint.weight[number] for number in members)
        rules = rules_for(labelling, 1, _MOST_BOXES)
        undone.append(
            Undone(
                labels[away], labels[back], count, changed[away], stay[away],
                count / max(1, domain.scenarios), measure_rules(rules, domain),
                scenario_at(domain, word, subset), said[0], said[1],
            )
        )  # fmt: skip
    steps = tuple(zip(labels[1:], changed[1:], strict=True))
    return History(entry, domain, steps, tuple(undone), unknown)


def _say(
    version: Version, known: tuple[Outcome, ...], wanted: int, numbers: dict[Outcome, int]
) -> str:
    outcome = next(one for one in known if numbers[one] == wanted)
    return describe(outcome, version.side.unmodelled, version.side.out)
