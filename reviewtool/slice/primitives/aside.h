/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLICE_ASIDE_H
#define SLICE_ASIDE_H
/* What tree.h and tree.c both need, and no tree is asked about. */
#include <linux/spinlock.h>
#include <linux/types.h>

/*
 * What the code tells parts of the kernel that are not modelled: statistics,
 * allocation flags, drains.  No outcome shows it, but the sum over a sweep does.
 * AMOUNT is linear: twice one is two.
 */
enum tree_asides {
	ASIDE_NODE_STATE, ASIDE_VM_EVENT, ASIDE_LOG, ASIDE_ALLOC, ASIDE_MIGRATE, ASIDE_DRAIN, ASIDE_SCOPE,
	ASIDE_REFERENCED, ASIDE_MLOCK, ASIDE_FLUSH, ASIDE_SEQCOUNT, ASIDE_LOCKDEP, ASIDE_RESCHED, ASIDE_UNLOCK_PAGE, ASIDE_FREE, ASIDE_ACCESS,
};
static inline void tree_aside(unsigned long kind, unsigned long item, unsigned long amount)
{
	unsigned long mixed = (kind + 1) * 0x9E3779B97F4A7C15UL ^ (item + 1) * 0xC2B2AE3D27D4EB4FUL;

	model_step();
	model.aside += amount * ((mixed ^ mixed >> 29) * 0x165667B19E3779F9UL | 1);
}

/* lists */
#define INIT_LIST_HEAD(list) ((list)->next = (list)->prev = (list))
#define list_empty(list) ((list)->next == (list))
static inline void tree_list_add(struct list_head *entry, struct list_head *prev, struct list_head *next)
{
	entry->next = next;
	entry->prev = prev;
	prev->next = next->prev = entry;
}
#endif
