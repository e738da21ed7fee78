/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/mm_types.h>
#include <linux/swapops.h>
#include <linux/other_cpu.h>

/* Two pages next to each other are walked, so the last table holds two entries, every other one. */
struct model_tables {
	pgd_t pgd;
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;
	union {
		pte_t pte;
		pte_t ptes[2];
	};
	pte_t huge;		/* what a hugetlb mapping has at this address */
};
extern struct model_tables model_tables;

static inline pgd_t *pgd_offset(struct mm_struct *mm, unsigned long address __maybe_unused)
{
	return mm->pgd;
}

static inline p4d_t *p4d_offset(pgd_t *pgd __maybe_unused, unsigned long address __maybe_unused)
{
	return &model_tables.p4d;
}

static inline pud_t *pud_offset(p4d_t *p4d __maybe_unused, unsigned long address __maybe_unused)
{
	return &model_tables.pud;
}

static inline pmd_t *pmd_offset(pud_t *pud __maybe_unused, unsigned long address __maybe_unused)
{
	return &model_tables.pmd;
}

/* Scenarios look up the second page of a huge one, and perhaps the third. */
static inline unsigned long pte_index(unsigned long address)
{
	return (address & ~PMD_MASK) >= 2 * PAGE_SIZE;
}

static inline pte_t ptep_get(pte_t *ptep)
{
	model_step();
	return READ_ONCE(*ptep);
}

/* A PTE that is read without its lock may be another one right after that. */
static inline pte_t ptep_get_lockless(pte_t *ptep)
{
	pte_t pte;

	model_step();
	pte = READ_ONCE(*ptep);
	if (unlikely(model_lockless))
		model_pte_changes(ptep);
	return pte;
}

static inline bool pte_access_permitted(pte_t pte, bool write)
{
	return pte_accessible(NULL, pte) && (!write || pte_write(pte));
}

static inline bool pmd_access_permitted(pmd_t pmd, bool write)
{
	return (pmd.pmd & _PAGE_PRESENT) && (!write || pmd_write(pmd));
}

#define pud_leaf(pud) (!!(pud_val(pud) & _PAGE_PSE))
#define pmd_offset_lockless(pudp, pud, address) pmd_offset(pudp, address)
#define pud_offset_lockless(p4dp, p4d, address) pud_offset(p4dp, address)

/* Where the next entry of a level begins, or the range ends. */
#define model_addr_end(addr, end, size) \
	({ unsigned long _next = ((addr) + (size)) & ~((size) - 1); _next < (end) ? _next : (end); })
#define pmd_addr_end(addr, end) model_addr_end(addr, end, PMD_SIZE)
#define pud_addr_end(addr, end) model_addr_end(addr, end, PUD_SIZE)

static inline pmd_t pmdp_get_lockless(pmd_t *pmdp)
{
	model_step();
	return READ_ONCE(*pmdp);
}

#define pmdp_get(pmdp) READ_ONCE(*(pmdp))
#define pudp_get(pudp) READ_ONCE(*(pudp))

static inline void set_pte_at(struct mm_struct *mm __maybe_unused,
			      unsigned long address __maybe_unused, pte_t *ptep, pte_t pte)
{
	*ptep = pte;
}

static inline void set_pmd_at(struct mm_struct *mm __maybe_unused,
			      unsigned long address __maybe_unused, pmd_t *pmdp, pmd_t pmd)
{
	*pmdp = pmd;
}

static inline int pmdp_set_access_flags(struct vm_area_struct *vma __maybe_unused,
					unsigned long address __maybe_unused,
					pmd_t *pmdp, pmd_t entry, int dirty)
{
	int changed = !pmd_same(*pmdp, entry);

	if (changed && dirty)
		*pmdp = entry;
	return changed && dirty;
}

static inline int pudp_set_access_flags(struct vm_area_struct *vma __maybe_unused,
					unsigned long address __maybe_unused,
					pud_t *pudp, pud_t entry, int dirty)
{
	int changed = pudp->pud != entry.pud;

	if (changed && dirty)
		*pudp = entry;
	return changed && dirty;
}

#define update_mmu_cache(vma, address, ptep) do { } while (0)
#define update_mmu_cache_pmd(vma, address, pmdp) do { } while (0)
#define update_mmu_cache_pud(vma, address, pudp) do { } while (0)
#define flush_anon_page(vma, page, address) do { } while (0)
#define flush_dcache_page(page) do { } while (0)

#endif
