/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/types.h>

static inline int atomic_read(const atomic_t *v) { return v->counter; }
static inline void atomic_set(atomic_t *v, int i) { v->counter = i; }
static inline void atomic_add(int i, atomic_t *v) { v->counter += i; }
static inline void atomic_sub(int i, atomic_t *v) { v->counter -= i; }
static inline void atomic_inc(atomic_t *v) { v->counter++; }
static inline void atomic_dec(atomic_t *v) { v->counter--; }
static inline bool atomic_dec_and_test(atomic_t *v) { return --v->counter == 0; }

static inline bool atomic_add_unless(atomic_t *v, int a, int unless)
{
	if (v->counter == unless)
		return false;
	v->counter += a;
	return true;
}

/* One CPU runs a scenario, so barriers order nothing that could be seen. */
#define smp_mb() do { } while (0)
#define smp_rmb() do { } while (0)
#define smp_wmb() do { } while (0)
#define smp_mb__after_atomic() do { } while (0)

#endif
