/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BUG_H
#define _LINUX_BUG_H

#include <linux/compiler.h>
#include <linux/types.h>

/* What a check that fails leaves in the outcome; defined by the harness. */
void model_warn(void);
void model_bug(void) __noreturn;

#define WARN_ON(cond) ({				\
	bool _warn = !!(cond);				\
	if (unlikely(_warn))				\
		model_warn();				\
	unlikely(_warn);				\
})
/* Each scenario is a boot of its own, so "once" needs no memory. */
#define WARN_ON_ONCE(cond) WARN_ON(cond)
#define WARN(cond, ...) WARN_ON(cond)
#define WARN_ONCE(cond, ...) WARN_ON(cond)
#define VM_WARN_ON(cond) ((void)WARN_ON(cond))
#define VM_WARN_ON_ONCE(cond) WARN_ON(cond)
#define VM_WARN_ON_ONCE_PAGE(cond, page) WARN_ON(cond)

#define BUG() model_bug()
#define BUG_ON(cond) do { if (unlikely(cond)) BUG(); } while (0)
/* Reviewers want to know of a violated assertion, so CONFIG_DEBUG_VM is on. */
#define VM_BUG_ON(cond) BUG_ON(cond)
#define VM_BUG_ON_PAGE(cond, page) BUG_ON(cond)
#define VM_BUG_ON_VMA(cond, vma) BUG_ON(cond)
#define VM_BUG_ON_MM(cond, mm) BUG_ON(cond)

#endif
