/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_HUGETLB_H
#define _LINUX_HUGETLB_H

#include <linux/mm.h>

/* One size of huge page: that of a PMD. */
struct hstate { unsigned int order; };
extern struct hstate model_hstate;

static inline bool is_vm_hugetlb_page(struct vm_area_struct *vma)
{
	return IS_ENABLED(CONFIG_HUGETLB_PAGE) && (vma->vm_flags & VM_HUGETLB);
}

static inline struct hstate *hstate_vma(struct vm_area_struct *vma __maybe_unused)
{
	return &model_hstate;
}

static inline unsigned long huge_page_size(const struct hstate *h)
{
	return PAGE_SIZE << h->order;
}

static inline unsigned long huge_page_mask(const struct hstate *h)
{
	return ~(huge_page_size(h) - 1);
}

static inline unsigned int huge_page_order(const struct hstate *h)
{
	return h->order;
}

static inline void hugetlb_vma_lock_read(struct vm_area_struct *vma __maybe_unused)
{
	might_sleep();
	if (unlikely(model.ptl_depth > 0))
		model_event(EV_LOCK_ORDER);
	model.vma_lock_depth++;
}

static inline void hugetlb_vma_unlock_read(struct vm_area_struct *vma __maybe_unused)
{
	model_step();
	if (unlikely(model.vma_lock_depth <= 0))
		model_event(EV_LOCK_MISUSE);
	model.vma_lock_depth--;
}

/* NULL where the mapping has no page table yet. */
static inline pte_t *hugetlb_walk(struct vm_area_struct *vma __maybe_unused,
				  unsigned long address __maybe_unused,
				  unsigned long size __maybe_unused)
{
	model_step();
	return &model_tables.huge;
}

static inline spinlock_t *huge_pte_lock(struct hstate *h __maybe_unused, struct mm_struct *mm,
					pte_t *pte __maybe_unused)
{
	spin_lock(&mm->page_table_lock);
	return &mm->page_table_lock;
}

static inline pte_t huge_ptep_get(pte_t *ptep)
{
	return ptep_get(ptep);
}

#define huge_pte_write(pte) pte_write(pte)
#define huge_pte_none(pte) pte_none(pte)

struct page *hugetlb_follow_page_mask(struct vm_area_struct *vma,
				      unsigned long address, unsigned int flags);
long follow_hugetlb_page(struct mm_struct *mm, struct vm_area_struct *vma,
			 struct page **pages, unsigned long *position,
			 unsigned long *nr_pages, long i, unsigned int flags, int *locked);

vm_fault_t hugetlb_fault(struct mm_struct *mm, struct vm_area_struct *vma,
			 unsigned long address, unsigned int flags);

/* An anonymous hugetlb mapping has its pages in the page cache only once they were touched. */
static inline bool hugetlbfs_pagecache_present(struct hstate *h __maybe_unused,
					       struct vm_area_struct *vma __maybe_unused,
					       unsigned long address __maybe_unused)
{
	model_step();
	return false;
}

/* Takes a hugetlb page off its list; 0 when that worked. */
int isolate_hugetlb(struct folio *folio, struct list_head *list);

#endif
