/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SLICE_TREE_H
#define SLICE_TREE_H
/*
 * Primitives that kernel trees call and the bundled model does not: older and
 * newer names of what it has, and what has nothing to do in it.  What a tree
 * has of a name is told by generated macros:
 *
 *	TREE_HAS_name		the tree declares or defines it
 *	TREE_PARAMETERS_name	with so many parameters
 *	TREE_MACRO_name		as a macro
 *	TREE_BOOL_name		as a function that returns bool
 *
 * A macro here that does nothing, or gives a constant, is *inert*: names.py finds
 * them by their bodies, and a patch that calls one more or less often is never
 * said to change nothing.  A line that ends in "as it is" holds on x86-64, too.
 */
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mmap_lock.h>
#include <linux/sched.h>
#include <linux/secretmem.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>

#include "_slice/aside.h"

/* the language */
#define __weak __attribute__((__weak__))
#define __must_hold(x)
#define __packed __attribute__((__packed__))
#define __bitwise
#define __nocast
#define notrace
#define __percpu
#define __no_sanitize_address
#define min3(a, b, c) min(a, min(b, c))
#define min_not_zero(a, b) min(a, b)
#define min_t(type, a, b) ({ type _a = (a), _b = (b); _a < _b ? _a : _b; })
#define max_t(type, a, b) ({ type _a = (a), _b = (b); _a > _b ? _a : _b; })
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define swap(a, b) do { typeof(a) _t = (a); (a) = (b); (b) = _t; } while (0)
#define BIT(n) (1UL << (n))
#define BITS_PER_LONG 64
#define ALIGN(x, a) (((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define PTR_ALIGN(p, a) ((typeof(p))ALIGN((unsigned long)(p), (a)))
#define BUILD_BUG() do { } while (0)
#define BUILD_BUG_ON_MSG(cond, text) BUILD_BUG_ON(cond)
#define static_assert(cond, ...) _Static_assert(cond, #cond)
#define check_add_overflow(a, b, out) __builtin_add_overflow(a, b, out)
#define data_race(x) (x)
#define ACCESS_PRIVATE(p, member) ((p)->member)
#define smp_load_acquire(p) READ_ONCE(*(p))
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)
#define rcu_dereference(p) READ_ONCE(p)
#define might_fault() might_sleep()
#define cpu_relax() model_step()
#define EOVERFLOW 75
#define ENOSYS 38
#define ENOSPC 28
#define E2BIG 7
#define ENXIO 6
#define ESRCH 3
#define EILSEQ 84
#define INT_MAX 0x7fffffff
#define UINT_MAX 0xffffffffu
#define LONG_MAX 0x7fffffffffffffffL
#define ULONG_MAX (~0UL)
#define PTR_ERR_OR_ZERO(p) (IS_ERR(p) ? PTR_ERR(p) : 0)
static inline void *ERR_CAST(const void *p) { return (void *)p; }

/* what is told to the log only */
#define printk(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_err(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_alert(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_warn(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_warn_once(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_warn_ratelimited(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_info(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_info_once(...) tree_aside(ASIDE_LOG, 0, 1)
#define pr_debug(...) do { } while (0)
#define dump_page(page, reason) tree_aside(ASIDE_LOG, 1, 1)
#define dump_stack() tree_aside(ASIDE_LOG, 2, 1)
#define trace_mmap_lock_start_locking(...) do { } while (0)
#define count_vm_event(item) tree_aside(ASIDE_VM_EVENT, item, 1)
#define count_vm_events(item, n) tree_aside(ASIDE_VM_EVENT, item, n)
#define __count_vm_event(item) tree_aside(ASIDE_VM_EVENT, item, 1)
#define mod_node_page_state(node, item, n) tree_aside(ASIDE_NODE_STATE, item, n)
#define __mod_node_page_state(node, item, n) tree_aside(ASIDE_NODE_STATE, item, n)
#define inc_node_page_state(page, item) tree_aside(ASIDE_NODE_STATE, item, 1)
#define node_stat_mod_folio(folio, item, n) tree_aside(ASIDE_NODE_STATE, item, n)
#define node_stat_add_folio(folio, item) tree_aside(ASIDE_NODE_STATE, item, folio_nr_pages(folio))
#define lockdep_assert_held_read(lock) VM_WARN_ON((lock)->readers <= 0)
#define lockdep_assert_held_write(lock) VM_WARN_ON((lock)->writer <= 0)
#define might_lock_read(lock) (might_sleep(), tree_aside(ASIDE_LOCKDEP, 0, 1))
#define cond_resched() (might_sleep(), tree_aside(ASIDE_RESCHED, 0, 1))
#define kasan_check_write(...) do { } while (0)
#define jiffies 0UL
#define HZ 250
#define time_before(a, b) ((long)((a) - (b)) < 0)
#define time_after(a, b) time_before(b, a)

