// SPDX-License-Identifier: GPL-2.0-only
/* A file for the tests of replies; not a kernel's. */

static int first_page(struct tally *tally)
{
	if (!tally)
		return -1;

	return tally->first;
}

static int last_page(struct tally *tally)
{
	return tally->last;
}

int count(struct tally *tally, int pages)
{
	int sum = 0;
	int at;

	if (pages < 0)
		return -EINVAL;

	for (at = 0; at < pages; at++)
		sum += weigh(tally, at);

	return sum;
}
