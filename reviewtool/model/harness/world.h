/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_WORLD_H
#define HARNESS_WORLD_H

#include <linux/mm.h>
#include <linux/memremap.h>
#include <linux/hugetlb.h>
#include <linux/ksm.h>
#include <linux/secretmem.h>

#include "catch.h"
#include "line.h"
#include "scenario.h"		/* generated: the factors and their places in a state word */

/*
 * The memory map.  The address that every scenario looks up is the second page
 * of its huge page, so that a head page returned for a tail page shows.
 */
enum {
	PFN_SMALL = 1,
	PFN_LARGE = 2,			/* head; two tails follow */
	PFN_HUGE_ZERO = 5,		/* MODEL_HUGE_ZERO_PFN; head; two tails follow */
	PFN_ZERO = 8,			/* MODEL_ZERO_PFN */
	PFN_DEVICE = 9,			/* two more follow, for device memory mapped huge */
	PFN_HUGETLB = 12,		/* head; two tails follow */
	PFN_FRESH = 15,			/* what a fault brings in */
	PFN_NEXT = 16,			/* what the second page of a range is */
	PFN_NEXT_FRESH = 17,		/* what a fault brings in there */
	PFN_OTHER = 18,			/* what another CPU maps in place of a page */
	PFN_OTHER_LARGE = 19,		/* the same for a huge one: head; two tails follow */
	PFN_RAW = 1023,			/* a frame without a struct page, outside of the map */
};
#define WORLD_ADDRESS	(0x7f0000000000UL + PAGE_SIZE)
/* page->mapping of an anonymous page: not a pointer, the low bit says so */
#define MODEL_MAPPING_ANON ((struct address_space *)1)
#define WORLD_NEXT	(WORLD_ADDRESS + PAGE_SIZE)	/* the second page of a range */
#define WORLD_REFS	3		/* what a page has when nothing is wrong with it */
#define FRESH_REFS	1		/* what a fault brought in: nothing but the entry holds it */

/* Who gives back what a function took: by its return type, its parameters and its name. */
enum world_owes {
	OWES_UNKNOWN,			/* a helper, of which only its callers know */
	OWES_NOTHING,			/* hands out no page */
	OWES_PAGE,			/* the page returned, if the flags asked for it */
	OWES_PAGE_GET,			/* the page returned, always */
	OWES_PAGES,			/* so many pages of the array: unpinned with FOLL_PIN, else put */
	OWES_PAGES_PIN,			/* so many pages, unpinned always */
	OWES_PAGES_FLAGS,		/* so many pages, if the flags asked for them */
};

#define WORLD_COUNTED	6

struct world {
	struct mm_struct mm;
	struct vm_area_struct vma;
	struct vm_area_struct next_vma;	/* where the range goes on, when that is not the same VMA */
	struct anon_vma anon_vma;
	struct address_space mapping;	/* of every file page */
	struct dev_pagemap pgmap;
	struct page *mapped;		/* the page at WORLD_ADDRESS, where there is one */
	/* the pages whose counts a run can reach: the mapped one, its head, and what may take its place */
	struct page *counted[WORLD_COUNTED];
	int nr_counted;
	bool fresh_page_used;
	bool next_fresh_used;
	const struct model_tables *baseline;	/* what the entry's changes are measured against */
	unsigned int flags;		/* FOLL_* of this scenario */
	unsigned int fault;		/* FAULT_* of the scenario */
	unsigned int range;		/* RANGE_* of the scenario */
	unsigned int waiting;		/* what another CPU does while the code sleeps */
	unsigned int pinnable;		/* PINNABLE_* of the mapped page, as long as it has not moved */
	bool unmapped;			/* it has taken the VMA away */
	unsigned long nr_pages;		/* how many pages an entry is asked for */
	bool argument;			/* what a bool parameter of the entry gets */
	bool pages_argument;		/* whether a page array is passed */

	/* what the function under review hands out through pointers; set out_used with any of it */
	bool out_used;
	struct page *out_pages[2];
	int out_nr;			/* how many of them, where the function counts by itself */
	int out_status[2];
	unsigned int out_stats;
	unsigned long page_mask;
	bool out_pages_used;
	bool out_nr_used;
	bool out_status_used;

	/* what the caller has to give back, by the function's contract; see caller.h */
	enum world_owes owes;
	struct page *isolated;		/* has a reference that the list's owner drops */
	int lent_refs, lent_pins;	/* the caller's own, for the function to drop */
};
extern struct world world;
extern catch_point world_catch;

void world_build(unsigned long state);

/* What world_build() made, for world_reset() to put back and record() to compare with. */
struct world_fresh {
	struct model_tables tables;
	struct { unsigned long flags, counts; } pages[WORLD_COUNTED];
	int other_cpu, lockless, waiting, pinnable;
};
extern struct world_fresh world_fresh;

/* _refcount and _pincount lie side by side; one access serves both. */
#define page_counts(page) (*(unsigned long *)&(page)->_refcount)
_Static_assert(offsetof(struct page, _pincount) == offsetof(struct page, _refcount) + 4 &&
	       offsetof(struct page, _refcount) % 8 == 0, "page_counts()");

/* Before every run: this is the sweep's own cost, so it touches only what a run can have changed. */
static inline void world_reset(void)
{
	model = (struct model_counts){ 0 };
	model_line_steps = 0;
	model_tables = world_fresh.tables;
	model_other_cpu = world_fresh.other_cpu;
	model_lockless = world_fresh.lockless;
	world.waiting = world_fresh.waiting;
	world.pinnable = world_fresh.pinnable;
	world.unmapped = false;
	world.baseline = &world_fresh.tables;
	for (int i = 0; i < world.nr_counted; i++) {
		world.counted[i]->flags = world_fresh.pages[i].flags;
		page_counts(world.counted[i]) = world_fresh.pages[i].counts;
	}
	world.fresh_page_used = false;
	world.next_fresh_used = false;
	world.isolated = NULL;
	world.lent_refs = world.lent_pins = 0;
	world.mm.mmap_lock = (struct rw_semaphore){ .readers = 1 };
	world.mm.page_table_lock.held = 0;
	world.mm.mm_users.counter = 1;
	world.mm.flags = 0;
	world.mm.has_pinned.counter = 0;
	model_task.maj_flt = model_task.min_flt = 0;
	world.pgmap.refs = 0;
	if (unlikely(world.out_used)) {
		world.out_used = false;
		world.out_pages[0] = world.out_pages[1] = NULL;
		world.out_nr = 0;
		world.out_nr_used = false;
		world.out_status[0] = world.out_status[1] = 0;
		world.out_stats = 0;
		world.page_mask = 0;
		world.out_pages_used = false;
		world.out_status_used = false;
	}
}

/* One function under review: calls it, and leaves its value in *kind, *value. */
enum value_kind { VALUE_VOID, VALUE_POINTER, VALUE_PAGE, VALUE_INTEGER, VALUE_BOOL };
typedef enum value_kind (*entry_call)(unsigned long *value);

/* Begins a page that a fault brings in at ADDRESS, as it is when nobody has touched it. */
unsigned long world_use_fresh_page(unsigned long address);

/* The caller's own reference (or pin), for a function that drops one. */
void world_lend(struct page *page, bool pin);
/* As many pages as the scenario's range has, in the page array, each with the caller's reference or pin. */
void world_fill_pages(bool pin);

/* Where the code under review sleeps, and where it loses the mmap_lock: another CPU may act. */
void world_while_waiting(void);
void world_mmap_lock_dropped(void);

void world_unmodelled(int id) __attribute__((noreturn));

#endif