#define VM_WARN_ON_ONCE_FOLIO(cond, folio) WARN_ON(cond)
#define VM_WARN_ON_FOLIO(cond, folio) WARN_ON(cond)
#define VM_WARN_ON_VMA(cond, vma) WARN_ON(cond)
#define VM_WARN_ON_ONCE_VMA(cond, vma) WARN_ON(cond)
#define VM_WARN_ON_PAGE(cond, page) WARN_ON(cond)
#define VM_WARN_ON_ONCE_MM(cond, mm) WARN_ON(cond)
#define VM_WARN_ONCE(cond, ...) WARN_ON(cond)
#define VM_WARN(cond, ...) WARN_ON(cond)
#define VM_BUG_ON_FOLIO(cond, folio) BUG_ON(cond)
#define VM_BUG_ON_PGFLAGS(cond, page) BUG_ON(cond)
#define WARN_ON_ONCE_GFP(cond, gfp) WARN_ON(cond)

/* bits */
static inline int test_bit(long nr, const volatile unsigned long *at) { return (at[nr / 64] >> (nr % 64)) & 1; }
static inline void set_bit(long nr, volatile unsigned long *at) { at[nr / 64] |= 1UL << (nr % 64); }
static inline void clear_bit(long nr, volatile unsigned long *at) { at[nr / 64] &= ~(1UL << (nr % 64)); }
static inline int test_and_set_bit(long nr, volatile unsigned long *at)
{
	int was = test_bit(nr, at);

	set_bit(nr, at);
	return was;
}
#define mm_flags_test(flag, mm) test_bit(flag, &(mm)->flags)
#define mm_flags_set(flag, mm) set_bit(flag, &(mm)->flags)
#define mm_flags_test_and_set(flag, mm) test_and_set_bit(flag, &(mm)->flags)

static inline int atomic_sub_return(int i, atomic_t *v) { return v->counter -= i; }
static inline int atomic_add_return(int i, atomic_t *v) { return v->counter += i; }
static inline int atomic_inc_return(atomic_t *v) { return ++v->counter; }
static inline bool atomic_sub_and_test(int i, atomic_t *v) { return (v->counter -= i) == 0; }
static inline bool atomic_inc_not_zero(atomic_t *v) { return v->counter ? ++v->counter : 0; }

/* the geometry of page tables: five levels on paper, the upper two folded */
#define PGDIR_SHIFT 39
#define PGDIR_SIZE (1UL << PGDIR_SHIFT)
#define PGDIR_MASK (~(PGDIR_SIZE - 1))
#define P4D_SHIFT 39
#define P4D_SIZE (1UL << P4D_SHIFT)
#define P4D_MASK (~(P4D_SIZE - 1))
#define HPAGE_PMD_SHIFT PMD_SHIFT
#define HPAGE_PUD_SHIFT PUD_SHIFT
#define HPAGE_PUD_ORDER (PUD_SHIFT - PAGE_SHIFT)
#define HPAGE_PUD_NR (1 << HPAGE_PUD_ORDER)
#define HPAGE_PUD_SIZE PUD_SIZE
#define HPAGE_PUD_MASK PUD_MASK
#define HPAGE_SHIFT PMD_SHIFT
#define HPAGE_SIZE PMD_SIZE
#define PTRS_PER_PTE 512
#define PTRS_PER_PMD 512
#define TASK_SIZE 0x7ffffffff000UL
#define TASK_SIZE_MAX TASK_SIZE
#define PAGE_ALIGN(a) ALIGN(a, PAGE_SIZE)
#define PAGE_ALIGNED(a) IS_ALIGNED((unsigned long)(a), PAGE_SIZE)
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)
#define PHYS_PFN(x) ((unsigned long)((x) >> PAGE_SHIFT))
#define PFN_PHYS(x) ((unsigned long)(x) << PAGE_SHIFT)
#define PAGEOFFSET(a) offset_in_page(a)

static inline int pgd_present(pgd_t e) { return !!e.pgd; }
static inline int p4d_present(p4d_t e) { return !!e.p4d; }
#define pgd_leaf(e) (!!((e).pgd & _PAGE_PSE))
#define p4d_leaf(e) (0)
#define pgd_huge(e) (!!((e).pgd & _PAGE_PSE))
#define p4d_huge(e) (0)
#define pgd_devmap(e) (0)
#define p4d_devmap(e) (0)
#define pud_huge(e) (!!((e).pud & _PAGE_PSE))
#define pud_leaf(e) (!!((e).pud & _PAGE_PSE))
#define pud_protnone(e) (0)
#define pud_special(e) (0)
#define pmd_special(e) (0)
#define pud_young(e) (!!((e).pud & _PAGE_ACCESSED))
#define pud_dirty(e) (!!((e).pud & _PAGE_DIRTY))
#define pud_same(a, b) ((a).pud == (b).pud)
#define pud_page(e) pfn_to_page(pud_pfn(e))
#define p4d_page(e) pfn_to_page(0)
#define pgd_page(e) pfn_to_page((e).pgd >> _PFN_SHIFT)
#define p4d_pfn(e) (0UL)
#define pgd_pfn(e) ((e).pgd >> _PFN_SHIFT)
/* As on x86-64: a hugetlb entry that is not present counts as huge, too. */
static inline int pmd_huge(pmd_t e)
{
	return !pmd_none(e) && (e.pmd & (_PAGE_TABLE | _PAGE_PSE)) != _PAGE_TABLE;
}
/* A broken PMD is one whose bits make no sense, and among them is the present bit. */
#define pmd_present(e) (!!((e).pmd & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_TABLE | _PAGE_BAD)))
/* As on x86-64: an empty PMD counts as bad, too. */
#define pmd_bad(e) (!((e).pmd & _PAGE_TABLE))
#define pgd_bad(e) ((e).pgd && !((e).pgd & _PAGE_TABLE))
/* ... and a leaf, as anything that leads to no table */
#define pud_bad(e) ((e).pud && !((e).pud & _PAGE_TABLE))
static inline int pmd_thp_or_huge(pmd_t e) { return pmd_huge(e) || pmd_trans_huge(e); }

