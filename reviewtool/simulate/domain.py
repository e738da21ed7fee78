# SPDX-License-Identifier: GPL-2.0-only
"""The factors that make a scenario, their values in kernel terms, and which go together.

A scenario is a *state* (one value of every factor, packed into a 64-bit state word that the C
harness unpacks) and a *subset* of the FOLL_* flags.  This file is the only place that declares
factors: the harness's scenario.h is generated from it, so a value cannot mean one thing here and
another there.

A factor is in play for an entry when the code that the entry reaches names one of the factor's
readers; factors without readers always are.  Others keep their first value, which is the most
ordinary one, so that a minimal witness is the one with the most first values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Value:
    """One value of a factor: its name in options and files, and how a sentence says it."""

    name: str
    words: str


@dataclass(frozen=True)
class Factor:
    """One thing about the machine that differs between scenarios.

    subject: what the sentence is about ("the entry", "the VMA").
    readers: identifiers whose use by the reviewed code puts the factor in play; empty means always.
    groups:  sets of values that have words of their own, largest first.
    """

    name: str
    subject: str
    values: tuple[Value, ...]
    readers: tuple[str, ...] = ()
    groups: tuple[tuple[frozenset[str], str], ...] = ()

    def code_of(self, value: str) -> int:
        """Return the number of VALUE.  Raises: KeyError if the factor has no such value."""
        for code, known in enumerate(self.values):
            if known.name == value:
                return code
        raise KeyError(value)


def _factor(
    name: str,
    subject: str,
    *values: tuple[str, str],
    readers: tuple[str, ...] = (),
    groups: tuple[tuple[str, str], ...] = (),
) -> Factor:
    named = tuple((frozenset(members.split()), words) for members, words in groups)
    return Factor(name, subject, tuple(Value(*value) for value in values), readers, named)


FACTORS: tuple[Factor, ...] = (
    _factor(
        "level", "the walk",
        ("pte", "ends at PTE level"), ("pmd", "ends at PMD level"), ("pud", "ends at PUD level"),
        ("p4d", "ends at P4D level"), ("pgd", "ends at PGD level"), ("hugetlb", "is in hugetlb"),
    ),
    _factor(
        "entry", "the entry",
        ("present", "maps a page"), ("none", "is empty"), ("zero", "maps the zero page"),
        ("special", "maps a frame without a struct page"), ("devmap", "maps device memory (devmap)"),
        ("swap", "is a swap entry"), ("migration", "is a migration entry"),
        ("hwpoison", "is a hwpoison entry"), ("device_private", "is a device-private entry"),
        ("marker", "is a uffd-wp marker"), ("bad", "is bad"),
        groups=(("present zero special devmap", "is present"), ("none swap migration hwpoison device_private marker bad", "is not present"),
                ("swap migration hwpoison device_private marker", "is a swap, migration, hwpoison, device-private or marker entry"),
                ("none bad", "is empty or bad"), ("zero special devmap", "is special"),
                ("present devmap", "maps a page or device memory"), ("present zero", "maps a page or the zero page")),
    ),
    _factor("access", "the entry", ("rw", "is R/W"), ("ro", "is R/O"), ("protnone", "is PROT_NONE")),
    _factor("dirty", "the entry", ("no", "is clean"), ("yes", "is dirty")),
    _factor("young", "the entry", ("yes", "is young"), ("no", "is old")),
    _factor("soft_dirty", "the entry", ("yes", "is soft-dirty"), ("no", "is not soft-dirty")),
    _factor("uffd_wp", "the entry", ("no", "is not uffd-wp"), ("yes", "is uffd-wp")),
    _factor(
        "vma", "the VMA",
        ("anon", "is anonymous"), ("private_file", "is a private file mapping"),
        ("shared_file", "is a shared file mapping"), ("secretmem", "is secretmem"),
        ("pfnmap", "is VM_PFNMAP"), ("mixedmap", "is VM_MIXEDMAP"), ("io", "is VM_IO"),
        ("nofault", "has vm_ops without ->fault"), ("hugetlb", "is hugetlb"),
        groups=(("anon pfnmap io nofault", "is anonymous or has no ->fault"),
                ("private_file shared_file secretmem mixedmap hugetlb", "is a file mapping with ->fault"),
                ("shared_file secretmem pfnmap mixedmap io", "is shared"), ("anon private_file", "is private")),
    ),
    _factor(
        "prot", "the VMA",
        ("rw", "is VM_READ|VM_WRITE"), ("r", "is VM_READ only"), ("w", "is VM_WRITE only"),
        ("x", "is VM_EXEC only"), ("none", "is inaccessible (no VM_READ, VM_WRITE, VM_EXEC)"),
        groups=(("rw r w x", "is accessible"), ("r x none", "lacks VM_WRITE"), ("rw w", "has VM_WRITE"),
                ("rw r", "has VM_READ"), ("w x none", "lacks VM_READ")),
    ),
    _factor("maywrite", "the VMA", ("yes", "has VM_MAYWRITE"), ("no", "lacks VM_MAYWRITE")),
    _factor("mayread", "the VMA", ("yes", "has VM_MAYREAD"), ("no", "lacks VM_MAYREAD"), readers=("VM_MAYREAD",)),
    _factor("tracking", "soft-dirty tracking", ("off", "is off"), ("on", "is on")),
    _factor("uffd", "userfaultfd-wp", ("off", "is not registered"), ("on", "is registered")),
    _factor(
        "page", "the page",
        ("anon_exclusive", "is anonymous and exclusive"), ("anon_shared", "is anonymous and shared"),
        ("ksm", "is a KSM page"), ("file", "is a file page"), ("p2pdma", "is a PCI P2PDMA page"),
        groups=(("anon_exclusive anon_shared ksm", "is anonymous"), ("file p2pdma", "is not anonymous"),
                ("anon_shared ksm", "is anonymous and not exclusive"), ("anon_shared ksm file p2pdma", "is not exclusive")),
    ),
    _factor("folio", "the folio", ("small", "is small"), ("large", "is large")),
    _factor("page_dirty", "the page", ("no", "is clean"), ("yes", "is dirty")),
    _factor(
        "refcount", "the refcount",
        ("normal", "is positive"), ("zero", "is zero"), ("negative", "has overflowed"),
        groups=(("zero negative", "is not positive"),),
    ),
    _factor("pgmap", "the dev_pagemap", ("alive", "is alive"), ("gone", "is gone")),
    _factor(
        "other_cpu", "another CPU",
        ("idle", "does nothing"), ("clears", "clears the entry before the lock is taken"),
        ("splits", "splits the huge PMD before the lock is taken"),
        ("migrates", "starts to migrate the page before the lock is taken"),
        ("frees_table", "frees the page table before the lock is taken"),
        ("replaces", "replaces the huge page before the lock is taken"),
        groups=(("clears migrates frees_table", "takes the entry away before the lock is taken"),
                ("clears migrates", "clears or migrates the entry before the lock is taken"),
                ("idle splits replaces", "leaves a page mapped"), ("idle splits", "leaves the page mapped"),
                ("clears splits migrates frees_table replaces", "changes the entry before the lock is taken"),
                ("clears splits migrates frees_table", "takes away or splits the entry before the lock is taken")),
    ),
    _factor(
        "mergeable", "the VMA", ("yes", "is VM_MERGEABLE"), ("no", "is not VM_MERGEABLE"),
        readers=("VM_MERGEABLE",),
    ),
    _factor(
        "node", "the page", ("other", "is on another node"), ("same", "is on the node asked for"),
        readers=("page_to_nid", "folio_nid", "nid"),
    ),
    _factor(
        "fault", "a page fault",
        ("resolves", "resolves"), ("oom", "runs out of memory"), ("sigbus", "ends in SIGBUS"),
        ("hwpoison", "hits a poisoned page"), ("retry", "has to be retried"),
        ("completed", "resolves and drops the mmap_lock"),
        readers=("handle_mm_fault",),
    ),
    _factor(
        "signal", "a fatal signal", ("none", "is not pending"), ("fatal", "is pending"),
        readers=("fatal_signal_pending", "signal_pending", "fatal_signal", "signal", "down_read_killable"),
    ),
    _factor("argument", "the bool argument", ("false", "is false"), ("true", "is true"), readers=("bool argument",)),
    # Flags beyond the ones whose every subset is tried are passed one at a time: value N of this
    # factor is the Nth of them (Domain.also); "none" is none of them.
    _factor("also", "the flags", ("none", "hold nothing else"), *((f"flag{n}", f"hold flag {n}") for n in range(1, 16)),
            readers=("more flags",)),
    _factor("pages", "the page array", ("array", "is passed"), ("null", "is NULL"), readers=("struct page **",)),
    _factor("write_bit", "the entry", ("lost", "has no write bit while PROT_NONE"), ("kept", "keeps its write bit while PROT_NONE"),
            readers=("CONFIG_PROTNONE_KEEPS_WRITE",)),
    _factor(
        "range", "the range",
        ("one", "holds one page"), ("next_present", "goes on to a mapped page"),
        ("next_none", "goes on to an empty entry"), ("next_vma", "goes on into another VMA"),
        ("denied", "goes on into an inaccessible VMA"), ("hole", "goes on into a hole"),
        readers=("number of pages",),
        groups=(("next_present next_none next_vma denied hole", "holds two pages"),
                ("denied hole", "goes on where nothing may be looked up"),
                ("next_vma denied hole", "goes on behind the VMA")),
    ),
    _factor(
        "waiting", "another CPU",
        ("idle", "does nothing while the code waits"), ("clears", "clears the entry while the code waits or faults"),
        ("unmaps", "unmaps the VMA while the mmap_lock is dropped"),
        readers=("handle_mm_fault", "hugetlb_fault", "migration_entry_wait", "pmd_migration_entry_wait"),
        groups=(("clears unmaps", "takes the entry away while the code waits"),),
    ),
    _factor(
        "lockless", "another CPU",
        ("idle", "leaves a PTE alone that was read without its lock"),
        ("clears", "clears the PTE after it was read without its lock"),
        ("migrates", "starts to migrate the page after its PTE was read without the lock"),
        ("replaces", "replaces the page after its PTE was read without the lock"),
        readers=("ptep_get_lockless",),
        groups=(("clears migrates replaces", "changes the PTE after it was read without its lock"),),
    ),
    _factor(
        "pinnable", "the page",
        ("yes", "may be pinned for long"), ("moves", "is in ZONE_MOVABLE and can be moved"),
        ("stuck", "is in ZONE_MOVABLE and CMA and cannot be moved"),
        ("busy", "is in ZONE_MOVABLE and CMA and off the LRU for a moment"),
        ("cma", "is in CMA and can be moved"), ("coherent", "is coherent device memory"),
        ("next", "may be pinned for long, the second one is in ZONE_MOVABLE and CMA"),
        readers=("is_migrate_cma_page", "is_zone_movable_page", "folio_is_zone_movable", "get_pageblock_migratetype",
                 "folio_migratetype", "is_device_coherent_page", "folio_is_device_coherent"),
        groups=(("moves stuck busy cma coherent", "may not be pinned for long where it is"),
                ("moves stuck busy", "is in ZONE_MOVABLE"), ("moves busy cma coherent", "can be moved"),
                ("yes next", "may be pinned for long")),
    ),
    _factor(
        "leaf", "the huge page", ("pmd", "is mapped by a PMD"), ("pud", "is mapped by a PUD"), ("pgd", "is mapped by a PGD (on no x86-64)"),
        readers=("gup_huge_pud", "gup_fast_pud_leaf", "gup_huge_pgd", "gup_fast_pgd_leaf"),
        groups=(("pud pgd", "is larger than a PMD's"),),
    ),
)  # fmt: skip

FACTOR: dict[str, Factor] = {factor.name: factor for factor in FACTORS}


def _places() -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    shift = 0
    for factor in FACTORS:
        width = max(1, (len(factor.values) - 1).bit_length())
        places[factor.name] = (shift, width)
        shift += width
    if shift > 64:
        raise AssertionError("a state word has 64 bits")
    return places


# Where each factor lies in a state word: name -> (shift, width), in bits.
PLACES: dict[str, tuple[int, int]] = _places()


def scenario_header() -> str:
    """Return the C header with an enum constant for every value and a reader for every factor."""
    lines = [
        "/* Generated from domain.py. */",
        "#ifndef HARNESS_SCENARIO_H",
        "#define HARNESS_SCENARIO_H",
    ]
    for factor in FACTORS:
        shift, width = PLACES[factor.name]
        names = ", ".join(f"{factor.name.upper()}_{value.name}" for value in factor.values)
        lines.append(f"enum {{ {names} }};")
        lines.append(
            f"#define STATE_{factor.name}(state) (((state) >> {shift}) & {(1 << width) - 1}ul)"
        )
    # The lazy run knows factors by number (lazy.c); most state words have fewer values than bits.
    places = ", ".join(f"{{ {PLACES[f.name][0]}, {PLACES[f.name][1]} }}" for f in FACTORS)
    lines += [
        f"#define FACTOR_PLACES {{ {places} }}",
        "enum { "
        + ", ".join(f"FACTOR_{f.name} = {number}" for number, f in enumerate(FACTORS))
        + " };",
    ]
    return "\n".join([*lines, "#endif", ""])


def column(words: Words, name: str) -> Codes:
    """Return the codes of factor NAME in each of the state WORDS (shape kept)."""
    shift, width = PLACES[name]
    return ((words >> np.uint64(shift)) & np.uint64((1 << width) - 1)).astype(np.uint8)


def pack(codes: dict[str, int]) -> int:
    """Return the state word with CODES, and 0 (the first value) for every factor not named."""
    return sum(code << PLACES[name][0] for name, code in codes.items())


def unpack(word: int) -> dict[str, str]:
    """Return the value name of every factor in state WORD."""
    return {
        factor.name: factor.values[
            (word >> PLACES[factor.name][0]) & ((1 << PLACES[factor.name][1]) - 1)
        ].name
        for factor in FACTORS
    }


Asks = Callable[..., Rows]


class _Is:
    """Answers "which rows have factor F at one of these values" over columns of codes."""

    def __init__(self, columns: dict[str, Codes]) -> None:
        self._columns = columns

    def __call__(self, name: str, *values: str) -> Rows:
        wanted = [FACTOR[name].code_of(value) for value in values]
        return np.isin(self._columns[name], wanted)


@dataclass(frozen=True)
class Validity:
    """One rule on which values go together; `allows` marks the rows that keep it.

    needs: the factors that the rule looks at; it is applied as soon as all are laid out.
    """

    reason: str
    needs: tuple[str, ...]
    allows: Callable[[_Is], Rows]


def _leaf(is_: _Is) -> Rows:
    return is_("entry", "present", "zero", "special", "devmap")


def _rule(reason: str, needs: str, allows: Callable[[_Is], Rows]) -> Validity:
    return Validity(reason, tuple(needs.split()), allows)


VALIDITY: tuple[Validity, ...] = (
    _rule("each level has its own kinds of entry", "level entry", lambda is_: (
        (is_("level", "pte") & ~is_("entry", "bad"))
        | (is_("level", "pmd") & is_("entry", "none", "bad", "present", "zero", "devmap", "migration"))
        | (is_("level", "pud") & is_("entry", "none", "bad", "devmap"))
        | (is_("level", "p4d", "pgd") & is_("entry", "none", "bad"))
        | (is_("level", "hugetlb") & is_("entry", "none", "present", "migration", "hwpoison"))
    )),
    _rule("only a present entry has protection bits", "entry access",
          lambda is_: _leaf(is_) | is_("access", "rw")),
    _rule("the zero page is never mapped R/W", "entry access",
          lambda is_: ~is_("entry", "zero") | ~is_("access", "rw")),
    _rule("only a present entry has a dirty bit", "entry dirty", lambda is_: _leaf(is_) | is_("dirty", "no")),
    _rule("the zero page is never dirty", "entry dirty", lambda is_: ~is_("entry", "zero") | is_("dirty", "no")),
    _rule("only a present entry has a young bit", "entry young", lambda is_: _leaf(is_) | is_("young", "yes")),
    _rule("only a present entry has a soft-dirty bit", "entry soft_dirty",
          lambda is_: _leaf(is_) | is_("soft_dirty", "yes")),
    _rule("a dirty entry is soft-dirty", "dirty soft_dirty",
          lambda is_: is_("soft_dirty", "yes") | is_("dirty", "no")),
    _rule("only a present entry has a uffd-wp bit here", "entry uffd_wp",
          lambda is_: _leaf(is_) | is_("uffd_wp", "no")),
    _rule("an entry is uffd-wp only where userfaultfd-wp is registered, and then not R/W", "uffd_wp uffd access",
          lambda is_: is_("uffd_wp", "no") | (is_("uffd", "on") & ~is_("access", "rw"))),
    _rule("hugetlb entries are in hugetlb VMAs", "level vma",
          lambda is_: is_("level", "hugetlb") == is_("vma", "hugetlb")),
    _rule("soft-dirty bits matter only where tracking is on", "soft_dirty tracking",
          lambda is_: is_("soft_dirty", "yes") | is_("tracking", "on")),
    _rule("an R/W entry needs a VMA with VM_WRITE", "access entry prot",
          lambda is_: ~_leaf(is_) | ~is_("access", "rw") | is_("prot", "rw", "w")),
    _rule("an entry in an inaccessible VMA is PROT_NONE", "entry access prot",
          lambda is_: ~_leaf(is_) | ~is_("prot", "none") | is_("access", "protnone")),
    _rule("VM_READ implies VM_MAYREAD, and a lack of it comes to plain entries of file mappings",
          "prot mayread vma maywrite dirty young page_dirty tracking uffd refcount other_cpu fault signal",
          lambda is_: is_("mayread", "yes") | (is_("prot", "w", "x", "none") & is_("vma", "private_file", "shared_file")
          & is_("maywrite", "yes") & is_("dirty", "no") & is_("young", "yes") & is_("page_dirty", "no") & is_("tracking", "off")
          & is_("uffd", "off") & is_("refcount", "normal") & is_("other_cpu", "idle") & is_("fault", "resolves") & is_("signal", "none"))),
    _rule("VM_WRITE implies VM_MAYWRITE", "prot maywrite",
          lambda is_: is_("maywrite", "yes") | ~is_("prot", "rw", "w")),
    _rule("PFNMAP and IO mappings hold raw frames only", "entry vma",
          lambda is_: ~is_("vma", "pfnmap", "io") | is_("entry", "none", "special", "bad", "swap")),
    _rule("raw frames are in PFNMAP, MIXEDMAP, IO mappings or mappings without ->fault", "entry vma",
          lambda is_: ~is_("entry", "special") | is_("vma", "pfnmap", "mixedmap", "io", "nofault")),
    _rule("the zero page is in private mappings", "entry vma",
          lambda is_: ~is_("entry", "zero") | is_("vma", "anon", "private_file")),
    _rule("device memory is in file mappings", "entry vma",
          lambda is_: ~is_("entry", "devmap") | is_("vma", "private_file", "shared_file", "mixedmap")),
    _rule("swapped and device-private pages are anonymous, or shmem's", "entry vma",
          lambda is_: ~is_("entry", "device_private") | is_("vma", "anon", "private_file")),
    _rule("a secretmem or PFN mapping is never split-tracked by userfaultfd", "vma uffd",
          lambda is_: is_("uffd", "off") | is_("vma", "anon", "private_file", "shared_file")),
    _rule("what is mapped has a page only for present and devmap entries", "entry page",
          lambda is_: is_("entry", "present", "devmap") | is_("page", "anon_exclusive")),
    _rule("device memory has no anonymous pages here", "entry page",
          lambda is_: ~is_("entry", "devmap") | is_("page", "file")),
    _rule("anonymous pages are in private mappings", "entry page vma",
          lambda is_: ~is_("entry", "present") | ~is_("page", "anon_exclusive", "anon_shared")
          | is_("vma", "anon", "private_file", "hugetlb")),
    _rule("file pages are in file mappings", "page vma entry", lambda is_: ~is_("page", "file")
          | ~is_("entry", "present") | is_("vma", "private_file", "shared_file", "mixedmap", "nofault", "secretmem", "hugetlb")),
    _rule("KSM pages are small, in anonymous memory", "level page vma",
          lambda is_: ~is_("page", "ksm") | (is_("level", "pte") & is_("vma", "anon", "private_file"))),
    _rule("pages that fork() or KSM shared are in mappings that may be written", "page maywrite entry",
          lambda is_: ~is_("page", "anon_shared", "ksm") | is_("maywrite", "yes")),
    _rule("P2PDMA pages are in MIXEDMAP mappings, by PTE", "level page vma",
          lambda is_: ~is_("page", "p2pdma") | (is_("level", "pte") & is_("vma", "mixedmap"))),
    _rule("a shared anonymous page, a KSM page or a private mapping's file page is never mapped R/W",
          "entry access page vma", lambda is_: ~is_("entry", "present") | ~is_("access", "rw")
          | (~is_("page", "anon_shared", "ksm") & ~(is_("page", "file") & is_("vma", "private_file")))),
    _rule("only a PTE can map part of a large folio; a huge one is large anyway", "level entry folio page",
          lambda is_: is_("folio", "small")
          | (is_("level", "pte") & is_("entry", "present") & is_("page", "anon_exclusive", "anon_shared", "file"))),
    _rule("only a page has a dirty flag", "entry page_dirty",
          lambda is_: is_("entry", "present", "devmap") | is_("page_dirty", "no")),
    _rule("only a page has a refcount that can be wrong", "entry refcount",
          lambda is_: is_("entry", "present", "devmap") | is_("refcount", "normal")),
    _rule("a page with a wrong refcount is clean, not tracked, and its entry young", "refcount page_dirty tracking uffd young dirty",
          lambda is_: is_("refcount", "normal") | (is_("page_dirty", "no") & is_("tracking", "off")
          & is_("uffd", "off") & is_("young", "yes") & is_("dirty", "no"))),
    _rule("only device memory has a dev_pagemap", "entry pgmap",
          lambda is_: is_("entry", "devmap") | is_("pgmap", "alive")),
    _rule("what another CPU does needs something to be done to", "level entry other_cpu", lambda is_: (
        is_("other_cpu", "idle")
        | (is_("other_cpu", "clears", "splits", "migrates") & is_("level", "pmd") & is_("entry", "present"))
        | (is_("other_cpu", "clears", "splits") & is_("level", "pmd") & is_("entry", "zero"))
        | (is_("other_cpu", "clears") & is_("level", "pmd", "pud") & is_("entry", "devmap"))
        | (is_("other_cpu", "frees_table") & is_("level", "pte"))
        | (is_("other_cpu", "replaces") & is_("level", "pmd") & is_("entry", "present"))
    )),
    _rule("a huge page is replaced by another of the process's own", "other_cpu page",
          lambda is_: ~is_("other_cpu", "replaces") | is_("page", "anon_exclusive")),
    _rule("another CPU acts on entries and pages that are plain: clean, not tracked, counted right",
          "other_cpu dirty young page_dirty tracking uffd refcount", lambda is_: is_("other_cpu", "idle")
          | (is_("dirty", "no") & is_("young", "yes") & is_("page_dirty", "no") & is_("tracking", "off")
          & is_("uffd", "off") & is_("refcount", "normal"))),
    _rule("userfaultfd-wp and soft-dirty tracking are not on at once", "tracking uffd",
          lambda is_: is_("tracking", "off") | is_("uffd", "off")),
    _rule("a fault that fails, or a signal, comes to plain, clean, untracked entries", "fault signal dirty tracking uffd "
          "refcount page_dirty other_cpu folio young soft_dirty", lambda is_: (is_("fault", "resolves") & is_("signal", "none"))
          | ((is_("fault", "resolves") | is_("signal", "none")) & is_("dirty", "no") & is_("tracking", "off")
          & is_("uffd", "off") & is_("refcount", "normal") & is_("page_dirty", "no") & is_("other_cpu", "idle")
          & is_("folio", "small") & is_("young", "yes") & is_("soft_dirty", "yes"))),
    _rule("a second page, and what another CPU does meanwhile, come to plain, clean, untracked entries",
          "range waiting lockless dirty young soft_dirty page_dirty tracking uffd refcount other_cpu folio signal maywrite argument "
          "pinnable",
          lambda is_: (is_("range", "one") & is_("waiting", "idle") & is_("lockless", "idle"))
          | (is_("dirty", "no") & is_("young", "yes") & is_("soft_dirty", "yes") & is_("page_dirty", "no")
          & is_("tracking", "off") & is_("uffd", "off") & is_("refcount", "normal") & is_("other_cpu", "idle")
          & (is_("folio", "small") | is_("pinnable", "next")) & is_("signal", "none") & is_("maywrite", "yes")
          & is_("argument", "false"))),
    _rule("only one of them at a time", "range waiting lockless", lambda is_: (
        (is_("range", "one") & is_("waiting", "idle")) | (is_("range", "one") & is_("lockless", "idle"))
        | (is_("waiting", "idle") & is_("lockless", "idle")))),
    _rule("a range goes on in a page table, or inside of a huge page; past a VMA's end only in a page table",
          "range level entry", lambda is_: is_("range", "one") | is_("level", "pte")
          | (is_("range", "next_present") & is_("level", "pmd", "hugetlb") & is_("entry", "present", "zero", "devmap"))),
    _rule("a range goes on where faults resolve, sooner or later", "range fault",
          lambda is_: is_("range", "one") | is_("fault", "resolves", "retry", "completed")),
    _rule("a range goes on from anonymous, file or hugetlb memory", "range vma",
          lambda is_: is_("range", "one") | is_("vma", "anon", "private_file", "shared_file", "hugetlb")),
    _rule("what is taken away while the code waits was there", "waiting level entry", lambda is_: is_("waiting", "idle")
          | (is_("level", "pte", "pmd", "hugetlb") & is_("entry", "present", "none", "zero", "swap", "migration"))),
    _rule("the mmap_lock is dropped only by a fault that is retried or completed", "waiting fault", lambda is_: (
        is_("waiting", "idle") | (is_("waiting", "clears") & is_("fault", "resolves"))
        | (is_("waiting", "unmaps") & is_("fault", "retry", "completed")))),
    _rule("a PTE that changes after it was read maps something", "lockless level entry", lambda is_: is_("lockless", "idle")
          | (is_("level", "pte") & is_("entry", "present", "zero", "devmap"))),
    _rule("only a PROT_NONE entry keeps a write bit, where an R/W one could have been", "write_bit entry access page vma level",
          lambda is_: is_("write_bit", "lost") | (is_("entry", "present") & is_("access", "protnone") & is_("level", "pte", "pmd")
          & ~is_("page", "anon_shared", "ksm") & ~(is_("page", "file") & is_("vma", "private_file")))),
    _rule("a page that has to move before it is pinned is mapped, and counted right", "pinnable entry refcount other_cpu",
          lambda is_: is_("pinnable", "yes") | (is_("entry", "present") & is_("refcount", "normal") & is_("other_cpu", "idle"))),
    _rule("... nothing else happens to it", "pinnable waiting lockless fault signal range", lambda is_: is_("pinnable", "yes")
          | (is_("waiting", "idle") & is_("lockless", "idle") & is_("fault", "resolves") & is_("signal", "none")
          & is_("range", "one", "next_present"))),
    _rule("... its entry is plain", "pinnable dirty young soft_dirty tracking uffd page_dirty write_bit",
          lambda is_: is_("pinnable", "yes") | (is_("dirty", "no") & is_("young", "yes") & is_("soft_dirty", "yes")
          & is_("tracking", "off") & is_("uffd", "off") & is_("page_dirty", "no") & is_("write_bit", "lost"))),
    _rule("... and it is memory of the process's own, or a file's", "pinnable page vma mayread maywrite argument",
          lambda is_: is_("pinnable", "yes") | (is_("page", "anon_exclusive", "anon_shared", "file") & is_("mayread", "yes")
          & is_("vma", "anon", "private_file", "shared_file", "hugetlb") & is_("maywrite", "yes") & is_("argument", "false"))),
    _rule("a second page that has to move is mapped by a PTE of its own", "pinnable range level",
          lambda is_: ~is_("pinnable", "next") | (is_("range", "next_present") & is_("level", "pte"))),
    _rule("coherent device memory is anonymous and small", "pinnable level page folio",
          lambda is_: ~is_("pinnable", "coherent") | (is_("level", "pte") & is_("page", "anon_exclusive") & is_("folio", "small"))),
    _rule("a huge PUD or PGD maps a huge page of memory, and nothing else happens to it", "leaf level entry other_cpu range pinnable",
          lambda is_: is_("leaf", "pmd") | (is_("level", "pmd") & is_("entry", "present") & is_("other_cpu", "idle")
          & is_("range", "one", "next_present") & is_("pinnable", "yes"))),
    _rule("a huge PUD or PGD is plain", "leaf waiting dirty young tracking uffd page_dirty write_bit fault signal",
          lambda is_: is_("leaf", "pmd") | (is_("waiting", "idle") & is_("dirty", "no") & is_("young", "yes")
          & is_("tracking", "off") & is_("uffd", "off") & is_("page_dirty", "no") & is_("write_bit", "lost")
          & is_("fault", "resolves") & is_("signal", "none"))),
    _rule("KSM merges in anonymous and private file mappings", "mergeable vma",
          lambda is_: is_("mergeable", "yes") | ~is_("vma", "hugetlb", "pfnmap", "io")),
)  # fmt: skip


@dataclass(frozen=True)
class Domain:
    """Every valid state of the factors in play, and the flags whose subsets multiply them.

    words: state words, shape (states,), ascending; bit order as PLACES.
    flags: FOLL_* names; subset bit i stands for flags[i].
    also:  flags that are passed one at a time (factor "also").
    cut:   flags that the budget left out: never passed.
    """

    factors: tuple[Factor, ...]
    flags: tuple[str, ...]
    words: Words
    also: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()

    @property
    def scenarios(self) -> int:
        """How many scenarios there are: states times flag subsets."""
        return len(self.words) << len(self.flags)

    @cached_property
    def columns(self) -> dict[str, Codes]:
        """The codes of each factor in play, each of shape (states,)."""
        return {factor.name: column(self.words, factor.name) for factor in self.factors}

    @cached_property
    def unusual(self) -> npt.NDArray[np.int16]:
        """How many factors of each state do not have their first value, shape (states,)."""
        return sum(
            ((codes != 0) for codes in self.columns.values()), np.zeros(len(self.words), np.int16)
        )


# Flags in the order in which all their subsets are tried; others follow in name order.
_FLAG_RANK = (
    "FOLL_WRITE", "FOLL_GET", "FOLL_FORCE", "FOLL_DUMP", "FOLL_PIN", "FOLL_HONOR_NUMA_FAULT", "FOLL_NUMA",
    "FOLL_UNLOCKABLE", "FOLL_SPLIT_PMD", "FOLL_MIGRATION", "FOLL_LONGTERM", "FOLL_TOUCH", "FOLL_PCI_P2PDMA",
)  # fmt: skip
SUBSET_FLAGS = 9
FEWEST_SUBSET_FLAGS = 5
DEFAULT_BUDGET = 1 << 25
LOCKLESS, LOCKLESS_BUDGET = "ptep_get_lockless", 1 << 22


def lay_out_entry(
    identifiers: frozenset[str],
    flags: frozenset[str],
    budget: int = DEFAULT_BUDGET,
    rules: tuple[Validity, ...] = (),
    telling: frozenset[str] = frozenset(),
) -> Domain:
    """Return the domain of an entry whose code uses IDENTIFIERS and whose flags argument knows FLAGS.

    At most BUDGET scenarios: first fewer flags are combined with each other, then some are left out,
    which `Domain.cut` tells; the TELLING flags last.  RULES are a configuration's own (possible.py).
    """
    in_play = factors_in_play(identifiers)
    # Where a page may have to move before it is pinned for long, that flag decides most.
    order = ("FOLL_LONGTERM", *_FLAG_RANK) if "pinnable" in in_play else _FLAG_RANK
    ranked = sorted(
        flags,
        key=lambda flag: (
            flag not in telling, order.index(flag) if flag in order else len(order), flag,
        ),
    )  # fmt: skip
    # What falls back to the locked walk is swept there with more flags combined.
    budget = min(budget, LOCKLESS_BUDGET) if LOCKLESS in identifiers else budget
    alone = lay_out(in_play, (), rules).words
    plain = alone[_is_plain(alone)]
    most = min(SUBSET_FLAGS, len(ranked))
    # Combining fewer flags with each other loses less than never passing one.
    plans = [(subset, True) for subset in range(most, min(FEWEST_SUBSET_FLAGS, most) - 1, -1)]
    plans += [(subset, False) for subset in range(most, -1, -1)]
    for subset, one_at_a_time in plans:
        rest = ranked[subset : subset + len(FACTOR["also"].values) - 1]
        also = tuple(rest) if one_at_a_time else ()
        if (len(alone) + len(plain) * len(also)) << subset <= budget:
            break
    with_also = [plain | np.uint64(pack({"also": n})) for n in range(1, 1 + len(also))]
    factors = tuple(f for f in FACTORS if f.name in in_play or (f.name == "also" and also))
    cut = tuple(flag for flag in ranked[subset:] if flag not in also)
    words = np.sort(np.concatenate([alone, *with_also]))
    return Domain(factors, tuple(ranked[:subset]), words, also, cut)


# A flag that is passed one at a time is tried with states in which these have their first value,
# and whose faults resolve, perhaps at the second try.
_PLAIN = (
    "dirty", "young", "soft_dirty", "uffd_wp", "tracking", "uffd", "folio", "page_dirty", "refcount",
    "other_cpu", "signal", "maywrite", "mayread", "range", "waiting", "lockless", "pinnable", "leaf",
)  # fmt: skip


def _is_plain(words: Words) -> Rows:
    mask = np.uint64(sum(((1 << PLACES[name][1]) - 1) << PLACES[name][0] for name in _PLAIN))
    faults = [FACTOR["fault"].code_of(value) for value in ("resolves", "retry")]
    plain: Rows = ((words & mask) == 0) & np.isin(column(words, "fault"), faults)
    return plain


@lru_cache(maxsize=16)
def lay_out(
    in_play: frozenset[str], flags: tuple[str, ...], rules: tuple[Validity, ...] = ()
) -> Domain:
    """Return every state of the factors IN_PLAY that VALIDITY and RULES allow.

    The other factors keep their first value.

    Factors are added one by one, and each validity rule is applied as soon as the factors that it
    needs are there, so no product much larger than the result is ever made.
    """
    factors = tuple(factor for factor in FACTORS if factor.name in in_play)
    columns: dict[str, Codes] = {factor.name: np.zeros(1, np.uint8) for factor in FACTORS}
    rows = 1
    laid: set[str] = {factor.name for factor in FACTORS if factor.name not in in_play}
    for factor in factors:
        count = len(factor.values)
        columns = {name: np.repeat(codes, count) for name, codes in columns.items()}
        columns[factor.name] = np.tile(np.arange(count, dtype=np.uint8), rows)
        laid.add(factor.name)
        keep = np.ones(rows * count, np.bool_)
        for rule in (*VALIDITY, *rules):
            if factor.name in rule.needs and laid.issuperset(rule.needs):
                keep &= rule.allows(_Is(columns))
        columns = {name: codes[keep] for name, codes in columns.items()}
        rows = int(keep.sum())
    words = np.zeros(rows, np.uint64)
    for name, codes in columns.items():
        words |= codes.astype(np.uint64) << np.uint64(PLACES[name][0])
    return Domain(factors, flags, np.sort(words))


ALWAYS_IN_PLAY = frozenset(factor.name for factor in FACTORS if not factor.readers)


def factors_in_play(identifiers: frozenset[str]) -> frozenset[str]:
    """Return the names of the factors that code using IDENTIFIERS can tell apart."""
    return ALWAYS_IN_PLAY | {
        factor.name for factor in FACTORS if identifiers.intersection(factor.readers)
    }
