// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs an entry lazily: a run tells which factors and flags it read, in which
 * order; every scenario that agrees on those comes out the same and need not
 * run.  What has been read splits the scenarios, most ordinary values first, so
 * the runs are the leaves of a decision tree that covers each scenario once.
 *
 * With a tree that another version left, its leaves are split further, so that
 * each leaf has one outcome of both.
 */
#include "record.h"
#include "shadow.h"

typedef void (*entry_loop)(void);
extern const entry_loop harness_loops[];
extern const unsigned int harness_flag_values[];

unsigned long lazy_value, lazy_kind;
unsigned int lazy_end;

static const struct { unsigned char shift, width; } places[] = FACTOR_PLACES;
#define NR_FACTORS (sizeof(places) / sizeof(places[0]))
_Static_assert(NR_FACTORS <= SHADOW_FLAGS, "labels are bits of one word");
#define L(factor) (1UL << FACTOR_##factor)
#define ALL_FACTORS ((1UL << NR_FACTORS) - 1)

static unsigned int flag_values[SHADOW_FLAGS];

void lazy_choose_flag(unsigned int bit, unsigned int value)
{
	flag_values[bit % SHADOW_FLAGS] = harness_flag_values[value];
}

/* What each variable that depends on the scenario depends on; what is not named here is assumed to depend on all. */
#define NR_ENTRIES 7
static unsigned int table_words[NR_ENTRIES], fresh_words[NR_ENTRIES], count_words[MODEL_NR_PAGES], pin_words[MODEL_NR_PAGES];

/* Which page is mapped; most pages that a run touches were found by their number in the entry. */
#define MAPPED (L(level) | L(entry) | L(folio))

static unsigned int label_entry(unsigned long *entry)
{
	unsigned int word = shadow_new_word(entry, 8);

	shadow_label(word, ~0UL, L(level) | L(entry) | L(leaf));
	shadow_label(word, _PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_RW, L(access));
	shadow_label(word, _PAGE_RW, L(write_bit));
	shadow_label(word, _PAGE_DIRTY, L(dirty));
	shadow_label(word, _PAGE_ACCESSED, L(young));
	shadow_label(word, _PAGE_SOFT_DIRTY, L(soft_dirty));
	shadow_label(word, _PAGE_UFFD_WP, L(uffd_wp));
	shadow_label(word, ~0UL << _PFN_SHIFT, L(folio));
	shadow_label_zero(word, L(level) | L(entry) | L(leaf));
	return word;
}

/* The second PTE is there only for a range, and has nothing of the first. */
static unsigned int label_second(unsigned long *entry)
{
	unsigned int word = shadow_new_word(entry, 8);

	shadow_label(word, ~0UL, L(level) | L(range));
	shadow_label(word, _PAGE_RW | _PAGE_DIRTY, L(prot));
	shadow_label_zero(word, L(level) | L(range));
	return word;
}

static void label_tables(struct model_tables *tables, unsigned int words[NR_ENTRIES])
{
	unsigned long *entries[NR_ENTRIES] = {
		&tables->pgd.pgd, &tables->p4d.p4d, &tables->pud.pud, &tables->pmd.pmd,
		&tables->ptes[0].pte, &tables->ptes[1].pte, &tables->huge.pte,
	};

	for (int i = 0; i < NR_ENTRIES; i++)
		words[i] = (i == 5 ? label_second : label_entry)(entries[i]);
}
_Static_assert(sizeof(struct model_tables) == NR_ENTRIES * sizeof(long), "label_tables()");

static void label_pages(void)
{
	const unsigned long kinds = 1UL << PG_anon | 1UL << PG_anon_exclusive | 1UL << PG_swapbacked | 1UL << PG_ksm |
				    1UL << PG_p2pdma | 1UL << PG_zone_device;

	shadow_mark(model_pages, sizeof(model_pages), 0);
	for (int pfn = 0; pfn < MODEL_NR_PAGES; pfn++) {
		struct page *page = &model_pages[pfn];
		unsigned int word;

		if (pfn == PFN_FRESH || pfn == PFN_NEXT_FRESH)
			continue;
		word = shadow_new_word(&page->flags, 8);
		shadow_label(word, ~0UL, MAPPED);
		shadow_label(word, kinds, L(page));
		shadow_label(word, 1UL << PG_secretmem, L(vma));
		shadow_label(word, 1UL << PG_dirty, L(page_dirty));
		count_words[pfn] = shadow_new_word(&page->_refcount, 4);
		shadow_label(count_words[pfn], ~0UL, MAPPED | L(refcount));
		pin_words[pfn] = shadow_new_word(&page->_pincount, 4);
		shadow_label(pin_words[pfn], ~0UL, MAPPED);
		word = shadow_new_word(&page->_mapcount, 4);
		shadow_label(word, ~0UL, MAPPED | L(page));
		word = shadow_new_word(&page->mapping, 8);
		shadow_label(word, ~0UL, MAPPED | L(page));
		word = shadow_new_word(&page->nid, 4);
		shadow_label(word, ~0UL, MAPPED | L(node) | (pfn >= PFN_OTHER_LARGE ? L(other_cpu) : 0));
		word = shadow_new_word(&page->_held, 4);
		shadow_label(word, ~0UL, MAPPED | L(refcount));
	}
}

