// SPDX-License-Identifier: GPL-2.0-only
/* What is wrong with comments. */

/**
 * Not kernel-doc at all, just a comment
 */

/**
 */

/**
 * short
 * @a: a
 */
int short_one(int a);

/**
 * purpose_is_missing
 * @a: a
 */
int purpose_is_missing(int a);

/**
 * excess - too much
 * @a: a
 * @b: there is none
 */
void excess(int a, int c);

/**
 * twice - sections
 * Note: one
 *
 * Note: two
 * @return: as a parameter
 */
int twice(void);

/**
 * bad_line - a line without asterisk

 * goes on
 */
void bad_line(void);

/**
 * suspicious - ends strangely
 * text*/
void suspicious(void);

/**
 * struct - no name
 */
struct s { int a; };

/**
 * struct inline_wrong - bad inline comment
 */
struct inline_wrong {
	/**
	 * no member
	 */
	int a;
};

/**
 * cannot - be understood
 */
int;

/**
 * event - without prototype
 */
TRACE_EVENT(event);

/**
 * other - name
 */
void another(void);

/**
 * section_in_the_middle - an asterisk is enough * note: like this
 * @x: ends */ but not the comment
 * Context: here
 * still here
 *
 *   not here
 */
void section_in_the_middle(int x);

/**
 * cut_off - the file ends
 * @a:
