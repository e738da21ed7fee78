/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_PGTABLE_H
#define _ASM_PGTABLE_H
/*
 * The entry format of the model's machine.  The meaning of each accessor is
 * the kernel's; the bits are our own.  As on x86-64, an entry that is PROT_NONE
 * counts as present, and an inaccessible VMA and a NUMA hint look the same.
 */
#include <linux/compiler.h>
#include <linux/types.h>

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PMD_SHIFT	21
#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PUD_SHIFT	30
#define PUD_SIZE	(1UL << PUD_SHIFT)
#define PUD_MASK	(~(PUD_SIZE - 1))
#define HPAGE_PMD_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define HPAGE_PMD_NR	(1 << HPAGE_PMD_ORDER)
#define HPAGE_PMD_SIZE	PMD_SIZE
#define HPAGE_PMD_MASK	PMD_MASK

#define _PAGE_PRESENT	(1UL << 0)
#define _PAGE_RW	(1UL << 1)
#define _PAGE_DIRTY	(1UL << 2)
#define _PAGE_ACCESSED	(1UL << 3)
#define _PAGE_SPECIAL	(1UL << 4)
#define _PAGE_DEVMAP	(1UL << 5)
#define _PAGE_PROTNONE	(1UL << 6)
#define _PAGE_PSE	(1UL << 7)
#define _PAGE_SOFT_DIRTY (1UL << 8)
#define _PAGE_UFFD_WP	(1UL << 9)
#define _PAGE_TABLE	(1UL << 10)	/* points to the next level */
#define _PAGE_BAD	(1UL << 11)
#define _SWP_TYPE_SHIFT	12		/* of an entry that is not present */
#define _SWP_TYPE_MASK	(0xfUL << _SWP_TYPE_SHIFT)
#define _PFN_SHIFT	20

/* Device memory is mapped huge where there are huge pages at all. */
#define MODEL_HUGE_DEVMAP \
	(IS_ENABLED(CONFIG_ZONE_DEVICE) && IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
typedef struct { unsigned long p4d; } p4d_t;
typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pgprot; } pgprot_t;

#define __pte(x) ((pte_t){ (x) })
#define __pmd(x) ((pmd_t){ (x) })
#define __pud(x) ((pud_t){ (x) })

/* The upper levels only lead on, are empty, or are broken. */
#define MODEL_TABLE_LEVEL(level)						\
static inline unsigned long level##_val(level##_t e) { return e.level; }	\
static inline int level##_none(level##_t e) { return !e.level; }		\
static inline int level##_bad(level##_t e)					\
{ return e.level && !(e.level & (_PAGE_TABLE | _PAGE_PSE)); }

MODEL_TABLE_LEVEL(pgd)
MODEL_TABLE_LEVEL(p4d)
MODEL_TABLE_LEVEL(pud)

static inline int pud_devmap(pud_t e)
{ return MODEL_HUGE_DEVMAP && (e.pud & (_PAGE_DEVMAP | _PAGE_PSE)) == (_PAGE_DEVMAP | _PAGE_PSE); }
static inline int pud_present(pud_t e) { return !!(e.pud & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_TABLE)); }
static inline int pud_trans_huge(pud_t e)
{ return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) && (e.pud & (_PAGE_PSE | _PAGE_DEVMAP)) == _PAGE_PSE; }
static inline int pud_write(pud_t e) { return !!(e.pud & _PAGE_RW); }
static inline unsigned long pud_pfn(pud_t e) { return e.pud >> _PFN_SHIFT; }
static inline pud_t pud_mkyoung(pud_t e) { return __pud(e.pud | _PAGE_ACCESSED); }
static inline pud_t pud_mkdirty(pud_t e) { return __pud(e.pud | _PAGE_DIRTY | _PAGE_SOFT_DIRTY); }

/* PTE and PMD entries answer the same questions, so they are defined together. */
#define MODEL_LEAF_LEVEL(level)							\
static inline unsigned long level##_val(level##_t e) { return e.level; }	\
static inline int level##_none(level##_t e) { return !e.level; }		\
static inline int level##_protnone(level##_t e)					\
{									\
	/* without NUMA hints nobody asks: an inaccessible VMA says it all */	\
	return IS_ENABLED(CONFIG_NUMA_BALANCING) &&				\
	       (e.level & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;	\
}									\
static inline int level##_write(level##_t e) { return !!(e.level & _PAGE_RW); }	\
static inline int level##_dirty(level##_t e) { return !!(e.level & _PAGE_DIRTY); }	\
static inline int level##_young(level##_t e) { return !!(e.level & _PAGE_ACCESSED); }	\
static inline int level##_soft_dirty(level##_t e) \
{ return IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) && (e.level & _PAGE_SOFT_DIRTY); }	\
static inline int level##_uffd_wp(level##_t e) \
{ return IS_ENABLED(CONFIG_HAVE_ARCH_USERFAULTFD_WP) && (e.level & _PAGE_UFFD_WP); } \
static inline unsigned long level##_pfn(level##_t e) { return e.level >> _PFN_SHIFT; }	\
static inline level##_t level##_mkdirty(level##_t e)				\
{ e.level |= _PAGE_DIRTY | _PAGE_SOFT_DIRTY; return e; }			\
static inline level##_t level##_mkyoung(level##_t e)				\
{ e.level |= _PAGE_ACCESSED; return e; }					\
static inline level##_t level##_mkold(level##_t e)				\
{ e.level &= ~_PAGE_ACCESSED; return e; }					\
static inline level##_t level##_mkclean(level##_t e)				\
{ e.level &= ~_PAGE_DIRTY; return e; }						\
static inline level##_t level##_wrprotect(level##_t e)				\
{ e.level &= ~_PAGE_RW; return e; }						\
static inline level##_t level##_mkwrite(level##_t e)				\
{ e.level |= _PAGE_RW; return e; }						\
static inline int level##_same(level##_t a, level##_t b) { return a.level == b.level; }

MODEL_LEAF_LEVEL(pte)
MODEL_LEAF_LEVEL(pmd)

static inline int pte_present(pte_t pte)
{
	return !!(pte.pte & (_PAGE_PRESENT | _PAGE_PROTNONE));
}

static inline int pte_special(pte_t pte)
{
	return !!(pte.pte & _PAGE_SPECIAL);
}

static inline int pte_devmap(pte_t pte)
{
	return IS_ENABLED(CONFIG_ZONE_DEVICE) && (pte.pte & _PAGE_DEVMAP);
}

static inline int pte_accessible(void *mm __maybe_unused, pte_t pte)
{
	return !!(pte.pte & _PAGE_PRESENT);
}

static inline int pmd_present(pmd_t pmd)
{
	return !!(pmd.pmd & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_TABLE));
}

static inline int pmd_devmap(pmd_t pmd)
{
	return MODEL_HUGE_DEVMAP && (pmd.pmd & _PAGE_DEVMAP);
}

static inline int pmd_trans_huge(pmd_t pmd)
{
	return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) && (pmd.pmd & (_PAGE_PSE | _PAGE_DEVMAP)) == _PAGE_PSE;
}

static inline int pmd_leaf(pmd_t pmd)
{
	return !!(pmd.pmd & _PAGE_PSE);
}

static inline int pmd_bad(pmd_t pmd)
{
	return pmd.pmd && !(pmd.pmd & _PAGE_TABLE);
}

#endif
