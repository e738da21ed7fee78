# SPDX-License-Identifier: GPL-2.0-only
"""The story of follow_page() and PROT_NONE entries, replayed: which scenarios each step changes.

What each step does is said here once more, as predicates over factors and flags that know nothing of
the C, and every scenario of follow_page() is held against them; see outcome_tables.STEPS.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from reviewtool.behaviour.compare import Side, compare
from reviewtool.behaviour.rules import Rule, rules_for
from reviewtool.behaviour.table import label_domain
from reviewtool.behaviour.wording import rule_words
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.record import RETURNS
from tests.simulate.outcome_tables import STEPS, Mask, Patched, Ran, Table, WalkDomain, forced

FLAGS = tuple(f"FOLL_{name}" for name in ("WRITE", "GET", "FORCE", "DUMP", "PIN"))
NUMA = {"A": "FOLL_NUMA", "B": "", "C": "", "D": "FOLL_HONOR_NUMA_FAULT"}
TRANSITIONS = ("AB", "BC", "BD", "AD")


def domain_of(walk_domain: WalkDomain, transition: str) -> Domain:
    """Return the domain with every flag that either step knows."""
    return walk_domain((*FLAGS, *(flag for step in transition if (flag := NUMA[step]))))


@pytest.fixture(scope="module")
def tables(
    patched: Patched, ran: Ran, walk_domain: WalkDomain
) -> Callable[[str], tuple[Table, Table]]:
    """Return follow_page() before and after a transition, over one domain."""
    known: dict[str, tuple[Table, Table]] = {}

    def make(transition: str) -> tuple[Table, Table]:
        if transition not in known:
            domain = domain_of(walk_domain, transition)
            before, after = (
                Table(domain, ran(patched(*STEPS[step][:2]), "follow_page", domain))
                for step in transition
            )
            known[transition] = before, after
        return known[transition]

    return make


def refused(table: Table, step: str) -> Mask:
    """Where follow_page() of STEP turns the caller away with a warning."""
    flags = table.has("FOLL_PIN") | (table.has("FOLL_FORCE") & (step == "C"))
    where: Mask = flags & ~table.states(vma="secretmem")
    return where


def blocked(table: Table, step: str) -> Mask:
    """Where STEP does not go on at a PROT_NONE entry."""
    where: Mask
    match step:
        case "A":
            where = table.has("FOLL_NUMA")
        case "B":
            where = ~table.has("FOLL_FORCE")
        case "C":
            where = table.has("FOLL_WRITE")
        case _:
            where = table.has("FOLL_HONOR_NUMA_FAULT") & table.states(prot="rw r w x")
    return where


def value(table: Table, step: str) -> npt.NDArray[np.int16]:
    """Return what follow_page() gives at STEP in every scenario, as a code of RETURNS."""
    is_, has = table.states, table.has
    get, write, force, dump = (has(f"FOLL_{name}") for name in ("GET", "WRITE", "FORCE", "DUMP"))
    protnone = is_(access="protnone", entry="present zero special devmap") & ~is_(level="hugetlb")
    huge = is_(level="pmd pud")
    nothing = is_(entry="none bad") | is_(level="pmd", entry="migration")
    swapped = is_(entry="swap migration hwpoison device_private marker")
    device = is_(entry="devmap")
    unwritable = write & ~is_(access="rw") & ~(force & forced(table) & is_(entry="present"))
    hole = np.where(
        dump & is_(vma="anon pfnmap io nofault"), RETURNS.index("EFAULT"), RETURNS.index("null")
    )
    null, page, zero, huge_zero, eexist, efault, p2p = (
        np.int16(RETURNS.index(name))
        for name in ("null", "page", "zero_page", "huge_zero_page", "EEXIST", "EFAULT", "EREMOTEIO")
    )
    strange = is_(page="p2pdma")  # nobody here passes FOLL_PCI_P2PDMA
    return np.select(
        [
            np.broadcast_to(where, (len(table.domain.words), 1 << len(table.domain.flags)))
            for where in (
                is_(vma="secretmem") | refused(table, step),
                is_(level="hugetlb") & (~is_(entry="present") | strange),
                is_(level="hugetlb"),
                nothing,
                swapped,
                huge & protnone & ~device & blocked(table, step),
                huge & device & unwritable,
                huge & device & get & is_(pgmap="gone"),
                protnone & ~huge & blocked(table, step),
                unwritable,
                device & get & is_(pgmap="gone"),
                device & get & strange,
                device & get,
                huge & device,
                is_(entry="special zero devmap") & dump,
                is_(entry="special devmap"),
                is_(entry="zero") & huge,
                is_(entry="zero"),
                strange,
                is_(entry="present"),
            )
        ],
        [
            null, null, page, hole, null, hole, hole, efault, null, null, null, p2p,
            np.int16(RETURNS.index("device_page")), eexist, efault, eexist, huge_zero, zero, p2p, page,
        ],
        default=np.int16(-1),
    ).astype(np.int16)  # fmt: skip


def predicted(table: Table, transition: str) -> Mask:
    """Return which scenarios TRANSITION changes, as the predicates have it."""
    first, second = transition[0], transition[1]
    changed: Mask = (value(table, first) != value(table, second)) | (
        refused(table, first) != refused(table, second)
    )
    return changed


def found(before: Table, after: Table) -> Mask:
    """Return which scenarios differ in anything at all of their records."""
    changed: Mask = before.swept.records[before.numbers] != after.swept.records[after.numbers]
    return changed


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_each_step_returns_what_the_predicates_say(
    tables: Callable[[str], tuple[Table, Table]], transition: str
) -> None:
    for step, table in zip(transition, tables(transition), strict=True):
        assert not table.field("end").any()
        assert np.array_equal(table.field("ret"), value(table, step))
        assert np.array_equal(
            table.event("warn"), np.broadcast_to(refused(table, step), table.numbers.shape)
        )


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_transition_changes_exactly_the_predicted_scenarios(
    tables: Callable[[str], tuple[Table, Table]], transition: str
) -> None:
    before, after = tables(transition)
    wanted = predicted(before, transition)
    assert wanted.any()
    assert not wanted.all()
    assert np.array_equal(found(before, after), wanted)


@pytest.mark.parametrize("transition", ["AB", "BD", "AD"])
def test_only_prot_none_entries_change_unless_force_is_refused(
    tables: Callable[[str], tuple[Table, Table]], transition: str
) -> None:
    before, after = tables(transition)
    changed = found(before, after)
    assert not (changed & ~before.states(access="protnone")).any()
    for entry in ("none", "swap", "migration", "hwpoison", "device_private", "marker", "bad"):
        assert not (changed & before.states(entry=entry)).any(), entry


def test_the_inverted_flag_differs_from_the_old_one_only_in_an_inaccessible_vma(
    patched: Patched, ran: Ran, walk_domain: WalkDomain
) -> None:
    """A to D, with one flag taken for the other: the blocking set shrinks and nothing else."""
    tables = []
    for step in "AD":
        domain = walk_domain((*FLAGS, NUMA[step]))
        tables.append(Table(domain, ran(patched(*STEPS[step][:2]), "follow_page", domain)))
    a, d = tables
    changed = found(a, d)
    flagged = a.has("FOLL_NUMA") & a.states(prot="none", access="protnone")
    assert changed.any()
    assert not (changed & ~flagged).any()
    # whatever the flag was in the way of at PTE level is what there is without it
    page = a.states(level="pte", entry="present", page="file", vma="private_file")
    alone = flagged & page & ~a.has("FOLL_WRITE") & ~a.has("FOLL_PIN")
    assert changed[alone].all()
    assert set(np.unique(a.field("ret")[alone])) == {RETURNS.index("null")}
    assert set(np.unique(d.field("ret")[alone])) == {RETURNS.index("page")}


def holds(rule: Rule, table: Table) -> Mask:
    """Return where RULE holds, by its literals alone."""
    where: Mask = np.ones((len(table.domain.words), 1 << len(table.domain.flags)), np.bool_)
    for literal in rule.literals:
        if literal.axis.is_flag:
            has = table.has(literal.axis.name)
            where = where & np.isin(has, literal.values)
        else:
            codes = table.domain.columns[literal.axis.name]
            where = where & np.isin(codes, literal.values)[:, None]
    return where


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_the_rules_that_a_review_prints_hold_for_exactly_the_predicted_scenarios(
    tables: Callable[[str], tuple[Table, Table]], transition: str
) -> None:
    before, after = tables(transition)
    wanted = predicted(before, transition)
    printed = compare(
        "follow_page", before.domain, Side(before.swept, (), "page"), Side(after.swept, (), "page")
    )
    assert printed.changed == int(wanted.sum())
    rows, row_of = np.unique(wanted, axis=0, return_inverse=True)
    labelling = label_domain(
        before.domain, rows.astype(np.int16), row_of.reshape(-1).astype(np.int32)
    )
    rules = rules_for(labelling, 1)
    assert np.array_equal(np.logical_or.reduce([holds(rule, before) for rule in rules]), wanted)
    assert set(printed.overall) == {rule_words(rule, before.domain) for rule in rules}
    assert sum(change.count for change in printed.changes) == printed.changed
