// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one entry over states and flags, and numbers the distinct outcome records.
 */
#include "record.h"

_Static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "page-table code needs LP64");

/*
 * Generated, in the file that includes this one: a loop per entry, so that the
 * call in it can be inlined, and the values of the FOLL_* flags that are known.
 */
typedef void (*entry_loop)(void);
extern const entry_loop harness_loops[];
extern const unsigned int harness_flag_values[];

/* Which flag each bit of a subset stands for, then those passed one at a time; the host's choice. */
unsigned int harness_flags[64];

/*
 * What the host fills in before, and reads after, each call of harness_sweep().
 * There are few distinct records, so outcomes are their numbers in a table.
 */
#define HARNESS_STATES 65536
#define HARNESS_OUTCOMES (1UL << 21)
#define HARNESS_RECORDS 65535
unsigned long harness_states[HARNESS_STATES];
unsigned short harness_outcomes[HARNESS_OUTCOMES] __attribute__((__aligned__(8)));
unsigned long harness_records[HARNESS_RECORDS + 1];
unsigned long harness_record_count;
/* A sum over all scenarios of what they told parts of the kernel that are not modelled; in any order. */
unsigned long harness_asides;

#define HASH_BITS 17
static unsigned short record_at[1UL << HASH_BITS];	/* number + 1, 0 is free */

/* Gives RECORD's number; when the table is full, the last one, which the host reports. */
static __always_inline unsigned long number_of(unsigned long record)
{
	unsigned long slot = (record * 0x9E3779B97F4A7C15UL) >> (64 - HASH_BITS);

	for (;; slot = (slot + 1) & ((1UL << HASH_BITS) - 1)) {
		unsigned long known = record_at[slot];

		if (likely(known && harness_records[known - 1] == record))
			return known - 1;
		if (!known)
			break;
	}
	if (harness_record_count >= HARNESS_RECORDS)
		return HARNESS_RECORDS;
	harness_records[harness_record_count++] = record;
	record_at[slot] = harness_record_count;
	return harness_record_count - 1;
}

unsigned long harness_number(unsigned long record)
{
	return number_of(record);
}

static unsigned int flags_of(unsigned long subset)
{
	unsigned int flags = 0;

	for (unsigned int bit = 0; subset; bit++, subset >>= 1)
		if (subset & 1)
			flags |= harness_flags[bit];
	return flags;
}

static unsigned int subset_flags[1 << 16];

/* What no record shows: see tree_aside() in slice/primitives/tree.h, and counts that are the process's own. */
static __always_inline unsigned long aside_of(unsigned long state, unsigned long subset)
{
	unsigned long aside = model.aside + model_task.maj_flt * 3 + model_task.min_flt * 5 +
			      world.mm.flags * 7 + (unsigned long)world.mm.has_pinned.counter * 11;

	if (likely(!aside))
		return 0;
	aside = (aside ^ state * 0x9E3779B97F4A7C15UL ^ subset << 48) * 0xC2B2AE3D27D4EB4FUL;
	return aside ^ aside >> 31;
}

/* Where the sweep is; a scenario that ends early must find its way on. */
static struct {
	unsigned long first, state, nr_states, subset, subsets;
	unsigned int flag_bits;
} at;

static __always_inline void run_on(entry_call call)
{
	for (; at.state < at.nr_states; at.state++, at.subset = 0) {
		unsigned short *row = &harness_outcomes[(at.state - at.first) << at.flag_bits];
		unsigned long subset = at.subset, subsets = at.subsets;
		unsigned long last = ~0UL, made;
		unsigned short number = 0;
		unsigned int also;

		world_build(harness_states[at.state]);
		also = STATE_also(harness_states[at.state]) ?
			harness_flags[at.flag_bits + STATE_also(harness_states[at.state]) - 1] : 0;
		for (; subset < subsets; subset++) {
			unsigned long value = 0;
			enum value_kind kind;

			at.subset = subset;	/* for who ends early */
			world.flags = subset_flags[subset] | also;
			world_reset();
			kind = call(&value);
			made = record(kind, value);
			harness_asides += aside_of(harness_states[at.state], subset);
			/* neighbours mostly come out alike */
			if (made != last) {
				last = made;
				number = number_of(made);
			}
			row[subset] = number;
		}
	}
}

