// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inner loops of rules.py: points to boxes, and boxes to cubes.  Compiled
 * to WebAssembly by the bundled compiler, as the model is; rules.py checks
 * what comes out.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

extern char __heap_base;
#define MOST_AXES 64
#define MOST_VALUES 32

static u64 top;

/* Forgets all that was taken before. */
void boxes_reset(void)
{
	top = ((u64)&__heap_base + 63) & ~63UL;
}

/* BYTES of memory, or 0. */
u64 boxes_take(u64 bytes)
{
	u64 at = top, size = __builtin_wasm_memory_size(0) * 65536;

	top = (top + bytes + 63) & ~63UL;
	if (top > size && __builtin_wasm_memory_grow(0, (top - size + 65535) >> 16) == -1UL)
		return 0;
	return at;
}

struct run { u32 first, count; };

/* The axis whose split leaves the fewest pairs of points with different classes together. */
static u32 best_axis(const u8 *codes, const u32 *classes, const u32 *points, u32 count, u32 axes, u32 kinds, u32 *met)
{
	u64 least = ~0UL;
	u32 best = 0;

	for (u32 axis = 0; axis < axes; axis++) {
		u64 sizes[MOST_VALUES] = { 0 }, together = 0, alike = 0;
		u32 values = 0;

		for (u32 i = 0; i < count; i++) {
			u32 value = codes[(u64)points[i] * axes + axis];
			u32 *both = &met[(u64)value * kinds + classes[points[i]]];

			alike += 2 * (u64)(*both)++ + 1;
			values += !sizes[value];
			together += 2 * sizes[value]++ + 1;
		}
		for (u32 i = 0; i < count; i++)
			met[(u64)codes[(u64)points[i] * axes + axis] * kinds + classes[points[i]]] = 0;
		if (values > 1 && together - alike < least) {
			least = together - alike;
			best = axis;
		}
	}
	return best;
}

/*
 * Splits points until all in a box have one class.  CODES: a row of AXES bytes
 * a point; CLASSES below KINDS; MET: 32 * KINDS zeros; BOXES, BOX_CLASSES: room
 * for COUNT of them.  Returns how many boxes came of it.
 */
u32 boxes_split(const u8 *codes, const u32 *classes, u32 count, u32 axes, u32 kinds, u32 *points, u32 *spare,
		struct run *todo, u32 *met, u32 *boxes, u32 *box_classes)
{
	u32 nr_todo = 0, made = 0;

	for (u32 i = 0; i < count; i++)
		points[i] = i;
	if (count)
		todo[nr_todo++] = (struct run){ 0, count };
	while (nr_todo) {
		struct run run = todo[--nr_todo];
		u32 *own = points + run.first, counts[MOST_VALUES + 1] = { 0 }, axis, at = 0;

		for (u32 i = 1; i < run.count && !at; i++)
			at = classes[own[i]] != classes[own[0]];
		if (!at) {
			u32 *box = boxes + (u64)made * axes;

			for (axis = 0; axis < axes; axis++)
				box[axis] = 0;
			for (u32 i = 0; i < run.count; i++)
				for (axis = 0; axis < axes; axis++)
					box[axis] |= 1u << codes[(u64)own[i] * axes + axis];
			box_classes[made++] = classes[own[0]];
			continue;
		}
		axis = best_axis(codes, classes, own, run.count, axes, kinds, met);
		for (u32 i = 0; i < run.count; i++)
			counts[codes[(u64)own[i] * axes + axis] + 1]++;
		for (u32 value = 0; value < MOST_VALUES; value++) {
			if (counts[value + 1])
				todo[nr_todo++] = (struct run){ run.first + counts[value], counts[value + 1] };
			counts[value + 1] += counts[value];
		}
		for (u32 i = 0; i < run.count; i++)
			spare[counts[codes[(u64)own[i] * axes + axis]]++] = own[i];
		__builtin_memcpy(own, spare, run.count * sizeof(*own));
	}
	return made;
}

/*
 * Grows CUBE as far as it touches no box of OFF (an array of COUNT for each
 * axis): first every axis that can go altogether goes, in ORDER, then the rest
 * are widened.  MISSES: room for COUNT; the axes on which a box misses the cube.
 */
