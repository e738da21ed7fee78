/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H
/*
 * Packs what came of a run into a 64-bit outcome record (outcome.h, generated).
 */
#include "world.h"
#include "outcome.h"
#include "caller.h"

static unsigned long page_code(const struct page *page)
{
	if (!page)
		return RET_null;
	if (page == world.mapped) {
		switch (page->head - model_pages) {
		case PFN_ZERO:
			return RET_zero_page;
		case PFN_HUGE_ZERO:
			return RET_huge_zero_page;
		case PFN_DEVICE ... PFN_DEVICE + 2:
			return RET_device_page;
		}
		return RET_page;
	}
	if (world.mapped && page == world.mapped->head)
		return RET_head_page;
	if (page == &model_pages[PFN_ZERO])
		return RET_zero_page;
	if (page == &model_pages[PFN_FRESH])
		return RET_fresh_page;
	if (page >= model_pages && page < model_pages + MODEL_NR_PAGES)
		return RET_other_page;
	return RET_garbage;
}

static unsigned long errno_code(long error)
{
	switch (error) {
	case EFAULT: return RET_EFAULT;
	case EEXIST: return RET_EEXIST;
	case ENOMEM: return RET_ENOMEM;
	case EINVAL: return RET_EINVAL;
	case EMLINK: return RET_EMLINK;
	case EBUSY: return RET_EBUSY;
	case EAGAIN: return RET_EAGAIN;
	case EHWPOISON: return RET_EHWPOISON;
	case ENOENT: return RET_ENOENT;
	case EREMOTEIO: return RET_EREMOTEIO;
	case EINTR: return RET_EINTR;
	case EACCES: return RET_EACCES;
	case EOPNOTSUPP: return RET_EOPNOTSUPP;
	case EPERM: return RET_EPERM;
	case EIO: return RET_EIO;
	}
	return RET_other_errno;
}

static unsigned long integer_code(long value)
{
	if (value < 0 && value >= -MAX_ERRNO)
		return errno_code(-value);
	if (value == 0)
		return RET_0;
	if (value == 1)
		return RET_1;
	if (value == 2)
		return RET_2;
	switch (value) {
	case 64: return RET_64;
	case 4032: return RET_4032;
	case 4096: return RET_4096;
	case 8128: return RET_8128;
	case 8192: return RET_8192;
	}
	return value > 1 ? RET_positive : RET_negative;
}

static unsigned long value_code(enum value_kind kind, unsigned long value)
{
	switch (kind) {
	case VALUE_VOID:
		return RET_void;
	case VALUE_PAGE:
		if (IS_ERR((void *)value))
			return errno_code(-(long)value);
		return page_code((struct page *)value);
	case VALUE_POINTER:
		if (IS_ERR((void *)value))
			return errno_code(-(long)value);
		return value ? RET_pointer : RET_null;
	case VALUE_INTEGER:
		return integer_code((long)value);
	case VALUE_BOOL:
		return value ? RET_true : RET_false;
	}
	return RET_garbage;
}

/* What the run did to one page's counts, a pin of a small page counted apart. */
static inline void count_delta(unsigned long before, unsigned long after, int *refs, int *pins)
{
	int delta = (int)after - (int)before, small_pins;

	if (before == after)
		return;
	/* rounded to the nearest, so that a reference more or less beside a pin shows */
	small_pins = (delta + GUP_PIN_COUNTING_BIAS / 2) >> 10;
	*refs += delta - small_pins * GUP_PIN_COUNTING_BIAS;
	*pins += small_pins + (int)(after >> 32) - (int)(before >> 32);
}

static inline unsigned long clip(int value, int limit)
{
	return (value > limit ? limit : value < -limit ? -limit : value) + limit;
}

