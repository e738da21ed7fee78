// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugetlb mappings, as the walk in mm/gup.c needs them.
 */
#include <linux/mm.h>
#include <linux/hugetlb.h>
#include <linux/sched/signal.h>

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

/* Whether a page of the mapping may be handed out as it is, or a fault must see to it. */
static bool hugetlb_must_fault(struct vm_area_struct *vma, pte_t entry,
			       unsigned int flags, bool *unshare)
{
	*unshare = false;
	if (!pte_present(entry))
		return true;
	if (huge_pte_write(entry))
		return false;
	if (flags & FOLL_WRITE)
		return true;
	*unshare = gup_must_unshare(vma, flags, pte_page(entry));
	return *unshare;
}

static unsigned int hugetlb_fault_flags(unsigned int flags, bool unshare)
{
	unsigned int fault_flags = 0;

	if (flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	else if (unshare)
		fault_flags |= FAULT_FLAG_UNSHARE;
	if (flags & FOLL_UNLOCKABLE) {
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
		if (flags & FOLL_INTERRUPTIBLE)
			fault_flags |= FAULT_FLAG_INTERRUPTIBLE;
	}
	if (flags & FOLL_NOWAIT)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT;
	if (flags & FOLL_TRIED)
		fault_flags |= FAULT_FLAG_TRIED;
	return fault_flags;
}

/*
 * get_user_pages() in a hugetlb VMA.  Goes on from *@position for *@nr_pages,
 * and leaves there how far it came; @i pages have been found before.
 */
long follow_hugetlb_page(struct mm_struct *mm, struct vm_area_struct *vma,
			 struct page **pages, unsigned long *position,
			 unsigned long *nr_pages, long i, unsigned int flags,
			 int *locked)
{
	struct hstate *h = hstate_vma(vma);
	unsigned long vaddr = *position;
	unsigned long remainder = *nr_pages;
	int err = -EFAULT;

	while (vaddr < vma->vm_end && remainder) {
		struct page *page;
		spinlock_t *ptl;
		pte_t *pte, entry;
		bool unshare;

		if (fatal_signal_pending(current)) {
			remainder = 0;
			break;
		}

		hugetlb_vma_lock_read(vma);
		pte = hugetlb_walk(vma, vaddr & huge_page_mask(h), huge_page_size(h));
		if (!pte) {
			hugetlb_vma_unlock_read(vma);
			remainder = 0;
			break;
		}
		ptl = huge_pte_lock(h, mm, pte);
		entry = huge_ptep_get(pte);

		/* a core dump leaves out what was never there */
		if (huge_pte_none(entry) && (flags & FOLL_DUMP) &&
		    !hugetlbfs_pagecache_present(h, vma, vaddr)) {
			spin_unlock(ptl);
			hugetlb_vma_unlock_read(vma);
			remainder = 0;
			break;
		}

		if (hugetlb_must_fault(vma, entry, flags, &unshare)) {
			unsigned int fault_flags = hugetlb_fault_flags(flags, unshare);
			vm_fault_t ret;

			spin_unlock(ptl);
			hugetlb_vma_unlock_read(vma);

			ret = hugetlb_fault(mm, vma, vaddr, fault_flags);
			if (ret & VM_FAULT_ERROR) {
				err = vm_fault_to_errno(ret, flags);
				remainder = 0;
				break;
			}
			if (ret & VM_FAULT_RETRY) {
				if (!(fault_flags & FAULT_FLAG_RETRY_NOWAIT))
					*locked = 0;
				*nr_pages = 0;
				return i;
			}
			continue;
		}

		page = pte_page(entry) + ((vaddr & ~huge_page_mask(h)) >> PAGE_SHIFT);
		if (pages) {
			if (WARN_ON_ONCE(try_grab_page(page, flags))) {
				spin_unlock(ptl);
				hugetlb_vma_unlock_read(vma);
				remainder = 0;
				err = -ENOMEM;
				break;
			}
			pages[i] = page;
		}
		spin_unlock(ptl);
		hugetlb_vma_unlock_read(vma);

		vaddr += PAGE_SIZE;
		remainder--;
		i++;
	}
	*nr_pages = remainder;
	*position = vaddr;

	return i ? i : err;
}
