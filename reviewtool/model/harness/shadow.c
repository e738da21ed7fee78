// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arithmetic of shadows (shadow.h).  Nothing here is rewritten: functions
 * named shadow_* and lazy_* are left as they are.
 */
#include <linux/types.h>

#include <linux/compiler.h>
#include "shadow.h"

/*
 * A word: SHADOW_WORD; how far it was moved down (-64 to 63, plus 64) at bit 16;
 * its number.  With SHADOW_CHANGED, the number of the edit that was made to it
 * at bit 24, else the sum that was added to it (32 bits, two's complement).
 */
#define WORD_NUMBER(s)	((s) & 0xffff)
#define WORD_MOVED(s)	((int)((s) >> 16 & 0xff) - 64)
#define WORD_FIELD(s)	((s) >> 24 & 0xffffffff)
#define WORD_SUM(s)	((int)WORD_FIELD(s))
#define FIELD		(0xffffffffUL << 24)
#define MOVED_FIELD	(0xffUL << 16)
#define HAS_SUM(s)	(((s) & SHADOW_WORD) && !((s) & SHADOW_CHANGED) && ((s) & FIELD))

/*
 * What constants did to a word, by its own bits: which are still the word's,
 * which are 1 whatever it was, and which of its own are turned round.  The rest is 0.
 */
struct edit {
	unsigned long own, one, flipped;
};
#define EDITS 1024
static struct edit edits[EDITS] = { { ~0UL, 0, 0 } };
static unsigned int nr_edits = 1;

#define WORDS		2048
/*
 * Every four bytes of what the rewritten module can touch, its stack and its
 * static variables, have a shadow; those lie above.  Static variables get
 * theirs back before each run; the stack is written before it is read.
 */
extern char __heap_base, __global_base;
#define COVERED		(((unsigned long)&__heap_base + 47) & ~15UL)
#define STATIC		((unsigned long)&__global_base)
#define shadow_of	((shadow *)COVERED)
#define template_of	(shadow_of + COVERED / 4 - STATIC / 4)
#define AFTER_SHADOWS	(COVERED + 2 * COVERED + 2 * (COVERED - STATIC) + 64)

/* Of each bit of each word, and of all bits from that one on. */
static shadow labels[WORDS][64], labels_from[WORDS][64], labels_of_zero[WORDS];
static unsigned int nr_words = 1;

/* From here on words are mixtures that this run made; two of the same number need not be equal. */
static unsigned int first_mixture = WORDS;
enum mixture {
	MIX_BITS,	/* each bit is made from that bit of both */
	MIX_EITHER,	/* the same, and 0 only where both are */
	MIX_SPREAD,	/* the bits of the constant b depend on the set a */
};
static struct { shadow a, b; enum mixture how; } mixed[WORDS];
#define MIXED 4096
static struct { unsigned int run, word; } mixed_at[MIXED];
static unsigned int nr_runs = 1;

/* Masked with more bits than this, a set of labels is not kept apart by bits. */
#define FEW_BITS 12


#define MOST_WRITTEN	16384
static unsigned int written[MOST_WRITTEN];
static unsigned int nr_written;

unsigned long shadow_end(void)
{
	return AFTER_SHADOWS & ~63UL;
}

shadow shadow_args[32];
shadow shadow_result;

unsigned char shadow_order[64];
unsigned int shadow_ordered;
shadow shadow_seen;

unsigned int shadow_troubled;

void shadow_trouble(unsigned int line)
{
	shadow_troubled = line;
	__builtin_trap();
}

shadow shadow_zero(shadow s);

static const struct edit *edit_of(shadow s)
{
	return &edits[s & SHADOW_CHANGED ? WORD_FIELD(s) : 0];
}

static shadow labels_of_bits(unsigned long word, unsigned long bits)
{
	shadow found = 0;

	for (; bits; bits &= bits - 1)
		found |= labels[word][__builtin_ctzl(bits)];
	return found;
}

shadow shadow_set_of(shadow s)
{
	int moved;

	if (!(s & SHADOW_WORD))
		return s;
	/* what was moved out below is gone */
	moved = WORD_MOVED(s) > 0 ? WORD_MOVED(s) : 0;
	if (!(s & SHADOW_CHANGED))
		return labels_from[WORD_NUMBER(s)][moved];
	return labels_of_bits(WORD_NUMBER(s), edit_of(s)->own & ~0UL << moved);
}

