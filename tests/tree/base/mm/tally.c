// SPDX-License-Identifier: GPL-2.0-only
/* A file for the tests of fitting; not a kernel's. */
#include <linux/tally.h>

static int weigh(struct tally *tally, int pages)
{
	if (!tally)
		return 0;

	return pages * tally->weight;
}

int tally_pages(struct tally *tally, unsigned long address,
		unsigned int flags)
{
	int sum = 0;

	if (tally_is_closed(tally))
		return -EBUSY;

	if (WARN_ON_ONCE(flags & TALLY_HELD))
		return -EINVAL;

	sum = weigh(tally, 1);
	if (flags & TALLY_NOTE)
		tally_note(tally, address);
	return sum;
}

int tally_twice(struct tally *tally, unsigned long address)
{
	int sum = tally_pages(tally, address, TALLY_NOTE);

	if (sum < 0)
		return sum;

	return 2 * sum;
}
