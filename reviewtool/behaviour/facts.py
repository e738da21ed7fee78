# SPDX-License-Identifier: GPL-2.0-only
"""Properties of an entry, each quantified over its whole sweep.

A fact is a base (which scenarios it speaks of), an event (what may happen in them) and what the
sweep found: never, always, exactly with a flag, or in so many.  Reports, kernel-doc and claims all
use these same facts, so they cannot contradict each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.compare import Side, find_witness, quantify
from reviewtool.behaviour.outcome import Outcome, read_outcomes, return_words
from reviewtool.behaviour.rules import rules_for
from reviewtool.behaviour.table import Labelling, label_domain, reduce_labels
from reviewtool.behaviour.wording import Scenario, rule_words, scenario_at
from reviewtool.simulate.domain import FACTOR, Domain, column

PAGES = (
    "page",
    "head_page",
    "zero_page",
    "huge_zero_page",
    "device_page",
    "fresh_page",
    "other_page",
)
Masks = npt.NDArray[np.bool_]
_HAPPENS, _FAILS = "happens", "does not happen"


@dataclass(frozen=True)
class Fact:
    """One property.

    id:      stable name ("references").
    subject: what may happen, in words that take "never", "always" and so on behind them.
    when:    "never", "always", "exactly with FLAG", "in some scenarios, only with FLAG", or a count.
    count, of: scenarios in which it happens, and of how many it is asked.
    example: finds the plainest scenario in which it happens (or does not).
    """

    id: str
    subject: str
    when: str
    count: int
    of: int
    example: Callable[[str], Scenario] | None = field(default=None, compare=False, repr=False)

    @property
    def witness(self) -> Scenario | None:
        """The plainest scenario in which it happens, if there is one."""
        return self.example(_HAPPENS) if self.example and self.count else None

    @property
    def counter(self) -> Scenario | None:
        """The plainest scenario in which it does not happen, if there is one."""
        return self.example(_FAILS) if self.example and self.count < self.of else None

    @property
    def sentence(self) -> str:
        """The fact in one line."""
        return f"{self.subject}: {self.when}"


@dataclass(frozen=True)
class Result:
    """A value that the entry can return: how often, and exactly when.

    ret:   as in record.RETURNS.
    rules: conditions in words; none where it is not returned in ordinary states.
    """

    ret: str
    words: str
    count: int
    rules: tuple[str, ...]
    witness: Scenario


@dataclass(frozen=True)
class Query:
    """A property asked of some scenarios only.

    property: the id of a fact; or "succeeds", "fails", or "returns" with VALUE (as in record.RETURNS,
              "error" for any errno, "page" for any page).
    states:   only states with one of these values of each factor.
    given, absent: only with, or without, these flags.
    ordinary: no other CPU, no page whose count is wrong, no fault that fails.
    """

    property: str
    value: str = ""
    states: tuple[tuple[str, tuple[str, ...]], ...] = ()
    given: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    ordinary: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything that is known of one version of an entry.

    ask: answers a Query, None where the sweep has no such scenario or never passed the flags.
    """

    entry: str
    scenarios: int
    results: tuple[Result, ...]  # only where find_facts() was asked to explain
    facts: tuple[Fact, ...]
    ask: Callable[[Query], Fact | None] | None = field(default=None, compare=False, repr=False)

    def get(self, fact_id: str) -> Fact | None:
        """Return the fact with FACT_ID, or None where it does not apply."""
        return next((fact for fact in self.facts if fact.id == fact_id), None)


@dataclass(frozen=True)
class _Question:
    id: str
    subject: str
    event: Callable[[Outcome], bool]
    states: dict[str, tuple[str, ...]] | None = None  # only states with one of these values
    given: Callable[[Outcome], bool] | None = None  # only these outcomes


def _page(outcome: Outcome) -> bool:
    return outcome.ret in PAGES


def _success(outcome: Outcome) -> bool:
    return outcome.end == "returned" and (outcome.ret in PAGES or outcome.ret in ("1", "positive"))


def _event(name: str) -> Callable[[Outcome], bool]:
    return lambda outcome: name in outcome.events


def _fault(outcome: Outcome) -> bool:
    return any(name.startswith("fault_") for name in outcome.events)


