// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the code under review calls and the model answers: faults, waits,
 * splits, other CPUs, and how a scenario ends early.
 */
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/migrate.h>
#include <linux/swapops.h>

#include "world.h"

void model_warn(void)
{
	model_trace("WARN", 1);
	model_event(EV_WARN);
}

void model_bug(void)
{
	model_trace("BUG", 1);
	catch_throw(&world_catch, END_BUG);
}

void model_out_of_steps(void)
{
	model_trace("step bound reached: this does not end", MODEL_STEP_LIMIT);
	catch_throw(&world_catch, END_STEPS);
}

void world_unmodelled(int id)
{
	catch_throw(&world_catch, END_UNMODELLED + (id << 8));
}

/* Called by code that clang instruments: a member of a null pointer was touched. */
void __ubsan_handle_type_mismatch_minimal_abort(void)
{
	model_trace("null pointer dereference", 0);
	catch_throw(&world_catch, END_NULL_POINTER);
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	model_step();
	mmap_assert_locked(mm);
	if (addr < world.vma.vm_start || addr >= world.vma.vm_end)
		return NULL;
	return &world.vma;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	return vma_lookup(mm, addr);
}

struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr)
{
	return vma_lookup(mm, addr);
}

struct dev_pagemap *get_dev_pagemap(unsigned long pfn __maybe_unused, struct dev_pagemap *pgmap)
{
	model_step();
	if (pgmap)
		return pgmap;
	if (world.pgmap.gone)
		return NULL;
	world.pgmap.refs++;
	model_trace("device page map: reference taken; held", world.pgmap.refs);
	return &world.pgmap;
}

struct page *pfn_swap_entry_to_page(swp_entry_t entry)
{
	return pfn_to_page(entry.val >> _PFN_SHIFT);
}

static void split(pmd_t *pmd)
{
	unsigned long old = pmd->pmd;

	if (!pmd_leaf(*pmd))
		return;
	if (pmd_devmap(*pmd)) {
		pmd->pmd = 0;		/* device memory is faulted in again */
		return;
	}
	if (is_huge_zero_pmd(*pmd))
		model_tables.pte.pte = (old & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_UFFD_WP | _PAGE_SOFT_DIRTY)) |
			_PAGE_SPECIAL | (unsigned long)PFN_ZERO << _PFN_SHIFT;
	else
		model_tables.pte.pte = (old & ((1UL << _PFN_SHIFT) - 1) & ~_PAGE_PSE) |
			(pmd_pfn(*pmd) + 1) << _PFN_SHIFT;
	pmd->pmd = _PAGE_TABLE | _PAGE_PRESENT;
	model_trace("huge PMD split", 1);
}

void split_huge_pmd(struct vm_area_struct *vma __maybe_unused, pmd_t *pmd,
		    unsigned long address __maybe_unused)
{
	might_sleep();
	model_event(EV_SPLIT);
	split(pmd);
}

/* What another CPU does costs the function under review neither steps nor sleep. */
void model_other_cpu_acts(void)
{
	static struct model_tables left_behind;
	int what = model_other_cpu;

	model_other_cpu = OTHER_CPU_IDLE;
	model_trace("another CPU acts on the PMD before the lock is taken", what);
	switch (what) {
	case OTHER_CPU_CLEARS:
		if (pud_devmap(model_tables.pud)) {
			model_tables.pud.pud = 0;
			break;
		}
		fallthrough;
	case OTHER_CPU_FREES_TABLE:
		model_tables.pmd.pmd = 0;
		break;
	case OTHER_CPU_SPLITS:
		split(&model_tables.pmd);
		break;
	case OTHER_CPU_MIGRATES:
		model_tables.pmd.pmd = (unsigned long)SWP_MIGRATION << _SWP_TYPE_SHIFT |
			(unsigned long)PFN_LARGE << _PFN_SHIFT;
		break;
	}
	/* what it did is not the doing of the function under review */
	left_behind = model_tables;
	world.baseline = &left_behind;
}

int pte_alloc(struct mm_struct *mm __maybe_unused, pmd_t *pmd)
{
	might_sleep();
	if (pmd_none(*pmd))
		pmd->pmd = _PAGE_TABLE | _PAGE_PRESENT;
	return 0;
}

/* The migration ends, and the entry maps its page again, as it does in the kernel. */
void migration_entry_wait(struct mm_struct *mm __maybe_unused, pmd_t *pmd __maybe_unused,
			  unsigned long address __maybe_unused)
{
	might_sleep();
	/* only migration ends by itself: whoever waits for another entry comes back to the same one */
	if (!is_swap_pte(model_tables.pte) || !is_migration_entry(pte_to_swp_entry(model_tables.pte)))
		return;
	model_event(EV_WAIT_MIGRATION);
	model_tables.pte.pte = _PAGE_PRESENT | (unsigned long)PFN_SMALL << _PFN_SHIFT;
}

void pmd_migration_entry_wait(struct mm_struct *mm __maybe_unused, pmd_t *pmd)
{
	might_sleep();
	if (!is_pmd_migration_entry(*pmd))
		return;
	model_event(EV_WAIT_MIGRATION);
	pmd->pmd = _PAGE_PRESENT | _PAGE_PSE | (unsigned long)PFN_LARGE << _PFN_SHIFT;
}

int isolate_lru_page(struct page *page)
{
	model_step();
	if (!PageLRU(page))
		return -EBUSY;
	model_event(EV_ISOLATED);
	folio_get(page_folio(page));
	return 0;
}

int isolate_hugetlb(struct folio *folio __maybe_unused, struct list_head *list __maybe_unused)
{
	model_step();
	model_event(EV_ISOLATED);
	return 0;
}