/* The word S with EDIT made to it instead of its own; every bit by itself where there are too many edits. */
static shadow edited(shadow s, struct edit edit)
{
	unsigned int number = 0;

	while (number < nr_edits && (edits[number].own != edit.own || edits[number].one != edit.one ||
				     edits[number].flipped != edit.flipped))
		number++;
	if (number == EDITS)
		return labels_of_bits(WORD_NUMBER(s), edit.own);
	if (number == nr_edits)
		edits[nr_edits++] = edit;
	return (s & ~FIELD) | SHADOW_CHANGED | (unsigned long)number << 24;
}

void shadow_read(shadow s)
{
	shadow fresh = shadow_set_of(s) & ~shadow_seen;

	shadow_seen |= fresh;
	for (; fresh; fresh &= fresh - 1)
		shadow_order[shadow_ordered++] = __builtin_ctzl(fresh);
}

shadow shadow_join(shadow a, shadow b)
{
	return shadow_set_of(a) | shadow_set_of(b);
}

static shadow word_moved(shadow s, int by)
{
	int moved = WORD_MOVED(s) + by;

	if (HAS_SUM(s) || moved < -63 || moved > 63)
		return shadow_set_of(s);
	return (s & ~MOVED_FIELD) | (unsigned long)(moved + 64) << 16;
}

/* Bits of a value that was moved, as bits of its word. */
static unsigned long word_bits(unsigned long bits, int moved)
{
	return moved >= 0 ? bits << moved : bits >> -moved;
}

static shadow mix(shadow a, shadow b, enum mixture how);

/* S with its bits where they are in its word, so that more can be done to them. */
static shadow straightened(shadow s)
{
	return (s & SHADOW_WORD) && WORD_MOVED(s) ? mix(s, 0, MIX_BITS) : s;
}

/* A value masked with a constant. */
shadow shadow_and(shadow s, unsigned long mask)
{
	struct edit edit;

	if (!s || !mask)
		return 0;
	if (HAS_SUM(s))
		return shadow_set_of(s);
	if (!(s & SHADOW_WORD))
		return __builtin_popcountl(mask) <= FEW_BITS ? mix(s, mask, MIX_SPREAD) : s;
	mask = word_bits(mask, WORD_MOVED(s));
	edit = *edit_of(s);
	return edited(s, (struct edit){ edit.own & mask, edit.one & mask, edit.flipped & mask });
}

/* A value with the bits of a constant set. */
shadow shadow_or(shadow s, unsigned long bits)
{
	struct edit edit;

	s = straightened(s);
	if (!(s & SHADOW_WORD))
		return s;
	if (HAS_SUM(s))
		return shadow_set_of(s);
	edit = *edit_of(s);
	return edited(s, (struct edit){ edit.own & ~bits, edit.one | bits, edit.flipped & ~bits });
}

/* A value with the bits of a constant turned round. */
shadow shadow_xor(shadow s, unsigned long bits)
{
	struct edit edit;

	s = straightened(s);
	if (!(s & SHADOW_WORD))
		return s;
	edit = *edit_of(s);
	/* what is 0 for certain would be 1 */
	if (HAS_SUM(s) || (bits & ~edit.own))
		return shadow_set_of(s);
	return edited(s, (struct edit){ edit.own, edit.one, edit.flipped ^ bits });
}

/* A value of which only the bits of a constant depend on S; the others are the same whatever S is. */
shadow shadow_spread(shadow s, unsigned long bits)
{
	s = shadow_set_of(s);
	return s && bits ? mix(s, bits, MIX_SPREAD) : 0;
}

/* Whether two values are equal. */
shadow shadow_equal(shadow a, shadow b)
{
	return a == b && (a & SHADOW_WORD) && WORD_NUMBER(a) < first_mixture ? 0 : shadow_join(a, b);
}

static shadow labels_of_bit(shadow s, int bit)
{
	if (!(s & SHADOW_WORD))
		return s;
	bit += WORD_MOVED(s);
	return bit >= 0 && bit < 64 && (edit_of(s)->own >> bit & 1) ? labels[WORD_NUMBER(s)][bit] : 0;
}