#define pgdp_get(p) READ_ONCE(*(p))
#define p4dp_get(p) READ_ONCE(*(p))
#define pmd_read_atomic(p) READ_ONCE(*(p))
#define ptep_get_lockless_norecency(p) ptep_get(p)
#define pmd_clear_bad(pmd) ((void)((pmd)->pmd = 0))
#define pud_clear_bad(pud) ((void)((pud)->pud = 0))
#define p4d_clear_bad(p4d) ((void)((p4d)->p4d = 0))
#define pgd_clear_bad(pgd) ((void)((pgd)->pgd = 0))
#define set_pud_at(mm, address, pudp, v) ((void)(*(pudp) = (v)))
#define flush_cache_page(...) tree_aside(ASIDE_FLUSH, 0, 1)
#define flush_dcache_page(page) tree_aside(ASIDE_FLUSH, 1, 1)
#define flush_dcache_folio(folio) tree_aside(ASIDE_FLUSH, 1, 1)
#define flush_anon_page(...) tree_aside(ASIDE_FLUSH, 2, 1)
#define arch_make_folio_accessible(folio) arch_make_page_accessible(&(folio)->page)
#define arch_enter_lazy_mmu_mode() do { } while (0)
#define arch_leave_lazy_mmu_mode() do { } while (0)
#define update_mmu_tlb(...) do { } while (0)

static inline bool pud_access_permitted(pud_t pud, bool write)
{
	return (pud.pud & _PAGE_PRESENT) && (!write || pud_write(pud));
}
#define p4d_access_permitted(e, write) (0)
#define pgd_access_permitted(e, write) (((e).pgd & _PAGE_PRESENT) && (!(write) || ((e).pgd & _PAGE_RW)))

/* The machine has a huge page of hugetlb at PMD level, where every walk finds it. */
bool tree_in_hugetlb(void);

/* Whoever walks on through an entry that leads to no table looks at memory that is none. */
void tree_walks_nowhere(void) __noreturn;

static inline p4d_t *tree_p4d_offset(pgd_t *pgd, unsigned long address)
{
	if (unlikely(!(pgd->pgd & _PAGE_TABLE)))
		tree_walks_nowhere();
	return p4d_offset(pgd, address);
}
#define p4d_offset(pgd, address) tree_p4d_offset(pgd, address)

static inline pud_t *tree_pud_offset(p4d_t *p4d, unsigned long address)
{
	if (unlikely(!(p4d->p4d & _PAGE_TABLE)))
		tree_walks_nowhere();
	return pud_offset(p4d, address);
}
#define pud_offset(p4d, address) tree_pud_offset(p4d, address)

static inline pmd_t *tree_pmd_offset(pud_t *pud, unsigned long address)
{
	if (unlikely(!(pud->pud & _PAGE_TABLE)))
		tree_walks_nowhere();
	if (tree_in_hugetlb())
		return (pmd_t *)&model_tables.huge;
	return pmd_offset(pud, address);
}
#define pmd_offset(pud, address) tree_pmd_offset(pud, address)
#define pgd_offset_k(address) pgd_offset(current->mm, address)
#define pgd_offset_gate(mm, address) pgd_offset(mm, address)
#define p4d_offset_lockless(pgdp, pgd, address) p4d_offset(pgdp, address)
#define pud_offset_lockless(p4dp, p4d, address) pud_offset(p4dp, address)
#define pmd_offset_lockless(pudp, pud, address) pmd_offset(pudp, address)
#define pgd_page_vaddr(e) (0UL)

/* Up to 6.4 a page table could not go away under the mmap_lock, and pte_offset_map_lock() could not fail. */
#if TREE_MACRO_pte_offset_map_lock
static inline void tree_tables_stay(void)
{
	if (model_other_cpu == OTHER_CPU_FREES_TABLE)
		model_other_cpu = OTHER_CPU_IDLE;
}
static inline pte_t *tree_pte_offset_map_lock(struct mm_struct *mm, pmd_t *pmd,
					      unsigned long address, spinlock_t **ptlp)
{
	tree_tables_stay();
	return pte_offset_map_lock(mm, pmd, address, ptlp);
}
#define pte_offset_map_lock(mm, pmd, address, ptlp) tree_pte_offset_map_lock(mm, pmd, address, ptlp)
#endif
#define pte_offset_map_nolock(mm, pmd, address, ptlp) \
	(*(ptlp) = pte_lockptr(mm, pmd), pte_offset_map(pmd, address))
