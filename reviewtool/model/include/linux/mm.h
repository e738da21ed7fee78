/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/kernel.h>
#include <linux/atomic.h>
#include <linux/mm_types.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/mmap_lock.h>
#include <linux/other_cpu.h>
#include <linux/sched.h>

#define VM_NONE		0x00000000UL
#define VM_READ		0x00000001UL
#define VM_WRITE	0x00000002UL
#define VM_EXEC		0x00000004UL
#define VM_SHARED	0x00000008UL
#define VM_MAYREAD	0x00000010UL
#define VM_MAYWRITE	0x00000020UL
#define VM_MAYEXEC	0x00000040UL
#define VM_MAYSHARE	0x00000080UL
#define VM_PFNMAP	0x00000400UL
#define VM_UFFD_WP	0x00001000UL
#define VM_LOCKED	0x00002000UL
#define VM_IO		0x00004000UL
#define VM_HUGETLB	0x00400000UL
#define VM_SHADOW_STACK	VM_NONE
#define VM_SOFTDIRTY	0x08000000UL
#define VM_MIXEDMAP	0x10000000UL
#define VM_MERGEABLE	0x80000000UL

#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
#define VM_SPECIAL	(VM_IO | VM_PFNMAP | VM_MIXEDMAP)

static inline bool vma_is_anonymous(struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

static inline bool vma_is_accessible(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}

static inline bool is_cow_mapping(vm_flags_t flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

static inline bool vma_soft_dirty_enabled(struct vm_area_struct *vma)
{
	return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) && !(vma->vm_flags & VM_SOFTDIRTY);
}

static inline bool vma_is_fsdax(struct vm_area_struct *vma __maybe_unused)
{
	return false;
}

static inline bool arch_vma_access_permitted(struct vm_area_struct *vma __maybe_unused,
		bool write __maybe_unused, bool execute __maybe_unused, bool foreign __maybe_unused)
{
	return true;
}

struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr);

static inline bool in_gate_area(struct mm_struct *mm __maybe_unused,
				unsigned long addr __maybe_unused)
{
	return false;
}

static inline unsigned long untagged_addr(unsigned long addr)
{
	return addr;
}

/* pages and frame numbers: the model's memory map is one small array */
#define MODEL_NR_PAGES 32
extern struct page model_pages[MODEL_NR_PAGES];

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return &model_pages[pfn % MODEL_NR_PAGES];
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return page - model_pages;
}

static inline bool pfn_valid(unsigned long pfn)
{
	return pfn && pfn < MODEL_NR_PAGES;
}

#define pte_page(pte) pfn_to_page(pte_pfn(pte))
#define pmd_page(pmd) pfn_to_page(pmd_pfn(pmd))
#define nth_page(page, n) ((page) + (n))

#define MODEL_ZERO_PFN 8UL

static inline bool is_zero_pfn(unsigned long pfn)
{
	return pfn == MODEL_ZERO_PFN;
}

static inline bool is_zero_page(const struct page *page)
{
	return page == &model_pages[MODEL_ZERO_PFN];
}

static inline bool is_zero_folio(const struct folio *folio)
{
	return is_zero_page(&folio->page);
}

static inline int page_to_nid(const struct page *page)
{
	return model_page_used(page)->nid;
}

static inline int folio_nid(const struct folio *folio)
{
	return model_page_used(&folio->page)->nid;
}

static inline int page_mapcount(struct page *page)
{
	return atomic_read(&model_page_used(page)->_mapcount);
}

static inline int folio_estimated_sharers(struct folio *folio)
{
	return page_mapcount(&folio->page);
}

#define folio_page(folio, n) (&(folio)->page + (n))

static inline long folio_nr_pages(const struct folio *folio)
{
	return folio_test_large(folio) ? HPAGE_PMD_NR : 1;
}

/* references and pins */
#define GUP_PIN_COUNTING_BIAS 1024

static inline int folio_ref_count(const struct folio *folio)
{
	return atomic_read(&folio->page._refcount);
}

static inline int page_ref_count(const struct page *page)
{
	return folio_ref_count(page_folio(page));
}

static inline void folio_ref_add(struct folio *folio, int nr)
{
	model_step();
	atomic_add(nr, &folio->page._refcount);
	model_trace("reference count of the page is now", folio_ref_count(folio));
	if (unlikely(model.put_page == folio))
		model.put_page = NULL;
}