/* A private, writable page of the process's own, where the fault leaves one. */
static void map_fresh_page(bool write)
{
	unsigned long bits = _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_SOFT_DIRTY;

	world_use_fresh_page();
	if (write)
		bits |= _PAGE_DIRTY | (world.vma.vm_flags & VM_WRITE ? _PAGE_RW : 0);
	model_tables.pgd.pgd = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.p4d.p4d = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.pud.pud = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.pmd.pmd = _PAGE_TABLE | _PAGE_PRESENT;
	model_tables.pte.pte = bits | (unsigned long)PFN_FRESH << _PFN_SHIFT;
}

static bool private_mapping(void)
{
	return !(world.vma.vm_flags & VM_SHARED);
}

/* Makes a present PTE or PMD serve the access; what the kernel's do_wp_page() family does. */
static vm_fault_t fault_on_present(unsigned long *entry, bool write, bool unshare)
{
	struct page *page = pfn_to_page(*entry >> _PFN_SHIFT);
	bool plain = !(*entry & _PAGE_SPECIAL) && !(*entry & _PAGE_DEVMAP);

	/* a device on its way out serves no more faults */
	if ((*entry & _PAGE_DEVMAP) && world.pgmap.gone)
		return VM_FAULT_SIGBUS;
	/* in an inaccessible VMA it is no NUMA hint, and goes on as if it were R/O */
	if ((*entry & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE && vma_is_accessible(&world.vma)) {
		model_event(EV_FAULT_NUMA);
		*entry = (*entry & ~_PAGE_PROTNONE) | _PAGE_PRESENT;
		if (plain && (world.vma.vm_flags & VM_WRITE) &&
		    (!private_mapping() || (PageAnon(page) && PageAnonExclusive(page))))
			*entry |= _PAGE_RW;
		return 0;
	}
	if (unshare && private_mapping() && !(plain && PageAnon(page) && PageAnonExclusive(page))) {
		model_event(EV_FAULT_UNSHARE);
		map_fresh_page(false);
		return 0;
	}
	if (write && !(*entry & _PAGE_RW)) {
		model_event(EV_FAULT_WRITE);
		if (private_mapping() && !(plain && PageAnon(page) && PageAnonExclusive(page))) {
			map_fresh_page(true);
			return 0;
		}
		*entry |= _PAGE_DIRTY | _PAGE_ACCESSED | _PAGE_SOFT_DIRTY;
		*entry &= ~_PAGE_UFFD_WP;
		if (world.vma.vm_flags & VM_WRITE)
			*entry |= _PAGE_RW;
		return 0;
	}
	*entry |= _PAGE_ACCESSED | (write ? _PAGE_DIRTY | _PAGE_SOFT_DIRTY : 0);
	return 0;
}

static vm_fault_t resolve_fault(bool write, bool unshare)
{
	unsigned long *entry = &model_tables.pte.pte;

	if (model_tables.pmd.pmd & _PAGE_PSE)
		entry = &model_tables.pmd.pmd;
	if (pud_devmap(model_tables.pud))
		entry = &model_tables.pud.pud;
	if ((model_tables.pgd.pgd & _PAGE_BAD) || (model_tables.p4d.p4d & _PAGE_BAD) ||
	    (model_tables.pud.pud & _PAGE_BAD) || (model_tables.pmd.pmd & _PAGE_BAD))
		return VM_FAULT_OOM;	/* a broken table is cleared, and not filled again */
	if ((model_tables.pmd.pmd || model_tables.pte.pte) &&
	    (*entry & (_PAGE_PRESENT | _PAGE_PROTNONE)) && !(*entry & _PAGE_TABLE) &&
	    model_tables.pgd.pgd && model_tables.p4d.p4d && model_tables.pud.pud && model_tables.pmd.pmd)
		return fault_on_present(entry, write, unshare);

	if (is_pmd_migration_entry(model_tables.pmd)) {
		pmd_migration_entry_wait(&world.mm, &model_tables.pmd);
		return 0;
	}
	if (*entry && !(*entry & _PAGE_TABLE)) {
		swp_entry_t swap = { *entry };

		if (is_hwpoison_entry(swap))
			return VM_FAULT_HWPOISON;
		if (is_migration_entry(swap)) {
			migration_entry_wait(&world.mm, &model_tables.pmd, WORLD_ADDRESS);
			return 0;
		}
	}
	model_event(write ? EV_FAULT_WRITE : EV_FAULT_READ);
	if (world.vma.vm_ops && !world.vma.vm_ops->fault)
		return VM_FAULT_SIGBUS;
	map_fresh_page(write);
	return 0;
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
			if (!(flags & FAULT_FLAG_RETRY_NOWAIT)) {
				model_event(EV_MMAP_LOCK_DROPPED);
				mmap_read_unlock(&world.mm);
			}
			return VM_FAULT_RETRY;
		}
		break;
	}
	return 0;
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma __maybe_unused,
			   unsigned long address __maybe_unused,
			   unsigned int flags, void *regs __maybe_unused)
{
	vm_fault_t fails = fault_fails(flags);

	return fails ? fails : resolve_fault(flags & FAULT_FLAG_WRITE, flags & FAULT_FLAG_UNSHARE);
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
		return 0;
	}
	model_event(pte_none(entry) ? (flags & FAULT_FLAG_WRITE ? EV_FAULT_WRITE : EV_FAULT_READ) :
		    flags & FAULT_FLAG_UNSHARE ? EV_FAULT_UNSHARE : EV_FAULT_WRITE);
	model_pages[PFN_HUGETLB].flags |= 1UL << PG_anon | 1UL << PG_anon_exclusive;
	model_pages[PFN_HUGETLB + 1].flags |= 1UL << PG_anon_exclusive;
	model_tables.huge.pte = own | (unsigned long)PFN_HUGETLB << _PFN_SHIFT;
	return 0;
}
