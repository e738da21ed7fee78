/* SPDX-License-Identifier: GPL-2.0-only */
struct tally;
int tally_pages(struct tally *tally, unsigned long address,
		unsigned int flags);
int tally_twice(struct tally *tally, unsigned long address);