static void label_vma(void)
{
	struct vm_area_struct *vma = &world.vma;
	unsigned int word;

	shadow_mark(vma, sizeof(*vma), 0);
	word = shadow_new_word(&vma->vm_flags, 8);
	shadow_label(word, VM_SHARED | VM_MAYSHARE | VM_PFNMAP | VM_MIXEDMAP | VM_IO | VM_HUGETLB, L(vma));
	shadow_label(word, VM_READ | VM_WRITE | VM_EXEC, L(prot));
	shadow_label(word, VM_MAYWRITE, L(maywrite));
	shadow_label(word, VM_MAYREAD, L(mayread));
	shadow_label(word, VM_SOFTDIRTY, L(tracking));
	shadow_label(word, VM_UFFD_WP, L(uffd));
	shadow_label(word, VM_MERGEABLE, L(mergeable));
	shadow_mark(&vma->anon_vma, sizeof(vma->anon_vma), L(vma));
	shadow_mark(&vma->vm_ops, sizeof(vma->vm_ops), L(vma));
	shadow_mark(&vma->vm_end, sizeof(vma->vm_end), L(range) | L(level));
}

static void label_world(unsigned int flag_bits)
{
	shadow everything = ALL_FACTORS | ((1UL << flag_bits) - 1) << SHADOW_FLAGS;
	unsigned int word;

	/* by fours: what shares four bytes shares a shadow */
	shadow_mark(&world, sizeof(world), everything);
	shadow_mark(&world.mm, sizeof(world.mm), 0);
	shadow_mark(&world.anon_vma, sizeof(world.anon_vma), 0);
	shadow_mark(&world.mapping, sizeof(world.mapping), 0);
	shadow_mark(&world.pgmap, sizeof(world.pgmap), 0);
	word = shadow_new_word(&world.pgmap.gone, 4);
	shadow_label(word, ~0UL, L(pgmap));
	shadow_mark(&world.mapped, sizeof(world.mapped), MAPPED);
	shadow_mark(world.counted, sizeof(world.counted), MAPPED | L(range) | L(other_cpu) | L(lockless) | L(pinnable));
	shadow_mark(&world.nr_counted, sizeof(world.nr_counted), MAPPED | L(range) | L(other_cpu) | L(lockless) | L(pinnable));
	shadow_mark(&world.fresh_page_used, (char *)&world.fault - (char *)&world.fresh_page_used, 0);
	shadow_mark(&world.fault, sizeof(world.fault), L(fault));
	shadow_mark(&world.range, sizeof(world.range), L(range));
	shadow_mark(&world.nr_pages, sizeof(world.nr_pages), L(range));
	shadow_mark(&world.waiting, sizeof(world.waiting), L(waiting));
	shadow_mark(&world.pinnable, sizeof(world.pinnable), L(pinnable));
	shadow_mark(&world.unmapped, 4, 0);
	/* a copy of the VMA, but for what the range says */
	shadow_mark(&world.next_vma, sizeof(world.next_vma), L(range) | L(level));
	/* two bytes of one shadow */
	word = shadow_new_word(&world.argument, 4);
	shadow_label(word, 0xffUL, L(argument));
	shadow_label(word, 0xff00UL, L(pages));
	shadow_mark(&world.out_pages, (char *)(&world + 1) - (char *)&world.out_pages, 0);
	label_vma();
	word = shadow_new_word(&world.flags, 4);
	for (unsigned int bit = 0; bit < flag_bits; bit++)
		shadow_label(word, flag_values[bit], 1UL << (SHADOW_FLAGS + bit));

	label_pages();
	label_tables(&model_tables, table_words);
	shadow_mark(&world_fresh, sizeof(world_fresh), everything);
	label_tables(&world_fresh.tables, fresh_words);
	shadow_mark(&model_task, sizeof(model_task), L(signal));
	shadow_mark(&model_task.mm, sizeof(model_task.mm), 0);
	shadow_mark(&model_task.maj_flt, 2 * sizeof(model_task.maj_flt), 0);
	shadow_mark(&model_other_cpu, sizeof(model_other_cpu), L(other_cpu));
	shadow_mark(&model_lockless, sizeof(model_lockless), L(lockless));
	shadow_keep();
}

