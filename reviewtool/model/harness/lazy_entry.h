/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_LAZY_ENTRY_H
#define HARNESS_LAZY_ENTRY_H
/*
 * In place of sweep.c where an entry is run lazily: one run of it.
 */
#include "world.h"

extern unsigned long lazy_value, lazy_kind;
extern unsigned int lazy_end;
typedef void (*entry_loop)(void);

static __always_inline void run_on(entry_call call)
{
	int end = catch_here(&world_catch);
	unsigned long value = 0;

	if (end) {
		lazy_end = end;
		return;
	}
	lazy_kind = call(&value);
	lazy_value = value;
}

#endif
