// SPDX-License-Identifier: GPL-2.0-only
/*
 * Turns a state word into page tables, a VMA and pages.
 */
#include "world.h"

struct world world;
catch_point world_catch;
struct model_counts model;
struct model_tables model_tables;
struct page model_pages[MODEL_NR_PAGES];
struct task_struct model_task;
struct hstate model_hstate = { .order = HPAGE_PMD_ORDER };
int model_other_cpu;
int model_lockless;

static vm_fault_t world_vma_fault(struct vm_fault *vmf __maybe_unused)
{
	return 0;
}

static const struct vm_operations_struct file_vm_ops = { .fault = world_vma_fault };
static const struct vm_operations_struct nofault_vm_ops = { .fault = NULL };
const struct vm_operations_struct secretmem_vm_ops = { .fault = world_vma_fault };

struct world_fresh world_fresh;

static void init_page(unsigned long pfn, unsigned long head, unsigned long flags)
{
	struct page *page = &model_pages[pfn];
	int refs = pfn == PFN_FRESH || pfn == PFN_NEXT_FRESH ? FRESH_REFS : WORLD_REFS;

	page->flags = flags;
	page->head = &model_pages[head];
	page->_refcount.counter = refs;
	page->_held = refs;
	page->_pincount.counter = 0;
	page->_mapcount.counter = 1;
	page->nid = 1;
	page->pgmap = NULL;
	page->mapping = flags & 1UL << PG_anon ? MODEL_MAPPING_ANON : &world.mapping;
}

static void init_large(unsigned long pfn, unsigned long flags)
{
	init_page(pfn, pfn, flags | 1UL << PG_head);
	init_page(pfn + 1, pfn, flags & 1UL << PG_anon_exclusive);
	init_page(pfn + 2, pfn, flags & 1UL << PG_anon_exclusive);
}

static void init_pages(void)
{
	/* a page of the process's own */
	unsigned long own = 1UL << PG_lru | 1UL << PG_anon | 1UL << PG_anon_exclusive | 1UL << PG_swapbacked;

	for (unsigned long pfn = 0; pfn < MODEL_NR_PAGES; pfn++)
		init_page(pfn, pfn, 1UL << PG_lru);
	init_large(PFN_LARGE, 1UL << PG_lru);
	init_large(PFN_HUGE_ZERO, 0);
	init_large(PFN_HUGETLB, 1UL << PG_hugetlb);
	init_large(PFN_OTHER_LARGE, 1UL << PG_lru | 1UL << PG_anon | 1UL << PG_anon_exclusive | 1UL << PG_swapbacked);
	init_page(PFN_ZERO, PFN_ZERO, 0);
	for (unsigned long pfn = PFN_DEVICE; pfn < PFN_DEVICE + 3; pfn++)
		init_page(pfn, pfn, 1UL << PG_zone_device);
	init_page(PFN_NEXT, PFN_NEXT, own);
	init_page(PFN_OTHER, PFN_OTHER, own);
}

/* The bits that a present entry has at any level. */
static unsigned long entry_bits(unsigned long state)
{
	unsigned long bits = 0;

	if (STATE_access(state) == ACCESS_protnone)
		bits |= _PAGE_PROTNONE | (STATE_write_bit(state) == WRITE_BIT_kept ? _PAGE_RW : 0);
	else
		bits |= _PAGE_PRESENT;
	if (STATE_access(state) == ACCESS_rw)
		bits |= _PAGE_RW;
	if (STATE_dirty(state) == DIRTY_yes)
		bits |= _PAGE_DIRTY;
	if (STATE_young(state) == YOUNG_yes)
		bits |= _PAGE_ACCESSED;
	if (STATE_soft_dirty(state) == SOFT_DIRTY_yes)
		bits |= _PAGE_SOFT_DIRTY;
	if (STATE_uffd_wp(state) == UFFD_WP_yes)
		bits |= _PAGE_UFFD_WP;
	return bits;
}

static unsigned long swap_bits(unsigned long state)
{
	unsigned long type = SWP_SWAPPED;

	switch (STATE_entry(state)) {
	case ENTRY_migration:
		type = SWP_MIGRATION;
		break;
	case ENTRY_hwpoison:
		type = SWP_HWPOISON;
		break;
	case ENTRY_device_private:
		type = SWP_DEVICE_PRIVATE;
		break;
	case ENTRY_marker:
		type = SWP_PTE_MARKER;
		break;
	}
	return type << _SWP_TYPE_SHIFT | (unsigned long)PFN_SMALL << _PFN_SHIFT;
}

