/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/types.h>
#include <linux/atomic.h>
#include <linux/spinlock.h>
#include <asm/pgtable.h>

struct address_space;
struct dev_pagemap;
struct vm_area_struct;
struct file;

struct page {
	unsigned long flags;		/* PG_*, see page-flags.h */
	struct page *head;		/* of the compound page, or the page itself */
	atomic_t _refcount;
	atomic_t _pincount;		/* of a large folio; small ones count pins in _refcount */
	atomic_t _mapcount;
	int _held;			/* references that others hold throughout a scenario */
	int nid;
	struct dev_pagemap *pgmap;
	struct list_head lru;
	struct address_space *mapping;
};

struct folio {
	struct page page;
};

struct rw_semaphore {
	int readers;
	int writer;
};

struct mm_struct {
	pgd_t *pgd;
	atomic_t mm_users;
	struct rw_semaphore mmap_lock;
	spinlock_t page_table_lock;
	unsigned long flags;		/* MMF_* */
	atomic_t has_pinned;		/* what MMF_HAS_PINNED was up to v5.13 */
};

struct anon_vma { int unused; };
struct address_space { unsigned long flags; };

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address;
	unsigned int flags;
};

struct vm_operations_struct {
	vm_fault_t (*fault)(struct vm_fault *vmf);
	struct page *(*find_special_page)(struct vm_area_struct *vma, unsigned long addr);
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	vm_flags_t vm_flags;
	struct anon_vma *anon_vma;
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;
	struct file *vm_file;
	void *vm_private_data;
	struct vm_area_struct *vm_next;	/* up to v6.0; a scenario has one VMA */
};

#define MMF_HAS_PINNED	27

/* What handle_mm_fault() says. */
enum vm_fault_reason {
	VM_FAULT_OOM		= 0x000001,
	VM_FAULT_SIGBUS		= 0x000002,
	VM_FAULT_MAJOR		= 0x000004,
	VM_FAULT_HWPOISON	= 0x000010,
	VM_FAULT_HWPOISON_LARGE	= 0x000020,
	VM_FAULT_SIGSEGV	= 0x000040,
	VM_FAULT_NOPAGE		= 0x000100,
	VM_FAULT_LOCKED		= 0x000200,
	VM_FAULT_RETRY		= 0x000400,
	VM_FAULT_FALLBACK	= 0x000800,
	VM_FAULT_DONE_COW	= 0x001000,
	VM_FAULT_COMPLETED	= 0x004000,
};

#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | \
			VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE | VM_FAULT_FALLBACK)

enum fault_flag {
	FAULT_FLAG_WRITE	= 1 << 0,
	FAULT_FLAG_MKWRITE	= 1 << 1,
	FAULT_FLAG_ALLOW_RETRY	= 1 << 2,
	FAULT_FLAG_RETRY_NOWAIT	= 1 << 3,
	FAULT_FLAG_KILLABLE	= 1 << 4,
	FAULT_FLAG_TRIED	= 1 << 5,
	FAULT_FLAG_USER		= 1 << 6,
	FAULT_FLAG_REMOTE	= 1 << 7,
	FAULT_FLAG_INSTRUCTION	= 1 << 8,
	FAULT_FLAG_INTERRUPTIBLE = 1 << 9,
	FAULT_FLAG_UNSHARE	= 1 << 10,
};

/*
 * How the callers of GUP say what they want.  These values may be passed in
 * from outside; mm/internal.h has the ones that only mm/ may use.
 */
enum {
	/* the entry must allow writing, or FOLL_FORCE must make up for it */
	FOLL_WRITE = 1 << 0,
	/* take a reference on the page */
	FOLL_GET = 1 << 1,
	/* a hole or the zero page is an error: a core dump skips it */
	FOLL_DUMP = 1 << 2,
	/* read or write where the VMA's protection says no */
	FOLL_FORCE = 1 << 3,
	/* when I/O is needed, start it and come back */
	FOLL_NOWAIT = 1 << 4,
	/* never call the fault handler */
	FOLL_NOFAULT = 1 << 5,
	/* tell a poisoned page from other failures */
	FOLL_HWPOISON = 1 << 6,
	/* only anonymous VMAs */
	FOLL_ANON = 1 << 7,
	/* the pin lasts: no page that has to move */
	FOLL_LONGTERM = 1 << 8,
	/* split a huge PMD before it is looked at */
	FOLL_SPLIT_PMD = 1 << 9,
	/* PCI peer-to-peer pages are fine */
	FOLL_PCI_P2PDMA = 1 << 10,
	/* signals that do not kill may interrupt */
	FOLL_INTERRUPTIBLE = 1 << 11,

	/* mm/internal.h goes on from 1 << 16 */
};

#endif
