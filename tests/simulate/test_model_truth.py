# SPDX-License-Identifier: GPL-2.0-only
"""The bundled model, held to outcomes that were observed on real kernels.

Source: tables of follow_page() outcomes read off Linux 6.1.192 (PTE level, 226,492,416 states) and
observed on a booted one (4,004 calls).  Steps of the story: A is v6.0, B v6.1 to v6.5-rc3 (the
bundled model), C the first patch of July 2023, D what was merged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from reviewtool.behaviour.wording import scenario_at
from reviewtool.simulate.domain import FACTOR, Domain, column, lay_out
from reviewtool.simulate.record import CHANGES, EVENTS, RETURNS, event, field
from reviewtool.simulate.sweep import Swept
from reviewtool.tree.snapshot import Snapshot

Patched = Callable[[str, int], Snapshot]
Ran = Callable[[Snapshot, str, Domain], Swept]
WalkDomain = Callable[[tuple[str, ...]], Domain]
Mask = npt.NDArray[np.bool_]

# step -> the sample that leads there, how many of its patches, the flag that asks for NUMA faults
STEPS = {
    "A": ("factor-out-protnone.patch", 1, "FOLL_NUMA"),
    "B": ("factor-out-protnone.patch", 0, "FOLL_NUMA"),
    "C": ("follow-page-v1.mbox", 2, "FOLL_NUMA"),
    "D": ("honor-numa-fault.mbox", 2, "FOLL_HONOR_NUMA_FAULT"),
}


@dataclass(frozen=True)
class Table:
    """Every outcome of an entry; `ret` and the like have shape (states, subsets)."""

    domain: Domain
    swept: Swept

    def states(self, **values: str) -> Mask:
        """Return which states have factors at one of the values, shape (states, 1)."""
        mask = np.ones(len(self.domain.words), np.bool_)
        for name, wanted in values.items():
            mask &= np.isin(
                self.domain.columns[name], [FACTOR[name].code_of(value) for value in wanted.split()]
            )
        return mask[:, None]

    def has(self, flag: str) -> Mask:
        """Return which subsets hold FLAG, shape (1, subsets)."""
        subsets = np.arange(1 << len(self.domain.flags))
        held: Mask = (subsets >> self.domain.flags.index(flag) & 1 == 1)[None, :]
        return held

    @property
    def numbers(self) -> npt.NDArray[np.uint16]:
        return self.swept.rows[self.swept.row_of]

    def field(self, name: str) -> npt.NDArray[np.int16]:
        return field(self.swept.records, name)[self.numbers]

    def event(self, name: str) -> Mask:
        return event(self.swept.records, name)[self.numbers]

    def returned(self, states: Mask, subset: int) -> set[str]:
        """Return the kinds of value that STATES give with the flags of SUBSET."""
        numbers = self.numbers[states[:, 0], subset]
        assert numbers.size, "no such state"
        assert not field(self.swept.records, "end")[numbers].any(), "not every run returned"
        return {RETURNS[code] for code in np.unique(field(self.swept.records, "ret")[numbers])}

    def subset(self, flags: str) -> int:
        """Return the subset with FLAGS, written as in tables: "GET|DUMP", "0"."""
        names = [] if flags == "0" else [f"FOLL_{name}" for name in flags.split("|")]
        return sum(1 << self.domain.flags.index(name) for name in names)


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


def forced(table: Table) -> Mask:
    """Where FOLL_FORCE makes up for a missing write bit: note (2) of the table."""
    return (
        table.states(
            vma="anon private_file nofault hugetlb",
            prot="r x none",
            maywrite="yes",
            page="anon_exclusive",
        )
        & ~(table.states(tracking="on") & table.states(soft_dirty="no"))
        & ~table.states(uffd_wp="yes")
    )


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


RULE_FLAGS = (
    "FOLL_WRITE",
    "FOLL_GET",
    "FOLL_FORCE",
    "FOLL_DUMP",
    "FOLL_PIN",
    "FOLL_TOUCH",
    "FOLL_SPLIT_PMD",
)


@pytest.fixture(scope="module", params=["follow_page", "follow_page_mask"])
def base(
    request: pytest.FixtureRequest, patched: Patched, ran: Ran, walk_domain: WalkDomain
) -> tuple[str, Table]:
    domain = walk_domain(RULE_FLAGS)
    return request.param, Table(domain, ran(patched("", 0), request.param, domain))


def expected(entry: str, table: Table) -> npt.NDArray[np.int16]:
    """Return the value that the first of the observed rules to match gives, for every scenario.

    Where v6.5-rc3 differs from what was observed on 6.1, its source decides: hugetlb has a helper
    of its own, nobody waits for migration entries, and huge entries take FOLL_GET|FOLL_PIN as GET.
    """
    is_, has = table.states, table.has
    get, pin, write, force, dump = (
        has(f"FOLL_{name}") for name in ("GET", "PIN", "WRITE", "FORCE", "DUMP")
    )
    hole = np.where(
        dump & is_(vma="anon pfnmap io nofault"), RETURNS.index("EFAULT"), RETURNS.index("null")
    )
    thp = is_(level="pmd", entry="present zero")
    split = thp & has("FOLL_SPLIT_PMD")
    pte = is_(level="pte") | split
    huge_devmap = is_(level="pmd pud", entry="devmap")
    protnone = is_(access="protnone", entry="present zero special devmap")
    cannot_write = write & ~is_(access="rw") & ~(force & forced(table) & is_(entry="present"))
    code = {name: np.int16(RETURNS.index(name)) for name in RETURNS}
    rules: list[tuple[Mask, npt.NDArray[np.int64] | np.int16]] = [
        ((pin | is_(vma="secretmem")) & (entry == "follow_page"), code["null"]),  # 1
        (is_(level="hugetlb") & (pin | ~is_(entry="present")), code["null"]),  # 2
        (is_(level="hugetlb"), code["page"]),
        (is_(level="pgd p4d pud pmd", entry="none bad"), hole),  # 3
        (thp & protnone & ~force, hole),  # 10, at PMD level
        (pte & get & pin, code["EINVAL"]),  # 4
        (is_(level="pmd", entry="migration"), hole),  # 6
        (is_(level="pte", entry="none"), hole),  # 7
        (is_(entry="swap migration hwpoison device_private marker"), code["null"]),  # 5, 8
        (huge_devmap & cannot_write, hole),  # 9
        (huge_devmap & (get | pin) & is_(pgmap="gone"), code["EFAULT"]),
        (huge_devmap & (get | pin), code["device_page"]),
        (huge_devmap, code["EEXIST"]),
        (protnone & ~force, code["null"]),  # 10, at PTE level
        (cannot_write, code["null"]),  # 11
        (is_(entry="devmap") & (get | pin) & is_(pgmap="gone"), code["null"]),
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
        (is_(entry="present"), code["page"]),
    ]
    shape = (len(table.domain.words), 1 << len(table.domain.flags))
    values = np.full(shape, -1, np.int16)
    for number, (where, value) in enumerate(rules):
        mask = np.broadcast_to(where, shape) & (values == -1)
        if entry == "follow_page_mask" and number:
            assert mask.any(), f"no scenario for rule {number}"
        values[mask] = np.broadcast_to(value, shape)[mask]
    assert not (values == -1).any(), "a scenario that no rule speaks of"
    return values


def counted_pages(table: Table) -> Mask:
    """Every state but those whose page only a caller with FOLL_PCI_P2PDMA may have."""
    return ~table.states(page="p2pdma")


def test_every_scenario_is_as_the_first_observed_rule_says(base: tuple[str, Table]) -> None:
    entry, table = base
    assert not table.field("end").any()
    differ = (table.field("ret") != expected(entry, table)) & counted_pages(table)
    if differ.any():
        state, subset = np.argwhere(differ)[0]
        scenario = scenario_at(table.domain, int(table.domain.words[state]), int(subset))
        got, wanted = (
            RETURNS[table.field("ret")[state, subset]],
            RETURNS[expected(entry, table)[state, subset]],
        )
        pytest.fail(f"{differ.sum()} scenarios differ; {scenario.words}: {got} instead of {wanted}")


def test_get_takes_one_reference_and_pin_takes_a_pin(base: tuple[str, Table]) -> None:
    _, table = base
    page = np.isin(
        table.field("ret"), [RETURNS.index(name) for name in RETURNS if name.endswith("page")]
    )
    get, pin = table.has("FOLL_GET"), table.has("FOLL_PIN")
    split = table.states(level="pmd", entry="present") & table.has("FOLL_SPLIT_PMD")
    large = table.states(level="pmd hugetlb", entry="present zero") | split
    small_zero = table.field("ret") == RETURNS.index("zero_page")
    refs = np.where(page & (get | (pin & large & ~small_zero)), 1, 0)
    pins = np.where(page & pin & ~get & ~small_zero, 1, 0)
    assert np.array_equal(table.field("refs"), refs)
    assert np.array_equal(table.field("pins"), pins)


def test_touch_dirties_an_entry_only_where_no_page_is_there(base: tuple[str, Table]) -> None:
    _, table = base
    pte = np.broadcast_to(table.states(level="pte"), table.numbers.shape)
    nothing_there = table.field("ret") == RETURNS.index("EEXIST")
    dirties = (table.field("entry") >> CHANGES.index("dirty") & 1) == 1
    touches = nothing_there & table.has("FOLL_TOUCH") & table.has("FOLL_WRITE")
    assert np.array_equal(dirties[pte], touches[pte])
    accessed = table.event("accessed")
    assert not (accessed & ~table.has("FOLL_TOUCH")).any()


def test_the_walk_neither_faults_nor_waits_nor_leaks(base: tuple[str, Table]) -> None:
    entry, table = base
    for name in EVENTS:
        if name.startswith(
            ("fault_", "wait_", "lock_", "slept_atomic", "mmap_lock", "unlocked", "isolated")
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


def test_warnings_are_those_observed(base: tuple[str, Table]) -> None:
    entry, table = base
    pin, get = table.has("FOLL_PIN"), table.has("FOLL_GET")
    if entry == "follow_page":
        wanted = pin & ~table.states(vma="secretmem")
    else:
        einval = table.field("ret") == RETURNS.index("EINVAL")
        wanted = (table.states(level="hugetlb") & pin) | (einval & pin & get)
    assert np.array_equal(table.event("warn"), np.broadcast_to(wanted, table.numbers.shape))


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
