// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugetlb mappings, as the walk in mm/gup.c needs them.
 */
#include <linux/mm.h>
#include <linux/hugetlb.h>

#include "internal.h"

struct page *hugetlb_follow_page_mask(struct vm_area_struct *vma,
				      unsigned long address, unsigned int flags)
{
	struct hstate *h = hstate_vma(vma);
	struct mm_struct *mm = vma->vm_mm;
	unsigned long haddr = address & huge_page_mask(h);
	struct page *page = NULL;
	spinlock_t *ptl;
	pte_t *pte, entry;

	/* pins of hugetlb pages are follow_hugetlb_page()'s business */
	if (WARN_ON_ONCE(flags & FOLL_PIN))
		return NULL;

	hugetlb_vma_lock_read(vma);
	pte = hugetlb_walk(vma, haddr, huge_page_size(h));
	if (!pte)
		goto out_unlock;

	ptl = huge_pte_lock(h, mm, pte);
	entry = huge_ptep_get(pte);
	if (pte_present(entry)) {
		page = pte_page(entry) +
			((address & ~huge_page_mask(h)) >> PAGE_SHIFT);
		/* a present entry under the lock holds a reference itself */
		if (try_grab_page(page, flags))
			page = NULL;
	}
	spin_unlock(ptl);
out_unlock:
	hugetlb_vma_unlock_read(vma);
	return page;
}