/* A value for the last level; huge leaves have PSE. */
static unsigned long leaf(unsigned long state, unsigned long pfn, unsigned long extra)
{
	return entry_bits(state) | extra | pfn << _PFN_SHIFT;
}

static void build_page(unsigned long state, unsigned long pfn)
{
	struct page *page = &model_pages[pfn];
	struct page *head = page->head;

	switch (STATE_page(state)) {
	case PAGE_anon_exclusive:
		head->flags |= 1UL << PG_anon | 1UL << PG_swapbacked;
		head->flags |= 1UL << PG_anon_exclusive;
		page->flags |= 1UL << PG_anon_exclusive;
		if (page != head)
			page[1].flags |= 1UL << PG_anon_exclusive;
		break;
	case PAGE_anon_shared:
		head->flags |= 1UL << PG_anon | 1UL << PG_swapbacked;
		page->_mapcount.counter = 2;
		break;
	case PAGE_ksm:
		head->flags |= 1UL << PG_anon | 1UL << PG_ksm | 1UL << PG_swapbacked;
		page->_mapcount.counter = 2;
		break;
	case PAGE_p2pdma:
		head->flags |= 1UL << PG_p2pdma | 1UL << PG_zone_device;
		break;
	}
	if (STATE_vma(state) == VMA_secretmem)
		head->flags |= 1UL << PG_secretmem;
	if (STATE_page_dirty(state) == PAGE_DIRTY_yes)
		head->flags |= 1UL << PG_dirty;
	if (STATE_refcount(state) == REFCOUNT_zero)
		head->_refcount.counter = 0;
	else if (STATE_refcount(state) == REFCOUNT_negative)
		head->_refcount.counter = -5;
	head->_held = head->_refcount.counter;
	page->nid = head->nid = STATE_node(state) == NODE_same ? 0 : 1;
	head->mapping = page->mapping = head->flags & 1UL << PG_anon ? MODEL_MAPPING_ANON : &world.mapping;
	world.mapped = page;
}

static void build_tables(unsigned long state)
{
	const unsigned long table = _PAGE_TABLE | _PAGE_PRESENT;
	unsigned long level = STATE_level(state), entry = STATE_entry(state);
	unsigned long broken = entry == ENTRY_bad ? _PAGE_BAD : 0;

	model_tables = (struct model_tables){ { table }, { table }, { table }, { table } };
	switch (level) {
	case LEVEL_pgd:
		model_tables.pgd.pgd = broken;
		return;
	case LEVEL_p4d:
		model_tables.p4d.p4d = broken;
		return;
	case LEVEL_pud:
		model_tables.pud.pud = broken;
		if (entry == ENTRY_devmap) {
			model_tables.pud.pud = leaf(state, PFN_DEVICE, _PAGE_PSE | _PAGE_DEVMAP);
			build_page(state, PFN_DEVICE + 1);
		}
		return;
	case LEVEL_pmd:
		switch (entry) {
		case ENTRY_none:
		case ENTRY_bad:
			model_tables.pmd.pmd = broken;
			return;
		case ENTRY_migration:
			model_tables.pmd.pmd = (swap_bits(state) & ((1UL << _PFN_SHIFT) - 1)) | (unsigned long)PFN_LARGE << _PFN_SHIFT;
			return;
		case ENTRY_zero:
			model_tables.pmd.pmd = leaf(state, PFN_HUGE_ZERO, _PAGE_PSE);
			world.mapped = &model_pages[PFN_HUGE_ZERO + 1];
			return;
		case ENTRY_devmap:
			model_tables.pmd.pmd = leaf(state, PFN_DEVICE, _PAGE_PSE | _PAGE_DEVMAP);
			build_page(state, PFN_DEVICE + 1);
			return;
		default:
			if (STATE_leaf(state) == LEAF_pud)
				model_tables.pud.pud = leaf(state, PFN_LARGE, _PAGE_PSE);
			else if (STATE_leaf(state) == LEAF_pgd)
				model_tables.pgd.pgd = leaf(state, PFN_LARGE, _PAGE_PSE);
			else
				model_tables.pmd.pmd = leaf(state, PFN_LARGE, _PAGE_PSE);
			build_page(state, PFN_LARGE + 1);
			return;
		}
	case LEVEL_hugetlb:
		/* what a fault brings in is counted too */
		world.mapped = &model_pages[PFN_HUGETLB + 1];
		switch (entry) {
		case ENTRY_none:
			return;
		case ENTRY_migration:
		case ENTRY_hwpoison:
			model_tables.huge.pte = swap_bits(state);
			return;
		default:
			model_tables.huge.pte = leaf(state, PFN_HUGETLB, _PAGE_PSE);
			build_page(state, PFN_HUGETLB + 1);
			return;
		}
	}

	switch (entry) {
	case ENTRY_none:
		return;
	case ENTRY_present: {
		unsigned long pfn = STATE_folio(state) == FOLIO_large ? PFN_LARGE + 1 : PFN_SMALL;

		model_tables.pte.pte = leaf(state, pfn, 0);
		build_page(state, pfn);
		return;
	}
	case ENTRY_zero:
		model_tables.pte.pte = leaf(state, PFN_ZERO, _PAGE_SPECIAL);
		world.mapped = &model_pages[PFN_ZERO];
		return;
	case ENTRY_special:
		/* a frame without a struct page: its number is outside the map */
		model_tables.pte.pte = leaf(state, PFN_RAW, _PAGE_SPECIAL);
		return;
	case ENTRY_devmap:
		model_tables.pte.pte = leaf(state, PFN_DEVICE, _PAGE_SPECIAL | _PAGE_DEVMAP);
		build_page(state, PFN_DEVICE);
		return;
	default:
		model_tables.pte.pte = swap_bits(state);
	}
}

