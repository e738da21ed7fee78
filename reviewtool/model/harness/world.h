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
	PFN_LARGE = 2,			/* head; 3 is its tail */
	PFN_HUGE_ZERO = 4,		/* head; 5 is its tail */
	PFN_ZERO = 6,			/* MODEL_ZERO_PFN */
	PFN_DEVICE = 7,			/* 8 follows, for device memory mapped huge */
	PFN_HUGETLB = 9,		/* head; 10 is its tail */
	PFN_FRESH = 11,			/* what a fault brings in */
};
#define WORLD_ADDRESS	(0x7f0000000000UL + PAGE_SIZE)
/* page->mapping of an anonymous page: not a pointer, the low bit says so */
#define MODEL_MAPPING_ANON ((struct address_space *)1)
#define WORLD_REFS	3		/* what a page has when nothing is wrong with it */

struct world {
	struct mm_struct mm;
	struct vm_area_struct vma;
	struct anon_vma anon_vma;
	struct address_space mapping;	/* of every file page */
	struct dev_pagemap pgmap;
	struct page *mapped;		/* the page at WORLD_ADDRESS, where there is one */
	/* the pages whose counts a run can reach: the mapped one, its head, and what a split leaves */
	struct page *counted[3];
	int nr_counted;
	bool fresh_page_used;
	const struct model_tables *baseline;	/* what the entry's changes are measured against */
	unsigned int flags;		/* FOLL_* of this scenario */
	unsigned int fault;		/* FAULT_* of the scenario */
	bool argument;			/* what a bool parameter of the entry gets */
	bool pages_argument;		/* whether a page array is passed */

	/* what the function under review hands out through pointers; set out_used with any of it */
	bool out_used;
	struct page *out_pages[2];
	int out_status;
	unsigned int out_stats;
	unsigned long page_mask;
	bool out_pages_used;
	bool out_status_used;
};
extern struct world world;
extern catch_point world_catch;

void world_build(unsigned long state);

/* What world_build() made, for world_reset() to put back and record() to compare with. */
struct world_fresh {
	struct model_tables tables;
	struct { unsigned long flags, counts; } pages[3];
	int other_cpu;
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
	world.baseline = &world_fresh.tables;
	for (int i = 0; i < world.nr_counted; i++) {
		world.counted[i]->flags = world_fresh.pages[i].flags;
		page_counts(world.counted[i]) = world_fresh.pages[i].counts;
	}
	world.fresh_page_used = false;
	world.mm.mmap_lock = (struct rw_semaphore){ .readers = 1 };
	world.mm.page_table_lock.held = 0;
	world.mm.mm_users.counter = 1;
	world.pgmap.refs = 0;
	if (unlikely(world.out_used)) {
		world.out_used = false;
		world.out_pages[0] = NULL;
		world.out_status = 0;
		world.out_stats = 0;
		world.page_mask = 0;
		world.out_pages_used = false;
		world.out_status_used = false;
	}
}

/* One function under review: calls it, and leaves its value in *kind, *value. */
enum value_kind { VALUE_VOID, VALUE_POINTER, VALUE_PAGE, VALUE_INTEGER, VALUE_BOOL };
typedef enum value_kind (*entry_call)(unsigned long *value);

/* Begins a page that a fault brings in, as it is when nobody has touched it. */
void world_use_fresh_page(void);

void world_unmodelled(int id) __attribute__((noreturn));

#endif
