/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_HUGE_MM_H
#define _LINUX_HUGE_MM_H

#include <linux/mm.h>
#include <linux/memremap.h>

#define MODEL_HUGE_ZERO_PFN 5UL

static inline bool is_huge_zero_page(const struct page *page)
{
	return page == &model_pages[MODEL_HUGE_ZERO_PFN];
}

static inline bool is_huge_zero_pmd(pmd_t pmd)
{
	return pmd_present(pmd) && pmd_pfn(pmd) == MODEL_HUGE_ZERO_PFN;
}

/* Turns a huge PMD into a table of PTEs that map the same memory. */
void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long address);

/* Device memory is taken away, to be faulted in again; other PUDs are left as they are. */
static inline void split_huge_pud(struct vm_area_struct *vma __maybe_unused, pud_t *pud,
				  unsigned long address __maybe_unused)
{
	model_step();
	if (pud_devmap(*pud))
		pud->pud = 0;
}

static inline bool is_transparent_hugepage(struct page *page)
{
	return PageCompound(page) && !PageHuge(page);
}

/* Whether all references are known: a pinned folio cannot be split. */
static inline bool can_split_folio(struct folio *folio, int *pextra_pins __maybe_unused)
{
	return !folio_maybe_dma_pinned(folio);
}

/* Splits the folio of PAGE, which is locked and referenced; 0 when that worked. */
int split_huge_page(struct page *page);

/* Gives the locked ptl when PMD is a leaf or a migration entry, else NULL. */
static inline spinlock_t *pmd_trans_huge_lock(pmd_t *pmd, struct vm_area_struct *vma)
{
	spinlock_t *ptl;

	if (!pmd_leaf(*pmd) && !is_pmd_migration_entry(*pmd))
		return NULL;
	ptl = pmd_lock(vma->vm_mm, pmd);
	if (likely(pmd_leaf(*pmd) || is_pmd_migration_entry(*pmd)))
		return ptl;
	spin_unlock(ptl);
	return NULL;
}

struct page *follow_trans_huge_pmd(struct vm_area_struct *vma, unsigned long addr,
				   pmd_t *pmd, unsigned int flags);
struct page *follow_devmap_pmd(struct vm_area_struct *vma, unsigned long addr,
			       pmd_t *pmd, int flags, struct dev_pagemap **pgmap);
struct page *follow_devmap_pud(struct vm_area_struct *vma, unsigned long addr,
			       pud_t *pud, int flags, struct dev_pagemap **pgmap);

#endif
