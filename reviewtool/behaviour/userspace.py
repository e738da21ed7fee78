# SPDX-License-Identifier: GPL-2.0-only
"""Which scenarios user space can bring a kernel into, and which of its calls get there with which flags.

Two tables: *states* that a program can make of its own memory (mmap(), mprotect(), madvise(), fork() ...),
each a value for every factor, and *routes*: system calls and files that call a function with flags known
exactly.  A factor that a table does not name has its first value.  `selftest/` has the C of both.

Where a program cannot tell which value a factor has (a dirty flag), all of its values have to give the
same, or the scenario does not count as reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.wording import Scenario, scenario_at
from reviewtool.simulate.domain import FACTOR, Domain

Values = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class State:
    """Memory as a program can make it.

    name:   the C function that makes it, and "-" and the protection that mprotect() then gives it.
    kind:   the first part of name.
    values: what each factor named may then be; more than one where user space cannot tell.
    """

    name: str
    kind: str
    words: str
    values: Values


@dataclass(frozen=True)
class Route:
    """A way from user space into functions of mm.

    name:  the C function that goes it.
    words: the call, and what calls the function then.
    calls: (function, the FOLL_* flags that it gets, no others).
    kinds: the kinds of state that it can be tried on; none: every kind.
    variants: factors that it settles, one way or another.
    """

    name: str
    words: str
    calls: tuple[tuple[str, frozenset[str]], ...]
    kinds: frozenset[str] = frozenset()
    variants: tuple[Values, ...] = ({},)


@dataclass(frozen=True)
class Reached:
    """A scenario that user space can make, and its outcomes before and after, in words."""

    state: str
    route: str
    scenario: Scenario
    before: str
    after: str


@dataclass(frozen=True)
class Candidate:
    """A state and a route that fit a domain; states: rows of Domain.words, one or more; subset: of its flags."""

    state: State
    route: Route
    states: npt.NDArray[np.int64]
    subset: int


def _values(text: str) -> dict[str, frozenset[str]]:
    """Read "level=pte dirty=no/yes"."""
    pairs = (pair.split("=") for pair in text.split())
    return {name: frozenset(values.split("/")) for name, values in pairs}


# What a program cannot tell of its own pages without counting on how a kernel does it.
_UNSURE = _values("dirty=no/yes page_dirty=no/yes")
_PROT_WORDS = {"rw": "", "r": ", then PROT_READ", "none": ", then PROT_NONE"}
# How an entry is mapped under each protection, where writes go through, and where they have to fault.
_PLAIN = {"rw": "rw", "r": "ro", "none": "protnone"}
_COW = {"rw": "ro", "r": "ro", "none": "protnone"}
_EMPTY: dict[str, str] = {}
# How outcomes may differ by what a program cannot tell, and where it does not look.
_SILENT = frozenset(
    {"the entry made dirty", "the page marked dirty", "the page marked accessed", "dirty accounted"}
)


def _states(kind: str, words: str, access: Mapping[str, str], values: str) -> list[State]:
    found = []
    for prot, said in _PROT_WORDS.items():
        own = f"prot={prot} {values}" + (f" access={access[prot]}" if access else "")
        found.append(State(f"{kind}-{prot}", kind, words + said, {**_UNSURE, **_values(own)}))
    return found


STATES: tuple[State, ...] = (
    *_states("small", "an anonymous page that was written", _PLAIN, "level=pte entry=present"),
    *_states("hole", "an address never touched, beside a page that was", _EMPTY, "level=pte entry=none"),
    *_states("zero", "an anonymous page that was only read", _COW, "level=pte entry=zero"),
    *_states("swapped", "an anonymous page after MADV_PAGEOUT", _EMPTY, "level=pte entry=swap"),
    *_states("forked", "an anonymous page that a child shares", _COW, "level=pte entry=present page=anon_shared"),
    *_states("ksm", "a page that KSM merged", _COW, "level=pte entry=present page=ksm"),
    *_states("thp", "a transparent huge page", _PLAIN, "level=pmd entry=present"),
    *_states("thp_ptes", "part of a transparent huge page, mapped by PTEs", _PLAIN,
             "level=pte entry=present folio=large"),
    *_states("huge_zero", "a huge page that was only read", _COW, "level=pmd entry=zero"),
    *_states("pmd_hole", "an address with no page table", _EMPTY, "level=pmd entry=none"),
    *_states("pud_hole", "an address with no PMD table", _EMPTY, "level=pud entry=none"),
    *_states("shared", "a page of a shared memfd mapping", _PLAIN, "level=pte entry=present vma=shared_file page=file"),
    *_states("shared_hole", "a shared memfd mapping, never touched, beside a page that was", _EMPTY,
             "level=pte entry=none vma=shared_file"),
    *_states("private", "a page of a private memfd mapping that was only read", _COW,
             "level=pte entry=present vma=private_file page=file"),
    *_states("private_copy", "a page of a private memfd mapping that was written", _PLAIN,
             "level=pte entry=present vma=private_file"),
    *_states("secret", "a page of a memfd_secret() mapping", _PLAIN, "level=pte entry=present vma=secretmem page=file"),
    *_states("hugetlb", "a private hugetlb page", _PLAIN, "level=hugetlb entry=present vma=hugetlb"),
    *_states("hugetlb_hole", "a private hugetlb mapping, never touched", _EMPTY, "level=hugetlb entry=none vma=hugetlb"),
    State("uffd_wp-rw", "uffd_wp", "an anonymous page that userfaultfd write-protects",
          {**_UNSURE, **_values("level=pte entry=present access=ro uffd=on uffd_wp=yes")}),
    State("soft_clean-rw", "soft_clean", "an anonymous page, its soft-dirty bit cleared",
          {**_UNSURE, **_values("level=pte entry=present access=ro tracking=on soft_dirty=no")}),
)  # fmt: skip
STATE: dict[str, State] = {state.name: state for state in STATES}


def _calls(text: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Read "function:FOLL_A|FOLL_B function:"."""
    pairs = (call.split(":") for call in text.split())
    return tuple((name, frozenset(flags.split("|")) - {""}) for name, flags in pairs)


