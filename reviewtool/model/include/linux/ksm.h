/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KSM_H
#define _LINUX_KSM_H

#include <linux/mm.h>

/* One address that KSM watches. */
struct ksm_rmap_item {
	struct mm_struct *mm;
	unsigned long address;
};

#endif
