# SPDX-License-Identifier: GPL-2.0-only
"""The kernel configuration that a slice is taken under: an x86-64 machine with all that GUP meets."""

from __future__ import annotations

# Options that decide what mm code says.  Whatever is not named is off.
CONFIGURATION: frozenset[str] = frozenset(
    "CONFIG_" + name
    for name in """
    64BIT MMU SMP NUMA SWAP KSM CMA COMPACTION MIGRATION NUMA_BALANCING SHMEM TMPFS SECRETMEM
    TRANSPARENT_HUGEPAGE HAVE_ARCH_TRANSPARENT_HUGEPAGE HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD
    ARCH_ENABLE_THP_MIGRATION ARCH_ENABLE_HUGEPAGE_MIGRATION HUGETLB_PAGE HUGETLBFS PGTABLE_HAS_HUGE_LEAVES
    ARCH_SUPPORTS_PMD_PFNMAP ARCH_SUPPORTS_PUD_PFNMAP ARCH_SUPPORTS_HUGE_PFNMAP
    HAVE_FAST_GUP HAVE_GUP_FAST HAVE_GENERIC_GUP HAVE_GENERIC_RCU_GUP
    ARCH_HAS_PTE_SPECIAL ARCH_HAS_PTE_DEVMAP ZONE_DEVICE DEVICE_PRIVATE DEV_PAGEMAP_OPS FS_DAX
    MEMORY_FAILURE MEM_SOFT_DIRTY HAVE_ARCH_SOFT_DIRTY USERFAULTFD HAVE_ARCH_USERFAULTFD_WP PTE_MARKER
    PTE_MARKER_UFFD_WP ELF_CORE PCI_P2PDMA MEMCG_NONE SPARSEMEM SPARSEMEM_VMEMMAP DEBUG_VM
    ARCH_HAS_PKEYS PER_VMA_LOCK MMU_GATHER_RCU_TABLE_FREE X86 X86_64
    """.split()
)  # fmt: skip

# What else the code asks the preprocessor.  MMU_GATHER_RCU_TABLE_FREE's own consequences are the
# model's; __HAVE_ARCH_* stays off, so that the generic version of an accessor shows.
DEFINED: frozenset[str] = CONFIGURATION | {
    "__KERNEL__",
    "pte_access_permitted",
    "pmd_access_permitted",
}
VALUES: dict[str, int] = {
    "CONFIG_PGTABLE_LEVELS": 5, "BITS_PER_LONG": 64, "PGTABLE_LEVELS": 5, "MAX_NUMNODES": 2, "NR_CPUS": 2,
    "CONFIG_NR_CPUS": 2, "CONFIG_NODES_SHIFT": 1,
}  # fmt: skip
