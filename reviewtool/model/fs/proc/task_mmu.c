// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/smaps: how much of a VMA is really there.
 */
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/swapops.h>
#include <linux/pagewalk.h>
#include "../../mm/internal.h"

struct mem_size_stats {
	unsigned long resident;
	unsigned long anonymous;
	unsigned long anonymous_thp;
	unsigned long referenced;
	unsigned long dirty;
	unsigned long swap;
};

static void smaps_account(struct mem_size_stats *mss, struct page *page,
			  unsigned long size, bool young, bool dirty)
{
	mss->resident += size;
	if (PageAnon(page))
		mss->anonymous += size;
	if (young)
		mss->referenced += size;
	if (dirty || PageDirty(page))
		mss->dirty += size;
}

static void smaps_pte_entry(pte_t *pte, unsigned long addr,
			    struct mm_walk *walk)
{
	struct mem_size_stats *mss = walk->private;
	struct vm_area_struct *vma = walk->vma;
	struct page *page = NULL;
	pte_t ptent = ptep_get(pte);
	bool young = false, dirty = false;

	if (pte_present(ptent)) {
		page = vm_normal_page(vma, addr, ptent);
		young = pte_young(ptent);
		dirty = pte_dirty(ptent);
	} else if (is_swap_pte(ptent)) {
		swp_entry_t swpent = pte_to_swp_entry(ptent);

		if (is_pfn_swap_entry(swpent))
			page = pfn_swap_entry_to_page(swpent);
		else if (swp_type(swpent) == SWP_SWAPPED)
			mss->swap += PAGE_SIZE;
	}

	if (page)
		smaps_account(mss, page, PAGE_SIZE, young, dirty);
}

static void smaps_pmd_entry(pmd_t *pmd, unsigned long addr,
			    struct mm_walk *walk)
{
	struct mem_size_stats *mss = walk->private;
	struct vm_area_struct *vma = walk->vma;
	struct page *page = NULL;

	if (pmd_present(*pmd)) {
		/* FOLL_DUMP leaves the huge zero page out */
		page = follow_trans_huge_pmd(vma, addr, pmd, FOLL_DUMP);
	} else if (is_pmd_migration_entry(*pmd)) {
		page = pfn_swap_entry_to_page(pmd_to_swp_entry(*pmd));
	}
	if (IS_ERR_OR_NULL(page))
		return;
	if (PageAnon(page))
		mss->anonymous_thp += HPAGE_PMD_SIZE;
	smaps_account(mss, page, HPAGE_PMD_SIZE, pmd_young(*pmd), pmd_dirty(*pmd));
}

static int smaps_pte_range(pmd_t *pmd, unsigned long addr, unsigned long end,
			   struct mm_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;
	pte_t *pte;
	spinlock_t *ptl;

	ptl = pmd_trans_huge_lock(pmd, vma);
	if (ptl) {
		smaps_pmd_entry(pmd, addr, walk);
		spin_unlock(ptl);
		goto out;
	}

	pte = pte_offset_map_lock(vma->vm_mm, pmd, addr, &ptl);
	if (!pte) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	smaps_pte_entry(pte, addr, walk);
	pte_unmap_unlock(pte, ptl);
out:
	cond_resched();
	return 0;
}

static const struct mm_walk_ops smaps_walk_ops = {
	.pmd_entry = smaps_pte_range,
};

/* Adds up what there is of @vma from @start on. */
static void smap_gather_stats(struct vm_area_struct *vma,
			      struct mem_size_stats *mss, unsigned long start)
{
	if (start >= vma->vm_end)
		return;

	walk_page_range(vma->vm_mm, start, vma->vm_end, &smaps_walk_ops, mss);
}
