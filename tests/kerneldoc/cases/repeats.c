// SPDX-License-Identifier: GPL-2.0-only
/* The same sign or attribute twice, with white space around it. */

/**
 * struct repeats - commas, colons and attributes
 * @a: a
 * @b: b
 */
struct repeats {
	int a, , b;
	int c : : 3;
	int d __packed __packed, e __aligned(4) __aligned(8);
	struct { int f,  , g; } x __packed  __packed;
};

/**
 * twice() - empty parameters
 * @a: a
 */
void twice(int a, , int  b, , ,);
