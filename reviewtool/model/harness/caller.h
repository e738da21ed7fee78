/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_CALLER_H
#define HARNESS_CALLER_H
/*
 * What the caller of the function under review does afterwards: it gives back
 * every page that the return value promises, once.  Then the counts are as
 * they were, or a reference has leaked or was dropped too often.
 */
#include "world.h"
#include "outcome.h"		/* generated */

/* Generated: FOLL_GET and FOLL_PIN, as the reviewed tree has them. */
extern const unsigned int harness_get, harness_pin;

static inline bool is_model_page(const struct page *page)
{
	return page >= model_pages && page < model_pages + MODEL_NR_PAGES;
}

/* put_page() or unpin_user_page(), whatever the reviewed tree has made of them. */
static inline bool give_back(struct page *page, bool pin)
{
	struct page *head;

	if (!is_model_page(page))
		return false;
	head = page->head;
	if (!pin)
		head->_refcount.counter--;
	else if (head == &model_pages[PFN_ZERO])
		return true;
	else if (PageHead(head)) {
		head->_refcount.counter--;
		head->_pincount.counter--;
	} else
		head->_refcount.counter -= GUP_PIN_COUNTING_BIAS;
	return true;
}

static inline bool give_back_array(long nr, bool pin)
{
	for (long i = 0; i < nr; i++)
		if (i >= 2 || !give_back(world.out_pages[i], pin))
			return false;
	return true;
}

static inline bool give_back_all(enum value_kind kind, unsigned long value)
{
	/* both at once is refused, or taken for FOLL_GET */
	bool pin = harness_pin && (world.flags & (harness_pin | harness_get)) == harness_pin;
	long nr = world.out_nr_used ? world.out_nr : (long)value;

	if (model.events & EV_ISOLATED && world.isolated)
		give_back(world.isolated, false);
	switch (world.owes) {
	case OWES_PAGE:
		if (!(world.flags & (harness_get | harness_pin)))
			return true;
		fallthrough;
	case OWES_PAGE_GET:
		if (kind != VALUE_PAGE || !value || IS_ERR((void *)value))
			return true;
		return give_back((struct page *)value, pin && world.owes == OWES_PAGE);
	case OWES_PAGES_FLAGS:
		if (!(world.flags & (harness_get | harness_pin)))
			return true;
		fallthrough;
	case OWES_PAGES:
	case OWES_PAGES_PIN:
		if (!world.out_pages_used || !world.pages_argument)
			return true;
		return give_back_array(nr, pin || world.owes == OWES_PAGES_PIN);
	default:
		return true;
	}
}

static inline unsigned long settle_page(const struct page *page, unsigned long before)
{
	int refs = page->_refcount.counter - (int)before;
	int pins = page->_pincount.counter - (int)(before >> 32);

	if (!refs && !pins)
		return SETTLED_even;
	return refs < 0 || pins < 0 ? SETTLED_short : SETTLED_leak;
}

/* To be called when everything else of the run has been recorded: it changes counts. */
static inline unsigned long settle(enum value_kind kind, unsigned long value)
{
	unsigned long worst = SETTLED_even;

	if (world.owes == OWES_UNKNOWN)
		return SETTLED_even;
	if (!give_back_all(kind, value))
		return SETTLED_short;
	for (int i = 0; i < world.nr_counted; i++) {
		unsigned long one = settle_page(world.counted[i], world_fresh.pages[i].counts);

		worst = one > worst ? one : worst;
	}
	if (world.fresh_page_used && worst == SETTLED_even)
		worst = settle_page(&model_pages[PFN_FRESH], FRESH_REFS);
	if (world.next_fresh_used && worst == SETTLED_even)
		worst = settle_page(&model_pages[PFN_NEXT_FRESH], FRESH_REFS);
	return worst;
}

#endif
