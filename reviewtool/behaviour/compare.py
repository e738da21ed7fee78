# SPDX-License-Identifier: GPL-2.0-only
"""Two sweeps of one domain: which scenarios differ, grouped by how, with exact rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.conditions import Condition, measure_rules
from reviewtool.behaviour.outcome import (
    Outcome,
    describe,
    effect_words,
    hazard_words,
    out_words,
    read_outcomes,
    result_words,
)
from reviewtool.behaviour.rules import Rule, rules_for
from reviewtool.behaviour.table import Labelling, label_domain, reduce_labels
from reviewtool.behaviour.userspace import Reached, find_candidates, find_reached
from reviewtool.behaviour.wording import Scenario, rule_words, scenario_at
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.sweep import Swept

UNCHANGED = 0
UNKNOWN = 1
_FIRST_GROUP = 2
MOST_GROUPS = 8
_MOST_BOXES = 10_000


class Verdict(Enum):
    """The only three answers that the tool gives."""

    NO_CHANGE = "no semantic change"
    CHANGE = "semantic change"
    UNKNOWN = "could not tell"


@dataclass(frozen=True)
class Change:
    """A group of scenarios whose outcome changes in the same way.

    before:  the results before, in words, each with its count, most frequent first.
    after:   the one result after: value, hazards and what is handed out, in words.
    effects: what else the outcomes after hold, and when, in words.
    hazards: what is wrong with the outcomes after and was not with those before.
    conditions: rules that together hold for exactly these scenarios, most general first.
    count:   how many scenarios; share: of all scenarios, 0 to 1.
    by_flags: how many, by the flag passed alone (0: none, N: the Nth of Domain.also) and flag subset.
    reached: those that user space can make, with what comes of them.
    """

    before: tuple[tuple[str, int], ...]
    after: str
    effects: tuple[str, ...]
    hazards: tuple[str, ...]
    conditions: tuple[Condition, ...]
    count: int
    share: float
    witness: Scenario
    witness_before: str
    witness_after: str
    by_flags: tuple[tuple[int, ...], ...]
    reached: tuple[Reached, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """An entry before and after a patch, over one domain.

    overall:    rules in words that together hold for exactly the scenarios that change at all; none
                where they would be too many (those of the groups are there all the same).
    unmodelled: (function, scenarios that ended there before or after).
    left:       scenarios that were not run because too many trapped.
    asides:     whether something differs that was told parts of the kernel which are not modelled.
    """

    entry: str
    domain: Domain
    changes: tuple[Change, ...]
    overall: tuple[str, ...]
    changed: int
    unmodelled: tuple[tuple[str, int], ...]
    left: int
    asides: bool = False

    @property
    def verdict(self) -> Verdict:
        """The answer for this entry."""
        if self.changed:
            return Verdict.CHANGE
        return Verdict.UNKNOWN if self.unmodelled or self.left or self.asides else Verdict.NO_CHANGE


@dataclass(frozen=True)
class Side:
    """One version of an entry: its sweep, and the names of its stubs."""

    swept: Swept
    unmodelled: tuple[str, ...]
    out: str


Masks = npt.NDArray[np.bool_]
_Both = tuple[tuple[Outcome, ...], tuple[Outcome, ...]]
_Sides = tuple[Side, Side]


@dataclass(frozen=True)
class _Joint:
    """Both sides' rows, each distinct pair once."""

    before: npt.NDArray[np.uint16]
    after: npt.NDArray[np.uint16]
    row_of: npt.NDArray[np.int32]
    states: npt.NDArray[np.int64]


def _join(before: Swept, after: Swept) -> _Joint:
    pairs = before.row_of.astype(np.int64) * len(after.rows) + after.row_of
    distinct, row_of, states = np.unique(pairs, return_inverse=True, return_counts=True)
    rows_b, rows_a = np.divmod(distinct, len(after.rows))
    return _Joint(
        before.rows[rows_b], after.rows[rows_a], row_of.reshape(-1).astype(np.int32), states
    )


