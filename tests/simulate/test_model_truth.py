# SPDX-License-Identifier: GPL-2.0-only
"""The bundled model, held to outcomes that were observed on real kernels.

Source: tables of follow_page() outcomes read off Linux 6.1.192 (PTE level, 226,492,416 states) and
observed on a booted one (4,004 calls).  Steps of the story: A is v6.0, B v6.1 to v6.5-rc3 (the
bundled model), C the first patch of July 2023, D what was merged.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reviewtool.simulate.domain import Domain, column, lay_out
from reviewtool.simulate.record import RETURNS
from tests.simulate.outcome_tables import STEPS, Mask, Patched, Ran, Table, WalkDomain, forced


@pytest.fixture(scope="module")
def step(patched: Patched, ran: Ran, walk_domain: WalkDomain) -> Callable[[str], Table]:
    """Return follow_page() at a step of the story."""

    def at(name: str) -> Table:
        sample, patches, numa = STEPS[name]
        domain = walk_domain(
            ("FOLL_WRITE", "FOLL_GET", "FOLL_FORCE", "FOLL_DUMP", "FOLL_PIN", numa)
        )
        return Table(domain, ran(patched(sample, patches), "follow_page", domain))

    return at


COLUMNS = ("0", "GET", "DUMP", "WRITE", "WRITE|FORCE", "FORCE")
SECRETLESS = "anon private_file shared_file mixedmap nofault"
# The rows of the table at PTE level: name, states, value in each column.  hole: NULL, but -EFAULT
# with FOLL_DUMP; force: the page where FOLL_FORCE can make up for a missing write bit.
PTE_ROWS = {
    "none": ({"entry": "none"}, "null null hole null null null"),
    "present R/W": ({"entry": "present", "access": "rw"}, "page page page page page page"),
    "present R/O": ({"entry": "present", "access": "ro"}, "page page page null force page"),
    "swap": (
        {"entry": "swap migration hwpoison device_private marker"},
        "null null null null null null",
    ),
    "zero page": (
        {"entry": "zero", "access": "ro"},
        "zero_page zero_page EFAULT null null zero_page",
    ),
    "special": ({"entry": "special", "access": "ro"}, "EEXIST EEXIST EFAULT null null EEXIST"),
    "devmap": ({"entry": "devmap", "access": "rw"}, "EEXIST device EFAULT EEXIST EEXIST EEXIST"),
}


def expect(table: Table, states: Mask, column: str, value: str) -> None:
    """Check one cell of a table."""
    no_fault = table.states(vma="anon pfnmap io nofault")
    subset = table.subset(column)
    match value:
        case "hole":
            assert table.returned(states & no_fault, subset) == {"EFAULT"}
            assert table.returned(states & ~no_fault, subset) == {"null"}
        case "force":
            assert table.returned(states & forced(table), subset) == {"page"}
            assert table.returned(states & ~forced(table), subset) == {"null"}
        case "device":
            assert table.returned(states & table.states(pgmap="alive"), subset) == {"device_page"}
            assert table.returned(states & table.states(pgmap="gone"), subset) == {"null"}
        case _:
            assert table.returned(states, subset) == {value}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("row", PTE_ROWS)
def test_pte_level_is_as_in_the_table_at_every_step(
    step: Callable[[str], Table], name: str, row: str
) -> None:
    table = step(name)
    values, cells = PTE_ROWS[row]
    known = (
        table.states(level="pte", **values)
        & ~table.states(vma="secretmem")
        & ~table.states(page="p2pdma")
    )
    for flags, value in zip(COLUMNS, cells.split(), strict=True):
        expect(table, known, flags, "null" if name == "C" and "FORCE" in flags else value)
    if row == "devmap":
        expect(table, known, "GET|DUMP", "device")


@pytest.mark.parametrize("name", STEPS)
def test_a_walk_without_a_table_ends_as_at_an_empty_pte(
    step: Callable[[str], Table], name: str
) -> None:
    table = step(name)
    missing = table.states(level="pgd p4d pud pmd", entry="none bad") & ~table.states(
        vma="secretmem"
    )
    for flags, value in zip(COLUMNS, PTE_ROWS["none"][1].split(), strict=True):
        expect(table, missing, flags, "null" if name == "C" and "FORCE" in flags else value)


def test_only_step_c_warns_of_force(step: Callable[[str], Table]) -> None:
    for name in STEPS:
        table = step(name)
        some = (
            table.states()
            & table.has("FOLL_FORCE")
            & ~table.has("FOLL_PIN")
            & ~table.has("FOLL_GET")
        )
        some = some & ~table.states(vma="secretmem hugetlb")
        assert table.event("warn")[some].all() == (name == "C")
        assert table.event("warn")[some].any() == (name == "C")


# flags, VMA, then the value at steps A, B, C and D on a PROT_NONE PTE that maps a page
PROTNONE_ROWS = (
    ("0", "any", "page null page page"),
    ("GET", "any", "page null page page"),
    ("DUMP", "any", "page null page page"),
    ("GET|DUMP", "any", "page null page page"),
    ("WRITE", "any", "null null null null"),
    ("WRITE|FORCE", "writable", "null null null null"),
    ("WRITE|FORCE", "forced", "page page null page"),
    ("FORCE", "any", "page page null page"),
    ("NUMA", "accessible", "null null page null"),
    ("NUMA", "inaccessible", "null null page page"),
    ("NUMA|FORCE", "accessible", "null page null null"),
    ("NUMA|FORCE", "inaccessible", "null page null page"),
)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(("flags", "vma", "values"), PROTNONE_ROWS)
def test_a_protnone_pte_is_as_in_the_table(
    step: Callable[[str], Table], name: str, flags: str, vma: str, values: str
) -> None:
    table = step(name)
    where = {
        "any": table.states(),
        "writable": table.states(prot="rw w"),
        "forced": forced(table),
        "accessible": table.states(prot="rw r w x"),
        "inaccessible": table.states(prot="none"),
    }[vma]
    states = where & table.states(level="pte", entry="present", access="protnone", vma=SECRETLESS)
    states = states & ~table.states(page="p2pdma")
    spelled = flags.replace("NUMA", STEPS[name][2].removeprefix("FOLL_"))
    value = values.split()["ABCD".index(name)]
    assert table.returned(states, table.subset(spelled)) == {value}


def test_a_grab_that_fails_gives_enomem(patched: Patched, ran: Ran) -> None:
    domain = lay_out(
        frozenset({"level", "entry", "access", "refcount"}), ("FOLL_WRITE", "FOLL_GET")
    )
    present = (column(domain.words, "level") == 0) & (column(domain.words, "entry") == 0)
    domain = Domain(domain.factors, domain.flags, domain.words[present])
    table = Table(domain, ran(patched("", 0), "follow_page", domain))
    wrong = table.states(refcount="zero negative", access="rw")
    for flags in ("0", "GET", "WRITE|GET"):
        assert table.returned(wrong, table.subset(flags)) == {"ENOMEM"}
    assert table.event("warn")[wrong[:, 0]].all()


@pytest.mark.parametrize("name", STEPS)
def test_callers_fail_on_protnone_only_at_step_b(patched: Patched, ran: Ran, name: str) -> None:
    """What user space sees of step B: no merging, no unmerging, and no node from move_pages()."""
    tree = patched(*STEPS[name][:2])
    factors = frozenset({"level", "entry", "access", "vma", "prot", "page", "mergeable"})
    plain = lay_out(factors, ())

    def outcomes(entry: str, field_name: str, **values: str) -> set[str]:
        table = Table(plain, ran(tree, entry, plain))
        states = table.states(entry="present", access="protnone", vma="anon", **values)
        return {RETURNS[code] for code in np.unique(table.field(field_name)[states[:, 0]])}

    broken = name == "B"
    merging = outcomes("get_mergeable_page", "ret", level="pte", mergeable="yes")
    assert merging == {"null" if broken else "page"}
    stat = "do_pages_stat_array"
    assert outcomes(stat, "out", level="pte") == {"ENOENT" if broken else "1"}
    assert outcomes(stat, "out", level="pmd") == {"EFAULT" if broken else "1"}
    ksm = Table(plain, ran(tree, "break_ksm", plain))
    merged = ksm.states(
        entry="present", access="protnone", page="ksm", vma="anon", prot="rw", level="pte"
    )
    assert not ksm.field("end")[merged[:, 0]].any()
    assert ksm.event("fault_unshare")[merged[:, 0]].any() == (not broken)
