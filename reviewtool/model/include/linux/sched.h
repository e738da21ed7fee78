/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCHED_H
#define _LINUX_SCHED_H

#include <linux/mm_types.h>

struct task_struct {
	struct mm_struct *mm;
	bool fatal_signal;
	bool signal;
};

extern struct task_struct model_task;
#define current (&model_task)

static inline int fatal_signal_pending(struct task_struct *task)
{
	return task->fatal_signal;
}

static inline int signal_pending(struct task_struct *task)
{
	return task->fatal_signal || task->signal;
}

#endif
