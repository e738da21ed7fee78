/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_OTHER_CPU_H
#define _LINUX_OTHER_CPU_H

#include <linux/compiler.h>

/*
 * What another CPU does to the tables after the walk has looked at them
 * without a lock, played just before the lock is granted.  It happens once.
 */
enum {
	OTHER_CPU_IDLE,
	OTHER_CPU_CLEARS,	/* the PMD, or the huge PUD, is zapped */
	OTHER_CPU_SPLITS,	/* the huge PMD becomes a table of PTEs */
	OTHER_CPU_MIGRATES,	/* the huge PMD becomes a migration entry */
	OTHER_CPU_FREES_TABLE,	/* the page table is removed */
};
extern int model_other_cpu;

void model_other_cpu_acts(void);

static inline void model_before_lock(void)
{
	if (unlikely(model_other_cpu != OTHER_CPU_IDLE))
		model_other_cpu_acts();
}

#endif