static shadow mix(shadow a, shadow b, enum mixture how)
{
	unsigned long hash = (a * 0x9E3779B97F4A7C15UL ^ b) * 0x9E3779B97F4A7C15UL + how;
	unsigned int slot = hash >> 40 & (MIXED - 1), word;
	shadow above = 0;

	if (how != MIX_SPREAD && (!((a | b) & SHADOW_WORD) || HAS_SUM(a) || HAS_SUM(b)))
		return shadow_join(a, b);
	for (; mixed_at[slot].run == nr_runs; slot = (slot + 1) & (MIXED - 1)) {
		word = mixed_at[slot].word;
		if (mixed[word].a == a && mixed[word].b == b && mixed[word].how == how)
			return SHADOW_WORD | 64UL << 16 | word;
	}
	if (nr_words == WORDS)
		return how == MIX_SPREAD ? a : shadow_join(a, b);
	word = nr_words++;
	mixed_at[slot].run = nr_runs;
	mixed_at[slot].word = word;
	mixed[word].a = a;
	mixed[word].b = b;
	mixed[word].how = how;
	labels_of_zero[word] = how == MIX_EITHER ? shadow_zero(a) | shadow_zero(b) : 0;
	for (int bit = 63; bit >= 0; bit--) {
		if (how == MIX_SPREAD)
			labels[word][bit] = b >> bit & 1 ? a : 0;
		else
			labels[word][bit] = labels_of_bit(a, bit) | labels_of_bit(b, bit);
		labels_from[word][bit] = above |= labels[word][bit];
	}
	return SHADOW_WORD | 64UL << 16 | word;
}

/* Two values of which each bit is made from that bit of both. */
shadow shadow_mix(shadow a, shadow b)
{
	return mix(a, b, MIX_BITS);
}

/* The same, and 0 only where both are. */
shadow shadow_either(shadow a, shadow b)
{
	return mix(a, b, MIX_EITHER);
}

/* A value moved BY bits towards bit 0 (negative: away from it), filled with zeros. */
shadow shadow_shift(shadow s, int by)
{
	return s & SHADOW_WORD ? word_moved(s, by) : s;
}

/* A constant added to a value. */
shadow shadow_add(shadow s, long what)
{
	long sum;

	if (!(s & SHADOW_WORD))
		return s;
	sum = WORD_SUM(s) + what;
	if ((s & SHADOW_CHANGED) || WORD_MOVED(s) || sum != (int)sum)
		return shadow_set_of(s);
	return (s & ~FIELD) | (unsigned long)(unsigned int)sum << 24;
}

static void set_at(unsigned long at, shadow s)
{
	if (shadow_of[at] == s)
		return;
	if (at * 4 >= STATIC) {
		if (nr_written >= MOST_WRITTEN)
			shadow_trouble(__LINE__);
		written[nr_written++] = at;
	}
	shadow_of[at] = s;
}

static unsigned long index_of(unsigned long address)
{
	/* nothing that is rewritten has data beyond; if it had, what it depends on would be lost */
	if (!likely(address < COVERED - 16))
		shadow_trouble(__LINE__);
	return address / 4;
}

static shadow at_byte(shadow s, unsigned long byte)
{
	return byte ? shadow_shift(s, byte * 8) : s;
}

shadow shadow_load(unsigned long address, unsigned int size)
{
	unsigned long at = index_of(address), byte = address & 3;
	shadow low = shadow_of[at], high;

	if (likely(byte + size <= 4))
		return low ? at_byte(low, byte) : 0;
	high = shadow_of[at + 1];
	if (!byte && size == 8) {
		if (!(low | high))
			return 0;
		if ((low & SHADOW_WORD) && high == word_moved(low, 32))
			return low;
	}
	low = shadow_join(low, high);
	return byte + size > 8 ? shadow_join(low, shadow_of[at + 2]) : low;
}