#define pte_offset_map_ro_nolock(mm, pmd, address, ptlp) pte_offset_map_nolock(mm, pmd, address, ptlp)
#define pmd_trans_unstable(pmd) (pmd_none(*(pmd)) || pmd_trans_huge(*(pmd)))
#define pmd_devmap_trans_unstable(pmd) (pmd_devmap(*(pmd)) || pmd_trans_unstable(pmd))
static inline spinlock_t *tree_pud_trans_huge_lock(pud_t *pud, struct vm_area_struct *vma)
{
	return pud_leaf(*pud) ? pud_lock(vma->vm_mm, pud) : NULL;
}
#define pud_trans_huge_lock(pud, vma) tree_pud_trans_huge_lock(pud, vma)
#define spin_lock_nested(lock, n) spin_lock(lock)
#define spin_needbreak(lock) (0)

/* interrupts off: nothing may sleep, as under a spinlock */
#define local_irq_disable() ((void)model.atomic_depth++)
#define local_irq_enable() ((void)model.atomic_depth--)
#define preempt_disable() ((void)model.atomic_depth++)
#define preempt_enable() ((void)model.atomic_depth--)
#define irqs_disabled() (model.atomic_depth > 0)
#define in_atomic() (model.atomic_depth > 0)
#define raw_read_seqcount(s) (tree_aside(ASIDE_SEQCOUNT, 0, 1), 0u)
#define read_seqcount_begin(s) (tree_aside(ASIDE_SEQCOUNT, 0, 1), 0u)
#define read_seqcount_retry(s, seq) (tree_aside(ASIDE_SEQCOUNT, 1, 1), (void)(seq), 0)
#define raw_seqcount_try_begin(s, seq) (tree_aside(ASIDE_SEQCOUNT, 0, 1), (seq) = 0, true)
#define access_ok(...) (true)
#define memalloc_nocma_save() (tree_aside(ASIDE_SCOPE, 0, 1), 0u)
#define memalloc_nocma_restore(flags) (tree_aside(ASIDE_SCOPE, 1, 1), (void)(flags))
#define memalloc_pin_save() (tree_aside(ASIDE_SCOPE, 2, 1), 0u)
#define memalloc_pin_restore(flags) (tree_aside(ASIDE_SCOPE, 3, 1), (void)(flags))
#define untagged_addr(address) (address)
#define untagged_addr_remote(mm, address) (address)
#define untagged_addr_unlocked(address) (address)

/* the mmap_lock by its older name and face */
#define mmap_sem mmap_lock
#define tree_mm_of(sem) container_of(sem, struct mm_struct, mmap_lock)
#define down_read(sem) mmap_read_lock(tree_mm_of(sem))
/* Whoever is killed while others hold the lock gives up waiting for it. */
static inline int tree_read_lock_killable(struct mm_struct *mm)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	return mmap_read_lock_killable(mm);
}
#define mmap_read_lock_killable(mm) tree_read_lock_killable(mm)
#define down_read_killable(sem) tree_read_lock_killable(tree_mm_of(sem))
#define down_read_trylock(sem) mmap_read_trylock(tree_mm_of(sem))
#define up_read(sem) mmap_read_unlock(tree_mm_of(sem))
#define rwsem_is_locked(sem) ((sem)->readers > 0)
#define mmap_is_locked(mm) ((mm)->mmap_lock.readers > 0)
#define mmap_assert_write_locked(mm) do { } while (0)
#define get_task_mm(task) ((task)->mm)

/* VMAs */
#define VM_GROWSDOWN 0x00000200UL
#define VM_GROWSUP 0UL
#define VM_LOCKONFAULT 0x00080000UL
#define VM_WIPEONFORK 0x02000000UL
#define VM_DONTEXPAND 0x00040000UL
#define VM_HUGEPAGE 0x20000000UL
#define VM_NOHUGEPAGE 0x40000000UL
#define VM_DROPPABLE 0UL
#define VM_SEALED 0UL
#define VM_ALLOW_ANY_UNCACHED 0UL
#define find_extend_vma_locked(mm, address) find_vma(mm, address)
#define vma_is_dax(vma) (false)
#define vma_is_temporary_stack(vma) (false)
#define vma_is_foreign(vma) (false)
#define get_gate_vma(mm) ((struct vm_area_struct *)NULL)
#define file_inode(file) (NULL)
#define stack_guard_gap 0UL
#define vma_is_shmem(vma) (false)
/* a shared file mapping that is writable needs its file system to know of each write */
#define vma_needs_dirty_tracking(vma) \
	(((vma)->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) && !vma_is_secretmem(vma) && \
	 !((vma)->vm_flags & (VM_PFNMAP | VM_IO | VM_MIXEDMAP)))
