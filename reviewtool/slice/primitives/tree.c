// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tree.h declares and the state of a scenario answers.
 */
#include <linux/huge_mm.h>
#include <linux/swapops.h>

#include "world.h"

bool tree_in_hugetlb(void);
void tree_walks_nowhere(void);
bool tree_page_is_secretmem(const struct page *page);
bool tree_page_is_anon_or_shmem(const struct page *page);
void tree_migration_entry_wait_huge(pte_t *pte);
int tree_split_huge_page(void);
bool tree_maps_read_only(void);
void *tree_zeroed(unsigned long bytes);
bool tree_user_access(bool write);

bool tree_in_hugetlb(void)
{
	return is_vm_hugetlb_page(&world.vma);
}

bool tree_page_is_secretmem(const struct page *page __maybe_unused)
{
	return vma_is_secretmem(&world.vma);
}

bool tree_page_is_anon_or_shmem(const struct page *page)
{
	return PageAnon(page);
}

/* only migration ends by itself */
void tree_migration_entry_wait_huge(pte_t *pte)
{
	might_sleep();
	if (!is_swap_pte(*pte) || !is_migration_entry(pte_to_swp_entry(*pte)))
		return;
	model_event(EV_WAIT_MIGRATION);
	pte->pte = _PAGE_PRESENT | _PAGE_PSE | (unsigned long)PFN_HUGETLB << _PFN_SHIFT;
}

int tree_split_huge_page(void)
{
	split_huge_pmd(&world.vma, &model_tables.pmd, WORLD_ADDRESS);
	return 0;
}

bool tree_maps_read_only(void)
{
	unsigned long entry = model_tables.pmd.pmd & _PAGE_PSE ? model_tables.pmd.pmd : model_tables.pte.pte;

	return (entry & _PAGE_PRESENT) && !(entry & _PAGE_RW);
}

/* The little memory that a call asks for; nobody needs two of it at once. */
void *tree_zeroed(unsigned long bytes)
{
	static unsigned long memory[64];

	might_sleep();
	__builtin_memset(memory, 0, sizeof(memory));
	return bytes <= sizeof(memory) ? memory : NULL;
}

bool tree_user_access(bool write)
{
	might_sleep();
	if (!(world.vma.vm_flags & (write ? VM_WRITE : VM_READ)))
		return false;
	return !handle_mm_fault(&world.vma, WORLD_ADDRESS, write ? FAULT_FLAG_WRITE : 0, NULL);
}

void tree_walks_nowhere(void)
{
	model_trace("walked on through an entry that leads to no table", 1);
	catch_throw(&world_catch, END_NULL_POINTER);
}
