/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MIGRATE_H
#define _LINUX_MIGRATE_H

#include <linux/mm.h>

static inline bool vma_migratable(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_IO | VM_PFNMAP));
}

/* Takes a page off the LRU with a reference of its own; 0 when that worked. */
int isolate_lru_page(struct page *page);

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	entry->next = head;
	entry->prev = head->prev;
	head->prev = entry;
}

static inline int page_is_file_lru(struct page *page)
{
	return !PageSwapBacked(page);
}

#define mod_node_page_state(pgdat, item, nr) do { } while (0)
#define page_pgdat(page) NULL
#define NR_ISOLATED_ANON 0
#define thp_nr_pages(page) (PageHead(page) ? HPAGE_PMD_NR : 1)

#endif