static void build_vma(unsigned long state)
{
	struct vm_area_struct *vma = &world.vma;
	vm_flags_t flags = VM_MAYEXEC;

	vma->vm_start = 0x7f0000000000UL;
	vma->vm_end = vma->vm_start + 4 * PMD_SIZE;
	vma->vm_mm = &world.mm;
	vma->vm_ops = &file_vm_ops;
	vma->anon_vma = NULL;
	switch (STATE_vma(state)) {
	case VMA_anon:
		vma->vm_ops = NULL;
		vma->anon_vma = &world.anon_vma;
		break;
	case VMA_private_file:
		vma->anon_vma = &world.anon_vma;
		break;
	case VMA_shared_file:
		flags |= VM_SHARED | VM_MAYSHARE;
		break;
	case VMA_secretmem:
		flags |= VM_SHARED | VM_MAYSHARE;
		vma->vm_ops = &secretmem_vm_ops;
		break;
	case VMA_pfnmap:
		flags |= VM_PFNMAP | VM_SHARED | VM_MAYSHARE;
		vma->vm_ops = &nofault_vm_ops;
		break;
	case VMA_mixedmap:
		flags |= VM_MIXEDMAP | VM_SHARED | VM_MAYSHARE;
		break;
	case VMA_io:
		flags |= VM_IO | VM_PFNMAP | VM_SHARED | VM_MAYSHARE;
		vma->vm_ops = &nofault_vm_ops;
		break;
	case VMA_nofault:
		vma->vm_ops = &nofault_vm_ops;
		break;
	case VMA_hugetlb:
		flags |= VM_HUGETLB;
		break;
	}
	switch (STATE_prot(state)) {
	case PROT_rw:
		flags |= VM_READ | VM_WRITE;
		break;
	case PROT_r:
		flags |= VM_READ;
		break;
	case PROT_w:
		flags |= VM_WRITE;
		break;
	case PROT_x:
		flags |= VM_EXEC;
		break;
	}
	if (STATE_mayread(state) == MAYREAD_yes)
		flags |= VM_MAYREAD;
	if (STATE_maywrite(state) == MAYWRITE_yes)
		flags |= VM_MAYWRITE;
	if (STATE_tracking(state) == TRACKING_off)
		flags |= VM_SOFTDIRTY;
	if (STATE_uffd(state) == UFFD_on)
		flags |= VM_UFFD_WP;
	if (STATE_mergeable(state) == MERGEABLE_yes)
		flags |= VM_MERGEABLE;
	vma->vm_flags = flags;
}

static void count_page(struct page *page)
{
	for (int i = 0; i < world.nr_counted; i++)
		if (world.counted[i] == page)
			return;
	world_fresh.pages[world.nr_counted].flags = page->flags;
	world_fresh.pages[world.nr_counted].counts = page_counts(page);
	world.counted[world.nr_counted++] = page;
}

static bool moves_first(void)
{
	return world_fresh.pinnable != PINNABLE_yes && world_fresh.pinnable != PINNABLE_next;
}