# The result after, and whether it is the one before too, so that only effects differ.
_Key = tuple[str, bool]


def compare(entry: str, domain: Domain, before: Side, after: Side) -> Comparison:
    """Compare the outcomes of ENTRY over DOMAIN before and after."""
    outcomes_b, outcomes_a = read_outcomes(before.swept.records), read_outcomes(after.swept.records)
    joint = _join(before.swept, after.swept)
    labels, keys = _label_pairs(joint, outcomes_b, outcomes_a, before, after)
    rows = labels[joint.before, joint.after]
    labelling = label_domain(domain, rows, joint.row_of)
    reduced = reduce_labels(labelling)
    candidates = find_candidates(entry, domain) if keys else ()
    both, sides = (outcomes_b, outcomes_a), (before, after)

    def say(at: int, subset: int) -> tuple[str, str]:
        old, new = outcomes_b[joint.before[at, subset]], outcomes_a[joint.after[at, subset]]
        return (
            describe(old, before.unmodelled, before.out),
            describe(new, after.unmodelled, after.out),
        )

    changes = []
    for label, key in keys.items():
        rules = rules_for(reduced, label)
        change = _change(key, label, rules, domain, labelling, joint, both, sides)
        inside = labelling.rows == label
        reached = find_reached(candidates, domain, inside, labelling.row_of, say)
        changes.append(replace(change, reached=reached))
    anything = replace(reduced, rows=(reduced.rows >= _FIRST_GROUP).astype(np.int16))
    overall = (
        tuple(rule_words(rule, domain) for rule in rules_for(anything, 1, _MOST_BOXES))
        if keys
        else ()
    )
    changes.sort(key=lambda change: (-change.count, change.after, change.effects))
    unmodelled = _count_unmodelled(before, outcomes_b) | _count_unmodelled(after, outcomes_a)
    changed = sum(change.count for change in changes)
    left = before.swept.left + after.swept.left
    return Comparison(
        entry,
        domain,
        tuple(changes),
        overall,
        changed,
        tuple(sorted(unmodelled.items())),
        left,
        before.swept.asides != after.swept.asides,
    )


def headline(outcome: Outcome, unmodelled: tuple[str, ...], out: str) -> str:
    """Say what came of a run in the words by which changes are grouped: value, hazards, what is handed out."""
    parts = [result_words(outcome, unmodelled), *hazard_words(outcome)]
    handed = handed_words(outcome, out) if out != "stats" else ""
    return ", ".join([*parts, handed] if handed else parts)


def handed_words(outcome: Outcome, out: str) -> str:
    """Say what is handed out, unless it is an array that the caller will not read."""
    said = out_words(outcome, out)
    return "" if said.startswith("pages[0]") and outcome.ret not in ("1", "positive") else said


_RARER: _Key = ("one of several rarer outcomes", False)


def _is_hazard(key: _Key) -> bool:
    return (
        "," in key[0]
        or "BUG" in key[0]
        or "null pointer" in key[0]
        or "no end" in key[0]
        or "invalid" in key[0]
    )


def _label_pairs(
    joint: _Joint,
    outcomes_b: tuple[Outcome, ...],
    outcomes_a: tuple[Outcome, ...],
    before: Side,
    after: Side,
) -> tuple[npt.NDArray[np.int16], dict[int, _Key]]:
    """Return a label for each (record before, record after), and the groups' keys by label."""
    labels = np.full((len(outcomes_b), len(outcomes_a)), UNCHANGED, np.int16)
    pairs = joint.before.astype(np.int64) * len(outcomes_a) + joint.after
    met, first = np.unique(pairs, return_inverse=True)
    weights = np.bincount(first.reshape(-1), np.repeat(joint.states, pairs.shape[1]))
    groups: dict[_Key, list[tuple[int, int]]] = {}
    counts: dict[_Key, int] = {}
    for pair, weight in zip(met, weights, strict=True):
        b, a = divmod(int(pair), len(outcomes_a))
        old, new = outcomes_b[b], outcomes_a[a]
        if old.end == "unmodelled" or new.end == "unmodelled":
            labels[b, a] = UNKNOWN
        elif old != new:
            said = headline(new, after.unmodelled, after.out)
            key = (said, headline(old, before.unmodelled, before.out) == said)
            groups.setdefault(key, []).append((b, a))
            counts[key] = counts.get(key, 0) + int(weight)
    # Hazards have groups of their own whatever their count; the rarest others share one.
    ranked = sorted(groups, key=lambda key: (not _is_hazard(key), -counts[key], key))
    keys: dict[int, _Key] = {}
    for at, key in enumerate(ranked):
        label = min(at, MOST_GROUPS - 1) + _FIRST_GROUP
        keys[label] = key if at < MOST_GROUPS - 1 or len(ranked) == MOST_GROUPS else _RARER
        for b, a in groups[key]:
            labels[b, a] = label
    return labels, keys


def _change(
    key: _Key,
    label: int,
    rules: tuple[Rule, ...],
    domain: Domain,
    labelling: Labelling,
    joint: _Joint,
    outcomes: tuple[tuple[Outcome, ...], tuple[Outcome, ...]],
    sides: tuple[Side, Side],
) -> Change:
    count = labelling.count(label)
    word, subset, row = find_witness(domain, labelling, label)
    old, new = outcomes[0][joint.before[row, subset]], outcomes[1][joint.after[row, subset]]
    inside = labelling.rows == label
    effects = (_effect_changes if key[1] else _effects)(inside, joint, outcomes, sides, domain)
    fresh = tuple(word for word in hazard_words(new) if word not in hazard_words(old))
    if new.end != "returned" and old.end == "returned":
        fresh = (result_words(new), *fresh)
    return Change(
        before=_results(inside, joint, outcomes[0], sides[0]),
        after=key[0],
        effects=effects,
        hazards=fresh,
        conditions=measure_rules(rules, domain),
        count=count,
        share=count / max(1, domain.scenarios),
        witness=scenario_at(domain, word, subset),
        witness_before=describe(old, sides[0].unmodelled, sides[0].out),
        witness_after=describe(new, sides[1].unmodelled, sides[1].out),
        by_flags=_count_by_flags(inside, labelling.row_of, domain),
    )


def _count_by_flags(
    inside: npt.NDArray[np.bool_], row_of: npt.NDArray[np.int32], domain: Domain
) -> tuple[tuple[int, ...], ...]:
    alone = domain.columns.get("also", np.zeros(len(row_of), np.uint8))
    pairs = alone.astype(np.int64) * len(inside) + row_of
    states = np.bincount(pairs, minlength=(1 + len(domain.also)) * len(inside))
    counts = states.reshape(-1, len(inside)) @ inside.astype(np.int64)
    return tuple(tuple(int(n) for n in row) for row in counts)


def _results(
    inside: npt.NDArray[np.bool_], joint: _Joint, outcomes: tuple[Outcome, ...], side: Side
) -> tuple[tuple[str, int], ...]:
    """Return the results before inside a group, with their counts, most frequent first."""
    counts: dict[str, int] = {}
    for record in np.unique(joint.before[inside]):
        said = headline(outcomes[int(record)], side.unmodelled, side.out)
        counts[said] = counts.get(said, 0) + _weigh(inside & (joint.before == record), joint.states)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def find_witness(domain: Domain, labelling: Labelling, label: int) -> tuple[int, int, int]:
    """Return the plainest scenario with LABEL: state word, flag subset, row number."""
    inside = labelling.rows == label
    bits = np.bitwise_count(np.arange(inside.shape[1], dtype=np.uint32)).astype(np.int64)
    cheapest = np.where(inside, bits, 1 << 20).min(axis=1)
    state = int(np.argmin(domain.unusual + cheapest[labelling.row_of]))
    row = int(labelling.row_of[state])
    subset = int(np.argmin(np.where(inside[row], bits, 1 << 20)))
    return int(domain.words[state]), subset, row