static void read_shadow_of(const void *variable, unsigned int size)
{
	shadow_read(shadow_load((unsigned long)variable, size));
}

/* Reads what the changes to the entry depend on; an entry that nobody wrote to depends on nothing. */
static void read_entry_change(void)
{
	const unsigned long *old = (const unsigned long *)world.baseline;
	const unsigned long *new = (const unsigned long *)&model_tables;

	for (int i = 0; i < NR_ENTRIES; i++) {
		shadow before = shadow_load((unsigned long)&old[i], 8), after = shadow_load((unsigned long)&new[i], 8);

		/* the baseline is the tables as they were built, or a copy of them */
		if (shadow_is_same(before, fresh_words[i]) || shadow_is_same(before, table_words[i])) {
			shadow_read(shadow_difference(after, table_words[i]));
		} else {
			shadow_read(before);
			shadow_read(after);
		}
	}
}

_Static_assert(offsetof(struct world, argument) % 4 == 0 &&
	       offsetof(struct world, pages_argument) == offsetof(struct world, argument) + 1, "label_world()");

/* What was added to a count is known without knowing the count. */
static void read_count(const atomic_t *count, unsigned int word)
{
	shadow now = shadow_load((unsigned long)count, 4);

	if (shadow_is_same(now, word))
		return;
	shadow_read(MAPPED);
	if (shadow_is_sum(now, word))
		return;
	shadow_read(now);
	shadow_read(L(refcount));
}

/* What the caller gives back depends on what it asked for. */
static void read_settled(unsigned int flag_bits)
{
	bool handed_out = world.out_pages_used ? world.out_nr_used || (long)lazy_value > 0 :
		lazy_kind == VALUE_PAGE && lazy_value && !IS_ERR((void *)lazy_value);

	read_shadow_of(&world.isolated, 8);
	read_shadow_of(&world.lent_refs, 8);
	read_shadow_of(&world.out_pages[1], 8);
	read_shadow_of(&world.out_nr, 4);
	read_shadow_of(&world.next_fresh_used, 1);
	if (world.out_pages[1])
		shadow_read(MAPPED | L(range));
	if (!handed_out)
		return;
	if (world.out_pages_used)
		shadow_read(L(pages));
	for (unsigned int bit = 0; bit < flag_bits; bit++)
		if (flag_values[bit] & (harness_get | harness_pin))
			shadow_read(1UL << (SHADOW_FLAGS + bit));
}

/* Lines that some run met, and answers that some condition gave (line.h). */
unsigned char lazy_marks[MODEL_LINES];

void lazy_mark(unsigned int line)
{
	lazy_marks[line % MODEL_LINES] = 1;
}

/*
 * Whether the run entered a function that differs between the two versions.  Until
 * it does, both do the same; if it never does, its outcome is of no interest.
 */
static bool touched;
#define UNTOUCHED (~0UL)

void lazy_touch(void)
{
	touched = true;
}

static unsigned int nr_flags;

static unsigned long outcome_of(void)
{
	read_shadow_of(&lazy_end, 4);
	if (lazy_end)
		return OUTCOME(end, lazy_end & 0xff) | OUTCOME(unmodelled, lazy_end >> 8);
	read_shadow_of(&lazy_value, 8);
	if (lazy_kind == VALUE_PAGE && lazy_value && !IS_ERR((void *)lazy_value))
		shadow_read(MAPPED);
	read_shadow_of(&world.out_pages_used, 2);
	read_shadow_of(&world.out_status_used, 1);
	read_shadow_of(&world.out_pages[0], 8);
	read_shadow_of(&world.out_status[0], 4);
	read_shadow_of(&world.out_stats, 4);
	if (world.out_pages_used && world.out_pages[0])
		shadow_read(MAPPED);
	for (int pfn = 0; pfn < MODEL_NR_PAGES; pfn++) {
		if (pfn == PFN_FRESH || pfn == PFN_NEXT_FRESH) {	/* they began the same in every scenario */
			read_shadow_of(&model_pages[pfn]._refcount, 8);
			continue;
		}
		read_count(&model_pages[pfn]._refcount, count_words[pfn]);
		read_count(&model_pages[pfn]._pincount, pin_words[pfn]);
	}
	read_shadow_of(&world.fresh_page_used, 1);
	read_entry_change();
	read_shadow_of(&model.events, 4);
	read_shadow_of(&model.told, 4);
	read_shadow_of(&model.rcu_depth, 4);
	read_shadow_of(&model.irqs_off, 4);
	read_shadow_of(&model.vma_lock_depth, 4);
	read_shadow_of(&world.mm.page_table_lock.held, sizeof(world.mm.page_table_lock.held));
	read_shadow_of(&world.mm.mmap_lock.readers, 4);
	read_shadow_of(&world.pgmap.refs, 4);
	read_shadow_of(&world.page_mask, 8);
	read_settled(nr_flags);
	return record(lazy_kind, lazy_value);
}

