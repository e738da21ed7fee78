/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HARNESS_SHADOW_H
#define HARNESS_SHADOW_H
/*
 * What a value depends on.  simulate/shadow.py rewrites a module so that every
 * value has a shadow beside it, and calls the functions here to work them out.
 *
 * A shadow is one of
 *   - a set of labels, a bit each: the factors from bit 0, the flags from bit
 *     SHADOW_FLAGS on;
 *   - a word (SHADOW_WORD): the value is that state word, moved by some bits,
 *     so that masking it leaves the labels of the bits that are left.
 * Labels are only ever added beyond what a value really depends on, never lost.
 */
typedef unsigned long shadow;

#define SHADOW_FLAGS	40
#define SHADOW_WORD	(1UL << 63)
#define SHADOW_CHANGED	(1UL << 62)	/* of a word: bits were set, cleared or flipped since */

/* What goes beyond the limits here ends the whole run, and the host says so. */
extern unsigned int shadow_troubled;
void shadow_trouble(unsigned int line) __attribute__((__noreturn__));

void shadow_read(shadow s);
void shadow_keep(void);
void shadow_begin(void);
unsigned long shadow_end(void);
shadow shadow_set_of(shadow s);
shadow shadow_load(unsigned long address, unsigned int size);
void shadow_store(unsigned long address, unsigned int size, shadow s);
/* Makes the SIZE bytes (4 or 8) at WORD a word of its own, without labels yet; adds some to the bits of MASK. */
unsigned int shadow_new_word(const void *word, unsigned int size);
void shadow_label(unsigned int word, unsigned long mask, shadow labels);
/* Whether all of the word is 0 depends on these alone. */
void shadow_label_zero(unsigned int word, shadow labels);
void shadow_mark(const void *start, unsigned long bytes, shadow labels);
/* How much was added to an otherwise untouched word; whether it is that. */
int shadow_is_sum(shadow s, unsigned int word);
int shadow_is_same(shadow s, unsigned int word);
shadow shadow_difference(shadow s, unsigned int word);

/* Labels in the order in which the run first read them. */
extern unsigned char shadow_order[64];
extern unsigned int shadow_ordered;
extern shadow shadow_seen;

#endif