_RETURNED = {"entry": ("present", "zero", "special", "devmap")}
_QUESTIONS: tuple[_Question, ...] = (
    _Question("references", "takes a reference when it succeeds", lambda o: o.refs > 0, given=_success),
    _Question("pins", "takes a pin when it succeeds", lambda o: o.pins > 0, given=_success),
    _Question("references_on_failure", "leaves a reference or a pin behind when it fails",
              lambda o: o.refs > 0 or o.pins > 0, given=lambda o: o.end == "returned" and not _success(o)),
    _Question("protnone", "returns a page that is mapped PROT_NONE", _success,
              states={"access": ("protnone",), "entry": ("present",)}),
    _Question("readonly", "returns a page that is mapped R/O", _success, states={"access": ("ro",), "entry": ("present",)}),
    _Question("zero_page", "returns the zero page, small or huge",
              lambda o: o.ret in ("zero_page", "huge_zero_page"), states={"entry": ("zero",)}),
    _Question("special", "returns a page for a frame without a struct page", _page, states={"entry": ("special",)}),
    _Question("not_present", "returns a page where the entry is empty or not present", _success, states={
        "entry": ("none", "bad", "swap", "migration", "hwpoison", "device_private", "marker")}),
    _Question("hugetlb", "returns a hugetlb page", _success, states={"level": ("hugetlb",), "entry": ("present",)}),
    _Question("secretmem", "returns a page of a secretmem VMA", _success, states={"vma": ("secretmem",)}),
    _Question("faults", "triggers a page fault", _fault),
    _Question("fault_numa", "triggers a NUMA hinting fault", _event("fault_numa")),
    _Question("fault_write", "triggers a write fault", _event("fault_write")),
    _Question("fault_unshare", "triggers an unshare fault", _event("fault_unshare")),
    _Question("wait_migration", "waits for a migration", _event("wait_migration")),
    _Question("slept", "may sleep", _event("slept")),
    _Question("split", "splits a huge PMD", _event("split")),
    _Question("accessed", "marks the page accessed", _event("accessed")),
    _Question("set_dirty", "marks the page dirty", _event("set_dirty")),
    _Question("entry_changed", "changes the entry", lambda o: bool(o.entry)),
    _Question("warn", "warns", _event("warn")),
    _Question("pgmap", "leaves a dev_pagemap reference for its caller to drop", lambda o: o.pgmap > 0),
    _Question("locks", "leaves a lock taken or released", lambda o: o.ptl or o.rcu or bool(o.mmap_lock)),
    _Question("lock_misuse", "takes a lock twice or releases one that is not held", _event("lock_misuse")),
    _Question("slept_atomic", "sleeps in atomic context", _event("slept_atomic")),
    _Question("ends_badly", "ends in BUG(), an invalid memory access or never",
              lambda o: o.end in ("bug", "null_pointer", "trap", "steps")),
)  # fmt: skip

PROPERTIES = ("succeeds", "fails", "returns", *(question.id for question in _QUESTIONS))
"""What a Query may ask for."""

# Facts that say nothing about a function that never returns a page.
_ABOUT_PAGES = frozenset({
    "references", "pins", "references_on_failure", "protnone", "readonly", "zero_page", "special", "not_present", "hugetlb",
    "secretmem",
})  # fmt: skip


def find_facts(entry: str, domain: Domain, side: Side, *, explain: bool = False) -> Facts:
    """Return the facts of ENTRY over its sweep.

    EXPLAIN also finds the results, and when each is returned in ordinary states: no other CPU, no
    page whose count is wrong, no device on its way out.  That takes a while.
    """
    outcomes = read_outcomes(side.swept.records)
    succeeds = any(_success(outcome) for outcome in outcomes)
    facts = []
    for question in _QUESTIONS:
        if question.id in _ABOUT_PAGES and not succeeds:
            continue
        fact = _answer(question, domain, side, outcomes)
        if fact:
            facts.append(fact)
    results = _results(domain, side, outcomes) if explain else ()
    return Facts(
        entry, domain.scenarios, results, tuple(facts),
        lambda query: _ask(query, domain, side, outcomes),
    )  # fmt: skip


def _returns(value: str) -> Callable[[Outcome], bool]:
    if value == "page":
        return _page
    if value == "error":
        return lambda outcome: (
            outcome.end == "returned"
            and (outcome.ret.startswith("E") or outcome.ret == "other_errno")
        )
    return lambda outcome: outcome.end == "returned" and outcome.ret == value


def _question(query: Query) -> _Question | None:
    states = dict(query.states)
    for name, values in _ORDINARY.items() if query.ordinary else ():
        states.setdefault(name, values)
    asked = {
        "succeeds": (f"finds {'them' if query.states else 'a page'}", _success, None),
        "fails": ("fails", lambda o: o.end == "returned" and not _success(o), None),
        "returns": (f"returns {return_words(query.value)}", _returns(query.value), None),
    }
    known = next((q for q in _QUESTIONS if q.id == query.property), None)
    if query.property in asked:
        subject, event, given = asked[query.property]
    elif known is not None:
        subject, event, given = known.subject, known.event, known.given
        for name, values in (known.states or {}).items():
            states.setdefault(name, values)
    else:
        return None
    return _Question(query.property, subject, event, states, given)