static unsigned int flags_of(unsigned long subset)
{
	unsigned int flags = 0;

	for (unsigned int bit = 0; subset; bit++, subset >>= 1)
		if (subset & 1)
			flags |= flag_values[bit];
	return flags;
}

/*
 * Variables that are said to depend on nothing are the same in every scenario;
 * a model that outgrew the labels above is found out here.
 */
static struct { void *start; unsigned long bytes; } const watched[] = {
	{ &world, sizeof(world) }, { model_pages, sizeof(model_pages) }, { &model_tables, sizeof(model_tables) },
	{ &model_task, sizeof(model_task) }, { &model_other_cpu, sizeof(model_other_cpu) },
	{ &model_lockless, sizeof(model_lockless) },
};
static unsigned int image[4096];
static bool pictured;

static void check_labels(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		for (unsigned long at = 0; at + 4 <= watched[i].bytes; at += 4, n++) {
			unsigned long address = (unsigned long)watched[i].start + at;
			unsigned int now = *(unsigned int *)address;

			if (n >= sizeof(image) / sizeof(image[0]))
				shadow_trouble(__LINE__);
			if (!pictured)
				image[n] = now;
			else if (image[n] != now && !shadow_load(address, 4))
				shadow_trouble(__LINE__);
		}
	pictured = true;
}

/* DIFFERING: only the outcomes of runs that enter a differing function are wanted. */
static unsigned long run(unsigned int entry, unsigned long state, unsigned long subset, bool differing)
{
	world_build(state);
	world.flags = flags_of(subset);
	world_reset();
	lazy_end = 0;
	lazy_value = 0;
	shadow_begin();
	check_labels();
	touched = false;
	harness_loops[entry]();
	return touched || !differing ? outcome_of() : UNTOUCHED;
}

/* A set of scenarios: some states, and the flags that are fixed; factors that are fixed are so in all of its states. */
struct node {
	unsigned int first, count;
	unsigned int subset;
	unsigned int leaf;	/* of the other tree, plus 1; 0 where that is yet to be split */
	unsigned long fixed;	/* labels */
	unsigned long state;	/* the first of its states */
};

struct leaf {
	unsigned long outcome;
	unsigned long state;	/* one of its states */
	unsigned long fixed;	/* labels on which all its scenarios agree with it */
	unsigned int subset;	/* the flags that are set among those */
	unsigned int count;	/* of states */
	unsigned int other;	/* number of the leaf of the other tree */
	unsigned int nr_read;
	unsigned char read[64];	/* in order */
};
_Static_assert(sizeof(struct leaf) == 104, "lazy.py reads it");

static struct {
	unsigned long *states, *spare;
	struct node *nodes;
	struct leaf *leaves, *others;
	unsigned int nr_states, nr_nodes, most_nodes, most_leaves, nr_others, other, entry;
	bool begun, differing;
} at;

/*
 * Room for NR_STATES states, which come in ascending order, MOST_LEAVES leaves a call and NR_OTHERS leaves of
 * another tree; DIFFERING: runs that enter no differing function are not told apart; returns where the host writes the states; 0 where memory ends.
 */