void shadow_store(unsigned long address, unsigned int size, shadow s)
{
	unsigned long at = index_of(address), byte = address & 3;

	if (likely(!byte && size == 4)) {
		set_at(at, s);
	} else if (!byte && size == 8) {
		set_at(at, s);
		set_at(at + 1, s & SHADOW_WORD ? word_moved(s, 32) : s);
		/* a sum goes over into the upper half */
		if ((s & SHADOW_WORD) && HAS_SUM(s))
			set_at(at, shadow_of[at + 1]);
	} else {
		for (unsigned long i = at; i <= (address + size - 1) / 4; i++)
			set_at(i, shadow_join(shadow_of[i], s));
	}
}

void shadow_copy(unsigned long to, unsigned long from, unsigned long bytes)
{
	if (((to | from | bytes) & 3) == 0 && (to <= from || to >= from + bytes)) {
		for (unsigned long i = 0; i < bytes / 4; i++)
			set_at(index_of(to) + i, shadow_of[index_of(from) + i]);
		return;
	}
	shadow all = 0;

	for (unsigned long at = from / 4; bytes && at <= (from + bytes - 1) / 4; at++)
		all = shadow_join(all, shadow_of[index_of(at * 4)]);
	for (unsigned long at = to / 4; bytes && at <= (to + bytes - 1) / 4; at++)
		set_at(index_of(at * 4), shadow_join(all, shadow_of[index_of(at * 4)]));
}

void shadow_fill(unsigned long to, unsigned long bytes, shadow s)
{
	for (unsigned long at = to / 4; bytes && at <= (to + bytes - 1) / 4; at++)
		set_at(index_of(at * 4), at * 4 >= to && at * 4 + 4 <= to + bytes ? shadow_set_of(s) :
			shadow_join(s, shadow_of[index_of(at * 4)]));
}

void shadow_mark(const void *start, unsigned long bytes, shadow set)
{
	shadow_fill((unsigned long)start, bytes, set);
}

unsigned int shadow_new_word(const void *word, unsigned int size)
{
	if (nr_words >= WORDS)
		shadow_trouble(__LINE__);
	shadow_store((unsigned long)word, size, SHADOW_WORD | 64UL << 16 | nr_words);
	return nr_words++;
}

void shadow_label(unsigned int word, unsigned long mask, shadow set)
{
	for (; mask; mask &= mask - 1) {
		int bit = __builtin_ctzl(mask);

		labels[word][bit] |= set;
		for (int from = 0; from <= bit; from++)
			labels_from[word][from] |= set;
	}
}

void shadow_label_zero(unsigned int word, shadow set)
{
	labels_of_zero[word] = set;
}

/* Whether a value is 0: of a whole word that may be known by less than all of its bits. */
shadow shadow_zero(shadow s)
{
	if (shadow_is_same(s, WORD_NUMBER(s)) && labels_of_zero[WORD_NUMBER(s)])
		return labels_of_zero[WORD_NUMBER(s)];
	if ((s & SHADOW_WORD) && (s & SHADOW_CHANGED) && !WORD_MOVED(s) && edit_of(s)->one)
		return 0;
	return shadow_set_of(s);
}

int shadow_is_sum(shadow s, unsigned int word)
{
	return (s & ~FIELD) == (SHADOW_WORD | 64UL << 16 | word);
}

int shadow_is_same(shadow s, unsigned int word)
{
	return s == (SHADOW_WORD | 64UL << 16 | word);
}

/* What of word WORD decides in which of its bits S differs from it. */
shadow shadow_difference(shadow s, unsigned int word)
{
	const struct edit *edit = edit_of(s);

	if ((s & ~FIELD & ~SHADOW_CHANGED) != (SHADOW_WORD | 64UL << 16 | word) || HAS_SUM(s))
		return shadow_set_of(s) | labels_from[word][0];
	return labels_of_bits(word, ~edit->own | edit->flipped);
}

/* Makes the shadows that variables have now the ones with which every run begins. */
void shadow_keep(void)
{
	for (unsigned long at = STATIC / 4; at < COVERED / 4; at++)
		template_of[at] = shadow_of[at];
	nr_written = 0;
	first_mixture = nr_words;
}

/* Before a run. */
void shadow_begin(void)
{
	for (unsigned int i = 0; i < nr_written; i++)
		shadow_of[written[i]] = template_of[written[i]];
	nr_written = 0;
	nr_edits = 1;
	nr_words = first_mixture;
	nr_runs++;
	shadow_ordered = 0;
	shadow_seen = 0;
}
