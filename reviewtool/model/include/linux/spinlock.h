/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

/*
 * A scenario runs on one CPU, so a lock need not exclude anybody: it counts.
 * What another CPU did is played when the lock is taken (see harness/other_cpu.h).
 */
typedef struct { int held; } spinlock_t;

/* Counts of everything that a caller could notice; the harness reads them. */
struct model_counts {
	int atomic_depth;	/* spinlocks held and RCU read sections */
	int rcu_depth;
	int ptl_depth;		/* page table locks held */
	int irqs_off;		/* local_irq_save() */
	int vma_lock_depth;	/* hugetlb VMA locks held */
	int steps;
	unsigned int events;	/* EV_* */
	unsigned int told;	/* TOLD_* */
	unsigned long aside;	/* a sum over what is told to parts of the kernel that are not modelled */
	const void *put_page;	/* the page whose last known reference was dropped */
};

enum {
	EV_WARN			= 1u << 0,
	EV_LOCK_MISUSE		= 1u << 1,	/* taken twice, or released when not held */
	EV_SLEPT		= 1u << 2,
	EV_SLEPT_ATOMIC		= 1u << 3,
	EV_FAULT_NUMA		= 1u << 4,
	EV_FAULT_WRITE		= 1u << 5,
	EV_FAULT_UNSHARE	= 1u << 6,
	EV_FAULT_READ		= 1u << 7,
	EV_WAIT_MIGRATION	= 1u << 8,
	EV_ACCESSED		= 1u << 9,
	EV_SET_DIRTY		= 1u << 10,
	EV_MMAP_LOCK_DROPPED	= 1u << 11,
	EV_SPLIT		= 1u << 12,
	EV_ISOLATED		= 1u << 13,
	EV_UNLOCKED_ASSERT	= 1u << 14,
	EV_USED_AFTER_PUT	= 1u << 15,	/* a page was touched that may be gone */
	EV_LOCK_ORDER		= 1u << 16,	/* an outer lock taken inside of an inner one */
	EV_PUT_TOO_MANY		= 1u << 17,	/* a reference dropped that others hold */
};

/* What the code under review told others: how a fault may be taken, what a page is good for. */
enum {
	TOLD_RETRY_ALLOWED	= 1u << 0,
	TOLD_NOWAIT		= 1u << 1,
	TOLD_KILLABLE		= 1u << 2,
	TOLD_INTERRUPTIBLE	= 1u << 3,
	TOLD_TRIED		= 1u << 4,
	TOLD_REMOTE		= 1u << 5,
	TOLD_ACCESSIBLE		= 1u << 6,	/* the page was made accessible */
	TOLD_MASK		= 1u << 7,	/* a page_mask that fits no mapping */
};

extern struct model_counts model;

void model_out_of_steps(void) __noreturn;

/*
 * Every primitive that a loop could turn around passes here: a retry that
 * never ends is found by count, the same on every machine.
 */
#define MODEL_STEP_LIMIT 512
static inline void model_step(void)
{
	if (unlikely(++model.steps > MODEL_STEP_LIMIT))
		model_out_of_steps();
}

#ifdef MODEL_TRACE
void model_trace(const char *what, long value);
#else
static inline void model_trace(const char *what __maybe_unused, long value __maybe_unused) { }
#endif

static inline void model_event(unsigned int event)
{
	model.events |= event;
}

static inline void might_sleep(void)
{
	model_step();
	model_event(EV_SLEPT);
	if (unlikely(model.atomic_depth > 0)) {
		model_trace("sleeps in atomic context; spinlocks and RCU sections held", model.atomic_depth);
		model_event(EV_SLEPT_ATOMIC);
	}
}

static inline void cond_resched(void)
{
	might_sleep();
}

static inline void spin_lock(spinlock_t *lock)
{
	model_step();
	if (unlikely(lock->held))
		model_event(EV_LOCK_MISUSE);
	lock->held++;
	model.atomic_depth++;
	model.ptl_depth++;
	model_trace("spinlock taken", lock->held);
}

static inline void spin_unlock(spinlock_t *lock)
{
	model_step();
	if (unlikely(lock->held <= 0))
		model_event(EV_LOCK_MISUSE);
	lock->held--;
	model.atomic_depth--;
	model.ptl_depth--;
	model_trace("spinlock released; still held", lock->held);
}

static inline int spin_is_locked(spinlock_t *lock)
{
	return lock->held > 0;
}

static inline void assert_spin_locked(spinlock_t *lock)
{
	if (unlikely(lock->held <= 0))
		model_event(EV_UNLOCKED_ASSERT);
}

#define lockdep_assert_held(lock) assert_spin_locked(lock)

/* With interrupts off nobody may sleep either; that they are on again shows as atomic context. */
#define local_irq_save(flags) do { (flags) = 0; model_step(); model.irqs_off++; model.atomic_depth++; } while (0)
#define local_irq_restore(flags) do { (void)(flags); model_step(); model.irqs_off--; model.atomic_depth--; } while (0)

static inline void rcu_read_lock(void)
{
	model_step();
	model.rcu_depth++;
	model.atomic_depth++;
}

static inline void rcu_read_unlock(void)
{
	model_step();
	if (unlikely(model.rcu_depth <= 0))
		model_event(EV_LOCK_MISUSE);
	model.rcu_depth--;
	model.atomic_depth--;
}

#endif
