/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SECRETMEM_H
#define _LINUX_SECRETMEM_H

#include <linux/mm_types.h>

extern const struct vm_operations_struct secretmem_vm_ops;

static inline bool vma_is_secretmem(struct vm_area_struct *vma)
{
	return vma->vm_ops == &secretmem_vm_ops;
}

#endif