/* Which outcome is being made, counted from the first of the call. */
unsigned long harness_progress(void)
{
	return ((at.state - at.first) << at.flag_bits) + at.subset;
}

/*
 * Runs ENTRY on NR_STATES of harness_states from FIRST on, each with every
 * subset of the first FLAG_BITS flags (and the one other that its state names),
 * beginning with run SKIP of them, which is not 0 only after a trap.  Outcomes lie state by state, subset by subset.
 */
void harness_sweep(unsigned int entry, unsigned long first, unsigned long nr_states,
		   unsigned int flag_bits, unsigned long skip)
{
	int end;

	at.subsets = 1UL << flag_bits;
	at.flag_bits = flag_bits;
	at.first = first;
	at.state = first + (skip >> flag_bits);
	at.nr_states = first + nr_states;
	at.subset = skip & (at.subsets - 1);
	for (unsigned long i = 0; i < at.subsets; i++)
		subset_flags[i] = flags_of(i);

	/* comes back here from every scenario that ends early: that run is done */
	end = catch_here(&world_catch);
	if (end) {
		harness_outcomes[harness_progress()] = number_of(OUTCOME(end, end & 0xff) |
								 OUTCOME(unmodelled, end >> 8));
		if (++at.subset == at.subsets) {
			at.subset = 0;
			at.state++;
			if (at.state == at.nr_states)
				return;
		}
	}
	harness_loops[entry]();
}

/* Rows are compared and hashed by eight bytes; shorter ones are one word each. */
static unsigned long row_word(unsigned long state, unsigned long i, unsigned int flag_bits)
{
	const unsigned short *row = &harness_outcomes[state << flag_bits];

	switch (flag_bits) {
	case 0:
		return row[0];
	case 1:
		return row[0] | (unsigned long)row[1] << 16;
	}
	return ((const unsigned long *)row)[i];
}

static bool same_row(unsigned long a, unsigned long b, unsigned long words, unsigned int flag_bits)
{
	for (unsigned long i = 0; i < words; i++)
		if (row_word(a, i, flag_bits) != row_word(b, i, flag_bits))
			return false;
	return true;
}

/*
 * For each of the NR_STATES that were swept last, finds the first of them that
 * came out the same for every subset of the flags.
 */
unsigned int harness_equal[HARNESS_STATES];

void harness_find_equal(unsigned long nr_states, unsigned int flag_bits)
{
	static unsigned int state_at[1UL << HASH_BITS];	/* state + 1, 0 is free */
	unsigned long words = flag_bits < 2 ? 1 : 1UL << (flag_bits - 2);

	__builtin_memset(state_at, 0, sizeof(state_at));
	for (unsigned long s = 0; s < nr_states; s++) {
		unsigned long hash = 0, slot;

		for (unsigned long i = 0; i < words; i++)
			hash = ((hash << 29 | hash >> 35) ^ row_word(s, i, flag_bits)) * 0x9E3779B97F4A7C15UL;
		slot = hash >> (64 - HASH_BITS);
		while (state_at[slot] && !same_row(s, state_at[slot] - 1, words, flag_bits))
			slot = (slot + 1) & ((1UL << HASH_BITS) - 1);
		if (!state_at[slot])
			state_at[slot] = s + 1;
		harness_equal[s] = state_at[slot] - 1;
	}
}

/* Makes flag BIT the one that is number VALUE in harness_flag_values. */
void harness_choose_flag(unsigned int bit, unsigned int value)
{
	harness_flags[bit % 64] = harness_flag_values[value];
}
