/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECRETMEM_H
#define _LINUX_SECRETMEM_H

#include <linux/mm_types.h>
#include <linux/page-flags.h>

extern const struct vm_operations_struct secretmem_vm_ops;

static inline bool vma_is_secretmem(struct vm_area_struct *vma)
{
	return IS_ENABLED(CONFIG_SECRETMEM) && vma->vm_ops == &secretmem_vm_ops;
}

static inline bool folio_is_secretmem(struct folio *folio)
{
	return IS_ENABLED(CONFIG_SECRETMEM) && (folio->page.flags & (1UL << PG_secretmem));
}

#endif
