/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MMAP_LOCK_H
#define _LINUX_MMAP_LOCK_H

#include <linux/mm_types.h>

static inline void mmap_read_lock(struct mm_struct *mm)
{
	might_sleep();
	/* mmap_lock, then a hugetlb VMA lock, then page table locks */
	if (unlikely(model.ptl_depth > 0 || model.vma_lock_depth > 0))
		model_event(EV_LOCK_ORDER);
	mm->mmap_lock.readers++;
}

static inline int mmap_read_lock_killable(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	return 0;
}

static inline bool mmap_read_trylock(struct mm_struct *mm)
{
	mm->mmap_lock.readers++;
	return true;
}

static inline void mmap_read_unlock(struct mm_struct *mm)
{
	model_step();
	if (unlikely(mm->mmap_lock.readers <= 0))
		model_event(EV_LOCK_MISUSE);
	mm->mmap_lock.readers--;
}

static inline void mmap_assert_locked(struct mm_struct *mm)
{
	if (unlikely(mm->mmap_lock.readers <= 0 && !mm->mmap_lock.writer))
		model_event(EV_UNLOCKED_ASSERT);
}

#endif
