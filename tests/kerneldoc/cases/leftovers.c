// SPDX-License-Identifier: GPL-2.0-only
/* What one block leaves to the next. */

/**
 * DOC: write to me@example
 *
 * The title holds what looks like a parameter.
 */

/**
 * innocent - is told that it has one too many
 */
void innocent(void);

/**
 * struct open_end - its last member is an anonymous struct
 * @a: a
 */
struct open_end {
	struct { int a; };
};

/**
 * after_it - as if nothing had happened
 * @x: with	a tab
 *	    and more
 * @y:
 *   z
 *
 *  kept together
 * with this
 */
void after_it(int x, int y);