#define vma_wants_writenotify(vma, prot) vma_needs_dirty_tracking(vma)

/* references and pins */
#define page_ref_add(page, n) folio_ref_add((struct folio *)(page), n)
#define page_ref_sub(page, n) folio_ref_sub((struct folio *)(page), n)
#define page_ref_inc(page) folio_ref_inc((struct folio *)(page))
#define page_ref_dec(page) folio_ref_sub((struct folio *)(page), 1)
#define folio_ref_dec(folio) folio_ref_sub(folio, 1)
#define folio_ref_try_add(folio, n) folio_ref_try_add_rcu(folio, n)
#define folio_try_get(folio) folio_ref_try_add_rcu(folio, 1)
#define folio_try_get_rcu(folio) folio_ref_try_add_rcu(folio, 1)
#define folio_ref_add_unless(folio, n, u) (folio_ref_count(folio) == (u) ? false : (folio_ref_add(folio, n), true))
#define page_ref_add_unless(page, n, u) folio_ref_add_unless((struct folio *)(page), n, u)
#define page_cache_add_speculative(page, n) folio_ref_try_add_rcu((struct folio *)(page), n)
#define page_cache_get_speculative(page) folio_ref_try_add_rcu((struct folio *)(page), 1)
#define get_page_unless_zero(page) folio_ref_try_add_rcu(page_folio(page), 1)
#define page_count(page) page_ref_count(page)
#define compound_mapcount_ptr(page) (&compound_head(page)->_mapcount)
#define compound_mapcount(page) page_mapcount(page)
#define page_trans_huge_mapcount(page, ...) page_mapcount(page)
#define page_has_type(page) (0)
#define compound_pincount_ptr(page) (&compound_head(page)->_pincount)
#define folio_pincount_ptr(folio) (&(folio)->page._pincount)
#define folio_has_pincount(folio) folio_test_large(folio)
#define hpage_pincount_available(page) PageCompound(page)
#define head_compound_pincount(page) atomic_read(&(page)->_pincount)
#define compound_pincount(page) atomic_read(compound_pincount_ptr(page))
#define folio_entire_mapcount(folio) page_mapcount(&(folio)->page)
#define put_devmap_managed_page(page) (false)
#define put_devmap_managed_page_refs(page, refs) (false)
#define put_devmap_managed_folio_refs(folio, refs) (false)
#define page_is_devmap_managed(page) (false)
/* what becomes of a page that nobody has a reference to */
#define __put_page(page) tree_aside(ASIDE_FREE, page_to_pfn((page)->head), 1)
#define __folio_put(folio) tree_aside(ASIDE_FREE, page_to_pfn(&(folio)->page), 1)
#define free_devmap_managed_page(page) tree_aside(ASIDE_FREE, page_to_pfn(page), 1)
#define __put_devmap_managed_page(page) tree_aside(ASIDE_FREE, page_to_pfn(page), 1)
#define folio_put_testzero(folio) (folio_put(folio), false)

/* memory policy and allocation, as far as calls of what is not modelled name them */
typedef struct { unsigned long bits[1]; } nodemask_t;
typedef struct { unsigned long bits[1]; } cpumask_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { long counter; } atomic64_t;
#define NUMA_NO_NODE (-1)
#define __GFP_NOWARN 0x2000u
#define __GFP_MOVABLE 0x08u
#define __GFP_THISNODE 0x200000u
#define GFP_USER 0x1u
#define GFP_KERNEL 0x2u
#define GFP_HIGHUSER 0x4u
#define GFP_HIGHUSER_MOVABLE 0x5u
#define __GFP_HIGHMEM 0x10u
#define __GFP_RETRY_MAYFAIL 0x4000u
#define GFP_TRANSHUGE 0x8000u
#define PageHighMem(page) (0)
/* what moves a page that may not be pinned where it is */
void *tree_alloc(unsigned int gfp, unsigned int order, int nid);
#define __alloc_pages_node(nid, gfp, order) tree_alloc(gfp, order, nid)
#define alloc_pages_node(nid, gfp, order) tree_alloc(gfp, order, nid)
#define __alloc_pages_nodemask(gfp, order, nid, mask) tree_alloc(gfp, order, nid)
#define alloc_migrate_huge_page(h, gfp, nid, mask) tree_alloc(gfp, HPAGE_PMD_ORDER, nid)
#define prep_transhuge_page(page) tree_aside(ASIDE_ALLOC, 0, 1)
#define new_page_nodemask(page, nid, mask) tree_alloc(GFP_USER | __GFP_MOVABLE, compound_order(page), nid)
#define alloc_migration_target(page, private) \
	tree_alloc(((struct migration_target_control *)(private))->gfp_mask, 0, \
		   ((struct migration_target_control *)(private))->nid)
