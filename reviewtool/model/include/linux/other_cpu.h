/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_OTHER_CPU_H
#define _LINUX_OTHER_CPU_H

#include <linux/compiler.h>
#include <asm/pgtable.h>

/*
 * What another CPU does to the tables after the walk has looked at them
 * without a lock, played just before the lock (or, without one, a reference) is
 * granted; and what it does while the code waits.  It happens once.
 */
enum {
	OTHER_CPU_IDLE,
	OTHER_CPU_CLEARS,	/* the PMD, or the huge PUD, is zapped */
	OTHER_CPU_SPLITS,	/* the huge PMD becomes a table of PTEs */
	OTHER_CPU_MIGRATES,	/* the huge PMD becomes a migration entry */
	OTHER_CPU_FREES_TABLE,	/* the page table is removed */
	OTHER_CPU_REPLACES,	/* the huge PMD maps another page */
};
extern int model_other_cpu;
/* The same for a PTE that was read without its lock. */
extern int model_lockless;

void model_other_cpu_acts(void);

void model_pte_changes(pte_t *pte);

static inline void model_before_lock(void)
{
	if (unlikely(model_other_cpu != OTHER_CPU_IDLE))
		model_other_cpu_acts();
}

#endif
