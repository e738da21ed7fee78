// SPDX-License-Identifier: GPL-2.0-only
/* Enums, typedefs and DOC: sections. */

/**
 * DOC: About tea
 *
 * Tea is made of
 *
 * * water, 100%
 * * leaves
 *
 * ===== =====
 * water leaf
 * ===== =====
 */

/**
 * DOC:
 * Without a title.
 */

/**
 * enum tea - kinds
 * @TEA_BLACK: black
 * @TEA_GREEN: green,
 *	of course
 * @TEA_BLUE: there is none
 *
 * What one drinks.
 */
enum tea {
	TEA_BLACK = 1,
	TEA_GREEN = (1 << 3), /* a comment, with a comma */
	TEA_WHITE,
	/** @TEA_RED: described here */
	TEA_RED,
	/* private: */
	TEA_LAST,
};

/**
 * typedef leaf_t - a leaf
 *
 * Of tea.
 */
typedef unsigned long leaf_t;

/**
 * typedef steep_fn - how to steep
 * @tea: which
 * @minutes: how long
 *
 * Return: 0
 */
typedef int (*steep_fn)(enum tea tea, unsigned int minutes);

/**
 * typedef pour_fn - without asterisk
 * @x: x
 */
typedef void pour_fn(int x);

/**
 * typedef broken_t - cannot be read
 */
typedef int broken_t[16];

/**
 * enum - anonymous
 * @ONE: 1
 */
enum {
	ONE,
};

/**
 * enum named - other name
 */
enum other { TWO };