void *tree_first_of(struct list_head *list);
int tree_migrate(struct list_head *from, void *target, int mode, int reason);
int tree_migrate_coherent(struct page *page);
void tree_putback(struct list_head *list);
#define migrate_pages(from, alloc, put, private, mode, reason, ...) \
	tree_migrate(from, list_empty(from) ? NULL : alloc(tree_first_of(from), (unsigned long)(private)), mode, reason)
#define putback_movable_pages(list) tree_putback(list)
#define migrate_device_page(page, ...) tree_migrate_coherent(page)
#define migrate_device_coherent_page(page) tree_migrate_coherent(page)
#define migrate_device_coherent_folio(folio) tree_migrate_coherent(&(folio)->page)
/* Takes a page off its list, with a reference; the kernels differ in how they say that it worked. */
int tree_isolate(struct page *page, struct list_head *list);
#if TREE_BOOL_isolate_lru_page
#define isolate_lru_page(p) (!tree_isolate((struct page *)(p), NULL))
#else
#define isolate_lru_page(p) tree_isolate((struct page *)(p), NULL)
#endif
#if TREE_BOOL_folio_isolate_lru
#define folio_isolate_lru(p) (!tree_isolate((struct page *)(p), NULL))
#else
#define folio_isolate_lru(p) tree_isolate((struct page *)(p), NULL)
#endif
#define isolate_huge_page(p, list) (!tree_isolate((struct page *)(p), list))
#define folio_isolate_hugetlb(p, list) (!tree_isolate((struct page *)(p), list))
#if TREE_BOOL_isolate_hugetlb
#define isolate_hugetlb(p, list) (!tree_isolate((struct page *)(p), list))
#else
#define isolate_hugetlb(p, list) tree_isolate((struct page *)(p), list)
#endif
void *tree_zeroed(unsigned long bytes);
#define kcalloc(n, size, gfp) tree_zeroed((n) * (size))
#define kzalloc(size, gfp) tree_zeroed(size)
#define kmalloc(size, gfp) tree_zeroed(size)
#define kvmalloc_array(n, size, gfp) tree_zeroed((n) * (size))
#define kmalloc_array(n, size, gfp) tree_zeroed((n) * (size))
#define kfree(p) do { } while (0)
#define kvfree(p) do { } while (0)

