// SPDX-License-Identifier: GPL-2.0-only
/* Structs and unions: nesting, private members, member macros, attributes. */

/**
 * struct kettle - holds water
 * @level: litres in it
 * @lid.open: the lid is open
 * @lid.hinge: how it turns
 * @u: either
 * @u.a: this
 * @hot: one bit
 * @cold: two bits
 * @pour: how to pour
 * @map: which places are wet
 * @table: kettles by name
 * @ring: queue
 * @tail: what follows
 * @names: two of them
 * @first: grouped
 * @dma: mapped
 * @hook: array of pointers
 *
 * A description with a literal block::
 *
 *	kettle->lid = %OPEN;
 *
 *	&kettle;
 *
 * and a code block:
 *
 * .. code-block:: c
 *
 *	@x = 1;
 *
 * and the end, &struct kettle.
 */
struct kettle {
	unsigned int level;
	struct {
		bool open;
		struct hinge *hinge;
	} lid;
	union {
		int a;
		int b;
	} u;
	unsigned int hot:1, cold : 2;
	int (*pour)(struct kettle *self, int litres);
	DECLARE_BITMAP(map, KETTLE_MAX);
	DECLARE_HASHTABLE(table, 4);
	DECLARE_KFIFO(ring, int, 16);
	DECLARE_FLEX_ARRAY(struct drop, tail);
	struct_group(names,
		char *first;
		char second[8];
	);
	DEFINE_DMA_UNMAP_ADDR(dma);
	void (*hook[3])(void);
	enum { RED, GREEN } colour;
	/** @steam: on one line */
	int steam __aligned(8);
	/**
	 * @whistle:
	 * in its own comment
	 */
	struct whistle whistle ____cacheline_aligned;
	/* private: not for you */
	int secret;
	/* public: for you */
	int open[2 + 2];
#ifdef CONFIG_KETTLE
	int configured; // with a comment
#endif
	struct { int x; struct { int y; }; };
} __packed __aligned(16);

/**
 * union cup - this or that
 * @tea: tea
 * @coffee: coffee
 * @cocoa: there is none
 */
union cup {
	int tea;
	int coffee;
};

/**
 * struct spoon - by its typedef
 * @len: length
 */
typedef struct {
	int len;
} spoon;

/**
 * struct fork - not this one
 * @x: x
 */
struct knife {
	int x;
};

/**
 * struct plate - no body
 */
struct plate;