static void grow(u32 *cube, const u32 *full, const u32 *off, u32 count, u32 axes, const u32 *order, u64 *misses)
{
	u32 narrowed[MOST_AXES], nr_narrowed = 0;

	for (u32 i = 0; i < count; i++)
		misses[i] = 0;
	for (u32 axis = 0; axis < axes; axis++) {
		const u32 *there = off + (u64)axis * count;
		u32 here = cube[axis];

		for (u32 i = 0; i < count; i++)
			misses[i] |= (u64)!(there[i] & here) << axis;
	}
	for (u32 n = 0; n < axes; n++) {
		u32 axis = order[n], alone = 0;
		u64 bit = 1UL << axis;

		/* a box that misses the cube here alone would be touched */
		for (u32 i = 0; i < count; i++)
			alone |= misses[i] == bit;
		if (alone) {
			narrowed[nr_narrowed++] = axis;
			continue;
		}
		for (u32 i = 0; i < count; i++)
			misses[i] &= ~bit;
		cube[axis] = full[axis];
	}
	for (u32 n = 0; n < nr_narrowed; n++) {
		u32 axis = narrowed[n], forbidden = 0, more;
		const u32 *there = off + (u64)axis * count;
		u64 bit = 1UL << axis;

		for (u32 i = 0; i < count; i++)
			forbidden |= misses[i] == bit ? there[i] : 0;
		more = full[axis] & ~forbidden & ~cube[axis];
		if (!more)
			continue;
		for (u32 i = 0; i < count; i++)
			misses[i] &= there[i] & more ? ~bit : ~0UL;
		cube[axis] |= more;
	}
}

static u32 holds(const u32 *cube, const u32 *box, u32 axes)
{
	u32 outside = 0;

	for (u32 axis = 0; axis < axes; axis++)
		outside |= box[axis] & ~cube[axis];
	return !outside;
}

/*
 * Covers boxes ON (COUNT rows) with cubes that touch no box of OFF; CUBES has
 * room for COUNT.  The next seed is the uncovered box of least PLAINNESS; as
 * many of the ORDERS are tried as EFFORT allows.  Returns how many cubes it took.
 */
u32 boxes_cover(const u32 *on, u32 count, const u32 *off, u32 nr_off, u32 axes, const u32 *full, const u32 *orders,
		u32 nr_orders, u32 effort, const u32 *plainness, u8 *covered, u64 *misses, u32 *cubes)
{
	u32 left = count, made = 0;

	for (u32 i = 0; i < count; i++)
		covered[i] = 0;
	while (left) {
		u64 tried = effort / ((u64)(count + nr_off) * (1 + made / 4));
		u32 seed = 0, *best = cubes + (u64)made * axes, most = 0;
		int fewest = 0, widest = 0;

		tried = !tried ? 1 : tried > nr_orders ? nr_orders : tried;
		for (u32 i = 0, found = 0; i < count; i++)
			if (!covered[i] && (!found || plainness[i] < plainness[seed])) {
				seed = i;
				found = 1;
			}
		for (u32 n = 0; n < tried; n++) {
			u32 cube[MOST_AXES], gained = 0;
			int literals = 0, width = 0;

			for (u32 axis = 0; axis < axes; axis++)
				cube[axis] = on[(u64)seed * axes + axis];
			grow(cube, full, off, nr_off, axes, orders + (u64)n * axes, misses);
			for (u32 i = 0; i < count; i++)
				gained += !covered[i] && holds(cube, on + (u64)i * axes, axes);
			for (u32 axis = 0; axis < axes; axis++) {
				literals += cube[axis] != full[axis];
				width += __builtin_popcount(cube[axis]);
			}
			if (n && (gained < most || (gained == most && (literals > fewest ||
			    (literals == fewest && width <= widest)))))
				continue;
			most = gained;
			fewest = literals;
			widest = width;
			for (u32 axis = 0; axis < axes; axis++)
				best[axis] = cube[axis];
		}
		for (u32 i = 0; i < count; i++)
			if (!covered[i] && holds(best, on + (u64)i * axes, axes)) {
				covered[i] = 1;
				left--;
			}
		made++;
	}
	return made;
}