static void count_pages(void)
{
	if (!world.mapped) {
		/* what a function gets that takes a page, and what a migration leaves when it ends */
		count_page(&model_pages[PFN_SMALL]);
		if (model_tables.pmd.pmd && !(model_tables.pmd.pmd & _PAGE_TABLE)) {
			count_page(&model_pages[PFN_LARGE]);
			count_page(&model_pages[PFN_LARGE + 1]);
		}
		return;
	}
	count_page(world.mapped->head);
	count_page(world.mapped);
	if (world.mapped->head == &model_pages[PFN_HUGE_ZERO])
		count_page(&model_pages[PFN_ZERO]);
	if (world_fresh.other_cpu == OTHER_CPU_replaces || (moves_first() && PageHead(world.mapped->head))) {
		count_page(&model_pages[PFN_OTHER_LARGE]);
		model_pages[PFN_OTHER_LARGE].nid = model_pages[PFN_OTHER_LARGE + 1].nid = world.mapped->nid;
	}
	if (world_fresh.lockless == LOCKLESS_replaces || world_fresh.pinnable == PINNABLE_next ||
	    (moves_first() && !PageHead(world.mapped->head)))
		count_page(&model_pages[PFN_OTHER]);
}

/* What follows the page that every scenario is about, for entries that are asked for two. */
static void build_range(unsigned long state)
{
	unsigned long present = _PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_SOFT_DIRTY | (unsigned long)PFN_NEXT << _PFN_SHIFT;

	world.range = STATE_range(state);
	world.nr_pages = world.range == RANGE_one ? 1 : 2;
	if (world.range == RANGE_one || world.range == RANGE_next_none || STATE_level(state) != LEVEL_pte)
		return;
	if (world.range != RANGE_hole) {
		model_tables.ptes[1].pte = present | (world.vma.vm_flags & VM_WRITE ? _PAGE_RW | _PAGE_DIRTY : 0);
		count_page(&model_pages[PFN_NEXT]);
	}
	if (world.range == RANGE_next_present)
		return;
	world.vma.vm_end = WORLD_NEXT;
	if (world.range == RANGE_hole)
		return;
	world.next_vma = world.vma;
	world.next_vma.vm_start = WORLD_NEXT;
	world.next_vma.vm_end = WORLD_NEXT + 4 * PMD_SIZE;
	world.next_vma.vm_ops = NULL;
	world.next_vma.anon_vma = &world.anon_vma;
	world.next_vma.vm_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_SOFTDIRTY;
	if (world.range == RANGE_next_vma)
		world.next_vma.vm_flags |= VM_READ | VM_WRITE;
	else
		model_tables.ptes[1].pte = (model_tables.ptes[1].pte & ~(_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY)) | _PAGE_PROTNONE;
}

/* Builds everything that STATE says; world_reset() then puts back what a run changes. */
void world_build(unsigned long state)
{
	/* no scenario may see what another left behind, so begin from nothing */
	__builtin_memset(&world, 0, sizeof(world));
	init_pages();
	build_tables(state);
	build_vma(state);
	world.pgmap.gone = STATE_pgmap(state) == PGMAP_gone;
	world.fault = STATE_fault(state);
	world.argument = STATE_argument(state) == ARGUMENT_true;
	world.pages_argument = STATE_pages(state) == PAGES_array;
	model_task.mm = &world.mm;
	model_task.fatal_signal = STATE_signal(state) == SIGNAL_fatal;
	world.mm.pgd = &model_tables.pgd;
	world_fresh.other_cpu = STATE_other_cpu(state);
	world_fresh.waiting = STATE_waiting(state);
	world_fresh.pinnable = STATE_pinnable(state);
	world_fresh.lockless = STATE_lockless(state);
	count_pages();
	build_range(state);
	world_fresh.tables = model_tables;
}

unsigned long world_use_fresh_page(unsigned long address)
{
	unsigned long pfn = address >= WORLD_NEXT ? PFN_NEXT_FRESH : PFN_FRESH;
	bool *used = address >= WORLD_NEXT ? &world.next_fresh_used : &world.fresh_page_used;

	if (!*used)
		init_page(pfn, pfn, 1UL << PG_lru | 1UL << PG_anon | 1UL << PG_anon_exclusive | 1UL << PG_swapbacked);
	*used = true;
	return pfn;
}

void world_lend(struct page *page, bool pin)
{
	struct page *head = page->head;

	if (pin && head == &model_pages[PFN_ZERO])
		return;		/* the zero page is never pinned */
	if (pin && !PageHead(head)) {
		head->_refcount.counter += GUP_PIN_COUNTING_BIAS;
		world.lent_pins++;
		return;
	}
	head->_refcount.counter++;
	world.lent_refs++;
	if (pin) {
		head->_pincount.counter++;
		world.lent_pins++;
	}
}

void world_fill_pages(bool pin)
{
	struct page *first = world.mapped ? world.mapped : &model_pages[PFN_SMALL];

	world.out_pages[0] = first;
	world_lend(first, pin);
	if (world.nr_pages < 2)
		return;
	world.out_pages[1] = PageCompound(first) ? first + 1 : &model_pages[PFN_NEXT];
	world_lend(world.out_pages[1], pin);
}