unsigned long lazy_begin(unsigned int entry, unsigned int nr_states, unsigned int flag_bits,
			 unsigned int most_leaves, unsigned int nr_others, bool differing)
{
	unsigned long end;

	at.entry = entry;
	at.nr_states = nr_states;
	at.most_leaves = most_leaves;
	at.nr_others = nr_others;
	at.other = 0;
	at.begun = false;
	at.differing = differing;
	at.most_nodes = 1 << 16;
	at.states = (unsigned long *)shadow_end();
	at.spare = at.states + nr_states;
	at.nodes = (struct node *)(at.spare + nr_states);
	at.leaves = (struct leaf *)(at.nodes + at.most_nodes);
	at.others = at.leaves + most_leaves;
	end = (unsigned long)(at.others + nr_others);
	if (end > __builtin_wasm_memory_size(0) * 65536 &&
	    __builtin_wasm_memory_grow(0, (end >> 16) + 1 - __builtin_wasm_memory_size(0)) == -1UL)
		return 0;
	nr_flags = flag_bits;
	label_world(flag_bits);
	at.nr_nodes = 0;
	return (unsigned long)at.states;
}

unsigned long lazy_leaves(void)
{
	return (unsigned long)at.leaves;
}

unsigned long lazy_others(void)
{
	return (unsigned long)at.others;
}

static void push(struct node node)
{
	if (at.nr_nodes >= at.most_nodes)
		shadow_trouble(__LINE__);
	at.nodes[at.nr_nodes++] = node;
}

static unsigned long code_of(unsigned long state, unsigned int factor)
{
	return state >> places[factor].shift & ((1UL << places[factor].width) - 1);
}

/* Leaves in NODE only what agrees with its first state on FACTOR; what does not becomes nodes of its own. */
static void split_by_factor(struct node *node, unsigned int factor)
{
	unsigned long *states = at.states + node->first, firsts[32];
	unsigned int counts[32] = { 0 }, starts[33] = { 0 }, own = code_of(node->state, factor);
	struct node rest = *node;

	for (unsigned int i = 0; i < node->count; i++) {
		unsigned int code = code_of(states[i], factor);

		if (!counts[code]++ || states[i] < firsts[code])
			firsts[code] = states[i];
	}
	if (counts[own] == node->count)
		return;
	for (int code = 0; code < 32; code++)
		starts[code + 1] = starts[code] + counts[code];
	for (int code = 31; code >= 0; code--) {
		if (!counts[code] || code == (int)own)
			continue;
		rest.first = node->first + starts[code];
		rest.count = counts[code];
		rest.state = firsts[code];
		push(rest);
	}
	rest.count = node->count;
	node->first += starts[own];
	node->count = counts[own];
	for (unsigned int i = 0; i < rest.count; i++)
		at.spare[starts[code_of(states[i], factor)]++] = states[i];
	__builtin_memcpy(states, at.spare, rest.count * sizeof(*states));
}

static void split(struct node *node, const unsigned char *read, unsigned int nr_read)
{
	for (unsigned int i = 0; i < nr_read; i++) {
		unsigned int label = read[i];

		if (node->fixed >> label & 1)
			continue;
		node->fixed |= 1UL << label;
		if (label >= SHADOW_FLAGS) {
			struct node other = *node;

			other.subset ^= 1U << (label - SHADOW_FLAGS);
			push(other);
		} else {
			split_by_factor(node, label);
		}
	}
}

/* Makes at most as many leaves as there is room for, and returns how many; fewer means that all are made. */
unsigned int lazy_run(void)
{
	unsigned int made = 0;

	if (!at.begun && at.nr_states)
		push((struct node){ .count = at.nr_states, .state = at.states[0] });
	at.begun = true;
	while (at.nr_nodes && made < at.most_leaves) {
		struct node node = at.nodes[--at.nr_nodes];
		struct leaf *leaf = &at.leaves[made++];

		if (at.nr_others && !node.leaf) {
			const struct leaf *other = &at.others[at.other++];

			/* the other tree came this way */
			if (at.other > at.nr_others || other->state != node.state || other->subset != node.subset)
				shadow_trouble(__LINE__);
			split(&node, other->read, other->nr_read);
			node.leaf = at.other;
		}
		if (at.nr_others && at.others[node.leaf - 1].outcome == UNTOUCHED) {
			leaf->outcome = UNTOUCHED;
			shadow_ordered = 0;
		} else {
			leaf->outcome = run(at.entry, node.state, node.subset, at.differing && !at.nr_others);
		}
		split(&node, shadow_order, shadow_ordered);
		leaf->state = node.state;
		leaf->fixed = node.fixed;
		leaf->subset = node.subset;
		leaf->count = node.count;
		leaf->other = node.leaf - 1;
		leaf->nr_read = shadow_ordered;
		for (unsigned int i = 0; i < shadow_ordered; i++)
			leaf->read[i] = shadow_order[i];
	}
	return made;
}
