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
	if (addr >= world.vma.vm_start && addr < world.vma.vm_end && !world.unmapped)
		return &world.vma;
	if (addr >= world.next_vma.vm_start && addr < world.next_vma.vm_end)
		return &world.next_vma;
	return NULL;
}

/* The first VMA that ends behind ADDR: the address may lie in a hole before it. */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	model_step();
	mmap_assert_locked(mm);
	if (addr < world.vma.vm_end && !world.unmapped)
		return &world.vma;
	return addr < world.next_vma.vm_end ? &world.next_vma : NULL;
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
	model_tables.ptes[1] = model_tables.pte;
	if (!is_huge_zero_pmd(*pmd))
		model_tables.ptes[1].pte += 1UL << _PFN_SHIFT;
	pmd->pmd = _PAGE_TABLE | _PAGE_PRESENT;
	model_trace("huge PMD split", 1);
}

void split_huge_pmd(struct vm_area_struct *vma __maybe_unused, pmd_t *pmd,
		    unsigned long address __maybe_unused)
{
	might_sleep();
	model_event(EV_SPLIT);
	split(pmd);
	world_while_waiting();
}

int split_huge_page(struct page *page)
{
	might_sleep();
	model_page_used(page);
	model_event(EV_SPLIT);
	/* a folio that PTEs map is split, too, but they stay as they are */
	split(&model_tables.pmd);
	return 0;
}

static void clear_entry(void)
{
	if (pmd_leaf(model_tables.pmd) || is_pmd_migration_entry(model_tables.pmd))
		model_tables.pmd.pmd = 0;
	else if (world.vma.vm_flags & VM_HUGETLB)
		model_tables.huge.pte = 0;
	else
		model_tables.pte.pte = 0;
}

static unsigned long with_pfn(unsigned long entry, unsigned long pfn)
{
	return (entry & ((1UL << _PFN_SHIFT) - 1)) | pfn << _PFN_SHIFT;
}

/* What another CPU did is not the doing of the function under review. */
static void move_baseline(void)
{
	static struct model_tables left_behind;

	left_behind = model_tables;
	world.baseline = &left_behind;
}

/* What another CPU does costs the function under review neither steps nor sleep. */
void model_other_cpu_acts(void)
{
	int what = model_other_cpu;

	model_other_cpu = OTHER_CPU_IDLE;
	model_trace("another CPU acts on the PMD before the lock (or a reference) is taken", what);
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
	case OTHER_CPU_REPLACES:
		model_tables.pmd.pmd = with_pfn(model_tables.pmd.pmd, PFN_OTHER_LARGE);
		break;
	}
	move_baseline();
}

/* The PTE was read without a lock, and is now something else. */
void model_pte_changes(pte_t *pte)
{
	int what = model_lockless;

	model_lockless = LOCKLESS_idle;
	if (pte != &model_tables.pte || !pte_present(*pte))
		return;
	model_trace("another CPU changes the PTE after it was read without the lock", what);
	switch (what) {
	case LOCKLESS_clears:
		pte->pte = 0;
		break;
	case LOCKLESS_migrates:
		pte->pte = with_pfn((unsigned long)SWP_MIGRATION << _SWP_TYPE_SHIFT, pte_pfn(*pte));
		break;
	case LOCKLESS_replaces:
		pte->pte = with_pfn(pte->pte & ~(_PAGE_SPECIAL | _PAGE_DEVMAP), PFN_OTHER);
		break;
	}
	move_baseline();
}

/* The code sleeps, with no page table lock held: the entry may be gone when it comes back. */
void world_while_waiting(void)
{
	if (world.waiting != WAITING_clears)
		return;
	world.waiting = WAITING_idle;
	model_trace("another CPU clears the entry while the code waits or faults", 1);
	clear_entry();
	move_baseline();
}

/* The mmap_lock was dropped: the VMA may be gone when it is taken again. */
void world_mmap_lock_dropped(void)
{
	model_event(EV_MMAP_LOCK_DROPPED);
	mmap_read_unlock(&world.mm);
	if (world.waiting != WAITING_unmaps)
		return;
	world.waiting = WAITING_idle;
	model_trace("another CPU unmaps the VMA while the mmap_lock is dropped", 1);
	world.unmapped = true;
	model_tables.pmd.pmd = 0;
	model_tables.pte.pte = model_tables.huge.pte = 0;
	move_baseline();
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
	world_while_waiting();
}

void pmd_migration_entry_wait(struct mm_struct *mm __maybe_unused, pmd_t *pmd)
{
	might_sleep();
	if (!is_pmd_migration_entry(*pmd))
		return;
	model_event(EV_WAIT_MIGRATION);
	pmd->pmd = _PAGE_PRESENT | _PAGE_PSE | (unsigned long)PFN_LARGE << _PFN_SHIFT;
	world_while_waiting();
}

int isolate_lru_page(struct page *page)
{
	model_step();
	if (!PageLRU(page))
		return -EBUSY;
	model_event(EV_ISOLATED);
	folio_get(page_folio(page));
	world.isolated = page;
	return 0;
}

int isolate_hugetlb(struct folio *folio, struct list_head *list __maybe_unused)
{
	model_step();
	if (folio_ref_count(folio) <= 0)
		return -EBUSY;
	model_event(EV_ISOLATED);
	folio_get(folio);
	world.isolated = &folio->page;
	return 0;
}