static inline void folio_ref_inc(struct folio *folio)
{
	folio_ref_add(folio, 1);
}

static inline void folio_ref_sub(struct folio *folio, int nr)
{
	folio_ref_add(folio, -nr);
}

static inline bool folio_ref_try_add_rcu(struct folio *folio, int nr)
{
	/* whoever takes a reference without the lock may come too late */
	model_before_lock();
	if (folio_ref_count(folio) <= 0)
		return false;
	folio_ref_add(folio, nr);
	return true;
}

static inline void folio_get(struct folio *folio)
{
	model_page_used(&folio->page);
	VM_BUG_ON(folio_ref_count(folio) <= 0);
	folio_ref_inc(folio);
}

static inline void get_page(struct page *page)
{
	folio_get(page_folio(page));
}

static inline bool try_get_page(struct page *page)
{
	if (WARN_ON_ONCE(page_ref_count(page) <= 0))
		return false;
	folio_ref_inc(page_folio(page));
	return true;
}

static inline void folio_put_refs(struct folio *folio, int nr)
{
	folio_ref_sub(folio, nr);
	/* the zero page never goes away */
	if (is_zero_folio(folio))
		return;
	if (unlikely(folio_ref_count(folio) < folio->page._held))
		model_event(EV_PUT_TOO_MANY);
	/* what others hold keeps the page only as long as they like */
	if (folio_ref_count(folio) <= folio->page._held)
		model.put_page = folio;
}

static inline void folio_put(struct folio *folio)
{
	folio_put_refs(folio, 1);
}

static inline void put_page(struct page *page)
{
	folio_put(page_folio(page));
}

static inline void folio_pincount_add(struct folio *folio, int nr)
{
	atomic_add(nr, &folio->page._pincount);
}

static inline bool folio_maybe_dma_pinned(struct folio *folio)
{
	if (folio_test_large(folio))
		return atomic_read(&folio->page._pincount) > 0;
	return folio_ref_count(folio) >= GUP_PIN_COUNTING_BIAS;
}

static inline bool page_maybe_dma_pinned(struct page *page)
{
	return folio_maybe_dma_pinned(page_folio(page));
}

void unpin_user_page(struct page *page);
int get_user_pages_fast(unsigned long start, int nr_pages,
			unsigned int gup_flags, struct page **pages);
int get_user_pages_fast_only(unsigned long start, int nr_pages,
			     unsigned int gup_flags, struct page **pages);
int pin_user_pages_fast(unsigned long start, int nr_pages,
			unsigned int gup_flags, struct page **pages);
int fixup_user_fault(struct mm_struct *mm, unsigned long address,
		     unsigned int fault_flags, bool *unlocked);
void unpin_user_pages(struct page **pages, unsigned long npages);
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long npages,
				 bool make_dirty);
struct folio *try_grab_folio(struct page *page, int refs, unsigned int flags);
int __must_check try_grab_page(struct page *page, unsigned int flags);

#define node_stat_mod_folio(folio, item, nr) do { } while (0)

/* There is no memory that has to be movable. */
static inline bool folio_is_longterm_pinnable(struct folio *folio __maybe_unused)
{
	return true;
}

/* page->mapping: an address_space, or a mark that there is none */
#define PAGE_MAPPING_ANON	0x1
#define PAGE_MAPPING_FLAGS	0x3

static inline bool shmem_mapping(struct address_space *mapping __maybe_unused)
{
	return false;
}

static inline void folio_lock(struct folio *folio __maybe_unused)
{
	might_sleep();
}

static inline bool folio_trylock(struct folio *folio __maybe_unused)
{
	model_step();
	return true;
}

static inline void folio_unlock(struct folio *folio __maybe_unused)
{
	model_step();
}

#define trylock_page(page) folio_trylock(page_folio(page))
#define unlock_page(page) folio_unlock(page_folio(page))

/* Reclaim's mark, which nothing here looks at. */
static inline void folio_set_referenced(struct folio *folio)
{
	model_step();
	model_page_used(&folio->page);
}

#define SetPageReferenced(page) folio_set_referenced(page_folio(page))

static inline int arch_make_page_accessible(struct page *page __maybe_unused)
{
	model.told |= TOLD_ACCESSIBLE;
	return 0;
}

