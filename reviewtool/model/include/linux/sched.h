/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/mm_types.h>

struct task_struct {
	struct mm_struct *mm;
	bool fatal_signal;
	bool signal;
	unsigned long maj_flt, min_flt;
};

extern struct task_struct model_task;
#define current (&model_task)

/* There is one task, and it has the scenario's address space. */
static inline struct task_struct *find_get_task_by_vpid(int pid __maybe_unused)
{
	return &model_task;
}

static inline void put_task_struct(struct task_struct *task __maybe_unused) { }

static inline struct mm_struct *get_task_mm(struct task_struct *task)
{
	task->mm->mm_users.counter++;
	return task->mm;
}

static inline void mmput(struct mm_struct *mm)
{
	mm->mm_users.counter--;
}

static inline int fatal_signal_pending(struct task_struct *task)
{
	return task->fatal_signal;
}

static inline int signal_pending(struct task_struct *task)
{
	return task->fatal_signal || task->signal;
}

#endif
