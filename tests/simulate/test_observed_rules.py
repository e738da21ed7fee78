# SPDX-License-Identifier: GPL-2.0-only
"""The 17 rules observed on a booted Linux 6.1.192, held against every scenario of the walk.

Two trees answer: the bundled model (v6.5-rc3), for which the source of that version decides where it
differs, and the model with linux-6.1.patch, which has to agree with the rules as they were observed.
Hugetlb entries under migration and poisoned ones are not compared on 6.1: nobody made any there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from reviewtool.behaviour.wording import scenario_at
from reviewtool.simulate.record import CHANGES, EVENTS, RETURNS
from tests.simulate.outcome_tables import Mask, Patched, Ran, Table, WalkDomain, forced

RULE_FLAGS = tuple(
    f"FOLL_{name}" for name in ("WRITE", "GET", "FORCE", "DUMP", "PIN", "TOUCH", "SPLIT_PMD")
)
PATCH_61 = str(Path(__file__).parent / "linux-6.1.patch")


@dataclass(frozen=True)
class Walk:
    """An entry of a version, and all that came of it."""

    version: str
    entry: str
    table: Table

    @property
    def waits(self) -> Mask:
        """Where the walk waits for the end of a migration: rules 5 and 6."""
        if self.version != "6.1":
            return np.zeros((1, 1), np.bool_)
        table = self.table
        asked = table.has("FOLL_MIGRATION") & table.states(level="pte pmd", entry="migration")
        refused = table.has("FOLL_PIN") | table.states(vma="secretmem")
        if self.entry == "follow_page":
            asked = asked & ~refused
        both = table.has("FOLL_GET") & table.has("FOLL_PIN")
        waits: Mask = asked & ~(table.states(level="pte") & both)
        return waits

    @property
    def compared(self) -> Mask:
        """All scenarios but those that nobody observed."""
        if self.version != "6.1":
            return self.table.states()
        unseen = self.table.states(level="hugetlb", entry="migration hwpoison")
        # a peer-to-peer page needs a flag that 6.1 does not have
        seen: Mask = ~unseen & ~self.table.states(page="p2pdma")
        return seen


@pytest.fixture(
    scope="module",
    params=["6.5 follow_page", "6.5 follow_page_mask", "6.1 follow_page", "6.1 follow_page_mask"],
)
def walk(
    request: pytest.FixtureRequest, patched: Patched, ran: Ran, walk_domain: WalkDomain
) -> Walk:
    version, entry = request.param.split()
    flags = RULE_FLAGS if version == "6.5" else (*RULE_FLAGS, "FOLL_MIGRATION")
    tree = patched(PATCH_61, 1) if version == "6.1" else patched("", 0)
    domain = walk_domain(flags)
    return Walk(version, entry, Table(domain, ran(tree, entry, domain)))


def expected(walk: Walk) -> npt.NDArray[np.int16]:
    """Return the value that the first of the observed rules to match gives, for every scenario.

    A page that comes back from migration is mapped R/O and is no anonymous page, in this model.
    """
    entry, table, old = walk.entry, walk.table, walk.version == "6.1"
    is_, has = table.states, table.has
    get, pin, write, force, dump = (
        has(f"FOLL_{name}") for name in ("GET", "PIN", "WRITE", "FORCE", "DUMP")
    )
    hole = np.where(
        dump & is_(vma="anon pfnmap io nofault"), RETURNS.index("EFAULT"), RETURNS.index("null")
    )
    waits = walk.waits
    thp = is_(level="pmd", entry="present zero")
    split = (thp | (is_(level="pmd") & waits)) & has("FOLL_SPLIT_PMD")
    pte = is_(level="pte") | split
    huge_devmap = is_(level="pmd pud", entry="devmap")
    protnone = is_(access="protnone", entry="present zero special devmap")
    cannot_write = write & ~is_(access="rw") & ~(force & forced(table) & is_(entry="present"))
    grabs = is_(entry="present devmap", page="p2pdma")
    code = {name: np.int16(RETURNS.index(name)) for name in RETURNS}
    rules: list[tuple[Mask, npt.NDArray[np.int64] | np.int16]] = [
        ((pin | is_(vma="secretmem")) & (entry == "follow_page"), code["null"]),  # 1
        (is_(level="hugetlb") & (pin | ~is_(entry="present")), code["null"]),  # 2
        (is_(level="hugetlb") & grabs, code["null"]),
        (is_(level="hugetlb"), code["page"]),
        (is_(level="pgd p4d pud pmd", entry="none bad"), hole),  # 3
        (thp & protnone & ~force, hole),  # 10, at PMD level
        (pte & get & pin, code["EINVAL"]),  # 4
        (waits & write, code["null"]),  # 5, 6, then 11
        (waits, code["other_page"]),  # 5, 6: it is there again after the wait
        (is_(level="pmd", entry="migration"), hole),  # 6
        (is_(level="pte", entry="none"), hole),  # 7
        (is_(entry="swap migration hwpoison device_private marker"), code["null"]),  # 5, 8
        (huge_devmap & get & pin & old, code["EINVAL"]),  # 9
        (huge_devmap & cannot_write, hole),
        (huge_devmap & (get | pin) & is_(pgmap="gone"), code["EFAULT"]),
        (huge_devmap & (get | pin) & grabs, code["EREMOTEIO"]),
        (huge_devmap & (get | pin), code["device_page"]),
        (huge_devmap, code["EEXIST"]),
        (protnone & ~force, code["null"]),  # 10, at PTE level
        (cannot_write, code["null"]),  # 11
        (is_(entry="devmap") & (get | pin) & is_(pgmap="gone"), code["null"]),
        (is_(entry="devmap") & (get | pin) & grabs, code["EREMOTEIO"]),
        (is_(entry="devmap") & (get | pin), code["device_page"]),  # 12
        (is_(entry="special zero devmap") & dump, code["EFAULT"]),  # 13
        (is_(entry="special devmap"), code["EEXIST"]),  # 14
        (
            is_(entry="present", page="anon_shared ksm") & pin & ~write & ~is_(access="rw"),
            code["EMLINK"],
        ),  # 15
        (is_(entry="zero") & split, code["zero_page"]),  # 16
        (is_(entry="zero", level="pmd"), code["huge_zero_page"]),  # 17
        (is_(entry="zero"), code["zero_page"]),
        (grabs, code["EREMOTEIO"]),
        (is_(entry="present"), code["page"]),
    ]
    shape = (len(table.domain.words), 1 << len(table.domain.flags))
    values = np.full(shape, -1, np.int16)
    for where, value in rules:
        mask = np.broadcast_to(where, shape) & (values == -1)
        values[mask] = np.broadcast_to(value, shape)[mask]
    assert not (values == -1).any(), "a scenario that no rule speaks of"
    return values


def test_every_scenario_is_as_the_first_observed_rule_says(walk: Walk) -> None:
    table = walk.table
    assert not table.field("end").any()
    wanted = expected(walk)
    differ = (table.field("ret") != wanted) & walk.compared
    if differ.any():
        state, subset = np.argwhere(differ)[0]
        scenario = scenario_at(table.domain, int(table.domain.words[state]), int(subset))
        got = RETURNS[table.field("ret")[state, subset]]
        pytest.fail(
            f"{differ.sum()} scenarios differ; {scenario.words}: {got} instead of "
            f"{RETURNS[wanted[state, subset]]}"
        )


def test_every_value_of_the_rules_occurs(walk: Walk) -> None:
    met = {RETURNS[code] for code in np.unique(expected(walk))}
    wanted = {"null", "EFAULT", "EEXIST", "device_page", "zero_page", "huge_zero_page", "page"}
    if walk.entry == "follow_page_mask":
        wanted |= {"EINVAL", "EMLINK"}
    assert met >= wanted | ({"other_page"} if walk.version == "6.1" else set())


def test_get_takes_one_reference_and_pin_takes_a_pin(walk: Walk) -> None:
    table = walk.table
    names = [name for name in RETURNS if name.endswith("page")]
    page = np.isin(table.field("ret"), [RETURNS.index(name) for name in names])
    get, pin = table.has("FOLL_GET"), table.has("FOLL_PIN")
    split = table.states(level="pmd", entry="present") & table.has("FOLL_SPLIT_PMD")
    large = table.states(level="pmd hugetlb", entry="present zero migration") | split
    small_zero = table.field("ret") == RETURNS.index("zero_page")
    refs = np.where(page & (get | (pin & large & ~small_zero)), 1, 0)
    pins = np.where(page & pin & ~get & ~small_zero, 1, 0)
    assert np.array_equal(table.field("refs"), refs)
    assert np.array_equal(table.field("pins"), pins)


def test_touch_changes_an_entry_only_where_no_page_is_there(walk: Walk) -> None:
    table = walk.table
    pte = np.broadcast_to(table.states(level="pte") & ~walk.waits, table.numbers.shape)
    nothing_there = table.field("ret") == RETURNS.index("EEXIST")
    changed = table.field("entry")
    dirties = (changed >> CHANGES.index("dirty") & 1) == 1
    touches = nothing_there & table.has("FOLL_TOUCH")
    assert np.array_equal(dirties[pte], (touches & table.has("FOLL_WRITE"))[pte])
    assert not (changed[pte] != 0)[~touches[pte]].any()
    only = 1 << CHANGES.index("dirty") | 1 << CHANGES.index("young")
    assert not (changed[pte] & ~only).any()
    for name in ("accessed", "set_dirty"):
        assert not (table.event(name) & ~table.has("FOLL_TOUCH")).any(), name
    assert not (table.event("set_dirty") & ~table.has("FOLL_WRITE")).any()


def test_the_walk_waits_exactly_for_migration_and_never_faults_nor_leaks(walk: Walk) -> None:
    entry, table = walk.entry, walk.table
    waited = table.event("wait_migration")
    assert np.array_equal(waited, np.broadcast_to(walk.waits, waited.shape))
    assert waited.any() == (walk.version == "6.1")
    for name in EVENTS:
        if name.startswith(
            ("fault_", "lock_", "slept_atomic", "mmap_lock", "unlocked", "isolated")
        ):
            assert not table.event(name).any(), name
    for name in ("ptl", "rcu", "mmap_lock"):
        assert not table.field(name).any(), name
    # follow_page_mask() leaves the reference on the device page map to its caller
    kept = table.field("pgmap") != 0
    device = table.states(entry="devmap", pgmap="alive") & (
        table.has("FOLL_GET") | table.has("FOLL_PIN")
    )
    assert not (kept & ~(device & (entry == "follow_page_mask"))).any()


def test_warnings_are_those_observed(walk: Walk) -> None:
    table, entry = walk.table, walk.entry
    pin, get = table.has("FOLL_PIN"), table.has("FOLL_GET")
    if entry == "follow_page":
        wanted = pin & ~table.states(vma="secretmem")
    else:
        einval = table.field("ret") == RETURNS.index("EINVAL")
        wanted = (table.states(level="hugetlb") & pin) | (einval & pin & get)
        if walk.version == "6.1":  # a huge page is found for both, with a warning
            found = np.isin(
                table.field("ret"),
                [RETURNS.index(f"{kind}page") for kind in ("", "huge_zero_", "other_")],
            )
            wanted = wanted | (found & table.states(level="pmd") & pin & get)
    wanted = np.broadcast_to(wanted, table.numbers.shape) & walk.compared
    assert np.array_equal(table.event("warn") & walk.compared, wanted)