/* what the walk tells reclaim and writeback */
static inline void mark_page_accessed(struct page *page)
{
	model_step();
	model_page_used(page);
	model_trace("page marked accessed", 1);
	model_event(EV_ACCESSED);
}

static inline bool set_page_dirty(struct page *page)
{
	model_step();
	model_page_used(page)->head->flags |= 1UL << PG_dirty;
	model_trace("page marked dirty", 1);
	model_event(EV_SET_DIRTY);
	return true;
}

#define folio_mark_accessed(folio) mark_page_accessed(&(folio)->page)
#define folio_mark_dirty(folio) set_page_dirty(&(folio)->page)

/* page-table locks: split locks are one lock here, only one entry is walked */
static inline spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *pmd __maybe_unused)
{
	return &mm->page_table_lock;
}

static inline spinlock_t *pmd_lockptr(struct mm_struct *mm, pmd_t *pmd __maybe_unused)
{
	return &mm->page_table_lock;
}

static inline spinlock_t *pmd_lock(struct mm_struct *mm, pmd_t *pmd)
{
	spinlock_t *ptl = pmd_lockptr(mm, pmd);

	model_before_lock();
	spin_lock(ptl);
	return ptl;
}

static inline spinlock_t *pud_lock(struct mm_struct *mm, pud_t *pud __maybe_unused)
{
	model_before_lock();
	spin_lock(&mm->page_table_lock);
	return &mm->page_table_lock;
}

#define pud_lockptr(mm, pud) (&(mm)->page_table_lock)

/* The kernel maps the table under RCU; NULL when there is none any more. */
static inline pte_t *pte_offset_map(pmd_t *pmd, unsigned long address)
{
	rcu_read_lock();
	if (unlikely(!(READ_ONCE(*pmd).pmd & _PAGE_TABLE))) {
		/* a broken table is reported and taken away */
		if (pmd->pmd & _PAGE_BAD)
			pmd->pmd = 0;
		rcu_read_unlock();
		return NULL;
	}
	return &model_tables.ptes[pte_index(address)];
}

static inline void pte_unmap(pte_t *pte __maybe_unused)
{
	rcu_read_unlock();
}

static inline pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd,
					 unsigned long address, spinlock_t **ptlp)
{
	pte_t *pte;

	model_before_lock();
	pte = pte_offset_map(pmd, address);
	if (unlikely(!pte)) {
		model_trace("pte_offset_map_lock() found no page table", 0);
		return NULL;
	}
	*ptlp = pte_lockptr(mm, pmd);
	spin_lock(*ptlp);
	return pte;
}

static inline void pte_unmap_unlock(pte_t *pte, spinlock_t *ptl)
{
	spin_unlock(ptl);
	pte_unmap(pte);
}

/* Makes sure of a page table under PMD; non-zero when out of memory. */
int pte_alloc(struct mm_struct *mm, pmd_t *pmd);

/* faults */
vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
			   unsigned int flags, void *regs);

static inline int vm_fault_to_errno(vm_fault_t vm_fault, int foll_flags)
{
	if (vm_fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (vm_fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		return (foll_flags & FOLL_HWPOISON) ? -EHWPOISON : -EFAULT;
	if (vm_fault & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV))
		return -EFAULT;
	return 0;
}

/* mm/memory.c */
struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr, pte_t pte);
struct page *vm_normal_page_pmd(struct vm_area_struct *vma, unsigned long addr, pmd_t pmd);

/* mm/gup.c */
struct page *follow_page(struct vm_area_struct *vma, unsigned long address,
			 unsigned int foll_flags);
long get_user_pages(unsigned long start, unsigned long nr_pages,
		    unsigned int gup_flags, struct page **pages);
long pin_user_pages(unsigned long start, unsigned long nr_pages,
		    unsigned int gup_flags, struct page **pages);

/*
 * Tells whether GUP may go on at a PROT_NONE entry, or the caller needs a
 * (NUMA hinting) fault.
 */
static inline bool gup_can_follow_protnone(unsigned int flags)
{
	/*
	 * An access that overrides the protection must work in an inaccessible
	 * VMA, and says nothing about which node the application runs on.
	 */
	return flags & FOLL_FORCE;
}

#endif