def _effects(
    inside: Masks, joint: _Joint, outcomes: _Both, sides: _Sides, domain: Domain
) -> tuple[str, ...]:
    """Say which effects the outcomes after have, where those before had not, and when."""
    said = []
    had = _word_masks(joint.before, inside, outcomes[0], sides[0])
    for word, has in _word_masks(joint.after, inside, outcomes[1], sides[1]).items():
        if word in had and np.array_equal(inside & had[word], inside & has):
            continue  # nothing new
        if sides[1].out and word.startswith(("status ", "pages[0] ")):
            continue  # the result says it
        said.append(f"{word}: {quantify(inside, has, joint.states, domain.flags)}")
    return tuple(said)


def _effect_changes(
    inside: Masks, joint: _Joint, outcomes: _Both, sides: _Sides, domain: Domain
) -> tuple[str, ...]:
    """Say which effects come and go inside a group whose results stay, and when."""
    old = _word_masks(joint.before, inside, outcomes[0], sides[0])
    new = _word_masks(joint.after, inside, outcomes[1], sides[1])
    none = np.zeros(inside.shape, np.bool_)
    said = []
    for word in sorted(old.keys() | new.keys()):
        for prefix, mask in (
            ("no longer", old.get(word, none) & ~new.get(word, none)),
            ("now", new.get(word, none) & ~old.get(word, none)),
        ):
            if (inside & mask).any():
                said.append(
                    f"{prefix} {word}: {quantify(inside, mask, joint.states, domain.flags)}"
                )
    return tuple(said)


def _word_masks(
    records: npt.NDArray[np.uint16], inside: Masks, outcomes: tuple[Outcome, ...], side: Side
) -> dict[str, Masks]:
    """Return for each effect met inside a group where it holds; RECORDS of shape (rows, subsets)."""
    per_record = [set(effect_words(outcome, side.out)) for outcome in outcomes]
    met = np.unique(records[inside])
    words = sorted(set().union(*(per_record[int(record)] for record in met))) if len(met) else []
    return {word: np.array([word in has for has in per_record])[records] for word in words}


def quantify(
    base: npt.NDArray[np.bool_],
    event: npt.NDArray[np.bool_],
    states: npt.NDArray[np.int64],
    flags: tuple[str, ...],
) -> str:
    """Say when EVENT holds inside BASE (both of shape (rows, subsets), STATES the rows' weights)."""
    both = base & event
    if not both.any():
        return "never"
    if np.array_equal(both, base):
        return "always"
    subsets = np.arange(base.shape[1])
    for bit, flag in enumerate(flags):
        if np.array_equal(both, base & ((subsets >> bit & 1) == 1)):
            return f"exactly with {flag}"
    for bit, flag in enumerate(flags):
        if np.array_equal(both, base & ((subsets >> bit & 1) == 0)):
            return f"exactly without {flag}"
    for bit, flag in enumerate(flags):
        if not (both & ((subsets >> bit & 1) == 0)).any():
            return f"in some scenarios, only with {flag}"
    return f"in {_weigh(both, states):,} of {_weigh(base, states):,} scenarios"


def _weigh(mask: npt.NDArray[np.bool_], states: npt.NDArray[np.int64]) -> int:
    return int((mask.sum(axis=1) * states).sum())


def _count_unmodelled(side: Side, outcomes: tuple[Outcome, ...]) -> dict[str, int]:
    states = np.bincount(side.swept.row_of, minlength=len(side.swept.rows))
    found: dict[str, int] = {}
    for number, outcome in enumerate(outcomes):
        if outcome.end == "unmodelled":
            count = int(((side.swept.rows == number).sum(axis=1) * states).sum())
            name = side.unmodelled[outcome.unmodelled - 1]
            found[name] = max(found.get(name, 0), count)
    return found