def _ask(query: Query, domain: Domain, side: Side, outcomes: tuple[Outcome, ...]) -> Fact | None:
    question = _question(query)
    named = (*query.given, *query.absent)
    if question is None or any(flag in domain.cut for flag in named):
        return None
    if any(flag not in domain.flags and flag not in domain.also for flag in query.given):
        return None
    subsets = np.arange(1 << len(domain.flags))
    passed = np.ones(len(subsets), np.bool_)
    chosen = np.ones(len(domain.words), np.bool_)
    alone = domain.columns.get("also", np.zeros(len(domain.words), np.uint8))
    for flag in named:
        wanted = flag in query.given
        if flag in domain.flags:
            passed &= (subsets >> domain.flags.index(flag) & 1) == wanted
        elif flag in domain.also:
            chosen &= (alone == domain.also.index(flag) + 1) == wanted
    return _answer(question, domain, side, outcomes, chosen, passed)


def _states_with(domain: Domain, wanted: dict[str, tuple[str, ...]] | None) -> Masks:
    mask = np.ones(len(domain.words), np.bool_)
    for name, values in (wanted or {}).items():
        if name in _ORDINARY and name not in domain.columns:
            continue  # not in play, so it is as it ordinarily is
        mask &= np.isin(
            column(domain.words, name), [FACTOR[name].code_of(value) for value in values]
        )
    return mask


def _lookup(test: Callable[[Outcome], bool], outcomes: tuple[Outcome, ...]) -> Masks:
    return np.array(
        [outcome.end != "unmodelled" and test(outcome) for outcome in outcomes], np.bool_
    )


def _answer(
    question: _Question,
    domain: Domain,
    side: Side,
    outcomes: tuple[Outcome, ...],
    within: Masks | None = None,
    passed: Masks | None = None,
) -> Fact | None:
    """Answer QUESTION; only in the states WITHIN, and with the flag subsets PASSED, where given."""
    swept = side.swept
    chosen = _states_with(domain, question.states)
    chosen = chosen if within is None else chosen & within
    states = np.bincount(swept.row_of[chosen], minlength=len(swept.rows))
    met = np.flatnonzero(states)
    if not len(met):
        return None
    rows, weights = swept.rows[met], states[met]
    base = _lookup(question.given or (lambda _: True), outcomes)[rows]
    base = base if passed is None else base & passed
    event = _lookup(question.event, outcomes)[rows]
    of = int(((base.sum(axis=1)) * weights).sum())
    if not of:
        return None
    count = int(((base & event).sum(axis=1) * weights).sum())
    when = quantify(base, event, weights, domain.flags)

    def example(which: str) -> Scenario:
        wanted = base & (event if which == _HAPPENS else ~event)
        label: npt.NDArray[np.int16] = np.zeros((len(swept.rows) + 1, wanted.shape[1]), np.int16)
        label[met] = wanted
        row_of = np.where(chosen, swept.row_of, len(swept.rows)).astype(np.int32)
        word, subset, _ = find_witness(domain, label_domain(domain, label, row_of), 1)
        return scenario_at(domain, word, subset)

    return Fact(question.id, question.subject, when, count, of, example)


_ORDINARY: dict[str, tuple[str, ...]] = {
    "other_cpu": ("idle",),
    "refcount": ("normal",),
    "pgmap": ("alive",),
    "fault": ("resolves",),
    "signal": ("none",),
}


def _results(domain: Domain, side: Side, outcomes: tuple[Outcome, ...]) -> tuple[Result, ...]:
    names = sorted({outcome.ret for outcome in outcomes if outcome.end == "returned"})
    numbers = {name: at + 1 for at, name in enumerate(names)}
    labels = np.array(
        [numbers.get(o.ret, 0) if o.end == "returned" else 0 for o in outcomes], np.int16
    )
    labelling = label_domain(domain, labels[side.swept.rows], side.swept.row_of)
    chosen = _states_with(domain, _ORDINARY)
    ordinary = Labelling(
        domain.words[chosen],
        labelling.rows,
        labelling.row_of[chosen],
        labelling.kept,
        labelling.flags,
    )
    reduced = reduce_labels(ordinary)
    found = []
    for name, number in numbers.items():
        count = labelling.count(number)
        word, subset, _ = find_witness(domain, labelling, number)
        rules = tuple(rule_words(rule, domain) for rule in rules_for(reduced, number))
        found.append(
            Result(name, return_words(name), count, rules, scenario_at(domain, word, subset))
        )
    return tuple(sorted(found, key=lambda result: (-result.count, result.ret)))
