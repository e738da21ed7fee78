// SPDX-License-Identifier: GPL-2.0-only
/*
 * What tree.h declares and the state of a scenario answers.
 */
#include <linux/huge_mm.h>
#include <linux/swapops.h>

#include "world.h"
#include "_slice/aside.h"

bool tree_in_hugetlb(void);
void tree_walks_nowhere(void);
bool tree_page_is_secretmem(const struct page *page);
bool tree_page_is_anon_or_shmem(const struct page *page);
void tree_migration_entry_wait_huge(pte_t *pte);
int tree_split_huge_page(void);
bool tree_maps_read_only(void);
void *tree_zeroed(unsigned long bytes);
bool tree_user_access(unsigned long address, bool write);
int tree_set_page_dirty(struct page *page);
int tree_set_page_dirty_lock(struct page *page);
bool tree_is_movable(const struct page *page);
bool tree_is_cma(const struct page *page);
bool tree_is_coherent(const struct page *page);
void *tree_alloc(unsigned int gfp, unsigned int order, int nid);
void *tree_first_of(struct list_head *list);
int tree_migrate(struct list_head *from, void *target, int mode, int reason);
int tree_migrate_coherent(struct page *page);
void tree_putback(struct list_head *list);
int tree_isolate(struct page *page, struct list_head *list);
void tree_drain_all(void);
bool tree_on_lru(const struct page *page);

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

bool tree_user_access(unsigned long address, bool write)
{
	struct vm_area_struct *vma = &world.vma;

	might_sleep();
	if (address >= vma->vm_end)
		vma = &world.next_vma;
	if (address < vma->vm_start || address >= vma->vm_end || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return false;
	return !handle_mm_fault(vma, address, write ? FAULT_FLAG_WRITE : 0, NULL);
}

void tree_walks_nowhere(void)
{
	model_trace("walked on through an entry that leads to no table", 1);
	catch_throw(&world_catch, END_NULL_POINTER);
}

#undef set_page_dirty
int tree_set_page_dirty(struct page *page)
{
	return set_page_dirty(page);
}

int tree_set_page_dirty_lock(struct page *page)
{
	might_sleep();
	return set_page_dirty(page);
}

/* Whether PAGE is the one that has to move before it is pinned for long. */
static bool has_to_move(const struct page *page)
{
	if (world.pinnable == PINNABLE_next)
		return page == &model_pages[PFN_NEXT];
	return world.pinnable != PINNABLE_yes && world.mapped && page->head == world.mapped->head;
}

bool tree_is_movable(const struct page *page)
{
	return has_to_move(page) && world.pinnable != PINNABLE_cma && world.pinnable != PINNABLE_coherent;
}

bool tree_is_cma(const struct page *page)
{
	return has_to_move(page) && world.pinnable != PINNABLE_moves && world.pinnable != PINNABLE_coherent;
}

bool tree_is_coherent(const struct page *page)
{
	return has_to_move(page) && world.pinnable == PINNABLE_coherent;
}

void tree_drain_all(void)
{
	might_sleep();
	tree_aside(ASIDE_DRAIN, 1, 1);
	if (world.pinnable == PINNABLE_busy)
		world.pinnable = PINNABLE_moves;
}

bool tree_on_lru(const struct page *page)
{
	return !(world.pinnable == PINNABLE_busy && has_to_move(page)) && PageLRU(page);
}

/* The page that the mapped one may move to: see move_mapped(). */
void *tree_alloc(unsigned int gfp, unsigned int order, int nid)
{
	might_sleep();
	tree_aside(ASIDE_ALLOC, (unsigned long)gfp << 16 | order << 8 | (nid & 0xff), 1);
	return &model_pages[PFN_OTHER];
}

void *tree_first_of(struct list_head *list)
{
	model.put_page = NULL;	/* the list has a reference to each of its pages */
	return container_of(list->next, struct page, lru);
}

/* Takes every page off LIST, and drops the reference that isolating it took. */
static void empty_list(struct list_head *list)
{
	model.put_page = NULL;
	for (struct list_head *entry = list->next; entry != list; entry = entry->next) {
		model_step();
		page_folio(container_of(entry, struct page, lru))->page._refcount.counter--;
	}
	INIT_LIST_HEAD(list);
	world.isolated = NULL;
}

/* The mapped page lives on elsewhere, where it may be pinned. */
static void move_mapped(void)
{
	bool large = PageHead(world.mapped->head);
	unsigned long pfn = large ? PFN_OTHER_LARGE : PFN_OTHER;
	const unsigned long low = (1UL << _PFN_SHIFT) - 1;

	model_trace("the page is moved", 1);
	if (world.pinnable == PINNABLE_next) {
		model_tables.ptes[1].pte = (model_tables.ptes[1].pte & low) | (unsigned long)PFN_OTHER << _PFN_SHIFT;
		model_event(EV_WAIT_MIGRATION);
		world.pinnable = PINNABLE_yes;
		return;
	}
	model_pages[pfn].flags = world.mapped->head->flags;
	if (world.vma.vm_flags & VM_HUGETLB)
		model_tables.huge.pte = (model_tables.huge.pte & low) | pfn << _PFN_SHIFT;
	else if (model_tables.pmd.pmd & _PAGE_PSE)
		model_tables.pmd.pmd = (model_tables.pmd.pmd & low) | pfn << _PFN_SHIFT;
	else if (pte_present(model_tables.pte))
		model_tables.pte.pte = (model_tables.pte.pte & low) | (pfn + large) << _PFN_SHIFT;
	model_event(EV_WAIT_MIGRATION);
	/* nobody maps the old one any more */
	world.pinnable = PINNABLE_yes;
}

int tree_migrate(struct list_head *from, void *target, int mode, int reason)
{
	might_sleep();
	tree_aside(ASIDE_MIGRATE, (unsigned long)mode << 8 | reason, 1);
	model.put_page = NULL;
	if (list_empty(from))
		return 0;
	if (!target || world.pinnable == PINNABLE_stuck)
		return 1;
	if (world.pinnable != PINNABLE_yes)
		move_mapped();
	empty_list(from);
	return 0;
}

int tree_migrate_coherent(struct page *page)
{
	might_sleep();
	/* it drops its caller's reference */
	page->head->_refcount.counter--;
	if (!tree_is_coherent(page))
		return -EBUSY;
	move_mapped();
	return 0;
}

void tree_putback(struct list_head *list)
{
	tree_aside(ASIDE_MIGRATE, 1UL << 16, 1);
	empty_list(list);
}

int tree_isolate(struct page *page, struct list_head *list)
{
	model_step();
	if (world.pinnable == PINNABLE_busy && has_to_move(page)) {
		world.pinnable = PINNABLE_moves;	/* only for a moment */
		return -EBUSY;
	}
	if (page_folio(page)->page._refcount.counter <= 0 || (!list && !PageLRU(page)))
		return -EBUSY;
	model_event(EV_ISOLATED);
	page->head->_refcount.counter++;
	world.isolated = page->head;
	if (list)
		tree_list_add(&page->head->lru, list->prev, list);
	return 0;
}
