// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which entries map a page that reference counting knows.
 */
#include <linux/mm.h>
#include <linux/huge_mm.h>

/**
 * vm_normal_page - find the page that a present PTE maps
 * @vma: vm_area_struct of the mapping
 * @addr: address that the entry belongs to
 * @pte: present entry
 *
 * Return: the page, or %NULL if the entry is special: the zero page, device
 * memory, or anything else that is not counted like ordinary memory.
 */
struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr,
			    pte_t pte)
{
	unsigned long pfn = pte_pfn(pte);

	/* the zero page and raw frames carry the special bit, device memory both */
	if (unlikely(pte_special(pte) || pte_devmap(pte)))
		return NULL;
	if (unlikely(is_zero_pfn(pfn)))
		return NULL;
	return pfn_to_page(pfn);
}

/**
 * vm_normal_page_pmd - find the page that a present huge PMD maps
 * @vma: vm_area_struct of the mapping
 * @addr: address that the entry belongs to
 * @pmd: present huge entry
 *
 * Return: the head page, or %NULL for the huge zero page and device memory.
 */
struct page *vm_normal_page_pmd(struct vm_area_struct *vma, unsigned long addr,
				pmd_t pmd)
{
	if (pmd_devmap(pmd))
		return NULL;
	if (is_huge_zero_pmd(pmd))
		return NULL;
	if (vma->vm_flags & VM_PFNMAP)
		return NULL;
	return pmd_page(pmd);
}