/* pages */
#define compound_order(page) (PageHead(page) ? HPAGE_PMD_ORDER : 0)
#define compound_nr(page) (1UL << compound_order(page))
#define folio_order(folio) compound_order(&(folio)->page)
#define folio_large_nr_pages(folio) folio_nr_pages(folio)
#define folio_page_idx(folio, p) ((unsigned long)((p) - &(folio)->page))
#define folio_size(folio) (PAGE_SIZE << folio_order(folio))
#define folio_pfn(folio) page_to_pfn(&(folio)->page)
#define pfn_folio(pfn) page_folio(pfn_to_page(pfn))
#define folio_mapcount(folio) page_mapcount(&(folio)->page)
#define highest_memmap_pfn ((unsigned long)MODEL_NR_PAGES - 1)
#define my_zero_pfn(address) MODEL_ZERO_PFN
#define ZERO_PAGE(address) pfn_to_page(MODEL_ZERO_PFN)
#define is_huge_zero_folio(folio) is_huge_zero_page(&(folio)->page)
#define is_huge_zero_pud(pud) (false)
#define is_huge_zero_pfn(pfn) ((pfn) == MODEL_HUGE_ZERO_PFN)
#define huge_zero_pfn MODEL_HUGE_ZERO_PFN
#define PageReserved(page) (0)
#define PageHWPoison(page) (0)
#define PageTransHuge(page) PageHead(page)
#define PageTransCompound(page) PageCompound(page)
#define PageTransTail(page) PageTail(page)
#define PageMlocked(page) (0)
#define PageSwapCache(page) (0)
#define PageUptodate(page) (1)
#define PageDoubleMap(page) (0)
#define folio_test_hwpoison(folio) (0)
#define folio_test_has_hwpoisoned(folio) (0)
#define folio_test_swapcache(folio) (0)
#define folio_test_uptodate(folio) (1)
#define folio_test_private(folio) (0)
#define PagePrivate(page) (0)
#define page_has_private(page) (0)
#define folio_test_reserved(folio) (0)
#define folio_test_mlocked(folio) (0)
#define folio_is_zone_device(folio) is_zone_device_page(&(folio)->page)
#define folio_is_pci_p2pdma(folio) is_pci_p2pdma_page(&(folio)->page)
#define is_device_private_page(page) (false)
#define is_device_coherent_page(page) tree_is_coherent(page)
#define is_device_public_page(page) (false)
#define folio_is_device_private(folio) (false)
#define folio_is_device_coherent(folio) tree_is_coherent(&(folio)->page)
#define is_fsdax_page(page) (false)
#define folio_is_fsdax(folio) (false)
#define folio_test_slab(folio) (0)
#define folio_set_referenced(folio) tree_aside(ASIDE_REFERENCED, page_to_pfn(&(folio)->page), 1)
#define folio_clear_referenced(folio) tree_aside(ASIDE_REFERENCED, page_to_pfn(&(folio)->page), -1UL)
#define SetPageReferenced(page) tree_aside(ASIDE_REFERENCED, page_to_pfn((page)->head), 1)
#define ClearPageReferenced(page) tree_aside(ASIDE_REFERENCED, page_to_pfn((page)->head), -1UL)
#define lockdep_assert_irqs_disabled() VM_WARN_ON(!irqs_disabled())
#define lock_page(page) might_sleep()
#define trylock_page(page) (true)
#define unlock_page(page) tree_aside(ASIDE_UNLOCK_PAGE, 0, 1)
#define folio_lock(folio) might_sleep()
#define folio_trylock(folio) (true)
#define folio_unlock(folio) tree_aside(ASIDE_UNLOCK_PAGE, 0, 1)
/* up to 5.2 they are passed on, too */
int tree_set_page_dirty(struct page *page);
int tree_set_page_dirty_lock(struct page *page);
#define set_page_dirty tree_set_page_dirty
#define set_page_dirty_lock tree_set_page_dirty_lock
#define lru_add_drain() tree_aside(ASIDE_DRAIN, 0, 1)
/* What is in some CPU's cache is on the LRU afterwards. */
void tree_drain_all(void);
bool tree_on_lru(const struct page *page);
#define lru_add_drain_all() tree_drain_all()
#define PageLRU(page) tree_on_lru(page)
#define folio_test_lru(folio) tree_on_lru(&(folio)->page)
#define lru_cache_disable() (might_sleep(), tree_aside(ASIDE_DRAIN, 2, 1))
#define lru_cache_enable() tree_aside(ASIDE_DRAIN, 3, 1)
#define mlock_vma_page(...) tree_aside(ASIDE_MLOCK, 0, 1)
#define mlock_vma_folio(...) tree_aside(ASIDE_MLOCK, 0, 1)
#define munlock_vma_page(...) tree_aside(ASIDE_MLOCK, 1, 1)
#define clear_page_mlock(page) tree_aside(ASIDE_MLOCK, 2, 1)
/* memory that may not be pinned for long before it has moved: factor "pinnable" */
bool tree_is_movable(const struct page *page);
bool tree_is_cma(const struct page *page);
bool tree_is_coherent(const struct page *page);
#define is_zone_movable_page(page) tree_is_movable(page)
#define folio_is_zone_movable(folio) tree_is_movable(&(folio)->page)
#define is_migrate_cma_page(page) tree_is_cma(page)
#define is_migrate_cma_folio(folio, pfn) tree_is_cma(&(folio)->page)
#define get_pageblock_migratetype(page) (tree_is_cma(page) ? MIGRATE_CMA : MIGRATE_MOVABLE)
#define folio_migratetype(folio) get_pageblock_migratetype(&(folio)->page)
/* whether it is a page of a secretmem file, or of one that writeback needs to know about */
bool tree_page_is_secretmem(const struct page *page);
bool tree_page_is_anon_or_shmem(const struct page *page);
#define secretmem_mapping(mapping) tree_page_is_secretmem(NULL)
#define shmem_mapping(mapping) (false)
#define page_is_secretmem(page) tree_page_is_secretmem(page)
#define folio_is_secretmem(folio) tree_page_is_secretmem(&(folio)->page)

/* swap entries */
#define non_swap_entry(entry) (swp_type(entry) != SWP_SWAPPED)
#define is_device_exclusive_entry(entry) (false)
#define is_writable_device_exclusive_entry(entry) (false)
#define swp_offset(entry) ((entry).val >> _PFN_SHIFT)
#define swp_offset_pfn(entry) ((entry).val >> _PFN_SHIFT)
#define migration_entry_to_page(entry) pfn_swap_entry_to_page(entry)
#define device_private_entry_to_page(entry) pfn_swap_entry_to_page(entry)
#define pfn_swap_entry_folio(entry) page_folio(pfn_swap_entry_to_page(entry))
#define pte_swp_uffd_wp(pte) (0)
#define pte_swp_soft_dirty(pte) (0)
#define pmd_swp_uffd_wp(pmd) (0)
#define pmd_swp_soft_dirty(pmd) (0)
#define is_pmd_device_private_entry(pmd) (false)
#define userfaultfd_minor(vma) (false)

