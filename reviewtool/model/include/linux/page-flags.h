/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_PAGE_FLAGS_H
#define _LINUX_PAGE_FLAGS_H

#include <linux/mm_types.h>

enum pageflags {
	PG_dirty,
	PG_head,
	PG_anon,
	PG_anon_exclusive,
	PG_ksm,
	PG_hugetlb,
	PG_zone_device,
	PG_p2pdma,
	PG_lru,
	PG_swapbacked,
	PG_isolated,
	PG_secretmem,
};

/*
 * A page whose reference was given back may be freed, unless the page table
 * lock keeps it mapped: whoever looks at it then looks at somebody else's page.
 */
static inline const struct page *model_page_used(const struct page *page)
{
	if (unlikely(model.put_page == page->head && model.ptl_depth <= 0)) {
		model_trace("page used after its reference was given back", 1);
		model_event(EV_USED_AFTER_PUT);
	}
	return page;
}

static inline struct page *compound_head(const struct page *page)
{
	return page->head;
}

static inline struct folio *page_folio(const struct page *page)
{
	return (struct folio *)page->head;
}

static inline int PageTail(const struct page *page)
{
	return page->head != page;
}

static inline int PageHead(const struct page *page)
{
	return !!(model_page_used(page)->flags & (1UL << PG_head));
}

static inline int PageCompound(const struct page *page)
{
	return PageHead(page->head);
}

#define PAGEFLAG_OF_HEAD(Name, bit)					\
static inline int Page##Name(const struct page *page)			\
{ return !!(model_page_used(page)->head->flags & (1UL << PG_##bit)); }	\
static inline bool folio_test_##bit(const struct folio *folio)		\
{ return !!(model_page_used(&folio->page)->flags & (1UL << PG_##bit)); }

PAGEFLAG_OF_HEAD(Dirty, dirty)
PAGEFLAG_OF_HEAD(Anon, anon)
PAGEFLAG_OF_HEAD(LRU, lru)
PAGEFLAG_OF_HEAD(SwapBacked, swapbacked)

/* Where a configuration has no such pages, no code for them is built either. */
#define PAGEFLAG_OF_HEAD_IF(option, Name, bit)				\
static inline int Page##Name(const struct page *page)			\
{ return IS_ENABLED(option) && (model_page_used(page)->head->flags & (1UL << PG_##bit)); } \
static inline bool folio_test_##bit(const struct folio *folio)		\
{ return IS_ENABLED(option) && (model_page_used(&folio->page)->flags & (1UL << PG_##bit)); }

PAGEFLAG_OF_HEAD_IF(CONFIG_KSM, Ksm, ksm)
PAGEFLAG_OF_HEAD_IF(CONFIG_HUGETLB_PAGE, Huge, hugetlb)

/* Exclusiveness belongs to the mapped page, not to its folio. */
static inline int PageAnonExclusive(const struct page *page)
{
	return !!(model_page_used(page)->flags & (1UL << PG_anon_exclusive));
}

static inline bool folio_test_large(const struct folio *folio)
{
	return PageHead(&folio->page);
}

static inline bool is_zone_device_page(const struct page *page)
{
	return IS_ENABLED(CONFIG_ZONE_DEVICE) && (model_page_used(page)->flags & (1UL << PG_zone_device));
}

static inline bool is_pci_p2pdma_page(const struct page *page)
{
	return IS_ENABLED(CONFIG_ZONE_DEVICE) && (page->flags & (1UL << PG_p2pdma));
}

#endif
