/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __MM_INTERNAL_H
#define __MM_INTERNAL_H

#include <linux/mm.h>

struct follow_page_context {
	struct dev_pagemap *pgmap;	/* reference that the walk took, for the caller to drop */
	unsigned int page_mask;		/* pages in the mapping that was found, less one */
};

/* FOLL_* flags that only mm/ itself may pass; <linux/mm_types.h> has the others. */
enum {
	/* mark the page accessed, and dirty when writing */
	FOLL_TOUCH = 1 << 16,
	/* a second try */
	FOLL_TRIED = 1 << 17,
	/* another task's mm */
	FOLL_REMOTE = 1 << 18,
	/* pin the page: pages only through pin_user_pages*() */
	FOLL_PIN = 1 << 19,
	/* no fall-back from the lockless walk */
	FOLL_FAST_ONLY = 1 << 20,
	/* the mmap_lock may be dropped on the way */
	FOLL_UNLOCKABLE = 1 << 21,
};

/*
 * A page that another process may still read must be unshared before it is
 * pinned for reading, or the pin would see that process's later writes.
 */
static inline bool gup_must_unshare(struct vm_area_struct *vma,
				    unsigned int flags, struct page *page)
{
	/* a writable entry was checked before, and other references may be shared */
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	if (!PageAnon(page)) {
		/* only a lasting pin cares that COW would replace a file's page */
		if (!(flags & FOLL_LONGTERM))
			return false;
		if (!vma)
			return true;
		return is_cow_mapping(vma->vm_flags);
	}
	/* hugetlb keeps the mark in its head page */
	if (unlikely(!PageHead(page) && PageHuge(page)))
		page = compound_head(page);
	return !PageAnonExclusive(page);
}

#endif