/* hugetlb: one size, that of a PMD */
#define HUGETLB_PAGE_SIZE_BITS 0
#define size_to_hstate(size) (&model_hstate)
#define page_hstate(page) (&model_hstate)
#define folio_hstate(folio) (&model_hstate)
#define hstate_index(h) (0)
#define hstate_inode(inode) (&model_hstate)
#define pages_per_huge_page(h) (1U << (h)->order)
#define huge_page_shift(h) ((h)->order + PAGE_SHIFT)
#define hstate_is_gigantic(h) (false)
#define huge_pte_offset(mm, address, size) hugetlb_walk(NULL, address, size)
#define huge_pte_lockptr(h, mm, pte) (&(mm)->page_table_lock)
#define huge_pte_dirty(pte) pte_dirty(pte)
#define huge_pte_mkdirty(pte) pte_mkdirty(pte)
#define huge_pte_none_mostly(pte) pte_none(pte)
#define hugepage_migration_supported(h) (true)
#define hugetlb_page_mapping_lock_write(page) (NULL)
#define huge_pte_uffd_wp(pte) pte_uffd_wp(pte)
#define hugetlb_entry_migration_or_none(pte) (false)
#define hugepages_supported() (true)
#define hstate_sizelog(log) (&model_hstate)
/* the locks of the model, though the file that is reviewed has its own */
#define hugetlb_vma_lock_read hugetlb_vma_lock_read
#define hugetlb_vma_unlock_read hugetlb_vma_unlock_read
#if TREE_PARAMETERS_huge_ptep_get == 3
static inline pte_t tree_huge_ptep_get(pte_t *ptep) { return huge_ptep_get(ptep); }
#define huge_ptep_get(mm, address, ptep) tree_huge_ptep_get(ptep)
#endif
#define ptep_lockptr(mm, pte) (&(mm)->page_table_lock)
static inline spinlock_t *tree_ptl_lock(struct mm_struct *mm)
{
	spin_lock(&mm->page_table_lock);
	return &mm->page_table_lock;
}
/* It ends the wait as migration_entry_wait() does. */
void tree_migration_entry_wait_huge(pte_t *pte);
#define __migration_entry_wait(mm, pte, ptl) tree_migration_entry_wait_huge(pte)
#define __migration_entry_wait_huge(...) tree_migration_entry_wait_huge(&model_tables.huge)
#define migration_entry_wait_huge(...) tree_migration_entry_wait_huge(&model_tables.huge)
#define hugetlbfs_pagecache_present(...) (model_step(), false)

/* faults and splits whose calls have changed */
#if TREE_PARAMETERS_pte_alloc == 3
#define pte_alloc(mm, pmd, address) pte_alloc(mm, pmd)
#endif
#if TREE_PARAMETERS_arch_vma_access_permitted != 4 && TREE_HAS_arch_vma_access_permitted
#define arch_vma_access_permitted(...) (true)
#else
/* what protection keys are asked; there are none */
#define arch_vma_access_permitted(vma, write, execute, foreign) \
	(tree_aside(ASIDE_ACCESS, !!(write) | !!(execute) << 1 | !!(foreign) << 2, 1), true)
#endif
int tree_split_huge_page(void);
#define split_huge_page(page) tree_split_huge_page()
#define split_folio(folio) tree_split_huge_page()
#define print_bad_pte(...) do { } while (0)
#define print_bad_page_map(...) do { } while (0)

/*
 * A fault in hugetlb is hugetlb's.  Up to v6.0 a write fault on a present entry
 * said that it broke COW, or made the entry writable.
 */
#define VM_FAULT_WRITE 0x000008
bool tree_maps_read_only(void);
static inline vm_fault_t tree_fault(struct vm_area_struct *vma, unsigned long address, unsigned int flags)
{
	bool wp = TREE_HAS_VM_FAULT_WRITE && (flags & FAULT_FLAG_WRITE) && tree_maps_read_only();
	vm_fault_t fault;

	if (is_vm_hugetlb_page(vma))
		return hugetlb_fault(vma->vm_mm, vma, address, flags);
	fault = handle_mm_fault(vma, address, flags, NULL);
	return fault || !wp ? fault : VM_FAULT_WRITE;
}
#define handle_mm_fault(vma, address, flags, ...) tree_fault(vma, address, flags)

/* reading and writing user memory */
bool tree_user_access(unsigned long address, bool write);
#define user_access_begin(ptr, size) (true)
#define user_read_access_begin(ptr, size) (true)
#define user_write_access_begin(ptr, size) (true)
#define user_access_end() model_step()
#define user_read_access_end() model_step()
#define user_write_access_end() model_step()
#define unsafe_get_user(x, ptr, label) do { if (!tree_user_access((unsigned long)(ptr), false)) goto label; (x) = 0; } while (0)
#define unsafe_put_user(x, ptr, label) do { if (!tree_user_access((unsigned long)(ptr), true)) goto label; } while (0)
#define __get_user(x, ptr) (tree_user_access((unsigned long)(ptr), false) ? ((x) = 0, 0) : -EFAULT)
#define __put_user(x, ptr) (tree_user_access((unsigned long)(ptr), true) ? 0 : -EFAULT)
#define probe_subpage_writeable(ptr, size) (0UL)

/* lists */
#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define list_add(entry, head) tree_list_add(entry, head, (head)->next)
#define list_add_tail(entry, head) tree_list_add(entry, (head)->prev, head)
#define list_del(entry) ((entry)->prev->next = (entry)->next, (entry)->next->prev = (entry)->prev)
#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(ptr, type, member) list_entry((ptr)->next, type, member)
#endif
