/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

#include <linux/mm_types.h>

typedef struct { unsigned long val; } swp_entry_t;

enum {
	SWP_SWAPPED,		/* in a swap file */
	SWP_MIGRATION,
	SWP_HWPOISON,
	SWP_DEVICE_PRIVATE,
	SWP_PTE_MARKER,
};

static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return (swp_entry_t){ pte.pte };
}

static inline swp_entry_t pmd_to_swp_entry(pmd_t pmd)
{
	return (swp_entry_t){ pmd.pmd };
}

static inline unsigned int swp_type(swp_entry_t entry)
{
	return (entry.val & _SWP_TYPE_MASK) >> _SWP_TYPE_SHIFT;
}

static inline bool is_migration_entry(swp_entry_t entry)
{
	return swp_type(entry) == SWP_MIGRATION;
}

static inline bool is_hwpoison_entry(swp_entry_t entry)
{
	return swp_type(entry) == SWP_HWPOISON;
}

static inline bool is_device_private_entry(swp_entry_t entry)
{
	return swp_type(entry) == SWP_DEVICE_PRIVATE;
}

static inline bool is_pte_marker_entry(swp_entry_t entry)
{
	return swp_type(entry) == SWP_PTE_MARKER;
}

static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline bool is_pfn_swap_entry(swp_entry_t entry)
{
	return is_migration_entry(entry) || is_device_private_entry(entry);
}

static inline bool is_pmd_migration_entry(pmd_t pmd)
{
	return !pmd_none(pmd) && !pmd_present(pmd) && is_migration_entry(pmd_to_swp_entry(pmd));
}

struct page *pfn_swap_entry_to_page(swp_entry_t entry);

static inline bool thp_migration_supported(void)
{
	return true;
}

/* Both wait until the migration has ended and the entry maps a page again. */
void migration_entry_wait(struct mm_struct *mm, pmd_t *pmd, unsigned long address);
void pmd_migration_entry_wait(struct mm_struct *mm, pmd_t *pmd);

#endif