# States of which smaps shows nothing but the page in question.
_ALONE = frozenset(
    {"small", "zero", "swapped", "thp", "huge_zero", "pmd_hole", "pud_hole"}
    | {"shared", "private", "private_copy"}
)
# A write to what userfaultfd protects waits for somebody to answer.
_WRITTEN = frozenset(state.kind for state in STATES) - {"uffd_wp"}

ROUTES: tuple[Route, ...] = (
    Route("move_pages_query", "move_pages() without nodes: do_pages_stat_array()",
          _calls("do_pages_stat_array: follow_page:FOLL_GET|FOLL_DUMP"), variants=(_values("node=same"), _values("node=other"))),
    Route("move_pages_same", "move_pages() to the node that the page is on: add_page_for_migration()",
          _calls("add_page_for_migration:"), variants=(_values("node=same"),)),
    Route("move_pages_other", "move_pages() to another node: add_page_for_migration()",
          _calls("add_page_for_migration:"), variants=(_values("node=other"),)),
    Route("ksm_merge", "MADV_MERGEABLE and ksmd: get_mergeable_page()",
          _calls("get_mergeable_page: follow_page:FOLL_GET"), frozenset({"small"})),
    Route("ksm_unmerge", "MADV_UNMERGEABLE: break_ksm()",
          _calls("break_cow: break_ksm: follow_page:FOLL_GET"), frozenset({"ksm"})),
    Route("split_huge", "debugfs split_huge_pages: split_huge_pages_pid()",
          _calls("split_huge_pages_pid: follow_page:FOLL_GET"), frozenset({"thp"})),
    Route("smaps", "/proc/self/smaps: smaps_pte_range()", _calls("smaps_pte_range:"), _ALONE),
    Route("mem_read", "read() of /proc/self/mem: get_user_pages_remote()",
          _calls("get_user_pages:FOLL_FORCE get_user_pages_remote:FOLL_FORCE")),
    Route("mem_write", "write() to /proc/self/mem: get_user_pages_remote()",
          _calls("get_user_pages:FOLL_WRITE|FOLL_FORCE get_user_pages_remote:FOLL_WRITE|FOLL_FORCE"), _WRITTEN),
    Route("vm_readv", "process_vm_readv(): pin_user_pages_remote()", _calls("pin_user_pages: pin_user_pages_remote:")),
    Route("vm_writev", "process_vm_writev(): pin_user_pages_remote()",
          _calls("pin_user_pages:FOLL_WRITE pin_user_pages_remote:FOLL_WRITE"), _WRITTEN),
    Route("vm_splice", "vmsplice(): get_user_pages_fast()", _calls("get_user_pages_fast:")),
    Route("direct_write", "write() from it with O_DIRECT: pin_user_pages_fast()", _calls("pin_user_pages_fast:")),
    Route("direct_read", "read() into it with O_DIRECT: pin_user_pages_fast()",
          _calls("pin_user_pages_fast:FOLL_WRITE"), _WRITTEN),
)  # fmt: skip
ROUTE: dict[str, Route] = {route.name: route for route in ROUTES}