static inline unsigned long entry_change(void)
{
	const struct model_tables *old = world.baseline;
	unsigned long before = old->pte.pte, after = model_tables.pte.pte;
	unsigned long change = 0, gained;

	if (old->pud.pud != model_tables.pud.pud) {
		before = old->pud.pud;
		after = model_tables.pud.pud;
	} else if (old->pmd.pmd != model_tables.pmd.pmd) {
		before = old->pmd.pmd;
		after = model_tables.pmd.pmd;
	} else if (old->huge.pte != model_tables.huge.pte) {
		before = old->huge.pte;
		after = model_tables.huge.pte;
	} else if (before == after) {
		before = old->ptes[1].pte;
		after = model_tables.ptes[1].pte;
	}
	if (before == after)
		return 0;
	gained = after & ~before;
	if (gained & _PAGE_DIRTY)
		change |= CHANGE_dirty;
	if (gained & _PAGE_ACCESSED)
		change |= CHANGE_young;
	if (gained & _PAGE_RW)
		change |= CHANGE_writable;
	if ((before ^ after) & ~(_PAGE_DIRTY | _PAGE_ACCESSED | _PAGE_RW | _PAGE_SOFT_DIRTY) || before & ~after)
		change |= CHANGE_replaced;
	return change ? change : CHANGE_replaced;
}

/* Where the second page is after it has moved, by itself or with its huge page. */
static inline bool is_moved_second(const struct page *page)
{
	return page == &model_pages[PFN_OTHER_LARGE + 2] ||
	       page == &model_pages[model_tables.ptes[1].pte >> _PFN_SHIFT & (MODEL_NR_PAGES - 1)];
}

/* What lies in pages[1]; the page that belongs there follows the first one. */
static inline unsigned long second_code(void)
{
	const struct page *page = world.out_pages[1];

	if (likely(!page))
		return SECOND_none;
	if (page == &model_pages[PFN_NEXT_FRESH])
		return SECOND_fresh;
	if (page == &model_pages[PFN_NEXT] || (world.mapped && page == world.mapped + 1) ||
	    (page == &model_pages[PFN_ZERO] && model_tables.ptes[1].pte >> _PFN_SHIFT == PFN_ZERO) ||
	    (world_fresh.pinnable && is_moved_second(page)))
		return SECOND_page;
	return SECOND_wrong;
}

static inline unsigned long record(enum value_kind kind, unsigned long value)
{
	unsigned long outcome = 0, out = 0;
	int refs = 0, pins = 0;

	for (int i = 0; i < world.nr_counted; i++)
		count_delta(world_fresh.pages[i].counts, page_counts(world.counted[i]), &refs, &pins);
	if (world.fresh_page_used)
		count_delta(FRESH_REFS, page_counts(&model_pages[PFN_FRESH]), &refs, &pins);
	if (unlikely(world.next_fresh_used))
		count_delta(FRESH_REFS, page_counts(&model_pages[PFN_NEXT_FRESH]), &refs, &pins);
	/* the caller's own reference is no doing of the function's */
	refs -= world.lent_refs;
	pins -= world.lent_pins;

	if (world.out_pages_used)
		out = page_code(world.out_pages[0]);
	else if (world.out_status_used)
		out = integer_code(world.out_status[0]);
	else
		out = world.out_stats;

	/* page_mask is recorded as "there or not", so one that is no mapping's size is told apart */
	if (unlikely(world.page_mask && world.page_mask != HPAGE_PMD_NR - 1))
		model.told |= TOLD_MASK;
	outcome |= OUTCOME(end, END_RETURNED);
	outcome |= OUTCOME(told, model.told);
	outcome |= OUTCOME(ret, value_code(kind, value));
	outcome |= OUTCOME(refs, clip(refs, 7));
	outcome |= OUTCOME(pins, clip(pins, 3));
	outcome |= OUTCOME(entry, entry_change());
	outcome |= OUTCOME(events, model.events);
	outcome |= OUTCOME(ptl, world.mm.page_table_lock.held != 0);
	outcome |= OUTCOME(rcu, model.rcu_depth != 0);
	outcome |= OUTCOME(irqs, model.irqs_off != 0);
	/* one place for both (3 reads as 2): with the lock of a hugetlb VMA left held, the other one is of less interest */
	outcome |= OUTCOME(mmap_lock, unlikely(model.vma_lock_depth) ? 3 : clip(world.mm.mmap_lock.readers - 1, 1));
	outcome |= OUTCOME(pgmap, clip(world.pgmap.refs, 1));
	outcome |= OUTCOME(page_mask, world.page_mask != 0);
	outcome |= OUTCOME(out, out);
	outcome |= OUTCOME(second, second_code());
	/* last, because it changes what has been recorded */
	outcome |= OUTCOME(settled, settle(kind, value));
	return outcome;
}

#endif
