// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a page fault makes of an entry: NUMA hints, writes, unsharing and
 * entries that are not present, each resolved as mm/memory.c of v6.5-rc3 does.
 * A userfaultfd monitor, a device and a swap file answer at once.
 */
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/swapops.h>

#include "world.h"

static unsigned long *pte_at(unsigned long address)
{
	return &model_tables.ptes[pte_index(address)].pte;
}

/* A private, writable page of the process's own, where the fault leaves one. */
static void map_fresh_page(struct vm_area_struct *vma, unsigned long address, bool write)
{
	unsigned long bits = _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_SOFT_DIRTY;
	unsigned long pfn = world_use_fresh_page(address);

	if (write)
		bits |= _PAGE_DIRTY | (vma->vm_flags & VM_WRITE ? _PAGE_RW : 0);
	model_tables.pgd.pgd = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.p4d.p4d = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.pud.pud = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.pmd.pmd = _PAGE_TABLE | _PAGE_PRESENT;
	*pte_at(address) = bits | pfn << _PFN_SHIFT;
}

static bool private_mapping(struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_SHARED);
}

/* Makes a present PTE or PMD serve the access; what the kernel's do_wp_page() family does. */
static vm_fault_t fault_on_present(struct vm_area_struct *vma, unsigned long address,
				   unsigned long *entry, bool write, bool unshare)
{
	struct page *page = pfn_to_page(*entry >> _PFN_SHIFT);
	bool plain = !(*entry & _PAGE_SPECIAL) && !(*entry & _PAGE_DEVMAP);

	/* a device on its way out serves no more faults */
	if ((*entry & _PAGE_DEVMAP) && world.pgmap.gone)
		return VM_FAULT_SIGBUS;
	/* in an inaccessible VMA it is no NUMA hint, and goes on as if it were R/O */
	if ((*entry & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE && vma_is_accessible(vma)) {
		model_event(EV_FAULT_NUMA);
		*entry = (*entry & ~_PAGE_PROTNONE) | _PAGE_PRESENT;
		if (plain && (vma->vm_flags & VM_WRITE) &&
		    (!private_mapping(vma) || (PageAnon(page) && PageAnonExclusive(page))))
			*entry |= _PAGE_RW;
		return 0;
	}
	if (unshare && private_mapping(vma) && !(plain && PageAnon(page) && PageAnonExclusive(page))) {
		model_event(EV_FAULT_UNSHARE);
		map_fresh_page(vma, address, false);
		return 0;
	}
	if (write && !(*entry & _PAGE_RW)) {
		model_event(EV_FAULT_WRITE);
		if (private_mapping(vma) && !(plain && PageAnon(page) && PageAnonExclusive(page))) {
			map_fresh_page(vma, address, true);
			return 0;
		}
		*entry |= _PAGE_DIRTY | _PAGE_ACCESSED | _PAGE_SOFT_DIRTY;
		*entry &= ~_PAGE_UFFD_WP;
		if (vma->vm_flags & VM_WRITE)
			*entry |= _PAGE_RW;
		return 0;
	}
	*entry |= _PAGE_ACCESSED | (write ? _PAGE_DIRTY | _PAGE_SOFT_DIRTY : 0);
	return 0;
}

static vm_fault_t resolve_fault(struct vm_area_struct *vma, unsigned long address,
				bool write, bool unshare)
{
	unsigned long *entry = pte_at(address);

	if (model_tables.pmd.pmd & _PAGE_PSE)
		entry = &model_tables.pmd.pmd;
	if (pud_devmap(model_tables.pud))
		entry = &model_tables.pud.pud;
	if ((model_tables.pgd.pgd & _PAGE_BAD) || (model_tables.p4d.p4d & _PAGE_BAD) ||
	    (model_tables.pud.pud & _PAGE_BAD) || (model_tables.pmd.pmd & _PAGE_BAD))
		return VM_FAULT_OOM;	/* a broken table is cleared, and not filled again */
	if ((model_tables.pmd.pmd || *entry) &&
	    (*entry & (_PAGE_PRESENT | _PAGE_PROTNONE)) && !(*entry & _PAGE_TABLE) &&
	    model_tables.pgd.pgd && model_tables.p4d.p4d && model_tables.pud.pud && model_tables.pmd.pmd)
		return fault_on_present(vma, address, entry, write, unshare);

	if (is_pmd_migration_entry(model_tables.pmd)) {
		pmd_migration_entry_wait(&world.mm, &model_tables.pmd);
		return 0;
	}
	if (*entry && !(*entry & _PAGE_TABLE)) {
		swp_entry_t swap = { *entry };

		if (is_hwpoison_entry(swap))
			return VM_FAULT_HWPOISON;
		if (is_migration_entry(swap)) {
			migration_entry_wait(&world.mm, &model_tables.pmd, address);
			return 0;
		}
	}
	model_event(write ? EV_FAULT_WRITE : EV_FAULT_READ);
	if (vma->vm_ops && !vma->vm_ops->fault)
		return VM_FAULT_SIGBUS;
	map_fresh_page(vma, address, write);
	return 0;
}

/* What no caller may ask of a fault, and what a fault does not take at its word. */
static vm_fault_t check_fault_flags(struct vm_area_struct *vma, unsigned int *flags)
{
	if (*flags & FAULT_FLAG_UNSHARE) {
		if (WARN_ON_ONCE(*flags & FAULT_FLAG_WRITE))
			return VM_FAULT_SIGSEGV;
		/* without COW there is nothing to unshare: it is a read */
		if (!is_cow_mapping(vma->vm_flags))
			*flags &= ~FAULT_FLAG_UNSHARE;
	} else if (*flags & FAULT_FLAG_WRITE) {
		if (WARN_ON_ONCE(!(vma->vm_flags & VM_MAYWRITE)))
			return VM_FAULT_SIGSEGV;
		if (WARN_ON_ONCE(!(vma->vm_flags & VM_WRITE) && !is_cow_mapping(vma->vm_flags)))
			return VM_FAULT_SIGSEGV;
	}
	return 0;
}

static bool may_drop_mmap_lock(unsigned int flags)
{
	return (flags & FAULT_FLAG_ALLOW_RETRY) && !(flags & FAULT_FLAG_RETRY_NOWAIT);
}

static void tell_fault(unsigned int flags)
{
	static const struct { unsigned int flag, told; } kinds[] = {
		{ FAULT_FLAG_ALLOW_RETRY, TOLD_RETRY_ALLOWED }, { FAULT_FLAG_RETRY_NOWAIT, TOLD_NOWAIT },
		{ FAULT_FLAG_KILLABLE, TOLD_KILLABLE }, { FAULT_FLAG_INTERRUPTIBLE, TOLD_INTERRUPTIBLE },
		{ FAULT_FLAG_TRIED, TOLD_TRIED }, { FAULT_FLAG_REMOTE, TOLD_REMOTE },
	};

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (flags & kinds[i].flag)
			model.told |= kinds[i].told;
}

/* What the scenario says of faults in general; 0 where this one is to be resolved. */
static vm_fault_t fault_fails(unsigned int flags)
{
	might_sleep();
	mmap_assert_locked(&world.mm);
	model_trace("page fault taken, FAULT_FLAG_*", flags);
	tell_fault(flags);
	switch (world.fault) {
	case FAULT_oom:
		return VM_FAULT_OOM;
	case FAULT_sigbus:
		return VM_FAULT_SIGBUS;
	case FAULT_hwpoison:
		return VM_FAULT_HWPOISON;
	case FAULT_retry:
		if ((flags & FAULT_FLAG_ALLOW_RETRY) && !(flags & FAULT_FLAG_TRIED)) {
			if (may_drop_mmap_lock(flags))
				world_mmap_lock_dropped();
			return VM_FAULT_RETRY;
		}
		break;
	}
	return 0;
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
			   unsigned int flags, void *regs __maybe_unused)
{
	vm_fault_t ret = check_fault_flags(vma, &flags);

	if (ret)
		return ret;
	ret = fault_fails(flags);
	if (ret)
		return ret;
	/* the fault looks at what is mapped, with the lock held */
	model.put_page = NULL;
	if (is_vm_hugetlb_page(vma))
		return hugetlb_fault(vma->vm_mm, vma, address, flags);
	ret = resolve_fault(vma, address, flags & FAULT_FLAG_WRITE, flags & FAULT_FLAG_UNSHARE);
	if (ret & VM_FAULT_ERROR)
		return ret;
	world_while_waiting();
	if (world.fault == FAULT_completed && may_drop_mmap_lock(flags)) {
		world_mmap_lock_dropped();
		return ret | VM_FAULT_COMPLETED;
	}
	return ret;
}

/* hugetlb's own: a page of the process's own comes in, or the entry is made to serve. */
vm_fault_t hugetlb_fault(struct mm_struct *mm __maybe_unused,
			 struct vm_area_struct *vma __maybe_unused,
			 unsigned long address __maybe_unused, unsigned int flags)
{
	unsigned long own = _PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY | _PAGE_ACCESSED | _PAGE_SOFT_DIRTY | _PAGE_PSE;
	vm_fault_t fails = fault_fails(flags);
	pte_t entry = model_tables.huge;

	if (fails)
		return fails;
	if (!pte_present(entry) && !pte_none(entry)) {
		if (is_hwpoison_entry(pte_to_swp_entry(entry)))
			return VM_FAULT_HWPOISON_LARGE;
		model_event(EV_WAIT_MIGRATION);
		model_tables.huge.pte = _PAGE_PRESENT | _PAGE_PSE | (unsigned long)PFN_HUGETLB << _PFN_SHIFT;
		world_while_waiting();
		return 0;
	}
	model_event(pte_none(entry) ? (flags & FAULT_FLAG_WRITE ? EV_FAULT_WRITE : EV_FAULT_READ) :
		    flags & FAULT_FLAG_UNSHARE ? EV_FAULT_UNSHARE : EV_FAULT_WRITE);
	model_pages[PFN_HUGETLB].flags |= 1UL << PG_anon | 1UL << PG_anon_exclusive;
	model_pages[PFN_HUGETLB + 1].flags |= 1UL << PG_anon_exclusive;
	model_pages[PFN_HUGETLB + 2].flags |= 1UL << PG_anon_exclusive;
	model_tables.huge.pte = own | (unsigned long)PFN_HUGETLB << _PFN_SHIFT;
	world_while_waiting();
	return 0;
}