def routes_to(function: str) -> tuple[tuple[Route, frozenset[str]], ...]:
    """Return the routes to FUNCTION, each with the flags that it passes."""
    return tuple(
        (route, flags) for route in ROUTES for name, flags in route.calls if name == function
    )


def find_candidates(function: str, domain: Domain) -> tuple[Candidate, ...]:
    """Return what of DOMAIN user space can have FUNCTION run on, in the order of the tables."""
    found: list[Candidate] = []
    for route, flags in routes_to(function):
        place = _place(flags, domain)
        if place is None:
            continue
        for state in STATES:
            if route.kinds and state.kind not in route.kinds:
                continue
            met: set[bytes] = set()  # variants are one where the domain does not know their factors
            for variant in route.variants:
                settled = {**state.values, **variant, "also": frozenset({place[0]})}
                rows = _rows(settled, domain)
                if len(rows) and rows.tobytes() not in met:
                    met.add(rows.tobytes())
                    found.append(Candidate(state, route, rows, place[1]))
    return tuple(found)


def _place(flags: frozenset[str], domain: Domain) -> tuple[str, int] | None:
    """Return the value of "also" and the flag subset that are exactly FLAGS; None where they were not swept.

    A flag that the code never names makes no difference.
    """
    alone = [n + 1 for n, flag in enumerate(domain.also) if flag in flags]
    if len(alone) > 1 or any(flag in domain.cut for flag in flags):
        return None
    subset = sum(1 << bit for bit, flag in enumerate(domain.flags) if flag in flags)
    return (f"flag{alone[0]}" if alone else "none"), subset


def _rows(values: Values, domain: Domain) -> npt.NDArray[np.int64]:
    rows = np.arange(len(domain.words))
    # What few states have comes first: the rest is looked up for those that are left.
    for name in sorted(domain.columns, key=lambda name: name not in ("level", "entry", "access")):
        factor = FACTOR[name]
        wanted = values.get(name, frozenset({factor.values[0].name}))
        allowed = np.zeros(256, np.bool_)
        allowed[[factor.code_of(value) for value in wanted]] = True
        rows = rows[allowed[domain.columns[name][rows]]]
    return rows


Say = Callable[[int, int], tuple[str, str]]


def find_reached(
    candidates: tuple[Candidate, ...],
    domain: Domain,
    inside: npt.NDArray[np.bool_],
    row_of: npt.NDArray[np.int32],
    say: Say,
) -> tuple[Reached, ...]:
    """Return which CANDIDATES are in a group of scenarios, and what comes of them.

    inside: which scenarios are in the group, of shape (rows, flag subsets); row_of: the row of each state.
    say:    gives the outcomes of a row and subset in words, before and after.
    """
    found = []
    for candidate in candidates:
        rows = np.unique(row_of[candidate.states])
        if not inside[rows, candidate.subset].all():
            continue
        said = [say(int(row), candidate.subset) for row in rows]
        if len({(_audible(before), _audible(after)) for before, after in said}) == 1:
            word = int(domain.words[candidate.states[0]])
            before, after = say(int(row_of[candidate.states[0]]), candidate.subset)
            scenario = scenario_at(domain, word, candidate.subset)
            names = (candidate.state.name, candidate.route.name)
            found.append(Reached(*names, scenario, before, after))
    return tuple(found)


def _audible(words: str) -> tuple[str, ...]:
    return tuple(part for part in words.split(", ") if part not in _SILENT)
