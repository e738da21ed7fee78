// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walking the page tables of a range, with a caller's function for each entry.
 *
 * Behaves as mm/pagewalk.c of Linux v6.5-rc3 does for the levels that the model
 * has, without hugetlb entries of other sizes than a PMD's.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/pagewalk.h>

static int walk_pte_range(pmd_t *pmd, unsigned long addr, unsigned long end,
			  struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	spinlock_t *ptl;
	pte_t *pte;
	int err = 0;

	pte = pte_offset_map_lock(walk->mm, pmd, addr, &ptl);
	if (!pte) {
		walk->action = ACTION_AGAIN;
		return 0;
	}
	for (;;) {
		err = ops->pte_entry(pte, addr, addr + PAGE_SIZE, walk);
		if (err)
			break;
		if (addr >= end - PAGE_SIZE)
			break;
		addr += PAGE_SIZE;
		pte++;
	}
	pte_unmap_unlock(pte, ptl);
	return err;
}

static int walk_pmd_range(pud_t *pud, unsigned long addr, unsigned long end,
			  struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	unsigned long next;
	pmd_t *pmd;
	int err = 0;

	pmd = pmd_offset(pud, addr);
	do {
again:
		next = pmd_addr_end(addr, end);
		if (pmd_none(*pmd)) {
			if (ops->pte_hole)
				err = ops->pte_hole(addr, next, 3, walk);
			if (err)
				break;
			continue;
		}

		walk->action = ACTION_SUBTREE;

		if (ops->pmd_entry)
			err = ops->pmd_entry(pmd, addr, next, walk);
		if (err)
			break;

		if (walk->action == ACTION_AGAIN)
			goto again;

		/* who has no use for PTEs need not have huge pages split */
		if (walk->action == ACTION_CONTINUE || !ops->pte_entry)
			continue;

		if (walk->vma)
			split_huge_pmd(walk->vma, pmd, addr);

		err = walk_pte_range(pmd, addr, next, walk);
		if (err)
			break;

		if (walk->action == ACTION_AGAIN)
			goto again;
	} while (addr = next, addr != end);

	return err;
}

static int walk_pud_range(p4d_t *p4d, unsigned long addr, unsigned long end,
			  struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	unsigned long next;
	pud_t *pud;
	int err = 0;

	pud = pud_offset(p4d, addr);
	do {
again:
		next = pud_addr_end(addr, end);
		if (pud_none(*pud)) {
			if (ops->pte_hole)
				err = ops->pte_hole(addr, next, 2, walk);
			if (err)
				break;
			continue;
		}

		if (walk->vma)
			split_huge_pud(walk->vma, pud, addr);
		if (pud_none(*pud))
			goto again;
		/* a broken table is cleared, and nothing is below it */
		if (pud_bad(*pud))
			continue;

		err = walk_pmd_range(pud, addr, next, walk);
		if (err)
			break;
	} while (addr = next, addr != end);

	return err;
}

static int walk_pgd_range(unsigned long addr, unsigned long end,
			  struct mm_walk *walk)
{
	const struct mm_walk_ops *ops = walk->ops;
	pgd_t *pgd = pgd_offset(walk->mm, addr);
	p4d_t *p4d;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return ops->pte_hole ? ops->pte_hole(addr, end, 0, walk) : 0;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return ops->pte_hole ? ops->pte_hole(addr, end, 1, walk) : 0;
	return walk_pud_range(p4d, addr, end, walk);
}

static int walk_hugetlb_range(unsigned long addr, unsigned long end,
			      struct mm_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;
	struct hstate *h = hstate_vma(vma);
	const struct mm_walk_ops *ops = walk->ops;
	pte_t *pte;
	int err = 0;

	hugetlb_vma_lock_read(vma);
	pte = hugetlb_walk(vma, addr & huge_page_mask(h), huge_page_size(h));
	if (pte)
		err = ops->hugetlb_entry(pte, huge_page_mask(h), addr, end, walk);
	else if (ops->pte_hole)
		err = ops->pte_hole(addr, end, -1, walk);
	hugetlb_vma_unlock_read(vma);

	return err;
}

/* Whether the VMA is walked: 0 if it is, 1 if it is passed over, or an errno. */
static int walk_page_test(unsigned long start, unsigned long end,
			  struct mm_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;
	const struct mm_walk_ops *ops = walk->ops;

	if (ops->test_walk)
		return ops->test_walk(start, end, walk);

	/* raw frames are of no interest to most, but may be told as a hole */
	if (vma->vm_flags & VM_PFNMAP) {
		int err = 1;

		if (ops->pte_hole)
			err = ops->pte_hole(start, end, -1, walk);
		return err ? err : 1;
	}
	return 0;
}

static int __walk_page_range(unsigned long start, unsigned long end,
			     struct mm_walk *walk)
{
	struct vm_area_struct *vma = walk->vma;

	if (is_vm_hugetlb_page(vma)) {
		if (walk->ops->hugetlb_entry)
			return walk_hugetlb_range(start, end, walk);
		return 0;
	}
	return walk_pgd_range(start, end, walk);
}

/**
 * walk_page_range() - call functions for the entries of a range
 * @mm: address space
 * @start: first address
 * @end: address behind the last one
 * @ops: what to call for which kind of entry
 * @private: the caller's own, for those functions
 *
 * Context: With the mmap_lock held.
 *
 * Return: 0, or what the first function that did not return 0 returned.
 */
int walk_page_range(struct mm_struct *mm, unsigned long start,
		    unsigned long end, const struct mm_walk_ops *ops,
		    void *private)
{
	int err = 0;
	unsigned long next;
	struct vm_area_struct *vma;
	struct mm_walk walk = {
		.ops		= ops,
		.mm		= mm,
		.private	= private,
	};

	if (start >= end)
		return -EINVAL;

	if (!walk.mm)
		return -EINVAL;

	mmap_assert_locked(walk.mm);

	vma = find_vma(walk.mm, start);
	do {
		if (!vma) {		/* behind the last VMA */
			walk.vma = NULL;
			next = end;
			if (ops->pte_hole)
				err = ops->pte_hole(start, next, -1, &walk);
		} else if (start < vma->vm_start) {	/* before one */
			walk.vma = NULL;
			next = min(end, vma->vm_start);
			if (ops->pte_hole)
				err = ops->pte_hole(start, next, -1, &walk);
		} else {
			walk.vma = vma;
			next = min(end, vma->vm_end);
			vma = find_vma(mm, vma->vm_end);

			err = walk_page_test(start, next, &walk);
			if (err > 0) {
				err = 0;
				continue;
			}
			if (err < 0)
				break;
			err = __walk_page_range(start, next, &walk);
		}
		if (err)
			break;
	} while (start = next, start < end);
	return err;
}
