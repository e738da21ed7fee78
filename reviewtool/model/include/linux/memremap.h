/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MEMREMAP_H
#define _LINUX_MEMREMAP_H

#include <linux/mm_types.h>

struct dev_pagemap {
	bool gone;		/* being torn down: no new reference */
	int refs;
};

/* Looks up the device that owns PFN and takes a reference, or gives NULL. */
struct dev_pagemap *get_dev_pagemap(unsigned long pfn, struct dev_pagemap *pgmap);

static inline void put_dev_pagemap(struct dev_pagemap *pgmap)
{
	model_step();
	if (pgmap) {
		pgmap->refs--;
		model_trace("device page map: reference dropped; held", pgmap->refs);
	}
}

#endif
