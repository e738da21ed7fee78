# SPDX-License-Identifier: GPL-2.0-only
"""Which states a kernel configuration leaves: a rule for each option that is off."""

from __future__ import annotations

from collections.abc import Callable

from reviewtool.simulate.configuration import OPTIONS, Configuration
from reviewtool.simulate.domain import Asks, Rows, Validity

_HUGE = ("present", "zero", "devmap", "migration")

# What an option that is off makes impossible: reason, factors looked at, what is left.
_WITHOUT: dict[str, tuple[tuple[str, str, Callable[[Asks], Rows]], ...]] = {
    "NUMA_BALANCING": ((
        "without NUMA_BALANCING only inaccessible VMAs have PROT_NONE entries", "access prot",
        lambda is_: ~is_("access", "protnone") | is_("prot", "none")),),
    "TRANSPARENT_HUGEPAGE": (
        ("without TRANSPARENT_HUGEPAGE no PMD or PUD maps a page", "level entry",
         lambda is_: ~is_("level", "pmd", "pud") | ~is_("entry", *_HUGE)),
        ("without TRANSPARENT_HUGEPAGE no PTE maps a part of a large folio", "folio",
         lambda is_: is_("folio", "small")),
    ),
    "HUGETLB_PAGE": ((
        "without HUGETLB_PAGE there are no hugetlb VMAs", "vma", lambda is_: ~is_("vma", "hugetlb")),),
    "ZONE_DEVICE": (
        ("without ZONE_DEVICE no entry maps device memory", "entry",
         lambda is_: ~is_("entry", "devmap", "device_private")),
        ("without ZONE_DEVICE there are no P2PDMA pages", "page", lambda is_: ~is_("page", "p2pdma")),
    ),
    "KSM": (("without KSM there are no KSM pages", "page", lambda is_: ~is_("page", "ksm")),),
    "SECRETMEM": (("without SECRETMEM there are no secretmem VMAs", "vma", lambda is_: ~is_("vma", "secretmem")),),
    "MEM_SOFT_DIRTY": ((
        "without MEM_SOFT_DIRTY nothing tracks writes", "tracking", lambda is_: is_("tracking", "off")),),
    "USERFAULTFD": (),
    "HAVE_ARCH_USERFAULTFD_WP": (
        ("without userfaultfd-wp no VMA is registered for it", "uffd", lambda is_: is_("uffd", "off")),
        ("without userfaultfd-wp there are no uffd-wp markers", "entry", lambda is_: ~is_("entry", "marker")),
    ),
    # Off unless asked for; its factor is then not in play.
    "PROTNONE_KEEPS_WRITE": (),
}  # fmt: skip


def rules_of(configuration: Configuration) -> tuple[Validity, ...]:
    """Return the rules that CONFIGURATION adds to domain.VALIDITY."""
    return tuple(
        Validity(reason, tuple(needs.split()), allows)
        for option in OPTIONS
        if not configuration.has(option.name)
        for reason, needs, allows in _WITHOUT[option.name]
    )


def traits_of(configuration: Configuration) -> frozenset[str]:
    """Return the pseudo identifiers that put factors in play: options that are on and mostly are not."""
    return frozenset(
        f"CONFIG_{option.name}"
        for option in OPTIONS
        if not option.default and configuration.has(option.name)
    )
